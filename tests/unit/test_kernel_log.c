/*
 * The log in the kernel's words: what stands there when, and that nothing does
 * where no log is wanted.
 */
#include "world_fixture.h"

#include <stdlib.h>
#include <string.h>

/* The log of a run, the caller's to free. */
static char *log_of(const char *text)
{
    struct stage stage = stage_set(text);
    char *lines = NULL;
    size_t size;
    FILE *log = open_memstream(&lines, &size);

    cr_assert_not_null(log);
    stage.world->options.log = log;
    stage.world->options.is_paranoid = false; /* one of them is large */
    world_run(stage.world);
    stage_clear(&stage);
    fclose(log);
    return lines;
}

/* Lines that must follow one another, others between them. */
static void expect_lines(const char *log, const char *const *lines,
                         size_t count)
{
    const char *at = log;

    for (size_t i = 0; i < count; i++) {
        const char *found = strstr(at, lines[i]);

        cr_assert_not_null(found, "no '%s' after\n%s\nin\n%s", lines[i],
                           i ? lines[i - 1] : "the beginning", log);
        at = found + strlen(lines[i]);
    }
}

#define EXPECT_LINES(log, ...)                                                 \
    do {                                                                       \
        static const char *const lines[] = {__VA_ARGS__};                      \
        expect_lines(log, lines, sizeof lines / sizeof lines[0]);              \
    } while (0)

#define MACHINE                                                                \
    "version: 1\n"                                                             \
    "name: small\n"                                                            \
    "machine: {memory: 100p, costs: {evict_page: 1us}}\n"                      \
    "reclaim:\n"                                                               \
    "  pressure: {oom: 5p, imminent_oom_delta: 5p, critical: 19p,\n"           \
    "             warning: 30p, debounce: 1p, hysteresis: 2s}\n"

Test(kernel_log, levels_queues_and_evictions_stand_in_order)
{
    char *log =
        log_of(MACHINE "duration: 1100ms\n"
                       "events:\n"
                       "  - create: {vmo: a, size: 40p, kind: pager}\n"
                       "  - supply: {vmo: a}\n"
                       "  - hint: {vmo: a, pages: 0..30, kind: dont_need}\n"
                       "  - create: {vmo: x, size: 46p}\n"
                       "  - commit: {vmo: x}\n");

    EXPECT_LINES(log,
                 "[    0.000000] lowtide: small, policy zircon, seed 1, 100p "
                 "free\n",
                 "[    0.000000] mem_avail_state: critical, 14p free\n"
                 "[    0.000000] pq: mru_gen 7 since 0.000s (none), lru_gen 0, "
                 "[10,0],0,0,0,0,0,{0}, evict first 30, live active/inactive "
                 "10/30, dirty 0, failed reclaim 0\n",
                 "[    1.000006] [EVICT] free 14p to 20p, pager backed 6\n");
    free(log);
}

Test(kernel_log, out_of_memory_is_told_before_and_after)
{
    char *log = log_of(MACHINE "duration: 100ms\n"
                               "processes: [{name: glutton, oom_score: 7}]\n"
                               "vmos: [{vmo: x, size: 94p, process: glutton}]\n"
                               "events:\n"
                               "  - create: {vmo: a, size: 2p, kind: pager}\n"
                               "  - supply: {vmo: a}\n"
                               "  - hint: {vmo: a, pages: 0, kind: dont_need}\n"
                               "  - commit: {vmo: x}\n");

    EXPECT_LINES(log, "OOM: 4p free before eviction\n",
                 "pq: ", "[EVICT] free 4p to 5p, pager backed 1\n",
                 "OOM: 5p free after eviction\n",
                 "pq: ", "OOM: reclaimable 1p, newest 1p, oldest 0p\n",
                 "mem_avail_state: oom, 5p free\n",
                 "pq: ", "OOM: killing process glutton, score 7\n");
    free(log);
}

Test(kernel_log, kinds_that_were_evicted_are_named)
{
    char *log =
        log_of("version: 1\n"
               "machine: {memory: 1000p}\n"
               "reclaim: {compression: {enabled: true, anonymous: true},\n"
               "          discardable_min_age: 0}\n"
               "vmos:\n"
               "  - {vmo: p, size: 10p, kind: pager, prefill: all}\n"
               "  - {vmo: a, size: 10p, prefill: all}\n"
               "  - {vmo: d, size: 10p, kind: discardable, prefill: all}\n"
               "events:\n"
               "  - lock: {vmo: d}\n"
               "  - unlock: {vmo: d}\n"
               "  - rotate: {times: 2}\n"
               "  - evict: {min: 30p, level: include_newest}\n"
               "  - evict: {min: 30p, level: include_newest}\n");

    EXPECT_LINES(log, "pager backed 10, discardable 10, compressed 10\n");
    cr_assert_null(strstr(strstr(log, "[EVICT]") + 1, "[EVICT]"),
                   "nothing was evicted the second time:\n%s", log);
    free(log);
}

Test(kernel_log, another_policys_lists_are_named)
{
    char *log = log_of("version: 1\n"
                       "machine: {memory: 100p}\n"
                       "duration: 1ms\n"
                       "reclaim: {policy: lru}\n"
                       "vmos: [{vmo: p, size: 10p, kind: pager, prefill: all}]"
                       "\n");

    EXPECT_LINES(log, "pq: lru, lru 10, dirty 0, failed reclaim 0\n");
    free(log);
}

/* Eight counts of five digits, and 50 bytes, the end included, for them. */
Test(kernel_log, long_counts_are_cut_as_the_kernel_cuts_them)
{
    char *log =
        log_of("version: 1\n"
               "machine: {memory: 1GiB}\n"
               "duration: 1s\n"
               "reclaim: {pressure: {hysteresis: 500ms}}\n"
               "events:\n"
               "  - {create: {vmo: \"b{n}\", size: 10000p, kind: pager},\n"
               "     every: 1ms, times: 8}\n"
               "  - {supply: {vmo: \"b{n}\"}, every: 1ms, times: 8}\n"
               "  - {rotate: {}, every: 1ms, times: 7}\n");

    EXPECT_LINES(log,
                 "lru_gen 7, "
                 "[10000,10000],10000,10000,10000,10000,10000,{1000, evict "
                 "first 0");
    free(log);
}

Test(kernel_log, without_a_log_nothing_is_written)
{
    struct stage stage = stage_set(MACHINE "duration: 3s\n"
                                           "vmos: [{vmo: x, size: 90p}]\n"
                                           "events: [{commit: {vmo: x}}]\n");
    FILE *said = tmpfile();

    cr_assert_not_null(said);
    stage.world->options.messages = said;
    world_run(stage.world);
    cr_assert_eq(ftell(said), 0);
    fclose(said);
    stage_clear(&stage);
}
