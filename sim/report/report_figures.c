#include "report/report_chart.h"
#include "report/report_sections.h"
#include "report/report_text.h"

#include <stdlib.h>
#include <string.h>

enum {
    ID_BYTES = 24,
    MAX_MARKERS = 8,
    LEAST_ROWS = 100,
    MOST_ROWS = 800,
    /* Numbers in a figure, all charts and series together: about 15 bytes of
     * the page for each. */
    FIGURE_NUMBERS = 30000,
};

/* A chart of a kind's figure: some of its columns. */
struct part {
    const char *title;
    const char *family;
    enum chart_type type;
    enum chart_unit unit;
    unsigned height;
    size_t first, count; /* columns; count 0: all layers */
    bool has_bands;
    double y_max; /* 0: the figure's */
};

enum { MAX_PARTS = 3 };

static const struct kind {
    const char *name; /* as sim/plot/ has it */
    const char *heading;
    const char *note;
    struct part parts[MAX_PARTS];
} kinds[] = {
    {"pressure",
     "Memory pressure",
     "The level that the watchdog announced, free memory, and how much of each "
     "interval at least one workload thread, or all that were not idle, waited "
     "for memory or for a page that had been reclaimed.",
     {{"Level", "level", CHART_LEVELS, UNIT_LEVEL, 80, 0, 0, true, 0},
      {"Free memory", "free", CHART_LINES, UNIT_MIB, 130, 0, 1, true, 0},
      {"Time stalled", "stall", CHART_STEPS, UNIT_PERCENT, 90, 1, 2, false,
       100}}},
    {"queues",
     "Memory by page queue",
     "All of memory, by the queue its pages are in; reclaimable pages by the "
     "policy's own lists.",
     {{"Memory", "queues", CHART_AREAS, UNIT_MIB, 250, 0, 0, false, 0}}},
    {"attribution",
     "Memory by VMO",
     "Uncompressed pages attributed to each VMO, the largest apart.",
     {{"Committed memory", "vmos", CHART_AREAS, UNIT_MIB, 220, 0, 0, false,
       0}}},
    {"process",
     "Memory by process",
     "The same, summed by the process that owns the VMOs.",
     {{"Committed memory", "processes", CHART_AREAS, UNIT_MIB, 180, 0, 0, false,
       0}}},
    {"faults",
     "Faults and reclaim",
     "Rates; in a long run the line is a mean and the shade the range of the "
     "samples.",
     {{"Rate", "faults", CHART_STEPS, UNIT_PER_SECOND, 200, 0, 0, false, 0}}},
};

/* --- one chart ------------------------------------------------------------ */

static int by_time(const void *left, const void *right)
{
    const struct chart_marker *a = left;
    const struct chart_marker *b = right;
    return a->at_ns < b->at_ns ? -1 : a->at_ns > b->at_ns;
}

static size_t make_markers(const struct report_run *run,
                           struct chart_marker markers[MAX_MARKERS])
{
    size_t count = 0;
    for (size_t n = 0; n < run->process_count && count < MAX_MARKERS; n++) {
        const struct report_process *process = &run->processes[n];
        if (process->killed_ns < 0)
            continue;
        struct chart_marker *marker = &markers[count++];
        struct sentence text = {marker->text, sizeof(marker->text)};
        *marker = (struct chart_marker){.at_ns = process->killed_ns};
        say(&text, "%s killed", process->name);
    }
    qsort(markers, count, sizeof(*markers), by_time);
    return count;
}

static double scale_of(const struct plot_figure *figure,
                       const struct part *part)
{
    double peak = 0;
    if (part->y_max == 0)
        return figure->y_max;
    /* stall: whole, unless there is hardly any */
    for (size_t p = 0; p < figure->panel_count; p++)
        for (size_t c = 0; c < part->count; c++) {
            double of =
                plot_frame_peak(&figure->panels[p].frame, part->first + c);
            peak = of > peak ? of : peak;
        }
    return peak > 0 && peak < part->y_max / 2 ? peak * 1.1 : part->y_max;
}

static bool write_part(FILE *out, const struct plot_figure *figure,
                       const struct plot_panel *panel, const struct part *part,
                       const struct report_group *group,
                       const struct report_run *run, const char *subject)
{
    struct chart_marker markers[MAX_MARKERS];
    struct chart chart = {
        .type = part->type,
        .unit = part->unit,
        .title = part->title,
        .subject = subject,
        .family = part->family,
        .height = part->height,
        .end_ns = group->end_ns,
        .y_max = scale_of(figure, part),
        .is_log = figure->is_log,
        .frame = &panel->frame,
        .layers = figure->layers,
        .first = part->first,
        .count = part->type == CHART_LEVELS ? 0
                 : part->count > 0          ? part->count
                                            : figure->layer_count,
        .has_ranges = figure->has_ranges,
        .samples = run->tick_count,
        .bands = part->has_bands ? panel->bands : NULL,
        .band_count = part->has_bands ? panel->band_count : 0,
        .markers = markers,
        .marker_count = make_markers(run, markers),
    };
    return chart_write(out, &chart);
}

/* --- one figure ----------------------------------------------------------- */

static const struct report_run *find_run(struct report_run *const *runs,
                                         size_t count, int64_t id)
{
    for (size_t r = 0; r < count; r++)
        if ((int64_t)runs[r]->summary.run_id == id)
            return runs[r];
    return NULL;
}

/* No more numbers than a page can carry; peaks stay. */
static bool thin(struct plot_figure *figure)
{
    size_t series = figure->layer_count * figure->panel_count;
    size_t rows = series > 0 ? FIGURE_NUMBERS / series : MOST_ROWS;
    rows = rows < LEAST_ROWS ? LEAST_ROWS : rows > MOST_ROWS ? MOST_ROWS : rows;
    for (size_t p = 0; p < figure->panel_count; p++) {
        struct plot_frame *frame = &figure->panels[p].frame;
        /* ranges are few already, and are no samples */
        if (!figure->has_ranges && frame->rows > rows &&
            !plot_frame_thin(frame, figure->kind->curves, rows / 2, rows))
            return false;
    }
    return true;
}

static bool write_panel(FILE *out, const struct plot_figure *figure,
                        size_t index, const struct kind *kind,
                        const struct report_group *group,
                        const struct report_run *run)
{
    char subject[REPORT_LABEL_BYTES];
    const struct plot_panel *panel = &figure->panels[index];
    bool is_well = true;
    report_run_label(group, run, subject, sizeof(subject));
    fputs("<div class=\"panel\"><h4>", out);
    html_text(out, subject);
    fputs("</h4>\n", out);
    if (!panel->has_data || group->end_ns <= 1) {
        bool is_instant = group->end_ns <= 1;
        fputs("<p class=\"absent\">no data: ", out);
        fputs(is_instant ? "no time passed" : "this run has no ", out);
        html_text(out, is_instant ? "" : figure->kind->absent);
        fputs("</p>", out);
    }
    for (size_t n = 0; n < MAX_PARTS && kind->parts[n].title && is_well &&
                       panel->has_data && group->end_ns > 1;
         n++)
        is_well = write_part(out, figure, panel, &kind->parts[n], group, run,
                             subject);
    fputs("</div>\n", out);
    return is_well;
}

static enum plot_status
write_figure(FILE *out, sqlite3 *db, const struct kind *kind,
             const struct report_group *group, struct report_run *const *runs,
             size_t count, const char *prefix, char *message)
{
    char ids[REPORT_MAX_CHARTED][ID_BYTES];
    const char *wishes[REPORT_MAX_CHARTED];
    struct plot_runs drawn = {0};
    struct plot_figure figure = {0};
    for (size_t r = 0; r < count; r++) {
        snprintf(ids[r], ID_BYTES, "%llu",
                 (unsigned long long)runs[r]->summary.run_id);
        wishes[r] = ids[r];
    }
    struct plot_request request = {.database = "the results",
                                   .runs = wishes,
                                   .run_count = count,
                                   .kind = kind->name};
    enum plot_status status =
        plot_figure_read(db, &request, &drawn, &figure, message);
    bool is_well = status == PLOT_OK && thin(&figure);
    if (is_well)
        fprintf(out,
                "<section class=\"figure\" id=\"%s-%s\"><h3>%s</h3>"
                "<p class=\"note\">%s</p>\n",
                prefix, kind->name, kind->heading, kind->note);
    for (size_t p = 0; is_well && p < figure.panel_count; p++) {
        const struct report_run *run =
            find_run(runs, count, figure.panels[p].run->id);
        is_well = run && write_panel(out, &figure, p, kind, group, run);
    }
    if (is_well)
        fputs("</section>\n", out);
    plot_figure_release(&figure);
    plot_runs_release(&drawn);
    if (!is_well && status == PLOT_OK) {
        snprintf(message, REPORT_MESSAGE_BYTES, "out of memory or disk space");
        status = PLOT_HOST;
    }
    return status;
}

enum plot_status report_write_figures(FILE *out, sqlite3 *db,
                                      const struct report_group *group,
                                      struct report_run *const *runs,
                                      size_t count, const char *prefix,
                                      char *message)
{
    enum plot_status status = PLOT_OK;
    for (size_t k = 0;
         k < sizeof(kinds) / sizeof(kinds[0]) && status == PLOT_OK; k++)
        status = write_figure(out, db, &kinds[k], group, runs, count, prefix,
                              message);
    return status;
}
