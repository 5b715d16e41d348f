/*
 * The watchdog's thread as a state machine, and who is killed.
 *
 * When an allocation has failed for good, the kernel takes every later look
 * for out of memory: it is about to reboot. Here a kill can stand for that,
 * and the mark is taken back with it, or everybody would be killed in turn
 * with memory to spare.
 */
#include "actors/watchdog.h"

#include <stdlib.h>

#include "actors/evictor.h"
#include "actors/kernel_log.h"
#include "actors/vmo_life.h"
#include "check.h"

/* The kernel's ten megabytes, and what share of its least memory they are:
 * smaller machines scale, as their marks do. */
#define OOM_EVICTION_BYTES (UINT64_C(10) << 20)
#define SCALED_BELOW_BYTES (UINT64_C(1) << 30)
#define SCALED_DIVISOR     100

#define REST_AFTER_KILL_NS (INT64_C(500) * 1000000)

static const char *const level_names[LEVEL_COUNT] = {
    [LEVEL_OOM] = "oom",           [LEVEL_IMMINENT_OOM] = "imminent_oom",
    [LEVEL_CRITICAL] = "critical", [LEVEL_WARNING] = "warning",
    [LEVEL_NORMAL] = "normal",
};

const char *watchdog_level_name(uint32_t level)
{
    CHECK(level < LEVEL_COUNT);
    return level_names[level];
}

/* Timing. ----------------------------------------------------------------- */

/* Work that is certain to come keeps a run going; a look at an unchanged level
 * does not. */
static void look_at(struct watchdog *watchdog, sim_ns at, bool is_periodic)
{
    struct event_queue *events = &watchdog->world->events;

    event_cancel(events, &watchdog->look);
    watchdog->look.is_periodic = is_periodic;
    event_schedule(events, &watchdog->look, at);
}

static const struct scenario_reclaim *options(const struct watchdog *watchdog)
{
    return &watchdog->world->scenario->reclaim;
}

static uint32_t max_eviction_level(const struct watchdog *watchdog)
{
    return options(watchdog)->pressure.evict_at_warning ? LEVEL_WARNING
                                                        : LEVEL_CRITICAL;
}

void watchdog_signal(struct world *world)
{
    struct watchdog *watchdog = world->watchdog;

    if (watchdog->state == WATCHDOG_WAITING &&
        !(event_is_queued(&watchdog->look) && watchdog->look.at == world->now))
        look_at(watchdog, world->now, false);
}

/* Wait for a signal, one given meanwhile included, or until `until`. */
static void wait_until(struct watchdog *watchdog, sim_ns until,
                       bool is_periodic)
{
    struct world *world = watchdog->world;

    watchdog->state = WATCHDOG_WAITING;
    if (world->machine.pmm.level_signal)
        look_at(watchdog, world->now, false);
    else
        look_at(watchdog, until, is_periodic);
}

/* Out of memory. ---------------------------------------------------------- */

/* The one with the highest score, declared last; NULL: nobody is left. */
static struct world_process *pick_victim(struct world *world)
{
    struct world_process *victim = NULL;

    for (uint32_t i = 1; i < world->process_count; i++) {
        struct world_process *process = &world->processes[i];

        if (!process->is_killed &&
            (!victim || process->oom_score >= victim->oom_score))
            victim = process;
    }
    return victim;
}

static void kill_somebody(struct watchdog *watchdog)
{
    struct world *world = watchdog->world;
    struct world_process *victim = pick_victim(world);

    if (!victim) {
        world_stop(world, WORLD_STOPPED);
        return;
    }
    kernel_log_kill(world, victim);
    world->counters.oom_kills++;
    world->machine.pmm.alloc_failed_ever = false;
    world_process_kill(world, victim);
    watchdog->state = WATCHDOG_RESTING;
    look_at(watchdog, sim_ns_add(world->now, REST_AFTER_KILL_NS), false);
}

/* Is it certain that a look would do something about being out of memory? */
static bool has_work_left(struct watchdog *watchdog)
{
    struct world *world = watchdog->world;

    return world->machine.pmm.level == LEVEL_OOM &&
           options(watchdog)->on_oom == ON_OOM_KILL && pick_victim(world);
}

/* Looking. ---------------------------------------------------------------- */

/* It has become worse: evict in half a hysteresis, or at once if it was about
 * to anyway. */
static void arm_timer(struct watchdog *watchdog)
{
    struct world *world = watchdog->world;
    uint64_t free_pages = world->machine.pmm.free_pages;
    uint64_t target = watchdog->free_target_pages;
    bool was_armed = event_is_queued(&watchdog->timer);
    sim_ns delay = options(watchdog)->pressure.hysteresis / 2;

    watchdog->min_pages = free_pages < target ? (target - free_pages) / 2 : 0;
    event_schedule(&world->events, &watchdog->timer,
                   was_armed ? world->now : sim_ns_add(world->now, delay));
}

/* A level that was announced stands until there is a signal. Out of memory
 * with nothing to be done but wait, pages grow old enough to be evicted. */
static sim_ns next_look(const struct watchdog *watchdog, uint32_t level)
{
    sim_ns hysteresis = options(watchdog)->pressure.hysteresis;

    if (level != LEVEL_OOM || options(watchdog)->on_oom != ON_OOM_WAIT ||
        hysteresis == 0)
        return SIM_NS_INFINITE;
    return sim_ns_add(watchdog->world->now, hysteresis);
}

static void announce(struct watchdog *watchdog, uint32_t level)
{
    struct world *world = watchdog->world;
    bool is_worse = level < watchdog->announced;

    watchdog->announcements[level]++;
    kernel_log_level(world, level_names[level]);
    if (is_worse && level <= max_eviction_level(watchdog) &&
        level != LEVEL_OOM) {
        arm_timer(watchdog);
    } else if (options(watchdog)->pressure.evict_continuous &&
               level > max_eviction_level(watchdog)) {
        event_cancel(&world->events, &watchdog->timer);
        evictor_continuous_off(world->evictor);
    }
    watchdog->announced = level;
    watchdog->last_look = world->now;
    watchdog->state = WATCHDOG_WAITING;
    if (level == LEVEL_OOM && options(watchdog)->on_oom == ON_OOM_STOP)
        world_stop(world, WORLD_STOPPED);
    else if (level == LEVEL_OOM && options(watchdog)->on_oom == ON_OOM_KILL)
        kill_somebody(watchdog);
    if (watchdog->state == WATCHDOG_WAITING)
        wait_until(watchdog, next_look(watchdog, level), true);
}

static void evaluate(struct watchdog *watchdog)
{
    const struct world *world = watchdog->world;
    uint32_t level = world->machine.pmm.level;
    sim_ns hysteresis = options(watchdog)->pressure.hysteresis;

    if (world->machine.pmm.alloc_failed_ever)
        level = LEVEL_OOM;
    if (level < watchdog->announced ||
        world->now >= sim_ns_add(watchdog->last_look, hysteresis)) {
        announce(watchdog, level);
        return;
    }
    watchdog->last_look = world->now;
    wait_until(watchdog, sim_ns_add(world->now, hysteresis),
               !has_work_left(watchdog));
}

/* How much to evict at a time when out of memory, in pages. */
static uint64_t oom_step(const struct world *world)
{
    uint64_t page_bytes = world->scenario->machine.page_bytes;
    uint64_t memory_pages = world->machine.pmm.total_pages;

    if (memory_pages < SCALED_BELOW_BYTES / page_bytes)
        return u64_max(1, memory_pages / SCALED_DIVISOR);
    return OOM_EVICTION_BYTES / page_bytes;
}

/* Another step; false: eviction is off. */
static bool evict_more(struct watchdog *watchdog)
{
    const struct world *world = watchdog->world;

    if (!evictor_evict_for_oom(world->evictor, oom_step(world)))
        return false;
    watchdog->state = WATCHDOG_EVICTING;
    return true;
}

static bool is_out_of_memory(const struct watchdog *watchdog)
{
    return watchdog->world->machine.pmm.level == LEVEL_OOM;
}

void watchdog_on_look(struct world *world, struct event *event)
{
    struct watchdog *watchdog = event->subject;

    if (watchdog->state == WATCHDOG_EVICTING) {
        if (watchdog->evicted > 0 && is_out_of_memory(watchdog) &&
            evict_more(watchdog))
            return;
        kernel_log_oom(world, true);
        evaluate(watchdog);
        return;
    }
    if (watchdog->state == WATCHDOG_WAITING)
        world->machine.pmm.level_signal = false;
    if (is_out_of_memory(watchdog)) {
        watchdog->announcements[LEVEL_OOM]++;
        kernel_log_oom(world, false);
        if (evict_more(watchdog))
            return;
    }
    evaluate(watchdog);
}

void watchdog_evicted(struct world *world, uint64_t pages)
{
    struct watchdog *watchdog = world->watchdog;

    CHECK(watchdog->state == WATCHDOG_EVICTING);
    watchdog->evicted = pages;
    look_at(watchdog, world->now, false);
}

void watchdog_on_timer(struct world *world, struct event *event)
{
    struct watchdog *watchdog = event->subject;

    if (options(watchdog)->pressure.evict_continuous)
        evictor_continuous_on(world->evictor, watchdog->min_pages,
                              watchdog->free_target_pages, RECLAIM_ONLY_OLDEST);
    else
        evictor_request(world->evictor, watchdog->min_pages,
                        watchdog->free_target_pages, RECLAIM_ONLY_OLDEST);
}

/* Setting up. ------------------------------------------------------------- */

void watchdog_set_target(struct world *world, uint64_t free_target_pages)
{
    world->watchdog->free_target_pages = free_target_pages;
}

bool watchdog_new(struct world *world)
{
    struct watchdog *watchdog = calloc(1, sizeof *watchdog);

    world->watchdog = watchdog;
    if (!watchdog)
        return false;
    watchdog->world = world;
    watchdog->announced = LEVEL_NORMAL;
    watchdog->last_look = SIM_NS_INFINITE_PAST;
    if (!event_register(&world->events, &watchdog->look, EV_WATCHDOG,
                        EVENT_CLASS_WATCHDOG, watchdog) ||
        !event_register(&world->events, &watchdog->timer, EV_EVICTION_TIMER,
                        EVENT_CLASS_TIMER, watchdog))
        return false;
    event_schedule(&world->events, &watchdog->look, 0);
    return true;
}

void watchdog_free(struct world *world)
{
    struct watchdog *watchdog = world->watchdog;

    if (!watchdog)
        return;
    event_cancel(&world->events, &watchdog->look);
    event_cancel(&world->events, &watchdog->timer);
    free(watchdog);
    world->watchdog = NULL;
}
