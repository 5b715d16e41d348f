/*
 * Runs into a results file: what is recorded, and what is left when a rule of
 * ours breaks.
 */
#include "world_fixture.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "engine/run.h"
#include "record/recorder.h"
#include "record/results.h"

static const char *database(const char *name)
{
    static char path[64];

    snprintf(path, sizeof path, "/tmp/lowtide-%s-%ld.db", name, (long)getpid());
    unlink(path);
    return path;
}

/* Run a scenario into the file; what it came to. */
static struct run_summary record(const char *path, const char *text,
                                 const struct run_options *options)
{
    struct scenario *scenario = good(text);
    char message[256] = "";
    struct recorder *recorder = recorder_open(path, message, sizeof message);
    struct run_summary summary;
    struct run_outcome outcome;

    cr_assert_not_null(recorder, "%s", message);
    run_summary_init(&summary);
    run_scenario(scenario, recorder, options, &summary, &outcome);
    cr_assert_str_empty(outcome.message);
    cr_assert(recorder_close(recorder, message, sizeof message), "%s", message);
    scenario_free(scenario);
    return summary;
}

/* The first column of all rows, joined by blanks. */
static const char *ask(const char *path, const char *query)
{
    static char answer[2048];
    char message[256];
    sqlite3 *db;
    sqlite3_stmt *statement;

    answer[0] = 0;
    cr_assert_eq(results_open(path, &db, message, sizeof message), RESULTS_OK,
                 "%s", message);
    cr_assert_eq(sqlite3_prepare_v2(db, query, -1, &statement, NULL), SQLITE_OK,
                 "%s", sqlite3_errmsg(db));
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const char *cell = (const char *)sqlite3_column_text(statement, 0);
        size_t length = strlen(answer);

        snprintf(answer + length, sizeof answer - length, "%s%s",
                 length ? " " : "", cell ? cell : "NULL");
    }
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return answer;
}

#define BUSY                                                                   \
    "version: 1\n"                                                             \
    "duration: 450ms\n"                                                        \
    "tick: 200ms\n"                                                            \
    "machine: {memory: 300p}\n"                                                \
    "reclaim: {min_aging: 5ms, on_oom: wait, pressure: {hysteresis: 5ms}}\n"   \
    "pagers: [{name: disk, read_latency: 100us}]\n"                            \
    "processes: [{name: p, oom_score: 3}]\n"                                   \
    "vmos:\n"                                                                  \
    "  - {vmo: f, size: 400p, kind: pager, pager: disk, process: p}\n"         \
    "  - {vmo: a, size: 50p, prefill: 0..10}\n"                                \
    "workloads:\n"                                                             \
    "  - {name: w, vmos: [f, a], threads: 2, write: 0.1, think: 20us,\n"       \
    "     pattern: {kind: uniform}}\n"                                         \
    "events:\n"                                                                \
    "  - {clone: {vmo: a, as: c, kind: snapshot, pages: 0..5}, at: 100ms}\n"   \
    "  - {close: {vmo: c}, at: 250ms}\n"

Test(run, rows_stand_at_the_ticks_and_at_the_end)
{
    const char *path = database("ticks");
    struct run_options options = {.broken_rule_exit = 4};
    struct run_summary summary = record(path, BUSY, &options);

    cr_assert_str_eq(summary.status, "ok");
    cr_assert_str_eq(ask(path, "SELECT tick_ns / 1000000 FROM tick"),
                     "0 200 400 450");
    cr_assert_str_eq(ask(path, "SELECT count(*) FROM tick_list "
                               "WHERE list = 'reclaim0'"),
                     "4");
    cr_assert_str_eq(ask(path, "SELECT name || '=' || count(*) FROM tick_vmo "
                               "JOIN vmo USING (run_id, vmo_id) GROUP BY name "
                               "ORDER BY name"),
                     "a=4 c=1 f=4");
    cr_assert_str_eq(ask(path, "SELECT vmo_id || ':' || name || ':' || kind "
                               "FROM vmo ORDER BY vmo_id"),
                     "1:f:pager 2:a:anonymous 3:c:snapshot");
    cr_assert_str_eq(ask(path, "SELECT (created_ns / 1000000) || '-' || "
                               "ifnull(closed_ns / 1000000, '') FROM vmo "
                               "ORDER BY vmo_id"),
                     "0- 0- 100-250");
    cr_assert_str_eq(ask(path, "SELECT name FROM process ORDER BY process_id"),
                     "script p");
    cr_assert_str_eq(ask(path, "SELECT sum(committed) = sum(t.anonymous + "
                               "t.reclaimable + t.pager_dirty + t.zero_fork + "
                               "t.wired) / 3 FROM tick_vmo JOIN tick t "
                               "USING (run_id, tick_ns) WHERE tick_ns = 2e8"),
                     "1");
    cr_assert_str_eq(
        ask(path, "SELECT (SELECT accesses - waiting_threads FROM tick ORDER "
                  "BY tick_ns DESC) - sum(count) FROM latency "
                  "WHERE kind = 'access'"),
        "0");
    run_summary_release(&summary);
    unlink(path);
}

Test(run, recording_more_or_less_leaves_the_fingerprint)
{
    const char *path = database("prints");
    const char *const switches[] = {
        "",
        "record: {ticks: false, vmo_ticks: false, events: false,\n"
        "         latency: false}\n",
        "record: {pages: true}\n",
    };
    char print[64] = "";

    for (int i = 0; i < 4; i++) {
        char text[4096];
        struct run_options options = {
            .world = {.is_paranoid = i == 3, .max_burst = i == 2 ? 1 : 0},
            .broken_rule_exit = 4,
        };

        snprintf(text, sizeof text, "%s%s", BUSY, switches[i % 3]);
        struct run_summary summary = record(path, text, &options);
        if (i == 0)
            snprintf(print, sizeof print, "%s", summary.fingerprint);
        cr_assert_str_eq(summary.fingerprint, print, "run %d", i);
        run_summary_release(&summary);
    }
    cr_assert_str_neq(ask(path, "SELECT count(*) FROM page_event"), "0");
    unlink(path);
}

Test(run, pages_tell_their_lives)
{
    const char *path = database("pages");
    struct run_options options = {.broken_rule_exit = 4};
    struct run_summary summary =
        record(path,
               "version: 1\n"
               "machine: {memory: 100p}\n"
               "record: {pages: true}\n"
               "vmos: [{vmo: f, size: 4p, kind: pager, prefill: 0}]\n"
               "events:\n"
               "  - supply: {vmo: f, pages: 2}\n"
               "  - rotate: {}\n"
               "  - reclaim: {vmo: f, page: 2}\n"
               "  - supply: {vmo: f, pages: 2}\n"
               "  - pin: {vmo: f, pages: 2}\n"
               "  - unpin: {vmo: f, pages: 2}\n"
               "  - hint: {vmo: f, pages: 2, kind: dont_need}\n"
               "  - close: {vmo: f}\n",
               &options);

    cr_assert_str_eq(ask(path, "SELECT what FROM page_event WHERE page = 2 "
                               "ORDER BY seq"),
                     "added aged evicted refaulted pinned added not_needed "
                     "freed");
    cr_assert_str_eq(ask(path, "SELECT what || '/' || vmo_id FROM page_event "
                               "WHERE page = 0 ORDER BY seq"),
                     "added/1 aged/1 freed/1");
    cr_assert_str_eq(ask(path, "SELECT detail FROM page_event "
                               "WHERE what = 'evicted'"),
                     "reclaim1 by=script level=normal free=98 state=active "
                     "line=8");
    run_summary_release(&summary);
    unlink(path);
}

Test(run, a_victim_tells_who_took_it)
{
    const char *path = database("victims");
    struct run_options options = {.broken_rule_exit = 4};
    struct run_summary summary =
        record(path,
               "version: 1\n"
               "machine: {memory: 200p}\n"
               "reclaim: {eviction: true, lru_action: evict_only}\n"
               "record: {pages: true}\n"
               "vmos: [{vmo: f, size: 190p, kind: pager, prefill: 0..50}]\n"
               "events:\n"
               "  - rotate: {times: 6}\n"
               "  - evict: {min: 1p}\n"
               "  - supply: {vmo: f, pages: 60..190}\n" /* down to critical */
               "  - validate: {}\n"
               "    at: 1s\n"
               "  - rotate: {times: 6}\n",
               &options);

    cr_assert_str_eq(
        ask(path, "SELECT DISTINCT substr(detail, instr(detail, 'by='), "
                  "instr(detail, ' level') - instr(detail, 'by=')) "
                  "FROM page_event WHERE what = 'evicted' ORDER BY 1"),
        "by=eviction aim=only_oldest by=lru by=script aim=only_oldest");
    run_summary_release(&summary);
    unlink(path);
}

/* Clones look into what their original was; what they see is theirs once the
 * original has a page of its own. */
Test(run, pages_of_clones_have_names)
{
    const char *path = database("clones");
    struct run_options options = {.broken_rule_exit = 4};
    struct run_summary summary =
        record(path,
               "version: 1\n"
               "machine: {memory: 100p}\n"
               "reclaim: {compression: {enabled: true, anonymous: true}}\n"
               "record: {pages: true}\n"
               "vmos: [{vmo: a, size: 2p, prefill: all}]\n"
               "events:\n"
               "  - clone: {vmo: a, as: b, kind: snapshot}\n"
               "  - rotate: {}\n"                /* still a's */
               "  - write: {vmo: a, pages: 1}\n" /* its own from now on */
               "  - rotate: {times: 4}\n"        /* and b's the one before */
               "  - evict: {min: 4p, level: include_newest}\n",
               &options);

    cr_assert_str_eq(ask(path, "SELECT vmo_id || what FROM page_event "
                               "WHERE page = 1 ORDER BY vmo_id, seq"),
                     "1added 1aged 1accessed 1added 1aged 1aged "
                     "1aged 1aged 1compressed 2aged 2aged 2aged 2aged "
                     "2compressed");
    run_summary_release(&summary);
    unlink(path);
}

Test(run, a_page_that_is_decompressed_has_come_back)
{
    const char *path = database("compressed");
    struct run_options options = {.broken_rule_exit = 4};
    struct run_summary summary =
        record(path,
               "version: 1\n"
               "machine: {memory: 100p}\n"
               "reclaim: {compression: {enabled: true, anonymous: true}}\n"
               "record: {pages: true}\n"
               "vmos: [{vmo: a, size: 2p, prefill: all}]\n"
               "events:\n"
               "  - reclaim: {vmo: a, page: 1, compress: true}\n"
               "  - touch: {vmo: a, pages: 1}\n",
               &options);

    cr_assert_str_eq(ask(path, "SELECT what FROM page_event WHERE page = 1 "
                               "ORDER BY seq"),
                     "added compressed refaulted");
    cr_assert_str_eq(ask(path, "SELECT detail FROM page_event "
                               "WHERE what = 'refaulted'"),
                     "decompressed on=reclaim0 class=anonymous");
    run_summary_release(&summary);
    unlink(path);
}

/* What a bug of ours looks like, in the middle of a run. */
static void break_a_rule(const struct world *world, void *context)
{
    (void)context;
    if (world->now > 100000000)
        vmcow_fail("somewhere.c", 7, "the moon is made of cheese");
}

static void be_broken(const char *path)
{
    struct run_options options = {
        .world = {.progress = break_a_rule, .max_burst = 1},
        .broken_rule_exit = 4,
    };

    fclose(stderr);
    record(path, BUSY, &options);
    _exit(0);
}

Test(run, a_broken_rule_keeps_what_was_recorded)
{
    const char *path = database("broken");
    int status;
    pid_t child = fork();

    if (child == 0)
        be_broken(path);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status));
    cr_assert_eq(WEXITSTATUS(status), 4);
    cr_assert_str_eq(ask(path, "SELECT status FROM run"), "error");
    cr_assert_str_eq(ask(path, "SELECT tick_ns FROM tick"), "0");
    cr_assert_str_eq(ask(path, "SELECT sim_ns > 100000000 FROM run"), "1");
    unlink(path);
}
