/*
 * Zeroing: afterwards the range reads as zero, with as little memory as the
 * node's kind allows (VmCowPages::ZeroPages).
 *
 *   anonymous root, no pins   decommit
 *   pager-backed              dirty zero intervals; pinned pages in place
 *   leaf under a hidden node  own page over nothing: freed; anything over
 *                             content: a marker, forked off as zero
 *   clone on a pager          over nothing: a real zero page; else a marker
 *   contiguous                pages zeroed in place, holes left
 *
 * Partial success is reported in `zeroed`, nothing is rolled back.
 */
#include "cow_internal.h"

/* --- pager-backed -------------------------------------------------------------- */

/* A pinned page keeps its frame: make it writable, then zero its bytes. */
static enum vm_status zero_in_place(struct vm_cow_pages *cow, uint64_t offset,
                                    struct page_request *request)
{
    struct vm_lookup_cursor cursor;
    struct vm_require_result result;
    enum vm_status status =
        vm_cow_get_lookup_cursor(cow, offset, VM_PAGE_SIZE, &cursor);
    if (status == VM_OK)
        status = vm_cursor_require_page(&cursor, true, 1, request, &result);
    if (status == VM_OK)
        cow_page(cow, result.page)->content = 0;
    return status;
}

/* End of the interval that contains `offset`, exclusive. */
static uint64_t interval_end(const struct vm_cow_pages *cow, uint64_t offset)
{
    uint64_t at;
    struct page_slot *slot = page_list_next(&cow->list, offset, cow->size, &at);
    CHECK(slot && slot_is_interval(*slot));
    if (slot_is_interval_start(*slot)) {
        slot = page_list_next(&cow->list, at + VM_PAGE_SIZE, cow->size, &at);
        CHECK(slot && slot_is_interval_end(*slot));
    }
    return at + VM_PAGE_SIZE;
}

static enum vm_status zero_pager_page(struct vm_cow_pages *cow, page_index page,
                                      uint64_t offset,
                                      struct page_request *request)
{
    if (cow_page(cow, page)->pin_count > 0)
        return zero_in_place(cow, offset, request);
    page_index replaced =
        page_list_replace_page_with_interval(&cow->list, offset, DIRTY_DIRTY);
    CHECK(replaced == page);
    cow_detach_page(cow, page, RECLAIM_REMOVED_FREED);
    cow_free_page(cow, page, true);
    return VM_OK;
}

static enum vm_status zero_pager_backed(struct vm_cow_pages *cow,
                                        uint64_t start, uint64_t end,
                                        struct page_request *request,
                                        uint64_t *zeroed)
{
    uint64_t position = start;
    while (position < end) {
        uint64_t next;
        uint64_t at;
        struct page_slot *slot = page_list_next(&cow->list, position, end, &at);
        enum vm_status status = VM_OK;
        if (page_list_is_in_interval(&cow->list, position)) {
            next = u64_min(end, interval_end(cow, position));
        } else if (slot && at == position) {
            next = position + VM_PAGE_SIZE;
            if (slot_is_page(*slot))
                status =
                    zero_pager_page(cow, slot_page(*slot), position, request);
        } else {
            next = slot ? at : end;
            page_source_on_pages_supplied(cow->source, position,
                                          next - position);
            status = page_list_add_zero_interval(&cow->list, position, next,
                                                 DIRTY_DIRTY);
        }
        if (status != VM_OK)
            return status;
        *zeroed += next - position;
        position = next;
    }
    return VM_OK;
}

/* --- everything else -------------------------------------------------------------- */

struct zeroing {
    struct vm_cow_pages *cow;
    struct page_request *request;
    struct page_chain freed; /* ancestors' pages: not this node's */
    bool is_pager_root;
};

/* What the node would see from above at one offset. */
struct view_above {
    bool sees_parent;
    bool has_content; /* a page or reference; a marker is none */
    struct page_slot *slot;
    struct vm_cow_pages *owner;
    uint64_t owner_offset;
};

static struct view_above look_above(struct vm_cow_pages *cow, uint64_t offset)
{
    struct view_above above = {0};
    above.sees_parent =
        cow->parent && offset + VM_PAGE_SIZE <= cow->parent_limit;
    above.slot = cow_find_initial_content(cow, offset, &above.owner,
                                          &above.owner_offset, NULL, NULL);
    above.has_content = above.slot && slot_is_page_or_reference(*above.slot);
    return above;
}

/* Would an absent slot read as zero here, whatever happens above? */
static bool absence_is_zero(const struct zeroing *zeroing,
                            const struct view_above *above)
{
    return !above->sees_parent ||
           (cow_is_parent_hidden(zeroing->cow) && !above->has_content &&
            !zeroing->is_pager_root);
}

static bool may_free(const struct zeroing *zeroing, struct page_slot slot)
{
    return cow_can_decommit_zero_pages(zeroing->cow) &&
           !(slot_is_page(slot) &&
             cow_page(zeroing->cow, slot_page(slot))->pin_count > 0);
}

static enum vm_status insert_zero_page(struct zeroing *zeroing, uint64_t offset)
{
    struct vm_cow_pages *cow = zeroing->cow;
    page_index page;
    struct page_slot released;
    enum vm_status status = cow_alloc_page(cow, NULL, zeroing->request, &page);
    if (status != VM_OK)
        return status;
    status = vm_cow_add_new_page(cow, offset, page, OVERWRITE_ZERO, &released,
                                 true, true);
    if (status != VM_OK) {
        cow_page(cow, page)->state = PAGE_ALLOC;
        cow_free_page(cow, page, false);
        return status;
    }
    cow->machine->stats.zeroed_pages++;
    return VM_OK;
}

/* Content lies above: hide it behind a marker. */
static enum vm_status insert_marker(struct zeroing *zeroing,
                                    struct page_slot slot, uint64_t offset,
                                    struct view_above *above)
{
    struct vm_cow_pages *cow = zeroing->cow;
    if (slot_is_empty(slot) && cow_is_hidden(above->owner)) {
        if (slot_is_reference(*above->slot)) {
            enum vm_status status = cow_replace_reference_with_page(
                above->owner, above->slot, above->owner_offset,
                zeroing->request);
            if (status != VM_OK)
                return status;
        }
        return cow_clone_cow_page_as_zero(
            cow, offset, &zeroing->freed, above->owner, slot_page(*above->slot),
            above->owner_offset, zeroing->request);
    }
    struct page_slot marker = SLOT_ZERO_MARKER;
    struct page_slot released;
    enum vm_status status = cow_add_content(
        cow, &marker, offset, OVERWRITE_NON_ZERO, &released, true);
    if (status == VM_OK)
        cow_free_content(cow, released, true);
    return status;
}

static enum vm_status zero_one(struct zeroing *zeroing, struct page_slot slot,
                               uint64_t offset)
{
    struct vm_cow_pages *cow = zeroing->cow;
    struct view_above above = look_above(cow, offset);
    if (may_free(zeroing, slot) && absence_is_zero(zeroing, &above)) {
        if (!slot_is_empty(slot))
            cow_free_content(cow, page_list_remove(&cow->list, offset), true);
        return VM_OK;
    }
    if (slot_is_marker(slot))
        return VM_OK;
    if (may_free(zeroing, slot) && above.has_content)
        return insert_marker(zeroing, slot, offset, &above);
    if (slot_is_empty(slot) && above.sees_parent && !above.has_content)
        return insert_zero_page(zeroing, offset);
    return zero_in_place(cow, offset, zeroing->request);
}

/* The part of the view that reaches its end needs no slots: it is cut off. */
static void release_tail(struct vm_cow_pages *cow, uint64_t start, uint64_t end)
{
    if (start >= cow->parent_limit || end < cow->parent_limit)
        return;
    if (cow_is_parent_hidden(cow))
        cow_release_cow_parent_pages(cow, start, cow->parent_limit);
    else
        cow->parent_limit = start;
}

static enum vm_status zero_gap(struct zeroing *zeroing, uint64_t start,
                               uint64_t end, uint64_t *zeroed)
{
    struct vm_cow_pages *cow = zeroing->cow;
    bool sees_parent = cow->parent && end <= cow->parent_limit;
    if (cow_is_contiguous(cow) ||
        (cow_can_decommit_zero_pages(cow) && !sees_parent)) {
        *zeroed += end - start;
        return VM_OK;
    }
    for (uint64_t offset = start; offset < end; offset += VM_PAGE_SIZE) {
        enum vm_status status = zero_one(zeroing, SLOT_EMPTY, offset);
        if (status != VM_OK)
            return status;
        *zeroed += VM_PAGE_SIZE;
    }
    return VM_OK;
}

static enum vm_status zero_without_pager(struct vm_cow_pages *cow,
                                         uint64_t start, uint64_t end,
                                         struct page_request *request,
                                         uint64_t *zeroed)
{
    release_tail(cow, start, end);
    struct zeroing zeroing = {cow, request, PAGE_CHAIN_EMPTY,
                              vm_cow_is_root_source_user_pager_backed(cow)};
    enum vm_status status = VM_OK;
    for (uint64_t position = start; position < end && status == VM_OK;) {
        uint64_t at;
        struct page_slot *slot = page_list_next(&cow->list, position, end, &at);
        uint64_t gap_end = slot ? at : end;
        if (gap_end > position) {
            status = zero_gap(&zeroing, position, gap_end, zeroed);
            position = gap_end;
            continue;
        }
        status = zero_one(&zeroing, *slot, at);
        if (status == VM_OK)
            *zeroed += VM_PAGE_SIZE;
        position += VM_PAGE_SIZE;
    }
    cow_free_pages(cow, &zeroing.freed, false);
    return status;
}

enum vm_status vm_cow_zero_pages(struct vm_cow_pages *cow, uint64_t start,
                                 uint64_t end, struct page_request *request,
                                 uint64_t *zeroed)
{
    CHECK(is_page_aligned(start));
    CHECK(is_page_aligned(end));
    CHECK(start <= end);
    CHECK(end <= cow->size);
    if (cow_is_slice(cow))
        return vm_cow_zero_pages(cow->parent, start + cow->parent_offset,
                                 end + cow->parent_offset, request, zeroed);
    if (cow_can_decommit_zero_pages(cow) &&
        vm_cow_decommit_range(cow, start, end - start) == VM_OK) {
        *zeroed = end - start;
        return VM_OK;
    }
    if (!cow_is_contiguous(cow)) /* whose pages keep their frames */
        vm_cow_range_change_update(cow, start, end - start, RANGE_UNMAP);
    cow_bump_generation(cow);
    return cow_is_pager_backed(cow)
               ? zero_pager_backed(cow, start, end, request, zeroed)
               : zero_without_pager(cow, start, end, request, zeroed);
}

bool vm_cow_page_would_read_zero(struct vm_cow_pages *cow, uint64_t offset)
{
    CHECK(is_page_aligned(offset));
    CHECK(offset < cow->size);
    struct page_slot slot = page_list_get(&cow->list, offset);
    if (slot_is_marker(slot))
        return true;
    if (cow_is_pager_backed(cow) &&
        page_list_is_in_interval(&cow->list, offset))
        return true;
    if (slot_is_page_or_reference(slot))
        return false;
    struct vm_cow_pages *owner;
    uint64_t owner_offset;
    if (cow_find_initial_content(cow, offset, &owner, &owner_offset, NULL,
                                 NULL))
        return false; /* even for a marker above */
    return cow->hierarchy->source == NULL;
}
