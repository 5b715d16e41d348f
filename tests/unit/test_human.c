/* Times and paragraphs for people to read. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "explain/paragraph.h"
#include "record/human.h"

Test(human, times_have_the_unit_that_fits)
{
    static const struct {
        sim_ns ns;
        const char *text;
    } cases[] = {
        {0, "0"},
        {1, "1 ns"},
        {999, "999 ns"},
        {1000, "1 us"},
        {12500, "12.5 us"},
        {999999, "999.999 us"},
        {3204000, "3.204 ms"},
        {1000000000, "1.000 s"},
        {13493959837, "13.493 s"},
        {90000000000, "90.000 s"},
    };
    char text[HUMAN_BYTES];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_str_eq(format_exact_time(text, cases[i].ns), cases[i].text);
}

Test(human, amounts_have_their_noun)
{
    char text[HUMAN_BYTES];

    cr_assert_str_eq(format_amount(text, 1, "page"), "1 page");
    cr_assert_str_eq(format_amount(text, 0, "page"), "0 pages");
    cr_assert_str_eq(format_amount(text, 6402, "page"), "6,402 pages");
    cr_assert_str_eq(format_count(text, 1234567), "1,234,567");
}

Test(human, paragraphs_break_before_column_80)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    print_paragraph(out, 6, "1 s",
                    "a word, and another word, until the line is as full as it "
                    "may get; the rest stands below");
    fclose(out);
    cr_assert_str_eq(text,
                     " 1 s  a word, and another word, until the line is as "
                     "full as it may get; the\n"
                     "      rest stands below\n");
    free(text);
}
