/*
 * What a replay command asks for, read from its options: every policy with
 * every memory size is a job.
 *
 *   --policy a,b  --memory 100p,0.5   -->  a/100p  a/0.5  b/100p  b/0.5
 *
 * Where that saves work, the trace is read once for all of them
 * (replay_survey.h), and the jobs get their requests from there.
 */
#ifndef LOWTIDE_REPLAY_PLAN_H
#define LOWTIDE_REPLAY_PLAN_H

#include "policy/policies.h"
#include "study/replay_pool.h"
#include "study/words.h"

enum {
    REPLAY_SAMPLE_PAGES = 32768,
    REPLAY_SAMPLE_LEAST = 32,
    REPLAY_GRID_STEPS = 18
};

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
    bool is_curve;      /* lru by stack distances */
    double sample_rate; /* 0: not given */

    struct words memory; /* sizes as they are spelled; empty: a grid */

    /* after replay_plan_read() */
    uint64_t *memory_pages; /* owned; one for each size */
    size_t memory_count;
    bool has_survey;
    struct replay_survey survey;
    struct replay_job *jobs; /* owned */
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
 * fractions of the distinct pages (`0.1`). NULL, for a curve alone: a grid, see
 * replay_plan_read(). Only the spelling is looked at. Returns false with a
 * `message`.
 */
bool replay_plan_memory(struct replay_plan *plan, const char *text,
                        char *message, size_t message_bytes);

/* The rate of --sample, a decimal fraction up to 1; as replay_plan_memory(). */
bool replay_plan_sample(struct replay_plan *plan, const char *text,
                        char *message, size_t message_bytes);

/*
 * Read the trace beforehand, if there is reason to: pages have to be counted,
 * a curve or a sample is wanted, or there are more jobs than run at a time.
 * Then make the sizes and the jobs.
 *
 *   parallel    jobs that run at a time
 *   database    NULL: nothing is recorded; borrowed
 *   argv        the command line, for the record; borrowed
 *
 * Without a rate, the sample for a curve is as small a part of the pages,
 * halved from the whole, as leaves no more than REPLAY_SAMPLE_PAGES. Without
 * sizes, those of a curve are the distinct pages D and D / 2^(n/2) for n up to
 * REPLAY_GRID_STEPS, as far as they are a page and as a sample has
 * REPLAY_SAMPLE_LEAST pages for them.
 *
 * Statuses as in replay.h.
 */
enum replay_status replay_plan_read(struct replay_plan *plan, unsigned parallel,
                                    const char *database, const char *argv,
                                    char *message, size_t message_bytes);

#endif
