/*
 * 2Q: a page has to come back after it was reclaimed once before it counts as
 * hot. Johnson, Shasha, "2Q: a low overhead high performance buffer management
 * replacement algorithm" (VLDB 1994), the full version.
 *
 *   new --> A1in, fifo ---- too many, oldest ----> victim; A1out remembers it
 *                                                    |
 *   back from A1out --> Am, lru ---- oldest ----> victim
 *
 * A1in's share of the memory is a quarter, A1out remembers half as many pages
 * as there is memory: the paper's suggestions, here parameters. An access to a
 * page of A1in changes nothing: it is taken to belong to the same burst.
 *
 * Beyond the paper: where only one list has pages its oldest goes; a page that
 * was unpinned or cleaned is new.
 */
#include <stdlib.h>

#include "ghost_list.h"
#include "page_lists.h"
#include "policies.h"

enum { PARAM_IN, PARAM_OUT };
enum { IN, MAIN, LISTS }; /* A1in, Am */
enum { GHOSTS_OUT = 1 };  /* A1out */

struct two_queue {
    struct reclaim_host *host;
    struct page_list_ends list[LISTS];
    struct ghost_table ghosts;
    uint64_t in_share; /* pages */
    uint64_t out_room; /* names */
    double in_part, out_part;
};

/* Life. ------------------------------------------------------------------- */

static uint64_t out_room(const struct two_queue *q, uint64_t memory_pages)
{
    return (uint64_t)((double)memory_pages * q->out_part);
}

static void set_shares(struct two_queue *q, uint64_t memory_pages)
{
    q->in_share = (uint64_t)((double)memory_pages * q->in_part);
    q->out_room = out_room(q, memory_pages);
}

static bool two_queue_resize(void *self, uint64_t memory_pages)
{
    struct two_queue *q = self;

    if (!ghost_table_resize(&q->ghosts, out_room(q, memory_pages)))
        return false;
    set_shares(q, memory_pages);
    return true;
}

static void two_queue_fini(void *self)
{
    struct two_queue *q = self;

    ghost_table_release(&q->ghosts);
    free(q);
}

static void *two_queue_init(struct reclaim_host *host,
                            const union reclaim_value *values)
{
    struct two_queue *q = calloc(1, sizeof *q);

    if (!q)
        return NULL;
    q->host = host;
    page_lists_init(q->list, LISTS);
    q->in_part = values[PARAM_IN].real;
    q->out_part = values[PARAM_OUT].real;
    set_shares(q, host->memory_pages);
    if (ghost_table_init(&q->ghosts, q->out_room))
        return q;
    free(q);
    return NULL;
}

/* Pages. ------------------------------------------------------------------ */

static unsigned list_of(const struct two_queue *q, page_index page)
{
    return page_lists_index(page_links_of(q->host), page);
}

static void move(struct two_queue *q, page_index page, unsigned to)
{
    page_lists_move_to_head(page_links_of(q->host), q->list, page, to);
}

static void two_queue_page_added(void *self, page_index page,
                                 enum reclaim_class class_,
                                 enum reclaim_added why)
{
    struct two_queue *q = self;

    (void)class_;
    (void)why;
    named_page_at(q->host, page)->name = 0;
    page_links_push_head(page_links_of(q->host), &q->list[IN], page);
}

static void two_queue_page_identity(void *self, page_index page,
                                    struct reclaim_identity identity)
{
    struct two_queue *q = self;
    const ghost_name name = ghost_name_of(identity);

    named_page_at(q->host, page)->name = name;
    if (ghost_return(&q->ghosts, name, NULL) != GHOST_UNKNOWN)
        move(q, page, MAIN);
}

static void two_queue_refault(void *self, struct reclaim_identity identity)
{
    struct two_queue *q = self;

    ghost_recall(&q->ghosts, ghost_name_of(identity));
}

static void two_queue_page_removed(void *self, page_index page,
                                   enum reclaim_removed why)
{
    struct two_queue *q = self;
    const unsigned list =
        page_lists_remove(page_links_of(q->host), q->list, page);

    if (why == RECLAIM_REMOVED_RECLAIMED && list == IN)
        ghost_add(&q->ghosts, GHOSTS_OUT, q->out_room,
                  named_page_at(q->host, page)->name, 0);
}

static void two_queue_page_accessed(void *self, page_index page,
                                    enum reclaim_accessed how)
{
    struct two_queue *q = self;

    (void)how;
    if (list_of(q, page) == MAIN)
        page_links_move_to_head(page_links_of(q->host), &q->list[MAIN], page);
}

static unsigned list_to_take_from(const struct two_queue *q)
{
    return q->list[IN].count > q->in_share || q->list[MAIN].count == 0 ? IN
                                                                       : MAIN;
}

/* The oldest of the list that goes next. */
static void two_queue_page_dont_need(void *self, page_index page)
{
    struct two_queue *q = self;
    struct page_links links = page_links_of(q->host);

    page_lists_remove(links, q->list, page);
    page_links_push_tail(links, &q->list[list_to_take_from(q)], page);
}

static page_index two_queue_victim(void *self, enum reclaim_level level)
{
    const struct two_queue *q = self;

    (void)level;
    return q->list[list_to_take_from(q)].tail;
}

static page_index two_queue_likely_victim(const void *self, page_index page)
{
    const struct two_queue *q = self;

    return page_links_towards_head(page_links_of(q->host),
                                   &q->list[list_to_take_from(q)], page);
}

/* In the same list: the lists' lengths say which goes next. */
static void two_queue_refused(void *self, page_index page,
                              enum reclaim_refused why)
{
    struct two_queue *q = self;

    (void)why;
    move(q, page, list_of(q, page));
    if (q->list[list_to_take_from(q)].tail == page)
        move(q, page, list_of(q, page) == IN ? MAIN : IN);
}

/* Looking. ---------------------------------------------------------------- */

static unsigned two_queue_lists(void *self, struct reclaim_list *out)
{
    static const char *const names[LISTS] = {"a1in", "am"};
    const struct two_queue *q = self;

    return page_lists_show(q->list, names, LISTS, out);
}

static struct reclaim_place two_queue_place(void *self, page_index page)
{
    const unsigned list = list_of(self, page);

    return (struct reclaim_place){list, list == MAIN};
}

static void two_queue_activity(void *self, uint64_t *active, uint64_t *inactive)
{
    const struct two_queue *q = self;

    *active = q->list[MAIN].count;
    *inactive = q->list[IN].count;
}

static const char *two_queue_valid(void *self)
{
    const struct two_queue *q = self;
    const char *broken =
        page_lists_valid(page_links_of(q->host), q->list, LISTS);

    return broken ? broken : ghost_table_valid(&q->ghosts);
}

static const struct reclaim_param two_queue_params[] = {
    [PARAM_IN] = {.name = "in",
                  .kind = RECLAIM_PARAM_REAL,
                  .default_text = "0.25",
                  .maximum = 1,
                  .help = "share of the memory for pages seen once (Kin)"},
    [PARAM_OUT] = {.name = "out",
                   .kind = RECLAIM_PARAM_REAL,
                   .default_text = "0.5",
                   .maximum = 1,
                   .help = "pages remembered, as a share of the memory (Kout)"},
    {.name = NULL},
};

const struct reclaim_policy_ops two_queue_policy_ops = {
    .abi = RECLAIM_POLICY_ABI,
    .name = "2q",
    .summary = "a fifo of new pages, and an lru of those that came back",
    .reference = "Johnson, Shasha 1994, 2Q: a low overhead high performance "
                 "buffer management replacement algorithm",
    .params = two_queue_params,
    .page_bytes = sizeof(struct named_page),
    .init = two_queue_init,
    .fini = two_queue_fini,
    .resize = two_queue_resize,
    .page_added = two_queue_page_added,
    .page_removed = two_queue_page_removed,
    .page_accessed = two_queue_page_accessed,
    .page_dont_need = two_queue_page_dont_need,
    .victim = two_queue_victim,
    .likely_victim = two_queue_likely_victim,
    .refused = two_queue_refused,
    .refault = two_queue_refault,
    .page_identity = two_queue_page_identity,
    .lists = two_queue_lists,
    .place = two_queue_place,
    .activity = two_queue_activity,
    .valid = two_queue_valid,
};
