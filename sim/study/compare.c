#include "study/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "study/warmup.h"
#include "study/words.h"

/* Time first: a policy with fewer misses may still stall longer. */
static const char *const shown[] = {
    "stall_some_share", "stall_full_share", "stall_some_ns",  "faults_major",
    "refaults",         "miss_ratio",       "pager_requests", "compress_ns",
    "decompress_ns",    "written_back",     "access_p99_ns",  "oom_kills",
    "accesses",
};

static const char *const made_precise[] = {"stall_some_share", "faults_major"};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Is the warm-up, if there is one, deleted from it? */
static bool is_countable(const struct comparison *comparison, size_t metric)
{
    return !comparison->study->warmup.is_deleted || warmup_has_metric(metric);
}

static bool find_metric(const struct comparison *comparison, const char *name,
                        size_t *metric, char *message, size_t message_bytes)
{
    if (!study_metric_find(name, metric)) {
        snprintf(message, message_bytes,
                 "there is no metric '%s'; they are the numbers of v_summary, "
                 "such as stall_some_share",
                 name);
        return false;
    }
    if (is_countable(comparison, *metric))
        return true;
    snprintf(message, message_bytes,
             "'%s' is known for whole runs only: with a warm-up metrics are "
             "differences of cumulative counters that ticks have",
             name);
    return false;
}

static bool add_metric(struct comparison *comparison, const char *name,
                       char *message, size_t message_bytes)
{
    size_t metric;
    if (!find_metric(comparison, name, &metric, message, message_bytes))
        return false;
    for (size_t n = 0; n < comparison->metric_count; n++)
        if (comparison->metrics[n] == metric) {
            snprintf(message, message_bytes, "'%s' is there twice", name);
            return false;
        }
    comparison->metrics[comparison->metric_count++] = metric;
    return true;
}

static bool add_metrics(struct comparison *comparison, const char *names,
                        char *message, size_t message_bytes)
{
    struct words words;
    if (!words_cut(&words, names)) {
        snprintf(message, message_bytes, "out of memory");
        return false;
    }
    const char *name = words.text;
    bool is_fine = true;
    for (size_t n = 0; n < words.count && is_fine; n++) {
        is_fine = add_metric(comparison, name, message, message_bytes);
        name += strlen(name) + 1;
    }
    words_release(&words);
    return is_fine;
}

const char *compare_metric(size_t index)
{
    return index < COUNT_OF(shown) ? shown[index] : NULL;
}

bool compare_metrics(struct comparison *comparison, const char *names,
                     char *message, size_t message_bytes)
{
    size_t metric;
    comparison->metric_count = 0;
    if (names)
        return add_metrics(comparison, names, message, message_bytes);
    for (size_t n = 0; compare_metric(n); n++)
        if (study_metric_find(compare_metric(n), &metric) &&
            is_countable(comparison, metric))
            comparison->metrics[comparison->metric_count++] = metric;
    return true;
}

static size_t point_of(const struct comparison *comparison, size_t memory,
                       size_t policy)
{
    return memory * comparison->policy_count + policy;
}

static enum compare_verdict judge(const struct estimate *difference)
{
    if (!estimate_excludes_zero(difference))
        return COMPARE_NO_DIFFERENCE;
    return difference->mean < 0 ? COMPARE_LOWER : COMPARE_HIGHER;
}

/* `values` and `base` have room for the repetitions. */
static bool fill_row(const struct comparison *comparison, size_t memory,
                     size_t policy, size_t metric, double *values, double *base,
                     struct compare_row *row)
{
    const struct study *study = comparison->study;
    size_t count = study->repetition_count;
    if (!study_values(study, point_of(comparison, memory, policy), metric,
                      values))
        return false;
    row->value = estimate_of(values, count, STATISTICS_CONFIDENCE);
    if (policy == comparison->baseline)
        return true;
    if (!study_values(study, point_of(comparison, memory, comparison->baseline),
                      metric, base))
        return false;
    row->difference =
        estimate_of_differences(values, base, count, STATISTICS_CONFIDENCE);
    double mean = estimate_of(base, count, STATISTICS_CONFIDENCE).mean;
    row->relative = mean != 0 ? row->difference.mean / mean : (double)NAN;
    row->verdict = judge(&row->difference);
    return true;
}

bool compare_row(const struct comparison *comparison, size_t memory,
                 size_t policy, size_t metric, struct compare_row *row)
{
    size_t count = comparison->study->repetition_count;
    double *values = calloc(2 * count + 1, sizeof *values);
    *row = (struct compare_row){.relative = (double)NAN,
                                .verdict = COMPARE_BASELINE};
    bool is_there = values && fill_row(comparison, memory, policy, metric,
                                       values, values + count, row);
    free(values);
    return is_there;
}

/* --- precision ------------------------------------------------------------ */

static bool is_narrow(const struct comparison *comparison, size_t memory,
                      size_t policy, size_t metric, double precision)
{
    struct compare_row row;
    bool is_baseline = policy == comparison->baseline;
    if (is_baseline && comparison->policy_count > 1)
        return true;
    if (!compare_row(comparison, memory, policy, metric, &row))
        return true; /* a metric that is not there can't get better */
    double half_width =
        is_baseline ? row.value.half_width : row.difference.half_width;
    /* the baseline's mean is the policy's less the difference */
    double scale = fabs(row.value.mean);
    if (!is_baseline)
        scale = fmax(scale, fabs(row.value.mean - row.difference.mean));
    return half_width <= precision * scale;
}

bool compare_is_precise(const struct comparison *comparison, double precision)
{
    for (size_t n = 0; n < COUNT_OF(made_precise); n++) {
        size_t metric;
        if (!study_metric_find(made_precise[n], &metric))
            continue;
        for (size_t m = 0; m < comparison->memory_count; m++)
            for (size_t p = 0; p < comparison->policy_count; p++)
                if (!is_narrow(comparison, m, p, metric, precision))
                    return false;
    }
    return true;
}

/* --- conditions ----------------------------------------------------------- */

static bool find_policy(const struct comparison *comparison, const char *name,
                        size_t *policy)
{
    for (size_t p = 0; p < comparison->policy_count; p++) {
        if (strcmp(comparison->study->points[p].policy_name, name) != 0)
            continue;
        *policy = p;
        return true;
    }
    return false;
}

static bool find_name(void *context, const char *policy, const char *metric,
                      size_t *number, char *message, size_t message_bytes)
{
    const struct comparison *comparison = context;
    size_t p = 0, m;
    if (!policy && comparison->policy_count > 1) {
        snprintf(message, message_bytes,
                 "whose '%s'? POLICY.METRIC is expected", metric);
        return false;
    }
    if (policy && !find_policy(comparison, policy, &p)) {
        snprintf(message, message_bytes, "'%s' is not one of the policies",
                 policy);
        return false;
    }
    if (!find_metric(comparison, metric, &m, message, message_bytes))
        return false;
    *number = p * STUDY_MAX_METRICS + m;
    return true;
}

bool compare_parse(const struct comparison *comparison,
                   struct expression *expression, const char *text,
                   char *message, size_t message_bytes)
{
    struct comparison copy = *comparison;
    return expression_parse(expression, text, find_name, &copy, message,
                            message_bytes);
}

struct evaluation {
    const struct comparison *comparison;
    size_t memory;
};

static double mean_of(void *context, size_t number)
{
    const struct evaluation *evaluation = context;
    return study_mean(evaluation->comparison->study,
                      point_of(evaluation->comparison, evaluation->memory,
                               number / STUDY_MAX_METRICS),
                      number % STUDY_MAX_METRICS);
}

enum expression_answer compare_evaluate(const struct comparison *comparison,
                                        const struct expression *expression,
                                        size_t memory)
{
    struct evaluation evaluation = {comparison, memory};
    return expression_evaluate(expression, mean_of, &evaluation);
}
