/*
 * Reclaiming by hand: what is refused and why, what a page that is being
 * compressed may live through meanwhile, hints, zero pages, priority.
 */
#include "core_fixture.h"

static struct fixture f;

static void set_up(void)
{
    fixture_init(&f, 128);
}

static void tear_down(void)
{
    f.machine.compress_hook = NULL;
    fixture_release(&f);
}

TestSuite(cow_reclaim, .init = set_up, .fini = tear_down);

static const uint64_t values[8] = {11, 12, 13, 14, 15, 16, 17, 18};

static page_index page_at(const struct vmo *vmo, uint64_t page)
{
    return vm_cow_debug_get_page(vmo_cow(vmo), PAGES(page));
}

static struct vm_page *descriptor_at(const struct vmo *vmo, uint64_t page)
{
    return vm_page_of(&f.machine, page_at(vmo, page));
}

static enum page_queue queue_at(const struct vmo *vmo, uint64_t page)
{
    return (enum page_queue)descriptor_at(vmo, page)->queue;
}

static enum vm_status finish(struct vmo_op *op)
{
    enum vm_status status = vmo_op_run(op);
    if (status == VM_SHOULD_WAIT)
        vmo_op_abort(op, status);
    vmo_op_release(op);
    return status;
}

static struct vmo *pager_with(uint64_t pages)
{
    struct vmo *vmo = fixture_create(&f, VMO_PAGER, pages, false);
    cr_assert_eq(fixture_supply(vmo, 0, pages, values), VM_OK);
    return vmo;
}

static bool reclaim(struct vmo *vmo, uint64_t page, bool compress)
{
    bool reclaimed;
    cr_assert_eq(vmo_reclaim_page(vmo, PAGES(page), vmo, PAGES(page),
                                  EVICTION_HINT_FOLLOW, compress, &reclaimed),
                 VM_OK);
    return reclaimed;
}

static void expect_refused(struct vmo *vmo, page_index page, uint64_t at,
                           enum vm_eviction_hint hint,
                           enum reclaim_refused expected)
{
    enum reclaim_refused refused;
    cr_assert_not(vm_cow_reclaim_page(vmo_cow(vmo), page, PAGES(at), hint, NULL,
                                      &refused));
    cr_assert_eq(refused, expected);
    cr_assert_not(
        vm_cow_reclaim_page(vmo_cow(vmo), page, PAGES(at), hint, NULL, NULL),
        "the reason is optional");
    fixture_check(&f);
}

Test(cow_reclaim, a_refusal_says_why)
{
    struct vmo *pager = pager_with(4);
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 2, false);
    struct vmo_op op;
    page_index page = page_at(pager, 0);
    fixture_write(&f, plain, 0, 1);

    expect_refused(pager, page, 1, EVICTION_HINT_FOLLOW, RECLAIM_REFUSED_GONE);
    expect_refused(plain, page, 1, EVICTION_HINT_FOLLOW, RECLAIM_REFUSED_GONE);
    expect_refused(plain, page_at(plain, 0), 0, EVICTION_HINT_FOLLOW,
                   RECLAIM_REFUSED_NO_STRATEGY);
    cr_assert_eq(f.machine.stats.no_strategy, 2);
    fixture_write(&f, pager, 1, 2);
    expect_refused(pager, page_at(pager, 1), 1, EVICTION_HINT_FOLLOW,
                   RECLAIM_REFUSED_DIRTY);
    vmo_op_init_pin(&op, pager, PAGES(2), PAGES(1), false);
    cr_assert_eq(finish(&op), VM_OK);
    expect_refused(pager, page_at(pager, 2), 2, EVICTION_HINT_FOLLOW,
                   RECLAIM_REFUSED_PINNED);
    cr_assert_eq(vmo_unpin(pager, PAGES(2), PAGES(1)), VM_OK);
    cr_assert_eq(vmo_change_priority(pager, 1), VM_OK);
    expect_refused(pager, page, 0, EVICTION_HINT_FOLLOW,
                   RECLAIM_REFUSED_PRIORITY);
    cr_assert_eq(vmo_change_priority(pager, -1), VM_OK);
    vmo_op_init_always_need(&op, pager, 0, PAGES(1));
    cr_assert_eq(finish(&op), VM_OK);
    expect_refused(pager, page, 0, EVICTION_HINT_FOLLOW,
                   RECLAIM_REFUSED_ALWAYS_NEED);
    cr_assert(vm_cow_reclaim_page(vmo_cow(pager), page, 0, EVICTION_HINT_IGNORE,
                                  NULL, NULL),
              "hints can be ignored");
    pmm_free_page(&f.machine.pmm, page);
    vmo_close(plain);
    vmo_close(pager);
}

Test(cow_reclaim, evicting_takes_pages_of_pagers_only)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 1, false);
    struct vmo *pager = pager_with(1);
    page_index page = page_at(pager, 0);
    fixture_write(&f, plain, 0, 1);
    cr_assert_not(
        vm_cow_remove_page_for_eviction(vmo_cow(plain), page_at(plain, 0), 0));
    cr_assert_not(vm_cow_remove_page_for_eviction(vmo_cow(plain), page, 0),
                  "not its page");
    cr_assert(vm_cow_remove_page_for_eviction(vmo_cow(pager), page, 0));
    pmm_free_page(&f.machine.pmm, page);
    vmo_close(pager);
    vmo_close(plain);
}

Test(cow_reclaim, what_was_evicted_is_known_until_it_is_back)
{
    struct vmo_create_args args = {
        .kind = VMO_PAGER, .size = PAGES(4), .user_id = 900};
    struct vmo *pager, *slice;
    cr_assert_eq(vmo_create(&f.machine, &args, &pager), VM_OK);
    cr_assert_eq(fixture_supply(pager, 0, 4, values), VM_OK);
    cr_assert_eq(vmo_create_slice(pager, PAGES(1), PAGES(2), 901, &slice),
                 VM_OK);
    cr_assert_not(vm_cow_was_reclaimed(vmo_cow(pager), PAGES(2)));
    cr_assert(reclaim(pager, 2, false));
    cr_assert(vm_cow_was_reclaimed(vmo_cow(pager), PAGES(2)));
    cr_assert(vm_cow_was_reclaimed(vmo_cow(slice), PAGES(1)),
              "through a slice");
    cr_assert_not(vm_cow_was_reclaimed(vmo_cow(pager), PAGES(1)));
    cr_assert_eq(fixture_supply(pager, 2, 3, values), VM_OK);
    cr_assert_not(vm_cow_was_reclaimed(vmo_cow(pager), PAGES(2)));
    vmo_close(slice);
    vmo_close(pager);
}

Test(cow_reclaim, only_a_pagers_page_is_exchanged)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 4, false);
    struct vmo *pager = pager_with(4);
    pq_enable_anonymous_reclaim(&f.machine.pqs, false);
    fixture_write(&f, plain, 0, 1);
    cr_assert_not(
        vm_cow_recycle_page(vmo_cow(plain), page_at(plain, 0), PAGES(1), 9));
    cr_assert_not(
        vm_cow_recycle_page(vmo_cow(plain), page_at(pager, 0), PAGES(1), 9),
        "not its page");
    fixture_write(&f, pager, 0, 1);
    cr_assert_not(
        vm_cow_recycle_page(vmo_cow(pager), page_at(pager, 0), PAGES(1), 9),
        "dirty");
    fixture_check(&f);
    vmo_close(pager);
    vmo_close(plain);
}

/* --- compression -------------------------------------------------------------- */

Test(cow_reclaim, only_plain_anonymous_pages_are_compressed)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 3, false);
    struct vmo *discardable = fixture_create(&f, VMO_DISCARDABLE, 1, false);
    fixture_write(&f, plain, 0, 1);
    fixture_write(&f, discardable, 0, 1);

    cr_assert_not(reclaim(discardable, 0, true));
    plain->owner.is_uncached = true;
    cr_assert_not(reclaim(plain, 0, true));
    plain->owner.is_uncached = false;
    cr_assert_not(reclaim(plain, 0, false), "no compressor is given");
    cr_assert(reclaim(plain, 0, true));
    cr_assert(slot_is_reference(fixture_slot(vmo_cow(plain), 0)));
    vmo_close(discardable);
    vmo_close(plain);
}

/* A page of zeros leaves a marker, one that does not shrink stays. */
Test(cow_reclaim, compression_ends_in_three_ways)
{
    struct vmo_create_args args = {.kind = VMO_ANONYMOUS,
                                   .size = PAGES(2),
                                   .user_id = 900,
                                   .compressibility = 1.0};
    struct vmo *hard;
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 2, false);
    uint64_t zero = 0;
    struct vmo_op op;
    cr_assert_eq(vmo_create(&f.machine, &args, &hard), VM_OK);
    pq_enable_anonymous_reclaim(&f.machine.pqs, true);
    fixture_write(&f, hard, 0, 1);
    cr_assert_eq(vmo_op_init_write(&op, plain, 0, PAGES(1), &zero), VM_OK);
    cr_assert_eq(finish(&op), VM_OK);
    fixture_write(&f, plain, 1, 2);

    cr_assert(reclaim(plain, 0, true));
    cr_assert(slot_is_marker(fixture_slot(vmo_cow(plain), 0)));
    cr_assert(reclaim(plain, 1, true));
    cr_assert(slot_is_reference(fixture_slot(vmo_cow(plain), 1)));
    cr_assert_not(reclaim(hard, 0, true));
    cr_assert_eq(queue_at(hard, 0), PQ_FAILED_RECLAIM);
    fixture_check(&f);
    vmo_close(plain);
    vmo_close(hard);
}

/* What happens between a compression's start and its end. */
struct meanwhile {
    struct vmo *vmo;
    struct vmo *other;
    enum { READ, WRITE, DECOMMIT, TAKE, RESIZE } what;
    enum vm_status status;
};

static void act_meanwhile(struct vm_machine *machine, void *context)
{
    struct meanwhile *meanwhile = context;
    struct vmo *vmo = meanwhile->vmo;
    struct vmo_op op;
    uint64_t value = 77;
    (void)machine;
    switch (meanwhile->what) {
    case READ:
        vmo_op_init_read(&op, vmo, 0, PAGES(1));
        meanwhile->status = vmo_op_run(&op);
        cr_assert_eq(op.values[0], 100, "the content is there all the time");
        vmo_op_release(&op);
        break;
    case WRITE:
        (void)vmo_op_init_write(&op, vmo, 0, PAGES(1), &value);
        meanwhile->status = finish(&op);
        break;
    case DECOMMIT:
        meanwhile->status = vmo_decommit(vmo, 0, PAGES(1));
        break;
    case TAKE:
        vmo_op_init_take(&op, vmo, 0, PAGES(2), meanwhile->other);
        meanwhile->status = finish(&op);
        break;
    case RESIZE:
        meanwhile->status = vmo_resize(vmo, 0);
        break;
    }
}

/*
 * The slot says that the page is being compressed; whoever comes in between
 * finds the content, and the compression finds its place taken.
 */
Test(cow_reclaim, a_page_under_compression_can_be_used)
{
    static const struct {
        int what;
        uint64_t content; /* of page 0 afterwards */
        uint64_t pages_in_use;
    } cases[] = {
        {READ, 100, 2},
        {WRITE, 77, 2},
        {DECOMMIT, 0, 1},
        {TAKE, 0, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct meanwhile meanwhile = {
            .vmo = fixture_create(&f, VMO_ANONYMOUS, 2, false),
            .other = fixture_create(&f, VMO_ANONYMOUS, 2, false),
            .what = cases[i].what,
            .status = VM_INTERNAL,
        };
        f.next_content = 100;
        fixture_write(&f, meanwhile.vmo, 0, 2);
        f.machine.compress_hook = act_meanwhile;
        f.machine.compress_context = &meanwhile;
        cr_assert_not(reclaim(meanwhile.vmo, 0, true), "case %zu", i);
        f.machine.compress_hook = NULL;
        cr_assert_eq(meanwhile.status, VM_OK, "case %zu", i);
        cr_assert_eq(fixture_content(meanwhile.vmo, 0), cases[i].content,
                     "case %zu", i);
        if (cases[i].what == TAKE)
            cr_assert_eq(fixture_content(meanwhile.other, 0), 100);
        cr_assert_eq(f.machine.stats.object_pages, cases[i].pages_in_use,
                     "case %zu", i);
        cr_assert_eq(f.machine.stats.reference_count, 0);
        fixture_check(&f);
        vmo_close(meanwhile.other);
        vmo_close(meanwhile.vmo);
    }
}

Test(cow_reclaim, a_failed_compression_of_a_page_that_went_frees_it)
{
    struct vmo_create_args args = {.kind = VMO_ANONYMOUS,
                                   .size = PAGES(1),
                                   .is_resizable = true,
                                   .user_id = 900,
                                   .compressibility = 1.0};
    struct meanwhile meanwhile = {.what = RESIZE};
    cr_assert_eq(vmo_create(&f.machine, &args, &meanwhile.vmo), VM_OK);
    fixture_write(&f, meanwhile.vmo, 0, 1);
    f.machine.compress_hook = act_meanwhile;
    f.machine.compress_context = &meanwhile;
    cr_assert_not(reclaim(meanwhile.vmo, 0, true));
    cr_assert_eq(meanwhile.status, VM_OK);
    cr_assert_eq(fixture_pages_in_use(&f),
                 compressor_held_pages(f.machine.compressor));
    fixture_check(&f);
    vmo_close(meanwhile.vmo);
}

static void close_meanwhile(struct vm_machine *machine, void *context)
{
    struct vmo **vmo = context;
    (void)machine;
    vmo_close(*vmo);
    *vmo = NULL;
}

/* The hidden node that holds it merges into the child that is left. */
Test(cow_reclaim, a_page_under_compression_moves_with_a_merge)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 2, false);
    fixture_write(&f, plain, 0, 2);
    struct vmo *clone = fixture_clone(&f, plain, CLONE_SNAPSHOT, 0, 2);
    struct vm_cow_pages *hidden =
        vm_cow_ref(vm_cow_debug_get_parent(vmo_cow(clone)));
    page_index page = vm_cow_debug_get_page(hidden, 0);
    f.machine.compress_hook = close_meanwhile;
    f.machine.compress_context = &clone;
    cr_assert_eq(compressor_arm(f.machine.compressor), VM_OK);
    cr_assert_not(vm_cow_reclaim_page(hidden, page, 0, EVICTION_HINT_FOLLOW,
                                      f.machine.compressor, NULL));
    compressor_disarm(f.machine.compressor);
    f.machine.compress_hook = NULL;
    vm_cow_unref(hidden);
    cr_assert_null(clone);
    cr_assert(vm_cow_debug_is_page(vmo_cow(plain), 0));
    cr_assert_eq(queue_at(plain, 0), PQ_ANONYMOUS);
    cr_assert_eq(fixture_content(plain, 0), 100);
    cr_assert_eq(f.machine.stats.object_pages, 2);
    fixture_check(&f);
    vmo_close(plain);
}

Test(cow_reclaim, discarding_forgets_nothing_but_content)
{
    struct vmo *vmo = fixture_create(&f, VMO_DISCARDABLE, 3, false);
    uint64_t zero = 0, freed;
    struct vmo_op op;
    bool deduped;
    fixture_write(&f, vmo, 0, 1);
    cr_assert_eq(vmo_op_init_write(&op, vmo, PAGES(1), PAGES(1), &zero), VM_OK);
    cr_assert_eq(finish(&op), VM_OK);
    cr_assert_eq(vmo_dedup_page(vmo, PAGES(1), &deduped), VM_OK);
    cr_assert(deduped);
    cr_assert_eq(vmo_try_lock(vmo, 0, PAGES(3)), VM_OK);
    cr_assert_eq(vmo_unlock(vmo, 0, PAGES(3)), VM_OK);
    cr_assert_eq(vmo_discard(vmo, 0, &freed), VM_OK);
    cr_assert_eq(freed, 1);
    cr_assert(vm_cow_was_reclaimed(vmo_cow(vmo), 0));
    cr_assert_not(vm_cow_was_reclaimed(vmo_cow(vmo), PAGES(1)),
                  "a zero costs nothing to have back");
    fixture_check(&f);
    vmo_close(vmo);
}

Test(cow_reclaim, decompressing_a_range_leaves_the_rest)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 4, false);
    struct vmo_op op;
    fixture_write(&f, plain, 0, 4);
    for (uint64_t page = 1; page < 4; page++)
        cr_assert(reclaim(plain, page, true));
    vmo_op_init_decompress(&op, plain, 0, 0);
    cr_assert_eq(finish(&op), VM_OK);
    cr_assert_eq(f.machine.stats.decompressed_pages, 0);
    vmo_op_init_decompress(&op, plain, 0, PAGES(3));
    cr_assert_eq(finish(&op), VM_OK);
    cr_assert_eq(f.machine.stats.decompressed_pages, 2);
    cr_assert_eq(fixture_content(plain, 1), 101);
    cr_assert(slot_is_reference(fixture_slot(vmo_cow(plain), 3)));
    fixture_check(&f);
    vmo_close(plain);
}

static void take_all_memory(struct page_chain *chain)
{
    struct pmm *pmm = &f.machine.pmm;
    cr_assert_eq(pmm_alloc_pages(pmm, pmm->free_pages, PMM_ALLOC_ANY, chain),
                 VM_OK);
}

Test(cow_reclaim, decompressing_without_memory_changes_nothing)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 2, false);
    struct page_chain all = PAGE_CHAIN_EMPTY;
    struct vmo_op op;
    fixture_write(&f, plain, 0, 2);
    cr_assert(reclaim(plain, 0, true));
    take_all_memory(&all);
    vmo_op_init_decompress(&op, plain, 0, PAGES(2));
    cr_assert_eq(finish(&op), VM_NO_MEMORY);
    vmo_op_init_read(&op, plain, 0, PAGES(1));
    cr_assert_eq(finish(&op), VM_NO_MEMORY);
    cr_assert_eq(vmo_op_init_write(&op, plain, 0, PAGES(1), values), VM_OK);
    cr_assert_eq(finish(&op), VM_NO_MEMORY);
    vmo_op_init_commit(&op, plain, 0, PAGES(2));
    cr_assert_eq(finish(&op), VM_NO_MEMORY);
    cr_assert_eq(f.machine.stats.reference_count, 1);
    pmm_free_chain(&f.machine.pmm, &all);
    vmo_close(plain);
}

/* --- zero pages ------------------------------------------------------------------ */

Test(cow_reclaim, only_a_clean_page_of_zeros_becomes_a_marker)
{
    static const uint64_t zeros[4] = {0};
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 4, false);
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 2, false);
    struct vmo_op op;
    bool deduped;
    cr_assert_eq(fixture_supply(pager, 0, 4, zeros), VM_OK);
    cr_assert_eq(vmo_op_init_write(&op, pager, PAGES(1), PAGES(1), zeros),
                 VM_OK);
    cr_assert_eq(finish(&op), VM_OK);
    cr_assert_eq(vmo_dedup_page(pager, PAGES(1), &deduped), VM_OK);
    cr_assert_not(deduped, "dirty");
    vmo_op_init_pin(&op, pager, PAGES(2), PAGES(1), false);
    cr_assert_eq(finish(&op), VM_OK);
    cr_assert_eq(vmo_dedup_page(pager, PAGES(2), &deduped), VM_OK);
    cr_assert_not(deduped, "pinned");
    cr_assert_eq(vmo_unpin(pager, PAGES(2), PAGES(1)), VM_OK);
    cr_assert_eq(vmo_change_priority(pager, 1), VM_OK);
    cr_assert_eq(vmo_dedup_page(pager, 0, &deduped), VM_OK);
    cr_assert_not(deduped, "high priority");
    cr_assert_eq(vmo_change_priority(pager, -1), VM_OK);
    pager->owner.is_uncached = true;
    cr_assert_eq(vmo_dedup_page(pager, 0, &deduped), VM_OK);
    cr_assert_not(deduped, "uncached");
    pager->owner.is_uncached = false;
    cr_assert_not(
        vm_cow_dedup_zero_page(vmo_cow(pager), page_at(pager, 0), PAGES(3)),
        "elsewhere");
    cr_assert_eq(vmo_dedup_page(pager, 0, &deduped), VM_OK);
    cr_assert(deduped);
    cr_assert(slot_is_marker(fixture_slot(vmo_cow(pager), 0)));

    fixture_write(&f, plain, 0, 1);
    cr_assert_eq(vmo_dedup_page(plain, 0, &deduped), VM_OK);
    cr_assert_not(deduped, "not zero");
    fixture_check(&f);
    vmo_close(plain);
    vmo_close(pager);
}

/* --- hints ------------------------------------------------------------------------ */

Test(cow_reclaim, a_hint_moves_what_can_be_evicted)
{
    struct vmo *pager = pager_with(4);
    struct vmo *clone =
        fixture_clone(&f, pager, CLONE_SNAPSHOT_AT_LEAST_ON_WRITE, 0, 4);
    struct vmo_op op;
    struct reclaim_list lists[RECLAIM_MAX_LISTS];
    fixture_write(&f, pager, 1, 2);
    vmo_op_init_pin(&op, pager, PAGES(2), PAGES(1), false);
    cr_assert_eq(finish(&op), VM_OK);
    fixture_write(&f, clone, 3, 4);

    cr_assert_eq(vmo_hint_dont_need(pager, 0, 0), VM_OK);
    cr_assert_eq(vmo_hint_dont_need(clone, 0, PAGES(4)), VM_OK);
    unsigned count = f.machine.pqs.ops->lists(f.machine.pqs.policy, lists);
    uint64_t hinted = 0;
    for (unsigned i = 0; i < count; i++)
        if (strcmp(lists[i].name, "dont_need") == 0)
            hinted = lists[i].pages;
    cr_assert_eq(hinted, 1, "not the dirty, the pinned, the forked one");
    cr_assert_eq(queue_at(pager, 1), PQ_PAGER_DIRTY);
    cr_assert_eq(queue_at(pager, 2), PQ_WIRED);
    cr_assert_eq(vmo_unpin(pager, PAGES(2), PAGES(1)), VM_OK);
    vmo_close(clone);
    vmo_close(pager);
}

Test(cow_reclaim, hints_without_a_pager_do_nothing)
{
    struct vmo *plain = fixture_create(&f, VMO_ANONYMOUS, 2, false);
    struct vmo *pager = pager_with(2);
    struct page_request request;
    uint64_t progress = 0;
    page_request_init(&request);
    vm_cow_promote_range_for_reclamation(vmo_cow(plain), 0, PAGES(2));
    cr_assert_eq(vm_cow_protect_range_from_reclamation(
                     vmo_cow(plain), 0, PAGES(2), true, &request, &progress),
                 VM_OK);
    cr_assert_eq(progress, 0);
    cr_assert_eq(vm_cow_protect_range_from_reclamation(
                     vmo_cow(pager), 0, 0, true, &request, &progress),
                 VM_OK);
    cr_assert_eq(progress, 0);
    cr_assert_eq(vm_cow_protect_range_from_reclamation(
                     vmo_cow(pager), 0, PAGES(2), false, &request, &progress),
                 VM_OK);
    cr_assert_eq(progress, PAGES(2));
    cr_assert_not(descriptor_at(pager, 0)->always_need,
                  "committed, but not for good");
    vm_cow_promote_range_for_reclamation(vmo_cow(pager), 0, PAGES(9));
    cr_assert_eq(queue_at(pager, 0), PQ_RECLAIM);
    fixture_check(&f);
    vmo_close(pager);
    vmo_close(plain);
}

/* The hint asks for the queue whatever the priority; reclaim then refuses the
 * page, for which it counts as accessed. */
Test(cow_reclaim, what_is_not_needed_waits_for_reclaim_in_spite_of_priority)
{
    struct vmo *pager = pager_with(1);
    bool reclaimed = true;
    cr_assert_eq(vmo_change_priority(pager, 1), VM_OK);
    cr_assert_eq(queue_at(pager, 0), PQ_HIGH_PRIORITY);
    vm_cow_promote_range_for_reclamation(vmo_cow(pager), 0, PAGES(1));
    cr_assert_eq(queue_at(pager, 0), PQ_RECLAIM);
    fixture_check(&f);
    cr_assert_eq(vmo_reclaim_page(pager, 0, pager, 0, EVICTION_HINT_FOLLOW,
                                  false, &reclaimed),
                 VM_OK);
    cr_assert_not(reclaimed);
    cr_assert_eq(queue_at(pager, 0), PQ_RECLAIM);
    cr_assert_eq(vmo_change_priority(pager, -1), VM_OK);
    cr_assert_eq(queue_at(pager, 0), PQ_RECLAIM);
    fixture_check(&f);
    vmo_close(pager);
}

/* Pages whose request fails are passed over, and the hint goes on. */
Test(cow_reclaim, protecting_skips_what_cannot_be_had)
{
    struct vmo *pager = fixture_create(&f, VMO_PAGER, 3, false);
    struct vmo_op op;
    cr_assert_eq(fixture_supply(pager, 2, 3, values), VM_OK);
    vmo_op_init_always_need(&op, pager, 0, PAGES(3));
    cr_assert_eq(vmo_op_run(&op), VM_SHOULD_WAIT);
    cr_assert_eq(vmo_fail_requests(pager, 0, PAGES(1), VM_IO), VM_OK);
    cr_assert_eq(vmo_op_run(&op), VM_SHOULD_WAIT, "now page 1");
    cr_assert_eq(vmo_detach(pager), VM_OK);
    cr_assert_eq(vmo_op_run(&op), VM_OK, "nothing can be had any more");
    vmo_op_release(&op);
    vmo_close(pager);
}

/* --- priority -------------------------------------------------------------------- */

Test(cow_reclaim, priority_moves_pages_when_it_begins_and_ends)
{
    struct vmo *pager = pager_with(3);
    struct vmo *clone =
        fixture_clone(&f, pager, CLONE_SNAPSHOT_AT_LEAST_ON_WRITE, 0, 3);
    struct vm_mapping *mapping;
    struct vmo_op op;
    vmo_op_init_pin(&op, pager, PAGES(1), PAGES(1), false);
    cr_assert_eq(finish(&op), VM_OK);
    fixture_zero(pager, 2, 3);

    cr_assert_eq(vmo_change_priority(clone, 2), VM_OK);
    cr_assert(vm_cow_is_high_memory_priority(vmo_cow(pager)),
              "a child's priority is its parent's");
    cr_assert_eq(vm_cow_high_priority_count(vmo_cow(pager)), 1);
    cr_assert_eq(queue_at(pager, 0), PQ_HIGH_PRIORITY);
    cr_assert_eq(queue_at(pager, 1), PQ_WIRED, "pins come first");
    cr_assert_eq(vmo_map(pager, 0, 3, true, true, &mapping), VM_OK);
    cr_assert_eq(vmo_change_priority(clone, -2), VM_OK);
    cr_assert_eq(queue_at(pager, 0), PQ_HIGH_PRIORITY, "the mapping's");
    vmo_unmap(pager, mapping);
    cr_assert_eq(queue_at(pager, 0), PQ_RECLAIM);
    cr_assert_eq(vmo_unpin(pager, PAGES(1), PAGES(1)), VM_OK);

    cr_assert_eq(vmo_change_priority(clone, 1), VM_OK);
    fixture_check(&f);
    vmo_close(clone);
    cr_assert_eq(vm_cow_high_priority_count(vmo_cow(pager)), 0,
                 "what a handle asked for ends with it");
    vmo_close(pager);
}
