/*
 * Numbers, times and sizes for people to read. All functions return `cell`, which
 * has room for HUMAN_BYTES.
 */
#ifndef LOWTIDE_RECORD_HUMAN_H
#define LOWTIDE_RECORD_HUMAN_H

#include <stdint.h>

#include "units.h"

enum { HUMAN_BYTES = 64 };

/* --- on a terminal -------------------------------------------------------- */

/* A simulated time or a span, to a thousandth of the unit that fits:
 * "250 ns", "12.5 us", "3.204 ms", "13.494 s". */
const char *format_exact_time(char *cell, sim_ns ns);

/* Four digits of it: "812 ns", "12.5 us", "1.234e+04 s". */
const char *format_rough_time(char *cell, uint64_t ns);

/* An amount with its noun: "1 page", "58 pages", "6,402 pages". */
const char *format_amount(char *cell, uint64_t count, const char *noun);

/* 4004371 is 4,004,371. */
const char *format_count(char *cell, uint64_t count);

/* --- on a page: no line breaks between a number and its unit ---------------- */

/* Three digits that mean something: 0.00137, 1.73, 45.2, 1,234. */
const char *format_number(char *cell, double number);

/* A share of 1 in per cent: 1.73%; 0% is nothing at all, what is less than a
 * thousandth of a per cent is <0.001%. */
const char *format_share(char *cell, double share);

/* 481 µs, 1.04 s, 2 min 10 s. */
const char *format_time(char *cell, int64_t ns);

/* The same on an axis to `end_ns`: 0, 30 s, or 2:30 min where it is long. */
const char *format_axis_time(char *cell, int64_t ns, int64_t end_ns);

/* 15 MiB; of pages of `page_bytes`. */
const char *format_pages(char *cell, uint64_t pages, uint64_t page_bytes);

#endif
