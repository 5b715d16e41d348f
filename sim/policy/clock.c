/*
 * Clock, or second chance: fifo order and a small counter per page. An access
 * raises the counter (to 2^bits - 1 at most); the oldest page goes if its
 * counter is 0, else it gives up one and becomes the newest. Corbató, "A paging
 * experiment with the Multics system" (1968), is the case of one bit; with
 * more it is the generalized clock of Smith (1978).
 *
 *        +---> [newest] <-> [ ] <-> ... <-> [ ] <-> [oldest] <---+
 *        +-------------------------------------------- ^ --------+
 *                                                     hand
 *   counter 0: victim;  else: take 1 off, step towards the newest
 *
 * The pages are a ring, and the hand is at the oldest. That a page becomes the
 * newest is one step of the hand: no link changes. A new page enters right
 * behind the hand, as on a real clock. Steps are made when a victim is asked
 * for; each was paid for by an access.
 */
#include <stdlib.h>

#include "page_links.h"
#include "policies.h"

enum { PARAM_BITS };

enum { ON_RING = 1, LOOK_AHEAD = 8 };

struct clock {
    struct reclaim_host *host;
    page_index hand; /* PAGE_NONE: the ring is empty */
    uint64_t count;
    unsigned max_counter;
};

/* A page's link: `prev` is the page next newer, the newest's is the oldest;
 * `next` the other way; `list` is ON_RING or 0, `mark` the counter. */
static struct page_link *link_of(const struct clock *clock, page_index page)
{
    return page_link_at(page_links_of(clock->host), page);
}

/* The page, on no ring, becomes the newest. */
static void insert(struct clock *clock, page_index page)
{
    struct page_link *link = link_of(clock, page);
    struct page_link *oldest = clock->hand ? link_of(clock, clock->hand) : link;

    CHECK(link->list == 0);
    if (!clock->hand) {
        clock->hand = page;
        link->next = page & PAGE_LINK_MASK;
    }
    link->list = ON_RING;
    link->prev = clock->hand & PAGE_LINK_MASK;
    link->next = oldest->next;
    link_of(clock, oldest->next)->prev = page & PAGE_LINK_MASK;
    oldest->next = page & PAGE_LINK_MASK;
    clock->count++;
}

static void take_out(struct clock *clock, page_index page)
{
    struct page_link *link = link_of(clock, page);

    CHECK(link->list == ON_RING);
    if (page == clock->hand)
        clock->hand = link->prev == page ? PAGE_NONE : link->prev;
    link_of(clock, link->prev)->next = link->next;
    link_of(clock, link->next)->prev = link->prev;
    link->list = 0;
    clock->count--;
}

static void *clock_init(struct reclaim_host *host,
                        const union reclaim_value *values)
{
    struct clock *clock = calloc(1, sizeof *clock);

    if (!clock)
        return NULL;
    clock->host = host;
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

    (void)class_;
    (void)why;
    link_of(clock, page)->mark = 0;
    insert(clock, page);
}

static void clock_page_removed(void *self, page_index page,
                               enum reclaim_removed why)
{
    (void)why;
    take_out(self, page);
}

static void clock_page_accessed(void *self, page_index page,
                                enum reclaim_accessed how)
{
    const struct clock *clock = self;
    struct page_link *link = link_of(clock, page);

    (void)how;
    CHECK(link->list == ON_RING);
    if (link->mark < clock->max_counter)
        link->mark = (link->mark + 1u) & PAGE_LINK_MAX_MARK;
}

/* It becomes the oldest: the newest, and the hand a step back. */
static void clock_page_dont_need(void *self, page_index page)
{
    struct clock *clock = self;

    take_out(clock, page);
    link_of(clock, page)->mark = 0;
    insert(clock, page);
    clock->hand = page;
}

static page_index clock_victim(void *self, enum reclaim_level level)
{
    struct clock *clock = self;
    struct page_link *link;

    (void)level;
    if (!clock->hand)
        return PAGE_NONE;
    while ((link = link_of(clock, clock->hand))->mark > 0) {
        link->mark = (link->mark - 1u) & PAGE_LINK_MAX_MARK;
        clock->hand = link->prev;
    }
    return clock->hand;
}

/* The next page on the hand's way with nothing on its counter; not looked for
 * further than LOOK_AHEAD pages. */
static page_index clock_likely_victim(const void *self, page_index page)
{
    const struct clock *clock = self;
    const struct page_link *link = link_of(clock, page);

    if (link->list != ON_RING)
        return clock->hand;
    for (int n = 0; n < LOOK_AHEAD; n++) {
        page = link->prev;
        if (page == clock->hand)
            return PAGE_NONE;
        link = link_of(clock, page);
        if (link->mark == 0)
            break;
    }
    return page;
}

/* As if used as much as any: the hand comes back to 0 elsewhere first. */
static void clock_refused(void *self, page_index page, enum reclaim_refused why)
{
    struct clock *clock = self;

    (void)why;
    take_out(clock, page);
    link_of(clock, page)->mark = clock->max_counter & PAGE_LINK_MAX_MARK;
    insert(clock, page);
}

static unsigned clock_lists(void *self, struct reclaim_list *out)
{
    const struct clock *clock = self;

    out[0] = (struct reclaim_list){"clock", clock->count};
    return 1;
}

static struct reclaim_place clock_place(void *self, page_index page)
{
    const struct clock *clock = self;

    CHECK(link_of(clock, page)->list == ON_RING);
    return (struct reclaim_place){0, false};
}

static const char *clock_valid(void *self)
{
    const struct clock *clock = self;
    page_index page = clock->hand;

    for (uint64_t n = 0; n < clock->count; n++) {
        const struct page_link *link = link_of(clock, page);

        if (n > 0 && page == clock->hand)
            return "the ring closes after all of its pages";
        if (link->list != ON_RING)
            return "a page on the ring knows it";
        if (link->mark > clock->max_counter)
            return "a counter has no more than its bits";
        if (link_of(clock, link->prev)->next != page)
            return "links lead back where they came from";
        page = link->prev;
    }
    return page == clock->hand ? NULL
                               : "the ring closes after all of its pages";
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
