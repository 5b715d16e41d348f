/*
 * Ghosts: names of pages that were reclaimed, which a policy remembers to tell
 * a page that comes back soon from one that is new.
 *
 *   reclaimed            ghost_add
 *   page  ----------->  [newest] ... [oldest] --> forgotten     lists 1 to 3
 *                           |
 *      refault: ghost_recall|   the fault may wait for memory meanwhile, and
 *                           v   others may be forgotten, but it is not
 *                       [returning]
 *                           |
 *        page_identity: ghost_return --> the list that it was recalled from
 *
 * A table holds all ghosts of a policy. A ghost is a node with links for its
 * list and for its bucket; buckets are chained, so a node can leave from the
 * middle of both. Memory is taken by ghost_table_init and ghost_table_resize
 * alone, 36 to 40 bytes a ghost, and backed by the host as ghosts come;
 * everything else is O(1) expected. Nothing
 * depends on the order of buckets.
 *
 * A name is an identity in 61 bits: 25 of the VMO's number and 36 of the page's.
 * What does not fit (a VMO past 256 TiB, the VMO after the 33-millionth) has
 * the name 0 and is not remembered; it is never taken for another page.
 *
 * It is our own because uthash takes 56 bytes of links a node, and allocates as
 * its table grows.
 */
#ifndef LOWTIDE_GHOST_LIST_H
#define LOWTIDE_GHOST_LIST_H

#include "page_links.h"

enum {
    GHOST_UNKNOWN = 0,  /* not remembered */
    GHOST_LISTS = 3,    /* lists 1 .. 3 */
    GHOST_RETURNING = 4 /* recalled, not come back yet */
};

typedef uint64_t ghost_name; /* 0: none */

/* Page memory of policies that remember names; the link comes first. */
struct named_page {
    struct page_link link;
    ghost_name name; /* 0: not told */
};
static_assert(sizeof(struct named_page) == 16, "sixteen bytes a page");

struct ghost {
    ghost_name name;
    uint64_t note;         /* the policy's own */
    uint32_t newer, older; /* in its list; 0: end */
    uint32_t next;         /* in its bucket, or of free nodes; 0: end */
    uint8_t list;
    uint8_t recalled_from; /* while returning */
};

struct ghost_ends {
    uint32_t newest, oldest;
    uint64_t count;
};

struct ghost_table {
    struct ghost *ghosts; /* 1 .. capacity */
    uint32_t *buckets;
    unsigned bucket_shift; /* 64 - log2 of their number */
    uint32_t first_free;   /* of those that were in use; 0: none */
    uint64_t touched;      /* ghosts past this were never in use */
    uint64_t capacity;
    struct ghost_ends lists[GHOST_RETURNING + 1];
};

static inline ghost_name ghost_name_of(struct reclaim_identity identity)
{
    const uint64_t vmo = identity.vmo + 1;

    return vmo >> 25 || identity.page >> 36 ? 0 : vmo << 36 | identity.page;
}

/* Fetch afresh: page memory may move in resize. */
static inline struct named_page *named_page_at(const struct reclaim_host *host,
                                               page_index page)
{
    return (struct named_page *)host->page_memory + page;
}

/* Room for `ghosts` names (and some that return). False: out of memory. */
bool ghost_table_init(struct ghost_table *table, uint64_t ghosts);
void ghost_table_release(struct ghost_table *table);

/* Room for another number; the newest of each list stay if all no longer fit.
 * False: out of memory, nothing has changed. */
bool ghost_table_resize(struct ghost_table *table, uint64_t ghosts);

static inline uint64_t ghost_count(const struct ghost_table *table,
                                   unsigned list)
{
    return table->lists[list].count;
}

/* Remember a name as the newest of a list, 1 to 3, and a note of the policy's
 * own. A name already there moves; where the list holds `limit` the oldest goes
 * first. 0 is not remembered, nor anything with a limit of 0. */
void ghost_add(struct ghost_table *table, unsigned list, uint64_t limit,
               ghost_name name, uint64_t note);

/* Forget the oldest of a list, if there is one. */
void ghost_drop_oldest(struct ghost_table *table, unsigned list);

/* A fault on this name: returns its list, GHOST_UNKNOWN if it has none. The
 * ghost leaves the list and waits for ghost_return. */
unsigned ghost_recall(struct ghost_table *table, ghost_name name);

/* The page of this name is there: it is no ghost any more. Returns the list
 * that it was recalled from, and its note where
 * `note` is not NULL; GHOST_UNKNOWN: from none. */
unsigned ghost_return(struct ghost_table *table, ghost_name name,
                      uint64_t *note);

/* Returns the first broken rule, NULL if none; walks everything. */
const char *ghost_table_valid(const struct ghost_table *table);

#endif
