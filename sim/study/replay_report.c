#include "study/replay_report.h"

#include <inttypes.h>
#include <string.h>

#include "record/json.h"
#include "study/replay_point.h"

enum { SAMPLE_WIDTH = 11 };

static double miss_ratio(const struct replay_result *result)
{
    return result->requests ? (double)result->misses / (double)result->requests
                            : 0;
}

/* Over the pages that there is anything to keep about. */
static double bytes_per_page(const struct replay_job *job,
                             const struct replay_result *result)
{
    uint64_t pages = u64_max(job->config.memory_pages, result->distinct_pages);
    return pages ? (double)result->peak_bytes / (double)pages : 0;
}

/* --- table ---------------------------------------------------------------- */

static int params_width(const struct replay_job *job)
{
    size_t width = 0;
    for (size_t n = 0; n < job->param_count; n++)
        width += strlen(job->params[n].name) + strlen(job->params[n].value) +
                 (n > 0 ? 2 : 1);
    return (int)width;
}

struct replay_widths replay_report_widths(const struct replay_job *jobs,
                                          size_t count)
{
    struct replay_widths widths = {.policy = (int)strlen("policy")};
    for (size_t n = 0; n < count; n++) {
        int policy = (int)strlen(jobs[n].config.policy->name);
        int params = params_width(&jobs[n]);
        widths.policy = policy > widths.policy ? policy : widths.policy;
        widths.params = params > widths.params ? params : widths.params;
        if (!replay_point_is_exact(&jobs[n]))
            widths.sample = SAMPLE_WIDTH;
    }
    if (widths.params > 0 && widths.params < (int)strlen("params"))
        widths.params = (int)strlen("params");
    return widths;
}

void replay_report_heading(FILE *out, struct replay_widths widths)
{
    fprintf(out, "%-*s  ", widths.policy, "policy");
    if (widths.params > 0)
        fprintf(out, "%-*s  ", widths.params, "params");
    fprintf(out, "%12s %13s %13s %11s", "memory_pages", "requests", "misses",
            "miss_ratio");
    if (widths.sample > 0)
        fprintf(out, " %*s", widths.sample, "sample");
    fprintf(out, " %9s\n", "seconds");
}

void replay_report_row(FILE *out, struct replay_widths widths,
                       const struct replay_job *job,
                       const struct replay_result *result)
{
    fprintf(out, "%-*s  ", widths.policy, job->config.policy->name);
    for (size_t n = 0; n < job->param_count; n++)
        fprintf(out, "%s%s=%s", n > 0 ? " " : "", job->params[n].name,
                job->params[n].value);
    if (widths.params > 0)
        fprintf(out, "%*s", widths.params - params_width(job) + 2, "");
    fprintf(out, "%12" PRIu64 " %13" PRIu64 " %13" PRIu64 " %11.6f",
            job->config.memory_pages, result->requests, result->misses,
            miss_ratio(result));
    if (widths.sample > 0)
        fprintf(out, " %*.9g", widths.sample, replay_point_rate(job));
    fprintf(out, " %9.3f\n", result->seconds);
}

/* --- JSON ----------------------------------------------------------------- */

void replay_report_json(FILE *out, const struct replay_job *job,
                        const struct replay_result *result)
{
    fputs("{\"policy\": ", out);
    json_write_string(out, job->config.policy->name);
    fputs(", \"params\": {", out);
    for (size_t n = 0; n < job->param_count; n++) {
        fputs(n > 0 ? ", " : "", out);
        json_write_string(out, job->params[n].name);
        fputs(": ", out);
        json_write_string(out, job->params[n].value);
    }
    fprintf(out,
            "}, \"memory_pages\": %" PRIu64 ", \"requests\": %" PRIu64
            ", \"misses\": %" PRIu64 ", \"miss_ratio\": ",
            job->config.memory_pages, result->requests, result->misses);
    json_write_double(out, miss_ratio(result));
    fprintf(out,
            ", \"distinct_pages\": %" PRIu64 ", \"seconds\": %.6f"
            ", \"bytes_per_page\": %.2f, \"sample_rate\": %.9g"
            ", \"exact\": %s}",
            result->distinct_pages, result->seconds,
            bytes_per_page(job, result), replay_point_rate(job),
            replay_point_is_exact(job) ? "true" : "false");
}
