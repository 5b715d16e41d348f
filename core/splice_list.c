#include "splice_list.h"

#include "check.h"

void splice_list_init(struct splice_list *splice, uint64_t offset,
                      uint64_t length, uint64_t skew)
{
    CHECK(is_page_aligned(offset));
    CHECK(is_page_aligned(length));
    *splice = (struct splice_list){.offset = offset, .length = length};
    page_list_init(&splice->list, skew);
}

void splice_list_release(struct splice_list *splice, struct vm_page *pages,
                         page_slot_release_fn release, void *context)
{
    if (splice->has_raw_chain) {
        page_index page;
        while ((page = page_chain_pop_head(&splice->chain, pages)))
            release(context, slot_of_page(page), 0);
    }
    page_list_remove_all(&splice->list, release, context);
    page_list_release(&splice->list);
    splice->position = splice->length;
    splice->is_finalized = true;
}

/* The splice list has it already. */
static void let_go(void *context, struct page_slot content, uint64_t offset)
{
    (void)context;
    (void)content;
    (void)offset;
}

enum vm_status splice_list_take(struct splice_list *splice,
                                struct page_list *list, uint64_t offset,
                                uint64_t length)
{
    splice_list_init(splice, offset, length, list->skew);
    uint64_t at;
    const struct page_slot *slot;
    for (uint64_t from = offset;
         (slot = page_list_next(list, from, offset + length, &at));
         from = at + VM_PAGE_SIZE) {
        CHECK(!slot_is_interval(*slot));
        struct page_slot *room = page_list_lookup_or_allocate(
            &splice->list, at, SLOT_NO_INTERVALS, NULL);
        if (!room) {
            page_list_release(&splice->list);
            return VM_NO_MEMORY;
        }
        *room = *slot;
    }
    page_list_remove_range(list, offset, offset + length, let_go, NULL);
    splice->is_finalized = true;
    return VM_OK;
}

void splice_list_of_chain(struct splice_list *splice, uint64_t offset,
                          struct page_chain *chain)
{
    splice_list_init(splice, offset, pages_to_bytes(chain->count), 0);
    splice->has_raw_chain = true;
    splice->chain = *chain;
    splice->is_finalized = true;
    *chain = PAGE_CHAIN_EMPTY;
}

enum vm_status splice_list_append(struct splice_list *splice,
                                  struct page_slot content)
{
    CHECK(!splice->is_finalized);
    CHECK(!splice->has_raw_chain);
    CHECK(splice->position < splice->length);
    CHECK(!slot_is_interval(content));
    if (!slot_is_empty(content)) {
        struct page_slot *slot = page_list_lookup_or_allocate(
            &splice->list, splice->offset + splice->position, SLOT_NO_INTERVALS,
            NULL);
        if (!slot)
            return VM_NO_MEMORY;
        *slot = content;
    }
    splice->position += VM_PAGE_SIZE;
    return VM_OK;
}

void splice_list_finalize(struct splice_list *splice)
{
    CHECK(!splice->is_finalized);
    splice->is_finalized = true;
    splice->position = 0;
}

struct page_slot splice_list_pop(struct splice_list *splice,
                                 struct vm_page *pages)
{
    CHECK(splice->is_finalized);
    CHECK(splice->position < splice->length);
    uint64_t at = splice->offset + splice->position;
    splice->position += VM_PAGE_SIZE;
    if (splice->has_raw_chain)
        return slot_of_page(page_chain_pop_head(&splice->chain, pages));
    return page_list_remove(&splice->list, at);
}

struct page_slot *splice_list_peek_reference(struct splice_list *splice)
{
    CHECK(splice->is_finalized);
    struct page_slot *slot =
        page_list_lookup(&splice->list, splice->offset + splice->position);
    return slot && slot_is_reference(*slot) ? slot : NULL;
}

bool splice_list_is_processed(const struct splice_list *splice)
{
    return splice->is_finalized && splice->position >= splice->length;
}

bool splice_list_is_empty(const struct splice_list *splice)
{
    return page_list_is_empty(&splice->list) && splice->chain.count == 0;
}
