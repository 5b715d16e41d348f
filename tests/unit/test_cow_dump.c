/*
 * The picture of a node that one wants in a debugger names all that is there.
 */
#include "core_fixture.h"

static struct fixture f;

static void set_up(void)
{
    fixture_init(&f, 64);
}

static void tear_down(void)
{
    fixture_release(&f);
}

TestSuite(cow_dump, .init = set_up, .fini = tear_down);

static const uint64_t values[4] = {11, 12, 13, 14};

/* `parts`, each in the dump, in this order; the last is NULL. */
static void expect_dump(const struct vm_cow_pages *cow, bool verbose,
                        const char *const *parts)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *file = open_memstream(&text, &bytes);
    cr_assert_not_null(file);
    vm_cow_dump(cow, file, 1, verbose);
    fclose(file);
    const char *at = text;
    for (; *parts; parts++) {
        const char *found = strstr(at, *parts);
        cr_assert_not_null(found, "no '%s' in '%s'", *parts, at);
        at = found + strlen(*parts);
    }
    cr_assert_eq(strchr(text, '\n') + 1 == text + bytes, !verbose,
                 "one line, or one more for each slot");
    free(text);
}

#define PARTS(...) ((const char *const[]){__VA_ARGS__, NULL})

Test(cow_dump, every_kind_of_slot_is_shown)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 4, false);
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 16, true);
    struct vmo_op op;
    bool reclaimed;
    fixture_write(&f, plain, 0, 3);
    for (uint64_t page = 1; page < 3; page++) {
        cr_assert_eq(vmo_reclaim_page(plain, PAGES(page), plain, PAGES(page),
                                      EVICTION_HINT_FOLLOW, true, &reclaimed),
                     VM_OK);
        cr_assert(reclaimed);
    }
    struct vmo *clone = fixture_clone(&f, plain, CLONE_SNAPSHOT, 0, 3);
    struct vm_cow_pages *hidden = vm_cow_debug_get_parent(vmo_cow(clone));
    fixture_write(&f, clone, 0, 1);
    fixture_zero(clone, 1, 2);
    expect_dump(hidden, true,
                PARTS("hidden", "4 pages", "children 2", "source none",
                      "page 0: frame", "content 100 queue anonymous pins 0 L",
                      "page 1: frame", " L", "page 2: reference"));
    expect_dump(vmo_cow(clone), true,
                PARTS("view [0, 3) at 0", "page 0: frame", "content 103",
                      "page 1: zero"));
    expect_dump(vmo_cow(plain), false, PARTS("charged 2+1"));
    fixture_write(&f, plain, 0, 1);
    fixture_write(&f, plain, 2, 3);

    cr_assert_eq(fixture_supply(pager, 0, 4, values), VM_OK);
    vmo_op_init_always_need(&op, pager, 0, PAGES(1));
    cr_assert_eq(vmo_op_run(&op), VM_OK);
    vmo_op_init_dirty(&op, pager, PAGES(1), PAGES(2));
    cr_assert_eq(vmo_op_run(&op), VM_OK);
    fixture_zero(pager, 8, 10);
    fixture_zero(pager, 12, 13);
    cr_assert_eq(vmo_writeback_begin(pager, PAGES(2), PAGES(7), false), VM_OK);
    expect_dump(vmo_cow(pager), true,
                PARTS("source pager", "page 0", "queue reclaim pins 0 clean A",
                      "page 1", "queue pager_dirty pins 0 dirty", "page 2",
                      "awaiting clean", "page 8: interval start",
                      "awaiting clean 1 pages", "page 9: interval end",
                      "page 12: interval slot"));
    vmo_close(pager);
    vmo_close(clone);
    vmo_close(plain);
}

Test(cow_dump, the_right_side_and_references_show_their_split)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 2, false);
    bool reclaimed;
    fixture_write(&f, plain, 0, 2);
    cr_assert_eq(vmo_reclaim_page(plain, 0, plain, 0, EVICTION_HINT_FOLLOW,
                                  true, &reclaimed),
                 VM_OK);
    struct vmo *clone = fixture_clone(&f, plain, CLONE_SNAPSHOT, 0, 2);
    struct vm_cow_pages *hidden = vm_cow_debug_get_parent(vmo_cow(clone));
    fixture_write(&f, plain, 1, 2);
    expect_dump(hidden, true, PARTS("page 0: reference", "page 1", " R"));
    vmo_close(clone);
    vmo_close(plain);
}

Test(cow_dump, sources_and_slices_are_named)
{
    struct vmo_create_args args = {
        .kind = VMO_CONTIGUOUS, .size = PAGES(2), .user_id = 900};
    struct vmo *frames, *slice;
    cr_assert_eq(vmo_create(&f.machine, &args, &frames), VM_OK);
    cr_assert_eq(vmo_create_slice(frames, 0, PAGES(1), 901, &slice), VM_OK);
    expect_dump(vmo_cow(frames), false, PARTS("source physical"));
    expect_dump(vmo_cow(slice), false, PARTS(" slice: 1 pages"));
    vmo_close(slice);
    vmo_close(frames);
}

Test(cow_dump, the_debug_queries_speak_of_the_nodes_own_list)
{
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 16, false);
    struct vmo *clone =
        fixture_clone(&f, pager, CLONE_SNAPSHOT_AT_LEAST_ON_WRITE, 0, 4);
    cr_assert_eq(fixture_supply(pager, 0, 2, values), VM_OK);
    cr_assert_eq(fixture_supply(pager, 2, 3, NULL), VM_OK);
    fixture_zero(pager, 8, 12);
    const struct vm_cow_pages *root = vmo_cow(pager), *leaf = vmo_cow(clone);
    cr_assert(vm_cow_debug_is_page(root, PAGES(1)));
    cr_assert(vm_cow_debug_is_marker(root, PAGES(2)));
    cr_assert(vm_cow_debug_is_empty(root, PAGES(9)));
    cr_assert(vm_cow_debug_is_in_interval(root, PAGES(9)));
    cr_assert_not(vm_cow_debug_is_in_interval(root, PAGES(12)));
    cr_assert(vm_cow_debug_is_empty(leaf, PAGES(1)), "its parent's");
    cr_assert_eq(vm_cow_debug_get_page(leaf, PAGES(1)), PAGE_NONE);
    cr_assert_eq(vm_cow_debug_page_count(root), 2);
    cr_assert_eq(vm_cow_debug_lookup_depth(leaf), 1);
    vmo_close(clone);
    vmo_close(pager);
}
