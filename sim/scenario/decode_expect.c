/* Expectations: each key but vmo, op and pages makes an item. */
#include <stdlib.h>

#include "scenario/decode.h"

/* A key that is there. */
struct found_key {
    uint32_t id; /* of its value: grows with the position */
    size_t index;
};

static int compare_found(const void *left, const void *right)
{
    const struct found_key *a = left;
    const struct found_key *b = right;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* The id of a key's value. */
static uint32_t value_id(const struct raw_record *raw, size_t index)
{
    const struct key *key = &expect_table.keys[index];
    uint32_t id;
    size_t length;
    if (key->kind == KEY_MAP)
        return raw_id(raw_map(raw, index));
    if (key->kind != KEY_LIST)
        return raw_value(raw, index).id;
    raw_list(raw, &expect_table, index, &id, &length);
    return id;
}

static bool is_item(const struct key *key)
{
    return key->tag != EXPECT_KEY_COUNT;
}

/* Pages by queue, those named. */
static bool decode_queue_counts(struct decoder *decoder,
                                const struct raw_record *raw,
                                const struct key_table *table,
                                struct expect_item *item)
{
    struct expected_queue_count *counts =
        arena_array(decoder->arena, table->key_count, sizeof *counts);
    if (!counts)
        return false;
    for (size_t i = 0; i < table->key_count; i++) {
        bool is_there;
        struct expected_queue_count *count = &counts[item->length];
        if (!decode_key(decoder, table, raw, i, count, &is_there))
            return false;
        if (!is_there)
            continue;
        count->queue = (enum expected_queue)table->keys[i].tag;
        item->length++;
    }
    item->value.queue_counts = counts;
    return true;
}

/* Does the key's list go along with `pages`? */
static bool goes_by_page(enum expect_key key)
{
    return key == EXPECT_CONTENT || key == EXPECT_SLOTS ||
           key == EXPECT_QUEUES || key == EXPECT_DIRTY;
}

static void check_item(struct decoder *decoder,
                       const struct scenario_expect *expect,
                       const struct expect_item *item,
                       struct scenario_place place)
{
    const struct page_range *pages = &expect->pages;
    if (goes_by_page(item->key))
        check_length(decoder, expect_key_name(item->key), pages, item->length,
                     place);
    if (item->key == EXPECT_SAME_PAGE_AS && pages->is_given &&
        !pages->is_open && pages->end - pages->start != 1)
        decode_error(decoder, place,
                     "'same_page_as' needs 'pages' to be one"
                     " page");
}

static bool decode_item(struct decoder *decoder, const struct raw_record *raw,
                        const struct found_key *found,
                        const struct scenario_expect *expect,
                        struct expect_item *item)
{
    const struct key *key = &expect_table.keys[found->index];
    item->key = (enum expect_key)key->tag;
    item->place = decoder_key_place(decoder, found->id);
    bool done =
        key->flags & KEY_BY_HOOK
            ? decode_queue_counts(decoder, raw_map(raw, found->index),
                                  key->table, item)
            : decode_key(decoder, &expect_table, raw, found->index, item, NULL);
    if (done)
        check_item(decoder, expect, item, decoder_place(decoder, found->id));
    return done;
}

bool decode_expect(struct decoder *decoder, const struct raw_record *raw,
                   struct scenario_place place, struct scenario_expect *expect)
{
    const struct key_table *table = &expect_table;
    struct found_key found[EXPECT_KEY_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < table->key_count; i++) {
        if (is_item(&table->keys[i])) {
            if (raw_map(raw, i))
                found[count++] = (struct found_key){value_id(raw, i), i};
        } else if (!decode_key(decoder, table, raw, i, expect, NULL)) {
            return false;
        }
    }
    expect->about = expect->vmo  ? EXPECT_ABOUT_VMO
                    : expect->op ? EXPECT_ABOUT_OP
                                 : EXPECT_ABOUT_MACHINE;
    qsort(found, count, sizeof found[0], compare_found);
    expect->items = arena_array(decoder->arena, count, sizeof *expect->items);
    if (!expect->items)
        return false;
    expect->item_count = count;
    for (size_t i = 0; i < count; i++)
        if (!decode_item(decoder, raw, &found[i], expect, &expect->items[i]))
            return false;
    if (count == 0 && expect->about != EXPECT_ABOUT_VMO && raw_is_whole(raw))
        decode_error(decoder, place, "an expectation that expects nothing");
    return true;
}
