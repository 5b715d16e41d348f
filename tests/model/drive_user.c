/*
 * Steps of users that are over at once. Each says first what must be answered.
 */
#include "trial.h"

static enum vm_status resize(struct trial *trial, const struct step *step,
                             struct object *object)
{
    struct node *node = object->node;
    uint64_t size = step->end;
    enum vm_status expected = VM_OK;
    if (!object->is_resizable)
        expected = VM_UNAVAILABLE;
    else if (size < node->size && any_pinned(node, size, node->size))
        expected = VM_BAD_STATE;
    want(vmo_resize(object->vmo, pages_to_bytes(size)), expected, "resize");
    if (expected == VM_OK)
        model_resize(&trial->model, node, size);
    return expected;
}

static enum vm_status decommit(struct trial *trial, const struct step *step,
                               struct object *object)
{
    uint64_t shift;
    struct node *node = content_node(object->node, &shift);
    uint64_t start = step->start + shift;
    uint64_t end = step->end + shift;
    enum vm_status expected = VM_OK;
    if (object->is_contiguous && !trial->model.is_loaning)
        expected = VM_NOT_SUPPORTED;
    else if (!is_inside(object, step->end))
        expected = VM_OUT_OF_RANGE;
    else if (start == end)
        expected = VM_OK;
    else if (node->kind == NODE_PAGER || node->parent ||
             is_grouped(&trial->model, node))
        expected = VM_NOT_SUPPORTED;
    else if (any_pinned(node, start, end))
        expected = VM_BAD_STATE;
    want(vmo_decommit(object->vmo, step_offset(step), step_length(step)),
         expected, "decommit");
    if (expected == VM_OK)
        model_decommit(node, start, end);
    return expected;
}

/* Pins of an operation that waits are its own: such a step is skipped. */
static enum vm_status unpin(const struct step *step, struct object *object,
                            bool *is_skipped)
{
    uint64_t shift;
    struct node *node = content_node(object->node, &shift);
    uint64_t start = step->start + shift;
    uint64_t end = step->end + shift;
    bool in_range = is_inside(object, step->end);
    bool are_pinned = in_range;
    for (uint64_t page = start; in_range && page < end; page++)
        are_pinned &= node->pages[page].pins > 0;
    *is_skipped = are_pinned && !all_pinned(node, start, end);
    if (*is_skipped)
        return VM_OK;
    enum vm_status expected = start == end ? VM_INVALID_ARGS
                              : !in_range  ? VM_OUT_OF_RANGE
                              : are_pinned ? VM_OK
                                           : VM_BAD_STATE;
    want(vmo_unpin(object->vmo, step_offset(step), step_length(step)), expected,
         "unpin");
    for (uint64_t page = start; expected == VM_OK && page < end; page++)
        node->pages[page].pins--;
    return expected;
}

static enum vm_status dont_need(const struct step *step, struct object *object)
{
    bool has_pager = root_of(object->node)->kind == NODE_PAGER;
    enum vm_status expected =
        has_pager && !is_inside(object, step->end) ? VM_OUT_OF_RANGE : VM_OK;
    want(vmo_hint_dont_need(object->vmo, step_offset(step), step_length(step)),
         expected, "hint");
    return expected;
}

static enum vm_status priority(const struct step *step, struct object *object)
{
    enum vm_status expected =
        object->priority + step->amount < 0 ? VM_BAD_STATE : VM_OK;
    want(vmo_change_priority(object->vmo, step->amount), expected, "priority");
    if (expected == VM_OK) {
        object->priority += step->amount;
        object->node->priority += step->amount;
    }
    return expected;
}

static void map(const struct step *step, struct object *object)
{
    bool is_high = step->flags & STEP_HIGH_PRIORITY;
    want(vmo_map(object->vmo, step_offset(step), step->end - step->start,
                 step->flags & STEP_WRITE, is_high, &object->named),
         VM_OK, "map");
    object->node->priority += is_high;
}

/* --- the discardable protocol ---------------------------------------------------- */

static enum vm_status check_lock(const struct step *step,
                                 const struct object *object)
{
    const struct node *node = object->node;
    if (!node->is_discardable)
        return VM_NOT_SUPPORTED;
    if (step->start != 0 || step->end != node->size)
        return VM_OUT_OF_RANGE;
    if (step->op == OP_TRY_LOCK && node->lock_state == DISCARDABLE_DISCARDED)
        return VM_UNAVAILABLE;
    return step->op == OP_UNLOCK && node->locks == 0 ? VM_BAD_STATE : VM_OK;
}

static void lock(const struct step *step, struct object *object,
                 enum vm_status expected)
{
    uint64_t offset = 1;
    uint64_t size = 1;
    struct node *node = object->node;
    bool was_discarded = node->lock_state == DISCARDABLE_DISCARDED;
    want(step->op == OP_LOCK
             ? vmo_lock(object->vmo, step_offset(step), step_length(step),
                        &offset, &size)
             : vmo_try_lock(object->vmo, step_offset(step), step_length(step)),
         expected, "lock");
    if (expected != VM_OK)
        return;
    if (step->op == OP_LOCK &&
        (offset != 0 ||
         size != (was_discarded ? pages_to_bytes(node->size) : 0)))
        wrong("a lock reports %d pages as discarded",
              (int)bytes_to_pages(size));
    node->locks++;
    node->lock_state = DISCARDABLE_UNRECLAIMABLE;
}

static void unlock(const struct trial *trial, const struct step *step,
                   struct object *object, enum vm_status expected)
{
    struct node *node = object->node;
    want(vmo_unlock(object->vmo, step_offset(step), step_length(step)),
         expected, "unlock");
    if (expected != VM_OK || --node->locks > 0)
        return;
    node->lock_state = DISCARDABLE_RECLAIMABLE;
    node->unlocked_at = trial->model.now;
}

static void discard(struct trial *trial, const struct step *step,
                    struct object *object)
{
    struct node *node = object->node;
    sim_ns min_age = (sim_ns)step->amount * 1000000;
    bool goes = node->lock_state == DISCARDABLE_RECLAIMABLE &&
                trial->model.now - node->unlocked_at >= min_age &&
                !any_pinned(node, 0, node->size);
    uint64_t expected = goes ? charge_of(&trial->model, node).most : 0;
    uint64_t freed;
    want(vmo_discard(object->vmo, min_age, &freed), VM_OK, "discard");
    if (freed != expected)
        wrong("a discard frees %d pages, not %d", (int)freed, (int)expected);
    if (goes)
        model_discard(node);
}

bool drive_user(struct trial *trial, const struct step *step,
                struct outcome *outcome)
{
    struct object *object = object_at(trial, step->vmo);
    outcome->is_skipped = !object && !op_is_of_machine((enum op)step->op);
    if (outcome->is_skipped)
        return true;
    switch ((enum op)step->op) {
    case OP_RESIZE:
        outcome->status = resize(trial, step, object);
        return true;
    case OP_DECOMMIT:
        outcome->status = decommit(trial, step, object);
        return true;
    case OP_UNPIN:
        outcome->status = unpin(step, object, &outcome->is_skipped);
        return true;
    case OP_HINT:
        if (step->flags & STEP_ALWAYS_NEED)
            return false;
        outcome->status = dont_need(step, object);
        return true;
    case OP_PRIORITY:
        outcome->status = priority(step, object);
        return true;
    case OP_MAP:
        outcome->is_skipped = object->named != NULL;
        if (!object->named)
            map(step, object);
        return true;
    case OP_UNMAP:
        outcome->is_skipped = object->named == NULL;
        unmap_object(object, &object->named);
        return true;
    case OP_LOCK:
    case OP_TRY_LOCK:
        outcome->status = check_lock(step, object);
        lock(step, object, outcome->status);
        return true;
    case OP_UNLOCK:
        outcome->status = check_lock(step, object);
        unlock(trial, step, object, outcome->status);
        return true;
    case OP_DISCARD:
        discard(trial, step, object);
        return true;
    default:
        return false;
    }
}
