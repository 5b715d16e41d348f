/*
 * What a node, or a group of snapshots as a whole, may be charged: recounted
 * from the flat arrays. Every cell is at least one page of memory, and no page
 * of an object is more than one.
 */
#include <assert.h>

#include "model.h"

enum {
    SEEN_SLOTS = 1024
}; /* a power of two, well above all pages of a trial */

/* Puts the cell into the table; false: it was there. */
static bool see(uint32_t seen[SEEN_SLOTS], uint32_t cell)
{
    uint32_t at = cell * UINT32_C(2654435761) % SEEN_SLOTS;
    for (; seen[at]; at = (at + 1) % SEEN_SLOTS)
        if (seen[at] == cell)
            return false;
    seen[at] = cell;
    return true;
}

static bool is_certain(const struct model_page *page)
{
    return page->cell && (page->content != 0 || !page->maybe_gone);
}

static uint64_t count_kind(const struct node *node,
                           bool (*counts)(enum page_kind))
{
    uint64_t count = 0;
    for (uint64_t page = 0; page < node->size; page++)
        count += counts(node->pages[page].kind);
    return count;
}

static bool is_held(enum page_kind kind)
{
    return kind == HELD;
}

struct charge_bounds charge_of(const struct model *model,
                               const struct node *node)
{
    static_assert(SEEN_SLOTS > MAX_NODES * MAX_PAGES, "room for all cells");
    uint32_t seen[SEEN_SLOTS] = {0};
    struct charge_bounds bounds = {0, 0};
    if (node->kind == NODE_PAGER)
        bounds.least = bounds.most = count_kind(node, is_frame);
    else if (node->kind == NODE_CONTIGUOUS)
        bounds.least = bounds.most = count_kind(node, is_held);
    if (node->kind != NODE_COW)
        return bounds;
    bool in_group = is_grouped(model, node);
    for (int i = 0; i < MAX_NODES; i++) {
        const struct node *member = &model->nodes[i];
        if (!member->is_alive ||
            (in_group ? member->group != node->group : member != node))
            continue;
        for (uint64_t page = 0; page < member->size; page++) {
            const struct model_page *own = &member->pages[page];
            bounds.most += own->cell != 0;
            bounds.least += is_certain(own) && see(seen, own->cell);
        }
    }
    return bounds;
}
