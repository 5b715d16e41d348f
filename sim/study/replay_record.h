/*
 * Replays in the results database: a run with its tick rows, the policy's own
 * lists, one pager-backed VMO, and the final counters.
 */
#ifndef LOWTIDE_REPLAY_RECORD_H
#define LOWTIDE_REPLAY_RECORD_H

#include "study/replay_pool.h"

/* Replay `job` and record it in job->database; `outcome` is filled. */
void replay_record_run(const struct replay_job *job,
                       struct replay_outcome *outcome);

#endif
