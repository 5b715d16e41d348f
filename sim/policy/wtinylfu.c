/*
 * W-TinyLFU: a small lru for new pages and a large segmented one, with a
 * contest between the two of them when a page has to go: the one seen less
 * often lately loses. Einziger, Friedman, Manes, "TinyLFU: a highly efficient
 * cache admission policy" (ACM Transactions on Storage, 2017).
 *
 *   new --> [window, lru] -- oldest: candidate --+-- seen more often: enters
 *                                                |   probation, the other goes
 *   [protected] <-- access -- [probation] -- oldest --+-- else: candidate goes
 *        +--- oldest of too many --^
 *
 * How often a page was seen, wherever it is, is estimated by a sketch of
 * counters that are halved now and then (frequency_sketch.h).
 *
 * The window takes 1% of the memory, protected pages 80% of the rest, as the
 * paper has it. Left out: the doorkeeper (a filter before the sketch), and what
 * implementations add since: a window that adapts, and chance against attacks
 * by hash.
 *
 * A host that does not tell names leaves nothing to count; then a candidate
 * loses each contest.
 */
#include <stdlib.h>

#include "frequency_sketch.h"
#include "ghost_list.h"
#include "page_lists.h"
#include "policies.h"

enum { PARAM_WINDOW, PARAM_PROTECTED };
enum { WINDOW, PROBATION, PROTECTED, LISTS };

struct wtinylfu {
    struct reclaim_host *host;
    struct page_list_ends list[LISTS];
    struct frequency_sketch sketch;
    uint64_t window_share;    /* pages, at least one */
    uint64_t protected_share; /* pages */
    double window_part, protected_part;
};

/* Life. ------------------------------------------------------------------- */

static void set_shares(struct wtinylfu *w, uint64_t memory_pages)
{
    w->window_share = (uint64_t)((double)memory_pages * w->window_part);
    if (w->window_share == 0)
        w->window_share = 1;
    w->protected_share =
        memory_pages > w->window_share
            ? (uint64_t)((double)(memory_pages - w->window_share) *
                         w->protected_part)
            : 0;
}

static bool wtinylfu_resize(void *self, uint64_t memory_pages)
{
    struct wtinylfu *w = self;

    if (!sketch_reset(&w->sketch, memory_pages))
        return false;
    set_shares(w, memory_pages);
    return true;
}

static void wtinylfu_fini(void *self)
{
    struct wtinylfu *w = self;

    sketch_release(&w->sketch);
    free(w);
}

static void *wtinylfu_init(struct reclaim_host *host,
                           const union reclaim_value *values)
{
    struct wtinylfu *w = calloc(1, sizeof *w);

    if (!w)
        return NULL;
    w->host = host;
    page_lists_init(w->list, LISTS);
    w->window_part = values[PARAM_WINDOW].real;
    w->protected_part = values[PARAM_PROTECTED].real;
    if (wtinylfu_resize(w, host->memory_pages))
        return w;
    free(w);
    return NULL;
}

/* Pages. ------------------------------------------------------------------ */

static unsigned list_of(const struct wtinylfu *w, page_index page)
{
    return page_lists_index(page_links_of(w->host), page);
}

static void move(struct wtinylfu *w, page_index page, unsigned to)
{
    page_lists_move_to_head(page_links_of(w->host), w->list, page, to);
}

static void count_sight(struct wtinylfu *w, page_index page)
{
    const ghost_name name = named_page_at(w->host, page)->name;

    if (name)
        sketch_add(&w->sketch, name);
}

static unsigned sights(const struct wtinylfu *w, page_index page)
{
    const ghost_name name = named_page_at(w->host, page)->name;

    return name ? sketch_estimate(&w->sketch, name) : 0;
}

/* While there is free memory the window overflows without a contest. */
static void wtinylfu_page_added(void *self, page_index page,
                                enum reclaim_class class_,
                                enum reclaim_added why)
{
    struct wtinylfu *w = self;

    (void)class_;
    (void)why;
    named_page_at(w->host, page)->name = 0;
    page_links_push_head(page_links_of(w->host), &w->list[WINDOW], page);
    while (w->list[WINDOW].count > w->window_share)
        move(w, w->list[WINDOW].tail, PROBATION);
}

static void wtinylfu_page_identity(void *self, page_index page,
                                   struct reclaim_identity identity)
{
    struct wtinylfu *w = self;

    named_page_at(w->host, page)->name = ghost_name_of(identity);
    count_sight(w, page);
}

/* The sketch remembers; there is nothing else to do. */
static void wtinylfu_refault(void *self, struct reclaim_identity identity)
{
    (void)self;
    (void)identity;
}

/* The next of the main lists to go. */
static page_index main_victim(const struct wtinylfu *w)
{
    const page_index page = w->list[PROBATION].tail;

    return page ? page : w->list[PROTECTED].tail;
}

static page_index wtinylfu_victim(void *self, enum reclaim_level level)
{
    const struct wtinylfu *w = self;
    const page_index candidate = w->list[WINDOW].tail;
    const page_index other = main_victim(w);

    (void)level;
    if (!candidate || !other)
        return candidate ? candidate : other;
    if (w->list[WINDOW].count < w->window_share)
        return other;
    return sights(w, candidate) > sights(w, other) ? other : candidate;
}

/* Where a page of the main lists went, a window that is full gives up its
 * oldest when the next page comes: the candidate enters probation. */
static void wtinylfu_page_removed(void *self, page_index page,
                                  enum reclaim_removed why)
{
    struct wtinylfu *w = self;

    (void)why;
    page_lists_remove(page_links_of(w->host), w->list, page);
}

static void wtinylfu_page_accessed(void *self, page_index page,
                                   enum reclaim_accessed how)
{
    struct wtinylfu *w = self;
    const unsigned list = list_of(w, page);

    (void)how;
    count_sight(w, page);
    move(w, page, list == WINDOW ? WINDOW : PROTECTED);
    while (w->list[PROTECTED].count > w->protected_share)
        move(w, w->list[PROTECTED].tail, PROBATION);
}

/* The oldest of probation, and it loses every contest to come. */
static void wtinylfu_page_dont_need(void *self, page_index page)
{
    struct wtinylfu *w = self;

    page_lists_move_to_tail(page_links_of(w->host), w->list, page, PROBATION);
}

/* The newest of the window, or of the protected pages where the window's
 * oldest goes next: behind all others of both. */
static void wtinylfu_refused(void *self, page_index page,
                             enum reclaim_refused why)
{
    struct wtinylfu *w = self;

    (void)why;
    move(w, page, PROTECTED);
    if (wtinylfu_victim(w, RECLAIM_INCLUDE_NEWEST) == page)
        move(w, page, WINDOW);
}

/* Looking. ---------------------------------------------------------------- */

static unsigned wtinylfu_lists(void *self, struct reclaim_list *out)
{
    static const char *const names[LISTS] = {"window", "probation",
                                             "protected"};
    const struct wtinylfu *w = self;

    return page_lists_show(w->list, names, LISTS, out);
}

static struct reclaim_place wtinylfu_place(void *self, page_index page)
{
    const unsigned list = list_of(self, page);

    return (struct reclaim_place){list, list == PROTECTED};
}

static void wtinylfu_activity(void *self, uint64_t *active, uint64_t *inactive)
{
    const struct wtinylfu *w = self;

    *active = w->list[PROTECTED].count;
    *inactive = w->list[WINDOW].count + w->list[PROBATION].count;
}

static const char *wtinylfu_valid(void *self)
{
    const struct wtinylfu *w = self;

    return page_lists_valid(page_links_of(w->host), w->list, LISTS);
}

static const struct reclaim_param wtinylfu_params[] = {
    [PARAM_WINDOW] = {.name = "window",
                      .kind = RECLAIM_PARAM_REAL,
                      .default_text = "0.01",
                      .maximum = 1,
                      .help = "share of the memory for new pages"},
    [PARAM_PROTECTED] = {.name = "protected",
                         .kind = RECLAIM_PARAM_REAL,
                         .default_text = "0.8",
                         .maximum = 1,
                         .help = "share of the rest for pages accessed again"},
    {.name = NULL},
};

const struct reclaim_policy_ops wtinylfu_policy_ops = {
    .abi = RECLAIM_POLICY_ABI,
    .name = "wtinylfu",
    .summary =
        "a window of new pages; those seen more often lately get past it",
    .reference = "Einziger, Friedman, Manes 2017, TinyLFU: a highly efficient "
                 "cache admission policy",
    .params = wtinylfu_params,
    .page_bytes = sizeof(struct named_page),
    .init = wtinylfu_init,
    .fini = wtinylfu_fini,
    .resize = wtinylfu_resize,
    .page_added = wtinylfu_page_added,
    .page_removed = wtinylfu_page_removed,
    .page_accessed = wtinylfu_page_accessed,
    .page_dont_need = wtinylfu_page_dont_need,
    .victim = wtinylfu_victim,
    .refused = wtinylfu_refused,
    .refault = wtinylfu_refault,
    .page_identity = wtinylfu_page_identity,
    .lists = wtinylfu_lists,
    .place = wtinylfu_place,
    .activity = wtinylfu_activity,
    .valid = wtinylfu_valid,
};
