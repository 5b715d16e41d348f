/*
 * Flat arrays that say what page lists must hold, for soak_page_list.c.
 *
 *   positions   0 ......... 299 | 8 pages at each of four far offsets
 *   cell        nothing, content, or zero: part of an interval
 *   interval    cells in a row, the first and the last of them marked
 *
 * An array knows no sentinels and no list nodes: what a slot must hold follows
 * from the marks, so that splitting is "mark three cells". What callbacks are
 * told and walks meet is noted as events, expected ones and those that came.
 */
#ifndef SOAK_PAGE_LIST_MODEL_H
#define SOAK_PAGE_LIST_MODEL_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "page_list.h"

enum {
    NEAR_PAGES = 300,
    CLUSTERS = 4,
    CLUSTER_PAGES = 8,
    POSITIONS = NEAR_PAGES + CLUSTERS * CLUSTER_PAGES,
    INTERVAL_LISTS = 2, /* the first ones */
    LISTS = 5,
    MAX_EVENTS = 3 * POSITIONS,
};

/* Across the edges of trees of height 1 and 2, in the middle, at the end. */
static const uint64_t cluster_base[CLUSTERS] = {
    (UINT64_C(1) << 12) - 4,
    (UINT64_C(1) << 20) - 4,
    (UINT64_C(1) << 34) + 3,
    (PAGE_LIST_MAX_SIZE >> VM_PAGE_SHIFT) - 24,
};

struct cell {
    uint64_t content;  /* bits of a page, marker or reference; 0: none */
    uint64_t awaiting; /* pages awaiting clean, on the first of an interval */
    bool zero;         /* in an interval */
    bool first;
    bool last;
};

struct model {
    struct page_list list;
    struct cell cells[POSITIONS];
    bool is_touched; /* by this operation: to be compared */
};

/* Something that a callback was told, or that a walk met. */
struct event {
    enum event_kind {
        EVENT_SLOT,
        EVENT_GAP,
        EVENT_RUN,
        EVENT_INTERVAL_RUN,
        EVENT_RELEASE,
        EVENT_MIGRATE,
    } kind;
    uint64_t start; /* in pages */
    uint64_t end;
    uint64_t bits;
};

struct events {
    struct event event[MAX_EVENTS];
    unsigned count;
};

static uint64_t offsets[POSITIONS]; /* in pages */
static struct model models[LISTS];
static struct events expected;
static struct events got;
static uint64_t random_state;
static uint64_t seed;
static uint64_t operation;
static const char *operation_name = "start";

static uint64_t draw(uint64_t bound)
{
    uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % bound;
}

static _Noreturn void fail(const char *what, const char *detail)
{
    printf("soak_page_list: seed %" PRIu64 ", operation %" PRIu64
           " (%s): %s%s%s\n",
           seed, operation, operation_name, what, *detail ? ": " : "", detail);
    exit(1);
}

static _Noreturn void differs(const char *what, uint64_t page, uint64_t want,
                              uint64_t have)
{
    char detail[120];
    snprintf(detail, sizeof detail,
             "page %" PRIu64 ", %#" PRIx64 " instead of %#" PRIx64, page, have,
             want);
    fail(what, detail);
}

static void on_broken_rule(const char *file, int line, const char *rule)
{
    printf("%s:%d\n", file, line);
    fail("broken rule", rule);
}

static void want(bool condition, const char *what)
{
    if (!condition)
        fail(what, "");
}

/* --- the array's view --------------------------------- */

static bool follows(unsigned i)
{
    return i > 0 && i < POSITIONS && offsets[i] == offsets[i - 1] + 1;
}

/* First position at or after `page`, POSITIONS if there is none. */
static unsigned position_from(uint64_t page)
{
    if (page < NEAR_PAGES)
        return (unsigned)page;
    unsigned i = NEAR_PAGES;
    while (i < POSITIONS && offsets[i] < page)
        i++;
    return i;
}

static bool is_occupied(const struct cell *cell)
{
    return cell->content || cell->zero;
}

/* What the list's slot at this position must hold. */
static uint64_t bits_of(const struct cell *cell)
{
    if (!cell->zero)
        return cell->content;
    if (!cell->first && !cell->last)
        return 0;
    enum interval_sentinel sentinel = !cell->first  ? INTERVAL_END
                                      : !cell->last ? INTERVAL_START
                                                    : INTERVAL_SLOT;
    return slot_of_interval(sentinel, DIRTY_DIRTY,
                            pages_to_bytes(cell->first ? cell->awaiting : 0))
        .bits;
}

static unsigned interval_first(const struct model *m, unsigned i)
{
    while (!m->cells[i].first)
        i--;
    return i;
}

static unsigned interval_last(const struct model *m, unsigned i)
{
    while (!m->cells[i].last)
        i++;
    return i;
}

static void split_cell(struct model *m, unsigned i)
{
    struct cell *cell = &m->cells[i];
    uint64_t awaiting = cell->first ? cell->awaiting : 0;
    if (!cell->first)
        cell[-1].last = true;
    if (!cell->last) {
        bool carries = cell->first && awaiting > 1;
        cell[1].first = true;
        cell[1].awaiting = carries ? awaiting - 1 : 0;
        awaiting = u64_min(awaiting, 1);
    }
    cell->first = true;
    cell->last = true;
    cell->awaiting = awaiting;
}

/* Cells [a, b) become zero and join the intervals next to them. */
static void add_cells(struct model *m, unsigned a, unsigned b,
                      uint64_t awaiting)
{
    unsigned first = a;
    uint64_t length = awaiting;
    for (unsigned i = a; i < b; i++)
        m->cells[i] = (struct cell){.zero = true};
    if (follows(a) && m->cells[a - 1].zero) {
        first = interval_first(m, a - 1);
        length = m->cells[first].awaiting;
        m->cells[a - 1].last = false;
        if (awaiting && first + length >= a)
            length = u64_max(length, a + awaiting - first);
    }
    if (follows(b) && m->cells[b].zero) {
        if (awaiting && m->cells[b].awaiting && first + length >= b)
            length = u64_max(length, b + m->cells[b].awaiting - first);
        m->cells[b].first = false;
        m->cells[b].awaiting = 0;
    } else {
        m->cells[b - 1].last = true;
    }
    m->cells[first].first = true;
    m->cells[first].awaiting = length;
}

/* --- comparing --------------------------------- */

static void compare(const struct model *m)
{
    const char *rule = page_list_valid(&m->list);
    if (rule)
        fail("broken rule", rule);
    uint64_t nodes = 0;
    uint64_t last_node = UINT64_MAX;
    uint64_t from = 0;
    uint64_t at;
    const struct page_slot *slot;
    for (unsigned i = 0; i < POSITIONS; i++) {
        uint64_t bits = bits_of(&m->cells[i]);
        if (!bits)
            continue;
        slot = page_list_next(&m->list, from, UINT64_MAX, &at);
        if (!slot || at != pages_to_bytes(offsets[i]))
            differs("the next slot is another one", offsets[i], bits,
                    slot ? slot->bits : 0);
        if (slot->bits != bits)
            differs("a slot differs", offsets[i], bits, slot->bits);
        from = at + VM_PAGE_SIZE;
        uint64_t node =
            (offsets[i] + bytes_to_pages(m->list.skew)) / PAGE_LIST_FANOUT;
        nodes += node != last_node;
        last_node = node;
    }
    slot = page_list_next(&m->list, from, UINT64_MAX, &at);
    if (slot)
        differs("a slot too many", bytes_to_pages(at), 0, slot->bits);
    if (nodes != m->list.node_count)
        differs("the number of list nodes differs", 0, nodes,
                m->list.node_count);
}

static void note(struct events *events, enum event_kind kind, uint64_t start,
                 uint64_t end, uint64_t bits)
{
    if (events->count == MAX_EVENTS)
        fail("too many events", "");
    events->event[events->count++] = (struct event){kind, start, end, bits};
}

static void forget_events(void)
{
    expected.count = 0;
    got.count = 0;
}

static void compare_events(void)
{
    for (unsigned i = 0; i < expected.count && i < got.count; i++) {
        const struct event *e = &expected.event[i];
        const struct event *g = &got.event[i];
        if (e->kind != g->kind || e->start != g->start || e->end != g->end)
            differs("an event differs", e->start, (uint64_t)e->kind,
                    (uint64_t)g->kind);
        if (e->bits != g->bits)
            differs("an event's content differs", e->start, e->bits, g->bits);
    }
    if (expected.count != got.count)
        differs("the number of events differs", 0, expected.count, got.count);
}

/* --- picking --------------------------------- */

static struct model *touch(struct model *m)
{
    m->is_touched = true;
    return m;
}

static struct model *pick(void)
{
    return &models[draw(LISTS)];
}

static struct model *pick_with_intervals(void)
{
    return &models[draw(INTERVAL_LISTS)];
}

static struct model *pick_without_intervals(void)
{
    return &models[INTERVAL_LISTS + draw(LISTS - INTERVAL_LISTS)];
}

static bool may_have_intervals(const struct model *m)
{
    return m < &models[INTERVAL_LISTS];
}

static unsigned pick_position(void)
{
    return draw(16) ? (unsigned)draw(NEAR_PAGES)
                    : NEAR_PAGES + (unsigned)draw(POSITIONS - NEAR_PAGES);
}

/* Any page, where there may be something or not. */
static uint64_t pick_page(void)
{
    switch (draw(24)) {
    case 0:
        return draw(UINT64_C(1) << draw(52));
    case 1:
        return UINT64_MAX >> VM_PAGE_SHIFT;
    default:
        return offsets[pick_position()] + draw(2);
    }
}

/* A range, mostly short. */
static void pick_range(uint64_t *start, uint64_t *end)
{
    *start = pick_page();
    *end = draw(4) ? *start + draw(40) : pick_page();
    uint64_t last = UINT64_MAX >> VM_PAGE_SHIFT;
    *end = u64_min(*end, last);
    if (*end < *start) {
        uint64_t swap = *start;
        *start = *end;
        *end = swap;
    }
}

static uint64_t new_content(const struct model *m)
{
    switch (draw(may_have_intervals(m) ? 3 : 5)) {
    case 0:
        return SLOT_ZERO_MARKER.bits;
    case 1:
    case 2:
        return slot_of_page(1 + (page_index)draw(PAGE_INDEX_MAX)).bits;
    default:
        return slot_of_reference(draw(UINT64_C(1) << 20) << 4).bits;
    }
}

#endif
