/*
 * Scenarios that are right: what the model holds, defaults included.
 */
#include <math.h>

#include "scenario/report.h"
#include "scenario/scenario.h"
#include "scenario_fixture.h"

static const char minimal[] = "version: 1\n";

Test(scenario, all_that_is_left_out_has_its_default)
{
    struct scenario *s = good(minimal);
    cr_assert_str_eq(s->name, "t");
    cr_assert_str_eq(s->path, "dir/t.yaml");
    cr_assert_str_eq(s->description, "");
    cr_assert_str_eq(s->text, minimal);
    cr_assert_eq(s->text_after, s->text);
    cr_assert_eq(s->text_bytes, strlen(minimal));
    cr_assert_eq(s->seed, 1);
    cr_assert_not(s->has_duration);
    cr_assert_eq(s->tick, 100 * 1000 * 1000);
    cr_assert_eq(s->pager_count + s->process_count + s->vmo_count +
                     s->workload_count + s->event_count,
                 0);

    cr_assert_eq(s->machine.page_bytes, 4096);
    cr_assert_eq(s->machine.memory_pages, 262144);
    cr_assert_eq(s->machine.wired_pages, 0);
    cr_assert_eq(s->machine.cores, 4);
    const struct scenario_costs *costs = &s->machine.costs;
    cr_assert_eq(costs->access, 4);
    cr_assert_eq(costs->minor_fault, 700);
    cr_assert_eq(costs->zero_page, 250);
    cr_assert_eq(costs->copy_page, 450);
    cr_assert_eq(costs->evict_page, 900);
    cr_assert_eq(costs->compress_page, 3000);
    cr_assert_eq(costs->decompress_page, 1200);
    cr_assert_eq(costs->scan_page, 40);

    const struct scenario_reclaim *r = &s->reclaim;
    cr_assert_str_eq(r->policy, "zircon");
    cr_assert_eq(r->policy_place.line, 0);
    cr_assert_eq(r->param_count, 0);
    cr_assert(r->eviction);
    cr_assert_eq(r->access_tracking, TRACKING_HARVEST);
    cr_assert_eq(r->min_aging, INT64_C(2000000000));
    cr_assert_eq(r->max_aging, INT64_C(15000000000));
    cr_assert_eq(r->active_ratio_multiplier, 2);
    cr_assert_eq(r->zero_scans_per_second, 20000);
    cr_assert_eq(r->lru_action, LRU_ACTION_NONE);
    cr_assert_eq(r->discardable_percent, 20);
    cr_assert_eq(r->discardable_min_age, INT64_C(10000000000));
    cr_assert_not(r->loaning || r->borrow_on_supply || r->borrow_on_mru ||
                  r->replace_on_unloan);
    cr_assert_eq(r->on_oom, ON_OOM_KILL);
    cr_assert_not(r->compression.enabled || r->compression.anonymous ||
                  r->compression.zero_forks);
    cr_assert_eq(r->compression.threshold_percent, 70);
    cr_assert_eq(r->compression.model, COMPRESSION_LZ4);
    cr_assert_eq(r->compression.storage, STORAGE_TRI_PAGE);

    cr_assert(s->record.ticks && s->record.vmo_ticks && s->record.events &&
              s->record.latency && !s->record.pages);
    scenario_free(s);
}

Test(scenario, pressure_marks_scale_with_small_memories)
{
    static const struct {
        const char *text; /* of machine and reclaim */
        uint64_t oom, imminent, critical, warning, debounce;
    } cases[] = {
        {"", 12800, 15360, 38400, 76800, 256},
        {"machine: {memory: 2GiB}", 12800, 15360, 38400, 76800, 256},
        {"machine: {memory: 262143p}", 13107, 15728, 39321, 78642, 262},
        {"machine: {memory: 1000p}", 50, 60, 150, 300, 1},
        {"machine: {memory: 64p}", 3, 4, 9, 19, 1},
        {"machine: {memory: 1p}", 1, 2, 3, 4, 1},
        {"machine: {page_size: 64KiB, memory: 1GiB}", 800, 960, 2400, 4800, 16},
        {"machine: {page_size: 64KiB, memory: 512MiB}", 409, 490, 1228, 2457,
         8},
        {"reclaim: {pressure: {warning: 90000p}}", 12800, 15360, 38400, 90000,
         256},
        {"reclaim: {pressure: {oom: 100p}}", 100, 2660, 38400, 76800, 100},
        {"reclaim: {pressure: {oom: 40000p}}", 40000, 42560, 42561, 76800, 256},
        {"machine: {memory: 100p}\nreclaim: {pressure: {oom: 5p,"
         " imminent_oom_delta: 5p, critical: 19p, warning: 30p,"
         " debounce: 0p}}",
         5, 10, 19, 30, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[400];
        snprintf(text, sizeof text, "version: 1\n%s\n", cases[i].text);
        struct scenario *s = good(text);
        const struct scenario_pressure *p = &s->reclaim.pressure;
        cr_assert_eq(p->oom_pages, cases[i].oom, "%s", text);
        cr_assert_eq(p->imminent_oom_pages, cases[i].imminent, "%s", text);
        cr_assert_eq(p->critical_pages, cases[i].critical, "%s", text);
        cr_assert_eq(p->warning_pages, cases[i].warning, "%s", text);
        cr_assert_eq(p->debounce_pages, cases[i].debounce, "%s", text);
        cr_assert_eq(p->hysteresis, INT64_C(10000000000));
        scenario_free(s);
    }
}

Test(scenario, pagers_and_processes)
{
    struct scenario *s =
        good("version: 1\n"
             "pagers:\n"
             "  - {name: plain}\n"
             "  - {name: slow, read_latency: 1ms, parallelism: 2,\n"
             "     fail: {every: 10, status: ZX_ERR_IO_DATA_INTEGRITY},\n"
             "     read_bandwidth: 1MiB/s, writeback_interval: inf,\n"
             "     writeback_latency: {dist: uniform, min: 1ms, max: 2ms}}\n"
             "  - {name: failing, fail: {}}\n"
             "processes: [{name: browser, oom_score: 3}, {name: shell}]\n");
    cr_assert_eq(s->pager_count, 3);
    const struct scenario_pager *plain = &s->pagers[0];
    cr_assert_str_eq(plain->name, "plain");
    cr_assert_eq(plain->place.line, 3);
    cr_assert_eq(plain->read_latency.kind, DISTRIBUTION_LOGNORMAL);
    cr_assert_eq(plain->read_latency.mean, 300000);
    cr_assert_eq(plain->read_latency.sigma, 0.5);
    cr_assert_eq(plain->read_bandwidth, 419430400);
    cr_assert_eq(plain->parallelism, 8);
    cr_assert_eq(plain->writeback_interval, INT64_C(5000000000));
    cr_assert_eq(plain->writeback_latency.kind, DISTRIBUTION_CONSTANT);
    cr_assert_eq(plain->writeback_latency.mean, 2000000);
    cr_assert_eq(plain->fail_every, 0);
    const struct scenario_pager *slow = &s->pagers[1];
    cr_assert_eq(slow->read_latency.kind, DISTRIBUTION_CONSTANT);
    cr_assert_eq(slow->read_latency.mean, 1e6);
    cr_assert_eq(slow->fail_every, 10);
    cr_assert_eq(slow->fail_status, VM_IO_DATA_INTEGRITY);
    cr_assert_eq(slow->writeback_interval, SIM_NS_INFINITE);
    cr_assert_eq(slow->writeback_latency.min, 1e6);
    cr_assert_eq(slow->writeback_latency.max, 2e6);
    cr_assert_eq(s->pagers[2].fail_every, 1000);
    cr_assert_eq(s->pagers[2].fail_status, VM_IO);
    cr_assert_eq(s->process_count, 2);
    cr_assert_eq(s->processes[0].oom_score, 3);
    cr_assert_eq(s->processes[1].oom_score, 0);
    scenario_free(s);
}

Test(scenario, vmos_are_created_in_order)
{
    struct scenario *s =
        good("version: 1\n"
             "processes: [{name: p}]\n"
             "vmos:\n"
             "  - {vmo: a, size: 16KiB, prefill: all}\n"
             "  - {vmo: b, size: 8p, kind: pager, pager: manual, process: p,\n"
             "     resizable: true, trap_dirty: true, compressibility: 0.25,\n"
             "     cannot_decommit_zero: true, prefill: 2..4}\n"
             "  - {vmo: c, size: 0p, kind: discardable, process: script}\n");
    cr_assert_eq(s->vmo_count, 3);
    const struct scenario_op *a = &s->vmos[0];
    cr_assert_eq(a->kind, OP_CREATE);
    cr_assert_eq(a->size_pages, 4);
    cr_assert_eq(a->vmo_kind, VMO_ANONYMOUS);
    cr_assert(a->has_prefill && a->prefill.is_open);
    cr_assert_null(a->pager);
    cr_assert_null(a->process);
    cr_assert(!a->has_compressibility && a->compressibility == 0.4);
    const struct scenario_op *b = &s->vmos[1];
    cr_assert_eq(b->vmo_kind, VMO_PAGER);
    cr_assert_str_eq(b->pager, "manual");
    cr_assert_str_eq(b->process, "p");
    cr_assert(b->is_resizable && b->trap_dirty && b->cannot_decommit_zero);
    cr_assert(b->has_compressibility && b->compressibility == 0.25);
    cr_assert(b->prefill.start == 2 && b->prefill.end == 4);
    cr_assert(b->place.line == 5 && b->place.column == 5);
    cr_assert_eq(s->vmos[2].vmo_kind, VMO_DISCARDABLE);
    cr_assert_not(s->vmos[2].has_prefill);
    scenario_free(s);
}

Test(scenario, workloads_and_patterns)
{
    struct scenario *s =
        good("version: 1\n"
             "vmos: [{vmo: a, size: 4p}, {vmo: b, size: 4p}]\n"
             "workloads:\n"
             "  - name: one\n"
             "    vmo: a\n"
             "    accesses: 5\n"
             "    pattern: {kind: zipf, pages: 1..3}\n"
             "  - name: two\n"
             "    vmos: [a, b]\n"
             "    weights: [3, 1]\n"
             "    threads: 2\n"
             "    start: 1s\n"
             "    stop: 10s\n"
             "    think: {dist: exponential, mean: 10us}\n"
             "    write: 0.2\n"
             "    run: {dist: uniform, min: 1, max: 8}\n"
             "    pattern: {kind: hotspot, hot: 0.2}\n"
             "  - name: three\n"
             "    vmo: c\n"
             "    start: 2s\n"
             "    pattern:\n"
             "      kind: phases\n"
             "      phases:\n"
             "        - {for: 1s, pattern: {kind: stride, stride: 3}}\n"
             "        - {for: 2s, pattern: {kind: random_walk}}\n"
             "events:\n"
             "  - {clone: {vmo: a, as: c, kind: snapshot}, at: 2s}\n");
    cr_assert_eq(s->workload_count, 3);
    const struct scenario_workload *one = &s->workloads[0];
    cr_assert(one->vmo_count == 1 && one->vmos[0].weight == 1);
    cr_assert_eq(one->threads, 1);
    cr_assert(one->has_accesses && one->accesses == 5);
    cr_assert(one->start == 0 && one->stop == SIM_NS_INFINITE);
    cr_assert(one->think.kind == DISTRIBUTION_CONSTANT && one->think.mean == 0);
    cr_assert(one->run.kind == DISTRIBUTION_CONSTANT && one->run.mean == 1);
    cr_assert(one->write == 0 && one->process == NULL);
    cr_assert(one->pattern.kind == PATTERN_ZIPF && one->pattern.alpha == 0.9);
    cr_assert(one->pattern.pages.start == 1 && one->pattern.pages.end == 3);
    cr_assert_not(one->pattern.scramble);
    const struct scenario_workload *two = &s->workloads[1];
    cr_assert_str_eq(two->vmos[1].name, "b");
    cr_assert(two->vmos[0].weight == 3 && two->vmos[1].weight == 1);
    cr_assert_eq(two->think.mean, 10000);
    cr_assert(two->run.min == 1 && two->run.max == 8);
    cr_assert(two->pattern.hot == 0.2 && two->pattern.hot_access == 0.9);
    cr_assert(two->pattern.pages.is_open && !two->pattern.pages.is_given);
    const struct scenario_workload *three = &s->workloads[2];
    cr_assert_eq(three->pattern.phase_count, 2);
    cr_assert_eq(three->stop, INT64_C(5000000000), "after its last phase");
    cr_assert_eq(three->pattern.phases[0].pattern.stride, 3);
    cr_assert_eq(three->pattern.phases[1].pattern.step, 1);
    scenario_free(s);
}

Test(scenario, distributions_clamp_at_zero_by_default)
{
    static const struct {
        const char *text;
        struct distribution want;
    } cases[] = {
        {"10us", {DISTRIBUTION_CONSTANT, 1e4, 0, INFINITY, 0, 0}},
        {"{dist: constant, mean: 0}",
         {DISTRIBUTION_CONSTANT, 0, 0, INFINITY, 0, 0}},
        {"{mean: 3ns}", {DISTRIBUTION_CONSTANT, 3, 0, INFINITY, 0, 0}},
        {"{dist: uniform, min: 1us, max: 2us}",
         {DISTRIBUTION_UNIFORM, 0, 1e3, 2e3, 0, 0}},
        {"{dist: exponential, mean: 1us, max: 1s}",
         {DISTRIBUTION_EXPONENTIAL, 1e3, 0, 1e9, 0, 0}},
        {"{dist: normal, mean: 1us, sigma: 10ns}",
         {DISTRIBUTION_NORMAL, 1e3, 0, INFINITY, 10, 0}},
        {"{dist: lognormal, mean: 1us, sigma: 0.5}",
         {DISTRIBUTION_LOGNORMAL, 1e3, 0, INFINITY, 0.5, 0}},
        {"{dist: pareto, min: 1us, alpha: 1.5, max: inf}",
         {DISTRIBUTION_PARETO, 0, 1e3, INFINITY, 0, 1.5}},
        {"{dist: pareto, mean: 3us, alpha: 1.5}",
         {DISTRIBUTION_PARETO, 3e3, 1e3, INFINITY, 0, 1.5}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[400];
        snprintf(text, sizeof text,
                 "version: 1\npagers: [{name: p, read_latency: %s}]\n",
                 cases[i].text);
        struct scenario *s = good(text);
        const struct distribution *got = &s->pagers[0].read_latency;
        const struct distribution *want = &cases[i].want;
        cr_assert_eq(got->kind, want->kind, "%s", text);
        cr_assert_eq(got->mean, want->mean, "%s", text);
        cr_assert_float_eq(got->min, want->min, 1e-6, "%s", text);
        cr_assert_eq(got->max, want->max, "%s", text);
        cr_assert_eq(got->sigma, want->sigma, "%s", text);
        cr_assert_eq(got->alpha, want->alpha, "%s", text);
        scenario_free(s);
    }
}

/* Events that follow the VMO `a` of 8 pages; the last one is looked at. */
static struct scenario *event_of(const char *event)
{
    char text[1000];
    snprintf(text, sizeof text,
             "version: 1\nevents:\n"
             "  - {create: {vmo: a, size: 8p}, as_op: o}\n%s\n",
             event);
    return good(text);
}

static const struct scenario_event *last(const struct scenario *s)
{
    return &s->events[s->event_count - 1];
}

Test(scenario, every_operation_can_be_written)
{
    static const struct {
        const char *text;
        enum op_kind kind;
    } cases[] = {
        {"create: {vmo: b, size: 1p}", OP_CREATE},
        {"clone: {vmo: a, as: b, kind: snapshot}", OP_CLONE},
        {"slice: {vmo: a, as: b, pages: 1..2}", OP_SLICE},
        {"reference: {vmo: a, as: b}", OP_REFERENCE},
        {"close: {vmo: a}", OP_CLOSE},
        {"resize: {vmo: a, size: 9p}", OP_RESIZE},
        {"read: {vmo: a}", OP_READ},
        {"write: {vmo: a}", OP_WRITE},
        {"touch: {vmo: a, write: true, value: 3}", OP_TOUCH},
        {"lookup: {vmo: a, page: 3, fault: none}", OP_LOOKUP},
        {"commit: {vmo: a}", OP_COMMIT},
        {"decommit: {vmo: a}", OP_DECOMMIT},
        {"zero: {vmo: a}", OP_ZERO},
        {"pin: {vmo: a, write: true}", OP_PIN},
        {"unpin: {vmo: a}", OP_UNPIN},
        {"lock: {vmo: a, discarded: none}", OP_LOCK},
        {"try_lock: {vmo: a}", OP_TRY_LOCK},
        {"unlock: {vmo: a}", OP_UNLOCK},
        {"discard: {vmo: a, min_age: inf, frees: 0}", OP_DISCARD},
        {"hint: {vmo: a, kind: dont_need}", OP_HINT},
        {"priority: {vmo: a, delta: -1}", OP_PRIORITY},
        {"map: {vmo: a, as: m, high_priority: true}", OP_MAP},
        {"supply: {vmo: a, from: a, from_page: 2}", OP_SUPPLY},
        {"supply_zero: {vmo: a}", OP_SUPPLY_ZERO},
        {"take: {vmo: a, into: b}", OP_TAKE},
        {"fail: {vmo: a, error: IO}", OP_FAIL},
        {"dirty: {vmo: a}", OP_DIRTY},
        {"writeback_begin: {vmo: a, zero: true}", OP_WRITEBACK_BEGIN},
        {"writeback_end: {vmo: a}", OP_WRITEBACK_END},
        {"detach: {vmo: a}", OP_DETACH},
        {"query_stats: {vmo: a, reset: true, modified: false}", OP_QUERY_STATS},
        {"reclaim: {vmo: a, page: 1}", OP_RECLAIM},
        {"compress: {vmo: a}", OP_COMPRESS},
        {"decompress: {vmo: a}", OP_DECOMPRESS},
        {"dedup: {vmo: a, page: 1, deduped: false}", OP_DEDUP},
        {"rotate: {times: 3}", OP_ROTATE},
        {"rotate:", OP_ROTATE},
        {"harvest: {}", OP_HARVEST},
        {"scan_zero: {limit: 3}", OP_SCAN_ZERO},
        {"evict: {min: 3p, level: include_newest}", OP_EVICT},
        {"reclaim_all: {}", OP_RECLAIM_ALL},
        {"set: {eviction: false}", OP_SET},
        {"kill: {process: script}", OP_KILL},
        {"validate: {}", OP_VALIDATE},
        {"dump: {}", OP_DUMP},
        {"dump: {vmo: a}", OP_DUMP},
        {"expect: {vmo: a}", OP_EXPECT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char line[200];
        snprintf(line, sizeof line, "  - %s", cases[i].text);
        struct scenario *s = event_of(line);
        const struct scenario_op *op = &last(s)->op;
        cr_assert_eq(op->kind, cases[i].kind, "%s", line);
        cr_assert(op->place.line == 4 && op->place.column == 5, "%s", line);
        const char *name = op_kind_name(op->kind);
        cr_assert_eq(strncmp(cases[i].text, name, strlen(name)), 0, "%s", line);
        scenario_free(s);
    }
}

Test(scenario, fields_of_operations)
{
    struct scenario *s = event_of("  - lookup: {vmo: a, page: 3, returns: 7}");
    const struct scenario_op *op = &last(s)->op;
    cr_assert(op->page == 3 && op->fault == LOOKUP_FAULT_SOFTWARE);
    cr_assert(op->return_count == 1 && op->returns[0] == 7);
    scenario_free(s);

    s = event_of("  - write: {vmo: a, pages: 2.., values: [1, 2]}");
    op = &last(s)->op;
    cr_assert(op->pages.start == 2 && op->pages.is_open && op->pages.is_given);
    cr_assert(op->value_count == 2 && op->values[1] == 2 && !op->has_value);
    scenario_free(s);

    s = event_of("  - read: {vmo: a, pages: 8..8, returns: []}");
    op = &last(s)->op;
    cr_assert(op->pages.start == 8 && op->pages.end == 8);
    cr_assert(op->returns != NULL && op->return_count == 0);
    scenario_free(s);

    s = event_of("  - read: {vmo: a}");
    op = &last(s)->op;
    cr_assert(op->pages.is_open && !op->pages.is_given && !op->returns);
    scenario_free(s);

    s = event_of("  - reclaim: {vmo: a, page: 1, hint: ignore,\n"
                 "     compress: true, reclaimed: false, from: a, at: 2}");
    op = &last(s)->op;
    cr_assert_eq(op->reclaim_hint, RECLAIM_HINT_IGNORE);
    cr_assert(op->compress && !op->reclaimed && op->has_at && op->at == 2);
    cr_assert_str_eq(op->from, "a");
    scenario_free(s);

    s = event_of("  - lock: {vmo: a, discarded: 0..3}");
    op = &last(s)->op;
    cr_assert(op->has_discarded && !op->discarded.is_none);
    cr_assert_eq(op->discarded.range.end, 3);
    scenario_free(s);

    s = event_of("  - evict: {min: 10p, free_target: 1MiB,\n"
                 "     evicted: {pager_backed: 9, discardable: 0}}");
    op = &last(s)->op;
    cr_assert(op->min_pages == 10 && op->free_target_pages == 256);
    cr_assert_eq(op->level, RECLAIM_ONLY_OLDEST);
    cr_assert(op->has_evicted && op->evicted.has_pager_backed);
    cr_assert(op->evicted.pager_backed == 9 && !op->evicted.has_compressed);
    scenario_free(s);

    s = event_of("  - set: {memory: 9p, policy: lru, params: [a=1],\n"
                 "     borrowing: true}");
    op = &last(s)->op;
    cr_assert(op->has_memory && op->memory_pages == 9 && !op->has_eviction);
    cr_assert(op->has_params && op->param_count == 1);
    cr_assert_eq(op->params[0].name_length, 1);
    cr_assert_eq(op->policy_place.line, 4);
    cr_assert(op->has_borrowing && op->borrowing && !op->has_loaning);
    scenario_free(s);
}

Test(scenario, events_follow_each_other)
{
    static const struct {
        const char *text;
        sim_ns at, every;
        uint64_t runs;
    } cases[] = {
        {"  - {validate: {}, at: 2s}\n  - validate: {}", 2000000000, 0, 1},
        {"  - {validate: {}, at: 2s}\n  - {validate: {}, after: 1ms}",
         2001000000, 0, 1},
        {"  - {validate: {}, at: 0}", 0, 0, 1},
        {"  - {validate: {}, every: 1us, times: 30}", 0, 1000, 30},
        {"  - {validate: {}, every: 1us, times: 1}", 0, 0, 1},
        {"  - {validate: {}, every: 0, times: 3}", 0, 0, 3},
        {"  - {validate: {}, at: 1s, every: 1s, until: 3s}", 1000000000,
         1000000000, 3},
        {"  - {validate: {}, every: 1s, until: 2999999999ns}", 0, 1000000000,
         3},
        {"  - {validate: {}, at: 1s, every: 1s, until: 1s}", 1000000000, 0, 1},
        {"  - {validate: {}, at: 1s, every: 1s, times: 9}\n"
         "  - {validate: {}, after: 1s}",
         2000000000, 0, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scenario *s = event_of(cases[i].text);
        const struct scenario_event *event = last(s);
        cr_assert_eq(event->at_ns, cases[i].at, "%s", cases[i].text);
        cr_assert_eq(event->every_ns, cases[i].every, "%s", cases[i].text);
        cr_assert_eq(event->run_count, cases[i].runs, "%s", cases[i].text);
        cr_assert_not(event->varies);
        cr_assert_not(event->status.is_given);
        cr_assert_eq(event->status.status, VM_OK);
        scenario_free(s);
    }
    struct scenario *s =
        event_of("  - {commit: {vmo: a}, status: ERROR, as_op: c}");
    cr_assert(last(s)->status.is_given && last(s)->status.any_error);
    cr_assert_str_eq(last(s)->as_op, "c");
    scenario_free(s);
}

Test(scenario, runs_have_their_number_put_in)
{
    struct scenario *s =
        event_of("  - {create: {vmo: \"v{n}\", size: \"1{n}p\"}, every: 1ms,\n"
                 "     times: 1000000000000, as_op: \"o{n}\"}\n"
                 "  - {expect: {vmo: v999999999999, exists: true}}\n"
                 "  - {expect: {op: o12, state: done}}\n"
                 "  - {write: {vmo: \"v{n}\", pages: \"{n}..\",\n"
                 "     values: [\"{n}\", \"2{n}\"]}, every: 1s, times: 2}\n"
                 "  - {expect: {vmo: \"v{n}\", content: [\"{n}\", -]},\n"
                 "     every: 1s, times: 5}");
    const struct scenario_event *create = &s->events[1];
    struct scenario_run run;
    cr_assert(create->varies && create->run_count == UINT64_C(1000000000000));
    cr_assert(scenario_event_instantiate(s, create, 0, &run, NULL));
    cr_assert_str_eq(run.op->vmo, "v0");
    cr_assert_eq(run.op->size_pages, 10);
    cr_assert_str_eq(run.as_op, "o0");
    scenario_run_release(&run);
    cr_assert(scenario_event_instantiate(s, create, 123, &run, NULL));
    cr_assert_str_eq(run.op->vmo, "v123");
    cr_assert_eq(run.op->size_pages, 1123);
    cr_assert_str_eq(run.as_op, "o123");
    cr_assert_eq(run.op->place.line, 4);
    scenario_run_release(&run);

    const struct scenario_event *expect = last(s);
    cr_assert(scenario_event_instantiate(s, expect, 4, &run, NULL));
    cr_assert_str_eq(run.op->expect.vmo, "v4");
    cr_assert_eq(run.op->expect.items[0].value.contents[0].number, 4);
    cr_assert_eq(run.op->expect.items[0].place.line, 10);
    scenario_run_release(&run);

    /* what does not vary is borrowed */
    cr_assert(scenario_event_instantiate(s, &s->events[0], 0, &run, NULL));
    cr_assert_eq(run.op, &s->events[0].op);
    scenario_run_release(&run);
    scenario_free(s);
}

Test(scenario, a_run_in_the_middle_may_be_wrong)
{
    /* 40KiB and 44KiB are whole pages, 41KiB is not */
    struct scenario *s = event_of(
        "  - {resize: {vmo: a, size: \"4{n}KiB\"}, every: 1s, times: 5}");
    for (uint64_t n = 0; n < 5; n++) {
        struct scenario_run run;
        const char *problem;
        bool is_good = n % 4 == 0;
        cr_assert_eq(scenario_event_instantiate(s, last(s), n, &run, &problem),
                     is_good);
        cr_assert_eq(problem == NULL, is_good);
        cr_assert_eq(run.op != NULL, is_good);
        scenario_run_release(&run);
    }
    scenario_free(s);
}

Test(scenario, expectations_keep_their_order)
{
    struct scenario *s =
        event_of("  - expect:\n"
                 "      requests: [read 0..16, dirty 3]\n"
                 "      vmo: a\n"
                 "      size: 16KiB\n"
                 "      content: [1, -, absent]\n"
                 "      slots: [empty, interval_start, -]\n"
                 "      pages: 1..4\n"
                 "      queues: [reclaim0, reclaim, none]\n"
                 "      dirty: [untracked, awaiting_clean, none]\n"
                 "      dirty_ranges: [0..2, 5..9 zero]\n"
                 "      exists: true\n"
                 "      parent: none\n"
                 "      discardable: locked\n"
                 "      pinned: 3");
    const struct scenario_expect *e = &last(s)->op.expect;
    static const enum expect_key order[] = {
        EXPECT_REQUESTS, EXPECT_SIZE,        EXPECT_CONTENT,      EXPECT_SLOTS,
        EXPECT_QUEUES,   EXPECT_DIRTY,       EXPECT_DIRTY_RANGES, EXPECT_EXISTS,
        EXPECT_PARENT,   EXPECT_DISCARDABLE, EXPECT_PINNED};
    cr_assert_eq(e->about, EXPECT_ABOUT_VMO);
    cr_assert_str_eq(e->vmo, "a");
    cr_assert(e->pages.start == 1 && e->pages.end == 4);
    cr_assert_eq(e->item_count, sizeof order / sizeof order[0]);
    for (size_t i = 0; i < e->item_count; i++) {
        cr_assert_eq(e->items[i].key, order[i]);
        cr_assert_eq(e->items[i].place.column, 7);
        cr_assert_str_not_empty(expect_key_name(order[i]));
    }
    const struct expect_item *items = e->items;
    cr_assert_eq(items[0].place.line, 5);
    cr_assert_eq(items[0].length, 2);
    cr_assert(!items[0].value.requests[0].is_dirty);
    cr_assert_eq(items[0].value.requests[0].end, 16);
    cr_assert(items[0].value.requests[1].is_dirty);
    cr_assert(items[0].value.requests[1].start == 3 &&
              items[0].value.requests[1].end == 4);
    cr_assert_eq(items[1].value.count, 4);
    cr_assert_eq(items[2].value.contents[0].number, 1);
    cr_assert_eq(items[2].value.contents[1].kind, CONTENT_ANY);
    cr_assert_eq(items[2].value.contents[2].kind, CONTENT_ABSENT);
    cr_assert_eq(items[3].value.slots[1], EXPECTED_SLOT_INTERVAL_START);
    cr_assert_eq(items[3].value.slots[2], EXPECTED_SLOT_ANY);
    cr_assert_eq(items[4].value.queues[0], EXPECTED_QUEUE_RECLAIM0);
    cr_assert_eq(items[4].value.queues[1], EXPECTED_QUEUE_RECLAIM);
    cr_assert_eq(items[4].value.queues[2], EXPECTED_QUEUE_NONE);
    cr_assert_eq(items[5].value.dirty[1], EXPECTED_DIRTY_AWAITING_CLEAN);
    cr_assert(items[6].value.dirty_ranges[1].is_zero &&
              items[6].value.dirty_ranges[1].start == 5);
    cr_assert(items[7].value.truth);
    cr_assert_null(items[8].value.name);
    cr_assert_eq(items[9].value.discardable, EXPECTED_DISCARDABLE_LOCKED);
    cr_assert_eq(items[10].value.count, 3);
    scenario_free(s);
}

Test(scenario, expectations_about_the_machine_and_operations)
{
    struct scenario *s = event_of(
        "  - expect: {free: 3, level: imminent_oom, now: 1.5s, oom_kills: 0,\n"
        "     queue: {reclaim7: 2, wired: 3}, evicted: {compressed: 1}}\n"
        "  - expect: {op: o, state: done, result: ERROR}\n"
        "  - expect: {vmo: a, pages: 2, same_page_as: \"a:7\", loaned: 0}\n"
        "  - expect: {vmo: a, requests: [], dirty_ranges: []}");
    const struct scenario_expect *e = &s->events[1].op.expect;
    cr_assert(e->about == EXPECT_ABOUT_MACHINE && e->item_count == 6);
    cr_assert_eq(e->items[0].value.count, 3);
    cr_assert_eq(e->items[1].value.level, PRESSURE_IMMINENT_OOM);
    cr_assert_eq(e->items[2].value.time, 1500000000);
    const struct expect_item *queue = &e->items[4];
    cr_assert(queue->key == EXPECT_QUEUE && queue->length == 2);
    cr_assert_eq(queue->value.queue_counts[0].queue, EXPECTED_QUEUE_WIRED);
    cr_assert_eq(queue->value.queue_counts[0].pages, 3);
    cr_assert_eq(queue->value.queue_counts[1].queue, EXPECTED_QUEUE_RECLAIM7);
    cr_assert(e->items[5].value.evicted.has_compressed &&
              !e->items[5].value.evicted.has_discardable);
    e = &s->events[2].op.expect;
    cr_assert(e->about == EXPECT_ABOUT_OP && e->item_count == 2);
    cr_assert_str_eq(e->op, "o");
    cr_assert_eq(e->items[0].value.state, EXPECTED_STATE_DONE);
    cr_assert(e->items[1].value.status.any_error);
    e = &s->events[3].op.expect;
    cr_assert_str_eq(e->items[0].value.page.vmo, "a");
    cr_assert_eq(e->items[0].value.page.page, 7);
    cr_assert_eq(e->items[1].key, EXPECT_LOANED);
    e = &s->events[4].op.expect;
    cr_assert(e->item_count == 2 && e->items[0].length == 0);
    scenario_free(s);
}

Test(scenario, what_only_the_run_can_judge_is_no_error)
{
    static const char *const fine[] = {
        "  - commit: {vmo: a, pages: 100..200}",
        "  - lock: {vmo: a}",
        "  - fail: {vmo: a, error: NO_SPACE}",
        "  - create: {vmo: a, size: 1p}",
        "  - close: {vmo: a}\n  - close: {vmo: a}",
        "  - write: {vmo: a, values: [1]}",
        "  - read: {vmo: a, pages: 6.., returns: [1]}",
        "  - expect: {vmo: a, content: [1]}",
        "  - expect: {vmo: a, pages: 3.., queues: [-]}",
        "  - clone: {vmo: a, as: a, kind: snapshot}",
        "  - create: {vmo: b, size: 1p, pager: manual}",
        "  - commit: {vmo: a, pages: 4503599627370488..4503599627370490}",
        "  - {commit: {vmo: a}, as_op: o}\n  - {commit: {vmo: a}, as_op: o}",
        "  - kill: {process: script}",
        "  - set: {policy: no_such_policy, params: [x=1]}",
        "  - {validate: {}, every: 1s, until: 5s}",
    };
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
        scenario_free(event_of(fine[i]));
}

Test(scenario, yaml_may_be_written_in_many_ways)
{
    struct scenario *s = good("%YAML 1.1\n"
                              "---\n"
                              "\"version\": 1\n"
                              "name: &n 'a name'\n"
                              "description: >\n"
                              "  folded\n"
                              "  text\n"
                              "seed: !!int 7\n"
                              "vmos:\n"
                              "- &v {vmo: a, size: &s \"4p\"}\n"
                              "events:\n"
                              "- create: {vmo: b, size: *s}\n"
                              "  at: 1s\n"
                              "- {\"close\": {vmo: b}}\n"
                              "...\n");
    cr_assert_str_eq(s->name, "a name");
    cr_assert_str_eq(s->description, "folded text\n");
    cr_assert_eq(s->seed, 7);
    cr_assert_eq(s->events[0].op.size_pages, 4);
    cr_assert_eq(s->events[1].at_ns, 1000000000);
    scenario_free(s);
    s = good("\xef\xbb\xbf{\"version\": 1, \"seed\": 3}");
    cr_assert_eq(s->seed, 3);
    scenario_free(s);
}

/* Overrides. ------------------------------------------------------------ */

static const char overridden[] =
    "# a comment\n"
    "version: 1\n"
    "machine: {memory: 64MiB}\n"
    "vmos: [{vmo: v1.x, size: 4p}, {vmo: w, size: 4p}]\n"
    "reclaim:\n"
    "  params: [a=1, b=2]\n"
    "workloads:\n"
    "  - {name: feed, vmo: v1.x, accesses: 3, pattern: {kind: loop}}\n";

Test(scenario, overrides_come_before_everything)
{
    static const struct scenario_override overrides[] = {
        {OVERRIDE_SET, "reclaim.min_aging=1s"},
        {OVERRIDE_SET, "reclaim.compression.enabled=true"},
        {OVERRIDE_SET, "workloads.feed.accesses=9"},
        {OVERRIDE_SET, "workloads.0.think.mean=5us"},
        {OVERRIDE_SET, "vmos.v1.x.size=7p"},
        {OVERRIDE_SET, "reclaim.params.1=b=3"},
        {OVERRIDE_SET, "record.pages=true"},
        {OVERRIDE_POLICY, "lru"},
        {OVERRIDE_PARAM, "a=5"},
        {OVERRIDE_PARAM, "c=6"},
        {OVERRIDE_SEED, "12"},
        {OVERRIDE_MEMORY, "1000p"},
    };
    size_t count = sizeof overrides / sizeof overrides[0];
    struct scenario *s = good_with(overridden, overrides, count);
    cr_assert_eq(s->reclaim.min_aging, 1000000000);
    cr_assert(s->reclaim.compression.enabled);
    cr_assert_eq(s->workloads[0].accesses, 9);
    cr_assert_eq(s->workloads[0].think.mean, 5000);
    cr_assert_eq(s->vmos[0].size_pages, 7);
    cr_assert_str_eq(s->reclaim.policy, "lru");
    cr_assert_eq(s->reclaim.policy_place.override, 8);
    cr_assert_eq(s->reclaim.param_count, 3);
    cr_assert_str_eq(s->reclaim.params[0].text, "a=5");
    cr_assert_eq(s->reclaim.params[0].place.override, 9);
    cr_assert_str_eq(s->reclaim.params[1].text, "b=3");
    cr_assert_str_eq(s->reclaim.params[2].text, "c=6");
    cr_assert_eq(s->seed, 12);
    cr_assert_eq(s->machine.memory_pages, 1000);
    cr_assert_eq(s->reclaim.pressure.oom_pages, 50);
    cr_assert(s->record.pages);
    cr_assert_str_eq(s->text, overridden);
    cr_assert_str_eq(s->overrides[10], "--seed 12");

    /* the text after overrides says the same without them */
    struct scenario *again = good(s->text_after);
    cr_assert_eq(again->seed, 12);
    cr_assert_eq(again->machine.memory_pages, 1000);
    cr_assert_eq(again->reclaim.param_count, 3);
    cr_assert_eq(again->workloads[0].think.mean, 5000);
    cr_assert_str_eq(again->text_after, s->text_after);
    scenario_free(again);

    struct scenario_errors errors;
    scenario_errors_init(&errors);
    struct reporter reporter = {
        .path = s->path, .overrides = s->overrides, .errors = &errors};
    report(&reporter, s->reclaim.policy_place, "no %s", "such");
    report(&reporter, s->workloads[0].place, "x");
    cr_assert_str_eq(errors.list[0].text, "--policy lru: no such");
    cr_assert_str_eq(errors.list[1].text, "dir/t.yaml:8:5: x");
    scenario_errors_release(&errors);
    scenario_free(s);
}

Test(scenario, overrides_that_are_wrong)
{
    static const struct {
        struct scenario_override override;
        const char *want; /* the beginning */
    } cases[] = {
        {{OVERRIDE_SET, "reclaim.min_agin=1s"},
         "--set reclaim.min_agin=1s: unknown key 'min_agin' in reclaim, did"
         " you mean 'min_aging'?"},
        {{OVERRIDE_SET, "machin.memory=1p"},
         "--set machin.memory=1p: unknown key 'machin' in the scenario, did"
         " you mean 'machine'?"},
        {{OVERRIDE_SET, "machine.memory=64"},
         "--set machine.memory=64: expected a size"},
        {{OVERRIDE_SET, "machine=64"},
         "--set machine=64: expected a mapping for 'machine', got '64'"},
        {{OVERRIDE_SET, "seed="},
         "--set seed=: expected a content (an unsigned 64-bit number) for"
         " 'seed', got nothing"},
        {{OVERRIDE_SET, "seed"}, "--set seed: expected KEY=VALUE"},
        {{OVERRIDE_SET, "=4"}, "--set =4: a key is empty"},
        {{OVERRIDE_SET, ".seed=4"}, "--set .seed=4: a key is empty"},
        {{OVERRIDE_SET, "reclaim..x=4"}, "--set reclaim..x=4: a key is empty"},
        {{OVERRIDE_SET, "vmos.2.size=4p"},
         "--set vmos.2.size=4p: there is no entry '2' in the list"},
        {{OVERRIDE_SET, "vmos.w.vmo=v1.x"},
         "--set vmos.w.vmo=v1.x: VMO 'v1.x' is defined twice (first at"
         " 4:14)"},
        {{OVERRIDE_SET, "vmos.heap.size=4p"},
         "--set vmos.heap.size=4p: there is no entry 'heap' in the list"},
        {{OVERRIDE_SET, "seed.x=4"},
         "--set seed.x=4: expected a content (an unsigned 64-bit number) for"
         " 'seed', got a mapping"},
        {{OVERRIDE_SET, "reclaim.params.0.x=4"},
         "--set reclaim.params.0.x=4: 'x' is in no mapping or list"},
        {{OVERRIDE_PARAM, "abc"},
         "--param abc: expected a parameter (name=value) for 'params', got"
         " 'abc'"},
        {{OVERRIDE_SEED, "-1"}, "--seed -1: expected a content"},
        {{OVERRIDE_MEMORY, "1.5p"},
         "--memory 1.5p: expected a size (4p, 16KiB, 512MiB, 2GiB) for"
         " 'memory', got '1.5p': it is not a whole number of pages"},
        {{OVERRIDE_POLICY, ""},
         "--policy : expected text for 'policy', got nothing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *got =
            errors_with(overridden, strlen(overridden), &cases[i].override, 1);
        cr_assert_eq(strncmp(got, cases[i].want, strlen(cases[i].want)), 0,
                     "got:  %swant: %s", got, cases[i].want);
        cr_assert_eq(strchr(got, '\n'), got + strlen(got) - 1, "%s", got);
        free(got);
    }
}
