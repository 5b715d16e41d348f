/* Tables of events and operations. */
#include "scenario/decode.h"
#include "scenario/keys.h"
#include "scenario/scenario.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define AT(member)      .offset = offsetof(struct scenario_op, member)
#define HAS(member)     .has = offsetof(struct scenario_op, member)

/* Fields that many operations share. ------------------------------------ */

#define VMO                                                                    \
    {                                                                          \
        .name = "vmo", .kind = KEY_NAME, .flags = KEY_REQUIRED,                \
        .role = USES_VMO, AT(vmo), .help = "the VMO it is done to"             \
    }
#define AS                                                                     \
    {                                                                          \
        .name = "as", .kind = KEY_NAME, .flags = KEY_REQUIRED,                 \
        .role = MAKES_VMO, AT(as), .help = "name of the new VMO"               \
    }
#define PAGES                                                                  \
    {                                                                          \
        .name = "pages", .kind = KEY_RANGE, AT(pages), .default_text = "all",  \
        .help = "the pages it is about"                                        \
    }
#define PAGE                                                                   \
    {                                                                          \
        .name = "page", .kind = KEY_COUNT, .flags = KEY_REQUIRED, AT(page),    \
        .max = VALUE_MAX_PAGES, .help = "number of the page"                   \
    }
#define SIZE                                                                   \
    {                                                                          \
        .name = "size", .kind = KEY_SIZE, .flags = KEY_REQUIRED,               \
        AT(size_pages), .help = "its size"                                     \
    }
#define SWITCH(key, member, text)                                              \
    {                                                                          \
        .name = key, .kind = KEY_BOOL, AT(member), .default_text = "false",    \
        .help = text                                                           \
    }
#define PROCESS                                                                \
    {                                                                          \
        .name = "process", .kind = KEY_NAME, .role = USES_PROCESS,             \
        AT(process), .help = "who owns it; default: script"                    \
    }
#define VALUE                                                                  \
    {                                                                          \
        .name = "value", .kind = KEY_CONTENT, AT(value), HAS(has_value),       \
        .help = "content of every page; default: never used before"            \
    }
#define VALUES                                                                 \
    {                                                                          \
        .name = "values", .kind = KEY_LIST, .element = KEY_CONTENT,            \
        AT(values), .count = offsetof(struct scenario_op, value_count),        \
        .help = "contents, one for each page"                                  \
    }

/* A table of an operation from its keys. */
#define TABLE(op, what_text, hook)                                             \
    static const struct key_table op##_table = {                               \
        .what = what_text,                                                     \
        .keys = op##_keys,                                                     \
        .key_count = COUNT_OF(op##_keys),                                      \
        .model_bytes = sizeof(struct scenario_op),                             \
        .finish = hook,                                                        \
    }

/* Life of VMOs. --------------------------------------------------------- */

static const struct word create_words[] = {{"anonymous", VMO_ANONYMOUS},
                                           {"pager", VMO_PAGER},
                                           {"contiguous", VMO_CONTIGUOUS},
                                           {"discardable", VMO_DISCARDABLE},
                                           {NULL, 0}};

#define CREATE_KEYS                                                            \
    {.name = "vmo",                                                            \
     .kind = KEY_NAME,                                                         \
     .flags = KEY_REQUIRED,                                                    \
     .role = MAKES_VMO,                                                        \
     AT(vmo),                                                                  \
     .help = "name of the new VMO"},                                           \
        SIZE,                                                                  \
        {.name = "kind",                                                       \
         .kind = KEY_WORD,                                                     \
         .words = create_words,                                                \
         AT(vmo_kind),                                                         \
         .default_text = "anonymous",                                          \
         .help = "what backs it"},                                             \
        SWITCH("resizable", is_resizable, "resize is allowed"),                \
        {.name = "pager",                                                      \
         .kind = KEY_NAME,                                                     \
         .role = USES_PAGER,                                                   \
         AT(pager),                                                            \
         .help = "of kind pager: who supplies it; default: manual"},           \
        SWITCH("trap_dirty", trap_dirty, "the pager is asked before writes"),  \
        PROCESS,                                                               \
        {.name = "compressibility",                                            \
         .kind = KEY_REAL,                                                     \
         AT(compressibility),                                                  \
         HAS(has_compressibility),                                             \
         .max = 1,                                                             \
         .default_text = "0.4",                                                \
         .help = "compressed size as a share of the page"},                    \
        SWITCH("cannot_decommit_zero", cannot_decommit_zero,                   \
               "zeroing may not free its pages")

static const struct key create_keys[] = {CREATE_KEYS};
TABLE(create, "a create operation", NULL);

static const struct key vmo_keys[] = {
    CREATE_KEYS,
    {.name = "prefill",
     .kind = KEY_RANGE,
     AT(prefill),
     HAS(has_prefill),
     .help = "pages that hold distinct content before time 0"}};
const struct key_table vmo_table = {
    .what = "a VMO",
    .keys = vmo_keys,
    .key_count = COUNT_OF(vmo_keys),
    .model_bytes = sizeof(struct scenario_op),
    .finish = finish_vmo,
};

static const struct word clone_words[] = {
    {"snapshot", VMO_SNAPSHOT},
    {"snapshot_at_least_on_write", VMO_SNAPSHOT_AT_LEAST_ON_WRITE},
    {"snapshot_modified", VMO_SNAPSHOT_MODIFIED},
    {NULL, 0}};

static const struct key clone_keys[] = {
    VMO,
    AS,
    {.name = "kind",
     .kind = KEY_WORD,
     .flags = KEY_REQUIRED,
     .words = clone_words,
     AT(vmo_kind),
     .help = "what it keeps of the parent"},
    PAGES,
    SWITCH("resizable", is_resizable, "resize is allowed"),
    PROCESS};
TABLE(clone, "a clone operation", NULL);

static const struct key slice_keys[] = {VMO, AS, PAGES};
TABLE(slice, "a slice operation", NULL);
static const struct key reference_keys[] = {VMO, AS};
TABLE(reference, "a reference operation", NULL);
static const struct key resize_keys[] = {VMO, SIZE};
TABLE(resize, "a resize operation", NULL);

/* Only a VMO; a VMO and a range. */
static const struct key vmo_only_keys[] = {VMO};
TABLE(vmo_only, "this operation", NULL);
static const struct key range_keys[] = {VMO, PAGES};
TABLE(range, "this operation", NULL);
static const struct key_table nothing_table = {
    .what = "this operation",
    .model_bytes = sizeof(struct scenario_op),
    .may_be_null = true,
};

/* Content. -------------------------------------------------------------- */

static const struct key read_keys[] = {
    VMO,
    PAGES,
    {.name = "returns",
     .kind = KEY_LIST,
     .element = KEY_CONTENT,
     AT(returns),
     .count = offsetof(struct scenario_op, return_count),
     .help = "what it must read, one for each page"}};
TABLE(read, "a read operation", finish_op_lists);

static const struct key write_keys[] = {VMO, PAGES, VALUE, VALUES};
TABLE(write, "a write operation", finish_op_lists);

static const struct key touch_keys[] = {
    VMO, PAGES, SWITCH("write", write, "it writes"), VALUE};
TABLE(touch, "a touch operation", NULL);

static const struct word fault_words[] = {{"none", LOOKUP_FAULT_NONE},
                                          {"software", LOOKUP_FAULT_SOFTWARE},
                                          {"hardware", LOOKUP_FAULT_HARDWARE},
                                          {NULL, 0}};

static const struct key lookup_keys[] = {
    VMO,
    PAGE,
    SWITCH("write", write, "for writing"),
    {.name = "fault",
     .kind = KEY_WORD,
     .words = fault_words,
     AT(fault),
     .default_text = "software",
     .help = "none: only what is there; else as a fault"},
    {.name = "returns",
     .kind = KEY_LIST,
     .element = KEY_CONTENT,
     .flags = KEY_ONE,
     AT(returns),
     .count = offsetof(struct scenario_op, return_count),
     .help = "what the page must hold"}};
TABLE(lookup, "a lookup operation", NULL);

/* Pins, locks, hints. --------------------------------------------------- */

static const struct key pin_keys[] = {VMO, PAGES,
                                      SWITCH("write", write, "for writing")};
TABLE(pin, "a pin operation", NULL);

static const struct key lock_keys[] = {
    VMO,
    PAGES,
    {.name = "discarded",
     .kind = KEY_RANGE_OR_NONE,
     AT(discarded),
     HAS(has_discarded),
     .help = "the discarded range that it must report, or none"}};
TABLE(lock, "a lock operation", NULL);

static const struct key discard_keys[] = {
    VMO,
    {.name = "min_age",
     .kind = KEY_DURATION,
     AT(min_age_ns),
     .default_text = "0",
     .help = "only if it has been unlocked that long"},
    {.name = "frees",
     .kind = KEY_COUNT,
     AT(frees),
     HAS(has_frees),
     .help = "pages that it must free"}};
TABLE(discard, "a discard operation", NULL);

static const struct word hint_words[] = {{"dont_need", HINT_DONT_NEED},
                                         {"always_need", HINT_ALWAYS_NEED},
                                         {NULL, 0}};
static const struct key hint_keys[] = {VMO,
                                       PAGES,
                                       {.name = "kind",
                                        .kind = KEY_WORD,
                                        .flags = KEY_REQUIRED,
                                        .words = hint_words,
                                        AT(hint),
                                        .help = "which hint"}};
TABLE(hint, "a hint operation", NULL);

static const struct key priority_keys[] = {
    VMO,
    {.name = "delta",
     .kind = KEY_SIGNED,
     .flags = KEY_REQUIRED,
     AT(delta),
     .help = "change of the high-priority count"}};
TABLE(priority, "a priority operation", NULL);

static const struct key map_keys[] = {
    VMO,
    {.name = "as",
     .kind = KEY_NAME,
     .flags = KEY_REQUIRED,
     .role = MAKES_MAPPING,
     AT(as),
     .help = "name of the mapping"},
    PAGES,
    SWITCH("high_priority", high_priority, "its pages are not reclaimed"),
    SWITCH("write", write, "it allows writing")};
TABLE(map, "a map operation", NULL);

static const struct key unmap_keys[] = {{.name = "as",
                                         .kind = KEY_NAME,
                                         .flags = KEY_REQUIRED,
                                         .role = USES_MAPPING,
                                         AT(as),
                                         .help = "name of the mapping"}};
TABLE(unmap, "an unmap operation", NULL);

/* Pager. ---------------------------------------------------------------- */

static const struct key supply_keys[] = {
    VMO,
    PAGES,
    VALUE,
    VALUES,
    {.name = "from",
     .kind = KEY_NAME,
     .role = USES_VMO,
     AT(from),
     .help = "the VMO whose pages are taken"},
    {.name = "from_page",
     .kind = KEY_COUNT,
     AT(from_page),
     .max = VALUE_MAX_PAGES,
     .default_text = "0",
     .help = "the first of them"}};
TABLE(supply, "a supply operation", finish_supply);

static const struct key take_keys[] = {VMO,
                                       PAGES,
                                       {.name = "into",
                                        .kind = KEY_NAME,
                                        .flags = KEY_REQUIRED,
                                        .role = MAKES_VMO,
                                        AT(into),
                                        .help = "name of the new VMO"}};
TABLE(take, "a take operation", NULL);

static const struct key fail_keys[] = {VMO,
                                       PAGES,
                                       {.name = "error",
                                        .kind = KEY_STATUS,
                                        .flags = KEY_REQUIRED,
                                        AT(error),
                                        .help = "how the requests fail"}};
TABLE(fail, "a fail operation", NULL);

static const struct key writeback_begin_keys[] = {
    VMO, PAGES, SWITCH("zero", zero, "the range is known to be zero")};
TABLE(writeback_begin, "a writeback_begin operation", NULL);

static const struct key query_stats_keys[] = {
    VMO,
    SWITCH("reset", reset, "and forget"),
    {.name = "modified",
     .kind = KEY_BOOL,
     AT(modified),
     HAS(has_modified),
     .help = "what it must answer"}};
TABLE(query_stats, "a query_stats operation", NULL);

/* Reclaim. -------------------------------------------------------------- */

static const struct word reclaim_hint_words[] = {
    {"follow", RECLAIM_HINT_FOLLOW},
    {"ignore", RECLAIM_HINT_IGNORE},
    {NULL, 0}};

static const struct key reclaim_keys[] = {
    VMO,
    PAGE,
    {.name = "hint",
     .kind = KEY_WORD,
     .words = reclaim_hint_words,
     AT(reclaim_hint),
     .default_text = "follow",
     .help = "whether an always_need hint counts"},
    SWITCH("compress", compress, "with an armed compressor"),
    {.name = "reclaimed",
     .kind = KEY_BOOL,
     AT(reclaimed),
     .default_text = "true",
     .help = "whether the page must go"},
    {.name = "from",
     .kind = KEY_NAME,
     .role = USES_VMO,
     AT(from),
     .help = "the page is this VMO's"},
    {.name = "at",
     .kind = KEY_COUNT,
     AT(at),
     HAS(has_at),
     .max = VALUE_MAX_PAGES,
     .help = "and is offered as if it were at this page; default: page"}};
TABLE(reclaim, "a reclaim operation", NULL);

static const struct key dedup_keys[] = {VMO,
                                        PAGE,
                                        {.name = "deduped",
                                         .kind = KEY_BOOL,
                                         AT(deduped),
                                         .default_text = "true",
                                         .help = "whether the page must go"}};
TABLE(dedup, "a dedup operation", NULL);

static const struct key rotate_keys[] = {{.name = "times",
                                          .kind = KEY_COUNT,
                                          AT(times),
                                          .max = 1e6,
                                          .default_text = "1",
                                          .help = "how often"}};
static const struct key_table rotate_table = {
    .what = "a rotate operation",
    .keys = rotate_keys,
    .key_count = COUNT_OF(rotate_keys),
    .model_bytes = sizeof(struct scenario_op),
    .may_be_null = true,
};

static const struct key scan_zero_keys[] = {
    {.name = "limit",
     .kind = KEY_COUNT,
     AT(limit),
     HAS(has_limit),
     .help = "pages to look at; default: all"}};
static const struct key_table scan_zero_table = {
    .what = "a scan_zero operation",
    .keys = scan_zero_keys,
    .key_count = COUNT_OF(scan_zero_keys),
    .model_bytes = sizeof(struct scenario_op),
    .may_be_null = true,
};

static const struct word reclaim_level_words[] = {
    {"only_oldest", RECLAIM_ONLY_OLDEST},
    {"include_newest", RECLAIM_INCLUDE_NEWEST},
    {NULL, 0}};

#define EVICTED(key, text)                                                     \
    {                                                                          \
        .name = #key, .kind = KEY_COUNT,                                       \
        .offset = offsetof(struct evicted_counts, key),                        \
        .has = offsetof(struct evicted_counts, has_##key), .help = text        \
    }

static const struct key evicted_keys[] = {
    EVICTED(pager_backed, "pages that their pager can supply again"),
    EVICTED(compressed, "pages that were compressed"),
    EVICTED(discardable, "pages of discarded VMOs"),
};
const struct key_table evicted_table = {
    .what = "evicted pages",
    .keys = evicted_keys,
    .key_count = COUNT_OF(evicted_keys),
    .model_bytes = sizeof(struct evicted_counts),
};

static const struct key evict_keys[] = {
    {.name = "min",
     .kind = KEY_SIZE,
     AT(min_pages),
     .default_text = "0p",
     .help = "free at least that much"},
    {.name = "free_target",
     .kind = KEY_SIZE,
     AT(free_target_pages),
     .default_text = "0p",
     .help = "go on until that much is free"},
    {.name = "level",
     .kind = KEY_WORD,
     .words = reclaim_level_words,
     AT(level),
     .default_text = "only_oldest",
     .help = "how hard to try"},
    {.name = "evicted",
     .kind = KEY_MAP,
     .flags = KEY_NO_DEFAULTS,
     .table = &evicted_table,
     AT(evicted),
     HAS(has_evicted),
     .help = "what it must evict"}};
static const struct key_table evict_table = {
    .what = "an evict operation",
    .keys = evict_keys,
    .key_count = COUNT_OF(evict_keys),
    .model_bytes = sizeof(struct scenario_op),
    .may_be_null = true,
};

/* The machine and the run. ---------------------------------------------- */

#define SET_SWITCH(key, text)                                                  \
    {                                                                          \
        .name = #key, .kind = KEY_BOOL, AT(key), HAS(has_##key), .help = text  \
    }

static const struct key set_keys[] = {
    {.name = "memory",
     .kind = KEY_SIZE,
     AT(memory_pages),
     HAS(has_memory),
     .min = 1,
     .max = (1u << 29) - 1,
     .help = "the budget from now on"},
    {.name = "policy",
     .kind = KEY_TEXT,
     AT(policy),
     .help = "the reclaim policy from now on"},
    {.name = "params",
     .kind = KEY_LIST,
     .element = KEY_PARAM,
     AT(params),
     HAS(has_params),
     .count = offsetof(struct scenario_op, param_count),
     .help = "its parameters"},
    SET_SWITCH(eviction, "pages may be evicted"),
    SET_SWITCH(compression_enabled, "pages may be compressed"),
    SET_SWITCH(anonymous_reclaim, "anonymous pages are reclaimed"),
    SET_SWITCH(loaning, "contiguous memory is lent out"),
    SET_SWITCH(borrowing, "supplied pages borrow memory"),
    SET_SWITCH(scanner, "scanner, ageing and eviction go on, or pause"),
};
TABLE(set, "a set operation", finish_set);

static const struct key kill_keys[] = {{.name = "process",
                                        .kind = KEY_NAME,
                                        .flags = KEY_REQUIRED,
                                        .role = USES_PROCESS,
                                        AT(process),
                                        .help = "who is killed"}};
TABLE(kill, "a kill operation", NULL);

static const struct key dump_keys[] = {{.name = "vmo",
                                        .kind = KEY_NAME,
                                        .role = USES_VMO,
                                        AT(vmo),
                                        .help = "default: everything"}};
static const struct key_table dump_table = {
    .what = "a dump operation",
    .keys = dump_keys,
    .key_count = COUNT_OF(dump_keys),
    .model_bytes = sizeof(struct scenario_op),
    .may_be_null = true,
};

/* Events. --------------------------------------------------------------- */

#define EVENT(member) .offset = offsetof(struct scenario_event, member)
#define OPERATION(word, kind_value, op_table, text)                            \
    {                                                                          \
        .name = #word, .kind = KEY_MAP, .flags = KEY_OPERATION | KEY_BY_HOOK,  \
        .tag = kind_value, .table = &op_table, .help = text                    \
    }

enum { FIRST_OPERATION = 7 }; /* index in the table below */

static const struct key event_keys[] = {
    {.name = "at",
     .kind = KEY_DURATION,
     .flags = KEY_BY_HOOK | KEY_FINITE,
     .help = "when; default: with the event before it"},
    {.name = "after",
     .kind = KEY_DURATION,
     .flags = KEY_BY_HOOK | KEY_FINITE,
     .help = "how long after the event before it"},
    {.name = "every",
     .kind = KEY_DURATION,
     .flags = KEY_BY_HOOK | KEY_FINITE,
     .help = "repeated at this distance"},
    {.name = "times",
     .kind = KEY_COUNT,
     .flags = KEY_BY_HOOK,
     .min = 1,
     .help = "runs in all"},
    {.name = "until",
     .kind = KEY_DURATION,
     .flags = KEY_BY_HOOK | KEY_FINITE,
     .help = "no run after this time"},
    {.name = "status",
     .kind = KEY_STATUS_MATCH,
     EVENT(status),
     .help = "what the operation must return at once; default: OK"},
    {.name = "as_op",
     .kind = KEY_NAME,
     .flags = KEY_BY_HOOK,
     .role = MAKES_OP,
     EVENT(as_op),
     .help = "name of the operation, for expectations"},
    /* in the order of enum op_kind */
    OPERATION(create, OP_CREATE, create_table, "make a VMO"),
    OPERATION(clone, OP_CLONE, clone_table, "make a child over its pages"),
    OPERATION(slice, OP_SLICE, slice_table, "make a child slice"),
    OPERATION(reference, OP_REFERENCE, reference_table,
              "make a second handle with the same pages"),
    OPERATION(close, OP_CLOSE, vmo_only_table, "drop the last handle"),
    OPERATION(resize, OP_RESIZE, resize_table, "change the size"),
    OPERATION(read, OP_READ, read_table, "read by software"),
    OPERATION(write, OP_WRITE, write_table, "write by software"),
    OPERATION(touch, OP_TOUCH, touch_table, "access through a mapping"),
    OPERATION(lookup, OP_LOOKUP, lookup_table, "look one page up"),
    OPERATION(commit, OP_COMMIT, range_table, "commit pages"),
    OPERATION(decommit, OP_DECOMMIT, range_table, "give pages back"),
    OPERATION(zero, OP_ZERO, range_table, "zero pages"),
    OPERATION(pin, OP_PIN, pin_table, "commit pages and pin them"),
    OPERATION(unpin, OP_UNPIN, range_table, "unpin pages"),
    OPERATION(lock, OP_LOCK, lock_table, "lock a discardable VMO"),
    OPERATION(try_lock, OP_TRY_LOCK, range_table,
              "lock it unless it is discarded"),
    OPERATION(unlock, OP_UNLOCK, range_table, "unlock it"),
    OPERATION(discard, OP_DISCARD, discard_table, "try to discard it"),
    OPERATION(hint, OP_HINT, hint_table, "say what is needed"),
    OPERATION(priority, OP_PRIORITY, priority_table,
              "change the high-priority count"),
    OPERATION(map, OP_MAP, map_table, "keep a mapping"),
    OPERATION(unmap, OP_UNMAP, unmap_table, "drop it"),
    OPERATION(supply, OP_SUPPLY, supply_table, "answer read requests"),
    OPERATION(supply_zero, OP_SUPPLY_ZERO, range_table,
              "answer them from nothing"),
    OPERATION(take, OP_TAKE, take_table, "move pages into a new VMO"),
    OPERATION(fail, OP_FAIL, fail_table, "fail requests"),
    OPERATION(dirty, OP_DIRTY, range_table, "answer dirty requests"),
    OPERATION(writeback_begin, OP_WRITEBACK_BEGIN, writeback_begin_table,
              "begin writing back"),
    OPERATION(writeback_end, OP_WRITEBACK_END, range_table, "end writing back"),
    OPERATION(detach, OP_DETACH, vmo_only_table, "part with the pager"),
    OPERATION(query_stats, OP_QUERY_STATS, query_stats_table,
              "ask whether it was modified"),
    OPERATION(reclaim, OP_RECLAIM, reclaim_table, "reclaim one page"),
    OPERATION(compress, OP_COMPRESS, range_table, "compress pages"),
    OPERATION(decompress, OP_DECOMPRESS, range_table, "decompress pages"),
    OPERATION(dedup, OP_DEDUP, dedup_table, "free a page of zeros"),
    OPERATION(rotate, OP_ROTATE, rotate_table, "age the queues"),
    OPERATION(harvest, OP_HARVEST, nothing_table, "scan accessed bits now"),
    OPERATION(scan_zero, OP_SCAN_ZERO, scan_zero_table, "scan for zeros now"),
    OPERATION(evict, OP_EVICT, evict_table, "evict now"),
    OPERATION(reclaim_all, OP_RECLAIM_ALL, nothing_table,
              "evict all that may go"),
    OPERATION(set, OP_SET, set_table, "change the machine"),
    OPERATION(kill, OP_KILL, kill_table, "kill a process"),
    OPERATION(validate, OP_VALIDATE, nothing_table, "check every invariant"),
    OPERATION(dump, OP_DUMP, dump_table, "print to the log"),
    OPERATION(expect, OP_EXPECT, expect_table, "check what is"),
};
static_assert(COUNT_OF(event_keys) == FIRST_OPERATION + OP_KIND_COUNT,
              "a key for each operation");

const struct key_table event_table = {
    .what = "an event",
    .keys = event_keys,
    .key_count = COUNT_OF(event_keys),
    .model_bytes = sizeof(struct scenario_event),
    .finish = finish_event,
};

const struct key_table *op_table(int kind)
{
    return event_keys[FIRST_OPERATION + kind].table;
}

const char *op_kind_name(enum op_kind kind)
{
    return event_keys[FIRST_OPERATION + (int)kind].name;
}
