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
 * the next ageing is no earlier than that.
 */
#ifndef LOWTIDE_AGING_H
#define LOWTIDE_AGING_H

#include "engine/world.h"

struct aging {
    struct world *world;
    struct event event;
    sim_ns last_scan, last_clearing_scan; /* SIM_NS_INFINITE_PAST: none */
    sim_ns last_age;
    sim_ns busy_until;
};

bool aging_new(struct world *world);
void aging_free(struct world *world);

/* The policy asks for another time (host.wake), or is another one. */
void aging_rearm(struct world *world);

/*
 * Look for accessed bits, unless that was done after `not_older_than`.
 * Returns what the scan costs.
 */
sim_ns aging_scan(struct world *world, sim_ns not_older_than, bool clear);

/* Event handler. */
void aging_on_age(struct world *world, struct event *event);

#endif
