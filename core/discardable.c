/*
 * The discardable tracker: which list an object is on follows from its state
 * alone, and the candidates' order from the order of the unlocks, so that the
 * reclaimer may stop at the first that is too young or go past it, as it
 * likes. A lock never waits and never takes memory.
 */
#include "discardable.h"

#include "check.h"

static struct discardable_list *list_of(struct discardable_lists *lists,
                                        enum discardable_state state)
{
    return state == DISCARDABLE_RECLAIMABLE ? &lists->candidates
                                            : &lists->others;
}

static void leave_list(struct discardable_lists *lists,
                       struct discardable *tracker)
{
    if (tracker->is_listed)
        TAILQ_REMOVE(list_of(lists, tracker->state), tracker, link);
    tracker->is_listed = false;
}

/* Move to the back of the list that `state` belongs to. */
static void change_state(struct discardable_lists *lists,
                         struct discardable *tracker,
                         enum discardable_state state)
{
    leave_list(lists, tracker);
    tracker->state = state;
    TAILQ_INSERT_TAIL(list_of(lists, state), tracker, link);
    tracker->is_listed = true;
}

void discardable_lists_init(struct discardable_lists *lists)
{
    TAILQ_INIT(&lists->candidates);
    TAILQ_INIT(&lists->others);
}

void discardable_init(struct discardable *tracker)
{
    *tracker = (struct discardable){.state = DISCARDABLE_UNSET};
}

void discardable_remove(struct discardable_lists *lists,
                        struct discardable *tracker)
{
    leave_list(lists, tracker);
    tracker->state = DISCARDABLE_UNSET;
    tracker->lock_count = 0;
}

bool discardable_lock(struct discardable_lists *lists,
                      struct discardable *tracker)
{
    bool was_discarded = tracker->state == DISCARDABLE_DISCARDED;

    if (was_discarded) /* keeps its place among the others */
        tracker->state = DISCARDABLE_UNRECLAIMABLE;
    else if (tracker->lock_count == 0)
        change_state(lists, tracker, DISCARDABLE_UNRECLAIMABLE);
    CHECK(tracker->state == DISCARDABLE_UNRECLAIMABLE);
    tracker->lock_count++;
    return was_discarded;
}

enum vm_status discardable_try_lock(struct discardable_lists *lists,
                                    struct discardable *tracker)
{
    if (tracker->state == DISCARDABLE_DISCARDED)
        return VM_UNAVAILABLE;
    discardable_lock(lists, tracker);
    return VM_OK;
}

enum vm_status discardable_unlock(struct discardable_lists *lists,
                                  struct discardable *tracker, sim_ns now)
{
    if (tracker->lock_count == 0)
        return VM_BAD_STATE;
    CHECK(tracker->state == DISCARDABLE_UNRECLAIMABLE);
    tracker->lock_count--;
    if (tracker->lock_count == 0) {
        tracker->last_unlock = now;
        change_state(lists, tracker, DISCARDABLE_RECLAIMABLE);
    }
    return VM_OK;
}

bool discardable_is_eligible(const struct discardable *tracker, sim_ns min_age,
                             sim_ns now)
{
    return tracker->state == DISCARDABLE_RECLAIMABLE &&
           now >= sim_ns_add(tracker->last_unlock, min_age);
}

void discardable_set_discarded(struct discardable_lists *lists,
                               struct discardable *tracker)
{
    CHECK(tracker->state == DISCARDABLE_RECLAIMABLE);
    CHECK(tracker->lock_count == 0);
    change_state(lists, tracker, DISCARDABLE_DISCARDED);
}

const char *discardable_valid(const struct discardable_lists *lists)
{
    const struct discardable *tracker;
    sim_ns last_unlock = SIM_NS_INFINITE_PAST;

    TAILQ_FOREACH (tracker, &lists->candidates, link) {
        if (!tracker->is_listed)
            return "a tracker on a list knows it";
        if (tracker->state != DISCARDABLE_RECLAIMABLE)
            return "candidates are reclaimable";
        if (tracker->lock_count != 0)
            return "reclaimable objects are not locked";
        if (tracker->last_unlock < last_unlock)
            return "candidates are in the order of their unlocks";
        last_unlock = tracker->last_unlock;
    }
    TAILQ_FOREACH (tracker, &lists->others, link) {
        if (!tracker->is_listed)
            return "a tracker on a list knows it";
        if (tracker->state != DISCARDABLE_UNRECLAIMABLE &&
            tracker->state != DISCARDABLE_DISCARDED)
            return "the others are unreclaimable or discarded";
        if ((tracker->lock_count > 0) !=
            (tracker->state == DISCARDABLE_UNRECLAIMABLE))
            return "locked objects, and no others, are unreclaimable";
    }
    return NULL;
}
