/*
 * The sections of a page, each written to a stream whose errors are looked at
 * in the end.
 */
#ifndef LOWTIDE_REPORT_SECTIONS_H
#define LOWTIDE_REPORT_SECTIONS_H

#include "report/report_match.h"

#include <stdio.h>

/* Runs whose charts are drawn, in one page at most. */
enum { REPORT_MAX_CHARTED = PLOT_MAX_PANELS };

/* --- report_tables.c ------------------------------------------------------ */

/* The columns of v_summary: a row for each metric of up to six runs, else a
 * row for each run. */
void report_write_summary(FILE *out, const struct report_group *group);

/* Who stalled, whose pages came back, how long accesses took, and what did not
 * hold, for each of `runs`. */
void report_write_details(FILE *out, const struct report_group *group,
                          struct report_run *const *runs, size_t count);

/* --- report_compare.c ----------------------------------------------------- */

/* Means, paired differences and intervals, a table for each memory. */
void report_write_matches(FILE *out, const struct report_matches *matches);

/* --- report_figures.c ----------------------------------------------------- */

/*
 * Charts of a group: a figure for each kind, in it a chart for each of `runs`.
 *
 *   prefix   of element ids, unique in the page
 *   message  room for REPORT_MESSAGE_BYTES; a line unless PLOT_OK
 */
enum plot_status report_write_figures(FILE *out, sqlite3 *db,
                                      const struct report_group *group,
                                      struct report_run *const *runs,
                                      size_t count, const char *prefix,
                                      char *message);

#endif
