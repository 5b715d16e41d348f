/* Details of page events: words first, then facts by name. */
#include <criterion/criterion.h>

#include "record/page_note.h"

static const struct {
    const char *detail;
    const char *head;
    const char *by;   /* NULL: there is no such fact */
    const char *free; /* likewise */
} cases[] = {
    {"reclaim6 by=oom free=12", "reclaim6", "oom", "12"},
    {"read again on=reclaim0 by=script", "read again", "script", NULL},
    {"by=lru", "", "lru", NULL},
    {"reclaim0 to reclaim1", "reclaim0 to reclaim1", NULL, NULL},
    {"reclaim0  free= by=x", "reclaim0", "x", ""},
    {"", "", NULL, NULL},
    {NULL, "", NULL, NULL},
};

static void check_fact(const char *detail, const char *name, const char *wanted)
{
    char value[PAGE_NOTE_BYTES];

    cr_assert_eq(page_note_fact(detail, name, value), wanted != NULL,
                 "%s in %s", name, detail ? detail : "NULL");
    cr_assert_str_eq(value, wanted ? wanted : "");
}

Test(page_note, heads_and_facts_are_told_apart)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char head[PAGE_NOTE_BYTES];

        page_note_head(cases[i].detail, head);
        cr_assert_str_eq(head, cases[i].head, "case %zu: '%s'", i, head);
        check_fact(cases[i].detail, "by", cases[i].by);
        check_fact(cases[i].detail, "free", cases[i].free);
    }
}

Test(page_note, facts_come_in_order)
{
    const char *cursor = "gone on=a by=b";
    char name[PAGE_NOTE_BYTES], value[PAGE_NOTE_BYTES];

    cr_assert(page_note_next(&cursor, name, value));
    cr_assert_str_eq(name, "on");
    cr_assert_str_eq(value, "a");
    cr_assert(page_note_next(&cursor, name, value));
    cr_assert_str_eq(name, "by");
    cr_assert_str_eq(value, "b");
    cr_assert_not(page_note_next(&cursor, name, value));
}
