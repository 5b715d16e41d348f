/*
 * Accessed-bit scans, ageing by the clock and by hand, and the LRU action:
 * pages that ageing has pushed out of the oldest generation are reclaimed
 * without any pressure, if the scenario wants that (reclaim.md 1.6 to 1.8,
 * 3.3).
 */
#include "actors/aging.h"

#include <stdlib.h>

#include "actors/evictor.h"
#include "engine/world_internal.h"
#include "zircon_policy.h"

/* Scans. ------------------------------------------------------------------ */

/* The default policy keeps its totals still while bits are read, as the kernel
 * does; a policy of another kind has nothing like it. */
static void begin_scan(struct world *world)
{
    if (world->policies->handle.ops == &zircon_policy_ops)
        zircon_policy_begin_scan(world_policy_instance(world));
}

static void end_scan(struct world *world)
{
    if (world->policies->handle.ops == &zircon_policy_ops)
        zircon_policy_end_scan(world_policy_instance(world));
}

static uint64_t scan_mappings(struct world *world, bool clear)
{
    struct world_mapping *mapping;
    uint64_t found = 0;

    begin_scan(world);
    TAILQ_FOREACH (mapping, &world->mappings, by_world)
        found += mapping_harvest(mapping->mapping, &world->machine.pqs,
                                 clear && !mapping->mapping->is_high_priority);
    end_scan(world);
    return found;
}

sim_ns aging_scan(struct world *world, sim_ns not_older_than, bool clear)
{
    struct aging *aging = world->aging;
    sim_ns done = clear ? aging->last_clearing_scan : aging->last_scan;
    sim_ns cost = 0;

    if (not_older_than <= done)
        return 0;
    if (!world->is_direct_tracking && world->evictor->is_enabled)
        cost = (sim_ns)scan_mappings(world, clear) *
               world->scenario->machine.costs.scan_page;
    aging->last_scan = world->now;
    if (clear)
        aging->last_clearing_scan = world->now;
    return cost;
}

void world_harvest(struct world *world)
{
    struct aging *aging = world->aging;

    if (!world->is_direct_tracking)
        scan_mappings(world, true);
    aging->last_scan = world->now;
    aging->last_clearing_scan = world->now;
}

/* The LRU action. --------------------------------------------------------- */

static bool qualifies(const struct world *world, page_index page)
{
    const struct vm_machine *machine = &world->machine;
    bool can_evict = vm_cow_can_evict(vm_page_owner(machine, page));

    switch (world->scenario->reclaim.lru_action) {
    case LRU_ACTION_NONE:
        return false;
    case LRU_ACTION_EVICT_ONLY:
        return can_evict;
    case LRU_ACTION_COMPRESS_ONLY:
        return !can_evict;
    case LRU_ACTION_EVICT_AND_COMPRESS:
        return true;
    }
    return false;
}

/* One page that was pushed out. Returns what it cost. */
static sim_ns act_on(struct world *world, page_index page)
{
    const struct scenario_costs *costs = &world->scenario->machine.costs;
    struct vm_machine *machine = &world->machine;
    struct compressor *compressor = machine->compressor;
    uint64_t compressed = machine->stats.compressed_pages;
    enum reclaim_refused why;

    if (!qualifies(world, page) ||
        (compressor && compressor_arm(compressor) != VM_OK))
        return 0;
    if (!vm_cow_reclaim_page(vm_page_owner(machine, page), page,
                             vm_page_of(machine, page)->offset,
                             EVICTION_HINT_FOLLOW, compressor, &why)) {
        pq_refused(&machine->pqs, page, why);
        return costs->scan_page;
    }
    pmm_free_page(&machine->pmm, page);
    if (machine->stats.compressed_pages > compressed) {
        world->aging->lru_compressed++;
        return costs->compress_page;
    }
    world->aging->lru_evicted++;
    return costs->evict_page;
}

/* All that were pushed out. */
static sim_ns act_on_all(struct world *world)
{
    struct page_queues *pqs = &world->machine.pqs;
    sim_ns cost = 0;
    page_index page;

    if (!pqs->ops->pop_aged_out)
        return 0;
    while ((page = pqs->ops->pop_aged_out(pqs->policy)))
        cost += act_on(world, page);
    if (world->machine.compressor)
        compressor_disarm(world->machine.compressor);
    return cost;
}

void aging_on_lru(struct world *world, struct event *event)
{
    struct aging *aging = event->subject;

    aging->busy_until = sim_ns_add(world->now, act_on_all(world));
    aging_rearm(world);
}

/* Ageing. ----------------------------------------------------------------- */

void aging_rearm(struct world *world)
{
    struct aging *aging = world->aging;
    struct page_queues *pqs = &world->machine.pqs;

    pqs->host.wake = false;
    if (!pqs->ops->next_age) {
        event_cancel(&world->events, &aging->event);
        return;
    }
    sim_ns at = pqs->ops->next_age(pqs->policy, world->now);
    if (at < aging->busy_until)
        at = aging->busy_until;
    if (at < world->now)
        at = world->now;
    event_schedule(&world->events, &aging->event, at);
}

void aging_on_age(struct world *world, struct event *event)
{
    struct aging *aging = event->subject;
    struct page_queues *pqs = &world->machine.pqs;
    sim_ns cost = aging_scan(world, sim_ns_add(aging->last_age, 1), true);

    pqs->ops->age(pqs->policy, world->now);
    aging->last_age = world->now;
    aging->busy_until = sim_ns_add(world->now, cost);
    if (pqs->ops->pop_aged_out)
        event_schedule(&world->events, &aging->lru, world->now);
    aging_rearm(world);
}

void world_rotate(struct world *world, uint64_t times)
{
    struct page_queues *pqs = &world->machine.pqs;

    for (uint64_t i = 0; i < times && pqs->ops->rotate; i++) {
        pqs->ops->rotate(pqs->policy, world->now);
        act_on_all(world);
    }
}

/* Setting up. ------------------------------------------------------------- */

bool aging_new(struct world *world)
{
    struct aging *aging = calloc(1, sizeof *aging);

    world->aging = aging;
    if (!aging)
        return false;
    aging->world = world;
    aging->last_scan = SIM_NS_INFINITE_PAST;
    aging->last_clearing_scan = SIM_NS_INFINITE_PAST;
    if (!event_register(&world->events, &aging->event, EV_AGING,
                        EVENT_CLASS_AGING, aging) ||
        !event_register(&world->events, &aging->lru, EV_LRU, EVENT_CLASS_LRU,
                        aging))
        return false;
    aging->event.is_periodic = true;
    aging->lru.is_periodic = true;
    aging_rearm(world);
    return true;
}

void aging_free(struct world *world)
{
    struct aging *aging = world->aging;

    if (!aging)
        return;
    event_cancel(&world->events, &aging->event);
    event_cancel(&world->events, &aging->lru);
    free(aging);
    world->aging = NULL;
}
