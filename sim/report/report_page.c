#include "report/report_page.h"
#include "report/report_text.h"
#include "report/report_verdict.h"

#include "record/recorder.h"
#include "record/sha256.h"
#include "version.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_VERDICTS = 12, /* paragraphs at the head of the page */
    VERDICT_BYTES = 2048,
    TITLE_BYTES = 256,
    PREFIX_BYTES = 16,
    FEW_RUNS = 4, /* of which repetitions are drawn, too */
};

/* --- which runs get charts ------------------------------------------------ */

static bool is_first_of_kind(const struct report_group *group, size_t index)
{
    char label[REPORT_LABEL_BYTES], other[REPORT_LABEL_BYTES];
    const struct report_run *run = group->runs[index];
    report_policy_label(run, label, sizeof(label));
    for (size_t r = 0; r < index; r++) {
        report_policy_label(group->runs[r], other, sizeof(other));
        if (strcmp(label, other) == 0 &&
            group->runs[r]->summary.memory_pages == run->summary.memory_pages)
            return false;
    }
    return true;
}

/* How soon a run is chosen: of a scenario the first, of a policy, the rest. */
enum rank { RANK_SCENARIO, RANK_POLICY, RANK_REPETITION, RANKS };

static enum rank rank_of(const struct report_group *group, size_t index)
{
    if (index == 0)
        return RANK_SCENARIO;
    return is_first_of_kind(group, index) ? RANK_POLICY : RANK_REPETITION;
}

size_t report_choose_charted(const struct report_data *data, bool is_named,
                             bool *chosen)
{
    size_t count = 0;
    bool has_repetitions = is_named || data->run_count <= FEW_RUNS;
    memset(chosen, 0, data->run_count * sizeof(*chosen));
    for (enum rank rank = RANK_SCENARIO; rank < RANKS; rank++) {
        if (rank == RANK_REPETITION && !has_repetitions)
            break;
        for (size_t g = 0; g < data->group_count; g++)
            for (size_t r = 0; r < data->groups[g].run_count; r++) {
                size_t run = (size_t)(data->groups[g].runs[r] - data->runs);
                if (count == REPORT_MAX_CHARTED ||
                    rank_of(&data->groups[g], r) != rank)
                    continue;
                chosen[run] = true;
                count++;
            }
    }
    return count;
}

/* --- head ----------------------------------------------------------------- */

static void write_base64(FILE *out, const uint8_t *bytes, size_t size)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        uint32_t three = (uint32_t)bytes[i] << 16;
        three |= i + 1 < size ? (uint32_t)bytes[i + 1] << 8 : 0;
        three |= i + 2 < size ? bytes[i + 2] : 0;
        fputc(digits[three >> 18], out);
        fputc(digits[three >> 12 & 63], out);
        fputc(i + 1 < size ? digits[three >> 6 & 63] : '=', out);
        fputc(i + 2 < size ? digits[three & 63] : '=', out);
    }
}

/* No script but ours runs in the page, and nothing is fetched from anywhere. */
static void write_policy(FILE *out, const char *script)
{
    struct sha256 sha;
    uint8_t digest[SHA256_BYTES];
    sha256_init(&sha);
    sha256_update(&sha, script, strlen(script));
    sha256_final(&sha, digest);
    fputs("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
          "'none'; img-src data:; style-src 'unsafe-inline'; script-src "
          "'sha256-",
          out);
    write_base64(out, digest, sizeof(digest));
    fputs("'\">\n", out);
}

static void say_title(const struct report_data *data, struct sentence *title)
{
    char label[REPORT_LABEL_BYTES];
    if (data->run_count == 0) {
        say(title, "No runs");
    } else if (data->group_count > 1) {
        say(title, "%zu scenarios, %zu runs", data->group_count,
            data->run_count);
    } else {
        say(title, "%s", data->groups[0].name);
        if (data->run_count == 1) {
            report_policy_label(&data->runs[0], label, sizeof(label));
            say(title, " under %s", label);
        }
    }
}

static void write_head(FILE *out, const struct report_data *data,
                       const struct report_looks *looks)
{
    char title[TITLE_BYTES] = "";
    say_title(data, &(struct sentence){title, sizeof(title)});
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
          "<meta charset=\"utf-8\">\n",
          out);
    write_policy(out, looks->script);
    fputs("<meta name=\"viewport\" content=\"width=device-width, "
          "initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light "
          "dark\">\n<meta name=\"generator\" content=\"lowtide " LOWTIDE_VERSION
          "\">\n<link rel=\"icon\" href=\"data:,\">\n<title>",
          out);
    html_text(out, title);
    fputs(" – lowtide</title>\n<style>", out);
    fputs(looks->style, out);
    fputs("</style>\n</head>\n<body>\n<header>\n<h1>", out);
    html_text(out, title);
    fputs("</h1>\n", out);
}

/* --- verdicts ------------------------------------------------------------- */

/* "clone-storm", or "clone-storm, variant 2" */
static void write_group_name(FILE *out, const struct report_group *group)
{
    html_text(out, *group->name ? group->name : "(no name)");
    if (group->variant > 0)
        fprintf(out, ", variant %zu", group->variant);
}

static void write_verdict(FILE *out, const struct report_data *data,
                          const struct report_group *group, const char *label,
                          const char *text)
{
    bool has_groups = data->group_count > 1;
    fputs("<p class=\"verdict\">", out);
    if (has_groups || *label) {
        fputs("<b>", out);
        if (has_groups)
            write_group_name(out, group);
        fputs(has_groups && *label ? ", " : "", out);
        html_text(out, label);
        fputs(":</b> ", out);
    }
    html_text(out, text);
    fputs("</p>\n", out);
}

static void write_match_verdicts(FILE *out, const struct report_data *data,
                                 const struct report_group *group,
                                 const struct report_matches *matches,
                                 size_t *left)
{
    for (size_t m = 0; m<matches->count && * left> 0; m++, --*left) {
        char text[VERDICT_BYTES] = "", label[HUMAN_BYTES] = "";
        const struct report_match *match = &matches->items[m];
        report_verdict_match(match, &(struct sentence){text, sizeof(text)});
        if (matches->count > 1)
            format_pages(label, match->memory_pages, match->page_bytes);
        write_verdict(out, data, group, label, text);
    }
}

static void write_run_verdicts(FILE *out, const struct report_data *data,
                               const struct report_group *group, size_t *left)
{
    for (size_t r = 0; r<group->run_count && * left> 0; r++, --*left) {
        char text[VERDICT_BYTES] = "", label[REPORT_LABEL_BYTES] = "";
        report_verdict_run(group->runs[r],
                           &(struct sentence){text, sizeof(text)});
        if (group->run_count > 1)
            report_run_label(group, group->runs[r], label, sizeof(label));
        write_verdict(out, data, group, label, text);
    }
}

static void write_verdicts(FILE *out, const struct report_data *data,
                           const struct report_matches *matches)
{
    size_t left = MAX_VERDICTS;
    size_t all = 0;
    for (size_t g = 0; g < data->group_count; g++) {
        const struct report_group *group = &data->groups[g];
        all += matches[g].count > 0 ? matches[g].count : group->run_count;
        if (matches[g].count > 0)
            write_match_verdicts(out, data, group, &matches[g], &left);
        /* what happened in each of a few, too */
        if (matches[g].count == 0)
            write_run_verdicts(out, data, group, &left);
    }
    if (all > MAX_VERDICTS)
        fprintf(out,
                "<p class=\"note\">The first %d of %zu; the others are "
                "below.</p>\n",
                MAX_VERDICTS, all);
}

/* --- contents ------------------------------------------------------------- */

static void write_contents(FILE *out, const struct report_data *data,
                           const struct report_matches *matches)
{
    static const struct {
        const char *id, *name;
    } parts[] = {
        {"summary", "Summary"},   {"comparison", "Comparison"},
        {"pressure", "Pressure"}, {"queues", "Queues"},
        {"attribution", "VMOs"},  {"process", "Processes"},
        {"faults", "Faults"},     {"details", "Who stalled"},
        {"scenario", "Scenario"}, {"again", "How to reproduce"},
    };
    fputs("<nav aria-label=\"Contents\"><ul>", out);
    for (size_t g = 0; data->group_count > 1 && g < data->group_count; g++) {
        fprintf(out, "<li><a href=\"#g%zu\">", g + 1);
        write_group_name(out, &data->groups[g]);
        fputs("</a></li>", out);
    }
    for (size_t n = 0;
         data->group_count == 1 && n < sizeof(parts) / sizeof(parts[0]); n++)
        if (strcmp(parts[n].id, "comparison") != 0 || matches[0].count > 0)
            fprintf(out, "<li><a href=\"#g1-%s\">%s</a></li>", parts[n].id,
                    parts[n].name);
    fputs("</ul></nav>\n", out);
}

/* --- how to reproduce ----------------------------------------------------- */

static bool is_new_command(const struct report_group *group, size_t index)
{
    for (size_t r = 0; r < index; r++)
        if (strcmp(or_dash(group->runs[r]->argv),
                   or_dash(group->runs[index]->argv)) == 0)
            return false;
    return true;
}

static void write_commands(FILE *out, const struct report_group *group)
{
    fputs("<p>The runs were made by:</p>\n<div class=\"scroll\" "
          "tabindex=\"0\" role=\"group\" aria-label=\"Command lines\"><pre>",
          out);
    for (size_t r = 0; r < group->run_count; r++) {
        if (!is_new_command(group, r))
            continue;
        html_text(out, or_dash(group->runs[r]->argv));
        fputs("\n", out);
    }
    fputs("</pre></div>\n<p>Any one of them again: save the scenario above, "
          "with the run's own <code>seed</code>, <code>policy</code> and "
          "<code>memory</code>, where the files that it names are found from, "
          "and <code>lowtide run</code> it. The same version gives the same "
          "fingerprint.</p>\n",
          out);
}

static void write_origins(FILE *out, const struct report_group *group)
{
    char cell[HUMAN_BYTES];
    fputs("<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
          "aria-label=\"Origin of each run\"><table><thead><tr><th "
          "scope=\"col\">run</th><th scope=\"col\" class=\"text\">policy</th>"
          "<th scope=\"col\">memory</th><th scope=\"col\">seed</th><th "
          "scope=\"col\" class=\"text\">status</th><th scope=\"col\" "
          "class=\"text\">version</th><th scope=\"col\" "
          "class=\"text\">fingerprint</th><th scope=\"col\" "
          "class=\"text\">scenario, SHA-256</th></tr></thead>\n<tbody>",
          out);
    for (size_t r = 0; r < group->run_count; r++) {
        const struct report_run *run = group->runs[r];
        char policy[REPORT_LABEL_BYTES];
        report_policy_label(run, policy, sizeof(policy));
        fprintf(out, "<tr><th scope=\"row\">%llu</th><td class=\"text\">",
                (unsigned long long)run->summary.run_id);
        html_text(out, policy);
        snprintf(cell, sizeof(cell), "%llup",
                 (unsigned long long)run->summary.memory_pages);
        fprintf(out, "</td><td>%s</td><td>%llu</td><td class=\"text\">", cell,
                (unsigned long long)run->summary.seed);
        html_text(out, or_dash(run->summary.status));
        fputs("</td><td class=\"text\">", out);
        html_text(out, or_dash(run->version));
        fputs("</td><td class=\"text hash\">", out);
        html_text(out, or_dash(run->summary.fingerprint));
        fputs("</td><td class=\"text hash\">", out);
        html_text(out, or_dash(run->scenario_sha256));
        fputs("</td></tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
}

static void write_scenario(FILE *out, const struct report_group *group,
                           const char *prefix)
{
    const struct report_run *first = group->runs[0];
    fprintf(out,
            "<section id=\"%s-scenario\"><h3>Scenario</h3>\n<p "
            "class=\"note\">",
            prefix);
    html_text(out, or_dash(first->scenario));
    fprintf(out,
            ", as run %llu had it, with what the command line changed%s."
            "</p>\n<details><summary>Text</summary><div class=\"scroll\" "
            "tabindex=\"0\" role=\"group\" aria-label=\"Text of the "
            "scenario\"><pre>",
            (unsigned long long)first->summary.run_id,
            group->run_count > 1
                ? "; the others differ in seed, policy and memory only"
                : "");
    html_text(out, or_dash(first->scenario_text));
    fputs("</pre></div></details></section>\n", out);
}

/* --- one scenario --------------------------------------------------------- */

/* The charted runs of a group, in `runs`; how many there are. */
static size_t gather(const struct report_data *data,
                     const struct report_group *group, const bool *chosen,
                     struct report_run *runs[REPORT_MAX_CHARTED])
{
    size_t count = 0;
    for (size_t r = 0; r < group->run_count; r++)
        if (chosen[group->runs[r] - data->runs])
            runs[count++] = group->runs[r];
    return count;
}

static void write_choice(FILE *out, const struct report_group *group,
                         size_t count)
{
    if (count < group->run_count)
        fprintf(out,
                "<p class=\"note\">Charts and details are of %zu of %zu runs, "
                "one of each policy and memory first; <code>--run</code> "
                "chooses others.</p>\n",
                count, group->run_count);
}

static void write_run_notes(FILE *out, const struct report_group *group,
                            struct report_run *const *runs, size_t count)
{
    fputs("<ul class=\"verdicts\">", out);
    for (size_t r = 0; r < count; r++) {
        char text[VERDICT_BYTES] = "", label[REPORT_LABEL_BYTES];
        report_verdict_run(runs[r], &(struct sentence){text, sizeof(text)});
        report_run_label(group, runs[r], label, sizeof(label));
        fputs("<li><b>", out);
        html_text(out, label);
        fputs(":</b> ", out);
        html_text(out, text);
        fputs("</li>\n", out);
    }
    fputs("</ul>\n", out);
}

static enum report_status write_group(FILE *out, sqlite3 *db,
                                      const struct report_data *data,
                                      const struct report_group *group,
                                      const struct report_matches *matches,
                                      const bool *chosen, char *message)
{
    struct report_run *runs[REPORT_MAX_CHARTED];
    size_t count = gather(data, group, chosen, runs);
    char prefix[PREFIX_BYTES];
    enum plot_status drawn = PLOT_OK;
    snprintf(prefix, sizeof(prefix), "g%zu",
             (size_t)(group - data->groups) + 1);
    fprintf(out, "<article class=\"group\" id=\"%s\">\n<h2%s>", prefix,
            data->group_count > 1 ? "" : " class=\"only\"");
    write_group_name(out, group);
    fprintf(out, "</h2>\n<section id=\"%s-summary\"><h3>Summary</h3>\n",
            prefix);
    if (data->run_count > 1)
        write_run_notes(out, group, runs, count);
    report_write_summary(out, group);
    fprintf(out, "</section>\n<section id=\"%s-comparison\">\n", prefix);
    report_write_matches(out, matches);
    fprintf(out, "</section>\n<div class=\"charts%s\">\n",
            data->run_count == 1 ? " only" : "");
    write_choice(out, group, count);
    if (count > 0)
        drawn =
            report_write_figures(out, db, group, runs, count, prefix, message);
    fprintf(out, "</div>\n<section id=\"%s-details\">\n", prefix);
    if (count > 0)
        report_write_details(out, group, runs, count);
    fputs("</section>\n", out);
    write_scenario(out, group, prefix);
    fprintf(out, "<section id=\"%s-again\"><h3>How to reproduce</h3>\n",
            prefix);
    write_commands(out, group);
    write_origins(out, group);
    fputs("</section>\n</article>\n", out);
    return drawn == PLOT_OK          ? REPORT_OK
           : drawn == PLOT_BAD_INPUT ? REPORT_BAD_INPUT
                                     : REPORT_HOST;
}

/* --- the page ------------------------------------------------------------- */

static bool make_matches(const struct report_data *data,
                         struct report_matches *matches)
{
    for (size_t g = 0; g < data->group_count; g++)
        if (!report_matches_make(&data->groups[g], &matches[g]))
            return false;
    return true;
}

static enum report_status write_body(FILE *out, sqlite3 *db,
                                     const struct report_data *data,
                                     const struct report_matches *matches,
                                     const bool *chosen, char *message)
{
    enum report_status status = REPORT_OK;
    if (data->run_count == 0)
        fputs("<p class=\"verdict\">This results file holds no runs: whatever "
              "should have written one did not get that far.</p>\n",
              out);
    write_verdicts(out, data, matches);
    if (data->group_count > 0)
        write_contents(out, data, matches);
    fputs("</header>\n<main>\n", out);
    for (size_t g = 0; g < data->group_count && status == REPORT_OK; g++)
        status = write_group(out, db, data, &data->groups[g], &matches[g],
                             chosen, message);
    fputs("</main>\n<footer><p>Written by lowtide " LOWTIDE_VERSION
          ". All times are simulated.</p></footer>\n",
          out);
    return status;
}

enum report_status report_page_write(FILE *out, sqlite3 *db,
                                     const struct report_data *data,
                                     const struct report_looks *looks,
                                     bool is_named, size_t *charted,
                                     char *message)
{
    struct report_matches *matches =
        calloc(data->group_count + 1, sizeof(*matches));
    bool *chosen = calloc(data->run_count + 1, sizeof(*chosen));
    enum report_status status = REPORT_HOST;
    if (!matches || !chosen || !make_matches(data, matches)) {
        snprintf(message, REPORT_MESSAGE_BYTES, "out of memory");
    } else {
        *charted = report_choose_charted(data, is_named, chosen);
        write_head(out, data, looks);
        status = write_body(out, db, data, matches, chosen, message);
        fputs("<script>", out);
        fputs(looks->script, out);
        fputs("</script>\n</body>\n</html>\n", out);
    }
    for (size_t g = 0; matches && g < data->group_count; g++)
        report_matches_release(&matches[g]);
    free(matches);
    free(chosen);
    return status;
}
