/*
 * Of runs that are the same one: which of several files' is kept.
 *
 * A study's run has a key, and may have been run more than once: by a shard
 * that was started again, or by hand. The first that is complete is kept, else
 * the first. Two complete ones with one key and different fingerprints mean
 * that they do not depend on the key alone (another compiler, another libm, a
 * bug): that is an error, not a choice.
 */
#ifndef LOWTIDE_RECORD_MERGE_KEYS_H
#define LOWTIDE_RECORD_MERGE_KEYS_H

#include "record/results.h"

struct merge_key;

/* Zeroed: of no files. */
struct merge_keys {
    struct merge_key *table; /* uthash; owned */
};

void merge_keys_release(struct merge_keys *keys);

/* Look at file number `file`: in the order of merging, each once. */
enum results_check merge_keys_gather(struct merge_keys *keys, sqlite3 *db,
                                     const char *path, size_t file, char *error,
                                     size_t error_size);

/*
 * The runs of that file that are not kept, in order of their ids, to be
 * released by the caller if RESULTS_OK is returned.
 */
enum results_check merge_keys_spare(const struct merge_keys *keys, sqlite3 *db,
                                    size_t file, struct results_runs *spare,
                                    char *error, size_t error_size);

#endif
