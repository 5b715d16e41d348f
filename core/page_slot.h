/*
 * A slot of a page list: one 64-bit word that is nothing, a page, a zero
 * marker, a reference to compressed content, or a sentinel of a zero interval.
 *
 *   bits  63 ............... 12  11..8  7 6    5 4    3 2      1 0
 *   page  [ index << 4                              | 0 0    | 0 0 ]
 *   marker                                            0 0    | 0 1
 *   ref   [ reference value (low 4 bits zero)       | L R    | 1 0 ]
 *   ival  [ awaiting-clean bytes ]  0   dirty  kind   sentinel 1 1
 *
 * Empty is the all-zero word. A page keeps its own split bits in its
 * descriptor; a reference keeps them here.
 */
#ifndef VMCOW_PAGE_SLOT_H
#define VMCOW_PAGE_SLOT_H

#include "page.h"
#include "units.h"

/* The lowest two bits. */
enum slot_kind { SLOT_PAGE, SLOT_MARKER, SLOT_REFERENCE, SLOT_INTERVAL };

/* A Slot is an interval of one page. */
enum interval_sentinel { INTERVAL_SLOT, INTERVAL_START, INTERVAL_END };

/* A plain value: copying it copies no ownership. The predicates below are those
 * of the kernel's VmPageOrMarker. */
struct page_slot {
    uint64_t bits;
};

#define SLOT_EMPTY       ((struct page_slot){0})
#define SLOT_ZERO_MARKER ((struct page_slot){SLOT_MARKER})
#define SLOT_RIGHT_SPLIT (UINT64_C(1) << 2)
#define SLOT_LEFT_SPLIT  (UINT64_C(1) << 3)
#define SLOT_VALUE_MASK  (~UINT64_C(0xf))

static inline bool slot_is_empty(struct page_slot slot)
{
    return slot.bits == 0;
}

static inline bool slot_is_page(struct page_slot slot)
{
    return slot.bits != 0 && (slot.bits & 3) == SLOT_PAGE;
}

static inline bool slot_is_marker(struct page_slot slot)
{
    return (slot.bits & 3) == SLOT_MARKER;
}

static inline bool slot_is_reference(struct page_slot slot)
{
    return (slot.bits & 3) == SLOT_REFERENCE;
}

static inline bool slot_is_interval(struct page_slot slot)
{
    return (slot.bits & 3) == SLOT_INTERVAL;
}

static inline bool slot_is_page_or_reference(struct page_slot slot)
{
    return slot_is_page(slot) || slot_is_reference(slot);
}

static inline struct page_slot slot_of_page(page_index page)
{
    return (struct page_slot){(uint64_t)page << 4};
}

/* The slot is a page. */
static inline page_index slot_page(struct page_slot slot)
{
    return (page_index)(slot.bits >> 4);
}

/* `value` has its low 4 bits zero; 0 is legal. Split bits start clear. */
static inline struct page_slot slot_of_reference(uint64_t value)
{
    return (struct page_slot){value | SLOT_REFERENCE};
}

/* The slot is a reference. */
static inline uint64_t slot_reference(struct page_slot slot)
{
    return slot.bits & SLOT_VALUE_MASK;
}

/* `awaiting_bytes`: see slot_awaiting_bytes(); aligned. */
static inline struct page_slot slot_of_interval(enum interval_sentinel sentinel,
                                                enum dirty_state dirty,
                                                uint64_t awaiting_bytes)
{
    return (struct page_slot){awaiting_bytes | (uint64_t)dirty << 6 |
                              (uint64_t)sentinel << 2 | SLOT_INTERVAL};
}

/* The slot is a sentinel of an interval. */
static inline enum interval_sentinel slot_sentinel(struct page_slot slot)
{
    return (enum interval_sentinel)(slot.bits >> 2 & 3);
}

/* An interval, and which of its sentinels? */
static inline bool slot_is_interval_slot(struct page_slot slot)
{
    return slot_is_interval(slot) && slot_sentinel(slot) == INTERVAL_SLOT;
}

static inline bool slot_is_interval_start(struct page_slot slot)
{
    return slot_is_interval(slot) && slot_sentinel(slot) == INTERVAL_START;
}

static inline bool slot_is_interval_end(struct page_slot slot)
{
    return slot_is_interval(slot) && slot_sentinel(slot) == INTERVAL_END;
}

/* The slot is a sentinel. */
static inline enum dirty_state slot_interval_dirty(struct page_slot slot)
{
    return (enum dirty_state)(slot.bits >> 6 & 3);
}

/* Bytes from the interval's start that a writeback has begun on. */
static inline uint64_t slot_awaiting_bytes(struct page_slot slot)
{
    return page_round_down(slot.bits);
}

/* `bytes`: aligned. */
static inline void slot_set_awaiting_bytes(struct page_slot *slot,
                                           uint64_t bytes)
{
    slot->bits = (slot->bits & (VM_PAGE_SIZE - 1)) | bytes;
}

/*
 * Split bits of a page or reference slot of a hidden node: the child on that
 * side has content of its own there. `pages` is the descriptor array.
 */
static inline bool slot_left_split(struct page_slot slot,
                                   const struct vm_page *pages)
{
    return slot_is_page(slot) ? pages[slot_page(slot)].left_split
                              : (slot.bits & SLOT_LEFT_SPLIT) != 0;
}

static inline bool slot_right_split(struct page_slot slot,
                                    const struct vm_page *pages)
{
    return slot_is_page(slot) ? pages[slot_page(slot)].right_split
                              : (slot.bits & SLOT_RIGHT_SPLIT) != 0;
}

static inline void slot_set_splits(struct page_slot *slot,
                                   struct vm_page *pages, bool left, bool right)
{
    if (slot_is_page(*slot)) {
        pages[slot_page(*slot)].left_split = left;
        pages[slot_page(*slot)].right_split = right;
        return;
    }
    slot->bits &= ~(SLOT_LEFT_SPLIT | SLOT_RIGHT_SPLIT);
    slot->bits |= (left ? SLOT_LEFT_SPLIT : 0) | (right ? SLOT_RIGHT_SPLIT : 0);
}

/*
 * Put `page`, whose split bits must be clear, in place of the slot's
 * reference; the split bits move to the page. Returns the reference's value.
 */
uint64_t slot_swap_reference_for_page(struct page_slot *slot,
                                      struct vm_page *pages, page_index page);

/*
 * Put the reference `value` in place of the slot's page; the split bits move
 * to the slot and the page's are cleared. Returns the page.
 */
page_index slot_swap_page_for_reference(struct page_slot *slot,
                                        struct vm_page *pages, uint64_t value);

/* Change the value of a reference slot; its split bits stay. Returns the old. */
uint64_t slot_change_reference(struct page_slot *slot, uint64_t value);

#endif
