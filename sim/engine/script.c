/*
 * Which run of the script is next, and one step of it.
 *
 * Events never go back in time in the file, so those that have not begun need
 * no ordering: the first of them is next. Repeated events that have begun are
 * kept in file order beside it, and the next run is the earliest of both, the
 * lower place in the file winning ties; whatever repeats began before the
 * event that has not begun yet, so it wins against that one, too. A heap would
 * be quicker with thousands of repeats at once; nobody writes those.
 */
#include "engine/script_internal.h"

#include <errno.h>
#include <stdlib.h>

#include "check.h"
#include "engine/forced.h"
#include "rare_paths.h"

/* What to call for each operation. */
struct script_kind {
    script_op_fn run;
    bool needs_vmo; /* NOT_FOUND without an open one of that name */
    bool may_wait;  /* SHOULD_WAIT is fine where a pager answers */
};

static const struct script_kind kinds[OP_KIND_COUNT] = {
    [OP_CREATE] = {script_create, false, false},
    [OP_CLONE] = {script_clone, true, false},
    [OP_SLICE] = {script_slice, true, false},
    [OP_REFERENCE] = {script_reference, true, false},
    [OP_CLOSE] = {script_close, true, false},
    [OP_RESIZE] = {script_resize, true, false},
    [OP_READ] = {script_read, true, true},
    [OP_WRITE] = {script_write, true, true},
    [OP_TOUCH] = {script_touch, true, true},
    [OP_LOOKUP] = {script_lookup, true, false},
    [OP_COMMIT] = {script_commit, true, true},
    [OP_DECOMMIT] = {script_decommit, true, false},
    [OP_ZERO] = {script_zero, true, true},
    [OP_PIN] = {script_pin, true, true},
    [OP_UNPIN] = {script_unpin, true, false},
    [OP_LOCK] = {script_lock, true, false},
    [OP_TRY_LOCK] = {script_try_lock, true, false},
    [OP_UNLOCK] = {script_unlock, true, false},
    [OP_DISCARD] = {script_discard, true, false},
    [OP_HINT] = {script_hint, true, true},
    [OP_PRIORITY] = {script_priority, true, false},
    [OP_MAP] = {script_map, true, false},
    [OP_UNMAP] = {script_unmap, false, false},
    [OP_SUPPLY] = {script_supply, true, false},
    [OP_SUPPLY_ZERO] = {script_supply_zero, true, false},
    [OP_TAKE] = {script_take, true, false},
    [OP_FAIL] = {script_fail, true, false},
    [OP_DIRTY] = {script_dirty, true, false},
    [OP_WRITEBACK_BEGIN] = {script_writeback_begin, true, false},
    [OP_WRITEBACK_END] = {script_writeback_end, true, false},
    [OP_DETACH] = {script_detach, true, false},
    [OP_QUERY_STATS] = {script_query_stats, true, false},
    [OP_RECLAIM] = {script_reclaim, true, false},
    [OP_COMPRESS] = {script_compress, true, false},
    [OP_DECOMPRESS] = {script_decompress, true, false},
    [OP_DEDUP] = {script_dedup, true, false},
    [OP_ROTATE] = {script_rotate, false, false},
    [OP_HARVEST] = {script_harvest, false, false},
    [OP_SCAN_ZERO] = {script_scan_zero, false, false},
    [OP_EVICT] = {script_evict, false, false},
    [OP_RECLAIM_ALL] = {script_reclaim_all, false, false},
    [OP_SET] = {script_set, false, false},
    [OP_KILL] = {script_kill, false, false},
    [OP_VALIDATE] = {script_validate, false, false},
    [OP_DUMP] = {script_dump, false, false},
    [OP_EXPECT] = {script_expect, false, false},
};

bool script_new(struct world *world, struct script **out)
{
    struct script *script = calloc(1, sizeof(*script));
    if (!script)
        return false;
    script->world = world;
    script->scenario = world->scenario;
    LIST_INIT(&script->waiting);
    SLIST_INIT(&script->kept);

    size_t repeated = 0;
    for (size_t i = 0; i < script->scenario->event_count; i++)
        repeated += script->scenario->events[i].run_count > 1;
    if (repeated > 0) {
        script->repeats = calloc(repeated, sizeof(*script->repeats));
        if (!script->repeats) {
            free(script);
            return false;
        }
    }
    *out = script;
    return true;
}

void script_free(struct script *script)
{
    if (!script)
        return;
    while (!LIST_EMPTY(&script->waiting))
        script_wait_drop(LIST_FIRST(&script->waiting));
    struct script_name *name, *next;
    HASH_ITER(hh, script->names, name, next)
    {
        /* The last one takes the table along, which the analyser takes for
         * gone before. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        HASH_DEL(script->names, name);
        free(name->name);
        free(name);
    }
    while (!SLIST_EMPTY(&script->kept)) {
        struct script_kept_run *kept = SLIST_FIRST(&script->kept);
        SLIST_REMOVE_HEAD(&script->kept, by_script);
        scenario_run_release(&kept->run);
        free(kept);
    }
    free(script->repeats);
    free(script);
}

/* Time of run `n`; never, if that is past the end of time. */
static sim_ns run_time(const struct scenario_event *event, uint64_t n)
{
    sim_ns later;
    if (__builtin_mul_overflow(event->every_ns, n, &later))
        return SIM_NS_INFINITE;
    return sim_ns_add(event->at_ns, later);
}

/* The repeat that is due first, NULL if there is none. */
static struct script_repeat *first_repeat(const struct script *script)
{
    struct script_repeat *first = NULL;
    for (size_t i = 0; i < script->repeat_count; i++)
        if (!first || script->repeats[i].next_at < first->next_at)
            first = &script->repeats[i];
    return first;
}

static sim_ns next_event_time(const struct script *script)
{
    if (script->next_event >= script->scenario->event_count)
        return SIM_NS_INFINITE;
    return script->scenario->events[script->next_event].at_ns;
}

sim_ns script_next_time(const struct script *script)
{
    const struct script_repeat *repeat = first_repeat(script);
    sim_ns begin = next_event_time(script);
    return repeat && repeat->next_at < begin ? repeat->next_at : begin;
}

/* A repeat has had its run: on to the next one. */
static void repeat_go_on(struct script *script, struct script_repeat *repeat)
{
    const struct scenario_event *event =
        &script->scenario->events[repeat->event];
    repeat->next_run++;
    repeat->next_at = run_time(event, repeat->next_run);
    if (repeat->next_run < event->run_count &&
        repeat->next_at != SIM_NS_INFINITE)
        return;
    struct script_repeat *end = script->repeats + script->repeat_count;
    for (struct script_repeat *next = repeat + 1; next < end; next++)
        next[-1] = *next;
    script->repeat_count--;
}

/* Take the next run off the list of those to come. */
static const struct scenario_event *take_next(struct script *script,
                                              uint64_t *run_number)
{
    struct script_repeat *repeat = first_repeat(script);
    if (repeat && repeat->next_at <= next_event_time(script)) {
        const struct scenario_event *event =
            &script->scenario->events[repeat->event];
        *run_number = repeat->next_run;
        repeat_go_on(script, repeat);
        return event;
    }
    CHECK(script->next_event < script->scenario->event_count);
    const struct scenario_event *event =
        &script->scenario->events[script->next_event];
    *run_number = 0;
    if (event->run_count > 1) {
        CHECK(script->repeats != NULL);
        struct script_repeat *begun = &script->repeats[script->repeat_count++];
        *begun = (struct script_repeat){.event = script->next_event};
        repeat_go_on(script, begun);
    }
    script->next_event++;
    return event;
}

static enum vm_status call_once(struct script_call *call)
{
    const struct script_kind *kind = &kinds[call->op->kind];
    if (call->op->vmo)
        call->vmo = world_vmo_find(call->world, call->op->vmo);
    if (kind->needs_vmo && !call->vmo)
        return VM_NOT_FOUND;
    call->world->reclaimer = (struct world_reclaimer){RECLAIMER_SCRIPT, NULL};
    enum vm_status status = kind->run(call);
    call->world->reclaimer = (struct world_reclaimer){RECLAIMER_NONE, NULL};
    return status;
}

/* May it fail and be made again? A `take` has made a VMO by then, which is gone
 * again, and borrowed pages are used up by what has been supplied already. */
static bool can_be_repeated(const struct script_call *call)
{
    const struct scenario_op *op = call->op;
    if (op->kind == OP_SUPPLY)
        return !call->world->machine.borrow_on_supply;
    return op->kind != OP_TAKE;
}

static enum vm_status call_handler(struct script_call *call)
{
    forced_before_event(call->world, call->op);
    if (can_be_repeated(call))
        rare_failures_begin();
    enum vm_status status;
    do
        status = call_once(call);
    while (status == VM_NO_MEMORY && rare_failure_is_over());
    rare_failures_end();
    return status;
}

/* The run is over and so are its texts, unless somebody has borrowed them. */
static void release_run(struct script_call *call)
{
    if (!call->is_run_kept || !call->run.memory) {
        scenario_run_release(&call->run);
        return;
    }
    struct script_kept_run *kept = malloc(sizeof(*kept));
    if (!kept) {
        world_fail(call->world, ENOMEM);
        return;
    }
    kept->run = call->run;
    SLIST_INSERT_HEAD(&call->script->kept, kept, by_script);
}

static void run_call(struct script_call *call)
{
    /* A wait that is left behind owns the run from now on. It is not over
     * before this step is, so the reports may still use the run's texts. */
    enum vm_status status = call_handler(call);
    if (call->op->kind != OP_EXPECT)
        script_report_status(call, status);
    script_report_event(call, status, false);
    if (status != VM_SHOULD_WAIT) {
        script_name_set(call, status, NULL);
        release_run(call);
    }
}

void script_step(struct script *script)
{
    struct world *world = script->world;
    uint64_t run_number;
    const struct scenario_event *event = take_next(script, &run_number);
    CHECK(run_time(event, run_number) == world->now);

    struct script_call call = {
        .script = script,
        .world = world,
        .event = event,
        .run_number = run_number,
    };
    world->script_line = event->place.line;
    const char *problem = NULL;
    if (!scenario_event_instantiate(script->scenario, event, run_number,
                                    &call.run, &problem)) {
        if (!problem) {
            world_fail(world, ENOMEM);
            return;
        }
        call.op = &event->op;
        script_report(&call, 0, "run", "this run's values", "valid ones",
                      problem, false);
        return;
    }
    call.op = call.run.op;
    run_call(&call);
}

/* Does the pager behind this VMO answer without the script? */
static bool is_pager_automatic(const struct world_vmo *vmo)
{
    const struct page_source *source = vmo ? vmo_root_source(vmo->vmo) : NULL;
    return source && source->user != NULL;
}

bool script_may_wait(const struct script_call *call)
{
    return kinds[call->op->kind].may_wait && is_pager_automatic(call->vmo);
}
