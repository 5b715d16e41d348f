/*
 * The world: one simulated machine with everything that lives on it, as data,
 * and what whoever acts on it needs.
 *
 *   [script] [watchdog] [aging] [evictor] [scanner] [pagers] [threads] [tick]
 *        \__________ call the core, start operations ______________/
 *                                  |
 *                    struct world: machine, clock, events,
 *                    VMOs, mappings, operations that wait
 *
 *   world.c            the run: its end, its failure
 *   world_names.c      who is called what
 *   world_mapping.c    mappings and accesses
 *   world_operation.c  operations that wait, and what resumes them
 *   world_policy.c     opening policies, their parameters
 *   world_rows.c       rows for what comes and goes
 *   overtime.c         waiting for a pager has an end
 *   stall.h            who is stalled, and for how long
 *   future.c           what a policy that needs the future is told
 *
 * Nothing here knows who acts: actors are above, the engine that builds and
 * runs them above these.
 *
 * An actor changes state and schedules work at or after now. It never blocks
 * and never calls another one's event handler. Names are resolved when they
 * are used: a name is open while its VMO exists.
 *
 * Amounts are pages. Offsets of the core are bytes. A scenario whose pages are
 * larger is the same machine with fewer pages: its page is the core's.
 */
#ifndef LOWTIDE_WORLD_H
#define LOWTIDE_WORLD_H

#include <signal.h>
#include <stdio.h>
#include <sys/queue.h>

#include <uthash.h>

#include "record/histogram.h"
#include "scenario/scenario.h"
#include "vmo_op.h"
#include "world/event_queue.h"

struct recorder;
struct script;
struct workload;
struct workload_thread;
struct pager;
struct pager_source;
struct pager_job;
struct evictor;
struct future;
struct evict_run;
struct aging;
struct lru;
struct scanner;
struct watchdog;
struct observer;
struct page_trace;
struct world_policy;
struct world;

/* How a run ended; the recorder has the same words. */
enum world_status {
    WORLD_RUNNING,
    WORLD_OK,
    WORLD_FAILED,      /* an expectation failed */
    WORLD_STOPPED,     /* out of memory, with on_oom: stop */
    WORLD_INTERRUPTED, /* the user asked for it */
    WORLD_ERROR,       /* the host failed: out of memory, disk full */
};

/* ---- Processes, VMOs, mappings ------------------------------------------ */

struct world_operation;
struct world_vmo;
LIST_HEAD(world_operation_list, world_operation);
TAILQ_HEAD(world_operation_queue, world_operation);
TAILQ_HEAD(world_vmo_list, world_vmo);
TAILQ_HEAD(pager_source_list, pager_source);
TAILQ_HEAD(pager_job_list, pager_job);
TAILQ_HEAD(workload_thread_list, workload_thread);
TAILQ_HEAD(world_mapping_list, world_mapping);

/*
 * Pressure-stall accounting over workload threads (stall.h), of the machine or
 * of one process. A thread is stalled while it waits for memory or for a
 * refault; the others are busy while they compute, and idle otherwise.
 */
struct world_stall {
    uint32_t waiting_threads; /* for anything but time */
    uint32_t stalled_threads; /* those of them that are stalled */
    sim_ns since;             /* some_ns and full_ns are right up to here */
    sim_ns busy_until;        /* some thread is busy from now to here */
    sim_ns stalled_until;     /* some thread decompresses until here */
    sim_ns some_ns, full_ns;
};

struct world_process {
    const char *name; /* borrowed from the scenario */
    uint32_t id;      /* 0: `script`, then as declared */
    uint64_t oom_score;
    bool is_killed;
    sim_ns killed_at; /* while is_killed */
    struct world_vmo_list vmos;
    struct world_stall stall; /* of its workloads' threads */
};

/* What a pager can't answer yet for want of memory. */
struct world_shortage {
    enum page_request_type type;
    uint64_t offset, length; /* bytes of the object */
    LIST_ENTRY(world_shortage) by_source;
};
LIST_HEAD(world_shortage_list, world_shortage);

/*
 * An object of a pager as far as it concerns who waits for its pages; the rest
 * is the pager's (actors/pager.h). page_source.user points to it, except for
 * `manual`, whose requests nobody holds up.
 */
struct world_source {
    struct vm_cow_pages *cow; /* counted; NULL before it is adopted */
    bool is_queue_short; /* what waits for its pager's turn waits for memory */
    struct world_shortage_list shortages;
};

/* An open VMO under its name (actors/vmo_life.h makes and frees it). */
struct world_vmo {
    char *name;  /* owned */
    uint32_t id; /* from 1 in order of creation, never used again */
    struct vmo *vmo;
    struct world_process *process;
    struct world_vmo *parent; /* what it was made from, while that is open */
    sim_ns created_at;
    uint64_t faults_major;
    uint64_t refaults;

    struct vm_mapping *user_mapping;           /* of the whole; NULL: not yet */
    struct world_mapping_list mappings;        /* named ones */
    struct world_operation_list operations;    /* waiting, with this as VMO */
    struct world_operation_list other_waiting; /* ... as the other VMO */

    struct world_source *source; /* at the root of its tree; NULL: none */
    uint64_t source_page;        /* where page 0 is there */

    struct vm_attribution attribution; /* observe.c: as of that generation */
    uint64_t attribution_generation;

    TAILQ_ENTRY(world_vmo) by_world; /* all open ones, by id */
    TAILQ_ENTRY(world_vmo) by_process;
    UT_hash_handle by_name;
};

/* A mapping that the script made with `map`, or the whole-VMO one (no name). */
struct world_mapping {
    char *name; /* owned; NULL: the VMO's user mapping */
    struct world_vmo *vmo;
    struct vm_mapping *mapping;
    TAILQ_ENTRY(world_mapping) by_vmo;
    TAILQ_ENTRY(world_mapping) by_world; /* order of creation: scans use it */
    UT_hash_handle by_name;
};

/* ---- Operations that may wait ------------------------------------------- */

/* Waits for free memory; first in, first tried again. */
struct world_memory_waiter {
    bool is_waiting; /* on the world's list */
    uint64_t serial; /* order of beginning to wait */
    void (*retry)(struct world *world, struct world_memory_waiter *waiter);
    TAILQ_ENTRY(world_memory_waiter) link;
};
TAILQ_HEAD(world_memory_waiters, world_memory_waiter);

/*
 *   IDLE --start--> (over at once: the status is returned, no callback)
 *     ^      |
 *     |      +--> WAITING --answered or memory--> run again --+--> WAITING
 *     |              |                                        |
 *     |              +-- VMO closed or killed: BAD_STATE --+  |
 *     +------------------- callback once <-----------------+--+
 *
 * Whoever starts an operation owns the struct (it is usually embedded) and
 * keeps it in place until it is over. Set `op` up with a vmo_op_init_*() call
 * on `vmo->vmo`; afterwards, over or not started, world_operation_release().
 */
typedef void (*world_operation_done_fn)(struct world *world,
                                        struct world_operation *operation,
                                        enum vm_status status);

struct world_operation {
    struct vmo_op op;        /* op.user is the world's */
    struct world_vmo *vmo;   /* what it works on */
    struct world_vmo *other; /* `into` of take, `from` of supply; or NULL */
    world_operation_done_fn done; /* only after it has waited */
    void *context;                /* the starter's */
    bool is_waiting;
    struct world_process *thread_of; /* the starter's: a workload thread of
                                        it waits, which counts as stall; NULL:
                                        none does */

    /* a fault's facts, for accounting and charging; summed over its runs */
    sim_ns started_at;
    sim_ns waiting_since;  /* while waiting */
    sim_ns memory_wait_ns; /* of started .. over */
    uint64_t copied_pages;
    uint64_t migrated_pages; /* forked without a copy */
    uint64_t zeroed_pages;
    uint64_t decompressed_pages;
    uint64_t caught_pages;     /* copied while they were being compressed */
    bool was_reclaimed;        /* at its start the page was gone by reclaim */
    uint64_t refault_distance; /* pages reclaimed since its own was; 0: none */
    bool asked_read;           /* has waited for a pager's READ answer */
    bool asked_dirty;          /* has waited for a pager's DIRTY answer */
    bool is_stalled;           /* counted in world->stall.stalled_threads */
    struct world_memory_waiter memory;

    LIST_ENTRY(world_operation) by_vmo;
    LIST_ENTRY(world_operation) by_other;
    bool is_on_time, is_late; /* overtime.c: which of its queues it is on */
    TAILQ_ENTRY(world_operation) by_overtime;
};

/*
 * What `make hard` does to operations (engine/forced.h). They are below what
 * it reclaims with, so they reach it by pointers.
 */
struct world_force {
    /* the operation is about to begin */
    void (*before_operation)(struct world *world, const struct vmo_op *op);
    /* It waits. True: by force, or for pages that were evicted by force, which
     * are there again: run it once more. */
    bool (*goes_on)(struct world *world, const struct vmo_op *op);
};

/* ---- Counters ----------------------------------------------------------- */

/* What the tick table shows beyond the core's own totals; always current. */
struct world_counters {
    uint64_t accesses;     /* pages touched through mappings */
    uint64_t faults_minor; /* served without pager and decompression */
    uint64_t faults_major; /* needed the pager or decompression */
    uint64_t faults_cow;   /* copied a page */
    uint64_t faults_zero;  /* made a zero page */
    uint64_t faults_decompress;
    uint64_t faults_failed; /* ended with an error */
    uint64_t refaults;
    uint64_t refault_distance; /* sum of theirs, in pages */
    uint64_t first_touches;    /* went to the pager, not a refault */
    uint64_t written_back;     /* pages that became clean by writeback */
    uint64_t oom_kills;
};

/* Evicted pages by kind, as in `evicted:` of the scenario language. */
struct evict_counts {
    uint64_t pager_backed; /* loaned pages not included */
    uint64_t pager_backed_loaned;
    uint64_t compressed;
    uint64_t discardable;
};

/* Who makes pages go. */
enum reclaimer {
    RECLAIMER_NONE,       /* nobody in particular: they are freed */
    RECLAIMER_EVICTION,   /* the eviction thread, asked once */
    RECLAIMER_CONTINUOUS, /* the eviction thread, while a level lasts */
    RECLAIMER_OOM,        /* the watchdog, out of memory */
    RECLAIMER_LRU,        /* the LRU thread: pages that aged out */
    RECLAIMER_SCRIPT,     /* an operation of the script */
    RECLAIMER_COUNT
};

/* On whose behalf the core is called now: for the page trace alone. */
struct world_reclaimer {
    enum reclaimer who;
    const struct evict_run *run; /* borrowed; NULL: it is no eviction */
};

/*
 * The compressor serves one at a time (compressor_lock.h): an eviction pass, or
 * a batch of the LRU thread, each named by the event that goes on with it.
 */
struct compressor_lock {
    struct event *holder; /* NULL: nobody */
    struct event *waiter; /* gets it next; NULL: nobody */

    /* the page that the holder has compressed, until it asks for the outcome */
    bool is_compressing;
    struct vm_compression compression; /* cow NULL: over, it ended as `end` */
    enum vm_compression_end end;
    struct world_reclaimer begun_by; /* for the page trace */
};

/* Who waits for a pager, first come first (overtime.h). */
struct world_overtime {
    struct world_operation_queue patient, late;
    struct event event;

    /* totals: dispatcher.pager.* */
    uint64_t requests, succeeded, failed, timeouts, waits;
};

/* ---- The world ---------------------------------------------------------- */

struct world_options {
    bool is_paranoid; /* vm_machine_valid() after every event */
    FILE *log;        /* borrowed; of the kernel's lines and of `dump`. NULL:
                         none, and stderr for `dump` */
    FILE *messages;   /* borrowed; failed expectations. NULL: stderr */
    const volatile sig_atomic_t *interrupted; /* borrowed; NULL: never */
    uint32_t max_burst; /* accesses in one event at most; 0: many. The results
                           are the same */
    struct future *future; /* borrowed: recorded or told (future.h); NULL:
                              neither */
    /* called every so often with the world; NULL: nobody is watching */
    void (*progress)(const struct world *world, void *context);
    void *progress_context;
};

struct world {
    /* set by world_new(), constant */
    const struct scenario *scenario; /* borrowed */
    struct recorder *recorder;       /* borrowed; NULL: nothing is recorded */
    struct world_options options;

    struct vm_machine machine;
    bool has_machine;
    struct event_queue events;
    sim_ns now;
    enum world_status status;
    int error_number;     /* errno of WORLD_ERROR */
    unsigned script_line; /* the script's place, for reports of broken rules */
    bool has_failed_expectation;
    bool has_rows_begun; /* the run has, in its recorder */

    /* written by world_*.c */
    struct world_process *processes; /* [0]: `script` */
    uint32_t process_count;
    struct world_vmo_list vmos;         /* open ones, by id */
    struct world_mapping_list mappings; /* all, in order of creation */
    struct world_vmo *vmo_names;        /* name tables */
    struct world_mapping *mapping_names;
    uint32_t next_vmo_id;
    uint64_t next_content;
    struct world_memory_waiters memory_waiters;
    uint64_t memory_serial;
    uint64_t memory_seen; /* free pages when they were last tried */
    bool is_direct_tracking;
    bool are_hits_told;      /* to the policy, or to the future */
    const char *policy_name; /* as the scenario or `set` spells it; borrowed */
    struct world_policy *policies; /* that were ever in use, last one first */

    struct world_counters counters;
    struct histogram refault_distances; /* in pages; empty: nobody records */
    struct world_stall stall;
    struct world_overtime overtime;
    const struct world_force *force; /* NULL: none, outside `make hard` */

    /* actors; owned */
    struct script *script;
    struct watchdog *watchdog;
    struct evictor *evictor;
    struct aging *aging;
    struct lru *lru;
    struct compressor_lock compressor_lock;
    struct scanner *scanner;
    struct pager *pagers;
    uint32_t pager_count;
    struct pager_source_list sources; /* objects of pagers, manual included */
    struct pager_job_list jobs;       /* that pagers work on */
    uint64_t next_source;
    struct workload *workloads;
    uint32_t workload_count;
    struct workload_thread_list ready; /* threads that have no core, FIFO */
    uint64_t free_cores;
    bool is_cpu_short; /* more threads than cores: cores are counted */
    struct observer *observer;
    struct page_trace *page_trace; /* NULL: no rows for pages */
    void *traced_policy; /* the instance that it is around; NULL: around none */
    struct world_reclaimer reclaimer;

    struct event tick_event;
    struct event end_event;
    struct event script_event;
};

/* ---- The run ------------------------------------------------------------ */

/* The clock moves on, not back. */
static inline void world_set_now(struct world *world, sim_ns now)
{
    world->now = now;
    vm_machine_set_time(&world->machine, now);
}

/* The run ends after the event that is being handled. */
void world_stop(struct world *world, enum world_status status);
/* The host has failed (errno value, e.g. ENOMEM): ends with WORLD_ERROR. */
void world_fail(struct world *world, int error_number);

/* A content number never used before, not zero. */
uint64_t world_new_content(struct world *world);

/* ---- Names (world_names.c) ---------------------------------------------- */

/* The open VMO, or NULL. */
struct world_vmo *world_vmo_find(const struct world *world, const char *name);
struct world_mapping *world_mapping_find(const struct world *world,
                                         const char *name);
/* NULL: no such process. */
struct world_process *world_process_find(const struct world *world,
                                         const char *name);

/* Enter an object's name, which is free; false: out of memory. */
bool world_vmo_name(struct world *world, struct world_vmo *vmo);
void world_vmo_unname(struct world *world, struct world_vmo *vmo);
bool world_mapping_name(struct world *world, struct world_mapping *mapping);
void world_mapping_unname(struct world *world, struct world_mapping *mapping);

/* ---- Mappings and accesses (world_mapping.c) ---------------------------- */

/* `map`: VM_ALREADY_EXISTS while the name is open, what the core says. */
enum vm_status world_map(struct world *world, struct world_vmo *vmo,
                         const char *name, uint64_t page, uint64_t length_pages,
                         bool is_writable, bool is_high_priority);
void world_unmap(struct world *world, struct world_mapping *mapping);
/* All mappings of a VMO go. */
void world_unmap_all(struct world *world, struct world_vmo *vmo);

/* A VMO's size. */
uint64_t world_vmo_pages(const struct world_vmo *vmo);

/* The writable mapping of the whole VMO that user threads go through; made on
 * first use and after the VMO has grown. NULL: out of memory. */
struct vm_mapping *world_user_mapping(struct world *world,
                                      struct world_vmo *vmo);
/* It covers the VMO, if there is one; false: out of memory. */
bool world_user_mapping_grow(struct world_vmo *vmo);

/*
 * An access by a user thread to `page` of the VMO, which has to be below its
 * size: counted as an access, and served if the mapping has the page (a write
 * stores `value`). False: it has not; start a fault:
 *
 *   vmo_op_init_fault(&operation->op, vmo->vmo, mapping, page, write, value);
 *   status = world_operation_start(world, operation, vmo, NULL, done, context);
 */
bool world_access(struct world *world, struct vm_mapping *mapping,
                  uint64_t page, bool is_write, uint64_t value);

/* ---- Operations (world_operation.c) ------------------------------------- */

/*
 * Run an operation whose `op` is set up. Any status but VM_SHOULD_WAIT: it is
 * over (and still holds its values until released). VM_SHOULD_WAIT: it waits,
 * and `done` is called once when it is over, from within world_settle() or
 * the close or kill that ended it.
 *
 *   vmo, other  open; `other` may be NULL. If either is closed while the
 *               operation waits, it ends with VM_BAD_STATE
 *   done        may be NULL; may start other operations, and this one again
 */
enum vm_status
world_operation_start(struct world *world, struct world_operation *operation,
                      struct world_vmo *vmo, struct world_vmo *other,
                      world_operation_done_fn done, void *context);
/* A waiting operation ends with `status`; `done` is called. */
void world_operation_abort(struct world *world,
                           struct world_operation *operation,
                           enum vm_status status);
/* Free what an operation that is over holds; a waiting one is given up without
 * a callback. Once for each vmo_op_init_*(). */
void world_operation_release(struct world *world,
                             struct world_operation *operation);

/* The request, which is an operation's, was answered: the operation goes on. */
void world_operation_resume(struct world *world, struct page_request *request);

/* `waiter->retry` is called once when memory may be there again. */
void world_memory_wait(struct world *world, struct world_memory_waiter *waiter);
/* Nothing happens if it does not wait. */
void world_memory_forget(struct world *world,
                         struct world_memory_waiter *waiter);
/* Try what waits for memory, each once, if some is there and its amount has
 * changed. False: it is not, or nothing waits. */
bool world_memory_retry(struct world *world);

/* The pager of `source` begins or ends to wait for memory for something of it,
 * as `source` says: threads that wait for that are stalled, or no longer. */
void world_pager_is_short(struct world *world,
                          const struct world_source *source);

#endif
