/*
 * A scenario: one YAML file, read and checked completely, as plain data.
 *
 *     file + overrides --> tree with places --> checked against key tables
 *                                                        |
 *     struct scenario <-- strict values <-- libcyaml <-- canonical text
 *
 * keys*.c are the language. All memory of a scenario is its own and goes
 * with scenario_free(). Amounts are pages of the machine (machine.page_bytes
 * each), times nanoseconds, unless a name says otherwise. What the file leaves
 * out holds its default. Everything in here has been checked, names included;
 * a policy's name and parameters have not: the policies know those.
 */
#ifndef LOWTIDE_SCENARIO_SCENARIO_H
#define LOWTIDE_SCENARIO_SCENARIO_H

#include "compressor.h"
#include "scenario/errors.h"
#include "scenario/script.h"

struct node_places;
struct raw_document;

/* Predefined names. */
#define SCENARIO_MANUAL_PAGER   "manual"
#define SCENARIO_SCRIPT_PROCESS "script"

/* Distributions. -------------------------------------------------------- */

enum distribution_kind {
    DISTRIBUTION_CONSTANT,    /* mean */
    DISTRIBUTION_UNIFORM,     /* min, max */
    DISTRIBUTION_EXPONENTIAL, /* mean */
    DISTRIBUTION_NORMAL,      /* mean, sigma */
    DISTRIBUTION_LOGNORMAL,   /* mean of the value, sigma of its logarithm */
    DISTRIBUTION_PARETO,      /* alpha; min is the scale, also when only the
                                 mean was given (mean * (alpha - 1) / alpha) */
};

/*
 * Values are nanoseconds, or plain numbers where the key counts things. Draws
 * are clamped to [min, max], which default to 0 and infinity.
 */
struct distribution {
    enum distribution_kind kind;
    double mean;
    double min;
    double max; /* may be INFINITY */
    double sigma;
    double alpha;
};

/* Machine and reclaim. -------------------------------------------------- */

struct scenario_costs {
    sim_ns access;
    sim_ns minor_fault;
    sim_ns zero_page;
    sim_ns copy_page;
    sim_ns evict_page;
    sim_ns compress_page;
    sim_ns decompress_page;
    sim_ns scan_page;
};

struct scenario_machine {
    uint64_t page_bytes; /* 4096, 16384 or 65536 */
    uint64_t memory_pages;
    uint64_t wired_pages; /* <= memory_pages */
    uint64_t cores;       /* >= 1 */
    struct scenario_costs costs;
};

enum access_tracking { TRACKING_HARVEST, TRACKING_DIRECT };
enum lru_action {
    LRU_ACTION_NONE,
    LRU_ACTION_EVICT_ONLY,
    LRU_ACTION_COMPRESS_ONLY,
    LRU_ACTION_EVICT_AND_COMPRESS,
};
enum on_oom { ON_OOM_KILL, ON_OOM_STOP, ON_OOM_WAIT };

/*
 * Free pages at which each level begins: 1 <= oom < imminent_oom < critical <
 * warning. The rule for small memories has been applied.
 */
struct scenario_pressure {
    uint64_t oom_pages;
    uint64_t imminent_oom_pages; /* oom + imminent_oom_delta */
    uint64_t critical_pages;
    uint64_t warning_pages;
    uint64_t debounce_pages;
    sim_ns hysteresis;
    bool evict_at_warning;
    bool evict_continuous;
};

struct scenario_compression {
    bool enabled;
    bool anonymous;
    bool zero_forks;
    struct scenario_place zero_forks_place; /* line 0: the default */
    uint64_t threshold_percent;             /* 1 .. 100 */
    enum compression_model model;
    enum compression_storage storage;
};

struct scenario_reclaim {
    const char *policy;                  /* a name, or a path ending in .so */
    struct scenario_place policy_place;  /* line 0: the default */
    const struct scenario_param *params; /* one for each name */
    size_t param_count;
    bool eviction;
    enum access_tracking access_tracking;
    sim_ns min_aging;
    sim_ns max_aging; /* > 0; may be below min_aging */
    uint64_t active_ratio_multiplier;
    double zero_scans_per_second; /* 0: off */
    enum lru_action lru_action;
    uint64_t discardable_percent; /* 0 .. 100 */
    sim_ns discardable_min_age;
    bool loaning;
    bool borrow_on_supply;
    bool borrow_on_mru;
    bool replace_on_unloan;
    struct scenario_pressure pressure;
    enum on_oom on_oom;
    struct scenario_compression compression;
};

/* Actors. --------------------------------------------------------------- */

/* `manual` is in no list: it never answers by itself. */
struct scenario_pager {
    const char *name;
    struct scenario_place place;
    struct distribution read_latency;
    double read_bandwidth;     /* bytes per second, > 0 */
    uint64_t parallelism;      /* >= 1 */
    sim_ns writeback_interval; /* > 0; SIM_NS_INFINITE: never */
    struct distribution writeback_latency;
    uint64_t fail_every; /* every n-th request fails; 0: none */
    enum vm_status fail_status;
};

/* `script` is in no list. */
struct scenario_process {
    const char *name;
    struct scenario_place place;
    uint64_t oom_score;
};

enum pattern_kind {
    PATTERN_SEQUENTIAL,
    PATTERN_LOOP,
    PATTERN_STRIDE,
    PATTERN_UNIFORM,
    PATTERN_ZIPF,
    PATTERN_HOTSPOT,
    PATTERN_RANDOM_WALK,
    PATTERN_PHASES,
    PATTERN_TRACE,
};
enum trace_timing { TRACE_TIMING_TRACE, TRACE_TIMING_THINK };

struct scenario_trace {
    const char *file;    /* path that can be opened from where lowtide runs */
    const char *format;  /* a format of docs/FORMATS.md, or "auto" */
    const char *columns; /* of csv; NULL: the reader's default */
    enum trace_timing timing;
    bool loop;
    struct scenario_place place; /* of the file's name */
};

struct scenario_phase;

struct scenario_pattern {
    enum pattern_kind kind;
    struct page_range pages; /* of the VMO; default all */
    uint64_t stride;         /* stride; pages, >= 1 */
    uint64_t step;           /* random_walk; the longest step, pages, >= 1 */
    double alpha;            /* zipf */
    bool scramble;           /* zipf: ranks scattered over the pages */
    double hot;              /* hotspot: share of the pages, (0, 1] */
    double hot_access;       /* hotspot: share of the accesses, 0 .. 1 */
    const struct scenario_phase *phases; /* in turn, then again */
    size_t phase_count;                  /* >= 1 where kind is phases */
    struct scenario_trace trace;
};

struct scenario_phase {
    sim_ns duration; /* > 0 */
    struct scenario_pattern pattern;
};

struct scenario_workload_vmo {
    const char *name;
    double weight; /* >= 0; at least one is above 0 */
};

struct scenario_workload {
    const char *name;
    struct scenario_place place;
    const char *process; /* NULL: `script` */
    const struct scenario_workload_vmo *vmos;
    size_t vmo_count; /* >= 1 */
    uint64_t threads; /* >= 1 */
    sim_ns start;
    sim_ns stop; /* SIM_NS_INFINITE: none given */
    bool has_accesses;
    uint64_t accesses;         /* of all threads together */
    struct distribution think; /* ns between accesses; default 0 */
    double write;              /* probability; default 0 */
    struct distribution run;   /* pages per access; default 1 */
    struct scenario_pattern pattern;
};

struct scenario_record {
    bool ticks;
    bool vmo_ticks;
    bool events;
    bool pages;
    bool latency;
};

/* The whole. ------------------------------------------------------------ */

struct scenario {
    const char *path;
    const char *name;
    const char *description; /* "" by default */
    const char *text;        /* the file as it is */
    size_t text_bytes;
    const char *text_after; /* with the overrides; the same as `text` if none */
    size_t text_after_bytes;
    uint64_t seed;
    bool has_duration; /* and it is not `inf` */
    sim_ns duration;
    sim_ns tick; /* > 0 */

    struct scenario_machine machine;
    struct scenario_reclaim reclaim;
    struct scenario_record record;

    const struct scenario_pager *pagers;
    size_t pager_count;
    const struct scenario_process *processes;
    size_t process_count;
    const struct scenario_op *vmos; /* kind OP_CREATE, in order */
    size_t vmo_count;
    const struct scenario_workload *workloads;
    size_t workload_count;
    const struct scenario_event *events;
    size_t event_count;

    const char *const *overrides; /* as typed: "--set seed=4" */
    size_t override_count;

    /* private */
    struct arena *memory;
    struct raw_document *raw; /* NULL where no event varies */
    const struct node_places *places;
};

/* A change made on the command line before the scenario is checked. */
enum scenario_override_kind {
    OVERRIDE_SET,    /* "reclaim.min_aging=1s" */
    OVERRIDE_POLICY, /* "lru" */
    OVERRIDE_PARAM,  /* "name=value", in place of the file's of that name */
    OVERRIDE_SEED,   /* "4" */
    OVERRIDE_MEMORY, /* "64MiB" */
};
struct scenario_override {
    enum scenario_override_kind kind;
    const char *text; /* borrowed for the call */
};

enum scenario_result {
    SCENARIO_OK = 0,
    SCENARIO_BAD = -1,       /* the errors say why */
    SCENARIO_NO_MEMORY = -2, /* so do they */
};

/*
 * Read and check a scenario file.
 *
 *   path       kept as given
 *   overrides  applied in order; NULL if count is 0
 *   errors     initialised; errors are added to what it holds
 *
 * On SCENARIO_OK `*out` is returned to the caller, who frees it; otherwise it
 * is NULL. Nothing is written anywhere.
 */
enum scenario_result scenario_load(const char *path,
                                   const struct scenario_override *overrides,
                                   size_t override_count, struct scenario **out,
                                   struct scenario_errors *errors);
/* The same from memory; trace files are looked for beside `path`. */
enum scenario_result
scenario_load_text(const char *path, const char *text, size_t text_bytes,
                   const struct scenario_override *overrides,
                   size_t override_count, struct scenario **out,
                   struct scenario_errors *errors);
/* NULL is allowed. */
void scenario_free(struct scenario *scenario);

#endif
