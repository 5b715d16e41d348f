/*
 * The results file's schema: what recorder.c writes and everybody reads.
 */
#ifndef LOWTIDE_SCHEMA_H
#define LOWTIDE_SCHEMA_H

#include <sqlite3.h>

enum { SCHEMA_APPLICATION_ID = 0x4C544944, SCHEMA_VERSION = 1 };

/* Make all tables, views and the metric dictionary in an empty database, in
 * the caller's transaction. Returns a SQLite result code. */
int schema_create(sqlite3 *db);

#endif
