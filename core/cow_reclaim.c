/*
 * Reclaiming one page: evict it (a pager has a copy), compress it (nobody
 * has), or turn a page of zeros into a marker.
 *
 * A refusal that a policy would meet again at once makes the page look
 * recently used, so that reclaim always gets on.
 */
#include "cow_internal.h"

/* The slot at `offset` if it holds exactly this page, else NULL. */
static struct page_slot *slot_of(const struct vm_cow_pages *cow,
                                 page_index page, uint64_t offset)
{
    struct page_slot *slot = page_list_lookup(&cow->list, offset);
    return slot && slot->bits == slot_of_page(page).bits ? slot : NULL;
}

/* The page is here and clean or not tracked; false: see `refused`. */
static bool remove_for_eviction(struct vm_cow_pages *cow,
                                struct page_slot *slot, page_index page,
                                uint64_t offset, enum vm_eviction_hint hint,
                                enum reclaim_refused *refused)
{
    struct vm_page *descriptor = cow_page(cow, page);
    if (!cow_is_pager_backed(cow)) {
        *refused = RECLAIM_REFUSED_NO_STRATEGY;
        return false;
    }
    if (!vm_page_is_clean(descriptor)) {
        *refused = RECLAIM_REFUSED_DIRTY;
        return false;
    }
    if (descriptor->always_need && hint == EVICTION_HINT_FOLLOW) {
        cow_update_on_access(cow, page);
        *refused = RECLAIM_REFUSED_ALWAYS_NEED;
        return false;
    }
    cow_unmap_page(cow, offset);
    (void)page_list_remove_at(&cow->list, slot, offset);
    cow_detach_page(cow, page, RECLAIM_REMOVED_RECLAIMED);
    cow_note_reclaimed(cow, offset);
    cow->reclamation_event_count++;
    cow->machine->stats.evicted_pages++;
    cow_bump_generation(cow);
    return true;
}

bool vm_cow_remove_page_for_eviction(struct vm_cow_pages *cow, page_index page,
                                     uint64_t offset)
{
    struct page_slot *slot = slot_of(cow, page, offset);
    if (!slot)
        return false;
    CHECK(cow_page(cow, page)->pin_count == 0);
    enum reclaim_refused refused;
    return remove_for_eviction(cow, slot, page, offset, EVICTION_HINT_IGNORE,
                               &refused);
}

enum vm_reclaim_begun vm_cow_begin_reclaim(struct vm_cow_pages *cow,
                                           page_index page, uint64_t offset,
                                           enum vm_eviction_hint hint,
                                           struct compressor *compressor,
                                           struct vm_compression *compression,
                                           enum reclaim_refused *refused)
{
    *refused = RECLAIM_REFUSED_GONE;
    struct page_slot *slot = slot_of(cow, page, offset);
    if (!slot)
        return RECLAIM_REFUSED;
    if (cow_page(cow, page)->pin_count > 0) {
        *refused = RECLAIM_REFUSED_PINNED;
        return RECLAIM_REFUSED;
    }
    if (cow->high_priority_count != 0) {
        cow_update_on_access(cow, page);
        *refused = RECLAIM_REFUSED_PRIORITY;
        return RECLAIM_REFUSED;
    }
    if (cow_is_pager_backed(cow))
        return remove_for_eviction(cow, slot, page, offset, hint, refused)
                   ? RECLAIM_TAKEN
                   : RECLAIM_REFUSED;
    *refused = RECLAIM_REFUSED_NO_STRATEGY;
    if (compressor && !cow->source && !cow->tracker &&
        cow_can_decommit_zero_pages(cow))
        return cow_begin_compression(cow, page, offset, compressor, compression)
                   ? RECLAIM_COMPRESSING
                   : RECLAIM_REFUSED;
    cow_update_on_access(cow, page);
    cow->machine->stats.no_strategy++;
    return RECLAIM_REFUSED;
}

bool vm_cow_reclaim_page(struct vm_cow_pages *cow, page_index page,
                         uint64_t offset, enum vm_eviction_hint hint,
                         struct compressor *compressor,
                         enum reclaim_refused *refused)
{
    struct vm_machine *machine = cow->machine;
    struct vm_compression compression;
    enum reclaim_refused unused;
    switch (vm_cow_begin_reclaim(cow, page, offset, hint, compressor,
                                 &compression, refused ? refused : &unused)) {
    case RECLAIM_REFUSED:
        return false;
    case RECLAIM_TAKEN:
        return true;
    case RECLAIM_COMPRESSING:
        break;
    }
    if (machine->compress_hook)
        machine->compress_hook(machine, machine->compress_context);
    return vm_cow_end_compression(&compression) == COMPRESSION_DONE;
}

/* What vm_cow_recycle_page() leaves to others. */
static bool can_recycle(const struct vm_cow_pages *cow,
                        const struct vm_page *page)
{
    const struct pmm *pmm = &cow->machine->pmm;
    return page->owner == cow->handle && page->queue == PQ_RECLAIM &&
           cow_is_pager_backed(cow) && vm_page_is_clean(page) &&
           page->pin_count == 0 && !page->always_need && !page->is_loaned &&
           cow->high_priority_count == 0 && !cow->source->is_detached &&
           pmm->free_loaned_pages == 0 && pmm->deficit_pages == 0 &&
           pmm->watermark_count == 0;
}

bool vm_cow_recycle_page(struct vm_cow_pages *cow, page_index page,
                         uint64_t offset, uint64_t content)
{
    struct vm_page *descriptor = cow_page(cow, page);
    uint64_t old = descriptor->offset;
    if (!can_recycle(cow, descriptor) ||
        !range_is_inside(offset, VM_PAGE_SIZE, cow->size) ||
        page_list_relocate(&cow->list, old, offset) != VM_OK)
        return false;
    cow_unmap_page(cow, old);
    cow_note_reclaimed(cow, old);
    reclaimed_set_remove(&cow->reclaimed, bytes_to_pages(offset));
    pq_recycle(&cow->machine->pqs, page, offset);
    descriptor->content = content;
    cow->reclamation_event_count++;
    cow->machine->stats.evicted_pages++;
    cow->machine->stats.supplied_pages++;
    cow->hierarchy->generation += 2; /* one went, one came */
    cow_announce_supplied(cow, offset);
    return true;
}

bool vm_cow_dedup_zero_page(struct vm_cow_pages *cow, page_index page,
                            uint64_t offset)
{
    const struct vm_cow_owner *owner = vm_cow_backlink(cow);
    if (cow->high_priority_count != 0 || (owner && owner->is_uncached) ||
        !slot_of(cow, page, offset))
        return false;
    const struct vm_page *descriptor = cow_page(cow, page);
    if (descriptor->pin_count > 0 || descriptor->content != 0 ||
        (cow_is_pager_backed(cow) && !vm_page_is_clean(descriptor)))
        return false;
    CHECK(!cow_is_contiguous(cow));
    /* The kernel write-protects, then looks again; nobody writes here. */
    vm_cow_range_change_update(cow, offset, VM_PAGE_SIZE, RANGE_REMOVE_WRITE);
    struct page_slot marker = SLOT_ZERO_MARKER;
    struct page_slot released;
    enum vm_status status = cow_add_content(
        cow, &marker, offset, OVERWRITE_NON_ZERO, &released, true);
    CHECK(status == VM_OK); /* the slot is there */
    CHECK(slot_page(released) == page);
    cow_free_content(cow, released, true);
    cow->reclamation_event_count++;
    cow->machine->stats.deduped_pages++;
    cow_bump_generation(cow);
    return true;
}
