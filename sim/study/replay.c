/*
 * The loop. A hit costs loads that depend on each other: where the id's page
 * number is, the mapping entry, the policy's memory for the page; a miss some
 * more. Each is at a random place, so one request after the other would wait
 * for each of them in turn. Instead a request takes four steps, a batch of
 * requests apart, and every step fetches what the next one will need:
 *
 *   batches   n ...... n - 1 .... n - 2 .... n - 3
 *             read     number     lead       access
 *
 *   read      the trace; fetch where the id's page number is
 *   number    the id becomes a page; fetch the page's mapping entry
 *   lead      the entry leads to the policy's memory: fetch; pages without an
 *             entry, which will be missed, are set aside, and then led to their
 *             slots in the page list: fetch
 *   access    the request itself; only this step changes anything
 *
 * The steps take turns request by request, not batch by batch, so that fetching
 * and computing overlap evenly: the host can only wait for so much at a time.
 * What was fetched may be out of date by then: it is only looked at again. No
 * host foresees which page will be missed, so only the access branches on it.
 */
#include "study/replay.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "study/replay_future.h"
#include "study/replay_memory.h"
#include "study/replay_vmo.h"
#include "trace/trace_ids.h"

enum { BATCH = 32, STEPS = 4 /* a power of two */ };

struct replay {
    const struct replay_config *config;
    struct trace *trace;
    struct trace_ids ids;
    struct replay_future future; /* for a policy that needs it; else empty */
    struct replay_vmo vmo;
    uint64_t vmo_pages; /* 0: ids are numbered */
    sim_ns request_ns;
    uint64_t taken; /* of config->pages */
    uint64_t requests;
    uint64_t next_tick; /* requests */
    uint64_t memory_before;
    uint64_t memory_peak;
    char *message;
    size_t message_bytes;
};

/* Requests that take the steps together. */
struct batch {
    size_t count;
    size_t absent_count;
    uint32_t absent[BATCH]; /* those of `pages` that will be missed */
    uint32_t pages[BATCH];
    struct trace_record records[BATCH];
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

/* With --vmo-size the ids are the pages. */
static enum replay_status check_pages(struct replay *replay,
                                      const struct batch *batch)
{
    uint64_t limit = replay->vmo_pages;
    for (size_t n = 0; n < batch->count; n++)
        if (batch->records[n].page >= limit)
            return say(replay, REPLAY_BAD_INPUT,
                       "%s: byte %" PRIu64 ": page %" PRIu64
                       " is past the end of a VMO of %" PRIu64 " pages",
                       replay->config->path,
                       trace_record_offset(replay->trace, n),
                       batch->records[n].page, limit);
    return REPLAY_OK;
}

/* Requests that were numbered before. */
static enum replay_status take_pages(struct replay *replay, struct batch *batch)
{
    const struct replay_pages *pages = replay->config->pages;
    batch->count = u64_min(pages->count - replay->taken, BATCH);
    for (size_t n = 0; n < batch->count; n++)
        batch->records[n].page = pages->page[replay->taken + n];
    replay->taken += batch->count;
    return REPLAY_OK;
}

/* The batch stays empty at the end of the trace. */
static enum replay_status take_batch(struct replay *replay, struct batch *batch)
{
    batch->absent_count = 0;
    if (replay->config->pages)
        return take_pages(replay, batch);
    ptrdiff_t got = trace_next(replay->trace, batch->records, BATCH);
    batch->count = 0;
    if (got < 0)
        return say(replay, REPLAY_BAD_INPUT, "%s", trace_error(replay->trace));
    batch->count = (size_t)got;
    return replay->vmo_pages ? check_pages(replay, batch) : REPLAY_OK;
}

/* A page that may be new: it gets a number, and a place in the mapping. */
__attribute__((noinline)) static enum replay_status
number_slowly(struct replay *replay, uint64_t id, uint32_t *page)
{
    if (!trace_ids_add(&replay->ids, id, page))
        return no_memory(replay);
    if (*page < replay->vmo.mapping->page_count)
        return REPLAY_OK;
    enum vm_status status = replay_vmo_grow(&replay->vmo, *page);
    note_memory(replay);
    return status == VM_OK ? REPLAY_OK : no_memory(replay);
}

/* `numbers`: ids are not the pages themselves. */
static inline enum replay_status
number(struct replay *replay, struct batch *batch, size_t n, bool numbers)
{
    uint64_t id = batch->records[n].page;
    uint32_t page = (uint32_t)id;
    if (numbers && !trace_ids_find(&replay->ids, id, &page)) {
        enum replay_status status = number_slowly(replay, id, &page);
        if (status != REPLAY_OK)
            return status;
    }
    batch->pages[n] = page;
    replay_vmo_prefetch_entry(&replay->vmo, page);
    return REPLAY_OK;
}

/* Hashed ids take one more look ahead: from slots to keys. */
static void look_up_keys(const struct replay *replay, const struct batch *batch)
{
    for (size_t n = 0; n < batch->count; n++)
        trace_ids_prefetch_key(&replay->ids, batch->records[n].page);
}

static inline void lead(const struct replay *replay, struct batch *batch,
                        uint32_t page)
{
    batch->absent[batch->absent_count] = page;
    batch->absent_count += !replay_vmo_lead(&replay->vmo, page);
}

static void lead_absent(const struct replay *replay, const struct batch *batch)
{
    for (size_t n = 0; n < batch->absent_count; n++)
        replay_vmo_lead_absent(&replay->vmo, batch->absent[n]);
}

static enum replay_status failed(struct replay *replay, enum vm_status status)
{
    if (status != VM_BAD_STATE)
        return no_memory(replay);
    return say(replay, REPLAY_HOST,
               "policy %s names no page that can be reclaimed",
               replay->config->policy->name);
}

/*
 * Request `n` of each batch takes its step; `batch[0]` is the newest. `plain`:
 * all batches are full, and nobody asks for the future; `numbers`: ids are not
 * the pages themselves. Both are constants where this is called often, so that
 * none of it is looked at for each request.
 */
__attribute__((always_inline)) static inline enum replay_status
take_steps(struct replay *replay, struct batch *const *batch, size_t n,
           bool plain, bool numbers)
{
    if (numbers && (plain || n < batch[0]->count))
        trace_ids_prefetch(&replay->ids, batch[0]->records[n].page);
    if (plain || n < batch[1]->count) {
        enum replay_status status = number(replay, batch[1], n, numbers);
        if (status != REPLAY_OK)
            return status;
    }
    if (plain || n < batch[2]->count)
        lead(replay, batch[2], batch[2]->pages[n]);
    if (plain || n < batch[3]->count) {
        if (!plain && replay->future.count)
            replay->vmo.machine.pqs.host.next_use =
                replay_future_at(&replay->future, replay->requests + n);
        enum vm_status status =
            replay_vmo_access(&replay->vmo, batch[3]->pages[n]);
        if (status != VM_OK)
            return failed(replay, status);
    }
    return REPLAY_OK;
}

/* --- the whole trace --------------------------------------------------------- */

static enum replay_status play(struct replay *replay,
                               struct batch *const *batch)
{
    enum replay_status status = REPLAY_OK;
    bool numbers = !replay->vmo_pages;
    bool plain = !replay->future.count;
    for (unsigned step = 0; step < STEPS; step++)
        plain = plain && batch[step]->count == BATCH;
    if (numbers && trace_ids_are_hashed(&replay->ids))
        look_up_keys(replay, batch[1]);
    if (plain && numbers)
        for (size_t n = 0; n < BATCH && status == REPLAY_OK; n++)
            status = take_steps(replay, batch, n, true, true);
    else if (plain)
        for (size_t n = 0; n < BATCH && status == REPLAY_OK; n++)
            status = take_steps(replay, batch, n, true, false);
    else
        for (size_t n = 0; n < BATCH && status == REPLAY_OK; n++)
            status = take_steps(replay, batch, n, false, numbers);
    if (status != REPLAY_OK)
        return status;
    lead_absent(replay, batch[2]);
    replay->requests += batch[3]->count;
    replay_vmo_set_time(&replay->vmo,
                        (sim_ns)replay->requests * replay->request_ns);
    if (replay->requests >= replay->next_tick)
        watch(replay);
    return REPLAY_OK;
}

static enum replay_status play_all(struct replay *replay)
{
    struct batch batches[STEPS];
    for (unsigned n = 0; n < STEPS; n++)
        batches[n].count = batches[n].absent_count = 0;
    watch(replay);
    unsigned empty = 0; /* batches in a row: the trace has ended */
    for (unsigned n = 0; empty < STEPS; n++) {
        struct batch *batch[STEPS];
        for (unsigned step = 0; step < STEPS; step++)
            batch[step] = &batches[(n - step) % STEPS];
        enum replay_status status = take_batch(replay, batch[0]);
        if (status == REPLAY_OK)
            status = play(replay, batch);
        if (status != REPLAY_OK)
            return status;
        empty = batch[0]->count == 0 ? empty + 1 : 0;
    }
    watch(replay);
    return REPLAY_OK;
}

static enum replay_status build(struct replay *replay)
{
    const struct replay_config *config = replay->config;
    if (config->policy->needs_future) {
        enum replay_status read = replay_future_read(
            &replay->future, config, replay->message, replay->message_bytes);
        if (read != REPLAY_OK)
            return read;
    }
    if (!trace_ids_init(&replay->ids))
        return no_memory(replay);
    enum vm_status status =
        replay_vmo_init(&replay->vmo, config->memory_pages, replay->vmo_pages,
                        config->policy, config->values, config->seed);
    if (status == VM_OK)
        return REPLAY_OK;
    trace_ids_release(&replay->ids);
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
        .vmo_pages =
            config->pages ? config->pages->distinct : config->vmo_pages,
        .request_ns =
            config->request_ns ? config->request_ns : REPLAY_REQUEST_NS,
        .memory_before = replay_resident_bytes(),
        .message = message,
        .message_bytes = message_bytes,
    };
    struct timespec begin;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    if (!config->pages)
        replay.trace =
            trace_open(config->path, &config->options, message, message_bytes);
    if (!config->pages && !replay.trace)
        return REPLAY_BAD_INPUT;
    enum replay_status status = build(&replay);
    if (status != REPLAY_OK)
        goto out;
    status = play_all(&replay);
    *result = (struct replay_result){
        .requests = replay.requests,
        .misses = replay.vmo.misses,
        .distinct_pages = replay.vmo.first_touches,
        .seconds = replay_seconds_since(&begin),
    };
    if (replay.memory_peak > replay.memory_before)
        result->peak_bytes = replay.memory_peak - replay.memory_before;
    if (config->is_last)
        goto out;
    replay_vmo_release(&replay.vmo);
    trace_ids_release(&replay.ids);
out:
    replay_future_release(&replay.future);
    if (replay.trace)
        trace_close(replay.trace);
    return status;
}
