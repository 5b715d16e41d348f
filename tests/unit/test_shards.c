/*
 * Samples of a trace: what belongs to them, what becomes of them when the rate
 * falls, and that all ways to the same figure agree.
 */
#include "replay_fixture.h"

#include <inttypes.h>
#include <math.h>

#include "study/shards.h"

static void sample_all(struct shards *shards, double rate, uint64_t max_pages,
                       const uint64_t *ids, size_t count)
{
    cr_assert(shards_init(shards, rate, max_pages));
    for (size_t n = 0; n < count; n++) {
        uint32_t page;
        if (shards_has(shards, ids[n]))
            cr_assert(shards_add(shards, ids[n], &page));
    }
}

static uint64_t *draw_ids(size_t count, uint64_t universe, uint64_t seed)
{
    uint64_t *ids = malloc(count * sizeof *ids);
    for (size_t n = 0; n < count; n++)
        ids[n] = splitmix(&seed) % universe;
    return ids;
}

Test(shards, a_page_is_in_the_sample_with_all_its_requests_or_with_none)
{
    enum { COUNT = 100000, UNIVERSE = 20000 };
    uint64_t *ids = draw_ids(COUNT, UNIVERSE, 5);
    struct shards shards;
    sample_all(&shards, 0.1, 0, ids, COUNT);
    uint64_t of_sample = 0;
    for (size_t n = 0; n < COUNT; n++) {
        if (!shards_has(&shards, ids[n]))
            continue;
        uint32_t page;
        cr_assert(replay_ids_page(&shards.numbers, ids[n], &page));
        cr_assert_eq(shards.pages[of_sample], page);
        of_sample++;
    }
    cr_assert_eq(shards.count, of_sample);
    /* binomial, four standard deviations */
    cr_assert_float_eq((double)shards.numbers.count, UNIVERSE * 0.1,
                       4 * sqrt(UNIVERSE * 0.1 * 0.9));
    shards_release(&shards);
    free(ids);
}

Test(shards, a_sample_at_rate_one_is_the_trace)
{
    enum { COUNT = 1000 };
    uint64_t *ids = draw_ids(COUNT, 100, 6);
    struct shards shards;
    struct replay_ids numbers;
    sample_all(&shards, 1, 0, ids, COUNT);
    cr_assert_eq(shards.count, COUNT);
    cr_assert(replay_ids_init(&numbers));
    for (size_t n = 0; n < COUNT; n++) {
        uint32_t page;
        cr_assert(replay_ids_page(&numbers, ids[n], &page));
        cr_assert_eq(shards.pages[n], page);
    }
    replay_ids_release(&numbers);
    shards_release(&shards);
    free(ids);
}

Test(shards, a_rate_that_fell_leaves_what_it_would_have_sampled_from_the_start)
{
    enum { COUNT = 200000, UNIVERSE = 30000, MAX_PAGES = 1000 };
    uint64_t *ids = draw_ids(COUNT, UNIVERSE, 8);
    struct shards fell;
    struct shards fixed;
    sample_all(&fell, 1, MAX_PAGES, ids, COUNT);
    cr_assert_lt(fell.rate, 0.05);
    cr_assert_gt(fell.rate, 0.01);
    cr_assert_leq(fell.numbers.count, MAX_PAGES);
    sample_all(&fixed, fell.rate, 0, ids, COUNT);
    cr_assert_eq(fell.count, fixed.count);
    cr_assert_eq(fell.numbers.count, fixed.numbers.count);
    cr_assert_arr_eq(fell.pages, fixed.pages,
                     fixed.count * sizeof *fixed.pages);
    shards_release(&fixed);
    shards_release(&fell);
    free(ids);
}

Test(shards, misses_are_scaled_and_never_more_than_the_requests)
{
    cr_assert_eq(shards_scale_down(0.1, 1000), 100);
    cr_assert_eq(shards_scale_down(0.1, 4), 0);
    cr_assert_eq(shards_scale_down(1, 12345), 12345);
    cr_assert_eq(shards_misses(1, 100, 37), 37);
    /* 90 requests where 100 were expected: the ten are hits */
    cr_assert_eq(shards_misses(0.1, 1000, 90), 900);
    /* 120 where 100 were expected, all misses: a ratio of at most 1 */
    cr_assert_eq(shards_misses(0.1, 1000, 120), 1000);
}
