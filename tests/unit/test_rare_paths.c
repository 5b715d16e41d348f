/*
 * Rare paths on purpose: what waits and what fails, and that an operation of
 * the core which did either ends as if it had not.
 */
#include "core_fixture.h"
#include "rare_paths.h"

static struct fixture f;

static void setup(void)
{
    fixture_init(&f, 512);
}

static void teardown(void)
{
    rare_paths_force(false);
    fixture_release(&f);
}

TestSuite(rare_paths, .init = setup, .fini = teardown);

/* --- what is forced ----------------------------------------------------------- */

Test(rare_paths, allocations_that_may_wait_wait_in_turn)
{
    static const enum vm_status expected[] = {
        VM_SHOULD_WAIT, VM_OK, VM_SHOULD_WAIT, VM_OK, VM_OK, VM_SHOULD_WAIT,
    };
    struct pmm *pmm = &f.machine.pmm;

    rare_paths_force(true);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        page_index page;
        enum vm_status status = pmm_alloc_page(pmm, PMM_ALLOC_CAN_WAIT, &page);
        cr_assert_eq(status, expected[i]);
        cr_assert_eq(rare_wait_is_over(), status == VM_SHOULD_WAIT);
        if (status == VM_OK)
            pmm_free_page(pmm, page);
    }
}

Test(rare_paths, nothing_waits_that_may_not_and_nothing_by_itself)
{
    struct pmm *pmm = &f.machine.pmm;
    page_index pages[2];

    cr_assert_eq(pmm_alloc_page(pmm, PMM_ALLOC_CAN_WAIT, &pages[0]), VM_OK);
    rare_paths_force(true);
    cr_assert_eq(pmm_alloc_page(pmm, PMM_ALLOC_ANY, &pages[1]), VM_OK);
    cr_assert_not(rare_wait_is_over());
    pmm_free_page(pmm, pages[0]);
    pmm_free_page(pmm, pages[1]);
}

Test(rare_paths, each_attempt_fails_one_allocation_later)
{
    rare_paths_force(true);
    rare_failures_begin();
    for (int attempt = 0; attempt < 3; attempt++) {
        for (int i = 0; i < attempt; i++)
            cr_assert_not(rare_path_fails());
        rare_failures_pause(true);
        cr_assert_not(rare_path_fails());
        rare_failures_pause(false);
        cr_assert(rare_path_fails());
        cr_assert_not(rare_path_fails());
        cr_assert(rare_failure_is_over());
    }
    cr_assert_not(rare_path_fails());
    cr_assert_not(rare_failure_is_over());
    rare_failures_end();
    cr_assert_not(rare_path_fails());
}

/* --- failing each allocation from the host ------------------------------------- */

/* Attempts until one gets through, at least one of which has failed. */
static void fail_in_turn(enum vm_status (*attempt)(void *context),
                         void *context)
{
    unsigned failures = 0;
    enum vm_status status;

    rare_paths_force(true);
    rare_failures_begin();
    while ((status = attempt(context)) == VM_NO_MEMORY &&
           rare_failure_is_over()) {
        fixture_check(&f);
        failures++;
    }
    rare_failures_end();
    rare_paths_force(false);
    cr_assert_eq(status, VM_OK, "%s", vm_status_name(status));
    cr_assert(failures > 0);
    fixture_check(&f);
}

struct making {
    enum vmo_kind kind;
    struct vmo *from; /* NULL: made from nothing */
    struct vmo *made;
};

static enum vm_status make(void *context)
{
    struct making *making = context;
    struct vmo_create_args args = {
        .kind = making->kind,
        .size = PAGES(40),
        .user_id = f.next_user_id++,
        .compressibility = 0.4,
    };

    switch (making->kind) {
    case VMO_SNAPSHOT:
        return vmo_create_clone(making->from, CLONE_SNAPSHOT, 0, PAGES(40),
                                false, args.user_id, &making->made);
    case VMO_SNAPSHOT_MODIFIED:
        return vmo_create_clone(making->from, CLONE_SNAPSHOT_MODIFIED, 0,
                                PAGES(40), false, args.user_id, &making->made);
    case VMO_SLICE:
        return vmo_create_slice(making->from, 0, PAGES(40), args.user_id,
                                &making->made);
    case VMO_REFERENCE:
        return vmo_create_reference(making->from, args.user_id, &making->made);
    default:
        return vmo_create(&f.machine, &args, &making->made);
    }
}

Test(rare_paths, a_vmo_is_made_whole_or_not_at_all)
{
    struct making making[] = {
        {.kind = VMO_ANONYMOUS},  {.kind = VMO_PAGER},
        {.kind = VMO_CONTIGUOUS}, {.kind = VMO_DISCARDABLE},
        {.kind = VMO_SLICE},      {.kind = VMO_REFERENCE},
        {.kind = VMO_SNAPSHOT},   {.kind = VMO_SNAPSHOT_MODIFIED},
    };
    size_t count = sizeof making / sizeof *making;

    for (size_t i = 0; i < count; i++) {
        if (making[i].kind == VMO_SLICE || making[i].kind == VMO_REFERENCE ||
            making[i].kind == VMO_SNAPSHOT)
            making[i].from = making[0].made;
        if (making[i].kind == VMO_SNAPSHOT_MODIFIED)
            making[i].from = making[1].made;
        if (making[i].kind == VMO_SNAPSHOT) /* not over a slice */
            vmo_close(making[i - 2].made);
        fail_in_turn(make, &making[i]);
        cr_assert_eq(vmo_size(making[i].made), PAGES(40));
    }
    for (size_t i = count; i-- > 0;)
        if (making[i].kind != VMO_SLICE)
            vmo_close(making[i].made);
}

struct run {
    struct vmo *vmo;
    uint64_t start, end; /* pages */
    enum vmo_op_kind kind;
};

static enum vm_status run(void *context)
{
    static const uint64_t values[64] = {7, 7};
    const struct run *run = context;
    uint64_t offset = PAGES(run->start);
    uint64_t length = PAGES(run->end - run->start);
    struct vmo_op op;

    switch (run->kind) {
    case VMO_OP_WRITE:
        cr_assert_eq(vmo_op_init_write(&op, run->vmo, offset, length, values),
                     VM_OK);
        break;
    case VMO_OP_READ:
        vmo_op_init_read(&op, run->vmo, offset, length);
        break;
    case VMO_OP_COMMIT:
        vmo_op_init_commit(&op, run->vmo, offset, length);
        break;
    case VMO_OP_PIN:
        vmo_op_init_pin(&op, run->vmo, offset, length, true);
        break;
    case VMO_OP_SUPPLY:
        cr_assert_eq(vmo_op_init_supply(&op, run->vmo, offset, length, values),
                     VM_OK);
        break;
    case VMO_OP_DIRTY:
        vmo_op_init_dirty(&op, run->vmo, offset, length);
        break;
    default:
        vmo_op_init_zero(&op, run->vmo, offset, length);
        break;
    }
    enum vm_status status;
    do
        status = vmo_op_run(&op);
    while (status == VM_SHOULD_WAIT && rare_wait_is_over());
    vmo_op_release(&op);
    return status;
}

static void run_in_turn(struct vmo *vmo, uint64_t start, uint64_t end,
                        enum vmo_op_kind kind)
{
    struct run context = {vmo, start, end, kind};

    fail_in_turn(run, &context);
}

Test(rare_paths, content_is_made_as_if_nothing_had_failed)
{
    static const enum vmo_op_kind kinds[] = {VMO_OP_WRITE, VMO_OP_COMMIT,
                                             VMO_OP_PIN, VMO_OP_READ};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct vmo *vmo = fixture_create(&f, VMO_ANONYMOUS, 64, false);
        run_in_turn(vmo, 4, 60, kinds[i]);
        cr_assert_eq(fixture_committed(vmo), kinds[i] == VMO_OP_READ ? 0 : 56);
        cr_assert_eq(vmo_pinned_pages(vmo), kinds[i] == VMO_OP_PIN ? 56 : 0);
        if (kinds[i] == VMO_OP_PIN)
            cr_assert_eq(vmo_unpin(vmo, PAGES(4), PAGES(56)), VM_OK);
        vmo_close(vmo);
    }
}

/* Writes and zeroes reach through two hidden nodes; no page is lost or paid
 * for twice. */
Test(rare_paths, a_fork_goes_on_where_memory_ran_out)
{
    struct vmo *a = fixture_create(&f, VMO_ANONYMOUS, 64, false);
    fixture_write(&f, a, 0, 64);
    struct vmo *b = fixture_clone(&f, a, CLONE_SNAPSHOT, 0, 64);
    struct vmo *c = fixture_clone(&f, a, CLONE_SNAPSHOT, 0, 64);

    run_in_turn(c, 0, 32, VMO_OP_WRITE);
    run_in_turn(a, 16, 48, VMO_OP_ZERO);
    run_in_turn(b, 8, 56, VMO_OP_WRITE);
    cr_assert_eq(fixture_content(c, 1), 7);
    cr_assert_eq(fixture_content(a, 20), 0);
    cr_assert_eq(fixture_content(b, 9), 7);
    cr_assert_eq(fixture_committed(a) + fixture_committed(b) +
                     fixture_committed(c),
                 f.machine.stats.object_pages);
    vmo_close(b);
    vmo_close(a);
    cr_assert_eq(fixture_committed(c), 64);
    vmo_close(c);
}

Test(rare_paths, a_pager_is_answered_as_if_nothing_had_failed)
{
    struct vmo *vmo = fixture_create(&f, VMO_PAGER, 64, true);

    run_in_turn(vmo, 0, 64, VMO_OP_SUPPLY);
    cr_assert_eq(fixture_committed(vmo), 64);
    run_in_turn(vmo, 0, 64, VMO_OP_DIRTY);
    cr_assert_eq(fixture_content(vmo, 1), 7);
    vmo_close(vmo);
}

/* One zero interval over four list nodes; leave to dirty a part of it. */
Test(rare_paths, leave_to_dirty_takes_an_interval_apart_or_leaves_it)
{
    for (uint64_t start = 0; start < 64; start += 5) {
        struct vmo *vmo = fixture_create(&f, VMO_PAGER, 0, true);
        cr_assert_eq(vmo_resize(vmo, PAGES(64)), VM_OK);
        run_in_turn(vmo, start, 64, VMO_OP_DIRTY);
        cr_assert_eq(fixture_committed(vmo), 64 - start);
        if (start > 1) {
            cr_assert(slot_is_interval_start(fixture_slot(vmo_cow(vmo), 0)));
            cr_assert(
                slot_is_interval_end(fixture_slot(vmo_cow(vmo), start - 1)));
        }
        vmo_close(vmo);
    }
}

/* --- waiting for each page ------------------------------------------------------ */

Test(rare_paths, a_fork_goes_on_after_each_wait)
{
    const uint64_t value = 9;
    struct vmo_create_args args = {
        .kind = VMO_ANONYMOUS,
        .size = PAGES(4),
        .can_wait = true,
        .user_id = f.next_user_id++,
        .compressibility = 0.4,
    };
    struct vmo *a = NULL;
    struct vmo_op op;
    unsigned waits = 0;

    cr_assert_eq(vmo_create(&f.machine, &args, &a), VM_OK);
    fixture_write(&f, a, 0, 4);
    struct vmo *b = fixture_clone(&f, a, CLONE_SNAPSHOT, 0, 4);
    struct vmo *c = fixture_clone(&f, a, CLONE_SNAPSHOT, 0, 4);
    cr_assert_eq(vmo_op_init_write(&op, c, PAGES(2), PAGES(1), &value), VM_OK);
    rare_paths_force(true);
    while (vmo_op_run(&op) == VM_SHOULD_WAIT) {
        cr_assert_eq(op.request.state, REQUEST_MEMORY);
        cr_assert(rare_wait_is_over());
        fixture_check(&f);
        waits++;
    }
    cr_assert_eq(op.status, VM_OK);
    cr_assert_eq(waits, 2, "a copy into the hidden node, a copy into c");
    vmo_op_release(&op);
    cr_assert_eq(fixture_content(c, 2), 9);
    cr_assert_eq(fixture_pages_in_use(&f), 6);
    vmo_close(a);
    vmo_close(b);
    vmo_close(c);
}
