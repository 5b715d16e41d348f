/*
 * Zircon's generations: ageing, the order of reclaim, and when it is time.
 */
#include "queue_fixture.h"

/* Generations. ------------------------------------------------------------ */

Test(zircon_policy, Q11_rotation_ages_reclaimable_pages_and_no_others)
{
    static const struct {
        const char *ages;
        uint64_t active, inactive;
    } after[] = {
        {"10000000 0", 1, 0}, {"01000000 0", 1, 0}, {"00100000 0", 0, 1},
        {"00010000 0", 0, 1}, {"00001000 0", 0, 1}, {"00000100 0", 0, 1},
        {"00000010 0", 0, 1}, {"00000001 0", 0, 1}, {"00000001 0", 0, 1},
        {"00000001 0", 0, 1},
    };
    struct rig rig;

    start(&rig, NULL, 0);
    put(&rig, PQ_WIRED);
    page_index page = put(&rig, PQ_RECLAIM);
    put(&rig, PQ_PAGER_DIRTY);
    for (size_t i = 0; i < sizeof after / sizeof after[0]; i++) {
        if (i)
            rotate(&rig);
        expect_ages(&rig, after[i].ages, after[i].active, after[i].inactive);
        cr_assert_eq(rig.pqs.count[PQ_WIRED], 1);
        cr_assert_eq(rig.pqs.count[PQ_PAGER_DIRTY], 1);
        cr_assert_null(pq_valid(&rig.pqs));
    }
    move(&rig, page, PQ_RECLAIM);
    expect_ages(&rig, "10000000 0", 1, 0);
    rotate(&rig);
    expect_ages(&rig, "01000000 0", 1, 0);
    rotate(&rig);
    expect_ages(&rig, "00100000 0", 0, 1);
    stop(&rig);
}

Test(zircon_policy, Q12_hinted_pages_leave_the_generations_until_accessed)
{
    struct rig rig;

    start(&rig, NULL, 0);
    page_index first = put(&rig, PQ_RECLAIM);
    expect_ages(&rig, "10000000 0", 1, 0);
    page_index second = put(&rig, PQ_RECLAIM);
    expect_ages(&rig, "20000000 0", 2, 0);
    pq_dont_need(&rig.pqs, first);
    pq_dont_need(&rig.pqs, second);
    expect_ages(&rig, "00000000 2", 0, 2);
    rotate(&rig);
    expect_ages(&rig, "00000000 2", 0, 2);
    access_page(&rig, first);
    rotate(&rig);
    expect_ages(&rig, "01000000 1", 1, 1);
    rotate(&rig);
    expect_ages(&rig, "00100000 1", 0, 2);
    stop(&rig);
}

Test(zircon_policy, an_accessed_page_is_newest_at_once)
{
    struct rig rig;

    start(&rig, NULL, 0);
    page_index page = put(&rig, PQ_RECLAIM);
    for (int i = 0; i < 4; i++)
        rotate(&rig);
    expect_ages(&rig, "00001000 0", 0, 1);
    access_page(&rig, page);
    expect_ages(&rig, "10000000 0", 1, 0);
    cr_assert_eq(rig.pqs.ops->place(rig.pqs.policy, page).list, 0);
    cr_assert(rig.pqs.ops->place(rig.pqs.policy, page).is_active);
    stop(&rig);
}

Test(zircon_policy, the_machine_starts_with_no_room_to_rotate)
{
    struct rig rig;

    start(&rig, NULL, 0);
    cr_assert_eq(state(&rig).mru_gen, 7);
    cr_assert_eq(state(&rig).lru_gen, 0);
    rotate(&rig);
    cr_assert_eq(counter(&rig, "pq.aging.blocked_on_lru"), 1);
    cr_assert_eq(counter(&rig, "pq.aging.reason.manual"), 1);
    cr_assert_eq(state(&rig).mru_gen, 8);
    cr_assert_eq(state(&rig).lru_gen, 1);
    cr_assert_null(pq_valid(&rig.pqs));
    stop(&rig);
}

Test(zircon_policy, a_peek_makes_room_to_rotate)
{
    struct rig rig;

    start(&rig, NULL, 0);
    cr_assert_eq(pq_victim(&rig.pqs, RECLAIM_INCLUDE_NEWEST), PAGE_NONE);
    cr_assert_eq(state(&rig).lru_gen, 6); /* never past mru_gen - 1 */
    rotate(&rig);
    cr_assert_eq(counter(&rig, "pq.aging.blocked_on_lru"), 0);
    stop(&rig);
}

/* Victims. ---------------------------------------------------------------- */

Test(zircon_policy, a_level_says_how_old_a_victim_must_be)
{
    struct rig rig;

    start(&rig, NULL, 0);
    page_index page = put(&rig, PQ_RECLAIM);
    for (int age = 0; age < 8; age++) {
        cr_assert_eq(pq_victim(&rig.pqs, RECLAIM_INCLUDE_NEWEST),
                     age >= 2 ? page : PAGE_NONE, "age %d", age);
        cr_assert_eq(pq_victim(&rig.pqs, RECLAIM_ONLY_OLDEST),
                     age >= 6 ? page : PAGE_NONE, "age %d", age);
        rotate(&rig);
    }
    stop(&rig);
}

Test(zircon_policy, a_victim_stays_until_something_is_done_about_it)
{
    struct rig rig;

    start(&rig, NULL, 0);
    page_index old = put(&rig, PQ_RECLAIM);
    page_index young = put(&rig, PQ_RECLAIM);
    rotate(&rig);
    rotate(&rig);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(pq_victim(&rig.pqs, RECLAIM_INCLUDE_NEWEST), old);
    pq_refused(&rig.pqs, old, RECLAIM_REFUSED_ALWAYS_NEED);
    expect_ages(&rig, "10100000 0", 1, 1);
    cr_assert_eq(pq_victim(&rig.pqs, RECLAIM_INCLUDE_NEWEST), young);
    stop(&rig);
}

Test(zircon_policy, hinted_pages_go_first_in_the_order_of_the_hints)
{
    struct rig rig;

    start(&rig, NULL, 0);
    for (int i = 0; i < 6; i++)
        put(&rig, PQ_RECLAIM);
    rotate(&rig);
    rotate(&rig);
    pq_dont_need(&rig.pqs, 4);
    pq_dont_need(&rig.pqs, 2);
    pq_dont_need(&rig.pqs, 5);
    pq_dont_need(&rig.pqs, 4); /* hinted again: last now */
    access_page(&rig, 5);      /* escapes */
    expect_reclaim_order(&rig, RECLAIM_INCLUDE_NEWEST, "bdacf");
    expect_ages(&rig, "10000000 0", 1, 0);
    stop(&rig);
}

/* Two pages a generation: ab, cd, ef, and gh, ij that are too young. */
static void fill_generations(struct rig *rig)
{
    for (int i = 0; i < 10; i++) {
        if (i && i % 2 == 0)
            rotate(rig);
        put(rig, PQ_RECLAIM);
    }
}

Test(zircon_policy, reclaim_goes_from_the_oldest_generation_on)
{
    struct rig rig;

    start(&rig, NULL, 0);
    fill_generations(&rig);
    expect_reclaim_order(&rig, RECLAIM_INCLUDE_NEWEST, "abcdef");
    expect_ages(&rig, "22000000 0", 4, 0);
    stop(&rig);
}

Test(zircon_policy, an_accessed_page_is_moved_when_its_list_is_looked_at)
{
    struct rig rig;

    start(&rig, NULL, 0);
    fill_generations(&rig);
    access_page(&rig, 1);
    access_page(&rig, 4);
    rotate(&rig);
    rotate(&rig);
    /* a and d left their lists for that of i and j, behind them */
    expect_reclaim_order(&rig, RECLAIM_INCLUDE_NEWEST, "bcefghijad");
    stop(&rig);
}

/*
 * Pages a b c d enter in that order and outlive their generation, in which
 * e is the next one's only page.
 *
 *   lru_order=a   [.... a b c d | e]   each enters at the head: d c b a turn
 *   lru_order=b   [.... e | d c b a]   each enters at the tail: in order
 */
static void expect_survivors(const char *lru_order, const char *expected)
{
    struct rig rig;

    start(&rig, &lru_order, 1);
    for (int i = 0; i < 4; i++)
        put(&rig, PQ_RECLAIM);
    rotate(&rig);
    put(&rig, PQ_RECLAIM);
    for (int i = 0; i < 7; i++)
        rotate(&rig);
    expect_ages(&rig, "00000005 0", 0, 5);
    expect_reclaim_order(&rig, RECLAIM_ONLY_OLDEST, expected);
    stop(&rig);
}

Test(zircon_policy, survivors_of_the_last_generation_queue_up_behind_the_next)
{
    expect_survivors("lru_order=a", "eabcd");
}

Test(zircon_policy, survivors_keep_their_place_if_asked)
{
    expect_survivors("lru_order=b", "abcde");
}

static page_index pop(struct rig *rig, enum reclaim_offer offer)
{
    return rig->pqs.ops->pop_offer(rig->pqs.policy, offer);
}

/* Met by a peek in a generation that they left by an access, or hinted. */
Test(zircon_policy, pages_found_accessed_are_offered_once)
{
    static const char *const params[] = {"offer_accessed=1"};
    struct rig rig;

    start(&rig, params, 1);
    page_index old = put(&rig, PQ_RECLAIM);
    page_index accessed = put(&rig, PQ_RECLAIM);
    page_index accessed_long_ago = put(&rig, PQ_RECLAIM);
    page_index hinted = put(&rig, PQ_RECLAIM);
    rotate(&rig);
    access_page(&rig, accessed_long_ago); /* will have aged when it is met */
    rotate(&rig);
    rotate(&rig);
    rotate(&rig);
    pq_dont_need(&rig.pqs, hinted);
    access_page(&rig, hinted);
    access_page(&rig, accessed);
    cr_assert_eq(pq_victim(&rig.pqs, RECLAIM_INCLUDE_NEWEST), old);
    cr_assert_eq(pop(&rig, RECLAIM_OFFER_ACCESSED), hinted);
    cr_assert_eq(pop(&rig, RECLAIM_OFFER_ACCESSED), PAGE_NONE);
    reclaim(&rig, old);
    cr_assert_eq(pq_victim(&rig.pqs, RECLAIM_INCLUDE_NEWEST),
                 accessed_long_ago);
    cr_assert_eq(pop(&rig, RECLAIM_OFFER_AGED_OUT), PAGE_NONE);
    cr_assert_eq(pop(&rig, RECLAIM_OFFER_ACCESSED), accessed);
    cr_assert_eq(pop(&rig, RECLAIM_OFFER_ACCESSED), PAGE_NONE);
    stop(&rig);
}

/* Each kind waits for whoever wants it, in the order of the offers. */
Test(zircon_policy, an_offer_goes_to_who_asks_for_its_kind)
{
    static const char *const params[] = {"offer_accessed=1",
                                         "offer_aged_out=1"};
    struct rig rig;

    start(&rig, params, 2);
    page_index forced = put(&rig, PQ_RECLAIM);
    page_index accessed = put(&rig, PQ_RECLAIM);
    for (int i = 0; i < 7; i++)
        rotate(&rig);
    access_page(&rig, accessed);
    rotate(&rig); /* meets them from the tail: forced, accessed */
    cr_assert_eq(pop(&rig, RECLAIM_OFFER_ACCESSED), PAGE_NONE);
    cr_assert_eq(pop(&rig, RECLAIM_OFFER_AGED_OUT), forced);
    cr_assert_eq(pop(&rig, RECLAIM_OFFER_AGED_OUT), PAGE_NONE);
    cr_assert_eq(pop(&rig, RECLAIM_OFFER_ACCESSED), accessed);
    stop(&rig);
}

Test(zircon_policy, pages_forced_out_are_offered_once)
{
    static const char *const params[] = {"offer_aged_out=1"};
    struct rig rig;

    start(&rig, params, 1);
    page_index forced = put(&rig, PQ_RECLAIM);
    page_index gone = put(&rig, PQ_RECLAIM);
    page_index accessed = put(&rig, PQ_RECLAIM);
    page_index hinted = put(&rig, PQ_RECLAIM);
    pq_dont_need(&rig.pqs, hinted);
    for (int i = 0; i < 8; i++) {
        rotate(&rig);
        if (i < 7)
            while (pop(&rig, RECLAIM_OFFER_AGED_OUT) != PAGE_NONE)
                continue;
    }
    drop(&rig, gone);
    access_page(&rig, accessed);
    cr_assert_eq(pop(&rig, RECLAIM_OFFER_AGED_OUT), hinted);
    cr_assert_eq(pop(&rig, RECLAIM_OFFER_AGED_OUT), forced);
    cr_assert_eq(pop(&rig, RECLAIM_OFFER_AGED_OUT), PAGE_NONE);
    stop(&rig);
}

Test(zircon_policy, nothing_is_offered_unless_asked_for)
{
    struct rig rig;

    start(&rig, NULL, 0);
    put(&rig, PQ_RECLAIM);
    for (int i = 0; i < 9; i++)
        rotate(&rig);
    cr_assert_eq(pop(&rig, RECLAIM_OFFER_AGED_OUT), PAGE_NONE);
    stop(&rig);
}

Test(zircon_policy, reclaimable_totals_count_hints_as_oldest)
{
    struct rig rig;

    start(&rig, NULL, 0);
    fill_generations(&rig);
    pq_dont_need(&rig.pqs, 9);
    for (int i = 0; i < 2; i++)
        rotate(&rig);
    put(&rig, PQ_RECLAIM);
    struct zircon_state now = state(&rig);
    cr_assert_eq(now.reclaim_total, 11);
    cr_assert_eq(now.reclaim_newest, 1);
    cr_assert_eq(now.reclaim_oldest, 3); /* a, b at age 6, and the hint */
    stop(&rig);
}

/* Ageing by time. --------------------------------------------------------- */

static sim_ns next_age(struct rig *rig)
{
    rig->pqs.host.wake = false;
    return rig->pqs.ops->next_age(rig->pqs.policy, rig->pqs.host.now);
}

static void age_at(struct rig *rig, sim_ns now)
{
    pq_set_time(&rig->pqs, now);
    rig->pqs.ops->age(rig->pqs.policy, now);
}

Test(zircon_policy, with_nothing_active_ageing_waits_for_the_maximum)
{
    struct rig rig;

    start(&rig, NULL, 0);
    cr_assert(rig.pqs.host.wake);
    cr_assert_eq(next_age(&rig), 15 * SECOND);
    age_at(&rig, 14 * SECOND);
    cr_assert_eq(state(&rig).mru_gen, 7);
    age_at(&rig, 15 * SECOND);
    cr_assert_eq(state(&rig).mru_gen, 8);
    cr_assert_eq(state(&rig).last_reason, ZIRCON_AGE_TIMEOUT);
    cr_assert(rig.pqs.host.wake);
    cr_assert_eq(next_age(&rig), 30 * SECOND);
    stop(&rig);
}

Test(zircon_policy, too_many_active_pages_age_at_the_minimum)
{
    struct rig rig;

    start(&rig, NULL, 0);
    next_age(&rig);
    put(&rig, PQ_RECLAIM);
    cr_assert(rig.pqs.host.wake);
    cr_assert_eq(next_age(&rig), 2 * SECOND);
    age_at(&rig, 1 * SECOND);
    cr_assert_eq(state(&rig).mru_gen, 7);
    age_at(&rig, 2 * SECOND);
    cr_assert_eq(state(&rig).last_reason, ZIRCON_AGE_ACTIVE_RATIO);
    cr_assert_eq(counter(&rig, "pq.aging.reason_before_min_timeout"), 1);
    age_at(&rig, 4 * SECOND);
    expect_ages(&rig, "00100000 0", 0, 1);
    /* nothing is active any more */
    cr_assert_eq(next_age(&rig), 19 * SECOND);
    stop(&rig);
}

Test(zircon_policy, the_ratio_is_a_strict_multiple)
{
    static const struct {
        const char *param;
        int active, inactive;
        bool is_true;
    } cases[] = {
        {"active_ratio_multiplier=2", 1, 2, false},
        {"active_ratio_multiplier=2", 1, 1, true},
        {"active_ratio_multiplier=2", 2, 4, false},
        {"active_ratio_multiplier=2", 2, 3, true},
        {"active_ratio_multiplier=1", 2, 2, false},
        {"active_ratio_multiplier=1", 3, 2, true},
        {"active_ratio_multiplier=0", 9, 0, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rig rig;

        start(&rig, &cases[i].param, 1);
        for (int n = 0; n < cases[i].inactive; n++)
            pq_dont_need(&rig.pqs, put(&rig, PQ_RECLAIM));
        for (int n = 0; n < cases[i].active; n++)
            put(&rig, PQ_RECLAIM);
        cr_assert_eq(next_age(&rig), (cases[i].is_true ? 2 : 15) * SECOND,
                     "case %zu", i);
        stop(&rig);
    }
}

Test(zircon_policy, a_ratio_that_passes_again_before_the_minimum_has_no_effect)
{
    struct rig rig;

    start(&rig, NULL, 0);
    page_index page = put(&rig, PQ_RECLAIM);
    next_age(&rig);
    pq_set_time(&rig.pqs, SECOND);
    pq_dont_need(&rig.pqs, page);
    cr_assert(rig.pqs.host.wake);
    cr_assert_eq(next_age(&rig), 15 * SECOND);
    age_at(&rig, 15 * SECOND);
    cr_assert_eq(state(&rig).last_reason, ZIRCON_AGE_TIMEOUT);
    /* the signal was kept and woke the thread in vain */
    cr_assert_eq(counter(&rig, "pq.aging.spurious_wakeup"), 1);
    stop(&rig);
}

Test(zircon_policy, a_ratio_that_turns_after_the_minimum_ages_at_once)
{
    struct rig rig;

    start(&rig, NULL, 0);
    pq_set_time(&rig.pqs, 5 * SECOND);
    next_age(&rig);
    put(&rig, PQ_RECLAIM);
    cr_assert(rig.pqs.host.wake);
    cr_assert_eq(next_age(&rig), 5 * SECOND);
    age_at(&rig, 5 * SECOND);
    cr_assert_eq(state(&rig).last_reason, ZIRCON_AGE_ACTIVE_RATIO);
    cr_assert_eq(counter(&rig, "pq.aging.reason_before_min_timeout"), 0);
    cr_assert_eq(counter(&rig, "pq.aging.spurious_wakeup"), 0);
    cr_assert_eq(counter(&rig, "pq.aging.timeout_with_reason"), 0);
    cr_assert_eq(next_age(&rig), 7 * SECOND);
    stop(&rig);
}

Test(zircon_policy, between_agings_by_time_the_last_age_is_empty)
{
    struct rig rig;

    start(&rig, NULL, 0);
    put(&rig, PQ_RECLAIM);
    for (int i = 1; i <= 12; i++) {
        age_at(&rig, i * 15 * SECOND);
        struct zircon_state now = state(&rig);

        cr_assert_eq(now.mru_gen - now.lru_gen, 6);
        cr_assert_eq(now.by_age[7], 0);
        cr_assert_eq(now.by_age[6], i >= 6);
    }
    cr_assert_eq(counter(&rig, "pq.aging.blocked_on_lru"), 1); /* the first */
    stop(&rig);
}

Test(zircon_policy, the_maximum_is_never_below_the_minimum_or_a_second)
{
    static const struct {
        const char *params[2];
        sim_ns maximum;
    } cases[] = {
        {{"min_aging_ns=20000000000", "max_aging_ns=5000000000"}, 20000000000},
        {{"min_aging_ns=1000000", "max_aging_ns=10000000"}, 1000000000},
        {{"min_aging_ns=1000000", "max_aging_ns=3000000000"}, 3000000000},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rig rig;

        start(&rig, cases[i].params, 2);
        cr_assert_eq(next_age(&rig), cases[i].maximum, "case %zu", i);
        stop(&rig);
    }
}

Test(zircon_policy, totals_are_frozen_while_a_scan_runs)
{
    struct rig rig;

    start(&rig, NULL, 0);
    page_index page = put(&rig, PQ_RECLAIM);
    rotate(&rig);
    rotate(&rig);
    expect_ages(&rig, "00100000 0", 0, 1);
    next_age(&rig);
    zircon_policy_begin_scan(rig.pqs.policy);
    pq_mark_accessed(&rig.pqs, page, RECLAIM_ACCESSED_SCAN);
    expect_ages(&rig, "10000000 0", 0, 1);
    cr_assert(state(&rig).active_inactive_cached);
    cr_assert_not(rig.pqs.host.wake);
    zircon_policy_end_scan(rig.pqs.policy);
    expect_ages(&rig, "10000000 0", 1, 0);
    cr_assert(rig.pqs.host.wake);
    stop(&rig);
}

Test(zircon_policy, the_reason_is_decided_before_the_scan_that_ageing_makes)
{
    struct rig rig;

    start(&rig, NULL, 0);
    page_index page = put(&rig, PQ_RECLAIM);
    rotate(&rig);
    rotate(&rig);
    pq_set_time(&rig.pqs, 15 * SECOND);
    zircon_policy_begin_scan(rig.pqs.policy);
    pq_mark_accessed(&rig.pqs, page, RECLAIM_ACCESSED_SCAN);
    zircon_policy_end_scan(rig.pqs.policy);
    age_at(&rig, 15 * SECOND);
    cr_assert_eq(state(&rig).last_reason, ZIRCON_AGE_TIMEOUT);
    expect_ages(&rig, "01000000 0", 1, 0);
    cr_assert_eq(next_age(&rig), 17 * SECOND);
    stop(&rig);
}
