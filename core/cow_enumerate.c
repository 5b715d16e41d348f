/*
 * Enumerating pages without changing anything: a node's own, all that can be
 * read through it, and what a read would see.
 */
#include "cow_internal.h"

static enum vm_status check_range(const struct vm_cow_pages *cow,
                                  uint64_t offset, uint64_t length)
{
    if (length == 0)
        return VM_INVALID_ARGS;
    return range_is_inside(offset, length, cow->size) ? VM_OK : VM_OUT_OF_RANGE;
}

/* The node that holds a slice's content, and where. */
static struct vm_cow_pages *resolve_slice(struct vm_cow_pages *cow,
                                          uint64_t *shift)
{
    *shift = 0;
    while (cow_is_slice(cow)) {
        *shift += cow->parent_offset;
        cow = cow->parent;
    }
    return cow;
}

/*
 * Report the pages of [start, end) of a node's list as starting at `as`.
 * VM_NEXT: all were reported; VM_STOP or an error: the callback's.
 */
static enum vm_status report_pages(const struct vm_cow_pages *cow,
                                   uint64_t start, uint64_t end, uint64_t as,
                                   vm_cow_lookup_fn fn, void *context)
{
    uint64_t at;
    const struct page_slot *slot;
    for (uint64_t from = start;
         (slot = page_list_next(&cow->list, from, end, &at));
         from = at + VM_PAGE_SIZE) {
        if (!slot_is_page(*slot))
            continue;
        enum vm_status status = fn(context, at - start + as, slot_page(*slot));
        if (status != VM_NEXT)
            return status;
    }
    return VM_NEXT;
}

static enum vm_status final_status(enum vm_status status)
{
    return status == VM_NEXT || status == VM_STOP ? VM_OK : status;
}

enum vm_status vm_cow_lookup(struct vm_cow_pages *cow, uint64_t offset,
                             uint64_t length, vm_cow_lookup_fn fn,
                             void *context)
{
    enum vm_status status = check_range(cow, offset, length);
    if (status != VM_OK)
        return status;
    uint64_t start = page_round_down(offset);
    uint64_t end = page_round_up(offset + length);
    uint64_t shift;
    cow = resolve_slice(cow, &shift);
    return final_status(
        report_pages(cow, start + shift, end + shift, start, fn, context));
}

/*
 * The kernel stops after its first trip to an ancestor, because its test of
 * the status there is always true; here the walk goes on, as was meant.
 */
enum vm_status vm_cow_lookup_readable(struct vm_cow_pages *cow, uint64_t offset,
                                      uint64_t length, vm_cow_lookup_fn fn,
                                      void *context)
{
    enum vm_status status = check_range(cow, offset, length);
    if (status != VM_OK)
        return status;
    uint64_t position = page_round_down(offset);
    uint64_t end = page_round_up(offset + length);
    uint64_t shift;
    cow = resolve_slice(cow, &shift);
    for (; position < end; position += VM_PAGE_SIZE) {
        struct vm_cow_pages *owner;
        uint64_t owner_offset;
        const struct page_slot *slot =
            page_list_lookup(&cow->list, position + shift);
        if (!slot || slot_is_empty(*slot))
            slot = cow_find_initial_content(cow, position + shift, &owner,
                                            &owner_offset, NULL, NULL);
        if (!slot || !slot_is_page(*slot))
            continue;
        status = fn(context, position, slot_page(*slot));
        if (status != VM_NEXT)
            return final_status(status);
    }
    return VM_OK;
}

bool vm_cow_peek_content(struct vm_cow_pages *cow, uint64_t offset,
                         uint64_t *content)
{
    uint64_t shift;
    cow = resolve_slice(cow, &shift);
    offset += shift;
    struct vm_cow_pages *owner = cow;
    uint64_t owner_offset = offset;
    const struct page_slot *slot = page_list_lookup(&cow->list, offset);
    if (!slot || slot_is_empty(*slot))
        slot = cow_find_initial_content(cow, offset, &owner, &owner_offset,
                                        NULL, NULL);
    *content = 0;
    if (slot && slot_is_page(*slot)) {
        *content = cow_page(owner, slot_page(*slot))->content;
        return true;
    }
    if (slot && slot_is_reference(*slot)) {
        *content =
            compressor_peek(owner->machine->compressor, slot_reference(*slot));
        return true;
    }
    if ((slot && !slot_is_empty(*slot)) || !owner->source)
        return true; /* marker, interval, or nothing that could supply */
    return !cow_is_pager_backed(owner) ||
           page_list_is_in_interval(&owner->list, owner_offset);
}
