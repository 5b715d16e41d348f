/*
 * Linux's two lists: inactive and active, for anonymous and for file pages.
 * Follows mm/vmscan.c, mm/swap.c and mm/workingset.c of 5.9 to 6.1 as they are
 * described there and in Johannes Weiner's articles on refault distance.
 *
 *                   second access                too few inactive ones
 *   new --> [inactive] ------------> [active] -------------------------+
 *               ^ |                                                    |
 *               | +-- oldest, not accessed --> victim                  |
 *               |         |                                            |
 *               |         | accessed once since: round again           |
 *               +---------+--------------------------------------------+
 *
 *   A page that comes back is active at once when the pages reclaimed and made
 *   active since it went (its refault distance) are no more than the pages that
 *   could have made way for it.
 *
 * Which kind gives a page: the share of each is its size, times swappiness
 * (anonymous) or 200 less swappiness (file), over what its refaults have cost
 * lately. While file pages are plenty and not mostly active, they give all
 * (cache_trim_mode).
 *
 * An access by software (a system call) is mark_page_accessed(): it sets the
 * referenced bit, and with the bit set makes a page active. Any other access
 * sets the young bit, which counts when the page is met at the end of its list.
 *
 * The search for a victim moves pages between the lists: page_pair.h.
 *
 * Left out: memory control groups and nodes, per-CPU batches, priorities (the
 * scan is one page at a time where Linux takes 32, so shares are kept over time
 * by a running remainder), the protection of executable file pages, costs of
 * writing pages back, and the shadow entries' coarse clock.
 */
#include <stdlib.h>

#include "ghost_list.h"
#include "page_kinds.h"
#include "page_pair.h"
#include "policies.h"

enum { TRIM_SHIFT = 12, GIB_SHIFT = 18 };
enum { INACTIVE, ACTIVE };          /* of a pair */
enum { REFERENCED = 1, YOUNG = 2 }; /* of a mark */
enum { SHADOWS = 1 };               /* the list of ghosts */

struct linux2_page {
    struct page_link link;
    uint64_t name : 63;
    uint64_t is_workingset : 1; /* was active before it was made inactive */
};
static_assert(sizeof(struct linux2_page) == 16, "sixteen bytes a page");

struct linux2 {
    struct reclaim_host *host;
    struct page_pair pair[KINDS];
    struct ghost_table shadows; /* notes: `age` when the page went */
    uint64_t memory_pages;
    uint64_t age; /* nonresident_age: pages that went or became active */
    uint64_t cost[KINDS]; /* of refaults, lately */
    uint64_t swappiness;

    /* which kind gives a page: stays so until one is taken or refused, since
     * the search itself changes what the choice depends on */
    bool is_chosen;
    enum page_kind chosen;
    double chosen_share;   /* of anonymous pages */
    double anon_remainder; /* anonymous pages due, less those taken */
};

static struct linux2_page *page_of(const struct linux2 *linux2, page_index page)
{
    return (struct linux2_page *)linux2->host->page_memory + page;
}

static enum page_kind kind_of(const struct linux2 *linux2, page_index page)
{
    const unsigned id = page_of(linux2, page)->link.list;

    CHECK(id != 0);
    return id <= 2 ? ANON : FILE_BACKED;
}

static uint64_t size_of(const struct linux2 *linux2, enum page_kind kind)
{
    const struct page_pair *pair = &linux2->pair[kind];

    return pair->list[INACTIVE].count + pair->list[ACTIVE].count;
}

/* Life. ------------------------------------------------------------------- */

static bool linux2_resize(void *self, uint64_t memory_pages)
{
    struct linux2 *linux2 = self;

    if (!ghost_table_resize(&linux2->shadows, memory_pages))
        return false;
    linux2->memory_pages = memory_pages;
    return true;
}

static void linux2_fini(void *self)
{
    struct linux2 *linux2 = self;

    ghost_table_release(&linux2->shadows);
    free(linux2);
}

static void *linux2_init(struct reclaim_host *host,
                         const union reclaim_value *values)
{
    struct linux2 *linux2 = calloc(1, sizeof *linux2);

    if (!linux2)
        return NULL;
    linux2->host = host;
    linux2->pair[ANON] = page_pair_empty(1, 2);
    linux2->pair[FILE_BACKED] = page_pair_empty(3, 4);
    linux2->memory_pages = host->memory_pages;
    linux2->swappiness = values[PARAM_SWAPPINESS].uint;
    if (ghost_table_init(&linux2->shadows, host->memory_pages))
        return linux2;
    free(linux2);
    return NULL;
}

/* Which kind gives a page. ------------------------------------------------ */

static uint64_t square_root(uint64_t n)
{
    uint64_t root = 0;

    for (uint64_t bit = UINT64_C(1) << 31; bit; bit >>= 1)
        if ((root + bit) * (root + bit) <= n)
            root += bit;
    return root;
}

/* Few inactive pages, for the size of memory: pages have to be made so. */
static bool inactive_is_low(const struct linux2 *linux2, enum page_kind kind)
{
    const struct page_pair *pair = &linux2->pair[kind];
    const uint64_t gib = size_of(linux2, kind) >> GIB_SHIFT;
    const uint64_t ratio = gib ? square_root(10 * gib) : 1;

    return pair->list[INACTIVE].count * ratio < pair->list[ACTIVE].count;
}

/* The share of reclaim that falls to anonymous pages, 0 to 1. */
static double anon_share(const struct linux2 *linux2)
{
    const uint64_t anon = size_of(linux2, ANON);
    const uint64_t file = size_of(linux2, FILE_BACKED);

    if (anon == 0 || file == 0)
        return anon != 0;
    if (linux2->swappiness == 0)
        return 0;
    if (linux2->pair[FILE_BACKED].list[INACTIVE].count >> TRIM_SHIFT &&
        !inactive_is_low(linux2, FILE_BACKED))
        return 0;
    const double both =
        (double)(linux2->cost[ANON] + linux2->cost[FILE_BACKED]);
    const double anon_weight = (double)linux2->swappiness * (double)anon /
                               (both + (double)linux2->cost[ANON] + 1);
    const double file_weight = (double)(MAX_SWAPPINESS - linux2->swappiness) *
                               (double)file /
                               (both + (double)linux2->cost[FILE_BACKED] + 1);

    return anon_weight / (anon_weight + file_weight);
}

static void choose(struct linux2 *linux2)
{
    const double share = anon_share(linux2);

    if (linux2->is_chosen)
        return;
    linux2->is_chosen = true;
    linux2->chosen_share = share;
    if (share <= 0 || share >= 1)
        linux2->chosen = share <= 0 ? FILE_BACKED : ANON;
    else
        linux2->chosen =
            linux2->anon_remainder + share >= 0.5 ? ANON : FILE_BACKED;
}

static void note_taken(struct linux2 *linux2, enum page_kind kind)
{
    if (!linux2->is_chosen)
        return;
    linux2->is_chosen = false;
    linux2->anon_remainder += linux2->chosen_share - (kind == ANON);
    /* what other reasons took has no say for long */
    if (linux2->anon_remainder > 1 || linux2->anon_remainder < -1)
        linux2->anon_remainder = 0;
}

/* lru_note_cost(): what is long ago counts less. */
static void note_cost(struct linux2 *linux2, enum page_kind kind)
{
    linux2->cost[kind]++;
    if (linux2->cost[ANON] + linux2->cost[FILE_BACKED] >
        linux2->memory_pages / 4) {
        linux2->cost[ANON] /= 2;
        linux2->cost[FILE_BACKED] /= 2;
    }
}

/* Pages. ------------------------------------------------------------------ */

static void move(struct linux2 *linux2, page_index page, unsigned to)
{
    page_pair_renew(page_links_of(linux2->host),
                    &linux2->pair[kind_of(linux2, page)], page, to);
}

static void linux2_page_added(void *self, page_index page,
                              enum reclaim_class class_, enum reclaim_added why)
{
    struct linux2 *linux2 = self;
    const enum page_kind kind = page_kind_of(class_);

    (void)why;
    linux2->is_chosen = false;
    page_of(linux2, page)->name = 0;
    page_of(linux2, page)->is_workingset = false;
    page_pair_add(page_links_of(linux2->host), &linux2->pair[kind], page,
                  INACTIVE);
}

/* Could the page have stayed, had others made way for it? */
static bool was_close(const struct linux2 *linux2, enum page_kind kind,
                      uint64_t went_at)
{
    const enum page_kind other = page_kind_other(kind);
    const uint64_t distance = linux2->age - went_at;
    uint64_t others = linux2->pair[kind].list[ACTIVE].count;

    if (other == FILE_BACKED || linux2->swappiness > 0)
        others += size_of(linux2, other);
    return distance <= others;
}

/* workingset_refault() */
static void linux2_page_identity(void *self, page_index page,
                                 struct reclaim_identity identity)
{
    struct linux2 *linux2 = self;
    struct linux2_page *p = page_of(linux2, page);
    const ghost_name name = ghost_name_of(identity);
    uint64_t note;

    p->name = name & (UINT64_MAX >> 1);
    if (ghost_return(&linux2->shadows, name, &note) == GHOST_UNKNOWN)
        return;
    const enum page_kind kind = kind_of(linux2, page);
    const bool was_workingset = note & 1;

    if (!was_close(linux2, kind, note >> 1))
        return;
    move(linux2, page, ACTIVE);
    linux2->age++;
    if (was_workingset) {
        p->is_workingset = true;
        note_cost(linux2, kind);
    }
}

static void linux2_refault(void *self, struct reclaim_identity identity)
{
    struct linux2 *linux2 = self;

    ghost_recall(&linux2->shadows, ghost_name_of(identity));
}

static void linux2_page_removed(void *self, page_index page,
                                enum reclaim_removed why)
{
    struct linux2 *linux2 = self;
    const enum page_kind kind = kind_of(linux2, page);
    const struct linux2_page *p = page_of(linux2, page);

    if (why != RECLAIM_REMOVED_RECLAIMED) {
        linux2->is_chosen = false; /* its kind may have no more */
    } else {
        note_taken(linux2, kind);
        ghost_add(&linux2->shadows, SHADOWS, linux2->memory_pages, p->name,
                  linux2->age << 1 | p->is_workingset);
        linux2->age++;
    }
    page_pair_remove(page_links_of(linux2->host), &linux2->pair[kind], page);
}

static void linux2_page_accessed(void *self, page_index page,
                                 enum reclaim_accessed how)
{
    struct linux2 *linux2 = self;
    struct page_link *link = page_link_at(page_links_of(linux2->host), page);

    if (how != RECLAIM_ACCESSED_SOFTWARE) {
        link->mark |= YOUNG;
        return;
    }
    const struct page_pair *pair = &linux2->pair[kind_of(linux2, page)];

    if (!(link->mark & REFERENCED)) {
        link->mark |= REFERENCED;
    } else if (link->list == pair->list[INACTIVE].id) {
        move(linux2, page, ACTIVE);
        link->mark &= YOUNG;
        linux2->age++;
    }
}

/* deactivate_file_page(): the first to go of its kind. */
static void linux2_page_dont_need(void *self, page_index page)
{
    struct linux2 *linux2 = self;

    struct page_links links = page_links_of(linux2->host);
    struct page_pair *pair = &linux2->pair[kind_of(linux2, page)];

    page_pair_remove(links, pair, page);
    page_link_at(links, page)->mark = 0;
    page_links_push_tail(links, &pair->list[INACTIVE], page);
}

/* The search for a victim. ------------------------------------------------ */

/* shrink_active_list(), one page at a time */
static void deactivate(struct linux2 *linux2, enum page_kind kind)
{
    struct page_links links = page_links_of(linux2->host);
    struct page_pair *pair = &linux2->pair[kind];

    while (inactive_is_low(linux2, kind)) {
        const page_index page = pair->list[ACTIVE].tail;

        page_link_at(links, page)->mark &= PAGE_JUST_MOVED;
        page_of(linux2, page)->is_workingset = true;
        page_pair_move(links, pair, page);
    }
}

/* page_check_references(): true if the page may go. */
static bool check_references(struct linux2 *linux2, enum page_kind kind,
                             page_index page)
{
    struct page_links links = page_links_of(linux2->host);
    struct page_pair *pair = &linux2->pair[kind];
    struct page_link *link = page_link_at(links, page);
    const unsigned was = link->mark;

    if (!(was & YOUNG))
        return true;
    link->mark = was & PAGE_JUST_MOVED;
    if (was & REFERENCED) {
        page_pair_move(links, pair, page);
        linux2->age++;
    } else {
        link->mark |= REFERENCED;
        page_links_move_to_head(links, &pair->list[INACTIVE], page);
    }
    return false;
}

static page_index linux2_victim(void *self, enum reclaim_level level)
{
    struct linux2 *linux2 = self;
    page_index page;

    (void)level;
    choose(linux2);
    do {
        deactivate(linux2, linux2->chosen);
        page = linux2->pair[linux2->chosen].list[INACTIVE].tail;
    } while (page && !check_references(linux2, linux2->chosen, page));
    return page;
}

/* It becomes active before it is met again; the other kind goes next if this
 * one has no other. */
static void linux2_refused(void *self, page_index page,
                           enum reclaim_refused why)
{
    struct linux2 *linux2 = self;
    const enum page_kind kind = kind_of(linux2, page);
    const enum page_kind other = page_kind_other(kind);

    (void)why;
    move(linux2, page, INACTIVE);
    page_link_at(page_links_of(linux2->host), page)->mark = REFERENCED | YOUNG;
    linux2->is_chosen = size_of(linux2, kind) == 1 && size_of(linux2, other);
    linux2->chosen = other;
    linux2->chosen_share = other == ANON;
}

/* Looking. ---------------------------------------------------------------- */

static unsigned linux2_lists(void *self, struct reclaim_list *out)
{
    static const char *const names[KINDS][2] = {
        {"inactive_anon", "active_anon"}, {"inactive_file", "active_file"}};
    const struct linux2 *linux2 = self;

    for (unsigned kind = 0; kind < KINDS; kind++)
        page_pair_show(&linux2->pair[kind], names[kind], out + 2 * kind);
    return 2 * KINDS;
}

static struct reclaim_place linux2_place(void *self, page_index page)
{
    const struct linux2 *linux2 = self;
    const enum page_kind kind = kind_of(linux2, page);
    const unsigned n = page_pair_seen_at(page_links_of(linux2->host),
                                         &linux2->pair[kind], page);

    return (struct reclaim_place){2 * kind + n, n == ACTIVE};
}

static void linux2_activity(void *self, uint64_t *active, uint64_t *inactive)
{
    const struct linux2 *linux2 = self;

    *active = *inactive = 0;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        *active += page_pair_seen(&linux2->pair[kind], ACTIVE);
        *inactive += page_pair_seen(&linux2->pair[kind], INACTIVE);
    }
}

static const char *linux2_valid(void *self)
{
    const struct linux2 *linux2 = self;
    struct page_links links = page_links_of(linux2->host);
    const char *broken = page_pair_valid(links, &linux2->pair[ANON]);

    if (!broken)
        broken = page_pair_valid(links, &linux2->pair[FILE_BACKED]);
    return broken ? broken : ghost_table_valid(&linux2->shadows);
}

const struct reclaim_policy_ops linux2_policy_ops = {
    .abi = RECLAIM_POLICY_ABI,
    .name = "linux2",
    .summary = "Linux's active and inactive lists, anonymous and file, with "
               "refault distance",
    .reference = "Linux 5.9 to 6.1, mm/vmscan.c and mm/workingset.c",
    .params = swappiness_params,
    .page_bytes = sizeof(struct linux2_page),
    .init = linux2_init,
    .fini = linux2_fini,
    .resize = linux2_resize,
    .page_added = linux2_page_added,
    .page_removed = linux2_page_removed,
    .page_accessed = linux2_page_accessed,
    .page_dont_need = linux2_page_dont_need,
    .victim = linux2_victim,
    .refused = linux2_refused,
    .refault = linux2_refault,
    .page_identity = linux2_page_identity,
    .lists = linux2_lists,
    .place = linux2_place,
    .activity = linux2_activity,
    .valid = linux2_valid,
};
