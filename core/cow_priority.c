/*
 * High memory priority: a count of reasons (mappings, children with a count of
 * their own). While it is not zero the node's pages are not reclaimed.
 */
#include "cow_internal.h"

static void requeue_pages(struct vm_cow_pages *cow)
{
    uint64_t at;
    const struct page_slot *slot;
    for (uint64_t from = 0;
         (slot = page_list_next(&cow->list, from, cow->size, &at));
         from = at + VM_PAGE_SIZE)
        if (slot_is_page(*slot) &&
            cow_page(cow, slot_page(*slot))->pin_count == 0)
            cow_move_to_not_pinned(cow, slot_page(*slot),
                                   RECLAIM_ADDED_PRIORITY,
                                   RECLAIM_REMOVED_PRIORITY);
}

int64_t cow_change_single_high_priority_count(struct vm_cow_pages *cow,
                                              int64_t delta)
{
    bool was = cow->high_priority_count != 0;
    cow->high_priority_count += delta;
    CHECK(cow->high_priority_count >= 0);
    bool is = cow->high_priority_count != 0;
    if (was == is)
        return 0;
    requeue_pages(cow);
    return is ? 1 : -1;
}

void vm_cow_change_high_priority_count(struct vm_cow_pages *cow, int64_t delta)
{
    for (; cow && delta != 0; cow = cow->parent)
        delta = cow_change_single_high_priority_count(cow, delta);
}
