/*
 * What recorder.c and recorder_rows.c share; nobody else includes it.
 */
#ifndef LOWTIDE_RECORD_RECORDER_INTERNAL_H
#define LOWTIDE_RECORD_RECORDER_INTERNAL_H

#include "record/batch.h"
#include "record/recorder.h"
#include "record/schema.h"
#include "record/sha256.h"

#include <sqlite3.h>

/* What the batch can run: an INSERT for each table, then these. */
enum {
    STATEMENT_PROCESS_KILLED = TABLE_COUNT,
    STATEMENT_VMO_CLOSED,
    STATEMENT_NEW_METRIC,
    STATEMENT_FINISH,
    STATEMENT_COUNT
};

struct recorder {
    /* the file: set by recorder_open; db is NULL without one */
    char *path;
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT];

    /* the first error; "" while there is none */
    char error[1024];

    /* rows not written yet */
    struct batch batch;
    int64_t written_at; /* host clock of the last write */

    /* the run under way, or the last one */
    bool running;
    uint64_t run_id;
    struct record_switches record;
    int64_t began_at; /* host clock */
    uint64_t event_seq, expectation_seq, page_seq;
    struct sha256 tick_hash, event_hash, counter_hash;
    struct record_tick last_tick; /* its level is not kept */
    struct histogram access;      /* of all workloads */
    struct run_summary base;      /* what was known at the beginning */
};

/* Keep "out of memory" as the error, unless there is one; returns false. */
bool recorder_fail_memory(struct recorder *rec);

/*
 * Store a row, now or soon.
 *
 *   statement   an enum schema_table, or one of those above
 *   cells       borrowed; the row without its run id
 */
bool recorder_store(struct recorder *rec, unsigned statement,
                    const struct cell *cells, size_t count);

#endif
