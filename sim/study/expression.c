/*
 * Numbers and conditions have one stack: a condition is 0 or 1. The parser
 * knows which of the two each part is, so that `a < b < c` is refused.
 */
#include "study/expression.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

enum {
    STEP_NUMBER = 256,
    STEP_NAME,
    STEP_NEGATE,
    STEP_NOT,
    STEP_AND,
    STEP_OR,
    STEP_LESS_EQUAL,
    STEP_GREATER_EQUAL,
    STEP_EQUAL,
    STEP_UNEQUAL,
};

enum { NAME_BYTES = 256 };

enum kind { KIND_WRONG, KIND_NUMBER, KIND_CONDITION };

struct parser {
    struct expression *expression;
    const char *text;
    const char *at;
    expression_name_fn name;
    void *context;
    int depth;
    char *message; /* of the first error */
    size_t message_bytes;
};

/* --- errors --------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static enum kind
refuse(struct parser *parser, const char *place, const char *format, ...)
{
    va_list arguments;
    int used = snprintf(parser->message, parser->message_bytes,
                        "%zu: ", (size_t)(place - parser->text) + 1);
    va_start(arguments, format);
    if (used > 0 && (size_t)used < parser->message_bytes)
        vsnprintf(parser->message + used, parser->message_bytes - (size_t)used,
                  format, arguments);
    va_end(arguments);
    return KIND_WRONG;
}

/* "'x' is not expected here", with what is. */
static enum kind refuse_here(struct parser *parser, const char *wanted)
{
    if (*parser->at == '\0')
        return refuse(parser, parser->at,
                      "the expression ends where %s is "
                      "expected",
                      wanted);
    return refuse(parser, parser->at, "%s is expected, not '%c'", wanted,
                  isprint((unsigned char)*parser->at) ? *parser->at : '?');
}

/* --- words ---------------------------------------------------------------- */

static void skip_blanks(struct parser *parser)
{
    parser->at += strspn(parser->at, " \t\n");
}

/* Is this what comes next? Then it is behind us. */
static bool take(struct parser *parser, const char *word)
{
    skip_blanks(parser);
    size_t length = strlen(word);
    if (strncmp(parser->at, word, length) != 0)
        return false;
    parser->at += length;
    return true;
}

static bool is_name_character(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* A word of a name, or a text in quotes; its length, 0: there is none. */
static size_t word_length(const char *at, bool *is_quoted)
{
    *is_quoted = *at == '"';
    if (*is_quoted) {
        const char *end = strchr(at + 1, '"');
        return end ? (size_t)(end - at) + 1 : 0;
    }
    size_t length = 0;
    while (is_name_character(at[length]))
        length++;
    return length;
}

static bool add(struct parser *parser, struct expression_step step)
{
    struct expression *expression = parser->expression;
    if (expression->step_count == EXPRESSION_MAX_STEPS) {
        refuse(parser, parser->at, "the expression is too long");
        return false;
    }
    expression->steps[expression->step_count++] = step;
    return true;
}

/* The operator behind its operands, which have the kind it wants. */
static enum kind add_operator(struct parser *parser, int op, enum kind result)
{
    return add(parser, (struct expression_step){.op = op}) ? result
                                                           : KIND_WRONG;
}

/* --- operands ------------------------------------------------------------- */

static enum kind parse_number(struct parser *parser, size_t length)
{
    double number = strtod(parser->at, NULL);
    parser->at += length;
    if (*parser->at == '%') {
        number /= 100;
        parser->at++;
    }
    struct expression_step step = {.op = STEP_NUMBER, .number = number};
    return add(parser, step) ? KIND_NUMBER : KIND_WRONG;
}

/* Length of a decimal number that no letter follows; 0: there is none. */
static size_t number_length(const char *at)
{
    size_t length = strspn(at, "0123456789");
    if (at[length] == '.' && isdigit((unsigned char)at[length + 1]))
        length += 1 + strspn(at + length + 1, "0123456789");
    if (length == 0 || !isdigit((unsigned char)at[0]))
        return 0;
    if (at[length] == 'e' || at[length] == 'E') {
        size_t sign = at[length + 1] == '-' || at[length + 1] == '+';
        size_t digits = strspn(at + length + 1 + sign, "0123456789");
        if (digits > 0)
            length += 1 + sign + digits;
    }
    return is_name_character(at[length]) || at[length] == '.' ? 0 : length;
}

static bool copy_word(char word[NAME_BYTES], const char *at, size_t length,
                      bool is_quoted)
{
    if (length >= NAME_BYTES)
        return false;
    size_t skipped = is_quoted ? 1 : 0;
    memcpy(word, at + skipped, length - 2 * skipped);
    word[length - 2 * skipped] = '\0';
    return true;
}

static enum kind parse_name(struct parser *parser)
{
    char first[NAME_BYTES], second[NAME_BYTES], why[NAME_BYTES + 256];
    const char *place = parser->at;
    bool is_quoted, is_second_quoted;
    size_t length = word_length(place, &is_quoted);
    if (length == 0)
        return refuse_here(parser, "a number or a name");
    bool has_policy = place[length] == '.';
    size_t rest = 0;
    if (has_policy)
        rest = word_length(place + length + 1, &is_second_quoted);
    if (has_policy && (rest == 0 || is_second_quoted)) {
        parser->at += length + 1;
        return refuse_here(parser, "a metric");
    }
    if (is_quoted && !has_policy)
        return refuse(parser, place + length, "'.' and a metric are expected");
    if (!copy_word(first, place, length, is_quoted) ||
        !copy_word(second, place + length + 1, rest, false))
        return refuse(parser, place, "the name is too long");
    struct expression_step step = {.op = STEP_NAME};
    if (!parser->name(parser->context, has_policy ? first : NULL,
                      has_policy ? second : first, &step.name, why, sizeof why))
        return refuse(parser, place, "%s", why);
    parser->at += length + has_policy + rest;
    return add(parser, step) ? KIND_NUMBER : KIND_WRONG;
}

static enum kind parse_condition(struct parser *parser);

static enum kind parse_factor(struct parser *parser)
{
    const char *place = parser->at;
    enum kind kind;
    if (++parser->depth > EXPRESSION_MAX_DEPTH)
        return refuse(parser, place, "the expression is too deep");
    if (take(parser, "-")) {
        place = parser->at;
        kind = parse_factor(parser);
        if (kind == KIND_CONDITION)
            kind = refuse(parser, place, "a number is expected behind '-'");
        else if (kind == KIND_NUMBER)
            kind = add_operator(parser, STEP_NEGATE, KIND_NUMBER);
    } else if (take(parser, "(")) {
        kind = parse_condition(parser);
        if (kind != KIND_WRONG && !take(parser, ")"))
            kind = refuse_here(parser, "')'");
    } else {
        size_t length = number_length(parser->at);
        kind = length > 0 ? parse_number(parser, length) : parse_name(parser);
    }
    parser->depth--;
    return kind;
}

/* --- operators ------------------------------------------------------------ */

struct operation {
    const char *spelling;
    int step;
};

/* A row of operators of one rank; what is longer comes first. */
static const struct operation products[] = {{"*", '*'}, {"/", '/'}, {0}};
static const struct operation sums[] = {{"+", '+'}, {"-", '-'}, {0}};
static const struct operation comparisons[] = {{"<=", STEP_LESS_EQUAL},
                                               {">=", STEP_GREATER_EQUAL},
                                               {"==", STEP_EQUAL},
                                               {"!=", STEP_UNEQUAL},
                                               {"<", '<'},
                                               {">", '>'},
                                               {0}};
static const struct operation conjunctions[] = {{"&&", STEP_AND}, {0}};
static const struct operation disjunctions[] = {{"||", STEP_OR}, {0}};

static const struct operation *take_operator(struct parser *parser,
                                             const struct operation *operators)
{
    for (; operators->spelling; operators++)
        if (take(parser, operators->spelling))
            return operators;
    return NULL;
}

struct rank {
    const struct operation *operators;
    enum kind operand, result;
    bool is_chain; /* a + b + c, but not a < b < c */
    enum kind (*parse_operand)(struct parser *parser);
};

static enum kind parse_rank(struct parser *parser, const struct rank *rank)
{
    const char *name =
        rank->operand == KIND_NUMBER ? "a number" : "a condition";
    skip_blanks(parser);
    const char *place = parser->at;
    enum kind kind = rank->parse_operand(parser);
    const struct operation *op = NULL;
    while (kind != KIND_WRONG &&
           (op = take_operator(parser, rank->operators)) != NULL) {
        if (kind != rank->operand)
            return refuse(parser, place, "%s is expected before '%s'", name,
                          op->spelling);
        skip_blanks(parser);
        place = parser->at;
        kind = rank->parse_operand(parser);
        if (kind != KIND_WRONG && kind != rank->operand)
            return refuse(parser, place, "%s is expected behind '%s'", name,
                          op->spelling);
        if (kind != KIND_WRONG)
            kind = add_operator(parser, op->step, rank->result);
        if (!rank->is_chain)
            break;
    }
    return kind;
}

static enum kind parse_product(struct parser *parser)
{
    static const struct rank rank = {products, KIND_NUMBER, KIND_NUMBER, true,
                                     parse_factor};
    return parse_rank(parser, &rank);
}

static enum kind parse_sum(struct parser *parser)
{
    static const struct rank rank = {sums, KIND_NUMBER, KIND_NUMBER, true,
                                     parse_product};
    return parse_rank(parser, &rank);
}

static enum kind parse_comparison(struct parser *parser)
{
    static const struct rank rank = {comparisons, KIND_NUMBER, KIND_CONDITION,
                                     false, parse_sum};
    return parse_rank(parser, &rank);
}

static enum kind parse_negation(struct parser *parser)
{
    skip_blanks(parser);
    if (parser->at[0] != '!' || parser->at[1] == '=')
        return parse_comparison(parser);
    if (++parser->depth > EXPRESSION_MAX_DEPTH)
        return refuse(parser, parser->at, "the expression is too deep");
    parser->at++;
    skip_blanks(parser);
    const char *place = parser->at;
    enum kind kind = parse_negation(parser);
    parser->depth--;
    if (kind == KIND_NUMBER)
        return refuse(parser, place, "a condition is expected behind '!'");
    return kind == KIND_WRONG ? kind
                              : add_operator(parser, STEP_NOT, KIND_CONDITION);
}

static enum kind parse_conjunction(struct parser *parser)
{
    static const struct rank rank = {conjunctions, KIND_CONDITION,
                                     KIND_CONDITION, true, parse_negation};
    return parse_rank(parser, &rank);
}

static enum kind parse_condition(struct parser *parser)
{
    static const struct rank rank = {disjunctions, KIND_CONDITION,
                                     KIND_CONDITION, true, parse_conjunction};
    return parse_rank(parser, &rank);
}

bool expression_parse(struct expression *expression, const char *text,
                      expression_name_fn name, void *context, char *message,
                      size_t message_bytes)
{
    struct parser parser = {.expression = expression,
                            .text = text,
                            .at = text,
                            .name = name,
                            .context = context,
                            .message = message,
                            .message_bytes = message_bytes};
    expression->step_count = 0;
    enum kind kind = parse_condition(&parser);
    skip_blanks(&parser);
    if (kind != KIND_WRONG && *parser.at != '\0')
        kind = refuse_here(&parser, "an operator or the end");
    if (kind == KIND_NUMBER)
        refuse(&parser, parser.at,
               "a comparison is expected, this is a number");
    return kind == KIND_CONDITION;
}

/* --- evaluation ----------------------------------------------------------- */

static double apply(int op, double left, double right)
{
    switch (op) {
    case '+':
        return left + right;
    case '-':
        return left - right;
    case '*':
        return left * right;
    case '/':
        return left / right;
    case '<':
        return left < right;
    case '>':
        return left > right;
    case STEP_LESS_EQUAL:
        return left <= right;
    case STEP_GREATER_EQUAL:
        return left >= right;
    case STEP_EQUAL:
        return left == right;
    case STEP_UNEQUAL:
        return left != right;
    case STEP_AND:
        return left != 0 && right != 0;
    default:
        return left != 0 || right != 0;
    }
}

/* What a step finds on the stack. */
static size_t operands_of(int op)
{
    switch (op) {
    case STEP_NUMBER:
    case STEP_NAME:
        return 0;
    case STEP_NEGATE:
    case STEP_NOT:
        return 1;
    default:
        return 2;
    }
}

enum expression_answer expression_evaluate(const struct expression *expression,
                                           expression_value_fn value,
                                           void *context)
{
    double stack[EXPRESSION_MAX_STEPS] = {0};
    size_t depth = 0;
    for (size_t n = 0; n < expression->step_count; n++) {
        const struct expression_step *step = &expression->steps[n];
        CHECK(depth >= operands_of(step->op));
        switch (step->op) {
        case STEP_NUMBER:
            stack[depth++] = step->number;
            break;
        case STEP_NAME:
            stack[depth++] = value(context, step->name);
            break;
        case STEP_NEGATE:
            stack[depth - 1] = -stack[depth - 1];
            break;
        case STEP_NOT:
            stack[depth - 1] = stack[depth - 1] == 0;
            break;
        default:
            depth--;
            stack[depth - 1] = apply(step->op, stack[depth - 1], stack[depth]);
        }
        if (!isfinite(stack[depth - 1]))
            return EXPRESSION_UNKNOWN;
    }
    return stack[0] != 0 ? EXPRESSION_TRUE : EXPRESSION_FALSE;
}

bool expression_next_name(const struct expression *expression, size_t *at,
                          size_t *name)
{
    while (*at < expression->step_count) {
        const struct expression_step *step = &expression->steps[(*at)++];
        if (step->op != STEP_NAME)
            continue;
        *name = step->name;
        return true;
    }
    return false;
}
