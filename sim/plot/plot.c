/*
 * The kinds of figures, and how one is made.
 */
#include "plot/plot.h"
#include "plot/plot_figure.h"
#include "plot/plot_gnuplot.h"
#include "plot/plot_script.h"
#include "record/store.h"

#include <stdlib.h>
#include <string.h>

enum {
    BUCKETS = 1000, /* about the pixels that a panel is wide */
    MAX_ROWS = 2500,
};

static const struct plot_kind kinds[] = {
    {
        .name = "pressure",
        .summary = "free memory, levels of pressure, stalled time",
        .script = "pressure.gp",
        .heading = "Memory pressure",
        .y_label = "free memory (MiB)",
        .absent = "no data: this run has no ticks",
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
        .absent = "no data: this run has no ticks",
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
        .absent = "no data: this run has no samples of VMOs",
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
        .absent = "no data: this run has no samples of VMOs",
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
        .absent = "no data: this run has no ticks",
        .panel_pixels = 280,
        .read = plot_read_faults,
    },
    {.name = "latency"},
    {.name = "residency"},
    {.name = "compare"},
    {.name = "mrc"},
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

bool plot_kind_at(size_t index, const char **name, const char **summary)
{
    if (index >= KIND_COUNT)
        return false;
    *name = kinds[index].name;
    if (summary)
        *summary = kinds[index].summary;
    return true;
}

/* --- figures -------------------------------------------------------------- */

void plot_figure_release(struct plot_figure *figure)
{
    for (size_t p = 0; p < figure->panel_count; p++) {
        struct plot_panel *panel = &figure->panels[p];
        free(panel->run.name);
        free(panel->run.policy);
        free(panel->run.status);
        free(panel->bands);
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

/* What the panels have in common, and no more rows than can be seen. */
static bool settle(struct plot_figure *figure)
{
    for (size_t p = 0; p < figure->panel_count; p++) {
        struct plot_frame *frame = &figure->panels[p].frame;
        if (frame->rows > 0 && frame->at_ns[frame->rows - 1] > figure->end_ns)
            figure->end_ns = frame->at_ns[frame->rows - 1];
        if (!plot_frame_thin(frame, figure->kind->curves, BUCKETS, MAX_ROWS))
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
        if (strcmp(kinds[n].name, name) != 0)
            continue;
        *kind = &kinds[n];
        if (kinds[n].read)
            return PLOT_OK;
        snprintf(message, PLOT_MESSAGE_BYTES, "--kind %s is not available yet",
                 name);
        return PLOT_BAD_INPUT;
    }
    int used = snprintf(message, PLOT_MESSAGE_BYTES,
                        "--kind '%.100s' is unknown; there are:", name);
    for (size_t n = 0; n < KIND_COUNT; n++)
        if (kinds[n].read)
            used += snprintf(message + used, PLOT_MESSAGE_BYTES - (size_t)used,
                             " %s", kinds[n].name);
    return PLOT_BAD_INPUT;
}

/* One transaction, so that all panels are of one moment. */
static enum plot_status read_figure(sqlite3 *db,
                                    const struct plot_request *request,
                                    struct plot_figure *figure, char *message)
{
    int status = sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
    if (status == SQLITE_OK) {
        enum plot_status selected =
            plot_runs_select(db, request, figure, message);
        if (selected != PLOT_OK)
            return selected;
        status = figure->kind->read(db, figure);
    }
    if (status == SQLITE_OK && settle(figure))
        return PLOT_OK;
    snprintf(message, PLOT_MESSAGE_BYTES, "cannot read %.200s: %s",
             request->database,
             status == SQLITE_OK || status == SQLITE_NOMEM
                 ? "out of memory"
                 : sqlite3_errmsg(db));
    return status == SQLITE_CORRUPT ? PLOT_BAD_INPUT : PLOT_HOST;
}

static void tell(const struct plot_figure *figure, struct plot_result *result)
{
    result->run_count = figure->panel_count;
    for (size_t p = 0; p < figure->panel_count; p++)
        result->run_ids[p] = figure->panels[p].run.id;
}

enum plot_status plot_draw(const struct plot_request *request,
                           struct plot_result *result, char *message)
{
    struct plot_figure figure = {0};
    enum plot_format format;
    enum store_state state;
    enum plot_status status = find_kind(request->kind, &figure.kind, message);
    if (status != PLOT_OK)
        return status;
    if (!plot_format_of(request->output, &format)) {
        snprintf(message, PLOT_MESSAGE_BYTES,
                 "-o '%.200s': a name that ends in .svg, .png or .pdf is "
                 "expected",
                 request->output);
        return PLOT_BAD_INPUT;
    }
    sqlite3 *db =
        store_read(request->database, &state, message, PLOT_MESSAGE_BYTES);
    if (!db)
        return state == STORE_HOST ? PLOT_HOST : PLOT_BAD_INPUT;
    status = read_figure(db, request, &figure, message);
    sqlite3_close(db);
    if (status == PLOT_OK)
        status = plot_gnuplot_draw(&figure, format, request->output,
                                   request->is_kept, message);
    if (status == PLOT_OK && result)
        tell(&figure, result);
    plot_figure_release(&figure);
    return status;
}
