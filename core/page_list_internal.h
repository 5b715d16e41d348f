/*
 * What the page_list_*.c files share: list nodes and the tree above them.
 *
 *   height 0            height 2
 *
 *   root: list node     root: [64 children]
 *                              |        |
 *                          [64 ...]   [64 ...]
 *                           |    |        |
 *                         list nodes    list node
 *
 * A list node is known by its number: (offset + skew) / (16 pages). A tree of
 * height h covers the numbers below 64^h; it grows at the root when a larger
 * one is asked for, and inner nodes without children are freed at once.
 */
#ifndef VMCOW_PAGE_LIST_INTERNAL_H
#define VMCOW_PAGE_LIST_INTERNAL_H

#include "check.h"
#include "page_list.h"

enum { NODE_SHIFT = VM_PAGE_SHIFT + 4, TREE_BITS = 6, TREE_FANOUT = 64 };

struct page_list_node {
    uint64_t number;
    struct page_slot slots[PAGE_LIST_FANOUT];
};

struct tree_node {
    uint64_t populated; /* bit i: child i is there */
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

static inline struct page_list_node *node_find(const struct page_list *list,
                                               uint64_t number)
{
    void *node = list->root;
    if (!node)
        return NULL;
    if (list->height == 0) {
        struct page_list_node *only = node;
        return only->number == number ? only : NULL;
    }
    if (!tree_covers(list->height, number))
        return NULL;
    for (uint32_t level = list->height; level-- > 0;) {
        node =
            ((struct tree_node *)node)
                ->children[number >> (level * TREE_BITS) & (TREE_FANOUT - 1)];
        if (!node)
            return NULL;
    }
    return node;
}

static inline bool node_is_empty(const struct page_list_node *node)
{
    for (unsigned i = 0; i < PAGE_LIST_FANOUT; i++)
        if (node->slots[i].bits)
            return false;
    return true;
}

/* NULL: no memory. */
struct page_list_node *node_find_or_make(struct page_list *list,
                                         uint64_t number);
void node_free(struct page_list *list, uint64_t number);
/* First list node with a number not below, last with one not above; or NULL. */
struct page_list_node *node_at_or_after(const struct page_list *list,
                                        uint64_t number);
struct page_list_node *node_at_or_before(const struct page_list *list,
                                         uint64_t number);
/* Take the list node out of the tree without freeing it. */
struct page_list_node *node_take(struct page_list *list, uint64_t number);
/* Put a taken list node under its number, where there is none. Takes no memory
 * from the host when the list has been grown for it; false: no memory. */
bool node_put(struct page_list *list, struct page_list_node *node);

#endif
