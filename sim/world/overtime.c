#include "world/overtime.h"

#define SLICE_NS   (INT64_C(20) * 1000000000)
#define TIMEOUT_NS (INT64_C(300) * 1000000000)

static sim_ns due(const struct world_operation *first, sim_ns after)
{
    return first ? sim_ns_add(first->waiting_since, after) : SIM_NS_INFINITE;
}

static void rearm(struct world *world)
{
    sim_ns slice = due(TAILQ_FIRST(&world->overtime.patient), SLICE_NS);
    sim_ns end = due(TAILQ_FIRST(&world->overtime.late), TIMEOUT_NS);

    event_schedule(&world->events, &world->overtime.event,
                   slice < end ? slice : end);
}

bool overtime_new(struct world *world)
{
    TAILQ_INIT(&world->overtime.patient);
    TAILQ_INIT(&world->overtime.late);
    if (!event_register(&world->events, &world->overtime.event, EV_OVERTIME,
                        EVENT_CLASS_WORKLOAD, NULL))
        return false;
    /* waiting alone does not keep a run going */
    world->overtime.event.is_periodic = true;
    return true;
}

void overtime_begin(struct world *world, struct world_operation *operation)
{
    struct world_operation_queue *patient = &world->overtime.patient;
    bool is_first = TAILQ_EMPTY(patient);

    world->overtime.requests++;
    operation->is_on_time = true;
    operation->is_late = false;
    TAILQ_INSERT_TAIL(patient, operation, by_overtime);
    if (is_first)
        rearm(world);
}

/* The event may come for nothing then; that is rarer than ends. */
static void leave_queues(struct world *world, struct world_operation *operation)
{
    if (operation->is_on_time)
        TAILQ_REMOVE(&world->overtime.patient, operation, by_overtime);
    if (operation->is_late)
        TAILQ_REMOVE(&world->overtime.late, operation, by_overtime);
    operation->is_on_time = false;
    operation->is_late = false;
}

void overtime_end(struct world *world, struct world_operation *operation,
                  enum vm_status status)
{
    if (!operation->is_on_time && !operation->is_late)
        return;
    leave_queues(world, operation);
    if (status == VM_OK)
        world->overtime.succeeded++;
    else if (status == VM_TIMED_OUT)
        world->overtime.timeouts++;
    else
        world->overtime.failed++;
}

void overtime_on_event(struct world *world, struct event *event)
{
    struct world_operation *operation;

    (void)event;
    while ((operation = TAILQ_FIRST(&world->overtime.patient)) &&
           due(operation, SLICE_NS) <= world->now) {
        leave_queues(world, operation);
        operation->is_late = true;
        TAILQ_INSERT_TAIL(&world->overtime.late, operation, by_overtime);
        world->overtime.waits++;
    }
    while ((operation = TAILQ_FIRST(&world->overtime.late)) &&
           due(operation, TIMEOUT_NS) <= world->now)
        world_operation_abort(world, operation, VM_TIMED_OUT);
    rearm(world);
}
