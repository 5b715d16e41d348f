/*
 * Least frequently used: the page with the fewest accesses since it came goes,
 * the least recently accessed of those. In constant time, as in Shah, Mitra,
 * Matani, "An O(1) algorithm for implementing the LFU cache eviction scheme"
 * (2010).
 *
 *   buckets, by accesses     1 <-> 2 <-> 5 <-> 9     only those with pages
 *                            |     |     |     |
 *   pages, newest first      []    []    []    []
 *                            []          []    []
 *                            [] --> victim
 *
 * An access moves a page to the next bucket, which is made if its count is not
 * the one wanted. Pages enter a bucket at their last access, so a bucket's
 * order is the order of last accesses.
 *
 * Buckets are taken when the budget is known. k of them with pages need
 * k (k - 1) / 2 accesses, so MAX_BUCKETS last for 3 x 10^10; past that a page
 * stays where it is. There is no ageing, and no memory of pages that went.
 */
#include <stdlib.h>

#include "page_links.h"
#include "policies.h"

enum { MAX_BUCKETS = 1 << 18, LEAST_BUCKETS = 16, LIST_ID = 1 };

struct lfu_page {
    struct page_link link;
    uint32_t bucket;
    uint32_t unused;
};
static_assert(sizeof(struct lfu_page) == 16, "sixteen bytes a page");

struct bucket {
    struct page_list_ends pages;
    uint64_t accesses;
    uint32_t fewer, more; /* neighbours; `more` also links free ones */
};

struct lfu {
    struct reclaim_host *host;
    struct bucket *buckets; /* 1 .. bucket_count; 0 is both ends */
    uint32_t bucket_count;
    uint32_t touched;    /* buckets past this were never in use */
    uint32_t first_free; /* of those that were; 0: none */
    uint64_t page_count;
};

static struct lfu_page *lfu_page_at(const struct lfu *lfu, page_index page)
{
    return (struct lfu_page *)lfu->host->page_memory + page;
}

/* Life. ------------------------------------------------------------------- */

static bool lfu_resize(void *self, uint64_t memory_pages)
{
    struct lfu *lfu = self;
    const uint64_t want = u64_min(memory_pages + LEAST_BUCKETS, MAX_BUCKETS);

    if (want <= lfu->bucket_count)
        return true;
    struct bucket *grown =
        realloc(lfu->buckets, (want + 1) * sizeof *lfu->buckets);

    if (!grown)
        return false;
    if (!lfu->buckets)
        grown[0] = (struct bucket){.fewer = 0};
    lfu->buckets = grown;
    lfu->bucket_count = (uint32_t)want;
    return true;
}

static void lfu_fini(void *self)
{
    struct lfu *lfu = self;

    free(lfu->buckets);
    free(lfu);
}

static void *lfu_init(struct reclaim_host *host,
                      const union reclaim_value *values)
{
    struct lfu *lfu = calloc(1, sizeof *lfu);

    (void)values;
    if (!lfu)
        return NULL;
    lfu->host = host;
    if (lfu_resize(lfu, host->memory_pages))
        return lfu;
    lfu_fini(lfu);
    return NULL;
}

/* Buckets. ---------------------------------------------------------------- */

/* One that is free; 0: there is none. */
static uint32_t take_bucket(struct lfu *lfu)
{
    const uint32_t taken = lfu->first_free;

    if (taken)
        lfu->first_free = lfu->buckets[taken].more;
    else if (lfu->touched < lfu->bucket_count)
        return ++lfu->touched;
    return taken;
}

/* The bucket for so many accesses, which is `below` or comes right after it;
 * 0: there is none and none can be made. */
static uint32_t bucket_after(struct lfu *lfu, uint32_t below, uint64_t accesses)
{
    struct bucket *buckets = lfu->buckets;
    const uint32_t above = buckets[below].more;

    if (above && buckets[above].accesses == accesses)
        return above;
    const uint32_t made = take_bucket(lfu);

    if (!made)
        return 0;
    buckets[made] = (struct bucket){
        .pages = {.id = LIST_ID},
        .accesses = accesses,
        .fewer = below,
        .more = above,
    };
    buckets[below].more = made;
    buckets[above].fewer = made;
    return made;
}

static void leave(struct lfu *lfu, page_index page)
{
    const uint32_t n = lfu_page_at(lfu, page)->bucket;
    struct bucket *bucket = &lfu->buckets[n];

    page_links_remove(page_links_of(lfu->host), &bucket->pages, page);
    if (bucket->pages.count)
        return;
    lfu->buckets[bucket->fewer].more = bucket->more;
    lfu->buckets[bucket->more].fewer = bucket->fewer;
    bucket->more = lfu->first_free;
    lfu->first_free = n;
}

static void enter(struct lfu *lfu, page_index page, uint32_t n)
{
    page_links_push_head(page_links_of(lfu->host), &lfu->buckets[n].pages,
                         page);
    lfu_page_at(lfu, page)->bucket = n;
}

/* Pages. ------------------------------------------------------------------ */

static void lfu_page_added(void *self, page_index page,
                           enum reclaim_class class_, enum reclaim_added why)
{
    struct lfu *lfu = self;
    uint32_t first = bucket_after(lfu, 0, 1);

    (void)class_;
    (void)why;
    enter(lfu, page, first ? first : lfu->buckets[0].more);
    lfu->page_count++;
}

static void lfu_page_removed(void *self, page_index page,
                             enum reclaim_removed why)
{
    struct lfu *lfu = self;

    (void)why;
    leave(lfu, page);
    lfu->page_count--;
}

static void lfu_page_accessed(void *self, page_index page,
                              enum reclaim_accessed how)
{
    struct lfu *lfu = self;
    const uint32_t now = lfu_page_at(lfu, page)->bucket;
    const uint32_t next =
        bucket_after(lfu, now, lfu->buckets[now].accesses + 1);

    (void)how;
    if (!next) {
        page_links_move_to_head(page_links_of(lfu->host),
                                &lfu->buckets[now].pages, page);
        return;
    }
    leave(lfu, page);
    enter(lfu, page, next);
}

/* Behind all others, whatever its count was. */
static void lfu_page_dont_need(void *self, page_index page)
{
    struct lfu *lfu = self;

    leave(lfu, page);
    uint32_t first = bucket_after(lfu, 0, 1);

    first = first ? first : lfu->buckets[0].more;
    page_links_push_tail(page_links_of(lfu->host), &lfu->buckets[first].pages,
                         page);
    lfu_page_at(lfu, page)->bucket = first;
}

static page_index lfu_victim(void *self, enum reclaim_level level)
{
    const struct lfu *lfu = self;
    const uint32_t first = lfu->buckets[0].more;

    (void)level;
    return first ? lfu->buckets[first].pages.tail : PAGE_NONE;
}

static page_index lfu_likely_victim(const void *self, page_index page)
{
    const struct lfu *lfu = self;
    const uint32_t first = lfu->buckets[0].more;

    if (!first)
        return PAGE_NONE;
    return page_links_towards_head(page_links_of(lfu->host),
                                   &lfu->buckets[first].pages, page);
}

/* As much used as the page that is used most. */
static void lfu_refused(void *self, page_index page, enum reclaim_refused why)
{
    struct lfu *lfu = self;

    (void)why;
    leave(lfu, page);
    const uint32_t last = lfu->buckets[0].fewer;

    if (last)
        enter(lfu, page, last);
    else
        enter(lfu, page, bucket_after(lfu, 0, 1));
}

/* Looking. ---------------------------------------------------------------- */

static unsigned lfu_lists(void *self, struct reclaim_list *out)
{
    const struct lfu *lfu = self;

    out[0] = (struct reclaim_list){"lfu", lfu->page_count};
    return 1;
}

static struct reclaim_place lfu_place(void *self, page_index page)
{
    const struct lfu *lfu = self;

    CHECK(lfu_page_at(lfu, page)->link.list == LIST_ID);
    return (struct reclaim_place){0, false};
}

static const char *bucket_valid(const struct lfu *lfu, uint32_t n)
{
    const struct bucket *bucket = &lfu->buckets[n];

    if (bucket->pages.count == 0)
        return "a bucket in use has pages";
    if (lfu->buckets[bucket->fewer].accesses >= bucket->accesses)
        return "buckets stand in the order of their accesses";
    if (lfu->buckets[bucket->fewer].more != n)
        return "buckets lead back where they came from";
    for (page_index page = bucket->pages.head; page;
         page = lfu_page_at(lfu, page)->link.next)
        if (lfu_page_at(lfu, page)->bucket != n)
            return "a page knows its bucket";
    return page_links_valid(page_links_of(lfu->host), &bucket->pages);
}

static const char *lfu_valid(void *self)
{
    const struct lfu *lfu = self;
    uint64_t pages = 0;

    for (uint32_t n = lfu->buckets[0].more; n; n = lfu->buckets[n].more) {
        const char *broken = bucket_valid(lfu, n);

        if (broken)
            return broken;
        pages += lfu->buckets[n].pages.count;
    }
    return pages == lfu->page_count ? NULL
                                    : "the pages of all buckets are all pages";
}

const struct reclaim_policy_ops lfu_policy_ops = {
    .abi = RECLAIM_POLICY_ABI,
    .name = "lfu",
    .summary = "the page with the fewest accesses since it came, then the "
               "least recent",
    .reference = "Shah, Mitra, Matani 2010, An O(1) algorithm for implementing "
                 "the LFU cache eviction scheme",
    .page_bytes = sizeof(struct lfu_page),
    .init = lfu_init,
    .fini = lfu_fini,
    .resize = lfu_resize,
    .page_added = lfu_page_added,
    .page_removed = lfu_page_removed,
    .page_accessed = lfu_page_accessed,
    .page_dont_need = lfu_page_dont_need,
    .victim = lfu_victim,
    .likely_victim = lfu_likely_victim,
    .refused = lfu_refused,
    .lists = lfu_lists,
    .place = lfu_place,
    .valid = lfu_valid,
};
