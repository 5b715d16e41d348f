/*
 * Merging two page lists whose skews line up: whole list nodes change hands.
 *
 *   from  | a b . c |  | . . d . |        to number n - k, same slot index
 *              \             \
 *   to    | . x . . |    (moved whole)
 *
 * No interval may be in either list. No list node is made here, and the inner
 * nodes that the moved ones need come out of the reserve of both lists.
 */
#include <stdlib.h>

#include "page_list_internal.h"

/* A merge of `from` into `to`: number n becomes n - shift. */
struct list_merge {
    struct page_list *to;
    struct page_list *from;
    uint64_t shift;
    page_slot_release_fn release;
    page_slot_migrate_fn migrate;
    void *context;
};

/* Put a node of `from`, taken, into `to`, or free it if it is empty. */
static void put_or_free(const struct list_merge *merge,
                        struct page_list_node *node)
{
    if (node_is_empty(node)) {
        free(node);
        return;
    }
    node_join_reserves(merge->to, merge->from);
    bool done = node_put(merge->to, node);
    CHECK(done);
}

static void run_merge(struct list_merge *merge, node_visit_fn visit)
{
    node_take_all(merge->from, visit, merge);
    node_join_reserves(merge->to, merge->from);
    node_trim_reserve(merge->to);
}

static void merge_slot(const struct list_merge *merge, struct page_slot *to,
                       struct page_slot *from, uint64_t offset)
{
    if (slot_is_empty(*from))
        return;
    CHECK(!slot_is_interval(*from));
    if (to && !slot_is_empty(*to)) {
        CHECK(!slot_is_interval(*to));
        merge->release(merge->context, *from, offset);
        *from = SLOT_EMPTY;
        return;
    }
    if (slot_is_page_or_reference(*from))
        merge->migrate(merge->context, from, offset);
    if (to) {
        *to = *from;
        *from = SLOT_EMPTY;
    }
}

static void move_node(void *context, struct page_list_node *node)
{
    const struct list_merge *merge = context;
    struct page_list_node *target =
        node_find(merge->to, node->number - merge->shift);
    for (unsigned i = 0; i < PAGE_LIST_FANOUT; i++)
        merge_slot(merge, target ? &target->slots[i] : NULL, &node->slots[i],
                   slot_offset(merge->from, node, i));
    node->number -= merge->shift;
    put_or_free(merge, node);
}

void page_list_merge_from(struct page_list *to, struct page_list *from,
                          uint64_t start, uint64_t end,
                          page_slot_release_fn release,
                          page_slot_migrate_fn migrate, void *context)
{
    CHECK((from->skew + start) % (PAGE_LIST_FANOUT * VM_PAGE_SIZE) == to->skew);
    page_list_remove_range(from, 0, start, release, context);
    page_list_remove_range(from, end, PAGE_LIST_MAX_SIZE, release, context);
    struct list_merge merge = {
        .to = to,
        .from = from,
        .shift = (from->skew + start - to->skew) >> NODE_SHIFT,
        .release = release,
        .migrate = migrate,
        .context = context,
    };
    run_merge(&merge, move_node);
}

/* The slots of `node` cover those that are there. */
static void lay_node_over(void *context, struct page_list_node *node)
{
    const struct list_merge *merge = context;
    struct page_list_node *target = node_find(merge->to, node->number);
    for (unsigned i = 0; target && i < PAGE_LIST_FANOUT; i++) {
        struct page_slot *slot = &target->slots[i];
        CHECK(!slot_is_interval(node->slots[i]));
        if (slot_is_empty(node->slots[i]))
            continue;
        if (slot_is_page_or_reference(*slot))
            merge->release(merge->context, *slot,
                           slot_offset(merge->to, target, i));
        *slot = node->slots[i];
        node->slots[i] = SLOT_EMPTY;
    }
    put_or_free(merge, node);
}

void page_list_merge_onto(struct page_list *top, struct page_list *bottom,
                          page_slot_release_fn release, void *context)
{
    CHECK(top->skew == bottom->skew);
    struct list_merge merge = {
        .to = bottom, .from = top, .release = release, .context = context};
    run_merge(&merge, lay_node_over);
}
