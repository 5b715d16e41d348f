/*
 * The only door through which text from a results file or a command line
 * reaches gnuplot is plot_write_literal. File names begin with "./", so that
 * none of them is a pipe ("| command", "< command"), a home directory or one
 * of gnuplot's special files.
 */
#include "plot/plot_script.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

static const char *const endings[] = {
    [PLOT_SVG] = ".svg",
    [PLOT_PNG] = ".png",
    [PLOT_PDF] = ".pdf",
};

bool plot_format_of(const char *path, enum plot_format *format)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    for (int f = PLOT_SVG; dot && dot > name && f <= PLOT_PDF; f++) {
        if (strcasecmp(dot, endings[f]) == 0) {
            *format = (enum plot_format)f;
            return true;
        }
    }
    return false;
}

/* --- text ----------------------------------------------------------------- */

/* Length of the UTF-8 character at `text` that XML may hold too; 0: none. */
static size_t character_length(const unsigned char *text)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = text[0] < 0x80             ? 1
                    : (text[0] & 0xE0) == 0xC0 ? 2
                    : (text[0] & 0xF0) == 0xE0 ? 3
                    : (text[0] & 0xF8) == 0xF0 ? 4
                                               : 0;
    if (length <= 1)
        return length;
    uint32_t code = text[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3F);
    }
    bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    bool is_noncharacter = (code & 0xFFFE) == 0xFFFE;
    return code < least[length] || code > 0x10FFFF || is_surrogate ||
                   is_noncharacter
               ? 0
               : length;
}

static bool is_control(const unsigned char *at, size_t length)
{
    return length == 1 ? *at < 0x20 || *at == 0x7F
                       : length == 2 && at[0] == 0xC2 && at[1] < 0xA0;
}

static void write_character(FILE *out, const unsigned char *at, size_t length)
{
    if (length == 0)
        fputs("\xEF\xBF\xBD", out); /* U+FFFD */
    else if (is_control(at, length))
        fputc(' ', out);
    else if (*at == '\'')
        fputs("''", out);
    else
        fwrite(at, 1, length, out);
}

size_t plot_count_characters(const char *text)
{
    size_t count = 0;
    const unsigned char *at = (const unsigned char *)text;
    for (; *at; count++) {
        size_t length = character_length(at);
        at += length > 0 ? length : 1;
    }
    return count;
}

void plot_write_literal(FILE *out, const char *text, size_t max_characters)
{
    bool is_cut = plot_count_characters(text) > max_characters;
    size_t left = is_cut ? max_characters - 1 : max_characters;
    const unsigned char *at = (const unsigned char *)text;
    fputc('\'', out);
    for (; *at && left > 0; left--) {
        size_t length = character_length(at);
        write_character(out, at, length);
        at += length > 0 ? length : 1;
    }
    fputs(is_cut ? "\xE2\x80\xA6'" : "'", out);
}

/* A path of the current directory, byte for byte. */
static void write_path(FILE *out, const char *name, const char *ending)
{
    fputs("'./", out);
    for (const char *at = name; *at; at++)
        fputs(*at == '\'' ? "''" : (const char[]){*at, '\0'}, out);
    fprintf(out, "%s'", ending);
}

/* --- preamble ------------------------------------------------------------- */

/* A canvas of the same proportions everywhere; in print a pixel is 1/96
 * inch. */
static void write_terminal(FILE *out, enum plot_format format,
                           const struct plot_sheet *sheet)
{
    static const char font[] = "font 'DejaVu Sans,11'";
    if (format == PLOT_SVG)
        fprintf(out,
                "set terminal svg noenhanced size %u,%u fixed %s "
                "background '#FFFFFF'\n",
                sheet->width, sheet->height, font);
    else if (format == PLOT_PNG)
        fprintf(out,
                "set terminal pngcairo noenhanced size %u,%u %s "
                "background '#FFFFFF'\n",
                sheet->width, sheet->height, font);
    else
        fprintf(out,
                "set terminal pdfcairo noenhanced size %.4fin,%.4fin %s "
                "fontscale 0.75 linewidth 1.2 "
                "background '#FFFFFF'\n",
                sheet->width / 96.0, sheet->height / 96.0, font);
}

void plot_write_preamble(FILE *out, const struct plot_sheet *sheet,
                         enum plot_format format, const char *stem,
                         const char *output)
{
    fprintf(out, "# %s. Edit, and draw again with gnuplot.\n\n",
            sheet->heading);
    write_terminal(out, format, sheet);
    fputs("set encoding utf8\nset output ", out);
    write_path(out, output, "");
    fputs("\nDATA = ", out);
    write_path(out, stem, ".dat");
    fprintf(out, "\nWIDTH = %u\nHEIGHT = %u\nHEADING = '%s'\n", sheet->width,
            sheet->height, sheet->heading);
    sheet->write_values(out, sheet->content);
    fputc('\n', out);
}
