/*
 * Zircon's page queues as a reclaim policy (2023).
 *
 *     lru_gen                                       mru_gen
 *        v                                             v
 *      [gen g] [g+1] [g+2] [g+3] [g+4] [g+5] [g+6]  [g+7]      [dont_need]
 *  age    7      6     5     4     3     2     1      0             -
 *         \______________ inactive ___________/ \_ active __/    inactive
 *
 * Ageing is nothing but mru_gen + 1: every page is one generation older at
 * once. A page enters at the head of the newest list and is taken from the
 * tail of the oldest. An access writes the newest queue into the page and
 * leaves it on its list; whoever comes to that list later finds that the two
 * differ and moves it. So an access is O(1) and touches one page, and the cost
 * of moving it is paid once per generation instead of once per access.
 *
 *   lru_gen + 1   process(): a list was emptied, by pressure (peek) or because
 *                 all eight are in use (survivors go to the next list)
 *   mru_gen + 1   age(): the minimum age has passed and there are too many
 *                 active pages, or the maximum has passed; rotate(): by hand
 *
 * Survivors enter the next list at its head, as the kernel of that year did:
 * within the oldest generation the truly oldest pages go last. The parameter
 * lru_order=b puts them at the tail, as was done later.
 *
 * The queue numbers are the kernel's: 7 is DontNeed, 8 + g % 8 generation g.
 */
#include "zircon_internal.h"

#include <stdlib.h>

enum {
    PARAM_MIN_AGING,
    PARAM_MAX_AGING,
    PARAM_MULTIPLIER,
    PARAM_OFFER_AGED_OUT,
    PARAM_LRU_ORDER,
    PARAM_OFFER_ACCESSED,
    PARAM_HINT_AT_NEWEST,
    PARAM_FREE_EVICTED,
    PARAM_SYNC_REQUEST,
    PARAM_ZERO_FORK,
    PARAM_DECOMPRESSION_AGE
};

/* What happens to pages. -------------------------------------------------- */

static void zircon_page_added(void *self, page_index page,
                              enum reclaim_class class_, enum reclaim_added why)
{
    struct zircon *z = self;
    struct zircon_page *p = page_of(z, page);
    uint8_t newest = queue_of_generation(z->mru_gen);

    (void)class_;
    (void)why;
    CHECK(p->queue == QUEUE_UNKNOWN);
    p->queue = newest & 0xfu;
    zircon_push_head(z, page, newest);
    zircon_count_in(z, newest);
    zircon_check_ratio(z);
}

static void zircon_page_removed(void *self, page_index page,
                                enum reclaim_removed why)
{
    struct zircon *z = self;
    struct zircon_page *p = page_of(z, page);

    (void)why;
    CHECK(p->queue != QUEUE_UNKNOWN);
    zircon_unlink(z, page);
    zircon_count_out(z, p->queue);
    p->queue = QUEUE_UNKNOWN;
    zircon_cancel_offer(z, page);
    zircon_check_ratio(z);
}

static void mark_accessed(struct zircon *z, page_index page)
{
    struct zircon_page *p = page_of(z, page);
    uint8_t newest = queue_of_generation(z->mru_gen);

    CHECK(p->queue != QUEUE_UNKNOWN);
    if (p->queue == newest)
        return;
    zircon_change_queue(z, p, newest);
    zircon_check_ratio(z);
}

static void zircon_page_accessed(void *self, page_index page,
                                 enum reclaim_accessed how)
{
    (void)how;
    mark_accessed(self, page);
}

static void zircon_page_dont_need(void *self, page_index page)
{
    struct zircon *z = self;
    struct zircon_page *p = page_of(z, page);

    CHECK(p->queue != QUEUE_UNKNOWN);
    zircon_change_queue(z, p, QUEUE_DONT_NEED);
    zircon_correct(z, page);
    zircon_check_ratio(z);
}

static page_index zircon_victim(void *self, enum reclaim_level level)
{
    struct zircon *z = self;
    unsigned lowest_age =
        level == RECLAIM_INCLUDE_NEWEST ? ACTIVE_AGES : OLDEST_AGE;

    return zircon_peek(z, z->mru_gen - (lowest_age - 1));
}

/* Whatever the reason, the page must not be met again at once. */
static void zircon_refused(void *self, page_index page,
                           enum reclaim_refused why)
{
    (void)why;
    mark_accessed(self, page);
}

/* Life. ------------------------------------------------------------------- */

static void zircon_fini(void *self)
{
    struct zircon *z = self;

    free(z->offers);
    free(z);
}

/* Offers take memory only where they are wanted. */
static bool zircon_resize(void *self, uint64_t memory_pages)
{
    struct zircon *z = self;

    return (!z->offers_aged_out && !z->offers_accessed) ||
           zircon_make_offer_room(z, memory_pages);
}

static void *zircon_init(struct reclaim_host *host,
                         const union reclaim_value *values)
{
    struct zircon *z = calloc(1, sizeof *z);
    const sim_ns second = 1000000000;

    if (!z)
        return NULL;
    z->host = host;
    z->min_aging = (sim_ns)values[PARAM_MIN_AGING].uint;
    z->max_aging = (sim_ns)values[PARAM_MAX_AGING].uint;
    if (z->max_aging < z->min_aging)
        z->max_aging = z->min_aging;
    if (z->max_aging < second)
        z->max_aging = second;
    z->multiplier = values[PARAM_MULTIPLIER].uint;
    z->offers_aged_out = values[PARAM_OFFER_AGED_OUT].uint != 0;
    z->offers_accessed = values[PARAM_OFFER_ACCESSED].uint != 0;
    z->lru_order = (enum lru_order)values[PARAM_LRU_ORDER].word;
    host->manner = (struct reclaim_manner){
        .ignores_hints_at_newest = values[PARAM_HINT_AT_NEWEST].word == 1,
        .frees_each_page = values[PARAM_FREE_EVICTED].word == 1,
        .has_private_sync = values[PARAM_SYNC_REQUEST].word == 1,
        .retries_zero_forks = values[PARAM_ZERO_FORK].word == 1,
        .decompression_ages = (uint8_t)values[PARAM_DECOMPRESSION_AGE].word,
    };
    z->mru_gen = MAX_SPREAD;
    z->last_age = host->now;
    z->scan_began = SIM_NS_INFINITE_PAST;
    host->wake = true;
    if (zircon_resize(z, host->memory_pages))
        return z;
    zircon_fini(z);
    return NULL;
}

/* Looking. ---------------------------------------------------------------- */

static unsigned zircon_lists(void *self, struct reclaim_list *out)
{
    static const char *const names[] = {"reclaim0", "reclaim1", "reclaim2",
                                        "reclaim3", "reclaim4", "reclaim5",
                                        "reclaim6", "reclaim7", "dont_need"};
    struct zircon_state state = zircon_policy_state(self);

    for (unsigned age = 0; age < ZIRCON_GENERATIONS; age++)
        out[age] = (struct reclaim_list){names[age], state.by_age[age]};
    out[ZIRCON_LIST_DONT_NEED] =
        (struct reclaim_list){names[ZIRCON_LIST_DONT_NEED], state.dont_need};
    return ZIRCON_GENERATIONS + 1;
}

static struct reclaim_place zircon_place(void *self, page_index page)
{
    const struct zircon *z = self;
    unsigned queue = page_of(z, page)->queue;

    CHECK(queue != QUEUE_UNKNOWN);
    if (queue == QUEUE_DONT_NEED)
        return (struct reclaim_place){ZIRCON_LIST_DONT_NEED, false};
    return (struct reclaim_place){age_of(z, queue), is_active(z, queue)};
}

static void zircon_activity(void *self, uint64_t *active, uint64_t *inactive)
{
    const struct zircon *z = self;

    *active = z->is_scanning ? z->frozen_active : z->active;
    *inactive = z->is_scanning ? z->frozen_inactive : z->inactive;
}

struct zircon_state zircon_policy_state(void *self)
{
    const struct zircon *z = self;
    struct zircon_state state = {
        .lru_gen = z->lru_gen,
        .mru_gen = z->mru_gen,
        .last_age = z->last_age,
        .last_reason = z->last_reason,
        .dont_need = z->count[QUEUE_DONT_NEED],
        .active_inactive_cached = z->is_scanning,
        .reclaim_total = z->count[QUEUE_DONT_NEED],
        .reclaim_oldest = z->count[QUEUE_DONT_NEED],
    };

    for (unsigned age = 0; age < ZIRCON_GENERATIONS; age++) {
        uint64_t pages = z->count[queue_of_generation(z->mru_gen - age)];

        state.by_age[age] = pages;
        state.reclaim_total += pages;
        state.reclaim_newest += age < ACTIVE_AGES ? pages : 0;
        state.reclaim_oldest += age >= OLDEST_AGE ? pages : 0;
    }
    zircon_activity(self, &state.active, &state.inactive);
    return state;
}

static bool zircon_counter(void *self, unsigned index, const char **name,
                           uint64_t *value)
{
    const struct zircon *z = self;
    const struct {
        const char *name;
        uint64_t value;
    } totals[] = {
        {"pq.aging.reason_before_min_timeout", z->reason_before_min_timeout},
        {"pq.aging.spurious_wakeup", z->spurious_wakeup},
        {"pq.aging.timeout_with_reason", z->timeout_with_reason},
        {"pq.aging.blocked_on_lru", z->blocked_on_lru},
        {"pq.aging.reason.none", z->reasons[ZIRCON_AGE_NONE]},
        {"pq.aging.reason.timeout", z->reasons[ZIRCON_AGE_TIMEOUT]},
        {"pq.aging.reason.active_ratio", z->reasons[ZIRCON_AGE_ACTIVE_RATIO]},
        {"pq.aging.reason.manual", z->reasons[ZIRCON_AGE_MANUAL]},
        {"pq.lru.spurious_wakeup", z->lru_spurious_wakeup},
    };

    if (index >= sizeof totals / sizeof totals[0])
        return false;
    *name = totals[index].name;
    *value = totals[index].value;
    return true;
}

/* Walk one list, adding its pages to seen[] by where they belong. */
static const char *list_valid(const struct zircon *z, unsigned list,
                              uint64_t *seen)
{
    const uint64_t end = (uint64_t)LINK_END | list;
    uint64_t before = end, link = end;

    for (page_index page = z->list[list].head; page; page = page_linked(link)) {
        const struct zircon_page *p = page_of(z, page);

        if (p->prev != before)
            return "links lead back where they came from";
        if (p->queue < QUEUE_DONT_NEED)
            return "a listed page has a queue";
        if (list != QUEUE_DONT_NEED && p->queue == QUEUE_DONT_NEED)
            return "a page is hinted onto the DontNeed list";
        if (list != QUEUE_DONT_NEED && age_of(z, p->queue) > age_of(z, list))
            return "a page is on the list of its generation or an older one";
        seen[p->queue]++;
        before = page;
        link = p->next;
    }
    if (link != end)
        return "a page at the end knows the list that it is on";
    return z->list[list].tail == page_linked(before)
               ? NULL
               : "a list ends at its tail";
}

static const char *zircon_valid(void *self)
{
    const struct zircon *z = self;
    uint64_t seen[QUEUE_COUNT] = {0};
    uint64_t spread = z->mru_gen - z->lru_gen;
    uint64_t active = 0, total = 0;

    if (spread < 1 || spread > MAX_SPREAD)
        return "mru_gen is 1 to 7 generations past lru_gen";
    for (unsigned list = QUEUE_DONT_NEED; list < QUEUE_COUNT; list++) {
        const char *broken = list_valid(z, list, seen);

        if (broken)
            return broken;
    }
    for (unsigned queue = QUEUE_DONT_NEED; queue < QUEUE_COUNT; queue++) {
        if (seen[queue] != z->count[queue])
            return "count = number of pages with that queue";
        if (queue != QUEUE_DONT_NEED && age_of(z, queue) > spread &&
            z->list[queue].head)
            return "only generations in use hold pages";
        active += is_active(z, queue) ? seen[queue] : 0;
        total += seen[queue];
    }
    if (z->active != active || z->active + z->inactive != total)
        return "active + inactive = all pages, split by age";
    return NULL;
}

static const char *const lru_orders[] = {"a", "b", NULL};
/* The first is the way of 2023. */
static const char *const hints_at_newest[] = {"follow", "ignore", NULL};
static const char *const free_times[] = {"pass", "page", NULL};
static const char *const sync_requests[] = {"overwrite", "private", NULL};
static const char *const zero_fork_chances[] = {"once", "again", NULL};
static const char *const age_histograms[] = {"documented", "a", "b", NULL};

/* In the order of the PARAM_ numbers. */
static const struct reclaim_param zircon_params[] = {
    {.name = "min_aging_ns",
     .kind = RECLAIM_PARAM_UINT,
     .default_text = "2000000000",
     .minimum = 1e6,
     .maximum = 9e18,
     .help = "least time between two agings"},
    {.name = "max_aging_ns",
     .kind = RECLAIM_PARAM_UINT,
     .default_text = "15000000000",
     .maximum = 9e18,
     .help = "most time between two agings; at least min_aging_ns and 1 s"},
    {.name = "active_ratio_multiplier",
     .kind = RECLAIM_PARAM_UINT,
     .default_text = "2",
     .maximum = 1e6,
     .help = "age early when active pages times this exceed inactive ones; "
             "0: never"},
    {.name = "offer_aged_out",
     .kind = RECLAIM_PARAM_UINT,
     .default_text = "0",
     .maximum = 1,
     .help = "1: offer pages that age past the last generation for reclaim"},
    {.name = "lru_order",
     .kind = RECLAIM_PARAM_WORD,
     .default_text = "a",
     .words = lru_orders,
     .help = "a: pages that outlive the last generation join the next as its "
             "newest; b: as its oldest"},
    {.name = "offer_accessed",
     .kind = RECLAIM_PARAM_UINT,
     .default_text = "0",
     .maximum = 1,
     .help = "1: offer pages found accessed for a move to lent frames"},
    {.name = "hint_at_newest",
     .kind = RECLAIM_PARAM_WORD,
     .default_text = "follow",
     .words = hints_at_newest,
     .help = "ignore: always_need does not protect when the newest go, too"},
    {.name = "free_evicted",
     .kind = RECLAIM_PARAM_WORD,
     .default_text = "pass",
     .words = free_times,
     .help = "pass: evicted pages are free when their pass is over; page: at "
             "once"},
    {.name = "sync_request",
     .kind = RECLAIM_PARAM_WORD,
     .default_text = "overwrite",
     .words = sync_requests,
     .help = "overwrite: a synchronous eviction forgets a request that is "
             "pending; private: not so"},
    {.name = "zero_fork",
     .kind = RECLAIM_PARAM_WORD,
     .default_text = "once",
     .words = zero_fork_chances,
     .help = "once: a page that a zero scan passes over is never compressed; "
             "again: it is as others are"},
    {.name = "decompression_age",
     .kind = RECLAIM_PARAM_WORD,
     .default_text = "documented",
     .words = age_histograms,
     .help = "buckets of the time pages were compressed: as documented, or as "
             "the code of 2023 (a) or 2024 (b) had it"},
    {.name = NULL},
};

const struct reclaim_policy_ops zircon_policy_ops = {
    .abi = RECLAIM_POLICY_ABI,
    .name = "zircon",
    .summary = "eight generations with lazy correction, a DontNeed list, and "
               "aging by time or by the share of active pages",
    .reference = "Zircon's PageQueues, 2023",
    .params = zircon_params,
    .page_bytes = sizeof(struct zircon_page),
    .init = zircon_init,
    .fini = zircon_fini,
    .resize = zircon_resize,
    .page_added = zircon_page_added,
    .page_removed = zircon_page_removed,
    .page_accessed = zircon_page_accessed,
    .page_dont_need = zircon_page_dont_need,
    .victim = zircon_victim,
    .likely_victim = zircon_likely_victim,
    .refused = zircon_refused,
    .age = zircon_age,
    .next_age = zircon_next_age,
    .rotate = zircon_rotate,
    .pop_offer = zircon_pop_offer,
    .lists = zircon_lists,
    .place = zircon_place,
    .activity = zircon_activity,
    .counter = zircon_counter,
    .valid = zircon_valid,
};
