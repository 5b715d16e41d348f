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

static ptrdiff_t parse(struct trace *trace, const struct trace_line *line,
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
        return trace_fail(trace, line->offset, "not a page number: \"%.*s\"",
                          line->length < 40 ? (int)line->length : 40,
                          line->text);
    const char *rest = at;
    while (rest < end && isspace((unsigned char)*rest))
        rest++;
    if (rest == end)
        return 1;
    if (rest > at && end - rest == 1 && (*rest == 'w' || *rest == 'r')) {
        record->write = *rest == 'w';
        return 1;
    }
    return trace_fail(trace, line->offset,
                      "expected `w` or the end of the line: \"%.*s\"",
                      line->length < 40 ? (int)line->length : 40, line->text);
}

static ptrdiff_t text_next(struct trace *trace, struct trace_record *out,
                           size_t capacity)
{
    size_t count = 0;
    while (count < capacity) {
        struct trace_line line;
        int got = trace_next_line(trace, &line);
        if (got == 1)
            got = (int)parse(trace, &line, &out[count]);
        if (got == 0)
            break;
        if (got < 0)
            return count ? (ptrdiff_t)count : -1; /* tells the next time */
        trace->offsets[count++] = line.offset;
    }
    return (ptrdiff_t)count;
}

const struct trace_ops trace_text_ops = {
    .next = text_next,
    .lists_offsets = true,
};
