/*
 * A difference is drawn where it is told: a strip with zero in its middle, the
 * interval as a bar and the mean as a dot, on one scale for each measure.
 */
#include "report/report_metrics.h"
#include "report/report_sections.h"
#include "report/report_text.h"

#include <math.h>
#include <string.h>

enum { STRIP_WIDTH = 120, STRIP_HEIGHT = 16, STRIP_MARGIN = 6 };

/* The farthest end of any interval from zero. */
static double reach_of(const struct report_match *match, const char *metric)
{
    double reach = 0;
    struct compare_row row;
    for (size_t c = 1; c < match->contender_count; c++) {
        if (!report_match_row(&match->contenders[c], metric, &row))
            continue;
        double half = row.difference.half_width;
        double end = fabs(row.difference.mean) + (isfinite(half) ? half : 0);
        reach = fmax(reach, end);
    }
    return reach;
}

static double strip_x(double value, double reach)
{
    double half = STRIP_WIDTH / 2.0 - STRIP_MARGIN;
    return STRIP_WIDTH / 2.0 + (reach > 0 ? value / reach : 0) * half;
}

static void write_strip(FILE *out, const struct compare_row *row, double reach)
{
    double mean = row->difference.mean;
    double half = row->difference.half_width;
    double middle = STRIP_HEIGHT / 2.0;
    fprintf(out,
            "<td class=\"strip\"><svg viewBox=\"0 0 %d %d\" "
            "aria-hidden=\"true\" class=\"%s\"><path class=\"zero\" "
            "d=\"M%d 0V%d\"/>",
            STRIP_WIDTH, STRIP_HEIGHT,
            row->verdict == COMPARE_NO_DIFFERENCE ? "unshown" : "shown",
            STRIP_WIDTH / 2, STRIP_HEIGHT);
    if (isfinite(half))
        fprintf(out, "<path class=\"interval\" d=\"M%.1f %.1fH%.1f\"/>",
                strip_x(mean - half, reach), middle,
                strip_x(mean + half, reach));
    fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"/></svg></td>",
            strip_x(mean, reach), middle);
}

static void write_value(FILE *out, const struct report_metric *metric,
                        const struct compare_row *row)
{
    char mean[HUMAN_BYTES], half[HUMAN_BYTES];
    fputs("<td>", out);
    html_text(out, report_metric_cell(mean, metric, row->value.mean));
    if (isfinite(row->value.half_width)) {
        fputs(" <span class=\"aside\">± ", out);
        html_text(out, report_metric_cell(half, metric, row->value.half_width));
        fputs("</span>", out);
    }
    fputs("</td>", out);
}

static void write_signed(FILE *out, const struct report_metric *metric,
                         double value)
{
    char cell[HUMAN_BYTES];
    fputs(value > 0 ? "+" : value < 0 ? "−" : "", out);
    html_text(out, report_metric_cell(cell, metric, fabs(value)));
}

static void write_difference(FILE *out, const struct report_metric *metric,
                             const struct compare_row *row, double reach)
{
    static const char *const verdicts[] = {
        [COMPARE_BASELINE] = "baseline",
        [COMPARE_LOWER] = "lower",
        [COMPARE_HIGHER] = "higher",
        [COMPARE_NO_DIFFERENCE] = "no difference shown",
    };
    char cell[HUMAN_BYTES];
    double mean = row->difference.mean;
    double half = row->difference.half_width;
    bool has_interval = isfinite(half);
    fputs("<td>", out);
    write_signed(out, metric, mean);
    fputs("</td><td>", out);
    if (has_interval) {
        write_signed(out, metric, mean - half);
        fputs(" to ", out);
        write_signed(out, metric, mean + half);
    } else {
        fputs("–", out);
    }
    fputs("</td>", out);
    write_strip(out, row, reach);
    fputs("<td>", out);
    if (isfinite(row->relative)) {
        fputs(row->relative > 0 ? "+" : row->relative < 0 ? "−" : "", out);
        html_text(out, format_share(cell, fabs(row->relative)));
    } else {
        fputs("–", out);
    }
    fprintf(out, "</td><td class=\"text verdict-%s\">%s</td>",
            row->verdict == COMPARE_NO_DIFFERENCE ? "none" : "some",
            has_interval ? verdicts[row->verdict] : "one seed, no interval");
}

/* Is there anything but zeros? */
static bool is_worth_a_row(const struct report_match *match, const char *metric)
{
    struct compare_row row;
    for (size_t c = 0; c < match->contender_count; c++)
        if (report_match_row(&match->contenders[c], metric, &row) &&
            row.value.mean != 0)
            return true;
    return false;
}

static void write_metric(FILE *out, const struct report_match *match,
                         const struct report_metric *metric)
{
    double reach = reach_of(match, metric->name);
    struct compare_row row;
    bool is_first = true;
    for (size_t c = 0; c < match->contender_count; c++) {
        const struct report_contender *contender = &match->contenders[c];
        if (!report_match_row(contender, metric->name, &row))
            continue;
        fprintf(out, "<tr%s><th scope=\"row\">%s</th><td class=\"text\">",
                is_first ? " class=\"first\"" : "", metric->label);
        html_text(out, contender->label);
        fputs("</td>", out);
        write_value(out, metric, &row);
        if (c > 0)
            write_difference(out, metric, &row, reach);
        else if (match->contender_count > 1)
            fputs("<td></td><td></td><td class=\"strip\"></td><td></td>"
                  "<td class=\"text\">baseline</td>",
                  out);
        fputs("</tr>\n", out);
        is_first = false;
    }
}

static void write_remarks(FILE *out, const struct report_match *match)
{
    for (size_t c = 0; c < match->contender_count; c++) {
        const struct report_contender *contender = &match->contenders[c];
        if (contender->stopped == 0 && contender->failed == 0)
            continue;
        fputs("<p class=\"note\">", out);
        html_text(out, contender->label);
        if (contender->stopped > 0)
            fprintf(out, ": %zu of %zu runs were stopped out of memory",
                    contender->stopped, report_seed_count(contender));
        if (contender->failed > 0)
            fprintf(out, ": in %zu of %zu runs an expectation did not hold",
                    contender->failed, report_seed_count(contender));
        fputs(".</p>\n", out);
    }
    if (match->unpaired > 0)
        fprintf(out,
                "<p class=\"note\">%zu polic%s shares no seed with the "
                "baseline and is left out.</p>\n",
                match->unpaired, match->unpaired == 1 ? "y" : "ies");
    if (match->unfinished > 0)
        fprintf(out,
                "<p class=\"note\">%zu run%s did not come to an end and "
                "%s not counted.</p>\n",
                match->unfinished, match->unfinished == 1 ? "" : "s",
                match->unfinished == 1 ? "is" : "are");
}

static void write_match(FILE *out, const struct report_match *match)
{
    char cell[HUMAN_BYTES];
    const struct report_metric *metric;
    bool has_others = match->contender_count > 1;
    const char *name;
    size_t seeds = report_seed_count(&match->contenders[0]);
    fprintf(out, "<h4>%s of memory, %zu seed%s</h4>\n",
            format_pages(cell, match->memory_pages, match->page_bytes), seeds,
            seeds == 1 ? "" : "s");
    fprintf(out,
            "<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
            "aria-label=\"Comparison with %s of memory\"><table "
            "class=\"compare\"><thead><tr><th scope=\"col\">measure</th><th "
            "scope=\"col\" class=\"text\">policy</th><th "
            "scope=\"col\">mean</th>",
            cell);
    if (has_others)
        fputs("<th scope=\"col\">difference</th><th scope=\"col\">95% "
              "interval</th><th scope=\"col\" class=\"strip\">less | "
              "more</th><th scope=\"col\">relative</th><th scope=\"col\" "
              "class=\"text\">shown</th>",
              out);
    fputs("</tr></thead>\n<tbody>", out);
    for (size_t n = 0; (name = compare_metric(n)) != NULL; n++) {
        metric = report_metric_named(name);
        if (metric && is_worth_a_row(match, name))
            write_metric(out, match, metric);
    }
    fputs("</tbody></table></div>\n", out);
    write_remarks(out, match);
}

void report_write_matches(FILE *out, const struct report_matches *matches)
{
    if (matches->count == 0)
        return;
    fputs("<h3>Comparison</h3><p class=\"note\">Means over seeds. Differences "
          "are to the first policy, in pairs of runs with the same seed, which "
          "faced the same draws; an interval that holds zero shows no "
          "difference. Each interval has 95% by itself: of twenty comparisons "
          "of equals one is expected to stand out. Measures that are 0 "
          "everywhere are left out.</p>\n",
          out);
    for (size_t m = 0; m < matches->count; m++)
        write_match(out, &matches->items[m]);
}
