/*
 * Writeback: every interval the dirty ranges of each object go to the disk.
 *
 *   [dirty] --begin--> [awaiting clean] --latency--> end --> [clean]
 *                             |
 *                             +-- written again: dirty, for the next time
 *
 * The content is copied when the writeback begins: that is what the disk has
 * afterwards. An object whose last writeback is still under way is left out.
 */
#include "actors/pager_internal.h"

#include <errno.h>
#include <stdlib.h>

/* Remember the range, and what it holds. */
static bool add_range(struct pager_job *job, uint64_t offset, uint64_t length)
{
    if (job->range_count == job->range_capacity) {
        size_t capacity = job->range_capacity ? 2 * job->range_capacity : 16;
        struct pager_range *grown =
            realloc(job->ranges, capacity * sizeof *grown);

        if (!grown)
            return false;
        job->ranges = grown;
        job->range_capacity = capacity;
    }
    job->ranges[job->range_count++] = (struct pager_range){offset, length};
    return true;
}

static bool store_range(struct pager_source *source, uint64_t offset,
                        uint64_t length)
{
    for (uint64_t at = offset; at < offset + length; at += VM_PAGE_SIZE) {
        uint64_t content;

        if (vm_cow_peek_content(source->seen.cow, at, &content) &&
            !page_store_put(&source->store, bytes_to_pages(at), content))
            return false;
    }
    return true;
}

struct collection {
    struct pager_job *job;
    bool is_zero; /* ranges of known zeros are begun as such */
    bool is_short_of_memory;
};

static enum vm_status collect(void *context, uint64_t offset, uint64_t length,
                              bool is_zero)
{
    struct collection *collection = context;
    struct pager_job *job = collection->job;

    if (is_zero != collection->is_zero)
        return VM_NEXT;
    if (add_range(job, offset, length) &&
        store_range(job->source, offset, length))
        return VM_NEXT;
    collection->is_short_of_memory = true;
    return VM_STOP;
}

/* All dirty ranges of one kind, begun. False: out of memory. */
static bool begin_ranges(struct pager_job *job, bool is_zero)
{
    struct vm_cow_pages *cow = job->source->seen.cow;
    struct collection collection = {job, is_zero, false};
    size_t first = job->range_count;

    vm_cow_enumerate_dirty_ranges(cow, 0, vm_cow_size(cow), collect,
                                  &collection);
    if (collection.is_short_of_memory)
        return false;
    for (size_t i = first; i < job->range_count; i++)
        vm_cow_writeback_begin(cow, job->ranges[i].offset,
                               job->ranges[i].length, is_zero);
    return true;
}

static void begin_writeback(struct pager *pager, struct pager_source *source)
{
    struct world *world = pager->world;
    struct pager_job *job = pager_job_new(source, EV_PAGER_WRITTEN);

    if (!job)
        return;
    if (!begin_ranges(job, true) || !begin_ranges(job, false)) {
        pager_job_free(job);
        world_fail(world, ENOMEM);
        return;
    }
    if (job->range_count == 0) {
        pager_job_free(job);
        return;
    }
    source->is_written = true;
    event_schedule(
        &world->events, &job->event,
        sim_ns_add(world->now,
                   random_draw_ns(&pager->writes,
                                  &pager->scenario->writeback_latency)));
}

void pager_on_writeback(struct world *world, struct event *event)
{
    struct pager *pager = event->subject;
    struct pager_source *source;

    TAILQ_FOREACH (source, &world->sources, link) {
        if (source->pager != pager || source->is_written)
            continue;
        const struct page_source *pages = vm_cow_source(source->seen.cow);
        if (!pages->is_closed && !pages->is_detached)
            begin_writeback(pager, source);
    }
    event_schedule(&world->events, event,
                   sim_ns_add(world->now, pager->scenario->writeback_interval));
}

void pager_on_written(struct world *world, struct event *event)
{
    struct pager_job *job = event->subject;
    struct pager_source *source = job->source;
    const struct page_queues *pqs = &world->machine.pqs;
    uint64_t dirty = pqs->count[PQ_PAGER_DIRTY];

    source->is_written = false;
    for (size_t i = 0; i < job->range_count; i++) {
        uint64_t size = vm_cow_size(source->seen.cow);
        uint64_t offset = job->ranges[i].offset;

        if (offset < size)
            vm_cow_writeback_end(source->seen.cow, offset,
                                 u64_min(job->ranges[i].length, size - offset));
    }
    world->counters.written_back += dirty - pqs->count[PQ_PAGER_DIRTY];
    pager_job_free(job);
    pagers_sweep(world);
}
