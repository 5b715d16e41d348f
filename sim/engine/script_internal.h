/*
 * Inside the script: one run of one event, and how its operation waits.
 *
 *   script_step --> struct script_call --> handler by op kind --> status
 *                          |                    |
 *                          |                    +-- starts a script_wait
 *                          +-- moves into the script_wait while that waits
 *
 * Only script*.c and expect*.c include this.
 */
#ifndef LOWTIDE_SCRIPT_INTERNAL_H
#define LOWTIDE_SCRIPT_INTERNAL_H

#include <sys/queue.h>

#include <uthash.h>

#include "engine/script.h"
#include "scenario/scenario.h"
#include "world/world.h"

/* One run of one event. */
struct script_call {
    struct script *script;
    struct world *world;
    const struct scenario_event *event;
    uint64_t run_number;
    struct scenario_run run; /* owned until the run is over */
    const struct scenario_op *op;
    struct world_vmo *vmo; /* op->vmo's, while it is open */
    bool is_run_kept;      /* its texts are borrowed until the end */
    char detail[160];      /* of the event row; what a reader wants to know */
};

/* An operation's outcome under its name; stays until the end. */
struct script_name {
    char *name; /* owned */
    bool is_done;
    enum vm_status status;
    struct script_wait *wait; /* while it waits */
    UT_hash_handle hh;
};

struct script_wait;
/* The operation is over; checks what it should have answered. */
typedef void (*script_over_fn)(struct script_wait *wait, enum vm_status status);

/* An operation that may wait, from its start until it is over. */
struct script_wait {
    struct world_operation operation; /* first: done() gets its address */
    struct script_call call;
    script_over_fn over;     /* NULL: nothing to check */
    struct world_vmo *into;  /* take: closed again if that fails */
    uint64_t page, end_page; /* touch: pages still to do */
    bool has_op;             /* `operation` is to be released */
    bool has_waited;
    struct script_name *name; /* NULL: unnamed, or another has the name now */
    LIST_ENTRY(script_wait) by_script; /* while it waits */
};
LIST_HEAD(script_wait_list, script_wait);

/* A repeated event that has begun. */
struct script_repeat {
    uint64_t event;    /* its index */
    uint64_t next_run; /* number of the next run */
    sim_ns next_at;
};

/* A run whose texts somebody has borrowed for the world's life. */
struct script_kept_run {
    struct scenario_run run;
    SLIST_ENTRY(script_kept_run) by_script;
};
SLIST_HEAD(script_kept_list, script_kept_run);

struct script {
    struct world *world;
    const struct scenario *scenario;
    uint64_t next_event;           /* index of the first that has not begun */
    struct script_repeat *repeats; /* owned; in file order */
    size_t repeat_count;
    struct script_name *names; /* hash by name */
    struct script_wait_list waiting;
    struct script_kept_list kept;
};

/* Operations by kind (script_ops_*.c). ----------------------------------- */

typedef enum vm_status (*script_op_fn)(struct script_call *call);

enum vm_status script_create(struct script_call *call);
enum vm_status script_clone(struct script_call *call);
enum vm_status script_slice(struct script_call *call);
enum vm_status script_reference(struct script_call *call);
enum vm_status script_close(struct script_call *call);
enum vm_status script_resize(struct script_call *call);
enum vm_status script_map(struct script_call *call);
enum vm_status script_unmap(struct script_call *call);
enum vm_status script_priority(struct script_call *call);
enum vm_status script_kill(struct script_call *call);

enum vm_status script_read(struct script_call *call);
enum vm_status script_write(struct script_call *call);
enum vm_status script_touch(struct script_call *call);
enum vm_status script_lookup(struct script_call *call);
enum vm_status script_commit(struct script_call *call);
enum vm_status script_decommit(struct script_call *call);
enum vm_status script_zero(struct script_call *call);
enum vm_status script_pin(struct script_call *call);
enum vm_status script_unpin(struct script_call *call);

enum vm_status script_supply(struct script_call *call);
enum vm_status script_supply_zero(struct script_call *call);
enum vm_status script_take(struct script_call *call);
enum vm_status script_fail(struct script_call *call);
enum vm_status script_dirty(struct script_call *call);
enum vm_status script_writeback_begin(struct script_call *call);
enum vm_status script_writeback_end(struct script_call *call);
enum vm_status script_detach(struct script_call *call);
enum vm_status script_query_stats(struct script_call *call);

enum vm_status script_lock(struct script_call *call);
enum vm_status script_try_lock(struct script_call *call);
enum vm_status script_unlock(struct script_call *call);
enum vm_status script_discard(struct script_call *call);
enum vm_status script_hint(struct script_call *call);
enum vm_status script_reclaim(struct script_call *call);
enum vm_status script_compress(struct script_call *call);
enum vm_status script_decompress(struct script_call *call);
enum vm_status script_dedup(struct script_call *call);

enum vm_status script_rotate(struct script_call *call);
enum vm_status script_harvest(struct script_call *call);
enum vm_status script_scan_zero(struct script_call *call);
enum vm_status script_evict(struct script_call *call);
enum vm_status script_reclaim_all(struct script_call *call);
enum vm_status script_set(struct script_call *call);
enum vm_status script_validate(struct script_call *call);
enum vm_status script_dump(struct script_call *call);
enum vm_status script_expect(struct script_call *call); /* expect.c */

/* Ranges (script_ops_content.c). ------------------------------------------ */

/* A range of a VMO in the core's bytes. */
struct script_range {
    uint64_t offset;
    uint64_t length;
};

/* What `pages` means for this VMO as it is now; explicit ends stay as given,
 * also past its end. */
struct script_range script_range_of(const struct world_vmo *vmo,
                                    const struct page_range *pages);

/* `pages` of the call and its VMO, noted for the event row. */
struct script_range script_call_range(struct script_call *call);

/*
 * Contents for the range: the written value or values, or new content.
 *
 *   range   shortened, if it ends past the VMO, to one page past it: enough
 *           to be refused
 *   values  set to an array, the caller's to free
 *
 * VM_OK; VM_INVALID_ARGS when the values are not one a page (reported);
 * VM_NO_MEMORY.
 */
enum vm_status script_values_of(struct script_call *call,
                                struct script_range *range, uint64_t **values);

/* Waiting (script_wait.c). ------------------------------------------------ */

/* Room for an operation, to be set up by a vmo_op_init_*(); NULL: memory ran
 * out (the world knows). */
struct script_wait *script_wait_new(struct script_call *call);
/* Give back one that was not started; its `op` holds nothing. */
void script_wait_drop(struct script_wait *wait);

/*
 * Start it on the call's VMO. Over at once: `over` is called, the wait is
 * gone, its status is returned. VM_SHOULD_WAIT: both go on later; the call's
 * run belongs to the wait from now on.
 */
enum vm_status script_wait_start(struct script_wait *wait,
                                 struct world_vmo *other, script_over_fn over);

/* What the last step of an operation of several steps (touch) still holds. */
void script_wait_release(struct script_wait *wait);
/* The next step of a wait that is not
 * waiting; `done` is called if that waits. */
enum vm_status script_wait_step(struct script_wait *wait,
                                world_operation_done_fn done);
/* The whole is over. Frees the wait. */
void script_wait_finish(struct script_wait *wait, enum vm_status status);

/* The run of this call is a named one: note what became of it. */
void script_name_set(struct script_call *call, enum vm_status status,
                     struct script_wait *wait);

/* Reports (script_report.c). ---------------------------------------------- */

/* Something was expected.
 *
 *   line      of the expectation; 0: the event's
 *   key       as in the scenario language
 *   what      key and subject in words, "committed of a"
 *   expected  in the scenario language
 *   actual    likewise
 */
void script_report(const struct script_call *call, uint32_t line,
                   const char *key, const char *what, const char *expected,
                   const char *actual, bool is_ok);
/* ... of the operation's own field, by its name. */
void script_report_count(const struct script_call *call, const char *key,
                         uint64_t expected, uint64_t actual);
void script_report_bool(const struct script_call *call, const char *key,
                        bool expected, bool actual);
/* ... as texts, judged by the caller. */
void script_report_text(const struct script_call *call, const char *key,
                        const char *expected, const char *actual, bool is_ok);
void script_report_values(const struct script_call *call, const char *key,
                          const uint64_t *expected, size_t expected_count,
                          const uint64_t *actual, size_t actual_count);

/* The status that an event returned at once: reported if it was asked for or
 * is wrong. */
void script_report_status(const struct script_call *call,
                          enum vm_status status);

/* The event row of a run; `is_late`: of an operation that has waited. */
void script_report_event(const struct script_call *call, enum vm_status status,
                         bool is_late);

/* Is SHOULD_WAIT fine without having been asked for? (script.c) */
bool script_may_wait(const struct script_call *call);

/* Note for the event row. */
void script_detail(struct script_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
