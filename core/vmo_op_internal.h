/*
 * Operations from the inside: a step function for each kind, which works until
 * the operation is over or must wait. vmo_op.c runs them.
 *
 *   vmo_op.c         starting, running, waiting, undoing
 *   vmo_op_access.c  read, write, look-up, fault: a user's accesses
 *   vmo_op_range.c   commit, zero, decompress, pin, always-need: whole ranges
 *   vmo_op_pager.c   supply, take, dirty: content that comes and goes
 */
#ifndef VMCOW_VMO_OP_INTERNAL_H
#define VMCOW_VMO_OP_INTERNAL_H

#include "check.h"
#include "rare_paths.h"
#include "vmo_op.h"

enum { LOOKUP_WINDOW_PAGES = 16 };

static inline bool vmo_op_is_inside(const struct vmo_op *op)
{
    return range_is_inside(op->offset, op->length, vmo_size(op->vmo));
}

/* As vmo_op_is_inside(), when the operation began; it may have shrunk since. */
static inline bool vmo_op_has_begun_inside(struct vmo_op *op)
{
    op->has_begun = op->has_begun || vmo_op_is_inside(op);
    return op->has_begun;
}

static inline uint64_t vmo_op_page_count(const struct vmo_op *op)
{
    return bytes_to_pages(op->length);
}

/* The steps. Status as of vmo_op_run(); VM_SHOULD_WAIT: the request says for
 * what. */
enum vm_status vmo_op_step_transfer(struct vmo_op *op);
enum vm_status vmo_op_step_lookup(struct vmo_op *op);
enum vm_status vmo_op_step_fault(struct vmo_op *op);
enum vm_status vmo_op_step_commit(struct vmo_op *op);
enum vm_status vmo_op_step_zero(struct vmo_op *op);
enum vm_status vmo_op_step_decompress(struct vmo_op *op);
enum vm_status vmo_op_step_pin(struct vmo_op *op);
enum vm_status vmo_op_step_always_need(struct vmo_op *op);
enum vm_status vmo_op_step_supply(struct vmo_op *op);
enum vm_status vmo_op_step_take(struct vmo_op *op);
enum vm_status vmo_op_step_dirty(struct vmo_op *op);

/* A pin has failed: nothing of it stays pinned. */
void vmo_op_unpin_again(struct vmo_op *op);
/* A take or supply has failed: content goes back where it was. */
void vmo_op_return_content(struct vmo_op *op);
/* Free the content that is still on its way. */
void vmo_op_drop_content(struct vmo_op *op);

#endif
