/* Failures that every part of sim/plot/ can have. Private to it. */
#ifndef LOWTIDE_PLOT_FAIL_H
#define LOWTIDE_PLOT_FAIL_H

#include "plot/plot.h"

#include <sqlite3.h>

static inline enum plot_status plot_fail_memory(char *message)
{
    snprintf(message, PLOT_MESSAGE_BYTES, "out of memory");
    return PLOT_HOST;
}

/* What SQLite said of its last failure on `db`. */
static inline enum plot_status plot_fail_sql(sqlite3 *db, char *message)
{
    snprintf(message, PLOT_MESSAGE_BYTES, "cannot read the runs: %s",
             sqlite3_errmsg(db));
    return sqlite3_errcode(db) == SQLITE_CORRUPT ? PLOT_BAD_INPUT : PLOT_HOST;
}

#endif
