/*
 * One chart: complete as it is written, with axes, key and values, and numbers
 * beside it for the script that makes it move (reports/report.js).
 *
 * Shapes are SVG that is stretched to whatever width there is, text is HTML
 * placed in per cent of it. So a chart is readable at any width without a
 * script, and text is never stretched.
 */
#ifndef LOWTIDE_REPORT_CHART_H
#define LOWTIDE_REPORT_CHART_H

#include "plot/plot_figure.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum chart_type {
    CHART_AREAS,  /* stacked, the first column at the bottom */
    CHART_LINES,  /* samples of an amount */
    CHART_STEPS,  /* rates that hold until the next row */
    CHART_LEVELS, /* bands of memory pressure as a strip of steps */
};

enum chart_unit { UNIT_MIB, UNIT_PERCENT, UNIT_PER_SECOND, UNIT_LEVEL };

/* Something that happened: a line across the chart, with a word. */
struct chart_marker {
    int64_t at_ns;
    char text[96];
};

/* All is borrowed. */
struct chart {
    enum chart_type type;
    enum chart_unit unit;
    const char *title;   /* what is drawn: "Free memory" */
    const char *subject; /* of whom: "lru, seed 2" */
    const char *family;  /* charts whose series go on and off together */
    unsigned height;     /* in CSS pixels */
    int64_t end_ns;      /* of the time axis, > 0 */
    double y_max;        /* of the scale, > 0 */
    bool is_log;         /* log10(1 + y) */

    /* series n is column first + n of the frame; levels have none */
    const struct plot_frame *frame;
    const struct plot_layer *layers;
    size_t first, count;
    bool has_ranges;  /* columns count + n, 2 * count + n: lowest, highest */
    uint64_t samples; /* in the file; more than rows if it was thinned */

    /* levels; behind lines they are drawn as a faint ground */
    const struct plot_band *bands;
    size_t band_count;
    const struct chart_marker *markers;
    size_t marker_count;
};

/* False: memory is short, or nothing could be written. */
bool chart_write(FILE *out, const struct chart *chart);

/* A value of that unit as people read it. `cell`: HUMAN_BYTES. */
const char *chart_value(char *cell, enum chart_unit unit, double value);

/* The step between ticks on an axis to `end`: 1, 2 or 5 times a power of ten,
 * with at most `most` steps. */
double chart_step(double end, unsigned most);

/* The same, in ns, on a time axis: whole parts of minutes on a long one. */
double chart_time_step(int64_t end_ns);

#endif
