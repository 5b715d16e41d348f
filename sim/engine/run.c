/*
 * Bringing world and recorder together, and what happens when we are wrong.
 *
 * The failure handler of checks gets no context, so what it needs of the run
 * under way is kept for the thread that runs it.
 */
#include "engine/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "engine/engine.h"
#include "engine/forced.h"
#include "version.h"

/* Broken rules. ----------------------------------------------------------- */

struct under_way {
    const struct world *world;
    struct recorder *recorder;
    int exit_status;
};

static _Thread_local struct under_way under_way;

_Noreturn static void on_broken_rule(const char *file, int line,
                                     const char *rule)
{
    const struct world *world = under_way.world;
    struct record_end end = {.status = RUN_ERROR, .sim_ns = world->now};
    char message[256];

    vmcow_on_fail(NULL);
    fprintf(stderr,
            "lowtide: broken rule: %s\n"
            "  %s:%d, lowtide %s\n"
            "  scenario %s, line %u, seed %llu, %lld ns\n"
            "This is an error of the program. Please report the lines above "
            "with the scenario.\n",
            rule, file, line, LOWTIDE_VERSION, world->scenario->path,
            world->script_line, (unsigned long long)world->scenario->seed,
            (long long)world->now);
    if (under_way.recorder) {
        recorder_finish_run(under_way.recorder, &end, NULL);
        recorder_close(under_way.recorder, message, sizeof message);
    }
    fflush(NULL);
    _Exit(under_way.exit_status);
}

/* Beginning. -------------------------------------------------------------- */

/* `name=value` texts taken apart; the names go into `names`. */
struct params {
    struct record_param *list; /* owned */
    char *names;               /* owned */
};

static bool split_params(const struct scenario_reclaim *reclaim,
                         struct params *params)
{
    size_t bytes = 1;

    for (size_t i = 0; i < reclaim->param_count; i++)
        bytes += reclaim->params[i].name_length + 1;
    params->list = calloc(reclaim->param_count + 1, sizeof *params->list);
    params->names = calloc(bytes, 1);
    if (!params->list || !params->names)
        return false;
    char *name = params->names;
    for (size_t i = 0; i < reclaim->param_count; i++) {
        const struct scenario_param *param = &reclaim->params[i];

        memcpy(name, param->text, param->name_length);
        params->list[i] =
            (struct record_param){name, param->text + param->name_length + 1};
        name += param->name_length + 1;
    }
    return true;
}

static bool begin_run(const struct scenario *scenario,
                      struct recorder *recorder,
                      const struct run_options *options)
{
    struct params params = {NULL, NULL};
    bool is_fine = split_params(&scenario->reclaim, &params);
    struct record_run run = {
        .name = scenario->name,
        .scenario = scenario->path,
        .scenario_text = scenario->text_after,
        .policy = scenario->reclaim.policy,
        .params = params.list,
        .param_count = scenario->reclaim.param_count,
        .seed = scenario->seed,
        .memory_pages = scenario->machine.memory_pages,
        .page_size = scenario->machine.page_bytes,
        .version = LOWTIDE_VERSION,
        .argv = options->argv ? options->argv : "",
        .record = {.ticks = scenario->record.ticks,
                   .vmo_ticks = scenario->record.vmo_ticks,
                   .events = scenario->record.events,
                   .pages = scenario->record.pages,
                   .latency = scenario->record.latency},
    };

    is_fine = is_fine && recorder_begin_run(recorder, &run) &&
              (!options->study || recorder_study_run(recorder, options->study));
    free(params.list);
    free(params.names);
    return is_fine;
}

/* Ending. ----------------------------------------------------------------- */

static enum run_status recorded_status(enum world_status status)
{
    static const enum run_status statuses[] = {
        [WORLD_RUNNING] = RUN_ERROR,           [WORLD_OK] = RUN_OK,
        [WORLD_FAILED] = RUN_FAILED,           [WORLD_STOPPED] = RUN_STOPPED,
        [WORLD_INTERRUPTED] = RUN_INTERRUPTED, [WORLD_ERROR] = RUN_ERROR,
    };

    return statuses[status];
}

static void fail(struct run_outcome *outcome, const char *what)
{
    outcome->result = RUN_RESULT_HOST;
    snprintf(outcome->message, sizeof outcome->message, "%s",
             what ? what : "out of memory");
}

static void finish(struct world *world, struct recorder *recorder,
                   struct run_summary *summary, struct run_outcome *outcome)
{
    struct record_end end = {
        .status = recorded_status(world->status),
        .sim_ns = world->now,
        .first_touches = world->counters.first_touches,
    };

    outcome->status = world->status;
    if (world->status == WORLD_ERROR)
        fail(outcome, strerror(world->error_number));
    if (!recorder_finish_run(recorder, &end, summary))
        fail(outcome, recorder_error(recorder));
}

void run_scenario(const struct scenario *scenario, struct recorder *recorder,
                  const struct run_options *options,
                  struct run_summary *summary, struct run_outcome *outcome)
{
    bool is_input;

    *outcome = (struct run_outcome){.status = WORLD_RUNNING};
    struct world *world =
        world_new(scenario, recorder, &options->world, outcome->message,
                  sizeof outcome->message, &is_input);
    if (!world) {
        outcome->result = is_input ? RUN_RESULT_INPUT : RUN_RESULT_HOST;
        return;
    }
    if (!begin_run(scenario, recorder, options)) {
        fail(outcome, recorder_error(recorder));
        world_free(world);
        return;
    }
    under_way = (struct under_way){world, recorder, options->broken_rule_exit};
    vmcow_on_fail(on_broken_rule);
    forced_begin(world);
    world_run(world);
    forced_end();
    finish(world, recorder, summary, outcome);
    under_way.recorder = NULL;
    world_free(world);
    vmcow_on_fail(NULL);
}
