#include "record/schema.h"

#include <stddef.h>

static const char tables[] =
    "CREATE TABLE run ("
    " run_id INTEGER PRIMARY KEY, name TEXT NOT NULL, scenario TEXT,"
    " scenario_sha256 TEXT, policy TEXT, params TEXT, seed INTEGER,"
    " memory_pages INTEGER, page_size INTEGER, started_at TEXT,"
    " finished_at TEXT, status TEXT NOT NULL, sim_ns INTEGER, host_ns INTEGER,"
    " version TEXT, argv TEXT, scenario_text TEXT, fingerprint TEXT,"
    " writer_host TEXT, writer_pid INTEGER, writer_started INTEGER) STRICT;"
    "CREATE TABLE run_total ("
    " run_id INTEGER PRIMARY KEY REFERENCES run, sim_ns INTEGER,"
    " accesses INTEGER, faults_major INTEGER, first_touches INTEGER,"
    " refaults INTEGER, stall_some_ns INTEGER, stall_full_ns INTEGER,"
    " access_p50_ns INTEGER, access_p99_ns INTEGER, access_p999_ns INTEGER,"
    " evicted_pager INTEGER, evicted_compressed INTEGER,"
    " evicted_discardable INTEGER, deduped INTEGER, written_back INTEGER,"
    " oom_kills INTEGER) STRICT;"
    "CREATE TABLE process ("
    " run_id INTEGER NOT NULL REFERENCES run, process_id INTEGER NOT NULL,"
    " name TEXT, oom_score INTEGER, killed_ns INTEGER,"
    " PRIMARY KEY (run_id, process_id)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE vmo ("
    " run_id INTEGER NOT NULL REFERENCES run, vmo_id INTEGER NOT NULL,"
    " name TEXT, process_id INTEGER, kind TEXT, parent_vmo_id INTEGER,"
    " created_ns INTEGER, closed_ns INTEGER,"
    " PRIMARY KEY (run_id, vmo_id)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE tick ("
    " run_id INTEGER NOT NULL REFERENCES run, tick_ns INTEGER NOT NULL,"
    " free INTEGER, free_loaned INTEGER, loaned INTEGER, level TEXT,"
    " wired INTEGER, anonymous INTEGER, high_priority INTEGER,"
    " zero_fork INTEGER, pager_dirty INTEGER, failed_reclaim INTEGER,"
    " dont_need INTEGER, reclaimable INTEGER, active INTEGER,"
    " inactive INTEGER, compressed INTEGER, compressed_storage INTEGER,"
    " accesses INTEGER, faults_minor INTEGER, faults_major INTEGER,"
    " faults_cow INTEGER, faults_zero INTEGER, faults_decompress INTEGER,"
    " refaults INTEGER, evicted_pager INTEGER, evicted_compressed INTEGER,"
    " evicted_discardable INTEGER, deduped INTEGER, written_back INTEGER,"
    " oom_kills INTEGER, waiting_threads INTEGER, stall_some_ns INTEGER,"
    " stall_full_ns INTEGER, unattributed INTEGER,"
    " PRIMARY KEY (run_id, tick_ns)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE tick_list ("
    " run_id INTEGER NOT NULL REFERENCES run, tick_ns INTEGER NOT NULL,"
    " list TEXT NOT NULL, pages INTEGER,"
    " PRIMARY KEY (run_id, tick_ns, list)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE tick_vmo ("
    " run_id INTEGER NOT NULL REFERENCES run, tick_ns INTEGER NOT NULL,"
    " vmo_id INTEGER NOT NULL, committed INTEGER, compressed INTEGER,"
    " pinned INTEGER, faults_major INTEGER, refaults INTEGER,"
    " PRIMARY KEY (run_id, tick_ns, vmo_id)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE event ("
    " run_id INTEGER NOT NULL REFERENCES run, seq INTEGER NOT NULL,"
    " at_ns INTEGER, line INTEGER, op TEXT, vmo TEXT, status TEXT,"
    " detail TEXT, PRIMARY KEY (run_id, seq)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE expectation ("
    " run_id INTEGER NOT NULL REFERENCES run, seq INTEGER, line INTEGER,"
    " key TEXT, expected TEXT, actual TEXT, ok INTEGER) STRICT;"
    "CREATE TABLE latency ("
    " run_id INTEGER NOT NULL REFERENCES run, workload TEXT NOT NULL,"
    " kind TEXT NOT NULL, upper_ns INTEGER NOT NULL, count INTEGER,"
    " PRIMARY KEY (run_id, workload, kind, upper_ns)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE page_event ("
    " run_id INTEGER NOT NULL REFERENCES run, seq INTEGER NOT NULL,"
    " at_ns INTEGER, vmo_id INTEGER, page INTEGER, what TEXT, detail TEXT,"
    " PRIMARY KEY (run_id, seq)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE counter ("
    " run_id INTEGER NOT NULL REFERENCES run, name TEXT NOT NULL,"
    " value INTEGER, PRIMARY KEY (run_id, name)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE metric ("
    " table_name TEXT NOT NULL, column_name TEXT NOT NULL, unit TEXT,"
    " meaning TEXT, PRIMARY KEY (table_name, column_name))"
    " STRICT, WITHOUT ROWID;";

static const char summary_views[] =
    "CREATE VIEW v_summary AS SELECT r.run_id, r.name, r.policy, r.params,"
    " r.seed, r.memory_pages, r.status, coalesce(r.sim_ns, t.sim_ns) AS sim_ns,"
    " t.accesses, t.faults_major, t.first_touches,"
    " t.faults_major * 1.0 / nullif(t.accesses, 0) AS miss_ratio, t.refaults,"
    " t.refaults * 1.0 / nullif(t.faults_major, 0) AS refault_ratio,"
    " t.stall_some_ns * 1.0 / nullif(t.sim_ns, 0) AS stall_some_share,"
    " t.stall_full_ns * 1.0 / nullif(t.sim_ns, 0) AS stall_full_share,"
    " t.access_p50_ns, t.access_p99_ns, t.access_p999_ns, t.evicted_pager,"
    " t.evicted_compressed, t.evicted_discardable, t.deduped, t.written_back,"
    " t.oom_kills, r.fingerprint"
    " FROM run r LEFT JOIN run_total t USING (run_id);"
    "CREATE VIEW v_compare AS"
    " SELECT name, memory_pages, seed, 'sim_ns' AS metric, policy,"
    " sim_ns AS value FROM v_summary"
#define METRIC(column)                                                         \
    " UNION ALL SELECT name, memory_pages, seed, '" column "', policy, "      \
    column " FROM v_summary"
    METRIC("accesses") METRIC("faults_major") METRIC("first_touches")
    METRIC("miss_ratio") METRIC("refaults") METRIC("refault_ratio")
    METRIC("stall_some_share") METRIC("stall_full_share")
    METRIC("access_p50_ns") METRIC("access_p99_ns") METRIC("access_p999_ns")
    METRIC("evicted_pager") METRIC("evicted_compressed")
    METRIC("evicted_discardable") METRIC("deduped") METRIC("written_back")
    METRIC("oom_kills") ";";
#undef METRIC

static const char series_views[] =
    "CREATE VIEW v_queue_series AS"
#define QUEUE(column)                                                          \
    " SELECT run_id, tick_ns, '" column "' AS queue, " column                 \
    " AS pages FROM tick UNION ALL"
    QUEUE("wired") QUEUE("anonymous") QUEUE("high_priority")
    QUEUE("zero_fork") QUEUE("pager_dirty") QUEUE("failed_reclaim")
#undef QUEUE
    " SELECT run_id, tick_ns, list, pages FROM tick_list;"
    "CREATE VIEW v_attribution_series AS"
    " SELECT t.run_id, t.tick_ns, t.vmo_id, v.name, t.committed, t.compressed"
    " FROM tick_vmo t JOIN vmo v USING (run_id, vmo_id);"
    "CREATE VIEW v_process_series AS"
    " SELECT t.run_id, t.tick_ns, p.process_id, p.name,"
    " sum(t.committed) AS committed, sum(t.compressed) AS compressed"
    " FROM tick_vmo t JOIN vmo v USING (run_id, vmo_id)"
    " JOIN process p ON p.run_id = v.run_id AND p.process_id = v.process_id"
    " GROUP BY t.run_id, t.tick_ns, p.process_id;"
    "CREATE VIEW v_pressure_series AS"
    " SELECT run_id, tick_ns, level, free, stall_some_ns, stall_full_ns"
    " FROM tick;";

struct metric {
    const char *table, *column, *unit, *meaning;
};

static const struct metric metrics[] = {
    {"run", "run_id", "id", "number of the run in this file"},
    {"run", "name", "text", "the scenario's name"},
    {"run", "scenario", "path", "the scenario as given on the command line"},
    {"run", "scenario_sha256", "hex", "SHA-256 of scenario_text"},
    {"run", "policy", "text", "reclaim policy"},
    {"run", "params", "text", "the policy's parameters, name=value"},
    {"run", "seed", "number", "seed of every random draw"},
    {"run", "memory_pages", "pages", "the machine's budget"},
    {"run", "page_size", "bytes", "size of a page"},
    {"run", "started_at", "UTC", "host time at the start, ISO 8601"},
    {"run", "finished_at", "UTC", "host time at the end, ISO 8601"},
    {"run", "status", "text",
     "running, ok, failed, stopped, interrupted or error"},
    {"run", "sim_ns", "ns", "simulated time at the end"},
    {"run", "host_ns", "ns", "host time that the run took"},
    {"run", "version", "text", "version of the program"},
    {"run", "argv", "text", "command line"},
    {"run", "scenario_text", "text", "the scenario after overrides"},
    {"run", "fingerprint", "hex", "hash over the values of all rows"},
    {"run", "writer_host", "text", "host name of the writing process"},
    {"run", "writer_pid", "id", "process id of the writing process"},
    {"run", "writer_started", "ticks", "its start time since the host's boot"},
    {"run_total", "sim_ns", "ns", "simulated time of the last sample"},
    {"run_total", "accesses", "count", "accesses by workload threads"},
    {"run_total", "faults_major", "count", "faults that needed the pager or "
                                           "decompression"},
    {"run_total", "first_touches", "count",
     "major faults on pages never there before"},
    {"run_total", "refaults", "count", "faults on pages reclaimed earlier"},
    {"run_total", "stall_some_ns", "ns", "time with at least one thread stalled"},
    {"run_total", "stall_full_ns", "ns", "time with all non-idle threads stalled"},
    {"run_total", "access_p50_ns", "ns", "median access time"},
    {"run_total", "access_p99_ns", "ns", "99th percentile of access time"},
    {"run_total", "access_p999_ns", "ns", "99.9th percentile of access time"},
    {"run_total", "evicted_pager", "pages", "evicted, a pager has them"},
    {"run_total", "evicted_compressed", "pages", "reclaimed by compression"},
    {"run_total", "evicted_discardable", "pages", "discarded with their VMO"},
    {"run_total", "deduped", "pages", "zero pages replaced by markers"},
    {"run_total", "written_back", "pages", "written back to their pager"},
    {"run_total", "oom_kills", "count", "processes killed for memory"},
    {"process", "process_id", "id", "0 is `script`"},
    {"process", "name", "text", "name in the scenario"},
    {"process", "oom_score", "number", "the highest is killed first"},
    {"process", "killed_ns", "ns", "when it was killed; NULL: it was not"},
    {"vmo", "vmo_id", "id", "in order of creation, from 1"},
    {"vmo", "name", "text", "name in the scenario"},
    {"vmo", "process_id", "id", "the process it belongs to"},
    {"vmo", "kind", "text", "what kind of VMO it is"},
    {"vmo", "parent_vmo_id", "id", "what it was made from; NULL: nothing"},
    {"vmo", "created_ns", "ns", "when it was made"},
    {"vmo", "closed_ns", "ns", "when it was closed; NULL: open at the end"},
    {"tick", "tick_ns", "ns", "time of the sample"},
    {"tick", "free", "pages", "free memory, loaned pages not included"},
    {"tick", "free_loaned", "pages", "lent pages that nobody borrows"},
    {"tick", "loaned", "pages", "lent pages"},
    {"tick", "level", "text", "memory level"},
    {"tick", "wired", "pages", "in the Wired queue"},
    {"tick", "anonymous", "pages", "in the Anonymous queue"},
    {"tick", "high_priority", "pages", "in the HighPriority queue"},
    {"tick", "zero_fork", "pages", "in the AnonymousZeroFork queue"},
    {"tick", "pager_dirty", "pages", "in the PagerBackedDirty queue"},
    {"tick", "failed_reclaim", "pages", "in the FailedReclaim queue"},
    {"tick", "dont_need", "pages", "hinted not needed; NULL: the policy keeps "
                                   "no such list"},
    {"tick", "reclaimable", "pages", "known to the reclaim policy"},
    {"tick", "active", "pages", "recently used, by the policy's view"},
    {"tick", "inactive", "pages", "not recently used, by the policy's view"},
    {"tick", "compressed", "pages", "held compressed"},
    {"tick", "compressed_storage", "pages", "taken by the compressed store"},
    {"tick", "accesses", "count", "accesses by workload threads"},
    {"tick", "faults_minor", "count", "served without pager and decompression"},
    {"tick", "faults_major", "count", "needed the pager or decompression"},
    {"tick", "faults_cow", "count", "copied a page"},
    {"tick", "faults_zero", "count", "made a zero page"},
    {"tick", "faults_decompress", "count", "decompressed a page"},
    {"tick", "refaults", "count", "on pages that this run reclaimed earlier"},
    {"tick", "evicted_pager", "pages", "evicted, a pager has them"},
    {"tick", "evicted_compressed", "pages", "reclaimed by compression"},
    {"tick", "evicted_discardable", "pages", "discarded with their VMO"},
    {"tick", "deduped", "pages", "zero pages replaced by markers"},
    {"tick", "written_back", "pages", "written back to their pager"},
    {"tick", "oom_kills", "count", "processes killed for memory"},
    {"tick", "waiting_threads", "count", "threads that wait now"},
    {"tick", "stall_some_ns", "ns", "time with at least one thread stalled"},
    {"tick", "stall_full_ns", "ns", "time with all non-idle threads stalled"},
    {"tick", "unattributed", "pages", "in VMOs, but in no VMO's window"},
    {"tick_list", "list", "text", "name of a list of the policy"},
    {"tick_list", "pages", "pages", "its length"},
    {"tick_vmo", "committed", "pages", "charged to the VMO, uncompressed"},
    {"tick_vmo", "compressed", "pages", "charged to the VMO, compressed"},
    {"tick_vmo", "pinned", "pages", "pins, a page pinned n times counts n"},
    {"tick_vmo", "faults_major", "count", "major faults on the VMO"},
    {"tick_vmo", "refaults", "count", "refaults on the VMO"},
    {"event", "seq", "number", "order of the script's events"},
    {"event", "at_ns", "ns", "when it ran"},
    {"event", "line", "number", "line of the scenario"},
    {"event", "op", "text", "operation"},
    {"event", "vmo", "text", "the VMO it is about"},
    {"event", "status", "text", "what it returned"},
    {"event", "detail", "text", "more about it"},
    {"expectation", "seq", "number", "the event it belongs to"},
    {"expectation", "line", "number", "line of the scenario"},
    {"expectation", "key", "text", "what was looked at"},
    {"expectation", "expected", "text", "what should be"},
    {"expectation", "actual", "text", "what is"},
    {"expectation", "ok", "bool", "do they agree"},
    {"latency", "workload", "text", "name of the workload"},
    {"latency", "kind", "text", "access, major_fault, decompress, alloc_wait"},
    {"latency", "upper_ns", "ns", "upper bound of the bucket"},
    {"latency", "count", "count", "values in the bucket"},
    {"page_event", "seq", "number", "order of the page events"},
    {"page_event", "at_ns", "ns", "when it happened"},
    {"page_event", "vmo_id", "id", "the page's VMO"},
    {"page_event", "page", "number", "the page within the VMO"},
    {"page_event", "what", "text", "what happened to it"},
    {"page_event", "detail", "text", "queue, reason"},
    {"counter", "pq.aging.reason_before_min_timeout", "count",
     "ageing had a reason before its minimum interval was over"},
    {"counter", "pq.aging.spurious_wakeup", "count",
     "the ageing thread woke without a reason"},
    {"counter", "pq.aging.timeout_with_reason", "count",
     "a reason came together with the maximum interval"},
    {"counter", "pq.aging.blocked_on_lru", "count",
     "ageing had to wait for the oldest generation to be processed"},
    {"counter", "pq.aging.reason.none", "count", "rotations without a reason"},
    {"counter", "pq.aging.reason.timeout", "count", "rotations by timeout"},
    {"counter", "pq.aging.reason.active_ratio", "count",
     "rotations because too much was active"},
    {"counter", "pq.aging.reason.manual", "count", "rotations by hand"},
    {"counter", "pq.lru.spurious_wakeup", "count",
     "the LRU thread woke with nothing to do"},
    {"counter", "pq.lru.pages_evicted", "pages", "evicted by the LRU action"},
    {"counter", "pq.lru.pages_compressed", "pages",
     "compressed by the LRU action"},
    {"counter", "vm.reclamation.pages_evicted_pager_backed.total", "pages",
     "evicted by the evictor, loaned ones included"},
    {"counter", "vm.reclamation.pages_evicted_pager_backed.oom", "pages",
     "of them while out of memory"},
    {"counter", "vm.reclamation.pages_evicted_compressed.total", "pages",
     "compressed by the evictor"},
    {"counter", "vm.reclamation.pages_evicted_compressed.oom", "pages",
     "of them while out of memory"},
    {"counter", "vm.reclamation.pages_evicted_discardable.total", "pages",
     "discarded by the evictor"},
    {"counter", "vm.reclamation.pages_evicted_discardable.oom", "pages",
     "of them while out of memory"},
    {"counter", "vm.scanner.zero_scan.requests", "count", "zero scans"},
    {"counter", "vm.scanner.zero_scan.queue_emptied", "count",
     "zero scans that ran out of pages"},
    {"counter", "vm.scanner.zero_scan.total_pages_considered", "pages",
     "pages that zero scans looked at"},
    {"counter", "vm.scanner.zero_scan.pages_deduped", "pages",
     "of them zero and replaced by markers"},
    {"counter", "vm.pmm.alloc.failed", "count", "allocations that failed"},
    {"counter", "vm.pmm.alloc.delayed", "count", "allocations told to wait"},
    {"counter", "memory_watchdog.pressure.oom", "count", "times signalled"},
    {"counter", "memory_watchdog.pressure.imminent_oom", "count",
     "times signalled"},
    {"counter", "memory_watchdog.pressure.critical", "count",
     "times signalled"},
    {"counter", "memory_watchdog.pressure.warning", "count",
     "times signalled"},
    {"counter", "memory_watchdog.pressure.normal", "count",
     "times signalled"},
};

static int fill_metrics(sqlite3 *db)
{
    sqlite3_stmt *insert;
    int rc = sqlite3_prepare_v2(db, "INSERT INTO metric VALUES (?, ?, ?, ?)",
                                -1, &insert, NULL);
    for (size_t i = 0;
         rc == SQLITE_OK && i < sizeof metrics / sizeof metrics[0]; i++) {
        sqlite3_bind_text(insert, 1, metrics[i].table, -1, SQLITE_STATIC);
        sqlite3_bind_text(insert, 2, metrics[i].column, -1, SQLITE_STATIC);
        sqlite3_bind_text(insert, 3, metrics[i].unit, -1, SQLITE_STATIC);
        sqlite3_bind_text(insert, 4, metrics[i].meaning, -1, SQLITE_STATIC);
        (void)sqlite3_step(insert);
        rc = sqlite3_reset(insert);
    }
    int finalized = sqlite3_finalize(insert);
    return rc != SQLITE_OK ? rc : finalized;
}

int schema_create(sqlite3 *db)
{
    const char *const parts[] = {tables, summary_views, series_views};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        int rc = sqlite3_exec(db, parts[i], NULL, NULL, NULL);
        if (rc != SQLITE_OK)
            return rc;
    }
    char *pragmas = sqlite3_mprintf(
        "PRAGMA application_id = %d; PRAGMA user_version = %d;",
        (int)SCHEMA_APPLICATION_ID, (int)SCHEMA_VERSION);
    if (!pragmas)
        return SQLITE_NOMEM;
    int rc = sqlite3_exec(db, pragmas, NULL, NULL, NULL);
    sqlite3_free(pragmas);
    return rc == SQLITE_OK ? fill_metrics(db) : rc;
}
