/*
 * What commands print with --json, as JSON Schemas (draft 2020-12).
 */
#ifndef LOWTIDE_CLI_OUTPUT_SCHEMA_H
#define LOWTIDE_CLI_OUTPUT_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Print the schema of a command's output; false: there is none of that name. */
bool output_schema_print(FILE *out, const char *command);

/* Number `index` of the commands that have one; NULL past the last. */
const char *output_schema_command(size_t index);

#endif
