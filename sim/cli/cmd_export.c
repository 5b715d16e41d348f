/*
 * lowtide export: results for other tools.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "cli/options.h"
#include "export/export.h"
#include "record/json.h"

/* What a browser can still hold with ease. */
#define LARGE_BYTES (UINT64_C(512) << 20)

static const char help[] =
    "usage: lowtide export DB [--run ID|NAME]... --perfetto FILE\n"
    "       lowtide export DB [--run ID|NAME]... --csv DIR\n"
    "\n"
    "Write results for other tools.\n"
    "\n"
    "      --perfetto FILE  trace events in JSON, to be opened by a trace "
    "viewer\n"
    "                       (ui.perfetto.dev, chrome://tracing): each run is "
    "a\n"
    "                       process with tracks for memory, queues, lists,\n"
    "                       VMOs, faults, reclaim, pressure levels, stalls,\n"
    "                       kills and the script, in simulated time\n"
    "      --csv DIR        a new directory with NAME.csv for each table and\n"
    "                       view, as RFC 4180 has it: a header, CRLF, quotes\n"
    "                       where needed; NULL is an empty field, metric.csv\n"
    "                       says what the columns mean. An export that is "
    "there\n"
    "                       already is replaced, anything else left alone\n"
    "      --run ID|NAME    only this run, or the runs of this name; may be\n"
    "                       repeated (all runs)\n"
    "      --json           print a JSON array with what was written\n"
    "      --quiet          print nothing\n"
    "  -j, --jobs N         accepted as everywhere; there is only one job\n"
    "  -h, --help           print this\n"
    "\n"
    "Exit status: 0 fine, 2 bad input (nothing is written), 3 the host "
    "failed.\n"
    "\n"
    "examples:\n"
    "  lowtide export lowtide.db --perfetto trace.json\n"
    "  lowtide export lowtide.db --run first-pressure --csv results\n";

struct options {
    const char *database;
    const char *perfetto, *csv; /* one of them; the other NULL */
    struct cli_texts runs;
    bool is_json, is_quiet;
};

static int read_options(struct options *options, int argc, char **argv)
{
    unsigned jobs;
    const struct cli_option rows[] = {
        {"perfetto", .text = &options->perfetto},
        {"csv", .text = &options->csv},
        {"run", .texts = &options->runs},
        {"json", .flag = &options->is_json},
        {"quiet", .flag = &options->is_quiet},
        {"jobs", 'j', .count = &jobs, .most = CLI_MAX_JOBS},
        {0},
    };
    int status = cli_read_options(argc, argv, rows, help, CLI_SEE_HELP);
    if (status != CLI_OK)
        return status;
    options->database =
        cli_only_word(argc, argv, "one results file is wanted", NULL);
    if (!options->database)
        return CLI_USAGE;
    if (!options->perfetto == !options->csv)
        return cli_complain(CLI_USAGE,
                            "--perfetto FILE or --csv DIR is wanted; "
                            "see --help");
    return CLI_OK;
}

/* --- what was written ----------------------------------------------------- */

static void print_json(const struct options *options,
                       const struct results_runs *runs)
{
    fputs("[{\"output\": ", stdout);
    json_write_string(stdout, options->csv ? options->csv : options->perfetto);
    printf(", \"kind\": \"%s\", \"runs\": [",
           options->csv ? "csv" : "perfetto");
    for (size_t i = 0; i < runs->count; i++)
        printf("%s%llu", i > 0 ? ", " : "", (unsigned long long)runs->ids[i]);
    puts("]}]");
}

static void print_text(const struct options *options,
                       const struct results_runs *runs, size_t files)
{
    const char *plural = runs->count == 1 ? "" : "s";

    if (options->csv)
        printf("%s: %zu files of %zu run%s\n", options->csv, files, runs->count,
               plural);
    else
        printf("%s: %zu run%s\n", options->perfetto, runs->count, plural);
}

static enum results_check write_runs(const struct options *options, sqlite3 *db,
                                     const struct results_runs *runs,
                                     char *error)
{
    struct export_source source = {db, runs};
    uint64_t bytes = 0;
    size_t files = 0;
    enum results_check check =
        options->csv
            ? export_csv(&source, options->csv, &files, error)
            : export_perfetto(&source, options->perfetto, &bytes, error);

    if (check != RESULTS_OK)
        return check;
    if (bytes > LARGE_BYTES && !options->is_quiet)
        cli_complain(CLI_OK,
                     "%s has %llu MiB, which may be too much for a viewer: "
                     "choose runs with --run",
                     options->perfetto, (unsigned long long)(bytes >> 20));
    if (options->is_json)
        print_json(options, runs);
    else if (!options->is_quiet)
        print_text(options, runs, files);
    return RESULTS_OK;
}

static bool is_same_file(const char *path, const char *other)
{
    struct stat one, two;

    return stat(path, &one) == 0 && stat(other, &two) == 0 &&
           one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

static enum results_check export_from(const struct options *options,
                                      char *error)
{
    struct results_runs runs = {NULL, 0};
    sqlite3 *db = NULL;
    enum results_check check =
        results_open(options->database, &db, error, EXPORT_ERROR_BYTES);

    if (check == RESULTS_OK)
        check = results_select(db, options->runs.items, options->runs.count,
                               &runs, error, EXPORT_ERROR_BYTES);
    if (check == RESULTS_OK && runs.count == 0) {
        snprintf(error, EXPORT_ERROR_BYTES, "%s: the file holds no runs",
                 options->database);
        check = RESULTS_BAD_INPUT;
    }
    if (check == RESULTS_OK && options->perfetto &&
        is_same_file(options->perfetto, options->database)) {
        snprintf(error, EXPORT_ERROR_BYTES, "%s: is what is to be exported",
                 options->perfetto);
        check = RESULTS_BAD_INPUT;
    }
    if (check == RESULTS_OK)
        check = write_runs(options, db, &runs, error);
    results_runs_release(&runs);
    sqlite3_close(db);
    return check;
}

int cmd_export(int argc, char **argv)
{
    char error[EXPORT_ERROR_BYTES] = "";
    struct options options = {0};
    int status = read_options(&options, argc, argv);
    if (status == CLI_OK) {
        enum results_check check = export_from(&options, error);
        status = check == RESULTS_OK
                     ? cli_flush()
                     : cli_complain(cli_results_exit(check), "%s", error);
    }
    free(options.runs.items);
    return cli_exit(status);
}
