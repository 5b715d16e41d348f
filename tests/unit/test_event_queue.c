/*
 * The event queue: a total order, whatever is scheduled, moved and cancelled.
 */
#include <criterion/criterion.h>

#include "world/event_queue.h"
#include "world/random.h"

enum { EVENTS = 200 };

struct rig {
    struct event_queue queue;
    struct event events[EVENTS];
    uint64_t scheduled_as[EVENTS]; /* order of the last scheduling */
    uint64_t next_order;
};

static void start(struct rig *rig)
{
    event_queue_init(&rig->queue);
    rig->next_order = 0;
    for (int i = 0; i < EVENTS; i++)
        cr_assert(event_register(&rig->queue, &rig->events[i], EV_THREAD,
                                 (enum event_class)(i % 5), NULL));
}

static void schedule(struct rig *rig, int i, sim_ns at)
{
    event_schedule(&rig->queue, &rig->events[i], at);
    rig->scheduled_as[i] = rig->next_order++;
}

static bool comes_before(const struct rig *rig, int a, int b)
{
    const struct event *x = &rig->events[a], *y = &rig->events[b];

    if (x->at != y->at)
        return x->at < y->at;
    if (x->class_ != y->class_)
        return x->class_ < y->class_;
    return rig->scheduled_as[a] < rig->scheduled_as[b];
}

/* The slow model: look at all of them. */
static int first_of(const struct rig *rig)
{
    int first = -1;

    for (int i = 0; i < EVENTS; i++)
        if (event_is_queued(&rig->events[i]) &&
            (first < 0 || comes_before(rig, i, first)))
            first = i;
    return first;
}

Test(event_queue, time_comes_first_then_class_then_order_of_scheduling)
{
    struct rig rig;
    /* event: its class is its number modulo 5 */
    const struct {
        int event;
        sim_ns at;
    } steps[] = {{4, 10}, {9, 10}, {2, 10}, {3, 5}, {0, 20}, {14, 10}};
    const int order[] = {3, 2, 4, 9, 14, 0};

    start(&rig);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        schedule(&rig, steps[i].event, steps[i].at);
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        cr_assert_eq(event_queue_pop(&rig.queue), &rig.events[order[i]]);
    cr_assert_null(event_queue_pop(&rig.queue));
    event_queue_release(&rig.queue);
}

Test(event_queue, random_operations_keep_the_order)
{
    struct rig rig;
    struct random_stream random;

    start(&rig);
    random_init(&random, 7, "test", "queue", 0);
    for (int step = 0; step < 20000; step++) {
        int i = (int)random_below(&random, EVENTS);
        uint64_t what = random_below(&random, 4);

        if (what < 2) {
            schedule(&rig, i, (sim_ns)random_below(&random, 50));
        } else if (what == 2) {
            event_cancel(&rig.queue, &rig.events[i]);
            cr_assert(!event_is_queued(&rig.events[i]));
        } else {
            int first = first_of(&rig);
            const struct event *popped = event_queue_pop(&rig.queue);

            cr_assert_eq(popped, first < 0 ? NULL : &rig.events[first]);
        }
        i = first_of(&rig);
        cr_assert_eq(event_queue_next_time(&rig.queue),
                     i < 0 ? SIM_NS_INFINITE : rig.events[i].at);
        cr_assert_null(event_queue_valid(&rig.queue));
    }
    event_queue_release(&rig.queue);
}

Test(event_queue, infinite_time_cancels)
{
    struct rig rig;

    start(&rig);
    schedule(&rig, 0, 5);
    schedule(&rig, 0, SIM_NS_INFINITE);
    cr_assert_null(event_queue_pop(&rig.queue));
    cr_assert_eq(event_queue_next_time(&rig.queue), SIM_NS_INFINITE);
    event_queue_release(&rig.queue);
}

Test(event_queue, periodic_events_are_not_counted_as_live)
{
    struct rig rig;

    start(&rig);
    rig.events[1].is_periodic = true;
    schedule(&rig, 0, 5);
    schedule(&rig, 1, 5);
    cr_assert_eq(rig.queue.live_count, 1);
    schedule(&rig, 0, 6);
    cr_assert_eq(rig.queue.live_count, 1);
    event_cancel(&rig.queue, &rig.events[0]);
    cr_assert_eq(rig.queue.live_count, 0);
    cr_assert_eq(event_queue_pop(&rig.queue), &rig.events[1]);
    event_queue_release(&rig.queue);
}

Test(event_queue, alone_until_agrees_with_scheduling)
{
    struct rig rig;

    start(&rig);
    cr_assert_eq(event_queue_alone_until(&rig.queue, EVENT_CLASS_TICK),
                 SIM_NS_INFINITE);
    schedule(&rig, 2, 10); /* class 2 */
    cr_assert_eq(event_queue_alone_until(&rig.queue, EVENT_CLASS_WATCHDOG), 11);
    cr_assert_eq(event_queue_alone_until(&rig.queue, EVENT_CLASS_TIMER), 10);
    cr_assert_eq(event_queue_alone_until(&rig.queue, EVENT_CLASS_TICK), 10);
    event_queue_release(&rig.queue);
}

Test(event_queue, what_follows_a_popped_event_is_known_before_it_is_replaced)
{
    struct rig rig;

    start(&rig);
    schedule(&rig, 0, 10);
    schedule(&rig, 1, 30);
    schedule(&rig, 2, 20);
    cr_assert_eq(event_queue_pop(&rig.queue), &rig.events[0]);
    cr_assert_eq(event_queue_next_time(&rig.queue), 20);
    cr_assert_eq(event_queue_alone_until(&rig.queue, EVENT_CLASS_TICK), 20);
    event_cancel(&rig.queue, &rig.events[2]);
    cr_assert_eq(event_queue_next_time(&rig.queue), 30);
    schedule(&rig, 0, 40);
    cr_assert_eq(event_queue_pop(&rig.queue), &rig.events[1]);
    cr_assert_eq(event_queue_pop(&rig.queue), &rig.events[0]);
    cr_assert_eq(event_queue_next_time(&rig.queue), SIM_NS_INFINITE);
    cr_assert_null(event_queue_pop(&rig.queue));
    event_queue_release(&rig.queue);
}
