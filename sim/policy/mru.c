/*
 * Most recently used: the page that came or was accessed last goes. Best where
 * a loop over more than the memory is all there is, worst elsewhere. Chou,
 * DeWitt, "An evaluation of buffer management strategies for relational
 * database systems" (VLDB 1985).
 *
 *   victim <-- [newest] ... [oldest]
 *   added, accessed, not needed --^ (newest)      ^-- refused
 */
#include "policies.h"
#include "ring_policy.h"

static void mru_page_dont_need(void *self, page_index page)
{
    const struct ring_policy *mru = self;

    page_ring_renew(page_ring_of(mru->host), page);
}

static page_index mru_victim(void *self, enum reclaim_level level)
{
    const struct ring_policy *mru = self;

    (void)level;
    return page_ring_newest(page_ring_of(mru->host));
}

static void mru_refused(void *self, page_index page, enum reclaim_refused why)
{
    const struct ring_policy *mru = self;

    (void)why;
    page_ring_make_oldest(page_ring_of(mru->host), page);
}

static unsigned mru_lists(void *self, struct reclaim_list *out)
{
    return ring_policy_lists(self, out, "mru");
}

const struct reclaim_policy_ops mru_policy_ops = {
    .abi = RECLAIM_POLICY_ABI,
    .name = "mru",
    .summary = "the page accessed last goes first",
    .reference = "Chou, DeWitt 1985, An evaluation of buffer management "
                 "strategies for relational database systems",
    .page_bytes = sizeof(struct ring_link),
    .init = ring_policy_init,
    .fini = ring_policy_fini,
    .resize = ring_policy_resize,
    .page_added = ring_policy_page_added,
    .page_removed = ring_policy_page_removed,
    .page_accessed = ring_policy_page_accessed,
    .page_dont_need = mru_page_dont_need,
    .victim = mru_victim,
    .refused = mru_refused,
    .lists = mru_lists,
    .place = ring_policy_place,
    .valid = ring_policy_valid,
};
