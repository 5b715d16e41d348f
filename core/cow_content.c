/*
 * Content of a node: which queue a page belongs to, adding, allocating,
 * freeing. Everything that enters or leaves a page list goes through here, so
 * that queues, backlinks and totals always follow.
 */
#include "cow_internal.h"

/* --- queues ------------------------------------------------------------------ */

/* Where an unpinned page of this node belongs; `class_` for the policy. */
static enum page_queue choose_queue(const struct vm_cow_pages *cow,
                                    const struct vm_page *page,
                                    enum reclaim_class *class_)
{
    bool is_priority = cow->high_priority_count != 0;
    bool anonymous_reclaim = cow->machine->pqs.anonymous_reclaim;
    *class_ = RECLAIM_PAGER;
    if (cow_is_pager_backed(cow)) {
        if (page->dirty_state != DIRTY_CLEAN)
            return PQ_PAGER_DIRTY;
        return is_priority ? PQ_HIGH_PRIORITY : PQ_RECLAIM;
    }
    if (!cow_can_decommit_zero_pages(cow))
        return PQ_WIRED;
    *class_ = cow->tracker ? RECLAIM_DISCARDABLE : RECLAIM_ANONYMOUS;
    if (!anonymous_reclaim)
        return PQ_ANONYMOUS;
    return is_priority ? PQ_HIGH_PRIORITY : PQ_RECLAIM;
}

void cow_set_not_pinned(struct vm_cow_pages *cow, page_index page,
                        uint64_t offset)
{
    enum reclaim_class class_;
    enum page_queue queue = choose_queue(cow, cow_page(cow, page), &class_);
    pq_set(&cow->machine->pqs, page, cow->handle, offset, queue, class_,
           RECLAIM_ADDED_NEW);
}

void cow_move_to_not_pinned(struct vm_cow_pages *cow, page_index page,
                            enum reclaim_added why,
                            enum reclaim_removed removed_why)
{
    enum reclaim_class class_;
    enum page_queue queue = choose_queue(cow, cow_page(cow, page), &class_);
    pq_move(&cow->machine->pqs, page, queue, class_, why, removed_why);
}

void cow_update_on_access(struct vm_cow_pages *cow, page_index page)
{
    if (!cow->machine->pqs.anonymous_reclaim && !cow_is_pager_backed(cow))
        return;
    pq_mark_accessed(&cow->machine->pqs, page, RECLAIM_ACCESSED_SOFTWARE);
}

void cow_update_dirty_state(struct vm_cow_pages *cow, page_index page,
                            enum dirty_state state, bool is_pending_add)
{
    struct vm_page *descriptor = cow_page(cow, page);
    struct page_queues *pqs = &cow->machine->pqs;
    CHECK(cow_is_pager_backed(cow));
    if (!is_pending_add) {
        cow->unwritten_page_count -= cow_is_page_unwritten(descriptor);
        cow->unwritten_page_count += state != DIRTY_CLEAN;
    }
    switch (state) {
    case DIRTY_CLEAN:
        CHECK(is_pending_add || vm_page_is_awaiting_clean(descriptor));
        descriptor->dirty_state = DIRTY_CLEAN;
        if (!is_pending_add)
            pq_move(pqs, page, PQ_RECLAIM, RECLAIM_PAGER, RECLAIM_ADDED_CLEANED,
                    RECLAIM_REMOVED_FREED);
        return;
    case DIRTY_DIRTY:
        CHECK(is_pending_add || vm_page_is_clean(descriptor) ||
              vm_page_is_awaiting_clean(descriptor));
        CHECK(!descriptor->is_loaned);
        descriptor->dirty_state = DIRTY_DIRTY;
        if (!is_pending_add)
            pq_move(pqs, page, PQ_PAGER_DIRTY, RECLAIM_PAGER,
                    RECLAIM_ADDED_CLEANED, RECLAIM_REMOVED_DIRTIED);
        return;
    case DIRTY_AWAITING_CLEAN:
        CHECK(!is_pending_add);
        CHECK(descriptor->pin_count == 0);
        CHECK(vm_page_is_dirty(descriptor));
        descriptor->dirty_state = DIRTY_AWAITING_CLEAN;
        return;
    case DIRTY_UNTRACKED:
        break;
    }
    CHECK(state != DIRTY_UNTRACKED);
}

/* --- taking and giving back pages ------------------------------------------- */

enum vm_status cow_alloc_page(struct vm_cow_pages *cow,
                              struct page_chain *alloc_list,
                              struct page_request *request, page_index *page)
{
    if (alloc_list && alloc_list->head) {
        *page = page_chain_pop_head(alloc_list, cow_pages_of(cow));
        return VM_OK;
    }
    unsigned flags = request ? cow->alloc_flags
                             : cow->alloc_flags & ~(unsigned)PMM_ALLOC_CAN_WAIT;
    enum vm_status status = pmm_alloc_page(&cow->machine->pmm, flags, page);
    if (status == VM_SHOULD_WAIT)
        page_request_wait_for_memory(request);
    return status;
}

enum vm_status cow_alloc_copy(struct vm_cow_pages *cow, uint64_t content,
                              struct page_chain *alloc_list,
                              struct page_request *request, page_index *page)
{
    enum vm_status status = cow_alloc_page(cow, alloc_list, request, page);
    if (status != VM_OK)
        return status;
    cow_page(cow, *page)->content = content;
    cow->machine->stats.copied_pages++;
    return VM_OK;
}

void cow_detach_page(struct vm_cow_pages *cow, page_index page,
                     enum reclaim_removed why)
{
    struct vm_page *descriptor = cow_page(cow, page);
    CHECK(descriptor->state == PAGE_OBJECT);
    CHECK(descriptor->pin_count == 0);
    if (descriptor->queue != PQ_NONE)
        pq_remove(&cow->machine->pqs, page, why);
    descriptor->state = PAGE_ALLOC;
    cow->unwritten_page_count -= cow_is_page_unwritten(descriptor);
    cow_count_pages(cow, -1);
}

void cow_free_pages(struct vm_cow_pages *cow, struct page_chain *chain,
                    bool owned)
{
    if (chain->count == 0)
        return;
    if (owned && cow->source && cow->source->properties.is_handling_free)
        pmm_begin_loan(&cow->machine->pmm, chain);
    else
        pmm_free_chain(&cow->machine->pmm, chain);
    *chain = PAGE_CHAIN_EMPTY;
}

void cow_free_page(struct vm_cow_pages *cow, page_index page, bool owned)
{
    if (owned && cow->source && cow->source->properties.is_handling_free) {
        struct page_chain chain = PAGE_CHAIN_EMPTY;
        page_chain_push_tail(&chain, cow_pages_of(cow), page);
        cow_free_pages(cow, &chain, owned);
        return;
    }
    pmm_free_page(&cow->machine->pmm, page);
}

void cow_free_content(struct vm_cow_pages *cow, struct page_slot content,
                      bool owned)
{
    if (slot_is_page(content)) {
        cow_detach_page(cow, slot_page(content), RECLAIM_REMOVED_FREED);
        cow_free_page(cow, slot_page(content), owned);
    } else if (slot_is_reference(content)) {
        cow_free_reference(cow, slot_reference(content));
    }
}

struct drop {
    struct vm_cow_pages *cow;
    struct page_chain *freed; /* NULL: free at once */
    uint64_t page_count;
    bool owned;
};

static void drop_content(void *context, struct page_slot content,
                         uint64_t offset)
{
    struct drop *drop = context;
    (void)offset;
    if (!slot_is_page(content) || !drop->freed) {
        drop->page_count += slot_is_page(content);
        cow_free_content(drop->cow, content, drop->owned);
        return;
    }
    drop->page_count++;
    cow_detach_page(drop->cow, slot_page(content), RECLAIM_REMOVED_FREED);
    page_chain_push_tail(drop->freed, cow_pages_of(drop->cow),
                         slot_page(content));
}

uint64_t cow_drop_range(struct vm_cow_pages *cow, uint64_t start, uint64_t end,
                        bool owned)
{
    struct drop drop = {cow, NULL, 0, owned};
    page_list_remove_range(&cow->list, start, end, drop_content, &drop);
    return drop.page_count;
}

uint64_t cow_unmap_and_remove_pages(struct vm_cow_pages *cow, uint64_t offset,
                                    uint64_t length, struct page_chain *freed)
{
    CHECK(!cow->parent);
    vm_cow_range_change_update(cow, offset, length, RANGE_UNMAP);
    struct drop drop = {cow, freed, 0, true};
    page_list_remove_range(&cow->list, offset, offset + length, drop_content,
                           &drop);
    return drop.page_count;
}

/* --- adding ----------------------------------------------------------------- */

void cow_init_page(struct vm_cow_pages *cow, page_index page)
{
    struct vm_page *descriptor = cow_page(cow, page);
    CHECK(descriptor->state == PAGE_ALLOC);
    descriptor->state = PAGE_OBJECT;
    descriptor->pin_count = 0;
    descriptor->left_split = false;
    descriptor->right_split = false;
    descriptor->always_need = false;
    descriptor->dirty_state = DIRTY_UNTRACKED;
}

/* May what the slot holds be replaced? */
static bool can_overwrite(const struct vm_cow_pages *cow, struct page_slot slot,
                          enum vm_overwrite overwrite)
{
    switch (overwrite) {
    case OVERWRITE_NONE:
        /* Without a source an absent page is zero, which is content. */
        return slot_is_empty(slot) && cow->source;
    case OVERWRITE_ZERO:
        return !slot_is_page_or_reference(slot);
    case OVERWRITE_NON_ZERO:
        return true;
    }
    return false;
}

/* The page enters the list: queue and totals. */
static void count_in(struct vm_cow_pages *cow, page_index page, uint64_t offset)
{
    cow_set_not_pinned(cow, page, offset);
    cow_count_pages(cow, 1);
    cow->unwritten_page_count += cow_is_page_unwritten(cow_page(cow, page));
}

void cow_fill_empty_slot(struct vm_cow_pages *cow, struct page_slot *slot,
                         page_index page, uint64_t offset)
{
    count_in(cow, page, offset);
    *slot = slot_of_page(page);
    reclaimed_set_remove(&cow->reclaimed, bytes_to_pages(offset));
}

enum vm_status cow_add_content(struct vm_cow_pages *cow,
                               struct page_slot *content, uint64_t offset,
                               enum vm_overwrite overwrite,
                               struct page_slot *released, bool do_range_update)
{
    CHECK(cow->life != COW_DEAD);
    CHECK(is_page_aligned(offset));
    CHECK(!slot_is_reference(*content));
    if (released)
        *released = SLOT_EMPTY;
    if (offset >= cow->size)
        return VM_OUT_OF_RANGE;
    enum slot_mode mode = SLOT_NO_INTERVALS;
    if (cow_is_pager_backed(cow))
        mode = overwrite == OVERWRITE_NONE ? SLOT_CHECK_INTERVALS
                                           : SLOT_SPLIT_INTERVALS;
    bool in_interval = false;
    struct page_slot *slot =
        page_list_lookup_or_allocate(&cow->list, offset, mode, &in_interval);
    if (!slot)
        return in_interval && overwrite == OVERWRITE_NONE ? VM_ALREADY_EXISTS
                                                          : VM_NO_MEMORY;
    if (!can_overwrite(cow, *slot, overwrite)) {
        if (slot_is_empty(*slot))
            page_list_return_empty_slot(&cow->list, offset);
        return VM_ALREADY_EXISTS;
    }
    if (slot_is_page_or_reference(*slot)) {
        CHECK(released != NULL);
        *released = *slot;
    }
    if (slot_is_page(*content)) {
        struct vm_page *descriptor = cow_page(cow, slot_page(*content));
        CHECK(descriptor->state == PAGE_OBJECT);
        CHECK(descriptor->pin_count == 0);
        if (cow_is_contiguous(cow))
            CHECK(slot_page(*content) ==
                  cow->source->first_page + bytes_to_pages(offset));
        count_in(cow, slot_page(*content), offset);
    }
    *slot = *content;
    *content = SLOT_EMPTY;
    if (cow->reclaimed.chunk_count)
        reclaimed_set_remove(&cow->reclaimed, bytes_to_pages(offset));
    if (do_range_update)
        cow_unmap_page(cow, offset);
    return VM_OK;
}

enum vm_status vm_cow_add_new_page(struct vm_cow_pages *cow, uint64_t offset,
                                   page_index page, enum vm_overwrite overwrite,
                                   struct page_slot *released, bool zero,
                                   bool do_range_update)
{
    cow_init_page(cow, page);
    if (zero)
        cow_page(cow, page)->content = 0;
    if (cow_is_pager_backed(cow)) {
        CHECK(cow_page(cow, page)->content == 0);
        cow_update_dirty_state(cow, page, DIRTY_CLEAN, true);
    }
    struct page_slot content = slot_of_page(page);
    return cow_add_content(cow, &content, offset, overwrite, released,
                           do_range_update);
}

enum vm_status vm_cow_add_new_pages(struct vm_cow_pages *cow, uint64_t start,
                                    struct page_chain *pages,
                                    enum vm_overwrite overwrite, bool zero,
                                    bool do_range_update)
{
    CHECK(overwrite != OVERWRITE_NON_ZERO);
    CHECK(is_page_aligned(start));
    uint64_t offset = start;
    page_index page;
    while ((page = page_chain_pop_head(pages, cow_pages_of(cow)))) {
        enum vm_status status = vm_cow_add_new_page(
            cow, offset, page, overwrite, NULL, zero, false);
        if (status != VM_OK) {
            cow_page(cow, page)->state = PAGE_ALLOC;
            page_chain_push_head(pages, cow_pages_of(cow), page);
            /* What was added goes again; that this may be refused changes
             * nothing for the caller. */
            (void)vm_cow_decommit_range(cow, start, offset - start);
            cow_free_pages(cow, pages, true);
            return status;
        }
        offset += VM_PAGE_SIZE;
    }
    if (do_range_update)
        vm_cow_range_change_update(cow, start, offset - start, RANGE_UNMAP);
    return VM_OK;
}

/* --- plain facts -------------------------------------------------------------- */

uint64_t vm_cow_size(const struct vm_cow_pages *cow)
{
    return cow->size;
}

struct vm_cow_pages *cow_root(const struct vm_cow_pages *cow)
{
    while (cow->parent)
        cow = cow->parent;
    /* The node was the caller's to begin with; const only guards the walk. */
    return cow->machine->cows[cow->handle];
}

bool vm_cow_is_root_source_user_pager_backed(const struct vm_cow_pages *cow)
{
    const struct page_source *source = cow->hierarchy->source;
    return source && source->properties.is_user_pager;
}

bool vm_cow_is_parent_hidden(const struct vm_cow_pages *cow)
{
    return cow_is_parent_hidden(cow);
}

bool vm_cow_is_hidden(const struct vm_cow_pages *cow)
{
    return cow_is_hidden(cow);
}

bool vm_cow_is_slice(const struct vm_cow_pages *cow)
{
    return cow_is_slice(cow);
}

bool vm_cow_can_evict(const struct vm_cow_pages *cow)
{
    return cow_is_pager_backed(cow);
}

bool vm_cow_can_root_source_evict(const struct vm_cow_pages *cow)
{
    const struct page_source *source = cow->hierarchy->source;
    return source && source->properties.is_preserving_page_content;
}

bool vm_cow_is_dirty_tracked(const struct vm_cow_pages *cow)
{
    return cow_is_pager_backed(cow_is_slice(cow) ? cow->parent : cow);
}

void vm_cow_mark_modified(struct vm_cow_pages *cow)
{
    if (!vm_cow_is_dirty_tracked(cow))
        return;
    struct vm_cow_pages *node = cow_is_slice(cow) ? cow->parent : cow;
    node->pager_stats_modified = true;
}

bool vm_cow_is_high_memory_priority(const struct vm_cow_pages *cow)
{
    CHECK(cow->high_priority_count >= 0);
    return cow->high_priority_count != 0;
}

int64_t vm_cow_high_priority_count(const struct vm_cow_pages *cow)
{
    return cow->high_priority_count;
}

void vm_cow_set_page_attribution_user_id(struct vm_cow_pages *cow, uint64_t id)
{
    cow->attribution_id = id;
}

uint64_t vm_cow_pinned_page_count(const struct vm_cow_pages *cow)
{
    return cow->pinned_page_count;
}

uint64_t vm_cow_heap_allocation_bytes(const struct vm_cow_pages *cow)
{
    return page_list_heap_bytes(&cow->list);
}

uint64_t vm_cow_reclamation_event_count(const struct vm_cow_pages *cow)
{
    return cow->reclamation_event_count;
}

uint64_t vm_cow_hierarchy_generation(const struct vm_cow_pages *cow)
{
    return cow->hierarchy->generation;
}

struct page_source *vm_cow_source(const struct vm_cow_pages *cow)
{
    return cow->source;
}

struct page_source *vm_cow_root_source(const struct vm_cow_pages *cow)
{
    return cow->hierarchy->source;
}

uint64_t vm_cow_serial(const struct vm_cow_pages *cow)
{
    return cow->serial;
}

/* The node that a slice shows; `offset` becomes one in it. */
static const struct vm_cow_pages *behind_slices(const struct vm_cow_pages *cow,
                                                uint64_t *offset)
{
    while (cow_is_slice(cow)) {
        *offset += cow->parent_offset;
        cow = cow->parent;
    }
    return cow;
}

bool vm_cow_was_reclaimed(const struct vm_cow_pages *cow, uint64_t offset)
{
    cow = behind_slices(cow, &offset);
    return reclaimed_set_has(&cow->reclaimed, bytes_to_pages(offset));
}

uint64_t vm_cow_refault_distance(const struct vm_cow_pages *cow,
                                 uint64_t offset)
{
    uint32_t stamp;
    cow = behind_slices(cow, &offset);
    if (!reclaimed_set_stamp_of(&cow->reclaimed, bytes_to_pages(offset),
                                &stamp))
        return 0;
    return (uint32_t)vm_machine_reclaimed(cow->machine) - stamp;
}
