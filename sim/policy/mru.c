/*
 * Most recently used: the page that came or was accessed last goes. Best where
 * a loop over more than the memory is all there is, worst elsewhere. Chou,
 * DeWitt, "An evaluation of buffer management strategies for relational
 * database systems" (VLDB 1985).
 *
 *   victim <-- [newest] ... [oldest]
 *   added, accessed, not needed --^ (newest)      ^-- refused
 */
#include <stdlib.h>

#include "page_ring.h"
#include "policies.h"

struct mru {
    struct reclaim_host *host;
    uint64_t count;
};

static void *mru_init(struct reclaim_host *host,
                      const union reclaim_value *values)
{
    struct mru *mru = calloc(1, sizeof *mru);

    (void)values;
    if (!mru)
        return NULL;
    mru->host = host;
    page_ring_init(page_ring_of(host));
    return mru;
}

static void mru_fini(void *self)
{
    free(self);
}

static bool mru_resize(void *self, uint64_t memory_pages)
{
    (void)self;
    (void)memory_pages;
    return true;
}

static void mru_page_added(void *self, page_index page,
                           enum reclaim_class class_, enum reclaim_added why)
{
    struct mru *mru = self;

    (void)class_;
    (void)why;
    page_ring_add(page_ring_of(mru->host), page);
    mru->count++;
}

static void mru_page_removed(void *self, page_index page,
                             enum reclaim_removed why)
{
    struct mru *mru = self;

    (void)why;
    page_ring_remove(page_ring_of(mru->host), page);
    mru->count--;
}

static void mru_page_accessed(void *self, page_index page,
                              enum reclaim_accessed how)
{
    const struct mru *mru = self;

    (void)how;
    page_ring_renew(page_ring_of(mru->host), page);
}

static void mru_page_dont_need(void *self, page_index page)
{
    const struct mru *mru = self;

    page_ring_renew(page_ring_of(mru->host), page);
}

static page_index mru_victim(void *self, enum reclaim_level level)
{
    const struct mru *mru = self;

    (void)level;
    return page_ring_newest(page_ring_of(mru->host));
}

static void mru_refused(void *self, page_index page, enum reclaim_refused why)
{
    const struct mru *mru = self;

    (void)why;
    page_ring_make_oldest(page_ring_of(mru->host), page);
}

static unsigned mru_lists(void *self, struct reclaim_list *out)
{
    const struct mru *mru = self;

    out[0] = (struct reclaim_list){"mru", mru->count};
    return 1;
}

static struct reclaim_place mru_place(void *self, page_index page)
{
    const struct mru *mru = self;

    CHECK(page_ring_has(page_ring_of(mru->host), page));
    return (struct reclaim_place){0, false};
}

static const char *mru_valid(void *self)
{
    const struct mru *mru = self;

    return page_ring_valid(page_ring_of(mru->host), mru->count);
}

const struct reclaim_policy_ops mru_policy_ops = {
    .abi = RECLAIM_POLICY_ABI,
    .name = "mru",
    .summary = "the page accessed last goes first",
    .reference = "Chou, DeWitt 1985, An evaluation of buffer management "
                 "strategies for relational database systems",
    .page_bytes = sizeof(struct ring_link),
    .init = mru_init,
    .fini = mru_fini,
    .resize = mru_resize,
    .page_added = mru_page_added,
    .page_removed = mru_page_removed,
    .page_accessed = mru_page_accessed,
    .page_dont_need = mru_page_dont_need,
    .victim = mru_victim,
    .refused = mru_refused,
    .lists = mru_lists,
    .place = mru_place,
    .valid = mru_valid,
};
