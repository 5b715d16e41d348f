/*
 * Page queues: one count for each queue, and lists only where an order is
 * needed. Zero forks are taken oldest first by the zero scanner, anonymous
 * pages are walked once, when anonymous reclaim is turned on. Their links are
 * in an array beside the descriptors, where a machine without such pages has
 * none of the host's memory. Pages in RECLAIM are linked by the policy in memory
 * of its own, so that the descriptors need not be touched by an access.
 *
 *   count[q] follows page.queue in enter() and leave(), nowhere else.
 *
 * Counting by walking was rejected: reports ask for the counts at every tick.
 */
#include "page_queues.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

static struct vm_page *page_of(const struct page_queues *pqs, page_index page)
{
    CHECK(page != PAGE_NONE);
    return &pqs->pmm->pages[page];
}

/* The list that keeps the pages of a queue in order; NULL: none does. */
static struct page_chain *chain_of(struct page_queues *pqs,
                                   enum page_queue queue)
{
    if (queue == PQ_ZERO_FORK)
        return &pqs->zero_forks;
    return queue == PQ_ANONYMOUS ? &pqs->anonymous : NULL;
}

static void chain_push(struct page_chain *chain, struct queue_link *links,
                       page_index page)
{
    links[page] = (struct queue_link){PAGE_NONE, chain->head};
    if (chain->head)
        links[chain->head].prev = page;
    else
        chain->tail = page;
    chain->head = page;
    chain->count++;
}

static void chain_unlink(struct page_chain *chain, struct queue_link *links,
                         page_index page)
{
    struct queue_link link = links[page];

    CHECK(chain->count > 0);
    if (link.prev)
        links[link.prev].next = link.next;
    else
        chain->head = link.next;
    if (link.next)
        links[link.next].prev = link.prev;
    else
        chain->tail = link.prev;
    chain->count--;
}

/* A page that the policy has just been told of: under its lasting name. */
static void tell_identity(struct page_queues *pqs, page_index page)
{
    const struct vm_page *p = page_of(pqs, page);

    if (!pqs->owner_serial)
        return;
    struct reclaim_identity identity = {
        .vmo = pqs->owner_serial(pqs->owner_context, p->owner),
        .page = bytes_to_pages(p->offset),
    };
    pqs->ops->page_identity(pqs->policy, page, identity);
}

static void enter(struct page_queues *pqs, page_index page,
                  enum page_queue queue, enum reclaim_class class_,
                  enum reclaim_added why)
{
    struct vm_page *p = page_of(pqs, page);
    struct page_chain *chain = chain_of(pqs, queue);

    p->queue = queue & 0xf;
    pqs->count[queue]++;
    if (queue == PQ_RECLAIM) {
        p->reclaim_class = class_ & 3;
        pqs->ops->page_added(pqs->policy, page, class_, why);
        if (pqs->ops->page_identity)
            tell_identity(pqs, page);
    } else if (chain) {
        chain_push(chain, pqs->links, page);
    }
}

static void leave(struct page_queues *pqs, page_index page,
                  enum reclaim_removed why)
{
    struct vm_page *p = page_of(pqs, page);
    enum page_queue queue = (enum page_queue)p->queue;
    struct page_chain *chain = chain_of(pqs, queue);

    CHECK(queue != PQ_NONE);
    CHECK(pqs->count[queue] > 0);
    p->queue = PQ_NONE;
    pqs->count[queue]--;
    if (queue == PQ_RECLAIM)
        pqs->ops->page_removed(pqs->policy, page, why);
    else if (chain)
        chain_unlink(chain, pqs->links, page);
}

/* Where a page bound for `queue` goes, now that reclaim may be wider. */
static enum page_queue widened(const struct page_queues *pqs,
                               enum page_queue queue)
{
    if (queue == PQ_ANONYMOUS && pqs->anonymous_reclaim)
        return PQ_RECLAIM;
    return queue == PQ_ZERO_FORK && pqs->zero_fork_reclaim ? PQ_RECLAIM : queue;
}

/* A page that was bound for an anonymous queue is no pager's. */
static enum reclaim_class widened_class(enum page_queue queue,
                                        enum reclaim_class class_)
{
    return queue != PQ_RECLAIM && class_ == RECLAIM_PAGER ? RECLAIM_ANONYMOUS
                                                          : class_;
}

/* Setting up. ------------------------------------------------------------- */

static void *page_memory_new(size_t entries, size_t page_bytes)
{
    return calloc(entries, page_bytes ? page_bytes : 1);
}

/* A new instance of `ops` in pqs->host; false: nothing is left behind. */
static bool start_policy(struct page_queues *pqs,
                         const struct reclaim_policy_ops *ops,
                         const union reclaim_value *values, uint64_t seed,
                         void **policy)
{
    union reclaim_value defaults[RECLAIM_MAX_PARAMS];

    if (!values) {
        const char *wrong =
            reclaim_params_parse(ops, NULL, 0, defaults, NULL, 0);
        CHECK(!wrong);
        values = defaults;
    }
    pqs->host = (struct reclaim_host){
        .page_memory =
            page_memory_new(pqs->page_memory_entries, ops->page_bytes),
        .page_bytes = ops->page_bytes,
        .memory_pages = pqs->pmm->total_pages,
        .seed = seed,
        .now = pqs->host.now,
    };
    if (!pqs->host.page_memory)
        return false;
    *policy = ops->init(&pqs->host, values);
    if (*policy)
        return true;
    free(pqs->host.page_memory);
    return false;
}

static bool ops_are_usable(const struct reclaim_policy_ops *ops)
{
    return ops->abi == RECLAIM_POLICY_ABI && ops->page_bytes <= 16;
}

enum vm_status pq_init(struct page_queues *pqs, struct pmm *pmm,
                       const struct reclaim_policy_ops *ops,
                       const union reclaim_value *values, uint64_t seed)
{
    if (!ops_are_usable(ops))
        return VM_INVALID_ARGS;
    *pqs = (struct page_queues){
        .pmm = pmm,
        .ops = ops,
        .page_memory_entries = pmm->capacity_pages + 1,
    };
    pqs->links = page_memory_new(pqs->page_memory_entries, sizeof *pqs->links);
    if (!pqs->links)
        return VM_NO_MEMORY;
    if (start_policy(pqs, ops, values, seed, &pqs->policy))
        return VM_OK;
    free(pqs->links);
    return VM_NO_MEMORY;
}

void pq_release(struct page_queues *pqs)
{
    pqs->ops->fini(pqs->policy);
    free(pqs->host.page_memory);
    free(pqs->links);
    *pqs = (struct page_queues){0};
}

enum vm_status pq_reserve(struct page_queues *pqs, uint64_t capacity_pages)
{
    size_t entries = capacity_pages + 1;

    if (entries <= pqs->page_memory_entries)
        return VM_OK;
    void *grown = page_memory_new(entries, pqs->host.page_bytes);
    struct queue_link *links = page_memory_new(entries, sizeof *links);
    if (!grown || !links) {
        free(grown);
        free(links);
        return VM_NO_MEMORY;
    }
    memcpy(grown, pqs->host.page_memory,
           pqs->page_memory_entries * pqs->host.page_bytes);
    if (pqs->zero_forks.count + pqs->anonymous.count > 0)
        memcpy(links, pqs->links, pqs->page_memory_entries * sizeof *links);
    free(pqs->host.page_memory);
    free(pqs->links);
    pqs->host.page_memory = grown;
    pqs->links = links;
    pqs->page_memory_entries = entries;
    return VM_OK;
}

enum vm_status pq_resize(struct page_queues *pqs)
{
    enum vm_status status = pq_reserve(pqs, pqs->pmm->capacity_pages);

    if (status != VM_OK)
        return status;
    pqs->host.memory_pages = pqs->pmm->total_pages;
    return pqs->ops->resize(pqs->policy, pqs->host.memory_pages) ? VM_OK
                                                                 : VM_NO_MEMORY;
}

static void announce_known_pages(struct page_queues *pqs)
{
    uint64_t left = pqs->count[PQ_RECLAIM];

    for (page_index page = 1; left > 0; page++) {
        const struct vm_page *p = page_of(pqs, page);

        if (p->queue != PQ_RECLAIM)
            continue;
        pqs->ops->page_added(pqs->policy, page,
                             (enum reclaim_class)p->reclaim_class,
                             RECLAIM_ADDED_ENABLED);
        if (pqs->ops->page_identity)
            tell_identity(pqs, page);
        left--;
    }
}

enum vm_status pq_change_policy(struct page_queues *pqs,
                                const struct reclaim_policy_ops *ops,
                                const union reclaim_value *values,
                                uint64_t seed)
{
    struct reclaim_host old_host = pqs->host;
    void *policy;

    if (!ops_are_usable(ops))
        return VM_INVALID_ARGS;
    if (!start_policy(pqs, ops, values, seed, &policy)) {
        pqs->host = old_host;
        return VM_NO_MEMORY;
    }
    struct reclaim_host new_host = pqs->host;
    pqs->host = old_host; /* the old one ends in its own surroundings */
    pqs->ops->fini(pqs->policy);
    free(old_host.page_memory);
    pqs->host = new_host;
    pqs->host.wake = true;
    pqs->ops = ops;
    pqs->policy = policy;
    announce_known_pages(pqs);
    return VM_OK;
}

/* Moving pages. ----------------------------------------------------------- */

void pq_set(struct page_queues *pqs, page_index page, uint32_t owner,
            uint64_t offset, enum page_queue queue, enum reclaim_class class_,
            enum reclaim_added why)
{
    struct vm_page *p = page_of(pqs, page);

    CHECK(p->queue == PQ_NONE);
    CHECK(owner != 0);
    p->owner = owner;
    p->offset = offset;
    enter(pqs, page, widened(pqs, queue), widened_class(queue, class_), why);
}

void pq_move(struct page_queues *pqs, page_index page, enum page_queue queue,
             enum reclaim_class class_, enum reclaim_added why,
             enum reclaim_removed removed_why)
{
    CHECK(queue != PQ_NONE);
    leave(pqs, page, removed_why);
    enter(pqs, page, widened(pqs, queue), widened_class(queue, class_), why);
}

void pq_remove(struct page_queues *pqs, page_index page,
               enum reclaim_removed why)
{
    struct vm_page *p = page_of(pqs, page);

    leave(pqs, page, why);
    p->owner = 0;
    p->offset = 0;
}

void pq_recycle(struct page_queues *pqs, page_index page, uint64_t offset)
{
    struct vm_page *p = page_of(pqs, page);

    CHECK(p->queue == PQ_RECLAIM);
    pqs->ops->page_removed(pqs->policy, page, RECLAIM_REMOVED_RECLAIMED);
    p->offset = offset;
    pqs->ops->page_added(pqs->policy, page,
                         (enum reclaim_class)p->reclaim_class,
                         RECLAIM_ADDED_NEW);
    if (pqs->ops->page_identity)
        tell_identity(pqs, page);
}

void pq_dont_need(struct page_queues *pqs, page_index page)
{
    CHECK(page_of(pqs, page)->queue == PQ_RECLAIM);
    if (pqs->ops->page_dont_need)
        pqs->ops->page_dont_need(pqs->policy, page);
}

void pq_refused(struct page_queues *pqs, page_index page,
                enum reclaim_refused why)
{
    if (page_of(pqs, page)->queue == PQ_RECLAIM)
        pqs->ops->refused(pqs->policy, page, why);
}

page_index pq_pop_zero_fork(struct page_queues *pqs)
{
    page_index page = pqs->zero_forks.tail;

    if (page == PAGE_NONE)
        return PAGE_NONE;
    /* In the kernel of 2023 it is ANONYMOUS even where anonymous pages are
     * reclaimable: a page that has had its chance is never compressed
     * (PageQueues::PopAnonymousZeroFork). */
    enum page_queue queue = pqs->host.manner.retries_zero_forks
                                ? widened(pqs, PQ_ANONYMOUS)
                                : PQ_ANONYMOUS;
    leave(pqs, page, RECLAIM_REMOVED_FREED);
    enter(pqs, page, queue, RECLAIM_ANONYMOUS, RECLAIM_ADDED_NEW);
    return page;
}

void pq_compression_failed(struct page_queues *pqs, page_index page)
{
    if (page_of(pqs, page)->queue != PQ_RECLAIM)
        return;
    leave(pqs, page, RECLAIM_REMOVED_FAILED);
    enter(pqs, page, PQ_FAILED_RECLAIM, RECLAIM_ANONYMOUS, RECLAIM_ADDED_NEW);
}

static void move_all_to_policy(struct page_queues *pqs,
                               const struct page_chain *chain)
{
    while (chain->head) {
        page_index page = chain->head;

        leave(pqs, page, RECLAIM_REMOVED_FREED);
        enter(pqs, page, PQ_RECLAIM, RECLAIM_ANONYMOUS, RECLAIM_ADDED_ENABLED);
    }
}

void pq_enable_anonymous_reclaim(struct page_queues *pqs, bool zero_forks)
{
    pqs->anonymous_reclaim = true;
    move_all_to_policy(pqs, &pqs->anonymous);
    if (!zero_forks)
        return;
    pqs->zero_fork_reclaim = true;
    move_all_to_policy(pqs, &pqs->zero_forks);
}

/* Looking. ---------------------------------------------------------------- */

static bool chain_is_intact(const struct page_queues *pqs,
                            const struct page_chain *chain,
                            enum page_queue queue)
{
    const struct vm_page *pages = pqs->pmm->pages;
    page_index before = PAGE_NONE;
    uint64_t walked = 0;

    for (page_index page = chain->head; page; page = pqs->links[page].next) {
        if (pages[page].queue != queue || pqs->links[page].prev != before)
            return false;
        before = page;
        walked++;
        if (walked > chain->count)
            return false;
    }
    return chain->tail == before && walked == chain->count &&
           walked == pqs->count[queue];
}

static const char *policy_agrees(const struct page_queues *pqs)
{
    struct reclaim_list lists[RECLAIM_MAX_LISTS];
    unsigned list_count = pqs->ops->lists(pqs->policy, lists);
    uint64_t listed = 0;

    for (unsigned i = 0; i < list_count; i++)
        listed += lists[i].pages;
    if (listed != pqs->count[PQ_RECLAIM])
        return "the policy's lists add up to the RECLAIM count";
    return pqs->ops->valid(pqs->policy);
}

const char *pq_valid(const struct page_queues *pqs)
{
    uint64_t seen[PQ_COUNT] = {0};

    if (pqs->page_memory_entries <= pqs->pmm->capacity_pages)
        return "every page has its page memory";
    for (page_index page = 1; page <= pqs->pmm->capacity_pages; page++) {
        const struct vm_page *p = &pqs->pmm->pages[page];

        if (p->queue >= PQ_COUNT)
            return "page.queue is a queue";
        if ((p->queue == PQ_NONE) != (p->owner == 0))
            return "a page has an owner exactly while it is queued";
        seen[p->queue]++;
    }
    for (int queue = PQ_NONE + 1; queue < PQ_COUNT; queue++)
        if (seen[queue] != pqs->count[queue])
            return "count = number of pages with that queue";
    if (!chain_is_intact(pqs, &pqs->zero_forks, PQ_ZERO_FORK))
        return "every zero fork is linked once";
    if (!chain_is_intact(pqs, &pqs->anonymous, PQ_ANONYMOUS))
        return "every anonymous page is linked once";
    return policy_agrees(pqs);
}

const char *pq_queue_name(enum page_queue queue)
{
    static const char *const names[PQ_COUNT] = {
        [PQ_NONE] = "none",
        [PQ_ANONYMOUS] = "anonymous",
        [PQ_WIRED] = "wired",
        [PQ_HIGH_PRIORITY] = "high_priority",
        [PQ_ZERO_FORK] = "zero_fork",
        [PQ_PAGER_DIRTY] = "pager_dirty",
        [PQ_FAILED_RECLAIM] = "failed_reclaim",
        [PQ_RECLAIM] = "reclaim",
    };

    CHECK(queue < PQ_COUNT);
    return names[queue];
}
