/*
 * The scanner's thread. Page-table reclaim, which the kernel's does too, has
 * no counterpart: a mapping here has no tables to give back.
 */
#include "actors/scanner.h"

#include <math.h>
#include <stdlib.h>

#include "actors/aging.h"
#include "engine/world_internal.h"

#define SECOND_NS INT64_C(1000000000)

/* How often the kernel looks for page tables to free; it remembers when. */
#define TABLE_PERIOD_NS (10 * SECOND_NS)

/* Zero scan. -------------------------------------------------------------- */

static uint64_t scan_zero(struct world *world, uint64_t limit)
{
    struct vm_machine *machine = &world->machine;
    struct scanner *scanner = world->scanner;
    uint64_t considered = 0;

    scanner->requests++;
    for (; considered < limit; considered++) {
        page_index page = pq_pop_zero_fork(&machine->pqs);

        if (page == PAGE_NONE) {
            scanner->queue_emptied++;
            break;
        }
        scanner->deduped +=
            vm_cow_dedup_zero_page(vm_page_owner(machine, page), page,
                                   vm_page_of(machine, page)->offset);
    }
    scanner->considered += considered;
    return considered;
}

void world_scan_zero(struct world *world, uint64_t limit)
{
    scan_zero(world, limit);
}

/* A scan since the last look at page tables will do for a start. */
void world_reclaim_all(struct world *world)
{
    sim_ns last_look = world->now > 0 ? world->now - 1 : 0;

    aging_scan(world, last_look - last_look % TABLE_PERIOD_NS, false);
    world_evict(world, 0, UINT64_MAX, RECLAIM_INCLUDE_NEWEST);
    aging_scan(world, world->now, true);
    scan_zero(world, UINT64_MAX);
}

/* The thread. ------------------------------------------------------------- */

static sim_ns harvest_period(const struct world *world)
{
    sim_ns min_aging = world->scenario->reclaim.min_aging;

    return min_aging > SECOND_NS ? min_aging : SECOND_NS;
}

void scanner_on_event(struct world *world, struct event *event)
{
    struct scanner *scanner = event->subject;
    sim_ns cost = 0;

    if (world->now >= scanner->next_harvest) {
        bool never_ages = world->machine.pqs.ops->next_age == NULL;

        cost += aging_scan(world, world->now, never_ages);
        scanner->next_harvest = sim_ns_add(world->now, harvest_period(world));
    }
    if (world->now >= scanner->next_zero) {
        cost += (sim_ns)scan_zero(world, scanner->rate) *
                world->scenario->machine.costs.scan_page;
        scanner->next_zero = sim_ns_add(world->now, SECOND_NS);
    }
    sim_ns next = scanner->next_zero < scanner->next_harvest
                      ? scanner->next_zero
                      : scanner->next_harvest;
    sim_ns free_at = sim_ns_add(world->now, cost);
    event_schedule(&world->events, &scanner->event,
                   next > free_at ? next : free_at);
}

/* Setting up. ------------------------------------------------------------- */

bool scanner_new(struct world *world)
{
    struct scanner *scanner = calloc(1, sizeof *scanner);
    double rate = world->scenario->reclaim.zero_scans_per_second;

    world->scanner = scanner;
    if (!scanner)
        return false;
    scanner->world = world;
    scanner->rate = rate < 1e18 ? (uint64_t)ceil(rate) : UINT64_MAX;
    scanner->next_zero = scanner->rate > 0 ? SECOND_NS : SIM_NS_INFINITE;
    scanner->next_harvest = harvest_period(world);
    if (!event_register(&world->events, &scanner->event, EV_SCANNER,
                        EVENT_CLASS_SCANNER, scanner))
        return false;
    scanner->event.is_periodic = true;
    event_schedule(&world->events, &scanner->event,
                   scanner->next_zero < scanner->next_harvest
                       ? scanner->next_zero
                       : scanner->next_harvest);
    return true;
}

void scanner_free(struct world *world)
{
    struct scanner *scanner = world->scanner;

    if (!scanner)
        return;
    event_cancel(&world->events, &scanner->event);
    free(scanner);
    world->scanner = NULL;
}
