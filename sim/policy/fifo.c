/*
 * First in, first out: the page that has been reclaimable longest goes;
 * accesses change nothing. Described by Belady, "A study of replacement
 * algorithms for a virtual-storage computer" (IBM Systems Journal, 1966).
 *
 *   added, refused --> [newest] ... [oldest] --> victim
 *                                       ^-- not needed
 */
#include <stdlib.h>

#include "page_ring.h"
#include "policies.h"

struct fifo {
    struct reclaim_host *host;
    uint64_t count;
};

static void *fifo_init(struct reclaim_host *host,
                       const union reclaim_value *values)
{
    struct fifo *fifo = calloc(1, sizeof *fifo);

    (void)values;
    if (!fifo)
        return NULL;
    fifo->host = host;
    page_ring_init(page_ring_of(host));
    return fifo;
}

static void fifo_fini(void *self)
{
    free(self);
}

static bool fifo_resize(void *self, uint64_t memory_pages)
{
    (void)self;
    (void)memory_pages;
    return true;
}

static void fifo_page_added(void *self, page_index page,
                            enum reclaim_class class_, enum reclaim_added why)
{
    struct fifo *fifo = self;

    (void)class_;
    (void)why;
    page_ring_add(page_ring_of(fifo->host), page);
    fifo->count++;
}

static void fifo_page_removed(void *self, page_index page,
                              enum reclaim_removed why)
{
    struct fifo *fifo = self;

    (void)why;
    page_ring_remove(page_ring_of(fifo->host), page);
    fifo->count--;
}

static void fifo_page_dont_need(void *self, page_index page)
{
    const struct fifo *fifo = self;

    page_ring_make_oldest(page_ring_of(fifo->host), page);
}

static page_index fifo_victim(void *self, enum reclaim_level level)
{
    const struct fifo *fifo = self;

    (void)level;
    return page_ring_oldest(page_ring_of(fifo->host));
}

static page_index fifo_likely_victim(const void *self, page_index page)
{
    const struct fifo *fifo = self;

    return page_ring_towards_newest(page_ring_of(fifo->host), page);
}

static void fifo_refused(void *self, page_index page, enum reclaim_refused why)
{
    const struct fifo *fifo = self;

    (void)why;
    page_ring_renew(page_ring_of(fifo->host), page);
}

static unsigned fifo_lists(void *self, struct reclaim_list *out)
{
    const struct fifo *fifo = self;

    out[0] = (struct reclaim_list){"fifo", fifo->count};
    return 1;
}

static struct reclaim_place fifo_place(void *self, page_index page)
{
    const struct fifo *fifo = self;

    CHECK(page_ring_has(page_ring_of(fifo->host), page));
    return (struct reclaim_place){0, false};
}

static const char *fifo_valid(void *self)
{
    const struct fifo *fifo = self;

    return page_ring_valid(page_ring_of(fifo->host), fifo->count);
}

const struct reclaim_policy_ops fifo_policy_ops = {
    .abi = RECLAIM_POLICY_ABI,
    .name = "fifo",
    .summary = "first in, first out; accesses change nothing",
    .reference = "Belady 1966, A study of replacement algorithms for a "
                 "virtual-storage computer",
    .page_bytes = sizeof(struct ring_link),
    .init = fifo_init,
    .fini = fifo_fini,
    .resize = fifo_resize,
    .page_added = fifo_page_added,
    .page_removed = fifo_page_removed,
    .page_dont_need = fifo_page_dont_need,
    .victim = fifo_victim,
    .likely_victim = fifo_likely_victim,
    .refused = fifo_refused,
    .lists = fifo_lists,
    .place = fifo_place,
    .valid = fifo_valid,
};
