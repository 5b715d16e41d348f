/*
 * The set of reclaimed pages: bits near and far, and the stamps beside them.
 */
#include <criterion/criterion.h>

#include "reclaimed_set.h"

/* Around the edges of words, blocks of stamps and chunks. */
static const uint64_t pages[] = {0,     1,     63,    64,    511,    512,
                                 32767, 32768, 32769, 98304, 5000000};
enum { PAGES = sizeof pages / sizeof pages[0] };

Test(reclaimed_set, pages_are_in_it_until_removed)
{
    struct reclaimed_set set = {0};

    for (int i = 0; i < PAGES; i++) {
        cr_assert_not(reclaimed_set_has(&set, pages[i]));
        reclaimed_set_remove(&set, pages[i]); /* nothing happens */
        reclaimed_set_add(&set, pages[i]);
        cr_assert(reclaimed_set_has(&set, pages[i]));
    }
    for (int i = 0; i < PAGES; i++) {
        reclaimed_set_remove(&set, pages[i]);
        for (int j = 0; j < PAGES; j++)
            cr_assert_eq(reclaimed_set_has(&set, pages[j]), j > i);
    }
    reclaimed_set_release(&set);
    cr_assert_not(reclaimed_set_has(&set, 0));
}

Test(reclaimed_set, each_page_keeps_its_stamp)
{
    struct reclaimed_set set = {0};
    uint32_t stamp;

    for (int i = 0; i < PAGES; i++) {
        reclaimed_set_add(&set, pages[i]);
        cr_assert_not(reclaimed_set_stamp_of(&set, 7, &stamp), "not in it");
        reclaimed_set_stamp(&set, pages[i], (uint32_t)i * 1000 + 1);
    }
    for (int i = 0; i < PAGES; i++) {
        cr_assert(reclaimed_set_stamp_of(&set, pages[i], &stamp));
        cr_assert_eq(stamp, (uint32_t)i * 1000 + 1);
    }
    reclaimed_set_remove(&set, 64);
    cr_assert_not(reclaimed_set_stamp_of(&set, 64, &stamp));
    reclaimed_set_release(&set);
}

Test(reclaimed_set, a_page_without_a_stamp_says_so)
{
    struct reclaimed_set set = {0};
    uint32_t stamp;

    reclaimed_set_add(&set, 3);
    cr_assert_not(reclaimed_set_stamp_of(&set, 3, &stamp));
    reclaimed_set_stamp(&set, 40000, 5); /* no chunk: nothing happens */
    cr_assert_not(reclaimed_set_has(&set, 40000));
    reclaimed_set_release(&set);
}
