/*
 * Policies by name, with their parameters.
 *
 * Ageing tunables of the scenario (`min_aging` ...) belong to whichever policy
 * has a parameter of that name; what `params` says comes after and wins. The
 * engine does not ask which policy it is.
 */
#include "world/world_policy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world/future.h"

enum { TEXT_BYTES = 64, TUNABLES = 5 };

/* Is there, or will there be, borrowing for pages that are accessed? */
static bool wants_borrowing(const struct scenario *scenario)
{
    if (scenario->reclaim.borrow_on_mru)
        return true;
    for (size_t i = 0; i < scenario->event_count; i++) {
        const struct scenario_op *op = &scenario->events[i].op;

        if (op->kind == OP_SET && op->has_borrowing && op->borrowing)
            return true;
    }
    return false;
}

static double tunable_value(const struct scenario *scenario, int which,
                            const char **name)
{
    const struct scenario_reclaim *reclaim = &scenario->reclaim;

    switch (which) {
    case 0:
        *name = "min_aging_ns";
        return (double)reclaim->min_aging;
    case 1:
        *name = "max_aging_ns";
        return (double)reclaim->max_aging;
    case 2:
        *name = "active_ratio_multiplier";
        return (double)reclaim->active_ratio_multiplier;
    case 3:
        *name = "offer_aged_out";
        return reclaim->lru_action != LRU_ACTION_NONE;
    default:
        *name = "offer_accessed";
        return wants_borrowing(scenario);
    }
}

/* The tunable as a parameter's text; false: the policy has none of the name.
 * What is out of its bounds becomes the nearest value that is not. */
static bool tunable_text(const struct reclaim_policy_ops *ops,
                         const struct scenario *scenario, int which,
                         char text[TEXT_BYTES])
{
    const char *name;
    double value = tunable_value(scenario, which, &name);

    for (const struct reclaim_param *param = ops->params; param && param->name;
         param++) {
        if (strcmp(param->name, name) != 0)
            continue;
        value = fmin(fmax(value, param->minimum), param->maximum);
        snprintf(text, TEXT_BYTES, "%s=%.0f", name, value);
        return true;
    }
    return false;
}

/* Which of the parameters is it that is wrong? */
static const struct scenario_param *
find_wrong(const struct reclaim_policy_ops *ops,
           const struct scenario_param *params, size_t param_count)
{
    union reclaim_value values[RECLAIM_MAX_PARAMS];

    for (size_t i = 0; i < param_count; i++)
        if (reclaim_params_parse(ops, &params[i].text, 1, values, NULL, 0))
            return &params[i];
    return NULL;
}

/* False: `message` says what is wrong. */
static bool parse_params(struct world_policy *policy,
                         const struct scenario *scenario,
                         const struct scenario_param *params,
                         size_t param_count, char *message,
                         size_t message_bytes)
{
    char own[TUNABLES][TEXT_BYTES];
    const char **texts = calloc(param_count + TUNABLES, sizeof *texts);
    size_t count = 0;

    if (!texts) {
        snprintf(message, message_bytes, "out of memory");
        return false;
    }
    for (int i = 0; i < TUNABLES; i++)
        if (tunable_text(policy->handle.ops, scenario, i, own[i]))
            texts[count++] = own[i];
    for (size_t i = 0; i < param_count; i++)
        texts[count++] = params[i].text;
    const char *problem =
        reclaim_params_parse(policy->handle.ops, texts, count, policy->values,
                             message, message_bytes);
    free(texts);
    if (problem && problem != message)
        snprintf(message, message_bytes, "%s", problem);
    return !problem;
}

struct world_policy *world_policy_open(const struct scenario *scenario,
                                       const char *name, enum policy_use use,
                                       const struct scenario_param *params,
                                       size_t param_count, char *message,
                                       size_t message_bytes,
                                       const struct scenario_param **wrong)
{
    struct world_policy *policy = calloc(1, sizeof *policy);

    *wrong = NULL;
    if (!policy) {
        snprintf(message, message_bytes, "out of memory");
        return NULL;
    }
    const char *problem =
        policy_open(&policy->handle, name, use, message, message_bytes);
    if (problem) {
        if (problem != message)
            snprintf(message, message_bytes, "%s", problem);
        free(policy);
        return NULL;
    }
    if (parse_params(policy, scenario, params, param_count, message,
                     message_bytes))
        return policy;
    *wrong = find_wrong(policy->handle.ops, params, param_count);
    world_policy_close(policy);
    return NULL;
}

void world_policy_close(struct world_policy *policy)
{
    policy_close(&policy->handle);
    free(policy);
}

void *world_policy_instance(const struct world *world)
{
    return world->traced_policy ? world->traced_policy
                                : world->machine.pqs.policy;
}

/* struct reclaim_host */
static uint64_t look_ahead(void *context, page_index page)
{
    struct world *world = context;

    return future_next_use(
        world->options.future,
        vm_cow_serial(vm_page_owner(&world->machine, page)),
        bytes_to_pages(vm_page_of(&world->machine, page)->offset));
}

void world_look_ahead(struct world *world)
{
    struct reclaim_host *host = &world->machine.pqs.host;

    host->look_ahead = look_ahead;
    host->future = world;
    world->is_direct_tracking = true;
}

void world_tell_refault(struct world *world, struct vm_cow_pages *cow,
                        uint64_t offset)
{
    struct page_queues *pqs = &world->machine.pqs;
    struct reclaim_identity identity = {
        .vmo = vm_cow_serial(cow),
        .page = bytes_to_pages(offset),
    };

    if (!pqs->ops->refault)
        return;
    if (vm_cow_was_reclaimed(cow, offset) ||
        slot_is_reference(vm_cow_debug_get_slot(cow, offset)))
        pqs->ops->refault(pqs->policy, identity);
}
