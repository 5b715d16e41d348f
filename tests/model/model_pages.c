/*
 * The model's pages: what each operation does to them.
 *
 * A dirty zero interval is a maximal run of ZERO pages. How much of it is
 * being written back is noted at its first page only, as in the core, and is
 * handed on or lost by the same rules when the run is split, joined or
 * clipped (`awaiting`).
 */
#include "check.h"
#include "model.h"

void model_forget(struct model_page *page)
{
    *page = (struct model_page){.kind = NOTHING};
}

/* A frame may be new or the old one; a hint stays with an old one. */
static void page_set(struct model_page *page, enum page_kind kind,
                     uint64_t content)
{
    if (!is_frame(page->kind) || !is_frame(kind))
        page->always_need = false;
    page->kind = kind;
    page->content = content;
}

/* --- zero intervals ------------------------------------------------------------- */

static bool is_zero_at(const struct node *node, uint64_t page)
{
    return page < node->size && node->pages[page].kind == ZERO;
}

static bool is_interval_start(const struct node *node, uint64_t page)
{
    return is_zero_at(node, page) && (page == 0 || !is_zero_at(node, page - 1));
}

static uint64_t interval_end(const struct node *node, uint64_t page)
{
    while (is_zero_at(node, page))
        page++;
    return page;
}

/* The page becomes one of its own: what is right of it is an interval anew. */
static void interval_split(struct node *node, uint64_t page)
{
    uint32_t awaiting =
        is_interval_start(node, page) ? node->pages[page].awaiting : 0;
    if (is_zero_at(node, page + 1))
        node->pages[page + 1].awaiting = awaiting > 1 ? awaiting - 1 : 0;
    node->pages[page].awaiting = 0;
}

/* The page joins what is left and right of it; only the left one's is kept. */
static void interval_add(struct node *node, uint64_t page)
{
    page_set(&node->pages[page], ZERO, 0);
    node->pages[page].awaiting = 0;
    if (is_zero_at(node, page + 1))
        node->pages[page + 1].awaiting = 0;
}

void model_grow_interval(struct node *pager, uint64_t start, uint64_t end)
{
    for (uint64_t page = start; page < end; page++)
        interval_add(pager, page);
}

/* --- a page of one's own ------------------------------------------------------------ */

static bool is_shared(const struct model *model, const struct node *node,
                      uint32_t cell)
{
    for (int i = 0; node->group && i < MAX_NODES; i++) {
        const struct node *other = &model->nodes[i];
        if (!other->is_alive || other == node || other->group != node->group)
            continue;
        for (uint64_t page = 0; page < other->size; page++)
            if (other->pages[page].cell == cell)
                return true;
    }
    return false;
}

static void own_set(struct model *model, struct node *node, uint64_t page,
                    uint64_t content)
{
    struct model_page *own = &node->pages[page];
    if (own->kind != OWN || !own->cell || is_shared(model, node, own->cell))
        own->cell = ++model->next_cell;
    own->kind = OWN;
    own->content = content;
    own->is_doubtful = false;
    own->maybe_gone = false;
}

static void dirty_set(struct node *pager, uint64_t page)
{
    struct model_page *own = &pager->pages[page];
    if (own->kind == ZERO)
        interval_split(pager, page);
    page_set(own, DIRTY, own->content);
}

void model_own(struct model *model, struct node *node, uint64_t page)
{
    struct model_page *own = &node->pages[page];
    if (node->kind == NODE_COW) {
        struct view view = view_of(node, page);
        CHECK(!view.is_absent); /* a clone forks what its pager has supplied */
        own_set(model, node, page, view.content);
    } else if (node->kind == NODE_CONTIGUOUS) {
        own->kind = HELD;
    } else {
        CHECK(own->kind != NOTHING);               /* it was asked for */
        CHECK(!node->traps || own->kind == DIRTY); /* by leave only */
        dirty_set(node, page);
    }
}

void model_write(struct model *model, struct node *node, uint64_t page,
                 uint64_t value)
{
    model_own(model, node, page);
    node->pages[page].content = value;
    node->is_modified = true;
}

void model_commit(struct model *model, struct node *node, uint64_t page)
{
    struct model_page *own = &node->pages[page];
    if (node->kind != NODE_PAGER) {
        model_own(model, node, page);
        return;
    }
    CHECK(own->kind != NOTHING);
    if (own->kind == ZERO) {
        CHECK(!node->traps);
        dirty_set(node, page);
    } else if (own->kind == MARKER) {
        page_set(own, CLEAN, 0);
    }
}

/* --- zeroing ------------------------------------------------------------------------ */

static void zero_in_pager(struct model *model, struct node *node, uint64_t page)
{
    struct model_page *own = &node->pages[page];
    if (own->kind == MARKER || own->kind == ZERO)
        return;
    if (own->pins) {
        model_own(model, node, page);
        own->content = 0;
        return;
    }
    interval_add(node, page);
}

/* Zeros up to the end of the view of the parent only cut it. */
static void cut_view(struct node *node, uint64_t start, uint64_t end,
                     bool is_doubtful)
{
    if (is_doubtful)
        node->doubtful_limit = u64_min(node->doubtful_limit, start);
    else if (start < node->parent_limit && end >= node->parent_limit)
        node->parent_limit = start;
}

/* In a group nobody knows what is above, and so what hides it. */
static void zero_doubtful(struct model *model, struct node *node, uint64_t page)
{
    struct model_page *own = &node->pages[page];
    own_set(model, node, page, 0);
    own->is_doubtful = true;
    own->maybe_gone = true;
    if (!node->parent)
        own->cell = 0;
}

static void zero_in_cow(struct model *model, struct node *node, uint64_t page)
{
    struct model_page *own = &node->pages[page];
    bool sees_parent = page < node->parent_limit;
    bool may_free = !node->cannot_decommit && !own->pins;
    bool has_above =
        sees_parent &&
        view_of(node->parent, page + node->parent_offset).has_content;
    if (may_free && !sees_parent) {
        model_forget(own);
    } else if (own->kind == OWN && !own->cell) {
        return; /* a marker stays */
    } else if (may_free && has_above) {
        *own = (struct model_page){.kind = OWN};
    } else {
        own_set(model, node, page, 0);
    }
}

static void zero_cow(struct model *model, struct node *node, uint64_t start,
                     uint64_t end, uint64_t reach)
{
    bool in_group = is_grouped(model, node);
    cut_view(node, start, reach,
             in_group || node->doubtful_limit < node->parent_limit);
    for (uint64_t page = start; page < end; page++) {
        bool is_doubtful = !node->pages[page].pins &&
                           (in_group || page >= node->doubtful_limit);
        if (is_doubtful)
            zero_doubtful(model, node, page);
        else
            zero_in_cow(model, node, page);
    }
}

void model_zero(struct model *model, struct node *node, uint64_t start,
                uint64_t end, uint64_t reach)
{
    if (start == reach)
        return;
    node->is_modified |= start < end;
    if (node->kind == NODE_COW) {
        zero_cow(model, node, start, end, reach);
        return;
    }
    for (uint64_t page = start; page < end; page++) {
        if (node->kind == NODE_PAGER)
            zero_in_pager(model, node, page);
        else
            node->pages[page].content = 0; /* what is lent stays lent */
    }
}

void model_zero_early(struct model *model, struct node *node, uint64_t page)
{
    if (!node->pages[page].pins)
        zero_doubtful(model, node, page);
}

void model_decommit(struct node *node, uint64_t start, uint64_t end)
{
    for (uint64_t page = start; page < end; page++) {
        model_forget(&node->pages[page]);
        if (node->kind == NODE_CONTIGUOUS)
            node->pages[page].kind = LENT;
    }
}

/* --- supply, take --------------------------------------------------------------------- */

void model_supply(const struct model *model, struct node *pager, uint64_t page,
                  bool is_page, uint64_t value)
{
    enum page_kind kind = pager->pages[page].kind;
    if (kind == NOTHING || (model->sabotage && kind == CLEAN && is_page))
        page_set(&pager->pages[page], is_page ? CLEAN : MARKER,
                 is_page ? value : 0);
}

void model_take(struct model *model, struct node *node, uint64_t page,
                bool leaves_zero, bool *is_page, uint64_t *value)
{
    struct model_page *own = &node->pages[page];
    if (!leaves_zero) {
        *is_page = own->kind == OWN && own->cell;
        *value = own->content;
        model_forget(own);
        return;
    }
    model_own(model, node, page);
    *is_page = true;
    *value = own->content;
    own->cell = ++model->next_cell; /* a page of zeros in its place */
    own->content = 0;
}

void model_put(struct model *model, struct node *node, uint64_t page,
               bool is_page, uint64_t value)
{
    if (is_page)
        own_set(model, node, page, value);
    else
        node->pages[page] = (struct model_page){.kind = OWN};
}

/* --- dirty and clean ------------------------------------------------------------------- */

bool model_dirty(struct node *pager, uint64_t start, uint64_t end)
{
    for (uint64_t page = start; page < end; page++)
        if (pager->pages[page].kind == NOTHING)
            return false;
    for (uint64_t page = start; page < end; page++)
        dirty_set(pager, page);
    return true;
}

void model_writeback_begin(struct node *pager, uint64_t start, uint64_t end,
                           bool is_zero_range)
{
    for (uint64_t page = start; page < end; page++) {
        struct model_page *own = &pager->pages[page];
        if (own->kind == DIRTY && !own->pins && !is_zero_range)
            own->kind = AWAITING;
        if (!is_interval_start(pager, page))
            continue;
        uint64_t stop = u64_min(end, interval_end(pager, page));
        if (own->awaiting < stop - page)
            own->awaiting = (uint32_t)(stop - page);
    }
}

/* [start, clean_end) of the interval that starts there is clean and gone. */
static void clean_interval(struct node *pager, uint64_t start,
                           uint64_t clean_end)
{
    uint32_t awaiting = pager->pages[start].awaiting;
    uint64_t end = interval_end(pager, start);
    for (uint64_t page = start; page < u64_min(end, clean_end); page++)
        model_forget(&pager->pages[page]);
    if (clean_end <= start || clean_end >= end)
        return;
    uint64_t clipped = clean_end - start;
    pager->pages[clean_end].awaiting =
        awaiting > clipped ? awaiting - (uint32_t)clipped : 0;
}

void model_writeback_end(struct node *pager, uint64_t start, uint64_t end)
{
    uint64_t clean_end = start;
    for (uint64_t page = start; page < end; page++) {
        struct model_page *own = &pager->pages[page];
        if (own->kind == AWAITING)
            own->kind = CLEAN;
        if (!is_interval_start(pager, page))
            continue;
        clean_end = u64_max(clean_end, page + own->awaiting);
        uint64_t stop = interval_end(pager, page);
        /* one that goes on past the range is cleaned no further than that */
        clean_interval(pager, page,
                       stop > end ? u64_min(clean_end, end) : clean_end);
        page = stop - 1;
    }
}

void model_detach(struct node *pager)
{
    pager->is_detached = true;
    for (uint64_t page = 0; page < pager->size; page++)
        if (pager->pages[page].kind == CLEAN ||
            pager->pages[page].kind == MARKER)
            model_forget(&pager->pages[page]);
}

/* --- reclaim ------------------------------------------------------------------------------ */

void model_evict(struct node *pager, uint64_t page)
{
    model_forget(&pager->pages[page]);
    pager->reclaim_events++;
}

void model_dedup(struct node *node, uint64_t page)
{
    struct model_page *own = &node->pages[page];
    node->reclaim_events++;
    if (node->kind == NODE_PAGER)
        page_set(own, MARKER, 0);
    else
        *own = (struct model_page){.kind = OWN};
}

void model_discard(struct node *node)
{
    for (uint64_t page = 0; page < node->size; page++)
        model_forget(&node->pages[page]);
    node->lock_state = DISCARDABLE_DISCARDED;
    node->reclaim_events++;
}
