/*
 * Work on a list, each piece in a process of its own, some at a time.
 *
 * A process each: what one piece leaves in the allocator does not blur the
 * next one's memory figure, and one that breaks takes no other with it.
 * Results are handed out in the order of the list.
 *
 *   piece 0 [====]            done(0)
 *   piece 1 [==========]               done(1), done(2)
 *   piece 2      [==]
 */
#ifndef LOWTIDE_STUDY_PROCESS_POOL_H
#define LOWTIDE_STUDY_PROCESS_POOL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* A result crosses a pipe in one piece (PIPE_BUF). */
enum { PROCESS_RESULT_MAX_BYTES = 4096 };

/* In the new process: do piece `index`, fill `result` (zeroed before). */
typedef void (*process_work_fn)(void *context, size_t index, void *result);

/*
 * For each piece in order, as soon as it and all before it are over.
 *
 *   result       NULL: the process ended before it had one
 *   wait_status  how it ended, as waitpid() tells it
 */
typedef void (*process_done_fn)(void *context, size_t index, const void *result,
                                int wait_status);

/* Whenever a piece is over, in whatever order they end: `finished` of `count`
 * are. For those who watch; results come by process_done_fn. */
typedef void (*process_progress_fn)(void *context, size_t finished,
                                    size_t count);

struct process_pool {
    size_t count;
    unsigned parallel;   /* at least 1 */
    size_t result_bytes; /* at most PROCESS_RESULT_MAX_BYTES */
    process_work_fn work;
    process_done_fn done;
    void *context;
    process_progress_fn progress; /* NULL: nobody watches */
    void *progress_context;
    /* no more are started once it is not 0, and those that run get a SIGTERM;
     * NULL: nobody interrupts */
    const volatile sig_atomic_t *interrupted;
};

/*
 * Work on all of them. Returns false when a process could not be made; pieces
 * that were done were handed out.
 */
bool process_pool_run(const struct process_pool *pool);

/* Did a process that gave no result break a rule of ours? `wait_status` as
 * above; statuses of the command line, where 4 says so. */
bool process_is_broken(int wait_status);

#endif
