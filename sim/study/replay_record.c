#include "study/replay_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/recorder.h"
#include "study/replay_point.h"
#include "version.h"

enum { THE_PROCESS = 1, THE_VMO = 1 };

struct recording {
    struct recorder *recorder;
    sim_ns end; /* time of the last tick */
    uint64_t first_touches;
};

static void record_lists(struct recorder *recorder, sim_ns now,
                         const struct replay_state *state)
{
    struct reclaim_list lists[RECLAIM_MAX_LISTS];
    unsigned count = state->ops->lists(state->policy, lists);
    for (unsigned n = 0; n < count; n++)
        recorder_tick_list(recorder, now, lists[n].name, lists[n].pages);
}

static void record_state(void *context, const struct replay_state *state)
{
    struct recording *recording = context;
    sim_ns now = (sim_ns)(state->requests * REPLAY_REQUEST_NS);
    if (now <= recording->end)
        return; /* the end fell on a tick */
    recording->end = now;
    recording->first_touches = state->first_touches;

    struct record_tick tick;
    record_tick_init(&tick, now);
    tick.free = state->free_pages;
    tick.level = "normal";
    tick.reclaimable = state->reclaimable_pages;
    tick.accesses = state->requests;
    tick.faults_major = state->misses;
    tick.refaults = state->refaults;
    tick.evicted_pager = state->evicted;
    if (state->ops->activity)
        state->ops->activity(state->policy, &tick.active, &tick.inactive);
    recorder_tick(recording->recorder, &tick);

    record_lists(recording->recorder, now, state);
    struct record_tick_vmo vmo = {
        .tick_ns = now,
        .vmo_id = THE_VMO,
        .committed = state->reclaimable_pages,
        .faults_major = state->misses,
        .refaults = state->refaults,
    };
    recorder_tick_vmo(recording->recorder, &vmo);
}

/*
 * A point that nobody watched come about: one tick, at the end. Memory is never
 * free again once it was full, so what it came to hold was not evicted.
 */
static void record_totals(struct recording *recording,
                          const struct replay_job *job,
                          const struct replay_result *result)
{
    uint64_t memory = job->config.memory_pages;
    uint64_t resident = u64_min(memory, result->distinct_pages);
    uint64_t first = u64_min(result->distinct_pages, result->misses);
    struct record_tick tick;
    recording->end = (sim_ns)(result->requests * REPLAY_REQUEST_NS);
    recording->first_touches = first;
    record_tick_init(&tick, recording->end);
    tick.free = memory - resident;
    tick.level = "normal";
    tick.reclaimable = resident;
    tick.accesses = result->requests;
    tick.faults_major = result->misses;
    tick.refaults = result->misses - first;
    tick.evicted_pager = result->misses - u64_min(resident, result->misses);
    recorder_tick(recording->recorder, &tick);
}

/*
 * The policy's parameters and, where the figures are estimates, the sample's
 * rate. `text` holds it. NULL: out of memory.
 */
static struct record_param *copy_params(const struct replay_job *job,
                                        char text[REPLAY_RATE_BYTES],
                                        size_t *count)
{
    struct record_param *params = calloc(job->param_count + 1, sizeof *params);
    *count = job->param_count;
    if (!params)
        return NULL;
    for (size_t n = 0; n < job->param_count; n++)
        params[n] = job->params[n];
    if (replay_point_is_exact(job))
        return params;
    snprintf(text, REPLAY_RATE_BYTES, "%.9g", replay_point_rate(job));
    params[(*count)++] = (struct record_param){"sample", text};
    return params;
}

static bool begin(struct recorder *recorder, const struct replay_job *job,
                  const struct record_param *params, size_t param_count)
{
    const char *slash = strrchr(job->config.path, '/');
    struct record_run run = {
        .name = slash ? slash + 1 : job->config.path,
        .scenario = job->config.path,
        .scenario_text = "",
        .policy = job->config.policy->name,
        .params = params,
        .param_count = param_count,
        .seed = job->config.seed,
        .memory_pages = job->config.memory_pages,
        .page_size = job->page_bytes,
        .version = LOWTIDE_VERSION,
        .argv = job->argv,
        .record = {.ticks = true, .vmo_ticks = job->kind == REPLAY_WHOLE},
    };
    struct record_process process = {THE_PROCESS, "replay", 0};
    struct record_vmo vmo = {
        .vmo_id = THE_VMO,
        .name = run.name,
        .process_id = THE_PROCESS,
        .kind = "pager",
        .parent_vmo_id = RECORD_NULL,
    };
    return recorder_begin_run(recorder, &run) &&
           recorder_process(recorder, &process) && recorder_vmo(recorder, &vmo);
}

static bool finish(struct recording *recording,
                   const struct replay_outcome *outcome)
{
    struct record_end end = {
        .status = outcome->status == REPLAY_OK ? RUN_OK : RUN_ERROR,
        .sim_ns = recording->end,
        .first_touches = recording->first_touches,
    };
    return recorder_finish_run(recording->recorder, &end, NULL);
}

void replay_record_run(const struct replay_job *job,
                       struct replay_outcome *outcome)
{
    struct recording recording = {.end = -1};
    struct replay_config config = job->config;
    config.watch = record_state;
    config.context = &recording;
    outcome->status = REPLAY_HOST;
    char rate[REPLAY_RATE_BYTES];
    size_t param_count;
    struct record_param *params = copy_params(job, rate, &param_count);
    if (!params) {
        snprintf(outcome->message, sizeof outcome->message, "out of memory");
        return;
    }
    recording.recorder =
        recorder_open(job->database, outcome->message, sizeof outcome->message);
    if (!recording.recorder)
        goto out;
    bool is_well = begin(recording.recorder, job, params, param_count);
    if (is_well) {
        outcome->status =
            replay_point_run(job, &config, &outcome->result, outcome->message,
                             sizeof outcome->message);
        if (outcome->status == REPLAY_OK && job->kind != REPLAY_WHOLE)
            record_totals(&recording, job, &outcome->result);
        is_well = finish(&recording, outcome);
    }
    char trouble[REPLAY_MESSAGE_BYTES];
    is_well =
        recorder_close(recording.recorder, trouble, sizeof trouble) && is_well;
    if (!is_well && outcome->status == REPLAY_OK)
        outcome->status = REPLAY_HOST;
    if (!is_well && outcome->status == REPLAY_HOST)
        memcpy(outcome->message, trouble, sizeof trouble);
out:
    free(params);
}
