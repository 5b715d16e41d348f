/*
 * A trial: a machine of the core, the model of everything on it, and the
 * operations that wait. A step is done to both; what the core answers must be
 * what the model says, and afterwards all that can be seen must be the same.
 *
 *   step --> drive: the core's call, its status against the model's rule,
 *     |             the effect on the model
 *     +----> settle: what was answered goes on, as the simulator does it
 *     +----> compare: everything
 *
 * A difference ends in vmcow_fail(), as a broken rule of the core's does.
 */
#ifndef MODEL_TRIAL_H
#define MODEL_TRIAL_H

#include "model.h"

enum { MAX_WAITING = 5 };

struct waiting {
    bool is_used;
    struct vmo_op op;
    struct object *object; /* borrowed: it is closed after this is aborted */
    struct object *other;  /* take: into; supply: from; NULL: none */
    struct step step;
    uint32_t number; /* of the step */
    uint64_t order;  /* in which it began to wait */
    uint64_t start;
    uint64_t done;               /* pages whose effect the model has */
    uint64_t pinned;             /* PIN: pages pinned so far */
    uint64_t taken;              /* TAKE, SUPPLY from: pages taken so far */
    bool is_page[MAX_PAGES + 4]; /* of what was taken */
    uint64_t values[MAX_PAGES + 4];
    uint64_t next, end; /* TOUCH: the pages still to do */
    bool began_inside;
    bool has_waited;
};

/* An operation that had to wait, begun in step `number`, has ended. */
typedef void (*trial_ended_fn)(void *context, uint32_t number,
                               enum vm_status status);

struct trial {
    struct vm_machine machine;
    struct model model;
    struct waiting waitings[MAX_WAITING];
    uint32_t number;     /* of the step that is being done */
    uint32_t resumed;    /* of the operation that goes on, + 1; 0: none */
    uint64_t waits;      /* operations that had to wait, so far */
    uint64_t last_order; /* of those that wait */

    trial_ended_fn on_ended; /* NULL: nobody wants to know */
    void *ended_context;

    /* memory */
    uint64_t failed, delayed; /* allocations, before the call that is made */
    uint64_t seen_free; /* free pages when those who wait for some were tried */
    bool takes_back;    /* a contiguous object may have taken frames back */
    bool is_resized;    /* which frames are withheld only the core knows */

    /* scans of the users' mappings */
    uint64_t last_mapped; /* their numbers */
    sim_ns last_scan, last_clearing_scan;
};

/* What became of a step. */
struct outcome {
    bool is_skipped; /* its objects were not there, or there was no room */
    bool is_done;    /* reclaim, dedup: of a page that was there */
    enum vm_status status;
};

/* What the seed decides about a trial. */
struct trial_config {
    uint64_t seed;
    uint64_t memory_pages;
    bool zero_forks;     /* go from the start, and so do anonymous pages */
    bool narrow_changes; /* range changes; no difference is to be seen */
    bool loans;          /* loaning and borrowing are on from the start */
    bool replace_on_unloan;
    bool sabotage;
};

/* What a pager may fail requests with, and one thing that it may not. */
enum { MODEL_ERROR_COUNT = 5 };
extern const enum vm_status model_errors[MODEL_ERROR_COUNT];

void trial_init(struct trial *trial, const struct trial_config *config);
/* Closes all that is open, and nothing may be left. */
void trial_finish(struct trial *trial);
/* The step itself, on both sides. */
struct outcome trial_step(struct trial *trial, const struct step *step);
/* What it answered goes on, then everything is compared. */
void trial_check(struct trial *trial, const struct step *step);

/* --- inside (drive*.c, compare.c) ------------------------------------------------- */

/* A difference: formatted, and on to vmcow_fail(). */
__attribute__((format(printf, 1, 2))) _Noreturn void wrong(const char *text,
                                                           ...);
void want(enum vm_status got, enum vm_status expected, const char *what);
void want_true(bool condition, const char *what);

/* For the handler of broken rules: the status that want() wanted in vain;
 * NO_STATUS: it was something else that was wrong. */
enum { NO_STATUS = 1 };
int trial_wanted(void);

/* Steps of each sort; false: not of that sort. */
bool drive_life(struct trial *trial, const struct step *step,
                struct outcome *outcome);
bool drive_wait(struct trial *trial, const struct step *step,
                struct outcome *outcome);
bool drive_user(struct trial *trial, const struct step *step,
                struct outcome *outcome);
bool drive_pager(struct trial *trial, const struct step *step,
                 struct outcome *outcome);
bool drive_reclaim(struct trial *trial, const struct step *step,
                   struct outcome *outcome);

/* Before a call of the core, and after it: was memory short in between? */
void memory_note(struct trial *trial);
bool memory_failed(const struct trial *trial);

/* Operations that wait (drive_wait.c). */
void wait_settle(struct trial *trial);
/* BAD_STATE for those about the object, the latest first. */
void wait_abort(struct trial *trial, const struct object *object);
void close_object(struct trial *trial, struct object *object);
/* `*mapping` is one of the object's; NULL: nothing to do. */
void unmap_object(struct object *object, struct vm_mapping **mapping);

/* NULL: the slot is empty. */
struct object *object_at(struct trial *trial, uint8_t slot);
static inline int slot_of(const struct trial *trial,
                          const struct object *object)
{
    return (int)(object - trial->model.objects);
}
/* The step's range in bytes. */
static inline uint64_t step_offset(const struct step *step)
{
    return pages_to_bytes(step->start);
}
static inline uint64_t step_length(const struct step *step)
{
    return pages_to_bytes((uint64_t)step->end - step->start);
}
/* Does the range end inside the object? */
static inline bool is_inside(const struct object *object, uint64_t end)
{
    return end <= object->node->size;
}

void compare_all(struct trial *trial);
/* Has the core's node neither a page there nor a view of its parent? */
bool core_sees_nothing(const struct node *node, uint64_t page);

#endif
