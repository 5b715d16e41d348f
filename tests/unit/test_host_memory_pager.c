/*
 * Without memory of the host (host_memory_fixture.h): what pagers do, content
 * on the move, compression.
 */
#include "host_memory_fixture.h"

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

/* Where the list has no room the exchange is left to evicting and supplying. */
static enum vm_status recycle(struct stage *s)
{
    page_index page = vm_cow_debug_get_page(vmo_cow(s->vmo[0]), 0);
    if (page)
        (void)vm_cow_recycle_page(vmo_cow(s->vmo[0]), page, PAGES(63), 7);
    return VM_OK;
}

static void with_a_page_in_a_large_object(struct stage *s)
{
    s->vmo[0] = fixture_create(&s->f, VMO_PAGER, 1000, false);
    cr_assert_eq(supply_at(s->vmo[0], 0, 2), VM_OK);
}

Test(host_memory_pager, a_pager_can_try_again)
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
        {"recycle", with_a_page_in_a_large_object, recycle, SUCCEEDS},
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

static void with_cloned_donor(struct stage *s)
{
    with_donor(s);
    s->vmo[2] = fixture_clone(&s->f, s->vmo[0], CLONE_SNAPSHOT, 0, 40);
}

static void with_donor_clone(struct stage *s)
{
    with_snapshot(s);
    struct vmo *donor = s->vmo[1];
    s->vmo[1] = s->vmo[0];
    s->vmo[0] = donor;
}

static enum vm_status take_range(struct stage *s, uint64_t page, uint64_t count)
{
    struct vmo_create_args args = {.kind = VMO_ANONYMOUS,
                                   .size = PAGES(count),
                                   .user_id = s->f.next_user_id++};
    struct vmo *into;
    enum vm_status status = vmo_create(&s->f.machine, &args, &into);
    if (status != VM_OK)
        return status;
    struct vmo_op op;
    vmo_op_init_take(&op, s->vmo[0], PAGES(page), PAGES(count), into);
    status = finish(&op);
    if (status == VM_OK)
        s->vmo[2] = into;
    else
        vmo_close(into);
    return status;
}

static enum vm_status take(struct stage *s)
{
    return take_range(s, 5, 30);
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

static void with_compressed_donor(struct stage *s)
{
    with_compressed(s);
    s->vmo[1] = fixture_create(&s->f, VMO_PAGER, 40, false);
}

static enum vm_status supply_from(struct stage *s)
{
    struct vmo_op op;
    vmo_op_init_supply_from(&op, s->vmo[1], PAGES(5), PAGES(30), s->vmo[0],
                            PAGES(5));
    return finish(&op);
}

static void with_scattered(struct stage *s)
{
    static const uint64_t pages[] = {5, 1040, 5000, 9000};
    with_anonymous(s);
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        cr_assert_eq(write_at(s->vmo[0], pages[i], 1), VM_OK);
}

static void with_scattered_slice(struct stage *s)
{
    struct vmo_create_args args = {
        .kind = VMO_ANONYMOUS, .size = PAGES(40), .user_id = 1};
    struct vmo *whole;
    cr_assert_eq(vmo_create(&s->f.machine, &args, &whole), VM_OK);
    cr_assert_eq(write_at(whole, 4, 33), VM_OK);
    cr_assert_eq(vmo_create_slice(whole, PAGES(3), PAGES(37),
                                  s->f.next_user_id++, &s->vmo[0]),
                 VM_OK);
    s->vmo[1] = whole;
}

static enum vm_status take_far(struct stage *s)
{
    return take_range(s, 0, 9900);
}

Test(host_memory_pager, content_on_its_way_returns)
{
    static const struct move moves[] = {
        {"take", with_written, take, CAN_TRY_AGAIN},
        {"take what is compressed", with_compressed, take, CAN_TRY_AGAIN},
        {"take from a clone", with_donor_clone, take, CAN_TRY_AGAIN},
        {"take from far apart", with_scattered, take_far, CAN_TRY_AGAIN},
        {"take from a slice", with_scattered_slice, take, CAN_TRY_AGAIN},
        {"supply from", with_donor, supply_from, CAN_TRY_AGAIN},
        {"supply from a clone", with_cloned_donor, supply_from, CAN_TRY_AGAIN},
        {"supply from what is compressed", with_compressed_donor, supply_from,
         CAN_TRY_AGAIN},
    };
    SWEEP(moves);
}

/* --- compressed content ------------------------------------------------------------------ */

Test(host_memory_pager, a_page_that_is_not_compressed_stays)
{
    static const struct move moves[] = {
        {"compress", with_written, compress, SUCCEEDS},
    };
    SWEEP(moves);
}
