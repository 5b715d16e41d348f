/*
 * Which runs are meant: a number is a run's id if there is such a run, and a
 * name otherwise; a name stands for every run that has it. Private to
 * sim/plot/.
 */
#ifndef LOWTIDE_PLOT_RUNS_H
#define LOWTIDE_PLOT_RUNS_H

#include "plot/plot.h"

#include <sqlite3.h>

/* A row of `run`. Strings are owned, never NULL. */
struct plot_run {
    int64_t id;
    char *name;
    char *policy;
    char *params; /* "key=value key=value", that of sampling left out */
    char *status;
    double sample; /* the share of the pages that was replayed; 0: all */
    int64_t seed;
    int64_t memory_pages;
    double page_mib; /* size of a page in MiB */
};

struct plot_runs {
    struct plot_run *items; /* owned */
    size_t count, capacity;
};

/* Also valid on a zeroed struct. */
void plot_runs_release(struct plot_runs *runs);

/*
 * The wanted runs, in the order of the wishes and of ids; `limit` at most.
 * `runs` is zeroed before; `message` is set unless PLOT_OK is returned.
 */
enum plot_status plot_runs_select(sqlite3 *db,
                                  const struct plot_request *request,
                                  size_t limit, struct plot_runs *runs,
                                  char *message);

/* The same policy with the same parameters? */
bool plot_run_is_variant(const struct plot_run *run,
                         const struct plot_run *other);

/* The policy, with its parameters where others of `runs` have other ones. */
void plot_run_label(const struct plot_runs *runs, const struct plot_run *run,
                    char *label, size_t size);

#endif
