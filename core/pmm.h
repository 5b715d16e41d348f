/*
 * Physical memory: who owns each page, what is free, what is lent.
 *
 *   free list (LIFO)  <-- pmm_free        fresh pages, never used yet:
 *   [7]-[3]-[9]                           [next_fresh ... total]
 *
 *   free-loaned list: pages a contiguous owner has lent and nobody borrows
 *
 * A run starts with every page fresh; allocation pops the free list's head
 * and, when it is empty, takes the next fresh page, which is what a boot list
 * with the pages in order would give, without touching memory nobody uses.
 *
 * Conservation (pmm_valid): free + free_loaned + cancelled-and-idle +
 * withheld + held by somebody = total.
 *
 * Nothing is called back: crossing a watermark changes `level` and sets
 * `level_signal`, which the machine's watchdog consumes.
 */
#ifndef VMCOW_PMM_H
#define VMCOW_PMM_H

#include "page.h"
#include "status.h"
#include "units.h"

enum { PMM_MAX_WATERMARKS = 8 };

/* What an allocation may do; may be combined. */
enum pmm_alloc_flags {
    PMM_ALLOC_ANY = 0,
    PMM_ALLOC_CAN_WAIT = 1,    /* SHOULD_WAIT instead of failing when low */
    PMM_ALLOC_CAN_BORROW = 2,  /* a loaned page will do */
    PMM_ALLOC_MUST_BORROW = 4, /* only a loaned page; excludes CAN_WAIT */
};

/* Written here alone; the counters are for everybody to read. */
struct pmm {
    struct vm_page *pages;   /* owned; index 0 is the shared zero page */
    uint64_t total_pages;    /* the budget; pages 1 .. total_pages */
    uint64_t capacity_pages; /* descriptors there are, never shrinks */

    struct page_chain free_list;
    struct page_chain free_loaned_list;
    page_index next_fresh; /* first page never used, capacity + 1: none */

    /* counters, always current */
    uint64_t free_pages; /* free list plus fresh: what pressure looks at */
    uint64_t free_loaned_pages;
    uint64_t loaned_pages;
    uint64_t loan_cancelled_pages;
    uint64_t wired_pages;
    uint64_t withheld_pages; /* taken back by a smaller budget */
    uint64_t deficit_pages;  /* still to be withheld as pages are freed */

    bool borrowing_enabled;
    bool never_wait; /* nobody is told to wait for free pages */

    /* watermarks and memory state */
    uint64_t watermarks[PMM_MAX_WATERMARKS];
    uint32_t watermark_count;
    uint64_t debounce_pages;
    uint64_t lower_bound; /* recompute at or below */
    uint64_t upper_bound; /* recompute at or above */
    uint32_t level;       /* 0 .. watermark_count; 0: out of memory */
    bool level_signal;    /* level was recomputed; cleared by its reader */

    /* totals */
    uint64_t alloc_failed_count;
    uint64_t alloc_delayed_count;
    bool alloc_failed_ever;
};

/*
 * A pool of `total_pages` pages, all free and fresh. VM_OK;
 * VM_NO_MEMORY if the host has no room; VM_INVALID_ARGS past PAGE_INDEX_MAX.
 */
enum vm_status pmm_init(struct pmm *pmm, uint64_t total_pages);
/* Gives the descriptors back, whoever holds pages. */
void pmm_release(struct pmm *pmm);

/* The machine takes `count` pages at boot for good. VM_OK; VM_NO_MEMORY: there
 * are not as many free, none was taken. */
enum vm_status pmm_wire(struct pmm *pmm, uint64_t count);

/*
 * Change the budget. Growing adds fresh pages (descriptors may move: hold
 * indexes, not pointers). Shrinking withholds free pages now and the rest as
 * they are freed; nothing is destroyed. VM_OK; VM_NO_MEMORY, VM_INVALID_ARGS
 * (past PAGE_INDEX_MAX): nothing has changed.
 */
enum vm_status pmm_resize(struct pmm *pmm, uint64_t total_pages);

/*
 * Levels from `count` strictly increasing marks (pages), the first not below
 * the debounce. Level i means: exactly the marks from i on lie above free.
 */
void pmm_set_watermarks(struct pmm *pmm, const uint64_t *marks, uint32_t count,
                        uint64_t debounce_pages);

/*
 * Take one page; it ends in ALLOC state with no links.
 * VM_OK, VM_SHOULD_WAIT (CAN_WAIT and the level is 0) or VM_NO_MEMORY.
 */
enum vm_status pmm_alloc_page(struct pmm *pmm, unsigned flags,
                              page_index *page);

/* Take `count` pages, all or none, appended to `chain`; as pmm_alloc_page(). */
enum vm_status pmm_alloc_pages(struct pmm *pmm, uint64_t count, unsigned flags,
                               struct page_chain *chain);

/*
 * Take `count` pages with consecutive indexes, never loaned, never waiting;
 * `first` is the lowest. VM_OK; VM_NO_MEMORY leaves everything as it was.
 */
enum vm_status pmm_alloc_contiguous(struct pmm *pmm, uint64_t count,
                                    page_index *first);

/* Give pages back; they are taken and must be on no list and in no queue. */
void pmm_free_page(struct pmm *pmm, page_index page);
/* ... a whole chain, which ends up empty. */
void pmm_free_chain(struct pmm *pmm, struct page_chain *chain);

/* Loans (pmm_loan.c). Pages are borrowed for the call except as said. */

/* Lend the chain's pages (ALLOC state, taken): they become free-loaned. */
void pmm_begin_loan(struct pmm *pmm, struct page_chain *chain);
/* The lender wants the page, which is lent, back: a free one leaves the
 * free-loaned list; a used one is to be freed by its user. */
void pmm_cancel_loan(struct pmm *pmm, page_index page);
/* Page is loaned, cancelled and free: ends in ALLOC state, the caller's. */
void pmm_end_loan(struct pmm *pmm, page_index page);
/* The page's lender is gone: if free it goes to the free list, if used it stays
 * the user's, as an ordinary page. */
void pmm_delete_lender(struct pmm *pmm, page_index page);

/* Is it lent, whether used or not? */
static inline bool pmm_page_is_loaned(const struct pmm *pmm, page_index page)
{
    return pmm->pages[page].is_loaned;
}

/* Returns the first broken invariant, NULL if none; walks everything. */
const char *pmm_valid(const struct pmm *pmm);

#endif
