/*
 * Every output is an array of objects. Those of `run` and `list` are rows of
 * v_summary and described where that is; the others have tables here. Fields
 * may be added, so a schema does not forbid what it does not know.
 */
#include "cli/output_schema.h"

#include <string.h>

#include "record/json.h"
#include "record/schema.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define TEXT      "\"type\": \"string\""
#define COUNT     "\"type\": \"integer\", \"minimum\": 0"
#define NUMBER    "\"type\": [\"number\", \"null\"]"
#define SHARE     "\"type\": [\"number\", \"null\"], \"minimum\": 0"
#define TRUTH     "\"type\": \"boolean\""
#define STRINGS   "\"type\": \"object\", \"additionalProperties\": {" TEXT "}"
#define MAYBE(is) "\"type\": [\"" is "\", \"null\"]"

struct output_field {
    const char *name;
    const char *type; /* members of its schema */
    const char *meaning;
    bool is_optional;
};

static const struct output_field replay_fields[] = {
    {"policy", TEXT, "the policy", false},
    {"params", STRINGS, "its parameters", false},
    {"memory_pages", COUNT, "pages that it had", false},
    {"requests", COUNT, "accesses of the trace", false},
    {"misses", COUNT, "accesses that found no page", false},
    {"miss_ratio", SHARE, "misses / requests", false},
    {"distinct_pages", COUNT, "different pages of the trace", false},
    {"seconds", SHARE, "host time of the replay", false},
    {"bytes_per_page", NUMBER, "host memory for each page", false},
};

static const struct output_field compare_fields[] = {
    {"memory_pages", COUNT, "the memory budget", false},
    {"metric", TEXT, "what was measured, a column of v_summary", false},
    {"policy", TEXT, "the policy", false},
    {"repetitions", COUNT, "runs that the mean is of", false},
    {"mean", NUMBER, "mean over the repetitions", false},
    {"mean_low", NUMBER, "lower end of its 95% interval", false},
    {"mean_high", NUMBER, "upper end", false},
    {"baseline", TEXT, "the policy that it is compared with", false},
    {"difference", NUMBER, "mean of the paired differences", true},
    {"difference_low", NUMBER, "lower end of its 95% interval", true},
    {"difference_high", NUMBER, "upper end", true},
    {"relative", NUMBER, "the difference as a share of the baseline", true},
    {"verdict", TEXT, "what the interval says", false},
};

static const struct output_field budget_fields[] = {
    {"memory_pages", COUNT, "a size that was tried", false},
    {"holds", TRUTH, "the condition holds there", false},
    {"smallest", TRUTH, "it is the smallest for which it does", false},
    {"throughout", TRUTH, "it holds for all sizes from here on", false},
};

static const struct output_field explain_fields[] = {
    {"run_id", COUNT, "the run", false},
    {"vmo_id", COUNT, "the VMO", false},
    {"vmo", MAYBE("string"), "its name", false},
    {"page", COUNT, "the page within it", false},
    {"seq", COUNT, "order within the run", false},
    {"at_ns", COUNT, "simulated time", false},
    {"life", COUNT, "which of the page's lives it is of, from 1", false},
    {"what", TEXT, "what happened", false},
    {"words", TEXT, "the words of the detail", false},
    {"facts", STRINGS, "the facts of the detail, by name", false},
    {"sentence", TEXT, "all of it in words", false},
};

static const struct output_field difference_fields[] = {
    {"differ", TRUTH, "the runs part in what both recorded", false},
    {"series", MAYBE("string"), "what they part in", false},
    {"at_ns", MAYBE("integer"), "simulated time at which they part", false},
    {"same_fingerprint", MAYBE("boolean"), "of both runs, where known", false},
    {"before", "\"type\": \"array\"", "the last rows that are equal", false},
    {"runs", "\"type\": \"array\", \"minItems\": 2, \"maxItems\": 2",
     "each run: run_id, title, and its row (null: it has no more)", false},
    {"compared", "\"type\": \"array\"", "what was compared", false},
    {"not_compared", "\"type\": \"array\"",
     "what at least one run has not recorded", false},
};

struct output {
    const char *command;
    const struct output_field *fields; /* NULL: those of v_summary */
    size_t count;
};

static const struct output outputs[] = {
    {"run", NULL, 0},
    {"list", NULL, 0},
    {"replay", replay_fields, COUNT_OF(replay_fields)},
    {"compare", compare_fields, COUNT_OF(compare_fields)},
    {"budget", budget_fields, COUNT_OF(budget_fields)},
    {"explain", explain_fields, COUNT_OF(explain_fields)},
    {"first-difference", difference_fields, COUNT_OF(difference_fields)},
};

/* A column of v_summary by its unit. */
static const char *type_of(const struct schema_column *column)
{
    static const struct {
        const char *unit, *type;
    } types[] = {
        {"text", MAYBE("string")},
        {"hex", MAYBE("string")},
        {"JSON", STRINGS},
        {"ratio", SHARE},
    };
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (strcmp(column->unit, types[i].unit) == 0)
            return types[i].type;
    return MAYBE("integer") ", \"minimum\": 0";
}

static void write_field(FILE *out, const char *before, const char *name,
                        const char *type, const char *meaning, const char *unit)
{
    fprintf(out, "%s\n      \"%s\": {%s, \"description\": ", before, name,
            type);
    json_write_string(out, meaning);
    if (unit) {
        fputs(", \"$comment\": ", out);
        json_write_string(out, unit);
    }
    fputs("}", out);
}

static void write_summary(FILE *out)
{
    const struct schema_relation *view = schema_view(0); /* v_summary */

    for (size_t i = 0; i < view->column_count; i++)
        write_field(out, i > 0 ? "," : "", view->columns[i].name,
                    type_of(&view->columns[i]), view->columns[i].meaning,
                    view->columns[i].unit);
    fputs("},\n    \"required\": [", out);
    for (size_t i = 0; i < view->column_count; i++)
        fprintf(out, "%s\"%s\"", i > 0 ? ", " : "", view->columns[i].name);
}

static void write_fields(FILE *out, const struct output *output)
{
    const char *before = "";

    for (size_t i = 0; i < output->count; i++)
        write_field(out, i > 0 ? "," : "", output->fields[i].name,
                    output->fields[i].type, output->fields[i].meaning, NULL);
    fputs("},\n    \"required\": [", out);
    for (size_t i = 0; i < output->count; i++) {
        if (output->fields[i].is_optional)
            continue;
        fprintf(out, "%s\"%s\"", before, output->fields[i].name);
        before = ", ";
    }
}

bool output_schema_print(FILE *out, const char *command)
{
    const struct output *output = NULL;

    for (size_t i = 0; i < COUNT_OF(outputs); i++)
        if (strcmp(outputs[i].command, command) == 0)
            output = &outputs[i];
    if (!output)
        return false;
    fprintf(out,
            "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\""
            ",\n  \"title\": \"lowtide %s --json\",\n  \"type\": \"array\",\n"
            "  \"items\": {\n    \"type\": \"object\",\n    \"properties\": {",
            command);
    if (output->fields)
        write_fields(out, output);
    else
        write_summary(out);
    fputs("]\n  }\n}\n", out);
    return true;
}

const char *output_schema_command(size_t index)
{
    return index < COUNT_OF(outputs) ? outputs[index].command : NULL;
}
