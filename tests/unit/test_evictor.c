/*
 * The evictor: targets, passes in simulated time, one run at a time.
 */
#include "world_fixture.h"

#include "engine/world_internal.h"

/* 1000 pages, and `count` of a pager that are not needed any more. */
#define HINTED(count)                                                          \
    "version: 1\n"                                                             \
    "machine: {memory: 1000p, costs: {evict_page: 1us}}\n"                     \
    "reclaim: {discardable_percent: 0}\n"                                      \
    "events:\n"                                                                \
    "  - create: {vmo: a, size: 500p, kind: pager}\n"                          \
    "  - supply: {vmo: a, pages: 0.." count "}\n"                              \
    "  - hint: {vmo: a, kind: dont_need}\n"

static uint64_t free_pages(const struct stage *stage)
{
    return stage->world->machine.pmm.free_pages;
}

/* Step the world until nothing is left but what comes later than `until`. */
static void run_until(struct stage *stage, sim_ns until)
{
    struct world *world = stage->world;

    event_schedule(&world->events, &world->end_event, until);
    world->status = WORLD_RUNNING;
    world_run(world);
}

Test(evictor, a_pass_takes_time_and_frees_at_its_end)
{
    struct stage stage = stage_run(HINTED("100"));

    evictor_request(stage.world->evictor, 40, 0, RECLAIM_ONLY_OLDEST);
    run_until(&stage, 39000);
    cr_assert_eq(free_pages(&stage), 900);
    cr_assert_eq(stage.world->machine.stats.evicted_pages, 40);
    run_until(&stage, 41000);
    cr_assert_eq(free_pages(&stage), 940);
    cr_assert_eq(stage.world->evictor->total.pager_backed, 40);
    cr_assert_eq(stage.world->evictor->oom.pager_backed, 0);
    stage_clear(&stage);
}

Test(evictor, minima_of_requests_add_up_and_targets_do_not)
{
    struct stage stage = stage_run(HINTED("100"));
    struct evictor *evictor = stage.world->evictor;

    evictor_request(evictor, 5, 0, RECLAIM_ONLY_OLDEST);
    evictor_request(evictor, 8, 904, RECLAIM_ONLY_OLDEST);
    run_until(&stage, 1000000);
    cr_assert_eq(free_pages(&stage), 913);
    evictor_request(evictor, 0, 920, RECLAIM_ONLY_OLDEST);
    evictor_request(evictor, 0, 916, RECLAIM_ONLY_OLDEST);
    run_until(&stage, 2000000);
    cr_assert_eq(free_pages(&stage), 920);
    stage_clear(&stage);
}

Test(evictor, what_comes_during_a_run_waits_for_its_end)
{
    struct stage stage = stage_run(HINTED("100"));
    struct evictor *evictor = stage.world->evictor;

    evictor_request(evictor, 32, 0, RECLAIM_ONLY_OLDEST);
    run_until(&stage, 10000);
    cr_assert(evictor->run.is_active);
    evictor_request(evictor, 16, 0, RECLAIM_ONLY_OLDEST);
    run_until(&stage, 33000);
    cr_assert_eq(free_pages(&stage), 932);
    run_until(&stage, 1000000);
    cr_assert_eq(free_pages(&stage), 948);
    stage_clear(&stage);
}

Test(evictor, continuous_eviction_keeps_the_target)
{
    struct stage stage = stage_run(HINTED("100"));
    struct evictor *evictor = stage.world->evictor;
    struct world_vmo *more;

    evictor_continuous_on(evictor, 0, 910, RECLAIM_ONLY_OLDEST);
    run_until(&stage, 1000000000);
    cr_assert_eq(free_pages(&stage), 910);
    struct world_create_args args = {.name = "more", .size_pages = 30};
    cr_assert_eq(world_vmo_create(stage.world, &args, &more), VM_OK);
    struct page_range all = PAGE_RANGE_ALL;
    cr_assert_eq(world_prefill(stage.world, more, &all), VM_OK);
    run_until(&stage, 9000000000);
    cr_assert_eq(free_pages(&stage), 880);
    run_until(&stage, 11000000000);
    cr_assert_eq(free_pages(&stage), 910);
    evictor_continuous_off(evictor);
    stage_clear(&stage);
}

Test(evictor, a_run_without_victims_gives_up)
{
    struct stage stage = stage_run(HINTED("10"));

    evictor_request(stage.world->evictor, 400, 0, RECLAIM_INCLUDE_NEWEST);
    run_until(&stage, 1000000);
    cr_assert_eq(free_pages(&stage), 1000);
    cr_assert(!stage.world->evictor->run.is_active);
    stage_clear(&stage);
}

Test(evictor, switched_off_it_hears_nothing)
{
    struct stage stage = stage_run(HINTED("10"));

    world_set_eviction(stage.world, false);
    evictor_request(stage.world->evictor, 5, 0, RECLAIM_ONLY_OLDEST);
    struct evict_counts counts =
        world_evict(stage.world, 5, 0, RECLAIM_ONLY_OLDEST);
    cr_assert_eq(counts.pager_backed, 0);
    run_until(&stage, 1000000);
    cr_assert_eq(free_pages(&stage), 990);
    stage_clear(&stage);
}

Test(evictor, compression_counts_a_page_for_a_page)
{
    struct stage stage = stage_run(
        "version: 1\n"
        "machine: {memory: 1000p}\n"
        "reclaim: {compression: {enabled: true, anonymous: true}}\n"
        "vmos: [{vmo: a, size: 100p, prefill: all}]\n"
        "events:\n"
        "  - rotate: {times: 7}\n"
        "  - evict: {min: 30p, evicted: {pager_backed: 0, compressed: 30,\n"
        "            discardable: 0}}\n"
        "  - expect: {vmo: a, compressed: 30, committed: 70}\n"
        "  - validate: {}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    cr_assert_lt(free_pages(&stage), 930);
    cr_assert_gt(free_pages(&stage), 900);
    stage_clear(&stage);
}
