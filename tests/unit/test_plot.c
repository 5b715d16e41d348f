/*
 * Figures: what thinning keeps, what text reaches gnuplot, and that each kind
 * of figure comes out whole, twice the same.
 */
#include <criterion/criterion.h>

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plot/plot.h"
#include "plot/plot_frame.h"
#include "plot/plot_script.h"
#include "plot_fixture.h"

/* --- frames --------------------------------------------------------------- */

static void fill(struct plot_frame *frame, size_t rows,
                 double (*value)(size_t row, size_t column))
{
    for (size_t r = 0; r < rows; r++) {
        double *cells = plot_frame_row(frame, (int64_t)r * 1000);
        cr_assert_not_null(cells);
        for (size_t c = 0; c < frame->columns; c++)
            cells[c] = value(r, c);
    }
}

static double calm_with_one_peak(size_t row, size_t column)
{
    return column == 1 && row == 54321 ? 99 : column == 0 && row == 7 ? -5 : 1;
}

Test(plot_frame, thinning_keeps_a_peak_one_sample_long)
{
    struct plot_frame frame;
    plot_frame_init(&frame, 2);
    fill(&frame, 100000, calm_with_one_peak);
    cr_assert(plot_frame_thin(&frame, PLOT_CURVES_APART, 1000, 4000));
    cr_assert_leq(frame.rows, 4000);
    cr_assert_geq(frame.rows, 1000);
    cr_assert_eq(frame.at_ns[0], 0);
    cr_assert_eq(frame.at_ns[frame.rows - 1], 99999 * 1000);
    bool has_low = false;
    bool has_high = false;
    for (size_t r = 0; r < frame.rows; r++) {
        has_low |=
            frame.at_ns[r] == 7000 && plot_frame_cells(&frame, r)[0] < -4;
        has_high |=
            frame.at_ns[r] == 54321000 && plot_frame_cells(&frame, r)[1] > 98;
    }
    cr_assert(has_low);
    cr_assert(has_high);
    plot_frame_release(&frame);
}

/* Neighbours that rise and fall against each other, except once. */
static double seesaw(size_t row, size_t column)
{
    double up = (double)(row * 7919 % 1000);
    if (row == 777)
        return 990;
    return column == 0 ? up : 1000 - up;
}

Test(plot_frame, thinning_keeps_the_peak_of_a_sum)
{
    struct plot_frame frame;
    plot_frame_init(&frame, 2);
    fill(&frame, 5000, seesaw);
    double peak = plot_frame_peak(&frame, 2);
    cr_assert(plot_frame_thin(&frame, PLOT_CURVES_STACKED, 1000, 400));
    cr_assert_leq(frame.rows, 400);
    cr_assert_float_eq(plot_frame_peak(&frame, 2), peak, 1e-9);
    plot_frame_release(&frame);
}

Test(plot_frame, few_rows_stay_as_they_are)
{
    struct plot_frame frame;
    plot_frame_init(&frame, 1);
    fill(&frame, 1000, seesaw);
    cr_assert(plot_frame_thin(&frame, PLOT_CURVES_APART, 1000, 10));
    cr_assert_eq(frame.rows, 1000);
    plot_frame_release(&frame);
    cr_assert(plot_frame_thin(&frame, PLOT_CURVES_APART, 1000, 10));
    cr_assert_eq(frame.rows, 0);
}

Test(plot_frame, rates_are_per_second_and_the_last_sliver_counts_little)
{
    static const int64_t at_ns[] = {0, 1000000000, 2000000000, 2000000001};
    static const double totals[] = {0, 10, 40, 41};
    struct plot_frame frame;
    plot_frame_init(&frame, 1);
    struct plot_rates rates = {.first = 0, .end = 1};
    for (size_t r = 0; r < 4; r++) {
        plot_rates_next(&rates, &frame, at_ns[r], &totals[r]);
        cr_assert_not_null(plot_frame_row(&frame, at_ns[r]));
    }
    plot_rates_finish(&rates, &frame);
    cr_assert_float_eq(frame.cells[0], 10, 1e-9);
    cr_assert_float_eq(frame.cells[1], 31, 1e-6);
    cr_assert_float_eq(frame.cells[2], 31, 1e-6);
    cr_assert_float_eq(frame.cells[3], 31, 1e-6);
    plot_frame_release(&frame);
}

static double one_in_ten(size_t row, size_t column)
{
    (void)column;
    return row % 10 == 0 ? 50 : 0;
}

Test(plot_frame, ranges_hold_mean_lowest_and_highest)
{
    struct plot_frame frame;
    plot_frame_init(&frame, 1);
    fill(&frame, 1001, one_in_ten);
    cr_assert(plot_frame_ranges(&frame, 100));
    cr_assert_eq(frame.columns, 3);
    cr_assert_eq(frame.rows, 101);
    for (size_t r = 0; r < frame.rows; r++) {
        const double *cells = plot_frame_cells(&frame, r);
        cr_assert_float_eq(cells[0], 5, 1e-9);
        cr_assert_float_eq(cells[1], 0, 1e-9);
        cr_assert_float_eq(cells[2], 50, 1e-9);
    }
    plot_frame_release(&frame);
}

/* --- text ----------------------------------------------------------------- */

static void check_literal(const char *text, size_t characters,
                          const char *expected)
{
    char *written = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&written, &size);
    plot_write_literal(out, text, characters);
    fclose(out);
    cr_assert_str_eq(written, expected);
    free(written);
}

Test(plot_script, names_become_inert_literals)
{
    check_literal("heap_0", 40, "'heap_0'");
    check_literal("`rm`", 40, "'`rm`'");
    check_literal("it's", 40, "'it''s'");
    check_literal("'; system('id') #", 40, "'''; system(''id'') #'");
    check_literal("a\nb\tc\x7f", 40, "'a b c '");
    check_literal("\xC2\x85", 40, "' '");
    check_literal("\xC3\xA9", 40, "'\xC3\xA9'");
    check_literal("\xFFz", 40, "'\xEF\xBF\xBDz'");
    check_literal("\xC3", 40, "'\xEF\xBF\xBD'");
    check_literal("\xC0\xA7", 40, "'\xEF\xBF\xBD\xEF\xBF\xBD'");
    check_literal("abcdef", 4, "'abc\xE2\x80\xA6'");
    check_literal("abcd", 4, "'abcd'");
    check_literal("", 4, "''");
}

Test(plot_script, the_ending_names_the_format)
{
    enum plot_format format;
    cr_assert(plot_format_of("a/b.svg", &format) && format == PLOT_SVG);
    cr_assert(plot_format_of("b.x.PNG", &format) && format == PLOT_PNG);
    cr_assert(plot_format_of("b.pdf", &format) && format == PLOT_PDF);
    cr_assert_not(plot_format_of("b.gif", &format));
    cr_assert_not(plot_format_of("svg", &format));
    cr_assert_not(plot_format_of("dir.svg/figure", &format));
    cr_assert_not(plot_format_of("dir/.svg", &format));
}

/* --- figures -------------------------------------------------------------- */

static char directory[] = "/tmp/lowtide-test-plot-XXXXXX";
static char database[64];

/*
 * Run 1: VMOs with wicked names, levels, lists. Run 2: the same name, another
 * policy, constant. Run 3: nothing. Run 4: one sample.
 */
static const char rows_sql[] =
    "INSERT INTO run (run_id, name, policy, status, seed, memory_pages,"
    " page_size, params) VALUES"
    " (1, 'storm', 'zircon', 'ok', 7, 1000, 4096, '{}'),"
    " (2, 'storm', 'lru', 'failed', 7, 1000, 4096, '{}'),"
    " (3, '`touch NAME`$(x)@y{''\"', 'lru', 'running', 7, 9, 4096, '{}'),"
    " (4, '2', 'lru', 'ok', 7, 1000, 4096, '{}');"
    "INSERT INTO process (run_id, process_id, name) VALUES (1, 1, 'p&<q>');"
    "INSERT INTO vmo (run_id, vmo_id, name, process_id) VALUES"
    " (1, 1, '`touch VMO`', 1), (1, 2, 'it''s \"{', 1), (1, 3, NULL, NULL);"
    "WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n"
    " WHERE i < 300)"
    "INSERT INTO tick (run_id, tick_ns, free, level, wired, faults_minor,"
    " faults_major, refaults, evicted_pager, stall_some_ns, stall_full_ns,"
    " unattributed)"
    " SELECT 1, i * 10000000, 1000 - 3 * i,"
    "  CASE WHEN i < 150 THEN 'normal' WHEN i < 200 THEN 'warning'"
    "   WHEN i < 250 THEN 'critical' ELSE 'oom' END,"
    "  50, 9000 * i, i * i, i, i / 2, 4000000 * i, 1000000 * i, 2 FROM n"
    " UNION ALL SELECT 2, i * 10000000, 500, 'normal', 500, 0, 0, 0, 0, 0, 0,"
    "  0 FROM n"
    " UNION ALL SELECT 4, 0, 500, 'normal', 0, 0, 0, 0, 0, 0, 0, 0;"
    "INSERT INTO tick_list SELECT 1, tick_ns, 'reclaim0', 2 * tick_ns / "
    " 10000000 FROM tick WHERE run_id = 1;"
    "INSERT INTO tick_list SELECT 1, tick_ns, 'reclaim1', tick_ns / 10000000"
    " FROM tick WHERE run_id = 1;"
    "INSERT INTO tick_vmo (run_id, tick_ns, vmo_id, committed, compressed)"
    " SELECT 1, t.tick_ns, v.vmo_id, 10 * v.vmo_id + t.tick_ns / 10000000, 0"
    " FROM tick t JOIN vmo v ON v.run_id = t.run_id WHERE t.run_id = 1;";

static void set_up(void)
{
    sqlite3 *db = NULL;
    cr_assert_not_null(mkdtemp(directory));
    snprintf(database, sizeof(database), "%s/t.db", directory);
    cr_assert_eq(sqlite3_open(database, &db), SQLITE_OK);
    run_sql(db, "BEGIN");
    create_schema(db);
    run_sql(db, rows_sql);
    run_sql(db, "COMMIT");
    sqlite3_close(db);
    cr_assert_eq(chdir(directory), 0);
}

/* Everything is in one directory, and nothing else may be left there. */
static void tear_down(void)
{
    static const char *const names[] = {"a.svg", "b.svg", "a.png", "a.pdf",
                                        "a.gp",  "a.dat", "t.db",  "foreign"};
    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
        unlink(names[n]);
    cr_assert_eq(chdir("/"), 0);
    cr_assert_eq(rmdir(directory), 0, "something was left in %s", directory);
}

TestSuite(plot, .init = set_up, .fini = tear_down);

static char message[PLOT_MESSAGE_BYTES];

static enum plot_status draw(const char *kind, const char *run,
                             const char *output)
{
    struct plot_request request = {
        .database = database,
        .runs = &run,
        .run_count = run ? 1 : 0,
        .kind = kind,
        .output = output,
    };
    message[0] = '\0';
    return plot_draw(&request, NULL, message);
}

static char *read_all(const char *path, size_t *size)
{
    struct stat info;
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s", path);
    cr_assert_eq(fstat(fileno(file), &info), 0);
    *size = (size_t)info.st_size;
    char *bytes = calloc(*size + 1, 1);
    cr_assert_eq(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

/* A figure of the run, drawn twice, holds `text`. */
static void check_figure(const char *kind, const char *run, const char *text)
{
    size_t size = 0;
    size_t again = 0;
    enum plot_status status = draw(kind, run, "a.svg");
    cr_assert_eq(status, PLOT_OK, "%s: %s", kind, message);
    cr_assert_eq(draw(kind, run, "b.svg"), PLOT_OK);
    char *first = read_all("a.svg", &size);
    char *second = read_all("b.svg", &again);
    cr_assert_gt(size, 2000);
    cr_assert_eq(size, again);
    cr_assert_eq(memcmp(first, second, size), 0, "%s differs", kind);
    cr_assert_not_null(strstr(first, text), "%s of %s: no '%s'", kind,
                       run ? run : "all", text);
    free(first);
    free(second);
}

static void check_refusal(const char *kind, const char *run, const char *output,
                          const char *text)
{
    cr_assert_eq(draw(kind, run, output), PLOT_BAD_INPUT);
    cr_assert_not_null(strstr(message, text), "'%s' lacks '%s'", message, text);
    cr_assert_neq(access(output, F_OK), 0, "%s was written", output);
}

Test(plot, each_kind_draws_every_run_twice_the_same)
{
    check_figure("pressure", NULL, "imminent oom");
    check_figure("queues", NULL, "reclaim0, newest");
    check_figure("attribution", NULL, "unattributed");
    check_figure("process", NULL, "p&amp;&lt;q");
    check_figure("faults", NULL, "refaults");
}

Test(plot, a_name_stands_for_all_its_runs)
{
    check_figure("pressure", "storm", "storm/lru");
    check_figure("pressure", "storm", "storm/zircon");
}

Test(plot, a_number_is_an_id_before_it_is_a_name)
{
    check_figure("queues", "2", "storm/lru");
}

Test(plot, runs_without_data_say_so)
{
    static const char *const kinds[] = {"pressure", "queues", "attribution",
                                        "process", "faults"};
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        check_figure(kinds[k], NULL, "no data");
        check_refusal(kinds[k], "3", "a.pdf", "ticks: true");
        check_refusal(kinds[k], "4", "a.pdf", "ticks: true");
    }
}

Test(plot, names_are_never_executed)
{
    check_figure("attribution", "1", "`touch VMO`");
    check_figure("queues", NULL, "`touch NAME`$(x)@y{'\"");
}

Test(plot, png_and_pdf_come_out_too)
{
    size_t size = 0;
    cr_assert_eq(draw("queues", "1", "a.png"), PLOT_OK, "%s", message);
    char *png = read_all("a.png", &size);
    cr_assert_gt(size, 1000);
    cr_assert_eq(memcmp(png, "\x89PNG", 4), 0);
    free(png);
    cr_assert_eq(draw("queues", "1", "a.pdf"), PLOT_OK, "%s", message);
    char *pdf = read_all("a.pdf", &size);
    cr_assert_eq(memcmp(pdf, "%PDF", 4), 0);
    free(pdf);
}

Test(plot, kept_files_draw_the_same_figure)
{
    size_t size = 0;
    size_t again = 0;
    struct plot_request request = {.database = database,
                                   .kind = "faults",
                                   .output = "a.svg",
                                   .is_kept = true};
    struct plot_result result;
    cr_assert_eq(plot_draw(&request, &result, message), PLOT_OK, "%s", message);
    cr_assert_eq(result.run_count, 4);
    cr_assert_eq(result.run_ids[3], 4);
    plot_result_release(&result);
    char *first = read_all("a.svg", &size);
    cr_assert_eq(unlink("a.svg"), 0);
    cr_assert_eq(system("gnuplot -d a.gp >/dev/null 2>&1"), 0);
    char *second = read_all("a.svg", &again);
    cr_assert_eq(size, again);
    cr_assert_eq(memcmp(first, second, size), 0);
    free(first);
    free(second);
}

Test(plot, bad_requests_name_what_there_is)
{
    check_refusal("nonsense", NULL, "a.svg", "pressure queues attribution");
    check_refusal("queues", "nobody", "a.svg", "1 storm/zircon, 2 storm/lru");
    check_refusal("queues", "99", "a.svg", "no run '99'");
    check_refusal("queues", NULL, "a.gif", ".svg, .png or .pdf");
    check_refusal("queues", NULL, "no/such/directory/a.svg", "cannot write");
    check_refusal("queues", NULL, "a\nb.svg", "control characters");
}

Test(plot, a_file_of_others_is_refused)
{
    FILE *file = fopen("foreign", "w");
    cr_assert_not_null(file);
    fputs("this is no database, but it is somebody's\n", file);
    fclose(file);
    snprintf(database, sizeof(database), "%s/foreign", directory);
    check_refusal("queues", NULL, "a.svg", "foreign");
    snprintf(database, sizeof(database), "%s/missing", directory);
    check_refusal("queues", NULL, "a.svg", "missing");
    cr_assert_neq(access(database, F_OK), 0);
}

Test(plot, a_missing_gnuplot_is_the_hosts_fault)
{
    setenv("PATH", directory, 1);
    cr_assert_eq(draw("queues", "1", "a.svg"), PLOT_HOST);
    cr_assert_not_null(strstr(message, "gnuplot-nox"));
    cr_assert_neq(access("a.svg", F_OK), 0);
}

Test(plot, missing_templates_are_the_hosts_fault)
{
    setenv("LOWTIDE_REPORTS", directory, 1);
    cr_assert_eq(draw("queues", "1", "a.svg"), PLOT_HOST);
    cr_assert_not_null(strstr(message, "LOWTIDE_REPORTS"));
}
