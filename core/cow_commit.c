/*
 * Commit and decommit: making every page of a range the node's own, and
 * letting go of them.
 */
#include "cow_internal.h"

static uint64_t own_page_count(const struct vm_cow_pages *cow, uint64_t offset,
                               uint64_t length)
{
    uint64_t count = 0;
    uint64_t at;
    const struct page_slot *slot;
    for (uint64_t from = offset;
         (slot = page_list_next(&cow->list, from, offset + length, &at));
         from = at + VM_PAGE_SIZE)
        count += slot_is_page(*slot);
    return count;
}

enum vm_status vm_cow_commit_range(struct vm_cow_pages *cow, uint64_t offset,
                                   uint64_t length, uint64_t *committed,
                                   struct page_request *request)
{
    CHECK(is_page_aligned(offset));
    CHECK(is_page_aligned(length));
    CHECK(range_is_inside(offset, length, cow->size));
    *committed = 0;
    if (length == 0)
        return VM_OK;
    if (cow_is_slice(cow))
        return vm_cow_commit_range(cow->parent, offset + cow->parent_offset,
                                   length, committed, request);
    struct page_chain spare = PAGE_CHAIN_EMPTY;
    if (!cow->hierarchy->source) {
        uint64_t need =
            bytes_to_pages(length) - own_page_count(cow, offset, length);
        if (need == 0) {
            *committed = length;
            return VM_OK;
        }
        enum vm_status status =
            pmm_alloc_pages(&cow->machine->pmm, need, cow->alloc_flags, &spare);
        if (status != VM_OK && status != VM_SHOULD_WAIT)
            return status;
    }
    struct vm_lookup_cursor cursor;
    enum vm_status status =
        vm_cow_get_lookup_cursor(cow, offset, length, &cursor);
    if (status == VM_OK) {
        vm_cursor_disable_zero_fork(&cursor);
        vm_cursor_give_alloc_list(&cursor, &spare);
        while (*committed < length) {
            struct vm_require_result result;
            status = vm_cursor_require_owned_page(
                &cursor, false, bytes_to_pages(length - *committed), request,
                &result);
            if (status != VM_OK)
                break;
            *committed += VM_PAGE_SIZE;
        }
        vm_cursor_clear_alloc_list(&cursor);
    }
    if (status == VM_SHOULD_WAIT && request->state == REQUEST_ACCEPTING)
        status = page_request_finalize(request);
    cow_free_pages(cow, &spare, false);
    return status;
}

enum vm_status vm_cow_decommit_range(struct vm_cow_pages *cow, uint64_t offset,
                                     uint64_t length)
{
    if (!range_is_inside(offset, length, cow->size))
        return VM_OUT_OF_RANGE;
    if (length == 0)
        return VM_OK;
    if (cow_is_slice(cow))
        return vm_cow_decommit_range(cow->parent, offset + cow->parent_offset,
                                     length);
    if (cow->parent || cow_is_pager_backed(cow))
        return VM_NOT_SUPPORTED;
    if (!is_page_aligned(offset) || !is_page_aligned(length))
        return VM_INVALID_ARGS;
    if (cow_any_pages_pinned(cow, offset, length))
        return VM_BAD_STATE;
    struct page_chain freed = PAGE_CHAIN_EMPTY;
    (void)cow_unmap_and_remove_pages(cow, offset, length, &freed);
    cow_bump_generation(cow);
    cow_free_pages(cow, &freed, true);
    return VM_OK;
}
