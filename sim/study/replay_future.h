/*
 * The future of a trace, for policies that need it: when the page of each
 * request is used next.
 *
 *   requests    a b a c b a            read once, before the replay
 *   next use    3 5 6 - - -            from the last request to the first
 *
 * Eight bytes a request while it is made, four while it is used.
 */
#ifndef LOWTIDE_REPLAY_FUTURE_H
#define LOWTIDE_REPLAY_FUTURE_H

#include "study/replay.h"

struct replay_future {
    uint32_t *next_use; /* by request: that request's number from 1; 0: none */
    uint64_t count;
};

/* Read the whole trace. Statuses and `message` as of replay_run(); nothing is
 * held unless REPLAY_OK. */
enum replay_status replay_future_read(struct replay_future *future,
                                      const struct replay_config *config,
                                      char *message, size_t message_bytes);
void replay_future_release(struct replay_future *future);

/* When the page of request `n` (from 0) is used next, for a policy's host. */
static inline uint64_t replay_future_at(const struct replay_future *future,
                                        uint64_t n)
{
    return n < future->count && future->next_use[n] ? future->next_use[n]
                                                    : RECLAIM_NEVER;
}

#endif
