/*
 * lowtide check: read scenarios and say what is wrong with them.
 */
#include <getopt.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "cli/options.h"
#include "engine/engine.h"
#include "record/json.h"
#include "scenario/scenario.h"

static const char help[] =
    "usage: lowtide check SCENARIO...\n"
    "\n"
    "Read and check scenarios: syntax, values, names, policies and traces.\n"
    "Nothing is simulated or written. Exit status 2 if anything is wrong.\n"
    "\n"
    "      --json     print a JSON array with an object for each scenario\n"
    "      --quiet    print errors only\n"
    "  -j, --jobs N   accepted; checking is done by one process\n"
    "  -h, --help     print this\n"
    "\n"
    "example:\n"
    "  lowtide check scenarios/*.yaml\n";

/* Is the scenario fine? What is wrong goes to stderr. */
static bool check_one(const char *path)
{
    struct scenario_errors errors;
    struct scenario *scenario;
    char message[1024];

    scenario_errors_init(&errors);
    bool is_fine =
        scenario_load(path, NULL, 0, &scenario, &errors) == SCENARIO_OK;
    if (is_fine && !world_check(scenario, false, message, sizeof message)) {
        fprintf(stderr, "%s\n", message);
        is_fine = false;
    }
    scenario_errors_print(&errors, stderr);
    scenario_errors_release(&errors);
    scenario_free(scenario);
    return is_fine;
}

static bool check_all(char **paths, int count, bool is_json, bool is_quiet)
{
    bool is_fine = true;

    if (is_json)
        putchar('[');
    for (int i = 0; i < count; i++) {
        bool is_this_fine = check_one(paths[i]);

        is_fine &= is_this_fine;
        if (is_json) {
            printf("%s\n  {\"scenario\": ", i > 0 ? "," : "");
            json_write_string(stdout, paths[i]);
            printf(", \"ok\": %s}", is_this_fine ? "true" : "false");
        } else if (is_this_fine && !is_quiet) {
            printf("%s: fine\n", paths[i]);
        }
    }
    if (is_json)
        puts("\n]");
    return is_fine;
}

int cmd_check(int argc, char **argv)
{
    bool is_json = false, is_quiet = false;
    unsigned jobs;
    const struct cli_option rows[] = {
        {"json", .flag = &is_json},
        {"quiet", .flag = &is_quiet},
        {"jobs", 'j', .count = &jobs, .most = CLI_MAX_JOBS},
        {0},
    };
    int status = cli_read_options(argc, argv, rows, help, CLI_NO_HINT);
    if (status != CLI_OK)
        return cli_exit(status);
    if (optind == argc)
        return cli_complain(CLI_USAGE, "a scenario is wanted; see --help");
    return check_all(argv + optind, argc - optind, is_json, is_quiet)
               ? CLI_OK
               : CLI_USAGE;
}
