/*
 * lowtide plot: figures from a results file. Options become a request
 * (plot/plot.h); everything else happens there.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "cli/options.h"
#include "plot/plot.h"
#include "record/json.h"

static const char help[] =
    "usage: lowtide plot DB [--run ID|NAME]... [--kind KIND] -o FILE\n"
    "\n"
    "Draw runs of a results file with gnuplot. Time series of several runs "
    "are\n"
    "drawn below each other, with the same time axis and the same scale.\n"
    "\n"
    "  --run ID|NAME      a run; a name stands for all runs that have it; may\n"
    "                     be repeated (all runs, of which there may be 12; "
    "any\n"
    "                     number for compare and mrc)\n"
    "  --kind KIND        what to draw (pressure):\n";

static const char help_end[] =
    "      --metric M     of compare, may be repeated: a column of v_summary "
    "or\n"
    "                     a counter (those that matter and are not zero)\n"
    "      --baseline P   of compare: what the others are held against (the\n"
    "                     first run's policy)\n"
    "      --vmo NAME     of residency: whose pages (those of the largest)\n"
    "  -o, --output FILE  the figure: FILE.svg, FILE.png or FILE.pdf\n"
    "      --keep         leave FILE.gp and FILE.dat beside it, the script "
    "and\n"
    "                     the data: edit them, draw again with gnuplot\n"
    "  -j, --jobs N       accepted; a figure is drawn by one process\n"
    "      --json         print a JSON array with what was drawn\n"
    "      --quiet        print nothing\n"
    "  -h, --help         print this\n"
    "\n"
    "Templates are found beside the program, or where LOWTIDE_REPORTS says.\n"
    "\n"
    "examples:\n"
    "  lowtide plot lowtide.db -o pressure.svg\n"
    "  lowtide plot lowtide.db --run 3 --kind queues -o queues.png\n"
    "  lowtide plot lowtide.db --run storm --kind faults --keep -o "
    "faults.pdf\n";

struct options {
    struct plot_request request;
    struct cli_texts runs, metrics;
    bool is_json;
    bool is_quiet;
};

static int print_help(void)
{
    const char *name;
    const char *summary;
    fputs(help, stdout);
    for (size_t k = 0; plot_kind_at(k, &name, &summary); k++)
        printf("                     %-11s  %s\n", name, summary);
    fputs(help_end, stdout);
    return CLI_OK;
}

static int read_options(struct options *options, int argc, char **argv)
{
    struct plot_request *request = &options->request;
    unsigned jobs;
    const struct cli_option rows[] = {
        {"run", .texts = &options->runs},
        {"kind", .text = &request->kind},
        {"metric", .texts = &options->metrics},
        {"baseline", .text = &request->baseline},
        {"vmo", .text = &request->vmo},
        {"output", 'o', .text = &request->output},
        {"keep", .flag = &request->is_kept},
        {"jobs", 'j', .count = &jobs, .most = CLI_MAX_JOBS},
        {"json", .flag = &options->is_json},
        {"quiet", .flag = &options->is_quiet},
        {0},
    };
    int status = cli_read_options(argc, argv, rows, NULL, CLI_SEE_HELP);
    if (status != CLI_OK)
        return status;
    request->database = cli_only_word(argc, argv, "a results file is wanted",
                                      "one results file at a time");
    if (!request->database)
        return CLI_USAGE;
    if (!request->output)
        return cli_complain(CLI_USAGE, "-o FILE is wanted; see --help");
    request->runs = options->runs.items;
    request->run_count = options->runs.count;
    request->metrics = options->metrics.items;
    request->metric_count = options->metrics.count;
    return CLI_OK;
}

static void print_json(const struct plot_request *request,
                       const struct plot_result *result)
{
    fputs("[{\"output\": ", stdout);
    json_write_string(stdout, request->output);
    fputs(", \"kind\": ", stdout);
    json_write_string(stdout, request->kind);
    fputs(", \"runs\": [", stdout);
    for (size_t r = 0; r < result->run_count; r++)
        printf("%s%lld", r > 0 ? ", " : "", (long long)result->run_ids[r]);
    puts("]}]");
}

static int print(const struct plot_request *request,
                 const struct plot_result *result, bool is_json, bool is_quiet)
{
    if (is_json)
        print_json(request, result);
    else if (!is_quiet)
        printf("%s: %s of %zu run%s\n", request->output, request->kind,
               result->run_count, result->run_count == 1 ? "" : "s");
    return cli_flush();
}

static int draw(const struct options *options)
{
    struct plot_result result = {0};
    char message[PLOT_MESSAGE_BYTES] = "";
    int status = CLI_OK;
    switch (plot_draw(&options->request, &result, message)) {
    case PLOT_OK:
        status = print(&options->request, &result, options->is_json,
                       options->is_quiet);
        break;
    case PLOT_BAD_INPUT:
        status = cli_complain(CLI_USAGE, "%s", message);
        break;
    case PLOT_HOST:
        status = cli_complain(CLI_HOST, "%s", message);
        break;
    case PLOT_INTERRUPTED:
        status = cli_complain(CLI_INTERRUPTED, "%s", message);
        break;
    }
    plot_result_release(&result);
    return status;
}

int cmd_plot(int argc, char **argv)
{
    if (cli_wants_help(argc, argv))
        return print_help();
    struct options options = {.request = {.kind = "pressure"}};
    int status = read_options(&options, argc, argv);
    if (status == CLI_OK)
        status = draw(&options);
    free(options.runs.items);
    free(options.metrics.items);
    return status;
}
