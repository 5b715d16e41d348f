/*
 * The loop. A hit costs four loads that depend on each other: where the id's
 * page number is, the mapping entry, the page's descriptor and the policy's
 * memory for it, each at a random place. Done one request at a time that is
 * four cache misses in a row. So requests are taken 64 at a time, and each
 * step is done for all of them before the next one: the loads of a step do not
 * depend on each other and overlap. Order is kept: only the last step changes
 * anything.
 *
 * A batch may be looked at before its pages are there, or while they still
 * are: what was fetched in vain costs nothing, and the last step looks again.
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

enum { BATCH = 64, READ_AT_ONCE = 8 * BATCH };

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

/* Some requests on their way, `first` being their place in what was read. */
struct batch {
    const struct trace_record *records;
    size_t first;
    size_t count;
    uint64_t pages[BATCH];
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

/* --- one batch --------------------------------------------------------------- */

/* With --vmo-size the ids are the pages. */
static enum replay_status check_pages(struct replay *replay,
                                      struct batch *batch)
{
    uint64_t limit = replay->config->vmo_pages;
    for (size_t n = 0; n < batch->count; n++) {
        if (batch->records[n].page >= limit)
            return say(replay, REPLAY_BAD_INPUT,
                       "%s: byte %" PRIu64 ": page %" PRIu64
                       " is past the end of a VMO of %" PRIu64 " pages",
                       replay->config->path,
                       trace_record_offset(replay->trace, batch->first + n),
                       batch->records[n].page, limit);
        batch->pages[n] = batch->records[n].page;
    }
    return REPLAY_OK;
}

static enum replay_status number_pages(struct replay *replay,
                                       struct batch *batch)
{
    uint64_t highest = 0;
    for (size_t n = 0; n < batch->count; n++)
        replay_ids_prefetch(&replay->ids, batch->records[n].page);
    for (size_t n = 0; n < batch->count; n++) {
        uint32_t page;
        if (!replay_ids_page(&replay->ids, batch->records[n].page, &page))
            return no_memory(replay);
        batch->pages[n] = page;
        highest = u64_max(highest, page);
    }
    if (highest < replay->vmo.mapping->page_count)
        return REPLAY_OK;
    enum vm_status status = replay_vmo_grow(&replay->vmo, highest);
    note_memory(replay);
    return status == VM_OK ? REPLAY_OK : no_memory(replay);
}

static enum replay_status play(struct replay *replay, struct batch *batch)
{
    enum replay_status status = replay->config->vmo_pages
                                    ? check_pages(replay, batch)
                                    : number_pages(replay, batch);
    if (status != REPLAY_OK)
        return status;
    for (size_t n = 0; n < batch->count; n++)
        replay_vmo_prefetch_entry(&replay->vmo, batch->pages[n]);
    for (size_t n = 0; n < batch->count; n++)
        replay_vmo_prefetch_page(&replay->vmo, batch->pages[n]);
    for (size_t n = 0; n < batch->count; n++) {
        enum vm_status access =
            replay_vmo_access(&replay->vmo, batch->pages[n]);
        if (access == VM_BAD_STATE)
            return say(replay, REPLAY_HOST,
                       "policy %s names no page that can be reclaimed",
                       replay->config->policy->name);
        if (access != VM_OK)
            return no_memory(replay);
    }
    replay->requests += batch->count;
    replay_vmo_set_time(&replay->vmo,
                        (sim_ns)(replay->requests * REPLAY_REQUEST_NS));
    if (replay->requests >= replay->next_tick)
        watch(replay);
    return REPLAY_OK;
}

/* --- the whole trace ----------------------------------------------------------- */

static enum replay_status play_all(struct replay *replay)
{
    struct trace_record records[READ_AT_ONCE];
    struct batch batch;
    ptrdiff_t got;
    watch(replay);
    while ((got = trace_next(replay->trace, records, READ_AT_ONCE)) > 0) {
        for (size_t first = 0; first < (size_t)got; first += BATCH) {
            batch.records = records + first;
            batch.first = first;
            batch.count = (size_t)u64_min((size_t)got - first, BATCH);
            enum replay_status status = play(replay, &batch);
            if (status != REPLAY_OK)
                return status;
        }
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
