#include "scenario/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 16 * 1024 };

struct block {
    struct block *older;
    size_t used, capacity; /* bytes */
    alignas(max_align_t) unsigned char bytes[];
};

struct arena {
    struct block *newest;
    bool failed;
};

struct arena *arena_new(void)
{
    return calloc(1, sizeof(struct arena));
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    while (arena->newest) {
        struct block *older = arena->newest->older;
        free(arena->newest);
        arena->newest = older;
    }
    free(arena);
}

static struct block *block_new(size_t capacity)
{
    struct block *block = malloc(sizeof *block + capacity);
    if (!block)
        return NULL;
    block->older = NULL;
    block->used = 0;
    block->capacity = capacity;
    return block;
}

/* A block with room for `bytes`, NULL when memory ran out. */
static struct block *make_room(struct arena *arena, size_t bytes)
{
    struct block *newest = arena->newest;
    if (newest && newest->capacity - newest->used >= bytes)
        return newest;
    struct block *block = block_new(bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES);
    if (!block)
        return NULL;
    /* a block that one large request fills must not hide a half-empty one */
    if (newest && bytes > BLOCK_BYTES) {
        block->older = newest->older;
        newest->older = block;
    } else {
        block->older = newest;
        arena->newest = block;
    }
    return block;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    size_t align = alignof(max_align_t);
    if (bytes > SIZE_MAX / 2) {
        arena->failed = true;
        return NULL;
    }
    bytes = (bytes + align - 1) / align * align;
    struct block *block = make_room(arena, bytes);
    if (!block) {
        arena->failed = true;
        return NULL;
    }
    void *memory = block->bytes + block->used;
    block->used += bytes;
    return memset(memory, 0, bytes);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        arena->failed = true;
        return NULL;
    }
    return arena_alloc(arena, bytes);
}

char *arena_copy(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);
    if (copy)
        memcpy(copy, text, length);
    return copy;
}

bool arena_failed(const struct arena *arena)
{
    return arena->failed;
}
