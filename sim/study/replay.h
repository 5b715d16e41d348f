/*
 * Replaying a trace: every reference goes straight to one machine that has
 * only memory and a policy (replay_vmo.h), and what is missed is counted.
 *
 *   trace --ids--> page numbers --> entries --> descriptors --> accesses
 *          batch of 64: each step fetches what the next one needs
 *
 * There is no simulated pressure and no latency. The clock, which only
 * policies with timers look at, moves by REPLAY_REQUEST_NS a request, or by
 * more where the requests are a sample.
 */
#ifndef LOWTIDE_REPLAY_H
#define LOWTIDE_REPLAY_H

#include <stddef.h>
#include <stdint.h>

#include "reclaim_policy.h"
#include "trace/trace.h"

/* Simulated time between two requests. */
#define REPLAY_REQUEST_NS 1000
/* Requests between two calls of the watcher. */
#define REPLAY_TICK_REQUESTS 100000

enum replay_status {
    REPLAY_OK,
    REPLAY_BAD_INPUT, /* the trace, or a size that can't be */
    REPLAY_HOST,      /* no memory */
};

/* Where a replay is; the policy's lists are looked at through `policy`. */
struct replay_state {
    uint64_t requests;
    uint64_t misses;
    uint64_t first_touches;
    uint64_t refaults;
    uint64_t evicted;
    uint64_t free_pages;
    uint64_t reclaimable_pages;
    const struct reclaim_policy_ops *ops; /* borrowed */
    void *policy;                         /* borrowed instance */
};

/* The requests of a trace that was read before: replay_survey.h. */
struct replay_pages {
    const uint32_t *page; /* by request */
    uint64_t count;
    uint64_t distinct; /* pages are 0 .. distinct - 1 */
};

struct replay_config {
    const char *path;
    struct trace_options options;
    /* borrowed; NULL: the trace at `path` is read. Else `path` only names it
     * in messages */
    const struct replay_pages *pages;
    uint64_t vmo_pages; /* 0: ids are numbered; else page = id, below this;
                            not looked at with `pages` */
    sim_ns request_ns;  /* between requests; 0: REPLAY_REQUEST_NS */
    uint64_t memory_pages;
    const struct reclaim_policy_ops *policy;
    const union reclaim_value *values; /* NULL: defaults */
    uint64_t seed;
    /* called at the start, every REPLAY_TICK_REQUESTS and at the end; NULL:
     * nobody watches */
    void (*watch)(void *context, const struct replay_state *state);
    void *context;
    /* The process is over after this: the machine is not taken down page by
     * page, the host takes it back whole. */
    bool is_last;
};

struct replay_result {
    uint64_t requests;
    uint64_t misses;
    uint64_t distinct_pages;
    double seconds;      /* host time, reading included */
    uint64_t peak_bytes; /* resident, beyond what was there before */
};

/*
 * Replay a trace from its beginning. `result` is filled on REPLAY_OK, else
 * `message` says what is wrong, naming the trace's path and byte offset where
 * it is the trace's fault.
 */
enum replay_status replay_run(const struct replay_config *config,
                              struct replay_result *result, char *message,
                              size_t message_bytes);

#endif
