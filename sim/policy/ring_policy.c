/* Entries that policies with one ring share: see ring_policy.h. */
#include "ring_policy.h"

#include <stdlib.h>

static struct ring_link *ring_of(const struct ring_policy *policy)
{
    return page_ring_of(policy->host);
}

void *ring_policy_init(struct reclaim_host *host,
                       const union reclaim_value *values)
{
    struct ring_policy *policy = calloc(1, sizeof *policy);

    (void)values;
    if (!policy)
        return NULL;
    policy->host = host;
    page_ring_init(ring_of(policy));
    return policy;
}

void ring_policy_fini(void *self)
{
    free(self);
}

bool ring_policy_resize(void *self, uint64_t memory_pages)
{
    (void)self;
    (void)memory_pages;
    return true;
}

void ring_policy_page_added(void *self, page_index page,
                            enum reclaim_class class_, enum reclaim_added why)
{
    struct ring_policy *policy = self;

    (void)class_;
    (void)why;
    page_ring_add(ring_of(policy), page);
    policy->count++;
}

void ring_policy_page_removed(void *self, page_index page,
                              enum reclaim_removed why)
{
    struct ring_policy *policy = self;

    (void)why;
    page_ring_remove(ring_of(policy), page);
    policy->count--;
}

void ring_policy_page_accessed(void *self, page_index page,
                               enum reclaim_accessed how)
{
    (void)how;
    page_ring_renew(ring_of(self), page);
}

page_index ring_policy_oldest(void *self, enum reclaim_level level)
{
    (void)level;
    return page_ring_oldest(ring_of(self));
}

page_index ring_policy_likely_oldest(const void *self, page_index page)
{
    return page_ring_towards_newest(ring_of(self), page);
}

void ring_policy_oldest_dont_need(void *self, page_index page)
{
    page_ring_make_oldest(ring_of(self), page);
}

void ring_policy_oldest_refused(void *self, page_index page,
                                enum reclaim_refused why)
{
    (void)why;
    page_ring_renew(ring_of(self), page);
}

unsigned ring_policy_lists(void *self, struct reclaim_list *out,
                           const char *name)
{
    const struct ring_policy *policy = self;

    out[0] = (struct reclaim_list){name, policy->count};
    return 1;
}

struct reclaim_place ring_policy_place(void *self, page_index page)
{
    CHECK(page_ring_has(ring_of(self), page));
    return (struct reclaim_place){0, false};
}

const char *ring_policy_valid(void *self)
{
    const struct ring_policy *policy = self;

    return page_ring_valid(ring_of(policy), policy->count);
}
