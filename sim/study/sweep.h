/*
 * A parameter study: a scenario, and the values that some of its keys take.
 *
 *     STUDY.yaml --sweep_read--> variables in axes --sweep_expand-->
 *         combinations --sweep_plan--> runs with seeds and keys
 *
 *     axis 0  policy      zircon   lru                 (first: slowest)
 *     axis 1  memory      64MiB    96MiB   128MiB      (zipped: one axis)
 *             threads     2        3       4
 *
 *                  combination 0        1        ...
 *     repetition 0 run 0                run 1    ...    seed s
 *     repetition 1 run n                run n+1  ...    seed s + 1
 *
 * Seeds and order are those of study.h, for the same reasons: the seed belongs
 * to the repetition, and repetitions come outermost. The number of a run does
 * not change when repetitions are added.
 *
 * A run's key is a hash of what decides it: the scenario's text with all values
 * in it, the contents of traces and plug-in policies, the program's version,
 * and the seed. A study that is started again runs what is missing.
 */
#ifndef LOWTIDE_STUDY_SWEEP_H
#define LOWTIDE_STUDY_SWEEP_H

#include "record/sha256.h"
#include "scenario/scenario.h"
#include "scenario/yaml_tree.h"
#include "study/study.h"

enum {
    SWEEP_MAX_VALUES = 10000, /* of a variable */
    SWEEP_MAX_COMBINATIONS = 100 * 1000,
    SWEEP_MAX_RUNS = 1000 * 1000,
};

struct sweep_value {
    const char *text; /* NULL: the scenario's own */
    struct scenario_place place;
};

/*
 * A line of the grid: a key path as for `--set`, or `policy`, `memory`,
 * `param.NAME`; or `$NAME`, which sets nothing and is put where other values
 * say `$NAME`.
 */
struct sweep_variable {
    const char *key; /* as written */
    struct scenario_place place;
    struct sweep_value *values;
    size_t value_count;
};

/* Variables that move together, `length` values each. */
struct sweep_axis {
    size_t first, count; /* of the variables */
    size_t length;
};

struct sweep_combination {
    const struct sweep_value *values; /* by variable; `$NAME` filled in */
    uint8_t digest[SHA256_BYTES];     /* of all but the seed */
};

enum sweep_state {
    SWEEP_MISSING,
    SWEEP_APART, /* complete in a shard's file, not merged yet */
    SWEEP_DONE,  /* complete in the results file */
};

struct sweep_run {
    const struct sweep_combination *combination;
    uint64_t repetition;
    uint64_t seed;
    char key[SHA256_HEX_SIZE];

    /* set by sweep_look() and by running */
    enum sweep_state state;
    bool is_new;     /* it became complete just now */
    bool is_tried;   /* it was started */
    bool is_failed;  /* complete, and an expectation did not hold */
    uint64_t run_id; /* in the results file; 0: not there */
    char status[16]; /* as run.status; "" unless complete */
    char fingerprint[40];
};

struct sweep {
    const char *path; /* of the study; borrowed */

    /* set by sweep_read(); all texts and arrays are the tree's arena's */
    struct yaml_tree tree;
    const char *name;
    const char *scenario; /* path that can be opened from here */
    struct scenario_place scenario_place;
    uint64_t repetitions;
    bool has_seed;
    uint64_t first_seed; /* if not in the study: the scenario's, by the plan */
    struct sweep_variable *variables;
    size_t variable_count;
    struct sweep_axis *axes;
    size_t axis_count;
    const char *constraint; /* NULL: none */
    struct scenario_place constraint_place;

    /* set by sweep_expand() and sweep_plan() */
    uint64_t page_bytes; /* of the scenario as it is written */
    struct sweep_combination *combinations;
    size_t combination_count;
    struct sweep_run *runs; /* repetition * combination_count + combination */
    size_t run_count;
};

/*
 * Read a study. What is wrong, all of it, is added to `errors`; returns
 * STUDY_OK, STUDY_INPUT or STUDY_HOST. Release it in any case.
 */
enum study_status sweep_read(struct sweep *sweep, const char *path,
                             struct scenario_errors *errors);
void sweep_release(struct sweep *sweep);

/*
 * The combinations that the constraint allows, in order. As sweep_read();
 * page_bytes is known.
 */
enum study_status sweep_expand(struct sweep *sweep,
                               struct scenario_errors *errors);

/*
 * From the study as read to its runs: combinations, each of which must make a
 * scenario that can be run, then seeds and keys. As sweep_read().
 */
enum study_status sweep_plan(struct sweep *sweep,
                             struct scenario_errors *errors);

/*
 * The scenario of a combination with a seed, as the run gets it. What is wrong
 * with a value is reported at its place in the study.
 */
enum study_status sweep_load(const struct sweep *sweep,
                             const struct sweep_combination *combination,
                             uint64_t seed, struct scenario **scenario,
                             struct scenario_errors *errors);

/* What a variable is called in tables and results: its key without `$`. */
const char *sweep_variable_name(const struct sweep_variable *variable);

/* "policy=lru memory=64MiB", cut where `text` ends; "" without variables. */
void sweep_describe(const struct sweep *sweep,
                    const struct sweep_combination *combination, char *text,
                    size_t bytes);

/* The variables as a JSON object of strings. */
void sweep_write_variables(FILE *out, const struct sweep *sweep,
                           const struct sweep_combination *combination);

#endif
