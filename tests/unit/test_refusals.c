/*
 * What a VMO refuses, with which status, and in which order it looks. The
 * statuses are those of the kernel's system calls.
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

TestSuite(refusals, .init = set_up, .fini = tear_down);

static const uint64_t values[8] = {1, 2, 3, 4, 5, 6, 7, 8};
#define ANYWHERE UINT64_C(0xffffffffffffe000)

static struct vmo *create(struct vmo_create_args args)
{
    struct vmo *vmo = NULL;
    args.user_id = f.next_user_id++;
    cr_assert_eq(vmo_create(&f.machine, &args, &vmo), VM_OK);
    return vmo;
}

static struct vmo *contiguous(void)
{
    return create(
        (struct vmo_create_args){.kind = VMO_CONTIGUOUS, .size = PAGES(4)});
}

static struct vmo *fixed(void)
{
    return create(
        (struct vmo_create_args){.kind = VMO_ANONYMOUS, .size = PAGES(4)});
}

static enum vm_status finish(struct vmo_op *op)
{
    enum vm_status status = vmo_op_run(op);
    if (status == VM_SHOULD_WAIT)
        vmo_op_abort(op, status);
    vmo_op_release(op);
    return status;
}

Test(refusals, objects_that_cannot_be_made)
{
    const struct {
        struct vmo_create_args args;
        enum vm_status status;
    } cases[] = {
        {{.kind = VMO_ANONYMOUS, .size = 1}, VM_INVALID_ARGS},
        {{.kind = VMO_ANONYMOUS, .traps_dirty = true}, VM_INVALID_ARGS},
        {{.kind = VMO_SLICE, .size = PAGES(1)}, VM_INVALID_ARGS},
        {{.kind = VMO_CONTIGUOUS}, VM_INVALID_ARGS},
        {{.kind = VMO_CONTIGUOUS, .size = PAGES(1), .is_resizable = true},
         VM_INVALID_ARGS},
        {{.kind = VMO_CONTIGUOUS, .size = PAGES(257)}, VM_NO_MEMORY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct vmo_create_args args = cases[i].args;
        struct vmo *vmo = NULL;
        args.user_id = 1;
        cr_assert_eq(vmo_create(&f.machine, &args, &vmo), cases[i].status,
                     "case %zu", i);
        cr_assert_null(vmo);
        cr_assert_eq(f.machine.cow_count, 0);
    }
}

static enum vm_status clone_of(struct vmo *vmo, enum vm_clone_type type,
                               uint64_t offset, uint64_t size)
{
    struct vmo *clone = NULL;
    enum vm_status status = vmo_create_clone(vmo, type, offset, size, true,
                                             f.next_user_id++, &clone);
    cr_assert_eq(clone != NULL, status == VM_OK);
    if (clone)
        vmo_close(clone);
    return status;
}

Test(refusals, clones_of_what_cannot_be_cloned)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 4, false);
    struct vmo *frames = contiguous();
    struct vmo *discardable = fixture_create(&f, VMO_DISCARDABLE, 4, false);

    cr_assert_eq(clone_of(frames, CLONE_SNAPSHOT, 0, PAGES(1)),
                 VM_INVALID_ARGS);
    cr_assert_eq(clone_of(plain, CLONE_SNAPSHOT, 1, PAGES(1)), VM_INVALID_ARGS);
    cr_assert_eq(clone_of(plain, CLONE_SNAPSHOT, 0, 1), VM_INVALID_ARGS);
    cr_assert_eq(clone_of(plain, CLONE_SNAPSHOT, 0, ANYWHERE), VM_OUT_OF_RANGE);
    cr_assert_eq(clone_of(plain, CLONE_SNAPSHOT, ANYWHERE, PAGES(4)),
                 VM_INVALID_ARGS, "the end would wrap");
    cr_assert_eq(clone_of(discardable, CLONE_SNAPSHOT, 0, PAGES(1)),
                 VM_NOT_SUPPORTED);
    plain->owner.is_uncached = true;
    cr_assert_eq(clone_of(plain, CLONE_SNAPSHOT, 0, PAGES(1)), VM_BAD_STATE);
    plain->owner.is_uncached = false;
    cr_assert_eq(clone_of(plain, CLONE_SNAPSHOT, 0, PAGES(1)), VM_OK);
    vmo_close(discardable);
    vmo_close(frames);
    vmo_close(plain);
}

/* Which clones can be made of it: a status for each type. */
static void expect_clones(struct vmo *vmo, enum vm_status snapshot,
                          enum vm_status at_least_on_write,
                          enum vm_status modified, const char *who)
{
    cr_assert_eq(clone_of(vmo, CLONE_SNAPSHOT, 0, PAGES(1)), snapshot, "%s",
                 who);
    cr_assert_eq(clone_of(vmo, CLONE_SNAPSHOT_AT_LEAST_ON_WRITE, 0, PAGES(1)),
                 at_least_on_write, "%s", who);
    cr_assert_eq(clone_of(vmo, CLONE_SNAPSHOT_MODIFIED, 0, PAGES(1)), modified,
                 "%s", who);
}

static struct vmo *slice_of(struct vmo *vmo)
{
    struct vmo *slice = NULL;
    cr_assert_eq(vmo_create_slice(vmo, 0, PAGES(2), f.next_user_id++, &slice),
                 VM_OK);
    return slice;
}

static struct vmo *clone_fixed(struct vmo *vmo, enum vm_clone_type type)
{
    struct vmo *clone = NULL;
    cr_assert_eq(vmo_create_clone(vmo, type, 0, PAGES(4), false,
                                  f.next_user_id++, &clone),
                 VM_OK);
    return clone;
}

Test(refusals, clone_types_by_what_is_cloned)
{
    enum vm_status no = VM_NOT_SUPPORTED, ok = VM_OK;
    struct vmo *plain = fixed();
    struct vmo *slice = slice_of(plain);
    expect_clones(slice, no, no, no, "anonymous slice");
    vmo_close(slice);
    expect_clones(plain, ok, ok, ok, "anonymous leaf");
    vmo_close(plain);

    struct vmo *frames = contiguous();
    slice = slice_of(frames);
    expect_clones(slice, VM_INVALID_ARGS, VM_INVALID_ARGS, VM_INVALID_ARGS,
                  "contiguous slice");
    vmo_close(slice);
    vmo_close(frames);

    struct vmo *root =
        create((struct vmo_create_args){.kind = VMO_PAGER, .size = PAGES(4)});
    cr_assert_eq(fixture_supply(root, 0, 4, values), VM_OK);
    expect_clones(root, no, ok, ok, "pager root");
    slice = slice_of(root);
    expect_clones(slice, no, ok, ok, "slice of a pager root");
    vmo_close(slice);

    /* With a page of its own the child is no mere sibling of its clones. */
    struct vmo *child = clone_fixed(root, CLONE_SNAPSHOT_AT_LEAST_ON_WRITE);
    fixture_write(&f, child, 0, 1);
    expect_clones(child, no, ok, ok, "child of a pager root");
    slice = slice_of(child);
    expect_clones(slice, no, ok, no, "slice of a unidirectional child");
    vmo_close(slice);
    struct vmo *grandchild =
        clone_fixed(child, CLONE_SNAPSHOT_AT_LEAST_ON_WRITE);
    expect_clones(child, no, ok, no, "child with a clone");
    expect_clones(grandchild, no, ok, no, "grandchild in a chain");
    vmo_close(grandchild);
    vmo_close(child);

    child = clone_fixed(root, CLONE_SNAPSHOT_MODIFIED);
    fixture_write(&f, child, 0, 1);
    struct vmo *modified = clone_fixed(child, CLONE_SNAPSHOT_MODIFIED);
    expect_clones(modified, no, ok, ok, "leaf under a hidden node");
    slice = slice_of(modified);
    expect_clones(slice, no, no, no, "slice of such a leaf");
    vmo_close(slice);
    vmo_close(modified);
    vmo_close(child);
    vmo_close(root);
}

Test(refusals, snapshots_of_pinned_pages)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 4, false);
    struct vmo_op op;
    vmo_op_init_pin(&op, plain, 0, PAGES(1), false);
    cr_assert_eq(finish(&op), VM_OK);
    cr_assert_eq(clone_of(plain, CLONE_SNAPSHOT, 0, PAGES(1)), VM_BAD_STATE);
    cr_assert_eq(vmo_decommit(plain, 0, PAGES(4)), VM_BAD_STATE);
    cr_assert_eq(vmo_resize(plain, 0), VM_BAD_STATE);
    cr_assert_eq(vmo_unpin(plain, 0, PAGES(1)), VM_OK);
    cr_assert_eq(vmo_resize(plain, 0), VM_OK);
    vmo_close(plain);
}

Test(refusals, slices)
{
    struct vmo *resizable = fixture_create(&f, VMO_ANONYMOUS, 4, false);
    struct vmo *plain = fixed();
    struct vmo *frames = contiguous();
    struct vmo *discardable = create(
        (struct vmo_create_args){.kind = VMO_DISCARDABLE, .size = PAGES(4)});
    struct vmo *slice;
    const struct {
        uint64_t offset, size;
    } ranges[] = {{1, PAGES(1)}, {0, 1}, {PAGES(3), PAGES(2)}, {ANYWHERE, 0}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        cr_assert_eq(vmo_create_slice(plain, ranges[i].offset, ranges[i].size,
                                      1000, &slice),
                     VM_INVALID_ARGS, "range %zu", i);
    cr_assert_eq(vmo_create_slice(resizable, 0, PAGES(1), 1000, &slice),
                 VM_NOT_SUPPORTED);
    cr_assert_eq(vmo_create_slice(discardable, 0, PAGES(1), 1000, &slice),
                 VM_NOT_SUPPORTED);
    plain->owner.is_uncached = true;
    cr_assert_eq(vmo_create_slice(plain, 0, PAGES(1), 1000, &slice),
                 VM_BAD_STATE);
    frames->owner.is_uncached = true;
    cr_assert_eq(vmo_create_slice(frames, 0, PAGES(1), 1000, &slice), VM_OK,
                 "device memory is uncached and sliced");
    vmo_close(slice);
    vmo_close(discardable);
    vmo_close(frames);
    vmo_close(plain);
    vmo_close(resizable);
}

Test(refusals, a_discardable_object_is_locked_as_a_whole)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 2, false);
    struct vmo *vmo = fixture_create(&f, VMO_DISCARDABLE, 2, false);
    uint64_t offset, size, freed;

    cr_assert_eq(vmo_lock(plain, 0, PAGES(2), &offset, &size),
                 VM_NOT_SUPPORTED);
    cr_assert_eq(vmo_try_lock(plain, 0, PAGES(2)), VM_NOT_SUPPORTED);
    cr_assert_eq(vmo_unlock(plain, 0, PAGES(2)), VM_NOT_SUPPORTED);
    cr_assert_eq(vmo_discardable_state(plain), DISCARDABLE_UNSET);
    const struct {
        uint64_t offset, length;
    } parts[] = {{0, PAGES(1)}, {PAGES(1), PAGES(2)}, {0, PAGES(3)}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        uint64_t at = parts[i].offset, length = parts[i].length;
        cr_assert_eq(vmo_lock(vmo, at, length, &offset, &size),
                     VM_OUT_OF_RANGE);
        cr_assert_eq(vmo_try_lock(vmo, at, length), VM_OUT_OF_RANGE);
        cr_assert_eq(vmo_unlock(vmo, at, length), VM_OUT_OF_RANGE);
    }
    cr_assert_eq(vmo_lock(vmo, 0, PAGES(2), NULL, &size), VM_INVALID_ARGS);
    cr_assert_eq(vmo_lock(vmo, 0, PAGES(2), &offset, NULL), VM_INVALID_ARGS);
    cr_assert_eq(vmo_unlock(vmo, 0, PAGES(2)), VM_BAD_STATE);
    cr_assert_eq(vmo_discardable_state(vmo), DISCARDABLE_UNSET);

    fixture_write(&f, vmo, 0, 1);
    cr_assert_eq(vmo_lock(vmo, 0, PAGES(2), &offset, &size), VM_OK);
    cr_assert_eq(size, 0, "nothing was discarded");
    cr_assert_eq(vmo_discard(vmo, 0, &freed), VM_OK);
    cr_assert_eq(freed, 0, "it is locked");
    cr_assert_eq(vmo_unlock(vmo, 0, PAGES(2)), VM_OK);
    cr_assert_eq(vmo_discard(plain, 0, &freed), VM_OK);
    cr_assert_eq(freed, 0, "it is not discardable");
    cr_assert_eq(vmo_discard(vmo, 0, &freed), VM_OK);
    cr_assert_eq(freed, 1);
    cr_assert_eq(vmo_try_lock(vmo, 0, PAGES(2)), VM_UNAVAILABLE);
    cr_assert_eq(vmo_lock(vmo, 0, PAGES(2), &offset, &size), VM_OK);
    cr_assert_eq(size, PAGES(2));
    vmo_close(vmo);
    vmo_close(plain);
}

Test(refusals, a_pinned_page_keeps_the_whole_object_from_being_discarded)
{
    struct vmo *vmo = fixture_create(&f, VMO_DISCARDABLE, 2, false);
    struct vmo_op op;
    uint64_t freed;
    vmo_op_init_pin(&op, vmo, 0, PAGES(1), false);
    cr_assert_eq(finish(&op), VM_OK);
    cr_assert_eq(vmo_try_lock(vmo, 0, PAGES(2)), VM_OK);
    cr_assert_eq(vmo_unlock(vmo, 0, PAGES(2)), VM_OK);
    cr_assert_eq(vmo_discard(vmo, 0, &freed), VM_OK);
    cr_assert_eq(freed, 0);
    cr_assert_eq(vmo_discardable_state(vmo), DISCARDABLE_RECLAIMABLE);
    cr_assert_eq(vmo_unpin(vmo, 0, PAGES(1)), VM_OK);
    vmo_close(vmo);
}

Test(refusals, what_is_a_pagers_alone)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 4, false);
    bool is_modified;
    struct vmo_op op;

    cr_assert_eq(vmo_fail_requests(plain, 0, PAGES(1), VM_IO), VM_INVALID_ARGS);
    cr_assert_eq(vmo_writeback_begin(plain, 0, PAGES(1), false),
                 VM_INVALID_ARGS);
    cr_assert_eq(vmo_writeback_end(plain, 0, PAGES(1)), VM_INVALID_ARGS);
    cr_assert_eq(vmo_detach(plain), VM_INVALID_ARGS);
    cr_assert_eq(vmo_query_stats(plain, false, &is_modified), VM_INVALID_ARGS);
    cr_assert_eq(vmo_dirty_ranges(plain, 0, PAGES(1), NULL, NULL),
                 VM_NOT_SUPPORTED);
    cr_assert_eq(fixture_supply(plain, 0, 1, values), VM_INVALID_ARGS);
    vmo_op_init_dirty(&op, plain, 0, PAGES(1));
    cr_assert_eq(finish(&op), VM_INVALID_ARGS);
    cr_assert_eq(vmo_hint_dont_need(plain, PAGES(9), PAGES(1)), VM_OK,
                 "a hint is ignored before its range is looked at");
    vmo_close(plain);
}

Test(refusals, ranges_past_the_end_of_a_pagers_object)
{
    struct vmo *vmo = fixture_create(&f, VMO_PAGER, 4, true);
    struct vmo_op op;
    cr_assert_eq(vmo_fail_requests(vmo, PAGES(3), PAGES(2), VM_IO),
                 VM_OUT_OF_RANGE);
    cr_assert_eq(vmo_fail_requests(vmo, 0, PAGES(1), VM_NOT_FOUND),
                 VM_INVALID_ARGS, "no failure that a pager may report");
    cr_assert_eq(vmo_fail_requests(vmo, 0, PAGES(1), VM_NO_MEMORY),
                 VM_INVALID_ARGS, "only the core itself may");
    cr_assert_eq(vmo_writeback_begin(vmo, PAGES(3), PAGES(2), false),
                 VM_OUT_OF_RANGE);
    cr_assert_eq(vmo_writeback_end(vmo, ANYWHERE, PAGES(2)), VM_OUT_OF_RANGE);
    cr_assert_eq(vmo_dirty_ranges(vmo, PAGES(4), PAGES(1), NULL, NULL),
                 VM_OUT_OF_RANGE);
    cr_assert_eq(fixture_supply(vmo, 3, 5, values), VM_OUT_OF_RANGE);
    cr_assert_eq(vmo_hint_dont_need(vmo, PAGES(3), PAGES(2)), VM_OUT_OF_RANGE);
    const struct {
        uint64_t offset, length;
        enum vm_status status;
    } dirty[] = {
        {PAGES(5), PAGES(1), VM_OUT_OF_RANGE},
        {PAGES(3), PAGES(2), VM_OUT_OF_RANGE},
        {PAGES(1), ANYWHERE, VM_OUT_OF_RANGE},
        {PAGES(1), PAGES(1), VM_NOT_FOUND}, /* a gap */
    };
    for (size_t i = 0; i < sizeof dirty / sizeof dirty[0]; i++) {
        vmo_op_init_dirty(&op, vmo, dirty[i].offset, dirty[i].length);
        cr_assert_eq(finish(&op), dirty[i].status, "case %zu", i);
    }
    vmo_close(vmo);
}

Test(refusals, after_detaching)
{
    struct vmo *vmo = fixture_create(&f, VMO_PAGER, 4, true);
    struct vmo_op op;
    bool is_modified;
    cr_assert_eq(fixture_supply(vmo, 0, 2, values), VM_OK);
    vmo_op_init_pin(&op, vmo, 0, PAGES(1), false);
    cr_assert_eq(finish(&op), VM_OK);
    cr_assert_eq(vmo_detach(vmo), VM_BAD_STATE, "clean pages would go");
    cr_assert_eq(vmo_unpin(vmo, 0, PAGES(1)), VM_OK);
    cr_assert_eq(vmo_detach(vmo), VM_OK);
    cr_assert_eq(fixture_committed(vmo), 0, "they went");

    cr_assert_eq(vmo_fail_requests(vmo, 0, PAGES(1), VM_IO), VM_BAD_STATE);
    cr_assert_eq(fixture_supply(vmo, 0, 1, values), VM_BAD_STATE);
    vmo_op_init_dirty(&op, vmo, 0, PAGES(1));
    cr_assert_eq(finish(&op), VM_BAD_STATE);
    vmo_op_init_read(&op, vmo, 0, PAGES(1));
    cr_assert_eq(finish(&op), VM_BAD_STATE);
    cr_assert_eq(vmo_query_stats(vmo, false, &is_modified), VM_OK);
    vmo_close(vmo);
}

Test(refusals, dirtying_where_no_leave_is_asked_for)
{
    struct vmo *vmo = fixture_create(&f, VMO_PAGER, 4, false);
    struct vmo_op op;
    vmo_op_init_dirty(&op, vmo, 0, PAGES(1));
    cr_assert_eq(finish(&op), VM_NOT_SUPPORTED);
    vmo_close(vmo);
}

Test(refusals, operations_on_ranges_past_the_end)
{
    struct vmo *vmo = fixture_create(&f, VMO_ANONYMOUS, 4, false);
    struct vmo *into = fixture_create(&f, VMO_ANONYMOUS, 2, false);
    uint64_t at = PAGES(3), length = PAGES(2);
    struct vmo_op op;
    vmo_op_init_read(&op, vmo, at, length);
    cr_assert_eq(finish(&op), VM_OUT_OF_RANGE);
    cr_assert_eq(vmo_op_init_write(&op, vmo, at, length, values), VM_OK);
    cr_assert_eq(finish(&op), VM_OUT_OF_RANGE);
    vmo_op_init_commit(&op, vmo, at, length);
    cr_assert_eq(finish(&op), VM_OUT_OF_RANGE);
    vmo_op_init_pin(&op, vmo, at, length, false);
    cr_assert_eq(finish(&op), VM_OUT_OF_RANGE);
    vmo_op_init_pin(&op, vmo, at, 0, false);
    cr_assert_eq(finish(&op), VM_INVALID_ARGS);
    vmo_op_init_zero(&op, vmo, at, length);
    cr_assert_eq(finish(&op), VM_OUT_OF_RANGE);
    vmo_op_init_lookup(&op, vmo, PAGES(4), false, true, false);
    cr_assert_eq(finish(&op), VM_OUT_OF_RANGE);
    vmo_op_init_take(&op, vmo, at, length, into);
    cr_assert_eq(finish(&op), VM_OUT_OF_RANGE);
    vmo_op_init_decompress(&op, vmo, at, length);
    cr_assert_eq(finish(&op), VM_OUT_OF_RANGE);
    vmo_op_init_always_need(&op, vmo, at, length);
    cr_assert_eq(finish(&op), VM_OK, "no pager: a hint is ignored");
    cr_assert_eq(vmo_decommit(vmo, at, length), VM_OUT_OF_RANGE);
    cr_assert_eq(vmo_unpin(vmo, at, length), VM_OUT_OF_RANGE);
    cr_assert_eq(vmo_unpin(vmo, at, 0), VM_INVALID_ARGS);
    cr_assert_eq(vmo_unpin(vmo, 0, PAGES(1)), VM_BAD_STATE, "not pinned");
    cr_assert_eq(vmo_resize(vmo, ANYWHERE), VM_OUT_OF_RANGE);
    cr_assert_eq(vmo_decommit(vmo, 0, 1), VM_INVALID_ARGS);
    cr_assert_eq(vmo_decommit(vmo, 1, PAGES(1)), VM_INVALID_ARGS);
    cr_assert_eq(vmo_decommit(vmo, 0, 0), VM_OK);
    cr_assert_eq(vmo_change_priority(vmo, -1), VM_BAD_STATE);
    vmo_close(into);
    vmo_close(vmo);
}

Test(refusals, a_fault_past_the_end_or_without_the_right_to_write)
{
    struct vmo *vmo = fixture_create(&f, VMO_ANONYMOUS, 4, false);
    struct vm_mapping *mapping;
    struct vmo_op op;
    cr_assert_eq(vmo_map(vmo, 1, 8, false, false, &mapping), VM_INVALID_ARGS);
    cr_assert_eq(vmo_map(vmo, 0, 8, false, false, &mapping), VM_OK);
    vmo_op_init_fault(&op, vmo, mapping, 4, false, 0);
    cr_assert_eq(finish(&op), VM_OUT_OF_RANGE);
    vmo_op_init_fault(&op, vmo, mapping, 0, true, 0);
    cr_assert_eq(finish(&op), VM_NOT_SUPPORTED);
    vmo_op_init_fault(&op, vmo, mapping, 0, false, 0);
    cr_assert_eq(finish(&op), VM_OK);
    vmo_unmap(vmo, mapping);
    vmo_close(vmo);
}

/* Every way to its content is closed until the object is locked again. */
Test(refusals, discarded_content_is_not_found)
{
    struct vmo *vmo = fixture_create(&f, VMO_DISCARDABLE, 4, false);
    struct vm_mapping *mapping;
    struct vmo_op op;
    uint64_t freed;
    fixture_write(&f, vmo, 0, 4);
    cr_assert_eq(vmo_map(vmo, 0, 4, true, false, &mapping), VM_OK);
    cr_assert_eq(vmo_try_lock(vmo, 0, PAGES(4)), VM_OK);
    cr_assert_eq(vmo_unlock(vmo, 0, PAGES(4)), VM_OK);
    cr_assert_eq(vmo_discard(vmo, 0, &freed), VM_OK);
    cr_assert_eq(freed, 4);
    vmo_op_init_read(&op, vmo, 0, PAGES(1));
    cr_assert_eq(finish(&op), VM_NOT_FOUND);
    vmo_op_init_commit(&op, vmo, 0, PAGES(1));
    cr_assert_eq(finish(&op), VM_NOT_FOUND);
    vmo_op_init_lookup(&op, vmo, 0, false, true, false);
    cr_assert_eq(finish(&op), VM_NOT_FOUND);
    vmo_op_init_fault(&op, vmo, mapping, 0, true, 1);
    cr_assert_eq(finish(&op), VM_NOT_FOUND);
    vmo_unmap(vmo, mapping);
    vmo_close(vmo);
}

Test(refusals, contiguous_objects)
{
    struct vmo *frames = contiguous();
    struct vmo *into = fixture_create(&f, VMO_ANONYMOUS, 2, false);
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 2, false);
    struct vmo_op op;
    bool deduped;
    cr_assert_eq(vmo_decommit(frames, 0, PAGES(1)), VM_NOT_SUPPORTED,
                 "nothing is lent");
    vmo_op_init_take(&op, frames, 0, PAGES(2), into);
    cr_assert_eq(finish(&op), VM_NOT_SUPPORTED);
    vmo_op_init_supply_from(&op, pager, 0, PAGES(2), frames, 0);
    cr_assert_eq(finish(&op), VM_NOT_SUPPORTED);
    cr_assert_eq(vmo_dedup_page(frames, 0, &deduped), VM_OK);
    cr_assert_not(deduped, "the frame is what the object is for");
    cr_assert_eq(vmo_dedup_page(into, 0, &deduped), VM_NOT_FOUND);
    vmo_close(pager);
    vmo_close(into);
    vmo_close(frames);
}

Test(refusals, taking_from_what_is_pinned_or_a_pagers)
{
    struct vmo *vmo = fixture_create(&f, VMO_ANONYMOUS, 2, false);
    struct vmo *into = fixture_create(&f, VMO_ANONYMOUS, 2, false);
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 2, false);
    struct vmo_op op;
    vmo_op_init_pin(&op, vmo, 0, PAGES(1), false);
    cr_assert_eq(finish(&op), VM_OK);
    vmo_op_init_take(&op, vmo, 0, PAGES(2), into);
    cr_assert_eq(finish(&op), VM_BAD_STATE);
    vmo_op_init_take(&op, into, 0, PAGES(2), vmo);
    cr_assert_eq(finish(&op), VM_BAD_STATE, "nor into it");
    vmo_op_init_take(&op, pager, 0, PAGES(2), into);
    cr_assert_eq(finish(&op), VM_NOT_SUPPORTED);
    vmo_op_init_take(&op, into, 0, PAGES(2), pager);
    cr_assert_eq(finish(&op), VM_NOT_SUPPORTED);
    vmo_op_init_take(&op, into, 0, 0, vmo);
    cr_assert_eq(finish(&op), VM_OK);
    cr_assert_eq(vmo_unpin(vmo, 0, PAGES(1)), VM_OK);
    vmo_close(pager);
    vmo_close(into);
    vmo_close(vmo);
}
