/*
 * Memory traces: one reader for every format.
 *
 *   format         a line or record                       time      thread
 *   text           PAGE [w]                               no        no
 *   lackey         " L ADDR,SIZE" (also S, M, I)          no        no
 *   oracleGeneral  24 bytes: u32 time, u64 id, u32 size,  seconds   no
 *                  i64 next access; little-endian
 *   csv            columns by number, see `columns`       ns        optional
 *   damo           "START-END (SIZE) ACCESSES AGE"        ns        target
 *   perf           "COMM PID/TID TIME: EVENT: ADDR"       ns        thread
 *   ltt            lowtide's own, binary: ltt.h           optional  optional
 *
 * Each is also read through zstd and gzip, which are recognised by content.
 * Numbers in text are decimal or 0x hex, unsigned, up to 64 bits; blank lines
 * and lines that begin with '#' are skipped.
 *
 * text: one page number a line, ` w` after it for a write. A trace whose first
 * number has hex letters without 0x is hexadecimal throughout.
 *
 * lackey: what `valgrind --tool=lackey --trace-mem=yes` prints. Addresses are
 * hexadecimal and divided by the page size; an access that straddles pages
 * touches each of them. Loads read; stores and modifies write. Instruction
 * fetches are skipped, and so are valgrind's own ==PID== and --PID-- lines
 * and lines of dashes.
 *
 * oracleGeneral: ids are taken as they are, sizes and next accesses are not
 * looked at; every record is a read.
 *
 * csv: comma, semicolon or tab between fields, no quoting. A first line whose
 * fields are names is a header; without `columns` the header's names decide,
 * and without either the default is "time=1,page=2,write=3".
 *
 * damo: what `damo report raw` prints. A region that was found accessed in n of
 * a snapshot's samples becomes n reads of each of its pages, spread evenly over
 * the snapshot: trace_damo.c.
 *
 * perf: what `perf script -F comm,pid,tid,time,event,addr` prints of page
 * faults and memory samples: trace_perf.c.
 *
 * damo and perf: pages of the first address space (target, process) are as they
 * are, those of the k-th after it have k << 52 added.
 *
 * Programs end every line that they write, so lackey, damo and perf take a last
 * line without an end for a cut file; people don't, so text and csv don't.
 */
#ifndef LOWTIDE_TRACE_TRACE_H
#define LOWTIDE_TRACE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trace_format {
    TRACE_AUTO,
    TRACE_TEXT,
    TRACE_LACKEY,
    TRACE_ORACLE_GENERAL,
    TRACE_CSV,
    TRACE_DAMO,
    TRACE_PERF,
    TRACE_LTT,
    TRACE_FORMAT_COUNT
};

/* The format as --format spells it; "auto" for TRACE_AUTO. */
const char *trace_format_name(enum trace_format format);

/* Read a format's name; false if `name` names none. */
bool trace_format_parse(const char *name, enum trace_format *format);

/* One access. */
struct trace_record {
    uint64_t page; /* page number, or the id of oracleGeneral */
    /* ns since the time of the trace's own clock; 0 in formats without */
    uint64_t time_ns;
    uint32_t thread; /* 0 in formats without */
    bool write;
};

struct trace_options {
    enum trace_format format;
    /*
     * csv only, borrowed during trace_open; NULL: header or default.
     * "NAME=N,..." with N counted from 1. Names: `page` (page number), `addr`
     * (bytes, divided by the page size; instead of `page`), `time` (ns),
     * `write` (0 1 r w read write false true R W ...), `thread`.
     */
    const char *columns;
    uint64_t page_size; /* bytes, a power of two; 0: 4096 */
};

struct trace;
struct ltt_header;

/*
 * Open a trace.
 *
 *   path      a file; not a directory
 *   options   borrowed; NULL: all defaults
 *   error     receives a line without '\n' when NULL is returned
 *
 * Returns a reader owned by the caller, or NULL: the file is missing, the
 * format can't be told, the columns make no sense, or it is damaged at once.
 */
struct trace *trace_open(const char *path, const struct trace_options *options,
                         char *error, size_t error_size);

void trace_close(struct trace *trace);

/*
 * The next records, in the order of the file.
 *
 *   out        room for `capacity` > 0 records; 4096 is a good number
 *
 * Returns how many were read, 0 at the end of the trace, -1 on damage or a
 * read error: trace_error then says what and where. Records before the damage
 * have been returned by earlier calls.
 */
ptrdiff_t trace_next(struct trace *trace, struct trace_record *out,
                     size_t capacity);

/*
 * What went wrong, a line without '\n': path, byte offset (of the
 * decompressed text where the file is compressed, said as such), reason.
 * NULL while nothing has.
 */
const char *trace_error(const struct trace *trace);

/* Begin again at the first record. False (see trace_error) on a pipe. */
bool trace_rewind(struct trace *trace);

/*
 * Stand before a request, counted from 0, so that trace_next gives it first.
 * An ltt file looks the place up; other traces are read up to there. False (see
 * trace_error): the trace is damaged or ends before it.
 */
bool trace_seek(struct trace *trace, uint64_t request);

/*
 * Byte offset, decompressed, of record `index` of those that the last
 * trace_next returned: for messages about a record's content. In an ltt file it
 * is that of the record's block.
 */
uint64_t trace_record_offset(const struct trace *trace, size_t index);

/* Is the file compressed, so that offsets are decompressed ones? */
bool trace_is_compressed(const struct trace *trace);

/* The format in use, never TRACE_AUTO. */
enum trace_format trace_get_format(const struct trace *trace);

/*
 * Bytes in a page: what addresses were divided by, 4096 where nobody said
 * anything, and in an ltt file what its header says, whatever the options.
 */
uint64_t trace_page_bytes(const struct trace *trace);

/* An ltt file's header, borrowed; NULL: another format. See ltt.h. */
const struct ltt_header *trace_ltt_header(const struct trace *trace);

/*
 * Length and CRC-32 of the file as it is stored, compressed or not; reads all
 * of it. False: it can't be read.
 */
bool trace_stored_crc32(const struct trace *trace, uint64_t *bytes,
                        uint32_t *crc);

/* Do this trace's records carry times? */
bool trace_has_time(const struct trace *trace);

#endif
