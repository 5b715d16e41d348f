/*
 * What the policies have in common that keep all their pages in one ring: fifo,
 * lru, mru. A new page is the newest; a policy says what an access, a hint and
 * a refusal make of it, and which end goes.
 *
 * Each function is an entry of struct reclaim_policy_ops, for page memory of
 * sizeof(struct ring_link); `self` is the struct ring_policy that
 * ring_policy_init() returns.
 */
#ifndef LOWTIDE_RING_POLICY_H
#define LOWTIDE_RING_POLICY_H

#include "page_ring.h"

struct ring_policy {
    struct reclaim_host *host;
    uint64_t count; /* pages on the ring */
};

void *ring_policy_init(struct reclaim_host *host,
                       const union reclaim_value *values);
void ring_policy_fini(void *self);
/* Nothing depends on the size of memory. */
bool ring_policy_resize(void *self, uint64_t memory_pages);

void ring_policy_page_added(void *self, page_index page,
                            enum reclaim_class class_, enum reclaim_added why);
void ring_policy_page_removed(void *self, page_index page,
                              enum reclaim_removed why);

/* An access makes a page the newest. */
void ring_policy_page_accessed(void *self, page_index page,
                               enum reclaim_accessed how);

/* The oldest goes: what is not needed is the oldest, what is refused the
 * newest. */
page_index ring_policy_oldest(void *self, enum reclaim_level level);
page_index ring_policy_likely_oldest(const void *self, page_index page);
void ring_policy_oldest_dont_need(void *self, page_index page);
void ring_policy_oldest_refused(void *self, page_index page,
                                enum reclaim_refused why);

/* For lists(): the ring by the policy's name (borrowed, constant). */
unsigned ring_policy_lists(void *self, struct reclaim_list *out,
                           const char *name);
struct reclaim_place ring_policy_place(void *self, page_index page);
const char *ring_policy_valid(void *self);

#endif
