/*
 * The page list's tree: finding, making and dropping list nodes. See
 * page_list_internal.h for the picture.
 *
 * A plain binary tree of list nodes would do for the order; a lookup then
 * takes a dozen dependent loads at a million pages, this takes two. A flat
 * array of list nodes would be faster still and cost 4 GiB for one page near
 * the end of a sparse object.
 */
#include <stdlib.h>

#include "page_list_internal.h"
#include "rare_paths.h"

/* --- children of inner nodes ------------------------------------------------ */

static void add_child(struct tree_node *inner, unsigned index, void *child)
{
    CHECK(!inner->children[index]);
    inner->children[index] = child;
    inner->populated[index / 64] |= UINT64_C(1) << index % 64;
}

static void remove_child(struct tree_node *inner, unsigned index)
{
    inner->children[index] = NULL;
    inner->populated[index / 64] &= ~(UINT64_C(1) << index % 64);
}

static bool is_childless(const struct tree_node *inner)
{
    uint64_t bits = 0;
    for (unsigned word = 0; word < TREE_FANOUT / 64; word++)
        bits |= inner->populated[word];
    return bits == 0;
}

/* The first child at `from` or beyond; NULL if there is none. */
static void *child_from(const struct tree_node *inner, unsigned from)
{
    uint64_t mask = ~UINT64_C(0) << from % 64;
    for (unsigned word = from / 64; word < TREE_FANOUT / 64; word++) {
        uint64_t bits = inner->populated[word] & mask;
        if (bits)
            return inner->children[word * 64 + (unsigned)__builtin_ctzll(bits)];
        mask = ~UINT64_C(0);
    }
    return NULL;
}

/* The last child below `end`; NULL if there is none. */
static void *child_before(const struct tree_node *inner, unsigned end)
{
    uint64_t mask = (UINT64_C(1) << end % 64) - 1;
    for (unsigned word = end / 64 + 1; word-- > 0;) {
        uint64_t bits =
            word < TREE_FANOUT / 64 ? inner->populated[word] & mask : 0;
        if (bits)
            return inner
                ->children[word * 64 + 63 - (unsigned)__builtin_clzll(bits)];
        mask = ~UINT64_C(0);
    }
    return NULL;
}

/* --- growing and shrinking ---------------------------------------------------- */

/* A tree of this height, 0: none, is at the root. */
static void set_height(struct page_list *list, uint32_t height)
{
    list->height = height;
    list->covered = height == 0 ? 0
                    : height * TREE_BITS >= 64
                        ? UINT64_MAX
                        : UINT64_C(1) << (height * TREE_BITS);
}

/* One more level on top; what is there becomes a descendant of child 0. */
static bool grow_root(struct page_list *list)
{
    struct tree_node *root = host_calloc(1, sizeof *root);
    if (!root)
        return false;
    add_child(root, 0, list->root);
    list->root = root;
    set_height(list, list->height + 1);
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
        if (!is_childless(path[level]))
            return;
        free(path[level]);
        if (level + 1 == list->height) {
            list->root = NULL;
            set_height(list, 0);
            return;
        }
        remove_child(path[level + 1], child_index(number, level + 1));
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
            add_child(node, index, child);
        }
        node = node->children[index];
    }
    add_child(node, child_index(number, 0), leaf);
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
        set_height(list, height);
        if (put_in_tree(list, only))
            return true;
        if (list->root)
            free(list->root);
        list->root = only;
        set_height(list, 0);
        return false;
    }
    while (number >= list->covered)
        if (!grow_root(list))
            return false;
    return true;
}

bool node_put(struct page_list *list, struct page_list_node *node)
{
    if (!list->root) {
        list->root = node;
        set_height(list, 0);
    } else if (!raise_root(list, node->number) || !put_in_tree(list, node)) {
        return false;
    }
    list->node_count++;
    return true;
}

/*
 * A list node that has become empty is kept for the next one to be made: where
 * pages come and go one by one, that spares the host's allocator as many calls.
 * How many there are then wanders like the square root of how many came and
 * went; an eighth of those in use is room enough and costs little. Spare nodes
 * hold nothing but zeros and are linked through their numbers. A list without
 * list nodes keeps none, so that an empty list owns nothing.
 */
enum { PAGE_LIST_SPARES = 16 };

static void keep_spare(struct page_list *list, struct page_list_node *node)
{
    SLOW_CHECK(node_is_empty(node));
    if (list->spare_count >= PAGE_LIST_SPARES + list->node_count / 8) {
        free(node);
        return;
    }
    node->number = (uintptr_t)list->spares;
    list->spares = node;
    list->spare_count++;
}

static struct page_list_node *new_node(struct page_list *list)
{
    struct page_list_node *node = list->spares;
    if (!node)
        return host_calloc(1, sizeof *node);
    list->spares = (struct page_list_node *)(uintptr_t)node->number;
    list->spare_count--;
    return node;
}

static void free_spares(struct page_list *list)
{
    while (list->spares)
        free(new_node(list));
}

/* The list node `number` on `inner`, which has none there; NULL: no memory. */
static struct page_list_node *make_on(struct page_list *list,
                                      struct tree_node *inner, uint64_t number)
{
    struct page_list_node *node = new_node(list);
    if (!node)
        return NULL;
    node->number = number;
    add_child(inner, child_index(number, 0), node);
    list->node_count++;
    return node;
}

struct page_list_node *node_find_or_make(struct page_list *list,
                                         uint64_t number)
{
    struct tree_node *inner = inner_find(list, number);
    if (inner) {
        struct page_list_node *node = inner->children[child_index(number, 0)];
        return node ? node : make_on(list, inner, number);
    }
    struct page_list_node *node = node_find(list, number);
    if (node)
        return node;
    node = new_node(list);
    if (!node)
        return NULL;
    node->number = number;
    if (node_put(list, node))
        return node;
    keep_spare(list, node);
    return NULL;
}

/* The list node `number` leaves `inner`, its parent; NULL: it is the root. */
static inline void unhang(struct page_list *list, struct tree_node *inner,
                          uint64_t number)
{
    if (--list->node_count == 0)
        free_spares(list);
    if (!inner) {
        list->root = NULL;
        return;
    }
    remove_child(inner, child_index(number, 0));
    if (is_childless(inner))
        prune(list, number);
}

struct page_list_node *node_take(struct page_list *list, uint64_t number)
{
    struct page_list_node *node = node_find(list, number);
    if (node)
        unhang(list, inner_find(list, number), number);
    return node;
}

void node_drop(struct page_list *list, struct page_list_node *node)
{
    unhang(list, inner_find(list, node->number), node->number);
    if (list->node_count == 0)
        free(node);
    else
        keep_spare(list, node);
}

/* The lowest (or highest) list node below an inner node. */
static struct page_list_node *outermost(void *node, uint32_t level, bool lowest)
{
    for (; level > 0; level--) {
        node = lowest ? child_from(node, 0) : child_before(node, TREE_FANOUT);
        CHECK(node != NULL);
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
    if (number >= list->covered)
        return upwards ? NULL : outermost(list->root, list->height, false);
    void *node = list->root;
    void *neighbour = NULL;
    uint32_t neighbour_level = 0;
    for (uint32_t level = list->height; level-- > 0;) {
        const struct tree_node *inner = node;
        unsigned index = child_index(number, level);
        void *beyond =
            upwards ? (index + 1 < TREE_FANOUT ? child_from(inner, index + 1)
                                               : NULL)
                    : child_before(inner, index);
        if (beyond) {
            neighbour = beyond;
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
