/*
 * Trace readers: memory references of real programs from files.
 *
 *   trace_open --> trace_read, trace_read, ... --> trace_close
 *
 * One file per format (trace_text.c ...), each behind a small ops table; a
 * file compressed with zstd or gzip is read through a stream, a plain one is
 * mapped into memory. A damaged or truncated trace ends with a message that
 * names the byte offset (in the decompressed stream where there is one).
 */
#ifndef LOWTIDE_TRACE_H
#define LOWTIDE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trace_format {
    TRACE_AUTO, /* by content and name */
    TRACE_TEXT, /* a page number a line, decimal or 0x hex, optional ` w` */
    TRACE_LACKEY,         /* valgrind --tool=lackey --trace-mem=yes */
    TRACE_ORACLE_GENERAL, /* 24-byte little-endian records */
    TRACE_CSV,
    TRACE_FORMAT_COUNT
};

/* The format's name as users spell it ("oracleGeneral"). */
const char *trace_format_name(enum trace_format format);
/* False: there is no such format. */
bool trace_format_parse(const char *name, enum trace_format *format);

struct trace_record {
    uint64_t id;     /* page number, or the object id of the trace */
    uint64_t time;   /* in the trace's own unit; 0 where it has none */
    uint64_t offset; /* byte offset of the record in the (decompressed) trace */
    bool is_write;
};

struct trace_options {
    enum trace_format format;
    uint64_t page_size;      /* bytes; addresses become pages. 0: 4096 */
    unsigned time_column;    /* csv, from 1; 0: none */
    unsigned page_column;    /* csv; 0: 1, the first */
    unsigned write_column;   /* csv; 0: none */
};

/* Read `time=1,page=2,write=3` into the options. False: `message` is set. */
bool trace_columns_parse(const char *text, struct trace_options *options,
                         char *message, size_t message_bytes);

struct trace;

/* NULL: `message` says what is wrong, naming the path. */
struct trace *trace_open(const char *path, const struct trace_options *options,
                         char *message, size_t message_bytes);
void trace_close(struct trace *trace);

/*
 * Fill up to `capacity` records. Returns how many, 0 at the end or on a
 * failure: trace_error() tells the two apart.
 */
size_t trace_read(struct trace *trace, struct trace_record *records,
                  size_t capacity);
/* NULL, or what is wrong with the trace, with its byte offset. */
const char *trace_error(const struct trace *trace);

/* Start again at the first record. False: see trace_error(). */
bool trace_rewind(struct trace *trace);

enum trace_format trace_format_of(const struct trace *trace);
/* Records in the trace where the format tells without reading, else 0. */
uint64_t trace_record_count(const struct trace *trace);
/* Bytes of the file that are mapped into memory (0: none), and how many of
 * them are resident now: for memory figures. */
size_t trace_mapped_bytes(const struct trace *trace);

/*
 * The fast way for plain oracleGeneral files: the mapped records, 24 bytes
 * each with the id at byte 4, or NULL when the trace is not one.
 */
const unsigned char *trace_oracle_records(const struct trace *trace,
                                          uint64_t *count);

#endif
