/*
 * Errors of scenario files: collected, sorted by position, printed together.
 *
 *     storm.yaml:12:7: unknown key 'sise', did you mean 'size'?
 *     --set reclaim.min_agin=1s: unknown key 'min_agin', ...
 *
 * At most SCENARIO_MAX_ERRORS are kept; the others are counted.
 */
#ifndef LOWTIDE_SCENARIO_ERRORS_H
#define LOWTIDE_SCENARIO_ERRORS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { SCENARIO_MAX_ERRORS = 100 };

struct scenario_error {
    uint32_t line;   /* 0: the file as a whole, or an override */
    uint32_t column; /* 0: no column is known */
    uint32_t order;  /* of discovery */
    char *text;      /* the whole line, with its place; owned */
};

struct scenario_errors {
    struct scenario_error *list; /* owned */
    size_t count;                /* kept */
    size_t total;                /* found */
};

void scenario_errors_init(struct scenario_errors *errors);
void scenario_errors_release(struct scenario_errors *errors);

/*
 * Add an error: `place` (borrowed; a file name, or an override as typed),
 * then line and column unless 0. The same error twice is kept once. Where
 * memory is short the error is counted and its text dropped.
 */
void scenario_errors_add(struct scenario_errors *errors, const char *place,
                         uint32_t line, uint32_t column, const char *format,
                         ...) __attribute__((format(printf, 5, 6)));
void scenario_errors_vadd(struct scenario_errors *errors, const char *place,
                          uint32_t line, uint32_t column, const char *format,
                          va_list arguments)
    __attribute__((format(printf, 5, 0)));

/*
 * Sort the errors from number `first` on by position; those of the same place
 * stay in order of discovery. scenario_load() has sorted its own.
 */
void scenario_errors_sort(struct scenario_errors *errors, size_t first);
/* One error a line, and a last line if some were dropped. */
void scenario_errors_print(const struct scenario_errors *errors, FILE *out);

#endif
