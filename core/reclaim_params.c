/*
 * A policy's parameters: texts such as "bits=2" against its table.
 *
 * The defaults come first, then the texts in their order, so that a later one
 * wins: what a command line adds overrides what a scenario says. A message
 * names what would have been accepted.
 */
#include "page_queues.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

struct message {
    char *buffer; /* may be NULL */
    size_t buffer_bytes;
};

__attribute__((format(printf, 2, 3))) static const char *
say(struct message message, const char *format, ...)
{
    va_list arguments;

    if (!message.buffer || message.buffer_bytes == 0)
        return "a policy parameter is wrong";
    va_start(arguments, format);
    vsnprintf(message.buffer, message.buffer_bytes, format, arguments);
    va_end(arguments);
    return message.buffer;
}

/* The numbers' notation takes no sign and no space before it. */
static bool begins_as_number(const char *text)
{
    return (*text >= '0' && *text <= '9') || *text == '.';
}

static bool parse_uint(const struct reclaim_param *param, const char *text,
                       union reclaim_value *value)
{
    char *end;

    if (!begins_as_number(text))
        return false;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno || end == text || *end)
        return false;
    value->uint = number;
    return (double)number >= param->minimum && (double)number <= param->maximum;
}

static bool parse_real(const struct reclaim_param *param, const char *text,
                       union reclaim_value *value)
{
    char *end;

    if (!begins_as_number(text))
        return false;
    value->real = strtod(text, &end);
    if (end == text || *end || !isfinite(value->real))
        return false;
    return value->real >= param->minimum && value->real <= param->maximum;
}

static bool parse_word(const struct reclaim_param *param, const char *text,
                       union reclaim_value *value)
{
    for (unsigned i = 0; param->words[i]; i++) {
        if (strcmp(param->words[i], text) == 0) {
            value->word = i;
            return true;
        }
    }
    return false;
}

/* "one, two, three" of a NULL-terminated list; cut where room ends. */
static const char *words_joined(const char *const *words, char *out,
                                size_t out_bytes)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; words[i] && used < out_bytes; i++) {
        int wrote = snprintf(out + used, out_bytes - used, "%s%s",
                             i ? ", " : "", words[i]);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
    return out;
}

static const char *parse_value(const struct reclaim_policy_ops *ops,
                               const struct reclaim_param *param,
                               const char *text, union reclaim_value *value,
                               struct message message)
{
    char words[128];

    switch (param->kind) {
    case RECLAIM_PARAM_UINT:
        if (parse_uint(param, text, value))
            return NULL;
        return say(message,
                   "policy %s: %s=%s: expected a whole number from %.0f to "
                   "%.0f",
                   ops->name, param->name, text, param->minimum,
                   param->maximum);
    case RECLAIM_PARAM_REAL:
        if (parse_real(param, text, value))
            return NULL;
        return say(message, "policy %s: %s=%s: expected a number from %g to %g",
                   ops->name, param->name, text, param->minimum,
                   param->maximum);
    case RECLAIM_PARAM_WORD:
        if (parse_word(param, text, value))
            return NULL;
        return say(message, "policy %s: %s=%s: expected one of %s", ops->name,
                   param->name, text,
                   words_joined(param->words, words, sizeof words));
    }
    return say(message, "policy %s: %s: a parameter of no known kind",
               ops->name, param->name);
}

static unsigned param_count(const struct reclaim_policy_ops *ops)
{
    unsigned count = 0;

    while (ops->params && ops->params[count].name)
        count++;
    CHECK(count <= RECLAIM_MAX_PARAMS);
    return count;
}

static const char *unknown_param(const struct reclaim_policy_ops *ops,
                                 const char *text, int name_length,
                                 struct message message)
{
    const char *names[RECLAIM_MAX_PARAMS + 1] = {NULL};
    char joined[256];

    for (unsigned i = 0; i < param_count(ops); i++)
        names[i] = ops->params[i].name;
    if (!names[0])
        return say(message, "policy %s: %.*s: it has no parameters", ops->name,
                   name_length, text);
    return say(message, "policy %s: %.*s: no such parameter; there are: %s",
               ops->name, name_length, text,
               words_joined(names, joined, sizeof joined));
}

static const char *parse_text(const struct reclaim_policy_ops *ops,
                              const char *text, union reclaim_value *values,
                              struct message message)
{
    const char *equals = strchr(text, '=');

    if (!equals)
        return say(message, "policy %s: %s: expected name=value", ops->name,
                   text);
    size_t name_length = (size_t)(equals - text);
    for (unsigned i = 0; i < param_count(ops); i++) {
        const struct reclaim_param *param = &ops->params[i];

        if (strlen(param->name) == name_length &&
            memcmp(param->name, text, name_length) == 0)
            return parse_value(ops, param, equals + 1, &values[i], message);
    }
    return unknown_param(ops, text, (int)name_length, message);
}

const char *reclaim_params_parse(const struct reclaim_policy_ops *ops,
                                 const char *const *texts, size_t count,
                                 union reclaim_value *values, char *buffer,
                                 size_t buffer_bytes)
{
    struct message message = {buffer, buffer_bytes};

    for (unsigned i = 0; i < param_count(ops); i++) {
        const struct reclaim_param *param = &ops->params[i];
        const char *wrong =
            parse_value(ops, param, param->default_text, &values[i], message);
        if (wrong)
            return wrong;
    }
    for (size_t i = 0; i < count; i++) {
        const char *wrong = parse_text(ops, texts[i], values, message);
        if (wrong)
            return wrong;
    }
    return NULL;
}
