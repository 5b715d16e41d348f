/* Conditions of --fail-if and --until. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "study/expression.h"

/* Names of the tests: a = 2, b = 10, lru.a = 3, 2q.a = 4, "x.so".a = 5, gone
 * has no value. */
static const struct {
    const char *policy, *metric;
    double value;
} names[] = {
    {NULL, "a", 2},    {NULL, "b", 10},      {"lru", "a", 3},
    {"2q", "a", 4},    {"./x-1.so", "a", 5}, {NULL, "gone", (double)NAN},
    {NULL, "e3", 1e3},
};

static bool find(void *context, const char *policy, const char *metric,
                 size_t *number, char *message, size_t message_bytes)
{
    (void)context;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].metric, metric) != 0 ||
            strcmp(names[i].policy ? names[i].policy : "",
                   policy ? policy : "") != 0)
            continue;
        *number = i;
        return true;
    }
    snprintf(message, message_bytes, "there is no '%s'", metric);
    return false;
}

static double value_of(void *context, size_t number)
{
    (void)context;
    return names[number].value;
}

Test(expression, conditions_have_the_answers_of_arithmetic)
{
    static const struct {
        const char *text;
        enum expression_answer answer;
    } rows[] = {
        {"a < b", EXPRESSION_TRUE},
        {"a>b", EXPRESSION_FALSE},
        {"a <= 2", EXPRESSION_TRUE},
        {"a >= 2.5", EXPRESSION_FALSE},
        {"a == 2 && b != 10", EXPRESSION_FALSE},
        {"a == 2 || b != 10", EXPRESSION_TRUE},
        /* && binds closer than || */
        {"1 == 1 || 1 == 1 && 1 == 2", EXPRESSION_TRUE},
        {"(1 == 1 || 1 == 1) && 1 == 2", EXPRESSION_FALSE},
        {"!a < b", EXPRESSION_FALSE},
        {"! !(a < b)", EXPRESSION_TRUE},
        /* from left to right, products first */
        {"a + b * 2 == 22", EXPRESSION_TRUE},
        {"b - 3 - 2 == 5", EXPRESSION_TRUE},
        {"b / 5 / 2 == 1", EXPRESSION_TRUE},
        {"(a + b) * 2 == 24", EXPRESSION_TRUE},
        {"-a - -b == 8", EXPRESSION_TRUE},
        {"lru.a > a * 1.05", EXPRESSION_TRUE},
        {"2q.a == 4", EXPRESSION_TRUE},
        {"\"./x-1.so\".a == 5", EXPRESSION_TRUE},
        {"b == 1e1", EXPRESSION_TRUE},
        {"b == 1000%", EXPRESSION_TRUE},
        {"e3 == 1000", EXPRESSION_TRUE},
        /* nothing follows from what is not there */
        {"gone < 1", EXPRESSION_UNKNOWN},
        {"a < 1 || gone < 1", EXPRESSION_UNKNOWN},
        {"a / 0 > 1", EXPRESSION_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct expression expression;
        char message[256] = "";
        cr_assert(expression_parse(&expression, rows[i].text, find, NULL,
                                   message, sizeof message),
                  "%s: %s", rows[i].text, message);
        cr_assert_eq(expression_evaluate(&expression, value_of, NULL),
                     rows[i].answer, "%s", rows[i].text);
    }
}

Test(expression, errors_say_where)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"", "1: the expression ends where a number or a name is expected"},
        {"a <", "4: the expression ends where a number or a name is expected"},
        {"a", "2: a comparison is expected, this is a number"},
        {"a < b < 3", "7: an operator or the end is expected, not '<'"},
        {"a = b", "3: an operator or the end is expected, not '='"},
        {"a < zz", "5: there is no 'zz'"},
        {"lru.zz < 1", "1: there is no 'zz'"},
        {"lru. < 1", "5: a metric is expected, not ' '"},
        {"(a < b", "7: the expression ends where ')' is expected"},
        {"a < b)", "6: an operator or the end is expected, not ')'"},
        {"a && b", "1: a condition is expected before '&&'"},
        {"a < b && 3", "10: a condition is expected behind '&&'"},
        {"(a < b) + 1 > 1", "1: a number is expected before '+'"},
        {"1 + (a < b) > 1", "5: a number is expected behind '+'"},
        {"!3", "2: a condition is expected behind '!'"},
        {"-(a < b) < 1", "2: a number is expected behind '-'"},
        {"1.5.2 < 3", "1: there is no '5'"},
        {"a < 3x", "5: there is no '3x'"},
        {"\"lru\" < 1", "6: '.' and a metric are expected"},
        {"\"lru.a < 1", "1: a number or a name is expected, not '\"'"},
        {"a < $", "5: a number or a name is expected, not '$'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct expression expression;
        char message[256] = "";
        cr_assert_not(expression_parse(&expression, rows[i].text, find, NULL,
                                       message, sizeof message),
                      "%s", rows[i].text);
        cr_assert_str_eq(message, rows[i].message, "%s: %s", rows[i].text,
                         message);
    }
}

Test(expression, depth_and_length_are_bounded)
{
    static char text[100000];
    struct expression expression;
    char message[256];

    memset(text, '(', sizeof text - 1);
    cr_assert_not(expression_parse(&expression, text, find, NULL, message,
                                   sizeof message));
    cr_assert(strstr(message, "65: the expression is too deep"), "%s", message);
    memset(text, '!', sizeof text - 1);
    cr_assert_not(expression_parse(&expression, text, find, NULL, message,
                                   sizeof message));
    cr_assert(strstr(message, "too deep"), "%s", message);
    memset(text, '-', sizeof text - 1);
    cr_assert_not(expression_parse(&expression, text, find, NULL, message,
                                   sizeof message));
    cr_assert(strstr(message, "too deep"), "%s", message);
    strcpy(text, "a");
    for (char *at = text + 1; at < text + 2000; at += 2)
        memcpy(at, "+a", 3);
    cr_assert_not(expression_parse(&expression, text, find, NULL, message,
                                   sizeof message));
    cr_assert(strstr(message, "too long"), "%s", message);
}

Test(expression, names_are_listed_from_left_to_right)
{
    struct expression expression;
    char message[256];
    size_t at = 0, name;
    cr_assert(expression_parse(&expression, "b < 2q.a * (a - 1)", find, NULL,
                               message, sizeof message));
    static const size_t wanted[] = {1, 3, 0};
    for (size_t i = 0; i < 3; i++) {
        cr_assert(expression_next_name(&expression, &at, &name));
        cr_assert_eq(name, wanted[i]);
    }
    cr_assert_not(expression_next_name(&expression, &at, &name));
}
