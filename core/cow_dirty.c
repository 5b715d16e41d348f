/*
 * Dirty tracking of pager-backed nodes.
 *
 *   page:      [clean] --write--> [dirty] --begin--> [awaiting clean] --+
 *                 ^                  ^                   |    end       |
 *                 |                  +------ write ------+              |
 *                 +------------------------------------------------------+
 *   nothing there and known zero: a dirty zero interval; a writeback notes on
 *   its Start how far it has begun, and its end clips that much away.
 *
 * With a pager that traps, leave to dirty is asked for first (DIRTY request)
 * and given by vm_cow_dirty_pages().
 */
#include "cow_internal.h"

/* --- requests ------------------------------------------------------------------- */

void cow_invalidate_read_requests(struct vm_cow_pages *cow, uint64_t offset,
                                  uint64_t length)
{
    CHECK(cow->source != NULL);
    struct page_walk walk = page_walk_over(&cow->list, offset, offset + length);
    struct page_walk_item item;
    while (page_walk_next(&walk, &item))
        if (!item.slot)
            page_source_on_pages_supplied(cow->source, item.start,
                                          item.end - item.start);
}

static bool is_dirty_page(const struct vm_cow_pages *cow, struct page_slot slot)
{
    return slot_is_page(slot) &&
           vm_page_is_dirty(cow_page(cow, slot_page(slot)));
}

/* Every run of [offset, offset + length) that is no dirty page is answered. */
void cow_invalidate_dirty_requests(struct vm_cow_pages *cow, uint64_t offset,
                                   uint64_t length)
{
    CHECK(cow_is_pager_backed(cow));
    uint64_t end = offset + length;
    uint64_t run_start = offset;
    uint64_t at;
    const struct page_slot *slot;
    for (uint64_t from = offset;
         (slot = page_list_next(&cow->list, from, end, &at));
         from = at + VM_PAGE_SIZE) {
        if (!is_dirty_page(cow, *slot))
            continue;
        if (at > run_start)
            page_source_on_pages_dirtied(cow->source, run_start,
                                         at - run_start);
        run_start = at + VM_PAGE_SIZE;
    }
    if (end > run_start)
        page_source_on_pages_dirtied(cow->source, run_start, end - run_start);
}

enum vm_status vm_cow_fail_page_requests(struct vm_cow_pages *cow,
                                         uint64_t offset, uint64_t length,
                                         enum vm_status error)
{
    CHECK(cow->source != NULL);
    if (!page_source_is_valid_failure(error, true))
        return VM_INVALID_ARGS;
    if (!range_is_inside(offset, length, cow->size))
        return VM_OUT_OF_RANGE;
    if (cow->source->is_detached)
        return VM_BAD_STATE;
    page_source_on_pages_failed(cow->source, offset, length, error);
    return VM_OK;
}

/* --- preparing a write -------------------------------------------------------------- */

static uint64_t dirty_leading_run(struct vm_cow_pages *cow, uint64_t offset,
                                  uint64_t length)
{
    uint64_t at = offset;
    for (; at < offset + length; at += VM_PAGE_SIZE) {
        struct page_slot slot = page_list_get(&cow->list, at);
        if (!slot_is_page(slot))
            break;
        const struct vm_page *page = cow_page(cow, slot_page(slot));
        if (page->is_loaned)
            break;
        if (!vm_page_is_dirty(page))
            cow_update_dirty_state(cow, slot_page(slot), DIRTY_DIRTY, false);
    }
    return at - offset;
}

enum write_class { WRITE_GAP, WRITE_DIRTY, WRITE_TO_DIRTY };

static enum write_class classify(struct vm_cow_pages *cow, uint64_t offset)
{
    struct page_slot slot = page_list_get(&cow->list, offset);
    if (slot_is_page(slot)) {
        const struct vm_page *page = cow_page(cow, slot_page(slot));
        if (vm_page_is_dirty(page))
            return WRITE_DIRTY;
        if (vm_page_is_clean(page))
            cow_update_on_access(cow, slot_page(slot));
        return WRITE_TO_DIRTY;
    }
    return slot_is_marker(slot) || page_list_is_in_interval(&cow->list, offset)
               ? WRITE_TO_DIRTY
               : WRITE_GAP;
}

enum vm_status vm_cow_prepare_for_write(struct vm_cow_pages *cow,
                                        uint64_t offset, uint64_t length,
                                        struct page_request *request,
                                        uint64_t *dirty_length)
{
    CHECK(is_page_aligned(offset));
    CHECK(is_page_aligned(length));
    if (cow_is_slice(cow))
        return vm_cow_prepare_for_write(cow->parent,
                                        offset + cow->parent_offset, length,
                                        request, dirty_length);
    CHECK(cow_is_pager_backed(cow));
    *dirty_length = 0;
    if (!cow_traps_dirty(cow)) {
        *dirty_length = dirty_leading_run(cow, offset, length);
        return VM_OK;
    }
    if (length == 0)
        return VM_OK;
    enum write_class first = classify(cow, offset);
    uint64_t run = VM_PAGE_SIZE;
    if (first != WRITE_GAP)
        while (run < length && classify(cow, offset + run) == first)
            run += VM_PAGE_SIZE;
    if (first == WRITE_DIRTY)
        *dirty_length = run;
    if (first != WRITE_TO_DIRTY)
        return VM_OK;
    cow->machine->stats.dirty_requests++;
    return page_source_request_dirty(cow->source, offset, run, request);
}

/* --- dirtying ------------------------------------------------------------------------ */

/* Pages needed for markers and intervals; false: there is a gap. */
static bool count_zero_pages(struct vm_cow_pages *cow, uint64_t offset,
                             uint64_t length, uint64_t *need)
{
    *need = 0;
    for (uint64_t at = offset; at < offset + length; at += VM_PAGE_SIZE) {
        struct page_slot slot = page_list_get(&cow->list, at);
        if (slot_is_page(slot))
            continue;
        if (!slot_is_marker(slot) && !page_list_is_in_interval(&cow->list, at))
            return false;
        ++*need;
    }
    return true;
}

static enum vm_status fill_alloc_list(struct vm_cow_pages *cow, uint64_t need,
                                      struct page_chain *alloc_list,
                                      struct page_request *request)
{
    if (alloc_list->count >= need)
        return VM_OK;
    enum vm_status status =
        pmm_alloc_pages(&cow->machine->pmm, need - alloc_list->count,
                        cow->alloc_flags, alloc_list);
    if (status != VM_SHOULD_WAIT)
        return status;
    while (alloc_list->count < need) {
        page_index page;
        status = cow_alloc_page(cow, NULL, request, &page);
        if (status != VM_OK)
            return status;
        page_chain_push_tail(alloc_list, cow_pages_of(cow), page);
    }
    return VM_OK;
}

/* Real zero pages in place of markers and Slots; the list has enough. */
static void add_zero_pages(struct vm_cow_pages *cow, uint64_t start,
                           uint64_t end, struct page_chain *alloc_list)
{
    for (uint64_t at = start; at < end; at += VM_PAGE_SIZE) {
        struct page_slot slot = page_list_get(&cow->list, at);
        if (slot_is_page(slot))
            continue;
        page_index page = page_chain_pop_head(alloc_list, cow_pages_of(cow));
        CHECK(page != PAGE_NONE);
        struct page_slot released;
        enum vm_status status = vm_cow_add_new_page(
            cow, at, page, OVERWRITE_ZERO, &released, true, true);
        CHECK(status == VM_OK);
        cow->machine->stats.zeroed_pages++;
    }
}

/* Everything in the range is a page: make all of them dirty. */
static void dirty_all(struct vm_cow_pages *cow, uint64_t start, uint64_t end)
{
    uint64_t run_start = start;
    for (uint64_t at = start; at < end; at += VM_PAGE_SIZE) {
        page_index page = slot_page(page_list_get(&cow->list, at));
        if (!vm_page_is_dirty(cow_page(cow, page))) {
            cow_update_dirty_state(cow, page, DIRTY_DIRTY, false);
            continue;
        }
        if (at > run_start)
            page_source_on_pages_dirtied(cow->source, run_start,
                                         at - run_start);
        run_start = at + VM_PAGE_SIZE;
    }
    if (end > run_start)
        page_source_on_pages_dirtied(cow->source, run_start, end - run_start);
}

static enum vm_status try_dirty_pages(struct vm_cow_pages *cow, uint64_t offset,
                                      uint64_t length,
                                      struct page_chain *alloc_list,
                                      struct page_request *request)
{
    if (offset + length > cow->size)
        return VM_OUT_OF_RANGE;
    if (cow->source->is_detached)
        return VM_BAD_STATE;
    uint64_t need;
    if (!count_zero_pages(cow, offset, length, &need))
        return VM_NOT_FOUND;
    enum vm_status status = fill_alloc_list(cow, need, alloc_list, request);
    if (status != VM_OK)
        return status;
    status =
        page_list_populate_interval_slots(&cow->list, offset, offset + length);
    if (status != VM_OK)
        return status;
    cow_bump_generation(cow);
    add_zero_pages(cow, offset, offset + length, alloc_list);
    dirty_all(cow, offset, offset + length);
    return VM_OK;
}

enum vm_status vm_cow_dirty_pages(struct vm_cow_pages *cow, uint64_t offset,
                                  uint64_t length,
                                  struct page_chain *alloc_list,
                                  struct page_request *request)
{
    CHECK(cow->source != NULL);
    if (!cow_traps_dirty(cow))
        return VM_NOT_SUPPORTED;
    uint64_t end;
    if (offset > cow->size || __builtin_add_overflow(offset, length, &end))
        return VM_OUT_OF_RANGE;
    enum vm_status status =
        try_dirty_pages(cow, offset, length, alloc_list, request);
    if (status != VM_OK)
        cow_invalidate_dirty_requests(cow, offset,
                                      u64_min(cow->size, end) - offset);
    return status;
}
