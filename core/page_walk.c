/*
 * Walks over a page list: pages and gaps, runs, and the questions whether an
 * offset lies in an interval. Each step looks its position up again, so the
 * list may change behind the walk.
 */
#include "page_list_internal.h"

bool page_list_is_in_interval(const struct page_list *list, uint64_t offset)
{
    if (!list->may_have_intervals)
        return false;
    const struct page_list_node *node =
        node_find(list, node_number(list, offset));
    if (node) {
        unsigned index = slot_index(list, offset);
        if (!slot_is_empty(node->slots[index]))
            return slot_is_interval(node->slots[index]);
        while (index-- > 0)
            if (!slot_is_empty(node->slots[index]))
                return slot_is_interval_start(node->slots[index]);
    }
    uint64_t at;
    const struct page_slot *next =
        page_list_next(list, offset + VM_PAGE_SIZE, PAGE_LIST_MAX_SIZE, &at);
    return next && slot_is_interval_end(*next);
}

bool page_list_any_pages_or_intervals(const struct page_list *list,
                                      uint64_t start, uint64_t end)
{
    uint64_t at;
    return page_list_next(list, start, end, &at) ||
           page_list_is_in_interval(list, start);
}

/* --- pages and gaps ---------------------------------------------------------- */

struct page_walk page_walk_over(const struct page_list *list, uint64_t start,
                                uint64_t end)
{
    return (struct page_walk){.list = list, .position = start, .end = end};
}

bool page_walk_next(struct page_walk *walk, struct page_walk_item *item)
{
    if (walk->position >= walk->end)
        return false;
    uint64_t at = walk->end;
    struct page_slot *slot =
        page_list_next(walk->list, walk->position, walk->end, &at);
    bool is_inside = walk->in_interval || (slot && slot_is_interval_end(*slot));
    if (!slot && !walk->seen_any)
        is_inside = page_list_is_in_interval(walk->list, walk->position);
    if (at > walk->position && !is_inside) {
        *item = (struct page_walk_item){NULL, walk->position, at};
        walk->position = at;
        return true;
    }
    if (!slot) {
        walk->position = walk->end;
        return false;
    }
    *item = (struct page_walk_item){slot, at, at + VM_PAGE_SIZE};
    walk->position = at + VM_PAGE_SIZE;
    walk->seen_any = true;
    walk->in_interval = slot_is_interval_start(*slot);
    return true;
}

/* --- runs ----------------------------------------------------------------------- */

struct run_walk {
    const struct page_list *list;
    uint64_t start;
    uint64_t end;
    page_run_wanted_fn wanted;
    page_run_slot_fn on_slot;
    page_run_fn on_run;
    void *context;
    uint64_t run_start; /* open run of slots; empty: run_start = run_end */
    uint64_t run_end;
    bool interval_open; /* a Start was met, its End not */
    bool interval_wanted;
    uint64_t interval_start;
};

static enum vm_status flush_run(struct run_walk *walk)
{
    uint64_t start = walk->run_start;
    walk->run_start = walk->run_end;
    if (start == walk->run_end)
        return VM_NEXT;
    return walk->on_run(walk->context, start, walk->run_end, false);
}

static enum vm_status visit(struct run_walk *walk, struct page_slot *slot,
                            uint64_t at)
{
    return walk->on_slot ? walk->on_slot(walk->context, slot, at) : VM_NEXT;
}

static enum vm_status step_slot(struct run_walk *walk, struct page_slot *slot,
                                uint64_t at)
{
    if (!walk->wanted(walk->context, *slot, at))
        return flush_run(walk);
    if (walk->run_end != at || walk->run_start == walk->run_end) {
        enum vm_status flushed = flush_run(walk);
        if (flushed != VM_NEXT)
            return flushed;
        walk->run_start = at;
        walk->run_end = at;
    }
    enum vm_status status = visit(walk, slot, at);
    if (status == VM_NEXT || status == VM_STOP)
        walk->run_end = at + VM_PAGE_SIZE;
    if (status == VM_NEXT)
        return VM_NEXT;
    enum vm_status flushed = flush_run(walk);
    return flushed == VM_NEXT || flushed == VM_STOP ? status : flushed;
}

/* Is the sentinel that belongs to the interval but lies out of range wanted? */
static bool is_far_end_wanted(const struct run_walk *walk, uint64_t after)
{
    uint64_t at;
    const struct page_slot *slot =
        page_list_next(walk->list, after, PAGE_LIST_MAX_SIZE, &at);
    CHECK(slot && slot_is_interval_end(*slot));
    return walk->wanted(walk->context, *slot, at);
}

static bool is_far_start_wanted(const struct run_walk *walk, uint64_t before)
{
    uint64_t at;
    const struct page_slot *slot =
        page_list_previous(walk->list, 0, before, &at);
    CHECK(slot && slot_is_interval_start(*slot));
    return walk->wanted(walk->context, *slot, at);
}

static enum vm_status step_interval(struct run_walk *walk,
                                    struct page_slot *slot, uint64_t at)
{
    enum vm_status status = flush_run(walk);
    if (status != VM_NEXT)
        return status;
    bool wanted = walk->wanted(walk->context, *slot, at);
    bool is_start = slot_is_interval_start(*slot);
    bool is_end = slot_is_interval_end(*slot);
    if (wanted)
        status = visit(walk, slot, at);
    if (status != VM_NEXT)
        return status;
    if (is_start) {
        walk->interval_open = true;
        walk->interval_wanted = wanted;
        walk->interval_start = at;
        return VM_NEXT;
    }
    uint64_t start = at;
    if (is_end) {
        start = walk->interval_open ? walk->interval_start : walk->start;
        wanted =
            wanted && (walk->interval_open ? walk->interval_wanted
                                           : is_far_start_wanted(walk, at));
        walk->interval_open = false;
    }
    return wanted ? walk->on_run(walk->context, start, at + VM_PAGE_SIZE, true)
                  : VM_NEXT;
}

/* The range ends inside an interval, or lies wholly inside one. */
static enum vm_status finish_runs(struct run_walk *walk, bool seen_any)
{
    enum vm_status status = flush_run(walk);
    if (status != VM_NEXT)
        return status;
    if (walk->interval_open) {
        if (walk->interval_wanted &&
            is_far_end_wanted(walk, walk->interval_start + VM_PAGE_SIZE))
            return walk->on_run(walk->context, walk->interval_start, walk->end,
                                true);
        return VM_NEXT;
    }
    if (!seen_any && page_list_is_in_interval(walk->list, walk->start) &&
        is_far_start_wanted(walk, walk->start) &&
        is_far_end_wanted(walk, walk->start))
        return walk->on_run(walk->context, walk->start, walk->end, true);
    return VM_NEXT;
}

enum vm_status page_list_for_each_run(const struct page_list *list,
                                      uint64_t start, uint64_t end,
                                      page_run_wanted_fn wanted,
                                      page_run_slot_fn on_slot,
                                      page_run_fn on_run, void *context)
{
    if (start >= end)
        return VM_OK;
    struct run_walk walk = {
        .list = list,
        .start = start,
        .end = end,
        .wanted = wanted,
        .on_slot = on_slot,
        .on_run = on_run,
        .context = context,
    };
    enum vm_status status = VM_NEXT;
    bool seen_any = false;
    uint64_t at;
    struct page_slot *slot;
    for (uint64_t from = start;
         status == VM_NEXT && (slot = page_list_next(list, from, end, &at));
         from = at + VM_PAGE_SIZE) {
        seen_any = true;
        status = slot_is_interval(*slot) ? step_interval(&walk, slot, at)
                                         : step_slot(&walk, slot, at);
    }
    if (status == VM_NEXT)
        status = finish_runs(&walk, seen_any);
    return status == VM_NEXT || status == VM_STOP ? VM_OK : status;
}
