/*
 * One table says what the columns are and how people like to read them; the
 * printers and the expressions walk it.
 *
 * Numbers are set right-aligned in columns as wide as their longest cell, so
 * that runs can be compared at a glance; a block takes as many runs as fit
 * into the width of a terminal.
 */
#include "record/summary.h"
#include "record/human.h"
#include "record/json.h"
#include "record/recorder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define TABLE_WIDTH 80
#define CELL_WIDTH  20
#define GAP         "  "

enum column_kind {
    KIND_TEXT,
    KIND_PARAMS,
    KIND_NUMBER,
    KIND_TIME,
    KIND_RATIO,
    KIND_SHARE
};

/* A field of struct run_summary and the column it is. */
struct column {
    const char *name;
    const char *label; /* in the table */
    size_t offset;
    enum column_kind kind;
};

#define AT(field) offsetof(struct run_summary, field)

static const struct column columns[] = {
    {"run_id", "run", AT(run_id), KIND_NUMBER},
    {"name", "name", AT(name), KIND_TEXT},
    {"policy", "policy", AT(policy), KIND_TEXT},
    {"params", "params", AT(params), KIND_PARAMS},
    {"seed", "seed", AT(seed), KIND_NUMBER},
    {"memory_pages", "memory (pages)", AT(memory_pages), KIND_NUMBER},
    {"status", "status", AT(status), KIND_TEXT},
    {"sim_ns", "simulated time", AT(sim_ns), KIND_TIME},
    {"accesses", "accesses", AT(accesses), KIND_NUMBER},
    {"faults_major", "major faults", AT(faults_major), KIND_NUMBER},
    {"first_touches", "first touches", AT(first_touches), KIND_NUMBER},
    {"miss_ratio", "miss ratio", AT(miss_ratio), KIND_RATIO},
    {"refaults", "refaults", AT(refaults), KIND_NUMBER},
    {"refault_ratio", "refault ratio", AT(refault_ratio), KIND_RATIO},
    {"stall_some_share", "stalled, some", AT(stall_some_share), KIND_SHARE},
    {"stall_full_share", "stalled, full", AT(stall_full_share), KIND_SHARE},
    {"access_p50_ns", "access, median", AT(access_p50_ns), KIND_TIME},
    {"access_p99_ns", "access, 99 %", AT(access_p99_ns), KIND_TIME},
    {"access_p999_ns", "access, 99.9 %", AT(access_p999_ns), KIND_TIME},
    {"evicted_pager", "evicted, pager", AT(evicted_pager), KIND_NUMBER},
    {"evicted_compressed", "compressed", AT(evicted_compressed), KIND_NUMBER},
    {"evicted_discardable", "discarded", AT(evicted_discardable), KIND_NUMBER},
    {"deduped", "deduped", AT(deduped), KIND_NUMBER},
    {"written_back", "written back", AT(written_back), KIND_NUMBER},
    {"oom_kills", "OOM kills", AT(oom_kills), KIND_NUMBER},
    {"fingerprint", "fingerprint", AT(fingerprint), KIND_TEXT},
};

static bool is_text(const struct column *column)
{
    return column->kind == KIND_TEXT || column->kind == KIND_PARAMS;
}

static bool is_real(const struct column *column)
{
    return column->kind == KIND_RATIO || column->kind == KIND_SHARE;
}

static const void *field_at(const struct run_summary *summary,
                            const struct column *column)
{
    return (const char *)summary + column->offset;
}

static const char *text_of(const struct run_summary *summary,
                           const struct column *column)
{
    char *text;
    memcpy(&text, field_at(summary, column), sizeof(text));
    return text;
}

static uint64_t number_of(const struct run_summary *summary,
                          const struct column *column)
{
    uint64_t number;
    memcpy(&number, field_at(summary, column), sizeof(number));
    return number;
}

static double real_of(const struct run_summary *summary,
                      const struct column *column)
{
    double real;
    memcpy(&real, field_at(summary, column), sizeof(real));
    return real;
}

void run_summary_init(struct run_summary *summary)
{
    memset(summary, 0xff, sizeof(*summary)); /* RECORD_NULL */
    summary->name = NULL;
    summary->policy = NULL;
    summary->params = NULL;
    summary->status = NULL;
    summary->fingerprint = NULL;
    summary->miss_ratio = (double)NAN;
    summary->refault_ratio = (double)NAN;
    summary->stall_some_share = (double)NAN;
    summary->stall_full_share = (double)NAN;
}

void run_summary_release(struct run_summary *summary)
{
    free(summary->name);
    free(summary->policy);
    free(summary->params);
    free(summary->status);
    free(summary->fingerprint);
    run_summary_init(summary);
}

bool run_summary_column(const struct run_summary *summary, size_t index,
                        const char **name, double *value)
{
    if (index >= COUNT_OF(columns))
        return false;
    const struct column *column = &columns[index];
    if (name)
        *name = column->name;
    if (!value)
        return true;
    *value = (double)NAN;
    if (is_real(column))
        *value = real_of(summary, column);
    else if (!is_text(column) && number_of(summary, column) != RECORD_NULL)
        *value = (double)number_of(summary, column);
    return true;
}

bool run_summary_value(const struct run_summary *summary, const char *name,
                       double *value)
{
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        if (strcmp(columns[i].name, name) == 0 && !is_text(&columns[i]))
            return run_summary_column(summary, i, NULL, value);
    }
    return false;
}

/* -- cells of the table ------------------------------------------------- */

/* {"a":"1","b":"2"} as "a=1 b=2", good enough for a cell. */
static void format_params(char *cell, size_t size, const char *json)
{
    size_t out = 0;
    for (const char *c = json; *c && out + 1 < size; c++) {
        if (*c == ':')
            cell[out++] = '=';
        else if (*c == ',')
            cell[out++] = ' ';
        else if (!strchr("{}\"\\", *c))
            cell[out++] = *c;
    }
    cell[out] = '\0';
}

/* The bytes of `text` that are `width` characters of UTF-8 at most. */
static size_t bytes_of_width(const char *text, size_t width)
{
    size_t at = 0, characters = 0;
    while (text[at]) {
        if (((unsigned char)text[at] & 0xc0) != 0x80 && characters++ == width)
            break;
        at++;
    }
    return at;
}

static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void format_text(char *cell, size_t size, const char *text)
{
    bool fits = width_of(text) <= CELL_WIDTH;
    size_t kept = bytes_of_width(text, fits ? CELL_WIDTH : CELL_WIDTH - 3);
    snprintf(cell, size, "%.*s%s", (int)kept, text, fits ? "" : "...");
}

static void format_cell(char *cell, size_t size,
                        const struct run_summary *summary,
                        const struct column *column)
{
    char params[256];
    snprintf(cell, size, "-");
    if (is_text(column)) {
        const char *text = text_of(summary, column);
        if (text && column->kind == KIND_PARAMS) {
            format_params(params, sizeof(params), text);
            text = params[0] ? params : NULL;
        }
        if (text)
            format_text(cell, size, text);
    } else if (is_real(column)) {
        double real = real_of(summary, column);
        if (!isnan(real) && column->kind == KIND_SHARE)
            snprintf(cell, size, "%.2f %%", 100 * real);
        else if (!isnan(real))
            snprintf(cell, size, "%.6f", real);
    } else if (number_of(summary, column) != RECORD_NULL) {
        char time[HUMAN_BYTES];
        uint64_t number = number_of(summary, column);
        if (column->kind == KIND_TIME)
            snprintf(cell, size, "%s", format_rough_time(time, number));
        else
            snprintf(cell, size, "%llu", (unsigned long long)number);
    }
}

/* -- the table ---------------------------------------------------------- */

#define CELL_BYTES (4 * CELL_WIDTH + 8)

static size_t label_width(void)
{
    size_t width = 0;
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        if (width < strlen(columns[i].label))
            width = strlen(columns[i].label);
    }
    return width;
}

static size_t run_width(const struct run_summary *summary)
{
    char cell[CELL_BYTES];
    size_t width = 0;
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        format_cell(cell, sizeof(cell), summary, &columns[i]);
        if (width < width_of(cell))
            width = width_of(cell);
    }
    return width;
}

/* A row of one block; nothing if no run of the block has that column. */
static void print_row(FILE *out, const struct column *column,
                      const struct run_summary *summaries, size_t count)
{
    char cell[CELL_BYTES];
    bool any = false;

    for (size_t i = 0; i < count && !any; i++) {
        format_cell(cell, sizeof(cell), &summaries[i], column);
        any = strcmp(cell, "-") != 0;
    }
    if (!any)
        return;
    fprintf(out, "%-*s", (int)label_width(), column->label);
    for (size_t i = 0; i < count; i++) {
        format_cell(cell, sizeof(cell), &summaries[i], column);
        size_t pad = run_width(&summaries[i]) - width_of(cell);
        fprintf(out, GAP "%*s%s", (int)pad, "", cell);
    }
    fputc('\n', out);
}

void run_summary_print(FILE *out, const struct run_summary *summaries,
                       size_t count)
{
    size_t at = 0;
    while (at < count) {
        size_t width = label_width(), fit = 0;
        while (at + fit < count) {
            width += strlen(GAP) + run_width(&summaries[at + fit]);
            if (fit > 0 && width > TABLE_WIDTH)
                break;
            fit++;
        }
        if (at > 0)
            fputc('\n', out);
        for (size_t i = 0; i < COUNT_OF(columns); i++)
            print_row(out, &columns[i], summaries + at, fit);
        at += fit;
    }
}

/* -- JSON --------------------------------------------------------------- */

static void print_json_object(FILE *out, const struct run_summary *summary)
{
    fputc('{', out);
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        const struct column *column = &columns[i];
        fprintf(out, "%s\"%s\": ", i ? ", " : "", column->name);
        if (column->kind == KIND_PARAMS)
            fputs(text_of(summary, column) ? text_of(summary, column) : "{}",
                  out);
        else if (is_text(column))
            json_write_string(out, text_of(summary, column));
        else if (is_real(column))
            json_write_double(out, real_of(summary, column));
        else if (number_of(summary, column) == RECORD_NULL)
            fputs("null", out);
        else
            fprintf(out, "%llu",
                    (unsigned long long)number_of(summary, column));
    }
    fputc('}', out);
}

void run_summary_print_json(FILE *out, const struct run_summary *summaries,
                            size_t count)
{
    fputc('[', out);
    for (size_t i = 0; i < count; i++) {
        fputs(i ? ",\n " : "", out);
        print_json_object(out, &summaries[i]);
    }
    fputs("]\n", out);
}
