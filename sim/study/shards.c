#include "study/shards.h"

#include <math.h>
#include <stdlib.h>

enum { FIRST_ROOM = 1 << 12 };

/* Rates are rounded up to multiples of 2^-32, so that none is too small for a
 * threshold. That of 1 would be 2^64, and is 0: all pages. */
static void set_rate(struct shards *shards, double rate)
{
    shards->rate = rate;
    shards->threshold = (uint64_t)ceil(ldexp(rate, 32)) << 32;
}

bool shards_init(struct shards *shards, double rate, uint64_t max_pages,
                 uint64_t max_requests)
{
    *shards = (struct shards){
        .max_pages = max_pages,
        .max_requests = max_requests,
    };
    set_rate(shards, rate);
    if (max_pages > 0) {
        shards->ids = malloc((max_pages + 1) * sizeof *shards->ids);
        if (!shards->ids)
            return false;
    }
    if (trace_ids_init(&shards->numbers))
        return true;
    free(shards->ids);
    shards->ids = NULL;
    return false;
}

void shards_release(struct shards *shards)
{
    trace_ids_release(&shards->numbers);
    free(shards->ids);
    free(shards->pages);
    *shards = (struct shards){.rate = 0};
}

void shards_drop_requests(struct shards *shards)
{
    free(shards->pages);
    shards->pages = NULL;
    shards->room = 0;
    shards->drops_requests = true;
}

/*
 * Half the rate: a page stays if its hash is below the new threshold. Pages
 * stay in the order of their first appearance, so the sample becomes what it
 * would have been at this rate from the beginning.
 */
static bool halve(struct shards *shards)
{
    uint64_t old_count = shards->numbers.count;
    struct trace_ids numbers;
    uint32_t *renamed = malloc(old_count * sizeof *renamed);
    if (!renamed || !trace_ids_init(&numbers)) {
        free(renamed);
        return false;
    }
    set_rate(shards, shards->rate / 2);
    for (uint64_t page = 0; page < old_count; page++) {
        uint64_t id = shards->ids[page];
        renamed[page] = UINT32_MAX;
        if (!shards_has(shards, id))
            continue;
        if (!trace_ids_page(&numbers, id, &renamed[page])) {
            trace_ids_release(&numbers);
            free(renamed);
            return false;
        }
        shards->ids[renamed[page]] = id;
    }
    trace_ids_release(&shards->numbers);
    shards->numbers = numbers;
    uint64_t kept = 0;
    for (uint64_t n = 0; n < shards->count; n++) {
        shards->pages[kept] = renamed[shards->pages[n]];
        kept += shards->pages[kept] != UINT32_MAX;
    }
    shards->count = kept;
    free(renamed);
    return true;
}

static bool make_room(struct shards *shards)
{
    uint64_t room = shards->room ? shards->room * 2 : FIRST_ROOM;
    uint32_t *pages = realloc(shards->pages, room * sizeof *pages);
    if (!pages)
        return false;
    shards->pages = pages;
    shards->room = room;
    return true;
}

static bool is_too_large(const struct shards *shards)
{
    return shards->numbers.count > shards->max_pages ||
           (shards->count > shards->max_requests && shards->numbers.count > 1);
}

bool shards_add_slowly(struct shards *shards, uint64_t known, uint32_t page,
                       uint64_t id)
{
    if (!shards->drops_requests) {
        if (shards->count == shards->room && !make_room(shards))
            return false;
        shards->pages[shards->count] = page;
    }
    shards->count++;
    if (!shards->ids)
        return true;
    if (page >= known)
        shards->ids[page] = id;
    while (is_too_large(shards))
        if (!halve(shards))
            return false;
    return true;
}

/* --- scale ---------------------------------------------------------------------- */

uint64_t shards_scale_down(double share, uint64_t pages)
{
    return (uint64_t)llround((double)pages * share);
}

uint64_t shards_misses(double share, uint64_t requests, uint64_t sample_misses)
{
    uint64_t misses = (uint64_t)llround((double)sample_misses / share);
    return misses < requests ? misses : requests;
}
