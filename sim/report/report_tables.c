#include "report/report_metrics.h"
#include "report/report_sections.h"
#include "report/report_text.h"

#include "record/recorder.h"

#include <math.h>
#include <string.h>

enum { MOST_COLUMNS = 6 }; /* runs side by side */

static void write_text_cell(FILE *out, const char *text)
{
    fputs("<td class=\"text\">", out);
    html_text(out, or_dash(text));
    fputs("</td>", out);
}

static void write_number_cell(FILE *out, const char *number)
{
    fputs("<td>", out);
    html_text(out, number);
    fputs("</td>", out);
}

static void write_count_cell(FILE *out, uint64_t count)
{
    char cell[HUMAN_BYTES];
    write_number_cell(out, format_count(cell, count));
}

static void write_time_cell(FILE *out, int64_t ns)
{
    char cell[HUMAN_BYTES];
    write_number_cell(out, ns < 0 ? "–" : format_time(cell, ns));
}

static void write_heads(FILE *out, const char *const *heads, size_t count)
{
    fputs("<thead><tr>", out);
    for (size_t n = 0; n < count; n++)
        fprintf(out, "<th scope=\"col\"%s>%s</th>",
                heads[n][0] == '<' ? " class=\"text\"" : "",
                heads[n] + (heads[n][0] == '<'));
    fputs("</tr></thead>\n<tbody>", out);
}

/* A table that scrolls within the page. */
static void open_table(FILE *out, const char *label, const char *subject)
{
    fputs("<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"",
          out);
    html_text(out, label);
    fputs(*subject ? ", " : "", out);
    html_text(out, subject);
    fputs("\"><table>", out);
}

static void close_table(FILE *out)
{
    fputs("</tbody></table></div>\n", out);
}

static void write_cut(FILE *out, size_t shown, uint64_t all, const char *what)
{
    if (all > shown)
        fprintf(out,
                "<p class=\"note\">%zu of %llu %s; the results file has "
                "all.</p>\n",
                shown, (unsigned long long)all, what);
}

/* --- the summary ---------------------------------------------------------- */

static void write_run_head(FILE *out, const struct report_group *group,
                           const struct report_run *run)
{
    char label[REPORT_LABEL_BYTES];
    report_run_label(group, run, label, sizeof(label));
    html_text(out, label);
    if (run->summary.status && strcmp(run->summary.status, "ok") != 0) {
        fputs(" <b class=\"status\">", out);
        html_text(out, run->summary.status);
        fputs("</b>", out);
    }
}

static void write_metric_cell(FILE *out, const struct report_metric *metric,
                              const struct report_run *run)
{
    char cell[HUMAN_BYTES];
    write_number_cell(
        out, report_metric_cell(cell, metric, report_metric_of(run, metric)));
}

/* How long, by the samples, and how often the level was announced. */
static void write_level_cell(FILE *out, const struct report_run *run,
                             size_t level)
{
    char cell[HUMAN_BYTES];
    fputs("<td>", out);
    html_text(out,
              run->has_ticks ? format_time(cell, run->level_ns[level]) : "–");
    if (run->level_times[level] > 0)
        fprintf(out, " <span class=\"aside\">%s×</span>",
                format_count(cell, run->level_times[level]));
    fputs("</td>", out);
}

static bool is_known(const struct report_group *group,
                     const struct report_metric *metric)
{
    for (size_t r = 0; r < group->run_count; r++)
        if (!isnan(report_metric_of(group->runs[r], metric)))
            return true;
    return false;
}

static void write_basics(FILE *out, const struct report_group *group)
{
    char cell[HUMAN_BYTES];
    fputs("<tr><th scope=\"row\">memory</th>", out);
    for (size_t r = 0; r < group->run_count; r++)
        write_number_cell(
            out, format_pages(cell, group->runs[r]->summary.memory_pages,
                              group->runs[r]->page_bytes));
    fputs("<td class=\"meaning\">the budget</td></tr>\n<tr><th "
          "scope=\"row\">seed</th>",
          out);
    for (size_t r = 0; r < group->run_count; r++) {
        snprintf(cell, sizeof(cell), "%llu",
                 (unsigned long long)group->runs[r]->summary.seed);
        write_number_cell(out, cell);
    }
    fputs("<td class=\"meaning\">of every random draw</td></tr>\n", out);
}

static void write_metric_rows(FILE *out, const struct report_group *group)
{
    const struct report_metric *metric;
    for (size_t n = 0; (metric = report_metric_at(n)) != NULL; n++) {
        if (!is_known(group, metric))
            continue;
        fprintf(out, "<tr><th scope=\"row\">%s</th>", metric->label);
        for (size_t r = 0; r < group->run_count; r++)
            write_metric_cell(out, metric, group->runs[r]);
        fprintf(out, "<td class=\"meaning\">%s</td></tr>\n", metric->meaning);
    }
    for (size_t level = 1; level < REPORT_LEVELS; level++) {
        fprintf(out, "<tr><th scope=\"row\">time %s%s</th>",
                level < 3 ? "at " : "", report_level_label(level));
        for (size_t r = 0; r < group->run_count; r++)
            write_level_cell(out, group->runs[r], level);
        fprintf(out, "<td class=\"meaning\">%s</td></tr>\n",
                level == 1 ? "by the samples; and how often it was announced"
                           : "");
    }
}

static void write_by_metric(FILE *out, const struct report_group *group)
{
    open_table(out, "Summary", group->name);
    fputs("<thead><tr><th scope=\"col\">measure</th>", out);
    for (size_t r = 0; r < group->run_count; r++) {
        fputs("<th scope=\"col\">", out);
        write_run_head(out, group, group->runs[r]);
        fputs("</th>", out);
    }
    fputs("<th scope=\"col\" class=\"meaning\">meaning</th></tr></thead>\n"
          "<tbody>",
          out);
    write_basics(out, group);
    write_metric_rows(out, group);
    close_table(out);
}

static void write_by_run(FILE *out, const struct report_group *group)
{
    const struct report_metric *metric;
    open_table(out, "Summary", group->name);
    fputs("<thead><tr><th scope=\"col\">run</th>", out);
    for (size_t n = 0; (metric = report_metric_at(n)) != NULL; n++)
        if (metric->is_principal && is_known(group, metric))
            fprintf(out, "<th scope=\"col\">%s</th>", metric->label);
    for (size_t level = 1; level < REPORT_LEVELS; level++)
        fprintf(out, "<th scope=\"col\">%s</th>", report_level_label(level));
    fputs("</tr></thead>\n<tbody>", out);
    for (size_t r = 0; r < group->run_count; r++) {
        fputs("<tr><th scope=\"row\">", out);
        write_run_head(out, group, group->runs[r]);
        fputs("</th>", out);
        for (size_t n = 0; (metric = report_metric_at(n)) != NULL; n++)
            if (metric->is_principal && is_known(group, metric))
                write_metric_cell(out, metric, group->runs[r]);
        for (size_t level = 1; level < REPORT_LEVELS; level++)
            write_level_cell(out, group->runs[r], level);
        fputs("</tr>\n", out);
    }
    close_table(out);
}

void report_write_summary(FILE *out, const struct report_group *group)
{
    if (group->run_count > MOST_COLUMNS)
        write_by_run(out, group);
    else
        write_by_metric(out, group);
}

/* --- who stalled ---------------------------------------------------------- */

static const struct report_process *find_process(const struct report_run *run,
                                                 const char *name)
{
    for (size_t n = 0; n < run->process_count; n++)
        if (strcmp(or_dash(run->processes[n].name), name) == 0)
            return &run->processes[n];
    return NULL;
}

static bool is_listed_before(struct report_run *const *runs, size_t run,
                             const char *name)
{
    for (size_t r = 0; r < run; r++)
        if (find_process(runs[r], name))
            return true;
    return false;
}

static void write_stall_cell(FILE *out, const struct report_run *run,
                             const struct report_process *process)
{
    char cell[HUMAN_BYTES], share[HUMAN_BYTES];
    fputs("<td>", out);
    if (!process) {
        fputs("–</td>", out);
        return;
    }
    html_text(out, format_time(cell, process->stall_some_ns));
    if (process->stall_some_ns > 0 && run->summary.sim_ns != RECORD_NULL &&
        run->summary.sim_ns > 0) {
        fputs(" <span class=\"aside\">", out);
        html_text(out, format_share(share, (double)process->stall_some_ns /
                                               (double)run->summary.sim_ns));
        fputs("</span>", out);
    }
    if (process->killed_ns >= 0) {
        fputs(" <b class=\"status\">killed at ", out);
        html_text(out, format_time(cell, process->killed_ns));
        fputs("</b>", out);
    }
    fputs("</td>", out);
}

static void write_stalled(FILE *out, const struct report_group *group,
                          struct report_run *const *runs, size_t count)
{
    fputs("<h3>Who stalled</h3><p class=\"note\">Simulated time in which at "
          "least one thread of the process waited for memory or for a page "
          "that had been reclaimed, and its share of the run.</p>\n",
          out);
    open_table(out, "Who stalled", group->name);
    fputs("<thead><tr><th scope=\"col\">process</th>", out);
    for (size_t r = 0; r < count; r++) {
        fputs("<th scope=\"col\">", out);
        write_run_head(out, group, runs[r]);
        fputs("</th>", out);
    }
    fputs("</tr></thead>\n<tbody>", out);
    for (size_t r = 0; r < count; r++) {
        for (size_t n = 0; n < runs[r]->process_count; n++) {
            const char *name = or_dash(runs[r]->processes[n].name);
            if (is_listed_before(runs, r, name))
                continue;
            fputs("<tr><th scope=\"row\">", out);
            html_text(out, name);
            fputs("</th>", out);
            for (size_t c = 0; c < count; c++)
                write_stall_cell(out, runs[c], find_process(runs[c], name));
            fputs("</tr>\n", out);
        }
    }
    close_table(out);
}

/* --- whose pages, how long, what did not hold ----------------------------- */

static void write_amount_cell(FILE *out, const struct report_run *run,
                              uint64_t pages)
{
    char cell[HUMAN_BYTES];
    write_number_cell(out, format_pages(cell, pages, run->page_bytes));
}

static void write_vmos(FILE *out, const struct report_run *run,
                       const char *subject)
{
    static const char *const heads[] = {
        "<VMO",         "<process", "<kind",      "peak",      "at the end",
        "major faults", "refaults", "compressed", "evictions", "compressions"};
    size_t columns = run->has_page_events ? 10 : 8;
    if (run->vmo_count == 0)
        return;
    fputs("<h4>Whose pages</h4>\n", out);
    open_table(out, "Whose pages", subject);
    write_heads(out, heads, columns);
    for (size_t n = 0; n < run->vmo_count; n++) {
        const struct report_vmo *vmo = &run->vmos[n];
        fputs("<tr><th scope=\"row\">", out);
        html_text(out, or_dash(vmo->name));
        fputs("</th>", out);
        write_text_cell(out, vmo->process);
        write_text_cell(out, vmo->kind);
        write_amount_cell(out, run, vmo->peak_committed);
        write_amount_cell(out, run, vmo->last_committed);
        write_count_cell(out, vmo->faults_major);
        write_count_cell(out, vmo->refaults);
        write_amount_cell(out, run, vmo->last_compressed);
        if (run->has_page_events) {
            write_count_cell(out, vmo->evicted);
            write_count_cell(out, vmo->compressed);
        }
        fputs("</tr>\n", out);
    }
    close_table(out);
    write_cut(out, run->vmo_count, run->vmo_total, "VMOs");
    if (!run->has_page_events)
        fputs("<p class=\"note\">Whose pages were taken is recorded with "
              "<code>record: {pages: true}</code>; refaults say whose were "
              "missed.</p>\n",
              out);
}

static void write_latencies(FILE *out, const struct report_run *run,
                            const char *subject)
{
    static const char *const heads[] = {
        "<workload", "<kind", "count", "median", "99%", "99.9%", "longest"};
    if (run->latency_count == 0)
        return;
    fputs("<h4>How long it took</h4>\n", out);
    open_table(out, "How long it took", subject);
    write_heads(out, heads, sizeof(heads) / sizeof(heads[0]));
    for (size_t n = 0; n < run->latency_count; n++) {
        const struct report_latency *latency = &run->latencies[n];
        fputs("<tr><th scope=\"row\">", out);
        html_text(out, or_dash(latency->workload));
        fputs("</th>", out);
        write_text_cell(out, latency->kind);
        write_count_cell(out, latency->count);
        write_time_cell(out, latency->p50_ns);
        write_time_cell(out, latency->p99_ns);
        write_time_cell(out, latency->p999_ns);
        write_time_cell(out, latency->most_ns);
        fputs("</tr>\n", out);
    }
    close_table(out);
    write_cut(out, run->latency_count, run->latency_total, "latencies");
}

static void write_failures(FILE *out, const struct report_run *run,
                           const char *subject)
{
    static const char *const heads[] = {"line", "<what", "<expected", "<found"};
    char cell[HUMAN_BYTES];
    if (run->failure_count == 0)
        return;
    fputs("<h4>What did not hold</h4>\n", out);
    open_table(out, "What did not hold", subject);
    write_heads(out, heads, sizeof(heads) / sizeof(heads[0]));
    for (size_t n = 0; n < run->failure_count; n++) {
        const struct report_failure *failure = &run->failures[n];
        snprintf(cell, sizeof(cell), "%lld", (long long)failure->line);
        fprintf(out, "<tr><th scope=\"row\">%s</th>", cell);
        write_text_cell(out, failure->key);
        write_text_cell(out, failure->expected);
        write_text_cell(out, failure->actual);
        fputs("</tr>\n", out);
    }
    close_table(out);
    write_cut(out, run->failure_count, run->failures_total,
              "expectations that did not hold");
}

void report_write_details(FILE *out, const struct report_group *group,
                          struct report_run *const *runs, size_t count)
{
    write_stalled(out, group, runs, count);
    fputs("<h3>Run by run</h3>\n", out);
    for (size_t r = 0; r < count; r++) {
        char label[REPORT_LABEL_BYTES];
        report_run_label(group, runs[r], label, sizeof(label));
        bool is_open = count == 1 || runs[r]->failure_count > 0;
        fprintf(out, "<details%s><summary>", is_open ? " open" : "");
        write_run_head(out, group, runs[r]);
        fprintf(out, " <span class=\"aside\">run %llu</span></summary>\n",
                (unsigned long long)runs[r]->summary.run_id);
        write_failures(out, runs[r], label);
        write_vmos(out, runs[r], label);
        write_latencies(out, runs[r], label);
        if (runs[r]->vmo_count + runs[r]->latency_count +
                runs[r]->failure_count ==
            0)
            fputs("<p class=\"absent\">nothing recorded</p>", out);
        fputs("</details>\n", out);
    }
}
