/*
 * Proof: every rule of the tree, recounted from scratch.
 *
 * The five validators are the kernel's own. On top of them,
 * vm_machine_valid() proves conservation: every object page is in one list,
 * every list's pages are charged to exactly one node or seen by nobody, and
 * all totals are what a recount gives. Walks go by parent pointers, never by
 * recursion: a tree may be 100,000 levels deep.
 */
#include "cow_internal.h"

/* --- walking a subtree ---------------------------------------------------------- */

static bool is_in_window(const struct vm_cow_pages *child, uint64_t offset)
{
    return offset >= child->parent_offset + child->parent_start_limit &&
           offset < child->parent_offset + child->parent_limit;
}

/*
 * Preorder over the descendants of `top` that see its offset through their
 * windows. `*offset` follows along. `enter`: go below `node`.
 */
static const struct vm_cow_pages *next_viewer(const struct vm_cow_pages *top,
                                              const struct vm_cow_pages *node,
                                              uint64_t *offset, bool enter)
{
    const struct vm_cow_pages *child =
        enter ? TAILQ_FIRST(&node->children) : NULL;
    uint64_t at = *offset; /* in the parent of `child` */
    for (;;) {
        for (; child; child = TAILQ_NEXT(child, by_parent)) {
            if (is_in_window(child, at)) {
                *offset = at - child->parent_offset;
                return child;
            }
        }
        if (node == top)
            return NULL;
        at += node->parent_offset;
        child = TAILQ_NEXT(node, by_parent);
        node = node->parent;
    }
}

static const struct vm_cow_pages *next_in_tree(const struct vm_cow_pages *root,
                                               const struct vm_cow_pages *node)
{
    if (!TAILQ_EMPTY(&node->children))
        return TAILQ_FIRST(&node->children);
    while (node != root) {
        const struct vm_cow_pages *sibling = TAILQ_NEXT(node, by_parent);
        if (sibling)
            return sibling;
        node = node->parent;
    }
    return NULL;
}

static bool has_content(const struct vm_cow_pages *cow, uint64_t offset)
{
    const struct page_slot *slot = page_list_lookup(&cow->list, offset);
    return slot && !slot_is_empty(*slot);
}

/* Who of the subtree below `child` looks at the offset and finds nothing of
 * its own on the way? */
struct viewers {
    bool visible; /* a visible node without content */
    bool partial; /* a hidden node whose limits may overstate */
};

static struct viewers viewers_below(const struct vm_cow_pages *child,
                                    uint64_t hidden_offset)
{
    struct viewers viewers = {false, false};
    if (!is_in_window(child, hidden_offset))
        return viewers;
    uint64_t offset = hidden_offset - child->parent_offset;
    const struct vm_cow_pages *node = child;
    while (node) {
        bool content = has_content(node, offset);
        if (!content && !cow_is_hidden(node))
            viewers.visible = true;
        if (cow_is_hidden(node) && node->partial_cow_release)
            viewers.partial = true;
        bool enter = cow_is_hidden(node) && !content;
        if (node == child && !enter)
            break;
        node = next_viewer(child, node, &offset, enter);
    }
    return viewers;
}

/* --- the five validators ------------------------------------------------------------- */

static const char *check_split_slot(const struct vm_cow_pages *cow,
                                    struct page_slot slot, uint64_t offset)
{
    const struct vm_page *pages = cow_pages_of(cow);
    bool left = slot_left_split(slot, pages);
    bool right = slot_right_split(slot, pages);
    if (!left && !right)
        return NULL;
    if (!cow_is_hidden(cow))
        return "a visible node's content carries no split bit";
    if (left && right)
        return "content is never split both ways";
    const struct vm_cow_pages *split_side =
        left ? cow_left(cow) : cow_right(cow);
    const struct vm_cow_pages *other_side =
        left ? cow_right(cow) : cow_left(cow);
    if (viewers_below(split_side, offset).visible)
        return "nobody on the split side still looks at the content";
    struct viewers others = viewers_below(other_side, offset);
    if (!others.visible && !others.partial && !cow->partial_cow_release)
        return "somebody on the other side still looks at split content";
    return NULL;
}

const char *vm_cow_debug_validate_page_splits(const struct vm_cow_pages *cow)
{
    uint64_t at;
    const struct page_slot *slot;
    for (uint64_t from = 0;
         (slot = page_list_next(&cow->list, from, cow->size, &at));
         from = at + VM_PAGE_SIZE) {
        if (!slot_is_page_or_reference(*slot))
            continue;
        const char *rule = check_split_slot(cow, *slot, at);
        if (rule)
            return rule;
    }
    return NULL;
}

/* Where a page may be. Dirtying and cleaning move pinned pages, too, and those of
 * high priority, so that little is certain about them. */
static const char *check_queue(const struct vm_cow_pages *cow,
                               const struct vm_page *page)
{
    bool is_dirty = vm_page_is_dirty(page) || vm_page_is_awaiting_clean(page);
    if (page->queue == PQ_NONE)
        return "a page in a list is in a queue";
    if (cow_is_contiguous(cow) && page->queue != PQ_WIRED)
        return "a contiguous node's pages are in the wired queue";
    if (page->pin_count == 0 && is_dirty != (page->queue == PQ_PAGER_DIRTY))
        return "the dirty queue holds the dirty pages that are not pinned";
    return NULL;
}

const char *vm_cow_debug_validate_backlinks(const struct vm_cow_pages *cow)
{
    uint64_t at;
    const struct page_slot *slot;
    for (uint64_t from = 0;
         (slot = page_list_next(&cow->list, from, cow->size, &at));
         from = at + VM_PAGE_SIZE) {
        if (!slot_is_page(*slot))
            continue;
        const struct vm_page *page = cow_page(cow, slot_page(*slot));
        if (page->state != PAGE_OBJECT)
            return "a page in a list is in OBJECT state";
        if (page->owner != cow->handle || page->offset != at)
            return "a page's backlink names its node and offset";
        const char *rule = check_queue(cow, page);
        if (rule)
            return rule;
    }
    return NULL;
}

const char *
vm_cow_debug_validate_page_splits_hierarchy(const struct vm_cow_pages *cow)
{
    for (const struct vm_cow_pages *node = cow; node; node = node->parent) {
        const char *rule = vm_cow_debug_validate_page_splits(node);
        if (rule)
            return rule;
    }
    const struct vm_cow_pages *root = cow_root(cow);
    for (const struct vm_cow_pages *node = root; node;
         node = next_in_tree(root, node)) {
        const char *rule = vm_cow_debug_validate_backlinks(node);
        if (rule)
            return rule;
    }
    return NULL;
}

const char *vm_cow_debug_validate_zero_intervals(const struct vm_cow_pages *cow)
{
    bool pager = cow_is_pager_backed(cow);
    bool open = false;
    uint64_t at;
    const struct page_slot *slot;
    for (uint64_t from = 0;
         (slot = page_list_next(&cow->list, from, cow->size, &at));
         from = at + VM_PAGE_SIZE) {
        if (slot_is_interval(*slot)) {
            if (!pager)
                return "only pager-backed nodes hold zero intervals";
            if (slot_interval_dirty(*slot) != DIRTY_DIRTY)
                return "zero intervals are dirty";
            if (slot_is_interval_end(*slot) != open)
                return "interval sentinels alternate";
            open = slot_is_interval_start(*slot);
        } else if (open) {
            return "nothing lies inside a zero interval";
        } else if (slot_is_reference(*slot) && cow->source) {
            return "a node with a source holds no references";
        }
    }
    return open ? "an interval that starts also ends" : NULL;
}

enum { BORROWING_CHECK_LIMIT = 2 * 1024 * 1024 };

const char *vm_cow_debug_validate_page_borrowing(const struct vm_cow_pages *cow)
{
    if (cow->size >= BORROWING_CHECK_LIMIT)
        return NULL;
    uint64_t at;
    const struct page_slot *slot;
    for (uint64_t from = 0;
         (slot = page_list_next(&cow->list, from, cow->size, &at));
         from = at + VM_PAGE_SIZE) {
        if (!slot_is_page(*slot)) {
            if (cow_is_contiguous(cow))
                return "a contiguous node holds pages only";
            continue;
        }
        const struct vm_page *page = cow_page(cow, slot_page(*slot));
        if (!page->is_loaned)
            continue;
        if (!cow_is_pager_backed(cow) || cow_traps_dirty(cow))
            return "a loaned page is in a node that may borrow";
        if (page->pin_count > 0 || page->always_need || !vm_page_is_clean(page))
            return "a loaned page is clean, unpinned and not always needed";
    }
    return NULL;
}

/* --- one node -------------------------------------------------------------------------- */

struct recount {
    uint64_t pages;
    uint64_t references;
    uint64_t pins;
    uint64_t unwritten;
};

static struct recount recount(const struct vm_cow_pages *cow)
{
    struct recount count = {0};
    uint64_t at;
    const struct page_slot *slot;
    for (uint64_t from = 0;
         (slot = page_list_next(&cow->list, from, UINT64_MAX, &at));
         from = at + VM_PAGE_SIZE) {
        count.references += slot_is_reference(*slot);
        if (!slot_is_page(*slot))
            continue;
        count.pages++;
        const struct vm_page *page = cow_page(cow, slot_page(*slot));
        count.pins += page->pin_count;
        count.unwritten += cow_is_page_unwritten(page);
    }
    return count;
}

static const char *check_shape(const struct vm_cow_pages *cow)
{
    uint32_t children = 0;
    int64_t priorities = 0;
    const struct vm_cow_pages *child;
    TAILQ_FOREACH (child, &cow->children, by_parent) {
        children++;
        priorities += child->high_priority_count > 0;
        if (child->parent != cow)
            return "a child knows its parent";
    }
    if (children != cow->child_count)
        return "child count = length of the child list";
    if (cow_is_hidden(cow) && cow->life == COW_ALIVE && children != 2)
        return "a hidden node has two children";
    if (cow_is_hidden(cow) && !TAILQ_EMPTY(&cow->owners))
        return "a hidden node has no owner";
    if (cow->parent_limit > cow->size)
        return "the parent limit is within the node";
    if (cow->parent_limit > 0 && !cow->parent)
        return "a node that looks up has a parent";
    if (cow->parent_start_limit > cow->parent_limit)
        return "the start limit is not above the limit";
    if (!cow_is_hidden(cow) && cow->parent_start_limit != 0)
        return "a visible node has no start limit";
    if (cow->high_priority_count < priorities)
        return "each child of high priority counts once";
    if (cow_is_slice(cow) && !page_list_is_empty(&cow->list))
        return "a slice holds nothing";
    if (!cow->parent && cow->life == COW_ALIVE &&
        cow->source != cow->hierarchy->source)
        return "a hierarchy knows its root's source";
    if (cow->parent && cow->source)
        return "a source is at the root";
    return NULL;
}

static const char *check_node(const struct vm_cow_pages *cow,
                              struct recount *total)
{
    const char *rule = check_shape(cow);
    if (!rule)
        rule = page_list_valid(&cow->list);
    if (!rule)
        rule = vm_cow_debug_validate_page_splits(cow);
    if (!rule)
        rule = vm_cow_debug_validate_backlinks(cow);
    if (!rule)
        rule = vm_cow_debug_validate_zero_intervals(cow);
    if (!rule)
        rule = vm_cow_debug_validate_page_borrowing(cow);
    if (!rule && cow->source)
        rule = page_source_valid(cow->source);
    if (rule)
        return rule;
    struct recount count = recount(cow);
    if (count.pins != cow->pinned_page_count)
        return "pinned page count = sum of the pages' pins";
    if (count.pages != cow->own.uncompressed_pages)
        return "a node's own pages = pages in its list";
    if (count.references != cow->own.compressed_pages)
        return "a node's own references = references in its list";
    if (count.unwritten != cow->unwritten_page_count)
        return "unwritten page count = dirty and awaiting pages in the list";
    total->pages += count.pages;
    total->references += count.references;
    return NULL;
}

/* --- the machine ------------------------------------------------------------------------ */

static bool is_node(const struct vm_machine *machine, uint32_t handle)
{
    return machine->cows[handle] && !((uintptr_t)machine->cows[handle] & 1);
}

/*
 * Content of a hidden node that may be charged to nobody: no visible node's
 * window shows it, or the node's limits overstate what its children see, so
 * that the one who does see it takes it for its sibling's.
 */
static uint64_t uncharged_content(const struct vm_cow_pages *hidden)
{
    uint64_t uncharged = 0;
    uint64_t at;
    const struct page_slot *slot;
    for (uint64_t from = 0;
         (slot = page_list_next(&hidden->list, from, hidden->size, &at));
         from = at + VM_PAGE_SIZE) {
        if (!slot_is_page_or_reference(*slot))
            continue;
        const struct vm_page *pages = cow_pages_of(hidden);
        bool left = !slot_left_split(*slot, pages) &&
                    viewers_below(cow_left(hidden), at).visible;
        bool right = !slot_right_split(*slot, pages) &&
                     viewers_below(cow_right(hidden), at).visible;
        uncharged += hidden->partial_cow_release || (!left && !right);
    }
    return uncharged;
}

static const char *check_attribution(const struct vm_machine *machine,
                                     const struct recount *total)
{
    uint64_t charged = 0;
    uint64_t uncharged = 0;
    for (uint32_t i = 1; i < machine->cow_capacity; i++) {
        if (!is_node(machine, i))
            continue;
        const struct vm_cow_pages *cow = machine->cows[i];
        struct vm_attribution count =
            vm_cow_attributed_pages_in_range(cow, 0, cow->size);
        charged += count.uncompressed_pages + count.compressed_pages;
        if (cow_is_hidden(cow) && cow->life == COW_ALIVE)
            uncharged += uncharged_content(cow);
    }
    uint64_t content = total->pages + total->references;
    if (charged > content)
        return "no content is charged twice";
    /* A page can be out of everybody's view and still be charged to the node
     * whose window covers it, so this bounds from one side. */
    if (charged + uncharged < content)
        return "content that somebody sees is charged to somebody";
    return NULL;
}

const char *vm_machine_valid(const struct vm_machine *machine)
{
    const char *rule = pmm_valid(&machine->pmm);
    if (!rule)
        rule = pq_valid(&machine->pqs);
    if (!rule)
        rule = discardable_valid(&machine->discardables);
    if (!rule && machine->compressor)
        rule = compressor_valid(machine->compressor);
    if (rule)
        return rule;
    struct recount total = {0};
    uint32_t nodes = 0;
    for (uint32_t i = 1; i < machine->cow_capacity; i++) {
        if (!is_node(machine, i))
            continue;
        nodes++;
        rule = check_node(machine->cows[i], &total);
        if (rule)
            return rule;
    }
    if (nodes != machine->cow_count)
        return "node count = nodes in the table";
    if (total.pages != machine->stats.object_pages)
        return "object pages = pages in page lists";
    if (total.references != machine->stats.reference_count)
        return "reference count = references in page lists";
    uint64_t queued = 0;
    for (int q = PQ_NONE + 1; q < PQ_COUNT; q++)
        queued += machine->pqs.count[q];
    if (queued != total.pages)
        return "every object page is in one queue";
    return check_attribution(machine, &total);
}
