/*
 * Streams, distributions and permutations.
 */
#include "world/random.h"

#include <math.h>

#include "check.h"

#define TWO_PI 6.283185307179586

/* Streams. ---------------------------------------------------------------- */

/* The finaliser of splitmix64: a bijection that mixes every bit. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t splitmix_next(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(*state);
}

/* FNV-1a over the name's bytes. */
static uint64_t hash_name(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return hash;
}

void random_init(struct random_stream *stream, uint64_t seed, const char *kind,
                 const char *name, uint64_t number)
{
    uint64_t state = mix(seed) ^ hash_name(kind);

    state = splitmix_next(&state) ^ hash_name(name);

    state = splitmix_next(&state) ^ mix(number + 1);
    *stream = (struct random_stream){.has_spare_normal = false};
    for (int i = 0; i < 4; i++)
        stream->state[i] = splitmix_next(&state);
}

/* Distributions. ---------------------------------------------------------- */

/* In (0, 1]: safe to take the logarithm of. */
static double unit_above_zero(struct random_stream *stream)
{
    return 1.0 - random_unit(stream);
}

/* Standard normal (Box and Muller), two at a time. */
static double draw_normal(struct random_stream *stream)
{
    if (stream->has_spare_normal) {
        stream->has_spare_normal = false;
        return stream->spare_normal;
    }
    double radius = sqrt(-2 * log(unit_above_zero(stream)));
    double angle = TWO_PI * random_unit(stream);
    stream->spare_normal = radius * sin(angle);
    stream->has_spare_normal = true;
    return radius * cos(angle);
}

static double draw_raw(struct random_stream *stream,
                       const struct distribution *d)
{
    switch (d->kind) {
    case DISTRIBUTION_CONSTANT:
        break;
    case DISTRIBUTION_UNIFORM:
        return d->min + (d->max - d->min) * random_unit(stream);
    case DISTRIBUTION_EXPONENTIAL:
        return -d->mean * log(unit_above_zero(stream));
    case DISTRIBUTION_NORMAL:
        return d->mean + d->sigma * draw_normal(stream);
    case DISTRIBUTION_LOGNORMAL:
        return d->mean *
               exp(d->sigma * draw_normal(stream) - d->sigma * d->sigma / 2);
    case DISTRIBUTION_PARETO:
        return d->min * pow(unit_above_zero(stream), -1 / d->alpha);
    }
    return d->mean;
}

double random_draw(struct random_stream *stream,
                   const struct distribution *distribution)
{
    double value = draw_raw(stream, distribution);

    if (value < distribution->min)
        value = distribution->min;
    return value > distribution->max ? distribution->max : value;
}

sim_ns random_draw_ns(struct random_stream *stream,
                      const struct distribution *distribution)
{
    double value = random_draw(stream, distribution);
    double most = (double)(SIM_NS_INFINITE / 4);

    if (!(value > 0))
        return 0;
    if (value >= most)
        return SIM_NS_INFINITE / 4;
    sim_ns ns = (sim_ns)value;
    return ns + (value - (double)ns >= 0.5);
}

/* Permutations. ----------------------------------------------------------- */

void permutation_init(struct permutation *permutation, uint64_t count,
                      struct random_stream *stream)
{
    CHECK(count > 0);
    *permutation = (struct permutation){.count = count, .bits = 1};
    while (permutation->bits < 62 && UINT64_C(1) << permutation->bits < count)
        permutation->bits++;
    CHECK(UINT64_C(1) << permutation->bits >= count);
    for (int i = 0; i < PERMUTATION_ROUNDS; i++)
        permutation->factors[i] = random_next(stream) | 1;
}

/*
 * A bijection of [0, 2^bits): an odd factor has an inverse modulo a power of
 * two, and so has folding the upper half of the bits onto the lower one.
 */
static uint64_t scatter(const struct permutation *permutation, uint64_t x)
{
    uint64_t mask = (UINT64_C(1) << permutation->bits) - 1;
    unsigned half = (permutation->bits + 1) / 2;

    for (int i = 0; i < PERMUTATION_ROUNDS; i++) {
        x = (x * permutation->factors[i] + permutation->factors[i]) & mask;
        x ^= x >> half;
    }
    return x;
}

uint64_t permutation_of(const struct permutation *permutation, uint64_t index)
{
    CHECK(index < permutation->count);
    do {
        index = scatter(permutation, index);
    } while (index >= permutation->count);
    return index;
}
