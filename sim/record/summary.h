/*
 * Showing run summaries: a table that fits 80 columns with the runs side by
 * side, and JSON with the columns of v_summary.
 */
#ifndef LOWTIDE_SUMMARY_H
#define LOWTIDE_SUMMARY_H

#include <stdio.h>

#include "record/recorder.h"

/* `count` runs, a column each; wraps into further tables past 80 columns. */
void summary_print(FILE *out, const struct run_summary *runs, size_t count);
/* One array with an object for each run; `params` is an object of strings. */
void summary_print_json(FILE *out, const struct run_summary *runs,
                        size_t count);
/* A JSON string literal, escaped, quotes included. */
void json_print_string(FILE *out, const char *text);

#endif
