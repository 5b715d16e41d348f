/*
 * Operations that wait, and what lets them go on.
 *
 *   vmo_op_run --SHOULD_WAIT--> waiting on   a page request   board.done
 *                                            or on memory     memory_waiters
 *
 * Only the main loop resumes anything, between events (world_settle). What
 * waits for memory is tried in the order in which it began to wait, once for
 * each change of the free count: what needs more pages than there are would
 * otherwise be tried for ever.
 *
 * A thread may be stalled for a part of its wait: a pager that needs memory for
 * the page holds it up as if it waited for memory itself.
 *
 * The facts of a fault (what it copied, zeroed, waited for) are the
 * differences of the core's totals around its runs; nothing else happens in
 * between.
 */
#include "world/world.h"

#include <stddef.h>

#include "check.h"
#include "rare_paths.h"
#include "world/overtime.h"
#include "world/stall.h"
#include "world/world_policy.h"

/* Memory. ----------------------------------------------------------------- */

void world_memory_wait(struct world *world, struct world_memory_waiter *waiter)
{
    CHECK(!waiter->is_waiting);
    waiter->is_waiting = true;
    waiter->serial = world->memory_serial++;
    TAILQ_INSERT_TAIL(&world->memory_waiters, waiter, link);
}

void world_memory_forget(struct world *world,
                         struct world_memory_waiter *waiter)
{
    if (!waiter->is_waiting)
        return;
    waiter->is_waiting = false;
    TAILQ_REMOVE(&world->memory_waiters, waiter, link);
}

/* The kernel's free-pages event: set whenever allocation is not delayed. */
static bool is_memory_there(const struct world *world)
{
    const struct pmm *pmm = &world->machine.pmm;

    if (pmm->watermark_count == 0)
        return pmm->free_pages > 0;
    return pmm->level > 0 || pmm->never_wait;
}

bool world_memory_retry(struct world *world)
{
    uint64_t end = world->memory_serial;
    struct world_memory_waiter *waiter;

    if (TAILQ_EMPTY(&world->memory_waiters))
        return false;
    if (!is_memory_there(world)) {
        world->memory_seen = UINT64_MAX;
        return false;
    }
    if (world->memory_seen == world->machine.pmm.free_pages &&
        !rare_wait_is_over())
        return false;
    while ((waiter = TAILQ_FIRST(&world->memory_waiters)) &&
           waiter->serial < end) {
        world_memory_forget(world, waiter);
        waiter->retry(world, waiter);
    }
    world->memory_seen = world->machine.pmm.free_pages;
    return true;
}

/* Waiting. ---------------------------------------------------------------- */

/* Had reclaim taken the page that the operation starts with? */
static void note_reclaimed(struct world_operation *operation)
{
    const struct world_vmo *vmo = operation->vmo;
    const struct vm_cow_pages *cow = vmo_cow(vmo->vmo);
    uint64_t offset = operation->op.offset;

    if (offset >= vmo_size(vmo->vmo) || !vm_cow_was_reclaimed(cow, offset))
        return;
    operation->was_reclaimed = true;
    operation->refault_distance = vm_cow_refault_distance(cow, offset);
}

/* The same of the pager's object at the root, where the page would be. */
static void note_reclaimed_at_root(struct world_operation *operation)
{
    const struct world_vmo *vmo = operation->vmo;
    uint64_t offset = operation->op.offset + pages_to_bytes(vmo->source_page);

    if (operation->was_reclaimed || !vmo->source ||
        !vm_cow_was_reclaimed(vmo->source->cow, offset))
        return;
    operation->was_reclaimed = true;
    operation->refault_distance =
        vm_cow_refault_distance(vmo->source->cow, offset);
}

/* What it waits for decides what its fault was. A clone asks for pages that
 * may have been reclaimed at the root of its tree. */
static void note_request(struct world_operation *operation)
{
    const struct page_request *request = &operation->op.request;

    if (request->state == REQUEST_MEMORY)
        return;
    if (request->type == PAGE_REQUEST_DIRTY) {
        operation->asked_dirty = true;
        return;
    }
    if (!operation->asked_read && operation->op.kind == VMO_OP_FAULT)
        note_reclaimed_at_root(operation);
    operation->asked_read = true;
}

/* Does the request's pager wait for memory for what was asked? */
static bool is_pager_short(const struct page_request *request)
{
    const struct world_source *source = request->source->user;
    const struct world_shortage *shortage;

    if (!source)
        return false;
    if (request->type == PAGE_REQUEST_READ && source->is_queue_short)
        return true;
    LIST_FOREACH (shortage, &source->shortages, by_source)
        if (shortage->type == request->type &&
            shortage->offset < request->offset + request->length &&
            request->offset < shortage->offset + shortage->length)
            return true;
    return false;
}

/* Memory, a refault, or a pager that waits for memory. */
static bool is_held_up(const struct world_operation *operation)
{
    const struct page_request *request = &operation->op.request;

    return operation->was_reclaimed || request->state == REQUEST_MEMORY ||
           is_pager_short(request);
}

static void set_stalled(struct world *world, struct world_operation *operation,
                        bool is_stalled)
{
    struct world_stall *of_process = &operation->thread_of->stall;

    if (operation->is_stalled == is_stalled)
        return;
    operation->is_stalled = is_stalled;
    if (is_stalled) {
        stall_begin(&world->stall, world->now);
        stall_begin(of_process, world->now);
    } else {
        stall_end(&world->stall, world->now);
        stall_end(of_process, world->now);
    }
}

static void begin_wait(struct world *world, struct world_operation *operation)
{
    bool is_memory = operation->op.request.state == REQUEST_MEMORY;

    CHECK(operation->op.request.state != REQUEST_IDLE);
    operation->is_waiting = true;
    operation->waiting_since = world->now;
    note_request(operation);
    LIST_INSERT_HEAD(&operation->vmo->operations, operation, by_vmo);
    if (operation->other)
        LIST_INSERT_HEAD(&operation->other->other_waiting, operation, by_other);
    if (is_memory)
        world_memory_wait(world, &operation->memory);
    else
        overtime_begin(world, operation);
    if (!operation->thread_of)
        return;
    world->stall.waiting_threads++;
    operation->thread_of->stall.waiting_threads++;
    set_stalled(world, operation, is_held_up(operation));
}

/* `status`: what the request came to, or why it is given up. */
static void end_wait(struct world *world, struct world_operation *operation,
                     enum vm_status status)
{
    CHECK(operation->is_waiting);
    operation->is_waiting = false;
    LIST_REMOVE(operation, by_vmo);
    if (operation->other)
        LIST_REMOVE(operation, by_other);
    world_memory_forget(world, &operation->memory);
    overtime_end(world, operation, status);
    if (operation->op.request.state == REQUEST_MEMORY)
        operation->memory_wait_ns += world->now - operation->waiting_since;
    if (!operation->thread_of)
        return;
    world->stall.waiting_threads--;
    operation->thread_of->stall.waiting_threads--;
    set_stalled(world, operation, false);
}

/* Faults. ----------------------------------------------------------------- */

static void account_fault(struct world *world,
                          const struct world_operation *operation,
                          enum vm_status status)
{
    struct world_counters *counters = &world->counters;
    bool is_decompressed = operation->decompressed_pages > 0;
    bool is_major =
        operation->asked_read || operation->asked_dirty || is_decompressed;
    bool is_refault = is_decompressed || operation->was_reclaimed;

    counters->faults_failed += status != VM_OK;
    counters->faults_major += is_major;
    counters->faults_minor += !is_major;
    counters->faults_cow +=
        operation->copied_pages + operation->migrated_pages > 0;
    counters->faults_zero += operation->zeroed_pages > 0;
    counters->faults_decompress += is_decompressed;
    counters->refaults += is_refault;
    if (is_refault) {
        counters->refault_distance += operation->refault_distance;
        if (world->refault_distances.buckets)
            histogram_record(&world->refault_distances,
                             operation->refault_distance);
    }
    counters->first_touches += operation->asked_read && !is_refault;
    operation->vmo->faults_major += is_major;
    operation->vmo->refaults += is_refault;
}

/* Running. ---------------------------------------------------------------- */

/*
 * Pages that come back by this operation, before it takes memory for them.
 * What a pager's actor supplies tells the policy itself; a fault on content
 * that is still there, compressed, and what a script supplies do so here.
 */
static void tell_refaults(struct world *world,
                          const struct world_operation *operation)
{
    const struct vmo_op *op = &operation->op;
    struct vm_cow_pages *cow = vmo_cow(op->vmo);
    uint64_t size = vm_cow_size(cow);

    if (!world->machine.pqs.ops->refault || vm_cow_is_slice(cow) ||
        op->offset >= size)
        return;
    if (op->kind != VMO_OP_SUPPLY &&
        !(op->kind == VMO_OP_FAULT && !vm_cow_can_evict(cow)))
        return;
    uint64_t end = op->offset + u64_min(op->length, size - op->offset);
    for (uint64_t at = op->offset; at < end; at += VM_PAGE_SIZE)
        world_tell_refault(world, cow, at);
}

static enum vm_status run_once(struct world *world,
                               struct world_operation *operation)
{
    const struct vm_machine_stats *stats = &world->machine.stats;
    uint64_t copied = stats->copied_pages;
    uint64_t migrated = stats->migrated_pages;
    uint64_t zeroed = stats->zeroed_pages;
    uint64_t decompressed = stats->decompressed_pages;
    uint64_t caught = stats->caught_pages;
    uint64_t distance = stats->decompressed_distance;
    enum vm_status status = vmo_op_run(&operation->op);

    operation->copied_pages += stats->copied_pages - copied;
    operation->migrated_pages += stats->migrated_pages - migrated;
    operation->zeroed_pages += stats->zeroed_pages - zeroed;
    operation->decompressed_pages += stats->decompressed_pages - decompressed;
    operation->caught_pages += stats->caught_pages - caught;
    operation->refault_distance += stats->decompressed_distance - distance;
    if (status == VM_SHOULD_WAIT)
        begin_wait(world, operation);
    else if (operation->op.kind == VMO_OP_FAULT)
        account_fault(world, operation, status);
    return status;
}

/* ... and again at once, while nothing but `make hard` makes it wait. */
static enum vm_status run_until_it_waits(struct world *world,
                                         struct world_operation *operation)
{
    enum vm_status status = run_once(world, operation);

    while (status == VM_SHOULD_WAIT && world->force &&
           world->force->goes_on(world, &operation->op)) {
        end_wait(world, operation, operation->op.request.status);
        status = run_once(world, operation);
    }
    return status;
}

static void resume(struct world *world, struct world_operation *operation)
{
    end_wait(world, operation, operation->op.request.status);
    enum vm_status status = run_until_it_waits(world, operation);
    if (status != VM_SHOULD_WAIT && operation->done)
        operation->done(world, operation, status);
}

static struct world_operation *
operation_of_memory(struct world_memory_waiter *waiter)
{
    return (struct world_operation *)(void *)((char *)waiter -
                                              offsetof(struct world_operation,
                                                       memory));
}

static void retry_operation(struct world *world,
                            struct world_memory_waiter *waiter)
{
    resume(world, operation_of_memory(waiter));
}

enum vm_status
world_operation_start(struct world *world, struct world_operation *operation,
                      struct world_vmo *vmo, struct world_vmo *other,
                      world_operation_done_fn done, void *context)
{
    CHECK(!operation->is_waiting);
    operation->op.user = operation;
    operation->vmo = vmo;
    operation->other = other;
    operation->done = done;
    operation->context = context;
    operation->started_at = world->now;
    operation->memory_wait_ns = 0;
    operation->copied_pages = 0;
    operation->migrated_pages = 0;
    operation->zeroed_pages = 0;
    operation->decompressed_pages = 0;
    operation->caught_pages = 0;
    operation->asked_read = false;
    operation->asked_dirty = false;
    operation->is_stalled = false;
    operation->is_on_time = false;
    operation->is_late = false;
    operation->memory = (struct world_memory_waiter){.retry = retry_operation};
    if (world->force)
        world->force->before_operation(world, &operation->op);
    operation->was_reclaimed = false;
    operation->refault_distance = 0;
    if (operation->op.kind == VMO_OP_FAULT)
        note_reclaimed(operation);
    tell_refaults(world, operation);
    return run_until_it_waits(world, operation);
}

void world_operation_abort(struct world *world,
                           struct world_operation *operation,
                           enum vm_status status)
{
    end_wait(world, operation, status);
    vmo_op_abort(&operation->op, status);
    if (operation->op.kind == VMO_OP_FAULT)
        account_fault(world, operation, status);
    if (operation->done)
        operation->done(world, operation, status);
}

void world_operation_release(struct world *world,
                             struct world_operation *operation)
{
    if (operation->is_waiting) {
        end_wait(world, operation, VM_BAD_STATE);
        vmo_op_abort(&operation->op, VM_BAD_STATE);
    }
    vmo_op_release(&operation->op);
}

/* Requests. --------------------------------------------------------------- */

static struct world_operation *
operation_of_request(struct page_request *request)
{
    return (struct world_operation *)(void *)((char *)request -
                                              offsetof(struct world_operation,
                                                       op.request));
}

void world_operation_resume(struct world *world, struct page_request *request)
{
    resume(world, operation_of_request(request));
}

static void look_again(struct world *world, struct page_request *request)
{
    struct world_operation *operation = operation_of_request(request);

    if (operation->thread_of)
        set_stalled(world, operation, is_held_up(operation));
}

void world_pager_is_short(struct world *world,
                          const struct world_source *source)
{
    const struct page_source *asked = vm_cow_source(source->cow);
    struct page_request *request, *along;

    for (int type = 0; type < PAGE_REQUEST_TYPES; type++)
        TAILQ_FOREACH (request, &asked->requests[type], by_source) {
            look_again(world, request);
            TAILQ_FOREACH (along, &request->overlaps, by_source)
                look_again(world, along);
        }
}
