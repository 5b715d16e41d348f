/*
 * Page lists: content in slots, the tree of list nodes, walks, runs, merging.
 * Zero intervals have test_page_intervals.c.
 */
#include "page_list_fixture.h"

/* Pages and markers alternate: p0@0 m@1 p1@2 m@3 ... */
static void put_alternating(struct page_list *list, unsigned pages)
{
    for (unsigned i = 0; i < pages; i++) {
        put_page(list, 2 * i, i);
        put_marker(list, 2 * i + 1);
    }
}

/* --- content --------------------------------- */

Test(page_list, L01_page_is_found_until_removed)
{
    struct page_list list = new_list();
    put_page(&list, 0, 0);
    cr_assert(holds_page(&list, 0, 0));
    cr_assert(!page_list_is_empty(&list));
    cr_assert(!page_list_has_no_page_or_reference(&list));

    cr_assert(take_out(&list, 0).bits == page_content(0).bits);
    cr_assert(slot_is_empty(take_out(&list, 0)));
    cr_assert(page_list_is_empty(&list));
    cr_assert(page_list_has_no_page_or_reference(&list));
    expect_valid(&list);
}

Test(page_list, L02_marker_is_content_but_neither_page_nor_reference)
{
    struct page_list list = new_list();
    cr_assert(page_list_is_empty(&list));
    cr_assert(page_list_has_no_page_or_reference(&list));

    put_marker(&list, 0);
    cr_assert(!page_list_is_empty(&list));
    cr_assert(page_list_has_no_page_or_reference(&list));

    cr_assert(slot_is_marker(take_out(&list, 0)));
    cr_assert(page_list_is_empty(&list));
    cr_assert(page_list_has_no_page_or_reference(&list));
}

Test(page_list, L03_reference_of_value_zero_is_content)
{
    struct page_list list = new_list();
    put_reference(&list, 0, 0);
    cr_assert(!page_list_is_empty(&list));
    cr_assert(!page_list_has_no_page_or_reference(&list));
    put_reference(&list, 1, 1);

    struct page_slot first = take_out(&list, 0);
    cr_assert(slot_is_reference(first));
    cr_assert(slot_reference(first) == 0);
    cr_assert(!page_list_is_empty(&list));
    cr_assert(!page_list_has_no_page_or_reference(&list));

    struct page_slot second = take_out(&list, 1);
    cr_assert(slot_is_reference(second));
    cr_assert(slot_reference(second) == reference_content(1).bits >> 4 << 4);
    cr_assert(page_list_is_empty(&list));
    cr_assert(page_list_has_no_page_or_reference(&list));
}

Test(page_list, L04_splits_live_in_the_page_or_in_the_reference_slot)
{
    struct vm_page pages[2] = {{0}};
    struct page_list list = new_list();
    put_page(&list, 0, 0);
    put_reference(&list, 1, 1);
    struct page_slot *page = page_list_lookup(&list, 0);
    struct page_slot *reference = page_list_lookup(&list, VM_PAGE_SIZE);
    cr_assert(!slot_left_split(*page, pages) &&
              !slot_right_split(*page, pages));
    cr_assert(!slot_left_split(*reference, pages) &&
              !slot_right_split(*reference, pages));

    pages[slot_page(*page)].left_split = true;
    cr_assert(slot_left_split(*page, pages) && !slot_right_split(*page, pages));
    slot_set_splits(page, pages, false, false);
    cr_assert(!pages[slot_page(*page)].left_split);

    slot_set_splits(reference, pages, false, true);
    cr_assert(!slot_left_split(*reference, pages) &&
              slot_right_split(*reference, pages));

    struct page_slot content = take_out(&list, 1);
    slot_set_splits(&content, pages, true, false);
    put(&list, 1, content);
    cr_assert(slot_left_split(get(&list, 1), pages) &&
              !slot_right_split(get(&list, 1), pages));
    cr_assert(slot_reference(get(&list, 1)) == 1 << 4);
    page_list_release(&list);
}

Test(page_list, L05_swapping_preserves_split_bits)
{
    struct vm_page pages[2] = {{0}};
    struct page_list list = new_list();
    put_page(&list, 0, 0);
    struct page_slot *slot = page_list_lookup(&list, 0);
    slot_set_splits(slot, pages, true, false);

    page_index page = slot_swap_page_for_reference(slot, pages, 7 << 4);
    cr_assert(page == slot_page(page_content(0)));
    cr_assert(!pages[page].left_split && !pages[page].right_split);
    cr_assert(slot_left_split(*slot, pages) && !slot_right_split(*slot, pages));

    slot_set_splits(slot, pages, true, true);
    cr_assert(slot_swap_reference_for_page(slot, pages, page) == 7 << 4);
    cr_assert(slot_left_split(*slot, pages) && slot_right_split(*slot, pages));
    cr_assert(pages[page].left_split && pages[page].right_split);
    page_list_release(&list);
}

Test(page_list, changing_a_reference_keeps_its_split_bits)
{
    struct page_slot slot = reference_content(3);
    slot_set_splits(&slot, NULL, true, false);
    cr_assert(slot_change_reference(&slot, 9 << 4) == 3 << 4);
    cr_assert(slot_reference(slot) == 9 << 4);
    cr_assert(slot_left_split(slot, NULL) && !slot_right_split(slot, NULL));
}

Test(page_list, L06_removing_a_range_leaves_the_rest)
{
    struct page_list list = new_list();
    struct leavers gone = {.release_count = 0};
    put_alternating(&list, 48);
    page_list_remove_range(&list, pages_to_bytes(2), pages_to_bytes(94),
                           note_release, &gone);
    expect_list(&list, "p0@0 m@1 p47@94 m@95");
    cr_assert(gone.release_count == 92);
    page_list_release(&list);
}

Test(page_list, L07_removing_all_hands_out_the_one_page)
{
    struct page_list list = new_list();
    struct leavers gone = {.release_count = 0};
    put_page(&list, 0, 0);
    page_list_remove_all(&list, note_release, &gone);
    expect_text(&gone.released, "p0@0");
    cr_assert(page_list_is_empty(&list));
}

Test(page_list, removing_all_drops_markers_and_intervals_silently)
{
    struct page_list list = new_list();
    struct leavers gone = {.release_count = 0};
    put_marker(&list, 1);
    put_reference(&list, 2, 5);
    add_zeroes(&list, 20, 60);
    page_list_remove_all(&list, note_release, &gone);
    expect_text(&gone.released, "r5@2");
    cr_assert(page_list_is_empty(&list));
    cr_assert(page_list_heap_bytes(&list) == 0);
}

/* --- far offsets and skew --------------------------------- */

Test(page_list, L08_last_offsets_are_addable_up_to_the_largest)
{
    struct page_list list = new_list();
    uint64_t added = 0;
    for (uint64_t at = UINT64_C(0xfffffffffff00000);
         at < UINT64_C(0xfffffffffffe0000); at += VM_PAGE_SIZE, added++) {
        struct page_slot *slot =
            page_list_lookup_or_allocate(&list, at, SLOT_NO_INTERVALS, NULL);
        cr_assert(slot != NULL);
        *slot = page_content(1);
        expect_valid(&list);
        cr_assert(slot_is_page(page_list_remove(&list, at)));
    }
    cr_assert(added == 224);
    cr_assert(page_list_lookup_or_allocate(&list, UINT64_C(0xfffffffffffe0000),
                                           SLOT_NO_INTERVALS, NULL) == NULL);
    cr_assert(page_list_is_empty(&list));
}

Test(page_list, largest_offset_shrinks_by_the_skew)
{
    for (uint64_t skew = 0; skew < PAGE_LIST_FANOUT; skew++) {
        struct page_list list = new_skewed_list(skew);
        uint64_t end = PAGE_LIST_MAX_SIZE - pages_to_bytes(skew);
        for (uint64_t at = end; at >= end; at += VM_PAGE_SIZE) {
            cr_assert(page_list_lookup_or_allocate(&list, at, SLOT_NO_INTERVALS,
                                                   NULL) == NULL);
        }
        struct page_slot *last = page_list_lookup_or_allocate(
            &list, end - VM_PAGE_SIZE, SLOT_NO_INTERVALS, NULL);
        cr_assert(last != NULL);
        *last = SLOT_ZERO_MARKER;
        expect_valid(&list);
        page_list_release(&list);
    }
}

/* With a skew the first list node begins before offset 0: those of its slots
 * belong to no offset, and not to the last ones of all either. */
Test(page_list, offsets_past_the_largest_do_not_wrap_to_the_first_node)
{
    struct page_list list = new_skewed_list(3);
    put_page(&list, 0, 0);
    for (uint64_t at = PAGE_LIST_MAX_SIZE; at != 0; at += VM_PAGE_SIZE) {
        cr_assert(page_list_lookup(&list, at) == NULL);
        cr_assert(slot_is_empty(page_list_get(&list, at)));
        cr_assert(slot_is_empty(page_list_remove(&list, at)));
        cr_assert(!page_list_is_in_interval(&list, at));
        cr_assert(page_list_cursor_slot(page_list_cursor_at(&list, at)) ==
                  NULL);
    }
    expect_list(&list, "p0@0");
    page_list_release(&list);
}

Test(page_list, skew_decides_where_list_nodes_begin)
{
    for (uint64_t skew = 0; skew < PAGE_LIST_FANOUT; skew++) {
        struct page_list list = new_skewed_list(skew);
        uint64_t one_node = 0;
        put_marker(&list, 0);
        one_node = page_list_heap_bytes(&list);
        for (uint64_t at = 1; at < 40; at++) {
            put_page(&list, at, (unsigned)at);
            uint64_t nodes = (at + skew) / PAGE_LIST_FANOUT + 1;
            cr_assert(page_list_heap_bytes(&list) == nodes * one_node);
        }
        for (uint64_t at = 1; at < 40; at++)
            cr_assert(holds_page(&list, at, (unsigned)at));
        expect_valid(&list);
        page_list_release(&list);
        cr_assert(page_list_heap_bytes(&list) == 0);
    }
}

/* --- the tree --------------------------------- */

/* One page on both sides of each height a tree can have, in pages. */
enum { EDGE_COUNT = 12 };

static void fill_edges(uint64_t edges[EDGE_COUNT])
{
    for (unsigned level = 0; level < EDGE_COUNT / 2; level++) {
        uint64_t nodes = UINT64_C(1) << (8 * level);
        edges[2 * level] = nodes * PAGE_LIST_FANOUT - 1;
        edges[2 * level + 1] = nodes * PAGE_LIST_FANOUT;
    }
}

static void expect_edges(const struct page_list *list,
                         const uint64_t edges[EDGE_COUNT], unsigned from,
                         unsigned to)
{
    uint64_t at;
    uint64_t position = 0;
    for (unsigned i = from; i < to; i++) {
        const struct page_slot *slot =
            page_list_next(list, position, UINT64_MAX, &at);
        cr_assert(slot && at == pages_to_bytes(edges[i]));
        cr_assert(slot->bits == page_content(i).bits);
        position = at + VM_PAGE_SIZE;
    }
    cr_assert(page_list_next(list, position, UINT64_MAX, &at) == NULL);
    position = UINT64_MAX;
    for (unsigned i = to; i-- > from;) {
        const struct page_slot *slot =
            page_list_previous(list, 0, position, &at);
        cr_assert(slot && at == pages_to_bytes(edges[i]));
        position = at;
    }
    cr_assert(page_list_previous(list, 0, position, &at) == NULL);
    expect_valid(list);
}

Test(page_list, tree_grows_upwards_and_loses_its_low_end)
{
    uint64_t edges[EDGE_COUNT];
    struct page_list list = new_list();
    fill_edges(edges);
    for (unsigned i = 0; i < EDGE_COUNT; i++) {
        put_page(&list, edges[i], i);
        expect_edges(&list, edges, 0, i + 1);
    }
    for (unsigned i = 0; i < EDGE_COUNT; i++) {
        cr_assert(slot_is_page(take_out(&list, edges[i])));
        expect_edges(&list, edges, i + 1, EDGE_COUNT);
    }
    cr_assert(page_list_is_empty(&list));
}

Test(page_list, tree_grows_downwards_and_loses_its_high_end)
{
    uint64_t edges[EDGE_COUNT];
    struct page_list list = new_list();
    fill_edges(edges);
    for (unsigned i = EDGE_COUNT; i-- > 0;) {
        put_page(&list, edges[i], i);
        expect_edges(&list, edges, i, EDGE_COUNT);
    }
    for (unsigned i = EDGE_COUNT; i-- > 0;) {
        cr_assert(slot_is_page(take_out(&list, edges[i])));
        expect_edges(&list, edges, 0, i);
    }
    cr_assert(page_list_is_empty(&list));
}

Test(page_list, absent_neighbours_are_looked_up_without_finding_any)
{
    uint64_t edges[EDGE_COUNT];
    struct page_list list = new_list();
    fill_edges(edges);
    put_page(&list, edges[EDGE_COUNT / 2], 0);
    for (unsigned i = 0; i < EDGE_COUNT; i++) {
        bool is_there = i == EDGE_COUNT / 2;
        uint64_t at;
        uint64_t offset = pages_to_bytes(edges[i]);
        cr_assert(slot_is_page(get(&list, edges[i])) == is_there);
        cr_assert((page_list_next(&list, offset, offset + VM_PAGE_SIZE, &at) !=
                   NULL) == is_there);
        cr_assert((page_list_previous(&list, offset, offset + VM_PAGE_SIZE,
                                      &at) != NULL) == is_there);
    }
    page_list_release(&list);
}

Test(page_list, searches_keep_within_their_range)
{
    struct page_list list = new_skewed_list(5);
    uint64_t at = 0;
    put_page(&list, 10, 0);
    put_page(&list, 40, 1);
    cr_assert(
        !page_list_next(&list, pages_to_bytes(11), pages_to_bytes(40), &at));
    cr_assert(
        page_list_next(&list, pages_to_bytes(11), pages_to_bytes(41), &at) &&
        at == pages_to_bytes(40));
    cr_assert(!page_list_previous(&list, pages_to_bytes(11), pages_to_bytes(40),
                                  &at));
    cr_assert(page_list_previous(&list, pages_to_bytes(10), pages_to_bytes(40),
                                 &at) &&
              at == pages_to_bytes(10));
    cr_assert(
        !page_list_next(&list, pages_to_bytes(10), pages_to_bytes(10), &at));
    cr_assert(!page_list_previous(&list, pages_to_bytes(40), pages_to_bytes(40),
                                  &at));
    page_list_release(&list);
}

Test(page_list, unused_slot_is_given_back_with_its_node)
{
    struct page_list list = new_list();
    put_page(&list, 0, 0);
    cr_assert(page_list_lookup_or_allocate(&list, pages_to_bytes(1000),
                                           SLOT_NO_INTERVALS, NULL) != NULL);
    page_list_return_empty_slot(&list, pages_to_bytes(1000));
    expect_list(&list, "p0@0");

    cr_assert(page_list_lookup_or_allocate(&list, pages_to_bytes(1),
                                           SLOT_NO_INTERVALS, NULL) != NULL);
    page_list_return_empty_slot(&list, pages_to_bytes(1));
    expect_list(&list, "p0@0");
    page_list_release(&list);
}

Test(page_list, relocated_page_takes_its_list_node_along)
{
    struct page_list list = new_list();
    put_page(&list, 3, 0);
    put_page(&list, 5000, 1);
    put_marker(&list, 4);
    cr_assert_eq(
        page_list_relocate(&list, pages_to_bytes(5000), pages_to_bytes(70000)),
        VM_OK);
    expect_list(&list, "p0@3 m@4 p1@70000");
    cr_assert_eq(list.node_count, 2);
    cr_assert_eq(
        page_list_relocate(&list, pages_to_bytes(3), pages_to_bytes(5)), VM_OK);
    expect_list(&list, "m@4 p0@5 p1@70000");
    page_list_release(&list);
}

Test(page_list, relocating_onto_content_changes_nothing)
{
    struct page_list list = new_list();
    put_page(&list, 3, 0);
    put_marker(&list, 4);
    add_zeroes(&list, 8, 12);
    static const uint64_t taken[] = {3, 4, 8, 9, 11};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        cr_assert_eq(page_list_relocate(&list, pages_to_bytes(3),
                                        pages_to_bytes(taken[i])),
                     VM_ALREADY_EXISTS);
    cr_assert_eq(
        page_list_relocate(&list, pages_to_bytes(3), PAGE_LIST_MAX_SIZE),
        VM_NO_MEMORY);
    expect_list(&list, "p0@3 m@4 start@8 end@11");
    page_list_release(&list);
}

Test(page_list, emptied_list_nodes_are_used_again)
{
    struct page_list list = new_list();
    put_page(&list, 0, 0);
    for (uint64_t page = 100; page < 5000; page += 100) {
        put_page(&list, page, 1);
        take_out(&list, page);
    }
    cr_assert_eq(list.node_count, 1);
    cr_assert_eq(list.spare_count, 1, "one node served all of them");
    put_page(&list, 200, 2);
    expect_list(&list, "p0@0 p2@200");
    cr_assert_eq(list.spare_count, 0);
    take_out(&list, 200);
    take_out(&list, 0);
    cr_assert_null(list.spares, "an empty list owns nothing");
}

Test(page_list, moving_hands_everything_over)
{
    struct page_list from = new_skewed_list(7);
    struct page_list to = new_skewed_list(7);
    put_page(&from, 3, 0);
    put_marker(&from, 5000);
    page_list_move(&to, &from);
    expect_list(&to, "p0@3 m@5000");
    expect_list(&from, "");
    put_page(&from, 4, 1);
    expect_list(&from, "p1@4");
    page_list_release(&from);
    page_list_release(&to);
}

/* --- walks --------------------------------- */

Test(page_list, L15_walk_meets_pages_and_gaps_in_order)
{
    for (unsigned mask = 0; mask < 16; mask++) {
        struct page_list list = new_list();
        for (unsigned i = 0; i < 4; i++)
            if (mask >> i & 1)
                put_page(&list, i, i);
        for (unsigned stop = 0; stop < 4; stop++) {
            struct page_walk walk = page_walk_over(&list, 0, pages_to_bytes(4));
            struct page_walk_item item;
            unsigned next = 0;
            while (next <= stop && page_walk_next(&walk, &item)) {
                cr_assert(item.start == pages_to_bytes(next));
                uint64_t end = bytes_to_pages(item.end);
                for (; next < end; next++)
                    cr_assert((mask >> next & 1) == (item.slot != NULL));
            }
            cr_assert(next > stop);
        }
        page_list_release(&list);
    }
}

Test(page_list, L19_walk_meets_every_page_and_marker)
{
    struct page_list list = new_list();
    put_marker(&list, 0);
    put_page(&list, 1, 0);
    put_marker(&list, 15);
    put_page(&list, 16, 1);
    put_marker(&list, 17);
    expect_list(&list, "m@0 p0@1 m@15 p1@16 m@17");
    expect_walk(&list, 1, 17, "p0@1 [2,15) m@15 p1@16");
    page_list_release(&list);
}

Test(page_list, walk_of_an_empty_range_meets_nothing)
{
    struct page_list list = new_list();
    put_page(&list, 4, 0);
    expect_walk(&list, 4, 4, "");
    expect_walk(&list, 0, 0, "");
    page_list_release(&list);
}

Test(page_list, walk_clips_gaps_to_its_range)
{
    struct page_list list = new_skewed_list(9);
    expect_walk(&list, 3, 70, "[3,70)");
    put_page(&list, 40, 0);
    expect_walk(&list, 3, 70, "[3,40) p0@40 [41,70)");
    expect_walk(&list, 3, 40, "[3,40)");
    expect_walk(&list, 41, 70, "[41,70)");
    expect_walk(&list, 40, 41, "p0@40");
    page_list_release(&list);
}

Test(page_list, walk_allows_emptying_the_slot_it_stands_on)
{
    struct page_list list = new_list();
    unsigned met = 0;
    for (unsigned i = 0; i < 40; i++)
        put_page(&list, 3 * i, i);
    struct page_walk walk = page_walk_over(&list, 0, pages_to_bytes(120));
    struct page_walk_item item;
    while (page_walk_next(&walk, &item)) {
        if (!item.slot)
            continue;
        cr_assert(page_list_remove(&list, item.start).bits ==
                  page_content(met).bits);
        met++;
    }
    cr_assert(met == 40);
    cr_assert(page_list_is_empty(&list));
}

/* --- runs --------------------------------- */

/* What a run walk is to do, and what it did. */
struct run_log {
    struct text visited;
    struct text runs;
    const char *wanted;    /* 'T' or 'F' for each page offset; NULL: all */
    uint64_t status_at;    /* page offset at which the slot callback ... */
    enum vm_status status; /* ... returns this; 0: always VM_NEXT */
    enum vm_status run_status;
};

static bool log_wanted(void *context, struct page_slot slot, uint64_t offset)
{
    const struct run_log *log = context;
    cr_assert(!slot_is_empty(slot));
    return !log->wanted || log->wanted[bytes_to_pages(offset)] == 'T';
}

static enum vm_status log_visit(void *context, struct page_slot *slot,
                                uint64_t offset)
{
    struct run_log *log = context;
    text_add_slot(&log->visited, *slot, offset);
    bool is_special = log->status && offset == pages_to_bytes(log->status_at);
    return is_special ? log->status : VM_NEXT;
}

static enum vm_status log_run(void *context, uint64_t start, uint64_t end,
                              bool is_interval)
{
    struct run_log *log = context;
    text_space(&log->runs);
    text_add(&log->runs, "%s[%" PRIu64 ",%" PRIu64 ")",
             is_interval ? "interval" : "", bytes_to_pages(start),
             bytes_to_pages(end));
    return log->run_status ? log->run_status : VM_NEXT;
}

/* Walk [0, end) and compare all that happened. */
static void expect_runs(const struct page_list *list, uint64_t end,
                        struct run_log *log, enum vm_status status,
                        const char *visited, const char *runs)
{
    cr_assert(page_list_for_each_run(list, 0, pages_to_bytes(end), log_wanted,
                                     log_visit, log_run, log) == status);
    expect_text(&log->visited, visited);
    expect_text(&log->runs, runs);
}

static struct page_list list_of_pages(unsigned count)
{
    struct page_list list = new_list();
    for (unsigned i = 0; i < count; i++)
        put_page(&list, i, i);
    return list;
}

Test(page_list, L21_adjacent_pages_form_one_run)
{
    static const uint64_t at[] = {0, 2, 3, 31, 32, 33};
    struct page_list list = new_list();
    struct run_log log = {.wanted = NULL};
    for (unsigned i = 0; i < 6; i++)
        put_page(&list, at[i], i);
    expect_runs(&list, 48, &log, VM_OK, "p0@0 p1@2 p2@3 p3@31 p4@32 p5@33",
                "[0,1) [2,4) [31,34)");
    page_list_release(&list);
}

Test(page_list, L22_unwanted_pages_part_runs_and_are_not_visited)
{
    struct page_list list = list_of_pages(5);
    struct run_log log = {.wanted = "FTTFT"};
    expect_runs(&list, 5, &log, VM_OK, "p1@1 p2@2 p4@4", "[1,3) [4,5)");
    page_list_release(&list);
}

Test(page_list, L23_stop_at_a_page_ends_the_run_behind_it)
{
    struct page_list list = list_of_pages(3);
    struct run_log at_page = {.status_at = 1, .status = VM_STOP};
    expect_runs(&list, 3, &at_page, VM_OK, "p0@0 p1@1", "[0,2)");

    struct run_log at_run = {.wanted = "TFT", .run_status = VM_STOP};
    expect_runs(&list, 3, &at_run, VM_OK, "p0@0", "[0,1)");
    page_list_release(&list);
}

Test(page_list, L24_failure_at_a_page_ends_the_run_before_it)
{
    struct page_list list = list_of_pages(3);
    struct run_log at_page = {.status_at = 1, .status = VM_BAD_STATE};
    expect_runs(&list, 3, &at_page, VM_BAD_STATE, "p0@0 p1@1", "[0,1)");

    struct run_log at_run = {.wanted = "TFT", .run_status = VM_BAD_STATE};
    expect_runs(&list, 3, &at_run, VM_BAD_STATE, "p0@0", "[0,1)");
    page_list_release(&list);
}

Test(page_list, failure_of_a_run_wins_over_that_of_the_page_behind_it)
{
    struct page_list list = list_of_pages(3);
    struct run_log log = {
        .status_at = 1, .status = VM_BAD_STATE, .run_status = VM_NO_MEMORY};
    expect_runs(&list, 3, &log, VM_NO_MEMORY, "p0@0 p1@1", "[0,1)");
    page_list_release(&list);
}

Test(page_list, run_that_stops_does_not_hide_the_failure_behind_it)
{
    struct page_list list = list_of_pages(3);
    struct run_log log = {
        .status_at = 1, .status = VM_BAD_STATE, .run_status = VM_STOP};
    expect_runs(&list, 3, &log, VM_BAD_STATE, "p0@0 p1@1", "[0,1)");
    page_list_release(&list);
}

Test(page_list, failure_at_the_first_page_reports_no_run)
{
    struct page_list list = list_of_pages(3);
    struct run_log log = {.status_at = 0, .status = VM_BAD_STATE};
    expect_runs(&list, 3, &log, VM_BAD_STATE, "p0@0", "");
    page_list_release(&list);
}

Test(page_list, runs_of_an_empty_range_are_none)
{
    struct page_list list = list_of_pages(3);
    struct run_log log = {.status_at = 0, .status = VM_BAD_STATE};
    expect_runs(&list, 0, &log, VM_OK, "", "");
    page_list_release(&list);
}

Test(page_list, run_walk_needs_no_slot_callback)
{
    struct page_list list = list_of_pages(40);
    struct run_log log = {.wanted = NULL};
    cr_assert(page_list_for_each_run(&list, pages_to_bytes(3),
                                     pages_to_bytes(39), log_wanted, NULL,
                                     log_run, &log) == VM_OK);
    expect_text(&log.runs, "[3,39)");
    page_list_release(&list);
}

/* --- merging --------------------------------- */

Test(page_list, L16_merging_from_moves_the_range_to_the_front)
{
    static const uint64_t at[] = {15, 16, 47, 48, 79, 80};
    for (unsigned i = 0; i < PAGE_LIST_FANOUT; i++) {
        for (unsigned j = 0; j < PAGE_LIST_FANOUT; j++) {
            struct page_list parent = new_skewed_list(i);
            struct page_list child = new_skewed_list(i + j);
            struct leavers leavers = {.release_count = 0};
            struct text released = {""};
            struct text migrated = {""};
            for (unsigned k = 0; k < 6; k++) {
                put_page(&parent, at[k] + j, k);
                text_add_slot(k == 0 || k == 5 ? &released : &migrated,
                              page_content(k), pages_to_bytes(at[k] + j));
            }
            page_list_merge_from(&child, &parent, pages_to_bytes(16 + j),
                                 pages_to_bytes(80 + j), note_release,
                                 note_migrate, &leavers);
            expect_text(&leavers.released, released.chars);
            expect_text(&leavers.migrated, migrated.chars);
            expect_list(&child, "p1@0 p2@31 p3@32 p4@63");
            cr_assert(page_list_is_empty(&parent));
            page_list_release(&child);
        }
    }
}

Test(page_list, L17_merging_from_releases_what_is_covered)
{
    for (unsigned i = 0; i < PAGE_LIST_FANOUT; i++) {
        for (unsigned j = 0; j < PAGE_LIST_FANOUT; j++) {
            struct page_list parent = new_skewed_list(i);
            struct page_list child = new_skewed_list(i + j);
            struct leavers leavers = {.release_count = 0};
            struct text released = {""};
            struct text migrated = {""};
            put_page(&parent, j, 0);
            put_page(&parent, j + 2, 1);
            put_page(&child, 0, 2);
            put_page(&child, 1, 3);
            text_add_slot(&released, page_content(0), pages_to_bytes(j));
            text_add_slot(&migrated, page_content(1), pages_to_bytes(j + 2));
            page_list_merge_from(&child, &parent, pages_to_bytes(j),
                                 pages_to_bytes(j + 4), note_release,
                                 note_migrate, &leavers);
            expect_text(&leavers.released, released.chars);
            expect_text(&leavers.migrated, migrated.chars);
            expect_list(&child, "p2@0 p3@1 p1@2");
            cr_assert(page_list_is_empty(&parent));
            page_list_release(&child);
        }
    }
}

Test(page_list, L18_merging_from_moves_markers_without_asking)
{
    struct page_list parent = new_list();
    struct page_list child = new_list();
    struct leavers leavers = {.release_count = 0};
    for (unsigned i = 0; i < 3; i++)
        put_marker(&parent, i);
    put_marker(&child, 1);
    put_page(&child, 2, 0);
    page_list_merge_from(&child, &parent, 0, pages_to_bytes(3), note_release,
                         note_migrate, &leavers);
    cr_assert(leavers.release_count == 2);
    cr_assert(leavers.migrate_count == 0);
    expect_list(&child, "m@0 m@1 p0@2");
    page_list_release(&child);
}

static void take_reference(void *context, struct page_slot *slot,
                           uint64_t offset)
{
    note_migrate(context, slot, offset);
    if (slot_is_reference(*slot))
        *slot = SLOT_EMPTY;
}

Test(page_list, content_taken_while_merging_stays_out_of_the_list)
{
    struct page_list parent = new_list();
    struct page_list child = new_list();
    struct leavers leavers = {.release_count = 0};
    put_reference(&parent, 0, 4);
    put_page(&parent, 1, 0);
    put_reference(&parent, 40, 5); /* alone in its list node */
    put_marker(&child, 2);
    page_list_merge_from(&child, &parent, 0, pages_to_bytes(48), note_release,
                         take_reference, &leavers);
    expect_text(&leavers.migrated, "r4@0 p0@1 r5@40");
    cr_assert(leavers.release_count == 0);
    expect_list(&child, "p0@1 m@2");
    page_list_release(&child);
}

Test(page_list, merging_from_needs_room_far_above_the_child)
{
    struct page_list parent = new_skewed_list(3);
    struct page_list child = new_skewed_list(3);
    struct leavers leavers = {.release_count = 0};
    put_page(&parent, 16, 0);
    put_page(&parent, 16 + (UINT64_C(1) << 40), 1);
    put_page(&child, 1, 2);
    page_list_merge_from(&child, &parent, pages_to_bytes(16),
                         PAGE_LIST_MAX_SIZE, note_release, note_migrate,
                         &leavers);
    expect_list(&child, "p0@0 p2@1 p1@1099511627776");
    page_list_release(&child);
}

Test(page_list, L20_merging_onto_replaces_what_lies_below)
{
    struct page_list top = new_list();
    struct page_list bottom = new_list();
    struct leavers leavers = {.release_count = 0};
    put_page(&top, 0, 0);
    put_page(&top, 18, 1);
    put_page(&bottom, 0, 2);
    put_page(&bottom, 33, 3);
    page_list_merge_onto(&top, &bottom, note_release, &leavers);
    expect_text(&leavers.released, "p2@0");
    expect_list(&bottom, "p0@0 p1@18 p3@33");
    expect_list(&top, "");
    page_list_release(&bottom);
}

Test(page_list, marker_laid_on_content_replaces_it)
{
    struct page_list top = new_skewed_list(5);
    struct page_list bottom = new_skewed_list(5);
    struct leavers leavers = {.release_count = 0};
    put_marker(&top, 10);
    put_page(&top, 11, 0);
    put_page(&bottom, 10, 1);
    put_marker(&bottom, 11);
    put_reference(&bottom, 12, 6);
    page_list_merge_onto(&top, &bottom, note_release, &leavers);
    expect_text(&leavers.released, "p1@10");
    expect_list(&bottom, "m@10 p0@11 r6@12");
    cr_assert(page_list_is_empty(&top));
    page_list_release(&bottom);
}

/* --- the cursor --------------------------------- */

static struct page_list_cursor cursor_at(const struct page_list *list,
                                         uint64_t at)
{
    return page_list_cursor_at(list, pages_to_bytes(at));
}

/* Is the cursor on a slot of this content? */
static bool is_on(struct page_list_cursor cursor, struct page_slot content)
{
    const struct page_slot *slot = page_list_cursor_slot(cursor);
    return slot && slot->bits == content.bits;
}

/* Step to the next marker or off the list; returns slots seen, that included. */
static unsigned scan(const struct page_list *list,
                     struct page_list_cursor *cursor)
{
    unsigned seen = 0;
    for (; page_list_cursor_slot(*cursor);
         page_list_cursor_step(list, cursor)) {
        seen++;
        if (is_on(*cursor, SLOT_ZERO_MARKER))
            break;
    }
    return seen;
}

Test(page_list, L25_cursor_crosses_only_adjacent_list_nodes)
{
    static const uint64_t markers[] = {52, 84, 97, 98, 129};
    struct page_list list = new_list();
    for (unsigned i = 0; i < 5; i++)
        put_marker(&list, markers[i]);
    cr_assert(page_list_cursor_slot(cursor_at(&list, 36)) == NULL);
    cr_assert(page_list_cursor_slot(cursor_at(&list, 68)) == NULL);

    struct page_list_cursor cursor = cursor_at(&list, 51);
    cr_assert(is_on(cursor, SLOT_EMPTY));
    page_list_cursor_step(&list, &cursor);
    cr_assert(is_on(cursor, SLOT_ZERO_MARKER));
    for (unsigned at = 53; at < 64; at++) {
        page_list_cursor_step(&list, &cursor);
        cr_assert(is_on(cursor, SLOT_EMPTY));
    }
    page_list_cursor_step(&list, &cursor);
    cr_assert(page_list_cursor_slot(cursor) == NULL);

    cursor = cursor_at(&list, 84);
    cr_assert(is_on(cursor, SLOT_ZERO_MARKER));
    page_list_cursor_step(&list, &cursor);
    cr_assert(scan(&list, &cursor) == 13);
    cr_assert(page_list_cursor_slot(cursor) ==
              page_list_lookup(&list, pages_to_bytes(97)));
    page_list_cursor_step(&list, &cursor);
    cr_assert(is_on(cursor, SLOT_ZERO_MARKER));
    page_list_cursor_step(&list, &cursor);
    cr_assert(scan(&list, &cursor) == 13);
    cr_assert(page_list_cursor_slot(cursor) == NULL);
    page_list_release(&list);
}

Test(page_list, cursor_survives_insertions)
{
    struct page_list list = new_list();
    put_marker(&list, 15);
    struct page_list_cursor cursor = cursor_at(&list, 15);
    put_page(&list, 16, 0);
    put_page(&list, UINT64_C(1) << 40, 1);
    cr_assert(is_on(cursor, SLOT_ZERO_MARKER));
    page_list_cursor_step(&list, &cursor);
    cr_assert(is_on(cursor, page_content(0)));
    page_list_release(&list);
}
