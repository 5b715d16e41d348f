/*
 * Policies by name, with their parameters, and what the world tells them.
 */
#ifndef LOWTIDE_WORLD_POLICY_H
#define LOWTIDE_WORLD_POLICY_H

#include "policy/policies.h"
#include "world/world.h"

/* A policy that was put in use; kept until the world ends, because pages may
 * be told to it until then. */
struct world_policy {
    struct policy_handle handle;
    union reclaim_value values[RECLAIM_MAX_PARAMS];
    struct world_policy *next;
};

/*
 * Open a policy and parse its parameters: the scenario's ageing tunables where
 * it has such, then `params`.
 *
 *   use    what the world can tell it
 *   wrong  set on failure: the parameter at fault, NULL if it is the policy
 *
 * Returns the policy, the caller's; NULL with a message.
 */
struct world_policy *world_policy_open(const struct scenario *scenario,
                                       const char *name, enum policy_use use,
                                       const struct scenario_param *params,
                                       size_t param_count, char *message,
                                       size_t message_bytes,
                                       const struct scenario_param **wrong);
void world_policy_close(struct world_policy *policy);

/* The instance in use, whoever traces it, for what only its own kind has. */
void *world_policy_instance(const struct world *world);

/* Every access is told to the policy, and when pages are used next. */
void world_look_ahead(struct world *world);

/*
 * The page at `offset` of the node is about to come back: tell a policy that
 * remembers what was reclaimed. Nothing happens unless reclaim had taken it.
 */
void world_tell_refault(struct world *world, struct vm_cow_pages *cow,
                        uint64_t offset);

#endif
