/* Resizing, where the rule is not told by any other test. */
#include "core_fixture.h"

/*
 *          [P]                 [P]         N came to see nothing of P below
 *           |                   |          page 2 (its start limit). Then P
 *          [Q]                 [N 2..8)    shrinks to less than that: a window
 *         /   \        ==>     /   \       that is empty has no start either.
 *       [Y]   [N 2..8)       [X]   [C]
 *             /   \
 *           [X]   [C]
 */
Test(cow_resize, a_window_that_a_shrink_empties_has_no_start)
{
    struct fixture f;
    fixture_init(&f, 64);
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 8, false);
    struct vmo *first = fixture_clone(&f, pager, CLONE_SNAPSHOT_MODIFIED, 0, 8);
    struct vmo *y = fixture_clone(&f, first, CLONE_SNAPSHOT_MODIFIED, 0, 8);
    struct vmo *x = fixture_clone(&f, first, CLONE_SNAPSHOT_MODIFIED, 2, 6);
    struct vmo *c = fixture_clone(&f, first, CLONE_SNAPSHOT_MODIFIED, 2, 6);
    vmo_close(first); /* only Y still sees pages 0 and 1 through Q */
    vmo_close(y);     /* N takes Q's place */
    fixture_check(&f);

    cr_assert_eq(vmo_resize(pager, PAGES(1)), VM_OK);
    fixture_check(&f);
    cr_assert_eq(vmo_resize(pager, PAGES(8)), VM_OK);
    cr_assert_eq(fixture_content(x, 0), 0, "what was cut off stays cut off");
    vmo_close(x);
    vmo_close(c);
    vmo_close(pager);
    fixture_release(&f);
}
