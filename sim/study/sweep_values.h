/*
 * Values of a study with units: ranges of them, and what they are as numbers.
 */
#ifndef LOWTIDE_STUDY_SWEEP_VALUES_H
#define LOWTIDE_STUDY_SWEEP_VALUES_H

#include "scenario/arena.h"
#include "study/sweep.h"

/*
 * {from: 64MiB, to: 1GiB, factor: 2}, as texts; NULL: not there.
 *
 *   step     from, from + step ... up to `to`
 *   factor   from, from * factor ... up to `to`
 *   count    that many, `to` the last: evenly, or in equal ratios where
 *            is_geometric; what is between is rounded: sizes to what both ends
 *            are multiples of (64 KiB at most), counts to whole ones, other
 *            geometric values to three digits
 */
struct sweep_range {
    const char *from, *to, *step, *factor, *count;
    bool is_geometric;
};

/*
 * Fill `values` (the arena's; places are the caller's to set) and their number.
 * False: `message` says what is wrong, or is "": memory ran out.
 */
bool sweep_range_values(const struct sweep_range *range, struct arena *arena,
                        struct sweep_value **values, size_t *count,
                        char *message, size_t message_bytes);

/*
 * A value as a number: plain numbers as they are, sizes in bytes, times in
 * nanoseconds, rates a second, true 1 and false 0. False: it is none.
 */
bool sweep_value_number(const char *text, uint64_t page_bytes, double *number);

#endif
