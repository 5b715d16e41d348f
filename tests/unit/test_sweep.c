/* Studies: what a grid comes to, keys of runs, and errors with their places. */
#include "record_fixture.h"

#include "record/merge.h"
#include "record/study_runs.h"
#include "study/sweep_script.h"
#include "study/sweep_store.h"
#include "study/sweep_values.h"

static const char scenario[] =
    "version: 1\n"
    "seed: 7\n"
    "machine: {memory: 256p}\n"
    "reclaim: {policy: lru}\n"
    "pagers:\n"
    "  - {name: disk, read_latency: 2ms}\n"
    "vmos:\n"
    "  - {vmo: file, size: 400p, kind: pager, pager: disk}\n"
    "workloads:\n"
    "  - {name: read, vmo: file, accesses: 10, pattern: {kind: loop}}\n";

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert(file);
    cr_assert_geq(fputs(text, file), 0);
    cr_assert_eq(fclose(file), 0);
}

/* A study beside the scenario, in a fresh folder. */
struct study_case {
    char path[256];
    struct sweep sweep;
    enum study_status status;
    char errors[8192]; /* folders are left out */
};

static void note_errors(struct study_case *study,
                        const struct scenario_errors *errors)
{
    size_t folder = (size_t)(strrchr(study->path, '/') - study->path) + 1;
    size_t length = 0;
    study->errors[0] = '\0';
    for (size_t i = 0; i < errors->count; i++) {
        const char *text = errors->list[i].text;
        if (strncmp(text, study->path, folder) == 0)
            text += folder;
        length += (size_t)snprintf(study->errors + length,
                                   sizeof study->errors - length, "%s\n", text);
        cr_assert_lt(length, sizeof study->errors);
    }
}

static void plan_again(struct study_case *study, const char *text)
{
    struct scenario_errors errors;
    scenario_errors_init(&errors);
    write_file(study->path, text);
    study->status = sweep_read(&study->sweep, study->path, &errors);
    if (study->status == STUDY_OK)
        study->status = sweep_plan(&study->sweep, &errors);
    note_errors(study, &errors);
    scenario_errors_release(&errors);
}

static void plan(struct study_case *study, const char *text)
{
    char base[300];
    fixture_path(study->path, sizeof study->path, "t.yaml");
    snprintf(base, sizeof base, "%.*s/base.yaml",
             (int)(strrchr(study->path, '/') - study->path), study->path);
    write_file(base, scenario);
    plan_again(study, text);
}

#define HEAD "version: 1\nscenario: base.yaml\n"

/* All combinations of a study, described, "; " between them. */
static void expect_grid(const char *text, const char *wanted)
{
    struct study_case study;
    char all[4096] = "", one[512];
    plan(&study, text);
    cr_assert_eq(study.status, STUDY_OK, "%s: %s", text, study.errors);
    size_t length = 0;
    for (size_t c = 0; c < study.sweep.combination_count; c++) {
        sweep_describe(&study.sweep, &study.sweep.combinations[c], one,
                       sizeof one);
        length += (size_t)snprintf(all + length, sizeof all - length, "%s%s",
                                   c > 0 ? "; " : "", one);
        cr_assert_lt(length, sizeof all);
    }
    cr_assert_str_eq(all, wanted, "%s", text);
    sweep_release(&study.sweep);
}

Test(sweep, first_variables_are_slowest)
{
    expect_grid(HEAD "grid: {policy: [lru, fifo], memory: [200p, 300p]}\n",
                "policy=lru memory=200p; policy=lru memory=300p; "
                "policy=fifo memory=200p; policy=fifo memory=300p");
    expect_grid(HEAD "grid: {memory: 200p}\n", "memory=200p");
    expect_grid(HEAD, "");
}

Test(sweep, zipped_variables_move_together)
{
    expect_grid(HEAD "grid:\n"
                     "  policy: [lru, fifo]\n"
                     "  zip:\n"
                     "    machine.memory: [200p, 300p]\n"
                     "    vmos.file.size: [500p, 600p]\n",
                "policy=lru machine.memory=200p vmos.file.size=500p; "
                "policy=lru machine.memory=300p vmos.file.size=600p; "
                "policy=fifo machine.memory=200p vmos.file.size=500p; "
                "policy=fifo machine.memory=300p vmos.file.size=600p");
    /* a parameter that only one of the policies has */
    expect_grid(HEAD "grid:\n"
                     "  zip:\n"
                     "    - {policy: [fifo, s3fifo, s3fifo],\n"
                     "       param.small: [~, 0.1, 0.2]}\n"
                     "    - {memory: [200p], vmos.file.size: [300p]}\n",
                "policy=fifo param.small=~ memory=200p vmos.file.size=300p; "
                "policy=s3fifo param.small=0.1 memory=200p "
                "vmos.file.size=300p; "
                "policy=s3fifo param.small=0.2 memory=200p "
                "vmos.file.size=300p");
}

Test(sweep, names_are_parts_of_values)
{
    expect_grid(HEAD "grid:\n"
                     "  $n: [200, 300]\n"
                     "  memory: ${n}p\n"
                     "  vmos.file.size: 1${n}p\n",
                "n=200 memory=200p vmos.file.size=1200p; "
                "n=300 memory=300p vmos.file.size=1300p");
}

Test(sweep, names_stand_for_values_in_other_keys)
{
    expect_grid(HEAD "grid:\n"
                     "  memory: $m\n"
                     "  vmos.file.size: [$m, 1000p]\n"
                     "  $m: [200p, 300p]\n",
                "memory=200p vmos.file.size=200p m=200p; "
                "memory=300p vmos.file.size=300p m=300p; "
                "memory=200p vmos.file.size=1000p m=200p; "
                "memory=300p vmos.file.size=1000p m=300p");
}

Test(sweep, constraints_leave_combinations_out)
{
    static const struct {
        const char *constraint, *wanted;
    } rows[] = {
        {"memory > 200p", "memory=300p think=1ms policy=lru; "
                          "memory=300p think=1ms policy=fifo; "
                          "memory=300p think=2s policy=lru; "
                          "memory=300p think=2s policy=fifo"},
        {"memory == 1200KiB && think < 10ms && policy.lru == 1",
         "memory=300p think=1ms policy=lru"},
        {"read.think > 1.5s && policy.lru == 0 && memory / 4096 < 201",
         "memory=200p think=2s policy=fifo"},
        {"\"workloads.read\".think > 1ms && memory < 1MiB && policy.fifo == 1",
         "memory=200p think=2s policy=fifo"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1024], wanted[1024] = "";
        snprintf(text, sizeof text,
                 HEAD "grid:\n"
                      "  memory: [200p, 300p]\n"
                      "  workloads.read.think: [1ms, 2s]\n"
                      "  policy: [lru, fifo]\n"
                      "constraint: '%s'\n",
                 rows[i].constraint);
        /* the key in full, as it is described */
        for (const char *at = rows[i].wanted; *at; at++) {
            size_t length = strlen(wanted);
            bool is_think = strncmp(at, "think", 5) == 0;
            snprintf(wanted + length, sizeof wanted - length, "%s%c",
                     is_think ? "workloads.read." : "", *at);
        }
        expect_grid(text, wanted);
    }
}

Test(sweep, ranges_hold_their_ends)
{
    static const struct {
        const char *range, *wanted;
    } rows[] = {
        {"{from: 1, to: 7, step: 2}", "1 3 5 7"},
        {"{from: 1, to: 6, step: 2}", "1 3 5"},
        {"{from: 0, to: 10, step: 5}", "0 5 10"},
        {"{from: 0.1, to: 0.5, step: 0.1}", "0.1 0.2 0.3 0.4 0.5"},
        {"{from: 0.0, to: 1, count: 5}", "0 0.25 0.5 0.75 1"},
        {"{from: 1, to: 2, step: 0.5}", "1 1.5 2"},
        {"{from: 64MiB, to: 1GiB, factor: 2}",
         "64MiB 128MiB 256MiB 512MiB 1GiB"},
        {"{from: 1MiB, to: 3MiB, step: 512KiB}",
         "1MiB 1536KiB 2MiB 2560KiB 3MiB"},
        {"{from: 64MiB, to: 256MiB, count: 4, spacing: geometric}",
         "64MiB 104000KiB 165120KiB 256MiB"},
        {"{from: 500ms, to: 2s, step: 500ms}", "500ms 1s 1500ms 2s"},
        {"{from: 1ms, to: 1s, count: 3, spacing: geometric}", "1ms 31600us 1s"},
        {"{from: 100p, to: 300p, count: 3}", "100p 200p 300p"},
        {"{from: 0, to: 20ms, step: 10ms}", "0s 10ms 20ms"},
        {"{from: 100/s, to: 10000/s, factor: 10}", "100/s 1000/s 10000/s"},
        {"{from: 1, to: 8, factor: 2}", "1 2 4 8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct study_case study;
        char text[512], all[512] = "";
        /* read alone: what the values are of does not matter */
        snprintf(text, sizeof text, HEAD "grid: {x: %s}\n", rows[i].range);
        struct scenario_errors errors;
        scenario_errors_init(&errors);
        fixture_path(study.path, sizeof study.path, "t.yaml");
        write_file(study.path, text);
        cr_assert_eq(sweep_read(&study.sweep, study.path, &errors), STUDY_OK,
                     "%s", rows[i].range);
        const struct sweep_variable *x = &study.sweep.variables[0];
        for (size_t v = 0; v < x->value_count; v++)
            snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s",
                     v > 0 ? " " : "", x->values[v].text);
        cr_assert_str_eq(all, rows[i].wanted, "%s", rows[i].range);
        scenario_errors_release(&errors);
        sweep_release(&study.sweep);
    }
}

/* --- seeds and keys ------------------------------------------------------- */

Test(sweep, the_seed_belongs_to_the_repetition)
{
    struct study_case study;
    plan(&study,
         HEAD "repetitions: 3\ngrid: {policy: [lru, fifo], memory: [9p]}\n");
    cr_assert_eq(study.status, STUDY_OK, "%s", study.errors);
    cr_assert_eq(study.sweep.run_count, 6u);
    for (size_t r = 0; r < 6; r++) {
        cr_assert_eq(study.sweep.runs[r].repetition, r / 2);
        cr_assert_eq(study.sweep.runs[r].seed, 7 + r / 2);
        cr_assert_eq(study.sweep.runs[r].combination,
                     &study.sweep.combinations[r % 2]);
    }
    sweep_release(&study.sweep);
}

static bool has_key(const struct sweep *sweep, const char *key)
{
    for (size_t r = 0; r < sweep->run_count; r++)
        if (strcmp(sweep->runs[r].key, key) == 0)
            return true;
    return false;
}

/* How many runs of `text` the first study has too. */
static size_t count_shared(struct study_case *study, const char *first,
                           const char *second)
{
    char keys[16][SHA256_HEX_SIZE];
    size_t count, shared = 0;
    plan(study, first);
    cr_assert_eq(study->status, STUDY_OK, "%s", study->errors);
    count = study->sweep.run_count;
    cr_assert_leq(count, 16u);
    for (size_t r = 0; r < count; r++)
        memcpy(keys[r], study->sweep.runs[r].key, SHA256_HEX_SIZE);
    sweep_release(&study->sweep);
    plan_again(study, second);
    cr_assert_eq(study->status, STUDY_OK, "%s", study->errors);
    for (size_t r = 0; r < count; r++)
        shared += has_key(&study->sweep, keys[r]);
    sweep_release(&study->sweep);
    return shared;
}

Test(sweep, keys_say_what_decides_a_run)
{
    static const char four[] = HEAD "grid: {policy: [lru, fifo]}\n"
                                    "repetitions: 2\n";
    static const struct {
        const char *other;
        size_t shared;
    } rows[] = {
        {HEAD "grid: {policy: [fifo, lru, sieve]}\nrepetitions: 3\n", 4},
        {HEAD "name: other\ngrid: {policy: [lru]}\nrepetitions: 2\n", 2},
        {HEAD "grid: {policy: [lru, fifo]}\nseed: 8\nrepetitions: 2\n", 2},
        {HEAD "grid: {reclaim.policy: [lru, fifo]}\nrepetitions: 2\n", 4},
        {HEAD "grid: {policy: [lru, fifo], vmos.file.size: 401p}\n", 0},
        {HEAD "grid: {policy: [lru, fifo]}\nseed: 9\n", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct study_case study;
        cr_assert_eq(count_shared(&study, four, rows[i].other), rows[i].shared,
                     "%s", rows[i].other);
    }
}

Test(sweep, what_a_trace_holds_is_in_the_key)
{
    static const char text[] =
        HEAD "grid:\n"
             "  workloads.read.pattern.kind: trace\n"
             "  workloads.read.pattern.trace.file: a.txt\n";
    struct study_case study;
    char trace[300], key[SHA256_HEX_SIZE], changed[SHA256_HEX_SIZE];
    plan(&study, HEAD);
    sweep_release(&study.sweep);
    snprintf(trace, sizeof trace, "%.*s/a.txt",
             (int)(strrchr(study.path, '/') - study.path), study.path);
    write_file(trace, "1\n2\n3\n");
    plan_again(&study, text);
    cr_assert_eq(study.status, STUDY_OK, "%s", study.errors);
    memcpy(key, study.sweep.runs[0].key, sizeof key);
    sweep_release(&study.sweep);
    write_file(trace, "1\n2\n4\n");
    plan_again(&study, text);
    memcpy(changed, study.sweep.runs[0].key, sizeof key);
    sweep_release(&study.sweep);
    cr_assert_str_neq(key, changed);
    write_file(trace, "1\n2\n3\n");
    plan_again(&study, text);
    cr_assert_str_eq(key, study.sweep.runs[0].key);
    sweep_release(&study.sweep);
}

Test(sweep, shards_share_the_runs_out)
{
    size_t in_one = 0;
    for (size_t r = 0; r < 100; r++) {
        unsigned owners = 0;
        for (unsigned n = 1; n <= 7; n++) {
            struct sweep_shard shard = {n, 7};
            owners += sweep_is_in_shard(&shard, r);
            in_one += n == 3 && sweep_is_in_shard(&shard, r);
        }
        cr_assert_eq(owners, 1u, "run %zu", r);
    }
    cr_assert_eq(in_one, 14u);
}

/* --- errors --------------------------------------------------------------- */

Test(sweep, errors_have_places_and_come_together)
{
    static const struct {
        const char *text, *errors;
    } rows[] = {
        {"", "t.yaml:1:1: the file is empty: it has to begin with 'version: "
             "1'\n"},
        {"- 1\n",
         "t.yaml:1:1: expected a mapping that begins with 'version: 1'\n"},
        {"version: 1\n", "t.yaml:1:1: key 'scenario' is missing\n"},
        {"version: 2\nscenario: base.yaml\nrepetitions: 0\nseed: -1\n",
         "t.yaml:1:10: expected a number from 1 to 1 for 'version', got '2'\n"
         "t.yaml:3:14: expected a number from 1 to 1000000 for 'repetitions', "
         "got '0'\n"
         "t.yaml:4:7: expected a number from 0 to 18446744073708551615 for "
         "'seed', got '-1'\n"},
        {HEAD "repetition: 3\n",
         "t.yaml:3:1: unknown key 'repetition', did you mean 'repetitions'? "
         "accepted: version, name, description, scenario, grid, constraint, "
         "repetitions, seed\n"},
        {HEAD "grid:\n"
              "  memory: [200p, 200p]\n"
              "  machine.memory: 9p\n"
              "  seed: 4\n"
              "  policy: []\n"
              "  $a-b: 1\n"
              "  x: {from: 4, to: 2, step: 1}\n"
              "  y: {from: 1ms, to: 4p, step: 1}\n"
              "  zip: {v: [1, 2], w: [1]}\n",
         "t.yaml:4:18: 'memory' has the value '200p' twice\n"
         "t.yaml:5:3: 'machine.memory' is in the grid twice: also on line 4\n"
         "t.yaml:6:3: 'seed' is no variable: 'repetitions' and 'seed' beside "
         "the grid say which there are\n"
         "t.yaml:7:11: 'policy' has no values\n"
         "t.yaml:8:3: '$a-b' is no name: letters, digits and '_' are wanted "
         "behind '$'\n"
         "t.yaml:9:6: 'from' has to be below 'to'\n"
         "t.yaml:10:6: '4p' does not go with the range's other values\n"
         "t.yaml:11:20: 'w' has 1 values, 'v', which it moves with, has 2\n"},
        {HEAD "grid:\n"
              "  memory: [200p, 200q]\n"
              "  reclaim.min_agin: [1s, 2s]\n"
              "  workloads.reed.think: 1ms\n",
         "t.yaml:4:18: expected a size (4p, 16KiB, 512MiB, 2GiB) for "
         "'memory', got '200q': there is no such unit\n"
         "t.yaml:5:3: unknown key 'min_agin' in reclaim, did you mean "
         "'min_aging'? accepted: policy, params, eviction, access_tracking, "
         "min_aging, max_aging, active_ratio_multiplier, zero_scans, "
         "lru_action, discardable_percent, discardable_min_age, loaning, "
         "borrow_on_supply, borrow_on_mru, replace_on_unloan, pressure, "
         "on_oom, compression\n"
         "t.yaml:6:25: there is no entry 'reed' in the list\n"},
        {HEAD "grid: {memory: $m, $n: 5p}\n",
         "t.yaml:3:16: there is no variable '$m'; accepted: n\n"},
        {HEAD "grid: {memory: [5p, 6p]}\nconstraint: memry > 5p\n",
         "t.yaml:4:13: in the condition at 1: there is no variable 'memry', "
         "did you mean 'memory'? accepted: memory\n"},
        {HEAD "grid: {memory: [5p, 6p]}\nconstraint: memory > 6p\n",
         "t.yaml:4:13: the condition allows no combination\n"},
        {HEAD "grid: {policy: lru}\nconstraint: policy > 1\n",
         "t.yaml:4:13: the condition can't be decided for policy=lru: a value "
         "is no number, or 0 is divided by\n"},
        {HEAD "grid: {memory: {from: 1p, to: 100000p, step: 1p}}\n",
         "t.yaml:3:16: a range of more than 10000 values\n"},
        {HEAD "grid: {memory: {from: 1p, to: 9p, count: 20}}\n",
         "t.yaml:3:16: the range holds 1p twice: fewer values are wanted\n"},
        {HEAD "grid: {zip: {memory: [8p, 8p], policy: [lru, lru]}}\n",
         "t.yaml:3:14: two combinations are one run: memory=8p policy=lru and "
         "memory=8p policy=lru\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct study_case study;
        plan(&study, rows[i].text);
        cr_assert_eq(study.status, STUDY_INPUT, "%s", rows[i].text);
        cr_assert_str_eq(study.errors, rows[i].errors, "%s", rows[i].text);
        sweep_release(&study.sweep);
    }
}

Test(sweep, a_policy_that_is_not_there_is_reported_in_the_study)
{
    struct study_case study;
    plan(&study, HEAD "grid: {policy: [lru, liru]}\n");
    cr_assert_eq(study.status, STUDY_INPUT);
    cr_assert(strncmp(study.errors, "t.yaml:3:22: ", 13) == 0, "%s",
              study.errors);
    cr_assert(strstr(study.errors, "liru"), "%s", study.errors);
    sweep_release(&study.sweep);
}

/* --- merging -------------------------------------------------------------- */

/* A run of a study into a file; its sum of ticks makes its fingerprint. */
static void record_study_run(const char *path, const char *key, unsigned ticks,
                             enum run_status status)
{
    struct recorder *rec = fixture_open(path);
    struct record_run run = fixture_run("x");
    const struct record_study_run row = {"s", key, 0, "{}"};
    struct record_end end = {status, 5, 0};
    struct record_tick tick;
    cr_assert(recorder_begin_run(rec, &run));
    cr_assert(recorder_study_run(rec, &row));
    for (unsigned t = 0; t < ticks; t++) {
        record_tick_init(&tick, (sim_ns)t);
        cr_assert(recorder_tick(rec, &tick));
    }
    cr_assert(recorder_finish_run(rec, &end, NULL));
    fixture_close(rec);
}

static void beside(char *path, size_t size, const char *other, const char *name)
{
    snprintf(path, size, "%.*s/%s", (int)(strrchr(other, '/') - other), other,
             name);
}

Test(sweep, merging_keeps_one_run_of_a_key)
{
    char a[256], b[256], out[256], error[ERROR_BYTES] = "";
    uint64_t runs;
    fixture_path(a, sizeof a, "a.db");
    beside(b, sizeof b, a, "b.db");
    beside(out, sizeof out, a, "out.db");
    record_study_run(a, "k1", 3, RUN_OK);
    record_study_run(a, "k2", 1, RUN_INTERRUPTED);
    record_study_run(a, "k3", 1, RUN_INTERRUPTED);
    record_study_run(b, "k1", 3, RUN_OK);
    record_study_run(b, "k2", 4, RUN_FAILED);
    const char *const in[] = {a, b};
    cr_assert_eq(
        results_merge(out, false, in, 2, NULL, &runs, error, sizeof error),
        RESULTS_OK, "%s", error);
    cr_assert_eq(runs, 3u);
    fixture_expect(out,
                   "SELECT group_concat(run_id || run_key || status, ' ') "
                   "FROM study_run JOIN run USING (run_id)",
                   "1k1ok 2k3interrupted 3k2failed");
    fixture_expect(out, "SELECT count(*) FROM tick WHERE run_id = 3", "4");
    fixture_expect(out, "SELECT count(*) FROM tick", "8");
}

Test(sweep, merging_refuses_one_key_with_two_outcomes)
{
    char a[256], b[256], out[256], error[ERROR_BYTES] = "";
    uint64_t runs;
    fixture_path(a, sizeof a, "a.db");
    beside(b, sizeof b, a, "b.db");
    beside(out, sizeof out, a, "out.db");
    record_study_run(a, "k1", 3, RUN_OK);
    record_study_run(b, "k1", 4, RUN_OK);
    const char *const in[] = {a, b};
    cr_assert_eq(
        results_merge(out, false, in, 2, NULL, &runs, error, sizeof error),
        RESULTS_BAD_INPUT);
    cr_assert(strstr(error, "another fingerprint"), "%s", error);
    cr_assert_eq(access(out, F_OK), -1);
}

Test(sweep, files_older_than_studies_are_read_and_written)
{
    char a[256], b[256], out[256], error[ERROR_BYTES] = "";
    uint64_t count;
    struct study_runs runs;
    sqlite3 *db;
    fixture_path(a, sizeof a, "a.db");
    beside(b, sizeof b, a, "b.db");
    beside(out, sizeof out, a, "out.db");
    fixture_close(fixture_open(a));
    cr_assert_eq(sqlite3_open(a, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db,
                              "DROP TABLE study_run; DELETE FROM metric WHERE "
                              "table_name = 'study_run'",
                              NULL, NULL, NULL),
                 SQLITE_OK);
    sqlite3_close(db);
    cr_assert_eq(results_open(a, &db, error, sizeof error), RESULTS_OK);
    cr_assert_eq(study_runs_read(db, &runs, error, sizeof error), RESULTS_OK);
    cr_assert_eq(runs.count, 0u);
    sqlite3_close(db);
    record_study_run(b, "k1", 1, RUN_OK);
    const char *const in[] = {a, b};
    cr_assert_eq(
        results_merge(out, false, in, 2, NULL, &count, error, sizeof error),
        RESULTS_OK, "%s", error);
    record_study_run(a, "k2", 1, RUN_OK);
    fixture_expect(a, "SELECT run_key FROM study_run", "k2");
    fixture_expect(a,
                   "SELECT count(*) FROM metric WHERE table_name = "
                   "'study_run'",
                   "5");
}

Test(sweep, runs_are_removed_with_all_their_rows)
{
    char a[256], error[ERROR_BYTES] = "";
    fixture_path(a, sizeof a, "a.db");
    record_study_run(a, "k1", 3, RUN_OK);
    record_study_run(a, "k2", 4, RUN_INTERRUPTED);
    uint64_t second = 2;
    struct results_runs runs = {&second, 1};
    cr_assert_eq(study_runs_remove(a, &runs, error, sizeof error), RESULTS_OK,
                 "%s", error);
    fixture_expect(a, "SELECT group_concat(run_id) FROM run", "1");
    fixture_expect(a, "SELECT count(*) FROM tick", "3");
    fixture_expect(a, "SELECT count(DISTINCT run_id) FROM counter", "1");
    fixture_expect(a, "SELECT group_concat(run_key) FROM study_run", "k1");
}
