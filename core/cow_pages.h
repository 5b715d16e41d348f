/*
 * Cow pages: the copy-on-write core, Zircon's VmCowPages.
 *
 *              [hidden]  frozen former self of an object that was cloned
 *             /        \        exactly two children while alive
 *        [clone]     [original]          left = the new clone
 *
 *   life cycle:  INIT --transition_to_alive--> ALIVE --close--> DEAD
 *
 * A node holds a page list and looks into its parent where it has nothing
 * (tree shapes: cow_tree.c; forking and split bits: cow_fork.c). Look-ups, what
 * pagers do and reclaim have headers of their own, which this one includes.
 *
 * Offsets and lengths are bytes; where a function says "aligned" (to pages) a
 * misaligned argument is a broken rule, not a status. The names are the kernel's
 * without `Locked`: there is no lock; where that leaves a doubt the method of the
 * kernel's header is in brackets. Nodes are borrowed for a call unless it says
 * otherwise. What is done to a slice is done to the part of its parent that it
 * shows.
 *
 * Waiting is a status: VM_SHOULD_WAIT with the page request filled. The
 * operation is run again from where it got to once the request is done; a
 * lookup cursor must not survive the wait.
 */
#ifndef VMCOW_COW_PAGES_H
#define VMCOW_COW_PAGES_H

#include <stdio.h>

#include "cow_lookup.h"
#include "cow_pager.h"
#include "cow_reclaim.h"
#include "machine.h"
#include "mapping.h"
#include "splice_list.h"

struct vm_cow_pages;

/* Options of a node (header: VmCowPagesOptions). */
enum vm_cow_options {
    COW_OPTION_NONE = 0,
    COW_OPTION_CANNOT_DECOMMIT_ZERO_PAGES = 1,
    COW_OPTION_HIDDEN = 2, /* internal */
    COW_OPTION_SLICE = 4,  /* internal */
    COW_OPTION_UNPIN_ON_DELETE = 8,
};

/* What a clone may still see of its parent (header: CloneType). */
enum vm_clone_type {
    CLONE_SNAPSHOT,                   /* none of its later changes */
    CLONE_SNAPSHOT_AT_LEAST_ON_WRITE, /* all, until it writes the page */
    CLONE_SNAPSHOT_MODIFIED,          /* those of the pager's own pages, where
                                         this node has made no copy */
};

/*
 * An owner: the object above a node (header: VmObjectPaged). The first in a
 * node's list is its backlink, the others are references to the same pages.
 * The owner embeds this; the core keeps `cow` current when a clone moves the
 * object to another node.
 */
struct vm_cow_owner {
    struct vm_cow_pages *cow; /* counted reference while attached */
    struct vm_mapping_list mappings;
    uint64_t user_id; /* 0: not set */
    bool is_uncached;
    double compressibility; /* 0 .. 1; for synthesised pages */
    TAILQ_ENTRY(vm_cow_owner) by_cow;
};

/* Life cycle (cow_tree.c). ---------------------------------------------- */

/*
 * A node without a source, in a hierarchy of its own.
 *
 *   options      CANNOT_DECOMMIT_ZERO_PAGES and UNPIN_ON_DELETE only
 *   alloc_flags  of pmm_alloc_page(), without borrowing
 *   size         bytes, aligned
 *   tracker      taken, from malloc; NULL: not discardable
 *
 * VM_OK: the node is in INIT state, one reference is the caller's. VM_NO_MEMORY:
 * the tracker stays the caller's.
 */
enum vm_status vm_cow_create(struct vm_machine *machine, unsigned options,
                             unsigned alloc_flags, uint64_t size,
                             struct discardable *tracker,
                             struct vm_cow_pages **cow);

/* A node with a source, whose reference is taken on success; otherwise as
 * vm_cow_create(). VM_OK or VM_NO_MEMORY. */
enum vm_status vm_cow_create_external(struct vm_machine *machine,
                                      struct page_source *source,
                                      unsigned options, uint64_t size,
                                      struct vm_cow_pages **cow);

/* All is wired up: the node, in INIT state, may be used now. */
void vm_cow_transition_to_alive(struct vm_cow_pages *cow);

/* One reference more, which the caller gives back. Returns the node. */
struct vm_cow_pages *vm_cow_ref(struct vm_cow_pages *cow);
/* One reference less; NULL is ignored. The last one frees the node, which is
 * dead or empty then, and gives back its parent's. */
void vm_cow_unref(struct vm_cow_pages *cow);

/* Attach an owner (the first is the backlink); it holds a reference. */
void vm_cow_attach_owner(struct vm_cow_pages *cow, struct vm_cow_owner *owner);
/* Detach it; the next owner, if any, becomes the backlink; otherwise the node
 * dies unless children keep it. Drops the owner's reference. */
void vm_cow_detach_owner(struct vm_cow_owner *owner);
/* The backlink (header: get_paged_backlink); NULL for hidden nodes. */
struct vm_cow_owner *vm_cow_backlink(const struct vm_cow_pages *cow);
/*
 * Whose page is this, for a reader? The backlink of the page's node; where that
 * is hidden, of the VMO whose former self it is, or, if that has forked the
 * page, of its clone. `offset` receives the page's offset there. NULL: nobody's
 * that is open, or it can't be told because the page is on its way.
 */
struct vm_cow_owner *vm_cow_owner_of_page(const struct vm_machine *machine,
                                          page_index page, uint64_t *offset);
/* Dead transition if nothing can reach the node any more. */
void vm_cow_maybe_dead_transition(struct vm_cow_pages *cow);

/*
 * Clones: a child that sees [offset, offset + size) of the node as it is now,
 * or, where the type says so, as it is until the child writes.
 *
 *   offset, size  bytes, page aligned; may reach past the node's end
 *   child         set on success; one reference is the caller's
 *
 * A snapshot turns the node into the hidden parent of the clone and of a new
 * node, to which its owners move. VM_OK; VM_NOT_SUPPORTED (of a contiguous
 * node, for one), VM_BAD_STATE (pinned), VM_INVALID_ARGS (offsets overflow),
 * VM_NO_MEMORY: nothing has changed.
 */
enum vm_status vm_cow_create_clone(struct vm_cow_pages *cow,
                                   enum vm_clone_type type, uint64_t offset,
                                   uint64_t size, struct vm_cow_pages **child);
/* A window onto [offset, offset + size), bytes, aligned, within the node: what is
 * done to it is done to the node. `child` as above. VM_OK or VM_NO_MEMORY. */
enum vm_status vm_cow_create_child_slice(struct vm_cow_pages *cow,
                                         uint64_t offset, uint64_t size,
                                         struct vm_cow_pages **child);

/* Predicates and plain facts: of this node alone, in constant time, unless they
 * say otherwise. */

/* Bytes, aligned. */
uint64_t vm_cow_size(const struct vm_cow_pages *cow);
/* Does the tree's root, this node or above, belong to a user's pager? */
bool vm_cow_is_root_source_user_pager_backed(const struct vm_cow_pages *cow);
bool vm_cow_is_parent_hidden(const struct vm_cow_pages *cow);
/* The frozen former self of an object that was cloned? */
bool vm_cow_is_hidden(const struct vm_cow_pages *cow);
/* A window onto its parent? Then its own list stays empty. */
bool vm_cow_is_slice(const struct vm_cow_pages *cow);
/* Does its own source keep content, so that clean pages may go? */
bool vm_cow_can_evict(const struct vm_cow_pages *cow);
/* ... the root's? */
bool vm_cow_can_root_source_evict(const struct vm_cow_pages *cow);
/* Does it, or the parent of a slice, keep track of what is dirty? */
bool vm_cow_is_dirty_tracked(const struct vm_cow_pages *cow);
/* It was written to: vm_cow_query_pager_vmo_stats() says so. Nothing where
 * nothing is tracked. */
void vm_cow_mark_modified(struct vm_cow_pages *cow);
/* Is there any reason to keep its pages from reclaim, and how many? */
bool vm_cow_is_high_memory_priority(const struct vm_cow_pages *cow);
int64_t vm_cow_high_priority_count(const struct vm_cow_pages *cow);
/* Whom shared pages are charged to: a number of the owner's. */
void vm_cow_set_page_attribution_user_id(struct vm_cow_pages *cow, uint64_t id);
/* Pages pinned, each as often as it is; a slice's: 0. */
uint64_t vm_cow_pinned_page_count(const struct vm_cow_pages *cow);
/* Bytes that its list nodes take. */
uint64_t vm_cow_heap_allocation_bytes(const struct vm_cow_pages *cow);
/* Pages evicted, compressed or deduped, and discards. */
uint64_t vm_cow_reclamation_event_count(const struct vm_cow_pages *cow);
/* Changes of what any node of its tree holds; from 1, only grows. */
uint64_t vm_cow_hierarchy_generation(const struct vm_cow_pages *cow);
/* Its own source, the root's; borrowed, NULL: none. */
struct page_source *vm_cow_source(const struct vm_cow_pages *cow);
struct page_source *vm_cow_root_source(const struct vm_cow_pages *cow);
/* A number that no other node of the machine has or will have. */
uint64_t vm_cow_serial(const struct vm_cow_pages *cow);
/* Loaned pages in the node's own list; walks it. */
uint64_t vm_cow_loaned_page_count(const struct vm_cow_pages *cow);

/* Content (cow_content.c, cow_commit.c, cow_zero.c, cow_resize.c). -------- */

/* What adding a page may replace (header: CanOverwriteContent). */
enum vm_overwrite { OVERWRITE_NONE, OVERWRITE_ZERO, OVERWRITE_NON_ZERO };

/*
 * Add a page in ALLOC state. On success it is the node's; on failure the
 * caller's, in OBJECT state.
 *
 *   offset           bytes, aligned
 *   released         receives the content that had to go, still queued, the
 *                    caller's; may be NULL unless OVERWRITE_NON_ZERO
 *   zero             set its content to 0 first; a pager-backed node takes no
 *                    other
 *   do_range_update  unmap what was there
 *
 * VM_OK, VM_OUT_OF_RANGE, VM_ALREADY_EXISTS (not to be overwritten),
 * VM_NO_MEMORY.
 */
enum vm_status vm_cow_add_new_page(struct vm_cow_pages *cow, uint64_t offset,
                                   page_index page, enum vm_overwrite overwrite,
                                   struct page_slot *released, bool zero,
                                   bool do_range_update);
/*
 * Add the chain's pages one after another from `start` (bytes, aligned) on;
 * takes them also where it fails (AddNewPages). On failure none is left. Not
 * with OVERWRITE_NON_ZERO. Arguments and statuses as above.
 */
enum vm_status vm_cow_add_new_pages(struct vm_cow_pages *cow, uint64_t start,
                                    struct page_chain *pages,
                                    enum vm_overwrite overwrite, bool zero,
                                    bool do_range_update);

/*
 * See to it that the node has a page of its own everywhere in the range,
 * copied, forked, supplied or of zeros.
 *
 *   offset, length  bytes, aligned, within the node
 *   committed       set to the bytes done, from the beginning, also where it
 *                   fails
 *   request         for a wait: come again without what is committed already
 *
 * VM_OK; VM_SHOULD_WAIT (READ or DIRTY request, or memory); VM_NO_MEMORY;
 * VM_NOT_FOUND (discarded); VM_BAD_STATE (the source is detached).
 */
enum vm_status vm_cow_commit_range(struct vm_cow_pages *cow, uint64_t offset,
                                   uint64_t length, uint64_t *committed,
                                   struct page_request *request);
/*
 * Give all content of the range back: it reads as zero afterwards, and frames
 * of a contiguous node are lent. All or nothing; only roots without a pager.
 *
 *   offset, length  bytes
 *
 * VM_OK; VM_OUT_OF_RANGE, VM_NOT_SUPPORTED (has a parent, or a pager),
 * VM_INVALID_ARGS (not aligned), VM_BAD_STATE (pinned), looked at in this order.
 * Nothing, VM_OK, for length 0 within the node.
 */
enum vm_status vm_cow_decommit_range(struct vm_cow_pages *cow, uint64_t offset,
                                     uint64_t length);
/*
 * Make [start, end) read as zero, with as few pages as may be: content is
 * freed, replaced by markers or, with a pager, by dirty zero intervals; pinned
 * pages are zeroed where they are.
 *
 *   start, end  bytes, aligned, within the node
 *   zeroed      bytes done, from `start`; preset to 0 by the caller, only grows
 *   request     for a wait: come again from start + zeroed on
 *
 * VM_OK; VM_SHOULD_WAIT; VM_NO_MEMORY; VM_NOT_FOUND (discarded); VM_BAD_STATE
 * (the source is detached). What is done stays done.
 */
enum vm_status vm_cow_zero_pages(struct vm_cow_pages *cow, uint64_t start,
                                 uint64_t end, struct page_request *request,
                                 uint64_t *zeroed);
/*
 * Change the size. What is cut off is freed, and stays cut off from the parent
 * and for children when the node grows again; what is added reads as zero. Not
 * for slices, nor for nodes with any.
 *
 *   size  bytes, aligned
 *
 * VM_OK; VM_BAD_STATE (pinned pages would be cut off); VM_INVALID_ARGS (offsets
 * in the root would overflow); VM_NO_MEMORY. Size and content are as before
 * then; mappings and requests of what was to be cut off may be gone.
 */
enum vm_status vm_cow_resize(struct vm_cow_pages *cow, uint64_t size);
/* Would a read at `offset` (bytes, aligned, within the node) find zeros that no
 * page holds? False also where a page above or a marker above is found,
 * whatever it holds (PageWouldReadZero). */
bool vm_cow_page_would_read_zero(struct vm_cow_pages *cow, uint64_t offset);

/*
 * What a read at `offset` (bytes, within the node) would see, without doing it
 * (for reports and tests): true and the content number, or false where a pager
 * would have to be asked.
 */
bool vm_cow_peek_content(struct vm_cow_pages *cow, uint64_t offset,
                         uint64_t *content);

/*
 * The slot at `offset` of this node's own list is wanted soon, or (`will_go`)
 * its page will leave: bring it near in the host's caches. Changes nothing but
 * time.
 */
void vm_cow_prefetch(const struct vm_cow_pages *cow, uint64_t offset,
                     bool will_go);

/* Pins (cow_pin.c). ------------------------------------------------------ */

/*
 * Pin each page of the range once more: it keeps its frame and its content
 * until it is unpinned as often. All or nothing. None may be a lent one:
 * vm_cow_replace_pages_with_non_loaned(). Also where it fails, the node never
 * borrows again.
 *
 *   offset, length  bytes, aligned, within the node
 *
 * VM_OK; VM_BAD_STATE (something there is no page of this node); VM_UNAVAILABLE
 * (a page has all its PAGE_MAX_PIN_COUNT pins).
 */
enum vm_status vm_cow_pin_range(struct vm_cow_pages *cow, uint64_t offset,
                                uint64_t length);
/*
 * Take one pin off each page of the range. Each is there and pinned, or with
 * `allow_gaps` absent.
 *
 *   offset, length  bytes, rounded outwards to pages; length > 0
 */
void vm_cow_unpin(struct vm_cow_pages *cow, uint64_t offset, uint64_t length,
                  bool allow_gaps);
/* Is all of the range (bytes, rounded outwards) pages that are pinned? */
bool vm_cow_debug_is_range_pinned(struct vm_cow_pages *cow, uint64_t offset,
                                  uint64_t length);

/* Attribution (cow_attribution.c). --------------------------------------- */

/* What an object pays for, in pages. */
struct vm_attribution {
    uint64_t uncompressed_pages;
    uint64_t compressed_pages; /* by their size before */
};
/*
 * What this node is charged with in the range (AttributedPagesInRange): its own
 * pages and references, and those of hidden ancestors that fall to it. Hidden
 * nodes and slices: nothing.
 *
 *   offset, length  bytes, aligned; clipped to the node
 */
struct vm_attribution
vm_cow_attributed_pages_in_range(const struct vm_cow_pages *cow,
                                 uint64_t offset, uint64_t length);

/* Mappings (cow_range_change.c). ------------------------------------------ */

/* The owner's mapping (borrowed) hears of range changes, or no more. The owner
 * is attached to a node. */
void vm_cow_attach_mapping(struct vm_cow_owner *owner,
                           struct vm_mapping *mapping);
void vm_cow_detach_mapping(struct vm_cow_owner *owner,
                           struct vm_mapping *mapping);
/*
 * The node's pages in the range (bytes) have changed: mappings of it and of all
 * that look through to it, down the tree, hear of it (RangeChangeUpdate). Part
 * of every operation here that needs it.
 */
void vm_cow_range_change_update(struct vm_cow_pages *cow, uint64_t offset,
                                uint64_t length, enum range_change change);

/* Debugging and proof (cow_validate.c, cow_dump.c). ----------------------- */

/* Print the node in a line, indented by 2 x `depth` spaces; `verbose`: and each
 * slot of its list. */
void vm_cow_dump(const struct vm_cow_pages *cow, FILE *file, unsigned depth,
                 bool verbose);

/* The kernel's small queries: `offset` in bytes, aligned, in this node's own
 * list, also for a slice. */

/* Ancestors up to the root. */
uint32_t vm_cow_debug_lookup_depth(const struct vm_cow_pages *cow);
/* Pages and references. */
uint64_t vm_cow_debug_page_count(const struct vm_cow_pages *cow);
bool vm_cow_debug_is_page(const struct vm_cow_pages *cow, uint64_t offset);
bool vm_cow_debug_is_marker(const struct vm_cow_pages *cow, uint64_t offset);
/* Nothing there? Also true inside an interval. */
bool vm_cow_debug_is_empty(const struct vm_cow_pages *cow, uint64_t offset);
/* PAGE_NONE: there is no page. */
page_index vm_cow_debug_get_page(const struct vm_cow_pages *cow,
                                 uint64_t offset);
/* The slot as it is; SLOT_EMPTY also inside an interval. */
struct page_slot vm_cow_debug_get_slot(const struct vm_cow_pages *cow,
                                       uint64_t offset);
/* On a sentinel or between a Start and its End? */
bool vm_cow_debug_is_in_interval(const struct vm_cow_pages *cow,
                                 uint64_t offset);
/* Borrowed; NULL: it is a root. */
struct vm_cow_pages *vm_cow_debug_get_parent(const struct vm_cow_pages *cow);

/* The five validators: NULL, or the first broken rule (constant). They walk
 * what they prove. */

/* Split bits of this node: none where visible; where hidden, who has forked a
 * page has content, and somebody else still sees it. */
const char *vm_cow_debug_validate_page_splits(const struct vm_cow_pages *cow);
/* Each page of this node is in OBJECT state and knows node and offset. */
const char *vm_cow_debug_validate_backlinks(const struct vm_cow_pages *cow);
/* Splits of this node and its ancestors, backlinks of the whole tree. */
const char *
vm_cow_debug_validate_page_splits_hierarchy(const struct vm_cow_pages *cow);
/* Intervals are well formed, and are only where a pager is. */
const char *
vm_cow_debug_validate_zero_intervals(const struct vm_cow_pages *cow);
/* Lent pages are clean, not pinned and not always needed, and the node may
 * borrow (DebugValidateVmoPageBorrowing). */
const char *
vm_cow_debug_validate_page_borrowing(const struct vm_cow_pages *cow);

#endif
