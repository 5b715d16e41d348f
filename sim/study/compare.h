/*
 * Comparing policies: what a study's repetitions say about each policy, and
 * about each policy against a baseline.
 *
 *   point = memory * policy_count + policy
 *
 * Differences are paired by repetition, since both runs of a pair faced the
 * same workload. A difference whose interval holds zero has not been shown;
 * that is no proof that there is none. Each interval has its confidence by
 * itself: of twenty comparisons of equals one is expected to stand out.
 */
#ifndef LOWTIDE_STUDY_COMPARE_H
#define LOWTIDE_STUDY_COMPARE_H

#include "record/statistics.h"
#include "study/expression.h"
#include "study/study.h"

struct comparison {
    struct study *study; /* borrowed; points as above */
    size_t policy_count;
    size_t memory_count;
    size_t baseline; /* policy index */

    /* that reports show, in their order; by compare_metrics() */
    size_t metrics[STUDY_MAX_METRICS];
    size_t metric_count;
};

enum compare_verdict {
    COMPARE_BASELINE, /* it is the baseline itself */
    COMPARE_LOWER,    /* than the baseline; significant */
    COMPARE_HIGHER,
    COMPARE_NO_DIFFERENCE, /* none was shown */
};

/* One metric of one policy with one memory. */
struct compare_row {
    struct estimate value;
    struct estimate difference; /* to the baseline's; unless it is that */
    double relative; /* difference / the baseline's mean; NAN where that is 0 */
    enum compare_verdict verdict;
};

/* The names of what reports show unless they are told, costs first; NULL past
 * the last one. */
const char *compare_metric(size_t index);

/*
 * What reports are to show.
 *
 *   names  NULL: compare_metric(), as far as it can be counted from the end of
 *          the warm-up; else metrics, separated by commas
 *
 * False with a message: there is no such metric, or not with a warm-up, or it
 * is there twice.
 */
bool compare_metrics(struct comparison *comparison, const char *names,
                     char *message, size_t message_bytes);

/* False: some run does not have the metric, or memory ran out. */
bool compare_row(const struct comparison *comparison, size_t memory,
                 size_t policy, size_t metric, struct compare_row *row);

/*
 * Are the intervals as narrow as asked for? For every policy but the baseline:
 * the half width of the paired difference, over the larger of the two means;
 * for a policy alone: that of its mean. Looked at for the metrics
 * stall_some_share and faults_major. An interval of width 0 is narrow.
 */
bool compare_is_precise(const struct comparison *comparison, double precision);

/* --- conditions ----------------------------------------------------------- */

/*
 * Read a condition on `POLICY.METRIC`, which are means over the repetitions; a
 * METRIC alone where there is one policy. As expression_parse().
 */
bool compare_parse(const struct comparison *comparison,
                   struct expression *expression, const char *text,
                   char *message, size_t message_bytes);

/* The answer for one memory. */
enum expression_answer compare_evaluate(const struct comparison *comparison,
                                        const struct expression *expression,
                                        size_t memory);

/* --- reports -------------------------------------------------------------- */

/* A table for each memory. */
void compare_print(FILE *out, const struct comparison *comparison);

/* One JSON array: an object for each memory, metric and policy. */
void compare_print_json(FILE *out, const struct comparison *comparison);

#endif
