/*
 * lowtide import: a trace of any format into lowtide's own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "cli/options.h"
#include "cli/trace_options.h"
#include "record/json.h"
#include "scenario/values.h"
#include "study/trace_import.h"
#include "trace/trace_sample.h"

enum { MESSAGE_BYTES = 1024 };

static const char help[] =
    "usage: lowtide import TRACE --to FILE.ltt [option...]\n"
    "\n"
    "Turn a trace of any format into lowtide's own: packed, seekable, with\n"
    "checksums, and a header that says what is in it and where it came from.\n"
    "FILE appears when it is complete. docs/FORMATS.md describes the formats,\n"
    "docs/RECORDING.md how to record a trace of a real program.\n"
    "\n"
    "  --to FILE.ltt        the file to make; one that is there is replaced\n"
    "  --format FORMAT      text, lackey, oracleGeneral, csv, damo, perf, "
    "ltt;\n"
    "                       also through zstd and gzip (by content and name)\n"
    "  --columns LIST       of a csv: time=1,page=2,write=3\n"
    "  --page-size SIZE     of traces that hold addresses (4KiB)\n"
    "  --sample R           keep this share of the pages, 0 < R <= 1, and all\n"
    "                       requests to them: chosen by a hash of the page\n"
    "                       number, the same for every trace (1)\n"
    "  -j, --jobs N         accepted as everywhere; there is only one job\n"
    "      --json           print a JSON array with one object\n"
    "      --quiet          print nothing\n"
    "  -h, --help           print this\n"
    "\n"
    "examples:\n"
    "  lowtide import trace.txt.zst --to trace.ltt\n"
    "  lowtide import cluster.oracleGeneral.zst --sample 0.01 --to one.ltt\n"
    "  lowtide import faults.txt --format perf --to faults.ltt\n";

struct options {
    struct trace_import import;
    bool is_json;
    bool is_quiet;
};

/* --- options ---------------------------------------------------------------- */

static int take_sample(void *target, const char *text)
{
    double share;
    if (value_real(text, &share) == VALUE_OK &&
        trace_sample_threshold(share, target))
        return CLI_OK;
    return cli_complain(
        CLI_USAGE,
        "--sample '%s': a share of the pages is expected, above "
        "0 and at most 1",
        text);
}

static int read_options(struct options *options, int argc, char **argv)
{
    struct trace_import *import = &options->import;
    struct trace_options *trace = &import->options;
    unsigned jobs;
    const struct cli_option rows[] = {
        {"to", .text = &import->to},
        {"format", .take = cli_take_format, .target = &trace->format},
        {"columns", .text = &trace->columns},
        {"page-size", .take = cli_take_page_size, .target = &trace->page_size},
        {"sample", .take = take_sample, .target = &import->sample_threshold},
        {"jobs", 'j', .count = &jobs, .most = CLI_MAX_JOBS},
        {"json", .flag = &options->is_json},
        {"quiet", .flag = &options->is_quiet},
        {0},
    };
    int status = cli_read_options(argc, argv, rows, help, CLI_SEE_HELP);
    if (status != CLI_OK)
        return status;
    import->path =
        cli_only_word(argc, argv, "a trace is wanted", "one trace at a time");
    if (!import->path)
        return CLI_USAGE;
    if (!import->to || !import->to[0])
        return cli_complain(CLI_USAGE, "--to FILE.ltt is wanted; see --help");
    return CLI_OK;
}

/* --- results ------------------------------------------------------------------ */

/* In hexadecimal, as tools that compute it print it. */
static void print_json(const struct trace_import *import,
                       const struct ltt_header *header, double seconds)
{
    fputs("[{\"trace\": ", stdout);
    json_write_string(stdout, import->path);
    fputs(", \"file\": ", stdout);
    json_write_string(stdout, import->to);
    fputs(", \"format\": ", stdout);
    json_write_string(stdout, header->source_format);
    printf(", \"source_requests\": %" PRIu64 ", \"requests\": %" PRIu64
           ", \"writes\": %" PRIu64 ", \"distinct_pages\": %" PRIu64
           ", \"threads\": %" PRIu32 ", \"page_size\": %" PRIu64,
           header->source_requests, header->requests, header->writes,
           header->distinct_pages, header->threads, header->page_bytes);
    if (header->has_time)
        printf(", \"duration_ns\": %" PRIu64,
               header->last_ns - header->first_ns);
    else
        fputs(", \"duration_ns\": null", stdout);
    fputs(", \"sample\": ", stdout);
    json_write_double(stdout, trace_sample_share(header->sample_threshold));
    printf(", \"source_bytes\": %" PRIu64 ", \"source_crc32\": \"%08" PRIx32
           "\", \"file_bytes\": %" PRIu64 ", \"blocks\": %" PRIu64
           ", \"seconds\": ",
           header->source_bytes, header->source_crc32, header->file_bytes,
           header->block_count);
    json_write_double(stdout, seconds);
    fputs("}]\n", stdout);
}

static void print_text(const struct trace_import *import,
                       const struct ltt_header *header, double seconds)
{
    printf("%s: %s, %" PRIu64 " bytes\n", import->path, header->source_format,
           header->source_bytes);
    printf("%s: ltt, %" PRIu64 " bytes, %.2f a request\n", import->to,
           header->file_bytes,
           (double)header->file_bytes / (double)header->requests);
    printf("  requests        %12" PRIu64, header->requests);
    if (header->sample_threshold)
        printf("  of %" PRIu64 ", a sample of %g of the pages",
               header->source_requests,
               trace_sample_share(header->sample_threshold));
    printf("\n  writes          %12" PRIu64 "\n", header->writes);
    printf("  distinct pages  %12" PRIu64 "  of %" PRIu64 " bytes\n",
           header->distinct_pages, header->page_bytes);
    printf("  threads         %12" PRIu32 "\n", header->threads);
    if (header->has_time)
        printf("  duration        %12.6f s\n",
               (double)(header->last_ns - header->first_ns) / 1e9);
    else
        puts("  duration                none  the trace has no times");
    printf("  read in         %12.3f s\n", seconds);
}

static int run(const struct options *options)
{
    char message[MESSAGE_BYTES] = "";
    struct ltt_header header;
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    const enum study_status status =
        trace_import_run(&options->import, &header, message, sizeof message);
    clock_gettime(CLOCK_MONOTONIC, &end);
    if (status != STUDY_OK)
        return cli_complain(cli_study_exit(status), "%s", message);
    const double seconds = (double)(end.tv_sec - begin.tv_sec) +
                           (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
    if (options->is_json)
        print_json(&options->import, &header, seconds);
    else if (!options->is_quiet)
        print_text(&options->import, &header, seconds);
    return cli_flush();
}

int cmd_import(int argc, char **argv)
{
    struct options options = {.import.options.format = TRACE_AUTO};
    int status = read_options(&options, argc, argv);
    if (status != CLI_OK)
        return cli_exit(status);
    options.import.interrupted = cli_catch_signals();
    return run(&options);
}
