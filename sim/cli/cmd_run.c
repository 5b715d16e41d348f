/*
 * lowtide run: run scenarios, record them, print what they came to.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "cli/options.h"
#include "cli/run_list.h"
#include "cli/terminal.h"
#include "engine/engine.h"
#include "record/results.h"
#include "scenario/scenario.h"

static const char help[] =
    "usage: lowtide run SCENARIO... [option...]\n"
    "\n"
    "Run scenarios and add them to a results file. All of them are read and\n"
    "checked before the first one runs.\n"
    "\n"
    "  -o, --output DB      the results file (lowtide.db)\n"
    "      --policy P       another reclaim policy, or the path of a plug-in\n"
    "      --param NAME=VALUE\n"
    "                       a parameter of the policy; may be repeated\n"
    "      --seed N         another seed\n"
    "      --memory SIZE    another budget: 64MiB, 1000p\n"
    "      --set KEY=VALUE  any scalar of the scenario, such as\n"
    "                       reclaim.min_aging=1s; may be repeated\n"
    "      --paranoid       prove every invariant after every event (slow)\n"
    "      --log FILE       log levels, evictions and `dump`s (-: stderr)\n"
    "  -j, --jobs N         scenarios at a time (1)\n"
    "      --json           print a JSON array, an object for each run\n"
    "      --quiet          print no table and no progress\n"
    "  -h, --help           print this\n"
    "\n"
    "Exit status: 0 fine, 1 an expectation failed, 2 bad input (nothing is\n"
    "written), 3 the host failed, 4 an error of the program, 130 interrupted.\n"
    "The worst of several wins.\n"
    "\n"
    "examples:\n"
    "  lowtide run scenarios/compiler.yaml\n"
    "  lowtide run storm.yaml --policy lru --memory 256MiB -o storm.db\n";

struct options {
    struct scenario_override *overrides; /* owned */
    size_t override_count;
    const char *log_path;
    bool is_json;
    struct run_list list;
};

/* Options. ---------------------------------------------------------------- */

/* Where an option that changes the scenario goes. */
struct override_target {
    struct options *options;
    enum scenario_override_kind kind;
};

static int take_override(void *target, const char *value)
{
    const struct override_target *to = target;
    to->options->overrides[to->options->override_count++] =
        (struct scenario_override){to->kind, value};
    return CLI_OK;
}

static int read_options(struct options *options, int argc, char **argv)
{
    struct run_list *list = &options->list;
    struct override_target policy = {options, OVERRIDE_POLICY},
                           param = {options, OVERRIDE_PARAM},
                           seed = {options, OVERRIDE_SEED},
                           memory = {options, OVERRIDE_MEMORY},
                           set = {options, OVERRIDE_SET};
    const struct cli_option rows[] = {
        {"output", 'o', .text = &list->database},
        {"policy", .take = take_override, .target = &policy},
        {"param", .take = take_override, .target = &param},
        {"seed", .take = take_override, .target = &seed},
        {"memory", .take = take_override, .target = &memory},
        {"set", .take = take_override, .target = &set},
        {"paranoid", .flag = &list->is_paranoid},
        {"log", .text = &options->log_path},
        {"jobs", 'j', .count = &list->jobs, .most = CLI_MAX_JOBS},
        {"json", .flag = &options->is_json},
        {"quiet", .flag = &list->is_quiet},
        {0},
    };
    int status = cli_read_options(argc, argv, rows, help, CLI_NO_HINT);
    if (status != CLI_OK || optind < argc)
        return status;
    return cli_complain(CLI_USAGE, "a scenario is wanted; see --help");
}

/* Scenarios. -------------------------------------------------------------- */

static int load_one(const struct options *options, const char *path,
                    struct scenario **scenario)
{
    struct scenario_errors errors;
    char message[1024];

    scenario_errors_init(&errors);
    enum scenario_result result = scenario_load(
        path, options->overrides, options->override_count, scenario, &errors);
    scenario_errors_print(&errors, stderr);
    scenario_errors_release(&errors);
    if (result != SCENARIO_OK)
        return result == SCENARIO_NO_MEMORY ? CLI_HOST : CLI_USAGE;
    if (world_check(*scenario, false, message, sizeof message))
        return CLI_OK;
    fprintf(stderr, "%s\n", message);
    return CLI_USAGE;
}

/* All of them, so that all errors are shown at once. */
static int load_all(struct options *options, char **paths)
{
    int status = CLI_OK;

    for (size_t i = 0; i < options->list.count; i++) {
        int this = load_one(options, paths[i], &options->list.scenarios[i]);
        status = this > status ? this : status;
    }
    return status;
}

/* Running. ---------------------------------------------------------------- */

static int check_output(const char *path)
{
    char message[1024];
    enum results_check check =
        results_check_output(path, message, sizeof message);

    if (check == RESULTS_OK)
        return CLI_OK;
    return cli_complain(cli_results_exit(check), "%s", message);
}

static int open_log(struct options *options)
{
    if (!options->log_path)
        return CLI_OK;
    options->list.log = strcmp(options->log_path, "-") == 0
                            ? stderr
                            : fopen(options->log_path, "w");
    if (options->list.log)
        return CLI_OK;
    return cli_complain(CLI_HOST, "%s: %s", options->log_path, strerror(errno));
}

/* Only those that have run, moved to the front. */
static size_t gather_summaries(struct run_list *list)
{
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++) {
        if (!list->has_run[i])
            continue;
        struct run_summary moved = list->summaries[i];
        list->summaries[i] = list->summaries[count];
        list->summaries[count++] = moved;
    }
    return count;
}

/* Where the results are and what shows them, for those who watch. */
static void print_next_step(const struct run_list *list, size_t count)
{
    const char *faint = terminal_style(stderr, TERMINAL_FAINT);
    const char *plain = terminal_style(stderr, TERMINAL_PLAIN);

    if (count == 0 || list->is_quiet || !terminal_is_screen(stderr))
        return;
    fprintf(stderr, "\n%sin %s now; draw it: lowtide plot %s", faint,
            list->database, list->database);
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, " --run %llu",
                (unsigned long long)list->summaries[i].run_id);
    fprintf(stderr, " -o pressure.svg%s\n", plain);
}

static int print_summaries(struct options *options)
{
    size_t count = gather_summaries(&options->list);

    if (options->is_json)
        run_summary_print_json(stdout, options->list.summaries, count);
    else if (!options->list.is_quiet && count > 0)
        run_summary_print(stdout, options->list.summaries, count);
    int status = cli_flush();
    if (status == CLI_OK)
        print_next_step(&options->list, count);
    return status;
}

static int run_all(struct options *options, char **paths)
{
    int status = load_all(options, paths);

    if (status == CLI_OK)
        status = check_output(options->list.database);
    if (status == CLI_OK)
        status = open_log(options);
    if (status != CLI_OK)
        return status;
    status = run_list_run(&options->list);
    if (options->list.log && options->list.log != stderr &&
        fclose(options->list.log) != 0 && status < CLI_HOST)
        status = CLI_HOST;
    int printed = print_summaries(options);
    return printed == CLI_OK || status > CLI_HOST ? status : printed;
}

static bool make_room(struct options *options, size_t count)
{
    struct run_list *list = &options->list;

    list->count = count;
    list->scenarios = calloc(count, sizeof *list->scenarios);
    list->summaries = calloc(count, sizeof *list->summaries);
    list->has_run = calloc(count, sizeof *list->has_run);
    for (size_t i = 0; list->summaries && i < count; i++)
        run_summary_init(&list->summaries[i]);
    return list->scenarios && list->summaries && list->has_run;
}

static void release(struct options *options)
{
    struct run_list *list = &options->list;

    for (size_t i = 0; list->scenarios && i < list->count; i++)
        scenario_free(list->scenarios[i]);
    for (size_t i = 0; list->summaries && i < list->count; i++)
        run_summary_release(&list->summaries[i]);
    free(list->scenarios);
    free(list->summaries);
    free(list->has_run);
    free(options->overrides);
}

int cmd_run(int argc, char **argv)
{
    char *joined = cli_join(argc, argv);
    struct options options = {
        .overrides = calloc((size_t)argc + 1, sizeof *options.overrides),
        .list = {.database = "lowtide.db", .argv = joined, .jobs = 1},
    };
    int status = CLI_HOST;

    if (joined && options.overrides)
        status = read_options(&options, argc, argv);
    else
        cli_complain(CLI_HOST, "out of memory");
    if (status == CLI_OK) {
        if (make_room(&options, (size_t)(argc - optind)))
            status = run_all(&options, argv + optind);
        else
            status = CLI_HOST;
    }
    release(&options);
    free(joined);
    return cli_exit(status);
}
