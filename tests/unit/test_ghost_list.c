/*
 * Ghosts: what is remembered, what is forgotten first, and what a fault that
 * waits can rely on.
 */
#include <criterion/criterion.h>

#include "policy/ghost_list.h"

enum { ONE = 1, TWO = 2 };

static ghost_name name_of(uint64_t page)
{
    return ghost_name_of((struct reclaim_identity){7, page});
}

static void remember(struct ghost_table *table, unsigned list, uint64_t limit,
                     uint64_t first, uint64_t last)
{
    for (uint64_t page = first; page <= last; page++)
        ghost_add(table, list, limit, name_of(page), 10 * page);
    cr_assert_null(ghost_table_valid(table));
}

static unsigned come_back(struct ghost_table *table, uint64_t page)
{
    ghost_recall(table, name_of(page));
    return ghost_return(table, name_of(page), NULL);
}

Test(ghost_list, the_oldest_of_a_full_list_is_forgotten)
{
    struct ghost_table table;

    cr_assert(ghost_table_init(&table, 8));
    remember(&table, ONE, 3, 1, 5);
    cr_assert_eq(ghost_count(&table, ONE), 3);
    cr_assert_eq(come_back(&table, 2), GHOST_UNKNOWN);
    cr_assert_eq(come_back(&table, 3), ONE);
    cr_assert_eq(ghost_count(&table, ONE), 2);
    remember(&table, ONE, 0, 9, 9);
    cr_assert_eq(come_back(&table, 9), GHOST_UNKNOWN);
    ghost_table_release(&table);
}

Test(ghost_list, a_recalled_ghost_waits_while_others_are_forgotten)
{
    struct ghost_table table;
    uint64_t note = 0;

    cr_assert(ghost_table_init(&table, 4));
    remember(&table, TWO, 4, 1, 4);
    cr_assert_eq(ghost_recall(&table, name_of(1)), TWO);
    cr_assert_eq(ghost_recall(&table, name_of(1)), TWO); /* faults again */
    cr_assert_eq(ghost_count(&table, TWO), 3);
    remember(&table, TWO, 4, 11, 30);
    cr_assert_eq(ghost_return(&table, name_of(1), &note), TWO);
    cr_assert_eq(note, 10);
    cr_assert_eq(ghost_return(&table, name_of(1), &note), GHOST_UNKNOWN);
    cr_assert_null(ghost_table_valid(&table));
    ghost_table_release(&table);
}

Test(ghost_list, a_page_that_comes_without_a_fault_is_no_ghost_any_more)
{
    struct ghost_table table;

    cr_assert(ghost_table_init(&table, 4));
    remember(&table, ONE, 4, 1, 2);
    cr_assert_eq(ghost_return(&table, name_of(1), NULL), GHOST_UNKNOWN);
    cr_assert_eq(ghost_count(&table, ONE), 1);
    remember(&table, TWO, 4, 2, 2); /* a name is on one list */
    cr_assert_eq(ghost_count(&table, ONE), 0);
    cr_assert_eq(come_back(&table, 2), TWO);
    ghost_table_release(&table);
}

Test(ghost_list, a_smaller_table_keeps_the_newest)
{
    struct ghost_table table;

    cr_assert(ghost_table_init(&table, 1000));
    remember(&table, ONE, 1000, 1, 1000);
    cr_assert_eq(ghost_recall(&table, name_of(999)), ONE);
    cr_assert(ghost_table_resize(&table, 10)); /* and 64 that return */
    cr_assert_null(ghost_table_valid(&table));
    cr_assert_eq(come_back(&table, 1), GHOST_UNKNOWN);
    cr_assert_eq(come_back(&table, 1000), ONE);
    cr_assert_eq(ghost_return(&table, name_of(999), NULL), ONE);
    cr_assert(ghost_table_resize(&table, 2000));
    cr_assert_eq(come_back(&table, 998), ONE);
    ghost_table_release(&table);
}

Test(ghost_list, what_is_too_large_for_a_name_has_none)
{
    const struct reclaim_identity most = {(UINT64_C(1) << 25) - 2,
                                          (UINT64_C(1) << 36) - 1};
    struct ghost_table table;

    cr_assert_neq(ghost_name_of((struct reclaim_identity){0, 0}), 0);
    cr_assert_neq(ghost_name_of(most), 0);
    cr_assert_eq(ghost_name_of(most) >> 61, 0);
    cr_assert_eq(ghost_name_of((struct reclaim_identity){most.vmo + 1, 0}), 0);
    cr_assert_eq(ghost_name_of((struct reclaim_identity){0, most.page + 1}), 0);
    cr_assert(ghost_table_init(&table, 4));
    ghost_add(&table, ONE, 4, 0, 0);
    cr_assert_eq(ghost_count(&table, ONE), 0);
    cr_assert_eq(ghost_recall(&table, 0), GHOST_UNKNOWN);
    ghost_table_release(&table);
}
