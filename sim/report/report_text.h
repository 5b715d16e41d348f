/*
 * Text as a page shows it. Everything that comes from a results
 * file goes through html_text or html_data: there is no other door.
 */
#ifndef LOWTIDE_REPORT_TEXT_H
#define LOWTIDE_REPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "record/human.h"

/* --- HTML ----------------------------------------------------------------- */

/*
 * Text of an element, or of an attribute in double or single quotes. What is
 * no UTF-8, and control characters but tab and newline, become U+FFFD, since
 * HTML can't hold them; NULL is empty.
 */
void html_text(FILE *out, const char *text);

/*
 * Valid JSON as the content of a script element: characters that end the
 * element, or begin markup, or that old scripts take for line ends, are
 * written as \u escapes. In JSON they stand in strings only.
 */
void html_data(FILE *out, const char *json);

/* --- words ---------------------------------------------------------------- */

/* The text, or a dash where it is NULL or empty. */
const char *or_dash(const char *text);

/* A sentence that grows; what does not fit is dropped at a whole character. */
struct sentence {
    char *text;
    size_t size;
};

/* Append as printf does. */
void say(struct sentence *sentence, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "", " and " or ", " before item `index` of `count` in a list. */
const char *list_separator(size_t index, size_t count);

/* --- colours -------------------------------------------------------------- */

/*
 * A colour for a dark page, from one for a white page. What is dark is made
 * lighter until it stands out, a thin line more so than an area; the order of
 * a ramp stays. A grey that is nearly white, as free memory's, becomes nearly
 * black.
 */
uint32_t colour_in_dark(uint32_t colour, bool is_line);

/* The contrast of two colours, 1 to 21, as WCAG 2 defines it. */
double colour_contrast(uint32_t one, uint32_t other);

/* The grounds of both looks; reports/report.css has the same. */
#define REPORT_GROUND_LIGHT 0xFFFFFFu
#define REPORT_GROUND_DARK  0x14181Du

#endif
