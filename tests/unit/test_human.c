/* Times and paragraphs for people to read. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "explain/human.h"

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
    char text[HUMAN_TIME_BYTES];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_str_eq(human_time(cases[i].ns, text), cases[i].text);
}

Test(human, amounts_have_their_noun)
{
    char text[HUMAN_TIME_BYTES];

    cr_assert_str_eq(human_count(1, "page", text), "1 page");
    cr_assert_str_eq(human_count(0, "page", text), "0 pages");
    cr_assert_str_eq(human_count(6402, "page", text), "6,402 pages");
    cr_assert_str_eq(human_count(1234567, "", text), "1,234,567");
}

Test(human, paragraphs_break_before_column_80)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    human_paragraph(out, 6, "1 s",
                    "a word, and another word, until the line is as full as it "
                    "may get; the rest stands below");
    fclose(out);
    cr_assert_str_eq(text,
                     " 1 s  a word, and another word, until the line is as "
                     "full as it may get; the\n"
                     "      rest stands below\n");
    free(text);
}
