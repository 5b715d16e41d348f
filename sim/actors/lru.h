/*
 * The LRU thread: what ageing has pushed out of the oldest generation may be
 * reclaimed at once, without any pressure (`lru_action`), and what
 * was found accessed on the way may move to a lent frame (`borrow_on_mru`).
 *
 *   ageing --> [woken] --> a batch of 16 pages --time--> the next one ... asleep
 *                             ^ waits for the compressor if it needs it; a page
 *                               that is compressed has a time of its own
 *
 * The policy has put its lists in order by itself; it offers the pages one by
 * one. Until the thread is asleep again no generation can begin.
 */
#ifndef LOWTIDE_LRU_H
#define LOWTIDE_LRU_H

#include "world/world.h"

struct lru {
    struct world *world;
    struct event event;
    uint64_t batch_left; /* pages that the batch under way may take still */

    /* totals: pq.lru.*, and pages moved to lent frames */
    uint64_t evicted, compressed, borrowed;
};

bool lru_new(struct world *world);
void lru_free(struct world *world);

/* The policy may have something to offer. */
void lru_wake(struct world *world);

/* It has not got through with what it was woken for. */
bool lru_is_busy(const struct world *world);

/* Do all of it now, at no cost. */
void lru_run(struct world *world);

/*
 * Pages that were found accessed move to lent frames as long as there are any.
 * Returns what that costs. For whoever has asked the policy for a victim.
 */
sim_ns lru_serve_accessed(struct world *world);

/* Event handler. */
void lru_on_event(struct world *world, struct event *event);

#endif
