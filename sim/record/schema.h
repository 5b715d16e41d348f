/*
 * The schema of a results file: tables, views and the dictionary, as data.
 *
 * The tables are described once, here; the CREATE TABLE statements, the
 * prepared INSERTs and the rows of `metric` are made from the description.
 * Names are fixed: people write SQL against them. A change of any column
 * raises SCHEMA_VERSION; a table that joins does not: who writes to a file that
 * lacks it adds it, who reads does without.
 */
#ifndef LOWTIDE_RECORD_SCHEMA_H
#define LOWTIDE_RECORD_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* PRAGMA application_id: "LTID". */
#define SCHEMA_APPLICATION_ID 0x4C544944
/* PRAGMA user_version. */
#define SCHEMA_VERSION 1

enum schema_table {
    TABLE_RUN,
    TABLE_PROCESS,
    TABLE_VMO,
    TABLE_TICK,
    TABLE_TICK_LIST,
    TABLE_TICK_VMO,
    TABLE_EVENT,
    TABLE_EXPECTATION,
    TABLE_LATENCY,
    TABLE_PAGE_EVENT,
    TABLE_COUNTER,
    TABLE_STUDY_RUN,
    TABLE_METRIC,
    TABLE_COUNT
};

struct schema_column {
    const char *name;
    const char *type; /* INTEGER, TEXT; of a view: NULL */
    const char *unit;
    const char *meaning;
};

struct schema_relation {
    const char *name;
    const struct schema_column *columns;
    size_t column_count;
    const char *key; /* table: the primary key's columns; view: NULL */
    const char *sql; /* view: its SELECT; table: NULL */
};

/* A table's description; constant. */
const struct schema_relation *schema_table(enum schema_table table);

/* View `index` of schema_view_count(). */
const struct schema_relation *schema_view(size_t index);
size_t schema_view_count(void);

/* The dictionary of counters; `name`s are unique. */
struct schema_counter {
    const char *name;
    const char *unit;
    const char *meaning;
};

/* Counter `index` of schema_counter_count(). */
const struct schema_counter *schema_counter(size_t index);
size_t schema_counter_count(void);

/* Is there an entry for this counter? */
bool schema_counter_known(const char *name);

/*
 * The statement that creates a table or view, and the one that inserts a full
 * row of a table in column order. Returned strings are the caller's to free;
 * NULL when memory is short.
 */
char *schema_create_sql(const struct schema_relation *relation);
char *schema_insert_sql(const struct schema_relation *relation);

#endif
