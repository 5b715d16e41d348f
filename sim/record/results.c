/*
 * A thin layer over SQL: the file's views know the arithmetic, store.c knows
 * the file, writer.c knows who is alive.
 */
#include "record/results.h"
#include "record/recorder.h"
#include "record/store.h"
#include "record/writer.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum results_check check_of(enum store_state state)
{
    return state == STORE_HOST ? RESULTS_HOST : RESULTS_BAD_INPUT;
}

enum results_check results_check_output(const char *path, char *error,
                                        size_t error_size)
{
    enum store_state state = store_look(path, error, error_size);
    if (state == STORE_OURS || state == STORE_MISSING)
        return RESULTS_OK;
    return check_of(state);
}

enum results_check results_open(const char *path, sqlite3 **db, char *error,
                                size_t error_size)
{
    enum store_state state;
    *db = store_read(path, &state, error, error_size);
    return *db ? RESULTS_OK : check_of(state);
}

static enum results_check fail(sqlite3 *db, char *error, size_t error_size)
{
    snprintf(error, error_size, "cannot read results: %s", sqlite3_errmsg(db));
    return RESULTS_HOST;
}

/* -- choosing runs ------------------------------------------------------ */

void results_runs_release(struct results_runs *runs)
{
    free(runs->ids);
    *runs = (struct results_runs){0};
}

static bool is_chosen(const struct results_runs *runs, uint64_t id)
{
    for (size_t i = 0; i < runs->count; i++) {
        if (runs->ids[i] == id)
            return true;
    }
    return false;
}

static bool choose(struct results_runs *runs, uint64_t id)
{
    if (is_chosen(runs, id))
        return true;
    uint64_t *ids = realloc(runs->ids, (runs->count + 1) * sizeof(*ids));
    if (!ids)
        return false;
    ids[runs->count++] = id;
    runs->ids = ids;
    return true;
}

static int compare_ids(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

/* A selector of digits only is an id, unless a run has that name. */
static bool read_id(const char *selector, int64_t *id)
{
    char *end;
    if (selector[0] < '0' || selector[0] > '9')
        return false;
    errno = 0;
    *id = strtoll(selector, &end, 10);
    return *end == '\0' && errno == 0;
}

/* Add what a query gives; `found` counts its rows. Returns its end status. */
static int choose_rows(sqlite3_stmt *query, struct results_runs *runs,
                       size_t *found)
{
    int status;
    while ((status = sqlite3_step(query)) == SQLITE_ROW) {
        if (!choose(runs, (uint64_t)sqlite3_column_int64(query, 0)))
            return SQLITE_NOMEM;
        (*found)++;
    }
    return status;
}

/* Add the runs that one selector means; NULL means all. */
static int choose_selector(sqlite3 *db, const char *selector,
                           struct results_runs *runs, size_t *found)
{
    sqlite3_stmt *query = NULL;
    int64_t id = -1;
    int status = sqlite3_prepare_v2(
        db,
        "SELECT run_id FROM run WHERE ?1 IS NULL OR name = ?1 OR run_id = ?2",
        -1, &query, NULL);

    if (status == SQLITE_OK) {
        if (selector && !read_id(selector, &id))
            id = -1;
        sqlite3_bind_text(query, 1, selector, -1, SQLITE_STATIC);
        sqlite3_bind_int64(query, 2, id);
        status = choose_rows(query, runs, found);
    }
    sqlite3_finalize(query);
    return status;
}

enum results_check results_select(sqlite3 *db, const char *const *selectors,
                                  size_t selector_count,
                                  struct results_runs *runs, char *error,
                                  size_t error_size)
{
    size_t rounds = selector_count ? selector_count : 1;

    *runs = (struct results_runs){0};
    for (size_t i = 0; i < rounds; i++) {
        const char *selector = selector_count ? selectors[i] : NULL;
        size_t found = 0;
        int status = choose_selector(db, selector, runs, &found);
        if (status != SQLITE_DONE) {
            results_runs_release(runs);
            return fail(db, error, error_size);
        }
        if (selector && found == 0) {
            snprintf(error, error_size, "no run has the id or name '%s'",
                     selector);
            results_runs_release(runs);
            return RESULTS_BAD_INPUT;
        }
    }
    if (runs->count > 0)
        qsort(runs->ids, runs->count, sizeof(*runs->ids), compare_ids);
    return RESULTS_OK;
}

/* -- the summary -------------------------------------------------------- */

static char *column_text(sqlite3_stmt *row, int *column)
{
    const char *text = (const char *)sqlite3_column_text(row, (*column)++);
    return text ? strdup(text) : NULL;
}

static uint64_t column_number(sqlite3_stmt *row, int *column)
{
    int at = (*column)++;
    if (sqlite3_column_type(row, at) == SQLITE_NULL)
        return RECORD_NULL;
    return (uint64_t)sqlite3_column_int64(row, at);
}

static double column_real(sqlite3_stmt *row, int *column)
{
    int at = (*column)++;
    if (sqlite3_column_type(row, at) == SQLITE_NULL)
        return (double)NAN;
    return sqlite3_column_double(row, at);
}

/* Read a row of v_summary: the order is the view's. */
static void read_summary(sqlite3_stmt *row, struct run_summary *summary)
{
    int at = 0;
    summary->run_id = column_number(row, &at);
    summary->name = column_text(row, &at);
    summary->policy = column_text(row, &at);
    summary->params = column_text(row, &at);
    summary->seed = column_number(row, &at);
    summary->memory_pages = column_number(row, &at);
    summary->status = column_text(row, &at);
    summary->sim_ns = column_number(row, &at);
    summary->accesses = column_number(row, &at);
    summary->faults_major = column_number(row, &at);
    summary->first_touches = column_number(row, &at);
    summary->miss_ratio = column_real(row, &at);
    summary->refaults = column_number(row, &at);
    summary->refault_ratio = column_real(row, &at);
    summary->stall_some_share = column_real(row, &at);
    summary->stall_full_share = column_real(row, &at);
    summary->access_p50_ns = column_number(row, &at);
    summary->access_p99_ns = column_number(row, &at);
    summary->access_p999_ns = column_number(row, &at);
    summary->evicted_pager = column_number(row, &at);
    summary->evicted_compressed = column_number(row, &at);
    summary->evicted_discardable = column_number(row, &at);
    summary->deduped = column_number(row, &at);
    summary->written_back = column_number(row, &at);
    summary->oom_kills = column_number(row, &at);
    summary->fingerprint = column_text(row, &at);
    /* three columns more, from the table: who writes */
    const char *host = (const char *)sqlite3_column_text(row, at);
    int64_t pid = sqlite3_column_int64(row, at + 1);
    const char *start = (const char *)sqlite3_column_text(row, at + 2);
    if (summary->status &&
        strcmp(summary->status, run_status_name(RUN_RUNNING)) == 0 &&
        writer_is_gone(host, pid, start)) {
        free(summary->status);
        summary->status = strdup(run_status_name(RUN_INTERRUPTED));
    }
}

/* v_summary and who writes; ?1 is a run, or NULL for all. */
static const char summary_sql[] =
    "SELECT s.*, r.writer_host, r.writer_pid, r.writer_start "
    "FROM v_summary s JOIN run r ON r.run_id = s.run_id "
    "WHERE ?1 IS NULL OR s.run_id = ?1 ORDER BY s.run_id";

enum results_check results_summary(sqlite3 *db, uint64_t run_id,
                                   struct run_summary *summary, char *error,
                                   size_t error_size)
{
    sqlite3_stmt *query = NULL;
    enum results_check check = RESULTS_OK;

    run_summary_init(summary);
    int status = sqlite3_prepare_v2(db, summary_sql, -1, &query, NULL);
    if (status == SQLITE_OK) {
        sqlite3_bind_int64(query, 1, (int64_t)run_id);
        status = sqlite3_step(query);
    }
    if (status == SQLITE_ROW) {
        read_summary(query, summary);
    } else if (status == SQLITE_DONE) {
        snprintf(error, error_size, "no run has the id %llu",
                 (unsigned long long)run_id);
        check = RESULTS_BAD_INPUT;
    } else {
        check = fail(db, error, error_size);
    }
    sqlite3_finalize(query);
    return check;
}

enum results_check results_summaries(sqlite3 *db,
                                     const struct results_runs *runs,
                                     struct run_summary *summaries, char *error,
                                     size_t error_size)
{
    sqlite3_stmt *query = NULL;
    size_t found = 0;
    int status = sqlite3_prepare_v2(db, summary_sql, -1, &query, NULL);

    for (size_t i = 0; i < runs->count; i++)
        run_summary_init(&summaries[i]);
    /* both are in the order of ids */
    while (status == SQLITE_OK && found < runs->count &&
           sqlite3_step(query) == SQLITE_ROW) {
        if ((uint64_t)sqlite3_column_int64(query, 0) == runs->ids[found])
            read_summary(query, &summaries[found++]);
    }
    enum results_check check =
        found == runs->count ? RESULTS_OK : fail(db, error, error_size);
    sqlite3_finalize(query);
    for (size_t i = 0; check != RESULTS_OK && i < found; i++)
        run_summary_release(&summaries[i]);
    return check;
}
