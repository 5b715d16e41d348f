/*
 * Trace readers: what each format gives, plain and compressed, and that no
 * damage goes unnoticed.
 */
#include "trace/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <criterion/criterion.h>

enum { MAX_BYTES = 1 << 16, MAX_RECORDS = 4096, ERROR_BYTES = 1024 };

struct bytes {
    unsigned char data[MAX_BYTES];
    size_t size;
};

/* What came out of a trace. */
struct outcome {
    struct trace_record records[MAX_RECORDS];
    uint64_t offsets[MAX_RECORDS];
    size_t count;
    char error[ERROR_BYTES]; /* "" if there was none */
    enum trace_format format;
};

/* Write a file of the given name in a new directory and read it whole. */
static void read_bytes(const char *name, const void *data, size_t size,
                       const struct trace_options *options, size_t batch,
                       struct outcome *outcome)
{
    char directory[] = "/tmp/lowtide-trace-XXXXXX", path[256];
    cr_assert(mkdtemp(directory) != NULL);
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "wb");
    cr_assert_eq(fwrite(data, 1, size, file), size);
    fclose(file);

    *outcome = (struct outcome){0};
    struct trace *trace =
        trace_open(path, options, outcome->error, ERROR_BYTES);
    ptrdiff_t got = 0;
    while (trace && (got = trace_next(trace, outcome->records + outcome->count,
                                      batch)) > 0) {
        for (ptrdiff_t i = 0; i < got; i++)
            outcome->offsets[outcome->count + (size_t)i] =
                trace_record_offset(trace, (size_t)i);
        outcome->count += (size_t)got;
        cr_assert_leq(outcome->count + batch, (size_t)MAX_RECORDS);
    }
    if (got < 0)
        snprintf(outcome->error, ERROR_BYTES, "%s", trace_error(trace));
    if (trace) {
        outcome->format = trace_get_format(trace);
        trace_close(trace);
    }
    unlink(path);
    rmdir(directory);
}

static void read_text(const char *name, const char *text,
                      const struct trace_options *options,
                      struct outcome *outcome)
{
    read_bytes(name, text, strlen(text), options, 64, outcome);
}

static void zstd_of(const void *data, size_t size, struct bytes *out)
{
    out->size = ZSTD_compress(out->data, MAX_BYTES, data, size, 3);
    cr_assert_not(ZSTD_isError(out->size));
}

static void gzip_of(const void *data, size_t size, struct bytes *out)
{
    z_stream stream = {0};
    cr_assert_eq(
        deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
        Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)data;
    stream.avail_in = (uInt)size;
    stream.next_out = out->data;
    stream.avail_out = MAX_BYTES;
    cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out->size = stream.total_out;
    deflateEnd(&stream);
}

static void oracle_of(size_t records, struct bytes *out)
{
    out->size = 0;
    for (uint32_t i = 0; i < records; i++) {
        uint64_t id = UINT64_C(0x0102030405060708) + i % 7;
        unsigned char record[24] = {0};
        for (int byte = 0; byte < 4; byte++)
            record[byte] = (unsigned char)((i + 300) >> (8 * byte));
        for (int byte = 0; byte < 8; byte++)
            record[4 + byte] = (unsigned char)(id >> (8 * byte));
        memcpy(out->data + out->size, record, sizeof record);
        out->size += sizeof record;
    }
}

/* A page, and `w` behind it for a write: "1 2w 3". */
static void expect_pages(const struct outcome *outcome, const char *expected)
{
    char text[4096] = "";
    for (size_t i = 0; i < outcome->count; i++) {
        size_t at = strlen(text);
        snprintf(text + at, sizeof text - at, "%s%llu%s", i ? " " : "",
                 (unsigned long long)outcome->records[i].page,
                 outcome->records[i].write ? "w" : "");
    }
    cr_assert_str_eq(text, expected, "got \"%s\", wanted \"%s\" (%s)", text,
                     expected, outcome->error);
}

static const char lackey[] = "==123== Lackey, an example Valgrind tool\n"
                             "I  04000b50,3\n"
                             " L 1000,8\n"
                             " S 1fff,2\n"
                             " M 5ffc,4\n"
                             " L 2ffe,8194\n"
                             "==123== done\n";

Test(trace, formats_are_told_by_content_and_name_and_read)
{
    static const struct {
        const char *name, *text, *pages;
        enum trace_format format;
    } cases[] = {
        {"a", "1\n2 w\n0x10\n\n# note\n 7\tw \r\n9", "1 2w 16 7w 9",
         TRACE_TEXT},
        {"a", "0xff\n18446744073709551615\n", "255 18446744073709551615",
         TRACE_TEXT},
        {"a", lackey, "1 1w 2w 5w 2 3 4", TRACE_LACKEY},
        {"a", "10,5,1\n11,6,0\n12,0x7,w\n", "5w 6 7w", TRACE_CSV},
        {"a.csv", "write;page\nr;5\nW;6\ntrue;7\n", "5 6w 7w", TRACE_CSV},
        {"a.csv", "page\n5\n6\n", "5 6", TRACE_CSV},
        {"a.csv", "addr,time\n8191,1\n0x2000,2\n", "1 2", TRACE_CSV},
        {"a.txt", "", "", TRACE_TEXT},
    };
    static struct outcome outcome;
    static struct bytes packed;
    char name[64];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size = strlen(cases[i].text);
        read_text(cases[i].name, cases[i].text, NULL, &outcome);
        expect_pages(&outcome, cases[i].pages);
        cr_assert_eq(outcome.format, cases[i].format, "case %zu", i);
        if (size == 0)
            continue;
        for (int gzip = 0; gzip < 2; gzip++) {
            (gzip ? gzip_of : zstd_of)(cases[i].text, size, &packed);
            snprintf(name, sizeof name, "%s%s", cases[i].name,
                     gzip ? ".gz" : ".zst");
            for (size_t batch = 1; batch < 9; batch += 3) {
                read_bytes(name, packed.data, packed.size, NULL, batch,
                           &outcome);
                expect_pages(&outcome, cases[i].pages);
                cr_assert_eq(outcome.format, cases[i].format, "%s", name);
            }
        }
    }
}

Test(trace, oracle_general_gives_ids_and_seconds)
{
    static struct outcome outcome;
    static struct bytes plain, packed;
    oracle_of(1000, &plain);
    for (int kind = 0; kind < 3; kind++) {
        const struct bytes *file = kind ? &packed : &plain;
        if (kind)
            (kind == 1 ? zstd_of : gzip_of)(plain.data, plain.size, &packed);
        read_bytes("web.oracleGeneral", file->data, file->size, NULL, 100,
                   &outcome);
        cr_assert_str_empty(outcome.error);
        cr_assert_eq(outcome.format, TRACE_ORACLE_GENERAL);
        cr_assert_eq(outcome.count, 1000u);
        for (size_t i = 0; i < outcome.count; i++) {
            cr_assert_eq(outcome.records[i].page,
                         UINT64_C(0x0102030405060708) + i % 7);
            cr_assert_eq(outcome.records[i].time_ns,
                         (i + 300) * UINT64_C(1000000000));
            cr_assert_eq(outcome.offsets[i], 24 * i);
            cr_assert_not(outcome.records[i].write);
        }
    }
}

Test(trace, oracle_general_is_told_by_its_content)
{
    static struct outcome outcome;
    static struct bytes plain;
    oracle_of(10, &plain);
    read_bytes("unnamed", plain.data, plain.size, NULL, 64, &outcome);
    cr_assert_eq(outcome.format, TRACE_ORACLE_GENERAL);
    cr_assert_eq(outcome.count, 10u);
}

Test(trace, columns_and_page_size_are_the_callers)
{
    static struct outcome outcome;
    struct trace_options options = {.columns = "addr=3,write=1,time=2,thread=4",
                                    .format = TRACE_CSV,
                                    .page_size = 16384};
    read_text("a", "1,77,0x8000,3\n0,78,16383,4\n", &options, &outcome);
    expect_pages(&outcome, "2w 0");
    cr_assert_eq(outcome.records[0].time_ns, 77u);
    cr_assert_eq(outcome.records[1].thread, 4u);
    cr_assert_eq(outcome.offsets[1], 14u);

    options = (struct trace_options){.page_size = 16384};
    read_text("a", " L 3fff,2\n S ffff,1\n", &options, &outcome);
    expect_pages(&outcome, "0 1 3w");
    cr_assert_eq(outcome.offsets[1], 0u, "both pages come from one line");
    cr_assert_eq(outcome.offsets[2], 10u);
}

Test(trace, wrong_options_are_refused)
{
    static const struct trace_options options[] = {
        {.columns = "page"},   {.columns = "page=0"},   {.columns = "color=1"},
        {.columns = "time=1"}, {.columns = "page=1;2"}, {.page_size = 1000},
    };
    static struct outcome outcome;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        read_text("a.csv", "1,2,3\n", &options[i], &outcome);
        cr_assert_gt(strlen(outcome.error), 0u, "case %zu", i);
        cr_assert(strchr(outcome.error, '\n') == NULL);
        cr_assert_eq(outcome.count, 0u);
    }
}

Test(trace, damage_names_the_byte)
{
    static const struct {
        const char *name, *text, *place;
        size_t records;
    } cases[] = {
        {"a", "1\n22\nx3\n4\n", "byte 5", 2},
        {"a", "1\n2 q\n", "byte 2", 1},
        {"a", "1\n99999999999999999999\n", "byte 2", 1},
        {"a", "5\n-1\n", "byte 2", 1},
        {"a", " L 1000,8\n L 10zz,8\n", "byte 10", 1},
        {"a", " L 1000,8\n S 1000\n", "byte 10", 1},
        {"a", " L 1000,0\n", "byte 0", 0},
        {"a.csv", "time,page\n1,2\n3\n", "byte 14", 1},
        {"a.csv", "1,2,0\n3,4,maybe\n", "byte 6", 1},
        {"a", "hello\n", "format", 0},
    };
    static struct outcome outcome;
    static struct bytes packed;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        read_text(cases[i].name, cases[i].text, NULL, &outcome);
        cr_assert(strstr(outcome.error, cases[i].place) != NULL, "case %zu: %s",
                  i, outcome.error);
        cr_assert_eq(outcome.count, cases[i].records, "case %zu", i);
        cr_assert(strchr(outcome.error, '\n') == NULL);

        zstd_of(cases[i].text, strlen(cases[i].text), &packed);
        read_bytes(cases[i].name, packed.data, packed.size, NULL, 64, &outcome);
        cr_assert(strstr(outcome.error, "(decompressed)") != NULL,
                  "case %zu: %s", i, outcome.error);
        cr_assert_eq(outcome.count, cases[i].records, "case %zu", i);
    }
}

Test(trace, missing_file_and_directory_are_refused)
{
    char error[ERROR_BYTES] = "";
    cr_assert(trace_open("/tmp/no/such/trace", NULL, error, ERROR_BYTES) ==
              NULL);
    cr_assert(strstr(error, "/tmp/no/such/trace: No such file") != NULL, "%s",
              error);
    cr_assert(trace_open("/tmp", NULL, error, ERROR_BYTES) == NULL);
    cr_assert(strstr(error, "/tmp") != NULL, "%s", error);
}

/* Whatever the cut, a short file never passes for a whole one. */
Test(trace, compressed_file_cut_anywhere_is_an_error, .timeout = 60)
{
    static struct outcome outcome;
    static struct bytes plain, packed;
    oracle_of(40, &plain);
    for (int gzip = 0; gzip < 2; gzip++) {
        (gzip ? gzip_of : zstd_of)(plain.data, plain.size, &packed);
        for (size_t cut = 1; cut < packed.size; cut++) {
            read_bytes("a.oracleGeneral", packed.data, cut, NULL, 64, &outcome);
            cr_assert(strstr(outcome.error, "byte") != NULL,
                      "%s cut at %zu of %zu: %s", gzip ? "gzip" : "zstd", cut,
                      packed.size, outcome.error);
        }
    }
}

Test(trace, plain_records_cut_anywhere_are_an_error, .timeout = 60)
{
    static struct outcome outcome;
    static struct bytes plain;
    char place[64];
    oracle_of(8, &plain);
    for (size_t cut = 0; cut < plain.size; cut++) {
        read_bytes("a.oracleGeneral", plain.data, cut, NULL, 3 + cut % 8,
                   &outcome);
        cr_assert_eq(outcome.count, cut / 24);
        snprintf(place, sizeof place, "byte %zu:", cut / 24 * 24);
        cr_assert(cut % 24 == 0 ? outcome.error[0] == '\0'
                                : strstr(outcome.error, place) != NULL,
                  "cut at %zu: %s", cut, outcome.error);
    }
}

/* A flipped byte is an error or harmless, never a crash. */
Test(trace, flipped_bytes_never_crash, .timeout = 60)
{
    static struct outcome outcome;
    static struct bytes plain, packed;
    oracle_of(40, &plain);
    for (int kind = 0; kind < 3; kind++) {
        if (kind == 0)
            packed = plain;
        else
            (kind == 1 ? zstd_of : gzip_of)(plain.data, plain.size, &packed);
        for (size_t at = 0; at < packed.size; at++) {
            packed.data[at] ^= 0x55;
            read_bytes("a.oracleGeneral", packed.data, packed.size, NULL, 64,
                       &outcome);
            packed.data[at] ^= 0x55;
        }
    }
}

Test(trace, rewind_begins_again)
{
    static struct bytes packed;
    static const char text[] = "time,page\n1,5\n2,6\n3,7\n";
    char directory[] = "/tmp/lowtide-trace-XXXXXX", path[256];
    char error[ERROR_BYTES];
    cr_assert(mkdtemp(directory) != NULL);
    snprintf(path, sizeof path, "%s/a.csv", directory);
    for (int compressed = 0; compressed < 2; compressed++) {
        FILE *file = fopen(path, "wb");
        zstd_of(text, strlen(text), &packed);
        fwrite(compressed ? (const void *)packed.data : text, 1,
               compressed ? packed.size : strlen(text), file);
        fclose(file);
        struct trace *trace = trace_open(path, NULL, error, ERROR_BYTES);
        cr_assert(trace != NULL, "%s", error);
        cr_assert_eq(trace_is_compressed(trace), compressed == 1);
        cr_assert(trace_has_time(trace));
        for (int round = 0; round < 3; round++) {
            struct trace_record records[2];
            cr_assert_eq(trace_next(trace, records, 2), 2);
            cr_assert_eq(records[0].page, 5u);
            cr_assert_eq(trace_next(trace, records, 2), 1);
            cr_assert_eq(records[0].page, 7u);
            cr_assert_eq(trace_next(trace, records, 2), 0);
            cr_assert_eq(trace_next(trace, records, 2), 0);
            cr_assert(trace_rewind(trace));
        }
        trace_close(trace);
    }
    unlink(path);
    rmdir(directory);
}

/* Several windows of text, so that lines straddle their borders. */
static void expect_every_line(const char *mode)
{
    enum { LINES = 600000 };
    char directory[] = "/tmp/lowtide-trace-XXXXXX", path[256];
    char error[ERROR_BYTES];
    struct trace_record records[1000];
    uint64_t seen = 0;
    ptrdiff_t got;
    cr_assert(mkdtemp(directory) != NULL);
    snprintf(path, sizeof path, "%s/a.gz", directory);
    gzFile file = gzopen(path, mode);
    for (int i = 0; i < LINES; i++)
        gzprintf(file, "%d%s\n", i * 7, i % 3 ? "" : " w");
    gzclose(file);
    struct trace *trace = trace_open(path, NULL, error, ERROR_BYTES);
    cr_assert(trace != NULL, "%s", error);
    while ((got = trace_next(trace, records, 1000)) > 0) {
        for (ptrdiff_t i = 0; i < got; i++, seen++) {
            cr_assert_eq(records[i].page, seen * 7);
            cr_assert_eq(records[i].write, seen % 3 == 0);
        }
    }
    cr_assert_eq(got, 0, "%s", trace_error(trace));
    cr_assert_eq(seen, (uint64_t)LINES);
    trace_close(trace);
    unlink(path);
    rmdir(directory);
}

Test(trace, long_compressed_text_keeps_every_line, .timeout = 60)
{
    expect_every_line("wb1");
}

Test(trace, long_plain_text_keeps_every_line, .timeout = 60)
{
    expect_every_line("wbT"); /* zlib's mode that writes as it is */
}

Test(trace, names_of_formats)
{
    enum trace_format format;
    for (int i = 0; i < TRACE_FORMAT_COUNT; i++) {
        cr_assert(trace_format_parse(trace_format_name((enum trace_format)i),
                                     &format));
        cr_assert_eq((int)format, i);
    }
    cr_assert_not(trace_format_parse("oraclegeneral ", &format));
}
