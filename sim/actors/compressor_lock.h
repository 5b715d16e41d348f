/*
 * The compressor's lock: an eviction pass holds it from its beginning to its
 * end, the LRU thread for the time of a batch.
 *
 *   take --free--> held --drop--> the one that waits holds it, and its event
 *      \--held by the other--> waits      is due at once
 *
 * Its holder has one page compressed at a time, which takes its time:
 *
 *   begin ---- time passes: a fault copies the page, its object closes ... ----
 *                                                            ---> end: outcome
 *
 * What a script compresses takes no time. If a page is being compressed then,
 * that is over first, and its holder hears of it when its time has come.
 */
#ifndef LOWTIDE_COMPRESSOR_LOCK_H
#define LOWTIDE_COMPRESSOR_LOCK_H

#include "check.h"
#include "world/world.h"

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

static inline bool compressor_lock_is_held(const struct world *world,
                                           const struct event *event)
{
    return world->compressor_lock.holder == event;
}

/* The holder has begun to compress a page. */
static inline void compressor_begun(struct world *world,
                                    const struct vm_compression *begun)
{
    struct compressor_lock *lock = &world->compressor_lock;

    CHECK(!lock->is_compressing);
    lock->compression = *begun;
    lock->is_compressing = true;
    lock->begun_by = world->reclaimer;
}

/* Has `event`'s actor begun with a page and not asked for the outcome yet? */
static inline bool compressor_is_busy(const struct world *world,
                                      const struct event *event)
{
    const struct compressor_lock *lock = &world->compressor_lock;

    return lock->is_compressing && compressor_lock_is_held(world, event);
}

/* The page being compressed, if there is one, has come to what it comes to. */
static inline void compressor_settle(struct world *world)
{
    struct compressor_lock *lock = &world->compressor_lock;

    if (!lock->is_compressing || !lock->compression.cow)
        return;
    struct world_reclaimer before = world->reclaimer;
    world->reclaimer = lock->begun_by;
    lock->end = vm_cow_end_compression(&lock->compression);
    world->reclaimer = before;
}

/* The outcome for the page that the holder has begun with, which is returned.
 * COMPRESSION_DONE: it is the caller's to free. */
static inline page_index compressor_end(struct world *world,
                                        enum vm_compression_end *end)
{
    struct compressor_lock *lock = &world->compressor_lock;

    CHECK(lock->is_compressing);
    compressor_settle(world);
    lock->is_compressing = false;
    *end = lock->end;
    return lock->compression.page;
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
