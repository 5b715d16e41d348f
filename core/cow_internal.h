/*
 * Cow pages from the inside: the node itself and what the cow_*.c files share.
 * Nothing outside of them includes this.
 *
 *   view of a child in its parent (bytes):
 *
 *     parent  0 ......... po ....... po+psl ............ po+pl ........ size
 *     child               0          psl |<- sees the -> | pl      size
 *                                          parent here
 *
 * parent_start_limit (psl) is only meaningful on hidden nodes and does not
 * affect look-ups, only who counts as able to reach a page.
 */
#ifndef VMCOW_COW_INTERNAL_H
#define VMCOW_COW_INTERNAL_H

#include "check.h"
#include "cow_pages.h"
#include "reclaimed_set.h"

enum cow_life { COW_INIT, COW_ALIVE, COW_DEAD };

TAILQ_HEAD(vm_cow_children, vm_cow_pages);
TAILQ_HEAD(vm_cow_owners, vm_cow_owner);

/* Shared by all nodes of one tree (header: VmHierarchyState). */
struct vm_hierarchy {
    uint32_t refs;
    uint64_t generation;        /* starts at 1, only grows */
    uint64_t mapping_count;     /* of all its owners */
    struct page_source *source; /* the root's, which a source keeps at the root
                                   as long as anybody else lives; or NULL */
    struct vm_cow_pages
        *deferred; /* nodes to look at, linked by scratch_next */
    bool is_draining;
};

struct vm_cow_pages {
    /* identity: constant */
    struct vm_machine *machine;
    struct vm_hierarchy *hierarchy;
    struct page_source *source;  /* counted; NULL: none */
    struct discardable *tracker; /* owned; NULL: not discardable */
    uint64_t serial;
    uint32_t handle; /* index in machine->cows */
    unsigned alloc_flags;

    uint32_t refs;
    unsigned options; /* enum vm_cow_options */
    enum cow_life life;

    /* view: cow_tree.c, cow_release.c, cow_merge.c, cow_resize.c */
    uint64_t size;
    uint64_t parent_offset;
    uint64_t parent_limit;
    uint64_t parent_start_limit;
    uint64_t root_parent_offset;
    bool partial_cow_release;

    /* tree: cow_tree.c, cow_merge.c */
    struct vm_cow_pages *parent; /* counted */
    struct vm_cow_children children;
    TAILQ_ENTRY(vm_cow_pages) by_parent;
    uint32_t child_count;
    struct vm_cow_owners owners; /* the first is the backlink */
    uint64_t attribution_id;
    double compressibility; /* of the object whose pages these are */

    /* content */
    struct page_list list;
    struct vm_attribution own;     /* pages and references in `list` */
    uint64_t unwritten_page_count; /* pages in `list` that are not clean */
    struct reclaimed_set reclaimed;
    uint64_t pinned_page_count;
    uint64_t reclamation_event_count;
    int64_t high_priority_count;
    bool ever_pinned;
    bool pager_stats_modified;

    /* scratch of one walk: never holds across calls */
    bool path_goes_right;              /* direction flag of a walk down */
    struct vm_cow_pages *scratch_next; /* work lists */
    uint64_t scratch_offset;
    uint64_t scratch_length;
};

/* --- predicates ---------------------------------------------------------- */

static inline bool cow_is_hidden(const struct vm_cow_pages *cow)
{
    return (cow->options & COW_OPTION_HIDDEN) != 0;
}

static inline bool cow_is_slice(const struct vm_cow_pages *cow)
{
    return (cow->options & COW_OPTION_SLICE) != 0;
}

static inline bool cow_is_parent_hidden(const struct vm_cow_pages *cow)
{
    return cow->parent && cow_is_hidden(cow->parent);
}

/* Its own source keeps content: a user pager's object. */
static inline bool cow_is_pager_backed(const struct vm_cow_pages *cow)
{
    return cow->source && cow->source->properties.is_preserving_page_content;
}

static inline bool cow_is_contiguous(const struct vm_cow_pages *cow)
{
    return cow->source &&
           cow->source->properties.is_providing_specific_physical_pages;
}

static inline bool cow_can_decommit_zero_pages(const struct vm_cow_pages *cow)
{
    return !(cow->options & COW_OPTION_CANNOT_DECOMMIT_ZERO_PAGES);
}

static inline bool cow_traps_dirty(const struct vm_cow_pages *cow)
{
    return cow->source && cow->source->traps_dirty;
}

static inline struct vm_page *cow_page(const struct vm_cow_pages *cow,
                                       page_index page)
{
    return &cow->machine->pmm.pages[page];
}

static inline struct vm_page *cow_pages_of(const struct vm_cow_pages *cow)
{
    return cow->machine->pmm.pages;
}

static inline void cow_bump_generation(struct vm_cow_pages *cow)
{
    cow->hierarchy->generation++;
}

/* Does the page hold what its pager does not have yet? */
static inline bool cow_is_page_unwritten(const struct vm_page *page)
{
    return vm_page_is_dirty(page) || vm_page_is_awaiting_clean(page);
}

/* So many more pages, or references, are in the node's list. */
static inline void cow_count_pages(struct vm_cow_pages *cow, int more)
{
    cow->own.uncompressed_pages += (uint64_t)more;
    cow->machine->stats.object_pages += (uint64_t)more;
}

static inline void cow_count_references(struct vm_cow_pages *cow, int more)
{
    cow->own.compressed_pages += (uint64_t)more;
    cow->machine->stats.reference_count += (uint64_t)more;
}

struct vm_cow_pages *cow_root(const struct vm_cow_pages *cow);

/* The new clone is pushed to the front: left = front, right = back. */
static inline struct vm_cow_pages *cow_left(const struct vm_cow_pages *hidden)
{
    CHECK(hidden->child_count == 2);
    return TAILQ_FIRST(&hidden->children);
}

static inline struct vm_cow_pages *cow_right(const struct vm_cow_pages *hidden)
{
    CHECK(hidden->child_count == 2);
    return TAILQ_LAST(&hidden->children, vm_cow_children);
}

static inline bool cow_is_left(const struct vm_cow_pages *child)
{
    return TAILQ_FIRST(&child->parent->children) == child;
}

static inline struct vm_cow_pages *cow_sibling(const struct vm_cow_pages *child)
{
    return cow_is_left(child) ? cow_right(child->parent)
                              : cow_left(child->parent);
}

/* --- cow_tree.c, cow_merge.c ---------------------------------------------- */

void cow_drop_child(struct vm_cow_pages *parent, struct vm_cow_pages *child);
void cow_replace_child(struct vm_cow_pages *parent, struct vm_cow_pages *old,
                       struct vm_cow_pages *new_child);
void cow_remove_child(struct vm_cow_pages *parent, struct vm_cow_pages *child);

/* --- cow_content.c ---------------------------------------------------------- */

void cow_set_not_pinned(struct vm_cow_pages *cow, page_index page,
                        uint64_t offset);
void cow_move_to_not_pinned(struct vm_cow_pages *cow, page_index page,
                            enum reclaim_added why,
                            enum reclaim_removed removed_why);
/* The kernel or a program's call has used the page; a hardware fault does not
 * come here, its accessed bit shows it. */
void cow_update_on_access(struct vm_cow_pages *cow, page_index page);
/* The page's new dirty state, and the queue that goes with it;
 * `is_pending_add`: it is in no queue yet. */
void cow_update_dirty_state(struct vm_cow_pages *cow, page_index page,
                            enum dirty_state state, bool is_pending_add);

/* ALLOC -> OBJECT with everything reset. */
void cow_init_page(struct vm_cow_pages *cow, page_index page);
/* Add a page or marker; on success `content` is emptied. References never come
 * this way: what brings them in makes pages of them first. */
enum vm_status cow_add_content(struct vm_cow_pages *cow,
                               struct page_slot *content, uint64_t offset,
                               enum vm_overwrite overwrite,
                               struct page_slot *released,
                               bool do_range_update);

/* The page enters the list at an empty slot, and its queue. */
void cow_fill_empty_slot(struct vm_cow_pages *cow, struct page_slot *slot,
                         page_index page, uint64_t offset);

/*
 * Take one page for this node: from `alloc_list` (may be NULL) first.
 * VM_NO_MEMORY, or VM_SHOULD_WAIT with `request` waiting for memory.
 */
enum vm_status cow_alloc_page(struct vm_cow_pages *cow,
                              struct page_chain *alloc_list,
                              struct page_request *request, page_index *page);
enum vm_status cow_alloc_copy(struct vm_cow_pages *cow, uint64_t content,
                              struct page_chain *alloc_list,
                              struct page_request *request, page_index *page);

/* The page has left a page list: out of its queue, back to ALLOC state. */
void cow_detach_page(struct vm_cow_pages *cow, page_index page,
                     enum reclaim_removed why);
/* Give pages in ALLOC state away: to the pmm, or if `owned` and the source
 * wants them (contiguous), to the source. */
void cow_free_pages(struct vm_cow_pages *cow, struct page_chain *chain,
                    bool owned);
void cow_free_page(struct vm_cow_pages *cow, page_index page, bool owned);
/* Free what a slot held: detaches and frees a page, forgets a reference. */
void cow_free_content(struct vm_cow_pages *cow, struct page_slot content,
                      bool owned);
/* Empty [start, end) of the list, freeing as cow_free_content(); returns the
 * number of pages (not references). */
uint64_t cow_drop_range(struct vm_cow_pages *cow, uint64_t start, uint64_t end,
                        bool owned);
/* As cow_drop_range(), pages appended to `freed` instead. */
uint64_t cow_unmap_and_remove_pages(struct vm_cow_pages *cow, uint64_t offset,
                                    uint64_t length, struct page_chain *freed);

/* --- cow_fork.c, cow_release.c ----------------------------------------------- */

enum vm_status cow_clone_cow_page(struct vm_cow_pages *cow, uint64_t offset,
                                  struct page_chain *alloc_list,
                                  struct vm_cow_pages *owner, page_index page,
                                  uint64_t owner_offset,
                                  struct page_request *request,
                                  page_index *out);
enum vm_status
cow_clone_cow_page_as_zero(struct vm_cow_pages *cow, uint64_t offset,
                           struct page_chain *freed, struct vm_cow_pages *owner,
                           page_index page, uint64_t owner_offset,
                           struct page_request *request);
void cow_release_cow_parent_pages(struct vm_cow_pages *cow, uint64_t start,
                                  uint64_t end);

/* --- cow_lookup.c ---------------------------------------------------------- */

/*
 * What this node sees above itself at `offset`.
 *
 *   owner, owner_offset  where the content is, or who decides what absence
 *                        means
 *   owner_length         in/out, bytes for which nobody in between has content
 *                        of their own; NULL: not wanted
 *   cursor               at the content; may be NULL
 *
 * Returns the slot found (never empty), NULL when there is none.
 */
struct page_slot *cow_find_initial_content(struct vm_cow_pages *cow,
                                           uint64_t offset,
                                           struct vm_cow_pages **owner,
                                           uint64_t *owner_offset,
                                           uint64_t *owner_length,
                                           struct page_list_cursor *cursor);

/* --- cow_range_change.c ------------------------------------------------------ */

/* An UNMAP of one page, the most frequent of range changes by far: as
 * vm_cow_range_change_update(). */
static inline void cow_unmap_page(struct vm_cow_pages *cow, uint64_t offset)
{
    if (cow->child_count > 0) {
        vm_cow_range_change_update(cow, offset, VM_PAGE_SIZE, RANGE_UNMAP);
        return;
    }
    const struct vm_cow_owner *owner;
    TAILQ_FOREACH (owner, &cow->owners, by_cow) {
        struct vm_mapping *mapping;
        LIST_FOREACH (mapping, &owner->mappings, by_owner)
            mapping_unmap_page(mapping, offset);
    }
}

/* --- cow_supply.c ------------------------------------------------------------ */

/* One page was supplied: mappings and requests hear of it. */
static inline void cow_announce_supplied(struct vm_cow_pages *cow,
                                         uint64_t offset)
{
    /* A zero that was written back is absent and may be mapped all the same. */
    cow_unmap_page(cow, offset);
    if (page_source_has_requests(cow->source, PAGE_REQUEST_READ))
        page_source_on_pages_supplied(cow->source, offset, VM_PAGE_SIZE);
}

/* --- cow_pin.c ---------------------------------------------------------------- */

bool cow_any_pages_pinned(const struct vm_cow_pages *cow, uint64_t offset,
                          uint64_t length);
void cow_unpin_all(struct vm_cow_pages *cow);

/* --- cow_compress.c ----------------------------------------------------------- */

/* Make the slot's reference a page, not queued. */
enum vm_status cow_make_page_from_reference(struct vm_cow_pages *cow,
                                            struct page_slot *slot,
                                            struct page_request *request);
/* The same for a slot of this node's list; the page is queued. */
enum vm_status cow_replace_reference_with_page(struct vm_cow_pages *cow,
                                               struct page_slot *slot,
                                               uint64_t offset,
                                               struct page_request *request);
/* Part of vm_cow_begin_reclaim(). False: the object must not be compressed. */
bool cow_begin_compression(struct vm_cow_pages *cow, page_index page,
                           uint64_t offset, struct compressor *compressor,
                           struct vm_compression *compression);
/* A temporary reference that is about to move becomes a page (not queued). */
void cow_resolve_temporary(struct vm_cow_pages *cow, struct page_slot *slot);
void cow_free_reference(struct vm_cow_pages *cow, uint64_t reference);

/* Reclaim takes the content at `offset`, before it is counted as reclaimed. */
static inline void cow_note_reclaimed(struct vm_cow_pages *cow, uint64_t offset)
{
    uint64_t page = bytes_to_pages(offset);
    reclaimed_set_add(&cow->reclaimed, page);
    if (cow->machine->keeps_distances)
        reclaimed_set_stamp(&cow->reclaimed, page,
                            (uint32_t)vm_machine_reclaimed(cow->machine));
}

/* --- cow_dirty.c, cow_loan.c, cow_priority.c -------------------------------- */

void cow_invalidate_read_requests(struct vm_cow_pages *cow, uint64_t offset,
                                  uint64_t length);
void cow_invalidate_dirty_requests(struct vm_cow_pages *cow, uint64_t offset,
                                   uint64_t length);
bool cow_can_borrow(const struct vm_cow_pages *cow);
/* The object is dead: its physical pages go back to the pmm. */
void cow_physical_close(struct vm_cow_pages *cow);
/* Change one node's count; returns what has to go on to the parent. */
int64_t cow_change_single_high_priority_count(struct vm_cow_pages *cow,
                                              int64_t delta);

#endif
