/*
 * Conditions on the results of a study, as `--fail-if` and `--until` take them.
 *
 *   condition  = conjunction { "||" conjunction }
 *   conjunction = negation { "&&" negation }
 *   negation   = "!" negation | comparison
 *   comparison = sum ( "<" | "<=" | ">" | ">=" | "==" | "!=" ) sum
 *              | "(" condition ")"
 *   sum        = product { ( "+" | "-" ) product }
 *   product    = factor { ( "*" | "/" ) factor }
 *   factor     = "-" factor | number [ "%" ] | name | "(" sum ")"
 *   name       = metric | policy "." metric
 *
 * A policy is letters, digits and `_`, so also `2q`; any other is put in
 * double quotes: "./my.so".refaults. Parsing is by recursive descent, at most
 * EXPRESSION_MAX_DEPTH deep, into a list of at most EXPRESSION_MAX_STEPS steps
 * for a stack machine; what refers to nothing is an error then, before
 * anything has run. Evaluation can't fail, but it may find no answer: a value
 * that a run does not have, or a division by zero, decides nothing.
 */
#ifndef LOWTIDE_STUDY_EXPRESSION_H
#define LOWTIDE_STUDY_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>

enum { EXPRESSION_MAX_DEPTH = 64, EXPRESSION_MAX_STEPS = 256 };

/*
 * What a name means.
 *
 *   policy    NULL: none was given
 *   number    receives what expression_value_fn is asked for later
 *   message   receives why not: half a sentence, "there is no ..."
 */
typedef bool (*expression_name_fn)(void *context, const char *policy,
                                   const char *metric, size_t *number,
                                   char *message, size_t message_bytes);

/* The value of name `number`; NAN: it has none. */
typedef double (*expression_value_fn)(void *context, size_t number);

enum expression_answer {
    EXPRESSION_FALSE,
    EXPRESSION_TRUE,
    EXPRESSION_UNKNOWN, /* a value is missing, or zero was divided by */
};

struct expression_step {
    int op;        /* an operator's character, or a kind of operand */
    double number; /* of a constant */
    size_t name;
};

struct expression {
    struct expression_step steps[EXPRESSION_MAX_STEPS];
    size_t step_count;
};

/*
 * Read a condition. False: `message` receives "COLUMN: what is wrong", columns
 * counted from 1.
 */
bool expression_parse(struct expression *expression, const char *text,
                      expression_name_fn name, void *context, char *message,
                      size_t message_bytes);

enum expression_answer expression_evaluate(const struct expression *expression,
                                           expression_value_fn value,
                                           void *context);

/*
 * The names of the expression, from left to right, one a call: `*at` is 0 at
 * first. False: there are no more.
 */
bool expression_next_name(const struct expression *expression, size_t *at,
                          size_t *name);

#endif
