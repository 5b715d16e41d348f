/*
 * Thinning keeps whole rows, at their own times: what remains are samples
 * that were taken, never averages, so a peak one tick long stays a peak.
 */
#include "plot/plot_frame.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void plot_frame_init(struct plot_frame *frame, size_t columns)
{
    *frame = (struct plot_frame){.columns = columns};
}

void plot_frame_release(struct plot_frame *frame)
{
    free(frame->at_ns);
    free(frame->cells);
    *frame = (struct plot_frame){.columns = frame->columns};
}

static bool grow(struct plot_frame *frame)
{
    size_t capacity = frame->capacity > 0 ? 2 * frame->capacity : 64;
    int64_t *at_ns = realloc(frame->at_ns, capacity * sizeof(*at_ns));
    if (!at_ns)
        return false;
    frame->at_ns = at_ns;
    double *cells =
        realloc(frame->cells, capacity * frame->columns * sizeof(*cells));
    if (!cells)
        return false;
    frame->cells = cells;
    frame->capacity = capacity;
    return true;
}

double *plot_frame_cells(const struct plot_frame *frame, size_t row)
{
    return frame->cells + row * frame->columns;
}

double *plot_frame_row(struct plot_frame *frame, int64_t at_ns)
{
    if (frame->rows > 0 && frame->at_ns[frame->rows - 1] == at_ns)
        return plot_frame_cells(frame, frame->rows - 1);
    if (frame->rows == frame->capacity && !grow(frame))
        return NULL;
    double *cells = plot_frame_cells(frame, frame->rows);
    for (size_t c = 0; c < frame->columns; c++)
        cells[c] = 0;
    frame->at_ns[frame->rows++] = at_ns;
    return cells;
}

double plot_frame_peak(const struct plot_frame *frame, size_t column)
{
    double peak = 0;
    for (size_t r = 0; r < frame->rows; r++) {
        const double *cells = plot_frame_cells(frame, r);
        double value = 0;
        if (column < frame->columns)
            value = cells[column];
        for (size_t c = 0; column == frame->columns && c < column; c++)
            value += cells[c];
        if (isfinite(value) && value > peak)
            peak = value;
    }
    return peak;
}

/* --- rates ---------------------------------------------------------------- */

static double rate(const struct plot_frame *frame, size_t from, size_t to,
                   size_t column)
{
    double seconds = (double)(frame->at_ns[to] - frame->at_ns[from]) * 1e-9;
    double amount = plot_frame_cells(frame, to)[column] -
                    plot_frame_cells(frame, from)[column];
    return amount / seconds;
}

/* The first row of the last interval, as the header tells it. */
static size_t last_interval(const struct plot_frame *frame)
{
    size_t last = frame->rows - 1;
    if (last < 2)
        return 0;
    const int64_t *at = frame->at_ns;
    bool is_short = 2 * (at[last] - at[last - 1]) < at[last - 1] - at[last - 2];
    return is_short ? last - 2 : last - 1;
}

static void column_rates(struct plot_frame *frame, size_t column)
{
    size_t last = frame->rows - 1;
    size_t tail = last_interval(frame);
    double tail_rate = rate(frame, tail, last, column);
    for (size_t r = 0; r < tail; r++)
        plot_frame_cells(frame, r)[column] = rate(frame, r, r + 1, column);
    for (size_t r = tail; r <= last; r++)
        plot_frame_cells(frame, r)[column] = tail_rate;
}

void plot_frame_rates(struct plot_frame *frame, size_t first, size_t end)
{
    for (size_t c = first; c < end; c++) {
        if (frame->rows > 1)
            column_rates(frame, c);
        else if (frame->rows == 1)
            frame->cells[c] = 0;
    }
}

static size_t bucket_of(const struct plot_frame *frame, size_t row,
                        size_t buckets)
{
    int64_t span_ns = frame->at_ns[frame->rows - 1] - frame->at_ns[0];
    int64_t past_ns = frame->at_ns[row] - frame->at_ns[0];
    /* the product first: then a time that divides the span evenly is exact */
    size_t bucket =
        (size_t)((double)past_ns * (double)buckets / (double)span_ns);
    return bucket < buckets ? bucket : buckets - 1;
}

/* The first row that does not belong to the interval of `from`. */
static size_t interval_end(const struct plot_frame *frame, size_t from,
                           size_t intervals)
{
    size_t last = frame->rows - 1;
    size_t row = from + 1;
    if (last <= 2 * intervals)
        return row;
    size_t bucket = bucket_of(frame, from, intervals);
    while (row < last && bucket_of(frame, row, intervals) == bucket)
        row++;
    return row;
}

/* Mean, lowest and highest of a column over rows [from, end). */
static void column_range(const struct plot_frame *frame, size_t column,
                         size_t from, size_t end, double *range)
{
    double amount = 0;
    double low = plot_frame_cells(frame, from)[column];
    double high = low;
    for (size_t r = from; r < end; r++) {
        double value = plot_frame_cells(frame, r)[column];
        low = fmin(low, value);
        high = fmax(high, value);
        amount += value * (double)(frame->at_ns[r + 1] - frame->at_ns[r]);
    }
    double mean = amount / (double)(frame->at_ns[end] - frame->at_ns[from]);
    range[column] = fmax(low, fmin(high, mean));
    range[frame->columns + column] = low;
    range[2 * frame->columns + column] = high;
}

/* The rows of `out`, but the last. */
static bool fill_ranges(const struct plot_frame *frame, size_t intervals,
                        struct plot_frame *out)
{
    for (size_t from = 0; from + 1 < frame->rows;) {
        size_t end = interval_end(frame, from, intervals);
        double *range = plot_frame_row(out, frame->at_ns[from]);
        if (!range)
            return false;
        for (size_t c = 0; c < frame->columns; c++)
            column_range(frame, c, from, end, range);
        from = end;
    }
    return true;
}

bool plot_frame_ranges(struct plot_frame *frame, size_t intervals)
{
    struct plot_frame out;
    plot_frame_init(&out, 3 * frame->columns);
    bool is_well = fill_ranges(frame, intervals, &out);
    if (is_well && frame->rows > 0) {
        double *last = plot_frame_row(&out, frame->at_ns[frame->rows - 1]);
        is_well = last != NULL;
        if (is_well && out.rows > 1)
            memcpy(last, plot_frame_cells(&out, out.rows - 2),
                   out.columns * sizeof(*last));
    }
    struct plot_frame *useless = is_well ? frame : &out;
    plot_frame_release(useless);
    if (is_well)
        *frame = out;
    return is_well;
}

/* --- thinning ------------------------------------------------------------- */

/* Where the extremes of one curve lie, within one bucket. */
struct extremes {
    size_t low_row, high_row;
    double low, high;
    bool is_any;
};

struct thinning {
    const struct plot_frame *frame;
    struct extremes *extremes; /* one for each curve */
    size_t curves;
    bool *is_kept; /* one for each row */
};

static void note(struct extremes *extremes, double value, size_t row)
{
    if (isnan(value))
        return;
    if (!extremes->is_any || value < extremes->low) {
        extremes->low = value;
        extremes->low_row = row;
    }
    if (!extremes->is_any || value > extremes->high) {
        extremes->high = value;
        extremes->high_row = row;
    }
    extremes->is_any = true;
}

static void note_row(struct thinning *thin, size_t row)
{
    const double *cells = plot_frame_cells(thin->frame, row);
    size_t columns = thin->frame->columns;
    double sum = 0;
    for (size_t c = 0; c < columns; c++) {
        note(&thin->extremes[c], cells[c], row);
        sum += cells[c];
        if (thin->curves > columns)
            note(&thin->extremes[columns + c], sum, row);
    }
}

static void end_bucket(struct thinning *thin)
{
    for (size_t c = 0; c < thin->curves; c++) {
        if (thin->extremes[c].is_any) {
            thin->is_kept[thin->extremes[c].low_row] = true;
            thin->is_kept[thin->extremes[c].high_row] = true;
        }
        thin->extremes[c].is_any = false;
    }
}

/* Returns how many rows are kept. */
static size_t mark(struct thinning *thin, size_t buckets)
{
    size_t rows = thin->frame->rows;
    size_t bucket = 0;
    memset(thin->is_kept, 0, rows * sizeof(*thin->is_kept));
    for (size_t r = 0; r < rows; r++) {
        size_t next = bucket_of(thin->frame, r, buckets);
        if (next != bucket)
            end_bucket(thin);
        bucket = next;
        note_row(thin, r);
    }
    end_bucket(thin);
    thin->is_kept[0] = true;
    thin->is_kept[rows - 1] = true;
    size_t kept = 0;
    for (size_t r = 0; r < rows; r++)
        kept += thin->is_kept[r];
    return kept;
}

static void drop_unkept(struct plot_frame *frame, const bool *is_kept)
{
    size_t rows = 0;
    for (size_t r = 0; r < frame->rows; r++) {
        if (!is_kept[r])
            continue;
        frame->at_ns[rows] = frame->at_ns[r];
        memmove(plot_frame_cells(frame, rows), plot_frame_cells(frame, r),
                frame->columns * sizeof(*frame->cells));
        rows++;
    }
    frame->rows = rows;
}

bool plot_frame_thin(struct plot_frame *frame, enum plot_curves curves,
                     size_t buckets, size_t max_rows)
{
    if (frame->rows <= buckets)
        return true;
    struct thinning thin = {
        .frame = frame,
        .curves =
            curves == PLOT_CURVES_STACKED ? 2 * frame->columns : frame->columns,
        .is_kept = calloc(frame->rows, sizeof(bool)),
    };
    thin.extremes = calloc(thin.curves, sizeof(*thin.extremes));
    bool is_well = thin.is_kept && thin.extremes;
    if (is_well) {
        while (mark(&thin, buckets) > max_rows && buckets > 1)
            buckets /= 2;
        drop_unkept(frame, thin.is_kept);
    }
    free(thin.is_kept);
    free(thin.extremes);
    return is_well;
}
