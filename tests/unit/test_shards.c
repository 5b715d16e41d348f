/*
 * Samples of a trace: what belongs to them, what becomes of them when the rate
 * falls, and that all ways to the same figure agree.
 */
#include "replay_fixture.h"

#include <inttypes.h>
#include <math.h>

#include "study/replay_plan.h"
#include "study/replay_point.h"

static void sample_all(struct shards *shards, double rate, uint64_t max_pages,
                       const uint64_t *ids, size_t count)
{
    cr_assert(shards_init(shards, rate, max_pages, UINT64_MAX));
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
        cr_assert(trace_ids_page(&shards.numbers, ids[n], &page));
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
    struct trace_ids numbers;
    sample_all(&shards, 1, 0, ids, COUNT);
    cr_assert_eq(shards.count, COUNT);
    cr_assert(trace_ids_init(&numbers));
    for (size_t n = 0; n < COUNT; n++) {
        uint32_t page;
        cr_assert(trace_ids_page(&numbers, ids[n], &page));
        cr_assert_eq(shards.pages[n], page);
    }
    trace_ids_release(&numbers);
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

Test(shards, a_rate_falls_too_when_there_are_too_many_requests)
{
    enum { COUNT = 200000, UNIVERSE = 1000, MAX_REQUESTS = 30000 };
    uint64_t *ids = draw_ids(COUNT, UNIVERSE, 10);
    struct shards fell;
    struct shards fixed;
    uint32_t page;
    cr_assert(shards_init(&fell, 1, UNIVERSE, MAX_REQUESTS));
    for (size_t n = 0; n < COUNT; n++)
        if (shards_has(&fell, ids[n]))
            cr_assert(shards_add(&fell, ids[n], &page));
    cr_assert_leq(fell.count, MAX_REQUESTS);
    cr_assert_gt(fell.count, MAX_REQUESTS / 4);
    sample_all(&fixed, fell.rate, 0, ids, COUNT);
    cr_assert_eq(fell.count, fixed.count);
    cr_assert_arr_eq(fell.pages, fixed.pages,
                     fixed.count * sizeof *fixed.pages);
    shards_release(&fixed);
    shards_release(&fell);
    /* one page alone is kept, however often it comes */
    cr_assert(shards_init(&fell, 1, UNIVERSE, 10));
    for (size_t n = 0; n < 100; n++)
        cr_assert(shards_add(&fell, 1, &page));
    cr_assert_eq(fell.count, 100);
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

/* --- surveys and points ------------------------------------------------------- */

static struct replay_survey survey_of(const char *path, double rate,
                                      enum replay_distances distances)
{
    struct replay_survey survey = {
        .wants_distances = distances,
        .rate = rate,
        .max_kept = UINT64_MAX,
    };
    struct trace_options options = {.format = TRACE_ORACLE_GENERAL};
    char message[256] = "";
    cr_assert_eq(
        replay_survey_read(&survey, path, &options, message, sizeof message),
        REPLAY_OK, "%s", message);
    return survey;
}

/* The first records decide: plain, small ids, read from the beginning again. */
Test(shards, a_survey_pays_unless_reading_costs_nothing)
{
    const uint64_t small[] = {1, 2, TRACE_DENSE_LIMIT - 1};
    const uint64_t large[] = {1, 2, TRACE_DENSE_LIMIT};
    const struct trace_options binary = {.format = TRACE_ORACLE_GENERAL};
    const struct trace_options text = {.format = TRACE_TEXT};
    char *path_small = write_trace(small, 3);
    char *path_large = write_trace(large, 3);
    char *path_empty = write_trace(small, 0);
    char fifo[] = "/tmp/lowtide-survey-XXXXXX";

    cr_assert_not(replay_survey_pays(path_small, &binary));
    cr_assert(replay_survey_pays(path_small, &text), "has to be parsed");
    cr_assert(replay_survey_pays(path_large, &binary), "has to be hashed");
    cr_assert(replay_survey_pays(path_empty, &binary));
    cr_assert(mkdtemp(fifo));
    cr_assert(replay_survey_pays(fifo, &binary), "is no regular file");
    rmdir(fifo);
    cr_assert(replay_survey_pays(fifo, &binary), "is not there");
    unlink(path_small);
    unlink(path_large);
    unlink(path_empty);
    free(path_small);
    free(path_large);
    free(path_empty);
}

static uint64_t misses_of(const char *path, const struct replay_survey *survey,
                          enum replay_kind kind, const char *policy,
                          uint64_t memory_pages)
{
    struct replay_job job = {
        .config = config_of(path, policy, memory_pages),
        .kind = kind,
        .survey = survey,
    };
    struct replay_result result;
    char message[256] = "";
    if (survey && kind == REPLAY_WHOLE)
        job.config.pages = &survey->pages;
    cr_assert_eq(
        replay_point_run(&job, &job.config, &result, message, sizeof message),
        REPLAY_OK, "%s", message);
    return result.misses;
}

Test(shards, a_trace_that_was_read_before_is_replayed_as_from_the_file)
{
    char *path = zipf_trace(1000, 30000, 3);
    struct replay_survey survey = survey_of(path, 1, REPLAY_NO_DISTANCES);
    cr_assert_eq(survey.requests, 30000);
    for (size_t n = 0; built_in_policies[n]; n++) {
        const char *policy = built_in_policies[n]->name;
        cr_assert_eq(misses_of(path, &survey, REPLAY_WHOLE, policy, 100),
                     misses_of(path, NULL, REPLAY_WHOLE, policy, 100), "%s",
                     policy);
    }
    replay_survey_release(&survey);
    unlink(path);
    free(path);
}

Test(shards, distances_of_a_sample_agree_with_lru_on_the_sample)
{
    static const uint64_t sizes[] = {40, 100, 333, 1000, 4000};
    char *path = zipf_trace(10000, 100000, 4);
    struct replay_survey survey =
        survey_of(path, 0.1, REPLAY_DISTANCES_OF_SAMPLE);
    for (size_t n = 0; n < sizeof sizes / sizeof sizes[0]; n++)
        cr_assert_eq(
            misses_of(path, &survey, REPLAY_BY_DISTANCES, "lru", sizes[n]),
            misses_of(path, &survey, REPLAY_SAMPLE, "lru", sizes[n]),
            "%" PRIu64 " pages", sizes[n]);
    replay_survey_release(&survey);
    unlink(path);
    free(path);
}

Test(shards, a_whole_trace_too_long_to_keep_is_still_counted)
{
    char *path = zipf_trace(1000, 30000, 3);
    struct replay_survey survey = {.rate = 1, .max_kept = 10000};
    struct trace_options options = {.format = TRACE_ORACLE_GENERAL};
    char message[256] = "";
    cr_assert_eq(
        replay_survey_read(&survey, path, &options, message, sizeof message),
        REPLAY_OK, "%s", message);
    cr_assert_null(survey.pages.page);
    cr_assert_eq(survey.requests, 30000);
    struct replay_config config = config_of(path, "lru", 10000);
    struct replay_result result;
    cr_assert_eq(replay_run(&config, &result, message, sizeof message),
                 REPLAY_OK);
    cr_assert_eq(survey.distinct_pages, result.distinct_pages);
    replay_survey_release(&survey);
    unlink(path);
    free(path);
}

/* --- plans -------------------------------------------------------------------------- */

Test(shards, a_rate_is_a_fraction_up_to_one)
{
    static const char *const good[] = {"1", "1.0", "0.5", "0.000000001"};
    static const double rates[] = {1, 1, 0.5, 1e-9};
    static const char *const bad[] = {"0",    "0.0", "1.01", "2",  "-0.1",
                                      "0.1x", "",    "10%",  "nan"};
    char message[512];
    for (size_t n = 0; n < sizeof good / sizeof good[0]; n++) {
        struct replay_plan plan = {0};
        cr_assert(replay_plan_sample(&plan, good[n], message, sizeof message),
                  "%s", message);
        cr_assert_float_eq(plan.sample_rate, rates[n], 1e-18);
    }
    for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        struct replay_plan plan = {0};
        message[0] = '\0';
        cr_assert_not(
            replay_plan_sample(&plan, bad[n], message, sizeof message), "%s",
            bad[n]);
        cr_assert(strstr(message, "--sample"), "%s", message);
    }
}

Test(shards, a_curve_without_sizes_goes_from_small_to_the_footprint)
{
    char *path = zipf_trace(5000, 60000, 9);
    struct replay_plan plan = {
        .path = path,
        .options = {.format = TRACE_ORACLE_GENERAL, .page_size = 4096},
        .is_curve = true,
    };
    char message[512] = "";
    cr_assert(replay_plan_policies(&plan, "lru,fifo", NULL, 0, message,
                                   sizeof message));
    cr_assert_eq(replay_plan_read(&plan, 1, NULL, "", message, sizeof message),
                 REPLAY_OK, "%s", message);
    size_t count = plan.memory_count;
    cr_assert_eq(plan.job_count, 2 * count);
    cr_assert_gt(count, 15);
    for (size_t n = 1; n < count; n++)
        cr_assert_gt(plan.memory_pages[n], plan.memory_pages[n - 1]);
    cr_assert_eq(plan.memory_pages[count - 1], plan.survey.distinct_pages);
    cr_assert_leq(plan.memory_pages[0], 10);
    /* few enough pages to leave none out */
    cr_assert_eq(plan.jobs[0].kind, REPLAY_BY_DISTANCES);
    cr_assert_eq(plan.jobs[count].kind, REPLAY_WHOLE);
    cr_assert(replay_point_is_exact(&plan.jobs[count]));
    replay_plan_release(&plan);
    unlink(path);
    free(path);
}
