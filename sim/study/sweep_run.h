/*
 * Running what a study lacks: each run in a process of its own, into the
 * results file, or for a shard into a file of its own (sweep_store.h).
 */
#ifndef LOWTIDE_STUDY_SWEEP_RUN_H
#define LOWTIDE_STUDY_SWEEP_RUN_H

#include "study/sweep_store.h"

struct sweep_work {
    struct sweep *sweep; /* planned, and looked at: sweep_look() */
    const char *database;
    struct sweep_shard shard;
    const char *argv; /* the command line, for the record */
    unsigned parallel;
    bool is_quiet; /* failed expectations are not printed */
    const volatile sig_atomic_t *interrupted;

    /* after each run, in order; NULL: nobody wants to know */
    void (*progress)(void *context, size_t done, size_t all);
    void *context;
};

/*
 * Run what is missing; the runs' states and flags say what became of it.
 * Messages go to `errors`. Returns the worst status of all runs that the work
 * is about, those that were there before included.
 */
enum study_status sweep_run_missing(struct sweep_work *work, FILE *errors);

#endif
