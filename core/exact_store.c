/*
 * pages = ceil(bytes / 4096), kept with every item. An item is at most a page,
 * so one page more is always enough and at most one becomes free.
 */
#include "exact_store.h"

#include <stddef.h>

#include "check.h"

static uint64_t pages_for(uint64_t bytes)
{
    return bytes_to_pages(page_round_up(bytes));
}

enum vm_status exact_store_add(struct exact_store *store, uint32_t length,
                               page_index *spare)
{
    CHECK(length > 0);
    CHECK(length <= VM_PAGE_SIZE);
    if (pages_for(store->stored_bytes + length) > store->pages.count) {
        page_index page = *spare;

        if (page == PAGE_NONE &&
            pmm_alloc_page(store->pmm, PMM_ALLOC_ANY, &page) != VM_OK)
            return VM_NO_MEMORY;
        CHECK(store->pmm->pages[page].state == PAGE_ALLOC);
        *spare = PAGE_NONE;
        store->pmm->pages[page].state = PAGE_STORE;
        page_chain_push_head(&store->pages, store->pmm->pages, page);
    }
    store->stored_bytes += length;
    store->item_count++;
    return VM_OK;
}

static void drop_surplus(struct exact_store *store)
{
    while (store->pages.count > pages_for(store->stored_bytes)) {
        page_index page = page_chain_pop_head(&store->pages, store->pmm->pages);

        store->pmm->pages[page].state = PAGE_ALLOC;
        pmm_free_page(store->pmm, page);
    }
}

void exact_store_remove(struct exact_store *store, uint32_t length)
{
    CHECK(store->item_count > 0);
    CHECK(store->stored_bytes >= length);
    store->stored_bytes -= length;
    store->item_count--;
    drop_surplus(store);
}

void exact_store_release(struct exact_store *store)
{
    store->stored_bytes = 0;
    store->item_count = 0;
    drop_surplus(store);
}

const char *exact_store_valid(const struct exact_store *store)
{
    uint64_t walked = 0;

    for (page_index page = store->pages.head; page;
         page = store->pmm->pages[page].next) {
        if (store->pmm->pages[page].state != PAGE_STORE)
            return "a store page is in STORE state";
        walked++;
    }
    if (walked != store->pages.count)
        return "count = length of the list";
    if (walked != pages_for(store->stored_bytes))
        return "pages = bytes rounded up to pages";
    return NULL;
}
