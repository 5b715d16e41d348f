/*
 * Reclaim by force, and how it is made good.
 *
 *   event ---- operation ---- waits for memory ---- waits for its pager ----
 *     |            |                 |                      |
 *   supply      evict,            evict,                 supply what
 *   what was    compress,         compress,              was evicted,
 *   evicted     rotate            rotate                 run again
 *
 * An evicted page is remembered with its content and supplied again, as its
 * pager would. Only operations that may ask a pager meet evicted pages: the
 * others say what is there, and are right in saying that it is not.
 *
 * A compressed page stays compressed until an expectation looks. Where the
 * scenario has a compressor of its own, its references are what it is about,
 * so there a page goes into the store and comes back at once.
 *
 * A page of zeros is left alone: compressed it becomes a marker, which nobody
 * pays for, and that does not come back by itself. So are pages that a pager
 * was asked never to evict, and borrowed ones, which would come back
 * elsewhere.
 */
#include "engine/forced.h"

#ifdef VMCOW_FORCE_RARE_PATHS

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actors/aging.h"
#include "actors/compressor_lock.h"
#include "engine/engine.h"
#include "rare_paths.h"
#include "world/random.h"

/* Fewer free pages than this, and the scenario is about that. */
enum { SPARE_PAGES = 16 };

struct evicted_page {
    struct vm_cow_pages *cow; /* counted */
    uint64_t offset;
    uint64_t content;
};

/* Of the run under way in this thread. */
static _Thread_local struct {
    bool is_reclaiming;
    bool has_own_compressor; /* the scenario's */
    struct random_stream random;
    struct evicted_page *evicted; /* owned */
    size_t evicted_count, evicted_capacity;
} forced;

/* What is asked for. ------------------------------------------------------ */

enum force { FORCE_NOTHING, FORCE_WAITS, FORCE_RECLAIM, FORCE_UNKNOWN };

static enum force read_mode(uint64_t *seed)
{
    static const char reclaim[] = "reclaim:";
    const char *mode = getenv("LOWTIDE_FORCE");

    *seed = 0;
    if (!mode || !*mode)
        return FORCE_NOTHING;
    if (strcmp(mode, "waits") == 0)
        return FORCE_WAITS;
    if (strncmp(mode, reclaim, sizeof reclaim - 1) != 0)
        return FORCE_UNKNOWN;
    *seed = strtoull(mode + sizeof reclaim - 1, NULL, 10);
    return FORCE_RECLAIM;
}

bool forced_wants_compressor(void)
{
    uint64_t seed;

    return read_mode(&seed) == FORCE_RECLAIM;
}

/* Taking. ----------------------------------------------------------------- */

static bool remember(struct vm_cow_pages *cow, uint64_t offset,
                     uint64_t content)
{
    if (forced.evicted_count == forced.evicted_capacity) {
        size_t capacity = forced.evicted_capacity * 2 + 16;
        struct evicted_page *grown =
            realloc(forced.evicted, capacity * sizeof *grown);
        if (!grown)
            return false;
        forced.evicted = grown;
        forced.evicted_capacity = capacity;
    }
    forced.evicted[forced.evicted_count++] =
        (struct evicted_page){vm_cow_ref(cow), offset, content};
    return true;
}

static void evict(struct world *world, struct vm_cow_pages *cow,
                  page_index page)
{
    struct vm_machine *machine = &world->machine;
    const struct vm_page *descriptor = vm_page_of(machine, page);
    uint64_t offset = descriptor->offset;

    if (descriptor->always_need || descriptor->is_loaned ||
        !remember(cow, offset, descriptor->content))
        return;
    if (vm_cow_reclaim_page(cow, page, offset, EVICTION_HINT_FOLLOW, NULL,
                            NULL))
        pmm_free_page(&machine->pmm, page);
    else
        vm_cow_unref(forced.evicted[--forced.evicted_count].cow);
}

static void compress(struct world *world, struct vm_cow_pages *cow,
                     page_index page)
{
    struct vm_machine *machine = &world->machine;
    const struct vm_page *descriptor = vm_page_of(machine, page);
    uint64_t offset = descriptor->offset;

    compressor_settle(world);
    if (descriptor->content == 0 ||
        compressor_arm(machine->compressor) != VM_OK)
        return;
    if (vm_cow_reclaim_page(cow, page, offset, EVICTION_HINT_FOLLOW,
                            machine->compressor, NULL))
        pmm_free_page(&machine->pmm, page);
    compressor_disarm(machine->compressor);
    if (forced.has_own_compressor)
        (void)vm_cow_decompress_in_range(cow, offset, VM_PAGE_SIZE, NULL);
}

static bool is_reclaimable(const struct vm_page *page)
{
    return page->pin_count == 0 &&
           (page->queue == PQ_ANONYMOUS || page->queue == PQ_ZERO_FORK ||
            page->queue == PQ_RECLAIM);
}

/* Each page with the same probability, which differs from time to time. */
static void reclaim_some(struct world *world, bool may_evict)
{
    static const uint64_t one_in[] = {1, 1, 2, 8};
    struct vm_machine *machine = &world->machine;
    uint64_t odds = one_in[random_below(&forced.random, 4)];

    for (page_index page = 1; page < machine->pmm.next_fresh; page++) {
        if (!is_reclaimable(vm_page_of(machine, page)) ||
            machine->pmm.free_pages < SPARE_PAGES ||
            random_below(&forced.random, odds) != 0)
            continue;
        struct vm_cow_pages *cow = vm_page_owner(machine, page);
        if (!vm_cow_can_evict(cow))
            compress(world, cow, page);
        else if (may_evict)
            evict(world, cow, page);
    }
}

static void reclaim(struct world *world, bool may_evict)
{
    if (!forced.is_reclaiming)
        return;
    rare_failures_pause(true);
    switch (random_below(&forced.random, 4)) {
    case 0:
        break;
    case 1:
        world_rotate(world, 1);
        break;
    default:
        reclaim_some(world, may_evict);
        break;
    }
    rare_failures_pause(false);
}

/* Giving back. ------------------------------------------------------------ */

/* What cannot return has been closed, cut off or written over meanwhile. */
static void supply_evicted(void)
{
    rare_failures_pause(true);
    while (forced.evicted_count > 0) {
        struct evicted_page *gone = &forced.evicted[--forced.evicted_count];
        page_index page;

        (void)vm_cow_supply_one(gone->cow, gone->offset, gone->content, NULL,
                                &page);
        vm_cow_unref(gone->cow);
    }
    rare_failures_pause(false);
}

/* Every node is above some open VMO. */
static void decompress_all(struct world *world)
{
    const struct world_vmo *vmo;

    TAILQ_FOREACH (vmo, &world->vmos, by_world)
        for (struct vm_cow_pages *cow = vmo_cow(vmo->vmo); cow;
             cow = vm_cow_debug_get_parent(cow))
            (void)vm_cow_decompress_in_range(cow, 0, vm_cow_size(cow), NULL);
}

/* Legal points. ----------------------------------------------------------- */

/* A pin for writing asks for leave to dirty as far as it has got, so that its
 * requests would be others. */
static bool may_ask_pager(const struct vmo_op *op)
{
    switch (op->kind) {
    case VMO_OP_PIN:
        return !op->is_write;
    case VMO_OP_READ:
    case VMO_OP_WRITE:
    case VMO_OP_COMMIT:
    case VMO_OP_ZERO:
    case VMO_OP_ALWAYS_NEED:
    case VMO_OP_FAULT:
        return true;
    default:
        return false;
    }
}

/* Does it speak of pages as they are, compressed or not, here or not? */
static bool is_about_pages(enum op_kind kind)
{
    switch (kind) {
    case OP_EXPECT:
    case OP_LOOKUP:
    case OP_RECLAIM:
    case OP_DEDUP:
    case OP_DISCARD:
    case OP_EVICT:
    case OP_SCAN_ZERO:
        return true;
    default:
        return false;
    }
}

void forced_before_event(struct world *world, const struct scenario_op *op)
{
    supply_evicted();
    if (!is_about_pages(op->kind))
        reclaim(world, false);
    else if (forced.is_reclaiming && !forced.has_own_compressor)
        decompress_all(world);
}

static void before_operation(struct world *world, const struct vmo_op *op)
{
    if (op->kind != VMO_OP_LOOKUP)
        reclaim(world, may_ask_pager(op));
}

static bool goes_on(struct world *world, const struct vmo_op *op)
{
    if (op->request.state != REQUEST_MEMORY) {
        bool has_evicted = forced.evicted_count > 0;

        supply_evicted();
        return has_evicted;
    }
    if (!rare_wait_is_over())
        return false;
    reclaim(world, may_ask_pager(op));
    return true;
}

/* A run. ------------------------------------------------------------------ */

static const struct world_force force = {
    .before_operation = before_operation,
    .goes_on = goes_on,
};

void forced_begin(struct world *world)
{
    uint64_t seed;
    enum force mode = read_mode(&seed);

    if (mode == FORCE_UNKNOWN) {
        fputs("LOWTIDE_FORCE is neither `waits` nor `reclaim:N`\n", stderr);
        world_fail(world, EINVAL);
        return;
    }
    rare_paths_force(mode != FORCE_NOTHING);
    forced.is_reclaiming = mode == FORCE_RECLAIM;
    forced.has_own_compressor = world_wants_compressor(world->scenario);
    random_init(&forced.random, seed, "forced", "", 0);
    world->force = &force;
}

void forced_end(void)
{
    while (forced.evicted_count > 0)
        vm_cow_unref(forced.evicted[--forced.evicted_count].cow);
    free(forced.evicted);
    forced.evicted = NULL;
    forced.evicted_capacity = 0;
    forced.is_reclaiming = false;
    rare_paths_force(false);
}

/* Expectations. ----------------------------------------------------------- */

/* `reclaim3` for `reclaim0`, `anonymous` for `zero_fork`: as old as may be. */
static enum expected_queue ageless(enum expected_queue queue)
{
    if (queue == EXPECTED_QUEUE_ZERO_FORK)
        return EXPECTED_QUEUE_ANONYMOUS;
    return queue >= EXPECTED_QUEUE_RECLAIM0 ? EXPECTED_QUEUE_RECLAIM0 : queue;
}

bool forced_same_queue(enum expected_queue expected, enum expected_queue actual)
{
    return forced.is_reclaiming && ageless(expected) == ageless(actual);
}

bool forced_forgives(enum expect_key key)
{
    switch (key) {
    case EXPECT_QUEUE: /* places are counted by age */
    case EXPECT_ACTIVE:
    case EXPECT_INACTIVE:
    case EXPECT_EVICTED: /* and so is what was reclaimed by force */
    case EXPECT_RECLAIM_EVENTS:
    case EXPECT_FREE: /* the compressor keeps its buffer page */
    case EXPECT_COMPRESSED_STORAGE:
        return forced.is_reclaiming;
    default:
        return false;
    }
}

#endif
