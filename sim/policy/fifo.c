/*
 * First in, first out: the page that has been reclaimable longest goes;
 * accesses change nothing. Described by Belady, "A study of replacement
 * algorithms for a virtual-storage computer" (IBM Systems Journal, 1966).
 *
 *   added, refused --> [newest] ... [oldest] --> victim
 *                                       ^-- not needed
 */
#include "policies.h"
#include "ring_policy.h"

static unsigned fifo_lists(void *self, struct reclaim_list *out)
{
    return ring_policy_lists(self, out, "fifo");
}

const struct reclaim_policy_ops fifo_policy_ops = {
    .abi = RECLAIM_POLICY_ABI,
    .name = "fifo",
    .summary = "first in, first out; accesses change nothing",
    .reference = "Belady 1966, A study of replacement algorithms for a "
                 "virtual-storage computer",
    .page_bytes = sizeof(struct ring_link),
    .init = ring_policy_init,
    .fini = ring_policy_fini,
    .resize = ring_policy_resize,
    .page_added = ring_policy_page_added,
    .page_removed = ring_policy_page_removed,
    .page_dont_need = ring_policy_oldest_dont_need,
    .victim = ring_policy_oldest,
    .likely_victim = ring_policy_likely_oldest,
    .refused = ring_policy_oldest_refused,
    .lists = fifo_lists,
    .place = ring_policy_place,
    .valid = ring_policy_valid,
};
