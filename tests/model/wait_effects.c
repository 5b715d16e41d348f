/*
 * What an operation's runs do to the model. Progress by pages is applied as far
 * as it went; what the core does ahead of its progress shows only when memory
 * runs out or a pin fails, and is looked up then.
 */
#include "wait.h"

enum { FAULT_WINDOW_PAGES = 16 };

static void apply_page(struct trial *trial, struct waiting *w,
                       struct node *node, uint64_t page, uint64_t i)
{
    struct view view;
    switch (w->op.kind) {
    case VMO_OP_READ:
        if (node->kind == NODE_CONTIGUOUS)
            model_commit(&trial->model, node, page);
        view = view_of(node, page);
        if (view.is_absent || w->op.values[i] != view.content)
            wrong("v%d: page %d was read as %llu, not %llu",
                  slot_of(trial, w->object), (int)(w->start + i),
                  (unsigned long long)w->op.values[i],
                  (unsigned long long)view.content);
        return;
    case VMO_OP_WRITE:
        model_write(&trial->model, node, page, w->values[i]);
        return;
    case VMO_OP_COMMIT:
        model_commit(&trial->model, node, page);
        return;
    case VMO_OP_ALWAYS_NEED:
        view = view_of(node, page);
        if (view.node->kind == NODE_PAGER &&
            is_frame(view.node->pages[view.page].kind))
            view.node->pages[view.page].always_need = true;
        return;
    case VMO_OP_SUPPLY:
        model_supply(&trial->model, node, page, w->is_page[i], w->values[i]);
        return;
    case VMO_OP_TAKE:
        model_put(&trial->model, w->other->node, i, w->is_page[i],
                  w->values[i]);
        return;
    default:
        wrong("%s makes progress by pages", op_name((enum op)w->step.op));
    }
}

/* Pages pinned so far were committed; those in progress were dirtied, too. */
static void apply_pin(struct trial *trial, struct waiting *w, struct node *node,
                      uint64_t first, uint64_t progress)
{
    uint64_t pinned = bytes_to_pages(w->op.pinned_bytes);
    for (; w->pinned < pinned; w->pinned++) {
        model_commit(&trial->model, node, first + w->pinned);
        node->pages[first + w->pinned].pins++;
        node->pages[first + w->pinned].held++;
        node->was_pinned = true;
    }
    if (node->kind == NODE_PAGER && w->op.is_write)
        for (uint64_t i = w->done; i < progress; i++)
            model_own(&trial->model, node, first + i);
}

void wait_drop_pins(struct waiting *w)
{
    uint64_t first;
    struct node *node = wait_content(w, &first);
    for (uint64_t i = 0; i < w->pinned; i++) {
        node->pages[first + i].pins--;
        node->pages[first + i].held--;
    }
    w->pinned = 0;
}

void wait_keep_pins(struct waiting *w)
{
    uint64_t first;
    struct node *node = wait_content(w, &first);
    for (uint64_t i = 0; i < w->pinned; i++)
        node->pages[first + i].held--;
    node->is_modified |= w->op.is_write;
}

/* How far an operation got that failed in the middle, only the core knows. */
void wait_apply_observed(struct trial *trial, struct waiting *w)
{
    uint64_t first;
    struct node *node = wait_content(w, &first);
    uint64_t end = u64_min(first + wait_length(w), node->size);
    for (uint64_t page = first; page < end; page++) {
        struct model_page *own = &node->pages[page];
        page_index index =
            vm_cow_debug_get_page(node->cow, pages_to_bytes(page));
        if (index == PAGE_NONE)
            continue;
        if (node->kind != NODE_PAGER || !is_frame(own->kind))
            model_commit(&trial->model, node, page);
        if (w->op.is_write && node->kind == NODE_PAGER && !node->traps &&
            vm_page_is_dirty(vm_page_of(&trial->machine, index)))
            model_own(&trial->model, node, page);
    }
}

/* Pages that were going to be replaced may have been made the node's own. */
static void observe_owned(struct trial *trial, struct node *node,
                          uint64_t start, uint64_t end)
{
    for (uint64_t page = start; page < u64_min(end, node->size); page++)
        if (vm_cow_debug_is_page(node->cow, pages_to_bytes(page)))
            model_own(&trial->model, node, page);
}

/* Memory ran out in the middle of a run. What was going to be zeroed may read
 * as zero already, what was going to be pinned may be committed. */
void wait_apply_halfway(struct trial *trial, struct waiting *w,
                        enum vm_status status)
{
    uint64_t first;
    struct node *node = wait_content(w, &first);
    uint64_t end = u64_min(first + wait_length(w), node->size);
    if (w->op.kind == VMO_OP_PIN && status == VM_SHOULD_WAIT)
        wait_apply_observed(trial, w);
    if (w->op.kind == VMO_OP_TAKE)
        observe_owned(trial, w->other->node, w->done, wait_length(w));
    if (w->op.kind != VMO_OP_ZERO || !is_grouped(&trial->model, node))
        return;
    for (uint64_t page = first + w->done; page < end; page++)
        if (core_sees_nothing(node, page))
            model_zero_early(&trial->model, node, page);
}

/* What a fault asks a provider for comes back as a whole. */
static void hold_window(struct node *node, uint64_t page, uint64_t window)
{
    for (uint64_t i = 0; i < window && node->pages[page + i].kind == LENT; i++)
        node->pages[page + i].kind = HELD;
}

/* One page, all or nothing. */
static void apply_single(struct trial *trial, struct waiting *w,
                         struct node *node, uint64_t page)
{
    if (w->op.kind == VMO_OP_FAULT) {
        uint64_t window =
            u64_min(FAULT_WINDOW_PAGES, w->op.mapping->page_count - w->start);
        window = u64_min(window, w->object->node->size - w->start);
        hold_window(node, page, window);
        if (w->op.is_write)
            model_write(&trial->model, node, page, w->op.fault_value);
        return;
    }
    if (w->op.is_fault)
        hold_window(node, page, 1);
    struct view view = view_of(node, page);
    want_true(w->op.values[0] == view.content, "a look-up differs");
    want_true(!view.is_absent, "a look-up finds what was never supplied");
    if (w->op.is_write && w->op.is_fault) {
        model_own(&trial->model, node, page);
        node->is_modified = true;
    }
}

/* What was taken out of its object so far. */
static void apply_taken(struct trial *trial, struct waiting *w)
{
    uint64_t taken = bytes_to_pages(w->op.taken_bytes);
    struct object *from = w->op.kind == VMO_OP_TAKE ? w->object : w->other;
    if (!from)
        return;
    uint64_t start = w->op.kind == VMO_OP_TAKE ? w->start : w->step.at;
    uint64_t shift;
    struct node *node = content_node(from->node, &shift);
    bool leaves_zeros =
        w->taken > 0 || node->parent || is_grouped(&trial->model, node);
    for (; w->taken < taken; w->taken++)
        model_take(&trial->model, node, start + shift + w->taken, leaves_zeros,
                   &w->is_page[w->taken], &w->values[w->taken]);
    /* What came back is the object's own by now. */
    uint64_t end = taken + bytes_to_pages(w->op.returned_bytes);
    for (uint64_t page = taken; page < end; page++)
        model_own(&trial->model, node, start + shift + page);
}

void wait_apply(struct trial *trial, struct waiting *w, enum vm_status status)
{
    uint64_t first;
    struct node *node = wait_content(w, &first);
    uint64_t progress = bytes_to_pages(w->op.progress);
    switch (w->op.kind) {
    case VMO_OP_PIN:
        if (status == VM_OK || status == VM_SHOULD_WAIT)
            apply_pin(trial, w, node, first, progress);
        break;
    case VMO_OP_LOOKUP:
    case VMO_OP_FAULT:
        if (status == VM_OK)
            apply_single(trial, w, node, first);
        return;
    case VMO_OP_ZERO:
        if (status == VM_OUT_OF_RANGE)
            return;
        model_zero(&trial->model, node, first + w->done, first + progress,
                   first + wait_length(w));
        break;
    case VMO_OP_DIRTY:
        if (status == VM_OK)
            want_true(model_dirty(node, first, first + wait_length(w)),
                      "a gap was dirtied");
        return;
    case VMO_OP_DECOMPRESS:
        return;
    default:
        apply_taken(trial, w);
        for (uint64_t i = w->done; i < progress; i++)
            apply_page(trial, w, node, first + i, i);
    }
    w->done = progress;
}
