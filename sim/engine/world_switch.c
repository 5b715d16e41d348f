#include "engine/world_switch.h"

#include <stdio.h>

#include "actors/aging.h"
#include "actors/evictor.h"
#include "actors/watchdog.h"
#include "engine/page_trace.h"
#include "world/world_policy.h"

/* Memory. ----------------------------------------------------------------- */

void world_set_watermarks(struct world *world)
{
    const struct scenario_pressure *pressure =
        &world->scenario->reclaim.pressure;
    uint64_t marks[] = {
        pressure->oom_pages,
        pressure->imminent_oom_pages,
        pressure->critical_pages,
        pressure->warning_pages,
    };
    uint64_t eviction = pressure->evict_at_warning ? marks[LEVEL_WARNING]
                                                   : marks[LEVEL_CRITICAL];

    pmm_set_watermarks(&world->machine.pmm, marks, LEVEL_NORMAL,
                       pressure->debounce_pages);
    watchdog_set_target(world, eviction + pressure->debounce_pages);
}

enum vm_status world_set_memory(struct world *world, uint64_t memory_pages)
{
    return vm_machine_resize(&world->machine, memory_pages);
}

const char *world_level_name(const struct world *world)
{
    return watchdog_level_name(world->machine.pmm.level);
}

/* Policy. ----------------------------------------------------------------- */

enum vm_status world_set_policy(struct world *world, const char *name,
                                const struct scenario_param *params,
                                size_t param_count, char *message,
                                size_t message_bytes)
{
    const struct scenario_param *wrong;

    if (!name)
        name = world->policy_name;
    struct world_policy *policy =
        world_policy_open(world->scenario, name, POLICY_LIVES, params,
                          param_count, message, message_bytes, &wrong);
    if (!policy)
        return VM_INVALID_ARGS;
    page_trace_unwrap(world);
    enum vm_status status =
        vm_machine_change_policy(&world->machine, policy->handle.ops,
                                 policy->values, world->scenario->seed);
    page_trace_wrap(world);
    if (status != VM_OK) {
        world_policy_close(policy);
        snprintf(message, message_bytes, "%s", vm_status_name(status));
        return status;
    }
    policy->next = world->policies;
    world->policies = policy;
    world->policy_name = name;
    aging_rearm(world);
    return VM_OK;
}

bool world_activity(const struct world *world, uint64_t *active,
                    uint64_t *inactive)
{
    const struct page_queues *pqs = &world->machine.pqs;

    if (!pqs->ops->activity)
        return false;
    pqs->ops->activity(pqs->policy, active, inactive);
    return true;
}

/* Switches. --------------------------------------------------------------- */

void world_set_compression(struct world *world, bool is_enabled)
{
    world->evictor->is_compressing = is_enabled;
}

enum vm_status world_set_anonymous_reclaim(struct world *world, bool is_enabled)
{
    struct page_queues *pqs = &world->machine.pqs;

    if (!is_enabled)
        return pqs->anonymous_reclaim ? VM_BAD_STATE : VM_OK;
    if (!pqs->anonymous_reclaim)
        pq_enable_anonymous_reclaim(
            pqs, world->scenario->reclaim.compression.zero_forks);
    return VM_OK;
}

void world_set_loaning(struct world *world, bool is_enabled)
{
    world->machine.loaning = is_enabled;
}

void world_set_borrowing(struct world *world, bool is_enabled)
{
    struct vm_machine *machine = &world->machine;

    machine->borrow_on_supply = is_enabled;
    machine->borrow_on_access = is_enabled;
    machine->pmm.borrowing_enabled = is_enabled;
}

struct evict_counts world_evicted(const struct world *world)
{
    const struct vm_machine_stats *stats = &world->machine.stats;

    return (struct evict_counts){
        .pager_backed = stats->evicted_pages,
        .compressed = stats->compressed_pages,
        .discardable = stats->discarded_pages,
    };
}
