/*
 * Paragraphs for people to read.
 */
#ifndef LOWTIDE_EXPLAIN_PARAGRAPH_H
#define LOWTIDE_EXPLAIN_PARAGRAPH_H

#include <stdio.h>

/*
 * Print `label`, right-aligned in `indent` - 2 columns, and the text behind it,
 * broken between words before column 80.
 */
void print_paragraph(FILE *out, int indent, const char *label,
                     const char *text);

#endif
