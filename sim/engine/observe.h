/*
 * What the recorder is told: rows for ticks and totals. Those for processes and
 * VMOs are made as they come and go (world_rows.h).
 *
 * Observing changes nothing. The ticks' own event comes after everything else
 * of its instant, and rows are made from totals that are kept anyway; only
 * attribution is counted afresh, for those VMOs whose tree has changed since
 * the last tick. Rows of the script are its own business.
 */
#ifndef LOWTIDE_OBSERVE_H
#define LOWTIDE_OBSERVE_H

#include "world/world.h"

struct run_summary;

struct observer {
    sim_ns last_tick; /* time of the last row; -1: none */
};

/* False: out of memory. Nothing is observed without a recorder. */
bool observe_new(struct world *world);
void observe_free(struct world *world);

/* The run begins: what there is from the start. Nothing was told before. */
void observe_begin(struct world *world);

/* The run is over: its last tick, latencies and totals. */
void observe_end(struct world *world);

/* Its latencies and totals alone (observe_totals.c). False: the recorder has
 * failed. */
bool observe_totals(struct world *world);

/* Event handler. */
void observe_on_tick(struct world *world, struct event *event);

#endif
