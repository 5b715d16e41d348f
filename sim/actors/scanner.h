/*
 * The scanner: now and then it looks for pages of zeros, and for accessed
 * bits, as the kernel's does.
 *
 *   zero scan   every second, as many pages as the rate allows: each page
 *               forked from the zero page gets one chance to be given up
 *   harvest     every minimum ageing interval (at least a second): accessed
 *               pages are told to the policy
 *   tables      every ten seconds: the next scan for accessed bits is made
 *               even where nothing can be evicted
 *
 * It can pause. Then nothing ages by the clock and nothing is evicted, either;
 * what was due meanwhile comes when it goes on.
 */
#ifndef LOWTIDE_SCANNER_H
#define LOWTIDE_SCANNER_H

#include "world/world.h"

struct scanner {
    struct world *world;
    struct event event;
    sim_ns next_zero; /* SIM_NS_INFINITE: off */
    sim_ns next_harvest;
    sim_ns last_tables; /* last look at page tables */
    uint64_t rate;      /* zero scans a second */
    bool is_paused;
    bool is_all_wanted; /* reclaim_all came while it paused */

    /* totals: vm.scanner.zero_scan.* */
    uint64_t requests, queue_emptied, considered, deduped;
};

bool scanner_new(struct world *world);
void scanner_free(struct world *world);

/* For the script: everything that may go, newest included (`reclaim_all`). */
void world_reclaim_all(struct world *world);
/* Zero scan of up to `limit` pages, UINT64_MAX: all. */
void world_scan_zero(struct world *world, uint64_t limit);
/* Off: the scanner pauses, and with it ageing and eviction; on: all three go
 * on, eviction if the scenario has it. */
void world_set_scanner(struct world *world, bool is_enabled);

/* Event handler. */
void scanner_on_event(struct world *world, struct event *event);

#endif
