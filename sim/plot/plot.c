/*
 * The kinds of figures, and how one is made.
 */
#include "plot/plot.h"
#include "plot/plot_chart.h"
#include "plot/plot_figure.h"
#include "plot/plot_gnuplot.h"
#include "plot/plot_script.h"
#include "record/store.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_ROWS = 2500 };

static const struct plot_kind kinds[] = {
    {
        .name = "pressure",
        .summary = "free memory, levels of pressure, stalled time",
        .script = "pressure.gp",
        .heading = "Memory pressure",
        .y_label = "free memory (MiB)",
        .absent = "ticks (record.ticks: true)",
        .has_bands = true,
        .panel_pixels = 360,
        .read = plot_read_pressure,
    },
    {
        .name = "queues",
        .summary = "memory by page queue, reclaimable pages by age",
        .script = "stack.gp",
        .heading = "Memory by page queue",
        .y_label = "memory (MiB)",
        .absent = "ticks (record.ticks: true)",
        .curves = PLOT_CURVES_STACKED,
        .is_full_height = true,
        .panel_pixels = 300,
        .read = plot_read_queues,
    },
    {
        .name = "attribution",
        .summary = "memory by VMO, the largest and the others",
        .script = "stack.gp",
        .heading = "Memory by VMO",
        .y_label = "committed memory (MiB)",
        .absent = "samples of VMOs (record.vmo_ticks: true)",
        .curves = PLOT_CURVES_STACKED,
        .panel_pixels = 300,
        .read = plot_read_attribution,
    },
    {
        .name = "process",
        .summary = "memory by process, the largest and the others",
        .script = "stack.gp",
        .heading = "Memory by process",
        .y_label = "committed memory (MiB)",
        .absent = "samples of VMOs (record.vmo_ticks: true)",
        .curves = PLOT_CURVES_STACKED,
        .panel_pixels = 300,
        .read = plot_read_process,
    },
    {
        .name = "faults",
        .summary = "faults, refaults and reclaim as rates",
        .script = "faults.gp",
        .heading = "Faults and reclaim",
        .y_label = "rate (1/s)",
        .absent = "ticks (record.ticks: true)",
        .panel_pixels = 280,
        .read = plot_read_faults,
    },
    {
        .name = "residency",
        .summary = "pages of a VMO over time, by state",
        .script = "residency.gp",
        .heading = "Residency",
        .y_label = "page of the VMO",
        .absent = "page events of it (record.pages: true)",
        .has_grids = true,
        .panel_pixels = 240,
        .read = plot_read_residency,
    },
    {
        .name = "latency",
        .summary = "latencies, the share that took longer, by kind",
        .script = "latency.gp",
        .heading = "Latencies",
        .chart = plot_chart_latency,
        .run_limit = PLOT_MAX_PANELS,
    },
    {
        .name = "compare",
        .summary = "policies by metric and memory, 95% intervals",
        .script = "compare.gp",
        .heading = "Comparison of policies",
        .chart = plot_chart_compare,
    },
    {
        .name = "mrc",
        .summary = "miss ratio over memory, by policy",
        .script = "mrc.gp",
        .heading = "Miss-ratio curves",
        .chart = plot_chart_mrc,
    },
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

bool plot_kind_at(size_t index, const char **name, const char **summary)
{
    if (index >= KIND_COUNT)
        return false;
    *name = kinds[index].name;
    *summary = kinds[index].summary;
    return true;
}

/* --- figures -------------------------------------------------------------- */

void plot_figure_release(struct plot_figure *figure)
{
    for (size_t p = 0; p < figure->panel_count; p++) {
        struct plot_panel *panel = &figure->panels[p];
        free(panel->bands);
        plot_grid_release(&panel->grid);
        plot_ticks_release(&panel->row_names);
        plot_frame_release(&panel->frame);
    }
    for (size_t n = 0; n < figure->layer_count; n++) {
        free(figure->layers[n].name);
        free(figure->layers[n].label);
    }
    free(figure->panels);
    *figure = (struct plot_figure){0};
}

int plot_figure_layer(struct plot_figure *figure, const char *name,
                      const char *label, uint32_t colour)
{
    if (figure->layer_count == PLOT_MAX_LAYERS)
        return SQLITE_FULL;
    struct plot_layer layer = {strdup(name), strdup(label), colour};
    if (!layer.name || !layer.label) {
        free(layer.name);
        free(layer.label);
        return SQLITE_NOMEM;
    }
    figure->layers[figure->layer_count++] = layer;
    return SQLITE_OK;
}

int plot_figure_sieve(sqlite3 *db, const struct plot_figure *figure,
                      struct plot_panel *panel)
{
    sqlite3_stmt *statement = NULL;
    int64_t end_ns = 0;
    int status = sqlite3_prepare_v2(
        db, "SELECT max(tick_ns) FROM tick WHERE run_id = ?1", -1, &statement,
        NULL);
    sqlite3_bind_int64(statement, 1, panel->run->id);
    if (status == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        end_ns = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    if (status == SQLITE_OK &&
        !plot_frame_sieve(&panel->frame, figure->kind->curves, end_ns,
                          PLOT_BUCKETS))
        status = SQLITE_NOMEM;
    return status;
}

/* What the panels have in common, and no more rows than can be seen. */
static bool settle(struct plot_figure *figure)
{
    for (size_t p = 0; p < figure->panel_count; p++) {
        struct plot_frame *frame = &figure->panels[p].frame;
        if (frame->rows > 0 && frame->at_ns[frame->rows - 1] > figure->end_ns)
            figure->end_ns = frame->at_ns[frame->rows - 1];
        if (!plot_frame_thin(frame, figure->kind->curves, PLOT_BUCKETS,
                             MAX_ROWS))
            return false;
    }
    if (figure->end_ns == 0)
        figure->end_ns = INT64_C(1000) * 1000 * 1000;
    if (!(figure->y_max > 0))
        figure->y_max = 1;
    else if (!figure->kind->is_full_height)
        figure->y_max *= figure->is_log ? 2 : 1.06;
    return true;
}

/* --- requests ------------------------------------------------------------- */

static enum plot_status find_kind(const char *name,
                                  const struct plot_kind **kind, char *message)
{
    for (size_t n = 0; n < KIND_COUNT; n++) {
        if (strcmp(kinds[n].name, name) == 0) {
            *kind = &kinds[n];
            return PLOT_OK;
        }
    }
    int used = snprintf(message, PLOT_MESSAGE_BYTES,
                        "--kind '%.100s' is unknown; there are:", name);
    for (size_t n = 0; n < KIND_COUNT; n++)
        used += snprintf(message + used, PLOT_MESSAGE_BYTES - (size_t)used,
                         " %s", kinds[n].name);
    return PLOT_BAD_INPUT;
}

/* Options of one kind say nothing to another. */
static enum plot_status check_options(const struct plot_request *request,
                                      const struct plot_kind *kind,
                                      char *message)
{
    const char *option = request->baseline           ? "--baseline"
                         : request->metric_count > 0 ? "--metric"
                                                     : NULL;
    const char *owner = "compare";
    bool is_owner = kind->chart == plot_chart_compare;
    if (!option && request->vmo) {
        option = "--vmo";
        owner = "residency";
        is_owner = kind->has_grids;
    }
    if (!option || is_owner)
        return PLOT_OK;
    snprintf(message, PLOT_MESSAGE_BYTES, "%s is for --kind %s", option, owner);
    return PLOT_BAD_INPUT;
}

/* What is drawn, whichever sort of kind it is. */
struct drawing {
    const struct plot_request *request;
    const struct plot_kind *kind;
    struct plot_runs runs;
    struct plot_figure figure;
    struct plot_chart chart;
    char *message; /* borrowed */
};

static void drawing_release(struct drawing *drawing)
{
    plot_figure_release(&drawing->figure);
    plot_chart_release(&drawing->chart);
    plot_runs_release(&drawing->runs);
}

static enum plot_status fail_read(const struct plot_request *request,
                                  sqlite3 *db, int status, char *message)
{
    snprintf(message, PLOT_MESSAGE_BYTES, "cannot read %.200s: %s",
             request->database,
             status == SQLITE_OK || status == SQLITE_NOMEM
                 ? "out of memory"
                 : sqlite3_errmsg(db));
    return status == SQLITE_CORRUPT ? PLOT_BAD_INPUT : PLOT_HOST;
}

/* A panel for each run. `figure` has its kind. */
static enum plot_status read_panels(sqlite3 *db,
                                    const struct plot_request *request,
                                    const struct plot_runs *runs,
                                    struct plot_figure *figure, char *message)
{
    int status = SQLITE_NOMEM;
    figure->vmo = request->vmo;
    figure->panels = calloc(runs->count, sizeof(*figure->panels));
    if (figure->panels) {
        figure->panel_count = runs->count;
        for (size_t p = 0; p < runs->count; p++)
            figure->panels[p].run = &runs->items[p];
        status = figure->kind->read(db, figure);
    }
    if (status == SQLITE_OK && settle(figure))
        return PLOT_OK;
    return fail_read(request, db, status, message);
}

enum plot_status plot_figure_read(sqlite3 *db,
                                  const struct plot_request *request,
                                  struct plot_runs *runs,
                                  struct plot_figure *figure, char *message)
{
    enum plot_status status = find_kind(request->kind, &figure->kind, message);
    if (status == PLOT_OK)
        status = plot_runs_select(db, request, PLOT_MAX_PANELS, runs, message);
    if (status == PLOT_OK)
        status = read_panels(db, request, runs, figure, message);
    return status;
}

static enum plot_status read_figure(sqlite3 *db, struct drawing *drawing)
{
    struct plot_figure *figure = &drawing->figure;
    figure->kind = drawing->kind;
    enum plot_status status = read_panels(db, drawing->request, &drawing->runs,
                                          figure, drawing->message);
    if (status != PLOT_OK)
        return status;
    for (size_t p = 0; p < figure->panel_count; p++)
        if (figure->panels[p].has_data)
            return PLOT_OK;
    snprintf(drawing->message, PLOT_MESSAGE_BYTES,
             figure->vmo ? "no VMO '%.100s': no run has %s"
                         : "nothing to draw: %sno run has %s",
             figure->vmo ? figure->vmo : "", drawing->kind->absent);
    return PLOT_BAD_INPUT;
}

/* One transaction, so that all runs are of one moment. */
static enum plot_status read_drawing(sqlite3 *db, struct drawing *drawing)
{
    const struct plot_kind *kind = drawing->kind;
    size_t limit = kind->read        ? PLOT_MAX_PANELS
                   : kind->run_limit ? kind->run_limit
                                     : SIZE_MAX;
    /* long series are read once from end to end */
    int begun = sqlite3_exec(db, "PRAGMA mmap_size = 4294967296; BEGIN", NULL,
                             NULL, NULL);
    if (begun != SQLITE_OK)
        return fail_read(drawing->request, db, begun, drawing->message);
    enum plot_status status = plot_runs_select(
        db, drawing->request, limit, &drawing->runs, drawing->message);
    if (status != PLOT_OK)
        return status;
    if (kind->read)
        return read_figure(db, drawing);
    drawing->chart.kind = kind;
    return kind->chart(db, drawing->request, &drawing->runs, &drawing->chart,
                       drawing->message);
}

static enum plot_status load(struct drawing *drawing)
{
    enum store_state state;
    sqlite3 *db = store_read(drawing->request->database, &state,
                             drawing->message, PLOT_MESSAGE_BYTES);
    if (!db)
        return state == STORE_HOST ? PLOT_HOST : PLOT_BAD_INPUT;
    enum plot_status status = read_drawing(db, drawing);
    sqlite3_close(db);
    return status;
}

static enum plot_status draw(const struct drawing *drawing,
                             enum plot_format format)
{
    const struct plot_kind *kind = drawing->kind;
    struct plot_sheet sheet = {.heading = kind->heading,
                               .script = kind->script};
    if (kind->read) {
        sheet.layout = "time.gp";
        sheet.width = PLOT_FIGURE_WIDTH;
        sheet.height = plot_figure_height(&drawing->figure);
        sheet.write_data = plot_figure_write_data;
        sheet.write_values = plot_figure_write_values;
        sheet.content = &drawing->figure;
    } else {
        sheet.layout = "grid.gp";
        sheet.width = drawing->chart.width;
        sheet.height = drawing->chart.height;
        sheet.write_data = plot_chart_write_data;
        sheet.write_values = plot_chart_write_values;
        sheet.content = &drawing->chart;
    }
    return plot_gnuplot_draw(&sheet, format, drawing->request->output,
                             drawing->request->is_kept, drawing->message);
}

void plot_result_release(struct plot_result *result)
{
    free(result->run_ids);
    *result = (struct plot_result){0};
}

static enum plot_status tell(const struct drawing *drawing,
                             struct plot_result *result)
{
    const struct plot_runs *runs = &drawing->runs;
    result->run_ids = calloc(runs->count, sizeof(*result->run_ids));
    if (!result->run_ids) {
        snprintf(drawing->message, PLOT_MESSAGE_BYTES, "out of memory");
        return PLOT_HOST;
    }
    for (size_t r = 0; r < runs->count; r++)
        result->run_ids[r] = runs->items[r].id;
    result->run_count = runs->count;
    return PLOT_OK;
}

enum plot_status plot_draw(const struct plot_request *request,
                           struct plot_result *result, char *message)
{
    struct drawing drawing = {.request = request, .message = message};
    enum plot_format format;
    enum plot_status status = find_kind(request->kind, &drawing.kind, message);
    if (status == PLOT_OK)
        status = check_options(request, drawing.kind, message);
    if (status != PLOT_OK)
        return status;
    if (!plot_format_of(request->output, &format)) {
        snprintf(message, PLOT_MESSAGE_BYTES,
                 "-o '%.200s': a name that ends in .svg, .png or .pdf is "
                 "expected",
                 request->output);
        return PLOT_BAD_INPUT;
    }
    status = load(&drawing);
    if (status == PLOT_OK && result)
        status = tell(&drawing, result);
    if (status == PLOT_OK)
        status = draw(&drawing, format);
    drawing_release(&drawing);
    return status;
}
