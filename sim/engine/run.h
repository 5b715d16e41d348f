/*
 * One run: a scenario into a recorder.
 *
 *   world_new --> recorder_begin_run --> world_run --> recorder_finish_run
 *
 * While it runs, a rule of ours that breaks (check.h) ends the process: what
 * was recorded is committed, the run marked `error`, and the rule, the
 * scenario's line, the seed and the simulated time are printed.
 */
#ifndef LOWTIDE_RUN_H
#define LOWTIDE_RUN_H

#include "record/recorder.h"
#include "record/summary.h"
#include "world/world.h"

struct run_options {
    struct world_options world;
    const char *argv;     /* the command line, for the results; borrowed */
    int broken_rule_exit; /* the exit status that says so */
    const struct record_study_run *study; /* borrowed; NULL: of no study */
};

enum run_result {
    RUN_RESULT_DONE,  /* see the status */
    RUN_RESULT_INPUT, /* the scenario can't be run; nothing was recorded */
    RUN_RESULT_HOST,  /* memory, disk */
};

struct run_outcome {
    enum run_result result;
    enum world_status status; /* WORLD_RUNNING: it did not begin */
    char message[1024];       /* what went wrong, "" if nothing did */
};

/*
 * Run a scenario.
 *
 *   scenario  checked by world_check()
 *   recorder  no run is under way; borrowed
 *   summary   initialised; receives what the run came to, the caller's to
 *             release; NULL: not wanted
 */
void run_scenario(const struct scenario *scenario, struct recorder *recorder,
                  const struct run_options *options,
                  struct run_summary *summary, struct run_outcome *outcome);

#endif
