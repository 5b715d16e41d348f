/* Statistics of studies, against printed tables and figures worked by hand. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>

#include "record/statistics.h"

static void expect_near(double found, double wanted, double tolerance,
                        const char *what)
{
    cr_assert(fabs(found - wanted) <= tolerance, "%s: %.10g, not %.10g", what,
              found, wanted);
}

/* Two-sided quantiles as tables print them, to their last digit. */
Test(statistics, t_quantiles_are_those_of_the_table)
{
    static const struct {
        double confidence, freedom, t, tolerance;
    } rows[] = {
        {0.90, 1, 6.314, 0.0005},   {0.95, 1, 12.706, 0.0005},
        {0.99, 1, 63.657, 0.0005},  {0.95, 2, 4.303, 0.0005},
        {0.95, 3, 3.182, 0.0005},   {0.95, 4, 2.776, 0.0005},
        {0.99, 4, 4.604, 0.0005},   {0.95, 9, 2.262, 0.0005},
        {0.90, 10, 1.812, 0.0005},  {0.95, 10, 2.228, 0.0005},
        {0.999, 10, 4.587, 0.0005}, {0.95, 29, 2.045, 0.0005},
        {0.95, 30, 2.042, 0.0005},  {0.99, 60, 2.660, 0.0005},
        {0.95, 120, 1.980, 0.0005}, {0.95, 1e9, 1.959964, 0.000001},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect_near(student_t(rows[i].confidence, rows[i].freedom), rows[i].t,
                    rows[i].tolerance, "t");
}

/* One and two degrees of freedom have closed forms. */
Test(statistics, t_quantiles_are_exact_where_there_is_a_formula)
{
    for (double confidence = 0.05; confidence < 0.999; confidence += 0.05) {
        double one = tan(confidence * acos(-1.0) / 2);
        double two = confidence * sqrt(2 / (1 - confidence * confidence));
        expect_near(student_t(confidence, 1), one, 1e-11 * one, "1 degree");
        expect_near(student_t(confidence, 2), two, 1e-11 * two, "2 degrees");
    }
}

Test(statistics, incomplete_beta_is_a_distribution)
{
    expect_near(incomplete_beta(1, 1, 0.3), 0.3, 1e-14, "uniform");
    expect_near(incomplete_beta(2, 3, 0.4), 0.5248, 1e-14, "polynomial");
    expect_near(incomplete_beta(2, 3, 0), 0, 0, "at 0");
    expect_near(incomplete_beta(2, 3, 1), 1, 0, "at 1");
    for (double x = 0.01; x < 1; x += 0.01)
        expect_near(incomplete_beta(0.5, 7.5, x) +
                        incomplete_beta(7.5, 0.5, 1 - x),
                    1, 1e-13, "symmetry");
}

Test(statistics, estimate_of_five_values_is_that_worked_by_hand)
{
    static const double values[] = {2, 4, 4, 5, 10};
    struct estimate e = estimate_of(values, 5, 0.95);
    cr_assert_eq(e.count, 5);
    expect_near(e.mean, 5, 1e-14, "mean");
    expect_near(e.variance, 9, 1e-13, "variance");
    expect_near(e.half_width, 2.776445105 * 3 / sqrt(5), 1e-8, "half width");
}

Test(statistics, variance_survives_a_large_offset)
{
    static const double values[] = {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16};
    struct estimate e = estimate_of(values, 4, 0.95);
    expect_near(e.variance, 30, 1e-9, "variance");
}

Test(statistics, one_value_has_no_interval)
{
    static const double value[] = {7};
    struct estimate e = estimate_of(value, 1, 0.95);
    expect_near(e.mean, 7, 0, "mean");
    cr_assert(isinf(e.half_width) && isnan(e.variance));
    cr_assert_not(estimate_excludes_zero(&e));
    e = estimate_of(value, 0, 0.95);
    cr_assert(isnan(e.mean) && isinf(e.half_width));
    cr_assert_not(estimate_excludes_zero(&e));
}

/* Workloads differ by far more than the policies do; pairs see past that. */
Test(statistics, pairs_find_what_separate_intervals_hide)
{
    static const double left[] = {11, 52, 93, 31, 72};
    static const double right[] = {10, 50, 92, 29, 71};
    struct estimate l = estimate_of(left, 5, 0.95);
    struct estimate r = estimate_of(right, 5, 0.95);
    struct estimate d = estimate_of_differences(left, right, 5, 0.95);
    cr_assert(l.mean - l.half_width < r.mean + r.half_width);
    expect_near(d.mean, 1.4, 1e-13, "difference");
    expect_near(d.half_width, 2.776445105 * sqrt(0.3 / 5), 1e-8, "half width");
    cr_assert(estimate_excludes_zero(&d));
}

Test(statistics, equal_runs_show_no_difference)
{
    static const double values[] = {3, 1, 4, 1, 5};
    struct estimate d = estimate_of_differences(values, values, 5, 0.95);
    expect_near(d.mean, 0, 0, "difference");
    expect_near(d.half_width, 0, 0, "half width");
    cr_assert_not(estimate_excludes_zero(&d));
}

/* A generator of the test's own: results must not hang on a library's. */
static double next_unit(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1;
    return (double)(*state >> 11) * 0x1p-53;
}

/* 95 % intervals of pairs that differ by chance only: about one in twenty
 * leaves zero out. 4000 trials: the count's standard deviation is 13.8. */
Test(statistics, equals_stand_out_once_in_twenty)
{
    enum { TRIALS = 4000, PAIRS = 6 };
    uint64_t state = 42;
    int found = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
        double left[PAIRS], right[PAIRS];
        for (int i = 0; i < PAIRS; i++) {
            left[i] = right[i] = 0;
            for (int k = 0; k < 12; k++) { /* nearly normal */
                left[i] += next_unit(&state);
                right[i] += next_unit(&state);
            }
        }
        struct estimate d = estimate_of_differences(left, right, PAIRS, 0.95);
        found += estimate_excludes_zero(&d);
    }
    cr_assert(found > 200 - 55 && found < 200 + 55, "%d of %d", found, TRIALS);
}
