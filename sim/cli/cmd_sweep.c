/*
 * lowtide sweep: a parameter study: what it consists of, running what is
 * missing, shares of it, and scripts for many machines.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "cli/options.h"
#include "record/study_runs.h"
#include "scenario/values.h"
#include "study/sweep_report.h"
#include "study/sweep_run.h"
#include "study/sweep_script.h"
#include "version.h"

enum {
    MAX_SHARDS = 100 * 1000,
    DEFAULT_SHARDS = 32,
    MESSAGE_BYTES = 1024,
    PATH_BYTES = 4096,
};

static const char help[] =
    "usage: lowtide sweep STUDY.yaml [option...]\n"
    "\n"
    "Run a parameter study: a scenario with every combination of the values "
    "in\n"
    "the study's grid, each repeated with several seeds. Only what is missing "
    "in\n"
    "the results file is run; a run counts as there if scenario, values, "
    "traces,\n"
    "seed and version are the same.\n"
    "\n"
    "  -o, --output DB     the results file (lowtide.db)\n"
    "  -j, --jobs N        runs at a time (1)\n"
    "      --list          print the runs and which are there; run nothing\n"
    "      --shard I/N     only every Nth run from the Ith on, into the file\n"
    "                      DB.shard-I-of-N.db, which appears when it is "
    "whole;\n"
    "                      `lowtide merge` joins them\n"
    "      --slurm         print a shell script that submits shards as a "
    "Slurm\n"
    "                      job array, and a job that merges them into DB\n"
    "      --parallel      print a shell script that runs shards by GNU "
    "parallel\n"
    "                      and merges them into DB\n"
    "      --shards N      of these scripts (32, or as many as there are "
    "runs)\n"
    "      --json          print one JSON array: an object a run\n"
    "      --quiet         print no summary and no failed expectations\n"
    "  -h, --help          print this\n"
    "\n"
    "A study:\n"
    "\n"
    "  version: 1\n"
    "  scenario: storm.yaml           # from the study's folder\n"
    "  repetitions: 5                 # with seeds from `seed` on (1;\n"
    "  seed: 1                        # the scenario's)\n"
    "  grid:                          # keys of the scenario, and policy,\n"
    "    policy: [zircon, lru]        # memory, param.NAME\n"
    "    memory: {from: 64MiB, to: 1GiB, factor: 2}   # step, factor, count\n"
    "    $n: [1, 2, 4]                # a name for other values\n"
    "    workloads.feed.threads: $n\n"
    "    zip:                         # these move together\n"
    "      reclaim.min_aging: [1s, 2s]\n"
    "      reclaim.max_aging: [8s, 15s]\n"
    "  constraint: memory >= 128MiB || n < 4 && policy.lru == 1\n"
    "\n"
    "Exit status: 0 fine, 1 an expectation failed, 2 bad input (nothing is\n"
    "written), 3 the host failed, 4 an error of the program, 130 interrupted\n"
    "(complete runs are kept).\n"
    "\n"
    "examples:\n"
    "  lowtide sweep scenarios/studies/thrash.yaml --list\n"
    "  lowtide sweep scenarios/studies/thrash.yaml -j 2 -o thrash.db\n"
    "  lowtide sweep study.yaml --slurm -o study.db | sh\n";

struct command {
    const char *path;
    const char *database;
    struct sweep_shard shard;
    unsigned shards; /* of a script; 0: as many as make sense */
    unsigned parallel;
    bool is_list, is_slurm, is_parallel; /* one at most; none: run it */
    bool is_json, is_quiet;
    const char *argv;
    struct sweep sweep;
    struct sweep_findings findings;
};

/* --- options -------------------------------------------------------------- */

/* `2/8` */
static bool read_shard(const char *text, struct sweep_shard *shard)
{
    char number[16];
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : 0;
    if (length == 0 || length >= sizeof number)
        return false;
    memcpy(number, text, length);
    number[length] = '\0';
    return cli_read_count(slash + 1, MAX_SHARDS, &shard->count) &&
           cli_read_count(number, shard->count, &shard->number);
}

static int take_shard(void *target, const char *value)
{
    if (read_shard(value, target))
        return CLI_OK;
    return cli_complain(
        CLI_USAGE, "--shard '%s': I/N is wanted, I from 1 to N: 2/8", value);
}

static int read_options(struct command *command, int argc, char **argv)
{
    const struct cli_option rows[] = {
        {"output", 'o', .text = &command->database},
        {"jobs", 'j', .count = &command->parallel, .most = CLI_MAX_JOBS},
        {"list", .flag = &command->is_list},
        {"shard", .take = take_shard, .target = &command->shard},
        {"slurm", .flag = &command->is_slurm},
        {"parallel", .flag = &command->is_parallel},
        {"shards", .count = &command->shards, .most = MAX_SHARDS},
        {"json", .flag = &command->is_json},
        {"quiet", .flag = &command->is_quiet},
        {0},
    };
    int status = cli_read_options(argc, argv, rows, help, CLI_NO_HINT);
    if (status != CLI_OK)
        return status;
    bool is_script = command->is_slurm || command->is_parallel;
    if (command->is_list + command->is_slurm + command->is_parallel > 1)
        return cli_complain(CLI_USAGE,
                            "one of --list, --slurm and --parallel is enough");
    if (is_script && command->shard.count > 0)
        return cli_complain(CLI_USAGE,
                            "a script is for all shards: --shards N");
    if (!is_script && command->shards > 0)
        return cli_complain(CLI_USAGE,
                            "--shards goes with --slurm or --parallel");
    command->path = cli_only_word(argc, argv, "one study is wanted", NULL);
    if (!command->path)
        return CLI_USAGE;
    return CLI_OK;
}

/* --- the plan ------------------------------------------------------------- */

static int make_plan(struct command *command)
{
    struct scenario_errors errors;
    scenario_errors_init(&errors);
    enum study_status status =
        sweep_read(&command->sweep, command->path, &errors);
    if (status == STUDY_OK)
        status = sweep_plan(&command->sweep, &errors);
    scenario_errors_print(&errors, stderr);
    if (status == STUDY_HOST && errors.total == 0)
        cli_complain(CLI_HOST, "out of memory");
    scenario_errors_release(&errors);
    return cli_study_exit(status);
}

/* What is there already. */
static int look(struct command *command)
{
    char message[MESSAGE_BYTES];
    enum study_status status =
        sweep_look(&command->sweep, command->database, &command->shard,
                   &command->findings, message, sizeof message);
    if (status != STUDY_OK)
        return cli_complain(cli_study_exit(status), "%s", message);
    if (command->findings.other_version[0] == '\0')
        return CLI_OK;
    return cli_complain(
        CLI_USAGE,
        "%s: runs of this study are there by lowtide %s, this is "
        "lowtide %s: name another file with -o, versions don't "
        "compare",
        command->database, command->findings.other_version, LOWTIDE_VERSION);
}

/* --- running -------------------------------------------------------------- */

/* What an earlier sweep did not finish gives way to what is run now. */
static int remove_leftovers(struct command *command)
{
    char message[MESSAGE_BYTES];
    const struct sweep_findings *findings = &command->findings;
    if (findings->running > 0)
        cli_complain(
            CLI_OK,
            "%s: %zu runs are said to be under way on another host; they "
            "are run here too",
            command->database, findings->running);
    if (findings->leftovers.count == 0 ||
        study_runs_remove(command->database, &findings->leftovers, message,
                          sizeof message) == RESULTS_OK)
        return CLI_OK;
    return cli_complain(CLI_HOST, "%s", message);
}

static void show_progress(void *context, size_t done, size_t all)
{
    (void)context;
    fprintf(stderr, "\r%zu of %zu runs%s", done, all, done == all ? "\n" : "");
}

static int run(struct command *command)
{
    struct sweep_work work = {
        .sweep = &command->sweep,
        .database = command->database,
        .shard = command->shard,
        .argv = command->argv,
        .parallel = command->parallel,
        .is_quiet = command->is_quiet,
    };
    int status = command->shard.count == 0 ? remove_leftovers(command) : CLI_OK;
    if (status != CLI_OK)
        return status;
    if (!command->is_quiet && isatty(STDERR_FILENO))
        work.progress = show_progress;
    work.interrupted = cli_catch_signals();
    status = cli_study_exit(sweep_run_missing(&work, stderr));
    if (command->is_json)
        sweep_print_json(stdout, &command->sweep, &command->shard);
    else if (!command->is_quiet)
        sweep_print_summary(stdout, &command->sweep, &command->shard,
                            command->database);
    return status;
}

/* --- the other actions ---------------------------------------------------- */

static int list(const struct command *command)
{
    if (command->is_json)
        sweep_print_json(stdout, &command->sweep, &command->shard);
    else
        sweep_print_list(stdout, &command->sweep, &command->shard);
    return CLI_OK;
}

static int write_script(const struct command *command)
{
    char program[PATH_BYTES];
    size_t runs = command->sweep.run_count;
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length < 0)
        return cli_complain(CLI_HOST, "this program's path is not to be found");
    program[length] = '\0';
    unsigned shards = command->shards ? command->shards : DEFAULT_SHARDS;
    if (shards > runs)
        shards = (unsigned)runs;
    const struct sweep_script script = {
        .sweep = &command->sweep,
        .program = program,
        .database = command->database,
        .shards = shards,
        .parallel = command->parallel,
    };
    if (command->is_slurm)
        sweep_write_slurm(stdout, &script);
    else
        sweep_write_parallel(stdout, &script);
    return CLI_OK;
}

/* What is there, and then what is wanted. */
static int look_and_act(struct command *command)
{
    int status = look(command);
    if (status != CLI_OK)
        return status;
    if (command->is_list)
        status = list(command);
    else if (command->is_slurm || command->is_parallel)
        status = write_script(command);
    else
        status = run(command);
    return cli_flush() == CLI_OK ? status : CLI_HOST;
}

static int act(struct command *command)
{
    int status = make_plan(command);
    if (status != CLI_OK)
        return status;
    if (command->is_list || command->is_slurm || command->is_parallel ||
        command->shard.count > 0)
        return look_and_act(command);
    int lock = sweep_lock(command->database);
    if (lock < 0 && errno == EWOULDBLOCK)
        return cli_complain(
            CLI_USAGE,
            "%s: another sweep adds to it; two side by side want "
            "shards, --shard I/N",
            command->database);
    if (lock < 0)
        return cli_complain(CLI_HOST, "%s.lock: %s", command->database,
                            strerror(errno));
    status = look_and_act(command);
    sweep_unlock(command->database, lock);
    return status;
}

int cmd_sweep(int argc, char **argv)
{
    char *joined = cli_join(argc, argv);
    struct command command = {
        .database = "lowtide.db", .parallel = 1, .argv = joined};
    int status = joined ? read_options(&command, argc, argv)
                        : cli_complain(CLI_HOST, "out of memory");
    if (status == CLI_OK)
        status = act(&command);
    sweep_findings_release(&command.findings);
    sweep_release(&command.sweep);
    free(joined);
    return cli_exit(status);
}
