/*
 * LIRS: pages whose last two accesses were close together stay (LIR, low
 * inter-reference recency); the others (HIR) pass through a small queue. Jiang,
 * Zhang, "LIRS: an efficient low inter-reference recency set replacement policy"
 * (SIGMETRICS 2002), with 1% of the memory for resident HIR pages.
 *
 *   [LIR, by last access] ---- least recent, when there are too many ----+
 *        ^                                                               |
 *        | accessed while in the stack                                   v
 *   new -+-> [HIR, fifo; accessed outside of the stack: newest] <--------+
 *                                     | oldest
 *                                     v
 *                                   victim; a ghost if it is in the stack
 *
 * The paper's stack holds all pages accessed since the least recently accessed
 * LIR page was, resident or not. So a page is in the stack if its last access is
 * later than that page's, and no stack has to be kept or pruned: one list of
 * LIR pages and the time of each page's last access say the same in constant
 * time.
 *
 * Where this differs: ghosts are limited (`ghosts`, as many as the memory has
 * pages), the oldest reclaimed is forgotten first; the paper's stack has no
 * limit. Memory
 * that is free while there are too few LIR pages makes a new page LIR, as the
 * paper does when it starts. Times are kept for page indexes up to the memory;
 * a page past that (memory has shrunk) is never in the stack.
 */
#include <stdlib.h>
#include <string.h>

#include "ghost_list.h"
#include "page_lists.h"
#include "policies.h"

enum { PARAM_HIR, PARAM_GHOSTS };
enum { LIR, HIR, LISTS };
enum { GHOSTS = 1 }; /* notes: the last access */
enum { NEVER = 0 };  /* a time: not in the stack */

struct lirs {
    struct reclaim_host *host;
    struct page_list_ends list[LISTS];
    struct ghost_table ghosts;
    uint64_t *times; /* of last accesses, by page index */
    uint64_t time_count;
    uint64_t clock; /* accesses so far */
    uint64_t lir_share;
    uint64_t ghost_room;
    double hir_part, ghost_part;
};

/* Life. ------------------------------------------------------------------- */

static uint64_t ghost_room(const struct lirs *lirs, uint64_t memory_pages)
{
    return (uint64_t)((double)memory_pages * lirs->ghost_part);
}

static void set_shares(struct lirs *lirs, uint64_t memory_pages)
{
    uint64_t hir = (uint64_t)((double)memory_pages * lirs->hir_part);

    hir = hir ? hir : 1;
    lirs->lir_share = memory_pages > hir ? memory_pages - hir : 0;
    lirs->ghost_room = ghost_room(lirs, memory_pages);
}

static bool make_times(struct lirs *lirs, uint64_t memory_pages)
{
    if (memory_pages < lirs->time_count)
        return true;
    uint64_t *grown = calloc(memory_pages + 1, sizeof *grown);

    if (!grown)
        return false;
    if (lirs->times)
        memcpy(grown, lirs->times, lirs->time_count * sizeof *grown);
    free(lirs->times);
    lirs->times = grown;
    lirs->time_count = memory_pages + 1;
    return true;
}

static bool lirs_resize(void *self, uint64_t memory_pages)
{
    struct lirs *lirs = self;

    if (!make_times(lirs, memory_pages) ||
        !ghost_table_resize(&lirs->ghosts, ghost_room(lirs, memory_pages)))
        return false;
    set_shares(lirs, memory_pages);
    return true;
}

static void lirs_fini(void *self)
{
    struct lirs *lirs = self;

    ghost_table_release(&lirs->ghosts);
    free(lirs->times);
    free(lirs);
}

static void *lirs_init(struct reclaim_host *host,
                       const union reclaim_value *values)
{
    struct lirs *lirs = calloc(1, sizeof *lirs);

    if (!lirs)
        return NULL;
    lirs->host = host;
    page_lists_init(lirs->list, LISTS);
    lirs->hir_part = values[PARAM_HIR].real;
    lirs->ghost_part = values[PARAM_GHOSTS].real;
    set_shares(lirs, host->memory_pages);
    if (make_times(lirs, host->memory_pages) &&
        ghost_table_init(&lirs->ghosts, lirs->ghost_room))
        return lirs;
    free(lirs->times);
    free(lirs);
    return NULL;
}

/* The stack. -------------------------------------------------------------- */

static uint64_t time_of(const struct lirs *lirs, page_index page)
{
    return page < lirs->time_count ? lirs->times[page] : NEVER;
}

static void set_time(const struct lirs *lirs, page_index page, uint64_t time)
{
    if (page < lirs->time_count)
        lirs->times[page] = time;
}

static bool is_in_stack(const struct lirs *lirs, uint64_t time)
{
    const page_index bottom = lirs->list[LIR].tail;

    return bottom && time > time_of(lirs, bottom);
}

/* Lists. ------------------------------------------------------------------ */

static unsigned list_of(const struct lirs *lirs, page_index page)
{
    return page_lists_index(page_links_of(lirs->host), page);
}

static void move(struct lirs *lirs, page_index page, unsigned to)
{
    page_lists_move_to_head(page_links_of(lirs->host), lirs->list, page, to);
}

/* The page, accessed now, becomes LIR; others make way for it. */
static void make_lir(struct lirs *lirs, page_index page)
{
    move(lirs, page, LIR);
    while (lirs->list[LIR].count > lirs->lir_share)
        move(lirs, lirs->list[LIR].tail, HIR);
}

/* Pages. ------------------------------------------------------------------ */

static void lirs_page_added(void *self, page_index page,
                            enum reclaim_class class_, enum reclaim_added why)
{
    struct lirs *lirs = self;
    const bool is_lir = lirs->list[LIR].count < lirs->lir_share;

    (void)class_;
    (void)why;
    named_page_at(lirs->host, page)->name = 0;
    page_links_push_head(page_links_of(lirs->host),
                         &lirs->list[is_lir ? LIR : HIR], page);
    set_time(lirs, page, ++lirs->clock);
}

static void lirs_page_identity(void *self, page_index page,
                               struct reclaim_identity identity)
{
    struct lirs *lirs = self;
    const ghost_name name = ghost_name_of(identity);
    uint64_t last_access;

    named_page_at(lirs->host, page)->name = name;
    if (ghost_return(&lirs->ghosts, name, &last_access) != GHOST_UNKNOWN &&
        is_in_stack(lirs, last_access))
        make_lir(lirs, page);
}

static void lirs_refault(void *self, struct reclaim_identity identity)
{
    struct lirs *lirs = self;

    ghost_recall(&lirs->ghosts, ghost_name_of(identity));
}

static void lirs_page_removed(void *self, page_index page,
                              enum reclaim_removed why)
{
    struct lirs *lirs = self;

    if (why == RECLAIM_REMOVED_RECLAIMED &&
        is_in_stack(lirs, time_of(lirs, page)))
        ghost_add(&lirs->ghosts, GHOSTS, lirs->ghost_room,
                  named_page_at(lirs->host, page)->name, time_of(lirs, page));
    page_lists_remove(page_links_of(lirs->host), lirs->list, page);
}

static void lirs_page_accessed(void *self, page_index page,
                               enum reclaim_accessed how)
{
    struct lirs *lirs = self;
    const bool was_in_stack = is_in_stack(lirs, time_of(lirs, page));
    const unsigned list = list_of(lirs, page);

    (void)how;
    set_time(lirs, page, ++lirs->clock);
    if (list == HIR && was_in_stack)
        make_lir(lirs, page);
    else
        move(lirs, page, list);
}

/* The oldest HIR page, out of the stack. */
static void lirs_page_dont_need(void *self, page_index page)
{
    struct lirs *lirs = self;

    page_lists_move_to_tail(page_links_of(lirs->host), lirs->list, page, HIR);
    set_time(lirs, page, NEVER);
}

static page_index lirs_victim(void *self, enum reclaim_level level)
{
    const struct lirs *lirs = self;
    const page_index page = lirs->list[HIR].tail;

    (void)level;
    return page ? page : lirs->list[LIR].tail;
}

static page_index lirs_likely_victim(const void *self, page_index page)
{
    const struct lirs *lirs = self;

    return page_links_towards_head(page_links_of(lirs->host), &lirs->list[HIR],
                                   page);
}

/* LIR, as if accessed twice. */
static void lirs_refused(void *self, page_index page, enum reclaim_refused why)
{
    struct lirs *lirs = self;

    (void)why;
    set_time(lirs, page, ++lirs->clock);
    make_lir(lirs, page);
}

/* Looking. ---------------------------------------------------------------- */

static unsigned lirs_lists(void *self, struct reclaim_list *out)
{
    static const char *const names[LISTS] = {"lir", "hir"};
    const struct lirs *lirs = self;

    return page_lists_show(lirs->list, names, LISTS, out);
}

static struct reclaim_place lirs_place(void *self, page_index page)
{
    const unsigned list = list_of(self, page);

    return (struct reclaim_place){list, list == LIR};
}

static void lirs_activity(void *self, uint64_t *active, uint64_t *inactive)
{
    const struct lirs *lirs = self;

    *active = lirs->list[LIR].count;
    *inactive = lirs->list[HIR].count;
}

static const char *lirs_valid(void *self)
{
    const struct lirs *lirs = self;
    struct page_links links = page_links_of(lirs->host);
    const char *broken = page_lists_valid(links, lirs->list, LISTS);
    uint64_t newer = UINT64_MAX;

    if (!broken)
        broken = ghost_table_valid(&lirs->ghosts);
    for (page_index page = lirs->list[LIR].head; page && !broken;
         page = page_link_at(links, page)->next) {
        if (page >= lirs->time_count)
            continue;
        if (time_of(lirs, page) >= newer)
            broken = "LIR pages stand in the order of their last accesses";
        newer = time_of(lirs, page);
    }
    return broken;
}

static const struct reclaim_param lirs_params[] = {
    [PARAM_HIR] = {.name = "hir",
                   .kind = RECLAIM_PARAM_REAL,
                   .default_text = "0.01",
                   .maximum = 1,
                   .help = "share of the memory for HIR pages"},
    [PARAM_GHOSTS] = {.name = "ghosts",
                      .kind = RECLAIM_PARAM_REAL,
                      .default_text = "1",
                      .maximum = 64,
                      .help = "pages remembered, as a multiple of the memory"},
    {.name = NULL},
};

const struct reclaim_policy_ops lirs_policy_ops = {
    .abi = RECLAIM_POLICY_ABI,
    .name = "lirs",
    .summary = "pages whose last two accesses were close stay; others pass "
               "through a small queue",
    .reference = "Jiang, Zhang 2002, LIRS: an efficient low inter-reference "
                 "recency set replacement policy",
    .params = lirs_params,
    .page_bytes = sizeof(struct named_page),
    .init = lirs_init,
    .fini = lirs_fini,
    .resize = lirs_resize,
    .page_added = lirs_page_added,
    .page_removed = lirs_page_removed,
    .page_accessed = lirs_page_accessed,
    .page_dont_need = lirs_page_dont_need,
    .victim = lirs_victim,
    .likely_victim = lirs_likely_victim,
    .refused = lirs_refused,
    .refault = lirs_refault,
    .page_identity = lirs_page_identity,
    .lists = lirs_lists,
    .place = lirs_place,
    .activity = lirs_activity,
    .valid = lirs_valid,
};
