/*
 * A chart as numbers: panels with points over something else than time.
 * Private to sim/plot/.
 *
 * A panel has its own scales. A curve is a sequence of points in one panel; its
 * style says which entry of the key it belongs to. Whether points are joined,
 * stand alone or become bars is the template's business.
 */
#ifndef LOWTIDE_PLOT_CHART_H
#define LOWTIDE_PLOT_CHART_H

#include "plot/plot.h"
#include "plot/plot_runs.h"

#include <stdio.h>

struct plot_kind;

struct plot_point {
    double x, y;
    double low, high; /* ends of the interval; both y if there is none */
    unsigned mark;    /* what the template makes of it; 0: nothing special */
};

struct plot_curve {
    size_t panel, style;
    struct plot_point *points; /* owned */
    size_t count, capacity;
};

struct plot_chart_panel {
    char *title;   /* owned */
    char *y_label; /* owned */
    double x_min, x_max;
    double y_min, y_max;
    bool is_x_log;
};

/* A label of the x axis. */
struct plot_tick {
    double x;
    char *label; /* owned */
};

struct plot_ticks {
    struct plot_tick *items; /* owned */
    size_t count, capacity;
};

struct plot_chart {
    const struct plot_kind *kind;
    struct plot_chart_panel panels[PLOT_MAX_PANELS];
    size_t panel_count;
    struct plot_curve *curves; /* owned */
    size_t curve_count, curve_capacity;
    struct plot_ticks keys;   /* names of styles; x is unused */
    struct plot_ticks ticks;  /* of all panels */
    struct plot_ticks groups; /* of ticks: x is the middle */
    char note[512];           /* right of the heading */
    bool has_marked;          /* the key explains mark 1 */
    unsigned columns;         /* of panels beside each other */

    /* pixels: the canvas; the key at the right; labels below each panel, and
     * below all of them */
    unsigned width, height;
    unsigned key_pixels, cell_pixels, axis_pixels;
};

/* Free everything a chart owns; valid on a zeroed one. */
void plot_chart_release(struct plot_chart *chart);

/* Append a panel; both strings are copied. NULL: no memory, or too many. */
struct plot_chart_panel *plot_chart_panel(struct plot_chart *chart,
                                          const char *title,
                                          const char *y_label);

struct plot_chart_pixels {
    unsigned two_columns;   /* the width of these; one is 960 wide */
    unsigned key;           /* room at the right */
    unsigned only_row, row; /* heights: of a row alone, of one of several */
};

/* Panels in two columns, or the only one by itself. */
void plot_chart_lay_out(struct plot_chart *chart,
                        const struct plot_chart_pixels *pixels);

/* Append a curve; those of a panel follow each other. NULL: no memory. Valid
 * until the next call. */
struct plot_curve *plot_chart_curve(struct plot_chart *chart, size_t panel,
                                    size_t style);

/* False: no memory. */
bool plot_curve_add(struct plot_curve *curve, struct plot_point point);

/* Also valid on a zeroed struct. */
void plot_ticks_release(struct plot_ticks *ticks);

/* The label is copied. False: no memory. */
bool plot_ticks_add(struct plot_ticks *ticks, double x, const char *label);

/* The first with that label, or the count. */
size_t plot_ticks_find(const struct plot_ticks *ticks, const char *label);

/* A block for each curve: x y low high mark. `content` is a chart. */
void plot_chart_write_data(FILE *out, const void *content);

/* The chart's values for its template. */
void plot_chart_write_values(FILE *out, const void *content);

/* --- the `chart` of the kinds -------------------------------------------- */

/*
 * Each fills a chart with what the runs hold. Returns PLOT_BAD_INPUT with a
 * `message` if that is nothing.
 */
enum plot_status plot_chart_compare(sqlite3 *db,
                                    const struct plot_request *request,
                                    const struct plot_runs *runs,
                                    struct plot_chart *chart, char *message);
enum plot_status plot_chart_mrc(sqlite3 *db, const struct plot_request *request,
                                const struct plot_runs *runs,
                                struct plot_chart *chart, char *message);
enum plot_status plot_chart_latency(sqlite3 *db,
                                    const struct plot_request *request,
                                    const struct plot_runs *runs,
                                    struct plot_chart *chart, char *message);

#endif
