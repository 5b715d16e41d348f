/*
 * Reports: what reaches a page is text, sentences say what the numbers say,
 * and charts keep their peaks.
 */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/recorder.h"
#include "report/report_chart.h"
#include "report/report_match.h"
#include "report/report_page.h"
#include "report/report_text.h"
#include "report/report_verdict.h"

#define NBSP "\xC2\xA0"

/* What a writer of text wrote, to be freed. */
static char *written(void (*write)(FILE *out, const char *text),
                     const char *text)
{
    char *all = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&all, &size);
    cr_assert_not_null(out);
    write(out, text);
    fclose(out);
    return all;
}

/* --- text ----------------------------------------------------------------- */

Test(report_text, markup_becomes_text)
{
    static const struct {
        const char *text, *html;
    } cases[] = {
        {"plain", "plain"},
        {"a<b>&\"c'", "a&lt;b&gt;&amp;&quot;c&#39;"},
        {"</script>", "&lt;/script&gt;"},
        {"tab\tand\nline", "tab\tand\nline"},
        {"\x01\x1b\x7f", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xC2\x85", "\xEF\xBF\xBD"}, /* a C1 control */
        {"\xC3\xA9 \xE2\x80\xA8", "\xC3\xA9 \xE2\x80\xA8"},
        {"bad \xC3( \xED\xA0\x80", /* cut, and a surrogate */
         "bad \xEF\xBF\xBD( \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {NULL, ""},
    };
    for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        char *html = written(html_text, cases[n].text);
        cr_expect_str_eq(html, cases[n].html, "case %zu: %s", n, html);
        free(html);
    }
}

Test(report_text, json_cannot_end_its_script)
{
    char *json = written(html_data, "[\"</script><!--&\xE2\x80\xA8\xE2\x80\xA9"
                                    "\xE2\x80\xAA\"]");
    cr_assert_str_eq(json, "[\"\\u003c/script\\u003e\\u003c!--\\u0026\\u2028"
                           "\\u2029\xE2\x80\xAA\"]");
    free(json);
}

Test(report_text, numbers_keep_three_digits)
{
    static const struct {
        double number;
        const char *text;
    } cases[] = {
        {0, "0"},
        {1, "1"},
        {1.7345, "1.73"},
        {45.24, "45.2"},
        {999.4, "999"},
        {999.6, "1,000"},
        {1234567, "1,234,567"},
        {-1234, "-1,234"},
        {0.5, "0.5"},
        {0.013712, "0.0137"},
        {-0.25, "-0.25"},
        {0.00001, "1e-05"},
    };
    char cell[HUMAN_BYTES];
    for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
        cr_expect_str_eq(format_number(cell, cases[n].number), cases[n].text,
                         "%g is %s", cases[n].number, cell);
    cr_expect_str_eq(format_number(cell, (double)NAN), "–");
    cr_expect_str_eq(format_count(cell, UINT64_MAX),
                     "18,446,744,073,709,551,615");
}

Test(report_text, times_and_amounts_have_units)
{
    char cell[HUMAN_BYTES];
    cr_expect_str_eq(format_time(cell, 0), "0" NBSP "s");
    cr_expect_str_eq(format_time(cell, 4), "4" NBSP "ns");
    cr_expect_str_eq(format_time(cell, 481408), "481" NBSP "µs");
    cr_expect_str_eq(format_time(cell, 999999), "1" NBSP "ms");
    cr_expect_str_eq(format_time(cell, 1036576447), "1.04" NBSP "s");
    cr_expect_str_eq(format_time(cell, 119000000000), "119" NBSP "s");
    cr_expect_str_eq(format_time(cell, 130000000000),
                     "2" NBSP "min" NBSP "10" NBSP "s");
    cr_expect_str_eq(format_time(cell, 180000000000), "3" NBSP "min");
    cr_expect_str_eq(format_axis_time(cell, 90000000000, 180000000000),
                     "1:30" NBSP "min");
    cr_expect_str_eq(format_axis_time(cell, 90000000000, 100000000000),
                     "90" NBSP "s");
    cr_expect_str_eq(format_pages(cell, 0, 4096), "0" NBSP "B");
    cr_expect_str_eq(format_pages(cell, 2560, 4096), "10" NBSP "MiB");
    cr_expect_str_eq(format_pages(cell, 1, 16384), "16" NBSP "KiB");
    cr_expect_str_eq(format_share(cell, 0.01734), "1.73%");
    cr_expect_str_eq(format_share(cell, 0), "0%");
    cr_expect_str_eq(format_share(cell, 1e-7), "<0.001%");
}

Test(report_text, sentences_are_cut_at_characters)
{
    char text[8] = "";
    struct sentence to = {text, sizeof(text)};
    say(&to, "%s", "abcde");
    say(&to, "%s", "f\xC3\xA9g");
    cr_assert_str_eq(text, "abcdef");
}

Test(report_text, colours_stand_out_on_a_dark_page)
{
    static const uint32_t ramp[] = {0x0B2F5E, 0x2F5784, 0x537FAA, 0xB9D9F2};
    double before = 0;
    for (size_t n = 0; n < 4; n++) {
        double contrast =
            colour_contrast(colour_in_dark(ramp[n], false), REPORT_GROUND_DARK);
        cr_expect_geq(contrast, 3);
        cr_expect_gt(contrast, before, "the order of a ramp stays");
        before = contrast;
    }
    cr_expect_geq(
        colour_contrast(colour_in_dark(0x000000, true), REPORT_GROUND_DARK),
        4.5);
    cr_expect_leq(
        colour_contrast(colour_in_dark(0xF4F4F4, false), REPORT_GROUND_DARK), 2,
        "free memory stays in the background");
    cr_expect_float_eq(colour_contrast(0x000000, 0xFFFFFF), 21, 0.01);
}

/* --- groups --------------------------------------------------------------- */

Test(report_groups, a_shape_leaves_out_what_may_differ)
{
    static const char *const same[] = {
        "# about\nname: x\nseed: 1\nmachine: {memory: 1p, wired: 1p}\n"
        "vmos:\n  # one\n  - {vmo: a, size: 1p}\n",
        "name: x\nmachine: {wired: 1p, memory: 2p}\nvmos:\n"
        "- {vmo: a, size: 1p}\nreclaim:\n  policy: lru\n  params: [a=1]\n",
        "name: x\nmachine: {wired: 1p}\nvmos:\n- {vmo: a, size: 1p}\n"
        "reclaim: {policy: lru}\nseed: 2\n",
    };
    static const char *const others[] = {
        "name: x\nmachine: {wired: 2p}\nvmos:\n- {vmo: a, size: 1p}\n",
        "name: x\nmachine: {wired: 1p}\nvmos:\n- {vmo: a, size: 1p}\n"
        "reclaim: {eviction: false}\n",
        "{ no: yaml",
        "",
    };
    char *shape = report_scenario_shape(same[0]);
    cr_assert_not_null(shape);
    for (size_t n = 0; n < sizeof(same) / sizeof(same[0]); n++) {
        char *of = report_scenario_shape(same[n]);
        cr_expect_str_eq(of, shape, "%s", of);
        free(of);
    }
    for (size_t n = 0; n < sizeof(others) / sizeof(others[0]); n++) {
        char *of = report_scenario_shape(others[n]);
        cr_expect_str_neq(of, shape, "%s", of);
        free(of);
    }
    free(shape);
}

static struct report_run run_of(uint64_t id, const char *policy, uint64_t seed,
                                double stall, double faults)
{
    struct report_run run = {.page_bytes = 4096};
    size_t metric;
    run_summary_init(&run.summary);
    run.summary.run_id = id;
    run.summary.name = strdup("storm");
    run.summary.policy = strdup(policy);
    run.summary.status = strdup("ok");
    run.summary.seed = seed;
    run.summary.memory_pages = 1000;
    for (size_t n = 0; n < STUDY_MAX_METRICS; n++)
        run.metrics[n] = (double)NAN;
    cr_assert(study_metric_find("stall_some_share", &metric));
    run.metrics[metric] = stall;
    cr_assert(study_metric_find("faults_major", &metric));
    run.metrics[metric] = faults;
    return run;
}

/* Runs of one scenario, in groups. */
static struct report_data data_of(const struct report_run *runs, size_t count)
{
    struct report_data data = {
        .runs = calloc(count + 1, sizeof(*data.runs)),
        .run_count = count,
    };
    memcpy(data.runs, runs, count * sizeof(*runs));
    cr_assert(report_groups_make(&data));
    return data;
}

Test(report_groups, runs_stand_by_policy_with_the_baseline_first)
{
    struct report_run runs[] = {
        run_of(1, "lru", 2, 0, 0),
        run_of(2, "zircon", 1, 0, 0),
        run_of(3, "lru", 1, 0, 0),
    };
    char label[REPORT_LABEL_BYTES];
    runs[0].argv = strdup("lowtide compare x.yaml --policies zircon,lru");
    runs[2].summary.params = strdup("{\"a\": \"1\", \"b\": \"x, \\\"y\"}");
    struct report_data data = data_of(runs, 3);
    cr_assert_eq(data.group_count, 1);
    cr_expect_eq(data.groups[0].runs[0]->summary.run_id, 2);
    cr_expect_eq(data.groups[0].runs[1]->summary.run_id, 1);
    report_run_label(&data.groups[0], data.groups[0].runs[2], label,
                     sizeof(label));
    cr_expect_str_eq(label, "lru (a=1, b=x, \"y), seed 1");
    report_data_release(&data);
}

Test(report_groups, repetitions_get_no_charts_unless_they_are_few_or_named)
{
    struct report_run runs[20];
    bool chosen[20];
    for (uint64_t n = 0; n < 20; n++)
        runs[n] = run_of(n + 1, n % 2 ? "lru" : "zircon", n / 2, 0, 0);
    struct report_data data = data_of(runs, 20);
    cr_expect_eq(report_choose_charted(&data, false, chosen), 2);
    cr_expect(chosen[0] && chosen[1] && !chosen[2]);
    cr_expect_eq(report_choose_charted(&data, true, chosen),
                 REPORT_MAX_CHARTED);
    report_data_release(&data);
}

/* --- verdicts ------------------------------------------------------------- */

static void expect_verdict(const struct report_run *run, const char *expected)
{
    char text[1024] = "";
    report_verdict_run(run, &(struct sentence){text, sizeof(text)});
    cr_expect_str_eq(text, expected, "%s", text);
}

Test(report_verdict, says_how_low_memory_ran_and_what_was_reclaimed)
{
    struct report_process processes[] = {
        {.name = (char[]){"indexer"},
         .killed_ns = 3000000000,
         .stall_some_ns = 1500000000},
        {.name = (char[]){"shell"}, .killed_ns = -1},
    };
    struct report_vmo vmos[] = {{.name = (char[]){"heap"}, .refaults = 30}};
    struct report_run run = {.page_bytes = 4096,
                             .has_ticks = true,
                             .level_ns = {[1] = 2000000000, [4] = 500000000},
                             .level_times = {[1] = 2, [3] = 7, [4] = 1},
                             .processes = processes,
                             .process_count = 2,
                             .vmos = vmos,
                             .vmo_count = 1};
    run_summary_init(&run.summary);
    run.summary.status = (char[]){"failed"};
    run.summary.sim_ns = 10000000000;
    run.summary.accesses = 5000;
    run.summary.stall_some_share = 0.15;
    run.summary.evicted_pager = 1000;
    run.summary.evicted_compressed = 24;
    run.summary.refaults = 40;
    run.summary.oom_kills = 1;
    run.expectations = 3;
    run.failures_total = 1;
    expect_verdict(
        &run,
        "Memory ran low: of 10" NBSP "s the level was warning for 2" NBSP
        "s and out of memory for 500" NBSP "ms, and between two samples "
        "nearly out of memory 7 times, and threads stood still for 15% of "
        "the time, those of indexer longest (1.5" NBSP "s). 1,000 pages "
        "were evicted and 24 compressed (4" NBSP "MiB in all); 40 faults "
        "brought reclaimed pages back, most of heap (30), and 1 process "
        "was killed for want of memory: indexer at 3" NBSP "s. 1 of 3 "
        "expectations did not hold.");
}

Test(report_verdict, says_so_when_nothing_happened_or_nothing_is_known)
{
    struct report_run run = {.page_bytes = 4096};
    run_summary_init(&run.summary);
    run.summary.status = (char[]){"interrupted"};
    expect_verdict(&run, "Nothing has been recorded of this run. The run was "
                         "interrupted: this is what had been recorded up to "
                         "0" NBSP "s.");
    run.summary.status = (char[]){"ok"};
    run.summary.sim_ns = 10000000000;
    run.summary.accesses = 1;
    run.summary.stall_some_share = 0;
    run.has_ticks = true;
    expect_verdict(&run, "Memory did not run low: the level was normal for all "
                         "of 10" NBSP "s, and no thread had to wait for it. "
                         "Nothing was reclaimed, and no process was killed.");
    run.has_ticks = false;
    expect_verdict(&run,
                   "How full memory was has not been recorded (no ticks), "
                   "and no thread had to wait for it. Nothing was "
                   "reclaimed, and no process was killed.");
    run.summary.sim_ns = 0;
    run.has_ticks = true;
    expect_verdict(&run,
                   "The run took no simulated time, so memory had no time "
                   "to run low. Nothing was reclaimed, and no process "
                   "was killed.");
}

/* The verdict of the only match of `count` runs. */
static void expect_match(const struct report_run *runs, size_t count,
                         const char *expected)
{
    char text[1024] = "";
    struct report_matches matches = {0};
    struct report_data data = data_of(runs, count);
    cr_assert(report_matches_make(&data.groups[0], &matches));
    cr_assert_eq(matches.count, 1);
    report_verdict_match(&matches.items[0],
                         &(struct sentence){text, sizeof(text)});
    cr_expect_str_eq(text, expected, "%s", text);
    report_matches_release(&matches);
    report_data_release(&data);
}

/* Differences -0.1, -0.1, -0.1 of 0.2: shown; of faults +1, -1, 0: not. */
Test(report_verdict, policies_differ_or_no_difference_is_shown)
{
    struct report_run runs[] = {
        run_of(1, "zircon", 1, 0.2, 10), run_of(2, "zircon", 2, 0.3, 20),
        run_of(3, "zircon", 3, 0.1, 30), run_of(4, "lru", 1, 0.1, 11),
        run_of(5, "lru", 2, 0.2, 19),    run_of(6, "lru", 3, 0.0, 30),
    };
    expect_match(runs, 6,
                 "Over 3 seeds, lru stalls less than zircon: threads stand "
                 "still for 20% of the time under zircon, but 50% shorter "
                 "under lru (95% interval 50% to 50%). There are 20 major "
                 "faults under zircon, and no difference is shown for lru.");
}

Test(report_verdict, one_run_each_rules_nothing_out)
{
    struct report_run runs[] = {run_of(1, "zircon", 1, 0.2, 10),
                                run_of(2, "lru", 1, 0.1, 15)};
    expect_match(runs, 2,
                 "One run each, so chance is not ruled out: threads stand "
                 "still for 20% of the time under zircon, but 50% shorter "
                 "under lru. There are 10 major faults under zircon, but 50% "
                 "more under lru.");
}

/* --- matches -------------------------------------------------------------- */

Test(report_match, pairs_stand_on_the_seeds_that_both_have_run)
{
    struct report_run runs[] = {
        run_of(1, "zircon", 1, 0.2, 10), run_of(2, "zircon", 2, 0.4, 20),
        run_of(3, "lru", 2, 0.1, 18),    run_of(4, "lru", 3, 0.3, 99),
        run_of(5, "fifo", 9, 0.5, 50),   run_of(6, "lru", 2, 0.3, 14),
        run_of(7, "lru", 1, 0.3, 8),
    };
    free(runs[6].summary.status);
    runs[6].summary.status = strdup("interrupted");
    struct report_matches matches = {0};
    struct report_data data = data_of(runs, 7);
    struct compare_row row;
    cr_assert(report_matches_make(&data.groups[0], &matches));
    cr_assert_eq(matches.count, 1);
    const struct report_match *match = &matches.items[0];
    cr_assert_eq(match->contender_count, 2);
    cr_expect_eq(match->unpaired, 1, "fifo");
    cr_expect_eq(match->unfinished, 1);
    cr_expect_eq(report_seed_count(&match->contenders[0]), 2);
    cr_expect_eq(report_seed_count(&match->contenders[1]), 1);
    cr_assert(report_match_row(&match->contenders[1], "faults_major", &row));
    cr_expect_float_eq(row.difference.mean, 14 - 20, 1e-12,
                       "of runs alike the last counts");
    cr_expect_not(report_match_row(&match->contenders[1], "oom_kills", &row));
    report_matches_release(&matches);
    report_data_release(&data);
}

/* --- charts --------------------------------------------------------------- */

Test(report_chart, steps_of_an_axis_are_round)
{
    cr_expect_float_eq(chart_step(10, 6), 2, 1e-12);
    cr_expect_float_eq(chart_step(10, 4), 5, 1e-12);
    cr_expect_float_eq(chart_step(0.3, 3), 0.1, 1e-12);
    cr_expect_float_eq(chart_step(61, 6), 20, 1e-12);
    cr_expect_float_eq(chart_time_step(180000000000), 30e9, 1);
    cr_expect_float_eq(chart_time_step(60000000000), 10e9, 1);
}

/* A chart of two columns of 2000 samples, one with a peak a sample long. */
static char *write_chart(enum chart_type type, const char *label)
{
    struct plot_frame frame;
    struct plot_layer layers[] = {{(char[]){"a"}, (char *)(uintptr_t)label, 0},
                                  {(char[]){"b"}, (char[]){"b"}, 0xFFFFFF}};
    char *text = NULL;
    size_t size = 0;
    plot_frame_init(&frame, 2);
    for (int64_t n = 0; n < 2000; n++) {
        double *cells = plot_frame_row(&frame, n * 1000000);
        cells[0] = n == 777 ? 9 : 1;
        cells[1] = 0.5;
    }
    cr_assert(plot_frame_thin(&frame, PLOT_CURVES_STACKED, 100, 200));
    struct chart chart = {.type = type,
                          .unit = UNIT_MIB,
                          .title = "T<",
                          .subject = "S&",
                          .family = "f",
                          .height = 100,
                          .end_ns = 1999000000,
                          .y_max = 10,
                          .frame = &frame,
                          .layers = layers,
                          .count = 2,
                          .samples = 2000};
    FILE *out = open_memstream(&text, &size);
    cr_assert(chart_write(out, &chart));
    fclose(out);
    plot_frame_release(&frame);
    return text;
}

Test(report_chart, a_peak_one_sample_long_is_drawn)
{
    char *lines = write_chart(CHART_LINES, "series");
    /* 9 of 10 MiB: a tenth of 100 pixels below the top, at 777 of 1999 */
    cr_expect_not_null(strstr(lines, "L388.69 10L"), "%s", lines);
    cr_expect_not_null(strstr(lines, "0.777"));
    cr_expect_not_null(strstr(lines, "the results file has 2000"));
    free(lines);
    char *areas = write_chart(CHART_AREAS, "series");
    cr_expect_not_null(strstr(areas, "L388.69 5L"), "the sum of both");
    free(areas);
    char *steps = write_chart(CHART_STEPS, "series");
    cr_expect_not_null(strstr(steps, "H388.69V10H"));
    free(steps);
}

Test(report_chart, names_do_not_break_out)
{
    char *text = write_chart(CHART_AREAS, "</script>\"'<b>");
    cr_expect_null(strstr(text, "</script>\""));
    cr_expect_null(strstr(text, "<b>"));
    cr_expect_null(strstr(text, "T<"));
    cr_expect_not_null(strstr(text, "&lt;/script&gt;&quot;&#39;&lt;b&gt;"));
    free(text);
}
