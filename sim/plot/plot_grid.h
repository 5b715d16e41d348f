/*
 * A grid over time: columns are stretches of time, rows are pages or groups of
 * them. A cell knows which share of its pages' time they were resident and
 * compressed, and whether anything came or went in it. Private to sim/plot/.
 *
 *          page 3  |----resident----|     |--compressed-
 *   columns        ^     ^     ^     ^     ^     ^
 *                  part  whole whole part        part
 *
 * Of a stretch that covers many columns only its ends are touched; whole
 * columns are a difference that is summed up at the end. So an event costs the
 * same however long its page stays.
 */
#ifndef LOWTIDE_PLOT_GRID_H
#define LOWTIDE_PLOT_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum plot_grid_state {
    PLOT_GRID_RESIDENT,
    PLOT_GRID_COMPRESSED,
    PLOT_GRID_STATES,
    PLOT_GRID_ABSENT = PLOT_GRID_STATES
};

/* The larger one hides the smaller one: what came back was reclaimed before. */
enum plot_grid_mark {
    PLOT_GRID_CALM,
    PLOT_GRID_RECLAIMED,
    PLOT_GRID_RETURNED,
};

struct plot_grid {
    size_t columns, rows;            /* rows from page 0 up */
    int64_t end_ns;                  /* the right edge; > 0 */
    double *cells[PLOT_GRID_STATES]; /* owned; page nanoseconds, row by row */
    double *steps[PLOT_GRID_STATES]; /* owned; until finished */
    double *weight;                  /* owned; pages of each row */
    uint8_t *marks;                  /* owned */
};

/* False: no memory. The grid can be released all the same. */
bool plot_grid_init(struct plot_grid *grid, size_t columns, size_t rows,
                    int64_t end_ns);

/* Also valid on a zeroed struct. */
void plot_grid_release(struct plot_grid *grid);

/* `pages` of a row were in `state` over [from_ns, to_ns), cut at the edges. */
void plot_grid_add(struct plot_grid *grid, size_t row,
                   enum plot_grid_state state, int64_t from_ns, int64_t to_ns,
                   double pages);

/* Something happened to a page of the row. */
void plot_grid_mark(struct plot_grid *grid, size_t row, int64_t at_ns,
                    enum plot_grid_mark mark);

/* Sum up; then cells are shares, from 0 to 1. */
void plot_grid_finish(struct plot_grid *grid);

#endif
