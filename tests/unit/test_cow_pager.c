/*
 * Content that moves: supplied by a pager, taken out of one object and put
 * into another; and dirty content on its way back.
 */
#include "core_fixture.h"

static struct fixture f;

static void set_up(void)
{
    fixture_init(&f, 128);
}

static void tear_down(void)
{
    fixture_release(&f);
}

TestSuite(cow_pager, .init = set_up, .fini = tear_down);

static const uint64_t values[8] = {11, 12, 13, 14, 15, 16, 17, 18};

static enum vm_status finish(struct vmo_op *op)
{
    enum vm_status status = vmo_op_run(op);
    if (status == VM_SHOULD_WAIT)
        vmo_op_abort(op, status);
    vmo_op_release(op);
    return status;
}

static struct vmo *fixed(enum vmo_kind kind, uint64_t pages)
{
    struct vmo_create_args args = {.kind = kind,
                                   .size = PAGES(pages),
                                   .user_id = f.next_user_id++,
                                   .can_wait = kind == VMO_ANONYMOUS,
                                   .compressibility = 0.4};
    struct vmo *vmo;
    cr_assert_eq(vmo_create(&f.machine, &args, &vmo), VM_OK);
    return vmo;
}

static struct vmo *slice_of(struct vmo *vmo, uint64_t start, uint64_t pages)
{
    struct vmo *slice;
    cr_assert_eq(vmo_create_slice(vmo, PAGES(start), PAGES(pages),
                                  f.next_user_id++, &slice),
                 VM_OK);
    return slice;
}

static void compress(struct vmo *vmo, uint64_t page)
{
    bool reclaimed;
    cr_assert_eq(vmo_reclaim_page(vmo, PAGES(page), vmo, PAGES(page),
                                  EVICTION_HINT_FOLLOW, true, &reclaimed),
                 VM_OK);
    cr_assert(reclaimed);
}

/* Contents of the first pages, as text; "?" where a pager would be asked. */
static void expect_contents(const struct vmo *vmo, const char *expected)
{
    char text[128] = "";
    for (uint64_t at = 0; at < vmo_size(vmo); at += VM_PAGE_SIZE) {
        uint64_t content;
        size_t length = strlen(text);
        if (vm_cow_peek_content(vmo_cow(vmo), at, &content))
            snprintf(text + length, sizeof text - length, "%ju ",
                     (uintmax_t)content);
        else
            snprintf(text + length, sizeof text - length, "? ");
    }
    cr_assert_str_eq(text, expected, "'%s', not '%s'", text, expected);
    fixture_check(&f);
}

/* --- supply -------------------------------------------------------------------- */

Test(cow_pager, one_page_is_supplied_as_by_a_splice_list)
{
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 16, false);
    struct vm_cow_pages *cow = vmo_cow(pager);
    struct page_request request;
    struct vmo_op reader;
    page_index page;
    page_request_init(&request);
    vmo_op_init_read(&reader, pager, 0, PAGES(1));
    cr_assert_eq(vmo_op_run(&reader), VM_SHOULD_WAIT);

    cr_assert_eq(vm_cow_supply_one(cow, 0, 7, &request, &page), VM_OK);
    cr_assert_eq(page, vm_cow_debug_get_page(cow, 0));
    cr_assert(vm_page_is_clean(vm_page_of(&f.machine, page)));
    cr_assert_eq(vmo_op_run(&reader), VM_OK);
    cr_assert_eq(reader.values[0], 7);
    vmo_op_release(&reader);
    cr_assert_eq(vm_cow_supply_one(cow, 0, 8, &request, &page), VM_OK);
    cr_assert_eq(page, PAGE_NONE, "what is there wins");
    fixture_zero(pager, 8, 12);
    cr_assert_eq(vm_cow_supply_one(cow, PAGES(9), 8, &request, &page), VM_OK);
    cr_assert_eq(page, PAGE_NONE, "zeros are there, too");
    cr_assert_eq(fixture_content(pager, 9), 0);
    cr_assert_eq(vm_cow_supply_one(cow, PAGES(16), 8, &request, &page),
                 VM_OUT_OF_RANGE);
    cr_assert_eq(vmo_detach(pager), VM_OK);
    cr_assert_eq(vm_cow_supply_one(cow, 0, 8, &request, &page), VM_BAD_STATE);
    vmo_close(pager);
}

Test(cow_pager, a_slice_is_supplied_through)
{
    struct vmo *pager = fixed(VMO_PAGER, 4);
    struct vmo *slice = slice_of(pager, 1, 2);
    struct vmo *donor = fixed(VMO_ANONYMOUS, 2);
    struct vmo_op op;
    cr_assert_eq(fixture_supply(slice, 0, 1, values), VM_OK);
    fixture_write(&f, donor, 0, 2);
    vmo_op_init_supply_from(&op, slice, PAGES(1), PAGES(1), donor, PAGES(1));
    cr_assert_eq(finish(&op), VM_OK);
    expect_contents(pager, "? 11 101 ? ");
    expect_contents(donor, "100 0 ");
    cr_assert_eq(fixture_supply(slice, 0, 0, values), VM_OK, "nothing");
    vmo_close(donor);
    vmo_close(slice);
    vmo_close(pager);
}

Test(cow_pager, what_is_there_wins_over_what_is_supplied)
{
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 6, false);
    struct vmo *donor = fixed(VMO_ANONYMOUS, 6);
    struct vmo_op op;
    fixture_zero(pager, 1, 3);
    cr_assert_eq(fixture_supply(pager, 4, 5, NULL), VM_OK);
    fixture_write(&f, donor, 0, 6);
    compress(donor, 0);
    compress(donor, 4);
    vmo_op_init_supply_from(&op, pager, 0, PAGES(6), donor, 0);
    cr_assert_eq(finish(&op), VM_OK);
    expect_contents(pager, "100 0 0 103 0 105 ");
    cr_assert_eq(f.machine.stats.reference_count, 0);
    vmo_close(donor);
    vmo_close(pager);
}

Test(cow_pager, holes_are_supplied_as_zeros)
{
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 3, false);
    struct vmo *donor = fixed(VMO_ANONYMOUS, 3);
    struct vmo_op op;
    fixture_write(&f, donor, 1, 2);
    vmo_op_init_supply_from(&op, pager, 0, PAGES(3), donor, 0);
    cr_assert_eq(finish(&op), VM_OK);
    expect_contents(pager, "0 100 0 ");
    cr_assert(slot_is_marker(fixture_slot(vmo_cow(pager), 0)));
    vmo_close(donor);
    vmo_close(pager);
}

/* --- take ---------------------------------------------------------------------- */

Test(cow_pager, a_clone_gives_its_own_pages_away)
{
    struct vmo *plain = fixed(VMO_ANONYMOUS, 4);
    fixture_write(&f, plain, 0, 4);
    compress(plain, 3);
    struct vmo *clone = fixture_clone(&f, plain, CLONE_SNAPSHOT, 0, 4);
    struct vmo *into = fixed(VMO_ANONYMOUS, 3);
    struct vmo_op op;
    fixture_write(&f, clone, 2, 3);
    vmo_op_init_take(&op, clone, PAGES(1), PAGES(3), into);
    cr_assert_eq(finish(&op), VM_OK);
    expect_contents(into, "101 104 103 ");
    expect_contents(clone, "100 0 0 0 ");
    expect_contents(plain, "100 101 102 103 ");
    cr_assert_eq(fixture_committed(clone), 3, "real pages of zeros");
    vmo_close(into);
    vmo_close(clone);
    vmo_close(plain);
}

Test(cow_pager, a_slice_gives_its_parents_pages_away)
{
    struct vmo *plain = fixed(VMO_ANONYMOUS, 4);
    struct vmo *slice = slice_of(plain, 1, 2);
    struct vmo *into = fixed(VMO_ANONYMOUS, 2);
    struct vmo_op op;
    fixture_write(&f, plain, 0, 4);
    vmo_op_init_take(&op, slice, 0, PAGES(2), into);
    cr_assert_eq(finish(&op), VM_OK);
    expect_contents(into, "101 102 ");
    expect_contents(plain, "100 0 0 103 ");
    vmo_close(into);
    vmo_close(slice);
    vmo_close(plain);
}

/* What is shared is forked first, so that only the taker sees the change. */
Test(cow_pager, content_is_put_into_a_clone)
{
    struct vmo *plain = fixed(VMO_ANONYMOUS, 3);
    fixture_write(&f, plain, 0, 3);
    struct vmo *clone = fixture_clone(&f, plain, CLONE_SNAPSHOT, 0, 3);
    struct vmo *donor = fixed(VMO_ANONYMOUS, 2);
    struct vmo_op op;
    fixture_write(&f, donor, 0, 1);
    compress(donor, 0);
    vmo_op_init_take(&op, donor, 0, PAGES(2), clone);
    cr_assert_eq(finish(&op), VM_OK);
    expect_contents(clone, "103 0 102 ");
    expect_contents(plain, "100 101 102 ");
    expect_contents(donor, "0 0 ");
    vmo_close(donor);
    vmo_close(clone);
    vmo_close(plain);
}

static void take_all_memory(struct page_chain *chain)
{
    struct pmm *pmm = &f.machine.pmm;
    static const uint64_t mark = 16;
    pmm_set_watermarks(pmm, &mark, 1, 1);
    cr_assert_eq(pmm_alloc_pages(pmm, pmm->free_pages, PMM_ALLOC_ANY, chain),
                 VM_OK);
}

/* Run until it waits for memory; then there is some again, and it ends well. */
static void expect_waits_and_ends(struct vmo_op *op)
{
    struct page_chain all = PAGE_CHAIN_EMPTY;
    take_all_memory(&all);
    cr_assert_eq(vmo_op_run(op), VM_SHOULD_WAIT);
    cr_assert_eq(op->request.state, REQUEST_MEMORY);
    fixture_check(&f);
    pmm_free_chain(&f.machine.pmm, &all);
    cr_assert_eq(vmo_op_run(op), VM_OK);
    vmo_op_release(op);
    fixture_check(&f);
}

/* The same, given up while it waits: nothing is left behind. */
static void expect_waits_and_is_aborted(struct vmo_op *op)
{
    struct page_chain all = PAGE_CHAIN_EMPTY;
    take_all_memory(&all);
    cr_assert_eq(vmo_op_run(op), VM_SHOULD_WAIT);
    vmo_op_abort(op, VM_TIMED_OUT);
    vmo_op_release(op);
    fixture_check(&f);
    pmm_free_chain(&f.machine.pmm, &all);
}

Test(cow_pager, waiting_for_memory_in_the_middle_loses_nothing)
{
    struct vmo *plain = fixed(VMO_ANONYMOUS, 4);
    fixture_write(&f, plain, 0, 4);
    struct vmo *clone = fixture_clone(&f, plain, CLONE_SNAPSHOT, 0, 4);
    struct vmo *into = fixed(VMO_ANONYMOUS, 2);
    struct vmo *pager = fixed(VMO_PAGER, 4);
    struct vmo_op op;

    vmo_op_init_take(&op, clone, 0, PAGES(2), into);
    expect_waits_and_ends(&op);
    expect_contents(into, "100 101 ");

    compress(into, 0);
    vmo_op_init_supply_from(&op, pager, 0, PAGES(2), into, 0);
    expect_waits_and_ends(&op);
    expect_contents(pager, "100 101 ? ? ");

    struct vmo *donor = fixed(VMO_ANONYMOUS, 2);
    struct vmo *second = fixture_clone(&f, plain, CLONE_SNAPSHOT, 0, 4);
    vmo_op_init_take(&op, donor, 0, PAGES(2), second);
    expect_waits_and_ends(&op);
    expect_contents(second, "0 0 102 103 ");
    vmo_close(second);
    vmo_close(donor);

    cr_assert_eq(vmo_op_init_supply(&op, pager, PAGES(2), PAGES(2), values),
                 VM_OK);
    expect_waits_and_ends(&op);
    expect_contents(pager, "100 101 11 12 ");

    cr_assert_eq(vmo_op_init_write(&op, clone, PAGES(2), PAGES(2), values),
                 VM_OK);
    expect_waits_and_ends(&op);
    expect_contents(clone, "0 0 11 12 ");

    vmo_op_init_commit(&op, into, 0, PAGES(2));
    expect_waits_and_ends(&op);
    cr_assert_eq(fixture_committed(into), 2);
    vmo_close(pager);
    vmo_close(into);
    vmo_close(clone);
    vmo_close(plain);
}

Test(cow_pager, an_operation_given_up_frees_what_it_held)
{
    struct vmo *pager = fixed(VMO_PAGER, 4);
    struct vmo *donor = fixed(VMO_ANONYMOUS, 4);
    struct vmo_op op;
    uint64_t before = fixture_pages_in_use(&f);
    cr_assert_eq(vmo_op_init_supply(&op, pager, 0, PAGES(2), values), VM_OK);
    expect_waits_and_is_aborted(&op);
    cr_assert_eq(fixture_pages_in_use(&f), before);

    fixture_write(&f, donor, 0, 4);
    compress(donor, 1);
    compress(donor, 2);
    vmo_op_init_supply_from(&op, pager, 0, PAGES(4), donor, 0);
    expect_waits_and_is_aborted(&op);
    cr_assert_eq(f.machine.stats.object_pages, 1, "what got there is there");
    cr_assert_eq(fixture_content(pager, 0), 100);
    cr_assert_eq(f.machine.stats.reference_count, 0);
    cr_assert_eq(fixture_pages_in_use(&f),
                 1 + compressor_held_pages(f.machine.compressor));
    vmo_close(donor);
    vmo_close(pager);
}

/* --- dirty --------------------------------------------------------------------- */

Test(cow_pager, leave_to_dirty_waits_for_memory)
{
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 16, true);
    struct vmo_op op;
    cr_assert_eq(fixture_supply(pager, 0, 1, values), VM_OK);
    cr_assert_eq(fixture_supply(pager, 1, 2, NULL), VM_OK);
    fixture_zero(pager, 2, 6);
    vmo_op_init_dirty(&op, pager, 0, PAGES(4));
    expect_waits_and_ends(&op);
    for (uint64_t page = 0; page < 4; page++) {
        page_index at = vm_cow_debug_get_page(vmo_cow(pager), PAGES(page));
        cr_assert(vm_page_is_dirty(vm_page_of(&f.machine, at)));
    }
    vmo_op_init_dirty(&op, pager, PAGES(4), PAGES(2));
    uint64_t in_use = fixture_pages_in_use(&f);
    expect_waits_and_is_aborted(&op);
    cr_assert_eq(fixture_pages_in_use(&f), in_use);
    vmo_close(pager);
}

/* All at once would leave nothing free, which is refused; one by one does. What
 * is short is waited for, and what there was is kept. */
Test(cow_pager, leave_to_dirty_gathers_its_pages_one_by_one)
{
    struct pmm *pmm = &f.machine.pmm;
    const uint64_t mark = 1;
    for (uint64_t left = 2; left < 5; left++) {
        struct vmo *pager = fixture_create(&f, VMO_PAGER, 4, true);
        struct page_chain all = PAGE_CHAIN_EMPTY;
        struct vmo_op op;
        fixture_zero(pager, 0, 4);
        pmm_set_watermarks(pmm, &mark, 1, 1);
        cr_assert_eq(
            pmm_alloc_pages(pmm, pmm->free_pages - left, PMM_ALLOC_ANY, &all),
            VM_OK);
        vmo_op_init_dirty(&op, pager, 0, PAGES(4));
        enum vm_status status = vmo_op_run(&op);
        cr_assert_eq(status, left < 4 ? VM_SHOULD_WAIT : VM_OK);
        cr_assert_eq(op.spare_pages.count, left < 4 ? left : 0);
        pmm_free_chain(pmm, &all);
        if (status == VM_SHOULD_WAIT)
            cr_assert_eq(vmo_op_run(&op), VM_OK);
        vmo_op_release(&op);
        cr_assert_eq(fixture_committed(pager), 4);
        fixture_check(&f);
        vmo_close(pager);
    }
}

/* Two pages are dirty already: the run before them is answered. */
Test(cow_pager, leave_to_dirty_answers_what_was_not_dirty)
{
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 6, true);
    struct vmo_op first, writer;
    cr_assert_eq(fixture_supply(pager, 0, 6, values), VM_OK);
    vmo_op_init_dirty(&first, pager, PAGES(2), PAGES(2));
    cr_assert_eq(finish(&first), VM_OK);
    cr_assert_eq(vmo_op_init_write(&writer, pager, 0, PAGES(2), values), VM_OK);
    cr_assert_eq(vmo_op_run(&writer), VM_SHOULD_WAIT);
    vmo_op_init_dirty(&first, pager, 0, PAGES(4));
    cr_assert_eq(finish(&first), VM_OK);
    cr_assert_eq(writer.request.state, REQUEST_DONE);
    cr_assert_eq(vmo_op_run(&writer), VM_OK);
    vmo_op_release(&writer);
    expect_contents(pager, "11 12 13 14 15 16 ");
    vmo_close(pager);
}

/* A refused leave answers the requests, so that they ask again. */
Test(cow_pager, a_failed_leave_to_dirty_answers_all_the_same)
{
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 6, true);
    struct vmo_op dirty, writer;
    cr_assert_eq(fixture_supply(pager, 0, 3, values), VM_OK);
    vmo_op_init_dirty(&dirty, pager, 0, PAGES(2));
    cr_assert_eq(finish(&dirty), VM_OK);
    cr_assert_eq(vmo_op_init_write(&writer, pager, PAGES(2), PAGES(1), values),
                 VM_OK);
    cr_assert_eq(vmo_op_run(&writer), VM_SHOULD_WAIT);
    vmo_op_init_dirty(&dirty, pager, 0, PAGES(4));
    cr_assert_eq(finish(&dirty), VM_NOT_FOUND, "page 3 is not there");
    cr_assert_eq(writer.request.state, REQUEST_DONE);
    cr_assert_eq(vmo_op_run(&writer), VM_SHOULD_WAIT, "it asks again");
    vmo_op_abort(&writer, VM_TIMED_OUT);
    vmo_op_release(&writer);
    vmo_close(pager);
}

Test(cow_pager, preparing_a_write_by_hand)
{
    struct vmo *trapping = fixture_create(&f, VMO_PAGER, 8, true);
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 4, false);
    struct page_request request;
    uint64_t dirty = 9;
    page_request_init(&request);
    cr_assert_eq(fixture_supply(trapping, 0, 2, values), VM_OK);
    cr_assert_eq(fixture_supply(pager, 0, 2, values), VM_OK);
    fixture_zero(pager, 3, 4);

    cr_assert_eq(
        vm_cow_prepare_for_write(vmo_cow(trapping), 0, 0, &request, &dirty),
        VM_OK);
    cr_assert_eq(dirty, 0);
    cr_assert_eq(vm_cow_prepare_for_write(vmo_cow(trapping), PAGES(2), PAGES(1),
                                          &request, &dirty),
                 VM_OK, "a gap is nobody's to dirty");
    cr_assert_eq(dirty, 0);
    cr_assert_eq(
        vm_cow_prepare_for_write(vmo_cow(pager), 0, PAGES(4), &request, &dirty),
        VM_OK);
    cr_assert_eq(dirty, PAGES(2), "up to the first that is no page");
    cr_assert_eq(vm_cow_prepare_for_write(vmo_cow(trapping), 0, PAGES(8),
                                          &request, &dirty),
                 VM_SHOULD_WAIT);
    cr_assert_eq(dirty, 0);
    cr_assert_eq(request.length, PAGES(2));
    page_request_cancel(&request);
    vmo_close(pager);
    vmo_close(trapping);
}

Test(cow_pager, failing_requests_by_hand)
{
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 4, false);
    struct vm_cow_pages *cow = vmo_cow(pager);
    struct vmo_op reader;
    vmo_op_init_read(&reader, pager, 0, PAGES(2));
    cr_assert_eq(vmo_op_run(&reader), VM_SHOULD_WAIT);
    cr_assert_eq(vm_cow_fail_page_requests(cow, 0, PAGES(1), VM_NOT_FOUND),
                 VM_INVALID_ARGS);
    cr_assert_eq(vm_cow_fail_page_requests(cow, 0, PAGES(1), VM_NO_MEMORY),
                 VM_OK, "the core may say so");
    cr_assert_eq(vmo_op_run(&reader), VM_NO_MEMORY);
    vmo_op_release(&reader);
    vmo_close(pager);
}

/* What is cut off while a commit waits is as good as done. */
Test(cow_pager, a_commit_outlives_its_range)
{
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 4, false);
    struct vmo_op op;
    vmo_op_init_commit(&op, pager, PAGES(2), PAGES(2));
    cr_assert_eq(vmo_op_run(&op), VM_SHOULD_WAIT);
    cr_assert_eq(vmo_resize(pager, PAGES(1)), VM_OK);
    cr_assert_eq(vmo_op_run(&op), VM_OK);
    vmo_op_release(&op);
    vmo_close(pager);
}

/* --- writeback, detach ------------------------------------------------------------ */

struct ranges {
    char text[64];
    enum vm_status status;
};

static enum vm_status note_range(void *context, uint64_t offset,
                                 uint64_t length, bool is_zero)
{
    struct ranges *ranges = context;
    size_t used = strlen(ranges->text);
    snprintf(ranges->text + used, sizeof ranges->text - used, "%ju+%ju%s ",
             (uintmax_t)bytes_to_pages(offset),
             (uintmax_t)bytes_to_pages(length), is_zero ? "z" : "");
    return ranges->status;
}

Test(cow_pager, dirty_ranges_are_listed_until_the_callback_stops)
{
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 16, false);
    cr_assert_eq(fixture_supply(pager, 0, 4, values), VM_OK);
    fixture_write(&f, pager, 1, 3);
    fixture_zero(pager, 8, 12);
    const struct {
        uint64_t start, end;
        enum vm_status answer, status;
        const char *text;
    } cases[] = {
        {0, 16, VM_NEXT, VM_OK, "1+2 8+4z "},
        {0, 16, VM_STOP, VM_OK, "1+2 "},
        {0, 16, VM_IO, VM_IO, "1+2 "},
        {2, 9, VM_NEXT, VM_OK, "2+1 8+1z "},
        {9, 11, VM_NEXT, VM_OK, "9+2z "},
        {9, 11, VM_IO, VM_IO, "9+2z "},
        {4, 16, VM_IO, VM_IO, "8+4z "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ranges ranges = {.status = cases[i].answer};
        cr_assert_eq(vmo_dirty_ranges(pager, PAGES(cases[i].start),
                                      PAGES(cases[i].end - cases[i].start),
                                      note_range, &ranges),
                     cases[i].status, "case %zu", i);
        cr_assert_str_eq(ranges.text, cases[i].text, "case %zu: %s", i,
                         ranges.text);
    }
    vmo_close(pager);
}

Test(cow_pager, writing_back_goes_page_by_page_and_interval_by_interval)
{
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 16, false);
    struct ranges ranges = {.status = VM_NEXT};
    cr_assert_eq(fixture_supply(pager, 0, 4, values), VM_OK);
    cr_assert_eq(fixture_supply(pager, 6, 7, NULL), VM_OK);
    fixture_write(&f, pager, 1, 2);
    fixture_write(&f, pager, 3, 4);
    fixture_zero(pager, 8, 12);
    fixture_zero(pager, 14, 15);
    cr_assert_eq(vmo_writeback_begin(pager, 0, PAGES(10), false), VM_OK);
    fixture_write(&f, pager, 3, 4);
    cr_assert_eq(vmo_writeback_end(pager, 0, PAGES(16)), VM_OK);
    cr_assert_eq(vmo_dirty_ranges(pager, 0, PAGES(16), note_range, &ranges),
                 VM_OK);
    cr_assert_str_eq(ranges.text, "3+1 10+2z 14+1z ",
                     "written again, not begun, not begun: %s", ranges.text);
    vmo_close(pager);
}

/* What a range begins within is none of its business. */
Test(cow_pager, writing_back_from_the_middle_of_an_interval_does_nothing)
{
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 16, false);
    struct ranges ranges = {.status = VM_NEXT};
    fixture_zero(pager, 2, 8);
    cr_assert_eq(vmo_writeback_begin(pager, PAGES(4), PAGES(8), false), VM_OK);
    cr_assert_eq(vmo_writeback_end(pager, PAGES(4), PAGES(8)), VM_OK);
    cr_assert_eq(vmo_dirty_ranges(pager, 0, PAGES(16), note_range, &ranges),
                 VM_OK);
    cr_assert_str_eq(ranges.text, "2+6z ", "%s", ranges.text);
    vmo_close(pager);
}

Test(cow_pager, a_contiguous_object_is_nobodys_to_write_back)
{
    struct vmo *frames = fixed(VMO_CONTIGUOUS, 2);
    struct vm_cow_pages *cow = vmo_cow(frames);
    bool is_modified;
    cr_assert_eq(vm_cow_writeback_begin(cow, 0, PAGES(1), false),
                 VM_NOT_SUPPORTED);
    cr_assert_eq(vm_cow_writeback_end(cow, 0, PAGES(1)), VM_NOT_SUPPORTED);
    cr_assert_eq(vm_cow_query_pager_vmo_stats(cow, true, &is_modified),
                 VM_NOT_SUPPORTED);
    vmo_close(frames);
}

/* Committing for a read: a zero that was supplied is clean, one that the
 * object grew by or was zeroed to has to go back. */
Test(cow_pager, committed_zeros_are_as_dirty_as_they_were)
{
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 4, false);
    struct vmo_op op;
    cr_assert_eq(fixture_supply(pager, 0, 2, NULL), VM_OK);
    fixture_zero(pager, 2, 4);
    vmo_op_init_commit(&op, pager, 0, PAGES(4));
    cr_assert_eq(finish(&op), VM_OK);
    for (uint64_t page = 0; page < 4; page++) {
        page_index at = vm_cow_debug_get_page(vmo_cow(pager), PAGES(page));
        cr_assert_neq(at, PAGE_NONE);
        cr_assert_eq(vm_page_is_dirty(vm_page_of(&f.machine, at)), page >= 2,
                     "page %ju", (uintmax_t)page);
    }
    uint64_t committed = 9;
    cr_assert_eq(vm_cow_commit_range(vmo_cow(pager), 0, 0, &committed, NULL),
                 VM_OK);
    cr_assert_eq(committed, 0);
    vmo_close(pager);
}

/* Clean and zero content can be had again; dirty content can't. */
Test(cow_pager, detaching_keeps_what_is_dirty)
{
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 16, false);
    struct vm_cow_pages *cow = vmo_cow(pager);
    cr_assert_eq(fixture_supply(pager, 0, 3, values), VM_OK);
    cr_assert_eq(fixture_supply(pager, 3, 4, NULL), VM_OK);
    fixture_write(&f, pager, 1, 3);
    fixture_zero(pager, 8, 12);
    cr_assert_eq(vmo_writeback_begin(pager, PAGES(2), PAGES(1), false), VM_OK);
    cr_assert_eq(vmo_detach(pager), VM_OK);
    cr_assert(vm_cow_debug_is_empty(cow, 0), "clean");
    cr_assert(vm_cow_debug_is_page(cow, PAGES(1)), "dirty");
    cr_assert(vm_cow_debug_is_page(cow, PAGES(2)), "on its way back");
    cr_assert(vm_cow_debug_is_empty(cow, PAGES(3)), "a marker");
    cr_assert(vm_cow_debug_is_in_interval(cow, PAGES(9)), "dirty zeros");
    fixture_check(&f);
    vmo_close(pager);
}
