/*
 * From axes to combinations, without those that the constraint excludes.
 *
 * A combination has one value of each variable. `$NAME` in a value is replaced
 * by that variable's; what `$` variables say is not looked into again, so that
 * there is no order to get wrong and no circle.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/report.h"
#include "study/expression.h"
#include "study/sweep_values.h"

enum { MESSAGE_BYTES = 512 };

/* What a name of the constraint stands for. */
struct constraint_name {
    size_t variable;
    const char *word; /* 1 where the variable has this value; NULL: a number */
    double constant;  /* `variable` is NO_VARIABLE: 64MiB */
};

#define NO_VARIABLE SIZE_MAX

struct expansion {
    struct sweep *sweep;
    struct arena *arena;
    struct reporter reporter;
    struct expression constraint;
    struct constraint_name names[EXPRESSION_MAX_STEPS + 1];
    size_t name_count;
    const struct sweep_value *values; /* of the combination looked at */
    size_t capacity;                  /* of the combinations */
    bool no_memory;
};

const char *sweep_variable_name(const struct sweep_variable *variable)
{
    return variable->key + (variable->key[0] == '$');
}

/* --- the constraint's names ----------------------------------------------- */

/* `threads` and `feed.threads` are short for `workloads.feed.threads`. */
static bool is_called(const struct sweep_variable *variable, const char *name)
{
    const char *key = sweep_variable_name(variable);
    size_t length = strlen(key), short_length = strlen(name);
    if (strcmp(key, name) == 0)
        return true;
    return short_length < length && key[length - short_length - 1] == '.' &&
           strcmp(key + length - short_length, name) == 0;
}

/* How many variables the name may mean; an exact one is the only one. */
static size_t find_variables(const struct sweep *sweep, const char *name,
                             size_t *variable)
{
    size_t found = 0;
    for (size_t v = 0; v < sweep->variable_count; v++) {
        if (!is_called(&sweep->variables[v], name))
            continue;
        *variable = v;
        found++;
        if (strcmp(sweep_variable_name(&sweep->variables[v]), name) == 0)
            return 1;
    }
    return found;
}

static bool refuse_name(const struct sweep *sweep, const char *name,
                        size_t found, char *message, size_t message_bytes)
{
    struct choice choice;
    choice_init(&choice, name);
    for (size_t v = 0; v < sweep->variable_count; v++)
        choice_add(&choice, sweep_variable_name(&sweep->variables[v]));
    if (found > 1)
        snprintf(message, message_bytes,
                 "'%.60s' may be more than one variable: more of its key is "
                 "wanted",
                 name);
    else
        snprintf(message, message_bytes, "there is no variable '%.60s'%s", name,
                 choice_text(&choice));
    return false;
}

/* NAME, a longer part of a key, VARIABLE.WORD, or a constant with a unit. */
static bool find_name(void *context, const char *policy, const char *metric,
                      size_t *number, char *message, size_t message_bytes)
{
    struct expansion *expansion = context;
    const struct sweep *sweep = expansion->sweep;
    struct constraint_name *name = &expansion->names[expansion->name_count];
    char whole[MESSAGE_BYTES];
    *name = (struct constraint_name){.variable = NO_VARIABLE};
    snprintf(whole, sizeof whole, "%s%s%s", policy ? policy : "",
             policy ? "." : "", metric);
    size_t found = find_variables(sweep, whole, &name->variable);
    if (found == 0 &&
        !(isdigit((unsigned char)whole[0]) &&
          sweep_value_number(whole, sweep->page_bytes, &name->constant))) {
        found = policy ? find_variables(sweep, policy, &name->variable) : 0;
        name->word = arena_copy(expansion->arena, metric, strlen(metric));
        if (found != 1)
            return refuse_name(sweep, policy ? policy : whole, found, message,
                               message_bytes);
    }
    if (found > 1)
        return refuse_name(sweep, whole, found, message, message_bytes);
    if (found == 0)
        name->variable = NO_VARIABLE;
    *number = expansion->name_count++;
    return true;
}

static double value_of(void *context, size_t number)
{
    const struct expansion *expansion = context;
    const struct constraint_name *name = &expansion->names[number];
    double value;
    if (name->variable == NO_VARIABLE)
        return name->constant;
    const char *text = expansion->values[name->variable].text;
    if (name->word)
        return text && strcmp(text, name->word) == 0;
    if (!text ||
        !sweep_value_number(text, expansion->sweep->page_bytes, &value))
        return (double)NAN;
    return value;
}

static void read_constraint(struct expansion *expansion)
{
    struct sweep *sweep = expansion->sweep;
    char message[2 * MESSAGE_BYTES];
    if (sweep->constraint &&
        !expression_parse(&expansion->constraint, sweep->constraint, find_name,
                          expansion, message, sizeof message))
        report(&expansion->reporter, sweep->constraint_place,
               "in the condition at %s", message);
}

/* --- references ----------------------------------------------------------- */

/* `$NAME` or `${NAME}`: the name within, and the length of all of it. */
struct reference {
    const char *name;
    size_t name_length, length;
};

static struct reference read_reference(const char *at)
{
    bool has_braces = at[1] == '{';
    struct reference reference = {.name = at + 1 + has_braces};
    const char *end = reference.name;
    while (isalnum((unsigned char)*end) || *end == '_')
        end++;
    reference.name_length = (size_t)(end - reference.name);
    reference.length = (size_t)(end - at) + (has_braces && *end == '}');
    return reference;
}

/* The value of the variable that is meant; NULL: reported. */
static const struct sweep_value *follow(struct expansion *expansion,
                                        const struct reference *reference,
                                        const struct sweep_value *values,
                                        struct scenario_place place)
{
    const struct sweep *sweep = expansion->sweep;
    struct choice choice;
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)reference->name_length,
             reference->name);
    choice_init(&choice, name);
    for (size_t v = 0; v < sweep->variable_count; v++) {
        const char *key = sweep->variables[v].key;
        if (key[0] != '$')
            continue;
        if (strcmp(key + 1, name) == 0)
            return &values[v];
        choice_add(&choice, key + 1);
    }
    report(&expansion->reporter, place, "there is no variable '$%s'%s", name,
           choice_text(&choice));
    return NULL;
}

/* A text with its references filled in; NULL: reported, or no memory. */
static const char *fill_in(struct expansion *expansion,
                           const struct sweep_value *value,
                           const struct sweep_value *values)
{
    char text[1024];
    size_t length = 0;
    const char *at = value->text;
    while (*at) {
        size_t used = strcspn(at, "$");
        struct reference reference = {.length = 0};
        const struct sweep_value *other = NULL;
        if (at[used] == '$') {
            reference = read_reference(at + used);
            other = follow(expansion, &reference, values, value->place);
            if (!other)
                return NULL;
        }
        int written =
            snprintf(text + length, sizeof text - length, "%.*s%s", (int)used,
                     at, other && other->text ? other->text : "");
        length += (size_t)written;
        if (length >= sizeof text) {
            report(&expansion->reporter, value->place, "the value is too long");
            return NULL;
        }
        at += used + reference.length;
    }
    const char *copy = arena_copy(expansion->arena, text, length);
    expansion->no_memory = expansion->no_memory || !copy;
    return copy;
}

/* --- combinations --------------------------------------------------------- */

static bool has_reference(const struct sweep_variable *variable,
                          const struct sweep_value *value)
{
    return variable->key[0] != '$' && value->text && strchr(value->text, '$');
}

/* The values of combination number `index` of all that there could be. */
static bool fill_values(struct expansion *expansion, size_t index,
                        struct sweep_value *values)
{
    const struct sweep *sweep = expansion->sweep;
    for (size_t a = sweep->axis_count; a-- > 0;) {
        const struct sweep_axis *axis = &sweep->axes[a];
        for (size_t v = axis->first; v < axis->first + axis->count; v++)
            values[v] = sweep->variables[v].values[index % axis->length];
        index /= axis->length;
    }
    for (size_t v = 0; v < sweep->variable_count; v++)
        if (has_reference(&sweep->variables[v], &values[v]))
            values[v].text = fill_in(expansion, &values[v], values);
    return !expansion->no_memory;
}

static bool is_wanted(struct expansion *expansion,
                      const struct sweep_combination *combination)
{
    const struct sweep *sweep = expansion->sweep;
    char text[MESSAGE_BYTES];
    expansion->values = combination->values;
    if (!sweep->constraint)
        return true;
    enum expression_answer answer =
        expression_evaluate(&expansion->constraint, value_of, expansion);
    if (answer != EXPRESSION_UNKNOWN)
        return answer == EXPRESSION_TRUE;
    sweep_describe(sweep, combination, text, sizeof text);
    report(&expansion->reporter, sweep->constraint_place,
           "the condition can't be decided for %.200s: a value is no number, "
           "or 0 is divided by",
           text);
    return false;
}

static bool add_combination(struct expansion *expansion, size_t index)
{
    struct sweep *sweep = expansion->sweep;
    struct sweep_value *values = arena_array(
        expansion->arena, sweep->variable_count + 1, sizeof *values);
    struct sweep_combination combination = {.values = values};
    if (!values || !fill_values(expansion, index, values))
        return false;
    if (expansion->reporter.found > 0 || !is_wanted(expansion, &combination))
        return true;
    if (sweep->combination_count == expansion->capacity) {
        size_t capacity = expansion->capacity ? 2 * expansion->capacity : 64;
        struct sweep_combination *grown =
            realloc(sweep->combinations, capacity * sizeof *grown);
        if (!grown)
            return false;
        sweep->combinations = grown;
        expansion->capacity = capacity;
    }
    sweep->combinations[sweep->combination_count++] = combination;
    return true;
}

/* The number of combinations before the constraint; 0: too many, reported. */
static size_t count_combinations(struct expansion *expansion)
{
    const struct sweep *sweep = expansion->sweep;
    size_t count = 1;
    for (size_t a = 0; a < sweep->axis_count; a++) {
        count *= sweep->axes[a].length;
        if (count > SWEEP_MAX_COMBINATIONS) {
            report(&expansion->reporter,
                   sweep->variables[sweep->axes[a].first].place,
                   "the grid has more than %d combinations",
                   SWEEP_MAX_COMBINATIONS);
            return 0;
        }
    }
    return count;
}

static enum study_status expand(struct expansion *expansion)
{
    struct sweep *sweep = expansion->sweep;
    read_constraint(expansion);
    size_t count = count_combinations(expansion);
    for (size_t i = 0; i < count && !report_is_full(&expansion->reporter); i++)
        if (!add_combination(expansion, i))
            return STUDY_HOST;
    if (expansion->reporter.found == 0 && sweep->combination_count == 0)
        report(&expansion->reporter, sweep->constraint_place,
               "the condition allows no combination");
    if (expansion->reporter.found == 0 &&
        sweep->combination_count * sweep->repetitions > SWEEP_MAX_RUNS)
        report(&expansion->reporter, sweep->tree.root->place,
               "%zu combinations, %llu times each, are more than %d runs",
               sweep->combination_count, (unsigned long long)sweep->repetitions,
               SWEEP_MAX_RUNS);
    return expansion->reporter.found > 0 ? STUDY_INPUT : STUDY_OK;
}

enum study_status sweep_expand(struct sweep *sweep,
                               struct scenario_errors *errors)
{
    struct expansion *expansion = calloc(1, sizeof *expansion);
    if (!expansion)
        return STUDY_HOST;
    expansion->sweep = sweep;
    expansion->arena = sweep->tree.arena;
    expansion->reporter =
        (struct reporter){.path = sweep->path, .errors = errors};
    enum study_status status = expand(expansion);
    free(expansion);
    return status;
}
