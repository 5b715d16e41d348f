#include "plot/plot_chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plot/plot_script.h"

enum {
    TITLE_CHARACTERS = 84,
    LABEL_CHARACTERS = 28,
};

void plot_ticks_release(struct plot_ticks *ticks)
{
    for (size_t n = 0; n < ticks->count; n++)
        free(ticks->items[n].label);
    free(ticks->items);
    *ticks = (struct plot_ticks){0};
}

void plot_chart_release(struct plot_chart *chart)
{
    for (size_t p = 0; p < chart->panel_count; p++) {
        free(chart->panels[p].title);
        free(chart->panels[p].y_label);
    }
    for (size_t c = 0; c < chart->curve_count; c++)
        free(chart->curves[c].points);
    free(chart->curves);
    plot_ticks_release(&chart->keys);
    plot_ticks_release(&chart->ticks);
    plot_ticks_release(&chart->groups);
    *chart = (struct plot_chart){0};
}

struct plot_chart_panel *plot_chart_panel(struct plot_chart *chart,
                                          const char *title,
                                          const char *y_label)
{
    if (chart->panel_count == PLOT_MAX_PANELS)
        return NULL;
    struct plot_chart_panel *panel = &chart->panels[chart->panel_count++];
    *panel = (struct plot_chart_panel){
        strdup(title), strdup(y_label), 0, 1, 0, 0, false};
    return panel->title && panel->y_label ? panel : NULL;
}

/* Room for one more of `count` items; NULL: no memory, and nothing changed. */
void plot_chart_lay_out(struct plot_chart *chart,
                        const struct plot_chart_pixels *pixels)
{
    unsigned columns = chart->panel_count > 1 ? 2 : 1;
    unsigned rows = ((unsigned)chart->panel_count + columns - 1) / columns;
    chart->columns = columns;
    chart->width = columns == 1 ? 960 : pixels->two_columns;
    chart->key_pixels = pixels->key;
    chart->cell_pixels = 62;
    chart->axis_pixels = 4;
    chart->height = 62 + rows * (rows == 1 ? pixels->only_row : pixels->row);
}

static void *reserve(void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    size_t larger = *capacity > 0 ? 2 * *capacity : 16;
    void *grown = realloc(items, larger * size);
    if (grown)
        *capacity = larger;
    return grown;
}

struct plot_curve *plot_chart_curve(struct plot_chart *chart, size_t panel,
                                    size_t style)
{
    struct plot_curve *curves =
        reserve(chart->curves, chart->curve_count, &chart->curve_capacity,
                sizeof(*curves));
    if (!curves)
        return NULL;
    chart->curves = curves;
    struct plot_curve *curve = &curves[chart->curve_count++];
    *curve = (struct plot_curve){.panel = panel, .style = style};
    return curve;
}

bool plot_curve_add(struct plot_curve *curve, struct plot_point point)
{
    struct plot_point *points =
        reserve(curve->points, curve->count, &curve->capacity, sizeof(*points));
    if (!points)
        return false;
    curve->points = points;
    points[curve->count++] = point;
    return true;
}

bool plot_ticks_add(struct plot_ticks *ticks, double x, const char *label)
{
    struct plot_tick *items =
        reserve(ticks->items, ticks->count, &ticks->capacity, sizeof(*items));
    if (!items)
        return false;
    ticks->items = items;
    items[ticks->count] = (struct plot_tick){x, strdup(label)};
    return items[ticks->count++].label != NULL;
}

size_t plot_ticks_find(const struct plot_ticks *ticks, const char *label)
{
    size_t n = 0;
    while (n < ticks->count && strcmp(ticks->items[n].label, label) != 0)
        n++;
    return n;
}

/* --- text ----------------------------------------------------------------- */

void plot_chart_write_data(FILE *out, const void *content)
{
    const struct plot_chart *chart = content;
    for (size_t c = 0; c < chart->curve_count; c++) {
        const struct plot_curve *curve = &chart->curves[c];
        fputs("# ", out);
        plot_write_literal(out, chart->panels[curve->panel].title,
                           TITLE_CHARACTERS);
        fputs(": ", out);
        plot_write_literal(out, chart->keys.items[curve->style].label,
                           TITLE_CHARACTERS);
        fputs("\n# x y low high mark\n", out);
        for (size_t n = 0; n < curve->count; n++) {
            const struct plot_point *at = &curve->points[n];
            fprintf(out, "%.12g %.9g %.9g %.9g %u\n", at->x, at->y, at->low,
                    at->high, at->mark);
        }
        if (curve->count == 0) /* so that blocks keep their numbers */
            fputs("NaN NaN NaN NaN 0\n", out);
        fputs("\n\n", out); /* ends a block */
    }
}

static void declare(FILE *out, const char *array, size_t size)
{
    fprintf(out, "array %s[%zu]\n", array, size > 0 ? size : 1);
}

static void write_string(FILE *out, const char *array, size_t index,
                         const char *text, size_t characters)
{
    fprintf(out, "%s[%zu] = ", array, index + 1);
    plot_write_literal(out, text, characters);
    fputc('\n', out);
}

static void write_number(FILE *out, const char *array, size_t index,
                         double number)
{
    fprintf(out, "%s[%zu] = %.9g\n", array, index + 1, number);
}

static void write_panels(FILE *out, const struct plot_chart *chart)
{
    static const char *const arrays[] = {"TITLE", "Y_LABEL", "X_MIN",   "X_MAX",
                                         "Y_MIN", "Y_MAX",   "IS_X_LOG"};
    fprintf(out, "PANELS = %zu\nCOLUMNS = %u\n", chart->panel_count,
            chart->columns);
    for (size_t n = 0; n < sizeof(arrays) / sizeof(arrays[0]); n++)
        declare(out, arrays[n], chart->panel_count);
    for (size_t p = 0; p < chart->panel_count; p++) {
        const struct plot_chart_panel *panel = &chart->panels[p];
        write_string(out, "TITLE", p, panel->title, TITLE_CHARACTERS);
        write_string(out, "Y_LABEL", p, panel->y_label, TITLE_CHARACTERS);
        write_number(out, "X_MIN", p, panel->x_min);
        write_number(out, "X_MAX", p, panel->x_max);
        write_number(out, "Y_MIN", p, panel->y_min);
        write_number(out, "Y_MAX", p, panel->y_max);
        write_number(out, "IS_X_LOG", p, panel->is_x_log);
    }
}

static void write_curves(FILE *out, const struct plot_chart *chart)
{
    size_t curve = 0;
    fprintf(out, "HAS_MARKED = %d\n", chart->has_marked);
    declare(out, "FIRST_CURVE", chart->panel_count);
    declare(out, "LAST_CURVE", chart->panel_count);
    declare(out, "STYLE_OF", chart->curve_count);
    for (size_t p = 0; p < chart->panel_count; p++) {
        size_t first = curve;
        while (curve < chart->curve_count && chart->curves[curve].panel == p)
            curve++;
        fprintf(out, "FIRST_CURVE[%zu] = %zu; LAST_CURVE[%zu] = %zu\n", p + 1,
                first + 1, p + 1, curve);
    }
    for (size_t c = 0; c < chart->curve_count; c++)
        fprintf(out, "STYLE_OF[%zu] = %zu\n", c + 1,
                chart->curves[c].style + 1);
}

/* NAMEs, and where they stand: NAME_X. */
static void write_ticks(FILE *out, const char *name, const char *count,
                        const struct plot_ticks *ticks)
{
    char positions[32];
    snprintf(positions, sizeof(positions), "%s_X", name);
    fprintf(out, "%s = %zu\n", count, ticks->count);
    declare(out, name, ticks->count);
    declare(out, positions, ticks->count);
    for (size_t n = 0; n < ticks->count; n++) {
        write_string(out, name, n, ticks->items[n].label, LABEL_CHARACTERS);
        write_number(out, positions, n, ticks->items[n].x);
    }
}

void plot_chart_write_values(FILE *out, const void *content)
{
    const struct plot_chart *chart = content;
    write_panels(out, chart);
    write_curves(out, chart);
    write_ticks(out, "KEY", "KEYS", &chart->keys);
    write_ticks(out, "TICK", "TICKS", &chart->ticks);
    write_ticks(out, "GROUP", "GROUPS", &chart->groups);
    fprintf(out, "KEY_PIXELS = %u\nCELL_PIXELS = %u\nAXIS_PIXELS = %u\n",
            chart->key_pixels, chart->cell_pixels, chart->axis_pixels);
    fputs("NOTE = ", out);
    plot_write_literal(out, chart->note, 2 * TITLE_CHARACTERS);
    fputc('\n', out);
}
