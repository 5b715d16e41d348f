/*
 * The page list's tree: finding, making and dropping list nodes, and walking
 * over populated slots. See page_list_internal.h for the picture.
 *
 * A plain binary tree of list nodes would do for the order; a lookup then
 * takes a dozen dependent loads at a million pages, this takes three. A flat
 * array of list nodes would be faster still and cost 4 GiB for one page near
 * the end of a sparse object.
 */
#include <stdlib.h>

#include "page_list_internal.h"
#include "rare_paths.h"

/* --- list nodes ----------------------------------------------------------- */

static unsigned child_index(uint64_t number, uint32_t level)
{
    return (unsigned)(number >> (level * TREE_BITS)) & (TREE_FANOUT - 1);
}

/* One more level on top; what is there becomes a descendant of child 0. */
static bool grow_root(struct page_list *list)
{
    struct tree_node *root = host_calloc(1, sizeof *root);
    if (!root)
        return false;
    root->children[0] = list->root;
    root->populated = 1;
    list->root = root;
    list->height++;
    return true;
}

/* Free inner nodes without children along the path to `number`. */
static void prune(struct page_list *list, uint64_t number)
{
    while (list->height > 0) {
        struct tree_node *path[12];
        struct tree_node *node = list->root;
        uint32_t level = list->height - 1;
        path[level] = node;
        while (level > 0 && node->children[child_index(number, level)]) {
            node = node->children[child_index(number, level)];
            path[--level] = node;
        }
        if (path[level]->populated)
            return;
        free(path[level]);
        if (level + 1 == list->height) {
            list->root = NULL;
            list->height = 0;
            return;
        }
        struct tree_node *above = path[level + 1];
        unsigned index = child_index(number, level + 1);
        above->children[index] = NULL;
        above->populated &= ~(UINT64_C(1) << index);
    }
}

static bool put_in_tree(struct page_list *list, struct page_list_node *leaf)
{
    uint64_t number = leaf->number;
    struct tree_node *node = list->root;
    for (uint32_t level = list->height - 1; level > 0; level--) {
        unsigned index = child_index(number, level);
        if (!node->children[index]) {
            struct tree_node *child = host_calloc(1, sizeof *child);
            if (!child) {
                prune(list, number);
                return false;
            }
            node->children[index] = child;
            node->populated |= UINT64_C(1) << index;
        }
        node = node->children[index];
    }
    unsigned index = child_index(number, 0);
    CHECK(!node->children[index]);
    node->children[index] = leaf;
    node->populated |= UINT64_C(1) << index;
    return true;
}

/* The only list node moves below an inner root high enough for both. */
static bool raise_root(struct page_list *list, uint64_t number)
{
    if (list->height == 0) {
        struct page_list_node *only = list->root;
        uint32_t height = 1;
        while (!tree_covers(height, only->number) ||
               !tree_covers(height, number))
            height++;
        struct tree_node *root = host_calloc(1, sizeof *root);
        if (!root)
            return false;
        list->root = root;
        list->height = height;
        if (put_in_tree(list, only))
            return true;
        if (list->root)
            free(list->root);
        list->root = only;
        list->height = 0;
        return false;
    }
    while (!tree_covers(list->height, number))
        if (!grow_root(list))
            return false;
    return true;
}

bool node_put(struct page_list *list, struct page_list_node *node)
{
    if (!list->root) {
        list->root = node;
        list->height = 0;
    } else if (!raise_root(list, node->number) || !put_in_tree(list, node)) {
        return false;
    }
    list->node_count++;
    return true;
}

struct page_list_node *node_find_or_make(struct page_list *list,
                                         uint64_t number)
{
    struct page_list_node *node = node_find(list, number);
    if (node)
        return node;
    node = host_calloc(1, sizeof *node);
    if (!node)
        return NULL;
    node->number = number;
    if (node_put(list, node))
        return node;
    free(node);
    return NULL;
}

struct page_list_node *node_take(struct page_list *list, uint64_t number)
{
    struct page_list_node *node = node_find(list, number);
    if (!node)
        return NULL;
    list->node_count--;
    if (list->height == 0) {
        list->root = NULL;
        return node;
    }
    struct tree_node *inner = list->root;
    for (uint32_t level = list->height - 1; level > 0; level--)
        inner = inner->children[child_index(number, level)];
    unsigned index = child_index(number, 0);
    inner->children[index] = NULL;
    inner->populated &= ~(UINT64_C(1) << index);
    if (!inner->populated)
        prune(list, number);
    return node;
}

void node_free(struct page_list *list, uint64_t number)
{
    free(node_take(list, number));
}

/* The lowest (or highest) list node below an inner node. */
static struct page_list_node *outermost(void *node, uint32_t level, bool lowest)
{
    for (; level > 0; level--) {
        const struct tree_node *inner = node;
        CHECK(inner->populated != 0);
        int index = lowest ? __builtin_ctzll(inner->populated)
                           : 63 - __builtin_clzll(inner->populated);
        node = inner->children[index];
    }
    return node;
}

/*
 * The nearest list node at `number` or beyond it, upwards or downwards. Walks
 * down the path to it and remembers the last level at which there was a
 * neighbour on the wanted side.
 */
static struct page_list_node *nearest(const struct page_list *list,
                                      uint64_t number, bool upwards)
{
    if (!list->root)
        return NULL;
    if (list->height == 0) {
        struct page_list_node *only = list->root;
        bool wanted = upwards ? only->number >= number : only->number <= number;
        return wanted ? only : NULL;
    }
    if (!tree_covers(list->height, number))
        return upwards ? NULL : outermost(list->root, list->height, false);
    void *node = list->root;
    void *neighbour = NULL;
    uint32_t neighbour_level = 0;
    for (uint32_t level = list->height; level-- > 0;) {
        const struct tree_node *inner = node;
        unsigned index = child_index(number, level);
        uint64_t side = upwards
                            ? (index == 63 ? 0 : ~UINT64_C(0) << (index + 1))
                            : (UINT64_C(1) << index) - 1;
        uint64_t beyond = inner->populated & side;
        if (beyond) {
            int at = upwards ? __builtin_ctzll(beyond)
                             : 63 - __builtin_clzll(beyond);
            neighbour = inner->children[at];
            neighbour_level = level;
        }
        node = inner->children[index];
        if (!node)
            return neighbour ? outermost(neighbour, neighbour_level, upwards)
                             : NULL;
    }
    return node;
}

struct page_list_node *node_at_or_after(const struct page_list *list,
                                        uint64_t number)
{
    return nearest(list, number, true);
}

struct page_list_node *node_at_or_before(const struct page_list *list,
                                         uint64_t number)
{
    return nearest(list, number, false);
}

/* --- the list ------------------------------------------------------------------ */

void page_list_init(struct page_list *list, uint64_t skew)
{
    CHECK(is_page_aligned(skew));
    CHECK(skew < PAGE_LIST_FANOUT * VM_PAGE_SIZE);
    *list = (struct page_list){.skew = skew};
}

void page_list_release(struct page_list *list)
{
    struct page_list_node *node;
    while ((node = node_at_or_after(list, 0)))
        node_free(list, node->number);
}

void page_list_move(struct page_list *to, struct page_list *from)
{
    CHECK(page_list_is_empty(to));
    CHECK(to->skew == from->skew);
    *to = *from;
    *from = (struct page_list){.skew = to->skew};
}

bool page_list_is_empty(const struct page_list *list)
{
    return list->node_count == 0;
}

bool page_list_has_no_page_or_reference(const struct page_list *list)
{
    uint64_t at;
    const struct page_slot *slot;
    for (uint64_t from = 0;
         (slot = page_list_next(list, from, PAGE_LIST_MAX_SIZE, &at));
         from = at + VM_PAGE_SIZE)
        if (slot_is_page_or_reference(*slot))
            return false;
    return true;
}

uint64_t page_list_heap_bytes(const struct page_list *list)
{
    return list->node_count * sizeof(struct page_list_node);
}

struct page_slot *page_list_lookup(const struct page_list *list,
                                   uint64_t offset)
{
    struct page_list_node *node = node_find(list, node_number(list, offset));
    return node ? &node->slots[slot_index(list, offset)] : NULL;
}

void page_list_prefetch_path(const struct page_list *list, uint64_t offset)
{
    uint64_t number = node_number(list, offset);
    if (list->height == 0 || !tree_covers(list->height, number))
        return;
    const struct tree_node *inner = list->root;
    for (uint32_t level = list->height - 1; inner && level > 0; level--)
        inner = inner->children[child_index(number, level)];
    if (inner)
        __builtin_prefetch(&inner->children[child_index(number, 0)]);
}

void page_list_prefetch(const struct page_list *list, uint64_t offset)
{
    const struct page_list_node *node =
        node_find(list, node_number(list, offset));
    if (!node)
        return;
    /* All of it: who empties a slot looks whether it was the last. */
    for (size_t at = 0; at < sizeof *node; at += 64)
        __builtin_prefetch((const char *)node + at, 1);
}

struct page_slot page_list_get(const struct page_list *list, uint64_t offset)
{
    const struct page_slot *slot = page_list_lookup(list, offset);
    return slot ? *slot : SLOT_EMPTY;
}

struct page_slot page_list_remove(struct page_list *list, uint64_t offset)
{
    struct page_list_node *node = node_find(list, node_number(list, offset));
    if (!node)
        return SLOT_EMPTY;
    struct page_slot *slot = &node->slots[slot_index(list, offset)];
    struct page_slot content = *slot;
    *slot = SLOT_EMPTY;
    if (node_is_empty(node))
        node_free(list, node->number);
    return content;
}

struct page_slot page_list_remove_at(struct page_list *list,
                                     struct page_slot *slot, uint64_t offset)
{
    struct page_slot *first = slot - slot_index(list, offset);
    const struct page_list_node *node =
        (const struct page_list_node *)(const void *)((const char *)first -
                                                      offsetof(
                                                          struct page_list_node,
                                                          slots));
    struct page_slot content = *slot;
    *slot = SLOT_EMPTY;
    if (node_is_empty(node))
        node_free(list, node->number);
    return content;
}

void page_list_return_empty_slot(struct page_list *list, uint64_t offset)
{
    struct page_list_node *node = node_find(list, node_number(list, offset));
    CHECK(node != NULL);
    CHECK(slot_is_empty(node->slots[slot_index(list, offset)]));
    if (node_is_empty(node))
        node_free(list, node->number);
}

struct page_slot *page_list_next(const struct page_list *list, uint64_t from,
                                 uint64_t end, uint64_t *at)
{
    end = u64_min(end, PAGE_LIST_MAX_SIZE - list->skew);
    if (from >= end)
        return NULL;
    uint64_t number = node_number(list, from);
    uint64_t last = node_number(list, end - VM_PAGE_SIZE);
    unsigned index = slot_index(list, from);
    struct page_list_node *node = node_find(list, number);
    if (!node) {
        node = node_at_or_after(list, number);
        index = 0;
    }
    for (; node && node->number <= last;
         node = node_at_or_after(list, node->number + 1), index = 0) {
        for (; index < PAGE_LIST_FANOUT; index++) {
            if (slot_is_empty(node->slots[index]))
                continue;
            uint64_t offset = slot_offset(list, node, index);
            if (offset >= end)
                return NULL;
            *at = offset;
            return &node->slots[index];
        }
    }
    return NULL;
}

struct page_slot *page_list_previous(const struct page_list *list,
                                     uint64_t start, uint64_t end, uint64_t *at)
{
    end = u64_min(end, PAGE_LIST_MAX_SIZE - list->skew);
    if (start >= end)
        return NULL;
    uint64_t number = node_number(list, end - VM_PAGE_SIZE);
    unsigned index = slot_index(list, end - VM_PAGE_SIZE);
    struct page_list_node *node = node_at_or_before(list, number);
    if (node && node->number != number)
        index = PAGE_LIST_FANOUT - 1;
    while (node) {
        for (unsigned i = index + 1; i-- > 0;) {
            if (slot_is_empty(node->slots[i]))
                continue;
            uint64_t offset = slot_offset(list, node, i);
            if (offset < start)
                return NULL;
            *at = offset;
            return &node->slots[i];
        }
        if (node->number == 0)
            return NULL;
        node = node_at_or_before(list, node->number - 1);
        index = PAGE_LIST_FANOUT - 1;
    }
    return NULL;
}

void page_list_remove_range(struct page_list *list, uint64_t start,
                            uint64_t end, page_slot_release_fn release,
                            void *context)
{
    uint64_t at;
    const struct page_slot *slot;
    for (uint64_t from = start; (slot = page_list_next(list, from, end, &at));
         from = at + VM_PAGE_SIZE)
        release(context, page_list_remove(list, at), at);
}

void page_list_remove_all(struct page_list *list, page_slot_release_fn release,
                          void *context)
{
    uint64_t at;
    const struct page_slot *slot;
    while ((slot = page_list_next(list, 0, PAGE_LIST_MAX_SIZE, &at))) {
        struct page_slot content = page_list_remove(list, at);
        if (slot_is_page_or_reference(content))
            release(context, content, at);
    }
}

/* --- cursor ------------------------------------------------------------------------ */

struct page_list_cursor page_list_cursor_at(const struct page_list *list,
                                            uint64_t offset)
{
    return (struct page_list_cursor){node_find(list, node_number(list, offset)),
                                     slot_index(list, offset)};
}

struct page_slot *page_list_cursor_slot(struct page_list_cursor cursor)
{
    return cursor.node ? &cursor.node->slots[cursor.index] : NULL;
}

void page_list_cursor_step(const struct page_list *list,
                           struct page_list_cursor *cursor)
{
    if (!cursor->node || ++cursor->index < PAGE_LIST_FANOUT)
        return;
    cursor->node = node_find(list, cursor->node->number + 1);
    cursor->index = 0;
}

/* --- proof --------------------------------------------------------------------------- */

const char *page_list_valid(const struct page_list *list)
{
    uint64_t count = 0;
    bool open = false;
    enum dirty_state dirty = DIRTY_UNTRACKED;
    for (const struct page_list_node *node = node_at_or_after(list, 0); node;
         node = node_at_or_after(list, node->number + 1)) {
        count++;
        if (node_is_empty(node))
            return "no list node is entirely empty";
        for (unsigned i = 0; i < PAGE_LIST_FANOUT; i++) {
            struct page_slot slot = node->slots[i];
            if (slot_is_empty(slot))
                continue;
            if (!slot_is_interval(slot)) {
                if (open)
                    return "nothing is populated inside an interval";
                continue;
            }
            if (slot_is_interval_end(slot) != open)
                return "interval sentinels alternate";
            if (open && slot_interval_dirty(slot) != dirty)
                return "both ends of an interval have one dirty state";
            open = slot_is_interval_start(slot);
            dirty = slot_interval_dirty(slot);
        }
    }
    if (open)
        return "an interval that starts also ends";
    return count == list->node_count ? NULL
                                     : "node count = list nodes in the tree";
}
