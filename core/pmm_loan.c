/*
 * Loans of pages.
 *
 *   ALLOC --begin--> free-loaned <--free--> in use by a borrower
 *     ^                  |  cancel             |  cancel
 *     |                  v                     v
 *     +---- end ---- cancelled, idle <--free-- cancelled, in use
 */
#include "check.h"
#include "pmm_internal.h"

void pmm_begin_loan(struct pmm *pmm, struct page_chain *chain)
{
    while (chain->tail) {
        page_index page = chain->tail;
        struct vm_page *descriptor = &pmm->pages[page];
        CHECK(descriptor->state == PAGE_ALLOC);
        CHECK(!descriptor->is_loaned);
        pmm_unlink(pmm, chain, page);
        descriptor->is_loaned = true;
        pmm->loaned_pages++;
        pmm_free_page(pmm, page);
    }
}

void pmm_cancel_loan(struct pmm *pmm, page_index page)
{
    struct vm_page *descriptor = &pmm->pages[page];
    CHECK(descriptor->is_loaned);
    CHECK(!descriptor->is_loan_cancelled);
    descriptor->is_loan_cancelled = true;
    pmm->loan_cancelled_pages++;
    if (descriptor->state == PAGE_FREE) {
        pmm_unlink(pmm, &pmm->free_loaned_list, page);
        pmm->free_loaned_pages--;
    }
}

void pmm_end_loan(struct pmm *pmm, page_index page)
{
    struct vm_page *descriptor = &pmm->pages[page];
    CHECK(descriptor->is_loaned);
    CHECK(descriptor->is_loan_cancelled);
    CHECK(descriptor->state == PAGE_FREE);
    descriptor->is_loaned = false;
    descriptor->is_loan_cancelled = false;
    pmm->loaned_pages--;
    pmm->loan_cancelled_pages--;
    descriptor->state = PAGE_ALLOC;
}

void pmm_delete_lender(struct pmm *pmm, page_index page)
{
    struct vm_page *descriptor = &pmm->pages[page];
    CHECK(descriptor->is_loaned);
    bool is_free = descriptor->state == PAGE_FREE;
    if (is_free && !descriptor->is_loan_cancelled) {
        pmm_unlink(pmm, &pmm->free_loaned_list, page);
        pmm->free_loaned_pages--;
    }
    pmm->loan_cancelled_pages -= descriptor->is_loan_cancelled;
    pmm->loaned_pages--;
    descriptor->is_loaned = false;
    descriptor->is_loan_cancelled = false;
    if (!is_free)
        return; /* the borrower keeps it as an ordinary page */
    descriptor->state = PAGE_ALLOC;
    pmm_free_page(pmm, page);
}
