/*
 * Where the looks of figures and reports are: the directory `reports`, of
 * gnuplot templates, a style sheet and a script.
 */
#ifndef LOWTIDE_PLOT_TEMPLATES_H
#define LOWTIDE_PLOT_TEMPLATES_H

#include <stdbool.h>

/*
 * Find the directory that holds the file `name`: the one that LOWTIDE_REPORTS
 * names, or else PREFIX/share/lowtide/reports beside the installed program, or
 * else the source tree's.
 *
 *   directory  receives it; room for PATH_MAX
 *   message    room for PLOT_MESSAGE_BYTES; a line if false is returned
 */
bool plot_find_templates(const char *name, char *directory, char *message);

#endif
