#include "record/human.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NO_BREAK "\xC2\xA0" /* U+00A0, between number and unit */

static const struct time_unit {
    double ns;
    const char *name; /* on a terminal */
    const char *sign; /* on a page */
} time_units[] = {
    {1e9, "s", "s"}, {1e6, "ms", "ms"}, {1e3, "us", "µs"}, {1, "ns", "ns"}};

/* The largest unit of which there is that share at least, or ns. */
static const struct time_unit *unit_of(double ns, double share)
{
    const struct time_unit *unit = time_units;
    while (unit->ns > 1 && ns < share * unit->ns)
        unit++;
    return unit;
}

/* --- on a terminal -------------------------------------------------------- */

const char *format_exact_time(char *cell, sim_ns ns)
{
    const struct time_unit *unit = unit_of((double)ns, 1);
    if (ns < 1000) {
        snprintf(cell, HUMAN_BYTES, ns == 0 ? "%lld" : "%lld ns",
                 (long long)ns);
        return cell;
    }
    long long thousandths = ns / (sim_ns)(unit->ns / 1000);
    int length = snprintf(cell, HUMAN_BYTES, "%lld.%03lld", thousandths / 1000,
                          thousandths % 1000);
    /* zeros of seconds stay: they line up in columns */
    while (unit > time_units && cell[length - 1] == '0')
        length--;
    if (cell[length - 1] == '.')
        length--;
    snprintf(cell + length, HUMAN_BYTES - (size_t)length, " %s", unit->name);
    return cell;
}

const char *format_rough_time(char *cell, uint64_t ns)
{
    const struct time_unit *unit = unit_of((double)ns, 1);
    snprintf(cell, HUMAN_BYTES, "%.4g %s", (double)ns / unit->ns, unit->name);
    return cell;
}

const char *format_amount(char *cell, uint64_t count, const char *noun)
{
    size_t length = strlen(format_count(cell, count));
    snprintf(cell + length, HUMAN_BYTES - length, " %s%s", noun,
             count == 1 ? "" : "s");
    return cell;
}

const char *format_count(char *cell, uint64_t count)
{
    char digits[24];
    int length =
        snprintf(digits, sizeof(digits), "%llu", (unsigned long long)count);
    char *to = cell;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return cell;
}

/* --- on a page ------------------------------------------------------------ */

/* Drop zeros behind the point. */
static void trim(char *number)
{
    char *end = number + strlen(number);
    if (!strchr(number, '.'))
        return;
    while (end[-1] == '0')
        *--end = '\0';
    if (end[-1] == '.')
        end[-1] = '\0';
}

const char *format_number(char *cell, double number)
{
    double size = fabs(number);
    if (!isfinite(number)) {
        snprintf(cell, HUMAN_BYTES, "%s", isnan(number) ? "–" : "∞");
    } else if (size >= 999.5 && size < 1e15) {
        bool is_negative = number < 0;
        if (is_negative)
            *cell = '-';
        format_count(cell + is_negative, (uint64_t)llround(size));
    } else if (size >= 1e15 || (size > 0 && size < 1e-4)) {
        snprintf(cell, HUMAN_BYTES, "%.3g", number);
    } else {
        int whole = size >= 1 ? (int)floor(log10(size)) + 1 : 0;
        int zeros = size > 0 && size < 1 ? -(int)floor(log10(size)) - 1 : 0;
        int decimals = whole < 3 ? 3 - whole + zeros : 0;
        snprintf(cell, HUMAN_BYTES, "%.*f", decimals, number);
        trim(cell);
    }
    return cell;
}

const char *format_share(char *cell, double share)
{
    const double least = 1e-5; /* below it digits mean nothing to anybody */
    if (share > 0 && share < least) {
        snprintf(cell, HUMAN_BYTES, "<0.001%%");
        return cell;
    }
    format_number(cell, 100 * share);
    if (isfinite(share))
        strcat(cell, "%");
    return cell;
}

const char *format_time(char *cell, int64_t ns)
{
    double size = fabs((double)ns);
    if (size >= 120e9) {
        long long seconds = llround(size / 1e9);
        int used = snprintf(cell, HUMAN_BYTES, "%s%lld" NO_BREAK "min",
                            ns < 0 ? "-" : "", seconds / 60);
        if (seconds % 60 > 0)
            snprintf(cell + used, HUMAN_BYTES - (size_t)used,
                     NO_BREAK "%lld" NO_BREAK "s", seconds % 60);
        return cell;
    }
    /* 999.9 us are 1 ms: three digits are shown */
    const struct time_unit *unit =
        size < 0.5 ? time_units : unit_of(size, 0.9995);
    format_number(cell, (double)ns / unit->ns);
    strcat(cell, NO_BREAK);
    return strcat(cell, unit->sign);
}

const char *format_axis_time(char *cell, int64_t ns, int64_t end_ns)
{
    const int64_t second_ns = 1000 * 1000 * 1000;
    int64_t seconds = ns / second_ns;
    if (ns == 0)
        return strcpy(cell, "0");
    if (end_ns < 120 * second_ns || ns % second_ns != 0)
        return format_time(cell, ns);
    snprintf(cell, HUMAN_BYTES, "%lld:%02lld" NO_BREAK "min",
             (long long)(seconds / 60), (long long)(seconds % 60));
    return cell;
}

const char *format_pages(char *cell, uint64_t pages, uint64_t page_bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    double bytes = (double)pages * (double)page_bytes;
    while (unit < 4 && bytes >= 1024) {
        bytes /= 1024;
        unit++;
    }
    format_number(cell, bytes);
    strcat(cell, NO_BREAK);
    return strcat(cell, units[unit]);
}
