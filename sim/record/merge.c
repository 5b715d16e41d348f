/*
 * The new file is made beside its final name and linked to it in the end:
 *
 *   in 1 --read--+
 *   in 2 --read--+--> OUT.merge-PID --complete, one plain file--> OUT
 *
 * Rows are copied through two prepared statements a table, with columns by
 * their names, so that a file that only pretends to be ours is found out.
 * ATTACH would be shorter, but it would open the sources for writing, and one
 * that was left in write-ahead mode would be changed by that.
 */
#include "record/merge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/merge_keys.h"
#include "record/schema.h"
#include "record/store.h"

struct merge {
    sqlite3 *to;
    sqlite3 *from;             /* the file being read */
    const char *path;          /* its name */
    size_t file;               /* its number */
    struct results_runs runs;  /* its runs that are kept, in order */
    struct results_runs spare; /* those that are not */
    struct merge_keys keys;
    uint64_t run_count; /* of the new file, before this one's */
    const volatile sig_atomic_t *interrupted;
    char *error;
    size_t error_size;
};

static enum results_check refuse(struct merge *merge, const char *path,
                                 const char *why)
{
    snprintf(merge->error, merge->error_size, "%s: %s", path, why);
    return RESULTS_BAD_INPUT;
}

static enum results_check fail(struct merge *merge, sqlite3 *db,
                               const char *doing, const char *path)
{
    store_describe(db, sqlite3_errcode(db), doing, path, merge->error,
                   merge->error_size);
    return RESULTS_HOST;
}

/* --- before anything is written ------------------------------------------- */

static enum results_check check_sources(struct merge *merge,
                                        const char *const *in, size_t count)
{
    struct stat *seen = calloc(count + 1, sizeof *seen);
    enum results_check check = seen ? RESULTS_OK : RESULTS_HOST;
    if (!seen)
        snprintf(merge->error, merge->error_size, "out of memory");
    for (size_t i = 0; check == RESULTS_OK && i < count; i++) {
        sqlite3 *db;
        check = results_open(in[i], &db, merge->error, merge->error_size);
        if (check != RESULTS_OK)
            break;
        check = merge_keys_gather(&merge->keys, db, in[i], i, merge->error,
                                  merge->error_size);
        sqlite3_close(db);
        if (check != RESULTS_OK)
            break;
        if (stat(in[i], &seen[i]) != 0)
            check = refuse(merge, in[i], strerror(errno));
        for (size_t k = 0; check == RESULTS_OK && k < i; k++)
            if (seen[k].st_dev == seen[i].st_dev &&
                seen[k].st_ino == seen[i].st_ino)
                check = refuse(merge, in[i], "given twice");
    }
    free(seen);
    return check;
}

/* --- copying -------------------------------------------------------------- */

/* SELECT "a", "b" ... FROM table ORDER BY 1; NULL: out of memory. */
static char *select_sql(const struct schema_relation *table)
{
    char *sql = sqlite3_mprintf("SELECT");
    for (size_t c = 0; sql && c < table->column_count; c++) {
        char *longer = sqlite3_mprintf("%s%s \"%w\".\"%w\"", sql, c ? "," : "",
                                       table->name, table->columns[c].name);
        sqlite3_free(sql);
        sql = longer;
    }
    char *whole =
        sql ? sqlite3_mprintf("%s FROM \"%w\" ORDER BY 1", sql, table->name)
            : NULL;
    sqlite3_free(sql);
    return whole;
}

static char *insert_sql(enum schema_table table)
{
    const char *replaced = "INSERT INTO";
    char *sql = schema_insert_sql(schema_table(table));
    if (!sql || table != TABLE_METRIC)
        return sql;
    /* what both dictionaries hold is kept once */
    size_t size = strlen(sql) + sizeof " OR IGNORE";
    char *longer = malloc(size);
    if (longer)
        snprintf(longer, size, "INSERT OR IGNORE INTO%s",
                 sql + strlen(replaced));
    free(sql);
    return longer;
}

static bool prepare(struct merge *merge, enum schema_table table,
                    sqlite3_stmt **select, sqlite3_stmt **insert)
{
    char *from = select_sql(schema_table(table));
    char *to = insert_sql(table);
    bool is_well =
        from && to &&
        sqlite3_prepare_v2(merge->from, from, -1, select, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(merge->to, to, -1, insert, NULL) == SQLITE_OK;
    sqlite3_free(from);
    free(to);
    return is_well;
}

/* Is the run one of these, and where? */
static bool find_run(const struct results_runs *runs, int64_t id, size_t *index)
{
    size_t low = 0, high = runs->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (runs->ids[middle] < (uint64_t)id)
            low = middle + 1;
        else
            high = middle;
    }
    *index = low;
    return low < runs->count && runs->ids[low] == (uint64_t)id;
}

static enum results_check copy_row(struct merge *merge, enum schema_table table,
                                   sqlite3_stmt *select, sqlite3_stmt *insert)
{
    int columns = sqlite3_column_count(select);
    int64_t id = sqlite3_column_int64(select, 0);
    size_t index;
    if (table != TABLE_METRIC && find_run(&merge->spare, id, &index))
        return RESULTS_OK;
    for (int c = 0; c < columns; c++)
        sqlite3_bind_value(insert, c + 1, sqlite3_column_value(select, c));
    if (table != TABLE_METRIC) {
        if (!find_run(&merge->runs, id, &index))
            return refuse(merge, merge->path, "damaged: rows without a run");
        sqlite3_bind_int64(insert, 1, (int64_t)(merge->run_count + index + 1));
    }
    int status = sqlite3_step(insert);
    sqlite3_reset(insert);
    return status == SQLITE_DONE
               ? RESULTS_OK
               : fail(merge, merge->to, "cannot copy", merge->path);
}

static enum results_check copy_table(struct merge *merge,
                                     enum schema_table table)
{
    sqlite3_stmt *select = NULL, *insert = NULL;
    enum results_check check = RESULTS_OK;
    int status = SQLITE_DONE;
    if (!prepare(merge, table, &select, &insert))
        check = refuse(merge, merge->path, "its tables are not ours");
    while (check == RESULTS_OK && (status = sqlite3_step(select)) == SQLITE_ROW)
        check = merge->interrupted && *merge->interrupted
                    ? refuse(merge, merge->path, "interrupted")
                    : copy_row(merge, table, select, insert);
    if (check == RESULTS_OK && status != SQLITE_DONE)
        check = fail(merge, merge->from, "cannot read", merge->path);
    sqlite3_finalize(select);
    sqlite3_finalize(insert);
    return check;
}

/* The new file's runs that still have a writer; -1: it can't be read. */
static int64_t count_running(sqlite3 *db)
{
    sqlite3_stmt *query = NULL;
    int64_t count = -1;
    if (sqlite3_prepare_v2(db,
                           "SELECT count(*) FROM run WHERE status = 'running'",
                           -1, &query, NULL) == SQLITE_OK &&
        sqlite3_step(query) == SQLITE_ROW)
        count = sqlite3_column_int64(query, 0);
    sqlite3_finalize(query);
    return count;
}

/* Runs of the open source: what is kept, and what is not. */
static enum results_check choose_runs(struct merge *merge)
{
    struct results_runs *runs = &merge->runs;
    size_t kept = 0, index;
    enum results_check check = results_select(merge->from, NULL, 0, runs,
                                              merge->error, merge->error_size);
    if (check == RESULTS_OK)
        check =
            merge_keys_spare(&merge->keys, merge->from, merge->file,
                             &merge->spare, merge->error, merge->error_size);
    for (size_t i = 0; check == RESULTS_OK && i < runs->count; i++)
        if (!find_run(&merge->spare, (int64_t)runs->ids[i], &index))
            runs->ids[kept++] = runs->ids[i];
    runs->count = kept;
    return check;
}

/* A file may be older than the studies. */
static bool lacks(sqlite3 *db, enum schema_table table)
{
    return table == TABLE_STUDY_RUN &&
           sqlite3_table_column_metadata(db, NULL, schema_table(table)->name,
                                         NULL, NULL, NULL, NULL, NULL,
                                         NULL) != SQLITE_OK;
}

/* All tables of the open source, as of one instant. */
static enum results_check copy_tables(struct merge *merge)
{
    enum results_check check = choose_runs(merge);
    for (int t = 0; check == RESULTS_OK && t < TABLE_COUNT; t++)
        if (!lacks(merge->from, (enum schema_table)t))
            check = copy_table(merge, (enum schema_table)t);
    if (check != RESULTS_OK)
        return check;
    merge->run_count += merge->runs.count;
    if (store_mark_interrupted(merge->to) != SQLITE_OK)
        return fail(merge, merge->to, "cannot mark runs", merge->path);
    if (count_running(merge->to) != 0)
        return refuse(merge, merge->path, "a run is still under way in it");
    return RESULTS_OK;
}

static enum results_check copy_file(struct merge *merge, const char *path)
{
    enum results_check check =
        results_open(path, &merge->from, merge->error, merge->error_size);
    if (check != RESULTS_OK)
        return check;
    merge->path = path;
    if (sqlite3_exec(merge->from, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        check = fail(merge, merge->from, "cannot read", path);
    else if (sqlite3_exec(merge->to, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        check = fail(merge, merge->to, "cannot write", path);
    else
        check = copy_tables(merge);
    if (check == RESULTS_OK &&
        sqlite3_exec(merge->to, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        check = fail(merge, merge->to, "cannot write", path);
    if (!sqlite3_get_autocommit(merge->to))
        sqlite3_exec(merge->to, "ROLLBACK", NULL, NULL, NULL);
    results_runs_release(&merge->runs);
    results_runs_release(&merge->spare);
    sqlite3_close(merge->from);
    return check;
}

/* --- the new file --------------------------------------------------------- */

/* A name's entry is on disk when its directory is. */
static bool sync_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *directory =
        slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    int file =
        directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool is_well = file >= 0 && fsync(file) == 0;
    int reason = errno;
    if (file >= 0)
        close(file);
    free(directory);
    errno = reason;
    return is_well;
}

/* A link, not a rename: it never replaces what somebody else put there. */
static enum results_check publish(struct merge *merge, const char *made,
                                  const char *out, bool is_replaced)
{
    if ((is_replaced ? rename(made, out) : link(made, out)) != 0) {
        bool is_there = errno == EEXIST;
        refuse(merge, out, strerror(errno));
        return is_there ? RESULTS_BAD_INPUT : RESULTS_HOST;
    }
    if (!is_replaced)
        unlink(made);
    if (sync_directory(out))
        return RESULTS_OK;
    refuse(merge, out, strerror(errno));
    return RESULTS_HOST;
}

static enum results_check make(struct merge *merge, const char *made,
                               const char *const *in, size_t in_count)
{
    merge->to = store_join(made, merge->error, merge->error_size);
    if (!merge->to)
        return RESULTS_HOST;
    enum results_check check = RESULTS_OK;
    for (size_t i = 0; check == RESULTS_OK && i < in_count; i++) {
        merge->file = i;
        check = copy_file(merge, in[i]);
    }
    /* the reason that is already there is the better one */
    char last[256] = "";
    if (!store_leave(merge->to, last, sizeof last) && check == RESULTS_OK) {
        snprintf(merge->error, merge->error_size, "%s", last);
        check = RESULTS_HOST;
    }
    return check;
}

static enum results_check merge_files(struct merge *merge, const char *out,
                                      bool is_replaced, const char *const *in,
                                      size_t in_count)
{
    struct stat there;
    if (!is_replaced && lstat(out, &there) == 0)
        return refuse(merge, out, "is there already; left untouched");
    enum results_check check = check_sources(merge, in, in_count);
    if (check != RESULTS_OK)
        return check;
    char *made = sqlite3_mprintf("%s.merge-%lld", out, (long long)getpid());
    if (!made) {
        snprintf(merge->error, merge->error_size, "out of memory");
        return RESULTS_HOST;
    }
    check = make(merge, made, in, in_count);
    if (check == RESULTS_OK)
        check = publish(merge, made, out, is_replaced);
    if (check != RESULTS_OK)
        store_remove(made);
    sqlite3_free(made);
    return check;
}

enum results_check results_merge(const char *out, bool is_replaced,
                                 const char *const *in, size_t in_count,
                                 const volatile sig_atomic_t *interrupted,
                                 uint64_t *run_count, char *error,
                                 size_t error_size)
{
    struct merge merge = {
        .interrupted = interrupted, .error = error, .error_size = error_size};
    enum results_check check =
        merge_files(&merge, out, is_replaced, in, in_count);
    merge_keys_release(&merge.keys);
    *run_count = merge.run_count;
    return check;
}
