/*
 * Clock, or second chance: fifo order and a small counter per page. An access
 * raises the counter (to 2^bits - 1 at most); the oldest page goes if its
 * counter is 0, else it gives up one and becomes the newest. Corbató, "A paging
 * experiment with the Multics system" (1968), is the case of one bit; with
 * more it is the generalized clock of Smith (1978).
 *
 *          counter > 0: take 1 off
 *        +-------------------------------+
 *        v                               |
 *   [newest] ... ... ... ... ... ... [oldest] -- counter 0 --> victim
 *
 * The hand stands at the oldest end and the ring turns past it, so a new page
 * enters right behind the hand, as on a real clock. Turning happens when a
 * victim is asked for; each turn was paid for by an access.
 */
#include <stdlib.h>

#include "page_links.h"
#include "policies.h"

enum { PARAM_BITS };

struct clock {
    struct reclaim_host *host;
    struct page_list_ends ring;
    unsigned max_counter;
};

static void *clock_init(struct reclaim_host *host,
                        const union reclaim_value *values)
{
    struct clock *clock = calloc(1, sizeof *clock);

    if (!clock)
        return NULL;
    clock->host = host;
    clock->ring.id = 1;
    clock->max_counter = (1u << values[PARAM_BITS].uint) - 1;
    CHECK(clock->max_counter <= PAGE_LINK_MAX_MARK);
    return clock;
}

static void clock_fini(void *self)
{
    free(self);
}

static bool clock_resize(void *self, uint64_t memory_pages)
{
    (void)self;
    (void)memory_pages;
    return true;
}

static void clock_page_added(void *self, page_index page,
                             enum reclaim_class class_, enum reclaim_added why)
{
    struct clock *clock = self;
    struct page_links links = page_links_of(clock->host);

    (void)class_;
    (void)why;
    page_link_at(links, page)->mark = 0;
    page_links_push_head(links, &clock->ring, page);
}

static void clock_page_removed(void *self, page_index page,
                               enum reclaim_removed why)
{
    struct clock *clock = self;

    (void)why;
    page_links_remove(page_links_of(clock->host), &clock->ring, page);
}

static void clock_page_accessed(void *self, page_index page,
                                enum reclaim_accessed how)
{
    const struct clock *clock = self;
    struct page_link *link = page_link_at(page_links_of(clock->host), page);

    (void)how;
    CHECK(link->list == clock->ring.id);
    if (link->mark < clock->max_counter)
        link->mark = (link->mark + 1u) & PAGE_LINK_MAX_MARK;
}

static void clock_page_dont_need(void *self, page_index page)
{
    struct clock *clock = self;
    struct page_links links = page_links_of(clock->host);

    page_link_at(links, page)->mark = 0;
    page_links_move_to_tail(links, &clock->ring, page);
}

static page_index clock_victim(void *self, enum reclaim_level level)
{
    struct clock *clock = self;
    struct page_links links = page_links_of(clock->host);
    page_index page;

    (void)level;
    while ((page = clock->ring.tail) && page_link_at(links, page)->mark > 0) {
        page_link_at(links, page)->mark =
            (page_link_at(links, page)->mark - 1u) & PAGE_LINK_MAX_MARK;
        page_links_move_to_head(links, &clock->ring, page);
    }
    return page;
}

static page_index clock_likely_victim(const void *self, page_index page)
{
    const struct clock *clock = self;

    return page_links_towards_head(page_links_of(clock->host), &clock->ring,
                                   page);
}

static void clock_refused(void *self, page_index page, enum reclaim_refused why)
{
    struct clock *clock = self;
    struct page_links links = page_links_of(clock->host);

    (void)why;
    /* As if used as much as any: the hand comes back to 0 elsewhere first. */
    page_link_at(links, page)->mark = clock->max_counter & PAGE_LINK_MAX_MARK;
    page_links_move_to_head(links, &clock->ring, page);
}

static unsigned clock_lists(void *self, struct reclaim_list *out)
{
    const struct clock *clock = self;

    out[0] = (struct reclaim_list){"clock", clock->ring.count};
    return 1;
}

static struct reclaim_place clock_place(void *self, page_index page)
{
    const struct clock *clock = self;

    CHECK(page_link_at(page_links_of(clock->host), page)->list ==
          clock->ring.id);
    return (struct reclaim_place){0, false};
}

static const char *clock_valid(void *self)
{
    const struct clock *clock = self;
    struct page_links links = page_links_of(clock->host);

    for (page_index page = clock->ring.head; page;
         page = page_link_at(links, page)->next)
        if (page_link_at(links, page)->mark > clock->max_counter)
            return "a counter has no more than its bits";
    return page_links_valid(links, &clock->ring);
}

static const struct reclaim_param clock_params[] = {
    [PARAM_BITS] = {.name = "bits",
                    .kind = RECLAIM_PARAM_UINT,
                    .default_text = "1",
                    .minimum = 1,
                    .maximum = 3,
                    .help = "bits of the counter of a page"},
    {.name = NULL},
};

const struct reclaim_policy_ops clock_policy_ops = {
    .abi = RECLAIM_POLICY_ABI,
    .name = "clock",
    .summary = "second chance: pages accessed since the hand passed stay",
    .reference = "Corbato 1968, A paging experiment with the Multics system; "
                 "Smith 1978 for more than one bit",
    .params = clock_params,
    .page_bytes = sizeof(struct page_link),
    .init = clock_init,
    .fini = clock_fini,
    .resize = clock_resize,
    .page_added = clock_page_added,
    .page_removed = clock_page_removed,
    .page_accessed = clock_page_accessed,
    .page_dont_need = clock_page_dont_need,
    .victim = clock_victim,
    .likely_victim = clock_likely_victim,
    .refused = clock_refused,
    .lists = clock_lists,
    .place = clock_place,
    .valid = clock_valid,
};
