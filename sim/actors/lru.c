#include "actors/lru.h"

#include <stdlib.h>

#include "actors/aging.h"
#include "actors/compressor_lock.h"

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

/* The compressor, if the action may need it, else NULL. */
static struct compressor *compressor_of(const struct world *world)
{
    enum lru_action action = world->scenario->reclaim.lru_action;
    bool compresses = action == LRU_ACTION_COMPRESS_ONLY ||
                      action == LRU_ACTION_EVICT_AND_COMPRESS;

    return compresses ? world->machine.compressor : NULL;
}

static void end_page(struct world *world, page_index page,
                     enum vm_compression_end end)
{
    if (end == COMPRESSION_DONE) {
        pmm_free_page(&world->machine.pmm, page);
        world->lru->compressed++;
    } else if (end == COMPRESSION_FAILED) {
        pq_refused(&world->machine.pqs, page, RECLAIM_REFUSED_NO_STRATEGY);
    }
}

/* The time of a page that is being compressed, if there is one, is over. */
static void end_compression(struct world *world)
{
    enum vm_compression_end end;

    if (!compressor_is_busy(world, &world->lru->event))
        return;
    page_index page = compressor_end(world, &end);
    end_page(world, page, end);
}

/* One page that was pushed out. Returns what it costs. */
static sim_ns act_on(struct world *world, page_index page, bool is_at_once)
{
    const struct scenario_costs *costs = &world->scenario->machine.costs;
    struct vm_machine *machine = &world->machine;
    struct compressor *compressor = compressor_of(world);
    struct vm_compression begun;
    enum reclaim_refused why;

    if (!qualifies(world, page) ||
        (compressor && compressor_arm(compressor) != VM_OK))
        return 0;
    switch (vm_cow_begin_reclaim(
        vm_page_owner(machine, page), page, vm_page_of(machine, page)->offset,
        EVICTION_HINT_FOLLOW, compressor, &begun, &why)) {
    case RECLAIM_REFUSED:
        pq_refused(&machine->pqs, page, why);
        return costs->scan_page;
    case RECLAIM_TAKEN:
        pmm_free_page(&machine->pmm, page);
        world->lru->evicted++;
        return costs->evict_page;
    case RECLAIM_COMPRESSING:
        break;
    }
    if (is_at_once)
        end_page(world, page, vm_cow_end_compression(&begun));
    else
        compressor_begun(world, &begun);
    return costs->compress_page;
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

/* What is left of a batch, or up to a page that is compressed. False: nothing
 * was offered. */
static bool batch(struct world *world, sim_ns *cost)
{
    struct lru *lru = world->lru;
    struct world_reclaimer before = world->reclaimer;
    uint64_t count = 0;
    page_index page = PAGE_NONE;

    world->reclaimer = (struct world_reclaimer){RECLAIMER_LRU, NULL};
    *cost = lru_serve_accessed(world);
    while (lru->batch_left > 0 && !compressor_is_busy(world, &lru->event)) {
        page = pop(world, RECLAIM_OFFER_AGED_OUT);
        if (!page)
            break;
        *cost += act_on(world, page, false) + lru_serve_accessed(world);
        count++;
        lru->batch_left--;
    }
    if (!page)
        lru->batch_left = 0;
    world->reclaimer = before;
    return count > 0 || *cost > 0;
}

/* The batch is over. */
static void end_batch(struct world *world)
{
    const struct event *event = &world->lru->event;

    world->lru->batch_left = 0;
    if (compressor_lock_is_held(world, event))
        compressor_disarm(world->machine.compressor);
    compressor_lock_drop(world, event);
}

void lru_run(struct world *world)
{
    struct world_reclaimer before = world->reclaimer;
    page_index page;

    compressor_settle(world);
    world->reclaimer = (struct world_reclaimer){RECLAIMER_LRU, NULL};
    lru_serve_accessed(world);
    while ((page = pop(world, RECLAIM_OFFER_AGED_OUT))) {
        act_on(world, page, true);
        lru_serve_accessed(world);
    }
    if (compressor_of(world))
        compressor_disarm(compressor_of(world));
    world->reclaimer = before;
}

void lru_on_event(struct world *world, struct event *event)
{
    struct lru *lru = world->lru;
    sim_ns cost = 0;

    end_compression(world);
    if (lru->batch_left == 0) {
        end_batch(world);
        if (compressor_of(world) && !compressor_lock_take(world, event))
            return;
        lru->batch_left = BATCH_PAGES;
    }
    if (batch(world, &cost)) {
        event_schedule(&world->events, event, sim_ns_add(world->now, cost));
        return;
    }
    end_batch(world);
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
    end_compression(world);
    end_batch(world);
    event_cancel(&world->events, &world->lru->event);
    free(world->lru);
    world->lru = NULL;
}
