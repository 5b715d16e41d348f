/*
 * What one run of the evictor does.
 *
 *   need = min - freed, then free_target - free pages, then done
 *   discardable objects first: their share of the need, or all of it at the
 *   higher level; then victims in the policy's order until the rest is met
 *
 * Whether a victim is evicted or compressed is decided by its object, page by
 * page. A step is 16 victims, the kernel's unit of work per lock hold, or ends
 * with one that is compressed: the next one begins when that is over. (What the
 * step has done before is paid for together with it.) The pass ends when it has
 * what it needs, the policy has no victim any more, no spare page can be had for
 * compression, or every page has been refused.
 */
#include "actors/evict_pass.h"

#include "actors/compressor_lock.h"
#include "actors/lru.h"
#include "check.h"

enum { STEP_VICTIMS = 16 };

/* Discardable objects. ---------------------------------------------------- */

/*
 * Discard whole objects, the one unlocked first first, until `want` pages are
 * found. Too young ones and pinned ones are left out. Objects without pages
 * are discarded, too.
 */
static uint64_t discard(struct world *world, uint64_t want)
{
    struct vm_machine *machine = &world->machine;
    sim_ns min_age = world->scenario->reclaim.discardable_min_age;
    struct discardable *next;
    uint64_t found = 0;

    for (struct discardable *tracker =
             TAILQ_FIRST(&machine->discardables.candidates);
         tracker && found < want; tracker = next) {
        struct page_chain freed = PAGE_CHAIN_EMPTY;

        next = TAILQ_NEXT(tracker, link);
        if (!discardable_is_eligible(tracker, min_age, machine->now))
            continue;
        found += vm_cow_discard_pages(tracker->cow, min_age, &freed);
        pmm_free_chain(&machine->pmm, &freed);
    }
    return found;
}

/* Victims. ---------------------------------------------------------------- */

enum victim_end {
    VICTIM_NONE,
    VICTIM_TAKEN,
    VICTIM_REFUSED,
    VICTIM_COMPRESSING /* which of the two it is, time will tell */
};

/* May the run use the compressor? A pass that began without does not. */
static bool has_lock(const struct world *world, const struct evict_run *run)
{
    return run->is_at_once ||
           compressor_lock_is_held(world, &world->evictor->step);
}

/* The compressor, with its spare page. True: `compressor` is ready, or NULL. */
static bool arm(struct world *world, const struct evict_run *run,
                struct compressor **compressor)
{
    *compressor = world->evictor->is_compressing && has_lock(world, run)
                      ? world->machine.compressor
                      : NULL;
    return !*compressor || compressor_arm(*compressor) == VM_OK;
}

static void count_taken(struct world *world, struct evict_run *run,
                        bool is_compressed, bool is_loaned)
{
    struct evict_counts *total = &world->evictor->total;

    if (is_compressed) {
        run->counts.compressed++;
        total->compressed++;
    } else if (is_loaned) {
        run->counts.pager_backed_loaned++;
        total->pager_backed++; /* the kernel's total has both */
        return;
    } else {
        run->counts.pager_backed++;
        total->pager_backed++;
    }
    run->pass_found++;
    run->pass_progress++;
    run->freed++;
}

static enum vm_eviction_hint hint_of(const struct reclaim_manner *manner,
                                     enum reclaim_level level)
{
    return manner->ignores_hints_at_newest && level == RECLAIM_INCLUDE_NEWEST
               ? EVICTION_HINT_IGNORE
               : EVICTION_HINT_FOLLOW;
}

/* The victim is ours. */
static void take(struct world *world, struct evict_run *run, page_index page,
                 bool is_compressed, bool is_loaned)
{
    struct vm_machine *machine = &world->machine;

    if (machine->pqs.host.manner.frees_each_page)
        pmm_free_page(&machine->pmm, page);
    else
        page_chain_push_tail(&run->collected, machine->pmm.pages, page);
    count_taken(world, run, is_compressed, is_loaned);
    run->refused_in_row = 0;
}

static void refuse(struct world *world, struct evict_run *run, page_index page,
                   enum reclaim_refused why)
{
    pq_refused(&world->machine.pqs, page, why);
    run->refused_in_row++;
}

/* A victim's compression has come to its end. */
static enum victim_end end_victim(struct world *world, struct evict_run *run,
                                  page_index page, enum vm_compression_end end)
{
    switch (end) {
    case COMPRESSION_DONE:
        take(world, run, page, true, false);
        return VICTIM_TAKEN;
    case COMPRESSION_FAILED:
        refuse(world, run, page, RECLAIM_REFUSED_NO_STRATEGY);
        break;
    case COMPRESSION_CAUGHT: /* the page is free, its content in use */
        run->refused_in_row++;
        break;
    }
    return VICTIM_REFUSED;
}

static enum victim_end take_victim(struct world *world, struct evict_run *run,
                                   sim_ns *cost)
{
    struct vm_machine *machine = &world->machine;
    const struct scenario_costs *costs = &world->scenario->machine.costs;
    page_index page = pq_victim(&machine->pqs, run->target.level);
    struct compressor *compressor;
    struct vm_compression begun;
    enum reclaim_refused why;

    *cost += lru_serve_accessed(world); /* that the search came by */
    if (page == PAGE_NONE || !arm(world, run, &compressor))
        return VICTIM_NONE;
    bool is_loaned = pmm_page_is_loaned(&machine->pmm, page);
    switch (vm_cow_begin_reclaim(
        vm_page_owner(machine, page), page, vm_page_of(machine, page)->offset,
        hint_of(&machine->pqs.host.manner, run->target.level), compressor,
        &begun, &why)) {
    case RECLAIM_REFUSED:
        *cost += costs->scan_page;
        refuse(world, run, page, why);
        return VICTIM_REFUSED;
    case RECLAIM_TAKEN:
        *cost += costs->evict_page;
        take(world, run, page, false, is_loaned);
        return VICTIM_TAKEN;
    case RECLAIM_COMPRESSING:
        break;
    }
    *cost += costs->compress_page;
    if (run->is_at_once)
        return end_victim(world, run, page, vm_cow_end_compression(&begun));
    compressor_begun(world, &begun);
    return VICTIM_COMPRESSING;
}

/* Passes. ----------------------------------------------------------------- */

/* What the targets still lack; 0: they are met. */
static uint64_t need_of(const struct world *world, const struct evict_run *run)
{
    uint64_t free_pages = world->machine.pmm.free_pages;

    if (run->freed < run->target.min_pages)
        return run->target.min_pages - run->freed;
    return free_pages < run->target.free_target_pages
               ? run->target.free_target_pages - free_pages
               : 0;
}

/* That many per cent of an amount of any size, rounded down. */
static uint64_t share_of(uint64_t pages, uint64_t percent)
{
    return pages / 100 * percent + pages % 100 * percent / 100;
}

/* The pass may begin: it has the compressor, or needs none. */
static bool has_compressor(struct world *world, const struct evict_run *run)
{
    return run->is_at_once || !world->machine.compressor ||
           !world->evictor->is_compressing ||
           compressor_lock_take(world, &world->evictor->step);
}

/* Plan the next pass, which is needed, discardable objects included. */
static void begin_pass(struct world *world, struct evict_run *run, sim_ns *cost)
{
    const struct scenario *scenario = world->scenario;
    uint64_t need = need_of(world, run);
    uint64_t share = need;

    if (run->target.level == RECLAIM_ONLY_OLDEST)
        share = share_of(need, scenario->reclaim.discardable_percent);
    uint64_t discarded = discard(world, share);
    run->counts.discardable += discarded;
    world->evictor->total.discardable += discarded;
    run->freed += discarded;
    run->pass_progress = discarded;
    run->pass_need = need - u64_min(need, discarded);
    run->pass_found = 0;
    run->refused_in_row = 0;
    run->is_in_pass = true;
    *cost += (sim_ns)discarded * scenario->machine.costs.evict_page;
}

/*
 * What the step will touch is at random places of the host's memory: have the
 * likely victims' descriptors fetched, then their slots. Only time is changed.
 */
static void look_ahead(const struct vm_machine *machine)
{
    const struct page_queues *pqs = &machine->pqs;
    const char *memory = pqs->host.page_memory;
    page_index likely[STEP_VICTIMS];
    page_index page = PAGE_NONE;
    int count = 0;

    if (!pqs->ops->likely_victim)
        return;
    while (count < STEP_VICTIMS &&
           (page = pqs->ops->likely_victim(pqs->policy, page))) {
        __builtin_prefetch(&machine->pmm.pages[page], 1);
        __builtin_prefetch(memory + (size_t)page * pqs->host.page_bytes, 1);
        likely[count++] = page;
    }
    for (int i = 0; i < count; i++) {
        const struct vm_page *descriptor = &machine->pmm.pages[likely[i]];
        if (descriptor->queue == PQ_RECLAIM)
            vm_cow_prefetch(vm_page_owner(machine, likely[i]),
                            descriptor->offset, true);
    }
}

/* Up to 16 victims, or one to compress. False: the pass has come to its end. */
static bool step_pass(struct world *world, struct evict_run *run, sim_ns *cost)
{
    uint64_t reclaimable = world->machine.pqs.count[PQ_RECLAIM];

    look_ahead(&world->machine);
    for (int i = 0; i < STEP_VICTIMS; i++) {
        if (run->pass_found >= run->pass_need)
            return false;
        if (run->refused_in_row > reclaimable + STEP_VICTIMS)
            return false;
        enum victim_end end = take_victim(world, run, cost);
        if (end == VICTIM_NONE)
            return false;
        if (end == VICTIM_COMPRESSING)
            break;
    }
    return true;
}

/* The time of a victim that is being compressed, if there is one, is over. */
static void end_compression(struct world *world, struct evict_run *run)
{
    enum vm_compression_end end;

    if (run->is_at_once || !compressor_is_busy(world, &world->evictor->step))
        return;
    page_index page = compressor_end(world, &end);
    end_victim(world, run, page, end);
}

/* Its pages are free now. False: it found nothing, so the run gives up. */
static bool end_pass(struct world *world, struct evict_run *run)
{
    end_compression(world, run);
    if (run->collected.count > 0)
        pmm_free_chain(&world->machine.pmm, &run->collected);
    run->collected = PAGE_CHAIN_EMPTY;
    run->is_in_pass = false;
    if (world->machine.compressor && has_lock(world, run))
        compressor_disarm(world->machine.compressor);
    if (!run->is_at_once)
        compressor_lock_drop(world, &world->evictor->step);
    return run->pass_progress > 0;
}

bool evict_run_step(struct world *world, struct evict_run *run, sim_ns *cost)
{
    *cost = 0;
    end_compression(world, run);
    if (run->is_in_pass && run->pass_found >= run->pass_need) {
        if (!end_pass(world, run))
            return false;
    }
    if (!run->is_in_pass) {
        if (!world->evictor->is_enabled || need_of(world, run) == 0)
            return false;
        if (!has_compressor(world, run)) {
            *cost = SIM_NS_INFINITE; /* the lock says when */
            return true;
        }
        begin_pass(world, run, cost);
        return true;
    }
    if (step_pass(world, run, cost))
        return true;
    run->pass_need = run->pass_found; /* ends when the step's time is over */
    return true;
}

void evict_run_end(struct world *world, struct evict_run *run)
{
    if (run->is_in_pass)
        end_pass(world, run);
    if (!run->is_at_once) /* got it, and found eviction switched off */
        compressor_lock_drop(world, &world->evictor->step);
    run->is_active = false;
}
