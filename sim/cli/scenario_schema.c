/*
 * Each table becomes a definition, named after the first key that leads to it,
 * and so does each kind of value. A value may be typed as YAML types it (4 is a
 * number) or be quoted, as the strict readers don't care.
 *
 *     scenario_table --events--> event_table --create--> ...
 *          |                       {"$ref": "#/$defs/create"}
 *          '--pattern--> pattern_table --phases--> phase_table --.
 *                            ^---------------- pattern ----------'
 *
 * Variants of a mapping (scopes) become conditions: if `kind` is zipf, then
 * the keys of the others are false, which means that they may not be there.
 */
#include "cli/scenario_schema.h"

#include <stdlib.h>
#include <string.h>

#include "record/json.h"
#include "scenario/errors.h"
#include "scenario/keys.h"
#include "scenario/values.h"
#include "scenario/yaml_tree.h"
#include "status.h"

#define MAX_TABLES 96
#define NAME_BYTES 64

struct definition {
    const struct key_table *table;
    bool is_repeated; /* its values may hold {n} */
    char name[NAME_BYTES];
};

struct schema {
    FILE *out;
    bool is_ok; /* false: out of memory */
    struct definition definitions[MAX_TABLES];
    size_t count;
};

/* Definitions of kinds of value. */
static const char *const kind_names[] = {
    [KEY_TEXT] = "text",
    [KEY_NAME] = "name",
    [KEY_SIZE] = "size",
    [KEY_RANGE] = "range",
    [KEY_DURATION] = "duration",
    [KEY_RATE] = "rate",
    [KEY_BANDWIDTH] = "bandwidth",
    [KEY_BOOL] = "bool",
    [KEY_COUNT] = "count",
    [KEY_SIGNED] = "signed",
    [KEY_REAL] = "real",
    [KEY_CONTENT] = "content",
    [KEY_STATUS] = "status",
    [KEY_STATUS_MATCH] = "status_match",
    [KEY_PARAM] = "param",
    [KEY_NAME_OR_NONE] = "name_or_none",
    [KEY_RANGE_OR_NONE] = "range_or_none",
    [KEY_EXPECTED_CONTENT] = "expected_content",
    [KEY_DIRTY_RANGE] = "dirty_range",
    [KEY_REQUEST] = "request",
    [KEY_PAGE_OF_VMO] = "page_of_vmo",
};

enum { KIND_COUNT = sizeof kind_names / sizeof kind_names[0] };

/* Collecting the tables. -------------------------------------------------- */

static const struct definition *find(const struct schema *schema,
                                     const struct key_table *table)
{
    for (size_t i = 0; i < schema->count; i++)
        if (schema->definitions[i].table == table)
            return &schema->definitions[i];
    return NULL;
}

static bool is_taken(const struct schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->count; i++)
        if (strcmp(schema->definitions[i].name, name) == 0)
            return true;
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (kind_names[i] && strcmp(kind_names[i], name) == 0)
            return true;
    return false;
}

/* The table and those that its keys lead to; `from` is the parent's name. */
static void collect(struct schema *schema, const struct key_table *table,
                    const char *name, const char *from, bool is_repeated)
{
    if (find(schema, table) || schema->count == MAX_TABLES)
        return;
    struct definition *definition = &schema->definitions[schema->count];
    char longer[2 * NAME_BYTES];
    snprintf(longer, sizeof longer, "%s", name);
    if (is_taken(schema, name))
        snprintf(longer, sizeof longer, "%s_%s", from, name);
    *definition = (struct definition){table, is_repeated, ""};
    snprintf(definition->name, sizeof definition->name, "%.63s", longer);
    schema->count++;
    for (size_t i = 0; i < table->key_count; i++) {
        const struct key *key = &table->keys[i];
        if (key->table)
            collect(schema, key->table, key->name, definition->name,
                    is_repeated || key->table == &event_table);
    }
}

/* Values. ----------------------------------------------------------------- */

#define NUMBER "(0|[1-9][0-9]*)"

/* The pattern of a value as text; NULL: any text. */
static const char *pattern_of(enum key_kind kind)
{
    switch (kind) {
    case KEY_NAME:
    case KEY_NAME_OR_NONE:
        return value_pattern(VALUE_NAME);
    case KEY_SIZE:
        return value_pattern(VALUE_SIZE);
    case KEY_RANGE:
        return value_pattern(VALUE_RANGE);
    case KEY_DURATION:
        return value_pattern(VALUE_DURATION);
    case KEY_RATE:
        return value_pattern(VALUE_RATE);
    case KEY_BANDWIDTH:
        return value_pattern(VALUE_BANDWIDTH);
    case KEY_BOOL:
        return value_pattern(VALUE_BOOL);
    case KEY_COUNT:
        return value_pattern(VALUE_COUNT);
    case KEY_SIGNED:
        return value_pattern(VALUE_SIGNED);
    case KEY_REAL:
        return value_pattern(VALUE_REAL);
    case KEY_CONTENT:
        return value_pattern(VALUE_CONTENT);
    case KEY_PARAM:
        return value_pattern(VALUE_PARAM);
    case KEY_RANGE_OR_NONE:
        return "^(none|" NUMBER "(\\.\\." NUMBER ")?)$";
    case KEY_EXPECTED_CONTENT:
        return "^(-|absent|" NUMBER ")$";
    case KEY_DIRTY_RANGE:
        return "^" NUMBER "(\\.\\." NUMBER ")?( zero)?$";
    case KEY_REQUEST:
        return "^(read|dirty) " NUMBER "(\\.\\." NUMBER ")?$";
    case KEY_PAGE_OF_VMO:
        return "^[A-Za-z_][A-Za-z0-9_.-]*:" NUMBER "$";
    default:
        return NULL;
    }
}

/* What YAML makes of it where that is no text; NULL: nothing else. */
static const char *plain_type_of(enum key_kind kind)
{
    switch (kind) {
    case KEY_BOOL:
        return "{\"type\": \"boolean\"}";
    case KEY_REAL:
        return "{\"type\": \"number\", \"minimum\": 0}";
    case KEY_SIGNED:
        return "{\"type\": \"integer\"}";
    case KEY_COUNT:
    case KEY_CONTENT:
    case KEY_EXPECTED_CONTENT:
    case KEY_RANGE:
    case KEY_RANGE_OR_NONE:
        return "{\"type\": \"integer\", \"minimum\": 0, "
               "\"maximum\": 18446744073709551615}";
    case KEY_DURATION:
        return "{\"const\": 0}";
    case KEY_TEXT:
        return "{\"type\": [\"number\", \"boolean\"]}";
    default:
        return NULL;
    }
}

static void write_statuses(FILE *out, bool with_error)
{
    /* STOP and NEXT are the lowest */
    fputs("{\"type\": \"string\", \"pattern\": \"^(", out);
    if (with_error)
        fputs("ERROR|", out);
    fputs("(ZX_(ERR_)?)?(OK", out);
    for (int number = -1; number >= VM_NEXT; number--) {
        const char *name = vm_status_name((enum vm_status)number);
        enum vm_status parsed;
        if (vm_status_parse(name, &parsed) && (int)parsed == number)
            fprintf(out, "|%s", name);
    }
    fputs("))$\"}", out);
}

static void write_kind(FILE *out, enum key_kind kind)
{
    const char *pattern = pattern_of(kind);
    const char *plain = plain_type_of(kind);

    fprintf(out, "    \"%s\": {\"description\": ", kind_names[kind]);
    json_write_string(out, key_form(kind));
    fputs(", \"anyOf\": [", out);
    if (kind == KEY_STATUS || kind == KEY_STATUS_MATCH) {
        write_statuses(out, kind == KEY_STATUS_MATCH);
    } else {
        fputs("{\"type\": \"string\"", out);
        if (pattern) {
            fputs(", \"pattern\": ", out);
            json_write_string(out, pattern);
        }
        fputs("}", out);
    }
    fprintf(out, "%s%s]}", plain ? ", " : "", plain ? plain : "");
}

/* Words, as text and, where they look like one, as a number. */
static void write_words(FILE *out, const struct word *words)
{
    fputs("\"enum\": [", out);
    for (const struct word *word = words; word->name; word++) {
        fputs(word == words ? "" : ", ", out);
        json_write_string(out, word->name);
        if (strspn(word->name, "0123456789") == strlen(word->name))
            fprintf(out, ", %s", word->name);
    }
    fputs("]", out);
}

/* Defaults: YAML's values as JSON's. ------------------------------------- */

static bool is_number(const char *text)
{
    double real;
    return value_real(text, &real) == VALUE_OK;
}

static void write_node(FILE *out, const struct yaml_node *node)
{
    bool is_map = node->kind == YAML_MAP;
    if (node->kind == YAML_TEXT) {
        bool is_plain = !node->is_quoted && (is_number(node->text) ||
                                             strcmp(node->text, "true") == 0 ||
                                             strcmp(node->text, "false") == 0);
        if (is_plain)
            fputs(node->text, out);
        else
            json_write_string(out, node->text);
        return;
    }
    fputs(is_map ? "{" : "[", out);
    for (const struct yaml_node *child = node->first; child;
         child = child->next) {
        fputs(child == node->first ? "" : ", ", out);
        if (is_map) {
            json_write_string(out, child->key);
            fputs(": ", out);
        }
        write_node(out, child);
    }
    fputs(is_map ? "}" : "]", out);
}

static void write_default(struct schema *schema, const char *text)
{
    struct scenario_errors errors = {0};
    struct yaml_tree tree = {0};

    fputs(", \"default\": ", schema->out);
    if (!*text)
        fputs("\"\"", schema->out);
    else if (yaml_tree_read(&tree, "default", text, strlen(text), &errors))
        write_node(schema->out, tree.root);
    else
        schema->is_ok = false;
    yaml_tree_release(&tree);
    scenario_errors_release(&errors);
}

/* Keys. ------------------------------------------------------------------- */

/* Limits of numbers; those of sizes and times have units. */
static void write_limits(FILE *out, const struct key *key, enum key_kind kind)
{
    if (kind != KEY_COUNT && kind != KEY_REAL)
        return;
    if (key->min > 0 || (key->flags & KEY_ABOVE))
        fprintf(out, ", \"%s\": %.15g",
                key->flags & KEY_ABOVE ? "exclusiveMinimum" : "minimum",
                key->min);
    if (key->max > 0)
        fprintf(out, ", \"maximum\": %.15g", key->max);
}

/* A value of that kind: members of an object that is open already. */
static void write_value(struct schema *schema, const struct key *key,
                        enum key_kind kind, bool is_repeated)
{
    FILE *out = schema->out;
    if (kind == KEY_MAP) {
        fprintf(out, "\"$ref\": \"#/$defs/%s\"",
                find(schema, key->table)->name);
        return;
    }
    if (is_repeated)
        fputs("\"anyOf\": [{\"$ref\": \"#/$defs/run_number\"}, {", out);
    if (kind == KEY_WORD) {
        write_words(out, key->words);
    } else {
        fprintf(out, "\"$ref\": \"#/$defs/%s\"", kind_names[kind]);
        write_limits(out, key, kind);
        if (key->flags & KEY_FINITE)
            fputs(", \"not\": {\"const\": \"inf\"}", out);
    }
    if (is_repeated)
        fputs("}]", out);
}

static void write_key(struct schema *schema, const struct definition *in,
                      const struct key *key)
{
    FILE *out = schema->out;
    fputs("\n        ", out);
    json_write_string(out, key->name);
    fputs(": {\"description\": ", out);
    json_write_string(out, key->help);
    fputs(", ", out);
    if (key->kind != KEY_LIST || (key->flags & KEY_ONE)) {
        write_value(schema, key,
                    key->kind == KEY_LIST ? key->element : key->kind,
                    in->is_repeated);
    } else {
        fputs("\"type\": \"array\", \"items\": {", out);
        write_value(schema, key, key->element, in->is_repeated);
        fputs("}", out);
    }
    if (key->default_text)
        write_default(schema, key->default_text);
    fputs("}", out);
}

/* Variants. --------------------------------------------------------------- */

/* What is not of the variant may not be there; what it needs must be. */
static void write_variant(FILE *out, const struct key_table *table,
                          unsigned bit)
{
    const char *before = "";
    fputs("{\"properties\": {", out);
    for (size_t i = 0; i < table->key_count; i++) {
        const struct key *key = &table->keys[i];
        if (key->scopes == 0 || (key->scopes & bit))
            continue;
        fprintf(out, "%s\"%s\": false", before, key->name);
        before = ", ";
    }
    before = "";
    fputs("}, \"required\": [", out);
    for (size_t i = 0; i < table->key_count; i++) {
        const struct key *key = &table->keys[i];
        if (!(key->flags & KEY_REQUIRED) || !(key->scopes & bit))
            continue;
        fprintf(out, "%s\"%s\"", before, key->name);
        before = ", ";
    }
    fputs("]}", out);
}

/* By the selector's word. Where that is left out, it is the default. */
static void write_selected(FILE *out, const struct key_table *table)
{
    const struct key *selector = key_find(table, table->selector);

    fputs(",\n      \"allOf\": [", out);
    for (const struct word *word = selector->words; word->name; word++) {
        bool is_default = selector->default_text &&
                          strcmp(selector->default_text, word->name) == 0;
        fprintf(out,
                "%s\n        {\"if\": {\"properties\": {\"%s\": "
                "{\"const\": \"%s\"}}",
                word == selector->words ? "" : ",", selector->name, word->name);
        if (!is_default)
            fprintf(out, ", \"required\": [\"%s\"]", selector->name);
        fputs("}, \"then\": ", out);
        write_variant(out, table, 1u << word->value);
        fputs("}", out);
    }
    fputs("]", out);
}

/* By the keys that are there: if, else if, else. */
static void write_scopes(FILE *out, const struct key_table *table)
{
    const struct key_scope *scope = table->scopes;

    fputs(",\n      \"allOf\": [", out);
    for (; scope->key; scope++) {
        fprintf(out,
                "{\"if\": {\"required\": [\"%s\"]}, \"then\": ", scope->key);
        write_variant(out, table, scope->bit);
        fputs(",\n        \"else\": ", out);
    }
    write_variant(out, table, scope->bit);
    for (scope = table->scopes; scope->key; scope++)
        fputs("}", out);
    fputs("]", out);
}

/* Exactly one operation, in tables that have operations. */
static void write_operations(FILE *out, const struct key_table *table)
{
    bool has_one = false;
    for (size_t i = 0; i < table->key_count; i++) {
        if (!(table->keys[i].flags & KEY_OPERATION))
            continue;
        fputs(has_one ? ", " : ",\n      \"oneOf\": [", out);
        fprintf(out, "{\"required\": [\"%s\"]}", table->keys[i].name);
        has_one = true;
    }
    fputs(has_one ? "]" : "", out);
}

/* Tables. ----------------------------------------------------------------- */

static void write_required(FILE *out, const struct key_table *table)
{
    bool has_one = false;
    for (size_t i = 0; i < table->key_count; i++) {
        const struct key *key = &table->keys[i];
        if (!(key->flags & KEY_REQUIRED) || key->scopes)
            continue;
        fprintf(out, "%s\"%s\"", has_one ? ", " : ",\n      \"required\": [",
                key->name);
        has_one = true;
    }
    fputs(has_one ? "]" : "", out);
}

/* The members that describe the mapping. */
static void write_table(struct schema *schema, const struct definition *in)
{
    const struct key_table *table = in->table;
    FILE *out = schema->out;
    const char *before = "";

    fprintf(out, "\"type\": %s,\n      \"properties\": {",
            table->may_be_null ? "[\"object\", \"null\"]" : "\"object\"");
    for (size_t i = 0; i < table->key_count; i++) {
        if (table->keys[i].flags & KEY_HIDDEN)
            continue;
        fputs(before, out);
        write_key(schema, in, &table->keys[i]);
        before = ",";
    }
    fputs("},\n      \"additionalProperties\": false", out);
    write_required(out, table);
    write_operations(out, table);
    if (table->selector)
        write_selected(out, table);
    if (table->scopes)
        write_scopes(out, table);
}

static void write_definition(struct schema *schema, const struct definition *in)
{
    FILE *out = schema->out;
    const char *alone = in->table->short_key;

    fprintf(out, "    \"%s\": {", in->name);
    if (alone) {
        const struct key *key = key_find(in->table, alone);
        fputs("\"anyOf\": [{", out);
        write_value(schema, key, key->kind, in->is_repeated);
        fputs("}, {", out);
    }
    write_table(schema, in);
    fputs(alone ? "}]}" : "}", out);
}

bool scenario_schema_print(FILE *out)
{
    struct schema *schema = calloc(1, sizeof *schema);
    if (!schema)
        return false;
    schema->out = out;
    schema->is_ok = true;
    collect(schema, &scenario_table, "scenario", "", false);
    fputs("{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\""
          ",\n  \"title\": \"lowtide scenario\",\n  \"$ref\": "
          "\"#/$defs/scenario\",\n  \"$defs\": {\n",
          out);
    for (size_t i = 0; i < schema->count; i++) {
        write_definition(schema, &schema->definitions[i]);
        fputs(",\n", out);
    }
    for (size_t kind = 0; kind < KIND_COUNT; kind++) {
        if (!kind_names[kind])
            continue;
        write_kind(out, (enum key_kind)kind);
        fputs(",\n", out);
    }
    fputs("    \"run_number\": {\"description\": \"{n} is the number of the "
          "run of a repeated event\", \"type\": \"string\", \"pattern\": "
          "\"[{]n[}]\"}\n  }\n}\n",
          out);
    bool is_ok = schema->is_ok && schema->count < MAX_TABLES;
    free(schema);
    return is_ok;
}
