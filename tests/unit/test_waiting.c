/*
 * Waiting: for memory, for a pager, for decompression; what of it is stall, and
 * which latencies it shows in.
 */
#include "world_fixture.h"

static void run_until(struct stage *stage, sim_ns until)
{
    struct world *world = stage->world;

    event_schedule(&world->events, &world->end_event, until);
    world->status = WORLD_RUNNING;
    world_run(world);
}

/* With latencies, as if a recorder wanted them. */
static struct stage watched(const char *text)
{
    struct stage stage = stage_set(text);

    cr_assert(workloads_keep_latency(stage.world));
    world_run(stage.world);
    return stage;
}

static const struct histogram *latency(const struct stage *stage,
                                       enum latency_kind kind)
{
    return &stage->world->workloads[0].latency[kind];
}

Test(waiting, decompression_is_a_stall_of_its_length)
{
    struct stage stage =
        watched("version: 1\n"
                "machine: {memory: 100p, costs: {decompress_page: 50us}}\n"
                "reclaim: {compression: {enabled: true, anonymous: true}}\n"
                "vmos: [{vmo: a, size: 4p, prefill: all}]\n"
                "workloads:\n"
                "  - {name: w, vmo: a, accesses: 4, start: 1ms,\n"
                "     pattern: {kind: sequential}}\n"
                "events: [{compress: {vmo: a, pages: 0..3}}]\n");
    const struct world *world = stage.world;

    cr_assert_eq(world->counters.faults_decompress, 3);
    cr_assert_eq(world->counters.refaults, 3);
    cr_assert_eq(world->stall.some_ns, 150000);
    cr_assert_eq(world->stall.full_ns, 150000);
    cr_assert_eq(latency(&stage, LATENCY_DECOMPRESS)->count, 3);
    cr_assert_eq(latency(&stage, LATENCY_DECOMPRESS)->max, 50000);
    cr_assert_eq(latency(&stage, LATENCY_MAJOR_FAULT)->count, 3);
    cr_assert_eq(latency(&stage, LATENCY_ACCESS)->count, 4);
    cr_assert_eq(latency(&stage, LATENCY_ALLOC_WAIT)->count, 0);
    stage_clear(&stage);
}

/* No memory from 1ms on, when the script takes the last of it, to 21ms. */
#define SHORT(workloads)                                                       \
    "version: 1\n"                                                             \
    "machine: {memory: 100p, cores: 4}\n"                                      \
    "reclaim:\n"                                                               \
    "  on_oom: wait\n"                                                         \
    "  eviction: false\n"                                                      \
    "  pressure: {oom: 10p, imminent_oom_delta: 1p, critical: 12p,\n"          \
    "             warning: 13p, debounce: 0p}\n"                               \
    "vmos:\n"                                                                  \
    "  - {vmo: x, size: 91p}\n"                                                \
    "  - {vmo: a, size: 4p}\n"                                                 \
    "workloads:\n" workloads "events:\n"                                       \
    "  - {commit: {vmo: x, pages: 0..90}, at: 1ms}\n"                          \
    "  - commit: {vmo: x, pages: 90}\n"                                        \
    "  - {decommit: {vmo: x}, at: 21ms}\n"

Test(waiting, a_thread_that_waits_for_memory_is_stalled)
{
    struct stage stage =
        watched(SHORT("  - {name: w, vmo: a, accesses: 1, start: 1ms,\n"
                      "     write: 1, pattern: {kind: sequential}}\n"));
    const struct world *world = stage.world;

    cr_assert_eq(world->stall.some_ns, 20000000);
    cr_assert_eq(world->stall.full_ns, 20000000);
    cr_assert_eq(world->counters.faults_minor, 1);
    cr_assert_eq(world->counters.refaults, 0);
    cr_assert_eq(latency(&stage, LATENCY_ALLOC_WAIT)->count, 1);
    cr_assert_eq(latency(&stage, LATENCY_ALLOC_WAIT)->max, 20000000);
    cr_assert_gt(world->machine.pmm.alloc_delayed_count, 0);
    cr_assert_eq(world->machine.pmm.alloc_failed_count, 0);
    stage_clear(&stage);
}

/*
 *   w     1ms ==stalled========================== 21ms
 *   busy            5ms ==computes== 9ms
 */
Test(waiting, it_is_full_while_nobody_computes)
{
    struct stage stage = stage_run(
        SHORT("  - {name: w, vmo: a, accesses: 1, start: 1ms, write: 1,\n"
              "     pattern: {kind: sequential}}\n"
              "  - {name: busy, vmo: x, start: 5ms, stop: 9ms,\n"
              "     pattern: {kind: uniform, pages: 0..50}}\n"));
    const struct world_stall *stall = &stage.world->stall;

    cr_assert_eq(stall->some_ns, 20000000);
    cr_assert_geq(stall->full_ns, 15990000);
    cr_assert_leq(stall->full_ns, 16000000);
    stage_clear(&stage);
}

Test(waiting, a_first_touch_waits_and_is_no_stall)
{
    struct stage stage =
        watched("version: 1\n"
                "machine: {memory: 100p}\n"
                "pagers: [{name: disk, read_latency: 3ms,\n"
                "          read_bandwidth: 1000GiB/s}]\n"
                "vmos: [{vmo: f, size: 1p, kind: pager, pager: disk}]\n"
                "workloads:\n"
                "  - {name: w, vmo: f, accesses: 1,\n"
                "     pattern: {kind: sequential}}\n");
    const struct world *world = stage.world;

    cr_assert_eq(world->counters.first_touches, 1);
    cr_assert_eq(world->counters.faults_major, 1);
    cr_assert_eq(world->stall.some_ns, 0);
    cr_assert_geq(latency(&stage, LATENCY_MAJOR_FAULT)->max, 3000000);
    cr_assert_eq(world->overtime.requests, 1);
    cr_assert_eq(world->overtime.succeeded, 1);
    stage_clear(&stage);
}

/* A pager that waits for memory. ------------------------------------------ */

/* As SHORT, with a pager that answers after 3ms: what is asked for at 2ms is
 * there at 5ms, and has no memory until 21ms. `slots`: at a time. */
#define SHORT_PAGER(slots, vmos, workloads, first_event)                       \
    "version: 1\n"                                                             \
    "duration: 30ms\n"                                                         \
    "machine: {memory: 100p, cores: 8}\n"                                      \
    "reclaim:\n"                                                               \
    "  on_oom: wait\n"                                                         \
    "  eviction: false\n"                                                      \
    "  pressure: {oom: 10p, imminent_oom_delta: 1p, critical: 12p,\n"          \
    "             warning: 13p, debounce: 0p}\n"                               \
    "processes: [{name: first}, {name: second}]\n"                             \
    "pagers:\n"                                                                \
    "  - {name: disk, read_latency: 3ms, read_bandwidth: 1000000GiB/s,\n"      \
    "     parallelism: " slots "}\n"                                           \
    "vmos:\n"                                                                  \
    "  - {vmo: x, size: 91p}\n" vmos "workloads:\n" workloads                  \
    "events:\n" first_event "  - {commit: {vmo: x, pages: 0..90}, at: 1ms}\n"  \
    "  - commit: {vmo: x, pages: 90}\n"                                        \
    "  - {decommit: {vmo: x}, at: 21ms}\n"

static void expect_about(sim_ns found, sim_ns wanted, const char *what)
{
    cr_assert(found > wanted - 1000 && found < wanted + 1000,
              "%s: %lld ns, not %lld", what, (long long)found,
              (long long)wanted);
}

/*
 *   one   2ms --wants 0--- 5ms ==its page has no memory== 21ms
 *   two       3ms --wants 0, too ==========================
 *   three                     10ms --the disk--13ms =======
 *   busy              7ms ==computes== 9ms
 */
Test(waiting, who_waits_for_a_pager_that_waits_for_memory_is_stalled)
{
    struct stage stage = watched(SHORT_PAGER(
        "8",
        "  - {vmo: f, size: 4p, kind: pager, pager: disk, process: first}\n"
        "  - {vmo: g, size: 4p, kind: pager, pager: disk, process: second}\n",
        "  - {name: one, vmo: f, process: first, accesses: 1, start: 2ms,\n"
        "     pattern: {kind: sequential}}\n"
        "  - {name: two, vmo: f, process: first, accesses: 1, start: 3ms,\n"
        "     pattern: {kind: sequential}}\n"
        "  - {name: three, vmo: g, process: second, accesses: 1,\n"
        "     start: 10ms, pattern: {kind: sequential}}\n"
        "  - {name: busy, vmo: x, start: 7ms, stop: 9ms,\n"
        "     pattern: {kind: uniform, pages: 0..50}}\n",
        ""));
    const struct world *world = stage.world;

    cr_assert_eq(world->counters.faults_major, 3);
    expect_about(world->stall.some_ns, 16000000, "some");
    expect_about(world->stall.full_ns, 14000000, "full");
    expect_about(world->processes[1].stall.some_ns, 16000000, "of the first");
    expect_about(world->processes[2].stall.some_ns, 8000000, "of the second");
    cr_assert_eq(world->stall.waiting_threads, 0);
    cr_assert_eq(world->stall.stalled_threads, 0);
    cr_assert_eq(world->processes[1].stall.stalled_threads, 0);
    stage_clear(&stage);
}

/* With one slot, everybody behind the job that waits for memory does, too;
 * with one more it is only the disk that they wait for. */
Test(waiting, a_queue_behind_slots_that_wait_for_memory_is_stalled)
{
    static const char *const texts[] = {
#define QUEUE(slots)                                                           \
    SHORT_PAGER(                                                               \
        slots,                                                                 \
        "  - {vmo: f, size: 4p, kind: pager, pager: disk, process: first}\n"   \
        "  - {vmo: g, size: 4p, kind: pager, pager: disk,\n"                   \
        "     process: second}\n",                                             \
        "  - {name: one, vmo: f, process: first, accesses: 1, start: 2ms,\n"   \
        "     pattern: {kind: sequential}}\n"                                  \
        "  - {name: two, vmo: g, process: second, accesses: 1,\n"              \
        "     start: 3ms, pattern: {kind: sequential}}\n"                      \
        "  - {name: three, vmo: g, process: second, accesses: 1,\n"            \
        "     start: 20ms, pattern: {kind: sequential, pages: 3..4}}\n",       \
        "")
        QUEUE("1"), QUEUE("3")};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct stage stage = watched(texts[i]);
        const struct world *world = stage.world;
        const struct world_stall *second = &world->processes[2].stall;

        cr_assert_eq(world->counters.faults_major, 3);
        expect_about(world->stall.some_ns, 16000000, "some");
        expect_about(second->some_ns, i == 0 ? 16000000 : 15000000, "second");
        cr_assert_eq(second->stalled_threads, 0);
        stage_clear(&stage);
    }
}

/* Leave to dirty zeros that are not pages yet needs memory for them. */
Test(waiting, who_waits_for_leave_that_waits_for_memory_is_stalled)
{
    struct stage stage = watched(SHORT_PAGER(
        "8",
        "  - {vmo: f, size: 1p, kind: pager, pager: disk, process: first,\n"
        "     trap_dirty: true, resizable: true}\n",
        "  - {name: one, vmo: f, process: first, accesses: 1, start: 2ms,\n"
        "     write: 1, pattern: {kind: sequential, pages: 2..4}}\n"
        "  - {name: two, vmo: f, process: first, accesses: 1, start: 9ms,\n"
        "     write: 1, pattern: {kind: sequential, pages: 2..4}}\n",
        "  - resize: {vmo: f, size: 8p}\n"));
    const struct world *world = stage.world;

    expect_about(world->stall.some_ns, 19000000, "some");
    expect_about(world->processes[1].stall.full_ns, 19000000, "full");
    cr_assert_eq(world->processes[1].stall.stalled_threads, 0);
    stage_clear(&stage);
}

/* The first that waits is the first that is served. */
Test(waiting, those_that_wait_for_memory_are_served_in_their_order)
{
    struct stage stage = stage_run(
        "version: 1\n"
        "machine: {memory: 100p}\n"
        "duration: 1s\n"
        "reclaim:\n"
        "  on_oom: wait\n"
        "  pressure: {oom: 10p, imminent_oom_delta: 1p, critical: 12p,\n"
        "             warning: 13p, debounce: 0p}\n"
        "vmos:\n"
        "  - {vmo: x, size: 100p}\n"
        "  - {vmo: a, size: 100p}\n"
        "events:\n"
        "  - commit: {vmo: x, pages: 0..91}\n"
        "  - {commit: {vmo: a, pages: 0..4}, as_op: one, status: SHOULD_WAIT}\n"
        "  - {commit: {vmo: a, pages: 4}, as_op: two, status: SHOULD_WAIT}\n"
        "  - {commit: {vmo: a, pages: 5}, as_op: three, status: SHOULD_WAIT}\n"
        "  - {decommit: {vmo: x, pages: 0..5}, at: 1ms}\n"
        "  - expect: {op: one, state: done, result: OK}\n"
        "  - expect: {op: two, state: done, result: OK}\n"
        "  - expect: {op: three, state: waiting}\n"
        "  - {decommit: {vmo: x, pages: 5..10}, at: 2ms}\n"
        "  - expect: {op: three, state: done, result: OK}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    stage_clear(&stage);
}

/* Compression. ------------------------------------------------------------ */

/* Compressed share of the pages of objects that say what theirs is. */
static double measured_share(const char *model, double share)
{
    char text[1024];

    snprintf(text, sizeof text,
             "version: 1\n"
             "machine: {memory: 1000p}\n"
             "reclaim:\n"
             "  compression: {enabled: true, anonymous: true, model: %s,\n"
             "                threshold: 100, storage: exact}\n"
             "vmos: [{vmo: a, size: 300p, prefill: all,\n"
             "        compressibility: %g}]\n"
             "events:\n"
             "  - rotate: {times: 2}\n"
             "  - evict: {min: 300p, level: include_newest,\n"
             "            evicted: {compressed: 300}}\n"
             "  - expect: {vmo: a, compressed: 300}\n",
             model, share);
    struct stage stage = stage_run(text);
    struct compressor_stats stats =
        compressor_stats(stage.world->machine.compressor);

    cr_assert_eq(stage.world->status, WORLD_OK);
    cr_assert_eq(stats.items, 300);
    stage_clear(&stage);
    return ((double)stats.stored_bytes / 300 - 8) / 4096; /* 8: its time */
}

Test(waiting, pages_compress_as_their_object_says)
{
    for (int percent = 10; percent <= 90; percent += 20) {
        double share = percent / 100.0;
        double lz4 = measured_share("lz4", share);
        double ratio = measured_share("ratio", share);

        cr_assert_float_eq(lz4, share, 0.01, "%g gave %g", share, lz4);
        cr_assert_float_eq(ratio, share, 0.01, "%g gave %g", share, ratio);
    }
}

/* Each object's own: pages of two, compressed together. */
Test(waiting, objects_keep_their_own_compressibility)
{
    struct stage stage = stage_run(
        "version: 1\n"
        "machine: {memory: 1000p}\n"
        "reclaim:\n"
        "  compression: {enabled: true, anonymous: true, threshold: 50}\n"
        "vmos:\n"
        "  - {vmo: tight, size: 20p, prefill: all, compressibility: 0.3}\n"
        "  - {vmo: loose, size: 20p, prefill: all, compressibility: 0.6}\n"
        "events:\n"
        "  - clone: {vmo: tight, as: child, kind: snapshot}\n"
        "  - write: {vmo: child, pages: 0..5}\n"
        "  - rotate: {times: 2}\n"
        "  - evict: {min: 45p, level: include_newest,\n"
        "            evicted: {compressed: 25}}\n"
        "  - expect: {vmo: loose, compressed: 0, committed: 20}\n"
        "  - expect: {queue: {failed_reclaim: 20}}\n");

    cr_assert_eq(stage.world->status, WORLD_OK);
    run_until(&stage, stage.world->now + 1);
    stage_clear(&stage);
}
