/*
 * Requests, the gate, and the life of a run. How one page goes is in
 * evict_pass.c.
 *
 * The kernel's quirks of 2023 are kept: a synchronous request overwrites the
 * shared one-shot target (unless the policy's manner says otherwise), and
 * whichever of the two comes through the gate first takes it; a run of the
 * eviction thread that evicted or discarded anything skips the continuous step,
 * one that only compressed does not.
 */
#include "actors/evictor.h"

#include <stdlib.h>

#include "actors/compressor_lock.h"
#include "actors/evict_pass.h"
#include "actors/kernel_log.h"
#include "actors/watchdog.h"
#include "check.h"

#define CONTINUOUS_INTERVAL_NS (INT64_C(10) * 1000000000)

/* Setting up. ------------------------------------------------------------- */

bool evictor_new(struct world *world)
{
    struct evictor *evictor = calloc(1, sizeof *evictor);
    const struct scenario_reclaim *reclaim = &world->scenario->reclaim;

    world->evictor = evictor;
    if (!evictor)
        return false;
    evictor->world = world;
    evictor->is_enabled = reclaim->eviction;
    evictor->is_compressing = reclaim->compression.enabled;
    if (!event_register(&world->events, &evictor->step, EV_EVICTOR,
                        EVENT_CLASS_EVICTOR, evictor) ||
        !event_register(&world->events, &evictor->interval, EV_EVICTOR,
                        EVENT_CLASS_EVICTOR, evictor))
        return false;
    evictor->interval.is_periodic = true;
    return true;
}

void evictor_free(struct world *world)
{
    struct evictor *evictor = world->evictor;

    if (!evictor)
        return;
    evict_run_end(world, &evictor->run);
    event_cancel(&world->events, &evictor->step);
    event_cancel(&world->events, &evictor->interval);
    free(evictor);
    world->evictor = NULL;
}

/* The gate. --------------------------------------------------------------- */

/* Let the next one in, if the gate is open: what runs does so from now on. */
static void open_gate(struct evictor *evictor)
{
    if (!evictor->run.is_active &&
        (evictor->is_sync_waiting || evictor->is_thread_signalled))
        event_schedule(&evictor->world->events, &evictor->step,
                       evictor->world->now);
}

/* Do synchronous requests leave the shared target alone? */
static bool has_private_sync(const struct evictor *evictor)
{
    return evictor->world->machine.pqs.host.manner.has_private_sync;
}

/* Take the shared target; nothing to do if nothing is pending. */
static struct evict_target take_shared(struct evictor *evictor)
{
    struct evict_target target = evictor->shared;

    evictor->shared = (struct evict_target){.is_pending = false};
    return target;
}

static void begin_run(struct evictor *evictor,
                      const struct evict_target *target, bool is_synchronous,
                      bool is_continuous)
{
    evictor->run = (struct evict_run){
        .is_active = true,
        .is_synchronous = is_synchronous,
        .is_continuous = is_continuous,
        .target = *target,
        .free_before = evictor->world->machine.pmm.free_pages,
    };
}

/* Who comes through the gate: the watchdog first, which has the highest
 * priority of all threads. */
static void begin_next_run(struct evictor *evictor)
{
    struct evict_target target;

    if (evictor->is_sync_waiting) {
        evictor->is_sync_waiting = false;
        target =
            has_private_sync(evictor) ? evictor->sync : take_shared(evictor);
        begin_run(evictor, &target, true, false);
        return;
    }
    target = take_shared(evictor);
    evictor->is_thread_signalled = false;
    begin_run(evictor, &target, false, false);
}

/* The run is over. The eviction thread may have a continuous one to do. */
static void finish_run(struct evictor *evictor)
{
    struct world *world = evictor->world;
    struct evict_run run = evictor->run;
    uint64_t evicted = run.counts.pager_backed + run.counts.discardable;

    evict_run_end(world, &evictor->run);
    kernel_log_eviction(world, run.free_before, &run.counts, run.is_continuous);
    if (run.target.is_oom) {
        evictor->oom.pager_backed += run.counts.pager_backed;
        evictor->oom.compressed += run.counts.compressed;
        evictor->oom.discardable += run.counts.discardable;
    }
    if (run.is_synchronous) {
        watchdog_evicted(world, evicted + run.counts.compressed);
    } else if (run.is_continuous) {
        uint64_t *min = &evictor->continuous.min_pages;
        *min -= u64_min(*min, evicted);
    } else if (evicted == 0 && evictor->is_continuous_on) {
        begin_run(evictor, &evictor->continuous, false, true);
        event_schedule(&world->events, &evictor->step, world->now);
        return;
    }
    if (evictor->is_continuous_on && !run.is_synchronous)
        event_schedule(&world->events, &evictor->interval,
                       sim_ns_add(world->now, CONTINUOUS_INTERVAL_NS));
    open_gate(evictor);
}

static struct world_reclaimer reclaimer_of(const struct evict_run *run)
{
    enum reclaimer who = run->target.is_oom   ? RECLAIMER_OOM
                         : run->is_continuous ? RECLAIMER_CONTINUOUS
                                              : RECLAIMER_EVICTION;

    return (struct world_reclaimer){who, run};
}

void evictor_on_event(struct world *world, struct event *event)
{
    struct evictor *evictor = event->subject;

    if (event == &evictor->interval) {
        evictor->is_thread_signalled = true;
        open_gate(evictor);
        return;
    }
    if (!evictor->run.is_active)
        begin_next_run(evictor);
    sim_ns cost = 0;
    world->reclaimer = reclaimer_of(&evictor->run);
    bool goes_on = evict_run_step(world, &evictor->run, &cost);
    world->reclaimer = (struct world_reclaimer){RECLAIMER_NONE, NULL};
    if (goes_on)
        event_schedule(&world->events, &evictor->step,
                       sim_ns_add(world->now, cost));
    else
        finish_run(evictor);
}

/* Requests. --------------------------------------------------------------- */

void evictor_enable(struct evictor *evictor, bool is_enabled)
{
    evictor->is_enabled = is_enabled;
    if (is_enabled)
        return;
    evictor->shared = (struct evict_target){.is_pending = false};
}

static void signal_thread(struct evictor *evictor)
{
    evictor->is_thread_signalled = true;
    open_gate(evictor);
}

void evictor_request(struct evictor *evictor, uint64_t min_pages,
                     uint64_t free_target_pages, enum reclaim_level level)
{
    struct evict_target *shared = &evictor->shared;

    if (!evictor->is_enabled)
        return;
    shared->is_pending = true;
    shared->min_pages += min_pages;
    CHECK(shared->min_pages >= min_pages);
    shared->free_target_pages =
        u64_max(shared->free_target_pages, free_target_pages);
    if (level > shared->level)
        shared->level = level;
    signal_thread(evictor);
}

void evictor_continuous_on(struct evictor *evictor, uint64_t min_pages,
                           uint64_t free_target_pages, enum reclaim_level level)
{
    if (!evictor->is_enabled)
        return;
    evictor->continuous = (struct evict_target){
        .is_pending = true,
        .min_pages = evictor->continuous.min_pages + min_pages,
        .free_target_pages = free_target_pages,
        .level = level,
    };
    evictor->is_continuous_on = true;
    signal_thread(evictor);
}

void evictor_continuous_off(struct evictor *evictor)
{
    evictor->continuous = (struct evict_target){.is_pending = false};
    evictor->is_continuous_on = false;
}

bool evictor_evict_for_oom(struct evictor *evictor, uint64_t min_pages)
{
    if (!evictor->is_enabled)
        return false;
    struct evict_target target = {
        .is_pending = true,
        .min_pages = min_pages,
        .level = RECLAIM_INCLUDE_NEWEST,
        .is_oom = true,
    };
    *(has_private_sync(evictor) ? &evictor->sync : &evictor->shared) = target;
    evictor->is_sync_waiting = true;
    open_gate(evictor);
    return true;
}

/* For the script. --------------------------------------------------------- */

struct evict_counts world_evict(struct world *world, uint64_t min_pages,
                                uint64_t free_target_pages,
                                enum reclaim_level level)
{
    struct evict_run run = {
        .is_active = true,
        .is_at_once = true,
        .free_before = world->machine.pmm.free_pages,
        .target = {.is_pending = true,
                   .min_pages = min_pages,
                   .free_target_pages = free_target_pages,
                   .level = level},
    };
    sim_ns cost;

    if (!world->evictor->is_enabled)
        return run.counts;
    if (!has_private_sync(world->evictor))
        take_shared(world->evictor); /* overwritten, and taken at once */
    compressor_settle(world);
    world->reclaimer.run = &run;
    while (evict_run_step(world, &run, &cost))
        continue;
    world->reclaimer.run = NULL;
    struct evict_counts counts = run.counts;
    evict_run_end(world, &run);
    kernel_log_eviction(world, run.free_before, &counts, false);
    return counts;
}

void world_set_eviction(struct world *world, bool is_enabled)
{
    evictor_enable(world->evictor, is_enabled);
}
