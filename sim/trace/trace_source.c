/*
 * The bytes of a trace, through a window that keeps what was not consumed yet:
 *
 *   file --read--> [window]                         plain
 *   file --read--> [in] --decompress--> [window]    compressed
 *
 * A plain file is read into a window that stays in the host's second-level
 * cache. Mapping it whole spares the copy, but a page table entry then has to
 * be made for every 4 KiB, which are looked at once: under a hypervisor that
 * shadows page tables that costs 1.7 us each, 0.2 s for a trace of 480 MB
 * where the copy takes 0.05 s, and on bare metal hardly less than the copy. A
 * format with an index at its end, which is small for its requests, asks for
 * the mapping (trace_source_map()).
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "trace/trace_internal.h"

enum { IN_BYTES = 1 << 17, BUFFER_BYTES = 1 << 20, PLAIN_BYTES = 1 << 18 };

enum step { STEP_MORE, STEP_FRAME_END, STEP_BROKEN };

/* A decompressor: feed input, take output. */
struct trace_codec {
    void *(*open)(void);
    void (*close)(void *state);
    /* Decompress; moves both positions. */
    enum step (*run)(void *state, const unsigned char *in, size_t in_length,
                     size_t *in_position, unsigned char *out, size_t out_length,
                     size_t *out_position);
    const char *damaged;
    const char *truncated;
};

/* --- zstd ------------------------------------------------------------------------ */

static void *zstd_open(void)
{
    return ZSTD_createDStream();
}

static void zstd_close(void *state)
{
    (void)ZSTD_freeDStream(state);
}

static enum step zstd_run(void *state, const unsigned char *in,
                          size_t in_length, size_t *in_position,
                          unsigned char *out, size_t out_length,
                          size_t *out_position)
{
    ZSTD_inBuffer input = {in, in_length, *in_position};
    ZSTD_outBuffer output = {out, out_length, *out_position};
    size_t left = ZSTD_decompressStream(state, &output, &input);
    *in_position = input.pos;
    *out_position = output.pos;
    if (ZSTD_isError(left))
        return STEP_BROKEN;
    return left == 0 ? STEP_FRAME_END : STEP_MORE;
}

static const struct trace_codec zstd_codec = {zstd_open, zstd_close, zstd_run,
                                              "damaged zstd data",
                                              "truncated zstd data"};

/* --- gzip ------------------------------------------------------------------------ */

static void *gzip_open(void)
{
    z_stream *stream = calloc(1, sizeof *stream);
    if (stream && inflateInit2(stream, 15 + 16) != Z_OK) {
        free(stream);
        return NULL;
    }
    return stream;
}

static void gzip_close(void *state)
{
    (void)inflateEnd(state);
    free(state);
}

static enum step gzip_run(void *state, const unsigned char *in,
                          size_t in_length, size_t *in_position,
                          unsigned char *out, size_t out_length,
                          size_t *out_position)
{
    z_stream *stream = state;
    stream->next_in = (z_const Bytef *)(uintptr_t)(in + *in_position);
    stream->avail_in = (uInt)(in_length - *in_position);
    stream->next_out = out + *out_position;
    stream->avail_out = (uInt)(out_length - *out_position);
    int rc = inflate(stream, Z_NO_FLUSH);
    *in_position = in_length - stream->avail_in;
    *out_position = out_length - stream->avail_out;
    if (rc == Z_STREAM_END)
        return inflateReset(stream) == Z_OK ? STEP_FRAME_END : STEP_BROKEN;
    return rc == Z_OK || rc == Z_BUF_ERROR ? STEP_MORE : STEP_BROKEN;
}

static const struct trace_codec gzip_codec = {gzip_open, gzip_close, gzip_run,
                                              "damaged gzip data",
                                              "truncated gzip data"};

/* --- opening ----------------------------------------------------------------------- */

static const struct trace_codec *codec_of(int file)
{
    unsigned char magic[4] = {0};
    ssize_t length = pread(file, magic, sizeof magic, 0);
    if (length >= 4 && memcmp(magic, "\x28\xb5\x2f\xfd", 4) == 0)
        return &zstd_codec;
    if (length >= 2 && memcmp(magic, "\x1f\x8b", 2) == 0)
        return &gzip_codec;
    return NULL;
}

static bool open_stream(struct trace_source *source)
{
    source->is_compressed = true;
    source->is_frame_open = true;
    source->in = malloc(IN_BYTES);
    source->buffer = malloc(BUFFER_BYTES);
    source->buffer_bytes = BUFFER_BYTES;
    source->data = source->buffer;
    source->codec_state = source->codec->open();
    if (source->in && source->buffer && source->codec_state)
        return true;
    source->failure = "out of memory";
    return false;
}

static bool open_plain(struct trace_source *source)
{
    source->buffer = malloc(PLAIN_BYTES);
    source->buffer_bytes = PLAIN_BYTES;
    source->data = source->buffer;
    if (source->buffer)
        return true;
    source->failure = "out of memory";
    return false;
}

bool trace_source_open(struct trace_source *source, const char *path)
{
    struct stat status;
    *source = (struct trace_source){.file = -1};
    source->file = open(path, O_RDONLY | O_CLOEXEC);
    if (source->file < 0 || fstat(source->file, &status) != 0)
        return false;
    if (!S_ISREG(status.st_mode)) {
        source->failure = "not a regular file";
        return false;
    }
    source->codec = codec_of(source->file);
    return source->codec ? open_stream(source) : open_plain(source);
}

void trace_source_close(struct trace_source *source)
{
    if (source->codec_state)
        source->codec->close(source->codec_state);
    free(source->in);
    free(source->buffer);
    if (source->map)
        (void)munmap(source->map, source->map_bytes);
    if (source->file >= 0)
        (void)close(source->file);
    *source = (struct trace_source){.file = -1};
}

/* --- reading ------------------------------------------------------------------------ */

/* Read up to `room` bytes; 0 at the file's end or on a failure. */
static size_t read_some(struct trace_source *source, unsigned char *to,
                        size_t room)
{
    ssize_t length;
    do
        length = read(source->file, to, room);
    while (length < 0 && errno == EINTR);
    if (length < 0)
        source->failure = "cannot be read";
    return length > 0 ? (size_t)length : 0;
}

static bool refill_input(struct trace_source *source)
{
    if (source->in_at_end)
        return false;
    source->in_length = read_some(source, source->in, IN_BYTES);
    source->in_at_end = source->in_length == 0;
    source->in_position = 0;
    return source->in_length > 0;
}

/* Move what is left to the front of the window; widen it when it is full. */
static bool make_room(struct trace_source *source)
{
    if (source->length > 0)
        memmove(source->buffer, source->data, source->length);
    source->data = source->buffer;
    if (source->length < source->buffer_bytes)
        return true;
    assert(source->buffer_bytes > 0);
    unsigned char *wider = realloc(source->buffer, source->buffer_bytes * 2);
    if (!wider) {
        source->failure = "out of memory";
        return false;
    }
    source->buffer = wider;
    source->buffer_bytes *= 2;
    source->data = wider;
    return true;
}

/* The input is over: in the middle of a frame, or where one ends? */
static bool end_of_input(struct trace_source *source)
{
    if (source->is_frame_open)
        source->failure = source->codec->truncated;
    source->is_at_end = true;
    return false;
}

static bool decompress_more(struct trace_source *source)
{
    size_t before = source->length;
    while (source->length == before) {
        if (source->in_position == source->in_length && !refill_input(source)) {
            if (source->failure)
                return false;
            return end_of_input(source);
        }
        enum step step = source->codec->run(
            source->codec_state, source->in, source->in_length,
            &source->in_position, source->buffer, source->buffer_bytes,
            &source->length);
        if (step == STEP_BROKEN) {
            source->failure = source->codec->damaged;
            return false;
        }
        source->is_frame_open = step != STEP_FRAME_END;
    }
    return true;
}

bool trace_source_more(struct trace_source *source)
{
    if (source->is_at_end || source->failure || !make_room(source))
        return false;
    if (source->codec)
        return decompress_more(source);
    size_t got = read_some(source, source->buffer + source->length,
                           source->buffer_bytes - source->length);
    source->length += got;
    source->is_at_end = got == 0;
    return got > 0;
}

void trace_source_consume(struct trace_source *source, size_t bytes)
{
    source->data += bytes;
    source->length -= bytes;
    source->offset += bytes;
}

bool trace_source_map(struct trace_source *source)
{
    struct stat status;
    assert(!source->codec && !source->map);
    if (fstat(source->file, &status) != 0)
        return false;
    size_t bytes = (size_t)status.st_size;
    void *map = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, source->file, 0);
    if (map == MAP_FAILED)
        return false;
    (void)madvise(map, bytes, MADV_SEQUENTIAL);
    source->map = map;
    source->map_bytes = bytes;
    source->is_at_end = true;
    trace_source_place(source, source->offset);
    return true;
}

void trace_source_place(struct trace_source *source, uint64_t offset)
{
    assert(source->map && offset <= source->map_bytes);
    source->data = source->map + offset;
    source->length = source->map_bytes - (size_t)offset;
    source->offset = offset;
}

bool trace_source_rewind(struct trace_source *source)
{
    source->failure = NULL;
    if (source->map) {
        trace_source_place(source, 0);
        return true;
    }
    if (lseek(source->file, 0, SEEK_SET) != 0)
        return false;
    source->offset = 0;
    source->length = 0;
    source->data = source->buffer;
    source->is_at_end = false;
    if (!source->codec)
        return true;
    source->codec->close(source->codec_state);
    source->codec_state = source->codec->open();
    source->in_at_end = false;
    source->in_length = 0;
    source->in_position = 0;
    source->is_frame_open = true;
    return source->codec_state != NULL;
}

/* --- provenance ------------------------------------------------------------------------ */

bool trace_source_crc32(const struct trace_source *source, uint64_t *bytes,
                        uint32_t *crc)
{
    unsigned char *buffer = malloc(IN_BYTES);
    uLong sum = crc32(0, NULL, 0);
    uint64_t at = 0;
    ssize_t length = -1;
    while (buffer) {
        length = pread(source->file, buffer, IN_BYTES, (off_t)at);
        if (length < 0 && errno == EINTR)
            continue;
        if (length <= 0)
            break;
        sum = crc32(sum, buffer, (uInt)length);
        at += (uint64_t)length;
    }
    free(buffer);
    *bytes = at;
    *crc = (uint32_t)sum;
    return length == 0;
}
