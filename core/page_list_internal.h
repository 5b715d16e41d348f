/*
 * What the page_list_*.c files share: list nodes and the tree above them.
 *
 *   height 0            height 2
 *
 *   root: list node     root: [256 children]
 *                              |        |
 *                          [256 ...]  [256 ...]
 *                           |    |        |
 *                         list nodes    list node
 *
 * A list node is known by its number: (offset + skew) / (16 pages). A tree of
 * height h covers the numbers below 256^h; it grows at the root when a larger
 * one is asked for, and inner nodes without children leave it at once. With
 * 256 children two levels are enough for a million pages. Height 0 is for list
 * node 0 alone.
 */
#ifndef VMCOW_PAGE_LIST_INTERNAL_H
#define VMCOW_PAGE_LIST_INTERNAL_H

#include "check.h"
#include "page_list.h"

enum { NODE_SHIFT = VM_PAGE_SHIFT + 4, TREE_BITS = 8, TREE_FANOUT = 256 };

struct page_list_node {
    uint64_t number;
    struct page_slot slots[PAGE_LIST_FANOUT];
};

struct tree_node {
    uint64_t populated[TREE_FANOUT / 64]; /* bit i: child i is there */
    void *children[TREE_FANOUT];
};

/* An offset so large that the skew carries it past the end has the number of
 * the last list node of all, which page_list_lookup_or_allocate() refuses. */
static inline uint64_t node_number(const struct page_list *list,
                                   uint64_t offset)
{
    uint64_t skewed;
    if (__builtin_add_overflow(offset, list->skew, &skewed))
        skewed = UINT64_MAX;
    return skewed >> NODE_SHIFT;
}

static inline unsigned slot_index(const struct page_list *list, uint64_t offset)
{
    return (unsigned)((offset + list->skew) >> VM_PAGE_SHIFT) %
           PAGE_LIST_FANOUT;
}

static inline uint64_t slot_offset(const struct page_list *list,
                                   const struct page_list_node *node,
                                   unsigned index)
{
    return (node->number << NODE_SHIFT) + pages_to_bytes(index) - list->skew;
}

/* Is `number` within what a tree of this height covers? */
static inline bool tree_covers(uint32_t height, uint64_t number)
{
    return height * TREE_BITS >= 64 || number >> (height * TREE_BITS) == 0;
}

static inline unsigned child_index(uint64_t number, uint32_t level)
{
    return (unsigned)(number >> (level * TREE_BITS)) & (TREE_FANOUT - 1);
}

/* The inner node that list node `number` hangs on, or would; NULL: none does.
 * Two levels, which is most lists of some size, go without a loop. */
static inline struct tree_node *inner_find(const struct page_list *list,
                                           uint64_t number)
{
    if (number >= list->covered)
        return NULL;
    struct tree_node *inner = list->root;
    if (list->height == 2)
        return inner->children[number >> TREE_BITS];
    for (uint32_t shift = (list->height - 1) * TREE_BITS; inner && shift > 0;
         shift -= TREE_BITS)
        inner = inner->children[number >> shift & (TREE_FANOUT - 1)];
    return inner;
}

static inline struct page_list_node *node_find(const struct page_list *list,
                                               uint64_t number)
{
    const struct tree_node *inner = inner_find(list, number);
    if (inner)
        return inner->children[child_index(number, 0)];
    struct page_list_node *only = list->height == 0 ? list->root : NULL;
    return only && only->number == number ? only : NULL;
}

/* All words at once: a branch for each would cost more than it saves. */
static inline bool node_is_empty(const struct page_list_node *node)
{
    uint64_t bits[4] = {0};
    for (unsigned i = 0; i < PAGE_LIST_FANOUT; i += 4)
        for (unsigned k = 0; k < 4; k++)
            bits[k] |= node->slots[i + k].bits;
    return (bits[0] | bits[1] | bits[2] | bits[3]) == 0;
}

/* NULL: no memory. */
struct page_list_node *node_find_or_make(struct page_list *list,
                                         uint64_t number);
/* The node, which is empty, goes; `node` is not to be used any more. */
void node_drop(struct page_list *list, struct page_list_node *node);
/* First list node with a number not below, last with one not above; or NULL. */
struct page_list_node *node_at_or_after(const struct page_list *list,
                                        uint64_t number);
struct page_list_node *node_at_or_before(const struct page_list *list,
                                         uint64_t number);
/* Take the list node out of the tree without freeing it. */
struct page_list_node *node_take(struct page_list *list, uint64_t number);
/* Put a taken list node under its number, where there is none. False: no
 * memory, which is not so in a merge. */
bool node_put(struct page_list *list, struct page_list_node *node);

/*
 * For merges, which must not need memory: take all list nodes out, in ascending
 * order, and hand them to `visit`. The list is empty from the first one on; the
 * inner nodes that were above those handed out are in its reserve.
 */
typedef void (*node_visit_fn)(void *context, struct page_list_node *node);
void node_take_all(struct page_list *list, node_visit_fn visit, void *context);
/* The reserve of `from` goes to `to`. */
void node_join_reserves(struct page_list *to, struct page_list *from);
/* Free what an empty list has been given in advance. */
void node_free_spares(struct page_list *list);
/* Free what the reserve has too much: a merge is over. */
void node_trim_reserve(struct page_list *list);

#endif
