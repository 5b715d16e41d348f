/*
 * Zipf: rank r of n with probability proportional to 1 / (r + 1)^alpha.
 *
 *   weight |#
 *          |#_            hat: a staircase over the weights, each step as high
 *          |##__          as its first rank
 *          |####___
 *          |########______
 *           0 1 2-3 4-7 ...    (steps here: wider than the real ones)
 *
 * A step is drawn by an alias table, then a rank within it, uniformly; the
 * rank counts if a third draw stays below its weight, otherwise all begins
 * again. Steps are one rank wide at first and a 32nd of their place later, so
 * fewer than 2% of the candidates fail, and fewer than 4% need a power to be
 * calculated. A table has some 300 steps for 100,000 ranks and 800 for 10^12:
 * it stays in the first-level cache, where one with a cell a rank would not.
 */
#ifndef LOWTIDE_ZIPF_H
#define LOWTIDE_ZIPF_H

#include "world/random.h"

struct zipf_step {
    uint64_t first, count; /* ranks [first, first + count) */
    uint64_t keep;         /* of 2^64: this step, not `other` */
    uint64_t sure;         /* of 2^64: below, any of its ranks counts */
    uint32_t other;        /* alias */
};

struct zipf {
    uint64_t count; /* of ranks */
    double alpha;
    uint32_t users; /* zipf_new() and zipf_share() calls not yet freed */
    uint32_t step_count;
    struct zipf_step steps[];
};

/* A table for ranks [0, count), count > 0, alpha >= 0 (0 is uniform). Returned;
 * NULL: out of memory. */
struct zipf *zipf_new(uint64_t count, double alpha);
/* The same table for somebody else, who frees it, too. */
struct zipf *zipf_share(struct zipf *zipf);
/* NULL is fine. */
void zipf_free(struct zipf *zipf);

/* A rank in [0, count). */
uint64_t zipf_draw(const struct zipf *zipf, struct random_stream *stream);

#endif
