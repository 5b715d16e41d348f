/*
 * Running a list of scenarios into one results file, one after the other or
 * several processes at a time.
 */
#ifndef LOWTIDE_CLI_RUN_LIST_H
#define LOWTIDE_CLI_RUN_LIST_H

#include <stdio.h>

#include "record/summary.h"
#include "scenario/scenario.h"

struct run_list {
    struct scenario **scenarios; /* checked; borrowed */
    size_t count;
    const char *database;
    const char *argv; /* the command line */
    FILE *log;        /* as in world_options */
    bool is_paranoid;
    bool is_quiet;
    unsigned jobs; /* processes at a time, >= 1 */

    /* results */
    struct run_summary *summaries; /* of each; initialised by the caller */
    bool *has_run; /* is there a summary? zeroed by the caller */
};

/*
 * Run them all, unless the user interrupts. Messages go to stderr. Returns the
 * worst exit status: 130 if interrupted, else 4, 3, 2, 1, 0.
 */
int run_list_run(struct run_list *list);

#endif
