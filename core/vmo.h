/*
 * VMOs: the objects that users hold (header: VmObjectPaged). A VMO checks the
 * arguments in the kernel's order and works on its cow pages; several VMOs
 * may share one node (references). Parents and children here are what a user
 * sees: a clone's parent is the VMO it was made from, and when that one closes
 * its children go to its own parent.
 *
 * Offsets and lengths are bytes. What would be a broken rule in the core
 * (unpinning what is not pinned, a negative priority, detaching over pinned
 * pages) is answered here by BAD_STATE first, so that no caller's mistake can
 * trip a check. Operations that may wait are in vmo_op.h.
 */
#ifndef VMCOW_VMO_H
#define VMCOW_VMO_H

#include "cow_pages.h"

enum vmo_kind {
    VMO_ANONYMOUS,
    VMO_PAGER,
    VMO_CONTIGUOUS,
    VMO_DISCARDABLE,
    VMO_SNAPSHOT,
    VMO_SNAPSHOT_AT_LEAST_ON_WRITE,
    VMO_SNAPSHOT_MODIFIED,
    VMO_SLICE,
    VMO_REFERENCE,
};

struct vmo;
LIST_HEAD(vmo_list, vmo);

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
    int64_t priority; /* high-priority count asked for by hand */
    void *user;       /* the engine's */
};

struct vmo_create_args {
    enum vmo_kind kind; /* one of the first four */
    uint64_t size;      /* bytes, a whole number of pages */
    bool is_resizable;
    bool traps_dirty; /* VMO_PAGER: writes ask the pager first */
    bool cannot_decommit_zero;
    bool can_wait;    /* allocations wait for memory instead of failing */
    uint64_t user_id; /* non-zero, never used before */
    double compressibility;
    void *source_user; /* VMO_PAGER: page_source.user */
};

/*
 * VM_OK with a VMO that the caller closes by vmo_close(); VM_NO_MEMORY (also
 * when a contiguous range can't be had), VM_INVALID_ARGS.
 */
enum vm_status vmo_create(struct vm_machine *machine,
                          const struct vmo_create_args *args, struct vmo **out);
/* `size` may reach past the parent's end. Statuses: core.md 3.5. */
enum vm_status vmo_create_clone(struct vmo *vmo, enum vm_clone_type type,
                                uint64_t offset, uint64_t size,
                                bool is_resizable, uint64_t user_id,
                                struct vmo **out);
enum vm_status vmo_create_slice(struct vmo *vmo, uint64_t offset, uint64_t size,
                                uint64_t user_id, struct vmo **out);
enum vm_status vmo_create_reference(struct vmo *vmo, uint64_t user_id,
                                    struct vmo **out);
/* The handle goes; its mappings must be gone before. Frees the struct. */
void vmo_close(struct vmo *vmo);

uint64_t vmo_size(const struct vmo *vmo);
static inline struct vm_cow_pages *vmo_cow(const struct vmo *vmo)
{
    return vmo->owner.cow;
}
/* The pager's source at the root; NULL when there is none. */
struct page_source *vmo_root_source(const struct vmo *vmo);

/* At once; statuses as core.md says for each. `size` is rounded up. */
enum vm_status vmo_resize(struct vmo *vmo, uint64_t size);
enum vm_status vmo_decommit(struct vmo *vmo, uint64_t offset, uint64_t length);
enum vm_status vmo_unpin(struct vmo *vmo, uint64_t offset, uint64_t length);
enum vm_status vmo_hint_dont_need(struct vmo *vmo, uint64_t offset,
                                  uint64_t length);
enum vm_status vmo_lock(struct vmo *vmo, uint64_t offset, uint64_t length,
                        uint64_t *discarded_offset, uint64_t *discarded_size);
enum vm_status vmo_try_lock(struct vmo *vmo, uint64_t offset, uint64_t length);
enum vm_status vmo_unlock(struct vmo *vmo, uint64_t offset, uint64_t length);
/* Discard attempt; `freed_pages` are back in the pmm. VM_OK also when nothing
 * was freed, as with a VMO that is not discardable. */
enum vm_status vmo_discard(struct vmo *vmo, sim_ns min_age,
                           uint64_t *freed_pages);
enum vm_status vmo_change_priority(struct vmo *vmo, int64_t delta);
enum vm_status vmo_fail_requests(struct vmo *vmo, uint64_t offset,
                                 uint64_t length, enum vm_status error);
enum vm_status vmo_writeback_begin(struct vmo *vmo, uint64_t offset,
                                   uint64_t length, bool is_zero_range);
enum vm_status vmo_writeback_end(struct vmo *vmo, uint64_t offset,
                                 uint64_t length);
enum vm_status vmo_detach(struct vmo *vmo);
enum vm_status vmo_query_stats(struct vmo *vmo, bool reset, bool *is_modified);
enum vm_status vmo_dirty_ranges(struct vmo *vmo, uint64_t offset,
                                uint64_t length, vm_dirty_range_fn fn,
                                void *context);

/*
 * Reclaim of one page by hand: the page at `from`'s `from_offset` is offered
 * to `vmo` at `offset` (normally the same). NOT_FOUND when `from` has no page
 * there. `compress` arms the compressor. A reclaimed page is freed.
 */
enum vm_status vmo_reclaim_page(struct vmo *vmo, uint64_t offset,
                                struct vmo *from, uint64_t from_offset,
                                enum vm_eviction_hint hint, bool compress,
                                bool *reclaimed);
enum vm_status vmo_dedup_page(struct vmo *vmo, uint64_t offset, bool *deduped);

/* Facts for reports. Whole VMO where no range is given. */
struct vm_attribution vmo_attribution(const struct vmo *vmo);
uint64_t vmo_pinned_pages(const struct vmo *vmo); /* a slice's: 0 */
enum discardable_state vmo_discardable_state(const struct vmo *vmo);

/* Mappings: the VMO keeps a list, range changes act on it. */
enum vm_status vmo_map(struct vmo *vmo, uint64_t offset, uint64_t page_count,
                       bool is_writable, bool is_high_priority,
                       struct vm_mapping **out);
void vmo_unmap(struct vmo *vmo, struct vm_mapping *mapping);

#endif
