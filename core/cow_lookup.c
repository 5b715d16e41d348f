/*
 * Look-ups through the tree, and the cursor that makes runs of them cheap.
 *
 *   target  [ . P . . M . . . ]     The cursor stands on one offset of the
 *              |   walk up          target and remembers who owns the content
 *   parent  [ P . . P P . . . ]     there (owner, slot) and how far along that
 *              |                    stays true (visible_end).
 *   root    [ P P P P . . P P ]
 *
 * Absence means three things: look further up, zero (no source at the end of
 * the walk), or ask the source. Zero intervals and markers stop the walk.
 */
#include "cow_internal.h"

struct page_slot *cow_find_initial_content(struct vm_cow_pages *cow,
                                           uint64_t offset,
                                           struct vm_cow_pages **owner,
                                           uint64_t *owner_offset,
                                           uint64_t *owner_length,
                                           struct page_list_cursor *cursor)
{
    struct vm_cow_pages *node = cow;
    uint64_t at = offset;
    struct page_slot *found = NULL;
    while (at < node->parent_limit) {
        struct vm_cow_pages *parent = node->parent;
        uint64_t parent_at;
        CHECK(parent != NULL);
        CHECK(!__builtin_add_overflow(node->parent_offset, at, &parent_at));
        if (parent_at >= parent->size)
            break;
        if (owner_length) {
            uint64_t populated;
            *owner_length = u64_min(*owner_length, node->parent_limit - at);
            if (page_list_next(&node->list, at, at + *owner_length, &populated))
                *owner_length = populated - at;
        }
        node = parent;
        at = parent_at;
        struct page_slot *slot = page_list_lookup(&node->list, at);
        if (slot && !slot_is_empty(*slot)) {
            found = slot;
            break;
        }
    }
    *owner = node;
    *owner_offset = at;
    if (cursor)
        *cursor = page_list_cursor_at(&node->list, at);
    return found;
}

void vm_cow_prefetch(const struct vm_cow_pages *cow, uint64_t offset,
                     bool will_go)
{
    page_list_prefetch(&cow->list, offset, will_go);
}

/* --- cursor mechanics ---------------------------------------------------------- */

enum vm_status vm_cow_get_lookup_cursor(struct vm_cow_pages *cow,
                                        uint64_t offset, uint64_t max_length,
                                        struct vm_lookup_cursor *cursor)
{
    CHECK(is_page_aligned(offset));
    CHECK(is_page_aligned(max_length));
    CHECK(max_length > 0);
    CHECK(!cow_is_hidden(cow));
    CHECK(cow->life == COW_ALIVE);
    if (offset >= cow->size || !range_is_inside(offset, max_length, cow->size))
        return VM_OUT_OF_RANGE;
    if (cow_is_slice(cow))
        return vm_cow_get_lookup_cursor(
            cow->parent, offset + cow->parent_offset, max_length, cursor);
    if (cow->tracker && cow->tracker->state == DISCARDABLE_DISCARDED)
        return VM_NOT_FOUND;
    bool preserves = cow_is_pager_backed(cow);
    *cursor = (struct vm_lookup_cursor){
        .target = cow,
        .offset = offset,
        .end_offset = offset + max_length,
        .target_preserves_content = preserves,
        .zero_fork = !preserves && cow_can_decommit_zero_pages(cow),
        .mark_accessed = true,
    };
    return VM_OK;
}

static void establish(struct vm_lookup_cursor *cursor)
{
    if (cursor->owner)
        return;
    CHECK(cursor->offset < cursor->end_offset);
    struct vm_cow_pages *target = cursor->target;
    cursor->list_cursor = page_list_cursor_at(&target->list, cursor->offset);
    cursor->slot = page_list_cursor_slot(cursor->list_cursor);
    if (!target->parent || (cursor->slot && !slot_is_empty(*cursor->slot))) {
        cursor->owner = target;
        cursor->owner_offset = cursor->offset;
        cursor->visible_end = cursor->end_offset;
        return;
    }
    uint64_t visible = cursor->end_offset - cursor->offset;
    (void)cow_find_initial_content(
        target, cursor->offset, &cursor->owner, &cursor->owner_offset,
        visible > VM_PAGE_SIZE ? &visible : NULL, &cursor->list_cursor);
    cursor->slot = page_list_cursor_slot(cursor->list_cursor);
    cursor->visible_end = cursor->offset + visible;
    CHECK(cursor->owner != target || cursor->owner_offset == cursor->offset);
}

static void increment(struct vm_lookup_cursor *cursor)
{
    cursor->offset += VM_PAGE_SIZE;
    if (cursor->offset == cursor->visible_end) {
        cursor->owner = NULL;
        return;
    }
    cursor->owner_offset += VM_PAGE_SIZE;
    page_list_cursor_step(&cursor->owner->list, &cursor->list_cursor);
    cursor->slot = page_list_cursor_slot(cursor->list_cursor);
    if (!cursor->slot ||
        (slot_is_empty(*cursor->slot) && cursor->owner->parent))
        cursor->owner = NULL;
}

static void increment_by(struct vm_lookup_cursor *cursor, uint64_t delta)
{
    cursor->offset += delta;
    CHECK(cursor->offset <= cursor->end_offset);
    cursor->owner = NULL;
}

static bool is_empty(const struct vm_lookup_cursor *cursor)
{
    return !cursor->slot || slot_is_empty(*cursor->slot);
}

static bool is_page(const struct vm_lookup_cursor *cursor)
{
    return cursor->slot && slot_is_page(*cursor->slot);
}

static bool is_marker(const struct vm_lookup_cursor *cursor)
{
    return cursor->slot && slot_is_marker(*cursor->slot);
}

static bool is_in_zero_interval(const struct vm_lookup_cursor *cursor)
{
    return (cursor->slot && slot_is_interval(*cursor->slot)) ||
           page_list_is_in_interval(&cursor->owner->list, cursor->owner_offset);
}

/* Content is zero; a contiguous node's hole has to be asked for all the same. */
static bool is_content_zero(const struct vm_lookup_cursor *cursor)
{
    if (is_marker(cursor))
        return true;
    return cursor->owner->source ? is_in_zero_interval(cursor)
                                 : is_empty(cursor);
}

static bool is_usable(const struct vm_lookup_cursor *cursor, bool will_write)
{
    return is_page(cursor) &&
           (!will_write || (cursor->owner == cursor->target &&
                            !cursor->target_preserves_content));
}

/* Zero content that must materialise dirty in a pager-backed target. */
static bool supplies_dirty(const struct vm_lookup_cursor *cursor,
                           bool will_write)
{
    return cursor->target_preserves_content &&
           (will_write || !is_marker(cursor));
}

static struct vm_require_result as_result(const struct vm_lookup_cursor *cursor,
                                          page_index page, bool in_target)
{
    bool writable =
        in_target && (!cursor->target_preserves_content ||
                      vm_page_is_dirty(cow_page(cursor->target, page)));
    return (struct vm_require_result){page, writable};
}

/* The cursor stands on a page: note the access, move on. */
static struct vm_require_result take_result(struct vm_lookup_cursor *cursor)
{
    page_index page = slot_page(*cursor->slot);
    if (cursor->mark_accessed)
        cow_update_on_access(cursor->owner, page);
    struct vm_require_result result =
        as_result(cursor, page, cursor->owner == cursor->target);
    increment(cursor);
    return result;
}

/* A reference under the cursor is decompressed where it is. */
static enum vm_status resolve_reference(struct vm_lookup_cursor *cursor,
                                        struct page_request *request)
{
    if (!cursor->slot || !slot_is_reference(*cursor->slot))
        return VM_OK;
    return cow_replace_reference_with_page(cursor->owner, cursor->slot,
                                           cursor->owner_offset, request);
}

static enum vm_status read_request(struct vm_lookup_cursor *cursor,
                                   uint64_t max_pages,
                                   struct page_request *request)
{
    struct vm_cow_pages *owner = cursor->owner;
    CHECK(owner->source != NULL);
    uint64_t length = pages_to_bytes(max_pages);
    if (owner != cursor->target)
        length = u64_min(length, cursor->visible_end - cursor->offset);
    uint64_t populated;
    if (page_list_next(&owner->list, cursor->owner_offset,
                       cursor->owner_offset + length, &populated))
        length = populated - cursor->owner_offset;
    CHECK(length > 0);
    cursor->target->machine->stats.read_requests++;
    enum vm_status status = page_source_get_pages(
        owner->source, cursor->owner_offset, length, request);
    CHECK(status != VM_OK);
    return status;
}

static enum vm_status dirty_request(struct vm_lookup_cursor *cursor,
                                    uint64_t max_pages,
                                    struct page_request *request)
{
    CHECK(cursor->owner == cursor->target);
    CHECK(cursor->target->source != NULL);
    uint64_t dirty_length = 0;
    enum vm_status status = vm_cow_prepare_for_write(
        cursor->target, cursor->offset, pages_to_bytes(max_pages), request,
        &dirty_length);
    CHECK(status != VM_OK || dirty_length >= VM_PAGE_SIZE);
    return status;
}

/* --- requiring pages ---------------------------------------------------------------- */

/* A fresh page (ALLOC state) goes into the target and becomes the result. */
static enum vm_status insert_in_target(struct vm_lookup_cursor *cursor,
                                       page_index page, enum dirty_state dirty,
                                       struct vm_require_result *result)
{
    struct vm_cow_pages *target = cursor->target;
    cow_init_page(target, page);
    if (cursor->target_preserves_content)
        cow_update_dirty_state(target, page, dirty, true);
    struct page_slot content = slot_of_page(page);
    struct page_slot released;
    enum vm_status status = cow_add_content(target, &content, cursor->offset,
                                            OVERWRITE_ZERO, &released, true);
    if (status != VM_OK) {
        cow_page(target, page)->state = PAGE_ALLOC;
        cow_free_page(target, page, false);
        return status;
    }
    CHECK(!slot_is_page_or_reference(released));
    cow_bump_generation(target);
    *result = as_result(cursor, page, true);
    increment_by(cursor, VM_PAGE_SIZE);
    return VM_OK;
}

/* Copy-on-write of a page that an ancestor owns. */
static enum vm_status copy_to_target(struct vm_lookup_cursor *cursor,
                                     struct page_request *request,
                                     struct vm_require_result *result)
{
    struct vm_cow_pages *target = cursor->target;
    page_index source = slot_page(*cursor->slot);
    cow_update_on_access(cursor->owner, source);
    if (cow_is_hidden(cursor->owner)) {
        enum vm_status status = cow_clone_cow_page(
            target, cursor->offset, cursor->alloc_list, cursor->owner, source,
            cursor->owner_offset, request, &result->page);
        if (status != VM_OK) {
            cursor->owner = NULL; /* the fork may have got part of the way */
            return status;
        }
        cow_bump_generation(target);
        result->is_writable = true;
        increment_by(cursor, VM_PAGE_SIZE);
        return VM_OK;
    }
    page_index copy;
    enum vm_status status =
        cow_alloc_copy(target, cow_page(target, source)->content,
                       cursor->alloc_list, request, &copy);
    if (status != VM_OK)
        return status;
    return insert_in_target(cursor, copy, DIRTY_CLEAN, result);
}

static enum vm_status make_zero_page(struct vm_lookup_cursor *cursor,
                                     bool will_write, uint64_t max_pages,
                                     struct page_request *request,
                                     struct vm_require_result *result)
{
    struct vm_cow_pages *target = cursor->target;
    bool dirty = supplies_dirty(cursor, will_write);
    if (dirty && cow_traps_dirty(target))
        return dirty_request(cursor, max_pages, request);
    page_index page;
    enum vm_status status =
        cow_alloc_page(target, cursor->alloc_list, request, &page);
    if (status != VM_OK)
        return status;
    cow_page(target, page)->content = 0;
    status = insert_in_target(cursor, page, dirty ? DIRTY_DIRTY : DIRTY_CLEAN,
                              result);
    if (status != VM_OK)
        return status;
    target->machine->stats.zeroed_pages++;
    if (cursor->zero_fork) {
        struct page_queues *pqs = &target->machine->pqs;
        enum page_queue queue = pqs->anonymous_reclaim && pqs->zero_fork_reclaim
                                    ? PQ_RECLAIM
                                    : PQ_ZERO_FORK;
        pq_move(pqs, page, queue, RECLAIM_ANONYMOUS, RECLAIM_ADDED_NEW,
                RECLAIM_REMOVED_FREED);
    }
    return VM_OK;
}

/* A page of the target itself, about to be written if it is pager-backed. */
static enum vm_status prepare_own_page(struct vm_lookup_cursor *cursor,
                                       uint64_t max_pages,
                                       struct page_request *request)
{
    struct vm_cow_pages *target = cursor->target;
    page_index page = slot_page(*cursor->slot);
    if (cow_page(target, page)->is_loaned) {
        page_index after;
        enum vm_status status = vm_cow_replace_page(
            target, page, cursor->offset, false, &after, request);
        if (status != VM_OK)
            return status;
        page = after;
    }
    if (vm_page_is_dirty(cow_page(target, page)))
        return VM_OK;
    return dirty_request(cursor, max_pages, request);
}

enum vm_status vm_cursor_require_owned_page(struct vm_lookup_cursor *cursor,
                                            bool will_write,
                                            uint64_t max_request_pages,
                                            struct page_request *request,
                                            struct vm_require_result *result)
{
    CHECK(max_request_pages > 0);
    establish(cursor);
    enum vm_status status = resolve_reference(cursor, request);
    if (status != VM_OK)
        return status;
    if (is_page(cursor)) {
        if (cursor->owner != cursor->target)
            return copy_to_target(cursor, request, result);
        if (will_write && cursor->target_preserves_content) {
            status = prepare_own_page(cursor, max_request_pages, request);
            if (status != VM_OK)
                return status;
        }
        *result = take_result(cursor);
        return VM_OK;
    }
    if (is_content_zero(cursor))
        return make_zero_page(cursor, will_write, max_request_pages, request,
                              result);
    return read_request(cursor, max_request_pages, request);
}

enum vm_status vm_cursor_require_read_page(struct vm_lookup_cursor *cursor,
                                           uint64_t max_request_pages,
                                           struct page_request *request,
                                           struct vm_require_result *result)
{
    CHECK(max_request_pages > 0);
    establish(cursor);
    enum vm_status status = resolve_reference(cursor, request);
    if (status != VM_OK)
        return status;
    if (is_page(cursor)) {
        *result = take_result(cursor);
        return VM_OK;
    }
    if (is_content_zero(cursor)) {
        *result = (struct vm_require_result){PAGE_NONE, false};
        increment(cursor);
        return VM_OK;
    }
    return read_request(cursor, max_request_pages, request);
}

enum vm_status vm_cursor_require_page(struct vm_lookup_cursor *cursor,
                                      bool will_write,
                                      uint64_t max_request_pages,
                                      struct page_request *request,
                                      struct vm_require_result *result)
{
    return will_write ? vm_cursor_require_owned_page(
                            cursor, true, max_request_pages, request, result)
                      : vm_cursor_require_read_page(cursor, max_request_pages,
                                                    request, result);
}

/* --- what is there already ----------------------------------------------------------- */

uint64_t vm_cursor_if_exist_pages(struct vm_lookup_cursor *cursor,
                                  bool will_write, uint64_t max_pages,
                                  page_index *pages)
{
    establish(cursor);
    if (!is_usable(cursor, will_write) || cursor->mark_accessed)
        return 0;
    if (cursor->owner != cursor->target)
        max_pages = u64_min(
            max_pages, bytes_to_pages(cursor->visible_end - cursor->offset));
    uint64_t count = 0;
    struct page_list_cursor at = cursor->list_cursor;
    const struct page_slot *slot = cursor->slot;
    while (count < max_pages && slot && slot_is_page(*slot)) {
        pages[count++] = slot_page(*slot);
        page_list_cursor_step(&cursor->owner->list, &at);
        slot = page_list_cursor_slot(at);
    }
    increment_by(cursor, pages_to_bytes(count));
    return count;
}

page_index vm_cursor_maybe_page(struct vm_lookup_cursor *cursor,
                                bool will_write)
{
    establish(cursor);
    if (is_usable(cursor, will_write))
        return take_result(cursor).page;
    increment(cursor);
    return PAGE_NONE;
}

uint64_t vm_cursor_skip_missing_pages(struct vm_lookup_cursor *cursor)
{
    establish(cursor);
    if (!is_empty(cursor) || is_in_zero_interval(cursor))
        return 0;
    uint64_t length = cursor->visible_end - cursor->offset;
    uint64_t populated;
    if (page_list_next(&cursor->owner->list, cursor->owner_offset,
                       cursor->owner_offset + length, &populated))
        length = populated - cursor->owner_offset;
    increment_by(cursor, length);
    return bytes_to_pages(length);
}

void vm_cursor_give_alloc_list(struct vm_lookup_cursor *cursor,
                               struct page_chain *alloc_list)
{
    cursor->alloc_list = alloc_list;
}

void vm_cursor_clear_alloc_list(struct vm_lookup_cursor *cursor)
{
    cursor->alloc_list = NULL;
}

void vm_cursor_disable_zero_fork(struct vm_lookup_cursor *cursor)
{
    cursor->zero_fork = false;
}

void vm_cursor_disable_mark_accessed(struct vm_lookup_cursor *cursor)
{
    cursor->mark_accessed = false;
}
