/*
 * Where two runs part: the first recorded row that one has and the other has
 * not.
 *
 *     run 1   e e p p p p t p p t ...      events, page events, ticks, each
 *     run 2   e e p p p p t p x            series compared row by row
 *                             ^ the earliest of the series' first differences
 *
 * Between runs of different policies, lists and ageing say little: then page
 * events are only the decisions, which page was taken when, and ticks are
 * without what is the policy's own.
 */
#ifndef LOWTIDE_EXPLAIN_FIRST_DIFFERENCE_H
#define LOWTIDE_EXPLAIN_FIRST_DIFFERENCE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "record/results.h"

enum { DIFFERENCE_SIDES = 2, DIFFERENCE_BEFORE = 3, DIFFERENCE_SERIES = 6 };

/* A row in words. */
struct difference_row {
    bool is_there; /* false: the run has no row any more */
    int64_t at_ns;
    char *text; /* owned */
};

struct difference {
    uint64_t runs[DIFFERENCE_SIDES];
    char *titles[DIFFERENCE_SIDES]; /* owned */
    bool has_same_print;            /* fingerprints are known and equal */
    bool has_other_print;           /* known and not equal */
    bool has_other_policy;

    bool is_found;
    const char *series; /* "page events"; constant */
    int64_t at_ns;      /* of the earlier of the two rows */
    struct difference_row rows[DIFFERENCE_SIDES];
    struct difference_row before[DIFFERENCE_BEFORE]; /* both have them */
    size_t before_count;

    /* what was compared, and what only one or neither has recorded */
    const char *compared[DIFFERENCE_SERIES];
    size_t compared_count;
    const char *missing[DIFFERENCE_SERIES];
    size_t missing_count;
};

/*
 * Find it. Not RESULTS_OK: `error` says why, a line. Release it in any case.
 */
enum results_check difference_find(struct difference *difference, sqlite3 *db,
                                   uint64_t first, uint64_t second, char *error,
                                   size_t error_size);
void difference_release(struct difference *difference);

void difference_print(FILE *out, const struct difference *difference);
void difference_print_json(FILE *out, const struct difference *difference);

#endif
