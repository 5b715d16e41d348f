/*
 * Random numbers: streams, distributions, Zipf ranks, permutations.
 */
#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>

#include "world/zipf.h"

enum { DRAWS = 200000 };

static struct random_stream stream_of(uint64_t seed)
{
    struct random_stream stream;

    random_init(&stream, seed, "test", "random", 0);
    return stream;
}

Test(random, streams_differ_by_seed_kind_name_and_number)
{
    struct random_stream streams[5];

    random_init(&streams[0], 1, "a", "b", 0);
    random_init(&streams[1], 2, "a", "b", 0);
    random_init(&streams[2], 1, "b", "b", 0);
    random_init(&streams[3], 1, "a", "c", 0);
    random_init(&streams[4], 1, "a", "b", 1);
    uint64_t first[5];
    for (int i = 0; i < 5; i++)
        first[i] = random_next(&streams[i]);
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < i; k++)
            cr_assert_neq(first[i], first[k]);
    random_init(&streams[1], 1, "a", "b", 0);
    cr_assert_eq(random_next(&streams[1]), first[0]);
}

/* Mean of many draws; in *deviation the standard deviation of the logarithms. */
static double mean_of(const struct distribution *distribution)
{
    struct random_stream stream = stream_of(3);
    double sum = 0;

    for (int i = 0; i < DRAWS; i++) {
        double value = random_draw(&stream, distribution);

        cr_assert(value >= distribution->min && value <= distribution->max);
        sum += value;
    }
    return sum / DRAWS;
}

Test(random, distributions_have_their_means)
{
    const struct {
        struct distribution distribution;
        double mean;
    } cases[] = {
        {{.kind = DISTRIBUTION_CONSTANT, .mean = 7, .max = INFINITY}, 7},
        {{.kind = DISTRIBUTION_UNIFORM, .min = 2, .max = 6}, 4},
        {{.kind = DISTRIBUTION_EXPONENTIAL, .mean = 10, .max = INFINITY}, 10},
        {{.kind = DISTRIBUTION_NORMAL,
          .mean = 100,
          .sigma = 10,
          .max = INFINITY},
         100},
        {{.kind = DISTRIBUTION_LOGNORMAL,
          .mean = 300,
          .sigma = 0.5,
          .max = INFINITY},
         300},
        {{.kind = DISTRIBUTION_PARETO, .min = 2, .alpha = 4, .max = INFINITY},
         2.0 * 4 / 3},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double mean = mean_of(&cases[i].distribution);

        cr_assert(fabs(mean / cases[i].mean - 1) < 0.01, "%zu: %g, not %g", i,
                  mean, cases[i].mean);
    }
}

Test(random, durations_are_clamped_and_never_negative)
{
    struct random_stream stream = stream_of(5);
    struct distribution normal = {
        .kind = DISTRIBUTION_NORMAL, .mean = 10, .sigma = 100, .max = 50};

    for (int i = 0; i < 1000; i++) {
        sim_ns ns = random_draw_ns(&stream, &normal);

        cr_assert(ns >= 0 && ns <= 50);
    }
}

Test(random, below_is_uniform)
{
    struct random_stream stream = stream_of(6);
    unsigned counts[7] = {0};

    for (int i = 0; i < 70000; i++)
        counts[random_below(&stream, 7)]++;
    for (int i = 0; i < 7; i++)
        cr_assert(abs((int)counts[i] - 10000) < 400, "%u", counts[i]);
}

/* Each rank's share against the definition, by the chi-square sum. */
static void check_zipf(uint64_t ranks, double alpha)
{
    struct random_stream stream = stream_of(9);
    uint64_t *counts = calloc(ranks, sizeof *counts);
    struct zipf *zipf = zipf_new(ranks, alpha);
    double weights = 0, chi_square = 0;

    cr_assert_not_null(zipf);
    for (int i = 0; i < DRAWS; i++) {
        uint64_t rank = zipf_draw(zipf, &stream);

        cr_assert_lt(rank, ranks);
        counts[rank]++;
    }
    for (uint64_t r = 0; r < ranks; r++)
        weights += pow((double)r + 1, -alpha);
    for (uint64_t r = 0; r < ranks; r++) {
        double expected = DRAWS * pow((double)r + 1, -alpha) / weights;
        double off = (double)counts[r] - expected;

        chi_square += off * off / expected;
    }
    /* mean ranks - 1, deviation sqrt(2 (ranks - 1)): five of those */
    double freedom = (double)ranks - 1;
    cr_assert(chi_square < freedom + 5 * sqrt(2 * freedom) + 5,
              "%llu ranks, alpha %g: %g", (unsigned long long)ranks, alpha,
              chi_square);
    zipf_free(zipf);
    free(counts);
}

Test(random, zipf_ranks_have_their_shares)
{
    const double alphas[] = {0, 0.5, 0.9, 1, 1.0000001, 1.2, 2};
    const uint64_t sizes[] = {1, 2, 10, 300, 2000};

    for (size_t a = 0; a < sizeof alphas / sizeof alphas[0]; a++)
        for (size_t n = 0; n < sizeof sizes / sizeof sizes[0]; n++)
            check_zipf(sizes[n], alphas[a]);
}

Test(random, zipf_reaches_the_far_end_of_many_pages)
{
    struct random_stream stream = stream_of(11);
    struct zipf *zipf = zipf_new(50000000, 0.8);
    uint64_t largest = 0, firsts = 0;

    cr_assert_not_null(zipf);
    for (int i = 0; i < DRAWS; i++) {
        uint64_t rank = zipf_draw(zipf, &stream);

        firsts += rank == 0;
        if (rank > largest)
            largest = rank;
    }
    cr_assert_gt(largest, 49000000);
    /* 1 / sum of r^-0.8 up to 5e7, which is about 5 * (5e7)^0.2 - 4.4 */
    double expected = DRAWS / (5 * pow(5e7, 0.2) - 4.44);
    cr_assert(fabs((double)firsts / expected - 1) < 0.05, "%llu, not %g",
              (unsigned long long)firsts, expected);
    zipf_free(zipf);
}

Test(random, a_permutation_meets_every_number_once)
{
    const uint64_t sizes[] = {1, 2, 3, 4, 5, 16, 17, 1000, 4096};

    for (size_t n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
        struct random_stream stream = stream_of(13 + n);
        struct permutation permutation;
        bool *seen = calloc(sizes[n], sizeof *seen);

        permutation_init(&permutation, sizes[n], &stream);
        for (uint64_t i = 0; i < sizes[n]; i++) {
            uint64_t to = permutation_of(&permutation, i);

            cr_assert_lt(to, sizes[n]);
            cr_assert(!seen[to]);
            seen[to] = true;
        }
        free(seen);
    }
}
