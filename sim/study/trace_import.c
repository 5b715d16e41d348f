#include "study/trace_import.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/trace_ids.h"
#include "trace/trace_sample.h"

/* As many records as a first-level cache holds. */
enum { BATCH = 1024 };

struct importing {
    const struct trace_import *import;
    struct trace *trace;
    struct ltt_writer *writer;
    struct trace_ids pages, threads;
    bool has_pages, has_threads; /* they are initialised */
    uint32_t thread;             /* seen last */
    uint64_t kept;
    struct ltt_header header;
    char *message;
    size_t message_bytes;
};

__attribute__((format(printf, 3, 4))) static enum study_status
say(struct importing *importing, enum study_status status, const char *format,
    ...)
{
    va_list values;
    va_start(values, format);
    (void)vsnprintf(importing->message, importing->message_bytes, format,
                    values);
    va_end(values);
    return status;
}

static enum study_status of_writer(enum ltt_status status)
{
    static const enum study_status statuses[] = {
        [LTT_OK] = STUDY_OK,
        [LTT_PATH] = STUDY_INPUT,
        [LTT_HOST] = STUDY_HOST,
    };
    return statuses[status];
}

/* --- opening -------------------------------------------------------------------- */

/* What the trace says about itself; NULL, or why it can't be. */
static enum study_status take_facts(struct importing *importing)
{
    const struct trace_import *import = importing->import;
    const struct ltt_header *source = trace_ltt_header(importing->trace);
    struct ltt_header *header = &importing->header;
    header->page_bytes = trace_page_bytes(importing->trace);
    header->sample_threshold = import->sample_threshold;
    (void)snprintf(header->source_format, sizeof header->source_format, "%s",
                   trace_format_name(trace_get_format(importing->trace)));
    if (!source)
        return STUDY_OK;
    if (import->options.page_size &&
        import->options.page_size != source->page_bytes)
        return say(importing, STUDY_INPUT,
                   "%s: its pages have %llu bytes, and can't get another size",
                   import->path, (unsigned long long)source->page_bytes);
    if (source->sample_threshold &&
        (!header->sample_threshold ||
         source->sample_threshold < header->sample_threshold))
        header->sample_threshold = source->sample_threshold;
    return STUDY_OK;
}

static enum study_status open_all(struct importing *importing)
{
    const struct trace_import *import = importing->import;
    importing->trace = trace_open(import->path, &import->options,
                                  importing->message, importing->message_bytes);
    if (!importing->trace)
        return STUDY_INPUT;
    enum study_status status = take_facts(importing);
    if (status != STUDY_OK)
        return status;
    importing->has_pages = trace_ids_init(&importing->pages);
    importing->has_threads = trace_ids_init(&importing->threads);
    if (!importing->has_pages || !importing->has_threads)
        return say(importing, STUDY_HOST, "out of memory");
    return of_writer(ltt_writer_open(
        import->to, trace_has_time(importing->trace), &importing->writer,
        importing->message, importing->message_bytes));
}

static void close_all(struct importing *importing)
{
    ltt_writer_abandon(importing->writer);
    if (importing->has_pages)
        trace_ids_release(&importing->pages);
    if (importing->has_threads)
        trace_ids_release(&importing->threads);
    if (importing->trace)
        trace_close(importing->trace);
}

/* --- reading ---------------------------------------------------------------------- */

/* Move those of the sample to the front; returns how many there are. */
static size_t keep_sample(struct trace_record *records, size_t count,
                          uint64_t threshold)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        records[kept] = records[i];
        kept += trace_is_sampled(records[i].page, threshold);
    }
    return kept;
}

static bool count_records(struct importing *importing,
                          const struct trace_record *records, size_t count)
{
    uint32_t number;
    for (size_t i = 0; i < count; i++)
        trace_ids_prefetch(&importing->pages, records[i].page);
    for (size_t i = 0; i < count; i++) {
        if (!trace_ids_page(&importing->pages, records[i].page, &number))
            return false;
        if (records[i].thread == importing->thread &&
            importing->threads.count > 0)
            continue;
        importing->thread = records[i].thread;
        if (!trace_ids_page(&importing->threads, records[i].thread, &number))
            return false;
    }
    return true;
}

static enum study_status read_all(struct importing *importing)
{
    const struct trace_import *import = importing->import;
    struct trace_record records[BATCH];
    ptrdiff_t got;
    while ((got = trace_next(importing->trace, records, BATCH)) > 0) {
        if (import->interrupted && *import->interrupted)
            return say(importing, STUDY_INTERRUPTED, "interrupted");
        importing->header.source_requests += (uint64_t)got;
        const size_t kept = keep_sample(records, (size_t)got,
                                        importing->header.sample_threshold);
        if (!count_records(importing, records, kept))
            return say(importing, STUDY_HOST,
                       "%s: too many distinct pages for this machine's memory",
                       import->path);
        const enum study_status status = of_writer(
            ltt_writer_append(importing->writer, records, kept,
                              importing->message, importing->message_bytes));
        if (status != STUDY_OK)
            return status;
        importing->kept += kept;
    }
    if (got < 0)
        return say(importing, STUDY_INPUT, "%s", trace_error(importing->trace));
    if (importing->header.source_requests == 0)
        return say(importing, STUDY_INPUT, "%s: the trace is empty",
                   import->path);
    if (importing->kept == 0)
        return say(importing, STUDY_INPUT,
                   "%s: none of its pages is in the sample", import->path);
    return STUDY_OK;
}

static enum study_status finish(struct importing *importing)
{
    struct ltt_header *header = &importing->header;
    if (!trace_stored_crc32(importing->trace, &header->source_bytes,
                            &header->source_crc32))
        return say(importing, STUDY_HOST, "%s: can't be read again",
                   importing->import->path);
    header->distinct_pages = importing->pages.count;
    header->threads = (uint32_t)importing->threads.count;
    struct ltt_writer *writer = importing->writer;
    importing->writer = NULL;
    return of_writer(ltt_writer_close(writer, header, importing->message,
                                      importing->message_bytes));
}

enum study_status trace_import_run(const struct trace_import *import,
                                   struct ltt_header *header, char *message,
                                   size_t message_bytes)
{
    struct importing importing = {
        .import = import,
        .message = message,
        .message_bytes = message_bytes,
    };
    enum study_status status = open_all(&importing);
    if (status == STUDY_OK)
        status = read_all(&importing);
    if (status == STUDY_OK)
        status = finish(&importing);
    if (status == STUDY_OK)
        *header = importing.header;
    close_all(&importing);
    return status;
}
