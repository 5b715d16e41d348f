#include "plot/plot_samples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

void plot_samples_release(struct plot_samples *of)
{
    free(of->entries);
    free(of->groups);
    free(of->variants);
    free(of->by_id);
    free(of->summary);
    free(of->counter);
    *of = (struct plot_samples){0};
}

static int by_name_and_memory(const void *left, const void *right)
{
    const struct plot_group *a = left;
    const struct plot_group *b = right;
    int order = strcmp(a->name, b->name);
    return order != 0 ? order
                      : (a->memory_pages > b->memory_pages) -
                            (a->memory_pages < b->memory_pages);
}

static int by_label(const void *left, const void *right)
{
    const struct plot_variant *a = left;
    const struct plot_variant *b = right;
    return strcmp(a->label, b->label);
}

static bool is_complete(const struct plot_run *run)
{
    return strcmp(run->status, "ok") == 0 ||
           strcmp(run->status, "failed") == 0 ||
           strcmp(run->status, "stopped") == 0;
}

static size_t group_of(const struct plot_samples *of,
                       const struct plot_run *run)
{
    size_t g = 0;
    while (g < of->group_count &&
           (of->groups[g].memory_pages != run->memory_pages ||
            strcmp(of->groups[g].name, run->name) != 0))
        g++;
    return g;
}

static size_t variant_of(const struct plot_samples *of,
                         const struct plot_run *run)
{
    size_t v = 0;
    while (v < of->variant_count &&
           !plot_run_is_variant(of->variants[v].run, run))
        v++;
    return v;
}

static void learn(struct plot_samples *of, const struct plot_run *run)
{
    if (group_of(of, run) == of->group_count)
        of->groups[of->group_count++] =
            (struct plot_group){run->name, run->memory_pages, run->page_mib};
    if (variant_of(of, run) == of->variant_count) {
        struct plot_variant *variant = &of->variants[of->variant_count++];
        variant->run = run;
        plot_run_label(of->runs, run, variant->label, sizeof(variant->label));
    }
}

/* The baseline first, the others by name. False: there is none of that name. */
static bool order_variants(struct plot_samples *of, const char *baseline)
{
    const char *policy = baseline ? baseline : of->variants[0].run->policy;
    size_t base = 0;
    while (base < of->variant_count &&
           strcmp(of->variants[base].run->policy, policy) != 0)
        base++;
    if (base == of->variant_count)
        return false;
    struct plot_variant first = of->variants[base];
    of->variants[base] = of->variants[0];
    of->variants[0] = first;
    qsort(of->variants + 1, of->variant_count - 1, sizeof(*of->variants),
          by_label);
    return true;
}

static int by_place(const void *left, const void *right)
{
    const struct plot_entry *a = left;
    const struct plot_entry *b = right;
    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    if (a->variant != b->variant)
        return a->variant < b->variant ? -1 : 1;
    if (a->run->seed != b->run->seed)
        return a->run->seed < b->run->seed ? -1 : 1;
    return (a->run->id > b->run->id) - (a->run->id < b->run->id);
}

/* Of runs that are the same in everything, the last. */
static void drop_repeated(struct plot_samples *of)
{
    size_t kept = 0;
    for (size_t e = 0; e < of->entry_count; e++) {
        const struct plot_entry *last =
            kept > 0 ? &of->entries[kept - 1] : NULL;
        bool is_repeated = last && last->group == of->entries[e].group &&
                           last->variant == of->entries[e].variant &&
                           last->run->seed == of->entries[e].run->seed;
        kept -= is_repeated;
        of->entries[kept++] = of->entries[e];
    }
    of->entry_count = kept;
}

static int by_id(const void *left, const void *right)
{
    const struct plot_entry *const *a = left;
    const struct plot_entry *const *b = right;
    return ((*a)->run->id > (*b)->run->id) - ((*a)->run->id < (*b)->run->id);
}

static void place_runs(struct plot_samples *of)
{
    for (size_t r = 0; r < of->runs->count; r++) {
        const struct plot_run *run = &of->runs->items[r];
        if (is_complete(run))
            of->entries[of->entry_count++] = (struct plot_entry){
                run, group_of(of, run), variant_of(of, run)};
    }
    qsort(of->entries, of->entry_count, sizeof(*of->entries), by_place);
    drop_repeated(of);
    for (size_t e = 0; e < of->entry_count; e++)
        of->by_id[e] = &of->entries[e];
    qsort(of->by_id, of->entry_count, sizeof(*of->by_id), by_id);
}

static enum plot_status fail_baseline(const struct plot_samples *of,
                                      const char *baseline, char *message)
{
    int used = snprintf(
        message, PLOT_MESSAGE_BYTES,
        "--baseline '%.60s' is in none of the runs; there are:", baseline);
    for (size_t v = 0; v < of->variant_count && used < PLOT_MESSAGE_BYTES - 80;
         v++)
        used += snprintf(message + used, (size_t)(PLOT_MESSAGE_BYTES - used),
                         " %.60s", of->variants[v].label);
    return PLOT_BAD_INPUT;
}

static bool allocate(struct plot_samples *of)
{
    size_t room = of->runs->count;
    of->entry_count = of->group_count = of->variant_count = 0;
    of->entries = calloc(room, sizeof(*of->entries));
    of->groups = calloc(room, sizeof(*of->groups));
    of->variants = calloc(room, sizeof(*of->variants));
    of->by_id = calloc(room, sizeof(*of->by_id));
    of->counter = calloc(room, sizeof(*of->counter));
    return of->entries && of->groups && of->variants && of->by_id &&
           of->counter;
}

enum plot_status plot_samples_arrange(const struct plot_runs *runs,
                                      const char *baseline,
                                      struct plot_samples *of, char *message)
{
    of->runs = runs;
    if (!allocate(of)) {
        snprintf(message, PLOT_MESSAGE_BYTES, "out of memory");
        return PLOT_HOST;
    }
    for (size_t r = 0; r < runs->count; r++)
        if (is_complete(&runs->items[r]))
            learn(of, &runs->items[r]);
    if (of->group_count == 0) {
        snprintf(message, PLOT_MESSAGE_BYTES,
                 "nothing to compare: none of the runs reached its end");
        return PLOT_BAD_INPUT;
    }
    if (!order_variants(of, baseline))
        return fail_baseline(of, baseline, message);
    qsort(of->groups, of->group_count, sizeof(*of->groups), by_name_and_memory);
    place_runs(of);
    return PLOT_OK;
}

/* --- values --------------------------------------------------------------- */

/* Index of the entry of a run, or the count. */
static size_t entry_of(const struct plot_samples *of, int64_t id)
{
    const struct plot_run run = {.id = id};
    const struct plot_entry wanted = {.run = &run};
    const struct plot_entry *key = &wanted;
    const struct plot_entry **found =
        bsearch(&key, of->by_id, of->entry_count, sizeof(*of->by_id), by_id);
    return found ? (size_t)(*found - of->entries) : of->entry_count;
}

/* `statement` gives (run, value, value ...); `values` has a row for each. */
static int read_rows(sqlite3_stmt *statement, const struct plot_samples *of,
                     size_t columns, double *values)
{
    int status;
    for (size_t n = 0; n < columns * of->entry_count; n++)
        values[n] = (double)NAN;
    while ((status = sqlite3_step(statement)) == SQLITE_ROW) {
        size_t entry = entry_of(of, sqlite3_column_int64(statement, 0));
        for (size_t c = 0; c < columns && entry < of->entry_count; c++)
            if (sqlite3_column_type(statement, (int)c + 1) != SQLITE_NULL)
                values[c * of->entry_count + entry] =
                    sqlite3_column_double(statement, (int)c + 1);
    }
    return status == SQLITE_DONE ? SQLITE_OK : status;
}

int plot_samples_columns(sqlite3 *db, struct plot_samples *of,
                         const char *const *names, size_t count)
{
    char sql[1024];
    sqlite3_stmt *statement = NULL;
    of->summary = calloc(count * of->entry_count, sizeof(*of->summary));
    if (!of->summary)
        return SQLITE_NOMEM;
    size_t used = (size_t)snprintf(sql, sizeof(sql), "SELECT run_id");
    for (size_t n = 0; n < count && used < sizeof(sql); n++)
        used +=
            (size_t)snprintf(sql + used, sizeof(sql) - used, ", %s", names[n]);
    if (used < sizeof(sql))
        used +=
            (size_t)snprintf(sql + used, sizeof(sql) - used, " FROM v_summary");
    CHECK(used < sizeof(sql));
    int status = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (status == SQLITE_OK)
        status = read_rows(statement, of, count, of->summary);
    sqlite3_finalize(statement);
    return status;
}

int plot_samples_counter(sqlite3 *db, struct plot_samples *of, const char *name)
{
    sqlite3_stmt *statement = NULL;
    of->values = of->counter;
    int status = sqlite3_prepare_v2(
        db, "SELECT run_id, value FROM counter WHERE name = ?1", -1, &statement,
        NULL);
    if (status == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
        status = read_rows(statement, of, 1, of->counter);
    }
    sqlite3_finalize(statement);
    return status;
}

void plot_samples_use(struct plot_samples *of, size_t column)
{
    of->values = of->summary + column * of->entry_count;
}

bool plot_samples_has_any(const struct plot_samples *of)
{
    for (size_t e = 0; e < of->entry_count; e++)
        if (!isnan(of->values[e]))
            return true;
    return false;
}

double plot_samples_largest(const struct plot_samples *of)
{
    double largest = 0;
    for (size_t e = 0; e < of->entry_count; e++)
        largest = fmax(largest, of->values[e]);
    return largest;
}

struct plot_span plot_samples_span(const struct plot_samples *of, size_t group,
                                   size_t variant)
{
    struct plot_span span = {0, 0};
    while (span.first < of->entry_count &&
           (of->entries[span.first].group != group ||
            of->entries[span.first].variant != variant))
        span.first++;
    span.end = span.first;
    while (span.end < of->entry_count && of->entries[span.end].group == group &&
           of->entries[span.end].variant == variant)
        span.end++;
    return span;
}
