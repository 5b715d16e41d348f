/*
 * Bucket numbers of a log-linear histogram with S = HISTOGRAM_SUB_BITS:
 *
 *   value          bucket          width
 *   [0, 2^S)       value               1
 *   [2^S, 2^S+1)   value               1     shift 0
 *   [2^S+1, ...)   shift 1, S bits     2     128 buckets for each power of
 *   ...            shift 2, S bits     4     two, as wide as 2^shift
 *
 * A value with its top bit at S + shift keeps that bit and the S below it;
 * the number is shift * 2^S plus those S + 1 bits, so numbers are dense and
 * grow with the value.
 */
#include "record/histogram.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert(HISTOGRAM_BUCKETS == 7424, "58 powers of two of 128 buckets");

bool histogram_init(struct histogram *hist)
{
    *hist = (struct histogram){0};
    hist->buckets = calloc(HISTOGRAM_BUCKETS, sizeof(*hist->buckets));
    return hist->buckets != NULL;
}

void histogram_release(struct histogram *hist)
{
    free(hist->buckets);
    *hist = (struct histogram){0};
}

void histogram_clear(struct histogram *hist)
{
    memset(hist->buckets, 0, HISTOGRAM_BUCKETS * sizeof(*hist->buckets));
    hist->count = 0;
    hist->max = 0;
}

uint64_t histogram_upper(size_t index)
{
    const size_t half = (size_t)1 << HISTOGRAM_SUB_BITS;
    if (index < 2 * half)
        return index;
    unsigned shift = (unsigned)(index >> HISTOGRAM_SUB_BITS) - 1;
    uint64_t top = (index & (half - 1)) + half;
    /* wraps to the largest value in the last bucket */
    return ((top + 1) << shift) - 1;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        into->buckets[i] += from->buckets[i];
    into->count += from->count;
    if (from->max > into->max)
        into->max = from->max;
}

bool histogram_quantile(const struct histogram *hist, double q, uint64_t *value)
{
    if (hist->count == 0)
        return false;
    double wanted = q * (double)hist->count;
    uint64_t seen = 0;
    size_t last = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (hist->buckets[i] == 0)
            continue;
        seen += hist->buckets[i];
        last = i;
        if ((double)seen >= wanted)
            break;
    }
    *value = histogram_upper(last);
    return true;
}
