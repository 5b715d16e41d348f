/*
 * Least recently used: an access moves the page to the newest end, the page at
 * the oldest end goes. Follows Mattson et al., "Evaluation techniques for
 * storage hierarchies" (IBM Systems Journal, 1970).
 *
 *   added, accessed, refused --> [newest] ... [oldest] --> victim
 *                                                 ^-- not needed
 */
#include "policies.h"
#include "ring_policy.h"

static unsigned lru_lists(void *self, struct reclaim_list *out)
{
    return ring_policy_lists(self, out, "lru");
}

const struct reclaim_policy_ops lru_policy_ops = {
    .abi = RECLAIM_POLICY_ABI,
    .name = "lru",
    .summary = "least recently used",
    .reference = "Mattson et al. 1970, Evaluation techniques for storage "
                 "hierarchies",
    .page_bytes = sizeof(struct ring_link),
    .init = ring_policy_init,
    .fini = ring_policy_fini,
    .resize = ring_policy_resize,
    .page_added = ring_policy_page_added,
    .page_removed = ring_policy_page_removed,
    .page_accessed = ring_policy_page_accessed,
    .page_dont_need = ring_policy_oldest_dont_need,
    .victim = ring_policy_oldest,
    .likely_victim = ring_policy_likely_oldest,
    .refused = ring_policy_oldest_refused,
    .lists = lru_lists,
    .place = ring_policy_place,
    .valid = ring_policy_valid,
};
