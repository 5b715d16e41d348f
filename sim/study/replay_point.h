/*
 * The figures of one job, which is a point of a curve: one policy, one memory
 * size. They come from a replay of the trace, of a sample of it, or from stack
 * distances (replay_survey.h).
 */
#ifndef LOWTIDE_STUDY_REPLAY_POINT_H
#define LOWTIDE_STUDY_REPLAY_POINT_H

#include "study/replay_pool.h"

/* Are a job's figures those of the whole trace, and no estimate? */
bool replay_point_is_exact(const struct replay_job *job);

/* The part of the pages that a job looks at: 1, or the sample's rate. */
double replay_point_rate(const struct replay_job *job);

/*
 * Work out a job's figures. Counts of a sample are scaled to the whole trace;
 * seconds and bytes are those of the survey, if there is one, and the job.
 *
 *   config   job->config, perhaps with somebody who watches; nobody is called
 *            unless the job replays the whole trace
 *
 * Statuses and `message` as of replay_run().
 */
enum replay_status replay_point_run(const struct replay_job *job,
                                    const struct replay_config *config,
                                    struct replay_result *result, char *message,
                                    size_t message_bytes);

#endif
