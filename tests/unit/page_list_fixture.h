/*
 * Page lists as text, and their operations in pages, for the tests of them.
 *
 *   p2@16     page number 2 at page offset 16 (page index 3: 0 is no page)
 *   m@1       zero marker              r5@1       reference 5 (value 0x50)
 *   start@1+32 ... end@32, slot@40     sentinels of dirty zero intervals; "+n"
 *                                      pages are awaiting clean
 *   [33,48)   a gap
 *
 * Every comparison also asks page_list_valid().
 */
#ifndef LOWTIDE_TESTS_PAGE_LIST_FIXTURE_H
#define LOWTIDE_TESTS_PAGE_LIST_FIXTURE_H

#include <criterion/criterion.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "page_list.h"

struct text {
    char chars[4096];
};

__attribute__((format(printf, 2, 3))) static inline void
text_add(struct text *text, const char *format, ...)
{
    size_t used = strlen(text->chars);
    size_t room = sizeof text->chars - used;
    va_list arguments;
    va_start(arguments, format);
    int added = vsnprintf(text->chars + used, room, format, arguments);
    va_end(arguments);
    cr_assert(added >= 0 && (size_t)added < room, "a picture is too long");
}

static inline void text_space(struct text *text)
{
    if (text->chars[0])
        text_add(text, " ");
}

static inline struct page_slot page_content(unsigned number)
{
    return slot_of_page(number + 1);
}

static inline struct page_slot reference_content(unsigned number)
{
    return slot_of_reference((uint64_t)number << 4);
}

static inline void text_add_sentinel(struct text *text, struct page_slot slot)
{
    static const char *const names[] = {
        [INTERVAL_SLOT] = "slot",
        [INTERVAL_START] = "start",
        [INTERVAL_END] = "end",
    };
    text_add(text, "%s", names[slot_sentinel(slot)]);
    if (slot_interval_dirty(slot) != DIRTY_DIRTY)
        text_add(text, "(dirty state %d)", slot_interval_dirty(slot));
}

static inline void text_add_slot(struct text *text, struct page_slot slot,
                                 uint64_t offset)
{
    text_space(text);
    if (slot_is_page(slot))
        text_add(text, "p%u", slot_page(slot) - 1);
    else if (slot_is_marker(slot))
        text_add(text, "m");
    else if (slot_is_reference(slot))
        text_add(text, "r%" PRIu64, slot_reference(slot) >> 4);
    else if (slot_is_interval(slot))
        text_add_sentinel(text, slot);
    else
        text_add(text, "empty");
    text_add(text, "@%" PRIu64, bytes_to_pages(offset));
    if (slot_is_interval(slot) && slot_awaiting_bytes(slot))
        text_add(text, "+%" PRIu64, bytes_to_pages(slot_awaiting_bytes(slot)));
}

/* --- expectations --------------------------------- */

static inline void expect_valid(const struct page_list *list)
{
    const char *rule = page_list_valid(list);
    cr_assert(rule == NULL, "broken rule: %s", rule);
}

static inline void expect_text(const struct text *text, const char *expected)
{
    cr_assert_str_eq(text->chars, expected, "got  \"%s\", expected \"%s\"",
                     text->chars, expected);
}

/* All that is populated, in order. */
static inline void expect_list(const struct page_list *list,
                               const char *expected)
{
    struct text text = {""};
    uint64_t at;
    const struct page_slot *slot;
    for (uint64_t from = 0;
         (slot = page_list_next(list, from, UINT64_MAX, &at));
         from = at + VM_PAGE_SIZE)
        text_add_slot(&text, *slot, at);
    expect_text(&text, expected);
    expect_valid(list);
}

/* What a walk over [start, end) meets: slots and gaps. */
static inline void expect_walk(const struct page_list *list, uint64_t start,
                               uint64_t end, const char *expected)
{
    struct text text = {""};
    struct page_walk walk =
        page_walk_over(list, pages_to_bytes(start), pages_to_bytes(end));
    struct page_walk_item item;
    while (page_walk_next(&walk, &item)) {
        if (item.slot) {
            cr_assert(item.end == item.start + VM_PAGE_SIZE);
            text_add_slot(&text, *item.slot, item.start);
            continue;
        }
        text_space(&text);
        text_add(&text, "[%" PRIu64 ",%" PRIu64 ")", bytes_to_pages(item.start),
                 bytes_to_pages(item.end));
    }
    expect_text(&text, expected);
    expect_valid(list);
}

/* The same where there is an interval: the range must not pass as empty. */
static inline void expect_interval_walk(const struct page_list *list,
                                        uint64_t start, uint64_t end,
                                        const char *expected)
{
    expect_walk(list, start, end, expected);
    cr_assert(page_list_any_pages_or_intervals(list, pages_to_bytes(start),
                                               pages_to_bytes(end)));
}

/* --- operations, in pages ------------------------------------------------- */

static inline struct page_list new_list(void)
{
    struct page_list list;
    page_list_init(&list, 0);
    return list;
}

static inline struct page_list new_skewed_list(uint64_t skew_pages)
{
    struct page_list list;
    page_list_init(&list, pages_to_bytes(skew_pages % PAGE_LIST_FANOUT));
    return list;
}

static inline struct page_slot get(const struct page_list *list, uint64_t at)
{
    return page_list_get(list, pages_to_bytes(at));
}

static inline struct page_slot take_out(struct page_list *list, uint64_t at)
{
    return page_list_remove(list, pages_to_bytes(at));
}

/* Put content where there is none, splitting an interval if need be. */
static inline void put(struct page_list *list, uint64_t at,
                       struct page_slot content)
{
    bool in_interval;
    struct page_slot *slot = page_list_lookup_or_allocate(
        list, pages_to_bytes(at), SLOT_SPLIT_INTERVALS, &in_interval);
    cr_assert(slot != NULL);
    cr_assert(in_interval ? slot_is_interval_slot(*slot)
                          : slot_is_empty(*slot));
    *slot = content;
}

static inline void put_page(struct page_list *list, uint64_t at,
                            unsigned number)
{
    put(list, at, page_content(number));
}

static inline void put_marker(struct page_list *list, uint64_t at)
{
    put(list, at, SLOT_ZERO_MARKER);
}

static inline void put_reference(struct page_list *list, uint64_t at,
                                 unsigned number)
{
    put(list, at, reference_content(number));
}

static inline bool holds_page(const struct page_list *list, uint64_t at,
                              unsigned number)
{
    return get(list, at).bits == page_content(number).bits;
}

static inline bool has_marker(const struct page_list *list, uint64_t at)
{
    return slot_is_marker(get(list, at));
}

static inline void add_zeroes(struct page_list *list, uint64_t start,
                              uint64_t end)
{
    cr_assert(page_list_add_zero_interval(list, pages_to_bytes(start),
                                          pages_to_bytes(end),
                                          DIRTY_DIRTY) == VM_OK);
}

static inline void populate(struct page_list *list, uint64_t start,
                            uint64_t end)
{
    cr_assert(page_list_populate_interval_slots(list, pages_to_bytes(start),
                                                pages_to_bytes(end)) == VM_OK);
}

static inline void return_slot(struct page_list *list, uint64_t at)
{
    page_list_return_interval_slot(list, pages_to_bytes(at));
}

static inline void clip_start(struct page_list *list, uint64_t at,
                              uint64_t length)
{
    cr_assert(page_list_clip_interval_start(list, pages_to_bytes(at),
                                            pages_to_bytes(length)) == VM_OK);
}

static inline void clip_end(struct page_list *list, uint64_t at,
                            uint64_t length)
{
    cr_assert(page_list_clip_interval_end(list, pages_to_bytes(at),
                                          pages_to_bytes(length)) == VM_OK);
}

static inline void set_awaiting(struct page_list *list, uint64_t at,
                                uint64_t length)
{
    struct page_slot *slot = page_list_lookup(list, pages_to_bytes(at));
    cr_assert(slot && slot_is_interval(*slot) && !slot_is_interval_end(*slot));
    slot_set_awaiting_bytes(slot, pages_to_bytes(length));
}

/* --- what leaves a list --------------------------------- */

struct leavers {
    struct text released;
    struct text migrated;
    unsigned release_count;
    unsigned migrate_count;
};

static inline void note_release(void *context, struct page_slot content,
                                uint64_t offset)
{
    struct leavers *leavers = context;
    text_add_slot(&leavers->released, content, offset);
    leavers->release_count++;
}

/* Leaves the slot as it is, to be moved. */
static inline void note_migrate(void *context, struct page_slot *slot,
                                uint64_t offset)
{
    struct leavers *leavers = context;
    text_add_slot(&leavers->migrated, *slot, offset);
    leavers->migrate_count++;
}

#endif
