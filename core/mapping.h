/*
 * Mappings: what a user's page table knows of an object's pages.
 *
 *   entry: [ page index << 3 | accessed | writable | present ]
 *
 * An access to a present entry sets its accessed bit and is over: no call, no
 * indirection, no allocation. Everything else is a fault (vmo_op.h). Changes of
 * an object's pages reach its mappings as range changes, which drop entries
 * (UNMAP) or make them read-only (REMOVE_WRITE). Accessed bits are harvested
 * by a scan. Page 0 of an entry is the shared zero page.
 */
#ifndef VMCOW_MAPPING_H
#define VMCOW_MAPPING_H

#include <sys/queue.h>

#include "check.h"
#include "page_queues.h"

typedef uint32_t mapping_entry;

/* Bits of an entry; the page's index is above them. */
enum {
    MAPPING_PRESENT = 1,
    MAPPING_WRITABLE = 2,
    MAPPING_ACCESSED = 4,
    MAPPING_PAGE_SHIFT = 3
};

/* What a range change does to mappings (header: RangeChangeOp). */
enum range_change {
    RANGE_UNMAP,
    RANGE_REMOVE_WRITE,
    RANGE_DEBUG_UNPIN, /* changes nothing */
};

/* Made by vmo_map(), or by mapping_init() where no object is wanted. */
struct vm_mapping {
    uint64_t offset; /* bytes within the object, aligned */
    uint64_t page_count;
    mapping_entry *entries; /* owned; page_count of them */
    bool is_writable;       /* writes are permitted */
    bool is_high_priority;
    bool is_faulting;       /* keeps its own entry through an UNMAP */
    uint64_t present_count; /* entries that are present */
    uint64_t range_changes; /* range changes that met this mapping */
    LIST_ENTRY(vm_mapping) by_owner;
    void *user; /* the engine's */
};
LIST_HEAD(vm_mapping_list, vm_mapping);

/*
 * A mapping of `page_count` pages from `offset` (bytes, aligned) on, nothing
 * present. `entries` are taken lazily from the host: a large sparse mapping costs
 * little. VM_OK or VM_NO_MEMORY.
 */
enum vm_status mapping_init(struct vm_mapping *mapping, uint64_t offset,
                            uint64_t page_count, bool is_writable);
/* Gives the entries back; the struct is the caller's. */
void mapping_release(struct vm_mapping *mapping);

/*
 * The fast path of an access. `page` counts from the mapping's start and is
 * below page_count. Returns whether the entry served it; false: fault.
 */
static inline bool mapping_access(struct vm_mapping *mapping, uint64_t page,
                                  bool is_write)
{
    mapping_entry entry = mapping->entries[page];
    mapping_entry need =
        MAPPING_PRESENT | (is_write ? (mapping_entry)MAPPING_WRITABLE : 0);
    if ((entry & need) != need)
        return false;
    if (!(entry & MAPPING_ACCESSED))
        mapping->entries[page] = entry | MAPPING_ACCESSED;
    return true;
}

/* Is `page`, counted from the mapping's start, in it and present? */
static inline bool mapping_is_present(const struct vm_mapping *mapping,
                                      uint64_t page)
{
    return page < mapping->page_count &&
           (mapping->entries[page] & MAPPING_PRESENT);
}

/* The page behind a present entry; PAGE_NONE stands for the zero page. */
static inline page_index mapping_page(const struct vm_mapping *mapping,
                                      uint64_t page)
{
    return mapping->entries[page] >> MAPPING_PAGE_SHIFT;
}

/* Enter a translation (over an old one, too), marked accessed or not. */
static inline void mapping_enter(struct vm_mapping *mapping, uint64_t page,
                                 page_index target, bool is_writable,
                                 bool is_accessed)
{
    CHECK(page < mapping->page_count);
    CHECK(target <= PAGE_INDEX_MAX);
    mapping_entry *entry = &mapping->entries[page];
    mapping->present_count += !(*entry & MAPPING_PRESENT);
    *entry = (mapping_entry)target << MAPPING_PAGE_SHIFT | MAPPING_PRESENT |
             (is_writable ? (mapping_entry)MAPPING_WRITABLE : 0) |
             (is_accessed ? (mapping_entry)MAPPING_ACCESSED : 0);
}

/* An UNMAP of the object's one page at `offset` bytes. */
static inline void mapping_unmap_page(struct vm_mapping *mapping,
                                      uint64_t offset)
{
    if (offset < mapping->offset)
        return;
    uint64_t page = bytes_to_pages(offset - mapping->offset);
    if (page >= mapping->page_count)
        return;
    mapping->range_changes++;
    if (!(mapping->entries[page] & MAPPING_PRESENT) || mapping->is_faulting)
        return;
    mapping->entries[page] = 0;
    mapping->present_count--;
}

/* A range change over [offset, offset + length) of the object, in bytes, aligned;
 * what the mapping does not show is ignored. While it is faulting, nothing is
 * unmapped. */
void mapping_range_change(struct vm_mapping *mapping, uint64_t offset,
                          uint64_t length, enum range_change change);

/*
 * Report every accessed entry's page to the policy (once per entry) behind `pqs`,
 * which is borrowed; `clear` also clears the bits. Returns how many were found.
 */
uint64_t mapping_harvest(struct vm_mapping *mapping, struct page_queues *pqs,
                         bool clear);

#endif
