/* Accessed-bit scans, ageing by the clock and by hand (reclaim.md 1.6, 3.3). */
#include "actors/aging.h"

#include <stdlib.h>

#include "actors/evictor.h"
#include "actors/lru.h"
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

/* Ageing. ----------------------------------------------------------------- */

void aging_rearm(struct world *world)
{
    struct aging *aging = world->aging;
    struct page_queues *pqs = &world->machine.pqs;

    pqs->host.wake = false;
    if (!pqs->ops->next_age || lru_is_busy(world)) {
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
    lru_wake(world);
    aging_rearm(world);
}

void world_rotate(struct world *world, uint64_t times)
{
    struct page_queues *pqs = &world->machine.pqs;

    for (uint64_t i = 0; i < times && pqs->ops->rotate; i++) {
        pqs->ops->rotate(pqs->policy, world->now);
        lru_run(world);
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
                        EVENT_CLASS_AGING, aging))
        return false;
    aging->event.is_periodic = true;
    aging_rearm(world);
    return true;
}

void aging_free(struct world *world)
{
    struct aging *aging = world->aging;

    if (!aging)
        return;
    event_cancel(&world->events, &aging->event);
    free(aging);
    world->aging = NULL;
}
