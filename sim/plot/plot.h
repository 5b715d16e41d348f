/*
 * Figures from a results file.
 *
 *   results file --> numbers ------------> FILE.dat + FILE.gp --> gnuplot
 *    plot_runs        plot_figure (time)    plot_script      plot_gnuplot
 *    plot_lines ...   plot_chart (others)   KIND.gp
 *
 * Numbers are computed here, looks are in reports/: a script is a preamble of
 * values, made here, followed by reports/style.gp and by the kind's template.
 * The same data gives the same bytes.
 */
#ifndef LOWTIDE_PLOT_PLOT_H
#define LOWTIDE_PLOT_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    PLOT_MESSAGE_BYTES = 2048,
    PLOT_MAX_PANELS = 12, /* in one figure */
};

enum plot_status {
    PLOT_OK,
    PLOT_BAD_INPUT,   /* the request or the results file; nothing written */
    PLOT_HOST,        /* disk, memory, gnuplot ... */
    PLOT_INTERRUPTED, /* by a signal to us or to gnuplot; nothing written */
};

/* All strings are borrowed for the call. */
struct plot_request {
    const char *database;
    const char *const *runs; /* ids or names; a name may stand for several */
    size_t run_count;        /* 0: every run of the file */
    const char *kind;        /* as plot_kind_name spells it */
    const char *output;      /* path that ends in .svg, .png or .pdf */
    bool is_kept;            /* leave script and data beside the figure */

    /* compare only: columns of v_summary or counters, 0: those that matter;
     * the policy that the others are held against, NULL: the first run's */
    const char *const *metrics;
    size_t metric_count;
    const char *baseline;

    const char *vmo; /* residency only: its name, NULL: the largest */
};

/* What was drawn; to be released. */
struct plot_result {
    int64_t *run_ids; /* owned */
    size_t run_count;
};

/* Also valid on a zeroed struct. */
void plot_result_release(struct plot_result *result);

/*
 * Draw a figure. The output appears whole or not at all. A signal that ends
 * programs, as SIGINT, ends gnuplot while it works; the caller's handlers don't
 * see it.
 *
 *   result    may be NULL
 *   message   room for PLOT_MESSAGE_BYTES; what went wrong, unless PLOT_OK
 */
enum plot_status plot_draw(const struct plot_request *request,
                           struct plot_result *result, char *message);

/* Name and purpose of kind `index`; false past the last. */
bool plot_kind_at(size_t index, const char **name, const char **summary);

#endif
