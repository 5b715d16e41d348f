/*
 * The page as a whole: head, verdict, a part for each scenario, foot. Private
 * to sim/report/.
 */
#ifndef LOWTIDE_REPORT_PAGE_H
#define LOWTIDE_REPORT_PAGE_H

#include "report/report.h"
#include "report/report_sections.h"

#include <stdio.h>

/* What is put into every page: text that ends in zero, borrowed. */
struct report_looks {
    const char *style, *script;
};

/*
 * Write the page of `data`.
 *
 *   out       errors are left in it
 *   is_named  the runs were chosen one by one
 *   charted   receives the number of runs with charts
 */
enum report_status report_page_write(FILE *out, sqlite3 *db,
                                     const struct report_data *data,
                                     const struct report_looks *looks,
                                     bool is_named, size_t *charted,
                                     char *message);

/*
 * Which runs get charts, REPORT_MAX_CHARTED at most: the first of each
 * scenario, then of each policy and memory. Repetitions look much alike: they
 * are drawn if they were named, or if there are few.
 *
 *   chosen  room for data->run_count; set for each run
 */
size_t report_choose_charted(const struct report_data *data, bool is_named,
                             bool *chosen);

#endif
