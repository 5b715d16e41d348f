/*
 * Joining results files into a new one.
 */
#ifndef LOWTIDE_RECORD_MERGE_H
#define LOWTIDE_RECORD_MERGE_H

#include <signal.h>

#include "record/results.h"

/*
 * Write a new file `out` with all runs of the files `in`, file by file and in
 * the order of their ids, numbered 1, 2, 3 ... The files are only read; each
 * must be ours, of this version, and given once. Runs that were never finished
 * by a writer that is gone become `interrupted`; a file with a run under way
 * is refused. A study's run that is there more than once is kept once
 * (merge_keys.h).
 *
 *   is_replaced  a file that is there as `out` is replaced, also if it is one
 *                of `in`; else it must not be there
 *   interrupted  once it is not 0 the work is given up; NULL: nobody interrupts
 *   run_count    receives the number of runs written
 *   error        receives a line unless RESULTS_OK is returned
 *
 * The file appears under its name when it is complete and on disk, not before.
 * On failure nothing is left behind.
 */
enum results_check results_merge(const char *out, bool is_replaced,
                                 const char *const *in, size_t in_count,
                                 const volatile sig_atomic_t *interrupted,
                                 uint64_t *run_count, char *error,
                                 size_t error_size);

#endif
