#include "study/study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "record/results.h"
#include "record/schema.h"
#include "scenario/scenario.h"
#include "study/one_run.h"
#include "study/process_pool.h"
#include "world/future.h"

static_assert(sizeof(struct study_result) <= PROCESS_RESULT_MAX_BYTES,
              "a result crosses the pipe in one piece");

enum { SEED_BYTES = 24, OVERRIDES = 3 };

/* --- metrics -------------------------------------------------------------- */

/* Counters that are costs, under shorter names; behind the columns. */
static const struct {
    const char *name, *counter;
} counters[] = {
    {"stall_some_ns", "stall_some_ns"},
    {"stall_full_ns", "stall_full_ns"},
    {"pager_requests", "dispatcher.pager.total_requests"},
    {"compress_ns", "compression.compress_ns"},
    {"decompress_ns", "compression.decompress_ns"},
};

enum { COUNTERS = sizeof counters / sizeof counters[0] };

static size_t column_count(void)
{
    struct run_summary none;
    size_t count = 0;
    run_summary_init(&none);
    while (run_summary_column(&none, count, NULL, NULL))
        count++;
    return count;
}

const char *study_metric_name(size_t metric)
{
    struct run_summary none;
    const char *name;
    size_t columns = column_count();
    run_summary_init(&none);
    if (run_summary_column(&none, metric, &name, NULL))
        return name;
    return metric < columns + COUNTERS ? counters[metric - columns].name : NULL;
}

const char *study_metric_recorded(size_t metric)
{
    size_t columns = column_count();
    return metric < columns ? study_metric_name(metric)
                            : counters[metric - columns].counter;
}

static bool describe_column(const char *name, const char **unit,
                            const char **meaning)
{
    for (size_t v = 0; v < schema_view_count(); v++) {
        const struct schema_relation *view = schema_view(v);
        for (size_t c = 0; c < view->column_count; c++) {
            if (strcmp(view->name, "v_summary") != 0 ||
                strcmp(view->columns[c].name, name) != 0)
                continue;
            *unit = view->columns[c].unit;
            *meaning = view->columns[c].meaning;
            return true;
        }
    }
    return false;
}

void study_metric_describe(size_t metric, const char **unit,
                           const char **meaning)
{
    const char *name = study_metric_recorded(metric);
    if (describe_column(name, unit, meaning))
        return;
    for (size_t c = 0; c < schema_counter_count(); c++) {
        if (strcmp(schema_counter(c)->name, name) != 0)
            continue;
        *unit = schema_counter(c)->unit;
        *meaning = schema_counter(c)->meaning;
    }
}

bool study_metric_find(const char *name, size_t *metric)
{
    struct run_summary none;
    double value;
    size_t columns = column_count();
    const char *found;
    run_summary_init(&none);
    for (size_t m = 0; (found = study_metric_name(m)) != NULL; m++) {
        if (strcmp(found, name) != 0)
            continue;
        if (m < columns && !run_summary_value(&none, name, &value))
            return false; /* a text */
        *metric = m;
        return true;
    }
    return false;
}

static bool read_counters(sqlite3 *db, uint64_t run_id, double *values)
{
    sqlite3_stmt *query = NULL;
    bool is_well =
        sqlite3_prepare_v2(
            db, "SELECT value FROM counter WHERE run_id = ? AND name = ?", -1,
            &query, NULL) == SQLITE_OK;
    for (size_t c = 0; is_well && c < COUNTERS; c++) {
        sqlite3_bind_int64(query, 1, (sqlite3_int64)run_id);
        sqlite3_bind_text(query, 2, counters[c].counter, -1, SQLITE_STATIC);
        int status = sqlite3_step(query);
        values[c] = status == SQLITE_ROW ? sqlite3_column_double(query, 0)
                                         : (double)NAN;
        is_well = status == SQLITE_ROW || status == SQLITE_DONE;
        sqlite3_reset(query);
    }
    sqlite3_finalize(query);
    return is_well;
}

bool study_read_values(sqlite3 *db, const struct run_summary *summary,
                       double values[STUDY_MAX_METRICS])
{
    size_t columns = 0;
    while (run_summary_column(summary, columns, NULL, &values[columns]))
        columns++;
    return read_counters(db, summary->run_id, &values[columns]);
}

/* --- points --------------------------------------------------------------- */

void study_release(struct study *study)
{
    for (size_t p = 0; p < study->point_count; p++)
        free(study->points[p].policy_name);
    free(study->points);
    free(study->results);
    study->points = NULL;
    study->results = NULL;
    study->point_count = study->repetition_count = 0;
}

bool study_add_point(struct study *study, const char *policy,
                     const char *memory)
{
    struct study_point *grown =
        realloc(study->points, (study->point_count + 1) * sizeof *grown);
    if (!grown)
        return false;
    study->points = grown;
    grown[study->point_count++] =
        (struct study_point){.policy = policy, .memory = memory};
    return true;
}

/* The scenario as a point has it; `seed` NULL: its own. */
static enum study_status load(const struct study *study,
                              const struct study_point *point, const char *seed,
                              struct scenario **scenario, FILE *errors)
{
    struct scenario_override overrides[OVERRIDES];
    size_t count = 0;
    struct scenario_errors found;
    if (point->policy)
        overrides[count++] =
            (struct scenario_override){OVERRIDE_POLICY, point->policy};
    if (point->memory)
        overrides[count++] =
            (struct scenario_override){OVERRIDE_MEMORY, point->memory};
    if (seed)
        overrides[count++] = (struct scenario_override){OVERRIDE_SEED, seed};
    scenario_errors_init(&found);
    enum scenario_result result =
        scenario_load(study->path, overrides, count, scenario, &found);
    scenario_errors_print(&found, errors);
    scenario_errors_release(&found);
    if (result == SCENARIO_OK)
        return STUDY_OK;
    return result == SCENARIO_NO_MEMORY ? STUDY_HOST : STUDY_INPUT;
}

static enum study_status check_point(struct study *study,
                                     struct study_point *point, FILE *errors)
{
    struct scenario *scenario = NULL;
    char message[1024];
    enum study_status status = load(study, point, NULL, &scenario, errors);
    if (status != STUDY_OK)
        return status;
    if (!world_check(scenario, point->future_policy != NULL, message,
                     sizeof message)) {
        fprintf(errors, "%s\n", message);
        status = STUDY_INPUT;
    } else {
        point->policy_name = strdup(scenario->reclaim.policy);
        point->memory_pages = scenario->machine.memory_pages;
        point->wired_pages = scenario->machine.wired_pages;
        study->first_seed = scenario->seed;
        study->tick_ns = (uint64_t)scenario->tick;
        study->duration_ns =
            scenario->has_duration ? (uint64_t)scenario->duration : UINT64_MAX;
        study->has_ticks = scenario->record.ticks;
        status = point->policy_name ? STUDY_OK : STUDY_HOST;
    }
    scenario_free(scenario);
    return status;
}

enum study_status study_check(struct study *study, FILE *errors)
{
    char message[1024];
    /* at the first point that is wrong: the next says the same of the file */
    for (size_t p = 0; p < study->point_count; p++) {
        enum study_status status =
            check_point(study, &study->points[p], errors);
        if (status != STUDY_OK)
            return status;
    }
    enum results_check check =
        results_check_output(study->database, message, sizeof message);
    if (check == RESULTS_OK)
        return STUDY_OK;
    fprintf(errors, "%s\n", message);
    return check == RESULTS_BAD_INPUT ? STUDY_INPUT : STUDY_HOST;
}

/* A call of study_repeat(). */
struct gathering {
    struct study *study;
    struct study_result *results; /* of this call's pieces */
    FILE *errors;
};

/* --- one run, in a process of its own ------------------------------------- */

/* What the run came to, as the results file and the summary have it. */
static bool take_values(const struct study *study,
                        const struct run_summary *summary,
                        struct study_result *result)
{
    sqlite3 *db;
    if (results_open(study->database, &db, result->message,
                     sizeof result->message) != RESULTS_OK)
        return false;
    bool is_well = study_read_values(db, summary, result->values);
    if (!is_well)
        snprintf(result->message, sizeof result->message, "%s: %s",
                 study->database, sqlite3_errmsg(db));
    sqlite3_close(db);
    return is_well;
}

static void run_into(const struct study *study, const struct scenario *scenario,
                     struct future *future, struct study_result *result)
{
    const struct one_run run = {
        .database = study->database,
        .argv = study->argv,
        .is_quiet = study->is_quiet,
        .interrupted = study->interrupted,
        .future = future,
    };
    struct run_summary summary;
    run_summary_init(&summary);
    enum study_status status =
        one_run(&run, scenario, &summary, &result->is_stopped, result->message,
                sizeof result->message);
    if (status <= STUDY_FAILED && !take_values(study, &summary, result))
        status = STUDY_HOST;
    result->has_values = status <= STUDY_FAILED;
    result->status = status;
    run_summary_release(&summary);
}

/* Run the scenario for its accesses alone, and for as long again: who is told
 * the future may get further. */
static enum study_status record_run(const struct study *study,
                                    struct scenario *scenario,
                                    struct future *future,
                                    struct study_result *result)
{
    bool is_input;
    FILE *nowhere = fopen("/dev/null", "we");
    struct world_options options = {
        .messages = nowhere,
        .interrupted = study->interrupted,
        .future = future,
    };
    if (scenario->has_duration)
        scenario->duration = sim_ns_add(scenario->duration, scenario->duration);
    struct world *world = world_new(scenario, NULL, &options, result->message,
                                    sizeof result->message, &is_input);
    enum study_status status = is_input ? STUDY_INPUT : STUDY_HOST;
    if (world) {
        enum world_status ended = world_run(world);
        status = ended == WORLD_INTERRUPTED ? STUDY_INTERRUPTED : STUDY_OK;
        if (ended == WORLD_ERROR) {
            status = STUDY_HOST;
            snprintf(result->message, sizeof result->message,
                     "recording the future: %s", strerror(world->error_number));
        }
        world_free(world);
    }
    if (nowhere)
        fclose(nowhere);
    return status;
}

/* What the point's policy is to be told; NULL: it needs no future, or, with
 * another status than STUDY_OK, there is none. */
static struct future *record_future(const struct study *study,
                                    const struct study_point *point,
                                    const char *seed,
                                    struct study_result *result)
{
    struct study_point recorded = *point;
    struct scenario *scenario = NULL;
    result->status = STUDY_OK;
    if (!point->future_policy)
        return NULL;
    recorded.policy = point->future_policy;
    result->status = load(study, &recorded, seed, &scenario, stderr);
    if (result->status != STUDY_OK)
        return NULL;
    struct future *future = future_new();
    result->status =
        future ? record_run(study, scenario, future, result) : STUDY_HOST;
    scenario_free(scenario);
    if (result->status == STUDY_OK) {
        future_tell(future);
        return future;
    }
    future_free(future);
    return NULL;
}

static void run_told(const struct study *study, const struct scenario *scenario,
                     struct future *future, struct study_result *result)
{
    run_into(study, scenario, future, result);
    if (!future || !future_has_parted(future))
        return;
    result->status = STUDY_INPUT;
    result->has_values = false;
    snprintf(result->message, sizeof result->message,
             "%.300s: policy %.50s can't be told the future: a thread made "
             "other accesses than in the run that was recorded",
             scenario->path, scenario->reclaim.policy);
}

/* Piece `index` of study_repeat(). */
static void run_piece(void *context, size_t index, void *result_bytes)
{
    const struct study *study = ((struct gathering *)context)->study;
    const struct study_point *point =
        &study->points[index % study->point_count];
    struct study_result *result = result_bytes;
    struct scenario *scenario = NULL;
    char seed[SEED_BYTES];
    snprintf(seed, sizeof seed, "%llu",
             (unsigned long long)(study->first_seed + study->repetition_count +
                                  index / study->point_count));
    struct future *future = record_future(study, point, seed, result);
    if (result->status != STUDY_OK)
        return;
    result->status = load(study, point, seed, &scenario, stderr);
    if (result->status == STUDY_OK) {
        result->status = STUDY_HOST;
        run_told(study, scenario, future, result);
        scenario_free(scenario);
    }
    future_free(future);
}

/* --- repetitions ---------------------------------------------------------- */

static void gather(void *context, size_t index, const void *result_bytes,
                   int wait_status)
{
    struct gathering *gathering = context;
    struct study_result *result = &gathering->results[index];
    if (result_bytes)
        memcpy(result, result_bytes, sizeof *result);
    else if (*gathering->study->interrupted)
        result->status = STUDY_INTERRUPTED;
    else
        result->status =
            process_is_broken(wait_status) ? STUDY_BROKEN : STUDY_HOST;
    if (!result_bytes && result->status != STUDY_INTERRUPTED)
        snprintf(result->message, sizeof result->message,
                 "the process of a run ended early");
    if (result->message[0])
        fprintf(gathering->errors, "lowtide: %s\n", result->message);
    if (result->status > gathering->study->status)
        gathering->study->status = result->status;
}

/* Complete repetitions only, moved together. */
static void keep_complete(struct study *study, size_t count)
{
    size_t width = study->point_count;
    struct study_result *from =
        study->results + study->repetition_count * width;
    for (size_t r = 0; r < count; r++, from += width) {
        bool is_complete = true;
        for (size_t p = 0; p < width; p++)
            is_complete = is_complete && from[p].has_values;
        if (is_complete)
            memmove(study->results + study->repetition_count++ * width, from,
                    width * sizeof *from);
    }
}

enum study_status study_repeat(struct study *study, size_t count, FILE *errors)
{
    size_t all = (study->repetition_count + count) * study->point_count;
    size_t pieces = count * study->point_count;
    struct study_result *grown =
        realloc(study->results, all * sizeof *study->results);
    if (!grown) {
        fputs("lowtide: out of memory\n", errors);
        return study->status = STUDY_HOST;
    }
    study->results = grown;
    memset(grown + (all - pieces), 0, pieces * sizeof *grown);
    struct gathering gathering = {study, grown + (all - pieces), errors};
    struct process_pool pool = {
        .count = pieces,
        .parallel = study->parallel,
        .result_bytes = sizeof(struct study_result),
        .work = run_piece,
        .done = gather,
        .context = &gathering,
        .progress = study->progress,
        .progress_context = study->progress_context,
        .interrupted = study->interrupted,
    };
    if (!process_pool_run(&pool) && study->status < STUDY_HOST) {
        fputs("lowtide: cannot make a process\n", errors);
        study->status = STUDY_HOST;
    }
    if (*study->interrupted)
        study->status = STUDY_INTERRUPTED;
    keep_complete(study, count);
    return study->status;
}

/* --- results -------------------------------------------------------------- */

bool study_values(const struct study *study, size_t point, size_t metric,
                  double *values)
{
    for (size_t r = 0; r < study->repetition_count; r++) {
        values[r] =
            study->results[r * study->point_count + point].values[metric];
        if (!isfinite(values[r]))
            return false;
    }
    return study->repetition_count > 0;
}

double study_mean(const struct study *study, size_t point, size_t metric)
{
    double sum = 0;
    for (size_t r = 0; r < study->repetition_count; r++)
        sum += study->results[r * study->point_count + point].values[metric];
    return sum / (double)study->repetition_count;
}
