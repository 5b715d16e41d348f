/*
 * What Zircon's generations (the default policy) show beyond the policy
 * interface, for tests and for dumps in the kernel's own words.
 *
 *   lru_gen                                   mru_gen
 *     v                                          v
 *   [oldest] ........ eight lists by generation [newest]     [dont_need]
 *    inactive: ages 2..7                active: ages 0, 1     inactive
 *
 * Two truths per page: its queue (always current, every count follows it) and
 * the list that it is linked on (put right lazily). Marking a page accessed
 * changes only the first. So it is in the kernel of 2023.
 */
#ifndef VMCOW_ZIRCON_POLICY_H
#define VMCOW_ZIRCON_POLICY_H

#include "reclaim_policy.h"

enum { ZIRCON_GENERATIONS = 8 };

/* Indexes into the policy's lists(): reclaim0 .. reclaim7, then dont_need. */
enum { ZIRCON_LIST_DONT_NEED = ZIRCON_GENERATIONS };

/* Why a generation began. */
enum zircon_age_reason {
    ZIRCON_AGE_NONE,
    ZIRCON_AGE_TIMEOUT,
    ZIRCON_AGE_ACTIVE_RATIO,
    ZIRCON_AGE_MANUAL,
};

/* A copy of what there is, in pages. */
struct zircon_state {
    uint64_t lru_gen; /* the oldest generation, by number */
    uint64_t mru_gen; /* the newest */
    sim_ns last_age;  /* when that began */
    enum zircon_age_reason last_reason;
    uint64_t by_age[ZIRCON_GENERATIONS]; /* pages; 0 = newest */
    uint64_t dont_need;
    uint64_t active, inactive;
    bool active_inactive_cached; /* a scan is running: frozen values */
    /* newest: ages 0 and 1; oldest: from 6 on, and dont_need */
    uint64_t reclaim_total, reclaim_newest, reclaim_oldest;
};

/* `self` is an instance of zircon_policy_ops. */
struct zircon_state zircon_policy_state(void *self);

/* An accessed-bit scan begins and ends: totals are frozen in between. */
void zircon_policy_begin_scan(void *self);
void zircon_policy_end_scan(void *self);

#endif
