/*
 * The generations against a slow model of them: plain arrays, every rule as
 * the kernel states it, on random operations. A failure prints its seed.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "page_queues.h"
#include "zircon_policy.h"

enum { PAGES = 40, STEPS = 4000, SEEDS = 40, DONT_NEED = 8, LISTS = 9 };

/* Newest first; a page may sit on a list that is not its queue's. */
struct model_list {
    page_index pages[PAGES];
    int length;
};

struct model {
    struct model_list lists[LISTS]; /* by generation % 8, then DontNeed */
    int queue[PAGES + 1];           /* -1: not known */
    uint64_t lru, mru;
};

static void model_init(struct model *m)
{
    memset(m, 0, sizeof *m);
    m->mru = 7;
    for (int page = 0; page <= PAGES; page++)
        m->queue[page] = -1;
}

static void insert(struct model_list *list, page_index page, bool at_head)
{
    if (at_head)
        memmove(list->pages + 1, list->pages,
                (size_t)list->length * sizeof list->pages[0]);
    list->pages[at_head ? 0 : list->length] = page;
    list->length++;
}

static void take_out(struct model *m, page_index page)
{
    for (int l = 0; l < LISTS; l++) {
        struct model_list *list = &m->lists[l];

        for (int i = 0; i < list->length; i++) {
            if (list->pages[i] != page)
                continue;
            list->length--;
            memmove(list->pages + i, list->pages + i + 1,
                    (size_t)(list->length - i) * sizeof list->pages[0]);
            return;
        }
    }
    cr_assert_fail("page %u is on no list", page);
}

static void put_on_queue(struct model *m, page_index page, int queue)
{
    if (m->queue[page] >= 0)
        take_out(m, page);
    m->queue[page] = queue;
    insert(&m->lists[queue], page, true);
}

static void go_home(struct model *m, page_index page)
{
    put_on_queue(m, page, m->queue[page]);
}

static page_index tail_of(const struct model_list *list)
{
    return list->length ? list->pages[list->length - 1] : PAGE_NONE;
}

static page_index model_peek(struct model *m, uint64_t lowest_age)
{
    uint64_t target = m->mru - (lowest_age - 1);
    page_index page;

    while ((page = tail_of(&m->lists[DONT_NEED]))) {
        if (m->queue[page] == DONT_NEED)
            return page;
        go_home(m, page);
    }
    while (m->lru < target) {
        int queue = (int)(m->lru % 8);

        while ((page = tail_of(&m->lists[queue]))) {
            if (m->queue[page] == queue)
                return page;
            go_home(m, page);
        }
        m->lru++;
    }
    return PAGE_NONE;
}

static void model_process(struct model *m, bool order_b)
{
    struct model_list processing = m->lists[DONT_NEED];
    int from = (int)(m->lru % 8), to = (int)((m->lru + 1) % 8);

    m->lists[DONT_NEED].length = 0;
    for (int i = 0; i < processing.length; i++) {
        page_index page = processing.pages[i];

        insert(&m->lists[m->queue[page]], page, m->queue[page] != DONT_NEED);
    }
    while (m->lists[from].length) {
        page_index page =
            order_b ? m->lists[from].pages[0] : tail_of(&m->lists[from]);

        take_out(m, page);
        if (m->queue[page] != from) {
            insert(&m->lists[m->queue[page]], page, true);
            continue;
        }
        m->queue[page] = to;
        insert(&m->lists[to], page, !order_b);
    }
    m->lru++;
}

static void model_rotate(struct model *m, bool order_b)
{
    if (m->mru - m->lru == 7)
        model_process(m, order_b);
    m->mru++;
}

static uint64_t draw(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void compare(const struct model *m, struct page_queues *pqs,
                    uint64_t seed)
{
    struct zircon_state state = zircon_policy_state(pqs->policy);
    uint64_t by_age[8] = {0}, dont_need = 0;

    cr_assert_eq(state.lru_gen, m->lru, "seed %lu", (unsigned long)seed);
    cr_assert_eq(state.mru_gen, m->mru, "seed %lu", (unsigned long)seed);
    for (page_index page = 1; page <= PAGES; page++) {
        if (m->queue[page] == DONT_NEED)
            dont_need++;
        else if (m->queue[page] >= 0)
            by_age[(m->mru - (uint64_t)m->queue[page]) % 8]++;
    }
    cr_assert_eq(state.dont_need, dont_need, "seed %lu", (unsigned long)seed);
    for (int age = 0; age < 8; age++)
        cr_assert_eq(state.by_age[age], by_age[age], "age %d, seed %lu", age,
                     (unsigned long)seed);
    cr_assert_eq(state.active, by_age[0] + by_age[1]);
}

static void step(struct model *m, struct page_queues *pqs, bool order_b,
                 uint64_t *seed)
{
    page_index page = (page_index)(draw(seed) % PAGES) + 1;
    enum reclaim_level level = (enum reclaim_level)(draw(seed) % 2);
    uint64_t lowest_age = level == RECLAIM_INCLUDE_NEWEST ? 2 : 6;
    bool is_known = m->queue[page] >= 0;

    switch (draw(seed) % 12) {
    case 0:
    case 1:
    case 2:
        if (!is_known) {
            pq_set(pqs, page, 1, 0, PQ_RECLAIM, RECLAIM_PAGER,
                   RECLAIM_ADDED_NEW);
            put_on_queue(m, page, (int)(m->mru % 8));
        }
        break;
    case 3:
    case 4:
    case 5:
        pq_mark_accessed(pqs, page, RECLAIM_ACCESSED_DIRECT);
        if (is_known)
            m->queue[page] = (int)(m->mru % 8);
        break;
    case 6:
        if (is_known) {
            pq_dont_need(pqs, page);
            put_on_queue(m, page, DONT_NEED);
        }
        break;
    case 7:
        if (is_known) {
            pq_remove(pqs, page, RECLAIM_REMOVED_FREED);
            take_out(m, page);
            m->queue[page] = -1;
        }
        break;
    case 8:
    case 9:
        pqs->ops->rotate(pqs->policy, 0);
        model_rotate(m, order_b);
        break;
    default:
        page = pq_victim(pqs, level);
        cr_assert_eq(page, model_peek(m, lowest_age), "seed %lu",
                     (unsigned long)*seed);
        if (page && draw(seed) % 2) {
            pq_refused(pqs, page, RECLAIM_REFUSED_PRIORITY);
            m->queue[page] = (int)(m->mru % 8);
        } else if (page) {
            pq_remove(pqs, page, RECLAIM_REMOVED_RECLAIMED);
            take_out(m, page);
            m->queue[page] = -1;
        }
    }
}

static void run(const char *lru_order, uint64_t first_seed)
{
    bool order_b = strcmp(lru_order, "lru_order=b") == 0;
    uint64_t seed = first_seed;
    union reclaim_value values[RECLAIM_MAX_PARAMS];
    char message[200];
    struct page_queues pqs;
    struct model model;
    struct pmm pmm;

    model_init(&model);
    cr_assert_eq(pmm_init(&pmm, PAGES), VM_OK);
    cr_assert_null(reclaim_params_parse(&zircon_policy_ops, &lru_order, 1,
                                        values, message, sizeof message));
    cr_assert_eq(pq_init(&pqs, &pmm, &zircon_policy_ops, values, 1), VM_OK);
    for (int i = 0; i < STEPS; i++) {
        step(&model, &pqs, order_b, &seed);
        compare(&model, &pqs, first_seed);
        if (i % 16 == 0)
            cr_assert_null(pq_valid(&pqs), "seed %lu: %s",
                           (unsigned long)first_seed, pq_valid(&pqs));
    }
    pq_release(&pqs);
    pmm_release(&pmm);
}

Test(zircon_model, random_operations_agree_in_the_order_of_2023)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run("lru_order=a", seed * 7919);
}

Test(zircon_model, random_operations_agree_in_the_later_order)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run("lru_order=b", seed * 104729);
}
