/*
 * Attribution: which object pays for a page. Each page is charged to exactly
 * one visible node. A page in a hidden node goes to the node whose id the
 * hidden one carries, as long as that node can still reach it, else to the
 * other side.
 */
#include "cow_internal.h"

static void count_slot(struct page_slot slot, struct vm_attribution *count)
{
    count->uncompressed_pages += slot_is_page(slot);
    count->compressed_pages += slot_is_reference(slot);
}

struct window {
    uint64_t start;
    uint64_t end;
};

static struct window window_of(const struct vm_cow_pages *child)
{
    return (struct window){
        child->parent_offset + child->parent_start_limit,
        child->parent_offset + child->parent_limit,
    };
}

/*
 * The hidden node has nothing in [start, end): which part of it may the
 * node's own ancestors above hold for us? Returns false when our sibling is
 * charged for all of it.
 */
static bool part_to_look_above(uint64_t start, uint64_t end, bool is_ours,
                               struct window sibling, struct window *part)
{
    *part = (struct window){start, end};
    if (is_ours)
        return true;
    uint64_t shared_start = u64_max(start, sibling.start);
    uint64_t shared_end = u64_min(end, sibling.end);
    if (shared_start >= shared_end)
        return true;
    if (shared_start == start && shared_end == end)
        return false;
    if (shared_start == start)
        part->start = shared_end;
    else
        part->end = shared_start;
    return true;
}

/*
 * Count what is charged to `cow` from its ancestors, from `offset` on; at most
 * `size` bytes. Returns how many bytes have been dealt with, more than 0.
 */
static uint64_t count_ancestor_pages(const struct vm_cow_pages *cow,
                                     uint64_t offset, uint64_t size,
                                     struct vm_attribution *count)
{
    const struct vm_page *pages = cow_pages_of(cow);
    const struct vm_cow_pages *node = cow;
    uint64_t at = offset;
    uint64_t length = size;
    uint64_t done = 0;
    while (at < node->parent_limit && cow_is_parent_hidden(node)) {
        const struct vm_cow_pages *hidden = node->parent;
        uint64_t start = node->parent_offset + at;
        uint64_t visible = u64_min(length, node->parent_limit - at);
        struct window sibling = window_of(cow_sibling(node));
        bool is_ours = hidden->attribution_id == node->attribution_id;
        struct window next = {0, 0};
        struct page_walk walk =
            page_walk_over(&hidden->list, start, start + visible);
        struct page_walk_item item;
        while (page_walk_next(&walk, &item)) {
            if (!item.slot) {
                if (part_to_look_above(item.start, item.end, is_ours, sibling,
                                       &next))
                    break;
                next = (struct window){0, 0};
                continue;
            }
            if (!slot_is_page_or_reference(*item.slot))
                continue;
            if (is_ours || slot_left_split(*item.slot, pages) ||
                slot_right_split(*item.slot, pages) ||
                item.start < sibling.start || item.start >= sibling.end)
                count_slot(*item.slot, count);
        }
        if (next.end == next.start)
            break;
        done += next.start - start;
        node = hidden;
        at = next.start;
        length = next.end - next.start;
    }
    return done + length;
}

struct vm_attribution
vm_cow_attributed_pages_in_range(const struct vm_cow_pages *cow,
                                 uint64_t offset, uint64_t length)
{
    struct vm_attribution count = {0, 0};
    if (cow_is_hidden(cow) || cow_is_slice(cow))
        return count;
    uint64_t end = u64_min(offset + length, cow->size);
    if (offset == 0 && end == cow->size && !cow_is_parent_hidden(cow))
        return cow->own;
    struct page_walk walk = page_walk_over(&cow->list, offset, end);
    struct page_walk_item item;
    while (page_walk_next(&walk, &item)) {
        if (item.slot) {
            count_slot(*item.slot, &count);
            continue;
        }
        if (!cow_is_parent_hidden(cow))
            continue;
        for (uint64_t at = item.start; at < item.end && at < cow->parent_limit;)
            at += count_ancestor_pages(cow, at, item.end - at, &count);
    }
    return count;
}
