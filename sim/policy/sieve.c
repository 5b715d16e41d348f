/*
 * Sieve: fifo order, a visited bit per page, and a hand that stays where it
 * stopped. Zhang, Yang, Yue, Vigfusson, Rashmi, "SIEVE is simpler than LRU"
 * (NSDI 2024).
 *
 *   [newest] ... [ ] <-- hand ... [oldest]
 *                 |  bit 1: clear it, step towards the newest, then round
 *                 +- bit 0: victim; the hand waits at its newer neighbour
 *
 * Unlike a clock's ring the list does not turn past the hand: pages that stay
 * keep their places, and new ones enter far from it. The hand moves when a
 * victim is asked for; each step but the last clears a bit that an access set.
 *
 * Beyond the paper: a page that is not needed goes to the oldest end, and the
 * hand starts anew there.
 */
#include <stdlib.h>

#include "page_links.h"
#include "policies.h"

struct sieve {
    struct reclaim_host *host;
    struct page_list_ends fifo;
    page_index hand; /* PAGE_NONE: at the oldest */
};

static void *sieve_init(struct reclaim_host *host,
                        const union reclaim_value *values)
{
    struct sieve *sieve = calloc(1, sizeof *sieve);

    (void)values;
    if (!sieve)
        return NULL;
    sieve->host = host;
    sieve->fifo.id = 1;
    return sieve;
}

static void sieve_fini(void *self)
{
    free(self);
}

static bool sieve_resize(void *self, uint64_t memory_pages)
{
    (void)self;
    (void)memory_pages;
    return true;
}

static void sieve_page_added(void *self, page_index page,
                             enum reclaim_class class_, enum reclaim_added why)
{
    struct sieve *sieve = self;
    struct page_links links = page_links_of(sieve->host);

    (void)class_;
    (void)why;
    page_link_at(links, page)->mark = 0;
    page_links_push_head(links, &sieve->fifo, page);
}

static void sieve_page_removed(void *self, page_index page,
                               enum reclaim_removed why)
{
    struct sieve *sieve = self;
    struct page_links links = page_links_of(sieve->host);

    (void)why;
    if (page == sieve->hand)
        sieve->hand = page_link_at(links, page)->prev;
    page_links_remove(links, &sieve->fifo, page);
}

static void sieve_page_accessed(void *self, page_index page,
                                enum reclaim_accessed how)
{
    const struct sieve *sieve = self;

    (void)how;
    page_link_at(page_links_of(sieve->host), page)->mark = 1;
}

static void sieve_page_dont_need(void *self, page_index page)
{
    struct sieve *sieve = self;
    struct page_links links = page_links_of(sieve->host);

    page_link_at(links, page)->mark = 0;
    page_links_move_to_tail(links, &sieve->fifo, page);
    sieve->hand = PAGE_NONE;
}

/* The hand steps to the page next newer, from the newest to the oldest. */
static page_index newer_or_oldest(const struct sieve *sieve, page_index page)
{
    const struct page_link *link =
        page_link_at(page_links_of(sieve->host), page);

    return link->prev ? link->prev : sieve->fifo.tail;
}

static page_index sieve_victim(void *self, enum reclaim_level level)
{
    struct sieve *sieve = self;
    struct page_links links = page_links_of(sieve->host);
    page_index page = sieve->hand ? sieve->hand : sieve->fifo.tail;

    (void)level;
    while (page && page_link_at(links, page)->mark) {
        page_link_at(links, page)->mark = 0;
        page = newer_or_oldest(sieve, page);
    }
    sieve->hand = page;
    return page;
}

/* The next page on the hand's way, visited or not: to look further would cost
 * more than a wrong guess does. */
static page_index sieve_likely_victim(const void *self, page_index page)
{
    const struct sieve *sieve = self;
    struct page_links links = page_links_of(sieve->host);

    if (page_link_at(links, page)->list != sieve->fifo.id)
        return sieve->hand ? sieve->hand : sieve->fifo.tail;
    return newer_or_oldest(sieve, page);
}

/* As if visited, and the hand goes on: it comes round to it last. */
static void sieve_refused(void *self, page_index page, enum reclaim_refused why)
{
    struct sieve *sieve = self;

    (void)why;
    page_link_at(page_links_of(sieve->host), page)->mark = 1;
    if (sieve->hand == page)
        sieve->hand = newer_or_oldest(sieve, page);
}

static unsigned sieve_lists(void *self, struct reclaim_list *out)
{
    const struct sieve *sieve = self;

    out[0] = (struct reclaim_list){"sieve", sieve->fifo.count};
    return 1;
}

static struct reclaim_place sieve_place(void *self, page_index page)
{
    const struct sieve *sieve = self;

    CHECK(page_link_at(page_links_of(sieve->host), page)->list ==
          sieve->fifo.id);
    return (struct reclaim_place){0, false};
}

static const char *sieve_valid(void *self)
{
    const struct sieve *sieve = self;
    struct page_links links = page_links_of(sieve->host);

    if (sieve->hand && page_link_at(links, sieve->hand)->list != sieve->fifo.id)
        return "the hand is at a page of the list";
    return page_links_valid(links, &sieve->fifo);
}

const struct reclaim_policy_ops sieve_policy_ops = {
    .abi = RECLAIM_POLICY_ABI,
    .name = "sieve",
    .summary = "fifo, where pages visited since the hand passed stay in place",
    .reference = "Zhang et al. 2024, SIEVE is simpler than LRU",
    .page_bytes = sizeof(struct page_link),
    .init = sieve_init,
    .fini = sieve_fini,
    .resize = sieve_resize,
    .page_added = sieve_page_added,
    .page_removed = sieve_page_removed,
    .page_accessed = sieve_page_accessed,
    .page_dont_need = sieve_page_dont_need,
    .victim = sieve_victim,
    .likely_victim = sieve_likely_victim,
    .refused = sieve_refused,
    .lists = sieve_lists,
    .place = sieve_place,
    .valid = sieve_valid,
};
