#include "scenario/check.h"

#include <string.h>

#include "scenario/keys.h"

static bool check_map(struct reporter *reporter, struct yaml_node *node,
                      const struct key_table *table);

/* "a mapping", "a list", "nothing", "'text'": what stands there. */
struct shown {
    char text[80];
};

static struct shown show(const struct yaml_node *node)
{
    struct shown shown = {"a mapping"};
    if (node->kind == YAML_LIST)
        snprintf(shown.text, sizeof shown.text, "a list");
    else if (node->kind == YAML_TEXT && yaml_node_is_null(node))
        snprintf(shown.text, sizeof shown.text, "nothing");
    else if (node->kind == YAML_TEXT)
        snprintf(shown.text, sizeof shown.text, "'%.60s'", node->text);
    return shown;
}

/* `{n}` without quotes is a mapping in YAML. */
static bool looks_like_run_number(const struct yaml_node *node)
{
    return node->kind == YAML_MAP && node->child_count == 1 &&
           strcmp(node->first->key, "n") == 0 && yaml_node_is_null(node->first);
}

static void report_kind(struct reporter *reporter, const struct yaml_node *node,
                        const char *wanted, const char *what)
{
    struct shown got = show(node);
    if (looks_like_run_number(node))
        report(reporter, node->place,
               "expected %s for '%s', got a mapping: write \"{n}\" in quotes",
               wanted, what);
    else
        report(reporter, node->place, "expected %s for '%s', got %s", wanted,
               what, got.text);
}

/* Values. --------------------------------------------------------------- */

static bool check_word(struct reporter *reporter, const struct yaml_node *node,
                       const struct key *key)
{
    int value;
    if (word_find(key->words, node->text, &value) || strstr(node->text, "{n}"))
        return true; /* {n}: the decoder sees the word itself */
    struct choice choice;
    choice_init(&choice, node->text);
    for (const struct word *word = key->words; word->name; word++)
        choice_add(&choice, word->name);
    report(reporter, node->place, "unknown value '%.60s' for '%s'%s",
           node->text, key->name, choice_text(&choice));
    return false;
}

/* A single value of that kind, for a key or as an entry of its list. */
static bool check_value(struct reporter *reporter, const struct yaml_node *node,
                        const struct key *key, enum key_kind kind)
{
    if (node->kind != YAML_TEXT || yaml_node_is_null(node)) {
        report_kind(reporter, node, key_form(kind), key->name);
        return false;
    }
    return kind != KEY_WORD || check_word(reporter, node, key);
}

/* A mapping, or what stands for one. */
static bool check_map_node(struct reporter *reporter, struct yaml_node *node,
                           const struct key_table *table, const char *what)
{
    bool is_null = yaml_node_is_null(node);
    if (node->kind == YAML_MAP && !looks_like_run_number(node))
        return check_map(reporter, node, table);
    if (is_null && table->may_be_null)
        return true;
    if (node->kind == YAML_TEXT && !is_null && table->short_key)
        return true;
    report_kind(reporter, node,
                table->short_key ? "a value or a mapping" : "a mapping", what);
    return false;
}

static bool check_list(struct reporter *reporter, struct yaml_node *node,
                       const struct key *key)
{
    if (key->flags & KEY_ONE)
        return check_value(reporter, node, key, key->element);
    if (node->kind != YAML_LIST) {
        report_kind(reporter, node, "a list", key->name);
        return false;
    }
    for (struct yaml_node *child = node->first; child; child = child->next) {
        bool is_good =
            key->element == KEY_MAP
                ? check_map_node(reporter, child, key->table, key->name)
                : check_value(reporter, child, key, key->element);
        child->meaning = is_good ? key : NULL;
    }
    return true;
}

static bool check_key_value(struct reporter *reporter, struct yaml_node *node,
                            const struct key *key)
{
    if (key->kind == KEY_MAP)
        return check_map_node(reporter, node, key->table, key->name);
    if (key->kind == KEY_LIST)
        return check_list(reporter, node, key);
    return check_value(reporter, node, key, key->kind);
}

/* Mappings. ------------------------------------------------------------- */

/* Which keys of the table apply to this mapping. */
struct scope {
    unsigned bits;    /* all set where there are no scopes */
    const char *name; /* for messages */
    char buffer[100];
};

static void find_scope(const struct yaml_node *map,
                       const struct key_table *table, struct scope *scope)
{
    scope->bits = ~0u;
    scope->name = table->what;
    if (table->scopes) {
        const struct key_scope *is = table->scopes;
        while (is->key && !yaml_node_find(map, is->key))
            is++;
        scope->bits = is->bit;
        scope->name = is->what;
    }
    if (!table->selector)
        return;
    const struct key *key = key_find(table, table->selector);
    const struct yaml_node *node = yaml_node_find(map, table->selector);
    const char *word = key->default_text;
    if (node)
        word = node->kind == YAML_TEXT ? node->text : NULL;
    int value;
    if (!word || !word_find(key->words, word, &value))
        return; /* reported elsewhere; any key will do */
    scope->bits = 1u << value;
    snprintf(scope->buffer, sizeof scope->buffer, "%s of %s %s", table->what,
             table->selector, word);
    scope->name = scope->buffer;
}

static bool is_in_scope(const struct key *key, const struct scope *scope)
{
    return key->scopes == 0 || (key->scopes & scope->bits) != 0;
}

static void report_unknown_key(struct reporter *reporter,
                               const struct yaml_node *node,
                               const struct key_table *table,
                               const struct scope *scope)
{
    struct choice choice;
    choice_init(&choice, node->key);
    for (size_t i = 0; i < table->key_count && !report_is_full(reporter); i++)
        if (!(table->keys[i].flags & KEY_HIDDEN) &&
            is_in_scope(&table->keys[i], scope))
            choice_add(&choice, table->keys[i].name);
    report(reporter, node->key_place, "unknown key '%.60s' in %s%s", node->key,
           scope->name, choice_text(&choice));
}

/* Note an entry's meaning; returns false, after saying why, if it has none. */
static bool check_entry(struct reporter *reporter, const struct yaml_node *map,
                        struct yaml_node *node, const struct key_table *table,
                        const struct scope *scope, uint64_t *seen)
{
    node->meaning = NULL;
    const struct key *key = key_find(table, node->key);
    if (!key || (key->flags & KEY_HIDDEN) || !is_in_scope(key, scope)) {
        report_unknown_key(reporter, node, table, scope);
        return false;
    }
    uint64_t bit = UINT64_C(1) << key_index(table, key);
    if (*seen & bit) {
        const struct yaml_node *first = yaml_node_find(map, node->key);
        report(reporter, node->key_place,
               "key '%s' is given twice (first at %u:%u)", node->key,
               first->key_place.line, first->key_place.column);
        return false;
    }
    *seen |= bit;
    if (!check_key_value(reporter, node, key))
        return false;
    node->meaning = key;
    return true;
}

static void check_required(struct reporter *reporter, struct yaml_node *map,
                           const struct key_table *table,
                           const struct scope *scope, uint64_t seen)
{
    for (size_t i = 0; i < table->key_count; i++) {
        const struct key *key = &table->keys[i];
        if (!(key->flags & KEY_REQUIRED) || (seen >> i & 1) ||
            !is_in_scope(key, scope) || (key->scopes && scope->bits == ~0u))
            continue;
        report(reporter, map->place, "%s needs the key '%s'", scope->name,
               key->name);
        map->is_partial = true;
    }
}

/* Exactly one operation, in tables that have operations. */
static void check_operation(struct reporter *reporter,
                            const struct yaml_node *map,
                            const struct key_table *table)
{
    const struct yaml_node *first = NULL;
    struct choice choice;
    choice_init(&choice, "");
    bool has_operations = false;
    bool has_unknown = false; /* may be an operation, misspelt */
    for (size_t i = 0; i < table->key_count; i++) {
        if (table->keys[i].flags & KEY_OPERATION) {
            has_operations = true;
            choice_add(&choice, table->keys[i].name);
        }
    }
    if (!has_operations)
        return;
    for (struct yaml_node *node = map->first; node; node = node->next) {
        const struct key *key = key_find(table, node->key);
        has_unknown = has_unknown || !key;
        if (!key || !(key->flags & KEY_OPERATION))
            continue;
        if (first && strcmp(first->key, node->key) != 0)
            report(reporter, node->key_place,
                   "an event has exactly one operation: '%s' besides '%s'",
                   node->key, first->key);
        first = first ? first : node;
    }
    if (!first && !has_unknown)
        report(reporter, map->place,
               "an event needs an operation; accepted: %s", choice.accepted);
}

/* A mapping of an unknown kind means nothing: returns false then. */
static bool selector_is_good(const struct yaml_node *map,
                             const struct key_table *table)
{
    if (!table->selector)
        return true;
    const struct yaml_node *node = yaml_node_find(map, table->selector);
    return !node || node->meaning;
}

/* Returns false where the mapping as a whole can't be decoded. */
static bool check_map(struct reporter *reporter, struct yaml_node *node,
                      const struct key_table *table)
{
    struct scope scope;
    uint64_t seen = 0;
    find_scope(node, table, &scope);
    for (struct yaml_node *child = node->first; child; child = child->next)
        if (!check_entry(reporter, node, child, table, &scope, &seen))
            node->is_partial = true;
    check_required(reporter, node, table, &scope, seen);
    check_operation(reporter, node, table);
    return selector_is_good(node, table);
}

bool check_tree(struct yaml_tree *tree, struct reporter *reporter)
{
    if (tree->root->kind == YAML_MAP) {
        check_map(reporter, tree->root, &scenario_table);
        return true;
    }
    struct shown got = show(tree->root);
    report(reporter, tree->root->place,
           "expected a mapping that begins with 'version: 1', got %s",
           got.text);
    return false;
}
