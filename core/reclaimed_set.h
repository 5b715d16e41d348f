/*
 * Which pages of an object reclaim has taken and nobody has brought back: one
 * bit a page in chunks of 4 KiB, made as they are needed. A fault on such a
 * page is a refault, one elsewhere a first touch. This is what a kernel keeps
 * as shadow entries (Linux' mm/workingset.c).
 *
 * With each page a stamp may be kept: how many pages the machine had reclaimed
 * before. The difference to their number at the refault is the refault
 * distance: how many pages more memory would have spared it. Stamps are 32
 * bits of that number, which is enough as long as four thousand million pages
 * are not reclaimed in between.
 *
 * Best effort: where the host has no memory for a chunk the bit is not kept.
 */
#ifndef VMCOW_RECLAIMED_SET_H
#define VMCOW_RECLAIMED_SET_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum { RECLAIMED_CHUNK_PAGES = 4096 * 8, RECLAIMED_STAMP_PAGES = 512 };

/* The bits of so many pages in a row, and their stamps where some were given. */
struct reclaimed_chunk {
    uint64_t bits[RECLAIMED_CHUNK_PAGES / 64];
    /* of so many pages each, owned; NULL: none was given */
    uint32_t *stamps[RECLAIMED_CHUNK_PAGES / RECLAIMED_STAMP_PAGES];
};

/* All zero is the empty set. */
struct reclaimed_set {
    struct reclaimed_chunk **chunks; /* owned; NULL where none is needed yet */
    uint64_t chunk_count;
};

/* The page's chunk; NULL: it is not there. */
static inline struct reclaimed_chunk *
reclaimed_set_chunk(const struct reclaimed_set *set, uint64_t page)
{
    uint64_t chunk = page / RECLAIMED_CHUNK_PAGES;
    return chunk < set->chunk_count ? set->chunks[chunk] : NULL;
}

/* The word with the page's bit; NULL: its chunk is not there. */
static inline uint64_t *reclaimed_set_word(const struct reclaimed_set *set,
                                           uint64_t page)
{
    struct reclaimed_chunk *chunk = reclaimed_set_chunk(set, page);
    return chunk ? &chunk->bits[page % RECLAIMED_CHUNK_PAGES / 64] : NULL;
}

/* Pages are numbers within the object, here and below. */
static inline bool reclaimed_set_has(const struct reclaimed_set *set,
                                     uint64_t page)
{
    const uint64_t *word = reclaimed_set_word(set, page);
    return word && (*word >> page % 64 & 1);
}

/* It has come back, or never was there. */
static inline void reclaimed_set_remove(struct reclaimed_set *set,
                                        uint64_t page)
{
    uint64_t *word = reclaimed_set_word(set, page);
    if (word)
        *word &= ~(UINT64_C(1) << page % 64);
}

/* The chunk of `page` is made; best effort. */
void reclaimed_set_make_room(struct reclaimed_set *set, uint64_t page);

/* Reclaim has taken it; best effort. */
static inline void reclaimed_set_add(struct reclaimed_set *set, uint64_t page)
{
    uint64_t *word = reclaimed_set_word(set, page);
    if (!word) {
        reclaimed_set_make_room(set, page);
        word = reclaimed_set_word(set, page);
    }
    if (word)
        *word |= UINT64_C(1) << page % 64;
}

/* The page, which was added, gets a stamp. */
void reclaimed_set_stamp(struct reclaimed_set *set, uint64_t page,
                         uint32_t stamp);
/* The stamp of a page that is in the set; false: it has none. */
bool reclaimed_set_stamp_of(const struct reclaimed_set *set, uint64_t page,
                            uint32_t *stamp);

/* Empty again; gives the memory back. */
void reclaimed_set_release(struct reclaimed_set *set);

#endif
