/*
 * Overtime: operations that wait for a pager for too long.
 *
 *   begin --20s--> overtime is counted --300s--> given up: TIMED_OUT
 *
 * All wait equally long, so the first in line is always the next one due: two
 * queues and one event do for any number of them. Requests are counted here, as
 * the kernel does where it waits, whoever answers them.
 */
#ifndef LOWTIDE_OVERTIME_H
#define LOWTIDE_OVERTIME_H

#include "world/world.h"

/* False: no room for the event. */
bool overtime_new(struct world *world);

/* The operation waits for a user pager from now on. */
void overtime_begin(struct world *world, struct world_operation *operation);
/* It no longer does: answered with `status`, or given up with it. Nothing
 * happens if it did not wait. */
void overtime_end(struct world *world, struct world_operation *operation,
                  enum vm_status status);

/* Event handler. */
void overtime_on_event(struct world *world, struct event *event);

#endif
