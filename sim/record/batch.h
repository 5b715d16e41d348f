/*
 * Rows on their way to the database: a byte buffer of statements and values.
 *
 * Gathering rows and writing them in one short transaction keeps the file
 * free for other processes nearly all the time, and makes a row of the hot
 * path cost a copy.
 *
 *   batch_add(...)  row, row, row ...     memory only
 *   batch_run       each row's statement, within one transaction
 */
#ifndef LOWTIDE_RECORD_BATCH_H
#define LOWTIDE_RECORD_BATCH_H

#include "record/sha256.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One value of a row. */
struct cell {
    const char *text; /* borrowed; NULL if the value is a number */
    int64_t number;
    bool is_null;
};

static inline struct cell cell_null(void)
{
    return (struct cell){.is_null = true};
}

/* A number; all bits set (RECORD_NULL, RECORD_NULL_NS) is NULL. */
static inline struct cell cell_number(uint64_t number)
{
    return (struct cell){.number = (int64_t)number,
                         .is_null = number == UINT64_MAX};
}

/* Text; NULL is NULL. */
static inline struct cell cell_text(const char *text)
{
    return (struct cell){.text = text, .is_null = text == NULL};
}

/* Add the values of a row to a hash, in a form that no other row has. */
void cells_hash(struct sha256 *sha, const struct cell *cells, size_t count);

/* Bind a row to parameters 1, 2, 3 ...; text stays borrowed. */
void cells_bind(sqlite3_stmt *statement, const struct cell *cells,
                size_t count);

struct batch {
    unsigned char *bytes; /* owned */
    size_t size, capacity;
    size_t rows;
};

/* Also valid on a zeroed struct. */
void batch_release(struct batch *batch);

/* Forget all rows, keep the memory. */
void batch_clear(struct batch *batch);

/*
 * Append a row.
 *
 *   statement   index into batch_run's statements
 *   cells       borrowed; bound to parameters 2, 3, ... (1 is the run's id)
 *
 * Returns false when memory is short; the batch is as before then.
 */
bool batch_add(struct batch *batch, unsigned statement,
               const struct cell *cells, size_t count);

/*
 * Run every row's statement, in order, inside the caller's transaction. The
 * batch is left as it is. Returns SQLITE_OK or what SQLite said.
 *
 *   statements   prepared, borrowed; parameter 1 is the run's id
 */
int batch_run(const struct batch *batch, sqlite3_stmt *const *statements,
              int64_t run_id);

#endif
