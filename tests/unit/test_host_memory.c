/*
 * The host runs out of memory in the middle of an operation: each allocation
 * that a move makes fails once, in turn. The move says VM_NO_MEMORY, every
 * invariant holds, no page has other content than before or after, and the
 * same move made again succeeds. In the end no block is left over.
 */
#include "core_fixture.h"
#include "host_memory.h"

enum { VMOS = 3, MANY = 62, LOOKS = 51 };

/* Not contents: a page that only its pager knows, and no page at all. */
#define AT_THE_PAGER UINT64_C(1)
#define NOWHERE      UINT64_C(2)

struct stage {
    struct fixture f;
    struct vmo *vmo[VMOS];
    struct vmo *many[MANY];
    struct vm_mapping *mapping;
};

struct view {
    uint64_t content[VMOS][LOOKS];
};

struct move {
    const char *name;
    void (*set_up)(struct stage *s);
    enum vm_status (*run)(struct stage *s);
    enum {
        CAN_TRY_AGAIN,
        SUCCEEDS,     /* what could not be had was not needed */
        LOSES_CONTENT /* what was on its way is gone; no second try */
    } then;
};

static void lower(struct stage *s)
{
    if (s->mapping)
        vmo_unmap(s->vmo[0], s->mapping);
    for (int i = 0; i < MANY; i++)
        if (s->many[i])
            vmo_close(s->many[i]);
    for (int i = VMOS - 1; i >= 0; i--)
        if (s->vmo[i])
            vmo_close(s->vmo[i]);
    fixture_release(&s->f);
}

static void raise_stage(struct stage *s, const struct move *move)
{
    *s = (struct stage){0};
    fixture_init(&s->f, 512);
    s->f.machine.loaning = true;
    if (move->set_up)
        move->set_up(s);
    fixture_check(&s->f);
}

/* All of the first pages, and some that are far out. */
static uint64_t page_looked_at(int look)
{
    static const uint64_t far[] = {63, 1040, 70000};
    int near = LOOKS - (int)(sizeof far / sizeof far[0]);
    return look < near ? (uint64_t)look : far[look - near];
}

static uint64_t content_seen(const struct vmo *vmo, uint64_t page)
{
    uint64_t content;
    if (!vmo || PAGES(page) >= vmo_size(vmo))
        return NOWHERE;
    if (!vm_cow_peek_content(vmo_cow(vmo), PAGES(page), &content))
        return AT_THE_PAGER;
    return content;
}

static struct view look(const struct stage *s)
{
    struct view view;
    for (int i = 0; i < VMOS; i++)
        for (int look = 0; look < LOOKS; look++)
            view.content[i][look] =
                content_seen(s->vmo[i], page_looked_at(look));
    return view;
}

static void expect_view(const struct stage *s, const char *name,
                        const struct view *one, const struct view *other)
{
    struct view seen = look(s);
    for (int i = 0; i < VMOS; i++)
        for (int look = 0; look < LOOKS; look++) {
            uint64_t content = seen.content[i][look];
            cr_assert(content == one->content[i][look] ||
                          content == other->content[i][look],
                      "%s: VMO %d page %ju is %ju, not %ju or %ju", name, i,
                      (uintmax_t)page_looked_at(look), (uintmax_t)content,
                      (uintmax_t)one->content[i][look],
                      (uintmax_t)other->content[i][look]);
        }
}

static struct view view_after(const struct move *move)
{
    struct stage s;
    raise_stage(&s, move);
    cr_assert_eq(move->run(&s), VM_OK, "%s", move->name);
    fixture_check(&s.f);
    struct view after = look(&s);
    lower(&s);
    return after;
}

/* Make the move with its n-th allocation failing; false: there are not so many. */
static bool fails_in_turn(const struct move *move, uint64_t n,
                          const struct view *after)
{
    int64_t blocks = host_memory_live_blocks();
    struct stage s;
    raise_stage(&s, move);
    struct view before = look(&s);

    host_memory_fail_nth(n);
    enum vm_status status = move->run(&s);
    bool has_failed = host_memory_has_failed();
    const char *rule = vm_machine_valid(&s.f.machine);
    cr_assert_null(rule, "%s, allocation %ju: %s", move->name, (uintmax_t)n,
                   rule);
    if (has_failed && move->then != SUCCEEDS)
        cr_assert_eq(status, VM_NO_MEMORY, "%s, allocation %ju: %s", move->name,
                     (uintmax_t)n, vm_status_name(status));
    else
        cr_assert_eq(status, VM_OK, "%s: %s", move->name,
                     vm_status_name(status));
    expect_view(&s, move->name, &before, after);

    if (has_failed && move->then != LOSES_CONTENT) {
        cr_assert_eq(move->run(&s), VM_OK, "%s, again", move->name);
        fixture_check(&s.f);
    }
    if (!has_failed || move->then != LOSES_CONTENT)
        expect_view(&s, move->name, after, after);
    lower(&s);
    cr_assert_eq(host_memory_live_blocks(), blocks, "%s, allocation %ju: leak",
                 move->name, (uintmax_t)n);
    return has_failed;
}

static void sweep(const struct move *moves, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct view after = view_after(&moves[i]);
        uint64_t n = 1;
        while (fails_in_turn(&moves[i], n, &after))
            n++;
        cr_assert_gt(n, 1, "%s asks the host for nothing", moves[i].name);
    }
}

#define SWEEP(moves) sweep(moves, sizeof(moves) / sizeof(moves)[0])

/* --- pieces of moves -------------------------------------------------------- */

static enum vm_status finish(struct vmo_op *op)
{
    enum vm_status status = vmo_op_run(op);
    if (status == VM_SHOULD_WAIT)
        vmo_op_abort(op, status);
    vmo_op_release(op);
    return status;
}

static enum vm_status write_at(struct vmo *vmo, uint64_t page, uint64_t count)
{
    uint64_t values[64];
    struct vmo_op op;
    for (uint64_t i = 0; i < count; i++)
        values[i] = 1000 + page + i;
    enum vm_status status =
        vmo_op_init_write(&op, vmo, PAGES(page), PAGES(count), values);
    return status == VM_OK ? finish(&op) : status;
}

static enum vm_status supply_at(struct vmo *vmo, uint64_t page, uint64_t count)
{
    uint64_t values[64];
    struct vmo_op op;
    for (uint64_t i = 0; i < count; i++)
        values[i] = 2000 + page + i;
    enum vm_status status =
        vmo_op_init_supply(&op, vmo, PAGES(page), PAGES(count), values);
    return status == VM_OK ? finish(&op) : status;
}

static enum vm_status zero_at(struct vmo *vmo, uint64_t start, uint64_t end)
{
    struct vmo_op op;
    vmo_op_init_zero(&op, vmo, PAGES(start), PAGES(end - start));
    return finish(&op);
}

static enum vm_status commit_at(struct vmo *vmo, uint64_t start, uint64_t end)
{
    struct vmo_op op;
    vmo_op_init_commit(&op, vmo, PAGES(start), PAGES(end - start));
    return finish(&op);
}

static enum vm_status create(struct stage *s, enum vmo_kind kind)
{
    struct vmo_create_args args = {.kind = kind,
                                   .size = PAGES(40),
                                   .user_id = s->f.next_user_id++,
                                   .compressibility = 0.4};
    return vmo_create(&s->f.machine, &args, &s->vmo[0]);
}

static enum vm_status clone(struct stage *s, enum vm_clone_type type)
{
    return vmo_create_clone(s->vmo[0], type, 0, PAGES(40), true,
                            s->f.next_user_id++, &s->vmo[1]);
}

static void with_anonymous(struct stage *s)
{
    s->vmo[0] = fixture_create(&s->f, VMO_ANONYMOUS, 80000, false);
}

static void with_pager(struct stage *s)
{
    s->vmo[0] = fixture_create(&s->f, VMO_PAGER, 40, false);
}

static void with_trapping_pager(struct stage *s)
{
    s->vmo[0] = fixture_create(&s->f, VMO_PAGER, 40, true);
}

static void with_written(struct stage *s)
{
    s->vmo[0] = fixture_create(&s->f, VMO_ANONYMOUS, 40, false);
    fixture_write(&s->f, s->vmo[0], 0, 40);
}

static void with_supplied(struct stage *s)
{
    with_pager(s);
    cr_assert_eq(supply_at(s->vmo[0], 0, 40), VM_OK);
}

static void with_snapshot(struct stage *s)
{
    with_written(s);
    s->vmo[1] = fixture_clone(&s->f, s->vmo[0], CLONE_SNAPSHOT, 0, 40);
}

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

/* --- pagers --------------------------------------------------------------------------- */

static enum vm_status supply_40(struct stage *s)
{
    return supply_at(s->vmo[0], 0, 40);
}

static enum vm_status supply_one(struct stage *s)
{
    struct page_request request;
    page_index page;
    page_request_init(&request);
    return vm_cow_supply_one(vmo_cow(s->vmo[0]), PAGES(3), 7, &request, &page);
}

static enum vm_status supply_zeros(struct stage *s)
{
    struct vmo_op op;
    cr_assert_eq(vmo_op_init_supply(&op, s->vmo[0], 0, PAGES(40), NULL), VM_OK);
    return finish(&op);
}

static void with_dirty_interval(struct stage *s)
{
    with_trapping_pager(s);
    cr_assert_eq(zero_at(s->vmo[0], 0, 40), VM_OK);
}

static enum vm_status dirty_middle(struct stage *s)
{
    struct vmo_op op;
    vmo_op_init_dirty(&op, s->vmo[0], PAGES(3), PAGES(30));
    return finish(&op);
}

/* Several intervals: what was made of the first is undone for the last. */
static void with_broken_interval(struct stage *s)
{
    with_dirty_interval(s);
    struct vmo_op op;
    vmo_op_init_dirty(&op, s->vmo[0], PAGES(10), PAGES(1));
    cr_assert_eq(finish(&op), VM_OK);
}

static enum vm_status zero_40(struct stage *s)
{
    return zero_at(s->vmo[0], 0, 40);
}

static enum vm_status grow(struct stage *s)
{
    return vmo_resize(s->vmo[0], PAGES(64));
}

/* What can't be clipped stays dirty. */
static enum vm_status write_back_half(struct stage *s)
{
    enum vm_status status = vmo_writeback_begin(s->vmo[0], 0, PAGES(20), false);
    return status == VM_OK ? vmo_writeback_end(s->vmo[0], 0, PAGES(20))
                           : status;
}

static enum vm_status shrink(struct stage *s)
{
    return vmo_resize(s->vmo[0], PAGES(17));
}

static void with_zeroed_pager(struct stage *s)
{
    with_pager(s);
    cr_assert_eq(zero_at(s->vmo[0], 0, 40), VM_OK);
}

static enum vm_status write_into_interval(struct stage *s)
{
    return write_at(s->vmo[0], 20, 3);
}

/* Evicting works without memory, only that it was is forgotten. */
static enum vm_status evict(struct stage *s)
{
    bool reclaimed;
    for (uint64_t page = 0; page < 40; page += 13) {
        enum vm_status status =
            vmo_reclaim_page(s->vmo[0], PAGES(page), s->vmo[0], PAGES(page),
                             EVICTION_HINT_FOLLOW, false, &reclaimed);
        if (status != VM_OK && status != VM_NOT_FOUND)
            return status;
    }
    return VM_OK;
}

Test(host_memory, a_pager_can_try_again)
{
    static const struct move moves[] = {
        {"supply", with_pager, supply_40, CAN_TRY_AGAIN},
        {"supply one", with_pager, supply_one, CAN_TRY_AGAIN},
        {"supply zeros", with_pager, supply_zeros, CAN_TRY_AGAIN},
        {"zero", with_trapping_pager, zero_40, CAN_TRY_AGAIN},
        {"grow", with_trapping_pager, grow, CAN_TRY_AGAIN},
        {"shrink", with_dirty_interval, shrink, CAN_TRY_AGAIN},
        {"dirty", with_dirty_interval, dirty_middle, CAN_TRY_AGAIN},
        {"dirty several intervals", with_broken_interval, dirty_middle,
         CAN_TRY_AGAIN},
        {"write into an interval", with_zeroed_pager, write_into_interval,
         CAN_TRY_AGAIN},
        {"write back half", with_dirty_interval, write_back_half, SUCCEEDS},
        {"evict", with_supplied, evict, SUCCEEDS},
    };
    SWEEP(moves);
}

/* --- moving content ------------------------------------------------------------------- */

static enum vm_status compress(struct stage *s)
{
    bool reclaimed;
    for (uint64_t page = 0; page < 40; page += 3) {
        enum vm_status status =
            vmo_reclaim_page(s->vmo[0], PAGES(page), s->vmo[0], PAGES(page),
                             EVICTION_HINT_FOLLOW, true, &reclaimed);
        if (status != VM_OK && status != VM_NOT_FOUND)
            return status;
    }
    return VM_OK;
}

static void with_donor(struct stage *s)
{
    with_written(s);
    s->vmo[1] = fixture_create(&s->f, VMO_PAGER, 40, false);
}

static void with_donor_clone(struct stage *s)
{
    with_snapshot(s);
    struct vmo *donor = s->vmo[1];
    s->vmo[1] = s->vmo[0];
    s->vmo[0] = donor;
}

static enum vm_status take(struct stage *s)
{
    struct vmo_create_args args = {.kind = VMO_ANONYMOUS,
                                   .size = PAGES(30),
                                   .user_id = s->f.next_user_id++};
    struct vmo *into;
    enum vm_status status = vmo_create(&s->f.machine, &args, &into);
    if (status != VM_OK)
        return status;
    struct vmo_op op;
    vmo_op_init_take(&op, s->vmo[0], PAGES(5), PAGES(30), into);
    status = finish(&op);
    if (status == VM_OK)
        s->vmo[2] = into;
    else
        vmo_close(into);
    return status;
}

/* Every third page compressed, one a marker. */
static void with_compressed(struct stage *s)
{
    uint64_t zero = 0;
    struct vmo_op op;
    with_written(s);
    cr_assert_eq(vmo_op_init_write(&op, s->vmo[0], PAGES(9), PAGES(1), &zero),
                 VM_OK);
    cr_assert_eq(finish(&op), VM_OK);
    cr_assert_eq(compress(s), VM_OK);
    cr_assert_gt(s->f.machine.stats.reference_count, 10);
}

static enum vm_status supply_from(struct stage *s)
{
    struct vmo_op op;
    vmo_op_init_supply_from(&op, s->vmo[1], PAGES(5), PAGES(30), s->vmo[0],
                            PAGES(5));
    return finish(&op);
}

Test(host_memory, content_on_its_way_is_freed)
{
    static const struct move moves[] = {
        {"take", with_written, take, LOSES_CONTENT},
        {"take what is compressed", with_compressed, take, LOSES_CONTENT},
        {"take from a clone", with_donor_clone, take, LOSES_CONTENT},
        {"supply from", with_donor, supply_from, LOSES_CONTENT},
    };
    SWEEP(moves);
}

/* --- compressed content ------------------------------------------------------------------ */

Test(host_memory, a_page_that_is_not_compressed_stays)
{
    static const struct move moves[] = {
        {"compress", with_written, compress, SUCCEEDS},
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

static enum vm_status unmap(struct stage *s)
{
    vmo_unmap(s->vmo[0], s->mapping);
    s->mapping = NULL;
    return VM_OK;
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
