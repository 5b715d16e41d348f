/* One `expect`: each of its keys is looked at and reported. */
#include "engine/expect.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/forced.h"

static const expect_look_fn looks[EXPECT_KEY_COUNT] = {
    [EXPECT_EXISTS] = expect_exists,
    [EXPECT_SIZE] = expect_size,
    [EXPECT_CONTENT] = expect_content,
    [EXPECT_SLOTS] = expect_slots,
    [EXPECT_COMMITTED] = expect_committed,
    [EXPECT_COMPRESSED] = expect_compressed,
    [EXPECT_QUEUES] = expect_queues,
    [EXPECT_DIRTY] = expect_dirty,
    [EXPECT_DIRTY_RANGES] = expect_dirty_ranges,
    [EXPECT_PINNED] = expect_pinned,
    [EXPECT_CHILDREN] = expect_children,
    [EXPECT_PARENT] = expect_parent,
    [EXPECT_HIGH_PRIORITY] = expect_high_priority,
    [EXPECT_RECLAIM_EVENTS] = expect_reclaim_events,
    [EXPECT_LOANED] = expect_loaned,
    [EXPECT_DEPTH] = expect_depth,
    [EXPECT_DISCARDABLE] = expect_discardable,
    [EXPECT_REQUESTS] = expect_requests,
    [EXPECT_SAME_PAGE_AS] = expect_same_page_as,
    [EXPECT_FREE] = expect_free,
    [EXPECT_FREE_LOANED] = expect_free_loaned,
    [EXPECT_COMPRESSED_STORAGE] = expect_compressed_storage,
    [EXPECT_ACTIVE] = expect_active,
    [EXPECT_INACTIVE] = expect_inactive,
    [EXPECT_LEVEL] = expect_level,
    [EXPECT_QUEUE] = expect_queue,
    [EXPECT_EVICTED] = expect_evicted,
    [EXPECT_OOM_KILLS] = expect_oom_kills,
    [EXPECT_NOW] = expect_now,
    [EXPECT_STATE] = expect_state,
    [EXPECT_RESULT] = expect_result,
};

/* `expect: {vmo: a}` names nothing about it but that it is there. */
static bool expects_only_vmo(const struct scenario_expect *expect)
{
    return expect->about == EXPECT_ABOUT_VMO && expect->item_count == 0;
}

/* Who is spoken of: the VMO's or operation's name; NULL: the machine. */
static const char *subject(const struct scenario_expect *expect)
{
    switch (expect->about) {
    case EXPECT_ABOUT_VMO:
        return expect->vmo;
    case EXPECT_ABOUT_OP:
        return expect->op;
    default:
        return NULL;
    }
}

static bool look_at(struct expect_look *look)
{
    bool needs_vmo = look->expect->about == EXPECT_ABOUT_VMO &&
                     look->item->key != EXPECT_EXISTS;
    if (!needs_vmo || look->vmo)
        return looks[look->item->key](look) || forced_forgives(look->item->key);
    fputs("known of an open VMO", look->expected);
    fputs("NOT_FOUND", look->actual);
    return false;
}

static void report(const struct expect_look *look, const char *expected,
                   const char *actual, bool is_ok)
{
    const char *key = expect_key_name(look->item->key);
    const char *of = subject(look->expect);
    char what[256];
    (void)snprintf(what, sizeof(what), "%s%s%s", key, of ? " of " : "",
                   of ? of : "");
    script_report(look->call, look->item->place.line, key, what, expected,
                  actual, is_ok);
}

/* An expectation about a VMO without any key of its own. */
static void report_presence(const struct expect_look *look)
{
    script_report(look->call, 0, "vmo", look->expect->vmo, "an open VMO",
                  look->vmo ? "an open VMO" : "NOT_FOUND", look->vmo != NULL);
}

/* False: out of memory. */
static bool check_item(struct expect_look *look)
{
    char *expected = NULL;
    char *actual = NULL;
    size_t expected_bytes = 0;
    size_t actual_bytes = 0;
    bool is_written = false;
    bool is_ok = false;

    look->expected = open_memstream(&expected, &expected_bytes);
    look->actual = open_memstream(&actual, &actual_bytes);
    if (look->expected && look->actual) {
        is_ok = look_at(look);
        is_written = true;
    }
    if (look->expected && fclose(look->expected) != 0)
        is_written = false;
    if (look->actual && fclose(look->actual) != 0)
        is_written = false;
    if (is_written)
        report(look, expected, actual, is_ok);
    free(expected);
    free(actual);
    return is_written;
}

enum vm_status script_expect(struct script_call *call)
{
    const struct scenario_expect *expect = &call->op->expect;
    struct expect_look look = {
        .call = call,
        .world = call->world,
        .expect = expect,
    };
    if (expect->about == EXPECT_ABOUT_VMO)
        look.vmo = world_vmo_find(call->world, expect->vmo);
    if (expects_only_vmo(expect))
        report_presence(&look);
    for (size_t i = 0; i < expect->item_count; i++) {
        look.item = &expect->items[i];
        if (!check_item(&look)) {
            world_fail(call->world, ENOMEM);
            return VM_NO_MEMORY;
        }
    }
    return VM_OK;
}
