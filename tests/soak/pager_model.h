/*
 * A naive model of one or more pagers' objects and everything cloned, sliced
 * or referenced from them: one record a page, one node for each visible set of
 * pages, no hidden nodes, no lists, no queues.
 *
 *   pager node   every page's state, and the store behind it
 *   clone node   pages of its own; elsewhere its parent's, below its limit
 *   slice node   nothing: everything is its parent's
 *
 * Clones that would share hidden nodes in the core form a group here: each has
 * a full set of pages of its own, and all look at the pager's node directly.
 * Where it depends on hidden nodes whether zeros are pages or the end of the
 * view of the pager, they are doubtful until the group is down to one
 * (model_settle).
 *
 * Numbers are pages, not bytes.
 */
#ifndef SOAK_PAGER_MODEL_H
#define SOAK_PAGER_MODEL_H

#include "soak_program.h"

enum { MODEL_PAGES = 40, MODEL_NODES = 40 };

enum page_kind {
    NOTHING, /* pager: only the store has it; clone: look at the parent */
    OWN,     /* clone: a page or a marker, whichever */
    CLEAN,   /* pager, from here on */
    DIRTY,
    AWAITING,
    MARKER,
    ZERO, /* part of a dirty zero interval */
};

struct model_page {
    enum page_kind kind;
    uint64_t content;
    uint32_t pins;
    uint32_t held; /* of these, pins of operations that still wait */
    bool always_need;
    bool is_doubtful;
};

enum node_kind { NODE_PAGER, NODE_CLONE, NODE_SLICE };

struct node {
    bool is_alive;
    enum node_kind kind;
    struct vm_cow_pages *cow;
    struct node *parent;
    uint64_t parent_offset;
    uint64_t parent_limit;
    uint64_t doubtful_limit; /* the limit may be as low as this */
    uint64_t size;
    uint32_t owners;
    uint32_t children;
    uint32_t group; /* 0: none */
    int64_t priority;
    struct model_page pages[MODEL_PAGES];

    /* pagers only */
    uint64_t store[MODEL_PAGES];
    bool traps;
    bool is_detached;
    bool is_modified;
    bool is_writing_back;
    uint64_t writeback_start, writeback_end;
    uint64_t failures; /* requests failed so far */
};

struct pager_model {
    struct vm_machine machine;
    struct node nodes[MODEL_NODES];
    uint32_t next_group;
};

/* --- plain facts ------------------------------------------------------------ */

static inline const char *page_kind_name(enum page_kind kind)
{
    static const char *const names[] = {
        [NOTHING] = "nothing",   [OWN] = "own",       [CLEAN] = "clean",
        [DIRTY] = "dirty",       [AWAITING] = "awaiting clean",
        [MARKER] = "marker",     [ZERO] = "dirty zero",
    };
    return names[kind];
}

static inline bool is_frame(enum page_kind kind)
{
    return kind == CLEAN || kind == DIRTY || kind == AWAITING;
}

/* The node that holds the pages, and where the object's page 0 is in it. */
static inline struct node *content_node(struct node *node, uint64_t *shift)
{
    *shift = node->kind == NODE_SLICE ? node->parent_offset : 0;
    return node->kind == NODE_SLICE ? node->parent : node;
}

static inline struct node *root_of(struct node *node)
{
    while (node->parent)
        node = node->parent;
    return node;
}

static inline uint32_t group_members(const struct pager_model *model,
                                     const struct node *node)
{
    uint32_t count = 0;
    for (int i = 0; node->group && i < MODEL_NODES; i++)
        count += model->nodes[i].is_alive &&
                 model->nodes[i].group == node->group;
    return count;
}

static inline bool is_below_hidden(const struct pager_model *model,
                                   const struct node *node)
{
    return node->kind == NODE_CLONE && group_members(model, node) > 1;
}

static inline uint64_t total_pins(const struct node *node)
{
    uint64_t pins = 0;
    for (uint64_t page = 0; page < node->size; page++)
        pins += node->pages[page].pins;
    return pins;
}

static inline bool any_pinned(const struct node *node, uint64_t start,
                              uint64_t end)
{
    for (uint64_t page = start; page < end; page++)
        if (node->pages[page].pins)
            return true;
    return false;
}

static inline bool any_own(const struct node *node, uint64_t start,
                           uint64_t end)
{
    for (uint64_t page = start; page < end; page++)
        if (node->pages[page].kind != NOTHING)
            return true;
    return false;
}

static inline bool is_priority(const struct pager_model *model,
                               const struct node *node)
{
    if (node->priority > 0)
        return true;
    for (int i = 0; i < MODEL_NODES; i++)
        if (model->nodes[i].is_alive && model->nodes[i].parent == node &&
            is_priority(model, &model->nodes[i]))
            return true;
    return false;
}

/* --- what a node sees ----------------------------------------------------------- */

struct view {
    struct node *node; /* where the search ended */
    uint64_t page;     /* there */
    bool is_absent;    /* a pager has to be asked */
    bool has_content;  /* a page; markers and zeros are none */
    uint64_t content;  /* if absent: what the pager would supply */
};

static inline struct view view_of(struct node *node, uint64_t page)
{
    uint64_t shift;
    node = content_node(node, &shift);
    page += shift;
    while (node->kind == NODE_CLONE && node->pages[page].kind == NOTHING) {
        if (page >= node->parent_limit)
            return (struct view){node, page, false, false, 0};
        page += node->parent_offset;
        node = node->parent;
        want_true(page < node->size, "model: a limit is inside the parent");
    }
    const struct model_page *found = &node->pages[page];
    struct view view = {node, page, false, false, found->content};
    view.has_content = is_frame(found->kind) || found->kind == OWN;
    if (node->kind == NODE_PAGER && found->kind == NOTHING) {
        view.is_absent = true;
        view.content = node->store[page];
    }
    return view;
}

/* --- changes of a page ------------------------------------------------------------ */

static inline void page_forget(struct model_page *page)
{
    *page = (struct model_page){.kind = NOTHING};
}

/* A frame may be new or the old one; pins and hints stay with an old one. */
static inline void page_set(struct model_page *page, enum page_kind kind,
                            uint64_t content)
{
    if (!is_frame(page->kind) || !is_frame(kind))
        page->always_need = false;
    page->kind = kind;
    page->content = content;
    page->is_doubtful = false;
}

static inline void model_supply(struct node *pager, uint64_t start,
                                uint64_t end, bool by_hole)
{
    for (uint64_t page = start; page < end; page++)
        if (pager->pages[page].kind == NOTHING)
            page_set(&pager->pages[page], by_hole ? MARKER : CLEAN,
                     pager->store[page]);
}

/* The pager gives leave to dirty; false: there is a gap. */
static inline bool model_dirty(struct node *pager, uint64_t start, uint64_t end)
{
    for (uint64_t page = start; page < end; page++)
        if (pager->pages[page].kind == NOTHING)
            return false;
    for (uint64_t page = start; page < end; page++)
        page_set(&pager->pages[page], DIRTY, pager->pages[page].content);
    return true;
}

/* The page was committed for writing: only then may content change. */
static inline void model_own_for_write(struct node *node, uint64_t page)
{
    struct model_page *own = &node->pages[page];
    if (node->kind == NODE_CLONE) {
        struct view view = view_of(node, page);
        want_true(!view.is_absent, "a clone forked what its pager never had");
        page_set(own, OWN, view.content);
        return;
    }
    if (own->kind == NOTHING)
        fail("page %" PRIu64 " was written without asking for it", page);
    if (node->traps && own->kind != DIRTY)
        fail("page %" PRIu64 " (%s) was written without leave", page,
             page_kind_name(own->kind));
    page_set(own, DIRTY, own->content);
}

static inline void model_write(struct node *node, uint64_t page, uint64_t value)
{
    model_own_for_write(node, page);
    node->pages[page].content = value;
    node->is_modified = true;
}

static inline void model_commit(struct node *node, uint64_t page)
{
    struct model_page *own = &node->pages[page];
    if (node->kind == NODE_CLONE) {
        model_own_for_write(node, page);
        return;
    }
    switch (own->kind) {
    case NOTHING:
        fail("page %" PRIu64 " was committed without asking for it", page);
    case ZERO:
        want_true(!node->traps, "a zero was committed without leave");
        page_set(own, DIRTY, 0);
        return;
    case MARKER:
        page_set(own, CLEAN, 0);
        return;
    default:
        return;
    }
}

/* --- zeroing ------------------------------------------------------------------------ */

static inline void zero_in_pager(struct node *node, uint64_t page)
{
    struct model_page *own = &node->pages[page];
    if (own->kind == MARKER)
        return;
    if (own->pins) {
        model_own_for_write(node, page);
        own->content = 0;
        return;
    }
    page_set(own, ZERO, 0);
}

static inline void zero_in_clone(struct node *node, uint64_t page)
{
    struct model_page *own = &node->pages[page];
    bool is_doubtful = page >= node->doubtful_limit && !own->pins;
    if (page < node->parent_limit || is_doubtful || own->pins) {
        page_set(own, OWN, 0);
        own->is_doubtful = is_doubtful;
    } else {
        page_forget(own);
    }
}

/* Zeros up to the end of the view of the parent only cut it. */
static inline void cut_view(const struct pager_model *model, struct node *node,
                            uint64_t start, uint64_t end)
{
    bool is_doubtful = is_below_hidden(model, node) ||
                       node->doubtful_limit < node->parent_limit;
    if (is_doubtful)
        node->doubtful_limit = u64_min(node->doubtful_limit, start);
    else if (start < node->parent_limit && end >= node->parent_limit)
        node->parent_limit = start;
}

static inline void model_zero(const struct pager_model *model,
                              struct node *node, uint64_t start, uint64_t end)
{
    if (start == end)
        return;
    node->is_modified = true;
    if (node->kind == NODE_CLONE)
        cut_view(model, node, start, end);
    for (uint64_t page = start; page < end; page++) {
        if (node->kind == NODE_PAGER)
            zero_in_pager(node, page);
        else
            zero_in_clone(node, page);
    }
}

/*
 * A clone no longer below a hidden node: its own list tells which of the
 * doubtful zeros are there, and where its view of the pager was cut instead.
 */
static inline void model_settle(struct pager_model *model, struct node *node)
{
    if (node->kind != NODE_CLONE || is_below_hidden(model, node))
        return;
    for (uint64_t page = 0; page < node->size; page++) {
        struct model_page *own = &node->pages[page];
        if (!own->is_doubtful)
            continue;
        own->is_doubtful = false;
        if (!vm_cow_debug_is_empty(node->cow, pages_to_bytes(page)))
            continue;
        page_forget(own);
        node->parent_limit = u64_min(node->parent_limit, page);
    }
}

/* --- resizing ------------------------------------------------------------------------- */

static inline void model_resize(struct pager_model *model, struct node *node,
                                uint64_t size)
{
    for (uint64_t page = size; page < node->size; page++)
        page_forget(&node->pages[page]);
    for (uint64_t page = node->size; page < size; page++)
        if (node->kind == NODE_PAGER)
            page_set(&node->pages[page], ZERO, 0);
    for (int i = 0; size < node->size && i < MODEL_NODES; i++) {
        struct node *child = &model->nodes[i];
        if (!child->is_alive || child->parent != node)
            continue;
        child->parent_limit =
            size < child->parent_offset
                ? 0
                : u64_min(child->parent_limit, size - child->parent_offset);
    }
    node->parent_limit = u64_min(node->parent_limit, size);
    node->size = size;
    node->is_modified = true;
}

/* --- the tree --------------------------------------------------------------------------- */

static inline struct node *node_new(struct pager_model *model,
                                    enum node_kind kind, uint64_t size)
{
    for (int i = 0; i < MODEL_NODES; i++) {
        struct node *node = &model->nodes[i];
        if (node->is_alive)
            continue;
        *node = (struct node){.is_alive = true,
                              .kind = kind,
                              .size = size,
                              .doubtful_limit = MODEL_PAGES,
                              .owners = 1};
        return node;
    }
    fail("model: too many nodes");
}

static inline void node_hang(struct node *node, struct node *parent,
                             uint64_t offset, uint64_t limit)
{
    node->parent = parent;
    node->parent_offset = offset;
    node->parent_limit = limit;
    parent->children++;
}

/* Its last owner or child may have gone. */
static inline void node_maybe_die(struct node *node)
{
    while (node && !node->owners && !node->children) {
        struct node *parent = node->parent;
        node->is_alive = false;
        node->group = 0;
        if (parent)
            parent->children--;
        node = parent;
    }
}

static inline bool has_clone_children(const struct pager_model *model,
                                      const struct node *node)
{
    for (int i = 0; i < MODEL_NODES; i++)
        if (model->nodes[i].is_alive && model->nodes[i].parent == node &&
            model->nodes[i].kind == NODE_CLONE)
            return true;
    return false;
}

static inline bool may_snapshot_modified(const struct pager_model *model,
                                         const struct node *node)
{
    if (node->kind == NODE_PAGER)
        return true;
    if (node->kind == NODE_SLICE)
        return node->parent->kind == NODE_PAGER;
    return !has_clone_children(model, node) &&
           (node->parent->kind == NODE_PAGER || is_below_hidden(model, node));
}

static inline bool may_at_least_on_write(const struct pager_model *model,
                                         const struct node *node)
{
    const struct node *holder =
        node->kind == NODE_SLICE ? node->parent : node;
    return !is_below_hidden(model, holder);
}

/* What a clone of this type does here: its status and the type it becomes. */
static inline enum vm_status model_check_clone(const struct pager_model *model,
                                               const struct node *node,
                                               enum vm_clone_type *type)
{
    bool modified = may_snapshot_modified(model, node);
    bool on_write = may_at_least_on_write(model, node);
    if (*type == CLONE_SNAPSHOT_AT_LEAST_ON_WRITE && !on_write)
        *type = modified ? CLONE_SNAPSHOT_MODIFIED : CLONE_SNAPSHOT;
    else if (*type == CLONE_SNAPSHOT_MODIFIED && !modified)
        *type = CLONE_SNAPSHOT;
    if (*type == CLONE_SNAPSHOT)
        return VM_NOT_SUPPORTED;
    if (*type == CLONE_SNAPSHOT_MODIFIED && total_pins(node) > 0)
        return VM_BAD_STATE;
    return VM_OK;
}

static inline void clone_unidirectional(struct node *node, struct node *clone,
                                        uint64_t offset)
{
    uint64_t limit =
        offset >= node->size ? 0 : u64_min(clone->size, node->size - offset);
    while (node->parent) {
        if (limit > 0 && any_own(node, offset, offset + limit))
            break;
        limit = offset >= node->parent_limit
                    ? 0
                    : u64_min(limit, node->parent_limit - offset);
        offset += node->parent_offset;
        node = node->parent;
    }
    node_hang(clone, node, offset, limit);
}

/* Both get a copy of what was private, and share the pager's view. */
static inline void clone_bidirectional(struct pager_model *model,
                                       struct node *node, struct node *clone,
                                       uint64_t offset)
{
    if (!is_below_hidden(model, node))
        node->group = ++model->next_group;
    clone->group = node->group;
    uint64_t limit =
        offset >= node->size ? 0 : u64_min(clone->size, node->size - offset);
    for (uint64_t page = 0; page < limit; page++) {
        const struct model_page *from = &node->pages[offset + page];
        struct model_page *to = &clone->pages[page];
        to->kind = from->kind;
        to->content = from->content;
        to->is_doubtful = from->is_doubtful;
    }
    limit = offset >= node->parent_limit
                ? 0
                : u64_min(limit, node->parent_limit - offset);
    node_hang(clone, node->parent, node->parent_offset + offset, limit);
    if (node->doubtful_limit < MODEL_PAGES)
        clone->doubtful_limit = node->doubtful_limit > offset
                                    ? node->doubtful_limit - offset
                                    : 0;
}

#endif
