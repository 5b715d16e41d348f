/*
 * From a scenario to a world, and the way back.
 *
 *   machine   budget, policy, compressor, wired pages, switches
 *   actors    in any order: they only register their events
 *   VMOs      with their content, before the marks are set: what exists from
 *             time 0 never waits for memory
 *   script    last
 *
 * world_free() takes apart whatever world_new() got to.
 */
#include "engine/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "actors/aging.h"
#include "actors/evictor.h"
#include "actors/lru.h"
#include "actors/pager.h"
#include "actors/scanner.h"
#include "actors/trace_feed.h"
#include "actors/vmo_life.h"
#include "actors/watchdog.h"
#include "actors/workload.h"
#include "engine/forced.h"
#include "engine/observe.h"
#include "engine/page_trace.h"
#include "engine/script.h"
#include "engine/world_switch.h"
#include "scenario/report.h"
#include "world/future.h"
#include "world/overtime.h"
#include "world/world_policy.h"

/* Content numbers that scenarios do not write begin here. */
#define FIRST_CONTENT (UINT64_C(1) << 62)

struct build {
    struct world *world;
    const struct scenario *scenario;
    char *message;
    size_t message_bytes;
    bool is_input; /* what is wrong is the scenario's fault */
};

static bool fail_host(struct build *build, const char *what)
{
    snprintf(build->message, build->message_bytes, "%s: %s",
             build->scenario->path, what);
    return false;
}

static bool fail_input(struct build *build, const struct scenario_place *place,
                       const char *what)
{
    build->is_input = true;
    scenario_message_at(build->scenario, place, what, build->message,
                        build->message_bytes);
    return false;
}

/* The machine. ------------------------------------------------------------ */

static struct world_policy *open_policy(const struct scenario *scenario,
                                        bool has_future, char *message,
                                        size_t message_bytes)
{
    const struct scenario_reclaim *reclaim = &scenario->reclaim;
    const struct scenario_param *wrong;
    char text[512];
    struct world_policy *policy = world_policy_open(
        scenario, reclaim->policy,
        has_future ? POLICY_KNOWS_FUTURE : POLICY_LIVES, reclaim->params,
        reclaim->param_count, text, sizeof text, &wrong);

    if (!policy)
        scenario_message_at(scenario,
                            wrong ? &wrong->place : &reclaim->policy_place,
                            text, message, message_bytes);
    return policy;
}

/* Compression may be switched on later: then there is a compressor, too. */
bool world_wants_compressor(const struct scenario *scenario)
{
    if (scenario->reclaim.compression.enabled)
        return true;
    for (size_t i = 0; i < scenario->event_count; i++) {
        const struct scenario_op *op = &scenario->events[i].op;

        if (op->kind == OP_SET && op->has_compression_enabled &&
            op->compression_enabled)
            return true;
    }
    return false;
}

static void set_switches(struct world *world)
{
    const struct scenario_reclaim *reclaim = &world->scenario->reclaim;
    struct vm_machine *machine = &world->machine;

    machine->keeps_distances = true;
    machine->loaning = reclaim->loaning;
    machine->borrow_on_supply = reclaim->borrow_on_supply;
    machine->borrow_on_access = reclaim->borrow_on_mru;
    machine->replace_on_unloan = reclaim->replace_on_unloan;
    machine->pmm.borrowing_enabled =
        reclaim->borrow_on_supply || reclaim->borrow_on_mru;
    world->is_direct_tracking = reclaim->access_tracking == TRACKING_DIRECT;
    if (world->options.future && future_is_told(world->options.future))
        world_look_ahead(world);
    world->are_hits_told = world->is_direct_tracking || world->options.future;
    if (reclaim->compression.anonymous)
        world_set_anonymous_reclaim(world, true);
}

static bool build_machine(struct build *build)
{
    const struct scenario *scenario = build->scenario;
    const struct scenario_compression *compression =
        &scenario->reclaim.compression;
    struct world *world = build->world;

    world->policies = open_policy(scenario, world->options.future != NULL,
                                  build->message, build->message_bytes);
    if (!world->policies) {
        build->is_input = true;
        return false;
    }
    world->policy_name = scenario->reclaim.policy;
    struct vm_machine_config config = {
        .memory_pages = scenario->machine.memory_pages,
        .policy = world->policies->handle.ops,
        .policy_values = world->policies->values,
        .seed = scenario->seed,
        .compression =
            world_wants_compressor(scenario) || forced_wants_compressor(),
        .compressor = {.model = compression->model,
                       .storage = compression->storage,
                       .threshold_percent =
                           (uint32_t)compression->threshold_percent},
    };
    enum vm_status status = vm_machine_init(&world->machine, &config);
    if (status == VM_INVALID_ARGS) {
        struct scenario_place nowhere = {0};
        return fail_input(build, &nowhere,
                          "machine.memory: too many pages to simulate");
    }
    if (status != VM_OK)
        return fail_host(build, "out of memory");
    world->has_machine = true;
    if (pmm_wire(&world->machine.pmm, scenario->machine.wired_pages) != VM_OK)
        return fail_host(build, "machine.wired: out of memory");
    set_switches(world);
    return true;
}

/* Processes, actors. ------------------------------------------------------ */

static bool build_processes(struct world *world)
{
    const struct scenario *scenario = world->scenario;

    world->processes =
        calloc(scenario->process_count + 1, sizeof *world->processes);
    if (!world->processes)
        return false;
    world->process_count = (uint32_t)scenario->process_count + 1;
    for (uint32_t i = 0; i < world->process_count; i++) {
        struct world_process *process = &world->processes[i];

        process->id = i;
        process->name =
            i == 0 ? SCENARIO_SCRIPT_PROCESS : scenario->processes[i - 1].name;
        process->oom_score = i == 0 ? 0 : scenario->processes[i - 1].oom_score;
        TAILQ_INIT(&process->vmos);
    }
    return true;
}

static bool build_actors(struct world *world)
{
    return watchdog_new(world) && evictor_new(world) && lru_new(world) &&
           aging_new(world) && scanner_new(world) && pagers_new(world) &&
           workloads_new(world) && overtime_new(world) && observe_new(world);
}

/* VMOs. ------------------------------------------------------------------- */

static bool build_vmo(struct build *build, const struct scenario_op *op)
{
    struct world_create_args args = {
        .name = op->vmo,
        .process = op->process,
        .pager = op->pager,
        .kind = op->vmo_kind,
        .size_pages = op->size_pages,
        .is_resizable = op->is_resizable,
        .traps_dirty = op->trap_dirty,
        .cannot_decommit_zero = op->cannot_decommit_zero,
        .compressibility = op->has_compressibility ? op->compressibility : -1,
    };
    struct world_vmo *vmo;
    char text[160];
    enum vm_status status = world_vmo_create(build->world, &args, &vmo);

    if (status == VM_OK && op->has_prefill)
        status = world_prefill(build->world, vmo, &op->prefill);
    if (status == VM_OK)
        return true;
    snprintf(text, sizeof text, "VMO '%s' can't be there from the start: %s%s",
             op->vmo, vm_status_name(status),
             status == VM_NO_MEMORY ? ", machine.memory is too small for it"
                                    : "");
    return fail_input(build, &op->place, text);
}

static bool build_vmos(struct build *build)
{
    for (size_t i = 0; i < build->scenario->vmo_count; i++)
        if (!build_vmo(build, &build->scenario->vmos[i]))
            return false;
    return true;
}

/* The whole. -------------------------------------------------------------- */

static bool build_end(struct world *world)
{
    const struct scenario *scenario = world->scenario;

    if (!event_register(&world->events, &world->script_event, EV_SCRIPT,
                        EVENT_CLASS_SCRIPT, NULL) ||
        !event_register(&world->events, &world->end_event, EV_END,
                        EVENT_CLASS_END, NULL) ||
        !script_new(world, &world->script))
        return false;
    event_schedule(&world->events, &world->script_event,
                   script_next_time(world->script));
    if (scenario->has_duration)
        event_schedule(&world->events, &world->end_event, scenario->duration);
    return true;
}

static bool build_all(struct build *build)
{
    struct world *world = build->world;

    if (!build_machine(build))
        return false;
    if (!build_processes(world) || !build_actors(world))
        return fail_host(build, "out of memory");
    if (!build_vmos(build))
        return false;
    world_settle(world);
    world_set_watermarks(world);
    return build_end(world) || fail_host(build, "out of memory");
}

struct world *world_new(const struct scenario *scenario,
                        struct recorder *recorder,
                        const struct world_options *options, char *message,
                        size_t message_bytes, bool *is_input)
{
    struct world *world = calloc(1, sizeof *world);
    struct build build = {world, scenario, message, message_bytes, false};

    *is_input = false;
    if (!world) {
        fail_host(&build, "out of memory");
        return NULL;
    }
    world->scenario = scenario;
    world->recorder = recorder;
    world->options = *options;
    world->next_vmo_id = 1;
    world->next_content = FIRST_CONTENT;
    world->memory_seen = UINT64_MAX;
    event_queue_init(&world->events);
    TAILQ_INIT(&world->vmos);
    TAILQ_INIT(&world->mappings);
    TAILQ_INIT(&world->memory_waiters);
    TAILQ_INIT(&world->sources);
    TAILQ_INIT(&world->jobs);
    TAILQ_INIT(&world->ready);
    if (build_all(&build))
        return world;
    *is_input = build.is_input;
    world_free(world);
    return NULL;
}

static void close_vmos(struct world *world)
{
    struct world_vmo *vmo;

    world->recorder = NULL; /* the run has been recorded */
    while ((vmo = TAILQ_LAST(&world->vmos, world_vmo_list)))
        world_vmo_close(world, vmo);
}

void world_free(struct world *world)
{
    if (!world)
        return;
    page_trace_free(world); /* its rows end with the run */
    script_free(world->script);
    close_vmos(world);
    workloads_free(world);
    evictor_free(world);
    pagers_free(world);
    scanner_free(world);
    aging_free(world);
    lru_free(world); /* after the evictor, for whose pass it may wait */
    watchdog_free(world);
    observe_free(world);
    if (world->has_machine)
        vm_machine_release(&world->machine);
    while (world->policies) {
        struct world_policy *next = world->policies->next;

        world_policy_close(world->policies);
        world->policies = next;
    }
    event_queue_release(&world->events);
    free(world->processes);
    free(world);
}

/* Checking without building. ---------------------------------------------- */

/* Traces anywhere in a pattern. */
static bool check_pattern(const struct scenario *scenario,
                          const struct scenario_workload *workload,
                          const struct scenario_pattern *pattern, bool is_phase,
                          char *message, size_t message_bytes)
{
    const char *limit = NULL;
    char text[512];

    for (size_t i = 0;
         pattern->kind == PATTERN_PHASES && i < pattern->phase_count; i++)
        if (!check_pattern(scenario, workload, &pattern->phases[i].pattern,
                           true, message, message_bytes))
            return false;
    if (pattern->kind != PATTERN_TRACE)
        return true;
    if (is_phase)
        limit = "a trace can't be one of several phases";
    else if (workload->vmo_count > 1)
        limit = "a trace speaks of the pages of one VMO, not of several";
    else if (trace_feed_check(&pattern->trace, scenario->machine.page_bytes,
                              text, sizeof text))
        return true;
    scenario_message_at(scenario, &pattern->trace.place, limit ? limit : text,
                        message, message_bytes);
    return false;
}

/* A request that fails with anything else would never be answered. */
static bool check_pagers(const struct scenario *scenario, char *message,
                         size_t message_bytes)
{
    char text[200];

    for (size_t i = 0; i < scenario->pager_count; i++) {
        const struct scenario_pager *pager = &scenario->pagers[i];

        if (pager->fail_every == 0 ||
            page_source_is_valid_failure(pager->fail_status, true))
            continue;
        snprintf(text, sizeof text,
                 "pager '%.60s' can't fail with %s; there are IO, "
                 "IO_DATA_INTEGRITY, BAD_STATE, NO_SPACE, BUFFER_TOO_SMALL",
                 pager->name, vm_status_name(pager->fail_status));
        scenario_message_at(scenario, &pager->place, text, message,
                            message_bytes);
        return false;
    }
    return true;
}

/* Pages that a VMO has from the start, whatever happens. */
static uint64_t pages_at_start(const struct scenario_op *op)
{
    uint64_t end = op->prefill.is_open ? op->size_pages : op->prefill.end;

    if (op->vmo_kind == VMO_CONTIGUOUS)
        return op->size_pages;
    return op->has_prefill && end > op->prefill.start ? end - op->prefill.start
                                                      : 0;
}

/* What no VMO is made like; NULL: it can be made. As an operation of the script
 * it would return a status, but there is nobody to return it to. */
static const char *vmo_problem(const struct scenario_op *op)
{
    const struct page_range *prefill = &op->prefill;
    uint64_t prefill_end = prefill->is_open ? prefill->start : prefill->end;

    if (op->trap_dirty && op->vmo_kind != VMO_PAGER)
        return "only one of kind pager can have 'trap_dirty'";
    if (op->vmo_kind == VMO_CONTIGUOUS && op->is_resizable)
        return "a contiguous one can't be resizable";
    if (op->vmo_kind == VMO_CONTIGUOUS && op->size_pages == 0)
        return "a contiguous one needs at least one page";
    if (op->has_prefill && prefill_end > op->size_pages)
        return "'prefill' ends behind its last page";
    return NULL;
}

static bool check_vmos(const struct scenario *scenario, char *message,
                       size_t message_bytes)
{
    uint64_t left =
        scenario->machine.memory_pages - scenario->machine.wired_pages;
    char text[160] = "";

    for (size_t i = 0; i < scenario->vmo_count && !text[0]; i++) {
        const struct scenario_op *op = &scenario->vmos[i];
        const char *problem = vmo_problem(op);
        uint64_t pages = pages_at_start(op);

        if (problem)
            snprintf(text, sizeof text, "VMO '%.60s': %s", op->vmo, problem);
        else if (pages > left)
            snprintf(text, sizeof text,
                     "machine.memory has no room for VMO '%s': %llup wanted, "
                     "%llup left",
                     op->vmo, (unsigned long long)pages,
                     (unsigned long long)left);
        else
            left -= pages;
        if (text[0])
            scenario_message_at(scenario, &op->place, text, message,
                                message_bytes);
    }
    return !text[0];
}

/* Will anonymous pages ever be reclaimable? */
static bool has_anonymous_reclaim(const struct scenario *scenario)
{
    if (scenario->reclaim.compression.anonymous)
        return true;
    for (size_t i = 0; i < scenario->event_count; i++) {
        const struct scenario_op *op = &scenario->events[i].op;

        if (op->kind == OP_SET && op->has_anonymous_reclaim &&
            op->anonymous_reclaim)
            return true;
    }
    return false;
}

/* What the kernel refuses to boot with. */
static bool check_compression(const struct scenario *scenario, char *message,
                              size_t message_bytes)
{
    const struct scenario_compression *compression =
        &scenario->reclaim.compression;

    if (!compression->zero_forks || has_anonymous_reclaim(scenario))
        return true;
    scenario_message_at(scenario, &compression->zero_forks_place,
                        "'zero_forks' needs 'anonymous': zero forks are "
                        "reclaimed only where anonymous pages are",
                        message, message_bytes);
    return false;
}

bool world_check(const struct scenario *scenario, bool has_future,
                 char *message, size_t message_bytes)
{
    struct world_policy *policy =
        open_policy(scenario, has_future, message, message_bytes);

    if (!policy)
        return false;
    world_policy_close(policy);
    if (has_future && !future_check(scenario, message, message_bytes))
        return false;
    if (!check_pagers(scenario, message, message_bytes) ||
        !check_vmos(scenario, message, message_bytes) ||
        !check_compression(scenario, message, message_bytes))
        return false;
    for (size_t i = 0; i < scenario->workload_count; i++) {
        const struct scenario_workload *workload = &scenario->workloads[i];

        if (!check_pattern(scenario, workload, &workload->pattern, false,
                           message, message_bytes))
            return false;
    }
    return script_check(scenario, message, message_bytes);
}
