/*
 * Names of the results with what they weigh: which of them get a layer of their
 * own. Private to sim/plot/.
 */
#ifndef LOWTIDE_PLOT_MEMBERS_H
#define LOWTIDE_PLOT_MEMBERS_H

#include "plot/plot_figure.h"

/* A name, with what it weighs in all runs of the figure. */
struct plot_member {
    char *name;        /* owned */
    double page_ticks; /* sum over the samples */
};

struct plot_members {
    struct plot_member *items; /* owned; by name */
    size_t count, capacity;
};

/* Also valid on a zeroed struct. */
void plot_members_release(struct plot_members *members);

/*
 * Learn the names; `members` is zeroed before. Looks at so many ticks of each
 * run, evenly over its time, and so at all of a short run.
 *
 *   sql   gives (name, weight) of run ?1 from its ticks in `sampled`
 */
int plot_members_read(sqlite3 *db, const char *sql,
                      const struct plot_figure *figure,
                      struct plot_members *members);

/* Sort by weight, the heaviest first, or back by name. */
void plot_members_by_weight(struct plot_members *members);

/* What a column without a name is called. */
const char *plot_name_of(sqlite3_stmt *statement, int column);

/*
 * The start of `sql`: `sampled` has times of run ?1's ticks.
 */
#define PLOT_SAMPLED_TICKS                                                     \
    "WITH RECURSIVE span(end_ns) AS "                                          \
    "(SELECT max(tick_ns) FROM tick WHERE run_id = ?1), "                      \
    "step(n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM step WHERE n < 1000)," \
    "sampled(tick_ns) AS (SELECT DISTINCT (SELECT tick_ns FROM tick "          \
    "WHERE run_id = ?1 AND tick_ns >= end_ns / 1000 * n "                      \
    "ORDER BY tick_ns LIMIT 1) FROM span, step) "

#endif
