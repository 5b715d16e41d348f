/*
 * What a run ends with: latencies and totals, under Zircon's own names where it
 * has one. Names known before a run are in the dictionary (schema_counters.c);
 * those of a policy's or of a process's totals are made here.
 */
#include <stdio.h>

#include "actors/evictor.h"
#include "actors/lru.h"
#include "actors/scanner.h"
#include "actors/watchdog.h"
#include "actors/workload.h"
#include "engine/observe.h"
#include "record/recorder.h"

/* Where totals go, and whether all have got there. */
struct totals {
    struct world *world;
    bool is_fine;
};

static void count(struct totals *totals, const char *name, uint64_t value)
{
    totals->is_fine &=
        recorder_counter(totals->world->recorder, name, value, NULL, NULL);
}

/* Actors. ----------------------------------------------------------------- */

static void count_policy(struct totals *totals)
{
    const struct page_queues *pqs = &totals->world->machine.pqs;
    const char *name;
    uint64_t value;

    for (unsigned i = 0;
         pqs->ops->counter && pqs->ops->counter(pqs->policy, i, &name, &value);
         i++)
        totals->is_fine &=
            recorder_counter(totals->world->recorder, name, value, "count",
                             "a total of the reclaim policy");
}

static void count_reclaim(struct totals *totals)
{
    const struct evictor *evictor = totals->world->evictor;
    const struct scanner *scanner = totals->world->scanner;
    const struct lru *lru = totals->world->lru;

    count(totals, "pq.lru.pages_evicted", lru->evicted);
    count(totals, "pq.lru.pages_compressed", lru->compressed);
    count(totals, "pq.lru.pages_borrowed", lru->borrowed);
    count(totals, "vm.reclamation.pages_evicted_pager_backed.total",
          evictor->total.pager_backed);
    count(totals, "vm.reclamation.pages_evicted_pager_backed.oom",
          evictor->oom.pager_backed);
    count(totals, "vm.reclamation.pages_evicted_compressed.total",
          evictor->total.compressed);
    count(totals, "vm.reclamation.pages_evicted_compressed.oom",
          evictor->oom.compressed);
    count(totals, "vm.reclamation.pages_evicted_discardable.total",
          evictor->total.discardable);
    count(totals, "vm.reclamation.pages_evicted_discardable.oom",
          evictor->oom.discardable);
    count(totals, "vm.scanner.zero_scan.requests", scanner->requests);
    count(totals, "vm.scanner.zero_scan.queue_emptied", scanner->queue_emptied);
    count(totals, "vm.scanner.zero_scan.total_pages_considered",
          scanner->considered);
    count(totals, "vm.scanner.zero_scan.pages_deduped", scanner->deduped);
}

static void count_memory(struct totals *totals)
{
    const struct pmm *pmm = &totals->world->machine.pmm;
    const uint64_t *announced = totals->world->watchdog->announcements;

    count(totals, "vm.pmm.alloc.failed", pmm->alloc_failed_count);
    count(totals, "vm.pmm.alloc.delayed", pmm->alloc_delayed_count);
    count(totals, "memory_watchdog.pressure.oom", announced[LEVEL_OOM]);
    count(totals, "memory_watchdog.pressure.imminent_oom",
          announced[LEVEL_IMMINENT_OOM]);
    count(totals, "memory_watchdog.pressure.critical",
          announced[LEVEL_CRITICAL]);
    count(totals, "memory_watchdog.pressure.warning", announced[LEVEL_WARNING]);
    count(totals, "memory_watchdog.pressure.normal", announced[LEVEL_NORMAL]);
}

static void count_requests(struct totals *totals)
{
    const struct world_overtime *waits = &totals->world->overtime;
    const struct vm_machine_stats *stats = &totals->world->machine.stats;

    count(totals, "dispatcher.pager.total_requests", waits->requests);
    count(totals, "dispatcher.pager.succeeded_requests", waits->succeeded);
    count(totals, "dispatcher.pager.failed_requests", waits->failed);
    count(totals, "dispatcher.pager.timed_out_requests", waits->timeouts);
    count(totals, "dispatcher.pager.overtime_waits", waits->waits);
    count(totals, "physical.reclaim.total_requests", stats->physical_requests);
    count(totals, "physical.reclaim.succeeded_requests",
          stats->physical_requests - stats->physical_failures);
    count(totals, "physical.reclaim.failed_requests", stats->physical_failures);
}

/* Compression. ------------------------------------------------------------ */

static void count_attempts(struct totals *totals,
                           const struct compressor_stats *stats)
{
    const struct scenario_costs *costs =
        &totals->world->scenario->machine.costs;

    count(totals, "compression.attempts", stats->attempts);
    count(totals, "compression.success", stats->success);
    count(totals, "compression.zero", stats->zero);
    count(totals, "compression.fail", stats->fail);
    count(totals, "compression.decompressions", stats->decompressions);
    count(totals, "compression.skipped", stats->skipped);
    count(totals, "compression.compress_ns",
          stats->attempts * (uint64_t)costs->compress_page);
    count(totals, "compression.decompress_ns",
          stats->decompressions * (uint64_t)costs->decompress_page);
}

/* Decompressions by the seconds that the page was compressed. */
static void count_ages(struct totals *totals,
                       const struct compressor_stats *stats)
{
    static const char *const names[COMPRESSION_AGE_BUCKETS] = {
        "compression.decompressions.below_1s",
        "compression.decompressions.below_2s",
        "compression.decompressions.below_4s",
        "compression.decompressions.below_8s",
        "compression.decompressions.below_16s",
        "compression.decompressions.below_32s",
        "compression.decompressions.below_64s",
        "compression.decompressions.below_128s",
    };

    for (int bucket = 0; bucket < COMPRESSION_AGE_BUCKETS; bucket++)
        count(totals, names[bucket], stats->decompression_age[bucket]);
}

static void count_compression(struct totals *totals)
{
    const struct compressor *compressor = totals->world->machine.compressor;

    if (!compressor)
        return;
    struct compressor_stats stats = compressor_stats(compressor);
    count_attempts(totals, &stats);
    count_ages(totals, &stats);
    count(totals, "compression.content_bytes", stats.items * VM_PAGE_SIZE);
    count(totals, "compression.storage_bytes",
          stats.storage_pages * VM_PAGE_SIZE);
    count(totals, "compression.used_bytes", stats.stored_bytes);
}

/* Faults and stalls. ------------------------------------------------------ */

/* The distance that a share of the refaults does not exceed. */
static uint64_t distance_quantile(const struct world *world, double share)
{
    uint64_t pages = 0;

    histogram_quantile(&world->refault_distances, share, &pages);
    return pages;
}

static void count_faults(struct totals *totals)
{
    const struct world *world = totals->world;

    count(totals, "faults_failed", world->counters.faults_failed);
    count(totals, "refault_distance.sum", world->counters.refault_distance);
    count(totals, "refault_distance.p50", distance_quantile(world, 0.5));
    count(totals, "refault_distance.p90", distance_quantile(world, 0.9));
    count(totals, "refault_distance.p99", distance_quantile(world, 0.99));
    count(totals, "refault_distance.max", world->refault_distances.max);
}

static void count_of_process(struct totals *totals,
                             const struct world_process *process,
                             const char *what, sim_ns value,
                             const char *meaning)
{
    char name[256];

    snprintf(name, sizeof name, "process.%s.%s", process->name, what);
    totals->is_fine &= recorder_counter(totals->world->recorder, name,
                                        (uint64_t)value, "ns", meaning);
}

static bool has_workload(const struct world *world,
                         const struct world_process *process)
{
    for (uint32_t i = 0; i < world->workload_count; i++)
        if (world->workloads[i].process == process)
            return true;
    return false;
}

/* Stall of each process that something runs in. */
static void count_stalls(struct totals *totals)
{
    const struct world *world = totals->world;

    for (uint32_t i = 0; i < world->process_count; i++) {
        const struct world_process *process = &world->processes[i];

        if (!has_workload(world, process))
            continue;
        count_of_process(totals, process, "stall_some_ns",
                         process->stall.some_ns,
                         "time at least one of its threads waited for memory "
                         "or a refault");
        count_of_process(totals, process, "stall_full_ns",
                         process->stall.full_ns,
                         "time all its non-idle threads waited for memory or "
                         "a refault");
    }
}

/* Latencies. -------------------------------------------------------------- */

static void record_latencies(struct totals *totals)
{
    const struct world *world = totals->world;

    for (uint32_t i = 0; i < world->workload_count; i++) {
        const struct workload *workload = &world->workloads[i];

        for (int kind = 0; workload->has_latency && kind < LATENCY_KIND_COUNT;
             kind++)
            totals->is_fine &= recorder_latency(
                world->recorder, workload->scenario->name,
                (enum latency_kind)kind, &workload->latency[kind]);
    }
}

bool observe_totals(struct world *world)
{
    struct totals totals = {world, true};

    record_latencies(&totals);
    count_policy(&totals);
    count_reclaim(&totals);
    count_memory(&totals);
    count_requests(&totals);
    count_compression(&totals);
    count_faults(&totals);
    count_stalls(&totals);
    return totals.is_fine;
}
