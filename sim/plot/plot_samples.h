/*
 * Runs as samples: which of them are repetitions of the same, and the values of
 * a metric in each. Private to sim/plot/.
 *
 *   group     runs of one scenario with one memory size
 *   variant   a policy with its parameters; the baseline is variant 0
 *   entry     a run, by its group, variant and seed
 *
 * Runs that never reached their end are left out, as in v_compare. A run that
 * was repeated (the same in everything, the seed too) counts once, the last
 * time: it is no second draw.
 */
#ifndef LOWTIDE_PLOT_SAMPLES_H
#define LOWTIDE_PLOT_SAMPLES_H

#include "plot/plot.h"
#include "plot/plot_runs.h"

struct plot_group {
    const char *name; /* borrowed from a run */
    int64_t memory_pages;
    double page_mib;
};

struct plot_variant {
    const struct plot_run *run; /* the first of it */
    char label[256];
};

/* A run that counts. */
struct plot_entry {
    const struct plot_run *run; /* borrowed */
    size_t group, variant;
};

struct plot_samples {
    const struct plot_runs *runs;
    struct plot_entry *entries; /* owned; by group, variant, seed */
    size_t entry_count;
    struct plot_group *groups; /* owned; room for each run */
    size_t group_count;
    struct plot_variant
        *variants; /* owned; room for each run; baseline first */
    size_t variant_count;
    const struct plot_entry **by_id; /* owned; the entries by run id */

    /* values by entry; NAN: none */
    double *summary;      /* owned; each column in turn */
    double *counter;      /* owned */
    const double *values; /* of one of them: what functions work on */
};

/* The entries of one variant in one group: [first, end). */
struct plot_span {
    size_t first, end;
};

/* Also valid on a zeroed struct. */
void plot_samples_release(struct plot_samples *of);

/*
 * Sort the runs (borrowed for the life of `of`, which is zeroed before).
 *
 *   baseline   a policy; NULL: the first run's
 */
enum plot_status plot_samples_arrange(const struct plot_runs *runs,
                                      const char *baseline,
                                      struct plot_samples *of, char *message);

/* Read columns of v_summary, in one pass over the file. An SQLite status. */
int plot_samples_columns(sqlite3 *db, struct plot_samples *of,
                         const char *const *names, size_t count);

/* Read a counter, and use it. An SQLite status. */
int plot_samples_counter(sqlite3 *db, struct plot_samples *of,
                         const char *name);

/* Use a column that was read. */
void plot_samples_use(struct plot_samples *of, size_t column);

/* Does any run have a value? */
bool plot_samples_has_any(const struct plot_samples *of);

/* The largest value; 0 if there is none above it. */
double plot_samples_largest(const struct plot_samples *of);

struct plot_span plot_samples_span(const struct plot_samples *of, size_t group,
                                   size_t variant);

#endif
