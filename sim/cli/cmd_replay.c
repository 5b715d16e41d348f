/*
 * lowtide replay: a trace straight into one pager-backed VMO, under several
 * policies and memory sizes. Options become a plan (study/replay_plan.h), the
 * plan's jobs run in a pool, results are printed in order as they come.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "cli/options.h"
#include "cli/trace_options.h"
#include "scenario/values.h"
#include "study/replay_plan.h"
#include "study/replay_report.h"

enum { MESSAGE_BYTES = 1024 };

static const char help[] =
    "usage: lowtide replay TRACE --memory SIZE[,SIZE...] [--policy P[,P...]]\n"
    "                      [option...]\n"
    "       lowtide replay TRACE --mrc [--memory SIZE[,SIZE...]] "
    "[option...]\n"
    "\n"
    "Play a trace straight into one pager-backed VMO: memory of SIZE, one "
    "page\n"
    "reclaimed when a page is needed and none is free, every access shown to\n"
    "the policy. There is no pressure machinery and there are no dirty pages:\n"
    "a write counts as an access. Each distinct id of the trace is a page. "
    "For\n"
    "policies with timers a request takes one simulated microsecond.\n"
    "\n"
    "  --memory SIZE,...    4p, 16MiB, or a fraction of the distinct pages\n"
    "                       (0.1, rounded down, at least one page)\n"
    "  --policy P,...       built-in policies or paths of plug-ins (zircon)\n"
    "  --param NAME=VALUE   for every policy that has it; may be repeated\n"
    "  --format FORMAT      text, lackey, oracleGeneral, csv, damo, perf, "
    "ltt;\n"
    "                       also through zstd and gzip (by content and name)\n"
    "  --columns LIST       of a csv: time=1,page=2,write=3\n"
    "  --page-size SIZE     of traces that hold addresses (4KiB)\n"
    "  --vmo-size SIZE      a VMO of this size, in which page = id\n"
    "  --mrc                miss-ratio curves: lru exactly, in one pass; "
    "others\n"
    "                       from a sample of up to 32768 pages. Without "
    "--memory\n"
    "                       from a 512th of the distinct pages to all\n"
    "  --sample R           replay this part of the pages (0.01; 1 is all), "
    "with\n"
    "                       as much less memory; misses are estimates\n"
    "  -j, --jobs N         runs at a time (1)\n"
    "  -o, --output DB      also write the runs to a results database\n"
    "      --json           print a JSON array\n"
    "      --quiet          print no heading\n"
    "  -h, --help           print this\n"
    "\n"
    "examples:\n"
    "  lowtide replay trace.txt.zst --policy lru,clock --memory 0.1,0.5\n"
    "  lowtide replay t.oracleGeneral --policy clock --param bits=2 "
    "--memory 1000p\n"
    "  lowtide replay trace.txt.zst --policy lru,s3fifo --mrc -o mrc.db\n"
    "  lowtide plot mrc.db --kind mrc -o mrc.svg\n";

struct options {
    const char *policies;
    const char *memory;
    const char *vmo_size;
    const char *page_size;
    const char *format;
    const char *sample;
    const char *path; /* of the trace */
    const char *database;
    const char **params; /* owned */
    size_t param_count;
    struct trace_options trace;
    unsigned jobs;
    bool is_curve;
    bool is_json;
    bool is_quiet;
};

static int take_param(void *target, const char *value)
{
    struct options *options = target;
    if (value_param(value, NULL) != VALUE_OK)
        return cli_complain(CLI_USAGE, "--param wants NAME=VALUE");
    options->params[options->param_count++] = value;
    return CLI_OK;
}

static int read_options(struct options *options, int argc, char **argv)
{
    const struct cli_option rows[] = {
        {"memory", .text = &options->memory},
        {"policy", .text = &options->policies},
        {"param", .take = take_param, .target = options},
        {"format", .text = &options->format},
        {"columns", .text = &options->trace.columns},
        {"page-size", .text = &options->page_size},
        {"vmo-size", .text = &options->vmo_size},
        {"jobs", 'j', .count = &options->jobs, .most = CLI_MAX_JOBS},
        {"output", 'o', .text = &options->database},
        {"json", .flag = &options->is_json},
        {"quiet", .flag = &options->is_quiet},
        {"mrc", .flag = &options->is_curve},
        {"sample", .text = &options->sample},
        {0},
    };
    int status = cli_read_options(argc, argv, rows, NULL, CLI_SEE_HELP);
    if (status != CLI_OK)
        return status;
    options->path =
        cli_only_word(argc, argv, "a trace is wanted", "one trace at a time");
    if (!options->path)
        return CLI_USAGE;
    if (!options->memory && !options->is_curve)
        return cli_complain(CLI_USAGE, "--memory is wanted; see --help");
    if (options->vmo_size && (options->is_curve || options->sample))
        return cli_complain(
            CLI_USAGE, "--vmo-size does not go with --mrc or --sample, which "
                       "number the pages they keep");
    if (options->format)
        status = cli_take_format(&options->trace.format, options->format);
    if (status == CLI_OK && options->page_size)
        status =
            cli_take_page_size(&options->trace.page_size, options->page_size);
    return status;
}

/* --- from texts to a plan ------------------------------------------------- */

static bool read_vmo_size(const struct options *options,
                          struct replay_plan *plan, char *message)
{
    if (!options->vmo_size)
        return true;
    enum value_result result = value_size(
        options->vmo_size, options->trace.page_size, &plan->vmo_pages);
    if (result == VALUE_OK && plan->vmo_pages > 0 &&
        plan->vmo_pages <= UINT32_MAX)
        return true;
    snprintf(message, MESSAGE_BYTES, "--vmo-size '%s': %s", options->vmo_size,
             result != VALUE_OK ? value_problem(result)
                                : "from 1 to 4294967295 pages are possible");
    return false;
}

/* The trace can be read, and the database written: known before a run. */
static int check_files(const struct replay_plan *plan, const char *database,
                       char *message)
{
    struct trace *trace =
        trace_open(plan->path, &plan->options, message, MESSAGE_BYTES);
    if (!trace)
        return CLI_USAGE;
    trace_close(trace);
    if (!database)
        return CLI_OK;
    struct recorder *recorder = recorder_open(database, message, MESSAGE_BYTES);
    if (!recorder)
        return CLI_USAGE;
    return recorder_close(recorder, message, MESSAGE_BYTES) ? CLI_OK : CLI_HOST;
}

/* A database that was made for nothing is removed again. */
static int read_trace(const struct options *options, struct replay_plan *plan,
                      const char *argv, char *message)
{
    const char *database = options->database;
    bool is_new = database && access(database, F_OK) != 0;
    int exit_status = check_files(plan, database, message);
    if (exit_status != CLI_OK)
        return exit_status;
    enum replay_status status = replay_plan_read(plan, options->jobs, database,
                                                 argv, message, MESSAGE_BYTES);
    if (status == REPLAY_OK)
        return CLI_OK;
    if (is_new)
        (void)unlink(database);
    return status == REPLAY_HOST ? CLI_HOST : CLI_USAGE;
}

static int make_plan(struct options *options, struct replay_plan *plan,
                     const char *argv, char *message)
{
    plan->options = options->trace;
    if (!read_vmo_size(options, plan, message) ||
        !replay_plan_policies(plan, options->policies, options->params,
                              options->param_count, message, MESSAGE_BYTES) ||
        !replay_plan_memory(plan, options->memory, message, MESSAGE_BYTES))
        return CLI_USAGE;
    plan->is_curve = options->is_curve;
    if (options->sample &&
        !replay_plan_sample(plan, options->sample, message, MESSAGE_BYTES))
        return CLI_USAGE;
    return read_trace(options, plan, argv, message);
}

/* --- results -------------------------------------------------------------- */

struct printing {
    const struct options *options;
    struct replay_widths widths;
    size_t printed;
    int status; /* the worst so far: 4, 3, 2, 0 */
};

static void print_outcome(void *context, const struct replay_job *job,
                          const struct replay_outcome *outcome)
{
    struct printing *printing = context;
    if (outcome->status != REPLAY_OK) {
        int status = outcome->status == REPLAY_BAD_INPUT ? CLI_USAGE : CLI_HOST;
        if (outcome->is_broken)
            status = CLI_INVARIANT;
        if (status > printing->status)
            printing->status = status;
        cli_complain(status, "%s", outcome->message);
        return;
    }
    if (printing->options->is_json) {
        fputs(printing->printed > 0 ? ",\n " : "[", stdout);
        replay_report_json(stdout, job, &outcome->result);
    } else {
        if (printing->printed == 0 && !printing->options->is_quiet)
            replay_report_heading(stdout, printing->widths);
        replay_report_row(stdout, printing->widths, job, &outcome->result);
    }
    fflush(stdout);
    printing->printed++;
}

static int run_plan(const struct options *options,
                    const struct replay_plan *plan)
{
    struct printing printing = {
        .options = options,
        .widths = replay_report_widths(plan->jobs, plan->job_count),
        .status = CLI_OK,
    };
    bool is_well = replay_pool_run(plan->jobs, plan->job_count, options->jobs,
                                   print_outcome, &printing);
    if (options->is_json)
        puts(printing.printed > 0 ? "]" : "[]");
    else if (options->is_curve && options->database && !options->is_quiet)
        fprintf(stderr, "to draw it: lowtide plot %s --kind mrc -o mrc.svg\n",
                options->database);
    if (fflush(stdout) != 0 || ferror(stdout))
        is_well = false;
    if (!is_well && printing.status < CLI_HOST)
        return cli_complain(CLI_HOST, "the host could not do it");
    return printing.status;
}

int cmd_replay(int argc, char **argv)
{
    if (cli_wants_help(argc, argv)) {
        fputs(help, stdout);
        return CLI_OK;
    }
    struct options options = {
        .policies = "zircon",
        .jobs = 1,
        .trace.page_size = 4096,
        .params = calloc((size_t)argc + 1, sizeof *options.params),
    };
    struct replay_plan plan = {0};
    char *line = cli_join(argc, argv);
    char message[MESSAGE_BYTES] = "";
    int status = CLI_HOST;
    if (!options.params || !line) {
        cli_complain(status, "out of memory");
        goto out;
    }
    status = read_options(&options, argc, argv);
    if (status != CLI_OK)
        goto out;
    plan.path = options.path;
    status = make_plan(&options, &plan, line, message);
    if (status != CLI_OK)
        cli_complain(status, "%s", message);
    else
        status = run_plan(&options, &plan);
out:
    replay_plan_release(&plan);
    free(options.params);
    free(line);
    return status;
}
