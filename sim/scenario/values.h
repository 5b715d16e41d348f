/*
 * Strict readers for the values of the scenario language.
 *
 * Each takes the whole text, which ends in NUL, and accepts exactly one
 * spelling rule: no surrounding blanks, no sign, no leading zeros, no octal or
 * hex, no `1_000`, nothing after the unit. On success the value is stored and
 * VALUE_OK returned; otherwise the output is left alone and the result says
 * what is wrong. Nothing is allocated and nothing is global, so that the
 * command line reads its options with the same functions.
 */
#ifndef LOWTIDE_SCENARIO_VALUES_H
#define LOWTIDE_SCENARIO_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"
#include "units.h"

/* The largest page number or page count: the core counts bytes in 64 bits. */
#define VALUE_MAX_PAGES (UINT64_MAX >> VM_PAGE_SHIFT)

enum value_result {
    VALUE_OK,
    VALUE_MALFORMED, /* not of the form that value_form() describes */
    VALUE_NO_UNIT,
    VALUE_BAD_UNIT,
    VALUE_TOO_LARGE,
    VALUE_TOO_FINE,  /* a part of a nanosecond */
    VALUE_NOT_PAGES, /* not a whole number of pages */
    VALUE_BACKWARDS, /* a range that ends before it starts */
    VALUE_NOT_FINITE,
};

/* The kinds of value, for value_form(). */
enum value_kind {
    VALUE_SIZE,
    VALUE_RANGE,
    VALUE_DURATION,
    VALUE_RATE,
    VALUE_BANDWIDTH,
    VALUE_BOOL,
    VALUE_COUNT,
    VALUE_SIGNED,
    VALUE_REAL,
    VALUE_CONTENT,
    VALUE_NAME,
    VALUE_STATUS,
    VALUE_PARAM,
};

/* Pages [start, end) of a VMO. */
struct page_range {
    uint64_t start;
    uint64_t end;  /* of no meaning while is_open */
    bool is_open;  /* to the end of the VMO: `all` and `2..` */
    bool is_given; /* written in the scenario, not a default */
};

/* `all`, as a default. */
#define PAGE_RANGE_ALL ((struct page_range){.is_open = true})

/* A status that is looked for. */
struct status_match {
    enum vm_status status; /* of no meaning while any_error */
    bool any_error;        /* ERROR: neither OK nor SHOULD_WAIT */
    bool is_given;         /* written in the scenario, not a default */
};

/* `16KiB`, `4p`: pages of page_bytes (a power of two) each. */
enum value_result value_size(const char *text, uint64_t page_bytes,
                             uint64_t *pages);
/* `3`, `1..4`, `8..8`, `2..`, `all` */
enum value_result value_range(const char *text, struct page_range *range);
/* `0`, `250ns`, `1.5s`, `2m`, `inf` (SIM_NS_INFINITE) */
enum value_result value_duration(const char *text, sim_ns *ns);
/* `20000/s`: events per second */
enum value_result value_rate(const char *text, double *per_second);
/* `400MiB/s`: bytes per second */
enum value_result value_bandwidth(const char *text, uint64_t page_bytes,
                                  double *bytes_per_second);
/* `true`, `false` */
enum value_result value_bool(const char *text, bool *truth);
enum value_result value_count(const char *text, uint64_t *count);
/* As a count, with an optional `+` or `-`. */
enum value_result value_signed(const char *text, int64_t *number);
/* `0.25`, `3`, `1e-3`; finite and not negative. */
enum value_result value_real(const char *text, double *number);
/* Any unsigned 64-bit number. */
enum value_result value_content(const char *text, uint64_t *content);
/* [A-Za-z_][A-Za-z0-9_.-]*; nothing is stored. */
enum value_result value_name(const char *text);
/* `BAD_STATE`, `ZX_ERR_BAD_STATE` */
enum value_result value_status(const char *text, enum vm_status *status);
/* As value_status, and `ERROR`. */
enum value_result value_status_match(const char *text,
                                     struct status_match *match);
/* `name=value`, the value not empty. `name_length` may be NULL. */
enum value_result value_param(const char *text, size_t *name_length);

/* What a value of that kind looks like: "a size (4p, 16KiB, ...)". */
const char *value_form(enum value_kind kind);
/*
 * The same for machines: a regular expression, valid as ECMAScript's and as a
 * POSIX extended one, that matches what the reader can read and, as far as a
 * pattern can tell, nothing else; limits are not in it. NULL for a status,
 * whose names are in status.h.
 */
const char *value_pattern(enum value_kind kind);
/* What is wrong, as half a sentence: "a unit is required". "" for VALUE_OK. */
const char *value_problem(enum value_result result);

#endif
