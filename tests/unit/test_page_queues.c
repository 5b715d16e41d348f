/*
 * Page queues and Zircon's generations: what each operation does to the counts
 * and to the order of reclaim.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "page_queues.h"
#include "zircon_policy.h"

enum { PAGES = 64 };
static const sim_ns SECOND = 1000000000;

struct rig {
    struct pmm pmm;
    struct page_queues pqs;
};

static void start(struct rig *rig, const char *const *params, size_t count)
{
    union reclaim_value values[RECLAIM_MAX_PARAMS];
    char message[200] = "";

    cr_assert_eq(pmm_init(&rig->pmm, PAGES), VM_OK);
    cr_assert_null(reclaim_params_parse(&zircon_policy_ops, params, count,
                                        values, message, sizeof message),
                   "%s", message);
    cr_assert_eq(pq_init(&rig->pqs, &rig->pmm, &zircon_policy_ops, values, 1),
                 VM_OK);
}

static void stop(struct rig *rig)
{
    const char *broken = pq_valid(&rig->pqs);

    cr_assert_null(broken, "%s", broken);
    pq_release(&rig->pqs);
    pmm_release(&rig->pmm);
}

/* A fresh page in a queue; numbers come in order: 1, 2, 3 ... */
static page_index put(struct rig *rig, enum page_queue queue)
{
    enum reclaim_class class_ =
        queue == PQ_RECLAIM ? RECLAIM_PAGER : RECLAIM_ANONYMOUS;
    page_index page;

    cr_assert_eq(pmm_alloc_page(&rig->pmm, PMM_ALLOC_ANY, &page), VM_OK);
    pq_set(&rig->pqs, page, 1, pages_to_bytes(page), queue, class_,
           RECLAIM_ADDED_NEW);
    return page;
}

static void move(struct rig *rig, page_index page, enum page_queue queue)
{
    pq_move(&rig->pqs, page, queue, RECLAIM_PAGER, RECLAIM_ADDED_CLEANED,
            RECLAIM_REMOVED_DIRTIED);
}

static void drop(struct rig *rig, page_index page)
{
    pq_remove(&rig->pqs, page, RECLAIM_REMOVED_FREED);
    pmm_free_page(&rig->pmm, page);
}

static void reclaim(struct rig *rig, page_index page)
{
    pq_remove(&rig->pqs, page, RECLAIM_REMOVED_RECLAIMED);
    pmm_free_page(&rig->pmm, page);
}

static void access_page(struct rig *rig, page_index page)
{
    pq_mark_accessed(&rig->pqs, page, RECLAIM_ACCESSED_SOFTWARE);
}

static void rotate(struct rig *rig)
{
    rig->pqs.ops->rotate(rig->pqs.policy, rig->pqs.host.now);
}

static struct zircon_state state(struct rig *rig)
{
    return zircon_policy_state(rig->pqs.policy);
}

static uint64_t counter(struct rig *rig, const char *name)
{
    const char *found;
    uint64_t value;

    for (unsigned i = 0;
         rig->pqs.ops->counter(rig->pqs.policy, i, &found, &value); i++)
        if (strcmp(found, name) == 0)
            return value;
    cr_assert_fail("no counter %s", name);
    return 0;
}

/* The policy's view, as digits: counts at ages 0..7, then DontNeed. */
static void expect_ages(struct rig *rig, const char *expected, uint64_t active,
                        uint64_t inactive)
{
    struct zircon_state now = state(rig);
    char seen[ZIRCON_GENERATIONS + 3];

    for (int age = 0; age < ZIRCON_GENERATIONS; age++)
        seen[age] = (char)('0' + now.by_age[age]);
    seen[ZIRCON_GENERATIONS] = ' ';
    seen[ZIRCON_GENERATIONS + 1] = (char)('0' + now.dont_need);
    seen[ZIRCON_GENERATIONS + 2] = '\0';
    cr_assert_str_eq(seen, expected, "ages are %s, not %s", seen, expected);
    cr_assert_eq(now.active, active, "active is %lu",
                 (unsigned long)now.active);
    cr_assert_eq(now.inactive, inactive, "inactive is %lu",
                 (unsigned long)now.inactive);
}

/* Reclaim everything at a level; the order as letters, page 1 = 'a'. */
static void expect_reclaim_order(struct rig *rig, enum reclaim_level level,
                                 const char *expected)
{
    char seen[PAGES + 1];
    size_t length = 0;
    page_index page;

    while ((page = pq_victim(&rig->pqs, level))) {
        seen[length++] = (char)('a' + page - 1);
        reclaim(rig, page);
    }
    seen[length] = '\0';
    cr_assert_str_eq(seen, expected, "reclaimed %s, not %s", seen, expected);
}

/* Counts. ----------------------------------------------------------------- */

Test(page_queues, a_page_is_counted_in_the_queue_it_is_put_in)
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

Test(page_queues, anonymous_pages_are_reclaimable_once_that_is_on)
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

Test(page_queues, a_page_moves_from_queue_to_queue)
{
    struct rig rig;

    start(&rig, NULL, 0);
    page_index page = put(&rig, PQ_WIRED);
    move(&rig, page, PQ_ANONYMOUS);
    cr_assert_eq(rig.pqs.count[PQ_ANONYMOUS], 1);
    move(&rig, page, PQ_RECLAIM);
    expect_ages(&rig, "10000000 0", 1, 0);
    move(&rig, page, PQ_PAGER_DIRTY);
    cr_assert_eq(rig.pqs.count[PQ_PAGER_DIRTY], 1);
    expect_ages(&rig, "00000000 0", 0, 0);
    move(&rig, page, PQ_RECLAIM);
    pq_dont_need(&rig.pqs, page);
    expect_ages(&rig, "00000000 1", 0, 1);
    cr_assert_eq(pq_victim(&rig.pqs, RECLAIM_ONLY_OLDEST), page);
    move(&rig, page, PQ_WIRED);
    cr_assert_eq(rig.pqs.count[PQ_WIRED], 1);
    cr_assert_eq(rig.pqs.count[PQ_RECLAIM], 0);
    stop(&rig);
}

Test(page_queues, moving_to_the_same_queue_keeps_the_count)
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

/* Generations. ------------------------------------------------------------ */

Test(page_queues, rotation_ages_reclaimable_pages_and_no_others)
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

Test(page_queues, a_hint_takes_pages_out_of_the_generations_until_accessed)
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

Test(page_queues, an_accessed_page_is_newest_at_once)
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

Test(page_queues, the_machine_starts_with_no_room_to_rotate)
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

Test(page_queues, a_peek_makes_room_to_rotate)
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

Test(page_queues, a_level_says_how_old_a_victim_must_be)
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

Test(page_queues, a_victim_stays_until_something_is_done_about_it)
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

Test(page_queues, hinted_pages_go_first_in_the_order_of_the_hints)
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

Test(page_queues, reclaim_goes_from_the_oldest_generation_on)
{
    struct rig rig;

    start(&rig, NULL, 0);
    fill_generations(&rig);
    expect_reclaim_order(&rig, RECLAIM_INCLUDE_NEWEST, "abcdef");
    expect_ages(&rig, "22000000 0", 4, 0);
    stop(&rig);
}

Test(page_queues, an_accessed_page_is_moved_when_its_list_is_looked_at)
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

Test(page_queues, survivors_of_the_last_generation_queue_up_behind_the_next)
{
    expect_survivors("lru_order=a", "eabcd");
}

Test(page_queues, survivors_keep_their_place_if_asked)
{
    expect_survivors("lru_order=b", "abcde");
}

Test(page_queues, pages_forced_out_are_offered_once)
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
            while (rig.pqs.ops->pop_aged_out(rig.pqs.policy) != PAGE_NONE)
                ;
    }
    drop(&rig, gone);
    access_page(&rig, accessed);
    cr_assert_eq(rig.pqs.ops->pop_aged_out(rig.pqs.policy), hinted);
    cr_assert_eq(rig.pqs.ops->pop_aged_out(rig.pqs.policy), forced);
    cr_assert_eq(rig.pqs.ops->pop_aged_out(rig.pqs.policy), PAGE_NONE);
    stop(&rig);
}

Test(page_queues, nothing_is_offered_unless_asked_for)
{
    struct rig rig;

    start(&rig, NULL, 0);
    put(&rig, PQ_RECLAIM);
    for (int i = 0; i < 9; i++)
        rotate(&rig);
    cr_assert_eq(rig.pqs.ops->pop_aged_out(rig.pqs.policy), PAGE_NONE);
    stop(&rig);
}

Test(page_queues, reclaimable_totals_count_hints_as_oldest)
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

Test(page_queues, with_nothing_active_ageing_waits_for_the_maximum)
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

Test(page_queues, too_many_active_pages_age_at_the_minimum)
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

Test(page_queues, the_ratio_is_a_strict_multiple)
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

Test(page_queues, a_ratio_that_passes_again_before_the_minimum_has_no_effect)
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

Test(page_queues, a_ratio_that_turns_after_the_minimum_ages_at_once)
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

Test(page_queues, between_agings_by_time_the_last_age_is_empty)
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

Test(page_queues, the_maximum_is_never_below_the_minimum_or_a_second)
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

Test(page_queues, totals_are_frozen_while_a_scan_runs)
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

Test(page_queues, the_reason_is_decided_before_the_scan_that_ageing_makes)
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
