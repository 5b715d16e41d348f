/* Looking keys and words up in their tables, and saying what a key wants. */
#include <string.h>

#include "scenario/keys.h"
#include "scenario/values.h"

const struct key *key_find(const struct key_table *table, const char *name)
{
    for (size_t i = 0; i < table->key_count; i++)
        if (strcmp(table->keys[i].name, name) == 0)
            return &table->keys[i];
    return NULL;
}

size_t key_index(const struct key_table *table, const struct key *key)
{
    return (size_t)(key - table->keys);
}

bool word_find(const struct word *words, const char *name, int *value)
{
    for (; words->name; words++) {
        if (strcmp(words->name, name) == 0) {
            *value = words->value;
            return true;
        }
    }
    return false;
}

const char *word_name(const struct word *words, int value)
{
    for (; words->name; words++)
        if (words->value == value)
            return words->name;
    return "?";
}

const char *key_form(enum key_kind kind)
{
    switch (kind) {
    case KEY_NAME:
        return value_form(VALUE_NAME);
    case KEY_SIZE:
        return value_form(VALUE_SIZE);
    case KEY_RANGE:
        return value_form(VALUE_RANGE);
    case KEY_DURATION:
        return value_form(VALUE_DURATION);
    case KEY_RATE:
        return value_form(VALUE_RATE);
    case KEY_BANDWIDTH:
        return value_form(VALUE_BANDWIDTH);
    case KEY_BOOL:
        return value_form(VALUE_BOOL);
    case KEY_COUNT:
        return value_form(VALUE_COUNT);
    case KEY_SIGNED:
        return value_form(VALUE_SIGNED);
    case KEY_REAL:
        return value_form(VALUE_REAL);
    case KEY_CONTENT:
        return value_form(VALUE_CONTENT);
    case KEY_STATUS:
        return value_form(VALUE_STATUS);
    case KEY_STATUS_MATCH:
        return "a status (OK, BAD_STATE, ...) or ERROR";
    case KEY_PARAM:
        return value_form(VALUE_PARAM);
    case KEY_NAME_OR_NONE:
        return "a name or none";
    case KEY_RANGE_OR_NONE:
        return "a page range (1..4) or none";
    case KEY_EXPECTED_CONTENT:
        return "a content (an unsigned 64-bit number), - or absent";
    case KEY_DIRTY_RANGE:
        return "a dirty range (0..2, 5..9 zero)";
    case KEY_REQUEST:
        return "a page request (read 0..16, dirty 3..5)";
    case KEY_PAGE_OF_VMO:
        return "a page of a VMO (VMO:PAGE)";
    case KEY_MAP:
        return "a mapping";
    case KEY_LIST:
        return "a list";
    case KEY_TEXT:
    case KEY_WORD:
        break;
    }
    return "text";
}
