/*
 * What a report says about each run, read from a results file once.
 *
 * A page is made of groups: runs of one scenario that differ in policy, memory
 * and seed only, so that comparing them means something.
 *
 *   results file --> report_data (runs, groups) --> verdict, tables, figures
 */
#ifndef LOWTIDE_REPORT_DATA_H
#define LOWTIDE_REPORT_DATA_H

#include "plot/plot.h"
#include "record/results.h"
#include "record/summary.h"
#include "study/study.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REPORT_MESSAGE_BYTES = PLOT_MESSAGE_BYTES,
    REPORT_LEVELS = 5,    /* normal, warning, critical, imminent_oom, oom */
    REPORT_MAX_ROWS = 40, /* of VMOs, latencies or failures, for a run */
};

/* The name of a level as people read it: "out of memory". */
const char *report_level_label(size_t level);

/* All strings below are owned. */

struct report_process {
    char *name;
    int64_t killed_ns; /* -1: it was not */
    int64_t stall_some_ns, stall_full_ns;
};

/* All that VMOs of one name and process came to. */
struct report_vmo {
    char *name;
    char *process; /* NULL: unknown */
    char *kind;
    uint64_t peak_committed, last_committed, last_compressed;
    uint64_t faults_major, refaults;
    /* of page_event; meaningless unless the run's has_page_events */
    uint64_t evicted, compressed;
};

struct report_latency {
    char *workload;
    char *kind;
    uint64_t count;
    int64_t p50_ns, p99_ns, p999_ns, most_ns;
};

/* An expectation that did not hold. */
struct report_failure {
    int64_t line;
    char *key, *expected, *actual;
};

struct report_run {
    struct run_summary summary;
    double metrics[STUDY_MAX_METRICS]; /* as study.h numbers them */
    /* columns of `run` that the summary lacks; NULL where they are NULL */
    char *scenario, *scenario_sha256, *scenario_text, *version, *argv;
    uint64_t page_bytes;
    size_t place; /* of the policy in its group: report_groups_make() */

    uint64_t tick_count;
    bool has_ticks;                      /* then there are levels */
    int64_t level_ns[REPORT_LEVELS];     /* by the samples */
    uint64_t level_times[REPORT_LEVELS]; /* how often it was announced */
    bool has_page_events;

    struct report_process *processes; /* who stalled longest first */
    size_t process_count;
    struct report_vmo *vmos; /* most refaults, then largest; REPORT_MAX_ROWS */
    size_t vmo_count, vmo_total;
    struct report_latency *latencies; /* REPORT_MAX_ROWS at most */
    size_t latency_count, latency_total;
    uint64_t expectations, failures_total;
    struct report_failure *failures; /* REPORT_MAX_ROWS at most */
    size_t failure_count;
};

/*
 * Runs of one scenario, by policy, memory, seed and id. Policies come in the
 * order of their first runs, but for the baseline, which is first: it is what
 * the first command line names with --baseline, or else first in --policies.
 * (Processes of a study begin their runs in no certain order.)
 */
struct report_group {
    const char *name;         /* of the scenario; borrowed from a run */
    struct report_run **runs; /* the pointers are owned */
    size_t run_count;
    size_t variant; /* 0: no other group has the name; else 1, 2 ... */
    int64_t end_ns; /* the longest simulated time, at least 1 */
    char *shape;    /* what all its scenarios have in common; owned */
};

struct report_data {
    struct report_run *runs; /* owned */
    size_t run_count;
    struct report_group *groups; /* owned; by the first run of each */
    size_t group_count;
};

/*
 * Read the runs that `selectors` mean, as results_select() does.
 *
 *   db       within a transaction of the caller's
 *   data     zeroed; to be released in any case
 *   message  room for REPORT_MESSAGE_BYTES; a line unless RESULTS_OK
 */
enum results_check report_data_read(sqlite3 *db, const char *const *selectors,
                                    size_t selector_count,
                                    struct report_data *data, char *message);

void report_data_release(struct report_data *data);

/* Put the runs into groups; false: memory is short. For report_data_read(). */
bool report_groups_make(struct report_data *data);

/*
 * A scenario without its seed, policy, params and memory, and without comments:
 * two texts of the same shape are the same experiment, whether or not an
 * override has written them anew. Text that is no YAML is its own shape.
 * Returns a string to be freed, NULL if memory is short.
 */
char *report_scenario_shape(const char *text);

/* Did the run come to an end that its totals stand for? */
bool report_run_is_whole(const struct report_run *run);

/* "zircon", or "zircon (bits=2)" if it has parameters. */
void report_policy_label(const struct report_run *run, char *label,
                         size_t size);

/*
 * What tells a run from the others of its group, in as few words as possible:
 * policy, memory, seed, where they differ; the id where nothing else does.
 */
void report_run_label(const struct report_group *group,
                      const struct report_run *run, char *label, size_t size);

#endif
