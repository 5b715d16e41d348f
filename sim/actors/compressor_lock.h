/*
 * The compressor's lock: an eviction pass holds it from its beginning to its
 * end, the LRU thread for the time of a batch. There are no others: what a
 * script compresses takes no time.
 *
 *   take --free--> held --drop--> the one that waits holds it, and its event
 *      \--held by the other--> waits      is due at once
 */
#ifndef LOWTIDE_COMPRESSOR_LOCK_H
#define LOWTIDE_COMPRESSOR_LOCK_H

#include "check.h"
#include "engine/world.h"

/* True: `event`'s actor holds it. False: it waits, and its event comes when it
 * has got it. */
static inline bool compressor_lock_take(struct world *world,
                                        struct event *event)
{
    struct compressor_lock *lock = &world->compressor_lock;

    if (!lock->holder)
        lock->holder = event;
    if (lock->holder == event)
        return true;
    CHECK(!lock->waiter || lock->waiter == event);
    lock->waiter = event;
    return false;
}

/* Nothing happens if it does not hold it. */
static inline void compressor_lock_drop(struct world *world,
                                        const struct event *event)
{
    struct compressor_lock *lock = &world->compressor_lock;

    if (lock->holder != event)
        return;
    lock->holder = lock->waiter;
    lock->waiter = NULL;
    if (lock->holder)
        event_schedule(&world->events, lock->holder, world->now);
}

#endif
