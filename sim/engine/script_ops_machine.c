/* Operations on the machine as a whole: reclaim, switches, proof, dumps. */
#include "engine/script_internal.h"

#include "actors/aging.h"
#include "actors/evictor.h"
#include "actors/scanner.h"
#include "check.h"
#include "engine/world_switch.h"

enum vm_status script_rotate(struct script_call *call)
{
    world_rotate(call->world, call->op->times);
    return VM_OK;
}

enum vm_status script_harvest(struct script_call *call)
{
    world_harvest(call->world);
    return VM_OK;
}

enum vm_status script_scan_zero(struct script_call *call)
{
    world_scan_zero(call->world,
                    call->op->has_limit ? call->op->limit : UINT64_MAX);
    return VM_OK;
}

enum vm_status script_evict(struct script_call *call)
{
    const struct scenario_op *op = call->op;
    const struct evicted_counts *want = &op->evicted;
    struct evict_counts got = world_evict(call->world, op->min_pages,
                                          op->free_target_pages, op->level);
    script_detail(call, "pager_backed %llu, compressed %llu, discardable %llu",
                  (unsigned long long)got.pager_backed,
                  (unsigned long long)got.compressed,
                  (unsigned long long)got.discardable);
    if (op->has_evicted && want->has_pager_backed)
        script_report_count(call, "pager_backed", want->pager_backed,
                            got.pager_backed);
    if (op->has_evicted && want->has_compressed)
        script_report_count(call, "compressed", want->compressed,
                            got.compressed);
    if (op->has_evicted && want->has_discardable)
        script_report_count(call, "discardable", want->discardable,
                            got.discardable);
    return VM_OK;
}

enum vm_status script_reclaim_all(struct script_call *call)
{
    world_reclaim_all(call->world);
    return VM_OK;
}

/* Another policy, or the same one with other parameters. The world borrows
 * their texts for good, so the run that holds them stays. */
static enum vm_status set_policy(struct script_call *call)
{
    const struct scenario_op *op = call->op;
    char message[sizeof(call->detail)] = "";
    enum vm_status status =
        world_set_policy(call->world, op->policy, op->params, op->param_count,
                         message, sizeof(message));
    call->is_run_kept = true;
    script_detail(call, "%s",
                  status == VM_OK ? call->world->policy_name : message);
    return status;
}

/* In this order, whatever the file's; the first that fails is the last. */
enum vm_status script_set(struct script_call *call)
{
    struct world *world = call->world;
    const struct scenario_op *op = call->op;
    enum vm_status status = VM_OK;
    if (op->has_memory)
        status = world_set_memory(world, op->memory_pages);
    if (status == VM_OK && (op->policy || op->has_params))
        status = set_policy(call);
    if (status != VM_OK)
        return status;
    if (op->has_eviction)
        world_set_eviction(world, op->eviction);
    if (op->has_compression_enabled)
        world_set_compression(world, op->compression_enabled);
    if (op->has_anonymous_reclaim)
        status = world_set_anonymous_reclaim(world, op->anonymous_reclaim);
    if (status != VM_OK)
        return status;
    if (op->has_loaning)
        world_set_loaning(world, op->loaning);
    if (op->has_borrowing)
        world_set_borrowing(world, op->borrowing);
    if (op->has_scanner)
        world_set_scanner(world, op->scanner);
    return VM_OK;
}

enum vm_status script_validate(struct script_call *call)
{
    CHECK_RULE(vm_machine_valid(&call->world->machine));
    return VM_OK;
}

static void dump_vmo(FILE *log, const struct world_vmo *vmo)
{
    fprintf(log, "vmo %s (%llup)\n", vmo->name,
            (unsigned long long)world_vmo_pages(vmo));
    vm_cow_dump(vmo_cow(vmo->vmo), log, 1, true);
}

static void dump_queues(FILE *log, const struct world *world)
{
    const struct page_queues *pqs = &world->machine.pqs;
    fprintf(log, "free %llu, loaned %llu (%llu free), level %s\n",
            (unsigned long long)world->machine.pmm.free_pages,
            (unsigned long long)world->machine.pmm.loaned_pages,
            (unsigned long long)world->machine.pmm.free_loaned_pages,
            world_level_name(world));
    for (unsigned queue = PQ_NONE + 1; queue < PQ_COUNT; queue++)
        fprintf(log, "queue %s: %llu\n", pq_queue_name((enum page_queue)queue),
                (unsigned long long)pqs->count[queue]);
    struct reclaim_list lists[RECLAIM_MAX_LISTS];
    unsigned count = pqs->ops->lists(pqs->policy, lists);
    for (unsigned i = 0; i < count; i++)
        fprintf(log, "%s list %s: %llu\n", pqs->ops->name, lists[i].name,
                (unsigned long long)lists[i].pages);
}

enum vm_status script_dump(struct script_call *call)
{
    struct world *world = call->world;
    FILE *log = world->options.log ? world->options.log : stderr;
    if (call->op->vmo && !call->vmo)
        return VM_NOT_FOUND;
    fprintf(log, "%s:%u: dump at %lldns\n", call->script->scenario->path,
            (unsigned)call->event->place.line, (long long)world->now);
    if (call->vmo) {
        dump_vmo(log, call->vmo);
        return VM_OK;
    }
    dump_queues(log, world);
    const struct world_vmo *vmo;
    TAILQ_FOREACH (vmo, &world->vmos, by_world)
        dump_vmo(log, vmo);
    return VM_OK;
}
