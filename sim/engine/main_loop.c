/*
 * The main loop.
 *
 *   pop --> clock --> handler --> settle --> wake watchdog and ageing --> ...
 *
 * The physical memory manager and the policy cannot call back; they leave a
 * flag (level_signal, wake) that is looked at after every event. A run ends at
 * its duration, or when only periodic events are left: nothing that has begun
 * can change any more then.
 */
#include "engine/engine.h"

#include <errno.h>

#include "actors/aging.h"
#include "actors/evictor.h"
#include "actors/kernel_log.h"
#include "actors/lru.h"
#include "actors/pager.h"
#include "actors/scanner.h"
#include "actors/watchdog.h"
#include "actors/workload.h"
#include "check.h"
#include "engine/observe.h"
#include "engine/script.h"
#include "record/recorder.h"
#include "world/overtime.h"
#include "world/stall.h"

enum { EVENTS_BETWEEN_REPORTS = 4096, ACCESSES_BETWEEN_REPORTS = 1 << 22 };

/* Handlers. --------------------------------------------------------------- */

static void on_script(struct world *world, struct event *event)
{
    script_step(world->script);
    event_schedule(&world->events, event, script_next_time(world->script));
}

static void on_end(struct world *world, struct event *event)
{
    (void)event;
    world_stop(world, WORLD_OK);
}

static void (*const handlers[EV_COUNT])(struct world *, struct event *) = {
    [EV_SCRIPT] = on_script,
    [EV_WATCHDOG] = watchdog_on_look,
    [EV_EVICTION_TIMER] = watchdog_on_timer,
    [EV_AGING] = aging_on_age,
    [EV_LRU] = lru_on_event,
    [EV_EVICTOR] = evictor_on_event,
    [EV_SCANNER] = scanner_on_event,
    [EV_PAGER_ANSWER] = pager_on_answer,
    [EV_PAGER_WRITEBACK] = pager_on_writeback,
    [EV_PAGER_WRITTEN] = pager_on_written,
    [EV_OVERTIME] = overtime_on_event,
    [EV_THREAD] = workload_on_thread,
    [EV_TICK] = observe_on_tick,
    [EV_END] = on_end,
};

/* Ending. ----------------------------------------------------------------- */

void world_expectation_failed(struct world *world)
{
    world->has_failed_expectation = true;
}

/* The loop. --------------------------------------------------------------- */

/* What one operation does may answer another's request. */
void world_settle(struct world *world)
{
    struct page_request_board *board = &world->machine.board;
    struct page_request *request;

    do {
        for (;;) {
            if ((request = page_request_take_new(board)))
                pager_take_request(world, request);
            else if ((request = page_request_take_done(board)))
                world_operation_resume(world, request);
            else
                break;
        }
    } while (world_memory_retry(world));
}

static void after_event(struct world *world)
{
    world_settle(world);
    if (world->machine.pmm.level_signal)
        watchdog_signal(world);
    if (world->machine.pqs.host.wake)
        aging_rearm(world);
    if (world->options.is_paranoid) {
        CHECK_RULE(vm_machine_valid(&world->machine));
        CHECK_RULE(event_queue_valid(&world->events));
    }
}

static void step(struct world *world, struct event *event)
{
    CHECK(event->at >= world->now);
    world_set_now(world, event->at);
    handlers[event->kind](world, event);
    after_event(world);
}

/* Now and then: does anybody want to see something? */
static void look_around(struct world *world)
{
    const struct world_options *options = &world->options;

    if (options->progress)
        options->progress(world, options->progress_context);
    if (world->recorder && !recorder_poll(world->recorder))
        world_fail(world, EIO);
}

static bool is_interrupted(const struct world *world)
{
    return world->options.interrupted && *world->options.interrupted;
}

static bool is_finished(const struct world *world)
{
    return world->events.live_count == 0 && !event_is_queued(&world->end_event);
}

enum world_status world_run(struct world *world)
{
    uint64_t count = 0, accesses = 0;

    kernel_log_run(world);
    observe_begin(world);
    after_event(world);
    while (world->status == WORLD_RUNNING) {
        if (is_finished(world)) {
            world_stop(world, WORLD_OK);
            break;
        }
        struct event *event = event_queue_pop(&world->events);
        CHECK(event != NULL);
        step(world, event);
        if (is_interrupted(world))
            world_stop(world, WORLD_INTERRUPTED);
        if (++count >= EVENTS_BETWEEN_REPORTS ||
            world->counters.accesses - accesses > ACCESSES_BETWEEN_REPORTS) {
            look_around(world);
            count = 0;
            accesses = world->counters.accesses;
        }
    }
    stall_advance(&world->stall, world->now);
    for (uint32_t i = 0; i < world->process_count; i++)
        stall_advance(&world->processes[i].stall, world->now);
    observe_end(world);
    if (world->status == WORLD_OK && world->has_failed_expectation)
        world->status = WORLD_FAILED;
    return world->status;
}
