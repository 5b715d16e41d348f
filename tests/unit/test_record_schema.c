/* The results file has the documented names, and its dictionary is whole. */
#include "record_fixture.h"

static const struct {
    const char *table;
    const char *columns;
} documented[] = {
    {"run", "run_id,name,scenario,scenario_sha256,policy,params,seed,"
            "memory_pages,page_size,started_at,finished_at,status,sim_ns,"
            "host_ns,version,argv,scenario_text,fingerprint,writer_host,"
            "writer_pid,writer_start"},
    {"process", "run_id,process_id,name,oom_score,killed_ns"},
    {"vmo", "run_id,vmo_id,name,process_id,kind,parent_vmo_id,created_ns,"
            "closed_ns"},
    {"tick",
     "run_id,tick_ns,free,free_loaned,loaned,level,wired,anonymous,"
     "high_priority,zero_fork,pager_dirty,failed_reclaim,dont_need,"
     "reclaimable,active,inactive,compressed,compressed_storage,accesses,"
     "faults_minor,faults_major,faults_cow,faults_zero,faults_decompress,"
     "refaults,evicted_pager,evicted_compressed,evicted_discardable,deduped,"
     "written_back,oom_kills,waiting_threads,stall_some_ns,stall_full_ns,"
     "unattributed"},
    {"tick_list", "run_id,tick_ns,list,pages"},
    {"tick_vmo", "run_id,tick_ns,vmo_id,committed,compressed,pinned,"
                 "faults_major,refaults"},
    {"event", "run_id,seq,at_ns,line,op,vmo,status,detail"},
    {"expectation", "run_id,seq,line,key,expected,actual,ok"},
    {"latency", "run_id,workload,kind,upper_ns,count"},
    {"page_event", "run_id,at_ns,vmo_id,page,what,detail,seq"},
    {"counter", "run_id,name,value"},
    {"study_run", "run_id,study,run_key,repetition,variables"},
    {"metric", "table_name,column_name,unit,meaning"},
    {"v_summary",
     "run_id,name,policy,params,seed,memory_pages,status,sim_ns,accesses,"
     "faults_major,first_touches,miss_ratio,refaults,refault_ratio,"
     "stall_some_share,stall_full_share,access_p50_ns,access_p99_ns,"
     "access_p999_ns,evicted_pager,evicted_compressed,evicted_discardable,"
     "deduped,written_back,oom_kills,fingerprint"},
    {"v_queue_series", "run_id,tick_ns,queue,pages"},
    {"v_attribution_series", "run_id,tick_ns,vmo_id,name,committed,compressed"},
    {"v_process_series", "run_id,tick_ns,process_id,name,committed,compressed"},
    {"v_pressure_series",
     "run_id,tick_ns,level,free,stall_some_ns,stall_full_ns"},
    {"v_compare", "name,memory_pages,seed,metric,policy,value"},
};

Test(record_schema, tables_and_views_are_the_documented_ones)
{
    char path[256], sql[256];
    fixture_path(path, sizeof(path), "a.db");
    fixture_close(fixture_open(path));
    for (size_t i = 0; i < sizeof(documented) / sizeof(documented[0]); i++) {
        snprintf(sql, sizeof(sql),
                 "SELECT group_concat(name) FROM pragma_table_info('%s')",
                 documented[i].table);
        fixture_expect(path, sql, documented[i].columns);
    }
    fixture_expect(path,
                   "SELECT count(*) FROM sqlite_schema "
                   "WHERE type IN ('table', 'view')",
                   "19");
}

Test(record_schema, tables_are_strict_and_the_file_is_stamped)
{
    char path[256];
    fixture_path(path, sizeof(path), "a.db");
    fixture_close(fixture_open(path));
    fixture_expect(path,
                   "SELECT count(*) FROM pragma_table_list "
                   "WHERE type = 'table' AND NOT strict "
                   "AND name NOT LIKE 'sqlite_%'",
                   "0");
    fixture_expect(path, "PRAGMA application_id", "1280592196");
    fixture_expect(path, "PRAGMA user_version", "1");
    fixture_expect(path, "PRAGMA journal_mode", "delete");
    fixture_expect(path, "PRAGMA integrity_check", "ok");
}

Test(record_schema, dictionary_has_every_column_and_every_counter)
{
    char path[256];
    fixture_path(path, sizeof(path), "a.db");
    struct recorder *rec = fixture_open(path);
    fixture_record(rec, "x", 3, NULL);
    struct record_run run = fixture_run("y");
    struct record_end end = {RUN_OK, 0, 0};
    cr_assert(recorder_begin_run(rec, &run));
    cr_assert(recorder_counter(rec, "ghost.hits", 1, "count", "ghosts seen"));
    cr_assert(recorder_finish_run(rec, &end, NULL));
    fixture_close(rec);

    fixture_expect(path,
                   "SELECT group_concat(s.name || '.' || c.name) "
                   "FROM sqlite_schema s, pragma_table_info(s.name) c "
                   "WHERE s.type IN ('table', 'view') AND NOT EXISTS "
                   "(SELECT 1 FROM metric WHERE table_name = s.name "
                   " AND column_name = c.name)",
                   "");
    fixture_expect(path,
                   "SELECT count(*) FROM counter c WHERE NOT EXISTS (SELECT 1 "
                   "FROM metric WHERE table_name = 'counter' "
                   "AND column_name = c.name)",
                   "0");
    fixture_expect(path,
                   "SELECT count(*) FROM metric WHERE unit = '' OR meaning = ''"
                   " OR unit IS NULL OR meaning IS NULL",
                   "0");
    fixture_expect(path,
                   "SELECT meaning FROM metric WHERE column_name = "
                   "'ghost.hits'",
                   "ghosts seen");
}
