/*
 * Physical memory: allocation, levels, loans, contiguous runs, the budget.
 * Every case ends with pmm_valid() and, where all was given back, full counts.
 */
#include <criterion/criterion.h>

#include "pmm.h"

enum { POOL_PAGES = 64 };

static void check(const struct pmm *pmm)
{
    const char *rule = pmm_valid(pmm);
    cr_assert(rule == NULL, "broken rule: %s", rule);
}

static struct pmm new_pool(void)
{
    struct pmm pmm;
    cr_assert(pmm_init(&pmm, POOL_PAGES) == VM_OK);
    pmm.borrowing_enabled = true;
    return pmm;
}

static void release_pool(struct pmm *pmm)
{
    check(pmm);
    pmm_release(pmm);
}

static struct page_chain alloc(struct pmm *pmm, uint64_t count, unsigned flags)
{
    struct page_chain chain = PAGE_CHAIN_EMPTY;
    cr_assert(pmm_alloc_pages(pmm, count, flags, &chain) == VM_OK);
    cr_assert(chain.count == count);
    check(pmm);
    return chain;
}

static void refuse(struct pmm *pmm, uint64_t count, unsigned flags,
                   enum vm_status expected)
{
    struct page_chain chain = PAGE_CHAIN_EMPTY;
    uint64_t free_pages = pmm->free_pages;
    cr_assert(pmm_alloc_pages(pmm, count, flags, &chain) == expected);
    cr_assert(chain.count == 0 && chain.head == PAGE_NONE);
    cr_assert(pmm->free_pages == free_pages);
    check(pmm);
}

static void give_back(struct pmm *pmm, struct page_chain *chain)
{
    pmm_free_chain(pmm, chain);
    cr_assert(chain->count == 0);
    check(pmm);
}

static page_index alloc_one(struct pmm *pmm)
{
    page_index page = PAGE_NONE;
    cr_assert(pmm_alloc_page(pmm, PMM_ALLOC_ANY, &page) == VM_OK);
    return page;
}

/* --- allocation --------------------------------- */

Test(pmm, Q01_whole_pool_can_be_taken_and_no_more)
{
    struct pmm pmm = new_pool();
    struct page_chain chain = alloc(&pmm, 32, PMM_ALLOC_ANY);
    cr_assert(pmm_alloc_pages(&pmm, 32, PMM_ALLOC_ANY, &chain) == VM_OK);
    cr_assert(chain.count == 64);
    give_back(&pmm, &chain);

    chain = alloc(&pmm, 1, PMM_ALLOC_ANY);
    give_back(&pmm, &chain);
    refuse(&pmm, 65, PMM_ALLOC_ANY, VM_NO_MEMORY);
    cr_assert(pmm.free_pages == 64);
    release_pool(&pmm);
}

Test(pmm, taking_no_pages_succeeds)
{
    struct pmm pmm = new_pool();
    struct page_chain chain = alloc(&pmm, 64, PMM_ALLOC_ANY);
    struct page_chain none = alloc(&pmm, 0, PMM_ALLOC_ANY);
    cr_assert(none.head == PAGE_NONE);
    cr_assert(pmm.alloc_failed_count == 0);
    give_back(&pmm, &chain);
    release_pool(&pmm);
}

Test(pmm, fresh_pages_come_in_order_and_freed_ones_come_back_first)
{
    struct pmm pmm = new_pool();
    cr_assert(alloc_one(&pmm) == 1);
    cr_assert(alloc_one(&pmm) == 2);
    cr_assert(alloc_one(&pmm) == 3);
    pmm_free_page(&pmm, 1);
    pmm_free_page(&pmm, 3);
    check(&pmm);
    cr_assert(alloc_one(&pmm) == 3);
    cr_assert(alloc_one(&pmm) == 1);
    cr_assert(alloc_one(&pmm) == 4);
    release_pool(&pmm);
}

Test(pmm, freed_chain_comes_back_in_its_order)
{
    struct pmm pmm = new_pool();
    struct page_chain chain = alloc(&pmm, 5, PMM_ALLOC_ANY);
    give_back(&pmm, &chain);
    for (page_index expected = 1; expected <= 6; expected++)
        cr_assert(alloc_one(&pmm) == expected);
    release_pool(&pmm);
}

Test(pmm, taken_page_is_in_alloc_state_without_links)
{
    struct pmm pmm = new_pool();
    struct page_chain chain = alloc(&pmm, 5, PMM_ALLOC_ANY);
    give_back(&pmm, &chain);
    for (int i = 0; i < 7; i++) {
        page_index page = alloc_one(&pmm);
        cr_assert(pmm.pages[page].state == PAGE_ALLOC);
        cr_assert(pmm.pages[page].prev == PAGE_NONE);
        cr_assert(pmm.pages[page].next == PAGE_NONE);
    }
    release_pool(&pmm);
}

Test(pmm, failures_are_counted_and_the_first_one_signals)
{
    struct pmm pmm = new_pool();
    pmm.level_signal = false;
    refuse(&pmm, 65, PMM_ALLOC_MUST_BORROW, VM_NO_MEMORY);
    cr_assert(pmm.alloc_failed_count == 0, "a loan that fails is none");
    cr_assert(!pmm.level_signal);

    refuse(&pmm, 65, PMM_ALLOC_ANY, VM_NO_MEMORY);
    cr_assert(pmm.alloc_failed_count == 1);
    cr_assert(pmm.alloc_failed_ever);
    cr_assert(pmm.level_signal);

    pmm.level_signal = false;
    refuse(&pmm, 65, PMM_ALLOC_ANY, VM_NO_MEMORY);
    cr_assert(pmm.alloc_failed_count == 2);
    cr_assert(!pmm.level_signal);
    release_pool(&pmm);
}

Test(pmm, pools_have_a_largest_size)
{
    struct pmm pmm;
    cr_assert(pmm_init(&pmm, (uint64_t)PAGE_INDEX_MAX + 1) == VM_INVALID_ARGS);
    pmm = new_pool();
    cr_assert(pmm_resize(&pmm, (uint64_t)PAGE_INDEX_MAX + 1) ==
              VM_INVALID_ARGS);
    cr_assert(pmm.total_pages == POOL_PAGES);
    release_pool(&pmm);
}

Test(pmm, wired_pages_are_gone_for_good)
{
    struct pmm pmm = new_pool();
    cr_assert(pmm_wire(&pmm, 65) == VM_NO_MEMORY);
    cr_assert(pmm_wire(&pmm, 10) == VM_OK);
    cr_assert(pmm.wired_pages == 10);
    cr_assert(pmm.free_pages == 54);
    check(&pmm);
    refuse(&pmm, 55, PMM_ALLOC_ANY, VM_NO_MEMORY);
    release_pool(&pmm);
}

/* --- loans --------------------------------- */

static void expect_counts(const struct pmm *pmm, uint64_t loaned,
                          uint64_t free_pages, uint64_t free_loaned,
                          uint64_t cancelled, uint64_t loaned_not_free)
{
    cr_assert(pmm->loaned_pages == loaned);
    cr_assert(pmm->free_pages == free_pages);
    cr_assert(pmm->free_loaned_pages == free_loaned);
    cr_assert(pmm->loan_cancelled_pages == cancelled);
    cr_assert(pmm->loaned_pages - pmm->free_loaned_pages == loaned_not_free);
    check(pmm);
}

/* Which pages a test has lent. */
struct lent {
    page_index page[POOL_PAGES];
    unsigned count;
};

static bool is_lent(const struct lent *lent, page_index page)
{
    for (unsigned i = 0; i < lent->count; i++)
        if (lent->page[i] == page)
            return true;
    return false;
}

static struct lent lend(struct pmm *pmm, unsigned count)
{
    struct lent lent = {.count = 0};
    struct page_chain chain = alloc(pmm, count, PMM_ALLOC_ANY);
    for (page_index page = chain.head; page; page = pmm->pages[page].next) {
        cr_assert(!pmm->pages[page].is_loaned);
        lent.page[lent.count++] = page;
    }
    pmm_begin_loan(pmm, &chain);
    cr_assert(chain.count == 0);
    for (unsigned i = 0; i < lent.count; i++) {
        cr_assert(pmm_page_is_loaned(pmm, lent.page[i]));
        cr_assert(!pmm->pages[lent.page[i]].is_loan_cancelled);
    }
    return lent;
}

enum { BORROW = PMM_ALLOC_MUST_BORROW | PMM_ALLOC_CAN_BORROW };

/* Are the chain's pages, as many as were lent, all lent ones? */
static bool are_the_lent(const struct pmm *pmm, const struct page_chain *chain,
                         const struct lent *lent)
{
    for (page_index page = chain->head; page; page = pmm->pages[page].next)
        if (!is_lent(lent, page) || !pmm->pages[page].is_loaned)
            return false;
    return chain->count == lent->count;
}

/* Does none of the chain's pages carry a mark of a loan? */
static bool are_plain(const struct pmm *pmm, const struct page_chain *chain)
{
    for (page_index page = chain->head; page; page = pmm->pages[page].next)
        if (pmm->pages[page].is_loaned || pmm->pages[page].is_loan_cancelled)
            return false;
    return true;
}

Test(pmm, Q02_loan_is_borrowed_cancelled_reclaimed_and_ended)
{
    struct pmm pmm = new_pool();
    struct lent lent = lend(&pmm, 48);
    expect_counts(&pmm, 48, 16, 48, 0, 0);

    struct page_chain borrowed = alloc(&pmm, 48, BORROW);
    cr_assert(are_the_lent(&pmm, &borrowed, &lent));
    for (unsigned i = 0; i < lent.count; i++) {
        pmm_cancel_loan(&pmm, lent.page[i]);
        cr_assert(pmm_page_is_loaned(&pmm, lent.page[i]));
        cr_assert(pmm.pages[lent.page[i]].is_loan_cancelled);
    }
    expect_counts(&pmm, 48, 16, 0, 48, 48);
    give_back(&pmm, &borrowed);
    expect_counts(&pmm, 48, 16, 0, 48, 48);

    refuse(&pmm, 17, PMM_ALLOC_CAN_BORROW, VM_NO_MEMORY);
    struct page_chain plain = alloc(&pmm, 16, PMM_ALLOC_CAN_BORROW);
    cr_assert(are_plain(&pmm, &plain));
    for (page_index page = plain.head; page; page = pmm.pages[page].next)
        cr_assert(!is_lent(&lent, page));
    give_back(&pmm, &plain);

    struct page_chain ended = PAGE_CHAIN_EMPTY;
    for (unsigned i = 0; i < lent.count; i++) {
        pmm_end_loan(&pmm, lent.page[i]);
        cr_assert(pmm.pages[lent.page[i]].state == PAGE_ALLOC);
        page_chain_push_tail(&ended, pmm.pages, lent.page[i]);
    }
    cr_assert(are_plain(&pmm, &ended));
    give_back(&pmm, &ended);
    expect_counts(&pmm, 0, 64, 0, 0, 0);

    struct page_chain all = alloc(&pmm, 64, PMM_ALLOC_ANY);
    cr_assert(are_plain(&pmm, &all));
    give_back(&pmm, &all);
    expect_counts(&pmm, 0, 64, 0, 0, 0);
    release_pool(&pmm);
}

Test(pmm, Q03_deleted_lender_leaves_ordinary_pages)
{
    struct pmm pmm = new_pool();
    struct lent lent = lend(&pmm, 48);
    for (unsigned i = 0; i < lent.count; i++)
        pmm_delete_lender(&pmm, lent.page[i]);
    expect_counts(&pmm, 0, 64, 0, 0, 0);

    lent = lend(&pmm, 48);
    struct page_chain borrowed = alloc(&pmm, 48, PMM_ALLOC_MUST_BORROW);
    cr_assert(are_the_lent(&pmm, &borrowed, &lent));
    for (unsigned i = 0; i < lent.count; i++)
        pmm_delete_lender(&pmm, lent.page[i]);
    expect_counts(&pmm, 0, 16, 0, 0, 0);
    give_back(&pmm, &borrowed);
    expect_counts(&pmm, 0, 64, 0, 0, 0);
    release_pool(&pmm);
}

Test(pmm, lender_may_go_with_loans_cancelled)
{
    struct pmm pmm = new_pool();
    struct lent lent = lend(&pmm, 4);
    struct page_chain borrowed = alloc(&pmm, 2, BORROW);
    for (unsigned i = 0; i < lent.count; i++)
        pmm_cancel_loan(&pmm, lent.page[i]);
    expect_counts(&pmm, 4, 60, 0, 4, 4);
    for (unsigned i = 0; i < lent.count; i++)
        pmm_delete_lender(&pmm, lent.page[i]);
    expect_counts(&pmm, 0, 62, 0, 0, 0);
    give_back(&pmm, &borrowed);
    expect_counts(&pmm, 0, 64, 0, 0, 0);
    release_pool(&pmm);
}

Test(pmm, free_loan_that_is_cancelled_can_be_ended_at_once)
{
    struct pmm pmm = new_pool();
    struct lent lent = lend(&pmm, 3);
    pmm_cancel_loan(&pmm, lent.page[1]);
    expect_counts(&pmm, 3, 61, 2, 1, 1);
    pmm_end_loan(&pmm, lent.page[1]);
    expect_counts(&pmm, 2, 61, 2, 0, 0);
    pmm_free_page(&pmm, lent.page[1]);
    expect_counts(&pmm, 2, 62, 2, 0, 0);
    release_pool(&pmm);
}

Test(pmm, borrowers_take_loaned_pages_before_free_ones)
{
    struct pmm pmm = new_pool();
    struct lent lent = lend(&pmm, 4);
    struct page_chain mixed = alloc(&pmm, 6, PMM_ALLOC_CAN_BORROW);
    unsigned borrowed = 0;
    for (page_index page = mixed.head; page; page = pmm.pages[page].next)
        borrowed += is_lent(&lent, page);
    cr_assert(borrowed == 4);
    expect_counts(&pmm, 4, 58, 0, 0, 4);
    give_back(&pmm, &mixed);
    expect_counts(&pmm, 4, 60, 4, 0, 0);
    release_pool(&pmm);
}

Test(pmm, nobody_borrows_unasked)
{
    struct pmm pmm = new_pool();
    (void)lend(&pmm, 4);
    refuse(&pmm, 61, PMM_ALLOC_ANY, VM_NO_MEMORY);
    struct page_chain plain = alloc(&pmm, 60, PMM_ALLOC_ANY);
    cr_assert(are_plain(&pmm, &plain));

    pmm.borrowing_enabled = false;
    refuse(&pmm, 1, PMM_ALLOC_CAN_BORROW, VM_NO_MEMORY);
    struct page_chain borrowed = alloc(&pmm, 4, BORROW);
    refuse(&pmm, 1, BORROW, VM_NO_MEMORY);
    give_back(&pmm, &borrowed);
    give_back(&pmm, &plain);
    release_pool(&pmm);
}

/* --- contiguous runs --------------------------------- */

static void expect_run(struct pmm *pmm, uint64_t count, page_index expected)
{
    page_index first = PAGE_NONE;
    cr_assert(pmm_alloc_contiguous(pmm, count, &first) == VM_OK);
    cr_assert(first == expected);
    for (page_index page = first; page < first + count; page++)
        cr_assert(pmm->pages[page].state == PAGE_ALLOC);
    check(pmm);
}

static void expect_no_run(struct pmm *pmm, uint64_t count)
{
    page_index first = PAGE_NONE;
    uint64_t free_pages = pmm->free_pages;
    cr_assert(pmm_alloc_contiguous(pmm, count, &first) == VM_NO_MEMORY);
    cr_assert(pmm->free_pages == free_pages);
    cr_assert(pmm->alloc_failed_count == 0);
    check(pmm);
}

/* taken 1..20, freed [5 9] and [12 20), fresh [21 64] */
Test(pmm, contiguous_run_is_the_lowest_that_fits)
{
    struct pmm pmm = new_pool();
    struct page_chain chain = alloc(&pmm, 20, PMM_ALLOC_ANY);
    cr_assert(chain.head == 1 && chain.tail == 20);
    for (page_index page = 5; page < 20; page++)
        if (page < 10 || page >= 12)
            pmm_free_page(&pmm, page);
    expect_run(&pmm, 5, 5);
    expect_run(&pmm, 6, 12);
    expect_no_run(&pmm, 45);
    expect_run(&pmm, 44, 21);
    expect_no_run(&pmm, 3);
    expect_run(&pmm, 2, 18);
    cr_assert(pmm.free_pages == 0);
    release_pool(&pmm);
}

Test(pmm, contiguous_run_may_begin_used_and_end_fresh)
{
    struct pmm pmm = new_pool();
    struct page_chain chain = alloc(&pmm, 10, PMM_ALLOC_ANY);
    cr_assert(chain.count == 10);
    pmm_free_page(&pmm, 10);
    pmm_free_page(&pmm, 9);
    expect_run(&pmm, 6, 9);
    cr_assert(alloc_one(&pmm) == 15);
    release_pool(&pmm);
}

Test(pmm, contiguous_run_skips_loaned_pages)
{
    struct pmm pmm = new_pool();
    struct lent lent = lend(&pmm, 4);
    cr_assert(is_lent(&lent, 1) && is_lent(&lent, 4));
    expect_run(&pmm, 3, 5);
    pmm_cancel_loan(&pmm, 2);
    expect_run(&pmm, 57, 8);
    expect_no_run(&pmm, 1);
    release_pool(&pmm);
}

Test(pmm, contiguous_run_skips_withheld_pages)
{
    struct pmm pmm = new_pool();
    cr_assert(pmm_resize(&pmm, 60) == VM_OK);
    expect_no_run(&pmm, 61);
    expect_run(&pmm, 60, 5);
    expect_no_run(&pmm, 1);
    release_pool(&pmm);
}

/* --- levels --------------------------------- */

static void expect_level(const struct pmm *pmm, uint32_t expected)
{
    cr_assert(pmm->level == expected, "%u instead of %u with %u free",
              pmm->level, expected, (unsigned)pmm->free_pages);
}

Test(pmm, Q04_one_watermark_is_crossed_a_debounce_late)
{
    static const uint64_t marks[] = {32};
    struct pmm pmm = new_pool();
    struct page_chain taken = PAGE_CHAIN_EMPTY;
    pmm_set_watermarks(&pmm, marks, 1, 2);
    expect_level(&pmm, 1);
    while (pmm.free_pages > 31) {
        page_chain_push_tail(&taken, pmm.pages, alloc_one(&pmm));
        expect_level(&pmm, 1);
    }
    page_chain_push_tail(&taken, pmm.pages, alloc_one(&pmm));
    cr_assert(pmm.free_pages == 30);
    expect_level(&pmm, 0);
    while (taken.count) {
        pmm_free_page(&pmm, page_chain_pop_head(&taken, pmm.pages));
        expect_level(&pmm, pmm.free_pages >= 34 ? 1 : 0);
    }
    release_pool(&pmm);
}

Test(pmm, Q05_close_watermarks_are_skipped_by_a_wide_debounce)
{
    static const uint64_t marks[] = {20, 40, 45, 55};
    struct pmm pmm = new_pool();
    struct page_chain taken = PAGE_CHAIN_EMPTY;
    pmm_set_watermarks(&pmm, marks, 4, 15);
    expect_level(&pmm, 4);
    while (pmm.free_pages > 5) {
        page_chain_push_tail(&taken, pmm.pages, alloc_one(&pmm));
        uint64_t left = pmm.free_pages;
        expect_level(&pmm, left > 40 ? 4 : left > 25 ? 2 : left > 5 ? 1 : 0);
    }
    while (taken.count) {
        pmm_free_page(&pmm, page_chain_pop_head(&taken, pmm.pages));
        uint64_t left = pmm.free_pages;
        expect_level(&pmm, left < 35 ? 0 : left < 55 ? 1 : 4);
    }
    release_pool(&pmm);
}

Test(pmm, Q06_eight_watermarks_are_crossed_in_turn)
{
    static const uint64_t marks[] = {7, 14, 21, 28, 35, 42, 49, 56};
    struct pmm pmm = new_pool();
    struct page_chain taken = PAGE_CHAIN_EMPTY;
    pmm_set_watermarks(&pmm, marks, 8, 2);
    expect_level(&pmm, 8);
    while (pmm.free_pages > 0) {
        page_chain_push_tail(&taken, pmm.pages, alloc_one(&pmm));
        expect_level(&pmm, (uint32_t)u64_min(8, (pmm.free_pages + 1) / 7));
    }
    refuse(&pmm, 1, PMM_ALLOC_ANY, VM_NO_MEMORY);
    expect_level(&pmm, 0);
    while (taken.count) {
        pmm_free_page(&pmm, page_chain_pop_head(&taken, pmm.pages));
        uint64_t left = pmm.free_pages;
        expect_level(&pmm, (uint32_t)u64_min(8, left > 2 ? (left - 2) / 7 : 0));
    }
    release_pool(&pmm);
}

Test(pmm, Q07_out_of_memory_makes_patient_callers_wait)
{
    static const uint64_t marks[] = {32};
    struct pmm pmm = new_pool();
    pmm_set_watermarks(&pmm, marks, 1, 2);
    struct page_chain chain = alloc(&pmm, 34, PMM_ALLOC_ANY);
    expect_level(&pmm, 0);
    refuse(&pmm, 1, PMM_ALLOC_CAN_WAIT, VM_SHOULD_WAIT);
    cr_assert(pmm.alloc_delayed_count == 1);
    cr_assert(pmm.alloc_failed_count == 0);
    give_back(&pmm, &chain);
    release_pool(&pmm);
}

Test(pmm, patient_caller_waits_for_many_pages_at_any_level)
{
    static const uint64_t marks[] = {32};
    struct pmm pmm = new_pool();
    pmm_set_watermarks(&pmm, marks, 1, 2);
    refuse(&pmm, 65, PMM_ALLOC_CAN_WAIT, VM_SHOULD_WAIT);
    expect_level(&pmm, 1);
    /* Taking these would cross the mark: they are put back, level 0 stays
     * until the upper bound is reached again, which it is at once. */
    refuse(&pmm, 40, PMM_ALLOC_CAN_WAIT, VM_SHOULD_WAIT);
    expect_level(&pmm, 1);
    cr_assert(pmm.alloc_delayed_count == 2);
    release_pool(&pmm);
}

Test(pmm, nobody_waits_once_waiting_is_off)
{
    static const uint64_t marks[] = {32};
    struct pmm pmm = new_pool();
    pmm_set_watermarks(&pmm, marks, 1, 2);
    pmm.never_wait = true;
    struct page_chain chain = alloc(&pmm, 63, PMM_ALLOC_CAN_WAIT);
    expect_level(&pmm, 0);
    refuse(&pmm, 2, PMM_ALLOC_CAN_WAIT, VM_NO_MEMORY);
    struct page_chain last = alloc(&pmm, 1, PMM_ALLOC_CAN_WAIT);
    refuse(&pmm, 1, PMM_ALLOC_CAN_WAIT, VM_NO_MEMORY);
    give_back(&pmm, &chain);
    give_back(&pmm, &last);
    release_pool(&pmm);
}

/* A leap may land in a level whose own bound it has not reached. */
Test(pmm, level_after_a_leap_is_that_of_the_bare_marks)
{
    static const uint64_t marks[] = {10, 20, 40};
    struct pmm pmm = new_pool();
    pmm_set_watermarks(&pmm, marks, 3, 4);
    struct page_chain chain = alloc(&pmm, 55, PMM_ALLOC_ANY);
    cr_assert(pmm.free_pages == 9);
    expect_level(&pmm, 0);
    give_back(&pmm, &chain);
    expect_level(&pmm, 3);
    release_pool(&pmm);
}

Test(pmm, reaching_a_bound_signals_even_if_the_level_stays)
{
    static const uint64_t marks[] = {32};
    struct pmm pmm = new_pool();
    pmm_set_watermarks(&pmm, marks, 1, 0);
    cr_assert(pmm.level_signal, "the first level is news");
    pmm.level_signal = false;
    struct page_chain chain = alloc(&pmm, 31, PMM_ALLOC_ANY);
    cr_assert(!pmm.level_signal);
    page_chain_push_tail(&chain, pmm.pages, alloc_one(&pmm));
    cr_assert(pmm.free_pages == 32);
    cr_assert(pmm.level_signal);
    expect_level(&pmm, 1);
    give_back(&pmm, &chain);
    release_pool(&pmm);
}

/* The kernel's marks for a machine of a gibibyte and more. */
Test(pmm, the_default_marks_are_crossed_where_the_kernel_does)
{
    static const uint64_t marks[] = {12800, 15360, 38400, 76800};
    static const struct {
        uint64_t free_pages; /* changed to, at one stroke */
        uint32_t level;
    } steps[] = {
        {76545, 4}, {76544, 3}, {77055, 3}, {77056, 4}, {76500, 3},
        {38145, 3}, {38144, 2}, {15105, 2}, {12700, 0}, {13055, 0},
        {13056, 1}, {12545, 1}, {12544, 0}, {13056, 1}, {80000, 4},
    };
    struct page_chain taken = PAGE_CHAIN_EMPTY;
    struct pmm pmm;

    cr_assert(pmm_init(&pmm, 80000) == VM_OK);
    pmm_set_watermarks(&pmm, marks, 4, 256);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct page_chain freed = PAGE_CHAIN_EMPTY;

        if (pmm.free_pages > steps[i].free_pages)
            cr_assert(pmm_alloc_pages(&pmm,
                                      pmm.free_pages - steps[i].free_pages,
                                      PMM_ALLOC_ANY, &taken) == VM_OK);
        while (pmm.free_pages + freed.count < steps[i].free_pages)
            page_chain_push_tail(&freed, pmm.pages,
                                 page_chain_pop_head(&taken, pmm.pages));
        pmm_free_chain(&pmm, &freed);
        cr_assert(pmm.free_pages == steps[i].free_pages);
        expect_level(&pmm, steps[i].level);
    }
    release_pool(&pmm);
}

Test(pmm, without_watermarks_nobody_waits_nor_is_signalled)
{
    struct pmm pmm = new_pool();
    struct page_chain chain = alloc(&pmm, 64, PMM_ALLOC_CAN_WAIT);
    cr_assert(!pmm.level_signal);
    cr_assert(pmm.alloc_delayed_count == 0);
    give_back(&pmm, &chain);
    cr_assert(!pmm.level_signal);
    release_pool(&pmm);
}

/* --- the budget --------------------------------- */

static void resize(struct pmm *pmm, uint64_t total)
{
    cr_assert(pmm_resize(pmm, total) == VM_OK);
    cr_assert(pmm->total_pages == total);
    check(pmm);
}

static void expect_budget(const struct pmm *pmm, uint64_t free_pages,
                          uint64_t withheld, uint64_t deficit)
{
    cr_assert(pmm->free_pages == free_pages);
    cr_assert(pmm->withheld_pages == withheld);
    cr_assert(pmm->deficit_pages == deficit);
}

Test(pmm, smaller_budget_withholds_free_pages)
{
    struct pmm pmm = new_pool();
    resize(&pmm, 40);
    expect_budget(&pmm, 40, 24, 0);
    refuse(&pmm, 41, PMM_ALLOC_ANY, VM_NO_MEMORY);
    struct page_chain chain = alloc(&pmm, 40, PMM_ALLOC_ANY);
    give_back(&pmm, &chain);
    expect_budget(&pmm, 40, 24, 0);
    release_pool(&pmm);
}

Test(pmm, pages_in_use_are_withheld_as_they_are_freed)
{
    struct pmm pmm = new_pool();
    struct page_chain chain = alloc(&pmm, 60, PMM_ALLOC_ANY);
    resize(&pmm, 50);
    expect_budget(&pmm, 0, 4, 10);
    for (uint64_t freed = 1; chain.count; freed++) {
        pmm_free_page(&pmm, page_chain_pop_head(&chain, pmm.pages));
        check(&pmm);
        if (freed <= 10)
            expect_budget(&pmm, 0, 4 + freed, 10 - freed);
        else
            expect_budget(&pmm, freed - 10, 14, 0);
    }
    release_pool(&pmm);
}

/* Growing forgives the deficit, then releases withheld pages, then adds. */
Test(pmm, larger_budget_forgives_then_releases_then_adds)
{
    struct pmm pmm = new_pool();
    struct page_chain chain = alloc(&pmm, 60, PMM_ALLOC_ANY);
    resize(&pmm, 50);
    expect_budget(&pmm, 0, 4, 10);
    resize(&pmm, 56);
    expect_budget(&pmm, 0, 4, 4);
    resize(&pmm, 62);
    expect_budget(&pmm, 2, 2, 0);
    resize(&pmm, 70);
    expect_budget(&pmm, 10, 0, 0);
    cr_assert(pmm.capacity_pages == 70);
    struct page_chain rest = alloc(&pmm, 10, PMM_ALLOC_ANY);
    refuse(&pmm, 1, PMM_ALLOC_ANY, VM_NO_MEMORY);
    give_back(&pmm, &rest);
    give_back(&pmm, &chain);
    expect_budget(&pmm, 70, 0, 0);
    release_pool(&pmm);
}

Test(pmm, pages_in_use_survive_the_growth_of_the_pool)
{
    struct pmm pmm = new_pool();
    struct page_chain chain = alloc(&pmm, 64, PMM_ALLOC_ANY);
    for (page_index page = 1; page <= 64; page++)
        pmm.pages[page].content = 1000 + page;
    resize(&pmm, 100000);
    for (page_index page = 1; page <= 64; page++)
        cr_assert(pmm.pages[page].content == 1000 + page);
    cr_assert(chain.count == 64);
    cr_assert(alloc_one(&pmm) == 65);
    release_pool(&pmm);
}

Test(pmm, budget_changes_move_the_level)
{
    static const uint64_t marks[] = {32};
    struct pmm pmm = new_pool();
    pmm_set_watermarks(&pmm, marks, 1, 2);
    resize(&pmm, 31);
    expect_level(&pmm, 1);
    resize(&pmm, 30);
    expect_level(&pmm, 0);
    resize(&pmm, 33);
    expect_level(&pmm, 0);
    resize(&pmm, 34);
    expect_level(&pmm, 1);
    release_pool(&pmm);
}

Test(pmm, freed_loans_do_not_pay_the_deficit)
{
    struct pmm pmm = new_pool();
    (void)lend(&pmm, 8);
    struct page_chain borrowed = alloc(&pmm, 8, BORROW);
    struct page_chain rest = alloc(&pmm, 56, PMM_ALLOC_ANY);
    resize(&pmm, 60);
    expect_budget(&pmm, 0, 0, 4);
    give_back(&pmm, &borrowed);
    expect_budget(&pmm, 0, 0, 4);
    cr_assert(pmm.free_loaned_pages == 8);
    give_back(&pmm, &rest);
    expect_budget(&pmm, 52, 4, 0);
    release_pool(&pmm);
}

Test(pmm, pool_of_no_pages_has_none_to_give)
{
    struct pmm pmm;
    cr_assert(pmm_init(&pmm, 0) == VM_OK);
    refuse(&pmm, 1, PMM_ALLOC_ANY, VM_NO_MEMORY);
    resize(&pmm, 3);
    cr_assert(alloc_one(&pmm) == 1);
    resize(&pmm, 0);
    expect_budget(&pmm, 0, 2, 1);
    pmm_free_page(&pmm, 1);
    expect_budget(&pmm, 0, 3, 0);
    release_pool(&pmm);
}

/* --- chains --------------------------------- */

Test(page_chain, pushes_at_both_ends_and_pops_in_order)
{
    struct vm_page pages[8] = {{0}};
    struct page_chain chain = PAGE_CHAIN_EMPTY;
    page_chain_push_tail(&chain, pages, 2);
    page_chain_push_head(&chain, pages, 1);
    cr_assert(chain.count == 2);
    page_chain_push_tail(&chain, pages, 3);
    page_chain_push_tail(&chain, pages, 4);
    for (page_index expected = 1; expected <= 4; expected++)
        cr_assert(page_chain_pop_head(&chain, pages) == expected);
    cr_assert(page_chain_pop_head(&chain, pages) == PAGE_NONE);
    cr_assert(chain.count == 0 && chain.tail == PAGE_NONE);
}
