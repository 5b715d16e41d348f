/*
 * The trace event format, written as it comes from the database: nothing is
 * gathered, so a file may be as large as the disk allows. Times are in
 * microseconds there, with three digits behind the point for nanoseconds.
 *
 * A sample of an amount holds from its tick on. A total becomes what was added
 * between two ticks, drawn from the first of them: so all of a track's values
 * add up to the total. How long threads stalled in a tick is known, but not
 * when: the slice is that long and begins with the tick.
 */
#include "export/export.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/json.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Threads of a run's process. */
enum { TRACK_LEVEL = 1, TRACK_SOME, TRACK_FULL, TRACK_SCRIPT };

struct writer {
    FILE *out;
    sqlite3 *db;
    uint64_t run;
    bool has_events;
};

/* Events. ----------------------------------------------------------------- */

/* The members that all events have; the object stays open. */
static void begin(struct writer *writer, const char *phase, const char *name)
{
    fprintf(writer->out, "%s{\"ph\": \"%s\", \"pid\": %llu, \"name\": ",
            writer->has_events ? ",\n" : "\n", phase,
            (unsigned long long)writer->run);
    json_write_string(writer->out, name);
    writer->has_events = true;
}

static void write_time(struct writer *writer, const char *name, int64_t ns)
{
    fprintf(writer->out, ", \"%s\": %lld.%03lld", name, (long long)(ns / 1000),
            (long long)(ns % 1000));
}

static void name_track(struct writer *writer, int track, const char *name)
{
    begin(writer, "M", "thread_name");
    fprintf(writer->out, ", \"tid\": %d, \"args\": {\"name\": \"%s\"}}", track,
            name);
    begin(writer, "M", "thread_sort_index");
    fprintf(writer->out, ", \"tid\": %d, \"args\": {\"sort_index\": %d}}",
            track, track);
}

static void slice(struct writer *writer, int track, const char *name,
                  int64_t from, int64_t length)
{
    begin(writer, "X", name);
    fprintf(writer->out, ", \"tid\": %d", track);
    write_time(writer, "ts", from);
    write_time(writer, "dur", length);
    fputs("}", writer->out);
}

/* A mark across the whole process; the object stays open. */
static void mark(struct writer *writer, const char *name, int track, int64_t at)
{
    begin(writer, "i", name);
    fprintf(writer->out, ", \"s\": \"%s\", \"tid\": %d",
            track == TRACK_SCRIPT ? "t" : "p", track);
    write_time(writer, "ts", at);
}

/* Rows. ------------------------------------------------------------------- */

/* A query about the run, which is its ?1. */
static sqlite3_stmt *rows_of(struct writer *writer, const char *sql)
{
    sqlite3_stmt *rows = NULL;

    if (sqlite3_prepare_v2(writer->db, sql, -1, &rows, NULL) == SQLITE_OK)
        sqlite3_bind_int64(rows, 1, (sqlite3_int64)writer->run);
    return rows;
}

/* The next row; `is_ok` becomes false if it can't be read. */
static bool next(sqlite3_stmt *rows, bool *is_ok)
{
    int status = rows ? sqlite3_step(rows) : SQLITE_ERROR;

    if (status != SQLITE_ROW && status != SQLITE_DONE)
        *is_ok = false;
    return status == SQLITE_ROW;
}

static const char *text_at(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    return text ? text : "";
}

/* Counters of the machine. ------------------------------------------------ */

struct group {
    const char *name;
    bool is_total; /* what was added in a tick, instead of what is */
    const char *columns;
};

static const struct group groups[] = {
    {"memory (pages)", false, "free, loaned, free_loaned, compressed_storage"},
    {"queues (pages)", false,
     "wired, anonymous, high_priority, zero_fork, pager_dirty, failed_reclaim, "
     "dont_need, reclaimable"},
    {"activity (pages)", false, "active, inactive"},
    {"compressed (pages)", false, "compressed"},
    {"threads", false, "waiting_threads"},
    {"accesses (per tick)", true, "accesses"},
    {"faults (per tick)", true,
     "faults_minor, faults_major, faults_cow, faults_zero, faults_decompress, "
     "refaults"},
    {"reclaimed (pages per tick)", true,
     "evicted_pager, evicted_compressed, evicted_discardable, deduped, "
     "written_back"},
    {"stalled (ns per tick)", true, "stall_some_ns, stall_full_ns"},
};

enum { MAX_COLUMNS = 16 };

/* A counter's values from column 1 on; those of totals are differences. */
static void write_sample(struct writer *writer, const char *name,
                         sqlite3_stmt *row, int64_t at, const int64_t *before)
{
    const char *comma = "";

    begin(writer, "C", name);
    write_time(writer, "ts", at);
    fputs(", \"args\": {", writer->out);
    for (int i = 1; i < sqlite3_column_count(row); i++) {
        if (sqlite3_column_type(row, i) == SQLITE_NULL)
            continue;
        fprintf(writer->out, "%s\"%s\": %lld", comma,
                sqlite3_column_name(row, i),
                (long long)(sqlite3_column_int64(row, i) -
                            (before ? before[i] : 0)));
        comma = ", ";
    }
    fputs("}}", writer->out);
}

static bool write_group(struct writer *writer, const struct group *group)
{
    char *sql = sqlite3_mprintf("SELECT tick_ns, %s FROM tick WHERE run_id = "
                                "?1 ORDER BY tick_ns",
                                group->columns);
    sqlite3_stmt *rows = sql ? rows_of(writer, sql) : NULL;
    int64_t before[MAX_COLUMNS] = {0};
    bool is_ok = true;
    bool is_first = true;

    while (next(rows, &is_ok)) {
        int64_t at = sqlite3_column_int64(rows, 0);
        if (!group->is_total)
            write_sample(writer, group->name, rows, at, NULL);
        else if (!is_first)
            write_sample(writer, group->name, rows, before[0], before);
        /* what happened at time 0 belongs to the first tick */
        before[0] = at;
        for (int i = 1; i < sqlite3_column_count(rows) && !is_first; i++)
            before[i] = sqlite3_column_int64(rows, i);
        is_first = false;
    }
    sqlite3_finalize(rows);
    sqlite3_free(sql);
    return is_ok;
}

/* Counters by name: lists, VMOs. ------------------------------------------ */

/* Rows of time, name, value: those of one time are one sample. A VMO that was
 * closed falls to zero. */
static const struct {
    const char *name;
    const char *sql;
} named[] = {
    {"lists (pages)", "SELECT tick_ns, list, pages FROM tick_list WHERE run_id "
                      "= ?1 ORDER BY tick_ns, list"},
#define OF_VMOS(column)                                                        \
    "WITH named AS (SELECT *, iif(count(*) OVER (PARTITION BY name) > 1, "     \
    "name || ' #' || vmo_id, name) AS shown FROM vmo WHERE run_id = ?1) "      \
    "SELECT tick_ns, coalesce(shown, '#' || vmo_id), " column                  \
    " FROM tick_vmo LEFT JOIN named USING (run_id, vmo_id) WHERE run_id = ?1 " \
    "UNION ALL SELECT closed_ns, coalesce(shown, '#' || vmo_id), 0 FROM "      \
    "named WHERE closed_ns IS NOT NULL AND EXISTS (SELECT 1 FROM tick_vmo AS " \
    "t WHERE t.run_id = ?1 AND t.vmo_id = named.vmo_id) ORDER BY 1, 2"
    {"committed by VMO (pages)", OF_VMOS("committed")},
    {"compressed by VMO (pages)", OF_VMOS("compressed")},
};

static bool write_named(struct writer *writer, const char *name,
                        const char *sql)
{
    sqlite3_stmt *rows = rows_of(writer, sql);
    int64_t at = -1;
    bool is_ok = true;

    while (next(rows, &is_ok)) {
        bool is_new = sqlite3_column_int64(rows, 0) != at;
        if (is_new) {
            fputs(at >= 0 ? "}}" : "", writer->out);
            at = sqlite3_column_int64(rows, 0);
            begin(writer, "C", name);
            write_time(writer, "ts", at);
            fputs(", \"args\": {", writer->out);
        }
        fputs(is_new ? "" : ", ", writer->out);
        json_write_string(writer->out, text_at(rows, 1));
        fprintf(writer->out, ": %lld",
                (long long)sqlite3_column_int64(rows, 2));
    }
    fputs(at >= 0 ? "}}" : "", writer->out);
    sqlite3_finalize(rows);
    return is_ok;
}

/* Levels and stalls. ------------------------------------------------------ */

/* A slice for as long as the level stays, a mark where it changes. */
static bool write_levels(struct writer *writer)
{
    sqlite3_stmt *rows = rows_of(
        writer, "SELECT tick_ns, level, lead(tick_ns, 1, (SELECT max(tick_ns) "
                "FROM tick WHERE run_id = ?1)) OVER (ORDER BY tick_ns), before "
                "FROM (SELECT tick_ns, level, lag(level) OVER (ORDER BY "
                "tick_ns) AS before FROM tick WHERE run_id = ?1) WHERE level "
                "IS NOT before ORDER BY tick_ns");
    bool is_ok = true;

    while (next(rows, &is_ok)) {
        int64_t from = sqlite3_column_int64(rows, 0);
        const char *level = text_at(rows, 1);
        char name[64];
        slice(writer, TRACK_LEVEL, level, from,
              sqlite3_column_int64(rows, 2) - from);
        if (sqlite3_column_type(rows, 3) == SQLITE_NULL)
            continue;
        snprintf(name, sizeof name, "level %.40s", level);
        mark(writer, name, TRACK_LEVEL, from);
        fputs("}", writer->out);
    }
    sqlite3_finalize(rows);
    return is_ok;
}

/* A slice for each tick with a stall. What a tick can't hold runs into the
 * next, which begins behind it. */
static bool write_stalls(struct writer *writer, int track, const char *column,
                         const char *name)
{
    char *sql = sqlite3_mprintf(
        "SELECT tick_ns, lead(%s) OVER (ORDER BY tick_ns) - %s FROM tick WHERE "
        "run_id = ?1 ORDER BY tick_ns",
        column, column);
    sqlite3_stmt *rows = sql ? rows_of(writer, sql) : NULL;
    int64_t end = 0;
    bool is_ok = true;

    while (next(rows, &is_ok)) {
        int64_t from = sqlite3_column_int64(rows, 0);
        int64_t length = sqlite3_column_int64(rows, 1);
        if (length <= 0)
            continue;
        from = from < end ? end : from;
        slice(writer, track, name, from, length);
        end = from + length;
    }
    sqlite3_finalize(rows);
    sqlite3_free(sql);
    return is_ok;
}

/* Marks. ------------------------------------------------------------------ */

static bool write_kills(struct writer *writer)
{
    sqlite3_stmt *rows =
        rows_of(writer, "SELECT killed_ns, name FROM process WHERE run_id = ?1 "
                        "AND killed_ns IS NOT NULL ORDER BY killed_ns");
    bool is_ok = true;

    while (next(rows, &is_ok)) {
        char name[160];
        snprintf(name, sizeof name, "killed: %.140s", text_at(rows, 1));
        mark(writer, name, TRACK_LEVEL, sqlite3_column_int64(rows, 0));
        fputs("}", writer->out);
    }
    sqlite3_finalize(rows);
    return is_ok;
}

static bool write_script(struct writer *writer)
{
    static const char *const args[] = {"vmo", "status", "detail"};
    sqlite3_stmt *rows =
        rows_of(writer, "SELECT at_ns, op, line, vmo, status, detail FROM "
                        "event WHERE run_id = ?1 ORDER BY seq");
    bool is_ok = true;

    while (next(rows, &is_ok)) {
        mark(writer, text_at(rows, 1), TRACK_SCRIPT,
             sqlite3_column_int64(rows, 0));
        fprintf(writer->out, ", \"args\": {\"line\": %lld",
                (long long)sqlite3_column_int64(rows, 2));
        for (int i = 0; i < (int)COUNT_OF(args); i++) {
            fprintf(writer->out, ", \"%s\": ", args[i]);
            json_write_string(writer->out, text_at(rows, 3 + i));
        }
        fputs("}}", writer->out);
    }
    sqlite3_finalize(rows);
    return is_ok;
}

/* A run. ------------------------------------------------------------------ */

static bool write_heading(struct writer *writer)
{
    sqlite3_stmt *rows = rows_of(
        writer, "SELECT 'run ' || run_id || ': ' || name || ', ' || policy || "
                "', ' || memory_pages || ' pages, seed ' || seed FROM run "
                "WHERE run_id = ?1");
    bool is_ok = true;

    if (next(rows, &is_ok)) {
        begin(writer, "M", "process_name");
        fputs(", \"args\": {\"name\": ", writer->out);
        json_write_string(writer->out, text_at(rows, 0));
        fputs("}}", writer->out);
    }
    sqlite3_finalize(rows);
    begin(writer, "M", "process_sort_index");
    fprintf(writer->out, ", \"args\": {\"sort_index\": %llu}}",
            (unsigned long long)writer->run);
    name_track(writer, TRACK_LEVEL, "pressure level");
    name_track(writer, TRACK_SOME, "stalled: some threads");
    name_track(writer, TRACK_FULL, "stalled: all threads");
    name_track(writer, TRACK_SCRIPT, "script");
    return is_ok;
}

static bool write_run(struct writer *writer)
{
    bool is_ok = write_heading(writer) && write_levels(writer) &&
                 write_stalls(writer, TRACK_SOME, "stall_some_ns", "some") &&
                 write_stalls(writer, TRACK_FULL, "stall_full_ns", "full") &&
                 write_kills(writer) && write_script(writer);

    for (size_t i = 0; i < COUNT_OF(groups) && is_ok; i++)
        is_ok = write_group(writer, &groups[i]);
    for (size_t i = 0; i < COUNT_OF(named) && is_ok; i++)
        is_ok = write_named(writer, named[i].name, named[i].sql);
    return is_ok;
}

static enum results_check write_trace(const struct export_source *source,
                                      FILE *out, char *error)
{
    struct writer writer = {.out = out, .db = source->db};
    /* one moment of a file that may be written to */
    bool is_ok =
        sqlite3_exec(source->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK;

    fputs("{\"displayTimeUnit\": \"ns\", \"traceEvents\": [", out);
    for (size_t i = 0; i < source->runs->count && is_ok && !ferror(out); i++) {
        writer.run = source->runs->ids[i];
        is_ok = write_run(&writer);
    }
    fputs("\n]}\n", out);
    enum results_check check =
        is_ok ? RESULTS_OK : export_fail_database(source->db, error);
    if (!sqlite3_get_autocommit(source->db))
        sqlite3_exec(source->db, "COMMIT", NULL, NULL, NULL);
    return check;
}

enum results_check export_fail_database(sqlite3 *db, char *error)
{
    snprintf(error, EXPORT_ERROR_BYTES, "cannot read results: %s",
             sqlite3_errmsg(db));
    return RESULTS_HOST;
}

enum results_check export_fail_file(const char *path, char *error)
{
    int reason = errno;

    snprintf(error, EXPORT_ERROR_BYTES, "%s: %s", path, strerror(reason));
    return RESULTS_HOST;
}

/* The file is written beside its place, then put there. */
static enum results_check write_beside(const struct export_source *source,
                                       const char *path, const char *beside,
                                       uint64_t *bytes, char *error)
{
    struct stat info;
    FILE *out = fopen(beside, "w");

    if (!out)
        return export_fail_file(path, error);
    enum results_check check = write_trace(source, out, error);
    bool is_well = fflush(out) == 0 && fsync(fileno(out)) == 0 &&
                   fstat(fileno(out), &info) == 0;
    if (check == RESULTS_OK && !is_well)
        check = export_fail_file(path, error);
    fclose(out);
    if (check == RESULTS_OK && rename(beside, path) != 0)
        check = export_fail_file(path, error);
    if (check != RESULTS_OK)
        unlink(beside);
    else
        *bytes = (uint64_t)info.st_size;
    return check;
}

enum results_check export_perfetto(const struct export_source *source,
                                   const char *path, uint64_t *bytes,
                                   char *error)
{
    char *beside = sqlite3_mprintf("%s.export-%ld", path, (long)getpid());

    if (!beside) {
        snprintf(error, EXPORT_ERROR_BYTES, "out of memory");
        return RESULTS_HOST;
    }
    enum results_check check = write_beside(source, path, beside, bytes, error);
    sqlite3_free(beside);
    return check;
}
