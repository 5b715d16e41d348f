/*
 * Physical memory: allocation, freeing, the memory state, the budget.
 * Loans are in pmm_loan.c.
 *
 *   page:  fresh --> ALLOC --> OBJECT, STORE, WIRED
 *                     ^  |
 *                     |  v
 *                    FREE (free list)   withheld (on no list)
 *
 * The memory state is recomputed only when the free count reaches one of the
 * two bounds around the present level, so that an allocation costs two
 * compares.
 */
#include "pmm.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "check.h"
#include "pmm_internal.h"
#include "rare_paths.h"

/* --- descriptors ------------------------------------------------------------ */

/* Zero pages of the host, not resident before they are touched. */
static struct vm_page *map_descriptors(uint64_t count)
{
    void *memory =
        mmap(NULL, count * sizeof(struct vm_page), PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static void unmap_descriptors(struct vm_page *pages, uint64_t count)
{
    if (pages)
        munmap(pages, count * sizeof *pages);
}

enum vm_status pmm_init(struct pmm *pmm, uint64_t total_pages)
{
    if (total_pages > PAGE_INDEX_MAX)
        return VM_INVALID_ARGS;
    *pmm = (struct pmm){
        .total_pages = total_pages,
        .capacity_pages = total_pages,
        .next_fresh = 1,
        .free_pages = total_pages,
        .upper_bound = UINT64_MAX,
    };
    pmm->pages = map_descriptors(total_pages + 1);
    return pmm->pages ? VM_OK : VM_NO_MEMORY;
}

void pmm_release(struct pmm *pmm)
{
    unmap_descriptors(pmm->pages, pmm->capacity_pages + 1);
    pmm->pages = NULL;
}

/* --- memory state ------------------------------------------------------------- */

static void set_bounds(struct pmm *pmm)
{
    uint32_t i = pmm->level;
    pmm->lower_bound = i > 0 ? pmm->watermarks[i - 1] - pmm->debounce_pages : 0;
    pmm->upper_bound = i < pmm->watermark_count
                           ? pmm->watermarks[i] + pmm->debounce_pages
                           : UINT64_MAX;
}

static void recompute_level(struct pmm *pmm)
{
    uint32_t level = 0;
    while (level < pmm->watermark_count &&
           pmm->watermarks[level] <= pmm->free_pages)
        level++;
    pmm->level = level;
    pmm->level_signal = true;
    set_bounds(pmm);
}

/* The free count changes and, where a bound is reached, the memory state. */
static void free_decreased(struct pmm *pmm, uint64_t pages)
{
    CHECK(pmm->free_pages >= pages);
    pmm->free_pages -= pages;
    if (pmm->watermark_count > 0 && pmm->free_pages <= pmm->lower_bound)
        recompute_level(pmm);
}

static void free_increased(struct pmm *pmm, uint64_t pages)
{
    pmm->free_pages += pages;
    if (pmm->free_pages >= pmm->upper_bound)
        recompute_level(pmm);
}

void pmm_set_watermarks(struct pmm *pmm, const uint64_t *marks, uint32_t count,
                        uint64_t debounce_pages)
{
    CHECK(count <= PMM_MAX_WATERMARKS);
    CHECK(count == 0 || marks[0] >= debounce_pages);
    for (uint32_t i = 0; i < count; i++) {
        CHECK(i == 0 || marks[i] > marks[i - 1]);
        pmm->watermarks[i] = marks[i];
    }
    pmm->watermark_count = count;
    pmm->debounce_pages = debounce_pages;
    recompute_level(pmm);
}

/* --- taking --------------------------------------------------------------------- */

static bool must_wait(const struct pmm *pmm, unsigned flags)
{
    if (!(flags & PMM_ALLOC_CAN_WAIT) || pmm->never_wait)
        return false;
    return (pmm->watermark_count > 0 && pmm->level == 0) || rare_path_waits();
}

static enum vm_status delayed(struct pmm *pmm)
{
    pmm->alloc_delayed_count++;
    return VM_SHOULD_WAIT;
}

static enum vm_status failed(struct pmm *pmm, unsigned flags)
{
    if (!(flags & PMM_ALLOC_MUST_BORROW)) {
        pmm->alloc_failed_count++;
        pmm->level_signal |= !pmm->alloc_failed_ever;
        pmm->alloc_failed_ever = true;
    }
    return VM_NO_MEMORY;
}

/* Loaned pages that this caller may have. */
static uint64_t loaned_available(const struct pmm *pmm, unsigned flags)
{
    if (flags & PMM_ALLOC_MUST_BORROW)
        return pmm->free_loaned_pages;
    return (flags & PMM_ALLOC_CAN_BORROW) && pmm->borrowing_enabled
               ? pmm->free_loaned_pages
               : 0;
}

void pmm_unlink(struct pmm *pmm, struct page_chain *list, page_index page)
{
    struct vm_page *descriptor = &pmm->pages[page];
    if (descriptor->prev)
        pmm->pages[descriptor->prev].next = descriptor->next;
    else
        list->head = descriptor->next;
    if (descriptor->next)
        pmm->pages[descriptor->next].prev = descriptor->prev;
    else
        list->tail = descriptor->prev;
    descriptor->prev = PAGE_NONE;
    descriptor->next = PAGE_NONE;
    list->count--;
}

static page_index take_loaned(struct pmm *pmm)
{
    page_index page = page_chain_pop_head(&pmm->free_loaned_list, pmm->pages);
    CHECK(page != PAGE_NONE);
    pmm->free_loaned_pages--;
    pmm->pages[page].state = PAGE_ALLOC;
    return page;
}

/* There is a free page; its count is the caller's to change. */
static page_index pop_free(struct pmm *pmm)
{
    page_index page = page_chain_pop_head(&pmm->free_list, pmm->pages);
    if (!page) {
        CHECK(pmm->next_fresh <= pmm->capacity_pages);
        page = pmm->next_fresh++;
    }
    pmm->pages[page].state = PAGE_ALLOC;
    return page;
}

enum vm_status pmm_alloc_page(struct pmm *pmm, unsigned flags, page_index *page)
{
    if (must_wait(pmm, flags))
        return delayed(pmm);
    if (loaned_available(pmm, flags) > 0) {
        *page = take_loaned(pmm);
        return VM_OK;
    }
    if ((flags & PMM_ALLOC_MUST_BORROW) || pmm->free_pages == 0)
        return failed(pmm, flags);
    *page = pop_free(pmm);
    free_decreased(pmm, 1);
    return VM_OK;
}

enum vm_status pmm_alloc_pages(struct pmm *pmm, uint64_t count, unsigned flags,
                               struct page_chain *chain)
{
    if (count == 0)
        return VM_OK;
    if (count == 1) {
        page_index page;
        enum vm_status status = pmm_alloc_page(pmm, flags, &page);
        if (status == VM_OK)
            page_chain_push_tail(chain, pmm->pages, page);
        return status;
    }
    uint64_t loaned = loaned_available(pmm, flags);
    uint64_t free_pages = flags & PMM_ALLOC_MUST_BORROW ? 0 : pmm->free_pages;
    if (count > free_pages + loaned)
        return (flags & PMM_ALLOC_CAN_WAIT) && !pmm->never_wait
                   ? delayed(pmm)
                   : failed(pmm, flags);
    loaned = u64_min(count, loaned);
    free_decreased(pmm, count - loaned);
    if (must_wait(pmm, flags)) {
        free_increased(pmm, count - loaned);
        return delayed(pmm);
    }
    for (uint64_t i = 0; i < count; i++)
        page_chain_push_tail(chain, pmm->pages,
                             i < loaned ? take_loaned(pmm) : pop_free(pmm));
    return VM_OK;
}

/* Is this page free and not loaned, on the list or fresh? */
static bool is_plain_free(const struct pmm *pmm, page_index page)
{
    const struct vm_page *descriptor = &pmm->pages[page];
    return page >= pmm->next_fresh ||
           (descriptor->state == PAGE_FREE && !descriptor->is_loaned &&
            (descriptor->prev || pmm->free_list.head == page));
}

/* Pages before `end` stop being fresh: they go onto the free list's tail. */
static void use_fresh_below(struct pmm *pmm, page_index end)
{
    while (pmm->next_fresh < end)
        page_chain_push_tail(&pmm->free_list, pmm->pages, pmm->next_fresh++);
}

enum vm_status pmm_alloc_contiguous(struct pmm *pmm, uint64_t count,
                                    page_index *first)
{
    CHECK(count > 0);
    if (count > pmm->free_pages)
        return VM_NO_MEMORY;
    uint64_t run = 0;
    page_index page = 1;
    for (; page <= pmm->capacity_pages && run < count; page++)
        run = is_plain_free(pmm, page) ? run + 1 : 0;
    if (run < count)
        return VM_NO_MEMORY;
    *first = page - (page_index)count;
    use_fresh_below(pmm, page);
    for (page_index i = *first; i < page; i++) {
        pmm_unlink(pmm, &pmm->free_list, i);
        pmm->pages[i].state = PAGE_ALLOC;
    }
    free_decreased(pmm, count);
    return VM_OK;
}

enum vm_status pmm_wire(struct pmm *pmm, uint64_t count)
{
    if (count > pmm->free_pages)
        return VM_NO_MEMORY;
    for (uint64_t i = 0; i < count; i++)
        pmm->pages[pop_free(pmm)].state = PAGE_WIRED;
    pmm->wired_pages += count;
    free_decreased(pmm, count);
    return VM_OK;
}

/* --- giving back ------------------------------------------------------------------ */

/* A page on no list becomes free; returns whether it counts as free memory. */
static bool put_free(struct pmm *pmm, page_index page)
{
    struct vm_page *descriptor = &pmm->pages[page];
    CHECK(descriptor->state != PAGE_FREE);
    CHECK(descriptor->state != PAGE_WIRED);
    CHECK(descriptor->queue == 0);
    descriptor->state = PAGE_FREE;
    descriptor->owner = 0;
    descriptor->prev = PAGE_NONE;
    descriptor->next = PAGE_NONE;
    if (descriptor->is_loan_cancelled)
        return false; /* its lender takes it from here */
    if (descriptor->is_loaned) {
        page_chain_push_head(&pmm->free_loaned_list, pmm->pages, page);
        pmm->free_loaned_pages++;
        return false;
    }
    if (pmm->deficit_pages > 0) {
        pmm->deficit_pages--;
        pmm->withheld_pages++;
        return false;
    }
    page_chain_push_head(&pmm->free_list, pmm->pages, page);
    return true;
}

void pmm_free_page(struct pmm *pmm, page_index page)
{
    CHECK(page != PAGE_NONE);
    if (put_free(pmm, page))
        free_increased(pmm, 1);
}

void pmm_free_chain(struct pmm *pmm, struct page_chain *chain)
{
    uint64_t freed = 0;
    /* From the tail, so that the chain's head ends at the list's head. */
    while (chain->tail) {
        page_index page = chain->tail;
        pmm_unlink(pmm, chain, page);
        freed += put_free(pmm, page);
    }
    free_increased(pmm, freed);
}

/* --- the budget ---------------------------------------------------------------------- */

static enum vm_status grow_descriptors(struct pmm *pmm, uint64_t capacity)
{
    if (capacity <= pmm->capacity_pages)
        return VM_OK;
    struct vm_page *pages = map_descriptors(capacity + 1);
    if (!pages)
        return VM_NO_MEMORY;
    memcpy(pages, pmm->pages, pmm->next_fresh * sizeof *pages);
    unmap_descriptors(pmm->pages, pmm->capacity_pages + 1);
    pmm->pages = pages;
    pmm->capacity_pages = capacity;
    return VM_OK;
}

/* Withheld pages carry no mark of their own: FREE, on no list, not loaned. */
static bool is_withheld(const struct pmm *pmm, page_index page)
{
    const struct vm_page *descriptor = &pmm->pages[page];
    return page < pmm->next_fresh && descriptor->state == PAGE_FREE &&
           !descriptor->is_loaned && !descriptor->prev &&
           pmm->free_list.head != page;
}

/* Give `count` withheld pages back to the free list, lowest first. */
static void release_withheld(struct pmm *pmm, uint64_t count)
{
    for (page_index page = 1; count > 0 && page < pmm->next_fresh; page++) {
        if (!is_withheld(pmm, page))
            continue;
        page_chain_push_tail(&pmm->free_list, pmm->pages, page);
        pmm->withheld_pages--;
        count--;
    }
    CHECK(count == 0);
}

static enum vm_status grow_budget(struct pmm *pmm, uint64_t more)
{
    uint64_t from_deficit = u64_min(more, pmm->deficit_pages);
    uint64_t from_withheld = u64_min(more - from_deficit, pmm->withheld_pages);
    uint64_t fresh = more - from_deficit - from_withheld;
    if (pmm->capacity_pages + fresh > PAGE_INDEX_MAX)
        return VM_INVALID_ARGS;
    enum vm_status status = grow_descriptors(pmm, pmm->capacity_pages + fresh);
    if (status != VM_OK)
        return status;
    pmm->deficit_pages -= from_deficit;
    release_withheld(pmm, from_withheld);
    pmm->total_pages += more;
    free_increased(pmm, from_withheld + fresh);
    return VM_OK;
}

static void shrink_budget(struct pmm *pmm, uint64_t less)
{
    uint64_t now = u64_min(less, pmm->free_pages);
    for (uint64_t i = 0; i < now; i++) {
        page_index page = pop_free(pmm);
        pmm->pages[page].state = PAGE_FREE;
    }
    pmm->withheld_pages += now;
    pmm->deficit_pages += less - now;
    pmm->total_pages -= less;
    free_decreased(pmm, now);
}

enum vm_status pmm_resize(struct pmm *pmm, uint64_t total_pages)
{
    if (total_pages > PAGE_INDEX_MAX)
        return VM_INVALID_ARGS;
    if (total_pages >= pmm->total_pages)
        return grow_budget(pmm, total_pages - pmm->total_pages);
    shrink_budget(pmm, pmm->total_pages - total_pages);
    return VM_OK;
}

/* --- proof ------------------------------------------------------------------------------ */

static bool chain_is_whole(const struct pmm *pmm, const struct page_chain *list,
                           bool loaned)
{
    uint64_t count = 0;
    page_index previous = PAGE_NONE;
    for (page_index page = list->head; page; page = pmm->pages[page].next) {
        const struct vm_page *descriptor = &pmm->pages[page];
        if (descriptor->prev != previous || descriptor->state != PAGE_FREE ||
            descriptor->is_loaned != loaned || descriptor->is_loan_cancelled)
            return false;
        previous = page;
        if (++count > list->count)
            return false;
    }
    return previous == list->tail && count == list->count;
}

static const char *check_totals(const struct pmm *pmm)
{
    uint64_t loaned = 0;
    uint64_t cancelled = 0;
    uint64_t wired = 0;
    uint64_t withheld = 0;
    for (page_index page = 1; page < pmm->next_fresh; page++) {
        const struct vm_page *descriptor = &pmm->pages[page];
        loaned += descriptor->is_loaned;
        cancelled += descriptor->is_loan_cancelled;
        wired += descriptor->state == PAGE_WIRED;
        withheld += is_withheld(pmm, page);
        if (descriptor->state == PAGE_FREE && descriptor->queue != 0)
            return "a free page is in no queue";
    }
    if (loaned != pmm->loaned_pages)
        return "loaned = pages marked loaned";
    if (cancelled != pmm->loan_cancelled_pages)
        return "loan_cancelled = pages whose loan is cancelled";
    if (wired != pmm->wired_pages)
        return "wired = pages in WIRED state";
    return withheld == pmm->withheld_pages ? NULL
                                           : "withheld = free pages on no list";
}

const char *pmm_valid(const struct pmm *pmm)
{
    if (!chain_is_whole(pmm, &pmm->free_list, false))
        return "the free list is whole";
    if (!chain_is_whole(pmm, &pmm->free_loaned_list, true))
        return "the free-loaned list is whole";
    uint64_t fresh = pmm->capacity_pages + 1 - pmm->next_fresh;
    if (pmm->free_pages != pmm->free_list.count + fresh)
        return "free = free list + fresh pages";
    if (pmm->free_loaned_pages != pmm->free_loaned_list.count)
        return "free_loaned = free-loaned list";
    if (pmm->capacity_pages !=
        pmm->total_pages + pmm->withheld_pages + pmm->deficit_pages)
        return "capacity = budget + withheld + deficit";
    return check_totals(pmm);
}
