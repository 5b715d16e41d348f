/*
 * Rows for what comes and goes: processes and VMOs. Ticks and totals are the
 * engine's (observe.h).
 *
 * Nothing is told before world_rows_begin(), which a world without a recorder
 * never sees. A recorder that fails (disk full) ends the run with an error.
 */
#ifndef LOWTIDE_WORLD_ROWS_H
#define LOWTIDE_WORLD_ROWS_H

#include "world/world.h"

/* The run begins, in its recorder: what there is from the start. */
void world_rows_begin(struct world *world);

void world_row_process_killed(struct world *world,
                              const struct world_process *process);
void world_row_vmo(struct world *world, const struct world_vmo *vmo);
void world_row_vmo_closed(struct world *world, const struct world_vmo *vmo);

#endif
