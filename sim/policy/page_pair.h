/*
 * Two lists that pages change between while a victim is searched for.
 *
 * Asking for a victim may not change what is seen from outside, since asking
 * alone reclaims nothing. So a page that a search moves to the other list
 * carries a mark, and counts as on the list that it came from until something
 * happens: then page_pair_settle() takes the marks off, as everything here does
 * first that is no part of a search.
 *
 *   list[0]  [x] [ ] [ ] [ ]        x: marked, seen as on list[1]
 *   list[1]  [ ] [x] [x] [ ] [ ]       seen as on list[0]
 *             ^-- a search pushes at heads only, so all marked pages are among
 *                 the pages that it pushed, and finding them costs no more
 *                 than pushing them did
 *
 * The mark is the highest bit of a link's; two are left to the policy.
 */
#ifndef LOWTIDE_PAGE_PAIR_H
#define LOWTIDE_PAGE_PAIR_H

#include "page_links.h"

enum { PAGE_PAIR_MARKS = 3 /* for the policy */, PAGE_JUST_MOVED = 4 };

struct page_pair {
    struct page_list_ends list[2];
    uint64_t just_moved[2]; /* pages of list[n] that are seen as the other's */
};

/* Two lists of these ids, empty. */
static inline struct page_pair page_pair_empty(unsigned id_0, unsigned id_1)
{
    return (struct page_pair){.list = {{.id = id_0}, {.id = id_1}}};
}

/* Which list a page of the pair is linked on. */
static inline unsigned page_pair_index(struct page_links links,
                                       const struct page_pair *pair,
                                       page_index page)
{
    const unsigned id = page_link_at(links, page)->list;
    const unsigned n = id == pair->list[1].id;

    CHECK(id == pair->list[n].id);
    return n;
}

/* A search moves a page to the head of the other list. */
static inline void page_pair_move(struct page_links links,
                                  struct page_pair *pair, page_index page)
{
    const unsigned from = page_pair_index(links, pair, page);
    struct page_link *link = page_link_at(links, page);

    page_links_remove(links, &pair->list[from], page);
    page_links_push_head(links, &pair->list[!from], page);
    if (link->mark & PAGE_JUST_MOVED)
        pair->just_moved[from]--;
    else
        pair->just_moved[!from]++;
    link->mark ^= PAGE_JUST_MOVED;
}

/* What searches did is there for all to see. Before any other change. */
static inline void page_pair_settle(struct page_links links,
                                    struct page_pair *pair)
{
    if (!(pair->just_moved[0] | pair->just_moved[1]))
        return; /* most of the time */
    for (unsigned n = 0; n < 2; n++)
        for (page_index page = pair->list[n].head; pair->just_moved[n];) {
            struct page_link *link = page_link_at(links, page);

            CHECK(page != PAGE_NONE);
            pair->just_moved[n] -= (link->mark & PAGE_JUST_MOVED) != 0;
            link->mark &= PAGE_PAIR_MARKS;
            page = link->next;
        }
}

/* The page, on no list, becomes the newest of list `n`. */
static inline void page_pair_add(struct page_links links,
                                 struct page_pair *pair, page_index page,
                                 unsigned n)
{
    page_pair_settle(links, pair);
    page_link_at(links, page)->mark = 0;
    page_links_push_head(links, &pair->list[n], page);
}

/* Returns which list the page was on. */
static inline unsigned page_pair_remove(struct page_links links,
                                        struct page_pair *pair, page_index page)
{
    const unsigned n = page_pair_index(links, pair, page);

    page_pair_settle(links, pair);
    page_links_remove(links, &pair->list[n], page);
    return n;
}

/* The page, on either list, becomes the newest of list `n`. */
static inline void page_pair_renew(struct page_links links,
                                   struct page_pair *pair, page_index page,
                                   unsigned n)
{
    page_pair_remove(links, pair, page);
    page_links_push_head(links, &pair->list[n], page);
}

/* Pages of list `n`, as seen from outside. */
static inline uint64_t page_pair_seen(const struct page_pair *pair, unsigned n)
{
    return pair->list[n].count - pair->just_moved[n] + pair->just_moved[!n];
}

/* For a policy's lists(): both by their names (constant). */
static inline void page_pair_show(const struct page_pair *pair,
                                  const char *const names[2],
                                  struct reclaim_list out[2])
{
    for (unsigned n = 0; n < 2; n++)
        out[n] = (struct reclaim_list){names[n], page_pair_seen(pair, n)};
}

/* The list of a page, as seen from outside. */
static inline unsigned page_pair_seen_at(struct page_links links,
                                         const struct page_pair *pair,
                                         page_index page)
{
    const bool is_moved = page_link_at(links, page)->mark & PAGE_JUST_MOVED;

    return page_pair_index(links, pair, page) != is_moved;
}

/* Returns the first broken rule, NULL if none; walks both lists. */
static inline const char *page_pair_valid(struct page_links links,
                                          const struct page_pair *pair)
{
    for (unsigned n = 0; n < 2; n++) {
        const char *broken = page_links_valid(links, &pair->list[n]);
        uint64_t moved = 0;

        if (broken)
            return broken;
        for (page_index page = pair->list[n].head; page;
             page = page_link_at(links, page)->next)
            moved += (page_link_at(links, page)->mark & PAGE_JUST_MOVED) != 0;
        if (moved != pair->just_moved[n])
            return "pages seen as the other list's carry the mark";
    }
    return NULL;
}

#endif
