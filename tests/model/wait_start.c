/*
 * Operations that may wait begin: the script's part of them, their arguments,
 * and their first run.
 */
#include "wait.h"

/* A free place, filled in; NULL: there is none. */
static struct waiting *waiting_new(struct trial *trial, struct object *object,
                                   const struct step *step)
{
    for (int i = 0; i < MAX_WAITING; i++) {
        struct waiting *w = &trial->waitings[i];
        if (w->is_used)
            continue;
        *w = (struct waiting){
            .is_used = true,
            .object = object,
            .step = *step,
            .number = trial->number,
            .start = step->start,
            .next = step->start,
            .end = step->end,
            .began_inside = is_inside(object, step->end),
        };
        return w;
    }
    return NULL;
}

static void init_values(struct waiting *w, const struct step *step)
{
    for (unsigned i = 0; i + step->start < step->end; i++) {
        w->values[i] = step->op == OP_SUPPLY_ZERO ? 0 : step_value(step, i);
        w->is_page[i] = step->op != OP_SUPPLY_ZERO;
    }
}

static void init_supply(struct waiting *w, const struct step *step,
                        uint64_t offset, uint64_t length)
{
    struct vmo *vmo = w->object->vmo;
    if (step->op == OP_SUPPLY && (step->flags & STEP_FROM)) {
        vmo_op_init_supply_from(&w->op, vmo, offset, length, w->other->vmo,
                                pages_to_bytes(step->at));
        return;
    }
    init_values(w, step);
    want(vmo_op_init_supply(&w->op, vmo, offset, length,
                            step->op == OP_SUPPLY ? w->values : NULL),
         VM_OK, "supply");
}

static void init(struct waiting *w, const struct step *step)
{
    struct vmo *vmo = w->object->vmo;
    uint64_t offset = step_offset(step);
    uint64_t length = step_length(step);
    bool is_write = step->flags & STEP_WRITE;
    switch ((enum op)step->op) {
    case OP_READ:
        vmo_op_init_read(&w->op, vmo, offset, length);
        return;
    case OP_WRITE:
        init_values(w, step);
        want(vmo_op_init_write(&w->op, vmo, offset, length, w->values), VM_OK,
             "write");
        return;
    case OP_LOOKUP:
        vmo_op_init_lookup(&w->op, vmo, offset, is_write,
                           step->flags & (STEP_FAULT | STEP_HARDWARE),
                           step->flags & STEP_HARDWARE);
        return;
    case OP_COMMIT:
        vmo_op_init_commit(&w->op, vmo, offset, length);
        return;
    case OP_ZERO:
        vmo_op_init_zero(&w->op, vmo, offset, length);
        return;
    case OP_PIN:
        vmo_op_init_pin(&w->op, vmo, offset, length, is_write);
        return;
    case OP_HINT:
        vmo_op_init_always_need(&w->op, vmo, offset, length);
        return;
    case OP_SUPPLY:
    case OP_SUPPLY_ZERO:
        init_supply(w, step, offset, length);
        return;
    case OP_TAKE:
        vmo_op_init_take(&w->op, vmo, offset, length, w->other->vmo);
        return;
    case OP_DIRTY:
        vmo_op_init_dirty(&w->op, vmo, offset, length);
        return;
    case OP_DECOMPRESS:
        vmo_op_init_decompress(&w->op, vmo, offset, length);
        return;
    default:
        page_request_init(&w->op.request); /* a touch begins with its faults */
        w->op.values = NULL;
    }
}

/* The target of a take, as the script makes it: an anonymous object. */
static void make_into(struct trial *trial, const struct step *step,
                      struct outcome *outcome)
{
    struct step create = {
        .op = OP_CREATE,
        .vmo = step->other,
        .kind = VMO_ANONYMOUS,
        .end = (uint8_t)(step->end - step->start),
    };
    const struct object *from = object_at(trial, step->vmo);
    if (!is_inside(from, step->end)) {
        outcome->status = VM_OUT_OF_RANGE;
        return;
    }
    (void)drive_life(trial, &create, outcome);
    if (!outcome->is_skipped)
        object_at(trial, step->other)->node->family = from->node->family;
}

/* What the script does before the operation begins. False: it does not. */
static bool may_begin(struct trial *trial, const struct step *step,
                      struct outcome *outcome)
{
    bool has_other = object_at(trial, step->other) != NULL;
    if (step->op == OP_TOUCH &&
        !is_inside(object_at(trial, step->vmo), step->end))
        outcome->status = VM_OUT_OF_RANGE;
    if (step->op == OP_SUPPLY && (step->flags & STEP_FROM))
        outcome->is_skipped = !has_other;
    if (step->op == OP_TAKE && has_other)
        outcome->is_skipped = true;
    else if (step->op == OP_TAKE)
        make_into(trial, step, outcome);
    return !outcome->is_skipped && outcome->status == VM_OK;
}

static bool has_place(const struct trial *trial)
{
    for (int i = 0; i < MAX_WAITING; i++)
        if (!trial->waitings[i].is_used)
            return true;
    return false;
}

static bool is_waiting_op(const struct step *step)
{
    switch ((enum op)step->op) {
    case OP_READ:
    case OP_WRITE:
    case OP_TOUCH:
    case OP_LOOKUP:
    case OP_COMMIT:
    case OP_ZERO:
    case OP_PIN:
    case OP_SUPPLY:
    case OP_SUPPLY_ZERO:
    case OP_TAKE:
    case OP_DIRTY:
    case OP_DECOMPRESS:
        return true;
    case OP_HINT:
        return step->flags & STEP_ALWAYS_NEED;
    default:
        return false;
    }
}

bool drive_wait(struct trial *trial, const struct step *step,
                struct outcome *outcome)
{
    if (!is_waiting_op(step))
        return false;
    struct object *object = object_at(trial, step->vmo);
    outcome->is_skipped = !object || !has_place(trial);
    if (outcome->is_skipped || !may_begin(trial, step, outcome))
        return true;
    struct waiting *w = waiting_new(trial, object, step);
    if (step->op == OP_TAKE || (step->flags & STEP_FROM))
        w->other = object_at(trial, step->other);
    struct object *into = step->op == OP_TAKE ? w->other : NULL;
    init(w, step);
    outcome->status = wait_go_on(trial, w);
    if (into && outcome->status != VM_OK && outcome->status != VM_SHOULD_WAIT)
        close_object(trial, into);
    return true;
}
