/*
 * Belady's optimum: the page whose next use is furthest goes, one that is never
 * used again first. Belady, "A study of replacement algorithms for a
 * virtual-storage computer" (IBM Systems Journal, 1966); Mattson et al. (1970)
 * proved that no policy misses less. A missed page is always brought in.
 *
 * The host must know the future: when a page comes or is accessed it says when
 * that page is used next. A replay reads it in its trace; a machine is told what
 * another run of it recorded.
 *
 *              [root]          the page used last of all; parents are used
 *             /   |   \        no sooner than their children
 *          [ ] - [ ] - [ ]
 *           |           |      child, sibling, and a link back to the left
 *          [ ]         [ ]     or up: sixteen bytes with the time of next use
 *
 * Pages are a pairing heap (Fredman, Sedgewick, Sleator, Tarjan 1986) in page
 * memory. An access is constant time: the page was to be used now, sooner than
 * all others, so its time grows, and a subtree is hung elsewhere. Taking the
 * root is O(log n) amortised, the one exception from constant time here: no
 * order of pages is kept up by less.
 *
 * Ties are between pages that are never used again (or were refused), and do
 * not change what is missed.
 */
#include <stdlib.h>

#include "check.h"
#include "policies.h"

/* Times of next use, as kept: as the host's, but for these. */
enum { UNKNOWN_PAGE = 0, AT_ONCE = 1 };
#define NEVER UINT32_MAX

struct opt_page {
    page_index child;   /* the first */
    page_index sibling; /* to the right */
    page_index back;    /* to the left, or the parent of the first */
    uint32_t next_use;
};
static_assert(sizeof(struct opt_page) == 16, "sixteen bytes a page");

struct opt {
    struct reclaim_host *host;
    page_index root;
    uint64_t count;
};

static struct opt_page *page_of(const struct opt *opt, page_index page)
{
    return (struct opt_page *)opt->host->page_memory + page;
}

/* The heap. --------------------------------------------------------------- */

/* Two trees become one; `a` stays above where times are equal. */
static page_index meld(const struct opt *opt, page_index a, page_index b)
{
    if (!a || !b)
        return a ? a : b;
    if (page_of(opt, b)->next_use > page_of(opt, a)->next_use) {
        const page_index other = a;

        a = b;
        b = other;
    }
    struct opt_page *above = page_of(opt, a), *below = page_of(opt, b);

    below->back = a;
    below->sibling = above->child;
    if (above->child)
        page_of(opt, above->child)->back = b;
    above->child = b;
    return a;
}

/* The tree of `page`, which is not the root, on its own. */
static void cut(const struct opt *opt, page_index page)
{
    struct opt_page *p = page_of(opt, page), *back = page_of(opt, p->back);

    if (back->child == page)
        back->child = p->sibling;
    else
        back->sibling = p->sibling;
    if (p->sibling)
        page_of(opt, p->sibling)->back = p->back;
    p->sibling = PAGE_NONE;
    p->back = PAGE_NONE;
}

/* One tree of all children, first in pairs from left to right, then those from
 * right to left: what makes the heap fast. */
static page_index meld_children(const struct opt *opt, page_index page)
{
    page_index left = page_of(opt, page)->child, pairs = PAGE_NONE,
               whole = PAGE_NONE;

    page_of(opt, page)->child = PAGE_NONE;
    while (left) {
        const page_index a = left, b = page_of(opt, a)->sibling;

        left = b ? page_of(opt, b)->sibling : PAGE_NONE;
        page_of(opt, a)->sibling = page_of(opt, a)->back = PAGE_NONE;
        if (b)
            page_of(opt, b)->sibling = page_of(opt, b)->back = PAGE_NONE;
        const page_index pair = meld(opt, a, b);

        page_of(opt, pair)->sibling = pairs;
        pairs = pair;
    }
    while (pairs) {
        const page_index pair = pairs;

        pairs = page_of(opt, pair)->sibling;
        page_of(opt, pair)->sibling = PAGE_NONE;
        whole = meld(opt, whole, pair);
    }
    return whole;
}

static void take_out(struct opt *opt, page_index page)
{
    if (page == opt->root) {
        opt->root = meld_children(opt, page);
        return;
    }
    cut(opt, page);
    opt->root = meld(opt, opt->root, meld_children(opt, page));
}

static void set_next_use(struct opt *opt, page_index page, uint32_t next_use)
{
    struct opt_page *p = page_of(opt, page);

    CHECK(p->next_use != UNKNOWN_PAGE);
    if (next_use < p->next_use) {
        take_out(opt, page);
        p->next_use = next_use;
        opt->root = meld(opt, opt->root, page);
        return;
    }
    p->next_use = next_use;
    if (page != opt->root) {
        cut(opt, page);
        opt->root = meld(opt, opt->root, page);
    }
}

static uint32_t told_next_use(const struct opt *opt, page_index page)
{
    const struct reclaim_host *host = opt->host;
    const uint64_t told = host->look_ahead
                              ? host->look_ahead(host->future, page)
                              : host->next_use;

    if (told <= AT_ONCE)
        return AT_ONCE;
    return told < NEVER ? (uint32_t)told : NEVER;
}

/* Life. ------------------------------------------------------------------- */

static void *opt_init(struct reclaim_host *host,
                      const union reclaim_value *values)
{
    struct opt *opt = calloc(1, sizeof *opt);

    (void)values;
    if (opt)
        opt->host = host;
    return opt;
}

static void opt_fini(void *self)
{
    free(self);
}

static bool opt_resize(void *self, uint64_t memory_pages)
{
    (void)self;
    (void)memory_pages;
    return true;
}

/* Pages. ------------------------------------------------------------------ */

static void opt_page_added(void *self, page_index page,
                           enum reclaim_class class_, enum reclaim_added why)
{
    struct opt *opt = self;

    (void)class_;
    (void)why;
    CHECK(page_of(opt, page)->next_use == UNKNOWN_PAGE);
    *page_of(opt, page) =
        (struct opt_page){.next_use = told_next_use(opt, page)};
    opt->root = meld(opt, opt->root, page);
    opt->count++;
}

static void opt_page_removed(void *self, page_index page,
                             enum reclaim_removed why)
{
    struct opt *opt = self;

    (void)why;
    CHECK(page_of(opt, page)->next_use != UNKNOWN_PAGE);
    take_out(opt, page);
    page_of(opt, page)->next_use = UNKNOWN_PAGE;
    opt->count--;
}

static void opt_page_accessed(void *self, page_index page,
                              enum reclaim_accessed how)
{
    (void)how;
    set_next_use(self, page, told_next_use(self, page));
}

static void opt_page_dont_need(void *self, page_index page)
{
    set_next_use(self, page, NEVER);
}

static page_index opt_victim(void *self, enum reclaim_level level)
{
    const struct opt *opt = self;

    (void)level;
    return opt->root;
}

static void opt_refused(void *self, page_index page, enum reclaim_refused why)
{
    struct opt *opt = self;

    (void)why;
    /* Taken out first: where all are refused the others must get above. */
    take_out(opt, page);
    page_of(opt, page)->next_use = AT_ONCE;
    opt->root = meld(opt, opt->root, page);
}

/* Looking. ---------------------------------------------------------------- */

static unsigned opt_lists(void *self, struct reclaim_list *out)
{
    const struct opt *opt = self;

    out[0] = (struct reclaim_list){"opt", opt->count};
    return 1;
}

static struct reclaim_place opt_place(void *self, page_index page)
{
    CHECK(page_of(self, page)->next_use != UNKNOWN_PAGE);
    return (struct reclaim_place){0, false};
}

/* The next page of a walk over the heap; PAGE_NONE: that was all. */
static page_index walk_on(const struct opt *opt, page_index page)
{
    if (page_of(opt, page)->child)
        return page_of(opt, page)->child;
    while (page && !page_of(opt, page)->sibling) {
        page_index back = page_of(opt, page)->back;

        while (back && page_of(opt, back)->child != page) { /* to the left */
            page = back;
            back = page_of(opt, page)->back;
        }
        page = back; /* up */
    }
    return page ? page_of(opt, page)->sibling : PAGE_NONE;
}

static const char *opt_valid(void *self)
{
    const struct opt *opt = self;
    uint64_t walked = 0;

    for (page_index page = opt->root; page && walked <= opt->count;
         page = walk_on(opt, page), walked++) {
        const struct opt_page *p = page_of(opt, page);

        if (p->next_use == UNKNOWN_PAGE)
            return "a page of the heap is known";
        for (page_index child = p->child, left = page; child;
             left = child, child = page_of(opt, child)->sibling) {
            if (page_of(opt, child)->back != left)
                return "links lead back where they came from";
            if (page_of(opt, child)->next_use > p->next_use)
                return "no page is used after its parent";
        }
    }
    return walked == opt->count ? NULL : "count = pages in the heap";
}

const struct reclaim_policy_ops opt_policy_ops = {
    .abi = RECLAIM_POLICY_ABI,
    .name = "opt",
    .summary = "the page that is used last of all; for replay and compare, "
               "which know the future",
    .reference = "Belady 1966, A study of replacement algorithms for a "
                 "virtual-storage computer",
    .page_bytes = sizeof(struct opt_page),
    .needs_future = true,
    .init = opt_init,
    .fini = opt_fini,
    .resize = opt_resize,
    .page_added = opt_page_added,
    .page_removed = opt_page_removed,
    .page_accessed = opt_page_accessed,
    .page_dont_need = opt_page_dont_need,
    .victim = opt_victim,
    .refused = opt_refused,
    .lists = opt_lists,
    .place = opt_place,
    .valid = opt_valid,
};
