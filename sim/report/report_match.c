#include "report/report_match.h"
#include "report/report_text.h"

#include <stdlib.h>
#include <string.h>

/* --- one contender -------------------------------------------------------- */

/* The run of a policy with a seed: the last that came to an end, or NULL. */
static const struct report_run *run_of(const struct report_group *group,
                                       uint64_t memory_pages,
                                       const char *policy_label, uint64_t seed)
{
    const struct report_run *found = NULL;
    char label[REPORT_LABEL_BYTES];
    for (size_t r = 0; r < group->run_count; r++) {
        const struct report_run *run = group->runs[r];
        if (run->summary.memory_pages != memory_pages ||
            run->summary.seed != seed || !report_run_is_whole(run))
            continue;
        report_policy_label(run, label, sizeof(label));
        if (strcmp(label, policy_label) == 0)
            found = run;
    }
    return found;
}

static struct study_result result_of(const struct report_run *run)
{
    struct study_result result = {.has_values = true};
    result.is_stopped = strcmp(run->summary.status, "stopped") == 0;
    if (strcmp(run->summary.status, "failed") == 0)
        result.status = STUDY_FAILED;
    memcpy(result.values, run->metrics, sizeof(result.values));
    return result;
}

/* Every seed once, in the order of runs. */
static bool is_first_of_seed(const struct report_group *group, size_t index)
{
    for (size_t r = 0; r < index; r++)
        if (group->runs[r]->summary.seed == group->runs[index]->summary.seed)
            return false;
    return true;
}

static bool add_points(struct study *study, const char *const *labels,
                       size_t count, uint64_t memory_pages)
{
    for (size_t p = 0; p < count; p++) {
        if (!study_add_point(study, NULL, NULL))
            return false;
        study->points[p].memory_pages = memory_pages;
        study->points[p].policy_name = strdup(labels[p]);
        if (!study->points[p].policy_name)
            return false;
    }
    return true;
}

/* A study of `count` policies over the seeds that all of them have run. */
static bool fill_study(struct study *study, const struct report_group *group,
                       uint64_t memory_pages, const char *const *labels,
                       size_t count)
{
    study->results = calloc(group->run_count * count, sizeof(*study->results));
    if (!study->results || !add_points(study, labels, count, memory_pages))
        return false;
    for (size_t r = 0; r < group->run_count; r++) {
        struct study_result *row =
            &study->results[study->repetition_count * count];
        size_t found = 0;
        if (!is_first_of_seed(group, r))
            continue;
        for (size_t p = 0; p < count; p++) {
            const struct report_run *run = run_of(
                group, memory_pages, labels[p], group->runs[r]->summary.seed);
            if (run)
                row[found++] = result_of(run);
        }
        study->repetition_count += found == count;
    }
    return true;
}

/* Against `baseline`, or on its own if that is NULL. */
static bool make_contender(struct report_contender *contender,
                           const struct report_group *group,
                           uint64_t memory_pages, const char *baseline)
{
    const char *labels[] = {baseline ? baseline : contender->label,
                            contender->label};
    size_t count = baseline ? 2 : 1;
    if (!fill_study(&contender->study, group, memory_pages, labels, count))
        return false;
    for (size_t r = 0; r < contender->study.repetition_count; r++) {
        const struct study_result *result =
            &contender->study.results[r * count + count - 1];
        contender->stopped += result->is_stopped;
        contender->failed += result->status == STUDY_FAILED;
    }
    return true;
}

size_t report_seed_count(const struct report_contender *contender)
{
    return contender->study.repetition_count;
}

bool report_match_row(const struct report_contender *contender,
                      const char *metric, struct compare_row *row)
{
    size_t number;
    struct study study = contender->study;
    struct comparison comparison = {
        .study = &study, .policy_count = study.point_count, .memory_count = 1};
    return study_metric_find(metric, &number) &&
           compare_row(&comparison, 0, study.point_count - 1, number, row);
}

/* --- one match ------------------------------------------------------------ */

static bool has_contender(const struct report_match *match, const char *label)
{
    for (size_t c = 0; c < match->contender_count; c++)
        if (strcmp(match->contenders[c].label, label) == 0)
            return true;
    return false;
}

/* The policies that finished with this memory, in the order of runs. */
static bool list_contenders(struct report_match *match,
                            const struct report_group *group)
{
    char label[REPORT_LABEL_BYTES];
    match->contenders = calloc(group->run_count, sizeof(*match->contenders));
    if (!match->contenders)
        return false;
    for (size_t r = 0; r < group->run_count; r++) {
        const struct report_run *run = group->runs[r];
        if (run->summary.memory_pages != match->memory_pages)
            continue;
        match->page_bytes = run->page_bytes;
        report_policy_label(run, label, sizeof(label));
        if (!report_run_is_whole(run))
            match->unfinished++;
        else if (!has_contender(match, label))
            memcpy(match->contenders[match->contender_count++].label, label,
                   sizeof(label));
    }
    return true;
}

static bool pair_up(struct report_match *match,
                    const struct report_group *group)
{
    size_t kept = 0;
    for (size_t c = 0; c < match->contender_count; c++) {
        struct report_contender *contender = &match->contenders[c];
        if (!make_contender(contender, group, match->memory_pages,
                            c > 0 ? match->contenders[0].label : NULL))
            return false;
        if (contender->study.repetition_count == 0) {
            study_release(&contender->study);
            match->unpaired++;
            continue;
        }
        struct report_contender moved = *contender;
        memset(contender, 0, sizeof(*contender));
        match->contenders[kept++] = moved;
    }
    match->contender_count = kept;
    return true;
}

static void match_release(struct report_match *match)
{
    for (size_t c = 0; c < match->contender_count; c++)
        study_release(&match->contenders[c].study);
    free(match->contenders);
    *match = (struct report_match){0};
}

static int by_memory(const void *left, const void *right)
{
    const struct report_match *a = left;
    const struct report_match *b = right;
    return a->memory_pages < b->memory_pages   ? -1
           : a->memory_pages > b->memory_pages ? 1
                                               : 0;
}

static bool has_memory(const struct report_matches *matches,
                       uint64_t memory_pages)
{
    for (size_t m = 0; m < matches->count; m++)
        if (matches->items[m].memory_pages == memory_pages)
            return true;
    return false;
}

bool report_matches_make(const struct report_group *group,
                         struct report_matches *matches)
{
    matches->items = calloc(group->run_count + 1, sizeof(*matches->items));
    if (!matches->items)
        return false;
    for (size_t r = 0; r < group->run_count; r++) {
        uint64_t memory_pages = group->runs[r]->summary.memory_pages;
        if (has_memory(matches, memory_pages))
            continue;
        struct report_match *match = &matches->items[matches->count++];
        match->memory_pages = memory_pages;
        if (!list_contenders(match, group))
            return false;
        if (!pair_up(match, group))
            return false;
    }
    /* what cannot be compared goes */
    size_t kept = 0;
    for (size_t m = 0; m < matches->count; m++) {
        struct report_match *match = &matches->items[m];
        if (match->contender_count > 1 ||
            (match->contender_count == 1 &&
             report_seed_count(&match->contenders[0]) > 1))
            matches->items[kept++] = *match;
        else
            match_release(match);
    }
    matches->count = kept;
    if (kept > 0)
        qsort(matches->items, kept, sizeof(*matches->items), by_memory);
    return true;
}

void report_matches_release(struct report_matches *matches)
{
    for (size_t m = 0; m < matches->count; m++)
        match_release(&matches->items[m]);
    free(matches->items);
    *matches = (struct report_matches){0};
}
