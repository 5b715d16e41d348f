/*
 * The loop. A hit costs loads that depend on each other: where the id's page
 * number is, the mapping entry, the policy's memory for the page; a miss some
 * more. Each is at a random place, so one request after the other would wait
 * for each of them in turn. Instead the requests move through four steps, 64
 * at a time, and every step fetches what the next one will need:
 *
 *   requests   0 ..... 64 ..... 128 ..... 192 ..... 256 ...
 *              access  lead     number    fetch
 *
 *   fetch   where the ids' page numbers are
 *   number  ids become pages; fetch the pages' mapping entries
 *   lead    entries lead to the policy's memory, or to the page list: fetch
 *   access  the request itself, in order; only this step changes anything
 *
 * What was fetched may be out of date by then: it is only looked at again.
 */
#include "study/replay.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "study/replay_ids.h"
#include "study/replay_memory.h"
#include "study/replay_vmo.h"

enum { BATCH = 64, BATCHES = 32, CHUNK = BATCH * BATCHES };

struct replay {
    const struct replay_config *config;
    struct trace *trace;
    struct replay_ids ids;
    struct replay_vmo vmo;
    uint64_t requests;
    uint64_t next_tick; /* requests */
    uint64_t memory_before;
    uint64_t memory_peak;
    char *message;
    size_t message_bytes;
};

/* What was read at once. */
struct chunk {
    struct trace_record records[CHUNK];
    uint32_t pages[CHUNK];
    size_t count;
};

/* Some of its requests. */
struct span {
    size_t begin, end;
};

__attribute__((format(printf, 3, 4))) static enum replay_status
say(struct replay *replay, enum replay_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(replay->message, replay->message_bytes, format, arguments);
    va_end(arguments);
    return status;
}

static enum replay_status no_memory(struct replay *replay)
{
    return say(replay, REPLAY_HOST,
               "%s: out of memory after %" PRIu64 " requests",
               replay->config->path, replay->requests);
}

static void note_memory(struct replay *replay)
{
    uint64_t now = replay_resident_bytes();
    if (now > replay->memory_peak)
        replay->memory_peak = now;
}

static void watch(struct replay *replay)
{
    const struct replay_config *config = replay->config;
    const struct vm_machine *machine = &replay->vmo.machine;
    replay->next_tick = replay->requests + REPLAY_TICK_REQUESTS;
    note_memory(replay);
    if (!config->watch)
        return;
    struct replay_state state = {
        .requests = replay->requests,
        .misses = replay->vmo.misses,
        .first_touches = replay->vmo.first_touches,
        .refaults = replay->vmo.misses - replay->vmo.first_touches,
        .evicted = machine->stats.evicted_pages,
        .free_pages = machine->pmm.free_pages,
        .reclaimable_pages = machine->pqs.count[PQ_RECLAIM],
        .ops = machine->pqs.ops,
        .policy = machine->pqs.policy,
    };
    config->watch(config->context, &state);
}

/* --- the four steps --------------------------------------------------------- */

static void fetch(const struct replay *replay, const struct chunk *chunk,
                  struct span span)
{
    if (replay->config->vmo_pages)
        return;
    for (size_t n = span.begin; n < span.end; n++)
        replay_ids_prefetch(&replay->ids, chunk->records[n].page);
}

/* With --vmo-size the ids are the pages. */
static enum replay_status take_pages(struct replay *replay, struct chunk *chunk,
                                     struct span span)
{
    uint64_t limit = replay->config->vmo_pages;
    for (size_t n = span.begin; n < span.end; n++) {
        uint64_t page = chunk->records[n].page;
        if (page >= limit)
            return say(replay, REPLAY_BAD_INPUT,
                       "%s: byte %" PRIu64 ": page %" PRIu64
                       " is past the end of a VMO of %" PRIu64 " pages",
                       replay->config->path,
                       trace_record_offset(replay->trace, n), page, limit);
        chunk->pages[n] = (uint32_t)page;
        replay_vmo_prefetch_entry(&replay->vmo, page);
    }
    return REPLAY_OK;
}

static enum replay_status number(struct replay *replay, struct chunk *chunk,
                                 struct span span)
{
    if (replay->config->vmo_pages)
        return take_pages(replay, chunk, span);
    uint32_t highest = 0;
    for (size_t n = span.begin; n < span.end; n++) {
        uint32_t *page = &chunk->pages[n];
        if (!replay_ids_page(&replay->ids, chunk->records[n].page, page))
            return no_memory(replay);
        highest = *page > highest ? *page : highest;
        replay_vmo_prefetch_entry(&replay->vmo, *page);
    }
    if (highest < replay->vmo.mapping->page_count)
        return REPLAY_OK;
    enum vm_status status = replay_vmo_grow(&replay->vmo, highest);
    note_memory(replay);
    return status == VM_OK ? REPLAY_OK : no_memory(replay);
}

static void lead(const struct replay *replay, const struct chunk *chunk,
                 struct span span)
{
    for (size_t n = span.begin; n < span.end; n++)
        replay_vmo_prefetch_page(&replay->vmo, chunk->pages[n]);
}

static void lead_on(const struct replay *replay, const struct chunk *chunk,
                    struct span span)
{
    for (size_t n = span.begin; n < span.end; n++)
        replay_vmo_prefetch_slot(&replay->vmo, chunk->pages[n]);
}

static enum replay_status do_access(struct replay *replay,
                                    const struct chunk *chunk, struct span span)
{
    lead_on(replay, chunk, span);
    for (size_t n = span.begin; n < span.end; n++) {
        enum vm_status access =
            replay_vmo_access(&replay->vmo, chunk->pages[n]);
        if (access == VM_BAD_STATE)
            return say(replay, REPLAY_HOST,
                       "policy %s names no page that can be reclaimed",
                       replay->config->policy->name);
        if (access != VM_OK)
            return no_memory(replay);
    }
    replay->requests += span.end - span.begin;
    replay_vmo_set_time(&replay->vmo,
                        (sim_ns)(replay->requests * REPLAY_REQUEST_NS));
    if (replay->requests >= replay->next_tick)
        watch(replay);
    return REPLAY_OK;
}

/* --- the whole trace --------------------------------------------------------- */

/* The batch that is `behind` batches behind number `batch`; maybe empty. */
static struct span batch_at(const struct chunk *chunk, size_t batch,
                            size_t behind)
{
    if (batch < behind)
        return (struct span){0, 0};
    size_t begin = (batch - behind) * BATCH;
    return (struct span){u64_min(begin, chunk->count),
                         u64_min(begin + BATCH, chunk->count)};
}

static enum replay_status play(struct replay *replay, struct chunk *chunk)
{
    enum replay_status status = REPLAY_OK;
    for (size_t n = 0; status == REPLAY_OK && n < BATCHES + 3; n++) {
        fetch(replay, chunk, batch_at(chunk, n, 0));
        status = number(replay, chunk, batch_at(chunk, n, 1));
        if (status != REPLAY_OK)
            break;
        lead(replay, chunk, batch_at(chunk, n, 2));
        status = do_access(replay, chunk, batch_at(chunk, n, 3));
    }
    return status;
}

static enum replay_status play_all(struct replay *replay)
{
    struct chunk chunk;
    ptrdiff_t got;
    watch(replay);
    while ((got = trace_next(replay->trace, chunk.records, CHUNK)) > 0) {
        chunk.count = (size_t)got;
        enum replay_status status = play(replay, &chunk);
        if (status != REPLAY_OK)
            return status;
    }
    if (got < 0)
        return say(replay, REPLAY_BAD_INPUT, "%s", trace_error(replay->trace));
    watch(replay);
    return REPLAY_OK;
}

static double seconds_since(const struct timespec *begin)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    return (double)(end.tv_sec - begin->tv_sec) +
           (double)(end.tv_nsec - begin->tv_nsec) / 1e9;
}

static enum replay_status build(struct replay *replay)
{
    const struct replay_config *config = replay->config;
    if (!replay_ids_init(&replay->ids))
        return no_memory(replay);
    enum vm_status status =
        replay_vmo_init(&replay->vmo, config->memory_pages, config->vmo_pages,
                        config->policy, config->values, config->seed);
    if (status == VM_OK)
        return REPLAY_OK;
    replay_ids_release(&replay->ids);
    if (status == VM_NO_MEMORY)
        return no_memory(replay);
    return say(replay, REPLAY_BAD_INPUT,
               "no machine of %" PRIu64 " pages can be made (%s)",
               config->memory_pages, vm_status_name(status));
}

enum replay_status replay_run(const struct replay_config *config,
                              struct replay_result *result, char *message,
                              size_t message_bytes)
{
    struct replay replay = {
        .config = config,
        .memory_before = replay_resident_bytes(),
        .message = message,
        .message_bytes = message_bytes,
    };
    struct timespec begin;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    replay.trace =
        trace_open(config->path, &config->options, message, message_bytes);
    if (!replay.trace)
        return REPLAY_BAD_INPUT;
    enum replay_status status = build(&replay);
    if (status != REPLAY_OK)
        goto out;
    status = play_all(&replay);
    *result = (struct replay_result){
        .requests = replay.requests,
        .misses = replay.vmo.misses,
        .distinct_pages = replay.vmo.first_touches,
        .seconds = seconds_since(&begin),
    };
    if (replay.memory_peak > replay.memory_before)
        result->peak_bytes = replay.memory_peak - replay.memory_before;
    replay_vmo_release(&replay.vmo);
    replay_ids_release(&replay.ids);
out:
    trace_close(replay.trace);
    return status;
}

/* --- counting -------------------------------------------------------------------- */

static enum replay_status count_records(struct replay *replay)
{
    struct trace_record records[BATCH];
    ptrdiff_t got;
    uint32_t page;
    while ((got = trace_next(replay->trace, records, BATCH)) > 0) {
        for (ptrdiff_t n = 0; n < got; n++)
            replay_ids_prefetch(&replay->ids, records[n].page);
        for (ptrdiff_t n = 0; n < got; n++)
            if (!replay_ids_page(&replay->ids, records[n].page, &page))
                return no_memory(replay);
        replay->requests += (uint64_t)got;
    }
    if (got < 0)
        return say(replay, REPLAY_BAD_INPUT, "%s", trace_error(replay->trace));
    return REPLAY_OK;
}

enum replay_status replay_count_distinct(const char *path,
                                         const struct trace_options *options,
                                         uint64_t *distinct, char *message,
                                         size_t message_bytes)
{
    struct replay_config config = {.path = path, .options = *options};
    struct replay replay = {
        .config = &config,
        .message = message,
        .message_bytes = message_bytes,
    };
    replay.trace = trace_open(path, options, message, message_bytes);
    if (!replay.trace)
        return REPLAY_BAD_INPUT;
    enum replay_status status = REPLAY_HOST;
    if (!replay_ids_init(&replay.ids)) {
        no_memory(&replay);
        goto out;
    }
    status = count_records(&replay);
    *distinct = replay.ids.count;
    replay_ids_release(&replay.ids);
out:
    trace_close(replay.trace);
    return status;
}
