/*
 * The tables. Their columns come in the order of the documentation, whatever
 * joined later last. Every table but `run` is WITHOUT ROWID: rows arrive in
 * the order of their keys, so an insert appends to the last leaf.
 */
#include "record/schema.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct schema_column run_columns[] = {
    {"run_id", "INTEGER", "id", "the run, unique within the file"},
    {"name", "TEXT", "text", "the scenario's name"},
    {"scenario", "TEXT", "path", "the scenario's path as given"},
    {"scenario_sha256", "TEXT", "hex", "SHA-256 of scenario_text"},
    {"policy", "TEXT", "text", "the reclaim policy"},
    {"params", "TEXT", "JSON", "the policy's parameters, an object of strings"},
    {"seed", "INTEGER", "number", "the seed of every random draw"},
    {"memory_pages", "INTEGER", "pages", "the memory budget"},
    {"page_size", "INTEGER", "bytes", "size of a simulated page"},
    {"started_at", "TEXT", "UTC, ISO 8601", "host time the run began"},
    {"finished_at", "TEXT", "UTC, ISO 8601", "host time the run ended"},
    {"status", "TEXT", "text",
     "running, ok, failed (an expectation), stopped (OOM with on_oom stop), "
     "interrupted or error"},
    {"sim_ns", "INTEGER", "ns", "simulated time reached"},
    {"host_ns", "INTEGER", "ns", "host time the run took"},
    {"version", "TEXT", "text", "version of lowtide"},
    {"argv", "TEXT", "text", "the command line"},
    {"scenario_text", "TEXT", "YAML", "the full scenario after overrides"},
    {"fingerprint", "TEXT", "hex",
     "hash over the values of the run's tick, event and counter rows, recorded "
     "or not"},
    {"writer_host", "TEXT", "text", "host that writes the run"},
    {"writer_pid", "INTEGER", "id", "process that writes the run"},
    {"writer_start", "TEXT", "text",
     "boot and start time of that process, in clock ticks since the boot"},
};

static const struct schema_column process_columns[] = {
    {"run_id", "INTEGER", "id", "the run"},
    {"process_id", "INTEGER", "id", "the process, unique within the run"},
    {"name", "TEXT", "text", "its name in the scenario"},
    {"oom_score", "INTEGER", "score", "the highest is killed first"},
    {"killed_ns", "INTEGER", "ns", "when it was killed; NULL: it was not"},
};

static const struct schema_column vmo_columns[] = {
    {"run_id", "INTEGER", "id", "the run"},
    {"vmo_id", "INTEGER", "id", "the VMO, unique within the run"},
    {"name", "TEXT", "text", "its name in the scenario"},
    {"process_id", "INTEGER", "id", "the process that owns it"},
    {"kind", "TEXT", "text",
     "anonymous, pager, contiguous, discardable, snapshot, "
     "snapshot_at_least_on_write, snapshot_modified, slice or reference"},
    {"parent_vmo_id", "INTEGER", "id", "what it was made from"},
    {"created_ns", "INTEGER", "ns", "when it was made"},
    {"closed_ns", "INTEGER", "ns", "when its last handle went"},
};

static const struct schema_column tick_columns[] = {
    {"run_id", "INTEGER", "id", "the run"},
    {"tick_ns", "INTEGER", "ns", "simulated time of the sample"},
    {"free", "INTEGER", "pages", "free pages, loaned ones apart"},
    {"free_loaned", "INTEGER", "pages", "loaned pages that nobody uses"},
    {"loaned", "INTEGER", "pages", "pages that contiguous VMOs lent out"},
    {"level", "TEXT", "text",
     "memory pressure: normal, warning, critical, imminent_oom or oom"},
    {"wired", "INTEGER", "pages", "in the wired queue"},
    {"anonymous", "INTEGER", "pages", "in the anonymous queue"},
    {"high_priority", "INTEGER", "pages", "in the high priority queue"},
    {"zero_fork", "INTEGER", "pages", "in the anonymous zero fork queue"},
    {"pager_dirty", "INTEGER", "pages", "in the dirty pager-backed queue"},
    {"failed_reclaim", "INTEGER", "pages", "in the failed reclaim queue"},
    {"dont_need", "INTEGER", "pages", "in the don't need queue"},
    {"reclaimable", "INTEGER", "pages", "that the policy may offer"},
    {"active", "INTEGER", "pages", "reclaimable and recently used"},
    {"inactive", "INTEGER", "pages", "reclaimable and not recently used"},
    {"compressed", "INTEGER", "pages", "held in compressed form"},
    {"compressed_storage", "INTEGER", "pages", "that hold the compressed ones"},
    {"accesses", "INTEGER", "count", "accesses by workloads and touches"},
    {"faults_minor", "INTEGER", "count",
     "faults that needed neither pager nor decompression"},
    {"faults_major", "INTEGER", "count",
     "faults that needed the pager or decompression"},
    {"faults_cow", "INTEGER", "count", "faults that copied a page"},
    {"faults_zero", "INTEGER", "count", "faults that made a zero page"},
    {"faults_decompress", "INTEGER", "count", "faults that decompressed"},
    {"refaults", "INTEGER", "count",
     "faults on pages that this run reclaimed earlier"},
    {"evicted_pager", "INTEGER", "pages", "pager-backed pages evicted"},
    {"evicted_compressed", "INTEGER", "pages",
     "pages reclaimed by compression"},
    {"evicted_discardable", "INTEGER", "pages", "pages of discarded VMOs"},
    {"deduped", "INTEGER", "pages", "pages found to be zero and given back"},
    {"written_back", "INTEGER", "pages", "dirty pages written back"},
    {"oom_kills", "INTEGER", "count", "processes killed for want of memory"},
    {"waiting_threads", "INTEGER", "count", "workload threads waiting now"},
    {"stall_some_ns", "INTEGER", "ns",
     "time at least one workload thread waited for memory or a refault"},
    {"stall_full_ns", "INTEGER", "ns",
     "time all non-idle workload threads waited for memory or a refault"},
    {"unattributed", "INTEGER", "pages", "that no VMO's window shows"},
};

static const struct schema_column tick_list_columns[] = {
    {"run_id", "INTEGER", "id", "the run"},
    {"tick_ns", "INTEGER", "ns", "simulated time of the sample"},
    {"list", "TEXT", "text",
     "a list of the policy's own; zircon: reclaim0 (newest) to reclaim7"},
    {"pages", "INTEGER", "pages", "its length"},
};

static const struct schema_column tick_vmo_columns[] = {
    {"run_id", "INTEGER", "id", "the run"},
    {"tick_ns", "INTEGER", "ns", "simulated time of the sample"},
    {"vmo_id", "INTEGER", "id", "the VMO"},
    {"committed", "INTEGER", "pages", "uncompressed pages attributed to it"},
    {"compressed", "INTEGER", "pages", "compressed pages attributed to it"},
    {"pinned", "INTEGER", "pages", "its pinned pages"},
    {"faults_major", "INTEGER", "count", "major faults on it so far"},
    {"refaults", "INTEGER", "count", "refaults on it so far"},
};

static const struct schema_column event_columns[] = {
    {"run_id", "INTEGER", "id", "the run"},
    {"seq", "INTEGER", "number", "order within the run, from 1"},
    {"at_ns", "INTEGER", "ns", "simulated time"},
    {"line", "INTEGER", "number", "line of the scenario"},
    {"op", "TEXT", "text", "the operation"},
    {"vmo", "TEXT", "text", "the VMO it was about"},
    {"status", "TEXT", "text", "what it returned at once"},
    {"detail", "TEXT", "text", "its arguments or outcome"},
};

static const struct schema_column expectation_columns[] = {
    {"run_id", "INTEGER", "id", "the run"},
    {"seq", "INTEGER", "number", "order within the run, from 1"},
    {"line", "INTEGER", "number", "line of the scenario"},
    {"key", "TEXT", "text", "what was looked at"},
    {"expected", "TEXT", "text", "what the scenario wants"},
    {"actual", "TEXT", "text", "what was found"},
    {"ok", "INTEGER", "0 or 1", "whether it held"},
};

static const struct schema_column latency_columns[] = {
    {"run_id", "INTEGER", "id", "the run"},
    {"workload", "TEXT", "text", "the workload's name"},
    {"kind", "TEXT", "text", "access, major_fault, decompress or alloc_wait"},
    {"upper_ns", "INTEGER", "ns",
     "the bucket's largest value, at most 1 % above any value in it"},
    {"count", "INTEGER", "count", "values in the bucket"},
};

static const struct schema_column page_event_columns[] = {
    {"run_id", "INTEGER", "id", "the run"},
    {"at_ns", "INTEGER", "ns", "simulated time"},
    {"vmo_id", "INTEGER", "id", "the VMO"},
    {"page", "INTEGER", "index", "the page within the VMO"},
    {"what", "TEXT", "text", "what happened to it"},
    {"detail", "TEXT", "text", "why, or how"},
    {"seq", "INTEGER", "number", "order within the run, from 1"},
};

static const struct schema_column counter_columns[] = {
    {"run_id", "INTEGER", "id", "the run"},
    {"name", "TEXT", "text", "the counter; metric has its meaning"},
    {"value", "INTEGER", "see metric", "its total at the end of the run"},
};

static const struct schema_column study_run_columns[] = {
    {"run_id", "INTEGER", "id", "the run, one of a parameter study"},
    {"study", "TEXT", "text", "the study's name"},
    {"run_key", "TEXT", "hex",
     "SHA-256 of what decides the run: expanded scenario, files that it reads, "
     "seed, version"},
    {"repetition", "INTEGER", "number", "its repetition, from 0"},
    {"variables", "TEXT", "JSON",
     "the study's variables, an object of strings; null: the scenario's own"},
};

static const struct schema_column metric_columns[] = {
    {"table_name", "TEXT", "text", "the table or view; `counter` for counters"},
    {"column_name", "TEXT", "text", "the column, or the counter's name"},
    {"unit", "TEXT", "text", "unit of its values"},
    {"meaning", "TEXT", "text", "what it says"},
};

#define RELATION(columns, key) (columns), COUNT_OF(columns), (key), NULL

static const struct schema_relation tables[TABLE_COUNT] = {
    [TABLE_RUN] = {"run", RELATION(run_columns, "run_id")},
    [TABLE_PROCESS] = {"process",
                       RELATION(process_columns, "run_id, process_id")},
    [TABLE_VMO] = {"vmo", RELATION(vmo_columns, "run_id, vmo_id")},
    [TABLE_TICK] = {"tick", RELATION(tick_columns, "run_id, tick_ns")},
    [TABLE_TICK_LIST] = {"tick_list",
                         RELATION(tick_list_columns, "run_id, tick_ns, list")},
    [TABLE_TICK_VMO] = {"tick_vmo",
                        RELATION(tick_vmo_columns, "run_id, tick_ns, vmo_id")},
    [TABLE_EVENT] = {"event", RELATION(event_columns, "run_id, seq")},
    [TABLE_EXPECTATION] = {"expectation",
                           RELATION(expectation_columns, "run_id, seq")},
    [TABLE_LATENCY] = {"latency", RELATION(latency_columns,
                                           "run_id, workload, kind, upper_ns")},
    [TABLE_PAGE_EVENT] = {"page_event",
                          RELATION(page_event_columns, "run_id, seq")},
    [TABLE_COUNTER] = {"counter", RELATION(counter_columns, "run_id, name")},
    [TABLE_STUDY_RUN] = {"study_run", RELATION(study_run_columns, "run_id")},
    [TABLE_METRIC] = {"metric",
                      RELATION(metric_columns, "table_name, column_name")},
};

const struct schema_relation *schema_table(enum schema_table table)
{
    return &tables[table];
}

/* A string that grows; `text` is NULL once memory was short. */
struct builder {
    char *text;
    size_t length, capacity;
};

static void append(struct builder *out, const char *piece)
{
    size_t size = strlen(piece);
    if (!out->text)
        return;
    if (out->length + size + 1 > out->capacity) {
        size_t capacity = 2 * (out->length + size + 1);
        char *text = realloc(out->text, capacity);
        if (!text) {
            free(out->text);
            out->text = NULL;
            return;
        }
        out->text = text;
        out->capacity = capacity;
    }
    memcpy(out->text + out->length, piece, size + 1);
    out->length += size;
}

static struct builder builder_new(void)
{
    struct builder out = {calloc(1, 256), 0, 256};
    return out;
}

static void append_view(struct builder *out, const struct schema_relation *view)
{
    append(out, "CREATE VIEW ");
    append(out, view->name);
    append(out, "(");
    for (size_t i = 0; i < view->column_count; i++) {
        append(out, i ? ", " : "");
        append(out, view->columns[i].name);
    }
    append(out, ") AS\n");
    append(out, view->sql);
}

static void append_table(struct builder *out,
                         const struct schema_relation *table)
{
    bool is_run = table == &tables[TABLE_RUN];

    append(out, "CREATE TABLE ");
    append(out, table->name);
    append(out, " (\n");
    for (size_t i = 0; i < table->column_count; i++) {
        const struct schema_column *column = &table->columns[i];
        append(out, "    \"");
        append(out, column->name);
        append(out, "\" ");
        append(out, column->type);
        if (strcmp(column->name, "run_id") == 0)
            append(out, is_run ? " PRIMARY KEY"
                               : " NOT NULL REFERENCES run ON DELETE CASCADE");
        append(out, is_run && i + 1 == table->column_count ? "\n" : ",\n");
    }
    if (!is_run) {
        append(out, "    PRIMARY KEY (");
        append(out, table->key);
        append(out, ")\n");
    }
    append(out, is_run ? ") STRICT" : ") STRICT, WITHOUT ROWID");
}

char *schema_create_sql(const struct schema_relation *relation)
{
    struct builder out = builder_new();
    if (relation->sql)
        append_view(&out, relation);
    else
        append_table(&out, relation);
    return out.text;
}

char *schema_insert_sql(const struct schema_relation *relation)
{
    struct builder out = builder_new();
    append(&out, "INSERT INTO ");
    append(&out, relation->name);
    append(&out, " VALUES (");
    for (size_t i = 0; i < relation->column_count; i++)
        append(&out, i ? ", ?" : "?");
    append(&out, ")");
    return out.text;
}
