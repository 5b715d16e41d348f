/*
 * The bytes of an ltt file (docs/FORMATS.md), for its reader and its writer.
 *
 * Requests of a block are stored by column, since each column repeats itself
 * in a way of its own:
 *
 *   pages     varint of the zigzag difference to the page before
 *   times     runs: difference to the time before, how many requests have it
 *   threads   runs: thread, how many requests have it
 *   writes    one bit a request
 */
#ifndef LOWTIDE_TRACE_LTT_BLOCK_H
#define LOWTIDE_TRACE_LTT_BLOCK_H

#include "trace/ltt.h"

#define LTT_MAGIC "\x89LTT\r\n\x1a\n"

enum {
    LTT_MAGIC_BYTES = 8,
    LTT_VERSION = 1,
    LTT_HEADER_BYTES = 160,
    LTT_BLOCK_HEADER_BYTES = 16,
    LTT_INDEX_ENTRY_BYTES = 16,
    LTT_INDEX_CRC_BYTES = 4,
    LTT_BLOCK_REQUESTS = 1 << 16, /* what this program writes */
    LTT_MAX_BLOCK_REQUESTS = 1 << 20,
    LTT_PAYLOAD_HEADER_BYTES = 12,
    /* No request takes more: 10 a page, 10 + 3 a time, 5 + 3 a thread, 1. */
    LTT_MAX_REQUEST_BYTES = 32,
    /* Bytes behind a payload that may be read, and written, past its end. */
    LTT_SLACK_BYTES = 8,
};

struct ltt_block_header {
    uint32_t packed_bytes; /* of the zstd frame behind it */
    uint32_t raw_bytes;    /* of what is in the frame */
    uint32_t requests;
    uint32_t crc32; /* of the three numbers and the frame */
};

struct ltt_index_entry {
    uint64_t offset; /* of the block's header, in the file */
    uint64_t first_request;
};

void ltt_header_encode(const struct ltt_header *header,
                       unsigned char bytes[LTT_HEADER_BYTES]);

/*
 * Read a header of LTT_HEADER_BYTES. Returns NULL, or what is wrong and at
 * which byte.
 */
const char *ltt_header_decode(const unsigned char *bytes,
                              struct ltt_header *header, unsigned *byte);

void ltt_block_header_encode(const struct ltt_block_header *header,
                             unsigned char bytes[LTT_BLOCK_HEADER_BYTES]);
void ltt_block_header_decode(const unsigned char *bytes,
                             struct ltt_block_header *header);
/* The checksum that belongs in the header of a block. */
uint32_t ltt_block_crc32(const unsigned char header[LTT_BLOCK_HEADER_BYTES],
                         const unsigned char *frame, size_t frame_bytes);

void ltt_index_entry_encode(const struct ltt_index_entry *entry,
                            unsigned char bytes[LTT_INDEX_ENTRY_BYTES]);
void ltt_index_entry_decode(const unsigned char *bytes,
                            struct ltt_index_entry *entry);

/* Little-endian numbers. */
uint32_t ltt_get_u32(const unsigned char *bytes);
void ltt_put_u32(unsigned char *bytes, uint32_t value);

/* --- writing a payload ------------------------------------------------------ */

/* A column of runs under way. */
struct ltt_runs {
    unsigned char *bytes; /* owned by the packer */
    size_t length;
    uint64_t value; /* of the run that is open */
    uint64_t count; /* of its requests; 0: none is open */
};

/* A block that is being filled. */
struct ltt_packer {
    unsigned char *raw; /* pages, and at the end the whole payload */
    size_t length;
    struct ltt_runs times, threads;
    unsigned char *writes;
    uint64_t page, time_ns; /* of the request before */
    uint32_t requests;
};

/* False: no memory; nothing is held then. */
bool ltt_packer_init(struct ltt_packer *packer);
void ltt_packer_release(struct ltt_packer *packer);
/* Add requests, at most as many as fit LTT_BLOCK_REQUESTS. */
void ltt_packer_add(struct ltt_packer *packer,
                    const struct trace_record *records, size_t count,
                    bool has_time);
/* Complete the payload: `raw`, `length`. */
void ltt_packer_finish(struct ltt_packer *packer);
/* Begin the next block. */
void ltt_packer_reset(struct ltt_packer *packer);

/* --- reading a payload ------------------------------------------------------ */

/* Where a column of runs is read. */
struct ltt_run_cursor {
    const unsigned char *at, *end;
    uint64_t value;
    uint64_t left; /* requests that the run still has */
};

/* A payload that is being read. */
struct ltt_unpacker {
    const unsigned char *page_at, *page_end;
    struct ltt_run_cursor times, threads;
    const unsigned char *writes;
    uint64_t page, time_ns;
    uint32_t next, requests;
};

/*
 * Find the columns of a payload and check all of it, so that taking requests
 * can't fail.
 *
 *   raw   `length` bytes, and LTT_SLACK_BYTES more that may be read; borrowed
 *         until the last request is taken
 *
 * Returns NULL or what is wrong.
 */
const char *ltt_unpacker_init(struct ltt_unpacker *unpacker,
                              const unsigned char *raw, size_t length,
                              uint32_t requests);
/* The next requests, as many as there are; 0 at the end of the block. */
size_t ltt_unpacker_take(struct ltt_unpacker *unpacker,
                         struct trace_record *out, size_t capacity);

#endif
