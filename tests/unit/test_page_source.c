/*
 * Page requests: trimming, waiting along, answers, failure, detach.
 *
 * Ranges are in pages. Pictures are of one type of one source.
 */
#include <criterion/criterion.h>

#include "page_source.h"

enum { MAX = 6 };

struct rig {
    struct page_request_board board;
    struct page_source *source;
    struct page_request requests[MAX];
};

static void start(struct rig *rig, bool traps_dirty)
{
    page_request_board_init(&rig->board);
    rig->source = page_source_new_pager(&rig->board, traps_dirty);
    cr_assert_not_null(rig->source);
    for (int i = 0; i < MAX; i++)
        page_request_init(&rig->requests[i]);
}

static void stop(struct rig *rig)
{
    const char *broken = page_source_valid(rig->source);

    cr_assert_null(broken, "%s", broken);
    page_source_unref(rig->source);
}

/* Request i asks to read [from, to). */
static void ask_read(struct rig *rig, int i, uint64_t from, uint64_t to)
{
    cr_assert_eq(page_source_get_pages(rig->source, pages_to_bytes(from),
                                       pages_to_bytes(to - from),
                                       &rig->requests[i]),
                 VM_SHOULD_WAIT);
}

static void ask_dirty(struct rig *rig, int i, uint64_t from, uint64_t to)
{
    cr_assert_eq(page_source_request_dirty(rig->source, pages_to_bytes(from),
                                           pages_to_bytes(to - from),
                                           &rig->requests[i]),
                 VM_SHOULD_WAIT);
}

static void supply(struct rig *rig, uint64_t from, uint64_t to)
{
    page_source_on_pages_supplied(rig->source, pages_to_bytes(from),
                                  pages_to_bytes(to - from));
}

static void fail(struct rig *rig, uint64_t from, uint64_t to,
                 enum vm_status error)
{
    page_source_on_pages_failed(rig->source, pages_to_bytes(from),
                                pages_to_bytes(to - from), error);
}

static void expect_outstanding(struct rig *rig, int i, uint64_t from,
                               uint64_t to)
{
    const struct page_request *request = &rig->requests[i];

    cr_assert_eq(request->state, REQUEST_OUTSTANDING, "request %d", i);
    cr_assert_eq(request->offset, pages_to_bytes(from), "request %d", i);
    cr_assert_eq(request->length, pages_to_bytes(to - from), "request %d", i);
    cr_assert_null(page_source_valid(rig->source));
}

static void expect_waiting_with(struct rig *rig, int i, int owner)
{
    cr_assert_eq(rig->requests[i].state, REQUEST_OVERLAP, "request %d", i);
    cr_assert_eq(rig->requests[i].overlapped, &rig->requests[owner]);
    cr_assert_null(page_source_valid(rig->source));
}

static void expect_done(struct rig *rig, int i, enum vm_status status)
{
    cr_assert_eq(rig->requests[i].state, REQUEST_DONE, "request %d", i);
    cr_assert_eq(rig->requests[i].status, status, "request %d: %s", i,
                 vm_status_name(rig->requests[i].status));
    cr_assert_null(page_source_valid(rig->source));
}

/* Asking. ----------------------------------------------------------------- */

Test(page_source, a_request_reaches_the_inbox_and_ends_when_supplied)
{
    struct rig rig;

    start(&rig, false);
    ask_read(&rig, 0, 2, 5);
    expect_outstanding(&rig, 0, 2, 5);
    cr_assert_eq(rig.requests[0].issued_offset, pages_to_bytes(2));
    cr_assert_eq(page_request_take_new(&rig.board), &rig.requests[0]);
    cr_assert_null(page_request_take_new(&rig.board));
    supply(&rig, 0, 2);
    supply(&rig, 5, 9);
    expect_outstanding(&rig, 0, 2, 5);
    cr_assert_null(page_request_take_done(&rig.board));
    supply(&rig, 2, 5);
    expect_done(&rig, 0, VM_OK);
    cr_assert_eq(page_request_take_done(&rig.board), &rig.requests[0]);
    cr_assert_null(page_request_take_done(&rig.board));
    page_request_cancel(&rig.requests[0]);
    cr_assert_eq(rig.requests[0].state, REQUEST_IDLE);
    stop(&rig);
}

/*
 * outstanding:      [4 ... 9)         [12 . 15)
 *
 * asked             issued            waits along
 * [2 ..... 9)       [2 4)
 * [2 4)             [2 4)
 * [4 ... 9)                           with [4 9)
 * [5 7)                               with [4 9)
 * [7 ....... 12)                      with [4 9), as [7 9)
 * [9 ........ 15)   [9 12)
 * [0 ............20)[0 4)
 * [14 ...... 20)                      with [12 15)
 * [15 . 20)         [15 20)
 */
Test(page_source, a_request_is_trimmed_to_its_neighbours)
{
    static const struct {
        uint64_t from, to; /* asked */
        uint64_t got_from, got_to;
        int owner; /* 0 or 1; -1: its own */
    } cases[] = {
        {2, 9, 2, 4, -1},  {2, 4, 2, 4, -1},    {4, 9, 4, 9, 0},
        {5, 7, 5, 7, 0},   {7, 12, 7, 9, 0},    {9, 15, 9, 12, -1},
        {0, 20, 0, 4, -1}, {14, 20, 14, 15, 1}, {15, 20, 15, 20, -1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rig rig;

        start(&rig, false);
        ask_read(&rig, 0, 4, 9);
        ask_read(&rig, 1, 12, 15);
        ask_read(&rig, 2, cases[i].from, cases[i].to);
        if (cases[i].owner < 0)
            expect_outstanding(&rig, 2, cases[i].got_from, cases[i].got_to);
        else
            expect_waiting_with(&rig, 2, cases[i].owner);
        cr_assert_eq(rig.requests[2].offset, pages_to_bytes(cases[i].got_from));
        cr_assert_eq(rig.requests[2].length,
                     pages_to_bytes(cases[i].got_to - cases[i].got_from));
        stop(&rig);
    }
}

Test(page_source, reads_and_dirties_do_not_meet)
{
    struct rig rig;

    start(&rig, true);
    ask_read(&rig, 0, 0, 4);
    ask_dirty(&rig, 1, 2, 6);
    expect_outstanding(&rig, 0, 0, 4);
    expect_outstanding(&rig, 1, 2, 6);
    supply(&rig, 0, 6);
    expect_done(&rig, 0, VM_OK);
    expect_outstanding(&rig, 1, 2, 6);
    page_source_on_pages_dirtied(rig.source, pages_to_bytes(2),
                                 pages_to_bytes(4));
    expect_done(&rig, 1, VM_OK);
    stop(&rig);
}

Test(page_source, dirtying_is_for_those_who_trap_it)
{
    struct rig rig;
    struct page_source *physical;

    start(&rig, false);
    cr_assert_eq(page_source_request_dirty(rig.source, 0, VM_PAGE_SIZE,
                                           &rig.requests[0]),
                 VM_NOT_SUPPORTED);
    cr_assert_eq(rig.requests[0].state, REQUEST_IDLE);
    physical = page_source_new_physical(&rig.board, 7, 3);
    cr_assert_eq(
        page_source_request_dirty(physical, 0, VM_PAGE_SIZE, &rig.requests[0]),
        VM_NOT_SUPPORTED);
    cr_assert(physical->properties.is_providing_specific_physical_pages);
    cr_assert_eq(physical->first_page, 7);
    page_source_unref(physical);
    stop(&rig);
}

Test(page_source, requests_are_listed_in_the_order_of_issue)
{
    struct rig rig;
    struct page_request *request;

    start(&rig, true);
    ask_read(&rig, 2, 9, 11);
    ask_dirty(&rig, 0, 4, 5);
    ask_read(&rig, 1, 0, 2);
    ask_read(&rig, 3, 10, 11); /* waits along: not listed */
    request = page_source_next_request(rig.source, NULL);
    cr_assert_eq(request, &rig.requests[2]);
    request = page_source_next_request(rig.source, request);
    cr_assert_eq(request, &rig.requests[0]);
    request = page_source_next_request(rig.source, request);
    cr_assert_eq(request, &rig.requests[1]);
    cr_assert_null(page_source_next_request(rig.source, request));
    stop(&rig);
}

/* Answers. ---------------------------------------------------------------- */

Test(page_source, only_amounts_are_counted)
{
    struct rig rig;

    start(&rig, false);
    ask_read(&rig, 0, 0, 4);
    supply(&rig, 1, 3);
    expect_outstanding(&rig, 0, 0, 4);
    cr_assert_eq(rig.requests[0].pending, pages_to_bytes(2));
    supply(&rig, 1, 3); /* the same pages again */
    expect_done(&rig, 0, VM_OK);
    stop(&rig);
}

Test(page_source, one_supply_answers_all_that_it_touches)
{
    struct rig rig;

    start(&rig, false);
    ask_read(&rig, 0, 0, 2);
    ask_read(&rig, 1, 2, 4);
    ask_read(&rig, 2, 4, 8);
    ask_read(&rig, 3, 5, 6);
    supply(&rig, 1, 6);
    expect_outstanding(&rig, 0, 0, 2);
    expect_done(&rig, 1, VM_OK);
    expect_outstanding(&rig, 2, 4, 8);
    expect_waiting_with(&rig, 3, 2);
    supply(&rig, 6, 8);
    expect_done(&rig, 2, VM_OK);
    expect_done(&rig, 3, VM_OK);
    stop(&rig);
}

Test(page_source, whoever_waits_along_is_told_before_the_owner)
{
    struct rig rig;

    start(&rig, false);
    ask_read(&rig, 0, 0, 2);
    ask_read(&rig, 1, 0, 2);
    ask_read(&rig, 2, 1, 2);
    supply(&rig, 0, 2);
    cr_assert_eq(page_request_take_done(&rig.board), &rig.requests[1]);
    cr_assert_eq(page_request_take_done(&rig.board), &rig.requests[2]);
    cr_assert_eq(page_request_take_done(&rig.board), &rig.requests[0]);
    /* answered before a provider saw it: nothing is left to see */
    cr_assert_null(page_request_take_new(&rig.board));
    stop(&rig);
}

Test(page_source, a_request_that_is_over_can_ask_again)
{
    struct rig rig;

    start(&rig, false);
    ask_read(&rig, 0, 0, 2);
    supply(&rig, 0, 2);
    ask_read(&rig, 0, 2, 3);
    expect_outstanding(&rig, 0, 2, 3);
    cr_assert_null(page_request_take_done(&rig.board));
    page_request_cancel(&rig.requests[0]);
    page_request_wait_for_memory(&rig.requests[0]);
    cr_assert_eq(rig.requests[0].state, REQUEST_MEMORY);
    ask_read(&rig, 0, 0, 1);
    expect_outstanding(&rig, 0, 0, 1);
    stop(&rig);
}

/* Batches. ---------------------------------------------------------------- */

Test(page_source, a_batch_takes_ranges_that_follow_each_other)
{
    struct rig rig;

    start(&rig, false);
    rig.requests[0].is_batch_allowed = true;
    ask_read(&rig, 0, 2, 3);
    ask_read(&rig, 0, 3, 5);
    cr_assert_eq(rig.requests[0].state, REQUEST_ACCEPTING);
    cr_assert_null(page_request_take_new(&rig.board));
    cr_assert_eq(page_request_finalize(&rig.requests[0]), VM_SHOULD_WAIT);
    expect_outstanding(&rig, 0, 2, 5);
    cr_assert_not(rig.requests[0].is_internal);
    stop(&rig);
}

Test(page_source, a_range_elsewhere_sends_the_batch_without_it)
{
    struct rig rig;

    start(&rig, true);
    rig.requests[0].is_batch_allowed = true;
    ask_read(&rig, 0, 2, 3);
    ask_read(&rig, 0, 7, 9);
    expect_outstanding(&rig, 0, 2, 3);

    rig.requests[1].is_batch_allowed = true;
    ask_read(&rig, 1, 4, 6);
    ask_dirty(&rig, 1, 6, 7); /* another type: sent as it is */
    expect_outstanding(&rig, 1, 4, 6);
    cr_assert_eq(rig.requests[1].type, PAGE_REQUEST_READ);
    stop(&rig);
}

Test(page_source, a_batch_ends_where_another_request_begins)
{
    struct rig rig;

    start(&rig, false);
    ask_read(&rig, 0, 4, 6);
    rig.requests[1].is_batch_allowed = true;
    ask_read(&rig, 1, 2, 3);
    ask_read(&rig, 1, 3, 8);
    expect_outstanding(&rig, 1, 2, 4);
    stop(&rig);
}

/* Failure. ---------------------------------------------------------------- */

Test(page_source, a_failure_reaches_requests_of_every_type_and_who_waits)
{
    struct rig rig;

    start(&rig, true);
    ask_read(&rig, 0, 0, 2);
    ask_read(&rig, 1, 0, 1);
    ask_dirty(&rig, 2, 0, 2);
    ask_read(&rig, 3, 2, 3);
    fail(&rig, 0, 2, VM_IO_DATA_INTEGRITY);
    expect_done(&rig, 0, VM_IO_DATA_INTEGRITY);
    expect_done(&rig, 1, VM_IO_DATA_INTEGRITY);
    expect_done(&rig, 2, VM_IO_DATA_INTEGRITY);
    expect_outstanding(&rig, 3, 2, 3);
    stop(&rig);
}

/*
 * A request for [4 8), of which [4 4 + answered) is there, and a failure.
 */
Test(page_source, who_is_told_of_a_failure_depends_on_where_it_begins)
{
    static const struct {
        bool is_batch;
        uint64_t answered;
        uint64_t from, to;
        enum vm_status expected;
    } cases[] = {
        /* the head fails: everybody hears */
        {true, 0, 4, 8, VM_IO},
        {true, 0, 0, 5, VM_IO},
        {false, 0, 4, 5, VM_IO},
        {false, 2, 4, 5, VM_IO},
        /* only what follows: one-page askers look again, batches fail ... */
        {false, 0, 5, 6, VM_OK},
        {false, 0, 6, 20, VM_OK},
        {true, 0, 5, 6, VM_IO},
        {true, 0, 6, 20, VM_IO},
        /* ... unless their head is there already */
        {true, 1, 5, 6, VM_OK},
        {false, 1, 5, 8, VM_OK},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rig rig;

        start(&rig, false);
        rig.requests[0].is_batch_allowed = cases[i].is_batch;
        ask_read(&rig, 0, 4, 8);
        if (cases[i].is_batch)
            page_request_finalize(&rig.requests[0]);
        if (cases[i].answered)
            supply(&rig, 4, 4 + cases[i].answered);
        fail(&rig, cases[i].from, cases[i].to, VM_IO);
        cr_assert_eq(rig.requests[0].state, REQUEST_DONE);
        cr_assert_eq(rig.requests[0].status, cases[i].expected, "case %zu", i);
        stop(&rig);
    }
}

/* before [0 4)[4 6)[6 8)    failure [2 ... 8)    first: again, others: IO */
Test(page_source, a_request_sent_round_again_spares_nobody_after_it)
{
    struct rig rig;

    start(&rig, false);
    ask_read(&rig, 0, 0, 4);
    ask_read(&rig, 1, 4, 6);
    ask_read(&rig, 2, 6, 8);
    fail(&rig, 2, 8, VM_IO);
    expect_done(&rig, 0, VM_OK);
    expect_done(&rig, 1, VM_IO);
    expect_done(&rig, 2, VM_IO);
    stop(&rig);
}

Test(page_source, pagers_may_fail_with_some_codes_only)
{
    static const struct {
        enum vm_status status;
        bool pager, internal;
    } cases[] = {
        {VM_IO, true, true},
        {VM_IO_DATA_INTEGRITY, true, true},
        {VM_BAD_STATE, true, true},
        {VM_NO_SPACE, true, true},
        {VM_BUFFER_TOO_SMALL, true, true},
        {VM_NO_MEMORY, false, true},
        {VM_OK, false, false},
        {VM_TIMED_OUT, false, false},
        {VM_INTERNAL, false, false},
        {VM_NOT_FOUND, false, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(page_source_is_valid_failure(cases[i].status, false),
                     cases[i].pager);
        cr_assert_eq(page_source_is_valid_failure(cases[i].status, true),
                     cases[i].internal);
    }
}

/* Giving up. -------------------------------------------------------------- */

Test(page_source, the_first_who_waits_along_inherits)
{
    struct rig rig;
    uint64_t serial;

    start(&rig, false);
    ask_read(&rig, 3, 9, 10);
    ask_read(&rig, 0, 0, 4);
    ask_read(&rig, 1, 2, 3);
    ask_read(&rig, 2, 1, 4);
    serial = rig.requests[0].serial;
    supply(&rig, 0, 1);
    page_request_cancel(&rig.requests[0]);
    cr_assert_eq(rig.requests[0].state, REQUEST_IDLE);
    expect_outstanding(&rig, 1, 0, 4);
    expect_waiting_with(&rig, 2, 1);
    cr_assert_eq(rig.requests[1].serial, serial);
    cr_assert_eq(rig.requests[1].pending, pages_to_bytes(3));
    /* in the inbox too, in the same place */
    cr_assert_eq(page_request_take_new(&rig.board), &rig.requests[3]);
    cr_assert_eq(page_request_take_new(&rig.board), &rig.requests[1]);
    cr_assert_null(page_request_take_new(&rig.board));
    supply(&rig, 1, 4);
    expect_done(&rig, 1, VM_OK);
    expect_done(&rig, 2, VM_OK);
    stop(&rig);
}

Test(page_source, a_request_in_work_is_inherited_without_notice)
{
    struct rig rig;

    start(&rig, false);
    ask_read(&rig, 0, 0, 4);
    ask_read(&rig, 1, 0, 4);
    page_request_take_new(&rig.board);
    page_request_cancel(&rig.requests[0]);
    expect_outstanding(&rig, 1, 0, 4);
    cr_assert_null(page_request_take_new(&rig.board));
    page_request_cancel(&rig.requests[1]);
    cr_assert_null(page_source_next_request(rig.source, NULL));
    stop(&rig);
}

Test(page_source, cancel_leaves_whatever_list_it_is_on)
{
    struct rig rig;

    start(&rig, false);
    page_request_cancel(&rig.requests[0]); /* idle */
    ask_read(&rig, 0, 0, 4);
    ask_read(&rig, 1, 0, 4);
    page_request_cancel(&rig.requests[1]); /* waits along */
    page_request_cancel(&rig.requests[0]); /* outstanding */
    cr_assert_null(page_request_take_new(&rig.board));
    ask_read(&rig, 0, 0, 1);
    supply(&rig, 0, 1);
    page_request_cancel(&rig.requests[0]); /* done */
    cr_assert_null(page_request_take_done(&rig.board));
    page_request_wait_for_memory(&rig.requests[0]);
    page_request_cancel(&rig.requests[0]);
    cr_assert_eq(rig.requests[0].state, REQUEST_IDLE);
    stop(&rig);
}

Test(page_source, a_cancelled_range_can_be_asked_for_again)
{
    struct rig rig;

    start(&rig, false);
    ask_read(&rig, 0, 0, 4);
    page_request_cancel(&rig.requests[0]);
    ask_read(&rig, 1, 2, 8);
    expect_outstanding(&rig, 1, 2, 8);
    stop(&rig);
}

/* Detach. ----------------------------------------------------------------- */

Test(page_source, detaching_sends_everybody_round_again)
{
    struct rig rig;

    start(&rig, true);
    ask_read(&rig, 0, 0, 2);
    ask_read(&rig, 1, 1, 2);
    ask_dirty(&rig, 2, 4, 5);
    page_source_detach(rig.source);
    for (int i = 0; i < 3; i++)
        expect_done(&rig, i, VM_OK);
    cr_assert_null(page_request_take_new(&rig.board));
    cr_assert_eq(
        page_source_get_pages(rig.source, 0, VM_PAGE_SIZE, &rig.requests[3]),
        VM_BAD_STATE);
    cr_assert_eq(page_source_request_dirty(rig.source, 0, VM_PAGE_SIZE,
                                           &rig.requests[3]),
                 VM_BAD_STATE);
    page_source_detach(rig.source);
    page_source_close(rig.source);
    cr_assert(rig.source->is_closed);
    stop(&rig);
}

Test(page_source, a_batch_that_is_detached_under_ends_with_bad_state)
{
    struct rig rig;

    start(&rig, false);
    rig.requests[0].is_batch_allowed = true;
    ask_read(&rig, 0, 0, 2);
    page_source_detach(rig.source);
    cr_assert_eq(page_request_finalize(&rig.requests[0]), VM_BAD_STATE);
    cr_assert_eq(rig.requests[0].state, REQUEST_IDLE);
    stop(&rig);
}

Test(page_source, the_last_reference_closes)
{
    struct rig rig;

    start(&rig, false);
    ask_read(&rig, 0, 0, 2);
    cr_assert_eq(page_source_ref(rig.source), rig.source);
    page_source_unref(rig.source);
    expect_outstanding(&rig, 0, 0, 2);
    page_source_unref(rig.source);
    cr_assert_eq(rig.requests[0].state, REQUEST_DONE);
    cr_assert_eq(rig.requests[0].status, VM_OK);
    page_request_cancel(&rig.requests[0]); /* touches no source */
    cr_assert_null(page_request_take_done(&rig.board));
}
