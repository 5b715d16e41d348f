/*
 * What the tests of the recorder share: a directory of their own, a run to
 * begin with, rows that differ by number, and answers to SQL.
 */
#ifndef TESTS_RECORD_FIXTURE_H
#define TESTS_RECORD_FIXTURE_H

#include "record/recorder.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#define ERROR_BYTES 1024

/* Directories made by this process, removed when it exits. */
static char fixture_directories[64][32];
static size_t fixture_directory_count;
static pid_t fixture_owner;

static inline void fixture_remove(const char *directory)
{
    char path[512];
    DIR *open = opendir(directory);
    for (struct dirent *entry; open && (entry = readdir(open));) {
        snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
        remove(path);
    }
    if (open)
        closedir(open);
    remove(directory);
}

static inline void fixture_remove_all(void)
{
    for (size_t i = 0; getpid() == fixture_owner && i < fixture_directory_count;
         i++)
        fixture_remove(fixture_directories[i]);
}

/* A fresh directory; `path` receives DIRECTORY/NAME. */
static inline void fixture_path(char *path, size_t size, const char *name)
{
    char directory[] = "/tmp/lowtide-record-XXXXXX";
    cr_assert(mkdtemp(directory) != NULL);
    cr_assert_lt(fixture_directory_count, 64u);
    if (fixture_directory_count == 0) {
        fixture_owner = getpid();
        atexit(fixture_remove_all);
    }
    snprintf(fixture_directories[fixture_directory_count++], 32, "%s",
             directory);
    snprintf(path, size, "%s/%s", directory, name);
}

static inline struct record_run fixture_run(const char *name)
{
    static const struct record_param params[] = {{"bits", "2"},
                                                 {"mode", "a \"b\""}};
    return (struct record_run){
        .name = name,
        .scenario = "scenarios/x.yaml",
        .scenario_text = "version: 1\n",
        .policy = "clock",
        .params = params,
        .param_count = 2,
        .seed = 7,
        .memory_pages = 1000,
        .page_size = 4096,
        .version = "0.1",
        .argv = "lowtide run x.yaml",
        .record = {.ticks = true,
                   .vmo_ticks = true,
                   .events = true,
                   .pages = true,
                   .latency = true},
    };
}

/* Tick number `n`: every column has a value of its own. */
static inline struct record_tick fixture_tick(uint64_t n)
{
    struct record_tick tick;
    record_tick_init(&tick, (sim_ns)n * 1000);
    tick.free = 500 - n % 400;
    tick.level = n % 3 ? "normal" : "warning";
    tick.wired = 10 + n;
    tick.accesses = 1000 * n;
    tick.faults_major = 100 * n;
    tick.refaults = 25 * n;
    tick.evicted_pager = 30 * n;
    tick.evicted_compressed = 3 * n;
    tick.evicted_discardable = 2 * n;
    tick.deduped = n;
    tick.written_back = 5 * n;
    tick.oom_kills = 0;
    tick.waiting_threads = n % 2;
    tick.stall_some_ns = (sim_ns)n * 100;
    tick.stall_full_ns = (sim_ns)n * 10;
    tick.unattributed = 0;
    return tick;
}

static inline struct recorder *fixture_open(const char *path)
{
    char error[ERROR_BYTES] = "";
    struct recorder *rec = recorder_open(path, error, sizeof(error));
    cr_assert(rec != NULL, "%s", error);
    return rec;
}

static inline void fixture_close(struct recorder *rec)
{
    char error[ERROR_BYTES] = "";
    cr_assert(recorder_close(rec, error, sizeof(error)), "%s", error);
}

/* A run with ticks 0 to `ticks`, an event for each, and an ending. */
static inline void fixture_record(struct recorder *rec, const char *name,
                                  uint64_t ticks, struct run_summary *summary)
{
    struct record_run run = fixture_run(name);
    struct record_end end = {RUN_OK, (sim_ns)ticks * 1000, 40};
    struct record_process process = {1, "browser", 3};
    struct record_vmo vmo = {1, "heap", 1, "pager", RECORD_NULL, 0};
    struct histogram access;

    cr_assert(recorder_begin_run(rec, &run), "%s", recorder_error(rec));
    recorder_process(rec, &process);
    recorder_vmo(rec, &vmo);
    for (uint64_t n = 0; n <= ticks; n++) {
        struct record_tick tick = fixture_tick(n);
        struct record_tick_vmo at = {tick.tick_ns, 1, n, 2 * n, 0, n, n};
        struct record_event event = {tick.tick_ns, n,    "touch",
                                     "heap",       "OK", NULL};
        tick.dont_need = n;
        recorder_tick(rec, &tick);
        recorder_tick_list(rec, tick.tick_ns, "dont_need", n);
        recorder_tick_vmo(rec, &at);
        recorder_event(rec, &event);
    }
    cr_assert(histogram_init(&access));
    for (uint64_t n = 0; n < 1000; n++)
        histogram_record(&access, n < 990 ? 4 : 300000);
    recorder_latency(rec, "feed", LATENCY_ACCESS, &access);
    histogram_release(&access);
    recorder_counter(rec, "vm.pmm.alloc.failed", 3, NULL, NULL);
    cr_assert(recorder_finish_run(rec, &end, summary), "%s",
              recorder_error(rec));
}

/* The first column of the first row as text; "" if there is none. */
static inline void fixture_ask(const char *path, const char *sql, char *answer,
                               size_t size)
{
    sqlite3 *db;
    sqlite3_stmt *query;
    cr_assert_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL),
                 SQLITE_OK, "%s", path);
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &query, NULL), SQLITE_OK,
                 "%s: %s", sql, sqlite3_errmsg(db));
    answer[0] = '\0';
    if (sqlite3_step(query) == SQLITE_ROW && sqlite3_column_text(query, 0))
        snprintf(answer, size, "%s",
                 (const char *)sqlite3_column_text(query, 0));
    sqlite3_finalize(query);
    sqlite3_close(db);
}

/* Is the answer to `sql` this text? */
static inline void fixture_expect(const char *path, const char *sql,
                                  const char *expected)
{
    char answer[4096];
    fixture_ask(path, sql, answer, sizeof(answer));
    cr_assert_str_eq(answer, expected, "%s gives %s, not %s", sql, answer,
                     expected);
}

#endif
