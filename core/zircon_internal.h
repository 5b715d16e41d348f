/*
 * The inside of Zircon's generations, shared by the files that make them up:
 *
 *   zircon_lru.c     lists, lazy correction, which page goes next
 *   zircon_aging.c   counts, the active ratio, when a generation begins
 *   zircon_policy.c  the ops table: pages come, are accessed, go
 */
#ifndef VMCOW_ZIRCON_INTERNAL_H
#define VMCOW_ZIRCON_INTERNAL_H

#include "check.h"
#include "zircon_policy.h"

enum {
    QUEUE_UNKNOWN = 0,
    QUEUE_DONT_NEED = 7,
    QUEUE_FIRST_GENERATION = 8,
    QUEUE_COUNT = QUEUE_FIRST_GENERATION + ZIRCON_GENERATIONS,

    ACTIVE_AGES = 2,
    OLDEST_AGE = 6,
    MAX_SPREAD = ZIRCON_GENERATIONS - 1 /* of mru_gen over lru_gen */
};

enum lru_order { LRU_ORDER_A, LRU_ORDER_B };

/*
 * Eight bytes a page. A link is a page, or where a list ends, which list that
 * is: only there does an unlinked page have to know.
 *
 *   [END | list] <- head <-> [ ] <-> ... <-> tail -> [END | list]
 */
enum { LINK_END = PAGE_INDEX_MAX + 1 };

struct zircon_page {
    uint64_t prev : 30;
    uint64_t next : 30;
    uint64_t queue : 4; /* where it belongs; QUEUE_UNKNOWN: not ours */
};
static_assert(sizeof(struct zircon_page) == 8, "eight bytes a page");
static_assert(QUEUE_COUNT <= 16, "a queue has four bits");

/* What a page is offered for. */
struct zircon_offer {
    uint32_t next : 29;
    uint32_t what : 2;      /* enum reclaim_offer */
    uint32_t is_linked : 1; /* offered or not any more */
};

struct zircon_list {
    page_index head; /* newest */
    page_index tail;
};

struct zircon {
    struct reclaim_host *host;

    /* parameters */
    sim_ns min_aging;
    sim_ns max_aging;
    uint64_t multiplier;
    bool offers_aged_out;
    bool offers_accessed;
    enum lru_order lru_order;

    uint64_t lru_gen;
    uint64_t mru_gen;
    struct zircon_list list[QUEUE_COUNT];
    uint64_t count[QUEUE_COUNT]; /* by zircon_page.queue */
    uint64_t active;
    uint64_t inactive;

    /* an accessed scan is running: what queries see meanwhile */
    bool is_scanning;
    uint64_t frozen_active;
    uint64_t frozen_inactive;
    sim_ns scan_began;
    bool was_ratio_at_scan;

    /* ageing */
    sim_ns last_age;
    enum zircon_age_reason last_reason;
    bool is_ratio_true;
    sim_ns ratio_since;     /* when that became so */
    bool is_signal_kept;    /* became so while the ageing thread slept */
    uint64_t signals_heard; /* became so while it waited */

    /* pages that processing offers for something, in its order */
    struct zircon_list offer_list;
    struct zircon_offer *offers; /* by page, owned; NULL: none is wanted */
    uint64_t offer_room;         /* entries */

    /* totals */
    uint64_t reason_before_min_timeout;
    uint64_t spurious_wakeup;
    uint64_t timeout_with_reason;
    uint64_t blocked_on_lru;
    uint64_t lru_spurious_wakeup;
    uint64_t reasons[ZIRCON_AGE_MANUAL + 1];
};

static inline struct zircon_page *page_of(const struct zircon *z,
                                          page_index page)
{
    return (struct zircon_page *)z->host->page_memory + page;
}

/* The page that a link leads to; PAGE_NONE at the end of a list. */
static inline page_index page_linked(uint64_t link)
{
    return link & LINK_END ? PAGE_NONE : (page_index)link;
}

static inline uint8_t queue_of_generation(uint64_t generation)
{
    return (uint8_t)(QUEUE_FIRST_GENERATION + generation % ZIRCON_GENERATIONS);
}

/* Age of a generation's queue: 0 for the newest. */
static inline unsigned age_of(const struct zircon *z, unsigned queue)
{
    return (unsigned)(z->mru_gen - queue) % ZIRCON_GENERATIONS;
}

static inline bool is_active(const struct zircon *z, unsigned queue)
{
    return queue != QUEUE_DONT_NEED && age_of(z, queue) < ACTIVE_AGES;
}

/* Are all generations in use, so that none can begin? */
static inline bool is_full(const struct zircon *z)
{
    return z->mru_gen - z->lru_gen == MAX_SPREAD;
}

/* zircon_lru.c: lists. --------------------------------------------------- */

void zircon_unlink(struct zircon *z, page_index page);
/* The page, on no list, becomes the newest of one. */
void zircon_push_head(struct zircon *z, page_index page, uint8_t list);
/* Put the page at the head of the list that it belongs to. */
void zircon_correct(struct zircon *z, page_index page);

/*
 * Find the page to reclaim next, in generations before `target`. Lists found
 * empty are given up, so this makes room for ageing. PAGE_NONE: there is none.
 */
page_index zircon_peek(struct zircon *z, uint64_t target);

/* A guess at the victim after `page`: see reclaim_policy.h. */
page_index zircon_likely_victim(const void *self, page_index page);

/* The kernel's LRU thread is woken: with all generations in use, the oldest is
 * emptied into the next. */
void zircon_wake_lru(struct zircon *z);

/* Make pages up to `page` fit to be offered; false: no memory. */
bool zircon_make_offer_room(struct zircon *z, uint64_t page);
page_index zircon_pop_offer(void *self, enum reclaim_offer offer);
/* The page, which goes, is not offered any more. */
void zircon_cancel_offer(struct zircon *z, page_index page);

/* zircon_aging.c: counts and generations. --------------------------------- */

void zircon_count_in(struct zircon *z, unsigned queue);
void zircon_count_out(struct zircon *z, unsigned queue);
static inline void zircon_change_queue(struct zircon *z, struct zircon_page *p,
                                       uint8_t to)
{
    zircon_count_out(z, p->queue);
    p->queue = to & 0xfu;
    zircon_count_in(z, to);
}

/* The totals have changed: is it time to age because too much is active? */
void zircon_check_ratio(struct zircon *z);

void zircon_rotate(void *self, sim_ns now);
void zircon_age(void *self, sim_ns now);
sim_ns zircon_next_age(void *self, sim_ns now);

#endif
