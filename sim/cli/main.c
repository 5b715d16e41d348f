/*
 * lowtide: one program, one table of commands.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "version.h"

static const struct cli_command commands[] = {
    {"run", "run scenarios and record them", cmd_run},
    {"check", "read and check scenarios", cmd_check},
    {"compare", "compare policies over memory sizes and seeds", cmd_compare},
    {"replay", "play a trace against policies and memory sizes", cmd_replay},
    {"import", "turn a trace into lowtide's own format", cmd_import},
    {"budget", "the smallest memory for which a condition holds", cmd_budget},
    {"sweep", "run a parameter study, or what is missing of it", cmd_sweep},
    {"merge", "join results files into a new one", cmd_merge},
    {"list", "the runs in a results file", cmd_list},
    {"plot", "draw runs of a results file", cmd_plot},
    {"report", "write one HTML page about runs of a results file", cmd_report},
    {"explain", "a page's life, or where two runs part", cmd_explain},
    {"export", "write results for other tools", cmd_export},
    {"schema", "print JSON Schemas of scenarios and of outputs", cmd_schema},
    {"policies", "describe the reclaim policies", cmd_policies},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *out)
{
    fputs("usage: lowtide COMMAND [option...]\n"
          "\n"
          "Simulate how a machine reclaims memory when it runs low.\n"
          "\n",
          out);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fputs("\n"
          "  -h, --help     print this; `lowtide COMMAND --help` says more\n"
          "  -V, --version  print the version\n",
          out);
}

/* Insertions, deletions and exchanges that turn one word into the other. */
static size_t distance(const char *from, const char *to)
{
    enum { MAX = 31 };
    size_t row[MAX + 1];
    size_t length = strlen(to);

    if (length > MAX)
        return length;
    for (size_t i = 0; i <= length; i++)
        row[i] = i;
    for (size_t i = 0; from[i]; i++) {
        size_t diagonal = row[0];

        row[0] = i + 1;
        for (size_t k = 1; k <= length; k++) {
            size_t best = diagonal + (from[i] != to[k - 1]);

            diagonal = row[k];
            if (row[k] + 1 < best)
                best = row[k] + 1;
            if (row[k - 1] + 1 < best)
                best = row[k - 1] + 1;
            row[k] = best;
        }
    }
    return row[length];
}

static int complain_about(const char *name)
{
    const struct cli_command *nearest = NULL;
    size_t least = 3; /* farther away is another word */

    for (int i = 0; i < COMMANDS; i++) {
        size_t far = distance(name, commands[i].name);

        if (far < least) {
            least = far;
            nearest = &commands[i];
        }
    }
    fprintf(stderr, "lowtide: there is no command '%s'", name);
    if (nearest)
        fprintf(stderr, ", did you mean '%s'?\n", nearest->name);
    else
        fputs("; see lowtide --help\n", stderr);
    return CLI_USAGE;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return CLI_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "-h") == 0 || strcmp(name, "--help") == 0) {
        print_help(stdout);
        return CLI_OK;
    }
    if (strcmp(name, "-V") == 0 || strcmp(name, "--version") == 0) {
        puts("lowtide " LOWTIDE_VERSION);
        return CLI_OK;
    }
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0) {
            cli_speak_for(name);
            return commands[i].run(argc - 1, argv + 1);
        }
    return complain_about(name);
}
