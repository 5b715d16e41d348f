#include "study/warmup.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "record/results.h"

/* --- what is left --------------------------------------------------------- */

/* `b` is the tick at which counting begins, `e` the last one. */
#define GAIN(column)        "(e." column " - b." column ")"
#define RATIO(above, below) "1.0 * " above " / nullif(" below ", 0)"

/* Metrics by name, and what they are since the warm-up. */
#define LATE_METRICS(X)                                                        \
    X("sim_ns", GAIN("tick_ns"))                                               \
    X("accesses", GAIN("accesses"))                                            \
    X("faults_major", GAIN("faults_major"))                                    \
    X("miss_ratio", RATIO(GAIN("faults_major"), GAIN("accesses")))             \
    X("refaults", GAIN("refaults"))                                            \
    X("refault_ratio", RATIO(GAIN("refaults"), GAIN("faults_major")))          \
    X("stall_some_share", RATIO(GAIN("stall_some_ns"), GAIN("tick_ns")))       \
    X("stall_full_share", RATIO(GAIN("stall_full_ns"), GAIN("tick_ns")))       \
    X("evicted_pager", GAIN("evicted_pager"))                                  \
    X("evicted_compressed", GAIN("evicted_compressed"))                        \
    X("evicted_discardable", GAIN("evicted_discardable"))                      \
    X("deduped", GAIN("deduped"))                                              \
    X("written_back", GAIN("written_back"))                                    \
    X("oom_kills", GAIN("oom_kills"))                                          \
    X("stall_some_ns", GAIN("stall_some_ns"))                                  \
    X("stall_full_ns", GAIN("stall_full_ns"))

#define NAME_OF(name, sql)   name,
#define COLUMN_OF(name, sql) sql ", "

static const char *const late_names[] = {LATE_METRICS(NAME_OF)};
static const char late_sql[] =
    "SELECT " LATE_METRICS(COLUMN_OF) "0 FROM tick b, tick e\n"
                                      "WHERE b.run_id = ?1 AND b.tick_ns = ?2\n"
                                      "  AND e.run_id = ?1 AND e.tick_ns > ?2\n"
                                      "ORDER BY e.tick_ns DESC LIMIT 1";

enum { LATE_COUNT = sizeof late_names / sizeof late_names[0] };

/* The same before and after: what a run is, not what it came to. */
static const char *const constant_names[] = {"run_id", "seed", "memory_pages"};

static bool is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t n = 0; n < count; n++)
        if (strcmp(name, names[n]) == 0)
            return true;
    return false;
}

static bool is_constant(size_t metric)
{
    return is_among(study_metric_name(metric), constant_names,
                    sizeof constant_names / sizeof constant_names[0]);
}

bool warmup_has_metric(size_t metric)
{
    return is_constant(metric) ||
           is_among(study_metric_name(metric), late_names, LATE_COUNT);
}

/* --- MSER-5 --------------------------------------------------------------- */

static double batch_mean(const double *batch)
{
    double sum = 0;
    for (size_t n = 0; n < MSER_BATCH; n++)
        sum += batch[n];
    return sum / MSER_BATCH;
}

enum mser_result warmup_mser5(const double *series, size_t count, size_t *cut)
{
    size_t batches = count / MSER_BATCH;
    double mean = 0, squares = 0, smallest = (double)INFINITY;
    size_t best = 0;
    if (batches < MSER_MIN_BATCHES)
        return MSER_TOO_SHORT;
    /* from the end, so that each rest is one batch more than the last */
    for (size_t first = batches; first-- > 0;) {
        double value = batch_mean(series + first * MSER_BATCH);
        double rest = (double)(batches - first);
        double step = value - mean;
        mean += step / rest;
        squares += step * (value - mean);
        double error = squares / (rest * rest);
        if (batches - first <= MSER_LAST_BATCHES || error > smallest)
            continue;
        smallest = error;
        best = first;
    }
    *cut = best * MSER_BATCH;
    return best > batches / 2 ? MSER_NOT_SETTLED : MSER_FOUND;
}

/* --- finding the time ----------------------------------------------------- */

/* What has to settle: what --until makes precise. */
static const char *const settling[] = {"stall_some_ns", "faults_major"};

enum { SERIES = sizeof settling / sizeof settling[0] };

/* The gains of each whole tick, added up over a point's repetitions. */
struct series {
    double *gains[SERIES]; /* owned */
    size_t count;          /* ticks that all repetitions have */
    size_t room;
};

static void series_release(struct series *series)
{
    for (size_t s = 0; s < SERIES; s++)
        free(series->gains[s]);
    *series = (struct series){0};
}

static bool series_grow(struct series *series)
{
    size_t room = series->room ? 2 * series->room : 256;
    for (size_t s = 0; s < SERIES; s++) {
        double *grown = realloc(series->gains[s], room * sizeof *grown);
        if (!grown)
            return false;
        series->gains[s] = grown;
    }
    series->room = room;
    return true;
}

/* Add what a run gained in each tick; the first run says how many there are,
 * a shorter one that there are fewer. */
static bool add_run(struct series *series, sqlite3_stmt *ticks, uint64_t run_id,
                    uint64_t tick_ns, bool is_first)
{
    double before[SERIES] = {0};
    size_t n = 0;
    int status;
    sqlite3_bind_int64(ticks, 1, (sqlite3_int64)run_id);
    sqlite3_bind_int64(ticks, 2, (sqlite3_int64)tick_ns);
    while ((status = sqlite3_step(ticks)) == SQLITE_ROW) {
        if (!is_first && n == series->count)
            break;
        if (n == series->room && !series_grow(series)) {
            sqlite3_reset(ticks);
            return false;
        }
        for (int s = 0; s < SERIES; s++) {
            double now = sqlite3_column_double(ticks, s);
            double sum = is_first ? 0 : series->gains[s][n];
            series->gains[s][n] = sum + now - before[s];
            before[s] = now;
        }
        n++;
    }
    series->count = n;
    sqlite3_reset(ticks);
    return status == SQLITE_ROW || status == SQLITE_DONE;
}

static uint64_t run_id_of(const struct study *study, size_t repetition,
                          size_t point)
{
    size_t metric;
    study_metric_find("run_id", &metric);
    return (uint64_t)study->results[repetition * study->point_count + point]
        .values[metric];
}

static enum study_status say_unsettled(const struct study *study, size_t point,
                                       const char *what,
                                       enum mser_result result, FILE *errors)
{
    fprintf(errors, "lowtide: no warm-up found: %s with %" PRIu64 " pages: ",
            study->points[point].policy_name,
            study->points[point].memory_pages);
    if (result == MSER_TOO_SHORT)
        fprintf(errors, "the runs have fewer than %d ticks\n",
                MSER_BATCH * MSER_MIN_BATCHES);
    else
        fprintf(errors, "%s does not settle in the first half of the runs\n",
                what);
    return STUDY_FAILED;
}

/* The latest cut of the point's series becomes the study's if it is later. */
static enum study_status find_at_point(struct study *study, size_t point,
                                       sqlite3_stmt *ticks, FILE *errors)
{
    struct series series = {0};
    enum study_status status = STUDY_OK;
    for (size_t r = 0; r < study->repetition_count && status == STUDY_OK; r++)
        if (!add_run(&series, ticks, run_id_of(study, r, point), study->tick_ns,
                     r == 0)) {
            fprintf(errors, "lowtide: %s: the ticks can't be read\n",
                    study->database);
            status = STUDY_HOST;
        }
    for (size_t s = 0; s < SERIES && status == STUDY_OK; s++) {
        size_t cut;
        enum mser_result result =
            warmup_mser5(series.gains[s], series.count, &cut);
        if (result != MSER_FOUND)
            status = say_unsettled(study, point, settling[s], result, errors);
        else if (cut * study->tick_ns > study->warmup.ns)
            study->warmup.ns = cut * study->tick_ns;
    }
    series_release(&series);
    return status;
}

static enum study_status find(struct study *study, sqlite3 *db, FILE *errors)
{
    sqlite3_stmt *ticks = NULL;
    enum study_status status = STUDY_HOST;
    study->warmup.ns = 0;
    if (sqlite3_prepare_v2(db,
                           "SELECT stall_some_ns, faults_major FROM tick\n"
                           "WHERE run_id = ?1 AND tick_ns > 0\n"
                           "  AND tick_ns % ?2 = 0 ORDER BY tick_ns",
                           -1, &ticks, NULL) == SQLITE_OK)
        status = STUDY_OK;
    else
        fprintf(errors, "lowtide: %s: %s\n", study->database,
                sqlite3_errmsg(db));
    for (size_t p = 0; p < study->point_count && status == STUDY_OK; p++)
        status = find_at_point(study, p, ticks, errors);
    sqlite3_finalize(ticks);
    return status;
}

/* --- deleting ------------------------------------------------------------- */

static void forget_values(struct study_result *result)
{
    const char *name;
    for (size_t m = 0; (name = study_metric_name(m)) != NULL; m++)
        if (!is_constant(m))
            result->values[m] = (double)NAN;
}

/* False: the file can't be read; `is_there`: the run went on after that. */
static bool read_late(sqlite3_stmt *late, uint64_t run_id, uint64_t from_ns,
                      struct study_result *result, bool *is_there)
{
    sqlite3_bind_int64(late, 1, (sqlite3_int64)run_id);
    sqlite3_bind_int64(late, 2, (sqlite3_int64)from_ns);
    int status = sqlite3_step(late);
    *is_there = status == SQLITE_ROW;
    for (int n = 0; n < LATE_COUNT && *is_there; n++) {
        size_t metric;
        if (study_metric_find(late_names[n], &metric) &&
            sqlite3_column_type(late, n) != SQLITE_NULL)
            result->values[metric] = sqlite3_column_double(late, n);
    }
    sqlite3_reset(late);
    return status == SQLITE_ROW || status == SQLITE_DONE;
}

static enum study_status delete_from(struct study *study, size_t repetition,
                                     size_t point, sqlite3_stmt *late,
                                     FILE *errors)
{
    bool is_there;
    struct study_result *result =
        &study->results[repetition * study->point_count + point];
    uint64_t run_id = run_id_of(study, repetition, point);
    forget_values(result);
    if (!read_late(late, run_id, study->warmup.ns, result, &is_there)) {
        fprintf(errors, "lowtide: %s: the ticks can't be read\n",
                study->database);
        return STUDY_HOST;
    }
    if (is_there)
        return STUDY_OK;
    fprintf(errors,
            "lowtide: run %" PRIu64 " (%s, %" PRIu64 " pages, seed %" PRIu64
            ") ended before the warm-up of %g s did\n",
            run_id, study->points[point].policy_name,
            study->points[point].memory_pages, study->first_seed + repetition,
            (double)study->warmup.ns / 1e9);
    return STUDY_FAILED;
}

static enum study_status delete_all(struct study *study, sqlite3 *db,
                                    FILE *errors)
{
    sqlite3_stmt *late = NULL;
    enum study_status status = STUDY_OK;
    if (sqlite3_prepare_v2(db, late_sql, -1, &late, NULL) != SQLITE_OK) {
        fprintf(errors, "lowtide: %s: %s\n", study->database,
                sqlite3_errmsg(db));
        return STUDY_HOST;
    }
    for (size_t r = 0; r < study->repetition_count && status == STUDY_OK; r++)
        for (size_t p = 0; p < study->point_count && status == STUDY_OK; p++)
            status = delete_from(study, r, p, late, errors);
    sqlite3_finalize(late);
    return status;
}

enum study_status warmup_check(const struct study *study, FILE *errors)
{
    const struct study_warmup *warmup = &study->warmup;
    if (!warmup->is_deleted)
        return STUDY_OK;
    if (!study->has_ticks)
        fprintf(errors,
                "%s: a warm-up is deleted by the tick rows, which "
                "`record: {ticks: false}` leaves out\n",
                study->path);
    else if (!warmup->is_found && warmup->ns % study->tick_ns != 0)
        fprintf(errors,
                "%s: the warm-up ends between two ticks, of which there is one "
                "every %g s\n",
                study->path, (double)study->tick_ns / 1e9);
    else if (!warmup->is_found && warmup->ns >= study->duration_ns)
        fprintf(errors, "%s: the warm-up is no shorter than the run\n",
                study->path);
    else
        return STUDY_OK;
    return STUDY_INPUT;
}

enum study_status warmup_delete(struct study *study, FILE *errors)
{
    sqlite3 *db;
    char message[512];
    enum study_status status = STUDY_OK;
    if (!study->warmup.is_deleted || study->repetition_count == 0)
        return STUDY_OK;
    if (results_open(study->database, &db, message, sizeof message) !=
        RESULTS_OK) {
        fprintf(errors, "%s\n", message);
        return STUDY_HOST;
    }
    if (study->warmup.is_found)
        status = find(study, db, errors);
    if (status == STUDY_OK)
        status = delete_all(study, db, errors);
    sqlite3_close(db);
    study->warmup.has_failed = status != STUDY_OK;
    if (study->warmup.has_failed)
        for (size_t n = 0; n < study->repetition_count * study->point_count;
             n++)
            forget_values(&study->results[n]);
    return status;
}
