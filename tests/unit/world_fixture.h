/*
 * Worlds from scenario texts, without a recorder.
 */
#ifndef LOWTIDE_TESTS_WORLD_FIXTURE_H
#define LOWTIDE_TESTS_WORLD_FIXTURE_H

#include "scenario_fixture.h"

#include "actors/aging.h"
#include "actors/evictor.h"
#include "actors/pager.h"
#include "actors/scanner.h"
#include "actors/vmo_life.h"
#include "actors/watchdog.h"
#include "actors/workload.h"
#include "engine/engine.h"

struct stage {
    struct scenario *scenario;
    struct world *world;
};

/* Built, not run yet; every event is followed by a proof of all invariants. */
static inline struct stage stage_set(const char *text)
{
    struct stage stage = {.scenario = good(text)};
    struct world_options options = {.is_paranoid = true};
    char message[512] = "";
    bool is_input;

    stage.world = world_new(stage.scenario, NULL, &options, message,
                            sizeof message, &is_input);
    cr_assert_not_null(stage.world, "%s\nof\n%s", message, text);
    return stage;
}

/* Run to its end; any of the statuses will do. */
static inline struct stage stage_run(const char *text)
{
    struct stage stage = stage_set(text);

    world_run(stage.world);
    return stage;
}

static inline void stage_clear(struct stage *stage)
{
    world_free(stage->world);
    scenario_free(stage->scenario);
}

/* The message of a scenario that can't be built. */
static inline void stage_refused(const char *text, const char *part)
{
    struct scenario *scenario = good(text);
    char message[512] = "";

    cr_assert(!world_check(scenario, false, message, sizeof message), "%s",
              text);
    cr_assert_not_null(strstr(message, part), "'%s' lacks '%s'", message, part);
    scenario_free(scenario);
}

#endif
