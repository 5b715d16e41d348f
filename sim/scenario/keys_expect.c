/* The table of expectations: of a VMO, the machine, or an operation. */
#include "scenario/decode.h"
#include "scenario/keys.h"
#include "scenario/scenario.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

enum {
    OF_VMO = 1u << EXPECT_ABOUT_VMO,
    OF_MACHINE = 1u << EXPECT_ABOUT_MACHINE,
    OF_OP = 1u << EXPECT_ABOUT_OP,
};

static const struct word slot_words[] = {
    {"-", EXPECTED_SLOT_ANY},
    {"empty", EXPECTED_SLOT_EMPTY},
    {"page", EXPECTED_SLOT_PAGE},
    {"zero", EXPECTED_SLOT_ZERO},
    {"reference", EXPECTED_SLOT_REFERENCE},
    {"interval_start", EXPECTED_SLOT_INTERVAL_START},
    {"interval_end", EXPECTED_SLOT_INTERVAL_END},
    {"interval_slot", EXPECTED_SLOT_INTERVAL_SLOT},
    {"interval", EXPECTED_SLOT_INTERVAL},
    {NULL, 0},
};

#define RECLAIM_QUEUE(n)                                                       \
    {                                                                          \
        "reclaim" #n, EXPECTED_QUEUE_RECLAIM0 + n                              \
    }

const struct word queue_words[] = {
    {"-", EXPECTED_QUEUE_ANY},
    {"none", EXPECTED_QUEUE_NONE},
    {"anonymous", EXPECTED_QUEUE_ANONYMOUS},
    {"wired", EXPECTED_QUEUE_WIRED},
    {"high_priority", EXPECTED_QUEUE_HIGH_PRIORITY},
    {"zero_fork", EXPECTED_QUEUE_ZERO_FORK},
    {"pager_dirty", EXPECTED_QUEUE_PAGER_DIRTY},
    {"failed_reclaim", EXPECTED_QUEUE_FAILED_RECLAIM},
    {"dont_need", EXPECTED_QUEUE_DONT_NEED},
    {"reclaim", EXPECTED_QUEUE_RECLAIM},
    RECLAIM_QUEUE(0),
    RECLAIM_QUEUE(1),
    RECLAIM_QUEUE(2),
    RECLAIM_QUEUE(3),
    RECLAIM_QUEUE(4),
    RECLAIM_QUEUE(5),
    RECLAIM_QUEUE(6),
    RECLAIM_QUEUE(7),
    {NULL, 0},
};

static const struct word dirty_words[] = {
    {"-", EXPECTED_DIRTY_ANY},
    {"none", EXPECTED_DIRTY_NONE},
    {"untracked", EXPECTED_DIRTY_UNTRACKED},
    {"clean", EXPECTED_DIRTY_CLEAN},
    {"dirty", EXPECTED_DIRTY_DIRTY},
    {"awaiting_clean", EXPECTED_DIRTY_AWAITING_CLEAN},
    {NULL, 0},
};

static const struct word discardable_words[] = {
    {"unset", EXPECTED_DISCARDABLE_UNSET},
    {"locked", EXPECTED_DISCARDABLE_LOCKED},
    {"unlocked", EXPECTED_DISCARDABLE_UNLOCKED},
    {"discarded", EXPECTED_DISCARDABLE_DISCARDED},
    {NULL, 0},
};

static const struct word level_words[] = {
    {"normal", PRESSURE_NORMAL},     {"warning", PRESSURE_WARNING},
    {"critical", PRESSURE_CRITICAL}, {"imminent_oom", PRESSURE_IMMINENT_OOM},
    {"oom", PRESSURE_OOM},           {NULL, 0},
};

static const struct word state_words[] = {{"waiting", EXPECTED_STATE_WAITING},
                                          {"done", EXPECTED_STATE_DONE},
                                          {NULL, 0}};

/* One for each queue; its number in `tag`. Read by decode_expect(). */
#define QUEUE(word, value)                                                     \
    {                                                                          \
        .name = word, .kind = KEY_COUNT, .tag = value,                         \
        .offset = offsetof(struct expected_queue_count, pages),                \
        .help = "pages in that queue"                                          \
    }

static const struct key queue_keys[] = {
    QUEUE("anonymous", EXPECTED_QUEUE_ANONYMOUS),
    QUEUE("wired", EXPECTED_QUEUE_WIRED),
    QUEUE("high_priority", EXPECTED_QUEUE_HIGH_PRIORITY),
    QUEUE("zero_fork", EXPECTED_QUEUE_ZERO_FORK),
    QUEUE("pager_dirty", EXPECTED_QUEUE_PAGER_DIRTY),
    QUEUE("failed_reclaim", EXPECTED_QUEUE_FAILED_RECLAIM),
    QUEUE("dont_need", EXPECTED_QUEUE_DONT_NEED),
    QUEUE("reclaim", EXPECTED_QUEUE_RECLAIM),
    QUEUE("reclaim0", EXPECTED_QUEUE_RECLAIM0),
    QUEUE("reclaim1", EXPECTED_QUEUE_RECLAIM0 + 1),
    QUEUE("reclaim2", EXPECTED_QUEUE_RECLAIM0 + 2),
    QUEUE("reclaim3", EXPECTED_QUEUE_RECLAIM0 + 3),
    QUEUE("reclaim4", EXPECTED_QUEUE_RECLAIM0 + 4),
    QUEUE("reclaim5", EXPECTED_QUEUE_RECLAIM0 + 5),
    QUEUE("reclaim6", EXPECTED_QUEUE_RECLAIM0 + 6),
    QUEUE("reclaim7", EXPECTED_QUEUE_RECLAIM0 + 7),
};

static const struct key_table queue_table = {
    .what = "queue",
    .keys = queue_keys,
    .key_count = COUNT_OF(queue_keys),
    .model_bytes = sizeof(struct expected_queue_count),
};

/*
 * Each key but the first three makes one item: `tag` is its expect_key, the
 * offset that of the member of its value.
 */
#define AT(member) .offset = offsetof(struct expect_item, value.member)
#define NUMBER(word, key, in, text)                                            \
    {                                                                          \
        .name = word, .kind = KEY_COUNT, .scopes = in, .tag = key, AT(count),  \
        .help = text                                                           \
    }
#define LIST_OF(element_kind, member)                                          \
    .kind = KEY_LIST, .element = element_kind, AT(member),                     \
    .count = offsetof(struct expect_item, length)

static const struct key expect_keys[] = {
    {.name = "vmo",
     .kind = KEY_NAME,
     .scopes = OF_VMO,
     .role = USES_VMO,
     .tag = EXPECT_KEY_COUNT,
     .offset = offsetof(struct scenario_expect, vmo),
     .help = "the VMO that it is about"},
    {.name = "op",
     .kind = KEY_NAME,
     .scopes = OF_OP,
     .role = USES_OP,
     .tag = EXPECT_KEY_COUNT,
     .offset = offsetof(struct scenario_expect, op),
     .help = "the operation that it is about"},
    {.name = "pages",
     .kind = KEY_RANGE,
     .scopes = OF_VMO,
     .tag = EXPECT_KEY_COUNT,
     .offset = offsetof(struct scenario_expect, pages),
     .default_text = "all",
     .help = "the pages that the lists speak of"},
    /* in the order of enum expect_key */
    {.name = "exists",
     .kind = KEY_BOOL,
     .scopes = OF_VMO,
     .tag = EXPECT_EXISTS,
     AT(truth),
     .help = "whether it is open"},
    {.name = "size",
     .kind = KEY_SIZE,
     .scopes = OF_VMO,
     .tag = EXPECT_SIZE,
     AT(count),
     .help = "its size"},
    {.name = "content",
     LIST_OF(KEY_EXPECTED_CONTENT, contents),
     .scopes = OF_VMO,
     .tag = EXPECT_CONTENT,
     .help = "what a read would return, page by page"},
    {.name = "slots",
     LIST_OF(KEY_WORD, slots),
     .scopes = OF_VMO,
     .tag = EXPECT_SLOTS,
     .words = slot_words,
     .help = "its own page list"},
    NUMBER("committed", EXPECT_COMMITTED, OF_VMO,
           "attributed uncompressed pages"),
    NUMBER("compressed", EXPECT_COMPRESSED, OF_VMO,
           "attributed compressed pages"),
    {.name = "queues",
     LIST_OF(KEY_WORD, queues),
     .scopes = OF_VMO,
     .tag = EXPECT_QUEUES,
     .words = queue_words,
     .help = "the queue of its own page, slot by slot"},
    {.name = "dirty",
     LIST_OF(KEY_WORD, dirty),
     .scopes = OF_VMO,
     .tag = EXPECT_DIRTY,
     .words = dirty_words,
     .help = "dirty states, slot by slot"},
    {.name = "dirty_ranges",
     LIST_OF(KEY_DIRTY_RANGE, dirty_ranges),
     .scopes = OF_VMO,
     .tag = EXPECT_DIRTY_RANGES,
     .help = "all that the dirty-range query returns"},
    NUMBER("pinned", EXPECT_PINNED, OF_VMO, "pinned pages"),
    NUMBER("children", EXPECT_CHILDREN, OF_VMO, "children, not theirs"),
    {.name = "parent",
     .kind = KEY_NAME_OR_NONE,
     .scopes = OF_VMO,
     .role = USES_VMO,
     .tag = EXPECT_PARENT,
     AT(name),
     .help = "its parent"},
    NUMBER("high_priority", EXPECT_HIGH_PRIORITY, OF_VMO,
           "high-priority count"),
    NUMBER("reclaim_events", EXPECT_RECLAIM_EVENTS, OF_VMO,
           "times that reclaim took something from it"),
    NUMBER("loaned", EXPECT_LOANED, OF_VMO | OF_MACHINE,
           "pages that it borrowed; of the machine: pages lent out"),
    NUMBER("depth", EXPECT_DEPTH, OF_VMO, "look-up depth"),
    {.name = "discardable",
     .kind = KEY_WORD,
     .scopes = OF_VMO,
     .tag = EXPECT_DISCARDABLE,
     .words = discardable_words,
     AT(discardable),
     .help = "state of the discardable protocol"},
    {.name = "requests",
     LIST_OF(KEY_REQUEST, requests),
     .scopes = OF_VMO,
     .tag = EXPECT_REQUESTS,
     .help = "outstanding page requests in order of issue"},
    {.name = "same_page_as",
     .kind = KEY_PAGE_OF_VMO,
     .scopes = OF_VMO,
     .role = USES_VMO,
     .tag = EXPECT_SAME_PAGE_AS,
     AT(page),
     .help = "VMO:PAGE, the same physical page as `pages`"},
    NUMBER("free", EXPECT_FREE, OF_MACHINE, "free pages"),
    NUMBER("free_loaned", EXPECT_FREE_LOANED, OF_MACHINE,
           "pages lent out that nobody has borrowed"),
    NUMBER("compressed_storage", EXPECT_COMPRESSED_STORAGE, OF_MACHINE,
           "pages that hold compressed ones"),
    NUMBER("active", EXPECT_ACTIVE, OF_MACHINE, "active pages"),
    NUMBER("inactive", EXPECT_INACTIVE, OF_MACHINE, "inactive pages"),
    {.name = "level",
     .kind = KEY_WORD,
     .scopes = OF_MACHINE,
     .tag = EXPECT_LEVEL,
     .words = level_words,
     AT(level),
     .help = "memory pressure level"},
    {.name = "queue",
     .kind = KEY_MAP,
     .flags = KEY_BY_HOOK,
     .scopes = OF_MACHINE,
     .tag = EXPECT_QUEUE,
     .table = &queue_table,
     AT(queue_counts),
     .count = offsetof(struct expect_item, length),
     .help = "pages by queue, those named"},
    {.name = "evicted",
     .kind = KEY_MAP,
     .scopes = OF_MACHINE,
     .tag = EXPECT_EVICTED,
     .table = &evicted_table,
     AT(evicted),
     .help = "evicted pages, totals of the run"},
    NUMBER("oom_kills", EXPECT_OOM_KILLS, OF_MACHINE,
           "processes killed for memory"),
    {.name = "now",
     .kind = KEY_DURATION,
     .scopes = OF_MACHINE,
     .tag = EXPECT_NOW,
     AT(time),
     .help = "simulated time"},
    {.name = "state",
     .kind = KEY_WORD,
     .scopes = OF_OP,
     .tag = EXPECT_STATE,
     .words = state_words,
     AT(state),
     .help = "whether it is over"},
    {.name = "result",
     .kind = KEY_STATUS_MATCH,
     .scopes = OF_OP,
     .tag = EXPECT_RESULT,
     AT(status),
     .help = "the status that it ended with"},
};

enum { FIRST_ITEM = 3 }; /* index in the table above */
static_assert(COUNT_OF(expect_keys) == FIRST_ITEM + EXPECT_KEY_COUNT,
              "a key for each item");

static const struct key_scope expect_scopes[] = {
    {"vmo", OF_VMO, "an expectation about a VMO"},
    {"op", OF_OP, "an expectation about an operation"},
    {NULL, OF_MACHINE, "an expectation about the machine"},
};

const struct key_table expect_table = {
    .what = "an expectation",
    .keys = expect_keys,
    .key_count = COUNT_OF(expect_keys),
    .model_bytes = sizeof(struct scenario_expect),
    .scopes = expect_scopes,
};

const char *expect_key_name(enum expect_key key)
{
    return expect_keys[FIRST_ITEM + (int)key].name;
}
