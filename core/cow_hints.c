/*
 * Hints: not needed (first to go), always needed (last). They reach the page
 * that a node resolves to, and only if that is a page of the pager's object at
 * the root; what a clone has forked is left alone.
 */
#include "cow_internal.h"

static bool owns_page(const struct vm_cow_pages *root, page_index page)
{
    return page != PAGE_NONE && cow_page(root, page)->owner == root->handle;
}

void vm_cow_promote_range_for_reclamation(struct vm_cow_pages *cow,
                                          uint64_t offset, uint64_t length)
{
    struct vm_cow_pages *root = cow_root(cow);
    if (!cow_is_pager_backed(root) || length == 0)
        return;
    uint64_t start = page_round_down(offset);
    uint64_t end = page_round_up(offset + length);
    struct vm_lookup_cursor cursor;
    if (vm_cow_get_lookup_cursor(cow, start, end - start, &cursor) != VM_OK)
        return;
    vm_cursor_disable_mark_accessed(&cursor);
    for (uint64_t at = start; at < end; at += VM_PAGE_SIZE) {
        page_index page = vm_cursor_maybe_page(&cursor, false);
        if (!owns_page(root, page))
            continue;
        const struct vm_page *descriptor = cow_page(root, page);
        if (descriptor->pin_count > 0 || !vm_page_is_clean(descriptor))
            continue;
        /* One of high priority joins too; reclaim is what spares it. */
        if (descriptor->queue != PQ_RECLAIM)
            pq_move(&cow->machine->pqs, page, PQ_RECLAIM, RECLAIM_PAGER,
                    RECLAIM_ADDED_PRIORITY, RECLAIM_REMOVED_PRIORITY);
        pq_dont_need(&cow->machine->pqs, page);
    }
}

/* The page is there: keep it. VM_SHOULD_WAIT: a loaned one waits for memory. */
static enum vm_status protect_page(struct vm_cow_pages *root, page_index page,
                                   bool set_always_need,
                                   struct page_request *request)
{
    if (!owns_page(root, page))
        return VM_OK;
    if (cow_page(root, page)->is_loaned) {
        enum vm_status status = vm_cow_replace_page(
            root, page, cow_page(root, page)->offset, false, &page, request);
        if (status != VM_OK)
            return status == VM_SHOULD_WAIT ? status : VM_OK;
    }
    if (set_always_need)
        cow_page(root, page)->always_need = true;
    return VM_OK;
}

enum vm_status vm_cow_protect_range_from_reclamation(
    struct vm_cow_pages *cow, uint64_t offset, uint64_t length,
    bool set_always_need, struct page_request *request, uint64_t *progress)
{
    struct vm_cow_pages *root = cow_root(cow);
    if (!cow_is_pager_backed(root) || length == 0)
        return VM_OK;
    uint64_t base = page_round_down(offset);
    uint64_t end = u64_min(page_round_up(offset + length), vm_cow_size(cow));
    while (base + *progress < end) {
        uint64_t at = base + *progress;
        struct vm_lookup_cursor cursor;
        if (vm_cow_get_lookup_cursor(cow, at, end - at, &cursor) != VM_OK)
            return VM_OK;
        for (; at < end; at += VM_PAGE_SIZE, *progress += VM_PAGE_SIZE) {
            struct vm_require_result result;
            enum vm_status status = vm_cursor_require_page(
                &cursor, false, bytes_to_pages(end - at), request, &result);
            if (status == VM_OK)
                status =
                    protect_page(root, result.page, set_always_need, request);
            if (status == VM_SHOULD_WAIT)
                return status;
            if (status != VM_OK)
                break; /* skip this page, with a new cursor */
        }
        if (at < end)
            *progress += VM_PAGE_SIZE;
    }
    return VM_OK;
}
