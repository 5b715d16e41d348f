#include "reclaimed_set.h"

#include <string.h>

/* Room for chunk number `chunk`; false when the host has no memory. */
static bool grow(struct reclaimed_set *set, uint64_t chunk)
{
    uint64_t count = chunk + 1 + chunk / 2;
    uint64_t **chunks = realloc(set->chunks, count * sizeof *chunks);
    if (!chunks)
        return false;
    memset(chunks + set->chunk_count, 0,
           (count - set->chunk_count) * sizeof *chunks);
    set->chunks = chunks;
    set->chunk_count = count;
    return true;
}

void reclaimed_set_make_room(struct reclaimed_set *set, uint64_t page)
{
    uint64_t chunk = page / RECLAIMED_CHUNK_PAGES;
    if (chunk >= set->chunk_count && !grow(set, chunk))
        return;
    if (!set->chunks[chunk])
        set->chunks[chunk] = calloc(RECLAIMED_CHUNK_PAGES / 64, 8);
}

void reclaimed_set_release(struct reclaimed_set *set)
{
    for (uint64_t i = 0; i < set->chunk_count; i++)
        free(set->chunks[i]);
    free(set->chunks);
    *set = (struct reclaimed_set){0};
}
