/*
 * Without memory of the host (host_memory_fixture.h): objects are made, content
 * changes, the machine grows, and things are given back.
 */
#include "host_memory_fixture.h"

/* --- making objects ------------------------------------------------------------ */

static enum vm_status create_anonymous(struct stage *s)
{
    return create(s, VMO_ANONYMOUS);
}

static enum vm_status create_discardable(struct stage *s)
{
    return create(s, VMO_DISCARDABLE);
}

static enum vm_status create_pager(struct stage *s)
{
    return create(s, VMO_PAGER);
}

static enum vm_status create_contiguous(struct stage *s)
{
    return create(s, VMO_CONTIGUOUS);
}

static enum vm_status create_snapshot(struct stage *s)
{
    return clone(s, CLONE_SNAPSHOT);
}

static enum vm_status create_at_least_on_write(struct stage *s)
{
    return clone(s, CLONE_SNAPSHOT_AT_LEAST_ON_WRITE);
}

static enum vm_status create_modified(struct stage *s)
{
    return clone(s, CLONE_SNAPSHOT_MODIFIED);
}

static enum vm_status create_slice(struct stage *s)
{
    return vmo_create_slice(s->vmo[0], 0, PAGES(2), s->f.next_user_id++,
                            &s->vmo[1]);
}

static enum vm_status create_reference(struct stage *s)
{
    return vmo_create_reference(s->vmo[0], s->f.next_user_id++, &s->vmo[1]);
}

static enum vm_status map(struct stage *s)
{
    return vmo_map(s->vmo[0], 0, 40, true, false, &s->mapping);
}

static void with_fixed_size(struct stage *s)
{
    struct vmo_create_args args = {
        .kind = VMO_ANONYMOUS, .size = PAGES(4), .user_id = 1};
    cr_assert_eq(vmo_create(&s->f.machine, &args, &s->vmo[0]), VM_OK);
}

/* One handle is left: the second node that a snapshot makes needs more. */
static void with_few_handles(struct stage *s)
{
    with_written(s);
    for (int i = 0; i < MANY - 1; i++)
        s->many[i] = fixture_create(&s->f, VMO_ANONYMOUS, 1, false);
}

Test(host_memory, objects_are_made_whole_or_not_at_all)
{
    static const struct move moves[] = {
        {"create anonymous", NULL, create_anonymous, CAN_TRY_AGAIN},
        {"create discardable", NULL, create_discardable, CAN_TRY_AGAIN},
        {"create pager", NULL, create_pager, CAN_TRY_AGAIN},
        {"create contiguous", NULL, create_contiguous, CAN_TRY_AGAIN},
        {"snapshot", with_written, create_snapshot, CAN_TRY_AGAIN},
        {"snapshot, handles run out", with_few_handles, create_snapshot,
         CAN_TRY_AGAIN},
        {"at least on write", with_supplied, create_at_least_on_write,
         CAN_TRY_AGAIN},
        {"snapshot modified", with_supplied, create_modified, CAN_TRY_AGAIN},
        {"slice", with_fixed_size, create_slice, CAN_TRY_AGAIN},
        {"reference", with_written, create_reference, CAN_TRY_AGAIN},
        {"map", with_written, map, CAN_TRY_AGAIN},
    };
    SWEEP(moves);
}

/* --- content ---------------------------------------------------------------------- */

static enum vm_status write_near_and_far(struct stage *s)
{
    static const uint64_t pages[] = {0, 20, 1040, 70000};
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        enum vm_status status = write_at(s->vmo[0], pages[i], 1);
        if (status != VM_OK)
            return status;
    }
    return VM_OK;
}

static enum vm_status write_far_only(struct stage *s)
{
    enum vm_status status = write_at(s->vmo[0], 70000, 1);
    return status == VM_OK ? write_at(s->vmo[0], 63, 1) : status;
}

static enum vm_status read_all(struct stage *s)
{
    struct vmo_op op;
    vmo_op_init_read(&op, s->vmo[0], 0, PAGES(40));
    return finish(&op);
}

static enum vm_status look_up(struct stage *s)
{
    struct vmo_op op;
    vmo_op_init_lookup(&op, s->vmo[0], 0, false, true, false);
    return finish(&op);
}

static enum vm_status commit_40(struct stage *s)
{
    return commit_at(s->vmo[0], 0, 40);
}

static enum vm_status write_clone(struct stage *s)
{
    return write_at(s->vmo[1], 0, 40);
}

static enum vm_status zero_clone(struct stage *s)
{
    return zero_at(s->vmo[1], 1, 30);
}

static void with_grandchild(struct stage *s)
{
    with_snapshot(s);
    s->vmo[2] = fixture_clone(&s->f, s->vmo[1], CLONE_SNAPSHOT, 0, 40);
}

static enum vm_status write_grandchild(struct stage *s)
{
    return write_at(s->vmo[2], 10, 20);
}

static enum vm_status zero_grandchild(struct stage *s)
{
    return zero_at(s->vmo[2], 5, 35);
}

static void with_child_of_pager(struct stage *s)
{
    with_pager(s);
    cr_assert_eq(supply_at(s->vmo[0], 0, 20), VM_OK);
    s->vmo[1] = fixture_clone(&s->f, s->vmo[0],
                              CLONE_SNAPSHOT_AT_LEAST_ON_WRITE, 0, 20);
}

static enum vm_status zero_child_of_pager(struct stage *s)
{
    return zero_at(s->vmo[1], 1, 19);
}

static enum vm_status fault(struct stage *s)
{
    struct vmo_op op;
    vmo_op_init_fault(&op, s->vmo[0], s->mapping, 17, true, 77);
    return finish(&op);
}

static void with_mapping(struct stage *s)
{
    with_anonymous(s);
    cr_assert_eq(map(s), VM_OK);
}

static void with_contiguous(struct stage *s)
{
    cr_assert_eq(create(s, VMO_CONTIGUOUS), VM_OK);
}

static enum vm_status lend_and_take_back(struct stage *s)
{
    enum vm_status status = vmo_decommit(s->vmo[0], 0, PAGES(40));
    return status == VM_OK ? commit_at(s->vmo[0], 0, 40) : status;
}

static enum vm_status pin(struct stage *s)
{
    struct vmo_op op;
    vmo_op_init_pin(&op, s->vmo[0], 0, PAGES(40), true);
    enum vm_status status = finish(&op);
    if (status == VM_OK)
        status = vmo_unpin(s->vmo[0], 0, PAGES(40));
    return status;
}

Test(host_memory, content_is_what_it_was_or_what_it_becomes)
{
    static const struct move moves[] = {
        {"write near and far", with_anonymous, write_near_and_far,
         CAN_TRY_AGAIN},
        {"write far only", with_anonymous, write_far_only, CAN_TRY_AGAIN},
        {"read", with_anonymous, read_all, CAN_TRY_AGAIN},
        {"look up", with_anonymous, look_up, CAN_TRY_AGAIN},
        {"commit", with_anonymous, commit_40, CAN_TRY_AGAIN},
        {"pin", with_anonymous, pin, CAN_TRY_AGAIN},
        {"fault", with_mapping, fault, CAN_TRY_AGAIN},
        {"write a clone", with_snapshot, write_clone, CAN_TRY_AGAIN},
        {"zero a clone", with_snapshot, zero_clone, CAN_TRY_AGAIN},
        {"write two levels down", with_grandchild, write_grandchild,
         CAN_TRY_AGAIN},
        {"zero two levels down", with_grandchild, zero_grandchild,
         CAN_TRY_AGAIN},
        {"zero a pager's clone", with_child_of_pager, zero_child_of_pager,
         CAN_TRY_AGAIN},
        {"lend and take back", with_contiguous, lend_and_take_back,
         CAN_TRY_AGAIN},
    };
    SWEEP(moves);
}

/* --- the machine -------------------------------------------------------------------------- */

static enum vm_status resize_machine(struct stage *s)
{
    return vm_machine_resize(&s->f.machine, 4096);
}

static enum vm_status change_policy(struct stage *s)
{
    return pq_change_policy(&s->f.machine.pqs, &zircon_policy_ops, NULL, 1);
}

Test(host_memory, a_machine_grows_or_stays)
{
    static const struct move moves[] = {
        {"resize the machine", with_supplied, resize_machine, CAN_TRY_AGAIN},
        {"change the policy", with_supplied, change_policy, CAN_TRY_AGAIN},
    };
    SWEEP(moves);
}

static bool no_room(void *policy, uint64_t memory_pages)
{
    (void)policy;
    (void)memory_pages;
    return false;
}

Test(host_memory, a_policy_without_room_keeps_the_machine_as_it_is)
{
    struct reclaim_policy_ops ops = zircon_policy_ops;
    struct stage s;
    raise_stage(&s, &(struct move){.set_up = with_supplied});
    ops.resize = no_room;
    s.f.machine.pqs.ops = &ops;
    static const uint64_t sizes[] = {4096, 20, 100};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        cr_assert_eq(vm_machine_resize(&s.f.machine, sizes[i]), VM_NO_MEMORY);
        cr_assert_eq(s.f.machine.pmm.total_pages, 512);
        cr_assert_eq(s.f.machine.pmm.free_pages, 512 - 40);
        cr_assert_eq(s.f.machine.pqs.host.memory_pages, 512);
        fixture_check(&s.f);
    }
    cr_assert_eq(vm_machine_resize(&s.f.machine, UINT64_MAX), VM_INVALID_ARGS);
    s.f.machine.pqs.ops = &zircon_policy_ops;
    cr_assert_eq(vm_machine_resize(&s.f.machine, 100), VM_OK);
    cr_assert_eq(s.f.machine.pmm.total_pages, 100);
    lower(&s);
}

Test(host_memory, a_machine_is_made_whole_or_not_at_all)
{
    static const enum compression_storage storages[] = {STORAGE_TRI_PAGE,
                                                        STORAGE_EXACT};
    for (size_t i = 0; i < sizeof storages / sizeof storages[0]; i++) {
        struct vm_machine_config config = {
            .memory_pages = 64,
            .policy = &zircon_policy_ops,
            .compression = true,
            .compressor = {COMPRESSION_RATIO, storages[i], 70},
        };
        int64_t blocks = host_memory_live_blocks();
        bool has_failed = true;
        for (uint64_t n = 1; has_failed; n++) {
            struct vm_machine machine;
            host_memory_fail_nth(n);
            enum vm_status status = vm_machine_init(&machine, &config);
            has_failed = host_memory_has_failed();
            cr_assert_eq(status, has_failed ? VM_NO_MEMORY : VM_OK);
            if (!has_failed)
                vm_machine_release(&machine);
            cr_assert_eq(host_memory_live_blocks(), blocks, "a leak");
        }
    }
}

/* --- giving back ---------------------------------------------------------------------------- */

static enum vm_status decommit(struct stage *s)
{
    return vmo_decommit(s->vmo[0], 0, PAGES(33));
}

static enum vm_status decommit_contiguous(struct stage *s)
{
    return vmo_decommit(s->vmo[0], PAGES(1), PAGES(33));
}

static enum vm_status close_clone(struct stage *s)
{
    vmo_close(s->vmo[1]);
    s->vmo[1] = NULL;
    return VM_OK;
}

static enum vm_status close_original(struct stage *s)
{
    vmo_close(s->vmo[0]);
    s->vmo[0] = NULL;
    return VM_OK;
}

/* The page lists that will merge have their pages far apart. */
static void with_distant_pages(struct stage *s, uint64_t first)
{
    with_anonymous(s);
    cr_assert_eq(write_at(s->vmo[0], 0, 1), VM_OK);
    cr_assert_eq(write_at(s->vmo[0], 5000, 1), VM_OK);
    s->vmo[1] =
        fixture_clone(&s->f, s->vmo[0], CLONE_SNAPSHOT, first, 80000 - first);
    cr_assert_eq(write_at(s->vmo[0], 20000, 1), VM_OK);
    cr_assert_eq(write_at(s->vmo[1], 70000, 1), VM_OK);
}

static void with_distant_clone(struct stage *s)
{
    with_distant_pages(s, 0);
}

static void with_distant_shifted_clone(struct stage *s)
{
    with_distant_pages(s, 4000);
}

static void with_distant_grandchild(struct stage *s)
{
    with_distant_shifted_clone(s);
    s->vmo[2] = fixture_clone(&s->f, s->vmo[1], CLONE_SNAPSHOT, 500, 75000);
    cr_assert_eq(write_at(s->vmo[2], 30, 1), VM_OK);
    cr_assert_eq(write_at(s->vmo[2], 60000, 1), VM_OK);
}

static enum vm_status close_clone_and_original(struct stage *s)
{
    (void)close_clone(s);
    return close_original(s);
}

static enum vm_status unmap(struct stage *s)
{
    vmo_unmap(s->vmo[0], s->mapping);
    s->mapping = NULL;
    return VM_OK;
}

static enum vm_status shrink(struct stage *s)
{
    return vmo_resize(s->vmo[0], PAGES(17));
}

static enum vm_status detach(struct stage *s)
{
    return vmo_detach(s->vmo[0]);
}

static enum vm_status dedup(struct stage *s)
{
    bool deduped;
    enum vm_status status = vmo_dedup_page(s->vmo[0], 0, &deduped);
    return deduped ? status : VM_INTERNAL;
}

static void with_zero_page(struct stage *s)
{
    with_anonymous(s);
    cr_assert_eq(commit_at(s->vmo[0], 0, 1), VM_OK);
}

static void with_unlocked(struct stage *s)
{
    cr_assert_eq(create(s, VMO_DISCARDABLE), VM_OK);
    fixture_write(&s->f, s->vmo[0], 0, 40);
    cr_assert_eq(vmo_try_lock(s->vmo[0], 0, PAGES(40)), VM_OK);
    cr_assert_eq(vmo_unlock(s->vmo[0], 0, PAGES(40)), VM_OK);
}

static enum vm_status discard(struct stage *s)
{
    uint64_t freed;
    enum vm_status status = vmo_discard(s->vmo[0], 0, &freed);
    return freed == 40 ? status : VM_INTERNAL;
}

/* Memory must not be needed to get out of having none; discarding only forgets
 * what it discarded. */
Test(host_memory, giving_back_needs_no_memory)
{
    static const struct move moves[] = {
        {"decommit", with_written, decommit, SUCCEEDS},
        {"decommit contiguous", with_contiguous, decommit_contiguous, SUCCEEDS},
        {"shrink", with_written, shrink, SUCCEEDS},
        {"close a clone", with_snapshot, close_clone, SUCCEEDS},
        {"close a distant clone", with_distant_clone, close_clone, SUCCEEDS},
        {"close its original", with_distant_clone, close_original, SUCCEEDS},
        {"close a shifted clone", with_distant_shifted_clone, close_clone,
         SUCCEEDS},
        {"close a shifted clone's original", with_distant_shifted_clone,
         close_original, SUCCEEDS},
        {"close what is above a clone", with_distant_grandchild,
         close_clone_and_original, SUCCEEDS},
        {"unmap", with_mapping, unmap, SUCCEEDS},
        {"detach", with_supplied, detach, SUCCEEDS},
        {"zero dedup", with_zero_page, dedup, SUCCEEDS},
        {"discard", with_unlocked, discard, SUCCEEDS},
    };
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        struct stage s;
        raise_stage(&s, &moves[i]);
        host_memory_fail_nth(1);
        enum vm_status status = moves[i].run(&s);
        bool has_failed = host_memory_has_failed();
        cr_assert_eq(has_failed, moves[i].run == discard, "%s", moves[i].name);
        cr_assert_eq(status, VM_OK, "%s", moves[i].name);
        fixture_check(&s.f);
        lower(&s);
    }
}
