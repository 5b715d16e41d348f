/*
 * The memory watchdog: watches the level of free memory.
 *
 *   level  0 oom | 1 imminent_oom | 2 critical | 3 warning | 4 normal
 *
 *             signal or timeout
 *   [waiting] ----------------> oom? --yes--> [evicting] --more, and freed--+
 *       ^                        |                 |   ^--------------------+
 *       |                        no                | nothing freed, or better
 *       |                        v                 v
 *       +-- not due -------- [evaluate] <----------+
 *       +-- due: announce the level, arm the eviction timer, oom action
 *       +-- after a kill: [resting] half a second
 *
 * The physical memory manager writes the level as it changes; the watchdog
 * reads it when it looks. Getting worse is announced at once, anything else
 * only when nothing was looked at for a whole hysteresis.
 */
#ifndef LOWTIDE_WATCHDOG_H
#define LOWTIDE_WATCHDOG_H

#include "world/world.h"

enum {
    LEVEL_OOM,
    LEVEL_IMMINENT_OOM,
    LEVEL_CRITICAL,
    LEVEL_WARNING,
    LEVEL_NORMAL,
    LEVEL_COUNT
};

enum watchdog_state {
    WATCHDOG_STARTING, /* its first look clears no signal */
    WATCHDOG_WAITING,
    WATCHDOG_EVICTING, /* for the evictor */
    WATCHDOG_RESTING,  /* after a kill */
};

struct watchdog {
    struct world *world;
    enum watchdog_state state;
    uint32_t announced; /* level */
    sim_ns last_look;
    uint64_t evicted;   /* by the run it waited for */
    uint64_t min_pages; /* of the armed timer */
    uint64_t free_target_pages;
    struct event look;
    struct event timer;
    uint64_t announcements[LEVEL_COUNT]; /* memory_watchdog.pressure.* */
};

bool watchdog_new(struct world *world);
void watchdog_free(struct world *world);

/* The scenario's name of a level ("imminent_oom"). */
const char *watchdog_level_name(uint32_t level);

/* The level was computed anew: look at it, now. */
void watchdog_signal(struct world *world);

/* The eviction that it asked for is over. */
void watchdog_evicted(struct world *world, uint64_t pages);

/* The marks have moved: what eviction aims at. */
void watchdog_set_target(struct world *world, uint64_t free_target_pages);

/* Event handlers. */
void watchdog_on_look(struct world *world, struct event *event);
void watchdog_on_timer(struct world *world, struct event *event);

#endif
