#include "generate.h"

#include "../soak/soak.h"

static uint64_t draw(struct generator *g, uint64_t bound)
{
    return soak_draw(&g->random, bound);
}

/* True once in `times` draws. */
static bool rarely(struct generator *g, uint64_t times)
{
    return draw(g, times) == 0;
}

static bool is_tight(uint64_t seed)
{
    return seed % 7 == 6;
}

/* Some programs are about one or two kinds of objects most of the time. */
struct generator generator_new(uint64_t seed)
{
    return (struct generator){
        .random = seed,
        .next_content = 1,
        .is_late = seed / 3 % 8 == 7,
        .is_tight = is_tight(seed),
        .has_trees = seed & 16,
        .theme = (enum theme)(seed / 5 % THEME_COUNT),
    };
}

struct trial_config generator_config(uint64_t seed, bool sabotage)
{
    return (struct trial_config){
        .seed = seed,
        .memory_pages = is_tight(seed) ? 20 + seed % 64 : 768,
        .zero_forks = seed & 1,
        .narrow_changes = seed & 2,
        .loans = seed & 8,
        .replace_on_unloan = seed & 4,
        .sabotage = sabotage,
    };
}

/* --- which operation -------------------------------------------------------------- */

/* How often each is drawn, relative to the others. */
static const uint16_t weights[OP_COUNT] = {
    [OP_CREATE] = 150,
    [OP_CLONE] = 330,
    [OP_SLICE] = 90,
    [OP_REFERENCE] = 70,
    [OP_CLOSE] = 190,
    [OP_RESIZE] = 150,
    [OP_READ] = 120,
    [OP_WRITE] = 270,
    [OP_TOUCH] = 260,
    [OP_LOOKUP] = 90,
    [OP_COMMIT] = 150,
    [OP_DECOMMIT] = 100,
    [OP_ZERO] = 240,
    [OP_PIN] = 130,
    [OP_UNPIN] = 230,
    [OP_LOCK] = 80,
    [OP_TRY_LOCK] = 60,
    [OP_UNLOCK] = 130,
    [OP_DISCARD] = 80,
    [OP_HINT] = 110,
    [OP_PRIORITY] = 60,
    [OP_MAP] = 40,
    [OP_UNMAP] = 40,
    [OP_SUPPLY] = 50,
    [OP_SUPPLY_ZERO] = 30,
    [OP_TAKE] = 90,
    [OP_FAIL] = 50,
    [OP_DIRTY] = 80,
    [OP_WRITEBACK_BEGIN] = 110,
    [OP_WRITEBACK_END] = 120,
    [OP_DETACH] = 40,
    [OP_QUERY_STATS] = 60,
    [OP_RECLAIM] = 120,
    [OP_COMPRESS] = 70,
    [OP_DECOMPRESS] = 50,
    [OP_DEDUP] = 90,
    [OP_ROTATE] = 20,
    [OP_HARVEST] = 15,
    [OP_SCAN_ZERO] = 25,
    [OP_EVICT] = 70,
    [OP_RECLAIM_ALL] = 30,
    [OP_SET] = 50,
    [OP_KILL] = 5,
    [OP_VALIDATE] = 10,
    [OP_DUMP] = 8,
    [OP_TIME] = 40,
};

static enum op draw_op(struct generator *g)
{
    uint64_t sum = 0;
    for (int op = 0; op < OP_COUNT; op++)
        sum += weights[op];
    uint64_t drawn = draw(g, sum);
    int op = 0;
    while (drawn >= weights[op])
        drawn -= weights[op++];
    return (enum op)op;
}

/* --- which object ------------------------------------------------------------------- */

static uint64_t open_objects(const struct trial *trial)
{
    uint64_t count = 0;
    for (int i = 0; i < MAX_OBJECTS; i++)
        count += trial->model.objects[i].vmo != NULL;
    return count;
}

/* Is it an object that the operation is meant for? */
static bool suits(const struct object *object, enum op op)
{
    const struct node *node = object->node;
    const struct node *pages = node->kind == NODE_SLICE ? node->parent : node;
    switch (op) {
    case OP_UNPIN:
        return total_pins(pages) > 0;
    case OP_UNMAP:
        return object->named != NULL;
    case OP_MAP:
        return object->named == NULL;
    case OP_DECOMMIT:
        return node->kind != NODE_PAGER && !node->parent;
    case OP_RECLAIM:
    case OP_DEDUP:
        return node->kind != NODE_SLICE && node->size > 0;
    case OP_SUPPLY:
    case OP_SUPPLY_ZERO:
    case OP_FAIL:
    case OP_WRITEBACK_BEGIN:
    case OP_WRITEBACK_END:
    case OP_DETACH:
    case OP_QUERY_STATS:
        return node->kind == NODE_PAGER;
    case OP_DIRTY:
        return node->kind == NODE_PAGER && node->traps;
    case OP_LOCK:
    case OP_TRY_LOCK:
    case OP_UNLOCK:
    case OP_DISCARD:
        return node->is_discardable;
    case OP_TAKE:
    case OP_COMPRESS:
        return node->kind == NODE_COW;
    case OP_RESIZE:
        return object->is_resizable;
    case OP_SLICE:
        return !object->is_resizable;
    case OP_CLONE:
        return !object->is_contiguous && !node->is_discardable;
    default:
        return true;
    }
}

/* The slot of one that suits, or now and then of any that is open. False:
 * there is none. */
static bool draw_object(struct generator *g, const struct trial *trial,
                        enum op op, uint8_t *slot)
{
    uint64_t first = draw(g, MAX_OBJECTS);
    bool is_choosy = !rarely(g, 8);
    for (uint64_t i = 0; i < MAX_OBJECTS; i++) {
        *slot = (uint8_t)((first + i) % MAX_OBJECTS);
        const struct object *object = &trial->model.objects[*slot];
        if (object->vmo && (!is_choosy || suits(object, op)))
            return true;
    }
    return false;
}

static uint8_t draw_free_slot(struct generator *g, const struct trial *trial)
{
    uint64_t first = draw(g, MAX_OBJECTS);
    for (uint64_t i = 0; i < MAX_OBJECTS; i++) {
        uint8_t slot = (uint8_t)((first + i) % MAX_OBJECTS);
        if (!trial->model.objects[slot].vmo)
            return slot;
    }
    return (uint8_t)first;
}

static const struct node *node_at(const struct trial *trial, uint8_t slot)
{
    const struct object *object = &trial->model.objects[slot];
    return object->vmo ? object->node : NULL;
}

/* --- which pages ---------------------------------------------------------------------- */

/* Inside the object, maybe empty, now and then past its end. */
static void draw_range(struct generator *g, uint64_t size, struct step *step)
{
    step->start = (uint8_t)draw(g, size + 1);
    step->end = (uint8_t)(step->start + draw(g, size - step->start + 1));
    if (rarely(g, 4)) {
        step->start = 0;
        step->end = (uint8_t)size;
    } else if (rarely(g, 40)) {
        step->end = (uint8_t)(size + 1 + draw(g, 2));
    }
}

/* A run of pages that are pinned, if there is one. */
static void draw_pinned(struct generator *g, struct object *object,
                        struct step *step)
{
    uint64_t shift;
    const struct node *node = content_node(object->node, &shift);
    uint64_t size = object->node->size;
    uint64_t first = size ? draw(g, size) : 0;
    for (uint64_t i = 0; i < size; i++) {
        uint64_t start = (first + i) % size;
        uint64_t end = start;
        while (end < size &&
               node->pages[end + shift].pins > node->pages[end + shift].held)
            end++;
        if (end == start)
            continue;
        step->start = (uint8_t)start;
        step->end =
            (uint8_t)(rarely(g, 2) ? end : start + 1 + draw(g, end - start));
        return;
    }
}

static bool may_be_page(const struct node *node, uint64_t page)
{
    const struct model_page *own = &node->pages[page];
    return is_frame(own->kind) || own->kind == HELD ||
           (own->kind == OWN && own->cell);
}

/* One page, mostly one that is there; now and then past the end. */
static void draw_page(struct generator *g, const struct node *node,
                      struct step *step)
{
    uint64_t size = node ? node->size : 0;
    step->start = (uint8_t)draw(g, size + (rarely(g, 16) ? 2 : size == 0));
    for (uint64_t i = 0; i < size && step->start < size &&
                         !may_be_page(node, step->start) && !rarely(g, 8);
         i++)
        step->start = (uint8_t)((step->start + 1U) % size);
    step->end = (uint8_t)(step->start + 1);
}

static void draw_values(struct generator *g, struct step *step)
{
    step->zeros = (uint32_t)(soak_draw(&g->random, UINT32_MAX) &
                             draw(g, UINT32_MAX) & draw(g, UINT32_MAX));
    step->content = g->next_content;
    g->next_content += MAX_PAGES + 8;
}

/* --- the details of each ---------------------------------------------------------------- */

static uint32_t flag(struct generator *g, uint64_t times, uint32_t which)
{
    return rarely(g, times) ? which : 0;
}

static void draw_create(struct generator *g, struct step *step)
{
    static const enum vmo_kind kinds[THEME_COUNT][4] = {
        [THEME_ANY] = {VMO_ANONYMOUS, VMO_PAGER, VMO_CONTIGUOUS,
                       VMO_DISCARDABLE},
        [THEME_SNAPSHOTS] = {VMO_ANONYMOUS, VMO_ANONYMOUS, VMO_ANONYMOUS,
                             VMO_ANONYMOUS},
        [THEME_PAGERS] = {VMO_PAGER, VMO_PAGER, VMO_PAGER, VMO_PAGER},
        [THEME_LOANS] = {VMO_PAGER, VMO_CONTIGUOUS, VMO_PAGER, VMO_CONTIGUOUS},
    };
    enum theme theme = rarely(g, 6) ? THEME_ANY : g->theme;
    step->kind = (uint8_t)kinds[theme][draw(g, 4)];
    step->end = (uint8_t)(rarely(g, 16) ? 0 : 1 + draw(g, MAX_PAGES));
    step->flags =
        flag(g, 16, STEP_CANNOT_DECOMMIT) | flag(g, 8, STEP_INCOMPRESSIBLE);
    if (step->kind != VMO_CONTIGUOUS ? !rarely(g, 3) : rarely(g, 32))
        step->flags |= STEP_RESIZABLE;
    if (step->kind == VMO_PAGER ? rarely(g, 2) : rarely(g, 64))
        step->flags |= STEP_TRAP;
    step->process = (uint8_t)(rarely(g, 4) ? draw(g, MAX_PROCESSES) : 0);
}

/* Of what comes from a pager a snapshot is always refused. */
static enum vm_clone_type draw_clone_type(struct generator *g, bool has_pager)
{
    if (has_pager && !rarely(g, 8))
        return rarely(g, 3) ? CLONE_SNAPSHOT_AT_LEAST_ON_WRITE
                            : CLONE_SNAPSHOT_MODIFIED;
    return (enum vm_clone_type)draw(g, 3);
}

static void draw_clone(struct generator *g, struct object *from,
                       struct step *step)
{
    uint64_t size = from ? from->node->size : 0;
    bool has_pager = from && root_of(from->node)->kind == NODE_PAGER;
    step->kind = (uint8_t)draw_clone_type(g, has_pager);
    if (rarely(g, 3)) {
        step->start = 0;
        step->end = (uint8_t)size;
    } else {
        step->start = (uint8_t)draw(g, u64_min(size + 3, MAX_PAGES));
        step->end = (uint8_t)(step->start + 1 + draw(g, MAX_PAGES));
    }
    step->flags = flag(g, 3, STEP_RESIZABLE) | flag(g, 3, STEP_RESIZABLE);
    step->process = (uint8_t)(rarely(g, 16) ? draw(g, MAX_PROCESSES) : 0);
}

static void draw_amount(struct generator *g, struct step *step)
{
    switch ((enum op)step->op) {
    case OP_PRIORITY:
        step->amount = (int32_t)draw(g, 4) - 2;
        return;
    case OP_ROTATE:
        step->amount = 1 + (int32_t)draw(g, 8);
        return;
    case OP_EVICT:
        step->amount = 1 + (int32_t)draw(g, 40);
        return;
    case OP_DISCARD:
        step->amount = rarely(g, 4) ? (int32_t)draw(g, 20) : 0;
        return;
    default:
        step->amount = 1 + (int32_t)draw(g, 10);
    }
}

static void draw_from(struct generator *g, const struct trial *trial,
                      struct step *step)
{
    (void)draw_object(g, trial, OP_TAKE, &step->other);
    const struct node *from = node_at(trial, step->other);
    step->at = (uint8_t)draw(g, from ? from->size + 1 : 1);
    if (step->op == OP_SUPPLY && from && !rarely(g, 8)) {
        uint64_t room = from->size - u64_min(step->at, from->size);
        step->end = (uint8_t)u64_min(step->end, step->start + room);
    }
}

static void draw_flags(struct generator *g, struct step *step)
{
    switch ((enum op)step->op) {
    case OP_TOUCH:
    case OP_PIN:
        step->flags = flag(g, 2, STEP_WRITE);
        return;
    case OP_LOOKUP:
        step->flags = flag(g, 2, STEP_WRITE) | flag(g, 2, STEP_FAULT) |
                      flag(g, 4, STEP_HARDWARE);
        return;
    case OP_HINT:
        step->flags = flag(g, 2, STEP_ALWAYS_NEED);
        return;
    case OP_MAP:
        step->flags = flag(g, 2, STEP_WRITE) | flag(g, 3, STEP_HIGH_PRIORITY);
        return;
    case OP_SUPPLY:
        step->flags = flag(g, 5, STEP_FROM);
        if (!g->is_tight) /* that call does not wait */
            step->flags |= flag(g, 3, STEP_ONE_BY_ONE);
        return;
    case OP_WRITEBACK_BEGIN:
        step->flags = flag(g, 5, STEP_ZERO_RANGE);
        return;
    case OP_QUERY_STATS:
        step->flags = flag(g, 2, STEP_RESET);
        return;
    case OP_RECLAIM:
        step->flags = flag(g, 2, STEP_COMPRESS) | flag(g, 3, STEP_IGNORE_HINT) |
                      flag(g, 6, STEP_FROM);
        return;
    case OP_EVICT:
        step->flags = flag(g, 2, STEP_NEWEST);
        return;
    case OP_SET:
        step->kind = (uint8_t)draw(g, SWITCH_COUNT);
        step->flags = rarely(g, 4) ? 0 : STEP_ON;
        if (step->kind == SWITCH_MEMORY)
            step->amount =
                (int32_t)(g->is_tight ? 20 + draw(g, 64) : 400 + draw(g, 600));
        return;
    default:
        return;
    }
}

static void draw_pages(struct generator *g, struct trial *trial, uint64_t size,
                       struct step *step)
{
    struct object *object = object_at(trial, step->vmo);
    switch ((enum op)step->op) {
    case OP_LOOKUP:
    case OP_RECLAIM:
    case OP_DEDUP:
        draw_page(g, object ? object->node : NULL, step);
        return;
    case OP_RESIZE:
        step->end = (uint8_t)draw(g, MAX_PAGES + 1);
        return;
    case OP_LOCK:
    case OP_TRY_LOCK:
    case OP_UNLOCK:
        draw_range(g, size, step);
        if (!rarely(g, 16)) {
            step->start = 0;
            step->end = (uint8_t)size;
        }
        return;
    case OP_PIN:
        draw_range(g, size, step);
        if (step->start == step->end && step->end < size && !rarely(g, 8))
            step->end++;
        return;
    case OP_UNPIN:
        draw_range(g, size, step);
        if (object && !rarely(g, 4))
            draw_pinned(g, object, step);
        return;
    default:
        draw_range(g, size, step);
    }
}

static bool makes_object(enum op op)
{
    return op == OP_CREATE || op == OP_CLONE || op == OP_SLICE ||
           op == OP_REFERENCE || op == OP_TAKE;
}

/* An operation that there is an object and a slot for, mostly. */
static enum op draw_suitable(struct generator *g, const struct trial *trial,
                             uint8_t *slot)
{
    uint64_t open = open_objects(trial);
    enum op op = open < 3 && rarely(g, 2) ? OP_CREATE : draw_op(g);
    if (op == OP_CREATE && open > 2 && g->has_trees && !rarely(g, 4))
        op = OP_CLONE;
    if (makes_object(op) && open == MAX_OBJECTS && !rarely(g, 16))
        op = OP_CLOSE;
    while (!draw_object(g, trial, op, slot) && op != OP_CREATE &&
           !op_is_of_machine(op) && !rarely(g, 16))
        op = open == 0 ? OP_CREATE : draw_op(g);
    return op;
}

static struct step draw_step(struct generator *g, struct trial *trial)
{
    struct step step = {0};
    enum op op = draw_suitable(g, trial, &step.vmo);
    step.op = (uint8_t)op;
    const struct node *node = node_at(trial, step.vmo);
    uint64_t size = node ? node->size : 0;
    draw_pages(g, trial, size, &step);
    draw_amount(g, &step);
    draw_flags(g, &step);
    draw_values(g, &step);
    step.other = draw_free_slot(g, trial);
    step.error = (uint8_t)draw(g, MODEL_ERROR_COUNT);
    if (op == OP_CREATE) {
        step.start = 0;
        step.vmo = step.other;
        draw_create(g, &step);
    } else if (op == OP_CLONE) {
        draw_clone(g, object_at(trial, step.vmo), &step);
    } else if (op == OP_KILL) {
        step.process = (uint8_t)(1 + draw(g, MAX_PROCESSES - 1));
    } else if (step.flags & STEP_FROM) {
        draw_from(g, trial, &step);
    }
    if (op == OP_DETACH && !rarely(g, 3))
        step.op = OP_QUERY_STATS;
    if (op == OP_TIME && g->is_tight)
        step.op = OP_VALIDATE;
    return step;
}

/* --- answers ------------------------------------------------------------------------------ */

static const struct page_request *outstanding_of(const struct waiting *w)
{
    const struct page_request *request = &w->op.request;
    if (!w->is_used)
        return NULL;
    if (request->state == REQUEST_OVERLAP)
        request = request->overlapped;
    return request->state == REQUEST_OUTSTANDING ? request : NULL;
}

/* A handle of the pager's object that the request is made to. */
static bool find_handle(const struct trial *trial, const struct node *pager,
                        uint8_t *slot)
{
    for (uint8_t i = 0; i < MAX_OBJECTS; i++) {
        if (trial->model.objects[i].vmo &&
            trial->model.objects[i].node == pager) {
            *slot = i;
            return true;
        }
    }
    return false;
}

static void draw_answer(struct generator *g, const struct page_request *request,
                        struct step *step)
{
    step->start = (uint8_t)bytes_to_pages(request->offset);
    step->end = (uint8_t)(step->start + bytes_to_pages(request->length));
    if (rarely(g, 4))
        step->end = (uint8_t)(step->start + 1 +
                              draw(g, (uint64_t)(step->end - step->start)));
    if (rarely(g, 10)) {
        step->op = OP_FAIL;
        step->error = (uint8_t)draw(g, MODEL_ERROR_COUNT);
    } else if (request->type == PAGE_REQUEST_DIRTY) {
        step->op = OP_DIRTY;
    } else {
        step->op = rarely(g, 6) ? OP_SUPPLY_ZERO : OP_SUPPLY;
        step->flags = g->is_tight ? 0 : flag(g, 3, STEP_ONE_BY_ONE);
        draw_values(g, step);
    }
}

/* Somebody waits: answer, or let go if nobody can. */
static bool answer(struct generator *g, const struct trial *trial,
                   struct step *step)
{
    uint64_t first = draw(g, MAX_WAITING);
    for (uint64_t i = 0; i < MAX_WAITING; i++) {
        const struct waiting *w = &trial->waitings[(first + i) % MAX_WAITING];
        const struct page_request *request = outstanding_of(w);
        if (!request)
            continue;
        *step = (struct step){.op = OP_CLOSE};
        if (find_handle(trial, request->source->user, &step->vmo)) {
            draw_answer(g, request, step);
            return true;
        }
        step->vmo = (uint8_t)slot_of(trial, w->object);
        return rarely(g, 4);
    }
    return false;
}

struct step generator_next(struct generator *g, struct trial *trial)
{
    struct step step;
    if (!rarely(g, 2) || !answer(g, trial, &step))
        step = draw_step(g, trial);
    if (g->is_late && rarely(g, 2))
        step.flags |= STEP_LATE;
    return step;
}
