/*
 * One self-contained HTML page about runs of a results file.
 *
 *   results file --> report_data --> verdict, tables, comparison --> page
 *                        \---------> charts (sim/plot reads series) --/
 *
 * The page is whole without a script and without a network; reports/report.css
 * and reports/report.js are put into it. The same results give the same bytes.
 */
#ifndef LOWTIDE_REPORT_REPORT_H
#define LOWTIDE_REPORT_REPORT_H

#include "report/report_data.h"

#include <stddef.h>

enum report_status {
    REPORT_OK,
    REPORT_BAD_INPUT, /* the request or the results file; nothing written */
    REPORT_HOST,      /* disk, memory, a missing template */
};

/* All strings are borrowed for the call. */
struct report_request {
    const char *database;
    const char *const *runs; /* ids or names; a name may stand for several */
    size_t run_count;        /* 0: every run of the file */
    const char *output;      /* path that ends in .html or .htm */
};

struct report_result {
    size_t run_count;
    size_t charted_count; /* of these, those with charts */
    size_t bytes;         /* of the page */
};

/*
 * Write the page. It appears whole or not at all.
 *
 *   result   may be NULL
 *   message  room for REPORT_MESSAGE_BYTES; a line unless REPORT_OK
 */
enum report_status report_write(const struct report_request *request,
                                struct report_result *result, char *message);

#endif
