/*
 * Access patterns: which page a workload thread touches next.
 *
 *   sequential   0 1 2 3 ...          once, or again if it is to go on
 *   loop         0 1 2 0 1 2 ...
 *   stride 3     0 3 6 9 ...          modulo the number of pages
 *   uniform      any page
 *   zipf         rank r with probability ~ 1 / (r + 1)^alpha; `scramble`
 *                scatters the ranks over the pages
 *   hotspot      the first `hot` share of the pages gets `hot_access` of all
 *   random_walk  at most `step` pages from the last one, in a circle
 *   phases       one pattern after the other, by simulated time, in turn
 *
 * A pattern holds its own position; several threads have one each. Traces are
 * not patterns in this sense: their threads share one (trace_feed.h).
 */
#ifndef LOWTIDE_PATTERNS_H
#define LOWTIDE_PATTERNS_H

#include "world/random.h"
#include "world/zipf.h"

struct pattern {
    const struct scenario_pattern *spec; /* borrowed */
    uint64_t first, count;               /* pages [first, first + count) */
    uint64_t position;                   /* of the next or the last page */
    bool is_endless;                     /* sequential begins again */
    uint64_t hot_count;
    struct zipf *zipf;          /* owned, perhaps with others */
    struct permutation scatter; /* zipf with scramble */
    struct pattern *phases;     /* owned; spec->phase_count of them */
    sim_ns cycle_ns;            /* all phases once */
};

/*
 * Set up a pattern over the pages of a VMO.
 *
 *   pages       its size; the spec's range is cut to it
 *   is_endless  a sequential pattern begins again at its end
 *   layout      where ranks are scattered to: equal streams, equal places
 *   like        another thread's pattern, of the same spec and pages: tables
 *               are shared with it. NULL: there is none
 *
 * False: out of memory; release it nevertheless.
 */
bool pattern_init(struct pattern *pattern, const struct scenario_pattern *spec,
                  uint64_t pages, bool is_endless,
                  const struct random_stream *layout,
                  const struct pattern *like);
void pattern_release(struct pattern *pattern);

/*
 * The next access.
 *
 *   now   since the workload began
 *   run   pages that it is to touch, from *page on; cut at the range's end.
 *         Sequential patterns go on after them
 *
 * False: there is none, now or ever.
 */
bool pattern_next(struct pattern *pattern, struct random_stream *stream,
                  sim_ns now, uint64_t *page, uint64_t *run);

#endif
