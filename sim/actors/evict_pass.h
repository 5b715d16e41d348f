/*
 * The steps of an eviction run: planning, discardable objects, victims.
 */
#ifndef LOWTIDE_EVICT_PASS_H
#define LOWTIDE_EVICT_PASS_H

#include "actors/evictor.h"

/*
 * Do the next step of an active run.
 *
 *   cost  set to what the step costs in simulated time; SIM_NS_INFINITE: the
 *         run waits for the compressor, and its event comes with that
 *
 * Returns false when the run is over (nothing was done then).
 */
bool evict_run_step(struct world *world, struct evict_run *run, sim_ns *cost);

/* Free what an unfinished pass has collected; the run is inactive. */
void evict_run_end(struct world *world, struct evict_run *run);

#endif
