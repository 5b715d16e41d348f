/*
 * The scanner's thread. Of page-table reclaim, which the kernel's does too, only
 * its clock has a counterpart, because it decides which scans are made: a
 * mapping here has no tables to give back.
 */
#include "actors/scanner.h"

#include <math.h>
#include <stdlib.h>

#include "actors/aging.h"
#include "actors/evictor.h"

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

/* The thread. ------------------------------------------------------------- */

static sim_ns harvest_period(const struct world *world)
{
    sim_ns min_aging = world->scenario->reclaim.min_aging;

    return min_aging > SECOND_NS ? min_aging : SECOND_NS;
}

static sim_ns next_tables(const struct scanner *scanner)
{
    return sim_ns_add(scanner->last_tables, TABLE_PERIOD_NS);
}

static void rearm(struct scanner *scanner, sim_ns not_before)
{
    sim_ns at = scanner->next_zero;

    if (scanner->next_harvest < at)
        at = scanner->next_harvest;
    if (next_tables(scanner) < at)
        at = next_tables(scanner);
    if (at < not_before)
        at = not_before;
    event_schedule(&scanner->world->events, &scanner->event,
                   scanner->is_paused ? SIM_NS_INFINITE : at);
}

/* A scan since the last look will do; the next one is for the tables, too. */
static sim_ns look_at_tables(struct scanner *scanner)
{
    struct world *world = scanner->world;
    sim_ns cost = aging_scan(world, scanner->last_tables, false);

    world->aging->is_table_scan = true;
    scanner->last_tables = world->now;
    return cost;
}

/* The policy hears of accesses. One that never ages would never have the bits
 * cleared. */
static sim_ns harvest(struct scanner *scanner)
{
    struct world *world = scanner->world;
    bool never_ages = world->machine.pqs.ops->next_age == NULL;
    sim_ns cost = aging_scan(world, scanner->next_harvest, never_ages);

    scanner->next_harvest =
        sim_ns_add(world->aging->last_scan, harvest_period(world));
    return cost;
}

static uint64_t scan_zero_in_turn(struct scanner *scanner, uint64_t limit)
{
    scanner->next_zero = scanner->rate > 0
                             ? sim_ns_add(scanner->world->now, SECOND_NS)
                             : SIM_NS_INFINITE;
    return scan_zero(scanner->world, limit);
}

static void reclaim_all(struct scanner *scanner)
{
    struct world *world = scanner->world;

    scanner->is_all_wanted = false;
    look_at_tables(scanner);
    world_evict(world, 0, UINT64_MAX, RECLAIM_INCLUDE_NEWEST);
    aging_scan(world, world->now, true);
    scan_zero_in_turn(scanner, UINT64_MAX);
    rearm(scanner, world->now);
}

void world_reclaim_all(struct world *world)
{
    struct scanner *scanner = world->scanner;

    scanner->is_all_wanted = true;
    if (!scanner->is_paused)
        reclaim_all(scanner);
}

void scanner_on_event(struct world *world, struct event *event)
{
    struct scanner *scanner = event->subject;
    sim_ns cost = 0;

    if (world->now >= next_tables(scanner))
        cost += look_at_tables(scanner);
    if (world->now >= scanner->next_harvest)
        cost += harvest(scanner);
    if (world->now >= scanner->next_zero)
        cost += (sim_ns)scan_zero_in_turn(scanner, scanner->rate) *
                world->scenario->machine.costs.scan_page;
    rearm(scanner, sim_ns_add(world->now, cost));
}

/* Pausing. ---------------------------------------------------------------- */

void world_set_scanner(struct world *world, bool is_enabled)
{
    struct scanner *scanner = world->scanner;

    if (scanner->is_paused != is_enabled)
        return; /* as it is */
    scanner->is_paused = !is_enabled;
    aging_pause(world, scanner->is_paused);
    world_set_eviction(world, is_enabled && world->scenario->reclaim.eviction);
    if (scanner->is_all_wanted)
        reclaim_all(scanner);
    rearm(scanner, world->now);
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
    world->aging->is_table_scan = true; /* its first look, at the beginning */
    if (!event_register(&world->events, &scanner->event, EV_SCANNER,
                        EVENT_CLASS_SCANNER, scanner))
        return false;
    scanner->event.is_periodic = true;
    rearm(scanner, 0);
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
