/*
 * Shapes, and names within them.
 *
 * Areas are drawn from the top of the stack down, each to the ground, so that
 * one edge of each is all that has to be written:
 *
 *      ____/\____        drawn first: a + b + c
 *    _/    __    \       then a + b over it
 *    ___/\/  \_____      then a
 */
#include "report/report_chart_parts.h"
#include "report/report_data.h"
#include "report/report_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- edges ---------------------------------------------------------------- */

static double cell_of(const struct chart *chart, size_t row, size_t column)
{
    return plot_frame_cells(chart->frame, row)[chart->first + column];
}

/* The height of series `n` of a stack and of all below it. */
static double stack_of(const struct chart *chart, size_t row, size_t n)
{
    double sum = 0;
    for (size_t c = 0; c <= n; c++)
        sum += cell_of(chart, row, c);
    return sum;
}

static double y_of(const struct chart *chart, double value)
{
    return chart->height * (1 - chart_height_of(chart, value));
}

static void write_points(FILE *out, const struct chart *chart, size_t column,
                         bool is_stacked)
{
    bool is_steps = chart->type == CHART_STEPS;
    for (size_t r = 0; r < chart->frame->rows; r++) {
        double value =
            is_stacked ? stack_of(chart, r, column) : cell_of(chart, r, column);
        double x = chart_x_of(chart, chart->frame->at_ns[r]);
        double y = y_of(chart, value);
        if (r == 0)
            fprintf(out, "M%.4g %.4g", x, y);
        else if (is_steps)
            fprintf(out, "H%.5gV%.4g", x, y);
        else
            fprintf(out, "L%.5g %.4g", x, y);
    }
}

/* The range of a rate: along its lowest values and back along its highest. */
static void write_range(FILE *out, const struct chart *chart, size_t series)
{
    size_t low = chart->count + series;
    size_t high = 2 * chart->count + series;
    size_t rows = chart->frame->rows;
    fprintf(out, "<path data-range=\"%zu\" class=\"range\" ", series);
    chart_write_colour(out, chart, series);
    fputs(" d=\"", out);
    write_points(out, chart, low, false);
    for (size_t r = rows; r-- > 0;) {
        fprintf(out, "%c%.5g %.4g", 'L',
                chart_x_of(chart, chart->frame->at_ns[r]),
                y_of(chart, cell_of(chart, r > 0 ? r - 1 : 0, high)));
        if (r > 0)
            fprintf(out, "H%.5g",
                    chart_x_of(chart, chart->frame->at_ns[r - 1]));
    }
    fputs("Z\"/>\n", out);
}

static void write_series(FILE *out, const struct chart *chart, size_t series)
{
    bool is_area = chart->type == CHART_AREAS;
    fprintf(out, "<path data-series=\"%zu\" ", series);
    if (is_area)
        fputs("class=\"area\" ", out);
    else
        fprintf(out, "class=\"line dash%zu\" ", series % CHART_DASHES);
    chart_write_colour(out, chart, series);
    fputs(" d=\"", out);
    write_points(out, chart, series, is_area);
    if (is_area)
        fprintf(out, "V%uH%.4gZ", chart->height,
                chart_x_of(chart, chart->frame->at_ns[0]));
    fputs("\"/>\n", out);
}

/* --- bands ---------------------------------------------------------------- */

static void write_bands(FILE *out, const struct chart *chart)
{
    bool is_strip = chart->type == CHART_LEVELS;
    fputs("<g class=\"bands\">", out);
    for (size_t b = 0; b < chart->band_count; b++) {
        const struct plot_band *band = &chart->bands[b];
        double from = chart_x_of(chart, band->from_ns);
        double to = chart_x_of(chart, band->to_ns);
        double height = chart->height;
        if (is_strip)
            height *= (band->level + 1.0) / REPORT_LEVELS;
        fprintf(out,
                "<rect class=\"level%u\" x=\"%.5g\" y=\"%.4g\" width=\"%.4g\" "
                "height=\"%.4g\"/>",
                band->level, from, chart->height - height, to - from, height);
    }
    fputs("</g>\n", out);
}

bool chart_write_shapes(FILE *out, const struct chart *chart)
{
    if (chart->type == CHART_LEVELS)
        fprintf(out,
                "<rect class=\"level0\" x=\"0\" y=\"%.4g\" width=\"%d\" "
                "height=\"%.4g\"/>\n",
                chart->height * (1 - 1.0 / REPORT_LEVELS), CHART_WIDTH,
                (double)chart->height / REPORT_LEVELS);
    write_bands(out, chart);
    for (size_t n = 0; chart->has_ranges && n < chart->count; n++)
        write_range(out, chart, n);
    for (size_t n = chart->count; n-- > 0;)
        write_series(out, chart, n);
    return !ferror(out);
}

/* --- names ---------------------------------------------------------------- */

/* Of a plot about as wide as a page lets it be, in CSS pixels. */
enum { USUAL_WIDTH = 760, CHARACTER_WIDTH = 7, TEXT_HEIGHT = 14, PLACES = 48 };

/* The clear height, in pixels, of a layer around a place; its middle, as a
 * share of the chart's height, in `middle`. */
static double clearance(const struct chart *chart, size_t layer, double from_x,
                        double to_x, double *middle)
{
    double floor = 0, ceiling = 1;
    const struct plot_frame *frame = chart->frame;
    for (size_t r = 0; r < frame->rows; r++) {
        double x = chart_x_of(chart, frame->at_ns[r]);
        double next =
            r + 1 < frame->rows ? chart_x_of(chart, frame->at_ns[r + 1]) : x;
        if (next < from_x || x > to_x)
            continue;
        double top = stack_of(chart, r, layer);
        double below = top - cell_of(chart, r, layer);
        floor = fmax(floor, chart_height_of(chart, below));
        ceiling = fmin(ceiling, chart_height_of(chart, top));
    }
    *middle = (floor + ceiling) / 2;
    return (ceiling - floor) * chart->height;
}

static void write_area_label(FILE *out, const struct chart *chart, size_t layer)
{
    const char *label = chart->layers[chart->first + layer].label;
    uint32_t colour = chart->layers[chart->first + layer].colour;
    double width = (double)(strlen(label) * CHARACTER_WIDTH + 12) *
                   CHART_WIDTH / USUAL_WIDTH;
    double end = chart_x_of(chart, chart->frame->at_ns[chart->frame->rows - 1]);
    double best = TEXT_HEIGHT, best_x = -1, best_middle = 0;
    for (int n = 0; n <= PLACES && width < end; n++) {
        double middle;
        double x = width / 2 + (end - width) * n / PLACES;
        double height =
            clearance(chart, layer, x - width / 2, x + width / 2, &middle);
        if (height > best) {
            best = height;
            best_x = x;
            best_middle = middle;
        }
    }
    if (best_x < 0)
        return;
    bool is_dark = colour_contrast(colour, 0xFFFFFF) > 4.5;
    bool is_dark_in_dark =
        colour_contrast(colour_in_dark(colour, false), 0xFFFFFF) >
        colour_contrast(colour_in_dark(colour, false), 0x000000);
    fprintf(out,
            "<span class=\"name%s%s\" data-series=\"%zu\" "
            "style=\"left:%.2f%%;bottom:%.2f%%\">",
            is_dark ? " on-dark" : "", is_dark_in_dark ? " dark-on-dark" : "",
            layer, 100 * best_x / CHART_WIDTH, 100 * best_middle);
    html_text(out, label);
    fputs("</span>", out);
}

/* A box of text, in CSS pixels of a plot of the usual width. */
struct box {
    double left, right, bottom, top;
};

static bool overlap(const struct box *a, const struct box *b)
{
    return a->left < b->right && b->left < a->right && a->bottom < b->top &&
           b->bottom < a->top;
}

/* Above a line's highest point, within the plot. */
static struct box place_at_peak(const struct chart *chart, size_t series)
{
    const struct plot_frame *frame = chart->frame;
    double width = (double)(strlen(chart->layers[chart->first + series].label) *
                            CHARACTER_WIDTH);
    size_t peak = 0;
    for (size_t r = 0; r < frame->rows; r++)
        if (cell_of(chart, r, series) > cell_of(chart, peak, series))
            peak = r;
    double x =
        chart_x_of(chart, frame->at_ns[peak]) * USUAL_WIDTH / CHART_WIDTH;
    double y =
        chart_height_of(chart, cell_of(chart, peak, series)) * chart->height;
    double left = fmin(fmax(x - width / 2, 2), USUAL_WIDTH - width - 2);
    double bottom = fmin(y + 2, chart->height - TEXT_HEIGHT);
    return (struct box){left, left + width, bottom, bottom + TEXT_HEIGHT};
}

/* Lines that come off the ground get their names, where these do not meet. */
static bool write_line_labels(FILE *out, const struct chart *chart)
{
    struct box *boxes = calloc(chart->count + 1, sizeof(*boxes));
    size_t count = 0;
    if (!boxes)
        return false;
    for (size_t n = 0; chart->count > 1 && n < chart->count; n++) {
        struct box box = place_at_peak(chart, n);
        bool is_free = box.bottom > TEXT_HEIGHT;
        for (size_t b = 0; b < count; b++)
            is_free = is_free && !overlap(&box, &boxes[b]);
        if (!is_free)
            continue;
        boxes[count++] = box;
        fprintf(out,
                "<span class=\"name line-name\" data-series=\"%zu\" "
                "style=\"left:%.2f%%;bottom:%.2f%%\">",
                n, 50 * (box.left + box.right) / USUAL_WIDTH,
                50 * (box.bottom + box.top) / chart->height);
        html_text(out, chart->layers[chart->first + n].label);
        fputs("</span>", out);
    }
    free(boxes);
    return true;
}

bool chart_write_labels(FILE *out, const struct chart *chart)
{
    if (chart->type == CHART_LEVELS)
        return true;
    if (chart->type != CHART_AREAS)
        return write_line_labels(out, chart);
    for (size_t n = 0; n < chart->count; n++)
        write_area_label(out, chart, n);
    return true;
}
