/*
 * Residency: which pages of a VMO were in memory when.
 *
 * With page events, the rows are the pages of one VMO. A page is resident from
 * `added` or `refaulted` on, until it is evicted, discarded, freed or
 * compressed; pinned, dirtied and protected pages leave the policy's hands but
 * not the memory. Only pages that a policy knows have events.
 *
 * A run that recorded no pages still has samples of its VMOs: then a row is a
 * VMO, and a cell the share of the most that it ever had.
 */
#include "plot/plot_fail.h"
#include "plot/plot_figure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    GRID_COLUMNS = 720,
    ROWS_OF_ONE = 240,   /* of a figure with one panel */
    ROWS_OF_MANY = 100,  /* of each of several */
    MAX_VMOS = 24,       /* rows where a row is a VMO */
    MAX_PAGES = 1 << 28, /* of a VMO: a TiB */
};

static int add_layers(struct plot_figure *figure)
{
    static const struct {
        const char *label;
        uint32_t colour;
    } layers[] = {{"resident", 0x9DBAD8},
                  {"compressed", 0xE9DDB4},
                  {"reclaimed then", 0xC0571E},
                  {"came back then", 0x000000}};
    int status = SQLITE_OK;
    for (size_t n = 0; n < sizeof(layers) / sizeof(layers[0]); n++)
        if (status == SQLITE_OK)
            status = plot_figure_layer(figure, layers[n].label, layers[n].label,
                                       layers[n].colour);
    return status;
}

/* One number; `fallback` where there is none. An SQLite status. */
static int ask(sqlite3 *db, const char *sql, int64_t run, int64_t *answer)
{
    sqlite3_stmt *statement = NULL;
    int status = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    sqlite3_bind_int64(statement, 1, run);
    if (status == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        *answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return status;
}

/* When the run ended, or got to. */
static int read_end(sqlite3 *db, int64_t run, int64_t *end_ns)
{
    return ask(db,
               "SELECT coalesce((SELECT sim_ns FROM run WHERE run_id = ?1), "
               "(SELECT max(tick_ns) FROM tick WHERE run_id = ?1), "
               "(SELECT max(at_ns) FROM page_event WHERE run_id = ?1), 0)",
               run, end_ns);
}

/* --- which VMO ------------------------------------------------------------ */

struct subject {
    int64_t vmo_id;
    int64_t pages; /* 0: there is none */
    int64_t closed_ns;
    char name[128];
};

/* The one with the highest page, of those with that name; ?2 NULL: of all. */
static const char subject_sql[] =
    "SELECT e.vmo_id, max(e.page) + 1 AS pages, v.closed_ns, "
    "coalesce(v.name, '') FROM page_event e "
    "JOIN vmo v ON v.run_id = e.run_id AND v.vmo_id = e.vmo_id "
    "WHERE e.run_id = ?1 AND (?2 IS NULL OR v.name = ?2) "
    "GROUP BY e.vmo_id ORDER BY pages DESC, e.vmo_id LIMIT 1";

static int find_subject(sqlite3 *db, int64_t run, const char *name,
                        struct subject *subject)
{
    sqlite3_stmt *statement = NULL;
    *subject = (struct subject){.closed_ns = INT64_MAX};
    int status = sqlite3_prepare_v2(db, subject_sql, -1, &statement, NULL);
    sqlite3_bind_int64(statement, 1, run);
    sqlite3_bind_text(statement, 2, name, -1, SQLITE_STATIC);
    if (status == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
        subject->vmo_id = sqlite3_column_int64(statement, 0);
        subject->pages = sqlite3_column_int64(statement, 1);
        if (sqlite3_column_type(statement, 2) != SQLITE_NULL)
            subject->closed_ns = sqlite3_column_int64(statement, 2);
        snprintf(subject->name, sizeof(subject->name), "%s",
                 (const char *)sqlite3_column_text(statement, 3));
    }
    int end = sqlite3_finalize(statement);
    return status == SQLITE_OK ? end : status;
}

/* --- page events ---------------------------------------------------------- */

/* What an event makes of its page. */
struct change {
    const char *what;
    enum plot_grid_state state;
    enum plot_grid_mark mark;
};

static const struct change changes[] = {
    {"added", PLOT_GRID_RESIDENT, PLOT_GRID_CALM},
    {"refaulted", PLOT_GRID_RESIDENT, PLOT_GRID_RETURNED},
    {"evicted", PLOT_GRID_ABSENT, PLOT_GRID_RECLAIMED},
    {"discarded", PLOT_GRID_ABSENT, PLOT_GRID_RECLAIMED},
    {"compressed", PLOT_GRID_COMPRESSED, PLOT_GRID_RECLAIMED},
    {"freed", PLOT_GRID_ABSENT, PLOT_GRID_CALM},
};

/* NULL: the page stays as it is. */
static const struct change *find_change(const char *what)
{
    for (size_t n = 0; n < sizeof(changes) / sizeof(changes[0]); n++)
        if (what && strcmp(changes[n].what, what) == 0)
            return &changes[n];
    return NULL;
}

/* A page, since its last change. */
struct life {
    int64_t since_ns;
    enum plot_grid_state state;
};

static size_t row_of(const struct plot_grid *grid, int64_t page, int64_t pages)
{
    return (size_t)((double)page * (double)grid->rows / (double)pages);
}

static int read_events(sqlite3 *db, int64_t run, const struct subject *subject,
                       struct life *lives, struct plot_grid *grid)
{
    sqlite3_stmt *statement = NULL;
    int status = sqlite3_prepare_v2(
        db,
        "SELECT at_ns, page, what FROM page_event "
        "WHERE run_id = ?1 AND vmo_id = ?2 AND page >= 0 ORDER BY seq",
        -1, &statement, NULL);
    sqlite3_bind_int64(statement, 1, run);
    sqlite3_bind_int64(statement, 2, subject->vmo_id);
    while (status == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
        const struct change *change =
            find_change((const char *)sqlite3_column_text(statement, 2));
        if (!change)
            continue;
        int64_t at_ns = sqlite3_column_int64(statement, 0);
        int64_t page = sqlite3_column_int64(statement, 1);
        size_t row = row_of(grid, page, subject->pages);
        struct life *life = &lives[page];
        plot_grid_add(grid, row, life->state, life->since_ns, at_ns, 1);
        plot_grid_mark(grid, row, at_ns, change->mark);
        *life = (struct life){at_ns, change->state};
    }
    int end = sqlite3_finalize(statement);
    return status == SQLITE_OK ? end : status;
}

static int read_pages(sqlite3 *db, int64_t run, const struct subject *subject,
                      struct plot_grid *grid)
{
    struct life *lives = calloc((size_t)subject->pages, sizeof(*lives));
    if (!lives)
        return SQLITE_NOMEM;
    for (int64_t page = 0; page < subject->pages; page++) {
        lives[page].state = PLOT_GRID_ABSENT;
        grid->weight[row_of(grid, page, subject->pages)]++;
    }
    int status = read_events(db, run, subject, lives, grid);
    for (int64_t page = 0; page < subject->pages; page++)
        plot_grid_add(grid, row_of(grid, page, subject->pages),
                      lives[page].state, lives[page].since_ns,
                      subject->closed_ns, 1);
    free(lives);
    return status;
}

static int read_vmo(sqlite3 *db, const struct subject *subject,
                    size_t most_rows, struct plot_panel *panel)
{
    size_t rows =
        (size_t)subject->pages < most_rows ? (size_t)subject->pages : most_rows;
    if (subject->pages > MAX_PAGES)
        return SQLITE_TOOBIG;
    if (!plot_grid_init(&panel->grid, GRID_COLUMNS, rows, panel->end_ns))
        return SQLITE_NOMEM;
    panel->height = (double)subject->pages;
    panel->has_data = true;
    snprintf(panel->subject, sizeof(panel->subject), "VMO %.100s, %lld pages",
             subject->name, (long long)subject->pages);
    return read_pages(db, panel->run->id, subject, &panel->grid);
}

/* --- samples of VMOs ------------------------------------------------------ */

/* The largest by the most that they had; ?2 of them. */
#define LARGEST                                                                \
    "SELECT vmo_id, max(committed + compressed) AS most FROM tick_vmo "        \
    "WHERE run_id = ?1 GROUP BY vmo_id HAVING most > 0 "                       \
    "ORDER BY most DESC, vmo_id LIMIT ?2"

/* The largest at the top. Each sample holds until the next one. */
static const char samples_sql[] =
    "WITH chosen AS (SELECT vmo_id, most, "
    "row_number() OVER (ORDER BY most, vmo_id DESC) - 1 AS row, "
    "count(*) OVER () AS rows FROM (" LARGEST ")) "
    "SELECT c.row, c.rows, c.most, s.tick_ns, "
    "lead(s.tick_ns) OVER (PARTITION BY s.vmo_id ORDER BY s.tick_ns), "
    "s.committed, s.compressed, coalesce(v.name, '(no name)') "
    "FROM chosen c JOIN tick_vmo s ON s.run_id = ?1 AND s.vmo_id = c.vmo_id "
    "LEFT JOIN vmo v ON v.run_id = s.run_id AND v.vmo_id = s.vmo_id "
    "ORDER BY c.row, s.tick_ns";

enum { ROW, ROWS, MOST, FROM, TO, COMMITTED, COMPRESSED, NAME };

static int add_sample(sqlite3_stmt *row, struct plot_panel *panel)
{
    struct plot_grid *grid = &panel->grid;
    size_t rows = (size_t)sqlite3_column_int64(row, ROWS);
    size_t at = (size_t)sqlite3_column_int64(row, ROW);
    if (!panel->has_data &&
        !plot_grid_init(grid, GRID_COLUMNS, rows, panel->end_ns))
        return SQLITE_NOMEM;
    panel->has_data = true;
    panel->height = (double)rows;
    if (panel->row_names.count == at &&
        !plot_ticks_add(&panel->row_names, (double)at + 0.5,
                        (const char *)sqlite3_column_text(row, NAME)))
        return SQLITE_NOMEM;
    int64_t from_ns = sqlite3_column_int64(row, FROM);
    int64_t to_ns = sqlite3_column_type(row, TO) == SQLITE_NULL
                        ? panel->end_ns
                        : sqlite3_column_int64(row, TO);
    grid->weight[at] = sqlite3_column_double(row, MOST);
    plot_grid_add(grid, at, PLOT_GRID_RESIDENT, from_ns, to_ns,
                  sqlite3_column_double(row, COMMITTED));
    plot_grid_add(grid, at, PLOT_GRID_COMPRESSED, from_ns, to_ns,
                  sqlite3_column_double(row, COMPRESSED));
    return SQLITE_OK;
}

static int read_samples(sqlite3 *db, struct plot_panel *panel)
{
    sqlite3_stmt *statement = NULL;
    int status = sqlite3_prepare_v2(db, samples_sql, -1, &statement, NULL);
    sqlite3_bind_int64(statement, 1, panel->run->id);
    sqlite3_bind_int(statement, 2, MAX_VMOS);
    while (status == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        status = add_sample(statement, panel);
    int end = sqlite3_finalize(statement);
    snprintf(panel->subject, sizeof(panel->subject),
             "by VMO, of the most that each had (record.pages: true "
             "shows pages)");
    return status == SQLITE_OK ? end : status;
}

/* --- the figure ----------------------------------------------------------- */

/* Without a wish, the largest VMO of the first run that has page events. */
static int choose(sqlite3 *db, const struct plot_figure *figure, char *name,
                  size_t size)
{
    struct subject subject = {0};
    int status = SQLITE_OK;
    for (size_t p = 0;
         p < figure->panel_count && status == SQLITE_OK && subject.pages == 0;
         p++)
        status = find_subject(db, figure->panels[p].run->id, NULL, &subject);
    snprintf(name, size, "%s", subject.name);
    return status;
}

static int read_panel(sqlite3 *db, const struct plot_figure *figure,
                      const char *name, struct plot_panel *panel)
{
    struct subject subject;
    size_t most_rows = figure->panel_count > 1 ? ROWS_OF_MANY : ROWS_OF_ONE;
    int status = read_end(db, panel->run->id, &panel->end_ns);
    if (status == SQLITE_OK)
        status = find_subject(db, panel->run->id, name, &subject);
    if (status != SQLITE_OK || panel->end_ns <= 0)
        return status;
    if (subject.pages > 0)
        status = read_vmo(db, &subject, most_rows, panel);
    else if (!figure->vmo)
        status = read_samples(db, panel);
    if (status == SQLITE_OK && panel->has_data)
        plot_grid_finish(&panel->grid);
    return status;
}

int plot_read_residency(sqlite3 *db, struct plot_figure *figure)
{
    char largest[128];
    int status = add_layers(figure);
    if (status == SQLITE_OK)
        status = choose(db, figure, largest, sizeof(largest));
    const char *name = figure->vmo ? figure->vmo : largest;
    for (size_t p = 0; p < figure->panel_count && status == SQLITE_OK; p++) {
        struct plot_panel *panel = &figure->panels[p];
        status = read_panel(db, figure, name, panel);
        if (panel->end_ns > figure->end_ns)
            figure->end_ns = panel->end_ns;
    }
    return status;
}
