/* What `set` events name that the parser knows nothing of: the policies. */
#include "engine/script.h"

#include <stdio.h>

#include "page_queues.h"
#include "policy/policies.h"
#include "scenario/scenario.h"

static void complain(const struct scenario *scenario,
                     const struct scenario_place *place, const char *problem,
                     char *message, size_t message_bytes)
{
    (void)snprintf(message, message_bytes, "%s:%u:%u: %s", scenario->path,
                   (unsigned)place->line, (unsigned)place->column, problem);
}

/* The parameters one by one, so that the bad one's place is known. */
static bool check_params(const struct scenario *scenario,
                         const struct scenario_op *set,
                         const struct reclaim_policy_ops *ops, char *message,
                         size_t message_bytes)
{
    union reclaim_value values[RECLAIM_MAX_PARAMS];
    char buffer[256];
    for (size_t i = 0; i < set->param_count; i++) {
        const struct scenario_param *param = &set->params[i];
        const char *problem = reclaim_params_parse(ops, &param->text, 1, values,
                                                   buffer, sizeof(buffer));
        if (problem) {
            complain(scenario, &param->place, problem, message, message_bytes);
            return false;
        }
    }
    return true;
}

static bool check_set(const struct scenario *scenario,
                      const struct scenario_op *set, const char *policy,
                      char *message, size_t message_bytes)
{
    struct policy_handle handle;
    char buffer[256];
    const char *problem =
        policy_open(&handle, policy, POLICY_LIVES, buffer, sizeof(buffer));
    if (problem) {
        complain(scenario, set->policy ? &set->policy_place : &set->place,
                 problem, message, message_bytes);
        return false;
    }
    bool is_fine =
        check_params(scenario, set, handle.ops, message, message_bytes);
    policy_close(&handle);
    return is_fine;
}

bool script_check(const struct scenario *scenario, char *message,
                  size_t message_bytes)
{
    /* parameters alone are of the policy that the file names last */
    const char *policy = scenario->reclaim.policy;
    for (size_t i = 0; i < scenario->event_count; i++) {
        const struct scenario_op *op = &scenario->events[i].op;
        if (op->kind != OP_SET || (!op->policy && !op->has_params))
            continue;
        if (op->policy)
            policy = op->policy;
        if (!check_set(scenario, op, policy, message, message_bytes))
            return false;
    }
    return true;
}
