/*
 * What the recorder is told: rows for entities, ticks and totals.
 *
 * Observing changes nothing. The ticks' own event comes after everything else
 * of its instant, and rows are made from totals that are kept anyway; only
 * attribution is counted afresh, for those VMOs whose tree has changed since
 * the last tick. Rows of the script are its own business.
 */
#ifndef LOWTIDE_OBSERVE_H
#define LOWTIDE_OBSERVE_H

#include "engine/world.h"
#include "record/histogram.h"

struct run_summary;

struct observer {
    bool is_begun;
    sim_ns last_tick;                  /* time of the last row; -1: none */
    struct histogram refault_distance; /* in pages; kept once begun */
};

/* False: out of memory. Nothing is observed without a recorder. */
bool observe_new(struct world *world);
void observe_free(struct world *world);

/* The run begins: what there is from the start. Nothing was told before. */
void observe_begin(struct world *world);
void observe_process_killed(struct world *world,
                            const struct world_process *process);
void observe_vmo(struct world *world, const struct world_vmo *vmo);
void observe_vmo_closed(struct world *world, const struct world_vmo *vmo);

/* A fault on a page that was reclaimed, so many reclaimed pages ago. */
void observe_refault(struct world *world, uint64_t distance);

/* The run is over: its last tick, latencies and totals. */
void observe_end(struct world *world);

/* Its latencies and totals alone (observe_totals.c). False: the recorder has
 * failed. */
bool observe_totals(struct world *world);

/* Event handler. */
void observe_on_tick(struct world *world, struct event *event);

#endif
