/*
 * The world's part of a VMO is made before the core's, so that nothing has to
 * be undone in the core when the host has no memory. Its number serves as the
 * user id that attribution goes by, and as vmo_id in the results.
 */
#include "actors/vmo_life.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actors/pager.h"
#include "actors/workload.h"
#include "check.h"
#include "world/world_rows.h"

#define DEFAULT_COMPRESSIBILITY 0.4

/* The world's part. ------------------------------------------------------- */

/* Nameable and listed, without a VMO yet. */
static enum vm_status begin_vmo(struct world *world, const char *name,
                                const char *process, struct world_vmo **out)
{
    struct world_process *owner =
        world_process_find(world, process ? process : SCENARIO_SCRIPT_PROCESS);

    if (world_vmo_find(world, name))
        return VM_ALREADY_EXISTS;
    CHECK(owner != NULL); /* the parser knows all processes */
    if (owner->is_killed)
        return VM_BAD_STATE;
    struct world_vmo *vmo = calloc(1, sizeof *vmo);
    if (!vmo)
        return VM_NO_MEMORY;
    vmo->name = strdup(name);
    if (!vmo->name || !world_vmo_name(world, vmo)) {
        free(vmo->name);
        free(vmo);
        return VM_NO_MEMORY;
    }
    vmo->id = world->next_vmo_id++;
    vmo->process = owner;
    vmo->created_at = world->now;
    TAILQ_INIT(&vmo->mappings);
    LIST_INIT(&vmo->operations);
    LIST_INIT(&vmo->other_waiting);
    *out = vmo;
    return VM_OK;
}

static void forget_vmo(struct world *world, struct world_vmo *vmo)
{
    world_vmo_unname(world, vmo);
    free(vmo->name);
    free(vmo);
}

/* The core has made it, or not. */
static enum vm_status end_vmo(struct world *world, struct world_vmo *vmo,
                              struct world_vmo *parent, enum vm_status status,
                              struct world_vmo **out)
{
    if (status != VM_OK) {
        forget_vmo(world, vmo);
        return status;
    }
    vmo->vmo->user = vmo;
    vmo->parent = parent;
    TAILQ_INSERT_TAIL(&world->vmos, vmo, by_world);
    TAILQ_INSERT_TAIL(&vmo->process->vmos, vmo, by_process);
    world_row_vmo(world, vmo);
    *out = vmo;
    return VM_OK;
}

/* Making. ----------------------------------------------------------------- */

static enum vm_status create_pager(struct world *world,
                                   const struct world_create_args *args,
                                   struct vmo_create_args *core,
                                   struct world_vmo *vmo)
{
    struct pager_source *source = pager_source_new(
        world, args->pager ? args->pager : SCENARIO_MANUAL_PAGER);

    if (!source)
        return VM_NO_MEMORY;
    core->source_user = pager_source_user(source);
    enum vm_status status = vmo_create(&world->machine, core, &vmo->vmo);
    if (status != VM_OK) {
        pager_source_drop(world, source);
        return status;
    }
    pager_source_adopt(source, vmo_cow(vmo->vmo));
    vmo->source = &source->seen;
    return VM_OK;
}

enum vm_status world_vmo_create(struct world *world,
                                const struct world_create_args *args,
                                struct world_vmo **out)
{
    struct world_vmo *vmo;
    enum vm_status status = begin_vmo(world, args->name, args->process, &vmo);

    if (status != VM_OK)
        return status;
    struct vmo_create_args core = {
        .kind = args->kind,
        .size = pages_to_bytes(args->size_pages),
        .is_resizable = args->is_resizable,
        .traps_dirty = args->traps_dirty,
        .cannot_decommit_zero = args->cannot_decommit_zero,
        .can_wait = true,
        .user_id = vmo->id,
        .compressibility = args->compressibility < 0 ? DEFAULT_COMPRESSIBILITY
                                                     : args->compressibility,
    };
    if (args->size_pages > bytes_to_pages(UINT64_MAX))
        status = VM_OUT_OF_RANGE;
    else if (args->kind == VMO_PAGER)
        status = create_pager(world, args, &core, vmo);
    else
        status = vmo_create(&world->machine, &core, &vmo->vmo);
    return end_vmo(world, vmo, NULL, status, out);
}

/* A child sees the parent's pager, `page` pages further on. */
static void inherit_source(struct world_vmo *vmo,
                           const struct world_vmo *parent, uint64_t page)
{
    vmo->source = parent->source;
    vmo->source_page = parent->source_page + page;
}

enum vm_status world_vmo_clone(struct world *world, struct world_vmo *parent,
                               const char *name, enum vm_clone_type type,
                               uint64_t page, uint64_t length_pages,
                               bool is_resizable, const char *process,
                               struct world_vmo **out)
{
    struct world_vmo *vmo;
    enum vm_status status = begin_vmo(world, name, process, &vmo);

    if (status != VM_OK)
        return status;
    inherit_source(vmo, parent, page);
    status = vmo_create_clone(parent->vmo, type, pages_to_bytes(page),
                              pages_to_bytes(length_pages), is_resizable,
                              vmo->id, &vmo->vmo);
    return end_vmo(world, vmo, parent, status, out);
}

enum vm_status world_vmo_slice(struct world *world, struct world_vmo *parent,
                               const char *name, uint64_t page,
                               uint64_t length_pages, struct world_vmo **out)
{
    struct world_vmo *vmo;
    enum vm_status status = begin_vmo(world, name, NULL, &vmo);

    if (status != VM_OK)
        return status;
    inherit_source(vmo, parent, page);
    status = vmo_create_slice(parent->vmo, pages_to_bytes(page),
                              pages_to_bytes(length_pages), vmo->id, &vmo->vmo);
    return end_vmo(world, vmo, parent, status, out);
}

enum vm_status world_vmo_reference(struct world *world,
                                   struct world_vmo *parent, const char *name,
                                   struct world_vmo **out)
{
    struct world_vmo *vmo;
    enum vm_status status = begin_vmo(world, name, NULL, &vmo);

    if (status != VM_OK)
        return status;
    inherit_source(vmo, parent, 0);
    status = vmo_create_reference(parent->vmo, vmo->id, &vmo->vmo);
    return end_vmo(world, vmo, parent, status, out);
}

/* Closing. ---------------------------------------------------------------- */

static void abort_waiting(struct world *world, struct world_vmo *vmo)
{
    struct world_operation *operation;

    while ((operation = LIST_FIRST(&vmo->operations)) ||
           (operation = LIST_FIRST(&vmo->other_waiting)))
        world_operation_abort(world, operation, VM_BAD_STATE);
}

/* Its children become its parent's, as in the core. */
static void pass_on_children(const struct world_vmo *vmo)
{
    struct vmo *child;

    LIST_FOREACH (child, &vmo->vmo->children, by_parent)
        ((struct world_vmo *)child->user)->parent = vmo->parent;
}

void world_vmo_close(struct world *world, struct world_vmo *vmo)
{
    workloads_vmo_closing(world, vmo);
    abort_waiting(world, vmo);
    world_unmap_all(world, vmo);
    pass_on_children(vmo);
    vmo_close(vmo->vmo);
    world_row_vmo_closed(world, vmo);
    TAILQ_REMOVE(&world->vmos, vmo, by_world);
    TAILQ_REMOVE(&vmo->process->vmos, vmo, by_process);
    forget_vmo(world, vmo);
    pagers_sweep(world);
}

enum vm_status world_process_kill(struct world *world,
                                  struct world_process *process)
{
    struct world_vmo *vmo;

    if (process->is_killed)
        return VM_BAD_STATE;
    process->is_killed = true;
    process->killed_at = world->now;
    workloads_process_killed(world, process);
    /* Each leaves the list when closed, which the analyser does not follow.
     * NOLINTBEGIN(clang-analyzer-unix.Malloc) */
    while ((vmo = TAILQ_LAST(&process->vmos, world_vmo_list)))
        world_vmo_close(world, vmo);
    /* NOLINTEND(clang-analyzer-unix.Malloc) */
    world_row_process_killed(world, process);
    return VM_OK;
}

/* Sizes and content. ------------------------------------------------------ */

enum vm_status world_vmo_resize(struct world *world, struct world_vmo *vmo,
                                uint64_t size_pages)
{
    enum vm_status status =
        size_pages > bytes_to_pages(UINT64_MAX)
            ? VM_OUT_OF_RANGE
            : vmo_resize(vmo->vmo, pages_to_bytes(size_pages));

    if (status == VM_OK && !world_user_mapping_grow(vmo))
        world_fail(world, ENOMEM);
    return status;
}

enum { PREFILL_BATCH_PAGES = 256 };

/* The pager's pages are supplied, the others written. */
static enum vm_status prefill_batch(struct world *world, struct world_vmo *vmo,
                                    uint64_t page, uint64_t count)
{
    uint64_t values[PREFILL_BATCH_PAGES];
    uint64_t offset = pages_to_bytes(page);
    uint64_t length = pages_to_bytes(count);
    struct vmo_op op;
    enum vm_status status;

    for (uint64_t i = 0; i < count; i++)
        values[i] = world_new_content(world);
    if (vmo->vmo->kind == VMO_PAGER)
        status = vmo_op_init_supply(&op, vmo->vmo, offset, length, values);
    else
        status = vmo_op_init_write(&op, vmo->vmo, offset, length, values);
    if (status == VM_OK)
        status = vmo_op_run(&op);
    if (status == VM_SHOULD_WAIT) {
        status = VM_NO_MEMORY;
        vmo_op_abort(&op, status);
    }
    vmo_op_release(&op);
    return status;
}

enum vm_status world_prefill(struct world *world, struct world_vmo *vmo,
                             const struct page_range *pages)
{
    uint64_t end = pages->is_open ? world_vmo_pages(vmo) : pages->end;

    if (pages->start > end || end > world_vmo_pages(vmo))
        return VM_OUT_OF_RANGE;
    for (uint64_t page = pages->start; page < end;
         page += PREFILL_BATCH_PAGES) {
        enum vm_status status = prefill_batch(
            world, vmo, page, u64_min(PREFILL_BATCH_PAGES, end - page));

        if (status != VM_OK)
            return status;
    }
    return VM_OK;
}
