/*
 * One array of accesses with two threads through it: from each to the next one
 * of the same thread, and to the next one to the same page.
 *
 *   number        1    2    3    4    5
 *   access        a:p  b:q  a:q  b:p  a:p
 *   of thread     3    4    5    -    -
 *   of page       4    3    -    5    -
 *
 * An access is over once its thread's place is past it. A page's first one
 * moves on over those that are; each is passed once, so that asking costs
 * constant time on average.
 */
#include "world/future.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/report.h"

enum { NONE = 0, FIRST_ROOM = 1 << 12 };
#define ENDED UINT32_MAX /* a place past all accesses */

struct access {
    uint32_t thread;
    uint32_t page_number;        /* in the order of first accesses */
    uint32_t of_thread, of_page; /* the next one; NONE */
};
static_assert(sizeof(struct access) == 16, "sixteen bytes an access");

/* The pages of an object: their numbers, NONE for those not accessed. */
struct object {
    uint32_t *numbers; /* owned */
    uint64_t count;
};

/* Accesses, from the first that is not known to be over. */
struct future_list {
    uint32_t first, last;
};

struct future_thread {
    struct future_list accesses;
    uint32_t place; /* the first of them that it has not made */
};

struct future {
    bool is_told, has_parted;
    struct access *accesses; /* owned, like all below; [0] is none */
    size_t count, room;
    struct object *objects; /* by serial */
    size_t object_count;
    struct future_list *pages; /* by number; [0] is none */
    size_t page_count, page_room;
    struct future_thread *threads;
    size_t thread_count;
};

/* --- what can be recorded ------------------------------------------------- */

static bool refuse(const struct scenario *scenario,
                   const struct scenario_place *place, const char *what,
                   char *message, size_t message_bytes)
{
    char text[256];
    snprintf(text, sizeof text,
             "the future can't be recorded for a policy that needs it: %s",
             what);
    scenario_message_at(scenario, place, text, message, message_bytes);
    return false;
}

bool future_check(const struct scenario *scenario, char *message,
                  size_t message_bytes)
{
    for (size_t i = 0; i < scenario->workload_count; i++) {
        const struct scenario_workload *workload = &scenario->workloads[i];
        if (workload->pattern.kind == PATTERN_PHASES)
            return refuse(scenario, &workload->place,
                          "what a workload with phases accesses depends on "
                          "when",
                          message, message_bytes);
        if (workload->pattern.kind == PATTERN_TRACE && workload->threads > 1)
            return refuse(scenario, &workload->place,
                          "which thread gets which access of a shared trace "
                          "depends on when",
                          message, message_bytes);
    }
    for (size_t i = 0; i < scenario->event_count; i++) {
        const struct scenario_op *op = &scenario->events[i].op;
        if (op->kind == OP_CLONE || op->kind == OP_SLICE ||
            op->kind == OP_REFERENCE)
            return refuse(scenario, &op->place,
                          "here pages become those of several VMOs", message,
                          message_bytes);
    }
    return true;
}

/* --- life ----------------------------------------------------------------- */

struct future *future_new(void)
{
    struct future *future = calloc(1, sizeof *future);
    if (future)
        future->count = future->page_count = 1;
    return future;
}

void future_free(struct future *future)
{
    if (!future)
        return;
    for (size_t n = 0; n < future->object_count; n++)
        free(future->objects[n].numbers);
    free(future->objects);
    free(future->accesses);
    free(future->pages);
    free(future->threads);
    free(future);
}

void future_tell(struct future *future)
{
    future->is_told = true;
    for (size_t n = 0; n < future->thread_count; n++)
        future->threads[n].place = future->threads[n].accesses.first;
}

bool future_is_told(const struct future *future)
{
    return future->is_told;
}

bool future_has_parted(const struct future *future)
{
    return future->has_parted;
}

/* --- recording ------------------------------------------------------------ */

/* Room for entry `wanted` in an array; new entries are zero. False: out of
 * memory, and the array is as it was. */
static bool make_room(void *array_pointer, size_t *room, size_t wanted,
                      size_t bytes)
{
    char *array;
    size_t grown = *room ? *room : FIRST_ROOM;
    if (wanted < *room)
        return true;
    while (grown <= wanted)
        grown *= 2;
    memcpy(&array, array_pointer, sizeof array);
    char *moved = realloc(array, grown * bytes);
    if (!moved)
        return false;
    memset(moved + *room * bytes, 0, (grown - *room) * bytes);
    memcpy(array_pointer, &moved, sizeof moved);
    *room = grown;
    return true;
}

/* The page's number, a new one if it has none; NONE: out of memory. */
static uint32_t number_page(struct future *future, uint64_t serial,
                            uint64_t page)
{
    if (!make_room(&future->objects, &future->object_count, serial,
                   sizeof *future->objects))
        return NONE;
    struct object *object = &future->objects[serial];
    if (!make_room(&object->numbers, &object->count, page,
                   sizeof *object->numbers))
        return NONE;
    if (object->numbers[page] != NONE)
        return object->numbers[page];
    if (future->page_count == UINT32_MAX ||
        !make_room(&future->pages, &future->page_room, future->page_count,
                   sizeof *future->pages))
        return NONE;
    return object->numbers[page] = (uint32_t)future->page_count++;
}

/* Hang `access` behind the last one of a list. */
static void link_access(struct future *future, uint32_t access,
                        struct future_list *list, bool is_of_page)
{
    struct access *last = &future->accesses[list->last];
    if (list->first == NONE)
        list->first = access;
    else if (is_of_page)
        last->of_page = access;
    else
        last->of_thread = access;
    list->last = access;
}

static bool record(struct future *future, uint32_t thread, uint64_t serial,
                   uint64_t page)
{
    uint32_t number = number_page(future, serial, page);
    if (number == NONE || future->count == ENDED ||
        !make_room(&future->accesses, &future->room, future->count,
                   sizeof *future->accesses) ||
        !make_room(&future->threads, &future->thread_count, thread,
                   sizeof *future->threads))
        return false;
    uint32_t access = (uint32_t)future->count++;
    future->accesses[access] = (struct access){thread, number, NONE, NONE};
    link_access(future, access, &future->threads[thread].accesses, false);
    link_access(future, access, &future->pages[number], true);
    return true;
}

/* --- telling -------------------------------------------------------------- */

/* NONE: it was not accessed. */
static uint32_t find_page(const struct future *future, uint64_t serial,
                          uint64_t page)
{
    if (serial >= future->object_count || page >= future->objects[serial].count)
        return NONE;
    return future->objects[serial].numbers[page];
}

/* The thread moves on by one; past the end of the record all is over. */
static void move_on(struct future *future, uint32_t thread, uint64_t serial,
                    uint64_t page)
{
    if (thread >= future->thread_count)
        return; /* it made no access in the record */
    struct future_thread *by = &future->threads[thread];
    if (by->place == NONE || by->place == ENDED)
        return;
    const struct access *access = &future->accesses[by->place];
    future->has_parted |=
        access->page_number != find_page(future, serial, page);
    by->place = access->of_thread ? access->of_thread : ENDED;
}

bool future_access(struct future *future, uint32_t thread, uint64_t object,
                   uint64_t page)
{
    if (!future->is_told)
        return record(future, thread, object, page);
    move_on(future, thread, object, page);
    return true;
}

void future_end_thread(struct future *future, uint32_t thread)
{
    if (future->is_told && thread < future->thread_count)
        future->threads[thread].place = ENDED;
}

uint64_t future_next_use(struct future *future, uint64_t object, uint64_t page)
{
    uint32_t number = find_page(future, object, page);
    if (number == NONE)
        return RECLAIM_NEVER;
    struct future_list *of = &future->pages[number];
    while (of->first != NONE) {
        const struct access *access = &future->accesses[of->first];
        if (of->first >= future->threads[access->thread].place)
            return of->first;
        of->first = access->of_page;
    }
    return RECLAIM_NEVER;
}
