#include "plot/plot_grid.h"

#include <stdlib.h>

bool plot_grid_init(struct plot_grid *grid, size_t columns, size_t rows,
                    int64_t end_ns)
{
    bool is_well = true;
    *grid =
        (struct plot_grid){.columns = columns, .rows = rows, .end_ns = end_ns};
    for (int state = 0; state < PLOT_GRID_STATES; state++) {
        grid->cells[state] = calloc(rows * columns, sizeof(double));
        grid->steps[state] = calloc(rows * columns, sizeof(double));
        is_well &= grid->cells[state] && grid->steps[state];
    }
    grid->weight = calloc(rows, sizeof(*grid->weight));
    grid->marks = calloc(rows * columns, sizeof(*grid->marks));
    return is_well && grid->weight && grid->marks;
}

void plot_grid_release(struct plot_grid *grid)
{
    for (int state = 0; state < PLOT_GRID_STATES; state++) {
        free(grid->cells[state]);
        free(grid->steps[state]);
    }
    free(grid->weight);
    free(grid->marks);
    *grid = (struct plot_grid){0};
}

static double column_ns(const struct plot_grid *grid)
{
    return (double)grid->end_ns / (double)grid->columns;
}

static size_t column_of(const struct plot_grid *grid, int64_t at_ns)
{
    double column = (double)at_ns / column_ns(grid);
    return column < (double)grid->columns ? (size_t)column : grid->columns - 1;
}

void plot_grid_add(struct plot_grid *grid, size_t row,
                   enum plot_grid_state state, int64_t from_ns, int64_t to_ns,
                   double pages)
{
    from_ns = from_ns > 0 ? from_ns : 0;
    to_ns = to_ns < grid->end_ns ? to_ns : grid->end_ns;
    if (from_ns >= to_ns || state == PLOT_GRID_ABSENT)
        return;
    size_t first = column_of(grid, from_ns);
    size_t last = column_of(grid, to_ns);
    double *cells = grid->cells[state] + row * grid->columns;
    double *steps = grid->steps[state] + row * grid->columns;
    if (first == last) {
        cells[first] += (double)(to_ns - from_ns) * pages;
        return;
    }
    double width = column_ns(grid);
    cells[first] += ((double)(first + 1) * width - (double)from_ns) * pages;
    cells[last] += ((double)to_ns - (double)last * width) * pages;
    steps[first + 1] += pages;
    steps[last] -= pages;
}

void plot_grid_mark(struct plot_grid *grid, size_t row, int64_t at_ns,
                    enum plot_grid_mark mark)
{
    if (at_ns < 0 || at_ns > grid->end_ns)
        return;
    uint8_t *cell = &grid->marks[row * grid->columns + column_of(grid, at_ns)];
    if (*cell < mark)
        *cell = (uint8_t)mark;
}

static double share(double amount, double whole)
{
    double part = whole > 0 ? amount / whole : 0;
    return part < 0 ? 0 : part > 1 ? 1 : part; /* sums are not exact */
}

void plot_grid_finish(struct plot_grid *grid)
{
    double width = column_ns(grid);
    for (int state = 0; state < PLOT_GRID_STATES; state++) {
        for (size_t row = 0; row < grid->rows; row++) {
            double *cells = grid->cells[state] + row * grid->columns;
            const double *steps = grid->steps[state] + row * grid->columns;
            double pages = 0;
            for (size_t c = 0; c < grid->columns; c++) {
                pages += steps[c];
                cells[c] =
                    share(cells[c] + pages * width, grid->weight[row] * width);
            }
        }
    }
}
