#include "scenario/override.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *override_text(struct arena *arena,
                          const struct scenario_override *override)
{
    static const char *const options[] = {
        [OVERRIDE_SET] = "--set",       [OVERRIDE_POLICY] = "--policy",
        [OVERRIDE_PARAM] = "--param",   [OVERRIDE_SEED] = "--seed",
        [OVERRIDE_MEMORY] = "--memory",
    };
    const char *option = options[override->kind];
    size_t size = strlen(option) + strlen(override->text) + 2;
    char *text = arena_alloc(arena, size);
    if (text)
        snprintf(text, size, "%s %s", option, override->text);
    return text;
}

/* An override while it is applied. */
struct change {
    struct yaml_tree *tree;
    struct reporter *reporter;
    struct scenario_place place;
    const char *path; /* what is left of it */
    size_t path_length;
    const char *value;
    bool no_memory;
};

/* Make a node a text, in place. */
static void set_text(struct change *change, struct yaml_node *node)
{
    char *text =
        arena_copy(change->tree->arena, change->value, strlen(change->value));
    change->no_memory = change->no_memory || !text;
    node->kind = YAML_TEXT;
    node->is_quoted = node->is_block = false;
    node->text = text;
    node->place = change->place;
    node->first = node->last = NULL;
    node->child_count = 0;
}

static struct yaml_node *add_node(struct change *change, enum yaml_kind kind)
{
    struct yaml_node *node =
        yaml_tree_add(change->tree, kind, change->place,
                      kind == YAML_TEXT ? change->value : NULL,
                      kind == YAML_TEXT ? strlen(change->value) : 0);
    change->no_memory = change->no_memory || !node;
    return node;
}

/* A map's entry, which is made where it is missing. NULL: out of memory. */
static struct yaml_node *open_entry(struct change *change,
                                    struct yaml_node *map, const char *key,
                                    size_t length, enum yaml_kind kind)
{
    char *name = arena_copy(change->tree->arena, key, length);
    if (!name) {
        change->no_memory = true;
        return NULL;
    }
    struct yaml_node *node = yaml_node_find(map, name);
    if (node && kind != YAML_TEXT && node->kind == YAML_TEXT) {
        node->kind = kind; /* nothing, or a short form: replaced */
        node->place = change->place;
        node->text = NULL;
        node->is_flow = true;
    }
    if (node)
        return node;
    node = add_node(change, kind);
    if (!node)
        return NULL;
    node->key = name;
    node->key_place = change->place;
    node->is_flow = map->is_flow || kind == YAML_LIST;
    yaml_node_append(map, node);
    return node;
}

/* What a list's entry is called. */
static const char *entry_name(const struct yaml_node *entry)
{
    const struct yaml_node *name = yaml_node_find(entry, "name");
    if (!name)
        name = yaml_node_find(entry, "vmo");
    return name && name->kind == YAML_TEXT ? name->text : NULL;
}

/* Does the path begin with that name, as a whole segment? Names may have
 * dots. */
static bool path_begins(const struct change *change, const char *name)
{
    size_t length = strlen(name);
    return length <= change->path_length && length > 0 &&
           memcmp(change->path, name, length) == 0 &&
           (length == change->path_length || change->path[length] == '.');
}

static size_t segment_length(const struct change *change)
{
    const char *dot = memchr(change->path, '.', change->path_length);
    return dot ? (size_t)(dot - change->path) : change->path_length;
}

static struct yaml_node *find_by_number(const struct change *change,
                                        const struct yaml_node *list)
{
    uint64_t number = 0;
    char digits[24] = "";
    size_t length = segment_length(change);
    if (length >= sizeof digits)
        return NULL;
    memcpy(digits, change->path, length);
    if (value_count(digits, &number) != VALUE_OK)
        return NULL;
    struct yaml_node *node = list->first;
    while (node && number-- > 0)
        node = node->next;
    return node;
}

/* The entry that the path names next; `*used` characters of it. */
static struct yaml_node *find_entry(const struct change *change,
                                    const struct yaml_node *list, size_t *used)
{
    struct yaml_node *best = find_by_number(change, list);
    *used = best ? segment_length(change) : 0;
    for (struct yaml_node *node = list->first; node && !best;
         node = node->next) {
        const char *name = entry_name(node);
        if (name && path_begins(change, name)) {
            *used = strlen(name);
            best = node;
        }
    }
    return best;
}

static void skip(struct change *change, size_t length)
{
    change->path += length;
    change->path_length -= length;
    if (change->path_length > 0) { /* the dot */
        change->path++;
        change->path_length--;
    }
}

/* Go down one step. NULL: reported, or out of memory. */
static struct yaml_node *step(struct change *change, struct yaml_node *node)
{
    size_t length = segment_length(change);
    bool is_last = length == change->path_length;
    if (length == 0) {
        report(change->reporter, change->place, "a key is empty");
        return NULL;
    }
    const char *segment = change->path;
    if (node->kind == YAML_MAP) {
        skip(change, length);
        return open_entry(change, node, segment, length,
                          is_last ? YAML_TEXT : YAML_MAP);
    }
    struct yaml_node *entry = find_entry(change, node, &length);
    if (!entry) {
        report(change->reporter, change->place,
               "there is no entry '%.*s' in the list",
               (int)segment_length(change), segment);
        return NULL;
    }
    skip(change, length);
    return entry;
}

/* Set what the path names, from the root. */
static void set_path(struct change *change)
{
    struct yaml_node *node = change->tree->root;
    if (change->path_length == 0)
        report(change->reporter, change->place, "a key is empty");
    for (int depth = 0; change->path_length > 0 && node; depth++) {
        if (node->kind == YAML_TEXT || depth == YAML_MAX_DEPTH) {
            report(change->reporter, change->place,
                   "'%.*s' is in no mapping or list", (int)change->path_length,
                   change->path);
            return;
        }
        node = step(change, node);
    }
    if (node && node != change->tree->root && !change->no_memory)
        set_text(change, node);
}

/* In place of the parameter of the same name, or behind the others. */
static void set_param(struct change *change)
{
    struct yaml_node *reclaim =
        open_entry(change, change->tree->root, "reclaim", 7, YAML_MAP);
    struct yaml_node *params =
        reclaim && reclaim->kind == YAML_MAP
            ? open_entry(change, reclaim, "params", 6, YAML_LIST)
            : NULL;
    if (!params || params->kind != YAML_LIST)
        return; /* the check reports what stands there instead */
    size_t length = strcspn(change->value, "=");
    for (struct yaml_node *node = params->first; node; node = node->next) {
        if (node->kind == YAML_TEXT && strcspn(node->text, "=") == length &&
            memcmp(node->text, change->value, length) == 0) {
            set_text(change, node);
            return;
        }
    }
    struct yaml_node *node = add_node(change, YAML_TEXT);
    if (node)
        yaml_node_append(params, node);
}

static void set_key(struct change *change, const char *path)
{
    change->path = path;
    change->path_length = strlen(path);
    set_path(change);
}

bool override_apply(struct yaml_tree *tree, size_t index,
                    const struct scenario_override *override,
                    struct reporter *reporter)
{
    struct change change = {.tree = tree,
                            .reporter = reporter,
                            .place = {.override = (uint32_t)index + 1},
                            .value = override->text};
    if (tree->root->kind != YAML_MAP)
        return true; /* reported by the check */
    const char *equals;
    switch (override->kind) {
    case OVERRIDE_SET:
        equals = strchr(override->text, '=');
        if (!equals) {
            report(reporter, change.place, "expected KEY=VALUE");
            break;
        }
        change.path = override->text;
        change.path_length = (size_t)(equals - override->text);
        change.value = equals + 1;
        set_path(&change);
        break;
    case OVERRIDE_POLICY:
        set_key(&change, "reclaim.policy");
        break;
    case OVERRIDE_PARAM:
        set_param(&change);
        break;
    case OVERRIDE_SEED:
        set_key(&change, "seed");
        break;
    case OVERRIDE_MEMORY:
        set_key(&change, "machine.memory");
        break;
    }
    return !change.no_memory;
}
