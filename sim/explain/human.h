/*
 * Times and paragraphs for people to read.
 */
#ifndef LOWTIDE_EXPLAIN_HUMAN_H
#define LOWTIDE_EXPLAIN_HUMAN_H

#include <stdint.h>
#include <stdio.h>

#include "units.h"

#define HUMAN_TIME_BYTES 40

/* A simulated time or a span, to a thousandth of the unit that fits:
 * "250 ns", "12.5 us", "3.204 ms", "13.494 s". Into `text`, returned. */
const char *human_time(sim_ns ns, char text[HUMAN_TIME_BYTES]);

/* An amount with its noun: "1 page", "58 pages", "6,402 pages". */
const char *human_count(uint64_t count, const char *noun,
                        char text[HUMAN_TIME_BYTES]);

/*
 * Print `label`, right-aligned in `indent` - 2 columns, and the text behind it,
 * broken between words before column 80.
 */
void human_paragraph(FILE *out, int indent, const char *label,
                     const char *text);

#endif
