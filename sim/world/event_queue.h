/*
 * The event queue: what happens next.
 *
 *   heap: [at, order, event] at the root: the smallest (at, order)
 *         order = class << 56 | order of scheduling
 *
 * The order is total: time, then class of actor, then the order of scheduling,
 * so equal times never depend on the heap's shape. Events are embedded in the
 * actors that wait for them: scheduling allocates nothing, and an event that
 * is queued can be moved or cancelled. An event is in the queue at most once.
 *
 * The first event is mostly queued again by its own handler, some time later.
 * So taking it off leaves a gap at the root, which the next event scheduled
 * fills: one walk down the heap instead of a walk down and one up.
 *
 * Events are live or periodic. A run without a duration ends when only
 * periodic ones are left.
 */
#ifndef LOWTIDE_EVENT_QUEUE_H
#define LOWTIDE_EVENT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "units.h"

/* Who acts first at equal times; scenarios may rely on it. */
enum event_class {
    EVENT_CLASS_SCRIPT,
    EVENT_CLASS_WATCHDOG,
    EVENT_CLASS_TIMER,
    EVENT_CLASS_AGING,
    EVENT_CLASS_LRU,
    EVENT_CLASS_EVICTOR,
    EVENT_CLASS_SCANNER,
    EVENT_CLASS_PAGER,
    EVENT_CLASS_WORKLOAD,
    EVENT_CLASS_TICK,
    EVENT_CLASS_END,
};

/* What is to be done: the index into the table of handlers (world.c). */
enum event_kind {
    EV_SCRIPT,
    EV_WATCHDOG,
    EV_EVICTION_TIMER,
    EV_AGING,
    EV_LRU,
    EV_EVICTOR,
    EV_SCANNER,
    EV_PAGER_ANSWER,
    EV_PAGER_WRITEBACK,
    EV_PAGER_WRITTEN,
    EV_OVERTIME,
    EV_THREAD,
    EV_TICK,
    EV_END,
    EV_COUNT
};

struct event {
    sim_ns at;         /* while queued */
    void *subject;     /* the actor, borrowed */
    uint32_t position; /* in the heap; EVENT_NOT_QUEUED: not queued */
    uint8_t kind;      /* enum event_kind */
    uint8_t class_;    /* enum event_class */
    bool is_periodic;
};

#define EVENT_NOT_QUEUED UINT32_MAX

struct event_slot {
    sim_ns at;
    uint64_t order;
    struct event *event;
};

struct event_queue {
    struct event_slot *heap; /* owned; heap[0 .. count) */
    bool has_gap;            /* heap[0], which counts, was popped */
    uint32_t count;
    uint32_t capacity;
    uint32_t registered; /* events that may be queued: never above capacity */
    uint32_t live_count; /* queued events that are not periodic */
    uint64_t next_order;
};

void event_queue_init(struct event_queue *queue);
/* Events still queued are forgotten. */
void event_queue_release(struct event_queue *queue);

/*
 * Set up an event (not queued) and make room for it, so that scheduling it
 * can't fail. False: out of memory. event_unregister() gives the room back.
 */
bool event_register(struct event_queue *queue, struct event *event,
                    enum event_kind kind, enum event_class class_,
                    void *subject);
void event_unregister(struct event_queue *queue, struct event *event);

static inline bool event_is_queued(const struct event *event)
{
    return event->position != EVENT_NOT_QUEUED;
}

/* Queue a registered event, or move it if it is queued: it counts as scheduled
 * now. SIM_NS_INFINITE cancels. */
void event_schedule(struct event_queue *queue, struct event *event, sim_ns at);
/* Nothing happens if it is not queued. */
void event_cancel(struct event_queue *queue, struct event *event);

/* Take the first event off; NULL when the queue is empty. */
struct event *event_queue_pop(struct event_queue *queue);

/* Time of the first event, SIM_NS_INFINITE when the queue is empty. */
sim_ns event_queue_next_time(const struct event_queue *queue);

/*
 * Up to when is an actor of this class alone? An event of the class, scheduled
 * now for a time below the result, would come before all that are queued: who
 * would be next anyway need not queue its event.
 */
sim_ns event_queue_alone_until(const struct event_queue *queue,
                               enum event_class class_);

/* Returns the first broken invariant, NULL if none. */
const char *event_queue_valid(const struct event_queue *queue);

#endif
