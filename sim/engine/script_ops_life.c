/* Operations on names: VMOs come and go, mappings, priorities, processes. */
#include "engine/script_internal.h"

#include "actors/vmo_life.h"

enum vm_status script_create(struct script_call *call)
{
    const struct scenario_op *op = call->op;
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
    return world_vmo_create(call->world, &args, &call->vmo);
}

static enum vm_clone_type clone_type(enum vmo_kind kind)
{
    switch (kind) {
    case VMO_SNAPSHOT_AT_LEAST_ON_WRITE:
        return CLONE_SNAPSHOT_AT_LEAST_ON_WRITE;
    case VMO_SNAPSHOT_MODIFIED:
        return CLONE_SNAPSHOT_MODIFIED;
    default:
        return CLONE_SNAPSHOT;
    }
}

enum vm_status script_clone(struct script_call *call)
{
    const struct scenario_op *op = call->op;
    struct script_range range = script_range_of(call->vmo, &op->pages);
    struct world_vmo *child;
    script_detail(call, "as %s", op->as);
    return world_vmo_clone(
        call->world, call->vmo, op->as, clone_type(op->vmo_kind),
        bytes_to_pages(range.offset), bytes_to_pages(range.length),
        op->is_resizable, op->process, &child);
}

enum vm_status script_slice(struct script_call *call)
{
    const struct scenario_op *op = call->op;
    struct script_range range = script_range_of(call->vmo, &op->pages);
    struct world_vmo *child;
    script_detail(call, "as %s", op->as);
    return world_vmo_slice(call->world, call->vmo, op->as,
                           bytes_to_pages(range.offset),
                           bytes_to_pages(range.length), &child);
}

enum vm_status script_reference(struct script_call *call)
{
    struct world_vmo *child;
    script_detail(call, "as %s", call->op->as);
    return world_vmo_reference(call->world, call->vmo, call->op->as, &child);
}

enum vm_status script_close(struct script_call *call)
{
    world_vmo_close(call->world, call->vmo);
    call->vmo = NULL;
    return VM_OK;
}

enum vm_status script_resize(struct script_call *call)
{
    script_detail(call, "%llup", (unsigned long long)call->op->size_pages);
    return world_vmo_resize(call->world, call->vmo, call->op->size_pages);
}

enum vm_status script_map(struct script_call *call)
{
    const struct scenario_op *op = call->op;
    struct script_range range = script_range_of(call->vmo, &op->pages);
    script_detail(call, "as %s", op->as);
    return world_map(call->world, call->vmo, op->as,
                     bytes_to_pages(range.offset), bytes_to_pages(range.length),
                     op->write, op->high_priority);
}

enum vm_status script_unmap(struct script_call *call)
{
    struct world_mapping *mapping =
        world_mapping_find(call->world, call->op->as);
    script_detail(call, "%s", call->op->as);
    if (!mapping)
        return VM_NOT_FOUND;
    world_unmap(call->world, mapping);
    return VM_OK;
}

enum vm_status script_priority(struct script_call *call)
{
    script_detail(call, "%+lld", (long long)call->op->delta);
    return vmo_change_priority(call->vmo->vmo, call->op->delta);
}

enum vm_status script_kill(struct script_call *call)
{
    struct world_process *process =
        world_process_find(call->world, call->op->process);
    script_detail(call, "%s", call->op->process);
    if (!process)
        return VM_NOT_FOUND;
    return world_process_kill(call->world, process);
}
