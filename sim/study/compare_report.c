/* Comparisons for people (tables) and for programs (JSON). */
#include "study/compare.h"

#include <math.h>
#include <string.h>

#include "record/json.h"

/* Of a line: the policy's name, two estimates, the verdict. */
enum { TABLE_WIDTH = 80, POLICY_WIDTH = 11, CELL_BYTES = 64 };

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

/* A policy's name within its column; of a longer one, a path, the end. */
static const char *short_name(const char *name, char cell[CELL_BYTES])
{
    size_t length = strlen(name);
    if (length <= POLICY_WIDTH)
        return name;
    snprintf(cell, CELL_BYTES, "..%s", name + length - (POLICY_WIDTH - 2));
    return cell;
}

/* A mean and its half width. */
static void print_estimate(FILE *out, const struct estimate *estimate)
{
    char mean[CELL_BYTES], half[CELL_BYTES] = "-";
    number_cell(mean, estimate->mean);
    if (isfinite(estimate->half_width))
        number_cell(half, estimate->half_width);
    fprintf(out, "  %10s  %9s", mean, half);
}

/* What was shown, and how much that is of the baseline's mean. */
static void print_verdict(FILE *out, const struct compare_row *row)
{
    bool is_shown = row->verdict != COMPARE_NO_DIFFERENCE;
    if (is_shown && isfinite(row->relative))
        fprintf(out, "  %+.1f%%", 100 * row->relative);
    fprintf(out, "%s%s", is_shown && isfinite(row->relative) ? " " : "  ",
            verdicts[row->verdict]);
}

static void print_row(FILE *out, const struct comparison *comparison,
                      size_t policy, const struct compare_row *row)
{
    char cell[CELL_BYTES];
    const struct study_point *point = &comparison->study->points[policy];
    fprintf(out, "  %-*s", POLICY_WIDTH, short_name(point->policy_name, cell));
    print_estimate(out, &row->value);
    if (row->verdict == COMPARE_BASELINE) {
        fprintf(out, "  %10s", verdicts[row->verdict]);
    } else {
        print_estimate(out, &row->difference);
        print_verdict(out, row);
    }
    fputc('\n', out);
}

/* `NAME, UNIT: MEANING`, with the meaning on a line of its own if need be. */
static void print_heading(FILE *out, size_t metric)
{
    const char *name = study_metric_name(metric);
    const char *unit, *meaning;
    study_metric_describe(metric, &unit, &meaning);
    bool fits =
        strlen(name) + strlen(unit) + strlen(meaning) + 4 <= TABLE_WIDTH;
    fprintf(out, "%s, %s:%s%s\n", name, unit, fits ? " " : "\n    ", meaning);
}

/* A line a policy; nothing if no policy has the metric. */
static void print_metric(FILE *out, const struct comparison *comparison,
                         size_t memory, size_t metric)
{
    bool is_begun = false;
    for (size_t p = 0; p < comparison->policy_count; p++) {
        struct compare_row row;
        if (!compare_row(comparison, memory, p, metric, &row))
            continue;
        if (!is_begun)
            print_heading(out, metric);
        is_begun = true;
        print_row(out, comparison, p, &row);
    }
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
                         size_t memory)
{
    const struct study *study = comparison->study;
    fprintf(out, "memory %llu pages, %zu repetitions, seeds from %llu\n",
            (unsigned long long)study->points[memory * comparison->policy_count]
                .memory_pages,
            study->repetition_count, (unsigned long long)study->first_seed);
    fprintf(out, "  %-*s  %10s  %9s  %10s  %9s\n", POLICY_WIDTH, "policy",
            "mean", "+- 95%", "difference", "+- 95%");
    for (size_t n = 0; n < comparison->metric_count; n++)
        print_metric(out, comparison, memory, comparison->metrics[n]);
    print_endings(out, comparison, memory);
}

/* What of the runs was not counted. */
static void print_warmup(FILE *out, const struct study_warmup *warmup)
{
    if (!warmup->is_deleted)
        return;
    if (warmup->ns == 0)
        fputs("Warm-up: MSER-5 finds none.\n", out);
    else
        fprintf(out, "Warm-up: the first %g s of every run are deleted%s.\n",
                (double)warmup->ns / 1e9, warmup->is_found ? " (MSER-5)" : "");
    fputs("Metrics are differences of the ticks' counters from there on; what "
          "is no such\ndifference (quantiles of latency, first touches, totals "
          "of whole runs) is left\nout.\n\n",
          out);
}

/* What a policy that was told the future is a measure of. */
static void print_future(FILE *out, const struct comparison *comparison)
{
    for (size_t p = 0; p < comparison->policy_count; p++) {
        const struct study_point *point = &comparison->study->points[p];
        if (!point->future_policy)
            continue;
        fprintf(out,
                "\n%s was told the future that a run of %s with the same seed "
                "recorded:\neach thread at its own place, threads interleaved "
                "as there. Of one thread that is\nthe future; of several it is "
                "the best guess there is, and %s no bound but a\nmeasure, as "
                "where pages are reclaimed ahead of need, or wait to be "
                "written.\n",
                point->policy_name, point->future_policy, point->policy_name);
    }
}

void compare_print(FILE *out, const struct comparison *comparison)
{
    if (comparison->study->repetition_count == 0) {
        fputs("no repetition is complete\n", out);
        return;
    }
    if (comparison->study->warmup.has_failed) {
        fputs("the warm-up could not be deleted: nothing to compare\n", out);
        return;
    }
    print_warmup(out, &comparison->study->warmup);
    for (size_t m = 0; m < comparison->memory_count; m++) {
        print_memory(out, comparison, m);
        fputc('\n', out);
    }
    if (comparison->policy_count > 1)
        fprintf(out,
                "Differences are paired by seed, to %s. `lower` and `higher` "
                "are significant:\nzero is outside of the interval. Each "
                "interval is of 95 %% by itself.\n",
                comparison->study->points[comparison->baseline].policy_name);
    print_future(out, comparison);
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
    const char *unit, *meaning;
    study_metric_describe(metric, &unit, &meaning);
    fprintf(out,
            "{\"memory_pages\": %llu, \"metric\": \"%s\", \"unit\": \"%s\", "
            "\"policy\": ",
            (unsigned long long)study->points[memory * comparison->policy_count]
                .memory_pages,
            study_metric_name(metric), unit);
    json_write_string(out, study->points[policy].policy_name);
    fprintf(
        out, ", \"repetitions\": %zu, \"warmup_ns\": %llu", row->value.count,
        (unsigned long long)(study->warmup.is_deleted ? study->warmup.ns : 0));
    json_estimate(out, "mean", &row->value);
    if (study->points[policy].future_policy) {
        fputs(", \"future_of\": ", out);
        json_write_string(out, study->points[policy].future_policy);
    }
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
    for (size_t m = 0; m < comparison->memory_count; m++)
        for (size_t n = 0; n < comparison->metric_count; n++)
            for (size_t p = 0; p < comparison->policy_count; p++) {
                size_t metric = comparison->metrics[n];
                struct compare_row row;
                if (!compare_row(comparison, m, p, metric, &row))
                    continue;
                fputs(before, out);
                json_row(out, comparison, m, p, metric, &row);
                before = ",\n ";
            }
    fputs(before[0] == '[' ? "[]\n" : "]\n", out);
}
