/*
 * Stack distances: how many other pages were used since a page was used last.
 *
 * LRU keeps the pages used most recently, so a memory of C pages holds what a
 * memory of C - 1 holds and one page more (the inclusion property): a request
 * hits exactly if its distance is below C. One pass that counts the distances
 * therefore knows the misses of every size.
 *
 * R. L. Mattson, J. Gecsei, D. R. Slutz, I. L. Traiger, "Evaluation techniques
 * for storage hierarchies", IBM Systems Journal 9 (2), 1970. Mattson's stack is
 * searched from the top; here, as in F. Olken's thesis (Lawrence Berkeley
 * Laboratory, 1981), a tree counts, so that a request takes O(log pages).
 */
#ifndef LOWTIDE_STUDY_STACK_DISTANCE_H
#define LOWTIDE_STUDY_STACK_DISTANCE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Every request has a time stamp. A stamp is live while it is the last of its
 * page:
 *
 *   requests     a  b  a  c  b  a          distance of the last: b, c = 2
 *   stamp        1  2  3  4  5  6
 *   live before        .  x  x  x
 *   live after   .  .  .  x  x  x          last[] = a: 6, b: 5, c: 4
 */
struct stack_distance {
    uint32_t *last;      /* by page: its live stamp; 0: not used yet */
    uint64_t *at;        /* by distance: requests that had it */
    uint64_t page_room;  /* entries of both */
    uint64_t *live;      /* a bit for each stamp */
    uint32_t *tree;      /* Fenwick tree over blocks of stamps: live ones */
    uint64_t block_room; /* a power of two */
    uint64_t now;        /* the last stamp given */

    uint64_t pages;    /* distinct pages so far = live stamps */
    uint64_t requests; /* so far */
};

/* False: the host has no memory; nothing is held then. */
bool stack_distance_init(struct stack_distance *stack);
void stack_distance_release(struct stack_distance *stack);

/*
 * One request. New pages are numbered by first appearance: `page` is one seen
 * before, or the lowest number not seen. False: the host has no memory.
 */
bool stack_distance_access(struct stack_distance *stack, uint32_t page);

/* A request for `page` comes soon. Always inline: see trace_ids.h. */
__attribute__((always_inline)) static inline void
stack_distance_prefetch(const struct stack_distance *stack, uint32_t page)
{
    if (page < stack->page_room)
        __builtin_prefetch(&stack->last[page], 1);
}

/*
 * Misses of LRU with `memory_pages` of memory for the requests so far, first
 * uses included. Takes time in proportion to the smaller of memory_pages and
 * the pages.
 */
uint64_t stack_distance_misses(const struct stack_distance *stack,
                               uint64_t memory_pages);

/* The first broken rule, NULL if none: stamps, bits and tree agree. */
const char *stack_distance_valid(const struct stack_distance *stack);

#endif
