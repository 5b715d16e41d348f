/*
 * What the two halves of a pager share: jobs.
 */
#ifndef LOWTIDE_PAGER_INTERNAL_H
#define LOWTIDE_PAGER_INTERNAL_H

#include "actors/pager.h"

struct pager_range {
    uint64_t offset;
    uint64_t length;
};

/* One request, or one object's writeback. */
struct pager_job {
    struct pager_source *source;
    struct event event;
    TAILQ_ENTRY(pager_job) link; /* in the pager's queue */
    TAILQ_ENTRY(pager_job) by_world;

    /* a request */
    enum page_request_type type;
    uint64_t offset;
    uint64_t length;
    uint64_t progress; /* bytes supplied */
    bool is_failing;
    bool is_in_transfer;         /* the latency is over */
    struct page_request request; /* waits for memory in it */
    struct world_memory_waiter memory;
    bool is_short; /* waits for memory, or is just being tried again */
    struct world_shortage shortage; /* that it is then */
    struct page_chain spare_pages;  /* for leave to dirty */
    bool is_parked;                 /* a leave to dirty that wants memory */

    /* a writeback */
    struct pager_range *ranges; /* owned */
    size_t range_count;
    size_t range_capacity;
};

/* A job for the source, with an event of this kind. NULL: out of memory, the
 * world knows. */
struct pager_job *pager_job_new(struct pager_source *source,
                                enum event_kind kind);
/* Gives up what it waits for. */
void pager_job_free(struct pager_job *job);

#endif
