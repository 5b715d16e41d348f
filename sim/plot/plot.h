/*
 * Figures from a results file.
 *
 *   results file --> figure (numbers) --> FILE.dat + FILE.gp --> gnuplot
 *    plot_runs        plot_series          plot_script      plot_gnuplot
 *    plot_series      plot_frame           reports/X.gp
 *
 * Numbers are computed here, looks are in reports/: a script is a preamble of
 * values, made here, followed by reports/style.gp and by the kind's template.
 * The same data gives the same bytes (SVG and PNG).
 */
#ifndef LOWTIDE_PLOT_PLOT_H
#define LOWTIDE_PLOT_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    PLOT_MESSAGE_BYTES = 2048,
    PLOT_MAX_PANELS = 12, /* runs in one figure */
};

enum plot_status {
    PLOT_OK,
    PLOT_BAD_INPUT,   /* the request or the results file; nothing written */
    PLOT_HOST,        /* disk, memory, gnuplot ... */
    PLOT_INTERRUPTED, /* by a signal to gnuplot */
};

/* All strings are borrowed for the call. */
struct plot_request {
    const char *database;
    const char *const *runs; /* ids or names; a name may stand for several */
    size_t run_count;        /* 0: every run of the file */
    const char *kind;        /* as plot_kind_name spells it */
    const char *output;      /* path that ends in .svg, .png or .pdf */
    bool is_kept;            /* leave script and data beside the figure */
};

/* What was drawn. */
struct plot_result {
    int64_t run_ids[PLOT_MAX_PANELS];
    size_t run_count;
};

/*
 * Draw a figure. The output appears whole or not at all.
 *
 *   result    may be NULL
 *   message   room for PLOT_MESSAGE_BYTES; what went wrong, unless PLOT_OK
 */
enum plot_status plot_draw(const struct plot_request *request,
                           struct plot_result *result, char *message);

/*
 * Name and purpose of kind `index`; false past the last. `summary` may be
 * NULL, and is set to NULL for a kind that is only reserved.
 */
bool plot_kind_at(size_t index, const char **name, const char **summary);

#endif
