/*
 * Spatially hashed sampling (SHARDS): which pages of a trace belong to its
 * sample, and what the sample says about the whole.
 *
 *   all requests    a b a c d a b e ...        of `requests`
 *   hash(id) < R    b a? no: a page is in the sample with all its requests
 *   sample          b d b ...                  or with none
 *
 * Whether a page is sampled depends on a hash of its id alone, so the sample is
 * the trace of a small machine: a fraction R of the pages, and a memory of C
 * pages becomes one of C * R. A policy is run on it as it is. For LRU that gives
 * the stack distances divided by R.
 *
 * C. Waldspurger, N. Park, A. Garthwaite, I. Ahmad, "Efficient MRC construction
 * with SHARDS", FAST 2015: the hash, the rate lowered as pages come (fixed
 * size), and the correction for the requests (SHARDS-adj). C. Waldspurger,
 * T. Saemundsson, I. Ahmad, N. Park, "Cache modeling and optimization using
 * miniature simulations", USENIX ATC 2017: the same for any policy.
 */
#ifndef LOWTIDE_STUDY_SHARDS_H
#define LOWTIDE_STUDY_SHARDS_H

#include <stddef.h>

#include "trace/trace_ids.h"
#include "trace/trace_sample.h"

struct shards {
    double rate;        /* R, above 0, at most 1 */
    uint64_t threshold; /* as trace_is_sampled() takes it */
    /* past one of them the rate is halved; max_pages 0: it stays */
    uint64_t max_pages;
    uint64_t max_requests;

    struct trace_ids numbers; /* of the ids in the sample */
    uint64_t *ids;            /* by page; only where the rate may fall */

    uint64_t count;      /* requests in the sample */
    uint32_t *pages;     /* by request of the sample: its page */
    uint64_t room;       /* entries of `pages` */
    bool drops_requests; /* they are counted, and not kept */
};

/*
 * An empty sample at `rate`, which is halved whenever more than `max_pages`
 * pages (0: never) or `max_requests` requests of several pages would be in it.
 * False: the host has no memory; nothing is held then.
 */
bool shards_init(struct shards *shards, double rate, uint64_t max_pages,
                 uint64_t max_requests);
void shards_release(struct shards *shards);

/* From now on no requests are kept, nor those that were. */
void shards_drop_requests(struct shards *shards);

/* shards_add() where there is more to do. */
bool shards_add_slowly(struct shards *shards, uint64_t known, uint32_t page,
                       uint64_t id);

/*
 * From the whole trace to a sample and back. `share` is the part of the pages
 * that the sample has; where nobody counted, the rate.
 */

/* The sample's memory for `pages` of the whole trace's; 0: too little. */
uint64_t shards_scale_down(double share, uint64_t pages);

/*
 * Misses of a whole trace of `requests`, from those of a sample.
 *
 * The sample should have had share * requests. What is missing or too much is
 * the doing of few very hot pages that are in the sample or are not, and they
 * hit in any memory: so the difference is taken for hits (SHARDS-adj).
 */
uint64_t shards_misses(double share, uint64_t requests, uint64_t sample_misses);

/* Does this id belong to the sample? */
static inline bool shards_has(const struct shards *shards, uint64_t id)
{
    return trace_is_sampled(id, shards->threshold);
}

/* Put a request into the sample whose id belongs to it; `page` receives its
 * page's number until the rate falls. False as above. */
static inline bool shards_add(struct shards *shards, uint64_t id,
                              uint32_t *page)
{
    uint64_t known = shards->numbers.count;
    if (!trace_ids_page(&shards->numbers, id, page))
        return false;
    if (shards->count >= shards->room || shards->ids)
        return shards_add_slowly(shards, known, *page, id);
    shards->pages[shards->count++] = *page;
    return true;
}

#endif
