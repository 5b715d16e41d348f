/*
 * Writeback: the pager asks what is dirty, begins to write it back and says
 * when it is done. Also what a pager may ask about its object, and leaving it.
 */
#include "cow_internal.h"

/* --- what is dirty ---------------------------------------------------------------- */

struct enumeration {
    const struct vm_cow_pages *cow;
    vm_dirty_range_fn fn;
    void *context;
};

static bool is_dirty_content(void *context, struct page_slot slot,
                             uint64_t offset)
{
    const struct enumeration *walk = context;
    (void)offset;
    if (slot_is_interval(slot))
        return true;
    if (!slot_is_page(slot))
        return false;
    return cow_is_page_unwritten(cow_page(walk->cow, slot_page(slot)));
}

static enum vm_status report_dirty_run(void *context, uint64_t start,
                                       uint64_t end, bool is_interval)
{
    const struct enumeration *walk = context;
    return walk->fn(walk->context, start, end - start, is_interval);
}

enum vm_status vm_cow_enumerate_dirty_ranges(struct vm_cow_pages *cow,
                                             uint64_t offset, uint64_t length,
                                             vm_dirty_range_fn fn,
                                             void *context)
{
    if (!cow_is_pager_backed(cow))
        return VM_NOT_SUPPORTED;
    if (!range_is_inside(offset, length, cow->size))
        return VM_OUT_OF_RANGE;
    if (cow->unwritten_page_count == 0 && !cow->list.may_have_intervals)
        return VM_OK;
    struct enumeration walk = {cow, fn, context};
    return page_list_for_each_run(
        &cow->list, page_round_down(offset), page_round_up(offset + length),
        is_dirty_content, NULL, report_dirty_run, &walk);
}

enum vm_status vm_cow_query_pager_vmo_stats(struct vm_cow_pages *cow,
                                            bool reset, bool *is_modified)
{
    CHECK(!cow->pager_stats_modified || cow_is_pager_backed(cow));
    if (!cow_is_pager_backed(cow))
        return VM_NOT_SUPPORTED;
    *is_modified = cow->pager_stats_modified;
    if (reset)
        cow->pager_stats_modified = false;
    return VM_OK;
}

/* --- writeback ------------------------------------------------------------------------ */

static enum vm_status check_writeback(const struct vm_cow_pages *cow,
                                      uint64_t offset, uint64_t length)
{
    CHECK(is_page_aligned(offset));
    CHECK(is_page_aligned(length));
    CHECK(cow->source != NULL);
    if (!range_is_inside(offset, length, cow->size))
        return VM_OUT_OF_RANGE;
    return cow_is_pager_backed(cow) ? VM_OK : VM_NOT_SUPPORTED;
}

/* Where the interval that starts at `start` ends (exclusive). */
static uint64_t interval_end(const struct vm_cow_pages *cow, uint64_t start,
                             struct page_slot sentinel)
{
    if (slot_is_interval_slot(sentinel))
        return start + VM_PAGE_SIZE;
    uint64_t at;
    const struct page_slot *slot =
        page_list_next(&cow->list, start + VM_PAGE_SIZE, cow->size, &at);
    CHECK(slot && slot_is_interval_end(*slot));
    return at + VM_PAGE_SIZE;
}

enum vm_status vm_cow_writeback_begin(struct vm_cow_pages *cow, uint64_t offset,
                                      uint64_t length, bool is_zero_range)
{
    enum vm_status status = check_writeback(cow, offset, length);
    if (status != VM_OK)
        return status;
    uint64_t end = offset + length;
    uint64_t at;
    struct page_slot *slot;
    for (uint64_t from = offset;
         (slot = page_list_next(&cow->list, from, end, &at));
         from = at + VM_PAGE_SIZE) {
        if (slot_is_page(*slot)) {
            const struct vm_page *page = cow_page(cow, slot_page(*slot));
            if (page->pin_count == 0 && !is_zero_range &&
                vm_page_is_dirty(page))
                cow_update_dirty_state(cow, slot_page(*slot),
                                       DIRTY_AWAITING_CLEAN, false);
        } else if (slot_is_interval_start(*slot) ||
                   slot_is_interval_slot(*slot)) {
            uint64_t stop = u64_min(end, interval_end(cow, at, *slot));
            slot_set_awaiting_bytes(
                slot, u64_max(slot_awaiting_bytes(*slot), stop - at));
        }
    }
    vm_cow_range_change_update(cow, offset, length, RANGE_REMOVE_WRITE);
    return VM_OK;
}

/* [open, clean_end) of the interval [open, last] has been written back. */
static void clean_interval(struct vm_cow_pages *cow, uint64_t open,
                           uint64_t last, uint64_t clean_end)
{
    if (last < clean_end) {
        (void)page_list_remove(&cow->list, open);
        if (last != open)
            (void)page_list_remove(&cow->list, last);
    } else if (clean_end > open) {
        /* Out of memory: the interval stays dirty, which is only slower. */
        (void)page_list_clip_interval_start(&cow->list, open, clean_end - open);
    }
}

enum vm_status vm_cow_writeback_end(struct vm_cow_pages *cow, uint64_t offset,
                                    uint64_t length)
{
    enum vm_status status = check_writeback(cow, offset, length);
    if (status != VM_OK)
        return status;
    cow_bump_generation(cow);
    uint64_t end = offset + length;
    uint64_t clean_end = offset;
    uint64_t open = UINT64_MAX; /* Start seen, End not yet */
    uint64_t at;
    const struct page_slot *slot;
    for (uint64_t from = offset;
         (slot = page_list_next(&cow->list, from, end, &at));
         from = at + VM_PAGE_SIZE) {
        if (slot_is_page(*slot)) {
            if (vm_page_is_awaiting_clean(cow_page(cow, slot_page(*slot))))
                cow_update_dirty_state(cow, slot_page(*slot), DIRTY_CLEAN,
                                       false);
            continue;
        }
        if (!slot_is_interval(*slot))
            continue;
        if (!slot_is_interval_end(*slot)) {
            clean_end = u64_max(clean_end, at + slot_awaiting_bytes(*slot));
            open = at;
        }
        if (!slot_is_interval_start(*slot) && open != UINT64_MAX) {
            clean_interval(cow, open, at, clean_end);
            open = UINT64_MAX;
        }
    }
    if (open != UINT64_MAX)
        clean_interval(cow, open, UINT64_MAX, u64_min(clean_end, end));
    return VM_OK;
}

/* --- detach ------------------------------------------------------------------------------ */

void vm_cow_detach_source(struct vm_cow_pages *cow)
{
    CHECK(cow->source != NULL);
    CHECK(!cow->parent);
    page_source_detach(cow->source);
    vm_cow_range_change_update(cow, 0, cow->size, RANGE_UNMAP);
    struct page_chain freed = PAGE_CHAIN_EMPTY;
    uint64_t at;
    const struct page_slot *slot;
    for (uint64_t from = 0;
         (slot = page_list_next(&cow->list, from, cow->size, &at));
         from = at + VM_PAGE_SIZE) {
        if (slot_is_marker(*slot)) {
            (void)page_list_remove(&cow->list, at);
        } else if (slot_is_page(*slot)) {
            page_index page = slot_page(*slot);
            const struct vm_page *descriptor = cow_page(cow, page);
            if (vm_page_is_dirty(descriptor) ||
                vm_page_is_awaiting_clean(descriptor))
                continue;
            CHECK(descriptor->pin_count == 0);
            (void)page_list_remove(&cow->list, at);
            cow_detach_page(cow, page, RECLAIM_REMOVED_FREED);
            page_chain_push_tail(&freed, cow_pages_of(cow), page);
        }
    }
    cow_free_pages(cow, &freed, true);
    cow_bump_generation(cow);
}
