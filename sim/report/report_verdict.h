/*
 * What happened, in two sentences, computed from the data alone.
 */
#ifndef LOWTIDE_REPORT_VERDICT_H
#define LOWTIDE_REPORT_VERDICT_H

#include "report/report_match.h"
#include "report/report_text.h"

/*
 * One run: how far memory ran low, for how long and who stood still; then what
 * was reclaimed, from whom it was missed, and who was killed. A run that did
 * not end well, and expectations that did not hold, get a sentence more.
 */
void report_verdict_run(const struct report_run *run,
                        struct sentence *sentence);

/*
 * Several policies with one memory: which one stalled least, and how they
 * differ in major faults, with intervals. A difference that has not been shown
 * is called that.
 */
void report_verdict_match(const struct report_match *match,
                          struct sentence *sentence);

#endif
