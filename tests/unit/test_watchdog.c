/*
 * The memory watchdog: levels, hysteresis, the eviction timer, and what
 * happens out of memory. The machine has 100 pages; marks 5, 10, 19, 30.
 */
#include "world_fixture.h"

#define MACHINE(reclaim)                                                       \
    "version: 1\n"                                                             \
    "machine: {memory: 100p}\n"                                                \
    "reclaim:\n"                                                               \
    "  pressure: {oom: 5p, imminent_oom_delta: 5p, critical: 19p,\n"           \
    "             warning: 30p, debounce: 1p, hysteresis: 2s}\n" reclaim

static void expect_announced(const struct stage *stage, uint64_t oom,
                             uint64_t imminent, uint64_t critical,
                             uint64_t warning, uint64_t normal)
{
    const uint64_t *announced = stage->world->watchdog->announcements;

    cr_assert_eq(announced[LEVEL_OOM], oom);
    cr_assert_eq(announced[LEVEL_IMMINENT_OOM], imminent);
    cr_assert_eq(announced[LEVEL_CRITICAL], critical);
    cr_assert_eq(announced[LEVEL_WARNING], warning);
    cr_assert_eq(announced[LEVEL_NORMAL], normal);
}

Test(watchdog, an_idle_machine_is_announced_normal_twice)
{
    struct stage stage = stage_run(MACHINE("") "duration: 20s\n");

    expect_announced(&stage, 0, 0, 0, 0, 2);
    stage_clear(&stage);
}

Test(watchdog, getting_worse_is_announced_at_once)
{
    struct stage stage =
        stage_run(MACHINE("") "vmos: [{vmo: x, size: 90p}]\n"
                              "duration: 1100ms\n"
                              "events:\n"
                              "  - {commit: {vmo: x, pages: 0..72}, at: 1s}\n"
                              "  - commit: {vmo: x, pages: 72..82}\n"
                              "  - commit: {vmo: x, pages: 82..90}\n");

    /* free falls 28, 18, 10 within one instant: the last one is seen */
    expect_announced(&stage, 0, 0, 1, 0, 1);
    stage_clear(&stage);
}

Test(watchdog, getting_better_waits_for_a_quiet_hysteresis)
{
    struct stage stage =
        stage_run(MACHINE("") "vmos: [{vmo: x, size: 90p}]\n"
                              "duration: 10s\n"
                              "events:\n"
                              "  - {commit: {vmo: x, pages: 0..75}, at: 3s}\n"
                              "  - {decommit: {vmo: x}, at: 3500ms}\n"
                              "  - {expect: {level: normal}, at: 3600ms}\n");

    /* normal at 0 and 2s; warning at 3s; normal no earlier than 5.5s */
    expect_announced(&stage, 0, 0, 0, 1, 3);
    cr_assert_eq(stage.world->watchdog->last_look, 5500000000);
    stage_clear(&stage);
}

/* 40 clean pages of a pager, not needed, and 46 more that stay: 14 are free. */
#define CRITICAL_MACHINE                                                       \
    "events:\n"                                                                \
    "  - create: {vmo: a, size: 40p, kind: pager}\n"                           \
    "  - supply: {vmo: a}\n"                                                   \
    "  - hint: {vmo: a, kind: dont_need}\n"                                    \
    "  - create: {vmo: x, size: 46p}\n"                                        \
    "  - commit: {vmo: x}\n"

Test(watchdog, eviction_comes_half_a_hysteresis_later_and_aims_past_critical)
{
    struct stage stage = stage_run(MACHINE("") CRITICAL_MACHINE
                                   "  - {expect: {free: 14}, at: 999ms}\n"
                                   "  - {expect: {free: 20}, at: 1001ms}\n"
                                   "  - {expect: {level: warning}, at: 5s}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    stage_clear(&stage);
}

/* Critical with 149 MiB free. A mebibyte has to go, and 151
 * have to be free, five seconds later. */
Test(watchdog, a_machine_with_the_kernels_marks_evicts_as_the_kernel_does)
{
    struct stage stage =
        stage_set("version: 1\n"
                  "machine: {memory: 1GiB}\n"
                  "vmos: [{vmo: a, size: 875MiB, kind: pager, prefill: all}]\n"
                  "duration: 6s\n"
                  "events:\n"
                  "  - hint: {vmo: a, kind: dont_need}\n"
                  "  - expect: {free: 38144, level: critical}\n"
                  "  - {expect: {free: 38144}, at: 4999ms}\n"
                  "  - {expect: {free: 38656, evicted: {pager_backed: 512}},\n"
                  "     at: 5100ms}\n");

    stage.world->options.is_paranoid = false;
    world_run(stage.world);
    cr_assert_eq(stage.world->status, WORLD_OK);
    cr_assert_eq(stage.world->watchdog->min_pages, 256);
    cr_assert_eq(stage.world->watchdog->announcements[LEVEL_CRITICAL], 1);
    stage_clear(&stage);
}

Test(watchdog, the_eviction_timer_keeps_a_run_going)
{
    struct stage stage = stage_run(MACHINE("") CRITICAL_MACHINE);

    /* nothing is left of the script after 0s */
    cr_assert_eq(stage.world->machine.pmm.free_pages, 20);
    cr_assert_geq(stage.world->now, 1000000000);
    stage_clear(&stage);
}

Test(watchdog, with_eviction_off_nothing_is_evicted)
{
    struct stage stage =
        stage_run(MACHINE("  eviction: false\n") CRITICAL_MACHINE
                  "  - {expect: {free: 14}, at: 30s}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    stage_clear(&stage);
}

Test(watchdog, out_of_memory_evicts_step_by_step_until_it_is_over)
{
    struct stage stage =
        stage_run(MACHINE("") "events:\n"
                              "  - create: {vmo: a, size: 40p, kind: pager}\n"
                              "  - supply: {vmo: a}\n"
                              "  - hint: {vmo: a, kind: dont_need}\n"
                              "  - create: {vmo: x, size: 56p}\n"
                              "  - commit: {vmo: x}\n"
                              "  - {expect: {free: 6}, at: 999ms}\n"
                              "  - {expect: {free: 20}, at: 1001ms}\n"
                              "  - expect: {oom_kills: 0}\n");

    /* a page at a time on this machine: 6 free is a page past the mark */
    cr_assert_eq(stage.world->status, WORLD_OK);
    expect_announced(&stage, 1, 1, 0, 0, 0);
    cr_assert_eq(stage.world->evictor->oom.pager_backed, 2);
    stage_clear(&stage);
}

#define GLUTTONS                                                               \
    "processes:\n"                                                             \
    "  - {name: first, oom_score: 2}\n"                                        \
    "  - {name: second, oom_score: 2}\n"                                       \
    "  - {name: modest, oom_score: 1}\n"                                       \
    "vmos:\n"                                                                  \
    "  - {vmo: a, size: 40p, process: first}\n"                                \
    "  - {vmo: b, size: 40p, process: second}\n"                               \
    "  - {vmo: c, size: 40p, process: modest}\n"                               \
    "events:\n"                                                                \
    "  - commit: {vmo: a, pages: 0..30}\n"                                     \
    "  - commit: {vmo: b, pages: 0..30}\n"                                     \
    "  - commit: {vmo: c, pages: 0..36}\n"

Test(watchdog, the_highest_score_is_killed_and_of_equals_the_last)
{
    struct stage stage = stage_run(MACHINE("") GLUTTONS
                                   "  - {expect: {vmo: b, exists: false},\n"
                                   "     at: 1ms}\n"
                                   "  - expect: {vmo: a, exists: true}\n"
                                   "  - expect: {vmo: c, exists: true}\n"
                                   "  - expect: {oom_kills: 1, free: 34}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    cr_assert(stage.world->processes[2].is_killed);
    stage_clear(&stage);
}

Test(watchdog, stop_ends_the_run)
{
    struct stage stage = stage_run(MACHINE("  on_oom: stop\n") GLUTTONS
                                   "  - {expect: {free: 1}, at: 1s}\n");

    cr_assert_eq(stage.world->status, WORLD_STOPPED);
    cr_assert_eq(stage.world->now, 0);
    cr_assert_eq(stage.world->counters.oom_kills, 0);
    stage_clear(&stage);
}

Test(watchdog, a_kill_with_nobody_left_stops_the_run)
{
    struct stage stage = stage_run(MACHINE("") "events:\n"
                                               "  - create: {vmo: x, size: "
                                               "97p}\n"
                                               "  - {commit: {vmo: x}, status: "
                                               "SHOULD_WAIT}\n"
                                               "  - {expect: {free: 0}, at: "
                                               "1s}\n");

    cr_assert_eq(stage.world->status, WORLD_STOPPED);
    stage_clear(&stage);
}

Test(watchdog, those_that_wait_for_memory_go_on_after_a_kill)
{
    struct stage stage = stage_run(
        MACHINE("") GLUTTONS
        "  - {write: {vmo: c, pages: 36..38}, as_op: w, status: SHOULD_WAIT}\n"
        "  - {expect: {op: w, state: done, result: OK}, at: 1ms}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    stage_clear(&stage);
}

Test(watchdog, waiting_it_out_leaves_everybody_waiting)
{
    struct stage stage = stage_run(
        MACHINE("  on_oom: wait\n") GLUTTONS
        "  - {write: {vmo: c, pages: 36..38}, as_op: w, status: SHOULD_WAIT}\n"
        "  - {expect: {op: w, state: waiting}, at: 30s}\n"
        "  - close: {vmo: a}\n"
        "  - expect: {op: w, state: done, result: OK}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    stage_clear(&stage);
}

/* The fine print. --------------------------------------------------------- */

/* One object of 96 pages; the marks of MACHINE. */
static struct stage levels_stage(const char *reclaim, const char *events)
{
    char text[2048];

    snprintf(text, sizeof text, "%s%s%s%s", MACHINE(""), reclaim,
             "vmos: [{vmo: x, size: 96p}]\nduration: 20s\nevents:\n", events);
    return stage_run(text);
}

Test(watchdog, a_second_step_down_before_the_eviction_makes_it_come_at_once)
{
    struct stage stage = stage_run(
        MACHINE("") "duration: 20s\n"
                    "events:\n"
                    "  - create: {vmo: a, size: 40p, kind: pager}\n"
                    "  - supply: {vmo: a}\n"
                    "  - hint: {vmo: a, kind: dont_need}\n"
                    "  - create: {vmo: x, size: 60p}\n"
                    "  - {commit: {vmo: x, pages: 0..46}, at: 3s}\n"
                    "  - {commit: {vmo: x, pages: 46..52}, at: 3500ms}\n"
                    "  - {expect: {free: 8, level: imminent_oom}, at: 3500ms}\n"
                    "  - {expect: {free: 20}, at: 3501ms}\n");

    /* critical at 3s: the timer is set for 4s; worse at 3.5s */
    cr_assert_eq(stage.world->status, WORLD_OK);
    stage_clear(&stage);
}

Test(watchdog, flapping_puts_recovery_off)
{
    struct stage stage = levels_stage(
        "", "  - {commit: {vmo: x, pages: 0..75}, at: 3s}\n"
            "  - {decommit: {vmo: x, pages: 0..10}, at: 4s}\n"
            "  - {commit: {vmo: x, pages: 0..10}, at: 5s}\n"
            "  - {decommit: {vmo: x, pages: 0..10}, at: 6500ms}\n");

    /* normal at 0 and 2s, warning at 3s; looks at 4s, 5s and 6.5s put it off:
     * normal at 8.5s and no earlier */
    expect_announced(&stage, 0, 0, 0, 1, 3);
    cr_assert_eq(stage.world->watchdog->last_look, 8500000000);
    stage_clear(&stage);
}

Test(watchdog, a_level_that_comes_back_within_the_hysteresis_is_told_again)
{
    struct stage stage =
        levels_stage("", "  - {commit: {vmo: x, pages: 0..75}, at: 3s}\n"
                         "  - {decommit: {vmo: x, pages: 0..10}, at: 4s}\n"
                         "  - {commit: {vmo: x, pages: 0..10}, at: 5s}\n");

    /* warning at 3s; not due at 4s and 5s; at 7s it is warning still, and
     * announced anew although that is no news */
    expect_announced(&stage, 0, 0, 0, 2, 2);
    stage_clear(&stage);
}

Test(watchdog, memory_freed_before_the_eviction_still_costs_its_minimum)
{
    struct stage stage = stage_run(
        MACHINE("") "duration: 20s\n"
                    "events:\n"
                    "  - create: {vmo: a, size: 40p, kind: pager}\n"
                    "  - supply: {vmo: a}\n"
                    "  - hint: {vmo: a, kind: dont_need}\n"
                    "  - create: {vmo: x, size: 60p}\n"
                    "  - {commit: {vmo: x, pages: 0..46}, at: 3s}\n"
                    "  - {decommit: {vmo: x, pages: 0..30}, at: 3500ms}\n"
                    "  - {expect: {free: 44}, at: 3999ms}\n"
                    "  - {expect: {free: 47}, at: 4001ms}\n");

    /* 14 free, 20 wanted: half of what lacks is the minimum */
    cr_assert_eq(stage.world->status, WORLD_OK);
    cr_assert_eq(stage.world->watchdog->min_pages, 3);
    stage_clear(&stage);
}

Test(watchdog, continuous_eviction_goes_on_until_the_level_is_better)
{
    struct stage stage = stage_run(
        "version: 1\n"
        "machine: {memory: 100p}\n"
        "reclaim:\n"
        "  pressure: {oom: 5p, imminent_oom_delta: 5p, critical: 19p,\n"
        "             warning: 30p, debounce: 1p, hysteresis: 2s,\n"
        "             evict_continuous: true}\n"
        "duration: 60s\n"
        "events:\n"
        "  - create: {vmo: a, size: 50p, kind: pager}\n"
        "  - supply: {vmo: a}\n"
        "  - hint: {vmo: a, kind: dont_need}\n"
        "  - create: {vmo: x, size: 60p}\n"
        "  - {commit: {vmo: x, pages: 0..36}, at: 3s}\n"
        "  - {expect: {free: 14, level: critical}, at: 3900ms}\n"
        "  - {expect: {free: 20, level: warning}, at: 4100ms}\n"
        /* warning is better than critical: it is over when that is told */
        "  - {commit: {vmo: x, pages: 36}, at: 30s}\n"
        "  - {expect: {free: 19}, at: 50s}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    cr_assert_not(stage.world->evictor->is_continuous_on);
    stage_clear(&stage);
}

Test(watchdog, out_of_memory_counts_for_the_eviction_and_when_it_is_told)
{
    struct stage stage = levels_stage(
        "  on_oom: wait\n", "  - {commit: {vmo: x, pages: 0..96}, at: 3s}\n");

    /* nothing to evict: once for trying, once for telling, at 3s; and from then
     * on each hysteresis, waiting for pages to grow old enough */
    cr_assert_eq(stage.world->watchdog->announcements[LEVEL_OOM] % 2, 0);
    cr_assert_geq(stage.world->watchdog->announcements[LEVEL_OOM], 4);
    cr_assert_eq(stage.world->watchdog->announced, LEVEL_OOM);
    stage_clear(&stage);
}

/* A compressor that can't get its page: the first failure is a signal. */
#define FAILING(on_oom)                                                        \
    "version: 1\n"                                                             \
    "machine: {memory: 100p}\n"                                                \
    "duration: 20s\n"                                                          \
    "reclaim:\n"                                                               \
    "  on_oom: " on_oom "\n"                                                   \
    "  compression: {enabled: true}\n"                                         \
    "  pressure: {oom: 1p, imminent_oom_delta: 1p, critical: 3p,\n"            \
    "             warning: 4p, debounce: 0p, hysteresis: 2s}\n"                \
    "processes: [{name: one}, {name: two}]\n"                                  \
    "vmos:\n"                                                                  \
    "  - {vmo: a, size: 50p, process: one, prefill: all}\n"                    \
    "  - {vmo: b, size: 50p, process: two, prefill: 0..49}\n"                  \
    "events:\n"                                                                \
    "  - {commit: {vmo: b, pages: 49}, at: 3s}\n"                              \
    "  - compress: {vmo: a, pages: 0}\n"                                       \
    "  - decommit: {vmo: a, pages: 0..20}\n"

Test(watchdog, after_a_failed_allocation_every_look_is_out_of_memory)
{
    struct stage stage = stage_run(
        FAILING("wait") "  - {decommit: {vmo: a, pages: 20..30}, at: 10s}\n");

    cr_assert_eq(stage.world->machine.pmm.alloc_failed_count, 1);
    cr_assert_eq(stage.world->machine.pmm.level, LEVEL_NORMAL);
    cr_assert_eq(stage.world->watchdog->announced, LEVEL_OOM);
    stage_clear(&stage);
}

Test(watchdog, a_kill_makes_up_for_a_failed_allocation)
{
    struct stage stage =
        stage_run(FAILING("kill") "  - {expect: {oom_kills: 1}, at: 19s}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    cr_assert_eq(stage.world->watchdog->announced, LEVEL_NORMAL);
    stage_clear(&stage);
}
