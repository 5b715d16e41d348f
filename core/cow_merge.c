/*
 * Removing a child, and with it a hidden node: its content merges into the
 * child that is left.
 *
 *        [P]                        [P]
 *         |                          |
 *        [H]  --- R goes --->       [C + what H had and C could see]
 *       /   \
 *     [R]   [C]
 *
 * What C could not see is freed first, while offsets still are H's; what H saw
 * of P and C does not see is released; only then does C take H's place. If
 * both lists line up (fast) C's slots are laid over H's list; otherwise (slow)
 * H's slots are moved one by one, and split bits say which of them C had
 * already forked and passed on.
 */
#include "cow_internal.h"

struct merge {
    struct vm_cow_pages *hidden;
    struct vm_cow_pages *child;
    uint64_t shift; /* hidden offset of the child's offset 0 */
    bool removed_left;
};

static void release_content(void *context, struct page_slot content,
                            uint64_t offset)
{
    struct merge *merge = context;
    (void)offset;
    cow_free_content(merge->hidden, content, false);
}

/* Content covered in the child: it has been forked on exactly one side. */
static void release_covered(void *context, struct page_slot content,
                            uint64_t offset)
{
    struct merge *merge = context;
    const struct vm_page *pages = cow_pages_of(merge->hidden);
    if (slot_is_page_or_reference(content))
        CHECK(slot_left_split(content, pages) !=
              slot_right_split(content, pages));
    release_content(context, content, offset);
}

/* A page or reference of the hidden node becomes the child's. */
static void hand_over(struct merge *merge, struct page_slot *slot,
                      uint64_t child_offset)
{
    struct vm_cow_pages *child = merge->child;
    if (slot_is_reference(*slot))
        cow_resolve_temporary(child, slot);
    slot_set_splits(slot, cow_pages_of(child), false, false);
    if (!slot_is_page(*slot))
        return;
    page_index page = slot_page(*slot);
    if (cow_page(child, page)->queue == PQ_NONE)
        cow_set_not_pinned(child, page, child_offset);
    else
        pq_change_owner(&child->machine->pqs, page, child->handle,
                        child_offset);
}

static void migrate(void *context, struct page_slot *slot, uint64_t offset)
{
    struct merge *merge = context;
    const struct vm_page *pages = cow_pages_of(merge->hidden);
    bool forked_here = merge->removed_left ? slot_right_split(*slot, pages)
                                           : slot_left_split(*slot, pages);
    if (forked_here) {
        struct page_slot content = *slot;
        *slot = SLOT_EMPTY;
        cow_free_content(merge->hidden, content, false);
        return;
    }
    hand_over(merge, slot, offset - merge->shift);
}

static void merge_slow(struct merge *merge, uint64_t start, uint64_t end)
{
    page_list_merge_from(&merge->child->list, &merge->hidden->list, start, end,
                         release_content, migrate, merge);
}

/* What the removed child had forked is its sibling's alone. */
static void clear_splits_below(struct vm_cow_pages *hidden,
                               struct vm_cow_pages *removed)
{
    uint64_t at = 0;
    for (uint64_t from = removed->parent_start_limit;
         page_list_next(&removed->list, from, removed->parent_limit, &at);
         from = at + VM_PAGE_SIZE) {
        struct page_slot *slot =
            page_list_lookup(&hidden->list, at + removed->parent_offset);
        if (slot && slot_is_page_or_reference(*slot))
            slot_set_splits(slot, cow_pages_of(hidden), false, false);
    }
}

static void merge_fast(struct merge *merge, struct vm_cow_pages *removed)
{
    struct vm_cow_pages *hidden = merge->hidden;
    struct vm_cow_pages *child = merge->child;
    clear_splits_below(hidden, removed);
    page_list_merge_onto(&child->list, &hidden->list, release_covered, merge);
    /* The list holds the child's own content, too: that keeps its place. */
    uint64_t at;
    struct page_slot *slot;
    for (uint64_t from = 0;
         (slot = page_list_next(&hidden->list, from, hidden->size, &at));
         from = at + VM_PAGE_SIZE)
        if (slot_is_page_or_reference(*slot))
            hand_over(merge, slot, at);
    page_list_move(&child->list, &hidden->list);
}

/* Free what the hidden node has outside of what its last child sees. */
static void drop_outside(struct vm_cow_pages *hidden, uint64_t start,
                         uint64_t end)
{
    (void)cow_drop_range(hidden, 0, u64_min(start, hidden->size), false);
    if (end < hidden->size)
        (void)cow_drop_range(hidden, end, hidden->size, false);
}

static void merge_content_with_child(struct vm_cow_pages *hidden,
                                     struct vm_cow_pages *child,
                                     struct vm_cow_pages *removed,
                                     bool removed_left)
{
    uint64_t visible_start = child->parent_offset + child->parent_start_limit;
    uint64_t start = child->parent_offset;
    uint64_t end = child->parent_offset + child->parent_limit;
    drop_outside(hidden, visible_start, end);

    if (end > hidden->parent_limit) {
        if (hidden->parent_limit < child->parent_offset) {
            child->parent_limit = 0;
            child->parent_start_limit = 0;
        } else {
            child->parent_limit = hidden->parent_limit - child->parent_offset;
            child->parent_start_limit =
                u64_min(child->parent_start_limit, child->parent_limit);
        }
    } else {
        cow_release_cow_parent_pages(hidden, end, hidden->parent_limit);
    }
    uint64_t removed_start =
        removed->parent_offset + removed->parent_start_limit;
    if (removed_start < visible_start)
        cow_release_cow_parent_pages(hidden, removed_start, visible_start);
    child->parent_offset += hidden->parent_offset;

    struct merge merge = {hidden, child, start, removed_left};
    if (start == 0 && !hidden->partial_cow_release && !cow_is_hidden(child))
        merge_fast(&merge, removed);
    else
        merge_slow(&merge, start, end);
    CHECK(page_list_is_empty(&hidden->list));
    child->own.uncompressed_pages += hidden->own.uncompressed_pages;
    child->own.compressed_pages += hidden->own.compressed_pages;
    hidden->own = (struct vm_attribution){0, 0};
}

/*
 * The hidden node was charged to the child that goes: its ancestors that are
 * charged to the same are charged to the other side of each.
 */
static void repair_attribution(struct vm_cow_pages *hidden)
{
    uint64_t skip = hidden->attribution_id;
    for (struct vm_cow_pages *node = hidden; node->parent;
         node = node->parent) {
        struct vm_cow_pages *above = node->parent;
        if (!cow_is_hidden(above) ||
            above->attribution_id != hidden->attribution_id)
            return;
        uint64_t id = cow_left(above)->attribution_id;
        if (id == skip)
            id = cow_right(above)->attribution_id;
        above->attribution_id = id;
        skip = id;
    }
}

void cow_remove_child(struct vm_cow_pages *parent, struct vm_cow_pages *removed)
{
    if (!cow_is_hidden(parent)) {
        cow_drop_child(parent, removed);
        return;
    }
    bool removed_left = cow_left(parent) == removed;
    cow_drop_child(parent, removed);
    struct vm_cow_pages *child = TAILQ_FIRST(&parent->children);
    merge_content_with_child(parent, child, removed, removed_left);
    if (child->attribution_id != parent->attribution_id)
        repair_attribution(parent);

    /* The grandparent's count stays right: the child counts there directly. */
    CHECK(parent->high_priority_count >= 0 && parent->high_priority_count <= 1);
    if (parent->high_priority_count)
        (void)cow_change_single_high_priority_count(
            parent, -parent->high_priority_count);

    if (parent->parent)
        cow_replace_child(parent->parent, parent, child);
    TAILQ_INIT(&parent->children);
    parent->child_count = 0;
    child->parent = parent->parent;
    parent->parent = NULL;
    parent->parent_offset = 0;
    parent->parent_limit = 0;
    parent->parent_start_limit = 0;
    vm_cow_unref(parent); /* the reference that `child` held */
}
