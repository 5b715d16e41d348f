/*
 * Linux's multi-generational LRU, after mm/vmscan.c of 6.1 and Yu Zhao's
 * description of it: pages in generations by when they were last found
 * accessed, in tiers by how often software read them, and two feedback loops
 * that compare refaults: one protects tiers, one chooses between anonymous and
 * file pages.
 *
 *   new, found accessed --> [max_seq] [ ] [min_seq + 1] [min_seq] --> victim
 *                              ^                 ^          |
 *                              | young           | tier     |
 *                              +-----------------+----------+
 *
 *   An access through a mapping sets the young bit and notes which generation
 *   is the youngest now: that is where the walk over page tables that begins the
 *   next one would put the page. It is moved there when it is met at the end of
 *   the oldest generation.
 *
 *   An access by software counts; 0, 1, 2 and more make the tiers 0, 1, 2. A tier
 *   whose pages refault more often than those of tier 0 (by half, for a margin)
 *   is protected: its pages go to the next generation instead.
 *
 * The oldest generation ends when it is empty. One is only emptied while two are
 * younger, so a new youngest begins when there are but two, or when three hold
 * their pages too unevenly.
 *
 * The controller, per kind and tier: refaults over pages that were evicted or
 * protected, in this generation and, halved with each, in those before.
 *
 * Left out: the cost of walking page tables, the bloom filter, spatial
 * look-around, the youngest generation's protection by time, executable pages,
 * memory control groups. Each kind counts generations of its own, where Linux
 * has one youngest for both and folds what lags behind.
 *
 * Searching moves pages between generations, so those are not shown: what is
 * seen from outside are the pages of each kind. A search costs what accesses
 * and refaults paid for: a young bit is cleared, or a tier is protected, which
 * stops when the halved refaults are too few.
 */
#include <stdlib.h>

#include "ghost_list.h"
#include "page_kinds.h"
#include "page_lists.h"
#include "policies.h"

enum { GENERATIONS = 4, TIERS = 3, GHOSTS = 1 };
enum { FEW_REFAULTS = 64 /* are no reason for anything */ };
enum { MAX_REFS = 3, YOUNG = 4 }; /* of a mark: two bits, one bit */

struct mglru_page {
    struct page_link link; /* list: generation % GENERATIONS */
    uint64_t name : 61;
    uint64_t kind : 1;
    uint64_t young_in : 2; /* max_seq % GENERATIONS at the last access */
};
static_assert(sizeof(struct mglru_page) == 16, "sixteen bytes a page");

struct tier {
    uint64_t refaulted, evicted, protected; /* in the oldest generation */
    uint64_t past_refaulted, past_total;    /* averages of those before */
};

struct generations {
    struct page_list_ends list[GENERATIONS];
    uint64_t min_seq, max_seq;
    uint64_t pages;
    struct tier tiers[TIERS];
};

struct mglru {
    struct reclaim_host *host;
    struct generations kinds[KINDS];
    struct ghost_table ghosts; /* notes: min_seq, then two bits of tier */
    uint64_t swappiness;
    page_index avoid; /* refused; PAGE_NONE once another page went */

    /* which kind gives a page: stays so until something happens */
    bool is_chosen;
    enum page_kind chosen;
};

static struct mglru_page *page_of(const struct mglru *mglru, page_index page)
{
    return (struct mglru_page *)mglru->host->page_memory + page;
}

static struct generations *kind_of(struct mglru *mglru, page_index page)
{
    return &mglru->kinds[page_of(mglru, page)->kind];
}

static unsigned tier_of(const struct mglru *mglru, page_index page)
{
    const unsigned refs = page_of(mglru, page)->link.mark & MAX_REFS;

    return refs < TIERS ? refs : TIERS - 1;
}

/* Life. ------------------------------------------------------------------- */

static bool mglru_resize(void *self, uint64_t memory_pages)
{
    struct mglru *mglru = self;

    return ghost_table_resize(&mglru->ghosts, memory_pages);
}

static void mglru_fini(void *self)
{
    struct mglru *mglru = self;

    ghost_table_release(&mglru->ghosts);
    free(mglru);
}

static void *mglru_init(struct reclaim_host *host,
                        const union reclaim_value *values)
{
    struct mglru *mglru = calloc(1, sizeof *mglru);

    if (!mglru)
        return NULL;
    mglru->host = host;
    mglru->swappiness = values[PARAM_SWAPPINESS].uint;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        mglru->kinds[kind].max_seq = GENERATIONS - 1;
        page_lists_init(mglru->kinds[kind].list, GENERATIONS);
    }
    if (ghost_table_init(&mglru->ghosts, host->memory_pages))
        return mglru;
    free(mglru);
    return NULL;
}

/* Generations. ------------------------------------------------------------ */

static struct page_list_ends *generation(struct generations *g, uint64_t seq)
{
    return &g->list[seq % GENERATIONS];
}

static void move(struct mglru *mglru, page_index page, uint64_t seq)
{
    page_lists_move_to_head(page_links_of(mglru->host),
                            kind_of(mglru, page)->list, page,
                            (unsigned)(seq % GENERATIONS));
}

/* inc_min_seq(): the oldest generation is over; its counts become past. */
static void end_oldest(struct generations *g)
{
    g->min_seq++;
    for (unsigned n = 0; n < TIERS; n++) {
        struct tier *tier = &g->tiers[n];
        const uint64_t total = tier->evicted + tier->protected;

        *tier = (struct tier){
            .past_refaulted = (tier->past_refaulted + tier->refaulted) / 2,
            .past_total = (tier->past_total + total) / 2,
        };
    }
}

/* should_run_aging(): of three generations, the ideal number, the youngest has
 * more than half of the pages, or the oldest less than a quarter. */
static bool is_uneven(struct generations *g)
{
    return g->max_seq - g->min_seq == 2 &&
           (generation(g, g->max_seq)->count * 2 > g->pages ||
            generation(g, g->min_seq)->count * 4 < g->pages);
}

/* The oldest generation has pages, and two are younger; there are pages. */
static void make_oldest(struct generations *g)
{
    for (;;) {
        while (g->max_seq - g->min_seq < 2)
            g->max_seq++;
        if (generation(g, g->min_seq)->count)
            break;
        end_oldest(g);
    }
    if (is_uneven(g))
        g->max_seq++;
}

/* Feedback. --------------------------------------------------------------- */

struct position {
    uint64_t refaulted, total, gain;
};

static struct position position_of(const struct tier *tier, uint64_t gain)
{
    return (struct position){
        .refaulted = tier->past_refaulted + tier->refaulted,
        .total = tier->past_total + tier->evicted + tier->protected,
        .gain = gain,
    };
}

/* positive_ctrl_err(): pages of `it` refault no more than those it is measured
 * against. */
static bool is_within(struct position against, struct position it)
{
    return it.refaulted < FEW_REFAULTS ||
           (double)it.refaulted * (double)(against.total + FEW_REFAULTS) *
                   (double)against.gain <=
               (double)(against.refaulted + 1) * (double)it.total *
                   (double)it.gain;
}

/* Tiers from this one on are protected. */
static unsigned first_protected(const struct generations *g)
{
    unsigned tier = 1;

    while (tier < TIERS && is_within(position_of(&g->tiers[0], 2),
                                     position_of(&g->tiers[tier], 3)))
        tier++;
    return tier;
}

static bool is_only_avoided(const struct mglru *mglru, enum page_kind kind)
{
    return mglru->avoid && page_of(mglru, mglru->avoid)->kind == kind &&
           mglru->kinds[kind].pages == 1;
}

static enum page_kind kind_to_take(const struct mglru *mglru)
{
    const struct generations *anon = &mglru->kinds[ANON];
    const struct generations *file = &mglru->kinds[FILE_BACKED];

    if (anon->pages == 0 || file->pages == 0)
        return anon->pages ? ANON : FILE_BACKED;
    if (is_only_avoided(mglru, ANON) || is_only_avoided(mglru, FILE_BACKED))
        return is_only_avoided(mglru, ANON) ? FILE_BACKED : ANON;
    if (mglru->swappiness == 0 || mglru->swappiness == MAX_SWAPPINESS)
        return mglru->swappiness ? ANON : FILE_BACKED;
    return is_within(
               position_of(&anon->tiers[0], mglru->swappiness),
               position_of(&file->tiers[0], MAX_SWAPPINESS - mglru->swappiness))
               ? FILE_BACKED
               : ANON;
}

/* Pages. ------------------------------------------------------------------ */

static void mglru_page_added(void *self, page_index page,
                             enum reclaim_class class_, enum reclaim_added why)
{
    struct mglru *mglru = self;
    struct mglru_page *p = page_of(mglru, page);

    (void)why;
    mglru->is_chosen = false;
    p->name = 0;
    p->kind = page_kind_of(class_);
    p->link.mark = 0;
    struct generations *g = kind_of(mglru, page);

    page_links_push_head(page_links_of(mglru->host), generation(g, g->max_seq),
                         page);
    g->pages++;
}

/* lru_gen_refault(): counts while the generation that it went from is the
 * oldest. */
static void mglru_page_identity(void *self, page_index page,
                                struct reclaim_identity identity)
{
    struct mglru *mglru = self;
    struct generations *g = kind_of(mglru, page);
    const ghost_name name = ghost_name_of(identity);
    uint64_t note;

    page_of(mglru, page)->name = name & (UINT64_MAX >> 3);
    if (ghost_return(&mglru->ghosts, name, &note) == GHOST_UNKNOWN ||
        note >> 2 != g->min_seq)
        return;
    g->tiers[note & 3].refaulted++;
}

static void mglru_refault(void *self, struct reclaim_identity identity)
{
    struct mglru *mglru = self;

    ghost_recall(&mglru->ghosts, ghost_name_of(identity));
}

static void mglru_page_removed(void *self, page_index page,
                               enum reclaim_removed why)
{
    struct mglru *mglru = self;
    struct generations *g = kind_of(mglru, page);

    mglru->is_chosen = false;
    if (page == mglru->avoid || why == RECLAIM_REMOVED_RECLAIMED)
        mglru->avoid = PAGE_NONE;
    if (why == RECLAIM_REMOVED_RECLAIMED) {
        const unsigned tier = tier_of(mglru, page);

        g->tiers[tier].evicted++;
        ghost_add(&mglru->ghosts, GHOSTS, mglru->host->memory_pages,
                  page_of(mglru, page)->name, g->min_seq << 2 | tier);
    }
    page_lists_remove(page_links_of(mglru->host), g->list, page);
    g->pages--;
}

static void mglru_page_accessed(void *self, page_index page,
                                enum reclaim_accessed how)
{
    struct mglru_page *p = page_of(self, page);

    if (how != RECLAIM_ACCESSED_SOFTWARE) {
        p->link.mark |= YOUNG;
        p->young_in = kind_of(self, page)->max_seq % GENERATIONS;
    } else if ((p->link.mark & MAX_REFS) < MAX_REFS) {
        p->link.mark = (p->link.mark + 1u) & (YOUNG | MAX_REFS);
    }
}

static void mglru_page_dont_need(void *self, page_index page)
{
    struct mglru *mglru = self;
    struct generations *g = kind_of(mglru, page);

    page_lists_move_to_tail(page_links_of(mglru->host), g->list, page,
                            (unsigned)(g->min_seq % GENERATIONS));
    page_of(mglru, page)->link.mark = 0;
}

/* The generation that a page of the oldest belongs to by its last access: it
 * was not met since, so that one is not over yet. */
static uint64_t accessed_generation(const struct generations *g,
                                    const struct mglru_page *p)
{
    if (!(p->link.mark & YOUNG))
        return g->min_seq;
    const uint64_t ago = (g->max_seq - p->young_in) % GENERATIONS;
    const uint64_t seq = g->max_seq - ago;

    CHECK(seq >= g->min_seq);
    return seq;
}

/* sort_folio() and what isolate_folio() finds: true if the page may go. */
static bool may_go(struct mglru *mglru, page_index page)
{
    struct generations *g = kind_of(mglru, page);
    struct mglru_page *p = page_of(mglru, page);
    const uint64_t seq = page == mglru->avoid && g->pages > 1
                             ? g->max_seq
                             : accessed_generation(g, p);
    const unsigned tier = tier_of(mglru, page);

    p->link.mark &= MAX_REFS;
    if (seq > g->min_seq) {
        move(mglru, page, seq);
        return false;
    }
    if (tier == 0 || tier < first_protected(g))
        return true;
    g->tiers[tier].protected ++;
    move(mglru, page, g->min_seq + 1);
    return false;
}

static page_index mglru_victim(void *self, enum reclaim_level level)
{
    struct mglru *mglru = self;
    page_index page;

    (void)level;
    if (!mglru->is_chosen)
        mglru->chosen = kind_to_take(mglru);
    mglru->is_chosen = true;
    struct generations *g = &mglru->kinds[mglru->chosen];

    if (g->pages == 0)
        return PAGE_NONE;
    do {
        make_oldest(g);
        page = generation(g, g->min_seq)->tail;
    } while (!may_go(mglru, page));
    return page;
}

/* Passed over until another page has gone. */
static void mglru_refused(void *self, page_index page, enum reclaim_refused why)
{
    struct mglru *mglru = self;

    (void)why;
    mglru->is_chosen = false;
    mglru->avoid = page;
}

/* Looking. ---------------------------------------------------------------- */

static unsigned mglru_lists(void *self, struct reclaim_list *out)
{
    const struct mglru *mglru = self;

    out[ANON] = (struct reclaim_list){"anon", mglru->kinds[ANON].pages};
    out[FILE_BACKED] =
        (struct reclaim_list){"file", mglru->kinds[FILE_BACKED].pages};
    return KINDS;
}

static struct reclaim_place mglru_place(void *self, page_index page)
{
    const struct mglru_page *p = page_of(self, page);

    CHECK(p->link.list != 0);
    return (struct reclaim_place){p->kind, false};
}

static const char *kind_valid(const struct mglru *mglru, enum page_kind kind)
{
    const struct generations *g = &mglru->kinds[kind];
    struct page_links links = page_links_of(mglru->host);
    const char *broken = page_lists_valid(links, g->list, GENERATIONS);
    uint64_t pages = 0;

    if (broken)
        return broken;
    if (g->max_seq - g->min_seq >= GENERATIONS)
        return "there are at most four generations";
    for (unsigned n = 0; n < GENERATIONS; n++) {
        for (page_index page = g->list[n].head; page;
             page = page_link_at(links, page)->next)
            if (page_of(mglru, page)->kind != kind)
                return "a page is in a generation of its kind";
        pages += g->list[n].count;
    }
    return pages == g->pages ? NULL : "generations add up to the kind's pages";
}

static const char *mglru_valid(void *self)
{
    const struct mglru *mglru = self;
    const char *broken = kind_valid(mglru, ANON);

    if (!broken)
        broken = kind_valid(mglru, FILE_BACKED);
    return broken ? broken : ghost_table_valid(&mglru->ghosts);
}

const struct reclaim_policy_ops mglru_policy_ops = {
    .abi = RECLAIM_POLICY_ABI,
    .name = "mglru",
    .summary = "Linux's generations and tiers, balanced by refaults",
    .reference = "Linux 6.1, mm/vmscan.c (multi-gen LRU)",
    .params = swappiness_params,
    .page_bytes = sizeof(struct mglru_page),
    .init = mglru_init,
    .fini = mglru_fini,
    .resize = mglru_resize,
    .page_added = mglru_page_added,
    .page_removed = mglru_page_removed,
    .page_accessed = mglru_page_accessed,
    .page_dont_need = mglru_page_dont_need,
    .victim = mglru_victim,
    .refused = mglru_refused,
    .refault = mglru_refault,
    .page_identity = mglru_page_identity,
    .lists = mglru_lists,
    .place = mglru_place,
    .valid = mglru_valid,
};
