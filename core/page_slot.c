#include "page_slot.h"

#include "check.h"

uint64_t slot_swap_reference_for_page(struct page_slot *slot,
                                      struct vm_page *pages, page_index page)
{
    CHECK(slot_is_reference(*slot));
    CHECK(!pages[page].left_split && !pages[page].right_split);
    pages[page].left_split = slot_left_split(*slot, pages);
    pages[page].right_split = slot_right_split(*slot, pages);
    uint64_t value = slot_reference(*slot);
    *slot = slot_of_page(page);
    return value;
}

page_index slot_swap_page_for_reference(struct page_slot *slot,
                                        struct vm_page *pages, uint64_t value)
{
    CHECK(slot_is_page(*slot));
    CHECK((value & ~SLOT_VALUE_MASK) == 0);
    page_index page = slot_page(*slot);
    bool left = pages[page].left_split;
    bool right = pages[page].right_split;
    pages[page].left_split = false;
    pages[page].right_split = false;
    *slot = slot_of_reference(value);
    slot_set_splits(slot, pages, left, right);
    return page;
}

uint64_t slot_change_reference(struct page_slot *slot, uint64_t value)
{
    CHECK(slot_is_reference(*slot));
    CHECK((value & ~SLOT_VALUE_MASK) == 0);
    uint64_t old = slot_reference(*slot);
    slot->bits = (slot->bits & ~SLOT_VALUE_MASK) | value;
    return old;
}
