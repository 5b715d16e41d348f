/*
 * lowtide's own trace format: what is in a file's header, and how one is
 * written. docs/FORMATS.md specifies the bytes; trace.h reads them.
 *
 *   header | block 0 | block 1 | ... | index
 *
 * A block holds a fixed number of requests (the last one fewer), can be
 * decompressed without any other, and has a checksum. The header has the file's
 * length and the place of the index, so a cut file is noticed when it is opened
 * and any request is two reads away.
 */
#ifndef LOWTIDE_TRACE_LTT_H
#define LOWTIDE_TRACE_LTT_H

#include "trace/trace.h"

enum { LTT_FORMAT_NAME_BYTES = 16 };

/* Facts about a trace file; all of it is in the file's header. */
struct ltt_header {
    /* layout: set by the writer */
    uint64_t file_bytes;
    uint64_t index_offset;
    uint64_t block_count;
    uint32_t block_requests; /* in every block but the last */

    /* contents: set by the writer */
    uint64_t requests;
    uint64_t writes;
    uint64_t first_ns, last_ns; /* the smallest and largest time; 0: none */
    bool has_time;

    /* contents: known to the caller of ltt_writer_close() */
    uint64_t distinct_pages;
    uint64_t page_bytes; /* a power of two */
    uint32_t threads;    /* distinct */

    uint64_t sample_threshold; /* which pages are here: trace_is_sampled() */

    /* where it came from */
    char source_format[LTT_FORMAT_NAME_BYTES]; /* as --format spells it */
    uint64_t source_requests;                  /* before sampling */
    uint64_t source_bytes;                     /* of the file as it is stored */
    uint32_t source_crc32;                     /* of the same bytes */
};

enum ltt_status {
    LTT_OK,
    LTT_PATH, /* the file can't be made: a wrong path, no right */
    LTT_HOST, /* disk or memory */
};

struct ltt_writer;

/*
 * Begin a file. It is written beside `path` under another name and appears
 * under its own when it is closed; a file that is there is replaced then.
 *
 *   has_time   whether records carry times; if not, they are not looked at
 *   message    what is wrong, a line without '\n'; at least 256 bytes
 *
 * Returns LTT_OK and a writer owned by the caller.
 */
enum ltt_status ltt_writer_open(const char *path, bool has_time,
                                struct ltt_writer **writer, char *message,
                                size_t message_bytes);

/* Append records. Returns LTT_OK or LTT_HOST. */
enum ltt_status ltt_writer_append(struct ltt_writer *writer,
                                  const struct trace_record *records,
                                  size_t count, char *message,
                                  size_t message_bytes);

/*
 * Finish the file, put it in place and free the writer, whatever comes.
 *
 *   header   the caller's part is read; the writer's part is filled in
 */
enum ltt_status ltt_writer_close(struct ltt_writer *writer,
                                 struct ltt_header *header, char *message,
                                 size_t message_bytes);

/* Leave no file behind and free the writer; NULL is fine. */
void ltt_writer_abandon(struct ltt_writer *writer);

#endif
