/*
 * Random: each page is as likely to go as any other; what every other policy
 * should do better than. Belady 1966 has it as RAND.
 *
 *   entry    1   2   3   4   5       entries 1 .. count say which pages are
 *   page_at  7   2   4   -   -       known, in no order; that of a page says
 *                                    where it stands among them
 *
 * A page that goes is replaced by the one that stands last, so a draw is one
 * look. The draws are the policy's own (splitmix64 of the host's seed): the same
 * run draws the same pages. A victim stays the victim until it goes or is
 * refused, since it may be asked for more than once.
 */
#include <stdlib.h>

#include "check.h"
#include "policies.h"

struct random_page {
    page_index page_at;   /* the page that stands here */
    uint32_t position_of; /* where this page stands; 0: not known */
};
static_assert(sizeof(struct random_page) == 8, "eight bytes a page");

struct random_policy {
    struct reclaim_host *host;
    uint64_t state; /* of the generator */
    uint32_t count;
    page_index victim; /* drawn; PAGE_NONE: not yet */
    page_index avoid;  /* refused last: the next draw is another one */
};

static struct random_page *entry_of(const struct random_policy *random,
                                    uint32_t n)
{
    return (struct random_page *)random->host->page_memory + n;
}

/* 1 .. count */
static uint32_t draw_position(struct random_policy *random)
{
    uint64_t z = (random->state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return 1 + (uint32_t)((z >> 32) * random->count >> 32);
}

static void *random_init(struct reclaim_host *host,
                         const union reclaim_value *values)
{
    struct random_policy *random = calloc(1, sizeof *random);

    (void)values;
    if (!random)
        return NULL;
    random->host = host;
    random->state = host->seed;
    return random;
}

static void random_fini(void *self)
{
    free(self);
}

static bool random_resize(void *self, uint64_t memory_pages)
{
    (void)self;
    (void)memory_pages;
    return true;
}

static void stand_at(const struct random_policy *random, page_index page,
                     uint32_t position)
{
    entry_of(random, position)->page_at = page;
    entry_of(random, page)->position_of = position;
}

static void random_page_added(void *self, page_index page,
                              enum reclaim_class class_, enum reclaim_added why)
{
    struct random_policy *random = self;

    (void)class_;
    (void)why;
    CHECK(entry_of(random, page)->position_of == 0);
    stand_at(random, page, ++random->count);
}

static void random_page_removed(void *self, page_index page,
                                enum reclaim_removed why)
{
    struct random_policy *random = self;
    const uint32_t position = entry_of(random, page)->position_of;

    (void)why;
    CHECK(position != 0);
    stand_at(random, entry_of(random, random->count)->page_at, position);
    entry_of(random, page)->position_of = 0;
    random->count--;
    if (random->victim == page)
        random->victim = PAGE_NONE;
    if (random->avoid == page)
        random->avoid = PAGE_NONE;
}

static void random_page_dont_need(void *self, page_index page)
{
    struct random_policy *random = self;

    random->victim = page;
}

static page_index random_victim(void *self, enum reclaim_level level)
{
    struct random_policy *random = self;

    (void)level;
    if (random->victim || random->count == 0)
        return random->victim;
    uint32_t position = draw_position(random);

    if (entry_of(random, position)->page_at == random->avoid)
        position = position % random->count + 1;
    random->victim = entry_of(random, position)->page_at;
    random->avoid = PAGE_NONE;
    return random->victim;
}

static page_index random_likely_victim(const void *self, page_index page)
{
    const struct random_policy *random = self;

    return page == random->victim ? PAGE_NONE : random->victim;
}

static void random_refused(void *self, page_index page,
                           enum reclaim_refused why)
{
    struct random_policy *random = self;

    (void)why;
    random->avoid = page;
    if (random->victim == page)
        random->victim = PAGE_NONE;
}

static unsigned random_lists(void *self, struct reclaim_list *out)
{
    const struct random_policy *random = self;

    out[0] = (struct reclaim_list){"random", random->count};
    return 1;
}

static struct reclaim_place random_place(void *self, page_index page)
{
    CHECK(entry_of(self, page)->position_of != 0);
    return (struct reclaim_place){0, false};
}

static const char *random_valid(void *self)
{
    const struct random_policy *random = self;

    for (uint32_t n = 1; n <= random->count; n++)
        if (entry_of(random, entry_of(random, n)->page_at)->position_of != n)
            return "a page stands where it says";
    if (random->victim && entry_of(random, random->victim)->position_of == 0)
        return "the victim is known";
    return NULL;
}

const struct reclaim_policy_ops random_policy_ops = {
    .abi = RECLAIM_POLICY_ABI,
    .name = "random",
    .summary = "any page, each as likely as the others",
    .reference = "Belady 1966, A study of replacement algorithms for a "
                 "virtual-storage computer (RAND)",
    .page_bytes = sizeof(struct random_page),
    .init = random_init,
    .fini = random_fini,
    .resize = random_resize,
    .page_added = random_page_added,
    .page_removed = random_page_removed,
    .page_dont_need = random_page_dont_need,
    .victim = random_victim,
    .likely_victim = random_likely_victim,
    .refused = random_refused,
    .lists = random_lists,
    .place = random_place,
    .valid = random_valid,
};
