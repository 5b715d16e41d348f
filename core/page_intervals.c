/*
 * Zero intervals in a page list.
 *
 *     Start . . . . End     Slot        (everything between is empty)
 *     [1            4]      [7]
 *
 * Splitting isolates one page of an interval as a Slot, so that content can
 * take its place; adding merges with equal neighbours. A Start or Slot also
 * carries how many bytes from there a writeback has begun on (awaiting clean);
 * that length may reach past the interval.
 *
 * Slots are taken before anything changes, so running out of memory has no
 * effect.
 */
#include "page_list_internal.h"

static struct page_slot *take_slot(struct page_list *list, uint64_t offset)
{
    uint64_t skewed;
    if (__builtin_add_overflow(offset, list->skew, &skewed) ||
        skewed >> NODE_SHIFT >= PAGE_LIST_MAX_SIZE >> NODE_SHIFT)
        return NULL;
    struct page_list_node *node = node_find_or_make(list, skewed >> NODE_SHIFT);
    return node ? &node->slots[slot_index(list, offset)] : NULL;
}

/* Drop the list node of `offset` if nothing is left in it. */
static void drop_if_empty(struct page_list *list, uint64_t offset)
{
    struct page_list_node *node = node_find(list, node_number(list, offset));
    if (node && node_is_empty(node))
        node_drop(list, node);
}

static void set_sentinel(struct page_slot *slot,
                         enum interval_sentinel sentinel,
                         enum dirty_state dirty, uint64_t awaiting_bytes)
{
    CHECK(!slot_is_page_or_reference(*slot));
    *slot = slot_of_interval(sentinel, dirty, awaiting_bytes);
}

/* --- splitting ------------------------------------------------------------------- */

/* The page after `x`, a Start, becomes the interval's first. */
static bool split_at_start(struct page_list *list, uint64_t x,
                           struct page_slot *slot)
{
    struct page_slot *next = take_slot(list, x + VM_PAGE_SIZE);
    if (!next)
        return false;
    enum dirty_state dirty = slot_interval_dirty(*slot);
    uint64_t awaiting = slot_awaiting_bytes(*slot);
    uint64_t carried = awaiting > VM_PAGE_SIZE ? awaiting - VM_PAGE_SIZE : 0;
    set_sentinel(next,
                 slot_is_interval_end(*next) ? INTERVAL_SLOT : INTERVAL_START,
                 dirty, carried);
    set_sentinel(slot, INTERVAL_SLOT, dirty, u64_min(awaiting, VM_PAGE_SIZE));
    return true;
}

/* The page before becomes the interval's last; a lone one keeps its length. */
static void end_before(struct page_slot *previous, enum dirty_state dirty)
{
    if (slot_is_interval_start(*previous))
        set_sentinel(previous, INTERVAL_SLOT, dirty,
                     slot_awaiting_bytes(*previous));
    else
        set_sentinel(previous, INTERVAL_END, dirty, 0);
}

static bool split_at_end(struct page_list *list, uint64_t x,
                         struct page_slot *slot)
{
    struct page_slot *previous = take_slot(list, x - VM_PAGE_SIZE);
    if (!previous)
        return false;
    enum dirty_state dirty = slot_interval_dirty(*slot);
    end_before(previous, dirty);
    set_sentinel(slot, INTERVAL_SLOT, dirty, 0);
    return true;
}

static bool split_inside(struct page_list *list, uint64_t x,
                         struct page_slot *slot)
{
    uint64_t at;
    const struct page_slot *end =
        page_list_next(list, x + VM_PAGE_SIZE, PAGE_LIST_MAX_SIZE, &at);
    CHECK(end && slot_is_interval_end(*end));
    enum dirty_state dirty = slot_interval_dirty(*end);
    struct page_slot *previous = take_slot(list, x - VM_PAGE_SIZE);
    struct page_slot *next = take_slot(list, x + VM_PAGE_SIZE);
    if (!previous || !next) {
        if (previous)
            drop_if_empty(list, x - VM_PAGE_SIZE);
        return false;
    }
    end_before(previous, dirty);
    set_sentinel(next,
                 slot_is_interval_end(*next) ? INTERVAL_SLOT : INTERVAL_START,
                 dirty, 0);
    set_sentinel(slot, INTERVAL_SLOT, dirty, 0);
    return true;
}

/* `x` lies in an interval: isolate it. NULL: no memory, nothing changed. */
static struct page_slot *split(struct page_list *list, uint64_t x)
{
    struct page_slot *slot = take_slot(list, x);
    if (!slot)
        return NULL;
    bool done;
    if (slot_is_interval_slot(*slot))
        done = true;
    else if (slot_is_interval_start(*slot))
        done = split_at_start(list, x, slot);
    else if (slot_is_interval_end(*slot))
        done = split_at_end(list, x, slot);
    else
        done = split_inside(list, x, slot);
    if (done)
        return slot;
    drop_if_empty(list, x);
    return NULL;
}

struct page_slot *page_list_lookup_or_allocate(struct page_list *list,
                                               uint64_t offset,
                                               enum slot_mode mode,
                                               bool *in_interval)
{
    bool is_inside =
        mode != SLOT_NO_INTERVALS && page_list_is_in_interval(list, offset);
    if (in_interval)
        *in_interval = is_inside;
    if (!is_inside)
        return take_slot(list, offset);
    return mode == SLOT_SPLIT_INTERVALS ? split(list, offset) : NULL;
}

/* Splitting at an end of the range changes the pages next to it, too. */
static uint64_t before(uint64_t start)
{
    return start > 0 ? start - VM_PAGE_SIZE : 0;
}

/* Where no content can be, nothing is split. */
static uint64_t behind(const struct page_list *list, uint64_t end)
{
    return u64_min(end + VM_PAGE_SIZE, PAGE_LIST_MAX_SIZE - list->skew);
}

/* What reserve() has made and was not needed goes. */
static void unreserve(struct page_list *list, uint64_t start, uint64_t end)
{
    for (uint64_t x = before(start); x < behind(list, end); x += VM_PAGE_SIZE)
        drop_if_empty(list, x);
}

/* Make room for splitting intervals anywhere in the range: takes no memory from
 * the host until it is given back. False: there is none, nothing has changed. */
static bool reserve(struct page_list *list, uint64_t start, uint64_t end)
{
    for (uint64_t x = before(start); x < behind(list, end); x += VM_PAGE_SIZE) {
        if (take_slot(list, x))
            continue;
        unreserve(list, start, end);
        return false;
    }
    return true;
}

/* Room first: one by one the Slots could not be made an interval again, since
 * one that returns takes its neighbour along. */
enum vm_status page_list_populate_interval_slots(struct page_list *list,
                                                 uint64_t start, uint64_t end)
{
    if (!reserve(list, start, end))
        return VM_NO_MEMORY;
    for (uint64_t x = start; x < end; x += VM_PAGE_SIZE)
        if (page_list_is_in_interval(list, x))
            CHECK(split(list, x) != NULL);
    unreserve(list, start, end);
    return VM_OK;
}

/* --- adding ------------------------------------------------------------------------ */

static struct page_slot *mergeable_left(const struct page_list *list,
                                        uint64_t start, enum dirty_state dirty)
{
    struct page_slot *slot = start >= VM_PAGE_SIZE
                                 ? page_list_lookup(list, start - VM_PAGE_SIZE)
                                 : NULL;
    return slot && slot_is_interval(*slot) && !slot_is_interval_start(*slot) &&
                   slot_interval_dirty(*slot) == dirty
               ? slot
               : NULL;
}

static struct page_slot *mergeable_right(const struct page_list *list,
                                         uint64_t end, enum dirty_state dirty)
{
    struct page_slot *slot = page_list_lookup(list, end);
    return slot && slot_is_interval(*slot) && !slot_is_interval_end(*slot) &&
                   slot_interval_dirty(*slot) == dirty
               ? slot
               : NULL;
}

/*
 * Add [start, end) with `awaiting` bytes of begun writeback. With none (a new
 * interval) the right neighbour's length is lost; with some (a Slot returns)
 * lengths that meet are joined.
 */
static enum vm_status add_interval(struct page_list *list, uint64_t start,
                                   uint64_t end, enum dirty_state dirty,
                                   uint64_t awaiting)
{
    list->may_have_intervals = true;
    struct page_slot *left = mergeable_left(list, start, dirty);
    struct page_slot *right = mergeable_right(list, end, dirty);
    struct page_slot *first = NULL; /* the slot that is or becomes the Start */
    struct page_slot *last = NULL;  /* the slot that becomes the End */
    uint64_t first_at = start;
    uint64_t length = awaiting;
    if (left) {
        first = left;
        first_at = start - VM_PAGE_SIZE;
        if (slot_is_interval_end(*left))
            first = page_list_previous(list, 0, first_at, &first_at);
        CHECK(first != NULL);
        length = slot_awaiting_bytes(*first);
        if (awaiting > 0 && length >= start - first_at)
            length = u64_max(length, start - first_at + awaiting);
    } else {
        first = take_slot(list, start);
        if (!first)
            return VM_NO_MEMORY;
    }
    if (!right) {
        last = take_slot(list, end - VM_PAGE_SIZE);
        if (!last) {
            if (!left)
                drop_if_empty(list, start);
            return VM_NO_MEMORY;
        }
    } else if (awaiting > 0 && slot_awaiting_bytes(*right) > 0 &&
               length >= end - first_at) {
        length = u64_max(length, end - first_at + slot_awaiting_bytes(*right));
    }
    if (left && slot_is_interval_end(*left))
        *left = SLOT_EMPTY;
    set_sentinel(first, INTERVAL_START, dirty, length);
    if (right) {
        if (slot_is_interval_start(*right))
            *right = SLOT_EMPTY;
        else
            set_sentinel(right, INTERVAL_END, dirty, 0);
    } else if (last == first) {
        set_sentinel(first, INTERVAL_SLOT, dirty, length);
    } else {
        set_sentinel(last, INTERVAL_END, dirty, 0);
    }
    if (left)
        drop_if_empty(list, start - VM_PAGE_SIZE);
    if (right)
        drop_if_empty(list, end);
    return VM_OK;
}

enum vm_status page_list_add_zero_interval(struct page_list *list,
                                           uint64_t start, uint64_t end,
                                           enum dirty_state dirty)
{
    CHECK(start < end);
    CHECK(dirty == DIRTY_DIRTY);
    SLOW_CHECK(!page_list_any_pages_or_intervals(list, start, end));
    return add_interval(list, start, end, dirty, 0);
}

page_index page_list_replace_page_with_interval(struct page_list *list,
                                                uint64_t offset,
                                                enum dirty_state dirty)
{
    struct page_slot *slot = page_list_lookup(list, offset);
    CHECK(slot && slot_is_page(*slot));
    page_index page = slot_page(*slot);
    *slot = SLOT_EMPTY;
    enum vm_status status =
        add_interval(list, offset, offset + VM_PAGE_SIZE, dirty, 0);
    CHECK(status == VM_OK); /* the slot is there */
    drop_if_empty(list, offset);
    return page;
}

void page_list_return_interval_slot(struct page_list *list, uint64_t offset)
{
    struct page_slot *slot = page_list_lookup(list, offset);
    CHECK(slot && slot_is_interval_slot(*slot));
    struct page_slot sentinel = *slot;
    *slot = SLOT_EMPTY;
    enum vm_status status = add_interval(list, offset, offset + VM_PAGE_SIZE,
                                         slot_interval_dirty(sentinel),
                                         slot_awaiting_bytes(sentinel));
    CHECK(status == VM_OK); /* the slot is there */
    drop_if_empty(list, offset);
}

/* --- clipping ------------------------------------------------------------------------ */

enum vm_status page_list_clip_interval_start(struct page_list *list,
                                             uint64_t start, uint64_t length)
{
    if (length == 0)
        return VM_OK;
    struct page_slot *slot = page_list_lookup(list, start);
    CHECK(slot && slot_is_interval_start(*slot));
    uint64_t last;
    const struct page_slot *end =
        page_list_next(list, start + VM_PAGE_SIZE, PAGE_LIST_MAX_SIZE, &last);
    CHECK(end && slot_is_interval_end(*end));
    CHECK(length <= last - start);
    struct page_slot *first = take_slot(list, start + length);
    if (!first)
        return VM_NO_MEMORY;
    uint64_t awaiting = slot_awaiting_bytes(*slot);
    set_sentinel(
        first, slot_is_interval_end(*first) ? INTERVAL_SLOT : INTERVAL_START,
        slot_interval_dirty(*slot), awaiting > length ? awaiting - length : 0);
    *slot = SLOT_EMPTY;
    drop_if_empty(list, start);
    return VM_OK;
}

enum vm_status page_list_clip_interval_end(struct page_list *list, uint64_t end,
                                           uint64_t length)
{
    if (length == 0)
        return VM_OK;
    struct page_slot *slot = page_list_lookup(list, end);
    CHECK(slot && slot_is_interval_end(*slot));
    uint64_t first;
    const struct page_slot *start = page_list_previous(list, 0, end, &first);
    CHECK(start && slot_is_interval_start(*start));
    CHECK(length <= end - first);
    struct page_slot *last = take_slot(list, end - length);
    if (!last)
        return VM_NO_MEMORY;
    end_before(last, slot_interval_dirty(*slot));
    *slot = SLOT_EMPTY;
    drop_if_empty(list, end);
    return VM_OK;
}
