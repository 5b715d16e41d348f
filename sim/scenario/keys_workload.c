/* Tables of distributions, access patterns and workloads. */
#include <math.h>

#include "scenario/decode.h"
#include "scenario/keys.h"
#include "scenario/scenario.h"

#define COUNT_OF(array)  (sizeof(array) / sizeof((array)[0]))
#define AT(type, member) .offset = offsetof(type, member)

/* distributions --------------------------------------------------------- */

static const struct word distribution_words[] = {
    {"constant", DISTRIBUTION_CONSTANT},
    {"uniform", DISTRIBUTION_UNIFORM},
    {"exponential", DISTRIBUTION_EXPONENTIAL},
    {"normal", DISTRIBUTION_NORMAL},
    {"lognormal", DISTRIBUTION_LOGNORMAL},
    {"pareto", DISTRIBUTION_PARETO},
    {NULL, 0},
};

enum {
    CONSTANT = 1u << DISTRIBUTION_CONSTANT,
    UNIFORM = 1u << DISTRIBUTION_UNIFORM,
    EXPONENTIAL = 1u << DISTRIBUTION_EXPONENTIAL,
    NORMAL = 1u << DISTRIBUTION_NORMAL,
    LOGNORMAL = 1u << DISTRIBUTION_LOGNORMAL,
    PARETO = 1u << DISTRIBUTION_PARETO,
};

/*
 * The two tables differ in the form of their values alone. All of them are
 * read by finish_distribution(): sigma's form depends on the kind, and the
 * model has doubles.
 */
#define DISTRIBUTION_KEYS(value_kind)                                          \
    {.name = "=",                                                              \
     .kind = value_kind,                                                       \
     .flags = KEY_HIDDEN | KEY_BY_HOOK,                                        \
     .help = "a constant, written alone"},                                     \
        {.name = "dist",                                                       \
         .kind = KEY_WORD,                                                     \
         .flags = KEY_BY_HOOK,                                                 \
         .words = distribution_words,                                          \
         .default_text = "constant",                                           \
         .help = "kind of distribution"},                                      \
        {.name = "mean",                                                       \
         .kind = value_kind,                                                   \
         .flags = KEY_BY_HOOK,                                                 \
         .scopes = CONSTANT | EXPONENTIAL | NORMAL | LOGNORMAL | PARETO,       \
         .help = "mean of what is drawn"},                                     \
        {.name = "min",                                                        \
         .kind = value_kind,                                                   \
         .flags = KEY_BY_HOOK,                                                 \
         .scopes = UNIFORM | EXPONENTIAL | NORMAL | LOGNORMAL | PARETO,        \
         .help = "smallest value; pareto: the scale"},                         \
        {.name = "max",                                                        \
         .kind = value_kind,                                                   \
         .flags = KEY_BY_HOOK,                                                 \
         .scopes = UNIFORM | EXPONENTIAL | NORMAL | LOGNORMAL | PARETO,        \
         .help = "largest value"},                                             \
        {.name = "sigma",                                                      \
         .kind = KEY_TEXT,                                                     \
         .flags = KEY_BY_HOOK,                                                 \
         .scopes = NORMAL | LOGNORMAL,                                         \
         .help = "standard deviation; lognormal: of the logarithm"},           \
    {                                                                          \
        .name = "alpha", .kind = KEY_REAL, .flags = KEY_BY_HOOK,               \
        .scopes = PARETO, .help = "shape"                                      \
    }

static const struct key time_distribution_keys[] = {
    DISTRIBUTION_KEYS(KEY_DURATION)};
static const struct key count_distribution_keys[] = {
    DISTRIBUTION_KEYS(KEY_REAL)};

const struct key_table time_distribution_table = {
    .what = "a distribution of durations",
    .keys = time_distribution_keys,
    .key_count = COUNT_OF(time_distribution_keys),
    .model_bytes = sizeof(struct distribution),
    .short_key = "=",
    .selector = "dist",
    .finish = finish_time_distribution,
};

const struct key_table count_distribution_table = {
    .what = "a distribution of numbers",
    .keys = count_distribution_keys,
    .key_count = COUNT_OF(count_distribution_keys),
    .model_bytes = sizeof(struct distribution),
    .short_key = "=",
    .selector = "dist",
    .finish = finish_count_distribution,
};

/* patterns -------------------------------------------------------------- */

static const struct word pattern_words[] = {
    {"sequential", PATTERN_SEQUENTIAL},
    {"loop", PATTERN_LOOP},
    {"stride", PATTERN_STRIDE},
    {"uniform", PATTERN_UNIFORM},
    {"zipf", PATTERN_ZIPF},
    {"hotspot", PATTERN_HOTSPOT},
    {"random_walk", PATTERN_RANDOM_WALK},
    {"phases", PATTERN_PHASES},
    {"trace", PATTERN_TRACE},
    {NULL, 0},
};

static const struct word format_words[] = {
    {"auto", 0}, {"lackey", 1}, {"oracleGeneral", 2}, {"csv", 3}, {"text", 4},
    {"damo", 5}, {"perf", 6},   {"ltt", 7},           {NULL, 0},
};
static const struct word timing_words[] = {
    {"trace", TRACE_TIMING_TRACE}, {"think", TRACE_TIMING_THINK}, {NULL, 0}};

static const struct key trace_keys[] = {
    {.name = "file",
     .kind = KEY_TEXT,
     .flags = KEY_REQUIRED,
     AT(struct scenario_trace, file),
     .help = "the trace; relative to the scenario's folder"},
    {.name = "format",
     .kind = KEY_WORD,
     .flags = KEY_BY_HOOK, /* kept as text, for the readers */
     .words = format_words,
     .default_text = "auto",
     .help = "auto: by content and name"},
    {.name = "columns",
     .kind = KEY_TEXT,
     AT(struct scenario_trace, columns),
     .help = "of a csv trace: time=1,page=2,write=3"},
    {.name = "timing",
     .kind = KEY_WORD,
     .words = timing_words,
     AT(struct scenario_trace, timing),
     .default_text = "trace",
     .help = "when to access: as the trace says, or after think time"},
    {.name = "loop",
     .kind = KEY_BOOL,
     AT(struct scenario_trace, loop),
     .default_text = "false",
     .help = "begin again at its end"},
};

static const struct key_table trace_table = {
    .what = "a trace",
    .keys = trace_keys,
    .key_count = COUNT_OF(trace_keys),
    .model_bytes = sizeof(struct scenario_trace),
    .finish = finish_trace,
};

static const struct key phase_keys[] = {
    {.name = "for",
     .kind = KEY_DURATION,
     .flags = KEY_REQUIRED | KEY_FINITE | KEY_ABOVE,
     AT(struct scenario_phase, duration),
     .help = "how long it lasts"},
    {.name = "pattern",
     .kind = KEY_MAP,
     .flags = KEY_REQUIRED,
     .table = &pattern_table,
     AT(struct scenario_phase, pattern),
     .help = "the pattern meanwhile"},
};

static const struct key_table phase_table = {
    .what = "a phase",
    .keys = phase_keys,
    .key_count = COUNT_OF(phase_keys),
    .model_bytes = sizeof(struct scenario_phase),
};

static const struct key pattern_keys[] = {
    {.name = "kind",
     .kind = KEY_WORD,
     .flags = KEY_REQUIRED,
     .words = pattern_words,
     AT(struct scenario_pattern, kind),
     .help = "how pages are chosen"},
    {.name = "pages",
     .kind = KEY_RANGE,
     .scopes = ~(1u << PATTERN_PHASES),
     AT(struct scenario_pattern, pages),
     .default_text = "all",
     .help = "the pages of the VMO that it stays in"},
    {.name = "stride",
     .kind = KEY_COUNT,
     .scopes = 1u << PATTERN_STRIDE,
     AT(struct scenario_pattern, stride),
     .min = 1,
     .default_text = "7",
     .help = "pages from one access to the next"},
    {.name = "step",
     .kind = KEY_COUNT,
     .scopes = 1u << PATTERN_RANDOM_WALK,
     AT(struct scenario_pattern, step),
     .min = 1,
     .default_text = "1",
     .help = "longest step, in pages"},
    {.name = "alpha",
     .kind = KEY_REAL,
     .scopes = 1u << PATTERN_ZIPF,
     AT(struct scenario_pattern, alpha),
     .default_text = "0.9",
     .help = "skew; 0: uniform"},
    {.name = "scramble",
     .kind = KEY_BOOL,
     .scopes = 1u << PATTERN_ZIPF,
     AT(struct scenario_pattern, scramble),
     .default_text = "false",
     .help = "scatter the popular pages"},
    {.name = "hot",
     .kind = KEY_REAL,
     .flags = KEY_ABOVE,
     .scopes = 1u << PATTERN_HOTSPOT,
     AT(struct scenario_pattern, hot),
     .max = 1,
     .default_text = "0.1",
     .help = "share of the pages that are hot"},
    {.name = "hot_access",
     .kind = KEY_REAL,
     .scopes = 1u << PATTERN_HOTSPOT,
     AT(struct scenario_pattern, hot_access),
     .max = 1,
     .default_text = "0.9",
     .help = "share of the accesses that go there"},
    {.name = "phases",
     .kind = KEY_LIST,
     .element = KEY_MAP,
     .flags = KEY_REQUIRED,
     .scopes = 1u << PATTERN_PHASES,
     .table = &phase_table,
     AT(struct scenario_pattern, phases),
     .count = offsetof(struct scenario_pattern, phase_count),
     .help = "patterns in turn"},
    {.name = "trace",
     .kind = KEY_MAP,
     .flags = KEY_REQUIRED | KEY_NO_DEFAULTS,
     .scopes = 1u << PATTERN_TRACE,
     .table = &trace_table,
     AT(struct scenario_pattern, trace),
     .help = "accesses from a file"},
};

const struct key_table pattern_table = {
    .what = "a pattern",
    .keys = pattern_keys,
    .key_count = COUNT_OF(pattern_keys),
    .model_bytes = sizeof(struct scenario_pattern),
    .selector = "kind",
    .finish = finish_pattern,
};

/* workloads ------------------------------------------------------------- */

static const struct key workload_keys[] = {
    {.name = "name",
     .kind = KEY_NAME,
     .flags = KEY_REQUIRED,
     .role = MAKES_WORKLOAD,
     AT(struct scenario_workload, name),
     .help = "what the results call it"},
    {.name = "process",
     .kind = KEY_NAME,
     .role = USES_PROCESS,
     AT(struct scenario_workload, process),
     .default_text = NULL,
     .help = "who runs it; default: script"},
    {.name = "vmo",
     .kind = KEY_NAME,
     .flags = KEY_BY_HOOK,
     .help = "what it accesses"},
    {.name = "vmos",
     .kind = KEY_LIST,
     .element = KEY_NAME,
     .flags = KEY_BY_HOOK,
     .help = "several of them, one drawn for each access"},
    {.name = "weights",
     .kind = KEY_LIST,
     .element = KEY_REAL,
     .flags = KEY_BY_HOOK,
     .help = "one for each of vmos; default: all equal"},
    {.name = "threads",
     .kind = KEY_COUNT,
     AT(struct scenario_workload, threads),
     .min = 1,
     .max = 1e6,
     .default_text = "1",
     .help = "how many do that at once"},
    {.name = "start",
     .kind = KEY_DURATION,
     .flags = KEY_FINITE,
     AT(struct scenario_workload, start),
     .default_text = "0",
     .help = "when it begins"},
    {.name = "stop",
     .kind = KEY_DURATION,
     AT(struct scenario_workload, stop),
     .default_text = "inf",
     .help = "when it ends"},
    {.name = "accesses",
     .kind = KEY_COUNT,
     AT(struct scenario_workload, accesses),
     .has = offsetof(struct scenario_workload, has_accesses),
     .help = "it ends after so many, of all threads together"},
    {.name = "think",
     .kind = KEY_MAP,
     .table = &time_distribution_table,
     AT(struct scenario_workload, think),
     .default_text = "0",
     .default_model =
         &(const struct distribution){.kind = DISTRIBUTION_CONSTANT,
                                      .max = INFINITY},
     .help = "time between accesses of a thread"},
    {.name = "write",
     .kind = KEY_REAL,
     AT(struct scenario_workload, write),
     .max = 1,
     .default_text = "0",
     .help = "probability that an access writes"},
    {.name = "run",
     .kind = KEY_MAP,
     .table = &count_distribution_table,
     AT(struct scenario_workload, run),
     .default_text = "1",
     .default_model =
         &(const struct distribution){
             .kind = DISTRIBUTION_CONSTANT, .mean = 1, .max = INFINITY},
     .help = "consecutive pages of an access"},
    {.name = "pattern",
     .kind = KEY_MAP,
     .flags = KEY_REQUIRED,
     .table = &pattern_table,
     AT(struct scenario_workload, pattern),
     .help = "how it chooses pages"},
};

const struct key_table workload_table = {
    .what = "a workload",
    .keys = workload_keys,
    .key_count = COUNT_OF(workload_keys),
    .model_bytes = sizeof(struct scenario_workload),
    .finish = finish_workload,
};
