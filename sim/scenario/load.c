/*
 * A scenario from its file to the model: read, override, check, decode.
 *
 * Each step goes on past errors where it can, so that one run reports all of
 * them; only broken YAML ends at once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/check.h"
#include "scenario/decode.h"
#include "scenario/override.h"
#include "scenario/text_file.h"

/* Longer files are no scenarios; traces are files of their own. */
#define MAX_FILE_BYTES ((size_t)256 << 20)

/* What is alive while a scenario is loaded. */
struct loading {
    struct scenario *scenario;
    struct reporter reporter;
    struct yaml_tree tree;
    struct names *names;
    struct raw_document raw;
    bool no_memory;
};

/* Names and texts. ------------------------------------------------------ */

/* The file's name without folders and .yaml. */
static const char *default_name(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t length = strlen(name);
    const char *dot = strrchr(name, '.');
    if (dot && dot != name &&
        (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0))
        length = (size_t)(dot - name);
    return arena_copy(arena, name, length);
}

static bool keep_overrides(struct scenario *scenario,
                           const struct scenario_override *overrides,
                           size_t count)
{
    const char **texts = arena_array(scenario->memory, count, sizeof *texts);
    if (!texts)
        return false;
    for (size_t i = 0; i < count; i++) {
        texts[i] = override_text(scenario->memory, &overrides[i]);
        if (!texts[i])
            return false;
    }
    scenario->overrides = texts;
    scenario->override_count = count;
    return true;
}

static struct scenario *scenario_new(const char *path, const char *text,
                                     size_t text_bytes)
{
    struct scenario *scenario = calloc(1, sizeof *scenario);
    if (!scenario)
        return NULL;
    scenario->memory = arena_new();
    if (!scenario->memory) {
        free(scenario);
        return NULL;
    }
    struct arena *arena = scenario->memory;
    scenario->path = arena_copy(arena, path, strlen(path));
    scenario->text = arena_copy(arena, text, text_bytes);
    scenario->text_bytes = text_bytes;
    scenario->text_after = scenario->text;
    scenario->text_after_bytes = text_bytes;
    return scenario;
}

void scenario_free(struct scenario *scenario)
{
    if (!scenario)
        return;
    if (scenario->raw) {
        raw_release(scenario->raw);
        free(scenario->raw);
    }
    arena_free(scenario->memory);
    free(scenario);
}

/* Steps. ---------------------------------------------------------------- */

static bool apply_overrides(struct loading *loading,
                            const struct scenario_override *overrides,
                            size_t count)
{
    struct scenario *scenario = loading->scenario;
    for (size_t i = 0; i < count; i++)
        if (!override_apply(&loading->tree, i, &overrides[i],
                            &loading->reporter))
            return false;
    if (count == 0)
        return true;
    size_t bytes;
    char *text = yaml_tree_write(&loading->tree, &bytes);
    if (!text)
        return false;
    scenario->text_after = arena_copy(scenario->memory, text, bytes);
    scenario->text_after_bytes = bytes;
    free(text);
    return scenario->text_after != NULL;
}

static bool keep_places(struct loading *loading)
{
    const struct yaml_tree *tree = &loading->tree;
    struct node_places *places = arena_array(loading->scenario->memory,
                                             tree->node_count, sizeof *places);
    if (!places)
        return false;
    for (size_t i = 0; i < tree->node_count; i++)
        places[i] = (struct node_places){.node = tree->nodes[i]->place,
                                         .key = tree->nodes[i]->key_place};
    loading->scenario->places = places;
    return true;
}

static bool read_raw(struct loading *loading)
{
    size_t bytes;
    char problem[200];
    char *text = raw_canonical_text(&loading->tree, &bytes);
    if (!text)
        return false;
    bool decoded =
        raw_decode(&loading->raw, text, bytes, problem, sizeof problem);
    free(text);
    if (!decoded && problem[0] != '\0')
        report(&loading->reporter, (struct scenario_place){0},
               "can't be decoded: %s", problem);
    return decoded;
}

/* Sizes are counted in pages of this many bytes. */
static uint64_t find_page_bytes(const struct raw_record *root)
{
    const struct key *machine = key_find(&scenario_table, "machine");
    const struct key *key = key_find(machine->table, "page_size");
    struct raw_value value =
        raw_value(raw_map(root, key_index(&scenario_table, machine)),
                  key_index(machine->table, key));
    int bytes = 0;
    if (!value.text || !word_find(key->words, value.text, &bytes))
        word_find(key->words, key->default_text, &bytes);
    return (uint64_t)bytes;
}

static bool predefine(struct names *names)
{
    struct scenario_place nowhere = {0};
    const struct scenario_place *before;
    return names_make(names, MAKES_PAGER, SCENARIO_MANUAL_PAGER, 1, 0, nowhere,
                      &before) &&
           names_make(names, MAKES_PROCESS, SCENARIO_SCRIPT_PROCESS, 1, 0,
                      nowhere, &before);
}

static bool check_name(struct loading *loading)
{
    struct scenario *scenario = loading->scenario;
    if (!scenario->name) {
        scenario->name = default_name(scenario->memory, scenario->path);
        return scenario->name != NULL;
    }
    const struct yaml_node *node = yaml_node_find(loading->tree.root, "name");
    if (scenario->name[0] == '\0' && node)
        report(&loading->reporter, node->place, "'name' is empty");
    return true;
}

static bool decode(struct loading *loading)
{
    struct scenario *scenario = loading->scenario;
    struct decoder decoder = {.reporter = loading->reporter,
                              .arena = scenario->memory,
                              .scenario = scenario,
                              .places = scenario->places,
                              .names = loading->names,
                              .page_bytes = find_page_bytes(loading->raw.root),
                              .run_count = 1};
    bool done =
        decode_record(&decoder, &scenario_table, loading->raw.root, scenario);
    loading->reporter = decoder.reporter;
    if (scenario->duration == SIM_NS_INFINITE)
        scenario->has_duration = false;
    return done && check_name(loading);
}

/* Events that vary are decoded again, run by run. */
static bool keep_raw(struct loading *loading)
{
    struct scenario *scenario = loading->scenario;
    bool varies = false;
    for (size_t i = 0; i < scenario->event_count && !varies; i++)
        varies = scenario->events[i].varies;
    if (!varies) {
        scenario->places = NULL;
        return true;
    }
    scenario->raw = malloc(sizeof *scenario->raw);
    if (!scenario->raw)
        return false;
    *scenario->raw = loading->raw;
    loading->raw = (struct raw_document){0};
    return true;
}

/* Returns false when memory ran out or nothing more can be found. */
static bool load_steps(struct loading *loading,
                       const struct scenario_override *overrides, size_t count)
{
    struct scenario *scenario = loading->scenario;
    struct scenario_errors *errors = loading->reporter.errors;
    size_t total = errors->total;
    if (!yaml_tree_read(&loading->tree, scenario->path, scenario->text,
                        scenario->text_bytes, errors)) {
        loading->reporter.found += errors->total - total;
        return false;
    }
    loading->names = names_new();
    return loading->names && predefine(loading->names) &&
           apply_overrides(loading, overrides, count) &&
           check_tree(&loading->tree, &loading->reporter) &&
           keep_places(loading) && read_raw(loading) && decode(loading) &&
           keep_raw(loading);
}

/* Both out of memory and nothing reported: say so. */
static enum scenario_result find_result(struct loading *loading, bool done)
{
    if (loading->reporter.found > 0)
        return SCENARIO_BAD;
    if (done)
        return SCENARIO_OK;
    scenario_errors_add(loading->reporter.errors, loading->scenario->path, 0, 0,
                        "out of memory");
    return SCENARIO_NO_MEMORY;
}

enum scenario_result
scenario_load_text(const char *path, const char *text, size_t text_bytes,
                   const struct scenario_override *overrides,
                   size_t override_count, struct scenario **out,
                   struct scenario_errors *errors)
{
    size_t first_error = errors->count;
    struct loading loading = {.scenario = scenario_new(path, text, text_bytes)};
    *out = NULL;
    if (!loading.scenario || arena_failed(loading.scenario->memory) ||
        !keep_overrides(loading.scenario, overrides, override_count)) {
        scenario_free(loading.scenario);
        scenario_errors_add(errors, path, 0, 0, "out of memory");
        return SCENARIO_NO_MEMORY;
    }
    loading.reporter =
        (struct reporter){.path = loading.scenario->path,
                          .overrides = loading.scenario->overrides,
                          .errors = errors};
    bool done = load_steps(&loading, overrides, override_count);
    enum scenario_result result = find_result(&loading, done);
    scenario_errors_sort(errors, first_error);
    names_free(loading.names);
    raw_release(&loading.raw);
    yaml_tree_release(&loading.tree);
    if (result == SCENARIO_OK)
        *out = loading.scenario;
    else
        scenario_free(loading.scenario);
    return result;
}

/* Files. ---------------------------------------------------------------- */

enum scenario_result scenario_load(const char *path,
                                   const struct scenario_override *overrides,
                                   size_t override_count, struct scenario **out,
                                   struct scenario_errors *errors)
{
    size_t bytes;
    char *text = text_file_read(path, MAX_FILE_BYTES, &bytes);
    *out = NULL;
    if (!text) {
        int error = errno;
        scenario_errors_add(errors, path, 0, 0, "can't be read: %s",
                            strerror(error));
        return error == ENOMEM ? SCENARIO_NO_MEMORY : SCENARIO_BAD;
    }
    enum scenario_result result = scenario_load_text(
        path, text, bytes, overrides, override_count, out, errors);
    free(text);
    return result;
}
