/*
 * lowtide import: a trace of any format into lowtide's own.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "record/json.h"
#include "scenario/values.h"
#include "study/trace_import.h"

enum { MESSAGE_BYTES = 1024, MAX_JOBS = 1024 };

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

enum {
    OPT_TO = 256,
    OPT_FORMAT,
    OPT_COLUMNS,
    OPT_PAGE_SIZE,
    OPT_SAMPLE,
    OPT_JSON,
    OPT_QUIET
};

static const struct option long_options[] = {
    {"to", required_argument, NULL, OPT_TO},
    {"format", required_argument, NULL, OPT_FORMAT},
    {"columns", required_argument, NULL, OPT_COLUMNS},
    {"page-size", required_argument, NULL, OPT_PAGE_SIZE},
    {"sample", required_argument, NULL, OPT_SAMPLE},
    {"jobs", required_argument, NULL, 'j'},
    {"json", no_argument, NULL, OPT_JSON},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct options {
    struct trace_import import;
    bool is_json;
    bool is_quiet;
};

/* --- options ---------------------------------------------------------------- */

static int read_format(const char *text, enum trace_format *format)
{
    if (trace_format_parse(text, format))
        return CLI_OK;
    fprintf(stderr, "lowtide import: --format '%s': expected", text);
    for (int f = 0; f < TRACE_FORMAT_COUNT; f++)
        fprintf(stderr, "%s %s", f > 0 ? "," : "",
                trace_format_name((enum trace_format)f));
    fputc('\n', stderr);
    return CLI_USAGE;
}

static int read_page_size(const char *text, uint64_t *bytes)
{
    const uint64_t most = UINT64_C(1) << 30;
    if (value_size(text, 1, bytes) == VALUE_OK &&
        text[strlen(text) - 1] != 'p' && *bytes >= 4096 && *bytes <= most &&
        (*bytes & (*bytes - 1)) == 0)
        return CLI_OK;
    return cli_complain(CLI_USAGE,
                        "--page-size '%s': a power of two from 4KiB to 1GiB is "
                        "expected",
                        text);
}

static int read_sample(const char *text, uint64_t *threshold)
{
    double share;
    if (value_real(text, &share) == VALUE_OK &&
        trace_sample_threshold(share, threshold))
        return CLI_OK;
    return cli_complain(
        CLI_USAGE,
        "--sample '%s': a share of the pages is expected, above "
        "0 and at most 1",
        text);
}

static int take_option(struct options *options, int option, const char *value)
{
    struct trace_import *import = &options->import;
    unsigned jobs;
    switch (option) {
    case OPT_TO:
        import->to = value;
        return CLI_OK;
    case OPT_FORMAT:
        return read_format(value, &import->options.format);
    case OPT_COLUMNS:
        import->options.columns = value;
        return CLI_OK;
    case OPT_PAGE_SIZE:
        return read_page_size(value, &import->options.page_size);
    case OPT_SAMPLE:
        return read_sample(value, &import->sample_threshold);
    case 'j':
        return cli_read_count(value, MAX_JOBS, &jobs)
                   ? CLI_OK
                   : cli_complain(CLI_USAGE,
                                  "--jobs wants a number from 1 to 1024");
    case OPT_JSON:
        options->is_json = true;
        return CLI_OK;
    case OPT_QUIET:
        options->is_quiet = true;
        return CLI_OK;
    default:
        return cli_complain(CLI_USAGE, "see lowtide import --help");
    }
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
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "j:h", long_options, NULL)) !=
           -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return CLI_OK;
        }
        const int status = take_option(&options, option, optarg);
        if (status != CLI_OK)
            return status;
    }
    if (optind + 1 != argc)
        return cli_complain(CLI_USAGE, optind == argc
                                           ? "a trace is wanted; see --help"
                                           : "one trace at a time; see --help");
    if (!options.import.to || !options.import.to[0])
        return cli_complain(CLI_USAGE, "--to FILE.ltt is wanted; see --help");
    options.import.path = argv[optind];
    options.import.interrupted = cli_catch_signals();
    return run(&options);
}
