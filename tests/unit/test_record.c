/* What is recorded is what was given; the fingerprint depends on it alone. */
#include "record/results.h"
#include "record_fixture.h"

#include <math.h>
#include <unistd.h>

Test(record, rows_come_back_as_given)
{
    char path[256];
    fixture_path(path, sizeof(path), "a.db");
    struct recorder *rec = fixture_open(path);
    struct record_run run = fixture_run("x");
    struct record_end end = {RUN_FAILED, 5000, RECORD_NULL};
    struct record_process process = {4, "browser", -2};
    struct record_vmo vmo = {9, NULL, 4, "slice", 8, 10};
    struct record_expectation wrong = {12, "committed", "3", "4", false};
    struct record_page_event gone = {77, 9, 5, "evicted", "age 6"};

    cr_assert(recorder_begin_run(rec, &run));
    cr_assert_eq(recorder_run_id(rec), 1u);
    cr_assert(recorder_process(rec, &process));
    cr_assert(recorder_vmo(rec, &vmo));
    cr_assert(recorder_process_killed(rec, 4, 99));
    cr_assert(recorder_vmo_closed(rec, 9, 98));
    cr_assert(recorder_expectation(rec, &wrong));
    cr_assert(recorder_page_event(rec, &gone));
    cr_assert(recorder_finish_run(rec, &end, NULL));
    fixture_close(rec);

    fixture_expect(path,
                   "SELECT name||'|'||scenario||'|'||policy||'|'||seed||'|'||"
                   "memory_pages||'|'||page_size||'|'||status||'|'||sim_ns||"
                   "'|'||version||'|'||argv||'|'||scenario_text FROM run",
                   "x|scenarios/x.yaml|clock|7|1000|4096|failed|5000|0.1|"
                   "lowtide run x.yaml|version: 1\n");
    fixture_expect(path, "SELECT params ->> '$.mode' FROM run", "a \"b\"");
    fixture_expect(path, "SELECT scenario_sha256 FROM run",
                   "09bfcc6a14b83e2192b8673677725c84883ee9cd0c70e45c9ec09daa8f2"
                   "b2847");
    fixture_expect(path,
                   "SELECT process_id||name||oom_score||killed_ns FROM process",
                   "4browser-299");
    fixture_expect(path,
                   "SELECT vmo_id||quote(name)||process_id||kind||"
                   "parent_vmo_id||created_ns||closed_ns FROM vmo",
                   "9NULL4slice81098");
    fixture_expect(path,
                   "SELECT seq||line||key||expected||actual||ok "
                   "FROM expectation",
                   "112committed340");
    fixture_expect(path,
                   "SELECT at_ns||vmo_id||page||what||detail||seq "
                   "FROM page_event",
                   "7795evictedage 61");
    fixture_expect(path, "SELECT length(fingerprint) FROM run", "32");
}

Test(record, absent_values_are_null)
{
    char path[256];
    fixture_path(path, sizeof(path), "a.db");
    struct recorder *rec = fixture_open(path);
    struct record_run run = fixture_run("x");
    struct record_tick tick;
    cr_assert(recorder_begin_run(rec, &run));
    record_tick_init(&tick, 0);
    cr_assert(recorder_tick(rec, &tick));
    fixture_close(rec);
    fixture_expect(path,
                   "SELECT count(*) FROM tick WHERE coalesce(free, level, "
                   "dont_need, unattributed, stall_some_ns) IS NULL",
                   "1");
    fixture_expect(path, "SELECT status FROM run", "interrupted");
}

/* The view and the recorder must agree on every column. */
Test(record, summary_is_the_row_of_the_view)
{
    char path[256], error[ERROR_BYTES];
    struct run_summary told, read;
    sqlite3 *db;

    fixture_path(path, sizeof(path), "a.db");
    struct recorder *rec = fixture_open(path);
    fixture_record(rec, "x", 40, &told);
    fixture_close(rec);
    cr_assert_eq(results_open(path, &db, error, sizeof(error)), RESULTS_OK);
    cr_assert_eq(results_summary(db, 1, &read, error, sizeof(error)),
                 RESULTS_OK, "%s", error);
    sqlite3_close(db);

    const char *name;
    double a, b;
    for (size_t i = 0; run_summary_column(&told, i, &name, &a); i++) {
        run_summary_column(&read, i, NULL, &b);
        cr_assert(a == b || (isnan(a) && isnan(b)), "%s: %g, %g", name, a, b);
    }
    cr_assert_str_eq(told.name, read.name);
    cr_assert_str_eq(told.params, read.params);
    cr_assert_str_eq(told.status, read.status);
    cr_assert_str_eq(told.fingerprint, read.fingerprint);
    cr_assert_eq(told.miss_ratio, 0.1);
    cr_assert_eq(told.refault_ratio, 0.25);
    cr_assert_eq(told.stall_some_share, 0.1);
    cr_assert_eq(told.access_p50_ns, 4u);
    cr_assert_eq(told.access_p999_ns, read.access_p999_ns);
    cr_assert(run_summary_value(&told, "first_touches", &a));
    cr_assert_eq(a, 40.0);
    cr_assert_not(run_summary_value(&told, "name", &a));
    run_summary_release(&told);
    run_summary_release(&read);
}

/* One run's fingerprint under the given switches and place. */
static void fingerprint_of(const char *path, unsigned switches, uint64_t ticks,
                           uint64_t odd_tick, char *print)
{
    struct recorder *rec = fixture_open(path);
    struct record_run run = fixture_run("x");
    struct record_end end = {RUN_OK, 1000, 1};
    struct run_summary summary;

    run.record = (struct record_switches){
        switches & 1, switches & 2, switches & 4, switches & 8, switches & 16};
    cr_assert(recorder_begin_run(rec, &run));
    for (uint64_t n = 0; n < ticks; n++) {
        struct record_tick tick = fixture_tick(n);
        struct record_event event = {(sim_ns)n, n, "touch", "a", "OK", NULL};
        if (n == odd_tick)
            tick.dont_need = 0; /* not the same as absent */
        recorder_tick(rec, &tick);
        recorder_event(rec, &event);
    }
    recorder_counter(rec, "vm.pmm.alloc.failed", 1, NULL, NULL);
    cr_assert(recorder_finish_run(rec, &end, &summary));
    snprintf(print, 33, "%s", summary.fingerprint);
    run_summary_release(&summary);
    fixture_close(rec);
}

Test(record, fingerprint_depends_on_values_only)
{
    char path[256], first[33], other[33];
    fixture_path(path, sizeof(path), "a.db");
    fingerprint_of(NULL, 0, 20, UINT64_MAX, first);
    for (unsigned switches = 0; switches < 32; switches++) {
        fingerprint_of(switches % 2 ? path : NULL, switches, 20, UINT64_MAX,
                       other);
        cr_assert_str_eq(first, other, "switches %u", switches);
    }
    fingerprint_of(NULL, 0, 21, UINT64_MAX, other);
    cr_assert_str_neq(first, other);
    for (uint64_t odd = 0; odd < 20; odd++) {
        fingerprint_of(NULL, 31, 20, odd, other);
        cr_assert_str_neq(first, other, "tick %u", (unsigned)odd);
    }
}

Test(record, switches_choose_the_tables)
{
    static const struct {
        unsigned bit;
        const char *table;
    } tables[] = {{1, "tick"},  {1, "tick_list"},  {2, "tick_vmo"},
                  {4, "event"}, {8, "page_event"}, {16, "latency"}};
    char path[256], sql[128];
    fixture_path(path, sizeof(path), "a.db");
    struct recorder *rec = fixture_open(path);
    struct histogram hist;
    cr_assert(histogram_init(&hist));
    histogram_record(&hist, 5);
    for (unsigned switches = 0; switches < 32; switches++) {
        struct record_run run = fixture_run("x");
        struct record_end end = {RUN_OK, 0, 0};
        struct record_tick tick = fixture_tick(0);
        struct record_tick_vmo vmo = {0, 1, 1, 1, 1, 1, 1};
        struct record_event event = {0, 1, "touch", NULL, NULL, NULL};
        struct record_page_event page = {0, 1, 1, "added", NULL};
        run.record =
            (struct record_switches){switches & 1, switches & 2, switches & 4,
                                     switches & 8, switches & 16};
        cr_assert(recorder_begin_run(rec, &run));
        cr_assert_eq(recorder_wants_vmo_ticks(rec), (switches & 2) != 0);
        cr_assert_eq(recorder_wants_page_events(rec), (switches & 8) != 0);
        cr_assert_eq(recorder_wants_latency(rec), (switches & 16) != 0);
        recorder_tick(rec, &tick);
        recorder_tick_list(rec, 0, "a", 1);
        recorder_tick_vmo(rec, &vmo);
        recorder_event(rec, &event);
        recorder_page_event(rec, &page);
        recorder_latency(rec, "w", LATENCY_MAJOR_FAULT, &hist);
        cr_assert(recorder_finish_run(rec, &end, NULL), "%s",
                  recorder_error(rec));
    }
    fixture_close(rec);
    histogram_release(&hist);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        snprintf(sql, sizeof(sql),
                 "SELECT count(*) || ',' || min(((run_id - 1) & %u) != 0) "
                 "FROM %s",
                 tables[i].bit, tables[i].table);
        fixture_expect(path, sql, "16,1");
    }
}

Test(record, views_show_what_was_recorded)
{
    char path[256];
    fixture_path(path, sizeof(path), "a.db");
    struct recorder *rec = fixture_open(path);
    fixture_record(rec, "x", 10, NULL);
    fixture_record(rec, "x", 20, NULL);
    fixture_close(rec);

    fixture_expect(path, "SELECT count(*) FROM v_summary", "2");
    fixture_expect(path,
                   "SELECT group_concat(queue || '=' || pages) FROM "
                   "v_queue_series WHERE run_id = 1 AND tick_ns = 5000",
                   "wired=15,dont_need=5");
    fixture_expect(path,
                   "SELECT vmo_id||name||committed||','||compressed FROM "
                   "v_attribution_series WHERE run_id = 2 AND tick_ns = 7000",
                   "1heap7,14");
    fixture_expect(path,
                   "SELECT process_id||name||committed||','||compressed FROM "
                   "v_process_series WHERE run_id = 2 AND tick_ns = 7000",
                   "1browser7,14");
    fixture_expect(path,
                   "SELECT level||free||','||stall_some_ns||','||"
                   "stall_full_ns FROM v_pressure_series "
                   "WHERE run_id = 2 AND tick_ns = 6000",
                   "warning494,600,60");
    fixture_expect(path,
                   "SELECT group_concat(value) FROM v_compare "
                   "WHERE metric = 'faults_major' AND name = 'x' "
                   "AND policy = 'clock' AND seed = 7 AND memory_pages = 1000",
                   "1000,2000");
    fixture_expect(path, "SELECT count(DISTINCT metric) FROM v_compare", "18");
}

/* An unfinished run's totals are those of its last tick. */
Test(record, view_of_an_unfinished_run_uses_the_last_tick)
{
    char path[256];
    fixture_path(path, sizeof(path), "a.db");
    struct recorder *rec = fixture_open(path);
    struct record_run run = fixture_run("x");
    cr_assert(recorder_begin_run(rec, &run));
    for (uint64_t n = 0; n < 4; n++) {
        struct record_tick tick = fixture_tick(n);
        cr_assert(recorder_tick(rec, &tick));
    }
    cr_assert(recorder_flush(rec));
    fixture_expect(path,
                   "SELECT status||','||sim_ns||','||accesses||','||miss_ratio"
                   " FROM v_summary",
                   "running,3000,3000,0.1");
    fixture_close(rec);
}

Test(record, table_fits_eighty_columns)
{
    enum { RUNS = 7 };
    struct run_summary runs[RUNS];
    char *text = NULL, *line;
    size_t size = 0;
    struct recorder *rec = fixture_open(NULL);
    for (int i = 0; i < RUNS; i++)
        fixture_record(rec, i ? "short" : "a-very-long-name-that-must-be-cut",
                       40, &runs[i]);
    fixture_close(rec);
    FILE *out = open_memstream(&text, &size);
    run_summary_print(out, runs, RUNS);
    fclose(out);
    int policies = 0;
    for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        cr_assert_leq(strlen(line), 80u, "%s", line);
        policies += strncmp(line, "policy", 6) == 0;
    }
    cr_assert_gt(policies, 1, "several blocks");
    free(text);
    for (int i = 0; i < RUNS; i++)
        run_summary_release(&runs[i]);
}

Test(record, json_is_an_array_of_objects)
{
    struct run_summary summary;
    char *text = NULL;
    size_t size = 0;
    struct recorder *rec = fixture_open(NULL);
    fixture_record(rec, "quote \" and \xff", 4, &summary);
    fixture_close(rec);
    FILE *out = open_memstream(&text, &size);
    run_summary_print_json(out, &summary, 1);
    fclose(out);
    cr_assert(strstr(text, "[{\"run_id\": null, \"name\": \"quote \\\" and "
                           "\xef\xbf\xbd\"") == text,
              "%s", text);
    cr_assert(strstr(text, "\"params\": {\"bits\":\"2\",\"mode\":\"a \\\"b\\\""
                           "\"}") != NULL,
              "%s", text);
    cr_assert(strstr(text, "\"miss_ratio\": 0.1,") != NULL, "%s", text);
    free(text);
    run_summary_release(&summary);
}
