/*
 * What a script may change while the machine runs, and what it may ask of the
 * machine as a whole. What one actor does alone is in that actor's header.
 */
#ifndef LOWTIDE_WORLD_SWITCH_H
#define LOWTIDE_WORLD_SWITCH_H

#include "world/world.h"

/* Set the machine's marks for the budget it has now. */
void world_set_watermarks(struct world *world);
/* Change the budget (`set: {memory}`); shrinking destroys nothing, it drives
 * reclaim. The marks stay where they are. */
enum vm_status world_set_memory(struct world *world, uint64_t memory_pages);
/* Another policy (NULL: the one in use) with these parameters, the others at
 * their defaults; both borrowed for the world's life. VM_INVALID_ARGS: no such
 * policy or parameter, `message` says why; VM_NO_MEMORY. */
enum vm_status world_set_policy(struct world *world, const char *name,
                                const struct scenario_param *params,
                                size_t param_count, char *message,
                                size_t message_bytes);
/* Compression at memory pressure; nothing happens without a compressor. */
void world_set_compression(struct world *world, bool is_enabled);
/* VM_BAD_STATE: it can't be switched off again. */
enum vm_status world_set_anonymous_reclaim(struct world *world,
                                           bool is_enabled);
void world_set_loaning(struct world *world, bool is_enabled);
void world_set_borrowing(struct world *world, bool is_enabled);

/* Totals of the run, whoever reclaimed. */
struct evict_counts world_evicted(const struct world *world);

/* The memory level's name: normal, warning, critical, imminent_oom, oom. */
const char *world_level_name(const struct world *world);

/* Active and inactive pages by the policy; false: it makes no difference. */
bool world_activity(const struct world *world, uint64_t *active,
                    uint64_t *inactive);

#endif
