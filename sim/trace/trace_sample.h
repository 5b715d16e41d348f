/*
 * Which pages of a trace belong to a sample of it.
 *
 * A page is in the sample with all its requests, or with none: keeping whole
 * pages keeps their reuse (C. Waldspurger, N. Park, A. Garthwaite, I. Ahmad,
 * "Efficient MRC construction with SHARDS", FAST 2015). A hash of its number
 * decides, the same for all time and on every host, so that two samples of a
 * trace are of the same pages.
 */
#ifndef LOWTIDE_TRACE_SAMPLE_H
#define LOWTIDE_TRACE_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

/* Spread evenly over 64 bits: the last step of splitmix64 (G. Steele, D. Lea,
 * C. Flood, OOPSLA 2014). */
static inline uint64_t trace_page_hash(uint64_t page)
{
    uint64_t z = page + UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Is the page in the sample of threshold / 2^64 of all pages? 0: all are. */
static inline bool trace_is_sampled(uint64_t page, uint64_t threshold)
{
    return threshold == 0 || trace_page_hash(page) < threshold;
}

/* The threshold of a share of pages, 0 < share <= 1, rounded down; false:
 * another number. */
bool trace_sample_threshold(double share, uint64_t *threshold);
/* The share that a threshold stands for: 1 for 0. */
double trace_sample_share(uint64_t threshold);

#endif
