#include "study/replay_pool.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "study/replay_record.h"

/* Atomic through a pipe, so that one read gets all of it. */
static_assert(sizeof(struct replay_outcome) <= 4096, "fits PIPE_BUF");

struct worker {
    pid_t pid;   /* 0: not started, or over */
    int results; /* read end */
    bool is_over;
    struct replay_outcome outcome;
};

struct pool {
    const struct replay_job *jobs;
    struct worker *workers; /* one a job */
    size_t count;
    size_t started;
    size_t handed_out;
    unsigned running;
};

/* --- in the child --------------------------------------------------------- */

static _Noreturn void work(const struct replay_job *job, int results)
{
    struct replay_outcome outcome = {0};
    if (job->database)
        replay_record_run(job, &outcome);
    else
        outcome.status = replay_run(&job->config, &outcome.result,
                                    outcome.message, sizeof outcome.message);
    ssize_t written = write(results, &outcome, sizeof outcome);
    _exit(written == (ssize_t)sizeof outcome ? 0 : 1);
}

/* --- in the parent -------------------------------------------------------- */

static bool start(struct pool *pool)
{
    struct worker *worker = &pool->workers[pool->started];
    int ends[2];
    if (pipe(ends) != 0)
        return false;
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        close(ends[0]);
        close(ends[1]);
        return false;
    }
    if (pid == 0) {
        close(ends[0]);
        work(&pool->jobs[pool->started], ends[1]);
    }
    close(ends[1]);
    worker->pid = pid;
    worker->results = ends[0];
    pool->started++;
    pool->running++;
    return true;
}

/* The worker has written, or is gone. */
static void finish(struct pool *pool, struct worker *worker)
{
    struct replay_outcome *outcome = &worker->outcome;
    ssize_t got;
    do
        got = read(worker->results, outcome, sizeof *outcome);
    while (got < 0 && errno == EINTR);
    close(worker->results);
    int status = 0;
    while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (got != (ssize_t)sizeof *outcome) {
        *outcome = (struct replay_outcome){.status = REPLAY_HOST};
        outcome->is_broken =
            (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL) ||
            (WIFEXITED(status) && WEXITSTATUS(status) == 4);
        snprintf(outcome->message, sizeof outcome->message,
                 "%s: the replay process ended early (%s %d)",
                 pool->jobs[worker - pool->workers].config.path,
                 WIFSIGNALED(status) ? "signal" : "status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
    worker->pid = 0;
    worker->is_over = true;
    pool->running--;
}

/* Wait until a running worker is over. */
static bool wait_for_one(struct pool *pool)
{
    struct pollfd *fds = calloc(pool->running, sizeof *fds);
    struct worker **of = calloc(pool->running, sizeof *of);
    unsigned n = 0;
    bool is_well = fds && of;
    for (size_t w = 0; is_well && w < pool->started; w++) {
        if (pool->workers[w].pid == 0)
            continue;
        fds[n] =
            (struct pollfd){.fd = pool->workers[w].results, .events = POLLIN};
        of[n++] = &pool->workers[w];
    }
    if (is_well && poll(fds, n, -1) < 0)
        is_well = errno == EINTR;
    else
        for (unsigned i = 0; is_well && i < n; i++)
            if (fds[i].revents)
                finish(pool, of[i]);
    free(fds);
    free(of);
    return is_well;
}

static void hand_out(struct pool *pool, replay_done_fn done, void *context)
{
    while (pool->handed_out < pool->started &&
           pool->workers[pool->handed_out].is_over) {
        done(context, &pool->jobs[pool->handed_out],
             &pool->workers[pool->handed_out].outcome);
        pool->handed_out++;
    }
}

bool replay_pool_run(const struct replay_job *jobs, size_t count,
                     unsigned parallel, replay_done_fn done, void *context)
{
    struct pool pool = {
        .jobs = jobs,
        .workers = calloc(count, sizeof *pool.workers),
        .count = count,
    };
    bool is_well = pool.workers != NULL;
    while (is_well && pool.handed_out < count) {
        while (is_well && pool.started < count && pool.running < parallel)
            is_well = start(&pool);
        if (pool.running > 0)
            is_well = wait_for_one(&pool) && is_well;
        hand_out(&pool, done, context);
    }
    free(pool.workers);
    return is_well;
}
