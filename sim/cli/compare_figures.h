/*
 * The figures of a comparison: what it prints, drawn.
 */
#ifndef LOWTIDE_CLI_COMPARE_FIGURES_H
#define LOWTIDE_CLI_COMPARE_FIGURES_H

#include "study/compare.h"

/*
 * Can figures be put there? For before anything runs. Returns CLI_OK, or the
 * status to end with after a line on stderr; nothing is written.
 *
 *   directory  there, or to be made in one that is there
 */
int compare_figures_check(const char *directory);

/*
 * Draw each metric that the comparison shows and some run has: the means of
 * this study's runs with their intervals, as DIRECTORY/METRIC.svg and .png.
 *
 *   drawn  metrics that were
 *
 * Returns CLI_OK, or the status to end with after a line on stderr; figures
 * that were complete stay.
 */
int compare_figures_draw(const struct comparison *comparison,
                         const char *directory, size_t *drawn);

#endif
