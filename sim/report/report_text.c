#include "report/report_text.h"
#include "plot/plot_figure.h"
#include "record/json.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

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
