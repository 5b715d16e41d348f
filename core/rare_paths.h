/*
 * Rare paths on purpose: what hardly ever happens, happening all the time.
 *
 *   allocation that may wait       waits once, then it gets its page
 *   allocation from the host       fails once, in turn, and is made again
 *
 * Nothing is forced before rare_paths_force(): by unit tests, and by `make
 * hard` for whole scenarios. It costs a look at a flag where memory is taken
 * from the host and where a page allocation may wait, neither of which is hot.
 *
 * A wait of ours is a wait like any other: VM_SHOULD_WAIT with the request
 * waiting for memory, everything let go. Who waits asks rare_wait_is_over()
 * and comes back at once. A failure of ours is VM_NO_MEMORY with nothing
 * changed or nothing lost; who made the attempt asks rare_failure_is_over()
 * and makes it again. That the second time round all is as if the first had
 * not been is what there is to be shown.
 */
#ifndef VMCOW_RARE_PATHS_H
#define VMCOW_RARE_PATHS_H

#include <stdbool.h>
#include <stdlib.h>

/* On or off for this thread; waits begin and end with it. Off at first. */
void rare_paths_force(bool is_forced);

/* pmm.c: must this allocation, which may wait, wait? */
bool rare_path_waits(void);
/* Is there a wait of ours since this was last asked? Then go on at once. */
bool rare_wait_is_over(void);

/*
 * Attempts at one operation: the first fails at its first allocation from the
 * host, the second at its second, and so on until one gets through.
 *
 *   rare_failures_begin();
 *   do
 *       ok = attempt();
 *   while (!ok && rare_failure_is_over());
 *   rare_failures_end();
 */
void rare_failures_begin(void);
void rare_failures_end(void);
/* Within an attempt: nothing fails while it pauses. */
void rare_failures_pause(bool is_paused);
/* Was a failure of this attempt ours? Another attempt begins. */
bool rare_failure_is_over(void);
/* Must this allocation fail? */
bool rare_path_fails(void);

/* Memory of the host, zeroed, the caller's to free(); NULL: there is none. */
static inline void *host_calloc(size_t count, size_t bytes)
{
    return rare_path_fails() ? NULL : calloc(count, bytes);
}

/* ... grown, not zeroed; NULL: `memory` is as it was. */
static inline void *host_realloc(void *memory, size_t bytes)
{
    return rare_path_fails() ? NULL : realloc(memory, bytes);
}

#endif
