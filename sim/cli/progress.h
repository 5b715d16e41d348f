/*
 * Progress on stderr, on a terminal only:
 *
 *   storm  [=======>            ]  37%  simulated 3.7s  12.4M accesses/s  8s left
 *   runs  [==============>     ]  73%  22 of 30  4s left
 *
 * Drawn five times a second at most. Host time is looked at here and nowhere
 * near the simulation.
 */
#ifndef LOWTIDE_CLI_PROGRESS_H
#define LOWTIDE_CLI_PROGRESS_H

#include <time.h>

#include "world/world.h"

struct progress {
    bool is_shown;
    struct timespec began, last; /* host time */
};

/* Begin a run, or several; the bar is shown if stderr is a terminal and
 * `is_quiet` is not set. */
void progress_begin(struct progress *progress, bool is_quiet);
/* One run. For world_options.progress; `context` is the struct progress. */
void progress_show(const struct world *world, void *context);
/* Several runs. For process_pool.progress; the same context. */
void progress_show_runs(void *context, size_t finished, size_t count);
/* Take the bar off the screen. */
void progress_end(struct progress *progress);

#endif
