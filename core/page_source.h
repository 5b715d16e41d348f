/*
 * Page sources and page requests: how an object asks for content.
 *
 *              get_pages / request_dirty
 *   [idle] -----------------------------> [outstanding] --supplied, dirtied,
 *     ^                                    |      |       failed, detached--+
 *     +---- page_request_cancel -----------+      +--> overlap waiter       |
 *     +------------------------- [done, with a status] <-------------------+
 *
 * A request belongs to whoever makes the operation (embedded in it) and is
 * borrowed by the source while outstanding. Nothing is called back: a request
 * that a provider must answer is appended to `inbox`, one that is over to
 * `done`; the engine takes from both after each call into the core.
 *
 * Per source and type exactly one outstanding request covers a page: a new
 * one that starts inside another is trimmed to it and waits along (overlap);
 * one that would run into a later one is trimmed to end where that begins.
 */
#ifndef VMCOW_PAGE_SOURCE_H
#define VMCOW_PAGE_SOURCE_H

#include <stddef.h>
#include <sys/queue.h>

#include "status.h"
#include "units.h"

/* What is asked for: content, or leave to dirty what is there. */
enum page_request_type {
    PAGE_REQUEST_READ,
    PAGE_REQUEST_DIRTY,
    PAGE_REQUEST_TYPES
};

/* See the drawing. */
enum page_request_state {
    REQUEST_IDLE,
    REQUEST_ACCEPTING,   /* batch: taking further ranges, not sent yet */
    REQUEST_OUTSTANDING, /* sent to the provider */
    REQUEST_OVERLAP,     /* waits along with another one */
    REQUEST_MEMORY,      /* waits for free memory; no source involved */
    REQUEST_DONE,        /* answered; `status` holds */
};

struct page_source;
struct page_request;
TAILQ_HEAD(page_request_list, page_request);

/* Embedded in the operation that makes it, whose memory must not move while the
 * request waits. Only the maker's fields may be written from outside. */
struct page_request {
    enum page_request_state state;
    enum page_request_type type;
    bool is_batch_allowed;  /* set by the maker: ACCEPTING is possible */
    bool is_internal;       /* sent at once: !is_batch_allowed */
    enum vm_status status;  /* when DONE */
    uint64_t offset;        /* bytes in the source's object, aligned */
    uint64_t length;        /* bytes, aligned */
    uint64_t issued_offset; /* as sent, for reports */
    uint64_t issued_length;
    uint64_t pending;           /* bytes not answered yet */
    uint64_t serial;            /* order of issue in the source */
    struct page_source *source; /* while ACCEPTING, OUTSTANDING or OVERLAP */
    struct page_request_board *board;  /* of that source; stays when DONE */
    struct page_request *overlapped;   /* OVERLAP: the one it waits with */
    struct page_request_list overlaps; /* OUTSTANDING: those that wait along */
    TAILQ_ENTRY(page_request) by_source; /* source's list, or overlap list */
    TAILQ_ENTRY(page_request) by_inbox;  /* inbox or done list */
    bool is_in_inbox, is_in_done;
    void *user; /* the maker's; untouched here */
};

/* Where requests go that somebody must look at; one for a machine. */
struct page_request_board {
    struct page_request_list inbox; /* sent, not seen by a provider yet */
    struct page_request_list done;  /* answered, not seen by their maker yet */
};

/* What kind of source it is. */
struct page_source_properties {
    bool is_user_pager;
    bool is_preserving_page_content;
    bool is_providing_specific_physical_pages;
    bool is_handling_free;
};

/* Counted: each object that has it holds a reference. */
struct page_source {
    struct page_source_properties properties; /* constant */
    bool traps_dirty;                         /* DIRTY requests are supported */
    bool is_detached;
    bool is_closed;
    uint32_t refs;
    struct page_request_board *board;                      /* borrowed */
    struct page_request_list requests[PAGE_REQUEST_TYPES]; /* by offset */
    uint64_t next_serial;
    /* physical page provider: the pages that the object is made of */
    uint32_t first_page;
    uint64_t page_count;
    void *user; /* the engine's, e.g. its pager */
};

/* A board without requests. */
void page_request_board_init(struct page_request_board *board);

/* A user pager's source, one reference held. NULL: out of memory. */
struct page_source *page_source_new_pager(struct page_request_board *board,
                                          bool traps_dirty);
/* The physical page provider of a contiguous object of `page_count` frames from
 * `first_page` on; otherwise the same. */
struct page_source *page_source_new_physical(struct page_request_board *board,
                                             uint32_t first_page,
                                             uint64_t page_count);
/* One reference more, for the caller. Returns the source. */
struct page_source *page_source_ref(struct page_source *source);
/* One less; the last closes the source and frees it. */
void page_source_unref(struct page_source *source);

/* An idle request that belongs to nobody's source. */
void page_request_init(struct page_request *request);

/*
 * Ask for [offset, offset + length) to be supplied (GetPages): bytes, aligned,
 * length > 0. VM_SHOULD_WAIT, also while a batch is ACCEPTING: then add the
 * next range or call page_request_finalize(). VM_NOT_SUPPORTED; VM_BAD_STATE
 * when detached.
 *
 * The request is idle, accepting, or over: one that is DONE or has waited for
 * memory begins anew. An operation that works on its range as a whole (commit)
 * sets `is_batch_allowed`: a failure in the middle of what it asked for fails
 * it. One that wants its first page and takes the others along (read, write,
 * fault) does not, and looks again when only the others have failed.
 */
enum vm_status page_source_get_pages(struct page_source *source,
                                     uint64_t offset, uint64_t length,
                                     struct page_request *request);
/* Ask for leave to dirty the range; as page_source_get_pages(). */
enum vm_status page_source_request_dirty(struct page_source *source,
                                         uint64_t offset, uint64_t length,
                                         struct page_request *request);
/* An accepting batch is sent as it is; VM_SHOULD_WAIT. */
enum vm_status page_request_finalize(struct page_request *request);

/* Is any request of this type outstanding? */
static inline bool page_source_has_requests(const struct page_source *source,
                                            enum page_request_type type)
{
    return !TAILQ_EMPTY(&source->requests[type]);
}

/* The range (bytes) was supplied or dirtied: requests that it answers are done,
 * with VM_OK. Overlaps are summed up, whatever has been answered before. */
void page_source_on_pages_supplied(struct page_source *source, uint64_t offset,
                                   uint64_t length);
void page_source_on_pages_dirtied(struct page_source *source, uint64_t offset,
                                  uint64_t length);
/*
 * Requests of every type that overlap the range are done with `error`, except
 * that one that begins before it is done with VM_OK, to look again, if it was
 * internal or has been answered in part.
 */
void page_source_on_pages_failed(struct page_source *source, uint64_t offset,
                                 uint64_t length, enum vm_status error);
/* May a pager fail a request with this? `is_internal`: it is the machine that
 * does, which may also lack memory. */
bool page_source_is_valid_failure(enum vm_status error, bool is_internal);

/* Every request is done with VM_OK; the retry finds the source detached. */
void page_source_detach(struct page_source *source);
/* Detach, and nothing of it is used any more. */
void page_source_close(struct page_source *source);

/* The request waits for free memory instead (idle before). */
void page_request_wait_for_memory(struct page_request *request);

/*
 * Leave whatever list it is on and be idle again. If others wait along with
 * it, the first of them takes its place: range, pending, serial, and its place
 * in the inbox. A provider who has taken the request out of the inbox already
 * knows it by source and serial, which stay valid.
 */
void page_request_cancel(struct page_request *request);

/* First request of the board's lists, taken off; NULL when empty. */
struct page_request *page_request_take_new(struct page_request_board *board);
struct page_request *page_request_take_done(struct page_request_board *board);

/* The outstanding requests of both types in order of issue: call with NULL
 * first, then with the last result; NULL ends. Overlaps are not listed. */
struct page_request *page_source_next_request(const struct page_source *source,
                                              const struct page_request *after);

/* Returns the first broken invariant, NULL if none. */
const char *page_source_valid(const struct page_source *source);

#endif
