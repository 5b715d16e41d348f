/*
 * The script: order of events, repeats, statuses, operations that wait, and
 * the operations and keys that no conformance scenario uses.
 *
 * Each case is a small scenario, as text; its events tell what must hold.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/script.h"
#include "scenario/scenario.h"

struct outcome {
    enum world_status status;
    char *messages; /* failed expectations; freed by the caller */
    char *log;      /* what `dump` wrote; likewise */
};

/* `head`: the sections before `events`. */
static struct scenario *load(const char *head, const char *events)
{
    char text[8192];
    int length = snprintf(text, sizeof(text),
                          "version: 1\nname: t\n%sevents:\n%s", head, events);
    cr_assert((size_t)length < sizeof(text));
    struct scenario *scenario = NULL;
    struct scenario_errors errors;
    scenario_errors_init(&errors);
    enum scenario_result result = scenario_load_text(
        "t.yaml", text, (size_t)length, NULL, 0, &scenario, &errors);
    if (result != SCENARIO_OK)
        scenario_errors_print(&errors, stderr);
    scenario_errors_release(&errors);
    cr_assert(result == SCENARIO_OK, "%s", text);
    return scenario;
}

static struct outcome run(const char *head, const char *events)
{
    struct outcome outcome = {.status = WORLD_ERROR};
    size_t message_bytes = 0;
    size_t log_bytes = 0;
    struct world_options options = {
        .messages = open_memstream(&outcome.messages, &message_bytes),
        .log = open_memstream(&outcome.log, &log_bytes),
    };
    struct scenario *scenario = load(head, events);
    char problem[256] = "";
    bool is_input;
    struct world *world = world_new(scenario, NULL, &options, problem,
                                    sizeof(problem), &is_input);
    cr_assert(world != NULL, "%s", problem);
    outcome.status = world_run(world);
    world_free(world);
    scenario_free(scenario);
    fclose(options.messages);
    fclose(options.log);
    return outcome;
}

static void release(struct outcome *outcome)
{
    free(outcome->messages);
    free(outcome->log);
}

/* Every expectation of the scenario holds. */
static void holds(const char *head, const char *events)
{
    struct outcome outcome = run(head, events);
    cr_assert_str_eq(outcome.messages, "");
    cr_assert_eq(outcome.status, WORLD_OK);
    release(&outcome);
}

/* Some do not, and this is what is said about them. */
static void complains(const char *head, const char *events,
                      const char *messages)
{
    struct outcome outcome = run(head, events);
    cr_assert_str_eq(outcome.messages, messages);
    cr_assert_eq(outcome.status, WORLD_FAILED);
    release(&outcome);
}

/* Order. ------------------------------------------------------------------ */

Test(script, default_time_is_that_of_the_event_before)
{
    holds("", "  - {create: {vmo: a, size: 1p}, at: 3ms}\n"
              "  - expect: {now: 3ms}\n"
              "  - {expect: {now: 3500us}, after: 500us}\n"
              "  - expect: {now: 3500us}\n");
}

Test(script, repeats_interleave_by_time_and_then_by_place)
{
    /* x at 0 2 4, y at 0 2 4: 1 is overwritten by 2 each time */
    holds("", "  - create: {vmo: a, size: 1p}\n"
              "  - {write: {vmo: a, value: 1}, every: 2ms, times: 3}\n"
              "  - {write: {vmo: a, value: 2}, every: 2ms, times: 3}\n"
              "  - {expect: {vmo: a, content: [2]}, every: 1ms, times: 6}\n");
}

Test(script, an_event_after_a_repeated_one_counts_from_its_first_run)
{
    holds("", "  - create: {vmo: a, size: 3p}\n"
              "  - {write: {vmo: a, pages: '{n}', value: 7}, every: 10ms,"
              " times: 3}\n"
              "  - {expect: {vmo: a, content: [7, 0, 0]}, after: 1ms}\n"
              "  - {expect: {vmo: a, content: [7, 7, 7]}, at: 20ms}\n");
}

Test(script, until_is_inclusive)
{
    holds("", "  - {create: {vmo: 'v{n}', size: 1p}, every: 5ms, until: 10ms}\n"
              "  - {expect: {vmo: v2, exists: true}, at: 10ms}\n");
}

Test(script, a_run_that_fails_is_named)
{
    complains("",
              "  - create: {vmo: a, size: 2p}\n"
              "  - {write: {vmo: a, pages: '{n}', value: 1}, every: 1ms,"
              " times: 3}\n",
              "t.yaml:5: expected write a to return OK, got OUT_OF_RANGE"
              " (run 3 of 3)\n");
}

Test(script, what_an_event_satisfies_goes_on_before_the_next_event)
{
    holds("", "  - create: {vmo: r, size: 1p, kind: pager}\n"
              "  - {read: {vmo: r, returns: [5]}, status: SHOULD_WAIT,"
              " as_op: read}\n"
              "  - supply: {vmo: r, value: 5}\n"
              "  - expect: {op: read, state: done, result: OK}\n");
}

/* Statuses. --------------------------------------------------------------- */

Test(script, any_other_status_is_a_failed_expectation)
{
    complains("",
              "  - create: {vmo: a, size: 1p}\n"
              "  - {resize: {vmo: a, size: 2p}}\n"
              "  - {commit: {vmo: a}, status: ERROR}\n"
              "  - {commit: {vmo: a}, status: BAD_STATE}\n",
              "t.yaml:5: expected resize a to return OK, got UNAVAILABLE\n"
              "t.yaml:6: expected commit a to return ERROR, got OK\n"
              "t.yaml:7: expected commit a to return BAD_STATE, got OK\n");
}

Test(script, names_are_open_or_not)
{
    holds("", "  - create: {vmo: a, size: 1p}\n"
              "  - {create: {vmo: a, size: 1p}, status: ALREADY_EXISTS}\n"
              "  - close: {vmo: a}\n"
              "  - {commit: {vmo: a}, status: NOT_FOUND}\n"
              "  - {close: {vmo: a}, status: NOT_FOUND}\n"
              "  - {clone: {vmo: a, as: b, kind: snapshot},"
              " status: NOT_FOUND}\n"
              "  - expect: {vmo: a, exists: false}\n"
              "  - create: {vmo: a, size: 2p}\n"
              "  - expect: {vmo: a, exists: true, size: 2p}\n");
}

Test(script, a_closed_vmo_has_no_facts)
{
    complains("",
              "  - create: {vmo: a, size: 1p}\n"
              "  - close: {vmo: a}\n"
              "  - expect: {vmo: a, committed: 0}\n",
              "t.yaml:6: expected committed of a to be known of an open VMO,"
              " got NOT_FOUND\n");
}

/* Nothing is asked about it but that it is there. */
Test(script, an_expectation_of_a_vmo_alone_is_that_it_is_open)
{
    complains("",
              "  - create: {vmo: a, size: 1p}\n"
              "  - expect: {vmo: a}\n"
              "  - close: {vmo: a}\n"
              "  - expect: {vmo: a}\n",
              "t.yaml:7: expected a to be an open VMO, got NOT_FOUND\n");
}

static const char pagers[] =
    "pagers:\n"
    "  - {name: disk, read_latency: 1ms, read_bandwidth: 4096MiB/s}\n";

/* The touch takes page 3 along: a fault asks for its neighbours, too. */
Test(script, an_automatic_pager_makes_waiting_fine)
{
    holds(pagers, "  - create: {vmo: r, size: 4p, kind: pager, pager: disk}\n"
                  "  - {read: {vmo: r, pages: 0}, as_op: read}\n"
                  "  - expect: {op: read, state: waiting}\n"
                  "  - commit: {vmo: r, pages: 1}\n"
                  "  - touch: {vmo: r, pages: 2}\n"
                  "  - {expect: {op: read, state: done, result: OK},"
                  " after: 10ms}\n"
                  "  - expect: {vmo: r, committed: 4}\n");
}

Test(script, a_manual_pager_does_not)
{
    complains("",
              "  - create: {vmo: r, size: 1p, kind: pager}\n"
              "  - read: {vmo: r}\n",
              "t.yaml:5: expected read r to return OK, got SHOULD_WAIT\n");
}

/* Waiting. ---------------------------------------------------------------- */

Test(script, close_and_kill_end_what_waits)
{
    holds("processes: [{name: p}]\n",
          "  - create: {vmo: r, size: 1p, kind: pager}\n"
          "  - create: {vmo: s, size: 1p, kind: pager, process: p}\n"
          "  - {read: {vmo: r}, status: SHOULD_WAIT, as_op: one}\n"
          "  - {commit: {vmo: s}, status: SHOULD_WAIT, as_op: two}\n"
          "  - close: {vmo: r}\n"
          "  - expect: {op: one, state: done, result: BAD_STATE}\n"
          "  - expect: {op: two, state: waiting}\n"
          "  - kill: {process: p}\n"
          "  - expect: {op: two, state: done, result: BAD_STATE}\n"
          "  - expect: {vmo: s, exists: false}\n"
          "  - {kill: {process: p}, status: BAD_STATE}\n"
          "  - {create: {vmo: s, size: 1p, process: p}, status: BAD_STATE}\n"
          "  - validate: {}\n");
}

Test(script, an_operation_may_wait_for_ever)
{
    holds("", "  - create: {vmo: r, size: 1p, kind: pager}\n"
              "  - {read: {vmo: r, returns: [1]}, status: SHOULD_WAIT,"
              " as_op: read}\n"
              "  - expect: {op: read, state: waiting}\n"
              "  - expect: {vmo: r, requests: [read 0..1]}\n");
}

Test(script, returns_are_checked_when_the_read_is_over)
{
    complains("",
              "  - create: {vmo: r, size: 2p, kind: pager}\n"
              "  - {read: {vmo: r, returns: [5, 6]}, status: SHOULD_WAIT}\n"
              "  - supply: {vmo: r, values: [5, 7]}\n"
              "  - {read: {vmo: r, pages: 0, returns: [5]}}\n",
              "t.yaml:5: expected returns of read r to be [5, 6],"
              " got [5, 7]\n");
}

Test(script, a_name_means_the_last_operation_that_had_it)
{
    holds("", "  - create: {vmo: r, size: 2p, kind: pager}\n"
              "  - {read: {vmo: r, pages: 0}, status: SHOULD_WAIT, as_op: o}\n"
              "  - {read: {vmo: r, pages: 1}, status: SHOULD_WAIT, as_op: o}\n"
              "  - supply: {vmo: r, pages: 0}\n"
              "  - expect: {op: o, state: waiting}\n"
              "  - supply: {vmo: r, pages: 1}\n"
              "  - expect: {op: o, state: done, result: OK}\n");
}

/* Operations. ------------------------------------------------------------- */

Test(script, touch_goes_through_a_mapping)
{
    holds("", "  - create: {vmo: a, size: 4p, resizable: true}\n"
              "  - touch: {vmo: a, pages: 0..2}\n"
              "  - expect: {vmo: a, committed: 0}\n"
              "  - touch: {vmo: a, pages: 1..3, write: true, value: 9}\n"
              "  - expect: {vmo: a, content: [0, 9, 9, 0], committed: 2}\n"
              "  - touch: {vmo: a, pages: 2, write: true, value: 8}\n"
              "  - expect: {vmo: a, content: [0, 9, 8, 0]}\n"
              "  - {touch: {vmo: a, pages: 3..5}, status: OUT_OF_RANGE}\n"
              "  - resize: {vmo: a, size: 6p}\n"
              "  - touch: {vmo: a, pages: 5, write: true, value: 1}\n"
              "  - expect: {vmo: a, content: [0, 9, 8, 0, 0, 1]}\n"
              "  - resize: {vmo: a, size: 1p}\n"
              "  - {touch: {vmo: a, pages: 5}, status: OUT_OF_RANGE}\n"
              "  - validate: {}\n");
}

Test(script, touch_waits_page_by_page)
{
    holds("", "  - create: {vmo: r, size: 3p, kind: pager}\n"
              "  - supply: {vmo: r, pages: 1, value: 1}\n"
              "  - {touch: {vmo: r, pages: 0..3}, status: SHOULD_WAIT,"
              " as_op: t}\n"
              "  - supply: {vmo: r, pages: 0}\n"
              "  - expect: {op: t, state: waiting}\n"
              "  - supply: {vmo: r, pages: 2}\n"
              "  - expect: {op: t, state: done, result: OK}\n");
}

Test(script, a_touch_of_a_zero_clone_marks_a_zero_fork)
{
    holds("", "  - create: {vmo: a, size: 2p}\n"
              "  - touch: {vmo: a, pages: 0, write: true, value: 0}\n"
              "  - touch: {vmo: a, pages: 1, write: true, value: 3}\n"
              "  - expect: {vmo: a, queues: [zero_fork, zero_fork]}\n"
              "  - scan_zero: {limit: 1}\n"
              "  - expect: {queue: {zero_fork: 1}}\n"
              "  - scan_zero: {}\n"
              "  - expect: {vmo: a, slots: [zero, page],"
              " queues: [none, anonymous], content: [0, 3]}\n");
}

Test(script, harvest_finds_what_was_touched)
{
    holds("", "  - create: {vmo: r, size: 2p, kind: pager}\n"
              "  - supply: {vmo: r}\n"
              "  - touch: {vmo: r}\n"
              "  - rotate: {times: 3}\n"
              "  - touch: {vmo: r, pages: 0}\n"
              "  - harvest: {}\n"
              "  - expect: {vmo: r, pages: 0, queues: [reclaim0]}\n"
              "  - rotate: {}\n"
              "  - expect: {vmo: r, pages: 0, queues: [reclaim1]}\n");
}

Test(script, mappings_have_names)
{
    holds("", "  - create: {vmo: a, size: 2p}\n"
              "  - map: {vmo: a, as: m, pages: 1, write: true}\n"
              "  - {map: {vmo: a, as: m}, status: ALREADY_EXISTS}\n"
              "  - unmap: {as: m}\n"
              "  - {unmap: {as: m}, status: NOT_FOUND}\n"
              "  - map: {vmo: a, as: m, high_priority: true}\n"
              "  - expect: {vmo: a, high_priority: 1}\n"
              "  - close: {vmo: a}\n"
              "  - {unmap: {as: m}, status: NOT_FOUND}\n");
}

Test(script, take_moves_pages_into_a_new_vmo)
{
    holds("", "  - create: {vmo: a, size: 4p}\n"
              "  - write: {vmo: a, values: [1, 2, 3, 4]}\n"
              "  - take: {vmo: a, pages: 1..3, into: b}\n"
              "  - expect: {vmo: a, content: [1, 0, 0, 4], committed: 2}\n"
              "  - expect: {vmo: b, size: 2p, content: [2, 3],"
              " committed: 2}\n"
              "  - {take: {vmo: a, into: b}, status: ALREADY_EXISTS}\n"
              "  - {take: {vmo: a, pages: 3..9, into: c},"
              " status: OUT_OF_RANGE}\n"
              "  - expect: {vmo: c, exists: false}\n"
              "  - pin: {vmo: a, pages: 0}\n"
              "  - {take: {vmo: a, into: c}, status: BAD_STATE}\n"
              "  - expect: {vmo: c, exists: false}\n"
              "  - validate: {}\n");
}

Test(script, new_content_is_distinct_and_not_zero)
{
    struct outcome outcome =
        run("", "  - create: {vmo: a, size: 2p}\n"
                "  - write: {vmo: a}\n"
                "  - create: {vmo: r, size: 1p, kind: pager}\n"
                "  - supply: {vmo: r}\n"
                "  - read: {vmo: a, returns: [0, 0]}\n"
                "  - read: {vmo: r, returns: [0]}\n");
    unsigned long long written[2];
    unsigned long long supplied;
    const char *got = strstr(outcome.messages, "got [");
    cr_assert_not_null(got);
    cr_assert_eq(sscanf(got, "got [%llu, %llu]", &written[0], &written[1]), 2);
    got = strstr(got + 1, "got [");
    cr_assert_not_null(got);
    cr_assert_eq(sscanf(got, "got [%llu]", &supplied), 1);
    cr_assert_neq(written[0], written[1]);
    cr_assert_neq(written[1], supplied);
    /* far from what people write in scenarios */
    cr_assert_gt(written[0], UINT32_MAX);
    cr_assert_gt(supplied, UINT32_MAX);
    release(&outcome);
}

Test(script, as_many_values_as_pages)
{
    complains("",
              "  - create: {vmo: a, size: 2p}\n"
              "  - {write: {vmo: a, values: [1, 2, 3]},"
              " status: INVALID_ARGS}\n"
              "  - expect: {vmo: a, content: [0]}\n",
              "t.yaml:5: expected values of write a to be 3, got 2\n"
              "t.yaml:6: expected content of a to be [0], got [0, 0]\n");
}

Test(script, reclaim_of_a_page_that_is_not_there)
{
    holds("", "  - create: {vmo: a, size: 2p}\n"
              "  - {reclaim: {vmo: a, page: 1}, status: NOT_FOUND}\n"
              "  - {dedup: {vmo: a, page: 1}, status: NOT_FOUND}\n"
              "  - {unpin: {vmo: a, pages: 0}, status: BAD_STATE}\n"
              "  - {priority: {vmo: a, delta: -1}, status: BAD_STATE}\n"
              "  - {compress: {vmo: a}, status: NOT_SUPPORTED}\n");
}

Test(script, dump_writes_to_the_log)
{
    struct outcome outcome = run("", "  - create: {vmo: first, size: 2p}\n"
                                     "  - create: {vmo: second, size: 1p}\n"
                                     "  - commit: {vmo: first}\n"
                                     "  - dump: {vmo: first}\n");
    cr_assert_eq(outcome.status, WORLD_OK);
    cr_assert_not_null(strstr(outcome.log, "t.yaml:7: dump at 0ns"));
    cr_assert_not_null(strstr(outcome.log, "vmo first (2p)"));
    cr_assert_null(strstr(outcome.log, "second"));
    release(&outcome);

    outcome = run("", "  - create: {vmo: first, size: 2p}\n"
                      "  - create: {vmo: second, size: 1p}\n"
                      "  - dump: {}\n");
    cr_assert_not_null(strstr(outcome.log, "vmo second (1p)"));
    cr_assert_not_null(strstr(outcome.log, "list reclaim0: 0"));
    release(&outcome);
}

/* set. -------------------------------------------------------------------- */

Test(script, set_memory_changes_the_budget)
{
    holds("machine: {memory: 1000p}\n", "  - expect: {free: 1000}\n"
                                        "  - set: {memory: 1200p}\n"
                                        "  - expect: {free: 1200}\n"
                                        "  - set: {memory: 600p}\n"
                                        "  - expect: {free: 600}\n"
                                        "  - validate: {}\n");
}

Test(script, set_changes_the_policy_while_pages_are_there)
{
    holds("", "  - create: {vmo: r, size: 2p, kind: pager}\n"
              "  - supply: {vmo: r}\n"
              "  - expect: {vmo: r, queues: [reclaim0, reclaim]}\n"
              "  - set: {policy: lru}\n"
              "  - expect: {vmo: r, queues: [reclaim, reclaim]}\n"
              "  - expect: {queue: {reclaim: 2}}\n"
              "  - set: {policy: zircon}\n"
              "  - expect: {queue: {reclaim: 2, reclaim0: 2}}\n"
              "  - validate: {}\n");
}

Test(script, another_policy_has_no_generations)
{
    complains("reclaim: {policy: lru}\n",
              "  - create: {vmo: r, size: 1p, kind: pager}\n"
              "  - supply: {vmo: r}\n"
              "  - expect: {vmo: r, queues: [reclaim0]}\n",
              "t.yaml:7: expected queues of r to be [reclaim0],"
              " got [reclaim]\n");
}

Test(script, set_turns_loans_and_anonymous_reclaim_on)
{
    holds("", "  - create: {vmo: c, size: 2p, kind: contiguous}\n"
              "  - {decommit: {vmo: c}, status: NOT_SUPPORTED}\n"
              "  - set: {loaning: true, borrowing: true}\n"
              "  - decommit: {vmo: c}\n"
              "  - expect: {free_loaned: 2, loaned: 2}\n"
              "  - create: {vmo: r, size: 1p, kind: pager}\n"
              "  - supply: {vmo: r}\n"
              "  - expect: {vmo: r, loaned: 1}\n"
              "  - create: {vmo: a, size: 1p}\n"
              "  - write: {vmo: a}\n"
              "  - expect: {vmo: a, queues: [anonymous]}\n"
              "  - set: {anonymous_reclaim: true}\n"
              "  - expect: {vmo: a, queues: [reclaim]}\n"
              "  - {set: {anonymous_reclaim: false}, status: BAD_STATE}\n"
              "  - set: {eviction: false, compression_enabled: false}\n"
              "  - evict: {min: 2p, level: include_newest,"
              " evicted: {pager_backed: 0, compressed: 0}}\n"
              "  - validate: {}\n");
}

Test(script, a_policy_that_does_not_exist_is_a_load_error)
{
    static const struct {
        const char *set;
        const char *place;
    } cases[] = {
        {"  - set: {policy: best}\n", "t.yaml:4:"},
        {"  - set: {policy: lru, params: [depth=3]}\n", "t.yaml:4:"},
        {"  - set: {params: [no_such=3]}\n", "t.yaml:4:"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct scenario *scenario = load("", cases[i].set);
        char message[256] = "";
        cr_assert(!script_check(scenario, message, sizeof(message)));
        cr_assert_eq(strncmp(message, cases[i].place, strlen(cases[i].place)),
                     0, "%s", message);
        scenario_free(scenario);
    }
    struct scenario *scenario = load("", "  - set: {policy: lru}\n");
    char message[256] = "";
    cr_assert(script_check(scenario, message, sizeof(message)), "%s", message);
    scenario_free(scenario);
}

/* Sections. --------------------------------------------------------------- */

Test(script, declared_vmos_are_there_from_the_start)
{
    holds("processes:\n"
          "  - {name: browser, oom_score: 3}\n"
          "vmos:\n"
          "  - {vmo: heap, size: 4p, process: browser, prefill: 0..3}\n"
          "  - {vmo: file, size: 2p, kind: pager, prefill: all}\n"
          "record: {ticks: false, vmo_ticks: false}\n",
          "  - expect: {vmo: heap, committed: 3, size: 4p}\n"
          "  - expect: {vmo: file, committed: 2, dirty: [clean, clean]}\n"
          "  - kill: {process: browser}\n"
          "  - expect: {vmo: heap, exists: false}\n"
          "  - expect: {vmo: file, exists: true}\n");
}

/* Expectations. ----------------------------------------------------------- */

Test(script, what_is_found_is_spelled_as_in_scenarios)
{
    complains(
        "",
        "  - create: {vmo: a, size: 3p}\n"
        "  - write: {vmo: a, pages: 0, value: 5}\n"
        "  - expect:\n"
        "      vmo: a\n"
        "      size: 4p\n"
        "      content: [1, -, 0]\n"
        "      slots: [empty, -, -]\n"
        "      queues: [wired, none, none]\n"
        "      dirty: [clean, none, none]\n"
        "      parent: a\n"
        "      discardable: locked\n"
        "      requests: [read 0..2]\n"
        "  - {expect: {now: 1ms, level: oom, queue: {wired: 3}}, at: 1500us}\n"
        "  - expect: {vmo: a, pages: 0, same_page_as: a:1}\n",
        "t.yaml:8: expected size of a to be 4p, got 3p\n"
        "t.yaml:9: expected content of a to be [1, -, 0], got [5, 0, 0]\n"
        "t.yaml:10: expected slots of a to be [empty, -, -],"
        " got [page, empty, empty]\n"
        "t.yaml:11: expected queues of a to be [wired, none, none],"
        " got [anonymous, none, none]\n"
        "t.yaml:12: expected dirty of a to be [clean, none, none],"
        " got [untracked, none, none]\n"
        "t.yaml:13: expected parent of a to be a, got none\n"
        "t.yaml:14: expected discardable of a to be locked, got unset\n"
        "t.yaml:15: expected requests of a to be [read 0..2], got []\n"
        "t.yaml:16: expected now to be 1ms, got 1500us\n"
        "t.yaml:16: expected level to be oom, got normal\n"
        "t.yaml:16: expected queue to be {wired: 3}, got {wired: 0}\n"
        "t.yaml:17: expected same_page_as of a to be a:1 (physical page 0),"
        " got physical page 1\n");
}

Test(script, clones_share_a_page)
{
    holds("", "  - create: {vmo: a, size: 1p}\n"
              "  - write: {vmo: a}\n"
              "  - clone: {vmo: a, as: b, kind: snapshot}\n"
              "  - expect: {vmo: b, pages: 0, same_page_as: 'a:0', depth: 1,"
              " parent: a}\n"
              "  - expect: {vmo: a, children: 1, depth: 1}\n");
}
