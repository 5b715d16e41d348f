/*
 * Memory that is given back all at once: what a scenario is made of.
 *
 *     newest block             older               oldest
 *     [used........|free] ---> [used.....|..] ---> [used...|.]
 *
 * Only the newest block is filled; what is larger than a block gets one of its
 * own. Everything is zeroed and aligned for any type.
 */
#ifndef LOWTIDE_SCENARIO_ARENA_H
#define LOWTIDE_SCENARIO_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* NULL: out of memory. Freed with all that was taken from it; NULL allowed. */
struct arena *arena_new(void);
void arena_free(struct arena *arena);

/* Zeroed bytes; NULL when memory ran out, remembered by arena_failed(). */
void *arena_alloc(struct arena *arena, size_t bytes);
/* As arena_alloc(count * size); NULL also where the product is too large. */
void *arena_array(struct arena *arena, size_t count, size_t size);
/* A copy of `length` bytes with a NUL behind. */
char *arena_copy(struct arena *arena, const char *text, size_t length);

/* Has any request failed? */
bool arena_failed(const struct arena *arena);

#endif
