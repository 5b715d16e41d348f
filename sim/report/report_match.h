/*
 * Policies against each other, from runs that are in a results file: what
 * `lowtide compare` says (study/compare.h), worked out from the record.
 *
 * A match is what ran with one memory; a contender is a policy in it, with
 * its parameters. Contender 0 is the baseline. Each other one is paired with
 * it over the seeds that both have run, so that runs may be added to a file
 * later and one by one.
 */
#ifndef LOWTIDE_REPORT_MATCH_H
#define LOWTIDE_REPORT_MATCH_H

#include "report/report_data.h"
#include "study/compare.h"

enum { REPORT_LABEL_BYTES = 160 };

struct report_contender {
    char label[REPORT_LABEL_BYTES];
    /* of the baseline alone, or of the pair: the baseline, then this one */
    struct study study;
    size_t stopped, failed; /* of its runs */
};

struct report_match {
    uint64_t memory_pages, page_bytes;
    struct report_contender *contenders; /* owned */
    size_t contender_count;
    size_t unpaired;   /* policies that share no seed with the baseline */
    size_t unfinished; /* runs that are no result */
};

struct report_matches {
    struct report_match *items; /* owned; by memory */
    size_t count;
};

/*
 * The matches of a group: for each memory that several policies ran with, or
 * one with several seeds. Of runs alike the last one counts. The baseline is
 * the group's first policy that ran with this memory.
 *
 *   matches  zeroed; to be released in any case
 *
 * False: memory is short.
 */
bool report_matches_make(const struct report_group *group,
                         struct report_matches *matches);

void report_matches_release(struct report_matches *matches);

/* How many seeds a contender's numbers stand on. */
size_t report_seed_count(const struct report_contender *contender);

/* A metric of study.h by its name, against the baseline; false: some run does
 * not have it, or there is no such metric. */
bool report_match_row(const struct report_contender *contender,
                      const char *metric, struct compare_row *row);

#endif
