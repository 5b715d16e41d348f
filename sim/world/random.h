/*
 * Random numbers: one stream for each actor, all derived from the run's seed.
 *
 *   seed, "thread" "feed" 0  --hash--> splitmix64 --> xoshiro256** state
 *
 * An actor draws from its own stream only, so that adding one leaves the
 * others' draws as they were, and two policies under one seed meet the same
 * accesses (common random numbers). xoshiro256** is Blackman and Vigna's
 * generator (ACM TOMS 47, 2021).
 */
#ifndef LOWTIDE_RANDOM_H
#define LOWTIDE_RANDOM_H

#include "scenario/scenario.h"

struct random_stream {
    uint64_t state[4];
    double spare_normal; /* of the last pair, while has_spare_normal */
    bool has_spare_normal;
};

/* Kind, name and number together tell the streams of a seed apart. */
void random_init(struct random_stream *stream, uint64_t seed, const char *kind,
                 const char *name, uint64_t number);

static inline uint64_t random_rotate_left(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static inline uint64_t random_next(struct random_stream *stream)
{
    uint64_t *s = stream->state;
    uint64_t result = random_rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = random_rotate_left(s[3], 45);
    return result;
}

/* In [0, 1), with 53 random bits. */
static inline double random_unit(struct random_stream *stream)
{
    return (double)(random_next(stream) >> 11) * 0x1.0p-53;
}

__extension__ typedef unsigned __int128 random_u128;

/* In [0, bound), exactly uniform; bound > 0 (Lemire's method). */
static inline uint64_t random_below(struct random_stream *stream,
                                    uint64_t bound)
{
    random_u128 product = (random_u128)random_next(stream) * bound;

    if ((uint64_t)product < bound) {
        uint64_t floor = -bound % bound;

        while ((uint64_t)product < floor)
            product = (random_u128)random_next(stream) * bound;
    }
    return (uint64_t)(product >> 64);
}

/* Is an event of this probability the case? 0 and 1 draw nothing. */
static inline bool random_chance(struct random_stream *stream, double share)
{
    if (share <= 0)
        return false;
    return share >= 1 || random_unit(stream) < share;
}

/*
 * One value of a distribution, clamped to its [min, max]; a constant draws
 * nothing. For lognormal `mean` is the mean of the values and `sigma` the
 * standard deviation of their logarithm.
 */
double random_draw(struct random_stream *stream,
                   const struct distribution *distribution);
/* The same as nanoseconds, rounded, in [0, SIM_NS_INFINITE / 4]. */
sim_ns random_draw_ns(struct random_stream *stream,
                      const struct distribution *distribution);

/*
 * A permutation of [0, count) that takes no memory: three rounds of multiply
 * and fold over the next power of two, repeated until it lands inside.
 */
enum { PERMUTATION_ROUNDS = 3 };
struct permutation {
    uint64_t count;
    uint64_t factors[PERMUTATION_ROUNDS];
    unsigned bits;
};
void permutation_init(struct permutation *permutation, uint64_t count,
                      struct random_stream *stream);
uint64_t permutation_of(const struct permutation *permutation, uint64_t index);

#endif
