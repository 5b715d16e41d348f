/*
 * The life of a recorder and of its runs; recorder_rows.c has what is in one.
 *
 *   recorder_tick -----+--> fingerprint (always)
 *   recorder_event ----+--> totals for the summary (always)
 *   recorder_counter --+--> batch (if switched on) --0.25 s--> transaction
 *   other rows --------'
 *
 * The fingerprint keeps one running hash per table, so that it depends on the
 * order of rows within a table only; the three digests are hashed together at
 * the end. A row's run id is not part of it.
 */
#include "record/json.h"
#include "record/recorder_internal.h"
#include "record/schema.h"
#include "record/sha256.h"
#include "record/store.h"
#include "record/writer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Rows wait in memory no longer than this, and no more than that. */
#define BATCH_NS    (INT64_C(250) * 1000 * 1000)
#define BATCH_BYTES ((size_t)4 << 20)

/* Bytes of the digest that make a fingerprint. */
#define FINGERPRINT_BYTES 16

static const char *const update_sql[STATEMENT_COUNT - TABLE_COUNT] = {
    [STATEMENT_PROCESS_KILLED - TABLE_COUNT] =
        "UPDATE process SET killed_ns = ?3 "
        "WHERE run_id = ?1 AND process_id = ?2",
    [STATEMENT_VMO_CLOSED - TABLE_COUNT] =
        "UPDATE vmo SET closed_ns = ?3 WHERE run_id = ?1 AND vmo_id = ?2",
    [STATEMENT_NEW_METRIC - TABLE_COUNT] =
        "INSERT OR IGNORE INTO metric VALUES ('counter', ?2, ?3, ?4)",
    [STATEMENT_FINISH - TABLE_COUNT] =
        "UPDATE run SET finished_at = ?2, status = ?3, sim_ns = ?4, "
        "host_ns = ?5, fingerprint = ?6 WHERE run_id = ?1",
};

static const char *const status_names[] = {
    [RUN_RUNNING] = "running", [RUN_OK] = "ok",
    [RUN_FAILED] = "failed",   [RUN_STOPPED] = "stopped",
    [RUN_ERROR] = "error",     [RUN_INTERRUPTED] = "interrupted",
};

const char *run_status_name(enum run_status status)
{
    return status_names[status];
}

/* -- host clock --------------------------------------------------------- */

static int64_t host_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Now as "2024-05-01T12:34:56.789Z". */
static void format_utc(char *text, size_t size)
{
    struct timespec now;
    struct tm utc;
    char seconds[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, size, "%s.%03dZ", seconds, (int)(now.tv_nsec / 1000000));
}

/* -- errors ------------------------------------------------------------- */

const char *recorder_error(const struct recorder *rec)
{
    return rec->error[0] ? rec->error : NULL;
}

bool recorder_fail_memory(struct recorder *rec)
{
    if (!rec->error[0])
        snprintf(rec->error, sizeof(rec->error),
                 "out of memory while recording");
    return false;
}

/* Keep what SQLite says, unless something failed before. */
static bool fail_sqlite(struct recorder *rec, int status, const char *doing)
{
    if (!rec->error[0])
        store_describe(rec->db, status, doing, rec->path, rec->error,
                       sizeof(rec->error));
    return false;
}

/* -- writing ------------------------------------------------------------ */

static int execute(struct recorder *rec, const char *sql)
{
    return sqlite3_exec(rec->db, sql, NULL, NULL, NULL);
}

/* End the transaction after `status`; what went wrong first is kept. */
static bool commit_or_fail(struct recorder *rec, int status, const char *doing)
{
    if (status == SQLITE_OK)
        status = execute(rec, "COMMIT");
    if (status == SQLITE_OK)
        return true;
    fail_sqlite(rec, status, doing);
    if (!sqlite3_get_autocommit(rec->db))
        execute(rec, "ROLLBACK");
    return false;
}

bool recorder_flush(struct recorder *rec)
{
    if (rec->error[0])
        return false;
    if (!rec->db || rec->batch.rows == 0)
        return true;
    int status = execute(rec, "BEGIN IMMEDIATE");
    if (status == SQLITE_OK)
        status = batch_run(&rec->batch, rec->statements, (int64_t)rec->run_id);
    bool ok = commit_or_fail(rec, status, "cannot write results");
    batch_clear(&rec->batch);
    rec->written_at = host_ns(CLOCK_MONOTONIC_COARSE);
    return ok;
}

bool recorder_poll(struct recorder *rec)
{
    if (rec->error[0])
        return false;
    if (rec->batch.rows == 0)
        return true;
    if (rec->batch.size < BATCH_BYTES &&
        host_ns(CLOCK_MONOTONIC_COARSE) - rec->written_at < BATCH_NS)
        return true;
    return recorder_flush(rec);
}

/* -- opening and closing ------------------------------------------------ */

static int prepare_statements(struct recorder *rec)
{
    int status = SQLITE_OK;
    for (unsigned i = 0; i < STATEMENT_COUNT && status == SQLITE_OK; i++) {
        char *insert =
            i < TABLE_COUNT
                ? schema_insert_sql(schema_table((enum schema_table)i))
                : NULL;
        const char *sql =
            i < TABLE_COUNT ? insert : update_sql[i - TABLE_COUNT];
        status = sql ? sqlite3_prepare_v3(rec->db, sql, -1,
                                          SQLITE_PREPARE_PERSISTENT,
                                          &rec->statements[i], NULL)
                     : SQLITE_NOMEM;
        free(insert);
    }
    return status;
}

static void recorder_free(struct recorder *rec)
{
    batch_release(&rec->batch);
    histogram_release(&rec->access);
    run_summary_release(&rec->base);
    free(rec->path);
    free(rec);
}

static bool leave_database(struct recorder *rec, char *error, size_t error_size)
{
    for (unsigned i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(rec->statements[i]);
    sqlite3 *db = rec->db;
    rec->db = NULL;
    return !db || store_leave(db, error, error_size);
}

struct recorder *recorder_open(const char *path, char *error, size_t error_size)
{
    struct recorder *rec = calloc(1, sizeof(*rec));
    if (!rec) {
        snprintf(error, error_size, "out of memory");
        return NULL;
    }
    rec->run_id = RECORD_NULL;
    run_summary_init(&rec->base);
    if (!path)
        return rec;
    rec->path = strdup(path);
    rec->db = rec->path ? store_join(path, error, error_size) : NULL;
    if (!rec->path)
        snprintf(error, error_size, "out of memory");
    if (!rec->db) {
        recorder_free(rec);
        return NULL;
    }
    int status = prepare_statements(rec);
    if (status != SQLITE_OK) {
        char ignored[256];
        store_describe(rec->db, status, "cannot use the tables", path, error,
                       error_size);
        leave_database(rec, ignored, sizeof(ignored));
        recorder_free(rec);
        return NULL;
    }
    return rec;
}

bool recorder_close(struct recorder *rec, char *error, size_t error_size)
{
    if (!rec)
        return true;
    if (rec->running) {
        struct record_end end = {.status = RUN_INTERRUPTED,
                                 .sim_ns = rec->last_tick.tick_ns,
                                 .first_touches = RECORD_NULL};
        recorder_finish_run(rec, &end, NULL);
    }
    bool left = leave_database(rec, error, error_size);
    bool ok = left && !rec->error[0];
    if (rec->error[0])
        snprintf(error, error_size, "%s", rec->error);
    recorder_free(rec);
    return ok;
}

/* -- a run begins ------------------------------------------------------- */

uint64_t recorder_run_id(const struct recorder *rec)
{
    return rec->run_id;
}

bool recorder_wants_vmo_ticks(const struct recorder *rec)
{
    return rec->db && rec->record.vmo_ticks;
}

bool recorder_wants_page_events(const struct recorder *rec)
{
    return rec->db && rec->record.pages;
}

bool recorder_wants_latency(const struct recorder *rec)
{
    return rec->record.latency;
}

/* {"name":"value",...}; returned, NULL when memory is short. */
static char *params_json(const struct record_param *params, size_t count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    fputc('{', out);
    for (size_t i = 0; i < count; i++) {
        fputs(i ? "," : "", out);
        json_write_string(out, params[i].name);
        fputc(':', out);
        json_write_string(out, params[i].value);
    }
    fputc('}', out);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* Everything in memory that belongs to one run. */
static bool reset_run(struct recorder *rec, const struct record_run *run)
{
    struct run_summary *base = &rec->base;

    rec->record = run->record;
    rec->run_id = RECORD_NULL;
    rec->event_seq = rec->expectation_seq = rec->page_seq = 0;
    sha256_init(&rec->tick_hash);
    sha256_init(&rec->event_hash);
    sha256_init(&rec->counter_hash);
    record_tick_init(&rec->last_tick, 0);
    if (rec->access.buckets)
        histogram_clear(&rec->access);
    else if (!histogram_init(&rec->access))
        return false;
    run_summary_release(base);
    base->name = strdup(run->name);
    base->policy = strdup(run->policy);
    base->params = params_json(run->params, run->param_count);
    base->seed = run->seed;
    base->memory_pages = run->memory_pages;
    return base->name && base->policy && base->params;
}

static void hash_text(const char *text, char hex[SHA256_HEX_SIZE])
{
    uint8_t digest[SHA256_BYTES];
    struct sha256 sha;

    sha256_init(&sha);
    sha256_update(&sha, text, strlen(text));
    sha256_final(&sha, digest);
    sha256_hex(digest, sizeof(digest), hex);
}

/* Begin a transaction with a row, whose number `id` receives. */
static int begin_with_row(struct recorder *rec, sqlite3_stmt *insert,
                          const struct cell *cells, size_t count, int64_t *id)
{
    int status = execute(rec, "BEGIN IMMEDIATE");
    if (status == SQLITE_OK) {
        cells_bind(insert, cells, count);
        status = sqlite3_step(insert);
        sqlite3_reset(insert);
        if (status == SQLITE_DONE)
            status = SQLITE_OK;
    }
    *id = sqlite3_last_insert_rowid(rec->db);
    return status;
}

/* Write the row in `run`; from then on the recorder has its number. */
static bool insert_run(struct recorder *rec, const struct record_run *run)
{
    char started[40], sha_hex[SHA256_HEX_SIZE];
    struct writer self;
    int64_t id;

    format_utc(started, sizeof(started));
    writer_self(&self);
    hash_text(run->scenario_text, sha_hex);

    const struct cell cells[] = {
        cell_null(), /* run_id: given by SQLite */
        cell_text(run->name),
        cell_text(run->scenario),
        cell_text(sha_hex),
        cell_text(run->policy),
        cell_text(rec->base.params),
        {.number = (int64_t)run->seed},
        cell_number(run->memory_pages),
        cell_number(run->page_size),
        cell_text(started),
        cell_null(), /* finished_at */
        cell_text(run_status_name(RUN_RUNNING)),
        cell_null(), /* sim_ns */
        cell_null(), /* host_ns */
        cell_text(run->version),
        cell_text(run->argv),
        cell_text(run->scenario_text),
        cell_null(), /* fingerprint */
        cell_text(self.host),
        cell_number((uint64_t)self.pid),
        cell_text(self.start),
    };
    int status = begin_with_row(rec, rec->statements[TABLE_RUN], cells,
                                COUNT_OF(cells), &id);
    if (!commit_or_fail(rec, status, "cannot begin a run"))
        return false;
    rec->run_id = (uint64_t)id;
    return true;
}

bool recorder_begin_run(struct recorder *rec, const struct record_run *run)
{
    if (rec->error[0])
        return false;
    if (!reset_run(rec, run))
        return recorder_fail_memory(rec);
    rec->began_at = host_ns(CLOCK_MONOTONIC);
    rec->written_at = host_ns(CLOCK_MONOTONIC_COARSE);
    if (rec->db && !insert_run(rec, run))
        return false;
    rec->running = true;
    return true;
}

/* -- a run ends --------------------------------------------------------- */

/* The totals that the last tick holds, as counters. */
static void add_totals(struct recorder *rec, uint64_t first_touches)
{
    const struct record_tick *last = &rec->last_tick;
    const struct {
        const char *name;
        uint64_t value;
    } totals[] = {
        {"accesses", last->accesses},
        {"faults_minor", last->faults_minor},
        {"faults_major", last->faults_major},
        {"faults_cow", last->faults_cow},
        {"faults_zero", last->faults_zero},
        {"faults_decompress", last->faults_decompress},
        {"refaults", last->refaults},
        {"evicted_pager", last->evicted_pager},
        {"evicted_compressed", last->evicted_compressed},
        {"evicted_discardable", last->evicted_discardable},
        {"deduped", last->deduped},
        {"written_back", last->written_back},
        {"oom_kills", last->oom_kills},
        {"stall_some_ns", (uint64_t)last->stall_some_ns},
        {"stall_full_ns", (uint64_t)last->stall_full_ns},
        {"first_touches", first_touches},
    };
    for (size_t i = 0; i < COUNT_OF(totals); i++) {
        if (totals[i].value != RECORD_NULL)
            recorder_counter(rec, totals[i].name, totals[i].value, NULL, NULL);
    }
}

static void finish_fingerprint(struct recorder *rec, char *hex)
{
    struct sha256 *const parts[] = {&rec->tick_hash, &rec->event_hash,
                                    &rec->counter_hash};
    uint8_t digest[SHA256_BYTES];
    struct sha256 all;

    sha256_init(&all);
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        sha256_final(parts[i], digest);
        sha256_update(&all, digest, sizeof(digest));
    }
    sha256_final(&all, digest);
    sha256_hex(digest, FINGERPRINT_BYTES, hex);
}

/* a / b, NULL if either is absent or b is 0: as v_summary does. */
static double share(uint64_t a, uint64_t b)
{
    if (a == RECORD_NULL || b == RECORD_NULL || b == 0)
        return (double)NAN;
    return (double)a / (double)b;
}

static uint64_t quantile(const struct histogram *hist, double q)
{
    uint64_t value;
    return histogram_quantile(hist, q, &value) ? value : RECORD_NULL;
}

/* What the view v_summary says of this run; false when memory is short. */
static bool fill_summary(const struct recorder *rec,
                         const struct record_end *end, const char *fingerprint,
                         struct run_summary *summary)
{
    const struct record_tick *last = &rec->last_tick;
    uint64_t reached = (uint64_t)end->sim_ns;
    const struct run_summary *base = &rec->base;

    run_summary_init(summary);
    *summary = (struct run_summary){
        .run_id = rec->run_id,
        .name = strdup(base->name),
        .policy = strdup(base->policy),
        .params = strdup(base->params),
        .seed = base->seed,
        .memory_pages = base->memory_pages,
        .status = strdup(run_status_name(end->status)),
        .sim_ns = reached,
        .accesses = last->accesses,
        .faults_major = last->faults_major,
        .first_touches = end->first_touches,
        .miss_ratio = share(last->faults_major, last->accesses),
        .refaults = last->refaults,
        .refault_ratio = share(last->refaults, last->faults_major),
        .stall_some_share = share((uint64_t)last->stall_some_ns, reached),
        .stall_full_share = share((uint64_t)last->stall_full_ns, reached),
        .access_p50_ns = quantile(&rec->access, 0.5),
        .access_p99_ns = quantile(&rec->access, 0.99),
        .access_p999_ns = quantile(&rec->access, 0.999),
        .evicted_pager = last->evicted_pager,
        .evicted_compressed = last->evicted_compressed,
        .evicted_discardable = last->evicted_discardable,
        .deduped = last->deduped,
        .written_back = last->written_back,
        .oom_kills = last->oom_kills,
        .fingerprint = strdup(fingerprint),
    };
    return summary->name && summary->policy && summary->params &&
           summary->status && summary->fingerprint;
}

/* The database failed: say so in the run's row, if there is room for that. */
static void mark_error(struct recorder *rec)
{
    char *sql =
        sqlite3_mprintf("UPDATE run SET status = 'error' WHERE run_id = %lld",
                        (long long)rec->run_id);
    if (sql)
        execute(rec, sql);
    sqlite3_free(sql);
}

bool recorder_finish_run(struct recorder *rec, const struct record_end *end,
                         struct run_summary *summary)
{
    char fingerprint[2 * FINGERPRINT_BYTES + 1], finished[40];

    add_totals(rec, end->first_touches);
    finish_fingerprint(rec, fingerprint);
    format_utc(finished, sizeof(finished));
    const struct cell cells[] = {
        cell_text(finished),
        cell_text(run_status_name(end->status)),
        cell_number((uint64_t)end->sim_ns),
        cell_number((uint64_t)(host_ns(CLOCK_MONOTONIC) - rec->began_at)),
        cell_text(fingerprint),
    };
    recorder_store(rec, STATEMENT_FINISH, cells, COUNT_OF(cells));
    recorder_flush(rec);
    if (rec->error[0] && rec->db)
        mark_error(rec);
    rec->running = false;
    if (summary && !fill_summary(rec, end, fingerprint, summary))
        recorder_fail_memory(rec);
    return !rec->error[0];
}
