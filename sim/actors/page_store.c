/*
 * An array of chunks, made where pages are written: written pages of an
 * object tend to be near each other, and a hash table would take three times
 * the memory for each.
 */
#include "actors/page_store.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_SHIFT = 9, CHUNK_PAGES = 1 << CHUNK_SHIFT };

struct page_store_chunk {
    uint64_t known[CHUNK_PAGES / 64];
    uint64_t content[CHUNK_PAGES];
};

void page_store_release(struct page_store *store)
{
    for (uint64_t i = 0; i < store->chunk_count; i++)
        free(store->chunks[i]);
    free(store->chunks);
    *store = (struct page_store){.chunks = NULL};
}

static bool reach(struct page_store *store, uint64_t chunk)
{
    uint64_t count = store->chunk_count ? store->chunk_count : 1;

    if (chunk < store->chunk_count)
        return true;
    while (count <= chunk)
        count *= 2;
    struct page_store_chunk **grown =
        realloc(store->chunks, count * sizeof(struct page_store_chunk *));
    if (!grown)
        return false;
    memset(grown + store->chunk_count, 0,
           (count - store->chunk_count) * sizeof(struct page_store_chunk *));
    store->chunks = grown;
    store->chunk_count = count;
    return true;
}

bool page_store_put(struct page_store *store, uint64_t page, uint64_t content)
{
    uint64_t number = page >> CHUNK_SHIFT;
    uint64_t i = page & (CHUNK_PAGES - 1);

    if (!reach(store, number))
        return false;
    if (!store->chunks[number])
        store->chunks[number] = calloc(1, sizeof(struct page_store_chunk));
    struct page_store_chunk *chunk = store->chunks[number];
    if (!chunk)
        return false;
    chunk->known[i / 64] |= UINT64_C(1) << i % 64;
    chunk->content[i] = content;
    return true;
}

bool page_store_get(const struct page_store *store, uint64_t page,
                    uint64_t *content)
{
    uint64_t number = page >> CHUNK_SHIFT;
    uint64_t i = page & (CHUNK_PAGES - 1);

    if (number >= store->chunk_count || !store->chunks[number])
        return false;
    const struct page_store_chunk *chunk = store->chunks[number];
    if (!(chunk->known[i / 64] >> i % 64 & 1))
        return false;
    *content = chunk->content[i];
    return true;
}
