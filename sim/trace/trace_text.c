/*
 * Format `text`: a page number a line, ` w` behind it for a write. Numbers are
 * decimal or 0x hex; a trace whose first number has hex letters without 0x is
 * hexadecimal throughout, since it can be nothing else.
 */
#include <ctype.h>

#include "trace/trace_internal.h"

/* Does the first number of the trace have hex letters in it? */
static unsigned first_base(const char *at, const char *end)
{
    for (; at < end && isxdigit((unsigned char)*at); at++)
        if (!isdigit((unsigned char)*at))
            return 16;
    return 10;
}

static int parse(struct trace *trace, const struct trace_line *line,
                 struct trace_record *record)
{
    const char *at = line->text;
    const char *end = at + line->length;
    while (at < end && isspace((unsigned char)*at))
        at++;
    if (!trace->text_base)
        trace->text_base = first_base(at, end);
    *record = (struct trace_record){0};
    if (!trace_number(&at, end, trace->text_base, &record->page))
        return trace_fail_line(trace, line, 40, "not a page number");
    const char *rest = at;
    while (rest < end && isspace((unsigned char)*rest))
        rest++;
    if (rest == end)
        return 1;
    if (rest > at && end - rest == 1 && (*rest == 'w' || *rest == 'r')) {
        record->write = *rest == 'w';
        return 1;
    }
    return trace_fail_line(trace, line, 40,
                           "expected `w` or the end of the line");
}

const struct trace_ops trace_text_ops = {
    .next = trace_next_of_lines,
    .parse = parse,
    .lists_offsets = true,
};
