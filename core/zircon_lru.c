/*
 * Zircon's generations: the lists, and which page goes next.
 *
 * Pages are met at the tail of a list only. One whose queue is not that list
 * was accessed meanwhile and is put where it belongs; the first that is where
 * it belongs is the oldest. So a peek may move many pages, each once for all
 * the accesses it had since it was linked.
 */
#include "zircon_internal.h"

#include <stdlib.h>
#include <string.h>

#define LINK_MASK ((UINT64_C(1) << 30) - 1)

/* Lists. ------------------------------------------------------------------ */

static uint64_t end_of(uint8_t list)
{
    return (uint64_t)LINK_END | list;
}

static struct zircon_list *list_ending(struct zircon *z, uint64_t link)
{
    return &z->list[link & ~(uint64_t)LINK_END];
}

void zircon_unlink(struct zircon *z, page_index page)
{
    const struct zircon_page p = *page_of(z, page);

    if (p.prev & LINK_END)
        list_ending(z, p.prev)->head = page_linked(p.next);
    else
        page_of(z, p.prev)->next = p.next;
    if (p.next & LINK_END)
        list_ending(z, p.next)->tail = page_linked(p.prev);
    else
        page_of(z, p.next)->prev = p.prev;
}

void zircon_push_head(struct zircon *z, page_index page, uint8_t to)
{
    struct zircon_page *p = page_of(z, page);
    struct zircon_list *list = &z->list[to];

    p->prev = end_of(to) & LINK_MASK;
    p->next = (list->head ? list->head : end_of(to)) & LINK_MASK;
    if (list->head)
        page_of(z, list->head)->prev = page & LINK_MASK;
    else
        list->tail = page;
    list->head = page;
}

static void push_tail(struct zircon *z, page_index page, uint8_t to)
{
    struct zircon_page *p = page_of(z, page);
    struct zircon_list *list = &z->list[to];

    p->next = end_of(to) & LINK_MASK;
    p->prev = (list->tail ? list->tail : end_of(to)) & LINK_MASK;
    if (list->tail)
        page_of(z, list->tail)->next = page & LINK_MASK;
    else
        list->head = page;
    list->tail = page;
}

/* Put the page on the list that it belongs to. */
void zircon_correct(struct zircon *z, page_index page)
{
    zircon_unlink(z, page);
    zircon_push_head(z, page, page_of(z, page)->queue);
}

/* Offers. ----------------------------------------------------------------- */

bool zircon_make_offer_room(struct zircon *z, uint64_t page)
{
    if (page < z->offer_room)
        return true;
    struct zircon_offer *offers = calloc(page + 1, sizeof *offers);
    if (!offers)
        return false;
    if (z->offers)
        memcpy(offers, z->offers, z->offer_room * sizeof *offers);
    free(z->offers);
    z->offers = offers;
    z->offer_room = page + 1;
    return true;
}

/*
 * There is room for every page, unless the budget had shrunk before this policy
 * came. Then it is made now; where the host has none, the page is not offered.
 */
static void offer(struct zircon *z, page_index page, enum reclaim_offer what)
{
    if (!zircon_make_offer_room(z, page))
        return;
    struct zircon_offer *o = &z->offers[page];

    o->what = what & 3;
    if (o->is_linked)
        return;
    o->is_linked = true;
    o->next = PAGE_NONE;
    if (z->offer_list.tail)
        z->offers[z->offer_list.tail].next = page & PAGE_INDEX_MAX;
    else
        z->offer_list.head = page;
    z->offer_list.tail = page;
}

void zircon_cancel_offer(struct zircon *z, page_index page)
{
    if (page < z->offer_room)
        z->offers[page].what = RECLAIM_OFFER_NONE;
}

static void drop_first_offer(struct zircon *z)
{
    struct zircon_offer *o = &z->offers[z->offer_list.head];

    z->offer_list.head = o->next;
    if (!z->offer_list.head)
        z->offer_list.tail = PAGE_NONE;
    o->is_linked = false;
    o->what = RECLAIM_OFFER_NONE;
}

/* A page accessed meanwhile is not aged out, nor an aged one active. */
static bool is_offer_good(const struct zircon *z, page_index page)
{
    unsigned what = z->offers[page].what;

    if (what == RECLAIM_OFFER_NONE)
        return false;
    return is_active(z, page_of(z, page)->queue) ==
           (what == RECLAIM_OFFER_ACCESSED);
}

page_index zircon_pop_offer(void *self, enum reclaim_offer what)
{
    struct zircon *z = self;
    page_index page;

    while ((page = z->offer_list.head) && !is_offer_good(z, page))
        drop_first_offer(z);
    if (!page || z->offers[page].what != what)
        return PAGE_NONE;
    drop_first_offer(z);
    return page;
}

/* The page was accessed since it was linked: it goes where it belongs. */
static void relocate(struct zircon *z, page_index page)
{
    zircon_correct(z, page);
    if (z->offers_accessed && is_active(z, page_of(z, page)->queue))
        offer(z, page, RECLAIM_OFFER_ACCESSED);
}

static void offer_aged_out(struct zircon *z, page_index page)
{
    if (z->offers_aged_out)
        offer(z, page, RECLAIM_OFFER_AGED_OUT);
}

/* LRU processing. --------------------------------------------------------- */

/* The oldest page hinted as not needed and not accessed since. */
static page_index peek_dont_need(struct zircon *z)
{
    page_index page;

    while ((page = z->list[QUEUE_DONT_NEED].tail)) {
        if (page_of(z, page)->queue == QUEUE_DONT_NEED)
            return page;
        relocate(z, page);
    }
    return PAGE_NONE;
}

/* Accessed pages leave the list; the others keep their order and are offered. */
static void settle_dont_need(struct zircon *z)
{
    page_index next;

    for (page_index page = z->list[QUEUE_DONT_NEED].head; page; page = next) {
        next = page_linked(page_of(z, page)->next);
        if (page_of(z, page)->queue == QUEUE_DONT_NEED)
            offer_aged_out(z, page);
        else
            relocate(z, page);
    }
}

/* Empty the oldest list into the next one; accessed pages go home instead. */
static void force_oldest(struct zircon *z)
{
    uint8_t from = queue_of_generation(z->lru_gen);
    uint8_t to = queue_of_generation(z->lru_gen + 1);
    page_index page;

    while ((page = z->lru_order == LRU_ORDER_A ? z->list[from].tail
                                               : z->list[from].head)) {
        struct zircon_page *p = page_of(z, page);

        if (p->queue != from) {
            relocate(z, page);
            continue;
        }
        zircon_change_queue(z, p, to);
        zircon_unlink(z, page);
        if (z->lru_order == LRU_ORDER_A)
            zircon_push_head(z, page, to);
        else
            push_tail(z, page, to);
        offer_aged_out(z, page);
    }
}

/* The oldest page of the oldest list that was not accessed since. */
static page_index peek_oldest(struct zircon *z)
{
    uint8_t queue = queue_of_generation(z->lru_gen);
    page_index page;

    while ((page = z->list[queue].tail)) {
        if (page_of(z, page)->queue == queue)
            return page;
        relocate(z, page);
    }
    return PAGE_NONE;
}

/* The oldest page of the first list that has any, in the order of reclaim. */
static page_index oldest_linked(const struct zircon *z)
{
    page_index page = z->list[QUEUE_DONT_NEED].tail;

    for (uint64_t generation = z->lru_gen; !page && generation < z->mru_gen;
         generation++)
        page = z->list[queue_of_generation(generation)].tail;
    return page;
}

/* Pages used since they were linked are guessed, too, and a list's end is
 * followed by nothing: the next victim will tell. */
page_index zircon_likely_victim(const void *self, page_index page)
{
    const struct zircon *z = self;

    return page && page_of(z, page)->queue != QUEUE_UNKNOWN
               ? page_linked(page_of(z, page)->prev)
               : oldest_linked(z);
}

/* Find the page to reclaim next, going no further than `target`. Lists found
 * empty are given up, so this makes room for ageing. */
page_index zircon_peek(struct zircon *z, uint64_t target)
{
    page_index page = peek_dont_need(z);

    CHECK(target < z->mru_gen);
    while (!page && z->lru_gen < target) {
        page = peek_oldest(z);
        if (!page)
            z->lru_gen++;
    }
    return page;
}

/* What the kernel's LRU thread does when it is woken: make room for one. */
void zircon_wake_lru(struct zircon *z)
{
    if (!is_full(z)) {
        z->lru_spurious_wakeup++;
        return;
    }
    settle_dont_need(z);
    force_oldest(z);
    z->lru_gen++;
    CHECK(!is_full(z));
}
