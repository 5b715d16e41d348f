/* Text and numbers as JSON (RFC 8259). */
#ifndef LOWTIDE_RECORD_JSON_H
#define LOWTIDE_RECORD_JSON_H

#include <stdint.h>
#include <stdio.h>

/*
 * A string in quotes; NULL becomes null. Bytes that are no UTF-8 become
 * U+FFFD, so that the output is always valid.
 */
void json_write_string(FILE *out, const char *text);

/* A number as short as it can be read back; NaN and infinities are null. */
void json_write_double(FILE *out, double value);

#endif
