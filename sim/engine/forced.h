/*
 * What `make hard` does to a run: rare paths of the core (rare_paths.h), and
 * reclaim wherever it might come.
 *
 *   LOWTIDE_FORCE=waits       each allocation waits, or fails, once. Every
 *                             expectation holds as it stands
 *   LOWTIDE_FORCE=reclaim:N   that, and at each legal point pages are evicted
 *                             or compressed and generations rotated, as a
 *                             generator with seed N has it
 *
 * A legal point is where the core has let everything go: before a script's
 * event, before an operation runs, and where it waits for memory. What is
 * taken there comes back by itself: evicted pages as soon as somebody waits
 * for a pager or another event begins, compressed ones before an expectation.
 * Contents, statuses, requests, dirty ranges, pins, locks and who pays for
 * which page are therefore what they would have been. What is not is how old
 * pages are and what reclaim has counted: forced_forgives() lists those keys.
 *
 * Only builds with VMCOW_FORCE_RARE_PATHS have any of this.
 */
#ifndef LOWTIDE_FORCED_H
#define LOWTIDE_FORCED_H

#include "scenario/scenario.h"
#include "world/world.h"

#ifdef VMCOW_FORCE_RARE_PATHS

/* Around world_run(), in its thread. */
void forced_begin(struct world *world);
void forced_end(void);

/* Reclaim by force needs a compressor, whatever the scenario says. */
bool forced_wants_compressor(void);

/* A legal point; operations have theirs by world->force. */
void forced_before_event(struct world *world, const struct scenario_op *op);

/* An expectation does not hold: can it be reclaim by force that keeps it? */
bool forced_forgives(enum expect_key key);
/* Two queues that differ by the page's age alone? */
bool forced_same_queue(enum expected_queue expected,
                       enum expected_queue actual);

#else

static inline void forced_begin(struct world *world)
{
    (void)world;
}

static inline void forced_end(void)
{
}

static inline bool forced_wants_compressor(void)
{
    return false;
}

static inline void forced_before_event(struct world *world,
                                       const struct scenario_op *op)
{
    (void)world;
    (void)op;
}

static inline bool forced_forgives(enum expect_key key)
{
    (void)key;
    return false;
}

static inline bool forced_same_queue(enum expected_queue expected,
                                     enum expected_queue actual)
{
    (void)expected;
    (void)actual;
    return false;
}

#endif

#endif
