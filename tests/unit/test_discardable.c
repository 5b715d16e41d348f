/*
 * The discardable tracker: which state, and which list in which order.
 */
#include <criterion/criterion.h>

#include "discardable.h"

enum { TRACKERS = 4 };
static const sim_ns SECOND = 1000000000;

struct rig {
    struct discardable_lists lists;
    struct discardable trackers[TRACKERS];
};

static void start(struct rig *rig)
{
    discardable_lists_init(&rig->lists);
    for (int i = 0; i < TRACKERS; i++)
        discardable_init(&rig->trackers[i]);
}

static bool lock(struct rig *rig, int i)
{
    return discardable_lock(&rig->lists, &rig->trackers[i]);
}

static enum vm_status unlock(struct rig *rig, int i, sim_ns now)
{
    return discardable_unlock(&rig->lists, &rig->trackers[i], now);
}

/* The lists as letters, first to last: "candidates|others". */
static void expect_lists(struct rig *rig, const char *expected)
{
    const struct discardable *tracker;
    char seen[2 * TRACKERS + 2];
    size_t length = 0;

    TAILQ_FOREACH (tracker, &rig->lists.candidates, link) {
        seen[length++] = (char)('a' + (tracker - rig->trackers));
    }
    seen[length++] = '|';
    TAILQ_FOREACH (tracker, &rig->lists.others, link) {
        seen[length++] = (char)('a' + (tracker - rig->trackers));
    }
    seen[length] = '\0';
    cr_assert_str_eq(seen, expected, "lists are %s, not %s", seen, expected);
    cr_assert_null(discardable_valid(&rig->lists));
}

Test(discardable, an_object_never_locked_is_on_no_list)
{
    struct rig rig;

    start(&rig);
    expect_lists(&rig, "|");
    cr_assert_eq(rig.trackers[0].state, DISCARDABLE_UNSET);
    cr_assert_eq(unlock(&rig, 0, 0), VM_BAD_STATE);
    cr_assert_not(discardable_is_eligible(&rig.trackers[0], 0, SECOND));
    expect_lists(&rig, "|");
}

Test(discardable, locks_nest_by_count)
{
    struct rig rig;

    start(&rig);
    cr_assert_not(lock(&rig, 0));
    cr_assert_not(lock(&rig, 0));
    cr_assert_eq(rig.trackers[0].lock_count, 2);
    expect_lists(&rig, "|a");
    cr_assert_eq(unlock(&rig, 0, SECOND), VM_OK);
    expect_lists(&rig, "|a");
    cr_assert_eq(unlock(&rig, 0, 2 * SECOND), VM_OK);
    expect_lists(&rig, "a|");
    cr_assert_eq(rig.trackers[0].last_unlock, 2 * SECOND);
    cr_assert_eq(unlock(&rig, 0, 3 * SECOND), VM_BAD_STATE);
    expect_lists(&rig, "a|");
}

Test(discardable, candidates_stand_in_the_order_of_their_unlocks)
{
    struct rig rig;

    start(&rig);
    for (int i = 0; i < TRACKERS; i++)
        lock(&rig, i);
    expect_lists(&rig, "|abcd");
    unlock(&rig, 2, 1 * SECOND);
    unlock(&rig, 0, 2 * SECOND);
    unlock(&rig, 3, 2 * SECOND);
    expect_lists(&rig, "cad|b");
    lock(&rig, 2);
    expect_lists(&rig, "ad|bc");
    unlock(&rig, 2, 3 * SECOND);
    expect_lists(&rig, "adc|b");
}

Test(discardable, what_is_discarded_says_so_at_the_next_lock)
{
    struct rig rig;

    start(&rig);
    for (int i = 0; i < 3; i++)
        lock(&rig, i);
    unlock(&rig, 0, 0);
    discardable_set_discarded(&rig.lists, &rig.trackers[0]);
    expect_lists(&rig, "|bca");
    cr_assert_eq(rig.trackers[0].state, DISCARDABLE_DISCARDED);
    unlock(&rig, 1, SECOND);
    discardable_set_discarded(&rig.lists, &rig.trackers[1]);
    expect_lists(&rig, "|cab");
    cr_assert_eq(unlock(&rig, 0, SECOND), VM_BAD_STATE);
    cr_assert(lock(&rig, 0)); /* keeps its place */
    expect_lists(&rig, "|cab");
    cr_assert_not(lock(&rig, 0));
    cr_assert_eq(rig.trackers[0].state, DISCARDABLE_UNRECLAIMABLE);
    cr_assert_eq(rig.trackers[0].lock_count, 2);
}

Test(discardable, try_lock_does_not_touch_what_is_discarded)
{
    struct rig rig;

    start(&rig);
    cr_assert_eq(discardable_try_lock(&rig.lists, &rig.trackers[0]), VM_OK);
    unlock(&rig, 0, 0);
    cr_assert_eq(discardable_try_lock(&rig.lists, &rig.trackers[0]), VM_OK);
    unlock(&rig, 0, 0);
    discardable_set_discarded(&rig.lists, &rig.trackers[0]);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(discardable_try_lock(&rig.lists, &rig.trackers[0]),
                     VM_UNAVAILABLE);
        cr_assert_eq(rig.trackers[0].state, DISCARDABLE_DISCARDED);
        cr_assert_eq(rig.trackers[0].lock_count, 0);
    }
    cr_assert(lock(&rig, 0));
    cr_assert_eq(discardable_try_lock(&rig.lists, &rig.trackers[0]), VM_OK);
    expect_lists(&rig, "|a");
}

/* unlocked at 5 s      5 ....... 15     min_age 10 s: from 15 s on */
Test(discardable, an_object_is_eligible_from_its_minimum_age_on)
{
    struct rig rig;
    const struct discardable *tracker = &rig.trackers[0];

    start(&rig);
    lock(&rig, 0);
    cr_assert_not(discardable_is_eligible(tracker, 0, 99 * SECOND));
    unlock(&rig, 0, 5 * SECOND);
    cr_assert(discardable_is_eligible(tracker, 0, 5 * SECOND));
    cr_assert_not(
        discardable_is_eligible(tracker, 10 * SECOND, 15 * SECOND - 1));
    cr_assert(discardable_is_eligible(tracker, 10 * SECOND, 15 * SECOND));
    cr_assert_not(
        discardable_is_eligible(tracker, SIM_NS_INFINITE, 99 * SECOND));
    discardable_set_discarded(&rig.lists, &rig.trackers[0]);
    cr_assert_not(discardable_is_eligible(tracker, 0, 99 * SECOND));
}

Test(discardable, a_removed_object_is_on_no_list)
{
    struct rig rig;

    start(&rig);
    for (int i = 0; i < TRACKERS; i++)
        lock(&rig, i);
    unlock(&rig, 0, 0);
    unlock(&rig, 1, 0);
    unlock(&rig, 2, 0);
    discardable_set_discarded(&rig.lists, &rig.trackers[2]);
    discardable_remove(&rig.lists, &rig.trackers[0]);
    expect_lists(&rig, "b|dc");
    discardable_remove(&rig.lists, &rig.trackers[2]);
    discardable_remove(&rig.lists, &rig.trackers[3]);
    expect_lists(&rig, "b|");
    cr_assert_eq(rig.trackers[3].state, DISCARDABLE_UNSET);
    discardable_remove(&rig.lists, &rig.trackers[3]); /* never mind */
    expect_lists(&rig, "b|");
}
