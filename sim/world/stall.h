/*
 * Pressure-stall accounting, integrated exactly without events of its own.
 *
 *   thread a   ==busy==        ==busy==
 *   thread b        --------stalled---------
 *   some            ++++++++++++++++++++++++
 *   full            ..+++++++..       ++++++   (some, and nobody busy)
 *
 * Threads begin to compute in the order of simulated time, so the times at
 * which somebody computes are known up to the largest end seen so far: one
 * number instead of a count that would have to change when each access ends.
 * Decompression is a stall of known length and is kept the same way.
 */
#ifndef LOWTIDE_STALL_H
#define LOWTIDE_STALL_H

#include "world/world.h"

/* Bring some_ns and full_ns up to `now`. */
static inline void stall_advance(struct world_stall *stall, sim_ns now)
{
    sim_ns end = now;

    if (now <= stall->since)
        return;
    if (stall->stalled_threads == 0 && stall->stalled_until < now)
        end = stall->stalled_until;
    if (end > stall->since) {
        sim_ns idle_from = stall->since;

        if (stall->busy_until > idle_from)
            idle_from = stall->busy_until;
        stall->some_ns += end - stall->since;
        stall->full_ns += end > idle_from ? end - idle_from : 0;
    }
    stall->since = now;
}

/* Is somebody stalled, or is there a stall that is over and not accounted for?
 * Then who computes must say so, each time. */
static inline bool stall_is_open(const struct world_stall *stall)
{
    return stall->stalled_threads > 0 || stall->stalled_until > stall->since;
}

/* A thread computes from `now` until `until`. */
static inline void stall_busy(struct world_stall *stall, sim_ns now,
                              sim_ns until)
{
    stall_advance(stall, now);
    if (until > stall->busy_until)
        stall->busy_until = until;
}

/* A thread decompresses from `now` until `until`. */
static inline void stall_decompress(struct world_stall *stall, sim_ns now,
                                    sim_ns until)
{
    stall_advance(stall, now);
    if (until > stall->stalled_until)
        stall->stalled_until = until;
}

/* A thread that waits begins to be stalled by it, or is no longer. */
static inline void stall_begin(struct world_stall *stall, sim_ns now)
{
    stall_advance(stall, now);
    stall->stalled_threads++;
}

static inline void stall_end(struct world_stall *stall, sim_ns now)
{
    stall_advance(stall, now);
    stall->stalled_threads--;
}

#endif
