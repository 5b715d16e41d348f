/*
 * What one run came to: the columns of the view v_summary, and how they are
 * printed.
 *
 * The same numbers come from two places: the recorder computes them when a
 * run ends, also without a database, and results.h reads them back from the
 * view.
 */
#ifndef LOWTIDE_RECORD_SUMMARY_H
#define LOWTIDE_RECORD_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Strings are owned by the summary, NULL where the column is NULL. A uint64_t
 * of RECORD_NULL and a double that is not a number stand for NULL.
 */
struct run_summary {
    uint64_t run_id; /* RECORD_NULL without a database */
    char *name;
    char *policy;
    char *params; /* a JSON object of strings, "{}" if there are none */
    uint64_t seed;
    uint64_t memory_pages;
    char *status;
    uint64_t sim_ns;
    uint64_t accesses;
    uint64_t faults_major;
    uint64_t first_touches; /* major faults on pages never there before */
    double miss_ratio;      /* faults_major / accesses */
    uint64_t refaults;
    double refault_ratio;    /* refaults / faults_major */
    double stall_some_share; /* of the simulated time, 0 to 1 */
    double stall_full_share; /* of the simulated time, 0 to 1 */
    uint64_t access_p50_ns;  /* NULL unless latency was recorded */
    uint64_t access_p99_ns;
    uint64_t access_p999_ns;
    uint64_t evicted_pager;
    uint64_t evicted_compressed;
    uint64_t evicted_discardable;
    uint64_t deduped;
    uint64_t written_back;
    uint64_t oom_kills;
    char *fingerprint; /* 32 hex digits; NULL until the run has ended */
};

/* Every column NULL. */
void run_summary_init(struct run_summary *summary);

/* Free the strings; valid twice. */
void run_summary_release(struct run_summary *summary);

/*
 * Number `index` of the columns that v_summary shows, in its order.
 *
 *   name     the column's name, borrowed forever
 *   value    its value; NAN if it is NULL or text
 *
 * Either may be NULL. Returns false past the last column. Expressions such as
 * `--fail-if 'refaults > 100'` are evaluated on these.
 */
bool run_summary_column(const struct run_summary *summary, size_t index,
                        const char **name, double *value);

/* The value of the numeric column `name`; false if there is none. */
bool run_summary_value(const struct run_summary *summary, const char *name,
                       double *value);

/*
 * A table at most 80 columns wide: a row for each metric, a column for each
 * run, in blocks of as many runs as fit.
 */
void run_summary_print(FILE *out, const struct run_summary *summaries,
                       size_t count);

/* One JSON array with an object for each run; its keys are the columns. */
void run_summary_print_json(FILE *out, const struct run_summary *summaries,
                            size_t count);

#endif
