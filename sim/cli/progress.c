#include "cli/progress.h"

#include <stdio.h>

#include "cli/terminal.h"
#include "scenario/scenario.h"

enum { BAR_WIDTH = 20 };

static double seconds_between(const struct timespec *from,
                              const struct timespec *to)
{
    return (double)(to->tv_sec - from->tv_sec) +
           (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

void progress_begin(struct progress *progress, bool is_quiet)
{
    progress->is_shown = !is_quiet && terminal_is_screen(stderr);
    clock_gettime(CLOCK_MONOTONIC, &progress->began);
    progress->last = progress->began;
}

static void draw_bar(double share)
{
    int filled = (int)(share * BAR_WIDTH);

    fputs("  [", stderr);
    for (int i = 0; i < BAR_WIDTH; i++)
        fputc(i < filled ? '=' : i == filled ? '>' : ' ', stderr);
    fprintf(stderr, "] %3.0f%%", share * 100);
}

/* Is it time to draw? Then `spent` is the seconds since it began. */
static bool is_due(struct progress *progress, double *spent)
{
    struct timespec now;

    if (!progress->is_shown)
        return false;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (seconds_between(&progress->last, &now) < 0.2)
        return false;
    progress->last = now;
    *spent = seconds_between(&progress->began, &now);
    return true;
}

/* The time left, as if the rest went like the share done; 0: unknown. */
static void end_line(double share, double spent)
{
    if (share > 0 && share < 1)
        fprintf(stderr, "  %.0fs left", spent / share * (1 - share));
    fputs("\033[K", stderr);
    fflush(stderr);
}

void progress_show(const struct world *world, void *context)
{
    struct progress *progress = context;
    const struct scenario *scenario = world->scenario;
    double spent;

    if (!is_due(progress, &spent))
        return;
    double share = scenario->has_duration && scenario->duration > 0
                       ? (double)world->now / (double)scenario->duration
                       : 0;
    fprintf(stderr, "\r%s", scenario->name);
    if (share > 0)
        draw_bar(share);
    fprintf(stderr, "  simulated %.3gs  %.3gM accesses/s",
            (double)world->now / 1e9,
            (double)world->counters.accesses / spent / 1e6);
    end_line(share, spent);
}

void progress_show_runs(void *context, size_t finished, size_t count)
{
    struct progress *progress = context;
    double share = (double)finished / (double)count;
    double spent;

    if (!is_due(progress, &spent))
        return;
    fputs("\rruns", stderr);
    draw_bar(share);
    fprintf(stderr, "  %zu of %zu", finished, count);
    end_line(share, spent);
}

void progress_end(struct progress *progress)
{
    if (progress->is_shown)
        fputs("\r\033[K", stderr);
}
