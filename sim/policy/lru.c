/*
 * Least recently used: an access moves the page to the newest end, the page at
 * the oldest end goes. Follows Mattson et al., "Evaluation techniques for
 * storage hierarchies" (IBM Systems Journal, 1970).
 *
 *   added, accessed, refused --> [newest] ... [oldest] --> victim
 *                                                 ^-- not needed
 */
#include <stdlib.h>

#include "page_ring.h"
#include "policies.h"

struct lru {
    struct reclaim_host *host;
    uint64_t count;
};

static void *lru_init(struct reclaim_host *host,
                      const union reclaim_value *values)
{
    struct lru *lru = calloc(1, sizeof *lru);

    (void)values;
    if (!lru)
        return NULL;
    lru->host = host;
    page_ring_init(page_ring_of(host));
    return lru;
}

static void lru_fini(void *self)
{
    free(self);
}

static bool lru_resize(void *self, uint64_t memory_pages)
{
    (void)self;
    (void)memory_pages;
    return true;
}

static void lru_page_added(void *self, page_index page,
                           enum reclaim_class class_, enum reclaim_added why)
{
    struct lru *lru = self;

    (void)class_;
    (void)why;
    page_ring_add(page_ring_of(lru->host), page);
    lru->count++;
}

static void lru_page_removed(void *self, page_index page,
                             enum reclaim_removed why)
{
    struct lru *lru = self;

    (void)why;
    page_ring_remove(page_ring_of(lru->host), page);
    lru->count--;
}

static void lru_page_accessed(void *self, page_index page,
                              enum reclaim_accessed how)
{
    const struct lru *lru = self;

    (void)how;
    page_ring_renew(page_ring_of(lru->host), page);
}

static void lru_page_dont_need(void *self, page_index page)
{
    const struct lru *lru = self;

    page_ring_make_oldest(page_ring_of(lru->host), page);
}

static page_index lru_victim(void *self, enum reclaim_level level)
{
    const struct lru *lru = self;

    (void)level;
    return page_ring_oldest(page_ring_of(lru->host));
}

static page_index lru_likely_victim(const void *self, page_index page)
{
    const struct lru *lru = self;

    return page_ring_towards_newest(page_ring_of(lru->host), page);
}

static void lru_refused(void *self, page_index page, enum reclaim_refused why)
{
    const struct lru *lru = self;

    (void)why;
    page_ring_renew(page_ring_of(lru->host), page);
}

static unsigned lru_lists(void *self, struct reclaim_list *out)
{
    const struct lru *lru = self;

    out[0] = (struct reclaim_list){"lru", lru->count};
    return 1;
}

static struct reclaim_place lru_place(void *self, page_index page)
{
    const struct lru *lru = self;

    CHECK(page_ring_has(page_ring_of(lru->host), page));
    return (struct reclaim_place){0, false};
}

static const char *lru_valid(void *self)
{
    const struct lru *lru = self;

    return page_ring_valid(page_ring_of(lru->host), lru->count);
}

const struct reclaim_policy_ops lru_policy_ops = {
    .abi = RECLAIM_POLICY_ABI,
    .name = "lru",
    .summary = "least recently used",
    .reference = "Mattson et al. 1970, Evaluation techniques for storage "
                 "hierarchies",
    .page_bytes = sizeof(struct ring_link),
    .init = lru_init,
    .fini = lru_fini,
    .resize = lru_resize,
    .page_added = lru_page_added,
    .page_removed = lru_page_removed,
    .page_accessed = lru_page_accessed,
    .page_dont_need = lru_page_dont_need,
    .victim = lru_victim,
    .likely_victim = lru_likely_victim,
    .refused = lru_refused,
    .lists = lru_lists,
    .place = lru_place,
    .valid = lru_valid,
};
