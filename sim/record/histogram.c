#include "record/histogram.h"

#include <stdlib.h>
#include <string.h>

enum { SUB_BITS = 7, SUB_BUCKETS = 1 << SUB_BITS };

/*
 * Values below 256 have a bucket each; from there each power of two is cut
 * into 128 equal parts.
 */
static uint32_t bucket_of(uint64_t value)
{
    if (value < 2 * SUB_BUCKETS)
        return (uint32_t)value;
    uint32_t shift = 63 - (uint32_t)__builtin_clzll(value) - SUB_BITS;
    return (shift << SUB_BITS) + (uint32_t)(value >> shift);
}

static uint64_t upper_of(uint32_t bucket)
{
    if (bucket < 2 * SUB_BUCKETS)
        return bucket;
    uint32_t shift = (bucket >> SUB_BITS) - 1;
    uint64_t top = (bucket & (SUB_BUCKETS - 1)) + SUB_BUCKETS;
    return ((top + 1) << shift) - 1;
}

static bool grow(struct histogram *histogram, uint32_t bucket)
{
    uint32_t count = bucket + SUB_BUCKETS;
    uint64_t *counts = realloc(histogram->counts, count * sizeof *counts);
    if (!counts)
        return false;
    memset(counts + histogram->bucket_count, 0,
           (count - histogram->bucket_count) * sizeof *counts);
    histogram->counts = counts;
    histogram->bucket_count = count;
    return true;
}

void histogram_add(struct histogram *histogram, uint64_t value, uint64_t times)
{
    uint32_t bucket = bucket_of(value);
    if (bucket >= histogram->bucket_count && !grow(histogram, bucket)) {
        histogram->dropped += times;
        return;
    }
    histogram->counts[bucket] += times;
    histogram->total += times;
}

void histogram_merge(struct histogram *histogram, const struct histogram *from)
{
    uint32_t bucket = 0;
    uint64_t upper;
    uint64_t count;
    while (histogram_next(from, &bucket, &upper, &count))
        histogram_add(histogram, upper, count);
    histogram->dropped += from->dropped;
}

uint64_t histogram_quantile(const struct histogram *histogram, double share)
{
    uint64_t below = 0;
    uint64_t last = 0;
    uint32_t bucket = 0;
    uint64_t upper;
    uint64_t count;
    while (histogram_next(histogram, &bucket, &upper, &count)) {
        below += count;
        last = upper;
        if ((double)below >= share * (double)histogram->total)
            return upper;
    }
    return last;
}

bool histogram_next(const struct histogram *histogram, uint32_t *bucket,
                    uint64_t *upper, uint64_t *count)
{
    for (; *bucket < histogram->bucket_count; ++*bucket) {
        if (!histogram->counts[*bucket])
            continue;
        *count = histogram->counts[*bucket];
        *upper = upper_of((*bucket)++);
        return true;
    }
    return false;
}

void histogram_release(struct histogram *histogram)
{
    free(histogram->counts);
    *histogram = (struct histogram){0};
}
