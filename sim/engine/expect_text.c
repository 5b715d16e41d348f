/* Words and numbers as the scenario language spells them. */
#include "engine/expect.h"

#include <inttypes.h>
#include <string.h>

bool expect_count(struct expect_look *look, uint64_t actual)
{
    fprintf(look->expected, "%" PRIu64, look->item->value.count);
    fprintf(look->actual, "%" PRIu64, actual);
    return look->item->value.count == actual;
}

bool expect_word(struct expect_look *look, const char *expected,
                 const char *actual)
{
    fputs(expected, look->expected);
    fputs(actual, look->actual);
    return strcmp(expected, actual) == 0;
}

static const char *const slot_words[] = {
    [EXPECTED_SLOT_ANY] = "-",
    [EXPECTED_SLOT_EMPTY] = "empty",
    [EXPECTED_SLOT_PAGE] = "page",
    [EXPECTED_SLOT_ZERO] = "zero",
    [EXPECTED_SLOT_REFERENCE] = "reference",
    [EXPECTED_SLOT_INTERVAL_START] = "interval_start",
    [EXPECTED_SLOT_INTERVAL_END] = "interval_end",
    [EXPECTED_SLOT_INTERVAL_SLOT] = "interval_slot",
    [EXPECTED_SLOT_INTERVAL] = "interval",
};

const char *expect_slot_word(enum expected_slot slot)
{
    return slot_words[slot];
}

static const char *const queue_words[] = {
    [EXPECTED_QUEUE_ANY] = "-",
    [EXPECTED_QUEUE_NONE] = "none",
    [EXPECTED_QUEUE_ANONYMOUS] = "anonymous",
    [EXPECTED_QUEUE_WIRED] = "wired",
    [EXPECTED_QUEUE_HIGH_PRIORITY] = "high_priority",
    [EXPECTED_QUEUE_ZERO_FORK] = "zero_fork",
    [EXPECTED_QUEUE_PAGER_DIRTY] = "pager_dirty",
    [EXPECTED_QUEUE_FAILED_RECLAIM] = "failed_reclaim",
    [EXPECTED_QUEUE_DONT_NEED] = "dont_need",
    [EXPECTED_QUEUE_RECLAIM] = "reclaim",
    [EXPECTED_QUEUE_RECLAIM0] = "reclaim0",
    [EXPECTED_QUEUE_RECLAIM0 + 1] = "reclaim1",
    [EXPECTED_QUEUE_RECLAIM0 + 2] = "reclaim2",
    [EXPECTED_QUEUE_RECLAIM0 + 3] = "reclaim3",
    [EXPECTED_QUEUE_RECLAIM0 + 4] = "reclaim4",
    [EXPECTED_QUEUE_RECLAIM0 + 5] = "reclaim5",
    [EXPECTED_QUEUE_RECLAIM0 + 6] = "reclaim6",
    [EXPECTED_QUEUE_RECLAIM7] = "reclaim7",
};

const char *expect_queue_word(enum expected_queue queue)
{
    return queue_words[queue];
}

static const char *const dirty_words[] = {
    [EXPECTED_DIRTY_ANY] = "-",
    [EXPECTED_DIRTY_NONE] = "none",
    [EXPECTED_DIRTY_UNTRACKED] = "untracked",
    [EXPECTED_DIRTY_CLEAN] = "clean",
    [EXPECTED_DIRTY_DIRTY] = "dirty",
    [EXPECTED_DIRTY_AWAITING_CLEAN] = "awaiting_clean",
};

const char *expect_dirty_word(enum expected_dirty dirty)
{
    return dirty_words[dirty];
}

static const char *const discardable_words[] = {
    [EXPECTED_DISCARDABLE_UNSET] = "unset",
    [EXPECTED_DISCARDABLE_LOCKED] = "locked",
    [EXPECTED_DISCARDABLE_UNLOCKED] = "unlocked",
    [EXPECTED_DISCARDABLE_DISCARDED] = "discarded",
};

const char *expect_discardable_word(enum expected_discardable discardable)
{
    return discardable_words[discardable];
}

static const char *const level_words[] = {
    [PRESSURE_NORMAL] = "normal",     [PRESSURE_WARNING] = "warning",
    [PRESSURE_CRITICAL] = "critical", [PRESSURE_IMMINENT_OOM] = "imminent_oom",
    [PRESSURE_OOM] = "oom",
};

const char *expect_level_word(enum pressure_level level)
{
    return level_words[level];
}

void expect_write_time(FILE *out, sim_ns time)
{
    static const struct {
        const char *name;
        sim_ns ns;
    } units[] = {{"s", 1000000000}, {"ms", 1000000}, {"us", 1000}, {"ns", 1}};
    if (time == SIM_NS_INFINITE || time == 0) {
        fputs(time ? "inf" : "0", out);
        return;
    }
    size_t unit = 0;
    while (time % units[unit].ns != 0)
        unit++;
    fprintf(out, "%" PRId64 "%s", time / units[unit].ns, units[unit].name);
}
