/*
 * The world from the inside: what world_*.c and the actors share.
 *
 *   world_build.c      from a scenario to a machine with actors, and back
 *   world.c            the main loop and the end of a run
 *   world_names.c      who is called what
 *   world_vmo.c        VMOs: create, clone, close, resize, prefill
 *   world_mapping.c    mappings and accesses
 *   world_operation.c  operations that wait, and what resumes them
 *   future.c           what a policy that needs the future is told
 *   overtime.c         waiting for a pager has an end
 *   world_policy.c     opening policies, their parameters
 *   world_switch.c     what a script may change while the machine runs
 *   observe.c          rows for the recorder
 *   observe_totals.c   what a run ends with
 *   page_trace.c       rows for the life of pages
 *   forced.c           what `make hard` does to a run
 */
#ifndef LOWTIDE_WORLD_INTERNAL_H
#define LOWTIDE_WORLD_INTERNAL_H

#include "engine/world.h"
#include "policy/policies.h"
#include "record/recorder.h"
#include "scenario/scenario.h"

/* The clock moves on, not back. */
static inline void world_set_now(struct world *world, sim_ns now)
{
    world->now = now;
    vm_machine_set_time(&world->machine, now);
}

/* Names. ------------------------------------------------------------------ */

/* Enter an object's name, which is free; false: out of memory. */
bool world_vmo_name(struct world *world, struct world_vmo *vmo);
void world_vmo_unname(struct world *world, struct world_vmo *vmo);
bool world_mapping_name(struct world *world, struct world_mapping *mapping);
void world_mapping_unname(struct world *world, struct world_mapping *mapping);

/* Waiting. ---------------------------------------------------------------- */

/* `waiter->retry` is called once when memory may be there again. */
void world_memory_wait(struct world *world, struct world_memory_waiter *waiter);
/* Nothing happens if it does not wait. */
void world_memory_forget(struct world *world,
                         struct world_memory_waiter *waiter);
/* The pager of `source` begins or ends to wait for memory for something of it,
 * as `source` says: threads that wait for that are stalled, or no longer. */
void world_pager_is_short(struct world *world,
                          const struct world_source *source);

/* Mappings. --------------------------------------------------------------- */

/* All mappings of a VMO go. */
void world_unmap_all(struct world *world, struct world_vmo *vmo);
/* The user mapping covers the VMO; false: out of memory. */
bool world_user_mapping_grow(struct world_vmo *vmo);

/* VMOs. ------------------------------------------------------------------- */

/*
 * The page at `offset` of the node is about to come back: tell a policy that
 * remembers what was reclaimed. Nothing happens unless reclaim had taken it.
 */
void world_tell_refault(struct world *world, struct vm_cow_pages *cow,
                        uint64_t offset);

/* Policies. --------------------------------------------------------------- */

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

/* Every access is told to the policy, and when pages are used next. */
void world_look_ahead(struct world *world);

/* The instance in use, whoever traces it, for what only its own kind has. */
void *world_policy_instance(const struct world *world);

/* "FILE:LINE:COL: " or the override it came from, then the text. */
void world_message_at(const struct scenario *scenario,
                      const struct scenario_place *place, const char *text,
                      char *message, size_t message_bytes);

/* Does the scenario have a compressor, from the beginning or later? */
bool world_wants_compressor(const struct scenario *scenario);

/* Marks and levels. ------------------------------------------------------- */

/* Set the machine's marks for the budget it has now. */
void world_set_watermarks(struct world *world);

#endif
