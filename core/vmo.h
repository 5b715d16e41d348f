/*
 * VMOs: the objects that users hold (header: VmObjectPaged). A VMO checks the
 * arguments in the kernel's order and works on its cow pages; several VMOs
 * may share one node (references). Parents and children here are what a user
 * sees: a clone's parent is the VMO it was made from, and when that one closes
 * its children go to its own parent.
 *
 * Offsets and lengths are bytes, not aligned unless a function says so. What
 * would be a broken rule in the core (unpinning what is not pinned, a negative
 * priority, detaching over pinned pages) is answered here by BAD_STATE first, so
 * that no caller's mistake can trip a check; but alignment is the caller's where
 * "aligned" is all that is said. VMOs are borrowed for a call. Operations that
 * may wait are in vmo_op.h.
 */
#ifndef VMCOW_VMO_H
#define VMCOW_VMO_H

#include "cow_pages.h"

/* What a VMO was made as; the last five from another VMO. */
enum vmo_kind {
    VMO_ANONYMOUS,
    VMO_PAGER,       /* content from a user pager */
    VMO_CONTIGUOUS,  /* frames in a row, never compressed */
    VMO_DISCARDABLE, /* anonymous, and may be thrown away while unlocked */
    VMO_SNAPSHOT,
    VMO_SNAPSHOT_AT_LEAST_ON_WRITE,
    VMO_SNAPSHOT_MODIFIED,
    VMO_SLICE,
    VMO_REFERENCE,
};

struct vmo;
LIST_HEAD(vmo_list, vmo);

/* Made and freed here; fields are for reading, but for `user`. */
struct vmo {
    struct vm_cow_owner owner; /* first: the core hands out owners */
    struct vm_machine *machine;
    enum vmo_kind kind;
    bool is_resizable;
    bool is_contiguous; /* this node itself, not what it was cloned from */
    bool is_discardable;
    uint64_t user_id;   /* unique, from vmo_create_args */
    struct vmo *parent; /* as users see it; NULL: none */
    struct vmo_list children;
    uint32_t child_count;
    LIST_ENTRY(vmo) by_parent;
    int64_t priority; /* by vmo_change_priority(); mappings count apart */
    void *user;       /* the engine's */
};

/* What vmo_create() makes; borrowed for the call. */
struct vmo_create_args {
    enum vmo_kind kind; /* one of the first four */
    uint64_t size;      /* bytes, a whole number of pages */
    bool is_resizable;
    bool traps_dirty;          /* VMO_PAGER: writes ask the pager first */
    bool cannot_decommit_zero; /* zeroing frees no page */
    bool can_wait;          /* allocations wait for memory instead of failing */
    uint64_t user_id;       /* non-zero, never used before */
    double compressibility; /* 0 .. 1: compressed share of a page */
    void *source_user;      /* VMO_PAGER: page_source.user */
};

/*
 * VM_OK with a VMO that the caller closes by vmo_close(); VM_NO_MEMORY (also
 * when a contiguous range can't be had), VM_INVALID_ARGS (size not aligned; a
 * kind that is made from another VMO; writes trapped without a pager; contiguous
 * and empty or resizable).
 */
enum vm_status vmo_create(struct vm_machine *machine,
                          const struct vmo_create_args *args, struct vmo **out);
/*
 * A clone that sees [offset, offset + size).
 *
 *   offset, size  aligned; may reach past the parent's end
 *   user_id       as in vmo_create_args
 *   out           set on success; the caller closes it
 *
 * VM_OK; VM_INVALID_ARGS (contiguous, not aligned, or offsets overflow);
 * VM_OUT_OF_RANGE (too large); VM_NOT_SUPPORTED (discardable, or not of this
 * kind); VM_BAD_STATE (uncached or pinned); VM_NO_MEMORY.
 */
enum vm_status vmo_create_clone(struct vmo *vmo, enum vm_clone_type type,
                                uint64_t offset, uint64_t size,
                                bool is_resizable, uint64_t user_id,
                                struct vmo **out);
/*
 * A window onto [offset, offset + size); `out` as above. VM_OK; VM_INVALID_ARGS
 * (not aligned or not within); VM_NOT_SUPPORTED (resizable or discardable);
 * VM_BAD_STATE (uncached); VM_NO_MEMORY.
 */
enum vm_status vmo_create_slice(struct vmo *vmo, uint64_t offset, uint64_t size,
                                uint64_t user_id, struct vmo **out);
/* Another VMO over the same pages; `out` as above. VM_OK or VM_NO_MEMORY. */
enum vm_status vmo_create_reference(struct vmo *vmo, uint64_t user_id,
                                    struct vmo **out);
/* The handle goes; its mappings must be gone before. Frees the struct; pages go
 * with the last VMO that can reach them. */
void vmo_close(struct vmo *vmo);

/* Bytes, aligned. */
uint64_t vmo_size(const struct vmo *vmo);
/* The node that it holds now: a clone made of it puts another in its place. */
static inline struct vm_cow_pages *vmo_cow(const struct vmo *vmo)
{
    return vmo->owner.cow;
}
/* The source at the root, borrowed; NULL when there is none. */
struct page_source *vmo_root_source(const struct vmo *vmo);

/* Operations that are over at once. ----------------------------------------- */

/*
 * Change the size, rounded up to pages: vm_cow_resize(). VM_OK; VM_UNAVAILABLE
 * (not resizable); VM_OUT_OF_RANGE (too large); VM_BAD_STATE (pinned);
 * VM_INVALID_ARGS (offsets overflow); VM_NO_MEMORY.
 */
enum vm_status vmo_resize(struct vmo *vmo, uint64_t size);
/*
 * Give the content of the range back: vm_cow_decommit_range(). VM_OK;
 * VM_NOT_SUPPORTED (contiguous and nothing is lent; a clone; a pager's);
 * VM_OUT_OF_RANGE; VM_INVALID_ARGS (not aligned); VM_BAD_STATE (pinned).
 */
enum vm_status vmo_decommit(struct vmo *vmo, uint64_t offset, uint64_t length);
/* Take a pin off each page of the range, rounded outwards. VM_OK;
 * VM_INVALID_ARGS (length 0); VM_OUT_OF_RANGE; VM_BAD_STATE (not all of it is
 * pinned). */
enum vm_status vmo_unpin(struct vmo *vmo, uint64_t offset, uint64_t length);
/* Hint: the range, rounded outwards, is not needed. VM_OK, also without a pager,
 * where hints are ignored whatever the range; VM_OUT_OF_RANGE. */
enum vm_status vmo_hint_dont_need(struct vmo *vmo, uint64_t offset,
                                  uint64_t length);
/* Locks of a discardable VMO; the range is all of it. vm_cow_lock_range() and
 * the others say what is set and returned; besides, VM_NOT_SUPPORTED: the VMO is
 * not discardable. */
enum vm_status vmo_lock(struct vmo *vmo, uint64_t offset, uint64_t length,
                        uint64_t *discarded_offset, uint64_t *discarded_size);
enum vm_status vmo_try_lock(struct vmo *vmo, uint64_t offset, uint64_t length);
enum vm_status vmo_unlock(struct vmo *vmo, uint64_t offset, uint64_t length);
/* Discard attempt; `freed_pages` are back in the pmm. VM_OK also when nothing
 * was freed, as with a VMO that is not discardable. */
enum vm_status vmo_discard(struct vmo *vmo, sim_ns min_age,
                           uint64_t *freed_pages);
/* So many more (or fewer) reasons to keep its pages. VM_OK; VM_BAD_STATE: there
 * would be fewer than none, nothing has changed. */
enum vm_status vmo_change_priority(struct vmo *vmo, int64_t delta);

/* What a pager may do: to its own VMO, and not to a clone or slice of it, which
 * is VM_INVALID_ARGS. cow_pager.h says what happens and what else is returned. */

/* `error` is one that page_source_is_valid_failure() accepts from outside, or
 * VM_INVALID_ARGS. */
enum vm_status vmo_fail_requests(struct vmo *vmo, uint64_t offset,
                                 uint64_t length, enum vm_status error);
/* Aligned. */
enum vm_status vmo_writeback_begin(struct vmo *vmo, uint64_t offset,
                                   uint64_t length, bool is_zero_range);
enum vm_status vmo_writeback_end(struct vmo *vmo, uint64_t offset,
                                 uint64_t length);
/* VM_BAD_STATE while pages are pinned. */
enum vm_status vmo_detach(struct vmo *vmo);
/* `is_modified`: set in any case, false where it can't be told. */
enum vm_status vmo_query_stats(struct vmo *vmo, bool reset, bool *is_modified);
/* vm_cow_enumerate_dirty_ranges(), with its statuses: VM_NOT_SUPPORTED for what
 * is no pager's own. */
enum vm_status vmo_dirty_ranges(struct vmo *vmo, uint64_t offset,
                                uint64_t length, vm_dirty_range_fn fn,
                                void *context);

/*
 * Reclaim of one page by hand: the page at `from`'s `from_offset` is offered
 * to `vmo` at `offset` (normally the same), as a victim would be.
 *
 *   offset, from_offset  aligned
 *   compress             with the machine's compressor, if it has one
 *   reclaimed            set to whether the page was taken; it is freed then
 *
 * VM_OK, also where it was refused; VM_NOT_FOUND: `from` has no page there.
 */
enum vm_status vmo_reclaim_page(struct vmo *vmo, uint64_t offset,
                                struct vmo *from, uint64_t from_offset,
                                enum vm_eviction_hint hint, bool compress,
                                bool *reclaimed);
/* The zero scanner's look at one page: vm_cow_dedup_zero_page(). `offset`:
 * aligned. VM_OK; VM_NOT_FOUND: there is no page. */
enum vm_status vmo_dedup_page(struct vmo *vmo, uint64_t offset, bool *deduped);

/* Facts for reports, of the whole VMO. */

/* Pages that it pays for; a reference's and a slice's: none. */
struct vm_attribution vmo_attribution(const struct vmo *vmo);
/* Each as often as it is pinned; a slice's: 0. */
uint64_t vmo_pinned_pages(const struct vmo *vmo);
/* DISCARDABLE_UNSET: also where it is not discardable. */
enum discardable_state vmo_discardable_state(const struct vmo *vmo);

/*
 * Map `page_count` pages from `offset` (aligned) on, which may lie past the end:
 * nothing is present at first, range changes act on it from now on.
 *
 *   is_high_priority  a reason to keep the VMO's pages, while it is mapped
 *   out               set on success; vmo_unmap() takes and frees it
 *
 * VM_OK, VM_INVALID_ARGS (not aligned), VM_NO_MEMORY.
 */
enum vm_status vmo_map(struct vmo *vmo, uint64_t offset, uint64_t page_count,
                       bool is_writable, bool is_high_priority,
                       struct vm_mapping **out);
void vmo_unmap(struct vmo *vmo, struct vm_mapping *mapping);

#endif
