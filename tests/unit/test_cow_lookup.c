/*
 * Looking without asking: enumerating pages, cursors over what is there, and
 * whether a page would read as zero.
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

TestSuite(cow_lookup, .init = set_up, .fini = tear_down);

static const uint64_t values[8] = {11, 12, 13, 14, 15, 16, 17, 18};

struct seen {
    char text[64]; /* page numbers in order */
    uint64_t stop_at;
    enum vm_status status;
};

static enum vm_status note(void *context, uint64_t offset, page_index page)
{
    struct seen *seen = context;
    size_t length = strlen(seen->text);
    cr_assert_neq(page, PAGE_NONE);
    snprintf(seen->text + length, sizeof seen->text - length, "%ju ",
             (uintmax_t)bytes_to_pages(offset));
    return offset == seen->stop_at ? seen->status : VM_NEXT;
}

static void expect_seen(enum vm_status (*look)(struct vm_cow_pages *, uint64_t,
                                               uint64_t, vm_cow_lookup_fn,
                                               void *),
                        const struct vmo *vmo, uint64_t offset, uint64_t length,
                        const char *expected)
{
    struct seen seen = {.stop_at = UINT64_MAX};
    cr_assert_eq(look(vmo_cow(vmo), offset, length, note, &seen), VM_OK);
    cr_assert_str_eq(seen.text, expected);
}

/* Pages 0 to 3, the last compressed; a snapshot that has page 1 of its own
 * and a zero at 2; a slice of a fixed object. */
static struct vmo *plain, *clone;

static void make_tree(void)
{
    bool reclaimed;
    plain = fixture_create(&f, VMO_ANONYMOUS, 6, false);
    fixture_write(&f, plain, 0, 4);
    cr_assert_eq(vmo_reclaim_page(plain, PAGES(3), plain, PAGES(3),
                                  EVICTION_HINT_FOLLOW, true, &reclaimed),
                 VM_OK);
    clone = fixture_clone(&f, plain, CLONE_SNAPSHOT, 0, 6);
    fixture_write(&f, clone, 1, 2);
    fixture_zero(clone, 2, 3);
}

static void drop_tree(void)
{
    vmo_close(clone);
    vmo_close(plain);
}

Test(cow_lookup, own_pages_and_readable_pages)
{
    make_tree();
    expect_seen(vm_cow_lookup, clone, 0, PAGES(6), "1 ");
    expect_seen(vm_cow_lookup_readable, clone, 0, PAGES(6), "0 1 ");
    expect_seen(vm_cow_lookup_readable, plain, 0, PAGES(6), "0 1 2 ");
    expect_seen(vm_cow_lookup_readable, plain, PAGES(1) + 1, PAGES(1), "1 2 ");
    expect_seen(vm_cow_lookup, clone, PAGES(1) - 1, 2, "1 ");
    expect_seen(vm_cow_lookup, plain, 0, PAGES(6), "");
    drop_tree();
}

Test(cow_lookup, the_callback_ends_it)
{
    make_tree();
    struct vm_cow_pages *cow = vmo_cow(plain);
    struct seen seen = {.stop_at = PAGES(1), .status = VM_STOP};
    cr_assert_eq(vm_cow_lookup_readable(cow, 0, PAGES(6), note, &seen), VM_OK);
    cr_assert_str_eq(seen.text, "0 1 ");
    seen = (struct seen){.stop_at = 0, .status = VM_IO};
    cr_assert_eq(vm_cow_lookup_readable(cow, 0, PAGES(6), note, &seen), VM_IO);
    cr_assert_str_eq(seen.text, "0 ");
    seen = (struct seen){.stop_at = PAGES(1), .status = VM_IO};
    cr_assert_eq(vm_cow_lookup(vmo_cow(clone), 0, PAGES(6), note, &seen),
                 VM_IO);
    cr_assert_str_eq(seen.text, "1 ");
    drop_tree();
}

Test(cow_lookup, ranges_are_checked)
{
    make_tree();
    struct vm_cow_pages *cow = vmo_cow(plain);
    struct seen seen = {.text = ""};
    cr_assert_eq(vm_cow_lookup(cow, 0, 0, note, &seen), VM_INVALID_ARGS);
    cr_assert_eq(vm_cow_lookup_readable(cow, 0, 0, note, &seen),
                 VM_INVALID_ARGS);
    cr_assert_eq(vm_cow_lookup(cow, PAGES(5), PAGES(2), note, &seen),
                 VM_OUT_OF_RANGE);
    cr_assert_eq(vm_cow_lookup_readable(cow, PAGES(6), 1, note, &seen),
                 VM_OUT_OF_RANGE);
    struct vm_lookup_cursor cursor;
    cr_assert_eq(vm_cow_get_lookup_cursor(cow, PAGES(6), PAGES(1), &cursor),
                 VM_OUT_OF_RANGE);
    cr_assert_eq(vm_cow_get_lookup_cursor(cow, PAGES(5), PAGES(2), &cursor),
                 VM_OUT_OF_RANGE);
    cr_assert_str_eq(seen.text, "");
    drop_tree();
}

Test(cow_lookup, a_slice_speaks_in_its_own_offsets)
{
    struct vmo_create_args args = {
        .kind = VMO_ANONYMOUS, .size = PAGES(6), .user_id = 900};
    struct vmo *whole, *slice;
    cr_assert_eq(vmo_create(&f.machine, &args, &whole), VM_OK);
    fixture_write(&f, whole, 3, 5);
    cr_assert_eq(vmo_create_slice(whole, PAGES(2), PAGES(3), 901, &slice),
                 VM_OK);
    expect_seen(vm_cow_lookup, slice, 0, PAGES(3), "1 2 ");
    expect_seen(vm_cow_lookup_readable, slice, 0, PAGES(2), "1 ");
    vmo_close(slice);
    vmo_close(whole);
}

/* --- would it read as zero? ---------------------------------------------------- */

Test(cow_lookup, what_would_read_as_zero)
{
    make_tree();
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 16, false);
    cr_assert_eq(fixture_supply(pager, 0, 1, values), VM_OK);
    cr_assert_eq(fixture_supply(pager, 1, 2, NULL), VM_OK);
    fixture_zero(pager, 8, 12);
    struct vmo *child =
        fixture_clone(&f, pager, CLONE_SNAPSHOT_AT_LEAST_ON_WRITE, 0, 2);
    const struct {
        struct vmo *vmo;
        uint64_t page;
        bool is_zero;
    } cases[] = {
        {plain, 5, true},   /* never written, no source */
        {plain, 0, false},  /* a page above */
        {plain, 3, false},  /* a compressed one */
        {clone, 1, false},  /* its own page */
        {clone, 2, true},   /* its own marker */
        {pager, 0, false},  /* a page */
        {pager, 1, true},   /* a marker */
        {pager, 2, false},  /* the pager would have to be asked */
        {pager, 8, true},   /* an interval's start */
        {pager, 9, true},   /* within it */
        {pager, 12, false}, /* past it */
        {child, 1, false},  /* a marker above counts as content */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_eq(vm_cow_page_would_read_zero(vmo_cow(cases[i].vmo),
                                                 PAGES(cases[i].page)),
                     cases[i].is_zero, "case %zu", i);
    vmo_close(child);
    vmo_close(pager);
    drop_tree();
}

Test(cow_lookup, peeking_says_where_a_pager_would_be_asked)
{
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 16, false);
    uint64_t content = 5;
    fixture_zero(pager, 8, 12);
    cr_assert_not(vm_cow_peek_content(vmo_cow(pager), 0, &content));
    cr_assert(vm_cow_peek_content(vmo_cow(pager), PAGES(9), &content));
    cr_assert_eq(content, 0);
    vmo_close(pager);
}

/* --- cursors --------------------------------------------------------------------- */

static struct vm_lookup_cursor cursor_over(const struct vmo *vmo,
                                           uint64_t start, uint64_t end)
{
    struct vm_lookup_cursor cursor;
    cr_assert_eq(vm_cow_get_lookup_cursor(vmo_cow(vmo), PAGES(start),
                                          PAGES(end - start), &cursor),
                 VM_OK);
    return cursor;
}

Test(cow_lookup, missing_pages_are_skipped_in_one_step)
{
    make_tree();
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 16, false);
    fixture_zero(pager, 8, 12);

    struct vm_lookup_cursor cursor = cursor_over(plain, 0, 6);
    cr_assert_eq(vm_cursor_skip_missing_pages(&cursor), 0, "a page is there");
    cursor = cursor_over(plain, 4, 6);
    cr_assert_eq(vm_cursor_skip_missing_pages(&cursor), 2);
    cursor = cursor_over(pager, 0, 16);
    cr_assert_eq(vm_cursor_skip_missing_pages(&cursor), 8);
    cr_assert_eq(vm_cursor_skip_missing_pages(&cursor), 0,
                 "zeros are no missing pages");
    cursor = cursor_over(pager, 9, 16);
    cr_assert_eq(vm_cursor_skip_missing_pages(&cursor), 0);
    vmo_close(pager);
    drop_tree();
}

Test(cow_lookup, pages_that_exist_are_taken_in_a_run)
{
    make_tree();
    page_index pages[6];
    struct vm_lookup_cursor cursor = cursor_over(plain, 0, 6);
    cr_assert_eq(vm_cursor_if_exist_pages(&cursor, false, 6, pages), 0,
                 "accesses would have to be marked");
    vm_cursor_disable_mark_accessed(&cursor);
    cr_assert_eq(vm_cursor_if_exist_pages(&cursor, true, 6, pages), 0,
                 "none is its own to write");
    cr_assert_eq(vm_cursor_if_exist_pages(&cursor, false, 2, pages), 2);
    cr_assert_eq(vm_cursor_if_exist_pages(&cursor, false, 6, pages), 1);
    cr_assert_eq(vm_cursor_if_exist_pages(&cursor, false, 6, pages), 0,
                 "a reference is no page");
    drop_tree();
}

Test(cow_lookup, a_usable_page_needs_no_work)
{
    make_tree();
    struct vm_lookup_cursor cursor = cursor_over(clone, 0, 6);
    cr_assert_eq(vm_cursor_maybe_page(&cursor, true), PAGE_NONE, "shared");
    cr_assert_eq(vm_cursor_maybe_page(&cursor, true),
                 vm_cow_debug_get_page(vmo_cow(clone), PAGES(1)));
    cr_assert_eq(vm_cursor_maybe_page(&cursor, false), PAGE_NONE, "a marker");
    cr_assert_eq(vm_cursor_maybe_page(&cursor, false), PAGE_NONE,
                 "a reference");
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 1, false);
    cr_assert_eq(fixture_supply(pager, 0, 1, values), VM_OK);
    cursor = cursor_over(pager, 0, 1);
    cr_assert_eq(vm_cursor_maybe_page(&cursor, true), PAGE_NONE,
                 "writing a pager's page is work");
    cursor = cursor_over(pager, 0, 1);
    cr_assert_neq(vm_cursor_maybe_page(&cursor, false), PAGE_NONE);
    vmo_close(pager);
    drop_tree();
}

Test(cow_lookup, a_writing_look_up_marks_the_object_modified)
{
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 2, false);
    struct vmo_op op;
    cr_assert_eq(fixture_supply(pager, 0, 2, values), VM_OK);
    vmo_op_init_lookup(&op, pager, 0, false, true, true);
    cr_assert_eq(vmo_op_run(&op), VM_OK);
    cr_assert_eq(op.values[0], 11);
    vmo_op_release(&op);
    bool is_modified;
    cr_assert_eq(vmo_query_stats(pager, true, &is_modified), VM_OK);
    cr_assert_not(is_modified);
    vmo_op_init_lookup(&op, pager, PAGES(1), true, true, false);
    cr_assert_eq(vmo_op_run(&op), VM_OK);
    vmo_op_release(&op);
    cr_assert_eq(vmo_query_stats(pager, true, &is_modified), VM_OK);
    cr_assert(is_modified);
    vmo_op_init_lookup(&op, pager, 0, false, false, false);
    cr_assert_eq(vmo_op_run(&op), VM_OK);
    cr_assert_eq(op.values[0], 11);
    vmo_op_release(&op);
    vmo_close(pager);
}
