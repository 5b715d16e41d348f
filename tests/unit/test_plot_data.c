/*
 * The numbers behind figures, against figures worked by hand or by a slower
 * way: what the sieve keeps, intervals, miss ratios, distributions, grids.
 */
#include <criterion/criterion.h>

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plot/plot_chart.h"
#include "plot/plot_figure.h"
#include "plot/plot_frame.h"
#include "plot/plot_grid.h"
#include "plot_fixture.h"

/* --- the sieve ------------------------------------------------------------ */

enum { MAX_ROWS = 6000, MAX_COLUMNS = 4, MAX_BUCKETS = 64 };

/* xorshift; the tests print its seed. */
static uint64_t draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

struct series {
    size_t rows, columns, buckets;
    int64_t at_ns[MAX_ROWS];
    double cells[MAX_ROWS][MAX_COLUMNS];
};

/* Uneven times, calm stretches and peaks. */
static void make_series(struct series *series, uint64_t *state)
{
    int64_t at_ns = 0;
    series->rows = 1 + draw(state) % MAX_ROWS;
    series->columns = 1 + draw(state) % MAX_COLUMNS;
    series->buckets = 1 + draw(state) % MAX_BUCKETS;
    for (size_t r = 0; r < series->rows; r++) {
        series->at_ns[r] = at_ns;
        at_ns += 1 + (int64_t)(draw(state) % 1000);
        for (size_t c = 0; c < series->columns; c++)
            series->cells[r][c] = draw(state) % 50 == 0
                                      ? (double)(draw(state) % 10000) - 5000
                                      : (double)(draw(state) % 10);
    }
}

/* Curve `curve`: a column, or after those the sum of the first ones. */
static double value_of(const double *cells, size_t columns, size_t curve)
{
    double sum = 0;
    if (curve < columns)
        return cells[curve];
    for (size_t c = 0; c <= curve - columns; c++)
        sum += cells[c];
    return sum;
}

static size_t bucket_of(const struct series *series, int64_t at_ns)
{
    int64_t end_ns = series->at_ns[series->rows - 1];
    double width = fmax(1, (double)end_ns / (double)series->buckets);
    return (size_t)((double)at_ns / width);
}

/* For each bucket and curve, the sieve has the extremes of all rows. */
static void check_extremes(const struct series *series,
                           const struct plot_frame *frame, size_t curve,
                           uint64_t seed)
{
    double all[2][MAX_BUCKETS + 1];
    double kept[2][MAX_BUCKETS + 1];
    for (size_t b = 0; b <= series->buckets; b++) {
        all[0][b] = kept[0][b] = (double)INFINITY;
        all[1][b] = kept[1][b] = (double)-INFINITY;
    }
    for (size_t r = 0; r < series->rows; r++) {
        size_t b = bucket_of(series, series->at_ns[r]);
        double value = value_of(series->cells[r], series->columns, curve);
        all[0][b] = fmin(all[0][b], value);
        all[1][b] = fmax(all[1][b], value);
    }
    for (size_t r = 0; r < frame->rows; r++) {
        size_t b = bucket_of(series, frame->at_ns[r]);
        double value =
            value_of(plot_frame_cells(frame, r), series->columns, curve);
        kept[0][b] = fmin(kept[0][b], value);
        kept[1][b] = fmax(kept[1][b], value);
    }
    for (size_t b = 0; b <= series->buckets; b++)
        cr_assert(all[0][b] == kept[0][b] && all[1][b] == kept[1][b],
                  "seed %llu: curve %zu, bucket %zu: [%g, %g], not [%g, %g]",
                  (unsigned long long)seed, curve, b, kept[0][b], kept[1][b],
                  all[0][b], all[1][b]);
}

static void sieve_series(const struct series *series, struct plot_frame *frame)
{
    plot_frame_init(frame, series->columns);
    cr_assert(plot_frame_sieve(frame, PLOT_CURVES_STACKED,
                               series->at_ns[series->rows - 1],
                               series->buckets));
    for (size_t r = 0; r < series->rows; r++) {
        double *cells = plot_frame_row(frame, series->at_ns[r]);
        cr_assert_not_null(cells);
        memcpy(cells, series->cells[r], series->columns * sizeof(*cells));
    }
}

Test(plot_frame, a_sieve_keeps_lows_and_highs_of_every_curve)
{
    static struct series series;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        uint64_t state = seed * UINT64_C(0x9E3779B97F4A7C15);
        struct plot_frame frame;
        make_series(&series, &state);
        sieve_series(&series, &frame);
        size_t curves = 2 * series.columns;
        for (size_t c = 0; c < curves; c++)
            check_extremes(&series, &frame, c, seed);
        /* what is finished is small; the last bucket is not finished */
        size_t last = series.rows - 1, tail = 0;
        while (tail <= last && bucket_of(&series, series.at_ns[last - tail]) ==
                                   bucket_of(&series, series.at_ns[last]))
            tail++;
        cr_assert_leq(frame.rows, 1 + 2 * curves * (series.buckets + 1) + tail);
        cr_assert_eq(frame.at_ns[0], 0);
        cr_assert_eq(frame.at_ns[frame.rows - 1], series.at_ns[last]);
        for (size_t r = 1; r < frame.rows; r++)
            cr_assert_lt(frame.at_ns[r - 1], frame.at_ns[r]);
        plot_frame_release(&frame);
    }
}

Test(plot_frame, columns_that_are_not_kept_go)
{
    static const bool is_kept[] = {true, false, true};
    struct plot_frame frame;
    plot_frame_init(&frame, 3);
    for (int row = 0; row < 5; row++) {
        double *cells = plot_frame_row(&frame, row);
        for (int c = 0; c < 3; c++)
            cells[c] = 10 * row + c;
    }
    plot_frame_keep(&frame, is_kept);
    cr_assert_eq(frame.columns, 2);
    for (size_t row = 0; row < 5; row++) {
        cr_assert_eq(plot_frame_cells(&frame, row)[0], (double)(10 * row));
        cr_assert_eq(plot_frame_cells(&frame, row)[1], (double)(10 * row + 2));
    }
    plot_frame_release(&frame);
}

/* --- the grid ------------------------------------------------------------- */

Test(plot_grid, shares_are_those_of_a_sum_by_nanosecond)
{
    enum { COLUMNS = 7, ROWS = 3, END = 1000 };
    for (uint64_t seed = 1; seed <= 100; seed++) {
        uint64_t state = seed * UINT64_C(0x9E3779B97F4A7C15);
        struct plot_grid grid;
        static double slow[ROWS][END];
        memset(slow, 0, sizeof(slow));
        cr_assert(plot_grid_init(&grid, COLUMNS, ROWS, END));
        for (int n = 0; n < 20; n++) {
            size_t row = draw(&state) % ROWS;
            int64_t from = (int64_t)(draw(&state) % 1200) - 100;
            int64_t to = from + (int64_t)(draw(&state) % 500);
            plot_grid_add(&grid, row, PLOT_GRID_RESIDENT, from, to, 1);
            for (int64_t at = from < 0 ? 0 : from; at < to && at < END; at++)
                slow[row][at]++;
        }
        for (size_t row = 0; row < ROWS; row++)
            grid.weight[row] = 20;
        plot_grid_finish(&grid);
        for (size_t row = 0; row < ROWS; row++) {
            for (size_t c = 0; c < COLUMNS; c++) {
                /* a nanosecond may be in two columns */
                double from = (double)c * END / COLUMNS;
                double to = (double)(c + 1) * END / COLUMNS;
                double sum = 0;
                for (size_t at = (size_t)from; at < END && at < to; at++)
                    sum += slow[row][at] *
                           (fmin(to, (double)at + 1) - fmax(from, (double)at));
                double found =
                    grid.cells[PLOT_GRID_RESIDENT][row * COLUMNS + c];
                double wanted = sum / (20 * (double)END / COLUMNS);
                cr_assert(fabs(found - wanted) < 1e-9,
                          "seed %llu: row %zu, column %zu: %g, not %g",
                          (unsigned long long)seed, row, c, found, wanted);
            }
        }
        plot_grid_release(&grid);
    }
}

Test(plot_grid, a_single_event_marks_its_cell)
{
    struct plot_grid grid;
    cr_assert(plot_grid_init(&grid, 10, 2, 100));
    plot_grid_mark(&grid, 1, 55, PLOT_GRID_RETURNED);
    plot_grid_mark(&grid, 1, 56, PLOT_GRID_RECLAIMED);
    plot_grid_mark(&grid, 0, 100, PLOT_GRID_RECLAIMED);
    cr_assert_eq(grid.marks[1 * 10 + 5], PLOT_GRID_RETURNED);
    cr_assert_eq(grid.marks[0 * 10 + 9], PLOT_GRID_RECLAIMED);
    size_t marked = 0;
    for (size_t n = 0; n < 20; n++)
        marked += grid.marks[n] != PLOT_GRID_CALM;
    cr_assert_eq(marked, 2);
    plot_grid_release(&grid);
}

/* --- charts --------------------------------------------------------------- */

struct charted {
    sqlite3 *db;
    struct plot_request request;
    struct plot_runs runs;
    struct plot_chart chart;
    char message[PLOT_MESSAGE_BYTES];
};

static void open_charted(struct charted *of, const char *rows)
{
    *of = (struct charted){.request = {.database = "test"}};
    cr_assert_eq(sqlite3_open(":memory:", &of->db), SQLITE_OK);
    create_schema(of->db);
    run_sql(of->db, rows);
    cr_assert_eq(plot_runs_select(of->db, &of->request, SIZE_MAX, &of->runs,
                                  of->message),
                 PLOT_OK, "%s", of->message);
}

static void close_charted(struct charted *of)
{
    plot_chart_release(&of->chart);
    plot_runs_release(&of->runs);
    sqlite3_close(of->db);
}

static void check_near(double found, double wanted, const char *what)
{
    cr_assert(fabs(found - wanted) <= 1e-6 * fmax(1, fabs(wanted)),
              "%s: %.10g, not %.10g", what, found, wanted);
}

/*
 * a and b, seeds 1 to 3, two memory sizes; b is always 1 more than a with 100
 * pages. Run 20 repeats run 1 with another outcome, run 21 never ended, run 22
 * is a variant of b.
 */
static const char compared_sql[] =
    "INSERT INTO run (run_id, name, policy, status, seed, memory_pages,"
    " page_size, params, sim_ns) VALUES"
    " (1, 's', 'a', 'ok', 1, 100, 4096, '{}', 10),"
    " (2, 's', 'a', 'ok', 2, 100, 4096, '{}', 10),"
    " (3, 's', 'a', 'failed', 3, 100, 4096, '{}', 10),"
    " (4, 's', 'b', 'ok', 1, 100, 4096, '{\"k\": \"1\"}', 10),"
    " (5, 's', 'b', 'stopped', 2, 100, 4096, '{\"k\": \"1\"}', 10),"
    " (6, 's', 'b', 'ok', 3, 100, 4096, '{\"k\": \"1\"}', 10),"
    " (7, 's', 'a', 'ok', 1, 50, 4096, '{}', 10),"
    " (20, 's', 'a', 'ok', 1, 100, 4096, '{}', 10),"
    " (21, 's', 'a', 'interrupted', 4, 100, 4096, '{}', 10),"
    " (22, 's', 'b', 'ok', 1, 100, 4096, '{\"k\": \"2\"}', 10);"
    "INSERT INTO counter VALUES"
    " (1, 'faults_major', 900), (20, 'faults_major', 10),"
    " (2, 'faults_major', 20), (3, 'faults_major', 30),"
    " (4, 'faults_major', 11), (5, 'faults_major', 21),"
    " (6, 'faults_major', 31), (7, 'faults_major', 5),"
    " (21, 'faults_major', 700), (22, 'faults_major', 9);";

Test(plot_compare, bars_are_means_with_students_intervals)
{
    struct charted of;
    const char *metric = "faults_major";
    open_charted(&of, compared_sql);
    of.request.metrics = &metric;
    of.request.metric_count = 1;
    cr_assert_eq(
        plot_chart_compare(of.db, &of.request, &of.runs, &of.chart, of.message),
        PLOT_OK, "%s", of.message);
    cr_assert_eq(of.chart.panel_count, 1);
    cr_assert_eq(of.chart.groups.count, 2);
    cr_assert_str_eq(of.chart.groups.items[0].label, "50 pages");
    cr_assert_eq(of.chart.ticks.count, 6);
    cr_assert_str_eq(of.chart.ticks.items[0].label, "a");
    cr_assert_str_eq(of.chart.ticks.items[1].label, "b k=1");
    cr_assert_str_eq(of.chart.ticks.items[2].label, "b k=2");

    /* the baseline: one run of 50 pages; 10, 20, 30 with 100 */
    const struct plot_curve *base = &of.chart.curves[0];
    cr_assert_eq(base->count, 2);
    check_near(base->points[0].y, 5, "the mean of one");
    cr_assert_eq(base->points[0].mark, 2);
    check_near(base->points[1].y, 20, "the mean");
    /* t(0.95, 2) = 4.302652730, standard deviation 10 */
    check_near(base->points[1].high - 20, 4.302652730 * 10 / sqrt(3),
               "half the interval");
    check_near(20 - base->points[1].low, 4.302652730 * 10 / sqrt(3),
               "half the interval");

    /* b differs, seed by seed; its variant has one run, which can't */
    const struct plot_curve *others = &of.chart.curves[1];
    cr_assert_eq(others->count, 2);
    check_near(others->points[0].y, 21, "the mean of b");
    cr_assert_eq(others->points[0].mark, 1);
    check_near(others->points[1].y, 9, "the variant");
    cr_assert_eq(others->points[1].mark, 2);
    close_charted(&of);
}

static void check_refusal(struct charted *of, const char *text)
{
    plot_chart_release(&of->chart);
    cr_assert_eq(plot_chart_compare(of->db, &of->request, &of->runs, &of->chart,
                                    of->message),
                 PLOT_BAD_INPUT);
    cr_assert_not_null(strstr(of->message, text), "%s", of->message);
}

Test(plot_compare, what_there_is_not_is_named)
{
    struct charted of;
    const char *metric = "nosuch";
    open_charted(&of, compared_sql);
    of.request.baseline = "zz";
    check_refusal(&of, "--baseline 'zz' is in none of the runs; there are: a");
    of.request.baseline = NULL;
    of.request.metrics = &metric;
    of.request.metric_count = 1;
    check_refusal(&of, "--metric 'nosuch'");
    run_sql(of.db, "UPDATE run SET status = 'interrupted'");
    plot_runs_release(&of.runs);
    cr_assert_eq(
        plot_runs_select(of.db, &of.request, SIZE_MAX, &of.runs, of.message),
        PLOT_OK);
    check_refusal(&of, "none of the runs reached its end");
    close_charted(&of);
}

Test(plot_compare, a_baseline_may_be_any_policy)
{
    struct charted of;
    open_charted(&of, compared_sql);
    of.request.baseline = "b";
    cr_assert_eq(
        plot_chart_compare(of.db, &of.request, &of.runs, &of.chart, of.message),
        PLOT_OK, "%s", of.message);
    cr_assert_str_eq(of.chart.keys.items[0].label, "b k=1");
    cr_assert_str_eq(of.chart.ticks.items[1].label, "a");
    close_charted(&of);
}

Test(plot_mrc, curves_join_sizes_and_mark_samples)
{
    struct charted of;
    open_charted(
        &of,
        "INSERT INTO run (run_id, name, policy, status, seed, memory_pages,"
        " page_size, params, sim_ns) VALUES"
        " (1, 't', 'lru', 'ok', 1, 256, 1048576, '{}', 1),"
        " (2, 't', 'lru', 'ok', 1, 16, 1048576, '{}', 1),"
        " (3, 't', 'opt', 'ok', 1, 16, 1048576, '{}', 1),"
        " (4, 't', 'lru', 'ok', 1, 64, 1048576, '{\"sample\": \"0.01\"}', 1),"
        " (5, 't', 'opt', 'running', 1, 64, 1048576, '{}', 1),"
        " (6, 'u', 'lru', 'ok', 1, 16, 1048576, '{}', 1),"
        " (7, 'u', 'lru', 'ok', 2, 16, 1048576, '{}', 1);"
        "INSERT INTO counter SELECT run_id, 'accesses', 1000 FROM run;"
        "INSERT INTO counter SELECT run_id, 'faults_major', 100 * run_id"
        " FROM run;");
    cr_assert_eq(
        plot_chart_mrc(of.db, &of.request, &of.runs, &of.chart, of.message),
        PLOT_OK, "%s", of.message);
    cr_assert_eq(of.chart.panel_count, 2);
    cr_assert_str_eq(of.chart.panels[0].title, "t");
    cr_assert(of.chart.panels[0].is_x_log);
    cr_assert_not(of.chart.panels[1].is_x_log);
    cr_assert(of.chart.has_marked);
    /* t: lru, lru of a sample, opt; u: lru, the mean of two seeds */
    cr_assert_eq(of.chart.curve_count, 4);
    size_t lru = plot_ticks_find(&of.chart.keys, "lru");
    size_t found = 0;
    for (size_t c = 0; c < 4; c++) {
        const struct plot_curve *curve = &of.chart.curves[c];
        bool is_exact = curve->points[0].mark == 0;
        if (curve->panel == 0 && curve->style == lru && is_exact) {
            cr_assert_eq(curve->count, 2);
            check_near(curve->points[0].x, 16, "the smaller size");
            check_near(curve->points[0].y, 0.2, "its miss ratio");
            check_near(curve->points[1].x, 256, "the larger size");
            check_near(curve->points[1].y, 0.1, "its miss ratio");
            found++;
        } else if (curve->panel == 0 && curve->style == lru) {
            cr_assert_eq(curve->count, 1);
            check_near(curve->points[0].y, 0.4, "of the sample");
            found++;
        } else if (curve->panel == 1) {
            check_near(curve->points[0].y, 0.65, "the mean of two seeds");
            cr_assert_gt(curve->points[0].high, 0.65);
            found++;
        }
    }
    cr_assert_eq(found, 3);
    close_charted(&of);
}

Test(plot_latency, shares_are_of_what_took_longer)
{
    struct charted of;
    open_charted(
        &of,
        "INSERT INTO run (run_id, name, policy, status, seed, memory_pages,"
        " page_size, params) VALUES (1, 's', 'a', 'ok', 1, 9, 4096, '{}');"
        "INSERT INTO latency VALUES (1, 'w', 'access', 10, 90),"
        " (1, 'w', 'access', 1000, 9), (1, 'v', 'access', 100000, 1),"
        " (1, 'w', 'major_fault', 5000, 3);");
    cr_assert_eq(
        plot_chart_latency(of.db, &of.request, &of.runs, &of.chart, of.message),
        PLOT_OK, "%s", of.message);
    cr_assert_eq(of.chart.panel_count, 2);
    cr_assert_eq(of.chart.keys.count, 3); /* all, v, w */
    const struct plot_curve *all = &of.chart.curves[0];
    cr_assert_eq(all->count, 4);
    check_near(all->points[0].y, 1, "at first everything takes longer");
    check_near(all->points[1].x, 10, "the first bucket");
    check_near(all->points[1].y, 0.10, "past it");
    check_near(all->points[2].y, 0.01, "past the second");
    cr_assert_lt(all->points[3].y, of.chart.panels[0].y_min);
    check_near(of.chart.panels[0].y_min, 0.01, "one in a hundred");
    close_charted(&of);
}

Test(plot_latency, buckets_of_one_pixel_fall_at_the_last)
{
    struct charted of;
    open_charted(
        &of,
        "INSERT INTO run (run_id, name, policy, status, seed, memory_pages,"
        " page_size, params) VALUES (1, 's', 'a', 'ok', 1, 9, 4096, '{}');"
        "WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n"
        " WHERE i < 9999)"
        "INSERT INTO latency SELECT 1, 'w', 'access', 1000 + i, 1 FROM n;");
    cr_assert_eq(
        plot_chart_latency(of.db, &of.request, &of.runs, &of.chart, of.message),
        PLOT_OK, "%s", of.message);
    const struct plot_curve *curve = &of.chart.curves[0];
    cr_assert_lt(curve->count, 230);
    for (size_t n = 1; n + 1 < curve->count; n++)
        check_near(curve->points[n].y, (10999 - curve->points[n].x) / 10000,
                   "the share");
    check_near(curve->points[curve->count - 1].x, 10999, "the last bucket");
    close_charted(&of);
}

/* --- stacks --------------------------------------------------------------- */

/* More VMOs than layers; none of their pages may get lost. */
Test(plot_stacks, a_stack_is_as_high_as_its_parts)
{
    struct charted of;
    struct plot_kind kind = {.name = "attribution",
                             .curves = PLOT_CURVES_STACKED};
    struct plot_panel panel = {.has_data = false};
    struct plot_figure figure = {
        .kind = &kind, .panels = &panel, .panel_count = 1};
    open_charted(
        &of,
        "INSERT INTO run (run_id, name, policy, status, seed, memory_pages,"
        " page_size, params) VALUES (1, 's', 'a', 'ok', 1, 9, 1048576, '{}');"
        "WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n"
        " WHERE i < 4999)"
        "INSERT INTO tick (run_id, tick_ns, unattributed)"
        " SELECT 1, i * 1000, i % 7 FROM n;"
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n"
        " WHERE i < 40)"
        "INSERT INTO vmo (run_id, vmo_id, name) SELECT 1, i, 'v' || i FROM n;"
        "INSERT INTO tick_vmo (run_id, tick_ns, vmo_id, committed)"
        " SELECT 1, tick_ns, vmo_id, vmo_id + tick_ns / 1000 % 11"
        " FROM tick, vmo WHERE tick_ns % 5000 <> 3000;"
        /* one sample long, and not among the ticks that are looked at */
        "INSERT INTO vmo (run_id, vmo_id, name) VALUES (1, 99, 'short');"
        "INSERT INTO tick_vmo (run_id, tick_ns, vmo_id, committed)"
        " VALUES (1, 2503000, 99, 100000);");
    panel.run = &of.runs.items[0];
    cr_assert_eq(plot_read_attribution(of.db, &figure), SQLITE_OK);
    cr_assert(panel.has_data);
    bool has_peak = false;
    for (size_t r = 0; r < panel.frame.rows; r++) {
        int64_t n = panel.frame.at_ns[r] / 1000;
        double wanted = (double)(n % 7);
        if (n % 5 != 3)
            wanted += 820 + 40 * (double)(n % 11);
        wanted += n == 2503 ? 100000 : 0;
        has_peak |= n == 2503;
        double sum = 0;
        for (size_t c = 0; c < panel.frame.columns; c++)
            sum += plot_frame_cells(&panel.frame, r)[c];
        check_near(sum, wanted, "the height");
    }
    cr_assert(has_peak);
    cr_assert_eq(figure.layer_count, 13); /* 11, others, unattributed */
    for (size_t n = 0; n < figure.layer_count; n++) {
        free(figure.layers[n].name);
        free(figure.layers[n].label);
    }
    plot_frame_release(&panel.frame);
    close_charted(&of);
}
