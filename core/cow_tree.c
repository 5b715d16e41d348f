/*
 * The tree of cow pages: life cycle, owners, children, clones, slices.
 *
 *   snapshot of a visible leaf A:            A's old node turns hidden and
 *                                            keeps all the pages
 *        [A]                 [H = old node]
 *                 ==>         /          \
 *                       [clone, left]  [A's new node, right, empty]
 *
 * The old node keeps its pages, so that a clone moves nothing; the owner moves
 * to a new, empty node. Where no immutable snapshot can be had (pagers) a
 * clone just hangs below (unidirectional) and sees later changes of its parent.
 *
 * A node is alive while it has an owner or children. Nodes of one tree share a
 * hierarchy with the generation count and the list of deferred deletions,
 * which keeps the death of a long chain from recursing.
 */
#include <stdlib.h>

#include "cow_internal.h"
#include "rare_paths.h"

/* --- hierarchy and handles ------------------------------------------------- */

static struct vm_hierarchy *hierarchy_new(void)
{
    struct vm_hierarchy *hierarchy = host_calloc(1, sizeof *hierarchy);
    if (hierarchy)
        hierarchy->generation = 1;
    return hierarchy;
}

static void hierarchy_unref(struct vm_hierarchy *hierarchy)
{
    if (--hierarchy->refs == 0)
        free(hierarchy);
}

/* Free handles are linked through the table: (next << 1) | 1. */
static bool handle_take(struct vm_machine *machine, struct vm_cow_pages *cow)
{
    if (!machine->free_handle) {
        uint32_t old = machine->cow_capacity;
        uint32_t capacity = old ? old * 2 : 64;
        struct vm_cow_pages **cows =
            host_realloc(machine->cows, capacity * sizeof *cows);
        if (!cows)
            return false;
        machine->cows = cows;
        machine->cow_capacity = capacity;
        for (uint32_t i = capacity - 1; i >= (old ? old : 1); i--) {
            cows[i] =
                (struct vm_cow_pages *)((uintptr_t)machine->free_handle << 1 |
                                        1);
            machine->free_handle = i;
        }
        cows[0] = NULL;
    }
    cow->handle = machine->free_handle;
    machine->free_handle =
        (uint32_t)((uintptr_t)machine->cows[cow->handle] >> 1);
    machine->cows[cow->handle] = cow;
    machine->cow_count++;
    return true;
}

static void handle_give_back(struct vm_cow_pages *cow)
{
    struct vm_machine *machine = cow->machine;
    machine->cows[cow->handle] =
        (struct vm_cow_pages *)((uintptr_t)machine->free_handle << 1 | 1);
    machine->free_handle = cow->handle;
    machine->cow_count--;
}

/* --- creation and destruction ---------------------------------------------- */

/* A node in INIT state with one reference; NULL: no memory. */
static struct vm_cow_pages *cow_new(struct vm_machine *machine,
                                    struct vm_hierarchy *hierarchy,
                                    unsigned options, unsigned alloc_flags,
                                    uint64_t size)
{
    CHECK(is_page_aligned(size));
    CHECK(!(alloc_flags & (PMM_ALLOC_CAN_BORROW | PMM_ALLOC_MUST_BORROW)));
    struct vm_cow_pages *cow = host_calloc(1, sizeof *cow);
    if (!cow)
        return NULL;
    cow->machine = machine;
    cow->hierarchy = hierarchy ? hierarchy : hierarchy_new();
    if (!cow->hierarchy || !handle_take(machine, cow)) {
        if (!hierarchy)
            free(cow->hierarchy);
        free(cow);
        return NULL;
    }
    cow->hierarchy->refs++;
    cow->serial = ++machine->next_serial;
    cow->alloc_flags = alloc_flags;
    cow->refs = 1;
    cow->options = options;
    cow->size = size;
    TAILQ_INIT(&cow->children);
    TAILQ_INIT(&cow->owners);
    page_list_init(&cow->list, 0);
    return cow;
}

enum vm_status vm_cow_create(struct vm_machine *machine, unsigned options,
                             unsigned alloc_flags, uint64_t size,
                             struct discardable *tracker,
                             struct vm_cow_pages **cow)
{
    CHECK(!(options & (COW_OPTION_HIDDEN | COW_OPTION_SLICE)));
    *cow = cow_new(machine, NULL, options, alloc_flags, size);
    if (!*cow)
        return VM_NO_MEMORY;
    if (tracker) {
        (*cow)->tracker = tracker;
        tracker->cow = *cow;
    }
    return VM_OK;
}

enum vm_status vm_cow_create_external(struct vm_machine *machine,
                                      struct page_source *source,
                                      unsigned options, uint64_t size,
                                      struct vm_cow_pages **cow)
{
    CHECK(source != NULL);
    CHECK(!(options & (COW_OPTION_HIDDEN | COW_OPTION_SLICE)));
    unsigned flags = source->properties.is_preserving_page_content
                         ? PMM_ALLOC_CAN_WAIT
                         : PMM_ALLOC_ANY;
    *cow = cow_new(machine, NULL, options, flags, size);
    if (!*cow)
        return VM_NO_MEMORY;
    (*cow)->source = source;
    (*cow)->hierarchy->source = source;
    return VM_OK;
}

void vm_cow_transition_to_alive(struct vm_cow_pages *cow)
{
    CHECK(cow->life == COW_INIT);
    cow->life = COW_ALIVE;
}

struct vm_cow_pages *vm_cow_ref(struct vm_cow_pages *cow)
{
    cow->refs++;
    return cow;
}

void vm_cow_unref(struct vm_cow_pages *cow)
{
    while (cow && --cow->refs == 0) {
        CHECK(cow->life != COW_ALIVE);
        CHECK(page_list_is_empty(&cow->list));
        struct vm_cow_pages *parent = cow->parent;
        if (cow->source)
            page_source_unref(cow->source);
        free(cow->tracker);
        reclaimed_set_release(&cow->reclaimed);
        page_list_release(&cow->list);
        handle_give_back(cow);
        hierarchy_unref(cow->hierarchy);
        free(cow);
        cow = parent; /* its reference goes with the child */
    }
}

/* --- owners ------------------------------------------------------------------ */

struct vm_cow_owner *vm_cow_backlink(const struct vm_cow_pages *cow)
{
    return TAILQ_FIRST(&cow->owners);
}

struct vm_cow_owner *vm_cow_owner_of_page(const struct vm_machine *machine,
                                          page_index page, uint64_t *offset)
{
    const struct vm_page *pages = machine->pmm.pages;
    const struct vm_cow_pages *cow = vm_page_owner(machine, page);

    *offset = pages[page].offset;
    while (cow_is_hidden(cow)) {
        /* What is compressed just now has left its bits to a reference. Below,
         * nodes that see the page have none of their own at that offset. */
        const struct page_slot *slot = page_list_lookup(&cow->list, *offset);
        bool is_own = cow == vm_page_owner(machine, page);
        if (is_own && (!slot || !slot_is_page_or_reference(*slot)))
            return NULL;
        cow = is_own && slot_right_split(*slot, pages) ? cow_left(cow)
                                                       : cow_right(cow);
        if (*offset < cow->parent_offset)
            return NULL;
        *offset -= cow->parent_offset;
    }
    return *offset < cow->size ? vm_cow_backlink(cow) : NULL;
}

void vm_cow_attach_owner(struct vm_cow_pages *cow, struct vm_cow_owner *owner)
{
    CHECK(!cow_is_hidden(cow));
    owner->cow = vm_cow_ref(cow);
    if (TAILQ_EMPTY(&cow->owners))
        cow->compressibility = owner->compressibility;
    TAILQ_INSERT_TAIL(&cow->owners, owner, by_cow);
}

void vm_cow_detach_owner(struct vm_cow_owner *owner)
{
    struct vm_cow_pages *cow = owner->cow;
    TAILQ_REMOVE(&cow->owners, owner, by_cow);
    owner->cow = NULL;
    vm_cow_maybe_dead_transition(cow);
    vm_cow_unref(cow);
}

/* --- death --------------------------------------------------------------------- */

static void dead_transition(struct vm_cow_pages *cow);

void vm_cow_maybe_dead_transition(struct vm_cow_pages *cow)
{
    if (TAILQ_EMPTY(&cow->owners) && cow->child_count == 0 &&
        cow->life == COW_ALIVE)
        dead_transition(cow);
}

/* A visible parent has lost a child and gives up the child's reference. */
static void deferred_delete(struct vm_cow_pages *parent)
{
    struct vm_hierarchy *hierarchy = parent->hierarchy;
    parent->scratch_next = hierarchy->deferred;
    hierarchy->deferred = parent;
    if (hierarchy->is_draining)
        return;
    hierarchy->is_draining = true;
    hierarchy->refs++;
    while (hierarchy->deferred) {
        struct vm_cow_pages *cow = hierarchy->deferred;
        hierarchy->deferred = cow->scratch_next;
        vm_cow_maybe_dead_transition(cow);
        vm_cow_unref(cow);
    }
    hierarchy->is_draining = false;
    hierarchy_unref(hierarchy);
}

static void dead_transition(struct vm_cow_pages *cow)
{
    CHECK(cow->life == COW_ALIVE);
    CHECK(cow->high_priority_count == 0);
    cow_bump_generation(cow);
    if (cow->options & COW_OPTION_UNPIN_ON_DELETE)
        cow_unpin_all(cow);

    struct vm_cow_pages *visible_parent = NULL;
    if (!cow_is_hidden(cow) && cow->parent) {
        struct vm_cow_pages *parent = cow->parent;
        cow_remove_child(parent, cow);
        if (cow_is_hidden(parent)) {
            vm_cow_maybe_dead_transition(parent);
        } else {
            visible_parent = parent;
            cow->parent = NULL;
        }
    }
    if (cow_is_hidden(cow))
        CHECK(page_list_has_no_page_or_reference(&cow->list));
    if (cow->tracker)
        discardable_remove(&cow->machine->discardables, cow->tracker);
    cow_drop_range(cow, 0, cow->size, true);
    if (cow->source) {
        if (cow_is_contiguous(cow))
            cow_physical_close(cow);
        page_source_close(cow->source);
    }
    cow->life = COW_DEAD;
    if (visible_parent)
        deferred_delete(visible_parent);
}

/* --- children ------------------------------------------------------------------ */

static void cow_add_child(struct vm_cow_pages *parent,
                          struct vm_cow_pages *child, uint64_t offset,
                          uint64_t root_parent_offset, uint64_t parent_limit)
{
    CHECK(parent->root_parent_offset + offset == root_parent_offset);
    CHECK(parent_limit <= child->size);
    CHECK(!child->partial_cow_release);
    CHECK(child->parent_start_limit == 0);
    child->parent_offset = offset;
    child->parent_limit = parent_limit;
    child->root_parent_offset = root_parent_offset;
    page_list_init(&child->list, (parent->list.skew + offset) %
                                     (PAGE_LIST_FANOUT * VM_PAGE_SIZE));
    if (child->high_priority_count > 0)
        (void)cow_change_single_high_priority_count(parent, 1);
    child->parent = vm_cow_ref(parent);
    TAILQ_INSERT_HEAD(&parent->children, child, by_parent);
    parent->child_count++;
}

void cow_drop_child(struct vm_cow_pages *parent, struct vm_cow_pages *child)
{
    TAILQ_REMOVE(&parent->children, child, by_parent);
    parent->child_count--;
}

void cow_replace_child(struct vm_cow_pages *parent, struct vm_cow_pages *old,
                       struct vm_cow_pages *new_child)
{
    TAILQ_INSERT_BEFORE(old, new_child, by_parent);
    TAILQ_REMOVE(&parent->children, old, by_parent);
}

/* --- clones ---------------------------------------------------------------------- */

enum vm_status vm_cow_create_child_slice(struct vm_cow_pages *cow,
                                         uint64_t offset, uint64_t size,
                                         struct vm_cow_pages **child)
{
    CHECK(is_page_aligned(offset));
    CHECK(is_page_aligned(size));
    CHECK(range_is_inside(offset, size, cow->size));
    while (cow_is_slice(cow)) {
        offset += cow->parent_offset;
        cow = cow->parent;
    }
    /* A slice has no pins of its own; clones of it inherit how theirs end. */
    unsigned options =
        COW_OPTION_SLICE | (cow->options & COW_OPTION_UNPIN_ON_DELETE);
    struct vm_cow_pages *slice =
        cow_new(cow->machine, cow->hierarchy, options, cow->alloc_flags, size);
    if (!slice)
        return VM_NO_MEMORY;
    cow_add_child(cow, slice, offset, cow->root_parent_offset + offset, size);
    *child = slice;
    return VM_OK;
}

static bool is_at_least_on_write_supported(const struct vm_cow_pages *cow)
{
    if (cow_is_parent_hidden(cow))
        return false;
    if (cow_is_slice(cow) && cow_is_parent_hidden(cow->parent))
        return false;
    return vm_cow_can_root_source_evict(cow);
}

static bool can_snapshot_modified(const struct vm_cow_pages *cow)
{
    if (!vm_cow_is_root_source_user_pager_backed(cow) || cow_is_contiguous(cow))
        return false;
    if (cow_is_slice(cow) && cow->parent->parent)
        return false;
    if (!cow->parent)
        return true;
    const struct vm_cow_pages *child;
    TAILQ_FOREACH (child, &cow->children, by_parent)
        if (!cow_is_slice(child))
            return false;
    return !cow->parent->parent || cow_is_parent_hidden(cow);
}

static bool is_cow_clonable(const struct vm_cow_pages *cow)
{
    return !vm_cow_can_root_source_evict(cow) && !cow_is_contiguous(cow) &&
           !cow_is_slice(cow);
}

/* What the type asked for becomes on this node, before any is refused. */
static enum vm_clone_type retarget(const struct vm_cow_pages *cow,
                                   enum vm_clone_type type)
{
    bool modified = can_snapshot_modified(cow);
    if (type == CLONE_SNAPSHOT_AT_LEAST_ON_WRITE &&
        !is_at_least_on_write_supported(cow))
        return modified ? CLONE_SNAPSHOT_MODIFIED : CLONE_SNAPSHOT;
    if (type == CLONE_SNAPSHOT_MODIFIED && !modified)
        return CLONE_SNAPSHOT;
    return type;
}

static enum vm_status check_clone(const struct vm_cow_pages *cow,
                                  enum vm_clone_type type)
{
    switch (type) {
    case CLONE_SNAPSHOT:
        if (!is_cow_clonable(cow))
            return VM_NOT_SUPPORTED;
        return cow->pinned_page_count ? VM_BAD_STATE : VM_OK;
    case CLONE_SNAPSHOT_AT_LEAST_ON_WRITE:
        return is_at_least_on_write_supported(cow) ? VM_OK : VM_NOT_SUPPORTED;
    case CLONE_SNAPSHOT_MODIFIED:
        if (!can_snapshot_modified(cow))
            return VM_NOT_SUPPORTED;
        return cow->pinned_page_count ? VM_BAD_STATE : VM_OK;
    }
    return VM_INTERNAL;
}

/* The object's identity moves from `cow`, soon hidden, to `orig`. */
static void clone_parent_into_child(struct vm_cow_pages *cow,
                                    struct vm_cow_pages *orig)
{
    CHECK(cow->pinned_page_count == 0);
    struct vm_cow_pages *child;
    TAILQ_FOREACH (child, &cow->children, by_parent) {
        child->parent = orig;
        orig->refs++;
        CHECK(cow->refs > 1);
        cow->refs--;
    }
    TAILQ_CONCAT(&orig->children, &cow->children, by_parent);
    orig->child_count = cow->child_count;
    cow->child_count = 0;
    orig->reclamation_event_count = cow->reclamation_event_count;
    orig->attribution_id = cow->attribution_id;
    orig->compressibility = cow->compressibility;
    orig->high_priority_count = cow->high_priority_count;
    cow->high_priority_count = 0;
    cow_add_child(cow, orig, 0, cow->root_parent_offset, cow->size);

    struct vm_cow_owner *owner;
    while ((owner = TAILQ_FIRST(&cow->owners))) {
        TAILQ_REMOVE(&cow->owners, owner, by_cow);
        TAILQ_INSERT_TAIL(&orig->owners, owner, by_cow);
        owner->cow = vm_cow_ref(orig);
        vm_cow_unref(cow);
    }
    orig->life = COW_ALIVE;
}

static enum vm_status clone_bidirectional(struct vm_cow_pages *cow,
                                          uint64_t offset, uint64_t size,
                                          uint64_t limit,
                                          struct vm_cow_pages **child)
{
    unsigned options = cow->options & COW_OPTION_UNPIN_ON_DELETE;
    struct vm_cow_pages *orig = cow_new(cow->machine, cow->hierarchy, options,
                                        cow->alloc_flags, cow->size);
    struct vm_cow_pages *clone =
        cow_new(cow->machine, cow->hierarchy, options, cow->alloc_flags, size);
    if (!orig || !clone) {
        if (orig)
            vm_cow_unref(orig);
        if (clone)
            vm_cow_unref(clone);
        return VM_NO_MEMORY;
    }
    CHECK(cow->life == COW_ALIVE);
    clone_parent_into_child(cow, orig);
    cow_add_child(cow, clone, offset, cow->root_parent_offset + offset, limit);
    cow->options |= COW_OPTION_HIDDEN;
    CHECK(cow->child_count == 2);
    vm_cow_unref(orig); /* its owner holds it now */
    *child = clone;
    return VM_OK;
}

/* A clone without private pages above it becomes its parent's sibling. */
static enum vm_status clone_unidirectional(struct vm_cow_pages *cow,
                                           uint64_t offset, uint64_t size,
                                           uint64_t limit,
                                           struct vm_cow_pages **child)
{
    struct vm_cow_pages *clone = cow_new(
        cow->machine, cow->hierarchy, cow->options & COW_OPTION_UNPIN_ON_DELETE,
        cow->alloc_flags, size);
    if (!clone)
        return VM_NO_MEMORY;
    while (cow->parent) {
        if (limit > 0 && page_list_any_pages_or_intervals(&cow->list, offset,
                                                          offset + limit))
            break;
        limit = offset >= cow->parent_limit
                    ? 0
                    : u64_min(limit, cow->parent_limit - offset);
        offset += cow->parent_offset;
        cow = cow->parent;
    }
    cow_add_child(cow, clone, offset, cow->root_parent_offset + offset, limit);
    *child = clone;
    return VM_OK;
}

enum vm_status vm_cow_create_clone(struct vm_cow_pages *cow,
                                   enum vm_clone_type type, uint64_t offset,
                                   uint64_t size, struct vm_cow_pages **child)
{
    CHECK(is_page_aligned(offset));
    CHECK(is_page_aligned(size));
    CHECK(!cow_is_hidden(cow));
    type = retarget(cow, type);
    enum vm_status status = check_clone(cow, type);
    if (status != VM_OK)
        return status;
    uint64_t root_offset;
    uint64_t root_end;
    if (__builtin_add_overflow(cow->root_parent_offset, offset, &root_offset) ||
        __builtin_add_overflow(root_offset, size, &root_end))
        return VM_INVALID_ARGS;
    uint64_t limit =
        offset >= cow->size ? 0 : u64_min(size, cow->size - offset);
    vm_cow_range_change_update(cow, offset, size, RANGE_REMOVE_WRITE);
    bool is_unidirectional = type == CLONE_SNAPSHOT_AT_LEAST_ON_WRITE ||
                             (type == CLONE_SNAPSHOT_MODIFIED &&
                              (!cow->parent || cow_is_slice(cow)));
    return is_unidirectional
               ? clone_unidirectional(cow, offset, size, limit, child)
               : clone_bidirectional(cow, offset, size, limit, child);
}
