/*
 * The script of a scenario: operations, expectations, events.
 *
 * Everything here is decoded: sizes, offsets and counts are pages of the
 * machine, times are nanoseconds. A string that is NULL, a range whose
 * `is_given` is false and a number whose `has_` flag is false were not
 * written. All memory belongs to the scenario, or to the instance that
 * scenario_event_instantiate() returned.
 */
#ifndef LOWTIDE_SCENARIO_SCRIPT_H
#define LOWTIDE_SCENARIO_SCRIPT_H

#include "reclaim_policy.h"
#include "scenario/values.h"
#include "vmo.h"

struct raw_record;
struct arena;

/* A place in the scenario: a position in the file, or an override. */
struct scenario_place {
    uint32_t line;     /* from 1 */
    uint32_t column;   /* from 1, in characters */
    uint32_t override; /* 0: in the file; else number of the override, from 1 */
};

enum op_kind {
    OP_CREATE,
    OP_CLONE,
    OP_SLICE,
    OP_REFERENCE,
    OP_CLOSE,
    OP_RESIZE,
    OP_READ,
    OP_WRITE,
    OP_TOUCH,
    OP_LOOKUP,
    OP_COMMIT,
    OP_DECOMMIT,
    OP_ZERO,
    OP_PIN,
    OP_UNPIN,
    OP_LOCK,
    OP_TRY_LOCK,
    OP_UNLOCK,
    OP_DISCARD,
    OP_HINT,
    OP_PRIORITY,
    OP_MAP,
    OP_UNMAP,
    OP_SUPPLY,
    OP_SUPPLY_ZERO,
    OP_TAKE,
    OP_FAIL,
    OP_DIRTY,
    OP_WRITEBACK_BEGIN,
    OP_WRITEBACK_END,
    OP_DETACH,
    OP_QUERY_STATS,
    OP_RECLAIM,
    OP_COMPRESS,
    OP_DECOMPRESS,
    OP_DEDUP,
    OP_ROTATE,
    OP_HARVEST,
    OP_SCAN_ZERO,
    OP_EVICT,
    OP_RECLAIM_ALL,
    OP_SET,
    OP_KILL,
    OP_VALIDATE,
    OP_DUMP,
    OP_EXPECT,
    OP_KIND_COUNT
};

enum lookup_fault {
    LOOKUP_FAULT_NONE,
    LOOKUP_FAULT_SOFTWARE,
    LOOKUP_FAULT_HARDWARE
};
enum hint_kind { HINT_DONT_NEED, HINT_ALWAYS_NEED };
enum reclaim_hint { RECLAIM_HINT_FOLLOW, RECLAIM_HINT_IGNORE };

/* Expected evicted pages by kind; those with has_ were named. */
struct evicted_counts {
    uint64_t pager_backed, compressed, discardable;
    bool has_pager_backed, has_compressed, has_discardable;
};

struct range_or_none {
    bool is_none;
    struct page_range range; /* unless is_none */
};

/* Expectations. --------------------------------------------------------- */

enum expect_about { EXPECT_ABOUT_VMO, EXPECT_ABOUT_MACHINE, EXPECT_ABOUT_OP };

/* The comment names the member of expect_item.value that holds the answer. */
enum expect_key {
    /* of a VMO */
    EXPECT_EXISTS,         /* truth */
    EXPECT_SIZE,           /* count: pages */
    EXPECT_CONTENT,        /* contents */
    EXPECT_SLOTS,          /* slots */
    EXPECT_COMMITTED,      /* count */
    EXPECT_COMPRESSED,     /* count */
    EXPECT_QUEUES,         /* queues */
    EXPECT_DIRTY,          /* dirty */
    EXPECT_DIRTY_RANGES,   /* dirty_ranges */
    EXPECT_PINNED,         /* count */
    EXPECT_CHILDREN,       /* count */
    EXPECT_PARENT,         /* name; NULL: `none` */
    EXPECT_HIGH_PRIORITY,  /* count */
    EXPECT_RECLAIM_EVENTS, /* count */
    EXPECT_LOANED,         /* count; of the machine too */
    EXPECT_DEPTH,          /* count */
    EXPECT_DISCARDABLE,    /* discardable */
    EXPECT_REQUESTS,       /* requests */
    EXPECT_SAME_PAGE_AS,   /* page */
    /* of the machine */
    EXPECT_FREE,               /* count */
    EXPECT_FREE_LOANED,        /* count */
    EXPECT_COMPRESSED_STORAGE, /* count */
    EXPECT_ACTIVE,             /* count */
    EXPECT_INACTIVE,           /* count */
    EXPECT_LEVEL,              /* level */
    EXPECT_QUEUE,              /* queue_counts */
    EXPECT_EVICTED,            /* evicted */
    EXPECT_OOM_KILLS,          /* count */
    EXPECT_NOW,                /* time */
    /* of an operation */
    EXPECT_STATE,  /* state */
    EXPECT_RESULT, /* status */
    EXPECT_KEY_COUNT
};

enum expected_content_kind { CONTENT_NUMBER, CONTENT_ANY, CONTENT_ABSENT };
struct expected_content {
    enum expected_content_kind kind;
    uint64_t number;
};

enum expected_slot {
    EXPECTED_SLOT_ANY, /* `-` */
    EXPECTED_SLOT_EMPTY,
    EXPECTED_SLOT_PAGE,
    EXPECTED_SLOT_ZERO,
    EXPECTED_SLOT_REFERENCE,
    EXPECTED_SLOT_INTERVAL_START,
    EXPECTED_SLOT_INTERVAL_END,
    EXPECTED_SLOT_INTERVAL_SLOT,
    EXPECTED_SLOT_INTERVAL, /* inside one */
};

enum expected_queue {
    EXPECTED_QUEUE_ANY,  /* `-` */
    EXPECTED_QUEUE_NONE, /* no page */
    EXPECTED_QUEUE_ANONYMOUS,
    EXPECTED_QUEUE_WIRED,
    EXPECTED_QUEUE_HIGH_PRIORITY,
    EXPECTED_QUEUE_ZERO_FORK,
    EXPECTED_QUEUE_PAGER_DIRTY,
    EXPECTED_QUEUE_FAILED_RECLAIM,
    EXPECTED_QUEUE_DONT_NEED,
    EXPECTED_QUEUE_RECLAIM,  /* any of the eight */
    EXPECTED_QUEUE_RECLAIM0, /* the next seven: reclaim1 ... reclaim7 */
    EXPECTED_QUEUE_RECLAIM7 = EXPECTED_QUEUE_RECLAIM0 + 7,
};

enum expected_dirty {
    EXPECTED_DIRTY_ANY,  /* `-` */
    EXPECTED_DIRTY_NONE, /* no page */
    EXPECTED_DIRTY_UNTRACKED,
    EXPECTED_DIRTY_CLEAN,
    EXPECTED_DIRTY_DIRTY,
    EXPECTED_DIRTY_AWAITING_CLEAN,
};

struct expected_dirty_range {
    uint64_t start, end;
    bool is_zero;
};

struct expected_request {
    bool is_dirty; /* else READ */
    uint64_t start, end;
};

/* That page of the VMO. */
struct expected_page {
    const char *vmo;
    uint64_t page;
};

struct expected_queue_count {
    enum expected_queue queue;
    uint64_t pages;
};

enum expected_discardable {
    EXPECTED_DISCARDABLE_UNSET,
    EXPECTED_DISCARDABLE_LOCKED,
    EXPECTED_DISCARDABLE_UNLOCKED,
    EXPECTED_DISCARDABLE_DISCARDED,
};

enum expected_state { EXPECTED_STATE_WAITING, EXPECTED_STATE_DONE };

/* From the best down, as the memory watchdog goes. */
enum pressure_level {
    PRESSURE_NORMAL,
    PRESSURE_WARNING,
    PRESSURE_CRITICAL,
    PRESSURE_IMMINENT_OOM,
    PRESSURE_OOM,
};

struct expect_item {
    enum expect_key key;
    struct scenario_place place; /* of the key */
    union {
        bool truth;
        uint64_t count;
        sim_ns time;
        const char *name;
        enum expected_discardable discardable;
        enum pressure_level level;
        enum expected_state state;
        struct status_match status;
        struct evicted_counts evicted;
        struct expected_page page;
        /* lists of `length` entries */
        const struct expected_content *contents;
        const enum expected_slot *slots;
        const enum expected_queue *queues;
        const enum expected_dirty *dirty;
        const struct expected_dirty_range *dirty_ranges;
        const struct expected_request *requests;
        const struct expected_queue_count *queue_counts;
    } value;
    size_t length;
};

struct scenario_expect {
    enum expect_about about;
    const char *vmo;           /* EXPECT_ABOUT_VMO */
    const char *op;            /* EXPECT_ABOUT_OP: the `as_op` name */
    struct page_range pages;   /* of the list-valued keys; default all */
    struct expect_item *items; /* in the order of the file */
    size_t item_count;
};

/* Operations. ----------------------------------------------------------- */

/* A policy parameter: `text` is `name=value`, its name `name_length` long. */
struct scenario_param {
    const char *text;
    size_t name_length;
    struct scenario_place place;
};

/*
 * One operation, flat: the fields that its kind has (keys_ops.c) and
 * defaults for the others.
 */
struct scenario_op {
    enum op_kind kind;
    struct scenario_place place; /* of the operation's key */

    /* names */
    const char *vmo;
    const char *as; /* clone, slice, reference: the new VMO; map: the mapping */
    const char *into;    /* take */
    const char *from;    /* supply, reclaim */
    const char *pager;   /* create; NULL: `manual` where kind is pager */
    const char *process; /* NULL: `script` */

    /* create, clone, resize */
    enum vmo_kind vmo_kind; /* create: default anonymous; clone */
    uint64_t size_pages;
    bool is_resizable;
    bool trap_dirty;
    bool cannot_decommit_zero;
    bool has_compressibility;
    double compressibility; /* 0 .. 1; default 0.4 */
    bool has_prefill;       /* only in the list `vmos` */
    struct page_range prefill;

    /* ranges and pages */
    struct page_range pages; /* default all */
    uint64_t page;           /* lookup, reclaim, dedup: page number */
    bool has_at;
    uint64_t at;        /* reclaim: page offset; default `page` */
    uint64_t from_page; /* supply with from; default 0 */

    /* contents: `value` is for every page of the range */
    bool has_value;
    uint64_t value;
    const uint64_t *values; /* NULL: not written */
    size_t value_count;
    const uint64_t *returns; /* read: one a page; lookup: exactly one */
    size_t return_count;

    /* switches, default false */
    bool write;         /* touch, lookup, pin, map */
    bool high_priority; /* map */
    bool zero;          /* writeback_begin */
    bool reset;         /* query_stats */
    bool compress;      /* reclaim */

    /* words */
    enum lookup_fault fault;        /* lookup; default software */
    enum hint_kind hint;            /* hint */
    enum reclaim_hint reclaim_hint; /* reclaim; default follow */
    enum reclaim_level level;       /* evict; default only_oldest */
    enum vm_status error;           /* fail */

    /* numbers */
    int64_t delta;              /* priority */
    uint64_t times;             /* rotate; default 1 */
    bool has_limit;             /* scan_zero; default: all */
    uint64_t limit;             /* pages */
    sim_ns min_age_ns;          /* discard; default 0 */
    uint64_t min_pages;         /* evict; default 0 */
    uint64_t free_target_pages; /* evict; default 0 */

    /* what the operation itself is expected to answer */
    bool has_frees; /* discard */
    uint64_t frees;
    bool has_discarded; /* lock */
    struct range_or_none discarded;
    bool has_modified; /* query_stats */
    bool modified;
    bool reclaimed;   /* reclaim; default true */
    bool deduped;     /* dedup; default true */
    bool has_evicted; /* evict */
    struct evicted_counts evicted;

    /* set: those with has_ */
    bool has_memory;
    uint64_t memory_pages;
    const char *policy; /* NULL: as it is */
    struct scenario_place policy_place;
    bool has_params;
    const struct scenario_param *params;
    size_t param_count;
    bool has_eviction, eviction;
    bool has_compression_enabled, compression_enabled;
    bool has_anonymous_reclaim, anonymous_reclaim;
    bool has_loaning, loaning;
    bool has_borrowing, borrowing;
    bool has_scanner, scanner;

    struct scenario_expect expect; /* OP_EXPECT */
};

/* Events. --------------------------------------------------------------- */

struct scenario_event {
    struct scenario_place place; /* of the operation's key */
    sim_ns at_ns;                /* of the first run; finite, never decreases */
    sim_ns every_ns;             /* 0 where run_count is 1 */
    uint64_t run_count;          /* >= 1: run n is at at_ns + n * every_ns */
    bool varies;                 /* a string of the operation holds `{n}` */
    struct status_match status; /* expected at once; default OK, see the page */
    const char *as_op;          /* NULL: unnamed; with `{n}`: run 0's */
    struct scenario_op op;      /* where it varies: run 0's */

    const struct raw_record *raw; /* private: what `{n}` is put into */
};

/* One run's operation. */
struct scenario_run {
    const struct scenario_op *op; /* borrowed: from the event or `memory` */
    const char *as_op;            /* borrowed likewise; NULL: unnamed */
    struct arena *memory;         /* private; NULL where nothing varies */
};

struct scenario;

/*
 * The operation of run `n` (< run_count) of an event, with `{n}` put in.
 *
 * What does not vary costs nothing and can't fail. Release the run after use.
 * Returns false when memory ran out, or when this n makes an invalid value
 * (the first and the last run were checked at load): `*problem`, unless NULL,
 * is then a constant text.
 */
bool scenario_event_instantiate(const struct scenario *scenario,
                                const struct scenario_event *event, uint64_t n,
                                struct scenario_run *run, const char **problem);
void scenario_run_release(struct scenario_run *run);

/* As written in scenario files: "supply_zero"; "same_page_as". Never NULL. */
const char *op_kind_name(enum op_kind kind);
const char *expect_key_name(enum expect_key key);

#endif
