/*
 * Streams, distributions, Zipf ranks and permutations.
 *
 * An alias table would make a Zipf draw one multiplication and two memory
 * accesses, but those miss the cache for the tens of millions of pages that a
 * scenario may have, and it takes 12 bytes a page. Rejection inversion needs
 * one or two calls of the maths library and accepts more than 90% of its
 * candidates at any exponent.
 */
#include "engine/random.h"

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

    return fmin(fmax(value, distribution->min), distribution->max);
}

sim_ns random_draw_ns(struct random_stream *stream,
                      const struct distribution *distribution)
{
    double value = round(random_draw(stream, distribution));
    double most = (double)(SIM_NS_INFINITE / 4);

    if (!(value > 0))
        return 0;
    return value < most ? (sim_ns)value : SIM_NS_INFINITE / 4;
}

/* Zipf. ------------------------------------------------------------------- */

/* (exp(x) - 1) / x, also near 0. */
static double expm1_ratio(double x)
{
    return fabs(x) > 1e-8 ? expm1(x) / x : 1 + x / 2 * (1 + x / 3);
}

/* log(1 + x) / x, also near 0. */
static double log1p_ratio(double x)
{
    return fabs(x) > 1e-8 ? log1p(x) / x : 1 - x * (0.5 - x / 3);
}

/* The hat x^-alpha, its integral from 1, and that integral's inverse. */
static double hat(double alpha, double x)
{
    return exp(-alpha * log(x));
}

static double hat_integral(double alpha, double x)
{
    double logarithm = log(x);

    return expm1_ratio((1 - alpha) * logarithm) * logarithm;
}

static double hat_inverse(double alpha, double y)
{
    double t = y * (1 - alpha);

    if (t < -1)
        t = -1;
    if (fabs(1 - alpha) < 1e-6)
        return exp(log1p_ratio(t) * y);
    return exp(log(1 + t) / (1 - alpha)); /* a third of the time */
}

void zipf_init(struct zipf *zipf, uint64_t count, double alpha)
{
    CHECK(count > 0);
    CHECK(alpha >= 0);
    *zipf = (struct zipf){
        .count = count,
        .alpha = alpha,
        .low = hat_integral(alpha, 1.5) - 1,
        .high = hat_integral(alpha, (double)count + 0.5),
        .squeeze =
            2 - hat_inverse(alpha, hat_integral(alpha, 2.5) - hat(alpha, 2)),
    };
}

uint64_t zipf_draw(const struct zipf *zipf, struct random_stream *stream)
{
    for (;;) {
        double u = zipf->high + random_unit(stream) * (zipf->low - zipf->high);
        double x = hat_inverse(zipf->alpha, u);
        double k = floor(x + 0.5);

        if (k < 1)
            k = 1;
        if (k > (double)zipf->count)
            k = (double)zipf->count;

        if (k - x <= zipf->squeeze)
            return (uint64_t)k - 1;
        if (u >= hat_integral(zipf->alpha, k + 0.5) - hat(zipf->alpha, k))
            return (uint64_t)k - 1;
    }
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
