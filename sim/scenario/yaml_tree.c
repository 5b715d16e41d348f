#include "scenario/yaml_tree.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

/* running out of memory is ours to report: the entry has no table then */
#define HASH_NONFATAL_OOM        1
#define uthash_nonfatal_oom(obj) ((void)(obj))
#include <uthash.h>

struct anchor {
    const char *name;
    struct yaml_node *node;
    UT_hash_handle hh;
};

/* A map or list that is open, and the key that waits for its value. */
struct level {
    struct yaml_node *node;
    const char *key; /* NULL: a key comes next */
    struct scenario_place key_place;
    bool key_is_quoted;
};

struct reader {
    struct yaml_tree *tree;
    const char *path;
    struct scenario_errors *errors;
    struct level levels[YAML_MAX_DEPTH];
    size_t depth;
    struct anchor *anchors; /* uthash; the entries are the arena's */
    size_t copies;
    bool failed;
    bool no_memory;
};

static struct scenario_place place_of(yaml_mark_t mark)
{
    return (struct scenario_place){.line = (uint32_t)mark.line + 1,
                                   .column = (uint32_t)mark.column + 1};
}

static void fail_at(struct reader *reader, struct scenario_place place,
                    const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void fail_at(struct reader *reader, struct scenario_place place,
                    const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    scenario_errors_vadd(reader->errors, reader->path, place.line, place.column,
                         format, arguments);
    va_end(arguments);
    reader->failed = true;
}

/* Nodes. ---------------------------------------------------------------- */

struct yaml_node *yaml_tree_add(struct yaml_tree *tree, enum yaml_kind kind,
                                struct scenario_place place, const char *text,
                                size_t length)
{
    if (tree->node_count == tree->node_capacity) {
        size_t capacity = tree->node_capacity ? tree->node_capacity * 2 : 256;
        struct yaml_node **nodes =
            realloc(tree->nodes, capacity * sizeof *nodes);
        if (!nodes)
            return NULL;
        tree->nodes = nodes;
        tree->node_capacity = capacity;
    }
    struct yaml_node *node = arena_alloc(tree->arena, sizeof *node);
    if (!node)
        return NULL;
    node->kind = kind;
    node->place = place;
    node->id = (uint32_t)tree->node_count;
    if (text) {
        node->text = arena_copy(tree->arena, text, length);
        if (!node->text)
            return NULL;
    }
    tree->nodes[tree->node_count++] = node;
    return node;
}

void yaml_node_append(struct yaml_node *parent, struct yaml_node *child)
{
    child->next = NULL;
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    parent->child_count++;
}

struct yaml_node *yaml_node_find(const struct yaml_node *map, const char *key)
{
    if (map->kind != YAML_MAP)
        return NULL;
    for (struct yaml_node *child = map->first; child; child = child->next)
        if (strcmp(child->key, key) == 0)
            return child;
    return NULL;
}

bool yaml_node_is_null(const struct yaml_node *node)
{
    if (node->kind != YAML_TEXT || node->is_quoted)
        return false;
    return node->text[0] == '\0' || strcmp(node->text, "~") == 0 ||
           strcmp(node->text, "null") == 0;
}

/* Put a node where the document is: into the open map or list, or on top. */
static void place_node(struct reader *reader, struct yaml_node *node)
{
    if (reader->depth == 0) {
        reader->tree->root = node;
        return;
    }
    struct level *level = &reader->levels[reader->depth - 1];
    if (level->node->kind == YAML_MAP) {
        node->key = level->key;
        node->key_place = level->key_place;
        node->key_is_quoted = level->key_is_quoted;
        level->key = NULL;
    }
    yaml_node_append(level->node, node);
}

/* Does the next node stand where a map wants a key? */
static bool wants_key(const struct reader *reader)
{
    if (reader->depth == 0)
        return false;
    const struct level *level = &reader->levels[reader->depth - 1];
    assert(level->node);
    return level->node->kind == YAML_MAP && !level->key;
}

static bool check_text(struct reader *reader, struct scenario_place place,
                       const char *text, size_t length)
{
    if (memchr(text, '\0', length) == NULL)
        return true;
    fail_at(reader, place, "a NUL character is not allowed");
    return false;
}

static void set_key(struct reader *reader, struct scenario_place place,
                    const char *text, size_t length, bool is_quoted)
{
    struct level *level = &reader->levels[reader->depth - 1];
    level->key = arena_copy(reader->tree->arena, text, length);
    level->key_place = place;
    level->key_is_quoted = is_quoted;
    if (!level->key)
        reader->no_memory = true;
}

/* Anchors and aliases. -------------------------------------------------- */

static void set_anchor(struct reader *reader, const yaml_char_t *name,
                       struct yaml_node *node)
{
    if (!name)
        return;
    const char *text = (const char *)name;
    struct anchor *anchor;
    HASH_FIND_STR(reader->anchors, text, anchor);
    if (anchor) { /* the latest of a name counts */
        anchor->node = node;
        return;
    }
    struct arena *arena = reader->tree->arena;
    anchor = arena_alloc(arena, sizeof *anchor);
    char *copy = arena_copy(arena, text, strlen(text));
    if (!anchor || !copy) {
        reader->no_memory = true;
        return;
    }
    anchor->name = copy;
    anchor->node = node;
    HASH_ADD_KEYPTR(hh, reader->anchors, anchor->name, strlen(anchor->name),
                    anchor);
    if (!anchor->hh.tbl)
        reader->no_memory = true;
}

static struct yaml_node *copy_node(struct reader *reader,
                                   const struct yaml_node *node)
{
    if (++reader->copies > YAML_MAX_COPIES)
        return NULL;
    struct yaml_node *copy =
        yaml_tree_add(reader->tree, node->kind, node->place, node->text,
                      node->text ? strlen(node->text) : 0);
    if (!copy) {
        reader->no_memory = true;
        return NULL;
    }
    copy->is_quoted = node->is_quoted;
    copy->is_flow = node->is_flow;
    copy->is_block = node->is_block;
    for (const struct yaml_node *child = node->first; child;
         child = child->next) {
        struct yaml_node *child_copy = copy_node(reader, child);
        if (!child_copy)
            return NULL;
        child_copy->key = child->key;
        child_copy->key_place = child->key_place;
        child_copy->key_is_quoted = child->key_is_quoted;
        yaml_node_append(copy, child_copy);
    }
    return copy;
}

/* The levels of `node` and what is in it. */
static size_t height_of(const struct yaml_node *node)
{
    size_t height = 0;
    for (const struct yaml_node *child = node->first; child;
         child = child->next) {
        size_t below = height_of(child);
        height = below > height ? below : height;
    }
    return node->kind == YAML_TEXT ? 0 : height + 1;
}

static void on_alias(struct reader *reader, const yaml_event_t *event)
{
    struct scenario_place place = place_of(event->start_mark);
    const char *name = (const char *)event->data.alias.anchor;
    struct anchor *anchor;
    HASH_FIND_STR(reader->anchors, name, anchor);
    if (!anchor) {
        fail_at(reader, place, "alias '*%s' has no anchor before it", name);
        return;
    }
    const struct yaml_node *target = anchor->node;
    for (size_t i = 0; i < reader->depth; i++) {
        if (reader->levels[i].node == target) {
            fail_at(reader, place, "alias '*%s' stands inside its own anchor",
                    name);
            return;
        }
    }
    if (wants_key(reader)) {
        if (target->kind != YAML_TEXT)
            fail_at(reader, place, "a key must be text");
        else
            set_key(reader, place, target->text, strlen(target->text),
                    target->is_quoted);
        return;
    }
    if (reader->depth + height_of(target) > YAML_MAX_DEPTH) {
        fail_at(reader, place, "nested more than %d levels deep",
                YAML_MAX_DEPTH);
        return;
    }
    struct yaml_node *copy = copy_node(reader, target);
    if (copy)
        place_node(reader, copy);
    else if (!reader->no_memory)
        fail_at(reader, place, "aliases add more than %d values",
                YAML_MAX_COPIES);
}

/* Events. --------------------------------------------------------------- */

/* Only the tags that YAML itself gives to text, maps and lists. */
static bool check_tag(struct reader *reader, struct scenario_place place,
                      const yaml_char_t *tag)
{
    static const char *const known[] = {"str",  "int", "float", "bool",
                                        "null", "map", "seq"};
    static const char prefix[] = "tag:yaml.org,2002:";
    const char *text = (const char *)tag;
    if (!text || strcmp(text, "!") == 0)
        return true;
    if (strncmp(text, prefix, sizeof prefix - 1) == 0)
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            if (strcmp(text + sizeof prefix - 1, known[i]) == 0)
                return true;
    fail_at(reader, place, "tag '%s' means nothing here", text);
    return false;
}

static void on_scalar(struct reader *reader, const yaml_event_t *event)
{
    struct scenario_place place = place_of(event->start_mark);
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    yaml_scalar_style_t style = event->data.scalar.style;
    bool is_quoted = style != YAML_PLAIN_SCALAR_STYLE;
    if (!check_tag(reader, place, event->data.scalar.tag) ||
        !check_text(reader, place, text, length))
        return;
    bool is_key = wants_key(reader);
    if (is_key)
        set_key(reader, place, text, length, is_quoted);
    if (is_key && !event->data.scalar.anchor)
        return;
    struct yaml_node *node =
        yaml_tree_add(reader->tree, YAML_TEXT, place, text, length);
    if (!node) {
        reader->no_memory = true;
        return;
    }
    node->is_quoted = is_quoted;
    node->is_block =
        style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE;
    if (!is_key)
        place_node(reader, node);
    set_anchor(reader, event->data.scalar.anchor, node);
}

static void on_start(struct reader *reader, struct scenario_place place,
                     enum yaml_kind kind, bool is_flow, const yaml_char_t *tag,
                     const yaml_char_t *anchor)
{
    if (!check_tag(reader, place, tag))
        return;
    if (wants_key(reader)) {
        fail_at(reader, place, "a key must be text, not a %s",
                kind == YAML_MAP ? "mapping" : "list");
        return;
    }
    if (reader->depth == YAML_MAX_DEPTH) {
        fail_at(reader, place, "nested more than %d levels deep",
                YAML_MAX_DEPTH);
        return;
    }
    struct yaml_node *node = yaml_tree_add(reader->tree, kind, place, NULL, 0);
    if (!node) {
        reader->no_memory = true;
        return;
    }
    node->is_flow = is_flow;
    place_node(reader, node);
    set_anchor(reader, anchor, node);
    reader->levels[reader->depth++] = (struct level){.node = node};
}

static void on_event(struct reader *reader, const yaml_event_t *event)
{
    struct scenario_place place = place_of(event->start_mark);
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (reader->tree->root)
            fail_at(reader, place,
                    "a second document: one is all that is read");
        break;
    case YAML_SCALAR_EVENT:
        on_scalar(reader, event);
        break;
    case YAML_ALIAS_EVENT:
        on_alias(reader, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        on_start(reader, place, YAML_LIST,
                 event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE,
                 event->data.sequence_start.tag,
                 event->data.sequence_start.anchor);
        break;
    case YAML_MAPPING_START_EVENT:
        on_start(reader, place, YAML_MAP,
                 event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE,
                 event->data.mapping_start.tag,
                 event->data.mapping_start.anchor);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        reader->depth--;
        break;
    default:
        break;
    }
}

/* Line and column of a byte of the text, for errors that have no mark. */
static struct scenario_place place_of_offset(const char *text, size_t bytes,
                                             size_t offset)
{
    struct scenario_place place = {.line = 1, .column = 1};
    for (size_t i = 0; i < offset && i < bytes; i++) {
        if (text[i] == '\n') {
            place.line++;
            place.column = 1;
        } else if (((unsigned char)text[i] & 0xC0) != 0x80) {
            place.column++;
        }
    }
    return place;
}

static void report_syntax(struct reader *reader, const yaml_parser_t *parser,
                          const char *text, size_t bytes)
{
    const char *problem = parser->problem ? parser->problem : "syntax error";
    if (parser->error == YAML_MEMORY_ERROR) {
        reader->no_memory = true;
        return;
    }
    if (parser->error == YAML_READER_ERROR) {
        fail_at(reader, place_of_offset(text, bytes, parser->problem_offset),
                "not valid YAML: %s", problem);
        return;
    }
    struct scenario_place place = place_of(parser->problem_mark);
    struct scenario_place context = place_of(parser->context_mark);
    if (parser->context &&
        (context.line != place.line || context.column != place.column))
        fail_at(reader, place, "not valid YAML: %s (%s at %u:%u)", problem,
                parser->context, context.line, context.column);
    else
        fail_at(reader, place, "not valid YAML: %s", problem);
}

static void read_events(struct reader *reader, yaml_parser_t *parser,
                        const char *text, size_t bytes)
{
    bool is_over = false;
    while (!is_over && !reader->failed && !reader->no_memory) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            report_syntax(reader, parser, text, bytes);
            return;
        }
        is_over = event.type == YAML_STREAM_END_EVENT;
        on_event(reader, &event);
        yaml_event_delete(&event);
    }
}

bool yaml_tree_read(struct yaml_tree *tree, const char *path, const char *text,
                    size_t bytes, struct scenario_errors *errors)
{
    *tree = (struct yaml_tree){.arena = arena_new()};
    struct reader reader = {.tree = tree, .path = path, .errors = errors};
    yaml_parser_t parser;
    if (!tree->arena || !yaml_parser_initialize(&parser))
        return false;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, bytes);
    read_events(&reader, &parser, text, bytes);
    yaml_parser_delete(&parser);
    HASH_CLEAR(hh, reader.anchors);
    if (!reader.failed && !reader.no_memory && !tree->root)
        fail_at(&reader, (struct scenario_place){.line = 1, .column = 1},
                "the file is empty: it has to begin with 'version: 1'");
    return !reader.failed && !reader.no_memory;
}

void yaml_tree_release(struct yaml_tree *tree)
{
    arena_free(tree->arena);
    free(tree->nodes);
    *tree = (struct yaml_tree){0};
}
