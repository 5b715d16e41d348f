/*
 * Page sources: what a source has been asked for and has not answered.
 *
 *   READ   [0 .... 4)        [9 . 11)      outstanding, by offset, disjoint
 *             \_[2 4)                      overlap waiter, told with its owner
 *
 * Only amounts are counted: an answer takes the pages it covers off
 * `pending`, whichever they are, and the request is over when none is left.
 * Supplying a page twice can therefore end a request early; whoever waits
 * looks again anyway. A map of answered pages would be exact and serve nobody.
 *
 * Outstanding requests are few (one for a waiting thread), so a sorted list
 * does for a tree.
 */
#include "page_source.h"

#include <stdlib.h>

#include "check.h"
#include "rare_paths.h"

static uint64_t end_of(const struct page_request *request)
{
    return request->offset + request->length;
}

static bool intersects(const struct page_request *request, uint64_t offset,
                       uint64_t length)
{
    return request->offset < offset + length && offset < end_of(request);
}

static uint64_t intersection(const struct page_request *request,
                             uint64_t offset, uint64_t length)
{
    return u64_min(end_of(request), offset + length) -
           u64_max(request->offset, offset);
}

/* The first outstanding request that ends after `offset`; NULL: none. */
static struct page_request *find(const struct page_source *source,
                                 enum page_request_type type, uint64_t offset)
{
    struct page_request *request;

    TAILQ_FOREACH (request, &source->requests[type], by_source) {
        if (end_of(request) > offset)
            return request;
    }
    return NULL;
}

/* Sources. ---------------------------------------------------------------- */

void page_request_board_init(struct page_request_board *board)
{
    TAILQ_INIT(&board->inbox);
    TAILQ_INIT(&board->done);
}

static struct page_source *source_new(struct page_request_board *board)
{
    struct page_source *source = host_calloc(1, sizeof *source);

    if (!source)
        return NULL;
    source->refs = 1;
    source->board = board;
    for (int type = 0; type < PAGE_REQUEST_TYPES; type++)
        TAILQ_INIT(&source->requests[type]);
    return source;
}

struct page_source *page_source_new_pager(struct page_request_board *board,
                                          bool traps_dirty)
{
    struct page_source *source = source_new(board);

    if (!source)
        return NULL;
    source->properties.is_user_pager = true;
    source->properties.is_preserving_page_content = true;
    source->traps_dirty = traps_dirty;
    return source;
}

struct page_source *page_source_new_physical(struct page_request_board *board,
                                             uint32_t first_page,
                                             uint64_t page_count)
{
    struct page_source *source = source_new(board);

    if (!source)
        return NULL;
    source->properties.is_providing_specific_physical_pages = true;
    source->properties.is_handling_free = true;
    source->first_page = first_page;
    source->page_count = page_count;
    return source;
}

struct page_source *page_source_ref(struct page_source *source)
{
    CHECK(source->refs > 0);
    source->refs++;
    return source;
}

void page_source_unref(struct page_source *source)
{
    CHECK(source->refs > 0);
    source->refs--;
    if (source->refs > 0)
        return;
    page_source_close(source);
    free(source);
}

/* Asking. ----------------------------------------------------------------- */

void page_request_init(struct page_request *request)
{
    *request = (struct page_request){.state = REQUEST_IDLE};
    TAILQ_INIT(&request->overlaps);
}

/*
 * Cut the request where an outstanding one of its type ends or begins, and say
 * whether it reaches that one: then it cannot grow any further.
 *
 *   outstanding        [4 ... 9)             [4 ... 9)
 *   request before       [6 ...... 12)  [2 ..... 9)
 *   request after        [6 . 9)        [2 4)
 */
static bool trim(const struct page_source *source, struct page_request *request)
{
    const struct page_request *near =
        find(source, request->type, request->offset);

    if (!near)
        return false;
    bool is_inside = near->offset <= request->offset;
    uint64_t limit = is_inside ? end_of(near) : near->offset;
    if (end_of(request) < limit)
        return false;
    request->length = limit - request->offset;
    return true;
}

static void insert_by_offset(struct page_source *source,
                             struct page_request *request)
{
    struct page_request *later = find(source, request->type, request->offset);

    if (later)
        TAILQ_INSERT_BEFORE(later, request, by_source);
    else
        TAILQ_INSERT_TAIL(&source->requests[request->type], request, by_source);
}

static enum vm_status send(struct page_request *request)
{
    struct page_source *source = request->source;

    trim(source, request);
    CHECK(request->length > 0);
    struct page_request *owner = find(source, request->type, request->offset);
    if (owner && owner->offset <= request->offset) {
        request->state = REQUEST_OVERLAP;
        request->overlapped = owner;
        TAILQ_INSERT_TAIL(&owner->overlaps, request, by_source);
        return VM_SHOULD_WAIT;
    }
    request->state = REQUEST_OUTSTANDING;
    request->pending = request->length;
    request->issued_offset = request->offset;
    request->issued_length = request->length;
    request->serial = ++source->next_serial;
    insert_by_offset(source, request);
    TAILQ_INSERT_TAIL(&source->board->inbox, request, by_inbox);
    request->is_in_inbox = true;
    return VM_SHOULD_WAIT;
}

/* Take the range into the request, and send that when it can grow no more. */
static enum vm_status populate(struct page_request *request, uint64_t offset,
                               uint64_t length)
{
    if (request->length > 0 && end_of(request) != offset)
        return send(request); /* the new range is asked for another time */
    request->length += length;
    if (trim(request->source, request) || request->is_internal)
        return send(request);
    return VM_SHOULD_WAIT;
}

static void begin_request(struct page_source *source,
                          struct page_request *request,
                          enum page_request_type type, uint64_t offset)
{
    page_request_cancel(request);
    request->state = REQUEST_ACCEPTING;
    request->type = type;
    request->is_internal = !request->is_batch_allowed;
    request->status = VM_OK;
    request->source = source;
    request->board = source->board;
    request->offset = offset;
    request->length = 0;
    TAILQ_INIT(&request->overlaps); /* the maker may have moved it */
}

static enum vm_status ask(struct page_source *source,
                          enum page_request_type type, uint64_t offset,
                          uint64_t length, struct page_request *request)
{
    CHECK(request->state != REQUEST_OUTSTANDING);
    CHECK(request->state != REQUEST_OVERLAP);
    CHECK(length > 0);
    CHECK(is_page_aligned(offset | length));
    if (source->is_detached)
        return VM_BAD_STATE;
    if (request->state != REQUEST_ACCEPTING)
        begin_request(source, request, type, offset);
    return populate(request, offset, length);
}

enum vm_status page_source_get_pages(struct page_source *source,
                                     uint64_t offset, uint64_t length,
                                     struct page_request *request)
{
    if (request->state == REQUEST_ACCEPTING &&
        (request->source != source || request->type != PAGE_REQUEST_READ))
        return page_request_finalize(request);
    return ask(source, PAGE_REQUEST_READ, offset, length, request);
}

enum vm_status page_source_request_dirty(struct page_source *source,
                                         uint64_t offset, uint64_t length,
                                         struct page_request *request)
{
    if (request->state == REQUEST_ACCEPTING)
        return page_request_finalize(request);
    if (!source->traps_dirty)
        return VM_NOT_SUPPORTED;
    return ask(source, PAGE_REQUEST_DIRTY, offset, length, request);
}

enum vm_status page_request_finalize(struct page_request *request)
{
    CHECK(request->state == REQUEST_ACCEPTING);
    if (request->source->is_detached) {
        page_request_cancel(request);
        return VM_BAD_STATE;
    }
    return send(request);
}

void page_request_wait_for_memory(struct page_request *request)
{
    CHECK(request->state != REQUEST_OUTSTANDING);
    CHECK(request->state != REQUEST_OVERLAP);
    page_request_cancel(request);
    request->state = REQUEST_MEMORY;
}

/* Answering. -------------------------------------------------------------- */

static void leave_inbox(struct page_request_board *board,
                        struct page_request *request)
{
    if (request->is_in_inbox)
        TAILQ_REMOVE(&board->inbox, request, by_inbox);
    request->is_in_inbox = false;
}

static void mark_done(struct page_request_board *board,
                      struct page_request *request, enum vm_status status)
{
    request->state = REQUEST_DONE;
    request->status = status;
    request->overlapped = NULL;
    TAILQ_INSERT_TAIL(&board->done, request, by_inbox);
    request->is_in_done = true;
}

/* The request and all that wait along are over: those first, then itself. */
static void complete(struct page_source *source, struct page_request *request,
                     enum vm_status status)
{
    struct page_request *waiter;

    CHECK(request->state == REQUEST_OUTSTANDING);
    TAILQ_REMOVE(&source->requests[request->type], request, by_source);
    leave_inbox(source->board, request);
    while ((waiter = TAILQ_FIRST(&request->overlaps))) {
        TAILQ_REMOVE(&request->overlaps, waiter, by_source);
        mark_done(source->board, waiter, status);
    }
    mark_done(source->board, request, status);
}

static void answer(struct page_source *source, enum page_request_type type,
                   uint64_t offset, uint64_t length)
{
    struct page_request *request, *next;

    for (request = find(source, type, offset);
         request && intersects(request, offset, length); request = next) {
        uint64_t got = intersection(request, offset, length);

        next = TAILQ_NEXT(request, by_source);
        if (got < request->pending)
            request->pending -= got;
        else
            complete(source, request, VM_OK);
    }
}

void page_source_on_pages_supplied(struct page_source *source, uint64_t offset,
                                   uint64_t length)
{
    answer(source, PAGE_REQUEST_READ, offset, length);
}

void page_source_on_pages_dirtied(struct page_source *source, uint64_t offset,
                                  uint64_t length)
{
    answer(source, PAGE_REQUEST_DIRTY, offset, length);
}

/*
 * What a request hears of a failure that begins at `offset`. One that begins
 * earlier has pages that did not fail. It is told to look again if it was for
 * its first page only (the source made it wider), or if part of it has been
 * answered; it asks for the rest then. A batch of which nothing is there yet
 * fails whole. The kernel this follows goes on with VM_OK for the requests
 * after such a one too; that is a slip, and not repeated here.
 */
static enum vm_status failure_of(const struct page_request *request,
                                 uint64_t offset, enum vm_status error)
{
    bool has_answers = request->pending < request->length;

    if (request->offset >= offset)
        return error;
    return request->is_internal || has_answers ? VM_OK : error;
}

void page_source_on_pages_failed(struct page_source *source, uint64_t offset,
                                 uint64_t length, enum vm_status error)
{
    CHECK(page_source_is_valid_failure(error, true));
    for (int type = 0; type < PAGE_REQUEST_TYPES; type++) {
        struct page_request *request, *next;

        for (request = find(source, (enum page_request_type)type, offset);
             request && intersects(request, offset, length); request = next) {
            next = TAILQ_NEXT(request, by_source);
            complete(source, request, failure_of(request, offset, error));
        }
    }
}

bool page_source_is_valid_failure(enum vm_status error, bool is_internal)
{
    switch (error) {
    case VM_IO:
    case VM_IO_DATA_INTEGRITY:
    case VM_BAD_STATE:
    case VM_NO_SPACE:
    case VM_BUFFER_TOO_SMALL:
        return true;
    case VM_NO_MEMORY:
        return is_internal;
    default:
        return false;
    }
}

void page_source_detach(struct page_source *source)
{
    source->is_detached = true;
    for (int type = 0; type < PAGE_REQUEST_TYPES; type++) {
        struct page_request *request;

        while ((request = TAILQ_FIRST(&source->requests[type])))
            complete(source, request, VM_OK);
    }
}

void page_source_close(struct page_source *source)
{
    page_source_detach(source);
    source->is_closed = true;
}

/* Giving up. -------------------------------------------------------------- */

/*
 * The first of those that wait along takes the owner's place everywhere: in
 * the source, in the inbox, and for a provider who holds the serial.
 */
static void hand_over(struct page_request *owner)
{
    struct page_source *source = owner->source;
    struct page_request *heir = TAILQ_FIRST(&owner->overlaps);
    struct page_request *waiter;

    TAILQ_REMOVE(&owner->overlaps, heir, by_source);
    heir->state = REQUEST_OUTSTANDING;
    heir->overlapped = NULL;
    heir->offset = owner->offset;
    heir->length = owner->length;
    heir->pending = owner->pending;
    heir->issued_offset = owner->issued_offset;
    heir->issued_length = owner->issued_length;
    heir->serial = owner->serial;
    TAILQ_CONCAT(&heir->overlaps, &owner->overlaps, by_source);
    TAILQ_FOREACH (waiter, &heir->overlaps, by_source) {
        waiter->overlapped = heir;
    }
    TAILQ_INSERT_BEFORE(owner, heir, by_source);
    TAILQ_REMOVE(&source->requests[owner->type], owner, by_source);
    if (owner->is_in_inbox) {
        TAILQ_INSERT_BEFORE(owner, heir, by_inbox);
        heir->is_in_inbox = true;
        leave_inbox(source->board, owner);
    }
}

static void withdraw(struct page_request *request)
{
    struct page_source *source = request->source;

    if (!TAILQ_EMPTY(&request->overlaps)) {
        hand_over(request);
        return;
    }
    TAILQ_REMOVE(&source->requests[request->type], request, by_source);
    leave_inbox(source->board, request);
}

void page_request_cancel(struct page_request *request)
{
    switch (request->state) {
    case REQUEST_OUTSTANDING:
        withdraw(request);
        break;
    case REQUEST_OVERLAP:
        TAILQ_REMOVE(&request->overlapped->overlaps, request, by_source);
        request->overlapped = NULL;
        break;
    case REQUEST_DONE:
        if (request->is_in_done)
            TAILQ_REMOVE(&request->board->done, request, by_inbox);
        request->is_in_done = false;
        break;
    case REQUEST_IDLE:
    case REQUEST_ACCEPTING:
    case REQUEST_MEMORY:
        break;
    }
    request->state = REQUEST_IDLE;
    request->source = NULL;
    request->length = 0;
    request->pending = 0;
}

/* The board. -------------------------------------------------------------- */

struct page_request *page_request_take_new(struct page_request_board *board)
{
    struct page_request *request = TAILQ_FIRST(&board->inbox);

    if (request)
        leave_inbox(board, request);
    return request;
}

struct page_request *page_request_take_done(struct page_request_board *board)
{
    struct page_request *request = TAILQ_FIRST(&board->done);

    if (!request)
        return NULL;
    TAILQ_REMOVE(&board->done, request, by_inbox);
    request->is_in_done = false;
    return request;
}

struct page_request *page_source_next_request(const struct page_source *source,
                                              const struct page_request *after)
{
    uint64_t last_serial = after ? after->serial : 0;
    struct page_request *next = NULL;

    for (int type = 0; type < PAGE_REQUEST_TYPES; type++) {
        struct page_request *request;

        TAILQ_FOREACH (request, &source->requests[type], by_source) {
            if (request->serial > last_serial &&
                (!next || request->serial < next->serial))
                next = request;
        }
    }
    return next;
}

/* Looking. ---------------------------------------------------------------- */

static const char *waiters_valid(const struct page_request *owner)
{
    const struct page_request *waiter;

    TAILQ_FOREACH (waiter, &owner->overlaps, by_source) {
        if (waiter->state != REQUEST_OVERLAP)
            return "who waits along is in OVERLAP state";
        if (waiter->overlapped != owner)
            return "who waits along knows with whom";
        if (waiter->type != owner->type)
            return "who waits along wants the same";
        if (waiter->offset < owner->offset || end_of(waiter) > end_of(owner))
            return "who waits along lies within its owner";
        if (!TAILQ_EMPTY(&waiter->overlaps))
            return "nobody waits along with a waiter";
    }
    return NULL;
}

static const char *request_valid(const struct page_source *source,
                                 const struct page_request *request)
{
    if (request->state != REQUEST_OUTSTANDING)
        return "a request of a source is outstanding";
    if (request->source != source)
        return "a request knows its source";
    if (request->length == 0 || !is_page_aligned(request->length))
        return "a request is for whole pages";
    if (request->pending == 0 || request->pending > request->length)
        return "an outstanding request has something pending";
    if (request->serial == 0 || request->serial > source->next_serial)
        return "a request has a serial of its source";
    return waiters_valid(request);
}

const char *page_source_valid(const struct page_source *source)
{
    for (int type = 0; type < PAGE_REQUEST_TYPES; type++) {
        const struct page_request *request;
        uint64_t free_from = 0;

        TAILQ_FOREACH (request, &source->requests[type], by_source) {
            const char *broken = request_valid(source, request);

            if (broken)
                return broken;
            if (request->type != (enum page_request_type)type)
                return "a request is listed under its type";
            if (request->offset < free_from)
                return "requests of a type are sorted and disjoint";
            free_from = end_of(request);
        }
        if (source->is_detached && free_from)
            return "a detached source has no requests";
    }
    return NULL;
}
