/*
 * lowtide list: the runs in a results file.
 *
 * A line for each run, in columns as wide as what they hold; --json gives
 * the columns of v_summary. The file is only read: a run whose writer is gone
 * is shown as interrupted, but not marked so.
 */
#include "cli/cli.h"
#include "cli/common.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "record/recorder.h"
#include "record/results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ERROR_BYTES 1024
#define CELL_BYTES  64

static const char help[] =
    "usage: lowtide list DB [--run ID|NAME]... [--json]\n"
    "\n"
    "Print the runs in a results file. Nothing is written to it.\n"
    "\n"
    "      --run ID|NAME  only this run, or the runs of this name; may be\n"
    "                     repeated (default: all runs)\n"
    "      --json         print one JSON array; an object for each run holds\n"
    "                     the columns of v_summary\n"
    "      --quiet        print no heading\n"
    "  -j, --jobs N       accepted as everywhere; there is only one job\n"
    "  -h, --help         print this\n"
    "\n"
    "examples:\n"
    "  lowtide list lowtide.db\n"
    "  lowtide list lowtide.db --run clone-storm --json\n";

struct list_options {
    const char *path;
    struct cli_texts runs;
    bool json, quiet;
};

static int read_options(struct list_options *options, int argc, char **argv)
{
    unsigned jobs;
    const struct cli_option rows[] = {
        {"run", .texts = &options->runs},
        {"json", .flag = &options->json},
        {"quiet", .flag = &options->quiet},
        {"jobs", 'j', .count = &jobs, .most = CLI_MAX_JOBS},
        {0},
    };
    int status = cli_read_options(argc, argv, rows, help, CLI_SEE_HELP);
    if (status != CLI_OK)
        return status;
    options->path =
        cli_only_word(argc, argv, "one results file is wanted", NULL);
    if (!options->path)
        return CLI_USAGE;
    return CLI_OK;
}

/* -- the table ---------------------------------------------------------- */

enum column {
    COLUMN_RUN,
    COLUMN_NAME,
    COLUMN_POLICY,
    COLUMN_MEMORY,
    COLUMN_SEED,
    COLUMN_STATUS,
    COLUMN_TIME,
    COLUMN_MISSES,
    COLUMN_COUNT
};

static const struct {
    const char *heading;
    bool is_text; /* left-aligned */
} columns[COLUMN_COUNT] = {
    [COLUMN_RUN] = {"run", false},      [COLUMN_NAME] = {"name", true},
    [COLUMN_POLICY] = {"policy", true}, [COLUMN_MEMORY] = {"pages", false},
    [COLUMN_SEED] = {"seed", false},    [COLUMN_STATUS] = {"status", true},
    [COLUMN_TIME] = {"time", false},    [COLUMN_MISSES] = {"misses", false},
};

static void number_cell(char *cell, uint64_t number)
{
    if (number == RECORD_NULL)
        snprintf(cell, CELL_BYTES, "-");
    else
        snprintf(cell, CELL_BYTES, "%llu", (unsigned long long)number);
}

static void format_cell(char *cell, const struct run_summary *run,
                        enum column column)
{
    const char *text = column == COLUMN_NAME     ? run->name
                       : column == COLUMN_POLICY ? run->policy
                                                 : run->status;
    if (columns[column].is_text)
        snprintf(cell, CELL_BYTES, "%.30s", text ? text : "-");
    else if (column == COLUMN_RUN)
        number_cell(cell, run->run_id);
    else if (column == COLUMN_MEMORY)
        number_cell(cell, run->memory_pages);
    else if (column == COLUMN_SEED)
        number_cell(cell, run->seed);
    else if (column == COLUMN_MISSES)
        number_cell(cell, run->faults_major);
    else if (run->sim_ns == RECORD_NULL)
        snprintf(cell, CELL_BYTES, "-");
    else
        snprintf(cell, CELL_BYTES, "%.3f s", (double)run->sim_ns / 1e9);
}

static void print_cell(enum column column, int width, const char *cell,
                       enum terminal_style style)
{
    const char *gap = column == 0 ? "" : "  ";
    const char *begin =
        style == TERMINAL_PLAIN ? "" : terminal_style(stdout, style);
    const char *end = *begin ? terminal_style(stdout, TERMINAL_PLAIN) : "";
    if (column + 1 == COLUMN_COUNT || !columns[column].is_text)
        printf("%s%s%*s%s", gap, begin, width, cell, end);
    else
        printf("%s%s%-*s%s", gap, begin, width, cell, end);
}

static void print_table(const struct run_summary *runs, size_t count,
                        bool heading)
{
    int widths[COLUMN_COUNT];
    char cell[CELL_BYTES];

    for (int c = 0; c < COLUMN_COUNT; c++) {
        widths[c] = heading ? (int)strlen(columns[c].heading) : 0;
        for (size_t i = 0; i < count; i++) {
            format_cell(cell, &runs[i], (enum column)c);
            if (widths[c] < (int)strlen(cell))
                widths[c] = (int)strlen(cell);
        }
    }
    for (int c = 0; heading && c < COLUMN_COUNT; c++)
        print_cell((enum column)c, widths[c], columns[c].heading,
                   TERMINAL_BOLD);
    fputs(heading ? "\n" : "", stdout);
    for (size_t i = 0; i < count; i++) {
        for (int c = 0; c < COLUMN_COUNT; c++) {
            format_cell(cell, &runs[i], (enum column)c);
            print_cell((enum column)c, widths[c], cell,
                       c == COLUMN_STATUS ? terminal_status_style(cell)
                                          : TERMINAL_PLAIN);
        }
        putchar('\n');
    }
}

/* -- the command -------------------------------------------------------- */

static int print_runs(const struct list_options *options,
                      const struct results_runs *runs,
                      const struct run_summary *summaries)
{
    if (options->json)
        run_summary_print_json(stdout, summaries, runs->count);
    else if (runs->count > 0)
        print_table(summaries, runs->count, !options->quiet);
    else if (!options->quiet)
        cli_complain(CLI_OK, "the file holds no runs");
    if (fflush(stdout) != 0 || ferror(stdout))
        return cli_complain(CLI_HOST, "cannot write the list");
    return CLI_OK;
}

/* With the file open. */
static int list_runs(const struct list_options *options, sqlite3 *db)
{
    char error[ERROR_BYTES] = "";
    struct results_runs runs;
    enum results_check check =
        results_select(db, options->runs.items, options->runs.count, &runs,
                       error, sizeof(error));
    if (check != RESULTS_OK)
        return cli_complain(cli_results_exit(check), "%s", error);

    int status;
    struct run_summary *summaries = calloc(runs.count + 1, sizeof(*summaries));
    if (!summaries) {
        status = cli_complain(CLI_HOST, "out of memory");
    } else if ((check = results_summaries(db, &runs, summaries, error,
                                          sizeof(error))) != RESULTS_OK) {
        status = cli_complain(cli_results_exit(check), "%s", error);
    } else {
        status = print_runs(options, &runs, summaries);
        for (size_t i = 0; i < runs.count; i++)
            run_summary_release(&summaries[i]);
    }
    free(summaries);
    results_runs_release(&runs);
    return status;
}

int cmd_list(int argc, char **argv)
{
    char error[ERROR_BYTES] = "";
    sqlite3 *db = NULL;
    struct list_options options = {0};
    int status = read_options(&options, argc, argv);
    if (status == CLI_OK) {
        enum results_check check =
            results_open(options.path, &db, error, sizeof(error));
        status = check == RESULTS_OK
                     ? list_runs(&options, db)
                     : cli_complain(cli_results_exit(check), "%s", error);
        sqlite3_close(db);
    }
    free(options.runs.items);
    return cli_exit(status);
}
