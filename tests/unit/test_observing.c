/*
 * Watching changes nothing: a world that nobody observes ends exactly as one
 * that is recorded, logged and proved right after every event.
 */
#include "world_fixture.h"

#include <glob.h>

#include "check.h"
#include "record/recorder.h"

/* How a world stands at its end. */
struct standing {
    enum world_status status;
    sim_ns now;
    struct world_counters counters;
    struct world_stall stall;
    struct vm_machine_stats stats;
    struct compressor_stats compressor;
    struct evict_counts evicted;
    uint64_t free_pages, free_loaned, alloc_failed, alloc_delayed;
    uint64_t queue[PQ_COUNT];
    uint64_t announcements[LEVEL_COUNT];
    uint64_t content; /* a hash over what all VMOs would read */
};

static uint64_t content_of(const struct world *world)
{
    uint64_t hash = 1469598103934665603u;
    const struct world_vmo *vmo;

    TAILQ_FOREACH (vmo, &world->vmos, by_world) {
        struct vm_cow_pages *cow = vmo_cow(vmo->vmo);

        for (uint64_t page = 0; page < world_vmo_pages(vmo); page++) {
            uint64_t content = 0;
            bool is_there =
                vm_cow_peek_content(cow, pages_to_bytes(page), &content);

            hash = (hash ^ (is_there ? content : 99)) * 1099511628211u;
        }
    }
    return hash;
}

static struct standing standing_of(const struct world *world)
{
    const struct vm_machine *machine = &world->machine;
    struct standing standing;

    memset(&standing, 0, sizeof standing); /* compared as bytes */
    standing.status = world->status;
    standing.now = world->now;
    standing.counters = world->counters;
    standing.stall = world->stall;
    standing.stats = machine->stats;
    if (machine->compressor)
        standing.compressor = compressor_stats(machine->compressor);
    standing.evicted = world->evictor->total;
    standing.free_pages = machine->pmm.free_pages;
    standing.free_loaned = machine->pmm.free_loaned_pages;
    standing.alloc_failed = machine->pmm.alloc_failed_count;
    standing.alloc_delayed = machine->pmm.alloc_delayed_count;
    memcpy(standing.queue, machine->pqs.count, sizeof standing.queue);
    memcpy(standing.announcements, world->watchdog->announcements,
           sizeof standing.announcements);
    standing.content = content_of(world);
    return standing;
}

/* Run a file; `recorder` NULL: nobody observes it. */
static struct standing run_file(const char *path, struct recorder *recorder,
                                const struct world_options *options)
{
    struct scenario_errors errors;
    struct scenario *scenario;
    char message[512] = "";
    bool is_input;

    scenario_errors_init(&errors);
    cr_assert_eq(scenario_load(path, NULL, 0, &scenario, &errors), SCENARIO_OK,
                 "%s", path);
    scenario_errors_release(&errors);
    struct world *world = world_new(scenario, recorder, options, message,
                                    sizeof message, &is_input);
    cr_assert_not_null(world, "%s: %s", path, message);
    if (recorder) {
        struct record_run run = {
            .name = scenario->name,
            .scenario = path,
            .scenario_text = scenario->text_after,
            .policy = scenario->reclaim.policy,
            .version = "1",
            .argv = "",
            .record = {true, true, true, true, true},
        };
        cr_assert(recorder_begin_run(recorder, &run));
    }
    world_run(world);
    struct standing standing = standing_of(world);
    if (recorder) {
        struct record_end end = {.status = RUN_OK, .sim_ns = world->now};
        cr_assert(recorder_finish_run(recorder, &end, NULL));
    }
    world_free(world);
    scenario_free(scenario);
    return standing;
}

static void expect_equal(const char *path, const char *how,
                         const struct standing *a, const struct standing *b)
{
    cr_assert_eq(memcmp(&a->counters, &b->counters, sizeof a->counters), 0,
                 "%s: counters differ %s", path, how);
    cr_assert_eq(memcmp(&a->stats, &b->stats, sizeof a->stats), 0,
                 "%s: the machine's totals differ %s", path, how);
    cr_assert_eq(memcmp(&a->stall, &b->stall, sizeof a->stall), 0,
                 "%s: stalls differ %s", path, how);
    cr_assert_eq(memcmp(a, b, sizeof *a), 0, "%s: differs %s", path, how);
}

static void compare(const char *path)
{
    char message[256] = "";
    FILE *quiet = tmpfile();
    FILE *log = tmpfile();
    struct recorder *recorder = recorder_open(NULL, message, sizeof message);
    struct world_options plain = {.messages = quiet, .log = quiet};
    struct world_options watched = {
        .messages = quiet, .log = log, .is_paranoid = true};

    cr_assert_not_null(quiet);
    cr_assert_not_null(log);
    cr_assert_not_null(recorder, "%s", message);
    struct standing alone = run_file(path, NULL, &plain);
    struct standing recorded = run_file(path, recorder, &plain);
    struct standing proved = run_file(path, recorder, &watched);
    expect_equal(path, "when recorded", &alone, &recorded);
    expect_equal(path, "when proved", &alone, &proved);
    cr_assert(recorder_close(recorder, message, sizeof message));
    fclose(quiet);
    fclose(log);
}

/* run_fingerprints.sh does as much for all scenarios, in minutes. */
Test(observing, a_world_that_nobody_observes_ends_the_same)
{
    static const char *const where[] = {"scenarios/first-pressure.yaml",
                                        "tests/pressure/*.yaml"};
    glob_t files = {0};

    for (int i = 0; i < 2; i++)
        cr_assert_eq(glob(where[i], i ? GLOB_APPEND : 0, NULL, &files), 0,
                     "%s: none, or not in the project's directory", where[i]);
    for (size_t i = 0; i < files.gl_pathc; i++)
        compare(files.gl_pathv[i]);
    globfree(&files);
}
