/*
 * Format `csv`: comma, semicolon or tab between fields, no quoting. Which
 * column is what comes from `columns`, else from the names of a header line,
 * else is time, page, write.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "trace/trace_internal.h"

static const char *const column_names[COLUMN_COUNT] = {
    [COLUMN_PAGE] = "page",     [COLUMN_ADDRESS] = "addr",
    [COLUMN_TIME] = "time",     [COLUMN_WRITE] = "write",
    [COLUMN_THREAD] = "thread",
};

static int column_of(const char *name, size_t length)
{
    for (int i = 0; i < COLUMN_COUNT; i++)
        if (strlen(column_names[i]) == length &&
            strncasecmp(column_names[i], name, length) == 0)
            return i;
    return -1;
}

bool trace_csv_columns(struct trace *trace, const char *text)
{
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, "=");
        int column = column_of(at, length);
        const char *end = at + strlen(at);
        const char *number = at + length + 1;
        uint64_t value = 0;
        if (column < 0 || at[length] != '=' ||
            !trace_number(&number, end, 10, &value) || value == 0 ||
            value > 1000 || (*number != ',' && *number != '\0')) {
            (void)snprintf(trace->error, sizeof trace->error,
                           "columns \"%s\": expected NAME=N,... with the names "
                           "page, addr, time, write, thread",
                           text);
            return false;
        }
        trace->columns[column] = (unsigned)value;
        at = *number == ',' ? number + 1 : number;
    }
    trace->has_columns = true;
    if (trace->columns[COLUMN_PAGE] || trace->columns[COLUMN_ADDRESS])
        return true;
    (void)snprintf(trace->error, sizeof trace->error,
                   "columns \"%s\": neither page nor addr is there", text);
    return false;
}

struct field {
    const char *text;
    size_t length;
};

/* Field number `wanted` (from 1) of the line; false: it has fewer. */
static bool field_of(const struct trace_line *line, unsigned wanted,
                     struct field *field)
{
    const char *at = line->text;
    const char *end = at + line->length;
    for (unsigned number = 1;; number++) {
        const char *stop = at;
        while (stop < end && *stop != ',' && *stop != ';' && *stop != '\t')
            stop++;
        if (number == wanted) {
            while (at < stop && *at == ' ')
                at++;
            while (stop > at && stop[-1] == ' ')
                stop--;
            *field = (struct field){at, (size_t)(stop - at)};
            return true;
        }
        if (stop == end)
            return false;
        at = stop + 1;
    }
}

/* Is the first line a header? Then its names may say which column is what. */
static bool take_header(struct trace *trace, const struct trace_line *line)
{
    struct field field;
    bool is_header = false;
    for (unsigned i = 1; field_of(line, i, &field); i++) {
        if (field.length == 0 || isdigit((unsigned char)field.text[0]))
            continue;
        int column = column_of(field.text, field.length);
        if (i == 1 || column >= 0)
            is_header = true;
        if (column >= 0 && !trace->has_columns)
            trace->columns[column] = i;
        else if (!trace->has_columns && field.length == 2 &&
                 strncasecmp(field.text, "id", 2) == 0)
            trace->columns[COLUMN_PAGE] = i;
    }
    if (!trace->columns[COLUMN_PAGE] && !trace->columns[COLUMN_ADDRESS]) {
        trace->columns[COLUMN_TIME] = 1;
        trace->columns[COLUMN_PAGE] = 2;
        trace->columns[COLUMN_WRITE] = 3;
    }
    return is_header;
}

/* Learn the columns from the first line and leave it there. */
static bool csv_open(struct trace *trace)
{
    struct trace_source *source = &trace->source;
    struct trace_line line;
    int got = trace_next_line(trace, &line);
    if (got == 1) {
        (void)take_header(trace, &line);
        /* the line is still in the window: nothing was read behind it */
        size_t bytes = (size_t)(source->offset - line.offset);
        source->data -= bytes;
        source->length += bytes;
        source->offset -= bytes;
        trace->line--;
    }
    trace->has_time = trace->columns[COLUMN_TIME] != 0;
    return got >= 0;
}

static bool number_field(const struct trace_line *line, unsigned column,
                         uint64_t *value)
{
    struct field field;
    if (!field_of(line, column, &field))
        return false;
    const char *at = field.text;
    const char *end = at + field.length;
    return trace_number(&at, end, 10, value) && at == end;
}

static bool write_field(const struct trace_line *line, unsigned column,
                        bool *value)
{
    static const char *const yes[] = {"1", "w", "write", "true"};
    static const char *const no[] = {"", "0", "r", "read", "false"};
    struct field field;
    if (!field_of(line, column, &field)) {
        *value = false;
        return true; /* a shorter line has no flag */
    }
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        if (strlen(yes[i]) == field.length &&
            strncasecmp(yes[i], field.text, field.length) == 0) {
            *value = true;
            return true;
        }
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        if (strlen(no[i]) == field.length &&
            strncasecmp(no[i], field.text, field.length) == 0) {
            *value = false;
            return true;
        }
    return false;
}

static int parse(struct trace *trace, const struct trace_line *line,
                 struct trace_record *record)
{
    const unsigned *columns = trace->columns;
    uint64_t thread = 0;
    if (!trace->is_header_seen) {
        trace->is_header_seen = true;
        if (take_header(trace, line))
            return 0;
    }
    *record = (struct trace_record){0};
    enum trace_column bad = COLUMN_COUNT;
    if (columns[COLUMN_PAGE]) {
        if (!number_field(line, columns[COLUMN_PAGE], &record->page))
            bad = COLUMN_PAGE;
    } else if (number_field(line, columns[COLUMN_ADDRESS], &record->page)) {
        record->page /= trace->page_size;
    } else {
        bad = COLUMN_ADDRESS;
    }
    if (columns[COLUMN_TIME] &&
        !number_field(line, columns[COLUMN_TIME], &record->time_ns))
        bad = COLUMN_TIME;
    if (columns[COLUMN_WRITE] &&
        !write_field(line, columns[COLUMN_WRITE], &record->write))
        bad = COLUMN_WRITE;
    if (columns[COLUMN_THREAD] &&
        !number_field(line, columns[COLUMN_THREAD], &thread))
        bad = COLUMN_THREAD;
    record->thread = (uint32_t)thread;
    if (bad == COLUMN_COUNT)
        return 1;
    return (int)trace_fail(trace, line->offset,
                           "column %u (%s) can't be read: "
                           "\"%.*s\"",
                           columns[bad], column_names[bad],
                           line->length < 60 ? (int)line->length : 60,
                           line->text);
}

static bool csv_rewind(struct trace *trace)
{
    trace->is_header_seen = false;
    return true;
}

const struct trace_ops trace_csv_ops = {
    .open = csv_open,
    .next = trace_next_of_lines,
    .parse = parse,
    .rewind = csv_rewind,
    .lists_offsets = true,
};
