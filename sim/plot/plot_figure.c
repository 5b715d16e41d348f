/* Time series as text: the data file, and the values of the script. */
#include "plot/plot_figure.h"

#include <string.h>

#include "check.h"
#include "plot/plot_script.h"

enum {
    HEIGHT_OF_ONE = 675,
    HEIGHT_AROUND = 130, /* heading, axis */
    NAME_CHARACTERS = 24,
    TITLE_CHARACTERS = 84,
};

/* --- data ----------------------------------------------------------------- */

static double seconds(int64_t ns)
{
    return (double)ns * 1e-9;
}

static void write_heading(FILE *out, const struct plot_figure *figure,
                          size_t panel, const char *what)
{
    const struct plot_run *run = figure->panels[panel].run;
    fprintf(out, "# run %lld, ", (long long)run->id);
    plot_write_literal(out, run->name, TITLE_CHARACTERS);
    fprintf(out, ": %s\n", what);
}

static void write_frame(FILE *out, const struct plot_figure *figure,
                        size_t panel)
{
    const struct plot_frame *frame = &figure->panels[panel].frame;
    write_heading(out, figure, panel, figure->kind->y_label);
    fputs("# time_s", out);
    for (size_t c = 0; c < frame->columns; c++) {
        CHECK(figure->layer_count > 0);
        fputs(c < figure->layer_count       ? " "
              : c < 2 * figure->layer_count ? " lowest "
                                            : " highest ",
              out);
        plot_write_literal(out, figure->layers[c % figure->layer_count].label,
                           TITLE_CHARACTERS);
    }
    fputc('\n', out);
    for (size_t r = 0; r < frame->rows; r++) {
        fprintf(out, "%.12g", seconds(frame->at_ns[r]));
        for (size_t c = 0; c < frame->columns; c++)
            fprintf(out, " %.9g", plot_frame_cells(frame, r)[c]);
        fputc('\n', out);
    }
    if (frame->rows == 0) /* so that blocks keep their numbers */
        fputs("NaN NaN\n", out);
}

static void write_bands(FILE *out, const struct plot_figure *figure,
                        size_t panel)
{
    const struct plot_panel *from = &figure->panels[panel];
    write_heading(out, figure, panel, "level of memory pressure");
    fputs("# from_s to_s level\n", out);
    for (size_t b = 0; b < from->band_count; b++)
        fprintf(out, "%.12g %.12g %u\n", seconds(from->bands[b].from_ns),
                seconds(from->bands[b].to_ns), from->bands[b].level);
    if (from->band_count == 0)
        fputs("NaN NaN NaN\n", out);
}

/* Cells at their middles. */
static void write_grid(FILE *out, const struct plot_figure *figure,
                       size_t panel)
{
    const struct plot_grid *grid = &figure->panels[panel].grid;
    const double *resident = grid->cells[PLOT_GRID_RESIDENT];
    const double *compressed = grid->cells[PLOT_GRID_COMPRESSED];
    double row_height = figure->panels[panel].height / (double)grid->rows;
    double column_s = seconds(grid->end_ns) / (double)grid->columns;
    write_heading(out, figure, panel, figure->panels[panel].subject);
    fputs("# time_s page resident compressed mark\n", out);
    for (size_t row = 0; row < grid->rows; row++) {
        for (size_t c = 0; c < grid->columns; c++) {
            size_t cell = row * grid->columns + c;
            fprintf(out, "%.9g %.9g %.3g %.3g %u\n",
                    ((double)c + 0.5) * column_s,
                    ((double)row + 0.5) * row_height, resident[cell],
                    compressed[cell], grid->marks[cell]);
        }
    }
    if (grid->rows == 0) /* so that blocks keep their numbers */
        fputs("NaN NaN NaN NaN 0\n", out);
}

void plot_figure_write_data(FILE *out, const void *content)
{
    const struct plot_figure *figure = content;
    for (size_t p = 0; p < figure->panel_count; p++) {
        if (figure->kind->has_grids)
            write_grid(out, figure, p);
        else
            write_frame(out, figure, p);
        fputs("\n\n", out); /* ends a block */
    }
    for (size_t p = 0; figure->kind->has_bands && p < figure->panel_count;
         p++) {
        write_bands(out, figure, p);
        fputs("\n\n", out);
    }
}

/* --- values --------------------------------------------------------------- */

unsigned plot_figure_height(const struct plot_figure *figure)
{
    if (figure->panel_count < 2)
        return HEIGHT_OF_ONE;
    return HEIGHT_AROUND +
           (unsigned)figure->panel_count * figure->kind->panel_pixels;
}

static void write_time_axis(FILE *out, int64_t end_ns)
{
    const char *unit = "s";
    double scale = 1;
    if (end_ns < INT64_C(2) * 1000 * 1000) {
        unit = "\xC2\xB5s";
        scale = 1e6;
    } else if (end_ns < INT64_C(2) * 1000 * 1000 * 1000) {
        unit = "ms";
        scale = 1e3;
    }
    fprintf(out, "TIME_UNIT = '%s'\nTIME_SCALE = %g\nTIME_END = %.12g\n", unit,
            scale, seconds(end_ns) * scale);
}

static bool has_namesake(const struct plot_figure *figure, size_t panel)
{
    const struct plot_run *run = figure->panels[panel].run;
    for (size_t p = 0; p < figure->panel_count; p++)
        if (p != panel && strcmp(figure->panels[p].run->name, run->name) == 0 &&
            strcmp(figure->panels[p].run->policy, run->policy) == 0)
            return true;
    return false;
}

/* The name of a run and what tells it from others. */
static void write_titles(FILE *out, const struct plot_figure *figure,
                         size_t panel)
{
    const struct plot_run *run = figure->panels[panel].run;
    char title[512];
    char note[256];
    int used =
        snprintf(title, sizeof(title), "%.200s/%.100s", run->name, run->policy);
    if (has_namesake(figure, panel))
        snprintf(title + used, sizeof(title) - (size_t)used, " (run %lld)",
                 (long long)run->id);
    const char *subject = figure->panels[panel].subject;
    used = (int)strlen(title);
    if (subject[0] != '\0')
        snprintf(title + used, sizeof(title) - (size_t)used, ": %s", subject);
    bool is_ok = strcmp(run->status, "ok") == 0;
    snprintf(note, sizeof(note), "%.6g MiB of memory, seed %lld%s%.40s",
             (double)run->memory_pages * run->page_mib, (long long)run->seed,
             is_ok ? "" : ", ", is_ok ? "" : run->status);
    fprintf(out, "TITLE[%zu] = ", panel + 1);
    plot_write_literal(out, title, TITLE_CHARACTERS);
    fprintf(out, "\nNOTE[%zu] = ", panel + 1);
    plot_write_literal(out, note, TITLE_CHARACTERS);
    fputc('\n', out);
}

static void write_panels(FILE *out, const struct plot_figure *figure)
{
    size_t count = figure->panel_count;
    size_t size = count > 0 ? count : 1; /* there are no empty arrays */
    fprintf(out,
            "PANELS = %zu\narray TITLE[%zu]\narray NOTE[%zu]\n"
            "array MESSAGE[%zu]\narray ROWS[%zu]\n",
            size, size, size, size, size);
    for (size_t p = 0; p < count; p++) {
        const struct plot_panel *panel = &figure->panels[p];
        write_titles(out, figure, p);
        fprintf(out, "ROWS[%zu] = %zu\nMESSAGE[%zu] = ", p + 1,
                panel->has_data ? panel->frame.rows + panel->grid.rows : 0,
                p + 1);
        char message[128] = "";
        if (!panel->has_data)
            snprintf(message, sizeof(message), "no data: this run has no %s",
                     figure->kind->absent);
        plot_write_literal(out, message, TITLE_CHARACTERS);
        fputc('\n', out);
    }
}

static void write_layers(FILE *out, const struct plot_figure *figure)
{
    size_t size = figure->layer_count > 0 ? figure->layer_count : 1;
    fprintf(out, "LAYERS = %zu\narray NAME[%zu]\narray COLOUR[%zu]\n",
            figure->layer_count, size, size);
    for (size_t n = 0; n < figure->layer_count; n++) {
        fprintf(out, "NAME[%zu] = ", n + 1);
        plot_write_literal(out, figure->layers[n].label, NAME_CHARACTERS);
        fprintf(out, "\nCOLOUR[%zu] = 0x%06X\n", n + 1,
                (unsigned)figure->layers[n].colour);
    }
}

static void write_grids(FILE *out, const struct plot_figure *figure)
{
    size_t names = 0;
    for (size_t p = 0; p < figure->panel_count; p++)
        names += figure->panels[p].row_names.count;
    fprintf(out,
            "array PAGES[%zu]\narray ROW_NAMES[%zu]\narray FIRST_NAME[%zu]\n"
            "array ROW_NAME[%zu]\n",
            figure->panel_count, figure->panel_count, figure->panel_count,
            names > 0 ? names : 1);
    names = 0;
    for (size_t p = 0; p < figure->panel_count; p++) {
        const struct plot_panel *panel = &figure->panels[p];
        fprintf(out,
                "PAGES[%zu] = %.9g; ROW_NAMES[%zu] = %zu; "
                "FIRST_NAME[%zu] = %zu\n",
                p + 1, panel->height > 0 ? panel->height : 1, p + 1,
                panel->row_names.count, p + 1, names + 1);
        for (size_t n = 0; n < panel->row_names.count; n++) {
            fprintf(out, "ROW_NAME[%zu] = ", ++names);
            plot_write_literal(out, panel->row_names.items[n].label, 12);
            fputc('\n', out);
        }
    }
}

void plot_figure_write_values(FILE *out, const void *content)
{
    const struct plot_figure *figure = content;
    fprintf(out, "Y_LABEL = '%s'\nY_MAX = %.9g\n", figure->kind->y_label,
            figure->y_max);
    if (figure->kind->has_bands)
        fprintf(out, "STALL_MAX = %g\n", figure->stall_max);
    fprintf(out, "IS_LOG = %d\nHAS_RANGES = %d\n", figure->is_log,
            figure->has_ranges);
    write_time_axis(out, figure->end_ns);
    write_panels(out, figure);
    write_layers(out, figure);
    if (figure->kind->has_grids)
        write_grids(out, figure);
}
