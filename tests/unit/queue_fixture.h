/*
 * For tests of the queues and of the generations: queues over a small pool with
 * the zircon policy, and short words for what is done to them.
 */
#ifndef QUEUE_FIXTURE_H
#define QUEUE_FIXTURE_H

#include <criterion/criterion.h>
#include <string.h>

#include "page_queues.h"
#include "zircon_policy.h"

enum { PAGES = 64 };
static const sim_ns SECOND = 1000000000;

struct rig {
    struct pmm pmm;
    struct page_queues pqs;
};

static inline void start(struct rig *rig, const char *const *params,
                         size_t count)
{
    union reclaim_value values[RECLAIM_MAX_PARAMS];
    char message[200] = "";

    cr_assert_eq(pmm_init(&rig->pmm, PAGES), VM_OK);
    cr_assert_null(reclaim_params_parse(&zircon_policy_ops, params, count,
                                        values, message, sizeof message),
                   "%s", message);
    cr_assert_eq(pq_init(&rig->pqs, &rig->pmm, &zircon_policy_ops, values, 1),
                 VM_OK);
}

static inline void stop(struct rig *rig)
{
    const char *broken = pq_valid(&rig->pqs);

    cr_assert_null(broken, "%s", broken);
    pq_release(&rig->pqs);
    pmm_release(&rig->pmm);
}

/* A fresh page in a queue; numbers come in order: 1, 2, 3 ... */
static inline page_index put(struct rig *rig, enum page_queue queue)
{
    enum reclaim_class class_ =
        queue == PQ_RECLAIM ? RECLAIM_PAGER : RECLAIM_ANONYMOUS;
    page_index page;

    cr_assert_eq(pmm_alloc_page(&rig->pmm, PMM_ALLOC_ANY, &page), VM_OK);
    pq_set(&rig->pqs, page, 1, pages_to_bytes(page), queue, class_,
           RECLAIM_ADDED_NEW);
    return page;
}

static inline void move(struct rig *rig, page_index page, enum page_queue queue)
{
    pq_move(&rig->pqs, page, queue, RECLAIM_PAGER, RECLAIM_ADDED_CLEANED,
            RECLAIM_REMOVED_DIRTIED);
}

static inline void drop(struct rig *rig, page_index page)
{
    pq_remove(&rig->pqs, page, RECLAIM_REMOVED_FREED);
    pmm_free_page(&rig->pmm, page);
}

static inline void reclaim(struct rig *rig, page_index page)
{
    pq_remove(&rig->pqs, page, RECLAIM_REMOVED_RECLAIMED);
    pmm_free_page(&rig->pmm, page);
}

static inline void access_page(struct rig *rig, page_index page)
{
    pq_mark_accessed(&rig->pqs, page, RECLAIM_ACCESSED_SOFTWARE);
}

static inline void rotate(struct rig *rig)
{
    rig->pqs.ops->rotate(rig->pqs.policy, rig->pqs.host.now);
}

static inline struct zircon_state state(struct rig *rig)
{
    return zircon_policy_state(rig->pqs.policy);
}

static inline uint64_t counter(struct rig *rig, const char *name)
{
    const char *found;
    uint64_t value;

    for (unsigned i = 0;
         rig->pqs.ops->counter(rig->pqs.policy, i, &found, &value); i++)
        if (strcmp(found, name) == 0)
            return value;
    cr_assert_fail("no counter %s", name);
    return 0;
}

/* The policy's view, as digits: counts at ages 0..7, then DontNeed. */
static inline void expect_ages(struct rig *rig, const char *expected,
                               uint64_t active, uint64_t inactive)
{
    struct zircon_state now = state(rig);
    char seen[ZIRCON_GENERATIONS + 3];

    for (int age = 0; age < ZIRCON_GENERATIONS; age++)
        seen[age] = (char)('0' + now.by_age[age]);
    seen[ZIRCON_GENERATIONS] = ' ';
    seen[ZIRCON_GENERATIONS + 1] = (char)('0' + now.dont_need);
    seen[ZIRCON_GENERATIONS + 2] = '\0';
    cr_assert_str_eq(seen, expected, "ages are %s, not %s", seen, expected);
    cr_assert_eq(now.active, active, "active is %lu",
                 (unsigned long)now.active);
    cr_assert_eq(now.inactive, inactive, "inactive is %lu",
                 (unsigned long)now.inactive);
}

/* Reclaim everything at a level; the order as letters, page 1 = 'a'. */
static inline void expect_reclaim_order(struct rig *rig,
                                        enum reclaim_level level,
                                        const char *expected)
{
    char seen[PAGES + 1];
    size_t length = 0;
    page_index page;

    while ((page = pq_victim(&rig->pqs, level))) {
        seen[length++] = (char)('a' + page - 1);
        reclaim(rig, page);
    }
    seen[length] = '\0';
    cr_assert_str_eq(seen, expected, "reclaimed %s, not %s", seen, expected);
}

#endif
