/*
 * Which runs belong together, and what to call them.
 */
#include "record/recorder.h"
#include "report/report_data.h"
#include "report/report_text.h"
#include "scenario/yaml_tree.h"

#include <stdlib.h>
#include <string.h>

/* --- the shape of a scenario ---------------------------------------------- */

static bool is_empty_map(const struct yaml_node *node)
{
    return node->kind == YAML_MAP && !node->first;
}

/* Take the entry `key` out of a map. */
static void drop_entry(struct yaml_node *map, const char *key)
{
    struct yaml_node *before = NULL;
    struct yaml_node *entry = map->first;
    while (entry && strcmp(entry->key, key) != 0) {
        before = entry;
        entry = entry->next;
    }
    if (!entry)
        return;
    if (before)
        before->next = entry->next;
    else
        map->first = entry->next;
    if (map->last == entry)
        map->last = before;
    map->child_count--;
}

/* The same in a map of the document, which goes if it is then empty: an
 * override may have made it. */
static void drop_within(struct yaml_node *root, const char *section,
                        const char *key)
{
    struct yaml_node *map = yaml_node_find(root, section);
    if (!map || map->kind != YAML_MAP)
        return;
    drop_entry(map, key);
    if (is_empty_map(map))
        drop_entry(root, section);
}

static char *write_shape(struct yaml_tree *tree)
{
    size_t bytes;
    struct yaml_node *root = tree->root;
    if (root && root->kind == YAML_MAP) {
        drop_entry(root, "seed");
        drop_within(root, "machine", "memory");
        drop_within(root, "reclaim", "policy");
        drop_within(root, "reclaim", "params");
    }
    return yaml_tree_write(tree, &bytes);
}

char *report_scenario_shape(const char *text)
{
    struct yaml_tree tree = {0};
    struct scenario_errors errors;
    scenario_errors_init(&errors);
    bool is_yaml =
        *text && yaml_tree_read(&tree, "scenario", text, strlen(text), &errors);
    char *shape = is_yaml ? write_shape(&tree) : strdup(text);
    yaml_tree_release(&tree);
    scenario_errors_release(&errors);
    return shape;
}

/* --- groups --------------------------------------------------------------- */

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static struct report_group *find_group(const struct report_data *data,
                                       const struct report_run *run,
                                       const char *shape)
{
    for (size_t g = 0; g < data->group_count; g++) {
        struct report_group *group = &data->groups[g];
        if (strcmp(group->name, or_empty(run->summary.name)) == 0 &&
            strcmp(group->shape, shape) == 0)
            return group;
    }
    return NULL;
}

/* `shape` is taken. */
static bool add_to_group(struct report_data *data, struct report_run *run,
                         char *shape)
{
    struct report_group *group = find_group(data, run, shape);
    if (group) {
        free(shape);
    } else {
        group = &data->groups[data->group_count++];
        *group = (struct report_group){
            .name = or_empty(run->summary.name), .shape = shape, .end_ns = 1};
    }
    struct report_run **runs =
        realloc(group->runs, (group->run_count + 1) * sizeof(*runs));
    if (!runs)
        return false;
    group->runs = runs;
    runs[group->run_count++] = run;
    if (run->summary.sim_ns != RECORD_NULL &&
        (int64_t)run->summary.sim_ns > group->end_ns)
        group->end_ns = (int64_t)run->summary.sim_ns;
    return true;
}

/* --- order within a group ------------------------------------------------- */

/* The first word after an option in a command line; its length, 0: none. */
static size_t option_word(const char *argv, const char *option,
                          const char **word)
{
    const char *at = argv ? strstr(argv, option) : NULL;
    if (!at)
        return 0;
    at += strlen(option);
    if (*at != ' ' && *at != '=')
        return 0;
    *word = at + 1;
    return strcspn(*word, " ,");
}

static bool is_baseline(const struct report_group *group,
                        const struct report_run *run)
{
    const char *word = "";
    const char *policy = or_empty(run->summary.policy);
    const char *argv = group->runs[0]->argv;
    size_t length = option_word(argv, "--baseline", &word);
    if (length == 0)
        length = option_word(argv, "--policies", &word);
    return length > 0 && strlen(policy) == length &&
           memcmp(policy, word, length) == 0;
}

static bool same_policy(const struct run_summary *a,
                        const struct run_summary *b)
{
    return strcmp(or_empty(a->policy), or_empty(b->policy)) == 0 &&
           strcmp(or_empty(a->params), or_empty(b->params)) == 0;
}

/* The policy's place in the order of a group whose runs stand by id. */
static size_t place_of(const struct report_group *group,
                       const struct report_run *run)
{
    size_t place = 0;
    if (is_baseline(group, run))
        return 0;
    while (!same_policy(&group->runs[place]->summary, &run->summary))
        place++;
    return place + 1;
}

static int by_order(const void *left, const void *right)
{
    const struct report_run *const *a = left;
    const struct report_run *const *b = right;
    const uint64_t keys[][2] = {
        {(*a)->place, (*b)->place},
        {(*a)->summary.memory_pages, (*b)->summary.memory_pages},
        {(*a)->summary.seed, (*b)->summary.seed},
        {(*a)->summary.run_id, (*b)->summary.run_id},
    };
    for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
        if (keys[k][0] != keys[k][1])
            return keys[k][0] < keys[k][1] ? -1 : 1;
    return 0;
}

static void put_in_order(struct report_group *group)
{
    for (size_t r = 0; r < group->run_count; r++)
        group->runs[r]->place = place_of(group, group->runs[r]);
    qsort(group->runs, group->run_count, sizeof(struct report_run *), by_order);
}

static void number_variants(struct report_data *data)
{
    for (size_t g = 0; g < data->group_count; g++) {
        size_t before = 0, all = 0;
        for (size_t h = 0; h < data->group_count; h++) {
            bool is_same =
                strcmp(data->groups[g].name, data->groups[h].name) == 0;
            all += is_same;
            before += is_same && h < g;
        }
        data->groups[g].variant = all > 1 ? before + 1 : 0;
    }
}

bool report_groups_make(struct report_data *data)
{
    data->group_count = 0;
    data->groups = calloc(data->run_count + 1, sizeof(*data->groups));
    if (!data->groups)
        return false;
    for (size_t r = 0; r < data->run_count; r++) {
        char *shape =
            report_scenario_shape(or_empty(data->runs[r].scenario_text));
        if (!shape || !add_to_group(data, &data->runs[r], shape))
            return false;
    }
    for (size_t g = 0; g < data->group_count; g++)
        put_in_order(&data->groups[g]);
    number_variants(data);
    return true;
}

/* --- runs ----------------------------------------------------------------- */

bool report_run_is_whole(const struct report_run *run)
{
    const char *status = or_empty(run->summary.status);
    return strcmp(status, "ok") == 0 || strcmp(status, "failed") == 0 ||
           strcmp(status, "stopped") == 0;
}

/* {"bits": "2", "mode": "x"} becomes bits=2, mode=x: good enough to read. */
static void say_params(struct sentence *label, const char *params)
{
    bool is_text = false;
    for (const char *at = params; *at; at++) {
        if (*at == '"')
            is_text = !is_text;
        else if (*at == '\\' && at[1])
            say(label, "%c", *++at);
        else if (is_text)
            say(label, "%c", *at);
        else if (*at == ':')
            say(label, "=");
        else if (*at == ',')
            say(label, ", ");
    }
}

void report_policy_label(const struct report_run *run, char *label, size_t size)
{
    const char *params = run->summary.params;
    struct sentence to = {label, size};
    label[0] = '\0';
    say(&to, "%s", or_empty(run->summary.policy));
    if (params && strcspn(params, "\"") < strlen(params)) {
        say(&to, " (");
        say_params(&to, params);
        say(&to, ")");
    }
}

enum difference { IN_POLICY = 1, IN_MEMORY = 2, IN_SEED = 4 };

/* In what do runs of the group differ? */
static unsigned differences(const struct report_group *group)
{
    unsigned found = 0;
    const struct run_summary *first = &group->runs[0]->summary;
    for (size_t r = 1; r < group->run_count; r++) {
        const struct run_summary *run = &group->runs[r]->summary;
        found |= same_policy(first, run) ? 0 : IN_POLICY;
        found |= first->memory_pages == run->memory_pages ? 0 : IN_MEMORY;
        found |= first->seed == run->seed ? 0 : IN_SEED;
    }
    return found;
}

static bool has_twin(const struct report_group *group,
                     const struct report_run *run)
{
    for (size_t r = 0; r < group->run_count; r++) {
        const struct report_run *other = group->runs[r];
        if (other != run && same_policy(&other->summary, &run->summary) &&
            other->summary.memory_pages == run->summary.memory_pages &&
            other->summary.seed == run->summary.seed)
            return true;
    }
    return false;
}

void report_run_label(const struct report_group *group,
                      const struct report_run *run, char *label, size_t size)
{
    char cell[HUMAN_BYTES];
    struct sentence to = {label, size};
    unsigned where = differences(group);
    label[0] = '\0';
    if (where & IN_POLICY || where == 0)
        report_policy_label(run, label, size);
    if (where & IN_MEMORY)
        say(&to, "%s%s", *label ? ", " : "",
            format_pages(cell, run->summary.memory_pages, run->page_bytes));
    if (where & IN_SEED)
        say(&to, "%sseed %llu", *label ? ", " : "",
            (unsigned long long)run->summary.seed);
    if (has_twin(group, run))
        say(&to, "%srun %llu", *label ? ", " : "",
            (unsigned long long)run->summary.run_id);
}
