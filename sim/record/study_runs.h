/*
 * The runs of parameter studies in a results file, by what decided them.
 *
 * Runs with the same key must come out the same: which of them are there tells
 * what a study has still to do.
 */
#ifndef LOWTIDE_RECORD_STUDY_RUNS_H
#define LOWTIDE_RECORD_STUDY_RUNS_H

#include "record/results.h"
#include "record/sha256.h"

struct study_run {
    uint64_t run_id;
    char run_key[SHA256_HEX_SIZE];
    char *study;   /* owned */
    char *version; /* of the program that ran it; owned */
    char *status;  /* as run.status, without a writer `interrupted`; owned */
    char *fingerprint; /* owned; NULL until the run has ended */
    bool is_complete;  /* it ran to its end: ok, failed or stopped */
};

/* In the order of run ids. */
struct study_runs {
    struct study_run *list; /* owned */
    size_t count;
};

void study_runs_release(struct study_runs *runs);

/*
 * Read them all; none where the file was made before studies were. `runs` is to
 * be released by the caller if RESULTS_OK is returned.
 */
enum results_check study_runs_read(sqlite3 *db, struct study_runs *runs,
                                   char *error, size_t error_size);

/*
 * Remove runs, with all their rows, from a file that nobody else has open in
 * this process. Nothing is removed unless RESULTS_OK is returned.
 */
enum results_check study_runs_remove(const char *path,
                                     const struct results_runs *runs,
                                     char *error, size_t error_size);

#endif
