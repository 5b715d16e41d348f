/*
 * A page store: what a pager's disk holds of one object.
 *
 * Content numbers by page, remembered only for pages that were written back.
 * The others hold what the disk was made with, which the owner computes.
 */
#ifndef LOWTIDE_PAGE_STORE_H
#define LOWTIDE_PAGE_STORE_H

#include <stdbool.h>
#include <stdint.h>

struct page_store_chunk;

struct page_store {
    struct page_store_chunk **chunks; /* owned; by page / pages of a chunk */
    uint64_t chunk_count;
};

/* A zeroed struct is an empty store. */
void page_store_release(struct page_store *store);

/* Remember a page's content. False: the host has no memory for it. */
bool page_store_put(struct page_store *store, uint64_t page, uint64_t content);

/* The content of a page that was put; false: it never was. */
bool page_store_get(const struct page_store *store, uint64_t page,
                    uint64_t *content);

#endif
