/* Operations that a reclaimer makes by hand on one VMO, and hints to it. */
#include "engine/script_internal.h"

#include <stdio.h>

#include "actors/compressor_lock.h"

/* `discarded` of a lock: the range whose content was lost. */
static void report_discarded(const struct script_call *call, uint64_t offset,
                             uint64_t size)
{
    const struct scenario_op *op = call->op;
    char expected[48] = "none";
    char actual[48] = "none";
    uint64_t start = bytes_to_pages(offset);
    uint64_t end = start + bytes_to_pages(size);
    if (size > 0)
        (void)snprintf(actual, sizeof(actual), "%llu..%llu",
                       (unsigned long long)start, (unsigned long long)end);
    bool is_ok = op->discarded.is_none == (size == 0);
    if (!op->discarded.is_none) {
        struct script_range want =
            script_range_of(call->vmo, &op->discarded.range);
        is_ok = size > 0 && want.offset == offset && want.length == size;
        start = bytes_to_pages(want.offset);
        end = start + bytes_to_pages(want.length);
        (void)snprintf(expected, sizeof(expected), "%llu..%llu",
                       (unsigned long long)start, (unsigned long long)end);
    }
    script_report_text(call, "discarded", expected, actual, is_ok);
}

enum vm_status script_lock(struct script_call *call)
{
    struct script_range range = script_call_range(call);
    uint64_t offset = 0;
    uint64_t size = 0;
    enum vm_status status =
        vmo_lock(call->vmo->vmo, range.offset, range.length, &offset, &size);
    if (status == VM_OK && call->op->has_discarded)
        report_discarded(call, offset, size);
    return status;
}

enum vm_status script_try_lock(struct script_call *call)
{
    struct script_range range = script_call_range(call);
    return vmo_try_lock(call->vmo->vmo, range.offset, range.length);
}

enum vm_status script_unlock(struct script_call *call)
{
    struct script_range range = script_call_range(call);
    return vmo_unlock(call->vmo->vmo, range.offset, range.length);
}

enum vm_status script_discard(struct script_call *call)
{
    uint64_t freed = 0;
    enum vm_status status =
        vmo_discard(call->vmo->vmo, call->op->min_age_ns, &freed);
    script_detail(call, "freed %llu", (unsigned long long)freed);
    if (status == VM_OK && call->op->has_frees)
        script_report_count(call, "frees", call->op->frees, freed);
    return status;
}

enum vm_status script_hint(struct script_call *call)
{
    struct script_range range = script_call_range(call);
    if (call->op->hint == HINT_DONT_NEED)
        return vmo_hint_dont_need(call->vmo->vmo, range.offset, range.length);
    struct script_wait *wait = script_wait_new(call);
    if (!wait)
        return VM_NO_MEMORY;
    vmo_op_init_always_need(&wait->operation.op, call->vmo->vmo, range.offset,
                            range.length);
    return script_wait_start(wait, NULL, NULL);
}

enum vm_status script_reclaim(struct script_call *call)
{
    const struct scenario_op *op = call->op;
    struct world_vmo *from = call->vmo;
    if (op->from)
        from = world_vmo_find(call->world, op->from);
    script_detail(call, "%llu", (unsigned long long)op->page);
    if (!from)
        return VM_NOT_FOUND;
    compressor_settle(call->world);
    bool is_reclaimed = false;
    enum vm_status status = vmo_reclaim_page(
        call->vmo->vmo, pages_to_bytes(op->has_at ? op->at : op->page),
        from->vmo, pages_to_bytes(op->page),
        op->reclaim_hint == RECLAIM_HINT_IGNORE ? EVICTION_HINT_IGNORE
                                                : EVICTION_HINT_FOLLOW,
        op->compress, &is_reclaimed);
    if (status == VM_OK)
        script_report_bool(call, "reclaimed", op->reclaimed, is_reclaimed);
    return status;
}

/* Every page of the range is offered once; what is no page of the VMO's own,
 * or can't be reclaimed, stays as it is. */
enum vm_status script_compress(struct script_call *call)
{
    struct script_range range = script_call_range(call);
    struct vmo *vmo = call->vmo->vmo;
    if (!range_is_inside(range.offset, range.length, vmo_size(vmo)))
        return VM_OUT_OF_RANGE;
    if (!call->world->machine.compressor)
        return VM_NOT_SUPPORTED;
    compressor_settle(call->world);
    uint64_t count = 0;
    uint64_t end = range.offset + range.length;
    for (uint64_t at = range.offset; at < end; at += VM_PAGE_SIZE) {
        bool is_reclaimed = false;
        if (vmo_reclaim_page(vmo, at, vmo, at, EVICTION_HINT_FOLLOW, true,
                             &is_reclaimed) == VM_OK)
            count += is_reclaimed;
    }
    script_detail(call, "%llu of %llu", (unsigned long long)count,
                  (unsigned long long)bytes_to_pages(range.length));
    return VM_OK;
}

enum vm_status script_decompress(struct script_call *call)
{
    struct script_range range = script_call_range(call);
    struct script_wait *wait = script_wait_new(call);
    if (!wait)
        return VM_NO_MEMORY;
    vmo_op_init_decompress(&wait->operation.op, call->vmo->vmo, range.offset,
                           range.length);
    return script_wait_start(wait, NULL, NULL);
}

enum vm_status script_dedup(struct script_call *call)
{
    const struct scenario_op *op = call->op;
    bool is_deduped = false;
    script_detail(call, "%llu", (unsigned long long)op->page);
    enum vm_status status =
        vmo_dedup_page(call->vmo->vmo, pages_to_bytes(op->page), &is_deduped);
    if (status == VM_OK)
        script_report_bool(call, "deduped", op->deduped, is_deduped);
    return status;
}
