/*
 * Adaptive replacement cache: pages seen once and pages seen more often, in
 * lists whose balance follows the ghosts that are hit. Megiddo, Modha, "ARC: a
 * self-tuning, low overhead replacement cache" (FAST 2003).
 *
 *        forgotten <-- [B1] <-- oldest [T1] newest <-- new
 *                                        | access
 *        forgotten <-- [B2] <-- oldest [T2] newest <-- access, back from B1, B2
 *
 *   |T1| should be p: a fault on a ghost of B1 says that T1 is too short, one on
 *   a ghost of B2 that it is too long.
 *
 * The fault that memory is needed for says which list gives a page: refault()
 * notes it, page_added() ends it. A fault without a refault() is one on a page
 * that was never there, in no ghost list either.
 *
 * Beyond the paper: ghosts are no more than the memory even while pages are
 * freed or pinned, which the paper has none of; where faults overlap the last
 * one counts.
 */
#include <stdlib.h>

#include "ghost_list.h"
#include "page_lists.h"
#include "policies.h"

enum { ONCE, OFTEN, LISTS };                /* T1, T2: seen once, more often */
enum { GHOSTS_ONCE = 1, GHOSTS_OFTEN = 2 }; /* B1, B2 */

struct arc {
    struct reclaim_host *host;
    struct page_list_ends list[LISTS];
    struct ghost_table ghosts;
    uint64_t memory_pages;
    double target;      /* p: of |T1| */
    unsigned missed_in; /* the fault under way is on a ghost of this list;
                           GHOST_UNKNOWN: on none */
};

/* Life. ------------------------------------------------------------------- */

static bool arc_resize(void *self, uint64_t memory_pages)
{
    struct arc *arc = self;

    if (!ghost_table_resize(&arc->ghosts, memory_pages))
        return false;
    arc->memory_pages = memory_pages;
    if (arc->target > (double)memory_pages)
        arc->target = (double)memory_pages;
    return true;
}

static void arc_fini(void *self)
{
    struct arc *arc = self;

    ghost_table_release(&arc->ghosts);
    free(arc);
}

static void *arc_init(struct reclaim_host *host,
                      const union reclaim_value *values)
{
    struct arc *arc = calloc(1, sizeof *arc);

    (void)values;
    if (!arc)
        return NULL;
    arc->host = host;
    page_lists_init(arc->list, LISTS);
    arc->memory_pages = host->memory_pages;
    if (ghost_table_init(&arc->ghosts, host->memory_pages))
        return arc;
    free(arc);
    return NULL;
}

/* Ghosts. ----------------------------------------------------------------- */

static double ratio_at_least_1(uint64_t above, uint64_t below)
{
    const double ratio = (double)above / (double)below;

    return ratio > 1 ? ratio : 1;
}

static void arc_refault(void *self, struct reclaim_identity identity)
{
    struct arc *arc = self;
    const uint64_t once = ghost_count(&arc->ghosts, GHOSTS_ONCE);
    const uint64_t often = ghost_count(&arc->ghosts, GHOSTS_OFTEN);

    arc->missed_in = ghost_recall(&arc->ghosts, ghost_name_of(identity));
    if (arc->missed_in == GHOSTS_ONCE && once > 0) {
        arc->target += ratio_at_least_1(often, once);
        if (arc->target > (double)arc->memory_pages)
            arc->target = (double)arc->memory_pages;
    } else if (arc->missed_in == GHOSTS_OFTEN && often > 0) {
        arc->target -= ratio_at_least_1(once, often);
        if (arc->target < 0)
            arc->target = 0;
    }
}

/* A page that was reclaimed for one that is no ghost makes the ghosts fewer
 * first (case IV). False: it leaves none itself. */
static bool make_room_for_ghost(struct arc *arc)
{
    struct ghost_table *ghosts = &arc->ghosts;
    const uint64_t once = arc->list[ONCE].count;
    const uint64_t ghosts_once = ghost_count(ghosts, GHOSTS_ONCE);
    const uint64_t all = once + arc->list[OFTEN].count + ghosts_once +
                         ghost_count(ghosts, GHOSTS_OFTEN);

    if (once + ghosts_once >= arc->memory_pages) {
        if (ghosts_once == 0)
            return false;
        ghost_drop_oldest(ghosts, GHOSTS_ONCE);
    } else if (all >= 2 * arc->memory_pages) {
        ghost_drop_oldest(ghosts, GHOSTS_OFTEN);
    }
    return true;
}

static void leave_ghost(struct arc *arc, page_index page, unsigned list)
{
    struct ghost_table *ghosts = &arc->ghosts;

    while (ghost_count(ghosts, GHOSTS_ONCE) +
               ghost_count(ghosts, GHOSTS_OFTEN) >=
           arc->memory_pages)
        ghost_drop_oldest(ghosts, ghost_count(ghosts, GHOSTS_OFTEN)
                                      ? GHOSTS_OFTEN
                                      : GHOSTS_ONCE);
    ghost_add(ghosts, list == ONCE ? GHOSTS_ONCE : GHOSTS_OFTEN,
              arc->memory_pages, named_page_at(arc->host, page)->name, 0);
}

/* Pages. ------------------------------------------------------------------ */

static void move(struct arc *arc, page_index page, unsigned to)
{
    page_lists_move_to_head(page_links_of(arc->host), arc->list, page, to);
}

static void arc_page_added(void *self, page_index page,
                           enum reclaim_class class_, enum reclaim_added why)
{
    struct arc *arc = self;

    (void)class_;
    (void)why;
    arc->missed_in = GHOST_UNKNOWN;
    named_page_at(arc->host, page)->name = 0;
    page_links_push_head(page_links_of(arc->host), &arc->list[ONCE], page);
}

static void arc_page_identity(void *self, page_index page,
                              struct reclaim_identity identity)
{
    struct arc *arc = self;
    const ghost_name name = ghost_name_of(identity);

    named_page_at(arc->host, page)->name = name;
    if (ghost_return(&arc->ghosts, name, NULL) != GHOST_UNKNOWN)
        move(arc, page, OFTEN);
}

static void arc_page_removed(void *self, page_index page,
                             enum reclaim_removed why)
{
    struct arc *arc = self;
    bool is_remembered = why == RECLAIM_REMOVED_RECLAIMED;

    if (is_remembered && arc->missed_in == GHOST_UNKNOWN)
        is_remembered = make_room_for_ghost(arc);
    const unsigned list =
        page_lists_remove(page_links_of(arc->host), arc->list, page);

    if (is_remembered)
        leave_ghost(arc, page, list);
}

static void arc_page_accessed(void *self, page_index page,
                              enum reclaim_accessed how)
{
    struct arc *arc = self;

    (void)how;
    move(arc, page, OFTEN);
}

/* REPLACE of the paper. */
static unsigned list_to_take_from(const struct arc *arc)
{
    const double once = (double)arc->list[ONCE].count;

    if (arc->list[OFTEN].count == 0)
        return ONCE;
    if (arc->list[ONCE].count == 0)
        return OFTEN;
    if (once > arc->target ||
        (once >= arc->target && arc->missed_in == GHOSTS_OFTEN))
        return ONCE;
    return OFTEN;
}

static page_index arc_victim(void *self, enum reclaim_level level)
{
    const struct arc *arc = self;

    (void)level;
    return arc->list[list_to_take_from(arc)].tail;
}

static page_index arc_likely_victim(const void *self, page_index page)
{
    const struct arc *arc = self;

    return page_links_towards_head(page_links_of(arc->host),
                                   &arc->list[list_to_take_from(arc)], page);
}

/* The oldest of the list that goes next. */
static void arc_page_dont_need(void *self, page_index page)
{
    struct arc *arc = self;
    struct page_links links = page_links_of(arc->host);

    page_lists_remove(links, arc->list, page);
    page_links_push_tail(links, &arc->list[list_to_take_from(arc)], page);
}

/* As if accessed; where it is the only one there, to the other list. */
static void arc_refused(void *self, page_index page, enum reclaim_refused why)
{
    struct arc *arc = self;

    (void)why;
    move(arc, page, OFTEN);
    if (arc->list[list_to_take_from(arc)].tail == page)
        move(arc, page, ONCE);
}

/* Looking. ---------------------------------------------------------------- */

static unsigned arc_lists(void *self, struct reclaim_list *out)
{
    static const char *const names[LISTS] = {"t1", "t2"};
    const struct arc *arc = self;

    return page_lists_show(arc->list, names, LISTS, out);
}

static struct reclaim_place arc_place(void *self, page_index page)
{
    const struct arc *arc = self;
    const unsigned list = page_lists_index(page_links_of(arc->host), page);

    return (struct reclaim_place){list, list == OFTEN};
}

static void arc_activity(void *self, uint64_t *active, uint64_t *inactive)
{
    const struct arc *arc = self;

    *active = arc->list[OFTEN].count;
    *inactive = arc->list[ONCE].count;
}

static const char *arc_valid(void *self)
{
    const struct arc *arc = self;
    const char *broken =
        page_lists_valid(page_links_of(arc->host), arc->list, LISTS);

    if (!broken)
        broken = ghost_table_valid(&arc->ghosts);
    if (!broken && (arc->target < 0 || arc->target > (double)arc->memory_pages))
        broken = "the target is from 0 to the memory";
    return broken;
}

const struct reclaim_policy_ops arc_policy_ops = {
    .abi = RECLAIM_POLICY_ABI,
    .name = "arc",
    .summary = "pages seen once and more often, balanced by the ghosts of both",
    .reference = "Megiddo, Modha 2003, ARC: a self-tuning, low overhead "
                 "replacement cache",
    .page_bytes = sizeof(struct named_page),
    .init = arc_init,
    .fini = arc_fini,
    .resize = arc_resize,
    .page_added = arc_page_added,
    .page_removed = arc_page_removed,
    .page_accessed = arc_page_accessed,
    .page_dont_need = arc_page_dont_need,
    .victim = arc_victim,
    .likely_victim = arc_likely_victim,
    .refused = arc_refused,
    .refault = arc_refault,
    .page_identity = arc_page_identity,
    .lists = arc_lists,
    .place = arc_place,
    .activity = arc_activity,
    .valid = arc_valid,
};
