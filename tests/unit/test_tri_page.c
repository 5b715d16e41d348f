/*
 * The tri-page store: where items go, what they take, what is given back.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "tri_page.h"

enum { POOL = 256, MAX_BYTES = 4096 };

struct rig {
    struct pmm pmm;
    struct tri_page_store *store;
};

static void start(struct rig *rig)
{
    cr_assert_eq(pmm_init(&rig->pmm, POOL), VM_OK);
    rig->store = tri_page_new(&rig->pmm);
    cr_assert_not_null(rig->store);
}

static void stop(struct rig *rig)
{
    const char *broken = tri_page_valid(rig->store);

    cr_assert_null(broken, "%s", broken);
    tri_page_free(rig->store);
    cr_assert_eq(rig->pmm.free_pages, POOL);
    cr_assert_null(pmm_valid(&rig->pmm));
    pmm_release(&rig->pmm);
}

/* An item: a length and a seed for its bytes. */
struct thing {
    uint32_t length;
    unsigned seed;
    uint64_t reference;
};

static void fill(const struct thing *thing, uint8_t *bytes)
{
    for (uint32_t i = 0; i < thing->length; i++)
        bytes[i] = (uint8_t)(thing->seed * 131 + i * 7 + i / 251);
}

static struct thing keep(struct rig *rig, uint32_t length, unsigned seed)
{
    struct thing thing = {length, seed, 0};
    page_index spare = PAGE_NONE;
    uint8_t bytes[MAX_BYTES];

    fill(&thing, bytes);
    cr_assert_eq(
        tri_page_store(rig->store, bytes, length, &spare, &thing.reference),
        VM_OK);
    cr_assert_eq(thing.reference & 0xf, 0);
    cr_assert_null(tri_page_valid(rig->store));
    return thing;
}

static void expect_intact(struct rig *rig, const struct thing *thing)
{
    uint8_t bytes[MAX_BYTES];
    uint32_t length;
    const void *data = tri_page_item(rig->store, thing->reference, &length);

    fill(thing, bytes);
    cr_assert_eq(length, thing->length);
    cr_assert_eq(memcmp(data, bytes, length), 0);
}

static void forget(struct rig *rig, const struct thing *thing)
{
    tri_page_release(rig->store, thing->reference);
    cr_assert_null(tri_page_valid(rig->store));
}

/* Pages used, from the store and from the pool's point of view. */
static uint64_t pages(struct rig *rig)
{
    cr_assert_eq(POOL - rig->pmm.free_pages, tri_page_page_count(rig->store));
    return tri_page_page_count(rig->store);
}

Test(tri_page, C03_an_item_comes_back_as_it_was)
{
    struct rig rig;

    start(&rig);
    struct thing thing = keep(&rig, 64, 1);
    expect_intact(&rig, &thing);
    cr_assert_eq(pages(&rig), 1);
    cr_assert_eq(tri_page_item_count(rig.store), 1);
    cr_assert_eq(tri_page_stored_bytes(rig.store), 64);
    forget(&rig, &thing);
    cr_assert_eq(pages(&rig), 0);
    stop(&rig);
}

Test(tri_page, C04_three_small_items_share_a_page)
{
    struct rig rig;
    struct thing things[3];

    start(&rig);
    for (unsigned i = 0; i < 3; i++)
        things[i] = keep(&rig, 64, i);
    cr_assert_eq(pages(&rig), 1);
    for (int i = 0; i < 3; i++)
        expect_intact(&rig, &things[i]);
    stop(&rig);
}

Test(tri_page, C05_freed_places_are_used_again)
{
    struct rig rig;
    struct thing things[3];

    start(&rig);
    for (unsigned i = 0; i < 3; i++)
        things[i] = keep(&rig, 64, i);
    forget(&rig, &things[0]);
    forget(&rig, &things[2]);
    things[0] = keep(&rig, 64, 10);
    things[2] = keep(&rig, 64, 12);
    cr_assert_eq(pages(&rig), 1);
    forget(&rig, &things[1]);
    things[1] = keep(&rig, 64, 11);
    cr_assert_eq(pages(&rig), 1);
    for (int i = 0; i < 3; i++)
        expect_intact(&rig, &things[i]);
    stop(&rig);
}

/* size_k and 4096 - size_k fill a page exactly, whichever comes first */
Test(tri_page, C06_the_tightest_bucket_is_chosen)
{
    enum { PAIRS = 60 };
    struct rig rig;
    struct thing pairs[PAIRS][2];

    start(&rig);
    for (unsigned k = 0; k < PAIRS; k++) {
        uint32_t size = 128 + 64 * k;
        unsigned first = k % 2;

        pairs[k][first] =
            keep(&rig, first ? MAX_BYTES - size : size, 2 * k + first);
        pairs[k][!first] =
            keep(&rig, first ? size : MAX_BYTES - size, 2 * k + !first);
        cr_assert_eq(pages(&rig), k + 1, "pair %u", k);
    }
    for (unsigned k = 0; k < PAIRS; k++)
        forget(&rig, &pairs[k][0]);
    cr_assert_eq(pages(&rig), PAIRS);
    for (unsigned k = 0; k < PAIRS; k += 2)
        pairs[k][0] = keep(&rig, 128 + 64 * k, 500 + k);
    for (unsigned k = PAIRS; k-- > 0;)
        if (k % 2)
            pairs[k][0] = keep(&rig, 128 + 64 * k, 500 + k);
    cr_assert_eq(pages(&rig), PAIRS);
    for (unsigned k = 0; k < PAIRS; k++) {
        expect_intact(&rig, &pairs[k][0]);
        expect_intact(&rig, &pairs[k][1]);
    }
    stop(&rig);
}

Test(tri_page, C07_a_page_that_is_nearly_full_takes_back_what_it_held)
{
    static const uint32_t sizes[3] = {1024, 2048, 1023};
    struct rig rig;
    struct thing things[3];

    start(&rig);
    for (unsigned i = 0; i < 3; i++)
        things[i] = keep(&rig, sizes[i], i);
    cr_assert_eq(pages(&rig), 1);
    for (unsigned i = 0; i < 3; i++) {
        forget(&rig, &things[i]);
        things[i] = keep(&rig, sizes[i] + 1, 20 + i);
        for (int j = 0; j < 3; j++)
            expect_intact(&rig, &things[j]);
        forget(&rig, &things[i]);
        things[i] = keep(&rig, sizes[i], 30 + i);
        cr_assert_eq(pages(&rig), 1, "item %u", i);
        for (int j = 0; j < 3; j++)
            expect_intact(&rig, &things[j]);
    }
    stop(&rig);
}

Test(tri_page, C08_the_place_that_leaves_the_larger_gap_is_taken)
{
    static const uint32_t orders[2][2] = {{3840, 128}, {128, 3840}};

    for (int i = 0; i < 2; i++) {
        struct rig rig;

        start(&rig);
        keep(&rig, 128, 1);
        keep(&rig, orders[i][0], 2);
        cr_assert_eq(pages(&rig), 1);
        keep(&rig, orders[i][1], 3);
        cr_assert_eq(pages(&rig), 1);
        stop(&rig);
    }
}

Test(tri_page, C09_a_gap_below_64_bytes_is_lost)
{
    struct rig rig;

    start(&rig);
    struct thing small = keep(&rig, 1, 1);
    keep(&rig, 1, 2);
    keep(&rig, 4032, 3);
    cr_assert_eq(pages(&rig), 1);
    forget(&rig, &small);
    cr_assert_eq(pages(&rig), 1);
    keep(&rig, 1, 4);
    cr_assert_eq(pages(&rig), 2);
    stop(&rig);
}

/* [0 1000) left   [3096 4096) right   then [1548 2548) in the middle, full */
Test(tri_page, three_items_of_1000_bytes_go_left_right_middle)
{
    static const long offsets[3] = {0, 3096, 1548};
    struct rig rig;
    struct thing things[3];
    const uint8_t *left;
    uint32_t length;

    start(&rig);
    for (unsigned i = 0; i < 3; i++)
        things[i] = keep(&rig, 1000, i);
    left = tri_page_item(rig.store, things[0].reference, &length);
    for (int i = 0; i < 3; i++) {
        const uint8_t *data =
            tri_page_item(rig.store, things[i].reference, &length);

        cr_assert_eq(data - left, offsets[i], "item %d at %ld", i,
                     (long)(data - left));
    }
    cr_assert_eq(pages(&rig), 1);
    keep(&rig, 548, 4); /* no gap of that size is left */
    cr_assert_eq(pages(&rig), 2);
    stop(&rig);
}

Test(tri_page, the_spare_page_is_used_when_a_page_is_needed)
{
    struct rig rig;
    page_index spare, offered;
    uint64_t first, second;

    start(&rig);
    cr_assert_eq(pmm_alloc_page(&rig.pmm, PMM_ALLOC_ANY, &spare), VM_OK);
    offered = spare;
    cr_assert_eq(tri_page_store(rig.store, NULL, 100, &spare, &first), VM_OK);
    cr_assert_eq(spare, PAGE_NONE);
    cr_assert_eq(rig.pmm.pages[offered].state, PAGE_STORE);
    cr_assert_eq(pmm_alloc_page(&rig.pmm, PMM_ALLOC_ANY, &spare), VM_OK);
    offered = spare;
    cr_assert_eq(tri_page_store(rig.store, NULL, 100, &spare, &second), VM_OK);
    cr_assert_eq(spare, offered);
    pmm_free_page(&rig.pmm, spare);
    cr_assert_eq(pages(&rig), 1);
    stop(&rig);
}

Test(tri_page, without_memory_nothing_changes)
{
    struct rig rig;
    struct page_chain all = PAGE_CHAIN_EMPTY;
    page_index spare = PAGE_NONE;
    uint64_t reference;

    start(&rig);
    cr_assert_eq(pmm_alloc_pages(&rig.pmm, POOL, PMM_ALLOC_ANY, &all), VM_OK);
    cr_assert_eq(tri_page_store(rig.store, NULL, 100, &spare, &reference),
                 VM_NO_MEMORY);
    cr_assert_eq(tri_page_item_count(rig.store), 0);
    cr_assert_null(tri_page_valid(rig.store));
    pmm_free_chain(&rig.pmm, &all);
    stop(&rig);
}

Test(tri_page, random_items_survive_each_other)
{
    enum { LIVE = 120, STEPS = 20000 };
    struct rig rig;
    struct thing things[LIVE] = {0};
    uint64_t seed = 0x5eed1234;
    uint64_t bytes = 0, items = 0;

    start(&rig);
    for (unsigned step = 0; step < STEPS; step++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        unsigned i = (unsigned)(seed >> 33) % LIVE;

        if (things[i].length) {
            expect_intact(&rig, &things[i]);
            tri_page_release(rig.store, things[i].reference);
            bytes -= things[i].length;
            items--;
            things[i].length = 0;
        } else {
            uint32_t length = 1 + (uint32_t)(seed >> 40) % MAX_BYTES;
            page_index spare = PAGE_NONE;
            uint8_t data[MAX_BYTES];

            things[i] = (struct thing){length, step, 0};
            fill(&things[i], data);
            cr_assert_eq(tri_page_store(rig.store, data, length, &spare,
                                        &things[i].reference),
                         VM_OK);
            bytes += length;
            items++;
        }
        if (step % 64 == 0)
            cr_assert_null(tri_page_valid(rig.store), "step %u", step);
        cr_assert_eq(tri_page_stored_bytes(rig.store), bytes);
        cr_assert_eq(tri_page_item_count(rig.store), items);
    }
    stop(&rig);
}
