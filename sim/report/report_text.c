#include "report/report_text.h"
#include "plot/plot_figure.h"
#include "record/json.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */
#define NO_BREAK    "\xC2\xA0"     /* U+00A0, between number and unit */

/* --- HTML ----------------------------------------------------------------- */

/* The entity for a character; NULL: it stands for itself. */
static const char *entity_of(unsigned char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return (c < 0x20 && c != '\t' && c != '\n') || c == 0x7F ? REPLACEMENT
                                                                 : NULL;
    }
}

/* U+0080 to U+009F */
static bool is_c1_control(const unsigned char *at)
{
    return at[0] == 0xC2 && at[1] < 0xA0;
}

void html_text(FILE *out, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; at && *at;) {
        int length = utf8_length(at);
        const char *entity = length == 1 ? entity_of(*at) : NULL;
        if (length == 0 || (length == 2 && is_c1_control(at)))
            entity = REPLACEMENT;
        if (entity)
            fputs(entity, out);
        else
            fwrite(at, 1, (size_t)length, out);
        at += length > 0 ? length : 1;
    }
}

void html_data(FILE *out, const char *json)
{
    for (const unsigned char *at = (const unsigned char *)json; *at; at++) {
        bool is_line_end =
            at[0] == 0xE2 && at[1] == 0x80 && (at[2] == 0xA8 || at[2] == 0xA9);
        if (*at == '<' || *at == '>' || *at == '&') {
            fprintf(out, "\\u%04x", *at);
        } else if (is_line_end) {
            fprintf(out, "\\u20%02x", at[2] - 0x80);
            at += 2;
        } else {
            fputc(*at, out);
        }
    }
}

/* --- numbers -------------------------------------------------------------- */

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
        snprintf(cell, REPORT_CELL_BYTES, "%s", isnan(number) ? "–" : "∞");
    } else if (size >= 999.5 && size < 1e15) {
        bool is_negative = number < 0;
        if (is_negative)
            *cell = '-';
        format_count(cell + is_negative, (uint64_t)llround(size));
    } else if (size >= 1e15 || (size > 0 && size < 1e-4)) {
        snprintf(cell, REPORT_CELL_BYTES, "%.3g", number);
    } else {
        int whole = size >= 1 ? (int)floor(log10(size)) + 1 : 0;
        int zeros = size > 0 && size < 1 ? -(int)floor(log10(size)) - 1 : 0;
        int decimals = whole < 3 ? 3 - whole + zeros : 0;
        snprintf(cell, REPORT_CELL_BYTES, "%.*f", decimals, number);
        trim(cell);
    }
    return cell;
}

const char *format_share(char *cell, double share)
{
    const double least = 1e-5; /* below it digits mean nothing to anybody */
    if (share > 0 && share < least) {
        snprintf(cell, REPORT_CELL_BYTES, "<0.001%%");
        return cell;
    }
    format_number(cell, 100 * share);
    if (isfinite(share))
        strcat(cell, "%");
    return cell;
}

const char *format_time(char *cell, int64_t ns)
{
    static const struct {
        double ns;
        const char *unit;
    } units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}, {1, "ns"}};
    size_t unit = 0;
    double size = fabs((double)ns);
    if (size >= 120e9) {
        long long seconds = llround(size / 1e9);
        int used = snprintf(cell, REPORT_CELL_BYTES, "%s%lld" NO_BREAK "min",
                            ns < 0 ? "-" : "", seconds / 60);
        if (seconds % 60 > 0)
            snprintf(cell + used, REPORT_CELL_BYTES - (size_t)used,
                     NO_BREAK "%lld" NO_BREAK "s", seconds % 60);
        return cell;
    }
    /* 999.9 us are 1 ms: three digits are shown */
    while (unit < 3 && size < 0.9995 * units[unit].ns)
        unit++;
    if (size < 0.5)
        unit = 0;
    format_number(cell, (double)ns / units[unit].ns);
    strcat(cell, NO_BREAK);
    return strcat(cell, units[unit].unit);
}

const char *format_axis_time(char *cell, int64_t ns, int64_t end_ns)
{
    const int64_t second_ns = 1000 * 1000 * 1000;
    int64_t seconds = ns / second_ns;
    if (ns == 0)
        return strcpy(cell, "0");
    if (end_ns < 120 * second_ns || ns % second_ns != 0)
        return format_time(cell, ns);
    snprintf(cell, REPORT_CELL_BYTES, "%lld:%02lld" NO_BREAK "min",
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

/* --- words ---------------------------------------------------------------- */

const char *or_dash(const char *text)
{
    return text && *text ? text : "–";
}

void say(struct sentence *sentence, const char *format, ...)
{
    size_t used = strlen(sentence->text);
    va_list args;
    va_start(args, format);
    int length =
        vsnprintf(sentence->text + used, sentence->size - used, format, args);
    va_end(args);
    if (length < 0 || (size_t)length < sentence->size - used)
        return;
    /* a character that was cut is dropped: go back to its first byte */
    char *end = sentence->text + sentence->size - 1;
    while (end > sentence->text && (end[-1] & 0xC0) == 0x80)
        end--;
    if (end > sentence->text && (end[-1] & 0xC0) == 0xC0)
        end[-1] = '\0';
}

const char *list_separator(size_t index, size_t count)
{
    if (index == 0)
        return "";
    return index + 1 == count ? " and " : ", ";
}

/* --- colours -------------------------------------------------------------- */

static double linear(uint32_t channel)
{
    double value = channel / 255.0;
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

static double luminance(uint32_t colour)
{
    return 0.2126 * linear(colour >> 16 & 0xFF) +
           0.7152 * linear(colour >> 8 & 0xFF) + 0.0722 * linear(colour & 0xFF);
}

double colour_contrast(uint32_t one, uint32_t other)
{
    double a = luminance(one) + 0.05;
    double b = luminance(other) + 0.05;
    return a > b ? a / b : b / a;
}

/* How much a colour should stand out on the dark ground: what was dark on white
 * is lifted, the darkest most, and what was darker stays darker. */
static double wanted_contrast(uint32_t colour, double least)
{
    double contrast = colour_contrast(colour, REPORT_GROUND_DARK);
    return fmax(contrast, least + 0.7 * contrast);
}

/* What is nearly white, as the background is: free memory, others. */
static bool is_pale_grey(uint32_t colour)
{
    uint32_t red = colour >> 16 & 0xFF;
    return red == (colour >> 8 & 0xFF) && red == (colour & 0xFF) &&
           colour_contrast(colour, REPORT_GROUND_LIGHT) < 1.5;
}

uint32_t colour_in_dark(uint32_t colour, bool is_line)
{
    enum { STEPS = 100 };
    if (is_pale_grey(colour)) {
        double depth = colour_contrast(colour, REPORT_GROUND_LIGHT) - 1;
        return plot_colour_mix(REPORT_GROUND_DARK, colour, 0.05 + 0.5 * depth);
    }
    double wanted = wanted_contrast(colour, is_line ? 4.5 : 2.6);
    uint32_t lighter = colour;
    for (int step = 1; step <= STEPS; step++) {
        if (colour_contrast(lighter, REPORT_GROUND_DARK) >= wanted)
            break;
        lighter = plot_colour_mix(colour, 0xFFFFFF, (double)step / STEPS);
    }
    return lighter;
}
