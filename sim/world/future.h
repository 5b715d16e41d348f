/*
 * The future of a machine, for a policy that needs it: the accesses of one run,
 * recorded, then told to another.
 *
 *   recorded   a0 b0 a1 b1 b2 a2 ...     in the order in which they were served
 *   told       a has done a0, a1; b has done b0:  the future is b1 b2 a2 ...
 *
 * Threads draw what they access from streams of their own, and no draw looks
 * at the clock: with the same seed each thread makes the same accesses under
 * every policy. What a policy does change is when. So each thread is at its own
 * place in the record, and a page's next use is the first recorded access to
 * it that its thread has not made yet, in the recorded order of all.
 *
 * That is the future itself for a single thread. For several it is the future
 * as the recorded run interleaved them: no policy can know another one, since
 * who gets on faster depends on what it decides. Past the end of the record
 * nothing is known: pages that only come there look as if they were not used
 * again; so a record should reach further than what is told. A thread that ended
 * early uses nothing any more.
 *
 * Pages are known by their object and offset, which clones, slices and
 * references would make ambiguous. With patterns that follow the clock
 * (`phases`), or threads that share a trace, threads do not repeat what they
 * did. Scenarios with any of that are refused.
 *
 * Sixteen bytes an access.
 */
#ifndef LOWTIDE_FUTURE_H
#define LOWTIDE_FUTURE_H

#include "scenario/scenario.h"

struct future;

/* Is the future of this scenario one that can be recorded? False: `message`
 * says what is in the way, and where. */
bool future_check(const struct scenario *scenario, char *message,
                  size_t message_bytes);

/* Empty, to be recorded into. NULL: out of memory. */
struct future *future_new(void);
void future_free(struct future *future);

/* It is recorded: from here on it is told, from the beginning. */
void future_tell(struct future *future);
bool future_is_told(const struct future *future);

/*
 * A thread has made its next access.
 *
 *   thread  its number among all of the machine
 *   object  the serial of the node that has the page
 *
 * False: out of memory, while it is recorded.
 */
bool future_access(struct future *future, uint32_t thread, uint64_t object,
                   uint64_t page);

/* The thread makes no more accesses. */
void future_end_thread(struct future *future, uint32_t thread);

/* When the page is used next, for host->look_ahead; RECLAIM_NEVER. */
uint64_t future_next_use(struct future *future, uint64_t object, uint64_t page);

/* Has a thread made another access than the one recorded? Then what was told
 * was not the future. */
bool future_has_parted(const struct future *future);

#endif
