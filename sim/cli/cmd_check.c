/*
 * lowtide check: read scenarios and say what is wrong with them.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "engine/world.h"
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

enum { OPT_JSON = 256, OPT_QUIET };

static const struct option long_options[] = {
    {"json", no_argument, NULL, OPT_JSON},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"jobs", required_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

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

int cmd_check(int argc, char **argv)
{
    bool is_json = false, is_quiet = false, is_fine = true;
    int option;

    while ((option = getopt_long(argc, argv, "j:h", long_options, NULL)) !=
           -1) {
        switch (option) {
        case 'h':
            fputs(help, stdout);
            return CLI_OK;
        case 'j':
            break;
        case OPT_JSON:
            is_json = true;
            break;
        case OPT_QUIET:
            is_quiet = true;
            break;
        default:
            return CLI_USAGE;
        }
    }
    if (optind == argc) {
        return cli_complain(CLI_USAGE, "a scenario is wanted; see --help");
    }
    if (is_json)
        putchar('[');
    for (int i = optind; i < argc; i++) {
        bool is_this_fine = check_one(argv[i]);

        is_fine &= is_this_fine;
        if (is_json) {
            printf("%s\n  {\"scenario\": ", i > optind ? "," : "");
            json_write_string(stdout, argv[i]);
            printf(", \"ok\": %s}", is_this_fine ? "true" : "false");
        } else if (is_this_fine && !is_quiet) {
            printf("%s: fine\n", argv[i]);
        }
    }
    if (is_json)
        puts("\n]");
    return is_fine ? CLI_OK : CLI_USAGE;
}
