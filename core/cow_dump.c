/*
 * Looking at a node: the picture one wants in a debugger, and the kernel's
 * small debug queries, which speak of the node's own list only.
 */
#include <inttypes.h>

#include "cow_internal.h"

static void dump_slot(const struct vm_cow_pages *cow, FILE *file,
                      unsigned depth, struct page_slot slot, uint64_t offset)
{
    const struct vm_page *pages = cow_pages_of(cow);
    fprintf(file, "%*s  page %" PRIu64 ": ", (int)depth * 2, "",
            bytes_to_pages(offset));
    if (slot_is_page(slot)) {
        const struct vm_page *page = cow_page(cow, slot_page(slot));
        static const char *const dirty[] = {"", " clean", " dirty",
                                            " awaiting clean"};
        fprintf(file,
                "frame %" PRIu32 " content %" PRIu64
                " queue %s pins %u%s%s%s%s\n",
                slot_page(slot), page->content,
                pq_queue_name((enum page_queue)page->queue),
                (unsigned)page->pin_count, dirty[page->dirty_state],
                page->left_split ? " L" : "", page->right_split ? " R" : "",
                page->always_need ? " A" : "");
    } else if (slot_is_reference(slot)) {
        fprintf(file, "reference %" PRIx64 "%s%s\n", slot_reference(slot),
                slot_left_split(slot, pages) ? " L" : "",
                slot_right_split(slot, pages) ? " R" : "");
    } else if (slot_is_marker(slot)) {
        fprintf(file, "zero\n");
    } else {
        static const char *const sentinels[] = {"slot", "start", "end"};
        fprintf(file, "interval %s, awaiting clean %" PRIu64 " pages\n",
                sentinels[slot_sentinel(slot)],
                bytes_to_pages(slot_awaiting_bytes(slot)));
    }
}

void vm_cow_dump(const struct vm_cow_pages *cow, FILE *file, unsigned depth,
                 bool verbose)
{
    struct vm_attribution own =
        vm_cow_attributed_pages_in_range(cow, 0, cow->size);
    fprintf(
        file,
        "%*snode %" PRIu32 "%s%s: %" PRIu64 " pages, view [%" PRIu64
        ", %" PRIu64 ") at %" PRIu64 ", charged %" PRIu64 "+%" PRIu64
        ", pins %" PRIu64 ", children %" PRIu32 ", priority %" PRId64
        ", refs %" PRIu32 ", source %s\n",
        (int)depth * 2, "", cow->handle, cow_is_hidden(cow) ? " hidden" : "",
        cow_is_slice(cow) ? " slice" : "", bytes_to_pages(cow->size),
        bytes_to_pages(cow->parent_start_limit),
        bytes_to_pages(cow->parent_limit), bytes_to_pages(cow->parent_offset),
        own.uncompressed_pages, own.compressed_pages, cow->pinned_page_count,
        cow->child_count, cow->high_priority_count, cow->refs,
        !cow->source               ? "none"
        : cow_is_pager_backed(cow) ? "pager"
                                   : "physical");
    if (!verbose)
        return;
    uint64_t at;
    const struct page_slot *slot;
    for (uint64_t from = 0;
         (slot = page_list_next(&cow->list, from, cow->size, &at));
         from = at + VM_PAGE_SIZE)
        dump_slot(cow, file, depth, *slot, at);
}

uint32_t vm_cow_debug_lookup_depth(const struct vm_cow_pages *cow)
{
    uint32_t depth = 0;
    for (; cow->parent; cow = cow->parent)
        depth++;
    return depth;
}

uint64_t vm_cow_debug_page_count(const struct vm_cow_pages *cow)
{
    uint64_t count = 0;
    uint64_t at;
    const struct page_slot *slot;
    for (uint64_t from = 0;
         (slot = page_list_next(&cow->list, from, cow->size, &at));
         from = at + VM_PAGE_SIZE)
        count += slot_is_page_or_reference(*slot);
    return count;
}

struct page_slot vm_cow_debug_get_slot(const struct vm_cow_pages *cow,
                                       uint64_t offset)
{
    return page_list_get(&cow->list, offset);
}

bool vm_cow_debug_is_in_interval(const struct vm_cow_pages *cow,
                                 uint64_t offset)
{
    return page_list_is_in_interval(&cow->list, offset);
}

bool vm_cow_debug_is_page(const struct vm_cow_pages *cow, uint64_t offset)
{
    return slot_is_page(page_list_get(&cow->list, offset));
}

bool vm_cow_debug_is_marker(const struct vm_cow_pages *cow, uint64_t offset)
{
    return slot_is_marker(page_list_get(&cow->list, offset));
}

bool vm_cow_debug_is_empty(const struct vm_cow_pages *cow, uint64_t offset)
{
    return slot_is_empty(page_list_get(&cow->list, offset));
}

page_index vm_cow_debug_get_page(const struct vm_cow_pages *cow,
                                 uint64_t offset)
{
    struct page_slot slot = page_list_get(&cow->list, offset);
    return slot_is_page(slot) ? slot_page(slot) : PAGE_NONE;
}

struct vm_cow_pages *vm_cow_debug_get_parent(const struct vm_cow_pages *cow)
{
    return cow->parent;
}
