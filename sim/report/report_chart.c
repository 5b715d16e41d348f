#include "report/report_chart.h"
#include "report/report_chart_parts.h"
#include "report/report_data.h"
#include "report/report_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- scales --------------------------------------------------------------- */

double chart_step(double end, unsigned most)
{
    static const double factors[] = {1, 2, 5, 10};
    double power = pow(10, floor(log10(end / most)));
    for (size_t n = 0; n < 4; n++)
        if (end / (factors[n] * power) <= most * (1 + 1e-9))
            return factors[n] * power;
    return 10 * power;
}

/* Minutes have sixty seconds. */
double chart_time_step(int64_t end_ns)
{
    static const int seconds[] = {20,  30,  60,   120,  300,
                                  600, 900, 1800, 3600, 7200};
    const double second_ns = 1e9;
    double end = (double)end_ns;
    if (end >= 120 * second_ns)
        for (size_t n = 0; n < sizeof(seconds) / sizeof(seconds[0]); n++)
            if (end <= 6 * seconds[n] * second_ns)
                return seconds[n] * second_ns;
    return chart_step(end, 6);
}

double chart_height_of(const struct chart *chart, double value)
{
    double share = chart->is_log ? log10(1 + value) / log10(1 + chart->y_max)
                                 : value / chart->y_max;
    return fmin(fmax(share, 0), 1);
}

double chart_x_of(const struct chart *chart, int64_t at_ns)
{
    return CHART_WIDTH * (double)at_ns / (double)chart->end_ns;
}

const char *chart_value(char *cell, enum chart_unit unit, double value)
{
    if (unit == UNIT_PERCENT)
        return format_share(cell, value / 100);
    if (unit == UNIT_MIB)
        return format_pages(cell, (uint64_t)llround(value * 1024), 1024);
    format_number(cell, value);
    return strcat(cell, unit == UNIT_PER_SECOND ? "/s" : "");
}

/* --- axes ----------------------------------------------------------------- */

static void write_y_tick(FILE *out, double share, const char *text)
{
    fprintf(out, "<span class=\"y\" style=\"bottom:%.2f%%\"><i>", 100 * share);
    html_text(out, text);
    fputs("</i></span>", out);
}

/* 1 k, 20 k, 3 M */
static const char *short_number(char *cell, double value)
{
    const char *unit = value >= 1e9   ? " G"
                       : value >= 1e6 ? " M"
                       : value >= 1e3 ? " k"
                                      : "";
    format_number(cell, value >= 1e9   ? value / 1e9
                        : value >= 1e6 ? value / 1e6
                        : value >= 1e3 ? value / 1e3
                                       : value);
    return strcat(cell, unit);
}

static void write_value_tick(FILE *out, const struct chart *chart, double value)
{
    static const char *const units[] = {"\xC2\xA0MiB", "%", "/s", ""};
    char cell[HUMAN_BYTES];
    short_number(cell, value);
    if (value > 0)
        strcat(cell, units[chart->unit]);
    write_y_tick(out, chart_height_of(chart, value), cell);
}

/* 0, and powers of ten, five of them at most. */
static void write_log_ticks(FILE *out, const struct chart *chart)
{
    int decades = (int)floor(log10(chart->y_max));
    int every = decades / 5 + 1;
    write_value_tick(out, chart, 0);
    for (int power = every > 1 ? every : 0; power <= decades; power += every)
        write_value_tick(out, chart, pow(10, power));
}

static void write_y_axis(FILE *out, const struct chart *chart)
{
    if (chart->type == CHART_LEVELS) {
        static const char *const names[] = {"normal", "warning", "critical",
                                            "nearly oom", "oom"};
        for (size_t n = 0; n < REPORT_LEVELS; n++)
            write_y_tick(out, ((double)n + 0.5) / REPORT_LEVELS, names[n]);
        return;
    }
    unsigned most = chart->height < 100 ? 2 : chart->height < 180 ? 4 : 6;
    double step = chart_step(chart->y_max, most);
    if (chart->is_log) {
        write_log_ticks(out, chart);
        return;
    }
    unsigned count = (unsigned)floor(chart->y_max / step * (1 + 1e-9));
    for (unsigned n = 0; n <= count; n++)
        write_value_tick(out, chart, n * step);
}

static void write_x_axis(FILE *out, const struct chart *chart)
{
    char cell[HUMAN_BYTES];
    double step = chart_time_step(chart->end_ns);
    unsigned count = (unsigned)floor((double)chart->end_ns / step * (1 + 1e-9));
    for (unsigned n = 0; n <= count; n++) {
        double at = n * step;
        const char *edge = n == 0                              ? " first"
                           : at > 0.97 * (double)chart->end_ns ? " last"
                                                               : "";
        fprintf(out, "<span class=\"x%s\" style=\"left:%.3f%%\">", edge,
                100 * at / (double)chart->end_ns);
        html_text(out, format_axis_time(cell, llround(at), chart->end_ns));
        fputs("</span>", out);
    }
}

/* --- key ------------------------------------------------------------------ */

static void write_swatch(FILE *out, const struct chart *chart, size_t series)
{
    fputs("<svg class=\"swatch\" viewBox=\"0 0 22 12\" aria-hidden=\"true\">",
          out);
    if (chart->type == CHART_AREAS)
        fputs("<rect x=\"4\" y=\"0.5\" width=\"14\" height=\"11\" "
              "class=\"area\"/>",
              out);
    else
        fprintf(out, "<path d=\"M0 6H22\" class=\"line dash%zu\"/>",
                series % CHART_DASHES);
    fputs("</svg>", out);
}

void chart_write_colour(FILE *out, const struct chart *chart, size_t series)
{
    uint32_t colour = chart->layers[chart->first + series].colour;
    fprintf(out, "style=\"--l:#%06X;--d:#%06X\"", (unsigned)colour,
            (unsigned)colour_in_dark(colour, chart->type != CHART_AREAS));
}

static void write_key_item(FILE *out, const struct chart *chart, size_t series)
{
    char cell[HUMAN_BYTES];
    const struct plot_frame *frame = chart->frame;
    const double *last = plot_frame_cells(frame, frame->rows - 1);
    fprintf(out, "<li data-series=\"%zu\" ", series);
    chart_write_colour(out, chart, series);
    fputs(">", out);
    write_swatch(out, chart, series);
    fputs("<span class=\"label\">", out);
    html_text(out, chart->layers[chart->first + series].label);
    fputs("</span> <span class=\"value\">", out);
    html_text(out, chart_value(cell, chart->unit, last[chart->first + series]));
    fputs("</span></li>", out);
}

/* What is drawn on top comes first. */
static void write_key(FILE *out, const struct chart *chart)
{
    fputs("<div class=\"key\"><p class=\"moment\">at the end</p><ul>", out);
    for (size_t n = 0; n < chart->count; n++)
        write_key_item(out, chart,
                       chart->type == CHART_AREAS ? chart->count - 1 - n : n);
    fputs("</ul></div>\n", out);
}

/* The strip has no series: what it says at a moment is one word. */
static void write_level_key(FILE *out, const struct chart *chart)
{
    size_t last = 0;
    if (chart->band_count > 0 &&
        chart->bands[chart->band_count - 1].to_ns >= chart->end_ns)
        last = chart->bands[chart->band_count - 1].level;
    fprintf(out,
            "<div class=\"key\"><p class=\"moment\">at the end</p>"
            "<p class=\"value\">%s</p></div>\n",
            report_level_label(last));
}

/* --- what is said to those who do not see it ------------------------------ */

static void write_level_alternative(FILE *out, const struct chart *chart)
{
    int64_t held_ns[REPORT_LEVELS] = {0};
    char cell[HUMAN_BYTES];
    size_t said = 0;
    for (size_t b = 0; b < chart->band_count; b++)
        held_ns[chart->bands[b].level] +=
            chart->bands[b].to_ns - chart->bands[b].from_ns;
    for (size_t n = 1; n < REPORT_LEVELS; n++) {
        if (held_ns[n] == 0)
            continue;
        fprintf(out, "%s %s for ", said++ ? "," : ":", report_level_label(n));
        html_text(out, format_time(cell, held_ns[n]));
    }
    fputs(said > 0 ? "." : ": normal all the time.", out);
}

static void write_alternative(FILE *out, const struct chart *chart)
{
    char low[HUMAN_BYTES], high[HUMAN_BYTES];
    html_text(out, chart->title);
    fputs(", ", out);
    html_text(out, chart->subject);
    if (chart->type == CHART_LEVELS) {
        write_level_alternative(out, chart);
        return;
    }
    for (size_t n = 0; n < chart->count; n++) {
        double least = INFINITY, most = -INFINITY;
        for (size_t r = 0; r < chart->frame->rows; r++) {
            double value = plot_frame_cells(chart->frame, r)[chart->first + n];
            least = fmin(least, value);
            most = fmax(most, value);
        }
        fputs(n > 0 ? "; " : ": ", out);
        html_text(out, chart->layers[chart->first + n].label);
        fprintf(out, " %s to ", chart_value(low, chart->unit, least));
        fprintf(out, "%s", chart_value(high, chart->unit, most));
    }
    fputs(". The numbers are in the table below.", out);
}

/* --- the whole ------------------------------------------------------------ */

/* Lines everywhere, words where there is room: beside lines of an amount. */
static void write_markers(FILE *out, const struct chart *chart)
{
    enum { ROWS = 5, ROW_PIXELS = 13 };
    for (size_t n = 0; n < chart->marker_count; n++) {
        const struct chart_marker *marker = &chart->markers[n];
        double share = chart_x_of(chart, marker->at_ns) / CHART_WIDTH;
        fprintf(out,
                "<span class=\"marker%s\" data-at=\"%.9g\" "
                "style=\"left:%.3f%%\">",
                share > 0.7 ? " left" : "", (double)marker->at_ns * 1e-9,
                100 * share);
        if (chart->type == CHART_LINES) {
            fprintf(out, "<b style=\"top:%zupx\">", n % ROWS * ROW_PIXELS + 2);
            html_text(out, marker->text);
            fputs("</b>", out);
        }
        fputs("</span>", out);
    }
}

bool chart_write(FILE *out, const struct chart *chart)
{
    static const char *const types[] = {"areas", "lines", "steps", "levels"};
    fprintf(out,
            "<div class=\"chart\" data-type=\"%s\" data-family=\"%s\">\n"
            "<p class=\"title\">",
            types[chart->type], chart->family);
    html_text(out, chart->title);
    fprintf(out,
            "</p>\n<div class=\"row\"><div class=\"plot\" "
            "style=\"--h:%upx\"><div class=\"axes\" aria-hidden=\"true\">",
            chart->height);
    write_y_axis(out, chart);
    write_x_axis(out, chart);
    fprintf(out,
            "</div>\n<svg viewBox=\"0 0 %d %u\" preserveAspectRatio=\"none\" "
            "role=\"img\" aria-label=\"",
            CHART_WIDTH, chart->height);
    write_alternative(out, chart);
    fputs("\">\n", out);
    bool is_well = chart_write_shapes(out, chart);
    fputs("</svg>\n<div class=\"over\" aria-hidden=\"true\">", out);
    write_markers(out, chart);
    is_well = is_well && chart_write_labels(out, chart);
    fputs("</div></div>\n", out);
    if (chart->type == CHART_LEVELS)
        write_level_key(out, chart);
    else
        write_key(out, chart);
    chart_write_table(out, chart);
    fputs("</div>\n", out);
    is_well = is_well && chart_write_data(out, chart);
    fputs("</div>\n", out);
    return is_well && !ferror(out);
}
