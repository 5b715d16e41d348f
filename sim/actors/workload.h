/*
 * Workloads: threads that access VMOs in simulated time.
 *
 *   [starting] --> [thinking] --core--> [running] --fault waits--> [waiting]
 *                     ^    \              |   ^                        |
 *                     |     +-- no core --+   +---- answered, core ----+
 *                     |         [ready] ------^      (no core: [ready])
 *                     +-------------------+
 *          access limit, stop, VMO closed, process killed: [done]
 *
 * A thread's time is what its accesses cost plus its think time. While there
 * are no more threads than cores, everybody has one; otherwise threads queue
 * for cores, first come first served, and one that computes without a pause
 * gives way after a slice of a millisecond.
 *
 * Accesses that hit are done in a row within one event, for as long as the
 * thread would be next anyway: no other event is due before. So the order in
 * which anything happens is the one that an event for each access would give.
 */
#ifndef LOWTIDE_WORKLOAD_H
#define LOWTIDE_WORKLOAD_H

#include "actors/patterns.h"
#include "actors/trace_feed.h"
#include "record/histogram.h"
#include "record/recorder.h"
#include "world/world.h"

enum thread_state {
    THREAD_STARTING,
    THREAD_THINKING,
    THREAD_READY,   /* in world->ready */
    THREAD_RUNNING, /* has a core if cores are counted */
    THREAD_PAUSING, /* computes until its event, then gives the core back */
    THREAD_ENDING,  /* computes until its event, then is done */
    THREAD_WAITING, /* its operation waits */
    THREAD_DONE,
};

struct workload_thread {
    struct workload *workload;
    uint32_t number;
    uint32_t id;   /* its number among all of the world */
    uint8_t state; /* enum thread_state */
    bool has_core;
    bool has_fault; /* `operation` is a fault that is over, not yet paid for */
    struct event event;
    struct random_stream random;
    struct pattern *patterns; /* owned; one for each VMO of the workload */

    /* the access under way */
    bool has_access;
    bool is_write;
    uint32_t target;    /* which VMO */
    uint64_t page;      /* next page of the run */
    uint64_t run_left;  /* pages */
    sim_ns began_at;    /* the page under way */
    sim_ns next_access; /* PAUSING: then */

    sim_ns slice_end;
    struct world_operation operation; /* its fault */
    TAILQ_ENTRY(workload_thread) by_ready;
};

/* One of the VMOs that a workload chooses from. */
struct workload_target {
    struct world_vmo *vmo;
    struct vm_mapping *mapping;
    double weight_up_to; /* sum of the weights up to this one */
};

struct workload {
    struct world *world;
    const struct scenario_workload *scenario; /* borrowed */
    uint32_t number;
    struct world_process *process;
    bool is_bound; /* targets are set: it has started */
    bool is_over;
    struct workload_target *targets; /* owned; scenario->vmo_count */
    struct workload_thread *threads; /* owned */
    uint32_t thread_count;
    uint64_t accesses_left;  /* of all threads; UINT64_MAX: no limit */
    sim_ns access_ns;        /* cost of a hit */
    sim_ns think_ns;         /* constant think time, -1: it is drawn */
    struct trace_feed *feed; /* owned; NULL: patterns */
    bool is_feed_timed;
    bool has_latency; /* histograms are kept */
    struct histogram latency[LATENCY_KIND_COUNT];
};

/* The scenario's workloads. False: out of memory. */
bool workloads_new(struct world *world);
void workloads_free(struct world *world);
/* Keep histograms from now on. False: out of memory. */
bool workloads_keep_latency(struct world *world);

/* Workloads that use the VMO end; so do those of the process. */
void workloads_vmo_closing(struct world *world, const struct world_vmo *vmo);
void workloads_process_killed(struct world *world,
                              const struct world_process *process);

/* Bind the VMOs by name; called by the first thread that starts. False: the
 * workload is over (a name is not open, or memory ran out). */
bool workload_bind(struct workload *workload);

/* No thread of it goes on. */
void workload_end(struct workload *workload);

/* A thread gives up what it holds and is done (workload_thread.c). */
void workload_thread_end(struct workload_thread *thread);

/* Event handler. */
void workload_on_thread(struct world *world, struct event *event);

#endif
