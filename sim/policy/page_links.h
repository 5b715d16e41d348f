/*
 * Lists of pages for policies: eight bytes a page, linked by index.
 *
 *   head                            tail
 *   [newest] <-> [ ] <-> ... <-> [oldest]      PAGE_NONE ends both ways
 *
 * A page index has 29 bits, which leaves each link three to spare: `list` says
 * which list the page is on (0: none, what zeroed memory means), `mark` is the
 * policy's, for a counter or a bit. Both words are read and written together,
 * so a page costs one cache line whatever its policy wants to know.
 *
 * A policy whose page memory is larger begins each page's with its link.
 *
 * Every function is O(1); the memory is host->page_memory and may move in
 * resize, so it is fetched at each use.
 */
#ifndef LOWTIDE_PAGE_LINKS_H
#define LOWTIDE_PAGE_LINKS_H

#include "check.h"
#include "reclaim_policy.h"

#define PAGE_LINK_MASK PAGE_INDEX_MAX

enum { PAGE_LINK_MAX_MARK = 7, PAGE_LINK_MAX_LIST = 7 };

struct page_link {
    uint32_t prev : 29; /* towards the head */
    uint32_t mark : 3;
    uint32_t next : 29; /* towards the tail */
    uint32_t list : 3;
};
static_assert(sizeof(struct page_link) == 8, "eight bytes a page");

struct page_list_ends {
    page_index head; /* newest */
    page_index tail; /* oldest */
    uint64_t count;
    unsigned id; /* 1 .. PAGE_LINK_MAX_LIST; constant */
};

/* Where the links are; borrowed until the next resize. */
struct page_links {
    char *memory;
    size_t stride_bytes;
};

static inline struct page_links page_links_of(const struct reclaim_host *host)
{
    return (struct page_links){host->page_memory, host->page_bytes};
}

static inline struct page_link *page_link_at(struct page_links links,
                                             page_index page)
{
    return (void *)(links.memory + page * links.stride_bytes);
}

static inline void page_links_push_head(struct page_links links,
                                        struct page_list_ends *list,
                                        page_index page)
{
    struct page_link *link = page_link_at(links, page);

    CHECK(link->list == 0);
    link->list = list->id & PAGE_LINK_MAX_LIST;
    link->prev = PAGE_NONE;
    link->next = list->head & PAGE_LINK_MASK;
    if (list->head)
        page_link_at(links, list->head)->prev = page & PAGE_LINK_MASK;
    else
        list->tail = page;
    list->head = page;
    list->count++;
}

static inline void page_links_push_tail(struct page_links links,
                                        struct page_list_ends *list,
                                        page_index page)
{
    struct page_link *link = page_link_at(links, page);

    CHECK(link->list == 0);
    link->list = list->id & PAGE_LINK_MAX_LIST;
    link->next = PAGE_NONE;
    link->prev = list->tail & PAGE_LINK_MASK;
    if (list->tail)
        page_link_at(links, list->tail)->next = page & PAGE_LINK_MASK;
    else
        list->head = page;
    list->tail = page;
    list->count++;
}

/* The page's mark stays. */
static inline void page_links_remove(struct page_links links,
                                     struct page_list_ends *list,
                                     page_index page)
{
    struct page_link *link = page_link_at(links, page);

    CHECK(link->list == list->id);
    if (link->prev)
        page_link_at(links, link->prev)->next = link->next;
    else
        list->head = link->next;
    if (link->next)
        page_link_at(links, link->next)->prev = link->prev;
    else
        list->tail = link->prev;
    link->list = 0;
    list->count--;
}

static inline void page_links_move_to_head(struct page_links links,
                                           struct page_list_ends *list,
                                           page_index page)
{
    CHECK(page_link_at(links, page)->list == list->id);
    if (list->head == page)
        return;
    page_links_remove(links, list, page);
    page_links_push_head(links, list, page);
}

static inline void page_links_move_to_tail(struct page_links links,
                                           struct page_list_ends *list,
                                           page_index page)
{
    CHECK(page_link_at(links, page)->list == list->id);
    if (list->tail == page)
        return;
    page_links_remove(links, list, page);
    page_links_push_tail(links, list, page);
}

/* The page before `page`, or the tail if `page` is not on the list. */
static inline page_index
page_links_towards_head(struct page_links links,
                        const struct page_list_ends *list, page_index page)
{
    return page_link_at(links, page)->list == list->id
               ? page_link_at(links, page)->prev
               : list->tail;
}

/* Returns the first broken rule, NULL if none; walks the list. */
static inline const char *page_links_valid(struct page_links links,
                                           const struct page_list_ends *list)
{
    page_index before = PAGE_NONE;
    uint64_t walked = 0;

    for (page_index page = list->head; page;
         page = page_link_at(links, page)->next) {
        if (page_link_at(links, page)->list != list->id)
            return "a page knows the list that it is on";
        if (page_link_at(links, page)->prev != before)
            return "links lead back where they came from";
        before = page;
        walked++;
        if (walked > list->count)
            break;
    }
    if (walked != list->count)
        return "count = length of the list";
    return list->tail == before ? NULL : "a list ends at its tail";
}

#endif
