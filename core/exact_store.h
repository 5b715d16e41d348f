/*
 * The exact store: as many pages as the items' bytes fill, and no gaps. What a
 * store that packs perfectly would take; only sizes are kept.
 */
#ifndef VMCOW_EXACT_STORE_H
#define VMCOW_EXACT_STORE_H

#include "pmm.h"

/* Empty: all zero but for `pmm`. Written here alone. */
struct exact_store {
    struct pmm *pmm;         /* borrowed */
    struct page_chain pages; /* in STORE state */
    uint64_t item_count;
    uint64_t stored_bytes;
};

/* Add an item of `length` bytes (1 .. 4096); `spare` as for tri_page_store().
 * VM_OK or VM_NO_MEMORY. */
enum vm_status exact_store_add(struct exact_store *store, uint32_t length,
                               page_index *spare);
/* Forget an item of that length; pages no longer needed go back. */
void exact_store_remove(struct exact_store *store, uint32_t length);
/* Forget everything; the pages go back. */
void exact_store_release(struct exact_store *store);

/* Returns the first broken invariant, NULL if none. */
const char *exact_store_valid(const struct exact_store *store);

#endif
