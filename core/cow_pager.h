/*
 * What a pager does to its object: supply, take, dirty, write back, fail,
 * leave. Part of cow_pages.h, whose conventions hold here.
 *
 *   page  (absent) --supply--> clean --dirty--> dirty --begin--> awaiting clean
 *                                ^                ^----- dirty -------+   |
 *                                +------------------ end -----------------+
 *
 * Zeros that no page holds are markers (clean) and zero intervals (dirty).
 */
#ifndef VMCOW_COW_PAGER_H
#define VMCOW_COW_PAGER_H

#include "machine.h"
#include "splice_list.h"

struct vm_cow_pages;

/* Who supplies (header: SupplyOptions): the node's pager; somebody who puts
 * pages into an object without a source; a contiguous node's provider. */
enum vm_supply { SUPPLY_PAGER, SUPPLY_TRANSFER_DATA, SUPPLY_PHYSICAL };

/*
 * Put what the finalized list `pages` still holds, in order, into the node from
 * `offset` on, for `length` bytes (SupplyPages). Where there is content already
 * it stays and what came is freed, except with SUPPLY_TRANSFER_DATA; holes
 * become markers.
 *
 *   offset, length  bytes, aligned; length is what the list still holds
 *   supplied        set to the bytes consumed, also where it fails
 *   request         for a wait: come again without what is supplied already
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
 * already). For pagers that answer page by page. `offset`: bytes, aligned.
 * VM_OK, VM_NO_MEMORY, VM_SHOULD_WAIT (memory), VM_BAD_STATE, VM_OUT_OF_RANGE.
 */
enum vm_status vm_cow_supply_one(struct vm_cow_pages *cow, uint64_t offset,
                                 uint64_t content, struct page_request *request,
                                 page_index *supplied);
/*
 * Move the content of [offset, offset + length) into `pages`, an empty list for
 * that range, or one that an earlier call has begun to fill (TakePages). The
 * range reads as zero afterwards.
 *
 *   offset, length  bytes, aligned
 *   taken           set to the bytes moved, also where it fails
 *   request         for a wait: come again, `offset` and `length` without what
 *                   is moved already, the same list
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

/*
 * The pager, or the provider, can't answer: requests that overlap the range are
 * over, with `error` (FailPageRequests). No page changes. The node has a
 * source.
 *
 *   offset, length  bytes
 *   error           one of page_source_is_valid_failure(), or VM_NO_MEMORY
 *
 * VM_OK, VM_INVALID_ARGS (another error), VM_OUT_OF_RANGE, VM_BAD_STATE
 * (detached).
 */
enum vm_status vm_cow_fail_page_requests(struct vm_cow_pages *cow,
                                         uint64_t offset, uint64_t length,
                                         enum vm_status error);

/*
 * The pager agrees that the range becomes dirty, all of it or nothing
 * (DirtyPages). Zeros in it become real pages. DIRTY requests for the range are
 * answered, also where this fails, so that who waits looks again; but not where
 * `offset` is past the end or the range overflows. The node has a source.
 *
 *   offset, length  bytes, aligned
 *   alloc_list      pages (ALLOC state) for the zeros; grows before a wait, and
 *                   what is left in it stays the caller's
 *
 * VM_OK; VM_NOT_SUPPORTED (the source does not trap); VM_OUT_OF_RANGE;
 * VM_BAD_STATE (detached); VM_NOT_FOUND (something in it is absent);
 * VM_SHOULD_WAIT (memory: call again with the same list); VM_NO_MEMORY.
 */
enum vm_status vm_cow_dirty_pages(struct vm_cow_pages *cow, uint64_t offset,
                                  uint64_t length,
                                  struct page_chain *alloc_list,
                                  struct page_request *request);

/*
 * Before a write: how much of the range, from its beginning, may be written
 * (PrepareForWriteLocked). With a source that does not trap, the pages that are
 * there become dirty; else a DIRTY request is made for what has to become so.
 * The node, or a slice's parent, is pager-backed.
 *
 *   offset, length  bytes, aligned
 *   dirty_length    set to bytes, from `offset` on, that are dirty pages; 0
 *                   where the first page is absent, or is asked for
 *
 * VM_OK; VM_SHOULD_WAIT (requested); VM_BAD_STATE (detached).
 */
enum vm_status vm_cow_prepare_for_write(struct vm_cow_pages *cow,
                                        uint64_t offset, uint64_t length,
                                        struct page_request *request,
                                        uint64_t *dirty_length);

/* Called for each dirty range, in bytes. NEXT goes on, STOP ends well, anything
 * else aborts with it. */
typedef enum vm_status (*vm_dirty_range_fn)(void *context, uint64_t offset,
                                            uint64_t length, bool is_zero);
/*
 * What the pager would have to write back: maximal runs of pages that are dirty
 * or awaiting clean, and zero intervals, in ascending order
 * (EnumerateDirtyRanges).
 *
 *   offset, length  bytes; rounded outwards to pages
 *
 * VM_OK; VM_NOT_SUPPORTED (not pager-backed); VM_OUT_OF_RANGE; what `fn` aborts
 * with.
 */
enum vm_status vm_cow_enumerate_dirty_ranges(struct vm_cow_pages *cow,
                                             uint64_t offset, uint64_t length,
                                             vm_dirty_range_fn fn,
                                             void *context);
/* Was the object written to since the last reset (QueryPagerVmoStats)? VM_OK;
 * VM_NOT_SUPPORTED (not pager-backed): nothing is set. */
enum vm_status vm_cow_query_pager_vmo_stats(struct vm_cow_pages *cow,
                                            bool reset, bool *is_modified);
/*
 * The pager begins to write the range back: dirty pages are awaiting clean,
 * intervals note how far, and mappings become read-only (WritebackBegin).
 * Pinned pages stay dirty, and so does an interval that begins before. The node
 * has a source.
 *
 *   offset, length  bytes, aligned
 *   is_zero_range   the pager was told zeros: pages are left as they are
 *
 * VM_OK, VM_OUT_OF_RANGE, VM_NOT_SUPPORTED (not pager-backed).
 */
enum vm_status vm_cow_writeback_begin(struct vm_cow_pages *cow, uint64_t offset,
                                      uint64_t length, bool is_zero_range);
/*
 * It has been written: pages still awaiting clean are clean, and of an interval
 * goes what the writeback noted; that part is absent then (WritebackEnd).
 * Arguments and statuses as above.
 */
enum vm_status vm_cow_writeback_end(struct vm_cow_pages *cow, uint64_t offset,
                                    uint64_t length);
/*
 * The pager is gone (DetachSource): requests are over, clean pages and markers
 * go, dirty ones stay to be read. A root with a source, whose clean pages are
 * not pinned.
 */
void vm_cow_detach_source(struct vm_cow_pages *cow);

/* Dirty state of a page: untracked without a pager. */
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

#endif
