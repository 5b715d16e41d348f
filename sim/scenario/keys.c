/*
 * Tables of the parts that are no script: the whole file, machine, reclaim,
 * pagers, processes, record. Defaults and limits are here and nowhere else.
 */
#include "scenario/keys.h"

#include <math.h>

#include "scenario/decode.h"
#include "scenario/scenario.h"

#define COUNT_OF(array)  (sizeof(array) / sizeof((array)[0]))
#define AT(type, member) .offset = offsetof(type, member)

/* machine --------------------------------------------------------------- */

#define COST(member, ns, text)                                                 \
    {                                                                          \
        .name = #member, .kind = KEY_DURATION, .flags = KEY_FINITE,            \
        .default_text = ns, AT(struct scenario_costs, member), .help = text    \
    }

static const struct key costs_keys[] = {
    COST(access, "4ns", "an access that hits a present mapping"),
    COST(minor_fault, "700ns", "a fault that finds its page in memory"),
    COST(zero_page, "250ns", "filling a page with zeros"),
    COST(copy_page, "450ns", "copying a page"),
    COST(evict_page, "900ns", "evicting a page"),
    COST(compress_page, "3us", "compressing a page"),
    COST(decompress_page, "1.2us", "decompressing a page"),
    COST(scan_page, "40ns", "looking at a page's accessed bit"),
};

static const struct key_table costs_table = {
    .what = "costs",
    .keys = costs_keys,
    .key_count = COUNT_OF(costs_keys),
    .model_bytes = sizeof(struct scenario_costs),
};

static const struct word page_size_words[] = {
    {"4KiB", 4096}, {"16KiB", 16384}, {"64KiB", 65536}, {NULL, 0}};

/* A page's index has 29 bits, and index 0 is no memory. */
#define MAX_MEMORY_PAGES (double)((1u << 29) - 1)

static const struct key machine_keys[] = {
    {.name = "page_size",
     .kind = KEY_WORD,
     .flags = KEY_BY_HOOK, /* read before all else: sizes need it */
     .words = page_size_words,
     .default_text = "4KiB",
     .help = "size of a page"},
    {.name = "memory",
     .kind = KEY_SIZE,
     AT(struct scenario_machine, memory_pages),
     .min = 1,
     .max = MAX_MEMORY_PAGES,
     .default_text = "1GiB",
     .help = "the budget: all simulated physical pages"},
    {.name = "wired",
     .kind = KEY_SIZE,
     AT(struct scenario_machine, wired_pages),
     .default_text = "0p",
     .help = "pages that the kernel takes at boot"},
    {.name = "cores",
     .kind = KEY_COUNT,
     AT(struct scenario_machine, cores),
     .min = 1,
     .max = 4096,
     .default_text = "4",
     .help = "simulated CPUs that workload threads run on"},
    {.name = "costs",
     .kind = KEY_MAP,
     .table = &costs_table,
     AT(struct scenario_machine, costs),
     .help = "simulated CPU time of what the machine does"},
};

static const struct key_table machine_table = {
    .what = "machine",
    .keys = machine_keys,
    .key_count = COUNT_OF(machine_keys),
    .model_bytes = sizeof(struct scenario_machine),
    .finish = finish_machine,
};

/* reclaim --------------------------------------------------------------- */

static const struct key pressure_keys[] = {
    {.name = "oom",
     .kind = KEY_SIZE,
     AT(struct scenario_pressure, oom_pages),
     .min = 1,
     .default_text = "50MiB",
     .help = "free memory below which there is none left; scaled below 1GiB"},
    {.name = "imminent_oom_delta",
     .kind = KEY_SIZE,
     AT(struct scenario_pressure, imminent_oom_pages),
     .default_text = "10MiB",
     .help = "the imminent_oom mark is that much above oom"},
    {.name = "critical",
     .kind = KEY_SIZE,
     AT(struct scenario_pressure, critical_pages),
     .default_text = "150MiB",
     .help = "free memory below which eviction begins"},
    {.name = "warning",
     .kind = KEY_SIZE,
     AT(struct scenario_pressure, warning_pages),
     .default_text = "300MiB",
     .help = "free memory below which a warning is given"},
    {.name = "debounce",
     .kind = KEY_SIZE,
     AT(struct scenario_pressure, debounce_pages),
     .default_text = "1MiB",
     .help = "a mark must be passed by that much"},
    {.name = "hysteresis",
     .kind = KEY_DURATION,
     AT(struct scenario_pressure, hysteresis),
     .default_text = "10s",
     .help = "a better level is announced that much later"},
    {.name = "evict_at_warning",
     .kind = KEY_BOOL,
     AT(struct scenario_pressure, evict_at_warning),
     .default_text = "false",
     .help = "evict at the warning level already"},
    {.name = "evict_continuous",
     .kind = KEY_BOOL,
     AT(struct scenario_pressure, evict_continuous),
     .default_text = "false",
     .help = "go on evicting while the pressure lasts"},
};

static const struct key_table pressure_table = {
    .what = "pressure",
    .keys = pressure_keys,
    .key_count = COUNT_OF(pressure_keys),
    .model_bytes = sizeof(struct scenario_pressure),
    .finish = finish_pressure,
};

static const struct word model_words[] = {
    {"lz4", COMPRESSION_LZ4}, {"ratio", COMPRESSION_RATIO}, {NULL, 0}};
static const struct word storage_words[] = {
    {"tri_page", STORAGE_TRI_PAGE}, {"exact", STORAGE_EXACT}, {NULL, 0}};

static const struct key compression_keys[] = {
    {.name = "enabled",
     .kind = KEY_BOOL,
     AT(struct scenario_compression, enabled),
     .default_text = "false",
     .help = "a compressor exists"},
    {.name = "anonymous",
     .kind = KEY_BOOL,
     AT(struct scenario_compression, anonymous),
     .default_text = "false",
     .help = "anonymous pages are reclaimed by compression"},
    {.name = "zero_forks",
     .kind = KEY_BOOL,
     AT(struct scenario_compression, zero_forks),
     .default_text = "false",
     .help = "so are pages forked from the zero page"},
    {.name = "threshold",
     .kind = KEY_COUNT,
     AT(struct scenario_compression, threshold_percent),
     .min = 1,
     .max = 100,
     .default_text = "70",
     .help = "largest compressed size that is kept, per cent of a page"},
    {.name = "model",
     .kind = KEY_WORD,
     .words = model_words,
     AT(struct scenario_compression, model),
     .default_text = "lz4",
     .help = "lz4: pages are really compressed; ratio: sizes are drawn"},
    {.name = "storage",
     .kind = KEY_WORD,
     .words = storage_words,
     AT(struct scenario_compression, storage),
     .default_text = "tri_page",
     .help = "how compressed pages are stored"},
};

static const struct key_table compression_table = {
    .what = "compression",
    .keys = compression_keys,
    .key_count = COUNT_OF(compression_keys),
    .model_bytes = sizeof(struct scenario_compression),
    .finish = finish_compression,
};

static const struct word tracking_words[] = {
    {"harvest", TRACKING_HARVEST}, {"direct", TRACKING_DIRECT}, {NULL, 0}};
static const struct word lru_words[] = {
    {"none", LRU_ACTION_NONE},
    {"evict_only", LRU_ACTION_EVICT_ONLY},
    {"compress_only", LRU_ACTION_COMPRESS_ONLY},
    {"evict_and_compress", LRU_ACTION_EVICT_AND_COMPRESS},
    {NULL, 0},
};
static const struct word oom_words[] = {{"kill", ON_OOM_KILL},
                                        {"stop", ON_OOM_STOP},
                                        {"wait", ON_OOM_WAIT},
                                        {NULL, 0}};

#define RECLAIM_SWITCH(key, value, text)                                       \
    {                                                                          \
        .name = #key, .kind = KEY_BOOL, AT(struct scenario_reclaim, key),      \
        .default_text = value, .help = text                                    \
    }

static const struct key reclaim_keys[] = {
    {.name = "policy",
     .kind = KEY_TEXT,
     AT(struct scenario_reclaim, policy),
     .default_text = "zircon",
     .help = "a built-in policy, or the path of a plug-in, ending in .so"},
    {.name = "params",
     .kind = KEY_LIST,
     .element = KEY_PARAM,
     AT(struct scenario_reclaim, params),
     .count = offsetof(struct scenario_reclaim, param_count),
     .help = "parameters of the policy, as name=value"},
    RECLAIM_SWITCH(eviction, "true", "pages may be evicted"),
    {.name = "access_tracking",
     .kind = KEY_WORD,
     .words = tracking_words,
     AT(struct scenario_reclaim, access_tracking),
     .default_text = "harvest",
     .help = "harvest: accesses are seen at the next scan; direct: at once"},
    {.name = "min_aging",
     .kind = KEY_DURATION,
     AT(struct scenario_reclaim, min_aging),
     .default_text = "2s",
     .help = "shortest time between agings"},
    {.name = "max_aging",
     .kind = KEY_DURATION,
     .flags = KEY_ABOVE,
     AT(struct scenario_reclaim, max_aging),
     .default_text = "15s",
     .help = "longest time between agings"},
    {.name = "active_ratio_multiplier",
     .kind = KEY_COUNT,
     AT(struct scenario_reclaim, active_ratio_multiplier),
     .default_text = "2",
     .help = "age when active pages outnumber inactive ones by that factor"},
    {.name = "zero_scans",
     .kind = KEY_RATE,
     AT(struct scenario_reclaim, zero_scans_per_second),
     .default_text = "20000/s",
     .help = "pages looked at for zeros; 0/s: none"},
    {.name = "lru_action",
     .kind = KEY_WORD,
     .words = lru_words,
     AT(struct scenario_reclaim, lru_action),
     .default_text = "none",
     .help = "what happens to pages that fall out of the last queue"},
    {.name = "discardable_percent",
     .kind = KEY_COUNT,
     AT(struct scenario_reclaim, discardable_percent),
     .max = 100,
     .default_text = "20",
     .help = "share of an eviction that discardable memory is to give"},
    {.name = "discardable_min_age",
     .kind = KEY_DURATION,
     AT(struct scenario_reclaim, discardable_min_age),
     .default_text = "10s",
     .help = "discard only what has been unlocked that long"},
    RECLAIM_SWITCH(loaning, "false", "contiguous memory is lent out"),
    RECLAIM_SWITCH(borrow_on_supply, "false", "supplied pages borrow memory"),
    RECLAIM_SWITCH(borrow_on_mru, "false", "used pages move to lent memory"),
    RECLAIM_SWITCH(replace_on_unloan, "false",
                   "memory called back is replaced, not evicted"),
    {.name = "pressure",
     .kind = KEY_MAP,
     .table = &pressure_table,
     AT(struct scenario_reclaim, pressure),
     .help = "marks of free memory at which the levels begin"},
    {.name = "on_oom",
     .kind = KEY_WORD,
     .words = oom_words,
     AT(struct scenario_reclaim, on_oom),
     .default_text = "kill",
     .help = "kill the highest oom_score, stop the run, or wait"},
    {.name = "compression",
     .kind = KEY_MAP,
     .table = &compression_table,
     AT(struct scenario_reclaim, compression),
     .help = "the compressed store"},
};

static const struct key_table reclaim_table = {
    .what = "reclaim",
    .keys = reclaim_keys,
    .key_count = COUNT_OF(reclaim_keys),
    .model_bytes = sizeof(struct scenario_reclaim),
    .finish = finish_reclaim,
};

/* pagers and processes -------------------------------------------------- */

static const struct key fail_keys[] = {
    {.name = "every",
     .kind = KEY_COUNT,
     AT(struct scenario_pager, fail_every),
     .min = 1,
     .default_text = "1000",
     .help = "every n-th request fails"},
    {.name = "status",
     .kind = KEY_STATUS,
     AT(struct scenario_pager, fail_status),
     .default_text = "IO",
     .help = "and with which status"},
};

static const struct key_table pager_fail_table = {
    .what = "the faults of a pager",
    .keys = fail_keys,
    .key_count = COUNT_OF(fail_keys),
    .model_bytes = sizeof(struct scenario_pager),
};

static const struct key pager_keys[] = {
    {.name = "name",
     .kind = KEY_NAME,
     .flags = KEY_REQUIRED,
     .role = MAKES_PAGER,
     AT(struct scenario_pager, name),
     .help = "what VMOs call it"},
    {.name = "read_latency",
     .kind = KEY_MAP,
     .table = &time_distribution_table,
     AT(struct scenario_pager, read_latency),
     .default_text = "{dist: lognormal, mean: 300us, sigma: 0.5}",
     .default_model =
         &(const struct distribution){.kind = DISTRIBUTION_LOGNORMAL,
                                      .mean = 300e3,
                                      .max = INFINITY,
                                      .sigma = 0.5},
     .help = "time that a read request takes"},
    {.name = "read_bandwidth",
     .kind = KEY_BANDWIDTH,
     .flags = KEY_ABOVE,
     AT(struct scenario_pager, read_bandwidth),
     .default_text = "400MiB/s",
     .help = "bytes that it reads in a second"},
    {.name = "parallelism",
     .kind = KEY_COUNT,
     AT(struct scenario_pager, parallelism),
     .min = 1,
     .max = 1e6,
     .default_text = "8",
     .help = "requests that it works on at once"},
    {.name = "writeback_interval",
     .kind = KEY_DURATION,
     .flags = KEY_ABOVE,
     AT(struct scenario_pager, writeback_interval),
     .default_text = "5s",
     .help = "dirty pages are written back this often"},
    {.name = "writeback_latency",
     .kind = KEY_MAP,
     .table = &time_distribution_table,
     AT(struct scenario_pager, writeback_latency),
     .default_text = "2ms",
     .default_model =
         &(const struct distribution){
             .kind = DISTRIBUTION_CONSTANT, .mean = 2e6, .max = INFINITY},
     .help = "time that a writeback takes"},
    {.name = "fail",
     .kind = KEY_MAP,
     .flags = KEY_NO_DEFAULTS,
     .table = &pager_fail_table,
     .offset = 0, /* its keys are the pager's own */
     .help = "fault injection"},
};

const struct key_table pager_table = {
    .what = "a pager",
    .keys = pager_keys,
    .key_count = COUNT_OF(pager_keys),
    .model_bytes = sizeof(struct scenario_pager),
    .finish = finish_pager,
};

static const struct key process_keys[] = {
    {.name = "name",
     .kind = KEY_NAME,
     .flags = KEY_REQUIRED,
     .role = MAKES_PROCESS,
     AT(struct scenario_process, name),
     .help = "what VMOs and workloads call it"},
    {.name = "oom_score",
     .kind = KEY_COUNT,
     AT(struct scenario_process, oom_score),
     .default_text = "0",
     .help = "the highest is killed first"},
};

static const struct key_table process_table = {
    .what = "a process",
    .keys = process_keys,
    .key_count = COUNT_OF(process_keys),
    .model_bytes = sizeof(struct scenario_process),
    .finish = finish_process,
};

/* record ---------------------------------------------------------------- */

#define RECORD(member, value, text)                                            \
    {                                                                          \
        .name = #member, .kind = KEY_BOOL, AT(struct scenario_record, member), \
        .default_text = value, .help = text                                    \
    }

static const struct key record_keys[] = {
    RECORD(ticks, "true", "the machine at every tick"),
    RECORD(vmo_ticks, "true", "every VMO at every tick"),
    RECORD(events, "true", "events of the script"),
    RECORD(pages, "false", "every page's life"),
    RECORD(latency, "true", "histograms of latencies"),
};

static const struct key_table record_table = {
    .what = "record",
    .keys = record_keys,
    .key_count = COUNT_OF(record_keys),
    .model_bytes = sizeof(struct scenario_record),
};

/* the whole ------------------------------------------------------------- */

static const struct word version_words[] = {{"1", 1}, {NULL, 0}};

/* Decoded in this order: names are made before they are used. */
static const struct key scenario_keys[] = {
    {.name = "version",
     .kind = KEY_WORD,
     .flags = KEY_REQUIRED | KEY_BY_HOOK,
     .words = version_words,
     .help = "version of the scenario language"},
    {.name = "name",
     .kind = KEY_TEXT,
     AT(struct scenario, name),
     .help = "default: the file's name without .yaml"},
    {.name = "description",
     .kind = KEY_TEXT,
     AT(struct scenario, description),
     .default_text = "",
     .help = "what it shows"},
    {.name = "seed",
     .kind = KEY_CONTENT,
     AT(struct scenario, seed),
     .default_text = "1",
     .help = "every random draw derives from it"},
    {.name = "duration",
     .kind = KEY_DURATION,
     AT(struct scenario, duration),
     .has = offsetof(struct scenario, has_duration),
     .help = "default: until nothing but periodic work is left"},
    {.name = "tick",
     .kind = KEY_DURATION,
     .flags = KEY_ABOVE,
     AT(struct scenario, tick),
     .default_text = "100ms",
     .help = "sampling period of the tick tables"},
    {.name = "machine",
     .kind = KEY_MAP,
     .table = &machine_table,
     AT(struct scenario, machine),
     .help = "the simulated machine"},
    {.name = "reclaim",
     .kind = KEY_MAP,
     .table = &reclaim_table,
     AT(struct scenario, reclaim),
     .help = "how memory is got back"},
    {.name = "pagers",
     .kind = KEY_LIST,
     .element = KEY_MAP,
     .table = &pager_table,
     AT(struct scenario, pagers),
     .count = offsetof(struct scenario, pager_count),
     .help = "who supplies the pages of VMOs of kind pager"},
    {.name = "processes",
     .kind = KEY_LIST,
     .element = KEY_MAP,
     .table = &process_table,
     AT(struct scenario, processes),
     .count = offsetof(struct scenario, process_count),
     .help = "owners of VMOs and workloads"},
    {.name = "vmos",
     .kind = KEY_LIST,
     .element = KEY_MAP,
     .table = &vmo_table,
     AT(struct scenario, vmos),
     .count = offsetof(struct scenario, vmo_count),
     .help = "VMOs that exist from time 0"},
    {.name = "events",
     .kind = KEY_LIST,
     .element = KEY_MAP,
     .table = &event_table,
     AT(struct scenario, events),
     .count = offsetof(struct scenario, event_count),
     .help = "the script"},
    {.name = "workloads",
     .kind = KEY_LIST,
     .element = KEY_MAP,
     .table = &workload_table,
     AT(struct scenario, workloads),
     .count = offsetof(struct scenario, workload_count),
     .help = "threads that access VMOs"},
    {.name = "record",
     .kind = KEY_MAP,
     .table = &record_table,
     AT(struct scenario, record),
     .help = "what goes into the results"},
};

const struct key_table scenario_table = {
    .what = "the scenario",
    .keys = scenario_keys,
    .key_count = COUNT_OF(scenario_keys),
    .model_bytes = sizeof(struct scenario),
};
