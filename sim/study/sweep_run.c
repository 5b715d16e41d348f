#include "study/sweep_run.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "record/store.h"
#include "study/one_run.h"
#include "study/process_pool.h"

enum { TEXT_BYTES = 512 };

/* What a run's process tells. */
struct result {
    enum study_status status;
    uint64_t run_id;
    char run_status[16];
    char fingerprint[40];
    char message[TEXT_BYTES];
};

static_assert(sizeof(struct result) <= PROCESS_RESULT_MAX_BYTES,
              "a result crosses the pipe in one piece");

struct running {
    struct sweep_work *work;
    struct sweep_run **missing; /* owned array */
    size_t missing_count;
    long pid; /* of the process that gathers */
    enum study_status status;
    FILE *errors;
};

/* --- one run, in a process of its own ------------------------------------- */

static char *write_variables(const struct running *running,
                             const struct sweep_run *run)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    if (!out)
        return NULL;
    sweep_write_variables(out, running->work->sweep, run->combination);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static void run_into(const struct running *running, const char *database,
                     const struct sweep_run *run,
                     const struct scenario *scenario, struct result *result)
{
    const struct sweep_work *work = running->work;
    char *variables = write_variables(running, run);
    const struct record_study_run study = {
        .study = work->sweep->name,
        .run_key = run->key,
        .repetition = run->repetition,
        .variables = variables,
    };
    const struct one_run one = {
        .database = database,
        .argv = work->argv,
        .is_quiet = work->is_quiet,
        .interrupted = work->interrupted,
        .study = &study,
    };
    struct run_summary summary;
    bool is_stopped;
    run_summary_init(&summary);
    if (variables)
        result->status = one_run(&one, scenario, &summary, &is_stopped,
                                 result->message, sizeof result->message);
    if (result->status <= STUDY_FAILED) {
        result->run_id = summary.run_id;
        snprintf(result->run_status, sizeof result->run_status, "%s",
                 summary.status);
        snprintf(result->fingerprint, sizeof result->fingerprint, "%s",
                 summary.fingerprint);
    }
    run_summary_release(&summary);
    free(variables);
}

/* Into a file of its own, which gets its name when it is complete. */
static void run_apart(const struct running *running,
                      const struct sweep_run *run,
                      const struct scenario *scenario, struct result *result)
{
    const char *database = running->work->database;
    char *part = sweep_part_path(database, run->key, running->pid);
    char *path = sweep_run_path(database, run->key);
    bool is_made = part && path && sweep_make_part(database, part);
    if (is_made)
        run_into(running, part, run, scenario, result);
    if (!is_made ||
        (result->status <= STUDY_FAILED && rename(part, path) != 0)) {
        snprintf(result->message, sizeof result->message, "%s: %s",
                 path ? path : run->key, strerror(errno));
        result->status = STUDY_HOST;
    }
    if (is_made && result->status > STUDY_FAILED)
        store_remove(part);
    free(part);
    free(path);
}

/* Missing run `index`. */
static void run_piece(void *context, size_t index, void *result_bytes)
{
    const struct running *running = context;
    const struct sweep_work *work = running->work;
    const struct sweep_run *run = running->missing[index];
    struct result *result = result_bytes;
    struct scenario_errors errors;
    struct scenario *scenario;
    result->status = STUDY_HOST;
    scenario_errors_init(&errors);
    enum study_status status = sweep_load(work->sweep, run->combination,
                                          run->seed, &scenario, &errors);
    scenario_errors_print(&errors, stderr);
    scenario_errors_release(&errors);
    if (status != STUDY_OK)
        result->status = status;
    else if (work->shard.count > 0)
        run_apart(running, run, scenario, result);
    else
        run_into(running, work->database, run, scenario, result);
    scenario_free(scenario);
}

/* --- what became of it ---------------------------------------------------- */

/* A process that ended without a result. */
static void judge_death(const struct running *running,
                        const struct sweep_run *run, int wait_status,
                        struct result *result)
{
    const struct sweep_work *work = running->work;
    *result = (struct result){
        .status = process_is_broken(wait_status) ? STUDY_BROKEN : STUDY_HOST};
    if (*work->interrupted)
        result->status = STUDY_INTERRUPTED;
    else if (WIFSIGNALED(wait_status))
        snprintf(result->message, sizeof result->message,
                 "its process was ended by signal %d", WTERMSIG(wait_status));
    else
        snprintf(result->message, sizeof result->message,
                 "its process ended early, with status %d",
                 WEXITSTATUS(wait_status));
    char *part = work->shard.count > 0
                     ? sweep_part_path(work->database, run->key, running->pid)
                     : NULL;
    if (part)
        store_remove(part);
    free(part);
}

static void gather(void *context, size_t index, const void *result_bytes,
                   int wait_status)
{
    struct running *running = context;
    struct sweep_work *work = running->work;
    struct sweep_run *run = running->missing[index];
    struct result result;
    char text[TEXT_BYTES];
    if (result_bytes)
        memcpy(&result, result_bytes, sizeof result);
    else
        judge_death(running, run, wait_status, &result);
    run->is_tried = true;
    if (result.status <= STUDY_FAILED) {
        bool is_shard = work->shard.count > 0;
        run->state = is_shard ? SWEEP_APART : SWEEP_DONE;
        run->is_new = true;
        run->is_failed = result.status == STUDY_FAILED;
        run->run_id = is_shard ? 0 : result.run_id;
        memcpy(run->status, result.run_status, sizeof run->status);
        memcpy(run->fingerprint, result.fingerprint, sizeof run->fingerprint);
    }
    if (result.message[0]) {
        sweep_describe(work->sweep, run->combination, text, sizeof text);
        fprintf(running->errors, "lowtide sweep: run %zu (%s%sseed %llu): %s\n",
                (size_t)(run - work->sweep->runs), text, text[0] ? ", " : "",
                (unsigned long long)run->seed, result.message);
    }
    if (result.status > running->status)
        running->status = result.status;
    if (work->progress)
        work->progress(work->context, index + 1, running->missing_count);
}

/* --- all of them ---------------------------------------------------------- */

/* What is missing, and the status of what is there. */
static bool list_missing(struct running *running)
{
    const struct sweep_work *work = running->work;
    struct sweep *sweep = work->sweep;
    running->missing = calloc(sweep->run_count + 1, sizeof *running->missing);
    for (size_t r = 0; running->missing && r < sweep->run_count; r++) {
        struct sweep_run *run = &sweep->runs[r];
        bool is_missing = work->shard.count > 0 ? run->state == SWEEP_MISSING
                                                : run->state != SWEEP_DONE;
        if (!sweep_is_in_shard(&work->shard, r))
            continue;
        if (is_missing)
            running->missing[running->missing_count++] = run;
        else if (run->is_failed)
            running->status = STUDY_FAILED;
    }
    return running->missing != NULL;
}

static bool make_folder(const struct running *running)
{
    bool is_there = sweep_make_folder(running->work->database);
    if (!is_there)
        fprintf(running->errors, "lowtide sweep: %s.runs: %s\n",
                running->work->database, strerror(errno));
    return is_there;
}

static void run_pool(struct running *running)
{
    const struct sweep_work *work = running->work;
    const struct process_pool pool = {
        .count = running->missing_count,
        .parallel = work->parallel,
        .result_bytes = sizeof(struct result),
        .work = run_piece,
        .done = gather,
        .context = running,
        .interrupted = work->interrupted,
    };
    if (!process_pool_run(&pool) && running->status < STUDY_HOST) {
        fputs("lowtide sweep: cannot make a process\n", running->errors);
        running->status = STUDY_HOST;
    }
    if (*work->interrupted)
        running->status = STUDY_INTERRUPTED;
}

/* A shard with all its runs becomes a file. */
static void finish_shard(struct running *running)
{
    const struct sweep_work *work = running->work;
    char message[TEXT_BYTES];
    if (running->status > STUDY_FAILED)
        return;
    enum study_status status =
        sweep_publish(work->sweep, work->database, &work->shard,
                      work->interrupted, message, sizeof message);
    if (status == STUDY_OK)
        return;
    fprintf(running->errors, "lowtide sweep: %s\n", message);
    running->status = status;
}

enum study_status sweep_run_missing(struct sweep_work *work, FILE *errors)
{
    struct running running = {
        .work = work, .pid = (long)getpid(), .errors = errors};
    bool is_shard = work->shard.count > 0;
    if (!list_missing(&running)) {
        fputs("lowtide sweep: out of memory\n", errors);
        return STUDY_HOST;
    }
    if (is_shard && running.missing_count > 0 && !make_folder(&running))
        running.status = STUDY_HOST;
    else
        run_pool(&running);
    if (is_shard)
        finish_shard(&running);
    free(running.missing);
    return running.status;
}
