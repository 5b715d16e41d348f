/*
 * Page lists against flat arrays: random operations on a few lists, and after
 * each one every slot of the lists it touched must be what the array says, in
 * the order of a walk, with exactly the list nodes that these slots need.
 *
 * Two lists have intervals; three have references and are merged.
 *
 * usage: soak_page_list [--ops N] [--seed S]
 *
 * Without --ops: ten million operations times SOAK_SCALE if that is set, else
 * a hundred thousand.
 */
#include "page_list_model.h"
#include "splice_list.h"

/* --- content --------------------------------- */

static struct page_slot *allocate(struct model *m, unsigned i,
                                  enum slot_mode mode)
{
    bool in_interval = !m->cells[i].zero;
    struct page_slot *slot = page_list_lookup_or_allocate(
        &m->list, pages_to_bytes(offsets[i]), mode, &in_interval);
    want(in_interval == (mode != SLOT_NO_INTERVALS && m->cells[i].zero),
         "whether an offset is in an interval differs");
    return slot;
}

static void do_put(void)
{
    struct model *m = touch(pick());
    unsigned i = pick_position();
    struct cell *cell = &m->cells[i];
    if (cell->content)
        return;
    enum slot_mode mode = SLOT_NO_INTERVALS;
    if (may_have_intervals(m))
        mode = draw(4) ? SLOT_SPLIT_INTERVALS : SLOT_CHECK_INTERVALS;
    struct page_slot *slot = allocate(m, i, mode);
    if (cell->zero && mode == SLOT_CHECK_INTERVALS) {
        want(slot == NULL, "a slot in an interval was handed out");
        return;
    }
    want(slot != NULL, "no slot was handed out");
    if (cell->zero)
        split_cell(m, i);
    want(slot->bits == bits_of(cell), "a new slot holds something else");
    *cell = (struct cell){.content = new_content(m)};
    slot->bits = cell->content;
}

/* A row of content, so that lists stay filled that merging often empties. */
static void do_fill(void)
{
    struct model *m = touch(pick_without_intervals());
    unsigned i = pick_position();
    for (uint64_t left = draw(40); left > 0 && i < POSITIONS; left--, i++) {
        if (m->cells[i].content)
            continue;
        struct page_slot *slot = allocate(m, i, SLOT_NO_INTERVALS);
        want(slot != NULL, "no slot was handed out");
        m->cells[i].content = new_content(m);
        slot->bits = m->cells[i].content;
    }
}

static void do_split(void)
{
    struct model *m = touch(pick_with_intervals());
    unsigned i = pick_position();
    if (!m->cells[i].zero)
        return;
    want(allocate(m, i, SLOT_SPLIT_INTERVALS) != NULL,
         "an interval was not split");
    split_cell(m, i);
}

static void do_allocate_in_vain(void)
{
    struct model *m = touch(pick());
    unsigned i = pick_position();
    if (is_occupied(&m->cells[i]))
        return;
    want(allocate(m, i, SLOT_CHECK_INTERVALS) != NULL,
         "no slot was handed out");
    page_list_return_empty_slot(&m->list, pages_to_bytes(offsets[i]));
}

static void do_allocate_too_far(void)
{
    struct model *m = touch(pick());
    uint64_t offset = PAGE_LIST_MAX_SIZE - m->list.skew;
    offset += pages_to_bytes(draw(bytes_to_pages(~offset + 1)));
    want(page_list_lookup_or_allocate(&m->list, offset, SLOT_NO_INTERVALS,
                                      NULL) == NULL,
         "an offset past the largest got a slot");
}

static void do_remove(void)
{
    struct model *m = touch(pick());
    unsigned i = pick_position();
    struct cell *cell = &m->cells[i];
    if (cell->zero && !(cell->first && cell->last))
        return;
    struct page_slot slot =
        page_list_remove(&m->list, pages_to_bytes(offsets[i]));
    if (slot.bits != bits_of(cell))
        differs("what was removed differs", offsets[i], bits_of(cell),
                slot.bits);
    *cell = (struct cell){.content = 0};
}

static void do_relocate(void)
{
    struct model *m = touch(pick());
    unsigned from = pick_position();
    unsigned to = pick_position();
    struct page_slot content = {m->cells[from].content};
    if (!slot_is_page(content))
        return;
    bool is_taken = is_occupied(&m->cells[to]);
    enum vm_status status = page_list_relocate(
        &m->list, pages_to_bytes(offsets[from]), pages_to_bytes(offsets[to]));
    want(status == (is_taken ? VM_ALREADY_EXISTS : VM_OK),
         "a page was relocated wrongly");
    if (is_taken)
        return;
    m->cells[to].content = content.bits;
    m->cells[from] = (struct cell){.content = 0};
}

static void note_release(void *context, struct page_slot content,
                         uint64_t offset)
{
    (void)context;
    note(&got, EVENT_RELEASE, bytes_to_pages(offset), 0, content.bits);
}

/* Empty the cells of [start, end), expecting a release of each. */
static void drop_cells(struct model *m, uint64_t start, uint64_t end)
{
    for (unsigned i = position_from(start); i < POSITIONS && offsets[i] < end;
         i++) {
        if (m->cells[i].content)
            note(&expected, EVENT_RELEASE, offsets[i], 0, m->cells[i].content);
        m->cells[i] = (struct cell){.content = 0};
    }
}

/* Is any cell of [start, end) zero? */
static bool any_zero(const struct model *m, uint64_t start, uint64_t end)
{
    for (unsigned i = position_from(start); i < POSITIONS && offsets[i] < end;
         i++)
        if (m->cells[i].zero)
            return true;
    return false;
}

static void do_remove_range(void)
{
    struct model *m = touch(pick());
    uint64_t start;
    uint64_t end;
    pick_range(&start, &end);
    if (any_zero(m, start, end))
        return;
    drop_cells(m, start, end);
    page_list_remove_range(&m->list, pages_to_bytes(start), pages_to_bytes(end),
                           note_release, NULL);
}

static void do_remove_all(void)
{
    struct model *m = touch(pick());
    for (unsigned i = 0; i < POSITIONS; i++) {
        struct page_slot content = {m->cells[i].content};
        if (slot_is_page_or_reference(content))
            note(&expected, EVENT_RELEASE, offsets[i], 0, content.bits);
        m->cells[i] = (struct cell){.content = 0};
    }
    page_list_remove_all(&m->list, note_release, NULL);
    want(page_list_is_empty(&m->list), "an emptied list is not empty");
}

/* Half of the lists have one skew, so that they can be laid over another. */
static uint64_t pick_skew(void)
{
    return pages_to_bytes(draw(2) ? 5 : draw(PAGE_LIST_FANOUT));
}

/* A list begins anew, with another skew. */
static void do_begin_anew(void)
{
    struct model *m = touch(pick());
    page_list_release(&m->list);
    page_list_init(&m->list, pick_skew());
    memset(m->cells, 0, sizeof m->cells);
}

static void do_move(void)
{
    struct model *m = touch(pick());
    struct page_list other;
    page_list_init(&other, m->list.skew);
    page_list_move(&other, &m->list);
    want(page_list_is_empty(&m->list), "a list is not empty when moved");
    page_list_move(&m->list, &other);
}

/* --- intervals --------------------------------- */

static void do_add_interval(void)
{
    struct model *m = touch(pick_with_intervals());
    unsigned a = pick_position();
    if (is_occupied(&m->cells[a]))
        return;
    unsigned b = a + 1;
    for (uint64_t length = draw(50);
         length > 0 && follows(b) && !is_occupied(&m->cells[b]); length--)
        b++;
    want(page_list_add_zero_interval(&m->list, pages_to_bytes(offsets[a]),
                                     pages_to_bytes(offsets[b - 1] + 1),
                                     DIRTY_DIRTY) == VM_OK,
         "an interval was not added");
    add_cells(m, a, b, 0);
}

static void do_replace_page(void)
{
    struct model *m = touch(pick_with_intervals());
    unsigned i = pick_position();
    struct page_slot content = {m->cells[i].content};
    if (!slot_is_page(content))
        return;
    want(page_list_replace_page_with_interval(
             &m->list, pages_to_bytes(offsets[i]), DIRTY_DIRTY) ==
             slot_page(content),
         "the page that an interval replaced differs");
    add_cells(m, i, i + 1, 0);
}

static void do_populate(void)
{
    struct model *m = touch(pick_with_intervals());
    unsigned a = pick_position();
    if (!m->cells[a].zero)
        return;
    unsigned last = interval_last(m, a);
    unsigned b = a + 1 + (unsigned)draw(last - a + 1);
    want(page_list_populate_interval_slots(
             &m->list, pages_to_bytes(offsets[a]),
             pages_to_bytes(offsets[b - 1] + 1)) == VM_OK,
         "slots were not populated");
    for (unsigned i = a; i < b; i++)
        split_cell(m, i);
}

static void do_return_slot(void)
{
    struct model *m = touch(pick_with_intervals());
    unsigned i = pick_position();
    while (i < POSITIONS && !(m->cells[i].first && m->cells[i].last))
        i++;
    if (i == POSITIONS)
        return;
    page_list_return_interval_slot(&m->list, pages_to_bytes(offsets[i]));
    add_cells(m, i, i + 1, m->cells[i].awaiting);
}

static void do_clip(void)
{
    struct model *m = touch(pick_with_intervals());
    unsigned i = pick_position();
    if (!m->cells[i].zero)
        return;
    unsigned first = interval_first(m, i);
    unsigned last = interval_last(m, i);
    if (first == last)
        return;
    unsigned by = (unsigned)draw(last - first + 1);
    bool at_start = draw(2);
    enum vm_status status =
        at_start
            ? page_list_clip_interval_start(
                  &m->list, pages_to_bytes(offsets[first]), pages_to_bytes(by))
            : page_list_clip_interval_end(
                  &m->list, pages_to_bytes(offsets[last]), pages_to_bytes(by));
    want(status == VM_OK, "an interval was not clipped");
    uint64_t awaiting = m->cells[first].awaiting;
    for (unsigned k = 0; k < by; k++)
        m->cells[at_start ? first + k : last - k] = (struct cell){.content = 0};
    if (!by)
        return;
    if (!at_start) {
        m->cells[last - by].last = true;
        return;
    }
    m->cells[first + by].first = true;
    m->cells[first + by].awaiting = awaiting > by ? awaiting - by : 0;
}

static void do_begin_writeback(void)
{
    struct model *m = touch(pick_with_intervals());
    unsigned i = pick_position();
    if (!m->cells[i].zero)
        return;
    i = interval_first(m, i);
    struct page_slot *slot =
        page_list_lookup(&m->list, pages_to_bytes(offsets[i]));
    want(slot != NULL, "the first sentinel is missing");
    m->cells[i].awaiting = draw(70);
    slot_set_awaiting_bytes(slot, pages_to_bytes(m->cells[i].awaiting));
}

/* --- questions --------------------------------- */

static bool is_zero_page(const struct model *m, uint64_t page)
{
    unsigned i = position_from(page);
    return i < POSITIONS && offsets[i] == page && m->cells[i].zero;
}

static void do_look_up(void)
{
    const struct model *m = pick();
    uint64_t page = pick_page();
    unsigned i = position_from(page);
    uint64_t bits =
        i < POSITIONS && offsets[i] == page ? bits_of(&m->cells[i]) : 0;
    uint64_t have = page_list_get(&m->list, pages_to_bytes(page)).bits;
    if (have != bits)
        differs("what is looked up differs", page, bits, have);
    want(page_list_is_in_interval(&m->list, pages_to_bytes(page)) ==
             is_zero_page(m, page),
         "whether an offset is in an interval differs");
}

static void do_search(void)
{
    const struct model *m = pick();
    uint64_t start;
    uint64_t end;
    pick_range(&start, &end);
    unsigned first = POSITIONS;
    unsigned last = POSITIONS;
    for (unsigned i = position_from(start); i < POSITIONS && offsets[i] < end;
         i++) {
        if (!bits_of(&m->cells[i]))
            continue;
        first = first == POSITIONS ? i : first;
        last = i;
    }
    uint64_t at = 0;
    const struct page_slot *slot = page_list_next(
        &m->list, pages_to_bytes(start), pages_to_bytes(end), &at);
    want((slot != NULL) == (first < POSITIONS), "a next slot or none differs");
    if (slot && at != pages_to_bytes(offsets[first]))
        differs("the next slot differs", start, offsets[first],
                bytes_to_pages(at));
    slot = page_list_previous(&m->list, pages_to_bytes(start),
                              pages_to_bytes(end), &at);
    want((slot != NULL) == (last < POSITIONS),
         "a previous slot or none differs");
    if (slot && at != pages_to_bytes(offsets[last]))
        differs("the previous slot differs", end, offsets[last],
                bytes_to_pages(at));
    want(page_list_any_pages_or_intervals(&m->list, pages_to_bytes(start),
                                          pages_to_bytes(end)) ==
             (first < POSITIONS || is_zero_page(m, start)),
         "whether a range holds anything differs");
}

static void do_count(void)
{
    const struct model *m = pick();
    bool any = false;
    bool any_to_free = false;
    for (unsigned i = 0; i < POSITIONS; i++) {
        struct page_slot slot = {bits_of(&m->cells[i])};
        any |= !slot_is_empty(slot);
        any_to_free |= slot_is_page_or_reference(slot);
    }
    want(page_list_is_empty(&m->list) == !any, "emptiness differs");
    want(page_list_has_no_page_or_reference(&m->list) == !any_to_free,
         "whether there is a page or reference differs");
}

static void do_walk(void)
{
    const struct model *m = pick();
    uint64_t start;
    uint64_t end;
    pick_range(&start, &end);
    uint64_t from = start;
    for (unsigned i = position_from(start); i < POSITIONS && offsets[i] < end;
         i++) {
        if (!is_occupied(&m->cells[i]))
            continue;
        if (offsets[i] > from)
            note(&expected, EVENT_GAP, from, offsets[i], 0);
        from = offsets[i] + 1;
        uint64_t bits = bits_of(&m->cells[i]);
        if (bits)
            note(&expected, EVENT_SLOT, offsets[i], from, bits);
    }
    if (from < end)
        note(&expected, EVENT_GAP, from, end, 0);

    struct page_walk walk =
        page_walk_over(&m->list, pages_to_bytes(start), pages_to_bytes(end));
    struct page_walk_item item;
    while (page_walk_next(&walk, &item))
        note(&got, item.slot ? EVENT_SLOT : EVENT_GAP,
             bytes_to_pages(item.start), bytes_to_pages(item.end),
             item.slot ? item.slot->bits : 0);
}

static void do_cursor(void)
{
    const struct model *m = pick();
    uint64_t page = offsets[pick_position()];
    uint64_t skew = bytes_to_pages(m->list.skew);
    struct page_list_cursor cursor =
        page_list_cursor_at(&m->list, pages_to_bytes(page));
    bool is_there = false;
    for (unsigned steps = 0; steps < 40; steps++, page++) {
        uint64_t index = (page + skew) % PAGE_LIST_FANOUT;
        if (steps == 0 || index == 0) {
            uint64_t start = page > index ? page - index : 0;
            is_there = false;
            for (unsigned i = position_from(start);
                 i < POSITIONS && offsets[i] < page - index + PAGE_LIST_FANOUT;
                 i++)
                is_there |= bits_of(&m->cells[i]) != 0;
        }
        const struct page_slot *slot = page_list_cursor_slot(cursor);
        want((slot != NULL) == is_there, "where a cursor ends differs");
        if (!slot)
            return;
        unsigned i = position_from(page);
        uint64_t bits =
            i < POSITIONS && offsets[i] == page ? bits_of(&m->cells[i]) : 0;
        if (slot->bits != bits)
            differs("a cursor's slot differs", page, bits, slot->bits);
        page_list_cursor_step(&m->list, &cursor);
    }
}

/* --- runs --------------------------------- */

/* What the callbacks of a run walk answer. */
struct run_plan {
    unsigned unwanted;     /* bit per kind of slot, see is_wanted() */
    uint64_t special_page; /* on_slot returns special_status here ... */
    enum vm_status special_status;
    unsigned special_run; /* ... and on_run run_status at this run */
    enum vm_status run_status;
    unsigned runs_expected;
    unsigned runs_got;
};

static bool is_wanted(const struct run_plan *plan, struct page_slot slot)
{
    unsigned kind = slot_is_interval(slot) ? 4u + slot_sentinel(slot)
                    : slot_is_marker(slot) ? 0u
                    : slot_is_page(slot)   ? 1u + (slot_page(slot) & 1)
                                           : 3u;
    return !(plan->unwanted >> kind & 1);
}

static enum vm_status answer_slot(const struct run_plan *plan, uint64_t page)
{
    return page == plan->special_page ? plan->special_status : VM_NEXT;
}

static enum vm_status answer_run(const struct run_plan *plan, unsigned run)
{
    return run == plan->special_run ? plan->run_status : VM_NEXT;
}

static bool run_wanted(void *context, struct page_slot slot, uint64_t offset)
{
    (void)offset;
    return is_wanted(context, slot);
}

static enum vm_status run_slot(void *context, struct page_slot *slot,
                               uint64_t offset)
{
    uint64_t page = bytes_to_pages(offset);
    note(&got, EVENT_SLOT, page, page + 1, slot->bits);
    return answer_slot(context, page);
}

static enum vm_status run_end(void *context, uint64_t start, uint64_t end,
                              bool is_interval)
{
    struct run_plan *plan = context;
    note(&got, is_interval ? EVENT_INTERVAL_RUN : EVENT_RUN,
         bytes_to_pages(start), bytes_to_pages(end), 0);
    return answer_run(plan, plan->runs_got++);
}

static enum vm_status expect_run(struct run_plan *plan, enum event_kind kind,
                                 uint64_t start, uint64_t end)
{
    if (start == end)
        return VM_NEXT;
    note(&expected, kind, start, end, 0);
    return answer_run(plan, plan->runs_expected++);
}

static enum vm_status expect_slot(const struct run_plan *plan,
                                  const struct model *m, unsigned i)
{
    note(&expected, EVENT_SLOT, offsets[i], offsets[i] + 1,
         bits_of(&m->cells[i]));
    return answer_slot(plan, offsets[i]);
}

/* The interval at position `i`, as far as it lies in [start, end). */
static enum vm_status expect_interval(struct run_plan *plan,
                                      const struct model *m, unsigned i,
                                      uint64_t start, uint64_t end)
{
    unsigned first = interval_first(m, i);
    unsigned last = interval_last(m, i);
    unsigned ends[2] = {first, last};
    bool wanted = true;
    for (unsigned k = 0; k < (first == last ? 1 : 2); k++) {
        struct page_slot slot = {bits_of(&m->cells[ends[k]])};
        uint64_t page = offsets[ends[k]];
        wanted &= is_wanted(plan, slot);
        if (page < start || page >= end || !is_wanted(plan, slot))
            continue;
        enum vm_status status = expect_slot(plan, m, ends[k]);
        if (status != VM_NEXT)
            return status;
    }
    if (!wanted)
        return VM_NEXT;
    return expect_run(plan, EVENT_INTERVAL_RUN, u64_max(start, offsets[first]),
                      u64_min(end, offsets[last] + 1));
}

static enum vm_status expect_runs(struct run_plan *plan, const struct model *m,
                                  uint64_t start, uint64_t end)
{
    uint64_t run_start = 0;
    uint64_t run_last = 0; /* one past; the run is empty if equal */
    for (unsigned i = position_from(start); i < POSITIONS && offsets[i] < end;
         i++) {
        const struct cell *cell = &m->cells[i];
        struct page_slot slot = {cell->content};
        bool belongs = cell->content && is_wanted(plan, slot);
        if (!belongs || run_last != offsets[i]) {
            enum vm_status status =
                expect_run(plan, EVENT_RUN, run_start, run_last);
            run_start = belongs ? offsets[i] : 0;
            run_last = run_start;
            if (status != VM_NEXT)
                return status;
        }
        if (cell->zero) {
            enum vm_status status = expect_interval(plan, m, i, start, end);
            if (status != VM_NEXT)
                return status;
            i = interval_last(m, i);
        }
        if (!belongs)
            continue;
        enum vm_status status = expect_slot(plan, m, i);
        run_last += status == VM_NEXT || status == VM_STOP;
        if (status == VM_NEXT)
            continue;
        enum vm_status ended = expect_run(plan, EVENT_RUN, run_start, run_last);
        return ended == VM_NEXT || ended == VM_STOP ? status : ended;
    }
    return expect_run(plan, EVENT_RUN, run_start, run_last);
}

static void do_runs(void)
{
    static const enum vm_status answers[] = {VM_NEXT, VM_STOP, VM_BAD_STATE,
                                             VM_NO_MEMORY};
    const struct model *m = pick();
    uint64_t start;
    uint64_t end;
    pick_range(&start, &end);
    struct run_plan plan = {
        .unwanted = draw(2) ? 0 : (unsigned)draw(128),
        .special_page = start + draw(12),
        .special_status = answers[draw(4)],
        .special_run = (unsigned)draw(4),
        .run_status = answers[draw(4)],
    };
    enum vm_status status = expect_runs(&plan, m, start, end);
    if (status == VM_NEXT || status == VM_STOP)
        status = VM_OK;
    want(page_list_for_each_run(&m->list, pages_to_bytes(start),
                                pages_to_bytes(end), run_wanted, run_slot,
                                run_end, &plan) == status,
         "a run walk's result differs");
}

/* --- splicing --------------------------------- */

static void pop_some(struct splice_list *splice, const uint64_t *bits,
                     uint64_t pops)
{
    for (uint64_t i = 0; i < pops; i++) {
        struct page_slot content = {bits[i]};
        const struct page_slot *peeked = splice_list_peek_reference(splice);
        want((peeked != NULL) == slot_is_reference(content),
             "a peek at a reference differs");
        uint64_t have = splice_list_pop(splice, NULL).bits;
        if (have != bits[i])
            differs("a popped slot differs", i, bits[i], have);
    }
}

/* Pop a part, release the rest, expecting the pages and references left. */
static void use_up(struct splice_list *splice, uint64_t start,
                   const uint64_t *bits, uint64_t count)
{
    uint64_t pops = draw(2) ? count : draw(count + 1);
    pop_some(splice, bits, pops);
    want(splice_list_is_processed(splice) == (pops == count),
         "whether a splice list is processed differs");
    for (uint64_t i = pops; i < count; i++) {
        struct page_slot content = {bits[i]};
        if (slot_is_page_or_reference(content))
            note(&expected, EVENT_RELEASE, start + i, 0, bits[i]);
    }
    splice_list_release(splice, NULL, note_release, NULL);
    want(splice_list_is_empty(splice), "a released splice list is not empty");
}

static void do_take(void)
{
    struct model *m = touch(pick());
    uint64_t bits[NEAR_PAGES] = {0};
    uint64_t start = offsets[pick_position()];
    uint64_t count = draw(8) ? draw(30) : draw(NEAR_PAGES);
    count = u64_min(count, (UINT64_MAX >> VM_PAGE_SHIFT) - start);
    if (any_zero(m, start, start + count))
        return;
    for (unsigned i = position_from(start);
         i < POSITIONS && offsets[i] < start + count; i++) {
        bits[offsets[i] - start] = m->cells[i].content;
        m->cells[i] = (struct cell){.content = 0};
    }
    struct splice_list splice;
    want(splice_list_take(&splice, &m->list, pages_to_bytes(start),
                          pages_to_bytes(count)) == VM_OK,
         "content was not taken");
    use_up(&splice, start, bits, count);
}

static void do_fill_splice(void)
{
    uint64_t bits[40] = {0};
    uint64_t count = draw(40);
    uint64_t start = offsets[pick_position()];
    if (start + count > bytes_to_pages(PAGE_LIST_MAX_SIZE) - PAGE_LIST_FANOUT)
        return;
    struct splice_list splice;
    splice_list_init(&splice, pages_to_bytes(start), pages_to_bytes(count),
                     pages_to_bytes(draw(PAGE_LIST_FANOUT)));
    for (uint64_t i = 0; i < count; i++) {
        bits[i] = draw(3) ? new_content(&models[INTERVAL_LISTS]) : 0;
        want(splice_list_append(&splice, (struct page_slot){bits[i]}) == VM_OK,
             "content was not appended");
    }
    splice_list_finalize(&splice);
    use_up(&splice, start, bits, count);
}

/* --- merging --------------------------------- */

static bool is_kept_by_migration(uint64_t bits)
{
    return (bits >> 4) % 3 == 0;
}

static void migrate(void *context, struct page_slot *slot, uint64_t offset)
{
    (void)context;
    note(&got, EVENT_MIGRATE, bytes_to_pages(offset), 0, slot->bits);
    if (is_kept_by_migration(slot->bits))
        *slot = SLOT_EMPTY;
}

/* Where a range of `from` may begin so that it comes to lie on `to`'s list
 * nodes: near 0, or in front of a far cluster. */
static uint64_t pick_merge_start(const struct model *to,
                                 const struct model *from)
{
    uint64_t shift = (bytes_to_pages(to->list.skew) + PAGE_LIST_FANOUT -
                      bytes_to_pages(from->list.skew)) %
                     PAGE_LIST_FANOUT;
    if (draw(4))
        return shift + PAGE_LIST_FANOUT * draw(8);
    uint64_t base = cluster_base[draw(CLUSTERS)];
    return base - (base + PAGE_LIST_FANOUT - shift) % PAGE_LIST_FANOUT;
}

/* Far pages must come to lie at positions again: they stay only unshifted. */
static uint64_t pick_merge_end(uint64_t start)
{
    uint64_t last = bytes_to_pages(PAGE_LIST_MAX_SIZE) - PAGE_LIST_FANOUT;
    if (start == 0)
        return draw(2) ? last : draw(NEAR_PAGES);
    if (start < NEAR_PAGES)
        return start + draw(NEAR_PAGES - start);
    return u64_min(start + draw(40), last);
}

static void do_merge_from(void)
{
    struct model *to = touch(pick_without_intervals());
    struct model *from = touch(pick_without_intervals());
    if (to == from)
        return;
    uint64_t start = pick_merge_start(to, from);
    uint64_t end = pick_merge_end(start);
    drop_cells(from, 0, start);
    drop_cells(from, end, UINT64_MAX);
    for (unsigned i = 0; i < POSITIONS; i++) {
        struct page_slot content = {from->cells[i].content};
        from->cells[i].content = 0;
        if (slot_is_empty(content))
            continue;
        struct cell *cell = &to->cells[position_from(offsets[i] - start)];
        if (cell->content) {
            note(&expected, EVENT_RELEASE, offsets[i], 0, content.bits);
            continue;
        }
        cell->content = content.bits;
        if (!slot_is_page_or_reference(content))
            continue;
        note(&expected, EVENT_MIGRATE, offsets[i], 0, content.bits);
        if (is_kept_by_migration(content.bits))
            cell->content = 0;
    }
    page_list_merge_from(&to->list, &from->list, pages_to_bytes(start),
                         pages_to_bytes(end), note_release, migrate, NULL);
    want(page_list_is_empty(&from->list), "a merged list is not empty");
}

static void do_merge_onto(void)
{
    struct model *top = touch(pick_without_intervals());
    struct model *bottom = touch(pick_without_intervals());
    if (top == bottom || top->list.skew != bottom->list.skew)
        return;
    for (unsigned i = 0; i < POSITIONS; i++) {
        struct page_slot below = {bottom->cells[i].content};
        if (!top->cells[i].content)
            continue;
        if (slot_is_page_or_reference(below))
            note(&expected, EVENT_RELEASE, offsets[i], 0, below.bits);
        bottom->cells[i].content = top->cells[i].content;
        top->cells[i].content = 0;
    }
    page_list_merge_onto(&top->list, &bottom->list, note_release, NULL);
    want(page_list_is_empty(&top->list), "a merged list is not empty");
}

/* --- the run --------------------------------- */

/* Weights keep the lists between half empty and half full. */
static const struct {
    const char *name;
    void (*run)(void);
    unsigned weight;
} operations[] = {
    {"put", do_put, 200},
    {"fill", do_fill, 30},
    {"remove", do_remove, 60},
    {"relocate", do_relocate, 40},
    {"remove a range", do_remove_range, 6},
    {"remove all", do_remove_all, 1},
    {"begin anew", do_begin_anew, 1},
    {"move", do_move, 4},
    {"allocate in vain", do_allocate_in_vain, 10},
    {"allocate too far", do_allocate_too_far, 4},
    {"add an interval", do_add_interval, 50},
    {"split an interval", do_split, 20},
    {"replace a page", do_replace_page, 40},
    {"populate slots", do_populate, 8},
    {"return a slot", do_return_slot, 80},
    {"clip an interval", do_clip, 20},
    {"begin a writeback", do_begin_writeback, 40},
    {"look up", do_look_up, 60},
    {"search", do_search, 60},
    {"count", do_count, 6},
    {"walk", do_walk, 60},
    {"cursor", do_cursor, 30},
    {"runs", do_runs, 80},
    {"take", do_take, 10},
    {"fill a splice list", do_fill_splice, 10},
    {"merge from", do_merge_from, 4},
    {"merge onto", do_merge_onto, 4},
};

enum { OPERATIONS = sizeof operations / sizeof operations[0] };

static void run_operation(void)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < OPERATIONS; i++)
        total += operations[i].weight;
    uint64_t ticket = draw(total);
    unsigned i = 0;
    for (; ticket >= operations[i].weight; i++)
        ticket -= operations[i].weight;
    operation_name = operations[i].name;
    forget_events();
    operations[i].run();
    compare_events();
    for (unsigned k = 0; k < LISTS; k++) {
        if (models[k].is_touched)
            compare(&models[k]);
        models[k].is_touched = false;
    }
}

static void set_up(void)
{
    unsigned i = 0;
    for (; i < NEAR_PAGES; i++)
        offsets[i] = i;
    for (; i < POSITIONS; i++)
        offsets[i] = cluster_base[(i - NEAR_PAGES) / CLUSTER_PAGES] +
                     (i - NEAR_PAGES) % CLUSTER_PAGES;
    for (unsigned k = 0; k < LISTS; k++)
        page_list_init(&models[k].list, pick_skew());
}

static uint64_t number(const char *text)
{
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    if (*end || end == text) {
        fprintf(stderr, "soak_page_list: bad number %s\n", text);
        exit(2);
    }
    return value;
}

static uint64_t default_ops(void)
{
    const char *scale = getenv("SOAK_SCALE");
    return scale ? (uint64_t)(1e7 * strtod(scale, NULL)) : 100000;
}

int main(int argc, char **argv)
{
    uint64_t ops = default_ops();
    seed = 1;
    for (int i = 1; i < argc; i += 2) {
        bool is_ops = strcmp(argv[i], "--ops") == 0;
        bool is_seed = strcmp(argv[i], "--seed") == 0;
        if (i + 1 == argc || (!is_ops && !is_seed)) {
            fprintf(stderr, "usage: soak_page_list [--ops N] [--seed S]\n");
            return 2;
        }
        *(is_ops ? &ops : &seed) = number(argv[i + 1]);
    }
    printf("soak_page_list: seed %" PRIu64 ", %" PRIu64 " operations\n", seed,
           ops);
    fflush(stdout);
    random_state = seed;
    vmcow_on_fail(on_broken_rule);
    set_up();
    for (operation = 0; operation < ops; operation++)
        run_operation();
    for (unsigned k = 0; k < LISTS; k++)
        page_list_release(&models[k].list);
    printf("soak_page_list: all well\n");
    return 0;
}
