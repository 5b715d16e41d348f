/*
 * The only door through which text from a results file or a command line
 * reaches gnuplot is plot_write_literal. File names begin with "./", so that
 * none of them is a pipe ("| command", "< command"), a home directory or one
 * of gnuplot's special files.
 */
#include "plot/plot_script.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "check.h"

enum {
    WIDTH = 1200,
    HEIGHT_OF_ONE = 675,
    HEIGHT_AROUND = 130, /* heading, axis */
    NAME_CHARACTERS = 24,
    TITLE_CHARACTERS = 84,
};

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

/* Characters, invalid bytes counted as one each. */
static size_t count_characters(const char *text)
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
    bool is_cut = count_characters(text) > max_characters;
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

/* --- data ----------------------------------------------------------------- */

static double seconds(int64_t ns)
{
    return (double)ns * 1e-9;
}

static void write_heading(FILE *out, const struct plot_figure *figure,
                          size_t panel, const char *what)
{
    const struct plot_run *run = &figure->panels[panel].run;
    fprintf(out, "# run %lld, ", (long long)run->id);
    plot_write_literal(out, run->name, TITLE_CHARACTERS);
    fprintf(out, ": %s\n", what);
}

static void write_frame(FILE *out, const struct plot_figure *figure,
                        size_t panel)
{
    const struct plot_frame *frame = &figure->panels[panel].frame;
    write_heading(out, figure, panel, figure->kind->y_label);
    fputs("# time_s", out);
    for (size_t c = 0; c < frame->columns; c++) {
        CHECK(figure->layer_count > 0);
        fputs(c < figure->layer_count       ? " "
              : c < 2 * figure->layer_count ? " lowest "
                                            : " highest ",
              out);
        plot_write_literal(out, figure->layers[c % figure->layer_count].label,
                           TITLE_CHARACTERS);
    }
    fputc('\n', out);
    for (size_t r = 0; r < frame->rows; r++) {
        fprintf(out, "%.12g", seconds(frame->at_ns[r]));
        for (size_t c = 0; c < frame->columns; c++)
            fprintf(out, " %.9g", plot_frame_cells(frame, r)[c]);
        fputc('\n', out);
    }
    if (frame->rows == 0) /* so that blocks keep their numbers */
        fputs("NaN NaN\n", out);
}

static void write_bands(FILE *out, const struct plot_figure *figure,
                        size_t panel)
{
    const struct plot_panel *from = &figure->panels[panel];
    write_heading(out, figure, panel, "level of memory pressure");
    fputs("# from_s to_s level\n", out);
    for (size_t b = 0; b < from->band_count; b++)
        fprintf(out, "%.12g %.12g %u\n", seconds(from->bands[b].from_ns),
                seconds(from->bands[b].to_ns), from->bands[b].level);
    if (from->band_count == 0)
        fputs("NaN NaN NaN\n", out);
}

void plot_write_data(FILE *out, const struct plot_figure *figure)
{
    for (size_t p = 0; p < figure->panel_count; p++) {
        write_frame(out, figure, p);
        fputs("\n\n", out); /* ends a block */
    }
    for (size_t p = 0; figure->kind->has_bands && p < figure->panel_count;
         p++) {
        write_bands(out, figure, p);
        fputs("\n\n", out);
    }
}

/* --- preamble ------------------------------------------------------------- */

static unsigned figure_height(const struct plot_figure *figure)
{
    if (figure->panel_count < 2)
        return HEIGHT_OF_ONE;
    return HEIGHT_AROUND +
           (unsigned)figure->panel_count * figure->kind->panel_pixels;
}

/* A canvas of the same proportions everywhere; in print a pixel is 1/96
 * inch. */
static void write_terminal(FILE *out, enum plot_format format, unsigned height)
{
    static const char font[] = "font 'DejaVu Sans,11'";
    if (format == PLOT_SVG)
        fprintf(out,
                "set terminal svg noenhanced size %d,%u fixed %s "
                "background '#FFFFFF'\n",
                WIDTH, height, font);
    else if (format == PLOT_PNG)
        fprintf(out,
                "set terminal pngcairo noenhanced size %d,%u %s "
                "background '#FFFFFF'\n",
                WIDTH, height, font);
    else
        fprintf(out,
                "set terminal pdfcairo noenhanced size %.4fin,%.4fin %s "
                "fontscale 0.75 linewidth 1.2 "
                "background '#FFFFFF'\n",
                WIDTH / 96.0, height / 96.0, font);
}

static void write_time_axis(FILE *out, int64_t end_ns)
{
    const char *unit = "s";
    double scale = 1;
    if (end_ns < INT64_C(2) * 1000 * 1000) {
        unit = "\xC2\xB5s";
        scale = 1e6;
    } else if (end_ns < INT64_C(2) * 1000 * 1000 * 1000) {
        unit = "ms";
        scale = 1e3;
    }
    fprintf(out, "TIME_UNIT = '%s'\nTIME_SCALE = %g\nTIME_END = %.12g\n", unit,
            scale, seconds(end_ns) * scale);
}

static bool has_namesake(const struct plot_figure *figure, size_t panel)
{
    const struct plot_run *run = &figure->panels[panel].run;
    for (size_t p = 0; p < figure->panel_count; p++)
        if (p != panel && strcmp(figure->panels[p].run.name, run->name) == 0 &&
            strcmp(figure->panels[p].run.policy, run->policy) == 0)
            return true;
    return false;
}

/* The name of a run and what tells it from others. */
static void write_titles(FILE *out, const struct plot_figure *figure,
                         size_t panel)
{
    const struct plot_run *run = &figure->panels[panel].run;
    char title[512];
    char note[256];
    int used =
        snprintf(title, sizeof(title), "%.200s/%.100s", run->name, run->policy);
    if (has_namesake(figure, panel))
        snprintf(title + used, sizeof(title) - (size_t)used, " (run %lld)",
                 (long long)run->id);
    bool is_ok = strcmp(run->status, "ok") == 0;
    snprintf(note, sizeof(note), "%.6g MiB of memory, seed %lld%s%.40s",
             (double)run->memory_pages * run->page_mib, (long long)run->seed,
             is_ok ? "" : ", ", is_ok ? "" : run->status);
    fprintf(out, "TITLE[%zu] = ", panel + 1);
    plot_write_literal(out, title, TITLE_CHARACTERS);
    fprintf(out, "\nNOTE[%zu] = ", panel + 1);
    plot_write_literal(out, note, TITLE_CHARACTERS);
    fputc('\n', out);
}

static void write_panels(FILE *out, const struct plot_figure *figure)
{
    size_t count = figure->panel_count;
    size_t size = count > 0 ? count : 1; /* there are no empty arrays */
    fprintf(out,
            "PANELS = %zu\narray TITLE[%zu]\narray NOTE[%zu]\n"
            "array MESSAGE[%zu]\narray ROWS[%zu]\n",
            size, size, size, size, size);
    for (size_t p = 0; p < count; p++) {
        const struct plot_panel *panel = &figure->panels[p];
        write_titles(out, figure, p);
        fprintf(out, "ROWS[%zu] = %zu\nMESSAGE[%zu] = ", p + 1,
                panel->has_data ? panel->frame.rows : 0, p + 1);
        plot_write_literal(out, panel->has_data ? "" : figure->kind->absent,
                           TITLE_CHARACTERS);
        fputc('\n', out);
    }
}

static void write_layers(FILE *out, const struct plot_figure *figure)
{
    size_t size = figure->layer_count > 0 ? figure->layer_count : 1;
    fprintf(out, "LAYERS = %zu\narray NAME[%zu]\narray COLOUR[%zu]\n",
            figure->layer_count, size, size);
    for (size_t n = 0; n < figure->layer_count; n++) {
        fprintf(out, "NAME[%zu] = ", n + 1);
        plot_write_literal(out, figure->layers[n].label, NAME_CHARACTERS);
        fprintf(out, "\nCOLOUR[%zu] = 0x%06X\n", n + 1,
                (unsigned)figure->layers[n].colour);
    }
}

void plot_write_preamble(FILE *out, const struct plot_figure *figure,
                         enum plot_format format, const char *stem,
                         const char *output)
{
    unsigned height = figure_height(figure);
    fprintf(out, "# %s. Edit, and draw again with gnuplot.\n\n",
            figure->kind->heading);
    write_terminal(out, format, height);
    fputs("set encoding utf8\nset output ", out);
    write_path(out, output, "");
    fputs("\nDATA = ", out);
    write_path(out, stem, ".dat");
    fprintf(out, "\nWIDTH = %d\nHEIGHT = %u\n", WIDTH, height);
    fprintf(out, "HEADING = '%s'\nY_LABEL = '%s'\nY_MAX = %.9g\n",
            figure->kind->heading, figure->kind->y_label, figure->y_max);
    fprintf(out, "IS_LOG = %d\nHAS_RANGES = %d\n", figure->is_log,
            figure->has_ranges);
    write_time_axis(out, figure->end_ns);
    write_panels(out, figure);
    write_layers(out, figure);
    fputc('\n', out);
}
