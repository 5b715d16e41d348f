/*
 * What the trace readers share: the bytes of a file, plain or decompressed,
 * the lines in them, and the table that each format fills in.
 */
#ifndef LOWTIDE_TRACE_INTERNAL_H
#define LOWTIDE_TRACE_INTERNAL_H

#include "trace/trace.h"

/* ---- Bytes (trace_source.c) ---------------------------------------------- */

/*
 *   file:   |-- consumed --|== data, length ==|-- more --|
 *                          ^ offset
 */
struct trace_source {
    const unsigned char *data; /* contiguous, not consumed yet */
    size_t length;
    uint64_t offset; /* of data[0], in the decompressed stream */
    bool is_at_end;  /* nothing comes behind `data` */
    bool is_compressed;
    const char *failure; /* NULL, or what broke the stream */

    int file;
    unsigned char *buffer; /* the window */
    size_t buffer_bytes;
    unsigned char *map; /* instead of the window: trace_source_map() */
    size_t map_bytes;

    /* compressed files */
    const struct trace_codec *codec; /* NULL: a plain file */
    void *codec_state;
    unsigned char *in;
    size_t in_length, in_position;
    bool in_at_end;
    bool is_frame_open; /* a frame has begun and not ended */
};

/* False: `failure` or errno (when that is NULL) says why. */
bool trace_source_open(struct trace_source *source, const char *path);
void trace_source_close(struct trace_source *source);
/* Get more bytes behind those there; false at the end or on a failure. */
bool trace_source_more(struct trace_source *source);
void trace_source_consume(struct trace_source *source, size_t bytes);
bool trace_source_rewind(struct trace_source *source);
/* Map a plain file as a whole, which must not be empty; false: errno. */
bool trace_source_map(struct trace_source *source);
/* A mapped file: stand at a byte of the file, which is not past its end. */
void trace_source_place(struct trace_source *source, uint64_t offset);
/* Length and CRC-32 of the file as it is stored; false: can't be read. */
bool trace_source_crc32(const struct trace_source *source, uint64_t *bytes,
                        uint32_t *crc);

/* ---- Formats ---------------------------------------------------------------- */

enum { TRACE_MAX_LINE = 65536 };

struct trace;
struct trace_line;

struct trace_ops {
    /* Look at the beginning before anything is read; false: failed. */
    bool (*open)(struct trace *trace); /* NULL: nothing to do */
    void (*close)(struct trace *trace);
    /* Fill up to `capacity` records and their offsets; 0: end; -1: failed. */
    ptrdiff_t (*next)(struct trace *trace, struct trace_record *out,
                      size_t capacity);
    /* For trace_next_of_lines(): one line's record: 1, 0 if it has none, -1. */
    int (*parse)(struct trace *trace, const struct trace_line *line,
                 struct trace_record *record);
    /* Forget what was read; the source is at its beginning. */
    bool (*rewind)(struct trace *trace); /* NULL: nothing to do */
    /* Stand at a request; NULL: by reading up to it. */
    bool (*seek)(struct trace *trace, uint64_t request);
    bool has_time; /* of every trace; see also trace.has_time */
    /* Where records are: `offsets` has each, or they are so far apart. */
    bool lists_offsets;
    unsigned record_bytes;
    /* Written by a program that ends every line: one without is cut off. */
    bool wants_line_ends;
};

extern const struct trace_ops trace_text_ops;
extern const struct trace_ops trace_lackey_ops;
extern const struct trace_ops trace_oracle_ops;
extern const struct trace_ops trace_csv_ops;
extern const struct trace_ops trace_ltt_ops;
extern const struct trace_ops trace_damo_ops;
extern const struct trace_ops trace_perf_ops;

enum trace_column {
    COLUMN_PAGE,
    COLUMN_ADDRESS,
    COLUMN_TIME,
    COLUMN_WRITE,
    COLUMN_THREAD,
    COLUMN_COUNT
};

/*
 * Page numbers of several address spaces: the first one's as they are, those of
 * number k plus k << TRACE_SPACE_SHIFT.
 */
enum { TRACE_SPACE_SHIFT = 52, TRACE_MAX_SPACES = 4096 };
struct trace_spaces {
    uint64_t *names; /* process or target, by number */
    size_t count, room;
    size_t last; /* number that was looked up last */
};

struct trace {
    struct trace_source source;
    char *path;
    enum trace_format format;
    const struct trace_ops *ops;
    uint64_t page_size;
    char error[512]; /* empty: none */

    uint64_t *offsets; /* of the last batch's records; NULL: fixed size */
    size_t offset_capacity;
    uint64_t batch_offset; /* of the first record, fixed-size formats */
    uint64_t line;         /* of lines read so far */
    bool has_time;

    unsigned columns[COLUMN_COUNT]; /* from 1; 0: not there */
    bool has_columns;               /* given by the caller */
    bool is_header_seen;

    unsigned text_base; /* text: 10 or 16; 0: no number read yet */

    uint64_t pending_page; /* lackey: rest of an access that straddles */
    uint64_t pending_count;
    uint64_t pending_offset;
    bool pending_write;

    struct trace_spaces spaces; /* damo, perf */
    bool is_sample_seen;        /* perf */
    struct trace_damo *damo;
    struct trace_ltt *ltt;
};

struct trace_line {
    const char *text; /* not terminated; no line end in it */
    size_t length;
    uint64_t offset;
};

/* Note a failure at a byte; returns -1. */
ptrdiff_t trace_fail(struct trace *trace, uint64_t offset, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));
/* Note what is wrong with a line, which is quoted up to `most` bytes; -1. */
int trace_fail_line(struct trace *trace, const struct trace_line *line,
                    size_t most, const char *reason);
/* The next line that is neither blank nor a comment: 1, 0 at the end, -1. */
int trace_next_line(struct trace *trace, struct trace_line *line);
/* The `next` of formats that have one record a line at most: see `parse`. */
ptrdiff_t trace_next_of_lines(struct trace *trace, struct trace_record *out,
                              size_t capacity);
/* A decimal or 0x number at `*at`, which moves behind it. */
bool trace_number(const char **at, const char *end, unsigned base,
                  uint64_t *value);
/*
 * The number of an address space, by first appearance; false after a failure
 * at `offset`: too many, or no memory.
 */
bool trace_space(struct trace *trace, uint64_t name, uint64_t offset,
                 uint64_t *number);
/* Pages that hold addresses of several spaces are 4 KiB at least. */
bool trace_check_spaces(struct trace *trace);
/* Is the line a sample of perf script? */
bool trace_perf_is_sample(const char *text, size_t length);
/* Set the columns from "NAME=N,..."; false: `error` is set. */
bool trace_csv_columns(struct trace *trace, const char *text);

#endif
