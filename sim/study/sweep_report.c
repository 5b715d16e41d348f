#include "study/sweep_report.h"

#include <stdlib.h>
#include <string.h>

#include "record/json.h"

enum { KEY_DIGITS = 8 };

static const char *const states[] = {
    [SWEEP_MISSING] = "missing",
    [SWEEP_APART] = "shard",
    [SWEEP_DONE] = "done",
};

/* --- the list ------------------------------------------------------------- */

static const char *last_part(const struct sweep_variable *variable)
{
    const char *name = sweep_variable_name(variable);
    const char *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

/* A short heading, unless two variables have the same. */
static const char *heading(const struct sweep *sweep, size_t variable)
{
    const char *name = last_part(&sweep->variables[variable]);
    for (size_t v = 0; v < sweep->variable_count; v++)
        if (v != variable && strcmp(last_part(&sweep->variables[v]), name) == 0)
            return sweep_variable_name(&sweep->variables[variable]);
    return name;
}

static const char *value_text(const struct sweep_combination *combination,
                              size_t variable)
{
    const char *text = combination->values[variable].text;
    return text ? text : "~";
}

static int column_width(const struct sweep *sweep, size_t variable)
{
    size_t width = strlen(heading(sweep, variable));
    for (size_t c = 0; c < sweep->combination_count; c++) {
        size_t length = strlen(value_text(&sweep->combinations[c], variable));
        width = length > width ? length : width;
    }
    return (int)width;
}

static void print_row(FILE *out, const struct sweep *sweep, size_t index,
                      const int *widths)
{
    const struct sweep_run *run = &sweep->runs[index];
    fprintf(out, "%6zu  %-7s  %.*s  %4llu  %6llu", index, states[run->state],
            KEY_DIGITS, run->key, (unsigned long long)run->repetition,
            (unsigned long long)run->seed);
    for (size_t v = 0; v < sweep->variable_count; v++)
        fprintf(out, "  %*s", widths[v], value_text(run->combination, v));
    fputc('\n', out);
}

/* The runs of the shard in a state. */
static size_t count_state(const struct sweep *sweep,
                          const struct sweep_shard *shard,
                          enum sweep_state state)
{
    size_t count = 0;
    for (size_t r = 0; r < sweep->run_count; r++)
        count += sweep_is_in_shard(shard, r) && sweep->runs[r].state == state;
    return count;
}

void sweep_print_list(FILE *out, const struct sweep *sweep,
                      const struct sweep_shard *shard)
{
    int *widths = calloc(sweep->variable_count + 1, sizeof *widths);
    if (!widths)
        return;
    fprintf(out, "%6s  %-7s  %-*s  %4s  %6s", "run", "state", KEY_DIGITS, "key",
            "rep.", "seed");
    for (size_t v = 0; v < sweep->variable_count; v++) {
        widths[v] = column_width(sweep, v);
        fprintf(out, "  %*s", widths[v], heading(sweep, v));
    }
    fputc('\n', out);
    for (size_t r = 0; r < sweep->run_count; r++)
        if (sweep_is_in_shard(shard, r))
            print_row(out, sweep, r, widths);
    free(widths);
    size_t missing = count_state(sweep, shard, SWEEP_MISSING);
    size_t done = count_state(sweep, shard, SWEEP_DONE);
    size_t apart = count_state(sweep, shard, SWEEP_APART);
    fprintf(out, "%zu runs: %zu done, %zu missing", done + missing + apart,
            done, missing);
    if (apart > 0)
        fprintf(out, ", %zu in shards, to be merged", apart);
    fputc('\n', out);
}

/* --- the summary ---------------------------------------------------------- */

void sweep_print_summary(FILE *out, const struct sweep *sweep,
                         const struct sweep_shard *shard, const char *database)
{
    size_t all = 0, made = 0, kept = 0, broken = 0, failed = 0;
    for (size_t r = 0; r < sweep->run_count; r++) {
        const struct sweep_run *run = &sweep->runs[r];
        bool is_complete = run->state != SWEEP_MISSING;
        if (!sweep_is_in_shard(shard, r))
            continue;
        all++;
        made += run->is_new;
        kept += is_complete && !run->is_new;
        broken += !is_complete && run->is_tried;
        failed += is_complete && run->is_failed;
    }
    fprintf(out, "%s: %zu combinations, %llu repetitions, seeds from %llu\n",
            sweep->name, sweep->combination_count,
            (unsigned long long)sweep->repetitions,
            (unsigned long long)sweep->first_seed);
    if (shard->count > 0)
        fprintf(out, "%zu runs in shard %u of %u of %s\n", all, shard->number,
                shard->count, database);
    else
        fprintf(out, "%zu runs in %s\n", all, database);
    fprintf(out, "  %6zu  run now\n", made);
    fprintf(out, "  %6zu  kept\n", kept);
    fprintf(out, "  %6zu  failed: started, and not complete\n", broken);
    fprintf(out, "  %6zu  not started\n", all - made - kept - broken);
    if (failed > 0)
        fprintf(out, "An expectation did not hold in %zu of them.\n", failed);
}

/* --- JSON ----------------------------------------------------------------- */

static void json_text(FILE *out, const char *name, const char *text)
{
    fprintf(out, ", \"%s\": ", name);
    json_write_string(out, text[0] ? text : NULL);
}

static void json_run(FILE *out, const struct sweep *sweep, size_t index)
{
    const struct sweep_run *run = &sweep->runs[index];
    fprintf(out, "{\"index\": %zu", index);
    json_text(out, "key", run->key);
    fprintf(out, ", \"repetition\": %llu, \"seed\": %llu, \"variables\": ",
            (unsigned long long)run->repetition, (unsigned long long)run->seed);
    sweep_write_variables(out, sweep, run->combination);
    json_text(out, "state", states[run->state]);
    if (run->run_id > 0)
        fprintf(out, ", \"run_id\": %llu", (unsigned long long)run->run_id);
    else
        fputs(", \"run_id\": null", out);
    json_text(out, "status", run->status);
    json_text(out, "fingerprint", run->fingerprint);
    fputc('}', out);
}

void sweep_print_json(FILE *out, const struct sweep *sweep,
                      const struct sweep_shard *shard)
{
    const char *before = "[";
    for (size_t r = 0; r < sweep->run_count; r++) {
        if (!sweep_is_in_shard(shard, r))
            continue;
        fputs(before, out);
        json_run(out, sweep, r);
        before = ",\n ";
    }
    fputs(before[0] == '[' ? "[]\n" : "]\n", out);
}
