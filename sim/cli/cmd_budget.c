/*
 * lowtide budget: the smallest memory for which a condition holds.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "record/json.h"
#include "study/budget.h"

enum { MAX_SEEDS = 10000, DEFAULT_SEEDS = 5 };

static const char help[] =
    "usage: lowtide budget SCENARIO --until EXPR [option...]\n"
    "\n"
    "Find the smallest memory for which a condition on the means over several\n"
    "seeds holds, and print the curve. The scenario's memory is doubled until\n"
    "it holds (up to 1024 times), then eight sizes below are looked at. If it\n"
    "holds from some size on, the boundary is found by bisection, to a page; "
    "if\n"
    "it comes and goes, 64 sizes are scanned, the first at which it holds is\n"
    "taken, and the size from which it holds throughout is told as well. A\n"
    "size at which a run was stopped out of memory does not meet the\n"
    "condition; one at which hardly anything happens may: name the work too,\n"
    "as in 'stall_some_share < 1% && accesses > 100000'.\n"
    "\n"
    "      --until EXPR     such as 'stall_some_share < 1%'; names are the\n"
    "                       numeric columns of v_summary and those that\n"
    "                       lowtide compare prints\n"
    "      --policy P       another reclaim policy, or the path of a plug-in\n"
    "      --seeds N        runs with each size (5)\n"
    "  -o, --output DB      the results file (lowtide.db)\n"
    "  -j, --jobs N         runs at a time (1)\n"
    "      --json           print one JSON array, an object for each size\n"
    "      --quiet          print the smallest size only\n"
    "  -h, --help           print this\n"
    "\n"
    "Exit status: 0 found, 1 it holds for no size, 2 bad input (nothing is\n"
    "written), 3 the host failed, 4 an error of the program, 130 interrupted.\n"
    "\n"
    "examples:\n"
    "  lowtide budget storm.yaml --policy lru --until 'refaults < 100' -j 2\n";

struct options {
    bool is_json, is_quiet;
};

/* --- options -------------------------------------------------------------- */

static int read_options(struct budget *budget, struct options *options,
                        int argc, char **argv)
{
    const struct cli_option rows[] = {
        {"until", .text = &budget->until},
        {"policy", .text = &budget->policy},
        {"seeds", .count = &budget->seeds, .most = MAX_SEEDS},
        {"output", 'o', .text = &budget->study.database},
        {"jobs", 'j', .count = &budget->study.parallel, .most = CLI_MAX_JOBS},
        {"json", .flag = &options->is_json},
        {"quiet", .flag = &options->is_quiet},
        {0},
    };
    int status = cli_read_options(argc, argv, rows, help, CLI_NO_HINT);
    if (status != CLI_OK)
        return status;
    budget->study.path =
        cli_only_word(argc, argv, "one scenario is wanted", NULL);
    if (!budget->study.path)
        return CLI_USAGE;
    if (!budget->until)
        return cli_complain(CLI_USAGE, "--until is wanted; see --help");
    return CLI_OK;
}

/* --- results -------------------------------------------------------------- */

static bool is_met(const struct budget_probe *probe)
{
    return probe->answer == EXPRESSION_TRUE && !probe->is_stopped;
}

static const char *verdict(const struct budget_probe *probe)
{
    if (probe->is_stopped)
        return "out of memory";
    if (probe->answer == EXPRESSION_UNKNOWN)
        return "unknown";
    return is_met(probe) ? "holds" : "-";
}

static bool is_smallest(const struct budget *budget,
                        const struct budget_probe *probe)
{
    return budget->is_found && probe->memory_pages == budget->memory_pages;
}

static void print_table(const struct budget *budget)
{
    printf("%10s", "pages");
    for (size_t n = 0; n < budget->metric_count; n++)
        printf("  %16s", study_metric_name(budget->metrics[n]));
    puts("");
    for (size_t i = 0; i < budget->probe_count; i++) {
        const struct budget_probe *probe = &budget->probes[i];
        printf("%10llu", (unsigned long long)probe->memory_pages);
        for (size_t n = 0; n < budget->metric_count; n++)
            printf("  %16.6g", probe->means[n]);
        printf("  %s%s\n", verdict(probe),
               is_smallest(budget, probe) ? ", the smallest" : "");
    }
    if (!budget->is_found)
        return;
    if (budget->from_pages != budget->memory_pages)
        printf("It comes and goes: of the sizes above, it holds throughout "
               "from %llu pages on.\n",
               (unsigned long long)budget->from_pages);
    if (budget->unknown_pages > 0)
        printf("The %llu sizes right below the smallest were not looked at.\n",
               (unsigned long long)budget->unknown_pages);
}

static void print_json(const struct budget *budget)
{
    for (size_t i = 0; i < budget->probe_count; i++) {
        const struct budget_probe *probe = &budget->probes[i];
        printf("%s{\"memory_pages\": %llu, \"holds\": %s, \"smallest\": %s, "
               "\"throughout\": %s",
               i > 0 ? ",\n " : "[", (unsigned long long)probe->memory_pages,
               is_met(probe) ? "true" : "false",
               is_smallest(budget, probe) ? "true" : "false",
               budget->is_found && probe->memory_pages >= budget->from_pages
                   ? "true"
                   : "false");
        for (size_t n = 0; n < budget->metric_count; n++) {
            printf(", \"%s\": ", study_metric_name(budget->metrics[n]));
            json_write_double(stdout, probe->means[n]);
        }
        putchar('}');
    }
    puts(budget->probe_count > 0 ? "]" : "[]");
}

static int finish(const struct budget *budget, const struct options *options,
                  enum study_status status)
{
    if (options->is_json)
        print_json(budget);
    else if (!options->is_quiet)
        print_table(budget);
    else if (budget->is_found)
        printf("%llu\n", (unsigned long long)budget->memory_pages);
    if (cli_flush() != CLI_OK)
        return CLI_HOST;
    if (status == STUDY_OK && !budget->is_found)
        return cli_complain(CLI_FAILED, "it holds for no size that was tried");
    return cli_study_exit(status);
}

static int find_smallest(struct budget *budget, const struct options *options)
{
    struct progress progress;
    int status = cli_study_exit(budget_check(budget, stderr));
    if (status != CLI_OK)
        return status;
    progress_begin(&progress, options->is_quiet);
    budget->study.progress = progress_show_runs;
    budget->study.progress_context = &progress;
    budget->study.interrupted = cli_catch_signals();
    enum study_status ran = budget_run(budget, stderr);
    progress_end(&progress);
    return finish(budget, options, ran);
}

int cmd_budget(int argc, char **argv)
{
    char *joined = cli_join(argc, argv);
    struct options options = {0};
    struct budget budget = {
        .study = {.database = "lowtide.db",
                  .argv = joined,
                  .parallel = 1,
                  .is_quiet = true},
        .seeds = DEFAULT_SEEDS,
    };
    int status = joined ? read_options(&budget, &options, argc, argv)
                        : cli_complain(CLI_HOST, "out of memory");
    if (status == CLI_OK)
        status = find_smallest(&budget, &options);
    budget_release(&budget);
    free(joined);
    return cli_exit(status);
}
