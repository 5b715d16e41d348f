#include "scenario/report.h"

#include <stdio.h>
#include <string.h>

#include "scenario/scenario.h"

void report_list(struct reporter *reporter, struct scenario_place place,
                 const char *format, va_list arguments)
{
    reporter->found++;
    if (!reporter->errors)
        return;
    if (place.override != 0)
        scenario_errors_vadd(reporter->errors,
                             reporter->overrides[place.override - 1], 0, 0,
                             format, arguments);
    else
        scenario_errors_vadd(reporter->errors, reporter->path, place.line,
                             place.column, format, arguments);
}

void report(struct reporter *reporter, struct scenario_place place,
            const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report_list(reporter, place, format, arguments);
    va_end(arguments);
}

void scenario_message_at(const struct scenario *scenario,
                         const struct scenario_place *place, const char *text,
                         char *message, size_t message_bytes)
{
    if (place->override > 0 && place->override <= scenario->override_count)
        snprintf(message, message_bytes, "%s: %s",
                 scenario->overrides[place->override - 1], text);
    else if (place->line > 0)
        snprintf(message, message_bytes, "%s:%u:%u: %s", scenario->path,
                 (unsigned)place->line, (unsigned)place->column, text);
    else
        snprintf(message, message_bytes, "%s: %s", scenario->path, text);
}

bool report_is_full(const struct reporter *reporter)
{
    return reporter->errors && reporter->errors->total >= SCENARIO_MAX_ERRORS;
}

enum { LONGEST_WORD = 40 };

/* Edits (insert, delete, replace, swap neighbours) from one to the other;
 * words that are longer than LONGEST_WORD are far from everything. */
static unsigned edit_distance(const char *a, const char *b)
{
    size_t a_length = strlen(a);
    size_t b_length = strlen(b);
    unsigned rows[3][LONGEST_WORD + 1];
    if (a_length > LONGEST_WORD || b_length > LONGEST_WORD)
        return LONGEST_WORD;
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3];
        const unsigned *top = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned best = above[j - 1] + (a[i - 1] != b[j - 1]);
            best = above[j] + 1 < best ? above[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
                a[i - 2] == b[j - 1] && top[j - 2] + 1 < best)
                best = top[j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[a_length % 3][b_length];
}

void choice_init(struct choice *choice, const char *word)
{
    size_t length = strlen(word);
    choice->word = word;
    choice->best = NULL;
    /* near: up to a third of the letters wrong, but never all of them */
    choice->distance = length < 2 ? 0 : (unsigned)(length + 1) / 3 + 1;
    choice->length = 0;
    choice->accepted[0] = '\0';
}

/* As edit_distance(), but a word cut short is one edit away. */
static unsigned choice_distance(const char *word, const char *accepted)
{
    size_t length = strlen(word);
    if (length >= 3 && strncmp(word, accepted, length) == 0)
        return accepted[length] != '\0';
    return edit_distance(word, accepted);
}

void choice_add(struct choice *choice, const char *accepted)
{
    unsigned distance =
        choice->distance > 0 ? choice_distance(choice->word, accepted) : 0;
    if (distance < choice->distance) {
        choice->best = accepted;
        choice->distance = distance;
    }
    size_t room = sizeof choice->accepted - choice->length;
    int written = snprintf(choice->accepted + choice->length, room, "%s%s",
                           choice->length > 0 ? ", " : "", accepted);
    if (written > 0)
        choice->length += (size_t)written < room ? (size_t)written : room - 1;
}

const char *choice_hint(struct choice *choice)
{
    choice->text[0] = '\0';
    if (choice->best)
        snprintf(choice->text, sizeof choice->text, ", did you mean '%s'?",
                 choice->best);
    return choice->text;
}

const char *choice_text(struct choice *choice)
{
    if (choice->best)
        snprintf(choice->text, sizeof choice->text,
                 ", did you mean '%s'? accepted: %s", choice->best,
                 choice->accepted);
    else
        snprintf(choice->text, sizeof choice->text, "; accepted: %s",
                 choice->length > 0 ? choice->accepted : "nothing");
    return choice->text;
}
