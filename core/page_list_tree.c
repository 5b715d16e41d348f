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

/*
 * The reserve: inner nodes held back, so that a merge asks the host for none.
 * Giving memory back must not need any, and half a merge can't be undone.
 *
 * A merge moves list nodes, all by the same distance and never upwards. Those
 * that hang below one inner node of level l come from one aligned range, so
 * wherever they go two inner nodes of that level hold them all. From its top
 * level on everything of a list hangs on inner node 0, and so does what it
 * merges with. A list of height h with n[l] inner nodes of level l therefore
 * adds at most
 *
 *     2 n[l] + 1  for each level below h - 1,  and 1 for the top
 *
 * to whatever it becomes part of, until something is added to it. It owns that
 * many if it holds back inner_count + h - 2. That is made sure of whenever a
 * list node is made, which may fail; a merge joins the reserves of both; what
 * exceeds it is freed with the next inner node that goes. (At height 0 the one
 * list node is number 0 and stays that.)
 */
static uint64_t reserve_wanted(const struct page_list *list)
{
    return list->height > 0 ? list->inner_count + list->height - 2 : 0;
}

static void add_to_reserve(struct page_list *list, struct tree_node *inner)
{
    inner->children[0] = list->reserve;
    list->reserve = inner;
    list->reserve_count++;
}

/* The reserve is not empty. The inner node has no children. */
static struct tree_node *take_from_reserve(struct page_list *list)
{
    struct tree_node *inner = list->reserve;
    list->reserve = inner->children[0];
    list->reserve_count--;
    inner->children[0] = NULL;
    return inner;
}

/* False: no memory. */
static bool add_inner(struct page_list *list)
{
    struct tree_node *inner = host_calloc(1, sizeof *inner);
    if (inner)
        add_to_reserve(list, inner);
    return inner != NULL;
}

static bool fill_reserve(struct page_list *list)
{
    while (list->reserve_count < reserve_wanted(list))
        if (!add_inner(list))
            return false;
    return true;
}

void node_trim_reserve(struct page_list *list)
{
    while (list->reserve_count > reserve_wanted(list))
        free(take_from_reserve(list));
}

void node_join_reserves(struct page_list *to, struct page_list *from)
{
    while (from->reserve)
        add_to_reserve(to, take_from_reserve(from));
}

/* NULL: no memory, which is not so where the reserve suffices. */
static struct tree_node *new_inner(struct page_list *list)
{
    struct tree_node *inner =
        list->reserve ? take_from_reserve(list) : host_calloc(1, sizeof *inner);
    list->inner_count += inner != NULL;
    return inner;
}

/* An inner node without children leaves the tree. */
static void retire_inner(struct page_list *list, struct tree_node *inner)
{
    list->inner_count--;
    add_to_reserve(list, inner);
}

/* One more level on top; what is there becomes a descendant of child 0. */
static bool grow_root(struct page_list *list)
{
    struct tree_node *root = new_inner(list);
    if (!root)
        return false;
    add_child(root, 0, list->root);
    list->root = root;
    set_height(list, list->height + 1);
    return true;
}

/* The inner nodes without children along the path to `number` go. */
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
            break;
        retire_inner(list, path[level]);
        if (level + 1 == list->height) {
            list->root = NULL;
            set_height(list, 0);
        } else {
            remove_child(path[level + 1], child_index(number, level + 1));
        }
    }
    node_trim_reserve(list);
}

static bool put_in_tree(struct page_list *list, struct page_list_node *leaf)
{
    uint64_t number = leaf->number;
    struct tree_node *node = list->root;
    CHECK(list->height > 0);
    CHECK(node != NULL);
    for (uint32_t level = list->height - 1; level > 0; level--) {
        unsigned index = child_index(number, level);
        if (!node->children[index]) {
            struct tree_node *child = new_inner(list);
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

/* An inner root high enough for `number`; list node 0 moves below it if it is
 * the only one. */
static bool raise_root(struct page_list *list, uint64_t number)
{
    if (list->height == 0) {
        struct page_list_node *only = list->root;
        uint32_t height = 1;
        while (!tree_covers(height, number))
            height++;
        struct tree_node *root = new_inner(list);
        if (!root)
            return false;
        list->root = root;
        set_height(list, height);
        if (!only || put_in_tree(list, only))
            return true;
        list->root = only; /* what was made for it has been pruned */
        return false;
    }
    while (number >= list->covered)
        if (!grow_root(list))
            return false;
    return true;
}

bool node_put(struct page_list *list, struct page_list_node *node)
{
    if (!list->root && node->number == 0)
        list->root = node;
    else if (!raise_root(list, node->number) || !put_in_tree(list, node))
        return false;
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

static void push_spare(struct page_list *list, struct page_list_node *node)
{
    node->number = (uintptr_t)list->spares;
    list->spares = node;
    list->spare_count++;
}

static void keep_spare(struct page_list *list, struct page_list_node *node)
{
    SLOW_CHECK(node_is_empty(node));
    if (list->spare_count >= PAGE_LIST_SPARES + list->node_count / 8)
        free(node);
    else
        push_spare(list, node);
}

/* False: no memory. */
static bool add_spare(struct page_list *list)
{
    struct page_list_node *node = host_calloc(1, sizeof *node);
    if (node)
        push_spare(list, node);
    return node != NULL;
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

/* An empty list node that is not in the tree (any more). */
static void retire_node(struct page_list *list, struct page_list_node *node)
{
    if (list->node_count == 0)
        free(node);
    else
        keep_spare(list, node);
}

bool page_list_reserve(struct page_list *list, uint64_t end)
{
    if (end == 0)
        return true;
    uint64_t last = node_number(list, end - VM_PAGE_SIZE);
    uint64_t inner = 1; /* nodes above list nodes 0 to `last` */
    uint32_t height = 1;
    for (; !tree_covers(height, last); height++)
        inner += (last >> (height * TREE_BITS)) + 1;
    for (; height < list->height; height++)
        inner++;
    /* Those, and what is to be held back when they are there. */
    uint64_t reserve = 2 * inner + list->inner_count + height - 2;
    while (list->spare_count <= last && add_spare(list))
        continue;
    while (list->reserve_count < reserve && add_inner(list))
        continue;
    if (list->spare_count > last && list->reserve_count >= reserve)
        return true;
    if (list->node_count == 0)
        free_spares(list);
    node_trim_reserve(list);
    return false;
}

/* The list node `number` on `inner`, which has none there; NULL: no memory. */
static struct page_list_node *make_on(struct page_list *list,
                                      struct tree_node *inner, uint64_t number)
{
    struct page_list_node *node = fill_reserve(list) ? new_node(list) : NULL;
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
    if (!node_put(list, node)) {
        retire_node(list, node);
        return NULL;
    }
    if (!fill_reserve(list)) {
        node_drop(list, node);
        return NULL;
    }
    return node;
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

void node_free_spares(struct page_list *list)
{
    free_spares(list);
    node_trim_reserve(list);
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
    retire_node(list, node);
}

/* All list nodes below an inner node that has been cut off go to `visit`. */
static void take_apart(struct page_list *list, struct tree_node *inner,
                       uint32_t level, node_visit_fn visit, void *context)
{
    struct tree_node part = *inner;
    *inner = (struct tree_node){.children = {NULL}};
    retire_inner(list, inner);
    for (unsigned i = 0; i < TREE_FANOUT; i++) {
        if (!part.children[i])
            continue;
        if (level > 0)
            take_apart(list, part.children[i], level - 1, visit, context);
        else
            visit(context, part.children[i]);
    }
}

void node_take_all(struct page_list *list, node_visit_fn visit, void *context)
{
    void *root = list->root;
    uint32_t height = list->height;
    list->root = NULL;
    list->node_count = 0;
    set_height(list, 0);
    free_spares(list);
    if (height > 0)
        take_apart(list, root, height - 1, visit, context);
    else if (root)
        visit(context, root);
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
