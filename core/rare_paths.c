/*
 * Which allocation waits and which one fails.
 *
 *   may wait:   wait  get  wait  get  get  wait  get ...
 *
 *   attempt 1   FAIL
 *   attempt 2   get   FAIL
 *   attempt 3   get   get   FAIL              until one gets through
 *
 * An operation that waits keeps what it has got so far, so taking turns comes
 * to an end; now and then two get through, because a `take` gives its first
 * page back when it does not get its second. One that fails gives back what it
 * took, and may need all of it again: counting from the attempt's beginning
 * comes to an end, too.
 */
#include "rare_paths.h"

static _Thread_local struct {
    bool is_forced;

    unsigned waits;     /* so far */
    unsigned gets_left; /* before the next wait */
    bool is_wait_ours;  /* not asked about yet */

    bool is_failing; /* between rare_failures_begin() and the end */
    bool is_paused;
    bool is_failure_ours; /* of this attempt */
    unsigned let_through; /* in each attempt, before the one that fails */
    unsigned allocations; /* of this attempt */
} rare;

void rare_paths_force(bool is_forced)
{
    rare.is_forced = is_forced;
    rare.waits = 0;
    rare.gets_left = 0;
    rare.is_wait_ours = false;
    rare.is_failing = false;
}

bool rare_path_waits(void)
{
    if (!rare.is_forced)
        return false;
    if (rare.gets_left > 0) {
        rare.gets_left--;
        return false;
    }
    rare.gets_left = 1 + rare.waits++ % 2;
    rare.is_wait_ours = true;
    return true;
}

bool rare_wait_is_over(void)
{
    bool is_ours = rare.is_wait_ours;

    rare.is_wait_ours = false;
    return is_ours;
}

void rare_failures_begin(void)
{
    rare.is_failing = rare.is_forced;
    rare.is_paused = false;
    rare.is_failure_ours = false;
    rare.let_through = 0;
    rare.allocations = 0;
}

void rare_failures_end(void)
{
    rare.is_failing = false;
}

void rare_failures_pause(bool is_paused)
{
    rare.is_paused = is_paused;
}

bool rare_failure_is_over(void)
{
    bool is_ours = rare.is_failure_ours;

    rare.is_failure_ours = false;
    rare.let_through++;
    rare.allocations = 0;
    return is_ours;
}

bool rare_path_fails(void)
{
    if (!rare.is_failing || rare.is_paused ||
        rare.allocations++ != rare.let_through)
        return false;
    rare.is_failure_ours = true;
    return true;
}
