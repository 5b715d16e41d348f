/*
 * The compressor: the attempt under way, and the table of what is stored.
 *
 *   reference 0          the page begun with, while an attempt is under way
 *   reference index<<4   items[index]: content number, length, time, place
 *
 *   page --measure--> length --+ 8 bytes for the time--> store
 *
 * A simulated page is known by its content number, so the store need not keep
 * any bytes to give it back: it only accounts for them. What an attempt needs
 * in memory it takes as the kernel does, without waiting: the spare page when
 * it is armed, the buffer page (which the store may keep) when it compresses.
 */
#include "compressor.h"

#include <stdlib.h>

#include "check.h"
#include "compression_model.h"
#include "exact_store.h"
#include "tri_page.h"

enum { TIME_BYTES = 8, REFERENCE_SHIFT = 4 };

#define TEMPORARY_REFERENCE UINT64_C(0)

enum attempt { FINALIZED, READY, STARTED, COMPRESSED };

struct item {
    uint64_t content;
    sim_ns compressed_at;
    uint64_t place;  /* tri-page reference */
    uint32_t length; /* with the time; 0: a free entry */
    union {
        uint32_t stamp;     /* of an entry in use */
        uint32_t next_free; /* of a free one */
    };
};

struct compressor {
    struct pmm *pmm;
    struct compressor_config config;

    /* the attempt */
    enum attempt attempt;
    page_index page; /* taken, STARTED to finalize */
    page_index spare;
    page_index buffer;

    /* what is stored; entry 0 is not used */
    struct item *items;
    uint32_t item_slots;
    uint32_t item_capacity;
    uint32_t free_item; /* 0: none */
    struct tri_page_store *tri;
    struct exact_store exact;

    struct compressor_stats stats; /* counters only */
};

static struct vm_page *descriptor(const struct compressor *compressor,
                                  page_index page)
{
    CHECK(page != PAGE_NONE);
    return &compressor->pmm->pages[page];
}

/* Life. ------------------------------------------------------------------- */

struct compressor *compressor_new(struct pmm *pmm,
                                  const struct compressor_config *config)
{
    struct compressor *compressor = calloc(1, sizeof *compressor);

    CHECK(config->threshold_percent >= 1);
    CHECK(config->threshold_percent <= 100);
    if (!compressor)
        return NULL;
    compressor->pmm = pmm;
    compressor->config = *config;
    compressor->item_slots = 1;
    compressor->exact.pmm = pmm;
    compressor->tri = tri_page_new(pmm);
    if (!compressor->tri) {
        free(compressor);
        return NULL;
    }
    return compressor;
}

static void give_back(struct compressor *compressor, page_index *page)
{
    if (*page != PAGE_NONE)
        pmm_free_page(compressor->pmm, *page);
    *page = PAGE_NONE;
}

void compressor_free(struct compressor *compressor)
{
    if (!compressor)
        return;
    CHECK(compressor->attempt == FINALIZED || compressor->attempt == READY);
    give_back(compressor, &compressor->spare);
    give_back(compressor, &compressor->buffer);
    tri_page_free(compressor->tri);
    exact_store_release(&compressor->exact);
    free(compressor->items);
    free(compressor);
}

/* Items. ------------------------------------------------------------------ */

static bool reserve_item(struct compressor *compressor)
{
    if (compressor->free_item ||
        compressor->item_slots < compressor->item_capacity)
        return true;
    uint32_t capacity =
        compressor->item_capacity ? compressor->item_capacity * 2 : 256;
    struct item *grown = realloc(compressor->items, capacity * sizeof *grown);
    if (!grown)
        return false;
    compressor->items = grown;
    compressor->item_capacity = capacity;
    return true;
}

static uint32_t take_item(struct compressor *compressor)
{
    uint32_t index = compressor->free_item;

    if (index)
        compressor->free_item = compressor->items[index].next_free;
    else
        index = compressor->item_slots++;
    return index;
}

static struct item *item_of(const struct compressor *compressor,
                            uint64_t reference)
{
    uint64_t index = reference >> REFERENCE_SHIFT;

    CHECK(index > 0);
    CHECK(index < compressor->item_slots);
    CHECK(compressor->items[index].length > 0);
    return &compressor->items[index];
}

static enum vm_status store_item(struct compressor *compressor,
                                 uint64_t content, uint32_t length, sim_ns now,
                                 uint64_t *reference)
{
    struct item item = {
        .content = content, .compressed_at = now, .length = length};
    enum vm_status status;

    if (!reserve_item(compressor))
        return VM_NO_MEMORY;
    if (compressor->config.storage == STORAGE_EXACT)
        status =
            exact_store_add(&compressor->exact, length, &compressor->buffer);
    else
        status = tri_page_store(compressor->tri, NULL, length,
                                &compressor->buffer, &item.place);
    if (status != VM_OK)
        return status;
    uint32_t index = take_item(compressor);
    compressor->items[index] = item;
    *reference = (uint64_t)index << REFERENCE_SHIFT;
    return VM_OK;
}

static void drop_item(struct compressor *compressor, uint64_t reference)
{
    struct item *item = item_of(compressor, reference);

    if (compressor->config.storage == STORAGE_EXACT)
        exact_store_remove(&compressor->exact, item->length);
    else
        tri_page_release(compressor->tri, item->place);
    *item = (struct item){.next_free = compressor->free_item};
    compressor->free_item = (uint32_t)(reference >> REFERENCE_SHIFT);
}

/* An attempt. ------------------------------------------------------------- */

static enum vm_status take_page(struct compressor *compressor, page_index *page)
{
    if (*page != PAGE_NONE)
        return VM_OK;
    return pmm_alloc_page(compressor->pmm, PMM_ALLOC_ANY, page) == VM_OK
               ? VM_OK
               : VM_NO_MEMORY;
}

enum vm_status compressor_arm(struct compressor *compressor)
{
    CHECK(compressor->attempt == FINALIZED || compressor->attempt == READY);
    if (take_page(compressor, &compressor->spare) != VM_OK)
        return VM_NO_MEMORY;
    compressor->attempt = READY;
    return VM_OK;
}

bool compressor_is_armed(const struct compressor *compressor)
{
    return compressor->attempt == READY;
}

void compressor_disarm(struct compressor *compressor)
{
    CHECK(compressor->attempt == FINALIZED || compressor->attempt == READY);
    give_back(compressor, &compressor->spare);
    compressor->attempt = FINALIZED;
}

uint64_t compressor_start(struct compressor *compressor, page_index page)
{
    CHECK(compressor->attempt == READY);
    CHECK(compressor->spare != PAGE_NONE);
    CHECK(page != PAGE_NONE);
    compressor->attempt = STARTED;
    compressor->page = page;
    return TEMPORARY_REFERENCE;
}

bool compressor_is_temporary(const struct compressor *compressor,
                             uint64_t reference)
{
    return reference == TEMPORARY_REFERENCE && compressor->page != PAGE_NONE;
}

/* Largest compressed length that is worth keeping. */
static uint32_t threshold_bytes(const struct compressor *compressor)
{
    uint32_t bytes =
        (uint32_t)VM_PAGE_SIZE * compressor->config.threshold_percent / 100;
    uint32_t most = (uint32_t)VM_PAGE_SIZE - TIME_BYTES;

    return bytes < most ? bytes : most;
}

enum compress_result compressor_compress(struct compressor *compressor,
                                         double compressibility, sim_ns now,
                                         uint64_t *reference)
{
    struct compressor_stats *stats = &compressor->stats;
    uint32_t length = 0;

    CHECK(compressor->attempt == STARTED);
    compressor->attempt = COMPRESSED;
    if (take_page(compressor, &compressor->buffer) != VM_OK)
        return COMPRESS_FAILED; /* not even an attempt */
    uint64_t content = descriptor(compressor, compressor->page)->content;
    enum compress_result result =
        compression_measure(compressor->config.model, content, compressibility,
                            threshold_bytes(compressor), &length);
    if (result == COMPRESS_OK &&
        store_item(compressor, content, length + TIME_BYTES, now, reference) !=
            VM_OK)
        result = COMPRESS_FAILED;
    stats->attempts++;
    stats->success += result == COMPRESS_OK;
    stats->zero += result == COMPRESS_ZERO;
    stats->fail += result == COMPRESS_FAILED;
    return result;
}

page_index compressor_finalize(struct compressor *compressor)
{
    page_index page = compressor->page;

    CHECK(compressor->attempt == COMPRESSED);
    compressor->attempt = FINALIZED;
    compressor->page = PAGE_NONE;
    return page;
}

page_index compressor_take_temporary(struct compressor *compressor,
                                     uint64_t reference)
{
    page_index page = compressor->spare;

    CHECK(compressor_is_temporary(compressor, reference));
    descriptor(compressor, page)->content =
        descriptor(compressor, compressor->page)->content;
    compressor->spare = PAGE_NONE;
    return page;
}

/* The way back. ----------------------------------------------------------- */

uint64_t compressor_peek(const struct compressor *compressor,
                         uint64_t reference)
{
    if (compressor_is_temporary(compressor, reference))
        return descriptor(compressor, compressor->page)->content;
    return item_of(compressor, reference)->content;
}

void compressor_set_stamp(struct compressor *compressor, uint64_t reference,
                          uint32_t stamp)
{
    item_of(compressor, reference)->stamp = stamp;
}

uint32_t compressor_stamp(const struct compressor *compressor,
                          uint64_t reference)
{
    return item_of(compressor, reference)->stamp;
}

/*
 * bucket       0      1      2      3    ...    7
 * documented  [0 1)  [1 2)  [2 4)  [4 8) ... [64 128)
 * b           [0 2)  [2 4)  [4 8)        ...  [128 inf)
 */
static int age_bucket(enum compression_ages ages, uint64_t seconds)
{
    switch (ages) {
    case COMPRESSION_AGES_DOCUMENTED:
        return seconds ? 64 - __builtin_clzll(seconds) : 0;
    case COMPRESSION_AGES_A:
        return seconds ? 1 + __builtin_ctzll(seconds) : 0;
    case COMPRESSION_AGES_B:
        return seconds < 256 ? 63 - __builtin_clzll(seconds | 1)
                             : COMPRESSION_AGE_BUCKETS - 1;
    }
    return COMPRESSION_AGE_BUCKETS;
}

static void count_age(struct compressor *compressor, sim_ns age)
{
    const sim_ns second = 1000000000;
    uint64_t seconds = age > 0 ? (uint64_t)(age / second) : 0;
    int bucket = age_bucket(compressor->config.ages, seconds);

    if (bucket < COMPRESSION_AGE_BUCKETS)
        compressor->stats.decompression_age[bucket]++;
}

void compressor_set_ages(struct compressor *compressor,
                         enum compression_ages ages)
{
    compressor->config.ages = ages;
}

void compressor_decompress(struct compressor *compressor, uint64_t reference,
                           page_index page, sim_ns now)
{
    descriptor(compressor, page)->content =
        compressor_peek(compressor, reference);
    if (compressor_is_temporary(compressor, reference))
        return;
    count_age(compressor, now - item_of(compressor, reference)->compressed_at);
    compressor->stats.decompressions++;
    drop_item(compressor, reference);
}

void compressor_free_reference(struct compressor *compressor,
                               uint64_t reference)
{
    if (compressor_is_temporary(compressor, reference))
        return; /* the page begun with is freed by who began */
    compressor->stats.skipped++;
    drop_item(compressor, reference);
}

/* Looking. ---------------------------------------------------------------- */

uint64_t compressor_storage_pages(const struct compressor *compressor)
{
    return compressor->config.storage == STORAGE_EXACT
               ? compressor->exact.pages.count
               : tri_page_page_count(compressor->tri);
}

uint64_t compressor_held_pages(const struct compressor *compressor)
{
    return (uint64_t)(compressor->spare != PAGE_NONE) +
           (compressor->buffer != PAGE_NONE) + (compressor->page != PAGE_NONE);
}

struct compressor_stats compressor_stats(const struct compressor *compressor)
{
    struct compressor_stats stats = compressor->stats;
    bool is_exact = compressor->config.storage == STORAGE_EXACT;

    stats.storage_pages = compressor_storage_pages(compressor);
    stats.items = is_exact ? compressor->exact.item_count
                           : tri_page_item_count(compressor->tri);
    stats.stored_bytes = is_exact ? compressor->exact.stored_bytes
                                  : tri_page_stored_bytes(compressor->tri);
    return stats;
}

const char *compressor_valid(const struct compressor *compressor)
{
    struct compressor_stats stats = compressor_stats(compressor);
    bool is_under_way =
        compressor->attempt == STARTED || compressor->attempt == COMPRESSED;
    uint64_t items = 0, bytes = 0;

    for (uint32_t index = 1; index < compressor->item_slots; index++) {
        items += compressor->items[index].length > 0;
        bytes += compressor->items[index].length;
    }
    if (items != stats.items || bytes != stats.stored_bytes)
        return "the store holds the items of the table";
    if (stats.attempts != stats.success + stats.zero + stats.fail)
        return "attempts = success + zero + fail";
    if (stats.success != stats.decompressions + stats.skipped + items)
        return "what was stored is there, decompressed or skipped";
    if (is_under_way != (compressor->page != PAGE_NONE))
        return "a page is taken exactly while an attempt is under way";
    if (compressor->attempt == READY && compressor->spare == PAGE_NONE)
        return "armed, it has a spare page";
    if (compressor->config.storage == STORAGE_EXACT)
        return exact_store_valid(&compressor->exact);
    return tri_page_valid(compressor->tri);
}
