/*
 * The suite holds what is known (a flag for each page) and nothing of how a
 * policy works. After every operation the sums are checked, which is cheap;
 * every so often everything is. The first broken rule ends the run.
 */
#include "policy_suite.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page_queues.h"
#include "policies.h"

enum {
    PAGES = 96,
    GUARD_BYTES = 64,
    GUARD = 0xa5,
    IDENTITIES = 2 * PAGES,
    CHECK_EVERY = 32,
    DRAIN_ROUNDS = 64
};

struct suite {
    const struct reclaim_policy_ops *ops;
    void *self;
    struct reclaim_host host;
    uint64_t random;
    uint64_t step;

    bool is_known[PAGES + 1];
    uint64_t known_count;
    uint64_t identity_of[PAGES + 1]; /* of known pages */
    bool is_resident[IDENTITIES];
    bool was_reclaimed[IDENTITIES];
};

static uint64_t draw(struct suite *suite, uint64_t below)
{
    suite->random ^= suite->random << 13;
    suite->random ^= suite->random >> 7;
    suite->random ^= suite->random << 17;
    return (suite->random >> 11) % below;
}

/* Page memory. ------------------------------------------------------------ */

static size_t memory_bytes(const struct suite *suite)
{
    return (PAGES + 1) * suite->host.page_bytes;
}

/* Fresh page memory between guards, holding what the old one held. */
static bool move_memory(struct suite *suite)
{
    size_t bytes = memory_bytes(suite);
    uint8_t *block = malloc(bytes + 2 * GUARD_BYTES);

    if (!block)
        return false;
    memset(block, GUARD, bytes + 2 * GUARD_BYTES);
    memset(block + GUARD_BYTES, 0, bytes);
    if (suite->host.page_memory) {
        memcpy(block + GUARD_BYTES, suite->host.page_memory, bytes);
        free((uint8_t *)suite->host.page_memory - GUARD_BYTES);
    }
    suite->host.page_memory = block + GUARD_BYTES;
    return true;
}

static bool guards_are_intact(const struct suite *suite)
{
    const uint8_t *memory = suite->host.page_memory;

    for (size_t i = 0; i < GUARD_BYTES; i++)
        if (memory[-1 - (ptrdiff_t)i] != GUARD ||
            memory[memory_bytes(suite) + i] != GUARD)
            return false;
    return true;
}

/* Rules. ------------------------------------------------------------------ */

static const char *lists_rule(const struct suite *suite)
{
    struct reclaim_list lists[RECLAIM_MAX_LISTS];
    unsigned count = suite->ops->lists(suite->self, lists);
    uint64_t pages = 0;

    if (count == 0 || count > RECLAIM_MAX_LISTS)
        return "there are 1 to 16 lists";
    for (unsigned i = 0; i < count; i++) {
        if (!lists[i].name)
            return "a list has a name";
        pages += lists[i].pages;
    }
    return pages == suite->known_count ? NULL
                                       : "the lists add up to the known pages";
}

static const char *places_rule(const struct suite *suite)
{
    struct reclaim_list lists[RECLAIM_MAX_LISTS];
    unsigned count = suite->ops->lists(suite->self, lists);
    uint64_t active = 0, told_active, told_inactive;

    for (page_index page = 1; page <= PAGES; page++) {
        if (!suite->is_known[page])
            continue;
        struct reclaim_place place = suite->ops->place(suite->self, page);
        if (place.list >= count || lists[place.list].pages == 0)
            return "a known page is on one of the lists";
        lists[place.list].pages--;
        active += place.is_active;
    }
    if (!suite->ops->activity)
        return NULL;
    suite->ops->activity(suite->self, &told_active, &told_inactive);
    if (told_active + told_inactive != suite->known_count)
        return "active + inactive = known pages";
    return told_active == active ? NULL : "active pages are those that say so";
}

static const char *all_rules(const struct suite *suite)
{
    const char *broken = places_rule(suite);

    if (!broken)
        broken = suite->ops->valid(suite->self);
    if (!broken && !guards_are_intact(suite))
        broken = "page memory is page_bytes for each index, no more";
    return broken;
}

/* Operations; each returns the rule that it saw broken. ------------------- */

static page_index pick(struct suite *suite, bool known)
{
    page_index first = 1 + (page_index)draw(suite, PAGES);

    for (page_index i = 0; i < PAGES; i++) {
        page_index page = 1 + (first - 1 + i) % PAGES;

        if (suite->is_known[page] == known)
            return page;
    }
    return PAGE_NONE;
}

static uint64_t pick_identity(struct suite *suite)
{
    uint64_t identity = draw(suite, IDENTITIES);

    while (suite->is_resident[identity])
        identity = (identity + 1) % IDENTITIES;
    return identity;
}

static void add(struct suite *suite)
{
    const struct reclaim_policy_ops *ops = suite->ops;
    page_index page = pick(suite, false);

    if (page == PAGE_NONE)
        return;
    uint64_t number = pick_identity(suite);
    struct reclaim_identity identity = {1 + number % 3, number};
    if (ops->refault && suite->was_reclaimed[number])
        ops->refault(suite->self, identity);
    ops->page_added(suite->self, page,
                    (enum reclaim_class)draw(suite, RECLAIM_DISCARDABLE + 1),
                    (enum reclaim_added)draw(suite, RECLAIM_ADDED_ENABLED + 1));
    if (ops->page_identity)
        ops->page_identity(suite->self, page, identity);
    suite->is_known[page] = true;
    suite->known_count++;
    suite->identity_of[page] = number;
    suite->is_resident[number] = true;
    suite->was_reclaimed[number] = false;
}

static void take_away(struct suite *suite, page_index page,
                      enum reclaim_removed why)
{
    uint64_t number = suite->identity_of[page];

    suite->ops->page_removed(suite->self, page, why);
    suite->is_known[page] = false;
    suite->known_count--;
    suite->is_resident[number] = false;
    suite->was_reclaimed[number] = why == RECLAIM_REMOVED_RECLAIMED;
}

static void remove_any(struct suite *suite)
{
    static const enum reclaim_removed reasons[] = {
        RECLAIM_REMOVED_FREED,   RECLAIM_REMOVED_PINNED,
        RECLAIM_REMOVED_DIRTIED, RECLAIM_REMOVED_PRIORITY,
        RECLAIM_REMOVED_FAILED,
    };
    page_index page = pick(suite, true);

    if (page != PAGE_NONE)
        take_away(suite, page,
                  reasons[draw(suite, sizeof reasons / sizeof reasons[0])]);
}

static void access_any(struct suite *suite)
{
    page_index page = pick(suite, true);

    if (page != PAGE_NONE && suite->ops->page_accessed)
        suite->ops->page_accessed(
            suite->self, page,
            (enum reclaim_accessed)draw(suite, RECLAIM_ACCESSED_DIRECT + 1));
}

static void hint_any(struct suite *suite)
{
    page_index page = pick(suite, true);

    if (page != PAGE_NONE && suite->ops->page_dont_need)
        suite->ops->page_dont_need(suite->self, page);
}

static const char *look_for_victim(struct suite *suite,
                                   enum reclaim_level level, page_index *victim)
{
    const struct reclaim_policy_ops *ops = suite->ops;
    struct reclaim_list before[RECLAIM_MAX_LISTS], after[RECLAIM_MAX_LISTS];
    unsigned count = ops->lists(suite->self, before);

    *victim = ops->victim(suite->self, level);
    if (*victim > PAGES || (*victim && !suite->is_known[*victim]))
        return "a victim is a known page";
    ops->lists(suite->self, after);
    for (unsigned i = 0; i < count; i++)
        if (before[i].pages != after[i].pages)
            return "asking for a victim changes no list";
    if (ops->victim(suite->self, level) != *victim)
        return "asked again, a victim is the same page";
    return NULL;
}

static const char *reclaim_or_refuse(struct suite *suite)
{
    enum reclaim_level level = (enum reclaim_level)draw(suite, 2);
    page_index victim, next;
    const char *broken = look_for_victim(suite, level, &victim);

    if (broken || victim == PAGE_NONE)
        return broken;
    if (draw(suite, 4) > 0) {
        take_away(suite, victim, RECLAIM_REMOVED_RECLAIMED);
        return NULL;
    }
    suite->ops->refused(
        suite->self, victim,
        (enum reclaim_refused)draw(suite, RECLAIM_REFUSED_NO_STRATEGY + 1));
    broken = look_for_victim(suite, level, &next);
    if (!broken && next == victim && suite->known_count > 1)
        broken = "a refused page is not offered again at once";
    return broken;
}

/* Offers of one kind, until there are no more. */
static const char *take_offers_of(struct suite *suite, enum reclaim_offer kind)
{
    page_index page;

    for (uint64_t i = 0; i <= suite->known_count; i++) {
        page = suite->ops->pop_offer(suite->self, kind);
        if (page == PAGE_NONE)
            return NULL;
        if (page > PAGES || !suite->is_known[page])
            return "a page that is offered is known";
    }
    return "a page is offered once";
}

static const char *take_offers(struct suite *suite)
{
    if (!suite->ops->pop_offer)
        return NULL;
    const char *broken = take_offers_of(suite, RECLAIM_OFFER_AGED_OUT);
    return broken ? broken : take_offers_of(suite, RECLAIM_OFFER_ACCESSED);
}

static const char *let_time_pass(struct suite *suite)
{
    const struct reclaim_policy_ops *ops = suite->ops;

    suite->host.now += (sim_ns)draw(suite, 3000000000u);
    suite->host.wake = false;
    if (!ops->age)
        return NULL;
    for (int i = 0; i < 4; i++) {
        if (ops->next_age(suite->self, suite->host.now) > suite->host.now)
            return take_offers(suite);
        ops->age(suite->self, suite->host.now);
    }
    return "after ageing, the next time is a later one";
}

static const char *rotate(struct suite *suite)
{
    if (suite->ops->rotate)
        suite->ops->rotate(suite->self, suite->host.now);
    return take_offers(suite);
}

static const char *resize(struct suite *suite)
{
    suite->host.memory_pages = PAGES / 2 + draw(suite, PAGES / 2);
    if (!move_memory(suite) ||
        !suite->ops->resize(suite->self, suite->host.memory_pages))
        return "there is memory for a resize";
    return NULL;
}

/* Everything but init and resize must do with the memory there is. */
static const char *without_allocating(struct suite *suite)
{
    size_t before = mallinfo2().uordblks;
    const char *broken = NULL;

    /* any future will do, as long as there is one */
    suite->host.next_use =
        draw(suite, 8) ? 1 + draw(suite, 1000) : RECLAIM_NEVER;
    switch (draw(suite, 16)) {
    case 0:
    case 1:
    case 2:
    case 3:
        add(suite);
        break;
    case 4:
        remove_any(suite);
        break;
    case 5:
        hint_any(suite);
        break;
    case 6:
    case 7:
        broken = reclaim_or_refuse(suite);
        break;
    case 8:
        broken = let_time_pass(suite);
        break;
    case 9:
        broken = rotate(suite);
        break;
    default:
        access_any(suite);
    }
    if (!broken && mallinfo2().uordblks != before)
        broken = "memory is taken in init and resize only";
    return broken;
}

static const char *one_step(struct suite *suite)
{
    const char *broken =
        draw(suite, 256) == 0 ? resize(suite) : without_allocating(suite);

    if (!broken)
        broken = lists_rule(suite);
    if (!broken && suite->step % CHECK_EVERY == 0)
        broken = all_rules(suite);
    return broken;
}

/* Every known page can be reclaimed, given that pages age. */
static const char *drain(struct suite *suite)
{
    for (int round = 0; round < DRAIN_ROUNDS && suite->known_count; round++) {
        page_index victim;
        const char *broken;

        while (!(broken =
                     look_for_victim(suite, RECLAIM_INCLUDE_NEWEST, &victim)) &&
               victim != PAGE_NONE)
            take_away(suite, victim, RECLAIM_REMOVED_RECLAIMED);
        if (!broken)
            broken = rotate(suite);
        if (broken)
            return broken;
    }
    if (suite->known_count)
        return "every page is offered in the end";
    return all_rules(suite);
}

static const char *play(struct suite *suite, uint64_t steps)
{
    const char *broken = NULL;

    for (suite->step = 0; !broken && suite->step < steps; suite->step++)
        broken = one_step(suite);
    return broken ? broken : drain(suite);
}

const char *policy_suite_run(const struct reclaim_policy_ops *ops,
                             const union reclaim_value *values, uint64_t seed,
                             uint64_t steps, char *buffer, size_t buffer_bytes)
{
    union reclaim_value defaults[RECLAIM_MAX_PARAMS];
    const char *broken = policy_check(ops);
    struct suite suite = {
        .ops = ops,
        .host = {.page_bytes = ops->page_bytes,
                 .memory_pages = PAGES,
                 .seed = seed},
        .random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1,
    };

    if (!broken && !values)
        broken =
            reclaim_params_parse(ops, NULL, 0, defaults, buffer, buffer_bytes);
    if (broken) {
        if (broken != buffer)
            snprintf(buffer, buffer_bytes, "%s", broken);
        return buffer;
    }
    if (!move_memory(&suite) ||
        !(suite.self = ops->init(&suite.host, values ? values : defaults))) {
        free(suite.host.page_memory
                 ? (uint8_t *)suite.host.page_memory - GUARD_BYTES
                 : NULL);
        snprintf(buffer, buffer_bytes, "out of memory");
        return buffer;
    }
    broken = play(&suite, steps);
    ops->fini(suite.self);
    free((uint8_t *)suite.host.page_memory - GUARD_BYTES);
    if (!broken)
        return NULL;
    snprintf(buffer, buffer_bytes, "%s (policy %s, seed %llu, step %llu)",
             broken, ops->name, (unsigned long long)seed,
             (unsigned long long)suite.step);
    return buffer;
}
