/*
 * Format `ltt`: blocks are taken one after the other, each checked and
 * decompressed as a whole. A plain file's length and index are checked when it
 * is opened; of one that comes through zstd or gzip, when its end is reached.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "trace/ltt_block.h"
#include "trace/trace_internal.h"

struct trace_ltt {
    struct ltt_header header;
    struct ltt_unpacker unpacker;
    ZSTD_DCtx *zstd;
    unsigned char *raw; /* payload of the block that is read */
    size_t raw_room;
    uint64_t next_block; /* to be loaded */
};

/* At least `bytes` in the source's window, or a failure that says which part is
 * cut off. */
static bool need(struct trace *trace, uint64_t bytes, const char *part)
{
    struct trace_source *source = &trace->source;
    while (source->length < bytes && trace_source_more(source))
        ;
    if (source->length >= bytes)
        return true;
    const uint64_t end = source->offset + source->length;
    if (source->failure)
        (void)trace_fail(trace, end, "%s", source->failure);
    else
        (void)trace_fail(trace, end, "the file is cut off within %s", part);
    return false;
}

static bool take_header(struct trace *trace)
{
    unsigned byte;
    if (!need(trace, LTT_HEADER_BYTES, "its header"))
        return false;
    const char *problem =
        ltt_header_decode(trace->source.data, &trace->ltt->header, &byte);
    if (problem) {
        (void)trace_fail(trace, byte, "%s", problem);
        return false;
    }
    trace_source_consume(&trace->source, LTT_HEADER_BYTES);
    return true;
}

/* --- the index ---------------------------------------------------------------- */

static struct ltt_index_entry
entry_at(const struct trace *trace, const unsigned char *index, uint64_t block)
{
    struct ltt_index_entry entry = {0, 0};
    if (block < trace->ltt->header.block_count)
        ltt_index_entry_decode(index + block * LTT_INDEX_ENTRY_BYTES, &entry);
    else
        entry.offset = trace->ltt->header.index_offset;
    return entry;
}

/* The index of a mapped file. */
static const unsigned char *mapped_index(const struct trace *trace)
{
    return trace->source.map + trace->ltt->header.index_offset;
}

/* Check an index that is whole. */
static bool check_index(struct trace *trace, const unsigned char *index)
{
    const struct ltt_header *header = &trace->ltt->header;
    const size_t bytes = (size_t)header->block_count * LTT_INDEX_ENTRY_BYTES;
    const uint32_t crc = (uint32_t)crc32_z(crc32(0, NULL, 0), index, bytes);
    if (crc != ltt_get_u32(index + bytes)) {
        (void)trace_fail(trace, header->index_offset,
                         "damaged index: its checksum is wrong");
        return false;
    }
    uint64_t earliest = LTT_HEADER_BYTES;
    for (uint64_t block = 0; block < header->block_count; block++) {
        const struct ltt_index_entry entry = entry_at(trace, index, block);
        if ((block == 0 ? entry.offset != earliest : entry.offset < earliest) ||
            entry.offset > header->index_offset - LTT_BLOCK_HEADER_BYTES ||
            entry.first_request != block * header->block_requests) {
            (void)trace_fail(
                trace, header->index_offset + block * LTT_INDEX_ENTRY_BYTES,
                "an index entry that can't be right");
            return false;
        }
        earliest = entry.offset + LTT_BLOCK_HEADER_BYTES;
    }
    return true;
}

static bool check_mapped_file(struct trace *trace)
{
    const struct ltt_header *header = &trace->ltt->header;
    const uint64_t bytes = trace->source.map_bytes;
    if (bytes < header->file_bytes)
        (void)trace_fail(trace, bytes,
                         "the file is cut off: %llu bytes are missing",
                         (unsigned long long)(header->file_bytes - bytes));
    else if (bytes > header->file_bytes)
        (void)trace_fail(trace, header->file_bytes,
                         "%llu bytes behind the end of the trace",
                         (unsigned long long)(bytes - header->file_bytes));
    else
        return check_index(trace, mapped_index(trace));
    return false;
}

/* The end of the blocks: is the rest as it should be? */
static ptrdiff_t finish(struct trace *trace)
{
    struct trace_source *source = &trace->source;
    const struct ltt_header *header = &trace->ltt->header;
    if (source->offset == header->file_bytes)
        return 0; /* asked once more */
    if (source->offset != header->index_offset)
        return trace_fail(trace, source->offset,
                          "the index is expected here, the header says it is "
                          "at byte %llu",
                          (unsigned long long)header->index_offset);
    const uint64_t bytes = header->file_bytes - header->index_offset;
    if (!need(trace, bytes, "its index") || !check_index(trace, source->data))
        return -1;
    trace_source_consume(source, (size_t)bytes);
    if (source->length > 0 || trace_source_more(source))
        return trace_fail(trace, source->offset,
                          "more bytes behind the end of the trace");
    return source->failure
               ? trace_fail(trace, source->offset, "%s", source->failure)
               : 0;
}

/* --- blocks ----------------------------------------------------------------------- */

static uint32_t requests_of_block(const struct ltt_header *header,
                                  uint64_t block)
{
    const uint64_t first = block * header->block_requests;
    const uint64_t left = header->requests - first;
    return left < header->block_requests ? (uint32_t)left
                                         : header->block_requests;
}

/* Why a block's header can't be right; NULL: it can. */
static const char *check_block(const struct trace *trace,
                               const struct ltt_block_header *block)
{
    const struct trace_ltt *ltt = trace->ltt;
    const uint64_t offset = trace->source.offset;
    if (block->requests != requests_of_block(&ltt->header, ltt->next_block))
        return "a block of another number of requests than the header says";
    if (block->raw_bytes >
        LTT_PAYLOAD_HEADER_BYTES +
            (uint64_t)block->requests * LTT_MAX_REQUEST_BYTES)
        return "a block that is larger than its requests can be";
    if (block->packed_bytes > ZSTD_compressBound(block->raw_bytes) ||
        offset + LTT_BLOCK_HEADER_BYTES + block->packed_bytes >
            ltt->header.index_offset)
        return "a block that is longer than it can be";
    if (!trace->source.is_compressed &&
        offset != entry_at(trace, mapped_index(trace), ltt->next_block).offset)
        return "a block that is not where the index says";
    return NULL;
}

static bool make_room(struct trace_ltt *ltt, size_t bytes)
{
    if (bytes + LTT_SLACK_BYTES <= ltt->raw_room)
        return true;
    free(ltt->raw);
    ltt->raw = calloc(1, bytes + LTT_SLACK_BYTES);
    ltt->raw_room = ltt->raw ? bytes + LTT_SLACK_BYTES : 0;
    return ltt->raw != NULL;
}

/* Decompress a frame and find its columns; NULL, or what is wrong. */
static const char *unpack(struct trace_ltt *ltt,
                          const struct ltt_block_header *block,
                          const unsigned char *frame)
{
    if (!make_room(ltt, block->raw_bytes))
        return "out of memory";
    const size_t got = ZSTD_decompressDCtx(
        ltt->zstd, ltt->raw, block->raw_bytes, frame, block->packed_bytes);
    if (ZSTD_isError(got) || got != block->raw_bytes)
        return "damaged zstd data in a block";
    return ltt_unpacker_init(&ltt->unpacker, ltt->raw, block->raw_bytes,
                             block->requests);
}

static bool load_block(struct trace *trace)
{
    struct trace_ltt *ltt = trace->ltt;
    struct trace_source *source = &trace->source;
    struct ltt_block_header block;
    if (!need(trace, LTT_BLOCK_HEADER_BYTES, "a block"))
        return false;
    ltt_block_header_decode(source->data, &block);
    const char *problem = check_block(trace, &block);
    const size_t bytes = LTT_BLOCK_HEADER_BYTES + block.packed_bytes;
    if (!problem) {
        if (!need(trace, bytes, "a block"))
            return false;
        const unsigned char *frame = source->data + LTT_BLOCK_HEADER_BYTES;
        problem = ltt_block_crc32(source->data, frame, block.packed_bytes) ==
                          block.crc32
                      ? unpack(ltt, &block, frame)
                      : "damaged block: its checksum is wrong";
    }
    if (problem) {
        ltt->unpacker.requests = ltt->unpacker.next = 0;
        (void)trace_fail(trace, source->offset, "%s", problem);
        return false;
    }
    trace->batch_offset = source->offset;
    trace_source_consume(source, bytes);
    ltt->next_block++;
    return true;
}

static ptrdiff_t ltt_next(struct trace *trace, struct trace_record *out,
                          size_t capacity)
{
    struct trace_ltt *ltt = trace->ltt;
    while (ltt->unpacker.next == ltt->unpacker.requests) {
        if (ltt->next_block == ltt->header.block_count)
            return finish(trace);
        if (!load_block(trace))
            return -1;
    }
    return (ptrdiff_t)ltt_unpacker_take(&ltt->unpacker, out, capacity);
}

/* --- opening, going elsewhere --------------------------------------------------------- */

static bool map_file(struct trace *trace)
{
    if (trace_source_map(&trace->source))
        return true;
    (void)trace_fail(trace, 0, "cannot be mapped: %s", strerror(errno));
    return false;
}

static bool ltt_open(struct trace *trace)
{
    trace->ltt = calloc(1, sizeof *trace->ltt);
    if (trace->ltt)
        trace->ltt->zstd = ZSTD_createDCtx();
    if (!trace->ltt || !trace->ltt->zstd) {
        (void)trace_fail(trace, 0, "out of memory");
        return false;
    }
    if (!take_header(trace))
        return false;
    if (!trace->source.is_compressed &&
        (!map_file(trace) || !check_mapped_file(trace)))
        return false;
    trace->has_time = trace->ltt->header.has_time;
    trace->page_size = trace->ltt->header.page_bytes;
    return true;
}

static void ltt_close(struct trace *trace)
{
    if (!trace->ltt)
        return;
    (void)ZSTD_freeDCtx(trace->ltt->zstd);
    free(trace->ltt->raw);
    free(trace->ltt);
}

static bool ltt_rewind(struct trace *trace)
{
    trace->ltt->next_block = 0;
    trace->ltt->unpacker = (struct ltt_unpacker){.requests = 0};
    return take_header(trace);
}

/* Stand at the block that the request is in: by the index, or, where the index
 * comes after what it points to, by reading the blocks before it. */
static bool find_block(struct trace *trace, uint64_t block)
{
    struct trace_ltt *ltt = trace->ltt;
    if (!trace->source.is_compressed) {
        trace_source_place(&trace->source,
                           entry_at(trace, mapped_index(trace), block).offset);
        ltt->next_block = block;
        return true;
    }
    while (ltt->next_block < block)
        if (!load_block(trace))
            return false;
    ltt->unpacker.next = ltt->unpacker.requests;
    return true;
}

static bool ltt_seek(struct trace *trace, uint64_t request)
{
    struct trace_ltt *ltt = trace->ltt;
    const struct ltt_header *header = &ltt->header;
    if (request > header->requests) {
        (void)trace_fail(trace, header->index_offset,
                         "the trace ends before request %llu",
                         (unsigned long long)request);
        return false;
    }
    if (!find_block(trace, request / header->block_requests))
        return false;
    struct trace_record skipped[256];
    uint64_t left = request % header->block_requests;
    if (left > 0 && !load_block(trace))
        return false;
    while (left > 0)
        left -= ltt_unpacker_take(&ltt->unpacker, skipped,
                                  left < 256 ? (size_t)left : 256);
    return true;
}

const struct ltt_header *trace_ltt_header(const struct trace *trace)
{
    return trace->ltt ? &trace->ltt->header : NULL;
}

const struct trace_ops trace_ltt_ops = {
    .open = ltt_open,
    .close = ltt_close,
    .next = ltt_next,
    .rewind = ltt_rewind,
    .seek = ltt_seek,
};
