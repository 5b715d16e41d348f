/*
 * What is done to every page of a range: commit, zero, decompress, pin, and the
 * hint that it is always needed.
 */
#include "vmo_op_internal.h"

/* What is cut off while the operation waits is as good as done: the range was
 * right when it began. */
enum vm_status vmo_op_step_commit(struct vmo_op *op)
{
    if (!vmo_op_has_begun_inside(op))
        return VM_OUT_OF_RANGE;
    uint64_t start = op->offset + op->progress;
    uint64_t end = u64_min(op->offset + op->length, vmo_size(op->vmo));
    if (start >= end)
        return VM_OK;
    uint64_t committed = 0;
    enum vm_status status = vm_cow_commit_range(
        vmo_cow(op->vmo), start, end - start, &committed, &op->request);
    op->progress += committed;
    return status;
}

enum vm_status vmo_op_step_zero(struct vmo_op *op)
{
    if (!vmo_op_is_inside(op))
        return VM_OUT_OF_RANGE;
    uint64_t zeroed = 0;
    enum vm_status status =
        vm_cow_zero_pages(vmo_cow(op->vmo), op->offset + op->progress,
                          op->offset + op->length, &op->request, &zeroed);
    op->progress += zeroed;
    if (zeroed > 0)
        vm_cow_mark_modified(vmo_cow(op->vmo));
    return status;
}

enum vm_status vmo_op_step_decompress(struct vmo_op *op)
{
    if (!vmo_op_is_inside(op))
        return VM_OUT_OF_RANGE;
    return vm_cow_decompress_in_range(vmo_cow(op->vmo), op->offset, op->length,
                                      &op->request);
}

/* --- pin --------------------------------------------------------------------------- */

static bool must_dirty(const struct vmo_op *op)
{
    return op->is_write && vm_cow_is_dirty_tracked(vmo_cow(op->vmo));
}

/* Everything pinned so far must be dirty before the next piece. */
static enum vm_status prepare_pinned(struct vmo_op *op)
{
    while (op->progress < op->pinned_bytes) {
        if (!must_dirty(op)) {
            op->progress = op->pinned_bytes;
            return VM_OK;
        }
        uint64_t dirty = 0;
        enum vm_status status = vm_cow_prepare_for_write(
            vmo_cow(op->vmo), op->offset + op->progress,
            op->pinned_bytes - op->progress, &op->request, &dirty);
        op->progress += dirty;
        if (status != VM_OK)
            return status;
        if (dirty == 0)
            return VM_BAD_STATE;
    }
    return VM_OK;
}

/* Commit the next piece, get it off loaned frames, pin it. */
static enum vm_status pin_piece(struct vmo_op *op)
{
    struct vm_cow_pages *cow = vmo_cow(op->vmo);
    uint64_t start = op->offset + op->pinned_bytes;
    uint64_t committed = 0;
    enum vm_status status = vm_cow_commit_range(
        cow, start, op->length - op->pinned_bytes, &committed, &op->request);
    if (status != VM_OK && status != VM_SHOULD_WAIT)
        return status;
    if (committed == 0)
        return status;
    if (status == VM_SHOULD_WAIT)
        page_request_cancel(&op->request); /* asked again after this piece */
    uint64_t non_loaned = 0;
    status = vm_cow_replace_pages_with_non_loaned(cow, start, committed,
                                                  &op->request, &non_loaned);
    if (status != VM_OK && non_loaned == 0)
        return status;
    if (status == VM_SHOULD_WAIT)
        page_request_cancel(&op->request);
    status = vm_cow_pin_range(cow, start, non_loaned);
    if (status == VM_OK)
        op->pinned_bytes += non_loaned;
    return status;
}

enum vm_status vmo_op_step_pin(struct vmo_op *op)
{
    if (op->length == 0)
        return VM_INVALID_ARGS;
    if (!vmo_op_is_inside(op))
        return VM_OUT_OF_RANGE;
    enum vm_status status = prepare_pinned(op);
    while (status == VM_OK && op->pinned_bytes < op->length) {
        status = pin_piece(op);
        if (status == VM_OK)
            status = prepare_pinned(op);
    }
    if (status == VM_OK && op->is_write)
        vm_cow_mark_modified(vmo_cow(op->vmo));
    return status;
}

/* While it waited somebody else may have unpinned a part: that is undone. */
void vmo_op_unpin_again(struct vmo_op *op)
{
    struct vm_cow_pages *cow = vmo_cow(op->vmo);
    uint64_t end = u64_min(op->offset + op->pinned_bytes, vmo_size(op->vmo));
    for (uint64_t at = op->offset; at < end; at += VM_PAGE_SIZE)
        if (vm_cow_debug_is_range_pinned(cow, at, VM_PAGE_SIZE))
            vm_cow_unpin(cow, at, VM_PAGE_SIZE, false);
    op->pinned_bytes = 0;
}

/* --- hint ------------------------------------------------------------------------ */

enum vm_status vmo_op_step_always_need(struct vmo_op *op)
{
    if (!vm_cow_can_root_source_evict(vmo_cow(op->vmo)))
        return VM_OK; /* whatever the range: a hint is ignored first */
    if (!vmo_op_has_begun_inside(op))
        return VM_OUT_OF_RANGE;
    return vm_cow_protect_range_from_reclamation(vmo_cow(op->vmo), op->offset,
                                                 op->length, true, &op->request,
                                                 &op->progress);
}
