/*
 * The world: how runs end, what resumes when, names, kills, checks.
 */
#include "world_fixture.h"

#include "policy/policies.h"

static void expect_ok(const char *text)
{
    struct stage stage = stage_run(text);

    cr_assert_eq(stage.world->status, WORLD_OK, "%s", text);
    stage_clear(&stage);
}

/* Ends. ------------------------------------------------------------------- */

Test(world, a_run_ends_when_only_periodic_work_is_left)
{
    struct stage stage = stage_run("version: 1\n"
                                   "pagers: [{name: disk}]\n"
                                   "vmos: [{vmo: a, size: 4p}]\n"
                                   "events: [{commit: {vmo: a}, at: 3s}]\n");

    cr_assert_eq(stage.world->now, 3000000000);
    stage_clear(&stage);
}

Test(world, a_duration_is_kept_with_nothing_to_do)
{
    struct stage stage = stage_run("version: 1\nduration: 7s\n");

    cr_assert_eq(stage.world->now, 7000000000);
    stage_clear(&stage);
}

Test(world, events_at_the_very_end_still_happen)
{
    struct stage stage =
        stage_run("version: 1\nduration: 1s\n"
                  "vmos: [{vmo: a, size: 4p}]\n"
                  "events:\n"
                  "  - {commit: {vmo: a}, at: 1s}\n"
                  "  - {commit: {vmo: a, pages: 9..10}, at: 2s}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    cr_assert_eq(stage.world->machine.stats.object_pages, 4);
    stage_clear(&stage);
}

Test(world, what_waits_for_ever_does_not_keep_a_run_going)
{
    struct stage stage =
        stage_run("version: 1\n"
                  "vmos: [{vmo: f, size: 4p, kind: pager}]\n"
                  "events: [{read: {vmo: f}, status: SHOULD_WAIT}]\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    stage_clear(&stage);
}

static volatile sig_atomic_t interrupted;

Test(world, the_user_may_interrupt)
{
    struct stage stage =
        stage_set("version: 1\nduration: 10000s\n"
                  "vmos: [{vmo: a, size: 4p}]\n"
                  "workloads: [{name: w, vmo: a, pattern: {kind: uniform}}]\n");

    interrupted = 1;
    stage.world->options.interrupted = &interrupted;
    cr_assert_eq(world_run(stage.world), WORLD_INTERRUPTED);
    stage_clear(&stage);
}

/* Resuming. --------------------------------------------------------------- */

Test(world, what_an_event_satisfies_resumes_before_the_next_event)
{
    expect_ok("version: 1\n"
              "vmos: [{vmo: f, size: 4p, kind: pager}]\n"
              "events:\n"
              "  - {read: {vmo: f, pages: 0}, as_op: a,\n"
              "     status: SHOULD_WAIT}\n"
              "  - {write: {vmo: f, pages: 0, value: 9}, as_op: b,\n"
              "     status: SHOULD_WAIT}\n"
              "  - supply: {vmo: f, pages: 0, value: 7}\n"
              "  - expect: {op: a, state: done, result: OK}\n"
              "  - expect: {op: b, state: done, result: OK}\n"
              "  - expect: {vmo: f, content: [9, absent, absent, absent]}\n");
}

Test(world, an_operation_that_waits_ends_when_its_vmo_closes)
{
    expect_ok("version: 1\n"
              "vmos: [{vmo: f, size: 4p, kind: pager}]\n"
              "events:\n"
              "  - {read: {vmo: f, pages: 0}, as_op: a, status: SHOULD_WAIT}\n"
              "  - close: {vmo: f}\n"
              "  - expect: {op: a, state: done, result: BAD_STATE}\n");
}

Test(world, those_that_wait_for_memory_go_on_when_it_is_there)
{
    expect_ok("version: 1\n"
              "machine: {memory: 20p}\n"
              "reclaim: {on_oom: wait}\n"
              "vmos: [{vmo: a, size: 20p}, {vmo: b, size: 20p}]\n"
              "events:\n"
              "  - commit: {vmo: a, pages: 0..18}\n"
              "  - {commit: {vmo: b, pages: 0..4}, as_op: c,\n"
              "     status: SHOULD_WAIT}\n"
              "  - {expect: {op: c, state: waiting}, at: 1s}\n"
              "  - decommit: {vmo: a}\n"
              "  - expect: {op: c, state: done, result: OK}\n"
              "  - expect: {vmo: b, committed: 4}\n");
}

Test(world, nobody_waits_for_a_pager_longer_than_five_minutes)
{
    struct stage stage = stage_run(
        "version: 1\n"
        "vmos: [{vmo: f, size: 4p, kind: pager}]\n"
        "events:\n"
        "  - {read: {vmo: f, pages: 0}, as_op: a, status: SHOULD_WAIT}\n"
        "  - {read: {vmo: f, pages: 2}, as_op: b, status: SHOULD_WAIT,\n"
        "     at: 10s}\n"
        "  - {supply: {vmo: f, pages: 2}, at: 40s}\n"
        "  - {expect: {op: b, state: done, result: OK}, at: 41s}\n"
        "  - {expect: {op: a, state: waiting}, at: 299s}\n"
        "  - {expect: {op: a, state: done, result: TIMED_OUT}, at: 301s}\n"
        "  - expect: {vmo: f, requests: []}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    cr_assert_eq(stage.world->overtime.waits, 2);
    cr_assert_eq(stage.world->overtime.timeouts, 1);
    cr_assert_eq(stage.world->overtime.requests, 2);
    cr_assert_eq(stage.world->overtime.succeeded, 1);
    cr_assert_eq(stage.world->overtime.failed, 0);
    stage_clear(&stage);
}

/* Names and processes. ---------------------------------------------------- */

Test(world, a_name_is_free_again_after_closing)
{
    expect_ok("version: 1\n"
              "events:\n"
              "  - create: {vmo: a, size: 4p}\n"
              "  - {create: {vmo: a, size: 8p}, status: ALREADY_EXISTS}\n"
              "  - map: {vmo: a, as: m}\n"
              "  - close: {vmo: a}\n"
              "  - {commit: {vmo: a}, status: NOT_FOUND}\n"
              "  - {unmap: {as: m}, status: NOT_FOUND}\n"
              "  - create: {vmo: a, size: 8p}\n"
              "  - expect: {vmo: a, size: 8p}\n");
}

Test(world, a_kill_closes_what_the_process_owns)
{
    struct stage stage =
        stage_run("version: 1\n"
                  "machine: {memory: 100p}\n"
                  "processes: [{name: p}]\n"
                  "vmos:\n"
                  "  - {vmo: a, size: 4p, process: p, prefill: all}\n"
                  "  - {vmo: b, size: 4p, prefill: all}\n"
                  "events:\n"
                  "  - clone: {vmo: a, as: c, kind: snapshot, process: p}\n"
                  "  - clone: {vmo: a, as: k, kind: snapshot, pages: 4..6}\n"
                  "  - slice: {vmo: b, as: s, pages: 0..2}\n"
                  "  - kill: {process: p}\n"
                  "  - expect: {vmo: a, exists: false}\n"
                  "  - expect: {vmo: c, exists: false}\n"
                  "  - expect: {vmo: k, exists: true}\n"
                  "  - expect: {vmo: s, exists: true}\n"
                  "  - expect: {free: 96}\n"
                  "  - {kill: {process: p}, status: BAD_STATE}\n"
                  "  - {create: {vmo: d, size: 1p, process: p},\n"
                  "     status: BAD_STATE}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    stage_clear(&stage);
}

/* Accounting. ------------------------------------------------------------- */

Test(world, a_refault_is_known_through_a_clone)
{
    struct stage stage = stage_run(
        "version: 1\n"
        "machine: {memory: 100p}\n"
        "vmos: [{vmo: f, size: 8p, kind: pager}]\n"
        "events:\n"
        "  - clone: {vmo: f, as: c, kind: snapshot_at_least_on_write,\n"
        "            pages: 2..6}\n"
        "  - supply: {vmo: f, pages: 3}\n"
        "  - touch: {vmo: c, pages: 1}\n"
        "  - reclaim: {vmo: f, page: 3}\n"
        "  - {touch: {vmo: c, pages: 1}, status: SHOULD_WAIT}\n"
        "  - {touch: {vmo: c, pages: 2}, status: SHOULD_WAIT}\n"
        "  - supply: {vmo: f}\n");
    const struct world_counters *counters = &stage.world->counters;

    cr_assert_eq(stage.world->status, WORLD_OK);
    cr_assert_eq(counters->accesses, 3);
    cr_assert_eq(counters->faults_minor, 1);
    cr_assert_eq(counters->faults_major, 2);
    cr_assert_eq(counters->refaults, 1);
    cr_assert_eq(counters->first_touches, 1);
    stage_clear(&stage);
}

Test(world, decompression_is_a_refault)
{
    struct stage stage =
        stage_run("version: 1\n"
                  "machine: {memory: 100p}\n"
                  "reclaim: {compression: {enabled: true, anonymous: true}}\n"
                  "vmos: [{vmo: a, size: 4p, prefill: all}]\n"
                  "events:\n"
                  "  - compress: {vmo: a, pages: 1}\n"
                  "  - touch: {vmo: a, pages: 1}\n");
    const struct world_counters *counters = &stage.world->counters;

    cr_assert_eq(counters->faults_decompress, 1);
    cr_assert_eq(counters->faults_major, 1);
    cr_assert_eq(counters->refaults, 1);
    cr_assert_eq(counters->first_touches, 0);
    stage_clear(&stage);
}

/* Pages reclaimed since, its own included, whatever took them. */
Test(world, a_refault_has_a_distance)
{
    static const struct {
        const char *events;
        uint64_t refaults, distance;
    } cases[] = {
        /* the first of three evicted pages, and the last */
        {"  - {touch: {vmo: f, pages: 0}, status: SHOULD_WAIT}\n", 1, 3},
        {"  - {touch: {vmo: f, pages: 2}, status: SHOULD_WAIT}\n", 1, 1},
        /* through a clone of the last */
        {"  - clone: {vmo: f, as: c, kind: snapshot_at_least_on_write,\n"
         "            pages: 2..3}\n"
         "  - {touch: {vmo: c, pages: 0}, status: SHOULD_WAIT}\n",
         1, 1},
        /* compressing counts, too, and what was compressed has a distance */
        {"  - compress: {vmo: a, pages: 0..2}\n"
         "  - {touch: {vmo: f, pages: 1}, status: SHOULD_WAIT}\n"
         "  - touch: {vmo: a, pages: 0..2}\n",
         3, 4 + 2 + 1},
        /* all pages of a discarded object are as far away */
        {"  - lock: {vmo: d}\n"
         "  - unlock: {vmo: d}\n"
         "  - discard: {vmo: d, min_age: 0, frees: 5}\n"
         "  - lock: {vmo: d}\n"
         "  - touch: {vmo: d, pages: 1..3}\n",
         2, 5 + 5},
        /* decommitted or never there: no refault */
        {"  - compress: {vmo: a, pages: 0}\n"
         "  - decommit: {vmo: a, pages: 0}\n"
         "  - touch: {vmo: a, pages: 0, write: true}\n"
         "  - {touch: {vmo: f, pages: 5}, status: SHOULD_WAIT}\n",
         0, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[2048];

        snprintf(text, sizeof text,
                 "version: 1\n"
                 "machine: {memory: 100p}\n"
                 "reclaim: {compression: {enabled: true, anonymous: true}}\n"
                 "vmos:\n"
                 "  - {vmo: f, size: 8p, kind: pager, prefill: 0..3}\n"
                 "  - {vmo: a, size: 4p, prefill: 0..2}\n"
                 "  - {vmo: d, size: 5p, kind: discardable, prefill: all}\n"
                 "events:\n"
                 "  - {reclaim: {vmo: f, page: 0}}\n"
                 "  - {reclaim: {vmo: f, page: 1}}\n"
                 "  - {reclaim: {vmo: f, page: 2}}\n"
                 "%s  - {supply: {vmo: f}}\n",
                 cases[i].events);
        struct stage stage = stage_run(text);
        const struct world_counters *counters = &stage.world->counters;

        cr_assert_eq(stage.world->status, WORLD_OK, "case %zu", i);
        cr_assert_eq(counters->refaults, cases[i].refaults, "case %zu: %lu", i,
                     (unsigned long)counters->refaults);
        cr_assert_eq(counters->refault_distance, cases[i].distance,
                     "case %zu: %lu", i,
                     (unsigned long)counters->refault_distance);
        stage_clear(&stage);
    }
}

Test(world, accesses_through_a_vmo_that_has_grown)
{
    expect_ok("version: 1\n"
              "machine: {memory: 100p}\n"
              "vmos: [{vmo: a, size: 4p, resizable: true}]\n"
              "events:\n"
              "  - touch: {vmo: a, write: true, value: 5}\n"
              "  - resize: {vmo: a, size: 40p}\n"
              "  - touch: {vmo: a, pages: 2..30, write: true, value: 6}\n"
              "  - resize: {vmo: a, size: 3p}\n"
              "  - {touch: {vmo: a, pages: 3}, status: OUT_OF_RANGE}\n"
              "  - expect: {vmo: a, content: [5, 5, 6]}\n");
}

/* A policy that remembers pages: what it is told, in order. */
static char told[256];

static void note(const char *what, struct reclaim_identity identity)
{
    size_t length = strlen(told);

    snprintf(told + length, sizeof told - length, "%s %llu:%llu, ", what,
             (unsigned long long)identity.vmo,
             (unsigned long long)identity.page);
}

static void note_refault(void *self, struct reclaim_identity identity)
{
    (void)self;
    note("refault", identity);
}

static void note_identity(void *self, page_index page,
                          struct reclaim_identity identity)
{
    (void)self;
    (void)page;
    note("added", identity);
}

Test(world, a_policy_that_remembers_pages_hears_their_names)
{
    struct stage stage =
        stage_set("version: 1\n"
                  "machine: {memory: 100p}\n"
                  "reclaim: {compression: {enabled: true, anonymous: true}}\n"
                  "pagers: [{name: disk}]\n"
                  "vmos:\n"
                  "  - {vmo: a, size: 2p}\n"
                  "  - {vmo: f, size: 8p, kind: pager, pager: disk}\n"
                  "  - {vmo: m, size: 8p, kind: pager}\n"
                  "events:\n"
                  "  - read: {vmo: f, pages: 5}\n"
                  "  - {reclaim: {vmo: f, page: 5}, at: 1s}\n"
                  "  - read: {vmo: f, pages: 5}\n"
                  "  - {supply: {vmo: m, pages: 1}, at: 2s}\n"
                  "  - reclaim: {vmo: m, page: 1}\n"
                  "  - supply: {vmo: m, pages: 0..2}\n"
                  "  - write: {vmo: a, pages: 1, value: 4}\n"
                  "  - compress: {vmo: a, pages: 1}\n"
                  "  - touch: {vmo: a, pages: 1}\n");
    struct reclaim_policy_ops ops = fifo_policy_ops;

    ops.refault = note_refault;
    ops.page_identity = note_identity;
    told[0] = 0;
    cr_assert_eq(pq_change_policy(&stage.world->machine.pqs, &ops, NULL, 1),
                 VM_OK);
    cr_assert_eq(world_run(stage.world), WORLD_OK);
    cr_assert_str_eq(told, "added 2:5, refault 2:5, added 2:5, "
                           "added 3:1, refault 3:1, added 3:0, added 3:1, "
                           "added 1:1, refault 1:1, added 1:1, ");
    stage_clear(&stage);
}

/* Ageing and scanning. ---------------------------------------------------- */

Test(world, pages_age_by_the_clock)
{
    expect_ok("version: 1\n"
              "reclaim: {min_aging: 1s, max_aging: 5s,\n"
              "          active_ratio_multiplier: 0}\n"
              "vmos: [{vmo: f, size: 2p, kind: pager, prefill: all}]\n"
              "events:\n"
              "  - {expect: {vmo: f, queues: [reclaim0, reclaim0]}, at: 4s}\n"
              "  - {touch: {vmo: f, pages: 0}, at: 4500ms}\n"
              "  - {expect: {vmo: f, queues: [reclaim1, reclaim1]},\n"
              "     at: 5001ms}\n"
              "  - {touch: {vmo: f, pages: 0}, at: 9s}\n"
              "  - {expect: {vmo: f, queues: [reclaim1, reclaim2]},\n"
              "     at: 10001ms}\n");
}

Test(world, forked_zero_pages_are_given_back)
{
    expect_ok("version: 1\n"
              "machine: {memory: 100p}\n"
              "vmos: [{vmo: a, size: 4p}]\n"
              "events:\n"
              "  - touch: {vmo: a, pages: 0..2, write: true, value: 0}\n"
              "  - touch: {vmo: a, pages: 2, write: true, value: 3}\n"
              "  - expect: {queue: {zero_fork: 3}}\n"
              "  - {expect: {vmo: a, slots: [zero, zero, page, empty]},\n"
              "     at: 1001ms}\n"
              "  - expect: {queue: {zero_fork: 0, anonymous: 1}}\n");
}

/* Checks. ----------------------------------------------------------------- */

Test(world, what_the_parser_cannot_know_is_refused_with_its_place)
{
    stage_refused("version: 1\n"
                  "reclaim:\n"
                  "  policy: no-such-policy\n",
                  "dir/t.yaml:3:");
    stage_refused("version: 1\n"
                  "reclaim:\n"
                  "  params: ['no_such=1']\n",
                  "dir/t.yaml:3:");
    stage_refused("version: 1\n"
                  "machine: {memory: 100p, wired: 60p}\n"
                  "vmos:\n"
                  "  - {vmo: a, size: 50p, prefill: 0..30}\n"
                  "  - {vmo: b, size: 50p, prefill: all}\n",
                  "dir/t.yaml:5:");
    stage_refused("version: 1\n"
                  "reclaim:\n"
                  "  compression: {enabled: true, zero_forks: true}\n",
                  "dir/t.yaml:3:44: 'zero_forks' needs 'anonymous'");
}

Test(world, a_pager_fails_only_as_pagers_may)
{
    stage_refused("version: 1\n"
                  "pagers:\n"
                  "  - {name: p, fail: {every: 3, status: NOT_FOUND}}\n",
                  "dir/t.yaml:3:5: pager 'p' can't fail with NOT_FOUND");
    struct stage stage =
        stage_set("version: 1\n"
                  "pagers: [{name: p, fail: {status: NO_SPACE}}]\n");
    stage_clear(&stage);
}

/* By the check, before any file is touched. */
Test(world, a_vmo_that_cannot_be_there_from_the_start_is_refused)
{
    static const char *const cases[][2] = {
        {"trap_dirty: true", "only one of kind pager can have 'trap_dirty'"},
        {"kind: contiguous, resizable: true", "can't be resizable"},
        {"prefill: 2..5", "'prefill' ends behind its last page"},
        {"prefill: 5..", "'prefill' ends behind its last page"},
        {"prefill: 6..6", "'prefill' ends behind its last page"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[200];
        snprintf(text, sizeof text,
                 "version: 1\nvmos:\n  - {vmo: a, size: 4p, %s}\n",
                 cases[i][0]);
        stage_refused(text, "dir/t.yaml:3:5: VMO 'a': ");
        stage_refused(text, cases[i][1]);
    }
    stage_refused("version: 1\n"
                  "vmos: [{vmo: a, size: 0p, kind: contiguous}]\n",
                  "dir/t.yaml:2:8: VMO 'a': a contiguous one needs at least");
}

Test(world, zero_forks_may_wait_for_anonymous_reclaim)
{
    struct stage stage =
        stage_run("version: 1\n"
                  "machine: {memory: 100p}\n"
                  "reclaim: {compression: {enabled: true, zero_forks: true}}\n"
                  "vmos: [{vmo: a, size: 4p}]\n"
                  "events:\n"
                  "  - touch: {vmo: a, write: true}\n"
                  "  - expect: {queue: {zero_fork: 4}}\n"
                  "  - set: {anonymous_reclaim: true}\n"
                  "  - expect: {queue: {zero_fork: 0, reclaim0: 4}}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    stage_clear(&stage);
}

Test(world, a_scenario_runs_the_same_twice)
{
    const char text[] =
        "version: 1\n"
        "duration: 1s\n"
        "machine: {memory: 200p}\n"
        "reclaim: {min_aging: 10ms, pressure: {hysteresis: 20ms},\n"
        "          on_oom: wait,\n"
        "          compression: {enabled: true, anonymous: true}}\n"
        "pagers: [{name: disk}]\n"
        "vmos:\n"
        "  - {vmo: f, size: 300p, kind: pager, pager: disk}\n"
        "  - {vmo: a, size: 100p}\n"
        "workloads:\n"
        "  - {name: r, vmos: [f, a], threads: 4, write: 0.1,\n"
        "     think: {dist: exponential, mean: 50us},\n"
        "     pattern: {kind: zipf, alpha: 0.9}}\n";
    struct stage one = stage_run(text);
    struct stage two = stage_run(text);

    cr_assert_arr_eq(&one.world->counters, &two.world->counters,
                     sizeof one.world->counters);
    cr_assert_arr_eq(&one.world->machine.stats, &two.world->machine.stats,
                     sizeof one.world->machine.stats);
    cr_assert_gt(one.world->counters.refaults, 0);
    stage_clear(&one);
    stage_clear(&two);
}
