/*
 * Kinds drawn as stacked areas: queues, attribution, process.
 *
 * The results hold rows (time, name, pages). Two passes: the first learns
 * which names there are and how much they weigh, which decides the layers;
 * the second turns rows into columns, with names that have no layer of their
 * own in the layer "others". So memory does not grow with the number of VMOs.
 *
 * Colours: what ages is a ramp from dark (young) to light (old); neighbours
 * elsewhere differ in lightness, so that a grey print can be read. The hues of
 * the objects are those of Paul Tol's qualitative scheme, which colour-blind
 * readers can tell apart.
 */
#include "plot/plot_figure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A policy's lists in a figure at most, of each sort. */
#define MAX_LISTS 24

#define OTHERS       "\x01others"
#define UNATTRIBUTED "\x02unattributed"

/* A name of the results, with what it weighs in all runs of the figure. */
struct member {
    char *name;        /* owned */
    double page_ticks; /* sum over the samples */
};

struct members {
    struct member *items; /* owned */
    size_t count, capacity;
};

static void members_release(struct members *members)
{
    for (size_t m = 0; m < members->count; m++)
        free(members->items[m].name);
    free(members->items);
}

static int by_name(const void *left, const void *right)
{
    const struct member *a = left;
    const struct member *b = right;
    return strcmp(a->name, b->name);
}

/* The heaviest first. */
static int by_weight(const void *left, const void *right)
{
    const struct member *a = left;
    const struct member *b = right;
    if (a->page_ticks != b->page_ticks)
        return a->page_ticks > b->page_ticks ? -1 : 1;
    return strcmp(a->name, b->name);
}

static int members_add(struct members *members, const char *name, double weight)
{
    if (members->count == members->capacity) {
        size_t capacity = members->capacity > 0 ? 2 * members->capacity : 32;
        struct member *items =
            realloc(members->items, capacity * sizeof(*items));
        if (!items)
            return SQLITE_NOMEM;
        members->items = items;
        members->capacity = capacity;
    }
    struct member *member = &members->items[members->count];
    *member = (struct member){strdup(name), weight};
    if (!member->name)
        return SQLITE_NOMEM;
    members->count++;
    return SQLITE_OK;
}

/* Members of the same name become one. */
static void members_merge(struct members *members)
{
    size_t kept = 0;
    if (members->count > 0)
        qsort(members->items, members->count, sizeof(*members->items), by_name);
    for (size_t m = 0; m < members->count; m++) {
        struct member *member = &members->items[m];
        if (kept > 0 &&
            strcmp(members->items[kept - 1].name, member->name) == 0) {
            members->items[kept - 1].page_ticks += member->page_ticks;
            free(member->name);
        } else {
            members->items[kept++] = *member;
        }
    }
    members->count = kept;
}

static const char *name_of(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text && *text != '\0' ? (const char *)text : "(no name)";
}

/* First pass; `sql` gives (name, weight) of run ?1. */
static int members_read(sqlite3 *db, const char *sql,
                        const struct plot_figure *figure,
                        struct members *members)
{
    sqlite3_stmt *statement = NULL;
    int status = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    for (size_t p = 0; p < figure->panel_count && status == SQLITE_OK; p++) {
        sqlite3_bind_int64(statement, 1, figure->panels[p].run->id);
        while (status == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
            status = members_add(members, name_of(statement, 0),
                                 sqlite3_column_double(statement, 1));
        int end = sqlite3_reset(statement);
        status = status == SQLITE_OK ? end : status;
    }
    sqlite3_finalize(statement);
    members_merge(members);
    return status;
}

static const struct member *members_find(const struct members *members,
                                         const char *name)
{
    for (size_t m = 0; m < members->count; m++)
        if (strcmp(members->items[m].name, name) == 0)
            return &members->items[m];
    return NULL;
}

/* --- the second pass ------------------------------------------------------ */

/* The layer of that name, from `hint` on, or else the one of the others, or
 * else none: layer_count. Rows come in the same order at each time. */
static size_t layer_of(const struct plot_figure *figure, const char *name,
                       size_t hint)
{
    size_t others = figure->layer_count;
    for (size_t n = 0; n < figure->layer_count; n++) {
        size_t layer = (hint + n) % figure->layer_count;
        if (strcmp(figure->layers[layer].name, name) == 0)
            return layer;
        if (strcmp(figure->layers[layer].name, OTHERS) == 0)
            others = layer;
    }
    return others;
}

/* `statement` gives (time, name or NULL, pages); without a name a row only
 * says that there is a sample. */
static int read_rows(sqlite3_stmt *statement, const struct plot_figure *figure,
                     struct plot_panel *panel)
{
    int status;
    size_t layer = 0;
    sqlite3_bind_int64(statement, 1, panel->run->id);
    while ((status = sqlite3_step(statement)) == SQLITE_ROW) {
        double *cells =
            plot_frame_row(&panel->frame, sqlite3_column_int64(statement, 0));
        if (!cells)
            return SQLITE_NOMEM;
        if (sqlite3_column_type(statement, 2) == SQLITE_NULL)
            continue;
        layer = layer_of(figure, name_of(statement, 1), layer);
        if (layer < figure->layer_count)
            cells[layer] +=
                sqlite3_column_double(statement, 2) * panel->run->page_mib;
    }
    return status == SQLITE_DONE ? SQLITE_OK : status;
}

static int read_panels(sqlite3 *db, const char *sql, struct plot_figure *figure)
{
    sqlite3_stmt *statement = NULL;
    if (figure->layer_count == 0)
        return SQLITE_OK;
    int status = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    for (size_t p = 0; p < figure->panel_count && status == SQLITE_OK; p++) {
        struct plot_panel *panel = &figure->panels[p];
        plot_frame_init(&panel->frame, figure->layer_count);
        status = read_rows(statement, figure, panel);
        sqlite3_reset(statement);
        double peak = plot_frame_peak(&panel->frame, panel->frame.columns);
        panel->has_data = panel->frame.rows > 1 && peak > 0;
        figure->y_max = fmax(figure->y_max, peak);
    }
    sqlite3_finalize(statement);
    return status;
}

/* --- queues --------------------------------------------------------------- */

struct fixed_layer {
    const char *name;
    const char *label;
    uint32_t colour;
};

/* Below the policy's lists, from the bottom up. */
static const struct fixed_layer kept_queues[] = {
    {"wired", "wired", 0x333333},
    {"anonymous", "anonymous", 0xE8A84C},
    {"high_priority", "high priority", 0x9C3D1E},
    {"zero_fork", "zero fork", 0xF3D9A5},
    {"pager_dirty", "dirty, pager-backed", 0xA0467F},
    {"failed_reclaim", "failed reclaim", 0xF0BBD6},
};

/* Above them. */
static const struct fixed_layer spare_queues[] = {
    {"dont_need", "don't need", 0xDDE9C8},
    {"compressed_storage", "compressed storage", 0x3E7F3E},
    {"free_loaned", "free, loaned", 0xD9D9D9},
    {"free", "free", 0xF4F4F4},
};

/* Ghost lists remember pages that are gone; they take no memory. */
#define QUEUE_ROWS                                                             \
    "SELECT tick_ns, queue, max(pages) AS pages FROM v_queue_series "          \
    "WHERE run_id = ?1 AND queue NOT LIKE '%ghost%' "                          \
    "GROUP BY tick_ns, queue "                                                 \
    "UNION ALL SELECT tick_ns, 'compressed_storage', compressed_storage "      \
    "FROM tick WHERE run_id = ?1 "                                             \
    "UNION ALL SELECT tick_ns, 'free_loaned', free_loaned "                    \
    "FROM tick WHERE run_id = ?1 "                                             \
    "UNION ALL SELECT tick_ns, 'free', free FROM tick WHERE run_id = ?1"

static const char queue_members_sql[] =
    "SELECT queue, total(pages) FROM (" QUEUE_ROWS ") GROUP BY queue";

static const char queue_rows_sql[] =
    "SELECT tick_ns, queue, pages FROM (" QUEUE_ROWS ") ORDER BY tick_ns";

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static bool is_fixed(const char *name)
{
    for (size_t n = 0; n < COUNT_OF(kept_queues); n++)
        if (strcmp(kept_queues[n].name, name) == 0)
            return true;
    for (size_t n = 0; n < COUNT_OF(spare_queues); n++)
        if (strcmp(spare_queues[n].name, name) == 0)
            return true;
    return false;
}

static int add_fixed(struct plot_figure *figure, const struct members *members,
                     const struct fixed_layer *fixed, size_t count)
{
    int status = SQLITE_OK;
    for (size_t n = 0; n < count && status == SQLITE_OK; n++) {
        const struct member *member = members_find(members, fixed[n].name);
        if (member && member->page_ticks > 0)
            status = plot_figure_layer(figure, fixed[n].name, fixed[n].label,
                                       fixed[n].colour);
    }
    return status;
}

static uint32_t mix(uint32_t from, uint32_t to, double share)
{
    uint32_t colour = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
        double a = (double)(from >> shift & 0xFF);
        double b = (double)(to >> shift & 0xFF);
        colour |= (uint32_t)lround(a + (b - a) * share) << shift;
    }
    return colour;
}

/* "reclaim10" comes after "reclaim9". */
static int natural_order(const void *left, const void *right)
{
    const struct member *const *a = left;
    const struct member *const *b = right;
    const char *x = (*a)->name;
    const char *y = (*b)->name;
    size_t digits_x = strcspn(x, "0123456789");
    size_t digits_y = strcspn(y, "0123456789");
    if (digits_x == digits_y && strncmp(x, y, digits_x) == 0) {
        unsigned long m = strtoul(x + digits_x, NULL, 10);
        unsigned long n = strtoul(y + digits_y, NULL, 10);
        if (m != n)
            return m < n ? -1 : 1;
    }
    return strcmp(x, y);
}

/* Zircon's generations: "reclaim0" is the newest. */
static bool is_generation(const char *name)
{
    return strncmp(name, "reclaim", 7) == 0;
}

/* The lists that are generations, or those that are not. */
static size_t pick_lists(const struct members *members, bool is_generations,
                         const struct member **lists)
{
    size_t count = 0;
    for (size_t m = 0; m < members->count; m++) {
        const char *name = members->items[m].name;
        if (!is_fixed(name) && is_generation(name) == is_generations &&
            count < MAX_LISTS)
            lists[count++] = &members->items[m];
    }
    if (count > 0)
        qsort(lists, count, sizeof(const struct member *), natural_order);
    return count;
}

/* The ramp ends at the oldest list there is, empty or not, so that a list has
 * the same colour in most figures. */
static int add_lists(struct plot_figure *figure, const struct members *members,
                     bool is_generations)
{
    const struct member *lists[MAX_LISTS];
    size_t count = pick_lists(members, is_generations, lists);
    int status = SQLITE_OK;
    for (size_t n = 0; n < count && status == SQLITE_OK; n++) {
        double age = count > 1 ? (double)n / (double)(count - 1) : 0.4;
        bool is_end = is_generations && count > 1;
        const char *remark = is_end && n == 0           ? ", newest"
                             : is_end && n == count - 1 ? ", oldest"
                                                        : "";
        uint32_t colour = is_generations ? mix(0x0B2F5E, 0xB9D9F2, age)
                                         : mix(0x0F4C4A, 0xB5E3DC, age);
        char label[128];
        snprintf(label, sizeof(label), "%.80s%s", lists[n]->name, remark);
        if (lists[n]->page_ticks > 0)
            status = plot_figure_layer(figure, lists[n]->name, label, colour);
    }
    return status;
}

int plot_read_queues(sqlite3 *db, struct plot_figure *figure)
{
    struct members members = {0};
    int status = members_read(db, queue_members_sql, figure, &members);
    if (status == SQLITE_OK)
        status =
            add_fixed(figure, &members, kept_queues, COUNT_OF(kept_queues));
    if (status == SQLITE_OK)
        status = add_lists(figure, &members, false);
    if (status == SQLITE_OK)
        status = add_lists(figure, &members, true);
    if (status == SQLITE_OK)
        status =
            add_fixed(figure, &members, spare_queues, COUNT_OF(spare_queues));
    if (status == SQLITE_OK)
        status = read_panels(db, queue_rows_sql, figure);
    members_release(&members);
    return status;
}

/* --- attribution and process ---------------------------------------------- */

/* The heaviest at the bottom; neighbours are far apart in lightness. */
static const uint32_t hues[] = {0x332288, 0x88CCEE, 0x117733, 0xDDCC77,
                                0x882255, 0x44AA99, 0x661100, 0xCC6677,
                                0x6699CC, 0x999933, 0xAA4466};

/* The heaviest members, the rest as one, and pages that nobody shows. */
static int add_heaviest(struct plot_figure *figure, struct members *members)
{
    size_t own = 0;
    bool has_rest = false;
    bool has_unattributed = false;
    int status = SQLITE_OK;
    if (members->count > 0)
        qsort(members->items, members->count, sizeof(*members->items),
              by_weight);
    for (size_t m = 0; m < members->count && status == SQLITE_OK; m++) {
        const struct member *member = &members->items[m];
        if (!(member->page_ticks > 0))
            continue;
        if (strcmp(member->name, UNATTRIBUTED) == 0)
            has_unattributed = true;
        else if (own == COUNT_OF(hues))
            has_rest = true;
        else
            status = plot_figure_layer(figure, member->name, member->name,
                                       hues[own++]);
    }
    if (status == SQLITE_OK && has_rest)
        status = plot_figure_layer(figure, OTHERS, "others", 0xDDDDDD);
    if (status == SQLITE_OK && has_unattributed)
        status =
            plot_figure_layer(figure, UNATTRIBUTED, "unattributed", 0xAAAAAA);
    return status;
}

static int read_heaviest(sqlite3 *db, struct plot_figure *figure,
                         const char *members_sql, const char *rows_sql)
{
    struct members members = {0};
    int status = members_read(db, members_sql, figure, &members);
    if (status == SQLITE_OK)
        status = add_heaviest(figure, &members);
    if (status == SQLITE_OK)
        status = read_panels(db, rows_sql, figure);
    members_release(&members);
    return status;
}

/*
 * Ticks without a sample of any object still count: there it had nothing.
 * Pages that nobody shows are only of interest beside those that are shown.
 */
#define OBJECT_MEMBERS(view)                                                   \
    "SELECT name, total(committed) FROM " view " WHERE run_id = ?1 "           \
    "GROUP BY name UNION ALL "                                                 \
    "SELECT '" UNATTRIBUTED "', total(unattributed) FROM tick "                \
    "WHERE run_id = ?1 AND EXISTS (SELECT 1 FROM tick_vmo "                    \
    "WHERE run_id = ?1)"

#define OBJECT_ROWS(view)                                                      \
    "SELECT tick_ns, name, committed FROM " view " WHERE run_id = ?1 "         \
    "UNION ALL SELECT tick_ns, '" UNATTRIBUTED "', unattributed FROM tick "    \
    "WHERE run_id = ?1 ORDER BY tick_ns"

int plot_read_attribution(sqlite3 *db, struct plot_figure *figure)
{
    return read_heaviest(db, figure, OBJECT_MEMBERS("v_attribution_series"),
                         OBJECT_ROWS("v_attribution_series"));
}

int plot_read_process(sqlite3 *db, struct plot_figure *figure)
{
    return read_heaviest(db, figure, OBJECT_MEMBERS("v_process_series"),
                         OBJECT_ROWS("v_process_series"));
}
