#include "study/budget.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DOUBLINGS = 10, SIZE_BYTES = 24 };

void budget_release(struct budget *budget)
{
    free(budget->probes);
    budget->probes = NULL;
    budget->probe_count = 0;
}

/* --- looking at sizes ----------------------------------------------------- */

static bool meets(const struct budget_probe *probe)
{
    return probe->answer == EXPRESSION_TRUE && !probe->is_stopped;
}

static int compare_probes(const void *left, const void *right)
{
    const struct budget_probe *a = left, *b = right;
    return a->memory_pages < b->memory_pages
               ? -1
               : a->memory_pages > b->memory_pages;
}

static const struct budget_probe *find_probe(const struct budget *budget,
                                             uint64_t pages)
{
    for (size_t i = 0; i < budget->probe_count; i++)
        if (budget->probes[i].memory_pages == pages)
            return &budget->probes[i];
    return NULL;
}

/* A study of its own with a point for each size. */
static enum study_status open_study(const struct budget *budget,
                                    const char (*sizes)[SIZE_BYTES],
                                    size_t count, struct study *study,
                                    FILE *errors)
{
    *study = budget->study;
    study->points = NULL;
    study->point_count = 0;
    for (size_t i = 0; i < count; i++)
        if (!study_add_point(study, budget->policy, sizes[i]))
            return STUDY_HOST;
    return study_check(study, errors);
}

static struct budget_probe probe_of(const struct budget *budget,
                                    const struct comparison *comparison,
                                    const struct expression *until,
                                    size_t memory)
{
    const struct study *study = comparison->study;
    struct budget_probe probe = {
        .memory_pages = study->points[memory].memory_pages,
        .answer = compare_evaluate(comparison, until, memory),
    };
    for (size_t n = 0; n < budget->metric_count; n++)
        probe.means[n] = study_mean(study, memory, budget->metrics[n]);
    for (size_t r = 0; r < study->repetition_count; r++)
        if (study->results[r * study->point_count + memory].is_stopped)
            probe.is_stopped = true;
    return probe;
}

/* Keep what a complete study says, sorted. */
static enum study_status keep_probes(struct budget *budget, struct study *study,
                                     FILE *errors)
{
    struct expression until;
    char message[256];
    struct comparison comparison = {
        .study = study, .policy_count = 1, .memory_count = study->point_count};
    size_t all = budget->probe_count + study->point_count;
    struct budget_probe *grown = realloc(budget->probes, all * sizeof *grown);
    if (grown)
        budget->probes = grown;
    if (!grown || !compare_parse(&comparison, &until, budget->until, message,
                                 sizeof message)) {
        fputs("lowtide: out of memory\n", errors);
        return STUDY_HOST;
    }
    for (size_t m = 0; m < study->point_count; m++)
        grown[budget->probe_count++] = probe_of(budget, &comparison, &until, m);
    qsort(grown, budget->probe_count, sizeof *grown, compare_probes);
    return STUDY_OK;
}

/* Look at those of the sizes that are not known yet; increasing. */
static enum study_status look_at(struct budget *budget, const uint64_t *pages,
                                 size_t count, FILE *errors)
{
    char sizes[BUDGET_SCAN + 1][SIZE_BYTES];
    size_t news = 0;
    struct study study;
    for (size_t i = 0; i < count && news < BUDGET_SCAN; i++)
        if (!find_probe(budget, pages[i]) &&
            (i == 0 || pages[i] != pages[i - 1]))
            snprintf(sizes[news++], SIZE_BYTES, "%llup",
                     (unsigned long long)pages[i]);
    if (news == 0)
        return STUDY_OK;
    enum study_status status = open_study(
        budget, (const char(*)[SIZE_BYTES])sizes, news, &study, errors);
    if (status == STUDY_OK)
        status = study_repeat(&study, budget->seeds, errors);
    if (status <= STUDY_FAILED)
        status = keep_probes(budget, &study, errors);
    study_release(&study);
    return status;
}

static enum study_status look_at_one(struct budget *budget, uint64_t pages,
                                     FILE *errors)
{
    return look_at(budget, &pages, 1, errors);
}

/* --- before anything runs ------------------------------------------------- */

static enum study_status read_condition(struct budget *budget,
                                        struct study *study, FILE *errors)
{
    struct comparison comparison = {
        .study = study, .policy_count = 1, .memory_count = 1};
    struct expression until;
    char message[512];
    size_t at = 0, metric;
    if (!compare_parse(&comparison, &until, budget->until, message,
                       sizeof message)) {
        fprintf(errors, "lowtide budget: --until:%s\n", message);
        return STUDY_INPUT;
    }
    while (budget->metric_count < BUDGET_MAX_NAMES &&
           expression_next_name(&until, &at, &metric)) {
        bool is_known = false;
        for (size_t n = 0; n < budget->metric_count; n++)
            is_known = is_known || budget->metrics[n] == metric;
        if (!is_known)
            budget->metrics[budget->metric_count++] = metric;
    }
    return STUDY_OK;
}

enum study_status budget_check(struct budget *budget, FILE *errors)
{
    struct study study = budget->study;
    if (!study_add_point(&study, budget->policy, NULL))
        return STUDY_HOST;
    enum study_status status = study_check(&study, errors);
    if (status == STUDY_OK)
        status = read_condition(budget, &study, errors);
    budget->memory_pages = study.points[0].memory_pages;
    budget->wired_pages = study.points[0].wired_pages;
    study_release(&study);
    return status;
}

/* --- the search ----------------------------------------------------------- */

/* 1. A size that meets the condition, 0: none does. */
static enum study_status search_up(struct budget *budget, uint64_t *high,
                                   FILE *errors)
{
    uint64_t pages = budget->memory_pages;
    for (int n = 0; n <= MAX_DOUBLINGS; n++, pages *= 2) {
        enum study_status status = look_at_one(budget, pages, errors);
        *high = pages;
        if (status != STUDY_OK || meets(find_probe(budget, pages)))
            return status;
    }
    *high = 0;
    return STUDY_OK;
}

/* The smallest machine that the scenario can be checked with, beyond what is
 * wired, in powers of two. */
static enum study_status find_lowest(struct budget *budget, uint64_t high,
                                     uint64_t *low)
{
    uint64_t wired = budget->wired_pages;
    FILE *nowhere = fopen("/dev/null", "we");
    enum study_status status = STUDY_INPUT;
    if (!nowhere)
        return STUDY_HOST;
    for (uint64_t more = 1; status == STUDY_INPUT && wired + more < high;
         more *= 2) {
        char size[1][SIZE_BYTES];
        struct study study;
        *low = wired + more;
        snprintf(size[0], SIZE_BYTES, "%llup", (unsigned long long)*low);
        status = open_study(budget, (const char(*)[SIZE_BYTES])size, 1, &study,
                            nowhere);
        study_release(&study);
    }
    fclose(nowhere);
    if (status == STUDY_INPUT) {
        *low = high;
        status = STUDY_OK;
    }
    return status;
}

/* `count` sizes from low to high, in equal ratios or in equal steps. */
static enum study_status look_between(struct budget *budget, uint64_t low,
                                      uint64_t high, size_t count,
                                      bool is_geometric, FILE *errors)
{
    uint64_t pages[BUDGET_SCAN];
    double ratio = (double)high / (double)low;
    for (size_t i = 0; i < count; i++) {
        double share = (double)i / (double)(count - 1);
        double size = is_geometric ? (double)low * pow(ratio, share)
                                   : (double)low + (double)(high - low) * share;
        pages[i] = i + 1 == count ? high : (uint64_t)size;
    }
    return look_at(budget, pages, count, errors);
}

/* The first probe that meets the condition; `*is_monotone`: none after it
 * fails to. There is one. */
static size_t first_meeting(const struct budget *budget, bool *is_monotone)
{
    size_t first = 0;
    while (!meets(&budget->probes[first]))
        first++;
    *is_monotone = true;
    for (size_t i = first; i < budget->probe_count; i++)
        if (!meets(&budget->probes[i]))
            *is_monotone = false;
    return first;
}

static enum study_status bisect(struct budget *budget, FILE *errors)
{
    for (;;) {
        bool is_monotone;
        size_t first = first_meeting(budget, &is_monotone);
        if (first == 0)
            return STUDY_OK;
        uint64_t high = budget->probes[first].memory_pages;
        uint64_t low = budget->probes[first - 1].memory_pages;
        if (high - low == 1)
            return STUDY_OK;
        enum study_status status =
            look_at_one(budget, low + (high - low) / 2, errors);
        if (status != STUDY_OK)
            return status;
    }
}

static void conclude(struct budget *budget)
{
    bool is_monotone;
    size_t first = first_meeting(budget, &is_monotone);
    size_t from = budget->probe_count;
    while (from > first && meets(&budget->probes[from - 1]))
        from--;
    budget->is_found = true;
    budget->memory_pages = budget->probes[first].memory_pages;
    budget->from_pages = budget->probes[from].memory_pages;
    budget->unknown_pages =
        first == 0
            ? 0
            : budget->memory_pages - 1 - budget->probes[first - 1].memory_pages;
}

enum study_status budget_run(struct budget *budget, FILE *errors)
{
    uint64_t high, low = 0;
    bool is_monotone;
    enum study_status status = search_up(budget, &high, errors);
    if (status != STUDY_OK || high == 0)
        return status;
    status = find_lowest(budget, high, &low);
    if (status == STUDY_OK)
        status = look_between(budget, low, high, BUDGET_COARSE, true, errors);
    if (status != STUDY_OK)
        return status;
    first_meeting(budget, &is_monotone);
    status = is_monotone
                 ? bisect(budget, errors)
                 : look_between(budget, low, high, BUDGET_SCAN, false, errors);
    if (status == STUDY_OK)
        conclude(budget);
    return status;
}
