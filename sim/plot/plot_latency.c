/*
 * Latencies as complementary distributions: which share took longer than that,
 * both scales logarithmic, so that the tail has as much room as the rest. A
 * panel for each kind of latency, a curve for each run, over all its workloads;
 * of a single run each workload has a curve too.
 *
 * A curve is a staircase that falls at the upper ends of the histogram's
 * buckets. Buckets that would share a pixel fall together, at the last of them:
 * nothing gets lost, and nothing is drawn faster than it was.
 */
#include "plot/plot_chart.h"
#include "plot/plot_fail.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

enum {
    COLUMNS_PER_DECADE = 200,
    MAX_WORKLOADS = 11, /* curves beside that of all */
};

/* The floor of the scale: a share that one value in so many has. */
#define LEAST_SHARE 1e-9

struct latency_kind {
    const char *name; /* as in the table */
    const char *title;
};

static const struct latency_kind kinds[] = {
    {"access", "accesses"},
    {"major_fault", "major faults"},
    {"decompress", "decompressions"},
    {"alloc_wait", "waits for memory"},
};

/* What is read for a curve: the buckets of a run's kind, of one workload or,
 * with NULL, of all. */
static const char buckets_sql[] =
    "SELECT upper_ns, sum(count) FROM latency "
    "WHERE run_id = ?1 AND kind = ?2 AND (?3 IS NULL OR workload = ?3) "
    "GROUP BY upper_ns ORDER BY upper_ns";

static const char total_sql[] =
    "SELECT total(count) FROM latency "
    "WHERE run_id = ?1 AND kind = ?2 AND (?3 IS NULL OR workload = ?3)";

struct source {
    const struct plot_run *run;
    const char *workload; /* NULL: all */
    size_t style;
};

struct reader {
    sqlite3 *db;
    sqlite3_stmt *buckets, *total;
    struct plot_chart *chart;
    double least_ns, most_ns; /* of all curves */
};

static void bind(sqlite3_stmt *statement, const struct source *source,
                 const char *kind)
{
    sqlite3_reset(statement);
    sqlite3_bind_int64(statement, 1, source->run->id);
    sqlite3_bind_text(statement, 2, kind, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 3, source->workload, -1, SQLITE_STATIC);
}

static int count_values(const struct reader *reader,
                        const struct source *source, const char *kind,
                        double *total)
{
    bind(reader->total, source, kind);
    int status = sqlite3_step(reader->total);
    *total = status == SQLITE_ROW ? sqlite3_column_double(reader->total, 0) : 0;
    return sqlite3_reset(reader->total);
}

static long pixel_of(double upper_ns)
{
    return lround(floor(log10(fmax(upper_ns, 1)) * COLUMNS_PER_DECADE));
}

/* A stair at `upper_ns`; the one before it is taken back if it would share its
 * pixel. */
static bool add_stair(struct plot_curve *curve, double upper_ns, double share)
{
    struct plot_point *last =
        curve->count > 1 ? &curve->points[curve->count - 1] : NULL;
    if (last && pixel_of(last->x) == pixel_of(upper_ns))
        curve->count--;
    return plot_curve_add(
        curve, (struct plot_point){upper_ns, share, share, share, 0});
}

/* Curves begin at the left edge, where everything takes longer. */
static bool begin_curve(struct plot_curve *curve)
{
    return plot_curve_add(curve, (struct plot_point){1e-3, 1, 1, 1, 0});
}

/* The decade below the smallest share that a curve can show. */
static double floor_below(double share)
{
    double decade = pow(10, floor(log10(share)));
    return fmax(LEAST_SHARE, fmin(decade, 1e-2));
}

static int read_curve(struct reader *reader, const struct source *source,
                      const char *kind, double total, struct plot_curve *curve)
{
    double passed = 0;
    int status;
    bind(reader->buckets, source, kind);
    if (!begin_curve(curve))
        return SQLITE_NOMEM;
    while ((status = sqlite3_step(reader->buckets)) == SQLITE_ROW) {
        double upper_ns =
            fmax(1, (double)sqlite3_column_int64(reader->buckets, 0));
        passed += sqlite3_column_double(reader->buckets, 1);
        /* the last stair falls to the floor and past it */
        double share = fmax((total - passed) / total, LEAST_SHARE / 10);
        reader->least_ns = fmin(reader->least_ns, upper_ns);
        reader->most_ns = fmax(reader->most_ns, upper_ns);
        if (!add_stair(curve, upper_ns, share))
            return SQLITE_NOMEM;
    }
    struct plot_chart_panel *panel = &reader->chart->panels[curve->panel];
    panel->y_min = fmin(panel->y_min, floor_below(1 / total));
    sqlite3_reset(reader->buckets);
    return status == SQLITE_DONE ? SQLITE_OK : status;
}

static bool begin_panel(struct plot_chart *chart,
                        const struct latency_kind *kind)
{
    struct plot_chart_panel *panel =
        plot_chart_panel(chart, kind->title, "share that took longer");
    if (panel)
        panel->y_min = panel->y_max = 1;
    return panel != NULL;
}

/* The panel of a kind, once some source has values of it. */
static int read_kind(struct reader *reader, const struct latency_kind *kind,
                     const struct source *sources, size_t count)
{
    struct plot_chart *chart = reader->chart;
    bool is_begun = false;
    for (size_t s = 0; s < count; s++) {
        double total;
        int status = count_values(reader, &sources[s], kind->name, &total);
        if (status != SQLITE_OK)
            return status;
        if (!(total > 0))
            continue;
        if (!is_begun && !begin_panel(chart, kind))
            return SQLITE_NOMEM;
        is_begun = true;
        struct plot_curve *curve =
            plot_chart_curve(chart, chart->panel_count - 1, sources[s].style);
        if (!curve)
            return SQLITE_NOMEM;
        status = read_curve(reader, &sources[s], kind->name, total, curve);
        if (status != SQLITE_OK)
            return status;
    }
    return SQLITE_OK;
}

static int read_kinds(struct reader *reader, const struct source *sources,
                      size_t count)
{
    int status =
        sqlite3_prepare_v2(reader->db, buckets_sql, -1, &reader->buckets, NULL);
    if (status == SQLITE_OK)
        status =
            sqlite3_prepare_v2(reader->db, total_sql, -1, &reader->total, NULL);
    for (size_t k = 0; k < COUNT_OF(kinds) && status == SQLITE_OK; k++)
        status = read_kind(reader, &kinds[k], sources, count);
    sqlite3_finalize(reader->buckets);
    sqlite3_finalize(reader->total);
    return status;
}

/* --- sources -------------------------------------------------------------- */

static bool has_namesake(const struct plot_runs *runs, size_t run)
{
    for (size_t r = 0; r < runs->count; r++)
        if (r != run &&
            strcmp(runs->items[r].name, runs->items[run].name) == 0 &&
            strcmp(runs->items[r].policy, runs->items[run].policy) == 0)
            return true;
    return false;
}

/* A source for each run; `sources` has room. */
static bool add_runs(const struct plot_runs *runs, struct source *sources,
                     struct plot_chart *chart)
{
    for (size_t r = 0; r < runs->count; r++) {
        const struct plot_run *run = &runs->items[r];
        char label[256];
        char id[32] = "";
        if (has_namesake(runs, r))
            snprintf(id, sizeof(id), " (run %lld)", (long long)run->id);
        if (runs->count > 1)
            plot_run_label(runs, run, label, sizeof(label) - sizeof(id));
        else
            snprintf(label, sizeof(label), "all workloads");
        strcat(label, id);
        if (!plot_ticks_add(&chart->keys, 0, label))
            return false;
        sources[r] = (struct source){run, NULL, r};
    }
    return true;
}

/* The workloads of a run, into `sources` after the `*count` that are there;
 * their names are the keys'. */
static int add_workloads(sqlite3 *db, const struct plot_run *run,
                         struct source *sources, size_t *count,
                         struct plot_chart *chart)
{
    sqlite3_stmt *statement = NULL;
    size_t first = chart->keys.count;
    int status = sqlite3_prepare_v2(db,
                                    "SELECT DISTINCT workload FROM latency "
                                    "WHERE run_id = ?1 ORDER BY workload",
                                    -1, &statement, NULL);
    sqlite3_bind_int64(statement, 1, run->id);
    while (status == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW &&
           chart->keys.count - first < MAX_WORKLOADS) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        if (!plot_ticks_add(&chart->keys, 0, name ? name : ""))
            status = SQLITE_NOMEM;
    }
    sqlite3_finalize(statement);
    if (chart->keys.count - first < 2)
        return status; /* one workload is all workloads */
    for (size_t k = first; k < chart->keys.count; k++)
        sources[(*count)++] =
            (struct source){run, chart->keys.items[k].label, k};
    return status;
}

/* --- the chart ------------------------------------------------------------ */

static void scale_panels(const struct reader *reader)
{
    struct plot_chart *chart = reader->chart;
    for (size_t p = 0; p < chart->panel_count; p++) {
        struct plot_chart_panel *panel = &chart->panels[p];
        panel->x_min = reader->least_ns / 2;
        panel->x_max = reader->most_ns * 2;
        panel->is_x_log = true;
    }
}

/* Runs of one scenario are told apart by their policies. */
static void write_note(const struct plot_runs *runs, struct plot_chart *chart)
{
    bool is_one_name = true;
    for (size_t r = 1; r < runs->count; r++)
        is_one_name &= strcmp(runs->items[r].name, runs->items[0].name) == 0;
    if (runs->count == 1)
        snprintf(chart->note, sizeof(chart->note), "%.100s/%.60s",
                 runs->items[0].name, runs->items[0].policy);
    else
        snprintf(chart->note, sizeof(chart->note), "%.100s%sall workloads",
                 is_one_name ? runs->items[0].name : "",
                 is_one_name ? ", " : "");
}

enum plot_status plot_chart_latency(sqlite3 *db,
                                    const struct plot_request *request,
                                    const struct plot_runs *runs,
                                    struct plot_chart *chart, char *message)
{
    static const struct plot_chart_pixels pixels = {
        .two_columns = 1300, .key = 200, .only_row = 440, .row = 350};
    (void)request;
    struct reader reader = {
        .db = db, .chart = chart, .least_ns = (double)INFINITY};
    size_t count = runs->count;
    struct source *sources =
        calloc(runs->count + MAX_WORKLOADS, sizeof(*sources));
    int status = SQLITE_NOMEM;
    if (sources && add_runs(runs, sources, chart))
        status = runs->count == 1 ? add_workloads(db, &runs->items[0], sources,
                                                  &count, chart)
                                  : SQLITE_OK;
    if (status == SQLITE_OK)
        status = read_kinds(&reader, sources, count);
    free(sources);
    if (status == SQLITE_NOMEM)
        return plot_fail_memory(message);
    if (status != SQLITE_OK)
        return plot_fail_sql(db, message);
    if (chart->panel_count == 0) {
        snprintf(message, PLOT_MESSAGE_BYTES,
                 "nothing to draw: no run has latencies (record.latency: "
                 "true, and a workload)");
        return PLOT_BAD_INPUT;
    }
    scale_panels(&reader);
    write_note(runs, chart);
    plot_chart_lay_out(chart, &pixels);
    return PLOT_OK;
}
