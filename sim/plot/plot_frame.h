/*
 * A frame: samples in time, a row for each moment, a column for each curve.
 * Rows stand in order of time.
 */
#ifndef LOWTIDE_PLOT_FRAME_H
#define LOWTIDE_PLOT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plot_frame {
    size_t columns;
    size_t rows, capacity;
    int64_t *at_ns; /* owned */
    double *cells;  /* owned; row by row */
};

/* How curves are drawn decides which of their values matter. */
enum plot_curves {
    PLOT_CURVES_APART,
    PLOT_CURVES_STACKED, /* also the sums of the first 2, 3 ... columns */
};

/* An empty frame of `columns` > 0 columns. */
void plot_frame_init(struct plot_frame *frame, size_t columns);

/* Also valid on a zeroed struct. */
void plot_frame_release(struct plot_frame *frame);

/*
 * The row of that time, which must not lie before the last row's; a new row
 * is all zero. Returned cells are valid until the next call. NULL: no memory.
 */
double *plot_frame_row(struct plot_frame *frame, int64_t at_ns);

/* The cells of row `row`. */
double *plot_frame_cells(const struct plot_frame *frame, size_t row);

/* The largest finite value of a column, or of the rows' sums if `column` is
 * the number of columns; 0 if there is none above it. */
double plot_frame_peak(const struct plot_frame *frame, size_t column);

/*
 * Make totals into rates per second: a row's cell becomes the rate from this
 * row to the next one, the last row repeats the one before. A last interval of
 * less than half its predecessor is joined with that: one fault in the last
 * microsecond of a run is no million per second. Fewer than two rows: zero.
 */
void plot_frame_rates(struct plot_frame *frame, size_t first, size_t end);

/*
 * Replace rates by what can be seen of them. Each column becomes three: first
 * all means, then all lowest, then all highest rates. A frame of at most
 * 2 * `intervals` intervals keeps its rows, with three times the same value;
 * in a longer one a row stands for one `intervals`th of the time.
 * Returns false, with the frame as it was, if memory is short.
 */
bool plot_frame_ranges(struct plot_frame *frame, size_t intervals);

/*
 * Drop rows that cannot be seen. The frame's time is cut into `buckets` equal
 * parts; of each part those rows stay that hold the smallest or the largest
 * value of some curve, and the first and last row stay. If more than
 * `max_rows` rows were left (several curves, all noisy), parts are made twice
 * as long, again and again. Frames of at most `buckets` rows stay whole.
 * Returns false, with the frame as it was, if memory is short.
 */
bool plot_frame_thin(struct plot_frame *frame, enum plot_curves curves,
                     size_t buckets, size_t max_rows);

#endif
