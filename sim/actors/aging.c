/* Accessed-bit scans, ageing by the clock and by hand. */
#include "actors/aging.h"

#include <stdlib.h>

#include "actors/evictor.h"
#include "actors/lru.h"
#include "world/world_policy.h"
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

static void note_scan(struct world *world, bool clear)
{
    struct aging *aging = world->aging;

    aging->last_scan = world->now;
    if (!clear)
        return;
    aging->last_clearing_scan = world->now;
    aging->is_harvested = true;
}

static sim_ns scan(struct world *world, bool clear)
{
    struct aging *aging = world->aging;
    bool is_of_use = aging->is_table_scan || world->evictor->is_enabled;
    sim_ns cost = 0;

    aging->is_table_scan = false;
    if (is_of_use && !world->is_direct_tracking)
        cost = (sim_ns)scan_mappings(world, clear) *
               world->scenario->machine.costs.scan_page;
    note_scan(world, clear);
    return cost;
}

sim_ns aging_scan(struct world *world, sim_ns not_older_than, bool clear)
{
    const struct aging *aging = world->aging;
    sim_ns done = clear ? aging->last_clearing_scan : aging->last_scan;

    return not_older_than <= done ? 0 : scan(world, clear);
}

void world_harvest(struct world *world)
{
    if (!world->is_direct_tracking)
        scan_mappings(world, true);
    note_scan(world, true);
}

/* Ageing. ----------------------------------------------------------------- */

void aging_rearm(struct world *world)
{
    struct aging *aging = world->aging;
    struct page_queues *pqs = &world->machine.pqs;

    pqs->host.wake = false;
    if (!pqs->ops->next_age || aging->is_paused || lru_is_busy(world)) {
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

void aging_pause(struct world *world, bool is_paused)
{
    world->aging->is_paused = is_paused;
    aging_rearm(world);
}

void aging_on_age(struct world *world, struct event *event)
{
    struct aging *aging = event->subject;
    struct page_queues *pqs = &world->machine.pqs;
    sim_ns cost = aging->is_harvested ? 0 : scan(world, true);

    pqs->ops->age(pqs->policy, world->now);
    aging->is_harvested = false;
    aging->busy_until = sim_ns_add(world->now, cost);
    lru_wake(world);
    aging_rearm(world);
}

void world_rotate(struct world *world, uint64_t times)
{
    struct page_queues *pqs = &world->machine.pqs;

    for (uint64_t i = 0; i < times && pqs->ops->rotate; i++) {
        pqs->ops->rotate(pqs->policy, world->now);
        world->aging->is_harvested = false;
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
