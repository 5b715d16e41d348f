/*
 * A user's accesses: read and write by a system call, a fault of a thread, and
 * one page's look-up. Each finds its pages with a lookup cursor, in windows of
 * a few pages, and with a new one after a wait.
 */
#include "vmo_op_internal.h"

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

enum vm_status vmo_op_step_transfer(struct vmo_op *op)
{
    if (!vmo_op_is_inside(op))
        return VM_OUT_OF_RANGE;
    if (!op->values && op->length > 0) {
        op->values = host_calloc(vmo_op_page_count(op), sizeof *op->values);
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

/* --- look-up ------------------------------------------------------------------- */

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

enum vm_status vmo_op_step_lookup(struct vmo_op *op)
{
    if (!vmo_op_is_inside(op))
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

/* --- fault --------------------------------------------------------------------- */

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

enum vm_status vmo_op_step_fault(struct vmo_op *op)
{
    if (!vmo_op_is_inside(op))
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
