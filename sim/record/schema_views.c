/*
 * The views, with fixed columns.
 *
 * v_summary takes a run's totals from `counter`, which a finished run always
 * has, and those of a run that never finished from its last tick. Latencies
 * are quantiles of all workloads' accesses together: the smallest bucket such
 * that at least that share of the accesses lies in or below it.
 *
 * v_compare turns v_summary from one column per metric into one row per
 * metric. Runs that never reached their end are left out of it, and so are
 * metrics that a run does not have.
 */
#include "record/schema.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct schema_column summary_columns[] = {
    {"run_id", NULL, "id", "the run"},
    {"name", NULL, "text", "the scenario's name"},
    {"policy", NULL, "text", "the reclaim policy"},
    {"params", NULL, "JSON", "the policy's parameters, an object of strings"},
    {"seed", NULL, "number", "the seed of every random draw"},
    {"memory_pages", NULL, "pages", "the memory budget"},
    {"status", NULL, "text", "as in run"},
    {"sim_ns", NULL, "ns", "simulated time reached"},
    {"accesses", NULL, "count", "accesses by workloads and touches"},
    {"faults_major", NULL, "count",
     "faults that needed the pager or decompression"},
    {"first_touches", NULL, "count",
     "major faults on pages that never were in memory before"},
    {"miss_ratio", NULL, "ratio", "faults_major / accesses"},
    {"refaults", NULL, "count",
     "faults on pages that this run reclaimed earlier"},
    {"refault_ratio", NULL, "ratio", "refaults / faults_major"},
    {"stall_some_share", NULL, "ratio", "stall_some_ns / sim_ns"},
    {"stall_full_share", NULL, "ratio", "stall_full_ns / sim_ns"},
    {"access_p50_ns", NULL, "ns", "median latency of an access"},
    {"access_p99_ns", NULL, "ns", "99th percentile of access latency"},
    {"access_p999_ns", NULL, "ns", "99.9th percentile of access latency"},
    {"evicted_pager", NULL, "pages", "pager-backed pages evicted"},
    {"evicted_compressed", NULL, "pages", "pages reclaimed by compression"},
    {"evicted_discardable", NULL, "pages", "pages of discarded VMOs"},
    {"deduped", NULL, "pages", "pages found to be zero and given back"},
    {"written_back", NULL, "pages", "dirty pages written back"},
    {"oom_kills", NULL, "count", "processes killed for want of memory"},
    {"fingerprint", NULL, "hex", "as in run"},
};

static const char summary_sql[] =
    "WITH c AS (\n"
    "  SELECT run_id,\n"
    "    max(value) FILTER (WHERE name = 'accesses') AS accesses,\n"
    "    max(value) FILTER (WHERE name = 'faults_major') AS faults_major,\n"
    "    max(value) FILTER (WHERE name = 'first_touches') AS first_touches,\n"
    "    max(value) FILTER (WHERE name = 'refaults') AS refaults,\n"
    "    max(value) FILTER (WHERE name = 'stall_some_ns') AS stall_some_ns,\n"
    "    max(value) FILTER (WHERE name = 'stall_full_ns') AS stall_full_ns,\n"
    "    max(value) FILTER (WHERE name = 'evicted_pager') AS evicted_pager,\n"
    "    max(value) FILTER (WHERE name = 'evicted_compressed')\n"
    "      AS evicted_compressed,\n"
    "    max(value) FILTER (WHERE name = 'evicted_discardable')\n"
    "      AS evicted_discardable,\n"
    "    max(value) FILTER (WHERE name = 'deduped') AS deduped,\n"
    "    max(value) FILTER (WHERE name = 'written_back') AS written_back,\n"
    "    max(value) FILTER (WHERE name = 'oom_kills') AS oom_kills\n"
    "  FROM counter GROUP BY run_id),\n"
    "total AS (\n"
    "  SELECT r.*, c.first_touches,\n"
    "    coalesce(r.sim_ns, t.tick_ns) AS reached_ns,\n"
    "    coalesce(c.accesses, t.accesses) AS accesses,\n"
    "    coalesce(c.faults_major, t.faults_major) AS faults_major,\n"
    "    coalesce(c.refaults, t.refaults) AS refaults,\n"
    "    coalesce(c.stall_some_ns, t.stall_some_ns) AS stall_some_ns,\n"
    "    coalesce(c.stall_full_ns, t.stall_full_ns) AS stall_full_ns,\n"
    "    coalesce(c.evicted_pager, t.evicted_pager) AS evicted_pager,\n"
    "    coalesce(c.evicted_compressed, t.evicted_compressed)\n"
    "      AS evicted_compressed,\n"
    "    coalesce(c.evicted_discardable, t.evicted_discardable)\n"
    "      AS evicted_discardable,\n"
    "    coalesce(c.deduped, t.deduped) AS deduped,\n"
    "    coalesce(c.written_back, t.written_back) AS written_back,\n"
    "    coalesce(c.oom_kills, t.oom_kills) AS oom_kills\n"
    "  FROM run r\n"
    "  LEFT JOIN c ON c.run_id = r.run_id\n"
    "  LEFT JOIN tick t ON t.run_id = r.run_id AND t.tick_ns =\n"
    "    (SELECT max(tick_ns) FROM tick WHERE run_id = r.run_id)),\n"
    "bucket AS (\n"
    "  SELECT run_id, upper_ns, sum(count) AS count\n"
    "  FROM latency WHERE kind = 'access' GROUP BY run_id, upper_ns),\n"
    "rank AS (\n"
    "  SELECT run_id, upper_ns,\n"
    "    sum(count) OVER (PARTITION BY run_id ORDER BY upper_ns) AS upto,\n"
    "    sum(count) OVER (PARTITION BY run_id) AS everything\n"
    "  FROM bucket),\n"
    "quantile AS (\n"
    "  SELECT run_id,\n"
    "    min(upper_ns) FILTER (WHERE upto >= 0.5 * everything) AS p50,\n"
    "    min(upper_ns) FILTER (WHERE upto >= 0.99 * everything) AS p99,\n"
    "    min(upper_ns) FILTER (WHERE upto >= 0.999 * everything) AS p999\n"
    "  FROM rank GROUP BY run_id)\n"
    "SELECT t.run_id, name, policy, params, seed, memory_pages, status, "
    "reached_ns,\n"
    "  accesses, faults_major, first_touches,\n"
    "  CASE WHEN accesses > 0 THEN 1.0 * faults_major / accesses END,\n"
    "  refaults,\n"
    "  CASE WHEN faults_major > 0 THEN 1.0 * refaults / faults_major END,\n"
    "  CASE WHEN reached_ns > 0 THEN 1.0 * stall_some_ns / reached_ns END,\n"
    "  CASE WHEN reached_ns > 0 THEN 1.0 * stall_full_ns / reached_ns END,\n"
    "  p50, p99, p999,\n"
    "  evicted_pager, evicted_compressed, evicted_discardable, deduped,\n"
    "  written_back, oom_kills, fingerprint\n"
    "FROM total t LEFT JOIN quantile q ON q.run_id = t.run_id";

static const struct schema_column queue_columns[] = {
    {"run_id", NULL, "id", "the run"},
    {"tick_ns", NULL, "ns", "simulated time of the sample"},
    {"queue", NULL, "text", "a queue of tick, or a list of tick_list"},
    {"pages", NULL, "pages", "its length"},
};

/* tick.dont_need is a list of the policy's, which tick_list has, too. */
static const char queue_sql[] =
    "SELECT run_id, tick_ns, 'wired', wired FROM tick\n"
    "  WHERE wired IS NOT NULL\n"
    "UNION ALL\n"
    "SELECT run_id, tick_ns, 'anonymous', anonymous FROM tick\n"
    "  WHERE anonymous IS NOT NULL\n"
    "UNION ALL\n"
    "SELECT run_id, tick_ns, 'high_priority', high_priority FROM tick\n"
    "  WHERE high_priority IS NOT NULL\n"
    "UNION ALL\n"
    "SELECT run_id, tick_ns, 'zero_fork', zero_fork FROM tick\n"
    "  WHERE zero_fork IS NOT NULL\n"
    "UNION ALL\n"
    "SELECT run_id, tick_ns, 'pager_dirty', pager_dirty FROM tick\n"
    "  WHERE pager_dirty IS NOT NULL\n"
    "UNION ALL\n"
    "SELECT run_id, tick_ns, 'failed_reclaim', failed_reclaim FROM tick\n"
    "  WHERE failed_reclaim IS NOT NULL\n"
    "UNION ALL\n"
    "SELECT run_id, tick_ns, list, pages FROM tick_list";

static const struct schema_column attribution_columns[] = {
    {"run_id", NULL, "id", "the run"},
    {"tick_ns", NULL, "ns", "simulated time of the sample"},
    {"vmo_id", NULL, "id", "the VMO"},
    {"name", NULL, "text", "its name"},
    {"committed", NULL, "pages", "uncompressed pages attributed to it"},
    {"compressed", NULL, "pages", "compressed pages attributed to it"},
};

static const char attribution_sql[] =
    "SELECT s.run_id, s.tick_ns, s.vmo_id, v.name, s.committed, s.compressed\n"
    "FROM tick_vmo s\n"
    "LEFT JOIN vmo v ON v.run_id = s.run_id AND v.vmo_id = s.vmo_id";

static const struct schema_column process_columns[] = {
    {"run_id", NULL, "id", "the run"},
    {"tick_ns", NULL, "ns", "simulated time of the sample"},
    {"process_id", NULL, "id", "the process"},
    {"name", NULL, "text", "its name"},
    {"committed", NULL, "pages", "uncompressed pages of all its VMOs"},
    {"compressed", NULL, "pages", "compressed pages of all its VMOs"},
};

static const char process_sql[] =
    "SELECT s.run_id, s.tick_ns, v.process_id, p.name,\n"
    "  sum(s.committed), sum(s.compressed)\n"
    "FROM tick_vmo s\n"
    "LEFT JOIN vmo v ON v.run_id = s.run_id AND v.vmo_id = s.vmo_id\n"
    "LEFT JOIN process p ON p.run_id = v.run_id AND p.process_id = "
    "v.process_id\n"
    "GROUP BY s.run_id, s.tick_ns, v.process_id";

static const struct schema_column pressure_columns[] = {
    {"run_id", NULL, "id", "the run"},
    {"tick_ns", NULL, "ns", "simulated time of the sample"},
    {"level", NULL, "text", "memory pressure, as in tick"},
    {"free", NULL, "pages", "free pages, loaned ones apart"},
    {"stall_some_ns", NULL, "ns", "as in tick"},
    {"stall_full_ns", NULL, "ns", "as in tick"},
};

static const char pressure_sql[] =
    "SELECT run_id, tick_ns, level, free, stall_some_ns, stall_full_ns\n"
    "FROM tick";

static const struct schema_column compare_columns[] = {
    {"name", NULL, "text", "the scenario's name"},
    {"memory_pages", NULL, "pages", "the memory budget"},
    {"seed", NULL, "number", "the seed"},
    {"metric", NULL, "text", "a measure of v_summary"},
    {"policy", NULL, "text", "the reclaim policy"},
    {"value", NULL, "see v_summary", "the measure of one run"},
};

static const char compare_sql[] =
    "WITH metric(metric) AS (VALUES\n"
    "  ('sim_ns'),\n"
    "  ('accesses'),\n"
    "  ('faults_major'),\n"
    "  ('first_touches'),\n"
    "  ('miss_ratio'),\n"
    "  ('refaults'),\n"
    "  ('refault_ratio'),\n"
    "  ('stall_some_share'),\n"
    "  ('stall_full_share'),\n"
    "  ('access_p50_ns'),\n"
    "  ('access_p99_ns'),\n"
    "  ('access_p999_ns'),\n"
    "  ('evicted_pager'),\n"
    "  ('evicted_compressed'),\n"
    "  ('evicted_discardable'),\n"
    "  ('deduped'),\n"
    "  ('written_back'),\n"
    "  ('oom_kills')),\n"
    "value AS (\n"
    "  SELECT s.run_id, s.name, s.memory_pages, s.seed, m.metric, s.policy,\n"
    "    CASE m.metric\n"
    "      WHEN 'sim_ns' THEN s.sim_ns\n"
    "      WHEN 'accesses' THEN s.accesses\n"
    "      WHEN 'faults_major' THEN s.faults_major\n"
    "      WHEN 'first_touches' THEN s.first_touches\n"
    "      WHEN 'miss_ratio' THEN s.miss_ratio\n"
    "      WHEN 'refaults' THEN s.refaults\n"
    "      WHEN 'refault_ratio' THEN s.refault_ratio\n"
    "      WHEN 'stall_some_share' THEN s.stall_some_share\n"
    "      WHEN 'stall_full_share' THEN s.stall_full_share\n"
    "      WHEN 'access_p50_ns' THEN s.access_p50_ns\n"
    "      WHEN 'access_p99_ns' THEN s.access_p99_ns\n"
    "      WHEN 'access_p999_ns' THEN s.access_p999_ns\n"
    "      WHEN 'evicted_pager' THEN s.evicted_pager\n"
    "      WHEN 'evicted_compressed' THEN s.evicted_compressed\n"
    "      WHEN 'evicted_discardable' THEN s.evicted_discardable\n"
    "      WHEN 'deduped' THEN s.deduped\n"
    "      WHEN 'written_back' THEN s.written_back\n"
    "      WHEN 'oom_kills' THEN s.oom_kills\n"
    "    END AS value\n"
    "  FROM v_summary s CROSS JOIN metric m\n"
    "  WHERE s.status IN ('ok', 'failed', 'stopped'))\n"
    "SELECT name, memory_pages, seed, metric, policy, value\n"
    "FROM value WHERE value IS NOT NULL";

#define RELATION(columns, sql) (columns), COUNT_OF(columns), NULL, (sql)

/* v_compare stands on v_summary and comes after it. */
static const struct schema_relation views[] = {
    {"v_summary", RELATION(summary_columns, summary_sql)},
    {"v_queue_series", RELATION(queue_columns, queue_sql)},
    {"v_attribution_series", RELATION(attribution_columns, attribution_sql)},
    {"v_process_series", RELATION(process_columns, process_sql)},
    {"v_pressure_series", RELATION(pressure_columns, pressure_sql)},
    {"v_compare", RELATION(compare_columns, compare_sql)},
};

const struct schema_relation *schema_view(size_t index)
{
    return &views[index];
}

size_t schema_view_count(void)
{
    return COUNT_OF(views);
}
