/*
 * The evictor: targets, passes in simulated time, one run at a time.
 */
#include "world_fixture.h"

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

/* How much is evicted. ---------------------------------------------------- */

static uint64_t evict_now(struct stage *stage, uint64_t min, uint64_t target)
{
    return world_evict(stage->world, min, target, RECLAIM_ONLY_OLDEST)
        .pager_backed;
}

/* A machine without a free page, all of them hinted. */
static struct stage full_stage(void)
{
    struct stage stage =
        stage_set("version: 1\n"
                  "machine: {memory: 100p}\n"
                  "vmos: [{vmo: a, size: 100p, kind: pager, prefill: all}]\n");
    struct vmo *vmo = world_vmo_find(stage.world, "a")->vmo;

    cr_assert_eq(vmo_hint_dont_need(vmo, 0, vmo_size(vmo)), VM_OK);
    cr_assert_eq(free_pages(&stage), 0);
    return stage;
}

Test(evictor, both_the_minimum_and_the_target_are_met_and_no_more)
{
    static const struct {
        uint64_t min, target; /* target: above what is free before */
        uint64_t evicted;
    } requests[] = {
        {10, 20, 20}, {20, 0, 20}, {0, 0, 0}, {0, 10, 10}, {2, 0, 2}};
    struct stage stage = full_stage();

    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        uint64_t target =
            requests[i].target ? free_pages(&stage) + requests[i].target : 0;

        cr_assert_eq(evict_now(&stage, requests[i].min, target),
                     requests[i].evicted, "request %zu", i);
    }
    cr_assert_eq(free_pages(&stage), 52);
    stage_clear(&stage);
}

Test(evictor, a_target_that_is_met_leaves_the_minimum)
{
    struct stage stage = full_stage();

    cr_assert_eq(evict_now(&stage, 10, 20), 20);
    cr_assert_eq(evict_now(&stage, 20, 10), 20);
    cr_assert_eq(evict_now(&stage, 0, 20), 0);
    cr_assert_eq(evict_now(&stage, 2, 40), 2);
    stage_clear(&stage);
}

Test(evictor, minima_of_continuous_requests_add_up)
{
    struct stage stage = stage_run(HINTED("100"));
    struct evictor *evictor = stage.world->evictor;

    evictor_continuous_on(evictor, 5, 904, RECLAIM_ONLY_OLDEST);
    evictor_continuous_on(evictor, 8, 904, RECLAIM_ONLY_OLDEST);
    run_until(&stage, 1000000);
    cr_assert_eq(free_pages(&stage), 913);
    run_until(&stage, 30000000000);
    cr_assert_eq(free_pages(&stage), 913);
    stage_clear(&stage);
}

/* A run of the eviction thread that only compressed goes on to the continuous
 * step, and does not count against its minimum. */
Test(evictor, compressed_pages_do_not_count_for_the_continuous_step)
{
    struct stage stage =
        stage_run("version: 1\n"
                  "machine: {memory: 1000p}\n"
                  "reclaim: {compression: {enabled: true, anonymous: true},\n"
                  "          max_aging: 1000s, active_ratio_multiplier: 0}\n"
                  "vmos: [{vmo: a, size: 100p, prefill: all}]\n"
                  "events:\n"
                  "  - rotate: {times: 7}\n");
    struct evictor *evictor = stage.world->evictor;

    evictor_continuous_on(evictor, 10, 0, RECLAIM_ONLY_OLDEST);
    run_until(&stage, 9000000000);
    cr_assert_eq(evictor->total.compressed, 10);
    cr_assert_eq(evictor->continuous.min_pages, 10);
    run_until(&stage, 11000000000);
    cr_assert_eq(evictor->total.compressed, 20);
    evictor_request(evictor, 5, 0, RECLAIM_ONLY_OLDEST);
    run_until(&stage, 12000000000);
    cr_assert_eq(evictor->total.compressed, 35);
    evictor_continuous_off(evictor);
    stage_clear(&stage);
}

/* Quirks of the kernel of 2023. ------------------------------------------- */

Test(evictor, a_synchronous_request_overwrites_one_that_is_pending)
{
    struct stage stage = stage_run(HINTED("100"));

    evictor_request(stage.world->evictor, 40, 0, RECLAIM_ONLY_OLDEST);
    cr_assert_eq(evict_now(&stage, 5, 0), 5);
    run_until(&stage, 1000000000);
    cr_assert_eq(free_pages(&stage), 905);
    stage_clear(&stage);
}

/* Pager pages and unlocked discardable objects of 10 pages each. */
#define SHARED(percent)                                                        \
    "version: 1\n"                                                             \
    "machine: {memory: 1000p}\n"                                               \
    "reclaim: {discardable_percent: " percent ", discardable_min_age: 1s}\n"   \
    "vmos:\n"                                                                  \
    "  - {vmo: p, size: 100p, kind: pager, prefill: all}\n"                    \
    "  - {vmo: d, size: 10p, kind: discardable, prefill: all}\n"               \
    "  - {vmo: e, size: 10p, kind: discardable, prefill: all}\n"               \
    "  - {vmo: f, size: 10p, kind: discardable, prefill: all}\n"               \
    "events:\n"                                                                \
    "  - hint: {vmo: p, kind: dont_need}\n"                                    \
    "  - lock: {vmo: d}\n"                                                     \
    "  - unlock: {vmo: d}\n"                                                   \
    "  - lock: {vmo: e}\n"                                                     \
    "  - unlock: {vmo: e}\n"                                                   \
    "  - {lock: {vmo: f}, at: 1500ms}\n"                                       \
    "  - unlock: {vmo: f}\n"                                                   \
    "  - {expect: {free: 870}, at: 2s}\n"

static struct evict_counts evict_shared(const char *scenario, uint64_t min,
                                        enum reclaim_level level)
{
    struct stage stage = stage_run(scenario);
    struct evict_counts counts;

    cr_assert_eq(stage.world->status, WORLD_OK);
    counts = world_evict(stage.world, min, 0, level);
    cr_assert_eq(free_pages(&stage),
                 870 + counts.pager_backed + counts.discardable);
    stage_clear(&stage);
    return counts;
}

Test(evictor, discardable_objects_get_their_share_first)
{
    static const struct {
        const char *scenario;
        uint64_t min;
        enum reclaim_level level;
        uint64_t pager_backed, discardable;
    } cases[] = {
        {SHARED("0"), 20, RECLAIM_ONLY_OLDEST, 20, 0},
        {SHARED("20"), 4, RECLAIM_ONLY_OLDEST, 4, 0}, /* share: 0.8 pages */
        {SHARED("20"), 20, RECLAIM_ONLY_OLDEST, 10, 10},
        {SHARED("20"), 60, RECLAIM_ONLY_OLDEST, 40, 20},
        {SHARED("20"), 5, RECLAIM_ONLY_OLDEST, 0, 10}, /* whole objects */
        {SHARED("0"), 5, RECLAIM_INCLUDE_NEWEST, 0, 10},
        /* f is too young */
        {SHARED("100"), 29, RECLAIM_ONLY_OLDEST, 9, 20},
        {SHARED("0"), 40, RECLAIM_INCLUDE_NEWEST, 20, 20},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct evict_counts counts =
            evict_shared(cases[i].scenario, cases[i].min, cases[i].level);

        cr_assert_eq(counts.pager_backed, cases[i].pager_backed, "case %zu", i);
        cr_assert_eq(counts.discardable, cases[i].discardable, "case %zu", i);
    }
}

/* All of 29: in floating point 29 / 100 * 100 is less. */
Test(evictor, a_share_is_exact)
{
    struct stage stage =
        stage_run("version: 1\n"
                  "machine: {memory: 1000p}\n"
                  "reclaim: {discardable_percent: 100, "
                  "discardable_min_age: 0}\n"
                  "vmos:\n"
                  "  - {vmo: p, size: 100p, kind: pager, prefill: all}\n"
                  "  - {vmo: d, size: 28p, kind: discardable, prefill: all}\n"
                  "  - {vmo: e, size: 1p, kind: discardable, prefill: all}\n"
                  "events:\n"
                  "  - hint: {vmo: p, kind: dont_need}\n"
                  "  - lock: {vmo: d}\n"
                  "  - unlock: {vmo: d}\n"
                  "  - lock: {vmo: e}\n"
                  "  - unlock: {vmo: e}\n");
    struct evict_counts counts =
        world_evict(stage.world, 29, 0, RECLAIM_ONLY_OLDEST);

    cr_assert_eq(counts.discardable, 29);
    cr_assert_eq(counts.pager_backed, 0);
    stage_clear(&stage);
}

/* As others have it: parameters of the policy. ---------------------------- */

Test(evictor, a_private_synchronous_request_leaves_what_is_pending)
{
    struct stage stage = stage_run("version: 1\n"
                                   "machine: {memory: 1000p}\n"
                                   "reclaim: {params: [sync_request=private],\n"
                                   "          discardable_percent: 0}\n"
                                   "events:\n"
                                   "  - create: {vmo: a, size: 100p,\n"
                                   "             kind: pager}\n"
                                   "  - supply: {vmo: a}\n"
                                   "  - hint: {vmo: a, kind: dont_need}\n");

    evictor_request(stage.world->evictor, 40, 0, RECLAIM_ONLY_OLDEST);
    cr_assert_eq(evict_now(&stage, 5, 0), 5);
    run_until(&stage, 1000000000);
    cr_assert_eq(free_pages(&stage), 945);
    stage_clear(&stage);
}

Test(evictor, pages_may_be_freed_one_by_one)
{
    struct stage stage =
        stage_run("version: 1\n"
                  "machine: {memory: 1000p, costs: {evict_page: 1us}}\n"
                  "reclaim: {params: [free_evicted=page],\n"
                  "          discardable_percent: 0}\n"
                  "events:\n"
                  "  - create: {vmo: a, size: 100p, kind: pager}\n"
                  "  - supply: {vmo: a}\n"
                  "  - hint: {vmo: a, kind: dont_need}\n");

    evictor_request(stage.world->evictor, 40, 0, RECLAIM_ONLY_OLDEST);
    run_until(&stage, 17000);
    cr_assert_eq(free_pages(&stage), 932); /* two steps of 16 */
    run_until(&stage, 100000);
    cr_assert_eq(free_pages(&stage), 940);
    stage_clear(&stage);
}

static uint64_t evicted_of_needed(const char *param, const char *level)
{
    char text[1024];

    snprintf(text, sizeof text,
             "version: 1\n"
             "machine: {memory: 1000p}\n"
             "reclaim: {params: [%s]}\n"
             "vmos: [{vmo: a, size: 10p, kind: pager, prefill: all}]\n"
             "events:\n"
             "  - hint: {vmo: a, kind: always_need}\n"
             "  - rotate: {times: 7}\n"
             "  - evict: {min: 10p, level: %s}\n",
             param, level);
    struct stage stage = stage_run(text);
    uint64_t evicted = stage.world->machine.stats.evicted_pages;

    cr_assert_eq(stage.world->status, WORLD_OK);
    stage_clear(&stage);
    return evicted;
}

Test(evictor, needed_pages_may_go_when_the_newest_do)
{
    cr_assert_eq(evicted_of_needed("hint_at_newest=follow", "include_newest"),
                 0);
    cr_assert_eq(evicted_of_needed("hint_at_newest=ignore", "only_oldest"), 0);
    cr_assert_eq(evicted_of_needed("hint_at_newest=ignore", "include_newest"),
                 10);
}
