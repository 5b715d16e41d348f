/*
 * The log: what a device says about its memory, in the kernel's words, so that
 * a device's log and a simulated one can be laid side by side.
 *
 *   [   12.500000] mem_avail_state: critical, 149MB free
 *   [   12.500000] pq: mru_gen 9 since 1.250s (timeout), lru_gen 3, ...
 *   [   17.500000] [EVICT] free 149MB to 151MB, pager backed 512
 *
 * Lines are written only where a log is asked for (world_options.log); they
 * are looks, and change nothing. A megabyte is 2^20 bytes here as there; on a
 * machine below a gibibyte amounts are pages (`37p`).
 */
#ifndef LOWTIDE_KERNEL_LOG_H
#define LOWTIDE_KERNEL_LOG_H

#include "world/world.h"

/* Which run the lines that follow belong to. */
void kernel_log_run(const struct world *world);

/* A level is announced, and how the page queues stand then. */
void kernel_log_level(const struct world *world, const char *level);

/*
 * An eviction run has evicted something.
 *
 *   free_before  free pages when it began
 *   continuous   its lines leave compressed pages out, as the kernel's do
 */
void kernel_log_eviction(const struct world *world, uint64_t free_before,
                         const struct evict_counts *counts, bool continuous);

/* Out of memory, before (`is_over` false) and after what could be evicted. */
void kernel_log_oom(const struct world *world, bool is_over);

/* Somebody is killed for want of memory. */
void kernel_log_kill(const struct world *world,
                     const struct world_process *victim);

/* The page queues in one line, as the kernel dumps them. */
void kernel_log_queues(const struct world *world);

#endif
