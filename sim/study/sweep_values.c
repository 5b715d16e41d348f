/*
 * A range is made of quantities: a number and what it counts. Numbers are
 * doubles, which are exact for whole ones up to 2^53: 8 PiB, or 104 days of
 * nanoseconds.
 */
#include "study/sweep_values.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/values.h"

enum { TEXT_BYTES = 48, LARGEST_GRANULE = 64 * 1024 };

#define LARGEST_EXACT 9007199254740992.0 /* 2^53 */
/* A range holds its end, also if sums of doubles miss it by a little. */
#define SLACK 1e-9

enum dimension {
    DIMENSION_NONE,
    DIMENSION_COUNT,
    DIMENSION_REAL,
    DIMENSION_PAGES,
    DIMENSION_BYTES,
    DIMENSION_TIME,
    DIMENSION_RATE,
};

struct quantity {
    enum dimension dimension;
    double number;
};

static struct quantity read_quantity(const char *text)
{
    uint64_t whole;
    double real;
    sim_ns time;
    size_t length = strlen(text);
    bool is_pages = length > 0 && text[length - 1] == 'p';
    if (value_count(text, &whole) == VALUE_OK)
        return (struct quantity){DIMENSION_COUNT, (double)whole};
    if (value_real(text, &real) == VALUE_OK)
        return (struct quantity){DIMENSION_REAL, real};
    if (value_size(text, 1, &whole) == VALUE_OK)
        return (struct quantity){is_pages ? DIMENSION_PAGES : DIMENSION_BYTES,
                                 (double)whole};
    if (value_duration(text, &time) == VALUE_OK && time != SIM_NS_INFINITE)
        return (struct quantity){DIMENSION_TIME, (double)time};
    if (value_rate(text, &real) == VALUE_OK)
        return (struct quantity){DIMENSION_RATE, real};
    return (struct quantity){DIMENSION_NONE, 0};
}

bool sweep_value_number(const char *text, uint64_t page_bytes, double *number)
{
    bool truth;
    struct quantity quantity = read_quantity(text);
    *number = quantity.number;
    if (quantity.dimension == DIMENSION_PAGES)
        *number *= (double)page_bytes;
    if (quantity.dimension != DIMENSION_NONE)
        return true;
    if (value_bool(text, &truth) != VALUE_OK)
        return false;
    *number = truth;
    return true;
}

/* --- texts ---------------------------------------------------------------- */

struct unit {
    const char *name;
    double size;
};

/* In the largest unit that it is a whole number of. */
static void write_in_units(char text[TEXT_BYTES], double number,
                           const struct unit *units)
{
    while (units[1].name && fmod(number, units->size) != 0)
        units++;
    snprintf(text, TEXT_BYTES, "%.12g%s", number / units->size, units->name);
}

static void write_quantity(char text[TEXT_BYTES], struct quantity quantity)
{
    static const struct unit sizes[] = {{"GiB", 1024.0 * 1024 * 1024},
                                        {"MiB", 1024.0 * 1024},
                                        {"KiB", 1024},
                                        {NULL, 0}};
    static const struct unit times[] = {
        {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}, {NULL, 0}};
    switch (quantity.dimension) {
    case DIMENSION_BYTES:
        write_in_units(text, quantity.number, sizes);
        break;
    case DIMENSION_TIME:
        write_in_units(text, quantity.number, times);
        break;
    case DIMENSION_PAGES:
        snprintf(text, TEXT_BYTES, "%.0fp", quantity.number);
        break;
    case DIMENSION_RATE:
        snprintf(text, TEXT_BYTES, "%.12g/s", quantity.number);
        break;
    case DIMENSION_COUNT:
        snprintf(text, TEXT_BYTES, "%.0f", quantity.number);
        break;
    default:
        snprintf(text, TEXT_BYTES, "%.12g", quantity.number);
    }
}

/* --- ranges --------------------------------------------------------------- */

/* A range with its numbers. */
struct span {
    enum dimension dimension;
    double from, to;
    double by;    /* step or factor */
    size_t count; /* 0: as many as there are */
    bool is_geometric;
};

__attribute__((format(printf, 3, 4))) static bool
refuse(char *message, size_t message_bytes, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, message_bytes, format, arguments);
    va_end(arguments);
    return false;
}

/* A plain number goes with fractions, and nothing at all with everything. */
static bool join_dimensions(enum dimension *left, struct quantity right)
{
    bool is_nothing = right.dimension == DIMENSION_COUNT && right.number == 0;
    if (is_nothing || *left == right.dimension ||
        (*left == DIMENSION_REAL && right.dimension == DIMENSION_COUNT))
        return true;
    if (*left != DIMENSION_NONE &&
        !(*left == DIMENSION_COUNT && right.dimension == DIMENSION_REAL))
        return false;
    *left = right.dimension;
    return true;
}

static bool read_end(struct span *span, const char *text, double *number,
                     char *message, size_t message_bytes)
{
    struct quantity quantity = read_quantity(text);
    if (quantity.dimension == DIMENSION_NONE)
        return refuse(message, message_bytes,
                      "'%.60s' is no number, size, time or rate", text);
    if (quantity.number > LARGEST_EXACT)
        return refuse(message, message_bytes, "'%.60s' is too large", text);
    if (!join_dimensions(&span->dimension, quantity))
        return refuse(message, message_bytes,
                      "'%.60s' does not go with the range's other values",
                      text);
    *number = quantity.number;
    return true;
}

static bool read_by(const struct sweep_range *range, struct span *span,
                    char *message, size_t message_bytes)
{
    uint64_t count;
    if ((range->step != NULL) + (range->factor != NULL) +
            (range->count != NULL) !=
        1)
        return refuse(message, message_bytes,
                      "a range has one of 'step', 'factor' and 'count'");
    if (range->step) {
        if (!read_end(span, range->step, &span->by, message, message_bytes))
            return false;
        return span->by > 0 ||
               refuse(message, message_bytes, "'step' has to be above 0");
    }
    if (range->count) {
        if (value_count(range->count, &count) != VALUE_OK || count < 2 ||
            count > SWEEP_MAX_VALUES)
            return refuse(message, message_bytes,
                          "'count' has to be a number from 2 to 10000, not "
                          "'%.60s'",
                          range->count);
        span->count = (size_t)count;
        return true;
    }
    span->is_geometric = true;
    return (value_real(range->factor, &span->by) == VALUE_OK && span->by > 1) ||
           refuse(message, message_bytes,
                  "'factor' has to be a number above 1, not '%.60s'",
                  range->factor);
}

static bool read_span(const struct sweep_range *range, struct span *span,
                      char *message, size_t message_bytes)
{
    span->is_geometric = range->is_geometric;
    if (!range->from || !range->to)
        return refuse(message, message_bytes, "a range has 'from' and 'to'");
    if (!read_end(span, range->from, &span->from, message, message_bytes) ||
        !read_end(span, range->to, &span->to, message, message_bytes) ||
        !read_by(range, span, message, message_bytes))
        return false;
    if (range->is_geometric && !range->count)
        return refuse(message, message_bytes, "'spacing' goes with 'count'");
    if (span->from >= span->to)
        return refuse(message, message_bytes, "'from' has to be below 'to'");
    if (span->is_geometric && span->from == 0)
        return refuse(message, message_bytes, "no ratio leads away from 0");
    return true;
}

/* Three digits that mean something. */
static double round_to_digits(double number)
{
    char text[TEXT_BYTES];
    snprintf(text, sizeof text, "%.3g", number);
    return strtod(text, NULL);
}

/* The largest power of two that both are multiples of. */
static double granule_of(const struct span *span)
{
    double granule = LARGEST_GRANULE;
    while (granule > 1 &&
           (fmod(span->from, granule) != 0 || fmod(span->to, granule) != 0))
        granule /= 2;
    return granule;
}

static double round_point(const struct span *span, double number)
{
    switch (span->dimension) {
    case DIMENSION_BYTES:
        return round(number / granule_of(span)) * granule_of(span);
    case DIMENSION_COUNT:
    case DIMENSION_PAGES:
        return round(number);
    case DIMENSION_TIME:
        return round(span->is_geometric && span->count > 0
                         ? round_to_digits(number)
                         : number);
    default:
        return span->is_geometric && span->count > 0 ? round_to_digits(number)
                                                     : number;
    }
}

/* Point `index`; false: the range ends before it. */
static bool find_point(const struct span *span, size_t index, double *number)
{
    double n = (double)index;
    if (span->count > 0) {
        double share = n / (double)(span->count - 1);
        *number = span->is_geometric
                      ? span->from * pow(span->to / span->from, share)
                      : span->from + (span->to - span->from) * share;
        if (index + 1 == span->count)
            *number = span->to;
        else if (index > 0)
            *number = round_point(span, *number);
        return index < span->count;
    }
    *number = span->is_geometric ? span->from * pow(span->by, n)
                                 : span->from + span->by * n;
    bool is_inside = *number <= span->to * (1 + SLACK);
    *number = round_point(span, *number);
    return is_inside;
}

bool sweep_range_values(const struct sweep_range *range, struct arena *arena,
                        struct sweep_value **values, size_t *count,
                        char *message, size_t message_bytes)
{
    struct span span = {.dimension = DIMENSION_NONE};
    char text[TEXT_BYTES];
    double number, before = -1;
    size_t length = 0;
    message[0] = '\0';
    if (!read_span(range, &span, message, message_bytes))
        return false;
    while (length <= SWEEP_MAX_VALUES && find_point(&span, length, &number))
        length++;
    if (length > SWEEP_MAX_VALUES)
        return refuse(message, message_bytes,
                      "a range of more than 10000 values");
    *values = arena_array(arena, length, sizeof **values);
    for (size_t i = 0; *values && i < length; i++) {
        find_point(&span, i, &number);
        write_quantity(text, (struct quantity){span.dimension, number});
        if (number <= before)
            return refuse(message, message_bytes,
                          "the range holds %s twice: fewer values are wanted",
                          text);
        before = number;
        (*values)[i].text = arena_copy(arena, text, strlen(text));
        if (!(*values)[i].text)
            return false;
    }
    *count = length;
    return *values != NULL;
}
