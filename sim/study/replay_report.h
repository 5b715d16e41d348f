/*
 * Replay results for people (a table, a line for each run as it ends) and for
 * programs (one JSON array).
 */
#ifndef LOWTIDE_REPLAY_REPORT_H
#define LOWTIDE_REPLAY_REPORT_H

#include <stdio.h>

#include "study/replay_pool.h"

/* What the table's columns have to hold. */
struct replay_widths {
    int policy;
    int params;
    int sample; /* 0: no figure is sampled, there is no such column */
};

struct replay_widths replay_report_widths(const struct replay_job *jobs,
                                          size_t count);
void replay_report_heading(FILE *out, struct replay_widths widths);
void replay_report_row(FILE *out, struct replay_widths widths,
                       const struct replay_job *job,
                       const struct replay_result *result);

/* One JSON object, no newline after it. */
void replay_report_json(FILE *out, const struct replay_job *job,
                        const struct replay_result *result);

#endif
