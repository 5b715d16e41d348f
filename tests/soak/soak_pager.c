/*
 * Pagers' objects, their clones, slices and references against a naive model:
 * random operations, some of which wait for the pager while others go on, and
 * after each one every page of every object must be what the model says.
 *
 * The pager keeps a store, an array for each object. It supplies from there,
 * and a writeback copies there what is dirty when it begins. So whenever a
 * page is evicted that should not have been, or a write is forgotten, the
 * store's old content comes back and differs from the model's.
 *
 * A pager here has one writeback under way for an object at a time and ends
 * what it began. (How far a zero interval is written back is noted at its
 * start only, so a pager that never ends one may lose later zeros; the kernel
 * does, too.)
 *
 * usage: soak_pager [--ops N] [--seed S]
 */
#include "pager_wait.h"

enum { MEMORY_PAGES = 4096, FULL_OPERATIONS = 6000000 };

/* --- choosing ------------------------------------------------------------------ */

static struct object *pick_object(void)
{
    struct object *object = &objects[draw(MAX_OBJECTS)];
    return object->vmo ? object : NULL;
}

static struct object *free_object(void)
{
    for (int i = 0; i < MAX_OBJECTS; i++)
        if (!objects[i].vmo)
            return &objects[i];
    return NULL;
}

/* A handle of a pager's own object. */
static struct object *pick_pager(void)
{
    struct object *object = pick_object();
    return object && object->node->kind == NODE_PAGER ? object : NULL;
}

static struct node *pick_pager_node(void)
{
    struct node *node = &model.nodes[draw(MODEL_NODES)];
    return node->is_alive && node->kind == NODE_PAGER ? node : NULL;
}

/* A range of [0, size), maybe empty, now and then past the end. */
static void pick_range(uint64_t size, uint64_t *start, uint64_t *end)
{
    *start = draw(size + 1);
    *end = *start + draw(size - *start + 1);
    if (rarely(64))
        *end = size + 1 + draw(2);
}

static uint64_t vmo_offset(uint64_t page)
{
    return pages_to_bytes(page);
}

/* --- the tree --------------------------------------------------------------------- */

static void do_create(void)
{
    struct object *object = free_object();
    struct node *node = object ? node_new(&model, NODE_PAGER, 0) : NULL;
    if (!object)
        return;
    node->size = draw(8) ? 1 + draw(MODEL_PAGES) : 0;
    node->traps = rarely(2);
    for (uint64_t page = 0; page < MODEL_PAGES; page++)
        node->store[page] = draw_content();
    *object = (struct object){.node = node, .is_resizable = draw(3) > 0};
    struct vmo_create_args args = {
        .kind = VMO_PAGER,
        .size = pages_to_bytes(node->size),
        .is_resizable = object->is_resizable,
        .traps_dirty = node->traps,
        .user_id = program.next_user_id++,
        .compressibility = 0.4,
        .source_user = node,
    };
    note("#%d = pager of %" PRIu64 "%s", object_number(object), node->size,
         node->traps ? ", trapping" : "");
    want(vmo_create(&model.machine, &args, &object->vmo), VM_OK, "create");
    node->cow = vmo_cow(object->vmo);
}

static void do_clone(void)
{
    static const char *const names[] = {"snapshot", "at least on write",
                                        "modified"};
    struct object *from = pick_object();
    struct object *to = free_object();
    if (!from || !to)
        return;
    enum vm_clone_type type = (enum vm_clone_type)(
        draw(8) ? 1 + draw(2) : (uint64_t)CLONE_SNAPSHOT);
    uint64_t offset = draw(from->node->size + 3);
    uint64_t size = rarely(2) ? 1 + draw(MODEL_PAGES)
                              : draw(from->node->size + 1);
    if (rarely(3))
        offset = 0;
    note("#%d = %s of #%d at %" PRIu64 ", %" PRIu64 " pages",
         object_number(to), names[type], object_number(from), offset, size);
    enum vm_clone_type becomes = type;
    enum vm_status expected = model_check_clone(&model, from->node, &becomes);
    bool is_resizable = draw(3) > 0;
    struct vmo *clone = NULL;
    want(vmo_create_clone(from->vmo, type, vmo_offset(offset),
                          pages_to_bytes(size), is_resizable,
                          program.next_user_id++, &clone),
         expected, "clone");
    if (expected != VM_OK)
        return;
    struct node *node = node_new(&model, NODE_CLONE, size);
    if (becomes == CLONE_SNAPSHOT_MODIFIED && from->node->kind == NODE_CLONE)
        clone_bidirectional(&model, from->node, node, offset);
    else
        clone_unidirectional(from->node, node, offset);
    *to = (struct object){
        .vmo = clone, .node = node, .is_resizable = is_resizable};
}

static void do_slice(void)
{
    struct object *from = pick_object();
    struct object *to = free_object();
    if (!from || !to)
        return;
    uint64_t start;
    uint64_t end;
    pick_range(from->node->size, &start, &end);
    note("#%d = slice of #%d [%" PRIu64 " %" PRIu64 ")", object_number(to),
         object_number(from), start, end);
    struct vmo *slice = NULL;
    enum vm_status expected = end > from->node->size ? VM_INVALID_ARGS
                              : from->is_resizable   ? VM_NOT_SUPPORTED
                                                     : VM_OK;
    want(vmo_create_slice(from->vmo, vmo_offset(start),
                          pages_to_bytes(end - start), program.next_user_id++,
                          &slice),
         expected, "slice");
    if (expected != VM_OK)
        return;
    uint64_t shift;
    struct node *parent = content_node(from->node, &shift);
    struct node *node = node_new(&model, NODE_SLICE, end - start);
    node_hang(node, parent, start + shift, end - start);
    *to = (struct object){.vmo = slice, .node = node};
}

static void do_reference(void)
{
    struct object *from = pick_object();
    struct object *to = free_object();
    if (!from || !to)
        return;
    note("#%d = reference of #%d", object_number(to), object_number(from));
    *to = (struct object){.node = from->node,
                          .is_resizable = from->is_resizable};
    want(vmo_create_reference(from->vmo, program.next_user_id++, &to->vmo),
         VM_OK, "reference");
    to->node->owners++;
}

static void drop_mapping(struct object *object)
{
    if (!object->mapping)
        return;
    for (int i = 0; i < MAX_WAITING; i++)
        if (waitings[i].is_used && waitings[i].op.mapping == object->mapping)
            abort_waiting(&waitings[i]);
    object->node->priority -= object->mapping->is_high_priority;
    vmo_unmap(object->vmo, object->mapping);
    object->mapping = NULL;
}

static void close_object(struct object *object)
{
    note("close #%d", object_number(object));
    for (int i = 0; i < MAX_WAITING; i++)
        if (waitings[i].is_used && waitings[i].object == object)
            abort_waiting(&waitings[i]);
    drop_mapping(object);
    object->node->priority -= object->priority;
    vmo_close(object->vmo);
    object->vmo = NULL;
    object->node->owners--;
    node_maybe_die(object->node);
}

static void do_close(void)
{
    struct object *object = pick_object();
    if (object)
        close_object(object);
}

static void do_resize(void)
{
    struct object *object = pick_object();
    if (!object)
        return;
    struct node *node = object->node;
    uint64_t size = draw(MODEL_PAGES + 1);
    enum vm_status expected = VM_OK;
    if (!object->is_resizable)
        expected = VM_UNAVAILABLE;
    else if (size < node->size && any_pinned(node, size, node->size))
        expected = VM_BAD_STATE;
    note("resize #%d from %" PRIu64 " to %" PRIu64, object_number(object),
         node->size, size);
    want(vmo_resize(object->vmo, pages_to_bytes(size)), expected, "resize");
    if (expected == VM_OK)
        model_resize(&model, node, size);
}

/* --- content ----------------------------------------------------------------------- */

/* An operation on a random range of a random object; NULL: none. */
static struct waiting *begin_ranged(const char *name, uint64_t *offset,
                                    uint64_t *length)
{
    struct object *object = pick_object();
    if (!object)
        return NULL;
    uint64_t first;
    uint64_t last;
    pick_range(object->node->size, &first, &last);
    struct waiting *w = waiting_new(object, first, last);
    note("%s #%d [%" PRIu64 " %" PRIu64 ")", name, object_number(object), first,
         last);
    *offset = pages_to_bytes(first);
    *length = pages_to_bytes(last - first);
    return w;
}

static void do_read(void)
{
    uint64_t offset;
    uint64_t length;
    struct waiting *w = begin_ranged("read", &offset, &length);
    if (!w)
        return;
    vmo_op_init_read(&w->op, w->object->vmo, offset, length);
    start(w);
}

static void do_write(void)
{
    uint64_t offset;
    uint64_t length;
    struct waiting *w = begin_ranged("write", &offset, &length);
    if (!w)
        return;
    for (uint64_t i = 0; i < bytes_to_pages(length) && i < MODEL_PAGES; i++)
        w->values[i] = draw_content();
    length = u64_min(length, pages_to_bytes(MODEL_PAGES));
    want(vmo_op_init_write(&w->op, w->object->vmo, offset, length, w->values),
         VM_OK, "write");
    start(w);
}

static void do_commit(void)
{
    uint64_t offset;
    uint64_t length;
    struct waiting *w = begin_ranged("commit", &offset, &length);
    if (!w)
        return;
    vmo_op_init_commit(&w->op, w->object->vmo, offset, length);
    start(w);
}

static void do_zero(void)
{
    uint64_t offset;
    uint64_t length;
    struct waiting *w = begin_ranged("zero", &offset, &length);
    if (!w)
        return;
    vmo_op_init_zero(&w->op, w->object->vmo, offset, length);
    start(w);
}

static void do_always_need(void)
{
    uint64_t offset;
    uint64_t length;
    struct waiting *w = begin_ranged("always need", &offset, &length);
    if (!w)
        return;
    vmo_op_init_always_need(&w->op, w->object->vmo, offset, length);
    start(w);
}

static void do_lookup(void)
{
    struct object *object = pick_object();
    if (!object)
        return;
    uint64_t page = draw(object->node->size + 1);
    bool is_write = rarely(2);
    bool is_fault = draw(4) > 0;
    struct waiting *w = waiting_new(object, page, page + 1);
    note("%slook up #%d %" PRIu64 "%s", is_fault ? "" : "only ",
         object_number(object), page, is_write ? " for writing" : "");
    vmo_op_init_lookup(&w->op, object->vmo, vmo_offset(page), is_write,
                       is_fault, rarely(2));
    start(w);
}

static void do_decommit(void)
{
    struct object *object = pick_object();
    if (!object)
        return;
    uint64_t start;
    uint64_t end;
    pick_range(object->node->size, &start, &end);
    note("decommit #%d [%" PRIu64 " %" PRIu64 ")", object_number(object),
         start, end);
    want(vmo_decommit(object->vmo, vmo_offset(start),
                      pages_to_bytes(end - start)),
         end > object->node->size ? VM_OUT_OF_RANGE
         : start == end           ? VM_OK
                                  : VM_NOT_SUPPORTED,
         "decommit");
}

/* --- pins and hints ------------------------------------------------------------------- */

enum { MAX_PINS = 20 }; /* a pin too many has a test of its own */

static void do_pin(void)
{
    struct object *object = pick_object();
    if (!object || root_of(object->node)->is_detached)
        return;
    uint64_t first;
    uint64_t last;
    uint64_t shift;
    const struct node *node = content_node(object->node, &shift);
    pick_range(object->node->size, &first, &last);
    for (uint64_t i = first; i < last && i < object->node->size; i++)
        if (node->pages[i + shift].pins >= MAX_PINS)
            return;
    struct waiting *w = waiting_new(object, first, last);
    bool is_write = rarely(2);
    note("pin #%d [%" PRIu64 " %" PRIu64 ")%s", object_number(object), first,
         last, is_write ? " for writing" : "");
    vmo_op_init_pin(&w->op, object->vmo, pages_to_bytes(first),
                    pages_to_bytes(last - first), is_write);
    start(w);
}

static void do_unpin(void)
{
    struct object *object = pick_object();
    if (!object)
        return;
    uint64_t first;
    uint64_t last;
    uint64_t shift;
    struct node *node = content_node(object->node, &shift);
    pick_range(object->node->size, &first, &last);
    bool all_pinned = last <= object->node->size;
    bool all_ours = all_pinned;
    for (uint64_t i = first; all_pinned && i < last; i++) {
        const struct model_page *page = &node->pages[i + shift];
        all_ours &= page->pins > page->held;
        all_pinned &= page->pins > 0;
    }
    if (all_pinned && !all_ours)
        return;
    note("unpin #%d [%" PRIu64 " %" PRIu64 ")", object_number(object), first,
         last);
    enum vm_status expected = first == last              ? VM_INVALID_ARGS
                              : last > object->node->size ? VM_OUT_OF_RANGE
                              : all_pinned                ? VM_OK
                                                          : VM_BAD_STATE;
    want(vmo_unpin(object->vmo, vmo_offset(first),
                   pages_to_bytes(last - first)),
         expected, "unpin");
    for (uint64_t i = first; expected == VM_OK && i < last; i++)
        node->pages[i + shift].pins--;
}

/* Unpin what is pinned, page by page. */
static void do_unpin_all(void)
{
    struct object *object = pick_object();
    if (!object)
        return;
    uint64_t shift;
    struct node *node = content_node(object->node, &shift);
    note("unpin #%d wherever pinned", object_number(object));
    for (uint64_t i = 0; i < object->node->size; i++) {
        struct model_page *page = &node->pages[i + shift];
        for (; page->pins > page->held; page->pins--)
            want(vmo_unpin(object->vmo, vmo_offset(i), VM_PAGE_SIZE), VM_OK,
                 "unpin");
    }
}

static void do_dont_need(void)
{
    struct object *object = pick_object();
    if (!object)
        return;
    uint64_t start;
    uint64_t end;
    pick_range(object->node->size, &start, &end);
    note("don't need #%d [%" PRIu64 " %" PRIu64 ")", object_number(object),
         start, end);
    want(vmo_hint_dont_need(object->vmo, vmo_offset(start),
                            pages_to_bytes(end - start)),
         end > object->node->size ? VM_OUT_OF_RANGE : VM_OK, "don't need");
}

static void do_priority(void)
{
    struct object *object = pick_object();
    if (!object)
        return;
    int64_t delta = (int64_t)draw(4) - 2;
    bool is_possible = object->priority + delta >= 0;
    note("priority #%d %+d", object_number(object), (int)delta);
    want(vmo_change_priority(object->vmo, delta),
         is_possible ? VM_OK : VM_BAD_STATE, "priority");
    if (!is_possible)
        return;
    object->priority += delta;
    object->node->priority += delta;
}

/* --- the pager ------------------------------------------------------------------------- */

static void do_supply_by_hand(void)
{
    struct node *pager = pick_pager_node();
    if (!pager)
        return;
    uint64_t start = draw(pager->size + 1);
    do_supply(pager, start, start + draw(pager->size - start + 1));
}

static void do_dirty_by_hand(void)
{
    struct node *pager = pick_pager_node();
    uint64_t start;
    uint64_t end;
    if (!pager)
        return;
    pick_range(pager->size, &start, &end);
    do_dirty(pager, start, end);
}

static void do_fail_by_hand(void)
{
    struct node *pager = pick_pager_node();
    uint64_t start;
    uint64_t end;
    if (!pager)
        return;
    pick_range(pager->size, &start, &end);
    do_fail(pager, start, end);
}

/* A pager's calls on what is not its own object. */
static void do_misplaced_call(void)
{
    struct object *object = pick_object();
    if (!object || object->node->kind == NODE_PAGER)
        return;
    uint64_t length = pages_to_bytes(object->node->size);
    bool modified;
    want(vmo_writeback_begin(object->vmo, 0, length, false), VM_INVALID_ARGS,
         "begin on a clone or slice");
    want(vmo_writeback_end(object->vmo, 0, length), VM_INVALID_ARGS,
         "end on a clone or slice");
    want(vmo_fail_requests(object->vmo, 0, length, VM_IO), VM_INVALID_ARGS,
         "fail on a clone or slice");
    want(vmo_query_stats(object->vmo, true, &modified), VM_INVALID_ARGS,
         "query on a clone or slice");
    want(vmo_detach(object->vmo), VM_INVALID_ARGS,
         "detach of a clone or slice");
    want(vmo_dirty_ranges(object->vmo, 0, length, NULL, NULL), VM_NOT_SUPPORTED,
         "dirty ranges of a clone or slice");
}

/* The store gets what is dirty now, whether or not it will be clean by it. */
static bool writeback_begin(struct object *object)
{
    struct node *pager = object->node;
    uint64_t start;
    uint64_t end;
    pick_range(pager->size, &start, &end);
    bool is_zero_range = rarely(4);
    note("begin writeback #%d [%" PRIu64 " %" PRIu64 ")%s",
         object_number(object), start, end, is_zero_range ? " of zeros" : "");
    bool is_inside = end <= pager->size;
    want(vmo_writeback_begin(object->vmo, vmo_offset(start),
                             pages_to_bytes(end - start), is_zero_range),
         is_inside ? VM_OK : VM_OUT_OF_RANGE, "begin writeback");
    if (!is_inside)
        return false;
    for (uint64_t page = start; page < end; page++) {
        struct model_page *own = &pager->pages[page];
        if (own->kind == ZERO || (own->kind == DIRTY && !is_zero_range))
            pager->store[page] = own->content;
        if (own->kind == DIRTY && !is_zero_range && !own->pins)
            own->kind = AWAITING;
    }
    pager->is_writing_back = true;
    pager->writeback_start = start;
    pager->writeback_end = end;
    return true;
}

/* Which zeros are written back the model leaves to the core, if that is safe. */
static void settle_zero(struct node *pager, uint64_t page)
{
    if (vm_cow_debug_is_in_interval(pager->cow, pages_to_bytes(page)))
        return;
    if (pager->store[page] != 0)
        fail("page %" PRIu64 ": a zero never written back is clean", page);
    page_forget(&pager->pages[page]);
}

static void writeback_end(struct object *object)
{
    struct node *pager = object->node;
    uint64_t start = pager->writeback_start;
    uint64_t end = u64_min(pager->writeback_end, pager->size);
    pager->is_writing_back = false;
    if (start >= end)
        return;
    note("end writeback #%d [%" PRIu64 " %" PRIu64 ")", object_number(object),
         start, end);
    want(vmo_writeback_end(object->vmo, vmo_offset(start),
                           pages_to_bytes(end - start)),
         VM_OK, "end writeback");
    for (uint64_t page = start; page < end; page++) {
        struct model_page *own = &pager->pages[page];
        if (own->kind == AWAITING) {
            own->kind = CLEAN;
            want_true(own->content == pager->store[page],
                      "model: a clean page is what the store has");
        } else if (own->kind == ZERO) {
            settle_zero(pager, page);
        }
    }
}

static void do_writeback_begin(void)
{
    struct object *object = pick_pager();
    if (object && !object->node->is_writing_back)
        (void)writeback_begin(object);
}

static void do_writeback_end(void)
{
    struct object *object = pick_pager();
    if (object && object->node->is_writing_back)
        writeback_end(object);
}

/* Nothing happens in between: exactly what is dirty in the range gets clean,
 * but for pinned pages and intervals that start before it. */
static void do_whole_writeback(void)
{
    struct object *object = pick_pager();
    if (!object || object->node->is_writing_back)
        return;
    struct node *pager = object->node;
    struct node before = *pager;
    if (!writeback_begin(object))
        return;
    writeback_end(object);
    uint64_t page = before.writeback_start = pager->writeback_start;
    uint64_t end = pager->writeback_end;
    while (page > 0 && page < end && before.pages[page].kind == ZERO &&
           vm_cow_debug_is_in_interval(pager->cow, pages_to_bytes(page - 1)) &&
           before.pages[page - 1].kind == ZERO &&
           vm_cow_debug_is_in_interval(pager->cow, pages_to_bytes(page)))
        page++; /* began before the range */
    for (; page < end; page++)
        want_true(pager->pages[page].kind != ZERO,
                  "a zero stays dirty that was just written back");
}

static void do_query_stats(void)
{
    struct object *object = pick_pager();
    if (!object)
        return;
    bool reset = rarely(2);
    bool is_modified;
    note("query #%d%s", object_number(object), reset ? ", reset" : "");
    want(vmo_query_stats(object->vmo, reset, &is_modified), VM_OK, "query");
    want_true(is_modified == object->node->is_modified,
              "the modified flag differs");
    object->node->is_modified &= !reset;
}

struct dirty_walk {
    const struct node *pager;
    uint64_t position; /* pages before it have been compared */
    uint64_t end;
};

static bool is_reported(const struct node *pager, uint64_t page, bool *is_zero)
{
    enum page_kind kind = pager->pages[page].kind;
    *is_zero = kind == ZERO;
    return kind == ZERO || kind == DIRTY || kind == AWAITING;
}

static void want_clean_until(struct dirty_walk *walk, uint64_t page)
{
    bool is_zero;
    for (; walk->position < page; walk->position++)
        if (is_reported(walk->pager, walk->position, &is_zero))
            fail("page %" PRIu64 " is dirty and not reported", walk->position);
}

static enum vm_status compare_dirty(void *context, uint64_t offset,
                                    uint64_t length, bool is_zero)
{
    struct dirty_walk *walk = context;
    uint64_t start = bytes_to_pages(offset);
    uint64_t end = start + bytes_to_pages(length);
    want_true(walk->position <= start && start < end && end <= walk->end,
              "dirty ranges ascend inside what was asked for");
    want_clean_until(walk, start);
    for (; walk->position < end; walk->position++) {
        bool expected;
        if (!is_reported(walk->pager, walk->position, &expected) ||
            expected != is_zero)
            fail("page %" PRIu64 " is reported dirty%s", walk->position,
                 is_zero ? " and zero" : "");
    }
    return VM_NEXT;
}

static void do_dirty_ranges(void)
{
    struct object *object = pick_pager();
    uint64_t start;
    uint64_t end;
    if (!object)
        return;
    pick_range(object->node->size, &start, &end);
    note("dirty ranges of #%d [%" PRIu64 " %" PRIu64 ")",
         object_number(object), start, end);
    struct dirty_walk walk = {object->node, start, end};
    bool is_inside = end <= object->node->size;
    want(vmo_dirty_ranges(object->vmo, vmo_offset(start),
                          pages_to_bytes(end - start), compare_dirty, &walk),
         is_inside ? VM_OK : VM_OUT_OF_RANGE, "dirty ranges");
    if (is_inside)
        want_clean_until(&walk, end);
}

static void do_detach(void)
{
    struct object *object = pick_pager();
    if (!object || draw(20))
        return;
    struct node *pager = object->node;
    for (int i = 0; i < MAX_WAITING; i++)
        if (waitings[i].is_used && waitings[i].op.kind == VMO_OP_PIN &&
            root_of(waitings[i].object->node) == pager)
            abort_waiting(&waitings[i]);
    note("detach #%d", object_number(object));
    bool is_pinned = total_pins(pager) > 0;
    want(vmo_detach(object->vmo), is_pinned ? VM_BAD_STATE : VM_OK, "detach");
    if (is_pinned)
        return;
    pager->is_detached = true;
    for (uint64_t page = 0; page < pager->size; page++)
        if (pager->pages[page].kind == CLEAN ||
            pager->pages[page].kind == MARKER)
            page_forget(&pager->pages[page]);
}

/* --- reclaim --------------------------------------------------------------------------- */

static struct node *pager_of_cow(const struct vm_cow_pages *cow)
{
    for (int i = 0; i < MODEL_NODES; i++)
        if (model.nodes[i].is_alive && model.nodes[i].kind == NODE_PAGER &&
            model.nodes[i].cow == cow)
            return &model.nodes[i];
    return NULL;
}

static void evict(struct node *pager, uint64_t page, enum vm_eviction_hint hint)
{
    struct model_page *own = &pager->pages[page];
    page_index frame =
        vm_cow_debug_get_page(pager->cow, pages_to_bytes(page));
    bool expected = own->kind == CLEAN && !own->pins &&
                    !is_priority(&model, pager) &&
                    (!own->always_need || hint == EVICTION_HINT_IGNORE);
    bool reclaimed = vm_cow_reclaim_page(pager->cow, frame,
                                         pages_to_bytes(page), hint, NULL, NULL);
    if (reclaimed != expected)
        fail("page %" PRIu64 " (%s) is%s evicted", page,
             page_kind_name(own->kind), reclaimed ? "" : " not");
    if (!reclaimed)
        return;
    pmm_free_page(&model.machine.pmm, frame);
    page_forget(own);
}

static void compress(struct vm_cow_pages *cow, page_index page, uint64_t offset)
{
    struct compressor *compressor = model.machine.compressor;
    if (compressor_arm(compressor) != VM_OK)
        return;
    if (vm_cow_reclaim_page(cow, page, offset, EVICTION_HINT_FOLLOW, compressor,
                            NULL))
        pmm_free_page(&model.machine.pmm, page);
    compressor_disarm(compressor);
}

static void dedup(struct vm_cow_pages *cow, page_index page, uint64_t offset)
{
    struct node *pager = pager_of_cow(cow);
    bool deduped = vm_cow_dedup_zero_page(cow, page, offset);
    if (!pager)
        return;
    struct model_page *own = &pager->pages[bytes_to_pages(offset)];
    want_true(deduped == (own->kind == CLEAN && own->content == 0 &&
                          !own->pins && !is_priority(&model, pager)),
              "a clean page of zeros becomes a marker, and no other");
    if (deduped)
        page_set(own, MARKER, 0);
}

/* Any page of the machine, those of hidden nodes too. */
static void do_reclaim(void)
{
    page_index page = 1 + (page_index)draw(256);
    const struct vm_page *descriptor = vm_page_of(&model.machine, page);
    if (descriptor->state != PAGE_OBJECT)
        return;
    struct vm_cow_pages *cow = vm_page_owner(&model.machine, page);
    uint64_t offset = descriptor->offset;
    struct node *pager = pager_of_cow(cow);
    note("%s frame %u, page %" PRIu64, pager ? "evict" : "compress", page,
         bytes_to_pages(offset));
    if (rarely(4))
        dedup(cow, page, offset);
    else if (pager)
        evict(pager, bytes_to_pages(offset),
              rarely(2) ? EVICTION_HINT_FOLLOW : EVICTION_HINT_IGNORE);
    else
        compress(cow, page, offset);
}

static void do_evict_all(void)
{
    struct node *pager = pick_pager_node();
    if (!pager)
        return;
    note("evict all clean pages of a pager");
    for (uint64_t page = 0; page < pager->size; page++)
        if (is_frame(pager->pages[page].kind))
            evict(pager, page, EVICTION_HINT_IGNORE);
}

/* --- mappings ---------------------------------------------------------------------------- */

static void do_map(void)
{
    struct object *object = pick_object();
    if (!object || object->mapping)
        return;
    uint64_t start = draw(object->node->size + 1);
    uint64_t count = 1 + draw(MODEL_PAGES);
    bool is_writable = draw(4) > 0;
    bool is_priority = rarely(8);
    note("map #%d from %" PRIu64 ", %" PRIu64 " pages%s", object_number(object),
         start, count, is_writable ? ", writable" : "");
    want(vmo_map(object->vmo, vmo_offset(start), count, is_writable,
                 is_priority, &object->mapping),
         VM_OK, "map");
    object->node->priority += is_priority;
}

static void do_unmap(void)
{
    struct object *object = pick_object();
    if (!object)
        return;
    note("unmap #%d", object_number(object));
    drop_mapping(object);
}

/* What a user thread does: through the entry if that will do, else a fault. */
static void touch(struct object *object, uint64_t page, bool is_write)
{
    struct vm_mapping *mapping = object->mapping;
    uint64_t value = draw_content();
    uint64_t at = bytes_to_pages(mapping->offset) + page;
    if (!mapping_access(mapping, page, is_write)) {
        struct waiting *w = waiting_new(object, at, at + 1);
        note("%s fault #%d %" PRIu64, is_write ? "write" : "read",
             object_number(object), at);
        vmo_op_init_fault(&w->op, object->vmo, mapping, page, is_write, value);
        start(w);
        return;
    }
    note("%s #%d %" PRIu64 " through its mapping", is_write ? "write" : "read",
         object_number(object), at);
    if (!is_write)
        return;
    vm_page_of(&model.machine, mapping_page(mapping, page))->content = value;
    uint64_t shift;
    struct node *node = content_node(object->node, &shift);
    want_true(node->kind == NODE_CLONE || node->pages[at + shift].kind == DIRTY,
              "a writable entry leads to a dirty page");
    page_set(&node->pages[at + shift],
             node->kind == NODE_CLONE ? OWN : DIRTY, value);
}

static void do_touch(void)
{
    struct object *object = pick_object();
    if (!object || !object->mapping)
        return;
    uint64_t page = draw(object->mapping->page_count);
    touch(object, page, rarely(2));
}

static void do_touch_many(void)
{
    struct object *object = pick_object();
    if (!object || !object->mapping)
        return;
    struct vm_mapping *mapping = object->mapping;
    bool is_write = rarely(2);
    for (uint64_t page = 0; page < mapping->page_count; page++)
        if (rarely(2))
            touch(object, page, is_write);
}

/* --- operations that still wait -------------------------------------------------------------- */

static void fail_request(const struct page_request *request)
{
    struct node *pager = request->source->user;
    if (request->state == REQUEST_OVERLAP)
        request = request->overlapped;
    do_fail(pager, bytes_to_pages(request->offset),
            u64_min(bytes_to_pages(request->offset + request->length),
                    pager->size));
}

static void do_waiting(void)
{
    struct waiting *w = &waitings[draw(MAX_WAITING)];
    if (!w->is_used)
        return;
    bool is_done = w->op.request.state == REQUEST_DONE;
    switch (draw(6)) {
    case 0:
        abort_waiting(w);
        return;
    case 1:
        if (is_done)
            return;
        note("fail what #%d waits for", object_number(w->object));
        fail_request(&w->op.request);
        return;
    case 2:
        if (!is_done)
            answer(&w->op.request);
        return;
    default:
        note("go on with the operation on #%d", object_number(w->object));
        finish(w);
    }
}

static void do_time(void)
{
    vm_machine_set_time(&model.machine,
                        model.machine.now + (sim_ns)draw(1000000000));
}

/* --- checks --------------------------------------------------------------------------------- */

static void check_frame(const struct vm_page *page,
                        const struct model_page *own)
{
    static const enum dirty_state states[] = {
        [OWN] = DIRTY_UNTRACKED,
        [CLEAN] = DIRTY_CLEAN,
        [DIRTY] = DIRTY_DIRTY,
        [AWAITING] = DIRTY_AWAITING_CLEAN,
    };
    want_true(page->dirty_state == states[own->kind],
              "a page's dirty state differs");
    want_true(page->content == own->content, "a page's content differs");
    want_true(page->pin_count == own->pins, "a page's pin count differs");
    want_true(page->always_need == own->always_need,
              "a page's always-need differs");
}

static void check_pager(const struct node *pager)
{
    for (uint64_t i = 0; i < pager->size; i++) {
        const struct model_page *own = &pager->pages[i];
        struct page_slot slot =
            vm_cow_debug_get_slot(pager->cow, pages_to_bytes(i));
        bool in_interval =
            vm_cow_debug_is_in_interval(pager->cow, pages_to_bytes(i));
        bool matches = own->kind == NOTHING ? slot_is_empty(slot)
                       : own->kind == ZERO  ? in_interval
                       : own->kind == MARKER ? slot_is_marker(slot)
                                             : slot_is_page(slot);
        if (!matches || in_interval != (own->kind == ZERO))
            fail("page %" PRIu64 " of a pager is not %s", i,
                 page_kind_name(own->kind));
        if (slot_is_page(slot))
            check_frame(vm_page_of(&model.machine, slot_page(slot)), own);
    }
}

static void check_clone(const struct node *clone)
{
    bool is_alone = !is_below_hidden(&model, clone);
    for (uint64_t i = 0; i < clone->size; i++) {
        const struct model_page *own = &clone->pages[i];
        struct page_slot slot =
            vm_cow_debug_get_slot(clone->cow, pages_to_bytes(i));
        if (own->kind == NOTHING ? !slot_is_empty(slot)
                                 : is_alone && slot_is_empty(slot))
            fail("page %" PRIu64 " of a clone is not %s", i,
                 page_kind_name(own->kind));
        if (slot_is_page(slot))
            check_frame(vm_page_of(&model.machine, slot_page(slot)), own);
        else
            want_true(!own->pins, "a pinned page has gone");
    }
}

static void check_object(const struct object *object)
{
    struct node *node = object->node;
    int number = object_number(object);
    if (vmo_size(object->vmo) != pages_to_bytes(node->size))
        fail("#%d: the size differs", number);
    if (vmo_pinned_pages(object->vmo) != total_pins(node))
        fail("#%d: the pin count differs", number);
    for (uint64_t page = 0; page < node->size; page++) {
        struct view view = view_of(node, page);
        uint64_t content;
        bool is_there = vm_cow_peek_content(vmo_cow(object->vmo),
                                            pages_to_bytes(page), &content);
        if (is_there == view.is_absent)
            fail("#%d: page %" PRIu64 " is%s there", number, page,
                 is_there ? "" : " not");
        if (is_there && content != view.content)
            fail("#%d: page %" PRIu64 " reads %" PRIu64 ", not %" PRIu64,
                 number, page, content, view.content);
    }
}

/* An entry leads where a look-up leads, and is writable only where a write
 * needs no fault. */
static void check_entry(const struct object *object, uint64_t page,
                        mapping_entry entry)
{
    uint64_t offset = object->mapping->offset + pages_to_bytes(page);
    struct vm_lookup_cursor cursor;
    want(vm_cow_get_lookup_cursor(vmo_cow(object->vmo), offset, VM_PAGE_SIZE,
                                  &cursor),
         VM_OK, "an entry past the end");
    vm_cursor_disable_mark_accessed(&cursor);
    page_index found = vm_cursor_maybe_page(&cursor, false);
    page_index entered = mapping_page(object->mapping, page);
    struct view view = view_of(object->node, bytes_to_pages(offset));
    /* A zero that was written back stays mapped while it is absent. */
    if (found != entered || (view.is_absent && entered != PAGE_NONE))
        fail("#%d: page %" PRIu64 " is mapped to %u, found in %u",
             object_number(object), bytes_to_pages(offset), entered, found);
    if (entered == PAGE_NONE && view.content != 0)
        fail("#%d: page %" PRIu64 " is mapped to the zero page",
             object_number(object), bytes_to_pages(offset));
    if (!(entry & MAPPING_WRITABLE))
        return;
    want_true(object->mapping->is_writable && entered != PAGE_NONE,
              "a writable entry of a read-only mapping or the zero page");
    /* A snapshot of a part leaves the rest writable, in the hidden node. */
    const struct vm_cow_pages *owner = vm_page_owner(&model.machine, entered);
    want_true(owner == cursor.target || vm_cow_is_hidden(owner),
              "a writable entry leads to a page of another visible node");
    want_true(view.node->kind == NODE_CLONE ||
                  view.node->pages[view.page].kind == DIRTY,
              "a writable entry leads to a page that is not dirty");
}

static void check_mapping(const struct object *object)
{
    const struct vm_mapping *mapping = object->mapping;
    uint64_t present = 0;
    for (uint64_t page = 0; page < mapping->page_count; page++) {
        if (!(mapping->entries[page] & MAPPING_PRESENT))
            continue;
        present++;
        check_entry(object, page, mapping->entries[page]);
    }
    want_true(present == mapping->present_count, "present entries add up");
}

static void check_all(void)
{
    uint64_t charged = 0;
    for (int i = 0; i < MAX_OBJECTS; i++) {
        if (!objects[i].vmo)
            continue;
        objects[i].node->cow = vmo_cow(objects[i].vmo);
        struct vm_attribution attribution = vmo_attribution(objects[i].vmo);
        charged +=
            attribution.uncompressed_pages + attribution.compressed_pages;
    }
    for (int i = 0; i < MODEL_NODES; i++) {
        struct node *node = &model.nodes[i];
        if (!node->is_alive)
            continue;
        model_settle(&model, node);
        if (node->kind == NODE_PAGER)
            check_pager(node);
        else if (node->kind == NODE_CLONE)
            check_clone(node);
    }
    for (int i = 0; i < MAX_OBJECTS; i++) {
        if (!objects[i].vmo)
            continue;
        check_object(&objects[i]);
        if (objects[i].mapping)
            check_mapping(&objects[i]);
    }
    want_true(charged <= model.machine.stats.object_pages +
                             model.machine.stats.reference_count,
              "more is charged than there is");
    const char *rule = vm_machine_valid(&model.machine);
    if (rule)
        fail("broken rule: %s", rule);
}

/* --- the program --------------------------------------------------------------------------- */

static void (*const operations[])(void) = {
    do_create,          do_create,       do_clone,         do_clone,
    do_clone,           do_clone,        do_slice,         do_reference,
    do_close,           do_close,        do_close,         do_resize,
    do_resize,          do_read,         do_read,          do_write,
    do_write,           do_write,        do_write,         do_commit,
    do_commit,          do_zero,         do_zero,          do_zero,
    do_always_need,     do_lookup,       do_decommit,      do_pin,
    do_pin,             do_unpin,        do_unpin_all,     do_unpin_all,
    do_dont_need,       do_priority,     do_supply_by_hand, do_dirty_by_hand,
    do_fail_by_hand,    do_misplaced_call, do_writeback_begin,
    do_writeback_end,   do_writeback_end, do_whole_writeback, do_query_stats,
    do_dirty_ranges,    do_dirty_ranges, do_detach,        do_reclaim,
    do_reclaim,         do_reclaim,      do_reclaim,       do_evict_all,
    do_map,             do_map,          do_unmap,         do_touch,
    do_touch,           do_touch_many,   do_waiting,       do_waiting,
    do_waiting,         do_time,
};

static void step(void)
{
    operations[draw(sizeof operations / sizeof operations[0])]();
}

static void set_up(void)
{
    struct vm_machine_config config = {
        .memory_pages = MEMORY_PAGES,
        .policy = &zircon_policy_ops,
        .seed = program.seed,
        .compression = true,
        .compressor = {COMPRESSION_RATIO, STORAGE_TRI_PAGE, 70},
    };
    memset(&model, 0, sizeof model);
    memset(objects, 0, sizeof objects);
    memset(waitings, 0, sizeof waitings);
    want(vm_machine_init(&model.machine, &config), VM_OK, "machine");
    model.machine.narrow_range_changes = rarely(2);
    if (rarely(2))
        pq_enable_anonymous_reclaim(&model.machine.pqs, rarely(2));
}

static void tear_down(void)
{
    for (int i = 0; i < MAX_OBJECTS; i++)
        if (objects[i].vmo)
            close_object(&objects[i]);
    want_true(model.machine.stats.object_pages == 0 &&
                  model.machine.stats.reference_count == 0,
              "pages are left when every object is closed");
    want_true(model.machine.cow_count == 0,
              "nodes are left when every object is closed");
    vm_machine_release(&model.machine);
}

int main(int argc, char **argv)
{
    static const struct program_steps steps = {set_up, step, check_all,
                                               tear_down};
    return program_main(argc, argv, "soak_pager", FULL_OPERATIONS, &steps);
}
