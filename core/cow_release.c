/*
 * Releasing what a node sees of its hidden ancestors.
 *
 *     parent   ....[ sibling's window ]..............
 *                        [ N's window, to be released )
 *                        |  shared    | N's alone    |
 *
 * Content that only N could reach is freed, content that its sibling reaches
 * too is marked as forked on N's side. If the released piece touches an end of
 * N's window the window's limits shrink; a middle piece that is shared can't
 * be said by limits, then split bits say it and `partial_cow_release` on the
 * ancestors makes a later merge look at them.
 */
#include "cow_internal.h"

/* The limits can't say it: every ancestor the piece projects onto is told. */
static void set_partial_release(struct vm_cow_pages *node, uint64_t start,
                                uint64_t end)
{
    for (struct vm_cow_pages *above = node->parent; above;
         above = above->parent) {
        above->partial_cow_release = true;
        start += node->parent_offset;
        end += node->parent_offset;
        start = u64_max(start, above->parent_start_limit);
        end = u64_min(end, above->parent_limit);
        if (start >= end)
            return;
        node = above;
    }
}

/* Returns whether the limits now keep [start, end) out of the node's view. */
static bool adjust_limits(struct vm_cow_pages *node, uint64_t start,
                          uint64_t end, bool is_shared)
{
    if (node->parent_limit <= end) {
        node->parent_limit = u64_min(start, node->parent_limit);
        if (node->parent_limit <= node->parent_start_limit) {
            node->parent_limit = 0;
            node->parent_start_limit = 0;
        }
        return true;
    }
    if (start == node->parent_start_limit) {
        node->parent_start_limit = end;
        return true;
    }
    if (is_shared) {
        set_partial_release(node, start, end);
        return false;
    }
    return true;
}

/* Release [start, end) of `node` from its parent's own content. */
static void release_from_parent(struct vm_cow_pages *node, uint64_t start,
                                uint64_t end, bool is_shared)
{
    struct vm_cow_pages *parent = node->parent;
    struct vm_page *pages = cow_pages_of(node);
    bool is_left = cow_is_left(node);
    bool limits_ok = adjust_limits(node, start, end, is_shared);
    uint64_t stop = end + node->parent_offset;
    uint64_t at;
    struct page_slot *slot;
    for (uint64_t from = start + node->parent_offset;
         (slot = page_list_next(&parent->list, from, stop, &at));
         from = at + VM_PAGE_SIZE) {
        if (slot_is_marker(*slot)) {
            if (!is_shared)
                (void)page_list_remove(&parent->list, at);
            continue;
        }
        bool sibling_has_forked = is_left ? slot_right_split(*slot, pages)
                                          : slot_left_split(*slot, pages);
        if (!is_shared || sibling_has_forked)
            cow_free_content(parent, page_list_remove(&parent->list, at),
                             false);
        else if (limits_ok)
            slot_set_splits(slot, pages, false, false);
        else
            slot_set_splits(slot, pages, is_left, !is_left);
    }
}

/*
 * Release the highest part of [start, end) that can be dealt with at once;
 * returns where that part starts.
 */
static uint64_t release_top_part(struct vm_cow_pages *cow, uint64_t start,
                                 uint64_t end)
{
    struct vm_cow_pages *node = cow;
    uint64_t s = start; /* in node's coordinates, like e */
    uint64_t e = end;
    while (node->parent && node->parent_start_limit < e &&
           s < node->parent_limit) {
        if (e > node->parent_limit) {
            s = node->parent_limit; /* nothing to see up there: next time */
            break;
        }
        s = u64_max(s, node->parent_start_limit);
        struct vm_cow_pages *above = node->parent;
        if (!cow_is_hidden(above))
            break;
        uint64_t a = s + node->parent_offset;
        uint64_t b = e + node->parent_offset;
        const struct vm_cow_pages *sibling = cow_sibling(node);
        uint64_t sa = sibling->parent_offset + sibling->parent_start_limit;
        uint64_t sb = sibling->parent_offset + sibling->parent_limit;
        if (sb >= b && sa < b) {
            if (sa > a)
                s += sa - a; /* what is below is ours alone: next time */
            release_from_parent(node, s, e, true);
            break;
        }
        if (sb > a && sb < b)
            s += sb - a; /* keep to what is above the sibling's window */
        above->path_goes_right = !cow_is_left(node);
        s += node->parent_offset;
        e = b;
        node = above;
    }
    /* Nobody else sees [s, e): release it on the way back down. */
    while (node != cow) {
        node = node->path_goes_right ? cow_right(node) : cow_left(node);
        s -= node->parent_offset;
        e -= node->parent_offset;
        release_from_parent(node, s, e, false);
    }
    return s;
}

void cow_release_cow_parent_pages(struct vm_cow_pages *cow, uint64_t start,
                                  uint64_t end)
{
    while (end > start)
        end = release_top_part(cow, start, end);
}
