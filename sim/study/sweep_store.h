/*
 * Where a study's runs are kept.
 *
 *     DB                        a results file, to which runs are added as they
 *                               come
 *     DB.lock                   is locked while a sweep adds to DB, by it and by
 *                               the processes that it started
 *     DB.shard-2-of-8.db        what `--shard 2/8` came to, once it is whole
 *     DB.runs/KEY.db            a complete run of a shard that is under way
 *     DB.runs/KEY.part-HOST-PID one that is being written
 *
 * A shard may be started again while its first attempt, on a machine that
 * was given up, still runs. So nothing that two processes might write is
 * shared: each run has a file of its own, and appears under its key, by a
 * rename, when it is complete. Two attempts make the same file.
 */
#ifndef LOWTIDE_STUDY_SWEEP_STORE_H
#define LOWTIDE_STUDY_SWEEP_STORE_H

#include "record/results.h"
#include "study/sweep.h"

/* Which share of the runs: index % count == number - 1. */
struct sweep_shard {
    unsigned number; /* from 1 */
    unsigned count;  /* 0: no shard, all runs */
};

static inline bool sweep_is_in_shard(const struct sweep_shard *shard,
                                     size_t index)
{
    return shard->count == 0 || index % shard->count == shard->number - 1;
}

/* Paths as above, the caller's to free; NULL: out of memory. */
char *sweep_run_path(const char *database, const char *key);
/* `pid`: of the process that runs the shard. */
char *sweep_part_path(const char *database, const char *key, long pid);

/* Make the folder, unless it is there. False with errno. */
bool sweep_make_folder(const char *database);

/*
 * Make an empty file of this name in the folder, in which it then keeps the
 * folder: a shard that is through removes an empty one, at any time. False with
 * errno.
 */
bool sweep_make_part(const char *database, const char *part);

/*
 * Become the only sweep that adds to a results file. What a sweep that was
 * killed has left under way is waited for, a few seconds. Returns a lock for
 * sweep_unlock(), or -1 with errno: EWOULDBLOCK if there is another sweep.
 */
int sweep_lock(const char *database);
void sweep_unlock(const char *database, int lock);

/* What was found beside the complete runs; zeroed before. */
struct sweep_findings {
    struct results_runs leftovers; /* of the study's runs in the results file,
                                      those that never reached their end */
    size_t running; /* of them, those that may have a writer on another host */
    char other_version[32]; /* that runs of a study of this name have; "": no */
};

void sweep_findings_release(struct sweep_findings *findings);

/*
 * Find out which runs are complete: sets their states. A shard's run counts
 * where the shard will find it again: in the results file, in the shard's own
 * file, or in the folder; without a shard any shard's file counts. STUDY_INPUT
 * and STUDY_HOST with a line in `error`.
 */
enum study_status sweep_look(struct sweep *sweep, const char *database,
                             const struct sweep_shard *shard,
                             struct sweep_findings *findings, char *error,
                             size_t error_bytes);

/*
 * The shard is whole: make its file, and tidy up the folder. Returns as
 * sweep_look().
 */
enum study_status sweep_publish(const struct sweep *sweep, const char *database,
                                const struct sweep_shard *shard,
                                const volatile sig_atomic_t *interrupted,
                                char *error, size_t error_bytes);

#endif
