/*
 * Memory runs out in the middle: what has been done by then must be right as
 * it is, and what is done later must know of it.
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

TestSuite(cow_memory, .init = set_up, .fini = tear_down);

/* An object that leaves so many pages free. */
static struct vmo *take_all_but(uint64_t pages)
{
    uint64_t count = f.machine.pmm.free_pages - pages;
    struct vmo *hog = fixture_create(&f, VMO_ANONYMOUS, count, false);
    fixture_write(&f, hog, 0, count);
    cr_assert_eq(f.machine.pmm.free_pages, pages);
    return hog;
}

static struct vm_mapping *map_and_read(struct vmo *vmo)
{
    struct vm_mapping *mapping;
    struct vmo_op op;
    cr_assert_eq(vmo_map(vmo, 0, 1, true, false, &mapping), VM_OK);
    vmo_op_init_fault(&op, vmo, mapping, 0, false, 0);
    cr_assert_eq(vmo_op_run(&op), VM_OK);
    cr_assert(mapping_access(mapping, 0, false));
    return mapping;
}

/*
 *   [H1 x]          A writes: x is copied into H2, then memory runs out. All
 *   /    \          below H2 read the copy, and B may take x over and write
 * [B]    [H2]       to it: nobody but B may have it mapped.
 *        /  \
 *      [D]  [H3]
 *           /  \
 *         [E]  [A]
 */
Test(cow_memory, a_fork_that_stops_midway_leaves_nobody_with_the_old_page)
{
    struct vmo *a = fixture_create(&f, VMO_ANONYMOUS, 1, false);
    fixture_write(&f, a, 0, 1);
    uint64_t before = fixture_content(a, 0);
    struct vmo *b = fixture_clone(&f, a, CLONE_SNAPSHOT, 0, 1);
    struct vmo *d = fixture_clone(&f, a, CLONE_SNAPSHOT, 0, 1);
    struct vmo *e = fixture_clone(&f, a, CLONE_SNAPSHOT, 0, 1);
    struct vmo *readers[] = {d, e, a};
    struct vm_mapping *mappings[3];
    for (int i = 0; i < 3; i++)
        mappings[i] = map_and_read(readers[i]);
    struct vmo *hog = take_all_but(1);

    struct vmo_op op;
    vmo_op_init_fault(&op, a, mappings[2], 0, true, 1);
    cr_assert_eq(vmo_op_run(&op), VM_NO_MEMORY);
    fixture_write(&f, b, 0, 1);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(fixture_content(readers[i], 0), before);
        cr_assert_not(mapping_access(mappings[i], 0, false));
        vmo_unmap(readers[i], mappings[i]);
    }
    fixture_check(&f);
    vmo_close(hog);
    vmo_close(b);
    vmo_close(d);
    vmo_close(e);
    vmo_close(a);
}

static struct vmo *create_waiting(uint64_t pages)
{
    struct vmo_create_args args = {
        .kind = VMO_ANONYMOUS,
        .size = PAGES(pages),
        .can_wait = true,
        .user_id = f.next_user_id++,
        .compressibility = 0.4,
    };
    struct vmo *vmo = NULL;
    cr_assert_eq(vmo_create(&f.machine, &args, &vmo), VM_OK);
    return vmo;
}

Test(cow_memory, a_take_goes_on_when_the_parent_has_gone)
{
    static const uint64_t marks[] = {1, 2, 3, 4};
    struct vmo *original = create_waiting(2);
    fixture_write(&f, original, 0, 2);
    uint64_t contents[] = {fixture_content(original, 0),
                           fixture_content(original, 1)};
    struct vmo *clone = fixture_clone(&f, original, CLONE_SNAPSHOT, 0, 2);
    struct vmo *into = create_waiting(2);
    struct vmo *hog = take_all_but(3);
    pmm_set_watermarks(&f.machine.pmm, marks, 4, 1);

    /* The first page needs two, a copy and zeros to stay; so does the next. */
    struct vmo_op op;
    vmo_op_init_take(&op, clone, 0, PAGES(2), into);
    cr_assert_eq(vmo_op_run(&op), VM_SHOULD_WAIT);
    cr_assert_eq(op.taken_bytes, PAGES(1));
    vmo_close(original);
    vmo_close(hog);
    cr_assert_eq(vmo_op_run(&op), VM_OK);
    vmo_op_release(&op);

    for (uint64_t page = 0; page < 2; page++) {
        cr_assert_eq(fixture_content(into, page), contents[page]);
        cr_assert_eq(fixture_content(clone, page), 0);
    }
    vmo_close(clone);
    vmo_close(into);
    cr_assert_eq(fixture_pages_in_use(&f), 0, "nothing is lost on the way");
}

/* Its second page can't be had any more: what had moved returns. (After a wait
 * it would not: somebody else may have put other content there.) */
Test(cow_memory, a_take_that_fails_midway_has_taken_nothing)
{
    static const uint64_t values[] = {7};
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 2, false);
    struct vmo *clone =
        fixture_clone(&f, pager, CLONE_SNAPSHOT_AT_LEAST_ON_WRITE, 0, 2);
    cr_assert_eq(fixture_supply(pager, 0, 1, values), VM_OK);
    fixture_write(&f, clone, 0, 1);
    uint64_t content = fixture_content(clone, 0);
    cr_assert_eq(vmo_detach(pager), VM_OK);
    struct vmo *into = create_waiting(2);

    struct vmo_op op;
    vmo_op_init_take(&op, clone, 0, PAGES(2), into);
    cr_assert_eq(vmo_op_run(&op), VM_BAD_STATE);
    vmo_op_release(&op);

    cr_assert_eq(fixture_content(clone, 0), content);
    cr_assert_eq(fixture_content(into, 0), 0);
    fixture_check(&f);
    vmo_close(into);
    vmo_close(clone);
    vmo_close(pager);
}
