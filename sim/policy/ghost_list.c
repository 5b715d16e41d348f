#include "ghost_list.h"

#include <stdlib.h>

/* Faults that are under way at one time: a range supplied at once may be
 * large, but the ghosts of what comes last are the ones worth keeping. */
enum { LEAST_RETURNING = 64, RETURNING_SHARE = 16 };

static uint64_t returning_room(uint64_t ghosts)
{
    return LEAST_RETURNING + ghosts / RETURNING_SHARE;
}

static uint32_t *bucket_of(const struct ghost_table *table, ghost_name name)
{
    const uint64_t hash = (name ^ name >> 32) * UINT64_C(0x9e3779b97f4a7c15) >>
                          table->bucket_shift;

    return &table->buckets[hash];
}

static uint32_t find(const struct ghost_table *table, ghost_name name)
{
    uint32_t at = *bucket_of(table, name);

    while (at && table->ghosts[at].name != name)
        at = table->ghosts[at].next;
    return at;
}

static void list_push(struct ghost_table *table, unsigned list, uint32_t at)
{
    struct ghost_ends *ends = &table->lists[list];
    struct ghost *ghost = &table->ghosts[at];

    ghost->list = (uint8_t)list;
    ghost->newer = 0;
    ghost->older = ends->newest;
    if (ends->newest)
        table->ghosts[ends->newest].newer = at;
    else
        ends->oldest = at;
    ends->newest = at;
    ends->count++;
}

static void list_remove(struct ghost_table *table, uint32_t at)
{
    const struct ghost *ghost = &table->ghosts[at];
    struct ghost_ends *ends = &table->lists[ghost->list];

    if (ghost->newer)
        table->ghosts[ghost->newer].older = ghost->older;
    else
        ends->newest = ghost->older;
    if (ghost->older)
        table->ghosts[ghost->older].newer = ghost->newer;
    else
        ends->oldest = ghost->newer;
    CHECK(ends->count > 0);
    ends->count--;
}

static void forget(struct ghost_table *table, uint32_t at)
{
    struct ghost *ghost = &table->ghosts[at];
    uint32_t *link = bucket_of(table, ghost->name);

    list_remove(table, at);
    while (*link != at)
        link = &table->ghosts[*link].next;
    *link = ghost->next;
    ghost->name = 0;
    ghost->next = table->first_free;
    table->first_free = at;
}

/* A node that is free; the fullest list gives up its oldest if none is. */
static uint32_t take_node(struct ghost_table *table)
{
    if (!table->first_free && table->touched < table->capacity)
        return (uint32_t)++table->touched;
    if (!table->first_free) {
        unsigned fullest = 1;

        for (unsigned list = 2; list <= GHOST_RETURNING; list++)
            if (ghost_count(table, list) > ghost_count(table, fullest))
                fullest = list;
        ghost_drop_oldest(table, fullest);
    }
    const uint32_t at = table->first_free;

    CHECK(at != 0);
    table->first_free = table->ghosts[at].next;
    return at;
}

void ghost_drop_oldest(struct ghost_table *table, unsigned list)
{
    if (table->lists[list].oldest)
        forget(table, table->lists[list].oldest);
}

void ghost_add(struct ghost_table *table, unsigned list, uint64_t limit,
               ghost_name name, uint64_t note)
{
    if (!name || limit == 0)
        return;
    CHECK(list >= 1);
    CHECK(list <= GHOST_LISTS);
    const uint32_t known = find(table, name);

    if (known)
        forget(table, known);
    while (ghost_count(table, list) >= limit)
        ghost_drop_oldest(table, list);
    const uint32_t at = take_node(table);
    uint32_t *bucket = bucket_of(table, name);
    struct ghost *ghost = &table->ghosts[at];

    ghost->name = name;
    ghost->note = note;
    ghost->next = *bucket;
    *bucket = at;
    list_push(table, list, at);
}

unsigned ghost_recall(struct ghost_table *table, ghost_name name)
{
    const uint32_t at = name ? find(table, name) : 0;

    if (!at)
        return GHOST_UNKNOWN;
    struct ghost *ghost = &table->ghosts[at];

    if (ghost->list == GHOST_RETURNING)
        return ghost->recalled_from;
    ghost->recalled_from = ghost->list;
    list_remove(table, at);
    list_push(table, GHOST_RETURNING, at);
    return ghost->recalled_from;
}

unsigned ghost_return(struct ghost_table *table, ghost_name name,
                      uint64_t *note)
{
    const uint32_t at = name ? find(table, name) : 0;

    if (!at)
        return GHOST_UNKNOWN;
    const struct ghost *ghost = &table->ghosts[at];
    const unsigned from =
        ghost->list == GHOST_RETURNING ? ghost->recalled_from : GHOST_UNKNOWN;

    if (note)
        *note = ghost->note;
    forget(table, at);
    return from;
}

/* Setting up. ------------------------------------------------------------- */

bool ghost_table_init(struct ghost_table *table, uint64_t ghosts)
{
    const uint64_t capacity = ghosts + returning_room(ghosts);
    unsigned bits = 4;

    *table = (struct ghost_table){.capacity = capacity};
    while (UINT64_C(1) << bits < capacity)
        bits++;
    if (capacity >= UINT32_MAX)
        return false;
    table->bucket_shift = 64 - bits;
    table->ghosts = calloc(capacity + 1, sizeof *table->ghosts);
    table->buckets = calloc(UINT64_C(1) << bits, sizeof *table->buckets);
    if (!table->ghosts || !table->buckets) {
        ghost_table_release(table);
        return false;
    }
    return true;
}

void ghost_table_release(struct ghost_table *table)
{
    free(table->ghosts);
    free(table->buckets);
    *table = (struct ghost_table){.ghosts = NULL};
}

bool ghost_table_resize(struct ghost_table *table, uint64_t ghosts)
{
    struct ghost_table grown;

    if (ghosts + returning_room(ghosts) == table->capacity)
        return true;
    if (!ghost_table_init(&grown, ghosts))
        return false;
    for (unsigned list = 1; list <= GHOST_LISTS; list++)
        for (uint32_t at = table->lists[list].oldest; at;
             at = table->ghosts[at].newer)
            ghost_add(&grown, list, UINT64_MAX, table->ghosts[at].name,
                      table->ghosts[at].note);
    for (uint32_t at = table->lists[GHOST_RETURNING].oldest; at;
         at = table->ghosts[at].newer) {
        const struct ghost *ghost = &table->ghosts[at];

        ghost_add(&grown, ghost->recalled_from, UINT64_MAX, ghost->name,
                  ghost->note);
        ghost_recall(&grown, ghost->name);
    }
    ghost_table_release(table);
    *table = grown;
    return true;
}

const char *ghost_table_valid(const struct ghost_table *table)
{
    uint64_t used = 0, free_count = 0;

    for (unsigned list = 1; list <= GHOST_RETURNING; list++) {
        uint64_t walked = 0;

        for (uint32_t at = table->lists[list].oldest; at;
             at = table->ghosts[at].newer) {
            if (table->ghosts[at].list != list)
                return "a ghost knows the list that it is on";
            if (find(table, table->ghosts[at].name) != at)
                return "a ghost is found by its name";
            if (++walked > table->capacity)
                break;
        }
        if (walked != table->lists[list].count)
            return "count = length of the list of ghosts";
        used += walked;
    }
    for (uint32_t at = table->first_free; at; at = table->ghosts[at].next)
        if (++free_count > table->capacity)
            break;
    return used + free_count == table->touched
               ? NULL
               : "every node that was in use is a ghost or free";
}
