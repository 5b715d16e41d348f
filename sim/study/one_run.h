/*
 * One run of a study, in the process that was made for it: a scenario that is
 * loaded, into a results file.
 */
#ifndef LOWTIDE_STUDY_ONE_RUN_H
#define LOWTIDE_STUDY_ONE_RUN_H

#include "engine/run.h"
#include "study/study.h"

struct one_run {
    const char *database;
    const char *argv; /* the command line, for the record */
    bool is_quiet;    /* failed expectations are not printed */
    const volatile sig_atomic_t *interrupted;
    struct future *future; /* what the policy is told; NULL: nothing */
    const struct record_study_run *study; /* NULL: not recorded as a study's */
};

/*
 * Run it. `summary`, initialised, receives what it came to; `*is_stopped`
 * whether it ran out of memory; `message` what went wrong, "" if nothing did.
 * Until STUDY_FAILED the run is complete and in the file.
 */
enum study_status one_run(const struct one_run *run,
                          const struct scenario *scenario,
                          struct run_summary *summary, bool *is_stopped,
                          char *message, size_t message_bytes);

#endif
