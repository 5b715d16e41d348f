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
 * The search for a victim moves pages, but what is seen from outside may not
 * change until the victim goes: pages that the search took from small to main
 * carry a mark and count as small's until then. They are the newest of main,
 * among those that the search turned round, so taking the marks off costs no
 * more than the search did.
 *
 * Beyond the paper: no page is refused for want of room in small (the
 * reference does that below 20 pages of memory).
 */
#include <stdlib.h>

#include "ghost_list.h"
#include "policies.h"

enum { PARAM_SMALL, PARAM_GHOSTS, PARAM_PROMOTE };
enum { LIST_SMALL = 1, LIST_MAIN = 2, GHOSTS = 1 };

/* A page's mark: a counter of two bits, and one bit for the search. */
enum { MAX_COUNTER = 3, JUST_PROMOTED = 4 };

struct s3fifo {
    struct reclaim_host *host;
    struct page_list_ends small;
    struct page_list_ends main;
    struct ghost_table ghosts;
    uint64_t main_share; /* pages */
    uint64_t ghost_room; /* names */
    double small_part, ghost_part;
    unsigned promote_at;

    /* of the search for a victim, until something changes */
    uint64_t just_promoted; /* pages of main that still count as small's */
    bool stays_in_small;    /* small was searched, main is not asked again */
};

/* Life. ------------------------------------------------------------------- */

static void set_shares(struct s3fifo *s3, uint64_t memory_pages)
{
    s3->main_share =
        memory_pages - (uint64_t)((double)memory_pages * s3->small_part);
    s3->ghost_room = (uint64_t)((double)memory_pages * s3->ghost_part);
}

static bool s3fifo_resize(void *self, uint64_t memory_pages)
{
    struct s3fifo *s3 = self;

    set_shares(s3, memory_pages);
    return ghost_table_resize(&s3->ghosts, s3->ghost_room);
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
    s3->small.id = LIST_SMALL;
    s3->main.id = LIST_MAIN;
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
    link->mark = (link->mark & JUST_PROMOTED) | (counter & MAX_COUNTER);
}

/* What the search for a victim moved is there for all to see. */
static void end_search(struct s3fifo *s3)
{
    struct page_links links = page_links_of(s3->host);

    s3->stays_in_small = false;
    for (page_index page = s3->main.head; s3->just_promoted;) {
        struct page_link *link = page_link_at(links, page);

        CHECK(page != PAGE_NONE);
        s3->just_promoted -= (link->mark & JUST_PROMOTED) != 0;
        link->mark &= MAX_COUNTER;
        page = link->next;
    }
}

/* Pages. ------------------------------------------------------------------ */

static struct page_list_ends *list_of(struct s3fifo *s3, page_index page)
{
    const unsigned id = page_link_at(page_links_of(s3->host), page)->list;

    CHECK(id != 0);
    return id == LIST_SMALL ? &s3->small : &s3->main;
}

static void move(struct s3fifo *s3, page_index page, struct page_list_ends *to)
{
    struct page_links links = page_links_of(s3->host);

    page_links_remove(links, list_of(s3, page), page);
    page_links_push_head(links, to, page);
}

static void s3fifo_page_added(void *self, page_index page,
                              enum reclaim_class class_, enum reclaim_added why)
{
    struct s3fifo *s3 = self;

    (void)class_;
    (void)why;
    end_search(s3);
    named_page_at(s3->host, page)->name = 0;
    page_link_at(page_links_of(s3->host), page)->mark = 0;
    page_links_push_head(page_links_of(s3->host), &s3->small, page);
}

static void s3fifo_page_identity(void *self, page_index page,
                                 struct reclaim_identity identity)
{
    struct s3fifo *s3 = self;
    const ghost_name name = ghost_name_of(identity);

    named_page_at(s3->host, page)->name = name;
    if (ghost_return(&s3->ghosts, name) != GHOST_UNKNOWN)
        move(s3, page, &s3->main);
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
    struct page_list_ends *list = list_of(s3, page);

    end_search(s3);
    page_links_remove(page_links_of(s3->host), list, page);
    if (why == RECLAIM_REMOVED_RECLAIMED && list == &s3->small)
        ghost_add(&s3->ghosts, GHOSTS, s3->ghost_room,
                  named_page_at(s3->host, page)->name);
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

    while ((page = s3->main.tail)) {
        struct page_link *link = page_link_at(links, page);
        const unsigned counter = counter_of(link);

        if (counter == 0)
            break;
        set_counter(link, counter - 1);
        page_links_move_to_head(links, &s3->main, page);
    }
    return page;
}

/* Moves what was accessed to main, up to the next victim. */
static page_index search_small(struct s3fifo *s3)
{
    struct page_links links = page_links_of(s3->host);
    page_index page;

    while ((page = s3->small.tail)) {
        struct page_link *link = page_link_at(links, page);

        if (counter_of(link) < s3->promote_at)
            break;
        move(s3, page, &s3->main);
        link->mark = JUST_PROMOTED;
        s3->just_promoted++;
    }
    return page;
}

static page_index s3fifo_victim(void *self, enum reclaim_level level)
{
    struct s3fifo *s3 = self;

    (void)level;
    if (s3->stays_in_small || s3->main.count <= s3->main_share) {
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
    struct page_list_ends *list = list_of(s3, page);

    end_search(s3);
    page_link_at(links, page)->mark = 0;
    page_links_remove(links, list, page);
    page_links_push_tail(
        links, s3->main.count > s3->main_share ? &s3->main : &s3->small, page);
}

/* To main, with as many turns to go as any page. */
static void s3fifo_refused(void *self, page_index page,
                           enum reclaim_refused why)
{
    struct s3fifo *s3 = self;

    (void)why;
    end_search(s3);
    move(s3, page, &s3->main);
    set_counter(page_link_at(page_links_of(s3->host), page), MAX_COUNTER);
}

/* Looking. ---------------------------------------------------------------- */

static unsigned s3fifo_lists(void *self, struct reclaim_list *out)
{
    const struct s3fifo *s3 = self;

    out[0] =
        (struct reclaim_list){"small", s3->small.count + s3->just_promoted};
    out[1] = (struct reclaim_list){"main", s3->main.count - s3->just_promoted};
    return 2;
}

static struct reclaim_place s3fifo_place(void *self, page_index page)
{
    struct s3fifo *s3 = self;
    const bool is_main =
        list_of(s3, page) == &s3->main &&
        !(page_link_at(page_links_of(s3->host), page)->mark & JUST_PROMOTED);

    return (struct reclaim_place){is_main, is_main};
}

static void s3fifo_activity(void *self, uint64_t *active, uint64_t *inactive)
{
    const struct s3fifo *s3 = self;

    *active = s3->main.count - s3->just_promoted;
    *inactive = s3->small.count + s3->just_promoted;
}

static const char *s3fifo_valid(void *self)
{
    const struct s3fifo *s3 = self;
    struct page_links links = page_links_of(s3->host);
    const char *broken = page_links_valid(links, &s3->small);
    uint64_t promoted = 0;

    if (!broken)
        broken = page_links_valid(links, &s3->main);
    if (!broken)
        broken = ghost_table_valid(&s3->ghosts);
    if (broken)
        return broken;
    for (page_index page = s3->main.head; page;
         page = page_link_at(links, page)->next)
        promoted += (page_link_at(links, page)->mark & JUST_PROMOTED) != 0;
    return promoted == s3->just_promoted
               ? NULL
               : "pages that still count as small's carry the mark";
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
