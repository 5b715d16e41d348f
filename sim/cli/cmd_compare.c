/*
 * lowtide compare: one scenario under several policies and memory sizes, with
 * several seeds; means, intervals, paired differences, and a gate.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "cli/compare_figures.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "policy/policies.h"
#include "scenario/values.h"
#include "study/compare.h"
#include "study/warmup.h"
#include "study/words.h"

enum {
    MAX_SEEDS = 10000,
    DEFAULT_SEEDS = 5,
    UNTIL_MAX_SEEDS = 1000, /* --until gives up here */
    MESSAGE_BYTES = 1024,
};

static const char help[] =
    "usage: lowtide compare SCENARIO [option...]\n"
    "\n"
    "Run a scenario under every policy with every memory size and every seed.\n"
    "The seed belongs to the repetition: all policies of a repetition face "
    "the\n"
    "same workload, and differences to the baseline are taken in pairs. "
    "Prints\n"
    "means with 95 % confidence intervals (Student's t), costs first, and\n"
    "which differences are significant; adds the runs to a results file.\n"
    "\n"
    "      --policies P,...   built-in policies or paths of plug-ins (all\n"
    "                         built-in ones but opt, which is told what a "
    "first\n"
    "                         run of the baseline accessed)\n"
    "      --memory SIZE,...  budgets: 64MiB, 1000p (the scenario's)\n"
    "      --seeds N          repetitions; seeds count from the scenario's "
    "(5)\n"
    "      --baseline P       what the others are compared with (the first)\n"
    "      --until SHARE      repeat until the half width of the difference's\n"
    "                         interval is at most this share of the larger of\n"
    "                         the two means, for stall_some_share and\n"
    "                         faults_major of every policy (of the mean "
    "itself\n"
    "                         with one policy); --seeds or more, 1000 at most\n"
    "      --warmup TIME      delete the beginning of every run, up to a tick: "
    "2s;\n"
    "                         `auto`: where stall and major faults settle, by\n"
    "                         MSER-5. Metrics are then differences of the "
    "ticks'\n"
    "                         counters (nothing is deleted)\n"
    "      --metrics M,...    what is printed: numeric columns of v_summary, "
    "and\n"
    "                         stall_some_ns, stall_full_ns, pager_requests,\n"
    "                         compress_ns, decompress_ns (what matters, costs\n"
    "                         first)\n"
    "      --fail-if EXPR     exit with 1 if it holds for the means with any\n"
    "                         memory size, or can't be decided; names are\n"
    "                         POLICY.METRIC, with the metrics above\n"
    "      --plot DIR         draw each metric that is printed into DIR, as "
    "svg\n"
    "                         and png; of whole runs, so not with --warmup\n"
    "  -o, --output DB        the results file (lowtide.db)\n"
    "  -j, --jobs N           runs at a time (1)\n"
    "      --json             print one JSON array\n"
    "      --quiet            print no table and no failed expectations\n"
    "  -h, --help             print this\n"
    "\n"
    "Exit status: 0 fine, 1 --fail-if held or an expectation failed, 2 bad\n"
    "input (nothing is written), 3 the host failed, 4 an error of the "
    "program,\n"
    "130 interrupted (complete repetitions are kept and printed).\n"
    "\n"
    "examples:\n"
    "  lowtide compare scenarios/first-pressure.yaml --policies zircon,lru "
    "-j2\n"
    "  lowtide compare storm.yaml --memory 64MiB,96MiB --until 2% \\\n"
    "      --fail-if 'lru.stall_some_share > zircon.stall_some_share * 1.05'\n";

struct options {
    const char *policies; /* NULL: all built-in ones */
    const char *memory;   /* NULL: the scenario's */
    const char *baseline; /* NULL: the first */
    const char *metrics;  /* NULL: what matters */
    const char *plot;     /* NULL: no figures */
    const char *fail_if;  /* NULL: no gate */
    double precision;     /* 0: as many repetitions as --seeds says */
    unsigned seeds;
    bool is_json, is_quiet;
};

struct command {
    struct options options;
    struct words policies, memories;
    struct study study;
    struct comparison comparison;
    struct expression gate;
};

/* --- options -------------------------------------------------------------- */

/* `2%` or `0.02`, above 0 and below 1. */
static bool read_share(const char *text, double *share)
{
    char number[32];
    size_t length = strlen(text);
    bool is_percent = length > 0 && text[length - 1] == '%';
    length -= is_percent;
    if (length == 0 || length >= sizeof number)
        return false;
    memcpy(number, text, length);
    number[length] = '\0';
    if (value_real(number, share) != VALUE_OK)
        return false;
    if (is_percent)
        *share /= 100;
    return *share > 0 && *share < 1;
}

/* `auto`, or a time above 0. */
static bool read_warmup(const char *text, struct study_warmup *warmup)
{
    sim_ns time = 0;
    warmup->is_deleted = true;
    warmup->is_found = strcmp(text, "auto") == 0;
    if (!warmup->is_found && value_duration(text, &time) != VALUE_OK)
        return false;
    warmup->ns = (uint64_t)time;
    return warmup->is_found || (time > 0 && time < SIM_NS_INFINITE);
}

static int take_until(void *target, const char *value)
{
    if (read_share(value, target))
        return CLI_OK;
    return cli_complain(CLI_USAGE,
                        "--until '%s': a share between 0 and 1 is wanted: 2%%",
                        value);
}

static int take_warmup(void *target, const char *value)
{
    if (read_warmup(value, target))
        return CLI_OK;
    return cli_complain(CLI_USAGE,
                        "--warmup '%s': a time such as 2s is wanted, or auto",
                        value);
}

static int read_options(struct command *command, int argc, char **argv)
{
    struct options *options = &command->options;
    struct study *study = &command->study;
    const struct cli_option rows[] = {
        {"policies", .text = &options->policies},
        {"memory", .text = &options->memory},
        {"seeds", .count = &options->seeds, .most = MAX_SEEDS},
        {"baseline", .text = &options->baseline},
        {"until", .take = take_until, .target = &options->precision},
        {"warmup", .take = take_warmup, .target = &study->warmup},
        {"metrics", .text = &options->metrics},
        {"plot", .text = &options->plot},
        {"fail-if", .text = &options->fail_if},
        {"output", 'o', .text = &study->database},
        {"jobs", 'j', .count = &study->parallel, .most = CLI_MAX_JOBS},
        {"json", .flag = &options->is_json},
        {"quiet", .flag = &options->is_quiet},
        {0},
    };
    int status = cli_read_options(argc, argv, rows, help, CLI_NO_HINT);
    if (status != CLI_OK)
        return status;
    study->path = cli_only_word(argc, argv, "one scenario is wanted", NULL);
    if (!study->path)
        return CLI_USAGE;
    study->is_quiet = options->is_quiet;
    if (!options->plot)
        return CLI_OK;
    if (study->warmup.is_deleted)
        return cli_complain(CLI_USAGE,
                            "--plot draws whole runs: not with --warmup");
    return compare_figures_check(options->plot);
}

/* --- the plan ------------------------------------------------------------- */

/* What was asked for, or all built-in policies that a machine can have; false:
 * out of memory. */
static bool cut_policies(struct command *command)
{
    char all[256] = "";
    size_t used = 0;
    if (command->options.policies)
        return words_cut(&command->policies, command->options.policies);
    for (size_t n = 0; built_in_policies[n] && used < sizeof all; n++)
        if (!built_in_policies[n]->needs_future) /* dear, and not always told */
            used += (size_t)snprintf(all + used, sizeof all - used, "%s%s",
                                     used > 0 ? "," : "",
                                     built_in_policies[n]->name);
    return words_cut(&command->policies, all);
}

static const char *word_behind(const char *word)
{
    return word + strlen(word) + 1;
}

/* Does the policy have to be told the future? False of one that is none. */
static bool needs_future(const char *policy)
{
    struct policy_handle handle;
    char message[MESSAGE_BYTES];
    if (policy_open(&handle, policy, POLICY_KNOWS_FUTURE, message,
                    sizeof message))
        return false;
    bool needs = handle.ops->needs_future;
    policy_close(&handle);
    return needs;
}

static bool add_points(struct command *command)
{
    const char *memory = command->memories.text;
    size_t memory_count = memory ? command->memories.count : 1;
    for (size_t m = 0; m < memory_count; m++) {
        const char *policy = command->policies.text;
        for (size_t p = 0; p < command->policies.count; p++) {
            if (!study_add_point(&command->study, policy, memory))
                return false;
            policy = word_behind(policy);
        }
        memory = memory ? word_behind(memory) : NULL;
    }
    command->comparison = (struct comparison){
        .study = &command->study,
        .policy_count = command->policies.count,
        .memory_count = memory_count,
    };
    return true;
}

static int find_baseline(struct command *command)
{
    const char *name = command->options.baseline;
    const struct study_point *points = command->study.points;
    size_t p = 0;
    while (name && p < command->comparison.policy_count &&
           strcmp(points[p].policy, name) != 0)
        p++;
    if (p == command->comparison.policy_count)
        return cli_complain(CLI_USAGE,
                            "--baseline '%s' is not one of the policies", name);
    command->comparison.baseline = p;
    return CLI_OK;
}

/* Policies that need the future are told the baseline's, which can't be one of
 * them. */
static int find_futures(struct command *command)
{
    struct study *study = &command->study;
    const char *baseline = study->points[command->comparison.baseline].policy;
    for (size_t p = 0; p < study->point_count; p++)
        if (needs_future(study->points[p].policy))
            study->points[p].future_policy = baseline;
    if (!study->points[command->comparison.baseline].future_policy)
        return CLI_OK;
    return cli_complain(CLI_USAGE,
                        "policy %s is told the future that the baseline's run "
                        "recorded: another --baseline is wanted",
                        baseline);
}

/* All that can be wrong is found before anything runs. */
static int make_plan(struct command *command)
{
    char message[MESSAGE_BYTES];
    const struct options *options = &command->options;
    if (!cut_policies(command) ||
        (options->memory && !words_cut(&command->memories, options->memory)) ||
        !add_points(command)) {
        return cli_complain(CLI_HOST, "out of memory");
    }
    int status = find_baseline(command);
    if (status == CLI_OK)
        status = find_futures(command);
    if (status == CLI_OK)
        status = cli_study_exit(study_check(&command->study, stderr));
    if (status == CLI_OK)
        status = cli_study_exit(warmup_check(&command->study, stderr));
    if (status == CLI_OK &&
        !compare_metrics(&command->comparison, options->metrics, message,
                         sizeof message))
        return cli_complain(CLI_USAGE, "--metrics: %s", message);
    if (status == CLI_OK && options->fail_if &&
        !compare_parse(&command->comparison, &command->gate, options->fail_if,
                       message, sizeof message))
        return cli_complain(CLI_USAGE, "--fail-if:%s", message);
    return status;
}

/* --- running -------------------------------------------------------------- */

/* A quarter more each time, in whole rounds of the jobs there are. */
static size_t next_repetitions(const struct study *study)
{
    size_t count = study->repetition_count / 4 + 1;
    size_t left = UNTIL_MAX_SEEDS - study->repetition_count;
    return count < left ? count : left;
}

static enum study_status repeat(struct study *study, size_t count)
{
    enum study_status status = study_repeat(study, count, stderr);
    enum study_status deleted = warmup_delete(study, stderr);
    return deleted > status ? deleted : status;
}

static enum study_status run(struct command *command)
{
    struct study *study = &command->study;
    const struct options *options = &command->options;
    enum study_status status = repeat(study, options->seeds);
    if (options->precision <= 0)
        return status;
    while (status <= STUDY_FAILED &&
           study->repetition_count < UNTIL_MAX_SEEDS &&
           !compare_is_precise(&command->comparison, options->precision))
        status = repeat(study, next_repetitions(study));
    if (status <= STUDY_FAILED &&
        !compare_is_precise(&command->comparison, options->precision))
        cli_complain(CLI_OK, "--until was not reached with %zu repetitions",
                     study->repetition_count);
    return status;
}

/* The gate for every memory size; true: it is shut. */
static bool is_gate_shut(const struct command *command)
{
    const struct comparison *comparison = &command->comparison;
    bool is_shut = false;
    for (size_t m = 0; m < comparison->memory_count; m++) {
        enum expression_answer answer =
            compare_evaluate(comparison, &command->gate, m);
        if (answer == EXPRESSION_FALSE)
            continue;
        is_shut = true;
        cli_complain(CLI_FAILED, "with %llu pages: %s: %s",
                     (unsigned long long)command->study
                         .points[m * comparison->policy_count]
                         .memory_pages,
                     command->options.fail_if,
                     answer == EXPRESSION_TRUE
                         ? "holds"
                         : "can't be decided, a value is missing");
    }
    return is_shut;
}

static int draw(const struct command *command)
{
    const struct options *options = &command->options;
    size_t drawn;
    int status =
        compare_figures_draw(&command->comparison, options->plot, &drawn);
    if (status == CLI_OK && !options->is_json && !options->is_quiet)
        printf("%s: %zu metrics drawn, as svg and png\n", options->plot, drawn);
    return status;
}

static int finish(struct command *command, enum study_status status)
{
    const struct options *options = &command->options;
    int drawn = CLI_OK;
    if (options->is_json)
        compare_print_json(stdout, &command->comparison);
    else if (!options->is_quiet)
        compare_print(stdout, &command->comparison);
    if (options->plot && status <= STUDY_FAILED)
        drawn = draw(command);
    if (cli_flush() != CLI_OK)
        status = status < STUDY_HOST ? STUDY_HOST : status;
    if (status <= STUDY_FAILED && options->fail_if && is_gate_shut(command))
        status = STUDY_FAILED;
    return drawn != CLI_OK ? drawn : cli_study_exit(status);
}

static int compare(struct command *command)
{
    struct progress progress;
    int status = make_plan(command);
    if (status != CLI_OK)
        return status;
    progress_begin(&progress, command->options.is_quiet);
    command->study.progress = progress_show_runs;
    command->study.progress_context = &progress;
    command->study.interrupted = cli_catch_signals();
    enum study_status ran = run(command);
    progress_end(&progress);
    return finish(command, ran);
}

int cmd_compare(int argc, char **argv)
{
    char *joined = cli_join(argc, argv);
    struct command command = {
        .options = {.seeds = DEFAULT_SEEDS},
        .study = {.database = "lowtide.db", .argv = joined, .parallel = 1},
    };
    int status = joined ? read_options(&command, argc, argv)
                        : cli_complain(CLI_HOST, "out of memory");
    if (status == CLI_OK)
        status = compare(&command);
    study_release(&command.study);
    words_release(&command.policies);
    words_release(&command.memories);
    free(joined);
    return cli_exit(status);
}
