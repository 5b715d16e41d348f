/*
 * What is expected of a VMO's pages, a list with an entry for each of them.
 *
 * The expected list has to have as many entries as the range has pages. What
 * was found is written out in full, unless the range is much too long for the
 * list that was expected: then its length has to do.
 */
#include "engine/expect.h"

#include <inttypes.h>

enum { LIST_MAX_PAGES = 4096 };

/* One entry: writes what page `at` bytes of the VMO is, and entry `i` of the
 * expected list (not with i past its end). Returns whether they agree. */
typedef bool (*entry_fn)(struct expect_look *look, size_t i, uint64_t at);
typedef void (*expected_fn)(struct expect_look *look, size_t i);

static bool compare_list(struct expect_look *look, expected_fn write_expected,
                         entry_fn write_actual)
{
    size_t length = look->item->length;
    struct script_range range =
        script_range_of(look->vmo, &look->expect->pages);
    uint64_t count = bytes_to_pages(range.length);

    fputs("[", look->expected);
    for (size_t i = 0; i < length; i++) {
        fputs(i ? ", " : "", look->expected);
        write_expected(look, i);
    }
    fputs("]", look->expected);

    if (!range_is_inside(range.offset, range.length,
                         pages_to_bytes(world_vmo_pages(look->vmo)))) {
        fprintf(look->actual, "a VMO of %" PRIu64 "p",
                world_vmo_pages(look->vmo));
        return false;
    }
    if (count != length && count > LIST_MAX_PAGES) {
        fprintf(look->actual, "a list for %" PRIu64 " pages", count);
        return false;
    }
    bool is_ok = count == length;
    fputs("[", look->actual);
    for (uint64_t i = 0; i < count; i++) {
        fputs(i ? ", " : "", look->actual);
        is_ok &= write_actual(look, i, range.offset + pages_to_bytes(i));
    }
    fputs("]", look->actual);
    return is_ok;
}

static void write_expected_content(struct expect_look *look, size_t i)
{
    const struct expected_content *want = &look->item->value.contents[i];
    if (want->kind == CONTENT_NUMBER)
        fprintf(look->expected, "%" PRIu64, want->number);
    else
        fputs(want->kind == CONTENT_ANY ? "-" : "absent", look->expected);
}

static bool write_content(struct expect_look *look, size_t i, uint64_t at)
{
    uint64_t number = 0;
    bool is_there = vm_cow_peek_content(vmo_cow(look->vmo->vmo), at, &number);
    if (is_there)
        fprintf(look->actual, "%" PRIu64, number);
    else
        fputs("absent", look->actual);
    if (i >= look->item->length)
        return false;
    const struct expected_content *want = &look->item->value.contents[i];
    if (want->kind == CONTENT_NUMBER)
        return is_there && number == want->number;
    return want->kind == CONTENT_ANY || !is_there;
}

bool expect_content(struct expect_look *look)
{
    return compare_list(look, write_expected_content, write_content);
}

static enum expected_slot slot_at(const struct vm_cow_pages *cow, uint64_t at)
{
    struct page_slot slot = vm_cow_debug_get_slot(cow, at);
    if (slot_is_page(slot))
        return EXPECTED_SLOT_PAGE;
    if (slot_is_marker(slot))
        return EXPECTED_SLOT_ZERO;
    if (slot_is_reference(slot))
        return EXPECTED_SLOT_REFERENCE;
    if (slot_is_interval_start(slot))
        return EXPECTED_SLOT_INTERVAL_START;
    if (slot_is_interval_end(slot))
        return EXPECTED_SLOT_INTERVAL_END;
    if (slot_is_interval_slot(slot))
        return EXPECTED_SLOT_INTERVAL_SLOT;
    return vm_cow_debug_is_in_interval(cow, at) ? EXPECTED_SLOT_INTERVAL
                                                : EXPECTED_SLOT_EMPTY;
}

static void write_expected_slot(struct expect_look *look, size_t i)
{
    fputs(expect_slot_word(look->item->value.slots[i]), look->expected);
}

static bool write_slot(struct expect_look *look, size_t i, uint64_t at)
{
    enum expected_slot slot = slot_at(vmo_cow(look->vmo->vmo), at);
    fputs(expect_slot_word(slot), look->actual);
    if (i >= look->item->length)
        return false;
    enum expected_slot want = look->item->value.slots[i];
    return want == EXPECTED_SLOT_ANY || want == slot;
}

bool expect_slots(struct expect_look *look)
{
    return compare_list(look, write_expected_slot, write_slot);
}

static void write_expected_queue(struct expect_look *look, size_t i)
{
    fputs(expect_queue_word(look->item->value.queues[i]), look->expected);
}

static bool write_queue(struct expect_look *look, size_t i, uint64_t at)
{
    page_index page = vm_cow_debug_get_page(vmo_cow(look->vmo->vmo), at);
    enum expected_queue queue = page == PAGE_NONE
                                    ? EXPECTED_QUEUE_NONE
                                    : expect_queue_of(look->world, page);
    fputs(expect_queue_word(queue), look->actual);
    return i < look->item->length &&
           expect_queue_is(look->item->value.queues[i], queue);
}

bool expect_queues(struct expect_look *look)
{
    return compare_list(look, write_expected_queue, write_queue);
}

static void write_expected_dirty(struct expect_look *look, size_t i)
{
    fputs(expect_dirty_word(look->item->value.dirty[i]), look->expected);
}

static bool write_dirty(struct expect_look *look, size_t i, uint64_t at)
{
    static const enum expected_dirty states[] = {
        [DIRTY_UNTRACKED] = EXPECTED_DIRTY_UNTRACKED,
        [DIRTY_CLEAN] = EXPECTED_DIRTY_CLEAN,
        [DIRTY_DIRTY] = EXPECTED_DIRTY_DIRTY,
        [DIRTY_AWAITING_CLEAN] = EXPECTED_DIRTY_AWAITING_CLEAN,
    };
    page_index page = vm_cow_debug_get_page(vmo_cow(look->vmo->vmo), at);
    enum expected_dirty dirty = EXPECTED_DIRTY_NONE;
    if (page != PAGE_NONE)
        dirty = states[look->world->machine.pmm.pages[page].dirty_state];
    fputs(expect_dirty_word(dirty), look->actual);
    if (i >= look->item->length)
        return false;
    enum expected_dirty want = look->item->value.dirty[i];
    return want == EXPECTED_DIRTY_ANY || want == dirty;
}

bool expect_dirty(struct expect_look *look)
{
    return compare_list(look, write_expected_dirty, write_dirty);
}

static void write_dirty_range(FILE *out, size_t i, uint64_t start, uint64_t end,
                              bool is_zero)
{
    fprintf(out, "%s%" PRIu64 "..%" PRIu64 "%s", i ? ", " : "", start, end,
            is_zero ? " zero" : "");
}

struct dirty_range_walk {
    struct expect_look *look;
    size_t count;
    bool is_ok;
};

static enum vm_status on_dirty_range(void *context, uint64_t offset,
                                     uint64_t length, bool is_zero)
{
    struct dirty_range_walk *walk = context;
    const struct expect_item *item = walk->look->item;
    uint64_t start = bytes_to_pages(offset);
    uint64_t end = start + bytes_to_pages(length);
    write_dirty_range(walk->look->actual, walk->count, start, end, is_zero);
    if (walk->count < item->length) {
        const struct expected_dirty_range *want =
            &item->value.dirty_ranges[walk->count];
        walk->is_ok &= want->start == start && want->end == end &&
                       want->is_zero == is_zero;
    }
    walk->count++;
    return VM_NEXT;
}

bool expect_dirty_ranges(struct expect_look *look)
{
    const struct expect_item *item = look->item;
    fputs("[", look->expected);
    for (size_t i = 0; i < item->length; i++)
        write_dirty_range(look->expected, i, item->value.dirty_ranges[i].start,
                          item->value.dirty_ranges[i].end,
                          item->value.dirty_ranges[i].is_zero);
    fputs("]", look->expected);

    struct script_range range =
        script_range_of(look->vmo, &look->expect->pages);
    struct dirty_range_walk walk = {.look = look, .is_ok = true};
    fputs("[", look->actual);
    enum vm_status status = vmo_dirty_ranges(
        look->vmo->vmo, range.offset, range.length, on_dirty_range, &walk);
    fputs("]", look->actual);
    if (status != VM_OK)
        fprintf(look->actual, " %s", vm_status_name(status));
    return status == VM_OK && walk.is_ok && walk.count == item->length;
}
