/*
 * Merging two page lists whose skews line up: whole list nodes change hands.
 *
 *   from  | a b . c |  | . . d . |        to number n - k, same slot index
 *              \             \
 *   to    | . x . . |    (moved whole)
 *
 * No interval may be in either list. List nodes are never made here; only the
 * inner nodes above a moved one may have to be, and a host that has no room
 * for those has none for anything else.
 */
#include <stdlib.h>

#include "page_list_internal.h"

static void release_range(struct page_list *list, uint64_t start, uint64_t end,
                          page_slot_release_fn release, void *context)
{
    page_list_remove_range(list, start, end, release, context);
}

/* Put a node that belongs to no list into `to`, or free it if it is empty. */
static void put_or_free(struct page_list *to, struct page_list_node *node)
{
    if (node_is_empty(node)) {
        free(node);
        return;
    }
    bool done = node_put(to, node);
    CHECK(done);
}

static void merge_slot(struct page_slot *to, struct page_slot *from,
                       uint64_t offset, page_slot_release_fn release,
                       page_slot_migrate_fn migrate, void *context)
{
    if (slot_is_empty(*from))
        return;
    CHECK(!slot_is_interval(*from));
    if (to && !slot_is_empty(*to)) {
        CHECK(!slot_is_interval(*to));
        release(context, *from, offset);
        *from = SLOT_EMPTY;
        return;
    }
    if (slot_is_page_or_reference(*from))
        migrate(context, from, offset);
    if (to) {
        *to = *from;
        *from = SLOT_EMPTY;
    }
}

void page_list_merge_from(struct page_list *to, struct page_list *from,
                          uint64_t start, uint64_t end,
                          page_slot_release_fn release,
                          page_slot_migrate_fn migrate, void *context)
{
    CHECK((from->skew + start) % (PAGE_LIST_FANOUT * VM_PAGE_SIZE) == to->skew);
    release_range(from, 0, start, release, context);
    release_range(from, end, PAGE_LIST_MAX_SIZE, release, context);
    uint64_t shift = (from->skew + start - to->skew) >> NODE_SHIFT;
    struct page_list_node *node;
    while ((node = node_at_or_after(from, 0))) {
        struct page_list_node *target = node_find(to, node->number - shift);
        for (unsigned i = 0; i < PAGE_LIST_FANOUT; i++)
            merge_slot(target ? &target->slots[i] : NULL, &node->slots[i],
                       slot_offset(from, node, i), release, migrate, context);
        node = node_take(from, node->number);
        node->number -= shift;
        put_or_free(to, node);
        if (target && node_is_empty(target))
            node_drop(to, target);
    }
}

void page_list_merge_onto(struct page_list *top, struct page_list *bottom,
                          page_slot_release_fn release, void *context)
{
    CHECK(top->skew == bottom->skew);
    struct page_list_node *node;
    while ((node = node_at_or_after(top, 0))) {
        node = node_take(top, node->number);
        struct page_list_node *target = node_find(bottom, node->number);
        for (unsigned i = 0; target && i < PAGE_LIST_FANOUT; i++) {
            struct page_slot *slot = &target->slots[i];
            CHECK(!slot_is_interval(node->slots[i]));
            if (slot_is_empty(node->slots[i]))
                continue;
            if (slot_is_page_or_reference(*slot))
                release(context, *slot, slot_offset(bottom, target, i));
            *slot = node->slots[i];
            node->slots[i] = SLOT_EMPTY;
        }
        put_or_free(bottom, node);
    }
}
