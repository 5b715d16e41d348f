/*
 * lowtide merge: join results files into a new one.
 */
#include <getopt.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "cli/options.h"
#include "record/merge.h"

enum { ERROR_BYTES = 1024 };

static const char help[] =
    "usage: lowtide merge OUT.db IN.db... [option...]\n"
    "\n"
    "Join results files into a new one: all runs of the first, then all of "
    "the\n"
    "second and so on, numbered anew from 1. The files are only read. OUT.db\n"
    "must not be there; it appears when it is complete. Files that are not\n"
    "results files, of another version, or with a run under way are refused. "
    "A\n"
    "study's run that is there twice, as shards may leave it, is kept once.\n"
    "\n"
    "  -j, --jobs N       accepted as everywhere; there is only one job\n"
    "      --json         print one JSON array with what was written\n"
    "      --quiet        print nothing\n"
    "  -h, --help         print this\n"
    "\n"
    "examples:\n"
    "  lowtide merge all.db shard-1.db shard-2.db\n";

static int merge(const char *out, const char *const *in, size_t in_count,
                 bool is_json, bool is_quiet)
{
    char error[ERROR_BYTES] = "";
    uint64_t runs = 0;
    const volatile sig_atomic_t *interrupted = cli_catch_signals();
    enum results_check check = results_merge(
        out, false, in, in_count, interrupted, &runs, error, sizeof error);
    if (check != RESULTS_OK) {
        cli_complain(CLI_USAGE, "%s", error);
        if (*interrupted)
            return CLI_INTERRUPTED;
        return cli_results_exit(check);
    }
    if (is_json)
        printf("[{\"runs\": %llu, \"files\": %zu}]\n", (unsigned long long)runs,
               in_count);
    else if (!is_quiet)
        printf("%s: %llu runs of %zu files\n", out, (unsigned long long)runs,
               in_count);
    return cli_flush();
}

int cmd_merge(int argc, char **argv)
{
    bool is_json = false, is_quiet = false;
    unsigned jobs;
    const struct cli_option rows[] = {
        {"jobs", 'j', .count = &jobs, .most = CLI_MAX_JOBS},
        {"json", .flag = &is_json},
        {"quiet", .flag = &is_quiet},
        {0},
    };
    int status = cli_read_options(argc, argv, rows, help, CLI_NO_HINT);
    if (status != CLI_OK)
        return cli_exit(status);
    if (argc - optind < 2)
        return cli_complain(CLI_USAGE,
                            "a new file and files to join are wanted; "
                            "see --help");
    return merge(argv[optind], (const char *const *)(argv + optind + 1),
                 (size_t)(argc - optind - 1), is_json, is_quiet);
}
