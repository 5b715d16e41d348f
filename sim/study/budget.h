/*
 * The smallest memory for which a condition holds.
 *
 *   1. up     the scenario's memory, doubled until the condition holds
 *   2. coarse BUDGET_COARSE sizes from the smallest possible to that one
 *   3. monotone, as in ----++++ : bisect between the last - and the first +,
 *      down to a page
 *      else, as in ---+--++ : scan BUDGET_SCAN sizes, evenly spaced, and take
 *      the first + of all that was looked at; where the last - is behind
 *      it, the size from which it holds throughout is told as well
 *
 * The condition is about means over the seeds, which are the same for every
 * size. A size at which some run was stopped out of memory does not meet it,
 * whatever its numbers say: it did less of the work. So does a machine that
 * only just lives, which is why conditions on costs come and go at tiny sizes.
 */
#ifndef LOWTIDE_STUDY_BUDGET_H
#define LOWTIDE_STUDY_BUDGET_H

#include "study/compare.h"

enum { BUDGET_COARSE = 8, BUDGET_SCAN = 64, BUDGET_MAX_NAMES = 8 };

/* A size that was looked at. */
struct budget_probe {
    uint64_t memory_pages;
    enum expression_answer answer;
    bool is_stopped;                /* some run was, out of memory */
    double means[BUDGET_MAX_NAMES]; /* of what the condition names */
};

struct budget {
    /* the caller's; borrowed; points none, interrupted and the like as for a
     * study */
    struct study study;
    const char *policy; /* NULL: the scenario's */
    const char *until;  /* the condition */
    unsigned seeds;

    /* results, by increasing size; owned */
    struct budget_probe *probes;
    size_t probe_count;
    size_t metrics[BUDGET_MAX_NAMES]; /* that the condition names */
    size_t metric_count;
    bool is_found;
    uint64_t memory_pages;  /* the scenario's, then the smallest, if found */
    uint64_t wired_pages;   /* the scenario's */
    uint64_t from_pages;    /* from here on it holds at all that were looked at;
                              the same as the smallest where it is monotone */
    uint64_t unknown_pages; /* sizes right below the smallest that were not
                               looked at */
};

void budget_release(struct budget *budget);

/*
 * Read the scenario and the condition, before anything runs. Messages are
 * printed to `errors`.
 */
enum study_status budget_check(struct budget *budget, FILE *errors);

/* Look for it. Expectations that fail are no failure here. */
enum study_status budget_run(struct budget *budget, FILE *errors);

#endif
