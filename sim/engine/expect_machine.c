/* What is expected of the machine and of operations; queues by their names. */
#include "engine/expect.h"

#include <inttypes.h>
#include <string.h>

#include "engine/forced.h"
#include "engine/world_switch.h"

/* The kernel's generations have names here, other policies' lists have none. */
static bool has_named_lists(const struct world *world)
{
    return strcmp(world->machine.pqs.ops->name, zircon_policy_ops.name) == 0;
}

/* dont_need or reclaim0 .. 7, else reclaim. */
static enum expected_queue queue_of_list(const char *list)
{
    for (unsigned queue = EXPECTED_QUEUE_DONT_NEED;
         queue <= EXPECTED_QUEUE_RECLAIM7; queue++)
        if (strcmp(expect_queue_word((enum expected_queue)queue), list) == 0)
            return (enum expected_queue)queue;
    return EXPECTED_QUEUE_RECLAIM;
}

static const enum expected_queue queue_words[PQ_COUNT] = {
    [PQ_NONE] = EXPECTED_QUEUE_NONE,
    [PQ_ANONYMOUS] = EXPECTED_QUEUE_ANONYMOUS,
    [PQ_WIRED] = EXPECTED_QUEUE_WIRED,
    [PQ_HIGH_PRIORITY] = EXPECTED_QUEUE_HIGH_PRIORITY,
    [PQ_ZERO_FORK] = EXPECTED_QUEUE_ZERO_FORK,
    [PQ_PAGER_DIRTY] = EXPECTED_QUEUE_PAGER_DIRTY,
    [PQ_FAILED_RECLAIM] = EXPECTED_QUEUE_FAILED_RECLAIM,
    [PQ_RECLAIM] = EXPECTED_QUEUE_RECLAIM,
};

enum expected_queue expect_queue_of(const struct world *world, page_index page)
{
    const struct page_queues *pqs = &world->machine.pqs;
    unsigned queue = world->machine.pmm.pages[page].queue;
    if (queue != PQ_RECLAIM || !has_named_lists(world))
        return queue_words[queue];
    struct reclaim_list lists[RECLAIM_MAX_LISTS];
    unsigned count = pqs->ops->lists(pqs->policy, lists);
    unsigned list = pqs->ops->place(pqs->policy, page).list;
    return list < count ? queue_of_list(lists[list].name)
                        : EXPECTED_QUEUE_RECLAIM;
}

bool expect_queue_is(enum expected_queue expected, enum expected_queue actual)
{
    if (expected == EXPECTED_QUEUE_ANY || expected == actual ||
        forced_same_queue(expected, actual))
        return true;
    return expected == EXPECTED_QUEUE_RECLAIM &&
           actual >= EXPECTED_QUEUE_RECLAIM0;
}

bool expect_free(struct expect_look *look)
{
    return expect_count(look, look->world->machine.pmm.free_pages);
}

bool expect_free_loaned(struct expect_look *look)
{
    return expect_count(look, look->world->machine.pmm.free_loaned_pages);
}

bool expect_loaned(struct expect_look *look)
{
    if (look->vmo)
        return expect_count(look,
                            vm_cow_loaned_page_count(vmo_cow(look->vmo->vmo)));
    return expect_count(look, look->world->machine.pmm.loaned_pages);
}

bool expect_compressed_storage(struct expect_look *look)
{
    const struct compressor *compressor = look->world->machine.compressor;
    return expect_count(look,
                        compressor ? compressor_storage_pages(compressor) : 0);
}

static bool expect_activity(struct expect_look *look, bool is_active)
{
    uint64_t active = 0;
    uint64_t inactive = 0;
    if (world_activity(look->world, &active, &inactive))
        return expect_count(look, is_active ? active : inactive);
    fprintf(look->expected, "%" PRIu64, look->item->value.count);
    fprintf(look->actual, "nothing under policy %s",
            look->world->machine.pqs.ops->name);
    return false;
}

bool expect_active(struct expect_look *look)
{
    return expect_activity(look, true);
}

bool expect_inactive(struct expect_look *look)
{
    return expect_activity(look, false);
}

bool expect_level(struct expect_look *look)
{
    return expect_word(look, expect_level_word(look->item->value.level),
                       world_level_name(look->world));
}

/* Pages in it; false: the policy has no such queue. */
static bool count_queue(const struct world *world, enum expected_queue queue,
                        uint64_t *pages)
{
    const struct page_queues *pqs = &world->machine.pqs;
    bool is_of_policy = queue >= EXPECTED_QUEUE_DONT_NEED;
    for (unsigned i = 0; i < PQ_COUNT; i++)
        if (queue_words[i] == queue)
            *pages = pqs->count[i];
    if (!is_of_policy)
        return true;
    if (!has_named_lists(world))
        return queue == EXPECTED_QUEUE_RECLAIM;
    struct reclaim_list lists[RECLAIM_MAX_LISTS];
    unsigned count = pqs->ops->lists(pqs->policy, lists);
    *pages = 0;
    for (unsigned i = 0; i < count; i++)
        if (expect_queue_is(queue, queue_of_list(lists[i].name)))
            *pages += lists[i].pages;
    return true;
}

bool expect_queue(struct expect_look *look)
{
    const struct expect_item *item = look->item;
    bool is_ok = true;
    fputs("{", look->expected);
    fputs("{", look->actual);
    for (size_t i = 0; i < item->length; i++) {
        const struct expected_queue_count *want = &item->value.queue_counts[i];
        const char *name = expect_queue_word(want->queue);
        const char *comma = i ? ", " : "";
        uint64_t pages = 0;
        fprintf(look->expected, "%s%s: %" PRIu64, comma, name, want->pages);
        if (count_queue(look->world, want->queue, &pages))
            fprintf(look->actual, "%s%s: %" PRIu64, comma, name, pages);
        else
            is_ok = false;
        is_ok = is_ok && pages == want->pages;
    }
    fputs("}", look->expected);
    fputs("}", look->actual);
    return is_ok;
}

/* One kind of `evicted`; `first` is whether nothing stands before it. */
static bool expect_evicted_kind(struct expect_look *look, const char *name,
                                uint64_t expected, uint64_t actual, bool *first)
{
    const char *comma = *first ? "" : ", ";
    *first = false;
    fprintf(look->expected, "%s%s: %" PRIu64, comma, name, expected);
    fprintf(look->actual, "%s%s: %" PRIu64, comma, name, actual);
    return expected == actual;
}

bool expect_evicted(struct expect_look *look)
{
    const struct evicted_counts *want = &look->item->value.evicted;
    struct evict_counts got = world_evicted(look->world);
    bool is_ok = true;
    bool first = true;
    fputs("{", look->expected);
    fputs("{", look->actual);
    if (want->has_pager_backed)
        is_ok &= expect_evicted_kind(look, "pager_backed", want->pager_backed,
                                     got.pager_backed, &first);
    if (want->has_compressed)
        is_ok &= expect_evicted_kind(look, "compressed", want->compressed,
                                     got.compressed, &first);
    if (want->has_discardable)
        is_ok &= expect_evicted_kind(look, "discardable", want->discardable,
                                     got.discardable, &first);
    fputs("}", look->expected);
    fputs("}", look->actual);
    return is_ok;
}

bool expect_oom_kills(struct expect_look *look)
{
    return expect_count(look, look->world->counters.oom_kills);
}

bool expect_now(struct expect_look *look)
{
    expect_write_time(look->expected, look->item->value.time);
    expect_write_time(look->actual, look->world->now);
    return look->item->value.time == look->world->now;
}

static const char *state_word(bool is_done)
{
    return is_done ? "done" : "waiting";
}

bool expect_state(struct expect_look *look)
{
    bool wants_done = look->item->value.state == EXPECTED_STATE_DONE;
    bool is_done = false;
    enum vm_status status;
    if (!script_operation_find(look->call->script, look->expect->op, &is_done,
                               &status))
        return expect_word(look, state_word(wants_done), "not started");
    return expect_word(look, state_word(wants_done), state_word(is_done));
}

bool expect_result(struct expect_look *look)
{
    const struct status_match *want = &look->item->value.status;
    bool is_done = false;
    enum vm_status status = VM_OK;
    fputs(want->any_error ? "ERROR" : vm_status_name(want->status),
          look->expected);
    if (!script_operation_find(look->call->script, look->expect->op, &is_done,
                               &status)) {
        fputs("not started", look->actual);
        return false;
    }
    fputs(is_done ? vm_status_name(status) : "waiting", look->actual);
    if (!is_done)
        return false;
    if (want->any_error)
        return status != VM_OK && status != VM_SHOULD_WAIT;
    return status == want->status;
}
