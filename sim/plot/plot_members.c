#include "plot/plot_members.h"

#include <stdlib.h>
#include <string.h>

void plot_members_release(struct plot_members *members)
{
    for (size_t m = 0; m < members->count; m++)
        free(members->items[m].name);
    free(members->items);
    *members = (struct plot_members){0};
}

static int by_name(const void *left, const void *right)
{
    const struct plot_member *a = left;
    const struct plot_member *b = right;
    return strcmp(a->name, b->name);
}

/* The heaviest first. */
static int by_weight(const void *left, const void *right)
{
    const struct plot_member *a = left;
    const struct plot_member *b = right;
    if (a->page_ticks != b->page_ticks)
        return a->page_ticks > b->page_ticks ? -1 : 1;
    return strcmp(a->name, b->name);
}

static int members_add(struct plot_members *members, const char *name,
                       double weight)
{
    if (members->count == members->capacity) {
        size_t capacity = members->capacity > 0 ? 2 * members->capacity : 32;
        struct plot_member *items =
            realloc(members->items, capacity * sizeof(*items));
        if (!items)
            return SQLITE_NOMEM;
        members->items = items;
        members->capacity = capacity;
    }
    struct plot_member *member = &members->items[members->count];
    *member = (struct plot_member){strdup(name), weight};
    if (!member->name)
        return SQLITE_NOMEM;
    members->count++;
    return SQLITE_OK;
}

/* Members of the same name become one. */
static void members_merge(struct plot_members *members)
{
    size_t kept = 0;
    if (members->count > 0)
        qsort(members->items, members->count, sizeof(*members->items), by_name);
    for (size_t m = 0; m < members->count; m++) {
        struct plot_member *member = &members->items[m];
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

const char *plot_name_of(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text && *text != '\0' ? (const char *)text : "(no name)";
}

int plot_members_read(sqlite3 *db, const char *sql,
                      const struct plot_figure *figure,
                      struct plot_members *members)
{
    sqlite3_stmt *statement = NULL;
    int status = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    for (size_t p = 0; p < figure->panel_count && status == SQLITE_OK; p++) {
        sqlite3_bind_int64(statement, 1, figure->panels[p].run->id);
        while (status == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
            status = members_add(members, plot_name_of(statement, 0),
                                 sqlite3_column_double(statement, 1));
        int end = sqlite3_reset(statement);
        status = status == SQLITE_OK ? end : status;
    }
    sqlite3_finalize(statement);
    members_merge(members);
    return status;
}

void plot_members_by_weight(struct plot_members *members)
{
    if (members->count > 0)
        qsort(members->items, members->count, sizeof(*members->items),
              by_weight);
}
