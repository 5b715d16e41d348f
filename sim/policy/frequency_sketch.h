/*
 * How often names were seen lately, in eight bytes a page of memory whatever
 * their number: a count-min sketch of four-bit counters. Cormode,
 * Muthukrishnan (2005), with the ageing of Einziger, Friedman, Manes (2017).
 *
 *   name --4 hashes--> one counter in each of four rows; the estimate is the
 *                      least of them, never too low, at most 15
 *
 * A row is a quarter of every word: 16 counters a word, four for each row, so
 * that the four rows of `words` words are independent of each other. When ten
 * times as many names as there are pages of memory were added, all counters
 * are halved: a walk over the words, constant time when spread over those
 * additions.
 */
#ifndef LOWTIDE_FREQUENCY_SKETCH_H
#define LOWTIDE_FREQUENCY_SKETCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum { SKETCH_ROWS = 4, SKETCH_MOST = 15, SKETCH_SAMPLE = 10 };

struct frequency_sketch {
    uint64_t *words; /* owned; a power of two of them */
    uint64_t word_count;
    uint64_t additions; /* since the last halving, halved then */
    uint64_t sample;    /* halve at so many */
};

/* For a memory of `pages`, forgetting all. False: out of memory, nothing has
 * changed. The sketch is zeroed or in use. */
static inline bool sketch_reset(struct frequency_sketch *sketch, uint64_t pages)
{
    uint64_t count = 16;

    while (count < pages)
        count *= 2;
    uint64_t *words = calloc(count, sizeof *words);

    if (!words)
        return false;
    free(sketch->words);
    *sketch = (struct frequency_sketch){words, count, 0, SKETCH_SAMPLE * pages};
    return true;
}

static inline void sketch_release(struct frequency_sketch *sketch)
{
    free(sketch->words);
    sketch->words = NULL;
}

/* Where the counter of a row is: a word, and the shift within it. */
static inline uint64_t *sketch_counter(const struct frequency_sketch *sketch,
                                       uint64_t name, unsigned row,
                                       unsigned *shift)
{
    static const uint64_t seeds[SKETCH_ROWS] = {
        UINT64_C(0xc3a5c85c97cb3127), UINT64_C(0xb492b66fbe98f273),
        UINT64_C(0x9ae16a3b2f90404f), UINT64_C(0xcbf29ce484222325)};
    uint64_t hash = (name + seeds[row]) * seeds[row];

    hash = (hash ^ hash >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 29;
    *shift = 16 * row + 4 * (unsigned)(hash >> 62);
    return &sketch->words[hash & (sketch->word_count - 1)];
}

static inline unsigned sketch_estimate(const struct frequency_sketch *sketch,
                                       uint64_t name)
{
    unsigned least = SKETCH_MOST;

    for (unsigned row = 0; row < SKETCH_ROWS; row++) {
        unsigned shift;
        const uint64_t *word = sketch_counter(sketch, name, row, &shift);
        const unsigned counter = *word >> shift & SKETCH_MOST;

        least = counter < least ? counter : least;
    }
    return least;
}

static inline void sketch_add(struct frequency_sketch *sketch, uint64_t name)
{
    bool is_added = false;

    for (unsigned row = 0; row < SKETCH_ROWS; row++) {
        unsigned shift;
        uint64_t *word = sketch_counter(sketch, name, row, &shift);

        if ((*word >> shift & SKETCH_MOST) == SKETCH_MOST)
            continue;
        *word += UINT64_C(1) << shift;
        is_added = true;
    }
    sketch->additions += is_added;
    if (sketch->additions < sketch->sample)
        return;
    for (uint64_t n = 0; n < sketch->word_count; n++)
        sketch->words[n] = sketch->words[n] >> 1 & UINT64_C(0x7777777777777777);
    sketch->additions /= 2;
}

#endif
