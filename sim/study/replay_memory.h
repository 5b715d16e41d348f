/*
 * How much memory this process has come to hold. Pages of files (a mapped
 * trace, the program itself) do not count.
 */
#ifndef LOWTIDE_REPLAY_MEMORY_H
#define LOWTIDE_REPLAY_MEMORY_H

#include <stdint.h>

/* Anonymous memory resident now, in bytes; 0 where the host can't tell. */
uint64_t replay_resident_bytes(void);

#endif
