/*
 * The page trace: a row for each thing that happens to a reclaimable page.
 *
 *   core --> [trace: a policy that wraps another] --> the real one
 *                       |
 *                       +--> recorder_page_event
 *
 * added, refaulted, aged, accessed (only when it changes the page's list),
 * not needed, refused, evicted, compressed, discarded, pinned, dirtied,
 * protected, freed. The real policy is told exactly what it would be told
 * without; pages that no policy knows (pinned from birth, anonymous ones that
 * are not reclaimable) leave no rows.
 */
#ifndef LOWTIDE_PAGE_TRACE_H
#define LOWTIDE_PAGE_TRACE_H

#include "world/world.h"

struct page_trace;

/* Put the trace around the machine's policy, and log what that knows. False:
 * out of memory. Nothing happens when no rows are wanted. */
bool page_trace_begin(struct world *world);

/* The machine is about to change its policy, or has: take the trace off, put
 * it on again. */
void page_trace_unwrap(struct world *world);
void page_trace_wrap(struct world *world);

/* Takes it off for good. */
void page_trace_free(struct world *world);

#endif
