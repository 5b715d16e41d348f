/*
 * lowtide's own trace format: what is written comes back, from any request on,
 * and no damage goes unnoticed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include <criterion/criterion.h>

#include "host_memory.h"
#include "trace/ltt_block.h"
#include "trace/trace_sample.h"

enum { ERROR_BYTES = 1024, READ_AT_ONCE = 1000 };

static char directory[64], path[128];

static void make_directory(void)
{
    snprintf(directory, sizeof directory, "/tmp/lowtide-ltt-XXXXXX");
    cr_assert(mkdtemp(directory) != NULL);
    snprintf(path, sizeof path, "%s/a.ltt", directory);
}

static void remove_directory(void)
{
    unlink(path);
    cr_assert_eq(rmdir(directory), 0, "something was left behind");
}

TestSuite(ltt, .init = make_directory, .fini = remove_directory,
          .timeout = 120);

static uint64_t draw(uint64_t *state)
{
    return trace_page_hash((*state)++);
}

/* Requests that take all lengths of numbers, runs of all lengths. */
static struct trace_record *make_records(size_t count, uint64_t seed)
{
    struct trace_record *records = calloc(count + 1, sizeof *records);
    cr_assert(records != NULL);
    struct trace_record record = {.page = 0};
    for (size_t i = 0; i < count; i++) {
        const uint64_t kind = draw(&seed) % 16;
        record.page =
            kind < 8 ? record.page + kind : draw(&seed) >> draw(&seed) % 64;
        if (kind % 2)
            record.time_ns += draw(&seed) >> (40 + draw(&seed) % 24);
        if (kind == 3)
            record.time_ns = draw(&seed);
        if (kind == 5)
            record.thread = (uint32_t)draw(&seed) >> draw(&seed) % 32;
        if (kind == 7)
            record.write = !record.write;
        records[i] = record;
    }
    return records;
}

static void write_file(const struct trace_record *records, size_t count,
                       bool has_time, struct ltt_header *header)
{
    char message[ERROR_BYTES] = "";
    struct ltt_writer *writer = NULL;
    *header = (struct ltt_header){.page_bytes = 4096,
                                  .distinct_pages = 7,
                                  .threads = 3,
                                  .sample_threshold = 99,
                                  .source_requests = 1000,
                                  .source_bytes = 12345,
                                  .source_crc32 = 0xfedcba98,
                                  .source_format = "text"};
    cr_assert_eq(ltt_writer_open(path, has_time, &writer, message, ERROR_BYTES),
                 LTT_OK, "%s", message);
    for (size_t at = 0; at < count;) {
        const size_t part = count - at < 777 ? count - at : 777;
        cr_assert_eq(
            ltt_writer_append(writer, records + at, part, message, ERROR_BYTES),
            LTT_OK, "%s", message);
        at += part;
    }
    cr_assert_eq(ltt_writer_close(writer, header, message, ERROR_BYTES), LTT_OK,
                 "%s", message);
}

static struct trace *open_file(void)
{
    char error[ERROR_BYTES] = "";
    struct trace *trace = trace_open(path, NULL, error, ERROR_BYTES);
    cr_assert(trace != NULL, "%s", error);
    return trace;
}

/* Do the records of the trace from here on equal these? */
static void expect_records(struct trace *trace,
                           const struct trace_record *records, size_t count,
                           bool has_time)
{
    static struct trace_record got[READ_AT_ONCE];
    size_t at = 0;
    ptrdiff_t n;
    while ((n = trace_next(trace, got, READ_AT_ONCE)) > 0) {
        cr_assert_leq(at + (size_t)n, count);
        for (ptrdiff_t i = 0; i < n; i++, at++) {
            cr_assert_eq(got[i].page, records[at].page, "request %zu", at);
            cr_assert_eq(got[i].time_ns, has_time ? records[at].time_ns : 0);
            cr_assert_eq(got[i].thread, records[at].thread);
            cr_assert_eq(got[i].write, records[at].write);
        }
    }
    cr_assert_eq(n, 0, "%s", trace_error(trace));
    cr_assert_eq(at, count);
    cr_assert_eq(trace_next(trace, got, READ_AT_ONCE), 0, "still at the end");
}

/* The bytes of the file, owned by the caller. */
static unsigned char *read_file(size_t *size)
{
    FILE *file = fopen(path, "rb");
    cr_assert(file != NULL);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*size + 1);
    cr_assert_eq(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

static void put_file(const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    cr_assert(file != NULL);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* Read all of the file; the error, or "". */
static const char *damage(void)
{
    static char error[ERROR_BYTES];
    static struct trace_record got[READ_AT_ONCE];
    struct trace *trace = trace_open(path, NULL, error, ERROR_BYTES);
    if (!trace)
        return error;
    ptrdiff_t n;
    while ((n = trace_next(trace, got, READ_AT_ONCE)) > 0)
        ;
    snprintf(error, ERROR_BYTES, "%s", n < 0 ? trace_error(trace) : "");
    trace_close(trace);
    return error;
}

/* --- what is written comes back ------------------------------------------------ */

Test(ltt, requests_come_back)
{
    static const size_t counts[] = {1, 8, 9, 65535, 65536, 65537, 200000};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        for (int has_time = 0; has_time < 2; has_time++) {
            struct trace_record *records = make_records(counts[c], c);
            struct ltt_header header;
            write_file(records, counts[c], has_time, &header);
            struct trace *trace = open_file();
            cr_assert_eq(trace_get_format(trace), TRACE_LTT);
            cr_assert_eq(trace_has_time(trace), has_time);
            expect_records(trace, records, counts[c], has_time);
            cr_assert(trace_rewind(trace));
            expect_records(trace, records, counts[c], has_time);
            trace_close(trace);
            free(records);
        }
    }
}

Test(ltt, extreme_values_come_back)
{
    static const struct trace_record records[] = {
        {UINT64_MAX, UINT64_MAX, UINT32_MAX, true},
        {0, 0, 0, false},
        {UINT64_MAX, 1, 1, true},
        {UINT64_C(1) << 63, UINT64_C(1) << 63, UINT32_C(1) << 31, false},
        {(UINT64_C(1) << 56) - 1, 5, 0, true},
        {UINT64_C(1) << 56, 5, 0, true},
    };
    const size_t count = sizeof records / sizeof records[0];
    struct ltt_header header;
    write_file(records, 1, true, &header);
    struct trace *alone = open_file();
    expect_records(alone, records, 1, true);
    trace_close(alone);
    write_file(records, count, true, &header);
    cr_assert_eq(header.writes, 4u);
    cr_assert_eq(header.first_ns, 0u);
    cr_assert_eq(header.last_ns, UINT64_MAX);
    struct trace *trace = open_file();
    expect_records(trace, records, count, true);
    trace_close(trace);
}

Test(ltt, header_keeps_what_it_was_told)
{
    struct trace_record *records = make_records(70000, 1);
    struct ltt_header written;
    write_file(records, 70000, true, &written);
    struct trace *trace = open_file();
    const struct ltt_header *header = trace_ltt_header(trace);
    cr_assert_eq(memcmp(header, &written, sizeof written), 0);
    cr_assert_eq(header->requests, 70000u);
    cr_assert_eq(header->block_count, 2u);
    cr_assert_eq(header->distinct_pages, 7u);
    cr_assert_eq(header->threads, 3u);
    cr_assert_eq(header->sample_threshold, 99u);
    cr_assert_eq(header->source_requests, 1000u);
    cr_assert_eq(header->source_bytes, 12345u);
    cr_assert_eq(header->source_crc32, 0xfedcba98u);
    cr_assert_str_eq(header->source_format, "text");
    uint64_t bytes;
    uint32_t crc;
    cr_assert(trace_stored_crc32(trace, &bytes, &crc));
    cr_assert_eq(bytes, header->file_bytes);
    trace_close(trace);
    free(records);
}

Test(ltt, same_requests_give_the_same_bytes)
{
    struct trace_record *records = make_records(100000, 5);
    struct ltt_header header;
    size_t size[2];
    unsigned char *bytes[2];
    for (int round = 0; round < 2; round++) {
        write_file(records, 100000, true, &header);
        bytes[round] = read_file(&size[round]);
    }
    cr_assert_eq(size[0], size[1]);
    cr_assert_eq(memcmp(bytes[0], bytes[1], size[0]), 0);
    free(bytes[0]);
    free(bytes[1]);
    free(records);
}

/* Plain: by the index. Through zstd: past the blocks before. */
Test(ltt, any_request_can_be_the_first)
{
    static const size_t wanted[] = {0,      1,      65535,  65536, 131071,
                                    131072, 131073, 149999, 150000};
    enum { COUNT = 150000 };
    struct trace_record *records = make_records(COUNT, 3);
    struct ltt_header header;
    write_file(records, COUNT, true, &header);
    for (int packed = 0; packed < 2; packed++) {
        if (packed) {
            size_t size;
            unsigned char *bytes = read_file(&size);
            const size_t room = ZSTD_compressBound(size);
            unsigned char *frame = malloc(room);
            put_file(frame, ZSTD_compress(frame, room, bytes, size, 1));
            free(frame);
            free(bytes);
        }
        struct trace *trace = open_file();
        cr_assert_eq(trace_is_compressed(trace), packed);
        for (size_t i = sizeof wanted / sizeof wanted[0]; i-- > 0;) {
            cr_assert(trace_seek(trace, wanted[i]), "%s", trace_error(trace));
            expect_records(trace, records + wanted[i], COUNT - wanted[i], true);
        }
        cr_assert_not(trace_seek(trace, COUNT + 1));
        cr_assert(strstr(trace_error(trace), "before request 150001") != NULL);
        cr_assert(trace_seek(trace, 5), "an error is not for ever");
        expect_records(trace, records + 5, COUNT - 5, true);
        trace_close(trace);
    }
    free(records);
}

Test(ltt, other_formats_are_read_up_to_a_request)
{
    struct trace_record record;
    put_file("1\n2\n3\n4\n5\n", 10);
    struct trace *trace = open_file();
    cr_assert(trace_seek(trace, 3));
    cr_assert_eq(trace_next(trace, &record, 1), 1);
    cr_assert_eq(record.page, 4u);
    cr_assert(trace_seek(trace, 1));
    cr_assert_eq(trace_next(trace, &record, 1), 1);
    cr_assert_eq(record.page, 2u);
    cr_assert_not(trace_seek(trace, 6));
    cr_assert(strstr(trace_error(trace), "byte 10") != NULL);
    trace_close(trace);
}

/* --- damage ----------------------------------------------------------------------- */

Test(ltt, every_flipped_bit_is_an_error)
{
    struct trace_record *records = make_records(40, 2);
    struct ltt_header header;
    size_t size;
    write_file(records, 40, true, &header);
    unsigned char *bytes = read_file(&size);
    for (size_t at = 0; at < size; at++) {
        for (int bit = 0; bit < 8; bit++) {
            bytes[at] ^= (unsigned char)(1 << bit);
            put_file(bytes, size);
            const char *error = damage();
            bytes[at] ^= (unsigned char)(1 << bit);
            cr_assert(strstr(error, "byte ") != NULL, "bit %d of byte %zu: %s",
                      bit, at, error);
        }
    }
    free(bytes);
    free(records);
}

Test(ltt, a_file_cut_anywhere_is_an_error)
{
    struct trace_record *records = make_records(40, 2);
    struct ltt_header header;
    char place[64];
    size_t size;
    write_file(records, 40, true, &header);
    unsigned char *bytes = read_file(&size);
    for (size_t cut = 1; cut < size; cut++) {
        put_file(bytes, cut);
        snprintf(place, sizeof place, "byte %zu: the file is cut off", cut);
        /* by then it can be recognised, whatever its name */
        if (cut >= LTT_MAGIC_BYTES)
            cr_assert(strstr(damage(), place) != NULL, "cut at %zu: %s", cut,
                      damage());
        else
            cr_assert(strstr(damage(), "byte 0") != NULL, "%s", damage());
    }
    bytes[size] = 0;
    put_file(bytes, size + 1);
    snprintf(place, sizeof place, "byte %zu: 1 bytes behind", size);
    cr_assert(strstr(damage(), place) != NULL, "%s", damage());
    free(bytes);
    free(records);
}

/* The same behind another compression, where the length isn't known before. */
Test(ltt, a_compressed_file_cut_inside_is_an_error)
{
    struct trace_record *records = make_records(40, 2);
    struct ltt_header header;
    unsigned char frame[8192];
    char place[64];
    size_t size;
    write_file(records, 40, true, &header);
    unsigned char *bytes = read_file(&size);
    bytes[size] = 0;
    for (size_t cut = LTT_MAGIC_BYTES; cut <= size + 1; cut++) {
        put_file(frame, ZSTD_compress(frame, sizeof frame, bytes, cut, 1));
        snprintf(place, sizeof place, "byte %zu (decompressed)",
                 cut > size ? size : cut);
        const char *error = damage();
        cr_assert(cut == size ? error[0] == '\0' : strstr(error, place) != NULL,
                  "cut at %zu of %zu: %s", cut, size, error);
    }
    free(bytes);
    free(records);
}

Test(ltt, damage_in_a_block_names_the_block_and_leaves_those_before)
{
    static struct trace_record got[READ_AT_ONCE];
    enum { COUNT = 140000 };
    struct trace_record *records = make_records(COUNT, 4);
    struct ltt_header header;
    struct ltt_index_entry entry;
    char place[64];
    size_t size, seen = 0;
    write_file(records, COUNT, true, &header);
    unsigned char *bytes = read_file(&size);
    ltt_index_entry_decode(bytes + header.index_offset + LTT_INDEX_ENTRY_BYTES,
                           &entry);
    cr_assert_eq(entry.first_request, 65536u);
    bytes[entry.offset + 1000] ^= 1;
    put_file(bytes, size);
    struct trace *trace = open_file();
    ptrdiff_t n;
    while ((n = trace_next(trace, got, READ_AT_ONCE)) > 0) {
        cr_assert_eq(got[0].page, records[seen].page);
        cr_assert_eq(trace_record_offset(trace, (size_t)n - 1), 160u);
        seen += (size_t)n;
    }
    cr_assert_eq(seen, 65536u);
    snprintf(place, sizeof place, "byte %llu: damaged block",
             (unsigned long long)entry.offset);
    cr_assert(strstr(trace_error(trace), place) != NULL, "%s",
              trace_error(trace));
    cr_assert(trace_seek(trace, 131072), "the third block is whole");
    expect_records(trace, records + 131072, COUNT - 131072, true);
    trace_close(trace);
    free(bytes);
    free(records);
}

/* Sound checksums over numbers that can't be. */
Test(ltt, numbers_that_do_not_fit_are_errors)
{
    static const struct {
        int field; /* a 64-bit number of the header, by its place in bytes */
        uint64_t value;
        const char *error;
    } cases[] = {
        {16, 1, "byte 16: "},
        {16, 1000000, "byte 16: "},
        {24, 8, "byte 24: "},
        {24, UINT64_MAX - 100, "byte 16: "},
        {32, 2, "byte 32: "},
        {32, 0, "byte 32: "},
        {40, 0, "byte 32: "},
        {40, UINT64_MAX, "byte 32: "},
        {40, 41, "byte 160: a block of another number"},
        {64, 0, "byte 64: "},
        {64, 5000, "byte 64: "},
    };
    struct trace_record *records = make_records(40, 2);
    struct ltt_header header;
    size_t size;
    write_file(records, 40, true, &header);
    unsigned char *bytes = read_file(&size);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ltt_header wrong = header;
        uint64_t *const fields[] = {
            [2] = &wrong.file_bytes,  [3] = &wrong.index_offset,
            [4] = &wrong.block_count, [5] = &wrong.requests,
            [8] = &wrong.page_bytes,
        };
        *fields[cases[i].field / 8] = cases[i].value;
        ltt_header_encode(&wrong, bytes);
        put_file(bytes, size);
        cr_assert(strstr(damage(), cases[i].error) != NULL, "case %zu: %s", i,
                  damage());
    }
    free(bytes);
    free(records);
}

Test(ltt, columns_that_do_not_fit_are_errors)
{
    /* lengths of pages, times, threads; then the columns. Two requests. */
    static const struct {
        unsigned char pages, times, threads;
        unsigned char columns[16];
        size_t length;
        bool is_sound;
    } cases[] = {
        {2, 0, 0, {2, 4}, 2, true},
        {3, 0, 0, {0x82, 1, 4}, 3, true},
        {2, 2, 2, {2, 4, 6, 2, 1, 2}, 6, true},
        {2, 4, 0, {2, 4, 6, 1, 8, 1}, 6, true},
        {2, 0, 0, {2, 4, 3}, 3, true},           /* both write */
        {1, 0, 0, {2}, 1, false},                /* one page */
        {3, 0, 0, {2, 4, 6}, 3, false},          /* three */
        {3, 0, 0, {2, 4, 0x80}, 3, false},       /* a page without an end */
        {2, 0, 0, {2}, 1, false},                /* longer than the block */
        {2, 2, 0, {2, 4, 6, 1}, 4, false},       /* a run of one */
        {2, 2, 0, {2, 4, 6, 3}, 4, false},       /* of three */
        {2, 1, 0, {2, 4, 6}, 3, false},          /* without a length */
        {2, 4, 0, {2, 4, 6, 0, 6, 2}, 6, false}, /* of none */
        {2, 0, 2, {2, 4, 6, 9}, 4, false},
        {2, 0, 0, {2, 4, 1, 1}, 4, false}, /* writes of nine and more */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char raw[64] = {0};
        struct ltt_unpacker unpacker;
        ltt_put_u32(raw, cases[i].pages);
        ltt_put_u32(raw + 4, cases[i].times);
        ltt_put_u32(raw + 8, cases[i].threads);
        memcpy(raw + 12, cases[i].columns, cases[i].length);
        const char *problem =
            ltt_unpacker_init(&unpacker, raw, 12 + cases[i].length, 2);
        cr_assert_eq(problem == NULL, cases[i].is_sound, "case %zu: %s", i,
                     problem ? problem : "no problem");
    }
    unsigned char none[8] = {0};
    struct ltt_unpacker unpacker;
    cr_assert(ltt_unpacker_init(&unpacker, none, 8, 0) != NULL);
}

Test(ltt, a_name_does_not_make_a_trace)
{
    char error[ERROR_BYTES];
    const struct trace_options options = {.format = TRACE_LTT};
    put_file("12345678", 8);
    cr_assert(trace_open(path, &options, error, ERROR_BYTES) == NULL);
    cr_assert(strstr(error, "byte 8: the file is cut off") != NULL, "%s",
              error);
    static const char zeros[200];
    put_file(zeros, sizeof zeros);
    cr_assert(trace_open(path, &options, error, ERROR_BYTES) == NULL);
    cr_assert(strstr(error, "byte 0: this is no ltt trace") != NULL, "%s",
              error);
}

/* --- writing ------------------------------------------------------------------------ */

Test(ltt, what_is_given_up_leaves_nothing)
{
    char message[ERROR_BYTES] = "";
    struct ltt_writer *writer = NULL;
    const struct trace_record record = {.page = 1};
    put_file("old", 3);
    cr_assert_eq(ltt_writer_open(path, false, &writer, message, ERROR_BYTES),
                 LTT_OK);
    cr_assert_eq(ltt_writer_append(writer, &record, 1, message, ERROR_BYTES),
                 LTT_OK);
    ltt_writer_abandon(writer);
    size_t size;
    unsigned char *bytes = read_file(&size);
    cr_assert_eq(size, 3u);
    cr_assert_eq(memcmp(bytes, "old", 3), 0);
    free(bytes);
}

/* Whichever allocation fails: told, nothing kept, no file. */
Test(ltt, a_host_without_memory_is_told)
{
    const struct trace_record record = {.page = 1};
    const int64_t before = host_memory_live_blocks();
    bool has_failed = true;
    for (uint64_t n = 1; has_failed; n++) {
        char message[ERROR_BYTES] = "";
        struct ltt_writer *writer = NULL;
        struct ltt_header header = {.page_bytes = 4096};
        host_memory_fail_nth(n);
        enum ltt_status status =
            ltt_writer_open(path, false, &writer, message, ERROR_BYTES);
        if (status == LTT_OK)
            status =
                ltt_writer_append(writer, &record, 1, message, ERROR_BYTES);
        if (status == LTT_OK)
            status = ltt_writer_close(writer, &header, message, ERROR_BYTES);
        has_failed = host_memory_has_failed();
        cr_assert_eq(status, has_failed ? LTT_HOST : LTT_OK, "%s", message);
        cr_assert_eq(access(path, F_OK) == 0, !has_failed);
        cr_assert_eq(host_memory_live_blocks(), before);
    }
    has_failed = true;
    for (uint64_t n = 1; has_failed; n++) {
        char error[ERROR_BYTES] = "";
        struct trace_record got[2];
        ptrdiff_t count = -1;
        host_memory_fail_nth(n);
        struct trace *trace = trace_open(path, NULL, error, ERROR_BYTES);
        if (trace) {
            count = trace_next(trace, got, 2);
            trace_close(trace);
        }
        has_failed = host_memory_has_failed();
        cr_assert_eq(count, has_failed ? -1 : 1, "allocation %d", (int)n);
        cr_assert_eq(host_memory_live_blocks(), before);
    }
}

Test(ltt, paths_that_can_not_be_are_refused)
{
    static const char *const paths[] = {"/tmp", "/no/such/directory/a.ltt"};
    for (size_t i = 0; i < 2; i++) {
        char message[ERROR_BYTES] = "";
        struct ltt_writer *writer = NULL;
        cr_assert_eq(
            ltt_writer_open(paths[i], false, &writer, message, ERROR_BYTES),
            LTT_PATH);
        cr_assert(strstr(message, paths[i]) != NULL, "%s", message);
        cr_assert(writer == NULL);
    }
}

Test(ltt, hash_of_samples_is_for_all_time)
{
    cr_assert_eq(trace_page_hash(0), UINT64_C(0xe220a8397b1dcdaf));
    cr_assert_eq(trace_page_hash(1), UINT64_C(0x910a2dec89025cc1));
}
