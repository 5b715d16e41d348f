/*
 * A frame: samples in time, a row for each moment, a column for each curve.
 * Rows stand in order of time.
 */
#ifndef LOWTIDE_PLOT_FRAME_H
#define LOWTIDE_PLOT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plot_sieve;

struct plot_frame {
    size_t columns;
    size_t rows, capacity;
    int64_t *at_ns;           /* owned */
    double *cells;            /* owned; row by row */
    struct plot_sieve *sieve; /* owned; NULL: every row is kept */
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

/* Keep the columns for which that is true, in their order. No row may come
 * after that. */
void plot_frame_keep(struct plot_frame *frame, const bool *is_kept);

/* The cells of row `row`. */
double *plot_frame_cells(const struct plot_frame *frame, size_t row);

/* The largest finite value of a column, or of the rows' sums if `column` is
 * the number of columns; 0 if there is none above it. */
double plot_frame_peak(const struct plot_frame *frame, size_t column);

/*
 * From now on drop rows that cannot be seen, as they come: the time from 0 to
 * `end_ns` is cut into `buckets` equal parts, and of each part those rows stay
 * that hold the smallest or the largest value of some curve. So memory does not
 * grow with the length of a run. To be called on an empty frame; false: no
 * memory.
 */
bool plot_frame_sieve(struct plot_frame *frame, enum plot_curves curves,
                      int64_t end_ns, size_t buckets);

/* Columns that are totals become rates per second while rows come. */
enum { PLOT_MAX_RATES = 8 };

struct plot_rates {
    size_t first, end; /* columns */
    unsigned known;    /* of what follows: the last rows, the newest first */
    int64_t at_ns[3];
    double totals[3][PLOT_MAX_RATES];
};

/*
 * A row with these totals is about to be added: the frame's last row gets its
 * rates, from its time to this one. To be called before plot_frame_row().
 */
void plot_rates_next(struct plot_rates *rates, struct plot_frame *frame,
                     int64_t at_ns, const double *totals);

/*
 * After the last row, which repeats the rates of the one before. A last
 * interval of less than half its predecessor is joined with that: one fault in
 * the last microsecond of a run is no million per second.
 */
void plot_rates_finish(const struct plot_rates *rates,
                       struct plot_frame *frame);

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
