#include "scenario/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/arena.h"

#define HASH_NONFATAL_OOM        1
#define uthash_nonfatal_oom(obj) ((void)(obj))
#include <uthash.h>

enum space {
    SPACE_VMO,
    SPACE_PROCESS,
    SPACE_PAGER,
    SPACE_OP,
    SPACE_MAPPING,
    SPACE_WORKLOAD,
    SPACE_COUNT
};

struct name {
    const char *text;
    uint64_t runs; /* of a pattern */
    sim_ns at;
    struct scenario_place place;
    struct name *next; /* of the patterns */
    UT_hash_handle hh; /* of the others */
};

struct names {
    struct arena *arena;
    struct name *plain[SPACE_COUNT];    /* uthash */
    struct name *patterns[SPACE_COUNT]; /* newest first */
};

static const char run_mark[] = "{n}";
enum { RUN_MARK_LENGTH = 3 };

static enum space space_of(enum name_role role)
{
    switch (role) {
    case USES_PROCESS:
    case MAKES_PROCESS:
        return SPACE_PROCESS;
    case USES_PAGER:
    case MAKES_PAGER:
        return SPACE_PAGER;
    case USES_OP:
    case MAKES_OP:
        return SPACE_OP;
    case USES_MAPPING:
    case MAKES_MAPPING:
        return SPACE_MAPPING;
    case MAKES_WORKLOAD:
        return SPACE_WORKLOAD;
    case USES_VMO:
    case MAKES_VMO:
    case ROLE_NONE:
        break;
    }
    return SPACE_VMO;
}

const char *name_role_what(enum name_role role)
{
    static const char *const what[SPACE_COUNT] = {
        [SPACE_VMO] = "VMO",         [SPACE_PROCESS] = "process",
        [SPACE_PAGER] = "pager",     [SPACE_OP] = "operation",
        [SPACE_MAPPING] = "mapping", [SPACE_WORKLOAD] = "workload",
    };
    return what[space_of(role)];
}

struct names *names_new(void)
{
    struct names *names = calloc(1, sizeof *names);
    if (!names)
        return NULL;
    names->arena = arena_new();
    if (!names->arena) {
        free(names);
        return NULL;
    }
    return names;
}

void names_free(struct names *names)
{
    if (!names)
        return;
    for (int space = 0; space < SPACE_COUNT; space++)
        HASH_CLEAR(hh, names->plain[space]);
    arena_free(names->arena);
    free(names);
}

/* Patterns. ------------------------------------------------------------- */

bool name_varies(const char *text)
{
    return strstr(text, run_mark) != NULL;
}

const char *name_instantiate(struct arena *arena, const char *text, uint64_t n)
{
    size_t marks = 0;
    for (const char *p = strstr(text, run_mark); p;
         p = strstr(p + RUN_MARK_LENGTH, run_mark))
        marks++;
    if (marks == 0)
        return text;
    char digits[24];
    size_t digit_count = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, n);
    char *out = arena_alloc(arena, strlen(text) + marks * digit_count + 1);
    if (!out)
        return NULL;
    char *end = out;
    const char *from = text;
    for (const char *p = strstr(from, run_mark); p;
         p = strstr(from, run_mark)) {
        memcpy(end, from, (size_t)(p - from));
        end += p - from;
        memcpy(end, digits, digit_count);
        end += digit_count;
        from = p + RUN_MARK_LENGTH;
    }
    memcpy(end, from, strlen(from) + 1);
    return out;
}

/* Is `name` the pattern with the digits [digits, digits + count) put in? */
static bool is_instance(const char *pattern, const char *name,
                        const char *digits, size_t count)
{
    while (*pattern) {
        if (strncmp(pattern, run_mark, RUN_MARK_LENGTH) == 0) {
            if (strncmp(name, digits, count) != 0)
                return false;
            name += count;
            pattern += RUN_MARK_LENGTH;
        } else if (*pattern++ != *name++) {
            return false;
        }
    }
    return *name == '\0';
}

/* Does a run of the pattern make the name? The digits begin where the first
 * mark is; how many there are has to be tried. */
static bool pattern_makes(const struct name *pattern, const char *name)
{
    size_t prefix = (size_t)(strstr(pattern->text, run_mark) - pattern->text);
    if (strncmp(pattern->text, name, prefix) != 0)
        return false;
    const char *digits = name + prefix;
    uint64_t n = 0;
    for (size_t count = 1; count <= 20; count++) {
        char digit = digits[count - 1];
        if (digit < '0' || digit > '9' || (count > 1 && digits[0] == '0'))
            return false;
        if (__builtin_mul_overflow(n, 10, &n) ||
            __builtin_add_overflow(n, (uint64_t)(digit - '0'), &n) ||
            n >= pattern->runs)
            return false;
        if (is_instance(pattern->text, name, digits, count))
            return true;
    }
    return false;
}

/* The table. ------------------------------------------------------------ */

static bool add_name(struct names *names, enum space space, struct name *name)
{
    if (name_varies(name->text)) {
        name->next = names->patterns[space];
        names->patterns[space] = name;
        return true;
    }
    HASH_ADD_KEYPTR(hh, names->plain[space], name->text, strlen(name->text),
                    name);
    return name->hh.tbl != NULL;
}

bool names_make(struct names *names, enum name_role role, const char *text,
                uint64_t runs, sim_ns at, struct scenario_place place,
                const struct scenario_place **before)
{
    enum space space = space_of(role);
    struct name *name = NULL;
    *before = NULL;
    if (!name_varies(text))
        HASH_FIND_STR(names->plain[space], text, name);
    if (name) {
        *before = &name->place;
        return true;
    }
    name = arena_alloc(names->arena, sizeof *name);
    char *copy = arena_copy(names->arena, text, strlen(text));
    if (!name || !copy)
        return false;
    name->text = copy;
    name->runs = runs;
    name->at = at;
    name->place = place;
    return add_name(names, space, name);
}

bool names_has(const struct names *names, enum name_role role, const char *text,
               sim_ns at)
{
    enum space space = space_of(role);
    const struct name *name;
    HASH_FIND_STR(names->plain[space], text, name);
    if (name && name->at <= at)
        return true;
    for (name = names->patterns[space]; name; name = name->next)
        if (name->at <= at && pattern_makes(name, text))
            return true;
    return false;
}

void names_suggest(const struct names *names, enum name_role role,
                   struct choice *choice)
{
    enum space space = space_of(role);
    for (const struct name *name = names->plain[space]; name;
         name = name->hh.next)
        choice_add(choice, name->text);
}
