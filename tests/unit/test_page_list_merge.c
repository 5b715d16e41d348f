/*
 * Merging page lists asks the host for nothing, however far apart their list
 * nodes are and however often a list has been merged before.
 */
#include "host_memory.h"
#include "page_list_fixture.h"
#include "world/random.h"

enum { LISTS = 8, ROUNDS = 400 };

#define SPAN (UINT64_C(256) * PAGE_LIST_FANOUT) /* pages below an inner node */

static void forget(void *context, struct page_slot content, uint64_t offset)
{
    (void)content;
    (void)offset;
    ++*(uint64_t *)context;
}

static void leave(void *context, struct page_slot *slot, uint64_t offset)
{
    (void)context;
    (void)slot;
    (void)offset;
}

static void put_at(struct page_list *list, uint64_t page)
{
    struct page_slot *slot = page_list_lookup_or_allocate(
        list, pages_to_bytes(page), SLOT_NO_INTERVALS, NULL);
    cr_assert_not_null(slot);
    *slot = page_content(0);
}

/* Everything of `from` comes `nodes` list nodes lower in `to`. */
static void merge_down(struct page_list *to, struct page_list *from,
                       uint64_t nodes)
{
    uint64_t start = pages_to_bytes(nodes * PAGE_LIST_FANOUT);
    uint64_t released = 0;
    host_memory_fail_nth(1);
    page_list_merge_from(to, from, start, PAGE_LIST_MAX_SIZE, forget, leave,
                         &released);
    cr_assert(!host_memory_has_failed(), "a merge has asked for memory");
    cr_assert_null(page_list_valid(to));
    cr_assert(page_list_is_empty(from));
}

static void merge_over(struct page_list *top, struct page_list *bottom)
{
    uint64_t released = 0;
    host_memory_fail_nth(1);
    page_list_merge_onto(top, bottom, forget, &released);
    cr_assert(!host_memory_has_failed(), "a merge has asked for memory");
    cr_assert_null(page_list_valid(bottom));
    cr_assert(page_list_is_empty(top));
}

Test(page_list_merge, two_pages_far_apart)
{
    static const uint64_t far[] = {1,         16,         SPAN - 1,    SPAN,
                                   20 * SPAN, 300 * SPAN, 70000 * SPAN};
    int64_t blocks = host_memory_live_blocks();
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++)
        for (size_t j = 0; j < sizeof far / sizeof far[0]; j++) {
            struct page_list one = new_list();
            struct page_list other = new_list();
            put_at(&one, far[i] - 1);
            put_at(&other, far[j]);
            merge_over(&one, &other);
            merge_down(&one, &other, 1);
            page_list_release(&one);
            cr_assert_eq(host_memory_live_blocks(), blocks);
        }
}

/* A whole inner node full comes to lie across two, then four lists of those
 * across each other, one list node apart. */
Test(page_list_merge, full_ranges_that_cross_inner_nodes)
{
    int64_t blocks = host_memory_live_blocks();
    struct page_list all = new_list();
    for (uint64_t k = 0; k < 6; k++) {
        struct page_list next = new_list();
        for (uint64_t page = 2 * SPAN * k; page < SPAN * (2 * k + 1);
             page += PAGE_LIST_FANOUT)
            put_at(&next, SPAN * 3 + page);
        merge_down(&next, &all, 1);
        page_list_move(&all, &next);
    }
    for (uint64_t k = 0; k < 600; k++) {
        struct page_list next = new_list();
        merge_down(&next, &all, k % 3 + 1);
        page_list_move(&all, &next);
    }
    page_list_release(&all);
    cr_assert_eq(host_memory_live_blocks(), blocks);
}

static uint64_t draw_page(struct random_stream *random)
{
    return random_below(random, UINT64_C(1) << (4 + random_below(random, 30)));
}

/* Pages come, one here or a run there, and go. */
static void change(struct page_list *list, struct random_stream *random)
{
    uint64_t page = draw_page(random);
    uint64_t count = random_below(random, 4) ? 1 : 600;
    uint64_t released = 0;
    if (random_below(random, 3))
        for (uint64_t i = 0; i < count; i++)
            put_at(list, page + i * PAGE_LIST_FANOUT);
    else
        page_list_remove_range(list, pages_to_bytes(page),
                               pages_to_bytes(page + (page + 100) * 2), forget,
                               &released);
    cr_assert_null(page_list_valid(list));
}

Test(page_list_merge, whatever_came_before)
{
    int64_t blocks = host_memory_live_blocks();
    struct random_stream random;
    struct page_list lists[LISTS];
    random_init(&random, 11, "list", "merge", 0);
    for (int i = 0; i < LISTS; i++)
        lists[i] = new_list();
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < LISTS; i++)
            for (uint64_t n = random_below(&random, 4); n > 0; n--)
                change(&lists[i], &random);
        for (int n = 0; n < LISTS; n++) {
            uint64_t i = random_below(&random, LISTS);
            uint64_t j = random_below(&random, LISTS);
            if (i == j)
                continue;
            if (random_below(&random, 2))
                merge_over(&lists[i], &lists[j]);
            else
                merge_down(&lists[i], &lists[j],
                           random_below(&random, 2)
                               ? random_below(&random, 300)
                               : draw_page(&random) / PAGE_LIST_FANOUT);
        }
    }
    for (int i = 0; i < LISTS; i++)
        page_list_release(&lists[i]);
    cr_assert_eq(host_memory_live_blocks(), blocks);
}

Test(page_list_merge, what_is_reserved_needs_no_memory)
{
    static const uint64_t ends[] = {1, 17, SPAN, SPAN + 1, 300 * SPAN};
    int64_t blocks = host_memory_live_blocks();
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct page_list list = new_list();
        bool has_failed = true;
        for (uint64_t n = 1; has_failed && n < 40; n++) {
            host_memory_fail_nth(n);
            bool done = page_list_reserve(&list, pages_to_bytes(ends[i]));
            has_failed = host_memory_has_failed();
            cr_assert_eq(done, !has_failed);
            if (!done)
                cr_assert_eq(host_memory_live_blocks(), blocks);
        }
        cr_assert(page_list_reserve(&list, pages_to_bytes(ends[i])));
        host_memory_fail_nth(1);
        for (uint64_t page = ends[i]; page-- > 0;)
            put_at(&list, page);
        cr_assert(!host_memory_has_failed());
        page_list_release(&list);
        cr_assert(page_list_reserve(&list, pages_to_bytes(ends[i])));
        page_list_release(&list);
        cr_assert_eq(host_memory_live_blocks(), blocks);
    }
}

/* Without memory for what a merge may need once, nothing is put in. */
Test(page_list_merge, what_is_held_back_is_had_first)
{
    static const uint64_t pages[] = {0, 3 * SPAN, 5 * SPAN, 300 * SPAN};
    int64_t blocks = host_memory_live_blocks();
    struct page_list list = new_list();
    uint64_t failures = 0;
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        bool has_failed = true;
        for (uint64_t n = 1; has_failed; n++) {
            host_memory_fail_nth(n);
            struct page_slot *slot = page_list_lookup_or_allocate(
                &list, pages_to_bytes(pages[i]), SLOT_NO_INTERVALS, NULL);
            has_failed = host_memory_has_failed();
            cr_assert_eq(slot == NULL, has_failed);
            if (slot)
                *slot = page_content(0);
            failures += has_failed;
            cr_assert_null(page_list_valid(&list));
            cr_assert_eq(list.node_count, i + !has_failed);
        }
    }
    cr_assert_gt(failures, 8);
    page_list_release(&list);
    cr_assert_eq(host_memory_live_blocks(), blocks);
}
