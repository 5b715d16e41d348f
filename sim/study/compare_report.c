/* Comparisons for people (tables) and for programs (JSON). */
#include "study/compare.h"

#include <math.h>
#include <string.h>

#include "record/json.h"

enum { CELL_BYTES = 64 };

static const char *const verdicts[] = {
    [COMPARE_BASELINE] = "baseline",
    [COMPARE_LOWER] = "lower",
    [COMPARE_HIGHER] = "higher",
    [COMPARE_NO_DIFFERENCE] = "no difference shown",
};

/* Four digits that mean something; counts in full. */
static void number_cell(char cell[CELL_BYTES], double number)
{
    if (number != 0 && fabs(number) < 1e7 && fabs(number) >= 1000)
        snprintf(cell, CELL_BYTES, "%.0f", number);
    else
        snprintf(cell, CELL_BYTES, "%.4g", number);
}

static int policy_width(const struct comparison *comparison)
{
    size_t width = strlen("policy");
    for (size_t p = 0; p < comparison->policy_count; p++) {
        size_t length = strlen(comparison->study->points[p].policy_name);
        width = length > width ? length : width;
    }
    return (int)width;
}

static void print_difference(FILE *out, const struct compare_row *row)
{
    char low[CELL_BYTES], high[CELL_BYTES], mean[CELL_BYTES];
    char interval[3 * CELL_BYTES];
    double half = row->difference.half_width;
    number_cell(mean, row->difference.mean);
    number_cell(low, row->difference.mean - half);
    number_cell(high, row->difference.mean + half);
    if (isfinite(half))
        snprintf(interval, sizeof interval, "[%s, %s]", low, high);
    else
        snprintf(interval, sizeof interval, "-");
    fprintf(out, "  %10s  %-22s", mean, interval);
    if (isfinite(row->relative))
        fprintf(out, "  %+7.1f%%", 100 * row->relative);
    else
        fprintf(out, "  %8s", "-");
    fprintf(out, "  %s", verdicts[row->verdict]);
}

static void print_row(FILE *out, const struct comparison *comparison,
                      size_t memory, size_t policy, size_t metric, int width)
{
    struct compare_row row;
    char mean[CELL_BYTES], half[CELL_BYTES] = "-";
    const struct study_point *point = &comparison->study->points[policy];
    if (!compare_row(comparison, memory, policy, metric, &row))
        return;
    number_cell(mean, row.value.mean);
    if (isfinite(row.value.half_width))
        number_cell(half, row.value.half_width);
    fprintf(out, "%-16s  %-*s  %10s  %9s", study_metric_name(metric), width,
            point->policy_name, mean, half);
    if (row.verdict == COMPARE_BASELINE)
        fprintf(out, "  %10s", verdicts[row.verdict]);
    else
        print_difference(out, &row);
    fputc('\n', out);
}

static void print_endings(FILE *out, const struct comparison *comparison,
                          size_t memory)
{
    const struct study *study = comparison->study;
    for (size_t p = 0; p < comparison->policy_count; p++) {
        size_t stopped = 0, failed = 0;
        for (size_t r = 0; r < study->repetition_count; r++) {
            const struct study_result *result =
                &study->results[r * study->point_count +
                                memory * comparison->policy_count + p];
            stopped += result->is_stopped;
            failed += result->status == STUDY_FAILED;
        }
        if (stopped > 0)
            fprintf(out, "%s: %zu of %zu runs were stopped out of memory\n",
                    study->points[p].policy_name, stopped,
                    study->repetition_count);
        if (failed > 0)
            fprintf(out, "%s: in %zu of %zu runs an expectation failed\n",
                    study->points[p].policy_name, failed,
                    study->repetition_count);
    }
}

static void print_memory(FILE *out, const struct comparison *comparison,
                         size_t memory, int width)
{
    const struct study *study = comparison->study;
    const char *name;
    size_t metric;
    fprintf(out, "memory %llu pages, %zu repetitions, seeds from %llu\n",
            (unsigned long long)study->points[memory * comparison->policy_count]
                .memory_pages,
            study->repetition_count, (unsigned long long)study->first_seed);
    fprintf(out, "%-16s  %-*s  %10s  %9s  %10s  %-22s  %8s\n", "metric", width,
            "policy", "mean", "+- 95%", "difference", "95% interval",
            "relative");
    for (size_t i = 0; (name = compare_metric(i)) != NULL; i++)
        for (size_t p = 0; p < comparison->policy_count; p++)
            if (study_metric_find(name, &metric))
                print_row(out, comparison, memory, p, metric, width);
    print_endings(out, comparison, memory);
}

void compare_print(FILE *out, const struct comparison *comparison)
{
    int width = policy_width(comparison);
    if (comparison->study->repetition_count == 0) {
        fputs("no repetition is complete\n", out);
        return;
    }
    for (size_t m = 0; m < comparison->memory_count; m++) {
        print_memory(out, comparison, m, width);
        fputc('\n', out);
    }
    if (comparison->policy_count > 1)
        fprintf(out,
                "Differences are paired by seed, to %s. `lower` and `higher` "
                "are significant:\nzero is outside of the interval. Each "
                "interval is of 95 %% by itself.\n",
                comparison->study->points[comparison->baseline].policy_name);
}

/* --- JSON ----------------------------------------------------------------- */

static void json_number(FILE *out, const char *name, double number)
{
    fprintf(out, ", \"%s\": ", name);
    json_write_double(out, number);
}

static void json_estimate(FILE *out, const char *prefix,
                          const struct estimate *estimate)
{
    char name[CELL_BYTES];
    json_number(out, prefix, estimate->mean);
    snprintf(name, sizeof name, "%s_low", prefix);
    json_number(out, name, estimate->mean - estimate->half_width);
    snprintf(name, sizeof name, "%s_high", prefix);
    json_number(out, name, estimate->mean + estimate->half_width);
}

static void json_row(FILE *out, const struct comparison *comparison,
                     size_t memory, size_t policy, size_t metric,
                     const struct compare_row *row)
{
    const struct study *study = comparison->study;
    fprintf(out, "{\"memory_pages\": %llu, \"metric\": \"%s\", \"policy\": ",
            (unsigned long long)study->points[memory * comparison->policy_count]
                .memory_pages,
            study_metric_name(metric));
    json_write_string(out, study->points[policy].policy_name);
    fprintf(out, ", \"repetitions\": %zu", row->value.count);
    json_estimate(out, "mean", &row->value);
    fputs(", \"baseline\": ", out);
    json_write_string(out, study->points[comparison->baseline].policy_name);
    if (row->verdict != COMPARE_BASELINE) {
        json_estimate(out, "difference", &row->difference);
        json_number(out, "relative", row->relative);
    }
    fprintf(out, ", \"verdict\": \"%s\"}", verdicts[row->verdict]);
}

void compare_print_json(FILE *out, const struct comparison *comparison)
{
    const char *before = "[";
    const char *name;
    size_t metric;
    for (size_t m = 0; m < comparison->memory_count; m++)
        for (size_t i = 0; (name = compare_metric(i)) != NULL; i++)
            for (size_t p = 0; p < comparison->policy_count; p++) {
                struct compare_row row;
                if (!study_metric_find(name, &metric) ||
                    !compare_row(comparison, m, p, metric, &row))
                    continue;
                fputs(before, out);
                json_row(out, comparison, m, p, metric, &row);
                before = ",\n ";
            }
    fputs(before[0] == '[' ? "[]\n" : "]\n", out);
}
