/* What the tests of figures share: a results file made from SQL. */
#ifndef TESTS_PLOT_FIXTURE_H
#define TESTS_PLOT_FIXTURE_H

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "record/schema.h"

static inline void run_sql(sqlite3 *db, const char *sql)
{
    char *error = NULL;
    sqlite3_exec(db, sql, NULL, NULL, &error);
    cr_assert_null(error, "%s", error);
}

static inline void create_schema(sqlite3 *db)
{
    for (int t = 0; t < TABLE_COUNT; t++) {
        char *sql = schema_create_sql(schema_table((enum schema_table)t));
        run_sql(db, sql);
        free(sql);
    }
    for (size_t v = 0; v < schema_view_count(); v++) {
        char *sql = schema_create_sql(schema_view(v));
        run_sql(db, sql);
        free(sql);
    }
    char pragmas[128];
    snprintf(pragmas, sizeof(pragmas),
             "PRAGMA application_id = %d; PRAGMA user_version = %d",
             SCHEMA_APPLICATION_ID, SCHEMA_VERSION);
    run_sql(db, pragmas);
}

#endif
