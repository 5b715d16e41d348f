/*
 * A trace of any format into lowtide's own (trace/ltt.h), and what is in it:
 *
 *   reader --> pages of the sample --> counted --> writer
 */
#ifndef LOWTIDE_TRACE_IMPORT_H
#define LOWTIDE_TRACE_IMPORT_H

#include <signal.h>

#include "study/study.h"
#include "trace/ltt.h"

/* Everything is borrowed for the call. */
struct trace_import {
    const char *path; /* of the trace that is read */
    const char *to;   /* of the file that is made, or replaced when complete */
    struct trace_options options;
    /*
     * Keep the pages whose trace_page_hash() is below; 0: all. A trace that was
     * sampled already keeps the smaller of both samples.
     */
    uint64_t sample_threshold;
    const volatile sig_atomic_t *interrupted; /* NULL: nobody interrupts */
};

/* The threshold of a share of pages, 0 < share <= 1; false: another number. */
bool trace_sample_threshold(double share, uint64_t *threshold);
/* The share that a threshold stands for: 1 for 0. */
double trace_sample_share(uint64_t threshold);

/*
 * Import. On STUDY_OK `header` is that of the new file; otherwise there is no
 * new file, an old one is untouched, and `message` says why, with path and byte
 * offset where the trace is damaged.
 */
enum study_status trace_import_run(const struct trace_import *import,
                                   struct ltt_header *header, char *message,
                                   size_t message_bytes);

#endif
