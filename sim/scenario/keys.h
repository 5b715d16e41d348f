/*
 * The key tables: what a scenario file may hold, one table for each mapping.
 *
 *     scenario --machine--> machine --costs--> costs
 *         |----events[]---> event ---create--> create  (one of the operations)
 *         '----...             '-----expect--> expect
 *
 * They drive everything: the check of structure and its messages, the schemas
 * that libcyaml decodes by, the strict values and where in the model they go,
 * names and their scopes, defaults, and the generated JSON Schema.
 *
 * A table may have scopes: variants of the mapping that differ in the keys
 * they take, such as the kinds of pattern. A key belongs to the scopes whose
 * bits it has, or to all where it has none.
 */
#ifndef LOWTIDE_SCENARIO_KEYS_H
#define LOWTIDE_SCENARIO_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct decoder;
struct raw_record;
struct key_table;

/* What the value of a key is; the comment: its type in the model. */
enum key_kind {
    KEY_TEXT,             /* const char * */
    KEY_NAME,             /* const char * */
    KEY_SIZE,             /* uint64_t, pages */
    KEY_RANGE,            /* struct page_range */
    KEY_DURATION,         /* sim_ns */
    KEY_RATE,             /* double, per second */
    KEY_BANDWIDTH,        /* double, bytes per second */
    KEY_BOOL,             /* bool */
    KEY_COUNT,            /* uint64_t */
    KEY_SIGNED,           /* int64_t */
    KEY_REAL,             /* double */
    KEY_CONTENT,          /* uint64_t */
    KEY_STATUS,           /* enum vm_status */
    KEY_STATUS_MATCH,     /* struct status_match */
    KEY_PARAM,            /* struct scenario_param */
    KEY_WORD,             /* an enum, see `words` */
    KEY_NAME_OR_NONE,     /* const char *, NULL: `none` */
    KEY_RANGE_OR_NONE,    /* struct range_or_none */
    KEY_EXPECTED_CONTENT, /* struct expected_content */
    KEY_DIRTY_RANGE,      /* struct expected_dirty_range */
    KEY_REQUEST,          /* struct expected_request */
    KEY_PAGE_OF_VMO,      /* struct expected_page */
    KEY_MAP,              /* the model of `table` */
    KEY_LIST,             /* pointer to `element`s, their number at `count` */
};

enum key_flag {
    KEY_REQUIRED = 1,
    KEY_HIDDEN = 2,       /* of the canonical form only: no user may write it */
    KEY_BY_HOOK = 4,      /* the table's finish() decodes it */
    KEY_FINITE = 8,       /* a duration that may not be `inf` */
    KEY_OPERATION = 16,   /* exactly one of these in the mapping */
    KEY_NO_DEFAULTS = 32, /* a map left out leaves its model alone */
    KEY_ONE = 64,         /* a list that is written as its only element */
    KEY_ABOVE = 128,      /* the minimum itself is not allowed */
};

/* What a name does, and in which space. */
enum name_role {
    ROLE_NONE,
    USES_VMO,
    MAKES_VMO,
    USES_PROCESS,
    MAKES_PROCESS,
    USES_PAGER,
    MAKES_PAGER,
    USES_OP,
    MAKES_OP,
    USES_MAPPING,
    MAKES_MAPPING,
    MAKES_WORKLOAD,
};

struct word {
    const char *name; /* NULL ends the list */
    int value;
};

struct key {
    const char *name;
    enum key_kind kind;
    enum key_kind element;         /* KEY_LIST */
    unsigned flags;                /* enum key_flag */
    unsigned scopes;               /* bits; 0: all */
    enum name_role role;           /* of a name, or of a list's names */
    int tag;                       /* the table's: op_kind, expect_key, ... */
    const struct word *words;      /* KEY_WORD */
    const struct key_table *table; /* KEY_MAP, lists of maps */
    size_t offset;                 /* in the model */
    size_t has;                    /* of its has_ flag; 0: none */
    size_t count;                  /* KEY_LIST: of the size_t number */
    double min, max;               /* of a number; max 0: no limit */
    const char *default_text;      /* read like a value; NULL: zero or empty */
    const void *default_model;     /* KEY_MAP: what default_text means */
    const char *help;              /* one line */
};

/* A variant of a mapping, told by a key that only it has. */
struct key_scope {
    const char *key; /* NULL: all others; ends the list */
    unsigned bit;
    const char *what; /* "an expectation about a VMO" */
};

struct key_table {
    const char *what; /* "machine", "a clone operation" */
    const struct key *keys;
    size_t key_count;
    size_t model_bytes;
    /* A single value stands for the mapping with this (hidden) key; NULL: it
     * does not. */
    const char *short_key;
    /* Nothing at all stands for the empty mapping. */
    bool may_be_null;
    /* Scopes by the word of this key, or by which key is there; the first that
     * is wins. Both NULL: there are none. */
    const char *selector;
    const struct key_scope *scopes;
    /* Runs after the keys have been decoded: what concerns several of them.
     * Reports errors itself; false only when memory ran out. */
    bool (*finish)(struct decoder *decoder, const struct raw_record *raw,
                   void *model);
};

extern const struct key_table scenario_table;
extern const struct key_table event_table;
extern const struct key_table expect_table;
extern const struct key_table pattern_table;
extern const struct key_table workload_table;
extern const struct key_table vmo_table;
extern const struct key_table pager_table;
extern const struct key_table evicted_table;
extern const struct key_table time_distribution_table;
extern const struct key_table count_distribution_table;

extern const struct word queue_words[];

/* An operation's table, by its kind (enum op_kind). */
const struct key_table *op_table(int kind);

/* The key of that name; NULL if there is none. Hidden ones are found too. */
const struct key *key_find(const struct key_table *table, const char *name);
/* The key's number in its table. */
size_t key_index(const struct key_table *table, const struct key *key);
/* The word's value in `*value`; false if there is no such word. */
bool word_find(const struct word *words, const char *name, int *value);
/* The name of a value; "?" if there is none. */
const char *word_name(const struct word *words, int value);

/* "text", "a size (4p, 16KiB, ...)", "a mapping": what a key wants. */
const char *key_form(enum key_kind kind);

#endif
