/*
 * The model's tree: which node sees which, and how long it lives.
 */
#include "model.h"

#include "check.h"

const char *page_kind_name(enum page_kind kind)
{
    static const char *const names[] = {
        [NOTHING] = "absent",    [OWN] = "its own",     [HELD] = "held",
        [LENT] = "lent",         [CLEAN] = "clean",     [DIRTY] = "dirty",
        [AWAITING] = "awaiting", [MARKER] = "a marker", [ZERO] = "a dirty zero",
    };
    return names[kind];
}

/* --- facts ---------------------------------------------------------------------- */

struct node *content_node(struct node *node, uint64_t *shift)
{
    *shift = node->kind == NODE_SLICE ? node->parent_offset : 0;
    return node->kind == NODE_SLICE ? node->parent : node;
}

struct node *root_of(struct node *node)
{
    while (node->parent)
        node = node->parent;
    return node;
}

bool is_grouped(const struct model *model, const struct node *node)
{
    for (int i = 0; node->group && i < MAX_NODES; i++)
        if (model->nodes[i].is_alive && &model->nodes[i] != node &&
            model->nodes[i].group == node->group)
            return true;
    return false;
}

bool is_high_priority(const struct model *model, const struct node *node)
{
    if (node->priority > 0)
        return true;
    for (int i = 0; node->children && i < MAX_NODES; i++)
        if (model->nodes[i].is_alive && model->nodes[i].parent == node &&
            is_high_priority(model, &model->nodes[i]))
            return true;
    return false;
}

uint64_t total_pins(const struct node *node)
{
    uint64_t pins = 0;
    for (uint64_t page = 0; page < node->size; page++)
        pins += node->pages[page].pins;
    return pins;
}

bool any_pinned(const struct node *node, uint64_t start, uint64_t end)
{
    for (uint64_t page = start; page < end; page++)
        if (node->pages[page].pins)
            return true;
    return false;
}

bool all_pinned(const struct node *node, uint64_t start, uint64_t end)
{
    for (uint64_t page = start; page < end; page++)
        if (node->pages[page].pins == node->pages[page].held)
            return false;
    return true;
}

struct view view_of(struct node *node, uint64_t page)
{
    uint64_t shift;
    node = content_node(node, &shift);
    page += shift;
    while (node->kind == NODE_COW && node->pages[page].kind == NOTHING) {
        if (page >= node->parent_limit)
            return (struct view){node, page, false, false, 0};
        page += node->parent_offset;
        node = node->parent;
        CHECK(page < node->size);
    }
    const struct model_page *found = &node->pages[page];
    struct view view = {node, page, false, false, found->content};
    view.has_content = is_frame(found->kind) || found->kind == HELD ||
                       (found->kind == OWN && found->cell);
    view.is_absent = node->kind == NODE_PAGER && found->kind == NOTHING;
    return view;
}

/* --- life ------------------------------------------------------------------------- */

struct node *node_new(struct model *model, enum node_kind kind, uint64_t size,
                      uint32_t family)
{
    for (int i = 0; i < MAX_NODES; i++) {
        struct node *node = &model->nodes[i];
        if (node->is_alive)
            continue;
        *node = (struct node){.is_alive = true,
                              .kind = kind,
                              .size = size,
                              .doubtful_limit = NO_LIMIT,
                              .family = family,
                              .owners = 1};
        return node;
    }
    return NULL;
}

void node_hang(struct node *node, struct node *parent, uint64_t offset,
               uint64_t limit)
{
    node->parent = parent;
    node->parent_offset = offset;
    node->parent_limit = limit;
    parent->children++;
}

void node_drop_owner(struct node *node)
{
    node->owners--;
    while (node && !node->owners && !node->children) {
        struct node *parent = node->parent;
        node->is_alive = false;
        if (parent)
            parent->children--;
        node = parent;
    }
}

/* --- clones ------------------------------------------------------------------------ */

static bool has_clone_children(const struct model *model,
                               const struct node *node)
{
    for (int i = 0; i < MAX_NODES; i++)
        if (model->nodes[i].is_alive && model->nodes[i].parent == node &&
            model->nodes[i].kind == NODE_COW)
            return true;
    return false;
}

static bool may_snapshot_modified(const struct model *model,
                                  const struct node *node)
{
    switch (node->kind) {
    case NODE_PAGER:
        return true;
    case NODE_SLICE:
        return node->parent->kind == NODE_PAGER;
    case NODE_COW:
        return node->parent && !has_clone_children(model, node) &&
               (node->parent->kind == NODE_PAGER || is_grouped(model, node));
    default:
        return false;
    }
}

static bool may_at_least_on_write(const struct model *model, struct node *node)
{
    const struct node *holder = node->kind == NODE_SLICE ? node->parent : node;
    return root_of(node)->kind == NODE_PAGER && !is_grouped(model, holder);
}

static bool may_snapshot(struct node *node)
{
    return node->kind == NODE_COW && root_of(node)->kind == NODE_COW;
}

enum vm_status check_clone(const struct model *model,
                           const struct object *object,
                           enum vm_clone_type *type)
{
    struct node *node = object->node;
    if (object->is_contiguous)
        return VM_INVALID_ARGS;
    if (node->is_discardable)
        return VM_NOT_SUPPORTED;
    bool modified = may_snapshot_modified(model, node);
    bool on_write = may_at_least_on_write(model, node);
    if (*type == CLONE_SNAPSHOT_AT_LEAST_ON_WRITE && !on_write)
        *type = modified ? CLONE_SNAPSHOT_MODIFIED : CLONE_SNAPSHOT;
    else if (*type == CLONE_SNAPSHOT_MODIFIED && !modified)
        *type = CLONE_SNAPSHOT;
    if (*type == CLONE_SNAPSHOT && !may_snapshot(node))
        return VM_NOT_SUPPORTED;
    if (*type != CLONE_SNAPSHOT_AT_LEAST_ON_WRITE && total_pins(node) > 0)
        return VM_BAD_STATE;
    return VM_OK;
}

bool is_bidirectional(const struct node *node, enum vm_clone_type becomes)
{
    return becomes == CLONE_SNAPSHOT ||
           (becomes == CLONE_SNAPSHOT_MODIFIED && node->kind == NODE_COW);
}

static uint64_t limit_at(const struct node *node, const struct node *clone,
                         uint64_t offset)
{
    return offset >= node->size ? 0 : u64_min(clone->size, node->size - offset);
}

static bool has_any_own(const struct node *node, uint64_t start, uint64_t end)
{
    for (uint64_t page = start; page < end; page++)
        if (node->pages[page].kind != NOTHING)
            return true;
    return false;
}

void node_clone_unidirectional(struct node *node, struct node *clone,
                               uint64_t offset)
{
    uint64_t limit = limit_at(node, clone, offset);
    while (node->parent) {
        if (limit > 0 && has_any_own(node, offset, offset + limit))
            break;
        limit = offset >= node->parent_limit
                    ? 0
                    : u64_min(limit, node->parent_limit - offset);
        offset += node->parent_offset;
        node = node->parent;
    }
    node_hang(clone, node, offset, limit);
}

static void copy_pages(const struct node *node, struct node *clone,
                       uint64_t offset)
{
    uint64_t limit = limit_at(node, clone, offset);
    for (uint64_t page = 0; page < limit; page++) {
        const struct model_page *from = &node->pages[offset + page];
        clone->pages[page] = (struct model_page){
            .kind = from->kind,
            .content = from->content,
            .cell = from->cell,
            .is_doubtful = from->is_doubtful,
            .maybe_gone = from->maybe_gone,
        };
    }
}

void node_clone_bidirectional(struct model *model, struct node *node,
                              struct node *clone, uint64_t offset)
{
    if (!is_grouped(model, node))
        node->group = ++model->next_group;
    clone->group = node->group;
    node->cannot_decommit = false; /* the hidden node keeps it */
    copy_pages(node, clone, offset);
    if (!node->parent)
        return;
    uint64_t limit = limit_at(node, clone, offset);
    limit = offset >= node->parent_limit
                ? 0
                : u64_min(limit, node->parent_limit - offset);
    node_hang(clone, node->parent, node->parent_offset + offset, limit);
    if (node->doubtful_limit < NO_LIMIT)
        clone->doubtful_limit =
            node->doubtful_limit > offset ? node->doubtful_limit - offset : 0;
}

/* --- resizing ------------------------------------------------------------------------ */

static void cut_children(struct model *model, const struct node *node,
                         uint64_t size)
{
    for (int i = 0; i < MAX_NODES; i++) {
        struct node *child = &model->nodes[i];
        if (!child->is_alive || child->parent != node)
            continue;
        child->parent_limit =
            size < child->parent_offset
                ? 0
                : u64_min(child->parent_limit, size - child->parent_offset);
    }
}

void model_resize(struct model *model, struct node *node, uint64_t size)
{
    uint64_t before = node->size;
    for (uint64_t page = size; page < before; page++)
        model_forget(&node->pages[page]);
    node->parent_limit = u64_min(node->parent_limit, size);
    if (size < before)
        cut_children(model, node, size);
    node->size = size;
    if (node->kind == NODE_PAGER)
        model_grow_interval(node, before, size);
    node->is_modified = true;
}

/* --- doubts ---------------------------------------------------------------------------- */

/* The node's own list tells which of the doubtful zeros are there, and where
 * its view of the pager was cut instead. */
static void settle_page(struct node *node, uint64_t page)
{
    struct model_page *own = &node->pages[page];
    uint64_t offset = pages_to_bytes(page);
    struct page_slot slot = vm_cow_debug_get_slot(node->cow, offset);
    if (own->is_doubtful && slot_is_empty(slot)) {
        model_forget(own);
        node->parent_limit = u64_min(node->parent_limit, page);
        return;
    }
    if ((own->is_doubtful || (own->maybe_gone && own->content == 0)) &&
        !slot_is_page_or_reference(slot)) {
        node->reclaim_events += own->cell != 0;
        own->cell = 0;
    }
    own->is_doubtful = false;
    own->maybe_gone = false;
}

void model_settle(struct model *model)
{
    for (int i = 0; i < MAX_NODES; i++) {
        struct node *node = &model->nodes[i];
        if (!node->is_alive || node->kind != NODE_COW ||
            is_grouped(model, node))
            continue;
        for (uint64_t page = 0; page < node->size; page++)
            if (node->pages[page].is_doubtful || node->pages[page].maybe_gone)
                settle_page(node, page);
    }
}
