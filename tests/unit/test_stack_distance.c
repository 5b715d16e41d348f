/*
 * Stack distances against LRU itself: the misses that one pass counts for every
 * size are those of the core with that much memory.
 */
#include "replay_fixture.h"

#include <inttypes.h>

#include "study/stack_distance.h"

static uint64_t replayed_misses(const char *path, uint64_t memory_pages)
{
    struct replay_config config = config_of(path, "lru", memory_pages);
    struct replay_result result;
    char message[256] = "";
    cr_assert_eq(replay_run(&config, &result, message, sizeof message),
                 REPLAY_OK, "%s", message);
    return result.misses;
}

/* Ids are pages here: new ones come in order. */
static void feed(struct stack_distance *stack, const uint64_t *ids,
                 size_t count)
{
    cr_assert(stack_distance_init(stack));
    for (size_t n = 0; n < count; n++)
        cr_assert(stack_distance_access(stack, (uint32_t)ids[n]));
    const char *broken = stack_distance_valid(stack);
    cr_assert_null(broken, "%s", broken);
    cr_assert_eq(stack->requests, count);
}

/*
 * A random trace: a page is new, near the last ones, or any. Shares differ from
 * trace to trace.
 */
static uint64_t draw_trace(uint64_t *ids, size_t count, uint64_t seed)
{
    uint64_t state = seed;
    uint64_t pages = 0;
    unsigned newness = (unsigned)(splitmix(&state) % 8);
    unsigned nearness = (unsigned)(splitmix(&state) % 100);
    for (size_t n = 0; n < count; n++) {
        uint64_t draw = splitmix(&state) % 100;
        if (pages == 0 || draw < newness)
            ids[n] = pages++;
        else if (draw < newness + nearness)
            ids[n] = ids[n - 1 - splitmix(&state) % (n < 20 ? n : 20)];
        else
            ids[n] = splitmix(&state) % pages;
    }
    return pages;
}

Test(stack_distance, every_size_misses_as_lru_does_on_random_traces)
{
    enum { COUNT = 2000, TRACES = 30 };
    uint64_t ids[COUNT];
    for (uint64_t seed = 1; seed <= TRACES; seed++) {
        struct stack_distance stack;
        uint64_t pages = draw_trace(ids, COUNT, seed);
        char *path = write_trace(ids, COUNT);
        feed(&stack, ids, COUNT);
        cr_assert_eq(stack.pages, pages, "seed %" PRIu64, seed);
        for (uint64_t memory = 1; memory <= pages + 1; memory++) {
            uint64_t wanted = replayed_misses(path, memory);
            uint64_t got = stack_distance_misses(&stack, memory);
            cr_assert_eq(got, wanted,
                         "seed %" PRIu64 ", %" PRIu64 " pages: %" PRIu64
                         " misses, the core has %" PRIu64,
                         seed, memory, got, wanted);
        }
        stack_distance_release(&stack);
        unlink(path);
        free(path);
    }
}

/* Stamps are given anew several times, and there is more than one block. */
Test(stack_distance, long_traces_outlive_their_stamps)
{
    enum { COUNT = 200000 };
    static const uint64_t sizes[] = {1, 7, 100, 1000, 2500, 6000};
    uint64_t *ids = malloc(COUNT * sizeof *ids);
    for (uint64_t seed = 101; seed <= 103; seed++) {
        struct stack_distance stack;
        draw_trace(ids, COUNT, seed);
        char *path = write_trace(ids, COUNT);
        feed(&stack, ids, COUNT);
        cr_assert_lt(stack.now, COUNT, "seed %" PRIu64 ": stamps ran out",
                     seed);
        for (size_t n = 0; n < sizeof sizes / sizeof sizes[0]; n++)
            cr_assert_eq(stack_distance_misses(&stack, sizes[n]),
                         replayed_misses(path, sizes[n]),
                         "seed %" PRIu64 ", %" PRIu64 " pages", seed, sizes[n]);
        stack_distance_release(&stack);
        unlink(path);
        free(path);
    }
    free(ids);
}

Test(stack_distance, more_memory_never_misses_more)
{
    enum { COUNT = 50000 };
    uint64_t *ids = malloc(COUNT * sizeof *ids);
    struct stack_distance stack;
    uint64_t pages = draw_trace(ids, COUNT, 7);
    feed(&stack, ids, COUNT);
    uint64_t last = COUNT;
    cr_assert_eq(stack_distance_misses(&stack, 0), COUNT);
    for (uint64_t memory = 1; memory <= pages; memory++) {
        uint64_t misses = stack_distance_misses(&stack, memory);
        cr_assert_leq(misses, last, "%" PRIu64 " pages", memory);
        last = misses;
    }
    cr_assert_eq(last, pages, "with memory for all only first uses miss");
    stack_distance_release(&stack);
    free(ids);
}

Test(stack_distance, a_loop_has_one_distance)
{
    enum { PAGES = 3000, ROUNDS = 20 };
    struct stack_distance stack;
    cr_assert(stack_distance_init(&stack));
    for (uint32_t n = 0; n < PAGES * ROUNDS; n++)
        cr_assert(stack_distance_access(&stack, n % PAGES));
    cr_assert_eq(stack.at[PAGES - 1], PAGES * (ROUNDS - 1));
    cr_assert_eq(stack_distance_misses(&stack, PAGES - 1), PAGES * ROUNDS);
    cr_assert_eq(stack_distance_misses(&stack, PAGES), PAGES);
    stack_distance_release(&stack);
}
