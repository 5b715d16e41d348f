/*
 * The dictionary of counters: Zircon's own names where it has one, then the
 * totals that every run ends with, under the names of tick's columns.
 */
#include "record/schema.h"

#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct schema_counter counters[] = {
    {"pq.aging.reason_before_min_timeout", "count",
     "reasons to age that came before the minimal age"},
    {"pq.aging.spurious_wakeup", "count",
     "wake-ups of the aging thread without a reason to age"},
    {"pq.aging.timeout_with_reason", "count",
     "aging timeouts that found another reason as well"},
    {"pq.aging.blocked_on_lru", "count",
     "times aging waited for the LRU queue to be processed"},
    {"pq.aging.reason.none", "count", "queue rotations without a reason"},
    {"pq.aging.reason.timeout", "count",
     "queue rotations because the maximal age was reached"},
    {"pq.aging.reason.active_ratio", "count",
     "queue rotations because of too many active pages"},
    {"pq.aging.reason.manual", "count", "queue rotations by hand"},
    {"pq.lru.spurious_wakeup", "count",
     "wake-ups of the LRU thread that found nothing to do"},
    {"pq.lru.pages_evicted", "pages", "evicted by LRU processing"},
    {"pq.lru.pages_compressed", "pages", "compressed by LRU processing"},
    {"pq.lru.pages_borrowed", "pages",
     "accessed pages that LRU processing and eviction moved to lent frames"},
    {"vm.reclamation.pages_evicted_pager_backed.total", "pages",
     "pager-backed pages evicted, loaned ones included"},
    {"vm.reclamation.pages_evicted_pager_backed.oom", "pages",
     "pager-backed pages evicted while out of memory"},
    {"vm.reclamation.pages_evicted_compressed.total", "pages",
     "pages reclaimed by compression"},
    {"vm.reclamation.pages_evicted_compressed.oom", "pages",
     "pages reclaimed by compression while out of memory"},
    {"vm.reclamation.pages_evicted_discardable.total", "pages",
     "pages of discarded VMOs"},
    {"vm.reclamation.pages_evicted_discardable.oom", "pages",
     "pages of VMOs discarded while out of memory"},
    {"vm.scanner.zero_scan.requests", "count", "zero page scans"},
    {"vm.scanner.zero_scan.queue_emptied", "count",
     "zero page scans that ran out of candidates"},
    {"vm.scanner.zero_scan.total_pages_considered", "pages",
     "candidates that zero page scans looked at"},
    {"vm.scanner.zero_scan.pages_deduped", "pages",
     "zero pages that scans gave back"},
    {"vm.pmm.alloc.failed", "count", "page allocations that failed"},
    {"vm.pmm.alloc.delayed", "count", "page allocations told to wait"},
    {"memory_watchdog.pressure.oom", "count", "times the level became oom"},
    {"memory_watchdog.pressure.imminent_oom", "count",
     "times the level became imminent_oom"},
    {"memory_watchdog.pressure.critical", "count",
     "times the level became critical"},
    {"memory_watchdog.pressure.warning", "count",
     "times the level became warning"},
    {"memory_watchdog.pressure.normal", "count",
     "times the level became normal"},
    {"dispatcher.pager.total_requests", "count",
     "waits for an answer of a pager"},
    {"dispatcher.pager.succeeded_requests", "count",
     "of these, those that the pager answered"},
    {"dispatcher.pager.failed_requests", "count",
     "of these, those that it refused, or that were given up"},
    {"dispatcher.pager.timed_out_requests", "count",
     "of these, those that it did not answer in time"},
    {"dispatcher.pager.overtime_waits", "count",
     "waits for a pager that took longer than a slice"},
    {"physical.reclaim.total_requests", "count",
     "requests to give lent pages back"},
    {"physical.reclaim.succeeded_requests", "count",
     "of these, those that were met"},
    {"physical.reclaim.failed_requests", "count",
     "of these, those that failed"},
    {"compression.attempts", "pages", "pages offered to the compressor"},
    {"compression.success", "pages", "of these, those stored compressed"},
    {"compression.zero", "pages", "of these, those found to be zero"},
    {"compression.fail", "pages", "of these, those that compress too little"},
    {"compression.decompressions", "pages", "pages decompressed"},
    {"compression.skipped", "pages",
     "compressed pages freed without being decompressed"},
    {"compression.decompressions.below_1s", "pages",
     "pages decompressed within a second"},
    {"compression.decompressions.below_2s", "pages",
     "pages decompressed after 1 s to 2 s"},
    {"compression.decompressions.below_4s", "pages",
     "pages decompressed after 2 s to 4 s"},
    {"compression.decompressions.below_8s", "pages",
     "pages decompressed after 4 s to 8 s"},
    {"compression.decompressions.below_16s", "pages",
     "pages decompressed after 8 s to 16 s"},
    {"compression.decompressions.below_32s", "pages",
     "pages decompressed after 16 s to 32 s"},
    {"compression.decompressions.below_64s", "pages",
     "pages decompressed after 32 s to 64 s"},
    {"compression.decompressions.below_128s", "pages",
     "pages decompressed after 64 s to 128 s"},
    {"compression.content_bytes", "bytes",
     "uncompressed size of what is compressed at the end"},
    {"compression.storage_bytes", "bytes", "memory that holds it at the end"},
    {"compression.used_bytes", "bytes",
     "compressed size of it at the end, its times included"},
    {"compression.compress_ns", "ns", "simulated CPU time compressing"},
    {"compression.decompress_ns", "ns", "simulated CPU time decompressing"},
    {"faults_failed", "count", "faults that ended with an error"},
    {"refault_distance.sum", "pages",
     "pages reclaimed between a page's reclaim and its refault, of all "
     "refaults"},
    {"refault_distance.p50", "pages",
     "distance that half of the refaults do not exceed"},
    {"refault_distance.p90", "pages",
     "distance that 90 % of the refaults do not exceed"},
    {"refault_distance.p99", "pages",
     "distance that 99 % of the refaults do not exceed"},
    {"refault_distance.max", "pages", "the largest distance of a refault"},
    {"accesses", "count", "accesses by workloads and touches"},
    {"faults_minor", "count",
     "faults that needed neither pager nor decompression"},
    {"faults_major", "count", "faults that needed the pager or decompression"},
    {"faults_cow", "count", "faults that copied a page"},
    {"faults_zero", "count", "faults that made a zero page"},
    {"faults_decompress", "count", "faults that decompressed"},
    {"refaults", "count", "faults on pages that this run reclaimed earlier"},
    {"evicted_pager", "pages", "pager-backed pages evicted"},
    {"evicted_compressed", "pages", "pages reclaimed by compression"},
    {"evicted_discardable", "pages", "pages of discarded VMOs"},
    {"deduped", "pages", "pages found to be zero and given back"},
    {"written_back", "pages", "dirty pages written back"},
    {"oom_kills", "count", "processes killed for want of memory"},
    {"stall_some_ns", "ns",
     "time at least one workload thread waited for memory or a refault"},
    {"stall_full_ns", "ns",
     "time all non-idle workload threads waited for memory or a refault"},
    {"first_touches", "count",
     "major faults on pages that never were in memory before"},
};

const struct schema_counter *schema_counter(size_t index)
{
    return &counters[index];
}

size_t schema_counter_count(void)
{
    return COUNT_OF(counters);
}

bool schema_counter_known(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(counters); i++) {
        if (strcmp(counters[i].name, name) == 0)
            return true;
    }
    return false;
}
