/* Operations that a pager makes on its VMOs. */
#include "engine/script_internal.h"

#include <errno.h>
#include <stdlib.h>

#include "actors/vmo_life.h"

static enum vm_status supply_values(struct script_call *call,
                                    struct script_range range)
{
    uint64_t *values = NULL;
    enum vm_status status = VM_OK;
    if (call->op->kind == OP_SUPPLY)
        status = script_values_of(call, &range, &values);
    if (status != VM_OK)
        return status;
    struct script_wait *wait = script_wait_new(call);
    if (!wait) {
        free(values);
        return VM_NO_MEMORY;
    }
    status = vmo_op_init_supply(&wait->operation.op, call->vmo->vmo,
                                range.offset, range.length, values);
    free(values);
    if (status != VM_OK) {
        script_wait_drop(wait);
        world_fail(call->world, ENOMEM);
        return status;
    }
    return script_wait_start(wait, NULL, NULL);
}

static enum vm_status supply_from(struct script_call *call,
                                  struct script_range range)
{
    struct world_vmo *from = world_vmo_find(call->world, call->op->from);
    script_detail(call, "from %s", call->op->from);
    if (!from)
        return VM_NOT_FOUND;
    struct script_wait *wait = script_wait_new(call);
    if (!wait)
        return VM_NO_MEMORY;
    vmo_op_init_supply_from(&wait->operation.op, call->vmo->vmo, range.offset,
                            range.length, from->vmo,
                            pages_to_bytes(call->op->from_page));
    return script_wait_start(wait, from, NULL);
}

enum vm_status script_supply(struct script_call *call)
{
    struct script_range range = script_call_range(call);
    return call->op->from ? supply_from(call, range)
                          : supply_values(call, range);
}

enum vm_status script_supply_zero(struct script_call *call)
{
    return supply_values(call, script_call_range(call));
}

/* The new VMO is gone again if the operation fails at once. Once it waits, it
 * stays: what it holds is part of what has happened. */
enum vm_status script_take(struct script_call *call)
{
    const struct scenario_op *op = call->op;
    struct script_range range = script_range_of(call->vmo, &op->pages);
    struct world_create_args args = {
        .name = op->into,
        .kind = VMO_ANONYMOUS,
        .size_pages = bytes_to_pages(range.length),
        .compressibility = -1,
    };
    script_detail(call, "into %s", op->into);
    if (world_vmo_find(call->world, op->into))
        return VM_ALREADY_EXISTS;
    if (!range_is_inside(range.offset, range.length,
                         pages_to_bytes(world_vmo_pages(call->vmo))))
        return VM_OUT_OF_RANGE;
    struct world_vmo *into;
    enum vm_status status = world_vmo_create(call->world, &args, &into);
    if (status != VM_OK)
        return status;
    struct script_wait *wait = script_wait_new(call);
    if (wait) {
        vmo_op_init_take(&wait->operation.op, call->vmo->vmo, range.offset,
                         range.length, into->vmo);
        status = script_wait_start(wait, into, NULL);
    } else {
        status = VM_NO_MEMORY;
    }
    if (status != VM_OK && status != VM_SHOULD_WAIT)
        world_vmo_close(call->world, into);
    return status;
}

enum vm_status script_fail(struct script_call *call)
{
    struct script_range range = script_call_range(call);
    script_detail(call, "%s", vm_status_name(call->op->error));
    return vmo_fail_requests(call->vmo->vmo, range.offset, range.length,
                             call->op->error);
}

enum vm_status script_dirty(struct script_call *call)
{
    struct script_range range = script_call_range(call);
    struct script_wait *wait = script_wait_new(call);
    if (!wait)
        return VM_NO_MEMORY;
    vmo_op_init_dirty(&wait->operation.op, call->vmo->vmo, range.offset,
                      range.length);
    return script_wait_start(wait, NULL, NULL);
}

enum vm_status script_writeback_begin(struct script_call *call)
{
    struct script_range range = script_call_range(call);
    return vmo_writeback_begin(call->vmo->vmo, range.offset, range.length,
                               call->op->zero);
}

enum vm_status script_writeback_end(struct script_call *call)
{
    struct script_range range = script_call_range(call);
    return vmo_writeback_end(call->vmo->vmo, range.offset, range.length);
}

enum vm_status script_detach(struct script_call *call)
{
    return vmo_detach(call->vmo->vmo);
}

enum vm_status script_query_stats(struct script_call *call)
{
    const struct scenario_op *op = call->op;
    bool is_modified = false;
    enum vm_status status =
        vmo_query_stats(call->vmo->vmo, op->reset, &is_modified);
    if (status == VM_OK && op->has_modified)
        script_report_bool(call, "modified", op->modified, is_modified);
    return status;
}
