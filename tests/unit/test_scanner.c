/*
 * The scanner: its clock, zero scans at a rate, harvests, reclaim_all, pauses.
 */
#include "world_fixture.h"

#include "world/world_policy.h"
#include "zircon_policy.h"

static const sim_ns SECOND = 1000000000;

static void run_until(struct stage *stage, sim_ns until)
{
    struct world *world = stage->world;

    event_schedule(&world->events, &world->end_event, until);
    world->status = WORLD_RUNNING;
    world_run(world);
}

static uint64_t generation(const struct stage *stage)
{
    return zircon_policy_state(world_policy_instance(stage->world)).mru_gen;
}

/* Zero scans. ------------------------------------------------------------- */

/* 30 pages forked from the zero page by writes that were undone. */
#define FORKED(rate)                                                           \
    "version: 1\n"                                                             \
    "machine: {memory: 100p}\n"                                                \
    "reclaim: {zero_scans: " rate "}\n"                                        \
    "duration: 1500ms\n"                                                       \
    "vmos: [{vmo: a, size: 30p}]\n"                                            \
    "events:\n"                                                                \
    "  - touch: {vmo: a, write: true, value: 0}\n"

Test(scanner, so_many_zero_pages_are_looked_at_each_second)
{
    struct stage stage = stage_run(FORKED("8/s"));
    const struct scanner *scanner = stage.world->scanner;

    cr_assert_eq(scanner->considered, 8);
    cr_assert_eq(scanner->deduped, 8);
    cr_assert_eq(stage.world->machine.pmm.free_pages, 78);
    run_until(&stage, 3500000000);
    cr_assert_eq(scanner->considered, 24);
    cr_assert_eq(scanner->queue_emptied, 0);
    run_until(&stage, 4500000000);
    cr_assert_eq(scanner->considered, 30);
    cr_assert_eq(scanner->queue_emptied, 1);
    cr_assert_eq(scanner->requests, 4);
    cr_assert_eq(stage.world->machine.pmm.free_pages, 100);
    stage_clear(&stage);
}

Test(scanner, at_no_rate_zero_pages_stay)
{
    struct stage stage = stage_run(FORKED("0/s"));

    run_until(&stage, 20 * SECOND);
    cr_assert_eq(stage.world->scanner->requests, 0);
    cr_assert_eq(stage.world->machine.pmm.free_pages, 70);
    stage_clear(&stage);
}

Test(scanner, a_forked_page_has_one_chance)
{
    struct stage stage =
        stage_run("version: 1\n"
                  "machine: {memory: 100p}\n"
                  "duration: 3500ms\n"
                  "vmos: [{vmo: a, size: 2p}]\n"
                  "events:\n"
                  "  - touch: {vmo: a, write: true, value: 7}\n"
                  "  - {expect: {vmo: a, queues: [anonymous, anonymous]},\n"
                  "     at: 1100ms}\n"
                  "  - {write: {vmo: a, value: 0}, at: 1500ms}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    cr_assert_eq(stage.world->scanner->considered, 2);
    cr_assert_eq(stage.world->scanner->deduped, 0);
    cr_assert_eq(stage.world->machine.pqs.count[PQ_ANONYMOUS], 2);
    stage_clear(&stage);
}

/* Harvests. --------------------------------------------------------------- */

/* A page that is accessed through a mapping at 0, and ages by hand. */
#define ACCESSED(reclaim)                                                      \
    "version: 1\n"                                                             \
    "machine: {memory: 100p}\n"                                                \
    "reclaim: {min_aging: 5s, max_aging: 100s,\n"                              \
    "          active_ratio_multiplier: 0" reclaim "}\n"                       \
    "duration: 30s\n"                                                          \
    "vmos: [{vmo: f, size: 1p, kind: pager, prefill: all}]\n"                  \
    "events:\n"                                                                \
    "  - touch: {vmo: f}\n"                                                    \
    "  - rotate: {times: 4}\n"

Test(scanner, a_harvest_leaves_the_bit_for_the_next_one)
{
    struct stage stage = stage_run(
        ACCESSED("") "  - {expect: {queue: {reclaim4: 1}}, at: 4900ms}\n"
                     "  - {expect: {queue: {reclaim0: 1}}, at: 5100ms}\n"
                     "  - rotate: {times: 3}\n"
                     "  - expect: {queue: {reclaim3: 1}}\n"
                     "  - {expect: {queue: {reclaim0: 1}}, at: 10100ms}\n"
                     "  - harvest: {}\n"
                     "  - rotate: {times: 2}\n"
                     "  - {expect: {queue: {reclaim2: 1}}, at: 29s}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    stage_clear(&stage);
}

/* Page tables are looked for at 0, 10s, 20s: the next scan is for them, too. */
Test(scanner, without_eviction_it_scans_for_page_tables_only)
{
    struct stage stage =
        stage_run(ACCESSED(", eviction: false") //
                  "  - {expect: {queue: {reclaim0: 1}}, at: 5100ms}\n"
                  "  - rotate: {times: 3}\n"
                  "  - {expect: {queue: {reclaim3: 1}}, at: 9900ms}\n"
                  "  - {expect: {queue: {reclaim0: 1}}, at: 10100ms}\n"
                  "  - rotate: {times: 3}\n"
                  "  - {expect: {queue: {reclaim3: 1}}, at: 19900ms}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    stage_clear(&stage);
}

/* Clearing scans. --------------------------------------------------------- */

/* Bits that were cleared since the last ageing are not looked for again. */
Test(scanner, ageing_scans_unless_that_was_done_since_the_last_ageing)
{
    static const struct {
        const char *events;
        uint64_t age; /* of the page after it has aged by time, at 18.5s */
    } cases[] = {
        /* harvested at 8s, touched at 12s: the bit waits for the next time */
        {"  - {rotate: {times: 3}, at: 7s}\n"
         "  - {harvest: {}, at: 8s}\n"
         "  - {rotate: {}, at: 8500ms}\n"
         "  - {harvest: {}, at: 8600ms}\n"
         "  - {touch: {vmo: f}, at: 12s}\n",
         2},
        /* a rotation by hand since: ageing looks for itself */
        {"  - {rotate: {times: 3}, at: 7s}\n"
         "  - {harvest: {}, at: 8s}\n"
         "  - {rotate: {}, at: 8500ms}\n"
         "  - {touch: {vmo: f}, at: 12s}\n",
         1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[2048];

        snprintf(text, sizeof text,
                 "version: 1\n"
                 "machine: {memory: 100p}\n"
                 "reclaim: {min_aging: 10s, max_aging: 10s}\n"
                 "duration: 18700ms\n"
                 "vmos: [{vmo: f, size: 1p, kind: pager, prefill: all}]\n"
                 "events:\n"
                 "  - touch: {vmo: f}\n"
                 "%s  - {expect: {queue: {reclaim%lu: 1}}, at: 18600ms}\n",
                 cases[i].events, (unsigned long)cases[i].age);
        struct stage stage = stage_run(text);
        cr_assert_eq(stage.world->status, WORLD_OK, "case %zu", i);
        stage_clear(&stage);
    }
}

/* Everything. ------------------------------------------------------------- */

Test(scanner, reclaiming_all_takes_what_may_go_and_restarts_the_zero_clock)
{
    struct stage stage =
        stage_run("version: 1\n"
                  "machine: {memory: 100p}\n"
                  "duration: 1400ms\n"
                  "vmos:\n"
                  "  - {vmo: f, size: 10p, kind: pager, prefill: all}\n"
                  "  - {vmo: a, size: 10p}\n"
                  "events:\n"
                  "  - touch: {vmo: a, pages: 0..5, write: true, value: 0}\n"
                  "  - rotate: {times: 2}\n"
                  "  - {reclaim_all: {}, at: 500ms}\n"
                  "  - expect: {free: 100}\n"
                  "  - touch: {vmo: a, pages: 5..8, write: true, value: 0}\n"
                  "  - {expect: {free: 97}, at: 1300ms}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    cr_assert_eq(stage.world->scanner->requests, 1);
    run_until(&stage, 1600000000);
    cr_assert_eq(stage.world->scanner->requests, 2);
    cr_assert_eq(stage.world->machine.pmm.free_pages, 100);
    stage_clear(&stage);
}

/* Pauses. ----------------------------------------------------------------- */

Test(scanner, while_it_pauses_nothing_ages_or_is_scanned_or_evicted)
{
    struct stage stage = stage_run(
        "version: 1\n"
        "machine: {memory: 100p}\n"
        "reclaim: {min_aging: 1s, max_aging: 1s}\n"
        "duration: 30s\n"
        "vmos:\n"
        "  - {vmo: f, size: 10p, kind: pager, prefill: all}\n"
        "  - {vmo: a, size: 10p}\n"
        "events:\n"
        "  - {set: {scanner: false}, at: 500ms}\n"
        "  - touch: {vmo: a, pages: 0..5, write: true, value: 0}\n"
        "  - hint: {vmo: f, pages: 0..4, kind: dont_need}\n"
        "  - evict: {min: 2p, evicted: {pager_backed: 0}}\n"
        "  - reclaim_all: {}\n"
        "  - {expect: {free: 85}, at: 29s}\n"
        "  - expect: {queue: {zero_fork: 5, dont_need: 4, reclaim0: 6}}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    cr_assert_eq(generation(&stage), 7);
    stage_clear(&stage);
}

Test(scanner, when_it_goes_on_it_makes_up_for_the_pause)
{
    struct stage stage = stage_run(
        "version: 1\n"
        "machine: {memory: 100p}\n"
        "reclaim: {min_aging: 1s, max_aging: 1s}\n"
        "duration: 5100ms\n"
        "vmos:\n"
        "  - {vmo: f, size: 10p, kind: pager, prefill: all}\n"
        "  - {vmo: a, size: 10p}\n"
        "events:\n"
        "  - {set: {scanner: false}, at: 500ms}\n"
        "  - set: {scanner: false}\n"
        "  - touch: {vmo: a, pages: 0..5, write: true, value: 0}\n"
        "  - hint: {vmo: f, pages: 0..4, kind: dont_need}\n"
        "  - reclaim_all: {}\n"
        "  - {set: {scanner: true}, at: 5s}\n"
        "  - expect: {free: 94, evicted: {pager_backed: 4}}\n"
        "  - set: {scanner: true}\n"
        "  - {expect: {queue: {zero_fork: 0, reclaim1: 6}}, at: 5050ms}\n");

    /* aged once, at 5s, whatever was missed */
    cr_assert_eq(stage.world->status, WORLD_OK);
    cr_assert_eq(generation(&stage), 8);
    run_until(&stage, 6050000000);
    cr_assert_eq(generation(&stage), 9);
    stage_clear(&stage);
}

Test(scanner, going_on_keeps_eviction_off_where_the_scenario_has_none)
{
    struct stage stage =
        stage_run("version: 1\n"
                  "machine: {memory: 100p}\n"
                  "reclaim: {eviction: false}\n"
                  "vmos: [{vmo: f, size: 10p, kind: pager, prefill: all}]\n"
                  "events:\n"
                  "  - hint: {vmo: f, kind: dont_need}\n"
                  "  - set: {scanner: false}\n"
                  "  - set: {scanner: true}\n"
                  "  - evict: {min: 2p, evicted: {pager_backed: 0}}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    stage_clear(&stage);
}
