/*
 * lowtide schema: JSON Schemas of what goes in and of what comes out.
 */
#include <getopt.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "cli/options.h"
#include "cli/output_schema.h"
#include "cli/scenario_schema.h"

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
    bool ignored;
    const struct cli_option rows[] = {
        {"output", .text = &command},
        {"json", .flag = &ignored},
        {"quiet", .flag = &ignored},
        {"jobs", 'j', .count = &jobs, .most = CLI_MAX_JOBS},
        {0},
    };
    int status = cli_read_options(argc, argv, rows, help, CLI_SEE_HELP);
    if (status != CLI_OK)
        return cli_exit(status);
    if (optind != argc)
        return cli_complain(CLI_USAGE, "no file is wanted; see --help");
    return print(command);
}
