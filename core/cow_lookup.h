/*
 * Look-ups: finding, and if need be making, the page behind an offset of a
 * node. Part of cow_pages.h, whose conventions hold here.
 *
 *   cursor  o----o----o----o        one step a page, offsets only grow
 *   node    [A]  [ ]  [ ]  [B]      own content first ...
 *   parent       [C]  [ ]           ... then that of the ancestors it sees ...
 *   root              request       ... then what its source is asked for
 */
#ifndef VMCOW_COW_LOOKUP_H
#define VMCOW_COW_LOOKUP_H

#include "machine.h"
#include "page_list.h"

struct vm_cow_pages;

/* Called for each page that is found; `offset` in bytes, as the caller of the
 * look-up counts. NEXT goes on, STOP ends well, anything else aborts with it. */
typedef enum vm_status (*vm_cow_lookup_fn)(void *context, uint64_t offset,
                                           page_index page);

/*
 * Pages of this node's own list (LookupLocked): no markers, references or
 * intervals, and nothing of the parent's. Changes nothing.
 *
 *   offset, length  bytes; rounded outwards to pages
 *
 * VM_OK; VM_INVALID_ARGS (length 0); VM_OUT_OF_RANGE; what `fn` aborts with.
 */
enum vm_status vm_cow_lookup(struct vm_cow_pages *cow, uint64_t offset,
                             uint64_t length, vm_cow_lookup_fn fn,
                             void *context);
/* Pages readable here, wherever in the hierarchy they live
 * (LookupReadableLocked). Arguments and statuses of vm_cow_lookup(). */
enum vm_status vm_cow_lookup_readable(struct vm_cow_pages *cow, uint64_t offset,
                                      uint64_t length, vm_cow_lookup_fn fn,
                                      void *context);

/* The lookup cursor; header: LookupCursor. Everything in it is borrowed; it is
 * worth nothing after a wait or any other change of the tree. */
struct vm_lookup_cursor {
    struct vm_cow_pages *target; /* a slice's parent instead of the slice */
    uint64_t offset;             /* bytes in target; only grows */
    uint64_t end_offset;
    struct vm_cow_pages *owner; /* NULL: look again */
    uint64_t owner_offset;
    uint64_t visible_end; /* in target: up to here the owner stays the same */
    struct page_list_cursor list_cursor;
    struct page_slot *slot; /* cached; NULL: nothing there */
    bool target_preserves_content;
    bool zero_fork;
    bool mark_accessed;
    struct page_chain *alloc_list; /* borrowed; NULL: none */
};

/* What the vm_cursor_require_* find. */
struct vm_require_result {
    page_index page; /* PAGE_NONE: the shared zero page; owned by its node */
    bool is_writable;
};

/*
 * A cursor at `offset` (GetLookupCursorLocked). The node is alive, not hidden.
 *
 *   offset, max_length  bytes, aligned; max_length > 0
 *
 * VM_OK; VM_OUT_OF_RANGE; VM_NOT_FOUND (its content was discarded).
 */
enum vm_status vm_cow_get_lookup_cursor(struct vm_cow_pages *cow,
                                        uint64_t offset, uint64_t max_length,
                                        struct vm_lookup_cursor *cursor);

/*
 * The page under the cursor, made the target's own: by a copy, a fork (which
 * moves a page that nobody else sees) or a new page of zeros
 * (RequireOwnedPage).
 *
 *   will_write         also makes a pager-backed page dirty, and a loaned one
 *                      an ordinary one
 *   max_request_pages  > 0 and within the cursor's range: how much to ask a
 *                      pager for; one that does not trap has so many dirtied
 *   request            idle; filled for a wait
 *
 * VM_OK: `result` is set, the cursor is a page further. Else it has not moved:
 * VM_SHOULD_WAIT (READ or DIRTY request, or memory), VM_NO_MEMORY, and what a
 * source refuses a request with: VM_BAD_STATE (detached), VM_NOT_SUPPORTED.
 */
enum vm_status vm_cursor_require_owned_page(struct vm_lookup_cursor *cursor,
                                            bool will_write,
                                            uint64_t max_request_pages,
                                            struct page_request *request,
                                            struct vm_require_result *result);
/*
 * A page to read, wherever it lives; zeros are the shared zero page, for which
 * nothing is allocated (RequireReadPage). A reference is decompressed where it
 * is. Arguments and statuses as above.
 */
enum vm_status vm_cursor_require_read_page(struct vm_lookup_cursor *cursor,
                                           uint64_t max_request_pages,
                                           struct page_request *request,
                                           struct vm_require_result *result);
/* The first of these to write, the second to read (RequirePage). */
enum vm_status vm_cursor_require_page(struct vm_lookup_cursor *cursor,
                                      bool will_write,
                                      uint64_t max_request_pages,
                                      struct page_request *request,
                                      struct vm_require_result *result);

/*
 * What is there already: these allocate, ask and decompress nothing. To be
 * written, only a page of the target itself will do, and none of a pager-backed
 * target.
 */

/* Fills in up to `max_pages` pages in a row, and moves past them. Returns how
 * many; 0, not moved: none, or marking as accessed is still on. */
uint64_t vm_cursor_if_exist_pages(struct vm_lookup_cursor *cursor,
                                  bool will_write, uint64_t max_pages,
                                  page_index *pages);
/* PAGE_NONE if there is no usable page; always moves on by one page. */
page_index vm_cursor_maybe_page(struct vm_lookup_cursor *cursor,
                                bool will_write);
/* Pages skipped over that vm_cursor_maybe_page() would not have found. */
uint64_t vm_cursor_skip_missing_pages(struct vm_lookup_cursor *cursor);

/* Take the pages that are needed from this list (ALLOC state) first; it is
 * borrowed until cleared, what is left in it stays the caller's. */
void vm_cursor_give_alloc_list(struct vm_lookup_cursor *cursor,
                               struct page_chain *alloc_list);
void vm_cursor_clear_alloc_list(struct vm_lookup_cursor *cursor);
/* Pages of zeros made from now on are no candidates for the zero scanner. */
void vm_cursor_disable_zero_fork(struct vm_lookup_cursor *cursor);
/* Pages found from now on are not marked accessed: the hardware does that. */
void vm_cursor_disable_mark_accessed(struct vm_lookup_cursor *cursor);

#endif
