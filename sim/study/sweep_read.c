/*
 * A study from its file. The grid's keys are the scenario's, which only the
 * scenario can judge (sweep_plan.c); here it is what stands where, and ranges.
 * libcyaml has no maps with free keys, so the tree is read as it is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/report.h"
#include "scenario/text_file.h"
#include "scenario/values.h"
#include "study/sweep_values.h"

enum { MAX_FILE_BYTES = 16 << 20, MESSAGE_BYTES = 200 };

struct reading {
    struct sweep *sweep;
    struct arena *arena;
    struct reporter reporter;
    size_t variable_capacity, axis_capacity;
    bool no_memory;
};

/* --- nodes ---------------------------------------------------------------- */

/* The text of a value; NULL: reported. */
static const char *text_of(struct reading *reading,
                           const struct yaml_node *node, const char *wanted)
{
    if (node->kind == YAML_TEXT && !yaml_node_is_null(node))
        return node->text;
    report(&reading->reporter, node->place, "expected %s for '%s', got %s",
           wanted, node->key ? node->key : "an entry",
           node->kind == YAML_MAP    ? "a mapping"
           : node->kind == YAML_LIST ? "a list"
                                     : "nothing");
    return NULL;
}

/* Keys that are none of `known` (ends with NULL) or come twice are reported. */
static void check_keys(struct reading *reading, const struct yaml_node *map,
                       const char *const *known)
{
    for (const struct yaml_node *node = map->first; node; node = node->next) {
        struct choice choice;
        bool is_known = false;
        choice_init(&choice, node->key);
        for (size_t k = 0; known[k]; k++) {
            is_known = is_known || strcmp(known[k], node->key) == 0;
            choice_add(&choice, known[k]);
        }
        if (!is_known)
            report(&reading->reporter, node->key_place, "unknown key '%.60s'%s",
                   node->key, choice_text(&choice));
        else if (yaml_node_find(map, node->key) != node)
            report(&reading->reporter, node->key_place,
                   "key '%.60s' is there twice", node->key);
    }
}

/* A number from `least` on; false: reported, or not there. */
static bool read_number(struct reading *reading, const char *key,
                        uint64_t least, uint64_t most, uint64_t *number)
{
    const struct yaml_node *node =
        yaml_node_find(reading->sweep->tree.root, key);
    const char *text = node ? text_of(reading, node, "a number") : NULL;
    uint64_t read;
    if (!text)
        return false;
    if (value_content(text, &read) != VALUE_OK || read < least || read > most) {
        report(&reading->reporter, node->place,
               "expected a number from %llu to %llu for '%s', got '%.60s'",
               (unsigned long long)least, (unsigned long long)most, key, text);
        return false;
    }
    *number = read;
    return true;
}

/* --- values of a variable ------------------------------------------------- */

static void read_range(struct reading *reading, const struct yaml_node *map,
                       struct sweep_variable *variable)
{
    static const char *const keys[] = {"from",  "to",      "step", "factor",
                                       "count", "spacing", NULL};
    const char *texts[sizeof keys / sizeof keys[0]] = {NULL};
    char message[MESSAGE_BYTES];
    size_t found = reading->reporter.found;
    check_keys(reading, map, keys);
    for (size_t k = 0; keys[k]; k++) {
        const struct yaml_node *node = yaml_node_find(map, keys[k]);
        texts[k] = node ? text_of(reading, node, "a value") : NULL;
    }
    if (texts[5] && strcmp(texts[5], "linear") != 0 &&
        strcmp(texts[5], "geometric") != 0)
        report(&reading->reporter, yaml_node_find(map, "spacing")->place,
               "unknown value '%.60s' for 'spacing'; accepted: linear, "
               "geometric",
               texts[5]);
    if (reading->reporter.found > found)
        return;
    const struct sweep_range range = {
        .from = texts[0],
        .to = texts[1],
        .step = texts[2],
        .factor = texts[3],
        .count = texts[4],
        .is_geometric = texts[5] && strcmp(texts[5], "geometric") == 0,
    };
    if (!sweep_range_values(&range, reading->arena, &variable->values,
                            &variable->value_count, message, sizeof message)) {
        variable->value_count = 0;
        if (message[0])
            report(&reading->reporter, map->place, "%s", message);
        else
            reading->no_memory = true;
    }
    for (size_t i = 0; i < variable->value_count; i++)
        variable->values[i].place = map->place;
}

static bool is_value(struct reading *reading, const struct yaml_node *node)
{
    if (yaml_node_is_null(node))
        return true;
    if (!text_of(reading, node, "a value"))
        return false;
    if (node->text[0])
        return true;
    report(&reading->reporter, node->place, "a value is empty");
    return false;
}

static bool is_same_value(const struct sweep_value *left,
                          const struct sweep_value *right)
{
    return left->text && right->text ? strcmp(left->text, right->text) == 0
                                     : left->text == right->text;
}

/* `node`, and where it is a list, `count` entries from `entry` on. */
static void read_list(struct reading *reading, const struct yaml_node *entry,
                      size_t count, bool may_repeat,
                      struct sweep_variable *variable)
{
    variable->values =
        arena_array(reading->arena, count, sizeof *variable->values);
    if (!variable->values) {
        reading->no_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++, entry = entry->next) {
        struct sweep_value *value = &variable->values[variable->value_count];
        if (!is_value(reading, entry))
            continue;
        *value = (struct sweep_value){
            yaml_node_is_null(entry) ? NULL : entry->text, entry->place};
        variable->value_count++;
        for (struct sweep_value *other = variable->values;
             !may_repeat && other < value; other++)
            if (is_same_value(other, value))
                report(&reading->reporter, value->place,
                       "'%.60s' has the value '%.60s' twice", variable->key,
                       value->text ? value->text : "~");
    }
}

static void read_values(struct reading *reading, const struct yaml_node *node,
                        bool may_repeat, struct sweep_variable *variable)
{
    if (node->kind == YAML_MAP)
        read_range(reading, node, variable);
    else if (node->kind == YAML_TEXT)
        read_list(reading, node, 1, may_repeat, variable);
    else if (node->child_count == 0)
        report(&reading->reporter, node->place, "'%.60s' has no values",
               variable->key);
    else if (node->child_count > SWEEP_MAX_VALUES)
        report(&reading->reporter, node->place,
               "'%.60s' has more than %d values", variable->key,
               SWEEP_MAX_VALUES);
    else
        read_list(reading, node->first, node->child_count, may_repeat,
                  variable);
}

/* --- variables ------------------------------------------------------------ */

/* What the key sets: short names have a path of the scenario too. */
static const char *target_of(const char *key)
{
    if (strcmp(key, "policy") == 0)
        return "reclaim.policy";
    return strcmp(key, "memory") == 0 ? "machine.memory" : key;
}

static void check_variable(struct reading *reading,
                           const struct sweep_variable *variable)
{
    const struct sweep *sweep = reading->sweep;
    const char *key = variable->key;
    if (strcmp(key, "seed") == 0)
        report(&reading->reporter, variable->place,
               "'seed' is no variable: 'repetitions' and 'seed' beside the "
               "grid say which there are");
    if (key[0] == '$' && (value_name(key + 1) != VALUE_OK || strchr(key, '.') ||
                          strchr(key, '-')))
        report(&reading->reporter, variable->place,
               "'%.60s' is no name: letters, digits and '_' are wanted behind "
               "'$'",
               key);
    if (strcmp(key, "param.") == 0 || key[0] == '\0')
        report(&reading->reporter, variable->place, "a key is empty");
    for (size_t v = 0; v < sweep->variable_count; v++) {
        const struct sweep_variable *other = &sweep->variables[v];
        if (strcmp(target_of(other->key), target_of(key)) != 0)
            continue;
        report(&reading->reporter, variable->place,
               "'%.60s' is in the grid twice: also on line %u", key,
               other->place.line);
        break;
    }
}

static void add_variable(struct reading *reading, const struct yaml_node *node,
                         bool is_zipped)
{
    struct sweep *sweep = reading->sweep;
    struct sweep_variable variable = {.key = node->key,
                                      .place = node->key_place};
    check_variable(reading, &variable);
    read_values(reading, node, is_zipped, &variable);
    if (sweep->variable_count < reading->variable_capacity)
        sweep->variables[sweep->variable_count++] = variable;
}

static void add_axis(struct reading *reading, size_t first)
{
    struct sweep *sweep = reading->sweep;
    size_t count = sweep->variable_count - first;
    if (count == 0 || sweep->axis_count == reading->axis_capacity)
        return;
    const struct sweep_variable *lead = &sweep->variables[first];
    for (size_t v = 1; v < count; v++)
        if (lead[v].value_count != lead->value_count &&
            lead[v].value_count > 0 && lead->value_count > 0)
            report(&reading->reporter, lead[v].place,
                   "'%.60s' has %zu values, '%.60s', which it moves with, has "
                   "%zu",
                   lead[v].key, lead[v].value_count, lead->key,
                   lead->value_count);
    sweep->axes[sweep->axis_count++] =
        (struct sweep_axis){first, count, lead->value_count};
}

static void read_group(struct reading *reading, const struct yaml_node *group)
{
    size_t first = reading->sweep->variable_count;
    if (group->kind != YAML_MAP) {
        report(&reading->reporter, group->place,
               "expected a mapping of variables that move together");
        return;
    }
    for (const struct yaml_node *node = group->first; node; node = node->next)
        add_variable(reading, node, true);
    add_axis(reading, first);
}

/* One group, or a list of them. */
static void read_zip(struct reading *reading, const struct yaml_node *zip)
{
    if (zip->kind != YAML_LIST) {
        read_group(reading, zip);
        return;
    }
    for (const struct yaml_node *node = zip->first; node; node = node->next)
        read_group(reading, node);
}

static bool is_zip(const struct yaml_node *node)
{
    return strcmp(node->key, "zip") == 0;
}

static void read_grid(struct reading *reading)
{
    struct sweep *sweep = reading->sweep;
    const struct yaml_node *grid = yaml_node_find(sweep->tree.root, "grid");
    size_t capacity = sweep->tree.node_count;
    if (!grid || yaml_node_is_null(grid))
        return; /* the scenario as it is, repeated */
    if (grid->kind != YAML_MAP) {
        report(&reading->reporter, grid->place,
               "expected a mapping of keys to values for 'grid'");
        return;
    }
    sweep->variables =
        arena_array(reading->arena, capacity, sizeof *sweep->variables);
    sweep->axes = arena_array(reading->arena, capacity, sizeof *sweep->axes);
    if (!sweep->variables || !sweep->axes) {
        reading->no_memory = true;
        return;
    }
    reading->variable_capacity = reading->axis_capacity = capacity;
    for (const struct yaml_node *node = grid->first; node; node = node->next) {
        size_t first = sweep->variable_count;
        if (is_zip(node)) {
            read_zip(reading, node);
            continue;
        }
        add_variable(reading, node, false);
        add_axis(reading, first);
    }
}

/* --- the rest ------------------------------------------------------------- */

/* The study's own, or the file's without folders and .yaml. */
static const char *find_name(struct reading *reading)
{
    const char *path = reading->sweep->path;
    const struct yaml_node *node =
        yaml_node_find(reading->sweep->tree.root, "name");
    if (node) {
        const char *text = text_of(reading, node, "a text");
        if (text && !text[0])
            report(&reading->reporter, node->place, "'name' is empty");
        return text;
    }
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    bool has_ending = dot && dot != name &&
                      (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
    return arena_copy(reading->arena, name,
                      has_ending ? (size_t)(dot - name) : strlen(name));
}

/* Relative to the study's folder. */
static void read_scenario(struct reading *reading)
{
    struct sweep *sweep = reading->sweep;
    const struct yaml_node *node = yaml_node_find(sweep->tree.root, "scenario");
    if (!node) {
        report(&reading->reporter, sweep->tree.root->place,
               "key 'scenario' is missing");
        return;
    }
    const char *text = text_of(reading, node, "a path");
    if (!text)
        return;
    const char *slash = strrchr(sweep->path, '/');
    int folder = slash && text[0] != '/' ? (int)(slash - sweep->path) + 1 : 0;
    size_t bytes = (size_t)folder + strlen(text) + 1;
    char *scenario = arena_alloc(reading->arena, bytes);
    if (scenario)
        snprintf(scenario, bytes, "%.*s%s", folder, sweep->path, text);
    else
        reading->no_memory = true;
    sweep->scenario = scenario;
    sweep->scenario_place = node->place;
}

static void read_study(struct reading *reading)
{
    static const char *const keys[] = {"version",     "name", "description",
                                       "scenario",    "grid", "constraint",
                                       "repetitions", "seed", NULL};
    struct sweep *sweep = reading->sweep;
    const struct yaml_node *root = sweep->tree.root;
    const struct yaml_node *constraint = yaml_node_find(root, "constraint");
    const struct yaml_node *description = yaml_node_find(root, "description");
    uint64_t version;
    check_keys(reading, root, keys);
    if (!yaml_node_find(root, "version"))
        report(&reading->reporter, root->place, "key 'version' is missing");
    read_number(reading, "version", 1, 1, &version);
    sweep->name = find_name(reading);
    if (description)
        text_of(reading, description, "a text");
    read_scenario(reading);
    read_grid(reading);
    if (constraint) {
        sweep->constraint = text_of(reading, constraint, "a condition");
        sweep->constraint_place = constraint->place;
    }
    sweep->repetitions = 1;
    read_number(reading, "repetitions", 1, SWEEP_MAX_RUNS, &sweep->repetitions);
    sweep->has_seed = read_number(
        reading, "seed", 0, UINT64_MAX - SWEEP_MAX_RUNS, &sweep->first_seed);
}

/* --- the file ------------------------------------------------------------- */

static enum study_status read_text(struct reading *reading, const char *text,
                                   size_t bytes)
{
    struct sweep *sweep = reading->sweep;
    struct scenario_errors *errors = reading->reporter.errors;
    size_t total = errors->total;
    if (!yaml_tree_read(&sweep->tree, sweep->path, text, bytes, errors))
        return errors->total > total ? STUDY_INPUT : STUDY_HOST;
    reading->arena = sweep->tree.arena;
    if (sweep->tree.root->kind != YAML_MAP)
        report(&reading->reporter, sweep->tree.root->place,
               "expected a mapping that begins with 'version: 1'");
    else
        read_study(reading);
    if (reading->no_memory || arena_failed(reading->arena))
        return STUDY_HOST;
    return reading->reporter.found > 0 ? STUDY_INPUT : STUDY_OK;
}

enum study_status sweep_read(struct sweep *sweep, const char *path,
                             struct scenario_errors *errors)
{
    size_t bytes = 0, first = errors->count;
    *sweep = (struct sweep){.path = path};
    struct reading reading = {
        .sweep = sweep,
        .reporter = {.path = path, .errors = errors},
    };
    char *text = text_file_read(path, MAX_FILE_BYTES, &bytes);
    if (!text) {
        int error = errno;
        scenario_errors_add(errors, path, 0, 0, "can't be read: %s",
                            strerror(error));
        return error == ENOMEM ? STUDY_HOST : STUDY_INPUT;
    }
    enum study_status status = read_text(&reading, text, bytes);
    free(text);
    if (status == STUDY_HOST)
        scenario_errors_add(errors, path, 0, 0, "out of memory");
    scenario_errors_sort(errors, first);
    return status;
}

void sweep_release(struct sweep *sweep)
{
    yaml_tree_release(&sweep->tree);
    free(sweep->combinations);
    free(sweep->runs);
    *sweep = (struct sweep){0};
}
