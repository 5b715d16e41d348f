/*
 * Segmented LRU: four segments of a quarter of the memory each; a page climbs
 * one with every access and sinks when its segment overflows. Karedla, Love,
 * Wherry, "Caching strategies to improve disk system performance" (Computer
 * 27(3), 1994) has two segments; four is libCacheSim's default.
 *
 *   segment 3  [newest] ... [oldest]
 *                  ^ access     | overflow
 *   segment 2  [newest] <-------+
 *      ...
 *   segment 0  [newest] ... [oldest] --> victim
 *
 * A new page enters the lowest segment with room, so that pages stand in all
 * four while memory fills. What does not fit the lowest segment stays in it:
 * a policy may not throw out a page before memory is needed.
 */
#include <stdlib.h>

#include "page_lists.h"
#include "policies.h"

enum { SEGMENTS = 4 };

struct slru {
    struct reclaim_host *host;
    struct page_list_ends segment[SEGMENTS];
    uint64_t share; /* pages of a segment */
};

static bool slru_resize(void *self, uint64_t memory_pages)
{
    struct slru *slru = self;

    slru->share = memory_pages / SEGMENTS;
    return true;
}

static void *slru_init(struct reclaim_host *host,
                       const union reclaim_value *values)
{
    struct slru *slru = calloc(1, sizeof *slru);

    (void)values;
    if (!slru)
        return NULL;
    slru->host = host;
    page_lists_init(slru->segment, SEGMENTS);
    slru_resize(slru, host->memory_pages);
    return slru;
}

static void slru_fini(void *self)
{
    free(self);
}

/* Pages beyond `room` go to the segment below, which must keep to its share
 * then, and so on. Each has climbed before. */
static void overflow(struct slru *slru, unsigned n, uint64_t room)
{
    struct page_links links = page_links_of(slru->host);

    for (; n > 0; n--, room = slru->share) {
        struct page_list_ends *from = &slru->segment[n];

        while (from->count > room) {
            const page_index page = from->tail;

            page_links_remove(links, from, page);
            page_links_push_head(links, from - 1, page);
        }
    }
}

static void slru_page_added(void *self, page_index page,
                            enum reclaim_class class_, enum reclaim_added why)
{
    struct slru *slru = self;
    unsigned n = 0;

    (void)class_;
    (void)why;
    while (n < SEGMENTS && slru->segment[n].count >= slru->share)
        n++;
    page_links_push_head(page_links_of(slru->host),
                         &slru->segment[n < SEGMENTS ? n : 0], page);
}

static void slru_page_removed(void *self, page_index page,
                              enum reclaim_removed why)
{
    struct slru *slru = self;

    (void)why;
    page_lists_remove(page_links_of(slru->host), slru->segment, page);
}

static void slru_page_accessed(void *self, page_index page,
                               enum reclaim_accessed how)
{
    struct slru *slru = self;
    struct page_links links = page_links_of(slru->host);
    const unsigned n = page_lists_index(links, page);

    (void)how;
    if (n == SEGMENTS - 1 || slru->share == 0) {
        page_links_move_to_head(links, &slru->segment[n], page);
        return;
    }
    page_links_remove(links, &slru->segment[n], page);
    overflow(slru, n + 1, slru->share - 1);
    page_links_push_head(links, &slru->segment[n + 1], page);
}

static void slru_page_dont_need(void *self, page_index page)
{
    struct slru *slru = self;

    page_lists_move_to_tail(page_links_of(slru->host), slru->segment, page, 0);
}

static page_index slru_victim(void *self, enum reclaim_level level)
{
    const struct slru *slru = self;

    (void)level;
    for (unsigned n = 0; n < SEGMENTS; n++)
        if (slru->segment[n].count)
            return slru->segment[n].tail;
    return PAGE_NONE;
}

static page_index slru_likely_victim(const void *self, page_index page)
{
    const struct slru *slru = self;

    return page_links_towards_head(page_links_of(slru->host), &slru->segment[0],
                                   page);
}

/* To where it is met last of all. */
static void slru_refused(void *self, page_index page, enum reclaim_refused why)
{
    struct slru *slru = self;

    (void)why;
    page_lists_move_to_head(page_links_of(slru->host), slru->segment, page,
                            SEGMENTS - 1);
}

static unsigned slru_lists(void *self, struct reclaim_list *out)
{
    static const char *const names[SEGMENTS] = {"segment0", "segment1",
                                                "segment2", "segment3"};
    const struct slru *slru = self;

    return page_lists_show(slru->segment, names, SEGMENTS, out);
}

static struct reclaim_place slru_place(void *self, page_index page)
{
    const struct slru *slru = self;

    return (struct reclaim_place){
        page_lists_index(page_links_of(slru->host), page), false};
}

static const char *slru_valid(void *self)
{
    const struct slru *slru = self;

    return page_lists_valid(page_links_of(slru->host), slru->segment, SEGMENTS);
}

const struct reclaim_policy_ops slru_policy_ops = {
    .abi = RECLAIM_POLICY_ABI,
    .name = "slru",
    .summary = "four segments; an access lifts a page by one, overflow lowers "
               "the oldest",
    .reference = "Karedla, Love, Wherry 1994, Caching strategies to improve "
                 "disk system performance; four segments as in libCacheSim",
    .page_bytes = sizeof(struct page_link),
    .init = slru_init,
    .fini = slru_fini,
    .resize = slru_resize,
    .page_added = slru_page_added,
    .page_removed = slru_page_removed,
    .page_accessed = slru_page_accessed,
    .page_dont_need = slru_page_dont_need,
    .victim = slru_victim,
    .likely_victim = slru_likely_victim,
    .refused = slru_refused,
    .lists = slru_lists,
    .place = slru_place,
    .valid = slru_valid,
};
