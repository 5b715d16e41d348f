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

/* The block with the page's stamp; NULL: its chunk is not there. */
static uint32_t **stamps_of(const struct reclaimed_set *set, uint64_t page)
{
    struct reclaimed_chunk *chunk = reclaimed_set_chunk(set, page);
    return chunk ? &chunk->stamps[page % RECLAIMED_CHUNK_PAGES /
                                  RECLAIMED_STAMP_PAGES]
                 : NULL;
}

void reclaimed_set_stamp(struct reclaimed_set *set, uint64_t page,
                         uint32_t stamp)
{
    uint32_t **stamps = stamps_of(set, page);
    if (!stamps)
        return; /* there was no memory for it */
    if (!*stamps)
        *stamps = calloc(RECLAIMED_STAMP_PAGES, sizeof **stamps);
    if (*stamps)
        (*stamps)[page % RECLAIMED_STAMP_PAGES] = stamp;
}

bool reclaimed_set_stamp_of(const struct reclaimed_set *set, uint64_t page,
                            uint32_t *stamp)
{
    uint32_t *const *stamps = stamps_of(set, page);
    if (!reclaimed_set_has(set, page) || !*stamps)
        return false;
    *stamp = (*stamps)[page % RECLAIMED_STAMP_PAGES];
    return true;
}

static void free_chunk(struct reclaimed_chunk *chunk)
{
    if (!chunk)
        return;
    for (int i = 0; i < RECLAIMED_CHUNK_PAGES / RECLAIMED_STAMP_PAGES; i++)
        free(chunk->stamps[i]);
    free(chunk);
}

void reclaimed_set_release(struct reclaimed_set *set)
{
    for (uint64_t i = 0; i < set->chunk_count; i++)
        free_chunk(set->chunks[i]);
    free(set->chunks);
    *set = (struct reclaimed_set){0};
}
