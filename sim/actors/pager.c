/*
 * The read side of a pager: requests, slots, the link, answers. Writeback is
 * in pager_writeback.c.
 *
 * A job copies what was asked for and does not hold on to the request: that
 * may be given up or change hands while the pager works. A job that nobody
 * waits for any more when its turn comes is dropped, as a packet that was
 * cancelled in the queue is; one that is being worked on is finished.
 */
#include "actors/pager_internal.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "world/world_policy.h"

static_assert(offsetof(struct pager_source, seen) == 0,
              "page_source.user is either of the two");

/* No slot is left that does not wait for memory: who queues does, too. */
static bool is_blocked(const struct pager *pager)
{
    return pager->short_slots == pager->scenario->parallelism;
}

/* Objects. ---------------------------------------------------------------- */

/* NULL: `manual`, which answers nothing. */
static struct pager *find(const struct world *world, const char *name)
{
    for (uint32_t i = 0; i < world->pager_count; i++)
        if (strcmp(world->pagers[i].scenario->name, name) == 0)
            return &world->pagers[i];
    return NULL;
}

struct pager_source *pager_source_new(struct world *world,
                                      const char *pager_name)
{
    struct pager_source *source = calloc(1, sizeof *source);

    if (!source)
        return NULL;
    source->pager = find(world, pager_name);
    source->number = world->next_source++;
    source->seen.is_queue_short = source->pager && is_blocked(source->pager);
    LIST_INIT(&source->seen.shortages);
    TAILQ_INSERT_TAIL(&world->sources, source, link);
    return source;
}

void *pager_source_user(struct pager_source *source)
{
    return source->pager ? &source->seen : NULL;
}

void pager_source_adopt(struct pager_source *source, struct vm_cow_pages *cow)
{
    CHECK(source->seen.cow == NULL);
    source->seen.cow = vm_cow_ref(cow);
}

void pager_source_drop(struct world *world, struct pager_source *source)
{
    CHECK(source->job_count == 0);
    TAILQ_REMOVE(&world->sources, source, link);
    if (source->seen.cow)
        vm_cow_unref(source->seen.cow);
    page_store_release(&source->store);
    free(source);
}

void pagers_sweep(struct world *world)
{
    struct pager_source *next;

    for (struct pager_source *source = TAILQ_FIRST(&world->sources); source;
         source = next) {
        next = TAILQ_NEXT(source, link);
        if (source->job_count == 0 &&
            vm_cow_source(source->seen.cow)->is_closed)
            pager_source_drop(world, source);
    }
}

/* Jobs. ------------------------------------------------------------------- */

struct pager_job *pager_job_new(struct pager_source *source,
                                enum event_kind kind)
{
    struct world *world = source->pager->world;
    struct pager_job *job = calloc(1, sizeof *job);

    if (!job || !event_register(&world->events, &job->event, kind,
                                EVENT_CLASS_PAGER, job)) {
        free(job);
        world_fail(world, ENOMEM);
        return NULL;
    }
    job->source = source;
    page_request_init(&job->request);
    source->job_count++;
    TAILQ_INSERT_TAIL(&world->jobs, job, by_world);
    return job;
}

/* The job begins or ends to wait for memory, and with it who waits for it. */
static void set_short(struct pager_job *job, bool is_short)
{
    struct pager *pager = job->source->pager;
    struct world_source *seen = &job->source->seen;
    bool was_blocked = is_blocked(pager);
    struct pager_source *source;

    if (job->is_short == is_short)
        return;
    job->is_short = is_short;
    if (is_short) {
        job->shortage = (struct world_shortage){
            .type = job->type, .offset = job->offset, .length = job->length};
        LIST_INSERT_HEAD(&seen->shortages, &job->shortage, by_source);
        pager->short_slots += job->type == PAGE_REQUEST_READ;
    } else {
        LIST_REMOVE(&job->shortage, by_source);
        pager->short_slots -= job->type == PAGE_REQUEST_READ;
    }
    if (is_blocked(pager) == was_blocked) {
        world_pager_is_short(pager->world, seen);
        return;
    }
    TAILQ_FOREACH (source, &pager->world->sources, link) {
        if (source->pager != pager)
            continue;
        source->seen.is_queue_short = !was_blocked;
        world_pager_is_short(pager->world, &source->seen);
    }
}

void pager_job_free(struct pager_job *job)
{
    struct world *world = job->source->pager->world;

    set_short(job, false);
    TAILQ_REMOVE(&world->jobs, job, by_world);
    world_memory_forget(world, &job->memory);
    page_request_cancel(&job->request);
    if (job->spare_pages.count > 0)
        pmm_free_chain(&world->machine.pmm, &job->spare_pages);
    event_unregister(&world->events, &job->event);
    job->source->job_count--;
    job->source->parked_leaves -= job->is_parked;
    free(job->ranges);
    free(job);
}

/* The job waits for memory and is then tried again. */
static void wait_for_memory(struct pager_job *job,
                            void (*retry)(struct world *world,
                                          struct world_memory_waiter *waiter))
{
    job->memory.retry = retry;
    world_memory_wait(job->source->pager->world, &job->memory);
    set_short(job, true);
}

static struct pager_job *job_of_memory(struct world_memory_waiter *waiter)
{
    return (struct pager_job *)(void *)((char *)waiter -
                                        offsetof(struct pager_job, memory));
}

/* Reading. ---------------------------------------------------------------- */

static bool is_wanted(const struct pager_job *job)
{
    const struct page_source *source = vm_cow_source(job->source->seen.cow);
    const struct page_request *request = NULL;

    while ((request = page_source_next_request(source, request)))
        if (request->type == PAGE_REQUEST_READ &&
            request->offset < job->offset + job->length &&
            job->offset < request->offset + request->length)
            return true;
    return false;
}

static bool is_failing(const struct pager *pager)
{
    uint64_t every = pager->scenario->fail_every;

    return every > 0 && pager->total_requests % every == 0;
}

/* As long as there are free slots, work on what came first. */
static void start_jobs(struct pager *pager)
{
    struct world *world = pager->world;
    struct pager_job *job;

    while (pager->in_service < pager->scenario->parallelism &&
           (job = TAILQ_FIRST(&pager->queue))) {
        TAILQ_REMOVE(&pager->queue, job, link);
        if (!is_wanted(job)) {
            pager_job_free(job);
            continue;
        }
        pager->in_service++;
        pager->total_requests++;
        job->is_failing = is_failing(pager);
        event_schedule(
            &world->events, &job->event,
            sim_ns_add(
                world->now,
                random_draw_ns(&pager->reads, &pager->scenario->read_latency)));
    }
}

static void end_job(struct pager_job *job)
{
    struct pager *pager = job->source->pager;

    pager->in_service--;
    pager_job_free(job);
    start_jobs(pager);
}

/* What the disk holds: what was written back, or content of its own. */
static uint64_t content_of(const struct pager_source *source, uint64_t page)
{
    uint64_t content;

    if (page_store_get(&source->store, page, &content))
        return content;
    return UINT64_C(1) << 63 | source->number << 40 | page;
}

static void supply(struct pager_job *job);

static void retry_supply(struct world *world,
                         struct world_memory_waiter *waiter)
{
    (void)world;
    supply(job_of_memory(waiter));
}

static void supply(struct pager_job *job)
{
    struct vm_cow_pages *cow = job->source->seen.cow;
    enum vm_status status = VM_OK;

    for (; job->progress < job->length; job->progress += VM_PAGE_SIZE) {
        uint64_t offset = job->offset + job->progress;

        page_index supplied;
        if (job->request.state == REQUEST_IDLE) /* not told before a wait */
            world_tell_refault(job->source->pager->world, cow, offset);
        page_request_cancel(&job->request);
        status = vm_cow_supply_one(
            cow, offset, content_of(job->source, bytes_to_pages(offset)),
            &job->request, &supplied);
        if (status == VM_SHOULD_WAIT) {
            wait_for_memory(job, retry_supply);
            return;
        }
        if (status != VM_OK && status != VM_ALREADY_EXISTS)
            break;
    }
    if (status == VM_NO_MEMORY)
        vm_cow_fail_page_requests(cow, job->offset + job->progress,
                                  job->length - job->progress, status);
    end_job(job);
}

static sim_ns transfer_ns(const struct pager_job *job)
{
    const struct pager *pager = job->source->pager;
    double bytes = (double)bytes_to_pages(job->length) *
                   (double)pager->world->scenario->machine.page_bytes;
    double ns = ceil(bytes / pager->scenario->read_bandwidth * 1e9);

    return ns < (double)(SIM_NS_INFINITE / 4) ? (sim_ns)ns
                                              : SIM_NS_INFINITE / 4;
}

static void answer(struct pager_job *job)
{
    const struct pager *pager = job->source->pager;

    if (!job->is_failing) {
        supply(job);
        return;
    }
    vm_cow_fail_page_requests(job->source->seen.cow, job->offset, job->length,
                              pager->scenario->fail_status);
    end_job(job);
}

void pager_on_answer(struct world *world, struct event *event)
{
    struct pager_job *job = event->subject;
    struct pager *pager = job->source->pager;

    if (!job->is_in_transfer) {
        job->is_in_transfer = true;
        if (pager->link_free_at < world->now)
            pager->link_free_at = world->now;
        pager->link_free_at = sim_ns_add(pager->link_free_at, transfer_ns(job));
        if (pager->link_free_at > world->now) {
            event_schedule(&world->events, &job->event, pager->link_free_at);
            return;
        }
    }
    answer(job);
}

/* Leave to dirty. --------------------------------------------------------- */

static void give_leave(struct pager_job *job);

static void retry_give_leave(struct world *world,
                             struct world_memory_waiter *waiter)
{
    (void)world;
    give_leave(job_of_memory(waiter));
}

/* The leave is given once there is memory. */
static void park_leave(struct pager_job *job)
{
    job->is_parked = true;
    job->source->parked_leaves++;
    wait_for_memory(job, retry_give_leave);
}

static void give_leave(struct pager_job *job)
{
    job->source->parked_leaves -= job->is_parked;
    job->is_parked = false;
    page_request_cancel(&job->request);
    enum vm_status status =
        vm_cow_dirty_pages(job->source->seen.cow, job->offset, job->length,
                           &job->spare_pages, &job->request);
    if (status == VM_SHOULD_WAIT) {
        park_leave(job);
        return;
    }
    pager_job_free(job);
}

/* From the board. --------------------------------------------------------- */

void pager_take_request(struct world *world, struct page_request *request)
{
    struct pager_source *source = request->source->user;

    (void)world;
    if (!source)
        return;
    struct pager_job *job = pager_job_new(source, EV_PAGER_ANSWER);
    if (!job)
        return;
    job->type = request->type;
    job->offset = request->offset;
    job->length = request->length;
    if (request->type == PAGE_REQUEST_DIRTY) {
        source->pager->total_requests++;
        /* A leave that fails for memory answers the request all the same, and
         * the writer asks again at once: wait with the one before it. */
        if (source->parked_leaves > 0)
            park_leave(job);
        else
            give_leave(job);
        return;
    }
    TAILQ_INSERT_TAIL(&source->pager->queue, job, link);
    start_jobs(source->pager);
}

/* All pagers. ------------------------------------------------------------- */

static bool pager_init(struct pager *pager, struct world *world,
                       const struct scenario_pager *scenario)
{
    uint64_t seed = world->scenario->seed;

    pager->world = world;
    pager->scenario = scenario;
    TAILQ_INIT(&pager->queue);
    random_init(&pager->reads, seed, "pager reads", scenario->name, 0);
    random_init(&pager->writes, seed, "pager writes", scenario->name, 0);
    if (!event_register(&world->events, &pager->writeback, EV_PAGER_WRITEBACK,
                        EVENT_CLASS_PAGER, pager))
        return false;
    pager->writeback.is_periodic = true;
    event_schedule(&world->events, &pager->writeback,
                   scenario->writeback_interval);
    return true;
}

bool pagers_new(struct world *world)
{
    const struct scenario *scenario = world->scenario;

    if (scenario->pager_count == 0)
        return true;
    world->pagers = calloc(scenario->pager_count, sizeof *world->pagers);
    if (!world->pagers)
        return false;
    for (size_t i = 0; i < scenario->pager_count; i++) {
        if (!pager_init(&world->pagers[i], world, &scenario->pagers[i]))
            return false;
        world->pager_count++;
    }
    return true;
}

void pagers_free(struct world *world)
{
    struct pager_job *job;
    struct pager_source *source;

    /* Each leaves its list when freed, which the analyser does not follow.
     * NOLINTBEGIN(clang-analyzer-unix.Malloc) */
    while ((job = TAILQ_FIRST(&world->jobs)))
        pager_job_free(job);
    while ((source = TAILQ_FIRST(&world->sources)))
        pager_source_drop(world, source);
    /* NOLINTEND(clang-analyzer-unix.Malloc) */
    for (uint32_t i = 0; i < world->pager_count; i++)
        event_unregister(&world->events, &world->pagers[i].writeback);
    free(world->pagers);
    world->pagers = NULL;
    world->pager_count = 0;
}
