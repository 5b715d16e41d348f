/*
 * Borrowed frames: who may have them, and what gives them up.
 */
#include "core_fixture.h"

static struct fixture f;
static struct vmo *lender; /* 8 frames, all lent */
static uint64_t next_id;

static const uint64_t values[8] = {11, 12, 13, 14, 15, 16, 17, 18};

static void set_up(void)
{
    struct vmo_create_args args = {
        .kind = VMO_CONTIGUOUS, .size = PAGES(8), .user_id = 900};
    next_id = 1000;
    fixture_init(&f, 64);
    f.machine.loaning = true;
    f.machine.borrow_on_supply = true;
    f.machine.pmm.borrowing_enabled = true;
    cr_assert_eq(vmo_create(&f.machine, &args, &lender), VM_OK);
    cr_assert_eq(vmo_decommit(lender, 0, PAGES(8)), VM_OK);
}

static void tear_down(void)
{
    vmo_close(lender);
    fixture_release(&f);
}

TestSuite(cow_loan, .init = set_up, .fini = tear_down);

static enum vm_status finish(struct vmo_op *op)
{
    enum vm_status status = vmo_op_run(op);
    if (status == VM_SHOULD_WAIT)
        vmo_op_abort(op, status);
    vmo_op_release(op);
    return status;
}

static struct vmo *borrower(bool traps_dirty)
{
    struct vmo_create_args args = {.kind = VMO_PAGER,
                                   .size = PAGES(4),
                                   .traps_dirty = traps_dirty,
                                   .user_id = next_id++};
    struct vmo *vmo;
    cr_assert_eq(vmo_create(&f.machine, &args, &vmo), VM_OK);
    return vmo;
}

static page_index page_at(const struct vmo *vmo, uint64_t page)
{
    return vm_cow_debug_get_page(vmo_cow(vmo), PAGES(page));
}

static uint64_t loaned(const struct vmo *vmo)
{
    return vm_cow_loaned_page_count(vmo_cow(vmo));
}

static enum vm_status take_back(void)
{
    struct vmo_op op;
    vmo_op_init_commit(&op, lender, 0, PAGES(8));
    return finish(&op);
}

static enum vm_status pin(struct vmo *vmo, uint64_t page)
{
    struct vmo_op op;
    vmo_op_init_pin(&op, vmo, PAGES(page), PAGES(1), false);
    return finish(&op);
}

Test(cow_loan, who_may_borrow)
{
    struct vmo *trapping = borrower(true);
    struct vmo *pinned = borrower(false);
    struct vmo *urgent = borrower(false);
    struct vmo *usual = borrower(false);
    cr_assert_eq(fixture_supply(pinned, 3, 4, values), VM_OK);
    cr_assert_eq(pin(pinned, 3), VM_OK);
    cr_assert_eq(loaned(pinned), 0, "the pinned page moved off its loan");
    cr_assert_eq(vmo_unpin(pinned, PAGES(3), PAGES(1)), VM_OK);
    cr_assert_eq(vmo_change_priority(urgent, 1), VM_OK);
    struct vmo *all[] = {trapping, pinned, urgent, usual};
    for (size_t i = 0; i < 4; i++) {
        page_index page;
        struct page_request request;
        page_request_init(&request);
        cr_assert_eq(fixture_supply(all[i], 0, 1, values), VM_OK);
        cr_assert_eq(
            vm_cow_supply_one(vmo_cow(all[i]), PAGES(1), 9, &request, &page),
            VM_OK);
        cr_assert_eq(loaned(all[i]), all[i] == usual ? 2 : 0, "VMO %zu", i);
        cr_assert_eq(fixture_content(all[i], 0), 11);
        cr_assert_eq(fixture_content(all[i], 1), 9);
    }
    f.machine.pmm.borrowing_enabled = false;
    cr_assert_eq(fixture_supply(usual, 2, 3, values), VM_OK);
    cr_assert_eq(loaned(usual), 2, "borrowing is off");
    f.machine.pmm.borrowing_enabled = true;
    f.machine.borrow_on_supply = false;
    cr_assert_eq(fixture_supply(usual, 3, 4, values), VM_OK);
    cr_assert_eq(loaned(usual), 2, "borrowing on supply is off");
    fixture_check(&f);
    cr_assert_eq(vmo_change_priority(urgent, -1), VM_OK);
    for (size_t i = 0; i < 4; i++)
        vmo_close(all[i]);
}

Test(cow_loan, replacing_one_page_by_hand)
{
    struct vmo *vmo = borrower(false);
    struct vmo *trapping = borrower(true);
    struct vm_cow_pages *cow = vmo_cow(vmo);
    f.machine.borrow_on_supply = false;
    cr_assert_eq(fixture_supply(vmo, 0, 4, values), VM_OK);
    cr_assert_eq(fixture_supply(trapping, 0, 1, values), VM_OK);

    cr_assert_eq(
        vm_cow_replace_page_with_loaned(cow, page_at(vmo, 0), PAGES(1)),
        VM_NOT_FOUND, "it is elsewhere");
    cr_assert_eq(vm_cow_replace_page_with_loaned(vmo_cow(trapping),
                                                 page_at(trapping, 0), 0),
                 VM_NOT_SUPPORTED);
    fixture_write(&f, vmo, 1, 2);
    cr_assert_eq(
        vm_cow_replace_page_with_loaned(cow, page_at(vmo, 1), PAGES(1)),
        VM_BAD_STATE, "dirty");
    cr_assert_eq(vm_cow_replace_page_with_loaned(cow, page_at(vmo, 0), 0),
                 VM_OK);
    cr_assert_eq(loaned(vmo), 1);
    cr_assert_eq(fixture_content(vmo, 0), 11);

    struct vmo_op op;
    vmo_op_init_always_need(&op, vmo, PAGES(2), PAGES(1));
    cr_assert_eq(finish(&op), VM_OK);
    cr_assert_eq(
        vm_cow_replace_page_with_loaned(cow, page_at(vmo, 2), PAGES(2)),
        VM_BAD_STATE, "always needed");
    cr_assert_eq(pin(vmo, 3), VM_OK);
    cr_assert_eq(
        vm_cow_replace_page_with_loaned(cow, page_at(vmo, 3), PAGES(3)),
        VM_BAD_STATE, "pinned");
    cr_assert_eq(vmo_unpin(vmo, PAGES(3), PAGES(1)), VM_OK);
    cr_assert_eq(
        vm_cow_replace_page_with_loaned(cow, page_at(vmo, 3), PAGES(3)),
        VM_NOT_SUPPORTED, "pinned once, it never borrows again");
    fixture_check(&f);
    vmo_close(trapping);
    vmo_close(vmo);
}

Test(cow_loan, no_frame_is_lent)
{
    struct vmo *vmo = borrower(false);
    cr_assert_eq(take_back(), VM_OK);
    cr_assert_eq(fixture_supply(vmo, 0, 1, values), VM_OK);
    cr_assert_eq(loaned(vmo), 0);
    cr_assert_eq(
        vm_cow_replace_page_with_loaned(vmo_cow(vmo), page_at(vmo, 0), 0),
        VM_NO_MEMORY);
    cr_assert_eq(fixture_content(vmo, 0), 11);
    vmo_close(vmo);
}

/* Writing, pinning and always needing end a loan; the content stays. */
Test(cow_loan, use_that_cannot_be_lent_moves_the_page)
{
    struct vmo *vmo = borrower(false);
    struct vmo_op op;
    cr_assert_eq(fixture_supply(vmo, 0, 4, values), VM_OK);
    cr_assert_eq(loaned(vmo), 4);
    fixture_write(&f, vmo, 0, 1);
    cr_assert_eq(loaned(vmo), 3);
    vmo_op_init_always_need(&op, vmo, PAGES(1), PAGES(1));
    cr_assert_eq(finish(&op), VM_OK);
    cr_assert_eq(loaned(vmo), 2);
    cr_assert_eq(fixture_content(vmo, 1), 12);
    cr_assert_eq(pin(vmo, 2), VM_OK);
    cr_assert_eq(loaned(vmo), 1);
    cr_assert_eq(fixture_content(vmo, 2), 13);
    cr_assert_eq(vmo_unpin(vmo, PAGES(2), PAGES(1)), VM_OK);
    fixture_check(&f);
    vmo_close(vmo);
}

static void take_all_memory(struct page_chain *chain)
{
    struct pmm *pmm = &f.machine.pmm;
    cr_assert_eq(pmm_alloc_pages(pmm, pmm->free_pages, PMM_ALLOC_ANY, chain),
                 VM_OK);
}

Test(cow_loan, without_memory_the_loan_goes_on)
{
    struct vmo *vmo = borrower(false);
    struct page_chain all = PAGE_CHAIN_EMPTY;
    struct vmo_op op;
    uint64_t value = 5;
    cr_assert_eq(fixture_supply(vmo, 0, 4, values), VM_OK);
    take_all_memory(&all);
    cr_assert_eq(vmo_op_init_write(&op, vmo, 0, PAGES(1), &value), VM_OK);
    cr_assert_eq(finish(&op), VM_NO_MEMORY);
    vmo_op_init_always_need(&op, vmo, PAGES(1), PAGES(1));
    cr_assert_eq(finish(&op), VM_OK, "a hint that can't be followed");
    cr_assert_eq(pin(vmo, 2), VM_BAD_STATE);
    cr_assert_eq(loaned(vmo), 4);
    fixture_check(&f);
    pmm_free_chain(&f.machine.pmm, &all);
    vmo_close(vmo);
}

/* The same at a time when allocations wait instead of failing. */
Test(cow_loan, while_memory_is_waited_for_the_loan_goes_on)
{
    struct vmo *vmo = borrower(false);
    struct vmo *slice;
    struct page_chain all = PAGE_CHAIN_EMPTY;
    struct pmm *pmm = &f.machine.pmm;
    const uint64_t mark = 8;
    struct vmo_op write, need, hold;
    uint64_t value = 5;
    cr_assert_eq(vmo_create_slice(vmo, 0, PAGES(4), next_id++, &slice), VM_OK);
    cr_assert_eq(fixture_supply(vmo, 0, 4, values), VM_OK);
    pmm_set_watermarks(pmm, &mark, 1, 1);
    take_all_memory(&all);
    cr_assert_eq(vmo_op_init_write(&write, vmo, 0, PAGES(1), &value), VM_OK);
    vmo_op_init_always_need(&need, vmo, PAGES(1), PAGES(1));
    vmo_op_init_pin(&hold, slice, PAGES(2), PAGES(1), false);
    struct vmo_op *ops[] = {&write, &need, &hold};
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(vmo_op_run(ops[i]), VM_SHOULD_WAIT, "operation %zu", i);
        cr_assert_eq(ops[i]->request.state, REQUEST_MEMORY);
    }
    cr_assert_eq(loaned(vmo), 4);
    pmm_free_chain(pmm, &all);
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(vmo_op_run(ops[i]), VM_OK, "operation %zu", i);
        vmo_op_release(ops[i]);
    }
    cr_assert_eq(loaned(vmo), 1);
    cr_assert_eq(fixture_content(vmo, 0), 5);
    cr_assert_eq(fixture_content(vmo, 2), 13);
    fixture_check(&f);
    cr_assert_eq(vmo_unpin(slice, PAGES(2), PAGES(1)), VM_OK);
    vmo_close(slice);
    vmo_close(vmo);
}

Test(cow_loan, a_frame_taken_back_evicts_or_moves_its_borrower)
{
    for (int i = 0; i < 2; i++) {
        struct vmo *vmo = borrower(false);
        f.machine.replace_on_unloan = i == 1;
        cr_assert_eq(fixture_supply(vmo, 0, 4, values), VM_OK);
        cr_assert_eq(loaned(vmo), 4);
        cr_assert_eq(take_back(), VM_OK);
        cr_assert_eq(loaned(vmo), 0);
        cr_assert_eq(fixture_committed(vmo), i == 1 ? 4 : 0);
        cr_assert_eq(vm_cow_was_reclaimed(vmo_cow(vmo), 0), i == 0);
        fixture_check(&f);
        vmo_close(vmo);
        cr_assert_eq(vmo_decommit(lender, 0, PAGES(8)), VM_OK);
    }
}

Test(cow_loan, a_borrower_that_cannot_move_is_evicted)
{
    struct vmo *vmo = borrower(false);
    struct page_chain all = PAGE_CHAIN_EMPTY;
    f.machine.replace_on_unloan = true;
    cr_assert_eq(fixture_supply(vmo, 0, 4, values), VM_OK);
    take_all_memory(&all);
    cr_assert_eq(take_back(), VM_OK);
    cr_assert_eq(fixture_committed(vmo), 0);
    pmm_free_chain(&f.machine.pmm, &all);
    vmo_close(vmo);
}

/* Its first page could be pinned, its second is borrowed and can't move. */
Test(cow_loan, a_pin_that_gets_half_way_is_undone_or_goes_on)
{
    struct vmo *vmo = borrower(false);
    struct page_chain all = PAGE_CHAIN_EMPTY;
    struct pmm *pmm = &f.machine.pmm;
    const uint64_t mark = 8;
    struct vmo_op op;
    cr_assert_eq(fixture_supply(vmo, 0, 2, values), VM_OK);
    fixture_write(&f, vmo, 0, 1);
    cr_assert_eq(loaned(vmo), 1);
    take_all_memory(&all);
    vmo_op_init_pin(&op, vmo, 0, PAGES(2), false);
    cr_assert_eq(finish(&op), VM_BAD_STATE);
    cr_assert_eq(vmo_pinned_pages(vmo), 0);
    pmm_free_chain(pmm, &all);

    pmm_set_watermarks(pmm, &mark, 1, 1);
    take_all_memory(&all);
    vmo_op_init_pin(&op, vmo, 0, PAGES(2), false);
    cr_assert_eq(vmo_op_run(&op), VM_SHOULD_WAIT);
    cr_assert_eq(vmo_pinned_pages(vmo), 1);
    pmm_free_chain(pmm, &all);
    cr_assert_eq(vmo_op_run(&op), VM_OK);
    vmo_op_release(&op);
    cr_assert_eq(vmo_pinned_pages(vmo), 2);
    cr_assert_eq(fixture_content(vmo, 1), 12);
    fixture_check(&f);
    cr_assert_eq(vmo_unpin(vmo, 0, PAGES(2)), VM_OK);
    vmo_close(vmo);
}

/* A run of writes ends before a page that has to move first. */
Test(cow_loan, preparing_a_write_stops_before_a_borrowed_page)
{
    struct vmo *vmo = borrower(false);
    struct page_request request;
    uint64_t dirty;
    page_request_init(&request);
    cr_assert_eq(fixture_supply(vmo, 0, 2, values), VM_OK);
    fixture_write(&f, vmo, 0, 1);
    cr_assert_eq(
        vm_cow_prepare_for_write(vmo_cow(vmo), 0, PAGES(2), &request, &dirty),
        VM_OK);
    cr_assert_eq(dirty, PAGES(1));
    cr_assert_eq(loaned(vmo), 1);
    vmo_close(vmo);
}

Test(cow_loan, replacing_a_range_needs_pages)
{
    struct vmo *vmo = borrower(false);
    struct page_request request;
    uint64_t non_loaned = 7;
    page_request_init(&request);
    cr_assert_eq(fixture_supply(vmo, 0, 2, values), VM_OK);
    cr_assert_eq(vm_cow_replace_pages_with_non_loaned(vmo_cow(vmo), 0, PAGES(4),
                                                      &request, &non_loaned),
                 VM_BAD_STATE, "page 2 is not there");
    cr_assert_eq(non_loaned, PAGES(2));
    cr_assert_eq(loaned(vmo), 0);
    vmo_close(vmo);
}

/* Exchanging a page in one step would take the loan along. */
Test(cow_loan, no_page_is_exchanged_while_frames_are_lent)
{
    struct vmo *vmo = borrower(false);
    struct vm_cow_pages *cow = vmo_cow(vmo);
    cr_assert_eq(fixture_supply(vmo, 0, 1, values), VM_OK);
    cr_assert_not(vm_cow_recycle_page(cow, page_at(vmo, 0), PAGES(2), 9),
                  "it is borrowed");
    f.machine.borrow_on_supply = false;
    cr_assert_eq(fixture_supply(vmo, 1, 2, values), VM_OK);
    cr_assert_not(vm_cow_recycle_page(cow, page_at(vmo, 1), PAGES(2), 9),
                  "others could be borrowed");
    cr_assert_eq(take_back(), VM_OK);
    cr_assert_eq(vm_machine_resize(&f.machine, 4), VM_OK);
    cr_assert_not(vm_cow_recycle_page(cow, page_at(vmo, 1), PAGES(2), 9),
                  "memory has to shrink");
    cr_assert_eq(vm_machine_resize(&f.machine, 64), VM_OK);
    cr_assert(vm_cow_recycle_page(cow, page_at(vmo, 1), PAGES(2), 9));
    cr_assert_eq(fixture_content(vmo, 2), 9);
    cr_assert(vm_cow_was_reclaimed(cow, PAGES(1)));
    fixture_check(&f);
    vmo_close(vmo);
}
