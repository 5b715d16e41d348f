/*
 * Resizing. What is cut off stays cut off: a view of a parent that was
 * shortened never grows back, for the node itself or for its children.
 */
#include "cow_internal.h"

static void update_child_parent_limits(struct vm_cow_pages *cow, uint64_t size)
{
    struct vm_cow_pages *child;
    TAILQ_FOREACH (child, &cow->children, by_parent) {
        uint64_t limit =
            size < child->parent_offset ? 0 : size - child->parent_offset;
        child->parent_limit = u64_min(child->parent_limit, limit);
        if (child->parent_limit <= child->parent_start_limit) {
            child->parent_limit = 0; /* an empty window has no start either */
            child->parent_start_limit = 0;
        }
    }
}

/* An interval that reaches past the new end is shortened to it. */
static enum vm_status clip_interval_at(struct vm_cow_pages *cow, uint64_t size)
{
    uint64_t at;
    const struct page_slot *slot =
        page_list_next(&cow->list, size, cow->size, &at);
    if (!slot || !slot_is_interval_end(*slot))
        return VM_OK;
    return page_list_clip_interval_end(&cow->list, at,
                                       at + VM_PAGE_SIZE - size);
}

static void drop_intervals(struct vm_cow_pages *cow, uint64_t start,
                           uint64_t end)
{
    uint64_t at;
    const struct page_slot *slot;
    for (uint64_t from = start;
         (slot = page_list_next(&cow->list, from, end, &at));
         from = at + VM_PAGE_SIZE)
        if (slot_is_interval(*slot))
            (void)page_list_remove(&cow->list, at);
}

static enum vm_status shrink(struct vm_cow_pages *cow, uint64_t size)
{
    uint64_t length = cow->size - size;
    if (cow_any_pages_pinned(cow, size, length))
        return VM_BAD_STATE;
    vm_cow_range_change_update(cow, size, length, RANGE_UNMAP);
    if (cow->source) {
        cow_invalidate_read_requests(cow, size, length);
        if (cow_is_pager_backed(cow) && cow_traps_dirty(cow))
            cow_invalidate_dirty_requests(cow, size, length);
    }
    if (cow_is_pager_backed(cow)) {
        enum vm_status status = clip_interval_at(cow, size);
        if (status != VM_OK)
            return status;
        drop_intervals(cow, size, cow->size);
    }
    if (cow_is_parent_hidden(cow))
        cow_release_cow_parent_pages(cow, size, cow->size);
    else
        cow->parent_limit = u64_min(cow->parent_limit, size);
    update_child_parent_limits(cow, size);
    (void)cow_drop_range(cow, size, cow->size, true);
    return VM_OK;
}

static enum vm_status grow(struct vm_cow_pages *cow, uint64_t size)
{
    uint64_t end;
    if (__builtin_add_overflow(cow->root_parent_offset, size, &end))
        return VM_INVALID_ARGS;
    vm_cow_range_change_update(cow, cow->size, size - cow->size, RANGE_UNMAP);
    if (!cow_is_pager_backed(cow))
        return VM_OK;
    return page_list_add_zero_interval(&cow->list, cow->size, size,
                                       DIRTY_DIRTY);
}

enum vm_status vm_cow_resize(struct vm_cow_pages *cow, uint64_t size)
{
    CHECK(!cow_is_slice(cow));
    CHECK(is_page_aligned(size));
    enum vm_status status = VM_OK;
    if (size < cow->size)
        status = shrink(cow, size);
    else if (size > cow->size)
        status = grow(cow, size);
    if (status != VM_OK)
        return status;
    cow->size = size;
    cow_bump_generation(cow);
    return VM_OK;
}
