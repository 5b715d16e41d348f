/*
 * A trace as the source of a workload's accesses.
 *
 * Its threads share it: each takes the next record. The trace is read once
 * beforehand, which finds any damage before something is simulated, and tells
 * how its numbers become pages of the VMO:
 *
 *   all below the number of pages   the number is the page
 *   otherwise                       numbered by first appearance: 0, 1, 2 ...
 *
 * so traces of addresses or object ids need no preparation. Numbers that
 * still do not fit are pages past the VMO's end, whose accesses fail.
 */
#ifndef LOWTIDE_TRACE_FEED_H
#define LOWTIDE_TRACE_FEED_H

#include "scenario/scenario.h"

struct trace_feed;

struct trace_access {
    uint64_t page;
    bool is_write;
    sim_ns at; /* since the feed began; grows over repetitions */
};

/*
 * Read a trace to its end. False: `message` says what is wrong with it.
 *
 *   page_bytes  of the machine: addresses are divided by it
 */
bool trace_feed_check(const struct scenario_trace *trace, uint64_t page_bytes,
                      char *message, size_t message_bytes);

/*
 * A feed for a VMO's pages, of which there are `pages`; is_timed tells
 * whether its records have times. NULL: as trace_feed_check().
 */
struct trace_feed *trace_feed_new(const struct scenario_trace *trace,
                                  uint64_t page_bytes, uint64_t pages,
                                  char *message, size_t message_bytes);
void trace_feed_free(struct trace_feed *feed);
bool trace_feed_is_timed(const struct trace_feed *feed);

enum trace_feed_result { TRACE_FEED_OK, TRACE_FEED_END, TRACE_FEED_FAILED };

/* The next access. FAILED: the file has changed meanwhile, or memory ran out. */
enum trace_feed_result trace_feed_next(struct trace_feed *feed,
                                       struct trace_access *access);

#endif
