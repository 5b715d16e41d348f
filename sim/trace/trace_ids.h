/*
 * From a trace's ids to page numbers: each distinct id is one page, numbered
 * by first appearance, 0, 1, 2 ...
 *
 *   dense:   table[id] = page + 1                      0: not seen yet
 *   hashed:  slots[hash(id) ...] = page + 1,  keys[page] = id
 *
 * Ids start dense: one load finds the page, and table pages that no id falls
 * into are never backed by memory. Once the blocks that are backed cost more
 * than 40 MiB and than 16 bytes a page, or an id is past TRACE_DENSE_LIMIT, the
 * ids move to a hash table for good. Not before, because what comes in no order
 * backs all of its blocks long before its pages are met: ten million ids look
 * wasteful at first, and cost in the end no more than hashed ones and a third
 * of their time.
 *
 * The hash table is our own because the chained ones (uthash) take 56 bytes an
 * id and more, and this is the innermost lookup of a replay: 4-byte slots with
 * linear probing and the keys in page order come to 11 .. 24 bytes, and both
 * can be prefetched. Nothing depends on the order of slots.
 */
#ifndef LOWTIDE_TRACE_IDS_H
#define LOWTIDE_TRACE_IDS_H

#include <stdbool.h>
#include <stdint.h>

/* Page numbers end here, so that an offset in bytes fits 64 bits easily. */
#define TRACE_MAX_PAGES (UINT32_MAX - 1)

struct trace_ids {
    uint32_t *table;  /* dense: DENSE_LIMIT entries, lazily backed; or NULL */
    uint64_t *backed; /* dense: one bit for each block of the table in use */
    uint64_t backed_count;

    uint32_t *slots;     /* hashed: a power of two of them; or NULL */
    uint64_t *keys;      /* hashed: by page */
    uint64_t key_room;   /* entries of `keys` */
    unsigned slot_shift; /* 64 - log2 of the number of slots */

    uint64_t count; /* distinct ids, pages 0 .. count - 1 */
};

/* False: the host has no memory; nothing is held then. */
bool trace_ids_init(struct trace_ids *ids);
void trace_ids_release(struct trace_ids *ids);

/*
 * The page of an id that has not been seen, or whose place is not at hand.
 * Returns false when the host has no memory or the pages ran out.
 */
bool trace_ids_add(struct trace_ids *ids, uint64_t id, uint32_t *page);

#define TRACE_DENSE_LIMIT (UINT64_C(1) << 26)

static inline bool trace_ids_are_hashed(const struct trace_ids *ids)
{
    return !ids->table;
}

static inline uint64_t trace_ids_hash(const struct trace_ids *ids, uint64_t id)
{
    return (id ^ id >> 32) * UINT64_C(0x9e3779b97f4a7c15) >> ids->slot_shift;
}

/*
 * The place that trace_ids_page() will look at is wanted soon. Always inline:
 * gcc 12 takes a function that only fetches for one without effects and drops
 * the calls.
 */
__attribute__((always_inline)) static inline void
trace_ids_prefetch(const struct trace_ids *ids, uint64_t id)
{
    if (!ids->table)
        __builtin_prefetch(&ids->slots[trace_ids_hash(ids, id)]);
    else if (id < TRACE_DENSE_LIMIT)
        __builtin_prefetch(&ids->table[id]);
}

/* Only when ids are hashed: the slot is at hand by now, and leads to a key,
 * which is likely to be the one that is looked for. */
__attribute__((always_inline)) static inline void
trace_ids_prefetch_key(const struct trace_ids *ids, uint64_t id)
{
    uint32_t slot = ids->slots[trace_ids_hash(ids, id)];
    __builtin_prefetch(&ids->keys[slot - (slot != 0)]);
}

/* The page of `id` if it is at hand; false: trace_ids_add() knows. */
static inline bool trace_ids_find(const struct trace_ids *ids, uint64_t id,
                                  uint32_t *page)
{
    if (!ids->table || id >= TRACE_DENSE_LIMIT)
        return false;
    uint32_t entry = ids->table[id];
    *page = entry - 1;
    return entry != 0;
}

/* The page of `id`, which is numbered now if it is new; false as above. */
static inline bool trace_ids_page(struct trace_ids *ids, uint64_t id,
                                  uint32_t *page)
{
    return trace_ids_find(ids, id, page) || trace_ids_add(ids, id, page);
}

#endif
