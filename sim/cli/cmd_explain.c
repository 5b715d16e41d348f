/*
 * lowtide explain: a page's life in words, and where two runs part.
 */
#include <getopt.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "cli/options.h"
#include "explain/first_difference.h"
#include "explain/page_life.h"
#include "record/results.h"
#include "scenario/values.h"

enum { ERROR_BYTES = 1024 };

static const char help[] =
    "usage: lowtide explain DB --vmo V --page N [--run ID|NAME]\n"
    "       lowtide explain DB --first-difference RUN RUN\n"
    "\n"
    "Tell the life of a page: when it came and how, how it aged, when and why\n"
    "reclaim took it, and when it was needed again. Needs a run that recorded\n"
    "its pages: `record: {pages: true}`, or run --set record.pages=true.\n"
    "\n"
    "Or find where two runs part: the first event, page event or tick that "
    "one\n"
    "has and the other has not. Runs of different policies part at the first\n"
    "page that only one of them takes at that moment.\n"
    "\n"
    "      --vmo V            the VMO, by name or number\n"
    "      --page N           the page's number within it\n"
    "      --run ID|NAME      the run (the file's only one)\n"
    "      --first-difference RUN RUN\n"
    "                         two runs, by number or name\n"
    "      --json             print one JSON array: an object for each event,\n"
    "                         or for the difference\n"
    "      --quiet            print no heading\n"
    "  -j, --jobs N           accepted as everywhere; there is only one job\n"
    "  -h, --help             print this\n"
    "\n"
    "Exit status: 0 fine (also where the runs don't differ), 2 bad input,\n"
    "3 the host failed.\n"
    "\n"
    "examples:\n"
    "  lowtide run scenarios/first-pressure.yaml --set record.pages=true\n"
    "  lowtide explain lowtide.db --vmo file --page 100\n"
    "  lowtide run scenarios/first-pressure.yaml --set record.pages=true \\\n"
    "      --policy lru\n"
    "  lowtide explain lowtide.db --first-difference 1 2\n";

struct options {
    int argc;
    char **argv;
    const char *database;
    const char *vmo, *run;
    const char *runs[DIFFERENCE_SIDES]; /* [0] NULL: it is about a page */
    uint64_t page;
    bool has_page, is_json, is_quiet;
};

/* --- options -------------------------------------------------------------- */

static int take_page(void *target, const char *value)
{
    struct options *options = target;
    options->has_page = value_count(value, &options->page) == VALUE_OK;
    return options->has_page
               ? CLI_OK
               : cli_complain(CLI_USAGE, "--page: a number is wanted");
}

/* The second run comes behind the first, as if the option took both. */
static int take_difference(void *target, const char *value)
{
    struct options *options = target;
    options->runs[0] = value;
    if (optind >= options->argc || options->argv[optind][0] == '-')
        return cli_complain(CLI_USAGE, "--first-difference wants two runs");
    options->runs[1] = options->argv[optind++];
    return CLI_OK;
}

static int read_options(struct options *options)
{
    unsigned jobs;
    const struct cli_option rows[] = {
        {"vmo", .text = &options->vmo},
        {"page", .take = take_page, .target = options},
        {"run", .text = &options->run},
        {"first-difference", .take = take_difference, .target = options},
        {"json", .flag = &options->is_json},
        {"quiet", .flag = &options->is_quiet},
        {"jobs", 'j', .count = &jobs, .most = CLI_MAX_JOBS},
        {0},
    };
    int status = cli_read_options(options->argc, options->argv, rows, help,
                                  CLI_SEE_HELP);
    if (status != CLI_OK)
        return status;
    if (optind + 1 != options->argc)
        return cli_complain(CLI_USAGE,
                            "one results file is wanted; see --help");
    options->database = options->argv[optind];
    if (options->runs[0]) {
        if (options->vmo || options->has_page || options->run)
            return cli_complain(CLI_USAGE, "--first-difference goes without "
                                           "--vmo, --page and --run");
        return CLI_OK;
    }
    if (!options->vmo || !options->has_page)
        return cli_complain(CLI_USAGE, "--vmo and --page are wanted, or "
                                       "--first-difference; see --help");
    return CLI_OK;
}

/* --- what is asked for ---------------------------------------------------- */

/* The one run that is meant; NULL: the file's only one. */
static enum results_check choose_run(sqlite3 *db, const char *selector,
                                     uint64_t *run, char *error)
{
    struct results_runs runs;
    enum results_check check = results_select(db, &selector, selector ? 1 : 0,
                                              &runs, error, ERROR_BYTES);

    if (check != RESULTS_OK)
        return check;
    if (runs.count == 1) {
        *run = runs.ids[0];
    } else {
        check = RESULTS_BAD_INPUT;
        if (runs.count == 0)
            snprintf(error, ERROR_BYTES, "the file holds no runs");
        else if (selector)
            snprintf(error, ERROR_BYTES,
                     "%zu runs have the name '%s': choose by number, from "
                     "lowtide list",
                     runs.count, selector);
        else
            snprintf(error, ERROR_BYTES,
                     "the file holds %zu runs: choose with --run, from lowtide "
                     "list",
                     runs.count);
    }
    results_runs_release(&runs);
    return check;
}

static enum results_check
explain_page(sqlite3 *db, const struct options *options, char *error)
{
    struct page_life life = {0};
    uint64_t run;
    enum results_check check = choose_run(db, options->run, &run, error);

    if (check == RESULTS_OK)
        check = page_life_read(&life, db, run, options->vmo, options->page,
                               error, ERROR_BYTES);
    if (check == RESULTS_OK && options->is_json)
        page_life_print_json(stdout, &life);
    else if (check == RESULTS_OK)
        page_life_print(stdout, &life, options->is_quiet);
    page_life_release(&life);
    return check;
}

static enum results_check
explain_difference(sqlite3 *db, const struct options *options, char *error)
{
    struct difference difference = {0};
    uint64_t runs[DIFFERENCE_SIDES];
    enum results_check check = RESULTS_OK;

    for (int i = 0; i < DIFFERENCE_SIDES && check == RESULTS_OK; i++)
        check = choose_run(db, options->runs[i], &runs[i], error);
    if (check == RESULTS_OK)
        check = difference_find(&difference, db, runs[0], runs[1], error,
                                ERROR_BYTES);
    if (check == RESULTS_OK && options->is_json)
        difference_print_json(stdout, &difference);
    else if (check == RESULTS_OK)
        difference_print(stdout, &difference);
    difference_release(&difference);
    return check;
}

static int explain(const struct options *options)
{
    char error[ERROR_BYTES] = "";
    sqlite3 *db = NULL;
    enum results_check check =
        results_open(options->database, &db, error, sizeof error);

    if (check == RESULTS_OK)
        check = options->runs[0] ? explain_difference(db, options, error)
                                 : explain_page(db, options, error);
    sqlite3_close(db);
    if (check != RESULTS_OK)
        return cli_complain(cli_results_exit(check), "%s", error);
    return cli_flush();
}

int cmd_explain(int argc, char **argv)
{
    struct options options = {.argc = argc, .argv = argv};
    int status = read_options(&options);
    return status == CLI_OK ? explain(&options) : cli_exit(status);
}
