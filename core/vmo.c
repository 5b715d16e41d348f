/*
 * VMOs: argument checks in the kernel's order, the tree that users see, and
 * the operations that are over at once.
 */
#include "vmo.h"

#include <stdlib.h>

#include "check.h"
#include "rare_paths.h"

/* --- making --------------------------------------------------------------------- */

static struct vmo *vmo_alloc(struct vm_machine *machine, enum vmo_kind kind,
                             uint64_t user_id, double compressibility)
{
    struct vmo *vmo = host_calloc(1, sizeof *vmo);
    if (!vmo)
        return NULL;
    vmo->machine = machine;
    vmo->kind = kind;
    vmo->user_id = user_id;
    vmo->owner.user_id = user_id;
    vmo->owner.compressibility = compressibility;
    LIST_INIT(&vmo->owner.mappings);
    LIST_INIT(&vmo->children);
    return vmo;
}

/* The VMO takes the node's first reference over into its owner's. */
static void adopt(struct vmo *vmo, struct vm_cow_pages *cow)
{
    vm_cow_transition_to_alive(cow);
    vm_cow_attach_owner(cow, &vmo->owner);
    vm_cow_set_page_attribution_user_id(cow, vmo->user_id);
    vm_cow_unref(cow);
}

static void add_child(struct vmo *parent, struct vmo *child)
{
    child->parent = parent;
    if (!parent)
        return;
    LIST_INSERT_HEAD(&parent->children, child, by_parent);
    parent->child_count++;
}

static unsigned node_options(const struct vmo_create_args *args)
{
    return COW_OPTION_UNPIN_ON_DELETE |
           (args->cannot_decommit_zero ? COW_OPTION_CANNOT_DECOMMIT_ZERO_PAGES
                                       : 0);
}

static enum vm_status create_plain(struct vm_machine *machine,
                                   const struct vmo_create_args *args,
                                   struct vm_cow_pages **cow)
{
    struct discardable *tracker = NULL;
    if (args->kind == VMO_DISCARDABLE) {
        tracker = host_calloc(1, sizeof *tracker);
        if (!tracker)
            return VM_NO_MEMORY;
        discardable_init(tracker);
    }
    unsigned flags = args->can_wait ? PMM_ALLOC_CAN_WAIT : PMM_ALLOC_ANY;
    enum vm_status status = vm_cow_create(machine, node_options(args), flags,
                                          args->size, tracker, cow);
    if (status != VM_OK)
        free(tracker);
    return status;
}

static enum vm_status create_pager(struct vm_machine *machine,
                                   const struct vmo_create_args *args,
                                   struct vm_cow_pages **cow)
{
    struct page_source *source =
        page_source_new_pager(&machine->board, args->traps_dirty);
    if (!source)
        return VM_NO_MEMORY;
    source->user = args->source_user;
    enum vm_status status = vm_cow_create_external(
        machine, source, node_options(args), args->size, cow);
    if (status != VM_OK)
        page_source_unref(source);
    return status;
}

static void free_contiguous(struct vm_machine *machine, page_index first,
                            uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        pmm_free_page(&machine->pmm, first + (page_index)i);
}

static enum vm_status create_contiguous(struct vm_machine *machine,
                                        const struct vmo_create_args *args,
                                        struct vm_cow_pages **cow)
{
    uint64_t count = bytes_to_pages(args->size);
    page_index first;
    if (count == 0 || args->is_resizable)
        return VM_INVALID_ARGS;
    enum vm_status status = pmm_alloc_contiguous(&machine->pmm, count, &first);
    if (status != VM_OK)
        return status;
    struct page_source *source =
        page_source_new_physical(&machine->board, first, count);
    if (!source) {
        free_contiguous(machine, first, count);
        return VM_NO_MEMORY;
    }
    status = vm_cow_create_external(machine, source,
                                    node_options(args) |
                                        COW_OPTION_CANNOT_DECOMMIT_ZERO_PAGES,
                                    args->size, cow);
    if (status != VM_OK) {
        page_source_unref(source);
        free_contiguous(machine, first, count);
        return status;
    }
    struct page_chain pages = PAGE_CHAIN_EMPTY;
    for (uint64_t i = 0; i < count; i++)
        page_chain_push_tail(&pages, machine->pmm.pages, first + (page_index)i);
    return vm_cow_add_new_pages(*cow, 0, &pages, OVERWRITE_NONE, true, false);
}

enum vm_status vmo_create(struct vm_machine *machine,
                          const struct vmo_create_args *args, struct vmo **out)
{
    CHECK(args->user_id != 0);
    if (!is_page_aligned(args->size))
        return VM_INVALID_ARGS;
    if (args->traps_dirty && args->kind != VMO_PAGER)
        return VM_INVALID_ARGS;
    struct vmo *vmo =
        vmo_alloc(machine, args->kind, args->user_id, args->compressibility);
    if (!vmo)
        return VM_NO_MEMORY;
    vmo->is_resizable = args->is_resizable;
    vmo->is_contiguous = args->kind == VMO_CONTIGUOUS;
    vmo->is_discardable = args->kind == VMO_DISCARDABLE;
    struct vm_cow_pages *cow = NULL;
    enum vm_status status;
    switch (args->kind) {
    case VMO_ANONYMOUS:
    case VMO_DISCARDABLE:
        status = create_plain(machine, args, &cow);
        break;
    case VMO_PAGER:
        status = create_pager(machine, args, &cow);
        break;
    case VMO_CONTIGUOUS:
        status = create_contiguous(machine, args, &cow);
        break;
    default:
        status = VM_INVALID_ARGS;
        break;
    }
    if (cow)
        adopt(vmo, cow);
    if (status != VM_OK) {
        if (cow)
            vm_cow_detach_owner(&vmo->owner);
        free(vmo);
        return status;
    }
    *out = vmo;
    return VM_OK;
}

/* A VMO over a node just made from `parent`'s. */
static enum vm_status create_over(struct vmo *parent, enum vmo_kind kind,
                                  uint64_t user_id, struct vmo **out)
{
    struct vmo *vmo = vmo_alloc(parent->machine, kind, user_id,
                                parent->owner.compressibility);
    if (!vmo)
        return VM_NO_MEMORY;
    *out = vmo;
    return VM_OK;
}

enum vm_status vmo_create_clone(struct vmo *vmo, enum vm_clone_type type,
                                uint64_t offset, uint64_t size,
                                bool is_resizable, uint64_t user_id,
                                struct vmo **out)
{
    static const enum vmo_kind kinds[] = {
        [CLONE_SNAPSHOT] = VMO_SNAPSHOT,
        [CLONE_SNAPSHOT_AT_LEAST_ON_WRITE] = VMO_SNAPSHOT_AT_LEAST_ON_WRITE,
        [CLONE_SNAPSHOT_MODIFIED] = VMO_SNAPSHOT_MODIFIED,
    };
    if (vmo->is_contiguous || !is_page_aligned(offset) ||
        !is_page_aligned(size))
        return VM_INVALID_ARGS;
    if (size > PAGE_LIST_MAX_SIZE)
        return VM_OUT_OF_RANGE;
    if (vmo->is_discardable)
        return VM_NOT_SUPPORTED;
    if (vmo->owner.is_uncached)
        return VM_BAD_STATE;
    struct vmo *clone;
    enum vm_status status = create_over(vmo, kinds[type], user_id, &clone);
    if (status != VM_OK)
        return status;
    struct vm_cow_pages *cow;
    status = vm_cow_create_clone(vmo_cow(vmo), type, offset, size, &cow);
    if (status != VM_OK) {
        free(clone);
        return status;
    }
    clone->is_resizable = is_resizable;
    adopt(clone, cow);
    add_child(vmo, clone);
    *out = clone;
    return VM_OK;
}

enum vm_status vmo_create_slice(struct vmo *vmo, uint64_t offset, uint64_t size,
                                uint64_t user_id, struct vmo **out)
{
    if (!is_page_aligned(offset) || !is_page_aligned(size) ||
        !range_is_inside(offset, size, vmo_size(vmo)))
        return VM_INVALID_ARGS;
    if (vmo->is_resizable || vmo->is_discardable)
        return VM_NOT_SUPPORTED;
    if (vmo->owner.is_uncached && !vmo->is_contiguous)
        return VM_BAD_STATE;
    struct vmo *slice;
    enum vm_status status = create_over(vmo, VMO_SLICE, user_id, &slice);
    if (status != VM_OK)
        return status;
    struct vm_cow_pages *cow;
    status = vm_cow_create_child_slice(vmo_cow(vmo), offset, size, &cow);
    if (status != VM_OK) {
        free(slice);
        return status;
    }
    slice->is_contiguous = vmo->is_contiguous;
    adopt(slice, cow);
    add_child(vmo, slice);
    *out = slice;
    return VM_OK;
}

enum vm_status vmo_create_reference(struct vmo *vmo, uint64_t user_id,
                                    struct vmo **out)
{
    struct vmo *reference;
    enum vm_status status =
        create_over(vmo, VMO_REFERENCE, user_id, &reference);
    if (status != VM_OK)
        return status;
    reference->is_resizable = vmo->is_resizable;
    reference->is_contiguous = vmo->is_contiguous;
    reference->is_discardable = vmo->is_discardable;
    vm_cow_attach_owner(vmo_cow(vmo), &reference->owner);
    add_child(vmo, reference);
    *out = reference;
    return VM_OK;
}

void vmo_close(struct vmo *vmo)
{
    CHECK(LIST_EMPTY(&vmo->owner.mappings));
    if (vmo->priority > 0)
        vm_cow_change_high_priority_count(vmo_cow(vmo), -vmo->priority);
    struct vmo *child;
    while ((child = LIST_FIRST(&vmo->children))) {
        LIST_REMOVE(child, by_parent);
        add_child(vmo->parent, child);
    }
    if (vmo->parent) {
        LIST_REMOVE(vmo, by_parent);
        vmo->parent->child_count--;
    }
    vm_cow_detach_owner(&vmo->owner);
    free(vmo);
}

/* --- facts ------------------------------------------------------------------------- */

uint64_t vmo_size(const struct vmo *vmo)
{
    return vm_cow_size(vmo_cow(vmo));
}

struct page_source *vmo_root_source(const struct vmo *vmo)
{
    return vm_cow_root_source(vmo_cow(vmo));
}

struct vm_attribution vmo_attribution(const struct vmo *vmo)
{
    if (vm_cow_backlink(vmo_cow(vmo)) != &vmo->owner)
        return (struct vm_attribution){0, 0};
    return vm_cow_attributed_pages_in_range(vmo_cow(vmo), 0, vmo_size(vmo));
}

uint64_t vmo_pinned_pages(const struct vmo *vmo)
{
    return vm_cow_pinned_page_count(vmo_cow(vmo));
}

enum discardable_state vmo_discardable_state(const struct vmo *vmo)
{
    const struct discardable *tracker =
        vm_cow_debug_discardable_tracker(vmo_cow(vmo));
    return tracker ? tracker->state : DISCARDABLE_UNSET;
}

/* --- operations that are over at once --------------------------------------------------- */

enum vm_status vmo_resize(struct vmo *vmo, uint64_t size)
{
    if (!vmo->is_resizable)
        return VM_UNAVAILABLE;
    if (size > PAGE_LIST_MAX_SIZE)
        return VM_OUT_OF_RANGE;
    enum vm_status status = vm_cow_resize(vmo_cow(vmo), page_round_up(size));
    if (status == VM_OK)
        vm_cow_mark_modified(vmo_cow(vmo));
    return status;
}

enum vm_status vmo_decommit(struct vmo *vmo, uint64_t offset, uint64_t length)
{
    if (vmo->is_contiguous && !vmo->machine->loaning)
        return VM_NOT_SUPPORTED;
    return vm_cow_decommit_range(vmo_cow(vmo), offset, length);
}

enum vm_status vmo_unpin(struct vmo *vmo, uint64_t offset, uint64_t length)
{
    if (length == 0)
        return VM_INVALID_ARGS;
    if (!range_is_inside(offset, length, vmo_size(vmo)))
        return VM_OUT_OF_RANGE;
    if (!vm_cow_debug_is_range_pinned(vmo_cow(vmo), offset, length))
        return VM_BAD_STATE;
    vm_cow_unpin(vmo_cow(vmo), offset, length, false);
    return VM_OK;
}

/* Without a pager hints are ignored, before anything else is looked at. */
enum vm_status vmo_hint_dont_need(struct vmo *vmo, uint64_t offset,
                                  uint64_t length)
{
    if (!vm_cow_can_root_source_evict(vmo_cow(vmo)))
        return VM_OK;
    if (!range_is_inside(offset, length, vmo_size(vmo)))
        return VM_OUT_OF_RANGE;
    vm_cow_promote_range_for_reclamation(vmo_cow(vmo), offset, length);
    return VM_OK;
}

enum vm_status vmo_lock(struct vmo *vmo, uint64_t offset, uint64_t length,
                        uint64_t *discarded_offset, uint64_t *discarded_size)
{
    return vmo->is_discardable
               ? vm_cow_lock_range(vmo_cow(vmo), offset, length,
                                   discarded_offset, discarded_size)
               : VM_NOT_SUPPORTED;
}

enum vm_status vmo_try_lock(struct vmo *vmo, uint64_t offset, uint64_t length)
{
    return vmo->is_discardable
               ? vm_cow_try_lock_range(vmo_cow(vmo), offset, length)
               : VM_NOT_SUPPORTED;
}

enum vm_status vmo_unlock(struct vmo *vmo, uint64_t offset, uint64_t length)
{
    return vmo->is_discardable
               ? vm_cow_unlock_range(vmo_cow(vmo), offset, length)
               : VM_NOT_SUPPORTED;
}

enum vm_status vmo_discard(struct vmo *vmo, sim_ns min_age,
                           uint64_t *freed_pages)
{
    struct page_chain freed = PAGE_CHAIN_EMPTY;
    *freed_pages = vm_cow_discard_pages(vmo_cow(vmo), min_age, &freed);
    pmm_free_chain(&vmo->machine->pmm, &freed);
    return VM_OK;
}

enum vm_status vmo_change_priority(struct vmo *vmo, int64_t delta)
{
    if (vmo->priority + delta < 0)
        return VM_BAD_STATE;
    vmo->priority += delta;
    vm_cow_change_high_priority_count(vmo_cow(vmo), delta);
    return VM_OK;
}

/* Is the VMO a pager's own object, not one cloned or sliced from it? A pager's
 * calls on any other are INVALID_ARGS, as the kernel's system calls say. */
static bool is_pager_vmo(const struct vmo *vmo)
{
    return vm_cow_can_evict(vmo_cow(vmo));
}

enum vm_status vmo_fail_requests(struct vmo *vmo, uint64_t offset,
                                 uint64_t length, enum vm_status error)
{
    if (!is_pager_vmo(vmo))
        return VM_INVALID_ARGS;
    if (!page_source_is_valid_failure(error, false))
        return VM_INVALID_ARGS;
    return vm_cow_fail_page_requests(vmo_cow(vmo), offset, length, error);
}

enum vm_status vmo_writeback_begin(struct vmo *vmo, uint64_t offset,
                                   uint64_t length, bool is_zero_range)
{
    return is_pager_vmo(vmo) ? vm_cow_writeback_begin(vmo_cow(vmo), offset,
                                                      length, is_zero_range)
                             : VM_INVALID_ARGS;
}

enum vm_status vmo_writeback_end(struct vmo *vmo, uint64_t offset,
                                 uint64_t length)
{
    return is_pager_vmo(vmo)
               ? vm_cow_writeback_end(vmo_cow(vmo), offset, length)
               : VM_INVALID_ARGS;
}

enum vm_status vmo_detach(struct vmo *vmo)
{
    if (!is_pager_vmo(vmo))
        return VM_INVALID_ARGS;
    if (vmo_pinned_pages(vmo) > 0)
        return VM_BAD_STATE;
    vm_cow_detach_source(vmo_cow(vmo));
    return VM_OK;
}

enum vm_status vmo_query_stats(struct vmo *vmo, bool reset, bool *is_modified)
{
    *is_modified = false;
    if (!is_pager_vmo(vmo))
        return VM_INVALID_ARGS;
    return vm_cow_query_pager_vmo_stats(vmo_cow(vmo), reset, is_modified);
}

enum vm_status vmo_dirty_ranges(struct vmo *vmo, uint64_t offset,
                                uint64_t length, vm_dirty_range_fn fn,
                                void *context)
{
    return vm_cow_enumerate_dirty_ranges(vmo_cow(vmo), offset, length, fn,
                                         context);
}

/* --- reclaim by hand ------------------------------------------------------------------------ */

enum vm_status vmo_reclaim_page(struct vmo *vmo, uint64_t offset,
                                struct vmo *from, uint64_t from_offset,
                                enum vm_eviction_hint hint, bool compress,
                                bool *reclaimed)
{
    struct vm_machine *machine = vmo->machine;
    *reclaimed = false;
    page_index page = vm_cow_debug_get_page(vmo_cow(from), from_offset);
    if (page == PAGE_NONE)
        return VM_NOT_FOUND;
    struct compressor *compressor = NULL;
    if (compress && machine->compressor &&
        compressor_arm(machine->compressor) == VM_OK)
        compressor = machine->compressor;
    enum reclaim_refused refused;
    *reclaimed = vm_cow_reclaim_page(vmo_cow(vmo), page, offset, hint,
                                     compressor, &refused);
    if (*reclaimed)
        pmm_free_page(&machine->pmm, page);
    if (compressor)
        compressor_disarm(compressor);
    return VM_OK;
}

enum vm_status vmo_dedup_page(struct vmo *vmo, uint64_t offset, bool *deduped)
{
    *deduped = false;
    page_index page = vm_cow_debug_get_page(vmo_cow(vmo), offset);
    if (page == PAGE_NONE)
        return VM_NOT_FOUND;
    if (!vmo->is_contiguous)
        *deduped = vm_cow_dedup_zero_page(vmo_cow(vmo), page, offset);
    return VM_OK;
}

/* --- mappings --------------------------------------------------------------------------------- */

enum vm_status vmo_map(struct vmo *vmo, uint64_t offset, uint64_t page_count,
                       bool is_writable, bool is_high_priority,
                       struct vm_mapping **out)
{
    if (!is_page_aligned(offset))
        return VM_INVALID_ARGS;
    struct vm_mapping *mapping = host_calloc(1, sizeof *mapping);
    if (!mapping)
        return VM_NO_MEMORY;
    enum vm_status status =
        mapping_init(mapping, offset, page_count, is_writable);
    if (status != VM_OK) {
        free(mapping);
        return status;
    }
    vm_cow_attach_mapping(&vmo->owner, mapping);
    mapping->is_high_priority = is_high_priority;
    if (is_high_priority)
        vm_cow_change_high_priority_count(vmo_cow(vmo), 1);
    *out = mapping;
    return VM_OK;
}

void vmo_unmap(struct vmo *vmo, struct vm_mapping *mapping)
{
    if (mapping->is_high_priority)
        vm_cow_change_high_priority_count(vmo_cow(vmo), -1);
    vm_cow_detach_mapping(&vmo->owner, mapping);
    mapping_release(mapping);
    free(mapping);
}
