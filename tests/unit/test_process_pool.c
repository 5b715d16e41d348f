/* Work in processes: results in order, losses told, interruption passed on. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "study/process_pool.h"

enum { PIECES = 12 };

struct seen {
    size_t count;
    int results[PIECES]; /* -1: lost */
    int wait_status[PIECES];
    bool is_in_order;
    volatile sig_atomic_t interrupted;
};

static void square(void *context, size_t index, void *result)
{
    (void)context;
    /* later pieces are over first */
    usleep((useconds_t)(1000 * (PIECES - index)));
    *(int *)result = (int)(index * index);
}

/* Piece 3 dies by a signal, 5 as a broken rule does, 7 without a result. */
static void stumble(void *context, size_t index, void *result)
{
    square(context, index, result);
    if (index == 3)
        raise(SIGABRT);
    if (index == 5)
        _exit(4);
    if (index == 7)
        _exit(0);
}

static volatile sig_atomic_t was_told;

static void on_term(int number)
{
    (void)number;
    was_told = 1;
}

/* Those that wait to be told; shared by all processes. */
static atomic_int *waiting;

/* Waits to be told, for a minute at most; the second to wait interrupts. */
static void linger(void *context, size_t index, void *result)
{
    (void)context;
    (void)index;
    signal(SIGTERM, on_term);
    if (atomic_fetch_add(waiting, 1) == 1)
        kill(getppid(), SIGALRM);
    for (int i = 0; i < 6000 && !was_told; i++)
        usleep(10000);
    *(int *)result = was_told;
}

static void see(void *context, size_t index, const void *result,
                int wait_status)
{
    struct seen *seen = context;
    seen->is_in_order = seen->is_in_order && index == seen->count;
    seen->results[index] = result ? *(const int *)result : -1;
    seen->wait_status[index] = wait_status;
    seen->count++;
}

static bool run(struct seen *seen, process_work_fn work, size_t count,
                unsigned parallel)
{
    struct process_pool pool = {
        .count = count,
        .parallel = parallel,
        .result_bytes = sizeof(int),
        .work = work,
        .done = see,
        .context = seen,
        .interrupted = &seen->interrupted,
    };
    return process_pool_run(&pool);
}

Test(process_pool, results_come_in_the_order_of_the_list)
{
    for (unsigned parallel = 1; parallel <= PIECES + 1; parallel += 4) {
        struct seen seen = {.is_in_order = true};
        cr_assert(run(&seen, square, PIECES, parallel));
        cr_assert_eq(seen.count, PIECES);
        cr_assert(seen.is_in_order);
        for (int i = 0; i < PIECES; i++)
            cr_assert_eq(seen.results[i], i * i, "%d", i);
    }
}

Test(process_pool, a_process_that_dies_takes_no_other_with_it)
{
    struct seen seen = {.is_in_order = true};
    cr_assert(run(&seen, stumble, PIECES, 3));
    cr_assert_eq(seen.count, PIECES);
    for (int i = 0; i < PIECES; i++) {
        bool is_lost = i == 3 || i == 5 || i == 7;
        cr_assert_eq(seen.results[i], is_lost ? -1 : i * i, "%d", i);
    }
    cr_assert(process_is_broken(seen.wait_status[3]));
    cr_assert(process_is_broken(seen.wait_status[5]));
    cr_assert_not(process_is_broken(seen.wait_status[7]));
}

Test(process_pool, nothing_to_do_is_done)
{
    struct seen seen = {.is_in_order = true};
    cr_assert(run(&seen, square, 0, 2));
    cr_assert_eq(seen.count, 0);
}

static struct seen *interrupted_soon;

static void interrupt(int number)
{
    (void)number;
    interrupted_soon->interrupted = 1;
}

Test(process_pool, interruption_is_passed_on_and_starts_no_more)
{
    struct seen seen = {.is_in_order = true};
    interrupted_soon = &seen;
    signal(SIGALRM, interrupt);
    waiting = mmap(NULL, sizeof *waiting, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert(waiting != MAP_FAILED);
    cr_assert(run(&seen, linger, PIECES, 2));
    cr_assert_eq(seen.count, 2);
    cr_assert_eq(seen.results[0], 1);
    cr_assert_eq(seen.results[1], 1);
}

/* What those who watch were told. */
struct watched {
    size_t calls;
    size_t finished, count; /* the last time */
    bool counts_up;
};

static void watch(void *context, size_t finished, size_t count)
{
    struct watched *watched = context;
    watched->counts_up =
        watched->counts_up && finished == watched->finished + 1;
    watched->calls++;
    watched->finished = finished;
    watched->count = count;
}

Test(process_pool, those_who_watch_hear_of_every_end_lost_ones_too)
{
    struct seen seen = {.is_in_order = true};
    struct watched watched = {.counts_up = true};
    struct process_pool pool = {.count = PIECES,
                                .parallel = 3,
                                .result_bytes = sizeof(int),
                                .work = stumble,
                                .done = see,
                                .context = &seen,
                                .progress = watch,
                                .progress_context = &watched};

    cr_assert(process_pool_run(&pool));
    cr_expect_eq(watched.calls, PIECES);
    cr_expect_eq(watched.finished, PIECES);
    cr_expect_eq(watched.count, PIECES);
    cr_expect(watched.counts_up);
}
