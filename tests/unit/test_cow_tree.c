/*
 * Trees of nodes: windows that only shrink, chains that die at once, priority
 * that follows a clone, zeroing and pinning in the middle of it all.
 */
#include "core_fixture.h"
#include "cow_internal.h"

static struct fixture f;

static void set_up(void)
{
    fixture_init(&f, 128);
}

static void tear_down(void)
{
    fixture_release(&f);
}

TestSuite(cow_tree, .init = set_up, .fini = tear_down);

static const uint64_t values[8] = {11, 12, 13, 14, 15, 16, 17, 18};

static enum vm_status finish(struct vmo_op *op)
{
    enum vm_status status = vmo_op_run(op);
    if (status == VM_SHOULD_WAIT)
        vmo_op_abort(op, status);
    vmo_op_release(op);
    return status;
}

static enum vm_status pin(struct vmo *vmo, uint64_t start, uint64_t end)
{
    struct vmo_op op;
    vmo_op_init_pin(&op, vmo, PAGES(start), PAGES(end - start), false);
    return finish(&op);
}

static void compress(struct vmo *vmo, uint64_t page)
{
    bool reclaimed;
    cr_assert_eq(vmo_reclaim_page(vmo, PAGES(page), vmo, PAGES(page),
                                  EVICTION_HINT_FOLLOW, true, &reclaimed),
                 VM_OK);
    cr_assert(reclaimed);
}

static enum page_queue queue_at(const struct vmo *vmo, uint64_t page)
{
    page_index at = vm_cow_debug_get_page(vmo_cow(vmo), PAGES(page));
    cr_assert_neq(at, PAGE_NONE);
    return (enum page_queue)vm_page_of(&f.machine, at)->queue;
}

/* --- windows --------------------------------------------------------------------- */

Test(cow_tree, a_shrunk_parent_never_shows_again_what_it_cut)
{
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 8, false);
    enum vm_clone_type type = CLONE_SNAPSHOT_AT_LEAST_ON_WRITE;
    cr_assert_eq(fixture_supply(pager, 0, 8, values), VM_OK);
    struct vmo *whole = fixture_clone(&f, pager, type, 0, 8);
    struct vmo *end = fixture_clone(&f, pager, type, 6, 2);
    struct vmo *past = fixture_clone(&f, pager, type, 8, 2);
    cr_assert_eq(vmo_resize(pager, PAGES(4)), VM_OK);
    fixture_check(&f);
    cr_assert_eq(vmo_resize(pager, PAGES(8)), VM_OK);
    cr_assert_eq(fixture_supply(pager, 4, 8, values), VM_OK);
    cr_assert_eq(fixture_content(whole, 3), 14);
    for (uint64_t page = 4; page < 8; page++)
        cr_assert_eq(fixture_content(whole, page), 0);
    cr_assert_eq(fixture_content(end, 0), 0);
    cr_assert_eq(fixture_content(past, 0), 0);
    fixture_check(&f);
    vmo_close(past);
    vmo_close(end);
    vmo_close(whole);
    vmo_close(pager);
}

Test(cow_tree, a_resize_to_the_same_size_counts_as_a_change)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 4, false);
    uint64_t before = vm_cow_hierarchy_generation(vmo_cow(plain));
    cr_assert_eq(vmo_resize(plain, PAGES(4)), VM_OK);
    cr_assert_eq(vm_cow_hierarchy_generation(vmo_cow(plain)), before + 1);
    vmo_close(plain);
}

Test(cow_tree, attribution_of_a_part)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 6, false);
    fixture_write(&f, plain, 0, 6);
    struct vmo *clone = fixture_clone(&f, plain, CLONE_SNAPSHOT, 2, 4);
    fixture_write(&f, clone, 1, 2);
    const struct {
        uint64_t start, end, plain, clone;
    } cases[] = {{0, 6, 6, 1}, {0, 2, 2, 1}, {1, 2, 1, 1}, {2, 5, 3, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t start = PAGES(cases[i].start);
        uint64_t length = PAGES(cases[i].end) - start;
        cr_assert_eq(
            vm_cow_attributed_pages_in_range(vmo_cow(plain), start, length)
                .uncompressed_pages,
            cases[i].plain, "case %zu", i);
        if (cases[i].end > 4)
            continue;
        cr_assert_eq(
            vm_cow_attributed_pages_in_range(vmo_cow(clone), start, length)
                .uncompressed_pages,
            cases[i].clone, "case %zu", i);
    }
    vmo_close(clone);
    vmo_close(plain);
}

/* Trap: who can see a page follows from windows, too, not from bits alone. */
Test(cow_tree, a_page_out_of_the_others_window_moves)
{
    for (int shrunk = 0; shrunk < 2; shrunk++) {
        struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 4, false);
        fixture_write(&f, plain, 0, 4);
        struct vmo *clone = fixture_clone(&f, plain, CLONE_SNAPSHOT, 0, 4);
        struct vmo *small = shrunk ? plain : clone;
        struct vmo *whole = shrunk ? clone : plain;
        cr_assert_eq(vmo_resize(small, PAGES(2)), VM_OK);
        fixture_check(&f);
        uint64_t in_use = fixture_pages_in_use(&f);
        uint64_t copied = f.machine.stats.copied_pages;
        fixture_write(&f, whole, 3, 4);
        cr_assert_eq(fixture_pages_in_use(&f), in_use);
        cr_assert_eq(f.machine.stats.copied_pages, copied);
        fixture_write(&f, whole, 1, 2);
        cr_assert_eq(fixture_pages_in_use(&f), in_use + 1);
        fixture_check(&f);
        vmo_close(clone);
        vmo_close(plain);
    }
}

/* H1 { B: [2,6) of it, H2 { C, A } }: all pages are in H1. */
Test(cow_tree, what_two_levels_share_is_charged_once)
{
    struct vmo *a = fixture_create(&f, VMO_ANONYMOUS, 8, false);
    fixture_write(&f, a, 0, 8);
    struct vmo *b = fixture_clone(&f, a, CLONE_SNAPSHOT, 2, 4);
    struct vmo *c = fixture_clone(&f, a, CLONE_SNAPSHOT, 0, 8);
    static const uint64_t sizes[] = {8, 6, 3, 1, 0};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        cr_assert_eq(vmo_resize(a, PAGES(sizes[i])), VM_OK);
        fixture_check(&f);
        cr_assert_eq(fixture_committed(a) + fixture_committed(b) +
                         fixture_committed(c),
                     8, "A has %ju pages", (uintmax_t)sizes[i]);
    }
    vmo_close(c);
    vmo_close(b);
    vmo_close(a);
}

Test(cow_tree, facts_about_a_node)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 40, false);
    struct vm_cow_pages *cow = vmo_cow(plain);
    cr_assert_eq(vm_cow_heap_allocation_bytes(cow), 0);
    fixture_write(&f, plain, 0, 1);
    uint64_t one = vm_cow_heap_allocation_bytes(cow);
    cr_assert_gt(one, 0);
    fixture_write(&f, plain, 1, 40);
    cr_assert_eq(vm_cow_heap_allocation_bytes(cow), 3 * one);
    cr_assert_not(vm_cow_is_parent_hidden(cow));
    struct vmo *clone = fixture_clone(&f, plain, CLONE_SNAPSHOT, 0, 40);
    cr_assert(vm_cow_is_parent_hidden(vmo_cow(clone)));
    cr_assert(vm_cow_is_hidden(vm_cow_debug_get_parent(vmo_cow(clone))));
    cr_assert_eq(vm_cow_heap_allocation_bytes(vmo_cow(plain)), 0,
                 "the hidden node has them");
    vmo_close(clone);
    vmo_close(plain);
}

Test(cow_tree, discardable_pages_are_counted_by_their_lock)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 2, false);
    struct vmo *vmo = fixture_create(&f, VMO_DISCARDABLE, 2, false);
    fixture_write(&f, plain, 0, 2);
    fixture_write(&f, vmo, 0, 2);
    const struct {
        bool lock, unlock;
        uint64_t locked, unlocked;
    } cases[] = {
        {false, false, 0, 0}, {true, false, 2, 0}, {false, true, 0, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (cases[i].lock)
            cr_assert_eq(vmo_try_lock(vmo, 0, PAGES(2)), VM_OK);
        if (cases[i].unlock)
            cr_assert_eq(vmo_unlock(vmo, 0, PAGES(2)), VM_OK);
        struct vm_discardable_counts counts =
            vm_cow_debug_discardable_page_counts(vmo_cow(vmo));
        cr_assert_eq(counts.locked, cases[i].locked, "case %zu", i);
        cr_assert_eq(counts.unlocked, cases[i].unlocked, "case %zu", i);
    }
    struct vm_discardable_counts none =
        vm_cow_debug_discardable_page_counts(vmo_cow(plain));
    cr_assert_eq(none.locked + none.unlocked, 0, "not discardable");
    vmo_close(vmo);
    vmo_close(plain);
}

/* --- death ------------------------------------------------------------------------- */

enum { CHAIN = 2000 };

/* Deep enough to overflow a stack if death recursed. */
Test(cow_tree, a_chain_without_handles_dies_with_its_last_leaf)
{
    struct vmo *chain[CHAIN];
    cr_assert_eq(vm_machine_resize(&f.machine, 2 * CHAIN), VM_OK);
    chain[0] = fixture_create(&f, VMO_PAGER, 1, false);
    cr_assert_eq(fixture_supply(chain[0], 0, 1, values), VM_OK);
    for (int i = 1; i < CHAIN; i++) {
        chain[i] = fixture_clone(&f, chain[i - 1],
                                 CLONE_SNAPSHOT_AT_LEAST_ON_WRITE, 0, 1);
        fixture_write(&f, chain[i], 0, 1);
    }
    for (int i = 0; i < CHAIN - 1; i++)
        vmo_close(chain[i]);
    cr_assert_eq(f.machine.cow_count, CHAIN, "the leaf keeps them all");
    vmo_close(chain[CHAIN - 1]);
    cr_assert_eq(f.machine.cow_count, 0);
    cr_assert_eq(fixture_pages_in_use(&f), 0);
}

Test(cow_tree, pins_end_with_an_object_only_if_asked_to)
{
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 4, false);
    cr_assert_eq(fixture_supply(pager, 0, 2, values), VM_OK);
    cr_assert_eq(fixture_supply(pager, 2, 3, NULL), VM_OK);
    cr_assert_eq(pin(pager, 0, 1), VM_OK);
    cr_assert_eq(pin(pager, 0, 2), VM_OK);
    vmo_close(pager);
    cr_assert_eq(fixture_pages_in_use(&f), 0);

    struct vm_cow_pages *cow;
    cr_assert_eq(vm_cow_create(&f.machine, COW_OPTION_NONE, PMM_ALLOC_ANY,
                               PAGES(1), NULL, &cow),
                 VM_OK);
    vm_cow_transition_to_alive(cow);
    vm_cow_maybe_dead_transition(cow);
    vm_cow_maybe_dead_transition(cow); /* once is enough */
    vm_cow_unref(cow);
    cr_assert_eq(f.machine.cow_count, 0);
}

/* --- priority ------------------------------------------------------------------------ */

Test(cow_tree, a_snapshot_takes_its_originals_priority_along)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 2, false);
    pq_enable_anonymous_reclaim(&f.machine.pqs, true);
    fixture_write(&f, plain, 0, 2);
    cr_assert_eq(vmo_change_priority(plain, 2), VM_OK);
    struct vmo *clone = fixture_clone(&f, plain, CLONE_SNAPSHOT, 0, 2);
    struct vm_cow_pages *hidden = vm_cow_debug_get_parent(vmo_cow(clone));
    cr_assert_eq(vm_cow_high_priority_count(vmo_cow(plain)), 2);
    cr_assert_eq(vm_cow_high_priority_count(hidden), 1, "one child has any");
    cr_assert_eq(vmo_change_priority(clone, 1), VM_OK);
    cr_assert_eq(vm_cow_high_priority_count(hidden), 2);
    struct vmo *second = fixture_clone(&f, clone, CLONE_SNAPSHOT, 0, 2);
    fixture_check(&f);
    vmo_close(clone);
    fixture_check(&f);
    vmo_close(second);
    fixture_check(&f);
    cr_assert_eq(vm_cow_high_priority_count(vmo_cow(plain)), 2);
    cr_assert_eq(queue_at(plain, 0), PQ_HIGH_PRIORITY);
    cr_assert_eq(vmo_change_priority(plain, -2), VM_OK);
    cr_assert_eq(queue_at(plain, 0), PQ_RECLAIM);
    vmo_close(plain);
}

/* --- zeroing ------------------------------------------------------------------------- */

Test(cow_tree, zeroing_hides_compressed_content_too)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 3, false);
    fixture_write(&f, plain, 0, 3);
    compress(plain, 1);
    struct vmo *clone = fixture_clone(&f, plain, CLONE_SNAPSHOT, 0, 3);
    fixture_zero(clone, 1, 2);
    cr_assert_eq(fixture_content(clone, 1), 0);
    cr_assert_eq(fixture_content(plain, 1), 101);
    cr_assert(slot_is_marker(fixture_slot(vmo_cow(clone), 1)));
    fixture_check(&f);

    fixture_write(&f, clone, 0, 1);
    compress(clone, 0);
    fixture_zero(clone, 0, 2);
    cr_assert(slot_is_marker(fixture_slot(vmo_cow(clone), 0)));
    cr_assert_eq(f.machine.stats.reference_count, 0);
    fixture_check(&f);
    vmo_close(clone);
    vmo_close(plain);
}

Test(cow_tree, zeroing_over_nothing_frees)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 4, false);
    fixture_write(&f, plain, 3, 4);
    struct vmo *clone = fixture_clone(&f, plain, CLONE_SNAPSHOT, 0, 4);
    fixture_write(&f, clone, 0, 2);
    cr_assert_eq(fixture_committed(clone), 2);
    fixture_zero(clone, 0, 3);
    cr_assert_eq(fixture_committed(clone), 0);
    cr_assert(slot_is_empty(fixture_slot(vmo_cow(clone), 0)), "no marker");
    fixture_check(&f);
    vmo_close(clone);
    vmo_close(plain);
}

Test(cow_tree, zeroing_without_memory_to_decompress_changes_nothing)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 2, false);
    struct page_chain all = PAGE_CHAIN_EMPTY;
    struct vmo_op op;
    fixture_write(&f, plain, 0, 2);
    compress(plain, 0);
    struct vmo *clone = fixture_clone(&f, plain, CLONE_SNAPSHOT, 0, 2);
    struct pmm *pmm = &f.machine.pmm;
    cr_assert_eq(pmm_alloc_pages(pmm, pmm->free_pages, PMM_ALLOC_ANY, &all),
                 VM_OK);
    vmo_op_init_zero(&op, clone, 0, PAGES(1));
    cr_assert_eq(finish(&op), VM_NO_MEMORY);
    cr_assert_eq(fixture_content(clone, 0), 100);
    vmo_op_init_zero(&op, clone, PAGES(1), PAGES(1));
    cr_assert_eq(finish(&op), VM_OK, "the end of a view needs no memory");
    pmm_free_chain(pmm, &all);
    fixture_check(&f);
    vmo_close(clone);
    vmo_close(plain);
}

/* Over nothing a pager's clone needs a real page, or the pager would be asked. */
Test(cow_tree, zeroing_a_pagers_clone_takes_memory)
{
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 4, false);
    struct vmo *clone =
        fixture_clone(&f, pager, CLONE_SNAPSHOT_AT_LEAST_ON_WRITE, 0, 4);
    struct page_chain all = PAGE_CHAIN_EMPTY;
    struct pmm *pmm = &f.machine.pmm;
    struct vmo_op op;
    cr_assert_eq(pmm_alloc_pages(pmm, pmm->free_pages, PMM_ALLOC_ANY, &all),
                 VM_OK);
    vmo_op_init_zero(&op, clone, 0, PAGES(2));
    cr_assert_eq(finish(&op), VM_NO_MEMORY);
    pmm_free_chain(pmm, &all);
    fixture_zero(clone, 0, 2);
    cr_assert_eq(fixture_committed(clone), 2);
    cr_assert_eq(fixture_content(clone, 0), 0);
    vmo_close(clone);
    vmo_close(pager);
}

Test(cow_tree, zeros_are_zeroed_again_without_effect)
{
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 16, false);
    fixture_zero(pager, 2, 6);
    fixture_zero(pager, 8, 9);
    uint64_t bytes = vm_cow_heap_allocation_bytes(vmo_cow(pager));
    fixture_zero(pager, 2, 6);
    fixture_zero(pager, 3, 4);
    fixture_zero(pager, 8, 9);
    cr_assert_eq(vm_cow_heap_allocation_bytes(vmo_cow(pager)), bytes);
    cr_assert_not(vm_cow_debug_is_in_interval(vmo_cow(pager), PAGES(7)));
    fixture_check(&f);
    vmo_close(pager);
}

Test(cow_tree, pinned_pages_are_zeroed_in_place)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 3, false);
    fixture_write(&f, plain, 0, 3);
    struct vmo *clone = fixture_clone(&f, plain, CLONE_SNAPSHOT, 0, 3);
    fixture_write(&f, clone, 0, 1);
    cr_assert_eq(pin(clone, 0, 1), VM_OK);
    page_index page = vm_cow_debug_get_page(vmo_cow(clone), 0);
    fixture_zero(clone, 0, 2);
    cr_assert_eq(vm_cow_debug_get_page(vmo_cow(clone), 0), page);
    cr_assert_eq(fixture_content(clone, 0), 0);
    cr_assert_eq(fixture_content(plain, 0), 100);
    cr_assert_eq(vmo_unpin(clone, 0, PAGES(1)), VM_OK);
    vmo_close(clone);
    vmo_close(plain);
}

/* It may not let go of a page of zeros, so it keeps the page. */
Test(cow_tree, where_zeros_may_not_be_decommitted_pages_stay)
{
    struct vmo_create_args args = {.kind = VMO_ANONYMOUS,
                                   .size = PAGES(2),
                                   .cannot_decommit_zero = true,
                                   .user_id = 900};
    struct vmo *plain;
    cr_assert_eq(vmo_create(&f.machine, &args, &plain), VM_OK);
    fixture_write(&f, plain, 0, 1);
    fixture_zero(plain, 0, 2);
    cr_assert_eq(fixture_committed(plain), 2);
    cr_assert_eq(fixture_content(plain, 0), 0);
    cr_assert_eq(queue_at(plain, 0), PQ_WIRED);
    vmo_close(plain);
}

Test(cow_tree, a_lent_page_stays_lent_when_zeroed)
{
    struct vmo_create_args args = {
        .kind = VMO_CONTIGUOUS, .size = PAGES(4), .user_id = 900};
    struct vmo *frames, *slice;
    uint64_t value = 9;
    struct vmo_op op;
    f.machine.loaning = true;
    cr_assert_eq(vmo_create(&f.machine, &args, &frames), VM_OK);
    cr_assert_eq(vmo_create_slice(frames, 0, PAGES(4), 901, &slice), VM_OK);
    cr_assert_eq(vmo_op_init_write(&op, slice, 0, PAGES(1), &value), VM_OK);
    cr_assert_eq(finish(&op), VM_OK);
    cr_assert_eq(vmo_decommit(slice, PAGES(1), PAGES(2)), VM_OK);
    fixture_zero(slice, 0, 4);
    cr_assert_eq(f.machine.pmm.loaned_pages, 2);
    cr_assert_eq(fixture_content(frames, 0), 0);
    cr_assert_eq(fixture_committed(frames), 2);
    fixture_check(&f);
    vmo_close(slice);
    vmo_close(frames);
}

/* --- forks without memory -------------------------------------------------------------- */

Test(cow_tree, a_fork_that_fails_leaves_the_tree_valid)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 2, false);
    struct page_chain all = PAGE_CHAIN_EMPTY;
    struct pmm *pmm = &f.machine.pmm;
    struct vmo_op op;
    fixture_write(&f, plain, 0, 2);
    struct vmo *first = fixture_clone(&f, plain, CLONE_SNAPSHOT, 0, 2);
    struct vmo *second = fixture_clone(&f, plain, CLONE_SNAPSHOT, 0, 2);
    cr_assert_eq(pmm_alloc_pages(pmm, pmm->free_pages, PMM_ALLOC_ANY, &all),
                 VM_OK);
    for (int spare = 0; spare < 2; spare++) {
        cr_assert_eq(vmo_op_init_write(&op, second, 0, PAGES(1), values),
                     VM_OK);
        cr_assert_eq(finish(&op), VM_NO_MEMORY, "%d pages free", spare);
        fixture_check(&f);
        cr_assert_eq(fixture_content(second, 0), 100);
        if (spare == 0)
            pmm_free_page(pmm, page_chain_pop_head(&all, pmm->pages));
    }
    pmm_free_chain(pmm, &all);
    cr_assert_eq(vmo_op_init_write(&op, second, 0, PAGES(1), values), VM_OK);
    cr_assert_eq(finish(&op), VM_OK);
    cr_assert_eq(fixture_content(first, 0), 100);
    cr_assert_eq(fixture_content(plain, 0), 100);
    fixture_check(&f);
    vmo_close(second);
    vmo_close(first);
    vmo_close(plain);
}

/* --- pins ------------------------------------------------------------------------------- */

Test(cow_tree, pinning_is_whole_or_nothing)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 4, false);
    struct vm_cow_pages *cow = vmo_cow(plain);
    fixture_write(&f, plain, 0, 2);
    cr_assert_eq(vm_cow_pin_range(cow, 0, PAGES(4)), VM_BAD_STATE,
                 "page 2 is not committed");
    cr_assert_eq(vm_cow_pinned_page_count(cow), 0);
    cr_assert_eq(queue_at(plain, 0), PQ_ANONYMOUS);
    for (int i = 0; i < PAGE_MAX_PIN_COUNT; i++)
        cr_assert_eq(vm_cow_pin_range(cow, PAGES(1), PAGES(1)), VM_OK);
    cr_assert_eq(vm_cow_pin_range(cow, 0, PAGES(2)), VM_UNAVAILABLE);
    cr_assert_eq(queue_at(plain, 0), PQ_ANONYMOUS, "undone");
    cr_assert_eq(pin(plain, 0, 2), VM_UNAVAILABLE);
    cr_assert_eq(vm_cow_pinned_page_count(cow), PAGE_MAX_PIN_COUNT);
    fixture_check(&f);
    for (int i = 0; i < PAGE_MAX_PIN_COUNT; i++)
        vm_cow_unpin(cow, PAGES(1), PAGES(1), false);
    cr_assert_eq(queue_at(plain, 1), PQ_ANONYMOUS);
    vmo_close(plain);
}

Test(cow_tree, unpinning_passes_over_gaps_if_allowed)
{
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 4, false);
    struct vm_cow_pages *cow = vmo_cow(pager);
    cr_assert_eq(fixture_supply(pager, 0, 4, values), VM_OK);
    cr_assert_eq(vm_cow_pin_range(cow, 0, PAGES(1)), VM_OK);
    cr_assert_eq(vm_cow_pin_range(cow, PAGES(2), PAGES(2)), VM_OK);
    cr_assert_eq(vm_cow_pin_range(cow, PAGES(3), PAGES(1)), VM_OK);
    bool reclaimed;
    cr_assert_eq(vmo_reclaim_page(pager, PAGES(1), pager, PAGES(1),
                                  EVICTION_HINT_FOLLOW, false, &reclaimed),
                 VM_OK);
    cr_assert(reclaimed);
    cr_assert_not(vm_cow_debug_is_range_pinned(cow, 0, PAGES(2)));
    vm_cow_unpin(cow, 0, PAGES(4), true);
    cr_assert_eq(vm_cow_pinned_page_count(cow), 1);
    cr_assert_eq(queue_at(pager, 3), PQ_WIRED, "pinned twice");
    cr_assert_eq(queue_at(pager, 0), PQ_RECLAIM);
    vm_cow_unpin(cow, PAGES(3), PAGES(1), false);
    fixture_check(&f);
    vmo_close(pager);
}

/* While a pin waits, somebody else takes a part of it away again. */
Test(cow_tree, a_pin_given_up_unpins_what_is_still_pinned)
{
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 4, false);
    struct vmo_op op;
    cr_assert_eq(fixture_supply(pager, 0, 2, values), VM_OK);
    vmo_op_init_pin(&op, pager, 0, PAGES(4), false);
    cr_assert_eq(vmo_op_run(&op), VM_SHOULD_WAIT);
    cr_assert_eq(vmo_pinned_pages(pager), 2);
    cr_assert_eq(vmo_unpin(pager, 0, PAGES(1)), VM_OK);
    cr_assert_eq(vmo_fail_requests(pager, PAGES(2), PAGES(2), VM_IO), VM_OK);
    cr_assert_eq(vmo_op_run(&op), VM_IO);
    vmo_op_release(&op);
    cr_assert_eq(vmo_pinned_pages(pager), 0);
    fixture_check(&f);
    vmo_close(pager);
}

/* --- content by hand ---------------------------------------------------------------------- */

Test(cow_tree, adding_pages_replaces_only_what_it_may)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 4, false);
    struct vm_cow_pages *cow = vmo_cow(plain);
    struct pmm *pmm = &f.machine.pmm;
    struct page_slot released;
    page_index page;
    fixture_write(&f, plain, 0, 1);
    cr_assert_eq(pmm_alloc_page(pmm, PMM_ALLOC_ANY, &page), VM_OK);
    pmm->pages[page].content = 7;
    const struct {
        uint64_t at;
        enum vm_overwrite overwrite;
        enum vm_status status;
    } cases[] = {
        {4, OVERWRITE_NON_ZERO, VM_OUT_OF_RANGE},
        {0, OVERWRITE_NONE, VM_ALREADY_EXISTS},
        {1, OVERWRITE_NONE, VM_ALREADY_EXISTS}, /* absent is zero here */
        {0, OVERWRITE_ZERO, VM_ALREADY_EXISTS},
        {0, OVERWRITE_NON_ZERO, VM_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(vm_cow_add_new_page(cow, PAGES(cases[i].at), page,
                                         cases[i].overwrite, &released, false,
                                         true),
                     cases[i].status, "case %zu", i);
        if (cases[i].status != VM_OK)
            pmm->pages[page].state = PAGE_ALLOC;
    }
    cr_assert_eq(fixture_content(plain, 0), 7);
    cow_free_content(cow, released, true);
    fixture_check(&f);

    struct page_chain two = PAGE_CHAIN_EMPTY;
    cr_assert_eq(pmm_alloc_pages(pmm, 2, PMM_ALLOC_ANY, &two), VM_OK);
    cr_assert_eq(
        vm_cow_add_new_pages(cow, PAGES(3), &two, OVERWRITE_ZERO, true, true),
        VM_OUT_OF_RANGE, "the second is past the end");
    cr_assert_eq(fixture_committed(plain), 1, "the first went again");
    cr_assert_eq(pmm_alloc_pages(pmm, 2, PMM_ALLOC_ANY, &two), VM_OK);
    cr_assert_eq(
        vm_cow_add_new_pages(cow, PAGES(1), &two, OVERWRITE_ZERO, true, true),
        VM_OK);
    cr_assert_eq(fixture_committed(plain), 3);
    fixture_check(&f);
    vmo_close(plain);
}

Test(cow_tree, a_written_zero_is_where_zero_forks_go)
{
    for (int mode = 0; mode < 3; mode++) {
        struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 2, false);
        struct vm_mapping *mapping;
        struct vmo_op op;
        static const enum page_queue queues[] = {PQ_ZERO_FORK, PQ_ZERO_FORK,
                                                 PQ_RECLAIM};
        if (mode > 0)
            pq_enable_anonymous_reclaim(&f.machine.pqs, mode == 2);
        cr_assert_eq(vmo_map(plain, 0, 2, true, false, &mapping), VM_OK);
        vmo_op_init_fault(&op, plain, mapping, 0, true, 1);
        cr_assert_eq(finish(&op), VM_OK);
        cr_assert_eq(queue_at(plain, 0), queues[mode], "mode %d", mode);
        fixture_check(&f);
        vmo_unmap(plain, mapping);
        vmo_close(plain);
    }
}

/* --- mappings ---------------------------------------------------------------------------- */

/* Narrowing leaves out only what could not be mapped through the child. */
Test(cow_tree, range_changes_reach_children_whether_narrowed_or_not)
{
    for (int narrow = 0; narrow < 2; narrow++) {
        struct vmo *pager = fixture_create(&f, VMO_PAGER, 4, false);
        struct vm_mapping *mapping;
        struct vmo_op op;
        f.machine.narrow_range_changes = narrow == 1;
        cr_assert_eq(fixture_supply(pager, 0, 4, values), VM_OK);
        struct vmo *child =
            fixture_clone(&f, pager, CLONE_SNAPSHOT_AT_LEAST_ON_WRITE, 0, 4);
        fixture_write(&f, child, 0, 1);
        cr_assert_eq(vmo_map(child, 0, 4, false, false, &mapping), VM_OK);
        vmo_op_init_fault(&op, child, mapping, 0, false, 0);
        cr_assert_eq(finish(&op), VM_OK);
        vmo_op_init_fault(&op, child, mapping, 1, false, 0);
        cr_assert_eq(finish(&op), VM_OK);
        uint64_t present = mapping->present_count;
        cr_assert_eq(present, 4, "the neighbours came along");
        cr_assert_eq(vmo_resize(pager, PAGES(2)), VM_OK);
        cr_assert(mapping->entries[0] & MAPPING_PRESENT, "its own page");
        cr_assert(mapping->entries[1] & MAPPING_PRESENT);
        cr_assert_not(mapping->entries[2] & MAPPING_PRESENT);
        cr_assert_not(mapping->entries[3] & MAPPING_PRESENT);
        vmo_unmap(child, mapping);
        vmo_close(child);
        vmo_close(pager);
    }
}

Test(cow_tree, an_empty_mapping_is_a_mapping)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 2, false);
    struct vm_mapping *mapping;
    cr_assert_eq(vmo_map(plain, 0, 0, true, false, &mapping), VM_OK);
    cr_assert_eq(mapping_harvest(mapping, &f.machine.pqs, true), 0);
    fixture_write(&f, plain, 0, 2);
    fixture_zero(plain, 0, 2);
    vmo_unmap(plain, mapping);
    vmo_close(plain);
}
