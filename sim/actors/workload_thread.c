/*
 * What a thread does.
 *
 *   burst   accesses that hit, one after the other, until something else is
 *           due or one of them faults
 *   fault   an embedded operation; what it costs is paid when it is over
 *
 * The next access is drawn when the one before it is done, and carried out at
 * its own time: drawing depends on the order of accesses alone, so bursts of
 * any length give the same run.
 *
 * A write that hits leaves a page's content number as it is, unless that says
 * the page is zero: no later look can tell one number from another.
 */
#include "actors/workload.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "world/future.h"
#include "world/stall.h"

#define SLICE_NS INT64_C(1000000)

enum { MAX_BURST = 1 << 16 }; /* now and then somebody looks around */

/* What the machine and the process see of it. ----------------------------- */

static void computes(const struct workload_thread *thread, sim_ns now,
                     sim_ns until)
{
    stall_busy(&thread->workload->world->stall, now, until);
    stall_busy(&thread->workload->process->stall, now, until);
}

static void decompresses(const struct workload_thread *thread, sim_ns now,
                         sim_ns until)
{
    stall_decompress(&thread->workload->world->stall, now, until);
    stall_decompress(&thread->workload->process->stall, now, until);
}

/* The access under way has been served: tell the policy, if it wants to hear of
 * every one, and who records or tells the future. */
static __attribute__((noinline)) void
tell_access(const struct workload_thread *thread, sim_ns now)
{
    const struct workload_target *target =
        &thread->workload->targets[thread->target];
    struct world *world = thread->workload->world;

    if (world->options.future &&
        !future_access(world->options.future, thread->id,
                       vm_cow_serial(vmo_cow(target->vmo->vmo)), thread->page))
        world_fail(world, ENOMEM);
    if (!world->is_direct_tracking ||
        !mapping_is_present(target->mapping, thread->page))
        return;
    world_set_now(world, now);
    pq_mark_accessed(&world->machine.pqs,
                     mapping_page(target->mapping, thread->page),
                     RECLAIM_ACCESSED_DIRECT);
}

/* Cores. ------------------------------------------------------------------ */

static void give_core(struct workload_thread *thread)
{
    struct world *world = thread->workload->world;

    thread->has_core = true;
    thread->state = THREAD_RUNNING;
    thread->slice_end = sim_ns_add(world->now, SLICE_NS);
}

/* The first of those that wait for it goes on now. */
static void release_core(struct workload_thread *thread)
{
    struct world *world = thread->workload->world;
    struct workload_thread *next = TAILQ_FIRST(&world->ready);

    if (!thread->has_core)
        return;
    thread->has_core = false;
    if (!next) {
        world->free_cores++;
        return;
    }
    TAILQ_REMOVE(&world->ready, next, by_ready);
    give_core(next);
    event_schedule(&world->events, &next->event, world->now);
}

/* False: the thread queues for a core, and its event comes when it has one. */
static bool acquire_core(struct workload_thread *thread)
{
    struct world *world = thread->workload->world;

    if (!world->is_cpu_short || thread->has_core) {
        thread->state = THREAD_RUNNING;
        return true;
    }
    if (world->free_cores > 0) {
        world->free_cores--;
        give_core(thread);
        return true;
    }
    thread->state = THREAD_READY;
    TAILQ_INSERT_TAIL(&world->ready, thread, by_ready);
    return false;
}

void workload_thread_end(struct workload_thread *thread)
{
    const struct workload *workload = thread->workload;
    struct world *world = workload->world;

    if (thread->state == THREAD_READY)
        TAILQ_REMOVE(&world->ready, thread, by_ready);
    if (thread->state == THREAD_WAITING)
        world_operation_release(world, &thread->operation);
    thread->state = THREAD_DONE;
    if (world->options.future)
        future_end_thread(world->options.future, thread->id);
    event_cancel(&world->events, &thread->event);
    release_core(thread);
    if (thread->patterns)
        for (size_t i = 0; i < workload->scenario->vmo_count; i++)
            pattern_release(&thread->patterns[i]);
    free(thread->patterns);
    thread->patterns = NULL;
}

/* The next access. -------------------------------------------------------- */

static uint32_t draw_target(struct workload_thread *thread)
{
    const struct workload *workload = thread->workload;
    uint32_t last = (uint32_t)workload->scenario->vmo_count - 1;
    uint32_t i = 0;

    if (last == 0)
        return 0;
    double at =
        random_unit(&thread->random) * workload->targets[last].weight_up_to;
    while (i < last && at >= workload->targets[i].weight_up_to)
        i++;
    return i;
}

static uint64_t draw_run(struct workload_thread *thread)
{
    const struct distribution *run = &thread->workload->scenario->run;

    if (run->kind == DISTRIBUTION_CONSTANT && run->mean <= 1)
        return 1;
    double pages = round(random_draw(&thread->random, run));
    if (!(pages > 1))
        return 1;
    return pages < 0x1p40 ? (uint64_t)pages : UINT64_C(1) << 40;
}

static sim_ns draw_think(struct workload_thread *thread)
{
    const struct workload *workload = thread->workload;

    return workload->think_ns >= 0
               ? workload->think_ns
               : random_draw_ns(&thread->random, &workload->scenario->think);
}

/* From the trace; a timed record is not due before its time. */
static bool take_record(struct workload_thread *thread, sim_ns *at)
{
    struct workload *workload = thread->workload;
    const struct page_range *pages = &workload->scenario->pattern.pages;
    struct trace_access access;
    enum trace_feed_result result = trace_feed_next(workload->feed, &access);

    if (result == TRACE_FEED_FAILED)
        world_fail(workload->world, EIO);
    if (result != TRACE_FEED_OK)
        return false;
    thread->target = 0;
    thread->page = pages->start + access.page;
    thread->is_write =
        access.is_write ||
        random_chance(&thread->random, workload->scenario->write);
    thread->run_left = draw_run(thread);
    sim_ns due = sim_ns_add(workload->scenario->start, access.at);
    if (workload->is_feed_timed && due > *at)
        *at = due;
    return true;
}

static bool draw_access(struct workload_thread *thread, sim_ns at)
{
    const struct workload *workload = thread->workload;
    const struct scenario_workload *scenario = workload->scenario;

    thread->target = draw_target(thread);
    thread->run_left = draw_run(thread);
    if (!pattern_next(&thread->patterns[thread->target], &thread->random,
                      at - scenario->start, &thread->page, &thread->run_left))
        return false;
    thread->is_write = random_chance(&thread->random, scenario->write);
    /* others mostly act before it does */
    __builtin_prefetch(
        &workload->targets[thread->target].mapping->entries[thread->page]);
    return true;
}

/* The access after the one that is done, due at *at. False: there is none. */
static bool next_access(struct workload_thread *thread, sim_ns *at)
{
    struct workload *workload = thread->workload;

    if (workload->accesses_left == 0)
        return false;
    bool is_there =
        workload->feed ? take_record(thread, at) : draw_access(thread, *at);
    thread->has_access = is_there;
    return is_there && *at < workload->scenario->stop;
}

/* One page is done at *at: on with the run, or think and begin another. */
static bool advance(struct workload_thread *thread, sim_ns *at)
{
    if (--thread->run_left > 0) {
        thread->page++;
        return *at < thread->workload->scenario->stop;
    }
    thread->has_access = false;
    *at = sim_ns_add(*at, draw_think(thread));
    return next_access(thread, at);
}

/* What comes next is known: queue for it. --------------------------------- */

static void end_at(struct workload_thread *thread, sim_ns busy_end)
{
    thread->state = THREAD_ENDING;
    event_schedule(&thread->workload->world->events, &thread->event, busy_end);
}

/* Must the thread give its core back when it has computed until `busy_end`? */
static bool must_pause(const struct workload_thread *thread, sim_ns busy_end,
                       sim_ns at)
{
    const struct world *world = thread->workload->world;

    if (!world->is_cpu_short)
        return false;
    return at > busy_end ||
           (busy_end >= thread->slice_end && !TAILQ_EMPTY(&world->ready));
}

/* It computes until `busy_end`, its next access is at `at`. */
static void go_on_at(struct workload_thread *thread, sim_ns busy_end, sim_ns at)
{
    struct event_queue *events = &thread->workload->world->events;

    if (must_pause(thread, busy_end, at)) {
        thread->state = THREAD_PAUSING;
        thread->next_access = at;
        event_schedule(events, &thread->event, busy_end);
        return;
    }
    thread->state = thread->has_core ? THREAD_RUNNING : THREAD_THINKING;
    event_schedule(events, &thread->event, at);
}

/* Faults. ----------------------------------------------------------------- */

static void record_fault(struct workload_thread *thread, sim_ns end,
                         sim_ns decompress_ns)
{
    struct workload *workload = thread->workload;
    const struct world_operation *fault = &thread->operation;
    uint64_t took = (uint64_t)(end - thread->began_at);

    if (!workload->has_latency)
        return;
    histogram_record(&workload->latency[LATENCY_ACCESS], took);
    if (fault->asked_read || fault->asked_dirty || decompress_ns > 0)
        histogram_record(&workload->latency[LATENCY_MAJOR_FAULT], took);
    if (decompress_ns > 0)
        histogram_record(&workload->latency[LATENCY_DECOMPRESS],
                         (uint64_t)decompress_ns);
    if (fault->memory_wait_ns > 0)
        histogram_record(&workload->latency[LATENCY_ALLOC_WAIT],
                         (uint64_t)fault->memory_wait_ns);
}

/* A fault is over at `now`, on a core: compute what it costs, then go on. */
static void pay_fault(struct workload_thread *thread, sim_ns now)
{
    struct world *world = thread->workload->world;
    const struct scenario_costs *costs = &world->scenario->machine.costs;
    const struct world_operation *fault = &thread->operation;
    sim_ns decompress =
        (sim_ns)fault->decompressed_pages * costs->decompress_page;
    sim_ns end =
        now + decompress + costs->minor_fault +
        (sim_ns)fault->zeroed_pages * costs->zero_page +
        (sim_ns)(fault->copied_pages + fault->caught_pages) * costs->copy_page +
        thread->workload->access_ns;
    sim_ns at = end;

    thread->has_fault = false;
    if (decompress > 0)
        decompresses(thread, now, now + decompress);
    else
        computes(thread, now, end);
    record_fault(thread, end, decompress);
    if (advance(thread, &at))
        go_on_at(thread, end, at);
    else
        end_at(thread, end);
}

static void fault_is_over(struct world *world,
                          struct world_operation *operation,
                          enum vm_status status)
{
    struct workload_thread *thread = operation->context;

    /* how it ended is counted; the thread goes on with its next access */
    (void)status;
    if (world->options.future)
        tell_access(thread, world->now);
    thread->has_fault = true;
    if (acquire_core(thread))
        pay_fault(thread, world->now);
}

/* The access at `now` is not served by the mapping. */
static void begin_fault(struct workload_thread *thread, sim_ns now)
{
    struct workload *workload = thread->workload;
    struct world *world = workload->world;
    struct workload_target *target = &workload->targets[thread->target];

    world_set_now(world, now);
    world->counters.accesses++;
    workload->accesses_left--;
    thread->began_at = now;
    if (thread->page >= target->mapping->page_count) {
        world->counters.faults_failed++;
        thread->operation = (struct world_operation){.done = NULL};
        pay_fault(thread, now);
        return;
    }
    vmo_op_init_fault(&thread->operation.op, target->vmo->vmo, target->mapping,
                      thread->page, thread->is_write,
                      thread->is_write ? world_new_content(world) : 0);
    thread->operation.thread_of = workload->process;
    thread->state = THREAD_WAITING;
    enum vm_status status = world_operation_start(
        world, &thread->operation, target->vmo, NULL, fault_is_over, thread);
    if (status == VM_SHOULD_WAIT) {
        release_core(thread);
        return;
    }
    thread->state = THREAD_RUNNING;
    if (world->options.future)
        tell_access(thread, now);
    pay_fault(thread, now);
}

/* Bursts. ----------------------------------------------------------------- */

enum burst_end {
    BURST_ON,    /* the next access may follow at once */
    BURST_LATER, /* it has to be queued for */
    BURST_FAULT, /* it is not served by the mapping */
    BURST_OVER,  /* it was the last */
    BURST_NONE,  /* there was none to do */
};

/* Serve the access under way from the mapping. False: it faults. */
static inline bool hit(struct workload_thread *thread, sim_ns now)
{
    struct workload *workload = thread->workload;
    struct world *world = workload->world;
    struct vm_mapping *mapping = workload->targets[thread->target].mapping;
    uint64_t page = thread->page;

    if (page >= mapping->page_count ||
        !mapping_access(mapping, page, thread->is_write))
        return false;
    if (thread->is_write) {
        struct vm_page *target =
            vm_page_of(&world->machine, mapping_page(mapping, page));
        if (target->content == 0)
            target->content = world_new_content(world);
    }
    if (world->are_hits_told)
        tell_access(thread, now);
    return true;
}

/* One access at *at, and what is next. `busy_end` is when it has computed. No
 * other event is due before `alone_until`. */
static inline enum burst_end burst_step(struct workload_thread *thread,
                                        sim_ns alone_until, sim_ns *at,
                                        sim_ns *busy_end)
{
    struct workload *workload = thread->workload;
    struct world *world = workload->world;

    if (workload->accesses_left == 0)
        return BURST_NONE;
    if (!hit(thread, *at))
        return BURST_FAULT;
    workload->accesses_left--;
    *busy_end = *at + workload->access_ns;
    if (stall_is_open(&world->stall) ||
        stall_is_open(&workload->process->stall))
        computes(thread, *at, *busy_end);
    *at = *busy_end;
    if (!advance(thread, at))
        return BURST_OVER;
    if (*at >= alone_until || must_pause(thread, *busy_end, *at) ||
        world->machine.pqs.host.wake)
        return BURST_LATER;
    return BURST_ON;
}

/* The hits of a burst, all alike. */
static void count_hits(struct workload *workload, uint64_t hits,
                       sim_ns busy_end)
{
    struct world *world = workload->world;

    if (hits == 0)
        return;
    world->counters.accesses += hits;
    if (busy_end > world->stall.busy_until)
        world->stall.busy_until = busy_end;
    if (busy_end > workload->process->stall.busy_until)
        workload->process->stall.busy_until = busy_end;
    if (workload->has_latency)
        histogram_record_many(&workload->latency[LATENCY_ACCESS],
                              (uint64_t)workload->access_ns, hits);
}

static void run_burst(struct workload_thread *thread, sim_ns now)
{
    sim_ns at = now;
    sim_ns busy_end = now;
    const struct world *world = thread->workload->world;
    sim_ns alone_until =
        event_queue_alone_until(&world->events, EVENT_CLASS_WORKLOAD);
    uint32_t most = world->options.max_burst;
    uint32_t hits = 0;
    enum burst_end end;

    if (most == 0)
        most = MAX_BURST;
    do {
        end = burst_step(thread, alone_until, &at, &busy_end);
        hits += end != BURST_FAULT && end != BURST_NONE;
    } while (end == BURST_ON && hits < most);
    count_hits(thread->workload, hits, busy_end);
    if (end == BURST_FAULT)
        begin_fault(thread, at);
    else if (end == BURST_OVER || end == BURST_NONE)
        end_at(thread, busy_end);
    else
        go_on_at(thread, busy_end, at);
}

/* It has a core: begin, or go on with what is due now. */
static void run(struct workload_thread *thread, sim_ns now)
{
    sim_ns at = now;

    if (thread->has_fault) {
        pay_fault(thread, now);
        return;
    }
    if (!thread->has_access && !next_access(thread, &at))
        end_at(thread, now);
    else if (at > now)
        go_on_at(thread, now, at);
    else
        run_burst(thread, now);
}

void workload_on_thread(struct world *world, struct event *event)
{
    struct workload_thread *thread = event->subject;

    switch ((enum thread_state)thread->state) {
    case THREAD_STARTING:
        if (!workload_bind(thread->workload))
            return;
        if (acquire_core(thread))
            run(thread, world->now);
        return;
    case THREAD_THINKING:
        if (acquire_core(thread))
            run(thread, world->now);
        return;
    case THREAD_RUNNING:
        run(thread, world->now);
        return;
    case THREAD_PAUSING:
        release_core(thread);
        thread->state = THREAD_THINKING;
        event_schedule(&world->events, event, thread->next_access);
        return;
    case THREAD_ENDING:
        workload_thread_end(thread);
        return;
    case THREAD_READY:
    case THREAD_WAITING:
    case THREAD_DONE:
        break;
    }
    CHECK(!"a thread that waits has no event");
}
