#include "record/study_runs.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/recorder.h"
#include "record/schema.h"
#include "record/store.h"
#include "record/writer.h"

void study_runs_release(struct study_runs *runs)
{
    for (size_t i = 0; i < runs->count; i++) {
        free(runs->list[i].study);
        free(runs->list[i].version);
        free(runs->list[i].status);
        free(runs->list[i].fingerprint);
    }
    free(runs->list);
    *runs = (struct study_runs){0};
}

/* --- reading -------------------------------------------------------------- */

static const char runs_sql[] =
    "SELECT r.run_id, s.run_key, s.study, r.version, r.status, r.fingerprint, "
    "r.writer_host, r.writer_pid, r.writer_start "
    "FROM study_run s JOIN run r ON r.run_id = s.run_id ORDER BY r.run_id";

static const char *text_of(sqlite3_stmt *row, int column)
{
    return (const char *)sqlite3_column_text(row, column);
}

/* A copy; of nothing, nothing. False: out of memory. */
static bool keep_text(char **copy, const char *text)
{
    *copy = text ? strdup(text) : NULL;
    return !text || *copy;
}

static bool is_status(const char *text, enum run_status status)
{
    return strcmp(text, run_status_name(status)) == 0;
}

/* The status as it is: a run whose writer is gone is not running. */
static const char *judge(sqlite3_stmt *row, struct study_run *run)
{
    const char *status = text_of(row, 4);
    status = status ? status : run_status_name(RUN_ERROR);
    run->is_complete = is_status(status, RUN_OK) ||
                       is_status(status, RUN_FAILED) ||
                       is_status(status, RUN_STOPPED);
    if (!is_status(status, RUN_RUNNING))
        return status;
    bool is_gone = writer_is_gone(text_of(row, 6), sqlite3_column_int64(row, 7),
                                  text_of(row, 8));
    return is_gone ? run_status_name(RUN_INTERRUPTED) : status;
}

static bool read_run(sqlite3_stmt *row, struct study_run *run)
{
    const char *key = text_of(row, 1);
    *run = (struct study_run){
        .run_id = (uint64_t)sqlite3_column_int64(row, 0),
    };
    snprintf(run->run_key, sizeof run->run_key, "%s", key ? key : "");
    bool has_study = keep_text(&run->study, text_of(row, 2));
    bool has_version = keep_text(&run->version, text_of(row, 3));
    bool has_status = keep_text(&run->status, judge(row, run));
    return keep_text(&run->fingerprint, text_of(row, 5)) && has_study &&
           has_version && has_status;
}

static bool add_run(struct study_runs *runs, sqlite3_stmt *row)
{
    if ((runs->count & (runs->count - 1)) == 0) { /* a power of two, or none */
        size_t capacity = runs->count ? 2 * runs->count : 1;
        struct study_run *grown =
            realloc(runs->list, capacity * sizeof *runs->list);
        if (!grown)
            return false;
        runs->list = grown;
    }
    return read_run(row, &runs->list[runs->count++]);
}

static bool has_table(sqlite3 *db)
{
    return sqlite3_table_column_metadata(
               db, NULL, schema_table(TABLE_STUDY_RUN)->name, "run_key", NULL,
               NULL, NULL, NULL, NULL) == SQLITE_OK;
}

enum results_check study_runs_read(sqlite3 *db, struct study_runs *runs,
                                   char *error, size_t error_size)
{
    sqlite3_stmt *query = NULL;
    bool has_memory = true;
    *runs = (struct study_runs){0};
    if (!has_table(db))
        return RESULTS_OK;
    int status = sqlite3_prepare_v2(db, runs_sql, -1, &query, NULL);
    if (status == SQLITE_OK)
        while (has_memory && (status = sqlite3_step(query)) == SQLITE_ROW)
            has_memory = add_run(runs, query);
    bool is_well = status == SQLITE_DONE && has_memory;
    if (!has_memory)
        snprintf(error, error_size, "out of memory");
    else if (!is_well)
        snprintf(error, error_size, "cannot read results: %s",
                 sqlite3_errmsg(db));
    sqlite3_finalize(query);
    if (is_well)
        return RESULTS_OK;
    study_runs_release(runs);
    return RESULTS_HOST;
}

/* --- removing ------------------------------------------------------------- */

/* The rows of the runs in one table; an SQLite status. */
static int remove_rows(sqlite3 *db, const struct schema_relation *table,
                       const struct results_runs *runs)
{
    sqlite3_stmt *remove = NULL;
    char *sql =
        sqlite3_mprintf("DELETE FROM \"%w\" WHERE run_id = ?", table->name);
    int status =
        sql ? sqlite3_prepare_v2(db, sql, -1, &remove, NULL) : SQLITE_NOMEM;
    sqlite3_free(sql);
    for (size_t i = 0; status == SQLITE_OK && i < runs->count; i++) {
        sqlite3_bind_int64(remove, 1, (sqlite3_int64)runs->ids[i]);
        status = sqlite3_step(remove);
        sqlite3_reset(remove);
        status = status == SQLITE_DONE ? SQLITE_OK : status;
    }
    sqlite3_finalize(remove);
    return status;
}

static int remove_runs(sqlite3 *db, const struct results_runs *runs)
{
    int status = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    for (int t = 0; status == SQLITE_OK && t < TABLE_METRIC; t++)
        status = remove_rows(db, schema_table((enum schema_table)t), runs);
    if (status == SQLITE_OK)
        status = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    if (!sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

enum results_check study_runs_remove(const char *path,
                                     const struct results_runs *runs,
                                     char *error, size_t error_size)
{
    static_assert(TABLE_METRIC + 1 == TABLE_COUNT,
                  "the tables before the dictionary hold runs");
    sqlite3 *db = store_join(path, error, error_size);
    if (!db)
        return RESULTS_HOST;
    int status = remove_runs(db, runs);
    if (status != SQLITE_OK)
        store_describe(db, status, "cannot remove runs", path, error,
                       error_size);
    char ignored[256]; /* the first reason is the better one */
    bool has_left =
        store_leave(db, status == SQLITE_OK ? error : ignored,
                    status == SQLITE_OK ? error_size : sizeof ignored);
    return status == SQLITE_OK && has_left ? RESULTS_OK : RESULTS_HOST;
}
