/*
 * Loaned pages: frames that a contiguous object has decommitted and lends to
 * pager-backed ones until it wants them back.
 *
 *   contiguous --decommit--> [free, loaned] --supply, access--> borrower
 *       ^                                                          |
 *       +-- commit: loan cancelled, borrower's page replaced or evicted --+
 *
 * A borrowed page is always clean, unpinned and not always-needed.
 */
#include "cow_internal.h"

bool cow_can_borrow(const struct vm_cow_pages *cow)
{
    return cow_is_pager_backed(cow) && cow->machine->pmm.borrowing_enabled &&
           cow->high_priority_count == 0 && !cow->ever_pinned &&
           !cow_traps_dirty(cow);
}

/* Put `after` (ALLOC state) in the place of `before`, which leaves the list. */
static void swap_page(struct vm_cow_pages *cow, uint64_t offset,
                      page_index before, page_index after)
{
    struct vm_page *from = cow_page(cow, before);
    struct vm_page *to = cow_page(cow, after);
    CHECK(from->pin_count == 0);
    vm_cow_range_change_update(cow, offset, VM_PAGE_SIZE, RANGE_UNMAP);
    cow_init_page(cow, after);
    to->content = from->content;
    to->left_split = from->left_split;
    to->right_split = from->right_split;
    to->always_need = from->always_need;
    to->dirty_state = from->dirty_state;
    struct page_slot content = slot_of_page(after);
    struct page_slot released;
    enum vm_status status = cow_add_content(
        cow, &content, offset, OVERWRITE_NON_ZERO, &released, false);
    CHECK(status == VM_OK); /* the slot is there */
    CHECK(slot_page(released) == before);
}

enum vm_status vm_cow_replace_page(struct vm_cow_pages *cow, page_index before,
                                   uint64_t offset, bool with_loaned,
                                   page_index *after,
                                   struct page_request *request)
{
    struct page_slot slot = page_list_get(&cow->list, offset);
    if (!slot_is_page(slot) || slot_page(slot) != before)
        return VM_NOT_FOUND;
    const struct vm_page *descriptor = cow_page(cow, before);
    if (descriptor->pin_count > 0 || descriptor->always_need)
        return VM_BAD_STATE;
    enum vm_status status;
    if (with_loaned) {
        if (!cow_can_borrow(cow))
            return VM_NOT_SUPPORTED;
        if (cow_is_pager_backed(cow) && !vm_page_is_clean(descriptor))
            return VM_BAD_STATE;
        status =
            pmm_alloc_page(&cow->machine->pmm, PMM_ALLOC_MUST_BORROW, after);
    } else {
        status = cow_alloc_page(cow, NULL, request, after);
    }
    if (status != VM_OK)
        return status;
    swap_page(cow, offset, before, *after);
    cow_detach_page(cow, before, RECLAIM_REMOVED_FREED);
    cow_free_page(cow, before, true);
    cow_bump_generation(cow);
    return VM_OK;
}

enum vm_status vm_cow_replace_page_with_loaned(struct vm_cow_pages *cow,
                                               page_index before,
                                               uint64_t offset)
{
    page_index after;
    return vm_cow_replace_page(cow, before, offset, true, &after, NULL);
}

enum vm_status vm_cow_replace_pages_with_non_loaned(
    struct vm_cow_pages *cow, uint64_t offset, uint64_t length,
    struct page_request *request, uint64_t *non_loaned)
{
    if (cow_is_slice(cow))
        return vm_cow_replace_pages_with_non_loaned(
            cow->parent, offset + cow->parent_offset, length, request,
            non_loaned);
    *non_loaned = 0;
    for (uint64_t at = offset; at < offset + length; at += VM_PAGE_SIZE) {
        struct page_slot slot = page_list_get(&cow->list, at);
        if (!slot_is_page(slot))
            return VM_BAD_STATE;
        if (cow_page(cow, slot_page(slot))->is_loaned) {
            page_index after;
            enum vm_status status = vm_cow_replace_page(
                cow, slot_page(slot), at, false, &after, request);
            if (status != VM_OK)
                return status == VM_SHOULD_WAIT ? status : VM_BAD_STATE;
        }
        *non_loaned += VM_PAGE_SIZE;
    }
    return VM_OK;
}

/* --- the physical page provider ------------------------------------------------------ */

/* The borrower's content moves to another frame, or goes. */
static void evict_borrower(struct vm_machine *machine, page_index page)
{
    struct vm_cow_pages *borrower = vm_page_owner(machine, page);
    uint64_t offset = vm_page_of(machine, page)->offset;
    page_index after;
    if (machine->replace_on_unloan &&
        vm_cow_replace_page(borrower, page, offset, false, &after, NULL) ==
            VM_OK)
        return;
    bool removed = vm_cow_remove_page_for_eviction(borrower, page, offset);
    CHECK(removed); /* loaned pages are clean and unpinned */
    cow_free_page(borrower, page, true);
}

static void take_back(struct vm_machine *machine, page_index page)
{
    pmm_cancel_loan(&machine->pmm, page);
    if (vm_page_of(machine, page)->state == PAGE_OBJECT)
        evict_borrower(machine, page);
    pmm_end_loan(&machine->pmm, page);
    vm_page_of(machine, page)->content = 0;
}

void vm_cow_provide_physical_pages(struct vm_cow_pages *cow,
                                   struct page_request *request)
{
    CHECK(cow_is_contiguous(cow));
    cow->machine->stats.physical_requests++;
    uint64_t offset = request->offset;
    uint64_t length = request->length;
    struct page_chain chain = PAGE_CHAIN_EMPTY;
    for (uint64_t at = offset; at < offset + length; at += VM_PAGE_SIZE) {
        page_index page =
            cow->source->first_page + (page_index)bytes_to_pages(at);
        take_back(cow->machine, page);
        page_chain_push_tail(&chain, cow_pages_of(cow), page);
    }
    struct splice_list pages;
    splice_list_of_chain(&pages, offset, &chain);
    uint64_t supplied;
    enum vm_status status = vm_cow_supply_pages(
        cow, offset, length, &pages, SUPPLY_PHYSICAL, &supplied, NULL);
    if (status == VM_OK)
        return;
    /* No memory for a list node: what is left is lent again. */
    cow->machine->stats.physical_failures++;
    struct page_chain left = PAGE_CHAIN_EMPTY;
    while (!splice_list_is_processed(&pages))
        page_chain_push_tail(
            &left, cow_pages_of(cow),
            slot_page(splice_list_pop(&pages, cow_pages_of(cow))));
    cow_free_pages(cow, &left, true);
    page_source_on_pages_failed(cow->source, offset, length, VM_NO_MEMORY);
}

void cow_physical_close(struct vm_cow_pages *cow)
{
    struct pmm *pmm = &cow->machine->pmm;
    for (uint64_t i = 0; i < cow->source->page_count; i++) {
        page_index page = cow->source->first_page + (page_index)i;
        if (pmm->pages[page].is_loaned)
            pmm_delete_lender(pmm, page);
    }
}

uint64_t vm_cow_loaned_page_count(const struct vm_cow_pages *cow)
{
    uint64_t count = 0;
    uint64_t at;
    const struct page_slot *slot;
    for (uint64_t from = 0;
         (slot = page_list_next(&cow->list, from, cow->size, &at));
         from = at + VM_PAGE_SIZE)
        count +=
            slot_is_page(*slot) && cow_page(cow, slot_page(*slot))->is_loaned;
    return count;
}
