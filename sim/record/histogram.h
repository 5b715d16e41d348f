/*
 * A log-linear histogram of durations: 128 buckets for each power of two, so
 * that a value is known to better than 1 per cent; small values are exact.
 * Recording is O(1); buckets are taken as they are needed.
 */
#ifndef LOWTIDE_HISTOGRAM_H
#define LOWTIDE_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>

struct histogram {
    uint64_t *counts; /* owned; NULL: nothing recorded yet */
    uint32_t bucket_count;
    uint64_t total;
    uint64_t dropped; /* not recorded for want of memory */
};

/* All zero is an empty histogram. */
void histogram_add(struct histogram *histogram, uint64_t value, uint64_t times);
/* Add everything of `from`. */
void histogram_merge(struct histogram *histogram, const struct histogram *from);
/* The upper bound of the bucket where `share` (0 .. 1) of all values are at or
 * below; 0 when empty. */
uint64_t histogram_quantile(const struct histogram *histogram, double share);
/* The next bucket with a count, from `*bucket` on; false: none. `*bucket` ends
 * behind it. */
bool histogram_next(const struct histogram *histogram, uint32_t *bucket,
                    uint64_t *upper, uint64_t *count);
void histogram_release(struct histogram *histogram);

#endif
