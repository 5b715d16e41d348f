/*
 * Taking pages away from a node, and keeping them from being taken: eviction,
 * compression, deduplication, discarding, hints, priority, loans. Part of
 * cow_pages.h, whose conventions hold here.
 *
 *   pager-backed, clean      evicted: the pager has a copy
 *   anonymous                compressed; a page of zeros becomes a marker
 *   discardable, unlocked    discarded, all pages at once
 */
#ifndef VMCOW_COW_RECLAIM_H
#define VMCOW_COW_RECLAIM_H

#include "machine.h"

struct vm_cow_pages;

/* Does always_need keep a page? (header: EvictionHintAction) */
enum vm_eviction_hint { EVICTION_HINT_FOLLOW, EVICTION_HINT_IGNORE };

/* A compression under way; the compressor serves one at a time. */
struct vm_compression {
    struct vm_cow_pages *cow; /* held; NULL: there is none under way */
    page_index page;          /* out of its list and its queue */
    uint64_t offset;          /* bytes in the node */
    uint64_t temporary;       /* the reference in its place */
};

/* What vm_cow_begin_reclaim() has come to: see there. */
enum vm_reclaim_begun { RECLAIM_REFUSED, RECLAIM_TAKEN, RECLAIM_COMPRESSING };

/*
 * Try to reclaim the page that is at `offset` (first part of ReclaimPage).
 *
 *   offset       bytes, aligned
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

/* What has become of the page. */
enum vm_compression_end {
    COMPRESSION_DONE,   /* the page is the caller's (ALLOC state) to free */
    COMPRESSION_FAILED, /* the page is back in its place */
    COMPRESSION_CAUGHT, /* its place was taken meanwhile; the page is freed */
};

/* The compression under way is over, with what it has come to. */
enum vm_compression_end vm_cow_end_compression(struct vm_compression *begun);

/*
 * Begin to reclaim and end it at the same time (ReclaimPage). `refused`: set
 * when false is returned; may be NULL. True: the page is the caller's (ALLOC
 * state), who frees it.
 */
bool vm_cow_reclaim_page(struct vm_cow_pages *cow, page_index page,
                         uint64_t offset, enum vm_eviction_hint hint,
                         struct compressor *compressor,
                         enum reclaim_refused *refused);
/*
 * Evict the page at `offset` (bytes, aligned), whatever hints and priority say
 * (RemovePageForEviction): a lender wants its frame back. True: the page is the
 * caller's (ALLOC state), who frees it. False: it is not there, not clean, or
 * the node is not pager-backed. Must not be pinned.
 */
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
/*
 * Replace the page at `offset` (bytes, aligned), if it is all zeros, by a
 * marker and free it (DedupZeroPage). False: it is not there or not zero,
 * pinned, not clean, of high priority, or uncached. Not for contiguous nodes.
 */
bool vm_cow_dedup_zero_page(struct vm_cow_pages *cow, page_index page,
                            uint64_t offset);
/*
 * Make pages of the references in this node's own list (DecompressInRange).
 *
 *   offset, length  bytes; rounded outwards to pages
 *   request         for a wait: call again
 *
 * VM_OK (also length 0), VM_NO_MEMORY, VM_SHOULD_WAIT (memory).
 */
enum vm_status vm_cow_decompress_in_range(struct vm_cow_pages *cow,
                                          uint64_t offset, uint64_t length,
                                          struct page_request *request);

/* Hints. They reach pages of a pager-backed root only, through any of its
 * clones and slices, and do nothing elsewhere. */

/* Pages in the range that are clean and not pinned go first
 * (PromoteRangeForReclamation). Bytes; rounded outwards. */
void vm_cow_promote_range_for_reclamation(struct vm_cow_pages *cow,
                                          uint64_t offset, uint64_t length);
/*
 * Fault the range in and protect it (ProtectRangeFromReclamation).
 *
 *   offset, length   bytes; rounded outwards, clipped to the node's size
 *   set_always_need  also keep the pages from being evicted
 *   progress         bytes, preset to 0: where to go on after VM_SHOULD_WAIT. A
 *                    page whose request failed is skipped by calling again with
 *                    progress advanced by a page
 *
 * VM_OK when done, whatever was skipped; VM_SHOULD_WAIT.
 */
enum vm_status vm_cow_protect_range_from_reclamation(
    struct vm_cow_pages *cow, uint64_t offset, uint64_t length,
    bool set_always_need, struct page_request *request, uint64_t *progress);

/* Discardable nodes. The range is the whole node, in bytes: any other is
 * VM_OUT_OF_RANGE. The node has a tracker. */

/* One lock more (LockRange). `discarded_offset` and `discarded_size`, in bytes:
 * set to what was discarded before, all or nothing. VM_OK, VM_OUT_OF_RANGE,
 * VM_INVALID_ARGS (one of them is NULL). */
enum vm_status vm_cow_lock_range(struct vm_cow_pages *cow, uint64_t offset,
                                 uint64_t length, uint64_t *discarded_offset,
                                 uint64_t *discarded_size);
/* One lock more if nothing was discarded (TryLockRange). VM_OK,
 * VM_OUT_OF_RANGE, VM_UNAVAILABLE (discarded). */
enum vm_status vm_cow_try_lock_range(struct vm_cow_pages *cow, uint64_t offset,
                                     uint64_t length);
/* One lock less; without any the node is a candidate from now on (UnlockRange).
 * VM_OK, VM_OUT_OF_RANGE, VM_BAD_STATE (not locked). */
enum vm_status vm_cow_unlock_range(struct vm_cow_pages *cow, uint64_t offset,
                                   uint64_t length);
/*
 * Throw all content away if the node is discardable and has been unlocked for
 * `min_age` (DiscardPages). Returns pages discarded, which are appended to
 * `freed`, the caller's; 0 also where it was not eligible or pages are pinned.
 */
uint64_t vm_cow_discard_pages(struct vm_cow_pages *cow, sim_ns min_age,
                              struct page_chain *freed);
/* Pages and references of the node, under the state that it is in; 0 and 0 where
 * it is discarded, was never locked, or has no tracker. */
struct vm_discardable_counts {
    uint64_t locked;
    uint64_t unlocked;
};
struct vm_discardable_counts
vm_cow_debug_discardable_page_counts(const struct vm_cow_pages *cow);
/* The node's tracker, borrowed; NULL: it is not discardable. */
struct discardable *
vm_cow_debug_discardable_tracker(const struct vm_cow_pages *cow);

/*
 * So many more, or fewer, reasons to keep the node's pages: a mapping of high
 * priority, a child that has such reasons (ChangeHighPriorityCount). Pages are
 * requeued where the count leaves or reaches 0, which counts as one for the
 * parent. The count never falls below 0.
 */
void vm_cow_change_high_priority_count(struct vm_cow_pages *cow, int64_t delta);

/*
 * Was content at `offset` (bytes) of this node (of its parent, for a slice)
 * evicted or discarded and not come back since? Tells a refault from a first
 * touch.
 */
bool vm_cow_was_reclaimed(const struct vm_cow_pages *cow, uint64_t offset);

/*
 * How many pages the machine has reclaimed since it took that content, itself
 * included; 0: it did not, or the machine does not keep distances.
 */
uint64_t vm_cow_refault_distance(const struct vm_cow_pages *cow,
                                 uint64_t offset);

/* Loans (cow_loan.c). ---------------------------------------------------- */

/*
 * Put another frame in the place of the page at `offset`, with the same content,
 * hints and dirty state; the old one is freed (ReplacePage).
 *
 *   offset       bytes, aligned
 *   with_loaned  take a lent frame, and only that
 *   after        set to the new page, which is the node's
 *   request      for a wait for memory; may be NULL with a lent frame or where
 *                the node's allocations don't wait
 *
 * VM_OK; VM_NOT_FOUND (the page is not there); VM_BAD_STATE (pinned, always
 * needed, or not clean with a lent frame); VM_NOT_SUPPORTED (the node may not
 * borrow); VM_NO_MEMORY (also: nothing is lent); VM_SHOULD_WAIT.
 */
enum vm_status vm_cow_replace_page(struct vm_cow_pages *cow, page_index before,
                                   uint64_t offset, bool with_loaned,
                                   page_index *after,
                                   struct page_request *request);
/* The same with a lent frame (ReplacePageWithLoaned); never waits. */
enum vm_status vm_cow_replace_page_with_loaned(struct vm_cow_pages *cow,
                                               page_index before,
                                               uint64_t offset);
/*
 * Get a range of pages off lent frames, before they are pinned
 * (ReplacePagesWithNonLoaned).
 *
 *   offset, length  bytes, aligned, within the node
 *   non_loaned      set to the bytes done, also where it fails
 *
 * VM_OK; VM_BAD_STATE (something there is no page, or a page can't be replaced);
 * VM_SHOULD_WAIT (memory).
 */
enum vm_status vm_cow_replace_pages_with_non_loaned(
    struct vm_cow_pages *cow, uint64_t offset, uint64_t length,
    struct page_request *request, uint64_t *non_loaned);

/*
 * The physical page provider answers a READ request of a contiguous node: lent
 * pages are taken back, zeroed and supplied. The request (outstanding,
 * borrowed) is done afterwards; without memory of the host it has failed with
 * VM_NO_MEMORY.
 */
void vm_cow_provide_physical_pages(struct vm_cow_pages *cow,
                                   struct page_request *request);

#endif
