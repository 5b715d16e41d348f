/*
 * The tri-page store: up to three compressed items in one physical page.
 *
 *   0      l                 2048 - ceil(m/2)            4096-r   4096
 *   [left ]. . . . . . . . . [  middle  ] . . . . . . . . [ right ]
 *
 * Pages with room are kept in 64 buckets by their largest gap, in units of 64
 * bytes; pages without are kept apart. Nothing is ever moved. An item goes to
 * the tightest page that has room, there to where it leaves the larger gap.
 */
#ifndef VMCOW_TRI_PAGE_H
#define VMCOW_TRI_PAGE_H

#include "pmm.h"

struct tri_page_store;

/* Pages come from `pmm` (borrowed). NULL: out of memory. */
struct tri_page_store *tri_page_new(struct pmm *pmm);
/* Items are gone with it; its pages go back to the pmm. */
void tri_page_free(struct tri_page_store *store);

/*
 * Store `length` bytes (1 .. 4096), copied from `data` (NULL: sizes only).
 *
 *   spare      in: a page in ALLOC state that may be used, or PAGE_NONE;
 *              out: PAGE_NONE if it was used
 *   reference  the item's name: low 4 bits zero, valid until released
 *
 * VM_OK, or VM_NO_MEMORY when a page was needed and there was none.
 */
enum vm_status tri_page_store(struct tri_page_store *store, const void *data,
                              uint32_t length, page_index *spare,
                              uint64_t *reference);

/* The item's bytes (NULL if stored without) and length; borrowed. */
const void *tri_page_item(const struct tri_page_store *store,
                          uint64_t reference, uint32_t *length);

/* Forget the item; a page that is empty then goes back to the pmm. */
void tri_page_release(struct tri_page_store *store, uint64_t reference);

/* Pages used, items held, and the sum of their lengths. */
uint64_t tri_page_page_count(const struct tri_page_store *store);
uint64_t tri_page_item_count(const struct tri_page_store *store);
uint64_t tri_page_stored_bytes(const struct tri_page_store *store);

/* Returns the first broken rule, NULL if none: all items are counted, none
 * overlap, pages with room are in the bucket of their largest gap. */
const char *tri_page_valid(const struct tri_page_store *store);

#endif
