/*
 * lowtide report: one HTML page about runs of a results file. Options become a
 * request (report/report.h); everything else happens there.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "cli/options.h"
#include "record/json.h"
#include "report/report.h"

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
    struct cli_texts runs;
    bool is_json, is_quiet;
};

static int read_options(struct options *options, int argc, char **argv)
{
    struct report_request *request = &options->request;
    unsigned jobs;
    const struct cli_option rows[] = {
        {"run", .texts = &options->runs},
        {"output", 'o', .text = &request->output},
        {"jobs", 'j', .count = &jobs, .most = CLI_MAX_JOBS},
        {"json", .flag = &options->is_json},
        {"quiet", .flag = &options->is_quiet},
        {0},
    };
    int status = cli_read_options(argc, argv, rows, help, CLI_SEE_HELP);
    if (status != CLI_OK)
        return status;
    request->database = cli_only_word(argc, argv, "a results file is wanted",
                                      "one results file at a time");
    if (!request->database)
        return CLI_USAGE;
    if (!request->output)
        return cli_complain(CLI_USAGE, "-o FILE.html is wanted; see --help");
    request->runs = options->runs.items;
    request->run_count = options->runs.count;
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
    struct options options = {0};
    int status = read_options(&options, argc, argv);
    if (status == CLI_OK)
        status = write_report(&options);
    free(options.runs.items);
    return cli_exit(status);
}
