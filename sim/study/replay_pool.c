#include "study/replay_pool.h"

#include <stdio.h>
#include <sys/wait.h>

#include "study/process_pool.h"
#include "study/replay_point.h"
#include "study/replay_record.h"

static_assert(sizeof(struct replay_outcome) <= PROCESS_RESULT_MAX_BYTES,
              "an outcome crosses the pipe in one piece");

struct replays {
    const struct replay_job *jobs;
    replay_done_fn done;
    void *context;
};

static void replay(void *context, size_t index, void *result)
{
    const struct replays *replays = context;
    const struct replay_job *job = &replays->jobs[index];
    struct replay_outcome *outcome = result;
    struct replay_config config = job->config;
    config.is_last = true; /* of this process: process_pool.h */
    if (job->database)
        replay_record_run(job, outcome);
    else
        outcome->status =
            replay_point_run(job, &config, &outcome->result, outcome->message,
                             sizeof outcome->message);
}

static void hand_out(void *context, size_t index, const void *result,
                     int wait_status)
{
    const struct replays *replays = context;
    const struct replay_job *job = &replays->jobs[index];
    if (result) {
        replays->done(replays->context, job, result);
        return;
    }
    struct replay_outcome lost = {
        .status = REPLAY_HOST,
        .is_broken = process_is_broken(wait_status),
    };
    bool is_signal = WIFSIGNALED(wait_status);
    snprintf(lost.message, sizeof lost.message,
             "%s: the replay process ended early (%s %d)", job->config.path,
             is_signal ? "signal" : "status",
             is_signal ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status));
    replays->done(replays->context, job, &lost);
}

bool replay_pool_run(const struct replay_job *jobs, size_t count,
                     unsigned parallel, replay_done_fn done, void *context)
{
    struct replays replays = {jobs, done, context};
    struct process_pool pool = {
        .count = count,
        .parallel = parallel,
        .result_bytes = sizeof(struct replay_outcome),
        .work = replay,
        .done = hand_out,
        .context = &replays,
    };
    return process_pool_run(&pool);
}
