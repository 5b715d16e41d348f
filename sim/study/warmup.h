/*
 * Deleting the warm-up: metrics that count from a later time on.
 *
 *   t = 0          warm-up                                    end
 *   |################|-----------------------------------------|
 *                    counters here ............ less those there
 *
 * Pressure scenarios mostly begin and end for a reason of their own, and their
 * beginning belongs to the answer; so nothing is deleted unless asked for. A
 * study of a steady state asks: what is counted while memory fills up for the
 * first time says nothing about a policy.
 *
 * What is left is worked out from the tick rows of the results file, as
 * differences of cumulative counters; ratios and shares are taken of the
 * differences. Quantiles of latency, first touches and the totals that are
 * counted for the whole run only are no such differences: with a warm-up they
 * are not metrics.
 *
 * One time holds for all runs of a study, so that policies are still compared
 * over the same time with the same draws.
 */
#ifndef LOWTIDE_STUDY_WARMUP_H
#define LOWTIDE_STUDY_WARMUP_H

#include "study/study.h"

/* Can the metric be counted from a time on? */
bool warmup_has_metric(size_t metric);

/*
 * Is what `study->warmup` asks for possible with this scenario? After
 * study_check(), before anything runs; what is wrong is printed to `errors`.
 */
enum study_status warmup_check(const struct study *study, FILE *errors);

/*
 * Put the metrics since the end of the warm-up in the place of those of whole
 * runs, for all repetitions so far; again after more of them. Finds the time
 * first if that is wanted. Nothing happens if no warm-up is to be deleted.
 *
 * STUDY_FAILED with a line to `errors`: a run ended before its warm-up did, or
 * none could be found. Then no run has metrics.
 */
enum study_status warmup_delete(struct study *study, FILE *errors);

/* --- MSER-5 --------------------------------------------------------------- */

/* Observations in a batch, and how many batches are too few to be cut. */
enum { MSER_BATCH = 5, MSER_MIN_BATCHES = 10, MSER_LAST_BATCHES = 5 };

enum mser_result {
    MSER_FOUND,
    MSER_TOO_SHORT,   /* fewer than MSER_BATCH * MSER_MIN_BATCHES values */
    MSER_NOT_SETTLED, /* the cut would be in the second half */
};

/*
 * Where a series settles: White, Cobb and Spratt, "A comparison of five
 * steady-state truncation heuristics for simulation" (Winter Simulation
 * Conference 2000). The cut is what makes the squared standard error of the
 * mean of the rest smallest, in batches of five; the earliest such. As Hoad,
 * Robinson and Davies (2010) advise, the last five batches are no candidates
 * (a rest of few values is alike by chance) and a cut in the second half
 * counts as none.
 *
 *   cut  set if MSER_FOUND: values to delete, a multiple of MSER_BATCH
 */
enum mser_result warmup_mser5(const double *series, size_t count, size_t *cut);

#endif
