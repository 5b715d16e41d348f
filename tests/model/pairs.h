/*
 * Which operation followed which, within a family (all objects that came from
 * one `create`). An operation about the machine counts for every family there
 * is. A step that was skipped counts for nothing; one that was refused does,
 * and pairs of which both succeeded are counted apart.
 *
 * Not every pair can be: `create` begins a family and so follows nothing in it,
 * and `unmap` needs a mapping, which a family just begun has not got. Every
 * other pair can, in a family of any kind, for what is meant for another kind
 * is refused. The passing of time is not an operation.
 */
#ifndef MODEL_PAIRS_H
#define MODEL_PAIRS_H

#include <stdio.h>

#include "trial.h"

enum { FAMILY_KINDS = 5, PAIR_OPS = OP_TIME };

struct pair_table {
    uint64_t count[PAIR_OPS][PAIR_OPS]; /* of the first, of the second */
};

struct pairs {
    struct pair_table by_kind[FAMILY_KINDS];
    struct pair_table both_ok; /* whatever the kind */
};

/* The last operation on each family of a trial. */
struct pair_tracker {
    struct pairs *pairs; /* borrowed */
    struct pair_family {
        uint32_t family; /* 0: free */
        uint8_t kind; /* anonymous, discardable, contiguous, pager, trapping */
        uint8_t last;
        bool was_ok;
    } families[MAX_NODES];
    uint32_t family; /* of the step that is being done; 0: none yet */
};

void pairs_before(struct pair_tracker *tracker, const struct trial *trial,
                  const struct step *step);
void pairs_after(struct pair_tracker *tracker, const struct trial *trial,
                 const struct step *step, const struct outcome *outcome);
/* Prints what was covered; returns the share of all pairs that can be, 0 .. 1,
 * whatever the kind of family. */
double pairs_report(const struct pairs *pairs, FILE *file);

#endif
