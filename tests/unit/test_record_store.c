/*
 * The file's guarantees: kill -9, a full disk, several writers, and files
 * that are not ours.
 */
#include "record/results.h"
#include "record/store.h"
#include "record/writer.h"
#include "record_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    cr_assert(file != NULL);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* The whole file; returned. */
static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *bytes = malloc(1 << 20);
    cr_assert(file != NULL);
    *size = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

/* Files in the directory that holds `path`. */
static int files_beside(const char *path)
{
    char directory[256];
    snprintf(directory, sizeof(directory), "%s", path);
    *strrchr(directory, '/') = '\0';
    DIR *open = opendir(directory);
    int files = 0;
    cr_assert(open != NULL);
    for (struct dirent *entry; (entry = readdir(open));)
        files += entry->d_name[0] != '.';
    closedir(open);
    return files;
}

static void wait_ns(long ns)
{
    struct timespec pause = {ns / 1000000000, ns % 1000000000};
    nanosleep(&pause, NULL);
}

/* More ticks than a batch holds, so that one has been committed. */
enum { TICKS_OF_BATCHES = 30000 };

/* Ticks that the process below has recorded, which is how others know how far
 * it is on whatever machine; shared with it. */
static atomic_ulong *recorded;

static void share_recorded(void)
{
    if (recorded)
        munmap(recorded, sizeof *recorded);
    recorded = mmap(NULL, sizeof *recorded, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert(recorded != MAP_FAILED);
}

static void wait_until_recorded(unsigned long ticks)
{
    while (atomic_load(recorded) < ticks)
        wait_ns(1000000);
}

/* Records ticks until it is killed. */
_Noreturn static void record_for_ever(const char *path)
{
    char error[ERROR_BYTES];
    struct recorder *rec = recorder_open(path, error, sizeof(error));
    struct record_run run = fixture_run("killed");
    if (!rec || !recorder_begin_run(rec, &run))
        _exit(1);
    for (uint64_t n = 0;; n++) {
        struct record_tick tick = fixture_tick(n);
        struct record_event event = {tick.tick_ns, n,    "touch",
                                     "heap",       "OK", "detail"};
        if (!recorder_tick(rec, &tick) || !recorder_event(rec, &event))
            _exit(2);
        atomic_store(recorded, n + 1);
    }
}

Test(record_store, kill_at_any_moment_leaves_a_good_file, .timeout = 600)
{
    uint64_t state = 12345;
    int with_rows = 0;
    char path[256], answer[64];
    for (int round = 0; round < 40; round++) {
        fixture_path(path, sizeof(path), "a.db");
        share_recorded();
        pid_t child = fork();
        if (child == 0)
            record_for_ever(path);
        state = state * 6364136223846793005u + 1442695040888963407u;
        /* early ones hit the creation, late ones a commit */
        long random = (long)(state >> 33);
        if (round % 2)
            wait_until_recorded(TICKS_OF_BATCHES +
                                (unsigned long)random % TICKS_OF_BATCHES);
        else
            wait_ns(random % 30000000);
        kill(child, SIGKILL);
        int status;
        waitpid(child, &status, 0);
        cr_assert(WIFSIGNALED(status), "child ended with %d", status);

        if (access(path, F_OK) != 0)
            continue;
        fixture_expect(path, "PRAGMA integrity_check", "ok");
        fixture_close(fixture_open(path));
        fixture_expect(path, "PRAGMA integrity_check", "ok");
        fixture_expect(
            path, "SELECT count(*) FROM run WHERE status = 'running'", "0");
        fixture_expect(path, "PRAGMA journal_mode", "delete");
        fixture_ask(path, "SELECT count(*) > 0 FROM tick", answer,
                    sizeof(answer));
        with_rows += answer[0] == '1';
        fixture_expect(path,
                       "SELECT count(*) FROM (SELECT tick_ns - lag(tick_ns) "
                       "OVER (ORDER BY tick_ns) AS step FROM tick) "
                       "WHERE step <> 1000",
                       "0");
    }
    cr_assert_geq(with_rows, 20, "only %d of 20 wrote rows", with_rows);
}

/* A batch that is 0.25 s old is committed by the next poll. */
Test(record_store, batches_are_no_older_than_a_quarter_second, .timeout = 600)
{
    char path[256], answer[64];
    fixture_path(path, sizeof(path), "a.db");
    share_recorded();
    pid_t child = fork();
    if (child == 0) {
        char error[ERROR_BYTES];
        struct recorder *rec = recorder_open(path, error, sizeof(error));
        struct record_run run = fixture_run("slow");
        recorder_begin_run(rec, &run);
        for (uint64_t n = 0; n < 4; n++) {
            struct record_tick tick = fixture_tick(n);
            recorder_tick(rec, &tick);
        }
        wait_ns(300000000); /* a long time without rows */
        recorder_poll(rec);
        atomic_store(recorded, 4);
        for (;;)
            pause();
    }
    wait_until_recorded(4);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    fixture_ask(path, "SELECT count(*) FROM tick", answer, sizeof(answer));
    cr_assert_str_eq(answer, "4");
}

Test(record_store, readers_show_a_dead_writer_and_write_nothing, .timeout = 600)
{
    char path[256], error[ERROR_BYTES];
    sqlite3 *db;
    struct run_summary summary;
    size_t size_before, size_after;

    fixture_path(path, sizeof(path), "a.db");
    share_recorded();
    pid_t child = fork();
    if (child == 0)
        record_for_ever(path);
    wait_until_recorded(TICKS_OF_BATCHES);
    cr_assert_eq(results_open(path, &db, error, sizeof(error)), RESULTS_OK,
                 "%s", error);
    cr_assert_eq(results_summary(db, 1, &summary, error, sizeof(error)),
                 RESULTS_OK);
    cr_assert_str_eq(summary.status, "running");
    run_summary_release(&summary);
    sqlite3_close(db);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);

    char *before = read_file(path, &size_before);
    cr_assert_eq(results_open(path, &db, error, sizeof(error)), RESULTS_OK,
                 "%s", error);
    cr_assert_eq(results_summary(db, 1, &summary, error, sizeof(error)),
                 RESULTS_OK);
    cr_assert_str_eq(summary.status, "interrupted");
    run_summary_release(&summary);
    sqlite3_close(db);
    char *after = read_file(path, &size_after);
    cr_assert_eq(size_before, size_after);
    cr_assert(memcmp(before, after, size_before) == 0);
    free(before);
    free(after);
    fixture_expect(path, "SELECT status FROM run", "running");
    fixture_close(fixture_open(path));
    fixture_expect(path, "SELECT status FROM run", "interrupted");
}

Test(record_store, zombie_or_reused_number_is_gone)
{
    struct writer self;
    writer_self(&self);
    cr_assert_not(writer_is_gone(self.host, self.pid, self.start));
    cr_assert_not(writer_is_gone("elsewhere", 1 << 29, "x"));
    cr_assert_not(writer_is_gone(NULL, self.pid, NULL));
    cr_assert(writer_is_gone(self.host, self.pid, "boot/1"));
    cr_assert(writer_is_gone(self.host, 1 << 29, self.start));
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    siginfo_t info;
    cr_assert_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    cr_assert(writer_is_gone(self.host, child, NULL), "a zombie");
    waitpid(child, NULL, 0);
}

Test(record_store, writers_append_to_one_file_at_once, .timeout = 120)
{
    enum { WRITERS = 4, RUNS = 5, TICKS = 300 };
    char path[256];
    fixture_path(path, sizeof(path), "a.db");
    pid_t children[WRITERS];
    for (int w = 0; w < WRITERS; w++) {
        children[w] = fork();
        if (children[w] != 0)
            continue;
        struct recorder *rec = fixture_open(path);
        for (int r = 0; r < RUNS; r++)
            fixture_record(rec, "shared", TICKS, NULL);
        fixture_close(rec);
        _exit(0);
    }
    for (int w = 0; w < WRITERS; w++) {
        int status;
        waitpid(children[w], &status, 0);
        cr_assert_eq(status, 0);
    }
    fixture_expect(path, "PRAGMA integrity_check", "ok");
    fixture_expect(path, "PRAGMA journal_mode", "delete");
    fixture_expect(path, "SELECT count(*) FROM run WHERE status = 'ok'", "20");
    fixture_expect(path, "SELECT count(DISTINCT fingerprint) FROM run", "1");
    fixture_expect(path, "SELECT count(*) FROM tick", "6020");
    cr_assert_eq(files_beside(path), 1, "one plain file");
}

Test(record_store, other_files_are_refused_untouched)
{
    char path[256], error[ERROR_BYTES];
    struct {
        const char *name;
        const char *sql;
    } files[] = {
        {"text", NULL},
        {"foreign.db", "CREATE TABLE t (a); INSERT INTO t VALUES (1)"},
        {"foreign-wal.db", "PRAGMA journal_mode = WAL; CREATE TABLE t (a)"},
        {"newer.db", "PRAGMA application_id = 0x4C544944;"
                     "PRAGMA user_version = 2; CREATE TABLE run (run_id)"},
        {"older.db", "PRAGMA application_id = 0x4C544944;"
                     "CREATE TABLE run (run_id)"},
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        size_t before_size, after_size;
        sqlite3 *db;
        fixture_path(path, sizeof(path), files[i].name);
        if (files[i].sql) {
            cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
            cr_assert_eq(sqlite3_exec(db, files[i].sql, NULL, NULL, NULL),
                         SQLITE_OK);
            sqlite3_close(db);
        } else {
            write_file(path, "hello\n", 6);
        }
        char *before = read_file(path, &before_size);
        error[0] = '\0';
        cr_assert_eq(results_check_output(path, error, sizeof(error)),
                     RESULTS_BAD_INPUT);
        cr_assert(recorder_open(path, error, sizeof(error)) == NULL);
        cr_assert(strstr(error, path) != NULL, "%s", error);
        cr_assert(strstr(error, "untouched") != NULL, "%s", error);
        cr_assert_eq(results_open(path, &db, error, sizeof(error)),
                     RESULTS_BAD_INPUT);
        char *after = read_file(path, &after_size);
        cr_assert_eq(before_size, after_size);
        cr_assert(memcmp(before, after, before_size) == 0, "%s", files[i].name);
        cr_assert_eq(files_beside(path), 1);
        free(before);
        free(after);
    }
}

Test(record_store, empty_file_becomes_ours)
{
    char path[256], error[ERROR_BYTES];
    sqlite3 *db;
    fixture_path(path, sizeof(path), "a.db");
    write_file(path, "", 0);
    cr_assert_eq(results_check_output(path, error, sizeof(error)), RESULTS_OK);
    cr_assert_eq(results_open(path, &db, error, sizeof(error)),
                 RESULTS_BAD_INPUT);
    struct recorder *rec = fixture_open(path);
    fixture_record(rec, "x", 2, NULL);
    fixture_close(rec);
    fixture_expect(path, "SELECT count(*) FROM run", "1");
}

Test(record_store, impossible_places_are_refused_with_a_reason)
{
    char path[256], longer[512], error[ERROR_BYTES];
    fixture_path(path, sizeof(path), "file");
    write_file(path, "x", 1);
    snprintf(longer, sizeof(longer), "%s/a.db", path);
    error[0] = '\0';
    cr_assert(recorder_open(longer, error, sizeof(error)) == NULL);
    cr_assert(strstr(error, strerror(ENOTDIR)) != NULL, "%s", error);

    fixture_path(path, sizeof(path), "missing/a.db");
    error[0] = '\0';
    cr_assert(recorder_open(path, error, sizeof(error)) == NULL);
    cr_assert(strstr(error, path) != NULL, "%s", error);
    cr_assert(strchr(error, '\n') == NULL);

    fixture_path(path, sizeof(path), "directory");
    cr_assert_eq(mkdir(path, 0700), 0);
    cr_assert(recorder_open(path, error, sizeof(error)) == NULL);
    cr_assert(strstr(error, "not a regular file") != NULL, "%s", error);
}

/* A directory without write permission; root writes anyway, so as nobody. */
Test(record_store, directory_without_permission_is_an_error)
{
    char path[256], directory[256];
    fixture_path(path, sizeof(path), "a.db");
    snprintf(directory, sizeof(directory), "%s", path);
    *strrchr(directory, '/') = '\0';
    cr_assert_eq(chmod(directory, 0555), 0);
    pid_t child = fork();
    if (child == 0) {
        char error[ERROR_BYTES] = "";
        if (geteuid() == 0 && setuid(65534) != 0)
            _exit(3);
        struct recorder *rec = recorder_open(path, error, sizeof(error));
        _exit(rec || !strstr(error, path) ? 1 : 0);
    }
    int status;
    waitpid(child, &status, 0);
    cr_assert_eq(status, 0);
    cr_assert_eq(files_beside(path), 0);
    chmod(directory, 0755);
}

Test(record_store, full_disk_is_an_error_and_keeps_what_was_committed,
     .timeout = 60)
{
    char path[256], directory[256], error[ERROR_BYTES] = "";
    fixture_path(path, sizeof(path), "a.db");
    snprintf(directory, sizeof(directory), "%s", path);
    *strrchr(directory, '/') = '\0';
    if (mount("tmpfs", directory, "tmpfs", 0, "size=2m") != 0)
        cr_skip_test("cannot mount a tmpfs: %s", strerror(errno));

    struct recorder *rec = fixture_open(path);
    fixture_record(rec, "before", 50, NULL);
    struct record_run run = fixture_run("fills the disk");
    struct record_end end = {RUN_OK, 1000, 0};
    struct run_summary summary;
    cr_assert(recorder_begin_run(rec, &run));
    uint64_t n = 0;
    bool ok = true;
    while (ok && n < 1000000) {
        struct record_tick tick = fixture_tick(n++);
        ok = recorder_tick(rec, &tick);
    }
    cr_assert_not(ok);
    cr_assert(strstr(recorder_error(rec), "full") != NULL, "%s",
              recorder_error(rec));
    cr_assert_not(recorder_finish_run(rec, &end, &summary));
    cr_assert_eq(strlen(summary.fingerprint), 32u);
    run_summary_release(&summary);
    cr_assert_not(recorder_close(rec, error, sizeof(error)));
    cr_assert(strstr(error, "full") != NULL, "%s", error);
    fixture_expect(path, "PRAGMA integrity_check", "ok");
    fixture_expect(path,
                   "SELECT status || (SELECT count(*) FROM tick "
                   "WHERE run_id = 1) FROM run WHERE run_id = 1",
                   "ok51");
    fixture_expect(path, "SELECT status = 'ok' FROM run WHERE run_id = 2", "0");
    umount(directory);
}

Test(record_store, creation_that_fails_leaves_nothing, .timeout = 60)
{
    char path[256], directory[256], error[ERROR_BYTES] = "";
    fixture_path(path, sizeof(path), "a.db");
    snprintf(directory, sizeof(directory), "%s", path);
    *strrchr(directory, '/') = '\0';
    if (mount("tmpfs", directory, "tmpfs", 0, "size=16k") != 0)
        cr_skip_test("cannot mount a tmpfs: %s", strerror(errno));
    cr_assert(recorder_open(path, error, sizeof(error)) == NULL);
    cr_assert(strstr(error, path) != NULL, "%s", error);
    cr_assert_eq(files_beside(path), 0);
    umount(directory);
}

Test(record_store, runs_are_chosen_by_id_or_name)
{
    char path[256], error[ERROR_BYTES];
    sqlite3 *db;
    fixture_path(path, sizeof(path), "a.db");
    struct recorder *rec = fixture_open(path);
    static const char *const names[] = {"a", "b", "a", "1"};
    for (size_t i = 0; i < 4; i++)
        fixture_record(rec, names[i], 1, NULL);
    fixture_close(rec);
    cr_assert_eq(results_open(path, &db, error, sizeof(error)), RESULTS_OK);
    static const struct {
        const char *selectors[2];
        size_t count;
        uint64_t ids[4];
        size_t id_count;
    } cases[] = {
        {{NULL}, 0, {1, 2, 3, 4}, 4}, {{"a"}, 1, {1, 3}, 2},
        {{"2"}, 1, {2}, 1},           {{"b", "a"}, 2, {1, 2, 3}, 3},
        {{"1"}, 1, {1, 4}, 2},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct results_runs runs;
        cr_assert_eq(results_select(db, cases[i].selectors, cases[i].count,
                                    &runs, error, sizeof(error)),
                     RESULTS_OK, "%s", error);
        cr_assert_eq(runs.count, cases[i].id_count, "case %zu", i);
        for (size_t n = 0; n < runs.count; n++)
            cr_assert_eq(runs.ids[n], cases[i].ids[n]);
        results_runs_release(&runs);
    }
    struct results_runs runs;
    const char *wrong[] = {"nobody"};
    cr_assert_eq(results_select(db, wrong, 1, &runs, error, sizeof(error)),
                 RESULTS_BAD_INPUT);
    cr_assert(strstr(error, "nobody") != NULL);
    sqlite3_close(db);
}
