/*
 * Operations that may wait go on: run, resumed, aborted, in the order in which
 * the simulator does it. The effect on the model is applied after each run;
 * what an answer changes is applied with the answer. So operations that wait
 * for long see whatever happens meanwhile.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "wait.h"

/* --- running ------------------------------------------------------------------------- */

static void release(struct waiting *w)
{
    vmo_op_release(&w->op);
    w->is_used = false;
}

/* One run of the operation; SHOULD_WAIT: it is not over. */
static enum vm_status run_once(struct trial *trial, struct waiting *w)
{
    const struct page_request *request = &w->op.request;
    enum vm_status error =
        request->state == REQUEST_DONE ? request->status : VM_OK;
    if (error != VM_OK && w->op.kind == VMO_OP_ALWAYS_NEED) {
        w->done++; /* a page that can't be had is skipped */
        error = VM_OK;
    }
    enum vm_status expected = wait_expected_end(w);
    trial->takes_back |= root_of(w->object->node)->kind == NODE_CONTIGUOUS;
    memory_note(trial);
    enum vm_status status = vmo_op_run(&w->op);
    wait_apply(trial, w, status);
    if (memory_failed(trial))
        wait_apply_halfway(trial, w, status);
    if (status == VM_SHOULD_WAIT) {
        wait_check_request(trial, request);
        return status;
    }
    if (w->op.kind == VMO_OP_PIN && status == VM_OK)
        wait_keep_pins(w);
    else
        wait_drop_pins(w);
    if (w->op.kind == VMO_OP_PIN && status != VM_OK)
        wait_apply_observed(trial, w);
    if (status == VM_NO_MEMORY && memory_failed(trial))
        return status;
    wait_check_end(w, status, expected, error);
    return status;
}

/* --- touching ------------------------------------------------------------------------- */

/* The user's mapping covers all of the object. */
static struct vm_mapping *user_mapping(struct trial *trial,
                                       struct object *object)
{
    struct vm_mapping *mapping = object->user;
    if (!mapping) {
        object->mapped_at = ++trial->last_mapped;
        want(vmo_map(object->vmo, 0, object->node->size, true, false,
                     &object->user),
             VM_OK, "map");
        return object->user;
    }
    if (mapping->page_count >= object->node->size)
        return mapping;
    mapping_entry *entries = calloc(object->node->size, sizeof *entries);
    want_true(entries != NULL, "out of memory");
    memcpy(entries, mapping->entries, mapping->page_count * sizeof *entries);
    free(mapping->entries);
    mapping->entries = entries;
    mapping->page_count = object->node->size;
    return mapping;
}

/* A write through an entry reaches the page without anybody's knowledge. */
static void write_mapped(struct trial *trial, struct object *object,
                         uint64_t page, uint64_t value)
{
    uint64_t shift;
    struct node *node = content_node(object->node, &shift);
    page_index target = mapping_page(object->user, page);
    vm_page_of(&trial->machine, target)->content = value;
    struct model_page *own = &node->pages[page + shift];
    want_true(node->kind != NODE_PAGER || own->kind == DIRTY,
              "a writable entry leads to a dirty page");
    if (node->kind != NODE_PAGER)
        model_own(&trial->model, node, page + shift);
    own->content = value;
}

static enum vm_status touch_on(struct trial *trial, struct waiting *w)
{
    bool is_write = w->step.flags & STEP_WRITE;
    for (; w->next < w->end; w->next++) {
        if (w->next >= w->object->node->size)
            return VM_OUT_OF_RANGE;
        struct vm_mapping *mapping = user_mapping(trial, w->object);
        if (mapping_access(mapping, w->next, is_write)) {
            if (is_write)
                write_mapped(trial, w->object, w->next, w->step.content);
            continue;
        }
        w->start = w->next;
        w->done = 0;
        vmo_op_release(&w->op);
        vmo_op_init_fault(&w->op, w->object->vmo, mapping, w->next, is_write,
                          w->step.content);
        enum vm_status status = run_once(trial, w);
        if (status != VM_OK)
            return status;
    }
    return VM_OK;
}

/* --- going on, giving up ----------------------------------------------------------------- */

static void end(const struct trial *trial, struct waiting *w,
                enum vm_status status)
{
    if (w->has_waited && trial->on_ended)
        trial->on_ended(trial->ended_context, w->number, status);
    release(w);
}

/* Returns how far it got now. */
enum vm_status wait_go_on(struct trial *trial, struct waiting *w)
{
    enum vm_status status;
    if (w->step.op == OP_TOUCH) {
        status = VM_OK;
        if (w->op.request.state != REQUEST_IDLE) {
            status = run_once(trial, w);
            w->next += status == VM_OK;
        }
        if (status == VM_OK)
            status = touch_on(trial, w);
    } else {
        status = run_once(trial, w);
    }
    if (status != VM_SHOULD_WAIT) {
        end(trial, w, status);
        return status;
    }
    trial->waits += !w->has_waited;
    w->has_waited = true;
    w->order = ++trial->last_order;
    return status;
}

static struct waiting *waiting_of(struct page_request *request)
{
    return (struct waiting *)(void *)((char *)request -
                                      offsetof(struct waiting, op.request));
}

/* The first of those that waited for memory up to then. */
static struct waiting *first_for_memory(struct trial *trial, uint64_t last)
{
    struct waiting *first = NULL;
    for (int i = 0; i < MAX_WAITING; i++) {
        struct waiting *w = &trial->waitings[i];
        if (w->is_used && w->op.request.state == REQUEST_MEMORY &&
            w->order <= last && (!first || w->order < first->order))
            first = w;
    }
    return first;
}

/* As the simulator does it: those that wait for memory are tried in the order
 * in which they began to, once for each change of the free count. */
static bool retry_memory(struct trial *trial)
{
    const struct pmm *pmm = &trial->machine.pmm;
    uint64_t last = trial->last_order;
    struct waiting *w = first_for_memory(trial, last);
    if (!w)
        return false;
    if (pmm->level == 0) {
        trial->seen_free = UINT64_MAX;
        return false;
    }
    if (trial->seen_free == pmm->free_pages)
        return false;
    for (; w; w = first_for_memory(trial, last)) {
        trial->resumed = w->number + 1;
        (void)wait_go_on(trial, w);
        trial->resumed = 0;
    }
    trial->seen_free = pmm->free_pages;
    return true;
}

static void resume_answered(struct trial *trial)
{
    struct page_request_board *board = &trial->machine.board;
    struct page_request *request;
    for (;;) {
        if (page_request_take_new(board))
            continue;
        if (!(request = page_request_take_done(board)))
            break;
        trial->resumed = waiting_of(request)->number + 1;
        (void)wait_go_on(trial, waiting_of(request));
        trial->resumed = 0;
    }
}

void wait_settle(struct trial *trial)
{
    do
        resume_answered(trial);
    while (retry_memory(trial));
}

static struct waiting *latest_about(struct trial *trial,
                                    const struct object *object, bool as_other)
{
    struct waiting *latest = NULL;
    for (int i = 0; i < MAX_WAITING; i++) {
        struct waiting *w = &trial->waitings[i];
        if (w->is_used && (as_other ? w->other : w->object) == object &&
            (!latest || w->order > latest->order))
            latest = w;
    }
    return latest;
}

void wait_abort(struct trial *trial, const struct object *object)
{
    struct waiting *w;
    while ((w = latest_about(trial, object, false)) ||
           (w = latest_about(trial, object, true))) {
        vmo_op_abort(&w->op, VM_BAD_STATE);
        wait_drop_pins(w);
        end(trial, w, VM_BAD_STATE);
    }
}
