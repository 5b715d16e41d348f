/*
 * Names of a scenario: what has been made so far, and by when.
 *
 * VMOs, processes, pagers, operations, mappings and workloads each have a
 * space of their own. A repeated event makes a pattern: `v{n}` with 3 runs
 * stands for v0, v1 and v2.
 */
#ifndef LOWTIDE_SCENARIO_NAMES_H
#define LOWTIDE_SCENARIO_NAMES_H

#include "scenario/keys.h"
#include "scenario/report.h"

struct names;

/* NULL: out of memory. NULL may be freed. */
struct names *names_new(void);
void names_free(struct names *names);

/*
 * A name, or a pattern of `runs` names, exists from time `at` on. Names made
 * before stay as they are; `*before` is their place then (borrowed), else NULL.
 * Returns false when memory ran out.
 */
bool names_make(struct names *names, enum name_role role, const char *name,
                uint64_t runs, sim_ns at, struct scenario_place place,
                const struct scenario_place **before);
/* Is the name there at time `at`? `role` is a USES_ role. */
bool names_has(const struct names *names, enum name_role role, const char *name,
               sim_ns at);
/* Add all names of that space to a choice. */
void names_suggest(const struct names *names, enum name_role role,
                   struct choice *choice);
/* "VMO", "process", ... */
const char *name_role_what(enum name_role role);

/*
 * Replace each `{n}` of a text. Returns the text itself if there is none,
 * otherwise a new one from the arena; NULL when memory ran out.
 */
const char *name_instantiate(struct arena *arena, const char *text, uint64_t n);
bool name_varies(const char *text);

#endif
