/*
 * Page queues: what each operation does to the counts, and the queues that are
 * not the policy's.
 */
#include "queue_fixture.h"

/* Counts. ----------------------------------------------------------------- */

Test(page_queues, Q08_a_page_is_counted_in_the_queue_it_is_put_in)
{
    static const enum page_queue queues[] = {
        PQ_ANONYMOUS, PQ_WIRED,       PQ_HIGH_PRIORITY,  PQ_ZERO_FORK,
        PQ_RECLAIM,   PQ_PAGER_DIRTY, PQ_FAILED_RECLAIM,
    };
    struct rig rig;

    start(&rig, NULL, 0);
    for (size_t i = 0; i < sizeof queues / sizeof queues[0]; i++) {
        page_index page = put(&rig, queues[i]);

        for (int q = PQ_NONE + 1; q < PQ_COUNT; q++)
            cr_assert_eq(rig.pqs.count[q], q == (int)queues[i]);
        cr_assert_null(pq_valid(&rig.pqs));
        drop(&rig, page);
        for (int q = PQ_NONE + 1; q < PQ_COUNT; q++)
            cr_assert_eq(rig.pqs.count[q], 0);
    }
    stop(&rig);
}

Test(page_queues, Q08_anonymous_pages_are_reclaimable_once_that_is_on)
{
    struct rig rig;

    start(&rig, NULL, 0);
    pq_enable_anonymous_reclaim(&rig.pqs, false);
    page_index page = put(&rig, PQ_ANONYMOUS);
    expect_ages(&rig, "10000000 0", 1, 0);
    cr_assert_eq(rig.pqs.count[PQ_ANONYMOUS], 0);
    cr_assert_eq(rig.pmm.pages[page].reclaim_class, RECLAIM_ANONYMOUS);
    drop(&rig, page);
    page = put(&rig, PQ_ZERO_FORK);
    cr_assert_eq(rig.pqs.count[PQ_ZERO_FORK], 1);
    drop(&rig, page);
    pq_enable_anonymous_reclaim(&rig.pqs, true);
    page = put(&rig, PQ_ZERO_FORK);
    expect_ages(&rig, "10000000 0", 1, 0);
    stop(&rig);
}

/* Through every queue, with anonymous pages reclaimable or not. */
static void expect_moves(bool is_anonymous_reclaimable)
{
    struct rig rig;

    start(&rig, NULL, 0);
    if (is_anonymous_reclaimable)
        pq_enable_anonymous_reclaim(&rig.pqs, false);
    page_index page = put(&rig, PQ_WIRED);
    cr_assert_eq(rig.pqs.count[PQ_WIRED], 1);
    move(&rig, page, PQ_ANONYMOUS);
    cr_assert_eq(rig.pqs.count[PQ_WIRED], 0);
    cr_assert_eq(rig.pqs.count[PQ_ANONYMOUS], !is_anonymous_reclaimable);
    expect_ages(&rig, is_anonymous_reclaimable ? "10000000 0" : "00000000 0",
                is_anonymous_reclaimable, 0);
    move(&rig, page, PQ_RECLAIM);
    expect_ages(&rig, "10000000 0", 1, 0);
    move(&rig, page, PQ_PAGER_DIRTY);
    cr_assert_eq(rig.pqs.count[PQ_PAGER_DIRTY], 1);
    expect_ages(&rig, "00000000 0", 0, 0);
    move(&rig, page, PQ_RECLAIM);
    expect_ages(&rig, "10000000 0", 1, 0);
    pq_dont_need(&rig.pqs, page);
    expect_ages(&rig, "00000000 1", 0, 1);
    cr_assert_eq(pq_victim(&rig.pqs, RECLAIM_ONLY_OLDEST), page);
    move(&rig, page, PQ_WIRED);
    cr_assert_eq(rig.pqs.count[PQ_WIRED], 1);
    cr_assert_eq(rig.pqs.count[PQ_RECLAIM], 0);
    drop(&rig, page);
    cr_assert_eq(rig.pqs.count[PQ_WIRED], 0);
    stop(&rig);
}

Test(page_queues, Q09_a_page_moves_from_queue_to_queue)
{
    expect_moves(false);
    expect_moves(true);
}

Test(page_queues, Q10_moving_to_the_same_queue_keeps_the_count)
{
    static const enum page_queue queues[] = {PQ_WIRED, PQ_ANONYMOUS, PQ_RECLAIM,
                                             PQ_PAGER_DIRTY};
    struct rig rig;

    start(&rig, NULL, 0);
    for (size_t i = 0; i < sizeof queues / sizeof queues[0]; i++) {
        page_index page = put(&rig, queues[i]);

        move(&rig, page, queues[i]);
        cr_assert_eq(rig.pqs.count[queues[i]], 1);
        cr_assert_null(pq_valid(&rig.pqs));
        drop(&rig, page);
    }
    stop(&rig);
}

Test(page_queues, a_queued_page_changes_hands_where_it_is)
{
    struct rig rig;

    start(&rig, NULL, 0);
    page_index page = put(&rig, PQ_RECLAIM);
    rotate(&rig);
    pq_change_owner(&rig.pqs, page, 7, 0x3000);
    expect_ages(&rig, "01000000 0", 1, 0);
    cr_assert_eq(rig.pmm.pages[page].owner, 7);
    cr_assert_eq(rig.pmm.pages[page].offset, 0x3000);
    stop(&rig);
}

/* The other queues. ------------------------------------------------------- */

Test(page_queues, zero_forks_are_popped_oldest_first)
{
    struct rig rig;

    start(&rig, NULL, 0);
    page_index first = put(&rig, PQ_ZERO_FORK);
    page_index second = put(&rig, PQ_ZERO_FORK);
    page_index third = put(&rig, PQ_ZERO_FORK);
    drop(&rig, second);
    cr_assert_eq(pq_pop_zero_fork(&rig.pqs), first);
    cr_assert_eq(rig.pmm.pages[first].queue, PQ_ANONYMOUS);
    cr_assert_eq(pq_pop_zero_fork(&rig.pqs), third);
    cr_assert_eq(pq_pop_zero_fork(&rig.pqs), PAGE_NONE);
    cr_assert_eq(rig.pqs.count[PQ_ANONYMOUS], 2);
    stop(&rig);
}

Test(page_queues, a_popped_zero_fork_is_not_reclaimable_ever_after)
{
    struct rig rig;

    start(&rig, NULL, 0);
    pq_enable_anonymous_reclaim(&rig.pqs, false);
    page_index page = put(&rig, PQ_ZERO_FORK);
    cr_assert_eq(pq_pop_zero_fork(&rig.pqs), page);
    cr_assert_eq(rig.pmm.pages[page].queue, PQ_ANONYMOUS);
    move(&rig, page, PQ_ANONYMOUS); /* pinned and unpinned, say */
    cr_assert_eq(rig.pmm.pages[page].queue, PQ_RECLAIM);
    stop(&rig);
}

Test(page_queues, a_popped_zero_fork_may_get_another_chance)
{
    static const char *const params[] = {"zero_fork=again"};
    struct rig rig;

    start(&rig, params, 1);
    page_index early = put(&rig, PQ_ZERO_FORK);
    cr_assert_eq(pq_pop_zero_fork(&rig.pqs), early);
    cr_assert_eq(rig.pmm.pages[early].queue, PQ_ANONYMOUS);
    pq_enable_anonymous_reclaim(&rig.pqs, false);
    page_index page = put(&rig, PQ_ZERO_FORK);
    cr_assert_eq(pq_pop_zero_fork(&rig.pqs), page);
    cr_assert_eq(rig.pmm.pages[page].queue, PQ_RECLAIM);
    stop(&rig);
}

Test(page_queues, a_page_that_cannot_be_compressed_is_put_aside)
{
    struct rig rig;

    start(&rig, NULL, 0);
    pq_enable_anonymous_reclaim(&rig.pqs, false);
    page_index page = put(&rig, PQ_ANONYMOUS);
    page_index pinned = put(&rig, PQ_WIRED);
    pq_compression_failed(&rig.pqs, page);
    pq_compression_failed(&rig.pqs, pinned);
    cr_assert_eq(rig.pqs.count[PQ_FAILED_RECLAIM], 1);
    cr_assert_eq(rig.pqs.count[PQ_WIRED], 1);
    access_page(&rig, page); /* an access does not bring it back */
    expect_ages(&rig, "00000000 0", 0, 0);
    cr_assert_eq(pq_victim(&rig.pqs, RECLAIM_INCLUDE_NEWEST), PAGE_NONE);
    stop(&rig);
}

Test(page_queues, switching_anonymous_reclaim_on_reverses_the_order)
{
    struct rig rig;

    start(&rig, NULL, 0);
    for (int i = 0; i < 3; i++)
        put(&rig, PQ_ANONYMOUS); /* a b c */
    for (int i = 0; i < 2; i++)
        put(&rig, PQ_ZERO_FORK); /* d e */
    pq_enable_anonymous_reclaim(&rig.pqs, true);
    cr_assert_eq(rig.pqs.count[PQ_RECLAIM], 5);
    rotate(&rig);
    rotate(&rig);
    expect_reclaim_order(&rig, RECLAIM_INCLUDE_NEWEST, "cbaed");
    stop(&rig);
}

/* Policies, parameters, budget. ------------------------------------------- */

Test(page_queues, a_new_policy_is_told_of_every_reclaimable_page)
{
    struct rig rig;

    start(&rig, NULL, 0);
    for (int i = 0; i < 6; i++)
        put(&rig, i % 3 ? PQ_RECLAIM : PQ_WIRED); /* b c e f */
    access_page(&rig, 2);
    pq_dont_need(&rig.pqs, 5);
    cr_assert_eq(pq_change_policy(&rig.pqs, &zircon_policy_ops, NULL, 2),
                 VM_OK);
    expect_ages(&rig, "40000000 0", 4, 0);
    rotate(&rig);
    rotate(&rig);
    expect_reclaim_order(&rig, RECLAIM_INCLUDE_NEWEST, "bcef");
    stop(&rig);
}

Test(page_queues, a_policy_of_another_abi_is_refused)
{
    struct reclaim_policy_ops other = zircon_policy_ops;
    struct rig rig, none;

    other.abi = RECLAIM_POLICY_ABI + 1;
    start(&rig, NULL, 0);
    put(&rig, PQ_RECLAIM);
    cr_assert_eq(pq_change_policy(&rig.pqs, &other, NULL, 1), VM_INVALID_ARGS);
    cr_assert_eq(pq_init(&none.pqs, &rig.pmm, &other, NULL, 1),
                 VM_INVALID_ARGS);
    expect_ages(&rig, "10000000 0", 1, 0);
    stop(&rig);
}

static void *no_memory(struct reclaim_host *host,
                       const union reclaim_value *values)
{
    (void)host;
    (void)values;
    return NULL;
}

Test(page_queues, a_policy_that_cannot_begin_leaves_the_old_one)
{
    struct reclaim_policy_ops other = zircon_policy_ops;
    struct rig rig;

    other.init = no_memory;
    start(&rig, NULL, 0);
    put(&rig, PQ_RECLAIM);
    cr_assert_eq(pq_change_policy(&rig.pqs, &other, NULL, 1), VM_NO_MEMORY);
    expect_ages(&rig, "10000000 0", 1, 0);
    stop(&rig);
}

Test(page_queues, page_memory_grows_with_the_budget)
{
    struct rig rig;

    start(&rig, NULL, 0);
    for (int i = 0; i < PAGES; i++)
        put(&rig, PQ_RECLAIM);
    cr_assert_eq(pmm_resize(&rig.pmm, 4 * PAGES), VM_OK);
    cr_assert_eq(pq_resize(&rig.pqs), VM_OK);
    cr_assert_eq(rig.pqs.host.memory_pages, 4 * PAGES);
    for (int i = 0; i < 3 * PAGES; i++)
        put(&rig, PQ_RECLAIM);
    cr_assert_eq(state(&rig).by_age[0], 4 * PAGES);
    stop(&rig);
}

Test(page_queues, parameters_are_checked_and_the_last_one_wins)
{
    static const struct {
        const char *text;
        const char *message; /* part of it; NULL: accepted */
    } cases[] = {
        {"min_aging_ns=3000000000", NULL},
        {"lru_order=b", NULL},
        {"min_aging_ns", "expected name=value"},
        {"min_aging=1", "no such parameter; there are: min_aging_ns"},
        {"min_aging_ns=", "expected a whole number"},
        {"min_aging_ns=-5", "expected a whole number"},
        {"min_aging_ns=2s", "expected a whole number"},
        {"offer_aged_out=2", "from 0 to 1"},
        {"active_ratio_multiplier=99999999999999999999", "whole number"},
        {"lru_order=c", "expected one of a, b"},
    };
    union reclaim_value values[RECLAIM_MAX_PARAMS];
    char message[200];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *wrong =
            reclaim_params_parse(&zircon_policy_ops, &cases[i].text, 1, values,
                                 message, sizeof message);

        cr_assert_eq(!wrong, !cases[i].message, "%s", cases[i].text);
        if (wrong)
            cr_assert_not_null(strstr(wrong, cases[i].message), "%s", wrong);
    }
    static const char *const twice[] = {"min_aging_ns=3000000",
                                        "min_aging_ns=4000000"};
    cr_assert_null(reclaim_params_parse(&zircon_policy_ops, twice, 2, values,
                                        message, sizeof message));
    cr_assert_eq(values[0].uint, 4000000);
    cr_assert_eq(values[1].uint, 15000000000);
}

Test(page_queues, the_checker_sees_what_is_broken)
{
    struct rig rig;

    start(&rig, NULL, 0);
    page_index page = put(&rig, PQ_RECLAIM);
    put(&rig, PQ_ZERO_FORK);
    cr_assert_null(pq_valid(&rig.pqs));
    rig.pqs.count[PQ_WIRED]++;
    cr_assert_not_null(pq_valid(&rig.pqs));
    rig.pqs.count[PQ_WIRED]--;
    rig.pmm.pages[page].owner = 0;
    cr_assert_not_null(pq_valid(&rig.pqs));
    rig.pmm.pages[page].owner = 1;
    rig.pqs.zero_forks.tail = PAGE_NONE;
    cr_assert_not_null(pq_valid(&rig.pqs));
    rig.pqs.zero_forks.tail = rig.pqs.zero_forks.head;
    stop(&rig);
}
