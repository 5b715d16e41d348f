/*
 * Steps of a pager on its own object, and of others on what is none.
 */
#include "trial.h"

const enum vm_status model_errors[] = {VM_IO, VM_BAD_STATE, VM_NO_SPACE,
                                       VM_IO_DATA_INTEGRITY, VM_NOT_FOUND};

static bool is_failure(enum vm_status error)
{
    return error != VM_NOT_FOUND;
}

static enum vm_status fail(const struct step *step, struct object *object)
{
    const struct node *node = object->node;
    enum vm_status error = model_errors[step->error];
    enum vm_status expected = VM_OK;
    if (node->kind != NODE_PAGER || !is_failure(error))
        expected = VM_INVALID_ARGS;
    else if (!is_inside(object, step->end))
        expected = VM_OUT_OF_RANGE;
    else if (node->is_detached)
        expected = VM_BAD_STATE;
    want(vmo_fail_requests(object->vmo, step_offset(step), step_length(step),
                           error),
         expected, "fail");
    return expected;
}

static enum vm_status writeback(const struct step *step, struct object *object)
{
    struct node *node = object->node;
    uint64_t offset = step_offset(step);
    uint64_t length = step_length(step);
    bool is_zero_range = step->flags & STEP_ZERO_RANGE;
    enum vm_status expected = node->kind != NODE_PAGER       ? VM_INVALID_ARGS
                              : is_inside(object, step->end) ? VM_OK
                                                             : VM_OUT_OF_RANGE;
    if (step->op == OP_WRITEBACK_BEGIN)
        want(vmo_writeback_begin(object->vmo, offset, length, is_zero_range),
             expected, "writeback_begin");
    else
        want(vmo_writeback_end(object->vmo, offset, length), expected,
             "writeback_end");
    if (expected != VM_OK)
        return expected;
    if (step->op == OP_WRITEBACK_BEGIN)
        model_writeback_begin(node, step->start, step->end, is_zero_range);
    else
        model_writeback_end(node, step->start, step->end);
    return VM_OK;
}

static enum vm_status detach(struct object *object)
{
    struct node *node = object->node;
    enum vm_status expected = node->kind != NODE_PAGER ? VM_INVALID_ARGS
                              : total_pins(node) > 0   ? VM_BAD_STATE
                                                       : VM_OK;
    want(vmo_detach(object->vmo), expected, "detach");
    if (expected == VM_OK)
        model_detach(node);
    return expected;
}

static enum vm_status query_stats(const struct step *step,
                                  struct object *object)
{
    struct node *node = object->node;
    bool reset = step->flags & STEP_RESET;
    bool is_modified;
    enum vm_status expected =
        node->kind == NODE_PAGER ? VM_OK : VM_INVALID_ARGS;
    want(vmo_query_stats(object->vmo, reset, &is_modified), expected,
         "query_stats");
    if (expected != VM_OK)
        return expected;
    want_true(is_modified == node->is_modified, "the modified flag differs");
    node->is_modified &= !reset;
    return VM_OK;
}

/* As a pager does that answers page by page: the same effects. */
static void supply_one_by_one(struct trial *trial, const struct step *step,
                              struct object *object)
{
    struct node *pager = object->node;
    for (uint64_t page = step->start; page < step->end; page++) {
        struct page_request request;
        page_index supplied;
        bool was_absent = pager->pages[page].kind == NOTHING;
        uint64_t value = step_value(step, (unsigned)(page - step->start));
        page_request_init(&request);
        want(vm_cow_supply_one(vmo_cow(object->vmo), pages_to_bytes(page),
                               value, &request, &supplied),
             VM_OK, "supply of one page");
        want_true((supplied != PAGE_NONE) == was_absent,
                  "a supplied page is taken exactly where there was nothing");
        model_supply(&trial->model, pager, page, true, value);
    }
}

bool drive_pager(struct trial *trial, const struct step *step,
                 struct outcome *outcome)
{
    struct object *object = object_at(trial, step->vmo);
    switch ((enum op)step->op) {
    case OP_FAIL:
        outcome->status = fail(step, object);
        return true;
    case OP_WRITEBACK_BEGIN:
    case OP_WRITEBACK_END:
        outcome->status = writeback(step, object);
        return true;
    case OP_DETACH:
        outcome->status = detach(object);
        return true;
    case OP_QUERY_STATS:
        outcome->status = query_stats(step, object);
        return true;
    case OP_SUPPLY:
        if (!(step->flags & STEP_ONE_BY_ONE) || (step->flags & STEP_FROM) ||
            object->node->kind != NODE_PAGER || object->node->is_detached ||
            !is_inside(object, step->end))
            return false;
        supply_one_by_one(trial, step, object);
        return true;
    default:
        return false;
    }
}
