/*
 * Replay: miss counts equal to the last miss to those of a reference
 * simulator on traces that are made here, and what else a replay promises.
 */
#include "replay_fixture.h"

#include <inttypes.h>

#include "study/replay_plan.h"

/* --- miss counts ----------------------------------------------------------------- */

struct expected {
    const char *policy;
    uint64_t bits; /* clock's parameter; 0: none */
    uint64_t memory_pages;
    uint64_t misses;
};

static void expect_misses(const char *path, const struct expected *table,
                          size_t count, uint64_t requests, uint64_t distinct)
{
    for (size_t n = 0; n < count; n++) {
        struct replay_config config =
            config_of(path, table[n].policy, table[n].memory_pages);
        union reclaim_value values[RECLAIM_MAX_PARAMS] = {
            {.uint = table[n].bits}};
        struct replay_result result;
        char message[256] = "";
        if (table[n].bits)
            config.values = values;
        cr_assert_eq(replay_run(&config, &result, message, sizeof message),
                     REPLAY_OK, "%s", message);
        cr_assert_eq(result.requests, requests);
        cr_assert_eq(result.distinct_pages, distinct);
        cr_assert_eq(result.misses, table[n].misses,
                     "%s bits=%" PRIu64 ", %" PRIu64 " pages: %" PRIu64
                     " misses, %" PRIu64 " expected",
                     table[n].policy, table[n].bits, table[n].memory_pages,
                     result.misses, table[n].misses);
    }
}

Test(replay, miss_counts_equal_the_reference_on_z10_1k)
{
    static const struct expected table[] = {
        {"fifo", 0, 10, 81710},   {"fifo", 0, 100, 47783},
        {"fifo", 0, 500, 17038},  {"fifo", 0, 145, 41354},
        {"lru", 0, 10, 78914},    {"lru", 0, 100, 42224},
        {"lru", 0, 500, 13507},   {"lru", 0, 145, 35982},
        {"clock", 1, 10, 77296},  {"clock", 1, 100, 40833},
        {"clock", 1, 500, 13139}, {"clock", 1, 145, 34842},
        {"clock", 2, 10, 75126},  {"clock", 2, 100, 39245},
        {"clock", 2, 500, 12216}, {"clock", 2, 145, 33279},
        {"clock", 0, 100, 40833}, /* bits=1 is the default */
    };
    char *path = zipf_trace(1000, 100000, 21);
    expect_misses(path, table, sizeof table / sizeof table[0], 100000, 1000);
    unlink(path);
    free(path);
}

Test(replay, miss_counts_equal_the_reference_on_z10_100k)
{
    static const struct expected table[] = {
        {"fifo", 0, 10000, 300213},  {"lru", 0, 10000, 265080},
        {"clock", 1, 10000, 257122}, {"clock", 2, 10000, 247918},
        {"lru", 0, 14288, 227905},
    };
    char *path = zipf_trace(100000, 1000000, 11);
    expect_misses(path, table, sizeof table / sizeof table[0], 1000000, 80636);
    unlink(path);
    free(path);
}

Test(replay, a_loop_one_page_too_long_defeats_lru_and_fits_one_page_more)
{
    enum { PAGES = 1000, REQUESTS = 10000 };
    static const struct expected table[] = {
        {"lru", 0, PAGES - 1, REQUESTS},    {"fifo", 0, PAGES - 1, REQUESTS},
        {"lru", 0, PAGES, PAGES},           {"zircon", 0, PAGES, PAGES},
        {"zircon", 0, PAGES - 1, REQUESTS}, /* all are young: it has to age */
    };
    uint64_t ids[REQUESTS];
    for (size_t n = 0; n < REQUESTS; n++)
        ids[n] = n % PAGES;
    char *path = write_trace(ids, REQUESTS);
    expect_misses(path, table, sizeof table / sizeof table[0], REQUESTS, PAGES);
    unlink(path);
    free(path);
}

/* --- ids ---------------------------------------------------------------------------- */

/* Dense or hashed, a batch or a page at a time: the same pages are missed. */
Test(replay, how_far_apart_ids_are_changes_no_count)
{
    enum { COUNT = 50000, PAGES = 5000 };
    const uint64_t spread[] = {1, UINT64_C(0x9e3779b97f4a7c15)};
    uint64_t *ids = malloc(COUNT * sizeof *ids);
    struct replay_result results[2];
    char message[256] = "";
    for (int run = 0; run < 2; run++) {
        uint64_t random = 1;
        for (size_t n = 0; n < COUNT; n++) {
            random = random * UINT64_C(6364136223846793005) + 1;
            ids[n] = (random >> 33) % PAGES * spread[run];
        }
        char *path = write_trace(ids, COUNT);
        struct replay_config config = config_of(path, "lru", PAGES / 2);
        cr_assert_eq(
            replay_run(&config, &results[run], message, sizeof message),
            REPLAY_OK, "%s", message);
        unlink(path);
        free(path);
    }
    cr_assert_eq(results[0].distinct_pages, PAGES);
    cr_assert_gt(results[0].misses, PAGES);
    cr_assert_eq(results[1].distinct_pages, results[0].distinct_pages);
    cr_assert_eq(results[1].misses, results[0].misses);
    free(ids);
}

/* --- errors, sizes ------------------------------------------------------------------ */

Test(replay, an_id_past_the_vmo_is_an_error_with_its_byte_offset)
{
    uint64_t ids[] = {3, 4, 5, 8, 1};
    char *path = write_trace(ids, 5);
    struct replay_config config = config_of(path, "lru", 10);
    struct replay_result result;
    char message[256] = "";
    config.vmo_pages = 9;
    cr_assert_eq(replay_run(&config, &result, message, sizeof message),
                 REPLAY_OK, "%s", message);
    cr_assert_eq(result.distinct_pages, 5);
    config.vmo_pages = 8;
    cr_assert_eq(replay_run(&config, &result, message, sizeof message),
                 REPLAY_BAD_INPUT);
    cr_assert(strstr(message, "byte 72"), "%s", message);
    cr_assert(strstr(message, path), "%s", message);
    unlink(path);
    free(path);
}

Test(replay, a_truncated_trace_is_an_error_with_its_byte_offset)
{
    uint64_t ids[] = {1, 2, 3};
    char *path = write_trace(ids, 3);
    struct replay_config config = config_of(path, "lru", 10);
    struct replay_result result;
    char message[256] = "";
    cr_assert_eq(truncate(path, 60), 0);
    cr_assert_eq(replay_run(&config, &result, message, sizeof message),
                 REPLAY_BAD_INPUT);
    cr_assert(strstr(message, path), "%s", message);
    cr_assert(strstr(message, "48") || strstr(message, "60"), "%s", message);
    unlink(path);
    free(path);
}

struct size_case {
    const char *text;
    uint64_t pages; /* of 100 distinct; 0: refused */
};

Test(replay, memory_is_a_size_or_a_fraction_of_the_distinct_pages)
{
    static const struct size_case cases[] = {
        {"7p", 7},     {"40KiB", 10}, {"0.1", 10},  {"0.29", 29},
        {"0.999", 99}, {"1.0", 100},  {"0.001", 1}, {"0.0", 0},
        {"1.1", 0},    {"10", 0},     {"0p", 0},    {"5KiB", 0},
        {"0.1.1", 0},  {"", 0},       {".5", 0},    {"0.1234567890", 0},
        {"-0.1", 0},   {"0.5p", 0},
    };
    uint64_t ids[300];
    for (size_t n = 0; n < 300; n++)
        ids[n] = n % 100;
    char *path = write_trace(ids, 300);
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        struct replay_plan plan = {
            .path = path,
            .options = {.format = TRACE_ORACLE_GENERAL, .page_size = 4096},
        };
        char message[512] = "";
        bool is_well =
            replay_plan_memory(&plan, cases[n].text, message, sizeof message);
        cr_assert_eq(is_well, cases[n].pages > 0, "'%s': %s", cases[n].text,
                     message);
        if (!is_well) {
            cr_assert(strstr(message, "--memory"));
            replay_plan_release(&plan);
            continue;
        }
        cr_assert_eq(
            replay_plan_read(&plan, 1, NULL, "", message, sizeof message),
            REPLAY_OK, "'%s': %s", cases[n].text, message);
        cr_assert_eq(plan.memory_pages[0], cases[n].pages, "'%s': %" PRIu64,
                     cases[n].text, plan.memory_pages[0]);
        replay_plan_release(&plan);
    }
    unlink(path);
    free(path);
}

Test(replay, a_parameter_goes_to_every_policy_that_has_it)
{
    struct replay_plan plan = {0};
    const char *good[] = {"bits=2"};
    const char *bad[] = {"bits=2", "colour=red"};
    char message[512] = "";
    cr_assert(replay_plan_policies(&plan, "lru,clock,clock", good, 1, message,
                                   sizeof message),
              "%s", message);
    cr_assert_eq(plan.policy_count, 3);
    cr_assert_eq(plan.policies[0].param_count, 0);
    cr_assert_eq(plan.policies[1].param_count, 1);
    cr_assert_str_eq(plan.policies[2].params[0].name, "bits");
    cr_assert_str_eq(plan.policies[2].params[0].value, "2");
    cr_assert_eq(plan.policies[1].values[0].uint, 2);
    replay_plan_release(&plan);

    cr_assert_not(replay_plan_policies(&plan, "lru,clock", bad, 2, message,
                                       sizeof message));
    cr_assert(strstr(message, "colour=red"), "%s", message);
    replay_plan_release(&plan);
    cr_assert_not(replay_plan_policies(&plan, "lru,nonsense", NULL, 0, message,
                                       sizeof message));
    cr_assert(strstr(message, "nonsense"), "%s", message);
    replay_plan_release(&plan);
}
