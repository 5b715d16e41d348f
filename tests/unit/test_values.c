/*
 * The strict readers: what each accepts, and what it refuses and why.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <regex.h>
#include <string.h>

#include "scenario/values.h"

enum { PAGE = 4096 };

Test(values, sizes_are_whole_pages_with_a_unit)
{
    static const struct {
        const char *text;
        uint64_t page;
        enum value_result result;
        uint64_t pages;
    } cases[] = {
        {"4p", PAGE, VALUE_OK, 4},
        {"0p", PAGE, VALUE_OK, 0},
        {"4p", 65536, VALUE_OK, 4},
        {"16KiB", PAGE, VALUE_OK, 4},
        {"512MiB", PAGE, VALUE_OK, 131072},
        {"2GiB", PAGE, VALUE_OK, 524288},
        {"1TiB", 65536, VALUE_OK, 1u << 24},
        {"1.5MiB", PAGE, VALUE_OK, 384},
        {"0KiB", PAGE, VALUE_OK, 0},
        {"4503599627370495p", PAGE, VALUE_OK, UINT64_C(4503599627370495)},
        {"16KiB", 65536, VALUE_NOT_PAGES, 0},
        {"6KiB", PAGE, VALUE_NOT_PAGES, 0},
        {"1.5p", PAGE, VALUE_NOT_PAGES, 0},
        {"0.0001KiB", PAGE, VALUE_NOT_PAGES, 0},
        {"4", PAGE, VALUE_NO_UNIT, 0},
        {"0", PAGE, VALUE_NO_UNIT, 0},
        {"4k", PAGE, VALUE_BAD_UNIT, 0},
        {"4KB", PAGE, VALUE_BAD_UNIT, 0},
        {"4kib", PAGE, VALUE_BAD_UNIT, 0},
        {"4P", PAGE, VALUE_BAD_UNIT, 0},
        {"4pp", PAGE, VALUE_BAD_UNIT, 0},
        {"4 p", PAGE, VALUE_MALFORMED, 0},
        {" 4p", PAGE, VALUE_MALFORMED, 0},
        {"04p", PAGE, VALUE_MALFORMED, 0},
        {"-4p", PAGE, VALUE_MALFORMED, 0},
        {"+4p", PAGE, VALUE_MALFORMED, 0},
        {"0x4p", PAGE, VALUE_BAD_UNIT, 0},
        {"1_000p", PAGE, VALUE_MALFORMED, 0},
        {"1.p", PAGE, VALUE_MALFORMED, 0},
        {".5MiB", PAGE, VALUE_MALFORMED, 0},
        {"", PAGE, VALUE_MALFORMED, 0},
        {"p", PAGE, VALUE_MALFORMED, 0},
        {"4503599627370496p", PAGE, VALUE_TOO_LARGE, 0},
        {"99999999999999999999p", PAGE, VALUE_TOO_LARGE, 0},
        {"99999999999TiB", PAGE, VALUE_TOO_LARGE, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t pages = 77;
        enum value_result result =
            value_size(cases[i].text, cases[i].page, &pages);
        cr_assert_eq(result, cases[i].result, "%s: %d", cases[i].text,
                     (int)result);
        cr_assert_eq(pages, result == VALUE_OK ? cases[i].pages : 77, "%s",
                     cases[i].text);
    }
}

Test(values, ranges_are_half_open)
{
    static const struct {
        const char *text;
        enum value_result result;
        uint64_t start, end;
        bool is_open;
    } cases[] = {
        {"3", VALUE_OK, 3, 4, false},
        {"0", VALUE_OK, 0, 1, false},
        {"1..4", VALUE_OK, 1, 4, false},
        {"8..8", VALUE_OK, 8, 8, false},
        {"2..", VALUE_OK, 2, 0, true},
        {"all", VALUE_OK, 0, 0, true},
        {"4503599627370488..4503599627370495", VALUE_OK,
         UINT64_C(4503599627370488), UINT64_C(4503599627370495), false},
        {"3..1", VALUE_BACKWARDS, 0, 0, false},
        {"..4", VALUE_MALFORMED, 0, 0, false},
        {"1.4", VALUE_MALFORMED, 0, 0, false},
        {"1...4", VALUE_MALFORMED, 0, 0, false},
        {"1-4", VALUE_MALFORMED, 0, 0, false},
        {"1 .. 4", VALUE_MALFORMED, 0, 0, false},
        {"1..4p", VALUE_MALFORMED, 0, 0, false},
        {"01..4", VALUE_MALFORMED, 0, 0, false},
        {"-1..4", VALUE_MALFORMED, 0, 0, false},
        {"All", VALUE_MALFORMED, 0, 0, false},
        {"", VALUE_MALFORMED, 0, 0, false},
        {"0..4503599627370496", VALUE_TOO_LARGE, 0, 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct page_range range = {0};
        enum value_result result = value_range(cases[i].text, &range);
        cr_assert_eq(result, cases[i].result, "%s: %d", cases[i].text,
                     (int)result);
        cr_assert_eq(range.start, cases[i].start, "%s", cases[i].text);
        cr_assert_eq(range.is_given, result == VALUE_OK);
        cr_assert_eq(range.is_open, cases[i].is_open, "%s", cases[i].text);
        if (!range.is_open)
            cr_assert_eq(range.end, cases[i].end, "%s", cases[i].text);
    }
}

Test(values, durations_are_whole_nanoseconds)
{
    static const struct {
        const char *text;
        enum value_result result;
        sim_ns ns;
    } cases[] = {
        {"0", VALUE_OK, 0},
        {"0s", VALUE_OK, 0},
        {"250ns", VALUE_OK, 250},
        {"10us", VALUE_OK, 10000},
        {"1.2us", VALUE_OK, 1200},
        {"5ms", VALUE_OK, 5000000},
        {"1.5s", VALUE_OK, 1500000000},
        {"0.000000001s", VALUE_OK, 1},
        {"2m", VALUE_OK, INT64_C(120000000000)},
        {"0.5m", VALUE_OK, INT64_C(30000000000)},
        {"inf", VALUE_OK, SIM_NS_INFINITE},
        {"9223372036s", VALUE_OK, INT64_C(9223372036000000000)},
        {"0.5ns", VALUE_TOO_FINE, 0},
        {"0.0000000015s", VALUE_TOO_FINE, 0},
        {"5", VALUE_NO_UNIT, 0},
        {"0.0", VALUE_NO_UNIT, 0},
        {"1h", VALUE_BAD_UNIT, 0},
        {"1S", VALUE_BAD_UNIT, 0},
        {"1sec", VALUE_BAD_UNIT, 0},
        {"1e3ns", VALUE_BAD_UNIT, 0},
        {"-5s", VALUE_MALFORMED, 0},
        {"5 s", VALUE_MALFORMED, 0},
        {"05s", VALUE_MALFORMED, 0},
        {"1m30s", VALUE_BAD_UNIT, 0},
        {"s", VALUE_MALFORMED, 0},
        {"Inf", VALUE_MALFORMED, 0},
        {"", VALUE_MALFORMED, 0},
        {"9223372037s", VALUE_TOO_LARGE, 0},
        {"9223372036854775807ns", VALUE_TOO_LARGE, 0},
        {"18446744073709551616ns", VALUE_TOO_LARGE, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sim_ns ns = -1;
        enum value_result result = value_duration(cases[i].text, &ns);
        cr_assert_eq(result, cases[i].result, "%s: %d", cases[i].text,
                     (int)result);
        cr_assert_eq(ns, result == VALUE_OK ? cases[i].ns : -1, "%s",
                     cases[i].text);
    }
}

Test(values, rates_and_bandwidths_are_per_second)
{
    static const struct {
        const char *text;
        enum value_result rate, bandwidth;
        double value;
    } cases[] = {
        {"20000/s", VALUE_OK, VALUE_NO_UNIT, 20000},
        {"0.5/s", VALUE_OK, VALUE_NO_UNIT, 0.5},
        {"0/s", VALUE_OK, VALUE_NO_UNIT, 0},
        {"400MiB/s", VALUE_MALFORMED, VALUE_OK, 419430400},
        {"1KiB/s", VALUE_MALFORMED, VALUE_OK, 1024},
        {"2p/s", VALUE_MALFORMED, VALUE_OK, 8192},
        {"20000", VALUE_NO_UNIT, VALUE_MALFORMED, 0},
        {"400MiB", VALUE_MALFORMED, VALUE_MALFORMED, 0},
        {"400MiB/m", VALUE_MALFORMED, VALUE_MALFORMED, 0},
        {"400MB/s", VALUE_MALFORMED, VALUE_BAD_UNIT, 0},
        {"20/sec", VALUE_MALFORMED, VALUE_MALFORMED, 0},
        {"-1/s", VALUE_MALFORMED, VALUE_MALFORMED, 0},
        {"/s", VALUE_MALFORMED, VALUE_MALFORMED, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double rate = -1, bandwidth = -1;
        cr_assert_eq(value_rate(cases[i].text, &rate), cases[i].rate, "%s",
                     cases[i].text);
        cr_assert_eq(value_bandwidth(cases[i].text, PAGE, &bandwidth),
                     cases[i].bandwidth, "%s", cases[i].text);
        if (cases[i].rate == VALUE_OK)
            cr_assert_eq(rate, cases[i].value);
        if (cases[i].bandwidth == VALUE_OK)
            cr_assert_eq(bandwidth, cases[i].value);
    }
}

Test(values, counts_and_contents_are_plain_decimals)
{
    static const struct {
        const char *text;
        enum value_result result;
        uint64_t count;
    } cases[] = {
        {"0", VALUE_OK, 0},
        {"7", VALUE_OK, 7},
        {"18446744073709551615", VALUE_OK, UINT64_MAX},
        {"18446744073709551616", VALUE_TOO_LARGE, 0},
        {"010", VALUE_MALFORMED, 0},
        {"00", VALUE_MALFORMED, 0},
        {"-1", VALUE_MALFORMED, 0},
        {"+1", VALUE_MALFORMED, 0},
        {"1_000", VALUE_MALFORMED, 0},
        {"4KiB", VALUE_MALFORMED, 0},
        {"0x10", VALUE_MALFORMED, 0},
        {"1.0", VALUE_MALFORMED, 0},
        {"1e3", VALUE_MALFORMED, 0},
        {" 1", VALUE_MALFORMED, 0},
        {"1 ", VALUE_MALFORMED, 0},
        {"", VALUE_MALFORMED, 0},
        {"18446744073709551616x", VALUE_MALFORMED, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t count = 77, content = 77;
        cr_assert_eq(value_count(cases[i].text, &count), cases[i].result, "%s",
                     cases[i].text);
        cr_assert_eq(value_content(cases[i].text, &content), cases[i].result);
        uint64_t want = cases[i].result == VALUE_OK ? cases[i].count : 77;
        cr_assert_eq(count, want, "%s", cases[i].text);
        cr_assert_eq(content, want, "%s", cases[i].text);
    }
}

Test(values, only_signed_numbers_have_signs)
{
    static const struct {
        const char *text;
        enum value_result result;
        int64_t number;
    } cases[] = {
        {"1", VALUE_OK, 1},
        {"-1", VALUE_OK, -1},
        {"+3", VALUE_OK, 3},
        {"0", VALUE_OK, 0},
        {"-9223372036854775807", VALUE_OK, -INT64_MAX},
        {"9223372036854775808", VALUE_TOO_LARGE, 0},
        {"--1", VALUE_MALFORMED, 0},
        {"-", VALUE_MALFORMED, 0},
        {"-01", VALUE_MALFORMED, 0},
        {"1p", VALUE_MALFORMED, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t number = 0;
        cr_assert_eq(value_signed(cases[i].text, &number), cases[i].result,
                     "%s", cases[i].text);
        cr_assert_eq(number, cases[i].number, "%s", cases[i].text);
    }
}

Test(values, reals_are_finite_and_not_negative)
{
    static const struct {
        const char *text;
        enum value_result result;
        double number;
    } cases[] = {
        {"0", VALUE_OK, 0},
        {"0.25", VALUE_OK, 0.25},
        {"3", VALUE_OK, 3},
        {"1e-3", VALUE_OK, 0.001},
        {"2.5E+2", VALUE_OK, 250},
        {"-0.5", VALUE_MALFORMED, 0},
        {".5", VALUE_MALFORMED, 0},
        {"5.", VALUE_MALFORMED, 0},
        {"1e", VALUE_MALFORMED, 0},
        {"1e5x", VALUE_MALFORMED, 0},
        {"1,5", VALUE_MALFORMED, 0},
        {"0x1p3", VALUE_MALFORMED, 0},
        {"inf", VALUE_NOT_FINITE, 0},
        {"nan", VALUE_NOT_FINITE, 0},
        {"1e999", VALUE_NOT_FINITE, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double number = 0;
        cr_assert_eq(value_real(cases[i].text, &number), cases[i].result, "%s",
                     cases[i].text);
        cr_assert_eq(number, cases[i].number, "%s", cases[i].text);
    }
}

Test(values, bools_are_true_and_false_and_nothing_else)
{
    static const char *const refused[] = {"yes", "no",   "on",   "off", "1",
                                          "0",   "True", "TRUE", "",    "t"};
    bool truth = false;
    cr_assert_eq(value_bool("true", &truth), VALUE_OK);
    cr_assert(truth);
    cr_assert_eq(value_bool("false", &truth), VALUE_OK);
    cr_assert_not(truth);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        cr_assert_eq(value_bool(refused[i], &truth), VALUE_MALFORMED, "%s",
                     refused[i]);
}

Test(values, names_start_with_a_letter)
{
    static const char *const accepted[] = {"a", "_", "Blob.fs-2", "v0_1"};
    static const char *const refused[] = {"",    "1a",  "-a",   ".a",
                                          "a b", "a:b", "v{n}", "\xc3\xa9"};
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++)
        cr_assert_eq(value_name(accepted[i]), VALUE_OK, "%s", accepted[i]);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        cr_assert_eq(value_name(refused[i]), VALUE_MALFORMED, "%s", refused[i]);
}

Test(values, statuses_may_have_their_prefix)
{
    enum vm_status status = VM_OK;
    struct status_match match = {0};
    cr_assert_eq(value_status("BAD_STATE", &status), VALUE_OK);
    cr_assert_eq(status, VM_BAD_STATE);
    cr_assert_eq(value_status("ZX_ERR_IO", &status), VALUE_OK);
    cr_assert_eq(status, VM_IO);
    cr_assert_eq(value_status("ERROR", &status), VALUE_MALFORMED);
    cr_assert_eq(value_status("bad_state", &status), VALUE_MALFORMED);
    cr_assert_eq(value_status_match("ERROR", &match), VALUE_OK);
    cr_assert(match.any_error && match.is_given);
    cr_assert_eq(value_status_match("SHOULD_WAIT", &match), VALUE_OK);
    cr_assert(!match.any_error && match.status == VM_SHOULD_WAIT);
    cr_assert_eq(value_status_match("WAIT", &match), VALUE_MALFORMED);
}

Test(values, params_are_name_equals_value)
{
    size_t length = 0;
    cr_assert_eq(value_param("small=0.1", &length), VALUE_OK);
    cr_assert_eq(length, 5);
    cr_assert_eq(value_param("a=b=c", NULL), VALUE_OK);
    static const char *const refused[] = {"", "a", "a=", "=b", "1=2", "a b=c"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        cr_assert_eq(value_param(refused[i], &length), VALUE_MALFORMED, "%s",
                     refused[i]);
}

Test(values, every_kind_and_every_problem_has_words)
{
    for (int kind = VALUE_SIZE; kind <= VALUE_PARAM; kind++)
        cr_assert_gt(strlen(value_form((enum value_kind)kind)), 3);
    for (int result = VALUE_MALFORMED; result <= VALUE_NOT_FINITE; result++)
        cr_assert_gt(strlen(value_problem((enum value_result)result)), 3);
    cr_assert_str_empty(value_problem(VALUE_OK));
}

/* The reader of a kind; what it reads is of no interest. */
static enum value_result read_as(enum value_kind kind, const char *text)
{
    union {
        uint64_t number;
        int64_t whole;
        double real;
        bool truth;
        size_t length;
        struct page_range range;
        enum vm_status status;
    } value;

    switch (kind) {
    case VALUE_SIZE:
        return value_size(text, PAGE, &value.number);
    case VALUE_RANGE:
        return value_range(text, &value.range);
    case VALUE_DURATION:
        return value_duration(text, &value.whole);
    case VALUE_RATE:
        return value_rate(text, &value.real);
    case VALUE_BANDWIDTH:
        return value_bandwidth(text, PAGE, &value.real);
    case VALUE_BOOL:
        return value_bool(text, &value.truth);
    case VALUE_COUNT:
        return value_count(text, &value.number);
    case VALUE_SIGNED:
        return value_signed(text, &value.whole);
    case VALUE_REAL:
        return value_real(text, &value.real);
    case VALUE_CONTENT:
        return value_content(text, &value.number);
    case VALUE_NAME:
        return value_name(text);
    case VALUE_STATUS:
        return value_status(text, &value.status);
    case VALUE_PARAM:
        return value_param(text, &value.length);
    }
    return VALUE_MALFORMED;
}

Test(values, patterns_match_what_the_readers_read)
{
    static const char *const texts[] = {
        "",      "0",     "1",     "01",     "-1",      "+7",        "4p",
        "04p",   "1.5p",  "16KiB", "1.5MiB", "2GiB",    "1TiB",      "4KB",
        "4 p",   "p",     ".5MiB", "1.p",    "3..7",    "3..",       "..3",
        "3...7", "all",   "ALL",   "1..01",  "250ns",   "1.5s",      "2m",
        "2h",    "inf",   "-inf",  "1us",    "5",       "20/s",      "0.5/s",
        "20/m",  "/s",    "4p/s",  "1MiB/s", "4p/s/s",  "true",      "false",
        "True",  "yes",   "0.25",  "1e3",    "1.5e-7",  "1e",        ".5",
        "1E+",   "nan",   "0x10",  "1_000",  "a",       "_a.b-c",    "1a",
        "a b",   "-a",    "OK",    "IO",     "ZX_OK",   "ZX_ERR_IO", "io",
        "a=1",   "a=",    "=1",    "a==",    "a.b=c d", "1=a",       "1ms ",
        " 1ms",  "1..7 ", "0ns",   "00",     "0.0",     "0..0",
    };
    int matched = 0;

    for (int kind = VALUE_SIZE; kind <= VALUE_PARAM; kind++) {
        regex_t pattern;

        if (!value_pattern((enum value_kind)kind))
            continue;
        cr_assert_eq(regcomp(&pattern, value_pattern((enum value_kind)kind),
                             REG_EXTENDED | REG_NOSUB),
                     0);
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
            enum value_result result = read_as((enum value_kind)kind, texts[i]);
            bool is_match = regexec(&pattern, texts[i], 0, NULL, 0) == 0;

            matched += is_match;
            if (result == VALUE_OK)
                cr_expect(is_match, "kind %d reads '%s'", kind, texts[i]);
            else if (result == VALUE_MALFORMED || result == VALUE_NO_UNIT ||
                     result == VALUE_BAD_UNIT)
                cr_expect(!is_match, "kind %d can't read '%s'", kind, texts[i]);
        }
        regfree(&pattern);
    }
    cr_assert_gt(matched, 60);
}
