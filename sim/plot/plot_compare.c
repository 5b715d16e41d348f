/*
 * Policies compared: a panel for each metric, and in it a bar for each variant
 * (a policy with its parameters) in groups of one scenario and one memory size.
 * A bar is the mean over the seeds, with its 95 % interval; a mark says that
 * the difference to the baseline, seed by seed, is no chance.
 */
#include "plot/plot_chart.h"
#include "plot/plot_fail.h"
#include "plot/plot_samples.h"
#include "plot/plot_script.h"
#include "record/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

enum {
    DEFAULT_PANELS = 6,
    SLOT_PIXELS = 24,       /* for a bar, if there is room */
    LEAST_SLOT_PIXELS = 14, /* as wide as a line of its label is high */
    SIDE_PIXELS = 110,      /* of a panel, beside its bars */
    LETTER_PIXELS = 7,
};

/* --- metrics -------------------------------------------------------------- */

enum unit { COUNT, PAGES, RATIO, PERCENT, TIME };

struct metric {
    const char *name; /* column of v_summary, or a counter */
    const char *title;
    enum unit unit;
    bool is_shown; /* unless others are asked for */
};

static const struct metric metrics[] = {
    {"stall_some_share", "time with some threads stalled", PERCENT, true},
    {"stall_full_share", "time with all threads stalled", PERCENT, false},
    {"faults_major", "major faults", COUNT, true},
    {"refaults", "refaults", COUNT, true},
    {"access_p99_ns", "latency of accesses, 99th percentile", TIME, true},
    {"oom_kills", "processes killed for memory", COUNT, true},
    {"miss_ratio", "miss ratio", RATIO, true},
    {"written_back", "pages written back", PAGES, true},
    {"evicted_compressed", "pages compressed", PAGES, true},
    {"sim_ns", "simulated time", TIME, false},
    {"accesses", "accesses", COUNT, false},
    {"first_touches", "first touches that needed the pager", COUNT, false},
    {"refault_ratio", "refaults by major faults", RATIO, false},
    {"access_p50_ns", "latency of accesses, median", TIME, false},
    {"access_p999_ns", "latency of accesses, 99.9th percentile", TIME, false},
    {"evicted_pager", "pages evicted", PAGES, false},
    {"evicted_discardable", "pages discarded", PAGES, false},
    {"deduped", "zero pages given back", PAGES, false},
};

/* A unit of the axis: the largest value is 10 of it or more. */
struct scale {
    const char *label;
    double factor;
};

static struct scale scale_of(enum unit unit, double largest)
{
    static const struct scale times[] = {
        {"s", 1e-9}, {"ms", 1e-6}, {"\xC2\xB5s", 1e-3}, {"ns", 1}};
    static const struct scale counts[] = {
        {"millions", 1e-6}, {"thousands", 1e-3}, {"count", 1}};
    static const struct scale pages[] = {{"millions of pages", 1e-6},
                                         {"thousands of pages", 1e-3},
                                         {"pages", 1}};
    if (unit == RATIO)
        return largest < 1e-3 ? (struct scale){"per million", 1e6}
                              : (struct scale){"ratio", 1};
    if (unit == PERCENT)
        return (struct scale){"% of the time", 100};
    const struct scale *scales = unit == TIME    ? times
                                 : unit == COUNT ? counts
                                                 : pages;
    while (scales->factor < 1 && largest * scales->factor < 10)
        scales++;
    return *scales;
}

/* --- bars ----------------------------------------------------------------- */

/* Scratch for the samples of a bar and of the baseline's. */
struct scratch {
    double *own, *base; /* owned; room for each entry */
};

static struct estimate estimate_bar(const struct plot_samples *of,
                                    struct plot_span span, double factor,
                                    double *values)
{
    size_t count = 0;
    for (size_t e = span.first; e < span.end; e++)
        if (!isnan(of->values[e]))
            values[count++] = of->values[e] * factor;
    return estimate_of(values, count, STATISTICS_CONFIDENCE);
}

/* Is the mean of the differences, seed by seed, other than zero? */
static bool is_different(const struct plot_samples *of, struct plot_span span,
                         struct plot_span base, const struct scratch *scratch)
{
    size_t count = 0;
    for (size_t e = span.first; e < span.end; e++) {
        for (size_t b = base.first; b < base.end; b++) {
            if (of->entries[e].run->seed != of->entries[b].run->seed ||
                isnan(of->values[e]) || isnan(of->values[b]))
                continue;
            scratch->own[count] = of->values[e];
            scratch->base[count++] = of->values[b];
        }
    }
    struct estimate difference = estimate_of_differences(
        scratch->own, scratch->base, count, STATISTICS_CONFIDENCE);
    return estimate_excludes_zero(&difference);
}

enum { MARK_DIFFERENT = 1, MARK_SINGLE = 2 };
enum { CURVE_BASELINE, CURVE_OTHERS, CURVE_LINE, CURVES };

/* Groups are a slot apart. */
static double slot_of(const struct plot_samples *of, size_t group,
                      size_t variant)
{
    return (double)(group * (of->variant_count + 1) + variant + 1);
}

static double slots_of(const struct plot_samples *of)
{
    return slot_of(of, of->group_count - 1, of->variant_count - 1) + 1;
}

/* A bar, unless none of its runs has the metric. */
static bool add_bar(const struct plot_samples *of, size_t group, size_t variant,
                    double factor, const struct scratch *scratch,
                    struct plot_curve *curve, struct estimate *estimate)
{
    struct plot_span span = plot_samples_span(of, group, variant);
    *estimate = estimate_bar(of, span, factor, scratch->own);
    if (estimate->count == 0)
        return true;
    bool is_single = estimate->count < 2;
    double half = is_single ? 0 : estimate->half_width;
    unsigned mark =
        is_single ? MARK_SINGLE
        : variant > 0 &&
                is_different(of, span, plot_samples_span(of, group, 0), scratch)
            ? MARK_DIFFERENT
            : 0;
    return plot_curve_add(
        curve, (struct plot_point){slot_of(of, group, variant), estimate->mean,
                                   estimate->mean - half, estimate->mean + half,
                                   mark});
}

/* The baseline's mean across its group; NAN ends the stroke. */
static bool add_line(const struct plot_samples *of, size_t group, double mean,
                     struct plot_curve *curve)
{
    double from = slot_of(of, group, 0);
    double to = slot_of(of, group, of->variant_count - 1) + 0.5;
    return plot_curve_add(curve,
                          (struct plot_point){from, mean, mean, mean, 0}) &&
           plot_curve_add(curve,
                          (struct plot_point){to, mean, mean, mean, 0}) &&
           plot_curve_add(curve,
                          (struct plot_point){to, (double)NAN, mean, mean, 0});
}

/* Wide intervals of few runs may be cut, bars are not. */
#define MOST_OF_INTERVAL 1.7

static bool add_bars(const struct plot_samples *of, double factor,
                     const struct scratch *scratch, struct plot_chart *chart)
{
    size_t first = chart->curve_count - CURVES;
    double mean_peak = 0, peak = 0;
    for (size_t g = 0; g < of->group_count; g++) {
        for (size_t v = 0; v < of->variant_count; v++) {
            struct estimate bar;
            size_t curve = first + (v == 0 ? CURVE_BASELINE : CURVE_OTHERS);
            if (!add_bar(of, g, v, factor, scratch, &chart->curves[curve],
                         &bar))
                return false;
            if (bar.count == 0)
                continue;
            mean_peak = fmax(mean_peak, bar.mean);
            peak = fmax(peak, bar.mean + (bar.count > 1 ? bar.half_width : 0));
            if (v == 0 && of->variant_count > 1 &&
                !add_line(of, g, bar.mean, &chart->curves[first + CURVE_LINE]))
                return false;
        }
    }
    peak = fmin(peak, MOST_OF_INTERVAL * mean_peak);
    chart->panels[chart->panel_count - 1].y_max = peak > 0 ? 1.1 * peak : 1;
    return true;
}

static bool add_panel(const struct plot_samples *of,
                      const struct metric *metric, struct plot_chart *chart)
{
    struct scale scale = scale_of(metric->unit, plot_samples_largest(of));
    struct plot_chart_panel *panel =
        plot_chart_panel(chart, metric->title, scale.label);
    if (!panel)
        return false;
    panel->x_min = 0.2;
    panel->x_max = slots_of(of) - 0.2;
    for (size_t c = 0; c < CURVES; c++)
        if (!plot_chart_curve(chart, chart->panel_count - 1, c))
            return false;
    struct scratch scratch = {calloc(of->entry_count, sizeof(double)),
                              calloc(of->entry_count, sizeof(double))};
    bool is_well = scratch.own && scratch.base &&
                   add_bars(of, scale.factor, &scratch, chart);
    free(scratch.own);
    free(scratch.base);
    return is_well;
}

/* --- which metrics -------------------------------------------------------- */

/* A counter's unit decides how it is drawn. */
static enum unit unit_of_counter(sqlite3 *db, const char *name)
{
    enum unit unit = COUNT;
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db,
                           "SELECT unit FROM metric WHERE table_name = "
                           "'counter' AND column_name = ?1",
                           -1, &statement, NULL) == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
        if (sqlite3_step(statement) == SQLITE_ROW) {
            const char *text = (const char *)sqlite3_column_text(statement, 0);
            unit = text && strcmp(text, "ns") == 0      ? TIME
                   : text && strcmp(text, "pages") == 0 ? PAGES
                                                        : COUNT;
        }
    }
    sqlite3_finalize(statement);
    return unit;
}

static enum plot_status fail_metric(const char *name, char *message)
{
    int used = snprintf(message, PLOT_MESSAGE_BYTES,
                        "--metric '%.60s': no run has it; there are the "
                        "counters of the runs, and:",
                        name);
    for (size_t m = 0; m < COUNT_OF(metrics); m++)
        used += snprintf(message + used, (size_t)(PLOT_MESSAGE_BYTES - used),
                         " %s", metrics[m].name);
    return PLOT_BAD_INPUT;
}

static const struct metric *find_metric(const char *name)
{
    for (size_t m = 0; m < COUNT_OF(metrics); m++)
        if (strcmp(metrics[m].name, name) == 0)
            return &metrics[m];
    return NULL;
}

static enum plot_status add_wanted(sqlite3 *db, struct plot_samples *of,
                                   const char *name, struct plot_chart *chart,
                                   char *message)
{
    struct metric counter = {name, name, COUNT, false};
    const struct metric *metric = find_metric(name);
    if (metric) {
        plot_samples_use(of, (size_t)(metric - metrics));
    } else {
        if (plot_samples_counter(db, of, name) != SQLITE_OK)
            return plot_fail_sql(db, message);
        counter.unit = unit_of_counter(db, name);
        metric = &counter;
    }
    if (!plot_samples_has_any(of))
        return fail_metric(name, message);
    return add_panel(of, metric, chart) ? PLOT_OK : plot_fail_memory(message);
}

/* Those that are not zero everywhere, or else major faults, which every run
 * has. */
static enum plot_status add_telling(sqlite3 *db, struct plot_samples *of,
                                    struct plot_chart *chart, char *message)
{
    for (size_t m = 0;
         m < COUNT_OF(metrics) && chart->panel_count < DEFAULT_PANELS; m++) {
        plot_samples_use(of, m);
        if (metrics[m].is_shown && plot_samples_largest(of) > 0 &&
            !add_panel(of, &metrics[m], chart))
            return plot_fail_memory(message);
    }
    return chart->panel_count > 0
               ? PLOT_OK
               : add_wanted(db, of, "faults_major", chart, message);
}

static int read_summary(sqlite3 *db, struct plot_samples *of)
{
    const char *names[COUNT_OF(metrics)];
    for (size_t m = 0; m < COUNT_OF(metrics); m++)
        names[m] = metrics[m].name;
    return plot_samples_columns(db, of, names, COUNT_OF(metrics));
}

static enum plot_status add_panels(sqlite3 *db, struct plot_samples *of,
                                   const struct plot_request *request,
                                   struct plot_chart *chart, char *message)
{
    enum plot_status status = PLOT_OK;
    if (read_summary(db, of) != SQLITE_OK)
        return plot_fail_sql(db, message);
    if (request->metric_count == 0)
        return add_telling(db, of, chart, message);
    if (request->metric_count > PLOT_MAX_PANELS) {
        snprintf(message, PLOT_MESSAGE_BYTES,
                 "a figure shows at most %d metrics", PLOT_MAX_PANELS);
        return PLOT_BAD_INPUT;
    }
    for (size_t m = 0; m < request->metric_count && status == PLOT_OK; m++)
        status = add_wanted(db, of, request->metrics[m], chart, message);
    return status;
}

/* --- the chart ------------------------------------------------------------ */

/* Memory in MiB reads well if the sizes are round in it. */
static bool is_round(const struct plot_samples *of)
{
    for (size_t g = 0; g < of->group_count; g++) {
        const struct plot_group *group = &of->groups[g];
        double mib = (double)group->memory_pages * group->page_mib;
        if (fmod(4 * mib, 1) != 0)
            return false;
    }
    return true;
}

static void memory_label(const struct plot_group *group, bool is_in_mib,
                         char *label, size_t size)
{
    if (is_in_mib)
        snprintf(label, size, "%.8g MiB",
                 (double)group->memory_pages * group->page_mib);
    else
        snprintf(label, size, "%lld pages", (long long)group->memory_pages);
}

static bool add_labels(const struct plot_samples *of, struct plot_chart *chart)
{
    bool is_well = plot_ticks_add(&chart->keys, 0, of->variants[0].label) &&
                   plot_ticks_add(&chart->keys, 0, "others") &&
                   plot_ticks_add(&chart->keys, 0, "mean of the baseline");
    bool is_one_name =
        strcmp(of->groups[0].name, of->groups[of->group_count - 1].name) == 0;
    for (size_t g = 0; g < of->group_count && is_well; g++) {
        char memory[32];
        char label[128];
        double middle =
            (slot_of(of, g, 0) + slot_of(of, g, of->variant_count - 1)) / 2;
        memory_label(&of->groups[g], is_round(of), memory, sizeof(memory));
        snprintf(label, sizeof(label), "%s%s%.60s", memory,
                 is_one_name ? "" : " ", is_one_name ? "" : of->groups[g].name);
        is_well = plot_ticks_add(&chart->groups, middle, label);
        for (size_t v = 0; v < of->variant_count && is_well; v++)
            is_well = plot_ticks_add(&chart->ticks, slot_of(of, g, v),
                                     of->variants[v].label);
    }
    return is_well;
}

/* "5 seeds", "3 to 5 seeds" */
static void count_seeds(const struct plot_samples *of, char *text, size_t size)
{
    size_t least = SIZE_MAX, most = 0;
    for (size_t g = 0; g < of->group_count; g++) {
        for (size_t v = 0; v < of->variant_count; v++) {
            struct plot_span span = plot_samples_span(of, g, v);
            size_t count = span.end - span.first;
            if (count == 0)
                continue;
            least = count < least ? count : least;
            most = count > most ? count : most;
        }
    }
    if (least == most)
        snprintf(text, size, "%zu seed%s", most, most == 1 ? "" : "s");
    else
        snprintf(text, size, "%zu to %zu seeds", least, most);
    if (most == 1)
        snprintf(text, size, "one seed, so that no interval is known");
}

static void write_note(const struct plot_samples *of, struct plot_chart *chart)
{
    char seeds[64];
    bool is_one_name =
        strcmp(of->groups[0].name, of->groups[of->group_count - 1].name) == 0;
    count_seeds(of, seeds, sizeof(seeds));
    snprintf(chart->note, sizeof(chart->note),
             "%.60s%s%s%s; dark: baseline %.60s, * differs from it",
             is_one_name ? of->groups[0].name : "", is_one_name ? ": " : "",
             strncmp(seeds, "one", 3) == 0 ? ""
                                           : "means and 95 % intervals of ",
             seeds, of->variants[0].label);
}

/* Few bars go several panels in a row. */
static void size_chart(const struct plot_samples *of, struct plot_chart *chart)
{
    size_t longest = 0;
    for (size_t v = 0; v < of->variant_count; v++) {
        size_t length = plot_count_characters(of->variants[v].label);
        longest = length > longest ? length : longest;
    }
    longest = longest < 28 ? longest : 28; /* as they are cut */
    double bars = slots_of(of);
    unsigned wanted = (unsigned)(bars * SLOT_PIXELS) + SIDE_PIXELS;
    unsigned least = (unsigned)(bars * LEAST_SLOT_PIXELS) + SIDE_PIXELS;
    unsigned columns = wanted <= 400 ? 3 : least <= 600 ? 2 : 1;
    CHECK(chart->panel_count > 0);
    if (columns > chart->panel_count)
        columns = (unsigned)chart->panel_count;
    unsigned rows = ((unsigned)chart->panel_count + columns - 1) / columns;
    chart->columns = columns;
    chart->width = columns > 1 ? 1200 : wanted < 1200 ? wanted : 1200;
    if (columns == 1 && chart->width < 720)
        chart->width = 720; /* the note's */
    if (chart->width < least)
        chart->width = least;
    chart->axis_pixels = (unsigned)longest * LETTER_PIXELS + 44;
    chart->cell_pixels = 8;
    chart->height = 62 + rows * (rows == 1 ? 330 : 230) + chart->axis_pixels;
}

enum plot_status plot_chart_compare(sqlite3 *db,
                                    const struct plot_request *request,
                                    const struct plot_runs *runs,
                                    struct plot_chart *chart, char *message)
{
    struct plot_samples of = {0};
    enum plot_status status =
        plot_samples_arrange(runs, request->baseline, &of, message);
    if (status == PLOT_OK && !add_labels(&of, chart))
        status = plot_fail_memory(message);
    if (status == PLOT_OK)
        status = add_panels(db, &of, request, chart, message);
    if (status == PLOT_OK) {
        write_note(&of, chart);
        size_chart(&of, chart);
    }
    plot_samples_release(&of);
    return status;
}
