/*
 * Why a page was taken is known to whoever asked the policy for it:
 * world->reclaimer says who that is while the core is at work.
 *
 * The wrapping ops table is a copy of the real one with the entries that are
 * of interest replaced; what the real one leaves NULL stays NULL. Lists of
 * pages are kept from call to call, so that a page whose list is another one
 * after ageing gets a row: one look at each page for each ageing, which only
 * runs that want these rows pay for.
 */
#include "engine/page_trace.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/evictor.h"
#include "check.h"
#include "engine/world_switch.h"
#include "record/page_note.h"
#include "record/recorder.h"

#define LIST_UNKNOWN UINT8_MAX

/* What is remembered of a page. */
struct traced {
    uint64_t page; /* of the VMO: its number there */
    uint32_t vmo;  /* its VMO's id when that was open last, 0: unknown */
    uint8_t list;  /* of the policy's, LIST_UNKNOWN: on none */
};

static const struct traced untraced = {0, 0, LIST_UNKNOWN};

struct page_trace {
    struct world *world;
    struct reclaim_policy_ops ops;          /* the wrapper's */
    const struct reclaim_policy_ops *inner; /* the real ones */
    void *self;                             /* their instance */
    bool is_wrapped;
    struct reclaim_identity awaited; /* of the last refault told */
    uint64_t decompressed;           /* the core's total, when last looked at */
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

/* A detail that grows: record/page_note.h. */
struct note {
    char text[PAGE_NOTE_BYTES];
    size_t length;
};

static void __attribute__((format(printf, 2, 3)))
add(struct note *note, const char *format, ...)
{
    va_list arguments;
    size_t room = sizeof note->text - note->length;

    va_start(arguments, format);
    int length = vsnprintf(note->text + note->length, room, format, arguments);
    va_end(arguments);
    if (length > 0)
        note->length += u64_min((uint64_t)length, room - 1);
}

/* Note the VMO that shows the page, and where; if that can't be told, what was
 * true before still is. */
static void note_vmo(struct page_trace *trace, page_index page)
{
    struct traced *traced = &trace->pages[page];
    uint64_t offset;
    const struct vm_cow_owner *owner =
        vm_cow_owner_of_page(&trace->world->machine, page, &offset);
    const struct vmo *vmo = (const struct vmo *)(const void *)owner;

    if (!vmo || !vmo->user)
        return;
    traced->vmo = ((const struct world_vmo *)vmo->user)->id;
    traced->page = bytes_to_pages(offset);
}

static void row(struct page_trace *trace, page_index page, const char *what,
                const char *detail)
{
    struct world *world = trace->world;
    const struct traced *traced = &trace->pages[page];

    note_vmo(trace, page);
    struct record_page_event event = {
        .at_ns = world->now,
        .vmo_id = traced->vmo ? traced->vmo : RECORD_NULL,
        .page = traced->vmo
                    ? traced->page
                    : bytes_to_pages(world->machine.pmm.pages[page].offset),
        .what = what,
        .detail = detail,
    };

    trace->decompressed = world->machine.stats.decompressed_pages;
    if (!recorder_page_event(world->recorder, &event))
        world_fail(world, EIO);
}

static const char *class_name(enum reclaim_class class_)
{
    static const char *const names[] = {
        [RECLAIM_PAGER] = "pager",
        [RECLAIM_ANONYMOUS] = "anonymous",
        [RECLAIM_DISCARDABLE] = "discardable",
    };

    return names[class_];
}

/* Where the page is now. */
static void add_arrival(struct note *note, const struct page_trace *trace,
                        page_index page, enum reclaim_class class_)
{
    const char *list = list_name(trace, trace->pages[page].list);

    add(note, " on=%s class=%s", list ? list : "?", class_name(class_));
}

/* Who takes the page, or would, and how things stand. */
static void add_reclaimer(struct note *note, const struct page_trace *trace,
                          page_index page)
{
    static const char *const names[RECLAIMER_COUNT] = {
        [RECLAIMER_EVICTION] = "eviction",
        [RECLAIMER_CONTINUOUS] = "continuous",
        [RECLAIMER_OOM] = "oom",
        [RECLAIMER_LRU] = "lru",
        [RECLAIMER_SCRIPT] = "script",
    };
    static const char *const aims[] = {
        [RECLAIM_ONLY_OLDEST] = "only_oldest",
        [RECLAIM_INCLUDE_NEWEST] = "include_newest",
    };
    const struct world *world = trace->world;
    const struct world_reclaimer *reclaimer = &world->reclaimer;
    const struct evict_run *run = reclaimer->run;

    if (reclaimer->who == RECLAIMER_NONE)
        return;
    add(note, " by=%s", names[reclaimer->who]);
    if (run)
        add(note, " aim=%s", aims[run->target.level]);
    add(note, " level=%s free=%llu", world_level_name(world),
        (unsigned long long)world->machine.pmm.free_pages);
    if (run && run->pass_need > run->pass_found)
        add(note, " need=%llu",
            (unsigned long long)(run->pass_need - run->pass_found));
    if (trace->inner->activity)
        add(note, " state=%s",
            trace->inner->place(trace->self, page).is_active ? "active"
                                                             : "inactive");
    if (world->machine.pmm.pages[page].always_need)
        add(note, " hint=always_need");
    if (reclaimer->who == RECLAIMER_SCRIPT)
        add(note, " line=%u", world->script_line);
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
 * decompressed is, so that the refault told before it is left, or, where the
 * page is an ancestor's, the core's total. */
static const char *arrival(const struct page_trace *trace, page_index page,
                           enum reclaim_class class_)
{
    const struct vm_machine *machine = &trace->world->machine;
    const struct vm_cow_pages *cow = vm_page_owner(machine, page);
    uint64_t offset = machine->pmm.pages[page].offset;

    if (vm_cow_was_reclaimed(cow, offset))
        return "read again";
    bool is_awaited = trace->awaited.vmo == vm_cow_serial(cow) &&
                      trace->awaited.page == bytes_to_pages(offset);
    bool is_decompressed =
        class_ == RECLAIM_ANONYMOUS &&
        machine->stats.decompressed_pages > trace->decompressed;
    return is_awaited || is_decompressed ? "decompressed" : NULL;
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
    const char *how =
        why == RECLAIM_ADDED_NEW ? arrival(trace, page, class_) : NULL;
    struct note note = {"", 0};
    uint8_t old;

    trace->inner->page_added(trace->self, page, class_, why);
    trace->awaited = (struct reclaim_identity){0, 0};
    note_list(trace, page, &old);
    add(&note, "%s", how ? how : whys[why]);
    add_arrival(&note, trace, page, class_);
    row(trace, page, how ? "refaulted" : "added", note.text);
}

/* What is freed of a discardable object by reclaim, and not by its user, was
 * discarded. */
static const char *end_of(const struct page_trace *trace,
                          enum reclaim_removed why, enum reclaim_class class_)
{
    bool is_reclaim = trace->world->reclaimer.run != NULL;
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

    if (why == RECLAIM_REMOVED_FREED && class_ == RECLAIM_DISCARDABLE &&
        is_reclaim)
        return reclaimed[class_];
    return why == RECLAIM_REMOVED_RECLAIMED ? reclaimed[class_] : names[why];
}

static void on_removed(void *self, page_index page, enum reclaim_removed why)
{
    struct page_trace *trace = self;
    const struct vm_page *descriptor = vm_page_of(&trace->world->machine, page);
    struct note note = {"", 0};
    uint8_t old;

    note_list(trace, page, &old);
    const char *list = list_name(trace, trace->pages[page].list);
    add(&note, "%s", list ? list : "?");
    add_reclaimer(&note, trace, page);
    row(trace, page,
        end_of(trace, why, (enum reclaim_class)descriptor->reclaim_class),
        note.text);
    trace->pages[page] = untraced;
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

    struct note note = {"", 0};
    const char *list =
        list_name(trace, trace->inner->place(trace->self, page).list);

    add(&note, "%s on=%s", whys[why], list ? list : "?");
    add_reclaimer(&note, trace, page);
    row(trace, page, "refused", note.text);
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
        pages[i] = untraced;
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
    world->traced_policy = trace->self;
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
    world->traced_policy = NULL;
}

static void rows_of_known(struct page_trace *trace)
{
    const struct vm_machine *machine = &trace->world->machine;
    uint64_t left = machine->pqs.count[PQ_RECLAIM];
    uint8_t old;

    for (page_index page = 1; left > 0; page++) {
        if (machine->pmm.pages[page].queue != PQ_RECLAIM)
            continue;
        struct note note = {"", 0};
        note_list(trace, page, &old);
        add(&note, "there from the start");
        add_arrival(&note, trace, page,
                    (enum reclaim_class)machine->pmm.pages[page].reclaim_class);
        row(trace, page, "added", note.text);
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
