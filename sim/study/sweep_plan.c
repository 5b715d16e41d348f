/*
 * From combinations to runs: each makes a scenario, which is checked, and
 * whose text is most of the key.
 *
 *   digest of a combination = SHA-256(version, text with seed 0, contents of
 *                                     the files it reads)
 *   key of a run            = SHA-256(digest, seed)
 *
 * so that a scenario is read once a combination, not once a run, and a study's
 * base seed may change without changing the keys of seeds that stay.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "record/json.h"
#include "study/sweep.h"
#include "version.h"

enum {
    SEED_BYTES = 24,
    MESSAGE_BYTES = 1024,
    READ_BYTES = 64 * 1024,
    PARAM_PREFIX = 6, /* "param." */
};

/* A file that a run reads, hashed once. */
struct content {
    char *path; /* owned */
    uint8_t digest[SHA256_BYTES];
};

struct planning {
    struct sweep *sweep;
    struct scenario_errors *errors;
    struct content *contents; /* owned */
    size_t content_count;
};

/* --- the scenario of a combination ---------------------------------------- */

/* What a value changes in the scenario; its text is the caller's to free, NULL:
 * out of memory. */
static struct scenario_override override_of(const char *key, const char *value)
{
    struct scenario_override override = {OVERRIDE_SET, NULL};
    size_t bytes = strlen(key) + strlen(value) + 2;
    char *text = malloc(bytes);
    if (!text)
        return override;
    if (strcmp(key, "policy") == 0 || strcmp(key, "memory") == 0) {
        override.kind = key[0] == 'p' ? OVERRIDE_POLICY : OVERRIDE_MEMORY;
        memcpy(text, value, strlen(value) + 1);
    } else if (strncmp(key, "param.", PARAM_PREFIX) == 0) {
        override.kind = OVERRIDE_PARAM;
        snprintf(text, bytes, "%s=%s", key + PARAM_PREFIX, value);
    } else {
        snprintf(text, bytes, "%s=%s", key, value);
    }
    override.text = text;
    return override;
}

/* A combination's changes, and where each comes from. */
struct changes {
    struct scenario_override *list;          /* owned, and its texts */
    const struct sweep_value **values;       /* owned array */
    const struct sweep_variable **variables; /* owned array */
    size_t count;
};

static void changes_release(struct changes *changes)
{
    for (size_t i = 0; i < changes->count; i++)
        free((void *)(uintptr_t)changes->list[i].text);
    free(changes->list);
    free((void *)changes->values);
    free((void *)changes->variables);
}

static bool changes_make(struct changes *changes, const struct sweep *sweep,
                         const struct sweep_combination *combination,
                         uint64_t seed)
{
    size_t most = sweep->variable_count + 1;
    char seed_text[SEED_BYTES];
    *changes = (struct changes){
        .list = calloc(most, sizeof *changes->list),
        .values = calloc(most, sizeof *changes->values),
        .variables = calloc(most, sizeof *changes->variables),
    };
    if (!changes->list || !changes->values || !changes->variables)
        return false;
    for (size_t v = 0; combination && v < sweep->variable_count; v++) {
        const struct sweep_variable *variable = &sweep->variables[v];
        const struct sweep_value *value = &combination->values[v];
        if (variable->key[0] == '$' || !value->text)
            continue;
        size_t i = changes->count++;
        changes->list[i] = override_of(variable->key, value->text);
        changes->values[i] = value;
        changes->variables[i] = variable;
        if (!changes->list[i].text)
            return false;
    }
    snprintf(seed_text, sizeof seed_text, "%llu", (unsigned long long)seed);
    struct scenario_override *last = &changes->list[changes->count++];
    *last = (struct scenario_override){OVERRIDE_SEED, strdup(seed_text)};
    return last->text != NULL;
}

/* --- errors --------------------------------------------------------------- */

/* "--set KEY=VALUE: " at the beginning of a message; its length, or 0. */
static size_t prefix_length(const struct scenario_override *override,
                            const char *message)
{
    static const char *const options[] = {
        [OVERRIDE_SET] = "--set ",       [OVERRIDE_POLICY] = "--policy ",
        [OVERRIDE_PARAM] = "--param ",   [OVERRIDE_SEED] = "--seed ",
        [OVERRIDE_MEMORY] = "--memory ",
    };
    const char *option = options[override->kind];
    size_t length = strlen(option), text_length = strlen(override->text);
    if (strncmp(message, option, length) != 0 ||
        strncmp(message + length, override->text, text_length) != 0 ||
        strncmp(message + length + text_length, ": ", 2) != 0)
        return 0;
    return length + text_length + 2;
}

/*
 * A message about the scenario as the study changes it: what is wrong with a
 * change is wrong at its place in the study. The key is, where it is unknown.
 */
static void add_error(struct scenario_errors *errors, const struct sweep *sweep,
                      const struct changes *changes, const char *message)
{
    static const char unknown[] = "unknown key";
    for (size_t i = 0; i + 1 < changes->count; i++) {
        size_t length = prefix_length(&changes->list[i], message);
        if (length == 0)
            continue;
        const char *rest = message + length;
        struct scenario_place place =
            strncmp(rest, unknown, sizeof unknown - 1) == 0
                ? changes->variables[i]->place
                : changes->values[i]->place;
        scenario_errors_add(errors, sweep->path, place.line, place.column, "%s",
                            rest);
        return;
    }
    /* "PLACE: what": added as it is */
    const char *colon = strstr(message, ": ");
    size_t length = colon ? (size_t)(colon - message) : 0;
    char place[MESSAGE_BYTES];
    snprintf(place, sizeof place, "%.*s", (int)length, message);
    scenario_errors_add(errors, colon ? place : sweep->path, 0, 0, "%s",
                        colon ? colon + 2 : message);
}

static enum study_status load_changed(const struct sweep *sweep,
                                      const struct changes *changes,
                                      struct scenario **scenario,
                                      struct scenario_errors *errors)
{
    char message[MESSAGE_BYTES];
    struct scenario_errors found;
    scenario_errors_init(&found);
    enum scenario_result result = scenario_load(
        sweep->scenario, changes->list, changes->count, scenario, &found);
    for (size_t i = 0; i < found.count; i++)
        add_error(errors, sweep, changes, found.list[i].text);
    scenario_errors_release(&found);
    if (result != SCENARIO_OK)
        return result == SCENARIO_NO_MEMORY ? STUDY_HOST : STUDY_INPUT;
    if (world_check(*scenario, false, message, sizeof message))
        return STUDY_OK;
    add_error(errors, sweep, changes, message);
    scenario_free(*scenario);
    *scenario = NULL;
    return STUDY_INPUT;
}

enum study_status sweep_load(const struct sweep *sweep,
                             const struct sweep_combination *combination,
                             uint64_t seed, struct scenario **scenario,
                             struct scenario_errors *errors)
{
    struct changes changes;
    *scenario = NULL;
    enum study_status status = STUDY_HOST;
    if (changes_make(&changes, sweep, combination, seed))
        status = load_changed(sweep, &changes, scenario, errors);
    changes_release(&changes);
    return status;
}

/* --- contents ------------------------------------------------------------- */

static bool hash_file(const char *path, uint8_t digest[SHA256_BYTES])
{
    unsigned char bytes[READ_BYTES];
    struct sha256 sha;
    size_t got;
    FILE *file = fopen(path, "rbe");
    if (!file)
        return false;
    sha256_init(&sha);
    while ((got = fread(bytes, 1, sizeof bytes, file)) > 0)
        sha256_update(&sha, bytes, got);
    sha256_final(&sha, digest);
    bool is_well = !ferror(file);
    fclose(file);
    return is_well;
}

/* Add a file's contents to a hash. */
static enum study_status add_content(struct planning *planning,
                                     const char *path, struct sha256 *sha)
{
    struct content content;
    for (size_t i = 0; i < planning->content_count; i++)
        if (strcmp(planning->contents[i].path, path) == 0) {
            sha256_update(sha, planning->contents[i].digest, SHA256_BYTES);
            return STUDY_OK;
        }
    if (!hash_file(path, content.digest)) {
        scenario_errors_add(planning->errors, path, 0, 0, "can't be read: %s",
                            strerror(errno));
        return STUDY_INPUT;
    }
    struct content *grown = realloc(
        planning->contents, (planning->content_count + 1) * sizeof *grown);
    if (!grown)
        return STUDY_HOST;
    planning->contents = grown;
    content.path = strdup(path);
    if (!content.path)
        return STUDY_HOST;
    grown[planning->content_count++] = content;
    sha256_update(sha, content.digest, SHA256_BYTES);
    return STUDY_OK;
}

static enum study_status add_pattern(struct planning *planning,
                                     const struct scenario_pattern *pattern,
                                     struct sha256 *sha)
{
    enum study_status status = STUDY_OK;
    if (pattern->kind == PATTERN_TRACE)
        return add_content(planning, pattern->trace.file, sha);
    for (size_t p = 0; status == STUDY_OK && p < pattern->phase_count; p++)
        status = add_pattern(planning, &pattern->phases[p].pattern, sha);
    return status;
}

static bool is_plug_in(const char *policy)
{
    size_t length = strlen(policy);
    return length > 3 && strcmp(policy + length - 3, ".so") == 0;
}

static enum study_status hash_scenario(struct planning *planning,
                                       const struct scenario *scenario,
                                       uint8_t digest[SHA256_BYTES])
{
    static const char version[] = "lowtide " LOWTIDE_VERSION "\n";
    struct sha256 sha;
    enum study_status status = STUDY_OK;
    sha256_init(&sha);
    sha256_update(&sha, version, sizeof version);
    sha256_update(&sha, scenario->text_after, scenario->text_after_bytes);
    for (size_t w = 0; status == STUDY_OK && w < scenario->workload_count; w++)
        status = add_pattern(planning, &scenario->workloads[w].pattern, &sha);
    if (status == STUDY_OK && is_plug_in(scenario->reclaim.policy))
        status = add_content(planning, scenario->reclaim.policy, &sha);
    sha256_final(&sha, digest);
    return status;
}

/* --- the plan ------------------------------------------------------------- */

/* The scenario as it is written: its seed, its page size, and its errors. */
static enum study_status look_at_scenario(struct sweep *sweep,
                                          struct scenario_errors *errors)
{
    struct scenario *scenario = NULL;
    struct scenario_errors found;
    scenario_errors_init(&found);
    enum scenario_result result =
        scenario_load(sweep->scenario, NULL, 0, &scenario, &found);
    for (size_t i = 0; i < found.count; i++)
        scenario_errors_add(errors, sweep->path, sweep->scenario_place.line,
                            sweep->scenario_place.column, "%s",
                            found.list[i].text);
    scenario_errors_release(&found);
    if (result != SCENARIO_OK)
        return result == SCENARIO_NO_MEMORY ? STUDY_HOST : STUDY_INPUT;
    sweep->page_bytes = scenario->machine.page_bytes;
    if (!sweep->has_seed)
        sweep->first_seed = scenario->seed;
    scenario_free(scenario);
    return STUDY_OK;
}

/* All of them, so that all errors are found. */
static enum study_status check_combinations(struct planning *planning)
{
    struct sweep *sweep = planning->sweep;
    enum study_status worst = STUDY_OK;
    for (size_t c = 0; c < sweep->combination_count && worst < STUDY_HOST &&
                       planning->errors->total < SCENARIO_MAX_ERRORS;
         c++) {
        struct sweep_combination *combination = &sweep->combinations[c];
        struct scenario *scenario;
        enum study_status status =
            sweep_load(sweep, combination, 0, &scenario, planning->errors);
        if (status == STUDY_OK)
            status = hash_scenario(planning, scenario, combination->digest);
        scenario_free(scenario);
        worst = status > worst ? status : worst;
    }
    return worst;
}

static void key_of(const struct sweep_run *run, char key[SHA256_HEX_SIZE])
{
    struct sha256 sha;
    uint8_t digest[SHA256_BYTES];
    char seed[SEED_BYTES];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)run->seed);
    sha256_init(&sha);
    sha256_update(&sha, run->combination->digest, SHA256_BYTES);
    sha256_update(&sha, seed, strlen(seed));
    sha256_final(&sha, digest);
    sha256_hex(digest, sizeof digest, key);
}

static bool make_runs(struct sweep *sweep)
{
    sweep->run_count = sweep->combination_count * (size_t)sweep->repetitions;
    sweep->runs = calloc(sweep->run_count, sizeof *sweep->runs);
    for (size_t r = 0; sweep->runs && r < sweep->run_count; r++) {
        struct sweep_run *run = &sweep->runs[r];
        run->combination = &sweep->combinations[r % sweep->combination_count];
        run->repetition = r / sweep->combination_count;
        run->seed = sweep->first_seed + run->repetition;
        key_of(run, run->key);
    }
    return sweep->runs != NULL;
}

static int compare_digests(const void *left, const void *right)
{
    const struct sweep_combination *a =
        *(const struct sweep_combination *const *)left;
    const struct sweep_combination *b =
        *(const struct sweep_combination *const *)right;
    int order = memcmp(a->digest, b->digest, SHA256_BYTES);
    return order != 0 ? order : (a > b) - (a < b);
}

/* Two combinations that make one scenario: what is meant is not what is said.
 */
static enum study_status check_distinct(struct sweep *sweep,
                                        struct scenario_errors *errors)
{
    size_t count = sweep->combination_count;
    char text[MESSAGE_BYTES / 2], other[MESSAGE_BYTES / 2];
    enum study_status status = STUDY_OK;
    const struct sweep_combination **sorted = calloc(count, sizeof *sorted);
    if (!sorted)
        return STUDY_HOST;
    for (size_t c = 0; c < count; c++)
        sorted[c] = &sweep->combinations[c];
    qsort(sorted, count, sizeof *sorted, compare_digests);
    for (size_t c = 1; c < count; c++) {
        if (memcmp(sorted[c - 1]->digest, sorted[c]->digest, SHA256_BYTES) != 0)
            continue;
        sweep_describe(sweep, sorted[c - 1], text, sizeof text);
        sweep_describe(sweep, sorted[c], other, sizeof other);
        scenario_errors_add(errors, sweep->path, sweep->variables[0].place.line,
                            sweep->variables[0].place.column,
                            "two combinations are one run: %s and %s", text,
                            other);
        status = STUDY_INPUT;
    }
    free(sorted);
    return status;
}

enum study_status sweep_plan(struct sweep *sweep,
                             struct scenario_errors *errors)
{
    struct planning planning = {.sweep = sweep, .errors = errors};
    size_t first = errors->count;
    enum study_status status = look_at_scenario(sweep, errors);
    if (status == STUDY_OK)
        status = sweep_expand(sweep, errors);
    if (status == STUDY_OK)
        status = check_combinations(&planning);
    if (status == STUDY_OK)
        status = check_distinct(sweep, errors);
    if (status == STUDY_OK && !make_runs(sweep))
        status = STUDY_HOST;
    for (size_t i = 0; i < planning.content_count; i++)
        free(planning.contents[i].path);
    free(planning.contents);
    scenario_errors_sort(errors, first);
    return status;
}

/* --- names ---------------------------------------------------------------- */

void sweep_describe(const struct sweep *sweep,
                    const struct sweep_combination *combination, char *text,
                    size_t bytes)
{
    size_t length = 0;
    text[0] = '\0';
    for (size_t v = 0; v < sweep->variable_count && length < bytes; v++) {
        const char *value = combination->values[v].text;
        length += (size_t)snprintf(
            text + length, bytes - length, "%s%s=%s", v > 0 ? " " : "",
            sweep_variable_name(&sweep->variables[v]), value ? value : "~");
    }
}

void sweep_write_variables(FILE *out, const struct sweep *sweep,
                           const struct sweep_combination *combination)
{
    fputc('{', out);
    for (size_t v = 0; v < sweep->variable_count; v++) {
        fputs(v > 0 ? ", " : "", out);
        json_write_string(out, sweep_variable_name(&sweep->variables[v]));
        fputs(": ", out);
        json_write_string(out, combination->values[v].text);
    }
    fputc('}', out);
}
