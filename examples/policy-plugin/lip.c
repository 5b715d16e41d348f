/*
 * A reclaim policy outside of the program: LRU with insertion at the old end.
 * Qureshi, Jaleel, Patt, Steely, Emer, "Adaptive insertion policies for high
 * performance caching" (ISCA 2007) call it LIP. A page has to be accessed once
 * more to become a recent one, so a loop over more than the memory keeps most
 * of what it found first, where LRU keeps nothing.
 *
 *   accessed, refused --> [newest] ... [oldest] --> victim
 *                         added, not needed --^
 *
 * Everything that a plug-in needs is in reclaim_policy.h: a table of functions,
 * handed out by lowtide_policy(), and a few bytes of memory for each page that
 * the host keeps. See README.md.
 */
#include <stdlib.h>

#include <reclaim_policy.h>

/*
 * Memory of a page, zeroed by the host: its neighbours in a ring, as indexes
 * plus one, so that 0 means "not known". Index 0 is no page: its entry is the
 * ends of the ring.
 */
struct lip_page {
    uint32_t newer;
    uint32_t older;
};

struct lip {
    struct reclaim_host *host;
    uint64_t count;
};

/* The memory may move in resize: look where it is each time. */
static struct lip_page *lip_pages(const struct lip *lip)
{
    return lip->host->page_memory;
}

/* --- the ring ---------------------------------------------------------------- */

static void unlink_page(struct lip_page *pages, page_index page)
{
    pages[pages[page].newer - 1].older = pages[page].older;
    pages[pages[page].older - 1].newer = pages[page].newer;
    pages[page].newer = 0;
}

static void link_between(struct lip_page *pages, page_index page,
                         uint32_t newer, uint32_t older)
{
    pages[page] = (struct lip_page){newer, older};
    pages[newer - 1].older = page + 1;
    pages[older - 1].newer = page + 1;
}

static void link_newest(struct lip_page *pages, page_index page)
{
    link_between(pages, page, PAGE_NONE + 1, pages[PAGE_NONE].older);
}

static void link_oldest(struct lip_page *pages, page_index page)
{
    link_between(pages, page, pages[PAGE_NONE].newer, PAGE_NONE + 1);
}

/* --- a run begins and ends ----------------------------------------------------- */

static void *lip_init(struct reclaim_host *host,
                      const union reclaim_value *values)
{
    struct lip *lip = calloc(1, sizeof *lip);

    (void)values;
    if (!lip)
        return NULL;
    lip->host = host;
    lip_pages(lip)[PAGE_NONE] = (struct lip_page){PAGE_NONE + 1, PAGE_NONE + 1};
    return lip;
}

static void lip_fini(void *self)
{
    free(self);
}

/* Nothing here depends on the size of memory. */
static bool lip_resize(void *self, uint64_t memory_pages)
{
    (void)self;
    (void)memory_pages;
    return true;
}

/* --- what happens to pages ------------------------------------------------------ */

static void lip_page_added(void *self, page_index page,
                           enum reclaim_class class_, enum reclaim_added why)
{
    struct lip *lip = self;

    (void)class_;
    (void)why;
    link_oldest(lip_pages(lip), page);
    lip->count++;
}

static void lip_page_removed(void *self, page_index page,
                             enum reclaim_removed why)
{
    struct lip *lip = self;

    (void)why;
    unlink_page(lip_pages(lip), page);
    lip->count--;
}

static void lip_page_accessed(void *self, page_index page,
                              enum reclaim_accessed how)
{
    const struct lip *lip = self;

    (void)how;
    unlink_page(lip_pages(lip), page);
    link_newest(lip_pages(lip), page);
}

static void lip_page_dont_need(void *self, page_index page)
{
    const struct lip *lip = self;

    unlink_page(lip_pages(lip), page);
    link_oldest(lip_pages(lip), page);
}

/* Asking changes nothing: the page goes when lip_page_removed() is called. */
static page_index lip_victim(void *self, enum reclaim_level level)
{
    const struct lip *lip = self;

    (void)level;
    return lip_pages(lip)[PAGE_NONE].newer - 1;
}

/* It could not be reclaimed: the others come first now. */
static void lip_refused(void *self, page_index page, enum reclaim_refused why)
{
    const struct lip *lip = self;

    (void)why;
    unlink_page(lip_pages(lip), page);
    link_newest(lip_pages(lip), page);
}

/* --- looking --------------------------------------------------------------------- */

static unsigned lip_lists(void *self, struct reclaim_list *out)
{
    const struct lip *lip = self;

    out[0] = (struct reclaim_list){"lip", lip->count};
    return 1;
}

static struct reclaim_place lip_place(void *self, page_index page)
{
    (void)self;
    (void)page;
    return (struct reclaim_place){0, false};
}

static const char *lip_valid(void *self)
{
    const struct lip *lip = self;
    const struct lip_page *pages = lip_pages(lip);
    uint64_t walked = 0;

    for (page_index page = pages[PAGE_NONE].older - 1; page;
         page = pages[page].older - 1) {
        if (pages[pages[page].newer - 1].older != page + 1)
            return "links lead back where they came from";
        if (++walked > lip->count)
            break;
    }
    return walked == lip->count ? NULL : "count = length of the ring";
}

static const struct reclaim_policy_ops lip_ops = {
    .abi = RECLAIM_POLICY_ABI,
    .name = "lip",
    .summary = "lru, where new pages enter at the old end",
    .reference = "Qureshi et al. 2007, Adaptive insertion policies for high "
                 "performance caching",
    .page_bytes = sizeof(struct lip_page),
    .init = lip_init,
    .fini = lip_fini,
    .resize = lip_resize,
    .page_added = lip_page_added,
    .page_removed = lip_page_removed,
    .page_accessed = lip_page_accessed,
    .page_dont_need = lip_page_dont_need,
    .victim = lip_victim,
    .refused = lip_refused,
    .lists = lip_lists,
    .place = lip_place,
    .valid = lip_valid,
};

/* The one name that the program looks for. */
const struct reclaim_policy_ops *lowtide_policy(void);

const struct reclaim_policy_ops *lowtide_policy(void)
{
    return &lip_ops;
}
