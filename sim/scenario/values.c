#include "scenario/values.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/*
 * A decimal number at `*cursor`, which moves behind it: no sign, no leading
 * zeros.
 */
static enum value_result read_digits(const char **cursor, uint64_t *number)
{
    const char *p = *cursor;
    if (!is_digit(*p) || (*p == '0' && is_digit(p[1])))
        return VALUE_MALFORMED;
    uint64_t sum = 0;
    bool too_large = false;
    for (; is_digit(*p); p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        if (__builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_add_overflow(sum, digit, &sum))
            too_large = true;
    }
    *cursor = p;
    if (too_large)
        return VALUE_TOO_LARGE;
    *number = sum;
    return VALUE_OK;
}

/* A decimal number with an optional fraction, exact: whole + part / 10^n. */
struct decimal {
    uint64_t whole;
    const char *part; /* digits of the fraction */
    size_t part_length;
};

static enum value_result read_decimal(const char **cursor,
                                      struct decimal *decimal)
{
    const char *p = *cursor;
    enum value_result result = read_digits(&p, &decimal->whole);
    if (result != VALUE_OK)
        return result;
    decimal->part = p;
    decimal->part_length = 0;
    if (*p == '.') {
        decimal->part = ++p;
        while (is_digit(*p))
            p++;
        decimal->part_length = (size_t)(p - decimal->part);
        if (decimal->part_length == 0)
            return VALUE_MALFORMED;
    }
    *cursor = p;
    return VALUE_OK;
}

/*
 * decimal * scale, exactly. `remainder` is set where a part of one is left
 * over. Long division of the fraction: scale * 0.part digit by digit, from the
 * last digit to the first.
 */
static enum value_result decimal_scale(const struct decimal *decimal,
                                       uint64_t scale, uint64_t *product,
                                       bool *remainder)
{
    uint64_t whole;
    if (__builtin_mul_overflow(decimal->whole, scale, &whole))
        return VALUE_TOO_LARGE;
    uint64_t part = 0; /* of the digits seen so far: floor(scale * 0.digits) */
    bool left_over = false;
    for (size_t i = decimal->part_length; i-- > 0;) {
        uint64_t digit = (uint64_t)(decimal->part[i] - '0');
        uint64_t sum = digit * scale + part; /* scale <= 2^40 */
        left_over = left_over || sum % 10 != 0;
        part = sum / 10;
    }
    if (__builtin_add_overflow(whole, part, product))
        return VALUE_TOO_LARGE;
    *remainder = left_over;
    return VALUE_OK;
}

struct unit {
    const char *name;
    uint64_t scale;
};

static const struct unit byte_units[] = {
    {"KiB", UINT64_C(1) << 10},
    {"MiB", UINT64_C(1) << 20},
    {"GiB", UINT64_C(1) << 30},
    {"TiB", UINT64_C(1) << 40},
    {NULL, 0},
};

static const struct unit time_units[] = {
    {"ns", 1},
    {"us", 1000},
    {"ms", 1000 * 1000},
    {"s", 1000 * 1000 * 1000},
    {"m", UINT64_C(60) * 1000 * 1000 * 1000},
    {NULL, 0},
};

/* The unit that `text` is, up to its end or `stop`. */
static enum value_result find_unit(const struct unit *units, const char *text,
                                   char stop, uint64_t *scale)
{
    const char *end = stop ? strchr(text, stop) : text + strlen(text);
    if (!end)
        end = text + strlen(text);
    size_t length = (size_t)(end - text);
    if (length == 0)
        return VALUE_NO_UNIT;
    for (; units->name; units++) {
        if (strlen(units->name) == length &&
            memcmp(units->name, text, length) == 0) {
            *scale = units->scale;
            return VALUE_OK;
        }
    }
    return isalpha((unsigned char)*text) ? VALUE_BAD_UNIT : VALUE_MALFORMED;
}

/* `16KiB` or `4p` in bytes, up to the end or `stop`. */
static enum value_result read_bytes(const char *text, char stop,
                                    uint64_t page_bytes, uint64_t *bytes,
                                    bool *remainder)
{
    struct decimal decimal;
    enum value_result result = read_decimal(&text, &decimal);
    if (result != VALUE_OK)
        return result;
    uint64_t scale;
    if (text[0] == 'p' && (text[1] == '\0' || text[1] == stop)) {
        scale = page_bytes;
        if (decimal.part_length > 0)
            return VALUE_NOT_PAGES;
    } else {
        result = find_unit(byte_units, text, stop, &scale);
        if (result != VALUE_OK)
            return result;
    }
    return decimal_scale(&decimal, scale, bytes, remainder);
}

enum value_result value_size(const char *text, uint64_t page_bytes,
                             uint64_t *pages)
{
    uint64_t bytes;
    bool remainder = false;
    enum value_result result =
        read_bytes(text, '\0', page_bytes, &bytes, &remainder);
    if (result != VALUE_OK)
        return result;
    if (remainder || bytes % page_bytes != 0)
        return VALUE_NOT_PAGES;
    if (bytes / page_bytes > VALUE_MAX_PAGES)
        return VALUE_TOO_LARGE;
    *pages = bytes / page_bytes;
    return VALUE_OK;
}

static enum value_result read_page(const char **cursor, uint64_t *page)
{
    uint64_t number;
    enum value_result result = read_digits(cursor, &number);
    if (result != VALUE_OK)
        return result;
    if (number > VALUE_MAX_PAGES)
        return VALUE_TOO_LARGE;
    *page = number;
    return VALUE_OK;
}

enum value_result value_range(const char *text, struct page_range *range)
{
    struct page_range parsed = {.is_given = true};
    if (strcmp(text, "all") == 0) {
        parsed.is_open = true;
        *range = parsed;
        return VALUE_OK;
    }
    enum value_result result = read_page(&text, &parsed.start);
    if (result != VALUE_OK)
        return result;
    parsed.end = parsed.start + 1;
    if (text[0] == '.' && text[1] == '.') {
        text += 2;
        parsed.is_open = *text == '\0';
        result = parsed.is_open ? VALUE_OK : read_page(&text, &parsed.end);
        if (result != VALUE_OK)
            return result;
    }
    if (*text != '\0')
        return VALUE_MALFORMED;
    if (!parsed.is_open && parsed.end < parsed.start)
        return VALUE_BACKWARDS;
    *range = parsed;
    return VALUE_OK;
}

enum value_result value_duration(const char *text, sim_ns *ns)
{
    if (strcmp(text, "inf") == 0) {
        *ns = SIM_NS_INFINITE;
        return VALUE_OK;
    }
    if (strcmp(text, "0") == 0) {
        *ns = 0;
        return VALUE_OK;
    }
    struct decimal decimal;
    enum value_result result = read_decimal(&text, &decimal);
    if (result != VALUE_OK)
        return result;
    uint64_t scale;
    result = find_unit(time_units, text, '\0', &scale);
    if (result != VALUE_OK)
        return result;
    uint64_t sum;
    bool remainder = false;
    result = decimal_scale(&decimal, scale, &sum, &remainder);
    if (result != VALUE_OK)
        return result;
    if (sum >= INT64_MAX)
        return VALUE_TOO_LARGE;
    if (remainder)
        return VALUE_TOO_FINE;
    *ns = (sim_ns)sum;
    return VALUE_OK;
}

enum value_result value_rate(const char *text, double *per_second)
{
    const char *p = text;
    struct decimal decimal;
    enum value_result result = read_decimal(&p, &decimal);
    if (result != VALUE_OK)
        return result;
    if (*p == '\0')
        return VALUE_NO_UNIT;
    if (strcmp(p, "/s") != 0)
        return VALUE_MALFORMED;
    /* the text up to '/' is a plain decimal number: strtod stops there */
    *per_second = strtod(text, NULL);
    return VALUE_OK;
}

enum value_result value_bandwidth(const char *text, uint64_t page_bytes,
                                  double *bytes_per_second)
{
    const char *slash = strchr(text, '/');
    if (!slash || strcmp(slash, "/s") != 0)
        return VALUE_MALFORMED;
    uint64_t bytes;
    bool remainder = false;
    enum value_result result =
        read_bytes(text, '/', page_bytes, &bytes, &remainder);
    if (result != VALUE_OK)
        return result;
    *bytes_per_second = (double)bytes;
    return VALUE_OK;
}

enum value_result value_bool(const char *text, bool *truth)
{
    bool is_true = strcmp(text, "true") == 0;
    if (!is_true && strcmp(text, "false") != 0)
        return VALUE_MALFORMED;
    *truth = is_true;
    return VALUE_OK;
}

enum value_result value_count(const char *text, uint64_t *count)
{
    uint64_t number;
    enum value_result result = read_digits(&text, &number);
    if (*text != '\0')
        return VALUE_MALFORMED;
    if (result == VALUE_OK)
        *count = number;
    return result;
}

enum value_result value_signed(const char *text, int64_t *number)
{
    bool is_negative = *text == '-';
    if (*text == '-' || *text == '+')
        text++;
    uint64_t magnitude;
    enum value_result result = value_count(text, &magnitude);
    if (result != VALUE_OK)
        return result;
    if (magnitude > INT64_MAX)
        return VALUE_TOO_LARGE;
    *number = is_negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return VALUE_OK;
}

/* Behind the mantissa: nothing, or an exponent. */
static bool is_exponent(const char *text)
{
    if (*text != 'e' && *text != 'E')
        return *text == '\0';
    text++;
    if (*text == '+' || *text == '-')
        text++;
    if (!is_digit(*text))
        return false;
    while (is_digit(*text))
        text++;
    return *text == '\0';
}

enum value_result value_real(const char *text, double *number)
{
    const char *p = text;
    struct decimal decimal;
    enum value_result result = read_decimal(&p, &decimal);
    if (result == VALUE_MALFORMED || (result == VALUE_OK && !is_exponent(p)))
        return strcmp(text, "inf") == 0 || strcmp(text, "nan") == 0
                   ? VALUE_NOT_FINITE
                   : VALUE_MALFORMED;
    if (result != VALUE_OK)
        return result;
    double parsed = strtod(text, NULL);
    if (!isfinite(parsed))
        return VALUE_NOT_FINITE;
    *number = parsed;
    return VALUE_OK;
}

enum value_result value_content(const char *text, uint64_t *content)
{
    return value_count(text, content);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The length of the name that `text` begins with, 0 if none. */
static size_t name_prefix(const char *text)
{
    if (!is_letter(*text))
        return 0;
    size_t length = 1;
    while (is_letter(text[length]) || is_digit(text[length]) ||
           text[length] == '.' || text[length] == '-')
        length++;
    return length;
}

enum value_result value_name(const char *text)
{
    size_t length = name_prefix(text);
    return length > 0 && text[length] == '\0' ? VALUE_OK : VALUE_MALFORMED;
}

enum value_result value_status(const char *text, enum vm_status *status)
{
    return vm_status_parse(text, status) ? VALUE_OK : VALUE_MALFORMED;
}

enum value_result value_status_match(const char *text,
                                     struct status_match *match)
{
    struct status_match parsed = {.is_given = true};
    parsed.any_error = strcmp(text, "ERROR") == 0;
    if (!parsed.any_error && !vm_status_parse(text, &parsed.status))
        return VALUE_MALFORMED;
    *match = parsed;
    return VALUE_OK;
}

enum value_result value_param(const char *text, size_t *name_length)
{
    size_t length = name_prefix(text);
    if (length == 0 || text[length] != '=' || text[length + 1] == '\0')
        return VALUE_MALFORMED;
    if (name_length)
        *name_length = length;
    return VALUE_OK;
}

const char *value_form(enum value_kind kind)
{
    static const char *const forms[] = {
        [VALUE_SIZE] = "a size (4p, 16KiB, 512MiB, 2GiB)",
        [VALUE_RANGE] = "a page range (3, 1..4, 8..8, 2.., all)",
        [VALUE_DURATION] = "a duration (0, 250ns, 10us, 5ms, 1.5s, 2m, inf)",
        [VALUE_RATE] = "a rate (20000/s)",
        [VALUE_BANDWIDTH] = "a bandwidth (400MiB/s)",
        [VALUE_BOOL] = "true or false",
        [VALUE_COUNT] = "a count (a decimal number without unit or sign)",
        [VALUE_SIGNED] = "a whole number (3, -1)",
        [VALUE_REAL] = "a number (0.25, 3)",
        [VALUE_CONTENT] = "a content (an unsigned 64-bit number)",
        [VALUE_NAME] = ("a name (letters, digits, '_', '.', '-'; it starts with"
                        " a letter or '_')"),
        [VALUE_STATUS] = "a status (OK, BAD_STATE, ...)",
        [VALUE_PARAM] = "a parameter (name=value)",
    };
    return forms[kind];
}

#define DIGITS  "(0|[1-9][0-9]*)"
#define DECIMAL DIGITS "(\\.[0-9]+)?"
#define BYTES   "(" DIGITS "p|" DECIMAL "[KMGT]iB)"
#define NAME    "[A-Za-z_][A-Za-z0-9_.-]*"

const char *value_pattern(enum value_kind kind)
{
    static const char *const patterns[] = {
        [VALUE_SIZE] = "^" BYTES "$",
        [VALUE_RANGE] = "^(all|" DIGITS "(\\.\\." DIGITS "?)?)$",
        [VALUE_DURATION] = "^(0|inf|" DECIMAL "(ns|us|ms|s|m))$",
        [VALUE_RATE] = "^" DECIMAL "/s$",
        [VALUE_BANDWIDTH] = "^" BYTES "/s$",
        [VALUE_BOOL] = "^(true|false)$",
        [VALUE_COUNT] = "^" DIGITS "$",
        [VALUE_SIGNED] = "^[-+]?" DIGITS "$",
        [VALUE_REAL] = "^" DECIMAL "([eE][-+]?[0-9]+)?$",
        [VALUE_CONTENT] = "^" DIGITS "$",
        [VALUE_NAME] = "^" NAME "$",
        [VALUE_STATUS] = NULL, /* a list of names */
        [VALUE_PARAM] = "^" NAME "=.+$",
    };
    return patterns[kind];
}

const char *value_problem(enum value_result result)
{
    static const char *const problems[] = {
        [VALUE_OK] = "",
        [VALUE_MALFORMED] = "it can't be read as one",
        [VALUE_NO_UNIT] = "a unit is required",
        [VALUE_BAD_UNIT] = "there is no such unit",
        [VALUE_TOO_LARGE] = "it is too large",
        [VALUE_TOO_FINE] = "it is finer than a nanosecond",
        [VALUE_NOT_PAGES] = "it is not a whole number of pages",
        [VALUE_BACKWARDS] = "it ends before it starts",
        [VALUE_NOT_FINITE] = "it must be finite",
    };
    return problems[result];
}
