/*
 * Workloads come and go; what their threads do is in workload_thread.c.
 */
#include "actors/workload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Setting up. ------------------------------------------------------------- */

static bool thread_init(struct workload *workload, uint32_t number, uint32_t id)
{
    struct world *world = workload->world;
    const struct scenario_workload *scenario = workload->scenario;
    struct workload_thread *thread = &workload->threads[number];

    thread->workload = workload;
    thread->number = number;
    thread->id = id;
    thread->state = THREAD_STARTING;
    random_init(&thread->random, world->scenario->seed, "thread",
                scenario->name, number);
    if (!event_register(&world->events, &thread->event, EV_THREAD,
                        EVENT_CLASS_WORKLOAD, thread))
        return false;
    if (scenario->start < scenario->stop)
        event_schedule(&world->events, &thread->event, scenario->start);
    else
        thread->state = THREAD_DONE;
    return true;
}

bool workloads_keep_latency(struct world *world)
{
    for (uint32_t i = 0; i < world->workload_count; i++) {
        struct workload *workload = &world->workloads[i];

        for (int kind = 0; kind < LATENCY_KIND_COUNT; kind++)
            if (!histogram_init(&workload->latency[kind]))
                return false;
        workload->has_latency = true;
    }
    return true;
}

/* A hit costs at least a nanosecond where nothing but time ends a workload:
 * one that never gets on would never end. */
static sim_ns hit_cost(const struct world *world,
                       const struct scenario_workload *scenario)
{
    sim_ns cost = world->scenario->machine.costs.access;

    return cost == 0 && !scenario->has_accesses ? 1 : cost;
}

static bool workload_init(struct workload *workload, struct world *world,
                          uint32_t number, uint32_t first_id)
{
    const struct scenario_workload *scenario =
        &world->scenario->workloads[number];
    const char *process =
        scenario->process ? scenario->process : SCENARIO_SCRIPT_PROCESS;
    const struct distribution *think = &scenario->think;

    *workload = (struct workload){
        .world = world,
        .scenario = scenario,
        .number = number,
        .process = world_process_find(world, process),
        .accesses_left =
            scenario->has_accesses ? scenario->accesses : UINT64_MAX,
        .access_ns = hit_cost(world, scenario),
        .think_ns = think->kind == DISTRIBUTION_CONSTANT
                        ? random_draw_ns(NULL, think)
                        : -1,
    };
    workload->targets = calloc(scenario->vmo_count, sizeof *workload->targets);
    workload->threads = calloc(scenario->threads, sizeof *workload->threads);
    if (!workload->targets || !workload->threads)
        return false;
    for (uint32_t i = 0; i < scenario->threads; i++) {
        if (!thread_init(workload, i, first_id + i))
            return false;
        workload->thread_count++;
    }
    return true;
}

bool workloads_new(struct world *world)
{
    const struct scenario *scenario = world->scenario;
    uint64_t threads = 0;

    TAILQ_INIT(&world->ready);
    world->free_cores = scenario->machine.cores;
    if (scenario->workload_count == 0)
        return true;
    world->workloads =
        calloc(scenario->workload_count, sizeof *world->workloads);
    if (!world->workloads)
        return false;
    for (uint32_t i = 0; i < scenario->workload_count; i++) {
        world->workload_count++;
        if (!workload_init(&world->workloads[i], world, i, (uint32_t)threads))
            return false;
        threads += world->workloads[i].thread_count;
    }
    world->is_cpu_short = threads > scenario->machine.cores;
    return true;
}

static void workload_release(struct workload *workload)
{
    struct world *world = workload->world;

    for (uint32_t i = 0; i < workload->thread_count; i++) {
        workload_thread_end(&workload->threads[i]);
        event_unregister(&world->events, &workload->threads[i].event);
    }
    trace_feed_free(workload->feed);
    for (int kind = 0; kind < LATENCY_KIND_COUNT; kind++)
        histogram_release(&workload->latency[kind]);
    free(workload->targets);
    free(workload->threads);
}

void workloads_free(struct world *world)
{
    for (uint32_t i = 0; i < world->workload_count; i++)
        workload_release(&world->workloads[i]);
    free(world->workloads);
    world->workloads = NULL;
    world->workload_count = 0;
}

/* Starting. --------------------------------------------------------------- */

static bool bind_targets(struct workload *workload)
{
    const struct scenario_workload *scenario = workload->scenario;
    double sum = 0;

    for (size_t i = 0; i < scenario->vmo_count; i++) {
        struct workload_target *target = &workload->targets[i];

        target->vmo = world_vmo_find(workload->world, scenario->vmos[i].name);
        if (!target->vmo)
            return false;
        target->mapping = world_user_mapping(workload->world, target->vmo);
        if (!target->mapping) {
            world_fail(workload->world, ENOMEM);
            return false;
        }
        sum += scenario->vmos[i].weight;
        target->weight_up_to = sum;
    }
    return true;
}

/* A trace speaks of the first VMO's pages, in the pattern's range. */
static bool open_feed(struct workload *workload)
{
    const struct scenario_pattern *pattern = &workload->scenario->pattern;
    struct world *world = workload->world;
    uint64_t end = world_vmo_pages(workload->targets[0].vmo);
    char message[256];

    if (!pattern->pages.is_open)
        end = u64_min(end, pattern->pages.end);
    uint64_t start = u64_min(end, pattern->pages.start);
    workload->feed =
        trace_feed_new(&pattern->trace, world->scenario->machine.page_bytes,
                       end - start, message, sizeof message);
    if (!workload->feed) {
        fprintf(world->options.messages ? world->options.messages : stderr,
                "%s: %s\n", pattern->trace.file, message);
        world_fail(world, EIO);
        return false;
    }
    workload->is_feed_timed = pattern->trace.timing == TRACE_TIMING_TRACE &&
                              trace_feed_is_timed(workload->feed);
    return true;
}

static bool init_patterns(struct workload_thread *thread)
{
    const struct workload *workload = thread->workload;
    const struct scenario_workload *scenario = workload->scenario;
    const struct pattern *first = workload->threads[0].patterns;
    bool is_endless =
        scenario->has_accesses || scenario->stop != SIM_NS_INFINITE;

    thread->patterns = calloc(scenario->vmo_count, sizeof *thread->patterns);
    if (!thread->patterns)
        return false;
    for (size_t i = 0; i < scenario->vmo_count; i++) {
        struct random_stream layout;

        random_init(&layout, workload->world->scenario->seed, "layout",
                    scenario->vmos[i].name, 0);
        if (!pattern_init(&thread->patterns[i], &scenario->pattern,
                          world_vmo_pages(workload->targets[i].vmo), is_endless,
                          &layout, first ? &first[i] : NULL))
            return false;
    }
    return true;
}

bool workload_bind(struct workload *workload)
{
    if (workload->is_over)
        return false;
    if (workload->is_bound)
        return true;
    if (workload->process->is_killed || !bind_targets(workload)) {
        workload_end(workload);
        return false;
    }
    if (workload->scenario->pattern.kind == PATTERN_TRACE)
        return open_feed(workload) && (workload->is_bound = true);
    for (uint32_t i = 0; i < workload->thread_count; i++) {
        if (!init_patterns(&workload->threads[i])) {
            world_fail(workload->world, ENOMEM);
            return false;
        }
    }
    workload->is_bound = true;
    return true;
}

/* Ending. ----------------------------------------------------------------- */

void workload_end(struct workload *workload)
{
    workload->is_over = true;
    for (uint32_t i = 0; i < workload->thread_count; i++)
        workload_thread_end(&workload->threads[i]);
}

void workloads_vmo_closing(struct world *world, const struct world_vmo *vmo)
{
    for (uint32_t i = 0; i < world->workload_count; i++) {
        struct workload *workload = &world->workloads[i];

        if (!workload->is_bound || workload->is_over)
            continue;
        for (size_t t = 0; t < workload->scenario->vmo_count; t++) {
            if (workload->targets[t].vmo != vmo)
                continue;
            workload_end(workload);
            break;
        }
    }
}

void workloads_process_killed(struct world *world,
                              const struct world_process *process)
{
    for (uint32_t i = 0; i < world->workload_count; i++)
        if (world->workloads[i].process == process)
            workload_end(&world->workloads[i]);
}
