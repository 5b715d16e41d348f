/*
 * Content that comes and goes: a pager supplies it, or it is taken out of one
 * object for another; and leave to dirty. Content on its way is in the
 * operation's splice list, new pages in its spare ones.
 */
#include "vmo_op_internal.h"

static void release_transit(void *context, struct page_slot content,
                            uint64_t offset)
{
    struct vm_machine *machine = context;
    (void)offset;
    if (slot_is_page(content))
        pmm_free_page(&machine->pmm, slot_page(content));
    else if (slot_is_reference(content))
        compressor_free_reference(machine->compressor, slot_reference(content));
}

void vmo_op_drop_content(struct vmo_op *op)
{
    if (!op->has_splice)
        return;
    splice_list_release(&op->splice, op->vmo->machine->pmm.pages,
                        release_transit, op->vmo->machine);
    op->has_splice = false;
}

static struct page_source *own_source(const struct vmo *vmo)
{
    struct vm_cow_pages *cow = vmo_cow(vmo);
    if (vm_cow_is_slice(cow))
        cow = vm_cow_debug_get_parent(cow);
    return vm_cow_can_evict(cow) ? vm_cow_source(cow) : NULL;
}

static enum vm_status check_pager(const struct vmo_op *op)
{
    const struct page_source *source = own_source(op->vmo);
    if (!source)
        return VM_INVALID_ARGS;
    if (!vmo_op_is_inside(op))
        return VM_OUT_OF_RANGE;
    return source->is_detached ? VM_BAD_STATE : VM_OK;
}

/* New pages with the contents asked for, one by one: memory may be short. */
static enum vm_status fill_with_new_pages(struct vmo_op *op)
{
    struct pmm *pmm = &op->vmo->machine->pmm;
    while (op->spare_pages.count < vmo_op_page_count(op)) {
        page_index page;
        enum vm_status status = pmm_alloc_page(pmm, PMM_ALLOC_CAN_WAIT, &page);
        if (status == VM_SHOULD_WAIT)
            page_request_wait_for_memory(&op->request);
        if (status != VM_OK)
            return status;
        pmm->pages[page].content = op->values[op->spare_pages.count];
        page_chain_push_tail(&op->spare_pages, pmm->pages, page);
    }
    splice_list_of_chain(&op->splice, op->offset, &op->spare_pages);
    op->spare_pages = PAGE_CHAIN_EMPTY;
    op->has_splice = true;
    return VM_OK;
}

static enum vm_status take_from(struct vmo_op *op, struct vmo *from,
                                uint64_t from_offset)
{
    if (from->is_contiguous)
        return VM_NOT_SUPPORTED;
    if (!op->has_splice) {
        splice_list_init(&op->splice, from_offset, op->length, 0);
        op->has_splice = true;
    }
    uint64_t taken = 0;
    enum vm_status status = vm_cow_take_pages(
        vmo_cow(from), from_offset + op->taken_bytes,
        op->length - op->taken_bytes, &op->splice, &taken, &op->request);
    op->taken_bytes += taken;
    return status;
}

/* Get the content to supply together; afterwards the splice list is full. */
static enum vm_status gather(struct vmo_op *op)
{
    if (op->from) {
        if (op->is_gathered)
            return VM_OK;
        enum vm_status status = take_from(op, op->from, op->from_offset);
        op->is_gathered = status == VM_OK;
        return status;
    }
    if (op->has_splice)
        return VM_OK;
    if (op->values)
        return fill_with_new_pages(op);
    splice_list_init(&op->splice, op->offset, op->length, 0);
    splice_list_finalize(&op->splice);
    op->has_splice = true;
    return VM_OK;
}

enum vm_status vmo_op_step_supply(struct vmo_op *op)
{
    enum vm_status status = check_pager(op);
    if (status == VM_OK && op->length > 0)
        status = gather(op);
    if (status != VM_OK || op->length == 0)
        return status;
    uint64_t supplied = 0;
    status = vm_cow_supply_pages(vmo_cow(op->vmo), op->offset + op->progress,
                                 op->length - op->progress, &op->splice,
                                 SUPPLY_PAGER, &supplied, &op->request);
    op->progress += supplied;
    return status;
}

enum vm_status vmo_op_step_take(struct vmo_op *op)
{
    if (!op->is_gathered) {
        if (!vmo_op_is_inside(op))
            return VM_OUT_OF_RANGE;
        if (op->length == 0)
            return VM_OK;
        enum vm_status status =
            vm_cow_make_room(vmo_cow(op->take_into), op->length);
        if (status == VM_OK)
            status = take_from(op, op->vmo, op->offset);
        if (status != VM_OK)
            return status;
        op->is_gathered = true;
    }
    uint64_t supplied = 0;
    enum vm_status status = vm_cow_supply_pages(
        vmo_cow(op->take_into), op->progress, op->length - op->progress,
        &op->splice, SUPPLY_TRANSFER_DATA, &supplied, &op->request);
    op->progress += supplied;
    return status;
}

enum vm_status vmo_op_step_dirty(struct vmo_op *op)
{
    if (!vm_cow_can_evict(vmo_cow(op->vmo)))
        return VM_INVALID_ARGS;
    return vm_cow_dirty_pages(vmo_cow(op->vmo), op->offset, op->length,
                              &op->spare_pages, &op->request);
}

/*
 * Content on its way returns to where it was taken from, unless there has been
 * a wait since: somebody else may have put other content there.
 */
void vmo_op_return_content(struct vmo_op *op)
{
    bool is_take = op->kind == VMO_OP_TAKE;
    struct vmo *from = is_take ? op->vmo : op->from;
    uint64_t start = u64_max(op->kept_bytes, op->progress);
    if (!from || start >= op->taken_bytes)
        return;
    vm_cow_return_pages(vmo_cow(from), is_take ? op->offset : op->from_offset,
                        start, &op->splice);
    op->returned_bytes = op->taken_bytes - start;
    op->taken_bytes = start;
}
