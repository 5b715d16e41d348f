/*
 * The progress bar of a run, on a terminal only:
 *
 *   storm  [=======>            ]  37%  simulated 3.7s  12.4M accesses/s  0:08
 */
#ifndef LOWTIDE_CLI_PROGRESS_H
#define LOWTIDE_CLI_PROGRESS_H

#include <time.h>

#include "engine/world.h"

struct progress {
    bool is_shown;
    struct timespec began, last; /* host time */
};

/* Begin a run; the bar is shown if stderr is a terminal and `is_quiet` is
 * not set. */
void progress_begin(struct progress *progress, bool is_quiet);
/* For world_options.progress; `context` is the struct progress. */
void progress_show(const struct world *world, void *context);
/* Take the bar off the screen. */
void progress_end(struct progress *progress);

#endif
