/*
 * lowtide report: one HTML page about runs of a results file. Options become a
 * request (report/report.h); everything else happens there.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "record/json.h"
#include "report/report.h"

enum { MAX_JOBS = 1024 };

static const char help[] =
    "usage: lowtide report DB [--run ID|NAME]... -o FILE.html\n"
    "\n"
    "Write one self-contained HTML page about runs of a results file: what\n"
    "happened, a summary, charts of pressure, queues, VMOs, processes and\n"
    "faults, who stalled, the comparison of policies with intervals, the\n"
    "scenario, and how to reproduce it. The page needs no network, and is\n"
    "complete without scripts. Runs that differ in policy, memory and seed\n"
    "only are compared; of many runs, 12 are drawn.\n"
    "\n"
    "  --run ID|NAME      a run; a name stands for all runs that have it; may\n"
    "                     be repeated (all runs)\n"
    "  -o, --output FILE  the page: FILE.html\n"
    "  -j, --jobs N       accepted; a page is written by one process\n"
    "      --json         print a JSON array with what was written\n"
    "      --quiet        print nothing\n"
    "  -h, --help         print this\n"
    "\n"
    "Style and script are found beside the program, or where LOWTIDE_REPORTS\n"
    "says.\n"
    "\n"
    "examples:\n"
    "  lowtide report lowtide.db -o report.html\n"
    "  lowtide report lowtide.db --run 3 --run 4 -o two.html\n"
    "  lowtide compare storm.yaml --policies zircon,lru --seeds 5 -o c.db\n"
    "  lowtide report c.db -o c.html\n";

struct options {
    struct report_request request;
    const char **runs; /* owned */
    bool is_json, is_quiet, is_help;
};

enum { OPT_RUN = 256, OPT_JSON, OPT_QUIET };

static const struct option long_options[] = {
    {"run", required_argument, NULL, OPT_RUN},
    {"output", required_argument, NULL, 'o'},
    {"jobs", required_argument, NULL, 'j'},
    {"json", no_argument, NULL, OPT_JSON},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* Returns CLI_OK, or the status to end with after a message. */
static int take_option(struct options *options, int option, const char *value)
{
    unsigned jobs;
    switch (option) {
    case OPT_RUN:
        options->runs[options->request.run_count++] = value;
        break;
    case 'o':
        options->request.output = value;
        break;
    case 'j':
        if (!cli_read_count(value, MAX_JOBS, &jobs))
            return cli_complain(CLI_USAGE,
                                "--jobs wants a number from 1 to 1024");
        break;
    case OPT_JSON:
        options->is_json = true;
        break;
    case OPT_QUIET:
        options->is_quiet = true;
        break;
    case 'h':
        options->is_help = true;
        break;
    default:
        return cli_complain(CLI_USAGE, "see lowtide report --help");
    }
    return CLI_OK;
}

static int read_options(struct options *options, int argc, char **argv)
{
    int option;
    int status = CLI_OK;
    optind = 0; /* start anew, also after another command */
    while (status == CLI_OK && !options->is_help &&
           (option = getopt_long(argc, argv, "o:j:h", long_options, NULL)) !=
               -1)
        status = take_option(options, option, optarg);
    if (status != CLI_OK || options->is_help)
        return status;
    if (optind + 1 != argc)
        return cli_complain(CLI_USAGE,
                            optind == argc
                                ? "a results file is wanted; see --help"
                                : "one results file at a time; see --help");
    if (!options->request.output)
        return cli_complain(CLI_USAGE, "-o FILE.html is wanted; see --help");
    options->request.database = argv[optind];
    return CLI_OK;
}

static void print_json(const struct report_request *request,
                       const struct report_result *result)
{
    fputs("[{\"output\": ", stdout);
    json_write_string(stdout, request->output);
    printf(", \"runs\": %zu, \"charted\": %zu, \"bytes\": %zu}]\n",
           result->run_count, result->charted_count, result->bytes);
}

static int write_report(const struct options *options)
{
    struct report_result result = {0};
    char message[REPORT_MESSAGE_BYTES] = "";
    switch (report_write(&options->request, &result, message)) {
    case REPORT_OK:
        break;
    case REPORT_BAD_INPUT:
        return cli_complain(CLI_USAGE, "%s", message);
    case REPORT_HOST:
        return cli_complain(CLI_HOST, "%s", message);
    }
    if (result.run_count == 0 && !options->is_quiet)
        cli_complain(CLI_OK, "the file holds no runs; the page says so");
    if (options->is_json)
        print_json(&options->request, &result);
    else if (!options->is_quiet)
        printf("%s: %zu run%s, %zu with charts\n", options->request.output,
               result.run_count, result.run_count == 1 ? "" : "s",
               result.charted_count);
    return cli_flush();
}

int cmd_report(int argc, char **argv)
{
    struct options options = {
        .runs = calloc((size_t)argc + 1, sizeof(*options.runs)),
    };
    if (!options.runs)
        return cli_complain(CLI_HOST, "out of memory");
    options.request.runs = options.runs;
    int status = read_options(&options, argc, argv);
    if (status == CLI_OK && options.is_help)
        fputs(help, stdout);
    else if (status == CLI_OK)
        status = write_report(&options);
    free(options.runs);
    return status;
}
