#include "reclaimed_set.h"

#include <string.h>

/* Room for chunk number `chunk`; false when the host has no memory. */
static bool grow(struct reclaimed_set *set, uint64_t chunk)
{
    uint64_t count = chunk + 1 + chunk / 2;
    struct reclaimed_chunk **chunks =
        realloc(set->chunks, count * sizeof(struct reclaimed_chunk *));
    if (!chunks)
        return false;
    memset(chunks + set->chunk_count, 0,
           (count - set->chunk_count) * sizeof(struct reclaimed_chunk *));
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
        set->chunks[chunk] = calloc(1, sizeof(struct reclaimed_chunk));
}

void reclaimed_set_stamp(struct reclaimed_set *set, uint64_t page,
                         uint32_t stamp)
{
    if (!reclaimed_set_has(set, page))
        return; /* there was no memory for it */
    struct reclaimed_chunk *chunk = set->chunks[page / RECLAIMED_CHUNK_PAGES];
    if (!chunk->stamps)
        chunk->stamps = calloc(RECLAIMED_CHUNK_PAGES, sizeof *chunk->stamps);
    if (chunk->stamps)
        chunk->stamps[page % RECLAIMED_CHUNK_PAGES] = stamp;
}

bool reclaimed_set_stamp_of(const struct reclaimed_set *set, uint64_t page,
                            uint32_t *stamp)
{
    if (!reclaimed_set_has(set, page))
        return false;
    const struct reclaimed_chunk *chunk =
        set->chunks[page / RECLAIMED_CHUNK_PAGES];
    if (!chunk->stamps)
        return false;
    *stamp = chunk->stamps[page % RECLAIMED_CHUNK_PAGES];
    return true;
}

void reclaimed_set_release(struct reclaimed_set *set)
{
    for (uint64_t i = 0; i < set->chunk_count; i++) {
        if (set->chunks[i])
            free(set->chunks[i]->stamps);
        free(set->chunks[i]);
    }
    free(set->chunks);
    *set = (struct reclaimed_set){0};
}
