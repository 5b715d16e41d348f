/* Steps that make and close objects. Each says first what must be answered. */
#include "trial.h"

/* --- making ---------------------------------------------------------------------- */

static enum node_kind node_kind_of(enum vmo_kind kind)
{
    return kind == VMO_PAGER        ? NODE_PAGER
           : kind == VMO_CONTIGUOUS ? NODE_CONTIGUOUS
                                    : NODE_COW;
}

static void fill_contiguous(struct node *node)
{
    for (uint64_t page = 0; page < node->size; page++)
        node->pages[page].kind = HELD;
}

static void add_object(struct trial *trial, const struct step *step,
                       uint8_t slot, struct object object)
{
    object.process = step->process;
    object.serial = ++trial->model.next_serial;
    trial->model.objects[slot] = object;
}

/* Without a run of free frames a contiguous object can't be had. Of another
 * budget some frames are withheld, and only the core knows which. */
static enum vm_status check_run(const struct trial *trial, uint64_t count)
{
    const struct pmm *pmm = &trial->machine.pmm;
    uint64_t run = 0;
    if (trial->is_resized)
        return VM_OK;
    for (uint64_t page = 1; page <= pmm->total_pages; page++) {
        run = pmm->pages[page].state == PAGE_FREE && !pmm->pages[page].is_loaned
                  ? run + 1
                  : 0;
        if (run >= count)
            return VM_OK;
    }
    return VM_NO_MEMORY;
}

static enum vm_status check_create(const struct trial *trial,
                                   const struct step *step)
{
    bool is_contiguous = step->kind == VMO_CONTIGUOUS;
    if ((step->flags & STEP_TRAP) && step->kind != VMO_PAGER)
        return VM_INVALID_ARGS;
    if (is_contiguous && (step->end == 0 || (step->flags & STEP_RESIZABLE)))
        return VM_INVALID_ARGS;
    return is_contiguous ? check_run(trial, step->end) : VM_OK;
}

static enum vm_status create(struct trial *trial, const struct step *step,
                             struct node *node)
{
    struct vmo_create_args args = {
        .kind = (enum vmo_kind)step->kind,
        .size = pages_to_bytes(step->end),
        .is_resizable = step->flags & STEP_RESIZABLE,
        .traps_dirty = step->flags & STEP_TRAP,
        .cannot_decommit_zero = step->flags & STEP_CANNOT_DECOMMIT,
        .can_wait = true,
        .user_id = trial->model.next_serial + 1,
        .compressibility = step->flags & STEP_INCOMPRESSIBLE ? 1 : 0.4,
        .source_user = node,
    };
    struct vmo *vmo;
    enum vm_status expected = check_create(trial, step);
    enum vm_status status = vmo_create(&trial->machine, &args, &vmo);
    if (trial->is_resized && step->kind == VMO_CONTIGUOUS &&
        expected != VM_INVALID_ARGS && status == VM_NO_MEMORY)
        expected = status;
    want(status, expected, "create");
    if (expected != VM_OK) {
        node->is_alive = false;
        return expected;
    }
    node->cow = vmo_cow(vmo);
    node->is_discardable = step->kind == VMO_DISCARDABLE;
    node->cannot_decommit = step->flags & STEP_CANNOT_DECOMMIT;
    node->traps = step->flags & STEP_TRAP;
    if (node->kind == NODE_CONTIGUOUS)
        fill_contiguous(node);
    add_object(trial, step, step->vmo,
               (struct object){.vmo = vmo,
                               .node = node,
                               .is_resizable = args.is_resizable,
                               .is_contiguous = step->kind == VMO_CONTIGUOUS});
    return VM_OK;
}

static enum vm_status clone(struct trial *trial, const struct step *step,
                            struct object *from, struct node *node)
{
    enum vm_clone_type type = (enum vm_clone_type)step->kind;
    enum vm_clone_type becomes = type;
    struct vmo *vmo;
    node->is_alive = false; /* so that it does not count as a relative */
    enum vm_status expected = check_clone(&trial->model, from, &becomes);
    want(vmo_create_clone(from->vmo, type, step_offset(step), step_length(step),
                          step->flags & STEP_RESIZABLE,
                          trial->model.next_serial + 1, &vmo),
         expected, "clone");
    if (expected != VM_OK)
        return expected;
    if (is_bidirectional(from->node, becomes))
        node_clone_bidirectional(&trial->model, from->node, node, step->start);
    else
        node_clone_unidirectional(from->node, node, step->start);
    node->is_alive = true;
    node->cow = vmo_cow(vmo);
    add_object(trial, step, step->other,
               (struct object){.vmo = vmo,
                               .node = node,
                               .parent = from,
                               .is_resizable = step->flags & STEP_RESIZABLE});
    return VM_OK;
}

static enum vm_status check_slice(const struct object *from,
                                  const struct step *step)
{
    if (!is_inside(from, step->end))
        return VM_INVALID_ARGS;
    return from->is_resizable || from->node->is_discardable ? VM_NOT_SUPPORTED
                                                            : VM_OK;
}

static enum vm_status slice(struct trial *trial, const struct step *step,
                            struct object *from, struct node *node)
{
    struct vmo *vmo;
    enum vm_status expected = check_slice(from, step);
    want(vmo_create_slice(from->vmo, step_offset(step), step_length(step),
                          trial->model.next_serial + 1, &vmo),
         expected, "slice");
    if (expected != VM_OK) {
        node->is_alive = false;
        return expected;
    }
    uint64_t shift;
    struct node *parent = content_node(from->node, &shift);
    node_hang(node, parent, step->start + shift, node->size);
    node->cow = vmo_cow(vmo);
    add_object(trial, step, step->other,
               (struct object){.vmo = vmo,
                               .node = node,
                               .parent = from,
                               .is_contiguous = from->is_contiguous});
    return VM_OK;
}

static enum vm_status reference(struct trial *trial, const struct step *step,
                                struct object *from)
{
    struct vmo *vmo;
    want(vmo_create_reference(from->vmo, trial->model.next_serial + 1, &vmo),
         VM_OK, "reference");
    from->node->owners++;
    add_object(trial, step, step->other,
               (struct object){.vmo = vmo,
                               .node = from->node,
                               .parent = from,
                               .is_resizable = from->is_resizable,
                               .is_contiguous = from->is_contiguous});
    return VM_OK;
}

/* A child with pages, or a view, of its own. */
static enum vm_status make_child(struct trial *trial, const struct step *step,
                                 struct object *from, bool *is_skipped)
{
    struct node *node =
        node_new(&trial->model, step->op == OP_SLICE ? NODE_SLICE : NODE_COW,
                 step->end - step->start, from->node->family);
    *is_skipped = !node;
    if (!node)
        return VM_OK;
    return step->op == OP_SLICE ? slice(trial, step, from, node)
                                : clone(trial, step, from, node);
}

static void drive_making(struct trial *trial, const struct step *step,
                         struct outcome *outcome)
{
    struct object *from = object_at(trial, step->vmo);
    struct step child = *step;
    if (step->op == OP_CREATE) {
        outcome->is_skipped = from || trial->model.killed[step->process];
        struct node *node =
            outcome->is_skipped
                ? NULL
                : node_new(&trial->model,
                           node_kind_of((enum vmo_kind)step->kind), step->end,
                           ++trial->model.next_family);
        outcome->is_skipped |= !node;
        if (node)
            outcome->status = create(trial, step, node);
        return;
    }
    if (step->op != OP_CLONE)
        child.process = 0;
    outcome->is_skipped = !from || object_at(trial, step->other) ||
                          trial->model.killed[child.process];
    if (outcome->is_skipped)
        return;
    outcome->status =
        step->op == OP_REFERENCE
            ? reference(trial, &child, from)
            : make_child(trial, &child, from, &outcome->is_skipped);
}

/* --- closing --------------------------------------------------------------------- */

void unmap_object(struct object *object, struct vm_mapping **mapping)
{
    if (!*mapping)
        return;
    object->node->priority -= (*mapping)->is_high_priority;
    vmo_unmap(object->vmo, *mapping);
    *mapping = NULL;
}

void close_object(struct trial *trial, struct object *object)
{
    wait_abort(trial, object);
    unmap_object(object, &object->user);
    unmap_object(object, &object->named);
    object->node->priority -= object->priority;
    for (int i = 0; i < MAX_OBJECTS; i++)
        if (trial->model.objects[i].vmo &&
            trial->model.objects[i].parent == object)
            trial->model.objects[i].parent = object->parent;
    vmo_close(object->vmo);
    object->vmo = NULL;
    node_drop_owner(object->node);
}

/* All that the process owns goes, the latest first. */
static void kill_process(struct trial *trial, uint8_t process)
{
    for (;;) {
        struct object *latest = NULL;
        for (uint8_t i = 0; i < MAX_OBJECTS; i++) {
            struct object *object = object_at(trial, i);
            if (object && object->process == process &&
                (!latest || object->serial > latest->serial))
                latest = object;
        }
        if (!latest)
            break;
        close_object(trial, latest);
    }
    trial->model.killed[process] = true;
}

bool drive_life(struct trial *trial, const struct step *step,
                struct outcome *outcome)
{
    struct object *object = object_at(trial, step->vmo);
    switch ((enum op)step->op) {
    case OP_CREATE:
    case OP_CLONE:
    case OP_SLICE:
    case OP_REFERENCE:
        drive_making(trial, step, outcome);
        return true;
    case OP_CLOSE:
        outcome->is_skipped = !object;
        if (object)
            close_object(trial, object);
        return true;
    case OP_KILL:
        outcome->is_skipped =
            step->process == 0 || trial->model.killed[step->process];
        if (!outcome->is_skipped)
            kill_process(trial, step->process);
        return true;
    default:
        return false;
    }
}
