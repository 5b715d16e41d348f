/* Zero intervals of page lists: adding, splitting, clipping, writeback. */
#include "host_memory.h"
#include "page_list_fixture.h"
#include "rare_paths.h"

/* --- adding --------------------------------- */

/* 0 [1 3] 4      gaps around one interval */
Test(page_intervals, L26_interval_within_a_list_node)
{
    struct page_list list = new_list();
    add_zeroes(&list, 1, 4);
    expect_interval_walk(&list, 0, 16, "[0,1) start@1 end@3 [4,16)");
    page_list_release(&list);
}

Test(page_intervals, L27_interval_over_several_list_nodes)
{
    struct page_list list = new_list();
    add_zeroes(&list, 1, 33);
    expect_interval_walk(&list, 0, 48, "[0,1) start@1 end@32 [33,48)");
    page_list_release(&list);
}

Test(page_intervals, L28_walk_of_a_part_meets_the_sentinels_in_it)
{
    struct page_list list = new_list();
    add_zeroes(&list, 1, 33);
    expect_interval_walk(&list, 0, 31, "[0,1) start@1");
    expect_interval_walk(&list, 2, 48, "end@32 [33,48)");
    expect_interval_walk(&list, 2, 31, "");
    page_list_release(&list);
}

Test(page_intervals, L29_adjacent_intervals_merge)
{
    struct page_list list = new_list();
    add_zeroes(&list, 7, 13);
    add_zeroes(&list, 3, 7);
    add_zeroes(&list, 13, 21);
    expect_list(&list, "start@3 end@20");
    expect_interval_walk(&list, 0, 32, "[0,3) start@3 end@20 [21,32)");
    page_list_release(&list);
}

/* left, right: an interval of so many pages next to the added one [20,24) */
Test(page_intervals, added_interval_merges_with_slots_and_longer_ones)
{
    static const struct {
        uint64_t left;
        uint64_t right;
        const char *expected;
    } cases[] = {
        {0, 0, "start@20 end@23"}, {1, 0, "start@19 end@23"},
        {5, 0, "start@15 end@23"}, {0, 1, "start@20 end@24"},
        {0, 5, "start@20 end@28"}, {1, 1, "start@19 end@24"},
        {1, 5, "start@19 end@28"}, {5, 1, "start@15 end@24"},
        {5, 5, "start@15 end@28"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (unsigned skew = 0; skew < PAGE_LIST_FANOUT; skew++) {
            struct page_list list = new_skewed_list(skew);
            if (cases[i].left)
                add_zeroes(&list, 20 - cases[i].left, 20);
            if (cases[i].right)
                add_zeroes(&list, 24, 24 + cases[i].right);
            add_zeroes(&list, 20, 24);
            expect_list(&list, cases[i].expected);
            page_list_release(&list);
        }
    }
}

Test(page_intervals, one_page_between_intervals_joins_them)
{
    struct page_list list = new_list();
    add_zeroes(&list, 14, 16);
    add_zeroes(&list, 17, 18);
    expect_list(&list, "start@14 end@15 slot@17");
    add_zeroes(&list, 16, 17);
    expect_list(&list, "start@14 end@17");
    page_list_release(&list);
}

Test(page_intervals, adding_keeps_the_left_length_and_loses_the_right)
{
    struct page_list list = new_list();
    add_zeroes(&list, 1, 4);
    add_zeroes(&list, 8, 12);
    set_awaiting(&list, 1, 3);
    set_awaiting(&list, 8, 2);
    add_zeroes(&list, 4, 8);
    expect_list(&list, "start@1+3 end@11");
    page_list_release(&list);
}

Test(page_intervals, interval_past_the_largest_offset_is_refused)
{
    for (unsigned skew = 0; skew < PAGE_LIST_FANOUT; skew++) {
        struct page_list list = new_skewed_list(skew);
        uint64_t end = PAGE_LIST_MAX_SIZE - pages_to_bytes(skew);
        cr_assert(page_list_add_zero_interval(&list, end - VM_PAGE_SIZE,
                                              end + VM_PAGE_SIZE,
                                              DIRTY_DIRTY) == VM_NO_MEMORY);
        expect_list(&list, "");
        cr_assert(page_list_is_empty(&list));

        cr_assert(page_list_add_zero_interval(&list, end - 2 * VM_PAGE_SIZE,
                                              end - VM_PAGE_SIZE,
                                              DIRTY_DIRTY) == VM_OK);
        cr_assert(page_list_add_zero_interval(&list, end - VM_PAGE_SIZE,
                                              end + VM_PAGE_SIZE,
                                              DIRTY_DIRTY) == VM_NO_MEMORY);
        cr_assert(page_list_add_zero_interval(&list, end - VM_PAGE_SIZE, end,
                                              DIRTY_DIRTY) == VM_OK);
        cr_assert(page_list_is_in_interval(&list, end - VM_PAGE_SIZE));
        cr_assert(!page_list_is_in_interval(&list, end));
        expect_valid(&list);
        page_list_release(&list);
    }
}

/* --- content in an interval --------------------------------- */

Test(page_intervals, L30_page_inside_parts_the_interval)
{
    struct page_list list = new_list();
    add_zeroes(&list, 1, 33);
    put_page(&list, 16, 0);
    expect_interval_walk(&list, 0, 48,
                         "[0,1) start@1 end@15 p0@16 start@17 end@32 [33,48)");
    page_list_release(&list);
}

Test(page_intervals, L31_page_in_the_middle_of_three_leaves_two_slots)
{
    struct page_list list = new_list();
    add_zeroes(&list, 0, 3);
    put_page(&list, 1, 0);
    expect_interval_walk(&list, 0, 16, "slot@0 p0@1 slot@2 [3,16)");
    page_list_release(&list);
}

Test(page_intervals, L32_page_at_the_start_shortens_the_interval)
{
    struct page_list list = new_list();
    add_zeroes(&list, 0, 3);
    put_page(&list, 0, 0);
    expect_interval_walk(&list, 0, 16, "p0@0 start@1 end@2 [3,16)");
    put_page(&list, 1, 1);
    expect_interval_walk(&list, 0, 16, "p0@0 p1@1 slot@2 [3,16)");
    page_list_release(&list);
}

Test(page_intervals, L33_page_at_the_end_shortens_the_interval)
{
    struct page_list list = new_list();
    add_zeroes(&list, 0, 3);
    put_page(&list, 2, 0);
    expect_interval_walk(&list, 0, 16, "start@0 end@1 p0@2 [3,16)");
    put_page(&list, 1, 1);
    expect_interval_walk(&list, 0, 16, "slot@0 p1@1 p0@2 [3,16)");
    page_list_release(&list);
}

Test(page_intervals, L34_page_takes_the_place_of_a_slot)
{
    struct page_list list = new_list();
    add_zeroes(&list, 0, 1);
    expect_interval_walk(&list, 0, 16, "slot@0 [1,16)");
    put_page(&list, 0, 0);
    expect_interval_walk(&list, 0, 16, "p0@0 [1,16)");
    page_list_release(&list);
}

Test(page_intervals, checking_look_up_refuses_every_offset_of_an_interval)
{
    struct page_list list = new_list();
    add_zeroes(&list, 2, 40);
    add_zeroes(&list, 50, 51);
    for (uint64_t at = 0; at < 60; at++) {
        bool is_inside = (at >= 2 && at < 40) || at == 50;
        bool in_interval;
        cr_assert(page_list_is_in_interval(&list, pages_to_bytes(at)) ==
                  is_inside);
        struct page_slot *slot = page_list_lookup_or_allocate(
            &list, pages_to_bytes(at), SLOT_CHECK_INTERVALS, &in_interval);
        cr_assert(in_interval == is_inside);
        cr_assert((slot == NULL) == is_inside);
        if (slot)
            page_list_return_empty_slot(&list, pages_to_bytes(at));
    }
    expect_list(&list, "start@2 end@39 slot@50");
    page_list_release(&list);
}

/* A page takes a place in [8,40), then becomes zero again. */
Test(page_intervals, page_replaced_by_an_interval_merges_back)
{
    for (uint64_t at = 8; at < 40; at++) {
        struct page_list list = new_list();
        add_zeroes(&list, 8, 40);
        put_page(&list, at, 3);
        cr_assert(page_list_replace_page_with_interval(
                      &list, pages_to_bytes(at), DIRTY_DIRTY) ==
                  slot_page(page_content(3)));
        expect_list(&list, "start@8 end@39");
        page_list_release(&list);
    }
}

Test(page_intervals, lone_page_becomes_a_slot)
{
    struct page_list list = new_list();
    put_page(&list, 5, 0);
    put_page(&list, 6, 1);
    (void)page_list_replace_page_with_interval(&list, pages_to_bytes(5),
                                               DIRTY_DIRTY);
    expect_list(&list, "slot@5 p1@6");
    (void)page_list_replace_page_with_interval(&list, pages_to_bytes(6),
                                               DIRTY_DIRTY);
    expect_list(&list, "start@5 end@6");
    page_list_release(&list);
}

/* --- runs --------------------------------- */

/* Sentinels that are not wanted, and what the walk did. */
struct run_log {
    struct text visited;
    struct text runs;
    bool no_starts;
    bool no_ends;
};

static bool log_wanted(void *context, struct page_slot slot, uint64_t offset)
{
    const struct run_log *log = context;
    cr_assert(is_page_aligned(offset));
    return !(log->no_starts && slot_is_interval_start(slot)) &&
           !(log->no_ends && slot_is_interval_end(slot));
}

static enum vm_status log_visit(void *context, struct page_slot *slot,
                                uint64_t offset)
{
    struct run_log *log = context;
    text_add_slot(&log->visited, *slot, offset);
    return VM_NEXT;
}

static enum vm_status log_run(void *context, uint64_t start, uint64_t end,
                              bool is_interval)
{
    struct run_log *log = context;
    text_space(&log->runs);
    text_add(&log->runs, "%s[%" PRIu64 ",%" PRIu64 ")",
             is_interval ? "interval" : "", bytes_to_pages(start),
             bytes_to_pages(end));
    return VM_NEXT;
}

static void expect_runs(const struct page_list *list, struct run_log log,
                        uint64_t start, uint64_t end, const char *visited,
                        const char *runs)
{
    cr_assert(page_list_for_each_run(list, pages_to_bytes(start),
                                     pages_to_bytes(end), log_wanted, log_visit,
                                     log_run, &log) == VM_OK);
    expect_text(&log.visited, visited);
    expect_text(&log.runs, runs);
}

static const struct run_log ALL_WANTED;

Test(page_intervals, L35_interval_is_one_run)
{
    struct page_list list = new_list();
    add_zeroes(&list, 1, 33);
    expect_runs(&list, ALL_WANTED, 0, 48, "start@1 end@32", "interval[1,33)");
    page_list_release(&list);
}

Test(page_intervals, L36_run_of_an_interval_is_clipped_to_the_range)
{
    struct page_list list = new_list();
    add_zeroes(&list, 1, 33);
    expect_runs(&list, ALL_WANTED, 2, 48, "end@32", "interval[2,33)");
    expect_runs(&list, ALL_WANTED, 0, 31, "start@1", "interval[1,31)");
    expect_runs(&list, ALL_WANTED, 2, 31, "", "interval[2,31)");
    page_list_release(&list);
}

Test(page_intervals, L37_interval_with_an_unwanted_sentinel_is_no_run)
{
    struct page_list list = new_list();
    add_zeroes(&list, 1, 33);
    struct run_log no_starts = {.no_starts = true};
    expect_runs(&list, no_starts, 2, 48, "end@32", "");
    struct run_log no_ends = {.no_ends = true};
    expect_runs(&list, no_ends, 0, 31, "start@1", "");
    page_list_release(&list);
}

Test(page_intervals, range_inside_an_unwanted_interval_has_no_run)
{
    struct page_list list = new_list();
    add_zeroes(&list, 1, 33);
    struct run_log no_starts = {.no_starts = true};
    expect_runs(&list, no_starts, 2, 31, "", "");
    struct run_log no_ends = {.no_ends = true};
    expect_runs(&list, no_ends, 2, 31, "", "");
    expect_runs(&list, no_ends, 0, 48, "start@1", "");
    expect_runs(&list, no_starts, 0, 48, "end@32", "");
    page_list_release(&list);
}

Test(page_intervals, pages_next_to_an_interval_are_runs_of_their_own)
{
    struct page_list list = new_list();
    put_page(&list, 0, 0);
    put_page(&list, 1, 1);
    add_zeroes(&list, 2, 20);
    put_page(&list, 20, 2);
    add_zeroes(&list, 21, 22);
    put_page(&list, 22, 3);
    expect_runs(&list, ALL_WANTED, 0, 48,
                "p0@0 p1@1 start@2 end@19 p2@20 slot@21 p3@22",
                "[0,2) interval[2,20) [20,21) interval[21,22) [22,23)");
    expect_runs(&list, ALL_WANTED, 1, 5, "p1@1 start@2", "[1,2) interval[2,5)");
    page_list_release(&list);
}

/* --- slots --------------------------------- */

/* The walk of [0, window): `before`, slots in [start, end), `after`. */
static void expect_slots(const struct page_list *list, uint64_t window,
                         const char *before, uint64_t start, uint64_t end,
                         const char *after)
{
    struct text text = {""};
    text_add(&text, "%s", before);
    for (uint64_t at = start; at < end; at++)
        text_add_slot(&text, slot_of_interval(INTERVAL_SLOT, DIRTY_DIRTY, 0),
                      pages_to_bytes(at));
    text_add(&text, " %s", after);
    expect_interval_walk(list, 0, window, text.chars);
}

Test(page_intervals, L38_populating_all_leaves_only_slots)
{
    struct page_list list = new_list();
    add_zeroes(&list, 1, 65);
    populate(&list, 1, 65);
    expect_slots(&list, 80, "[0,1)", 1, 65, "[65,80)");
    page_list_release(&list);
}

Test(page_intervals, L39_populating_the_middle_leaves_both_ends)
{
    struct page_list list = new_list();
    add_zeroes(&list, 1, 33);
    populate(&list, 3, 31);
    expect_slots(&list, 48, "[0,1) start@1 end@2", 3, 31,
                 "start@31 end@32 [33,48)");
    page_list_release(&list);
}

Test(page_intervals, L40_populating_the_start_leaves_the_end)
{
    struct page_list list = new_list();
    add_zeroes(&list, 1, 33);
    populate(&list, 1, 31);
    expect_slots(&list, 48, "[0,1)", 1, 31, "start@31 end@32 [33,48)");
    page_list_release(&list);
}

Test(page_intervals, L41_populating_the_end_leaves_the_start)
{
    struct page_list list = new_list();
    add_zeroes(&list, 1, 33);
    populate(&list, 3, 33);
    expect_slots(&list, 48, "[0,1) start@1 end@2", 3, 33, "[33,48)");
    page_list_release(&list);
}

Test(page_intervals, L42_populated_slot_merges_back_when_returned)
{
    struct page_list list = new_list();
    add_zeroes(&list, 1, 33);
    for (int repeat = 0; repeat < 2; repeat++) {
        populate(&list, 29, 30);
        expect_interval_walk(
            &list, 0, 48,
            "[0,1) start@1 end@28 slot@29 start@30 end@32 [33,48)");
    }
    return_slot(&list, 29);
    expect_interval_walk(&list, 0, 48, "[0,1) start@1 end@32 [33,48)");
    page_list_release(&list);
}

/* Two intervals, one page apart, both partly begun to be written back. */
static struct page_list list_of_two(uint64_t skew)
{
    struct page_list list = new_skewed_list(skew);
    add_zeroes(&list, 1, 33);
    add_zeroes(&list, 34, 50);
    set_awaiting(&list, 1, 20);
    set_awaiting(&list, 34, 4);
    return list;
}

Test(page_intervals, populating_without_memory_changes_nothing)
{
    uint64_t refused = 0;
    for (uint64_t start = 1; start < 33; start++) {
        for (uint64_t end = start + 1; end <= 50; end += 3) {
            struct page_list list = list_of_two(start);
            enum vm_status status = VM_NO_MEMORY;
            for (uint64_t n = 1; status != VM_OK; n++) {
                host_memory_fail_nth(n);
                status = page_list_populate_interval_slots(
                    &list, pages_to_bytes(start), pages_to_bytes(end));
                cr_assert_eq(host_memory_has_failed(), status != VM_OK);
                if (status == VM_OK)
                    break;
                cr_assert_eq(status, VM_NO_MEMORY);
                expect_list(&list, "start@1+20 end@32 start@34+4 end@49");
                refused++;
            }
            expect_valid(&list);
            page_list_release(&list);
        }
    }
    cr_assert_gt(refused, 100);
}

Test(page_intervals, parting_without_memory_changes_nothing)
{
    uint64_t refused = 0;
    for (uint64_t skew = 0; skew < PAGE_LIST_FANOUT; skew++) {
        for (uint64_t at = 1; at < 50; at++) {
            if (at == 33)
                continue;
            struct page_list list = list_of_two(skew);
            struct page_slot *slot = NULL;
            for (uint64_t n = 1; !slot; n++) {
                host_memory_fail_nth(n);
                slot = page_list_lookup_or_allocate(&list, pages_to_bytes(at),
                                                    SLOT_SPLIT_INTERVALS, NULL);
                cr_assert_eq(host_memory_has_failed(), !slot);
                if (slot)
                    break;
                expect_list(&list, "start@1+20 end@32 start@34+4 end@49");
                refused++;
            }
            cr_assert(slot_is_interval_slot(*slot));
            expect_valid(&list);
            page_list_release(&list);
        }
    }
    cr_assert_gt(refused, 100);
}

Test(page_intervals, populating_passes_over_what_lies_between)
{
    struct page_list list = list_of_two(0);
    populate(&list, 32, 36);
    expect_list(&list, "start@1+20 end@31 slot@32 slot@34+1 slot@35+1 "
                       "start@36+2 end@49");
    page_list_release(&list);
}

/* What is no gap of [0, 48) is [1, 33). */
static void expect_no_new_gap(const struct page_list *list)
{
    for (uint64_t at = 0; at < 48; at++)
        cr_assert(page_list_is_in_interval(list, pages_to_bytes(at)) ==
                  (at >= 1 && at < 33));
    expect_valid(list);
}

/* Every part of [1,33); what merged with a neighbour is no slot any more. */
Test(page_intervals, populating_and_returning_opens_no_gap)
{
    for (uint64_t start = 1; start < 33; start++) {
        for (uint64_t end = start + 1; end <= 33; end++) {
            struct page_list list = new_skewed_list(start);
            add_zeroes(&list, 1, 33);
            populate(&list, start, end);
            for (uint64_t at = start; at < end; at++)
                cr_assert(slot_is_interval_slot(get(&list, at)));
            expect_no_new_gap(&list);
            for (uint64_t i = start; i < end; i++) {
                uint64_t at = end % 2 ? i : start + end - 1 - i;
                if (slot_is_interval_slot(get(&list, at)))
                    return_slot(&list, at);
                expect_no_new_gap(&list);
            }
            page_list_release(&list);
        }
    }
}

/* --- clipping --------------------------------- */

Test(page_intervals, L43_clipping_the_start_moves_it)
{
    struct page_list list = new_list();
    add_zeroes(&list, 1, 33);
    clip_start(&list, 1, 28);
    expect_interval_walk(&list, 0, 48, "[0,29) start@29 end@32 [33,48)");
    clip_start(&list, 29, 3);
    expect_interval_walk(&list, 0, 48, "[0,32) slot@32 [33,48)");
    page_list_release(&list);
}

Test(page_intervals, L44_clipping_the_end_moves_it)
{
    struct page_list list = new_list();
    add_zeroes(&list, 1, 33);
    clip_end(&list, 32, 28);
    expect_interval_walk(&list, 0, 48, "[0,1) start@1 end@4 [5,48)");
    clip_end(&list, 4, 3);
    expect_interval_walk(&list, 0, 48, "[0,1) slot@1 [2,48)");
    page_list_release(&list);
}

Test(page_intervals, clipping_by_nothing_changes_nothing)
{
    struct page_list list = new_list();
    add_zeroes(&list, 1, 33);
    set_awaiting(&list, 1, 7);
    clip_start(&list, 1, 0);
    clip_end(&list, 32, 0);
    expect_list(&list, "start@1+7 end@32");
    page_list_release(&list);
}

/* --- lengths that await clean --------------------------------- */

/* [1,33), of which `awaiting` pages are being written back. */
static struct page_list list_awaiting(uint64_t awaiting)
{
    struct page_list list = new_list();
    add_zeroes(&list, 1, 33);
    set_awaiting(&list, 1, awaiting);
    return list;
}

Test(page_intervals, L45_only_a_split_at_the_start_divides_the_length)
{
    struct page_list list = list_awaiting(32);
    populate(&list, 30, 31);
    expect_list(&list, "start@1+32 end@29 slot@30 start@31 end@32");
    populate(&list, 32, 33);
    expect_list(&list, "start@1+32 end@29 slot@30 slot@31 slot@32");
    populate(&list, 1, 2);
    expect_list(&list, "slot@1+1 start@2+31 end@29 slot@30 slot@31 slot@32");
    page_list_release(&list);
}

Test(page_intervals, L46_only_clipping_the_start_shortens_the_length)
{
    struct page_list list = list_awaiting(32);
    clip_end(&list, 32, 2);
    expect_list(&list, "start@1+32 end@30");
    clip_start(&list, 1, 2);
    expect_list(&list, "start@3+30 end@30");
    page_list_release(&list);
}

Test(page_intervals, clipping_the_start_past_the_length_ends_it)
{
    struct page_list list = list_awaiting(4);
    clip_start(&list, 1, 4);
    expect_list(&list, "start@5 end@32");
    page_list_release(&list);
}

Test(page_intervals, clipping_down_to_the_start_keeps_its_length)
{
    struct page_list list = list_awaiting(4);
    clip_end(&list, 32, 31);
    expect_list(&list, "slot@1+4");
    page_list_release(&list);
}

Test(page_intervals, L47_returned_slot_joins_its_length)
{
    struct page_list list = list_awaiting(32);
    populate(&list, 1, 2);
    expect_list(&list, "slot@1+1 start@2+31 end@32");
    return_slot(&list, 1);
    expect_list(&list, "start@1+32 end@32");
    page_list_release(&list);
}

/* A length may reach past the interval, here past the last offset of all. */
Test(page_intervals, length_near_the_largest_offset_does_not_wrap)
{
    uint64_t end = bytes_to_pages(PAGE_LIST_MAX_SIZE);
    struct page_list list = new_list();
    struct text text = {""};
    text_add(&text, "start@%" PRIu64 "+70 end@%" PRIu64, end - 20, end - 1);
    add_zeroes(&list, end - 20, end);
    set_awaiting(&list, end - 20, 70);
    expect_list(&list, text.chars);
    populate(&list, end - 20, end - 19);
    return_slot(&list, end - 20);
    expect_list(&list, text.chars);
    page_list_release(&list);
}

/* What the next two have in common: [1,4) are slots now. */
static void expect_three_slots_return(struct page_list *list)
{
    expect_list(list, "slot@1+1 slot@2+1 slot@3+1 start@4+29 end@32");
    return_slot(list, 1);
    expect_list(list, "start@1+2 end@2 slot@3+1 start@4+29 end@32");
    return_slot(list, 3);
    expect_list(list, "start@1+32 end@32");
}

Test(page_intervals, L48_slots_return_to_the_adjacent_one_only)
{
    struct page_list list = list_awaiting(32);
    for (uint64_t at = 1; at < 4; at++)
        populate(&list, at, at + 1);
    expect_three_slots_return(&list);
    page_list_release(&list);
}

Test(page_intervals, L49_populating_at_once_equals_one_by_one)
{
    struct page_list list = list_awaiting(32);
    populate(&list, 1, 4);
    expect_three_slots_return(&list);
    page_list_release(&list);
}

Test(page_intervals, L50_length_that_ends_among_the_slots)
{
    struct page_list list = list_awaiting(2);
    populate(&list, 1, 4);
    expect_list(&list, "slot@1+1 slot@2+1 slot@3 start@4 end@32");
    return_slot(&list, 1);
    expect_list(&list, "start@1+2 end@2 slot@3 start@4 end@32");
    return_slot(&list, 3);
    expect_list(&list, "start@1+2 end@32");
    populate(&list, 2, 3);
    expect_list(&list, "slot@1+2 slot@2 start@3 end@32");
    return_slot(&list, 2);
    expect_list(&list, "start@1+2 end@32");
    page_list_release(&list);
}

Test(page_intervals, L51_length_that_ends_before_the_slots)
{
    struct page_list list = list_awaiting(2);
    populate(&list, 3, 6);
    expect_list(&list, "start@1+2 end@2 slot@3 slot@4 slot@5 start@6 end@32");
    return_slot(&list, 3);
    expect_list(&list, "start@1+2 end@4 slot@5 start@6 end@32");
    return_slot(&list, 5);
    expect_list(&list, "start@1+2 end@32");
    populate(&list, 32, 33);
    expect_list(&list, "start@1+2 end@31 slot@32");
    return_slot(&list, 32);
    expect_list(&list, "start@1+2 end@32");
    page_list_release(&list);
}

/* The range reaches over three list nodes, each of which fails to come once. */
Test(page_intervals, populating_without_memory_leaves_the_interval_whole)
{
    for (uint64_t start = 1; start < 8; start++) {
        struct page_list list = list_awaiting(2);
        int failures = 0;
        enum vm_status status;
        rare_paths_force(true);
        rare_failures_begin();
        while ((status = page_list_populate_interval_slots(
                    &list, pages_to_bytes(start), pages_to_bytes(33))) !=
               VM_OK) {
            cr_assert(status == VM_NO_MEMORY);
            cr_assert(rare_failure_is_over());
            failures++;
            expect_list(&list, "start@1+2 end@32");
        }
        rare_paths_force(false);
        cr_assert(failures > 0);
        for (uint64_t at = start; at < 33; at++)
            cr_assert(slot_is_interval_slot(get(&list, at)));
        expect_valid(&list);
        page_list_release(&list);
    }
}

Test(page_intervals, length_left_over_goes_behind_the_slots)
{
    struct page_list list = list_awaiting(5);
    populate(&list, 1, 4);
    expect_list(&list, "slot@1+1 slot@2+1 slot@3+1 start@4+2 end@32");
    page_list_release(&list);
}

/* Content that takes an offset takes the length of that page with it. */
Test(page_intervals, page_at_the_start_leaves_the_rest_of_the_length)
{
    struct page_list list = list_awaiting(5);
    put_page(&list, 1, 0);
    expect_list(&list, "p0@1 start@2+4 end@32");
    put_page(&list, 8, 1);
    expect_list(&list, "p0@1 start@2+4 end@7 p1@8 start@9 end@32");
    page_list_release(&list);
}
