/*
 * The scenario language as a JSON Schema (draft 2020-12), for editors.
 *
 * Made from the key tables that check scenarios (scenario/keys.h), so that it can't
 * disagree with them: keys, kinds of value, words, limits, defaults, help. What
 * concerns several keys at once (pressure marks in order, names that must
 * exist) is beyond a schema, and left to `lowtide check`.
 */
#ifndef LOWTIDE_CLI_SCENARIO_SCHEMA_H
#define LOWTIDE_CLI_SCENARIO_SCHEMA_H

#include <stdbool.h>
#include <stdio.h>

/* Print it; false: out of memory. Errors of `out` are the caller's to see. */
bool scenario_schema_print(FILE *out);

#endif
