/*
 * User pagers: who answers the page requests of pager-backed VMOs.
 *
 *   request --> [queue, FIFO] --a slot is free--> [latency] --> [transfer]
 *                                (parallelism)                   one at a time
 *                                                                    |
 *           supplied page by page (waits for memory if need be) <----+
 *           or failed, every n-th
 *
 * Reading costs a drawn latency, in which up to `parallelism` requests
 * overlap, and then the transfer at the pager's bandwidth, which they share.
 * A pager that has no memory for a page waits with its slot, and who waits for
 * that page waits for memory; so does everybody in the queue once all slots are
 * held up. A DIRTY request is answered at once. Every `writeback_interval` each object
 * has its dirty ranges written back: begin, a drawn latency, end; a page comes
 * back later with what was written.
 *
 * `manual` is no actor: its requests stay until a script answers them.
 *
 * A pager_source is an object of a pager; it lives as long as the object's node
 * has a source, which may be longer than its VMO.
 */
#ifndef LOWTIDE_PAGER_H
#define LOWTIDE_PAGER_H

#include "actors/page_store.h"
#include "world/random.h"
#include "world/world.h"

struct pager {
    struct world *world;
    const struct scenario_pager *scenario; /* borrowed */
    struct random_stream reads, writes;
    struct pager_job_list queue; /* waiting for a slot */
    uint64_t in_service;
    uint64_t short_slots; /* of them: jobs that wait for memory */
    sim_ns link_free_at;  /* the last transfer ends */
    struct event writeback;

    uint64_t total_requests; /* begun so far: every n-th may be made to fail */
};

struct pager_source {
    struct world_source seen; /* first: page_source.user points to it */
    struct pager *pager;      /* NULL: manual */
    uint64_t number;          /* never used again; makes content distinct */
    struct page_store store;
    uint32_t job_count;     /* jobs that point here */
    uint32_t parked_leaves; /* of them: leaves to dirty that want memory */
    bool is_written;        /* a writeback is under way */
    TAILQ_ENTRY(pager_source) link;
};

/* The world's pagers, from its scenario. False: out of memory. */
bool pagers_new(struct world *world);
void pagers_free(struct world *world);

/* For a VMO that is about to be created; NULL: out of memory. */
struct pager_source *pager_source_new(struct world *world,
                                      const char *pager_name);
/* What page_source.user is to be: NULL for `manual`. */
void *pager_source_user(struct pager_source *source);
/* The VMO's node, at the root. */
void pager_source_adopt(struct pager_source *source, struct vm_cow_pages *cow);
/* The VMO could not be created. */
void pager_source_drop(struct world *world, struct pager_source *source);

/* Let go of objects that are closed. */
void pagers_sweep(struct world *world);

/* A request was sent. */
void pager_take_request(struct world *world, struct page_request *request);

/* Event handlers. */
void pager_on_answer(struct world *world, struct event *event);
void pager_on_writeback(struct world *world, struct event *event);
void pager_on_written(struct world *world, struct event *event);

#endif
