/*
 * Ageing: the policy's timer, with the accessed-bit scan that comes before.
 *
 *   policy: next_age --> [event] --> scan accessed bits --> age --> LRU thread
 *              ^                                                        |
 *              +--------------- wake, or after each --------------------+
 *
 * Scans are made by whoever asks and shared: one that is not older than asked
 * for is not repeated. A clearing scan clears the bits; the scanner's periodic
 * ones do not, unless the policy never ages and so would never have them
 * cleared. Where every access is reported directly there is nothing to scan.
 *
 * A scan costs time for each bit that it finds: it keeps its thread busy, so
 * the next ageing is no earlier than that. While the scanner pauses nothing
 * ages by the clock; what was due meanwhile is then made up for, once.
 */
#ifndef LOWTIDE_AGING_H
#define LOWTIDE_AGING_H

#include "world/world.h"

struct aging {
    struct world *world;
    struct event event;
    sim_ns last_scan, last_clearing_scan; /* SIM_NS_INFINITE_PAST: none */
    bool is_harvested;  /* bits were cleared since the last ageing */
    bool is_table_scan; /* the next scan is for page tables, too */
    bool is_paused;
    sim_ns busy_until;
};

bool aging_new(struct world *world);
void aging_free(struct world *world);

/* The policy asks for another time (host.wake), or is another one. */
void aging_rearm(struct world *world);

/* The scanner pauses, or goes on. */
void aging_pause(struct world *world, bool is_paused);

/*
 * Look for accessed bits, unless that was done after `not_older_than`. Where
 * nothing can be evicted and no page tables are to be looked at, a scan would
 * be for nothing, and only its time is noted. Returns what the scan costs.
 */
sim_ns aging_scan(struct world *world, sim_ns not_older_than, bool clear);

/* For the script: age `times` times, with the LRU processing that this waits
 * for. */
void world_rotate(struct world *world, uint64_t times);
/* Scan accessed bits and clear them. */
void world_harvest(struct world *world);

/* Event handler. */
void aging_on_age(struct world *world, struct event *event);

#endif
