/*
 * Means of repetitions and how sure they are.
 *
 * Repetitions are independent draws (a seed each), so Student's t applies to
 * their mean. Two policies that ran the same seeds saw the same workload:
 * what differs within a pair is the policy's doing, and the interval of the
 * mean difference is narrower than one that ignores the pairs.
 */
#ifndef LOWTIDE_RECORD_STATISTICS_H
#define LOWTIDE_RECORD_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

/* The confidence of every interval that is printed or drawn. */
#define STATISTICS_CONFIDENCE 0.95

struct estimate {
    size_t count;
    double mean;       /* NAN of no values */
    double variance;   /* of the values, n - 1 below; NAN of fewer than two */
    double half_width; /* of the interval; INFINITY of one value */
};

/*
 * Arithmetic mean and sample variance in one pass (Welford 1962), and the
 * half width t * sqrt(variance / n) of the two-sided interval.
 *
 *   values      borrowed; finite
 *   confidence  between 0 and 1
 */
struct estimate estimate_of(const double *values, size_t count,
                            double confidence);

/* The estimate of left[i] - right[i]: paired differences. */
struct estimate estimate_of_differences(const double *left, const double *right,
                                        size_t count, double confidence);

/* Is zero outside of the interval? Two values at least, or it can't be. */
bool estimate_excludes_zero(const struct estimate *estimate);

/*
 * I_x(a, b), the regularised incomplete beta function: 0 <= x <= 1, a and b
 * above 0. By its continued fraction (DLMF 8.17.22), evaluated by the modified
 * Lentz method; relative error about 1e-14.
 */
double incomplete_beta(double a, double b, double x);

/*
 * The t with P(|T| <= t) = `confidence` for Student's distribution with
 * `freedom` >= 1 degrees of freedom: P(|T| > t) = I_x(freedom / 2, 1 / 2) with
 * x = freedom / (freedom + t * t) (DLMF 8.17; Abramowitz and Stegun 26.5.27),
 * solved by bisection to the last bits of a double.
 */
double student_t(double confidence, double freedom);

#endif
