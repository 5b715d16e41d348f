/*
 * Kinds drawn with lines: pressure and faults. Their columns come straight
 * from `tick`; totals become rates.
 */
#include "plot/plot_figure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bands of pressure are told apart to this part of the figure's width. */
#define BAND_BUCKETS 1000

struct line {
    const char *name;
    const char *label;
    uint32_t colour;
};

/* A value of a row; NULL is 0. Text is a level of memory pressure. */
static double read_value(sqlite3_stmt *row, int column)
{
    static const char *const levels[] = {"normal", "warning", "critical",
                                         "imminent_oom", "oom"};
    if (sqlite3_column_type(row, column) != SQLITE_TEXT)
        return sqlite3_column_double(row, column);
    const char *text = (const char *)sqlite3_column_text(row, column);
    for (size_t n = 0; n < sizeof(levels) / sizeof(levels[0]); n++)
        if (text && strcmp(text, levels[n]) == 0)
            return (double)n;
    return 0;
}

/* Read a statement's rows into a panel's frame: time first, then one value for
 * each column of the frame, some of which become rates. */
static int read_rows(sqlite3_stmt *statement, struct plot_panel *panel,
                     struct plot_rates rates)
{
    struct plot_frame *frame = &panel->frame;
    double values[PLOT_MAX_LAYERS] = {0};
    int status;
    sqlite3_bind_int64(statement, 1, panel->run->id);
    while ((status = sqlite3_step(statement)) == SQLITE_ROW) {
        int64_t at_ns = sqlite3_column_int64(statement, 0);
        for (size_t c = 0; c < frame->columns; c++)
            values[c] = read_value(statement, (int)c + 1);
        plot_rates_next(&rates, frame, at_ns, values + rates.first);
        double *cells = plot_frame_row(frame, at_ns);
        if (!cells)
            return SQLITE_NOMEM;
        for (size_t c = 0; c < frame->columns; c++)
            cells[c] = c < rates.first || c >= rates.end ? values[c] : 0;
    }
    plot_rates_finish(&rates, frame);
    return status == SQLITE_DONE ? SQLITE_OK : status;
}

/* Columns [first, end) are totals, of which the rates are read. */
static int read_panels(sqlite3 *db, const char *sql, struct plot_figure *figure,
                       size_t first, size_t end, bool is_sieved)
{
    sqlite3_stmt *statement = NULL;
    const struct plot_rates rates = {.first = first, .end = end};
    int status = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    for (size_t p = 0; p < figure->panel_count && status == SQLITE_OK; p++) {
        struct plot_panel *panel = &figure->panels[p];
        plot_frame_init(&panel->frame, figure->layer_count);
        if (is_sieved)
            status = plot_figure_sieve(db, figure, panel);
        if (status == SQLITE_OK)
            status = read_rows(statement, panel, rates);
        sqlite3_reset(statement);
        panel->has_data = panel->frame.rows > 1;
    }
    sqlite3_finalize(statement);
    return status;
}

static int add_lines(struct plot_figure *figure, const struct line *lines,
                     size_t count)
{
    int status = SQLITE_OK;
    for (size_t n = 0; n < count && status == SQLITE_OK; n++)
        status = plot_figure_layer(figure, lines[n].name, lines[n].label,
                                   lines[n].colour);
    return status;
}

/* --- pressure ------------------------------------------------------------- */

enum { FREE, STALL_SOME, STALL_FULL, LEVEL, PRESSURE_LINES };

static const struct line pressure_lines[PRESSURE_LINES] = {
    [FREE] = {"free", "free memory", 0x10233F},
    [STALL_SOME] = {"stall_some", "some threads stalled", 0x0072B2},
    [STALL_FULL] = {"stall_full", "all threads stalled", 0x8C2D04},
    [LEVEL] = {"level", "", 0},
};

/* From the table: v_pressure_series has the same. */
static const char pressure_sql[] =
    "SELECT tick_ns, free, stall_some_ns, stall_full_ns, level "
    "FROM tick WHERE run_id = ?1 ORDER BY tick_ns";

/* Lengthen the last band, or begin one. */
static void add_band(struct plot_panel *panel, int64_t from_ns, int64_t to_ns,
                     unsigned level)
{
    struct plot_band *last =
        panel->band_count > 0 ? &panel->bands[panel->band_count - 1] : NULL;
    if (level == 0)
        return;
    if (last && last->to_ns == from_ns && last->level == level)
        last->to_ns = to_ns;
    else
        panel->bands[panel->band_count++] =
            (struct plot_band){from_ns, to_ns, level};
}

/*
 * A level holds until the next sample. Samples closer than the figure can
 * show are taken together, the worst level counts.
 */
static bool make_bands(struct plot_panel *panel)
{
    const struct plot_frame *frame = &panel->frame;
    if (frame->rows < 2)
        return true;
    panel->bands = calloc(frame->rows, sizeof(*panel->bands));
    if (!panel->bands)
        return false;
    size_t last = frame->rows - 1;
    int64_t least_ns = (frame->at_ns[last] - frame->at_ns[0]) / BAND_BUCKETS;
    size_t from = 0;
    double worst = 0;
    for (size_t r = 0; r < last; r++) {
        worst = fmax(worst, plot_frame_cells(frame, r)[LEVEL]);
        bool is_long = frame->at_ns[r + 1] - frame->at_ns[from] >= least_ns;
        if (!is_long && r + 1 < last)
            continue;
        add_band(panel, frame->at_ns[from], frame->at_ns[r + 1],
                 (unsigned)worst);
        from = r + 1;
        worst = 0;
    }
    return true;
}

static void scale_column(struct plot_frame *frame, size_t column, double factor)
{
    for (size_t r = 0; r < frame->rows; r++)
        plot_frame_cells(frame, r)[column] *= factor;
}

/* The end of a scale that holds `percent`, at least a hundredth of all. */
static double round_up(double percent)
{
    static const double ends[] = {1, 2, 5, 10, 20, 50};
    for (size_t n = 0; n < sizeof(ends) / sizeof(ends[0]); n++)
        if (percent <= ends[n])
            return ends[n];
    return 100;
}

int plot_read_pressure(sqlite3 *db, struct plot_figure *figure)
{
    int status = add_lines(figure, pressure_lines, PRESSURE_LINES);
    if (status == SQLITE_OK)
        status = read_panels(db, pressure_sql, figure, STALL_SOME,
                             STALL_FULL + 1, true);
    for (size_t p = 0; p < figure->panel_count && status == SQLITE_OK; p++) {
        struct plot_panel *panel = &figure->panels[p];
        if (!make_bands(panel))
            return SQLITE_NOMEM;
        /* seconds to the second, in percent */
        scale_column(&panel->frame, STALL_SOME, 1e-7);
        scale_column(&panel->frame, STALL_FULL, 1e-7);
        scale_column(&panel->frame, FREE, panel->run->page_mib);
        figure->y_max =
            fmax(figure->y_max, plot_frame_peak(&panel->frame, FREE));
        figure->stall_max =
            fmax(figure->stall_max,
                 round_up(plot_frame_peak(&panel->frame, STALL_SOME)));
    }
    return status;
}

/* --- faults --------------------------------------------------------------- */

static const struct line fault_lines[] = {
    {"faults_minor", "minor faults", 0x999999},
    {"faults_major", "major faults", 0x000000},
    {"faults_cow", "copies on write", 0x56B4E9},
    {"faults_zero", "zero pages made", 0xE69F00},
    {"refaults", "refaults", 0xD55E00},
    {"evictions", "pages reclaimed", 0x0072B2},
};

static const char faults_sql[] =
    "SELECT tick_ns, faults_minor, faults_major, faults_cow, faults_zero, "
    "refaults, coalesce(evicted_pager, 0) + coalesce(evicted_compressed, 0) "
    "+ coalesce(evicted_discardable, 0) "
    "FROM tick WHERE run_id = ?1 ORDER BY tick_ns";

/* Rates of more than twice as many intervals are drawn as so many means, with
 * ranges. */
#define RATE_INTERVALS 288

/* Would the lowest line be flat on a linear scale? */
#define LOG_RATIO 10

static bool wants_log(const struct plot_figure *figure)
{
    double lowest = figure->y_max;
    for (size_t c = 0; c < figure->layer_count; c++) {
        double peak = 0;
        for (size_t p = 0; p < figure->panel_count; p++)
            peak = fmax(peak, plot_frame_peak(&figure->panels[p].frame, c));
        if (peak > 0)
            lowest = fmin(lowest, peak);
    }
    return figure->y_max > LOG_RATIO * lowest;
}

int plot_read_faults(sqlite3 *db, struct plot_figure *figure)
{
    size_t count = sizeof(fault_lines) / sizeof(fault_lines[0]);
    int status = add_lines(figure, fault_lines, count);
    if (status == SQLITE_OK)
        status = read_panels(db, faults_sql, figure, 0, count, false);
    for (size_t p = 0; p < figure->panel_count && status == SQLITE_OK; p++) {
        const struct plot_frame *frame = &figure->panels[p].frame;
        for (size_t c = 0; c < count; c++)
            figure->y_max = fmax(figure->y_max, plot_frame_peak(frame, c));
    }
    figure->is_log = wants_log(figure);
    for (size_t p = 0; p < figure->panel_count && status == SQLITE_OK; p++) {
        struct plot_frame *frame = &figure->panels[p].frame;
        if (frame->rows > 2 * RATE_INTERVALS + 1)
            figure->has_ranges = true;
        if (!plot_frame_ranges(frame, RATE_INTERVALS))
            status = SQLITE_NOMEM;
    }
    return status;
}
