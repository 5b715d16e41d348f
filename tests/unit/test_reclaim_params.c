/*
 * A policy's parameters from texts: what each kind takes, and what is said
 * about the rest.
 */
#include <criterion/criterion.h>

#include "zircon_policy.h"

#include "page_queues.h"

static const char *const colours[] = {
    "amber",      "beige",       "cerulean",   "damask",     "emerald",
    "fuchsia",    "gamboge",     "heliotrope", "indigo",     "jonquil",
    "kingfisher", "lavender",    "magenta",    "nasturtium", "ochre",
    "periwinkle", "quicksilver", NULL,
};

static const struct reclaim_param table[] = {
    {"share", RECLAIM_PARAM_REAL, "0.5", 0, 1, NULL, "a part"},
    {"bits", RECLAIM_PARAM_UINT, "2", 1, 8, NULL, "a number"},
    {"colour", RECLAIM_PARAM_WORD, "beige", 0, 0, colours, "a word"},
    {NULL, RECLAIM_PARAM_UINT, NULL, 0, 0, NULL, NULL},
};

static struct reclaim_policy_ops policy_with(const struct reclaim_param *params)
{
    struct reclaim_policy_ops ops = zircon_policy_ops;
    ops.params = params;
    return ops;
}

static const char *parse(const char *text, union reclaim_value *values,
                         char *message, size_t bytes)
{
    struct reclaim_policy_ops ops = policy_with(table);
    return reclaim_params_parse(&ops, &text, 1, values, message, bytes);
}

Test(reclaim_params, defaults_come_first)
{
    struct reclaim_policy_ops ops = policy_with(table);
    union reclaim_value values[RECLAIM_MAX_PARAMS];
    cr_assert_null(reclaim_params_parse(&ops, NULL, 0, values, NULL, 0));
    cr_assert_eq(values[0].real, 0.5);
    cr_assert_eq(values[1].uint, 2);
    cr_assert_eq(values[2].word, 1);
}

Test(reclaim_params, each_kind_takes_its_own_notation)
{
    static const struct {
        const char *text;
        double real; /* -1: refused */
    } reals[] = {
        {"share=0.25", 0.25}, {"share=.5", 0.5},   {"share=1", 1},
        {"share=2e-1", 0.2},  {"share=0", 0},      {"share=1.01", -1},
        {"share=-0.1", -1},   {"share= 0.1", -1},  {"share=nan", -1},
        {"share=inf", -1},    {"share=1e999", -1}, {"share=0.1x", -1},
        {"share=.", -1},      {"share=", -1},
    };
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++) {
        union reclaim_value values[RECLAIM_MAX_PARAMS];
        char message[200];
        const char *wrong =
            parse(reals[i].text, values, message, sizeof message);
        if (reals[i].real < 0) {
            cr_assert_not_null(wrong, "%s", reals[i].text);
            cr_assert_not_null(strstr(wrong, "a number from 0 to 1"), "%s",
                               wrong);
        } else {
            cr_assert_null(wrong, "%s", wrong);
            cr_assert_eq(values[0].real, reals[i].real, "%s", reals[i].text);
        }
    }
    static const char *const refused[] = {"bits=0", "bits=9", "bits=.5",
                                          "bits=2x", "bits=x"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        union reclaim_value values[RECLAIM_MAX_PARAMS];
        cr_assert_not_null(parse(refused[i], values, NULL, 0), "%s",
                           refused[i]);
    }
}

Test(reclaim_params, a_list_of_words_is_cut_where_room_ends)
{
    union reclaim_value values[RECLAIM_MAX_PARAMS];
    char message[400];
    const char *wrong = parse("colour=mauve", values, message, sizeof message);
    cr_assert_not_null(wrong);
    cr_assert_not_null(strstr(wrong, "expected one of amber, beige"), "%s",
                       wrong);
    cr_assert_null(strstr(wrong, "quicksilver"), "%s", wrong);
}

Test(reclaim_params, without_room_for_a_message_it_is_a_fixed_one)
{
    union reclaim_value values[RECLAIM_MAX_PARAMS];
    char none[1];
    cr_assert_str_eq(parse("share=2", values, NULL, 100),
                     "a policy parameter is wrong");
    cr_assert_str_eq(parse("share=2", values, none, 0),
                     "a policy parameter is wrong");
}

/* A plug-in's table is checked like a user's text. */
Test(reclaim_params, a_table_can_be_wrong_itself)
{
    static const struct reclaim_param bad_default[] = {
        {"bits", RECLAIM_PARAM_UINT, "99", 1, 8, NULL, "a number"},
        {NULL, RECLAIM_PARAM_UINT, NULL, 0, 0, NULL, NULL},
    };
    static const struct reclaim_param bad_kind[] = {
        {"bits", (enum reclaim_param_kind)7, "1", 1, 8, NULL, "?"},
        {NULL, RECLAIM_PARAM_UINT, NULL, 0, 0, NULL, NULL},
    };
    struct reclaim_policy_ops ops = policy_with(bad_default);
    union reclaim_value values[RECLAIM_MAX_PARAMS];
    char message[200];
    const char *wrong =
        reclaim_params_parse(&ops, NULL, 0, values, message, sizeof message);
    cr_assert_not_null(wrong);
    cr_assert_not_null(strstr(wrong, "bits=99"), "%s", wrong);
    ops = policy_with(bad_kind);
    wrong =
        reclaim_params_parse(&ops, NULL, 0, values, message, sizeof message);
    cr_assert_not_null(wrong);
    cr_assert_not_null(strstr(wrong, "no known kind"), "%s", wrong);
}

static void *never_begun(struct reclaim_host *host,
                         const union reclaim_value *values)
{
    (void)host;
    (void)values;
    cr_assert_fail("an unusable policy is not begun");
    return NULL;
}

Test(reclaim_params, an_unusable_policy_is_refused)
{
    struct reclaim_policy_ops strange = zircon_policy_ops;
    struct reclaim_policy_ops greedy = zircon_policy_ops;
    struct page_queues pqs;
    struct pmm pmm;
    strange.init = greedy.init = never_begun;
    strange.abi++;
    greedy.page_bytes = 17;
    cr_assert_eq(pmm_init(&pmm, 8), VM_OK);
    cr_assert_eq(pq_init(&pqs, &pmm, &strange, NULL, 1), VM_INVALID_ARGS);
    cr_assert_eq(pq_init(&pqs, &pmm, &greedy, NULL, 1), VM_INVALID_ARGS);
    pmm_release(&pmm);
}
