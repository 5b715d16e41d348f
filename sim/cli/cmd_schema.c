/*
 * lowtide schema: JSON Schemas of what goes in and of what comes out.
 */
#include <getopt.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "cli/output_schema.h"
#include "cli/scenario_schema.h"

enum { MAX_JOBS = 1024 };

static const char help[] =
    "usage: lowtide schema [--output COMMAND]\n"
    "\n"
    "Print the JSON Schema (draft 2020-12) of scenario files, by which "
    "editors\n"
    "complete keys and mark errors, or that of what a command prints with\n"
    "--json. What concerns several keys at once is beyond a schema: lowtide\n"
    "check has the last word on a scenario.\n"
    "\n"
    "      --output COMMAND  the output of run, list, replay, compare, "
    "budget,\n"
    "                        explain or first-difference, which is explain's\n"
    "                        other one (none: scenario files)\n"
    "      --json            accepted as everywhere; a schema is JSON\n"
    "      --quiet           accepted as everywhere\n"
    "  -j, --jobs N          accepted as everywhere; there is only one job\n"
    "  -h, --help            print this\n"
    "\n"
    "examples:\n"
    "  lowtide schema >lowtide.schema.json\n"
    "    and on top of a scenario, for editors with a YAML language server:\n"
    "    # yaml-language-server: $schema=lowtide.schema.json\n"
    "  lowtide schema --output run >run.schema.json\n";

enum { OPT_OUTPUT = 256, OPT_IGNORED };

static const struct option long_options[] = {
    {"output", required_argument, NULL, OPT_OUTPUT},
    {"json", no_argument, NULL, OPT_IGNORED},
    {"quiet", no_argument, NULL, OPT_IGNORED},
    {"jobs", required_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int complain_about(const char *command)
{
    const char *name;

    fprintf(stderr, "lowtide schema: --output '%s' is none of", command);
    for (size_t i = 0; (name = output_schema_command(i)); i++)
        fprintf(stderr, "%s %s", i > 0 ? "," : "", name);
    fputs("\n", stderr);
    return CLI_USAGE;
}

static int print(const char *command)
{
    if (command && !output_schema_print(stdout, command))
        return complain_about(command);
    if (!command && !scenario_schema_print(stdout))
        return cli_complain(CLI_HOST, "out of memory");
    return cli_flush();
}

int cmd_schema(int argc, char **argv)
{
    const char *command = NULL;
    unsigned jobs;
    int option;

    optind = 0; /* start anew, also after another command */
    while ((option = getopt_long(argc, argv, "j:h", long_options, NULL)) !=
           -1) {
        switch (option) {
        case OPT_OUTPUT:
            command = optarg;
            break;
        case OPT_IGNORED:
            break;
        case 'j':
            if (!cli_read_count(optarg, MAX_JOBS, &jobs))
                return cli_complain(CLI_USAGE,
                                    "--jobs wants a number from 1 to 1024");
            break;
        case 'h':
            fputs(help, stdout);
            return CLI_OK;
        default:
            return cli_complain(CLI_USAGE, "see lowtide schema --help");
        }
    }
    if (optind != argc)
        return cli_complain(CLI_USAGE, "no file is wanted; see --help");
    return print(command);
}
