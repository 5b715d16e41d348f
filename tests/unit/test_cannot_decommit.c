/*
 * Objects whose zeros may not be decommitted (kCannotDecommitZeroPages): what
 * is zeroed keeps or gets a page, and nobody is left with a page that has gone.
 */
#include "core_fixture.h"

static struct fixture f;

static struct vmo *create(enum vmo_kind kind, uint64_t pages)
{
    struct vmo_create_args args = {
        .kind = kind,
        .size = PAGES(pages),
        .cannot_decommit_zero = true,
        .user_id = f.next_user_id++,
        .compressibility = 0.4,
    };
    struct vmo *vmo = NULL;
    cr_assert_eq(vmo_create(&f.machine, &args, &vmo), VM_OK);
    return vmo;
}

static void set_up(void)
{
    fixture_init(&f, 64);
}

static void tear_down(void)
{
    fixture_release(&f);
}

TestSuite(cannot_decommit, .init = set_up, .fini = tear_down);

Test(cannot_decommit, zeroing_a_hole_commits_zero_pages)
{
    struct vmo *vmo = create(VMO_ANONYMOUS, 3);
    fixture_zero(vmo, 0, 2);
    cr_assert_eq(fixture_committed(vmo), 2);
    cr_assert_eq(fixture_content(vmo, 0), 0);
    vmo_close(vmo);
}

Test(cannot_decommit, zeroing_a_pagers_page_unmaps_it)
{
    struct vmo *vmo = create(VMO_PAGER, 1);
    uint64_t value = 7;
    struct vm_mapping *mapping;
    struct vmo_op op;
    cr_assert_eq(fixture_supply(vmo, 0, 1, &value), VM_OK);
    cr_assert_eq(vmo_map(vmo, 0, 1, true, false, &mapping), VM_OK);
    vmo_op_init_fault(&op, vmo, mapping, 0, true, 8);
    cr_assert_eq(vmo_op_run(&op), VM_OK);
    cr_assert(mapping_access(mapping, 0, true));

    fixture_zero(vmo, 0, 1);
    cr_assert_not(mapping_access(mapping, 0, false));
    vmo_unmap(vmo, mapping);
    vmo_close(vmo);
}

Test(cannot_decommit, its_pages_are_not_compressed)
{
    struct vmo *vmo = create(VMO_ANONYMOUS, 1);
    bool reclaimed = true;
    fixture_write(&f, vmo, 0, 1);
    cr_assert_eq(vmo_reclaim_page(vmo, 0, vmo, 0, EVICTION_HINT_FOLLOW, true,
                                  &reclaimed),
                 VM_OK);
    cr_assert_not(reclaimed);
    cr_assert_eq(fixture_committed(vmo), 1);
    vmo_close(vmo);
}
