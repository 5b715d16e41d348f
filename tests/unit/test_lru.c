/*
 * The LRU thread: the LRU action in batches that take time, the compressor's
 * lock, and lent frames for pages that are accessed.
 */
#include "world_fixture.h"

#include "actors/compressor_lock.h"
#include "actors/lru.h"
#include "world/world_policy.h"
#include "zircon_policy.h"

static uint64_t free_pages(const struct stage *stage)
{
    return stage->world->machine.pmm.free_pages;
}

static void run_until(struct stage *stage, sim_ns until)
{
    struct world *world = stage->world;

    event_schedule(&world->events, &world->end_event, until);
    world->status = WORLD_RUNNING;
    world_run(world);
}

static const sim_ns SECOND = 1000000000;

/* Ages every second, so what is there at 0 is pushed out at 7s. */
#define AGING(action)                                                          \
    "version: 1\n"                                                             \
    "machine: {memory: 1000p, costs: {evict_page: 1ms, compress_page: 2ms}}\n" \
    "reclaim: {lru_action: " action ", min_aging: 1s, max_aging: 1s,\n"        \
    "          compression: {enabled: true, anonymous: true}}\n"               \
    "duration: 6s\n"                                                           \
    "vmos:\n"                                                                  \
    "  - {vmo: f, size: 20p, kind: pager, prefill: all}\n"                     \
    "  - {vmo: a, size: 20p, prefill: all}\n"

Test(lru, an_action_reclaims_what_it_is_for_without_pressure)
{
    static const struct {
        const char *scenario;
        uint64_t evicted, compressed;
    } cases[] = {
        {AGING("none"), 0, 0},
        {AGING("evict_only"), 20, 0},
        {AGING("compress_only"), 0, 20},
        {AGING("evict_and_compress"), 20, 20},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stage stage = stage_run(cases[i].scenario);
        const struct world *world = stage.world;

        cr_assert_eq(free_pages(&stage), 960);
        run_until(&stage, 8 * SECOND);
        cr_assert_eq(world->lru->evicted, cases[i].evicted, "case %zu", i);
        cr_assert_eq(world->lru->compressed, cases[i].compressed, "case %zu",
                     i);
        /* the evictor has no part in it */
        cr_assert_eq(world->evictor->total.pager_backed, 0);
        cr_assert_eq(world->evictor->total.compressed, 0);
        cr_assert_eq(world->machine.stats.evicted_pages, cases[i].evicted);
        stage_clear(&stage);
    }
}

Test(lru, sixteen_pages_at_a_time_and_each_costs)
{
    struct stage stage = stage_run(AGING("evict_only"));

    run_until(&stage, 7 * SECOND);
    cr_assert_eq(free_pages(&stage), 976);
    cr_assert(lru_is_busy(stage.world));
    run_until(&stage, 7 * SECOND + 15000000);
    cr_assert_eq(free_pages(&stage), 976);
    run_until(&stage, 7 * SECOND + 16000000);
    cr_assert_eq(free_pages(&stage), 980);
    run_until(&stage, 7 * SECOND + 30000000);
    cr_assert_not(lru_is_busy(stage.world));
    stage_clear(&stage);
}

Test(lru, no_generation_begins_while_it_works)
{
    struct stage stage =
        stage_run("version: 1\n"
                  "machine: {memory: 1000p, costs: {evict_page: 100ms}}\n"
                  "reclaim: {lru_action: evict_only, min_aging: 1s,\n"
                  "          max_aging: 1s}\n"
                  "duration: 6s\n"
                  "vmos: [{vmo: f, size: 20p, kind: pager, prefill: all}]\n");
    void *policy = world_policy_instance(stage.world);

    run_until(&stage, 8 * SECOND + 900000000);
    cr_assert_eq(zircon_policy_state(policy).mru_gen, 14); /* since 7s */
    run_until(&stage, 9 * SECOND + 100000000);
    cr_assert_eq(zircon_policy_state(policy).mru_gen, 15); /* at 9s, done */
    cr_assert_eq(stage.world->lru->evicted, 20);
    stage_clear(&stage);
}

Test(lru, a_page_accessed_in_time_is_left_alone)
{
    struct stage stage = stage_run(
        AGING("evict_only") "events: [{read: {vmo: f, pages: 3}, at: 5s}]\n");

    run_until(&stage, 8 * SECOND);
    cr_assert_eq(stage.world->lru->evicted, 19);
    stage_clear(&stage);
}

/* The compressor's lock. -------------------------------------------------- */

Test(lru, a_batch_waits_for_the_pass_that_has_the_compressor)
{
    struct stage stage =
        stage_run("version: 1\n"
                  "machine: {memory: 1000p, costs: {compress_page: 100ms}}\n"
                  "reclaim: {lru_action: compress_only, min_aging: 1s,\n"
                  "          max_aging: 1s, active_ratio_multiplier: 0,\n"
                  "          compression: {enabled: true, anonymous: true}}\n"
                  "duration: 6500ms\n"
                  "vmos: [{vmo: a, size: 30p, prefill: all}]\n");
    struct world *world = stage.world;

    /* 10 pages, a second's work: to 7.5s; ageing offers the others at 7s */
    evictor_request(world->evictor, 10, 0, RECLAIM_ONLY_OLDEST);
    run_until(&stage, 7 * SECOND + 400000000);
    cr_assert_eq(world->compressor_lock.holder, &world->evictor->step);
    cr_assert_eq(world->compressor_lock.waiter, &world->lru->event);
    cr_assert_eq(world->lru->compressed, 0);
    run_until(&stage, 7 * SECOND + 550000000);
    cr_assert_eq(world->evictor->total.compressed, 10);
    cr_assert_eq(world->compressor_lock.holder, &world->lru->event);
    cr_assert(world->compressor_lock.is_compressing);
    cr_assert_eq(world->lru->compressed, 0);
    run_until(&stage, 7 * SECOND + 850000000);
    cr_assert_eq(world->lru->compressed, 3);
    stage_clear(&stage);
}

Test(lru, a_pass_waits_for_the_batch_that_has_the_compressor)
{
    struct stage stage =
        stage_run("version: 1\n"
                  "machine: {memory: 1000p, costs: {compress_page: 10ms}}\n"
                  "reclaim: {lru_action: compress_only, min_aging: 1s,\n"
                  "          max_aging: 1s, active_ratio_multiplier: 0,\n"
                  "          compression: {enabled: true, anonymous: true}}\n"
                  "duration: 7050ms\n"
                  "vmos: [{vmo: a, size: 40p, prefill: all}]\n");
    struct world *world = stage.world;

    /* batches of 16: 7s to 7.16s, the next one must wait for the pass */
    cr_assert_eq(world->compressor_lock.holder, &world->lru->event);
    evictor_request(world->evictor, 4, 0, RECLAIM_ONLY_OLDEST);
    run_until(&stage, 7 * SECOND + 159000000);
    cr_assert_eq(world->evictor->total.compressed, 0);
    cr_assert_eq(world->lru->compressed, 15);
    run_until(&stage, 7 * SECOND + 199000000);
    cr_assert_eq(world->evictor->total.compressed, 3);
    cr_assert_eq(world->lru->compressed, 16);
    run_until(&stage, 7 * SECOND + 201000000);
    cr_assert_eq(world->evictor->total.compressed, 4);
    run_until(&stage, 7 * SECOND + 900000000);
    cr_assert_eq(world->lru->compressed, 36);
    cr_assert_null(world->compressor_lock.holder);
    stage_clear(&stage);
}

Test(lru, a_pass_that_is_switched_off_while_it_waits_leaves_the_lock)
{
    struct stage stage =
        stage_run("version: 1\n"
                  "machine: {memory: 1000p, costs: {compress_page: 10ms}}\n"
                  "reclaim: {lru_action: compress_only, min_aging: 1s,\n"
                  "          max_aging: 1s, active_ratio_multiplier: 0,\n"
                  "          compression: {enabled: true, anonymous: true}}\n"
                  "duration: 7050ms\n"
                  "vmos: [{vmo: a, size: 40p, prefill: all}]\n"
                  "events:\n"
                  "  - {set: {eviction: false}, at: 7100ms}\n");
    struct world *world = stage.world;

    evictor_request(world->evictor, 4, 0, RECLAIM_ONLY_OLDEST);
    run_until(&stage, 7 * SECOND + 900000000);
    cr_assert_eq(world->evictor->total.compressed, 0);
    cr_assert_null(world->compressor_lock.holder);
    cr_assert_eq(world->lru->compressed, 40);
    stage_clear(&stage);
}

/* Lent frames. ------------------------------------------------------------ */

/* 8 frames are lent; f's pages 0..4 are accessed and then met by a search. */
#define LENT(borrow)                                                           \
    "version: 1\n"                                                             \
    "machine: {memory: 100p}\n"                                                \
    "reclaim: {loaning: true, borrow_on_mru: " borrow "}\n"                    \
    "vmos:\n"                                                                  \
    "  - {vmo: c, size: 8p, kind: contiguous}\n"                               \
    "  - {vmo: f, size: 6p, kind: pager, prefill: all}\n"                      \
    "events:\n"                                                                \
    "  - decommit: {vmo: c}\n"                                                 \
    "  - rotate: {times: 2}\n"

Test(lru, accessed_pages_move_to_lent_frames_when_they_are_met)
{
    struct stage stage = stage_run(
        LENT("true") "  - hint: {vmo: f, pages: 1, kind: always_need}\n"
                     "  - write: {vmo: f, pages: 2, value: 5}\n"
                     "  - read: {vmo: f, pages: 0..4}\n"
                     "  - expect: {free: 86, free_loaned: 8}\n"
                     "  - evict: {min: 1p, level: include_newest,\n"
                     "            evicted: {pager_backed: 1}}\n"
                     "  - expect: {vmo: f, loaned: 2}\n"
                     "  - expect: {free: 89, free_loaned: 6}\n"
                     "  - expect: {vmo: f, pages: 2, content: [5]}\n"
                     "  - validate: {}\n");

    /* 1 is needed, 2 dirty; 4 or 5 was evicted */
    cr_assert_eq(stage.world->status, WORLD_OK);
    cr_assert_eq(stage.world->lru->borrowed, 2);
    stage_clear(&stage);
}

Test(lru, nothing_moves_unless_that_is_wanted)
{
    struct stage stage =
        stage_run(LENT("false") "  - read: {vmo: f, pages: 0..4}\n"
                                "  - evict: {min: 1p, level: include_newest}\n"
                                "  - expect: {vmo: f, loaned: 0}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    cr_assert_eq(stage.world->lru->borrowed, 0);
    stage_clear(&stage);
}

Test(lru, borrowing_that_is_switched_on_later_works)
{
    struct stage stage =
        stage_run(LENT("false") "  - set: {borrowing: true}\n"
                                "  - read: {vmo: f, pages: 0..4}\n"
                                "  - evict: {min: 1p, level: include_newest}\n"
                                "  - expect: {vmo: f, loaned: 4}\n"
                                "  - commit: {vmo: c}\n"
                                "  - expect: {vmo: f, loaned: 0}\n"
                                "  - validate: {}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    cr_assert_eq(stage.world->lru->borrowed, 4);
    stage_clear(&stage);
}

/* Rotation by hand does the LRU thread's part, too, at the same instant. */
Test(lru, rotating_by_hand_meets_accessed_pages)
{
    struct stage stage =
        stage_run(LENT("true") "  - read: {vmo: f, pages: 0..4}\n"
                               "  - rotate: {times: 5}\n"
                               "  - expect: {vmo: f, loaned: 0}\n"
                               "  - read: {vmo: f, pages: 0}\n"
                               "  - rotate: {}\n"
                               "  - expect: {vmo: f, loaned: 1}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    stage_clear(&stage);
}
