/* The future: as it was recorded, from where each thread is. */
#include "world_fixture.h"

#include "world/future.h"

static void record(struct future *future, const char *accesses)
{
    for (; *accesses; accesses += 3) /* "0a 1b " */
        cr_assert(future_access(future, (uint32_t)(accesses[0] - '0'), 7,
                                (uint64_t)(accesses[1] - 'a')));
}

static void expect_next(struct future *future, const char *pages,
                        const uint64_t *wanted)
{
    for (size_t n = 0; pages[n]; n++) {
        uint64_t found = future_next_use(future, 7, (uint64_t)(pages[n] - 'a'));
        cr_assert_eq(found, wanted[n], "%c: %llu, not %llu", pages[n],
                     (unsigned long long)found, (unsigned long long)wanted[n]);
    }
}

#define NEVER RECLAIM_NEVER

Test(future, each_thread_is_at_its_own_place)
{
    struct future *future = future_new();
    /* number       1  2  3  4  5  6  7 */
    record(future, "0a 1b 0c 1a 0b 1c 0a ");
    future_tell(future);
    expect_next(future, "abcd", (uint64_t[]){1, 2, 3, NEVER});
    record(future, "0a "); /* thread 1 is late: its b is still to come */
    expect_next(future, "abc", (uint64_t[]){4, 2, 3});
    record(future, "0c 0b ");
    expect_next(future, "abc", (uint64_t[]){4, 2, 6});
    record(future, "1b 1a ");
    expect_next(future, "abc", (uint64_t[]){7, NEVER, 6});
    record(future, "0a "); /* the last one recorded */
    expect_next(future, "abc", (uint64_t[]){NEVER, NEVER, 6});
    record(future, "0d 0d "); /* past the record: nothing is known */
    cr_assert_not(future_has_parted(future));
    future_end_thread(future, 1);
    expect_next(future, "abc", (uint64_t[]){NEVER, NEVER, NEVER});
    future_free(future);
}

Test(future, a_thread_that_goes_another_way_is_noticed)
{
    struct future *future = future_new();
    record(future, "0a 0b 1a ");
    future_tell(future);
    record(future, "1a 0a ");
    cr_assert_not(future_has_parted(future));
    record(future, "0c ");
    cr_assert(future_has_parted(future));
    future_free(future);
}

Test(future, objects_are_apart)
{
    struct future *future = future_new();
    cr_assert(future_access(future, 3, 1, 5));
    cr_assert(future_access(future, 3, 9000, 5));
    cr_assert(future_access(future, 3, 1, 70000));
    future_tell(future);
    cr_assert_eq(future_next_use(future, 1, 5), 1);
    cr_assert_eq(future_next_use(future, 9000, 5), 2);
    cr_assert_eq(future_next_use(future, 1, 70000), 3);
    cr_assert_eq(future_next_use(future, 2, 5), NEVER);
    cr_assert_eq(future_next_use(future, 90000, 5), NEVER);
    future_free(future);
}

/* --- a machine ------------------------------------------------------------ */

enum { PAGES_IN_TURN = 150, STRIDE = 37, ACCESSES = 3000 };

static const char in_turn[] =
    "version: 1\n"
    "machine: {memory: 200p, wired: 60p}\n"
    "reclaim:\n"
    "  policy: %s\n"
    "  on_oom: wait\n"
    "  pressure: {oom: 5p, imminent_oom_delta: 2p, critical: 12p,\n"
    "             warning: 20p, debounce: 0p, hysteresis: 1ms,\n"
    "             evict_at_warning: true,\n"
    "             evict_continuous: true}\n"
    "pagers: [{name: disk, read_latency: 1ms}]\n"
    "vmos: [{vmo: f, size: 150p, kind: pager, pager: disk}]\n"
    "workloads:\n"
    "  - {name: w, vmo: f, accesses: 3000, think: 1ms,\n"
    "     pattern: {kind: stride, stride: 37}}\n"
    "%s";

static struct future *told;
static uint64_t asked, wrong;
static const struct world *asking;

/* All pages in turn: access n is to page (n - 1) * stride. A hit is counted
 * after it has been told. */
static uint64_t check_answer(void *context, page_index page)
{
    struct world *world = context;
    const struct vm_page *p = vm_page_of(&world->machine, page);
    uint64_t number = bytes_to_pages(p->offset);
    uint64_t answer = future_next_use(
        told, vm_cow_serial(vm_page_owner(&world->machine, page)), number);

    asked++;
    if (answer != RECLAIM_NEVER)
        wrong += (answer - 1) * STRIDE % PAGES_IN_TURN != number ||
                 answer + 1 < asking->counters.accesses ||
                 answer > asking->counters.accesses + 1 + PAGES_IN_TURN;
    else
        wrong += asking->counters.accesses + PAGES_IN_TURN < ACCESSES;
    return answer;
}

/* Major faults of a run. */
static uint64_t faults_of(const char *policy, const char *events,
                          struct future *future, bool is_checked)
{
    char text[1024], message[512];
    bool is_input;
    snprintf(text, sizeof text, in_turn, policy, events);
    struct scenario *scenario = good(text);
    struct world_options options = {
        .future = future, .is_paranoid = true, .max_burst = 1};
    struct world *world =
        world_new(scenario, NULL, &options, message, sizeof message, &is_input);
    cr_assert_not_null(world, "%s", message);
    if (is_checked) {
        asking = world;
        world->machine.pqs.host.look_ahead = check_answer;
    }
    cr_assert_eq(world_run(world), WORLD_OK);
    uint64_t faults = world->counters.faults_major;
    world_free(world);
    scenario_free(scenario);
    return faults;
}

Test(future, of_one_thread_it_is_the_future)
{
    told = future_new();
    uint64_t lru = faults_of("lru", "", told, false);
    future_tell(told);
    uint64_t opt = faults_of("opt", "", told, true);
    cr_assert_gt(asked, ACCESSES);
    cr_assert_eq(wrong, 0, "%llu of %llu answers", (unsigned long long)wrong,
                 (unsigned long long)asked);
    cr_assert_not(future_has_parted(told));
    cr_assert_lt(2 * opt, lru);
    cr_assert_lt(opt, faults_of("mru", "", NULL, false));
    future_free(told);
}

/* An access that fails is one: who waits when the pager leaves, and who fails
 * later, depends on the policy. */
Test(future, accesses_that_fail_are_no_other_way)
{
    char events[80];
    for (int ms = 400; ms < 430; ms++) {
        struct future *future = future_new();
        snprintf(events, sizeof events,
                 "events: [{detach: {vmo: f}, at: %dms}]", ms);
        faults_of("lru", events, future, false);
        future_tell(future);
        faults_of("opt", events, future, false);
        cr_assert_not(future_has_parted(future), "detached at %d ms", ms);
        future_free(future);
    }
}

/* Recording is watching. */
Test(future, who_is_recorded_runs_as_ever)
{
    struct future *future = future_new();
    cr_assert_eq(faults_of("zircon", "", future, false),
                 faults_of("zircon", "", NULL, false));
    future_free(future);
}
