/*
 * Writing an ltt file: requests fill a block, a full block is compressed and
 * written, and the header, which has all the totals, is written last over the
 * room that was left for it. The name appears only then.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "trace/ltt_block.h"

/*
 * Level 1 costs half the time of zstd's usual 3, and differences of pages hold
 * little that the higher levels would find.
 */
enum { ZSTD_LEVEL = 1 };

struct ltt_writer {
    char *path;      /* owned */
    char *temporary; /* owned; "": not made, or in place already */
    FILE *file;
    bool has_time;
    struct ltt_packer packer;
    ZSTD_CCtx *zstd;
    unsigned char *frame;
    size_t frame_room;
    unsigned char *index; /* encoded entries */
    size_t index_room;
    struct ltt_header totals;
};

static enum ltt_status say(char *message, size_t message_bytes,
                           const char *path, const char *reason,
                           enum ltt_status status)
{
    (void)snprintf(message, message_bytes, "%s: %s", path, reason);
    return status;
}

/* --- opening ------------------------------------------------------------------ */

static bool allocate(struct ltt_writer *writer, const char *path)
{
    const size_t bytes = strlen(path) + sizeof ".XXXXXX";
    writer->frame_room =
        ZSTD_compressBound(LTT_PAYLOAD_HEADER_BYTES +
                           (size_t)LTT_BLOCK_REQUESTS * LTT_MAX_REQUEST_BYTES);
    writer->path = malloc(bytes);
    writer->temporary = calloc(1, bytes);
    writer->frame = malloc(writer->frame_room);
    writer->zstd = ZSTD_createCCtx();
    if (!writer->path || !writer->temporary || !writer->frame ||
        !writer->zstd || !ltt_packer_init(&writer->packer))
        return false;
    memcpy(writer->path, path, strlen(path) + 1);
    return !ZSTD_isError(ZSTD_CCtx_setParameter(
        writer->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL));
}

/* mkstemp() makes files that are nobody else's; ours is as any other. */
static bool open_temporary(struct ltt_writer *writer)
{
    (void)stpcpy(stpcpy(writer->temporary, writer->path), ".XXXXXX");
    const int file = mkstemp(writer->temporary);
    if (file < 0) {
        writer->temporary[0] = '\0';
        return false;
    }
    const mode_t mask = umask(0);
    (void)umask(mask);
    (void)fchmod(file, 0666 & ~mask);
    writer->file = fdopen(file, "wb");
    if (!writer->file)
        (void)close(file);
    return writer->file != NULL;
}

enum ltt_status ltt_writer_open(const char *path, bool has_time,
                                struct ltt_writer **result, char *message,
                                size_t message_bytes)
{
    struct ltt_writer *writer = calloc(1, sizeof *writer);
    struct stat status;
    enum ltt_status outcome = LTT_OK;
    if (!writer || !allocate(writer, path))
        outcome = say(message, message_bytes, path, "out of memory", LTT_HOST);
    else if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        outcome = say(message, message_bytes, path,
                      "is there and not a regular file", LTT_PATH);
    else if (!open_temporary(writer))
        outcome = say(message, message_bytes, path, strerror(errno), LTT_PATH);
    if (outcome != LTT_OK) {
        ltt_writer_abandon(writer);
        return outcome;
    }
    static const unsigned char room[LTT_HEADER_BYTES];
    writer->has_time = has_time;
    writer->totals = (struct ltt_header){
        .index_offset = LTT_HEADER_BYTES,
        .block_requests = LTT_BLOCK_REQUESTS,
        .has_time = has_time,
    };
    (void)fwrite(room, 1, sizeof room, writer->file); /* errors stick */
    *result = writer;
    return LTT_OK;
}

static void writer_free(struct ltt_writer *writer)
{
    if (writer->file)
        (void)fclose(writer->file);
    if (writer->temporary && writer->temporary[0])
        (void)unlink(writer->temporary);
    ltt_packer_release(&writer->packer);
    (void)ZSTD_freeCCtx(writer->zstd);
    free(writer->frame);
    free(writer->index);
    free(writer->path);
    free(writer->temporary);
    free(writer);
}

void ltt_writer_abandon(struct ltt_writer *writer)
{
    if (writer)
        writer_free(writer);
}

/* --- blocks ----------------------------------------------------------------------- */

static bool note_block(struct ltt_writer *writer)
{
    const size_t used =
        (size_t)writer->totals.block_count * LTT_INDEX_ENTRY_BYTES;
    if (used == writer->index_room) {
        const size_t room = used ? used * 2 : 1024 * LTT_INDEX_ENTRY_BYTES;
        unsigned char *grown = realloc(writer->index, room);
        if (!grown)
            return false;
        writer->index = grown;
        writer->index_room = room;
    }
    const struct ltt_index_entry entry = {
        .offset = writer->totals.index_offset,
        .first_request = writer->totals.requests - writer->packer.requests,
    };
    ltt_index_entry_encode(&entry, writer->index + used);
    writer->totals.block_count++;
    return true;
}

static bool write_block(struct ltt_writer *writer)
{
    struct ltt_packer *packer = &writer->packer;
    ltt_packer_finish(packer);
    const size_t packed =
        ZSTD_compress2(writer->zstd, writer->frame, writer->frame_room,
                       packer->raw, packer->length);
    if (ZSTD_isError(packed) || !note_block(writer))
        return false;
    struct ltt_block_header header = {
        .packed_bytes = (uint32_t)packed,
        .raw_bytes = (uint32_t)packer->length,
        .requests = packer->requests,
    };
    unsigned char bytes[LTT_BLOCK_HEADER_BYTES];
    ltt_block_header_encode(&header, bytes);
    header.crc32 = ltt_block_crc32(bytes, writer->frame, packed);
    ltt_block_header_encode(&header, bytes);
    writer->totals.index_offset += sizeof bytes + packed;
    ltt_packer_reset(packer);
    return fwrite(bytes, 1, sizeof bytes, writer->file) == sizeof bytes &&
           fwrite(writer->frame, 1, packed, writer->file) == packed;
}

static void add_totals(struct ltt_writer *writer,
                       const struct trace_record *records, size_t count)
{
    struct ltt_header *totals = &writer->totals;
    for (size_t i = 0; i < count; i++)
        totals->writes += records[i].write;
    if (writer->has_time && totals->requests == 0 && count > 0)
        totals->first_ns = totals->last_ns = records[0].time_ns;
    for (size_t i = 0; writer->has_time && i < count; i++) {
        if (records[i].time_ns < totals->first_ns)
            totals->first_ns = records[i].time_ns;
        if (records[i].time_ns > totals->last_ns)
            totals->last_ns = records[i].time_ns;
    }
    totals->requests += count;
}

enum ltt_status ltt_writer_append(struct ltt_writer *writer,
                                  const struct trace_record *records,
                                  size_t count, char *message,
                                  size_t message_bytes)
{
    while (count > 0) {
        size_t part = LTT_BLOCK_REQUESTS - writer->packer.requests;
        if (part > count)
            part = count;
        ltt_packer_add(&writer->packer, records, part, writer->has_time);
        add_totals(writer, records, part);
        records += part;
        count -= part;
        errno = 0;
        if (writer->packer.requests == LTT_BLOCK_REQUESTS &&
            !write_block(writer))
            return say(message, message_bytes, writer->path,
                       errno ? strerror(errno) : "can't be written", LTT_HOST);
    }
    return LTT_OK;
}

/* --- closing ------------------------------------------------------------------------ */

static bool write_index(struct ltt_writer *writer)
{
    const size_t bytes =
        (size_t)writer->totals.block_count * LTT_INDEX_ENTRY_BYTES;
    uint32_t crc = (uint32_t)crc32(0, NULL, 0);
    unsigned char end[LTT_INDEX_CRC_BYTES];
    if (bytes > 0)
        crc = (uint32_t)crc32_z(crc, writer->index, bytes);
    ltt_put_u32(end, crc);
    writer->totals.file_bytes =
        writer->totals.index_offset + bytes + sizeof end;
    return fwrite(writer->index ? writer->index : end, 1, bytes,
                  writer->file) == bytes &&
           fwrite(end, 1, sizeof end, writer->file) == sizeof end;
}

static void add_callers_part(struct ltt_header *totals,
                             const struct ltt_header *header)
{
    totals->distinct_pages = header->distinct_pages;
    totals->page_bytes = header->page_bytes;
    totals->threads = header->threads;
    totals->sample_threshold = header->sample_threshold;
    memcpy(totals->source_format, header->source_format, LTT_FORMAT_NAME_BYTES);
    totals->source_requests = header->source_requests;
    totals->source_bytes = header->source_bytes;
    totals->source_crc32 = header->source_crc32;
}

static bool write_rest(struct ltt_writer *writer,
                       const struct ltt_header *header)
{
    unsigned char bytes[LTT_HEADER_BYTES];
    if ((writer->packer.requests > 0 && !write_block(writer)) ||
        !write_index(writer))
        return false;
    add_callers_part(&writer->totals, header);
    ltt_header_encode(&writer->totals, bytes);
    if (fseek(writer->file, 0, SEEK_SET) != 0 ||
        fwrite(bytes, 1, sizeof bytes, writer->file) != sizeof bytes ||
        fflush(writer->file) != 0 || ferror(writer->file) ||
        fsync(fileno(writer->file)) != 0)
        return false;
    const bool is_closed = fclose(writer->file) == 0;
    writer->file = NULL;
    return is_closed && rename(writer->temporary, writer->path) == 0;
}

enum ltt_status ltt_writer_close(struct ltt_writer *writer,
                                 struct ltt_header *header, char *message,
                                 size_t message_bytes)
{
    enum ltt_status status = LTT_OK;
    errno = 0;
    if (write_rest(writer, header)) {
        writer->temporary[0] = '\0';
        *header = writer->totals;
    } else {
        status = say(message, message_bytes, writer->path,
                     errno ? strerror(errno) : "can't be written", LTT_HOST);
    }
    writer_free(writer);
    return status;
}
