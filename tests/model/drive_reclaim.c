/*
 * Steps of a reclaimer: on one page, and on the machine as a whole. Which
 * pages the latter take is the policy's business; that each of them might be
 * taken is checked here, and that the rest is there when all is compared.
 */
#include "trial.h"

/* --- one page --------------------------------------------------------------------- */

/* Compression of what is not zero may fail: the core says whether it did. */
enum guess { NO, YES, MAYBE };

static enum guess guess_reclaim(const struct model *model,
                                const struct node *node, uint64_t page,
                                const struct step *step)
{
    const struct model_page *own = &node->pages[page];
    if (own->pins || is_high_priority(model, node))
        return NO;
    if (node->kind == NODE_PAGER)
        return own->kind == CLEAN &&
                       (!own->always_need || (step->flags & STEP_IGNORE_HINT))
                   ? YES
                   : NO;
    if (node->kind != NODE_COW || node->is_discardable ||
        node->cannot_decommit || !(step->flags & STEP_COMPRESS))
        return NO;
    return own->content == 0 ? YES : MAYBE;
}

static enum vm_status reclaim(struct trial *trial, const struct step *step,
                              struct object *object, struct object *from,
                              uint64_t page, uint64_t at, bool *is_done)
{
    bool reclaimed;
    struct node *node = object->node;
    bool is_there =
        page < from->node->size &&
        vm_cow_debug_is_page(vmo_cow(from->vmo), pages_to_bytes(page));
    enum guess guess = is_there && node == from->node && at == page
                           ? guess_reclaim(&trial->model, node, page, step)
                           : NO;
    enum vm_eviction_hint hint = step->flags & STEP_IGNORE_HINT
                                     ? EVICTION_HINT_IGNORE
                                     : EVICTION_HINT_FOLLOW;
    memory_note(trial);
    want(vmo_reclaim_page(object->vmo, pages_to_bytes(at), from->vmo,
                          pages_to_bytes(page), hint,
                          step->flags & STEP_COMPRESS, &reclaimed),
         is_there ? VM_OK : VM_NOT_FOUND, "reclaim");
    if (memory_failed(trial) && guess == YES && node->kind == NODE_COW)
        guess = MAYBE; /* the compressor got no spare page */
    if (guess != MAYBE && reclaimed != (guess == YES))
        wrong("page %d (%s) is%s reclaimed", (int)page,
              page_kind_name(node->pages[page].kind), reclaimed ? "" : " not");
    if (reclaimed && node->kind == NODE_PAGER)
        model_evict(node, page);
    else if (reclaimed && node->pages[page].content == 0)
        model_dedup(node, page);
    *is_done = reclaimed;
    return is_there ? VM_OK : VM_NOT_FOUND;
}

static enum vm_status compress(struct trial *trial, const struct step *step,
                               struct object *object)
{
    struct step each = *step;
    bool is_done;
    each.flags = STEP_COMPRESS;
    if (!is_inside(object, step->end))
        return VM_OUT_OF_RANGE;
    for (uint64_t page = step->start; page < step->end; page++)
        (void)reclaim(trial, &each, object, object, page, page, &is_done);
    return VM_OK;
}

static bool may_dedup(const struct model *model, const struct node *node,
                      uint64_t page)
{
    const struct model_page *own = &node->pages[page];
    return node->kind != NODE_CONTIGUOUS && own->content == 0 && !own->pins &&
           !is_high_priority(model, node) &&
           (node->kind != NODE_PAGER || own->kind == CLEAN);
}

static enum vm_status dedup(struct trial *trial, const struct step *step,
                            struct object *object, bool *is_done)
{
    struct node *node = object->node;
    uint64_t page = step->start;
    bool is_there =
        page < node->size &&
        vm_cow_debug_is_page(vmo_cow(object->vmo), pages_to_bytes(page));
    bool expected = is_there && may_dedup(&trial->model, node, page);
    bool deduped;
    want(vmo_dedup_page(object->vmo, pages_to_bytes(page), &deduped),
         is_there ? VM_OK : VM_NOT_FOUND, "dedup");
    want_true(deduped == expected,
              "a page of zeros becomes a marker, and no other");
    if (deduped)
        model_dedup(node, page);
    *is_done = deduped;
    return is_there ? VM_OK : VM_NOT_FOUND;
}

/* --- any page ----------------------------------------------------------------------- */

/* What is gone from a pager's object might go; how many are. */
static uint64_t observe_evicted(const struct model *model, struct node *pager)
{
    uint64_t count = 0;
    for (uint64_t page = 0; page < pager->size; page++) {
        struct model_page *own = &pager->pages[page];
        if (own->kind != CLEAN ||
            vm_cow_debug_is_page(pager->cow, pages_to_bytes(page)))
            continue;
        want_true(!own->pins && !own->always_need &&
                      !is_high_priority(model, pager),
                  "a page was evicted that must stay");
        model_evict(pager, page);
        count++;
    }
    return count;
}

static uint64_t observe_discarded(const struct model *model, struct node *node)
{
    if (node->lock_state != DISCARDABLE_RECLAIMABLE ||
        vm_cow_debug_discardable_tracker(node->cow)->state !=
            DISCARDABLE_DISCARDED)
        return 0;
    want_true(!any_pinned(node, 0, node->size), "pinned pages were discarded");
    uint64_t count = charge_of(model, node).most;
    model_discard(node);
    return count;
}

static void doubt_zeros(struct node *node)
{
    for (uint64_t page = 0; page < node->size; page++) {
        struct model_page *own = &node->pages[page];
        own->maybe_gone |= own->cell && own->content == 0 && !own->pins;
    }
}

struct evicted {
    uint64_t pager_backed, compressed, discarded;
};

static void observe(struct trial *trial, const struct evicted *evicted)
{
    struct evicted seen = {0, 0, 0};
    for (int i = 0; i < MAX_NODES; i++) {
        struct node *node = &trial->model.nodes[i];
        if (!node->is_alive)
            continue;
        if (node->kind == NODE_PAGER)
            seen.pager_backed += observe_evicted(&trial->model, node);
        if (node->is_discardable)
            seen.discarded += observe_discarded(&trial->model, node);
        if (node->kind == NODE_COW)
            doubt_zeros(node);
    }
    if (seen.pager_backed != evicted->pager_backed)
        wrong("%d pages of pagers are gone, %d were evicted",
              (int)seen.pager_backed, (int)evicted->pager_backed);
    if (seen.discarded != evicted->discarded)
        wrong("%d pages are discarded, %d were reported", (int)seen.discarded,
              (int)evicted->discarded);
}

/* Objects unlocked first go first, until there is enough. */
static uint64_t discard(struct trial *trial, uint64_t want_pages)
{
    struct vm_machine *machine = &trial->machine;
    struct discardable *next;
    uint64_t found = 0;
    for (struct discardable *tracker =
             TAILQ_FIRST(&machine->discardables.candidates);
         tracker && found < want_pages; tracker = next) {
        struct page_chain freed = PAGE_CHAIN_EMPTY;
        next = TAILQ_NEXT(tracker, link);
        found += vm_cow_discard_pages(tracker->cow, 0, &freed);
        pmm_free_chain(&machine->pmm, &freed);
    }
    return found;
}

enum victim_end { VICTIM_NONE, VICTIM_REFUSED, VICTIM_TAKEN };

static enum victim_end take_victim(struct trial *trial,
                                   enum reclaim_level level,
                                   struct page_chain *freed,
                                   struct evicted *evicted)
{
    struct vm_machine *machine = &trial->machine;
    page_index page = pq_victim(&machine->pqs, level);
    struct compressor *compressor =
        trial->model.is_compressing ? machine->compressor : NULL;
    if (page == PAGE_NONE ||
        (compressor && compressor_arm(compressor) != VM_OK))
        return VICTIM_NONE;
    uint64_t compressed = machine->stats.compressed_pages;
    enum reclaim_refused why;
    if (!vm_cow_reclaim_page(vm_page_owner(machine, page), page,
                             vm_page_of(machine, page)->offset,
                             EVICTION_HINT_FOLLOW, compressor, &why)) {
        pq_refused(&machine->pqs, page, why);
        return VICTIM_REFUSED;
    }
    bool was_compressed = machine->stats.compressed_pages > compressed;
    evicted->compressed += was_compressed;
    evicted->pager_backed += !was_compressed;
    page_chain_push_tail(freed, machine->pmm.pages, page);
    return VICTIM_TAKEN;
}

/* One pass of the evictor. Returns how many pages it found. */
static uint64_t evict_pass(struct trial *trial, uint64_t need,
                           enum reclaim_level level, struct evicted *evicted)
{
    struct vm_machine *machine = &trial->machine;
    struct page_chain freed = PAGE_CHAIN_EMPTY;
    uint64_t refusals = 0;
    uint64_t found =
        discard(trial, level == RECLAIM_ONLY_OLDEST ? need / 5 : need);
    evicted->discarded += found;
    while (found < need && refusals <= machine->pqs.count[PQ_RECLAIM] + 16) {
        enum victim_end end = take_victim(trial, level, &freed, evicted);
        if (end == VICTIM_NONE)
            break;
        refusals = end == VICTIM_REFUSED ? refusals + 1 : 0;
        found += end == VICTIM_TAKEN;
    }
    pmm_free_chain(&machine->pmm, &freed);
    compressor_disarm(machine->compressor);
    return found;
}

/* As the evictor does: until there is enough, or a pass finds nothing. */
static void evict(struct trial *trial, uint64_t need, enum reclaim_level level)
{
    struct evicted evicted = {0, 0, 0};
    uint64_t found;
    do {
        found = evict_pass(trial, need, level, &evicted);
        need -= u64_min(need, found);
    } while (found > 0 && need > 0);
    observe(trial, &evicted);
}

static void scan_zero(struct trial *trial)
{
    struct vm_machine *machine = &trial->machine;
    page_index page;
    while ((page = pq_pop_zero_fork(&machine->pqs)))
        (void)vm_cow_dedup_zero_page(vm_page_owner(machine, page), page,
                                     vm_page_of(machine, page)->offset);
    observe(trial, &(struct evicted){0, 0, 0});
}

/* Accessed bits of all mappings, in the order in which these were made. */
static void scan(struct trial *trial, bool clear)
{
    uint64_t last = 0;
    for (;;) {
        struct object *next = NULL;
        for (uint8_t i = 0; i < MAX_OBJECTS; i++) {
            struct object *object = object_at(trial, i);
            if (object && object->user && object->mapped_at > last &&
                (!next || object->mapped_at < next->mapped_at))
                next = object;
        }
        if (!next)
            break;
        last = next->mapped_at;
        (void)mapping_harvest(next->user, &trial->machine.pqs, clear);
    }
    trial->last_scan = trial->model.now;
    if (clear)
        trial->last_clearing_scan = trial->model.now;
}

/* A scan no older than that will do. */
static void scan_if_due(struct trial *trial, sim_ns not_older_than, bool clear)
{
    sim_ns done = clear ? trial->last_clearing_scan : trial->last_scan;
    if (not_older_than > done && trial->model.is_evicting)
        scan(trial, clear);
}

static void reclaim_all(struct trial *trial)
{
    const sim_ns table_period = INT64_C(10000000000);
    sim_ns last_look = trial->model.now > 0 ? trial->model.now - 1 : 0;
    scan_if_due(trial, last_look - last_look % table_period, false);
    if (trial->model.is_evicting)
        evict(trial, UINT64_MAX, RECLAIM_INCLUDE_NEWEST);
    scan_if_due(trial, trial->model.now, true);
    scan_zero(trial);
}

/* --- switches --------------------------------------------------------------------------- */

static enum vm_status set_anonymous_reclaim(struct trial *trial, bool is_on)
{
    struct page_queues *pqs = &trial->machine.pqs;
    bool *is_reclaimed = &trial->model.is_anonymous_reclaimed;
    if (!is_on)
        return *is_reclaimed ? VM_BAD_STATE : VM_OK;
    if (!*is_reclaimed)
        pq_enable_anonymous_reclaim(pqs, false);
    *is_reclaimed = true;
    return VM_OK;
}

static enum vm_status set(struct trial *trial, const struct step *step)
{
    struct vm_machine *machine = &trial->machine;
    bool is_on = step->flags & STEP_ON;
    switch ((enum model_switch)step->kind) {
    case SWITCH_EVICTION:
        trial->model.is_evicting = is_on;
        return VM_OK;
    case SWITCH_COMPRESSION:
        trial->model.is_compressing = is_on;
        return VM_OK;
    case SWITCH_ANONYMOUS_RECLAIM:
        return set_anonymous_reclaim(trial, is_on);
    case SWITCH_LOANING:
        trial->model.is_loaning = is_on;
        machine->loaning = is_on;
        return VM_OK;
    case SWITCH_MEMORY:
        trial->is_resized = true;
        want(vm_machine_resize(machine, (uint64_t)step->amount), VM_OK,
             "another budget");
        return VM_OK;
    case SWITCH_POLICY:
        want(pq_change_policy(&machine->pqs, &zircon_policy_ops, NULL, 1),
             VM_OK, "the policy anew");
        return VM_OK;
    default:
        machine->borrow_on_supply = is_on;
        machine->borrow_on_access = is_on;
        machine->pmm.borrowing_enabled = is_on;
        return VM_OK;
    }
}

/* --- the machine -------------------------------------------------------------------------- */

static void dump(struct trial *trial)
{
    FILE *file = fopen("/dev/null", "w");
    want_true(file != NULL, "/dev/null can be written");
    for (uint8_t i = 0; i < MAX_OBJECTS; i++) {
        const struct object *object = object_at(trial, i);
        if (object)
            vm_cow_dump(vmo_cow(object->vmo), file, 1, true);
    }
    fclose(file);
}

static void rotate(struct trial *trial, int32_t times)
{
    struct page_queues *pqs = &trial->machine.pqs;
    for (int32_t i = 0; i < times && pqs->ops->rotate; i++)
        pqs->ops->rotate(pqs->policy, trial->model.now);
}

static bool drive_machine(struct trial *trial, const struct step *step,
                          struct outcome *outcome)
{
    switch ((enum op)step->op) {
    case OP_ROTATE:
        rotate(trial, step->amount);
        return true;
    case OP_HARVEST:
        scan(trial, true);
        return true;
    case OP_SCAN_ZERO:
        scan_zero(trial);
        return true;
    case OP_EVICT:
        if (trial->model.is_evicting)
            evict(trial, (uint64_t)step->amount,
                  step->flags & STEP_NEWEST ? RECLAIM_INCLUDE_NEWEST
                                            : RECLAIM_ONLY_OLDEST);
        return true;
    case OP_RECLAIM_ALL:
        reclaim_all(trial);
        return true;
    case OP_SET:
        outcome->status = set(trial, step);
        return true;
    case OP_TIME:
        trial->model.now += (sim_ns)step->amount * 1000000;
        vm_machine_set_time(&trial->machine, trial->model.now);
        return true;
    case OP_DUMP:
        dump(trial);
        return true;
    case OP_VALIDATE:
        return true; /* as after every step */
    default:
        return false;
    }
}

bool drive_reclaim(struct trial *trial, const struct step *step,
                   struct outcome *outcome)
{
    struct object *object = object_at(trial, step->vmo);
    struct object *from =
        step->flags & STEP_FROM ? object_at(trial, step->other) : object;
    switch ((enum op)step->op) {
    case OP_RECLAIM:
        outcome->is_skipped = !from;
        if (from)
            outcome->status =
                reclaim(trial, step, object, from, step->start,
                        step->flags & STEP_FROM ? step->at : step->start,
                        &outcome->is_done);
        return true;
    case OP_COMPRESS:
        outcome->status = compress(trial, step, object);
        return true;
    case OP_DEDUP:
        outcome->status = dedup(trial, step, object, &outcome->is_done);
        return true;
    default:
        return drive_machine(trial, step, outcome);
    }
}
