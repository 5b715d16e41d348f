/*
 * Every policy against the suite; what lru, fifo and clock do in particular;
 * finding and loading policies.
 */
#include <criterion/criterion.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "host_memory.h"
#include "page_queues.h"
#include "policy/policies.h"
#include "policy/policy_suite.h"

enum { PAGES = 16, SEEDS = 30, STEPS = 3000 };

Test(policies, every_built_in_policy_passes_the_suite)
{
    char message[300];

    for (int i = 0; built_in_policies[i]; i++)
        for (uint64_t seed = 1; seed <= SEEDS; seed++)
            cr_assert_null(policy_suite_run(built_in_policies[i], NULL, seed,
                                            STEPS, message, sizeof message),
                           "%s", message);
}

Test(policies, the_suite_is_passed_with_other_parameters)
{
    static const struct {
        const char *policy;
        const char *param;
    } cases[] = {
        {"clock", "bits=2"},
        {"clock", "bits=3"},
        {"zircon", "offer_aged_out=1"},
        {"zircon", "offer_accessed=1"},
        {"zircon", "lru_order=b"},
        {"zircon", "active_ratio_multiplier=0"},
        {"s3fifo", "small=0.3"},
        {"s3fifo", "promote_at=1"},
        {"2q", "in=0.6"},
        {"2q", "out=0"},
        {"lirs", "hir=0.5"},
        {"wtinylfu", "window=0.5"},
        {"linux2", "swappiness=0"},
        {"linux2", "swappiness=200"},
        {"mglru", "swappiness=0"},
        {"mglru", "swappiness=200"},
    };
    char message[300];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct reclaim_policy_ops *ops = policy_find(cases[i].policy);
        union reclaim_value values[RECLAIM_MAX_PARAMS];

        cr_assert_null(reclaim_params_parse(ops, &cases[i].param, 1, values,
                                            message, sizeof message));
        for (uint64_t seed = 1; seed <= SEEDS; seed++)
            cr_assert_null(policy_suite_run(ops, values, seed, STEPS, message,
                                            sizeof message),
                           "%s: %s", cases[i].param, message);
    }
}

/* What the suite finds. --------------------------------------------------- */

static page_index unknown_victim(void *self, enum reclaim_level level)
{
    page_index page = lru_policy_ops.victim(self, level);

    return page > 1 ? page - 1 : page;
}

static void refuse_nothing(void *self, page_index page,
                           enum reclaim_refused why)
{
    (void)self;
    (void)page;
    (void)why;
}

static unsigned forgetful_lists(void *self, struct reclaim_list *out)
{
    unsigned count = lru_policy_ops.lists(self, out);

    out[0].pages += out[0].pages > 10;
    return count;
}

static void greedy_access(void *self, page_index page,
                          enum reclaim_accessed how)
{
    static void *kept;

    free(kept);
    kept = malloc(100 + page * 64u);
    lru_policy_ops.page_accessed(self, page, how);
}

/* A sanitizer's allocator does not tell; the suite sees nothing then. */
static bool heap_is_counted(void)
{
    size_t before = mallinfo2().uordblks;
    void *volatile block = malloc(1000);
    bool is_counted = mallinfo2().uordblks != before;

    free(block);
    return is_counted;
}

Test(policies, the_suite_finds_what_is_wrong)
{
    struct reclaim_policy_ops wrong[5];
    const char *said[] = {"known page", "offered again", "add up",
                          "memory is taken", "version"};
    char message[300];

    for (size_t i = 0; i < 5; i++)
        wrong[i] = lru_policy_ops;
    wrong[0].victim = unknown_victim;
    wrong[1].refused = refuse_nothing;
    wrong[2].lists = forgetful_lists;
    wrong[3].page_accessed = greedy_access;
    wrong[4].abi++;
    for (size_t i = 0; i < 5; i++) {
        if (wrong[i].page_accessed == greedy_access && !heap_is_counted())
            continue;
        const char *found = policy_suite_run(&wrong[i], NULL, 1, STEPS, message,
                                             sizeof message);

        cr_assert_not_null(found, "case %zu", i);
        cr_assert_not_null(strstr(found, said[i]), "case %zu: %s", i, found);
    }
}

/* Behaviour. -------------------------------------------------------------- */

struct rig {
    struct pmm pmm;
    struct page_queues pqs;
};

static void start(struct rig *rig, const char *name, const char *param)
{
    const struct reclaim_policy_ops *ops = policy_find(name);
    union reclaim_value values[RECLAIM_MAX_PARAMS];
    char message[200];

    cr_assert_not_null(ops);
    cr_assert_null(reclaim_params_parse(ops, &param, param ? 1 : 0, values,
                                        message, sizeof message));
    cr_assert_eq(pmm_init(&rig->pmm, PAGES), VM_OK);
    cr_assert_eq(pq_init(&rig->pqs, &rig->pmm, ops, values, 1), VM_OK);
}

static void stop(struct rig *rig)
{
    cr_assert_null(pq_valid(&rig->pqs));
    pq_release(&rig->pqs);
    pmm_release(&rig->pmm);
}

/* Page 'a' is page 1. */
static page_index page_named(char letter)
{
    return (page_index)(letter - 'a') + 1;
}

/*
 * A script: a lower-case letter is an access, or adds the page if it is not
 * there; '-' removes the next letter's page, '!' hints it, '~' refuses it, '>'
 * reclaims the victim, if there is one (zircon keeps the youngest).
 */
static void play(struct rig *rig, const char *script)
{
    struct page_queues *pqs = &rig->pqs;

    for (const char *at = script; *at; at++) {
        if (*at == '>') {
            page_index victim = pq_victim(pqs, RECLAIM_INCLUDE_NEWEST);

            if (victim != PAGE_NONE)
                pq_remove(pqs, victim, RECLAIM_REMOVED_RECLAIMED);
        } else if (*at == '-') {
            pq_remove(pqs, page_named(*++at), RECLAIM_REMOVED_FREED);
        } else if (*at == '!') {
            pq_dont_need(pqs, page_named(*++at));
        } else if (*at == '~') {
            pq_refused(pqs, page_named(*++at), RECLAIM_REFUSED_PINNED);
        } else if (rig->pmm.pages[page_named(*at)].queue == PQ_RECLAIM) {
            pq_mark_accessed(pqs, page_named(*at), RECLAIM_ACCESSED_DIRECT);
        } else {
            pq_set(pqs, page_named(*at), 1, 0, PQ_RECLAIM, RECLAIM_PAGER,
                   RECLAIM_ADDED_NEW);
        }
        cr_assert_null(pq_valid(pqs), "%s", at);
    }
}

static void expect_order(const char *policy, const char *param,
                         const char *script, const char *expected)
{
    char order[PAGES + 1];
    size_t length = 0;
    struct rig rig;
    page_index page;

    start(&rig, policy, param);
    play(&rig, script);
    while ((page = pq_victim(&rig.pqs, RECLAIM_ONLY_OLDEST))) {
        order[length++] = (char)('a' + page - 1);
        pq_remove(&rig.pqs, page, RECLAIM_REMOVED_RECLAIMED);
    }
    order[length] = '\0';
    cr_assert_str_eq(order, expected, "%s after %s: %s, not %s", policy, script,
                     order, expected);
    stop(&rig);
}

Test(policies, pages_go_in_the_order_that_each_policy_says)
{
    static const struct {
        const char *policy, *param, *script, *order;
    } cases[] = {
        {"fifo", NULL, "abcd", "abcd"},
        {"fifo", NULL, "abcdabab", "abcd"},
        {"fifo", NULL, "abcd-b>b", "cdb"},
        {"fifo", NULL, "abcd!c", "cabd"},
        {"fifo", NULL, "abcd~a", "bcda"},

        {"lru", NULL, "abcd", "abcd"},
        {"lru", NULL, "abcda", "bcda"},
        {"lru", NULL, "abcdcab", "dcab"},
        {"lru", NULL, "abcdd", "abcd"},
        {"lru", NULL, "abcda>b", "cdab"},
        {"lru", NULL, "abcd!d", "dabc"},
        {"lru", NULL, "abcd!d!b", "bdac"},
        {"lru", NULL, "abcd!dd", "abcd"},
        {"lru", NULL, "abcd~a", "bcda"},

        /* a was used: the hand takes its bit and goes on to b */
        {"clock", NULL, "abcd", "abcd"},
        {"clock", NULL, "abcda", "bcda"},
        {"clock", NULL, "abcdaa", "bcda"},
        {"clock", NULL, "abcdabcd", "abcd"},
        {"clock", NULL, "abcdac>", "dac"},
        {"clock", NULL, "abcda>a>", "da"},
        {"clock", NULL, "abcda!a", "abcd"},
        {"clock", NULL, "abcd~a", "bcda"},
        {"clock", NULL, "abcdbcd~a", "bcda"},

        /* counters to 3: a goes round three times, b once */
        {"clock", "bits=2", "abcdaaab", "cdba"},
        {"clock", "bits=2", "abcdaaaab", "cdba"},
        {"clock", "bits=2", "abaab", "ba"},

        {"mru", NULL, "abcd", "dcba"},
        {"mru", NULL, "abcda", "adcb"},
        {"mru", NULL, "abcd~d", "cbad"},

        /* the hand passes a, takes b and waits at c; e is far from it */
        {"sieve", NULL, "abcd", "abcd"},
        {"sieve", NULL, "abcda>e", "cdea"},
        {"clock", NULL, "abcda>e", "cdae"},
        {"sieve", NULL, "abcd>!d", "dbc"},
        {"sieve", NULL, "abcd~a", "bcda"},

        /* two accesses lift a to main, one does not */
        {"s3fifo", NULL, "abcd", "abcd"},
        {"s3fifo", NULL, "abcdaab", "bcda"},
        {"s3fifo", "promote_at=1", "abcdaab", "cdab"},
        {"s3fifo", NULL, "abcd!c", "cabd"},

        /* segments of four: e enters the second, a and b climb to it */
        {"slru", NULL, "abcdeab", "cdeab"},
        {"slru", NULL, "abcdeaab", "cdeba"},
        {"slru", NULL, "abcda!a", "abcd"},

        {"2q", NULL, "abcda", "abcd"},
        {"2q", NULL, "abcd~a", "bcda"},
        {"lfu", NULL, "abcdaab", "cdba"},
        {"lfu", NULL, "abba", "ba"},
        {"lfu", NULL, "abbab!b", "ba"},
        {"arc", NULL, "abcda", "bcda"},
        {"arc", NULL, "abcda!a", "abcd"},
        {"car", NULL, "abcda", "bcda"},
        {"car", NULL, "abcdab>", "dab"},
        {"lirs", NULL, "abcda", "bcda"},
        {"lirs", NULL, "abcda!a", "abcd"},

        /* nobody has a name here: d, alone in the window, loses */
        {"wtinylfu", NULL, "abcd", "dabc"},
        {"wtinylfu", NULL, "abcdab", "dcab"},

        /* once young: round again, behind those that are not */
        {"linux2", NULL, "abcda", "bcda"},
        {"linux2", NULL, "abcd!c", "cabd"},
        {"mglru", NULL, "abcd", "abcd"},
        {"mglru", NULL, "abcd!c", "cabd"},
        {"mglru", NULL, "abcd~a", "bcda"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_order(cases[i].policy, cases[i].param, cases[i].script,
                     cases[i].order);
}

Test(policies, lists_have_the_names_of_their_policies)
{
    static const char *const names[] = {"lru", "fifo", "clock"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct reclaim_list lists[RECLAIM_MAX_LISTS];
        struct rig rig;

        start(&rig, names[i], NULL);
        play(&rig, "abc");
        cr_assert_eq(rig.pqs.ops->lists(rig.pqs.policy, lists), 1);
        cr_assert_str_eq(lists[0].name, names[i]);
        cr_assert_eq(lists[0].pages, 3);
        stop(&rig);
    }
}

/*
 * Misses of a fixed sequence in memory of four pages, worked out by hand from
 * each policy's rule.
 *
 *   a b c d  a a b  e      fifo drops a, lru c, clock c
 */
Test(policies, the_victim_of_a_full_memory_depends_on_the_policy)
{
    static const struct {
        const char *policy;
        char victim;
    } cases[] = {{"fifo", 'a'}, {"lru", 'c'}, {"clock", 'c'}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rig rig;

        start(&rig, cases[i].policy, NULL);
        play(&rig, "abcdaab");
        cr_assert_eq(pq_victim(&rig.pqs, RECLAIM_ONLY_OLDEST),
                     page_named(cases[i].victim), "%s", cases[i].policy);
        stop(&rig);
    }
}

/* Pages a to d are a pager's, e to h anonymous. */
static void add_both_kinds(struct rig *rig)
{
    play(rig, "abcd");
    for (char letter = 'e'; letter <= 'h'; letter++)
        pq_set(&rig->pqs, page_named(letter), 1, 0, PQ_RECLAIM,
               RECLAIM_ANONYMOUS, RECLAIM_ADDED_NEW);
}

Test(policies, swappiness_says_which_kind_of_pages_goes)
{
    static const struct {
        const char *policy, *param, *order;
    } cases[] = {
        {"linux2", "swappiness=0", "abcdefgh"},
        {"linux2", "swappiness=200", "efghabcd"},
        {"linux2", "swappiness=100", "eabfgcdh"}, /* by what is left */
        {"mglru", "swappiness=0", "abcdefgh"},
        {"mglru", "swappiness=200", "efghabcd"},
        {"mglru", "swappiness=100", "abcdefgh"}, /* nothing came back yet */
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rig rig;

        start(&rig, cases[i].policy, cases[i].param);
        add_both_kinds(&rig);
        for (const char *next = cases[i].order; *next; next++) {
            page_index page = pq_victim(&rig.pqs, RECLAIM_ONLY_OLDEST);

            cr_assert_eq(page, page_named(*next), "%s %s: %c, not %c",
                         cases[i].policy, cases[i].param, 'a' + page - 1,
                         *next);
            pq_remove(&rig.pqs, page, RECLAIM_REMOVED_RECLAIMED);
        }
        stop(&rig);
    }
}

Test(policies, linux2_makes_active_what_software_accesses_twice)
{
    struct rig rig;

    start(&rig, "linux2", NULL);
    play(&rig, "ab");
    for (int n = 0; n < 2; n++) {
        cr_assert_not(rig.pqs.ops->place(rig.pqs.policy, 1).is_active);
        pq_mark_accessed(&rig.pqs, 1, RECLAIM_ACCESSED_SOFTWARE);
    }
    cr_assert(rig.pqs.ops->place(rig.pqs.policy, 1).is_active);
    cr_assert_not(rig.pqs.ops->place(rig.pqs.policy, 2).is_active);
    stop(&rig);
}

static void random_order(uint64_t seed, char *order)
{
    struct rig rig;
    page_index page;

    cr_assert_eq(pmm_init(&rig.pmm, PAGES), VM_OK);
    cr_assert_eq(pq_init(&rig.pqs, &rig.pmm, policy_find("random"), NULL, seed),
                 VM_OK);
    play(&rig, "abcdefghijklmnop");
    while ((page = pq_victim(&rig.pqs, RECLAIM_ONLY_OLDEST))) {
        *order++ = (char)('a' + page - 1);
        pq_remove(&rig.pqs, page, RECLAIM_REMOVED_RECLAIMED);
    }
    *order = '\0';
    stop(&rig);
}

Test(policies, random_follows_its_seed_alone)
{
    char one[PAGES + 1], again[PAGES + 1], other[PAGES + 1];

    random_order(1, one);
    random_order(1, again);
    random_order(2, other);
    cr_assert_eq(strlen(one), PAGES);
    cr_assert_str_eq(one, again);
    cr_assert_str_neq(one, other);
}

Test(policies, a_policy_can_be_changed_with_pages_in_it)
{
    struct rig rig;

    start(&rig, "lru", NULL);
    play(&rig, "dbcaab");
    for (int i = 0; built_in_policies[i]; i++) {
        cr_assert_eq(pq_change_policy(&rig.pqs, built_in_policies[i], NULL, 1),
                     VM_OK);
        cr_assert_null(pq_valid(&rig.pqs));
        cr_assert_eq(rig.pqs.count[PQ_RECLAIM], 4);
    }
    play(&rig, "ab-c");
    stop(&rig);
}

/* Accesses and reclaims, memory never empty for a reclaim. */
static void random_script(uint64_t seed, char *script, size_t length)
{
    uint64_t state = seed;
    bool is_there[PAGES] = {false};

    for (size_t n = 0; n < length; n++) {
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
        script[n] = (char)('a' + (state >> 33) % PAGES);
        is_there[script[n] - 'a'] = true;
        if (n % 3 == 2 && n > PAGES)
            script[n] = '>';
    }
    cr_assert(is_there[0]);
    script[length] = '\0';
}

/* The budget stays what it was: shares and ghosts are as if nobody had asked. */
Test(policies, a_budget_that_finds_no_memory_changes_no_policy)
{
    char before[61], after[201];
    size_t failed = 0;

    random_script(1, before, sizeof before - 1);
    random_script(2, after, sizeof after - 1);
    for (int i = 0; built_in_policies[i]; i++) {
        const char *name = built_in_policies[i]->name;
        bool is_out = true;

        if (built_in_policies[i]->needs_future)
            continue;
        for (uint64_t nth = 1; is_out; nth++) {
            struct rig asked, other;

            start(&asked, name, NULL);
            start(&other, name, NULL);
            play(&asked, before);
            play(&other, before);
            host_memory_fail_nth(nth);
            bool is_done = asked.pqs.ops->resize(asked.pqs.policy, PAGES / 8);
            is_out = host_memory_has_failed();
            cr_assert_eq(is_done, !is_out, "%s", name);
            for (const char *at = after; is_out && *at; at++) {
                const char step[] = {*at, '\0'};

                cr_assert_eq(pq_victim(&asked.pqs, RECLAIM_INCLUDE_NEWEST),
                             pq_victim(&other.pqs, RECLAIM_INCLUDE_NEWEST),
                             "%s, allocation %d, step %d", name, (int)nth,
                             (int)(at - after));
                play(&asked, step);
                play(&other, step);
            }
            failed += is_out;
            stop(&asked);
            stop(&other);
        }
    }
    cr_assert_gt(failed, 10);
}

/* Finding and loading. ---------------------------------------------------- */

Test(policies, built_in_policies_are_found_by_name)
{
    struct policy_handle handle;
    char message[600];

    for (int i = 0; built_in_policies[i]; i++) {
        const char *name = built_in_policies[i]->name;

        cr_assert_eq(policy_find(name), built_in_policies[i]);
        cr_assert_null(policy_open(&handle, name, POLICY_KNOWS_FUTURE, message,
                                   sizeof message));
        cr_assert_eq(handle.ops, built_in_policies[i]);
        cr_assert_null(policy_check(handle.ops), "%s", name);
        policy_close(&handle);
    }
    cr_assert_str_eq(built_in_policies[0]->name, "zircon");
    cr_assert_null(policy_find("no such policy"));
}

Test(policies, what_cannot_be_opened_says_why)
{
    static const struct {
        const char *name;
        const char *said;
    } cases[] = {
        {"lur", "policy lur: unknown; there are zircon, "},
        {"", "unknown"},
        {".so", "unknown"},
        {"/nonexistent/policy.so", "cannot be loaded"},
        {"libm.so", "cannot be loaded"}, /* not looked for elsewhere */
        {"opt", "only `lowtide replay` knows"},
    };
    struct policy_handle handle;
    char message[600];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *wrong = policy_open(&handle, cases[i].name, POLICY_LIVES,
                                        message, sizeof message);

        cr_assert_not_null(wrong, "%s", cases[i].name);
        cr_assert_null(handle.ops);
        cr_assert_null(handle.library);
        cr_assert_not_null(strstr(wrong, cases[i].said), "%s", wrong);
        policy_close(&handle);
    }
}

Test(policies, a_table_with_holes_is_not_used)
{
    struct reclaim_policy_ops ops = lru_policy_ops;

    cr_assert_null(policy_check(&ops));
    ops.valid = NULL;
    cr_assert_not_null(policy_check(&ops));
    ops = lru_policy_ops;
    ops.page_bytes = 17;
    cr_assert_not_null(policy_check(&ops));
    ops = zircon_policy_ops;
    ops.next_age = NULL;
    cr_assert_not_null(policy_check(&ops));
}
