/*
 * Text for gnuplot: the preamble of every script, and time series as data and
 * values. Private to sim/plot/.
 */
#ifndef LOWTIDE_PLOT_SCRIPT_H
#define LOWTIDE_PLOT_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum plot_format { PLOT_SVG, PLOT_PNG, PLOT_PDF };

/* What gnuplot is given: numbers (DATA), values and a template. */
struct plot_sheet {
    const char *heading;
    const char *layout;     /* templates, files in reports/: where panels ... */
    const char *script;     /* ... stand, and what is in them */
    unsigned width, height; /* pixels */
    void (*write_data)(FILE *out, const void *content);
    void (*write_values)(FILE *out, const void *content);
    const void *content; /* borrowed */
};

/* By a path's ending; false if it is none of ours or if there is no name
 * before it. */
bool plot_format_of(const char *path, enum plot_format *format);

/*
 * Write `text` as a single-quoted gnuplot string, in which nothing is
 * expanded. Control characters become blanks, what is no UTF-8 becomes
 * U+FFFD, and after `max_characters` the text ends in an ellipsis.
 */
void plot_write_literal(FILE *out, const char *text, size_t max_characters);

/* How many characters that would be, if there were room. */
size_t plot_count_characters(const char *text);

/*
 * The values that the templates start from.
 *
 *   stem     the data file's name without its ending
 *   output   the figure's name
 *
 * Both without control characters; the files are those of the directory that
 * gnuplot runs in.
 */
void plot_write_preamble(FILE *out, const struct plot_sheet *sheet,
                         enum plot_format format, const char *stem,
                         const char *output);

#endif
