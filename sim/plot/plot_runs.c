/*
 * Which runs are meant: a number is a run's id if there is such a run, and a
 * name otherwise; a name stands for every run that has it.
 */
#include "plot/plot_figure.h"
#include "record/writer.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Runs named in a message at most. */
#define LISTED_RUNS 12

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

static enum plot_status fail_sql(sqlite3 *db, char *message)
{
    snprintf(message, PLOT_MESSAGE_BYTES, "cannot read the runs: %s",
             sqlite3_errmsg(db));
    return PLOT_HOST;
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
        return fail_sql(db, message);
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
    if (all == 0)
        append(message, " no runs at all");
    sqlite3_finalize(statement);
    return PLOT_BAD_INPUT;
}

static enum plot_status fail_unknown(sqlite3 *db, const char *wish,
                                     char *message)
{
    snprintf(message, PLOT_MESSAGE_BYTES, "no run '%.100s'; there are:", wish);
    return list_runs(db, message);
}

static enum plot_status fail_many(sqlite3 *db, char *message)
{
    snprintf(message, PLOT_MESSAGE_BYTES,
             "a figure shows at most %d runs, choose them with --run; there "
             "are:",
             PLOT_MAX_PANELS);
    return list_runs(db, message);
}

/* As in the table, but a run whose writer is gone goes on no more. */
static const char *status_of(sqlite3_stmt *row)
{
    const char *status = column_text(row, 3);
    bool is_gone = strcmp(status, "running") == 0 &&
                   writer_is_gone((const char *)sqlite3_column_text(row, 7),
                                  sqlite3_column_int64(row, 8),
                                  (const char *)sqlite3_column_text(row, 9));
    return is_gone ? "interrupted" : status;
}

static bool run_read(sqlite3_stmt *row, struct plot_run *run)
{
    *run = (struct plot_run){
        .id = sqlite3_column_int64(row, 0),
        .name = strdup(column_text(row, 1)),
        .policy = strdup(column_text(row, 2)),
        .status = strdup(status_of(row)),
        .seed = sqlite3_column_int64(row, 4),
        .memory_pages = sqlite3_column_int64(row, 5),
        .page_mib = sqlite3_column_double(row, 6) / (1024.0 * 1024.0),
    };
    return run->name && run->policy && run->status;
}

static bool is_selected(const struct plot_figure *figure, int64_t id)
{
    for (size_t p = 0; p < figure->panel_count; p++)
        if (figure->panels[p].run.id == id)
            return true;
    return false;
}

/* Add the runs of a bound statement. */
static enum plot_status add_runs(sqlite3 *db, sqlite3_stmt *statement,
                                 struct plot_figure *figure, size_t *found,
                                 char *message)
{
    int status;
    *found = 0;
    while ((status = sqlite3_step(statement)) == SQLITE_ROW) {
        ++*found;
        if (is_selected(figure, sqlite3_column_int64(statement, 0)))
            continue;
        if (figure->panel_count == PLOT_MAX_PANELS)
            return fail_many(db, message);
        struct plot_panel *panel = &figure->panels[figure->panel_count++];
        if (!run_read(statement, &panel->run)) {
            snprintf(message, PLOT_MESSAGE_BYTES, "out of memory");
            return PLOT_HOST;
        }
    }
    return status == SQLITE_DONE ? PLOT_OK : fail_sql(db, message);
}

#define SELECT_RUNS                                                            \
    "SELECT run_id, name, policy, status, seed, memory_pages, page_size, "     \
    "writer_host, writer_pid, writer_start FROM run "

static enum plot_status add_matching(sqlite3 *db, const char *sql,
                                     const char *wish,
                                     struct plot_figure *figure, size_t *found,
                                     char *message)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        return fail_sql(db, message);
    if (wish)
        sqlite3_bind_text(statement, 1, wish, -1, SQLITE_STATIC);
    enum plot_status status = add_runs(db, statement, figure, found, message);
    sqlite3_finalize(statement);
    return status;
}

/* Digits only; the text is compared, so no number is too large. */
static bool is_number(const char *wish)
{
    return *wish != '\0' && wish[strspn(wish, "0123456789")] == '\0';
}

static enum plot_status add_wish(sqlite3 *db, const char *wish,
                                 struct plot_figure *figure, char *message)
{
    size_t found = 0;
    enum plot_status status = PLOT_OK;
    if (is_number(wish))
        status = add_matching(db, SELECT_RUNS "WHERE CAST(run_id AS TEXT) = ?1",
                              wish, figure, &found, message);
    if (status == PLOT_OK && found == 0)
        status = add_matching(db, SELECT_RUNS "WHERE name = ?1 ORDER BY run_id",
                              wish, figure, &found, message);
    if (status == PLOT_OK && found == 0)
        status = fail_unknown(db, wish, message);
    return status;
}

enum plot_status plot_runs_select(sqlite3 *db,
                                  const struct plot_request *request,
                                  struct plot_figure *figure, char *message)
{
    figure->panels = calloc(PLOT_MAX_PANELS, sizeof(*figure->panels));
    if (!figure->panels) {
        snprintf(message, PLOT_MESSAGE_BYTES, "out of memory");
        return PLOT_HOST;
    }
    size_t found;
    if (request->run_count == 0)
        return add_matching(db, SELECT_RUNS "ORDER BY run_id", NULL, figure,
                            &found, message);
    enum plot_status status = PLOT_OK;
    for (size_t n = 0; n < request->run_count && status == PLOT_OK; n++)
        status = add_wish(db, request->runs[n], figure, message);
    return status;
}
