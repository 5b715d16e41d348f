#include "trace/trace_ids.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "units.h"

/* A block is what one host page of the table covers. */
enum { BLOCK_BYTES = 4096, BLOCK_IDS = BLOCK_BYTES / sizeof(uint32_t) };

#define BLOCK_COUNT      (TRACE_DENSE_LIMIT / BLOCK_IDS)
#define TABLE_BYTES      (TRACE_DENSE_LIMIT * sizeof(uint32_t))
#define DENSE_FREE_BYTES (UINT64_C(40) << 20)
#define FIRST_SLOT_BITS  12

enum { DENSE_PAGE_BYTES = 16, FETCH_AHEAD = 16 };

bool trace_ids_init(struct trace_ids *ids)
{
    *ids = (struct trace_ids){0};
    void *table = mmap(NULL, TABLE_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (table == MAP_FAILED)
        return false;
    ids->backed = calloc(BLOCK_COUNT / 64, sizeof *ids->backed);
    if (!ids->backed) {
        munmap(table, TABLE_BYTES);
        return false;
    }
    ids->table = table;
    return true;
}

static void release_table(struct trace_ids *ids)
{
    if (ids->table)
        munmap(ids->table, TABLE_BYTES);
    free(ids->backed);
    ids->table = NULL;
    ids->backed = NULL;
}

void trace_ids_release(struct trace_ids *ids)
{
    release_table(ids);
    free(ids->slots);
    free(ids->keys);
    *ids = (struct trace_ids){0};
}

/* --- hashed ------------------------------------------------------------- */

static uint64_t slot_count(const struct trace_ids *ids)
{
    return UINT64_C(1) << (64 - ids->slot_shift);
}

/* The slot that holds `id`, or the empty one where it belongs. */
static uint32_t *find_slot(const struct trace_ids *ids, uint64_t id)
{
    uint64_t mask = slot_count(ids) - 1;
    uint64_t at = trace_ids_hash(ids, id);
    while (ids->slots[at] != 0 && ids->keys[ids->slots[at] - 1] != id)
        at = (at + 1) & mask;
    return &ids->slots[at];
}

/* The empty slot for a page that is in none: no key is looked at. */
static uint32_t *find_empty(const struct trace_ids *ids, uint64_t id)
{
    uint64_t mask = slot_count(ids) - 1;
    uint64_t at = trace_ids_hash(ids, id);
    while (ids->slots[at] != 0)
        at = (at + 1) & mask;
    return &ids->slots[at];
}

/* A table of 2^bits slots holding all keys; the old one is replaced. */
static bool rehash(struct trace_ids *ids, unsigned bits)
{
    uint32_t *slots = calloc((size_t)1 << bits, sizeof *slots);
    if (!slots)
        return false;
    free(ids->slots);
    ids->slots = slots;
    ids->slot_shift = 64 - bits;
    for (uint64_t page = 0; page < ids->count; page++) {
        if (page + FETCH_AHEAD < ids->count)
            trace_ids_prefetch(ids, ids->keys[page + FETCH_AHEAD]);
        *find_empty(ids, ids->keys[page]) = (uint32_t)page + 1;
    }
    return true;
}

/* Room for one more key and, at a load of 3/4, for one more slot. */
static bool make_room(struct trace_ids *ids)
{
    if (ids->count == ids->key_room) {
        uint64_t room = ids->key_room ? ids->key_room * 2 : 1024;
        uint64_t *keys = realloc(ids->keys, room * sizeof *keys);
        if (!keys)
            return false;
        ids->keys = keys;
        ids->key_room = room;
    }
    return ids->count + 1 <= slot_count(ids) / 4 * 3 ||
           rehash(ids, 64 - ids->slot_shift + 1);
}

static bool add_hashed(struct trace_ids *ids, uint64_t id, uint32_t *page)
{
    uint32_t *slot = find_slot(ids, id);
    if (*slot == 0) {
        if (ids->count >= TRACE_MAX_PAGES || !make_room(ids))
            return false;
        slot = find_slot(ids, id);
        ids->keys[ids->count++] = id;
        *slot = (uint32_t)ids->count;
    }
    *page = *slot - 1;
    return true;
}

/* --- dense -------------------------------------------------------------- */

static bool is_backed(const struct trace_ids *ids, uint64_t block)
{
    return ids->backed[block / 64] >> block % 64 & 1;
}

/* Is one more block within what dense ids may cost? */
static bool may_back(struct trace_ids *ids, uint64_t block)
{
    if (is_backed(ids, block))
        return true;
    if ((ids->backed_count + 1) * BLOCK_BYTES >
        u64_max(DENSE_FREE_BYTES, ids->count * DENSE_PAGE_BYTES))
        return false;
    ids->backed[block / 64] |= UINT64_C(1) << block % 64;
    ids->backed_count++;
    return true;
}

/* Every id goes from the table to the hash table. */
static bool leave_dense(struct trace_ids *ids)
{
    unsigned bits = FIRST_SLOT_BITS;
    while (ids->count + 1 > (UINT64_C(1) << bits) / 4 * 3)
        bits++;
    ids->key_room = ids->count + 1024;
    ids->keys = malloc(ids->key_room * sizeof *ids->keys);
    if (!ids->keys)
        return false;
    for (uint64_t block = 0; block < BLOCK_COUNT; block++) {
        if (!is_backed(ids, block))
            continue;
        for (uint64_t id = block * BLOCK_IDS; id < (block + 1) * BLOCK_IDS;
             id++)
            if (ids->table[id] != 0)
                ids->keys[ids->table[id] - 1] = id;
    }
    release_table(ids);
    return rehash(ids, bits);
}

bool trace_ids_add(struct trace_ids *ids, uint64_t id, uint32_t *page)
{
    if (ids->table) {
        if (id < TRACE_DENSE_LIMIT && may_back(ids, id / BLOCK_IDS)) {
            if (ids->count >= TRACE_MAX_PAGES)
                return false;
            *page = (uint32_t)ids->count++;
            ids->table[id] = *page + 1;
            return true;
        }
        if (!leave_dense(ids))
            return false;
    }
    return add_hashed(ids, id, page);
}
