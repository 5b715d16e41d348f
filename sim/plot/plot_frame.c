/*
 * Thinning keeps whole rows, at their own times: what remains are samples
 * that were taken, never averages, so a peak one tick long stays a peak.
 */
#include "plot/plot_frame.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static void sieve_free(struct plot_sieve *sieve);
static bool sieve_next(struct plot_sieve *sieve, struct plot_frame *frame,
                       int64_t at_ns);

void plot_frame_init(struct plot_frame *frame, size_t columns)
{
    *frame = (struct plot_frame){.columns = columns};
}

void plot_frame_release(struct plot_frame *frame)
{
    free(frame->at_ns);
    free(frame->cells);
    sieve_free(frame->sieve);
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
    if (frame->sieve && !sieve_next(frame->sieve, frame, at_ns))
        return NULL;
    if (frame->rows == frame->capacity && !grow(frame))
        return NULL;
    double *cells = plot_frame_cells(frame, frame->rows);
    for (size_t c = 0; c < frame->columns; c++)
        cells[c] = 0;
    frame->at_ns[frame->rows++] = at_ns;
    return cells;
}

void plot_frame_keep(struct plot_frame *frame, const bool *is_kept)
{
    size_t columns = 0;
    sieve_free(frame->sieve); /* it knows the old columns */
    frame->sieve = NULL;
    for (size_t c = 0; c < frame->columns; c++)
        columns += is_kept[c];
    double *to = frame->cells;
    for (size_t r = 0; r < frame->rows; r++) {
        const double *from = plot_frame_cells(frame, r);
        for (size_t c = 0; c < frame->columns; c++)
            if (is_kept[c])
                *to++ = from[c];
    }
    frame->columns = columns;
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

static void set_rates(const struct plot_rates *rates, struct plot_frame *frame,
                      size_t row, int64_t span_ns, const double *newer,
                      const double *older)
{
    double *cells = plot_frame_cells(frame, row);
    for (size_t c = rates->first; c < rates->end; c++) {
        double amount = newer[c - rates->first] - older[c - rates->first];
        cells[c] = span_ns > 0 ? amount / ((double)span_ns * 1e-9) : 0;
    }
}

void plot_rates_next(struct plot_rates *rates, struct plot_frame *frame,
                     int64_t at_ns, const double *totals)
{
    size_t size = (rates->end - rates->first) * sizeof(*totals);
    CHECK(rates->end - rates->first <= PLOT_MAX_RATES);
    if (rates->known > 0)
        set_rates(rates, frame, frame->rows - 1, at_ns - rates->at_ns[0],
                  totals, rates->totals[0]);
    for (unsigned n = 2; n > 0; n--) {
        rates->at_ns[n] = rates->at_ns[n - 1];
        memcpy(rates->totals[n], rates->totals[n - 1], size);
    }
    rates->at_ns[0] = at_ns;
    memcpy(rates->totals[0], totals, size);
    rates->known += rates->known < 3;
}

void plot_rates_finish(const struct plot_rates *rates, struct plot_frame *frame)
{
    const int64_t *at = rates->at_ns;
    if (rates->known < 2)
        return;
    bool is_sliver = rates->known > 2 && 2 * (at[0] - at[1]) < at[1] - at[2];
    unsigned from = is_sliver ? 2 : 1;
    /* a sieve may have dropped rows of the interval, but not the last */
    for (size_t row = frame->rows; row > 0 && frame->at_ns[row - 1] >= at[from];
         row--)
        set_rates(rates, frame, row - 1, at[0] - at[from], rates->totals[0],
                  rates->totals[from]);
}

/* --- ranges --------------------------------------------------------------- */

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
    struct extremes *extremes; /* owned; one for each curve */
    size_t curves;
    bool *is_kept; /* owned; one for each row */
    size_t room;   /* of is_kept */
};

static size_t curve_count(const struct plot_frame *frame,
                          enum plot_curves curves)
{
    return curves == PLOT_CURVES_STACKED ? 2 * frame->columns : frame->columns;
}

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

/* Row `row`, of which the marks are at `index`. */
static void note_row(struct thinning *thin, size_t row, size_t index)
{
    const double *cells = plot_frame_cells(thin->frame, row);
    size_t columns = thin->frame->columns;
    double sum = 0;
    for (size_t c = 0; c < columns; c++) {
        note(&thin->extremes[c], cells[c], index);
        sum += cells[c];
        if (thin->curves > columns)
            note(&thin->extremes[columns + c], sum, index);
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
        note_row(thin, r, r);
    }
    end_bucket(thin);
    thin->is_kept[0] = true;
    thin->is_kept[rows - 1] = true;
    size_t kept = 0;
    for (size_t r = 0; r < rows; r++)
        kept += thin->is_kept[r];
    return kept;
}

/* Rows before `first` stay as they are. */
static void drop_unkept(struct plot_frame *frame, size_t first,
                        const bool *is_kept)
{
    size_t rows = first;
    for (size_t r = first; r < frame->rows; r++) {
        if (!is_kept[r - first])
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
    if (frame->rows <= buckets || frame->columns == 0)
        return true;
    struct thinning thin = {
        .frame = frame,
        .curves = curve_count(frame, curves),
        .is_kept = calloc(frame->rows, sizeof(bool)),
    };
    thin.extremes = calloc(thin.curves, sizeof(*thin.extremes));
    bool is_well = thin.is_kept && thin.extremes;
    if (is_well) {
        while (mark(&thin, buckets) > max_rows && buckets > 1)
            buckets /= 2;
        drop_unkept(frame, 0, thin.is_kept);
    }
    free(thin.is_kept);
    free(thin.extremes);
    return is_well;
}

/* --- the sieve ------------------------------------------------------------ */

/* The rows since `first` belong to one bucket, which goes on. */
struct plot_sieve {
    struct thinning thin; /* is_kept is that of the bucket's rows */
    double bucket_ns;
    size_t first, bucket;
};

bool plot_frame_sieve(struct plot_frame *frame, enum plot_curves curves,
                      int64_t end_ns, size_t buckets)
{
    struct plot_sieve *sieve = calloc(1, sizeof(*sieve));
    CHECK(frame->rows == 0 && !frame->sieve);
    if (!sieve)
        return false;
    frame->sieve = sieve;
    sieve->bucket_ns = fmax(1, (double)end_ns / (double)buckets);
    sieve->thin.frame = frame;
    sieve->thin.curves = curve_count(frame, curves);
    sieve->thin.extremes =
        calloc(sieve->thin.curves, sizeof(*sieve->thin.extremes));
    return sieve->thin.extremes != NULL;
}

static void sieve_free(struct plot_sieve *sieve)
{
    if (!sieve)
        return;
    free(sieve->thin.extremes);
    free(sieve->thin.is_kept);
    free(sieve);
}

/* Room for a mark on each row of the bucket. */
static bool reserve_marks(struct thinning *thin, size_t rows)
{
    if (rows <= thin->room)
        return true;
    bool *is_kept = realloc(thin->is_kept, 2 * rows * sizeof(*is_kept));
    if (!is_kept)
        return false;
    thin->is_kept = is_kept;
    thin->room = 2 * rows;
    return true;
}

/* The bucket is over: its extremes stay. */
static bool sieve_bucket(struct plot_sieve *sieve, struct plot_frame *frame)
{
    size_t rows = frame->rows - sieve->first;
    struct thinning *thin = &sieve->thin;
    if (!reserve_marks(thin, rows))
        return false;
    memset(thin->is_kept, 0, rows * sizeof(*thin->is_kept));
    for (size_t r = 0; r < rows; r++)
        note_row(thin, sieve->first + r, r);
    end_bucket(thin);
    if (sieve->first == 0)
        thin->is_kept[0] = true;
    drop_unkept(frame, sieve->first, thin->is_kept);
    return true;
}

/* A row of that time comes next. */
static bool sieve_next(struct plot_sieve *sieve, struct plot_frame *frame,
                       int64_t at_ns)
{
    size_t bucket = at_ns > 0 ? (size_t)((double)at_ns / sieve->bucket_ns) : 0;
    if (bucket == sieve->bucket)
        return true;
    if (frame->rows > sieve->first && !sieve_bucket(sieve, frame))
        return false;
    sieve->bucket = bucket;
    sieve->first = frame->rows;
    return true;
}
