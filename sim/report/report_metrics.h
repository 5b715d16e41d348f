/*
 * The measures of a run in people's words: what a column of v_summary, or a
 * cost of study.h, is called and how its values are written.
 */
#ifndef LOWTIDE_REPORT_METRICS_H
#define LOWTIDE_REPORT_METRICS_H

#include "report/report_data.h"

enum metric_form { FORM_COUNT, FORM_SHARE, FORM_TIME };

struct report_metric {
    const char *name; /* as study_metric_find() takes it */
    const char *label;
    const char *meaning;
    enum metric_form form;
    bool is_principal; /* shown where there is little room */
};

/* Metric `index` in the order of tables; NULL past the last. */
const struct report_metric *report_metric_at(size_t index);

/* The one of that name, or NULL. */
const struct report_metric *report_metric_named(const char *name);

/* `value` in that form; a dash if it is NAN. `cell`: HUMAN_BYTES. */
const char *report_metric_cell(char *cell, const struct report_metric *metric,
                               double value);

/* The metric of a run; NAN if it does not have it. */
double report_metric_of(const struct report_run *run,
                        const struct report_metric *metric);

#endif
