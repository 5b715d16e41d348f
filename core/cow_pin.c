/*
 * Pins: a pinned page keeps its frame and sits in the Wired queue. Whole or
 * nothing; a slice's pins are its parent's.
 */
#include "cow_internal.h"

static void pin_page(struct vm_cow_pages *cow, page_index page)
{
    struct vm_page *descriptor = cow_page(cow, page);
    if (descriptor->pin_count++ == 0)
        pq_move(&cow->machine->pqs, page, PQ_WIRED, RECLAIM_PAGER,
                RECLAIM_ADDED_NEW, RECLAIM_REMOVED_PINNED);
}

static void unpin_page(struct vm_cow_pages *cow, page_index page)
{
    struct vm_page *descriptor = cow_page(cow, page);
    CHECK(descriptor->pin_count > 0);
    descriptor->pin_count = (descriptor->pin_count - 1u) & PAGE_MAX_PIN_COUNT;
    if (descriptor->pin_count == 0)
        cow_move_to_not_pinned(cow, page, RECLAIM_ADDED_UNPINNED,
                               RECLAIM_REMOVED_FREED);
}

enum vm_status vm_cow_pin_range(struct vm_cow_pages *cow, uint64_t offset,
                                uint64_t length)
{
    CHECK(is_page_aligned(offset));
    CHECK(is_page_aligned(length));
    CHECK(range_is_inside(offset, length, cow->size));
    if (cow_is_slice(cow))
        return vm_cow_pin_range(cow->parent, offset + cow->parent_offset,
                                length);
    cow->ever_pinned = true; /* also when it fails below */
    enum vm_status status = VM_OK;
    uint64_t position = offset;
    for (; position < offset + length; position += VM_PAGE_SIZE) {
        struct page_slot slot = page_list_get(&cow->list, position);
        if (!slot_is_page(slot)) {
            status = VM_BAD_STATE;
            break;
        }
        const struct vm_page *descriptor = cow_page(cow, slot_page(slot));
        CHECK(!descriptor->is_loaned);
        if (descriptor->pin_count == PAGE_MAX_PIN_COUNT) {
            status = VM_UNAVAILABLE;
            break;
        }
        pin_page(cow, slot_page(slot));
    }
    if (status != VM_OK) {
        while (position > offset) {
            position -= VM_PAGE_SIZE;
            unpin_page(cow, slot_page(page_list_get(&cow->list, position)));
        }
        return status;
    }
    cow->pinned_page_count += bytes_to_pages(length);
    return VM_OK;
}

/* Tell mappings of each maximal run of [start, end) that is unpinned now. */
static void report_unpinned(struct vm_cow_pages *cow, uint64_t start,
                            uint64_t end)
{
    uint64_t run_start = start;
    for (uint64_t at = start; at < end; at += VM_PAGE_SIZE) {
        struct page_slot slot = page_list_get(&cow->list, at);
        if (slot_is_page(slot) &&
            cow_page(cow, slot_page(slot))->pin_count == 0)
            continue;
        vm_cow_range_change_update(cow, run_start, at - run_start,
                                   RANGE_DEBUG_UNPIN);
        run_start = at + VM_PAGE_SIZE;
    }
    if (run_start < end)
        vm_cow_range_change_update(cow, run_start, end - run_start,
                                   RANGE_DEBUG_UNPIN);
}

void vm_cow_unpin(struct vm_cow_pages *cow, uint64_t offset, uint64_t length,
                  bool allow_gaps)
{
    CHECK(range_is_inside(offset, length, cow->size));
    CHECK(length > 0);
    if (cow_is_slice(cow)) {
        vm_cow_unpin(cow->parent, offset + cow->parent_offset, length,
                     allow_gaps);
        return;
    }
    uint64_t start = page_round_down(offset);
    uint64_t end = page_round_up(offset + length);
    uint64_t unpinned = 0;
    for (uint64_t at = start; at < end; at += VM_PAGE_SIZE) {
        struct page_slot slot = page_list_get(&cow->list, at);
        if (slot_is_empty(slot)) {
            CHECK(allow_gaps);
            CHECK(!page_list_is_in_interval(&cow->list, at));
            continue;
        }
        CHECK(slot_is_page(slot));
        unpin_page(cow, slot_page(slot));
        unpinned++;
    }
    CHECK(cow->pinned_page_count >= unpinned);
    cow->pinned_page_count -= unpinned;
    report_unpinned(cow, start, end);
}

void cow_unpin_all(struct vm_cow_pages *cow)
{
    if (cow->pinned_page_count == 0)
        return;
    uint64_t at;
    const struct page_slot *slot;
    for (uint64_t from = 0;
         (slot = page_list_next(&cow->list, from, cow->size, &at));
         from = at + VM_PAGE_SIZE) {
        if (!slot_is_page(*slot))
            continue;
        while (cow_page(cow, slot_page(*slot))->pin_count > 0) {
            unpin_page(cow, slot_page(*slot));
            cow->pinned_page_count--;
        }
    }
    CHECK(cow->pinned_page_count == 0);
}

bool vm_cow_debug_is_range_pinned(struct vm_cow_pages *cow, uint64_t offset,
                                  uint64_t length)
{
    if (cow_is_slice(cow))
        return vm_cow_debug_is_range_pinned(
            cow->parent, offset + cow->parent_offset, length);
    uint64_t start = page_round_down(offset);
    uint64_t end = page_round_up(offset + length);
    for (uint64_t at = start; at < end; at += VM_PAGE_SIZE) {
        struct page_slot slot = page_list_get(&cow->list, at);
        if (!slot_is_page(slot) ||
            cow_page(cow, slot_page(slot))->pin_count == 0)
            return false;
    }
    return true;
}

bool cow_any_pages_pinned(const struct vm_cow_pages *cow, uint64_t offset,
                          uint64_t length)
{
    if (cow->pinned_page_count == 0)
        return false;
    uint64_t at;
    const struct page_slot *slot;
    for (uint64_t from = offset;
         (slot = page_list_next(&cow->list, from, offset + length, &at));
         from = at + VM_PAGE_SIZE)
        if (slot_is_page(*slot) &&
            cow_page(cow, slot_page(*slot))->pin_count > 0)
            return true;
    return false;
}
