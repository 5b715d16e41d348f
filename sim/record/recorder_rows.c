/*
 * Rows: from the structs of recorder.h to cells in the order of the columns,
 * and on to the fingerprint, the totals of the summary and the batch.
 */
#include "record/recorder_internal.h"

#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char *const latency_names[LATENCY_KIND_COUNT] = {
    [LATENCY_ACCESS] = "access",
    [LATENCY_MAJOR_FAULT] = "major_fault",
    [LATENCY_DECOMPRESS] = "decompress",
    [LATENCY_ALLOC_WAIT] = "alloc_wait",
};

void record_tick_init(struct record_tick *tick, sim_ns tick_ns)
{
    memset(tick, 0xff, sizeof(*tick)); /* RECORD_NULL, RECORD_NULL_NS */
    tick->level = NULL;
    tick->tick_ns = tick_ns;
}

bool recorder_store(struct recorder *rec, unsigned statement,
                    const struct cell *cells, size_t count)
{
    if (rec->error[0])
        return false;
    if (!rec->db)
        return true;
    if (!batch_add(&rec->batch, statement, cells, count))
        return recorder_fail_memory(rec);
    return recorder_poll(rec);
}

bool recorder_process(struct recorder *rec, const struct record_process *row)
{
    const struct cell cells[] = {
        cell_number(row->process_id),
        cell_text(row->name),
        {.number = row->oom_score},
        cell_null(), /* killed_ns */
    };
    return recorder_store(rec, TABLE_PROCESS, cells, COUNT_OF(cells));
}

bool recorder_process_killed(struct recorder *rec, uint64_t process_id,
                             sim_ns killed_ns)
{
    const struct cell cells[] = {cell_number(process_id),
                                 cell_number((uint64_t)killed_ns)};
    return recorder_store(rec, STATEMENT_PROCESS_KILLED, cells,
                          COUNT_OF(cells));
}

bool recorder_vmo(struct recorder *rec, const struct record_vmo *row)
{
    const struct cell cells[] = {
        cell_number(row->vmo_id),
        cell_text(row->name),
        cell_number(row->process_id),
        cell_text(row->kind),
        cell_number(row->parent_vmo_id),
        cell_number((uint64_t)row->created_ns),
        cell_null(), /* closed_ns */
    };
    return recorder_store(rec, TABLE_VMO, cells, COUNT_OF(cells));
}

bool recorder_vmo_closed(struct recorder *rec, uint64_t vmo_id,
                         sim_ns closed_ns)
{
    const struct cell cells[] = {cell_number(vmo_id),
                                 cell_number((uint64_t)closed_ns)};
    return recorder_store(rec, STATEMENT_VMO_CLOSED, cells, COUNT_OF(cells));
}

bool recorder_tick(struct recorder *rec, const struct record_tick *row)
{
    const struct cell cells[] = {
        cell_number((uint64_t)row->tick_ns),
        cell_number(row->free),
        cell_number(row->free_loaned),
        cell_number(row->loaned),
        cell_text(row->level),
        cell_number(row->wired),
        cell_number(row->anonymous),
        cell_number(row->high_priority),
        cell_number(row->zero_fork),
        cell_number(row->pager_dirty),
        cell_number(row->failed_reclaim),
        cell_number(row->dont_need),
        cell_number(row->reclaimable),
        cell_number(row->active),
        cell_number(row->inactive),
        cell_number(row->compressed),
        cell_number(row->compressed_storage),
        cell_number(row->accesses),
        cell_number(row->faults_minor),
        cell_number(row->faults_major),
        cell_number(row->faults_cow),
        cell_number(row->faults_zero),
        cell_number(row->faults_decompress),
        cell_number(row->refaults),
        cell_number(row->evicted_pager),
        cell_number(row->evicted_compressed),
        cell_number(row->evicted_discardable),
        cell_number(row->deduped),
        cell_number(row->written_back),
        cell_number(row->oom_kills),
        cell_number(row->waiting_threads),
        cell_number((uint64_t)row->stall_some_ns),
        cell_number((uint64_t)row->stall_full_ns),
        cell_number(row->unattributed),
    };
    cells_hash(&rec->tick_hash, cells, COUNT_OF(cells));
    rec->last_tick = *row;
    rec->last_tick.level = NULL;
    return !rec->record.ticks ||
           recorder_store(rec, TABLE_TICK, cells, COUNT_OF(cells));
}

bool recorder_tick_list(struct recorder *rec, sim_ns tick_ns, const char *list,
                        uint64_t pages)
{
    const struct cell cells[] = {
        cell_number((uint64_t)tick_ns),
        cell_text(list),
        cell_number(pages),
    };
    return !rec->record.ticks ||
           recorder_store(rec, TABLE_TICK_LIST, cells, COUNT_OF(cells));
}

bool recorder_tick_vmo(struct recorder *rec, const struct record_tick_vmo *row)
{
    const struct cell cells[] = {
        cell_number((uint64_t)row->tick_ns),
        cell_number(row->vmo_id),
        cell_number(row->committed),
        cell_number(row->compressed),
        cell_number(row->pinned),
        cell_number(row->faults_major),
        cell_number(row->refaults),
    };
    return !rec->record.vmo_ticks ||
           recorder_store(rec, TABLE_TICK_VMO, cells, COUNT_OF(cells));
}

bool recorder_event(struct recorder *rec, const struct record_event *row)
{
    const struct cell cells[] = {
        cell_number(++rec->event_seq), cell_number((uint64_t)row->at_ns),
        cell_number(row->line),        cell_text(row->op),
        cell_text(row->vmo),           cell_text(row->status),
        cell_text(row->detail),
    };
    cells_hash(&rec->event_hash, cells, COUNT_OF(cells));
    return !rec->record.events ||
           recorder_store(rec, TABLE_EVENT, cells, COUNT_OF(cells));
}

bool recorder_expectation(struct recorder *rec,
                          const struct record_expectation *row)
{
    const struct cell cells[] = {
        cell_number(++rec->expectation_seq),
        cell_number(row->line),
        cell_text(row->key),
        cell_text(row->expected),
        cell_text(row->actual),
        cell_number(row->ok),
    };
    return recorder_store(rec, TABLE_EXPECTATION, cells, COUNT_OF(cells));
}

bool recorder_study_run(struct recorder *rec,
                        const struct record_study_run *row)
{
    const struct cell cells[] = {
        cell_text(row->study),
        cell_text(row->run_key),
        cell_number(row->repetition),
        cell_text(row->variables),
    };
    return recorder_store(rec, TABLE_STUDY_RUN, cells, COUNT_OF(cells));
}

bool recorder_page_event(struct recorder *rec,
                         const struct record_page_event *row)
{
    const struct cell cells[] = {
        cell_number((uint64_t)row->at_ns),
        cell_number(row->vmo_id),
        cell_number(row->page),
        cell_text(row->what),
        cell_text(row->detail),
        cell_number(++rec->page_seq),
    };
    return !rec->record.pages ||
           recorder_store(rec, TABLE_PAGE_EVENT, cells, COUNT_OF(cells));
}

bool recorder_latency(struct recorder *rec, const char *workload,
                      enum latency_kind kind, const struct histogram *hist)
{
    bool ok = !rec->error[0];
    if (!rec->record.latency)
        return ok;
    if (kind == LATENCY_ACCESS)
        histogram_merge(&rec->access, hist);
    for (size_t i = 0; i < HISTOGRAM_BUCKETS && ok; i++) {
        if (hist->buckets[i] == 0)
            continue;
        const struct cell cells[] = {
            cell_text(workload),
            cell_text(latency_names[kind]),
            cell_number(histogram_upper(i)),
            cell_number(hist->buckets[i]),
        };
        ok = recorder_store(rec, TABLE_LATENCY, cells, COUNT_OF(cells));
    }
    return ok;
}

bool recorder_counter(struct recorder *rec, const char *name, uint64_t value,
                      const char *unit, const char *meaning)
{
    const struct cell cells[] = {cell_text(name), cell_number(value)};
    cells_hash(&rec->counter_hash, cells, COUNT_OF(cells));
    if (!schema_counter_known(name)) {
        const struct cell metric[] = {
            cell_text(name),
            cell_text(unit ? unit : "count"),
            cell_text(meaning ? meaning : "a counter without a description"),
        };
        if (!recorder_store(rec, STATEMENT_NEW_METRIC, metric,
                            COUNT_OF(metric)))
            return false;
    }
    return recorder_store(rec, TABLE_COUNTER, cells, COUNT_OF(cells));
}
