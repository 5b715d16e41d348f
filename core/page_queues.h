/*
 * Page queues: every page that an object owns is in exactly one.
 *
 *                      set                       remove
 *   (NONE) ---> ANONYMOUS  WIRED  HIGH_PRIORITY  ZERO_FORK ---> (NONE)
 *               PAGER_DIRTY  FAILED_RECLAIM  RECLAIM
 *                      \____________ move ___________/
 *
 * The first six are counted here (and ZERO_FORK is kept in order, for the
 * scanner); pages in RECLAIM belong to the reclaim policy, which orders them
 * as it likes. The names and their order are Zircon's (PageQueues), where
 * RECLAIM stands for its DontNeed queue and its eight generations.
 *
 * Invariants (pq_valid):
 *   1. count[q] = number of pages whose `queue` is q;
 *   2. a queued page has an owner, a page in NONE has none;
 *   3. the policy's lists add up to count[RECLAIM];
 *   4. every page that the pmm may hand out has its page memory.
 */
#ifndef VMCOW_PAGE_QUEUES_H
#define VMCOW_PAGE_QUEUES_H

#include "check.h"
#include "pmm.h"
#include "reclaim_policy.h"

/* What may be done to a page of an object. */
enum page_queue {
    PQ_NONE,
    PQ_ANONYMOUS,      /* not reclaimable (yet) */
    PQ_WIRED,          /* pinned, or of a contiguous object */
    PQ_HIGH_PRIORITY,  /* kept from reclaim by who uses the object */
    PQ_ZERO_FORK,      /* made of zeros by an access: may still be zero */
    PQ_PAGER_DIRTY,    /* to be written back first */
    PQ_FAILED_RECLAIM, /* does not compress */
    PQ_RECLAIM,        /* the policy's */
    PQ_COUNT
};

/* Neighbours in one of the two queues that are kept in order. */
struct queue_link {
    page_index prev;
    page_index next;
};

/* Written here alone, but for what says otherwise. */
struct page_queues {
    struct pmm *pmm; /* borrowed: the descriptors */
    uint64_t count[PQ_COUNT];

    /* newest at the head; linked through `links` */
    struct page_chain zero_forks;
    struct page_chain anonymous; /* ordered, for turning reclaim on */
    struct queue_link *links;    /* owned; one for each page, not resident
                                    before a page is in either of them */

    const struct reclaim_policy_ops *ops; /* borrowed */
    void *policy;                         /* owned instance */
    struct reclaim_host host;             /* its address must not change */
    size_t page_memory_entries; /* of host.page_memory, and of `links` */

    /* an owner's number that is never used again, for policies that remember
     * pages by name (page_identity); the machine sets both. NULL: no names */
    uint64_t (*owner_serial)(const void *context, uint32_t owner);
    const void *owner_context; /* borrowed */

    bool anonymous_reclaim; /* anonymous pages go to RECLAIM */
    bool zero_fork_reclaim; /* so do zero forks */
};

/*
 * Empty queues over `pmm` (borrowed) with a policy, whose table is borrowed and
 * whose instance is owned. `values` as for the policy's init; NULL: its defaults.
 * VM_OK, VM_NO_MEMORY, VM_INVALID_ARGS (wrong abi).
 */
enum vm_status pq_init(struct page_queues *pqs, struct pmm *pmm,
                       const struct reclaim_policy_ops *ops,
                       const union reclaim_value *values, uint64_t seed);
/* Gives page memory and policy back, whatever is queued. */
void pq_release(struct page_queues *pqs);

/* Page memory for a pmm of so many pages, ahead of its growing. VM_OK;
 * VM_NO_MEMORY: nothing has changed. */
enum vm_status pq_reserve(struct page_queues *pqs, uint64_t capacity_pages);
/* The pmm was resized: page memory grows along and the policy is told. VM_OK or
 * VM_NO_MEMORY. */
enum vm_status pq_resize(struct page_queues *pqs);

/* Put another policy in place; it is told of every reclaimable page, in
 * ascending page order. VM_OK; VM_NO_MEMORY, VM_INVALID_ARGS (wrong abi): the old
 * one stays. */
enum vm_status pq_change_policy(struct page_queues *pqs,
                                const struct reclaim_policy_ops *ops,
                                const union reclaim_value *values,
                                uint64_t seed);

/* Parse `name=value` texts against a policy's table into `values` (room for
 * RECLAIM_MAX_PARAMS); those not named get their defaults. Returns NULL, or a
 * message (static or in `buffer`). */
const char *reclaim_params_parse(const struct reclaim_policy_ops *ops,
                                 const char *const *texts, size_t count,
                                 union reclaim_value *values, char *buffer,
                                 size_t buffer_bytes);

/*
 * The page, in no queue, becomes owner's at `offset` (bytes, aligned) and enters
 * `queue`. `owner` is the handle of a node, not 0.
 * `class_` and `why` reach the policy when `queue` is RECLAIM.
 *
 * Here and in pq_move() ANONYMOUS means RECLAIM once anonymous reclaim is on,
 * and so does ZERO_FORK if that covers zero forks.
 */
void pq_set(struct page_queues *pqs, page_index page, uint32_t owner,
            uint64_t offset, enum page_queue queue, enum reclaim_class class_,
            enum reclaim_added why);
/* The page, in a queue, moves to another one as its newest (also to the same). */
void pq_move(struct page_queues *pqs, page_index page, enum page_queue queue,
             enum reclaim_class class_, enum reclaim_added why,
             enum reclaim_removed removed_why);
/* The page leaves its queue and loses its backlink. */
void pq_remove(struct page_queues *pqs, page_index page,
               enum reclaim_removed why);
/*
 * The page, in RECLAIM, was reclaimed from where it is, and has come back with
 * other content at `offset` of the same owner: a removal and an arrival to the
 * policy, nothing to the counts.
 */
void pq_recycle(struct page_queues *pqs, page_index page, uint64_t offset);
/* A queued page changes hands; queue and age stay. */
static inline void pq_change_owner(struct page_queues *pqs, page_index page,
                                   uint32_t owner, uint64_t offset)
{
    pqs->pmm->pages[page].owner = owner;
    pqs->pmm->pages[page].offset = offset;
}

/* Tell the policy of an access; nothing for pages that it does not hold. */
static inline void pq_mark_accessed(struct page_queues *pqs, page_index page,
                                    enum reclaim_accessed how)
{
    if (pqs->pmm->pages[page].queue == PQ_RECLAIM && pqs->ops->page_accessed)
        pqs->ops->page_accessed(pqs->policy, page, how);
}

/* Hint: the page, in RECLAIM, is not needed. */
void pq_dont_need(struct page_queues *pqs, page_index page);

/* The policy's next victim, PAGE_NONE if it has none. */
static inline page_index pq_victim(struct page_queues *pqs,
                                   enum reclaim_level level)
{
    page_index page = pqs->ops->victim(pqs->policy, level);
    CHECK(page == PAGE_NONE || pqs->pmm->pages[page].queue == PQ_RECLAIM);
    return page;
}

/* The core refused a victim. */
void pq_refused(struct page_queues *pqs, page_index page,
                enum reclaim_refused why);

/* The oldest zero fork, moved to ANONYMOUS (or where such pages belong, if the
 * policy's manner says so); PAGE_NONE when there is none. */
page_index pq_pop_zero_fork(struct page_queues *pqs);

/* Compression of a page failed: it goes to FAILED_RECLAIM if it is in RECLAIM. */
void pq_compression_failed(struct page_queues *pqs, page_index page);

/*
 * Anonymous pages (and zero forks, if asked) become reclaimable from now on;
 * those queued move to the policy, oldest last. Cannot be undone.
 */
void pq_enable_anonymous_reclaim(struct page_queues *pqs, bool zero_forks);

/* The clock moves on; `now` is not before the last call's. */
static inline void pq_set_time(struct page_queues *pqs, sim_ns now)
{
    pqs->host.now = now;
}

/* Returns the first broken invariant, NULL if none; walks everything. */
const char *pq_valid(const struct page_queues *pqs);

/* The scenario language's name of a queue ("zero_fork"). */
const char *pq_queue_name(enum page_queue queue);

#endif
