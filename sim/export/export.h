/*
 * Results for other tools: what the exports share.
 */
#ifndef LOWTIDE_EXPORT_EXPORT_H
#define LOWTIDE_EXPORT_EXPORT_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "record/results.h"

#define EXPORT_ERROR_BYTES 1024

/* What to export: some of the runs of an open results file. */
struct export_source {
    sqlite3 *db;                     /* borrowed */
    const struct results_runs *runs; /* borrowed; at least one */
};

/* A line in `error` of EXPORT_ERROR_BYTES: what the database says. Returns
 * RESULTS_HOST. */
enum results_check export_fail_database(sqlite3 *db, char *error);

/* The same for a file: what errno says. */
enum results_check export_fail_file(const char *path, char *error);

/*
 * Chrome's JSON trace events, which ui.perfetto.dev opens: each run is a
 * process with counter tracks for memory, queues, lists, VMOs, faults and
 * reclaim, slices for pressure levels and stalls, and marks for kills and the
 * script. The file appears when it is whole.
 *
 *   bytes   set to its size
 *
 * Not RESULTS_OK: `error` says why, a line, and nothing was left behind.
 */
enum results_check export_perfetto(const struct export_source *source,
                                   const char *path, uint64_t *bytes,
                                   char *error);

/*
 * A directory with a file for each table and view, as RFC 4180 has it: a
 * header, lines that end in CRLF, quotes where needed. NULL is an empty field,
 * an empty text is "". The directory appears when it is whole; one that is
 * there already is replaced if it is empty or holds an export.
 *
 *   files   set to the number of files
 *
 * Not RESULTS_OK: as above.
 */
enum results_check export_csv(const struct export_source *source,
                              const char *directory, size_t *files,
                              char *error);

#endif
