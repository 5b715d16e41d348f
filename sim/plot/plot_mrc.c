/*
 * Miss-ratio curves: the share of accesses that missed, over the memory size.
 * A panel for each scenario or trace, a curve for each variant (a policy with
 * its parameters). Runs that differ in nothing but the seed are one point, with
 * a 95 % interval.
 *
 * A run over a sample of the pages is an estimate (SHARDS, Waldspurger et al.,
 * FAST 2015): its points are hollow and belong to the same curve's style.
 */
#include "plot/plot_chart.h"
#include "plot/plot_fail.h"
#include "record/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A run's place in the figure. */
struct sight {
    const struct plot_run *run; /* borrowed */
    double miss_ratio;
    size_t panel, style;
};

struct sights {
    struct sight *items; /* owned */
    size_t count;
};

enum { MARK_EXACT, MARK_SAMPLED };

/* Memory sizes of one panel that are so far apart want a logarithmic scale. */
#define LOG_RATIO 8

/* --- reading -------------------------------------------------------------- */

static int by_id(const void *left, const void *right)
{
    const struct sight *a = left;
    const struct sight *b = right;
    return (a->run->id > b->run->id) - (a->run->id < b->run->id);
}

static int read_rows(sqlite3_stmt *statement, const struct sights *sights)
{
    int status;
    while ((status = sqlite3_step(statement)) == SQLITE_ROW) {
        const struct plot_run run = {.id = sqlite3_column_int64(statement, 0)};
        const struct sight key = {.run = &run};
        struct sight *found = bsearch(&key, sights->items, sights->count,
                                      sizeof(*sights->items), by_id);
        if (found && sqlite3_column_type(statement, 1) != SQLITE_NULL)
            found->miss_ratio = sqlite3_column_double(statement, 1);
    }
    return status == SQLITE_DONE ? SQLITE_OK : status;
}

static void drop_unknown(struct sights *sights)
{
    size_t kept = 0;
    for (size_t s = 0; s < sights->count; s++)
        if (!isnan(sights->items[s].miss_ratio))
            sights->items[kept++] = sights->items[s];
    sights->count = kept;
}

/* The complete runs, with what they missed. */
static enum plot_status read_sights(sqlite3 *db, const struct plot_runs *runs,
                                    struct sights *sights, char *message)
{
    sqlite3_stmt *statement = NULL;
    sights->items = calloc(runs->count, sizeof(*sights->items));
    if (!sights->items)
        return plot_fail_memory(message);
    for (size_t r = 0; r < runs->count; r++)
        sights->items[sights->count++] =
            (struct sight){.run = &runs->items[r], .miss_ratio = (double)NAN};
    qsort(sights->items, sights->count, sizeof(*sights->items), by_id);
    int status =
        sqlite3_prepare_v2(db,
                           "SELECT run_id, miss_ratio FROM v_summary "
                           "WHERE status IN ('ok', 'failed', 'stopped')",
                           -1, &statement, NULL);
    if (status == SQLITE_OK)
        status = read_rows(statement, sights);
    sqlite3_finalize(statement);
    if (status != SQLITE_OK)
        return plot_fail_sql(db, message);
    drop_unknown(sights);
    if (sights->count > 0)
        return PLOT_OK;
    snprintf(message, PLOT_MESSAGE_BYTES,
             "no miss ratio to draw: none of the runs reached its end and had "
             "accesses");
    return PLOT_BAD_INPUT;
}

/* --- panels and styles ---------------------------------------------------- */

static int by_name(const void *left, const void *right)
{
    const struct sight *a = left;
    const struct sight *b = right;
    int order = strcmp(a->run->name, b->run->name);
    return order != 0 ? order : by_id(left, right);
}

/* One for each scenario or trace. */
static enum plot_status add_panels(struct sights *sights,
                                   struct plot_chart *chart, char *message)
{
    qsort(sights->items, sights->count, sizeof(*sights->items), by_name);
    for (size_t s = 0; s < sights->count; s++) {
        const char *name = sights->items[s].run->name;
        bool is_new =
            s == 0 || strcmp(sights->items[s - 1].run->name, name) != 0;
        if (is_new && chart->panel_count == PLOT_MAX_PANELS) {
            snprintf(message, PLOT_MESSAGE_BYTES,
                     "a figure shows at most %d scenarios or traces, choose "
                     "them with --run",
                     PLOT_MAX_PANELS);
            return PLOT_BAD_INPUT;
        }
        if (is_new &&
            !plot_chart_panel(chart, name, "miss ratio (misses / accesses)"))
            return plot_fail_memory(message);
        sights->items[s].panel = chart->panel_count - 1;
    }
    return PLOT_OK;
}

/* A variant's name and how much it misses on the whole. */
struct standing {
    char label[256];
    double missed;
    size_t count;
};

/* The curve that lies highest comes first, so that the key has the order of
 * the curves. */
static int by_height(const void *left, const void *right)
{
    const struct standing *a = left;
    const struct standing *b = right;
    double height_a = a->missed / (double)a->count;
    double height_b = b->missed / (double)b->count;
    if (height_a != height_b)
        return height_a > height_b ? -1 : 1;
    return strcmp(a->label, b->label);
}

static size_t stand(struct standing *standings, size_t count, const char *label,
                    double miss_ratio)
{
    size_t n = 0;
    while (n < count && strcmp(standings[n].label, label) != 0)
        n++;
    if (n == count) {
        standings[n] = (struct standing){.count = 0};
        snprintf(standings[n].label, sizeof(standings[n].label), "%s", label);
    }
    standings[n].missed += miss_ratio;
    standings[n].count++;
    return n == count ? count + 1 : count;
}

static bool add_keys(const struct sights *sights, const struct plot_runs *runs,
                     struct standing *standings, struct plot_chart *chart)
{
    char label[sizeof(standings->label)];
    size_t count = 0;
    for (size_t s = 0; s < sights->count; s++) {
        plot_run_label(runs, sights->items[s].run, label, sizeof(label));
        count = stand(standings, count, label, sights->items[s].miss_ratio);
    }
    qsort(standings, count, sizeof(*standings), by_height);
    for (size_t n = 0; n < count; n++)
        if (!plot_ticks_add(&chart->keys, 0, standings[n].label))
            return false;
    for (size_t s = 0; s < sights->count; s++) {
        plot_run_label(runs, sights->items[s].run, label, sizeof(label));
        sights->items[s].style = plot_ticks_find(&chart->keys, label);
    }
    return true;
}

/* --- points --------------------------------------------------------------- */

static bool is_sampled(const struct sight *sight)
{
    return sight->run->sample > 0 && sight->run->sample < 1;
}

/* Curves one after the other, in each the sizes, in each the seeds. */
static int by_place(const void *left, const void *right)
{
    const struct sight *a = left;
    const struct sight *b = right;
    if (a->panel != b->panel)
        return a->panel < b->panel ? -1 : 1;
    if (a->style != b->style)
        return a->style < b->style ? -1 : 1;
    if (a->run->sample != b->run->sample)
        return a->run->sample < b->run->sample ? -1 : 1;
    if (a->run->memory_pages != b->run->memory_pages)
        return a->run->memory_pages < b->run->memory_pages ? -1 : 1;
    if (a->run->seed != b->run->seed)
        return a->run->seed < b->run->seed ? -1 : 1;
    return by_id(left, right);
}

static bool is_same_curve(const struct sight *a, const struct sight *b)
{
    return a->panel == b->panel && a->style == b->style &&
           a->run->sample == b->run->sample;
}

/* The mean of sights [first, end): one size; of a repeated run the last. */
static bool add_point(const struct sights *sights, size_t first, size_t end,
                      double *ratios, struct plot_curve *curve)
{
    size_t count = 0;
    for (size_t s = first; s < end; s++) {
        bool is_repeated = s + 1 < end && sights->items[s].run->seed ==
                                              sights->items[s + 1].run->seed;
        if (!is_repeated)
            ratios[count++] = sights->items[s].miss_ratio;
    }
    const struct sight *at = &sights->items[first];
    struct estimate mean = estimate_of(ratios, count, STATISTICS_CONFIDENCE);
    double half = count > 1 ? mean.half_width : 0;
    return plot_curve_add(
        curve,
        (struct plot_point){(double)at->run->memory_pages * at->run->page_mib,
                            mean.mean, mean.mean - half, mean.mean + half,
                            is_sampled(at) ? MARK_SAMPLED : MARK_EXACT});
}

static bool add_curves(struct sights *sights, double *ratios,
                       struct plot_chart *chart)
{
    const struct sight *items = sights->items;
    struct plot_curve *curve = NULL;
    for (size_t first = 0, end; first < sights->count; first = end) {
        for (end = first + 1; end < sights->count; end++)
            if (!is_same_curve(&items[end], &items[first]) ||
                items[end].run->memory_pages != items[first].run->memory_pages)
                break;
        bool is_new =
            first == 0 || !is_same_curve(&items[first], &items[first - 1]);
        if (is_new)
            curve =
                plot_chart_curve(chart, items[first].panel, items[first].style);
        if (!curve || !add_point(sights, first, end, ratios, curve))
            return false;
    }
    return true;
}

/* --- scales --------------------------------------------------------------- */

/* Sizes far apart: equal ratios become equal distances. */
static void scale_panel(const struct plot_chart *chart, size_t index,
                        struct plot_chart_panel *panel)
{
    double least = (double)INFINITY, most = 0, top = 0;
    for (size_t c = 0; c < chart->curve_count; c++) {
        const struct plot_curve *curve = &chart->curves[c];
        for (size_t n = 0; n < curve->count && curve->panel == index; n++) {
            least = fmin(least, curve->points[n].x);
            most = fmax(most, curve->points[n].x);
            top = fmax(top, curve->points[n].high);
        }
    }
    panel->is_x_log = most > LOG_RATIO * least;
    double room = 0.04 * (most > least ? most - least : most);
    panel->x_min = panel->is_x_log ? least / 1.15 : fmax(0, least - room);
    panel->x_max = panel->is_x_log ? most * 1.15 : most + room;
    panel->y_max = top > 0 ? 1.06 * top : 1;
}

static bool has_sampled(const struct sights *sights)
{
    for (size_t s = 0; s < sights->count; s++)
        if (is_sampled(&sights->items[s]))
            return true;
    return false;
}

static enum plot_status fill(struct sights *sights,
                             const struct plot_runs *runs,
                             struct plot_chart *chart, char *message)
{
    enum plot_status status = add_panels(sights, chart, message);
    if (status != PLOT_OK)
        return status;
    struct standing *standings = calloc(sights->count, sizeof(*standings));
    double *ratios = calloc(sights->count, sizeof(*ratios));
    bool is_well =
        standings && ratios && add_keys(sights, runs, standings, chart);
    if (is_well) {
        qsort(sights->items, sights->count, sizeof(*sights->items), by_place);
        is_well = add_curves(sights, ratios, chart);
    }
    free(standings);
    free(ratios);
    return is_well ? PLOT_OK : plot_fail_memory(message);
}

enum plot_status plot_chart_mrc(sqlite3 *db, const struct plot_request *request,
                                const struct plot_runs *runs,
                                struct plot_chart *chart, char *message)
{
    static const struct plot_chart_pixels pixels = {
        .two_columns = 1200, .key = 230, .only_row = 480, .row = 330};
    (void)request;
    struct sights sights = {0};
    enum plot_status status = read_sights(db, runs, &sights, message);
    if (status == PLOT_OK)
        status = fill(&sights, runs, chart, message);
    if (status == PLOT_OK) {
        for (size_t p = 0; p < chart->panel_count; p++)
            scale_panel(chart, p, &chart->panels[p]);
        chart->has_marked = has_sampled(&sights);
        plot_chart_lay_out(chart, &pixels);
    }
    free(sights.items);
    return status;
}
