/*
 * A binary heap of (time, order) keys, kept beside the pointers so that
 * comparing touches one cache line and not the events themselves.
 *
 * A gap at the root keeps the key that it had, so nothing below it looks out of
 * place; whatever moves an event that is queued closes the gap first.
 *
 * A four-ary heap and a calendar queue were tried on paper: with the ten to a
 * hundred events that a run has queued, the binary one is in the first-level
 * cache and nothing is left to win.
 */
#include "world/event_queue.h"

#include <stdlib.h>

#include "check.h"

enum { ORDER_CLASS_SHIFT = 56, MIN_CAPACITY = 64 };

void event_queue_init(struct event_queue *queue)
{
    *queue = (struct event_queue){.heap = NULL};
}

static bool reserve(struct event_queue *queue, uint32_t count)
{
    uint32_t capacity = queue->capacity ? queue->capacity : MIN_CAPACITY;

    if (count <= queue->capacity)
        return true;
    while (capacity < count)
        capacity *= 2;
    struct event_slot *heap = realloc(queue->heap, capacity * sizeof *heap);
    if (!heap)
        return false;
    queue->heap = heap;
    queue->capacity = capacity;
    return true;
}

bool event_register(struct event_queue *queue, struct event *event,
                    enum event_kind kind, enum event_class class_,
                    void *subject)
{
    CHECK(queue->registered < EVENT_NOT_QUEUED / 2);
    if (!reserve(queue, queue->registered + 1))
        return false;
    queue->registered++;
    *event = (struct event){
        .subject = subject,
        .position = EVENT_NOT_QUEUED,
        .kind = (uint8_t)kind,
        .class_ = (uint8_t)class_,
    };
    return true;
}

void event_unregister(struct event_queue *queue, struct event *event)
{
    CHECK(queue->registered > 0);
    event_cancel(queue, event);
    queue->registered--;
}

/* The heap. --------------------------------------------------------------- */

static bool slot_before(const struct event_slot *a, const struct event_slot *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

/* Field by field: a slot just written is read again soon, and a processor waits
 * where a read is wider than the writes before it. */
static void place(struct event_queue *queue, uint32_t position,
                  const struct event_slot *slot)
{
    struct event_slot *to = &queue->heap[position];

    to->at = slot->at;
    to->order = slot->order;
    to->event = slot->event;
    slot->event->position = position;
}

/* Find a place for `slot` from the hole at `position` upwards. */
static void sift_up(struct event_queue *queue, uint32_t position,
                    const struct event_slot *slot)
{
    while (position > 0) {
        uint32_t parent = (position - 1) / 2;

        if (!slot_before(slot, &queue->heap[parent]))
            break;
        place(queue, position, &queue->heap[parent]);
        position = parent;
    }
    place(queue, position, slot);
}

/* The same downwards; the heap ends before `queue->count`. */
static void sift_down(struct event_queue *queue, uint32_t position,
                      const struct event_slot *slot)
{
    for (;;) {
        uint32_t child = 2 * position + 1;

        if (child >= queue->count)
            break;
        if (child + 1 < queue->count &&
            slot_before(&queue->heap[child + 1], &queue->heap[child]))
            child++;
        if (!slot_before(&queue->heap[child], slot))
            break;
        place(queue, position, &queue->heap[child]);
        position = child;
    }
    place(queue, position, slot);
}

static void resift(struct event_queue *queue, uint32_t position,
                   const struct event_slot *slot)
{
    if (position > 0 && slot_before(slot, &queue->heap[(position - 1) / 2]))
        sift_up(queue, position, slot);
    else
        sift_down(queue, position, slot);
}

/* The last one fills it. */
static void close_gap(struct event_queue *queue)
{
    if (!queue->has_gap)
        return;
    queue->has_gap = false;
    if (--queue->count > 0)
        sift_down(queue, 0, &queue->heap[queue->count]);
}

/* The first slot that holds an event; NULL: there is none. */
static const struct event_slot *first_slot(const struct event_queue *queue)
{
    const struct event_slot *heap = queue->heap;

    if (queue->count <= queue->has_gap)
        return NULL;
    if (!queue->has_gap)
        return &heap[0];
    return queue->count > 2 && slot_before(&heap[2], &heap[1]) ? &heap[2]
                                                               : &heap[1];
}

static void leaves(struct event_queue *queue, struct event *event)
{
    event->position = EVENT_NOT_QUEUED;
    if (!event->is_periodic)
        queue->live_count--;
}

void event_queue_release(struct event_queue *queue)
{
    close_gap(queue);
    for (uint32_t i = 0; i < queue->count; i++)
        queue->heap[i].event->position = EVENT_NOT_QUEUED;
    free(queue->heap);
    event_queue_init(queue);
}

/* Scheduling. ------------------------------------------------------------- */

void event_schedule(struct event_queue *queue, struct event *event, sim_ns at)
{
    if (at == SIM_NS_INFINITE) {
        event_cancel(queue, event);
        return;
    }
    struct event_slot slot = {
        .at = at,
        .order =
            (uint64_t)event->class_ << ORDER_CLASS_SHIFT | queue->next_order++,
        .event = event,
    };
    event->at = at;
    if (event_is_queued(event)) {
        close_gap(queue);
        resift(queue, event->position, &slot);
        return;
    }
    if (!event->is_periodic)
        queue->live_count++;
    if (queue->has_gap) {
        queue->has_gap = false;
        sift_down(queue, 0, &slot);
        return;
    }
    CHECK(queue->count < queue->registered);
    sift_up(queue, queue->count++, &slot);
}

void event_cancel(struct event_queue *queue, struct event *event)
{
    if (!event_is_queued(event))
        return;
    close_gap(queue);
    uint32_t position = event->position;
    leaves(queue, event);
    queue->count--;
    if (position < queue->count)
        resift(queue, position, &queue->heap[queue->count]);
}

struct event *event_queue_pop(struct event_queue *queue)
{
    close_gap(queue);
    if (queue->count == 0)
        return NULL;
    struct event *event = queue->heap[0].event;
    leaves(queue, event);
    queue->has_gap = true;
    return event;
}

sim_ns event_queue_next_time(const struct event_queue *queue)
{
    const struct event_slot *first = first_slot(queue);

    return first ? first->at : SIM_NS_INFINITE;
}

sim_ns event_queue_alone_until(const struct event_queue *queue,
                               enum event_class class_)
{
    const struct event_slot *first = first_slot(queue);

    if (!first)
        return SIM_NS_INFINITE;
    return first->at +
           ((uint64_t)class_ < first->order >> ORDER_CLASS_SHIFT ? 1 : 0);
}

const char *event_queue_valid(const struct event_queue *queue)
{
    uint32_t first = queue->has_gap ? 1 : 0;
    uint32_t live = 0;

    if (queue->count < first)
        return "a gap is counted";
    if (queue->count - first > queue->registered)
        return "no more events queued than registered";
    for (uint32_t i = first; i < queue->count; i++) {
        const struct event_slot *slot = &queue->heap[i];

        if (slot->event->position != i)
            return "an event knows its place in the heap";
        if (slot->event->at != slot->at)
            return "an event's time is its slot's";
        if (i > 0 && slot_before(slot, &queue->heap[(i - 1) / 2]))
            return "no event before its parent in the heap";
        live += !slot->event->is_periodic;
    }
    return live == queue->live_count ? NULL
                                     : "live count = events not periodic";
}
