#include "explain/paragraph.h"

#include <string.h>

enum { COLUMNS = 80 };

void print_paragraph(FILE *out, int indent, const char *label, const char *text)
{
    size_t column = (size_t)indent;
    const char *gap = "";

    fprintf(out, "%*s  ", indent - 2, label);
    while (*text) {
        size_t word = strcspn(text, " ");
        if (*gap && column + 1 + word > COLUMNS) {
            fprintf(out, "\n%*s", indent, "");
            column = (size_t)indent;
            gap = "";
        }
        fprintf(out, "%s%.*s", gap, (int)word, text);
        column += word + strlen(gap);
        gap = " ";
        text += word + strspn(text + word, " ");
    }
    fputc('\n', out);
}
