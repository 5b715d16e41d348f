/*
 * Discardable objects: lock, unlock, and throwing all pages away at once.
 */
#include "cow_internal.h"

static bool is_lock_range_valid(const struct vm_cow_pages *cow, uint64_t offset,
                                uint64_t length)
{
    return offset == 0 && length == cow->size;
}

enum vm_status vm_cow_lock_range(struct vm_cow_pages *cow, uint64_t offset,
                                 uint64_t length, uint64_t *discarded_offset,
                                 uint64_t *discarded_size)
{
    CHECK(cow->tracker != NULL);
    if (!is_lock_range_valid(cow, offset, length))
        return VM_OUT_OF_RANGE;
    if (!discarded_offset || !discarded_size)
        return VM_INVALID_ARGS;
    bool was_discarded =
        discardable_lock(&cow->machine->discardables, cow->tracker);
    *discarded_offset = 0;
    *discarded_size = was_discarded ? cow->size : 0;
    return VM_OK;
}

enum vm_status vm_cow_try_lock_range(struct vm_cow_pages *cow, uint64_t offset,
                                     uint64_t length)
{
    CHECK(cow->tracker != NULL);
    if (!is_lock_range_valid(cow, offset, length))
        return VM_OUT_OF_RANGE;
    return discardable_try_lock(&cow->machine->discardables, cow->tracker);
}

enum vm_status vm_cow_unlock_range(struct vm_cow_pages *cow, uint64_t offset,
                                   uint64_t length)
{
    CHECK(cow->tracker != NULL);
    if (!is_lock_range_valid(cow, offset, length))
        return VM_OUT_OF_RANGE;
    return discardable_unlock(&cow->machine->discardables, cow->tracker,
                              cow->machine->now);
}

/* Every page and reference goes by reclaim: coming back is a refault. */
static void note_reclaimed(struct vm_cow_pages *cow)
{
    uint64_t at;
    const struct page_slot *slot;
    for (uint64_t from = 0;
         (slot = page_list_next(&cow->list, from, cow->size, &at));
         from = at + VM_PAGE_SIZE)
        if (slot_is_page_or_reference(*slot))
            cow_note_reclaimed(cow, at);
}

uint64_t vm_cow_discard_pages(struct vm_cow_pages *cow, sim_ns min_age,
                              struct page_chain *freed)
{
    if (!cow->tracker ||
        !discardable_is_eligible(cow->tracker, min_age, cow->machine->now))
        return 0;
    if (cow_any_pages_pinned(cow, 0, cow->size))
        return 0;
    note_reclaimed(cow);
    uint64_t count = cow_unmap_and_remove_pages(cow, 0, cow->size, freed);
    cow->reclamation_event_count++;
    cow->machine->stats.discarded_pages += count;
    cow_bump_generation(cow);
    discardable_set_discarded(&cow->machine->discardables, cow->tracker);
    return count;
}

struct vm_discardable_counts
vm_cow_debug_discardable_page_counts(const struct vm_cow_pages *cow)
{
    struct vm_discardable_counts counts = {0, 0};
    if (!cow->tracker)
        return counts;
    uint64_t pages = vm_cow_debug_page_count(cow);
    if (cow->tracker->state == DISCARDABLE_UNRECLAIMABLE)
        counts.locked = pages;
    else if (cow->tracker->state == DISCARDABLE_RECLAIMABLE)
        counts.unlocked = pages;
    return counts;
}

struct discardable *
vm_cow_debug_discardable_tracker(const struct vm_cow_pages *cow)
{
    return cow->tracker;
}
