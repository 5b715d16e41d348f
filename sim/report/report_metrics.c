#include "report/report_metrics.h"
#include "report/report_text.h"

#include <math.h>
#include <string.h>

static const struct report_metric metrics[] = {
    {"sim_ns", "simulated time", "reached when the run ended", FORM_TIME,
     false},
    {"stall_some_share", "stalled, some",
     "of the time at least one workload thread waited for memory or a refault",
     FORM_SHARE, true},
    {"stall_full_share", "stalled, all",
     "of the time all workload threads that were not idle waited", FORM_SHARE,
     true},
    {"stall_some_ns", "stalled, some (time)", "the same as simulated time",
     FORM_TIME, false},
    {"accesses", "accesses", "to memory, by workloads and touches", FORM_COUNT,
     true},
    {"faults_major", "major faults", "that needed the pager or decompression",
     FORM_COUNT, true},
    {"first_touches", "first touches",
     "major faults on pages that never were in memory before", FORM_COUNT,
     false},
    {"miss_ratio", "miss ratio", "major faults of all accesses", FORM_SHARE,
     true},
    {"refaults", "refaults", "faults on pages that had been reclaimed",
     FORM_COUNT, true},
    {"refault_ratio", "refault ratio", "refaults of all major faults",
     FORM_SHARE, false},
    {"access_p50_ns", "access, median", "half of the accesses took no longer",
     FORM_TIME, false},
    {"access_p99_ns", "access, 99%", "99% of the accesses took no longer",
     FORM_TIME, true},
    {"access_p999_ns", "access, 99.9%", "99.9% of the accesses took no longer",
     FORM_TIME, false},
    {"evicted_pager", "evicted", "pager-backed pages", FORM_COUNT, true},
    {"evicted_compressed", "compressed", "pages reclaimed by compression",
     FORM_COUNT, true},
    {"evicted_discardable", "discarded", "pages of discardable VMOs",
     FORM_COUNT, false},
    {"deduped", "deduped", "pages found to be zero and given back", FORM_COUNT,
     false},
    {"written_back", "written back", "dirty pages", FORM_COUNT, false},
    {"pager_requests", "pager requests", "waits for an answer of a pager",
     FORM_COUNT, false},
    {"compress_ns", "compressing", "simulated CPU time", FORM_TIME, false},
    {"decompress_ns", "decompressing", "simulated CPU time", FORM_TIME, false},
    {"oom_kills", "OOM kills", "processes killed for want of memory",
     FORM_COUNT, true},
};

#define METRICS (sizeof(metrics) / sizeof(metrics[0]))

const struct report_metric *report_metric_at(size_t index)
{
    return index < METRICS ? &metrics[index] : NULL;
}

const struct report_metric *report_metric_named(const char *name)
{
    for (size_t n = 0; n < METRICS; n++)
        if (strcmp(metrics[n].name, name) == 0)
            return &metrics[n];
    return NULL;
}

const char *report_metric_cell(char *cell, const struct report_metric *metric,
                               double value)
{
    if (isnan(value) || metric->form == FORM_COUNT)
        return format_number(cell, value);
    if (metric->form == FORM_SHARE)
        return format_share(cell, value);
    return format_time(cell, llround(value));
}

double report_metric_of(const struct report_run *run,
                        const struct report_metric *metric)
{
    size_t number;
    return study_metric_find(metric->name, &number) ? run->metrics[number]
                                                    : (double)NAN;
}
