#include "scenario/errors.h"

#include <stdlib.h>
#include <string.h>

void scenario_errors_init(struct scenario_errors *errors)
{
    *errors = (struct scenario_errors){0};
}

void scenario_errors_release(struct scenario_errors *errors)
{
    for (size_t i = 0; i < errors->count; i++)
        free(errors->list[i].text);
    free(errors->list);
    *errors = (struct scenario_errors){0};
}

/* "place:line:column: ", or less where less is known. Returns its length. */
static int format_place(char *out, size_t size, const char *place,
                        uint32_t line, uint32_t column)
{
    if (line == 0)
        return snprintf(out, size, "%s: ", place);
    if (column == 0)
        return snprintf(out, size, "%s:%u: ", place, line);
    return snprintf(out, size, "%s:%u:%u: ", place, line, column);
}

/* One error is one line: control characters are shown as `?`. */
static void make_printable(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}

/* The whole line; NULL when memory ran out. */
static char *format_line(const char *place, uint32_t line, uint32_t column,
                         const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int place_length = format_place(NULL, 0, place, line, column);
    int message_length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (place_length < 0 || message_length < 0)
        return NULL;
    size_t size = (size_t)place_length + (size_t)message_length + 1;
    char *text = malloc(size);
    if (!text)
        return NULL;
    format_place(text, size, place, line, column);
    vsnprintf(text + place_length, size - (size_t)place_length, format,
              arguments);
    make_printable(text);
    return text;
}

static bool is_known(const struct scenario_errors *errors, const char *text)
{
    for (size_t i = 0; i < errors->count; i++)
        if (strcmp(errors->list[i].text, text) == 0)
            return true;
    return false;
}

void scenario_errors_vadd(struct scenario_errors *errors, const char *place,
                          uint32_t line, uint32_t column, const char *format,
                          va_list arguments)
{
    if (errors->count == SCENARIO_MAX_ERRORS) {
        errors->total++;
        return;
    }
    char *text = format_line(place, line, column, format, arguments);
    if (text && is_known(errors, text)) {
        free(text);
        return;
    }
    errors->total++;
    if (!errors->list)
        errors->list = calloc(SCENARIO_MAX_ERRORS, sizeof *errors->list);
    if (!errors->list || !text) {
        free(text);
        return;
    }
    errors->list[errors->count] =
        (struct scenario_error){.line = line,
                                .column = column,
                                .order = (uint32_t)errors->count,
                                .text = text};
    errors->count++;
}

void scenario_errors_add(struct scenario_errors *errors, const char *place,
                         uint32_t line, uint32_t column, const char *format,
                         ...)
{
    va_list arguments;
    va_start(arguments, format);
    scenario_errors_vadd(errors, place, line, column, format, arguments);
    va_end(arguments);
}

static int compare_errors(const void *left, const void *right)
{
    const struct scenario_error *a = left;
    const struct scenario_error *b = right;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (a->column != b->column)
        return a->column < b->column ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

void scenario_errors_sort(struct scenario_errors *errors, size_t first)
{
    if (errors->count > first)
        qsort(errors->list + first, errors->count - first, sizeof *errors->list,
              compare_errors);
}

void scenario_errors_print(const struct scenario_errors *errors, FILE *out)
{
    for (size_t i = 0; i < errors->count; i++)
        fprintf(out, "%s\n", errors->list[i].text);
    if (errors->total > errors->count)
        fprintf(out, "and %zu more errors\n", errors->total - errors->count);
}
