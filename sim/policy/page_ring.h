/*
 * One list of pages as a ring, eight bytes a page, for policies that keep all
 * their pages in one order and nothing else about them.
 *
 *        +----> (ends) <-> [newest] <-> [ ] <-> ... <-> [oldest] <----+
 *        +------------------------------------------------------------+
 *
 * The entry of page 0, which is no page, is the ends of the list: there is no
 * first or last page to treat differently, and an access that moves a page is
 * straight-line code. Links are page indexes plus one, so that zeroed memory
 * means "on no list" and 1 leads to the ends. page_links.h has several lists
 * and a mark for each page, at some cost.
 *
 * Every function is O(1); the array is host->page_memory and may move in
 * resize, so it is fetched at each use.
 */
#ifndef LOWTIDE_PAGE_RING_H
#define LOWTIDE_PAGE_RING_H

#include "check.h"
#include "reclaim_policy.h"

struct ring_link {
    uint32_t newer; /* index + 1; 0: on no list */
    uint32_t older;
};
static_assert(sizeof(struct ring_link) == 8, "eight bytes a page");

enum { RING_ENDS = PAGE_NONE + 1 };

static inline struct ring_link *page_ring_of(const struct reclaim_host *host)
{
    return host->page_memory;
}

/* The ring is empty. */
static inline void page_ring_init(struct ring_link *ring)
{
    ring[PAGE_NONE] = (struct ring_link){RING_ENDS, RING_ENDS};
}

static inline bool page_ring_has(const struct ring_link *ring, page_index page)
{
    return ring[page].newer != 0;
}

static inline void page_ring_unlink(struct ring_link *ring,
                                    struct ring_link link)
{
    ring[link.newer - 1].older = link.older;
    ring[link.older - 1].newer = link.newer;
}

static inline void page_ring_link_newest(struct ring_link *ring,
                                         page_index page)
{
    uint32_t second = ring[PAGE_NONE].older;
    ring[page] = (struct ring_link){RING_ENDS, second};
    ring[second - 1].newer = page + 1;
    ring[PAGE_NONE].older = page + 1;
}

/* The page, on no list, becomes the newest. */
static inline void page_ring_add(struct ring_link *ring, page_index page)
{
    CHECK(ring[page].newer == 0);
    page_ring_link_newest(ring, page);
}

static inline void page_ring_remove(struct ring_link *ring, page_index page)
{
    struct ring_link link = ring[page];
    CHECK(link.newer != 0);
    page_ring_unlink(ring, link);
    ring[page].newer = 0;
}

/* The page becomes the newest. */
static inline void page_ring_renew(struct ring_link *ring, page_index page)
{
    struct ring_link link = ring[page];
    CHECK(link.newer != 0);
    page_ring_unlink(ring, link);
    page_ring_link_newest(ring, page);
}

/* The page becomes the oldest. */
static inline void page_ring_make_oldest(struct ring_link *ring,
                                         page_index page)
{
    page_ring_remove(ring, page);
    uint32_t second = ring[PAGE_NONE].newer;
    ring[page] = (struct ring_link){second, RING_ENDS};
    ring[second - 1].older = page + 1;
    ring[PAGE_NONE].newer = page + 1;
}

/* PAGE_NONE: the ring is empty. */
static inline page_index page_ring_oldest(const struct ring_link *ring)
{
    return ring[PAGE_NONE].newer - 1;
}

/* PAGE_NONE: the ring is empty. */
static inline page_index page_ring_newest(const struct ring_link *ring)
{
    return ring[PAGE_NONE].older - 1;
}

/* The page next newer than `page` (PAGE_NONE: it is the newest), or the oldest
 * if `page` is on no list. */
static inline page_index page_ring_towards_newest(const struct ring_link *ring,
                                                  page_index page)
{
    return page_ring_has(ring, page) ? ring[page].newer - 1
                                     : page_ring_oldest(ring);
}

/* Returns the first broken rule, NULL if none; `count`: of pages on the ring. */
static inline const char *page_ring_valid(const struct ring_link *ring,
                                          uint64_t count)
{
    page_index before = PAGE_NONE;
    uint64_t walked = 0;

    for (page_index page = ring[PAGE_NONE].older - 1; page;
         page = ring[page].older - 1) {
        if (!page_ring_has(ring, page))
            return "a linked page is on the ring";
        if (ring[page].newer - 1 != before)
            return "links lead back where they came from";
        before = page;
        if (++walked > count)
            break;
    }
    if (walked != count)
        return "count = length of the ring";
    return page_ring_oldest(ring) == before ? NULL
                                            : "the ring closes at its oldest";
}

#endif
