/*
 * The parts of a chart that are more than a line of markup. Private to
 * report_chart*.c.
 */
#ifndef LOWTIDE_REPORT_CHART_PARTS_H
#define LOWTIDE_REPORT_CHART_PARTS_H

#include "report/report_chart.h"

enum {
    CHART_WIDTH = 1000, /* of the SVG's own units, whatever is on the screen */
    CHART_DASHES = 6,   /* patterns of lines in reports/report.css */
};

/* A value's place on the scale, 0 to 1. */
double chart_height_of(const struct chart *chart, double value);

/* A moment's place on the time axis, 0 to CHART_WIDTH. */
double chart_x_of(const struct chart *chart, int64_t at_ns);

/* A style attribute with a series' colours, in both looks. */
void chart_write_colour(FILE *out, const struct chart *chart, size_t series);

/* The SVG's content. */
bool chart_write_shapes(FILE *out, const struct chart *chart);

/* Names of series where there is room for them. */
bool chart_write_labels(FILE *out, const struct chart *chart);

/* The numbers, for the script. */
bool chart_write_data(FILE *out, const struct chart *chart);

/* Some of the numbers, for people. */
void chart_write_table(FILE *out, const struct chart *chart);

#endif
