/*
 * The machine of a replay: one pager-backed VMO, one mapping over all of it,
 * memory of N pages, and a policy that sees every access.
 *
 *   access --- entry present ---> one indirect call to the policy, done
 *      |
 *      +--- miss: refault?  -> policy's refault()
 *                 memory    -> vm_cow_supply_one
 *                 no memory -> victim, vm_cow_recycle_page
 *                 then      -> entry
 *
 * It is the real core, without what belongs to pressure: no watermarks, no
 * pager latency, no compression. Accesses are reads: a page that was written
 * would be dirty, and nobody writes back here.
 */
#ifndef LOWTIDE_REPLAY_VMO_H
#define LOWTIDE_REPLAY_VMO_H

#include "check.h"
#include "vmo.h"

enum { REPLAY_AHEAD = 8 }; /* a power of two */

struct replay_vmo {
    struct vm_machine machine;
    struct vmo *vmo;
    struct vm_mapping *mapping; /* grows with the highest page met */
    sim_ns next_age;

    /* victims to come, as far as the policy can guess: replay_vmo.c */
    page_index ahead[REPLAY_AHEAD]; /* a ring */
    unsigned ahead_in;              /* where the next guess is put */
    unsigned ahead_out;             /* the next to go; equal: no guesses */

    /* totals */
    uint64_t misses;
    uint64_t first_touches; /* misses on pages never there before */
};

/*
 * `values` as for pq_init(). `vmo_pages`: the VMO's size; 0: as large as page
 * numbers go. VM_NO_MEMORY, VM_INVALID_ARGS (memory_pages 0 or too large);
 * nothing is held then.
 */
enum vm_status replay_vmo_init(struct replay_vmo *replay, uint64_t memory_pages,
                               uint64_t vmo_pages,
                               const struct reclaim_policy_ops *policy,
                               const union reclaim_value *values,
                               uint64_t seed);
void replay_vmo_release(struct replay_vmo *replay);

/*
 * Bring in a page that has no entry. VM_NO_MEMORY: the host has none;
 * VM_BAD_STATE: the policy names no victim.
 */
enum vm_status replay_vmo_miss(struct replay_vmo *replay, uint64_t page);

/* Make the mapping reach past `page`, which is within the VMO. */
enum vm_status replay_vmo_grow(struct replay_vmo *replay, uint64_t page);

/* The clock moves on; the policy's timers that are due run. */
void replay_vmo_set_time(struct replay_vmo *replay, sim_ns now);

/*
 * One access; `page` is within the mapping. Statuses as for a miss.
 *
 * A page with an entry is clean and unpinned here, so the policy holds it, and
 * is called without a look at the descriptor: one cache line less a hit.
 */
static inline enum vm_status replay_vmo_access(struct replay_vmo *replay,
                                               uint64_t page)
{
    if (!mapping_access(replay->mapping, page, false))
        return replay_vmo_miss(replay, page);
    const struct page_queues *pqs = &replay->machine.pqs;
    page_index target = mapping_page(replay->mapping, page);
    SLOW_CHECK(pqs->pmm->pages[target].queue == PQ_RECLAIM);
    if (pqs->ops->page_accessed)
        pqs->ops->page_accessed(pqs->policy, target, RECLAIM_ACCESSED_DIRECT);
    return VM_OK;
}

/* An access to `page` comes soon: fetch its entry ... */
static inline void replay_vmo_prefetch_entry(const struct replay_vmo *replay,
                                             uint64_t page)
{
    __builtin_prefetch(&replay->mapping->entries[page]);
}

/* ... then the policy's memory for the page (of some page, if there is no
 * entry). Returns whether there is one ... */
static inline bool replay_vmo_lead(const struct replay_vmo *replay,
                                   uint64_t page)
{
    const struct page_queues *pqs = &replay->machine.pqs;
    mapping_entry entry = replay->mapping->entries[page];
    __builtin_prefetch((const char *)pqs->host.page_memory +
                           (size_t)(entry >> MAPPING_PAGE_SHIFT) *
                               pqs->host.page_bytes,
                       1);
    return entry & MAPPING_PRESENT;
}

/* ... and where there is none, the slot that the page goes to. */
static inline void replay_vmo_lead_absent(const struct replay_vmo *replay,
                                          uint64_t page)
{
    vm_cow_prefetch(vmo_cow(replay->vmo), pages_to_bytes(page), false);
}

#endif
