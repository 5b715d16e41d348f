/*
 * Operations on content: what users of a VMO do.
 *
 * Arguments are not checked here: the VMO does that, in the kernel's order.
 */
#include "engine/script_internal.h"

#include <errno.h>
#include <stdlib.h>

struct script_range script_range_of(const struct world_vmo *vmo,
                                    const struct page_range *pages)
{
    uint64_t end = pages->is_open ? world_vmo_pages(vmo) : pages->end;
    return (struct script_range){
        .offset = pages_to_bytes(pages->start),
        .length = end > pages->start ? pages_to_bytes(end - pages->start) : 0,
    };
}

struct script_range script_call_range(struct script_call *call)
{
    struct script_range range = script_range_of(call->vmo, &call->op->pages);
    uint64_t start = bytes_to_pages(range.offset);
    script_detail(call, "%llu..%llu", (unsigned long long)start,
                  (unsigned long long)(start + bytes_to_pages(range.length)));
    return range;
}

/* A range that ends past the VMO is refused whatever its length: keep the
 * arrays of contents as short as that allows. */
static void shorten(const struct world_vmo *vmo, struct script_range *range)
{
    uint64_t size = pages_to_bytes(world_vmo_pages(vmo));
    uint64_t inside = size > range->offset ? size - range->offset : 0;
    range->length = u64_min(range->length, inside + VM_PAGE_SIZE);
}

enum vm_status script_values_of(struct script_call *call,
                                struct script_range *range, uint64_t **out)
{
    const struct scenario_op *op = call->op;
    if (op->values && op->value_count != bytes_to_pages(range->length)) {
        script_report_count(call, "values", op->value_count,
                            bytes_to_pages(range->length));
        return VM_INVALID_ARGS;
    }
    shorten(call->vmo, range);
    uint64_t count = bytes_to_pages(range->length);
    uint64_t *values = calloc(count + 1, sizeof(*values));
    if (!values)
        return VM_NO_MEMORY;
    for (uint64_t i = 0; i < count; i++)
        values[i] = op->values      ? op->values[i]
                    : op->has_value ? op->value
                                    : world_new_content(call->world);
    *out = values;
    return VM_OK;
}

static void read_is_over(struct script_wait *wait, enum vm_status status)
{
    const struct script_call *call = &wait->call;
    const struct vmo_op *read = &wait->operation.op;
    if (!call->op->returns)
        return;
    if (status == VM_OK)
        script_report_values(
            call, "returns", call->op->returns, call->op->return_count,
            read->values,
            read->kind == VMO_OP_LOOKUP ? 1 : bytes_to_pages(read->length));
    else if (wait->has_waited)
        script_report(call, 0, "returns", "what was read", "to arrive",
                      vm_status_name(status), false);
}

enum vm_status script_read(struct script_call *call)
{
    struct script_range range = script_call_range(call);
    struct script_wait *wait = script_wait_new(call);
    if (!wait)
        return VM_NO_MEMORY;
    vmo_op_init_read(&wait->operation.op, call->vmo->vmo, range.offset,
                     range.length);
    return script_wait_start(wait, NULL, read_is_over);
}

enum vm_status script_write(struct script_call *call)
{
    struct script_range range = script_call_range(call);
    uint64_t *values;
    enum vm_status status = script_values_of(call, &range, &values);
    if (status != VM_OK)
        return status;
    struct script_wait *wait = script_wait_new(call);
    if (!wait) {
        free(values);
        return VM_NO_MEMORY;
    }
    status = vmo_op_init_write(&wait->operation.op, call->vmo->vmo,
                               range.offset, range.length, values);
    free(values);
    if (status != VM_OK) {
        script_wait_drop(wait);
        world_fail(call->world, ENOMEM);
        return status;
    }
    return script_wait_start(wait, NULL, NULL);
}

/* Touch pages until one has to wait, one fails or all are done. */
static enum vm_status touch_on(struct script_wait *wait);

static void touch_is_there(struct world *world,
                           struct world_operation *operation,
                           enum vm_status status)
{
    (void)world;
    struct script_wait *wait = (struct script_wait *)operation;
    if (status == VM_OK) {
        wait->page++;
        status = touch_on(wait);
    }
    if (status != VM_SHOULD_WAIT)
        script_wait_finish(wait, status);
}

static enum vm_status touch_on(struct script_wait *wait)
{
    const struct script_call *call = &wait->call;
    const struct scenario_op *op = call->op;
    for (; wait->page < wait->end_page; wait->page++) {
        if (wait->page >= world_vmo_pages(call->vmo))
            return VM_OUT_OF_RANGE;
        struct vm_mapping *mapping = world_user_mapping(call->world, call->vmo);
        if (!mapping)
            return VM_NO_MEMORY;
        uint64_t value = 0;
        if (op->write)
            value = op->has_value ? op->value : world_new_content(call->world);
        if (world_access(call->world, mapping, wait->page, op->write, value))
            continue;
        script_wait_release(wait);
        vmo_op_init_fault(&wait->operation.op, call->vmo->vmo, mapping,
                          wait->page, op->write, value);
        enum vm_status status = script_wait_step(wait, touch_is_there);
        if (status != VM_OK)
            return status;
    }
    return VM_OK;
}

enum vm_status script_touch(struct script_call *call)
{
    struct script_range range = script_call_range(call);
    if (!range_is_inside(range.offset, range.length,
                         pages_to_bytes(world_vmo_pages(call->vmo))))
        return VM_OUT_OF_RANGE;
    struct script_wait *wait = script_wait_new(call);
    if (!wait)
        return VM_NO_MEMORY;
    wait->page = bytes_to_pages(range.offset);
    wait->end_page = wait->page + bytes_to_pages(range.length);
    enum vm_status status = touch_on(wait);
    if (status != VM_SHOULD_WAIT)
        script_wait_finish(wait, status);
    return status;
}

enum vm_status script_lookup(struct script_call *call)
{
    const struct scenario_op *op = call->op;
    script_detail(call, "%llu", (unsigned long long)op->page);
    struct script_wait *wait = script_wait_new(call);
    if (!wait)
        return VM_NO_MEMORY;
    vmo_op_init_lookup(&wait->operation.op, call->vmo->vmo,
                       pages_to_bytes(op->page), op->write,
                       op->fault != LOOKUP_FAULT_NONE,
                       op->fault == LOOKUP_FAULT_HARDWARE);
    return script_wait_start(wait, NULL, read_is_over);
}

enum vm_status script_commit(struct script_call *call)
{
    struct script_range range = script_call_range(call);
    struct script_wait *wait = script_wait_new(call);
    if (!wait)
        return VM_NO_MEMORY;
    vmo_op_init_commit(&wait->operation.op, call->vmo->vmo, range.offset,
                       range.length);
    return script_wait_start(wait, NULL, NULL);
}

enum vm_status script_decommit(struct script_call *call)
{
    struct script_range range = script_call_range(call);
    return vmo_decommit(call->vmo->vmo, range.offset, range.length);
}

enum vm_status script_zero(struct script_call *call)
{
    struct script_range range = script_call_range(call);
    struct script_wait *wait = script_wait_new(call);
    if (!wait)
        return VM_NO_MEMORY;
    vmo_op_init_zero(&wait->operation.op, call->vmo->vmo, range.offset,
                     range.length);
    return script_wait_start(wait, NULL, NULL);
}

enum vm_status script_pin(struct script_call *call)
{
    struct script_range range = script_call_range(call);
    struct script_wait *wait = script_wait_new(call);
    if (!wait)
        return VM_NO_MEMORY;
    vmo_op_init_pin(&wait->operation.op, call->vmo->vmo, range.offset,
                    range.length, call->op->write);
    return script_wait_start(wait, NULL, NULL);
}

enum vm_status script_unpin(struct script_call *call)
{
    struct script_range range = script_call_range(call);
    return vmo_unpin(call->vmo->vmo, range.offset, range.length);
}
