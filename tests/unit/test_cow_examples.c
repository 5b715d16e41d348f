/*
 * Worked examples of the copy-on-write rules, derived by hand: who copies, who
 * migrates, which split bits result. H is the hidden node, o the original, c
 * the clone; the clone is the left child.
 */
#include "core_fixture.h"

static struct fixture f;

static void set_up(void)
{
    fixture_init(&f, 256);
}

static void tear_down(void)
{
    fixture_release(&f);
}

TestSuite(cow_examples, .init = set_up, .fini = tear_down);

Test(cow_examples, a_copy_by_the_clone_then_migration_to_the_original)
{
    struct vmo *o = fixture_create(&f, VMO_ANONYMOUS, 1, false);
    fixture_write(&f, o, 0, 1);
    struct vmo *c = fixture_clone(&f, o, CLONE_SNAPSHOT, 0, 1);
    cr_assert_eq(fixture_committed(o), 1);
    cr_assert_eq(fixture_committed(c), 0);
    cr_assert_eq(fixture_pages_in_use(&f), 1);

    fixture_write(&f, c, 0, 1);
    const struct vm_cow_pages *hidden = vm_cow_debug_get_parent(vmo_cow(o));
    cr_assert_eq(fixture_split(&f, hidden, 0), 'L');
    cr_assert_eq(fixture_committed(o), 1);
    cr_assert_eq(fixture_committed(c), 1);
    cr_assert_eq(f.machine.stats.copied_pages, 1);

    fixture_write(&f, o, 0, 1);
    cr_assert_eq(f.machine.stats.copied_pages, 1, "the page moves");
    cr_assert_eq(f.machine.stats.migrated_pages, 1);
    cr_assert(slot_is_empty(fixture_slot(hidden, 0)));
    cr_assert_eq(fixture_pages_in_use(&f), 2);
    fixture_check(&f);
    vmo_close(o);
    vmo_close(c);
}

Test(cow_examples, closing_the_clone_merges_fast)
{
    struct vmo *o = fixture_create(&f, VMO_ANONYMOUS, 1, false);
    fixture_write(&f, o, 0, 1);
    struct vmo *c = fixture_clone(&f, o, CLONE_SNAPSHOT, 0, 1);
    fixture_write(&f, c, 0, 1);
    vmo_close(c);
    cr_assert_eq(fixture_pages_in_use(&f), 1);
    cr_assert_null(vm_cow_debug_get_parent(vmo_cow(o)));
    cr_assert_eq(fixture_committed(o), 1);
    cr_assert_eq(fixture_split(&f, vmo_cow(o), 0), '-');
    fixture_check(&f);
    vmo_close(o);
}

Test(cow_examples, closing_the_original_gives_the_page_to_the_clone)
{
    struct vmo *o = fixture_create(&f, VMO_ANONYMOUS, 1, false);
    fixture_write(&f, o, 0, 1);
    uint64_t content = fixture_content(o, 0);
    struct vmo *c = fixture_clone(&f, o, CLONE_SNAPSHOT, 0, 1);
    vmo_close(o);
    cr_assert_eq(fixture_committed(c), 1);
    cr_assert_eq(fixture_content(c, 0), content);
    fixture_check(&f);
    vmo_close(c);
}

Test(cow_examples, zeroing_a_suffix_cuts_the_view)
{
    struct vmo *o = fixture_create(&f, VMO_ANONYMOUS, 1, false);
    fixture_write(&f, o, 0, 1);
    struct vmo *c = fixture_clone(&f, o, CLONE_SNAPSHOT, 0, 1);
    fixture_zero(c, 0, 1);
    const struct vm_cow_pages *hidden = vm_cow_debug_get_parent(vmo_cow(o));
    cr_assert(slot_is_empty(fixture_slot(vmo_cow(c), 0)), "no marker");
    cr_assert_eq(fixture_split(&f, hidden, 0), '-');
    cr_assert_eq(fixture_committed(o), 1);
    cr_assert_eq(fixture_content(c, 0), 0);
    fixture_write(&f, o, 0, 1);
    cr_assert_eq(f.machine.stats.migrated_pages, 1);
    fixture_check(&f);
    vmo_close(c);
    vmo_close(o);
}

Test(cow_examples, zeroing_the_middle_leaves_a_marker)
{
    struct vmo *o = fixture_create(&f, VMO_ANONYMOUS, 3, false);
    fixture_write(&f, o, 0, 3);
    struct vmo *c = fixture_clone(&f, o, CLONE_SNAPSHOT, 0, 3);
    fixture_zero(c, 1, 2);
    const struct vm_cow_pages *hidden = vm_cow_debug_get_parent(vmo_cow(o));
    cr_assert(slot_is_marker(fixture_slot(vmo_cow(c), 1)));
    cr_assert_eq(fixture_split(&f, hidden, 1), 'L');
    cr_assert_neq(fixture_content(c, 2), 0, "what is behind stays in view");
    fixture_write(&f, o, 1, 2);
    cr_assert_eq(f.machine.stats.migrated_pages, 1);
    cr_assert(slot_is_empty(fixture_slot(hidden, 1)));
    fixture_check(&f);
    vmo_close(o);
    vmo_close(c);
}

Test(cow_examples, a_shrunk_view_never_grows_back)
{
    struct vmo *o = fixture_create(&f, VMO_ANONYMOUS, 3, false);
    fixture_write(&f, o, 0, 3);
    struct vmo *c = fixture_clone(&f, o, CLONE_SNAPSHOT, 0, 3);
    cr_assert_eq(vmo_resize(c, PAGES(1)), VM_OK);
    const struct vm_cow_pages *hidden = vm_cow_debug_get_parent(vmo_cow(o));
    cr_assert_eq(fixture_split(&f, hidden, 1), '-');
    cr_assert_eq(fixture_split(&f, hidden, 2), '-');
    cr_assert_eq(vmo_resize(c, PAGES(3)), VM_OK);
    cr_assert_neq(fixture_content(c, 0), 0);
    cr_assert_eq(fixture_content(c, 1), 0);
    cr_assert_eq(fixture_content(c, 2), 0);
    cr_assert_eq(fixture_committed(o), 3);
    fixture_check(&f);
    vmo_close(c);
    vmo_close(o);
}

Test(cow_examples, two_levels_copy_migrate_copy_migrate)
{
    struct vmo *a = fixture_create(&f, VMO_ANONYMOUS, 1, false);
    fixture_write(&f, a, 0, 1);
    struct vmo *b = fixture_clone(&f, a, CLONE_SNAPSHOT, 0, 1);
    struct vmo *c = fixture_clone(&f, a, CLONE_SNAPSHOT, 0, 1);
    const struct vm_cow_pages *h2 = vm_cow_debug_get_parent(vmo_cow(a));
    const struct vm_cow_pages *h1 = vm_cow_debug_get_parent(h2);
    fixture_write(&f, b, 0, 1);
    cr_assert_eq(fixture_split(&f, h1, 0), 'L');
    fixture_write(&f, c, 0, 1);
    cr_assert_eq(fixture_split(&f, h1, 0), ' ', "moved to H2");
    cr_assert_eq(fixture_split(&f, h2, 0), 'L');
    fixture_write(&f, a, 0, 1);
    cr_assert_eq(fixture_split(&f, h2, 0), ' ');
    cr_assert_eq(fixture_pages_in_use(&f), 3);
    fixture_check(&f);
    vmo_close(b);
    vmo_close(a);
    vmo_close(c);
}

Test(cow_examples, a_direct_three_way_fork)
{
    struct vmo *a = fixture_create(&f, VMO_ANONYMOUS, 1, false);
    fixture_write(&f, a, 0, 1);
    struct vmo *b = fixture_clone(&f, a, CLONE_SNAPSHOT, 0, 1);
    struct vmo *c = fixture_clone(&f, a, CLONE_SNAPSHOT, 0, 1);
    const struct vm_cow_pages *h2 = vm_cow_debug_get_parent(vmo_cow(a));
    const struct vm_cow_pages *h1 = vm_cow_debug_get_parent(h2);
    fixture_write(&f, c, 0, 1);
    cr_assert_eq(fixture_split(&f, h1, 0), 'R', "H2 is the right child");
    cr_assert_eq(fixture_split(&f, h2, 0), 'L');
    cr_assert_eq(fixture_pages_in_use(&f), 3);
    fixture_write(&f, b, 0, 1);
    fixture_write(&f, a, 0, 1);
    cr_assert_eq(f.machine.stats.copied_pages, 2);
    cr_assert_eq(f.machine.stats.migrated_pages, 2);
    cr_assert_eq(fixture_pages_in_use(&f), 3);
    fixture_check(&f);
    vmo_close(c);
    vmo_close(b);
    vmo_close(a);
}

/* What a write through a look-up cursor returns, with its request. */
static enum vm_status require_write(struct vmo *vmo, uint64_t page,
                                    struct page_request *request,
                                    struct vm_require_result *result)
{
    struct vm_lookup_cursor cursor;
    cr_assert_eq(
        vm_cow_get_lookup_cursor(vmo_cow(vmo), PAGES(page), PAGES(1), &cursor),
        VM_OK);
    page_request_init(request);
    return vm_cursor_require_owned_page(&cursor, true, 1, request, result);
}

Test(cow_examples, a_write_to_an_absent_pager_page_asks_twice)
{
    struct vmo *vmo = fixture_create(&f, VMO_PAGER, 1, true);
    struct page_request request;
    struct vm_require_result result;
    cr_assert_eq(require_write(vmo, 0, &request, &result), VM_SHOULD_WAIT);
    cr_assert_eq(request.type, PAGE_REQUEST_READ);
    uint64_t value = 7;
    cr_assert_eq(fixture_supply(vmo, 0, 1, &value), VM_OK);
    cr_assert_eq(request.state, REQUEST_DONE);
    page_request_cancel(&request);

    cr_assert_eq(require_write(vmo, 0, &request, &result), VM_SHOULD_WAIT);
    cr_assert_eq(request.type, PAGE_REQUEST_DIRTY);
    struct vmo_op dirty;
    vmo_op_init_dirty(&dirty, vmo, 0, PAGES(1));
    cr_assert_eq(vmo_op_run(&dirty), VM_OK);
    cr_assert_eq(request.state, REQUEST_DONE);
    page_request_cancel(&request);
    cr_assert_eq(f.machine.pqs.count[PQ_PAGER_DIRTY], 1);

    cr_assert_eq(require_write(vmo, 0, &request, &result), VM_OK);
    cr_assert(result.is_writable);
    fixture_check(&f);
    vmo_close(vmo);
}

Test(cow_examples, growing_a_pager_object_makes_dirty_zeroes)
{
    struct vmo *vmo = fixture_create(&f, VMO_PAGER, 1, true);
    cr_assert_eq(vmo_resize(vmo, PAGES(4)), VM_OK);
    cr_assert(slot_is_interval_start(fixture_slot(vmo_cow(vmo), 1)));
    cr_assert(slot_is_interval_end(fixture_slot(vmo_cow(vmo), 3)));

    struct vmo_op read;
    vmo_op_init_read(&read, vmo, PAGES(1), PAGES(3));
    cr_assert_eq(vmo_op_run(&read), VM_OK);
    cr_assert_eq(read.values[0] | read.values[1] | read.values[2], 0);
    vmo_op_release(&read);
    cr_assert_eq(fixture_pages_in_use(&f), 0, "a read makes no page");

    struct vmo_op commit;
    vmo_op_init_commit(&commit, vmo, PAGES(1), PAGES(3));
    cr_assert_eq(vmo_op_run(&commit), VM_SHOULD_WAIT);
    cr_assert_eq(commit.request.type, PAGE_REQUEST_DIRTY);
    cr_assert_eq(commit.request.offset, PAGES(1));
    cr_assert_eq(commit.request.length, PAGES(3));
    vmo_op_abort(&commit, VM_BAD_STATE);
    fixture_check(&f);
    vmo_close(vmo);
}

Test(cow_examples, a_writeback_of_split_intervals)
{
    struct vmo *vmo = fixture_create(&f, VMO_PAGER, 0, false);
    struct vm_cow_pages *cow = vmo_cow(vmo);
    cr_assert_eq(vmo_resize(vmo, PAGES(5)), VM_OK);
    fixture_write(&f, vmo, 2, 3);
    cr_assert(slot_is_interval_start(fixture_slot(cow, 0)));
    cr_assert(slot_is_interval_end(fixture_slot(cow, 1)));
    cr_assert(slot_is_page(fixture_slot(cow, 2)));
    cr_assert(slot_is_interval_start(fixture_slot(cow, 3)));
    cr_assert(slot_is_interval_end(fixture_slot(cow, 4)));

    cr_assert_eq(vmo_writeback_begin(vmo, 0, PAGES(5), false), VM_OK);
    cr_assert_eq(slot_awaiting_bytes(fixture_slot(cow, 0)), PAGES(2));
    cr_assert_eq(slot_awaiting_bytes(fixture_slot(cow, 3)), PAGES(2));

    fixture_zero(vmo, 2, 3);
    cr_assert(slot_is_interval_start(fixture_slot(cow, 0)));
    cr_assert_eq(slot_awaiting_bytes(fixture_slot(cow, 0)), PAGES(2));
    cr_assert(slot_is_empty(fixture_slot(cow, 3)), "one interval now");
    cr_assert(slot_is_interval_end(fixture_slot(cow, 4)));

    cr_assert_eq(vmo_writeback_end(vmo, 0, PAGES(5)), VM_OK);
    cr_assert(vm_cow_debug_is_empty(cow, 0));
    cr_assert_not(vm_cow_debug_is_in_interval(cow, PAGES(1)));
    cr_assert(slot_is_interval_start(fixture_slot(cow, 2)));
    cr_assert(slot_is_interval_end(fixture_slot(cow, 4)));
    fixture_check(&f);
    vmo_close(vmo);
}

Test(cow_examples, a_supply_never_replaces_a_zero_interval)
{
    struct vmo *vmo = fixture_create(&f, VMO_PAGER, 0, false);
    cr_assert_eq(vmo_resize(vmo, PAGES(2)), VM_OK);
    const uint64_t values[] = {7, 8};
    cr_assert_eq(fixture_supply(vmo, 0, 2, values), VM_OK);
    cr_assert(slot_is_interval_start(fixture_slot(vmo_cow(vmo), 0)));
    cr_assert_eq(fixture_pages_in_use(&f), 0, "the pages are freed");
    cr_assert_eq(fixture_content(vmo, 1), 0);
    fixture_check(&f);
    vmo_close(vmo);
}

Test(cow_examples, attribution_of_a_four_page_object)
{
    struct vmo *o = fixture_create(&f, VMO_ANONYMOUS, 4, false);
    fixture_write(&f, o, 0, 2);
    struct vmo *c = fixture_clone(&f, o, CLONE_SNAPSHOT, 1, 2);
    cr_assert_eq(fixture_committed(o), 2);
    cr_assert_eq(fixture_committed(c), 0);
    fixture_write(&f, c, 0, 2);
    cr_assert_eq(fixture_committed(c), 2);
    cr_assert_eq(fixture_committed(o), 2);
    fixture_write(&f, o, 3, 4);
    cr_assert_eq(fixture_committed(o), 3);
    vmo_close(c);
    cr_assert_eq(fixture_committed(o), 3);
    fixture_check(&f);
    vmo_close(o);
}

/* Its pages must stay where they are: it has no way of being compressed. */
Test(cow_examples, what_never_decommits_is_never_compressed)
{
    struct vmo_create_args args = {
        .kind = VMO_ANONYMOUS,
        .size = PAGES(1),
        .cannot_decommit_zero = true,
        .user_id = f.next_user_id++,
        .compressibility = 0.4,
    };
    struct vmo *vmo = NULL;
    bool reclaimed = true;
    cr_assert_eq(vmo_create(&f.machine, &args, &vmo), VM_OK);
    fixture_write(&f, vmo, 0, 1);
    cr_assert_eq(vmo_reclaim_page(vmo, 0, vmo, 0, EVICTION_HINT_IGNORE, true,
                                  &reclaimed),
                 VM_OK);
    cr_assert_not(reclaimed);
    cr_assert_eq(fixture_committed(vmo), 1);
    fixture_check(&f);
    vmo_close(vmo);
}

enum { DEEP = 100000 };

/* Each has a page of its own, else an at-least-on-write clone of it would
 * become its sibling. */
static struct vmo **deep_chain(struct fixture *deep, enum vmo_kind kind,
                               enum vm_clone_type type)
{
    static const uint64_t values[] = {7, 8};
    struct vmo **chain = calloc(DEEP, sizeof(struct vmo *));
    cr_assert_not_null(chain);
    fixture_init(deep, DEEP + 16);
    chain[0] = fixture_create(deep, kind, 2, false);
    if (kind == VMO_PAGER)
        cr_assert_eq(fixture_supply(chain[0], 0, 2, values), VM_OK);
    for (unsigned i = 0; i + 1 < DEEP; i++) {
        if (type == CLONE_SNAPSHOT_AT_LEAST_ON_WRITE && i > 0)
            fixture_write(deep, chain[i], 1, 2);
        chain[i + 1] = fixture_clone(deep, chain[i], type, 0, 2);
    }
    cr_assert_eq(vm_cow_debug_lookup_depth(vmo_cow(chain[DEEP - 1])), DEEP - 1);
    return chain;
}

/* On a stack of 8 MiB: nothing may go down the chain by calling itself. */
Test(cow_examples, a_chain_of_a_hundred_thousand_closes_from_either_end)
{
    struct fixture deep;
    struct vmo **chain = deep_chain(&deep, VMO_ANONYMOUS, CLONE_SNAPSHOT);
    for (unsigned i = 0; i < DEEP / 2; i++) {
        vmo_close(chain[i]);
        vmo_close(chain[DEEP - 1 - i]);
    }
    free(chain);
    fixture_release(&deep);
}

Test(cow_examples, the_last_of_a_hundred_thousand_takes_all_along)
{
    struct fixture deep;
    struct vmo **chain =
        deep_chain(&deep, VMO_PAGER, CLONE_SNAPSHOT_AT_LEAST_ON_WRITE);
    for (unsigned i = 0; i < DEEP; i++)
        vmo_close(chain[i]);
    free(chain);
    fixture_release(&deep);
}
