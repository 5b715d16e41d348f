/*
 * What a replay costs its host: how much memory this process has come to hold,
 * where pages of files (a mapped trace, the program itself) do not count, and
 * time.
 */
#ifndef LOWTIDE_REPLAY_MEMORY_H
#define LOWTIDE_REPLAY_MEMORY_H

#include <stdint.h>
#include <time.h>

/* Anonymous memory resident now, in bytes; 0 where the host can't tell. */
uint64_t replay_resident_bytes(void);

/* Seconds since `begin`, a time of CLOCK_MONOTONIC. */
double replay_seconds_since(const struct timespec *begin);

#endif
