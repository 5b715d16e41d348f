#include "study/process_pool.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { INTERRUPTION_POLL_MS = 200, BROKEN_RULE_STATUS = 4 };

struct worker {
    pid_t pid;   /* 0: not started, or over */
    int results; /* read end */
    bool is_over;
    bool has_result;
    int wait_status;
};

struct state {
    const struct process_pool *pool;
    struct worker *workers; /* one a piece */
    unsigned char *results; /* of pieces, one after the other */
    size_t started;
    size_t handed_out;
    size_t finished;
    unsigned running;
    bool is_told; /* those that run got their SIGTERM */
};

static void *result_of(const struct state *state, size_t index)
{
    return state->results + index * state->pool->result_bytes;
}

static bool is_interrupted(const struct state *state)
{
    return state->pool->interrupted && *state->pool->interrupted;
}

/* In the child, which is told to stop when the pool's process dies: whoever
 * starts the work again must not meet it still under way. */
static _Noreturn void work(const struct state *state, pid_t parent, int results)
{
    const struct process_pool *pool = state->pool;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(1);
    void *result = result_of(state, state->started);
    pool->work(pool->context, state->started, result);
    ssize_t written = write(results, result, pool->result_bytes);
    _exit(written == (ssize_t)pool->result_bytes ? 0 : 1);
}

static bool start(struct state *state)
{
    struct worker *worker = &state->workers[state->started];
    int ends[2];
    if (pipe(ends) != 0)
        return false;
    fflush(NULL);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0) {
        close(ends[0]);
        close(ends[1]);
        return false;
    }
    if (pid == 0) {
        close(ends[0]);
        work(state, parent, ends[1]);
    }
    close(ends[1]);
    worker->pid = pid;
    worker->results = ends[0];
    state->started++;
    state->running++;
    return true;
}

/* The worker has written, or is gone. */
static void finish(struct state *state, struct worker *worker)
{
    void *result = result_of(state, (size_t)(worker - state->workers));
    size_t bytes = state->pool->result_bytes;
    ssize_t got;
    do
        got = read(worker->results, result, bytes);
    while (got < 0 && errno == EINTR);
    close(worker->results);
    while (waitpid(worker->pid, &worker->wait_status, 0) < 0 && errno == EINTR)
        ;
    worker->has_result = got == (ssize_t)bytes;
    worker->pid = 0;
    worker->is_over = true;
    state->running--;
    state->finished++;
    if (state->pool->progress)
        state->pool->progress(state->pool->progress_context, state->finished,
                              state->pool->count);
}

/* Tell those that run to stop; once, a second time they would end at once. */
static void pass_on_interruption(struct state *state)
{
    if (!is_interrupted(state) || state->is_told)
        return;
    state->is_told = true;
    for (size_t w = 0; w < state->started; w++)
        if (state->workers[w].pid != 0)
            kill(state->workers[w].pid, SIGTERM);
}

/* Wait until a running worker is over, or somebody interrupts. */
static bool wait_for_one(struct state *state)
{
    struct pollfd *fds = calloc(state->running, sizeof *fds);
    struct worker **of = calloc(state->running, sizeof *of);
    unsigned n = 0;
    bool is_well = fds && of;
    for (size_t w = 0; is_well && w < state->started; w++) {
        if (state->workers[w].pid == 0)
            continue;
        fds[n] =
            (struct pollfd){.fd = state->workers[w].results, .events = POLLIN};
        of[n++] = &state->workers[w];
    }
    int timeout = state->pool->interrupted ? INTERRUPTION_POLL_MS : -1;
    if (is_well && poll(fds, n, timeout) < 0)
        is_well = errno == EINTR;
    else
        for (unsigned i = 0; is_well && i < n; i++)
            if (fds[i].revents)
                finish(state, of[i]);
    free(fds);
    free(of);
    return is_well;
}

static void hand_out(struct state *state)
{
    while (state->handed_out < state->started &&
           state->workers[state->handed_out].is_over) {
        size_t index = state->handed_out++;
        const struct worker *worker = &state->workers[index];
        state->pool->done(state->pool->context, index,
                          worker->has_result ? result_of(state, index) : NULL,
                          worker->wait_status);
    }
}

static bool run(struct state *state)
{
    const struct process_pool *pool = state->pool;
    bool is_well = true;
    while (is_well && state->handed_out < pool->count) {
        while (is_well && state->started < pool->count &&
               state->running < pool->parallel && !is_interrupted(state))
            is_well = start(state);
        if (state->running == 0)
            break;
        pass_on_interruption(state);
        is_well = wait_for_one(state) && is_well;
        hand_out(state);
    }
    return is_well;
}

bool process_pool_run(const struct process_pool *pool)
{
    if (pool->count == 0)
        return true;
    struct state state = {
        .pool = pool,
        .workers = calloc(pool->count, sizeof *state.workers),
        .results = calloc(pool->count, pool->result_bytes),
    };
    bool is_well = state.workers && state.results && run(&state);
    free(state.workers);
    free(state.results);
    return is_well;
}

bool process_is_broken(int wait_status)
{
    if (WIFSIGNALED(wait_status))
        return WTERMSIG(wait_status) != SIGKILL &&
               WTERMSIG(wait_status) != SIGTERM &&
               WTERMSIG(wait_status) != SIGINT;
    return WIFEXITED(wait_status) &&
           WEXITSTATUS(wait_status) == BROKEN_RULE_STATUS;
}
