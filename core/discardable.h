/*
 * The discardable tracker: may an object's pages be thrown away?
 *
 *              lock             unlock (last)         discard
 *   [unset] ---------> [unreclaimable] <====> [reclaimable] ----> [discarded]
 *                            ^         lock                            |
 *                            +----------------- lock ------------------+
 *
 * A machine keeps two lists: candidates, exactly the reclaimable objects in
 * the order in which they were unlocked, and the others. Unset objects are on
 * neither.
 */
#ifndef VMCOW_DISCARDABLE_H
#define VMCOW_DISCARDABLE_H

#include <stddef.h>
#include <sys/queue.h>

#include "status.h"
#include "units.h"

/* See the drawing. */
enum discardable_state {
    DISCARDABLE_UNSET,
    DISCARDABLE_UNRECLAIMABLE,
    DISCARDABLE_RECLAIMABLE,
    DISCARDABLE_DISCARDED,
};

struct vm_cow_pages;

/* Taken by vm_cow_create(); freed with the node. */
struct discardable {
    enum discardable_state state;
    uint64_t lock_count;
    sim_ns last_unlock;
    struct vm_cow_pages *cow; /* bound by vm_cow_create(); borrowed */
    bool is_listed;
    TAILQ_ENTRY(discardable) link;
};
TAILQ_HEAD(discardable_list, discardable);

/* Of a machine; the trackers are borrowed from their nodes. */
struct discardable_lists {
    struct discardable_list candidates; /* oldest unlock first */
    struct discardable_list others;
};

/* Nobody is on either list. */
void discardable_lists_init(struct discardable_lists *lists);
/* Never locked, on no list. */
void discardable_init(struct discardable *tracker);

/* Take it off its list, for good. */
void discardable_remove(struct discardable_lists *lists,
                        struct discardable *tracker);

/* Always succeeds; returns whether the content had been discarded. */
bool discardable_lock(struct discardable_lists *lists,
                      struct discardable *tracker);
/* VM_OK; VM_UNAVAILABLE when discarded, without a change of state. */
enum vm_status discardable_try_lock(struct discardable_lists *lists,
                                    struct discardable *tracker);
/* One lock less; the last makes it reclaimable as of `now`. VM_OK; VM_BAD_STATE
 * when not locked. */
enum vm_status discardable_unlock(struct discardable_lists *lists,
                                  struct discardable *tracker, sim_ns now);

/* Reclaimable, and for at least `min_age`? */
bool discardable_is_eligible(const struct discardable *tracker, sim_ns min_age,
                             sim_ns now);
/* The pages are gone. */
void discardable_set_discarded(struct discardable_lists *lists,
                               struct discardable *tracker);

/* Returns the first broken invariant, NULL if none. */
const char *discardable_valid(const struct discardable_lists *lists);

#endif
