/*
 * Queries go run by run: each is a short range of a table's key, and what is
 * kept of it is a few numbers, so that a file of any size can be reported.
 */
#include "report/report_data.h"
#include "record/recorder.h"
#include "report/report_text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *name, *label;
} levels[REPORT_LEVELS] = {
    {"normal", "normal"},     {"warning", "warning"},
    {"critical", "critical"}, {"imminent_oom", "nearly out of memory"},
    {"oom", "out of memory"},
};

const char *report_level_label(size_t level)
{
    return levels[level].label;
}

/* --- queries -------------------------------------------------------------- */

/* Takes one row; returns an SQLite status. */
typedef int row_reader(sqlite3_stmt *row, struct report_run *run);

/* Hand every row of `sql`, with ?1 the run, to `read`. */
static int for_rows(sqlite3 *db, const char *sql, struct report_run *run,
                    row_reader *read)
{
    sqlite3_stmt *query = NULL;
    int status = sqlite3_prepare_v2(db, sql, -1, &query, NULL);
    if (status != SQLITE_OK)
        return status;
    sqlite3_bind_int64(query, 1, (sqlite3_int64)run->summary.run_id);
    while ((status = sqlite3_step(query)) == SQLITE_ROW) {
        status = read(query, run);
        if (status != SQLITE_OK)
            break;
    }
    sqlite3_finalize(query);
    return status == SQLITE_DONE ? SQLITE_OK : status;
}

/* A copy of a text column, NULL if it is NULL. `*status` is set to
 * SQLITE_NOMEM if memory is short. */
static char *text_of(sqlite3_stmt *row, int column, int *status)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    char *copy = text ? strdup(text) : NULL;
    if (text && !copy)
        *status = SQLITE_NOMEM;
    return copy;
}

/* Room for one more, zeroed, at the end of an array; NULL: no memory. */
static void *grow(void **array, size_t count, size_t size)
{
    char *grown = realloc(*array, (count + 1) * size);
    if (!grown)
        return NULL;
    *array = grown;
    return memset(grown + count * size, 0, size);
}

static uint64_t count_of(sqlite3_stmt *row, int column)
{
    return (uint64_t)sqlite3_column_int64(row, column);
}

/* --- a run's parts -------------------------------------------------------- */

static const char run_sql[] =
    "SELECT scenario, scenario_sha256, scenario_text, version, argv, "
    "page_size FROM run WHERE run_id = ?1";

static int read_run(sqlite3_stmt *row, struct report_run *run)
{
    int status = SQLITE_OK;
    run->scenario = text_of(row, 0, &status);
    run->scenario_sha256 = text_of(row, 1, &status);
    run->scenario_text = text_of(row, 2, &status);
    run->version = text_of(row, 3, &status);
    run->argv = text_of(row, 4, &status);
    run->page_bytes = count_of(row, 5);
    return status;
}

/* A level holds until the next sample. */
static const char level_sql[] =
    "SELECT level, total(next_ns - tick_ns) "
    "FROM (SELECT level, tick_ns, "
    "        lead(tick_ns) OVER (ORDER BY tick_ns) AS next_ns "
    "      FROM tick WHERE run_id = ?1) GROUP BY level";

static int read_level(sqlite3_stmt *row, struct report_run *run)
{
    const char *name = (const char *)sqlite3_column_text(row, 0);
    run->has_ticks = true;
    for (size_t n = 0; name && n < REPORT_LEVELS; n++)
        if (strcmp(levels[n].name, name) == 0)
            run->level_ns[n] = sqlite3_column_int64(row, 1);
    return SQLITE_OK;
}

/* The watchdog counts also what is over before the next sample. */
static const char level_times_sql[] =
    "SELECT substr(name, length('memory_watchdog.pressure.') + 1), value "
    "FROM counter WHERE run_id = ?1 "
    "  AND name GLOB 'memory_watchdog.pressure.*'";

static int read_level_times(sqlite3_stmt *row, struct report_run *run)
{
    const char *name = (const char *)sqlite3_column_text(row, 0);
    for (size_t n = 0; name && n < REPORT_LEVELS; n++)
        if (strcmp(levels[n].name, name) == 0)
            run->level_times[n] = count_of(row, 1);
    return SQLITE_OK;
}

static const char tick_sql[] = "SELECT count(*) FROM tick WHERE run_id = ?1";

static int read_tick_count(sqlite3_stmt *row, struct report_run *run)
{
    run->tick_count = count_of(row, 0);
    return SQLITE_OK;
}

static const char process_sql[] =
    "SELECT p.name, coalesce(p.killed_ns, -1), coalesce(s.value, 0), "
    "  coalesce(f.value, 0) "
    "FROM process p "
    "LEFT JOIN counter s ON s.run_id = p.run_id "
    "  AND s.name = 'process.' || p.name || '.stall_some_ns' "
    "LEFT JOIN counter f ON f.run_id = p.run_id "
    "  AND f.name = 'process.' || p.name || '.stall_full_ns' "
    "WHERE p.run_id = ?1 "
    "ORDER BY 3 DESC, 4 DESC, p.killed_ns IS NULL, p.process_id";

static int read_process(sqlite3_stmt *row, struct report_run *run)
{
    int status = SQLITE_OK;
    struct report_process *process = grow(
        (void **)&run->processes, run->process_count, sizeof(*run->processes));
    if (!process)
        return SQLITE_NOMEM;
    run->process_count++;
    process->name = text_of(row, 0, &status);
    process->killed_ns = sqlite3_column_int64(row, 1);
    process->stall_some_ns = sqlite3_column_int64(row, 2);
    process->stall_full_ns = sqlite3_column_int64(row, 3);
    return status;
}

/* Bare columns beside one max() are those of its row: SQLite's own rule. */
static const char vmo_sql[] =
    "WITH last AS ("
    "  SELECT vmo_id, max(tick_ns), committed, compressed, faults_major, "
    "    refaults FROM tick_vmo WHERE run_id = ?1 GROUP BY vmo_id), "
    "peak AS ("
    "  SELECT vmo_id, max(committed) AS committed FROM tick_vmo "
    "  WHERE run_id = ?1 GROUP BY vmo_id), "
    "taken AS ("
    "  SELECT vmo_id, sum(what = 'evicted') AS evicted, "
    "    sum(what = 'compressed') AS compressed "
    "  FROM page_event WHERE run_id = ?1 GROUP BY vmo_id) "
    "SELECT v.name, p.name, v.kind, total(peak.committed), "
    "  total(CASE WHEN v.closed_ns IS NULL THEN last.committed END), "
    "  total(CASE WHEN v.closed_ns IS NULL THEN last.compressed END), "
    "  total(last.faults_major), total(last.refaults) AS returns, "
    "  total(taken.evicted) AS page_outs, total(taken.compressed) AS squeezes, "
    "  count(*) OVER () "
    "FROM vmo v "
    "LEFT JOIN process p ON p.run_id = v.run_id "
    "  AND p.process_id = v.process_id "
    "LEFT JOIN last ON last.vmo_id = v.vmo_id "
    "LEFT JOIN peak ON peak.vmo_id = v.vmo_id "
    "LEFT JOIN taken ON taken.vmo_id = v.vmo_id "
    "WHERE v.run_id = ?1 GROUP BY v.name, v.process_id "
    "ORDER BY returns DESC, page_outs DESC, squeezes DESC, 4 DESC, v.vmo_id "
    "LIMIT 40";

static int read_vmo(sqlite3_stmt *row, struct report_run *run)
{
    int status = SQLITE_OK;
    struct report_vmo *vmo =
        grow((void **)&run->vmos, run->vmo_count, sizeof(*run->vmos));
    if (!vmo)
        return SQLITE_NOMEM;
    run->vmo_count++;
    run->vmo_total = count_of(row, 10);
    vmo->name = text_of(row, 0, &status);
    vmo->process = text_of(row, 1, &status);
    vmo->kind = text_of(row, 2, &status);
    vmo->peak_committed = count_of(row, 3);
    vmo->last_committed = count_of(row, 4);
    vmo->last_compressed = count_of(row, 5);
    vmo->faults_major = count_of(row, 6);
    vmo->refaults = count_of(row, 7);
    vmo->evicted = count_of(row, 8);
    vmo->compressed = count_of(row, 9);
    return status;
}

static const char page_event_sql[] =
    "SELECT 1 FROM page_event WHERE run_id = ?1 LIMIT 1";

static int read_page_event(sqlite3_stmt *row, struct report_run *run)
{
    (void)row;
    run->has_page_events = true;
    return SQLITE_OK;
}

static const char latency_sql[] =
    "WITH rank AS ("
    "  SELECT workload, kind, upper_ns, "
    "    sum(count) OVER (PARTITION BY workload, kind ORDER BY upper_ns) AS "
    "upto, "
    "    sum(count) OVER (PARTITION BY workload, kind) AS everything "
    "  FROM latency WHERE run_id = ?1) "
    "SELECT workload, kind, everything, "
    "  min(upper_ns) FILTER (WHERE upto >= 0.5 * everything), "
    "  min(upper_ns) FILTER (WHERE upto >= 0.99 * everything), "
    "  min(upper_ns) FILTER (WHERE upto >= 0.999 * everything), "
    "  max(upper_ns), count(*) OVER () "
    "FROM rank GROUP BY workload, kind ORDER BY workload, kind LIMIT 40";

static int read_latency(sqlite3_stmt *row, struct report_run *run)
{
    int status = SQLITE_OK;
    struct report_latency *latency = grow(
        (void **)&run->latencies, run->latency_count, sizeof(*run->latencies));
    if (!latency)
        return SQLITE_NOMEM;
    run->latency_count++;
    run->latency_total = count_of(row, 7);
    latency->workload = text_of(row, 0, &status);
    latency->kind = text_of(row, 1, &status);
    latency->count = count_of(row, 2);
    latency->p50_ns = sqlite3_column_int64(row, 3);
    latency->p99_ns = sqlite3_column_int64(row, 4);
    latency->p999_ns = sqlite3_column_int64(row, 5);
    latency->most_ns = sqlite3_column_int64(row, 6);
    return status;
}

static const char expectation_sql[] =
    "SELECT count(*), total(ok = 0) FROM expectation WHERE run_id = ?1";

static int read_expectations(sqlite3_stmt *row, struct report_run *run)
{
    run->expectations = count_of(row, 0);
    run->failures_total = count_of(row, 1);
    return SQLITE_OK;
}

static const char failure_sql[] =
    "SELECT line, key, expected, actual FROM expectation "
    "WHERE run_id = ?1 AND ok = 0 ORDER BY seq LIMIT 40";

static int read_failure(sqlite3_stmt *row, struct report_run *run)
{
    int status = SQLITE_OK;
    struct report_failure *failure = grow(
        (void **)&run->failures, run->failure_count, sizeof(*run->failures));
    if (!failure)
        return SQLITE_NOMEM;
    run->failure_count++;
    failure->line = sqlite3_column_int64(row, 0);
    failure->key = text_of(row, 1, &status);
    failure->expected = text_of(row, 2, &status);
    failure->actual = text_of(row, 3, &status);
    return status;
}

static_assert(REPORT_MAX_ROWS == 40, "the LIMIT of the queries above");

static int read_parts(sqlite3 *db, struct report_run *run)
{
    static const struct {
        const char *sql;
        row_reader *read;
    } parts[] = {
        {run_sql, read_run},
        {level_sql, read_level},
        {level_times_sql, read_level_times},
        {tick_sql, read_tick_count},
        {process_sql, read_process},
        {page_event_sql, read_page_event},
        {vmo_sql, read_vmo},
        {latency_sql, read_latency},
        {expectation_sql, read_expectations},
        {failure_sql, read_failure},
    };
    int status = SQLITE_OK;
    for (size_t n = 0; n < COUNT_OF(parts) && status == SQLITE_OK; n++)
        status = for_rows(db, parts[n].sql, run, parts[n].read);
    if (status == SQLITE_OK &&
        !study_read_values(db, &run->summary, run->metrics))
        status = sqlite3_errcode(db);
    return status;
}

/* --- all runs ------------------------------------------------------------- */

static enum results_check fail(sqlite3 *db, int status, char *message)
{
    snprintf(message, REPORT_MESSAGE_BYTES, "cannot read the results: %s",
             status == SQLITE_NOMEM ? "out of memory" : sqlite3_errmsg(db));
    return status == SQLITE_CORRUPT ? RESULTS_BAD_INPUT : RESULTS_HOST;
}

/* The runs' summaries, in `data`. */
static enum results_check read_summaries(sqlite3 *db,
                                         const struct results_runs *ids,
                                         struct report_data *data,
                                         char *message)
{
    struct run_summary *summaries = calloc(ids->count + 1, sizeof(*summaries));
    data->runs = calloc(ids->count + 1, sizeof(*data->runs));
    enum results_check check = RESULTS_HOST;
    if (summaries && data->runs)
        check = results_summaries(db, ids, summaries, message,
                                  REPORT_MESSAGE_BYTES);
    else
        fail(db, SQLITE_NOMEM, message);
    for (size_t r = 0; check == RESULTS_OK && r < ids->count; r++)
        data->runs[data->run_count++].summary = summaries[r];
    free(summaries);
    return check;
}

enum results_check report_data_read(sqlite3 *db, const char *const *selectors,
                                    size_t selector_count,
                                    struct report_data *data, char *message)
{
    struct results_runs ids = {0};
    enum results_check check = results_select(
        db, selectors, selector_count, &ids, message, REPORT_MESSAGE_BYTES);
    if (check != RESULTS_OK)
        return check;
    check = read_summaries(db, &ids, data, message);
    results_runs_release(&ids);
    for (size_t r = 0; check == RESULTS_OK && r < data->run_count; r++) {
        int status = read_parts(db, &data->runs[r]);
        if (status != SQLITE_OK)
            check = fail(db, status, message);
    }
    if (check == RESULTS_OK && !report_groups_make(data))
        check = fail(db, SQLITE_NOMEM, message);
    return check;
}

static void run_release(struct report_run *run)
{
    run_summary_release(&run->summary);
    free(run->scenario);
    free(run->scenario_sha256);
    free(run->scenario_text);
    free(run->version);
    free(run->argv);
    for (size_t n = 0; n < run->process_count; n++)
        free(run->processes[n].name);
    for (size_t n = 0; n < run->vmo_count; n++) {
        free(run->vmos[n].name);
        free(run->vmos[n].process);
        free(run->vmos[n].kind);
    }
    for (size_t n = 0; n < run->latency_count; n++) {
        free(run->latencies[n].workload);
        free(run->latencies[n].kind);
    }
    for (size_t n = 0; n < run->failure_count; n++) {
        free(run->failures[n].key);
        free(run->failures[n].expected);
        free(run->failures[n].actual);
    }
    free(run->processes);
    free(run->vmos);
    free(run->latencies);
    free(run->failures);
}

void report_data_release(struct report_data *data)
{
    for (size_t r = 0; r < data->run_count; r++)
        run_release(&data->runs[r]);
    for (size_t g = 0; g < data->group_count; g++) {
        free(data->groups[g].runs);
        free(data->groups[g].shape);
    }
    free(data->runs);
    free(data->groups);
    *data = (struct report_data){0};
}
