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
 * (tree shapes: cow_tree.c; forking and split bits: cow_fork.c; look-ups:
 * cow_lookup.c). Offsets and lengths are bytes; where a function says
 * "aligned" a misaligned argument is a broken rule, not a status. The names
 * are the kernel's without `Locked`: there is no lock.
 *
 * Waiting is a status: VM_SHOULD_WAIT with the page request filled. The
 * operation is run again from where it got to once the request is done; a
 * lookup cursor must not survive the wait.
 */
#ifndef VMCOW_COW_PAGES_H
#define VMCOW_COW_PAGES_H

#include <stdio.h>

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

enum vm_clone_type {
    CLONE_SNAPSHOT,
    CLONE_SNAPSHOT_AT_LEAST_ON_WRITE,
    CLONE_SNAPSHOT_MODIFIED,
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
 * A node without a source.
 *
 *   sibling      a node whose hierarchy it joins (shared generation count),
 *                NULL: a hierarchy of its own
 *   options      CANNOT_DECOMMIT_ZERO_PAGES and UNPIN_ON_DELETE only
 *   alloc_flags  of pmm_alloc_page(), without borrowing
 *   size         aligned
 *   tracker      taken, from malloc; NULL: not discardable
 *
 * VM_NO_MEMORY (the tracker stays the caller's). One reference is held.
 */
enum vm_status vm_cow_create(struct vm_machine *machine, unsigned options,
                             unsigned alloc_flags, uint64_t size,
                             struct discardable *tracker,
                             struct vm_cow_pages **cow);

/* A node with a source, whose reference is taken on success. VM_NO_MEMORY. */
enum vm_status vm_cow_create_external(struct vm_machine *machine,
                                      struct page_source *source,
                                      unsigned options, uint64_t size,
                                      struct vm_cow_pages **cow);

void vm_cow_transition_to_alive(struct vm_cow_pages *cow);

struct vm_cow_pages *vm_cow_ref(struct vm_cow_pages *cow);
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
 * Clones (core.md 3): a child that sees [offset, offset + size) of the node as
 * it is now, or, where the type says so, as it is until the child writes.
 *
 *   offset, size  bytes, page aligned; may reach past the node's end
 *   child         set on success; one reference is the caller's
 *
 * A snapshot turns the node into the hidden parent of the clone and of a new
 * node, to which its owners move. VM_NOT_SUPPORTED, VM_BAD_STATE (pinned),
 * VM_INVALID_ARGS (offsets overflow), VM_NO_MEMORY: nothing has changed.
 */
enum vm_status vm_cow_create_clone(struct vm_cow_pages *cow,
                                   enum vm_clone_type type, uint64_t offset,
                                   uint64_t size, struct vm_cow_pages **child);
/* A window onto [offset, offset + size), bytes within the node: what is done to
 * it is done to the node. `child` as above. VM_NO_MEMORY. */
enum vm_status vm_cow_create_child_slice(struct vm_cow_pages *cow,
                                         uint64_t offset, uint64_t size,
                                         struct vm_cow_pages **child);

/* Predicates and plain facts (core.md 2.5). */
uint64_t vm_cow_size(const struct vm_cow_pages *cow);
bool vm_cow_is_root_source_user_pager_backed(const struct vm_cow_pages *cow);
bool vm_cow_is_parent_hidden(const struct vm_cow_pages *cow);
bool vm_cow_is_hidden(const struct vm_cow_pages *cow);
bool vm_cow_is_slice(const struct vm_cow_pages *cow);
bool vm_cow_can_evict(const struct vm_cow_pages *cow);
bool vm_cow_can_root_source_evict(const struct vm_cow_pages *cow);
bool vm_cow_is_dirty_tracked(const struct vm_cow_pages *cow);
void vm_cow_mark_modified(struct vm_cow_pages *cow);
bool vm_cow_is_high_memory_priority(const struct vm_cow_pages *cow);
void vm_cow_set_page_attribution_user_id(struct vm_cow_pages *cow, uint64_t id);
uint64_t vm_cow_pinned_page_count(const struct vm_cow_pages *cow);
uint64_t vm_cow_heap_allocation_bytes(const struct vm_cow_pages *cow);
uint64_t vm_cow_reclamation_event_count(const struct vm_cow_pages *cow);
uint64_t vm_cow_hierarchy_generation(const struct vm_cow_pages *cow);
struct page_source *
vm_cow_source(const struct vm_cow_pages *cow); /* own; NULL */
struct page_source *vm_cow_root_source(const struct vm_cow_pages *cow);
struct vm_machine *vm_cow_machine(const struct vm_cow_pages *cow);
uint64_t vm_cow_serial(const struct vm_cow_pages *cow); /* never used again */
/* Direct children (hidden nodes and slices count as one each). */
uint32_t vm_cow_child_count(const struct vm_cow_pages *cow);
int64_t vm_cow_high_priority_count(const struct vm_cow_pages *cow);
/* Loaned pages in the node's own list; walks it. */
uint64_t vm_cow_loaned_page_count(const struct vm_cow_pages *cow);

/* Look-ups (cow_lookup.c). ---------------------------------------------- */

/* NEXT goes on, STOP ends well, anything else aborts with it. */
typedef enum vm_status (*vm_cow_lookup_fn)(void *context, uint64_t offset,
                                           page_index page);

/* Pages of this node's own list (core.md 5.8). */
enum vm_status vm_cow_lookup(struct vm_cow_pages *cow, uint64_t offset,
                             uint64_t length, vm_cow_lookup_fn fn,
                             void *context);
/* Pages readable here, wherever in the hierarchy they live. */
enum vm_status vm_cow_lookup_readable(struct vm_cow_pages *cow, uint64_t offset,
                                      uint64_t length, vm_cow_lookup_fn fn,
                                      void *context);

/* The lookup cursor (core.md 5.2-5.6); header: LookupCursor. */
struct vm_lookup_cursor {
    struct vm_cow_pages *target;
    uint64_t offset; /* in target; only grows */
    uint64_t end_offset;
    struct vm_cow_pages *owner; /* NULL: look again */
    uint64_t owner_offset;
    uint64_t visible_end;
    struct page_list_cursor list_cursor;
    struct page_slot *slot; /* cached; NULL: nothing there */
    bool target_preserves_content;
    bool zero_fork;
    bool mark_accessed;
    struct page_chain *alloc_list; /* borrowed; NULL: none */
};

struct vm_require_result {
    page_index page; /* PAGE_NONE: the shared zero page */
    bool is_writable;
};

/* VM_OUT_OF_RANGE; VM_NOT_FOUND when discarded. Aligned, length > 0. */
enum vm_status vm_cow_get_lookup_cursor(struct vm_cow_pages *cow,
                                        uint64_t offset, uint64_t max_length,
                                        struct vm_lookup_cursor *cursor);
enum vm_status vm_cursor_require_owned_page(struct vm_lookup_cursor *cursor,
                                            bool will_write,
                                            uint64_t max_request_pages,
                                            struct page_request *request,
                                            struct vm_require_result *result);
enum vm_status vm_cursor_require_read_page(struct vm_lookup_cursor *cursor,
                                           uint64_t max_request_pages,
                                           struct page_request *request,
                                           struct vm_require_result *result);
enum vm_status vm_cursor_require_page(struct vm_lookup_cursor *cursor,
                                      bool will_write,
                                      uint64_t max_request_pages,
                                      struct page_request *request,
                                      struct vm_require_result *result);
/* Fills up to `max_pages` pages; returns how many (0: none, not moved). */
uint64_t vm_cursor_if_exist_pages(struct vm_lookup_cursor *cursor,
                                  bool will_write, uint64_t max_pages,
                                  page_index *pages);
/* PAGE_NONE if there is no usable page; always moves on. */
page_index vm_cursor_maybe_page(struct vm_lookup_cursor *cursor,
                                bool will_write);
/* Pages skipped over that vm_cursor_maybe_page() would not have found. */
uint64_t vm_cursor_skip_missing_pages(struct vm_lookup_cursor *cursor);
void vm_cursor_give_alloc_list(struct vm_lookup_cursor *cursor,
                               struct page_chain *alloc_list);
void vm_cursor_clear_alloc_list(struct vm_lookup_cursor *cursor);
void vm_cursor_disable_zero_fork(struct vm_lookup_cursor *cursor);
void vm_cursor_disable_mark_accessed(struct vm_lookup_cursor *cursor);

/* Content (cow_content.c, cow_commit.c, cow_zero.c, cow_resize.c). -------- */

/* What adding a page may replace (header: CanOverwriteContent). */
enum vm_overwrite { OVERWRITE_NONE, OVERWRITE_ZERO, OVERWRITE_NON_ZERO };

/*
 * Add a page in ALLOC state. On success it is the node's; on failure the
 * caller's. Content that had to go is returned in `released` (still queued).
 */
enum vm_status vm_cow_add_new_page(struct vm_cow_pages *cow, uint64_t offset,
                                   page_index page, enum vm_overwrite overwrite,
                                   struct page_slot *released, bool zero,
                                   bool do_range_update);
/* Add the chain's pages one after another; always takes them. */
enum vm_status vm_cow_add_new_pages(struct vm_cow_pages *cow, uint64_t start,
                                    struct page_chain *pages,
                                    enum vm_overwrite overwrite, bool zero,
                                    bool do_range_update);

enum vm_status vm_cow_commit_range(struct vm_cow_pages *cow, uint64_t offset,
                                   uint64_t length, uint64_t *committed,
                                   struct page_request *request);
enum vm_status vm_cow_decommit_range(struct vm_cow_pages *cow, uint64_t offset,
                                     uint64_t length);
/* `zeroed` is preset to 0 by the caller and only grows. */
enum vm_status vm_cow_zero_pages(struct vm_cow_pages *cow, uint64_t start,
                                 uint64_t end, struct page_request *request,
                                 uint64_t *zeroed);
enum vm_status vm_cow_resize(struct vm_cow_pages *cow, uint64_t size);
bool vm_cow_page_would_read_zero(struct vm_cow_pages *cow, uint64_t offset);

/*
 * What a read at `offset` would see, without doing it (for reports and tests):
 * true and the content number, or false where a pager would have to be asked.
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

enum vm_status vm_cow_pin_range(struct vm_cow_pages *cow, uint64_t offset,
                                uint64_t length);
void vm_cow_unpin(struct vm_cow_pages *cow, uint64_t offset, uint64_t length,
                  bool allow_gaps);
bool vm_cow_debug_is_range_pinned(struct vm_cow_pages *cow, uint64_t offset,
                                  uint64_t length);

/* Attribution (cow_attribution.c). --------------------------------------- */

struct vm_attribution {
    uint64_t uncompressed_pages;
    uint64_t compressed_pages;
};
struct vm_attribution
vm_cow_attributed_pages_in_range(const struct vm_cow_pages *cow,
                                 uint64_t offset, uint64_t length);

/* Pager (cow_supply.c, cow_dirty.c). ------------------------------------- */

enum vm_supply { SUPPLY_PAGER, SUPPLY_TRANSFER_DATA, SUPPLY_PHYSICAL };

/*
 * Put what the finalized list `pages` still holds, in order, into the node from
 * `offset` on, for `length` bytes. Where there is content already it stays and
 * what came is freed, except with SUPPLY_TRANSFER_DATA; holes become markers.
 *
 *   supplied  set to the bytes consumed, also where it fails
 *   request   for a wait: come again without what is supplied already
 *
 * VM_OK; VM_SHOULD_WAIT and VM_NO_MEMORY: what was not consumed stays in the
 * list; with nothing consumed, VM_OUT_OF_RANGE, VM_NOT_SUPPORTED (data into a
 * node with a source), VM_BAD_STATE (pinned, or the source is detached).
 */
enum vm_status vm_cow_supply_pages(struct vm_cow_pages *cow, uint64_t offset,
                                   uint64_t length, struct splice_list *pages,
                                   enum vm_supply options, uint64_t *supplied,
                                   struct page_request *request);
/*
 * Supply one page to a pager-backed node without a splice list: the same
 * effects as vm_cow_supply_pages() with one page of `content`, which is
 * allocated here and returned in `supplied` (PAGE_NONE: there was content
 * already). For pagers that answer page by page. VM_NO_MEMORY,
 * VM_SHOULD_WAIT (memory), VM_BAD_STATE, VM_OUT_OF_RANGE.
 */
enum vm_status vm_cow_supply_one(struct vm_cow_pages *cow, uint64_t offset,
                                 uint64_t content, struct page_request *request,
                                 page_index *supplied);
/*
 * Move the content of [offset, offset + length) into `pages`, an empty list for
 * that range, or one that an earlier call has begun to fill.
 *
 *   taken    set to the bytes moved, also where it fails
 *   request  for a wait: come again, `offset` and `length` without what is
 *            moved already, the same list
 *
 * The list is finalized unless it has to wait, and holds what was moved. VM_OK;
 * VM_SHOULD_WAIT; VM_NO_MEMORY; what the pager of an ancestor fails with; with
 * nothing moved, VM_OUT_OF_RANGE, VM_NOT_SUPPORTED (the node has a source),
 * VM_BAD_STATE (pinned).
 */
enum vm_status vm_cow_take_pages(struct vm_cow_pages *cow, uint64_t offset,
                                 uint64_t length, struct splice_list *pages,
                                 uint64_t *taken, struct page_request *request);

/*
 * Undo a taking, before anything else happens to the node: what `pages` still
 * holds from `start` bytes on returns to the places it was taken from.
 *
 *   offset  in `cow`, of the list's first byte
 *
 * Needs no memory. The kernel has nothing of the kind and loses the content.
 */
void vm_cow_return_pages(struct vm_cow_pages *cow, uint64_t offset,
                         uint64_t start, struct splice_list *pages);

/* See to it that content can be put into the first `length` bytes of the node
 * without memory of the host: page_list_reserve(). VM_OK or VM_NO_MEMORY. */
enum vm_status vm_cow_make_room(struct vm_cow_pages *cow, uint64_t length);
enum vm_status vm_cow_fail_page_requests(struct vm_cow_pages *cow,
                                         uint64_t offset, uint64_t length,
                                         enum vm_status error);
enum vm_status vm_cow_dirty_pages(struct vm_cow_pages *cow, uint64_t offset,
                                  uint64_t length,
                                  struct page_chain *alloc_list,
                                  struct page_request *request);
/* NEXT goes on, STOP ends well. */
typedef enum vm_status (*vm_dirty_range_fn)(void *context, uint64_t offset,
                                            uint64_t length, bool is_zero);
enum vm_status vm_cow_enumerate_dirty_ranges(struct vm_cow_pages *cow,
                                             uint64_t offset, uint64_t length,
                                             vm_dirty_range_fn fn,
                                             void *context);
enum vm_status vm_cow_query_pager_vmo_stats(struct vm_cow_pages *cow,
                                            bool reset, bool *is_modified);
enum vm_status vm_cow_writeback_begin(struct vm_cow_pages *cow, uint64_t offset,
                                      uint64_t length, bool is_zero_range);
enum vm_status vm_cow_writeback_end(struct vm_cow_pages *cow, uint64_t offset,
                                    uint64_t length);
enum vm_status vm_cow_prepare_for_write(struct vm_cow_pages *cow,
                                        uint64_t offset, uint64_t length,
                                        struct page_request *request,
                                        uint64_t *dirty_length);
void vm_cow_detach_source(struct vm_cow_pages *cow);

static inline bool vm_page_is_dirty_tracked(const struct vm_page *page)
{
    return page->dirty_state != DIRTY_UNTRACKED;
}
static inline bool vm_page_is_dirty(const struct vm_page *page)
{
    return page->dirty_state == DIRTY_DIRTY;
}
static inline bool vm_page_is_clean(const struct vm_page *page)
{
    return page->dirty_state == DIRTY_CLEAN;
}
static inline bool vm_page_is_awaiting_clean(const struct vm_page *page)
{
    return page->dirty_state == DIRTY_AWAITING_CLEAN;
}

/* Reclaim (cow_reclaim.c, cow_compress.c, cow_hints.c, cow_discard.c). ---- */

enum vm_eviction_hint { EVICTION_HINT_FOLLOW, EVICTION_HINT_IGNORE };

/* A compression under way; the compressor serves one at a time. */
struct vm_compression {
    struct vm_cow_pages *cow; /* held; NULL: there is none under way */
    page_index page;          /* out of its list and its queue */
    uint64_t offset;
    uint64_t temporary; /* the reference in its place */
};

enum vm_reclaim_begun { RECLAIM_REFUSED, RECLAIM_TAKEN, RECLAIM_COMPRESSING };

/*
 * Try to reclaim the page that is at `offset`.
 *
 *   compressor   armed, or NULL: no compression
 *   compression  set when RECLAIM_COMPRESSING
 *   refused      set when RECLAIM_REFUSED
 *
 * RECLAIM_TAKEN: the page is the caller's (ALLOC state), who frees it.
 * RECLAIM_COMPRESSING: from now on it is being compressed, for as long as the
 * caller likes, until vm_cow_end_compression(); anything may happen to the node
 * meanwhile. RECLAIM_REFUSED: the page is no candidate for now, or was not
 * there (REFUSED_GONE).
 */
enum vm_reclaim_begun vm_cow_begin_reclaim(struct vm_cow_pages *cow,
                                           page_index page, uint64_t offset,
                                           enum vm_eviction_hint hint,
                                           struct compressor *compressor,
                                           struct vm_compression *compression,
                                           enum reclaim_refused *refused);

enum vm_compression_end {
    COMPRESSION_DONE,   /* the page is the caller's (ALLOC state) to free */
    COMPRESSION_FAILED, /* the page is back in its place */
    COMPRESSION_CAUGHT, /* its place was taken meanwhile; the page is freed */
};

/* The compression under way is over, with what it has come to. */
enum vm_compression_end vm_cow_end_compression(struct vm_compression *begun);

/*
 * Begin to reclaim and end it at the same time. `refused`: set when false is
 * returned; may be NULL. True: the page is the caller's (ALLOC state), who
 * frees it.
 */
bool vm_cow_reclaim_page(struct vm_cow_pages *cow, page_index page,
                         uint64_t offset, enum vm_eviction_hint hint,
                         struct compressor *compressor,
                         enum reclaim_refused *refused);
bool vm_cow_remove_page_for_eviction(struct vm_cow_pages *cow, page_index page,
                                     uint64_t offset);
/*
 * Evict `page`, which is in the RECLAIM queue, and give its frame to `content`,
 * supplied at `offset` of the same pager-backed node: the same effects as
 * vm_cow_reclaim_page(), pmm_free_page() and vm_cow_supply_one() one after the
 * other, without the way through the free list. For who needs one page for
 * each that he gives up.
 *
 * False: it is not as simple as that (reclaim would refuse, there is something
 * at `offset`, the page is lent, memory is watched ...). Nothing has changed.
 */
bool vm_cow_recycle_page(struct vm_cow_pages *cow, page_index page,
                         uint64_t offset, uint64_t content);
bool vm_cow_dedup_zero_page(struct vm_cow_pages *cow, page_index page,
                            uint64_t offset);
enum vm_status vm_cow_decompress_in_range(struct vm_cow_pages *cow,
                                          uint64_t offset, uint64_t length,
                                          struct page_request *request);
void vm_cow_promote_range_for_reclamation(struct vm_cow_pages *cow,
                                          uint64_t offset, uint64_t length);
/*
 * Fault the range in and protect it. `progress` (bytes, preset to 0) is where
 * to go on after VM_SHOULD_WAIT: a page whose request failed is skipped by
 * calling again with progress advanced by a page. VM_OK when done.
 */
enum vm_status vm_cow_protect_range_from_reclamation(
    struct vm_cow_pages *cow, uint64_t offset, uint64_t length,
    bool set_always_need, struct page_request *request, uint64_t *progress);

enum vm_status vm_cow_lock_range(struct vm_cow_pages *cow, uint64_t offset,
                                 uint64_t length, uint64_t *discarded_offset,
                                 uint64_t *discarded_size);
enum vm_status vm_cow_try_lock_range(struct vm_cow_pages *cow, uint64_t offset,
                                     uint64_t length);
enum vm_status vm_cow_unlock_range(struct vm_cow_pages *cow, uint64_t offset,
                                   uint64_t length);
/* Returns pages discarded; they are appended to `freed`, the caller's. */
uint64_t vm_cow_discard_pages(struct vm_cow_pages *cow, sim_ns min_age,
                              struct page_chain *freed);
struct vm_discardable_counts {
    uint64_t locked;
    uint64_t unlocked;
};
struct vm_discardable_counts
vm_cow_debug_discardable_page_counts(const struct vm_cow_pages *cow);
struct discardable *
vm_cow_debug_discardable_tracker(const struct vm_cow_pages *cow);

void vm_cow_change_high_priority_count(struct vm_cow_pages *cow, int64_t delta);

/*
 * Was content at `offset` of this node (of its parent, for a slice) evicted
 * or discarded and not come back since? Tells a refault from a first touch.
 */
bool vm_cow_was_reclaimed(const struct vm_cow_pages *cow, uint64_t offset);

/*
 * How many pages the machine has reclaimed since it took that content, itself
 * included; 0: it did not, or the machine does not keep distances.
 */
uint64_t vm_cow_refault_distance(const struct vm_cow_pages *cow,
                                 uint64_t offset);

/* Loans (cow_loan.c). ----------------------------------------------------- */

enum vm_status vm_cow_replace_page(struct vm_cow_pages *cow, page_index before,
                                   uint64_t offset, bool with_loaned,
                                   page_index *after,
                                   struct page_request *request);
enum vm_status vm_cow_replace_page_with_loaned(struct vm_cow_pages *cow,
                                               page_index before,
                                               uint64_t offset);
enum vm_status vm_cow_replace_pages_with_non_loaned(
    struct vm_cow_pages *cow, uint64_t offset, uint64_t length,
    struct page_request *request, uint64_t *non_loaned);

/*
 * The physical page provider answers a READ request of a contiguous node:
 * lent pages are taken back, zeroed and supplied (core.md 10.14).
 */
void vm_cow_provide_physical_pages(struct vm_cow_pages *cow,
                                   struct page_request *request);

/* Mappings (cow_range_change.c). ------------------------------------------ */

/* The owner's mapping (borrowed) hears of range changes, or no more. The owner
 * is attached to a node. */
void vm_cow_attach_mapping(struct vm_cow_owner *owner,
                           struct vm_mapping *mapping);
void vm_cow_detach_mapping(struct vm_cow_owner *owner,
                           struct vm_mapping *mapping);
void vm_cow_range_change_update(struct vm_cow_pages *cow, uint64_t offset,
                                uint64_t length, enum range_change change);

/* Debugging and proof (cow_validate.c, cow_dump.c). ----------------------- */

void vm_cow_dump(const struct vm_cow_pages *cow, FILE *file, unsigned depth,
                 bool verbose);
uint32_t vm_cow_debug_lookup_depth(const struct vm_cow_pages *cow);
uint64_t vm_cow_debug_page_count(const struct vm_cow_pages *cow);
bool vm_cow_debug_is_page(const struct vm_cow_pages *cow, uint64_t offset);
bool vm_cow_debug_is_marker(const struct vm_cow_pages *cow, uint64_t offset);
bool vm_cow_debug_is_empty(const struct vm_cow_pages *cow, uint64_t offset);
page_index vm_cow_debug_get_page(const struct vm_cow_pages *cow,
                                 uint64_t offset);
/* The slot as it is; SLOT_EMPTY also inside an interval. */
struct page_slot vm_cow_debug_get_slot(const struct vm_cow_pages *cow,
                                       uint64_t offset);
bool vm_cow_debug_is_in_interval(const struct vm_cow_pages *cow,
                                 uint64_t offset);
struct vm_cow_pages *vm_cow_debug_get_parent(const struct vm_cow_pages *cow);

/* The five validators: NULL, or the first broken rule. */
const char *vm_cow_debug_validate_page_splits(const struct vm_cow_pages *cow);
const char *vm_cow_debug_validate_backlinks(const struct vm_cow_pages *cow);
const char *
vm_cow_debug_validate_page_splits_hierarchy(const struct vm_cow_pages *cow);
const char *
vm_cow_debug_validate_zero_intervals(const struct vm_cow_pages *cow);
const char *
vm_cow_debug_validate_page_borrowing(const struct vm_cow_pages *cow);

#endif
