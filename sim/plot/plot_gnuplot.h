/*
 * gnuplot as a child process. Private to sim/plot/.
 */
#ifndef LOWTIDE_PLOT_GNUPLOT_H
#define LOWTIDE_PLOT_GNUPLOT_H

#include "plot/plot.h"
#include "plot/plot_script.h"

/*
 * Draw `sheet` into `output`, whose directory holds a private one with all
 * files until gnuplot has succeeded.
 *
 *   is_kept   leave script and data beside the output
 */
enum plot_status plot_gnuplot_draw(const struct plot_sheet *sheet,
                                   enum plot_format format, const char *output,
                                   bool is_kept, char *message);

#endif
