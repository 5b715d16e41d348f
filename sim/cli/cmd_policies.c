/*
 * lowtide policies: what policies there are, and what they can be told.
 */
#include <getopt.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "cli/options.h"
#include "policy/policies.h"
#include "policy/policy_suite.h"
#include "record/json.h"

static const char help[] =
    "usage: lowtide policies [NAME...]\n"
    "       lowtide policies --test NAME...\n"
    "\n"
    "List the built-in reclaim policies, or describe those named with their\n"
    "parameters. A name may be the path of a plug-in (FILE.so).\n"
    "\n"
    "      --test     put them through the conformance suite instead\n"
    "      --json     print a JSON array\n"
    "      --quiet    print nothing that is not asked for\n"
    "  -j, --jobs N   accepted; this is done by one process\n"
    "  -h, --help     print this\n"
    "\n"
    "examples:\n"
    "  lowtide policies zircon\n"
    "  lowtide policies --test ./my_policy.so\n";

enum { SUITE_SEEDS = 8, SUITE_STEPS = 20000 };

struct options {
    bool is_test;
    bool is_json;
    bool is_quiet;
};

/* As text. ---------------------------------------------------------------- */

static void print_line(const struct reclaim_policy_ops *ops)
{
    printf("%-10s %s\n", ops->name, ops->summary ? ops->summary : "");
}

static void print_bounds(const struct reclaim_param *param)
{
    if (param->kind == RECLAIM_PARAM_WORD) {
        for (const char *const *word = param->words; word && *word; word++)
            printf("%s%s", word == param->words ? "" : "|", *word);
        return;
    }
    printf("%g..%g", param->minimum, param->maximum);
}

static void print_in_full(const struct reclaim_policy_ops *ops)
{
    print_line(ops);
    printf("  follows: %s\n", ops->reference ? ops->reference : "nothing");
    for (const struct reclaim_param *param = ops->params; param && param->name;
         param++) {
        printf("  %s=%s  (", param->name, param->default_text);
        print_bounds(param);
        printf(")\n      %s\n", param->help ? param->help : "");
    }
}

/* As JSON. ---------------------------------------------------------------- */

static void print_key(const char *key, const char *text)
{
    printf("\"%s\": ", key);
    json_write_string(stdout, text);
}

static void print_json_param(const struct reclaim_param *param)
{
    static const char *const kinds[] = {"uint", "real", "word"};

    printf("{");
    print_key("name", param->name);
    printf(", ");
    print_key("kind", kinds[param->kind]);
    printf(", ");
    print_key("default", param->default_text);
    if (param->kind == RECLAIM_PARAM_WORD) {
        printf(", \"words\": [");
        for (const char *const *word = param->words; word && *word; word++) {
            printf("%s", word == param->words ? "" : ", ");
            json_write_string(stdout, *word);
        }
        printf("]");
    } else {
        printf(", \"minimum\": ");
        json_write_double(stdout, param->minimum);
        printf(", \"maximum\": ");
        json_write_double(stdout, param->maximum);
    }
    printf(", ");
    print_key("help", param->help);
    printf("}");
}

static void print_json(const struct reclaim_policy_ops *ops, bool is_first)
{
    printf("%s\n  {", is_first ? "" : ",");
    print_key("name", ops->name);
    printf(", ");
    print_key("summary", ops->summary);
    printf(", ");
    print_key("reference", ops->reference);
    printf(", \"params\": [");
    for (const struct reclaim_param *param = ops->params; param && param->name;
         param++) {
        printf("%s", param == ops->params ? "" : ", ");
        print_json_param(param);
    }
    printf("]}");
}

/* What to do. ------------------------------------------------------------- */

static int test(const struct options *options, const char *name,
                const struct reclaim_policy_ops *ops, bool is_first)
{
    char message[512];
    const char *problem = NULL;

    for (uint64_t seed = 1; seed <= SUITE_SEEDS && !problem; seed++)
        problem = policy_suite_run(ops, NULL, seed, SUITE_STEPS, message,
                                   sizeof message);
    if (options->is_json) {
        printf("%s\n  {", is_first ? "" : ",");
        print_key("name", name);
        printf(", \"ok\": %s, ", problem ? "false" : "true");
        print_key("problem", problem);
        printf("}");
    } else if (problem) {
        fprintf(stderr, "%s: %s\n", name, problem);
    } else if (!options->is_quiet) {
        printf("%s: passes\n", name);
    }
    return problem ? CLI_FAILED : CLI_OK;
}

static int treat(const struct options *options, const char *name, bool is_first)
{
    struct policy_handle handle;
    char message[512];
    int status = CLI_OK;
    const char *problem = policy_open(&handle, name, POLICY_KNOWS_FUTURE,
                                      message, sizeof message);

    if (problem) {
        return cli_complain(CLI_USAGE, "%s", problem);
    }
    if (options->is_test)
        status = test(options, name, handle.ops, is_first);
    else if (options->is_json)
        print_json(handle.ops, is_first);
    else
        print_in_full(handle.ops);
    policy_close(&handle);
    return status;
}

static int list_all(const struct options *options)
{
    int status = CLI_OK;

    for (size_t i = 0; built_in_policies[i]; i++) {
        const struct reclaim_policy_ops *ops = built_in_policies[i];

        if (options->is_test && test(options, ops->name, ops, i == 0))
            status = CLI_FAILED;
        else if (!options->is_test && options->is_json)
            print_json(ops, i == 0);
        else if (!options->is_test)
            print_line(ops);
    }
    return status;
}

static int run(const struct options *options, int argc, char **argv)
{
    int status = CLI_OK;

    if (options->is_json)
        putchar('[');
    if (optind == argc)
        status = list_all(options);
    for (int i = optind; i < argc; i++) {
        int this = treat(options, argv[i], i == optind);
        status = this > status ? this : status;
    }
    if (options->is_json)
        puts("\n]");
    return status;
}

int cmd_policies(int argc, char **argv)
{
    struct options options = {.is_test = false};
    unsigned jobs;
    const struct cli_option rows[] = {
        {"test", .flag = &options.is_test},
        {"json", .flag = &options.is_json},
        {"quiet", .flag = &options.is_quiet},
        {"jobs", 'j', .count = &jobs, .most = CLI_MAX_JOBS},
        {0},
    };
    int status = cli_read_options(argc, argv, rows, help, CLI_NO_HINT);
    return status == CLI_OK ? run(&options, argc, argv) : cli_exit(status);
}
