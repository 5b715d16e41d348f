/*
 * Workloads: patterns, the time that accesses take, cores, waiting, ending.
 */
#include "world_fixture.h"

#include <stdio.h>
#include <unistd.h>

/* Patterns. --------------------------------------------------------------- */

static struct random_stream stream_of(uint64_t seed)
{
    struct random_stream stream;

    random_init(&stream, seed, "test", "workload", 0);
    return stream;
}

/* The first pages of a pattern over ten pages, with runs of `run`, as text. */
static const char *pages_of(const struct scenario_pattern *spec, uint64_t run,
                            bool is_endless)
{
    static char text[128];
    struct random_stream stream = stream_of(1);
    struct pattern pattern;
    uint64_t page;

    text[0] = 0;
    cr_assert(pattern_init(&pattern, spec, 10, is_endless, &stream, NULL));
    for (int i = 0; i < 8; i++) {
        uint64_t length = run;

        if (!pattern_next(&pattern, &stream, i, &page, &length)) {
            strcat(text, "end");
            break;
        }
        snprintf(text + strlen(text), 16, "%llu%s ", (unsigned long long)page,
                 length < run ? "!" : "");
    }
    pattern_release(&pattern);
    return text;
}

Test(workload, patterns_go_where_they_say)
{
    const struct {
        struct scenario_pattern spec;
        uint64_t run;
        bool is_endless;
        const char *pages; /* `!`: the run was cut */
    } cases[] = {
        {{.kind = PATTERN_SEQUENTIAL, .pages = {.start = 6, .is_open = true}},
         1,
         false,
         "6 7 8 9 end"},
        {{.kind = PATTERN_SEQUENTIAL, .pages = {.start = 7, .end = 9}},
         1,
         true,
         "7 8 7 8 7 8 7 8 "},
        {{.kind = PATTERN_LOOP, .pages = {.start = 7, .is_open = true}},
         1,
         false,
         "7 8 9 7 8 9 7 8 "},
        {{.kind = PATTERN_LOOP, .pages = PAGE_RANGE_ALL},
         4,
         false,
         "0 4 8! 0 4 8! 0 4 "},
        {{.kind = PATTERN_STRIDE, .pages = PAGE_RANGE_ALL, .stride = 3},
         1,
         false,
         "0 3 6 9 2 5 8 1 "},
        {{.kind = PATTERN_UNIFORM, .pages = {.start = 4, .end = 5}},
         1,
         false,
         "4 4 4 4 4 4 4 4 "},
        {{.kind = PATTERN_UNIFORM, .pages = {.start = 4, .end = 4}},
         1,
         false,
         "end"},
        {{.kind = PATTERN_UNIFORM, .pages = {.start = 12, .is_open = true}},
         1,
         false,
         "end"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_str_eq(
            pages_of(&cases[i].spec, cases[i].run, cases[i].is_endless),
            cases[i].pages, "case %zu", i);
}

Test(workload, phases_follow_the_clock_and_come_round)
{
    const struct scenario_phase phases[] = {
        {2, {.kind = PATTERN_UNIFORM, .pages = {.start = 1, .end = 2}}},
        {1, {.kind = PATTERN_UNIFORM, .pages = {.start = 5, .end = 6}}},
    };
    const struct scenario_pattern spec = {
        .kind = PATTERN_PHASES, .phases = phases, .phase_count = 2};

    cr_assert_str_eq(pages_of(&spec, 1, false), "1 1 5 1 1 5 1 1 ");
}

Test(workload, a_walk_takes_small_steps_in_a_circle)
{
    const struct scenario_pattern spec = {
        .kind = PATTERN_RANDOM_WALK, .pages = PAGE_RANGE_ALL, .step = 2};
    struct random_stream stream = stream_of(2);
    struct pattern pattern;
    uint64_t last = 50, page, run = 1;

    cr_assert(pattern_init(&pattern, &spec, 100, false, &stream, NULL));
    for (int i = 0; i < 10000; i++) {
        cr_assert(pattern_next(&pattern, &stream, 0, &page, &run));
        uint64_t far = (page + 100 - last) % 100;
        cr_assert(far <= 2 || far >= 98);
        last = page;
    }
    pattern_release(&pattern);
}

Test(workload, a_hotspot_gets_its_share)
{
    const struct scenario_pattern spec = {.kind = PATTERN_HOTSPOT,
                                          .pages = PAGE_RANGE_ALL,
                                          .hot = 0.1,
                                          .hot_access = 0.9};
    struct random_stream stream = stream_of(3);
    struct pattern pattern;
    uint64_t page, run = 1;
    int hot = 0;

    cr_assert(pattern_init(&pattern, &spec, 1000, false, &stream, NULL));
    for (int i = 0; i < 10000; i++) {
        cr_assert(pattern_next(&pattern, &stream, 0, &page, &run));
        hot += page < 100;
    }
    cr_assert(hot > 8850 && hot < 9150, "%d", hot);
    pattern_release(&pattern);
}

/* Time. ------------------------------------------------------------------- */

Test(workload, time_is_what_accesses_cost_and_thinking)
{
    struct stage stage =
        stage_run("version: 1\n"
                  "machine: {memory: 100p, costs: {access: 4ns,\n"
                  "          minor_fault: 700ns}}\n"
                  "vmos: [{vmo: a, size: 4p, prefill: all}]\n"
                  "workloads:\n"
                  "  - {name: w, vmo: a, accesses: 1000, think: 1us,\n"
                  "     pattern: {kind: loop, pages: 0..2}}\n");

    /* one fault maps the neighbour, too; no thinking after the last access */
    cr_assert_eq(stage.world->counters.accesses, 1000);
    cr_assert_eq(stage.world->counters.faults_minor, 1);
    cr_assert_eq(stage.world->now, 700 + 1000 * 4 + 999 * 1000);
    stage_clear(&stage);
}

Test(workload, zero_pages_and_copies_cost_extra)
{
    struct stage stage =
        stage_run("version: 1\n"
                  "machine: {memory: 100p, costs: {access: 1ns,\n"
                  "          minor_fault: 100ns, zero_page: 10ns,\n"
                  "          copy_page: 20ns}}\n"
                  "vmos: [{vmo: a, size: 2p, prefill: 0}]\n"
                  "workloads:\n"
                  "  - {name: w, vmo: b, start: 1us, accesses: 2, write: 1,\n"
                  "     pattern: {kind: loop}}\n"
                  "events: [{clone: {vmo: a, as: b, kind: snapshot}}]\n");

    cr_assert_eq(stage.world->counters.faults_cow, 1);
    cr_assert_eq(stage.world->counters.faults_zero, 1);
    cr_assert_eq(stage.world->now, 1000 + 2 * 101 + 10 + 20);
    stage_clear(&stage);
}

Test(workload, threads_share_the_cores_there_are)
{
    struct stage stage = stage_run("version: 1\n"
                                   "duration: 10ms\n"
                                   "machine: {memory: 100p, cores: 2,\n"
                                   "          costs: {access: 10ns}}\n"
                                   "vmos: [{vmo: a, size: 4p, prefill: all}]\n"
                                   "workloads:\n"
                                   "  - {name: w, vmo: a, threads: 5,\n"
                                   "     pattern: {kind: uniform}}\n");

    /* 2 cores for 10 ms of 10 ns each, less a few faults */
    cr_assert_leq(stage.world->counters.accesses, 2000000);
    cr_assert_gt(stage.world->counters.accesses, 1999000);
    stage_clear(&stage);
}

Test(workload, stop_is_a_time_after_which_nothing_begins)
{
    struct stage stage = stage_run(
        "version: 1\n"
        "machine: {memory: 100p, costs: {access: 10ns, minor_fault: 0}}\n"
        "vmos: [{vmo: a, size: 1p, prefill: all}]\n"
        "workloads:\n"
        "  - {name: w, vmo: a, start: 1us, stop: 2us, think: 90ns,\n"
        "     pattern: {kind: uniform}}\n");

    cr_assert_eq(stage.world->counters.accesses, 10);
    cr_assert_eq(stage.world->now, 1910);
    stage_clear(&stage);
}

/* The pager. -------------------------------------------------------------- */

#define PAGED(pager, workload)                                                 \
    "version: 1\n"                                                             \
    "machine: {memory: 1000p, costs: {access: 0, minor_fault: 0}}\n"           \
    "pagers: [{name: disk, read_latency: 1ms, " pager "}]\n"                   \
    "vmos: [{vmo: f, size: 64p, kind: pager, pager: disk}]\n"                  \
    "workloads: [{name: w, vmo: f, " workload "}]\n"

Test(workload, faults_wait_for_the_pager)
{
    struct stage stage =
        stage_run(PAGED("read_bandwidth: 1000GiB/s",
                        "accesses: 4, pattern: {kind: stride, stride: 16}"));
    const struct world *world = stage.world;

    cr_assert_eq(world->counters.faults_major, 4);
    cr_assert_eq(world->counters.first_touches, 4);
    cr_assert_eq(world->counters.refaults, 0);
    cr_assert_eq(world->overtime.succeeded, 4);
    cr_assert(world->now > 4000000 && world->now < 4001000);
    cr_assert_eq(world->stall.some_ns, 0, "first touches are no stall");
    stage_clear(&stage);
}

Test(workload, a_pager_works_on_so_many_requests_at_once)
{
    struct stage stage = stage_run(
        PAGED("read_bandwidth: 1000GiB/s, parallelism: 2",
              "threads: 4, accesses: 4, pattern: {kind: stride, stride: 16}"));

    /* all four threads want the first pages: one request is enough */
    cr_assert_eq(stage.world->pagers[0].total_requests, 1);
    cr_assert(stage.world->now < 1001000);
    stage_clear(&stage);
}

Test(workload, transfers_share_the_bandwidth)
{
    struct stage stage =
        stage_run(PAGED("read_bandwidth: 64MiB/s, parallelism: 8",
                        "accesses: 2, pattern: {kind: stride, stride: 16}"));

    /* 64 KiB at 64 MiB/s: 1 ms less a little, after 1 ms of latency */
    cr_assert(stage.world->now > 3900000 && stage.world->now < 4000001, "%lld",
              (long long)stage.world->now);
    stage_clear(&stage);
}

Test(workload, an_injected_failure_is_survived)
{
    struct stage stage =
        stage_run(PAGED("fail: {every: 2, status: IO}",
                        "accesses: 8, pattern: {kind: stride, stride: 16}"));
    const struct world *world = stage.world;

    cr_assert_gt(world->counters.faults_failed, 0);
    cr_assert_eq(world->overtime.failed, world->counters.faults_failed);
    cr_assert_eq(world->counters.accesses, 8);
    stage_clear(&stage);
}

Test(workload, a_refault_is_a_stall)
{
    struct stage stage = stage_run(
        PAGED("read_bandwidth: 1000GiB/s",
              "think: 10ms, accesses: 3, pattern: {kind: loop, pages: 0}") //
        "events:\n"
        "  - {reclaim: {vmo: f, page: 0}, at: 5ms}\n");
    const struct world *world = stage.world;

    cr_assert_eq(world->counters.faults_major, 2);
    cr_assert_eq(world->counters.refaults, 1);
    cr_assert_eq(world->counters.first_touches, 1);
    cr_assert(world->stall.some_ns >= 1000000 &&
              world->stall.some_ns < 1001000);
    cr_assert_eq(world->stall.full_ns, world->stall.some_ns);
    stage_clear(&stage);
}

/* One process waits for what was reclaimed, the other one computes. */
Test(workload, a_process_is_stalled_by_its_own_threads_only)
{
    struct stage stage = stage_run(
        "version: 1\n"
        "machine: {memory: 1000p, costs: {access: 1us}}\n"
        "pagers: [{name: disk, read_latency: 1ms, "
        "read_bandwidth: 1000GiB/s}]\n"
        "processes: [{name: reader}, {name: thinker}]\n"
        "vmos:\n"
        "  - {vmo: f, size: 4p, kind: pager, pager: disk, prefill: all}\n"
        "  - {vmo: a, size: 4p, prefill: all}\n"
        "workloads:\n"
        "  - {name: r, process: reader, vmo: f, accesses: 1, start: 2ms,\n"
        "     pattern: {kind: loop}}\n"
        "  - {name: t, process: thinker, vmo: a, stop: 10ms,\n"
        "     pattern: {kind: loop}}\n"
        "events:\n"
        "  - {reclaim: {vmo: f, page: 0}, at: 1ms}\n");
    const struct world *world = stage.world;
    const struct world_stall *reader = &world->processes[1].stall;
    const struct world_stall *thinker = &world->processes[2].stall;

    cr_assert_geq(reader->some_ns, 1000000);
    cr_assert_lt(reader->some_ns, 1001000);
    cr_assert_eq(reader->full_ns, reader->some_ns);
    cr_assert_eq(thinker->some_ns, 0);
    cr_assert_eq(thinker->full_ns, 0);
    cr_assert_eq(world->stall.some_ns, reader->some_ns);
    cr_assert_eq(world->stall.full_ns, 0); /* somebody computes */
    cr_assert_eq(world->stall.waiting_threads, 0);
    stage_clear(&stage);
}

Test(workload, what_was_written_comes_back_from_the_disk)
{
    struct stage stage = stage_run(
        "version: 1\n"
        "machine: {memory: 1000p}\n"
        "pagers: [{name: disk, read_latency: 1ms, writeback_interval: 1s,\n"
        "          writeback_latency: 2ms}]\n"
        "vmos: [{vmo: f, size: 8p, kind: pager, pager: disk}]\n"
        "events:\n"
        "  - write: {vmo: f, pages: 3, value: 77}\n"
        "  - {expect: {vmo: f, pages: 3, dirty: [dirty]}, at: 900ms}\n"
        "  - {expect: {vmo: f, pages: 3, dirty: [awaiting_clean]}, at: "
        "1001ms}\n"
        "  - {expect: {vmo: f, pages: 3, dirty: [clean]}, at: 1003ms}\n"
        "  - reclaim: {vmo: f, page: 3}\n"
        "  - read: {vmo: f, pages: 3, returns: [77]}\n"
        "  - {expect: {vmo: f, pages: 3, content: [77]}, at: 1100ms}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    cr_assert_eq(stage.world->counters.written_back, 1);
    stage_clear(&stage);
}

Test(workload, a_trapping_pager_gives_leave_at_once)
{
    struct stage stage = stage_run(
        "version: 1\n"
        "machine: {memory: 1000p}\n"
        "pagers: [{name: disk}]\n"
        "vmos: [{vmo: f, size: 8p, kind: pager, pager: disk,\n"
        "        trap_dirty: true, prefill: all}]\n"
        "events:\n"
        "  - {write: {vmo: f, pages: 3, value: 77}, as_op: w}\n"
        "  - expect: {op: w, state: done, result: OK}\n"
        "  - expect: {vmo: f, pages: 3, content: [77], dirty: [dirty]}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    stage_clear(&stage);
}

/* Ends. ------------------------------------------------------------------- */

#define ENDLESS                                                                \
    "version: 1\n"                                                             \
    "machine: {memory: 1000p}\n"                                               \
    "processes: [{name: p}]\n"                                                 \
    "vmos:\n"                                                                  \
    "  - {vmo: a, size: 8p}\n"                                                 \
    "  - {vmo: b, size: 8p}\n"                                                 \
    "workloads:\n"                                                             \
    "  - {name: w, process: p, vmos: [a, b], weights: [3, 1], stop: 10s,\n"    \
    "     think: 10us, write: 0.5, pattern: {kind: uniform}}\n"

Test(workload, it_ends_when_one_of_its_vmos_closes)
{
    struct stage stage =
        stage_run(ENDLESS "events: [{close: {vmo: b}, at: 1ms}]\n");

    cr_assert_eq(stage.world->now, 1000000);
    stage_clear(&stage);
}

Test(workload, it_ends_with_its_process)
{
    struct stage stage =
        stage_run(ENDLESS "events: [{kill: {process: p}, at: 1ms}]\n");

    cr_assert_eq(stage.world->now, 1000000);
    cr_assert_geq(stage.world->counters.accesses, 95);
    cr_assert_leq(stage.world->counters.accesses, 101);
    stage_clear(&stage);
}

Test(workload, closing_ends_a_fault_that_waits)
{
    struct stage stage =
        stage_run("version: 1\n"
                  "machine: {memory: 1000p}\n"
                  "vmos: [{vmo: f, size: 8p, kind: pager}]\n"
                  "workloads: [{name: w, vmo: f, threads: 3, accesses: 9,\n"
                  "             pattern: {kind: uniform, pages: 0}}]\n"
                  "events:\n"
                  "  - {expect: {vmo: f, requests: [read 0..8]}, at: 1ms}\n"
                  "  - close: {vmo: f}\n");

    cr_assert_eq(stage.world->stall.waiting_threads, 0);
    cr_assert_eq(stage.world->counters.accesses, 3);
    stage_clear(&stage);
}

/* Bursts. ----------------------------------------------------------------- */

struct totals {
    struct world_counters counters;
    struct vm_machine_stats stats;
    sim_ns now, some_ns, full_ns;
    uint64_t by_list[RECLAIM_MAX_LISTS];
};

static struct totals totals_with_bursts(const char *text, uint32_t max_burst)
{
    struct stage stage = stage_set(text);
    struct world *world = stage.world;
    struct reclaim_list lists[RECLAIM_MAX_LISTS];
    struct totals totals;

    memset(&totals, 0, sizeof totals);
    world->options.max_burst = max_burst;
    world->options.is_paranoid = false;
    world_run(world);
    totals.counters = world->counters;
    totals.stats = world->machine.stats;
    totals.now = world->now;
    totals.some_ns = world->stall.some_ns;
    totals.full_ns = world->stall.full_ns;
    unsigned count =
        world->machine.pqs.ops->lists(world->machine.pqs.policy, lists);
    for (unsigned i = 0; i < count; i++)
        totals.by_list[i] = lists[i].pages;
    stage_clear(&stage);
    return totals;
}

#define BUSY(tracking, cores, think, duration)                                 \
    "version: 1\n"                                                             \
    "duration: " duration "\n"                                                 \
    "machine: {memory: 200p, cores: " cores "}\n"                              \
    "reclaim:\n"                                                               \
    "  access_tracking: " tracking "\n"                                        \
    "  min_aging: 2ms\n"                                                       \
    "  pressure: {hysteresis: 2ms}\n"                                          \
    "  on_oom: wait\n"                                                         \
    "pagers: [{name: disk, read_latency: 100us}]\n"                            \
    "vmos:\n"                                                                  \
    "  - {vmo: f, size: 600p, kind: pager, pager: disk}\n"                     \
    "  - {vmo: a, size: 60p}\n"                                                \
    "workloads:\n"                                                             \
    "  - {name: r, vmo: f, threads: 3, think: " think ",\n"                    \
    "     pattern: {kind: zipf, alpha: 1.1, scramble: true}}\n"                \
    "  - {name: w, vmo: a, threads: 2, think: " think ", write: 0.3,\n"        \
    "     run: {dist: uniform, min: 1, max: 4}, pattern: {kind: uniform}}\n"

Test(workload, the_length_of_bursts_changes_nothing)
{
    const char *const texts[] = {
        BUSY("harvest", "8", "{dist: exponential, mean: 1us}", "200ms"),
        BUSY("harvest", "2", "{dist: exponential, mean: 1us}", "200ms"),
        BUSY("direct", "8", "{dist: exponential, mean: 1us}", "200ms"),
        BUSY("harvest", "8", "0", "40ms"),
        BUSY("harvest", "2", "0", "40ms"),
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct totals whole = totals_with_bursts(texts[i], 0);
        struct totals one = totals_with_bursts(texts[i], 1);
        struct totals three = totals_with_bursts(texts[i], 3);

        cr_assert_gt(whole.counters.refaults, 0);
        cr_assert_gt(whole.stats.evicted_pages, 0);
        cr_assert_arr_eq(&whole, &one, sizeof whole, "case %zu", i);
        cr_assert_arr_eq(&whole, &three, sizeof whole, "case %zu", i);
    }
}

/* Traces. ----------------------------------------------------------------- */

static void write_trace(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

/* A world whose workload plays `text`; %s is where the file goes. */
static struct stage play(const char *name, const char *trace,
                         const char *pattern)
{
    char path[64], scenario[1024];

    snprintf(path, sizeof path, "/tmp/lowtide-%s-%ld.txt", name,
             (long)getpid());
    write_trace(path, trace);
    snprintf(scenario, sizeof scenario,
             "version: 1\n"
             "machine: {memory: 100p, costs: {access: 0, minor_fault: 0,\n"
             "          zero_page: 0}}\n"
             "vmos: [{vmo: a, size: 4p}]\n"
             "workloads:\n"
             "  - {name: w, vmo: a, accesses: 12,\n"
             "     pattern: {kind: trace, trace: {file: %s, %s}}}\n",
             path, pattern);
    struct stage stage = stage_run(scenario);
    unlink(path);
    return stage;
}

Test(workload, a_trace_whose_numbers_fit_names_pages)
{
    struct stage stage = play("pages", "1 w\n3\n3 w\n", "timing: think");
    struct world_vmo *a = world_vmo_find(stage.world, "a");

    cr_assert_eq(stage.world->counters.accesses, 3);
    cr_assert(vm_cow_debug_is_page(vmo_cow(a->vmo), pages_to_bytes(1)));
    cr_assert(vm_cow_debug_is_empty(vmo_cow(a->vmo), pages_to_bytes(2)));
    cr_assert(vm_cow_debug_is_page(vmo_cow(a->vmo), pages_to_bytes(3)));
    stage_clear(&stage);
}

Test(workload, a_trace_of_large_numbers_is_numbered_by_appearance)
{
    struct stage stage =
        play("ids", "900 w\n17\n900 w\n5 w\n", "timing: think");
    struct world_vmo *a = world_vmo_find(stage.world, "a");

    cr_assert(vm_cow_debug_is_page(vmo_cow(a->vmo), 0));
    cr_assert(vm_cow_debug_is_empty(vmo_cow(a->vmo), pages_to_bytes(1)));
    cr_assert(vm_cow_debug_is_page(vmo_cow(a->vmo), pages_to_bytes(2)));
    cr_assert_eq(stage.world->counters.faults_failed, 0);
    stage_clear(&stage);
}

Test(workload, a_timed_trace_keeps_its_times_and_may_loop)
{
    const char trace[] = "1000,0,0\n3000,1,1\n6000,2,0\n";
    struct stage once = play("timed", trace,
                             "format: csv, columns: 'time=1,page=2,write=3', "
                             "timing: trace");
    cr_assert_eq(once.world->counters.accesses, 3);
    cr_assert_eq(once.world->now, 5000);
    stage_clear(&once);

    struct stage loop = play("looped", trace,
                             "format: csv, columns: 'time=1,page=2,write=3', "
                             "timing: trace, loop: true");
    cr_assert_eq(loop.world->counters.accesses, 12);
    cr_assert_eq(loop.world->now, 4 * 5000);
    stage_clear(&loop);
}

Test(workload, a_damaged_trace_is_found_before_anything_runs)
{
    char path[64], scenario[512];

    snprintf(path, sizeof path, "/tmp/lowtide-damaged-%ld.txt", (long)getpid());
    write_trace(path, "1\n2\nthree\n");
    snprintf(scenario, sizeof scenario,
             "version: 1\n"
             "vmos: [{vmo: a, size: 4p}]\n"
             "workloads:\n"
             "  - name: w\n"
             "    vmo: a\n"
             "    pattern: {kind: trace, trace: {file: %s}}\n",
             path);
    stage_refused(scenario, "t.yaml:6:");
    unlink(path);
}

Test(workload, a_trace_plays_into_one_vmo)
{
    stage_refused("version: 1\n"
                  "vmos: [{vmo: a, size: 4p}, {vmo: b, size: 4p}]\n"
                  "workloads:\n"
                  "  - name: w\n"
                  "    vmos: [a, b]\n"
                  "    pattern: {kind: trace, trace: {file: /dev/null}}\n",
                  "dir/t.yaml:6:42: a trace speaks of the pages of one VMO");
}
