/*
 * The recorder: what a run does becomes rows in a SQLite file.
 *
 *   recorder_open --> recorder_begin_run --> rows ... --> recorder_end_run
 *                           ^                                   |
 *                           +----------- further runs ----------+--> close
 *
 * Tables, columns and views are fixed (docs: results). The recorder is given
 * every row of a run, hashes it into the run's fingerprint, and stores it if
 * the run's switches say so; with no file it only hashes and sums up. It only
 * watches: it never changes what it is shown.
 *
 * Rows are committed in batches of at most 0.25 s of host time, so that a
 * process killed at any moment leaves a whole file with all batches before.
 * The first failure (disk full ...) is kept: later calls do nothing, and
 * recorder_error() tells. Times are simulated nanoseconds, amounts pages.
 * Text is borrowed for the call.
 */
#ifndef LOWTIDE_RECORDER_H
#define LOWTIDE_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/histogram.h"
#include "units.h"

struct recorder;

enum recorder_open_status {
    RECORDER_OPENED,
    RECORDER_REFUSED, /* not our file, or a newer version: bad input */
    RECORDER_TROUBLE, /* the host: permissions, disk, memory */
};

/*
 * Open `path` for writing, made if it is not there; NULL: keep nothing on
 * disk. Runs whose writer is gone are marked interrupted.
 *
 *   message  on failure: what is wrong, naming the path
 *
 * A file that was not there before and can't be set up is not left behind.
 */
enum recorder_open_status recorder_open(const char *path,
                                        struct recorder **out, char *message,
                                        size_t message_bytes);
/* A run still open is marked `error`. The last writer to leave turns the file
 * back into a single plain one. False: see recorder_error() before. */
bool recorder_close(struct recorder *recorder);

/* NULL, or what first went wrong (borrowed until the recorder is closed). */
const char *recorder_error(const struct recorder *recorder);

/* ---- Runs ------------------------------------------------------------------ */

struct recorder_switches { /* section `record` of a scenario */
    bool ticks;
    bool vmo_ticks;
    bool events;
    bool pages;
    bool latency;
};

struct recorder_run {
    const char *name;
    const char *scenario;      /* path as given */
    const char *scenario_text; /* after overrides; hashed */
    const char *policy;
    const char *const *params; /* `name=value`, param_count of them */
    size_t param_count;
    uint64_t seed;
    uint64_t memory_pages;
    uint64_t page_size; /* bytes */
    const char *argv;   /* the command line, one string */
    struct recorder_switches switches;
};

enum recorder_status {
    RECORDER_RUNNING,
    RECORDER_OK,
    RECORDER_FAILED,
    RECORDER_STOPPED,
    RECORDER_INTERRUPTED,
    RECORDER_ERROR,
};

void recorder_begin_run(struct recorder *recorder,
                        const struct recorder_run *run);

/* A line per run of the summary: the columns of v_summary. */
struct run_summary {
    int64_t run_id; /* 0: not on disk */
    char *name;     /* owned */
    char *policy;
    char *params; /* `a=1 b=2` */
    uint64_t seed;
    uint64_t memory_pages;
    enum recorder_status status;
    sim_ns sim_ns;
    uint64_t accesses, faults_major, first_touches, refaults;
    double stall_some_share, stall_full_share;
    uint64_t access_p50_ns, access_p99_ns, access_p999_ns;
    bool has_latency; /* some access was timed */
    uint64_t evicted_pager, evicted_compressed, evicted_discardable;
    uint64_t deduped, written_back, oom_kills;
    char fingerprint[33]; /* 32 hex digits */
};

/*
 * The run is over.
 *
 *   end      simulated time at the end
 *   summary  filled if not NULL; release with run_summary_release()
 */
void recorder_end_run(struct recorder *recorder, enum recorder_status status,
                      sim_ns end, struct run_summary *summary);
void run_summary_release(struct run_summary *summary);

/* Commit what has been recorded now (before an abort, on an interrupt). */
void recorder_flush(struct recorder *recorder);

/* ---- Rows -------------------------------------------------------------------- */

void recorder_process(struct recorder *recorder, uint32_t process_id,
                      const char *name, uint64_t oom_score);
void recorder_process_killed(struct recorder *recorder, uint32_t process_id,
                             sim_ns killed);

/* `kind` as in the vmo table; parent 0: none. */
void recorder_vmo(struct recorder *recorder, uint32_t vmo_id, const char *name,
                  uint32_t process_id, const char *kind, uint32_t parent_vmo_id,
                  sim_ns created);
void recorder_vmo_closed(struct recorder *recorder, uint32_t vmo_id,
                         sim_ns closed);

/* The columns of `tick`; what a policy does not have is NULL there. */
struct recorder_tick {
    sim_ns tick_ns;
    uint64_t free, free_loaned, loaned;
    const char *level; /* its name */
    uint64_t wired, anonymous, high_priority, zero_fork, pager_dirty;
    uint64_t failed_reclaim;
    uint64_t dont_need;
    bool has_dont_need;
    uint64_t reclaimable;
    uint64_t active, inactive;
    bool has_activity;
    uint64_t compressed, compressed_storage;
    uint64_t accesses, faults_minor, faults_major, faults_cow, faults_zero;
    uint64_t faults_decompress, refaults;
    uint64_t evicted_pager, evicted_compressed, evicted_discardable;
    uint64_t deduped, written_back, oom_kills;
    uint64_t waiting_threads;
    uint64_t stall_some_ns, stall_full_ns;
    uint64_t unattributed;
    uint64_t first_touches; /* not a column of its own: for the summary */
};
void recorder_tick(struct recorder *recorder, const struct recorder_tick *tick);
void recorder_tick_list(struct recorder *recorder, sim_ns tick_ns,
                        const char *list, uint64_t pages);

struct recorder_tick_vmo {
    sim_ns tick_ns;
    uint32_t vmo_id;
    uint64_t committed, compressed, pinned, faults_major, refaults;
};
void recorder_tick_vmo(struct recorder *recorder,
                       const struct recorder_tick_vmo *row);

/* `vmo` and `detail` may be NULL. */
void recorder_event(struct recorder *recorder, uint64_t seq, sim_ns at,
                    uint32_t line, const char *op, const char *vmo,
                    const char *status, const char *detail);
void recorder_expectation(struct recorder *recorder, uint64_t seq,
                          uint32_t line, const char *key, const char *expected,
                          const char *actual, bool ok);
/* `kind`: access, major_fault, decompress, alloc_wait. At the end of a run. */
void recorder_latency(struct recorder *recorder, const char *workload,
                      const char *kind, const struct histogram *histogram);
void recorder_page_event(struct recorder *recorder, sim_ns at, uint32_t vmo_id,
                         uint64_t page, const char *what, const char *detail);
/* A final total under Zircon's own name where it has one. */
void recorder_counter(struct recorder *recorder, const char *name,
                      uint64_t value);

/* The status' word in the run table. */
const char *recorder_status_name(enum recorder_status status);

#endif
