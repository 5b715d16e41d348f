/*
 * The engine: a world from a scenario, and its run to the end.
 *
 *   scenario --> world_new --> world_run --> enum world_status
 *
 *        +--------- main loop: take the first event, run its handler, settle
 *        v
 *   [script] [watchdog] [aging] [evictor] [scanner] [pagers] [threads] [tick]
 *        \__________ call the core, start operations ______________/
 *                                  |
 *   world_settle: requests that were sent   -> their pager actor
 *                 requests that were answered -> operation resumed
 *                 memory is there again       -> operations waiting for it
 *
 * What an event satisfies is resumed by world_settle() at the same instant,
 * before the next event; the main loop settles after each event by itself.
 *
 *   world_build.c      from a scenario to a machine with actors, and back
 *   main_loop.c        the main loop and the end of a run
 *   world_switch.c     what a script may change while the machine runs
 *   script*.c          the script, expect*.c what it expects
 *   observe.c          rows of ticks for the recorder
 *   observe_totals.c   what a run ends with
 *   page_trace.c       rows for the life of pages
 *   forced.c           what `make hard` does to a run
 *   run.c              one run, into a recorder
 */
#ifndef LOWTIDE_ENGINE_H
#define LOWTIDE_ENGINE_H

#include "world/world.h"

/*
 * Build the machine, its processes, pagers, VMOs (prefilled) and actors.
 *
 *   scenario  parsed and checked; borrowed for the world's life
 *   recorder  told of everything from world_run() on, by when a run has to
 *             have begun in it; borrowed; NULL: record nothing
 *   message   on failure: what is wrong, with FILE:LINE:COL where it is the
 *             scenario's fault
 *
 * Returns the world; NULL with `is_input` telling bad input (exit 2) from
 * trouble of the host (exit 3).
 */
struct world *world_new(const struct scenario *scenario,
                        struct recorder *recorder,
                        const struct world_options *options, char *message,
                        size_t message_bytes, bool *is_input);
void world_free(struct world *world);

/*
 * Check all that world_new() would find wrong with the scenario, without
 * building anything. True: fine; false: `message` says what is wrong.
 *
 *   has_future  the world will have one to tell
 */
bool world_check(const struct scenario *scenario, bool has_future,
                 char *message, size_t message_bytes);

/* Does the scenario have a compressor, from the beginning or later? */
bool world_wants_compressor(const struct scenario *scenario);

/* Run to the end. The status is also world->status. */
enum world_status world_run(struct world *world);

/* Hand out requests, resume what was answered and what waits for memory, until
 * nothing changes at this instant. */
void world_settle(struct world *world);

/* An expectation or an event's status did not hold: the run goes on and ends
 * with WORLD_FAILED. The caller prints and records what it was. */
void world_expectation_failed(struct world *world);

#endif
