#include "explain/first_difference.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "explain/page_life.h"
#include "explain/page_sentence.h"
#include "explain/paragraph.h"
#include "record/human.h"
#include "record/json.h"

enum { INDENT = 14 };

/*
 * A series of rows: ?1 is the run; column 0 is the time, and rows come in
 * their order. `is_equal_policy`: between runs of one policy, or of two.
 */
struct series {
    const char *name;
    const char *table;
    bool is_equal_policy, is_other_policy;
    const char *sql;
    char *(*text)(sqlite3_stmt *row, sqlite3_stmt *other);
};

static char *event_text(sqlite3_stmt *row, sqlite3_stmt *other);
static char *page_text(sqlite3_stmt *row, sqlite3_stmt *other);
static char *columns_text(sqlite3_stmt *row, sqlite3_stmt *other);

/* What happens comes before the ticks that show it. */
static const struct series all_series[DIFFERENCE_SERIES] = {
    {"events", "event", true, true,
     "SELECT at_ns, line, op, vmo, status, detail FROM event WHERE run_id = ?1 "
     "ORDER BY seq",
     event_text},
    {"page events", "page_event", true, false,
     "SELECT at_ns, page, vmo.name, what, detail FROM page_event LEFT JOIN vmo "
     "USING (run_id, vmo_id) WHERE run_id = ?1 ORDER BY seq",
     page_text},
    {"reclaim decisions", "page_event", false, true,
     "SELECT at_ns, page, vmo.name, what, detail FROM page_event LEFT JOIN vmo "
     "USING (run_id, vmo_id) WHERE run_id = ?1 AND what IN ('evicted', "
     "'compressed', 'discarded') ORDER BY seq",
     page_text},
    {"ticks", "tick", true, false,
     "SELECT tick_ns, * FROM tick WHERE run_id = ?1 ORDER BY tick_ns",
     columns_text},
    {"ticks", "tick", false, true,
     "SELECT tick_ns, free, level, wired, anonymous, high_priority, zero_fork, "
     "pager_dirty, compressed, accesses, faults_minor, faults_major, "
     "faults_cow, faults_zero, refaults, evicted_pager, evicted_compressed, "
     "evicted_discardable, oom_kills, waiting_threads, stall_some_ns, "
     "stall_full_ns FROM tick WHERE run_id = ?1 ORDER BY tick_ns",
     columns_text},
    {"ticks of VMOs", "tick_vmo", true, true,
     "SELECT tick_ns, vmo.name AS vmo, committed, compressed, pinned, "
     "faults_major, refaults FROM tick_vmo LEFT JOIN vmo USING (run_id, "
     "vmo_id) WHERE run_id = ?1 ORDER BY tick_ns, vmo_id",
     columns_text},
};

/* Rows in words. ---------------------------------------------------------- */

static const char *text_at(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    return text ? text : "";
}

/* printf into a string that is the caller's; NULL: out of memory. */
static char *__attribute__((format(printf, 1, 2)))
formatted(const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    va_start(arguments, format);
    vfprintf(out, format, arguments);
    va_end(arguments);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static char *event_text(sqlite3_stmt *row, sqlite3_stmt *other)
{
    const char *vmo = text_at(row, 3), *detail = text_at(row, 5);

    (void)other;
    return formatted("line %lld: %s%s%s gives %s%s%s%s",
                     (long long)sqlite3_column_int64(row, 1), text_at(row, 2),
                     *vmo ? " of " : "", vmo, text_at(row, 4),
                     *detail ? " (" : "", detail, *detail ? ")" : "");
}

static char *page_text(sqlite3_stmt *row, sqlite3_stmt *other)
{
    char *sentence = page_sentence(text_at(row, 3), text_at(row, 4), "");

    (void)other;
    if (!sentence)
        return NULL;
    const char *vmo = text_at(row, 2);
    char *text = formatted("Page %lld of %s. %s",
                           (long long)sqlite3_column_int64(row, 1),
                           *vmo ? vmo : "no VMO that is open", sentence);
    free(sentence);
    return text;
}

static bool is_equal(sqlite3_stmt *row, sqlite3_stmt *other, int column)
{
    int type = sqlite3_column_type(row, column);

    if (type != sqlite3_column_type(other, column))
        return false;
    if (type == SQLITE_INTEGER)
        return sqlite3_column_int64(row, column) ==
               sqlite3_column_int64(other, column);
    return strcmp(text_at(row, column), text_at(other, column)) == 0;
}

/* Not compared: a run's own number, and a decision's circumstances. */
static bool is_compared(const struct series *series, sqlite3_stmt *row,
                        int column)
{
    const char *name = sqlite3_column_name(row, column);

    return strcmp(name, "run_id") != 0 &&
           (series->is_equal_policy || strcmp(name, "detail") != 0);
}

/* The columns that differ, or, without another row, the first few. */
static char *columns_text(sqlite3_stmt *row, sqlite3_stmt *other)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    const char *before = "";

    if (!out)
        return NULL;
    for (int i = 1; i < sqlite3_column_count(row); i++) {
        const char *name = sqlite3_column_name(row, i);
        bool is_own =
            strcmp(name, "run_id") == 0 || strcmp(name, "tick_ns") == 0;
        bool is_name = strcmp(name, "vmo") == 0;
        if (is_own || (!is_name && other ? is_equal(row, other, i) : i > 6))
            continue;
        bool is_null = sqlite3_column_type(row, i) == SQLITE_NULL;
        fprintf(out, "%s%s %s", before, name, is_null ? "-" : text_at(row, i));
        before = ", ";
    }
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

/* Comparing. -------------------------------------------------------------- */

static enum results_check fail(sqlite3 *db, char *error, size_t error_size)
{
    snprintf(error, error_size, "cannot read results: %s", sqlite3_errmsg(db));
    return RESULTS_HOST;
}

static sqlite3_stmt *rows_of(sqlite3 *db, const char *sql, uint64_t run)
{
    sqlite3_stmt *rows = NULL;

    if (sqlite3_prepare_v2(db, sql, -1, &rows, NULL) == SQLITE_OK)
        sqlite3_bind_int64(rows, 1, (sqlite3_int64)run);
    return rows;
}

/* Has the run any row in the table? -1: it can't be read. */
static int has_rows(sqlite3 *db, const char *table, uint64_t run)
{
    char *sql = sqlite3_mprintf(
        "SELECT EXISTS (SELECT 1 FROM \"%w\" WHERE run_id = ?1)", table);
    sqlite3_stmt *rows = sql ? rows_of(db, sql, run) : NULL;
    int has = rows && sqlite3_step(rows) == SQLITE_ROW
                  ? sqlite3_column_int(rows, 0)
                  : -1;

    sqlite3_finalize(rows);
    sqlite3_free(sql);
    return has;
}

static bool is_same_row(const struct series *series, sqlite3_stmt *row,
                        sqlite3_stmt *other)
{
    for (int i = 0; i < sqlite3_column_count(row); i++)
        if (is_compared(series, row, i) && !is_equal(row, other, i))
            return false;
    return true;
}

static void release_row(struct difference_row *row)
{
    free(row->text);
    *row = (struct difference_row){0};
}

/* False: out of memory. */
static bool keep_row(struct difference_row *kept, const struct series *series,
                     sqlite3_stmt *row, sqlite3_stmt *other)
{
    release_row(kept);
    kept->is_there = true;
    kept->at_ns = sqlite3_column_int64(row, 0);
    kept->text = series->text(row, other);
    return kept->text != NULL;
}

static void forget_found(struct difference *difference)
{
    for (size_t i = 0; i < DIFFERENCE_SIDES; i++)
        release_row(&difference->rows[i]);
    for (size_t i = 0; i < DIFFERENCE_BEFORE; i++)
        release_row(&difference->before[i]);
    difference->before_count = 0;
    difference->is_found = false;
}

/* The `count` rows before row number `index` of the series. */
static bool keep_before(struct difference *difference, sqlite3 *db,
                        const struct series *series, uint64_t index)
{
    uint64_t from = index > DIFFERENCE_BEFORE ? index - DIFFERENCE_BEFORE : 0;
    char *sql = sqlite3_mprintf("%s LIMIT %llu OFFSET %llu", series->sql,
                                (unsigned long long)(index - from),
                                (unsigned long long)from);
    sqlite3_stmt *rows = sql ? rows_of(db, sql, difference->runs[0]) : NULL;
    bool is_ok = rows != NULL;

    while (is_ok && sqlite3_step(rows) == SQLITE_ROW)
        is_ok = keep_row(&difference->before[difference->before_count++],
                         series, rows, NULL);
    sqlite3_finalize(rows);
    sqlite3_free(sql);
    return is_ok;
}

/* Both at row number `index`, of which at least one is there, and not the
 * same. Kept if nothing was found earlier. */
static bool found(struct difference *difference, sqlite3 *db,
                  const struct series *series, sqlite3_stmt *const *sides,
                  const bool *is_there, uint64_t index)
{
    int64_t at = INT64_MAX;

    for (int i = 0; i < DIFFERENCE_SIDES; i++)
        if (is_there[i] && sqlite3_column_int64(sides[i], 0) < at)
            at = sqlite3_column_int64(sides[i], 0);
    if (difference->is_found && difference->at_ns <= at)
        return true;
    forget_found(difference);
    difference->is_found = true;
    difference->series = series->name;
    difference->at_ns = at;
    for (int i = 0; i < DIFFERENCE_SIDES; i++)
        if (is_there[i] && !keep_row(&difference->rows[i], series, sides[i],
                                     is_there[!i] ? sides[!i] : NULL))
            return false;
    return keep_before(difference, db, series, index);
}

/* An SQLite status; SQLITE_DONE: compared as far as need be. */
static int compare(struct difference *difference, sqlite3 *db,
                   const struct series *series)
{
    sqlite3_stmt *sides[DIFFERENCE_SIDES];
    bool is_there[DIFFERENCE_SIDES];
    int status = SQLITE_ROW;

    for (int i = 0; i < DIFFERENCE_SIDES; i++)
        sides[i] = rows_of(db, series->sql, difference->runs[i]);
    for (uint64_t index = 0; status == SQLITE_ROW; index++) {
        for (int i = 0; i < DIFFERENCE_SIDES; i++) {
            int step = sides[i] ? sqlite3_step(sides[i]) : SQLITE_ERROR;
            is_there[i] = step == SQLITE_ROW;
            if (step != SQLITE_ROW && step != SQLITE_DONE)
                status = step;
        }
        if (status != SQLITE_ROW)
            break;
        if (!is_there[0] && !is_there[1])
            status = SQLITE_DONE;
        else if (!is_there[0] || !is_there[1] ||
                 !is_same_row(series, sides[0], sides[1]))
            status = found(difference, db, series, sides, is_there, index)
                         ? SQLITE_DONE
                         : SQLITE_NOMEM;
    }
    for (int i = 0; i < DIFFERENCE_SIDES; i++)
        sqlite3_finalize(sides[i]);
    return status;
}

/* Policies and fingerprints of the two. */
static bool read_runs(struct difference *difference, sqlite3 *db)
{
    sqlite3_stmt *row =
        rows_of(db,
                "SELECT a.policy <> b.policy, a.fingerprint = b.fingerprint "
                "FROM run AS a, run AS b WHERE a.run_id = ?1 AND b.run_id = ?2",
                difference->runs[0]);

    if (row)
        sqlite3_bind_int64(row, 2, (sqlite3_int64)difference->runs[1]);
    bool is_ok = row && sqlite3_step(row) == SQLITE_ROW;
    if (is_ok) {
        bool is_known = sqlite3_column_type(row, 1) != SQLITE_NULL;
        difference->has_other_policy = sqlite3_column_int(row, 0);
        difference->has_same_print = is_known && sqlite3_column_int(row, 1);
        difference->has_other_print = is_known && !sqlite3_column_int(row, 1);
    }
    sqlite3_finalize(row);
    for (int i = 0; i < DIFFERENCE_SIDES; i++) {
        difference->titles[i] = run_title(db, difference->runs[i]);
        is_ok = is_ok && difference->titles[i];
    }
    return is_ok;
}

enum results_check difference_find(struct difference *difference, sqlite3 *db,
                                   uint64_t first, uint64_t second, char *error,
                                   size_t error_size)
{
    *difference = (struct difference){.runs = {first, second}};
    if (!read_runs(difference, db))
        return fail(db, error, error_size);
    for (size_t i = 0; i < DIFFERENCE_SERIES; i++) {
        const struct series *series = &all_series[i];
        if (!(difference->has_other_policy ? series->is_other_policy
                                           : series->is_equal_policy))
            continue;
        int has = has_rows(db, series->table, first);
        int other = has_rows(db, series->table, second);
        if (has < 0 || other < 0)
            return fail(db, error, error_size);
        if (!has || !other) {
            difference->missing[difference->missing_count++] = series->name;
            continue;
        }
        difference->compared[difference->compared_count++] = series->name;
        if (compare(difference, db, series) != SQLITE_DONE)
            return fail(db, error, error_size);
    }
    return RESULTS_OK;
}

void difference_release(struct difference *difference)
{
    forget_found(difference);
    for (int i = 0; i < DIFFERENCE_SIDES; i++)
        free(difference->titles[i]);
    *difference = (struct difference){0};
}

/* Printing. --------------------------------------------------------------- */

/* "events, page events and ticks" */
static void print_names(FILE *out, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s%s",
                i == 0           ? ""
                : i + 1 == count ? " and "
                                 : ", ",
                names[i]);
}

static void print_scope(FILE *out, const struct difference *difference)
{
    if (difference->compared_count > 0) {
        fputs("Compared: ", out);
        print_names(out, difference->compared, difference->compared_count);
        fputs(".\n", out);
    }
    if (difference->missing_count > 0) {
        fputs("Not recorded by both, so not compared: ", out);
        print_names(out, difference->missing, difference->missing_count);
        fputs(".\n", out);
    }
}

static void print_row(FILE *out, const struct difference_row *row)
{
    char at[HUMAN_BYTES], exact[HUMAN_BYTES + 40];

    if (!row->is_there) {
        print_paragraph(out, INDENT, "", "nothing more");
        return;
    }
    snprintf(exact, sizeof exact, "%s", format_exact_time(at, row->at_ns));
    print_paragraph(out, INDENT, exact, row->text);
}

static void print_equal(FILE *out, const struct difference *difference)
{
    if (difference->compared_count == 0)
        fputs("Nothing was recorded by both runs that could be compared.\n",
              out);
    else
        fputs("The runs don't differ in anything that both recorded.\n", out);
    if (difference->has_same_print)
        fputs("Their fingerprints are equal too: they are the same run "
              "twice.\n",
              out);
    if (difference->has_other_print)
        fputs("Their fingerprints differ, so they did part, in what was not "
              "recorded:\nrecord.pages, record.ticks and record.events tell "
              "more.\n",
              out);
}

void difference_print(FILE *out, const struct difference *difference)
{
    char at[HUMAN_BYTES];

    if (!difference->is_found) {
        print_equal(out, difference);
        print_scope(out, difference);
        return;
    }
    fprintf(out, "The runs part at %s (%lld ns), in their %s.\n",
            format_exact_time(at, difference->at_ns),
            (long long)difference->at_ns, difference->series);
    fprintf(out, "\nbefore, in both\n");
    for (size_t i = 0; i < difference->before_count; i++)
        print_row(out, &difference->before[i]);
    if (difference->before_count == 0)
        print_paragraph(out, INDENT, "", "nothing");
    for (int i = 0; i < DIFFERENCE_SIDES; i++) {
        fprintf(out, "\nrun %llu: %s\n",
                (unsigned long long)difference->runs[i], difference->titles[i]);
        print_row(out, &difference->rows[i]);
    }
    fputs("\n", out);
    print_scope(out, difference);
}

static void json_row(FILE *out, const struct difference_row *row)
{
    if (!row->is_there) {
        fputs("null", out);
        return;
    }
    fprintf(out, "{\"at_ns\": %lld, \"text\": ", (long long)row->at_ns);
    json_write_string(out, row->text);
    fputs("}", out);
}

static void json_names(FILE *out, const char *name, const char *const *names,
                       size_t count)
{
    fprintf(out, ", \"%s\": [", name);
    for (size_t i = 0; i < count; i++) {
        fputs(i > 0 ? ", " : "", out);
        json_write_string(out, names[i]);
    }
    fputs("]", out);
}

void difference_print_json(FILE *out, const struct difference *difference)
{
    fprintf(out, "[{\"differ\": %s, \"series\": ",
            difference->is_found ? "true" : "false");
    json_write_string(out, difference->series);
    fputs(", \"at_ns\": ", out);
    if (difference->is_found)
        fprintf(out, "%lld", (long long)difference->at_ns);
    else
        fputs("null", out);
    fprintf(out, ", \"same_fingerprint\": %s, \"before\": [",
            difference->has_same_print    ? "true"
            : difference->has_other_print ? "false"
                                          : "null");
    for (size_t i = 0; i < difference->before_count; i++) {
        fputs(i > 0 ? ", " : "", out);
        json_row(out, &difference->before[i]);
    }
    fputs("], \"runs\": [", out);
    for (int i = 0; i < DIFFERENCE_SIDES; i++) {
        fprintf(out, "%s{\"run_id\": %llu, \"title\": ", i > 0 ? ", " : "",
                (unsigned long long)difference->runs[i]);
        json_write_string(out, difference->titles[i]);
        fputs(", \"row\": ", out);
        json_row(out, &difference->rows[i]);
        fputs("}", out);
    }
    fputs("]", out);
    json_names(out, "compared", difference->compared,
               difference->compared_count);
    json_names(out, "not_compared", difference->missing,
               difference->missing_count);
    fputs("}]\n", out);
}
