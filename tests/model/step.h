/*
 * One step of a program: an operation of the scenario language with all its
 * arguments, drawn once and then fixed, so that any part of a program can be
 * run again. Objects are the slots v0 ... of a trial; a step about a slot
 * that is empty (or, for one that makes an object, taken) is skipped.
 *
 * Numbers are pages.
 */
#ifndef MODEL_STEP_H
#define MODEL_STEP_H

#include <stdbool.h>
#include <stdint.h>

enum { MAX_PAGES = 24, MAX_OBJECTS = 10, MAX_PROCESSES = 4 };

/* In the order of the language's table; those after OP_DEDUP are about the
 * machine as a whole. */
enum op {
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
    OP_TIME, /* `after:` of the next event */
    OP_COUNT
};

static inline bool op_is_of_machine(enum op op)
{
    return op > OP_DEDUP;
}

enum step_flag {
    STEP_RESIZABLE = 1,
    STEP_TRAP = 2,             /* create: trap_dirty */
    STEP_CANNOT_DECOMMIT = 4,  /* create: cannot_decommit_zero */
    STEP_WRITE = 8,            /* touch, lookup, pin, map */
    STEP_FAULT = 0x10,         /* lookup: software fault ... */
    STEP_HARDWARE = 0x20,      /* ... or hardware */
    STEP_ALWAYS_NEED = 0x40,   /* hint; otherwise dont_need */
    STEP_HIGH_PRIORITY = 0x80, /* map */
    STEP_ZERO_RANGE = 0x100,   /* writeback_begin */
    STEP_RESET = 0x200,        /* query_stats */
    STEP_FROM = 0x400,         /* supply, reclaim: from `other` at `at` */
    STEP_IGNORE_HINT = 0x800,  /* reclaim */
    STEP_COMPRESS = 0x1000,    /* reclaim */
    STEP_ONE_BY_ONE = 0x2000,  /* supply by the call for single pages */
    STEP_NEWEST = 0x4000,      /* evict: include_newest */
    STEP_ON = 0x8000,          /* set */
    STEP_LATE = 0x10000,       /* what it answers resumes after a later step */
    STEP_INCOMPRESSIBLE = 0x20000, /* create: compressing its pages fails */
};

/* What OP_SET switches. */
enum model_switch {
    SWITCH_EVICTION,
    SWITCH_COMPRESSION,
    SWITCH_ANONYMOUS_RECLAIM, /* can't be undone */
    SWITCH_LOANING,
    SWITCH_BORROWING,
    SWITCH_MEMORY, /* the budget, to `amount` pages */
    SWITCH_POLICY, /* the same one, anew */
    SWITCH_COUNT
};

struct step {
    uint8_t op;      /* enum op */
    uint8_t vmo;     /* slot */
    uint8_t other;   /* slot: as, into, from */
    uint8_t kind;    /* enum vmo_kind, vm_clone_type or model_switch */
    uint8_t process; /* create, clone, kill; 0: the script's */
    uint8_t error;   /* fail: index of model_errors[] */
    uint8_t start, end;
    uint8_t at;       /* another page number: from_page; reclaim: at */
    uint32_t flags;   /* enum step_flag */
    int32_t amount;   /* priority's delta, rotate's times, evict's min, ... */
    uint32_t zeros;   /* bit i: the i-th value is 0 */
    uint64_t content; /* the i-th value otherwise is this + i */
};

static inline uint64_t step_value(const struct step *step, unsigned i)
{
    return i < 32 && step->zeros >> i & 1 ? 0 : step->content + i;
}

/* The operation's name in the scenario language. */
const char *op_name(enum op op);

#endif
