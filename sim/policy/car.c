/*
 * CAR, clock with adaptive replacement: what arc does, with clocks for its
 * lists, so that an access sets one bit. Bansal, Modha, "CAR: clock with
 * adaptive replacement" (FAST 2004).
 *
 *   new --> [T1] -- hand, bit 1 --> [T2] <-- hand, bit 1: round again
 *             | bit 0                 | bit 0
 *             v                       v
 *           victim, ghost in B1     victim, ghost in B2
 *
 *   |T1| should be p: it grows when a page comes back from B1, shrinks when one
 *   does from B2. Those enter T2.
 *
 * The search for a victim moves pages from T1 to T2: page_pair.h.
 *
 * Beyond the paper, as in arc: ghosts are no more than the memory even while
 * pages are freed or pinned; of an empty list nothing is taken.
 */
#include <stdlib.h>

#include "ghost_list.h"
#include "page_pair.h"
#include "policies.h"

enum { ONCE, OFTEN };                       /* T1, T2 of the pair */
enum { GHOSTS_ONCE = 1, GHOSTS_OFTEN = 2 }; /* B1, B2 */
enum { REFERENCED = 1 };                    /* of a mark */

struct car {
    struct reclaim_host *host;
    struct page_pair pair;
    struct ghost_table ghosts;
    uint64_t memory_pages;
    double target; /* p: of |T1| */
    bool is_back;  /* the fault under way is on a ghost */
};

/* Life. ------------------------------------------------------------------- */

static bool car_resize(void *self, uint64_t memory_pages)
{
    struct car *car = self;

    if (!ghost_table_resize(&car->ghosts, memory_pages))
        return false;
    car->memory_pages = memory_pages;
    if (car->target > (double)memory_pages)
        car->target = (double)memory_pages;
    return true;
}

static void car_fini(void *self)
{
    struct car *car = self;

    ghost_table_release(&car->ghosts);
    free(car);
}

static void *car_init(struct reclaim_host *host,
                      const union reclaim_value *values)
{
    struct car *car = calloc(1, sizeof *car);

    (void)values;
    if (!car)
        return NULL;
    car->host = host;
    car->pair = page_pair_empty(1, 2);
    car->memory_pages = host->memory_pages;
    if (ghost_table_init(&car->ghosts, host->memory_pages))
        return car;
    free(car);
    return NULL;
}

/* Ghosts. ----------------------------------------------------------------- */

static void car_refault(void *self, struct reclaim_identity identity)
{
    struct car *car = self;

    car->is_back =
        ghost_recall(&car->ghosts, ghost_name_of(identity)) != GHOST_UNKNOWN;
}

/* The ghost that came back counts as still there. */
static double step(const struct car *car, unsigned other, unsigned own)
{
    const double ratio = (double)ghost_count(&car->ghosts, other) /
                         (double)(ghost_count(&car->ghosts, own) + 1);

    return ratio > 1 ? ratio : 1;
}

static void adapt(struct car *car, unsigned came_from)
{
    const double most = (double)car->memory_pages;

    if (came_from == GHOSTS_ONCE) {
        car->target += step(car, GHOSTS_OFTEN, GHOSTS_ONCE);
        car->target = car->target > most ? most : car->target;
    } else {
        car->target -= step(car, GHOSTS_ONCE, GHOSTS_OFTEN);
        car->target = car->target < 0 ? 0 : car->target;
    }
}

static void leave_ghost(struct car *car, ghost_name name, unsigned list)
{
    struct ghost_table *ghosts = &car->ghosts;
    const uint64_t once = car->pair.list[ONCE].count;
    const uint64_t often = car->pair.list[OFTEN].count;

    ghost_add(ghosts, list, car->memory_pages, name, 0);
    /* a page that was never there comes: make the history fit */
    if (!car->is_back &&
        once + ghost_count(ghosts, GHOSTS_ONCE) >= car->memory_pages)
        ghost_drop_oldest(ghosts, GHOSTS_ONCE);
    while (once + often + ghost_count(ghosts, GHOSTS_ONCE) +
               ghost_count(ghosts, GHOSTS_OFTEN) >=
           2 * car->memory_pages) {
        const unsigned from =
            ghost_count(ghosts, GHOSTS_OFTEN) ? GHOSTS_OFTEN : GHOSTS_ONCE;

        if (ghost_count(ghosts, from) == 0)
            break;
        ghost_drop_oldest(ghosts, from);
    }
}

/* Pages. ------------------------------------------------------------------ */

static void car_page_added(void *self, page_index page,
                           enum reclaim_class class_, enum reclaim_added why)
{
    struct car *car = self;

    (void)class_;
    (void)why;
    car->is_back = false;
    named_page_at(car->host, page)->name = 0;
    page_pair_add(page_links_of(car->host), &car->pair, page, ONCE);
}

static void car_page_identity(void *self, page_index page,
                              struct reclaim_identity identity)
{
    struct car *car = self;
    const ghost_name name = ghost_name_of(identity);
    const unsigned from = ghost_return(&car->ghosts, name, NULL);

    named_page_at(car->host, page)->name = name;
    if (from == GHOST_UNKNOWN)
        return;
    adapt(car, from);
    page_pair_renew(page_links_of(car->host), &car->pair, page, OFTEN);
}

static void car_page_removed(void *self, page_index page,
                             enum reclaim_removed why)
{
    struct car *car = self;
    const unsigned list =
        page_pair_remove(page_links_of(car->host), &car->pair, page);

    if (why == RECLAIM_REMOVED_RECLAIMED)
        leave_ghost(car, named_page_at(car->host, page)->name,
                    list == ONCE ? GHOSTS_ONCE : GHOSTS_OFTEN);
}

static void car_page_accessed(void *self, page_index page,
                              enum reclaim_accessed how)
{
    const struct car *car = self;

    (void)how;
    page_link_at(page_links_of(car->host), page)->mark |= REFERENCED;
}

/* Which hand moves next. */
static unsigned list_to_take_from(const struct car *car)
{
    const double once = (double)car->pair.list[ONCE].count;

    if (car->pair.list[OFTEN].count == 0)
        return ONCE;
    return once >= 1 && once >= car->target ? ONCE : OFTEN;
}

static page_index car_victim(void *self, enum reclaim_level level)
{
    struct car *car = self;
    struct page_links links = page_links_of(car->host);

    (void)level;
    for (;;) {
        const unsigned list = list_to_take_from(car);
        const page_index page = car->pair.list[list].tail;

        if (!page || !(page_link_at(links, page)->mark & REFERENCED))
            return page;
        page_link_at(links, page)->mark &= PAGE_JUST_MOVED;
        if (list == ONCE)
            page_pair_move(links, &car->pair, page);
        else
            page_links_move_to_head(links, &car->pair.list[OFTEN], page);
    }
}

static void car_page_dont_need(void *self, page_index page)
{
    struct car *car = self;
    struct page_links links = page_links_of(car->host);

    page_pair_remove(links, &car->pair, page);
    page_link_at(links, page)->mark = 0;
    page_links_push_tail(links, &car->pair.list[list_to_take_from(car)], page);
}

/* The newest of T2, with a round to go; of T1 where it would be alone in T2. */
static void car_refused(void *self, page_index page, enum reclaim_refused why)
{
    struct car *car = self;
    struct page_links links = page_links_of(car->host);
    struct page_list_ends *list = car->pair.list;

    (void)why;
    page_pair_remove(links, &car->pair, page);
    page_link_at(links, page)->mark = REFERENCED;
    page_links_push_head(links, &list[list[OFTEN].count ? OFTEN : ONCE], page);
}

/* Looking. ---------------------------------------------------------------- */

static unsigned car_lists(void *self, struct reclaim_list *out)
{
    static const char *const names[] = {"t1", "t2"};
    const struct car *car = self;

    page_pair_show(&car->pair, names, out);
    return 2;
}

static struct reclaim_place car_place(void *self, page_index page)
{
    const struct car *car = self;
    const unsigned list =
        page_pair_seen_at(page_links_of(car->host), &car->pair, page);

    return (struct reclaim_place){list, list == OFTEN};
}

static void car_activity(void *self, uint64_t *active, uint64_t *inactive)
{
    const struct car *car = self;

    *active = page_pair_seen(&car->pair, OFTEN);
    *inactive = page_pair_seen(&car->pair, ONCE);
}

static const char *car_valid(void *self)
{
    const struct car *car = self;
    const char *broken = page_pair_valid(page_links_of(car->host), &car->pair);

    if (!broken)
        broken = ghost_table_valid(&car->ghosts);
    if (!broken && (car->target < 0 || car->target > (double)car->memory_pages))
        broken = "the target is from 0 to the memory";
    return broken;
}

const struct reclaim_policy_ops car_policy_ops = {
    .abi = RECLAIM_POLICY_ABI,
    .name = "car",
    .summary = "arc with clocks for lists: an access sets a bit",
    .reference = "Bansal, Modha 2004, CAR: clock with adaptive replacement",
    .page_bytes = sizeof(struct named_page),
    .init = car_init,
    .fini = car_fini,
    .resize = car_resize,
    .page_added = car_page_added,
    .page_removed = car_page_removed,
    .page_accessed = car_page_accessed,
    .page_dont_need = car_page_dont_need,
    .victim = car_victim,
    .refused = car_refused,
    .refault = car_refault,
    .page_identity = car_page_identity,
    .lists = car_lists,
    .place = car_place,
    .activity = car_activity,
    .valid = car_valid,
};
