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
    /* Keep the pages that are trace_is_sampled(). A trace that was sampled
     * already keeps the smaller of both samples. */
    uint64_t sample_threshold;
    const volatile sig_atomic_t *interrupted; /* NULL: nobody interrupts */
};

/*
 * Import. On STUDY_OK `header` is that of the new file; otherwise there is no
 * new file, an old one is untouched, and `message` says why, with path and byte
 * offset where the trace is damaged.
 */
enum study_status trace_import_run(const struct trace_import *import,
                                   struct ltt_header *header, char *message,
                                   size_t message_bytes);

#endif
