#include "explain/human.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 80 };

/* Thousandths behind the point, without zeros at the end. */
const char *human_time(sim_ns ns, char text[HUMAN_TIME_BYTES])
{
    static const struct {
        const char *name;
        sim_ns from, thousandth;
        bool is_fixed; /* columns of times line up */
    } units[] = {
        {"s", 1000000000, 1000000, true},
        {"ms", 1000000, 1000, false},
        {"us", 1000, 1, false},
    };

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (ns < units[i].from)
            continue;
        sim_ns thousandths = ns / units[i].thousandth;
        int length = snprintf(text, HUMAN_TIME_BYTES, "%lld.%03lld",
                              (long long)(thousandths / 1000),
                              (long long)(thousandths % 1000));
        while (!units[i].is_fixed && text[length - 1] == '0')
            text[--length] = '\0';
        if (text[length - 1] == '.')
            text[--length] = '\0';
        snprintf(text + length, HUMAN_TIME_BYTES - (size_t)length, " %s",
                 units[i].name);
        return text;
    }
    snprintf(text, HUMAN_TIME_BYTES, ns == 0 ? "%lld" : "%lld ns",
             (long long)ns);
    return text;
}

const char *human_count(uint64_t count, const char *noun,
                        char text[HUMAN_TIME_BYTES])
{
    char digits[24];
    size_t length = 0;
    int total =
        snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);

    for (int i = 0; i < total; i++) {
        if (i > 0 && (total - i) % 3 == 0)
            text[length++] = ',';
        text[length++] = digits[i];
    }
    snprintf(text + length, HUMAN_TIME_BYTES - length, "%s%s%s",
             *noun ? " " : "", noun, *noun && count != 1 ? "s" : "");
    return text;
}

void human_paragraph(FILE *out, int indent, const char *label, const char *text)
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
