/*
 * Supplying and taking pages: content moves between objects by splice list.
 *
 *   donor --take--> [splice list] --supply--> pager-backed object
 *
 * A supply never overwrites: where there is content already (dirty pages,
 * markers, zero intervals) the supplied page is consumed, counted and freed.
 */
#include "cow_internal.h"

/* --- supply ------------------------------------------------------------------ */

struct supply {
    struct vm_cow_pages *cow;
    enum vm_supply options;
    uint64_t run_start; /* of pages inserted and not announced yet */
    uint64_t run_end;
    struct page_chain freed; /* supplied pages that were not wanted */
};

static void flush_run(struct supply *supply)
{
    uint64_t length = supply->run_end - supply->run_start;
    if (length == 0)
        return;
    vm_cow_range_change_update(supply->cow, supply->run_start, length,
                               RANGE_UNMAP);
    if (supply->cow->source)
        page_source_on_pages_supplied(supply->cow->source, supply->run_start,
                                      length);
}

/* With borrowing on, a supplied page moves to a loaned frame if one is free. */
static page_index prefer_loaned(struct supply *supply, page_index page)
{
    struct vm_cow_pages *cow = supply->cow;
    page_index loaned;
    if (!cow->machine->borrow_on_supply || !cow_can_borrow(cow) ||
        pmm_alloc_page(&cow->machine->pmm, PMM_ALLOC_MUST_BORROW, &loaned) !=
            VM_OK)
        return page;
    cow_page(cow, loaned)->content = cow_page(cow, page)->content;
    page_chain_push_tail(&supply->freed, cow_pages_of(cow), page);
    return loaned;
}

/*
 * Room for content at `offset`, or something there already. Content that comes
 * out of an object is not popped before there is: it may have to go back.
 */
static bool has_room(struct vm_cow_pages *cow, uint64_t offset)
{
    bool in_interval;
    return page_list_lookup_or_allocate(&cow->list, offset,
                                        SLOT_CHECK_INTERVALS, &in_interval) ||
           in_interval;
}

static void give_up_room(struct vm_cow_pages *cow, uint64_t offset)
{
    const struct page_slot *slot = page_list_lookup(&cow->list, offset);
    if (slot && slot_is_empty(*slot))
        page_list_return_empty_slot(&cow->list, offset);
}

/* What was popped and is not wanted after all. */
static void drop_supplied(struct supply *supply, struct page_slot content)
{
    struct vm_cow_pages *cow = supply->cow;
    if (slot_is_page(content)) {
        cow_page(cow, slot_page(content))->state = PAGE_ALLOC;
        page_chain_push_tail(&supply->freed, cow_pages_of(cow),
                             slot_page(content));
    }
}

static enum vm_status insert_supplied(struct supply *supply,
                                      struct page_slot *content,
                                      uint64_t offset)
{
    struct vm_cow_pages *cow = supply->cow;
    if (slot_is_page(*content)) {
        page_index page = prefer_loaned(supply, slot_page(*content));
        cow_init_page(cow, page);
        if (cow_is_pager_backed(cow))
            cow_update_dirty_state(cow, page, DIRTY_CLEAN, true);
        *content = slot_of_page(page);
    }
    struct page_slot released;
    enum vm_status status = cow_add_content(
        cow, content, offset,
        supply->options == SUPPLY_TRANSFER_DATA ? OVERWRITE_NON_ZERO
                                                : OVERWRITE_NONE,
        &released, false);
    if (status == VM_OK)
        cow_free_content(cow, released, false);
    return status;
}

/* The next content of the splice list, a page in ALLOC state or a marker. */
static enum vm_status pop_content(struct vm_cow_pages *cow,
                                  struct splice_list *pages,
                                  struct page_request *request,
                                  struct page_slot *content)
{
    struct page_slot *reference = splice_list_peek_reference(pages);
    if (reference) {
        enum vm_status status =
            cow_make_page_from_reference(cow, reference, request);
        if (status != VM_OK)
            return status;
        cow_page(cow, slot_page(*reference))->state = PAGE_ALLOC;
    }
    *content = splice_list_pop(pages, cow_pages_of(cow));
    if (slot_is_empty(*content))
        *content = SLOT_ZERO_MARKER;
    return VM_OK;
}

static enum vm_status check_supply(struct vm_cow_pages *cow, uint64_t offset,
                                   uint64_t length, enum vm_supply options)
{
    if (!range_is_inside(offset, length, cow->size))
        return VM_OUT_OF_RANGE;
    if (options == SUPPLY_TRANSFER_DATA) {
        if (cow->source)
            return VM_NOT_SUPPORTED;
        if (cow_any_pages_pinned(cow, offset, length))
            return VM_BAD_STATE;
    }
    return cow->source && cow->source->is_detached ? VM_BAD_STATE : VM_OK;
}

/* Overwriting what is shared with others: fork all of it first. */
static enum vm_status own_range(struct vm_cow_pages *cow, uint64_t offset,
                                uint64_t length, struct page_request *request)
{
    struct vm_lookup_cursor cursor;
    enum vm_status status =
        vm_cow_get_lookup_cursor(cow, offset, length, &cursor);
    for (uint64_t done = 0; status == VM_OK && done < length;
         done += VM_PAGE_SIZE) {
        struct vm_require_result result;
        status = vm_cursor_require_owned_page(
            &cursor, true, bytes_to_pages(length - done), request, &result);
    }
    return status;
}

enum vm_status vm_cow_supply_pages(struct vm_cow_pages *cow, uint64_t offset,
                                   uint64_t length, struct splice_list *pages,
                                   enum vm_supply options, uint64_t *supplied,
                                   struct page_request *request)
{
    CHECK(options != SUPPLY_PAGER || cow->source || cow_is_slice(cow));
    *supplied = 0;
    enum vm_status status = check_supply(cow, offset, length, options);
    if (status != VM_OK)
        return status;
    if (cow_is_slice(cow))
        return vm_cow_supply_pages(cow->parent, offset + cow->parent_offset,
                                   length, pages, options, supplied, request);
    if (cow->parent && length > 0) {
        status = own_range(cow, offset, length, request);
        if (status != VM_OK)
            return status;
    }
    cow_bump_generation(cow);
    struct supply supply = {cow, options, offset, offset, PAGE_CHAIN_EMPTY};
    while (!splice_list_is_processed(pages)) {
        struct page_slot content;
        if (!pages->has_raw_chain && !has_room(cow, supply.run_end)) {
            status = VM_NO_MEMORY;
            break;
        }
        status = pop_content(cow, pages, request, &content);
        if (status != VM_OK) {
            give_up_room(cow, supply.run_end);
            break;
        }
        status = insert_supplied(&supply, &content, supply.run_end);
        if (status == VM_OK) {
            supply.run_end += VM_PAGE_SIZE;
        } else {
            drop_supplied(&supply, content);
            if (status != VM_ALREADY_EXISTS)
                break;
            flush_run(&supply);
            supply.run_end += VM_PAGE_SIZE;
            supply.run_start = supply.run_end;
            status = VM_OK;
        }
        *supplied += VM_PAGE_SIZE;
        cow->machine->stats.supplied_pages++;
    }
    flush_run(&supply);
    cow_free_pages(cow, &supply.freed, true);
    return status;
}

enum vm_status vm_cow_supply_one(struct vm_cow_pages *cow, uint64_t offset,
                                 uint64_t content, struct page_request *request,
                                 page_index *supplied)
{
    CHECK(cow_is_pager_backed(cow));
    *supplied = PAGE_NONE;
    enum vm_status status =
        check_supply(cow, offset, VM_PAGE_SIZE, SUPPLY_PAGER);
    if (status != VM_OK)
        return status;
    bool in_interval;
    struct page_slot *slot = page_list_lookup_or_allocate(
        &cow->list, offset, SLOT_CHECK_INTERVALS, &in_interval);
    if (!slot)
        return in_interval ? VM_OK : VM_NO_MEMORY;
    if (!slot_is_empty(*slot))
        return VM_OK; /* what is there wins */
    page_index page;
    if (!cow->machine->borrow_on_supply || !cow_can_borrow(cow) ||
        pmm_alloc_page(&cow->machine->pmm, PMM_ALLOC_MUST_BORROW, &page) !=
            VM_OK)
        status = cow_alloc_page(cow, NULL, request, &page);
    if (status != VM_OK) {
        page_list_return_empty_slot(&cow->list, offset);
        return status;
    }
    cow_bump_generation(cow);
    cow_page(cow, page)->content = content;
    cow_init_page(cow, page);
    cow_update_dirty_state(cow, page, DIRTY_CLEAN, true);
    cow_fill_empty_slot(cow, slot, page, offset);
    cow->machine->stats.supplied_pages++;
    cow_announce_supplied(cow, offset);
    *supplied = page;
    return VM_OK;
}

/* --- take ---------------------------------------------------------------------- */

/* Content is about to travel: out of the queues and totals of this machine. */
static void uproot(struct vm_cow_pages *cow, struct page_slot *slot)
{
    if (slot_is_reference(*slot))
        cow_resolve_temporary(cow, slot);
    CHECK(!slot_is_interval(*slot));
    if (slot_is_page(*slot))
        cow_detach_page(cow, slot_page(*slot), RECLAIM_REMOVED_FREED);
    else if (slot_is_reference(*slot))
        cow_count_references(cow, -1);
}

/* Content is back: into the queues and totals again. */
static void replant(struct vm_cow_pages *cow, struct page_slot slot,
                    uint64_t offset)
{
    if (slot_is_page(slot)) {
        cow_page(cow, slot_page(slot))->state = PAGE_OBJECT;
        cow_set_not_pinned(cow, slot_page(slot), offset);
        cow_count_pages(cow, 1);
    } else if (slot_is_reference(slot)) {
        cow_count_references(cow, 1);
    }
}

static enum vm_status take_at_once(struct vm_cow_pages *cow, uint64_t offset,
                                   uint64_t length, struct splice_list *pages,
                                   uint64_t *taken)
{
    enum vm_status status = splice_list_take(pages, &cow->list, offset, length);
    if (status != VM_OK)
        return status;
    uint64_t at;
    struct page_slot *slot;
    for (uint64_t from = offset;
         (slot = page_list_next(&pages->list, from, offset + length, &at));
         from = at + VM_PAGE_SIZE)
        uproot(cow, slot);
    *taken = length;
    vm_cow_range_change_update(cow, offset, length, RANGE_UNMAP);
    return VM_OK;
}

/*
 * Swap the page at `offset`, which is the node's own, for `zero_page`. Room for
 * it on its way comes first: `zero_page` is given back if there is none.
 */
static enum vm_status take_one(struct vm_cow_pages *cow, uint64_t offset,
                               page_index zero_page, struct splice_list *pages)
{
    struct page_slot *own = page_list_lookup(&cow->list, offset);
    enum vm_status status = splice_list_append(pages, *own);
    if (status != VM_OK) {
        cow_free_page(cow, zero_page, false);
        return status;
    }
    cow_init_page(cow, zero_page);
    struct page_slot content = slot_of_page(zero_page);
    struct page_slot released;
    status = cow_add_content(cow, &content, offset, OVERWRITE_NON_ZERO,
                             &released, false);
    CHECK(status == VM_OK); /* the slot is there */
    uproot(cow, &released); /* a page: nothing else is the node's own */
    return VM_OK;
}

static enum vm_status take_page_by_page(struct vm_cow_pages *cow,
                                        uint64_t offset, uint64_t length,
                                        struct splice_list *pages,
                                        uint64_t *taken,
                                        struct page_request *request)
{
    struct vm_lookup_cursor cursor;
    enum vm_status status =
        vm_cow_get_lookup_cursor(cow, offset, length, &cursor);
    while (status == VM_OK && *taken < length) {
        page_index zero_page;
        status = cow_alloc_page(cow, NULL, request, &zero_page);
        if (status != VM_OK)
            break;
        cow_page(cow, zero_page)->content = 0;
        struct vm_require_result result;
        status = vm_cursor_require_owned_page(
            &cursor, true, bytes_to_pages(length - *taken), request, &result);
        if (status != VM_OK) {
            cow_free_page(cow, zero_page, false);
            break;
        }
        status = take_one(cow, offset + *taken, zero_page, pages);
        if (status == VM_OK)
            *taken += VM_PAGE_SIZE;
    }
    vm_cow_range_change_update(cow, offset, *taken, RANGE_UNMAP);
    if (status != VM_SHOULD_WAIT)
        splice_list_finalize(pages);
    return status;
}

enum vm_status vm_cow_take_pages(struct vm_cow_pages *cow, uint64_t offset,
                                 uint64_t length, struct splice_list *pages,
                                 uint64_t *taken, struct page_request *request)
{
    *taken = 0;
    enum vm_status status = VM_OK;
    if (!range_is_inside(offset, length, cow->size))
        status = VM_OUT_OF_RANGE;
    else if (cow->source)
        status = VM_NOT_SUPPORTED;
    else if (cow_any_pages_pinned(cow, offset, length))
        status = VM_BAD_STATE;
    if (status != VM_OK) {
        splice_list_finalize(pages);
        return status;
    }
    if (cow_is_slice(cow))
        return vm_cow_take_pages(cow->parent, offset + cow->parent_offset,
                                 length, pages, taken, request);
    cow_bump_generation(cow);
    /* A parent may have gone while the taking waited: what it has got so far
     * stays, and the rest is added to it in the same way. */
    return cow->parent || pages->position > 0
               ? take_page_by_page(cow, offset, length, pages, taken, request)
               : take_at_once(cow, offset, length, pages, taken);
}

/* --- giving back ------------------------------------------------------------------ */

/* Content that returns covers nothing: what was left behind made way for it. */
static void displace(void *context, struct page_slot content, uint64_t offset)
{
    (void)offset;
    cow_free_content(context, content, false);
}

void vm_cow_return_pages(struct vm_cow_pages *cow, uint64_t offset,
                         uint64_t start, struct splice_list *pages)
{
    while (cow_is_slice(cow)) {
        offset += cow->parent_offset;
        cow = cow->parent;
    }
    uint64_t end = pages->offset + pages->length;
    uint64_t at;
    bool was_taken_at_once = false;
    const struct page_slot *slot;
    for (uint64_t from = pages->offset + start;
         (slot = page_list_next(&pages->list, from, end, &at));
         from = at + VM_PAGE_SIZE) {
        uint64_t home_offset = at - pages->offset + offset;
        struct page_slot *home = page_list_lookup(&cow->list, home_offset);
        struct page_slot content = *slot;
        if (home && slot_is_page(*home)) {
            (void)page_list_remove(&pages->list, at);
            cow_free_content(cow, *home, false); /* the zeros left behind */
            *home = content;
        } else {
            was_taken_at_once = true; /* that leaves holes */
        }
        replant(cow, content, home_offset);
    }
    /* Then it goes back as a whole, which needs no memory. */
    if (was_taken_at_once)
        page_list_merge_onto(&pages->list, &cow->list, displace, cow);
    cow_bump_generation(cow);
}

enum vm_status vm_cow_make_room(struct vm_cow_pages *cow, uint64_t length)
{
    return page_list_reserve(&cow->list, u64_min(length, cow->size))
               ? VM_OK
               : VM_NO_MEMORY;
}
