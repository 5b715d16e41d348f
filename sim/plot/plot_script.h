/*
 * A figure as text: the data file, and the preamble of the script. Private to
 * sim/plot/.
 */
#ifndef LOWTIDE_PLOT_SCRIPT_H
#define LOWTIDE_PLOT_SCRIPT_H

#include "plot/plot_figure.h"

enum plot_format { PLOT_SVG, PLOT_PNG, PLOT_PDF };

/* By a path's ending; false if it is none of ours or if there is no name
 * before it. */
bool plot_format_of(const char *path, enum plot_format *format);

/*
 * Write `text` as a single-quoted gnuplot string, in which nothing is
 * expanded. Control characters become blanks, what is no UTF-8 becomes
 * U+FFFD, and after `max_characters` the text ends in an ellipsis.
 */
void plot_write_literal(FILE *out, const char *text, size_t max_characters);

/* A block for each panel's frame, then one for each panel's bands. */
void plot_write_data(FILE *out, const struct plot_figure *figure);

/*
 * The values that the templates start from.
 *
 *   stem     the data file's name without its ending
 *   output   the figure's name
 *
 * Both without control characters; the files are those of the directory that
 * gnuplot runs in.
 */
void plot_write_preamble(FILE *out, const struct plot_figure *figure,
                         enum plot_format format, const char *stem,
                         const char *output);

#endif
