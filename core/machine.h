/*
 * The machine: what all objects share. Physical memory, page queues, the
 * compressor, the board of page requests, the discardable lists, and the
 * table of cow pages, which descriptors name by a 32-bit handle.
 *
 * Nothing in the core is global; two machines can live in one process. Time
 * is an argument: vm_machine_set_time() before the calls that happen then.
 */
#ifndef VMCOW_MACHINE_H
#define VMCOW_MACHINE_H

#include "compressor.h"
#include "discardable.h"
#include "page_queues.h"
#include "page_source.h"

struct vm_cow_pages;

/* Totals, always current; the engine charges time by their differences. */
struct vm_machine_stats {
    uint64_t object_pages;    /* pages owned by page lists */
    uint64_t reference_count; /* compressed references in page lists */
    uint64_t copied_pages;    /* copy-on-write copies */
    uint64_t migrated_pages;  /* forks that could move the page instead */
    uint64_t zeroed_pages;    /* zero pages made for a write or commit */
    uint64_t decompressed_pages;
    uint64_t decompressed_distance; /* sum of their refault distances */
    uint64_t caught_pages;  /* copied back while they were being compressed */
    uint64_t evicted_pages; /* by vm_cow_reclaim_page and friends */
    uint64_t compressed_pages; /* reclaimed by compression, zeros included */
    uint64_t discarded_pages;
    uint64_t deduped_pages;
    uint64_t no_strategy; /* victims that nothing can reclaim */
    uint64_t supplied_pages;
    uint64_t read_requests;
    uint64_t dirty_requests;
    uint64_t physical_requests; /* to give lent pages back */
    uint64_t physical_failures; /* of these, those that failed */
};

/* What a machine is made of; borrowed for the call, the policy for its life. */
struct vm_machine_config {
    uint64_t memory_pages; /* 1 .. PAGE_INDEX_MAX */
    const struct reclaim_policy_ops *policy;
    const union reclaim_value *policy_values; /* NULL: defaults */
    uint64_t seed;                            /* for the policy's own draws */
    bool compression;                         /* a compressor exists */
    struct compressor_config compressor;
};

/* Its address must not change while there is anything in it. Parts are read
 * freely; what may be written from outside is said. */
struct vm_machine {
    struct pmm pmm;
    struct page_queues pqs;
    struct page_request_board board;
    struct compressor *compressor; /* NULL: no compression */
    struct discardable_lists discardables;
    sim_ns now;

    /* switches; the engine sets them */
    bool loaning; /* decommit of contiguous objects lends */
    bool borrow_on_supply;
    bool borrow_on_access; /* accessed pages move to loaned ones */
    bool replace_on_unloan;
    bool narrow_range_changes; /* as from 2024: cow_range_change.c */
    bool keeps_distances;      /* of refaults; costs 4 bytes a page taken */

    struct vm_machine_stats stats;

    /* cow_tree.c: nodes by handle; slot 0 stays empty */
    struct vm_cow_pages **cows;
    uint32_t cow_capacity;
    uint32_t cow_count;   /* alive nodes */
    uint32_t free_handle; /* head of the free handles, 0: none */
    uint64_t next_serial;

    /* test hook: runs between a compression and the look at its slot */
    void (*compress_hook)(struct vm_machine *machine, void *context);
    void *compress_context;
};

/* VM_OK; VM_NO_MEMORY, VM_INVALID_ARGS (too large, or the policy's abi is
 * another): nothing is left behind then. */
enum vm_status vm_machine_init(struct vm_machine *machine,
                               const struct vm_machine_config *config);
/* Gives everything back. All objects are gone before. */
void vm_machine_release(struct vm_machine *machine);

/* The clock moves on to `now`, not before the last call's. */
static inline void vm_machine_set_time(struct vm_machine *machine, sim_ns now)
{
    machine->now = now;
    pq_set_time(&machine->pqs, now);
}

/* Pages taken by reclaim so far, by whatever means: the clock that refault
 * distances are told by. */
static inline uint64_t vm_machine_reclaimed(const struct vm_machine *machine)
{
    return machine->stats.evicted_pages + machine->stats.compressed_pages +
           machine->stats.discarded_pages;
}

/* Change the budget: see pmm_resize(). VM_OK; VM_NO_MEMORY, VM_INVALID_ARGS (too
 * large): nothing has changed. */
enum vm_status vm_machine_resize(struct vm_machine *machine,
                                 uint64_t memory_pages);

/* The page's descriptor, borrowed until the budget grows. */
static inline struct vm_page *vm_page_of(struct vm_machine *machine,
                                         page_index page)
{
    return &machine->pmm.pages[page];
}

/* Put another policy in place, and do as it says: see pq_change_policy(). */
enum vm_status vm_machine_change_policy(struct vm_machine *machine,
                                        const struct reclaim_policy_ops *ops,
                                        const union reclaim_value *values,
                                        uint64_t seed);

/* The node a queued page belongs to, borrowed. */
static inline struct vm_cow_pages *
vm_page_owner(const struct vm_machine *machine, page_index page)
{
    return machine->cows[machine->pmm.pages[page].owner];
}

/*
 * Prove every invariant from scratch: physical memory, queues, sources,
 * compressed store, every tree of cow pages, and conservation across them.
 * Returns the first broken rule, NULL if none.
 */
const char *vm_machine_valid(const struct vm_machine *machine);

#endif
