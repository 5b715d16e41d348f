/*
 * The proofs can fail. Each case damages one thing in a sound machine, expects
 * the rule that it breaks, and repairs it; a proof that passed whatever it
 * looks at would be worth nothing.
 */
#include "core_fixture.h"
#include "cow_internal.h"
#include "page_list_internal.h"
#include "zircon_internal.h"

static struct fixture f;
static struct vm_page *pages;
static struct vmo *anonymous; /* 4 pages; page 3 compressed */
static struct vmo *clone;     /* of it; has its own page 0 */
static struct vmo *pager;     /* pages 0 to 3, dirty interval from 8 to 11 */
static struct vmo *contiguous;
static struct vmo *discardable[3]; /* unlocked, unlocked later, locked */
static struct vm_mapping *mapping;
static struct vm_cow_pages *hidden;

static void make_zero_fork(void)
{
    struct vmo_op op;
    cr_assert_eq(vmo_map(anonymous, 0, 8, true, false, &mapping), VM_OK);
    vmo_op_init_fault(&op, anonymous, mapping, 5, true, 0);
    cr_assert_eq(vmo_op_run(&op), VM_OK);
    vmo_op_release(&op);
}

static void set_up(void)
{
    static const uint64_t values[] = {11, 12, 13, 14};
    bool reclaimed;

    fixture_init(&f, 64);
    pages = f.machine.pmm.pages;
    cr_assert_eq(pmm_wire(&f.machine.pmm, 1), VM_OK);
    anonymous = fixture_create(&f, VMO_ANONYMOUS, 8, false);
    fixture_write(&f, anonymous, 0, 4);
    cr_assert_eq(vmo_reclaim_page(anonymous, PAGES(3), anonymous, PAGES(3),
                                  EVICTION_HINT_FOLLOW, true, &reclaimed),
                 VM_OK);
    cr_assert(reclaimed);
    clone = fixture_clone(&f, anonymous, CLONE_SNAPSHOT, 0, 8);
    fixture_write(&f, clone, 0, 1);
    hidden = vmo_cow(clone)->parent;
    make_zero_fork();

    pager = fixture_create(&f, VMO_PAGER, 16, false);
    cr_assert_eq(fixture_supply(pager, 0, 4, values), VM_OK);
    fixture_zero(pager, 8, 12);

    struct vmo_create_args args = {
        .kind = VMO_CONTIGUOUS, .size = PAGES(4), .user_id = 1000};
    cr_assert_eq(vmo_create(&f.machine, &args, &contiguous), VM_OK);
    f.machine.loaning = true;
    cr_assert_eq(vmo_decommit(contiguous, 0, PAGES(2)), VM_OK);

    for (int i = 0; i < 3; i++) {
        discardable[i] = fixture_create(&f, VMO_DISCARDABLE, 1, false);
        cr_assert_eq(vmo_try_lock(discardable[i], 0, PAGES(1)), VM_OK);
        vm_machine_set_time(&f.machine, i + 1);
        if (i < 2)
            cr_assert_eq(vmo_unlock(discardable[i], 0, PAGES(1)), VM_OK);
    }
    struct vmo *gone = fixture_create(&f, VMO_ANONYMOUS, 3, false);
    fixture_write(&f, gone, 0, 3);
    vmo_close(gone);
    fixture_check(&f);
}

static void tear_down(void)
{
    vmo_unmap(anonymous, mapping);
    for (int i = 0; i < 3; i++)
        vmo_close(discardable[i]);
    vmo_close(contiguous);
    vmo_close(pager);
    vmo_close(clone);
    vmo_close(anonymous);
    fixture_release(&f);
}

TestSuite(broken_rules, .init = set_up, .fini = tear_down);

static void expect_rule(const char *found, const char *rule, int line)
{
    cr_assert_not_null(found, "line %d: nothing found, not '%s'", line, rule);
    cr_assert_str_eq(found, rule, "line %d: '%s', not '%s'", line, found, rule);
}

/* Make `change` to `object`: `proof` says `rule`. Then `object` is as before. */
#define BREAKS(object, change, proof, rule)                                    \
    do {                                                                       \
        __typeof__(object) was = (object);                                     \
        change;                                                                \
        expect_rule(proof, rule, __LINE__);                                    \
        (object) = was;                                                        \
        cr_assert_null(proof);                                                 \
    } while (0)

static page_index page_of_vmo(const struct vmo *vmo, uint64_t page)
{
    page_index index = vm_cow_debug_get_page(vmo_cow(vmo), PAGES(page));
    cr_assert_neq(index, PAGE_NONE);
    return index;
}

Test(broken_rules, of_physical_memory)
{
    struct pmm *pmm = &f.machine.pmm;
    struct vm_page *head = &pages[pmm->free_list.head];
    struct vm_page *lent = &pages[pmm->free_loaned_list.head];
    struct vm_page *used = &pages[page_of_vmo(pager, 0)];
    const char *is_whole = "the free list is whole";
#define PMM_BREAKS(object, change, rule)                                       \
    BREAKS(object, change, pmm_valid(pmm), rule)

    PMM_BREAKS(*head, head->prev = 1, is_whole);
    PMM_BREAKS(*head, head->state = PAGE_ALLOC, is_whole);
    PMM_BREAKS(*head, head->is_loaned = 1, is_whole);
    PMM_BREAKS(*head, head->next = PAGE_NONE, is_whole);
    PMM_BREAKS(pmm->free_list, pmm->free_list.count--, is_whole);
    PMM_BREAKS(pmm->free_list, pmm->free_list.tail = PAGE_NONE, is_whole);
    PMM_BREAKS(*lent, lent->is_loan_cancelled = 1,
               "the free-loaned list is whole");
    PMM_BREAKS(*lent, lent->is_loaned = 0, "the free-loaned list is whole");
    PMM_BREAKS(pmm->free_pages, pmm->free_pages++,
               "free = free list + fresh pages");
    PMM_BREAKS(pmm->free_loaned_pages, pmm->free_loaned_pages++,
               "free_loaned = free-loaned list");
    PMM_BREAKS(pmm->withheld_pages, pmm->withheld_pages++,
               "capacity = budget + withheld + deficit");
    PMM_BREAKS(*head, head->queue = PQ_WIRED, "a free page is in no queue");
    PMM_BREAKS(pmm->loaned_pages, pmm->loaned_pages++,
               "loaned = pages marked loaned");
    PMM_BREAKS(*used, used->is_loan_cancelled = 1,
               "loan_cancelled = pages whose loan is cancelled");
    PMM_BREAKS(pmm->wired_pages, pmm->wired_pages++,
               "wired = pages in WIRED state");
    PMM_BREAKS(*used,
               (used->state = PAGE_FREE, used->queue = PQ_NONE, used->prev = 0),
               "withheld = free pages on no list");
}

Test(broken_rules, of_the_page_queues)
{
    struct page_queues *pqs = &f.machine.pqs;
    struct vm_page *fork = &pages[pqs->zero_forks.head];
    struct queue_link *fork_link = &pqs->links[pqs->zero_forks.head];
    struct queue_link *plain_link = &pqs->links[pqs->anonymous.head];
    const char *forks = "every zero fork is linked once";
#define PQ_BREAKS(object, change, rule)                                        \
    BREAKS(object, change, pq_valid(pqs), rule)

    PQ_BREAKS(*fork, fork->queue = PQ_COUNT, "page.queue is a queue");
    PQ_BREAKS(*fork, fork->owner = 0,
              "a page has an owner exactly while it is queued");
    PQ_BREAKS(*fork, fork->queue = PQ_WIRED,
              "count = number of pages with that queue");
    PQ_BREAKS(*fork_link, fork_link->prev = 1, forks);
    PQ_BREAKS(pqs->zero_forks, pqs->zero_forks.count--, forks);
    PQ_BREAKS(pqs->zero_forks, pqs->zero_forks.count++, forks);
    PQ_BREAKS(pqs->zero_forks, pqs->zero_forks.tail = PAGE_NONE, forks);
    PQ_BREAKS(pqs->zero_forks, pqs->zero_forks = PAGE_CHAIN_EMPTY, forks);
    PQ_BREAKS(*plain_link, plain_link->next = PAGE_NONE,
              "every anonymous page is linked once");
    PQ_BREAKS(pqs->anonymous, pqs->anonymous.head = pqs->zero_forks.head,
              "every anonymous page is linked once");
    page_index hinted = page_of_vmo(pager, 0);
    pqs->ops->page_removed(pqs->policy, hinted, RECLAIM_REMOVED_FREED);
    expect_rule(pq_valid(pqs), "the policy's lists add up to the RECLAIM count",
                __LINE__);
    pqs->ops->page_added(pqs->policy, hinted, RECLAIM_PAGER, RECLAIM_ADDED_NEW);
    cr_assert_null(pq_valid(pqs));
}

Test(broken_rules, of_the_generations)
{
    struct page_queues *pqs = &f.machine.pqs;
    struct zircon *z = pqs->policy;
    page_index first = page_of_vmo(pager, 0);
    page_index second = page_of_vmo(pager, 1);
    pqs->ops->page_dont_need(z, first);
    cr_assert_null(pq_valid(pqs));
    struct zircon_page *hinted = page_of(z, first);
    struct zircon_page *young = page_of(z, second);
    uint8_t newest = queue_of_generation(z->mru_gen);
    uint8_t oldest = queue_of_generation(z->lru_gen);
    struct zircon_page *last = page_of(z, z->list[newest].tail);
#define ZIRCON_BREAKS(object, change, rule)                                    \
    BREAKS(object, change, pqs->ops->valid(z), rule)

    ZIRCON_BREAKS(z->lru_gen, z->lru_gen = z->mru_gen,
                  "mru_gen is 1 to 7 generations past lru_gen");
    ZIRCON_BREAKS(z->mru_gen, z->mru_gen = z->lru_gen + 8,
                  "mru_gen is 1 to 7 generations past lru_gen");
    ZIRCON_BREAKS(*young, young->prev = first & PAGE_INDEX_MAX,
                  "links lead back where they came from");
    ZIRCON_BREAKS(*last, last->next = (uint64_t)LINK_END | oldest,
                  "a page at the end knows the list that it is on");
    ZIRCON_BREAKS(*young, young->queue = QUEUE_UNKNOWN,
                  "a listed page has a queue");
    ZIRCON_BREAKS(*young, young->queue = QUEUE_DONT_NEED,
                  "a page is hinted onto the DontNeed list");
    ZIRCON_BREAKS(*young, young->queue = oldest & 0xfu,
                  "a page is on the list of its generation or an older one");
    ZIRCON_BREAKS(z->list[newest], z->list[newest].tail = PAGE_NONE,
                  "a list ends at its tail");
    ZIRCON_BREAKS(z->count[newest], z->count[newest]++,
                  "count = number of pages with that queue");
    ZIRCON_BREAKS(z->active, z->active++,
                  "active + inactive = all pages, split by age");
    ZIRCON_BREAKS(z->inactive, z->inactive++,
                  "active + inactive = all pages, split by age");
    (void)hinted;
}

Test(broken_rules, of_a_generation_that_is_over)
{
    struct page_queues *pqs = &f.machine.pqs;
    struct zircon *z = pqs->policy;
    struct zircon was = *z;
    /* The newest generation's pages are where the next but seven will be. */
    z->mru_gen += 1;
    z->lru_gen = z->mru_gen - 1;
    for (unsigned i = 0; i < 3; i++) {
        z->mru_gen++;
        z->lru_gen++;
    }
    expect_rule(pqs->ops->valid(z), "only generations in use hold pages",
                __LINE__);
    *z = was;
    cr_assert_null(pqs->ops->valid(z));
}

Test(broken_rules, of_discardable_objects)
{
    const struct discardable_lists *lists = &f.machine.discardables;
    struct discardable *first = vmo_cow(discardable[0])->tracker;
    struct discardable *second = vmo_cow(discardable[1])->tracker;
    struct discardable *locked = vmo_cow(discardable[2])->tracker;
#define DISCARDABLE_BREAKS(object, change, rule)                               \
    BREAKS(object, change, discardable_valid(lists), rule)

    DISCARDABLE_BREAKS(*first, first->is_listed = false,
                       "a tracker on a list knows it");
    DISCARDABLE_BREAKS(*first, first->state = DISCARDABLE_DISCARDED,
                       "candidates are reclaimable");
    DISCARDABLE_BREAKS(*first, first->lock_count = 1,
                       "reclaimable objects are not locked");
    DISCARDABLE_BREAKS(*second, second->last_unlock = first->last_unlock - 1,
                       "candidates are in the order of their unlocks");
    DISCARDABLE_BREAKS(*locked, locked->is_listed = false,
                       "a tracker on a list knows it");
    DISCARDABLE_BREAKS(*locked, locked->state = DISCARDABLE_RECLAIMABLE,
                       "the others are unreclaimable or discarded");
    DISCARDABLE_BREAKS(*locked, locked->state = DISCARDABLE_DISCARDED,
                       "locked objects, and no others, are unreclaimable");
    DISCARDABLE_BREAKS(*locked, locked->lock_count = 0,
                       "locked objects, and no others, are unreclaimable");
}

Test(broken_rules, of_page_requests)
{
    struct vm_cow_pages *cow = vmo_cow(pager);
    struct page_source *source = cow->source;
    struct page_request first, second, waiter;
    struct page_request *all[] = {&waiter, &second, &first};
    page_request_init(&first);
    page_request_init(&second);
    page_request_init(&waiter);
    page_source_get_pages(source, PAGES(4), PAGES(2), &first);
    page_source_get_pages(source, PAGES(6), PAGES(1), &second);
    page_source_get_pages(source, PAGES(5), PAGES(1), &waiter);
    cr_assert_eq(waiter.state, REQUEST_OVERLAP);
    cr_assert_null(vm_machine_valid(&f.machine));
#define SOURCE_BREAKS(object, change, rule)                                    \
    BREAKS(object, change, page_source_valid(source), rule)

    SOURCE_BREAKS(waiter, waiter.state = REQUEST_DONE,
                  "who waits along is in OVERLAP state");
    SOURCE_BREAKS(waiter, waiter.overlapped = &second,
                  "who waits along knows with whom");
    SOURCE_BREAKS(waiter, waiter.type = PAGE_REQUEST_DIRTY,
                  "who waits along wants the same");
    SOURCE_BREAKS(waiter, waiter.offset = 0,
                  "who waits along lies within its owner");
    SOURCE_BREAKS(waiter, waiter.length = PAGES(2),
                  "who waits along lies within its owner");
    SOURCE_BREAKS(waiter, waiter.overlaps.tqh_first = &second,
                  "nobody waits along with a waiter");
    SOURCE_BREAKS(first, first.state = REQUEST_DONE,
                  "a request of a source is outstanding");
    SOURCE_BREAKS(first, first.source = NULL, "a request knows its source");
    SOURCE_BREAKS(second, second.length = 0, "a request is for whole pages");
    SOURCE_BREAKS(second, second.length = 1, "a request is for whole pages");
    SOURCE_BREAKS(first, first.pending = 0,
                  "an outstanding request has something pending");
    SOURCE_BREAKS(first, first.pending = PAGES(3),
                  "an outstanding request has something pending");
    SOURCE_BREAKS(first, first.serial = 0,
                  "a request has a serial of its source");
    SOURCE_BREAKS(first, first.serial = source->next_serial + 1,
                  "a request has a serial of its source");
    SOURCE_BREAKS(second, second.type = PAGE_REQUEST_DIRTY,
                  "a request is listed under its type");
    SOURCE_BREAKS(second, second.offset = PAGES(5),
                  "requests of a type are sorted and disjoint");
    SOURCE_BREAKS(source->is_detached, source->is_detached = true,
                  "a detached source has no requests");
    BREAKS(first, first.serial = 0, vm_machine_valid(&f.machine),
           "a request has a serial of its source");
    for (int i = 0; i < 3; i++)
        page_request_cancel(all[i]);
}

Test(broken_rules, of_a_page_list)
{
    struct page_list *list = &vmo_cow(pager)->list;
    struct page_list_node *node = node_find(list, node_number(list, 0));
    unsigned start = slot_index(list, PAGES(8));
    unsigned end = slot_index(list, PAGES(11));
    struct page_slot page = node->slots[slot_index(list, 0)];
#define LIST_BREAKS(object, change, rule)                                      \
    BREAKS(object, change, page_list_valid(list), rule)

    LIST_BREAKS(*node, memset(node->slots, 0, sizeof node->slots),
                "no list node is entirely empty");
    LIST_BREAKS(*node, node->slots[start + 1] = page,
                "nothing is populated inside an interval");
    LIST_BREAKS(*node, node->slots[start] = SLOT_EMPTY,
                "interval sentinels alternate");
    LIST_BREAKS(*node,
                node->slots[end] =
                    slot_of_interval(INTERVAL_END, DIRTY_CLEAN, 0),
                "both ends of an interval have one dirty state");
    LIST_BREAKS(*node, node->slots[end] = SLOT_EMPTY,
                "an interval that starts also ends");
    LIST_BREAKS(list->node_count, list->node_count++,
                "node count = list nodes in the tree");
}

Test(broken_rules, of_zero_intervals)
{
    struct vm_cow_pages *cow = vmo_cow(pager);
    struct page_slot *start = page_list_lookup(&cow->list, PAGES(8));
    struct page_slot *inside = page_list_lookup(&cow->list, PAGES(9));
    struct page_slot *end = page_list_lookup(&cow->list, PAGES(11));
    struct page_slot *first = page_list_lookup(&cow->list, 0);
    struct vm_cow_pages *plain = vmo_cow(clone);
    struct page_slot *own = page_list_lookup(&plain->list, 0);
#define INTERVALS_BREAK(object, change, rule)                                  \
    BREAKS(object, change, vm_cow_debug_validate_zero_intervals(cow), rule)

    BREAKS(*own, *own = slot_of_interval(INTERVAL_SLOT, DIRTY_DIRTY, 0),
           vm_cow_debug_validate_zero_intervals(plain),
           "only pager-backed nodes hold zero intervals");
    INTERVALS_BREAK(*start,
                    *start = slot_of_interval(INTERVAL_START, DIRTY_CLEAN, 0),
                    "zero intervals are dirty");
    INTERVALS_BREAK(*start, *start = SLOT_EMPTY,
                    "interval sentinels alternate");
    INTERVALS_BREAK(*inside, *inside = SLOT_ZERO_MARKER,
                    "nothing lies inside a zero interval");
    INTERVALS_BREAK(*first, *first = slot_of_reference(64),
                    "a node with a source holds no references");
    INTERVALS_BREAK(*end, *end = SLOT_EMPTY,
                    "an interval that starts also ends");
}

Test(broken_rules, of_split_bits)
{
    struct vm_page *own = &pages[page_of_vmo(clone, 0)];
    page_index both = vm_cow_debug_get_page(hidden, 0); /* split: left */
    page_index shared = vm_cow_debug_get_page(hidden, PAGES(1));
    struct vm_page *split = &pages[both];
    struct vm_page *whole = &pages[shared];
#define SPLITS_BREAK(object, change, rule)                                     \
    BREAKS(object, change,                                                     \
           vm_cow_debug_validate_page_splits_hierarchy(vmo_cow(clone)), rule)

    cr_assert(split->left_split);
    SPLITS_BREAK(*own, own->left_split = 1,
                 "a visible node's content carries no split bit");
    SPLITS_BREAK(*split, split->right_split = 1,
                 "content is never split both ways");
    SPLITS_BREAK(*whole, whole->left_split = 1,
                 "nobody on the split side still looks at the content");
    SPLITS_BREAK(vmo_cow(anonymous)->parent_limit,
                 vmo_cow(anonymous)->parent_limit = 0,
                 "somebody on the other side still looks at split content");
}

Test(broken_rules, of_backlinks)
{
    struct vm_page *page = &pages[page_of_vmo(clone, 0)];
#define BACKLINKS_BREAK(object, change, rule)                                  \
    BREAKS(object, change,                                                     \
           vm_cow_debug_validate_page_splits_hierarchy(vmo_cow(anonymous)),    \
           rule)

    BACKLINKS_BREAK(*page, page->state = PAGE_ALLOC,
                    "a page in a list is in OBJECT state");
    BACKLINKS_BREAK(*page, page->owner = 0,
                    "a page's backlink names its node and offset");
    BACKLINKS_BREAK(*page, page->offset = PAGES(1),
                    "a page's backlink names its node and offset");
    BACKLINKS_BREAK(*page, page->queue = PQ_NONE,
                    "a page in a list is in a queue");
}

Test(broken_rules, of_borrowing)
{
    struct vm_cow_pages *cow = vmo_cow(pager);
    struct vm_page *page = &pages[page_of_vmo(pager, 0)];
    struct vm_page *own = &pages[page_of_vmo(clone, 0)];
    struct page_slot *slot =
        page_list_lookup(&vmo_cow(contiguous)->list, PAGES(3));
    const char *clean =
        "a loaned page is clean, unpinned and not always needed";
#define BORROWING_BREAKS(object, change, of, rule)                             \
    BREAKS(object, change, vm_cow_debug_validate_page_borrowing(of), rule)

    BORROWING_BREAKS(*slot, *slot = SLOT_ZERO_MARKER, vmo_cow(contiguous),
                     "a contiguous node holds pages only");
    BORROWING_BREAKS(*own, own->is_loaned = 1, vmo_cow(clone),
                     "a loaned page is in a node that may borrow");
    BORROWING_BREAKS(*page, (page->is_loaned = 1, page->pin_count = 1), cow,
                     clean);
    BORROWING_BREAKS(*page, (page->is_loaned = 1, page->always_need = 1), cow,
                     clean);
    BORROWING_BREAKS(*page,
                     (page->is_loaned = 1, page->dirty_state = DIRTY_DIRTY),
                     cow, clean);
    page->is_loaned = 1;
    BORROWING_BREAKS(cow->source->traps_dirty, cow->source->traps_dirty = true,
                     cow, "a loaned page is in a node that may borrow");
    /* The kernel does not look at objects of 2 MiB and more. */
    page->pin_count = 1;
    cow->size = 2 << 20;
    cr_assert_null(vm_cow_debug_validate_page_borrowing(cow));
    cow->size = PAGES(16);
    page->pin_count = 0;
    page->is_loaned = 0;
}

#define MACHINE_BREAKS(object, change, rule)                                   \
    BREAKS(object, change, vm_machine_valid(&f.machine), rule)

Test(broken_rules, of_the_shape_of_a_tree)
{
    struct vm_cow_pages *leaf = vmo_cow(clone);
    struct vm_cow_pages *root = vmo_cow(pager);

    MACHINE_BREAKS(leaf->parent, leaf->parent = NULL,
                   "a child knows its parent");
    MACHINE_BREAKS(leaf->child_count, leaf->child_count = 1,
                   "child count = length of the child list");
    MACHINE_BREAKS(root->options, root->options |= COW_OPTION_HIDDEN,
                   "a hidden node has two children");
    MACHINE_BREAKS(leaf->parent_limit, leaf->parent_limit = PAGES(9),
                   "the parent limit is within the node");
    MACHINE_BREAKS(root->parent_limit, root->parent_limit = PAGES(1),
                   "a node that looks up has a parent");
    MACHINE_BREAKS(leaf->parent_start_limit,
                   leaf->parent_start_limit = PAGES(9),
                   "the start limit is not above the limit");
    MACHINE_BREAKS(leaf->parent_start_limit,
                   leaf->parent_start_limit = PAGES(1),
                   "a visible node has no start limit");
    MACHINE_BREAKS(leaf->high_priority_count, leaf->high_priority_count = 1,
                   "each child of high priority counts once");
    MACHINE_BREAKS(leaf->options, leaf->options |= COW_OPTION_SLICE,
                   "a slice holds nothing");

    struct vmo *two[2];
    for (int i = 0; i < 2; i++)
        two[i] =
            fixture_clone(&f, pager, CLONE_SNAPSHOT_AT_LEAST_ON_WRITE, 0, 4);
    MACHINE_BREAKS(root->options, root->options |= COW_OPTION_HIDDEN,
                   "a hidden node has no owner");
    for (int i = 0; i < 2; i++)
        vmo_close(two[i]);
}

Test(broken_rules, of_one_node_are_seen_from_the_machine)
{
    struct vm_cow_pages *root = vmo_cow(pager);
    struct page_slot *first = page_list_lookup(&root->list, 0);
    struct vm_page *own = &pages[page_of_vmo(clone, 0)];

    MACHINE_BREAKS(root->list.node_count, root->list.node_count++,
                   "node count = list nodes in the tree");
    MACHINE_BREAKS(*own, own->right_split = 1,
                   "a visible node's content carries no split bit");
    MACHINE_BREAKS(*own, own->offset = PAGES(1),
                   "a page's backlink names its node and offset");
    MACHINE_BREAKS(*first, *first = slot_of_reference(64),
                   "a node with a source holds no references");
    MACHINE_BREAKS(root->pinned_page_count, root->pinned_page_count++,
                   "pinned page count = sum of the pages' pins");
}

Test(broken_rules, of_the_machine)
{
    struct vm_machine *machine = &f.machine;
    page_index extra;

    MACHINE_BREAKS(machine->pmm.free_pages, machine->pmm.free_pages++,
                   "free = free list + fresh pages");
    MACHINE_BREAKS(machine->pqs.count[PQ_WIRED], machine->pqs.count[PQ_WIRED]++,
                   "count = number of pages with that queue");
    MACHINE_BREAKS(machine->cow_count, machine->cow_count++,
                   "node count = nodes in the table");
    MACHINE_BREAKS(machine->stats, machine->stats.object_pages++,
                   "object pages = pages in page lists");
    MACHINE_BREAKS(machine->stats, machine->stats.reference_count++,
                   "reference count = references in page lists");
    MACHINE_BREAKS(hidden->attribution_id, hidden->attribution_id = 4711,
                   "content that somebody sees is charged to somebody");

    cr_assert_eq(pmm_alloc_page(&machine->pmm, PMM_ALLOC_ANY, &extra), VM_OK);
    pq_set(&machine->pqs, extra, hidden->handle, 0, PQ_WIRED, RECLAIM_ANONYMOUS,
           RECLAIM_ADDED_NEW);
    expect_rule(vm_machine_valid(machine), "every object page is in one queue",
                __LINE__);
    pq_remove(&machine->pqs, extra, RECLAIM_REMOVED_FREED);
    pmm_free_page(&machine->pmm, extra);

    uint64_t id = vmo_cow(clone)->attribution_id;
    vmo_cow(clone)->attribution_id = hidden->attribution_id;
    expect_rule(vm_machine_valid(machine), "no content is charged twice",
                __LINE__);
    vmo_cow(clone)->attribution_id = id;
}

/* A page that holds compressed content and is first on its list. */
static struct vm_page *first_store_page(void)
{
    page_index page = 1;
    while (pages[page].state != PAGE_STORE || pages[page].prev)
        page++;
    return &pages[page];
}

Test(broken_rules, of_the_compressed_store)
{
    struct vm_page *store = first_store_page();
    MACHINE_BREAKS(*store, store->state = PAGE_ALLOC,
                   "a store page is a page in STORE state");
}

/* --- the exact store, which a machine has instead --------------------------- */

static void with_exact_store(void)
{
    struct vm_machine_config config = {
        .memory_pages = 64,
        .policy = &zircon_policy_ops,
        .compression = true,
        .compressor = {COMPRESSION_RATIO, STORAGE_EXACT, 70},
    };
    bool reclaimed;
    f = (struct fixture){.next_user_id = 1, .next_content = 100};
    cr_assert_eq(vm_machine_init(&f.machine, &config), VM_OK);
    pages = f.machine.pmm.pages;
    anonymous = fixture_create(&f, VMO_ANONYMOUS, 8, false);
    fixture_write(&f, anonymous, 0, 8);
    for (uint64_t page = 0; page < 8; page++)
        cr_assert_eq(vmo_reclaim_page(anonymous, PAGES(page), anonymous,
                                      PAGES(page), EVICTION_HINT_FOLLOW, true,
                                      &reclaimed),
                     VM_OK);
    fixture_check(&f);
}

static void without_exact_store(void)
{
    vmo_close(anonymous);
    fixture_release(&f);
}

Test(broken_exact_store, is_found_out, .init = with_exact_store,
     .fini = without_exact_store)
{
    struct vm_page *store = first_store_page();

    MACHINE_BREAKS(*store, store->state = PAGE_ALLOC,
                   "a store page is in STORE state");
    cr_assert_neq(store->next, PAGE_NONE, "there are several");
    MACHINE_BREAKS(*store, store->next = PAGE_NONE,
                   "count = length of the list");
}
