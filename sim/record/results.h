/*
 * Reading a results file: which runs it holds and what they came to.
 *
 * Nothing is written. Runs whose writers are gone are shown as `interrupted`,
 * whatever the file says.
 */
#ifndef LOWTIDE_RECORD_RESULTS_H
#define LOWTIDE_RECORD_RESULTS_H

#include "record/summary.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum results_check {
    RESULTS_OK,
    RESULTS_BAD_INPUT, /* no such file, not ours, newer, no such run */
    RESULTS_HOST       /* the host failed */
};

/*
 * May runs be appended to `path`? For commands that check their arguments
 * before anything is done: RESULTS_OK also for a file that is not there yet.
 * Touches nothing; `error` receives a line otherwise.
 */
enum results_check results_check_output(const char *path, char *error,
                                        size_t error_size);

/*
 * Open for reading. `db` receives a connection to be closed with
 * sqlite3_close; `error` a line unless RESULTS_OK is returned.
 */
enum results_check results_open(const char *path, sqlite3 **db, char *error,
                                size_t error_size);

/* Run ids, in increasing order. */
struct results_runs {
    uint64_t *ids; /* owned */
    size_t count;
};

void results_runs_release(struct results_runs *runs);

/*
 * The runs that any of `selectors` means: a run's id, or the name of one or
 * more. No selectors: all runs. A selector that means no run is bad input.
 * `runs` is to be released by the caller if RESULTS_OK is returned.
 */
enum results_check results_select(sqlite3 *db, const char *const *selectors,
                                  size_t selector_count,
                                  struct results_runs *runs, char *error,
                                  size_t error_size);

/*
 * The row of v_summary of one run, to be released with run_summary_release.
 */
enum results_check results_summary(sqlite3 *db, uint64_t run_id,
                                   struct run_summary *summary, char *error,
                                   size_t error_size);

/*
 * The same of several runs, in one pass over the file.
 *
 *   summaries   room for runs->count; each to be released if RESULTS_OK is
 *               returned
 */
enum results_check results_summaries(sqlite3 *db,
                                     const struct results_runs *runs,
                                     struct run_summary *summaries, char *error,
                                     size_t error_size);

#endif
