#include "record/merge_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/study_runs.h"

/* running out of memory is ours to report: the entry has no table then */
#define HASH_NONFATAL_OOM        1
#define uthash_nonfatal_oom(obj) ((void)(obj))
#include <uthash.h>

/* The run to keep of those with a key. */
struct merge_key {
    char run_key[SHA256_HEX_SIZE];
    char *fingerprint; /* owned; NULL: it has none */
    bool is_complete;
    size_t file;
    uint64_t run_id;
    UT_hash_handle hh;
};

static void key_free(struct merge_key *key)
{
    free(key->fingerprint);
    free(key);
}

void merge_keys_release(struct merge_keys *keys)
{
    struct merge_key *key = keys->table;
    HASH_CLEAR(hh, keys->table); /* the table; its entries are still linked */
    while (key) {
        struct merge_key *next = key->hh.next;
        key_free(key);
        key = next;
    }
}

static enum results_check fail_memory(char *error, size_t error_size)
{
    snprintf(error, error_size, "out of memory");
    return RESULTS_HOST;
}

static struct merge_key *find(const struct merge_keys *keys,
                              const char *run_key)
{
    struct merge_key *key;
    HASH_FIND_STR(keys->table, run_key, key);
    return key;
}

/* Keep this run; its fingerprint is taken. False: out of memory. */
static bool keep(struct merge_keys *keys, struct merge_key *key, size_t file,
                 struct study_run *run)
{
    bool is_new = !key;
    if (is_new)
        key = calloc(1, sizeof *key);
    if (!key)
        return false;
    free(key->fingerprint);
    memcpy(key->run_key, run->run_key, sizeof key->run_key);
    key->fingerprint = run->fingerprint;
    run->fingerprint = NULL;
    key->is_complete = run->is_complete;
    key->file = file;
    key->run_id = run->run_id;
    if (is_new)
        HASH_ADD_STR(keys->table, run_key, key);
    if (key->hh.tbl)
        return true;
    key_free(key);
    return false;
}

static bool is_same(const char *left, const char *right)
{
    return strcmp(left ? left : "", right ? right : "") == 0;
}

enum results_check merge_keys_gather(struct merge_keys *keys, sqlite3 *db,
                                     const char *path, size_t file, char *error,
                                     size_t error_size)
{
    struct study_runs runs;
    enum results_check check = study_runs_read(db, &runs, error, error_size);
    if (check != RESULTS_OK)
        return check;
    for (size_t i = 0; check == RESULTS_OK && i < runs.count; i++) {
        struct study_run *run = &runs.list[i];
        struct merge_key *key = find(keys, run->run_key);
        bool are_complete = key && key->is_complete && run->is_complete;
        if (are_complete && !is_same(key->fingerprint, run->fingerprint)) {
            snprintf(error, error_size,
                     "%s: run %llu has the key of a run before it, %.12s, but "
                     "another fingerprint: they were not run by equal programs",
                     path, (unsigned long long)run->run_id, run->run_key);
            check = RESULTS_BAD_INPUT;
        } else if ((!key || (run->is_complete && !key->is_complete)) &&
                   !keep(keys, key, file, run)) {
            check = fail_memory(error, error_size);
        }
    }
    study_runs_release(&runs);
    return check;
}

enum results_check merge_keys_spare(const struct merge_keys *keys, sqlite3 *db,
                                    size_t file, struct results_runs *spare,
                                    char *error, size_t error_size)
{
    struct study_runs runs;
    *spare = (struct results_runs){0};
    enum results_check check = study_runs_read(db, &runs, error, error_size);
    if (check != RESULTS_OK)
        return check;
    spare->ids = calloc(runs.count + 1, sizeof *spare->ids);
    if (!spare->ids)
        check = fail_memory(error, error_size);
    for (size_t i = 0; check == RESULTS_OK && i < runs.count; i++) {
        const struct merge_key *key = find(keys, runs.list[i].run_key);
        /* one that was not there when we looked is kept */
        if (key && (key->file != file || key->run_id != runs.list[i].run_id))
            spare->ids[spare->count++] = runs.list[i].run_id;
    }
    study_runs_release(&runs);
    return check;
}
