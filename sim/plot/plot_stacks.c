/*
 * Kinds drawn as stacked areas: queues, attribution, process.
 *
 *   tick       time  column column ...      --> a row of the frame
 *   tick_list  time  name  pages            --> its cells
 *   tick_vmo   time  VMO   pages
 *
 * A look at some ticks tells which names weigh most and get a layer; the others
 * go into the layer "others". Then both tables are read once, side by side in
 * the order of time, and the frame's sieve keeps what can be seen. So memory
 * grows neither with the length of a run nor with the number of VMOs.
 *
 * Colours: what ages is a ramp from dark (young) to light (old); neighbours
 * elsewhere differ in lightness, so that a grey print can be read. The hues of
 * the objects are those of Paul Tol's qualitative scheme, which colour-blind
 * readers can tell apart.
 */
#include "plot/plot_figure.h"
#include "plot/plot_members.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* A policy's lists in a figure at most, of each sort. */
#define MAX_LISTS 20

#define OTHERS       "\x01others"
#define UNATTRIBUTED "\x02unattributed"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* --- columns of `tick` ---------------------------------------------------- */

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

/* --- reading -------------------------------------------------------------- */

/* Which layer a VMO belongs to. */
struct owner {
    int64_t vmo_id;
    size_t layer;
};

struct reader {
    sqlite3 *db;
    struct plot_figure *figure;
    sqlite3_stmt *ticks;  /* owned; (time, a value for each layer) */
    sqlite3_stmt *parts;  /* owned; (time, name or VMO, pages) */
    sqlite3_stmt *naming; /* owned; (VMO, name), or NULL: parts have names */
    struct owner *owners; /* owned; of the run in work, by VMO */
    size_t owner_count, owner_capacity;
    size_t hint; /* rows come in the same order at each time */
};

static void reader_release(struct reader *reader)
{
    sqlite3_finalize(reader->ticks);
    sqlite3_finalize(reader->parts);
    sqlite3_finalize(reader->naming);
    free(reader->owners);
}

/* The layer of that name, from `hint` on, or else the one of the others. */
static size_t layer_of(const struct plot_figure *figure, const char *name,
                       size_t hint)
{
    size_t others = 0;
    for (size_t n = 0; n < figure->layer_count; n++) {
        size_t layer = (hint + n) % figure->layer_count;
        if (strcmp(figure->layers[layer].name, name) == 0)
            return layer;
        if (strcmp(figure->layers[layer].name, OTHERS) == 0)
            others = layer;
    }
    return others;
}

/* Learn which layer each VMO of the run belongs to. */
static int read_owners(struct reader *reader, int64_t run)
{
    int status;
    reader->owner_count = 0;
    sqlite3_reset(reader->naming);
    sqlite3_bind_int64(reader->naming, 1, run);
    while ((status = sqlite3_step(reader->naming)) == SQLITE_ROW) {
        if (reader->owner_count == reader->owner_capacity) {
            size_t capacity =
                reader->owner_capacity > 0 ? 2 * reader->owner_capacity : 64;
            struct owner *owners =
                realloc(reader->owners, capacity * sizeof(*owners));
            if (!owners)
                return SQLITE_NOMEM;
            reader->owners = owners;
            reader->owner_capacity = capacity;
        }
        reader->owners[reader->owner_count++] = (struct owner){
            sqlite3_column_int64(reader->naming, 0),
            layer_of(reader->figure, plot_name_of(reader->naming, 1), 0)};
    }
    return status == SQLITE_DONE ? SQLITE_OK : status;
}

static int by_vmo(const void *left, const void *right)
{
    const struct owner *a = left;
    const struct owner *b = right;
    return (a->vmo_id > b->vmo_id) - (a->vmo_id < b->vmo_id);
}

/* The layer of the row that `parts` stands on. */
static size_t layer_of_part(struct reader *reader)
{
    if (!reader->naming) {
        reader->hint = layer_of(reader->figure, plot_name_of(reader->parts, 1),
                                reader->hint);
        return reader->hint;
    }
    const struct owner key = {sqlite3_column_int64(reader->parts, 1), 0};
    const struct owner *owner =
        reader->owner_count == 0
            ? NULL
            : bsearch(&key, reader->owners, reader->owner_count,
                      sizeof(*reader->owners), by_vmo);
    return owner ? owner->layer : layer_of(reader->figure, OTHERS, 0);
}

/* A list of the policy's may also be a column of `tick`: it counts once. */
static void add_part(const struct reader *reader, size_t layer, double amount,
                     double *cells)
{
    bool is_list = !reader->naming;
    if (is_list && is_fixed(reader->figure->layers[layer].name))
        cells[layer] = fmax(cells[layer], amount);
    else
        cells[layer] += amount;
}

/* Add the parts of that time to the row's cells. Returns the status of the
 * last step. */
static int add_parts(struct reader *reader, int64_t at_ns, int status,
                     double page_mib, double *cells)
{
    while (status == SQLITE_ROW &&
           sqlite3_column_int64(reader->parts, 0) <= at_ns) {
        if (sqlite3_column_int64(reader->parts, 0) == at_ns)
            add_part(reader, layer_of_part(reader),
                     sqlite3_column_double(reader->parts, 2) * page_mib, cells);
        status = sqlite3_step(reader->parts);
    }
    return status;
}

/* Both statements, side by side. */
static int read_rows(struct reader *reader, struct plot_panel *panel)
{
    double page_mib = panel->run->page_mib;
    int status;
    sqlite3_bind_int64(reader->ticks, 1, panel->run->id);
    sqlite3_bind_int64(reader->parts, 1, panel->run->id);
    int part = sqlite3_step(reader->parts);
    while ((status = sqlite3_step(reader->ticks)) == SQLITE_ROW) {
        int64_t at_ns = sqlite3_column_int64(reader->ticks, 0);
        double *cells = plot_frame_row(&panel->frame, at_ns);
        if (!cells)
            return SQLITE_NOMEM;
        for (size_t c = 0; c < panel->frame.columns; c++)
            cells[c] =
                sqlite3_column_double(reader->ticks, (int)c + 1) * page_mib;
        part = add_parts(reader, at_ns, part, page_mib, cells);
    }
    if (part != SQLITE_ROW && part != SQLITE_DONE)
        return part;
    return status == SQLITE_DONE ? SQLITE_OK : status;
}

static int read_panel(struct reader *reader, struct plot_panel *panel)
{
    int status = SQLITE_OK;
    plot_frame_init(&panel->frame, reader->figure->layer_count);
    if (reader->naming)
        status = read_owners(reader, panel->run->id);
    if (status == SQLITE_OK)
        status = plot_figure_sieve(reader->db, reader->figure, panel);
    if (status == SQLITE_OK)
        status = read_rows(reader, panel);
    sqlite3_reset(reader->ticks);
    sqlite3_reset(reader->parts);
    return status;
}

/* Layers that are empty in all panels go. */
static void drop_empty(struct plot_figure *figure)
{
    bool is_kept[PLOT_MAX_LAYERS] = {false};
    size_t kept = 0;
    for (size_t n = 0; n < figure->layer_count; n++)
        for (size_t p = 0; p < figure->panel_count; p++)
            is_kept[n] |= plot_frame_peak(&figure->panels[p].frame, n) > 0;
    for (size_t p = 0; p < figure->panel_count; p++)
        plot_frame_keep(&figure->panels[p].frame, is_kept);
    for (size_t n = 0; n < figure->layer_count; n++) {
        if (is_kept[n]) {
            figure->layers[kept++] = figure->layers[n];
        } else {
            free(figure->layers[n].name);
            free(figure->layers[n].label);
        }
    }
    figure->layer_count = kept;
}

/* Takes reader->ticks, which is prepared; `naming` may be NULL. */
static int read_panels(struct reader *reader, const char *parts,
                       const char *naming)
{
    struct plot_figure *figure = reader->figure;
    int status =
        sqlite3_prepare_v2(reader->db, parts, -1, &reader->parts, NULL);
    if (status == SQLITE_OK && naming)
        status =
            sqlite3_prepare_v2(reader->db, naming, -1, &reader->naming, NULL);
    for (size_t p = 0; p < figure->panel_count && status == SQLITE_OK; p++)
        status = read_panel(reader, &figure->panels[p]);
    reader_release(reader);
    if (status != SQLITE_OK)
        return status;
    drop_empty(figure);
    for (size_t p = 0; p < figure->panel_count; p++) {
        struct plot_panel *panel = &figure->panels[p];
        double peak = plot_frame_peak(&panel->frame, panel->frame.columns);
        panel->has_data = panel->frame.rows > 1 && peak > 0;
        figure->y_max = fmax(figure->y_max, peak);
    }
    return SQLITE_OK;
}

/* --- queues --------------------------------------------------------------- */

/* Ghost lists remember pages that are gone; they take no memory. */
#define IS_GHOST " LIKE '%ghost%' "

static const char list_members_sql[] =
    PLOT_SAMPLED_TICKS "SELECT list, total(pages) FROM tick_list "
                       "WHERE run_id = ?1 AND tick_ns IN sampled "
                       "AND NOT list" IS_GHOST "GROUP BY list";

static const char list_parts_sql[] =
    "SELECT tick_ns, list, pages FROM tick_list "
    "WHERE run_id = ?1 AND NOT list" IS_GHOST "ORDER BY tick_ns";

static int add_fixed(struct plot_figure *figure,
                     const struct fixed_layer *fixed, size_t count)
{
    int status = SQLITE_OK;
    for (size_t n = 0; n < count && status == SQLITE_OK; n++)
        status = plot_figure_layer(figure, fixed[n].name, fixed[n].label,
                                   fixed[n].colour);
    return status;
}

uint32_t plot_colour_mix(uint32_t from, uint32_t to, double share)
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
    const struct plot_member *const *a = left;
    const struct plot_member *const *b = right;
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
static size_t pick_lists(const struct plot_members *members,
                         bool is_generations, const struct plot_member **lists)
{
    size_t count = 0;
    for (size_t m = 0; m < members->count; m++) {
        const char *name = members->items[m].name;
        if (!is_fixed(name) && is_generation(name) == is_generations &&
            count < MAX_LISTS)
            lists[count++] = &members->items[m];
    }
    if (count > 0)
        qsort(lists, count, sizeof(const struct plot_member *), natural_order);
    return count;
}

/* The ramp ends at the oldest list there is, empty or not, so that a list has
 * the same colour in most figures. */
static int add_lists(struct plot_figure *figure,
                     const struct plot_members *members, bool is_generations)
{
    const struct plot_member *lists[MAX_LISTS];
    size_t count = pick_lists(members, is_generations, lists);
    int status = SQLITE_OK;
    for (size_t n = 0; n < count && status == SQLITE_OK; n++) {
        double age = count > 1 ? (double)n / (double)(count - 1) : 0.4;
        bool is_end = is_generations && count > 1;
        const char *remark = is_end && n == 0           ? ", newest"
                             : is_end && n == count - 1 ? ", oldest"
                                                        : "";
        uint32_t colour = is_generations
                              ? plot_colour_mix(0x0B2F5E, 0xB9D9F2, age)
                              : plot_colour_mix(0x0F4C4A, 0xB5E3DC, age);
        char label[128];
        snprintf(label, sizeof(label), "%.80s%s", lists[n]->name, remark);
        status = plot_figure_layer(figure, lists[n]->name, label, colour);
    }
    return status;
}

/* The columns of `tick` that are layers, read as one row. */
static int prepare_ticks(sqlite3 *db, const struct plot_figure *figure,
                         sqlite3_stmt **statement)
{
    char sql[512];
    size_t used = (size_t)snprintf(sql, sizeof(sql), "SELECT tick_ns");
    for (size_t n = 0; n < figure->layer_count && used < sizeof(sql); n++)
        used += (size_t)snprintf(
            sql + used, sizeof(sql) - used, ", %s",
            is_fixed(figure->layers[n].name) ? figure->layers[n].name : "0");
    if (used < sizeof(sql))
        used += (size_t)snprintf(sql + used, sizeof(sql) - used,
                                 " FROM tick WHERE run_id = ?1 "
                                 "ORDER BY tick_ns");
    CHECK(used < sizeof(sql));
    return sqlite3_prepare_v2(db, sql, -1, statement, NULL);
}

static int add_queues(struct plot_figure *figure,
                      const struct plot_members *members)
{
    int status = add_fixed(figure, kept_queues, COUNT_OF(kept_queues));
    if (status == SQLITE_OK)
        status = add_lists(figure, members, false);
    if (status == SQLITE_OK)
        status = add_lists(figure, members, true);
    if (status == SQLITE_OK)
        status = plot_figure_layer(figure, OTHERS, "other lists", 0xDDDDDD);
    if (status == SQLITE_OK)
        status = add_fixed(figure, spare_queues, COUNT_OF(spare_queues));
    return status;
}

int plot_read_queues(sqlite3 *db, struct plot_figure *figure)
{
    struct plot_members members = {0};
    struct reader reader = {.db = db, .figure = figure};
    int status = plot_members_read(db, list_members_sql, figure, &members);
    if (status == SQLITE_OK)
        status = add_queues(figure, &members);
    if (status == SQLITE_OK)
        status = prepare_ticks(db, figure, &reader.ticks);
    if (status == SQLITE_OK)
        status = read_panels(&reader, list_parts_sql, NULL);
    plot_members_release(&members);
    return status;
}

/* --- attribution and process ---------------------------------------------- */

/* The heaviest at the bottom; neighbours are far apart in lightness. */
static const uint32_t hues[] = {0x332288, 0x88CCEE, 0x117733, 0xDDCC77,
                                0x882255, 0x44AA99, 0x661100, 0xCC6677,
                                0x6699CC, 0x999933, 0xAA4466};

/* The heaviest members, the rest as one, and pages that nobody shows. */
static int add_heaviest(struct plot_figure *figure,
                        struct plot_members *members)
{
    int status = SQLITE_OK;
    plot_members_by_weight(members);
    for (size_t m = 0;
         m < members->count && m < COUNT_OF(hues) && status == SQLITE_OK; m++)
        if (members->items[m].page_ticks > 0)
            status = plot_figure_layer(figure, members->items[m].name,
                                       members->items[m].name, hues[m]);
    if (status == SQLITE_OK)
        status = plot_figure_layer(figure, OTHERS, "others", 0xDDDDDD);
    if (status == SQLITE_OK)
        status =
            plot_figure_layer(figure, UNATTRIBUTED, "unattributed", 0xAAAAAA);
    return status;
}

/* Pages that nobody shows are only of interest beside those that are shown. */
static int prepare_unattributed(sqlite3 *db, const struct plot_figure *figure,
                                sqlite3_stmt **statement)
{
    char sql[512] = "SELECT tick_ns";
    for (size_t n = 1; n < figure->layer_count; n++)
        strcat(sql, ", 0"); /* the last layer is the unattributed pages */
    strcat(sql, ", CASE WHEN EXISTS (SELECT 1 FROM tick_vmo "
                "WHERE run_id = ?1) THEN unattributed END "
                "FROM tick WHERE run_id = ?1 ORDER BY tick_ns");
    return sqlite3_prepare_v2(db, sql, -1, statement, NULL);
}

static const char vmo_parts_sql[] =
    "SELECT tick_ns, vmo_id, committed FROM tick_vmo "
    "WHERE run_id = ?1 ORDER BY tick_ns";

static int read_heaviest(sqlite3 *db, struct plot_figure *figure,
                         const char *members_sql, const char *owners_sql)
{
    struct plot_members members = {0};
    struct reader reader = {.db = db, .figure = figure};
    int status = plot_members_read(db, members_sql, figure, &members);
    if (status == SQLITE_OK)
        status = add_heaviest(figure, &members);
    if (status == SQLITE_OK)
        status = prepare_unattributed(db, figure, &reader.ticks);
    if (status == SQLITE_OK)
        status = read_panels(&reader, vmo_parts_sql, owners_sql);
    plot_members_release(&members);
    return status;
}

#define MEMBERS_BY(owner)                                                      \
    PLOT_SAMPLED_TICKS                                                         \
    "SELECT " owner ".name, total(s.committed) FROM tick_vmo s "               \
    "LEFT JOIN vmo ON vmo.run_id = s.run_id AND vmo.vmo_id = s.vmo_id "        \
    "LEFT JOIN process ON process.run_id = s.run_id "                          \
    "AND process.process_id = vmo.process_id "                                 \
    "WHERE s.run_id = ?1 AND s.tick_ns IN sampled GROUP BY " owner ".name"

int plot_read_attribution(sqlite3 *db, struct plot_figure *figure)
{
    return read_heaviest(db, figure, MEMBERS_BY("vmo"),
                         "SELECT vmo_id, name FROM vmo WHERE run_id = ?1 "
                         "ORDER BY vmo_id");
}

int plot_read_process(sqlite3 *db, struct plot_figure *figure)
{
    return read_heaviest(
        db, figure, MEMBERS_BY("process"),
        "SELECT vmo_id, p.name FROM vmo v LEFT JOIN process p "
        "ON p.run_id = v.run_id AND p.process_id = v.process_id "
        "WHERE v.run_id = ?1 ORDER BY vmo_id");
}
