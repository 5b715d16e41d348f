/*
 * The wrapping ops table is a copy of the real one with the entries that are
 * of interest replaced; what the real one leaves NULL stays NULL. Lists of
 * pages are kept from call to call, so that a page whose list is another one
 * after ageing gets a row: one look at each page for each ageing, which only
 * runs that want these rows pay for.
 */
#include "engine/page_trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "engine/world_internal.h"

#define LIST_UNKNOWN UINT8_MAX

/* What is remembered of a page. */
struct traced {
    uint32_t vmo; /* its VMO's id when that was open last, 0: unknown */
    uint8_t list; /* of the policy's, LIST_UNKNOWN: on none */
};

struct page_trace {
    struct world *world;
    struct reclaim_policy_ops ops;          /* the wrapper's */
    const struct reclaim_policy_ops *inner; /* the real ones */
    void *self;                             /* their instance */
    bool is_wrapped;
    struct reclaim_identity awaited; /* of the last refault told */
    struct traced *pages;            /* owned; by page */
    uint64_t page_count;
};

/* Rows. ------------------------------------------------------------------- */

static const char *list_name(const struct page_trace *trace, unsigned list)
{
    struct reclaim_list lists[RECLAIM_MAX_LISTS] = {{NULL, 0}};
    unsigned count = trace->inner->lists(trace->self, lists);

    return list < count ? lists[list].name : NULL;
}

/* The VMO that the page belongs to, or did while it was open. */
static uint64_t vmo_id_of(struct page_trace *trace, page_index page)
{
    const struct vm_machine *machine = &trace->world->machine;
    const struct vm_cow_owner *owner =
        vm_cow_backlink(vm_page_owner(machine, page));
    const struct vmo *vmo = (const struct vmo *)(const void *)owner;

    if (vmo && vmo->user)
        trace->pages[page].vmo = ((const struct world_vmo *)vmo->user)->id;
    return trace->pages[page].vmo ? trace->pages[page].vmo : RECORD_NULL;
}

static void row(struct page_trace *trace, page_index page, const char *what,
                const char *detail)
{
    struct world *world = trace->world;
    struct record_page_event event = {
        .at_ns = world->now,
        .vmo_id = vmo_id_of(trace, page),
        .page = bytes_to_pages(vm_page_of(&world->machine, page)->offset),
        .what = what,
        .detail = detail,
    };

    if (!recorder_page_event(world->recorder, &event))
        world_fail(world, EIO);
}

/* Note the page's list; true: it is another one than before. */
static bool note_list(struct page_trace *trace, page_index page, uint8_t *old)
{
    unsigned list = trace->inner->place(trace->self, page).list;

    CHECK(trace->pages != NULL);
    *old = trace->pages[page].list;
    trace->pages[page].list = (uint8_t)list;
    return *old != list;
}

static void row_if_moved(struct page_trace *trace, page_index page,
                         const char *what)
{
    char detail[80];
    uint8_t old;

    if (!note_list(trace, page, &old))
        return;
    const char *from = old == LIST_UNKNOWN ? NULL : list_name(trace, old);
    const char *to = list_name(trace, trace->pages[page].list);
    snprintf(detail, sizeof detail, "%s to %s", from ? from : "?",
             to ? to : "?");
    row(trace, page, what, detail);
}

/* The wrapper. ------------------------------------------------------------ */

/* Did the page come back? What was read is not in its slot yet; what was
 * decompressed is, so that nothing but the refault told before it is left. */
static const char *arrival(struct page_trace *trace, page_index page)
{
    struct vm_machine *machine = &trace->world->machine;
    const struct vm_cow_pages *cow = vm_page_owner(machine, page);
    uint64_t offset = vm_page_of(machine, page)->offset;

    if (vm_cow_was_reclaimed(cow, offset))
        return "read again";
    return trace->awaited.vmo == vm_cow_serial(cow) &&
                   trace->awaited.page == bytes_to_pages(offset)
               ? "decompressed"
               : NULL;
}

static void on_added(void *self, page_index page, enum reclaim_class class_,
                     enum reclaim_added why)
{
    static const char *const whys[] = {
        [RECLAIM_ADDED_NEW] = "new",
        [RECLAIM_ADDED_UNPINNED] = "unpinned",
        [RECLAIM_ADDED_CLEANED] = "cleaned",
        [RECLAIM_ADDED_PRIORITY] = "no longer protected",
        [RECLAIM_ADDED_ENABLED] = "reclaim switched on",
    };
    struct page_trace *trace = self;
    const char *how = why == RECLAIM_ADDED_NEW ? arrival(trace, page) : NULL;
    uint8_t old;

    trace->inner->page_added(trace->self, page, class_, why);
    trace->awaited = (struct reclaim_identity){0, 0};
    note_list(trace, page, &old);
    row(trace, page, how ? "refaulted" : "added", how ? how : whys[why]);
}

static const char *end_of(enum reclaim_removed why, enum reclaim_class class_)
{
    static const char *const reclaimed[] = {
        [RECLAIM_PAGER] = "evicted",
        [RECLAIM_ANONYMOUS] = "compressed",
        [RECLAIM_DISCARDABLE] = "discarded",
    };
    static const char *const names[] = {
        [RECLAIM_REMOVED_FREED] = "freed",
        [RECLAIM_REMOVED_PINNED] = "pinned",
        [RECLAIM_REMOVED_DIRTIED] = "dirtied",
        [RECLAIM_REMOVED_PRIORITY] = "protected",
        [RECLAIM_REMOVED_FAILED] = "compression_failed",
    };

    return why == RECLAIM_REMOVED_RECLAIMED ? reclaimed[class_] : names[why];
}

static void on_removed(void *self, page_index page, enum reclaim_removed why)
{
    struct page_trace *trace = self;
    const struct vm_page *descriptor = vm_page_of(&trace->world->machine, page);
    uint8_t old;

    note_list(trace, page, &old);
    row(trace, page, end_of(why, (enum reclaim_class)descriptor->reclaim_class),
        list_name(trace, trace->pages[page].list));
    trace->pages[page] = (struct traced){0, LIST_UNKNOWN};
    trace->inner->page_removed(trace->self, page, why);
}

static void on_accessed(void *self, page_index page, enum reclaim_accessed how)
{
    struct page_trace *trace = self;

    trace->inner->page_accessed(trace->self, page, how);
    row_if_moved(trace, page, "accessed");
}

static void on_dont_need(void *self, page_index page)
{
    struct page_trace *trace = self;

    trace->inner->page_dont_need(trace->self, page);
    row_if_moved(trace, page, "not_needed");
}

static void on_refused(void *self, page_index page, enum reclaim_refused why)
{
    static const char *const whys[] = {
        [RECLAIM_REFUSED_GONE] = "gone",
        [RECLAIM_REFUSED_PINNED] = "pinned",
        [RECLAIM_REFUSED_PRIORITY] = "high priority",
        [RECLAIM_REFUSED_DIRTY] = "dirty",
        [RECLAIM_REFUSED_ALWAYS_NEED] = "always needed",
        [RECLAIM_REFUSED_NO_STRATEGY] = "no way to reclaim it",
    };
    struct page_trace *trace = self;

    row(trace, page, "refused", whys[why]);
    trace->inner->refused(trace->self, page, why);
}

/* Every known page that ageing has moved. */
static void rows_of_aged(struct page_trace *trace)
{
    const struct vm_machine *machine = &trace->world->machine;
    uint64_t left = machine->pqs.count[PQ_RECLAIM];

    for (page_index page = 1; left > 0; page++) {
        if (machine->pmm.pages[page].queue != PQ_RECLAIM)
            continue;
        row_if_moved(trace, page, "aged");
        left--;
    }
}

static void on_age(void *self, sim_ns now)
{
    struct page_trace *trace = self;

    trace->inner->age(trace->self, now);
    rows_of_aged(trace);
}

static void on_rotate(void *self, sim_ns now)
{
    struct page_trace *trace = self;

    trace->inner->rotate(trace->self, now);
    rows_of_aged(trace);
}

/* Passed on as it is. ------------------------------------------------------ */

static page_index pass_victim(void *self, enum reclaim_level level)
{
    struct page_trace *trace = self;

    return trace->inner->victim(trace->self, level);
}

static page_index pass_likely_victim(const void *self, page_index page)
{
    const struct page_trace *trace = self;

    return trace->inner->likely_victim(trace->self, page);
}

static void pass_refault(void *self, struct reclaim_identity identity)
{
    struct page_trace *trace = self;

    trace->awaited = identity;
    if (trace->inner->refault)
        trace->inner->refault(trace->self, identity);
}

static void pass_identity(void *self, page_index page,
                          struct reclaim_identity identity)
{
    struct page_trace *trace = self;

    trace->inner->page_identity(trace->self, page, identity);
}

static sim_ns pass_next_age(void *self, sim_ns now)
{
    struct page_trace *trace = self;

    return trace->inner->next_age(trace->self, now);
}

static page_index pass_offer(void *self, enum reclaim_offer offer)
{
    struct page_trace *trace = self;

    return trace->inner->pop_offer(trace->self, offer);
}

static unsigned pass_lists(void *self, struct reclaim_list *out)
{
    struct page_trace *trace = self;

    return trace->inner->lists(trace->self, out);
}

static struct reclaim_place pass_place(void *self, page_index page)
{
    struct page_trace *trace = self;

    return trace->inner->place(trace->self, page);
}

static void pass_activity(void *self, uint64_t *active, uint64_t *inactive)
{
    struct page_trace *trace = self;

    trace->inner->activity(trace->self, active, inactive);
}

static bool pass_counter(void *self, unsigned index, const char **name,
                         uint64_t *value)
{
    struct page_trace *trace = self;

    return trace->inner->counter(trace->self, index, name, value);
}

static const char *pass_valid(void *self)
{
    struct page_trace *trace = self;

    return trace->inner->valid(trace->self);
}

/* Room for so many pages. */
static bool reach(struct page_trace *trace, uint64_t count)
{
    if (count <= trace->page_count)
        return true;
    struct traced *pages = realloc(trace->pages, count * sizeof *pages);
    if (!pages)
        return false;
    for (uint64_t i = trace->page_count; i < count; i++)
        pages[i] = (struct traced){0, LIST_UNKNOWN};
    trace->pages = pages;
    trace->page_count = count;
    return true;
}

/* The budget has changed: there may be more pages. */
static bool on_resize(void *self, uint64_t memory_pages)
{
    struct page_trace *trace = self;
    uint64_t count = trace->world->machine.pmm.capacity_pages + 1;

    if (!reach(trace, count))
        return false;
    return trace->inner->resize(trace->self, memory_pages);
}

/* Putting it on and taking it off. ---------------------------------------- */

static struct reclaim_policy_ops
wrapping(const struct reclaim_policy_ops *inner)
{
    struct reclaim_policy_ops ops = *inner;

    ops.resize = on_resize;
    ops.page_added = on_added;
    ops.page_removed = on_removed;
    ops.page_accessed = inner->page_accessed ? on_accessed : NULL;
    ops.page_dont_need = inner->page_dont_need ? on_dont_need : NULL;
    ops.victim = pass_victim;
    ops.likely_victim = inner->likely_victim ? pass_likely_victim : NULL;
    ops.refused = on_refused;
    ops.refault = pass_refault;
    ops.page_identity = inner->page_identity ? pass_identity : NULL;
    ops.age = inner->age ? on_age : NULL;
    ops.next_age = inner->next_age ? pass_next_age : NULL;
    ops.rotate = inner->rotate ? on_rotate : NULL;
    ops.pop_offer = inner->pop_offer ? pass_offer : NULL;
    ops.lists = pass_lists;
    ops.place = pass_place;
    ops.activity = inner->activity ? pass_activity : NULL;
    ops.counter = inner->counter ? pass_counter : NULL;
    ops.valid = pass_valid;
    return ops;
}

void page_trace_wrap(struct world *world)
{
    struct page_trace *trace = world->page_trace;
    struct page_queues *pqs = &world->machine.pqs;

    if (!trace || trace->is_wrapped)
        return;
    trace->inner = pqs->ops;
    trace->self = pqs->policy;
    trace->ops = wrapping(pqs->ops);
    pqs->ops = &trace->ops;
    pqs->policy = trace;
    trace->is_wrapped = true;
}

void page_trace_unwrap(struct world *world)
{
    struct page_trace *trace = world->page_trace;
    struct page_queues *pqs = &world->machine.pqs;

    if (!trace || !trace->is_wrapped)
        return;
    pqs->ops = trace->inner;
    pqs->policy = trace->self;
    trace->is_wrapped = false;
}

static void rows_of_known(struct page_trace *trace)
{
    const struct vm_machine *machine = &trace->world->machine;
    uint64_t left = machine->pqs.count[PQ_RECLAIM];
    uint8_t old;

    for (page_index page = 1; left > 0; page++) {
        if (machine->pmm.pages[page].queue != PQ_RECLAIM)
            continue;
        note_list(trace, page, &old);
        row(trace, page, "added", "there from the start");
        left--;
    }
}

bool page_trace_begin(struct world *world)
{
    if (!recorder_wants_page_events(world->recorder))
        return true;
    struct page_trace *trace = calloc(1, sizeof *trace);
    if (!trace)
        return false;
    world->page_trace = trace;
    trace->world = world;
    if (!reach(trace, world->machine.pmm.capacity_pages + 1))
        return false;
    page_trace_wrap(world);
    rows_of_known(trace);
    return true;
}

void page_trace_free(struct world *world)
{
    if (!world->page_trace)
        return;
    page_trace_unwrap(world);
    free(world->page_trace->pages);
    free(world->page_trace);
    world->page_trace = NULL;
}

void *world_policy_instance(const struct world *world)
{
    const struct page_trace *trace = world->page_trace;

    return trace && trace->is_wrapped ? trace->self : world->machine.pqs.policy;
}
