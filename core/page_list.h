/*
 * The page list: a sparse, ordered map from page offset to slot.
 *
 *   offset + skew:  0 ........ 15 | 16 ....... 31 | ...
 *   list nodes:     [16 slots]      (absent)        [16 slots]
 *
 * List nodes of 16 slots are found through a radix tree, so that a lookup is
 * a few dependent loads whatever the list's length, and the next populated
 * slot is found without a walk over what is absent. The skew lets two lists
 * whose offsets differ share whole list nodes.
 *
 * Invariants (page_list_valid):
 *   1. no list node is entirely empty between two calls;
 *   2. node_count = number of list nodes reachable;
 *   3. interval sentinels alternate: Start ... End with nothing populated in
 *      between, or a lone Slot, equal dirty state at both ends;
 *   4. a list without list nodes owns no memory, unless it is reserved;
 *   5. merging takes no memory of the host: lists hold inner nodes back for it
 *      (page_list_tree.c says how many).
 *
 * Offsets are bytes and page aligned unless a function says otherwise. An
 * empty slot that page_list_lookup_or_allocate() returned must be filled or
 * given back with page_list_return_empty_slot() before the next call.
 */
#ifndef VMCOW_PAGE_LIST_H
#define VMCOW_PAGE_LIST_H

#include <stddef.h>

#include "page_slot.h"
#include "status.h"

enum { PAGE_LIST_FANOUT = 16 };

/* Offsets (skew added) from here on are refused. */
#define PAGE_LIST_MAX_SIZE                                                     \
    (UINT64_MAX - UINT64_MAX % (2 * PAGE_LIST_FANOUT * VM_PAGE_SIZE))

struct page_list_node;
struct tree_node;

/* Written here alone; `may_have_intervals` is for everybody to read. */
struct page_list {
    void *root; /* page_list.c: radix node, or a list node at height 0 */
    uint64_t skew;
    uint64_t node_count;
    uint64_t covered; /* the tree has room for list nodes of lower numbers */
    uint32_t height;
    bool may_have_intervals; /* one was added since the list was empty */
    uint64_t spare_count;
    struct page_list_node *spares; /* emptied list nodes, kept for reuse */
    uint64_t inner_count;          /* inner nodes in the tree */
    uint64_t reserve_count;
    struct tree_node *reserve; /* inner nodes, for merges */
};

/* `skew` bytes, page aligned, less than a list node's span. */
void page_list_init(struct page_list *list, uint64_t skew);

/* Give the list nodes back; whatever the slots hold is forgotten, not freed. */
void page_list_release(struct page_list *list);

/*
 * See to it that all slots below `end` can be allocated, one after the other,
 * without memory of the host. That holds until something is removed. False: no
 * memory, nothing has changed.
 */
bool page_list_reserve(struct page_list *list, uint64_t end);

/* Move all of `from` to `to`, which must be empty; skews must be equal. */
void page_list_move(struct page_list *to, struct page_list *from);

/* No list nodes at all? (Markers and intervals count as content.) */
bool page_list_is_empty(const struct page_list *list);

/* No page and no reference? Walks the list. */
bool page_list_has_no_page_or_reference(const struct page_list *list);

/* Bytes taken by list nodes: node count x size of a list node. */
uint64_t page_list_heap_bytes(const struct page_list *list);

/*
 * The slot at `offset`, or NULL when its list node is absent. The slot may be
 * empty. Borrowed until the next change of the list.
 */
struct page_slot *page_list_lookup(const struct page_list *list,
                                   uint64_t offset);

/*
 * The slot at `offset` is wanted soon: bring near, in the host's caches, what
 * leads to it and itself. `whole`: all of its list node, which is what emptying
 * a slot looks at.
 */
void page_list_prefetch(const struct page_list *list, uint64_t offset,
                        bool whole);

/* The slot's value at `offset`; SLOT_EMPTY when absent. */
struct page_slot page_list_get(const struct page_list *list, uint64_t offset);

/* How page_list_lookup_or_allocate() treats zero intervals. */
enum slot_mode {
    SLOT_NO_INTERVALS,    /* the caller promises that there are none */
    SLOT_CHECK_INTERVALS, /* an offset within an interval is refused */
    SLOT_SPLIT_INTERVALS, /* ... is isolated as a one-page interval */
};

/*
 * Find or create the slot at `offset`.
 *
 *   in_interval  set to whether `offset` was within an interval; may be NULL
 *
 * Returns NULL if the offset is too large, if memory ran out, or (Check) if
 * it lies in an interval; nothing has changed then.
 */
struct page_slot *page_list_lookup_or_allocate(struct page_list *list,
                                               uint64_t offset,
                                               enum slot_mode mode,
                                               bool *in_interval);

/* Take the content at `offset` out (SLOT_EMPTY if there is none). */
struct page_slot page_list_remove(struct page_list *list, uint64_t offset);

/* The same where the slot at `offset` is at hand: no look-up. */
struct page_slot page_list_remove_at(struct page_list *list,
                                     struct page_slot *slot, uint64_t offset);

/*
 * Move the page at `from` to the slot at `to`, which holds nothing and lies in
 * no interval. VM_ALREADY_EXISTS: something is there; VM_NO_MEMORY: also where
 * `to` is too large. Nothing has changed in either case.
 */
enum vm_status page_list_relocate(struct page_list *list, uint64_t from,
                                  uint64_t to);

/* The slot at `offset` is empty: drop its list node if all of it is. */
void page_list_return_empty_slot(struct page_list *list, uint64_t offset);

/*
 * The first populated slot in [from, end), interval sentinels included.
 *
 *   at  set to its offset when found
 *
 * Returns NULL when there is none. This is the way to walk a list: call again
 * with from = *at + VM_PAGE_SIZE. Changing the list between calls is fine.
 */
struct page_slot *page_list_next(const struct page_list *list, uint64_t from,
                                 uint64_t end, uint64_t *at);

/* The last populated slot in [start, end): as page_list_next(), backwards. */
struct page_slot *page_list_previous(const struct page_list *list,
                                     uint64_t start, uint64_t end,
                                     uint64_t *at);

/* Does `offset` lie on a sentinel or between a Start and its End? */
bool page_list_is_in_interval(const struct page_list *list, uint64_t offset);

/* Is any slot of [start, end) populated, or `start` in an interval? */
bool page_list_any_pages_or_intervals(const struct page_list *list,
                                      uint64_t start, uint64_t end);

/*
 * A walk over the pages and gaps of [start, end), in ascending order.
 *
 * A gap is a maximal run of offsets that is neither populated nor inside an
 * interval, clipped to the range; it is reported before the populated slot
 * that ends it. The interior of an interval is reported as nothing at all: a
 * range that lies wholly inside one yields no item.
 *
 *   struct page_walk walk = page_walk_over(list, a, b);
 *   struct page_walk_item item;
 *   while (page_walk_next(&walk, &item)) ...
 *
 * The list may be changed behind the walk's position between two steps.
 */
struct page_walk {
    const struct page_list *list;
    uint64_t position; /* first offset not reported yet */
    uint64_t end;
    bool in_interval; /* a Start was passed, its End not */
    bool seen_any;    /* some populated slot was visited */
};

/* What page_walk_next() reports; the slot is borrowed until the next step. */
struct page_walk_item {
    struct page_slot *slot; /* NULL: a gap */
    uint64_t start;         /* offset of the slot, or start of the gap */
    uint64_t end;           /* start + one page, or end of the gap */
};

/* At the beginning of [start, end). */
struct page_walk page_walk_over(const struct page_list *list, uint64_t start,
                                uint64_t end);
/* The next item; false: there is none any more. */
bool page_walk_next(struct page_walk *walk, struct page_walk_item *item);

/*
 * Group the populated slots of [start, end) into runs.
 *
 *   wanted   does this slot belong into a run?
 *   on_slot  called on each slot that is wanted, in order; NULL: none.
 *            VM_NEXT goes on, VM_STOP ends the walk well, else aborts it
 *   on_run   called with each maximal run when it ends; as on_slot
 *
 * Each interval is a run of its own (is_interval), reported only if both its
 * sentinels are wanted (looked up outside the range if need be) and clipped
 * to the range; a range inside one interval is one run. A run that stands
 * before the slot that stopped or failed is reported first, and its own
 * failure wins. Returns VM_OK or the status that aborted the walk.
 */
typedef bool (*page_run_wanted_fn)(void *context, struct page_slot slot,
                                   uint64_t offset);
typedef enum vm_status (*page_run_slot_fn)(void *context,
                                           struct page_slot *slot,
                                           uint64_t offset);
typedef enum vm_status (*page_run_fn)(void *context, uint64_t start,
                                      uint64_t end, bool is_interval);
enum vm_status page_list_for_each_run(const struct page_list *list,
                                      uint64_t start, uint64_t end,
                                      page_run_wanted_fn wanted,
                                      page_run_slot_fn on_slot,
                                      page_run_fn on_run, void *context);

/* What to do with content that leaves a list; ownership passes. */
typedef void (*page_slot_release_fn)(void *context, struct page_slot content,
                                     uint64_t offset);

/*
 * Empty every slot of [start, end) and hand each populated one (markers
 * included, intervals must not occur) to `release`, in ascending order.
 */
void page_list_remove_range(struct page_list *list, uint64_t start,
                            uint64_t end, page_slot_release_fn release,
                            void *context);

/* Hand each page and reference to `release`; everything else is dropped. */
void page_list_remove_all(struct page_list *list, page_slot_release_fn release,
                          void *context);

/* Zero intervals (page_intervals.c). ------------------------------------ */

/*
 * Add the dirty zero interval [start, end), merging with equal neighbours.
 * The range holds nothing. VM_NO_MEMORY: nothing has changed.
 */
enum vm_status page_list_add_zero_interval(struct page_list *list,
                                           uint64_t start, uint64_t end,
                                           enum dirty_state dirty);

/* Put a one-page interval in place of the page at `offset`; returns the page. */
page_index page_list_replace_page_with_interval(struct page_list *list,
                                                uint64_t offset,
                                                enum dirty_state dirty);

/* `offset` is an interval Slot: merge it back into its neighbours. */
void page_list_return_interval_slot(struct page_list *list, uint64_t offset);

/*
 * Make each page of [start, end) that lies in an interval a Slot sentinel.
 * VM_NO_MEMORY: nothing has changed.
 */
enum vm_status page_list_populate_interval_slots(struct page_list *list,
                                                 uint64_t start, uint64_t end);

/* The interval whose Start is at `start` loses its first `length` bytes, which
 * are fewer than it has. VM_OK; VM_NO_MEMORY: nothing has changed. */
enum vm_status page_list_clip_interval_start(struct page_list *list,
                                             uint64_t start, uint64_t length);

/* The interval whose End is at `end` (the last page's offset) loses its last
 * `length` bytes; as above. */
enum vm_status page_list_clip_interval_end(struct page_list *list, uint64_t end,
                                           uint64_t length);

/* Merging (page_list_merge.c). ------------------------------------------- */

/*
 * A page or reference of `from` at `offset` (from's coordinates) is about to
 * move. Empty the slot to take it, or leave it to be moved.
 */
typedef void (*page_slot_migrate_fn)(void *context, struct page_slot *slot,
                                     uint64_t offset);

/*
 * Bring [start, end) of `from` to [0, end - start) of `to`. What lies outside
 * the range or is covered in `to` goes to `release` (markers too); `from`
 * ends empty. Never allocates: the skews make whole list nodes match.
 */
void page_list_merge_from(struct page_list *to, struct page_list *from,
                          uint64_t start, uint64_t end,
                          page_slot_release_fn release,
                          page_slot_migrate_fn migrate, void *context);

/*
 * Lay `top` over `bottom`: each populated slot of `top` replaces the one of
 * `bottom`, whose page or reference goes to `release`; `top` ends empty.
 */
void page_list_merge_onto(struct page_list *top, struct page_list *bottom,
                          page_slot_release_fn release, void *context);

/* Cursor over adjacent list nodes. --------------------------------------- */

/* Insertions leave it valid, removals do not. */
struct page_list_cursor {
    struct page_list_node *node; /* NULL: invalid */
    uint32_t index;
};

/* Invalid when no list node covers `offset`. */
struct page_list_cursor page_list_cursor_at(const struct page_list *list,
                                            uint64_t offset);
/* The slot under the cursor, possibly empty; NULL when invalid. */
struct page_slot *page_list_cursor_slot(struct page_list_cursor cursor);
/* To the next slot; invalid past a list node whose successor is not adjacent. */
void page_list_cursor_step(const struct page_list *list,
                           struct page_list_cursor *cursor);

/* Returns the first broken invariant, NULL if none. */
const char *page_list_valid(const struct page_list *list);

#endif
