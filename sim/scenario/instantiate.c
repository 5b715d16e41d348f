/* One run of a repeated event: its operation with `{n}` put in. */
#include "scenario/decode.h"

static bool decode_run(const struct scenario_event *event, uint64_t n,
                       struct scenario_run *run, struct decoder *decoder)
{
    struct scenario_op *op = arena_alloc(run->memory, sizeof *op);
    struct field field;
    const char *as_op = NULL;
    decoder->run = n;
    if (!op || !decode_op(decoder, event->raw, event->op.kind, op) ||
        !decode_field(decoder, &event_table, event->raw, "as_op", &as_op,
                      &field))
        return false;
    run->op = op;
    run->as_op = as_op;
    return true;
}

bool scenario_event_instantiate(const struct scenario *scenario,
                                const struct scenario_event *event, uint64_t n,
                                struct scenario_run *run, const char **problem)
{
    *run = (struct scenario_run){.op = &event->op, .as_op = event->as_op};
    if (problem)
        *problem = NULL;
    if (!event->varies)
        return true;
    run->memory = arena_new();
    struct decoder decoder = {.arena = run->memory,
                              .places = scenario->places,
                              .page_bytes = scenario->machine.page_bytes,
                              .is_repeated = true,
                              .run_count = event->run_count};
    bool done = run->memory && decode_run(event, n, run, &decoder);
    if (done && decoder.reporter.found == 0)
        return true;
    if (problem)
        *problem = done ? "{n} makes an invalid value here" : "out of memory";
    scenario_run_release(run);
    return false;
}

void scenario_run_release(struct scenario_run *run)
{
    arena_free(run->memory);
    *run = (struct scenario_run){0};
}
