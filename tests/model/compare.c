/*
 * Everything that can be seen, after each step: sizes, contents, lists, dirty
 * states and ranges, pins, lock states, what is charged, the tree as users see
 * it, and the translations of mappings. Then the core's own validators.
 */
#include "cow_internal.h"
#include "trial.h"

/* --- pages in a node's list ----------------------------------------------------- */

static void compare_frame(const struct vm_page *page,
                          const struct model_page *own)
{
    static const enum dirty_state states[] = {
        [OWN] = DIRTY_UNTRACKED,
        [HELD] = DIRTY_UNTRACKED,
        [CLEAN] = DIRTY_CLEAN,
        [DIRTY] = DIRTY_DIRTY,
        [AWAITING] = DIRTY_AWAITING_CLEAN,
    };
    want_true(page->dirty_state == states[own->kind],
              "a page's dirty state is the model's");
    want_true(page->content == own->content, "a page's content is the model's");
    want_true(page->pin_count == own->pins, "a page's pins are the model's");
    want_true(page->always_need == own->always_need,
              "a page's always-need is the model's");
}

/* Where a page that nobody has pinned must be queued. A pinned one may have
 * been dirtied or cleaned since, and is where that has put it. */
static void compare_queue(const struct vm_page *page,
                          const struct model_page *own, bool is_high_priority)
{
    enum page_queue queue = (enum page_queue)page->queue;
    bool is_right = true;
    if (own->kind == HELD)
        is_right = queue == PQ_WIRED;
    else if (own->pins)
        is_right = queue == PQ_WIRED || is_frame(own->kind);
    else if (own->kind == DIRTY || own->kind == AWAITING)
        is_right = queue == PQ_PAGER_DIRTY;
    else if (own->kind == CLEAN)
        is_right = queue == PQ_RECLAIM ||
                   (is_high_priority && queue == PQ_HIGH_PRIORITY);
    if (!is_right)
        wrong("a page (%s) is in queue %s", page_kind_name(own->kind),
              pq_queue_name(queue));
}

static void compare_pager(struct trial *trial, struct node *pager)
{
    for (uint64_t i = 0; i < pager->size; i++) {
        struct model_page *own = &pager->pages[i];
        struct page_slot slot =
            vm_cow_debug_get_slot(pager->cow, pages_to_bytes(i));
        bool in_interval =
            vm_cow_debug_is_in_interval(pager->cow, pages_to_bytes(i));
        bool matches = own->kind == NOTHING  ? slot_is_empty(slot)
                       : own->kind == ZERO   ? in_interval
                       : own->kind == MARKER ? slot_is_marker(slot)
                                             : slot_is_page(slot);
        if (!matches || in_interval != (own->kind == ZERO))
            wrong("page %d of a pager is not %s", (int)i,
                  page_kind_name(own->kind));
        if (!slot_is_page(slot)) {
            own->is_borrowed = false;
            continue;
        }
        struct vm_page *page = vm_page_of(&trial->machine, slot_page(slot));
        if (page->is_loaned && !own->is_borrowed)
            want_true(!pager->traps && !pager->was_pinned &&
                          !is_high_priority(&trial->model, pager),
                      "who borrows a frame may");
        own->is_borrowed = page->is_loaned;
        compare_frame(page, own);
        compare_queue(page, own, is_high_priority(&trial->model, pager));
    }
    want_true(vm_cow_reclamation_event_count(pager->cow) ==
                  pager->reclaim_events,
              "the reclaim events are the model's");
}

static void compare_contiguous(const struct trial *trial,
                               const struct node *node)
{
    for (uint64_t i = 0; i < node->size; i++) {
        page_index page = vm_cow_debug_get_page(node->cow, pages_to_bytes(i));
        if ((page != PAGE_NONE) != (node->pages[i].kind == HELD))
            wrong("page %d of a contiguous object is not %s", (int)i,
                  page_kind_name(node->pages[i].kind));
        if (page == PAGE_NONE)
            continue;
        compare_frame(&trial->machine.pmm.pages[page], &node->pages[i]);
        compare_queue(&trial->machine.pmm.pages[page], &node->pages[i], false);
    }
}

/* In a group the page may be in a hidden node, and a zero anything. */
static void compare_cow(const struct trial *trial, const struct node *node)
{
    bool is_alone = !is_grouped(&trial->model, node);
    for (uint64_t i = 0; i < node->size; i++) {
        const struct model_page *own = &node->pages[i];
        struct page_slot slot =
            vm_cow_debug_get_slot(node->cow, pages_to_bytes(i));
        bool matches = own->kind == NOTHING ? slot_is_empty(slot)
                       : !is_alone          ? true
                       : own->cell          ? slot_is_page_or_reference(slot)
                                            : slot_is_marker(slot);
        if (!matches)
            wrong("page %d of a node is not %s%s", (int)i,
                  page_kind_name(own->kind),
                  own->kind == OWN && !own->cell ? " (zero)" : "");
        if (slot_is_page(slot))
            compare_frame(&trial->machine.pmm.pages[slot_page(slot)], own);
        else
            want_true(!own->pins, "a pinned page stays");
    }
    if (node->is_discardable)
        want_true(vm_cow_reclamation_event_count(node->cow) ==
                      node->reclaim_events,
                  "the reclaim events are the model's");
}

bool core_sees_nothing(const struct node *node, uint64_t page)
{
    uint64_t offset = pages_to_bytes(page);
    return vm_cow_debug_is_empty(node->cow, offset) &&
           offset >= node->cow->parent_limit;
}

/* --- what is charged ------------------------------------------------------------------ */

static uint64_t sum_of(struct vm_attribution attribution)
{
    return attribution.uncompressed_pages + attribution.compressed_pages;
}

static uint64_t charged_to(const struct node *node)
{
    return sum_of(vm_cow_attributed_pages_in_range(node->cow, 0,
                                                   pages_to_bytes(node->size)));
}

/*
 * A piece out of the middle of a view was released: limits cannot say that,
 * so a sibling that still sees pages above takes them for the other's, and
 * nobody is charged (core/cow_attribution.c). Only a look inside tells.
 */
static bool is_released_in_part(const struct node *node)
{
    for (const struct vm_cow_pages *cow = node->cow->parent; cow;
         cow = cow->parent)
        if (cow->partial_cow_release)
            return true;
    return false;
}

/* Pages of the core that somebody sees, each counted once. */
struct seen {
    uint64_t count;
    const struct vm_cow_pages *hidden[MAX_NODES * MAX_PAGES];
    uint64_t offset[MAX_NODES * MAX_PAGES]; /* there */
};

static void see(struct seen *seen, const struct vm_cow_pages *hidden,
                uint64_t offset)
{
    for (uint64_t i = 0; i < seen->count; i++)
        if (seen->hidden[i] == hidden && seen->offset[i] == offset)
            return;
    seen->hidden[seen->count] = hidden;
    seen->offset[seen->count++] = offset;
}

/* What the node reads at each of its pages, its own or of a hidden node. */
static void see_pages_of(struct seen *seen, const struct node *node)
{
    for (uint64_t page = 0; page < node->size; page++) {
        const struct vm_cow_pages *cow = node->cow;
        uint64_t offset = pages_to_bytes(page);
        struct page_slot slot = vm_cow_debug_get_slot(cow, offset);
        while (slot_is_empty(slot) && offset < cow->parent_limit &&
               vm_cow_is_hidden(cow->parent)) {
            offset += cow->parent_offset;
            cow = cow->parent;
            slot = vm_cow_debug_get_slot(cow, offset);
        }
        if (slot_is_page_or_reference(slot))
            see(seen, cow, offset);
    }
}

/* Is it the first of its group? */
static bool is_first(const struct trial *trial, const struct node *node)
{
    for (const struct node *other = trial->model.nodes; other < node; other++)
        if (other->is_alive && other->group == node->group)
            return false;
    return true;
}

static void compare_charge(const struct trial *trial, const struct node *node)
{
    bool in_group = is_grouped(&trial->model, node);
    if (in_group && !is_first(trial, node))
        return;
    bool is_exact = true; /* nothing was released in part */
    struct charge_bounds bounds = charge_of(&trial->model, node);
    struct seen seen;
    uint64_t charged = 0;
    seen.count = 0;
    for (int i = 0; i < MAX_NODES; i++) {
        const struct node *member = &trial->model.nodes[i];
        if (!member->is_alive || member->kind == NODE_SLICE ||
            (in_group ? member->group != node->group : member != node))
            continue;
        charged += charged_to(member);
        see_pages_of(&seen, member);
        is_exact = is_exact && !is_released_in_part(member);
    }
    if (seen.count < bounds.least || seen.count > bounds.most)
        wrong("%d pages are seen, which should be %d to %d", (int)seen.count,
              (int)bounds.least, (int)bounds.most);
    if (charged > seen.count || (is_exact && charged < seen.count))
        wrong("%d pages are charged, %d are seen", (int)charged,
              (int)seen.count);
}

/* Of several handles to the same pages only one is charged. */
static void compare_charges(const struct trial *trial)
{
    uint64_t handles = 0;
    uint64_t nodes = 0;
    for (int i = 0; i < MAX_NODES; i++) {
        const struct node *node = &trial->model.nodes[i];
        if (!node->is_alive)
            continue;
        compare_charge(trial, node);
        if (node->owners > 0)
            nodes += charged_to(node);
    }
    for (int i = 0; i < MAX_OBJECTS; i++)
        if (trial->model.objects[i].vmo)
            handles += sum_of(vmo_attribution(trial->model.objects[i].vmo));
    if (handles != nodes)
        wrong("handles are charged %d pages, their nodes %d", (int)handles,
              (int)nodes);
}

/* --- what a pager is told is dirty ------------------------------------------------------ */

struct dirty_walk {
    const struct node *pager;
    uint64_t position; /* pages before it have been compared */
    uint64_t end;
};

static bool is_reported(const struct node *pager, uint64_t page)
{
    enum page_kind kind = pager->pages[page].kind;
    return kind == ZERO || kind == DIRTY || kind == AWAITING;
}

static void want_clean_until(struct dirty_walk *walk, uint64_t page)
{
    for (; walk->position < page; walk->position++)
        if (is_reported(walk->pager, walk->position))
            wrong("page %d is dirty and not reported", (int)walk->position);
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
    for (; walk->position < end; walk->position++)
        if (!is_reported(walk->pager, walk->position) ||
            is_zero != (walk->pager->pages[walk->position].kind == ZERO))
            wrong("page %d is reported dirty%s", (int)walk->position,
                  is_zero ? " and zero" : "");
    return VM_NEXT;
}

static void compare_dirty_range(const struct object *object, uint64_t start,
                                uint64_t end)
{
    struct dirty_walk walk = {object->node, start, end};
    enum vm_status expected = object->node->kind != NODE_PAGER
                                  ? VM_NOT_SUPPORTED
                              : end > object->node->size ? VM_OUT_OF_RANGE
                                                         : VM_OK;
    want(vmo_dirty_ranges(object->vmo, pages_to_bytes(start),
                          pages_to_bytes(end - start), compare_dirty, &walk),
         expected, "dirty ranges");
    if (expected == VM_OK)
        want_clean_until(&walk, end);
}

/* All of them, and those of a part that changes from step to step. */
static void compare_dirty_ranges(const struct trial *trial,
                                 const struct object *object)
{
    uint64_t size = object->node->size;
    uint64_t start = trial->number % (size + 1);
    compare_dirty_range(object, 0, size);
    compare_dirty_range(object, start,
                        start + trial->number / 7 % (size - start + 2));
}

/* --- mappings --------------------------------------------------------------------------- */

/* An entry leads where a look-up leads, and is writable only where a write
 * needs no fault. */
static void compare_entry(const struct trial *trial,
                          const struct object *object, uint64_t page,
                          mapping_entry entry)
{
    struct vm_lookup_cursor cursor;
    want(vm_cow_get_lookup_cursor(vmo_cow(object->vmo), pages_to_bytes(page),
                                  VM_PAGE_SIZE, &cursor),
         VM_OK, "an entry past the end");
    vm_cursor_disable_mark_accessed(&cursor);
    page_index found = vm_cursor_maybe_page(&cursor, false);
    page_index entered = mapping_page(object->user, page);
    struct view view = view_of(object->node, page);
    /* A zero that was written back stays mapped while it is absent. */
    if (found != entered || (view.is_absent && entered != PAGE_NONE))
        wrong("v%d: page %d is mapped to %u, found in %u",
              slot_of(trial, object), (int)page, entered, found);
    if (entered == PAGE_NONE && view.content != 0)
        wrong("v%d: page %d is mapped to the zero page", slot_of(trial, object),
              (int)page);
    if (!(entry & MAPPING_WRITABLE))
        return;
    want_true(entered != PAGE_NONE, "the zero page is not writable");
    /* A snapshot of a part leaves the rest writable, in the hidden node. */
    const struct vm_cow_pages *owner = vm_page_owner(&trial->machine, entered);
    want_true(owner == cursor.target || vm_cow_is_hidden(owner),
              "a writable entry leads to no other visible node");
    want_true(view.node->kind != NODE_PAGER ||
                  view.node->pages[view.page].kind == DIRTY,
              "a writable entry leads to a dirty page");
}

static void compare_mapping(const struct trial *trial,
                            const struct object *object)
{
    const struct vm_mapping *mapping = object->user;
    uint64_t present = 0;
    for (uint64_t page = 0; page < mapping->page_count; page++) {
        if (!(mapping->entries[page] & MAPPING_PRESENT))
            continue;
        present++;
        compare_entry(trial, object, page, mapping->entries[page]);
    }
    want_true(present == mapping->present_count, "present entries add up");
}

/* --- what users see --------------------------------------------------------------------- */

static void compare_content(const struct trial *trial,
                            const struct object *object)
{
    for (uint64_t page = 0; page < object->node->size; page++) {
        struct view view = view_of(object->node, page);
        uint64_t content = 0;
        bool is_there = vm_cow_peek_content(vmo_cow(object->vmo),
                                            pages_to_bytes(page), &content);
        if (is_there == view.is_absent)
            wrong("v%d: page %d is%s there", slot_of(trial, object), (int)page,
                  is_there ? "" : " not");
        if (is_there && content != view.content)
            wrong("v%d: page %d reads %llu, not %llu", slot_of(trial, object),
                  (int)page, (unsigned long long)content,
                  (unsigned long long)view.content);
    }
}

static void compare_object(struct trial *trial, struct object *object)
{
    const struct node *node = object->node;
    const struct vmo *vmo = object->vmo;
    uint32_t children = 0;
    for (int i = 0; i < MAX_OBJECTS; i++)
        children += trial->model.objects[i].vmo &&
                    trial->model.objects[i].parent == object;
    want_true(vmo_size(vmo) == pages_to_bytes(node->size),
              "the size is the model's");
    want_true(vmo_pinned_pages(vmo) == total_pins(node),
              "the pinned pages are the model's");
    want_true(vmo_discardable_state(vmo) == node->lock_state,
              "the lock state is the model's");
    want_true(vmo->child_count == children, "the children are the model's");
    want_true(vmo->parent == (object->parent ? object->parent->vmo : NULL),
              "the parent is the model's");
    want_true((vm_cow_high_priority_count(node->cow) > 0) ==
                  is_high_priority(&trial->model, node),
              "the priority is the model's");
    compare_content(trial, object);
    compare_dirty_ranges(trial, object);
    if (object->user)
        compare_mapping(trial, object);
}

/* --- all of it -------------------------------------------------------------------------- */

/* A contiguous object that wants its frames back evicts who borrowed them. */
static void observe_taken_back(struct node *pager)
{
    for (uint64_t page = 0; page < pager->size; page++) {
        struct model_page *own = &pager->pages[page];
        if (own->kind == CLEAN && own->is_borrowed &&
            !vm_cow_debug_is_page(pager->cow, pages_to_bytes(page)))
            model_evict(pager, page);
    }
}

/* Who still waits for a pager still lacks a page that was asked for. */
static void compare_waiting(const struct waiting *w)
{
    const struct page_request *request = &w->op.request;
    if (!w->is_used || request->state != REQUEST_OUTSTANDING)
        return;
    const struct node *pager = request->source->user;
    uint64_t end = bytes_to_pages(request->offset + request->length);
    for (uint64_t page = bytes_to_pages(request->offset);
         page < u64_min(end, pager->size); page++) {
        enum page_kind kind = pager->pages[page].kind;
        if (request->type == PAGE_REQUEST_READ ? kind == NOTHING
                                               : kind != DIRTY)
            return;
    }
    wrong("%s waits for what is there", op_name((enum op)w->step.op));
}

static void compare_node(struct trial *trial, struct node *node)
{
    switch (node->kind) {
    case NODE_PAGER:
        if (trial->takes_back)
            observe_taken_back(node);
        compare_pager(trial, node);
        break;
    case NODE_CONTIGUOUS:
        compare_contiguous(trial, node);
        break;
    case NODE_COW:
        compare_cow(trial, node);
        break;
    default:
        break;
    }
}

void compare_all(struct trial *trial)
{
    struct model *model = &trial->model;
    model_settle(model);
    for (int i = 0; i < MAX_NODES; i++)
        if (model->nodes[i].is_alive)
            compare_node(trial, &model->nodes[i]);
    for (int i = 0; i < MAX_OBJECTS; i++)
        if (model->objects[i].vmo)
            compare_object(trial, &model->objects[i]);
    for (int i = 0; i < MAX_WAITING; i++)
        compare_waiting(&trial->waitings[i]);
    compare_charges(trial);
    const char *rule = vm_machine_valid(&trial->machine);
    if (rule)
        wrong("invalid: %s", rule);
    trial->takes_back = false;
}
