/*
 * Operations that may wait. Each kind is one step function that works until it
 * is over or must wait; vmo_op_run() looks after what all have in common: how
 * the last wait ended, and contiguous objects, whose provider answers at once.
 *
 * After each wait everything is looked up again: size, owner and content may
 * have changed.
 */
#include "vmo_op.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "rare_paths.h"

enum { LOOKUP_WINDOW_PAGES = 16 };

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

static bool is_inside(const struct vmo_op *op)
{
    return range_is_inside(op->offset, op->length, vmo_size(op->vmo));
}

/* As is_inside(), when the operation began; it may have shrunk since. */
static bool has_begun_inside(struct vmo_op *op)
{
    op->has_begun = op->has_begun || is_inside(op);
    return op->has_begun;
}

static uint64_t op_page_count(const struct vmo_op *op)
{
    return bytes_to_pages(op->length);
}

/* --- read and write ---------------------------------------------------------- */

/* One window of a long read or write, up to where it must wait. */
static enum vm_status transfer_window(struct vmo_op *op, uint64_t window)
{
    struct vm_machine *machine = op->vmo->machine;
    struct vm_lookup_cursor cursor;
    enum vm_status status = vm_cow_get_lookup_cursor(
        vmo_cow(op->vmo), op->offset + op->progress, window, &cursor);
    if (status != VM_OK)
        return status;
    vm_cursor_disable_zero_fork(&cursor);
    for (uint64_t end = op->progress + window; op->progress < end;
         op->progress += VM_PAGE_SIZE) {
        struct vm_require_result result;
        status = vm_cursor_require_page(&cursor, op->is_write,
                                        bytes_to_pages(end - op->progress),
                                        &op->request, &result);
        if (status != VM_OK)
            return status;
        uint64_t *value = &op->values[bytes_to_pages(op->progress)];
        struct vm_page *page = vm_page_of(machine, result.page);
        if (op->is_write) {
            page->content = *value;
            vm_cow_mark_modified(vmo_cow(op->vmo));
        } else {
            *value = result.page ? page->content : 0;
        }
    }
    return VM_OK;
}

static enum vm_status step_transfer(struct vmo_op *op)
{
    if (!is_inside(op))
        return VM_OUT_OF_RANGE;
    if (!op->values && op->length > 0) {
        op->values = host_calloc(op_page_count(op), sizeof *op->values);
        if (!op->values)
            return VM_NO_MEMORY;
    }
    while (op->progress < op->length) {
        uint64_t window = u64_min(op->length - op->progress,
                                  pages_to_bytes(LOOKUP_WINDOW_PAGES));
        enum vm_status status = transfer_window(op, window);
        if (status != VM_OK)
            return status;
    }
    return VM_OK;
}

/* --- commit, zero, decompress ---------------------------------------------------- */

/* What is cut off while the operation waits is as good as done: the range was
 * right when it began. */
static enum vm_status step_commit(struct vmo_op *op)
{
    if (!has_begun_inside(op))
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

static enum vm_status step_zero(struct vmo_op *op)
{
    if (!is_inside(op))
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

static enum vm_status step_decompress(struct vmo_op *op)
{
    if (!is_inside(op))
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

static enum vm_status step_pin(struct vmo_op *op)
{
    if (op->length == 0)
        return VM_INVALID_ARGS;
    if (!is_inside(op))
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

/* --- hint, lookup, fault -------------------------------------------------------------- */

static enum vm_status step_always_need(struct vmo_op *op)
{
    if (!vm_cow_can_root_source_evict(vmo_cow(op->vmo)))
        return VM_OK; /* whatever the range: a hint is ignored first */
    if (!has_begun_inside(op))
        return VM_OUT_OF_RANGE;
    return vm_cow_protect_range_from_reclamation(vmo_cow(op->vmo), op->offset,
                                                 op->length, true, &op->request,
                                                 &op->progress);
}

static enum vm_status lookup_present(struct vmo_op *op,
                                     struct vm_lookup_cursor *cursor)
{
    vm_cursor_disable_mark_accessed(cursor);
    page_index page = vm_cursor_maybe_page(cursor, op->is_write);
    if (page == PAGE_NONE)
        return VM_NOT_FOUND;
    op->values[0] = vm_page_of(op->vmo->machine, page)->content;
    return VM_OK;
}

static enum vm_status step_lookup(struct vmo_op *op)
{
    if (!is_inside(op))
        return VM_OUT_OF_RANGE;
    if (!op->values) {
        op->values = host_calloc(1, sizeof *op->values);
        if (!op->values)
            return VM_NO_MEMORY;
    }
    struct vm_lookup_cursor cursor;
    enum vm_status status = vm_cow_get_lookup_cursor(
        vmo_cow(op->vmo), op->offset, VM_PAGE_SIZE, &cursor);
    if (status != VM_OK)
        return status;
    if (!op->is_fault)
        return lookup_present(op, &cursor);
    if (op->is_hardware_fault)
        vm_cursor_disable_mark_accessed(&cursor);
    struct vm_require_result result;
    status =
        vm_cursor_require_page(&cursor, op->is_write, 1, &op->request, &result);
    if (status != VM_OK)
        return status;
    op->values[0] =
        result.page ? vm_page_of(op->vmo->machine, result.page)->content : 0;
    if (op->is_write)
        vm_cow_mark_modified(vmo_cow(op->vmo));
    return VM_OK;
}

/* Map what is there behind the faulting page, as far as the window goes. */
static void map_neighbours(struct vmo_op *op, struct vm_lookup_cursor *cursor,
                           uint64_t page, uint64_t window, bool is_writable)
{
    page_index pages[LOOKUP_WINDOW_PAGES];
    uint64_t count =
        vm_cursor_if_exist_pages(cursor, is_writable, window - 1, pages);
    for (uint64_t i = 0; i < count; i++)
        if (!(op->mapping->entries[page + 1 + i] & MAPPING_PRESENT))
            mapping_enter(op->mapping, page + 1 + i, pages[i], is_writable,
                          false);
}

static enum vm_status fault_in(struct vmo_op *op, uint64_t page)
{
    struct vm_cow_pages *cow = vmo_cow(op->vmo);
    struct vm_mapping *mapping = op->mapping;
    uint64_t window = u64_min(LOOKUP_WINDOW_PAGES, mapping->page_count - page);
    window = u64_min(window, bytes_to_pages(vmo_size(op->vmo) - op->offset));
    if (op->is_write && vm_cow_is_dirty_tracked(cow))
        window = 1; /* a write must not dirty its neighbours */
    struct vm_lookup_cursor cursor;
    enum vm_status status = vm_cow_get_lookup_cursor(
        cow, op->offset, pages_to_bytes(window), &cursor);
    if (status != VM_OK)
        return status;
    vm_cursor_disable_mark_accessed(&cursor);
    struct vm_require_result result;
    status = vm_cursor_require_page(&cursor, op->is_write, window, &op->request,
                                    &result);
    if (status != VM_OK)
        return status;
    if (op->is_write) {
        vm_cow_mark_modified(cow);
        vm_page_of(op->vmo->machine, result.page)->content = op->fault_value;
    }
    bool is_writable =
        mapping->is_writable && (op->is_write || result.is_writable);
    mapping_enter(mapping, page, result.page, is_writable, true);
    if (window > 1)
        map_neighbours(op, &cursor, page, window, is_writable);
    return VM_OK;
}

static enum vm_status step_fault(struct vmo_op *op)
{
    if (!is_inside(op))
        return VM_OUT_OF_RANGE;
    if (op->is_write && !op->mapping->is_writable)
        return VM_NOT_SUPPORTED;
    struct vm_mapping *mapping = op->mapping;
    uint64_t changes = mapping->range_changes;
    mapping->is_faulting = true;
    enum vm_status status =
        fault_in(op, bytes_to_pages(op->offset - mapping->offset));
    mapping->is_faulting = false;
    /* The unmapping that the fault was to outdo, and now does not. */
    if (status != VM_OK && mapping->range_changes != changes)
        mapping_range_change(mapping, op->offset, VM_PAGE_SIZE, RANGE_UNMAP);
    return status;
}

/* --- supply, take, dirty ------------------------------------------------------------------ */

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

static void drop_splice(struct vmo_op *op)
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
    if (!is_inside(op))
        return VM_OUT_OF_RANGE;
    return source->is_detached ? VM_BAD_STATE : VM_OK;
}

/* New pages with the contents asked for, one by one: memory may be short. */
static enum vm_status fill_with_new_pages(struct vmo_op *op)
{
    struct pmm *pmm = &op->vmo->machine->pmm;
    while (op->spare_pages.count < op_page_count(op)) {
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

static enum vm_status step_supply(struct vmo_op *op)
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

static enum vm_status step_take(struct vmo_op *op)
{
    if (!op->is_gathered) {
        if (!is_inside(op))
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

static enum vm_status step_dirty(struct vmo_op *op)
{
    if (!vm_cow_can_evict(vmo_cow(op->vmo)))
        return VM_INVALID_ARGS;
    return vm_cow_dirty_pages(vmo_cow(op->vmo), op->offset, op->length,
                              &op->spare_pages, &op->request);
}

/* --- running -------------------------------------------------------------------------------- */

static enum vm_status (*const steps[])(struct vmo_op *op) = {
    [VMO_OP_READ] = step_transfer,
    [VMO_OP_WRITE] = step_transfer,
    [VMO_OP_COMMIT] = step_commit,
    [VMO_OP_PIN] = step_pin,
    [VMO_OP_ZERO] = step_zero,
    [VMO_OP_ALWAYS_NEED] = step_always_need,
    [VMO_OP_LOOKUP] = step_lookup,
    [VMO_OP_SUPPLY] = step_supply,
    [VMO_OP_TAKE] = step_take,
    [VMO_OP_DIRTY] = step_dirty,
    [VMO_OP_DECOMPRESS] = step_decompress,
    [VMO_OP_FAULT] = step_fault,
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

/* While it waited somebody else may have unpinned a part: that is undone. */
static void unpin_again(struct vmo_op *op)
{
    struct vm_cow_pages *cow = vmo_cow(op->vmo);
    uint64_t end = u64_min(op->offset + op->pinned_bytes, vmo_size(op->vmo));
    for (uint64_t at = op->offset; at < end; at += VM_PAGE_SIZE)
        if (vm_cow_debug_is_range_pinned(cow, at, VM_PAGE_SIZE))
            vm_cow_unpin(cow, at, VM_PAGE_SIZE, false);
    op->pinned_bytes = 0;
}

/*
 * Content on its way returns to where it was taken from, unless there has been
 * a wait since: somebody else may have put other content there.
 */
static void return_content(struct vmo_op *op)
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

/* Undo what an operation that failed has done and should not have. */
static void undo(struct vmo_op *op)
{
    if (op->kind == VMO_OP_PIN)
        unpin_again(op);
    return_content(op);
}

static void settle(struct vmo_op *op)
{
    page_request_cancel(&op->request);
    drop_splice(op);
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

void vmo_op_init_read(struct vmo_op *op, struct vmo *vmo, uint64_t offset,
                      uint64_t length)
{
    op_init(op, VMO_OP_READ, vmo, offset, length);
}

static enum vm_status copy_values(struct vmo_op *op, const uint64_t *values)
{
    size_t bytes = op_page_count(op) * sizeof *values;
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
