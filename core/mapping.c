#include "mapping.h"

#include <stdlib.h>

#include "check.h"
#include "rare_paths.h"

enum vm_status mapping_init(struct vm_mapping *mapping, uint64_t offset,
                            uint64_t page_count, bool is_writable)
{
    *mapping = (struct vm_mapping){
        .offset = offset,
        .page_count = page_count,
        .is_writable = is_writable,
    };
    mapping->entries =
        host_calloc(page_count ? page_count : 1, sizeof *mapping->entries);
    return mapping->entries ? VM_OK : VM_NO_MEMORY;
}

void mapping_release(struct vm_mapping *mapping)
{
    free(mapping->entries);
    mapping->entries = NULL;
}

void mapping_range_change(struct vm_mapping *mapping, uint64_t offset,
                          uint64_t length, enum range_change change)
{
    uint64_t mapped_end = mapping->offset + pages_to_bytes(mapping->page_count);
    uint64_t start = u64_max(offset, mapping->offset);
    uint64_t end = u64_min(offset + length, mapped_end);
    if (start >= end)
        return;
    mapping->range_changes++;
    if (change == RANGE_DEBUG_UNPIN || mapping->present_count == 0 ||
        (change == RANGE_UNMAP && mapping->is_faulting))
        return;
    uint64_t last = bytes_to_pages(end - mapping->offset);
    for (uint64_t page = bytes_to_pages(start - mapping->offset); page < last;
         page++) {
        mapping_entry *entry = &mapping->entries[page];
        if (!(*entry & MAPPING_PRESENT))
            continue;
        if (change == RANGE_REMOVE_WRITE) {
            *entry &= ~(mapping_entry)MAPPING_WRITABLE;
            continue;
        }
        *entry = 0;
        mapping->present_count--;
    }
}

uint64_t mapping_harvest(struct vm_mapping *mapping, struct page_queues *pqs,
                         bool clear)
{
    uint64_t found = 0;
    if (mapping->present_count == 0)
        return 0;
    for (uint64_t page = 0; page < mapping->page_count; page++) {
        mapping_entry entry = mapping->entries[page];
        if (!(entry & MAPPING_ACCESSED))
            continue;
        found++;
        page_index target = entry >> MAPPING_PAGE_SHIFT;
        if (target != PAGE_NONE)
            pq_mark_accessed(pqs, target, RECLAIM_ACCESSED_SCAN);
        if (clear)
            mapping->entries[page] = entry & ~(mapping_entry)MAPPING_ACCESSED;
    }
    return found;
}
