/* Splice lists: content between leaving one list and entering another. */
#include "page_list_fixture.h"
#include "splice_list.h"

enum { PAGE_DESCRIPTORS = 64 };

/* Pop all that is left, offsets counted from `at`; "empty@n" is a hole. */
static void expect_pops(struct splice_list *splice, struct vm_page *pages,
                        uint64_t at, const char *expected)
{
    struct text text = {""};
    while (!splice_list_is_processed(splice))
        text_add_slot(&text, splice_list_pop(splice, pages),
                      pages_to_bytes(at++));
    expect_text(&text, expected);
}

static void take(struct splice_list *splice, struct page_list *list,
                 uint64_t start, uint64_t end)
{
    cr_assert(splice_list_take(splice, list, pages_to_bytes(start),
                               pages_to_bytes(end - start)) == VM_OK);
    expect_valid(list);
    expect_valid(&splice->list);
}

static void release(struct splice_list *splice, struct vm_page *pages,
                    const char *expected)
{
    struct leavers leavers = {.release_count = 0};
    splice_list_release(splice, pages, note_release, &leavers);
    expect_text(&leavers.released, expected);
    cr_assert(splice_list_is_empty(splice));
    cr_assert(splice_list_is_processed(splice));
}

/* --- taking --------------------------------- */

Test(splice_list, L09_taking_one_page_leaves_its_neighbour)
{
    for (unsigned taken = 0; taken < 2; taken++) {
        struct page_list list = new_list();
        struct splice_list splice;
        put_page(&list, 0, 0);
        put_page(&list, 1, 1);
        take(&splice, &list, taken, taken + 1);
        expect_pops(&splice, NULL, taken, taken == 0 ? "p0@0" : "p1@1");
        expect_list(&list, taken == 0 ? "p1@1" : "p0@0");
        release(&splice, NULL, "");
        page_list_release(&list);
    }
}

Test(splice_list, L10_taking_all_empties_the_list)
{
    struct page_list list = new_list();
    struct splice_list splice;
    for (unsigned i = 0; i < 48; i++) {
        put_page(&list, 2 * i, i);
        put_marker(&list, 2 * i + 1);
    }
    take(&splice, &list, 0, 96);
    cr_assert(page_list_is_empty(&list));
    for (unsigned i = 0; i < 48; i++) {
        cr_assert(splice_list_pop(&splice, NULL).bits == page_content(i).bits);
        cr_assert(slot_is_marker(splice_list_pop(&splice, NULL)));
    }
    cr_assert(splice_list_is_processed(&splice));
    release(&splice, NULL, "");
}

Test(splice_list, L11_taking_the_middle_leaves_both_sides)
{
    struct page_list list = new_list();
    struct splice_list splice;
    for (unsigned i = 0; i < 48; i++)
        put_page(&list, i, i);
    take(&splice, &list, 15, 33);
    for (unsigned i = 15; i < 33; i++)
        cr_assert(splice_list_pop(&splice, NULL).bits == page_content(i).bits);
    cr_assert(splice_list_is_processed(&splice));
    for (unsigned i = 0; i < 48; i++)
        cr_assert(holds_page(&list, i, i) == (i < 15 || i >= 33));
    release(&splice, NULL, "");
    page_list_release(&list);
}

Test(splice_list, L12_gaps_are_taken_as_holes)
{
    struct page_list list = new_list();
    struct splice_list splice;
    for (unsigned i = 0; i < 16; i++)
        put_page(&list, 3 * i, 3 * i);
    take(&splice, &list, 1, 47);
    expect_list(&list, "p0@0");
    for (unsigned at = 1; at < 47; at++) {
        struct page_slot expected = at % 3 == 0 ? page_content(at) : SLOT_EMPTY;
        cr_assert(splice_list_pop(&splice, NULL).bits == expected.bits);
    }
    cr_assert(splice_list_is_processed(&splice));
    release(&splice, NULL, "");
    page_list_release(&list);
}

Test(splice_list, L13_taking_nothing_gives_a_hole)
{
    struct page_list list = new_list();
    struct splice_list splice;
    take(&splice, &list, 1, 2);
    cr_assert(!splice_list_is_processed(&splice));
    cr_assert(slot_is_empty(splice_list_pop(&splice, NULL)));
    cr_assert(splice_list_is_processed(&splice));
    release(&splice, NULL, "");
}

Test(splice_list, L14_releasing_hands_out_what_was_not_popped)
{
    struct page_list list = new_list();
    struct splice_list splice;
    put_page(&list, 0, 0);
    take(&splice, &list, 0, 1);
    release(&splice, NULL, "p0@0");
    cr_assert(page_list_is_empty(&list));
}

Test(splice_list, taking_works_whatever_the_skew_and_the_distance)
{
    for (unsigned skew = 0; skew < PAGE_LIST_FANOUT; skew++) {
        uint64_t far = UINT64_C(1) << 45;
        struct page_list list = new_skewed_list(skew);
        struct splice_list splice;
        put_page(&list, far - 1, 0);
        put_marker(&list, far);
        put_reference(&list, far + 16, 7);
        put_page(&list, far + 17, 1);
        take(&splice, &list, far, far + 17);
        cr_assert(holds_page(&list, far - 1, 0));
        cr_assert(holds_page(&list, far + 17, 1));
        cr_assert(slot_is_marker(splice_list_pop(&splice, NULL)));
        for (unsigned i = 1; i < 16; i++)
            cr_assert(slot_is_empty(splice_list_pop(&splice, NULL)));
        cr_assert(splice_list_pop(&splice, NULL).bits ==
                  reference_content(7).bits);
        cr_assert(splice_list_is_processed(&splice));
        release(&splice, NULL, "");
        page_list_release(&list);
    }
}

Test(splice_list, partly_popped_list_releases_the_rest)
{
    struct page_list list = new_list();
    struct splice_list splice;
    put_page(&list, 3, 0);
    put_marker(&list, 4);
    put_reference(&list, 20, 2);
    put_page(&list, 30, 1);
    take(&splice, &list, 3, 31);
    (void)splice_list_pop(&splice, NULL);
    release(&splice, NULL, "r2@20 p1@30");
}

/* --- filling --------------------------------- */

Test(splice_list, appended_content_is_popped_in_order)
{
    struct splice_list splice;
    splice_list_init(&splice, pages_to_bytes(10), pages_to_bytes(4),
                     pages_to_bytes(5));
    cr_assert(splice_list_is_empty(&splice));
    cr_assert(splice_list_append(&splice, page_content(0)) == VM_OK);
    cr_assert(splice_list_append(&splice, SLOT_EMPTY) == VM_OK);
    cr_assert(splice_list_append(&splice, SLOT_ZERO_MARKER) == VM_OK);
    cr_assert(splice_list_append(&splice, reference_content(3)) == VM_OK);
    cr_assert(!splice_list_is_processed(&splice), "it is not finalized");
    cr_assert(!splice_list_is_empty(&splice));
    splice_list_finalize(&splice);
    expect_pops(&splice, NULL, 10, "p0@10 empty@11 m@12 r3@13");
    release(&splice, NULL, "");
}

Test(splice_list, holes_leave_a_filled_list_empty)
{
    struct splice_list splice;
    splice_list_init(&splice, 0, pages_to_bytes(2), 0);
    cr_assert(splice_list_append(&splice, SLOT_EMPTY) == VM_OK);
    cr_assert(splice_list_append(&splice, SLOT_EMPTY) == VM_OK);
    splice_list_finalize(&splice);
    cr_assert(splice_list_is_empty(&splice));
    expect_pops(&splice, NULL, 0, "empty@0 empty@1");
    release(&splice, NULL, "");
}

Test(splice_list, half_filled_list_is_padded_with_holes)
{
    struct splice_list splice;
    splice_list_init(&splice, 0, pages_to_bytes(3), 0);
    cr_assert(splice_list_append(&splice, page_content(0)) == VM_OK);
    splice_list_finalize(&splice);
    expect_pops(&splice, NULL, 0, "p0@0 empty@1 empty@2");
    release(&splice, NULL, "");
}

Test(splice_list, unfinished_list_releases_what_was_appended)
{
    struct splice_list splice;
    splice_list_init(&splice, 0, pages_to_bytes(3), 0);
    cr_assert(splice_list_append(&splice, page_content(0)) == VM_OK);
    cr_assert(splice_list_append(&splice, page_content(1)) == VM_OK);
    release(&splice, NULL, "p0@0 p1@1");
}

Test(splice_list, content_that_finds_no_room_stays_the_callers)
{
    struct splice_list splice;
    splice_list_init(&splice, PAGE_LIST_MAX_SIZE, pages_to_bytes(2), 0);
    cr_assert(splice_list_append(&splice, SLOT_EMPTY) == VM_OK);
    cr_assert(splice_list_append(&splice, page_content(0)) == VM_NO_MEMORY);
    cr_assert(splice.position == VM_PAGE_SIZE);
    cr_assert(splice_list_is_empty(&splice));
    release(&splice, NULL, "");
}

Test(splice_list, empty_range_is_processed_at_once)
{
    struct splice_list splice;
    splice_list_init(&splice, 0, 0, 0);
    cr_assert(!splice_list_is_processed(&splice));
    splice_list_finalize(&splice);
    cr_assert(splice_list_is_processed(&splice));
    release(&splice, NULL, "");
}

/* --- references --------------------------------- */

Test(splice_list, only_a_reference_at_the_position_is_peeked_at)
{
    struct page_list list = new_skewed_list(2);
    struct splice_list splice;
    put_page(&list, 14, 0);
    put_reference(&list, 15, 1);
    put_marker(&list, 16);
    take(&splice, &list, 14, 18);
    cr_assert(splice_list_peek_reference(&splice) == NULL);
    (void)splice_list_pop(&splice, NULL);

    struct page_slot *slot = splice_list_peek_reference(&splice);
    cr_assert(slot && slot->bits == reference_content(1).bits);
    *slot = page_content(9); /* decompressed where it stands */
    cr_assert(splice_list_peek_reference(&splice) == NULL);
    expect_pops(&splice, NULL, 15, "p9@15 m@16 empty@17");
    cr_assert(splice_list_peek_reference(&splice) == NULL);
    release(&splice, NULL, "");
}

/* --- raw pages --------------------------------- */

static struct page_chain chain_of(struct vm_page *pages, unsigned count)
{
    struct page_chain chain = PAGE_CHAIN_EMPTY;
    for (unsigned i = 0; i < count; i++)
        page_chain_push_tail(&chain, pages, slot_page(page_content(i)));
    return chain;
}

Test(splice_list, raw_pages_are_popped_in_order)
{
    struct vm_page pages[PAGE_DESCRIPTORS] = {{0}};
    struct page_chain chain = chain_of(pages, 3);
    struct splice_list splice;
    splice_list_of_chain(&splice, pages_to_bytes(5), &chain);
    cr_assert(chain.count == 0);
    cr_assert(splice.length == pages_to_bytes(3));
    cr_assert(!splice_list_is_empty(&splice));
    cr_assert(splice_list_peek_reference(&splice) == NULL);
    expect_pops(&splice, pages, 5, "p0@5 p1@6 p2@7");
    cr_assert(splice_list_is_empty(&splice));
    release(&splice, pages, "");
}

Test(splice_list, raw_pages_left_over_are_released)
{
    struct vm_page pages[PAGE_DESCRIPTORS] = {{0}};
    struct page_chain chain = chain_of(pages, 3);
    struct splice_list splice;
    struct leavers leavers = {.release_count = 0};
    splice_list_of_chain(&splice, 0, &chain);
    (void)splice_list_pop(&splice, pages);
    splice_list_release(&splice, pages, note_release, &leavers);
    cr_assert(leavers.release_count == 2);
    cr_assert(splice_list_is_empty(&splice));
}
