#include "study/replay_future.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "trace/trace_ids.h"

enum { FIRST_ROOM = 1 << 16, READ_AT_ONCE = 256 };

struct reading {
    const struct replay_config *config;
    struct trace *trace;
    struct trace_ids ids;
    uint32_t *pages; /* by request; becomes the times of next use */
    uint64_t count, room;
    uint64_t page_limit; /* past the highest page */
    char *message;
    size_t message_bytes;
};

static enum replay_status no_memory(const struct reading *reading)
{
    snprintf(reading->message, reading->message_bytes,
             "%s: policy %s needs to know the whole trace: out of memory after "
             "%" PRIu64 " requests",
             reading->config->path, reading->config->policy->name,
             reading->count);
    return REPLAY_HOST;
}

static bool note_page(struct reading *reading, uint32_t page)
{
    if (reading->count == reading->room) {
        const uint64_t room = reading->room ? reading->room * 2 : FIRST_ROOM;
        uint32_t *grown = realloc(reading->pages, room * sizeof *grown);

        if (!grown)
            return false;
        reading->pages = grown;
        reading->room = room;
    }
    reading->pages[reading->count++] = page;
    if (page >= reading->page_limit)
        reading->page_limit = (uint64_t)page + 1;
    return reading->count < UINT32_MAX;
}

static bool note(struct reading *reading, uint64_t id)
{
    uint32_t page = (uint32_t)id;

    return (reading->config->vmo_pages ||
            trace_ids_page(&reading->ids, id, &page)) &&
           note_page(reading, page);
}

/* The requests of a trace that was read before. */
static enum replay_status read_pages(struct reading *reading)
{
    const struct replay_pages *pages = reading->config->pages;

    for (uint64_t n = 0; n < pages->count; n++)
        if (!note_page(reading, pages->page[n]))
            return no_memory(reading);
    return REPLAY_OK;
}

/* Stops at a page that is past the VMO's end: the replay says so when it gets
 * there. */
static enum replay_status read_all(struct reading *reading)
{
    const uint64_t limit = reading->config->vmo_pages;
    struct trace_record records[READ_AT_ONCE];
    ptrdiff_t got;

    while ((got = trace_next(reading->trace, records, READ_AT_ONCE)) > 0)
        for (ptrdiff_t n = 0; n < got; n++) {
            if (limit && records[n].page >= limit)
                return REPLAY_OK;
            if (!note(reading, records[n].page))
                return no_memory(reading);
        }
    if (got == 0)
        return REPLAY_OK;
    snprintf(reading->message, reading->message_bytes, "%s",
             trace_error(reading->trace));
    return REPLAY_BAD_INPUT;
}

/* From pages to times of next use, in place. */
static bool look_ahead(struct reading *reading)
{
    uint32_t *used_next = calloc(reading->page_limit + 1, sizeof *used_next);

    if (!used_next)
        return false;
    for (uint64_t n = reading->count; n-- > 0;) {
        const uint32_t page = reading->pages[n];

        reading->pages[n] = used_next[page];
        used_next[page] = (uint32_t)(n + 1);
    }
    free(used_next);
    return true;
}

static enum replay_status read_trace(struct reading *reading)
{
    const struct replay_config *config = reading->config;

    reading->trace = trace_open(config->path, &config->options,
                                reading->message, reading->message_bytes);
    if (!reading->trace)
        return REPLAY_BAD_INPUT;
    enum replay_status status = REPLAY_HOST;
    if (trace_ids_init(&reading->ids)) {
        status = read_all(reading);
        trace_ids_release(&reading->ids);
    } else {
        no_memory(reading);
    }
    trace_close(reading->trace);
    return status;
}

enum replay_status replay_future_read(struct replay_future *future,
                                      const struct replay_config *config,
                                      char *message, size_t message_bytes)
{
    struct reading reading = {
        .config = config,
        .message = message,
        .message_bytes = message_bytes,
    };
    enum replay_status status =
        config->pages ? read_pages(&reading) : read_trace(&reading);

    *future = (struct replay_future){.count = 0};
    if (status == REPLAY_OK && !look_ahead(&reading))
        status = no_memory(&reading);
    if (status == REPLAY_OK)
        *future = (struct replay_future){reading.pages, reading.count};
    else
        free(reading.pages);
    return status;
}

void replay_future_release(struct replay_future *future)
{
    free(future->next_use);
    *future = (struct replay_future){.count = 0};
}
