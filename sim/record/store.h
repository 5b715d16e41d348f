/*
 * The results file as a file: whose it is, how it is made, joined and left.
 *
 *   missing or empty ---- create: schema in one transaction ----+
 *   ours, this version -----------------------------------------+-> WAL
 *   anything else -> refused, untouched                           |
 *                                                    last writer: v
 *                                       checkpoint, journal mode DELETE
 *
 * Joining and leaving are serialised between processes by a lock on the
 * file's directory (flock; dropped by the system when a process dies), so
 * that of two writers that leave together one is the last.
 *
 * POSIX drops a process' locks on a file when any of its descriptors of that
 * file is closed, and these functions look at the file before SQLite does:
 * a process must not call them on a file that it has open.
 */
#ifndef LOWTIDE_RECORD_STORE_H
#define LOWTIDE_RECORD_STORE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

enum store_state {
    STORE_MISSING, /* or empty: can be created */
    STORE_OURS,
    STORE_REFUSED, /* foreign, damaged, newer, not a file */
    STORE_HOST     /* the system does not let us look */
};

/*
 * Look at a file without touching it. For the last two, `error` receives a
 * line that says why.
 */
enum store_state store_look(const char *path, char *error, size_t error_size);

/*
 * Open for writing, creating the file if it is missing or empty. Marks runs
 * whose writers are gone. NULL with a line in `error` on failure; a file that
 * was not there before is then not left behind.
 */
sqlite3 *store_join(const char *path, char *error, size_t error_size);

/*
 * Close a connection of store_join (taken). The last writer leaves one plain
 * file. False with a line in `error` if what was committed could not be moved
 * into it; it is safe in the files beside it then.
 */
bool store_leave(sqlite3 *db, char *error, size_t error_size);

/*
 * Open for reading only: nothing is written. NULL with a line in `error` if
 * the file is missing or refused, with `*state` saying which.
 */
sqlite3 *store_read(const char *path, enum store_state *state, char *error,
                    size_t error_size);

/*
 * Mark `running` runs whose writers are gone as `interrupted`. Within a
 * transaction of the caller's. Returns an SQLite status.
 */
int store_mark_interrupted(sqlite3 *db);

/* Remove a file, and what SQLite may have put beside it. */
void store_remove(const char *path);

/* "while DOING PATH: SQLite's reason" in `error`, a line. */
void store_describe(sqlite3 *db, int status, const char *doing,
                    const char *path, char *error, size_t error_size);

#endif
