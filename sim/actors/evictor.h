/*
 * The evictor: frees memory until its targets are met.
 *
 *   watchdog --sync--> +---------+      eviction thread: one-shot targets that
 *   timer ---async---> | target  | ---> came in asynchronously, and the
 *                      +---------+      continuous target every interval
 *                           |
 *            gate: one run at a time, first come first served
 *                           v
 *   [plan] -> discardable share -> [pass: 16 victims a step] -> pass ends:
 *      ^                                                        its pages are
 *      +---------------- more needed, and there was progress ---+ freed
 *
 * Every step costs simulated time, so threads run and fault in between. Pages
 * of a pass become free when it ends, all in one go, as in the kernel of 2023;
 * so a watchdog that looks at the free count sees whole passes. A run without
 * a world's time (world_evict) does the same steps at one instant and passes
 * by the gate: the script never waits.
 */
#ifndef LOWTIDE_EVICTOR_H
#define LOWTIDE_EVICTOR_H

#include "world/world.h"

struct evict_target {
    bool is_pending;
    uint64_t min_pages;
    uint64_t free_target_pages;
    enum reclaim_level level;
    bool is_oom;
};

/* A run of EvictUntilTargetsMet. */
struct evict_run {
    bool is_active;
    bool is_synchronous; /* for the watchdog, not the eviction thread */
    bool is_continuous;
    bool is_at_once; /* a script's: no time passes, nothing is waited for */
    struct evict_target target;
    uint64_t free_before; /* free pages when it began */
    uint64_t freed;       /* pages that count */
    struct evict_counts counts;

    /* the pass under way */
    bool is_in_pass;
    uint64_t pass_need;     /* victims to find */
    uint64_t pass_found;    /* so far */
    uint64_t pass_progress; /* discardable ones included */
    uint64_t refused_in_row;
    struct page_chain collected; /* freed when the pass ends */
};

struct evictor {
    struct world *world;
    bool is_enabled;
    bool is_compressing; /* compression at pressure */

    struct evict_target shared; /* one-shot requests gather here */
    struct evict_target sync;   /* the watchdog's, where that has its own */
    struct evict_target continuous;
    bool is_continuous_on;

    struct evict_run run;
    bool is_thread_signalled;
    bool is_sync_waiting; /* the watchdog waits for the gate */
    struct event step;    /* of the run under way */
    struct event interval;

    /* totals: vm.reclamation.pages_evicted_* */
    struct evict_counts total, oom;
};

bool evictor_new(struct world *world);
void evictor_free(struct world *world);

/* Off: requests do nothing; a run under way ends with its pass. */
void evictor_enable(struct evictor *evictor, bool is_enabled);

/*
 * One-shot request: the minimum adds to one still pending, targets and level
 * take the larger value.
 */
void evictor_request(struct evictor *evictor, uint64_t min_pages,
                     uint64_t free_target_pages, enum reclaim_level level);
/* From now on: whenever there are fewer free pages, each interval. */
void evictor_continuous_on(struct evictor *evictor, uint64_t min_pages,
                           uint64_t free_target_pages,
                           enum reclaim_level level);
void evictor_continuous_off(struct evictor *evictor);

/*
 * For the watchdog: evict at least `min_pages`; it overwrites a one-shot
 * request still pending, unless the policy's manner says otherwise.
 * watchdog_evicted() is called when the run is over.
 * False: eviction is off, nothing happens.
 */
bool evictor_evict_for_oom(struct evictor *evictor, uint64_t min_pages);

/* For the script: evict now, at no cost, at least `min_pages`, and until
 * `free_target_pages` are free. Falling short is no error. Nothing while
 * eviction is off. */
struct evict_counts world_evict(struct world *world, uint64_t min_pages,
                                uint64_t free_target_pages,
                                enum reclaim_level level);
/* ... and its switch. */
void world_set_eviction(struct world *world, bool is_enabled);

/* Event handler of both events. */
void evictor_on_event(struct world *world, struct event *event);

#endif
