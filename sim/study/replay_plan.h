/*
 * What a replay command asks for, read from its options: every policy with
 * every memory size is a job.
 *
 *   --policy a,b  --memory 100p,0.5   -->  a/100p  a/0.5  b/100p  b/0.5
 */
#ifndef LOWTIDE_REPLAY_PLAN_H
#define LOWTIDE_REPLAY_PLAN_H

#include "policy/policies.h"
#include "study/replay_pool.h"

/* A policy with the parameters that it has of those given. */
struct replay_policy {
    struct policy_handle handle;
    union reclaim_value values[RECLAIM_MAX_PARAMS];
    struct record_param *params; /* owned; texts are borrowed */
    size_t param_count;
};

struct replay_plan {
    const char *path; /* of the trace; borrowed */
    struct trace_options options;
    uint64_t vmo_pages; /* 0: ids are numbered */

    struct replay_policy *policies; /* owned */
    size_t policy_count;
    uint64_t *memory_pages; /* owned; one for each size */
    size_t memory_count;

    struct replay_job *jobs; /* owned; after replay_plan_jobs() */
    size_t job_count;
};

void replay_plan_release(struct replay_plan *plan);

/*
 * The comma-separated policies of `text`, each with those of the `name=value`
 * texts that it has. A text that no policy has is refused. Returns false with
 * a `message` that says what would have been accepted.
 */
bool replay_plan_policies(struct replay_plan *plan, const char *text,
                          const char *const *params, size_t param_count,
                          char *message, size_t message_bytes);

/*
 * The comma-separated memory sizes of `text`: sizes (`100p`, `16MiB`) or
 * fractions of the distinct pages (`0.1`), which are counted when there is
 * one. REPLAY_BAD_INPUT and REPLAY_HOST as in replay.h.
 */
enum replay_status replay_plan_memory(struct replay_plan *plan,
                                      const char *text, char *message,
                                      size_t message_bytes);

/* Make the jobs; false: out of memory. */
bool replay_plan_jobs(struct replay_plan *plan, const char *database,
                      const char *argv);

#endif
