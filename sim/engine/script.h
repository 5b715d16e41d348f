/*
 * The script: the list `events` of a scenario, run in order.
 *
 *   events   0      1 (every: 2ms, times: 3)   2 (at: 4ms)   3
 *   runs     0   1.0        1.1         1.2  2  3
 *   time     0ms 0ms        2ms         4ms  4ms
 *
 * A plain event runs once, a repeated one `run_count` times; runs are ordered
 * by time and at equal times by their place in the file. Each step runs one
 * of them at its time and costs no simulated time; the world settles in
 * between, so that what a step satisfied goes on before the next step.
 *
 * Every run leaves an event row (and a waiting operation another one when it
 * is over), every expectation an expectation row. What does not hold is
 * printed as `FILE:LINE: expected ..., got ...`; the run goes on and ends
 * WORLD_FAILED.
 *
 * An operation that has to wait lives on after its step until it is answered,
 * or its VMO closed, or the run over.
 */
#ifndef LOWTIDE_SCRIPT_H
#define LOWTIDE_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "status.h"
#include "units.h"

struct scenario;
struct script;
struct world;

/* The script of world->scenario, at its start. False: out of memory. */
bool script_new(struct world *world, struct script **script);

/* NULL is allowed. Waiting operations are given up, without a word. */
void script_free(struct script *script);

/* When the next run is due; SIM_NS_INFINITE: none is left. */
sim_ns script_next_time(const struct script *script);

/* Do that run; world->now is its time. */
void script_step(struct script *script);

/*
 * What a named operation (`as_op`) has come to.
 *
 *   is_done  set: over, or still waiting
 *   status   set where it is over
 *
 * False: no operation of that name has been started yet. Of several with one
 * name the last one counts.
 */
bool script_operation_find(const struct script *script, const char *name,
                           bool *is_done, enum vm_status *status);

/*
 * Load errors that need more than the parser's knowledge: the policies and
 * parameters that `set` names. True: none. Otherwise `message` holds the
 * first, as `FILE:LINE:COL: ...`.
 */
bool script_check(const struct scenario *scenario, char *message,
                  size_t message_bytes);

#endif
