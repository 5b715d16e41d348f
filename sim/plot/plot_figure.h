/*
 * A figure as numbers: a panel for each run, all panels with the same layers,
 * the same time axis and the same scale. Private to sim/plot/ and to sim/report/,
 * which draws figures in its own way.
 */
#ifndef LOWTIDE_PLOT_FIGURE_H
#define LOWTIDE_PLOT_FIGURE_H

#include "plot/plot.h"
#include "plot/plot_chart.h"
#include "plot/plot_frame.h"
#include "plot/plot_grid.h"
#include "plot/plot_runs.h"

#include <sqlite3.h>
#include <stdio.h>

/* Layers of a figure at most: fixed queues, a policy's lists, the rest. */
enum { PLOT_MAX_LAYERS = 64 };

/* A stretch of time at one level of memory pressure above normal. */
struct plot_band {
    int64_t from_ns, to_ns;
    unsigned level; /* 1 warning ... 4 oom */
};

struct plot_panel {
    const struct plot_run *run; /* borrowed */
    struct plot_frame frame; /* column i is layer i; then faults has ranges */
    struct plot_band *bands; /* owned */
    size_t band_count;
    bool has_data;

    /* residency only: a grid instead of the frame */
    struct plot_grid grid;
    struct plot_ticks row_names; /* none: rows are pages */
    double height;               /* pages or names */
    int64_t end_ns;
    char subject[160]; /* what the panel shows of its run; "": all */
};

struct plot_layer {
    char *name;  /* owned; as in the results file */
    char *label; /* owned; as in the key */
    uint32_t colour;
};

struct plot_figure {
    const struct plot_kind *kind;
    struct plot_panel *panels; /* owned */
    size_t panel_count;
    struct plot_layer layers[PLOT_MAX_LAYERS];
    size_t layer_count;
    double y_max;     /* of all panels, > 0 */
    double stall_max; /* pressure only: end of the lower scale, percent */
    int64_t end_ns;   /* of all panels, > 0 */
    bool has_ranges;  /* rows of rates stand for several samples */
    bool is_log;      /* the scale is logarithmic above 1 */
    const char *vmo;  /* residency only: the one that is wanted, or NULL */
};

/* Exactly one of `read` and `chart` is set. */
struct plot_kind {
    const char *name;
    const char *summary;
    const char *script; /* file in reports/ */
    const char *heading;

    /* time series */
    int (*read)(sqlite3 *db, struct plot_figure *figure);
    const char *y_label;
    const char *absent; /* what a run without data lacks */
    enum plot_curves curves;
    bool has_bands;
    bool has_grids;
    bool is_full_height;   /* y_max is the top of the scale as it is */
    unsigned panel_pixels; /* height of one of several panels */

    /* charts, of any number of runs unless `run_limit` */
    enum plot_status (*chart)(sqlite3 *db, const struct plot_request *request,
                              const struct plot_runs *runs,
                              struct plot_chart *chart, char *message);
    size_t run_limit;
};

/*
 * The numbers of a figure of a kind that has time series: runs, layers, frames
 * thinned to what can be seen. A panel may have no data.
 *
 *   db       within a transaction of the caller's
 *   request  its output is not looked at
 *   runs     zeroed; to be released in any case, after the figure
 *   figure   zeroed; to be released in any case
 *   message  room for PLOT_MESSAGE_BYTES; what went wrong, unless PLOT_OK
 */
enum plot_status plot_figure_read(sqlite3 *db,
                                  const struct plot_request *request,
                                  struct plot_runs *runs,
                                  struct plot_figure *figure, char *message);

/* Free everything a figure owns; valid on a zeroed one. */
void plot_figure_release(struct plot_figure *figure);

/*
 * Append a layer; both strings are copied. Returns SQLITE_OK, SQLITE_NOMEM, or
 * SQLITE_FULL past PLOT_MAX_LAYERS.
 */
int plot_figure_layer(struct plot_figure *figure, const char *name,
                      const char *label, uint32_t colour);

/* About the pixels that a panel is wide: the parts of its time of which the
 * extremes are kept. */
enum { PLOT_BUCKETS = 1000 };

/* Put a sieve on the panel's empty frame, over the time that its run's ticks
 * cover. An SQLite status. */
int plot_figure_sieve(sqlite3 *db, const struct plot_figure *figure,
                      struct plot_panel *panel);

/* --- as text: `content` is a figure --- */

/* Pixels of the whole canvas. */
enum { PLOT_FIGURE_WIDTH = 1200 };
unsigned plot_figure_height(const struct plot_figure *figure);

/* A block for each panel's frame, then one for each panel's bands. */
void plot_figure_write_data(FILE *out, const void *content);

/* The figure's values for its template. */
void plot_figure_write_values(FILE *out, const void *content);

/* --- plot_stacks.c, plot_lines.c, plot_residency.c: the `read` of the kinds,
 * which return an SQLite status --- */

/* A colour `share` of the way from one 0xRRGGBB to another. */
uint32_t plot_colour_mix(uint32_t from, uint32_t to, double share);

int plot_read_queues(sqlite3 *db, struct plot_figure *figure);
int plot_read_attribution(sqlite3 *db, struct plot_figure *figure);
int plot_read_process(sqlite3 *db, struct plot_figure *figure);
int plot_read_pressure(sqlite3 *db, struct plot_figure *figure);
int plot_read_faults(sqlite3 *db, struct plot_figure *figure);
int plot_read_residency(sqlite3 *db, struct plot_figure *figure);

#endif
