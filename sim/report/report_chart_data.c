/*
 * A chart's numbers: all that are drawn for the script, some of them for
 * people.
 */
#include "report/report_chart_parts.h"
#include "report/report_data.h"
#include "report/report_text.h"

#include <stdlib.h>

enum { TABLE_ROWS = 24 };

static double seconds(int64_t ns)
{
    return (double)ns * 1e-9;
}

/* --- for the script ------------------------------------------------------- */

static void write_columns(FILE *out, const struct chart *chart,
                          const char *name, size_t from)
{
    fprintf(out, ",\"%s\":[", name);
    for (size_t n = 0; n < chart->count; n++) {
        fputs(n > 0 ? ",[" : "[", out);
        for (size_t r = 0; r < chart->frame->rows; r++)
            fprintf(out, "%s%.5g", r > 0 ? "," : "",
                    plot_frame_cells(chart->frame, r)[chart->first + from + n]);
        fputs("]", out);
    }
    fputs("]", out);
}

static void write_json(FILE *out, const struct chart *chart)
{
    static const char *const units[] = {"MiB", "%", "/s", ""};
    fprintf(out, "{\"unit\":\"%s\",\"end\":%.12g,\"max\":%.9g,\"log\":%s",
            units[chart->unit], seconds(chart->end_ns), chart->y_max,
            chart->is_log ? "true" : "false");
    fputs(",\"bands\":[", out);
    for (size_t b = 0; b < chart->band_count; b++)
        fprintf(out, "%s[%.9g,%.9g,%u]", b > 0 ? "," : "",
                seconds(chart->bands[b].from_ns),
                seconds(chart->bands[b].to_ns), chart->bands[b].level);
    fputs("],\"at\":[", out);
    size_t rows = chart->type == CHART_LEVELS ? 0 : chart->frame->rows;
    for (size_t r = 0; r < rows; r++)
        fprintf(out, "%s%.9g", r > 0 ? "," : "",
                seconds(chart->frame->at_ns[r]));
    fputs("]", out);
    write_columns(out, chart, "series", 0);
    if (chart->has_ranges) {
        write_columns(out, chart, "low", chart->count);
        write_columns(out, chart, "high", 2 * chart->count);
    }
    fputs("}", out);
}

bool chart_write_data(FILE *out, const struct chart *chart)
{
    char *json = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&json, &size);
    if (!memory)
        return false;
    write_json(memory, chart);
    bool is_well = !ferror(memory);
    is_well = fclose(memory) == 0 && is_well;
    if (is_well) {
        fputs("<script type=\"application/json\">", out);
        html_data(out, json);
        fputs("</script>\n", out);
    }
    free(json);
    return is_well;
}

/* --- for people ----------------------------------------------------------- */

static void write_level_rows(FILE *out, const struct chart *chart)
{
    char from[HUMAN_BYTES], to[HUMAN_BYTES];
    fputs("<thead><tr><th scope=\"col\">from</th><th scope=\"col\">to</th>"
          "<th scope=\"col\">level</th></tr></thead><tbody>",
          out);
    for (size_t b = 0; b < chart->band_count; b++)
        fprintf(out, "<tr><td>%s</td><td>%s</td><td>%s</td></tr>",
                format_time(from, chart->bands[b].from_ns),
                format_time(to, chart->bands[b].to_ns),
                report_level_label(chart->bands[b].level));
    if (chart->band_count == 0)
        fputs("<tr><td colspan=\"3\">normal all the time</td></tr>", out);
    fputs("</tbody>", out);
}

static void write_sample_rows(FILE *out, const struct chart *chart)
{
    char cell[HUMAN_BYTES];
    const struct plot_frame *frame = chart->frame;
    size_t rows = frame->rows < TABLE_ROWS ? frame->rows : TABLE_ROWS;
    fputs("<thead><tr><th scope=\"col\">time</th>", out);
    for (size_t n = 0; n < chart->count; n++) {
        fputs("<th scope=\"col\">", out);
        html_text(out, chart->layers[chart->first + n].label);
        fputs("</th>", out);
    }
    fputs("</tr></thead><tbody>", out);
    for (size_t n = 0; n < rows; n++) {
        size_t row = rows > 1 ? n * (frame->rows - 1) / (rows - 1) : 0;
        fprintf(out, "<tr><th scope=\"row\">%s</th>",
                format_time(cell, frame->at_ns[row]));
        for (size_t c = 0; c < chart->count; c++)
            fprintf(
                out, "<td>%s</td>",
                chart_value(cell, chart->unit,
                            plot_frame_cells(frame, row)[chart->first + c]));
        fputs("</tr>", out);
    }
    fputs("</tbody>", out);
}

void chart_write_table(FILE *out, const struct chart *chart)
{
    size_t rows = chart->frame->rows;
    fputs("<details class=\"numbers\"><summary>Numbers</summary>"
          "<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
          "aria-label=\"",
          out);
    html_text(out, chart->title);
    fputs(", ", out);
    html_text(out, chart->subject);
    fputs(", numbers\"><table>", out);
    if (chart->type == CHART_LEVELS)
        write_level_rows(out, chart);
    else
        write_sample_rows(out, chart);
    fputs("</table></div>", out);
    if (chart->type != CHART_LEVELS && rows > TABLE_ROWS)
        fprintf(out,
                "<p class=\"note\">%d of %zu samples that are drawn; the "
                "results file has %llu.</p>",
                TABLE_ROWS, rows, (unsigned long long)chart->samples);
    fputs("</details>\n", out);
}
