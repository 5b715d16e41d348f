#include "record/statistics.h"

#include <float.h>
#include <math.h>

enum { MAX_FRACTION_TERMS = 500, MAX_BISECTIONS = 200 };

/* --- Student's distribution ---------------------------------------------- */

/* Away from zero, so that a fraction can be divided by it. */
static double not_zero(double x)
{
    return fabs(x) < DBL_MIN ? DBL_MIN : x;
}

/* Term `n` of the continued fraction, 1, 2, 3 ... */
static double beta_term(double a, double b, double x, int n)
{
    int pair = n / 2; /* terms come in twos */
    double m = pair;
    if (n % 2 == 0)
        return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
}

/* 1 / (1 + d1 / (1 + d2 / (1 + ...))), from the front. */
static double beta_fraction(double a, double b, double x)
{
    double above = 1;
    double below = 1 / not_zero(1 + beta_term(a, b, x, 1));
    double fraction = below;
    for (int n = 2; n < MAX_FRACTION_TERMS; n++) {
        double term = beta_term(a, b, x, n);
        below = 1 / not_zero(1 + term * below);
        above = not_zero(1 + term / above);
        fraction *= below * above;
        if (fabs(below * above - 1) < DBL_EPSILON)
            break;
    }
    return fraction;
}

double incomplete_beta(double a, double b, double x)
{
    if (x <= 0)
        return 0;
    if (x >= 1)
        return 1;
    /* the fraction converges fast on this side of the mean only */
    if (x > (a + 1) / (a + b + 2))
        return 1 - incomplete_beta(b, a, 1 - x);
    double log_front =
        lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x);
    return exp(log_front) * beta_fraction(a, b, x) / a;
}

static double outside(double t, double freedom)
{
    return incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t));
}

double student_t(double confidence, double freedom)
{
    double low = 0, high = 1;
    while (outside(high, freedom) > 1 - confidence)
        high *= 2;
    for (int i = 0; i < MAX_BISECTIONS; i++) {
        double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high)
            break;
        if (outside(middle, freedom) > 1 - confidence)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* --- estimates ------------------------------------------------------------ */

/* `right` is NULL for the values themselves. */
static struct estimate gather(const double *left, const double *right,
                              size_t count, double confidence)
{
    struct estimate estimate = {.count = count,
                                .mean = (double)NAN,
                                .variance = (double)NAN,
                                .half_width = (double)INFINITY};
    double mean = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        double value = right ? left[i] - right[i] : left[i];
        double step = value - mean;
        mean += step / (double)(i + 1);
        squares += step * (value - mean);
    }
    if (count > 0)
        estimate.mean = mean;
    if (count > 1) {
        estimate.variance = squares / (double)(count - 1);
        estimate.half_width = student_t(confidence, (double)(count - 1)) *
                              sqrt(estimate.variance / (double)count);
    }
    return estimate;
}

struct estimate estimate_of(const double *values, size_t count,
                            double confidence)
{
    return gather(values, NULL, count, confidence);
}

struct estimate estimate_of_differences(const double *left, const double *right,
                                        size_t count, double confidence)
{
    return gather(left, right, count, confidence);
}

bool estimate_excludes_zero(const struct estimate *estimate)
{
    return estimate->count > 1 && fabs(estimate->mean) > estimate->half_width;
}
