/*
 * A study: one scenario at several points, each repeated with several seeds.
 *
 *                 point 0        point 1        ...
 *   repetition 0  zircon, s      lru, s         ...    seed s
 *   repetition 1  zircon, s + 1  lru, s + 1     ...    seed s + 1
 *
 * Common random numbers: the seed belongs to the repetition. Every draw comes
 * from a stream named after the seed, the workload and the thread
 * (world/random.h) and never after the policy, so that all points of a
 * repetition face the same workload and may be compared in pairs.
 *
 * Repetitions come outermost: what is there when a study is interrupted covers
 * all points, and repetitions can be added later. Each run has a process of
 * its own and writes to the results file itself; one that is interrupted is
 * marked so there and is not counted here.
 */
#ifndef LOWTIDE_STUDY_STUDY_H
#define LOWTIDE_STUDY_STUDY_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <sqlite3.h>

#include "record/summary.h"
#include "study/process_pool.h"

/* At least as many as there are metrics. */
enum { STUDY_MAX_METRICS = 48 };

/* --- metrics -------------------------------------------------------------- */

/* The numeric columns of v_summary, and costs that are counters. */

/* The metric's number by its name; false: there is none. */
bool study_metric_find(const char *name, size_t *metric);

/* The name of metric `metric`; NULL past the last one. A column that is no
 * number has a name too, but is not found by it. */
const char *study_metric_name(size_t metric);

/* Where results files have a metric that has a name: a column of v_summary, or
 * a counter. */
const char *study_metric_recorded(size_t metric);

/* Unit and meaning of a metric that has a name, as the dictionary of results
 * files has them. */
void study_metric_describe(size_t metric, const char **unit,
                           const char **meaning);

/*
 * The metrics of a recorded run; NAN where it has none.
 *
 *   summary  the run's, as results_summary() reads it
 *
 * False: the file cannot be read; sqlite3_errmsg() says why.
 */
bool study_read_values(sqlite3 *db, const struct run_summary *summary,
                       double values[STUDY_MAX_METRICS]);

/* --- running -------------------------------------------------------------- */

/* What is worse has the larger number. */
enum study_status {
    STUDY_OK,
    STUDY_FAILED, /* an expectation of the scenario did not hold */
    STUDY_INPUT,
    STUDY_HOST,
    STUDY_BROKEN, /* a rule of ours broke */
    STUDY_INTERRUPTED,
};

struct study_point {
    const char *policy; /* as typed; borrowed. NULL: the scenario's own */
    const char *memory; /* the same */
    /* for a policy that needs the future: whose accesses, with the same memory
     * and seed, it is told (world/future.h); as typed, borrowed. NULL: none */
    const char *future_policy;
    /* set by study_check() */
    char *policy_name; /* as run.policy has it; owned */
    uint64_t memory_pages;
    uint64_t wired_pages; /* of these */
};

/* What one run came to. */
struct study_result {
    enum study_status status;
    bool has_values;                  /* it ran to its end */
    bool is_stopped;                  /* which was out of memory */
    double values[STUDY_MAX_METRICS]; /* by metric; NAN: it has none */
    char message[512];                /* "" if nothing went wrong */
};

/* What of the beginning is not counted (warmup.h). */
struct study_warmup {
    bool is_deleted; /* false: all is counted */
    bool is_found; /* by warmup_delete(), which sets `ns`; else the caller's */
    uint64_t ns;   /* simulated time from which on metrics count */
    bool has_failed; /* by warmup_delete(): no run has metrics */
};

struct study {
    /* the caller's; borrowed */
    const char *path;     /* of the scenario */
    const char *database; /* results file, created if need be */
    const char *argv;     /* the command line, for the record */
    unsigned parallel;    /* processes at a time, at least 1 */
    bool is_quiet;        /* failed expectations are not printed */
    const volatile sig_atomic_t *interrupted; /* set before study_repeat() */
    process_progress_fn progress;             /* NULL: nobody watches */
    void *progress_context;

    struct study_warmup warmup;

    struct study_point *points; /* owned */
    size_t point_count;

    /* the scenario's; set by study_check() */
    uint64_t first_seed;
    uint64_t tick_ns;
    uint64_t duration_ns; /* UINT64_MAX: until there is nothing left to do */
    bool has_ticks;       /* they are recorded */

    /* [repetition * point_count + point]: complete repetitions; owned */
    struct study_result *results;
    size_t repetition_count;
    enum study_status status; /* the worst so far */
};

void study_release(struct study *study);

/* Another point; false: out of memory. Before study_check(). */
bool study_add_point(struct study *study, const char *policy,
                     const char *memory);

/*
 * Read the scenario as each point changes it and look at the results file,
 * before anything runs. What is wrong is printed to `errors`, a line each.
 */
enum study_status study_check(struct study *study, FILE *errors);

/*
 * Run `count` repetitions more. Of a repetition that an interruption or the
 * host cut short nothing is kept here. Messages are printed to `errors`.
 * Returns the worst status of all so far.
 */
enum study_status study_repeat(struct study *study, size_t count, FILE *errors);

/* --- results -------------------------------------------------------------- */

/*
 * The values of a metric at a point, one a repetition, in their order.
 *
 *   values  room for study->repetition_count
 *
 * False: some run does not have it.
 */
bool study_values(const struct study *study, size_t point, size_t metric,
                  double *values);

/* The mean of these; NAN if some run does not have it. */
double study_mean(const struct study *study, size_t point, size_t metric);

#endif
