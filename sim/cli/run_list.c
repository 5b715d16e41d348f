/*
 * With one job everything happens here. With several, each scenario gets a
 * process, which writes to the same file; the summaries are read back from
 * there. A process tells its run's id through a pipe.
 */
#include "cli/run_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/common.h"
#include "cli/progress.h"
#include "engine/run.h"
#include "record/recorder.h"
#include "record/results.h"

/* Interruption. ----------------------------------------------------------- */

/* Set by the first SIGINT or SIGTERM; from run_list_run() on. */
static const volatile sig_atomic_t *interrupted;

/* Statuses. --------------------------------------------------------------- */

/* An exit status' place in the order; a strange one is the host's. */
static int severity(int exit_status)
{
    switch (exit_status) {
    case CLI_OK:
        return 0;
    case CLI_FAILED:
        return 1;
    case CLI_USAGE:
        return 2;
    case CLI_INVARIANT:
        return 4;
    case CLI_INTERRUPTED:
        return 5;
    default:
        return 3;
    }
}

static int worse(int a, int b)
{
    return severity(a) >= severity(b) ? a : b;
}

static int exit_status_of(const struct run_outcome *outcome)
{
    if (outcome->result == RUN_RESULT_INPUT)
        return CLI_USAGE;
    if (outcome->result == RUN_RESULT_HOST)
        return CLI_HOST;
    if (outcome->status == WORLD_INTERRUPTED)
        return CLI_INTERRUPTED;
    return outcome->status == WORLD_FAILED ? CLI_FAILED : CLI_OK;
}

/* One scenario. ----------------------------------------------------------- */

static int run_one(struct run_list *list, size_t i, struct recorder *recorder)
{
    struct progress progress;
    struct run_options options = {
        .world = {.is_paranoid = list->is_paranoid,
                  .log = list->log,
                  .interrupted = interrupted,
                  .progress = progress_show,
                  .progress_context = &progress},
        .argv = list->argv,
        .broken_rule_exit = CLI_INVARIANT,
    };
    struct run_outcome outcome;

    progress_begin(&progress, list->is_quiet || list->jobs > 1);
    run_scenario(list->scenarios[i], recorder, &options, &list->summaries[i],
                 &outcome);
    progress_end(&progress);
    list->has_run[i] = outcome.status != WORLD_RUNNING;
    if (outcome.message[0])
        cli_complain(CLI_HOST, "%s", outcome.message);
    return exit_status_of(&outcome);
}

static struct recorder *open_recorder(const char *path)
{
    char message[1024];
    struct recorder *recorder = recorder_open(path, message, sizeof message);

    if (!recorder)
        cli_complain(CLI_HOST, "%s", message);
    return recorder;
}

/* The recorder is taken. Returns the worse of `status` and how that went. */
static int close_recorder(struct recorder *recorder, int status)
{
    char message[1024];

    if (recorder_close(recorder, message, sizeof message))
        return status;
    cli_complain(CLI_HOST, "%s", message);
    return worse(status, CLI_HOST);
}

static int run_in_turn(struct run_list *list)
{
    struct recorder *recorder = open_recorder(list->database);
    int status = CLI_OK;

    if (!recorder)
        return CLI_HOST;
    for (size_t i = 0; i < list->count && !*interrupted; i++)
        status = worse(status, run_one(list, i, recorder));
    return close_recorder(recorder, status);
}

/* Several processes. ------------------------------------------------------ */

struct child {
    pid_t pid; /* 0: none */
    size_t scenario;
};

/* Each run's log stays in one piece: it is written when the run is over, or
 * when this is full, by one write at an offset that all children share. */
enum { CHILD_LOG_BYTES = 16 << 20 };

static void buffer_log(FILE *log)
{
    char *buffer = log && log != stderr ? malloc(CHILD_LOG_BYTES) : NULL;

    /* The buffer is the stream's to the end of the process.
     * NOLINTBEGIN(clang-analyzer-unix.Malloc) */
    if (buffer)
        (void)setvbuf(log, buffer, _IOFBF, CHILD_LOG_BYTES);
}
/* NOLINTEND(clang-analyzer-unix.Malloc) */

/* What the child does; it does not return. */
_Noreturn static void be_child(struct run_list *list, size_t i, int pipe_end)
{
    struct recorder *recorder = open_recorder(list->database);
    uint64_t message[2] = {i, RECORD_NULL};

    if (!recorder)
        _exit(CLI_HOST);
    buffer_log(list->log);
    int status = run_one(list, i, recorder);
    if (list->has_run[i])
        message[1] = recorder_run_id(recorder);
    status = close_recorder(recorder, status);
    if (write(pipe_end, message, sizeof message) != (ssize_t)sizeof message)
        status = worse(status, CLI_HOST);
    fflush(NULL);
    _exit(status);
}

static bool start_child(struct run_list *list, size_t i, struct child *child,
                        const int pipe_ends[2])
{
    fflush(NULL);
    pid_t pid = fork();

    if (pid == 0) {
        close(pipe_ends[0]);
        be_child(list, i, pipe_ends[1]);
    }
    if (pid < 0)
        return false;
    *child = (struct child){pid, i};
    return true;
}

static int wait_for_child(struct child *children, size_t count)
{
    int status;
    pid_t pid;

    do {
        pid = waitpid(-1, &status, 0);
    } while (pid < 0 && errno == EINTR);
    if (pid < 0)
        return CLI_HOST;
    for (size_t i = 0; i < count; i++)
        if (children[i].pid == pid)
            children[i].pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : CLI_HOST;
}

static struct child *free_child(struct child *children, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (children[i].pid == 0)
            return &children[i];
    return NULL;
}

static int run_children(struct run_list *list, struct child *children,
                        const int pipe_ends[2])
{
    int status = CLI_OK;
    size_t running = 0;

    for (size_t next = 0; next < list->count || running > 0;) {
        struct child *child = free_child(children, list->jobs);

        if (child && next < list->count && !*interrupted) {
            if (!start_child(list, next, child, pipe_ends)) {
                cli_complain(CLI_HOST, "fork: %s", strerror(errno));
                status = worse(status, CLI_HOST);
                next = list->count;
                continue;
            }
            next++;
            running++;
        } else if (running > 0) {
            status = worse(status, wait_for_child(children, list->jobs));
            running--;
        } else {
            break;
        }
    }
    return status;
}

/* The summaries of what the children have run, in the order of the list. */
static int read_summaries(struct run_list *list, int pipe_end)
{
    uint64_t message[2];
    char error[1024];
    sqlite3 *db;
    int status = CLI_OK;

    if (results_open(list->database, &db, error, sizeof error) != RESULTS_OK) {
        return cli_complain(CLI_HOST, "%s", error);
    }
    while (read(pipe_end, message, sizeof message) == (ssize_t)sizeof message) {
        if (message[0] >= list->count || message[1] == RECORD_NULL)
            continue;
        if (results_summary(db, message[1], &list->summaries[message[0]], error,
                            sizeof error) == RESULTS_OK) {
            list->has_run[message[0]] = true;
        } else {
            cli_complain(CLI_HOST, "%s", error);
            status = CLI_HOST;
        }
    }
    sqlite3_close(db);
    return status;
}

static int run_at_once(struct run_list *list)
{
    struct child *children = calloc(list->jobs, sizeof *children);
    int pipe_ends[2];

    if (!children || pipe(pipe_ends) != 0) {
        free(children);
        return cli_complain(CLI_HOST, "%s", strerror(errno));
    }
    int status = run_children(list, children, pipe_ends);
    close(pipe_ends[1]);
    status = worse(status, read_summaries(list, pipe_ends[0]));
    close(pipe_ends[0]);
    free(children);
    return status;
}

int run_list_run(struct run_list *list)
{
    interrupted = cli_catch_signals();
    if (list->jobs > list->count)
        list->jobs = (unsigned)list->count;
    int status = list->jobs > 1 ? run_at_once(list) : run_in_turn(list);
    return *interrupted ? CLI_INTERRUPTED : status;
}
