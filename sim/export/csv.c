#include "export/export.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/json.h"
#include "record/schema.h"

/* Tables first, then views. */
static size_t relation_count(void)
{
    return TABLE_COUNT + schema_view_count();
}

static const struct schema_relation *relation_at(size_t index)
{
    return index < TABLE_COUNT ? schema_table((enum schema_table)index)
                               : schema_view(index - TABLE_COUNT);
}

/* One relation. ----------------------------------------------------------- */

static void write_text(FILE *out, const char *text)
{
    if (*text && !strpbrk(text, "\",\r\n")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++)
        fprintf(out, *text == '"' ? "\"\"" : "%c", *text);
    fputc('"', out);
}

static void write_cell(FILE *out, sqlite3_stmt *row, int column)
{
    switch (sqlite3_column_type(row, column)) {
    case SQLITE_NULL:
        break;
    case SQLITE_INTEGER:
        fprintf(out, "%lld", (long long)sqlite3_column_int64(row, column));
        break;
    case SQLITE_FLOAT:
        json_write_double(out, sqlite3_column_double(row, column));
        break;
    default:
        write_text(out, (const char *)sqlite3_column_text(row, column));
        break;
    }
}

static int write_rows(FILE *out, sqlite3_stmt *rows)
{
    int columns = sqlite3_column_count(rows);
    int status;

    for (int i = 0; i < columns; i++) {
        fputs(i > 0 ? "," : "", out);
        write_text(out, sqlite3_column_name(rows, i));
    }
    fputs("\r\n", out);
    while ((status = sqlite3_step(rows)) == SQLITE_ROW && !ferror(out)) {
        for (int i = 0; i < columns; i++) {
            fputs(i > 0 ? "," : "", out);
            write_cell(out, rows, i);
        }
        fputs("\r\n", out);
    }
    return status;
}

static bool has_column(const struct schema_relation *relation, const char *name)
{
    for (size_t i = 0; i < relation->column_count; i++)
        if (strcmp(relation->columns[i].name, name) == 0)
            return true;
    return false;
}

/* The rows of the chosen runs, in an order that is always the same. */
static char *select_of(const struct schema_relation *relation)
{
    static const char of_run[] =
        "WHERE run_id IN (SELECT run_id FROM temp.chosen)";
    static const char of_point[] =
        "WHERE (name, memory_pages, seed, policy) IN (SELECT name, "
        "memory_pages, seed, policy FROM run JOIN temp.chosen USING (run_id))";
    const char *where = has_column(relation, "run_id")   ? of_run
                        : has_column(relation, "metric") ? of_point
                                                         : "";
    char *order = sqlite3_mprintf("1");

    for (size_t i = 2; i <= relation->column_count && order; i++) {
        char *longer = sqlite3_mprintf("%s, %d", order, (int)i);
        sqlite3_free(order);
        order = longer;
    }
    char *sql = order ? sqlite3_mprintf("SELECT * FROM \"%w\" %s ORDER BY %s",
                                        relation->name, where,
                                        relation->key ? relation->key : order)
                      : NULL;
    sqlite3_free(order);
    return sql;
}

static enum results_check write_relation(const struct export_source *source,
                                         const char *directory,
                                         const struct schema_relation *relation,
                                         char *error)
{
    char *path = sqlite3_mprintf("%s/%s.csv", directory, relation->name);
    char *sql = select_of(relation);
    FILE *out = path && sql ? fopen(path, "w") : NULL;
    sqlite3_stmt *rows = NULL;
    enum results_check check = RESULTS_OK;

    if (!out)
        check = export_fail_file(directory, error);
    else if (sqlite3_prepare_v2(source->db, sql, -1, &rows, NULL) !=
                 SQLITE_OK ||
             write_rows(out, rows) != SQLITE_DONE)
        check = export_fail_database(source->db, error);
    bool is_well = !out || (fflush(out) == 0 && !ferror(out));
    if (check == RESULTS_OK && !is_well)
        check = export_fail_file(path, error);
    if (out)
        fclose(out);
    sqlite3_finalize(rows);
    sqlite3_free(sql);
    sqlite3_free(path);
    return check;
}

/* The directory. ---------------------------------------------------------- */

/* Is that a file that an export has? */
static bool is_ours(const char *name)
{
    size_t length = strlen(name);

    if (length < 4 || strcmp(name + length - 4, ".csv") != 0)
        return false;
    for (size_t i = 0; i < relation_count(); i++) {
        const char *own = relation_at(i)->name;
        if (strlen(own) == length - 4 && memcmp(own, name, length - 4) == 0)
            return true;
    }
    return false;
}

/* Remove what an export has made, and the directory, which holds nothing
 * else. */
static void remove_export(const char *directory)
{
    for (size_t i = 0; i < relation_count(); i++) {
        char *path =
            sqlite3_mprintf("%s/%s.csv", directory, relation_at(i)->name);
        if (path)
            unlink(path);
        sqlite3_free(path);
    }
    rmdir(directory);
}

/* May the directory be replaced? `is_there`: it is, and not empty. */
static enum results_check look_at(const char *directory, bool *is_there,
                                  char *error)
{
    struct dirent *entry;
    DIR *listing = opendir(directory);
    enum results_check check = RESULTS_OK;

    *is_there = false;
    if (!listing && errno == ENOENT)
        return RESULTS_OK;
    if (!listing) {
        export_fail_file(directory, error);
        return RESULTS_BAD_INPUT;
    }
    /* cppcheck-suppress readdirCalled ; there is one thread */
    while ((entry = readdir(listing)) && check == RESULTS_OK) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        *is_there = true;
        if (is_ours(entry->d_name))
            continue;
        snprintf(error, EXPORT_ERROR_BYTES,
                 "%s: holds '%s', which no export has written; left untouched",
                 directory, entry->d_name);
        check = RESULTS_BAD_INPUT;
    }
    closedir(listing);
    return check;
}

/* Put the new directory in its place; the old one, if any, goes. */
static enum results_check put_in_place(const char *fresh, const char *directory,
                                       bool is_there, char *error)
{
    char *old = sqlite3_mprintf("%s.old-%ld", directory, (long)getpid());
    enum results_check check = RESULTS_OK;

    if (!old || (is_there && rename(directory, old) != 0)) {
        check = export_fail_file(directory, error);
    } else if (rename(fresh, directory) != 0) {
        check = export_fail_file(directory, error);
        if (is_there && rename(old, directory) != 0)
            snprintf(error, EXPORT_ERROR_BYTES,
                     "%s: can't be replaced; what it held is in %s", directory,
                     old);
    } else if (is_there) {
        remove_export(old);
    }
    sqlite3_free(old);
    return check;
}

/* The chosen runs as a table that queries can join; a snapshot from here on. */
static enum results_check begin(const struct export_source *source, char *error)
{
    bool is_ok =
        sqlite3_exec(source->db,
                     "CREATE TEMP TABLE IF NOT EXISTS chosen (run_id INTEGER "
                     "PRIMARY KEY); DELETE FROM temp.chosen",
                     NULL, NULL, NULL) == SQLITE_OK;

    for (size_t i = 0; i < source->runs->count && is_ok; i++) {
        char *sql = sqlite3_mprintf("INSERT INTO temp.chosen VALUES (%llu)",
                                    (unsigned long long)source->runs->ids[i]);
        is_ok =
            sql && sqlite3_exec(source->db, sql, NULL, NULL, NULL) == SQLITE_OK;
        sqlite3_free(sql);
    }
    is_ok = is_ok &&
            sqlite3_exec(source->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK;
    return is_ok ? RESULTS_OK : export_fail_database(source->db, error);
}

static enum results_check fill(const struct export_source *source,
                               const char *fresh, char *error)
{
    enum results_check check = begin(source, error);

    for (size_t i = 0; i < relation_count() && check == RESULTS_OK; i++)
        check = write_relation(source, fresh, relation_at(i), error);
    if (!sqlite3_get_autocommit(source->db))
        sqlite3_exec(source->db, "COMMIT", NULL, NULL, NULL);
    return check;
}

enum results_check export_csv(const struct export_source *source,
                              const char *directory, size_t *files, char *error)
{
    size_t length = strlen(directory);
    bool is_there;

    while (length > 1 && directory[length - 1] == '/')
        length--;
    char *place = sqlite3_mprintf("%.*s", (int)length, directory);
    char *fresh = sqlite3_mprintf("%.*s.export-%ld", (int)length, directory,
                                  (long)getpid());
    enum results_check check = RESULTS_HOST;
    if (!place || !fresh)
        snprintf(error, EXPORT_ERROR_BYTES, "out of memory");
    else
        check = look_at(place, &is_there, error);
    if (check == RESULTS_OK && mkdir(fresh, 0777) != 0)
        check = export_fail_file(place, error);
    else if (check == RESULTS_OK) {
        check = fill(source, fresh, error);
        if (check == RESULTS_OK)
            check = put_in_place(fresh, place, is_there, error);
        if (check != RESULTS_OK)
            remove_export(fresh);
    }
    *files = relation_count();
    sqlite3_free(fresh);
    sqlite3_free(place);
    return check;
}
