/*
 * Several lists of one policy in an array, where a page's link says which one
 * it is on: list n has the id n + 1.
 *
 *   lists[0]  [newest] ... [oldest]
 *   lists[1]  [newest] ... [oldest]     page_links.h links each of them
 *
 * `lists` is the array, `n` and `to` are indexes into it. Every function is
 * O(1) but for page_lists_valid().
 */
#ifndef LOWTIDE_PAGE_LISTS_H
#define LOWTIDE_PAGE_LISTS_H

#include "page_links.h"

/* Empty lists, PAGE_LINK_MAX_LIST at most. */
static inline void page_lists_init(struct page_list_ends *lists, unsigned count)
{
    CHECK(count <= PAGE_LINK_MAX_LIST);
    for (unsigned n = 0; n < count; n++)
        lists[n] = (struct page_list_ends){.id = n + 1};
}

/* Which list the page is on. */
static inline unsigned page_lists_index(struct page_links links,
                                        page_index page)
{
    const unsigned id = page_link_at(links, page)->list;

    CHECK(id != 0);
    return id - 1;
}

/* Returns which list the page was on. */
static inline unsigned page_lists_remove(struct page_links links,
                                         struct page_list_ends *lists,
                                         page_index page)
{
    const unsigned n = page_lists_index(links, page);

    page_links_remove(links, &lists[n], page);
    return n;
}

/* The page, on any of the lists, becomes the newest of one. */
static inline void page_lists_move_to_head(struct page_links links,
                                           struct page_list_ends *lists,
                                           page_index page, unsigned to)
{
    page_lists_remove(links, lists, page);
    page_links_push_head(links, &lists[to], page);
}

/* ... the oldest of one. */
static inline void page_lists_move_to_tail(struct page_links links,
                                           struct page_list_ends *lists,
                                           page_index page, unsigned to)
{
    page_lists_remove(links, lists, page);
    page_links_push_tail(links, &lists[to], page);
}

/* For a policy's lists(): names (constant) and pages of `count` lists. */
static inline unsigned page_lists_show(const struct page_list_ends *lists,
                                       const char *const *names, unsigned count,
                                       struct reclaim_list *out)
{
    for (unsigned n = 0; n < count; n++)
        out[n] = (struct reclaim_list){names[n], lists[n].count};
    return count;
}

/* Returns the first broken rule, NULL if none; walks all lists. */
static inline const char *page_lists_valid(struct page_links links,
                                           const struct page_list_ends *lists,
                                           unsigned count)
{
    const char *broken = NULL;

    for (unsigned n = 0; n < count && !broken; n++)
        broken = page_links_valid(links, &lists[n]);
    return broken;
}

#endif
