/* Where a series settles, against a slow search and cases worked by hand. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>

#include "study/warmup.h"

static uint64_t next_number(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1;
    return *state >> 33;
}

/* The definition, from scratch for each cut. */
static enum mser_result search(const double *series, size_t count, size_t *cut)
{
    size_t batches = count / 5, best = 0;
    double smallest = (double)INFINITY;
    for (size_t first = 0; first + 5 < batches; first++) {
        double sum = 0, squares = 0;
        size_t rest = batches - first;
        for (size_t n = first * 5; n < batches * 5; n++)
            sum += series[n];
        double mean = sum / (double)(5 * rest);
        for (size_t b = first; b < batches; b++) {
            double batch = 0;
            for (size_t n = 0; n < 5; n++)
                batch += series[5 * b + n] / 5;
            squares += (batch - mean) * (batch - mean);
        }
        double error = squares / (double)(rest * rest);
        if (error < smallest) {
            smallest = error;
            best = first;
        }
    }
    *cut = best * 5;
    return best > batches / 2 ? MSER_NOT_SETTLED : MSER_FOUND;
}

Test(warmup, a_search_of_all_cuts_finds_the_same)
{
    uint64_t state = 7;
    double series[403];
    int settled = 0, unsettled = 0;
    for (int trial = 0; trial < 400; trial++) {
        size_t count = 50 + next_number(&state) % 354;
        double decay = (double)(next_number(&state) % 150) + 1;
        size_t cut = 0, wanted = 0;
        for (size_t n = 0; n < count; n++)
            series[n] = 300 * exp(-(double)n / decay) +
                        (double)(next_number(&state) % 100);
        enum mser_result result = warmup_mser5(series, count, &cut);
        cr_assert_eq(result, search(series, count, &wanted), "trial %d", trial);
        cr_assert_eq(cut, wanted, "trial %d: %zu, not %zu", trial, cut, wanted);
        settled += result == MSER_FOUND && cut > 0;
        unsettled += result == MSER_NOT_SETTLED;
    }
    cr_assert_gt(settled, 100);
    cr_assert_gt(unsettled, 0);
}

Test(warmup, what_comes_before_a_step_is_cut)
{
    double series[200];
    size_t cut = 0;
    for (size_t n = 0; n < 200; n++)
        series[n] = n < 30 ? 500 : (double)(n % 10);
    cr_assert_eq(warmup_mser5(series, 200, &cut), MSER_FOUND);
    cr_assert_eq(cut, 30);
    for (size_t n = 28; n < 30; n++) /* within a batch: all of it goes */
        series[n] = 0;
    cr_assert_eq(warmup_mser5(series, 200, &cut), MSER_FOUND);
    cr_assert_eq(cut, 30);
}

Test(warmup, of_a_series_that_never_changes_nothing_is_cut)
{
    double series[100];
    size_t cut = 1;
    for (size_t n = 0; n < 100; n++)
        series[n] = 0.1;
    cr_assert_eq(warmup_mser5(series, 100, &cut), MSER_FOUND);
    cr_assert_eq(cut, 0);
}

Test(warmup, a_trend_does_not_settle)
{
    double series[200];
    size_t cut;
    for (size_t n = 0; n < 200; n++)
        series[n] = (double)(n < 150 ? 150 - n : n % 2);
    cr_assert_eq(warmup_mser5(series, 200, &cut), MSER_NOT_SETTLED);
}

Test(warmup, few_values_are_too_few)
{
    double series[50] = {0};
    size_t cut;
    cr_assert_eq(warmup_mser5(series, 49, &cut), MSER_TOO_SHORT);
    cr_assert_eq(warmup_mser5(series, 0, &cut), MSER_TOO_SHORT);
    cr_assert_eq(warmup_mser5(series, 50, &cut), MSER_FOUND);
}

Test(warmup, metrics_are_those_that_ticks_count)
{
    static const struct {
        const char *name;
        bool is_there;
    } rows[] = {
        {"stall_some_share", true},
        {"miss_ratio", true},
        {"seed", true},
        {"stall_full_ns", true},
        {"access_p99_ns", false},
        {"first_touches", false},
        {"compress_ns", false},
        {"pager_requests", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t metric;
        cr_assert(study_metric_find(rows[i].name, &metric));
        cr_assert_eq(warmup_has_metric(metric), rows[i].is_there, "%s",
                     rows[i].name);
    }
}
