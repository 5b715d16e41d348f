/*
 * The other half of the model: objects, operations on them that may wait for
 * a pager, and the pager's answers. An operation's effect on the model is
 * applied after each of its runs, as far as its progress went; what an answer
 * changes is applied with the answer, so that operations which wait for long
 * see whatever happens meanwhile.
 */
#ifndef SOAK_PAGER_WAIT_H
#define SOAK_PAGER_WAIT_H

#include "pager_model.h"

enum { MAX_OBJECTS = 12, MAX_WAITING = 5, ANSWERS_AT_MOST = 1000 };

struct object {
    struct vmo *vmo; /* NULL: free */
    struct node *node;
    bool is_resizable;
    int64_t priority;
    struct vm_mapping *mapping; /* NULL: none */
};

struct waiting {
    bool is_used;
    struct vmo_op op;
    struct object *object;
    uint64_t start; /* page of the object */
    uint64_t done;  /* pages whose effect the model has */
    uint64_t pinned;
    uint64_t failures; /* of its pager, when it began */
    bool began_inside;
    uint64_t values[MODEL_PAGES]; /* WRITE */
};

static struct pager_model model;
static struct object objects[MAX_OBJECTS];
static struct waiting waitings[MAX_WAITING];

static inline int object_number(const struct object *object)
{
    return (int)(object - objects);
}

/* An object right over the pager's node, for the pager's own calls. */
static inline struct object *handle_of(const struct node *pager)
{
    uint64_t first = draw(MAX_OBJECTS);
    for (uint64_t i = 0; i < MAX_OBJECTS; i++) {
        struct object *object = &objects[(first + i) % MAX_OBJECTS];
        if (object->vmo && object->node == pager)
            return object;
    }
    return NULL;
}

/* --- what the pager does ----------------------------------------------------- */

static inline void supply_by_cow(struct node *pager, uint64_t start,
                                 uint64_t end, enum vm_status expected)
{
    for (uint64_t page = start; page < end; page++) {
        struct page_request request;
        page_index supplied;
        page_request_init(&request);
        want(vm_cow_supply_one(pager->cow, pages_to_bytes(page),
                               pager->store[page], &request, &supplied),
             expected, "supply of one page");
        want_true(expected != VM_OK || (supplied != PAGE_NONE) ==
                                           (pager->pages[page].kind == NOTHING),
                  "a supplied page is taken exactly where there was nothing");
    }
}

/* What is there is supplied with junk: nobody may ever see it. */
static inline void supply_by_vmo(const struct node *pager, struct vmo *vmo,
                                 uint64_t shift, uint64_t start, uint64_t end,
                                 bool by_hole, enum vm_status expected)
{
    uint64_t values[MODEL_PAGES + 1] = {0};
    for (uint64_t page = start; page < end; page++)
        values[page - start] = pager->pages[page].kind == NOTHING
                                   ? pager->store[page]
                                   : ++program.next_content;
    struct vmo_op op;
    want(vmo_op_init_supply(&op, vmo, pages_to_bytes(start - shift),
                            pages_to_bytes(end - start),
                            by_hole ? NULL : values),
         VM_OK, "supply");
    want(vmo_op_run(&op), expected, "supply");
    vmo_op_release(&op);
}

static inline struct object *slice_over(const struct node *pager,
                                        uint64_t start, uint64_t end)
{
    for (int i = 0; i < MAX_OBJECTS; i++) {
        const struct node *node = objects[i].node;
        if (objects[i].vmo && node->kind == NODE_SLICE &&
            node->parent == pager && start >= node->parent_offset &&
            end <= node->parent_offset + node->size)
            return &objects[i];
    }
    return NULL;
}

static inline void do_supply(struct node *pager, uint64_t start, uint64_t end)
{
    enum vm_status expected = pager->is_detached ? VM_BAD_STATE : VM_OK;
    const struct object *handle = handle_of(pager);
    const struct object *slice = slice_over(pager, start, end);
    bool by_hole = rarely(2);
    for (uint64_t page = start; page < end; page++)
        by_hole &=
            pager->pages[page].kind != NOTHING || pager->store[page] == 0;
    if (slice && rarely(3))
        handle = slice;
    if (!handle || rarely(3)) {
        by_hole = false;
        note("supply [%" PRIu64 " %" PRIu64 ") one by one", start, end);
        supply_by_cow(pager, start, end, expected);
    } else {
        note("supply #%d [%" PRIu64 " %" PRIu64 ")%s", object_number(handle),
             start, end, by_hole ? " holes" : "");
        uint64_t shift =
            handle->node == pager ? 0 : handle->node->parent_offset;
        supply_by_vmo(pager, handle->vmo, shift, start, end, by_hole, expected);
    }
    if (expected == VM_OK)
        model_supply(pager, start, end, by_hole);
}

static inline enum vm_status expected_dirty(const struct node *pager,
                                            uint64_t start, uint64_t end)
{
    if (!pager->traps)
        return VM_NOT_SUPPORTED;
    if (end > pager->size)
        return VM_OUT_OF_RANGE;
    if (pager->is_detached)
        return VM_BAD_STATE;
    for (uint64_t page = start; page < end; page++)
        if (pager->pages[page].kind == NOTHING)
            return VM_NOT_FOUND;
    return VM_OK;
}

static inline void do_dirty(struct node *pager, uint64_t start, uint64_t end)
{
    enum vm_status expected = expected_dirty(pager, start, end);
    const struct object *handle = handle_of(pager);
    note("dirty [%" PRIu64 " %" PRIu64 ")", start, end);
    if (!handle || rarely(3)) {
        struct page_chain spare = PAGE_CHAIN_EMPTY;
        struct page_request request;
        page_request_init(&request);
        want(vm_cow_dirty_pages(pager->cow, pages_to_bytes(start),
                                pages_to_bytes(end - start), &spare, &request),
             expected, "dirty");
        want_true(spare.count == 0, "dirtying takes no page too many");
    } else {
        struct vmo_op op;
        vmo_op_init_dirty(&op, handle->vmo, pages_to_bytes(start),
                          pages_to_bytes(end - start));
        want(vmo_op_run(&op), expected, "dirty");
        vmo_op_release(&op);
    }
    if (expected == VM_OK)
        want_true(model_dirty(pager, start, end), "model: dirty");
}

static inline void do_fail(struct node *pager, uint64_t start, uint64_t end)
{
    static const enum vm_status errors[] = {VM_IO, VM_BAD_STATE, VM_NO_SPACE};
    enum vm_status error = errors[draw(3)];
    enum vm_status expected = end > pager->size     ? VM_OUT_OF_RANGE
                              : pager->is_detached ? VM_BAD_STATE
                                                   : VM_OK;
    const struct object *handle = handle_of(pager);
    note("fail [%" PRIu64 " %" PRIu64 ") %s", start, end,
         vm_status_name(error));
    uint64_t offset = pages_to_bytes(start);
    uint64_t length = pages_to_bytes(end - start);
    want(handle ? vmo_fail_requests(handle->vmo, offset, length, error)
                : vm_cow_fail_page_requests(pager->cow, offset, length, error),
         expected, "fail");
    pager->failures += expected == VM_OK;
}

/* Answer all or the first part of what a request asks for. */
static inline void answer(const struct page_request *request)
{
    struct node *pager = request->source->user;
    if (request->state == REQUEST_OVERLAP)
        request = request->overlapped;
    uint64_t start = bytes_to_pages(request->offset);
    uint64_t end = start + bytes_to_pages(request->length);
    end = u64_min(end, pager->size);
    want_true(start < end, "a request is inside its object");
    if (rarely(4))
        end = start + 1 + draw(end - start);
    if (request->type == PAGE_REQUEST_READ)
        do_supply(pager, start, end);
    else
        do_dirty(pager, start, end);
}

/* --- runs of an operation --------------------------------------------------------- */

static inline void apply_page(struct waiting *w, struct node *node,
                              uint64_t page, uint64_t i)
{
    struct view view;
    switch (w->op.kind) {
    case VMO_OP_READ:
        view = view_of(node, page);
        if (view.is_absent || w->op.values[i] != view.content)
            fail("page %" PRIu64 " was read as %" PRIu64 ", not %" PRIu64,
                 w->start + i, w->op.values[i], view.content);
        return;
    case VMO_OP_WRITE:
        model_write(node, page, w->values[i]);
        return;
    case VMO_OP_COMMIT:
        model_commit(node, page);
        return;
    case VMO_OP_ALWAYS_NEED:
        view = view_of(node, page);
        if (view.node->kind == NODE_PAGER &&
            is_frame(view.node->pages[view.page].kind))
            view.node->pages[view.page].always_need = true;
        return;
    default:
        fail("model: no progress by pages");
    }
}

/* Pages pinned so far were committed; those in progress were dirtied, too. */
static inline void apply_pin(struct waiting *w, struct node *node,
                             uint64_t first, uint64_t progress)
{
    uint64_t pinned = bytes_to_pages(w->op.pinned_bytes);
    for (; w->pinned < pinned; w->pinned++) {
        model_commit(node, first + w->pinned);
        node->pages[first + w->pinned].pins++;
        node->pages[first + w->pinned].held++;
    }
    if (node->kind == NODE_PAGER && w->op.is_write)
        for (uint64_t i = w->done; i < progress; i++)
            model_own_for_write(node, first + i);
}

static inline void drop_pins(struct waiting *w)
{
    uint64_t shift;
    struct node *node = content_node(w->object->node, &shift);
    for (uint64_t i = 0; i < w->pinned; i++) {
        node->pages[w->start + shift + i].pins--;
        node->pages[w->start + shift + i].held--;
    }
    w->pinned = 0;
}

static inline void keep_pins(struct waiting *w)
{
    uint64_t shift;
    struct node *node = content_node(w->object->node, &shift);
    for (uint64_t i = 0; i < w->pinned; i++)
        node->pages[w->start + shift + i].held--;
    node->is_modified |= w->op.is_write;
}

/* One page, all or nothing. */
static inline void apply_single(struct waiting *w, struct node *node,
                                uint64_t page)
{
    if (w->op.kind == VMO_OP_FAULT) {
        if (w->op.is_write)
            model_write(node, page, w->op.fault_value);
        return;
    }
    struct view view = view_of(node, page);
    want_true(w->op.values[0] == view.content, "a look-up differs");
    want_true(!view.is_absent, "a look-up finds what was never supplied");
    if (w->op.is_write && w->op.is_fault) {
        model_own_for_write(node, page);
        node->is_modified = true;
    }
}

static inline void apply(struct waiting *w, enum vm_status status)
{
    uint64_t shift;
    struct node *node = content_node(w->object->node, &shift);
    uint64_t first = w->start + shift;
    uint64_t progress = bytes_to_pages(w->op.progress);
    switch (w->op.kind) {
    case VMO_OP_PIN:
        if (status == VM_OK || status == VM_SHOULD_WAIT)
            apply_pin(w, node, first, progress);
        break;
    case VMO_OP_LOOKUP:
    case VMO_OP_FAULT:
        if (status == VM_OK)
            apply_single(w, node, first);
        return;
    case VMO_OP_ZERO:
        model_zero(&model, node, first + w->done, first + progress);
        break;
    default:
        for (uint64_t i = w->done; i < progress; i++)
            apply_page(w, node, first + i, i);
    }
    w->done = progress;
}

/* Only what is not there is asked for, only what is not dirty to be dirtied. */
static inline void check_request(const struct page_request *request)
{
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
            fail("page %" PRIu64 " (%s) was asked for", page,
                 page_kind_name(pager->pages[page].kind));
    want_true(is_read || pager->pages[start].kind != DIRTY,
              "leave is asked for a dirty page");
}

static inline enum vm_status expected_status(const struct waiting *w)
{
    const struct node *node = w->object->node;
    uint64_t end = w->start + bytes_to_pages(w->op.length);
    bool may_shrink =
        w->op.kind == VMO_OP_COMMIT || w->op.kind == VMO_OP_ALWAYS_NEED;
    if (w->op.kind == VMO_OP_PIN && w->op.length == 0)
        return VM_INVALID_ARGS;
    if (end > node->size && !(may_shrink && w->began_inside))
        return VM_OUT_OF_RANGE;
    if (w->op.kind == VMO_OP_FAULT && w->op.is_write &&
        !w->op.mapping->is_writable)
        return VM_NOT_SUPPORTED;
    return VM_OK;
}

/* A look-up that does not fault finds pages of the pager, written to never. */
static inline void check_present_lookup(const struct waiting *w,
                                        enum vm_status status)
{
    struct view view = view_of(w->object->node, w->start);
    if (view.node->kind != NODE_PAGER)
        return; /* a marker or a page, nobody knows */
    uint64_t shift;
    bool is_there = is_frame(view.node->pages[view.page].kind) &&
                    !(w->op.is_write);
    (void)content_node(w->object->node, &shift);
    want(status, is_there ? VM_OK : VM_NOT_FOUND, "look-up without a fault");
}

/* `error`: what the pager had reported when the last run began. */
static inline void check_status(const struct waiting *w, enum vm_status status,
                                enum vm_status error)
{
    const struct node *pager = root_of(w->object->node);
    if (w->op.kind == VMO_OP_LOOKUP && !w->op.is_fault &&
        expected_status(w) == VM_OK) {
        check_present_lookup(w, status);
        return;
    }
    if (error != VM_OK) {
        want_true(pager->failures != w->failures,
                  "an operation failed that no pager failed");
        want(status, error, "an operation that the pager failed");
        return;
    }
    if (pager->is_detached && status == VM_BAD_STATE)
        return;
    want(status, expected_status(w), "an operation that may wait");
}

/* Returns whether it is over. */
static inline bool run(struct waiting *w)
{
    const struct page_request *request = &w->op.request;
    enum vm_status error =
        request->state == REQUEST_DONE ? request->status : VM_OK;
    if (error != VM_OK && w->op.kind == VMO_OP_ALWAYS_NEED) {
        w->done++; /* a page that can't be had is skipped */
        error = VM_OK;
    }
    enum vm_status status = vmo_op_run(&w->op);
    apply(w, status);
    if (status == VM_SHOULD_WAIT) {
        check_request(request);
        return false;
    }
    if (w->op.kind == VMO_OP_PIN && status == VM_OK)
        keep_pins(w);
    else
        drop_pins(w);
    check_status(w, status, error);
    vmo_op_release(&w->op);
    w->is_used = false;
    return true;
}

/* Answer until it is over. */
static inline void finish(struct waiting *w)
{
    for (int answers = 0; answers < ANSWERS_AT_MOST; answers++) {
        if (w->op.request.state != REQUEST_OUTSTANDING &&
            w->op.request.state != REQUEST_OVERLAP) {
            if (run(w))
                return;
        } else {
            answer(&w->op.request);
        }
    }
    fail("an operation waits for ever");
}

static inline void abort_waiting(struct waiting *w)
{
    note("abort the operation on #%d", object_number(w->object));
    vmo_op_abort(&w->op, VM_TIMED_OUT);
    drop_pins(w);
    vmo_op_release(&w->op);
    w->is_used = false;
}

/* Room for one more; the model's part is filled in. */
static inline struct waiting *waiting_new(struct object *object, uint64_t start,
                                          uint64_t end)
{
    struct waiting *w = NULL;
    for (int i = 0; i < MAX_WAITING && !w; i++)
        if (!waitings[i].is_used)
            w = &waitings[i];
    if (!w) {
        w = &waitings[draw(MAX_WAITING)];
        finish(w);
    }
    *w = (struct waiting){
        .is_used = true,
        .object = object,
        .start = start,
        .failures = root_of(object->node)->failures,
        .began_inside = end <= object->node->size,
    };
    return w;
}

/* Begin, and mostly answer at once. */
static inline void start(struct waiting *w)
{
    if (run(w))
        return;
    if (rarely(5))
        note("that waits");
    else
        finish(w);
}

#endif
