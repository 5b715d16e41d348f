/*
 * What must become of an operation: its status in the order in which the core
 * looks at the arguments, and whom it may ask for what.
 */
#include "wait.h"

struct node *wait_content(const struct waiting *w, uint64_t *first)
{
    uint64_t shift;
    struct node *node = content_node(w->object->node, &shift);
    *first = w->start + shift;
    return node;
}

static bool is_discarded(const struct node *node)
{
    return node->lock_state == DISCARDABLE_DISCARDED;
}

static bool is_pin_full(const struct waiting *w)
{
    uint64_t first;
    const struct node *node = wait_content(w, &first);
    for (uint64_t i = w->pinned; i < wait_length(w); i++)
        if (node->pages[first + i].pins == PAGE_MAX_PIN_COUNT)
            return true;
    return false;
}

/* Taking content out of `object`. */
static enum vm_status check_take(struct object *object, uint64_t start,
                                 uint64_t end)
{
    uint64_t shift;
    const struct node *node = content_node(object->node, &shift);
    if (object->is_contiguous)
        return VM_NOT_SUPPORTED;
    if (!is_inside(object, end))
        return VM_OUT_OF_RANGE;
    if (node->kind == NODE_PAGER)
        return VM_NOT_SUPPORTED;
    return any_pinned(node, start + shift, end + shift) ? VM_BAD_STATE : VM_OK;
}

static enum vm_status check_supply(const struct waiting *w)
{
    uint64_t first;
    const struct node *pager = wait_content(w, &first);
    if (pager->kind != NODE_PAGER)
        return VM_INVALID_ARGS;
    if (!is_inside(w->object, w->start + wait_length(w)))
        return VM_OUT_OF_RANGE;
    if (pager->is_detached)
        return VM_BAD_STATE;
    if (wait_length(w) == 0 || !w->other || w->op.is_gathered)
        return VM_OK;
    return check_take(w->other, w->step.at + w->taken,
                      w->step.at + wait_length(w));
}

/* Taking what is left, then putting it into the other object. */
static enum vm_status check_take_into(const struct waiting *w)
{
    enum vm_status status = VM_OK;
    if (wait_length(w) > 0 && !w->op.is_gathered)
        status = check_take(w->object, w->start + w->taken,
                            w->start + wait_length(w));
    if (status == VM_OK && any_pinned(w->other->node, w->done, wait_length(w)))
        status = VM_BAD_STATE;
    return status;
}

static enum vm_status check_dirty(const struct waiting *w)
{
    const struct node *pager = w->object->node;
    uint64_t end = w->start + wait_length(w);
    if (pager->kind != NODE_PAGER)
        return VM_INVALID_ARGS;
    if (!pager->traps)
        return VM_NOT_SUPPORTED;
    if (end > pager->size)
        return VM_OUT_OF_RANGE;
    if (pager->is_detached)
        return VM_BAD_STATE;
    for (uint64_t page = w->start; page < end; page++)
        if (pager->pages[page].kind == NOTHING)
            return VM_NOT_FOUND;
    return VM_OK;
}

/* Content that users get at: not past the end, not while discarded. */
static enum vm_status check_access(const struct waiting *w)
{
    bool may_shrink = w->op.kind == VMO_OP_COMMIT && w->began_inside;
    if (w->op.kind == VMO_OP_PIN && wait_length(w) == 0)
        return VM_INVALID_ARGS;
    if (!is_inside(w->object, w->start + wait_length(w)) && !may_shrink)
        return VM_OUT_OF_RANGE;
    if (is_discarded(w->object->node) &&
        u64_min(w->object->node->size, w->start + wait_length(w)) > w->start)
        return VM_NOT_FOUND;
    return w->op.kind == VMO_OP_PIN && is_pin_full(w) ? VM_UNAVAILABLE : VM_OK;
}

static enum vm_status check_zero(const struct waiting *w)
{
    const struct node *node = w->object->node;
    if (!is_inside(w->object, w->start + wait_length(w)))
        return VM_OUT_OF_RANGE;
    return is_discarded(node) && node->cannot_decommit && wait_length(w) > 0
               ? VM_NOT_FOUND
               : VM_OK;
}

/* How it ends if it ends now and no pager fails it. */
enum vm_status wait_expected_end(const struct waiting *w)
{
    switch (w->op.kind) {
    case VMO_OP_SUPPLY:
        return check_supply(w);
    case VMO_OP_TAKE:
        return check_take_into(w);
    case VMO_OP_DIRTY:
        return check_dirty(w);
    case VMO_OP_ZERO:
        return check_zero(w);
    case VMO_OP_DECOMPRESS:
        return is_inside(w->object, w->start + wait_length(w))
                   ? VM_OK
                   : VM_OUT_OF_RANGE;
    case VMO_OP_ALWAYS_NEED:
        if (root_of(w->object->node)->kind != NODE_PAGER || w->began_inside)
            return VM_OK;
        return VM_OUT_OF_RANGE;
    default:
        return check_access(w);
    }
}

/* Is there a page in what is left that only the pager could help with? */
static bool needs_pager(const struct waiting *w)
{
    struct object *object = w->object;
    uint64_t start = w->start + w->done;
    uint64_t end = w->start + wait_length(w);
    if (w->op.kind == VMO_OP_SUPPLY) {
        object = w->other;
        start = w->step.at + w->taken;
        end = w->step.at + wait_length(w);
    } else if (w->op.kind == VMO_OP_TAKE) {
        start = w->start + w->taken;
    }
    for (uint64_t page = start;
         object && page < u64_min(end, object->node->size); page++) {
        struct view view = view_of(object->node, page);
        if (view.is_absent ||
            (view.node->kind == NODE_PAGER && view.node->traps &&
             view.node->pages[view.page].kind != DIRTY))
            return true;
    }
    return false;
}

/* A look-up that does not fault finds pages of the pager, written to never. */
static void check_present_lookup(const struct waiting *w, enum vm_status status)
{
    struct view view = view_of(w->object->node, w->start);
    if (view.node->kind == NODE_COW)
        return; /* a marker, a page or a compressed one: nobody knows */
    bool is_there = view.has_content &&
                    (view.node->kind == NODE_CONTIGUOUS || !w->op.is_write);
    want(status, is_there ? VM_OK : VM_NOT_FOUND, "look-up without a fault");
}

/* `expected` and `error` are of before the run. */
void wait_check_end(const struct waiting *w, enum vm_status status,
                    enum vm_status expected, enum vm_status error)
{
    if (w->op.kind == VMO_OP_LOOKUP && !w->op.is_fault && expected == VM_OK) {
        check_present_lookup(w, status);
        return;
    }
    if (error != VM_OK) {
        want(status, error, "an operation that the pager failed");
        return;
    }
    if (status == VM_BAD_STATE && expected != VM_BAD_STATE) {
        struct object *object =
            w->op.kind == VMO_OP_SUPPLY && w->other ? w->other : w->object;
        if (root_of(object->node)->is_detached && needs_pager(w))
            return;
    }
    want(status, expected, op_name((enum op)w->step.op));
}

/* Only what is not there is asked for, only what is not dirty to be dirtied. */
void wait_check_request(const struct trial *trial,
                        const struct page_request *request)
{
    if (request->state == REQUEST_MEMORY) {
        want_true(memory_failed(trial), "who waits for memory got none");
        return;
    }
    if (request->state != REQUEST_OUTSTANDING) {
        want_true(request->state == REQUEST_OVERLAP,
                  "an operation waits on an outstanding request");
        return;
    }
    const struct node *pager = request->source->user;
    uint64_t start = bytes_to_pages(request->offset);
    uint64_t end = start + bytes_to_pages(request->length);
    bool is_read = request->type == PAGE_REQUEST_READ;
    want_true(start < end && end <= pager->size,
              "a request is inside its object");
    want_true(is_read || pager->traps, "only a trapping pager is asked");
    for (uint64_t page = start; page < end; page++)
        if ((pager->pages[page].kind == NOTHING) != is_read)
            wrong("page %d (%s) was asked for", (int)page,
                  page_kind_name(pager->pages[page].kind));
    want_true(is_read || pager->pages[start].kind != DIRTY,
              "leave is asked for a dirty page");
}
