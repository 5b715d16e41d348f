/*
 * Rows from the world as it is now.
 *
 * A recorder that fails (disk full) ends the run with an error; what it has
 * written stays.
 */
#include "engine/observe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actors/workload.h"
#include "check.h"
#include "engine/page_trace.h"
#include "engine/world_switch.h"
#include "record/recorder.h"
#include "world/stall.h"
#include "world/world_rows.h"

static void check(struct world *world, bool is_fine)
{
    if (!is_fine)
        world_fail(world, EIO);
}

/* The beginning. ---------------------------------------------------------- */

void observe_begin(struct world *world)
{
    if (!world->recorder)
        return;
    if (!histogram_init(&world->refault_distances))
        world_fail(world, ENOMEM);
    event_schedule(&world->events, &world->tick_event, 0);
    world_rows_begin(world);
    if (recorder_wants_latency(world->recorder) &&
        !workloads_keep_latency(world))
        world_fail(world, ENOMEM);
    if (!page_trace_begin(world))
        world_fail(world, ENOMEM);
}

/* Ticks. ------------------------------------------------------------------ */

/* Attributed pages of a VMO, counted again only if its tree has changed. */
static struct vm_attribution attribution_of(struct world_vmo *vmo)
{
    const struct vm_cow_pages *cow = vmo_cow(vmo->vmo);
    uint64_t generation = vm_cow_hierarchy_generation(cow);

    if (vm_cow_backlink(cow) != &vmo->vmo->owner)
        return (struct vm_attribution){0, 0}; /* another handle is charged */
    if (vmo->attribution_generation != generation) {
        vmo->attribution = vmo_attribution(vmo->vmo);
        vmo->attribution_generation = generation;
    }
    return vmo->attribution;
}

static void tick_vmo(struct world *world, struct world_vmo *vmo)
{
    struct vm_attribution pages = attribution_of(vmo);
    struct record_tick_vmo row = {
        .tick_ns = world->now,
        .vmo_id = vmo->id,
        .committed = pages.uncompressed_pages,
        .compressed = pages.compressed_pages,
        .pinned = vmo_pinned_pages(vmo->vmo),
        .faults_major = vmo->faults_major,
        .refaults = vmo->refaults,
    };

    check(world, recorder_tick_vmo(world->recorder, &row));
}

/* Rows for all VMOs. Returns the pages and references attributed to any. */
static uint64_t tick_vmos(struct world *world)
{
    bool is_wanted = recorder_wants_vmo_ticks(world->recorder);
    uint64_t attributed = 0;
    struct world_vmo *vmo;

    TAILQ_FOREACH (vmo, &world->vmos, by_world) {
        struct vm_attribution pages = attribution_of(vmo);

        if (world->options.is_paranoid)
            CHECK(vmo_attribution(vmo->vmo).uncompressed_pages ==
                  pages.uncompressed_pages);
        attributed += pages.uncompressed_pages + pages.compressed_pages;
        if (is_wanted)
            tick_vmo(world, vmo);
    }
    return attributed;
}

static void tick_lists(struct world *world, struct record_tick *row)
{
    const struct page_queues *pqs = &world->machine.pqs;
    struct reclaim_list lists[RECLAIM_MAX_LISTS];
    unsigned count = pqs->ops->lists(pqs->policy, lists);

    for (unsigned i = 0; i < count; i++) {
        if (strcmp(lists[i].name, "dont_need") == 0)
            row->dont_need = lists[i].pages;
        check(world, recorder_tick_list(world->recorder, world->now,
                                        lists[i].name, lists[i].pages));
    }
    if (!world_activity(world, &row->active, &row->inactive)) {
        row->active = RECORD_NULL;
        row->inactive = RECORD_NULL;
    }
}

static void fill_machine(const struct world *world, struct record_tick *row)
{
    const struct vm_machine *machine = &world->machine;
    const uint64_t *count = machine->pqs.count;

    row->free = machine->pmm.free_pages;
    row->free_loaned = machine->pmm.free_loaned_pages;
    row->loaned = machine->pmm.loaned_pages;
    row->level = world_level_name(world);
    row->wired = count[PQ_WIRED];
    row->anonymous = count[PQ_ANONYMOUS];
    row->high_priority = count[PQ_HIGH_PRIORITY];
    row->zero_fork = count[PQ_ZERO_FORK];
    row->pager_dirty = count[PQ_PAGER_DIRTY];
    row->failed_reclaim = count[PQ_FAILED_RECLAIM];
    row->reclaimable = count[PQ_RECLAIM];
    row->compressed = machine->stats.reference_count;
    row->compressed_storage =
        machine->compressor ? compressor_storage_pages(machine->compressor) : 0;
}

static void fill_totals(const struct world *world, struct record_tick *row)
{
    const struct world_counters *counters = &world->counters;
    struct evict_counts evicted = world_evicted(world);

    row->accesses = counters->accesses;
    row->faults_minor = counters->faults_minor;
    row->faults_major = counters->faults_major;
    row->faults_cow = counters->faults_cow;
    row->faults_zero = counters->faults_zero;
    row->faults_decompress = counters->faults_decompress;
    row->refaults = counters->refaults;
    row->evicted_pager = evicted.pager_backed;
    row->evicted_compressed = evicted.compressed;
    row->evicted_discardable = evicted.discardable;
    row->deduped = world->machine.stats.deduped_pages;
    row->written_back = counters->written_back;
    row->oom_kills = counters->oom_kills;
    row->waiting_threads = world->stall.waiting_threads;
    row->stall_some_ns = world->stall.some_ns;
    row->stall_full_ns = world->stall.full_ns;
}

static void tick(struct world *world)
{
    const struct vm_machine_stats *stats = &world->machine.stats;
    struct record_tick row;

    if (!world->recorder || world->observer->last_tick == world->now)
        return;
    world->observer->last_tick = world->now;
    stall_advance(&world->stall, world->now);
    record_tick_init(&row, world->now);
    fill_machine(world, &row);
    fill_totals(world, &row);
    uint64_t attributed = tick_vmos(world);
    row.unattributed =
        stats->object_pages + stats->reference_count - attributed;
    tick_lists(world, &row);
    check(world, recorder_tick(world->recorder, &row));
}

void observe_on_tick(struct world *world, struct event *event)
{
    tick(world);
    event_schedule(&world->events, event,
                   sim_ns_add(world->now, world->scenario->tick));
}

/* The end. ---------------------------------------------------------------- */

void observe_end(struct world *world)
{
    if (!world->recorder)
        return;
    tick(world);
    if (!observe_totals(world))
        world_fail(world, EIO);
}

/* Setting up. ------------------------------------------------------------- */

bool observe_new(struct world *world)
{
    world->observer = calloc(1, sizeof *world->observer);
    if (!world->observer)
        return false;
    world->observer->last_tick = -1;
    if (!event_register(&world->events, &world->tick_event, EV_TICK,
                        EVENT_CLASS_TICK, NULL))
        return false;
    world->tick_event.is_periodic = true;
    return true;
}

void observe_free(struct world *world)
{
    page_trace_free(world);
    histogram_release(&world->refault_distances);
    free(world->observer);
    world->observer = NULL;
}
