/*
 * A host that runs out of memory when a test says so.
 *
 * The unit tests are linked with malloc, calloc, realloc, free and mmap wrapped
 * (see the Makefile), so that what the core and the simulator ask of the host
 * passes through here; libraries are not affected. Per thread.
 */
#ifndef TEST_HOST_MEMORY_H
#define TEST_HOST_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* The n-th allocation from now on fails, and only that one; 0: none does. */
void host_memory_fail_nth(uint64_t n);

/* Has it come to that? No allocation fails from here on. */
bool host_memory_has_failed(void);

/* Blocks that were allocated and not freed. */
int64_t host_memory_live_blocks(void);

#endif
