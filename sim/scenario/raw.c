#include "scenario/raw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cyaml/cyaml.h>

#include "scenario/yaml_writer.h"

/*
 * A record in memory, `n` keys:
 *
 *     [place] [slot 0] ... [slot n-1] [length 0] ... [length n-1]
 *                                      only in tables that have lists
 */
struct raw_record {
    char *place;
    void *slots[];
};

static bool has_lists(const struct key_table *table)
{
    for (size_t i = 0; i < table->key_count; i++)
        if (table->keys[i].kind == KEY_LIST)
            return true;
    return false;
}

static size_t length_offset(const struct key_table *table, size_t index)
{
    return sizeof(struct raw_record) + table->key_count * sizeof(void *) +
           index * sizeof(uint32_t);
}

static size_t record_bytes(const struct key_table *table)
{
    return length_offset(table, has_lists(table) ? table->key_count : 0);
}

/* The canonical text. --------------------------------------------------- */

static void write_id(struct yaml_writer *writer, const struct yaml_node *node)
{
    char id[16];
    snprintf(id, sizeof id, "%u%s", node->id, node->is_partial ? "!" : "");
    yaml_writer_text(writer, id, YAML_DOUBLE_QUOTED_SCALAR_STYLE);
}

static void write_value(struct yaml_writer *writer,
                        const struct yaml_node *node)
{
    char small[128];
    size_t length = strlen(node->text) + 16;
    char *text = length <= sizeof small ? small : malloc(length);
    if (!text) {
        writer->failed = true;
        return;
    }
    snprintf(text, length, "%u %s", node->id, node->text);
    yaml_writer_text(writer, text, YAML_DOUBLE_QUOTED_SCALAR_STYLE);
    if (text != small)
        free(text);
}

static void write_key(struct yaml_writer *writer, const char *key)
{
    yaml_writer_text(writer, key, YAML_DOUBLE_QUOTED_SCALAR_STYLE);
}

static void write_map(struct yaml_writer *writer, const struct yaml_node *node,
                      const struct key_table *table);

static void write_list(struct yaml_writer *writer, const struct yaml_node *node,
                       const struct key *key)
{
    yaml_writer_list(writer, true);
    if (key->element != KEY_MAP)
        write_id(writer, node);
    if (key->flags & KEY_ONE)
        write_value(writer, node);
    for (const struct yaml_node *child = node->first; child;
         child = child->next) {
        if (!child->meaning)
            continue;
        if (key->element == KEY_MAP)
            write_map(writer, child, key->table);
        else
            write_value(writer, child);
    }
    yaml_writer_list_end(writer);
}

/* `node` is a map, or the single value or nothing that stands for one. */
static void write_map(struct yaml_writer *writer, const struct yaml_node *node,
                      const struct key_table *table)
{
    yaml_writer_map(writer, true);
    write_key(writer, RAW_PLACE_KEY);
    write_id(writer, node);
    if (node->kind == YAML_TEXT && table->short_key) {
        write_key(writer, table->short_key);
        write_value(writer, node);
    }
    for (const struct yaml_node *child = node->first; child;
         child = child->next) {
        if (!child->meaning)
            continue;
        write_key(writer, child->key);
        if (child->meaning->kind == KEY_MAP)
            write_map(writer, child, child->meaning->table);
        else if (child->meaning->kind == KEY_LIST)
            write_list(writer, child, child->meaning);
        else
            write_value(writer, child);
    }
    yaml_writer_map_end(writer);
}

char *raw_canonical_text(const struct yaml_tree *tree, size_t *bytes)
{
    struct yaml_writer writer;
    yaml_writer_start(&writer);
    write_map(&writer, tree->root, &scenario_table);
    return yaml_writer_finish(&writer, bytes);
}

/* Schemas. -------------------------------------------------------------- */

struct built {
    const struct key_table *table;
    const cyaml_schema_field_t *fields;
    struct built *next;
};

struct builder {
    struct arena *arena;
    struct built *built; /* tables may contain themselves */
};

static const cyaml_schema_value_t text_schema = {
    .type = CYAML_STRING,
    .flags = CYAML_FLAG_POINTER,
    .data_size = sizeof(char),
    .string = {.min = 0, .max = CYAML_UNLIMITED},
};

static const cyaml_schema_field_t *build_fields(struct builder *builder,
                                                const struct key_table *table);

static bool build_map(struct builder *builder, const struct key_table *table,
                      cyaml_schema_value_t *value)
{
    value->type = CYAML_MAPPING;
    value->flags = CYAML_FLAG_POINTER;
    value->data_size = (uint32_t)record_bytes(table);
    value->mapping.fields = build_fields(builder, table);
    return value->mapping.fields != NULL;
}

static bool build_list(struct builder *builder, const struct key *key,
                       cyaml_schema_value_t *value)
{
    cyaml_schema_value_t *entry = arena_alloc(builder->arena, sizeof *entry);
    if (!entry)
        return false;
    *entry = text_schema;
    if (key->element == KEY_MAP && !build_map(builder, key->table, entry))
        return false;
    value->type = CYAML_SEQUENCE;
    value->flags = CYAML_FLAG_POINTER;
    value->data_size = sizeof(void *);
    value->sequence.entry = entry;
    value->sequence.min = 0;
    value->sequence.max = CYAML_UNLIMITED;
    return true;
}

static bool build_field(struct builder *builder, const struct key_table *table,
                        size_t index, cyaml_schema_field_t *field)
{
    const struct key *key = &table->keys[index];
    bool built = true;
    field->key = key->name;
    field->data_offset =
        (uint32_t)(sizeof(struct raw_record) + index * sizeof(void *));
    field->value = text_schema;
    if (key->kind == KEY_MAP) {
        built = build_map(builder, key->table, &field->value);
    } else if (key->kind == KEY_LIST) {
        built = build_list(builder, key, &field->value);
        field->count_offset = (uint32_t)length_offset(table, index);
        field->count_size = sizeof(uint32_t);
    }
    field->value.flags |= CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT;
    return built;
}

static const cyaml_schema_field_t *build_fields(struct builder *builder,
                                                const struct key_table *table)
{
    for (struct built *built = builder->built; built; built = built->next)
        if (built->table == table)
            return built->fields;
    struct built *built = arena_alloc(builder->arena, sizeof *built);
    cyaml_schema_field_t *fields =
        arena_array(builder->arena, table->key_count + 2, sizeof *fields);
    if (!built || !fields)
        return NULL;
    built->table = table;
    built->fields = fields;
    built->next = builder->built;
    builder->built = built;
    fields[0].key = RAW_PLACE_KEY;
    fields[0].data_offset = offsetof(struct raw_record, place);
    fields[0].value = text_schema;
    for (size_t i = 0; i < table->key_count; i++)
        if (!build_field(builder, table, i, &fields[i + 1]))
            return NULL;
    return fields; /* the last one is all zero: the end */
}

/* Decoding. ------------------------------------------------------------- */

struct problem {
    char *text;
    size_t bytes;
};

/* Keep libcyaml's first error, without its line break. */
static void keep_problem(cyaml_log_t level, void *context, const char *format,
                         va_list arguments)
    __attribute__((format(printf, 3, 0)));

static void keep_problem(cyaml_log_t level, void *context, const char *format,
                         va_list arguments)
{
    struct problem *problem = context;
    if (level < CYAML_LOG_ERROR || problem->text[0] != '\0')
        return;
    vsnprintf(problem->text, problem->bytes, format, arguments);
    problem->text[strcspn(problem->text, "\n")] = '\0';
}

static cyaml_config_t make_config(struct problem *problem)
{
    return (cyaml_config_t){
        .log_fn = problem ? keep_problem : NULL,
        .log_ctx = problem,
        .mem_fn = cyaml_mem,
        .log_level = CYAML_LOG_ERROR,
        .flags = CYAML_CFG_NO_ALIAS,
    };
}

/* libyaml has nothing to complain about in what its emitter wrote, except that
 * there is no memory. */
static bool is_memory_error(cyaml_err_t error)
{
    return error == CYAML_ERR_OOM || error == CYAML_ERR_LIBYAML_PARSER_INIT ||
           error == CYAML_ERR_LIBYAML_EVENT_INIT ||
           error == CYAML_ERR_LIBYAML_PARSER;
}

bool raw_decode(struct raw_document *document, const char *text, size_t bytes,
                char *problem_text, size_t problem_bytes)
{
    struct problem problem = {.text = problem_text, .bytes = problem_bytes};
    cyaml_config_t config = make_config(&problem);
    *document = (struct raw_document){.arena = arena_new()};
    problem_text[0] = '\0';
    if (!document->arena)
        return false;
    struct builder builder = {.arena = document->arena};
    cyaml_schema_value_t *schema = arena_alloc(document->arena, sizeof *schema);
    if (!schema || !build_map(&builder, &scenario_table, schema))
        return false;
    document->schema = schema;
    cyaml_data_t *data = NULL;
    cyaml_err_t error = cyaml_load_data((const uint8_t *)text, bytes, &config,
                                        schema, &data, NULL);
    document->root = data;
    if (error == CYAML_OK && data)
        return true;
    if (is_memory_error(error))
        problem_text[0] = '\0';
    else if (problem_text[0] == '\0')
        snprintf(problem_text, problem_bytes, "%s", cyaml_strerror(error));
    return false;
}

void raw_release(struct raw_document *document)
{
    cyaml_config_t config = make_config(NULL);
    if (document->root)
        cyaml_free(&config, document->schema, document->root, 0);
    arena_free(document->arena);
    *document = (struct raw_document){0};
}

/* Access. --------------------------------------------------------------- */

static struct raw_value split(const char *text)
{
    if (!text)
        return (struct raw_value){0};
    char *end;
    uint32_t id = (uint32_t)strtoul(text, &end, 10);
    return (struct raw_value){.id = id, .text = *end ? end + 1 : end};
}

uint32_t raw_id(const struct raw_record *record)
{
    return record ? split(record->place).id : 0;
}

bool raw_is_whole(const struct raw_record *record)
{
    return !record || !record->place || !strchr(record->place, '!');
}

struct raw_value raw_value(const struct raw_record *record, size_t index)
{
    return split(record ? record->slots[index] : NULL);
}

const struct raw_record *raw_map(const struct raw_record *record, size_t index)
{
    return record ? record->slots[index] : NULL;
}

static size_t slot_length(const struct raw_record *record,
                          const struct key_table *table, size_t index)
{
    uint32_t length;
    memcpy(&length, (const char *)record + length_offset(table, index),
           sizeof length);
    return length;
}

bool raw_list(const struct raw_record *record, const struct key_table *table,
              size_t index, uint32_t *list_id, size_t *length)
{
    if (!record || !record->slots[index])
        return false;
    char *const *entries = record->slots[index];
    *list_id = split(entries[0]).id;
    *length = slot_length(record, table, index) - 1;
    return true;
}

struct raw_value raw_list_value(const struct raw_record *record, size_t index,
                                size_t entry)
{
    char *const *entries = record->slots[index];
    return split(entries[entry + 1]);
}

const struct raw_record *const *raw_maps(const struct raw_record *record,
                                         const struct key_table *table,
                                         size_t index, size_t *length)
{
    *length = 0;
    if (!record || !record->slots[index])
        return NULL;
    *length = slot_length(record, table, index);
    return record->slots[index];
}
