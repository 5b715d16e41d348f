/*
 * Numbers are little-endian; varints are base 128, the lowest group first, the
 * high bit set on all bytes but the last. Pages take most of a file and most of
 * the time, so up to eight bytes of a varint are packed and unpacked at once:
 *
 *   value    ........ddddddd ccccccc bbbbbbb aaaaaaa     7-bit groups
 *   bytes    0ddddddd 1ccccccc 1bbbbbbb 1aaaaaaa         one a byte
 *
 * in three steps that each halve the distance between groups, without a branch
 * on the length, which for pages at random could not be predicted.
 */
#include "trace/ltt_block.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { EIGHT_BYTES_BITS = 56 };

#define CONTINUED UINT64_C(0x8080808080808080)

/* --- numbers ---------------------------------------------------------------- */

uint32_t ltt_get_u32(const unsigned char *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return le32toh(value);
}

void ltt_put_u32(unsigned char *bytes, uint32_t value)
{
    value = htole32(value);
    memcpy(bytes, &value, sizeof value);
}

static uint64_t get_u64(const unsigned char *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return le64toh(value);
}

static void put_u64(unsigned char *bytes, uint64_t value)
{
    value = htole64(value);
    memcpy(bytes, &value, sizeof value);
}

/* May write LTT_SLACK_BYTES past the end of the number. */
static unsigned char *put_varint(unsigned char *at, uint64_t value)
{
    if (value >> EIGHT_BYTES_BITS == 0) {
        const unsigned more = (unsigned)(63 - __builtin_clzll(value | 1)) / 7;
        uint64_t w = (value & UINT64_C(0x000000000fffffff)) |
                     (value & UINT64_C(0x00fffffff0000000)) << 4;
        w = (w & UINT64_C(0x00003fff00003fff)) |
            (w & UINT64_C(0x0fffc0000fffc000)) << 2;
        w = (w & UINT64_C(0x007f007f007f007f)) |
            (w & UINT64_C(0x3f803f803f803f80)) << 1;
        put_u64(at, w | (CONTINUED & ((UINT64_C(1) << 8 * more) - 1)));
        return at + more + 1;
    }
    for (; value >= 0x80; value >>= 7)
        *at++ = (unsigned char)(value | 0x80);
    *at++ = (unsigned char)value;
    return at;
}

/* May read LTT_SLACK_BYTES past its end; what exceeds 64 bits is lost. */
static uint64_t take_varint(const unsigned char **at)
{
    uint64_t w = get_u64(*at);
    const uint64_t last = ~w & CONTINUED;
    if (last) {
        *at += (__builtin_ctzll(last) >> 3) + 1;
        w &= last ^ (last - 1); /* up to the first byte without a mark */
        w &= ~CONTINUED;
        w = (w & UINT64_C(0x007f007f007f007f)) |
            (w & UINT64_C(0x7f007f007f007f00)) >> 1;
        w = (w & UINT64_C(0x00003fff00003fff)) |
            (w & UINT64_C(0x3fff00003fff0000)) >> 2;
        return (w & UINT64_C(0x000000000fffffff)) |
               (w & UINT64_C(0x0fffffff00000000)) >> 4;
    }
    uint64_t value = 0;
    unsigned shift = 0;
    for (;; shift += 7) {
        const unsigned char byte = *(*at)++;
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
}

/* As take_varint(), where the end may be anywhere; false: cut off. */
static bool read_varint(const unsigned char **at, const unsigned char *end,
                        uint64_t *value)
{
    const unsigned char *stop = *at;
    while (stop < end && (*stop & 0x80))
        stop++;
    if (stop == end)
        return false;
    *value = take_varint(at);
    return true;
}

/* Small differences of either sign become small numbers. */
static uint64_t zigzag(uint64_t difference)
{
    return difference << 1 ^ (0 - (difference >> 63));
}

static uint64_t unzigzag(uint64_t number)
{
    return number >> 1 ^ (0 - (number & 1));
}

/* --- the header -------------------------------------------------------------- */

enum {
    AT_VERSION = 8,
    AT_HEADER_BYTES = 12,
    AT_FILE_BYTES = 16,
    AT_INDEX_OFFSET = 24,
    AT_BLOCK_COUNT = 32,
    AT_REQUESTS = 40,
    AT_WRITES = 48,
    AT_DISTINCT = 56,
    AT_PAGE_BYTES = 64,
    AT_FIRST_NS = 72,
    AT_LAST_NS = 80,
    AT_THREADS = 88,
    AT_FLAGS = 92,
    AT_SAMPLE = 96,
    AT_SOURCE_REQUESTS = 104,
    AT_SOURCE_BYTES = 112,
    AT_SOURCE_CRC32 = 120,
    AT_SOURCE_FORMAT = 124,
    AT_BLOCK_REQUESTS = 140,
    AT_RESERVED = 144,
    AT_CRC32 = 156,
    FLAG_HAS_TIME = 1,
};

static uint32_t crc32_of(const unsigned char *bytes, size_t length)
{
    return (uint32_t)crc32(crc32(0, NULL, 0), bytes, (uInt)length);
}

void ltt_header_encode(const struct ltt_header *header,
                       unsigned char bytes[LTT_HEADER_BYTES])
{
    memset(bytes, 0, LTT_HEADER_BYTES);
    memcpy(bytes, LTT_MAGIC, LTT_MAGIC_BYTES);
    ltt_put_u32(bytes + AT_VERSION, LTT_VERSION);
    ltt_put_u32(bytes + AT_HEADER_BYTES, LTT_HEADER_BYTES);
    put_u64(bytes + AT_FILE_BYTES, header->file_bytes);
    put_u64(bytes + AT_INDEX_OFFSET, header->index_offset);
    put_u64(bytes + AT_BLOCK_COUNT, header->block_count);
    put_u64(bytes + AT_REQUESTS, header->requests);
    put_u64(bytes + AT_WRITES, header->writes);
    put_u64(bytes + AT_DISTINCT, header->distinct_pages);
    put_u64(bytes + AT_PAGE_BYTES, header->page_bytes);
    put_u64(bytes + AT_FIRST_NS, header->first_ns);
    put_u64(bytes + AT_LAST_NS, header->last_ns);
    ltt_put_u32(bytes + AT_THREADS, header->threads);
    ltt_put_u32(bytes + AT_FLAGS, header->has_time ? FLAG_HAS_TIME : 0);
    put_u64(bytes + AT_SAMPLE, header->sample_threshold);
    put_u64(bytes + AT_SOURCE_REQUESTS, header->source_requests);
    put_u64(bytes + AT_SOURCE_BYTES, header->source_bytes);
    ltt_put_u32(bytes + AT_SOURCE_CRC32, header->source_crc32);
    memcpy(bytes + AT_SOURCE_FORMAT, header->source_format,
           LTT_FORMAT_NAME_BYTES);
    ltt_put_u32(bytes + AT_BLOCK_REQUESTS, header->block_requests);
    ltt_put_u32(bytes + AT_CRC32, crc32_of(bytes, AT_CRC32));
}

/* Do the numbers of the layout agree with each other? NULL: they do. */
static const char *check_layout(const struct ltt_header *header, unsigned *byte)
{
    *byte = AT_BLOCK_REQUESTS;
    if (header->block_requests == 0 ||
        header->block_requests > LTT_MAX_BLOCK_REQUESTS)
        return "a block of that many requests is not possible";
    *byte = AT_BLOCK_COUNT;
    uint64_t blocks = header->requests / header->block_requests +
                      (header->requests % header->block_requests != 0);
    if (header->block_count != blocks)
        return "the number of blocks does not fit the number of requests";
    *byte = AT_INDEX_OFFSET;
    if (header->index_offset < LTT_HEADER_BYTES ||
        (header->index_offset - LTT_HEADER_BYTES) / LTT_BLOCK_HEADER_BYTES <
            blocks)
        return "the index begins too early";
    *byte = AT_FILE_BYTES;
    if (header->file_bytes < header->index_offset ||
        header->file_bytes - header->index_offset !=
            blocks * LTT_INDEX_ENTRY_BYTES + LTT_INDEX_CRC_BYTES)
        return "the length of the index does not fit the number of blocks";
    *byte = AT_PAGE_BYTES;
    if (header->page_bytes == 0 ||
        (header->page_bytes & (header->page_bytes - 1)) != 0)
        return "the page size is no power of two";
    return NULL;
}

const char *ltt_header_decode(const unsigned char *bytes,
                              struct ltt_header *header, unsigned *byte)
{
    *byte = 0;
    if (memcmp(bytes, LTT_MAGIC, LTT_MAGIC_BYTES) != 0)
        return "this is no ltt trace";
    *byte = AT_VERSION;
    if (ltt_get_u32(bytes + AT_VERSION) != LTT_VERSION)
        return "a version of ltt that this program can't read";
    *byte = AT_CRC32;
    if (ltt_get_u32(bytes + AT_CRC32) != crc32_of(bytes, AT_CRC32))
        return "damaged header: its checksum is wrong";
    *byte = AT_HEADER_BYTES;
    if (ltt_get_u32(bytes + AT_HEADER_BYTES) != LTT_HEADER_BYTES)
        return "the header's length is wrong";
    *byte = AT_FLAGS;
    const uint32_t flags = ltt_get_u32(bytes + AT_FLAGS);
    if (flags & ~(uint32_t)FLAG_HAS_TIME)
        return "unknown flags";
    for (*byte = AT_RESERVED; *byte < AT_CRC32; ++*byte)
        if (bytes[*byte] != 0)
            return "a reserved byte is not zero";
    *header = (struct ltt_header){
        .file_bytes = get_u64(bytes + AT_FILE_BYTES),
        .index_offset = get_u64(bytes + AT_INDEX_OFFSET),
        .block_count = get_u64(bytes + AT_BLOCK_COUNT),
        .block_requests = ltt_get_u32(bytes + AT_BLOCK_REQUESTS),
        .requests = get_u64(bytes + AT_REQUESTS),
        .writes = get_u64(bytes + AT_WRITES),
        .first_ns = get_u64(bytes + AT_FIRST_NS),
        .last_ns = get_u64(bytes + AT_LAST_NS),
        .has_time = (flags & FLAG_HAS_TIME) != 0,
        .distinct_pages = get_u64(bytes + AT_DISTINCT),
        .page_bytes = get_u64(bytes + AT_PAGE_BYTES),
        .threads = ltt_get_u32(bytes + AT_THREADS),
        .sample_threshold = get_u64(bytes + AT_SAMPLE),
        .source_requests = get_u64(bytes + AT_SOURCE_REQUESTS),
        .source_bytes = get_u64(bytes + AT_SOURCE_BYTES),
        .source_crc32 = ltt_get_u32(bytes + AT_SOURCE_CRC32),
    };
    memcpy(header->source_format, bytes + AT_SOURCE_FORMAT,
           LTT_FORMAT_NAME_BYTES);
    header->source_format[LTT_FORMAT_NAME_BYTES - 1] = '\0';
    return check_layout(header, byte);
}

/* --- blocks and index ---------------------------------------------------------- */

void ltt_block_header_encode(const struct ltt_block_header *header,
                             unsigned char bytes[LTT_BLOCK_HEADER_BYTES])
{
    ltt_put_u32(bytes, header->packed_bytes);
    ltt_put_u32(bytes + 4, header->raw_bytes);
    ltt_put_u32(bytes + 8, header->requests);
    ltt_put_u32(bytes + 12, header->crc32);
}

void ltt_block_header_decode(const unsigned char *bytes,
                             struct ltt_block_header *header)
{
    *header = (struct ltt_block_header){
        .packed_bytes = ltt_get_u32(bytes),
        .raw_bytes = ltt_get_u32(bytes + 4),
        .requests = ltt_get_u32(bytes + 8),
        .crc32 = ltt_get_u32(bytes + 12),
    };
}

uint32_t ltt_block_crc32(const unsigned char header[LTT_BLOCK_HEADER_BYTES],
                         const unsigned char *frame, size_t frame_bytes)
{
    return (uint32_t)crc32(crc32_of(header, 12), frame, (uInt)frame_bytes);
}

void ltt_index_entry_encode(const struct ltt_index_entry *entry,
                            unsigned char bytes[LTT_INDEX_ENTRY_BYTES])
{
    put_u64(bytes, entry->offset);
    put_u64(bytes + 8, entry->first_request);
}

void ltt_index_entry_decode(const unsigned char *bytes,
                            struct ltt_index_entry *entry)
{
    *entry = (struct ltt_index_entry){get_u64(bytes), get_u64(bytes + 8)};
}

/* --- packing --------------------------------------------------------------------- */

bool ltt_packer_init(struct ltt_packer *packer)
{
    *packer = (struct ltt_packer){
        .raw = malloc(LTT_PAYLOAD_HEADER_BYTES +
                      (size_t)LTT_BLOCK_REQUESTS * LTT_MAX_REQUEST_BYTES),
        .times.bytes = malloc((size_t)LTT_BLOCK_REQUESTS * 13 + 32),
        .threads.bytes = malloc((size_t)LTT_BLOCK_REQUESTS * 8 + 32),
        .writes = malloc(LTT_BLOCK_REQUESTS / 8),
    };
    if (packer->raw && packer->times.bytes && packer->threads.bytes &&
        packer->writes) {
        ltt_packer_reset(packer);
        return true;
    }
    ltt_packer_release(packer);
    return false;
}

void ltt_packer_release(struct ltt_packer *packer)
{
    free(packer->raw);
    free(packer->times.bytes);
    free(packer->threads.bytes);
    free(packer->writes);
    *packer = (struct ltt_packer){.raw = NULL};
}

void ltt_packer_reset(struct ltt_packer *packer)
{
    packer->length = LTT_PAYLOAD_HEADER_BYTES;
    packer->times.length = packer->threads.length = 0;
    packer->times.count = packer->threads.count = 0;
    packer->page = packer->time_ns = 0;
    packer->requests = 0;
    memset(packer->writes, 0, LTT_BLOCK_REQUESTS / 8);
}

static void end_run(struct ltt_runs *runs)
{
    if (runs->count == 0)
        return;
    unsigned char *at = runs->bytes + runs->length;
    at = put_varint(at, runs->value);
    at = put_varint(at, runs->count);
    runs->length = (size_t)(at - runs->bytes);
    runs->count = 0;
}

static inline void add_to_run(struct ltt_runs *runs, uint64_t value)
{
    if (value != runs->value)
        end_run(runs);
    runs->value = value;
    runs->count++;
}

void ltt_packer_add(struct ltt_packer *packer,
                    const struct trace_record *records, size_t count,
                    bool has_time)
{
    unsigned char *at = packer->raw + packer->length;
    uint64_t page = packer->page;
    for (size_t i = 0; i < count; i++) {
        at = put_varint(at, zigzag(records[i].page - page));
        page = records[i].page;
        add_to_run(&packer->threads, records[i].thread);
        const uint32_t bit = packer->requests++;
        packer->writes[bit / 8] |= (unsigned char)(records[i].write << bit % 8);
    }
    packer->page = page;
    packer->length = (size_t)(at - packer->raw);
    for (size_t i = 0; has_time && i < count; i++) {
        add_to_run(&packer->times,
                   zigzag(records[i].time_ns - packer->time_ns));
        packer->time_ns = records[i].time_ns;
    }
}

/* Is there anything but zeros? */
static bool has_any(const unsigned char *bytes, size_t length)
{
    return length > 0 &&
           (bytes[0] != 0 || memcmp(bytes, bytes + 1, length - 1) != 0);
}

void ltt_packer_finish(struct ltt_packer *packer)
{
    const bool is_one_thread =
        packer->threads.length == 0 && packer->threads.value == 0;
    const size_t bitmap = (packer->requests + 7) / 8;
    end_run(&packer->times);
    end_run(&packer->threads);
    if (is_one_thread)
        packer->threads.length = 0; /* thread 0 throughout: no column */
    ltt_put_u32(packer->raw,
                (uint32_t)(packer->length - LTT_PAYLOAD_HEADER_BYTES));
    ltt_put_u32(packer->raw + 4, (uint32_t)packer->times.length);
    ltt_put_u32(packer->raw + 8, (uint32_t)packer->threads.length);
    unsigned char *at = packer->raw + packer->length;
    memcpy(at, packer->times.bytes, packer->times.length);
    at += packer->times.length;
    memcpy(at, packer->threads.bytes, packer->threads.length);
    at += packer->threads.length;
    if (has_any(packer->writes, bitmap)) {
        memcpy(at, packer->writes, bitmap);
        at += bitmap;
    }
    packer->length = (size_t)(at - packer->raw);
}

/* --- unpacking --------------------------------------------------------------------- */

/* Do the runs add up to the number of requests? */
static bool are_runs_sound(struct ltt_run_cursor cursor, uint32_t requests)
{
    uint64_t total = 0, value, count;
    while (cursor.at < cursor.end) {
        if (!read_varint(&cursor.at, cursor.end, &value) ||
            !read_varint(&cursor.at, cursor.end, &count) || count == 0 ||
            count > requests - total)
            return false;
        total += count;
    }
    return total == requests;
}

/* A varint ends at each byte without a mark. */
static size_t varints_in(const unsigned char *at, const unsigned char *end)
{
    size_t count = 0;
    for (; at < end; at++)
        count += *at < 0x80;
    return count;
}

const char *ltt_unpacker_init(struct ltt_unpacker *unpacker,
                              const unsigned char *raw, size_t length,
                              uint32_t requests)
{
    if (length < LTT_PAYLOAD_HEADER_BYTES)
        return "a block without columns";
    uint64_t left = length - LTT_PAYLOAD_HEADER_BYTES;
    const uint32_t pages = ltt_get_u32(raw), times = ltt_get_u32(raw + 4);
    const uint32_t threads = ltt_get_u32(raw + 8);
    if ((uint64_t)pages + times + threads > left)
        return "columns that are longer than their block";
    left -= (uint64_t)pages + times + threads;
    const unsigned char *at = raw + LTT_PAYLOAD_HEADER_BYTES;
    *unpacker = (struct ltt_unpacker){
        .page_at = at,
        .page_end = at + pages,
        .times = {.at = at + pages, .end = at + pages + times},
        .threads = {.at = at + pages + times,
                    .end = at + pages + times + threads},
        .writes = left > 0 ? at + pages + times + threads : NULL,
        .requests = requests,
    };
    if (varints_in(unpacker->page_at, unpacker->page_end) != requests ||
        (pages > 0 && unpacker->page_end[-1] >= 0x80))
        return "a column of pages of another length";
    if (times > 0 && !are_runs_sound(unpacker->times, requests))
        return "a column of times of another length";
    if (threads > 0 && !are_runs_sound(unpacker->threads, requests))
        return "a column of threads of another length";
    if (left > 0 && left != ((uint64_t)requests + 7) / 8)
        return "a column of writes of another length";
    if (times == 0)
        unpacker->times.left = requests;
    if (threads == 0)
        unpacker->threads.left = requests;
    return NULL;
}

/* Make sure that the run has requests left. */
static inline void next_run(struct ltt_run_cursor *cursor)
{
    if (cursor->left > 0)
        return;
    cursor->value = take_varint(&cursor->at);
    cursor->left = take_varint(&cursor->at);
}

static void take_times(struct ltt_unpacker *unpacker, struct trace_record *out,
                       size_t count)
{
    for (size_t i = 0; i < count;) {
        next_run(&unpacker->times);
        const uint64_t step = unzigzag(unpacker->times.value);
        for (; i < count && unpacker->times.left > 0; i++) {
            unpacker->times.left--;
            out[i].time_ns = unpacker->time_ns += step;
        }
    }
}

static void take_threads(struct ltt_unpacker *unpacker,
                         struct trace_record *out, size_t count)
{
    for (size_t i = 0; i < count;) {
        next_run(&unpacker->threads);
        const uint32_t thread = (uint32_t)unpacker->threads.value;
        for (; i < count && unpacker->threads.left > 0; i++) {
            unpacker->threads.left--;
            out[i].thread = thread;
        }
    }
}

size_t ltt_unpacker_take(struct ltt_unpacker *unpacker,
                         struct trace_record *out, size_t capacity)
{
    size_t count = unpacker->requests - unpacker->next;
    if (count > capacity)
        count = capacity;
    const unsigned char *at = unpacker->page_at;
    uint64_t page = unpacker->page;
    for (size_t i = 0; i < count; i++)
        out[i].page = page += unzigzag(take_varint(&at));
    unpacker->page_at = at;
    unpacker->page = page;
    take_times(unpacker, out, count);
    take_threads(unpacker, out, count);
    for (size_t i = 0; i < count; i++) {
        const size_t bit = unpacker->next + i;
        out[i].write =
            unpacker->writes && (unpacker->writes[bit / 8] >> bit % 8 & 1);
    }
    unpacker->next += (uint32_t)count;
    return count;
}
