/*
 * A log-linear histogram of durations.
 *
 * Values below 256 have a bucket each. Above, every power of two is split
 * into 128 buckets of equal width, so that a bucket's upper end exceeds any
 * value in it by less than 1/128 of that value: quantiles are at most 0.8 %
 * too high, never too low. Recording takes constant time and no allocation.
 */
#ifndef LOWTIDE_RECORD_HISTOGRAM_H
#define LOWTIDE_RECORD_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* log2 of the buckets per power of two. */
#define HISTOGRAM_SUB_BITS 7

/* Bucket numbers that a 64-bit value can have. */
#define HISTOGRAM_BUCKETS                                                      \
    (((size_t)65 - HISTOGRAM_SUB_BITS) << HISTOGRAM_SUB_BITS)

struct histogram {
    uint64_t *buckets; /* HISTOGRAM_BUCKETS of them; owned */
    uint64_t count;    /* values recorded */
    uint64_t max;      /* the largest of them, 0 if none */
};

/* An empty histogram. Returns false when memory is short. */
bool histogram_init(struct histogram *hist);

/* Also valid on a zeroed struct, and twice. */
void histogram_release(struct histogram *hist);

/* Forget all values, keep the memory. */
void histogram_clear(struct histogram *hist);

/* The bucket that holds `value`. */
static inline size_t histogram_bucket_of(uint64_t value)
{
    if (value < (UINT64_C(1) << HISTOGRAM_SUB_BITS))
        return (size_t)value;
    unsigned shift =
        63u - (unsigned)__builtin_clzll(value) - HISTOGRAM_SUB_BITS;
    return ((size_t)shift << HISTOGRAM_SUB_BITS) + (size_t)(value >> shift);
}

/* The largest value that bucket `index` < HISTOGRAM_BUCKETS holds. */
uint64_t histogram_upper(size_t index);

/* Count `value` `times` times. */
static inline void histogram_record_many(struct histogram *hist, uint64_t value,
                                         uint64_t times)
{
    hist->buckets[histogram_bucket_of(value)] += times;
    hist->count += times;
    if (times > 0 && value > hist->max)
        hist->max = value;
}

static inline void histogram_record(struct histogram *hist, uint64_t value)
{
    histogram_record_many(hist, value, 1);
}

/* Add all that `from` (borrowed) holds to `into`. */
void histogram_merge(struct histogram *into, const struct histogram *from);

/*
 * The upper end of the bucket that holds the q-quantile, 0 <= q <= 1: the
 * smallest bucket such that at least q * count values lie in or below it.
 * Returns false if nothing was recorded.
 */
bool histogram_quantile(const struct histogram *hist, double q,
                        uint64_t *value);

#endif
