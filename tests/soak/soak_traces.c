/*
 * Readers of traces against damaged files: valid files of every format, plain
 * and compressed, are changed at random (bytes flipped, cut, doubled, taken
 * from elsewhere) and read. Whatever comes, a reader ends with a valid trace or
 * with an error that names a byte, never with a crash, and says the same when
 * it reads again.
 *
 * One operation is one damaged file.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "soak.h"
#include "trace/ltt.h"

enum {
    MAX_BYTES = 1 << 16,
    READ_AT_ONCE = 100,
    /* A region of damo may have become very large: enough is enough. */
    MAX_READS = 2000,
    PACKINGS = 3,
};

struct file {
    unsigned char bytes[MAX_BYTES];
    size_t size;
};

static const char *const texts[] = {
    "1\n2 w\n0x10\n\n# note\n 7\tw \r\n9\n",
    "==1== Lackey\nI  04000b50,3\n L 1000,8\n S 1fff,2\n M 5ffc,4\n",
    "time,page,write,thread\n10,5,1,0\n11,6,0,1\n12,0x7,w,2\n",
    "# note\n app 7/8 [001] 1.500000: 1 page-faults: 7f00 ffffff8177\n"
    "\t7f453e722b70 _start+0x0 (/lib/ld.so)\n\n"
    " tmux: s 7/9 1.6: cpu/mem-stores/P: 8f00 5080144 |OP STORE|LVL L1\n",
    "base_time_absolute: 8 m 59.809 s\n\n"
    "monitoring_start:                0 ns\n"
    "monitoring_end:            104.599 ms\n"
    "monitoring_duration:       104.599 ms\n"
    "target_id: 18446623438842320000\nnr_regions: 2\n"
    "# start_addr     end_addr        length  nr_accesses   age\n"
    "000000001000-000000003000 (   8.000 KiB)           4     0\n"
    "000000010000-000000011000 (        4096)           2    10\n\n",
};

enum { TEXTS = sizeof texts / sizeof texts[0], FILES = TEXTS + 2 };

static char directory[32], path[64];

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "soak_traces: %s\n", what);
    exit(1);
}

static void make_path(void)
{
    snprintf(directory, sizeof directory, "/tmp/lowtide-soak-XXXXXX");
    require(mkdtemp(directory) != NULL, "no directory");
    snprintf(path, sizeof path, "%s/trace", directory);
}

/* Written over what was there: a file that is cut to nothing first goes to the
 * disk at once on some file systems. */
static void put_file(int descriptor, const struct file *file)
{
    require(pwrite(descriptor, file->bytes, file->size, 0) ==
                    (ssize_t)file->size &&
                ftruncate(descriptor, (off_t)file->size) == 0,
            "the file can't be written");
}

/* --- valid files ------------------------------------------------------------- */

static void make_oracle(struct file *file)
{
    file->size = 20 * 24;
    for (size_t i = 0; i < file->size; i++)
        file->bytes[i] =
            i % 24 == 0 || i % 24 == 4 ? (unsigned char)(i / 24) : 0;
}

static void make_ltt(struct file *file)
{
    char message[256];
    struct ltt_writer *writer = NULL;
    struct ltt_header header = {.page_bytes = 4096};
    require(ltt_writer_open(path, true, &writer, message, sizeof message) ==
                LTT_OK,
            "no writer");
    for (uint64_t i = 0; i < 100; i++) {
        const struct trace_record record = {i * i % 17, i * 1000,
                                            (uint32_t)(i / 40), i % 3 == 0};
        require(ltt_writer_append(writer, &record, 1, message,
                                  sizeof message) == LTT_OK,
                "can't be appended");
    }
    require(ltt_writer_close(writer, &header, message, sizeof message) ==
                LTT_OK,
            "can't be closed");
    FILE *in = fopen(path, "rb");
    require(in != NULL, "can't be read");
    file->size = fread(file->bytes, 1, MAX_BYTES, in);
    fclose(in);
}

static void pack(const struct file *plain, int packing, struct file *packed)
{
    if (packing == 0) {
        *packed = *plain;
    } else if (packing == 1) {
        packed->size = ZSTD_compress(packed->bytes, MAX_BYTES, plain->bytes,
                                     plain->size, 1);
        require(!ZSTD_isError(packed->size), "zstd failed");
    } else {
        gzFile out = gzopen(path, "wb");
        require(out && gzwrite(out, plain->bytes, (unsigned)plain->size) > 0 &&
                    gzclose(out) == Z_OK,
                "gzip failed");
        FILE *in = fopen(path, "rb");
        require(in != NULL, "can't be read");
        packed->size = fread(packed->bytes, 1, MAX_BYTES, in);
        fclose(in);
    }
}

static void make_files(struct file files[FILES])
{
    for (size_t i = 0; i < TEXTS; i++) {
        files[i].size = strlen(texts[i]);
        memcpy(files[i].bytes, texts[i], files[i].size);
    }
    make_oracle(&files[TEXTS]);
    make_ltt(&files[TEXTS + 1]);
}

/* --- damage -------------------------------------------------------------------- */

static void damage(struct file *file, uint64_t *random)
{
    const size_t at = (size_t)soak_draw(random, file->size);
    const size_t from = (size_t)soak_draw(random, file->size);
    const size_t most = file->size - (at > from ? at : from);
    const size_t length = (size_t)soak_draw(random, most + 1);
    switch (soak_draw(random, 5)) {
    case 0:
        file->bytes[at] ^= (unsigned char)(1 << soak_draw(random, 8));
        break;
    case 1:
        file->bytes[at] = (unsigned char)soak_draw(random, 256);
        break;
    case 2: /* a digit more or less, and what else texts are made of */
        file->bytes[at] =
            (unsigned char)"0123456789abcdef-:,. \nLSM|()"[soak_draw(random,
                                                                     29)];
        break;
    case 3:
        memmove(file->bytes + at, file->bytes + from, length);
        break;
    default:
        file->size = at + 1;
    }
}

/* --- reading ---------------------------------------------------------------------- */

struct reading {
    uint64_t requests;
    uint64_t sum; /* of what they say */
    char error[1024];
};

static void read_on(struct trace *trace, struct reading *reading)
{
    struct trace_record records[READ_AT_ONCE];
    ptrdiff_t got = 0;
    *reading = (struct reading){.requests = 0};
    for (int i = 0; i < MAX_READS; i++) {
        got = trace_next(trace, records, READ_AT_ONCE);
        if (got <= 0)
            break;
        reading->requests += (uint64_t)got;
        for (ptrdiff_t n = 0; n < got; n++)
            reading->sum = reading->sum * 31 + records[n].page * 7 +
                           records[n].time_ns * 5 + records[n].thread * 3 +
                           records[n].write +
                           trace_record_offset(trace, (size_t)n);
    }
    if (got < 0)
        snprintf(reading->error, sizeof reading->error, "%s",
                 trace_error(trace));
}

static bool is_error(const char *text)
{
    return strstr(text, ": byte ") != NULL && strchr(text, '\n') == NULL;
}

/* Returns whether the file was found damaged. */
static bool read_file(enum trace_format format)
{
    static struct reading first, second;
    const struct trace_options options = {.format = format};
    struct trace *trace =
        trace_open(path, &options, first.error, sizeof first.error);
    if (!trace) {
        require(is_error(first.error), first.error);
        return true;
    }
    read_on(trace, &first);
    require(!first.error[0] || is_error(first.error), first.error);
    if (trace_rewind(trace)) {
        read_on(trace, &second);
        require(first.requests == second.requests && first.sum == second.sum &&
                    strcmp(first.error, second.error) == 0,
                "read again, the trace says something else");
    } else {
        require(is_error(trace_error(trace)), trace_error(trace));
    }
    trace_close(trace);
    return first.error[0] != '\0';
}

int main(int argc, char **argv)
{
    static struct file files[FILES], packed[FILES][PACKINGS], damaged;
    const struct soak_options options =
        soak_start(argc, argv, "soak_traces", 1000000);
    uint64_t random = options.seed, errors = 0;
    make_path();
    make_files(files);
    for (int i = 0; i < FILES; i++)
        for (int packing = 0; packing < PACKINGS; packing++)
            pack(&files[i], packing, &packed[i][packing]);
    const int descriptor = open(path, O_RDWR | O_CREAT, 0600);
    require(descriptor >= 0, "no file");
    for (int i = 0; i < FILES; i++) {
        for (int packing = 0; packing < PACKINGS; packing++) {
            put_file(descriptor, &packed[i][packing]);
            require(!read_file(TRACE_AUTO), "a valid file is refused");
        }
    }
    for (uint64_t op = 0; op < options.ops; op++) {
        damaged = packed[soak_draw(&random, FILES)]
                        [soak_draw(&random, 4) / 2 * soak_draw(&random, 3)];
        for (uint64_t times = 1 + soak_draw(&random, 4); times > 0; times--)
            damage(&damaged, &random);
        put_file(descriptor, &damaged);
        const enum trace_format format =
            soak_draw(&random, 4) > 0
                ? TRACE_AUTO
                : (enum trace_format)soak_draw(&random, TRACE_FORMAT_COUNT);
        errors += read_file(format);
    }
    close(descriptor);
    unlink(path);
    rmdir(directory);
    printf("soak_traces: %" PRIu64 " damaged files refused\n", errors);
    require(options.ops < 100 || (errors > 0 && errors < options.ops),
            "damage is found always or never");
    return 0;
}
