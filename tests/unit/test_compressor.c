/*
 * The compressor: models, attempts, references, statistics.
 */
#include <criterion/criterion.h>
#include <lz4.h>
#include <math.h>
#include <string.h>

#include "compression_model.h"
#include "compressor.h"

enum { POOL = 512, PAGE_BYTES = 4096 };
static const sim_ns SECOND = 1000000000;

struct rig {
    struct pmm pmm;
    struct compressor *compressor;
};

static void start(struct rig *rig, enum compression_model model,
                  enum compression_storage storage)
{
    struct compressor_config config = {model, storage, 70,
                                       COMPRESSION_AGES_DOCUMENTED};

    cr_assert_eq(pmm_init(&rig->pmm, POOL), VM_OK);
    rig->compressor = compressor_new(&rig->pmm, &config);
    cr_assert_not_null(rig->compressor);
}

static void stop(struct rig *rig)
{
    const char *broken = compressor_valid(rig->compressor);

    cr_assert_null(broken, "%s", broken);
    compressor_free(rig->compressor);
    cr_assert_eq(rig->pmm.free_pages, POOL);
    cr_assert_null(pmm_valid(&rig->pmm));
    pmm_release(&rig->pmm);
}

static page_index page_with(struct rig *rig, uint64_t content)
{
    page_index page;

    cr_assert_eq(pmm_alloc_page(&rig->pmm, PMM_ALLOC_ANY, &page), VM_OK);
    rig->pmm.pages[page].content = content;
    return page;
}

/* One whole attempt; the page is freed. */
static enum compress_result compress(struct rig *rig, uint64_t content,
                                     double compressibility, sim_ns now,
                                     uint64_t *reference)
{
    page_index page = page_with(rig, content);

    cr_assert_eq(compressor_arm(rig->compressor), VM_OK);
    compressor_start(rig->compressor, page);
    enum compress_result result =
        compressor_compress(rig->compressor, compressibility, now, reference);
    cr_assert_eq(compressor_finalize(rig->compressor), page);
    pmm_free_page(&rig->pmm, page);
    cr_assert_null(compressor_valid(rig->compressor));
    return result;
}

static uint64_t keep(struct rig *rig, uint64_t content, double compressibility,
                     sim_ns now)
{
    uint64_t reference;

    cr_assert_eq(compress(rig, content, compressibility, now, &reference),
                 COMPRESS_OK);
    cr_assert_eq(reference & 0xf, 0);
    cr_assert_not(compressor_is_temporary(rig->compressor, reference));
    return reference;
}

static uint64_t restore(struct rig *rig, uint64_t reference, sim_ns now)
{
    page_index page = page_with(rig, 99);
    uint64_t content;

    compressor_decompress(rig->compressor, reference, page, now);
    content = rig->pmm.pages[page].content;
    pmm_free_page(&rig->pmm, page);
    cr_assert_null(compressor_valid(rig->compressor));
    return content;
}

/* The lz4 strategy. ------------------------------------------------------- */

Test(compressor, C01_lz4_gives_back_the_bytes_it_was_given)
{
    uint8_t page[PAGE_BYTES], out[PAGE_BYTES], back[PAGE_BYTES];
    uint32_t length = 0;

    for (int i = 0; i < PAGE_BYTES; i++)
        page[i] = (uint8_t)(i / 128);
    cr_assert_eq(lz4_compress_page(page, out, PAGE_BYTES, &length),
                 COMPRESS_OK);
    cr_assert_gt(length, 0);
    cr_assert_lt(length, PAGE_BYTES);
    cr_assert_eq(LZ4_decompress_safe((const char *)out, (char *)back,
                                     (int)length, PAGE_BYTES),
                 PAGE_BYTES);
    cr_assert_eq(memcmp(page, back, PAGE_BYTES), 0);
}

Test(compressor, C02_lz4_tells_a_page_of_zeros)
{
    static const uint32_t limits[] = {PAGE_BYTES, 64};
    uint8_t page[PAGE_BYTES] = {0}, out[PAGE_BYTES];
    uint32_t length = 0;

    for (int i = 0; i < 2; i++)
        cr_assert_eq(lz4_compress_page(page, out, limits[i], &length),
                     COMPRESS_ZERO);
    cr_assert_eq(lz4_compress_page(page, out, 8, &length), COMPRESS_FAILED);
    page[4] = 1;
    cr_assert_eq(lz4_compress_page(page, out, PAGE_BYTES, &length),
                 COMPRESS_OK);
}

Test(compressor, a_limit_is_met_exactly)
{
    uint8_t page[PAGE_BYTES], out[PAGE_BYTES];
    uint32_t length, again;

    page_synthesise(7, 0.5, page);
    cr_assert_eq(lz4_compress_page(page, out, PAGE_BYTES, &length),
                 COMPRESS_OK);
    cr_assert_eq(lz4_compress_page(page, out, length, &again), COMPRESS_OK);
    cr_assert_eq(lz4_compress_page(page, out, length - 1, &again),
                 COMPRESS_FAILED);
}

/* Models. ----------------------------------------------------------------- */

/* Mean compressed share of many pages, and the furthest from what was asked. */
static double measured_share(enum compression_model model, double share,
                             double *furthest)
{
    const int pages = 200;
    double sum = 0;

    *furthest = 0;
    for (int i = 1; i <= pages; i++) {
        uint64_t content = (uint64_t)i * 2654435761u;
        uint32_t length;

        cr_assert_eq(
            compression_measure(model, content, share, 2 * PAGE_BYTES, &length),
            COMPRESS_OK);
        sum += length;
        *furthest = fmax(*furthest, fabs(length / (share * PAGE_BYTES) - 1));
    }
    return sum / pages / PAGE_BYTES;
}

Test(compressor, compressed_size_follows_compressibility)
{
    for (int percent = 5; percent <= 95; percent += 5) {
        double share = percent / 100.0, furthest;
        double lz4 = measured_share(COMPRESSION_LZ4, share, &furthest);

        cr_assert_float_eq(lz4, share, 0.01 * share, "%g gave %g", share, lz4);
        cr_assert_lt(furthest, 0.03, "%g: one page was off by %g", share,
                     furthest);
        double ratio = measured_share(COMPRESSION_RATIO, share, &furthest);
        cr_assert_float_eq(ratio, share, 0.02 * share, "%g gave %g", share,
                           ratio);
        cr_assert_lt(furthest, 0.11);
    }
}

Test(compressor, equal_content_is_equal_bytes_and_other_content_is_not)
{
    uint8_t page[PAGE_BYTES], same[PAGE_BYTES], other[PAGE_BYTES];

    for (int percent = 0; percent <= 100; percent += 50) {
        page_synthesise(5, percent / 100.0, page);
        page_synthesise(5, percent / 100.0, same);
        page_synthesise(6, percent / 100.0, other);
        cr_assert_eq(memcmp(page, same, PAGE_BYTES), 0);
        cr_assert_neq(memcmp(page, other, PAGE_BYTES), 0);
    }
    page_synthesise(0, 0.5, page);
    for (int i = 0; i < PAGE_BYTES; i++)
        cr_assert_eq(page[i], 0);
}

/* Attempts. --------------------------------------------------------------- */

Test(compressor, content_survives_in_either_store_and_model)
{
    static const struct {
        enum compression_model model;
        enum compression_storage storage;
    } cases[] = {
        {COMPRESSION_LZ4, STORAGE_TRI_PAGE},
        {COMPRESSION_LZ4, STORAGE_EXACT},
        {COMPRESSION_RATIO, STORAGE_TRI_PAGE},
        {COMPRESSION_RATIO, STORAGE_EXACT},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t references[40];
        struct rig rig;

        start(&rig, cases[i].model, cases[i].storage);
        for (uint64_t n = 0; n < 40; n++)
            references[n] = keep(&rig, n * 1000 + 1, 0.3, 0);
        for (uint64_t n = 0; n < 40; n++)
            cr_assert_eq(compressor_peek(rig.compressor, references[n]),
                         n * 1000 + 1);
        for (uint64_t n = 40; n-- > 0;)
            cr_assert_eq(restore(&rig, references[n], 0), n * 1000 + 1);
        cr_assert_eq(compressor_storage_pages(rig.compressor), 0);
        stop(&rig);
    }
}

Test(compressor, an_attempt_goes_through_its_states)
{
    struct rig rig;
    uint64_t temporary, reference;

    start(&rig, COMPRESSION_LZ4, STORAGE_TRI_PAGE);
    page_index page = page_with(&rig, 42);
    cr_assert_not(compressor_is_armed(rig.compressor));
    cr_assert_eq(compressor_arm(rig.compressor), VM_OK);
    cr_assert_eq(compressor_arm(rig.compressor), VM_OK);
    cr_assert(compressor_is_armed(rig.compressor));
    cr_assert_eq(compressor_held_pages(rig.compressor), 1);
    temporary = compressor_start(rig.compressor, page);
    cr_assert(compressor_is_temporary(rig.compressor, temporary));
    cr_assert_eq(compressor_peek(rig.compressor, temporary), 42);
    cr_assert_eq(compressor_compress(rig.compressor, 0.4, 0, &reference),
                 COMPRESS_OK);
    cr_assert(compressor_is_temporary(rig.compressor, temporary));
    cr_assert_eq(compressor_finalize(rig.compressor), page);
    cr_assert_not(compressor_is_temporary(rig.compressor, temporary));
    pmm_free_page(&rig.pmm, page);
    compressor_disarm(rig.compressor);
    compressor_free_reference(rig.compressor, reference);
    stop(&rig);
}

Test(compressor, a_temporary_reference_is_copied_and_counts_for_nothing)
{
    struct rig rig;
    uint64_t reference;

    start(&rig, COMPRESSION_LZ4, STORAGE_TRI_PAGE);
    page_index page = page_with(&rig, 42);
    compressor_arm(rig.compressor);
    uint64_t temporary = compressor_start(rig.compressor, page);
    cr_assert_eq(restore(&rig, temporary, 0), 42);
    compressor_free_reference(rig.compressor, temporary);
    cr_assert_eq(compressor_compress(rig.compressor, 0.4, 0, &reference),
                 COMPRESS_OK);
    cr_assert_eq(compressor_finalize(rig.compressor), page);
    compressor_free_reference(rig.compressor, reference); /* nobody wants it */
    pmm_free_page(&rig.pmm, page);
    struct compressor_stats stats = compressor_stats(rig.compressor);
    cr_assert_eq(stats.decompressions, 0);
    cr_assert_eq(stats.skipped, 1);
    stop(&rig);
}

Test(compressor, a_temporary_reference_moves_as_the_spare_page)
{
    struct rig rig;
    uint64_t reference;

    start(&rig, COMPRESSION_LZ4, STORAGE_TRI_PAGE);
    page_index page = page_with(&rig, 42);
    compressor_arm(rig.compressor);
    uint64_t temporary = compressor_start(rig.compressor, page);
    page_index moved = compressor_take_temporary(rig.compressor, temporary);
    cr_assert_neq(moved, page);
    cr_assert_eq(rig.pmm.pages[moved].content, 42);
    cr_assert_eq(rig.pmm.pages[moved].state, PAGE_ALLOC);
    cr_assert_eq(compressor_compress(rig.compressor, 0.4, 0, &reference),
                 COMPRESS_OK);
    compressor_free_reference(rig.compressor, reference);
    compressor_finalize(rig.compressor);
    pmm_free_page(&rig.pmm, page);
    pmm_free_page(&rig.pmm, moved);
    cr_assert_eq(compressor_arm(rig.compressor), VM_OK); /* a new spare */
    stop(&rig);
}

/* 70 % of 4096 is 2867 bytes */
Test(compressor, what_compresses_badly_is_not_kept)
{
    static const struct {
        uint64_t content;
        double compressibility;
        enum compress_result expected;
    } cases[] = {
        {1, 0.1, COMPRESS_OK},      {1, 0.68, COMPRESS_OK},
        {1, 0.73, COMPRESS_FAILED}, {1, 1.0, COMPRESS_FAILED},
        {0, 0.1, COMPRESS_ZERO},    {0, 1.0, COMPRESS_ZERO},
    };

    for (int model = COMPRESSION_LZ4; model <= COMPRESSION_RATIO; model++) {
        struct compressor_config config = {
            .model = (enum compression_model)model,
            .storage = STORAGE_TRI_PAGE,
            .threshold_percent = 70,
        };
        struct rig rig;
        uint64_t reference;

        start(&rig, config.model, config.storage);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            /* the ratio model's sizes are spread wider */
            if (model == COMPRESSION_RATIO &&
                fabs(cases[i].compressibility - 0.7) < 0.1)
                continue;
            cr_assert_eq(compress(&rig, cases[i].content,
                                  cases[i].compressibility, 0, &reference),
                         cases[i].expected, "model %d, case %zu", model, i);
        }
        struct compressor_stats stats = compressor_stats(rig.compressor);
        cr_assert_eq(stats.attempts, stats.success + stats.zero + stats.fail);
        cr_assert_eq(stats.zero, 2);
        stop(&rig);
    }
}

Test(compressor, the_time_is_stored_along)
{
    struct rig rig;
    uint8_t page[PAGE_BYTES], out[PAGE_BYTES];
    uint32_t length;

    start(&rig, COMPRESSION_LZ4, STORAGE_EXACT);
    page_synthesise(9, 0.4, page);
    cr_assert_eq(lz4_compress_page(page, out, PAGE_BYTES, &length),
                 COMPRESS_OK);
    keep(&rig, 9, 0.4, 0);
    cr_assert_eq(compressor_stats(rig.compressor).stored_bytes, length + 8);
    stop(&rig);
}

Test(compressor, the_exact_store_takes_what_the_bytes_fill)
{
    struct rig rig;
    uint64_t references[100];

    start(&rig, COMPRESSION_RATIO, STORAGE_EXACT);
    for (uint64_t i = 0; i < 100; i++) {
        references[i] = keep(&rig, i + 1, 0.33, 0);
        struct compressor_stats stats = compressor_stats(rig.compressor);
        cr_assert_eq(stats.items, i + 1);
        cr_assert_eq(stats.storage_pages,
                     (stats.stored_bytes + PAGE_BYTES - 1) / PAGE_BYTES);
    }
    for (uint64_t i = 0; i < 100; i++) {
        compressor_free_reference(rig.compressor, references[i]);
        struct compressor_stats stats = compressor_stats(rig.compressor);
        cr_assert_eq(stats.storage_pages,
                     (stats.stored_bytes + PAGE_BYTES - 1) / PAGE_BYTES);
    }
    cr_assert_eq(compressor_stats(rig.compressor).skipped, 100);
    stop(&rig);
}

/* seconds held:  [0 1)[1 2)[2  4)[4     8) ... [64     128)  then nowhere */
/* The bucket that a page held so long is counted in; -1: none. */
static int age_bucket(enum compression_ages ages, sim_ns held)
{
    struct rig rig;
    int found = -1;

    start(&rig, COMPRESSION_RATIO, STORAGE_TRI_PAGE);
    compressor_set_ages(rig.compressor, ages);
    uint64_t reference = keep(&rig, 5, 0.4, 10 * SECOND);
    cr_assert_eq(restore(&rig, reference, 10 * SECOND + held), 5);
    struct compressor_stats stats = compressor_stats(rig.compressor);
    cr_assert_eq(stats.decompressions, 1);
    for (int bucket = 0; bucket < COMPRESSION_AGE_BUCKETS; bucket++) {
        if (stats.decompression_age[bucket] == 0)
            continue;
        cr_assert_eq(stats.decompression_age[bucket], 1);
        cr_assert_eq(found, -1);
        found = bucket;
    }
    stop(&rig);
    return found;
}

/* What the kernel documents, its code of 2023 (a) and of 2024 (b); -1: in no
 * bucket. */
Test(compressor, decompression_age_is_counted_in_powers_of_two)
{
    static const struct {
        sim_ns held;
        int documented, a, b;
    } cases[] = {
        {0, 0, 0, 0},
        {SECOND - 1, 0, 0, 0},
        {SECOND, 1, 1, 0},
        {2 * SECOND - 1, 1, 1, 0},
        {2 * SECOND, 2, 2, 1},
        {3 * SECOND, 2, 1, 1},
        {4 * SECOND, 3, 3, 2},
        {8 * SECOND, 4, 4, 3},
        {31 * SECOND, 5, 1, 4},
        {32 * SECOND, 6, 6, 5},
        {64 * SECOND, 7, 7, 6},
        {128 * SECOND - 1, 7, 1, 6},
        {128 * SECOND, -1, -1, 7},
        {1024 * SECOND, -1, -1, 7},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sim_ns held = cases[i].held;

        cr_assert_eq(age_bucket(COMPRESSION_AGES_DOCUMENTED, held),
                     cases[i].documented, "case %zu", i);
        cr_assert_eq(age_bucket(COMPRESSION_AGES_A, held), cases[i].a,
                     "case %zu", i);
        cr_assert_eq(age_bucket(COMPRESSION_AGES_B, held), cases[i].b,
                     "case %zu", i);
    }
}

/* Memory. ----------------------------------------------------------------- */

Test(compressor, arming_needs_a_page)
{
    struct rig rig;
    struct page_chain all = PAGE_CHAIN_EMPTY;

    start(&rig, COMPRESSION_LZ4, STORAGE_TRI_PAGE);
    cr_assert_eq(pmm_alloc_pages(&rig.pmm, POOL, PMM_ALLOC_ANY, &all), VM_OK);
    cr_assert_eq(compressor_arm(rig.compressor), VM_NO_MEMORY);
    cr_assert_not(compressor_is_armed(rig.compressor));
    pmm_free_chain(&rig.pmm, &all);
    cr_assert_eq(compressor_arm(rig.compressor), VM_OK);
    compressor_disarm(rig.compressor);
    cr_assert_eq(rig.pmm.free_pages, POOL);
    stop(&rig);
}

Test(compressor, without_a_buffer_page_nothing_is_attempted)
{
    struct rig rig;
    struct page_chain rest = PAGE_CHAIN_EMPTY;
    uint64_t reference;

    start(&rig, COMPRESSION_LZ4, STORAGE_TRI_PAGE);
    page_index page = page_with(&rig, 42);
    compressor_arm(rig.compressor);
    cr_assert_eq(pmm_alloc_pages(&rig.pmm, POOL - 2, PMM_ALLOC_ANY, &rest),
                 VM_OK);
    compressor_start(rig.compressor, page);
    cr_assert_eq(compressor_compress(rig.compressor, 0.4, 0, &reference),
                 COMPRESS_FAILED);
    compressor_finalize(rig.compressor);
    cr_assert_eq(compressor_stats(rig.compressor).attempts, 0);
    pmm_free_page(&rig.pmm, page);
    pmm_free_chain(&rig.pmm, &rest);
    stop(&rig);
}
