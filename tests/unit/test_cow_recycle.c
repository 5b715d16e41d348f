/*
 * vm_cow_recycle_page(): the same in effect as reclaiming a page, freeing it
 * and supplying another one, which a second machine does step by step.
 */
#include "core_fixture.h"

enum { MEMORY = 24, SIZE = 100 };

struct twin {
    struct fixture f;
    struct vmo *vmo;
    struct vm_mapping *mapping;
};

static void twin_init(struct twin *twin)
{
    fixture_init(&twin->f, MEMORY);
    twin->vmo = fixture_create(&twin->f, VMO_PAGER, SIZE, true);
    cr_assert_eq(vmo_map(twin->vmo, 0, SIZE, false, false, &twin->mapping),
                 VM_OK);
}

static void twin_release(struct twin *twin)
{
    vmo_unmap(twin->vmo, twin->mapping);
    vmo_close(twin->vmo);
    fixture_release(&twin->f);
}

static page_index page_at(const struct twin *twin, uint64_t page)
{
    struct page_slot slot = fixture_slot(vmo_cow(twin->vmo), page);
    return slot_is_page(slot) ? slot_page(slot) : PAGE_NONE;
}

static void supply(struct twin *twin, uint64_t page)
{
    page_index brought;
    cr_assert_eq(vm_cow_supply_one(vmo_cow(twin->vmo), PAGES(page), page + 1,
                                   NULL, &brought),
                 VM_OK);
    if (brought)
        mapping_enter(twin->mapping, page, brought, false, true);
}

static bool exchange_by_recycling(struct twin *twin, uint64_t from, uint64_t to)
{
    page_index page = page_at(twin, from);
    if (!vm_cow_recycle_page(vmo_cow(twin->vmo), page, PAGES(to), to + 1))
        return false;
    mapping_enter(twin->mapping, to, page, false, true);
    return true;
}

static void exchange_by_steps(struct twin *twin, uint64_t from, uint64_t to)
{
    page_index page = page_at(twin, from);
    cr_assert(vm_cow_reclaim_page(vmo_cow(twin->vmo), page, PAGES(from),
                                  EVICTION_HINT_FOLLOW, NULL, NULL));
    pmm_free_page(&twin->f.machine.pmm, page);
    supply(twin, to);
}

static page_index next_victim(const struct twin *twin)
{
    const struct page_queues *pqs = &twin->f.machine.pqs;
    return pqs->ops->victim(pqs->policy, RECLAIM_INCLUDE_NEWEST);
}

static void expect_equal(const struct twin *a, const struct twin *b)
{
    const struct vm_cow_pages *one = vmo_cow(a->vmo);
    const struct vm_cow_pages *other = vmo_cow(b->vmo);
    for (uint64_t page = 0; page < SIZE; page++) {
        cr_assert_eq(fixture_slot(one, page).bits,
                     fixture_slot(other, page).bits);
        cr_assert_eq(a->mapping->entries[page], b->mapping->entries[page]);
        cr_assert_eq(vm_cow_was_reclaimed(one, PAGES(page)),
                     vm_cow_was_reclaimed(other, PAGES(page)));
        if (page_at(a, page))
            cr_assert_eq(fixture_content(a->vmo, page), page + 1);
    }
    cr_assert_arr_eq(&a->f.machine.stats, &b->f.machine.stats,
                     sizeof a->f.machine.stats);
    cr_assert_arr_eq(a->f.machine.pqs.count, b->f.machine.pqs.count,
                     sizeof a->f.machine.pqs.count);
    cr_assert_eq(a->f.machine.pmm.free_pages, b->f.machine.pmm.free_pages);
    cr_assert_eq(vm_cow_hierarchy_generation(one),
                 vm_cow_hierarchy_generation(other));
    cr_assert_eq(vm_cow_reclamation_event_count(one),
                 vm_cow_reclamation_event_count(other));
    cr_assert_eq(a->mapping->present_count, b->mapping->present_count);
    cr_assert_eq(next_victim(a), next_victim(b));
    fixture_check(&a->f);
}

Test(cow_recycle, is_the_same_as_evicting_freeing_and_supplying)
{
    struct twin a;
    struct twin b;
    uint64_t state = 1;
    twin_init(&a);
    twin_init(&b);
    for (uint64_t page = 0; page < MEMORY; page++) {
        supply(&a, page * 4);
        supply(&b, page * 4);
    }
    for (int round = 0; round < 2000; round++) {
        state = state * UINT64_C(6364136223846793005) + 1;
        uint64_t from = (state >> 33) % SIZE;
        uint64_t to = (state >> 43) % SIZE;
        if (!page_at(&a, from) || page_at(&a, to))
            continue;
        cr_assert(exchange_by_recycling(&a, from, to));
        exchange_by_steps(&b, from, to);
        expect_equal(&a, &b);
    }
    cr_assert_gt(a.f.machine.stats.evicted_pages, 100);
    twin_release(&a);
    twin_release(&b);
}

Test(cow_recycle, answers_requests_for_the_page_that_comes)
{
    struct twin t;
    struct vmo_op read;
    twin_init(&t);
    supply(&t, 3);
    vmo_op_init_read(&read, t.vmo, PAGES(7), PAGES(1));
    cr_assert_eq(vmo_op_run(&read), VM_SHOULD_WAIT);
    cr_assert(exchange_by_recycling(&t, 3, 7));
    cr_assert_eq(read.request.state, REQUEST_DONE);
    cr_assert_eq(vmo_op_run(&read), VM_OK);
    vmo_op_release(&read);
    twin_release(&t);
}

/* --- what it leaves to others ------------------------------------------------- */

static void pin(struct twin *t)
{
    struct vmo_op op;
    vmo_op_init_pin(&op, t->vmo, PAGES(3), PAGES(1), false);
    cr_assert_eq(vmo_op_run(&op), VM_OK);
    vmo_op_release(&op);
}

static void unpin(struct twin *t)
{
    cr_assert_eq(vmo_unpin(t->vmo, PAGES(3), PAGES(1)), VM_OK);
}

static void need(struct twin *t)
{
    vm_page_of(&t->f.machine, page_at(t, 3))->always_need = true;
}

static void watch(struct twin *t)
{
    static const uint64_t mark = 2;
    pmm_set_watermarks(&t->f.machine.pmm, &mark, 1, 1);
}

static void raise_priority(struct twin *t)
{
    vm_cow_change_high_priority_count(vmo_cow(t->vmo), 1);
}

static void lower_priority(struct twin *t)
{
    vm_cow_change_high_priority_count(vmo_cow(t->vmo), -1);
}

static void nothing(struct twin *t)
{
    (void)t;
}

Test(cow_recycle, changes_nothing_where_it_is_not_that_simple)
{
    static const struct {
        const char *name;
        void (*before)(struct twin *t);
        void (*after)(struct twin *t);
        uint64_t to; /* page */
    } cases[] = {
        {"something is there", nothing, nothing, 4},
        {"past the end", nothing, nothing, SIZE},
        {"pinned", pin, unpin, 9},
        {"always needed", need, nothing, 9},
        {"watched", watch, nothing, 9},
        {"high priority", raise_priority, lower_priority, 9},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct twin t;
        twin_init(&t);
        supply(&t, 3);
        supply(&t, 4);
        cases[i].before(&t);
        page_index page = page_at(&t, 3);
        cr_assert_not(
            vm_cow_recycle_page(vmo_cow(t.vmo), page, PAGES(cases[i].to), 77),
            "%s", cases[i].name);
        cr_assert_eq(page_at(&t, 3), page, "%s", cases[i].name);
        cr_assert_eq(t.f.machine.stats.evicted_pages, 0, "%s", cases[i].name);
        fixture_check(&t.f);
        cases[i].after(&t);
        twin_release(&t);
    }
}
