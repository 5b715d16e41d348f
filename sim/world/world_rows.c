#include "world/world_rows.h"

#include <errno.h>

#include "record/recorder.h"

static void check(struct world *world, bool is_fine)
{
    if (!is_fine)
        world_fail(world, EIO);
}

static bool is_telling(const struct world *world)
{
    return world->recorder && world->has_rows_begun;
}

/* Processes. -------------------------------------------------------------- */

static void row_process(struct world *world,
                        const struct world_process *process)
{
    struct record_process row = {
        .process_id = process->id,
        .name = process->name,
        .oom_score = (int64_t)u64_min(process->oom_score, INT64_MAX),
    };

    check(world, recorder_process(world->recorder, &row));
}

void world_row_process_killed(struct world *world,
                              const struct world_process *process)
{
    if (is_telling(world))
        check(world, recorder_process_killed(world->recorder, process->id,
                                             process->killed_at));
}

/* VMOs. ------------------------------------------------------------------- */

static const char *kind_name(enum vmo_kind kind)
{
    static const char *const names[] = {
        [VMO_ANONYMOUS] = "anonymous",
        [VMO_PAGER] = "pager",
        [VMO_CONTIGUOUS] = "contiguous",
        [VMO_DISCARDABLE] = "discardable",
        [VMO_SNAPSHOT] = "snapshot",
        [VMO_SNAPSHOT_AT_LEAST_ON_WRITE] = "snapshot_at_least_on_write",
        [VMO_SNAPSHOT_MODIFIED] = "snapshot_modified",
        [VMO_SLICE] = "slice",
        [VMO_REFERENCE] = "reference",
    };

    return names[kind];
}

void world_row_vmo(struct world *world, const struct world_vmo *vmo)
{
    struct record_vmo row = {
        .vmo_id = vmo->id,
        .name = vmo->name,
        .process_id = vmo->process->id,
        .kind = kind_name(vmo->vmo->kind),
        .parent_vmo_id = vmo->parent ? vmo->parent->id : RECORD_NULL,
        .created_ns = vmo->created_at,
    };

    if (is_telling(world))
        check(world, recorder_vmo(world->recorder, &row));
}

void world_row_vmo_closed(struct world *world, const struct world_vmo *vmo)
{
    if (is_telling(world))
        check(world, recorder_vmo_closed(world->recorder, vmo->id, world->now));
}

/* The beginning. ---------------------------------------------------------- */

void world_rows_begin(struct world *world)
{
    const struct world_vmo *vmo;

    world->has_rows_begun = true;
    for (uint32_t i = 0; i < world->process_count; i++)
        row_process(world, &world->processes[i]);
    TAILQ_FOREACH (vmo, &world->vmos, by_world)
        world_row_vmo(world, vmo);
}
