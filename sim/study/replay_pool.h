/*
 * Replays, each in a process of its own, some of them at a time
 * (process_pool.h). Results are handed out in the order of the jobs.
 */
#ifndef LOWTIDE_REPLAY_POOL_H
#define LOWTIDE_REPLAY_POOL_H

#include <stddef.h>

#include "record/recorder.h"
#include "study/replay_survey.h"

enum { REPLAY_MESSAGE_BYTES = 512, REPLAY_RATE_BYTES = 32 };

/* Where a job's figures come from. */
enum replay_kind {
    REPLAY_WHOLE,        /* a replay of the trace */
    REPLAY_SAMPLE,       /* a small replay of the survey's sample */
    REPLAY_BY_DISTANCES, /* no replay: the survey's stack distances, for lru */
};

struct replay_job {
    struct replay_config config;
    enum replay_kind kind;
    /* borrowed; NULL: the job reads the trace itself (REPLAY_WHOLE alone) */
    const struct replay_survey *survey;
    const struct record_param *params; /* those that the policy has */
    size_t param_count;
    uint64_t page_bytes;
    const char *database; /* NULL: nothing is recorded */
    const char *argv;     /* the command line, for the record */
};

struct replay_outcome {
    enum replay_status status;
    bool is_broken; /* the process ended by an abort: a bug of ours */
    struct replay_result result;
    char message[REPLAY_MESSAGE_BYTES]; /* unless REPLAY_OK */
};

/* Called for each job in order, as soon as it and all before it are over. */
typedef void (*replay_done_fn)(void *context, const struct replay_job *job,
                               const struct replay_outcome *outcome);

/*
 * Run `count` jobs, at most `parallel` (at least 1) at once. Returns false
 * when a process could not be made; jobs that ran were handed out.
 */
bool replay_pool_run(const struct replay_job *jobs, size_t count,
                     unsigned parallel, replay_done_fn done, void *context);

#endif
