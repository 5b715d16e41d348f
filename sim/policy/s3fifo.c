/*
 * S3-FIFO: three fifo queues. A small one filters pages that are accessed once;
 * those accessed more often, and those that come back while they are
 * remembered, get into the main one. Yang, Zhang, Qiu, Yue, Rashmi, "FIFO
 * queues are all you need for cache eviction" (SOSP 2023).
 *
 *   new --> [small] -- oldest, counter >= 2 --> [main] <-- back from the ghosts
 *              |                                  |  ^
 *              | else                 counter 0   |  | counter > 0: less one
 *              v                                  v  +--- to the newest end
 *           victim, ghosts remember it         victim
 *
 * The search for a victim moves pages from small to main: page_pair.h.
 *
 * Beyond the paper: no page is refused for want of room in small (the
 * reference does that below 20 pages of memory).
 */
#include <stdlib.h>

#include "ghost_list.h"
#include "page_pair.h"
#include "policies.h"

enum { PARAM_SMALL, PARAM_GHOSTS, PARAM_PROMOTE };
enum { SMALL, MAIN }; /* of the pair */
enum { GHOSTS = 1 };

enum { MAX_COUNTER = PAGE_PAIR_MARKS };

struct s3fifo {
    struct reclaim_host *host;
    struct page_pair pair;
    struct ghost_table ghosts;
    uint64_t main_share; /* pages */
    uint64_t ghost_room; /* names */
    double small_part, ghost_part;
    unsigned promote_at;
    bool stays_in_small; /* a search began in small and goes on there, however
                            large main has become by it */
};

/* Life. ------------------------------------------------------------------- */

static uint64_t ghost_room(const struct s3fifo *s3, uint64_t memory_pages)
{
    return (uint64_t)((double)memory_pages * s3->ghost_part);
}

static void set_shares(struct s3fifo *s3, uint64_t memory_pages)
{
    s3->main_share =
        memory_pages - (uint64_t)((double)memory_pages * s3->small_part);
    s3->ghost_room = ghost_room(s3, memory_pages);
}

static bool s3fifo_resize(void *self, uint64_t memory_pages)
{
    struct s3fifo *s3 = self;

    if (!ghost_table_resize(&s3->ghosts, ghost_room(s3, memory_pages)))
        return false;
    set_shares(s3, memory_pages);
    return true;
}

static void s3fifo_fini(void *self)
{
    struct s3fifo *s3 = self;

    ghost_table_release(&s3->ghosts);
    free(s3);
}

static void *s3fifo_init(struct reclaim_host *host,
                         const union reclaim_value *values)
{
    struct s3fifo *s3 = calloc(1, sizeof *s3);

    if (!s3)
        return NULL;
    s3->host = host;
    s3->pair = page_pair_empty(1, 2);
    s3->small_part = values[PARAM_SMALL].real;
    s3->ghost_part = values[PARAM_GHOSTS].real;
    s3->promote_at = (unsigned)values[PARAM_PROMOTE].uint;
    set_shares(s3, host->memory_pages);
    if (ghost_table_init(&s3->ghosts, s3->ghost_room))
        return s3;
    free(s3);
    return NULL;
}

/* A page's mark. ---------------------------------------------------------- */

static unsigned counter_of(const struct page_link *link)
{
    return link->mark & MAX_COUNTER;
}

static void set_counter(struct page_link *link, unsigned counter)
{
    link->mark = (link->mark & PAGE_JUST_MOVED) | (counter & MAX_COUNTER);
}

/* Pages. ------------------------------------------------------------------ */

static void s3fifo_page_added(void *self, page_index page,
                              enum reclaim_class class_, enum reclaim_added why)
{
    struct s3fifo *s3 = self;

    (void)class_;
    (void)why;
    s3->stays_in_small = false;
    named_page_at(s3->host, page)->name = 0;
    page_pair_add(page_links_of(s3->host), &s3->pair, page, SMALL);
}

static void s3fifo_page_identity(void *self, page_index page,
                                 struct reclaim_identity identity)
{
    struct s3fifo *s3 = self;
    const ghost_name name = ghost_name_of(identity);

    named_page_at(s3->host, page)->name = name;
    if (ghost_return(&s3->ghosts, name, NULL) != GHOST_UNKNOWN)
        page_pair_renew(page_links_of(s3->host), &s3->pair, page, MAIN);
}

static void s3fifo_refault(void *self, struct reclaim_identity identity)
{
    struct s3fifo *s3 = self;

    ghost_recall(&s3->ghosts, ghost_name_of(identity));
}

static void s3fifo_page_removed(void *self, page_index page,
                                enum reclaim_removed why)
{
    struct s3fifo *s3 = self;
    const unsigned list =
        page_pair_remove(page_links_of(s3->host), &s3->pair, page);

    s3->stays_in_small = false;
    if (why == RECLAIM_REMOVED_RECLAIMED && list == SMALL)
        ghost_add(&s3->ghosts, GHOSTS, s3->ghost_room,
                  named_page_at(s3->host, page)->name, 0);
}

static void s3fifo_page_accessed(void *self, page_index page,
                                 enum reclaim_accessed how)
{
    struct s3fifo *s3 = self;
    struct page_link *link = page_link_at(page_links_of(s3->host), page);
    const unsigned counter = counter_of(link);

    (void)how;
    if (counter < MAX_COUNTER)
        set_counter(link, counter + 1);
}

/* Turns main round to its next victim. */
static page_index search_main(struct s3fifo *s3)
{
    struct page_links links = page_links_of(s3->host);
    page_index page;

    while ((page = s3->pair.list[MAIN].tail)) {
        struct page_link *link = page_link_at(links, page);
        const unsigned counter = counter_of(link);

        if (counter == 0)
            break;
        set_counter(link, counter - 1);
        page_links_move_to_head(links, &s3->pair.list[MAIN], page);
    }
    return page;
}

/* Moves what was accessed to main, up to the next victim. */
static page_index search_small(struct s3fifo *s3)
{
    struct page_links links = page_links_of(s3->host);
    page_index page;

    while ((page = s3->pair.list[SMALL].tail)) {
        struct page_link *link = page_link_at(links, page);

        if (counter_of(link) < s3->promote_at)
            break;
        page_pair_move(links, &s3->pair, page);
        set_counter(link, 0);
    }
    return page;
}

static page_index s3fifo_victim(void *self, enum reclaim_level level)
{
    struct s3fifo *s3 = self;

    (void)level;
    if (s3->stays_in_small || s3->pair.list[MAIN].count <= s3->main_share) {
        page_index page = search_small(s3);

        s3->stays_in_small = page != PAGE_NONE;
        if (page)
            return page;
    }
    page_index page = search_main(s3);

    return page ? page : search_small(s3);
}

/* The oldest of both: whichever is looked at next. */
static void s3fifo_page_dont_need(void *self, page_index page)
{
    struct s3fifo *s3 = self;
    struct page_links links = page_links_of(s3->host);
    struct page_list_ends *list = s3->pair.list;

    s3->stays_in_small = false;
    page_pair_remove(links, &s3->pair, page);
    page_link_at(links, page)->mark = 0;
    page_links_push_tail(
        links, &list[list[MAIN].count > s3->main_share ? MAIN : SMALL], page);
}

/* To main, with as many turns to go as any page. */
static void s3fifo_refused(void *self, page_index page,
                           enum reclaim_refused why)
{
    struct s3fifo *s3 = self;
    struct page_links links = page_links_of(s3->host);

    (void)why;
    s3->stays_in_small = false;
    page_pair_renew(links, &s3->pair, page, MAIN);
    set_counter(page_link_at(links, page), MAX_COUNTER);
}

/* Looking. ---------------------------------------------------------------- */

static unsigned s3fifo_lists(void *self, struct reclaim_list *out)
{
    static const char *const names[] = {"small", "main"};
    const struct s3fifo *s3 = self;

    page_pair_show(&s3->pair, names, out);
    return 2;
}

static struct reclaim_place s3fifo_place(void *self, page_index page)
{
    const struct s3fifo *s3 = self;
    const unsigned list =
        page_pair_seen_at(page_links_of(s3->host), &s3->pair, page);

    return (struct reclaim_place){list, list == MAIN};
}

static void s3fifo_activity(void *self, uint64_t *active, uint64_t *inactive)
{
    const struct s3fifo *s3 = self;

    *active = page_pair_seen(&s3->pair, MAIN);
    *inactive = page_pair_seen(&s3->pair, SMALL);
}

static const char *s3fifo_valid(void *self)
{
    const struct s3fifo *s3 = self;
    const char *broken = page_pair_valid(page_links_of(s3->host), &s3->pair);

    return broken ? broken : ghost_table_valid(&s3->ghosts);
}

static const struct reclaim_param s3fifo_params[] = {
    [PARAM_SMALL] = {.name = "small",
                     .kind = RECLAIM_PARAM_REAL,
                     .default_text = "0.10",
                     .maximum = 1,
                     .help = "share of the memory for new pages"},
    [PARAM_GHOSTS] = {.name = "ghosts",
                      .kind = RECLAIM_PARAM_REAL,
                      .default_text = "0.90",
                      .maximum = 1,
                      .help = "pages remembered, as a share of the memory"},
    [PARAM_PROMOTE] = {.name = "promote_at",
                       .kind = RECLAIM_PARAM_UINT,
                       .default_text = "2",
                       .minimum = 1,
                       .maximum = MAX_COUNTER,
                       .help = "accesses that lift a new page to main"},
    {.name = NULL},
};

const struct reclaim_policy_ops s3fifo_policy_ops = {
    .abi = RECLAIM_POLICY_ABI,
    .name = "s3fifo",
    .summary = "a small fifo of new pages, a main one, and ghosts",
    .reference = "Yang et al. 2023, FIFO queues are all you need for cache "
                 "eviction",
    .params = s3fifo_params,
    .page_bytes = sizeof(struct named_page),
    .init = s3fifo_init,
    .fini = s3fifo_fini,
    .resize = s3fifo_resize,
    .page_added = s3fifo_page_added,
    .page_removed = s3fifo_page_removed,
    .page_accessed = s3fifo_page_accessed,
    .page_dont_need = s3fifo_page_dont_need,
    .victim = s3fifo_victim,
    .refused = s3fifo_refused,
    .refault = s3fifo_refault,
    .page_identity = s3fifo_page_identity,
    .lists = s3fifo_lists,
    .place = s3fifo_place,
    .activity = s3fifo_activity,
    .valid = s3fifo_valid,
};
