/*
 * The page list's slots: looking them up, emptying them, moving their content,
 * and walking over those that are populated. Where list nodes are and how they
 * come and go is page_list_tree.c's.
 */
#include <stdlib.h>

#include "page_list_internal.h"

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
        free(node_take(list, node->number));
    node_free_spares(list); /* of a list that was reserved for and not used */
}

void page_list_move(struct page_list *to, struct page_list *from)
{
    CHECK(page_list_is_empty(to));
    CHECK(to->skew == from->skew);
    page_list_release(to);
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

/*
 * Where there is no list node, the inner node is fetched instead, by a choice
 * without a branch: the answer is likely to be far away, and a branch that was
 * guessed wrong would stop everything until it is here. (Fetching from address
 * 0 is harmless, but the host looks in vain for its translation every time.)
 */
void page_list_prefetch(const struct page_list *list, uint64_t offset,
                        bool whole)
{
    uint64_t number = node_number(list, offset);
    const struct tree_node *inner = inner_find(list, number);
    if (!inner)
        return;
    const void *node = inner->children[child_index(number, 0)];
    const char *near = node ? node : inner;
    if (whole)
        for (size_t at = 0; at < sizeof(struct page_list_node); at += 64)
            __builtin_prefetch(near + at, 1);
    else
        __builtin_prefetch(near + offsetof(struct page_list_node, slots) +
                               slot_index(list, offset) *
                                   sizeof(struct page_slot),
                           1);
}

struct page_slot page_list_get(const struct page_list *list, uint64_t offset)
{
    const struct page_slot *slot = page_list_lookup(list, offset);
    return slot ? *slot : SLOT_EMPTY;
}

/* The list node that the slot of `offset` is in. */
static struct page_list_node *node_of(const struct page_list *list,
                                      struct page_slot *slot, uint64_t offset)
{
    struct page_slot *first = slot - slot_index(list, offset);
    return (struct page_list_node *)(void *)((char *)first -
                                             offsetof(struct page_list_node,
                                                      slots));
}

/* Take what the slot of `node` holds; the node goes if it was the last. */
static inline struct page_slot empty_slot(struct page_list *list,
                                          struct page_list_node *node,
                                          struct page_slot *slot)
{
    struct page_slot content = *slot;
    *slot = SLOT_EMPTY;
    if (node_is_empty(node))
        node_drop(list, node);
    return content;
}

struct page_slot page_list_remove(struct page_list *list, uint64_t offset)
{
    struct page_list_node *node = node_find(list, node_number(list, offset));
    if (!node)
        return SLOT_EMPTY;
    return empty_slot(list, node, &node->slots[slot_index(list, offset)]);
}

struct page_slot page_list_remove_at(struct page_list *list,
                                     struct page_slot *slot, uint64_t offset)
{
    return empty_slot(list, node_of(list, slot, offset), slot);
}

enum vm_status page_list_relocate(struct page_list *list, uint64_t from,
                                  uint64_t to)
{
    struct page_list_node *source = node_find(list, node_number(list, from));
    CHECK(source != NULL);
    struct page_slot *old = &source->slots[slot_index(list, from)];
    CHECK(slot_is_page(*old));
    bool in_interval;
    struct page_slot *slot = page_list_lookup_or_allocate(
        list, to, SLOT_CHECK_INTERVALS, &in_interval);
    if (!slot)
        return in_interval ? VM_ALREADY_EXISTS : VM_NO_MEMORY;
    if (!slot_is_empty(*slot))
        return VM_ALREADY_EXISTS;
    *slot = *old; /* first, or the list node of both might go */
    *old = SLOT_EMPTY;
    if (node_is_empty(source))
        node_drop(list, source);
    return VM_OK;
}

void page_list_return_empty_slot(struct page_list *list, uint64_t offset)
{
    struct page_list_node *node = node_find(list, node_number(list, offset));
    CHECK(node != NULL);
    CHECK(slot_is_empty(node->slots[slot_index(list, offset)]));
    if (node_is_empty(node))
        node_drop(list, node);
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
    struct page_slot *slot;
    for (uint64_t from = start;
         (slot = page_list_next(list, from, end, &at));) {
        struct page_list_node *node = node_of(list, slot, at);
        unsigned index = slot_index(list, at);
        for (; index < PAGE_LIST_FANOUT && at < end;
             index++, at += VM_PAGE_SIZE) {
            struct page_slot content = node->slots[index];
            node->slots[index] = SLOT_EMPTY;
            if (!slot_is_empty(content))
                release(context, content, at);
        }
        if (node_is_empty(node))
            node_drop(list, node);
        if (index < PAGE_LIST_FANOUT)
            return;
        from = at;
    }
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
