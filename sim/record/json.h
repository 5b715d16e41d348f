/* Text and numbers as JSON (RFC 8259). */
#ifndef LOWTIDE_RECORD_JSON_H
#define LOWTIDE_RECORD_JSON_H

#include <stdint.h>
#include <stdio.h>

/*
 * Length of the UTF-8 sequence at `text`, 0 if it is none: RFC 3629, no
 * surrogates, nothing written longer than it has to be.
 */
int utf8_length(const unsigned char *text);

/*
 * A string in quotes; NULL becomes null. Bytes that are no UTF-8 become
 * U+FFFD, so that the output is always valid.
 */
void json_write_string(FILE *out, const char *text);

/* A number as short as it can be read back; NaN and infinities are null. */
void json_write_double(FILE *out, double value);

#endif
