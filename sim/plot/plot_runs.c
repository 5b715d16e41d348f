#include "plot/plot_runs.h"
#include "plot/plot_fail.h"
#include "record/writer.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Runs named in a message at most. */
#define LISTED_RUNS 12

static void run_release(struct plot_run *run)
{
    free(run->name);
    free(run->policy);
    free(run->params);
    free(run->status);
}

void plot_runs_release(struct plot_runs *runs)
{
    for (size_t r = 0; r < runs->count; r++)
        run_release(&runs->items[r]);
    free(runs->items);
    *runs = (struct plot_runs){0};
}

/* --- messages ------------------------------------------------------------- */

static void append(char *message, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void append(char *message, const char *format, ...)
{
    size_t used = strlen(message);
    va_list args;
    va_start(args, format);
    vsnprintf(message + used, PLOT_MESSAGE_BYTES - used, format, args);
    va_end(args);
}

static const char *column_text(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text ? (const char *)text : "";
}

/* " 1 storm/zircon, 2 storm/lru, ..." */
static enum plot_status list_runs(sqlite3 *db, char *message)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db,
                           "SELECT run_id, name, policy, count(*) OVER () "
                           "FROM run ORDER BY run_id LIMIT ?1",
                           -1, &statement, NULL) != SQLITE_OK)
        return plot_fail_sql(db, message);
    sqlite3_bind_int(statement, 1, LISTED_RUNS);
    int64_t listed = 0;
    int64_t all = 0;
    while (sqlite3_step(statement) == SQLITE_ROW) {
        append(message, "%s %lld %.60s/%.30s", listed++ > 0 ? "," : "",
               (long long)sqlite3_column_int64(statement, 0),
               column_text(statement, 1), column_text(statement, 2));
        all = sqlite3_column_int64(statement, 3);
    }
    if (all > listed)
        append(message, " and %lld more", (long long)(all - listed));
    sqlite3_finalize(statement);
    return PLOT_BAD_INPUT;
}

static enum plot_status fail_unknown(sqlite3 *db, const char *wish,
                                     char *message)
{
    snprintf(message, PLOT_MESSAGE_BYTES, "no run '%.100s'; there are:", wish);
    return list_runs(db, message);
}

static enum plot_status fail_many(sqlite3 *db, size_t limit, char *message)
{
    snprintf(message, PLOT_MESSAGE_BYTES,
             "a figure of this kind shows at most %zu runs, choose them with "
             "--run; there are:",
             limit);
    return list_runs(db, message);
}

/* --- rows of `run` -------------------------------------------------------- */

enum {
    RUN_ID,
    NAME,
    POLICY,
    PARAMS,
    SAMPLE,
    STATUS,
    SEED,
    MEMORY_PAGES,
    PAGE_SIZE,
    WRITER_HOST,
    WRITER_PID,
    WRITER_START
};

/* In that order. Damaged parameters are none. */
#define SELECT_RUNS                                                            \
    "SELECT run_id, name, policy, "                                            \
    "(SELECT group_concat(key || '=' || value, ' ') FROM json_each("           \
    "CASE WHEN json_valid(params) THEN params END) WHERE key <> 'sample'), "   \
    "CASE WHEN json_valid(params) THEN "                                       \
    "CAST(json_extract(params, '$.sample') AS REAL) END, "                     \
    "status, seed, memory_pages, page_size, "                                  \
    "writer_host, writer_pid, writer_start FROM run "

/* As in the table, but a run whose writer is gone goes on no more. */
static const char *status_of(sqlite3_stmt *row)
{
    const char *status = column_text(row, STATUS);
    bool is_gone =
        strcmp(status, "running") == 0 &&
        writer_is_gone((const char *)sqlite3_column_text(row, WRITER_HOST),
                       sqlite3_column_int64(row, WRITER_PID),
                       (const char *)sqlite3_column_text(row, WRITER_START));
    return is_gone ? "interrupted" : status;
}

static bool run_read(sqlite3_stmt *row, struct plot_run *run)
{
    *run = (struct plot_run){
        .id = sqlite3_column_int64(row, RUN_ID),
        .name = strdup(column_text(row, NAME)),
        .policy = strdup(column_text(row, POLICY)),
        .params = strdup(column_text(row, PARAMS)),
        .status = strdup(status_of(row)),
        .sample = sqlite3_column_double(row, SAMPLE),
        .seed = sqlite3_column_int64(row, SEED),
        .memory_pages = sqlite3_column_int64(row, MEMORY_PAGES),
        .page_mib = sqlite3_column_double(row, PAGE_SIZE) / (1024.0 * 1024.0),
    };
    return run->name && run->policy && run->params && run->status;
}

static bool is_selected(const struct plot_runs *runs, int64_t id)
{
    for (size_t r = 0; r < runs->count; r++)
        if (runs->items[r].id == id)
            return true;
    return false;
}

/* Room for one more. */
static bool grow(struct plot_runs *runs)
{
    if (runs->count < runs->capacity)
        return true;
    size_t capacity = runs->capacity > 0 ? 2 * runs->capacity : 16;
    struct plot_run *items = realloc(runs->items, capacity * sizeof(*items));
    if (!items)
        return false;
    runs->items = items;
    runs->capacity = capacity;
    return true;
}

/* What is wanted, and what has been found. */
struct selection {
    sqlite3 *db;
    size_t limit;
    struct plot_runs *runs;
    char *message;
};

/* Add the runs of a bound statement. */
static enum plot_status add_runs(const struct selection *selection,
                                 sqlite3_stmt *statement, bool is_everything,
                                 size_t *found)
{
    struct plot_runs *runs = selection->runs;
    int status;
    *found = 0;
    while ((status = sqlite3_step(statement)) == SQLITE_ROW) {
        ++*found;
        if (!is_everything &&
            is_selected(runs, sqlite3_column_int64(statement, RUN_ID)))
            continue;
        if (runs->count == selection->limit)
            return fail_many(selection->db, selection->limit,
                             selection->message);
        if (!grow(runs) || !run_read(statement, &runs->items[runs->count++]))
            return plot_fail_memory(selection->message);
    }
    return status == SQLITE_DONE
               ? PLOT_OK
               : plot_fail_sql(selection->db, selection->message);
}

static enum plot_status add_matching(const struct selection *selection,
                                     const char *sql, const char *wish,
                                     size_t *found)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(selection->db, sql, -1, &statement, NULL) !=
        SQLITE_OK)
        return plot_fail_sql(selection->db, selection->message);
    if (wish)
        sqlite3_bind_text(statement, 1, wish, -1, SQLITE_STATIC);
    enum plot_status status = add_runs(selection, statement, !wish, found);
    sqlite3_finalize(statement);
    return status;
}

/* Digits only; the text is compared, so no number is too large. */
static bool is_number(const char *wish)
{
    return *wish != '\0' && wish[strspn(wish, "0123456789")] == '\0';
}

static enum plot_status add_wish(const struct selection *selection,
                                 const char *wish)
{
    size_t found = 0;
    enum plot_status status = PLOT_OK;
    if (is_number(wish))
        status = add_matching(selection,
                              SELECT_RUNS "WHERE CAST(run_id AS TEXT) = ?1",
                              wish, &found);
    if (status == PLOT_OK && found == 0)
        status = add_matching(selection,
                              SELECT_RUNS "WHERE name = ?1 ORDER BY run_id",
                              wish, &found);
    if (status == PLOT_OK && found == 0)
        status = fail_unknown(selection->db, wish, selection->message);
    return status;
}

static enum plot_status fail_empty(const struct plot_request *request,
                                   char *message)
{
    snprintf(message, PLOT_MESSAGE_BYTES,
             "%.200s holds no runs; lowtide run SCENARIO -o %.200s adds one",
             request->database, request->database);
    return PLOT_BAD_INPUT;
}

enum plot_status plot_runs_select(sqlite3 *db,
                                  const struct plot_request *request,
                                  size_t limit, struct plot_runs *runs,
                                  char *message)
{
    const struct selection selection = {db, limit, runs, message};
    enum plot_status status = PLOT_OK;
    size_t found = 0;
    if (request->run_count == 0) {
        status = add_matching(&selection, SELECT_RUNS "ORDER BY run_id", NULL,
                              &found);
        return status == PLOT_OK && found == 0 ? fail_empty(request, message)
                                               : status;
    }
    for (size_t n = 0; n < request->run_count && status == PLOT_OK; n++)
        status = add_wish(&selection, request->runs[n]);
    return status;
}

/* --- names ---------------------------------------------------------------- */

bool plot_run_is_variant(const struct plot_run *run,
                         const struct plot_run *other)
{
    return strcmp(run->policy, other->policy) == 0 &&
           strcmp(run->params, other->params) == 0;
}

void plot_run_label(const struct plot_runs *runs, const struct plot_run *run,
                    char *label, size_t size)
{
    bool is_one_of_many = false;
    for (size_t r = 0; r < runs->count; r++) {
        const struct plot_run *other = &runs->items[r];
        is_one_of_many |= strcmp(run->policy, other->policy) == 0 &&
                          strcmp(run->params, other->params) != 0;
    }
    bool has_params = is_one_of_many && run->params[0] != '\0';
    snprintf(label, size, "%s%s%s", run->policy, has_params ? " " : "",
             has_params ? run->params : "");
}
