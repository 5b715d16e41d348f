/*
 * The page descriptor: one for each simulated physical page, in one array.
 *
 *   index   0          1        2        3     ...   total
 *         [zero page] [page]   [page]   [page]  ...  [page]
 *
 * Pages are named by their 32-bit index; index 0 is the shared zero page,
 * which is never owned, queued or allocated, so that 0 also ends a list.
 * The index of a page is its physical address in pages.
 *
 * Content is one 64-bit number that stands for all the bytes of the page;
 * 0 is the all-zero page and equal numbers are equal pages.
 *
 *   FREE --pmm_alloc--> ALLOC --vm_cow_add_page--> OBJECT
 *     ^                   |                           |
 *     +----- pmm_free ----+------ removed from its list -+
 *   ALLOC --pmm_begin_loan--> FREE (loaned): lent out by a contiguous owner
 */
#ifndef VMCOW_PAGE_H
#define VMCOW_PAGE_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

typedef uint32_t page_index;

enum { PAGE_NONE = 0 };                 /* end of a list */
#define PAGE_INDEX_MAX ((1u << 29) - 1) /* a mapping entry has 29 bits */
enum { PAGE_MAX_PIN_COUNT = 31 };

/* Who has the page: see the drawing. */
enum page_state {
    PAGE_FREE,   /* on a free list, or never used, or withheld by the pmm */
    PAGE_ALLOC,  /* taken from the pmm, held by the code that is running */
    PAGE_OBJECT, /* owned by a page list */
    PAGE_WIRED,  /* taken by the machine at boot, never returned */
    PAGE_STORE,  /* holds compressed pages */
};

/* Whether a page's content has to go back to its pager. */
enum dirty_state {
    DIRTY_UNTRACKED,      /* not pager-backed */
    DIRTY_CLEAN,          /* as supplied */
    DIRTY_DIRTY,          /* changed since */
    DIRTY_AWAITING_CLEAN, /* changed; the pager is writing it back now */
};

/* Written by those named; anybody may read. */
struct vm_page {
    uint64_t content; /* what it holds, as a number: 0 is all zeros */

    union {
        /* backlink: bytes within the owner; set while the page is in a page
         * queue (page_queues.c), which links it elsewhere if at all */
        uint64_t offset;
        /* list links while it is in none: pmm.c while FREE, free for the
         * holder's use (page_chain) in ALLOC and STORE state */
        struct {
            page_index prev;
            page_index next;
        };
    };
    uint32_t owner; /* handle of the owning cow pages (machine.h); 0: none */

    /* written by page_queues.c */
    uint32_t queue : 4;         /* enum page_queue */
    uint32_t reclaim_class : 2; /* enum reclaim_class, in the RECLAIM queue */
    /* written by pmm.c */
    uint32_t state : 3; /* enum page_state */
    uint32_t is_loaned : 1;
    uint32_t is_loan_cancelled : 1;
    /* written by the cow_*.c files */
    uint32_t pin_count : 5;
    uint32_t left_split : 1; /* never both splits */
    uint32_t right_split : 1;
    uint32_t always_need : 1;
    uint32_t dirty_state : 2; /* enum dirty_state */
};
static_assert(sizeof(struct vm_page) == 24, "three words a page");

/* A list of pages in ALLOC state, linked through their descriptors. */
struct page_chain {
    page_index head;
    page_index tail;
    uint64_t count;
};

#define PAGE_CHAIN_EMPTY ((struct page_chain){PAGE_NONE, PAGE_NONE, 0})

/* The page becomes the chain's first. It must be on no list; `pages` is the
 * descriptor array, here and below. */
void page_chain_push_head(struct page_chain *chain, struct vm_page *pages,
                          page_index page);
/* ... as its last one. */
void page_chain_push_tail(struct page_chain *chain, struct vm_page *pages,
                          page_index page);
/* Returns the first page, taken off the chain; PAGE_NONE if it is empty. */
page_index page_chain_pop_head(struct page_chain *chain, struct vm_page *pages);

#endif
