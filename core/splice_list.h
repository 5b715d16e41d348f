/*
 * The splice list: page content on its way from one object to another.
 *
 *        append / take            finalize             pop, pop, ...
 *   [filling] ------------> [filling] ----> [finalized] -------> [processed]
 *
 * It owns what it holds. Releasing it hands what is left to `release`.
 * Offsets are those of the source, `length` and `position` are bytes.
 */
#ifndef VMCOW_SPLICE_LIST_H
#define VMCOW_SPLICE_LIST_H

#include "page_list.h"

/* Written here alone. */
struct splice_list {
    uint64_t offset;
    uint64_t length;
    uint64_t position;
    bool is_finalized;
    bool has_raw_chain;
    struct page_list list;   /* keyed by source offset */
    struct page_chain chain; /* raw pages, when has_raw_chain */
};

/* An empty list for [offset, offset + length) of a source with that skew. */
void splice_list_init(struct splice_list *splice, uint64_t offset,
                      uint64_t length, uint64_t skew);

/* Hand all that is left to `release`; the list may be initialised again. */
void splice_list_release(struct splice_list *splice, struct vm_page *pages,
                         page_slot_release_fn release, void *context);

/*
 * Take every slot of [offset, offset + length) out of `list`: pages,
 * references, markers and gaps. The result is finalized, at position 0.
 * VM_NO_MEMORY: nothing has changed.
 */
enum vm_status splice_list_take(struct splice_list *splice,
                                struct page_list *list, uint64_t offset,
                                uint64_t length);

/* A finalized list over raw pages: chain->count pages, taken. */
void splice_list_of_chain(struct splice_list *splice, uint64_t offset,
                          struct page_chain *chain);

/*
 * Append content at offset + position and advance. Not finalized, position
 * below length, no interval. VM_NO_MEMORY: `content` stays the caller's.
 */
enum vm_status splice_list_append(struct splice_list *splice,
                                  struct page_slot content);

/* Filling is over; position returns to 0. Exactly once. */
void splice_list_finalize(struct splice_list *splice);

/* The content at position (SLOT_EMPTY for a hole), taken; advances a page. */
struct page_slot splice_list_pop(struct splice_list *splice,
                                 struct vm_page *pages);

/* The slot at position if it is a reference, else NULL. */
struct page_slot *splice_list_peek_reference(struct splice_list *splice);

/* Finalized and at its end? */
bool splice_list_is_processed(const struct splice_list *splice);

/* Does it hold nothing (holes apart)? */
bool splice_list_is_empty(const struct splice_list *splice);

#endif
