#include "study/replay_point.h"

#include <math.h>

double replay_point_rate(const struct replay_job *job)
{
    switch (job->kind) {
    case REPLAY_SAMPLE:
        return job->survey->sample.rate;
    case REPLAY_BY_DISTANCES:
        return replay_survey_has_all_distances(job->survey)
                   ? 1
                   : job->survey->sample.rate;
    case REPLAY_WHOLE:
        break;
    }
    return 1;
}

bool replay_point_is_exact(const struct replay_job *job)
{
    return replay_point_rate(job) >= 1;
}

/* Time runs at the whole trace's pace: timers of policies depend on it. */
static sim_ns sampled_request_ns(double share)
{
    return (sim_ns)llround(REPLAY_REQUEST_NS / share);
}

static enum replay_status run_sample(const struct replay_job *job,
                                     const struct replay_config *whole,
                                     struct replay_result *result,
                                     char *message, size_t message_bytes)
{
    const struct replay_survey *survey = job->survey;
    double share = survey->share;
    struct replay_config config = *whole;
    config.pages = &survey->pages;
    config.memory_pages = shards_scale_down(share, whole->memory_pages);
    config.request_ns = sampled_request_ns(share);
    config.watch = NULL;
    enum replay_status status =
        replay_run(&config, result, message, message_bytes);
    if (status != REPLAY_OK)
        return status;
    result->misses = shards_misses(share, survey->requests, result->misses);
    result->requests = survey->requests;
    result->distinct_pages = survey->distinct_pages;
    return REPLAY_OK;
}

static void take_distances(const struct replay_job *job,
                           struct replay_result *result)
{
    const struct replay_survey *survey = job->survey;
    double share = replay_survey_has_all_distances(survey) ? 1 : survey->share;
    uint64_t misses = stack_distance_misses(
        &survey->distances, shards_scale_down(share, job->config.memory_pages));
    *result = (struct replay_result){
        .requests = survey->requests,
        .misses = shards_misses(share, survey->requests, misses),
        .distinct_pages = survey->distinct_pages,
    };
}

enum replay_status replay_point_run(const struct replay_job *job,
                                    const struct replay_config *config,
                                    struct replay_result *result, char *message,
                                    size_t message_bytes)
{
    enum replay_status status = REPLAY_OK;
    switch (job->kind) {
    case REPLAY_WHOLE:
        status = replay_run(config, result, message, message_bytes);
        break;
    case REPLAY_SAMPLE:
        status = run_sample(job, config, result, message, message_bytes);
        break;
    case REPLAY_BY_DISTANCES:
        take_distances(job, result);
        break;
    }
    if (job->survey) {
        result->seconds += job->survey->seconds;
        result->peak_bytes =
            u64_max(job->survey->peak_bytes,
                    job->survey->held_bytes + result->peak_bytes);
    }
    return status;
}
