/*
 * Operations that may wait. Each kind is one step function that works until it
 * is over or must wait; vmo_op_run() looks after what all have in common: how
 * the last wait ended, and contiguous objects, whose provider answers at once.
 *
 * After each wait everything is looked up again: size, owner and content may
 * have changed.
 */
#include <stdlib.h>
#include <string.h>

#include "vmo_op_internal.h"

/* --- running -------------------------------------------------------------------------------- */

static enum vm_status (*const steps[])(struct vmo_op *op) = {
    [VMO_OP_READ] = vmo_op_step_transfer,
    [VMO_OP_WRITE] = vmo_op_step_transfer,
    [VMO_OP_COMMIT] = vmo_op_step_commit,
    [VMO_OP_PIN] = vmo_op_step_pin,
    [VMO_OP_ZERO] = vmo_op_step_zero,
    [VMO_OP_ALWAYS_NEED] = vmo_op_step_always_need,
    [VMO_OP_LOOKUP] = vmo_op_step_lookup,
    [VMO_OP_SUPPLY] = vmo_op_step_supply,
    [VMO_OP_TAKE] = vmo_op_step_take,
    [VMO_OP_DIRTY] = vmo_op_step_dirty,
    [VMO_OP_DECOMPRESS] = vmo_op_step_decompress,
    [VMO_OP_FAULT] = vmo_op_step_fault,
};

/* How did the wait end? The request is idle afterwards. */
static enum vm_status wait_result(struct vmo_op *op)
{
    enum vm_status status =
        op->request.state == REQUEST_DONE ? op->request.status : VM_OK;
    page_request_cancel(&op->request);
    if (status == VM_OK || op->kind != VMO_OP_ALWAYS_NEED)
        return status;
    op->progress += VM_PAGE_SIZE; /* a page that can't be had is skipped */
    return VM_OK;
}

/* A contiguous object's provider answers at once. */
static bool is_physical_request(const struct page_request *request)
{
    return (request->state == REQUEST_OUTSTANDING ||
            request->state == REQUEST_OVERLAP) &&
           request->source->properties.is_providing_specific_physical_pages;
}

static struct vm_cow_pages *contiguous_node(const struct vmo *vmo)
{
    struct vm_cow_pages *cow = vmo_cow(vmo);
    while (vm_cow_debug_get_parent(cow))
        cow = vm_cow_debug_get_parent(cow);
    return cow;
}

/* Undo what an operation that failed has done and should not have. */
static void undo(struct vmo_op *op)
{
    if (op->kind == VMO_OP_PIN)
        vmo_op_unpin_again(op);
    vmo_op_return_content(op);
}

static void settle(struct vmo_op *op)
{
    page_request_cancel(&op->request);
    vmo_op_drop_content(op);
    if (op->spare_pages.count > 0)
        pmm_free_chain(&op->vmo->machine->pmm, &op->spare_pages);
    op->spare_pages = PAGE_CHAIN_EMPTY;
}

enum vm_status vmo_op_run(struct vmo_op *op)
{
    enum vm_status status = wait_result(op);
    while (status == VM_OK) {
        status = steps[op->kind](op);
        if (status == VM_SHOULD_WAIT && op->request.state == REQUEST_ACCEPTING)
            status = page_request_finalize(&op->request);
        if (status != VM_SHOULD_WAIT || !is_physical_request(&op->request))
            break;
        vm_cow_provide_physical_pages(contiguous_node(op->vmo), &op->request);
        CHECK(op->request.state == REQUEST_DONE);
        status = wait_result(op);
    }
    op->status = status;
    if (status == VM_SHOULD_WAIT) {
        op->kept_bytes = op->taken_bytes;
        return status;
    }
    if (status != VM_OK)
        undo(op);
    settle(op);
    return status;
}

void vmo_op_abort(struct vmo_op *op, enum vm_status status)
{
    op->status = status;
    undo(op);
    settle(op);
}

void vmo_op_release(struct vmo_op *op)
{
    free(op->values);
    op->values = NULL;
}

/* --- starting ---------------------------------------------------------------------------------- */

static void op_init(struct vmo_op *op, enum vmo_op_kind kind, struct vmo *vmo,
                    uint64_t offset, uint64_t length)
{
    *op = (struct vmo_op){
        .kind = kind,
        .vmo = vmo,
        .offset = offset,
        .length = length,
        .status = VM_SHOULD_WAIT,
    };
    page_request_init(&op->request);
}

void vmo_op_init_read(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                      uint64_t length)
{
    op_init(op, VMO_OP_READ, vmo, offset, length);
}

static enum vm_status copy_values(struct vmo_op *op, const uint64_t *values)
{
    size_t bytes = vmo_op_page_count(op) * sizeof *values;
    if (bytes == 0)
        return VM_OK;
    op->values = malloc(bytes);
    if (!op->values)
        return VM_NO_MEMORY;
    memcpy(op->values, values, bytes);
    return VM_OK;
}

enum vm_status vmo_op_init_write(struct vmo_op *op, struct vmo *vmo,
                                 uint64_t offset, uint64_t length,
                                 const uint64_t *values)
{
    op_init(op, VMO_OP_WRITE, vmo, offset, length);
    op->is_write = true;
    return copy_values(op, values);
}

void vmo_op_init_commit(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                        uint64_t length)
{
    op_init(op, VMO_OP_COMMIT, vmo, offset, length);
    op->request.is_batch_allowed = true;
}

void vmo_op_init_pin(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                     uint64_t length, bool is_write)
{
    op_init(op, VMO_OP_PIN, vmo, offset, length);
    op->request.is_batch_allowed = true;
    op->is_write = is_write;
}

void vmo_op_init_zero(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                      uint64_t length)
{
    op_init(op, VMO_OP_ZERO, vmo, offset, length);
}

void vmo_op_init_always_need(struct vmo_op *op, struct vmo *vmo,
                             uint64_t offset, uint64_t length)
{
    op_init(op, VMO_OP_ALWAYS_NEED, vmo, offset, length);
}

void vmo_op_init_lookup(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                        bool is_write, bool is_fault, bool is_hardware_fault)
{
    op_init(op, VMO_OP_LOOKUP, vmo, offset, VM_PAGE_SIZE);
    op->is_write = is_write;
    op->is_fault = is_fault;
    op->is_hardware_fault = is_hardware_fault;
}

enum vm_status vmo_op_init_supply(struct vmo_op *op, struct vmo *vmo,
                                  uint64_t offset, uint64_t length,
                                  const uint64_t *values)
{
    op_init(op, VMO_OP_SUPPLY, vmo, offset, length);
    return values ? copy_values(op, values) : VM_OK;
}

void vmo_op_init_supply_from(struct vmo_op *op, struct vmo *vmo,
                             uint64_t offset, uint64_t length, struct vmo *from,
                             uint64_t from_offset)
{
    op_init(op, VMO_OP_SUPPLY, vmo, offset, length);
    op->from = from;
    op->from_offset = from_offset;
}

void vmo_op_init_take(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                      uint64_t length, struct vmo *into)
{
    op_init(op, VMO_OP_TAKE, vmo, offset, length);
    op->take_into = into;
}

void vmo_op_init_dirty(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                       uint64_t length)
{
    op_init(op, VMO_OP_DIRTY, vmo, offset, length);
}

void vmo_op_init_decompress(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                            uint64_t length)
{
    op_init(op, VMO_OP_DECOMPRESS, vmo, offset, length);
}

void vmo_op_init_fault(struct vmo_op *op, struct vmo *vmo,
                       struct vm_mapping *mapping, uint64_t page, bool is_write,
                       uint64_t value)
{
    op_init(op, VMO_OP_FAULT, vmo, mapping->offset + pages_to_bytes(page),
            VM_PAGE_SIZE);
    op->mapping = mapping;
    op->is_write = is_write;
    op->fault_value = value;
}
