/*
 * The recorder: what happened in a run, written to a results database.
 *
 * The engine tells the recorder everything, whatever the scenario's `record`
 * switches say; the recorder hashes what belongs to the run's fingerprint,
 * keeps what the summary needs, and stores the rows that are switched on. It
 * only watches: nothing it returns may change what is simulated.
 *
 *   recorder_open(path or NULL)
 *     recorder_begin_run            a row in `run`, status `running`
 *       recorder_process, recorder_vmo, recorder_tick, ...    in any order
 *     recorder_finish_run           status, totals, fingerprint, summary
 *     ... more runs, one after the other ...
 *   recorder_close
 *
 * The structs below are rows: a field has its column's name, simulated times
 * are nanoseconds, amounts are pages, totals are cumulative since the start
 * of the run. What a row lacks is RECORD_NULL (numbers) or NULL (text) and
 * becomes an SQL NULL. Text is UTF-8, borrowed for the call only.
 *
 * Rows are gathered in memory and written in transactions of their own, at
 * the first call that comes 0.25 s of host time after the last one, so
 * that several processes can append to one file. A caller that
 * may be busy for longer without adding a row calls recorder_poll. After
 * kill -9 the file opens and holds every batch written before.
 *
 * Errors: every function that returns bool returns false when the host
 * failed (disk full, file not writable, out of memory). The first error
 * sticks: recorder_error says what it was, later calls write nothing and
 * return false, and what was committed before stays in the file. Without a
 * database the only possible error is want of memory.
 *
 * One connection: do not fork between recorder_open and recorder_close, and
 * keep at most one recorder per file open in a process.
 */
#ifndef LOWTIDE_RECORD_RECORDER_H
#define LOWTIDE_RECORD_RECORDER_H

#include "units.h"

#include "record/histogram.h"
#include "record/summary.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An absent amount, and an absent time. Both are stored as NULL. */
#define RECORD_NULL    UINT64_MAX
#define RECORD_NULL_NS ((sim_ns)-1)

struct recorder;

/* Which rows are stored; the scenario's `record` mapping. */
struct record_switches {
    bool ticks;     /* tick, tick_list */
    bool vmo_ticks; /* tick_vmo */
    bool events;    /* event */
    bool pages;     /* page_event */
    bool latency;   /* latency */
};

/* One parameter of the policy, both as text. */
struct record_param {
    const char *name;
    const char *value;
};

/* What is known of a run when it begins. Strings must not be NULL. */
struct record_run {
    const char *name;
    const char *scenario;      /* path as given on the command line */
    const char *scenario_text; /* in full, after overrides */
    const char *policy;
    const struct record_param *params;
    size_t param_count;
    uint64_t seed;
    uint64_t memory_pages;
    uint64_t page_size;  /* bytes */
    const char *version; /* of the program */
    const char *argv;    /* the command line as one string */
    struct record_switches record;
};

enum run_status {
    RUN_RUNNING,
    RUN_OK,
    RUN_FAILED,      /* an expectation failed */
    RUN_STOPPED,     /* OOM with `on_oom: stop` */
    RUN_INTERRUPTED, /* by a signal, or its writer is gone */
    RUN_ERROR,       /* a check of ours failed, or the host did */
};

/* The status as the table spells it: "running", "ok", ... */
const char *run_status_name(enum run_status status);

/* What is known when a run ends. */
struct record_end {
    enum run_status status;
    sim_ns sim_ns;          /* simulated time reached */
    uint64_t first_touches; /* major faults on pages that never were there */
};

struct record_process {
    uint64_t process_id;
    const char *name;
    int64_t oom_score;
};

struct record_vmo {
    uint64_t vmo_id;
    const char *name; /* NULL for hidden ones */
    uint64_t process_id;
    const char *kind; /* anonymous, pager, contiguous, discardable, snapshot,
                         snapshot_at_least_on_write, snapshot_modified, slice,
                         reference */
    uint64_t parent_vmo_id;
    sim_ns created_ns;
};

struct record_tick {
    sim_ns tick_ns;
    /* the machine now */
    uint64_t free, free_loaned, loaned;
    const char *level; /* normal, warning, critical, imminent_oom, oom */
    /* pages by queue now */
    uint64_t wired, anonymous, high_priority, zero_fork, pager_dirty;
    uint64_t failed_reclaim, dont_need, reclaimable, active, inactive;
    uint64_t compressed;         /* pages that are compressed */
    uint64_t compressed_storage; /* pages that hold them */
    /* totals */
    uint64_t accesses, faults_minor, faults_major, faults_cow, faults_zero;
    uint64_t faults_decompress, refaults;
    uint64_t evicted_pager, evicted_compressed, evicted_discardable;
    uint64_t deduped, written_back, oom_kills;
    /* now */
    uint64_t waiting_threads;
    /* totals */
    sim_ns stall_some_ns, stall_full_ns;
    /* now: pages that no VMO's window shows */
    uint64_t unattributed;
};

/* Every column NULL but the time. */
void record_tick_init(struct record_tick *tick, sim_ns tick_ns);

struct record_tick_vmo {
    sim_ns tick_ns;
    uint64_t vmo_id;
    uint64_t committed, compressed, pinned; /* attributed pages now */
    uint64_t faults_major, refaults;        /* totals */
};

/* A step of the script. `seq` is given by the recorder: 1, 2, 3 ... */
struct record_event {
    sim_ns at_ns;
    uint64_t line; /* of the scenario */
    const char *op;
    const char *vmo;    /* name */
    const char *status; /* name, as scenarios spell it */
    const char *detail;
};

struct record_expectation {
    uint64_t line;
    const char *key;
    const char *expected;
    const char *actual;
    bool ok;
};

/* What a run is in a parameter study. */
struct record_study_run {
    const char *study;
    const char *run_key; /* equal for runs that must come out equal */
    uint64_t repetition;
    const char *variables; /* a JSON object */
};

struct record_page_event {
    sim_ns at_ns;
    uint64_t vmo_id;
    uint64_t page;    /* index within the VMO */
    const char *what; /* added, aged, evicted, compressed, refaulted, ... */
    const char *detail;
};

enum latency_kind {
    LATENCY_ACCESS,
    LATENCY_MAJOR_FAULT,
    LATENCY_DECOMPRESS,
    LATENCY_ALLOC_WAIT,
    LATENCY_KIND_COUNT
};

/*
 * Open the results file at `path`, creating it if need be; NULL records to
 * nowhere, which leaves the fingerprint and the summary. Runs in the file
 * whose writers are gone are marked `interrupted`.
 *
 *   error, error_size   where to write what went wrong, a line without '\n'
 *
 * Returns the recorder, owned by the caller, or NULL. A file that is not a
 * results database, or is one of a newer version, is left untouched; a file
 * that was not there before is not left behind.
 */
struct recorder *recorder_open(const char *path, char *error,
                               size_t error_size);

/*
 * Write what is left, leave the file as one plain file unless others still
 * write to it, and free the recorder (taken; NULL is allowed). A run that was
 * not finished becomes `interrupted`. Returns false if the recorder had
 * failed or fails now, with the reason in `error` as in recorder_open.
 */
bool recorder_close(struct recorder *rec, char *error, size_t error_size);

/* What went wrong, a line without '\n'; NULL while nothing has. */
const char *recorder_error(const struct recorder *rec);

/* Begin a run; none may be under way. Its row is committed at once. */
bool recorder_begin_run(struct recorder *rec, const struct record_run *run);

/* The run under way, or else the last one; RECORD_NULL without a database. */
uint64_t recorder_run_id(const struct recorder *rec);

/*
 * Does anybody want these rows? Ticks, events and counters are always wanted
 * (the fingerprint needs them); the others can be spared when it is false.
 */
bool recorder_wants_vmo_ticks(const struct recorder *rec);
bool recorder_wants_page_events(const struct recorder *rec);
bool recorder_wants_latency(const struct recorder *rec);

/* The run is one of a study: once a run, right after it has begun. */
bool recorder_study_run(struct recorder *rec,
                        const struct record_study_run *row);

/* Entities. Ids are the caller's, unique within the run. */
bool recorder_process(struct recorder *rec, const struct record_process *row);
bool recorder_process_killed(struct recorder *rec, uint64_t process_id,
                             sim_ns killed_ns);
bool recorder_vmo(struct recorder *rec, const struct record_vmo *row);
bool recorder_vmo_closed(struct recorder *rec, uint64_t vmo_id,
                         sim_ns closed_ns);

/*
 * Samples. Times increase strictly from one tick to the next; each list or
 * VMO has at most one row per tick. The last tick carries the run's totals.
 */
bool recorder_tick(struct recorder *rec, const struct record_tick *row);
bool recorder_tick_list(struct recorder *rec, sim_ns tick_ns, const char *list,
                        uint64_t pages);
bool recorder_tick_vmo(struct recorder *rec, const struct record_tick_vmo *row);

bool recorder_event(struct recorder *rec, const struct record_event *row);
bool recorder_expectation(struct recorder *rec,
                          const struct record_expectation *row);
bool recorder_page_event(struct recorder *rec,
                         const struct record_page_event *row);

/*
 * The latencies of one workload, once per workload and kind at the end of the
 * run; `hist` is borrowed.
 */
bool recorder_latency(struct recorder *rec, const char *workload,
                      enum latency_kind kind, const struct histogram *hist);

/*
 * A final total, once per name and run, in a fixed order. The names known to
 * the dictionary are listed in schema.h; for others `unit` and `meaning` are
 * added to it, which may be NULL for known names. The totals that the last
 * tick holds, and first_touches, are added by recorder_finish_run.
 */
bool recorder_counter(struct recorder *rec, const char *name, uint64_t value,
                      const char *unit, const char *meaning);

/*
 * Write what was gathered if the last write was 0.25 s ago or more. Costs a
 * look at the clock; call it every few thousand steps of the simulation.
 */
bool recorder_poll(struct recorder *rec);

/* Write what was gathered, now. */
bool recorder_flush(struct recorder *rec);

/*
 * End the run. `summary`, unless NULL, receives what the run came to (to be
 * released by the caller), also if the database failed.
 */
bool recorder_finish_run(struct recorder *rec, const struct record_end *end,
                         struct run_summary *summary);

#endif
