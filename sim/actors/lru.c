#include "actors/lru.h"

#include <stdlib.h>

#include "actors/aging.h"
#include "actors/compressor_lock.h"
#include "engine/world_internal.h"

enum { BATCH_PAGES = 16 }; /* the kernel's unit of work per lock hold */

/* The LRU action. --------------------------------------------------------- */

static bool qualifies(const struct world *world, page_index page)
{
    const struct vm_machine *machine = &world->machine;
    bool can_evict = vm_cow_can_evict(vm_page_owner(machine, page));

    switch (world->scenario->reclaim.lru_action) {
    case LRU_ACTION_NONE:
        return false;
    case LRU_ACTION_EVICT_ONLY:
        return can_evict;
    case LRU_ACTION_COMPRESS_ONLY:
        return !can_evict;
    case LRU_ACTION_EVICT_AND_COMPRESS:
        return true;
    }
    return false;
}

/* One page that was pushed out. Returns what it cost. */
static sim_ns act_on(struct world *world, page_index page)
{
    const struct scenario_costs *costs = &world->scenario->machine.costs;
    struct vm_machine *machine = &world->machine;
    struct compressor *compressor = machine->compressor;
    uint64_t compressed = machine->stats.compressed_pages;
    uint64_t attempts = compressor ? compressor_stats(compressor).attempts : 0;
    enum reclaim_refused why;

    if (!qualifies(world, page) ||
        (compressor && compressor_arm(compressor) != VM_OK))
        return 0;
    bool is_taken = vm_cow_reclaim_page(vm_page_owner(machine, page), page,
                                        vm_page_of(machine, page)->offset,
                                        EVICTION_HINT_FOLLOW, compressor, &why);
    bool is_tried =
        compressor && compressor_stats(compressor).attempts > attempts;
    if (!is_taken) {
        pq_refused(&machine->pqs, page, why);
        return is_tried ? costs->compress_page : costs->scan_page;
    }
    pmm_free_page(&machine->pmm, page);
    if (machine->stats.compressed_pages > compressed) {
        world->lru->compressed++;
        return costs->compress_page;
    }
    world->lru->evicted++;
    return costs->evict_page;
}

/* Lent frames. ------------------------------------------------------------ */

/* Best effort: what can't move (pinned, dirty, always needed) stays. */
static sim_ns move_to_loaned(struct world *world, page_index page)
{
    struct vm_machine *machine = &world->machine;

    if (!machine->borrow_on_access || machine->pmm.free_loaned_pages == 0 ||
        pmm_page_is_loaned(&machine->pmm, page))
        return 0;
    if (vm_cow_replace_page_with_loaned(vm_page_owner(machine, page), page,
                                        vm_page_of(machine, page)->offset) !=
        VM_OK)
        return 0;
    world->lru->borrowed++;
    return world->scenario->machine.costs.copy_page;
}

static page_index pop(struct world *world, enum reclaim_offer offer)
{
    const struct page_queues *pqs = &world->machine.pqs;

    return pqs->ops->pop_offer ? pqs->ops->pop_offer(pqs->policy, offer)
                               : PAGE_NONE;
}

sim_ns lru_serve_accessed(struct world *world)
{
    sim_ns cost = 0;
    page_index page;

    while ((page = pop(world, RECLAIM_OFFER_ACCESSED)))
        cost += move_to_loaned(world, page);
    return cost;
}

/* The thread. ------------------------------------------------------------- */

/* Up to so many pages. False: nothing was offered. */
static bool batch(struct world *world, uint64_t most, sim_ns *cost)
{
    struct world_reclaimer before = world->reclaimer;
    uint64_t count = 0;
    page_index page;

    world->reclaimer = (struct world_reclaimer){RECLAIMER_LRU, NULL};
    *cost = lru_serve_accessed(world);
    while (count < most && (page = pop(world, RECLAIM_OFFER_AGED_OUT))) {
        *cost += act_on(world, page) + lru_serve_accessed(world);
        count++;
    }
    if (world->machine.compressor)
        compressor_disarm(world->machine.compressor);
    world->reclaimer = before;
    return count > 0 || *cost > 0;
}

void lru_run(struct world *world)
{
    sim_ns cost;

    batch(world, UINT64_MAX, &cost);
}

static bool may_compress(const struct world *world)
{
    enum lru_action action = world->scenario->reclaim.lru_action;

    return world->machine.compressor && action != LRU_ACTION_NONE &&
           action != LRU_ACTION_EVICT_ONLY;
}

void lru_on_event(struct world *world, struct event *event)
{
    sim_ns cost = 0;

    compressor_lock_drop(world, event); /* the batch before is over */
    if (may_compress(world) && !compressor_lock_take(world, event))
        return;
    if (batch(world, BATCH_PAGES, &cost)) {
        event_schedule(&world->events, event, sim_ns_add(world->now, cost));
        return;
    }
    compressor_lock_drop(world, event);
    aging_rearm(world);
}

void lru_wake(struct world *world)
{
    if (!lru_is_busy(world))
        event_schedule(&world->events, &world->lru->event, world->now);
}

bool lru_is_busy(const struct world *world)
{
    const struct event *event = &world->lru->event;

    return event_is_queued(event) || world->compressor_lock.waiter == event;
}

/* Setting up. ------------------------------------------------------------- */

bool lru_new(struct world *world)
{
    struct lru *lru = calloc(1, sizeof *lru);

    world->lru = lru;
    if (!lru)
        return false;
    lru->world = world;
    if (!event_register(&world->events, &lru->event, EV_LRU, EVENT_CLASS_LRU,
                        lru))
        return false;
    return true;
}

void lru_free(struct world *world)
{
    if (!world->lru)
        return;
    event_cancel(&world->events, &world->lru->event);
    free(world->lru);
    world->lru = NULL;
}
