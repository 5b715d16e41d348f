/*
 * Page numbers by first appearance, of ids near each other, far apart and both.
 */
#include "trace/trace_ids.h"

#include <inttypes.h>
#include <stdlib.h>

#include <criterion/criterion.h>

/* Ids in any mixture keep the numbers that first appearance gave them. */
static void expect_numbering(const uint64_t *ids, size_t count)
{
    struct trace_ids table;
    uint32_t page;
    cr_assert(trace_ids_init(&table));
    for (size_t n = 0; n < count; n++) {
        cr_assert(trace_ids_page(&table, ids[n], &page));
        cr_assert_eq(page, n, "id %" PRIu64 " is page %u, not %zu", ids[n],
                     page, n);
    }
    cr_assert_eq(table.count, count);
    for (size_t n = count; n-- > 0;) {
        cr_assert(trace_ids_page(&table, ids[n], &page));
        cr_assert_eq(page, n);
    }
    trace_ids_release(&table);
}

Test(trace_ids, are_numbered_by_first_appearance)
{
    enum { COUNT = 200000 };
    uint64_t *ids = malloc(COUNT * sizeof *ids);
    for (uint64_t n = 0; n < COUNT; n++)
        ids[n] = COUNT - n; /* dense */
    expect_numbering(ids, COUNT);
    for (uint64_t n = 0; n < COUNT; n++)
        ids[n] = n * UINT64_C(0x9e3779b97f4a7c15); /* all over 64 bits */
    expect_numbering(ids, COUNT);
    for (uint64_t n = 0; n < COUNT; n++)
        ids[n] = n < 1000 ? n : n << 8; /* dense, then too thin for it */
    expect_numbering(ids, COUNT);
    ids[0] = UINT64_MAX; /* the largest id there is, and zero */
    ids[1] = 0;
    expect_numbering(ids, 2);
    free(ids);
}
